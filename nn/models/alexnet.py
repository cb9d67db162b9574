"""The convolutional network that won ImageNet in 2012."""

from __future__ import annotations

from typing import Any

from ..layers.activation import ReLU
from ..layers.container import Sequential
from ..layers.convolution import Conv2d
from ..layers.dropout import Dropout
from ..layers.linear import Flatten, Linear
from ..layers.normalization import LocalResponseNorm
from ..layers.pooling import MaxPool2d
from ..module import Module
from .building import initialize

__all__ = ["AlexNet"]


class AlexNet(Module):
    """Five convolutions with ReLU, three overlapping pools and two local response norms; three affine layers.

    (Krizhevsky, Sutskever and Hinton 2012.) The paper writes 224×224, but filters of 11 with stride 4 give its 55×55
    for 227 pixels, or for 224 with a frame of 2 zeros, rounded down. Its alpha of 1e-4 is per neighbour of a sum;
    ``LocalResponseNorm`` takes a mean, so alpha is 5e-4 here.

    Args:
        image_size: 227 or 224.
        output_size: number of classes.
        groups: 2 divides the channels of convolutions 2, 4 and 5 between two halves, as the paper did for two GPUs.
        dropout: the probability of dropping an input of the first two affine layers.
        hidden_size: units of the two hidden affine layers.
        init: initial weights, with biases 0: ``"he"``, ``"lecun"``, ``"xavier"``, a standard deviation (the paper has
            0.01), a function; or None for the layers' own.

    The input has shape (N, 3, image_size, image_size), the output (N, output_size). Softmax is part of the loss.

    Raises:
        TypeError, ValueError: an argument is not allowed.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.models.AlexNet(output_size=10, hidden_size=8).eval()(gg.zeros(1, 3, 227, 227)).shape
    (1, 10)
    """

    def __init__(
        self, image_size: int = 227, output_size: int = 1000, groups: int = 1, dropout: float = 0.5,
        hidden_size: int = 4096, init: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if image_size not in (227, 224):
            raise ValueError(f"AlexNet: image_size must be 227 or 224, not {image_size!r}")
        if groups not in (1, 2):
            raise ValueError(f"AlexNet: groups must be 1 or 2, not {groups!r}")

        def norm() -> Module:
            return LocalResponseNorm(5, alpha=5e-4, beta=0.75, k=2.0)

        self.features = Sequential({
            "conv1": Conv2d(3, 96, 11, stride=4, padding=0 if image_size == 227 else 2), "relu1": ReLU(),
            "norm1": norm(), "pool1": MaxPool2d(3, 2),
            "conv2": Conv2d(96, 256, 5, padding=2, groups=groups), "relu2": ReLU(),
            "norm2": norm(), "pool2": MaxPool2d(3, 2),
            "conv3": Conv2d(256, 384, 3, padding=1), "relu3": ReLU(),
            "conv4": Conv2d(384, 384, 3, padding=1, groups=groups), "relu4": ReLU(),
            "conv5": Conv2d(384, 256, 3, padding=1, groups=groups), "relu5": ReLU(), "pool5": MaxPool2d(3, 2),
        })  # fmt: skip
        self.classifier = Sequential({
            "flatten": Flatten(), "dropout6": Dropout(dropout), "affine6": Linear(6 * 6 * 256, hidden_size),
            "relu6": ReLU(), "dropout7": Dropout(dropout), "affine7": Linear(hidden_size, hidden_size), "relu7": ReLU(),
            "affine8": Linear(hidden_size, output_size),
        })  # fmt: skip
        initialize("AlexNet", self, init)

    def forward(self, input: Any) -> Any:
        """Return the logits of images."""
        return self.classifier(self.features(input))
