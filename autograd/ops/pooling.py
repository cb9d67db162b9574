"""Max pooling of images. Which element won is kept as a small integer: its position in the window."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..declare import primitive
from .convolution import output_size, pad_image, pair

__all__ = ["max_pool2d"]


def plan(shape: Any, kernel_size: Any, stride: Any, padding: Any) -> Any:
    """Check the arguments of a pool and return the pairs and the output size."""
    if len(shape) != 4:
        raise ValueError(f"max_pool2d: the input must have shape (N, C, H, W), got {shape}")
    kernel = pair(kernel_size, "max_pool2d: kernel_size")
    strides = kernel if stride is None else pair(stride, "max_pool2d: stride")
    pads = pair(padding, "max_pool2d: padding")
    if min(kernel) < 1 or min(strides) < 1 or min(pads) < 0:
        raise ValueError(
            f"max_pool2d: kernel_size {kernel_size} and stride {stride} must be at least 1, "
            f"padding {padding} not negative"
        )
    if any(2 * p > k for p, k in zip(pads, kernel, strict=True)):
        raise ValueError(f"max_pool2d: padding {padding} may be at most half of kernel_size {kernel_size}")
    sizes = []
    for axis in (0, 1):
        padded = shape[2 + axis] + 2 * pads[axis]
        if kernel[axis] > padded:
            raise ValueError(
                f"max_pool2d: a window of size {kernel[axis]} is larger than the padded input: "
                f"{shape[2 + axis]} + 2·{pads[axis]} = {padded}"
            )
        sizes.append(output_size(shape[2 + axis], kernel[axis], strides[axis], pads[axis]))
    return kernel, strides, pads, tuple(sizes)


def _window_slices(kernel: Any, strides: Any, sizes: Any) -> Any:
    """Return, for each position in the window, the slice of the padded image that it sees."""
    for k in range(kernel[0]):
        for m in range(kernel[1]):
            yield (
                slice(None), slice(None),
                slice(k, k + strides[0] * (sizes[0] - 1) + 1, strides[0]),
                slice(m, m + strides[1] * (sizes[1] - 1) + 1, strides[1]),
            )  # fmt: skip


@primitive(
    kind="general", residuals=("winner",), symbol="max pool {0}",
    input=lambda g, winner, input_shape, kernel_size, stride, padding: max_pool2d_gradient(
        g, winner, input_shape, kernel_size, stride, padding
    ),
)  # fmt: skip
def max_pool2d(input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0) -> Any:
    """Return the largest element of each window of each channel. Of equal elements the first gets the gradient.

    Args:
        input: images of shape (N, C, H, W).
        kernel_size: an int or a pair (height, width).
        stride: step between windows; default: ``kernel_size``.
        padding: a frame of −inf, at most half of ``kernel_size``.

    Returns:
        Shape (N, C, oh, ow) with oh = floor((H + 2·padding − kernel) / stride) + 1.

    Raises:
        ValueError: shapes or arguments do not fit.

    >>> import glassgrad as gg
    >>> gg.max_pool2d(gg.arange(16.0).reshape(1, 1, 4, 4), 2)
    tensor([[[[ 5.,  7.],
              [13., 15.]]]])
    """
    x = np.asarray(input)
    kernel, strides, pads, sizes = plan(x.shape, kernel_size, stride, padding)
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    framed = pad_image(x, pads, lowest)
    out: Any = None
    winner: Any = None
    for position, window in enumerate(_window_slices(kernel, strides, sizes)):
        values = framed[window]
        if out is None:
            out = values.copy()
            winner = np.zeros(out.shape, np.uint8 if kernel[0] * kernel[1] <= 255 else np.int64)
        else:
            better = np.greater(values, out)
            np.maximum(out, values, out=out)
            # Positions grow, so the largest one that was better is the last: no masked assignment, which is slow.
            np.maximum(winner, better * winner.dtype.type(position), out=winner)
    _mend_winners(out, winner, framed, x.shape, kernel, strides, pads, sizes)
    return out, winner


def _mend_winners(
    out: Any, winner: Any, framed: Any, shape: Any, kernel: Any, strides: Any, pads: Any, sizes: Any
) -> None:
    """Correct the winners that a plain comparison misses: NaN, and images that are as low as the frame around them."""
    odd = np.isnan(out)
    if odd.any():
        for position, window in enumerate(_window_slices(kernel, strides, sizes)):
            winner[odd & np.isnan(framed[window])] = position
    if not any(pads):
        return
    lowest = out == (-np.inf if out.dtype.kind == "f" else np.iinfo(out.dtype).min)
    if lowest.any():
        inside = pad_image(np.ones(shape, bool), pads, False)
        # From last to first: the first position inside the image stays.
        for position, window in reversed(list(enumerate(_window_slices(kernel, strides, sizes)))):
            winner[lowest & inside[window]] = position


@primitive(
    kind="linear", winner=None, symbol="unpool {0}",
    gradient=lambda g, winner, kernel_size, stride, padding: max_pool2d_pick(g, winner, kernel_size, stride, padding),
)  # fmt: skip
def max_pool2d_gradient(
    gradient: Any, winner: Any, input_shape: Any, kernel_size: Any, stride: Any, padding: Any
) -> Any:
    """Return the gradient of :func:`max_pool2d` by its input: each window's gradient goes to its winner."""
    kernel, strides, pads, sizes = plan(input_shape, kernel_size, stride, padding)
    n, c, height, width = input_shape
    framed = np.zeros((n, c, height + 2 * pads[0], width + 2 * pads[1]), gradient.dtype)
    disjoint = strides[0] >= kernel[0] and strides[1] >= kernel[1]
    for position, window in enumerate(_window_slices(kernel, strides, sizes)):
        # Not a product with the mask: 0 · inf would be NaN.
        share = np.where(winner == position, gradient, gradient.dtype.type(0))
        if disjoint:
            framed[window] = share
        else:
            framed[window] += share
    return framed[:, :, pads[0] : pads[0] + height, pads[1] : pads[1] + width]


@primitive(
    kind="linear", winner=None, symbol="pick {0}",
    x=lambda g, winner, x_shape, kernel_size, stride, padding: max_pool2d_gradient(
        g, winner, x_shape, kernel_size, stride, padding
    ),
)  # fmt: skip
def max_pool2d_pick(x: Any, winner: Any, kernel_size: Any, stride: Any, padding: Any) -> Any:
    """Return from each window of ``x`` the element at the position ``winner``."""
    kernel, strides, pads, sizes = plan(x.shape, kernel_size, stride, padding)
    framed = pad_image(x, pads)
    out = np.zeros(winner.shape, x.dtype)
    for position, window in enumerate(_window_slices(kernel, strides, sizes)):
        np.copyto(out, framed[window], where=winner == position)
    return out
