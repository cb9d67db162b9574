"""Convolution (cross-correlation) of images, and its two transposes; the three are each other's derivatives.

Images are NCHW and filters (out, in, height, width), as PyTorch's. The kernel copies the windows of each image into the
columns of a matrix (im2col) and multiplies by the filters; columns in channel-window order keep the result in NCHW
without transposing it.
"""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..declare import primitive
from .reduction import sum

__all__ = ["conv2d"]


def pair(value: Any, what: Any) -> Any:
    """Return an int or a pair as a pair of ints.

    Raises:
        ValueError: it is neither.
    """
    try:
        if isinstance(value, tuple | list):
            first, second = value
            return operator.index(first), operator.index(second)
        return operator.index(value), operator.index(value)
    except (TypeError, ValueError):
        raise ValueError(f"{what} must be an integer or a pair of integers, not {value!r}") from None


def output_size(size: Any, kernel: Any, stride: Any, padding: Any, dilation: Any = 1) -> Any:
    """Return how many windows fit: floor((size + 2·padding − dilation·(kernel − 1) − 1) / stride) + 1."""
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def plan(x_shape: Any, weight_shape: Any, stride: Any, padding: Any, dilation: Any, groups: Any) -> Any:
    """Check the arguments of a convolution and return the pairs and the output size.

    Raises:
        ValueError: shapes or arguments do not fit; the arithmetic is in the message.
    """
    if len(x_shape) != 4:
        raise ValueError(f"conv2d: the input must have shape (N, C, H, W), got {x_shape}")
    if len(weight_shape) != 4:
        raise ValueError(f"conv2d: the weight must have shape (out, in/groups, height, width), got {weight_shape}")
    strides, pads = pair(stride, "conv2d: stride"), pair(padding, "conv2d: padding")
    dilations = pair(dilation, "conv2d: dilation")
    if min(strides) < 1 or min(dilations) < 1 or min(pads) < 0:
        raise ValueError(
            f"conv2d: stride {stride} and dilation {dilation} must be at least 1, and padding {padding} at least 0"
        )
    if not isinstance(groups, int | np.integer) or groups < 1:
        raise ValueError(f"conv2d: groups must be a positive integer, not {groups!r}")
    channels, out = x_shape[1], weight_shape[0]
    if channels % groups or out % groups:
        raise ValueError(f"conv2d: groups = {groups} must divide the {channels} input and {out} output channels")
    if channels // groups != weight_shape[1]:
        raise ValueError(
            f"conv2d: input of shape {x_shape} has {channels} channels, but weight of shape {weight_shape} with "
            f"groups = {groups} expects {weight_shape[1] * groups}"
        )
    sizes = []
    for axis in (0, 1):
        reach = dilations[axis] * (weight_shape[2 + axis] - 1) + 1
        padded = x_shape[2 + axis] + 2 * pads[axis]
        if weight_shape[2 + axis] < 1 or reach > padded:
            raise ValueError(
                f"conv2d: a kernel of size {weight_shape[2 + axis]} (reaching {reach} with dilation {dilations[axis]}) "
                f"is larger than the padded input: {x_shape[2 + axis]} + 2·{pads[axis]} = {padded}"
            )
        sizes.append(output_size(x_shape[2 + axis], weight_shape[2 + axis], strides[axis], pads[axis], dilations[axis]))
    return strides, pads, dilations, tuple(sizes)


def pad_image(x: Any, pads: Any, value: Any = 0) -> Any:
    """Return ``x`` with a frame around its last two axes."""
    if not any(pads):
        return x
    n, c, h, w = x.shape
    framed = np.full((n, c, h + 2 * pads[0], w + 2 * pads[1]), value, x.dtype)
    framed[:, :, pads[0] : pads[0] + h, pads[1] : pads[1] + w] = x
    return framed


def windows(x: Any, kernel: Any, strides: Any, dilations: Any, sizes: Any) -> Any:
    """Return a view of shape (N, C, kh, kw, oh, ow): every window of every image."""
    reach = tuple(d * (k - 1) + 1 for d, k in zip(dilations, kernel, strict=True))
    view = sliding_window_view(x, reach, axis=(2, 3))
    view = view[:, :, :: strides[0], :: strides[1], :: dilations[0], :: dilations[1]]
    return view[:, :, : sizes[0], : sizes[1]].transpose(0, 1, 4, 5, 2, 3)


def columns(x: Any, kernel: Any, strides: Any, pads: Any, dilations: Any, sizes: Any, groups: Any) -> Any:
    """Return im2col: shape (N, groups, C/groups·kh·kw, oh·ow)."""
    n, c = x.shape[:2]
    view = windows(pad_image(x, pads), kernel, strides, dilations, sizes)
    return view.reshape(n, groups, c // groups * kernel[0] * kernel[1], sizes[0] * sizes[1])


@primitive(
    kind="multilinear", symbol="conv({0}, {1})",
    input=lambda g, weight, input_shape, stride, padding, dilation, groups: conv2d_input(
        g, weight, input_shape, stride, padding, dilation, groups
    ),
    weight=lambda g, input, weight_shape, stride, padding, dilation, groups: conv2d_weight(
        g, input, weight_shape, stride, padding, dilation, groups
    ),
    bias=lambda g: sum(g, (0, 2, 3)),
)  # fmt: skip
def conv2d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: Any = 1
) -> Any:
    """Return the cross-correlation of images with filters (the filter is not flipped), plus a bias per filter.

    out[n, f, i, j] = bias[f] + Σ_c Σ_k Σ_l padded[n, c, s·i + d·k, s·j + d·l] · weight[f, c, k, l]

    Args:
        input: images of shape (N, C, H, W).
        weight: filters of shape (F, C/groups, kh, kw).
        bias: shape (F,), or None.
        stride, padding, dilation: an int for both axes, or a pair (height, width).
        groups: divides channels and filters into independent groups.

    Returns:
        Shape (N, F, oh, ow) with oh = floor((H + 2·padding − dilation·(kh − 1) − 1) / stride) + 1.

    Raises:
        ValueError: shapes or arguments do not fit; the arithmetic is in the message.

    >>> import glassgrad as gg
    >>> gg.conv2d(gg.ones(1, 1, 3, 3), gg.ones(1, 1, 2, 2))
    tensor([[[[4., 4.],
              [4., 4.]]]])
    """
    x, w = np.asarray(input), np.asarray(weight)
    strides, pads, dilations, sizes = plan(x.shape, w.shape, stride, padding, dilation, groups)
    if bias is not None and np.shape(bias) != (w.shape[0],):
        raise ValueError(f"conv2d: bias of shape {np.shape(bias)} does not fit {w.shape[0]} filters")
    cols = columns(x, w.shape[2:], strides, pads, dilations, sizes, groups)
    out = np.matmul(w.reshape(groups, w.shape[0] // groups, cols.shape[2]), cols)
    out = out.reshape(x.shape[0], w.shape[0], *sizes)
    if bias is not None:
        out += np.reshape(bias, (1, -1, 1, 1))
    return out


@primitive(
    kind="multilinear", symbol="convᵀ({0}, {1})",
    gradient=lambda g, weight, stride, padding, dilation, groups: conv2d(
        g, weight, None, stride, padding, dilation, groups
    ),
    weight=lambda g, gradient, weight_shape, stride, padding, dilation, groups: conv2d_weight(
        gradient, g, weight_shape, stride, padding, dilation, groups
    ),
)  # fmt: skip
def conv2d_input(
    gradient: Any, weight: Any, input_shape: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: Any = 1
) -> Any:
    """Return the gradient of :func:`conv2d` by its input: every window's share is added back where it was read."""
    g, w = np.asarray(gradient), np.asarray(weight)
    strides, pads, dilations, sizes = plan(input_shape, w.shape, stride, padding, dilation, groups)
    n, c, height, width = input_shape
    kernel = w.shape[2:]
    rows = w.reshape(groups, w.shape[0] // groups, math.prod(w.shape[1:])).transpose(0, 2, 1)
    cols = np.matmul(rows, g.reshape(n, groups, w.shape[0] // groups, sizes[0] * sizes[1]))
    cols = cols.reshape(n, c, *kernel, *sizes)
    framed = np.zeros((n, c, height + 2 * pads[0], width + 2 * pads[1]), g.dtype)
    for k in range(kernel[0]):
        top = k * dilations[0]
        for m in range(kernel[1]):
            left = m * dilations[1]
            framed[
                :, :, top : top + strides[0] * sizes[0] : strides[0], left : left + strides[1] * sizes[1] : strides[1]
            ] += cols[:, :, k, m]
    return framed[:, :, pads[0] : pads[0] + height, pads[1] : pads[1] + width]


@primitive(
    kind="multilinear", symbol="conv weights({0}, {1})",
    gradient=lambda g, input, stride, padding, dilation, groups: conv2d(
        input, g, None, stride, padding, dilation, groups
    ),
    input=lambda g, gradient, input_shape, stride, padding, dilation, groups: conv2d_input(
        gradient, g, input_shape, stride, padding, dilation, groups
    ),
)  # fmt: skip
def conv2d_weight(
    gradient: Any, input: Any, weight_shape: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: Any = 1
) -> Any:
    """Return the gradient of :func:`conv2d` by its filters: windows weighted by the gradient they produced."""
    g, x = np.asarray(gradient), np.asarray(input)
    strides, pads, dilations, sizes = plan(x.shape, weight_shape, stride, padding, dilation, groups)
    n, filters = x.shape[0], weight_shape[0]
    cols = columns(x, weight_shape[2:], strides, pads, dilations, sizes, groups)
    products = np.matmul(g.reshape(n, groups, filters // groups, cols.shape[3]), cols.transpose(0, 1, 3, 2))
    return np.sum(products, axis=0).reshape(weight_shape)
