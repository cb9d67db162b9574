"""Pooling layers: the largest, the mean or a random element of each window."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from ..module import Module
from .arguments import flag, size, sizes

__all__ = ["AdaptiveAvgPool2d", "AdaptiveMaxPool2d", "AvgPool2d", "MaxPool2d", "StochasticPool2d"]

_Size = int | tuple[int, int]


class _Windows(Module):
    """What layers share that slide a window: its size, step and frame, kept as given, for the representation."""

    def __init__(self, kernel_size: _Size, stride: _Size | None, padding: _Size) -> None:
        super().__init__()
        layer = type(self).__name__
        kernel = sizes(layer, "kernel_size", kernel_size)
        sizes(layer, "stride", kernel if stride is None else stride)
        if any(2 * p > k for p, k in zip(sizes(layer, "padding", padding, 0), kernel, strict=True)):
            raise ValueError(f"{layer}: padding {padding} may be at most half of kernel_size {kernel_size}")
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxPool2d(_Windows):
    """The largest element of each window of each channel.

    Args:
        kernel_size: size of the window: a number, or a pair (height, width), as the next three.
        stride: step between windows; default: ``kernel_size``, so that they do not overlap.
        padding: width of the frame of −∞, at most half of ``kernel_size``.
        dilation: distance between the elements of a window.
        return_indices: whether to give (maxima, their positions in the flattened image), for unpooling.
        ceil_mode: whether a last window may reach beyond the frame, so that the size is rounded up.

    The input has shape (N, C, H, W), the output (N, C, oh, ow) with
    oh = floor((H + 2·padding − dilation·(kernel_size − 1) − 1) / stride) + 1, and ow likewise. Of equal elements the
    first gets the gradient.

    Raises:
        TypeError, ValueError: an argument is not allowed. Calling raises ValueError if the input does not fit.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.MaxPool2d(2)(gg.zeros(10, 30, 24, 24)).shape
    (10, 30, 12, 12)
    """

    def __init__(
        self, kernel_size: _Size, stride: _Size | None = None, padding: _Size = 0, dilation: _Size = 1,
        return_indices: bool = False, ceil_mode: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(kernel_size, stride, padding)
        sizes("MaxPool2d", "dilation", dilation)
        self.dilation = dilation
        self.return_indices = flag("MaxPool2d", "return_indices", return_indices)
        self.ceil_mode = flag("MaxPool2d", "ceil_mode", ceil_mode)

    def forward(self, input: Any) -> Any:
        """Return the maxima; ``input`` has shape (N, C, H, W)."""
        return F.max_pool2d(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, dilation={self.dilation}, ceil_mode={self.ceil_mode}"


class AvgPool2d(_Windows):
    """The mean of each window of each channel.

    Args:
        kernel_size: size of the window: a number, or a pair (height, width), as the next two.
        stride: step between windows; default: ``kernel_size``, so that they do not overlap.
        padding: width of the frame of zeros, at most half of ``kernel_size``.
        ceil_mode: whether a last window may reach beyond the frame, so that the size is rounded up.
        count_include_pad: whether the zeros of the frame are counted.
        divisor_override: what to divide by, instead of the number of elements.

    The input has shape (N, C, H, W), the output (N, C, oh, ow) with
    oh = floor((H + 2·padding − kernel_size) / stride) + 1, and ow likewise.

    Raises:
        TypeError, ValueError: an argument is not allowed. Calling raises ValueError if the input does not fit.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.AvgPool2d(2)(gg.tensor([[[[1.0, 2.0], [3.0, 6.0]]]]))
    tensor([[[[3.]]]])
    """

    def __init__(
        self, kernel_size: _Size, stride: _Size | None = None, padding: _Size = 0, ceil_mode: bool = False,
        count_include_pad: bool = True, divisor_override: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__(kernel_size, stride, padding)
        self.ceil_mode = flag("AvgPool2d", "ceil_mode", ceil_mode)
        self.count_include_pad = flag("AvgPool2d", "count_include_pad", count_include_pad)
        self.divisor_override = (
            None if divisor_override is None else size("AvgPool2d", "divisor_override", divisor_override)
        )

    def forward(self, input: Any) -> Any:
        """Return the means; ``input`` has shape (N, C, H, W)."""
        return F.avg_pool2d(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad,
            self.divisor_override,
        )  # fmt: skip


def _output_size(layer: str, value: Any) -> Any:
    """Check a size or a pair of sizes, each of which may be None for that of the input."""
    for n in value if isinstance(value, tuple | list) else (value,):
        if n is not None:
            size(layer, "output_size", n)
    if isinstance(value, tuple | list) and len(value) != 2:
        raise ValueError(f"{layer}: output_size must be a number or a pair (height, width), got {value!r}")
    return value


class AdaptiveAvgPool2d(Module):
    """The means of as many windows as the output has places, whatever the size of the image.

    Args:
        output_size: a number, or a pair (height, width); None keeps that of the input. 1 is global average pooling:
            the mean of each channel.

    The input has shape (N, C, H, W), the output (N, C, *output_size).

    Raises:
        TypeError, ValueError: ``output_size`` is not allowed. Calling raises ValueError if the input does not fit.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.AdaptiveAvgPool2d(1)(gg.tensor([[[[1.0, 2.0], [3.0, 6.0]]]]))
    tensor([[[[3.]]]])
    """

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        self.output_size = _output_size("AdaptiveAvgPool2d", output_size)

    def forward(self, input: Any) -> Any:
        """Return the means; ``input`` has shape (N, C, H, W)."""
        return F.adaptive_avg_pool2d(input, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveMaxPool2d(Module):
    """The largest elements of as many windows as the output has places, whatever the size of the image.

    Args:
        output_size: a number, or a pair (height, width); None keeps that of the input. 1 is global max pooling.
        return_indices: whether to give (maxima, their positions in the flattened image).

    The input has shape (N, C, H, W), the output (N, C, *output_size).

    Raises:
        TypeError, ValueError: an argument is not allowed. Calling raises ValueError if the input does not fit.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.AdaptiveMaxPool2d(1)(gg.tensor([[[[1.0, 2.0], [3.0, 6.0]]]]))
    tensor([[[[6.]]]])
    """

    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = _output_size("AdaptiveMaxPool2d", output_size)
        self.return_indices = flag("AdaptiveMaxPool2d", "return_indices", return_indices)

    def forward(self, input: Any) -> Any:
        """Return the maxima; ``input`` has shape (N, C, H, W)."""
        return F.adaptive_max_pool2d(input, self.output_size, self.return_indices)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class StochasticPool2d(_Windows):
    """Of each window one element, drawn in training with a probability in proportion to it; else the mean under it.

    See ``functional.stochastic_pool2d``. (Zeiler and Fergus 2013, https://arxiv.org/abs/1301.3557)

    Args:
        kernel_size: size of the window: a number, or a pair (height, width), as the next two.
        stride: step between windows; default: ``kernel_size``, so that they do not overlap.
        padding: width of the frame of zeros, which are never drawn.

    The input has shape (N, C, H, W) and no negative elements: it goes behind a ReLU.

    Raises:
        TypeError, ValueError: an argument is not allowed. Calling raises ValueError for negative activations.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.StochasticPool2d(2).eval()(gg.tensor([[[[0.0, 1.0], [3.0, 0.0]]]]))  # 1·1/4 + 3·3/4
    tensor([[[[2.5]]]])
    """

    def __init__(self, kernel_size: _Size, stride: _Size | None = None, padding: _Size = 0) -> None:
        super().__init__(kernel_size, stride, padding)

    def forward(self, input: Any) -> Any:
        """Return an element of each window of ``input``, or in evaluation their mean."""
        return F.stochastic_pool2d(input, self.kernel_size, self.stride, self.padding, self.training)
