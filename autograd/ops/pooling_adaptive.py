"""Adaptive pools, which are told how many windows there are to be.

Window i of ``count`` over an axis of n elements reaches from floor(i·n/count) to ceil((i + 1)·n/count).
"""

from __future__ import annotations

import functools
import math
import operator
from typing import Any

import numpy as np

from ..core.cost import per_input
from ..engine.compose import composed
from ..engine.declare import primitive
from .blending import adaptive_ranges, blend
from .pooling import max_pool1d, max_pool2d, max_pool3d
from .pooling_indices import as_slice, largest_of_each, pick
from .reduction import mean
from .shaping import clone
from .windows import batch_of

__all__ = ["adaptive_avg_pool1d", "adaptive_max_pool1d"]


def _counts(what: str, rank: int, input: Any, output_size: Any) -> Any:
    """Check the arguments of an adaptive pool and return how many windows there are along each axis."""
    shape = input.shape
    batched = batch_of(shape, rank, what)
    if 0 in shape[batched:]:
        raise ValueError(f"{what}: only the batch may be empty, got an input of shape {shape}")
    if output_size.__class__ is int and output_size >= 0:
        return (output_size,) * rank
    wanted = output_size if isinstance(output_size, tuple | list) else (output_size,) * rank
    try:
        counts = tuple(n if w is None else operator.index(w) for w, n in zip(wanted, shape[-rank:], strict=True))
    except (TypeError, ValueError):
        raise ValueError(
            f"{what}: output_size must be an integer, or {rank} integers or None, not {output_size!r}"
        ) from None
    if min(counts) < 0:
        raise ValueError(f"{what}: output_size must not be negative, got {output_size}")
    return counts


def _adaptive_average(rank: int, input: Any, output_size: Any) -> Any:
    counts = _counts(f"adaptive_avg_pool{rank}d", rank, input, output_size)
    axes = tuple(range(len(input.shape) - rank, len(input.shape)))
    if counts == (1,) * rank:
        return mean(input, axes, True)
    out = input
    for axis, count in zip(axes, counts, strict=True):
        if count != input.shape[axis]:
            out = blend(out, ("adaptive", count), input.shape[axis], False, axis)
    return clone(input) if out is input else out


@composed(widens=True)
def adaptive_avg_pool1d(input: Any, output_size: Any) -> Any:
    """Return the means of ``output_size`` parts of each channel of sequences. See :func:`adaptive_avg_pool2d`.

    >>> import glassgrad as gg
    >>> gg.adaptive_avg_pool1d(gg.tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
    tensor([[2., 1.]])
    """
    return _adaptive_average(1, input, output_size)


@composed(widens=True)
def adaptive_avg_pool2d(input: Any, output_size: Any) -> Any:
    """Return the mean of each of ``output_size`` parts into which every channel is divided as evenly as can be.

    Args:
        input: images of shape (N, C, H, W), or one of shape (C, H, W).
        output_size: an int or a pair (height, width); None keeps the size of that axis.

    Returns:
        Shape (N, C, oh, ow) or (C, oh, ow).

    Raises:
        ValueError: shapes or arguments do not fit.

    Edges: where sizes do not divide, neighbouring parts share a row or column.

    >>> import glassgrad as gg
    >>> gg.nn.functional.adaptive_avg_pool2d(gg.arange(9.0).reshape(1, 3, 3), (1, 2))
    tensor([[[3.5, 4.5]]])
    """
    return _adaptive_average(2, input, output_size)


@composed(widens=True)
def adaptive_avg_pool3d(input: Any, output_size: Any) -> Any:
    """Return the means of ``output_size`` parts of each channel of volumes. See :func:`adaptive_avg_pool2d`.

    >>> import glassgrad as gg
    >>> gg.nn.functional.adaptive_avg_pool3d(gg.ones(1, 4, 4, 4), (2, None, 1)).shape
    (1, 2, 4, 1)
    """
    return _adaptive_average(3, input, output_size)


@primitive(kind="index", cost=per_input(), symbol="adaptive max pool indices {0}", input=None)
def adaptive_max_pool_indices(input: Any, counts: Any) -> Any:
    """Return the place of the largest element of each part, as an index into the plane laid out in a row."""
    x = np.asarray(input)
    spatial = x.shape[x.ndim - len(counts) :]
    parts = [_parts(n, count) for n, count in zip(spatial, counts, strict=True)]
    if math.prod(counts) <= sum(len(turns) for _, _, turns in parts):
        return largest_of_each(
            x, [[slice(int(a), int(b)) for a, b in zip(starts, stops, strict=True)] for starts, stops, _ in parts]
        )
    # The last axis first, so that of equal elements in different rows the first row wins in the end.
    best, found = x, None
    for axis in reversed(range(len(counts))):
        best, turn = _largest_along(best, axis - len(counts), *parts[axis])
        here = parts[axis][0].reshape(-1, *(1,) * (len(counts) - 1 - axis)) + turn
        if found is None:
            found = here
        else:
            # Where the winner of each part lies along the later axes, which are joined already.
            found = here * math.prod(spatial[axis + 1 :]) + np.take_along_axis(found, here, axis - len(counts))
    return found


@functools.lru_cache(maxsize=256)
def _parts(n: Any, count: Any) -> Any:
    """Return where the parts of an axis begin and end, and the positions of their first, second, ... elements.

    Parts that are shorter than others see their last element again.
    """
    starts, stops = adaptive_ranges(n, count)
    length = int(np.max(stops - starts, initial=0))
    return starts, stops, tuple(as_slice(np.minimum(starts + turn, stops - 1)) for turn in range(length))


def _largest_along(x: Any, axis: Any, starts: Any, stops: Any, turns: Any) -> Any:
    """Return the largest elements of parts along one axis, and how far from its start each lies in its part.

    Of equal elements it is the first, of several NaNs the last.
    """
    number: Any = np.uint8 if len(turns) <= 255 else np.int64
    before = (slice(None),) * (x.ndim + axis)
    best: Any = None
    for turn, part in enumerate(turns):
        values = x[(*before, part)] if isinstance(part, slice) else np.take(x, part, axis)
        if best is None:
            best, winner = np.array(values), np.zeros(values.shape, number)
            continue
        better = np.greater(values, best)
        np.maximum(best, values, out=best)
        # Turns grow, so the largest one that was better is the last: no masked assignment, which is slow.
        np.maximum(winner, better * number(turn), out=winner)
    odd = np.isnan(best) if x.dtype.kind == "f" else None
    if odd is not None and odd.any():
        for turn, part in enumerate(turns):
            winner[odd & np.isnan(x[(*before, part)])] = turn
        shape = [1] * x.ndim
        shape[axis] = -1
        winner = np.minimum(winner, (stops - starts - 1).reshape(shape)).astype(number)
    return best, winner


def _adaptive_max(rank: int, input: Any, output_size: Any, return_indices: Any) -> Any:
    counts = _counts(f"adaptive_max_pool{rank}d", rank, input, output_size)
    spatial = input.shape[-rank:]
    if min(counts) and not any(n % count for n, count in zip(spatial, counts, strict=True)):
        kernel = tuple(n // count for n, count in zip(spatial, counts, strict=True))
        return (max_pool1d, max_pool2d, max_pool3d)[rank - 1](input, kernel, return_indices=return_indices)
    indices = adaptive_max_pool_indices(input, counts)
    values = pick(input, indices, rank)
    return (values, indices) if return_indices else values


@composed
def adaptive_max_pool1d(input: Any, output_size: Any, return_indices: Any = False) -> Any:
    """Return the largest elements of ``output_size`` parts of each channel of sequences.

    See :func:`adaptive_max_pool2d`.

    >>> import glassgrad as gg
    >>> gg.adaptive_max_pool1d(gg.tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
    tensor([[3., 2.]])
    """
    return _adaptive_max(1, input, output_size, return_indices)


@composed
def adaptive_max_pool2d(input: Any, output_size: Any, return_indices: Any = False) -> Any:
    """Return the largest element of each of ``output_size`` parts into which every channel is divided.

    Args:
        input: images of shape (N, C, H, W), or one of shape (C, H, W).
        output_size: an int or a pair (height, width); None keeps the size of that axis.
        return_indices: also return the winners' places, row·W + column in their image.

    Returns:
        Shape (N, C, oh, ow) or (C, oh, ow); with ``return_indices`` the pair of it and int64 indices.

    Raises:
        ValueError: shapes or arguments do not fit.

    Edges: where sizes do not divide, neighbouring parts share a row or column. Of equal elements the first gets the
    gradient; if there is a NaN, the last NaN is the result.

    >>> import glassgrad as gg
    >>> gg.nn.functional.adaptive_max_pool2d(gg.arange(9.0).reshape(1, 3, 3), (1, 2))
    tensor([[[7., 8.]]])
    """
    return _adaptive_max(2, input, output_size, return_indices)


@composed
def adaptive_max_pool3d(input: Any, output_size: Any, return_indices: Any = False) -> Any:
    """Return the largest elements of ``output_size`` parts of each channel of volumes.

    See :func:`adaptive_max_pool2d`.

    >>> import glassgrad as gg
    >>> gg.nn.functional.adaptive_max_pool3d(gg.arange(8.0).reshape(1, 2, 2, 2), 1)
    tensor([[[[7.]]]])
    """
    return _adaptive_max(3, input, output_size, return_indices)
