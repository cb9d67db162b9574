"""Max pooling in one, two and three dimensions. Which element won is kept as a small integer: its place in the window.

Where the winners' indices are asked for, or windows are few and large, they are found first and then read.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from ..core.cost import Cost, per_input, size
from ..engine.compose import composed
from ..engine.declare import primitive
from .comparison import choose
from .pooling_indices import largest_of_each, pick, places_of
from .windows import are_hashable, batch_of, lay_out, output_size, sizes_of

__all__ = ["max_pool1d", "max_pool1d_with_indices", "max_pool2d", "max_pool3d"]

# Above this, one step of Python for each position in a window costs more than one for each window.
_LARGE = 64


def window_arguments(what: Any, rank: Any, shape: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any = 1,
                     ceil_mode: Any = False) -> Any:  # fmt: skip
    """Check the arguments of a pool; return kernel, strides, padding and dilation as tuples, and the output size.

    Raises:
        ValueError: shapes or arguments do not fit; the arithmetic is in the message.
    """
    arguments = what, rank, tuple(shape), kernel_size, stride, padding, dilation, bool(ceil_mode)
    return (_kept_arguments if are_hashable(kernel_size, stride, padding, dilation) else _parsed)(*arguments)


def _parsed(
    what: Any, rank: Any, shape: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: Any
) -> Any:
    batched = batch_of(shape, rank, what)
    kernel = sizes_of(kernel_size, rank, f"{what}: kernel_size")
    omitted = stride is None or (isinstance(stride, tuple | list) and not len(stride))
    strides = kernel if omitted else sizes_of(stride, rank, f"{what}: stride")
    pads, dilations = sizes_of(padding, rank, f"{what}: padding"), sizes_of(dilation, rank, f"{what}: dilation")
    if min(kernel) < 1 or min(strides) < 1 or min(dilations) < 1 or min(pads) < 0:
        raise ValueError(
            f"{what}: kernel_size {kernel_size}, stride {stride} and dilation {dilation} must be at least 1, "
            f"padding {padding} not negative"
        )
    if any(2 * p > k for p, k in zip(pads, kernel, strict=True)):
        raise ValueError(f"{what}: padding {padding} may be at most half of kernel_size {kernel_size}")
    if 0 in shape[batched:]:
        raise ValueError(f"{what}: only the batch may be empty, got an input of shape {shape}")
    sizes = []
    for n, k, s, p, d in zip(shape[-rank:], kernel, strides, pads, dilations, strict=True):
        sizes.append(output_size(n, k, s, p, d, ceil_mode))
        if sizes[-1] < 1:
            reach = "" if d == 1 else f" (reaching {d * (k - 1) + 1} with dilation {d})"
            raise ValueError(
                f"{what}: a window of size {k}{reach} is larger than the padded input: {n} + 2·{p} = {n + 2 * p}"
            )
    return kernel, strides, pads, dilations, tuple(sizes)


_kept_arguments = functools.lru_cache(maxsize=1024)(_parsed)


@functools.lru_cache(maxsize=1024)
def _windows(spatial: Any, kernel: Any, strides: Any, pads: Any, dilations: Any, ceil_mode: Any) -> Any:
    sizes = tuple(
        output_size(n, k, s, p, d, ceil_mode)
        for n, k, s, p, d in zip(spatial, kernel, strides, pads, dilations, strict=True)
    )
    return lay_out(spatial, kernel, strides, pads, pads, dilations, sizes)


def _winners(
    input: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: Any
) -> Any:
    """Return the largest element of each window and its place there."""
    x = np.asarray(input)
    windows = _windows(x.shape[-len(kernel_size) :], kernel_size, stride, padding, dilation, ceil_mode)
    lowest = -np.inf if x.dtype.kind == "f" else 0 if x.dtype.kind == "b" else np.iinfo(x.dtype).min
    framed = windows.framed(x, lowest)
    first, *others = windows.slices()
    out = framed[first]
    if others:
        values = framed[others[0]]
        # With two elements, whether the second is larger is its place.
        winner = np.greater(values, out).view(np.uint8)
        out = np.maximum(out, values)
        if len(others) > 254:
            winner = winner.astype(np.int64)
    else:
        winner, out = np.zeros(out.shape, np.uint8), out.copy()
    number = winner.dtype.type
    for position, window in enumerate(others[1:], start=2):
        values = framed[window]
        better = np.greater(values, out)
        np.maximum(out, values, out=out)
        # Positions grow, so the largest one that was better is the last: no masked assignment, which is slow.
        np.maximum(winner, better * number(position), out=winner)
    _mend_winners(out, winner, framed, x.shape[-len(kernel_size) :], windows, lowest)
    return out, winner


def _mend_winners(out: Any, winner: Any, framed: Any, spatial: Any, windows: Any, lowest: Any) -> None:
    """Correct the winners that a plain comparison misses: NaN, and images that are as low as the frame around them."""
    odd = np.isnan(out)
    if odd.any():
        for position, window in enumerate(windows.slices()):
            winner[odd & np.isnan(framed[window])] = position
    if not any(windows.before) and not any(windows.after):
        return
    low = out == lowest
    if low.any():
        inside = windows.framed(np.ones(spatial, bool), False)
        # From last to first: the first position inside the image stays.
        for position, window in reversed(list(enumerate(windows.slices()))):
            winner[low & inside[window]] = position


def _rule(
    g: Any, winner: Any, input_shape: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: Any
) -> Any:
    return max_pool_gradient(g, winner, input_shape, kernel_size, stride, padding, dilation, ceil_mode)


def _steps(shapes: dict[str, Any], out: Any, static: dict[str, Any]) -> float:
    shape = out[0] if out and isinstance(out[0], tuple) else out
    return float(size(shape) * math.prod(static["kernel_size"]))


_COST = Cost("|out|·|window|", _steps)

# One for each number of dimensions, so that a picture says which it was. Their arguments are tuples, one int an axis.
_max_pool1d, _max_pool2d, _max_pool3d = (
    primitive(
        kind="general", cost=_COST, name=f"max_pool{rank}d", residuals=("winner",), symbol="max pool {0}", input=_rule
    )(_winners)
    for rank in (1, 2, 3)
)


@primitive(
    kind="linear", widens=True, cost=per_input(), winner=None, symbol="unpool {0}",
    gradient=lambda g, winner, kernel_size, stride, padding, dilation, ceil_mode: max_pool_pick(
        g, winner, kernel_size, stride, padding, dilation, ceil_mode
    ),
)  # fmt: skip
def max_pool_gradient(
    gradient: Any, winner: Any, input_shape: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any,
    ceil_mode: Any,
) -> Any:  # fmt: skip
    """Return the gradient of a max pool by its input: each window's gradient goes to its winner."""
    rank = len(kernel_size)
    spatial = tuple(input_shape[-rank:])
    windows = _windows(spatial, kernel_size, stride, padding, dilation, ceil_mode)
    frame = np.zeros((*input_shape[:-rank], *windows.frame_shape(spatial)), gradient.dtype)
    disjoint = windows.disjoint()
    for position, window in enumerate(windows.slices()):
        # Not a product with the mask: 0 · inf would be NaN.
        share = choose(winner == position, gradient, 0)
        if disjoint:
            frame[window] = share
        else:
            frame[window] += share
    return frame[windows.inside(spatial)]


@primitive(
    kind="linear", cost=0, winner=None, symbol="pick {0}",
    x=lambda g, winner, x_shape, kernel_size, stride, padding, dilation, ceil_mode: max_pool_gradient(
        g, winner, x_shape, kernel_size, stride, padding, dilation, ceil_mode
    ),
)  # fmt: skip
def max_pool_pick(
    x: Any, winner: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: Any
) -> Any:
    """Return from each window of ``x`` the element at the place ``winner``."""
    windows = _windows(x.shape[-len(kernel_size) :], kernel_size, stride, padding, dilation, ceil_mode)
    framed = windows.framed(x)
    out = np.zeros(winner.shape, x.dtype)
    for position, window in enumerate(windows.slices()):
        np.copyto(out, framed[window], where=winner == position)
    return out


@primitive(kind="index", cost=_COST, symbol="max pool indices {0}", input=None)
def max_pool_indices(
    input: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: Any
) -> Any:
    """Return the place of the largest element of each window, as an index into the plane laid out in a row."""
    x = np.asarray(input)
    spatial = x.shape[-len(kernel_size) :]
    windows = _windows(spatial, kernel_size, stride, padding, dilation, ceil_mode)
    # For each axis: what each window sees of it, without the frame.
    seen = []
    for n, k, s, d, b, count in zip(
        spatial, kernel_size, windows.strides, windows.dilations, windows.before, windows.sizes, strict=True
    ):
        starts = [i * s - b for i in range(count)]
        seen.append([slice(t if t >= 0 else t % d, min(t + d * (k - 1) + 1, n), d) for t in starts])
        if any(part.start >= part.stop for part in seen[-1]):
            raise ValueError(
                f"max_pool{len(kernel_size)}d: a window of size {k} with dilation {d} and padding {b} sees only the "
                f"frame of an axis of size {n}, so its largest element has no index"
            )
    if _few(kernel_size, windows.sizes):
        return largest_of_each(x, seen)
    winner = _winners(x, kernel_size, stride, padding, dilation, ceil_mode)[1]
    within = places_of([np.arange(k) * d for k, d in zip(kernel_size, windows.dilations, strict=True)], spatial)
    firsts = [np.arange(c) * s - b for c, s, b in zip(windows.sizes, windows.strides, windows.before, strict=True)]
    return within.reshape(-1)[winner] + places_of(firsts, spatial)


def _few(kernel: Any, sizes: Any) -> Any:
    """Return whether windows are so large and so few that it is better to look at one after another."""
    return math.prod(kernel) > max(_LARGE, math.prod(sizes))


def _pool(
    rank: int, input: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: Any,
    return_indices: Any,
) -> Any:  # fmt: skip
    """Return what ``max_pool1d``, ``max_pool2d`` and ``max_pool3d`` promise."""
    kernel, strides, pads, dilations, sizes = window_arguments(
        f"max_pool{rank}d", rank, input.shape, kernel_size, stride, padding, dilation, ceil_mode
    )
    if not return_indices and (max(dilations) > 1 or not _few(kernel, sizes)):
        fused = (_max_pool1d, _max_pool2d, _max_pool3d)[rank - 1]
        return fused(input, kernel, strides, pads, dilations, bool(ceil_mode))
    indices = max_pool_indices(input, kernel, strides, pads, dilations, bool(ceil_mode))
    values = pick(input, indices, rank)
    return (values, indices) if return_indices else values


@composed
def max_pool1d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: Any = False,
    return_indices: Any = False,
) -> Any:  # fmt: skip
    """Return the largest element of each window of each channel of sequences. See :func:`max_pool2d`.

    Args:
        input: shape (N, C, L) or (C, L).
        kernel_size, stride, padding, dilation, ceil_mode, return_indices: as in :func:`max_pool2d`, for one axis.

    Returns:
        Shape (N, C, m) or (C, m); with ``return_indices`` also the places of the winners.

    Raises:
        ValueError: shapes or arguments do not fit.

    Edges: as :func:`max_pool2d`.

    >>> import glassgrad as gg
    >>> gg.max_pool1d(gg.tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
    tensor([[3., 2.]])
    """
    return _pool(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@composed
def max_pool2d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: Any = False,
    return_indices: Any = False,
) -> Any:  # fmt: skip
    """Return the largest element of each window of each channel.

    Args:
        input: images of shape (N, C, H, W), or one of shape (C, H, W).
        kernel_size: an int or a pair (height, width).
        stride: step between windows; default: ``kernel_size``.
        padding: a frame of −inf, at most half of ``kernel_size``.
        dilation: step between the elements of a window.
        ceil_mode: also use a last window that reaches over the frame, if it begins before it.
        return_indices: also return the winners' places, row·W + column in their image.

    Returns:
        Shape (N, C, oh, ow) or (C, oh, ow) with oh = floor((H + 2·padding − dilation·(kernel − 1) − 1) / stride) + 1;
        with ``return_indices`` the pair of it and int64 indices of the same shape.

    Raises:
        ValueError: shapes or arguments do not fit.

    Edges: of equal elements the first gets the gradient; if there is a NaN, the last NaN is the result.

    >>> import glassgrad as gg
    >>> gg.max_pool2d(gg.arange(16.0).reshape(1, 1, 4, 4), 2)
    tensor([[[[ 5.,  7.],
              [13., 15.]]]])
    """
    return _pool(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@composed
def max_pool3d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: Any = False,
    return_indices: Any = False,
) -> Any:  # fmt: skip
    """Return the largest element of each window of each channel of volumes. See :func:`max_pool2d`.

    Args:
        input: shape (N, C, D, H, W) or (C, D, H, W).
        kernel_size, stride, padding, dilation, ceil_mode, return_indices: as in :func:`max_pool2d`, for three axes.

    Returns:
        Shape (N, C, od, oh, ow) or (C, od, oh, ow); with ``return_indices`` also the places of the winners.

    Raises:
        ValueError: shapes or arguments do not fit.

    Edges: as :func:`max_pool2d`.

    >>> import glassgrad as gg
    >>> gg.max_pool3d(gg.arange(8.0).reshape(1, 2, 2, 2), 2)
    tensor([[[[7.]]]])
    """
    return _pool(3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


def max_pool1d_with_indices(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: Any = False
) -> Any:
    """Return :func:`max_pool1d` and the places of the winners.

    >>> import glassgrad as gg
    >>> gg.max_pool1d_with_indices(gg.tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
    (tensor([[3., 2.]]), tensor([[1, 2]]))
    """
    return max_pool1d(input, kernel_size, stride, padding, dilation, ceil_mode, True)
