"""Windows of images as columns, and back: im2col and col2im."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from ..module import Module
from .arguments import sizes

__all__ = ["Fold", "Unfold"]


class Unfold(Module):
    """The windows of images as columns (im2col).

    Args:
        kernel_size: size of the windows: a number, or a pair (height, width), as the next three.
        dilation: distance between the pixels of a window.
        padding: width of the frame of zeros.
        stride: step between windows.

    The input has shape (N, C, H, W), the output (N, C·kh·kw, L): column l holds the l-th window, row by row of the
    image. Many texts (and their function ``im2col``) lay out the transpose instead, with the batch joined to the
    windows: (N·oh·ow, C·kh·kw), one window a row. It is ``unfold(x).transpose(1, 2).reshape(-1, C·kh·kw)``.

    Raises:
        TypeError, ValueError: an argument is not allowed. Calling raises ValueError if the input does not fit.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> columns = nn.Unfold(5)(gg.zeros(10, 3, 7, 7))
    >>> columns.shape
    (10, 75, 9)
    >>> columns.transpose(1, 2).reshape(-1, 75).shape
    (90, 75)
    """

    def __init__(
        self, kernel_size: int | tuple[int, int], dilation: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0, stride: int | tuple[int, int] = 1,
    ) -> None:  # fmt: skip
        super().__init__()
        _check("Unfold", kernel_size, dilation, padding, stride)
        # Kept as they were given, for the representation.
        self.kernel_size, self.dilation, self.padding, self.stride = kernel_size, dilation, padding, stride

    def forward(self, input: Any) -> Any:
        """Return the windows of ``input`` as columns."""
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"


class Fold(Module):
    """Images in which columns of windows are added where ``Unfold`` would read them (col2im).

    Args:
        output_size: size of the images: a number, or a pair (height, width).
        kernel_size, dilation, padding, stride: as in ``Unfold``.

    The input has shape (N, C·kh·kw, L), the output (N, C, H, W). It is the transpose of ``Unfold``, not its inverse:
    pixels that several windows see are added up.

    Raises:
        TypeError, ValueError: an argument is not allowed. Calling raises ValueError if the input does not fit.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.Fold((2, 3), (2, 2))(gg.ones(1, 4, 2))
    tensor([[[[1., 2., 1.],
              [1., 2., 1.]]]])
    """

    def __init__(
        self, output_size: int | tuple[int, int], kernel_size: int | tuple[int, int],
        dilation: int | tuple[int, int] = 1, padding: int | tuple[int, int] = 0, stride: int | tuple[int, int] = 1,
    ) -> None:  # fmt: skip
        super().__init__()
        sizes("Fold", "output_size", output_size)
        _check("Fold", kernel_size, dilation, padding, stride)
        self.output_size, self.kernel_size = output_size, kernel_size
        self.dilation, self.padding, self.stride = dilation, padding, stride

    def forward(self, input: Any) -> Any:
        """Return the images to which the columns ``input`` add up."""
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation}, "
            f"padding={self.padding}, stride={self.stride}"
        )


def _check(layer: str, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> None:
    sizes(layer, "kernel_size", kernel_size)
    sizes(layer, "dilation", dilation)
    sizes(layer, "padding", padding, 0)
    sizes(layer, "stride", stride)
