"""The network with one hidden layer with which lectures begin, for each of the three usual tasks."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from ..layers.linear import Linear
from ..layers.loss import BCEWithLogitsLoss, CrossEntropyLoss, HalfMSELoss
from ..module import Module
from .building import activation_layer, initialize

__all__ = ["TwoLayerNet"]

_LOSSES: dict[str, type[Module]] = {"regression": HalfMSELoss, "binary": BCEWithLogitsLoss, "classes": CrossEntropyLoss}


class TwoLayerNet(Module):
    """Affine, activation, affine: for numbers, for yes or no, or for classes.

    Args:
        input_size: features of an example.
        hidden_size: units of the hidden layer.
        output_size: outputs; the number of classes for ``kind="classes"``.
        kind: what is learned, and with which loss: ``"regression"`` (half the mean squared error), ``"binary"``
            (sigmoid and cross entropy), ``"classes"`` (softmax and cross entropy).
        activation: of the hidden layer: a name such as ``"relu"`` or ``"sigmoid"``, or a class of layers.
        init: initial weights: ``"he"``, ``"lecun"``, ``"xavier"``, a standard deviation, a function, or None for the
            layers' own.

    The input has shape (N, input_size), the output (N, output_size): the prediction, or the logits, for sigmoid and
    softmax belong to ``loss`` and ``predict``.

    Raises:
        TypeError, ValueError: an argument is not allowed.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> net = nn.models.TwoLayerNet(2, 3, kind="binary")
    >>> net.predict(gg.zeros(4, 2)).shape
    (4, 1)
    >>> net.loss(gg.zeros(4, 2), gg.ones(4, 1)).backward()
    """

    def __init__(
        self, input_size: int, hidden_size: int, output_size: int = 1, kind: str = "regression",
        activation: Any = "relu", init: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if kind not in _LOSSES:
            raise ValueError(f"TwoLayerNet: kind must be one of {', '.join(_LOSSES)}, not {kind!r}")
        if kind == "classes" and output_size == 1:
            raise ValueError("TwoLayerNet: classes need an output_size of at least 2; for yes or no take kind='binary'")
        self.kind = kind
        self.affine1 = Linear(input_size, hidden_size)
        self.activation = activation_layer("TwoLayerNet", activation)
        self.affine2 = Linear(hidden_size, output_size)
        self.loss_function = _LOSSES[kind]()
        initialize("TwoLayerNet", self, init)

    def forward(self, input: Any) -> Any:
        """Return the prediction, or the logits."""
        return self.affine2(self.activation(self.affine1(input)))

    def loss(self, input: Any, target: Any) -> Any:
        """Return the loss of an input against its target: numbers, 0 or 1, or class labels."""
        return self.loss_function(self(input), target)

    def predict(self, input: Any) -> Any:
        """Return the prediction, the probability of yes, or the probabilities of the classes."""
        output = self(input)
        return {"regression": lambda y: y, "binary": F.sigmoid, "classes": lambda y: F.softmax(y, 1)}[self.kind](output)

    def extra_repr(self) -> str:
        return f"kind={self.kind!r}"
