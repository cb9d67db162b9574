"""The convolutional network that read the digits on cheques."""

from __future__ import annotations

from typing import Any

from ..layers.arguments import size
from ..layers.container import Sequential
from ..layers.convolution import Conv2d
from ..layers.linear import Flatten, Linear
from ..layers.pooling import AvgPool2d, MaxPool2d
from ..module import Module
from .building import activation_layer, initialize

__all__ = ["LeNet5"]


class LeNet5(Module):
    """Convolution, pooling, convolution, pooling, three affine layers. (LeCun, Bottou, Bengio and Haffner 1998)

    Every filter of the second convolution sees all channels; the original joined them by a table, for want of memory.

    Args:
        image_size: 32, or 28 for images that are framed by 2 zeros, so that all later sizes are the same.
        activation: behind each convolution and affine layer but the last; the original has a scaled ``"tanh"``.
        pool: ``"max"`` or ``"average"``, which the original has.
        output_size: number of classes.
        init: initial weights, with biases 0: ``"he"``, ``"lecun"``, ``"xavier"``, a standard deviation, a function; or
            None for the layers' own.

    The input has shape (N, 1, image_size, image_size), the output (N, output_size). Softmax is part of the loss.

    Raises:
        TypeError, ValueError: an argument is not allowed.

    >>> from glassgrad import nn
    >>> sum(p.numel() for p in nn.models.LeNet5().parameters())
    61706
    """

    def __init__(
        self, image_size: int = 32, activation: Any = "relu", pool: str = "max", output_size: int = 10, init: Any = None
    ) -> None:
        super().__init__()
        if size("LeNet5", "image_size", image_size) not in (28, 32):
            raise ValueError(f"LeNet5: image_size must be 32 or 28, not {image_size}")
        pools: dict[str, Any] = {"max": MaxPool2d, "average": AvgPool2d}
        if pool not in pools:
            raise ValueError(f"LeNet5: pool must be 'max' or 'average', not {pool!r}")

        def active() -> Module:
            return activation_layer("LeNet5", activation)

        self.features = Sequential({
            "conv1": Conv2d(1, 6, 5, padding=(32 - image_size) // 2), "activation1": active(), "pool1": pools[pool](2),
            "conv2": Conv2d(6, 16, 5), "activation2": active(), "pool2": pools[pool](2),
        })  # fmt: skip
        self.classifier = Sequential({
            "flatten": Flatten(), "affine1": Linear(400, 120), "activation3": active(), "affine2": Linear(120, 84),
            "activation4": active(), "affine3": Linear(84, output_size),
        })  # fmt: skip
        initialize("LeNet5", self, init)

    def forward(self, input: Any) -> Any:
        """Return the logits of images."""
        return self.classifier(self.features(input))
