"""Average pools and power-average (Lp) pools in one, two and three dimensions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..engine.compose import composed
from .blending import blend, windows_seen
from .comparison import where
from .pooling import window_arguments
from .shaping import astype, floats, wide

__all__ = ["avg_pool1d"]


def _average(
    rank: int, input: Any, kernel_size: Any, stride: Any, padding: Any, ceil_mode: Any, count_include_pad: Any,
    divisor_override: Any = None, what: str = "avg_pool",
) -> Any:  # fmt: skip
    """Return what ``avg_pool1d``, ``avg_pool2d`` and ``avg_pool3d`` promise."""
    name = f"{what}{rank}d"
    kernel, strides, pads, _, sizes = window_arguments(
        name, rank, input.shape, kernel_size, stride, padding, 1, ceil_mode
    )
    if divisor_override is not None and not divisor_override:
        raise ValueError(f"{name}: divisor_override must not be zero")
    if input.dtype.kind == "b":
        input = floats(input)
    whole, given = input.dtype.kind in "iu", input.dtype
    input = wide(input)
    divisor = "none" if divisor_override is not None or whole else "padded" if count_include_pad else "seen"
    out = input
    # The first axis first: its elements lie far apart, so that whole rows are added; the last has less to do then.
    for axis, numbers in enumerate(zip(kernel, strides, pads, sizes, strict=True), start=len(input.shape) - rank):
        out = blend(out, ("windows", *numbers, divisor), input.shape[axis], False, axis)
    if whole:
        # Integers stay integers, rounded towards zero.
        counts = divisor_override
        if counts is None:
            counts = np.ones(())
            for n, k, s, p, m in zip(input.shape[-rank:], kernel, strides, pads, sizes, strict=True):
                counts = counts[..., None] * windows_seen(n, k, s, p, m, bool(count_include_pad))
        return astype(astype(out, np.float64) / counts, given)
    return out if divisor_override is None else out / divisor_override


@composed(widens=True)
def avg_pool1d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: Any = False,
    count_include_pad: Any = True,
) -> Any:  # fmt: skip
    """Return the mean of each window of each channel of sequences. See :func:`avg_pool2d`.

    Args:
        input: shape (N, C, L) or (C, L).
        kernel_size, stride, padding, ceil_mode, count_include_pad: as in :func:`avg_pool2d`, for one axis.

    Returns:
        Shape (N, C, m) or (C, m).

    Raises:
        ValueError: shapes or arguments do not fit.

    >>> import glassgrad as gg
    >>> gg.avg_pool1d(gg.tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
    tensor([[2., 1.]])
    """
    return _average(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad)


@composed(widens=True)
def avg_pool2d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: Any = False,
    count_include_pad: Any = True, divisor_override: Any = None,
) -> Any:  # fmt: skip
    """Return the mean of each window of each channel.

    Args:
        input: images of shape (N, C, H, W), or one of shape (C, H, W).
        kernel_size: an int or a pair (height, width).
        stride: step between windows; default: ``kernel_size``.
        padding: a frame of zeros, at most half of ``kernel_size``.
        ceil_mode: also use a last window that reaches over the frame, if it begins before it.
        count_include_pad: divide by what a window sees of the image and of the frame; otherwise of the image alone.
        divisor_override: divide by this number instead.

    Returns:
        Shape (N, C, oh, ow) or (C, oh, ow) with oh = floor((H + 2·padding − kernel) / stride) + 1.

    Raises:
        ValueError: shapes or arguments do not fit.

    Edges: what lies beyond image and frame, where ``ceil_mode`` looks, is never counted. Means of integers are
    integers, rounded towards zero.

    >>> import glassgrad as gg
    >>> gg.nn.functional.avg_pool2d(gg.arange(16.0).reshape(1, 1, 4, 4), 2)
    tensor([[[[ 2.5,  4.5],
              [10.5, 12.5]]]])
    """
    return _average(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


@composed(widens=True)
def avg_pool3d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: Any = False,
    count_include_pad: Any = True, divisor_override: Any = None,
) -> Any:  # fmt: skip
    """Return the mean of each window of each channel of volumes. See :func:`avg_pool2d`.

    Args:
        input: shape (N, C, D, H, W) or (C, D, H, W).
        kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override: as in :func:`avg_pool2d`, for
            three axes.

    Returns:
        Shape (N, C, od, oh, ow) or (C, od, oh, ow).

    Raises:
        ValueError: shapes or arguments do not fit.

    >>> import glassgrad as gg
    >>> gg.nn.functional.avg_pool3d(gg.arange(8.0).reshape(1, 2, 2, 2), 2)
    tensor([[[[3.5]]]])
    """
    return _average(3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


def _power_average(rank: int, input: Any, norm_type: Any, kernel_size: Any, stride: Any, ceil_mode: Any) -> Any:
    """Return what ``lp_pool1d``, ``lp_pool2d`` and ``lp_pool3d`` promise."""
    input = floats(input)
    kernel = window_arguments(f"lp_pool{rank}d", rank, input.shape, kernel_size, stride, 0, 1, ceil_mode)[0]
    total = math.prod(kernel) * _average(
        rank, input**norm_type, kernel_size, stride, 0, ceil_mode, True, what="lp_pool"
    )
    # The root has no slope at 0; there its gradient is zero.
    nothing = total == 0
    return where(nothing, 0.0, where(nothing, 1.0, total) ** (1.0 / norm_type))


@composed(widens=True)
def lp_pool1d(input: Any, norm_type: Any, kernel_size: Any, stride: Any = None, ceil_mode: Any = False) -> Any:
    """Return (Σ xᵖ)^(1/p) over each window of each channel of sequences. See :func:`lp_pool2d`.

    >>> import glassgrad as gg
    >>> gg.nn.functional.lp_pool1d(gg.tensor([[3.0, 4.0]]), 2, 2)
    tensor([[5.]])
    """
    return _power_average(1, input, norm_type, kernel_size, stride, ceil_mode)


@composed(widens=True)
def lp_pool2d(input: Any, norm_type: Any, kernel_size: Any, stride: Any = None, ceil_mode: Any = False) -> Any:
    """Return (Σ xᵖ)^(1/p) over each window of each channel.

    Args:
        input: images of shape (N, C, H, W), or one of shape (C, H, W).
        norm_type: the power p. With 1 it is the sum, with a large one nearly the largest element.
        kernel_size, stride, ceil_mode: as in :func:`avg_pool2d`.

    Returns:
        Shape (N, C, oh, ow) or (C, oh, ow).

    Raises:
        ValueError: shapes or arguments do not fit.

    Edges: powers are of the elements themselves, so with an odd p the sum may be negative and the result NaN. Where the
    sum is 0 the gradient is 0. A window that ``ceil_mode`` lets reach over the border counts as if it were full.

    >>> import glassgrad as gg
    >>> gg.nn.functional.lp_pool2d(gg.ones(1, 2, 2), 2, 2)
    tensor([[[2.]]])
    """
    return _power_average(2, input, norm_type, kernel_size, stride, ceil_mode)


@composed(widens=True)
def lp_pool3d(input: Any, norm_type: Any, kernel_size: Any, stride: Any = None, ceil_mode: Any = False) -> Any:
    """Return (Σ xᵖ)^(1/p) over each window of each channel of volumes. See :func:`lp_pool2d`.

    >>> import glassgrad as gg
    >>> gg.nn.functional.lp_pool3d(gg.ones(1, 2, 2, 2), 3, 2)
    tensor([[[[2.]]]])
    """
    return _power_average(3, input, norm_type, kernel_size, stride, ceil_mode)
