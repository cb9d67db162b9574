"""Pooling layers."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from ..module import Module
from .arguments import sizes

__all__ = ["MaxPool2d"]


class MaxPool2d(Module):
    """The largest element of each window of each channel.

    Args:
        kernel_size: size of the window: a number, or a pair (height, width), as the next two.
        stride: step between windows; default: `kernel_size`, so that they do not overlap.
        padding: width of the frame of −∞, at most half of `kernel_size`.

    The input has shape (N, C, H, W), the output (N, C, oh, ow) with
    oh = floor((H + 2·padding − kernel_size) / stride) + 1, and ow likewise. Of equal elements the first gets the
    gradient.

    Raises:
        TypeError, ValueError: an argument is not allowed. Calling raises ValueError if the input does not fit.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.MaxPool2d(2)(gg.zeros(10, 30, 24, 24)).shape
    (10, 30, 12, 12)
    """

    def __init__(
        self, kernel_size: int | tuple[int, int], stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
    ) -> None:  # fmt: skip
        super().__init__()
        kernel = sizes("MaxPool2d", "kernel_size", kernel_size)
        sizes("MaxPool2d", "stride", kernel if stride is None else stride)
        if any(2 * p > k for p, k in zip(sizes("MaxPool2d", "padding", padding, 0), kernel, strict=True)):
            raise ValueError(f"MaxPool2d: padding {padding} may be at most half of kernel_size {kernel_size}")
        # Kept as they were given, for the representation.
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding

    def forward(self, input: Any) -> Any:
        """Return the maxima; `input` has shape (N, C, H, W)."""
        return F.max_pool2d(input, self.kernel_size, self.stride, self.padding)

    def extra_repr(self) -> str:
        # PyTorch shows two further options, at the only values that exist here.
        text = f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"
        return f"{text}, dilation=1, ceil_mode=False"
