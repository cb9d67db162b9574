"""Windows of images as columns, and back. The two are each other's transposes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.cost import per_input
from ..engine.declare import primitive
from .windows import batch_of, lay_out, sizes_of

__all__: list[str] = []


def _windows(what: Any, spatial: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> Any:
    """Check the arguments and return where the windows lie on an image of size ``spatial``."""
    kernel, strides = sizes_of(kernel_size, 2, f"{what}: kernel_size"), sizes_of(stride, 2, f"{what}: stride")
    pads, dilations = sizes_of(padding, 2, f"{what}: padding"), sizes_of(dilation, 2, f"{what}: dilation")
    if min(kernel) < 1 or min(strides) < 1 or min(dilations) < 1 or min(pads) < 0:
        raise ValueError(
            f"{what}: kernel_size {kernel_size}, stride {stride} and dilation {dilation} must be at least 1, "
            f"padding {padding} not negative"
        )
    for n, k, p, d in zip(spatial, kernel, pads, dilations, strict=True):
        if d * (k - 1) + 1 > n + 2 * p or n < 1:
            raise ValueError(
                f"{what}: a window of size {k} (reaching {d * (k - 1) + 1} with dilation {d}) does not fit into the "
                f"padded image: {n} + 2·{p} = {n + 2 * p}"
            )
    return lay_out(tuple(spatial), kernel, strides, pads, pads, dilations)


@primitive(
    kind="linear", cost=0, name="im2col", symbol="columns of {0}",
    input=lambda g, input_shape, kernel_size, dilation, padding, stride: fold(
        g, tuple(input_shape[-2:]), kernel_size, dilation, padding, stride
    ),
)  # fmt: skip
def unfold(input: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """Return the windows of images as columns (im2col).

    Args:
        input: images of shape (N, C, H, W), or one of shape (C, H, W).
        kernel_size: an int or a pair (height, width), as the others.
        dilation: step between the elements of a window.
        padding: a frame of zeros.
        stride: step between windows.

    Returns:
        Shape (N, C·kh·kw, windows) or (C·kh·kw, windows).

    Raises:
        ValueError: shapes or arguments do not fit.

    >>> import glassgrad as gg
    >>> gg.nn.functional.unfold(gg.arange(6.0).reshape(1, 2, 3), (2, 2))
    tensor([[0., 1.],
            [1., 2.],
            [3., 4.],
            [4., 5.]])
    """
    x = np.asarray(input)
    batched = batch_of(x.shape, 2, "unfold")
    if 0 in x.shape[batched:]:
        raise ValueError(f"unfold: only the batch may be empty, got an input of shape {x.shape}")
    windows = _windows("unfold", x.shape[-2:], kernel_size, dilation, padding, stride)
    view = windows.view(windows.framed(x))
    return view.reshape(*x.shape[:-3], x.shape[-3] * math.prod(windows.kernel), math.prod(windows.sizes))


@primitive(
    kind="linear", widens=True, cost=per_input(), name="col2im", symbol="image of {0}",
    input=lambda g, kernel_size, dilation, padding, stride: unfold(g, kernel_size, dilation, padding, stride),
)  # fmt: skip
def fold(input: Any, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    """Return images in which the columns of windows are added where :func:`unfold` would read them (col2im).

    Args:
        input: shape (N, C·kh·kw, windows) or (C·kh·kw, windows).
        output_size: the size of the images: an int or a pair (height, width).
        kernel_size, dilation, padding, stride: as in :func:`unfold`.

    Returns:
        Shape (N, C, H, W) or (C, H, W).

    Raises:
        ValueError: shapes or arguments do not fit.

    >>> import glassgrad as gg
    >>> gg.nn.functional.fold(gg.ones(4, 2), (2, 3), (2, 2))
    tensor([[[1., 2., 1.],
             [1., 2., 1.]]])
    """
    columns = np.asarray(input)
    spatial = sizes_of(output_size, 2, "fold: output_size")
    if columns.ndim not in (2, 3) or 0 in columns.shape[columns.ndim - 2 :]:
        raise ValueError(
            f"fold: the input must have shape (N, C·kh·kw, windows) or (C·kh·kw, windows), got {columns.shape}"
        )
    windows = _windows("fold", spatial, kernel_size, dilation, padding, stride)
    elements, count = columns.shape[-2:]
    size = math.prod(windows.kernel)
    if elements % size:
        raise ValueError(
            f"fold: input of shape {columns.shape} has columns of {elements} elements, which windows of "
            f"{windows.kernel[0]}·{windows.kernel[1]} = {size} elements do not divide"
        )
    if count != math.prod(windows.sizes):
        raise ValueError(
            f"fold: input of shape {columns.shape} has {count} columns, but an image of size {spatial} has "
            f"{windows.sizes[0]}·{windows.sizes[1]} = {math.prod(windows.sizes)} such windows"
        )
    outer = (*columns.shape[:-2], elements // size)
    return windows.added(columns.reshape(*outer, *windows.kernel, *windows.sizes), spatial)
