"""Transposed convolution: the gradient of a convolution by its input, read forwards as an operation of its own.

Every element of the input is multiplied by a filter and the results are added where they overlap (Dumoulin and Visin
2016, https://arxiv.org/abs/1603.07285, section 4).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.compose import composed
from .convolution import convolution_input
from .shaping import reshape
from .windows import batch_of, sizes_of

__all__ = ["conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]

_FILTERS = {
    1: "(in, out/groups, length)",
    2: "(in, out/groups, height, width)",
    3: "(in, out/groups, depth, height, width)",
}


def _transposed(
    rank: int, input: Any, weight: Any, bias: Any, stride: Any, padding: Any, output_padding: Any, groups: Any,
    dilation: Any,
) -> Any:  # fmt: skip
    what = f"conv_transpose{rank}d"
    x, w = np.shape(input), np.shape(weight)
    batched = batch_of(x, rank, what)
    if len(w) != rank + 2:
        raise ValueError(f"{what}: the weight must have shape {_FILTERS[rank]}, got {w}")
    strides, pads = sizes_of(stride, rank, f"{what}: stride"), sizes_of(padding, rank, f"{what}: padding")
    extra = sizes_of(output_padding, rank, f"{what}: output_padding")
    dilations = sizes_of(dilation, rank, f"{what}: dilation")
    if min(strides) < 1 or min(dilations) < 1 or min(pads) < 0:
        raise ValueError(
            f"{what}: stride {stride} and dilation {dilation} must be at least 1, and padding {padding} at least 0"
        )
    if any(e < 0 or e >= max(s, d) for e, s, d in zip(extra, strides, dilations, strict=True)):
        raise ValueError(
            f"{what}: output_padding {output_padding} must be at least 0 and smaller than stride {stride} or "
            f"dilation {dilation}"
        )
    if not isinstance(groups, int | np.integer) or groups < 1:
        raise ValueError(f"{what}: groups must be a positive integer, not {groups!r}")
    channels = x[-rank - 1]
    if channels != w[0]:
        raise ValueError(f"{what}: input of shape {x} has {channels} channels, but weight of shape {w} expects {w[0]}")
    if channels % groups:
        raise ValueError(f"{what}: groups = {groups} must divide the {channels} input channels")
    filters = w[1] * groups
    if bias is not None and np.shape(bias) != (filters,):
        raise ValueError(f"{what}: bias of shape {np.shape(bias)} does not fit {filters} output channels")
    sizes = []
    for n, k, s, p, e, d in zip(x[-rank:], w[2:], strides, pads, extra, dilations, strict=True):
        size = (n - 1) * s - 2 * p + d * (k - 1) + e + 1
        if n < 1 or k < 1 or size < 1:
            raise ValueError(
                f"{what}: nothing is left of an input of size {n} with a kernel of size {k}: "
                f"({n} − 1)·{s} − 2·{p} + {d}·({k} − 1) + {e} + 1 = {size}"
            )
        sizes.append(size)
    shape = (*x[:1], filters, *sizes) if batched else (filters, *sizes)
    out = convolution_input(input, weight, shape, strides, pads, dilations, groups)
    return out if bias is None else out + reshape(bias, (filters,) + (1,) * rank)


@composed
def conv_transpose1d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
    groups: Any = 1, dilation: Any = 1,
) -> Any:  # fmt: skip
    """Return the transposed convolution of sequences. See :func:`conv_transpose2d`.

    Args:
        input: shape (N, C, L) or (C, L).
        weight: shape (C, F/groups, k).
        bias, stride, padding, output_padding, groups, dilation: as in :func:`conv_transpose2d`, for one axis.

    Returns:
        Shape (N, F, m) or (F, m) with m = (L − 1)·stride − 2·padding + dilation·(k − 1) + output_padding + 1.

    Raises:
        ValueError: shapes or arguments do not fit; the arithmetic is in the message.

    >>> import glassgrad as gg
    >>> gg.conv_transpose1d(gg.tensor([[[1.0, 2.0]]]), gg.tensor([[[1.0, 10.0]]]), stride=2)
    tensor([[[ 1., 10.,  2., 20.]]])
    """
    return _transposed(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


@composed
def conv_transpose2d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
    groups: Any = 1, dilation: Any = 1,
) -> Any:  # fmt: skip
    """Return the transposed convolution of images: what :func:`conv2d` with this weight does to gradients.

    out[n, f, s·i + d·k − p, s·j + d·l − p] += Σ_c input[n, c, i, j] · weight[c, f, k, l]

    Args:
        input: images of shape (N, C, H, W), or one of shape (C, H, W).
        weight: shape (C, F/groups, kh, kw).
        bias: shape (F,), or None.
        stride: distance in the output between neighbours of the input; an int or a pair (height, width).
        padding: how much is cut off the output on every side.
        output_padding: rows and columns added after the output, smaller than ``stride`` or ``dilation``: several sizes
            convolve to the same one, and this says which of them is meant.
        groups: divides the channels into independent groups.
        dilation: distance in the output between neighbours of the filter.

    Returns:
        Shape (N, F, oh, ow) or (F, oh, ow) with
        oh = (H − 1)·stride − 2·padding + dilation·(kh − 1) + output_padding + 1.

    Raises:
        ValueError: shapes or arguments do not fit; the arithmetic is in the message.

    >>> import glassgrad as gg
    >>> gg.conv_transpose2d(gg.ones(1, 1, 2, 2), gg.ones(1, 1, 2, 2))
    tensor([[[[1., 2., 1.],
              [2., 4., 2.],
              [1., 2., 1.]]]])
    """
    return _transposed(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


@composed
def conv_transpose3d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, output_padding: Any = 0,
    groups: Any = 1, dilation: Any = 1,
) -> Any:  # fmt: skip
    """Return the transposed convolution of volumes. See :func:`conv_transpose2d`.

    Args:
        input: shape (N, C, D, H, W) or (C, D, H, W).
        weight: shape (C, F/groups, kd, kh, kw).
        bias, stride, padding, output_padding, groups, dilation: as in :func:`conv_transpose2d`, for three axes.

    Returns:
        Shape (N, F, od, oh, ow) or (F, od, oh, ow).

    Raises:
        ValueError: shapes or arguments do not fit; the arithmetic is in the message.

    >>> import glassgrad as gg
    >>> gg.conv_transpose3d(gg.ones(1, 1, 2, 2, 2), gg.ones(1, 3, 2, 2, 2), stride=2).shape
    (1, 3, 4, 4, 4)
    """
    return _transposed(3, input, weight, bias, stride, padding, output_padding, groups, dilation)
