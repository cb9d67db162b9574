"""What the networks of this package share: activations by name, and initial values by rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...autograd import Tensor
from .. import init as initial
from ..layers.activation import LeakyReLU, ReLU
from ..layers.convolution import Conv2d
from ..layers.linear import Identity, Linear
from ..layers.smooth_activation import Sigmoid, Tanh
from ..module import Module

__all__ = ["activation_layer", "initialize"]

_ACTIVATIONS: dict[str, Callable[[], Module]] = {
    "relu": ReLU, "sigmoid": Sigmoid, "tanh": Tanh, "leaky_relu": lambda: LeakyReLU(0.1), "identity": Identity,
}  # fmt: skip


def activation_layer(network: str, activation: Any) -> Module:
    """Return a new layer: of a name, ``"relu"``, ``"sigmoid"``, ``"tanh"``, ``"leaky_relu"`` (slope 0.1) or
    ``"identity"``, or what a class or function of no arguments makes.

    Raises:
        ValueError: the name is unknown.
        TypeError: it is neither a name nor makes a Module.

    >>> activation_layer("MultiLayerNet", "tanh")
    Tanh()
    """
    if isinstance(activation, str):
        if activation not in _ACTIVATIONS:
            raise ValueError(f"{network}: activation must be one of {', '.join(_ACTIVATIONS)}, not {activation!r}")
        return _ACTIVATIONS[activation]()
    made = activation() if callable(activation) and not isinstance(activation, Module) else None
    if not isinstance(made, Module):
        raise TypeError(
            f"{network}: activation must be a name such as 'relu', or a class of layers such as nn.Tanh, "
            f"not {activation!r}"
        )
    return made


def initialize(network: str, model: Module, init: Any) -> None:
    """Draw the weights of all fully connected and convolutional layers anew, and set their biases to 0.

    Args:
        network: for messages.
        model: the network.
        init: ``"he"`` for std √(2/fan_in), ``"lecun"`` for 1/√fan_in (some books call it Xavier's), ``"xavier"`` for
            √(2/(fan_in + fan_out)) (Glorot's); a number for that std; a function that fills a weight, such as those of
            ``nn.init``; or None, which leaves the layers as they are.

    Raises:
        ValueError: the rule is unknown, or the number negative.
        TypeError: it is none of these.

    >>> from glassgrad import nn
    >>> layer = nn.Linear(2, 3)
    >>> initialize("MultiLayerNet", layer, 0.0)
    >>> float(layer.weight.abs().sum() + layer.bias.abs().sum())
    0.0
    """
    if init is None:
        return
    fill = _filler(network, init)
    for layer in model.modules():
        if isinstance(layer, Linear | Conv2d):
            fill(layer.weight)
            if layer.bias is not None:
                initial.zeros_(layer.bias)


def _filler(network: str, init: Any) -> Callable[[Tensor], Any]:
    rules: dict[str, Callable[[Tensor], Any]] = {
        "he": lambda weight: initial.kaiming_normal_(weight, nonlinearity="relu"),
        "lecun": initial.lecun_normal_,
        "xavier": initial.xavier_normal_,
    }
    if isinstance(init, str):
        if init not in rules:
            raise ValueError(f"{network}: init must be one of {', '.join(rules)}, a number or a function, not {init!r}")
        return rules[init]
    if isinstance(init, int | float) and not isinstance(init, bool):
        std = float(init)
        if not 0 <= std < float("inf"):
            raise ValueError(f"{network}: a standard deviation is finite and not negative, got {std}")
        return lambda weight: initial.normal_(weight, 0.0, std)
    if callable(init):
        return init
    raise TypeError(f"{network}: init must be a name such as 'he', a number or a function, not {init!r}")
