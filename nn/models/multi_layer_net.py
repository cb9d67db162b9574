"""Fully connected layers, as many as wanted, with what makes them learn when there are many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..layers.arguments import flag, plain_number, size
from ..layers.container import Sequential
from ..layers.dropout import Dropout
from ..layers.linear import Flatten, Linear
from ..layers.normalization import BatchNorm1d
from ..module import Module
from .building import activation_layer, initialize

__all__ = ["MultiLayerNet"]


class MultiLayerNet(Module):
    """Affine layers with activations between them, and if wanted batch normalisation and dropout.

    Each hidden layer is affine, batch norm, activation, dropout, in this order; the last layer is affine alone.

    Args:
        sizes: units of all layers, from input to output: ``[784, 100, 100, 10]``.
        activation: of the hidden layers: ``"relu"``, ``"sigmoid"``, ``"tanh"``, ``"leaky_relu"``, or a class of layers.
        init: initial weights, with biases 0: ``"he"`` for std √(2/n), ``"lecun"`` for 1/√n (some books call it
            Xavier's), ``"xavier"`` for Glorot's √(2/(n_in + n_out)), a standard deviation such as 0.01, a function; or
            None for the layers' own.
        batch_norm: whether hidden layers are normalised, before the activation.
        dropout: the probability of dropping a hidden unit; 0 for none.

    The input has shape (N, ...) with ``sizes[0]`` elements for each example, the output (N, sizes[-1]).

    Raises:
        TypeError, ValueError: an argument is not allowed.

    >>> from glassgrad import nn
    >>> nn.models.MultiLayerNet([784, 50, 10], "sigmoid", init="lecun", batch_norm=True, dropout=0.2)
    MultiLayerNet(
      (flatten): Flatten(start_dim=1, end_dim=-1)
      (layers): Sequential(
        (affine1): Linear(in_features=784, out_features=50, bias=True)
        (norm1): BatchNorm1d(50, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
        (activation1): Sigmoid()
        (dropout1): Dropout(p=0.2, inplace=False)
        (affine2): Linear(in_features=50, out_features=10, bias=True)
      )
    )
    """

    def __init__(
        self, sizes: Sequence[int], activation: Any = "relu", init: Any = None, batch_norm: bool = False,
        dropout: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__()
        if not isinstance(sizes, list | tuple) or len(sizes) < 2:
            raise ValueError(
                f"MultiLayerNet: sizes lists the units of all layers from input to output, as [784, 100, 10], "
                f"got {sizes!r}"
            )
        self.sizes = [size("MultiLayerNet", "sizes", n) for n in sizes]
        flag("MultiLayerNet", "batch_norm", batch_norm)
        plain_number("MultiLayerNet", "dropout", dropout, 0.0, 1.0)
        layers: dict[str, Module] = {}
        for i, (n, units) in enumerate(zip(self.sizes[:-2], self.sizes[1:-1], strict=True), 1):
            layers[f"affine{i}"] = Linear(n, units)
            if batch_norm:
                layers[f"norm{i}"] = BatchNorm1d(units)
            layers[f"activation{i}"] = activation_layer("MultiLayerNet", activation)
            if dropout:
                layers[f"dropout{i}"] = Dropout(dropout)
        layers[f"affine{len(self.sizes) - 1}"] = Linear(self.sizes[-2], self.sizes[-1])
        self.flatten = Flatten()
        self.layers = Sequential(layers)
        initialize("MultiLayerNet", self, init)

    def forward(self, input: Any) -> Any:
        """Return the outputs of the last layer: predictions or logits."""
        return self.layers(self.flatten(input))
