"""The small convolutional network with which introductions to the subject begin."""

from __future__ import annotations

from typing import Any

from ...autograd.ops.windows import output_size
from ..layers.activation import ReLU
from ..layers.arguments import plain_number, size
from ..layers.convolution import Conv2d
from ..layers.linear import Flatten, Linear
from ..layers.pooling import MaxPool2d
from ..module import Module
from .building import initialize

__all__ = ["SimpleConvNet"]


class SimpleConvNet(Module):
    """Convolution, ReLU, 2×2 max pooling, affine, ReLU, affine: images to logits.

    Softmax is part of the loss (``CrossEntropyLoss``).

    Args:
        input_dim: shape of one image: (channels, height, width).
        filters: number of filters.
        kernel_size: height and width of the filters.
        padding, stride: of the convolution.
        hidden_size: units of the hidden layer.
        output_size: number of classes.
        std: standard deviation of the initial weights, with biases 0, as 0.01; or None for the layers' own.

    The input has shape (N, channels, height, width), the output (N, output_size).

    Raises:
        TypeError, ValueError: an argument is not allowed, or nothing of the image is left after pooling.

    >>> from glassgrad import nn
    >>> print(nn.models.SimpleConvNet().summary((1, 1, 28, 28)))
    layer    kind       output shape     parameters
    conv     Conv2d     (1, 30, 24, 24)         780
    relu1    ReLU       (1, 30, 24, 24)           0
    pool     MaxPool2d  (1, 30, 12, 12)           0
    flatten  Flatten    (1, 4320)                 0
    affine1  Linear     (1, 100)            432,100
    relu2    ReLU       (1, 100)                  0
    affine2  Linear     (1, 10)               1,010
    SimpleConvNet: 433,890 parameters, 433,890 trainable, 1.66 MiB
    """

    def __init__(
        self, input_dim: tuple[int, int, int] = (1, 28, 28), filters: int = 30, kernel_size: int = 5, padding: int = 0,
        stride: int = 1, hidden_size: int = 100, output_size: int = 10, std: float | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if not isinstance(input_dim, tuple | list) or len(input_dim) != 3:
            raise ValueError(f"SimpleConvNet: input_dim must be (channels, height, width), got {input_dim!r}")
        channels, height, width = (size("SimpleConvNet", "input_dim", n) for n in input_dim)
        self.conv = Conv2d(channels, filters, kernel_size, stride, padding)
        pooled = [_pooled(n, self.conv, axis) for axis, n in enumerate((height, width))]
        if min(pooled) < 1:
            raise ValueError(
                f"SimpleConvNet: images of {height}×{width} are too small for filters of size {kernel_size} with "
                f"padding {padding} and stride {stride}, then 2×2 pooling: {pooled[0]}×{pooled[1]} would be left"
            )
        self.relu1 = ReLU()
        self.pool = MaxPool2d(2)
        self.flatten = Flatten()
        self.affine1 = Linear(filters * pooled[0] * pooled[1], hidden_size)
        self.relu2 = ReLU()
        self.affine2 = Linear(hidden_size, output_size)
        initialize("SimpleConvNet", self, None if std is None else plain_number("SimpleConvNet", "std", std, 0.0, 1e6))

    def forward(self, input: Any) -> Any:
        """Return the logits of images."""
        features = self.pool(self.relu1(self.conv(input)))
        return self.affine2(self.relu2(self.affine1(self.flatten(features))))


def _pooled(n: int, conv: Conv2d, axis: int) -> int:
    """Return what convolution and 2×2 pooling leave of ``n`` pixels; 0 if the filter does not fit."""
    return max(0, output_size(n, conv.kernel_size[axis], conv.stride[axis], conv.padding[axis])) // 2
