"""Two convolutions and two fully connected layers, for small grey images."""

from __future__ import annotations

from typing import Any

from ..layers.activation import ReLU
from ..layers.arguments import flag
from ..layers.convolution import Conv2d
from ..layers.linear import Flatten, Linear
from ..layers.pooling import MaxPool2d
from ..module import Module
from .building import initialize

__all__ = ["DoubleConvNet"]


class DoubleConvNet(Module):
    """(Convolution, ReLU, pooling) twice, affine, ReLU, affine: images of 28×28 to logits.

    Args:
        pool_between: False leaves out the pooling between the two convolutions.
        hidden_size: units of the hidden layer.
        output_size: number of classes.
        init: initial weights, with biases 0: ``"he"``, ``"lecun"``, ``"xavier"``, a standard deviation such as 0.01, a
            function; or None for the layers' own.

    The input has shape (N, 1, 28, 28), the output (N, output_size). Softmax is part of the loss.

    Raises:
        TypeError, ValueError: an argument is not allowed.

    >>> from glassgrad import nn
    >>> print(nn.models.DoubleConvNet().summary((1, 1, 28, 28)))
    layer    kind       output shape     parameters
    conv1    Conv2d     (1, 10, 24, 24)         500
    relu1    ReLU       (1, 10, 24, 24)           0
    pool1    MaxPool2d  (1, 10, 12, 12)           0
    conv2    Conv2d     (1, 20, 12, 12)       1,820
    relu2    ReLU       (1, 20, 12, 12)           0
    pool2    MaxPool2d  (1, 20, 6, 6)             0
    flatten  Flatten    (1, 720)                  0
    affine1  Linear     (1, 100)             72,100
    relu3    ReLU       (1, 100)                  0
    affine2  Linear     (1, 10)               1,010
    DoubleConvNet: 75,430 parameters, 75,430 trainable, 295 KiB
    """

    def __init__(
        self, pool_between: bool = True, hidden_size: int = 100, output_size: int = 10, init: Any = None
    ) -> None:
        super().__init__()
        self.conv1 = Conv2d(1, 10, 7, padding=1)
        self.relu1 = ReLU()
        self.pool1 = MaxPool2d(2) if flag("DoubleConvNet", "pool_between", pool_between) else None
        self.conv2 = Conv2d(10, 20, 3, padding=1)
        self.relu2 = ReLU()
        self.pool2 = MaxPool2d(2)
        self.flatten = Flatten()
        side = 6 if pool_between else 12
        self.affine1 = Linear(20 * side * side, hidden_size)
        self.relu3 = ReLU()
        self.affine2 = Linear(hidden_size, output_size)
        initialize("DoubleConvNet", self, init)

    def forward(self, input: Any) -> Any:
        """Return the logits of images."""
        x = self.relu1(self.conv1(input))
        if self.pool1 is not None:
            x = self.pool1(x)
        x = self.pool2(self.relu2(self.conv2(x)))
        return self.affine2(self.relu3(self.affine1(self.flatten(x))))
