"""Six convolutions of 3×3: over 99 % of MNIST."""

from __future__ import annotations

from typing import Any

from ..layers.activation import ReLU
from ..layers.container import Sequential
from ..layers.convolution import Conv2d
from ..layers.dropout import Dropout
from ..layers.linear import Flatten, Linear
from ..layers.pooling import MaxPool2d
from ..module import Module
from .building import initialize

__all__ = ["DeepConvNet"]

# (input channels, filters, padding) of each convolution; a pool follows every second one.
_CONVOLUTIONS = [(1, 16, 1), (16, 16, 1), (16, 32, 1), (32, 32, 2), (32, 64, 1), (64, 64, 1)]


class DeepConvNet(Module):
    """(Convolution, ReLU, convolution, ReLU, pooling) three times, affine, ReLU, dropout, affine, dropout.

    Args:
        hidden_size: units of the hidden layer.
        output_size: number of classes.
        dropout: the probability of dropping a unit behind both affine layers, so of a logit, too.
        init: initial weights, with biases 0: ``"he"``, the default, ``"lecun"``, ``"xavier"``, a standard deviation, a
            function; or None for the layers' own.

    The input has shape (N, 1, 28, 28), the output (N, output_size). Softmax is part of the loss. The fourth convolution
    is padded by 2, so that 14 pixels become 16 and the pools divide evenly: 28, 14, 16, 8, 4.

    Raises:
        TypeError, ValueError: an argument is not allowed.

    >>> from glassgrad import nn
    >>> sum(p.numel() for p in nn.models.DeepConvNet().parameters())
    123552
    """

    def __init__(self, hidden_size: int = 50, output_size: int = 10, dropout: float = 0.5, init: Any = "he") -> None:
        super().__init__()
        features: dict[str, Module] = {}
        for i, (channels, filters, padding) in enumerate(_CONVOLUTIONS, 1):
            features[f"conv{i}"] = Conv2d(channels, filters, 3, padding=padding)
            features[f"relu{i}"] = ReLU()
            if i % 2 == 0:
                features[f"pool{i // 2}"] = MaxPool2d(2)
        self.features = Sequential(features)
        self.classifier = Sequential({
            "flatten": Flatten(), "affine1": Linear(64 * 4 * 4, hidden_size), "relu": ReLU(),
            "dropout1": Dropout(dropout), "affine2": Linear(hidden_size, output_size), "dropout2": Dropout(dropout),
        })  # fmt: skip
        initialize("DeepConvNet", self, init)

    def forward(self, input: Any) -> Any:
        """Return the logits of images."""
        return self.classifier(self.features(input))
