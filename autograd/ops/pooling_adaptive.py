"""Adaptive pools, which are told how many windows there are to be.

Window i of ``count`` over an axis of n elements reaches from floor(i·n/count) to ceil((i + 1)·n/count).
"""

from __future__ import annotations

import itertools
import math
import operator
from typing import Any

import numpy as np

from ..compose import composed
from ..declare import primitive
from .blending import adaptive_ranges, blend
from .pooling import max_pool1d, max_pool2d, max_pool3d
from .pooling_indices import largest_of_each, pick, places_of, seen_at
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
    if all(count == 1 for count in counts):
        return mean(input, axes, True)
    out = input
    for axis, count in zip(axes, counts, strict=True):
        if count != input.shape[axis]:
            out = blend(out, ("adaptive", count), input.shape[axis], False, axis)
    return clone(input) if out is input else out


@composed
def adaptive_avg_pool1d(input: Any, output_size: Any) -> Any:
    """Return the means of ``output_size`` parts of each channel of sequences. See :func:`adaptive_avg_pool2d`.

    >>> import glassgrad as gg
    >>> gg.adaptive_avg_pool1d(gg.tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
    tensor([[2., 1.]])
    """
    return _adaptive_average(1, input, output_size)


@composed
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


@composed
def adaptive_avg_pool3d(input: Any, output_size: Any) -> Any:
    """Return the means of ``output_size`` parts of each channel of volumes. See :func:`adaptive_avg_pool2d`.

    >>> import glassgrad as gg
    >>> gg.nn.functional.adaptive_avg_pool3d(gg.ones(1, 4, 4, 4), (2, None, 1)).shape
    (1, 2, 4, 1)
    """
    return _adaptive_average(3, input, output_size)


@primitive(kind="index", symbol="adaptive max pool indices {0}", input=None)
def adaptive_max_pool_indices(input: Any, counts: Any) -> Any:
    """Return the place of the largest element of each part, as an index into the plane laid out in a row."""
    x = np.asarray(input)
    spatial = x.shape[x.ndim - len(counts) :]
    ranges = [adaptive_ranges(n, count) for n, count in zip(spatial, counts, strict=True)]
    lengths = [int(np.max(stops - starts, initial=0)) for starts, stops in ranges]
    if math.prod(counts) <= math.prod(lengths):
        return largest_of_each(x, [[slice(int(a), int(b)) for a, b in zip(*ends, strict=True)] for ends in ranges])
    best: Any = None
    found: Any = None
    for position in itertools.product(*map(range, lengths)):
        # Parts that are shorter than others see their last element again.
        columns = [np.minimum(starts + p, stops - 1) for (starts, stops), p in zip(ranges, position, strict=True)]
        values, here = seen_at(x, columns), places_of(columns, spatial)
        if best is None:
            best, found = values.copy(), np.broadcast_to(here, values.shape).copy()
            continue
        better = np.greater(values, best)
        if x.dtype.kind == "f":
            better |= np.isnan(values)
        np.copyto(best, values, where=better)
        np.copyto(found, here, where=better)
    return found


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
