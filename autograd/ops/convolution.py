"""Convolution (cross-correlation) in one, two and three dimensions, and its two transposes.

The three are each other's derivatives, so they hold for every order. Layouts are PyTorch's: images (N, C, H, W) or, one
alone, (C, H, W); filters (out, in/groups, height, width). The kernel copies the windows of each image into the columns
of a matrix (im2col) and multiplies by the filters; columns in channel-window order keep the result in (N, C, ...)
without transposing it.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from ..core.cost import Cost, size
from ..core.sums import total
from ..engine.declare import primitive
from .indexing import getitem
from .reduction import sum
from .windows import are_hashable, batch_of, lay_out, sizes_of

__all__ = ["conv1d", "conv2d", "conv3d"]

_FILTERS = {
    1: "(out, in/groups, length)", 2: "(out, in/groups, height, width)", 3: "(out, in/groups, depth, height, width)",
}  # fmt: skip

# Bytes of columns that are made at a time.
_BLOCK = 1 << 20


def frame_of(padding: Any, rank: Any, kernel: Any, strides: Any, dilations: Any, what: Any) -> Any:
    """Return the widths of the frame before and after each axis. ``"same"`` puts the odd one after, as PyTorch does."""
    if isinstance(padding, str):
        if padding == "valid":
            return (0,) * rank, (0,) * rank
        if padding == "same":
            if any(s != 1 for s in strides):
                raise ValueError(f"{what}: padding 'same' needs stride 1, not {strides}; give it in numbers")
            total = tuple(d * (k - 1) for k, d in zip(kernel, dilations, strict=True))
            return tuple(t // 2 for t in total), tuple(t - t // 2 for t in total)
    pads = sizes_of(padding, rank, f"{what}: padding", ", 'same' or 'valid'")
    return pads, pads


def plan(
    what: Any, x_shape: Any, weight_shape: Any, stride: Any, padding: Any, dilation: Any, groups: Any, sizes: Any = None
) -> Any:
    """Check the arguments of a convolution and return where its windows lie; ``sizes`` says how many are used.

    Raises:
        ValueError: shapes or arguments do not fit; the arithmetic is in the message.
    """
    keep = are_hashable(x_shape, weight_shape, stride, padding, dilation, groups, sizes)
    return (_kept_plan if keep else _plan)(what, x_shape, weight_shape, stride, padding, dilation, groups, sizes)


def _plan(
    what: Any, x_shape: Any, weight_shape: Any, stride: Any, padding: Any, dilation: Any, groups: Any, sizes: Any
) -> Any:
    rank = len(weight_shape) - 2
    kernel = tuple(weight_shape[2:])
    strides, dilations = sizes_of(stride, rank, f"{what}: stride"), sizes_of(dilation, rank, f"{what}: dilation")
    if min(strides) < 1 or min(dilations) < 1:
        raise ValueError(f"{what}: stride {stride} and dilation {dilation} must be at least 1")
    before, after = frame_of(padding, rank, kernel, strides, dilations, what)
    if min(before) < 0:
        raise ValueError(f"{what}: padding {padding} must be at least 0")
    if not isinstance(groups, int | np.integer) or groups < 1:
        raise ValueError(f"{what}: groups must be a positive integer, not {groups!r}")
    channels, out = x_shape[-rank - 1], weight_shape[0]
    if channels % groups or out % groups:
        raise ValueError(f"{what}: groups = {groups} must divide the {channels} input and {out} output channels")
    if channels // groups != weight_shape[1]:
        raise ValueError(
            f"{what}: input of shape {x_shape} has {channels} channels, but weight of shape {weight_shape} with "
            f"groups = {groups} expects {weight_shape[1] * groups}"
        )
    spatial = tuple(x_shape[-rank:])
    for n, k, d, b, a in zip(spatial, kernel, dilations, before, after, strict=True):
        reach = d * (k - 1) + 1
        if k < 1 or reach > n + b + a:
            frame = f"2·{b}" if a == b else f"{b} + {a}"
            raise ValueError(
                f"{what}: a kernel of size {k} (reaching {reach} with dilation {d}) "
                f"is larger than the padded input: {n} + {frame} = {n + b + a}"
            )
    return lay_out(spatial, kernel, strides, before, after, dilations, sizes)


_kept_plan = functools.lru_cache(maxsize=1024)(_plan)


def _columns(x: Any, windows: Any, groups: Any) -> Any:
    """Return im2col: shape (N, groups, C/groups·kernel, number of windows)."""
    n, c = x.shape[:2]
    view = windows.view(windows.framed(x))
    return view.reshape(n, groups, c // groups * math.prod(windows.kernel), math.prod(windows.sizes))


def _batched(x: Any, rank: Any) -> Any:
    return x if x.ndim == rank + 2 else x[None]


def _convolve(
    rank: int, input: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: Any
) -> Any:
    """Return what ``conv1d``, ``conv2d`` and ``conv3d`` promise."""
    what = f"conv{rank}d"
    x, w = np.asarray(input), np.asarray(weight)
    batch_of(x.shape, rank, what)
    if w.ndim != rank + 2:
        raise ValueError(f"{what}: the weight must have shape {_FILTERS[rank]}, got {w.shape}")
    windows = plan(what, x.shape, w.shape, stride, padding, dilation, groups)
    if bias is not None and np.shape(bias) != (w.shape[0],):
        raise ValueError(f"{what}: bias of shape {np.shape(bias)} does not fit {w.shape[0]} filters")
    images = _batched(x, rank)
    cols = _columns(images, windows, groups)
    out = np.matmul(w.reshape(groups, w.shape[0] // groups, cols.shape[2]), cols)
    out = out.reshape(images.shape[0], w.shape[0], *windows.sizes)
    if bias is not None:
        out += np.reshape(bias, (-1,) + (1,) * rank)
    return out if x.ndim == rank + 2 else out[0]


def _first(x: Any, shape: Any) -> Any:
    """Return the leading part of ``x`` that has ``shape``."""
    return x if tuple(x.shape) == tuple(shape) else getitem(x, tuple(slice(n) for n in shape))


def _forward(x: Any, weight: Any, shape: Any, stride: Any, padding: Any, dilation: Any, groups: Any) -> Any:
    """Return the convolution of the right rank; only the first windows where ``shape`` has room for fewer."""
    convolve = (conv1d, conv2d, conv3d)[len(weight.shape) - 3]
    return _first(convolve(x, weight, None, stride, padding, dilation, groups), shape)


_RULES: dict[str, Any] = {
    "input": lambda g, weight, input_shape, stride, padding, dilation, groups: convolution_input(
        g, weight, input_shape, stride, padding, dilation, groups
    ),
    "weight": lambda g, input, weight_shape, stride, padding, dilation, groups: convolution_weight(
        g, input, weight_shape, stride, padding, dilation, groups
    ),
}  # fmt: skip


def _cost(result: str, filters: str) -> Cost:
    """Return two operations for every element of ``result`` and every weight that it meets."""

    def count(shapes: dict[str, Any], out: Any, static: dict[str, Any]) -> float:
        weight = static["weight_shape"] if filters == "out" else shapes[filters]
        return float(2 * size(out if result == "out" else shapes[result]) * size(weight) / max(weight[0], 1))

    return Cost(f"2·|{result}|·|{filters}|/{filters}.shape[0]", count)


@primitive(
    kind="multilinear", widens=True, cost=_cost("out", "weight"), symbol="conv({0}, {1})",
    bias=lambda g: sum(g, (*range(g.ndim - 2), -1)), **_RULES,
)  # fmt: skip
def conv1d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: Any = 1
) -> Any:
    """Return the cross-correlation of sequences with filters (the filter is not flipped), plus a bias per filter.

    out[n, f, i] = bias[f] + Σ_c Σ_k padded[n, c, s·i + d·k] · weight[f, c, k]

    Args:
        input: sequences of shape (N, C, L), or one of shape (C, L).
        weight: filters of shape (F, C/groups, k).
        bias: shape (F,), or None.
        stride: step between windows.
        padding: zeros added on both sides; ``"valid"`` for none; ``"same"`` for as many as keep the length at stride 1,
            the odd one at the end.
        dilation: step between the elements that a filter reads.
        groups: divides channels and filters into independent groups.

    Returns:
        Shape (N, F, m) or (F, m) with m = floor((L + 2·padding − dilation·(k − 1) − 1) / stride) + 1.

    Raises:
        ValueError: shapes or arguments do not fit; the arithmetic is in the message.

    >>> import glassgrad as gg
    >>> gg.conv1d(gg.tensor([[[1.0, 2.0, 4.0]]]), gg.tensor([[[1.0, 10.0]]]))
    tensor([[[21., 42.]]])
    """
    return _convolve(1, input, weight, bias, stride, padding, dilation, groups)


@primitive(
    kind="multilinear", widens=True, cost=_cost("out", "weight"), symbol="conv({0}, {1})",
    bias=lambda g: sum(g, (*range(g.ndim - 3), -2, -1)), **_RULES,
)  # fmt: skip
def conv2d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: Any = 1
) -> Any:
    """Return the cross-correlation of images with filters (the filter is not flipped), plus a bias per filter.

    out[n, f, i, j] = bias[f] + Σ_c Σ_k Σ_l padded[n, c, s·i + d·k, s·j + d·l] · weight[f, c, k, l]

    Args:
        input: images of shape (N, C, H, W), or one of shape (C, H, W).
        weight: filters of shape (F, C/groups, kh, kw).
        bias: shape (F,), or None.
        stride, padding, dilation: an int for both axes, or a pair (height, width). ``padding`` may be ``"valid"``
            (none) or ``"same"`` (what keeps the size at stride 1, the odd row and column at the end).
        groups: divides channels and filters into independent groups.

    Returns:
        Shape (N, F, oh, ow) or (F, oh, ow) with oh = floor((H + 2·padding − dilation·(kh − 1) − 1) / stride) + 1.

    Raises:
        ValueError: shapes or arguments do not fit; the arithmetic is in the message.

    >>> import glassgrad as gg
    >>> gg.conv2d(gg.ones(1, 1, 3, 3), gg.ones(1, 1, 2, 2))
    tensor([[[[4., 4.],
              [4., 4.]]]])
    """
    return _convolve(2, input, weight, bias, stride, padding, dilation, groups)


@primitive(
    kind="multilinear", widens=True, cost=_cost("out", "weight"), symbol="conv({0}, {1})",
    bias=lambda g: sum(g, (*range(g.ndim - 4), -3, -2, -1)), **_RULES,
)  # fmt: skip
def conv3d(
    input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: Any = 1
) -> Any:
    """Return the cross-correlation of volumes with filters (the filter is not flipped), plus a bias per filter.

    Args:
        input: volumes of shape (N, C, D, H, W), or one of shape (C, D, H, W).
        weight: filters of shape (F, C/groups, kd, kh, kw).
        bias: shape (F,), or None.
        stride, padding, dilation: an int for all axes, or a triple (depth, height, width). ``padding`` may be
            ``"valid"`` or ``"same"``; see :func:`conv2d`.
        groups: divides channels and filters into independent groups.

    Returns:
        Shape (N, F, od, oh, ow) or (F, od, oh, ow), each size as in :func:`conv2d`.

    Raises:
        ValueError: shapes or arguments do not fit; the arithmetic is in the message.

    >>> import glassgrad as gg
    >>> gg.conv3d(gg.ones(1, 1, 3, 2, 2), gg.ones(1, 1, 2, 2, 2)).shape
    (1, 1, 2, 1, 1)
    """
    return _convolve(3, input, weight, bias, stride, padding, dilation, groups)


@primitive(
    kind="multilinear", widens=True, cost=_cost("gradient", "weight"), symbol="convᵀ({0}, {1})",
    gradient=lambda g, weight, gradient_shape, stride, padding, dilation, groups: _forward(
        g, weight, gradient_shape, stride, padding, dilation, groups
    ),
    weight=lambda g, gradient, weight_shape, stride, padding, dilation, groups: convolution_weight(
        gradient, g, weight_shape, stride, padding, dilation, groups
    ),
)  # fmt: skip
def convolution_input(
    gradient: Any, weight: Any, input_shape: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: Any = 1
) -> Any:
    """Return the gradient of a convolution by its input: every window's share is added back where it was read.

    Read forwards it is the transposed convolution. ``gradient`` may have fewer windows than fit.
    """
    g, w = np.asarray(gradient), np.asarray(weight)
    rank = w.ndim - 2
    sizes = g.shape[-rank:]
    windows = plan("convolution_input", input_shape, w.shape, stride, padding, dilation, groups, sizes)
    n, c = (1, *input_shape)[-rank - 2 : -rank]
    filters, spatial = w.shape[0], tuple(input_shape[-rank:])
    if not n or not c or 0 in sizes:
        return np.zeros(input_shape, g.dtype)
    rows = w.reshape(groups, filters // groups, math.prod(w.shape[1:])).transpose(0, 2, 1)
    if (math.prod(windows.kernel) == 1 and sizes == spatial and not any(windows.before)) or not np.isfinite(w).all():
        # Nothing is to be added; or the zeros that make rows longer would not stay zeros.
        cols = np.matmul(rows, g.reshape(n, groups, filters // groups, math.prod(sizes)))
        return windows.added(cols.reshape(n, c, *windows.kernel, *sizes), spatial).reshape(input_shape)
    phases = windows.phases(spatial)
    length = phases.length
    long = phases.lengthened(g.reshape(n, filters, *sizes))
    parts = phases.empty((n, c), g.dtype)
    if filters == groups == c > 1:
        # One filter for each channel: a product of matrices of one row would cost more than it computes.
        values, shares = w.reshape(c, -1, 1), long[..., :length]
        share = np.empty(shares.shape, g.dtype)
        for position, (part, begin) in enumerate(phases.places):
            parts[..., part, begin : begin + length] += np.multiply(shares, values[:, position], out=share)
    else:
        long = long.reshape(n, groups, filters // groups, long.shape[-1])
        # A few images at a time, so that their columns stay in the cache and their memory is used again.
        some = min(n, max(1, _BLOCK // (groups * rows.shape[1] * long.shape[-1] * g.itemsize)))
        buffer = np.empty((some, groups, rows.shape[1], long.shape[-1]), np.result_type(rows, long))
        for start in range(0, n, some):
            count = min(some, n - start)
            cols = np.matmul(rows, long[start : start + count], out=buffer[:count])
            cols = cols.reshape(count, c, len(phases.places), long.shape[-1])
            added = parts[start : start + count]
            for position, (part, begin) in enumerate(phases.places):
                added[:, :, part, begin : begin + length] += cols[:, :, position, :length]
    return phases.image(parts).reshape(input_shape)


@primitive(
    kind="multilinear", widens=True, cost=_cost("gradient", "out"), symbol="conv weights({0}, {1})",
    gradient=lambda g, input, gradient_shape, stride, padding, dilation, groups: _forward(
        input, g, gradient_shape, stride, padding, dilation, groups
    ),
    input=lambda g, gradient, input_shape, stride, padding, dilation, groups: convolution_input(
        gradient, g, input_shape, stride, padding, dilation, groups
    ),
)  # fmt: skip
def convolution_weight(
    gradient: Any, input: Any, weight_shape: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: Any = 1
) -> Any:
    """Return the gradient of a convolution by its filters: windows weighted by the gradient they produced.

    ``gradient`` may have fewer windows than fit.
    """
    g, x = np.asarray(gradient), np.asarray(input)
    rank = len(weight_shape) - 2
    sizes = g.shape[-rank:]
    windows = plan("convolution_weight", x.shape, weight_shape, stride, padding, dilation, groups, sizes)
    images = _batched(x, rank)
    n, filters = images.shape[0], weight_shape[0]
    cols = _columns(images, windows, groups)
    products = np.matmul(g.reshape(n, groups, filters // groups, cols.shape[3]), cols.transpose(0, 1, 3, 2))
    return total(products, (0,)).reshape(weight_shape)
