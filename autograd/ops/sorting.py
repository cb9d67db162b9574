"""Sorting and what follows from it: ranks, the largest few, distinct values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.cost import SORTED, Cost, first, per_input, size
from ..engine.compose import composed
from ..engine.declare import primitive
from .axes import axis_of
from .choosing import Extremum, chosen, chosen_one, place_elements, some
from .indexing import getitem

__all__ = [
    "argsort", "bucketize", "isin", "kthvalue", "msort", "searchsorted", "sort", "topk", "unique", "unique_consecutive",
]  # fmt: skip

_SHORT = 16  # up to here a stable sort costs nothing


# -- orders ---------------------------------------------------------------------------------------------------


def order_of(array: Any, axis: Any, descending: Any = False, stable: Any = True) -> Any:
    """Return the indices that sort an array of at least one dimension; NaN counts as the largest."""
    # Among integers equal elements are the rule, and sorting them stably is not slow.
    kind: Any = "stable" if stable or array.dtype.kind != "f" or array.shape[axis] <= _SHORT else None
    if not descending:
        return np.argsort(array, axis=axis, kind=kind)
    # Sorted backwards and read backwards, so that equal elements keep their order.
    order = np.argsort(np.flip(array, axis), axis=axis, kind=kind)
    return array.shape[axis] - 1 - np.flip(order, axis)


@primitive(kind="index", cost=SORTED, x=None)
def argsort(x: Any, dim: Any = -1, descending: Any = False, stable: Any = False) -> Any:
    """Return the indices that sort ``x`` along ``dim``.

    Args:
        descending: whether the largest comes first.
        stable: whether equal elements keep their order. Few elements and integers always do.

    Edges: NaN counts as larger than everything.

    >>> import glassgrad as gg
    >>> gg.argsort(gg.tensor([3.0, 1.0, 2.0]))
    tensor([1, 2, 0])
    """
    array = np.asarray(x)
    axis = axis_of(dim, array.ndim, "argsort")
    return order_of(array, axis, descending, stable) if array.ndim else np.zeros((), np.int64)


@composed
def sort(x: Any, dim: Any = -1, descending: Any = False, stable: Any = False) -> Any:
    """Return ``x`` sorted along ``dim``, as the pair (values, indices). See :func:`argsort`.

    Edges: the gradient of each value goes to the element that it came from.

    >>> import glassgrad as gg
    >>> gg.sort(gg.tensor([3.0, 1.0, 2.0]))
    Extremum(values=tensor([1., 2., 3.]), indices=tensor([1, 2, 0]))
    """
    indices = argsort(x, dim, descending, stable)
    return Extremum(chosen(x, indices, dim), indices)


@composed
def msort(x: Any) -> Any:
    """Return ``x`` sorted along its first axis.

    >>> import glassgrad as gg
    >>> gg.msort(gg.tensor([3.0, 1.0, 2.0]))
    tensor([1., 2., 3.])
    """
    return sorted_values(x, 0) if x.ndim else getitem(x, ())


@primitive(
    cost=SORTED,
    symbol="sort {0}",
    x=lambda g, x, dim: place_elements(g, argsort(x, dim, False, True), tuple(x.shape), dim),
)
def sorted_values(x: Any, dim: Any) -> Any:
    """Return the elements in rising order along ``dim``; their order is found again if a gradient asks for it."""
    return np.sort(x, axis=dim)


@primitive(kind="index", cost=SORTED, x=None)
def top_indices(x: Any, k: Any, largest: Any, dim: Any) -> Any:
    """Return the indices of the ``k`` largest or smallest elements along ``dim``, the best first."""
    array = np.asarray(x)
    axis = axis_of(dim, array.ndim, "topk")
    n = array.shape[axis] if array.ndim else 1
    if not 0 <= k <= n:
        raise ValueError(f"topk: k must be from 0 to {n}, the size of dim {dim} of shape {array.shape}, not {k}")
    if not array.ndim:
        return np.zeros((), np.int64)
    first = (slice(None),) * axis + (slice(None, k),)
    if n <= _SHORT or 2 * k > n or not k:
        return order_of(array, axis, largest)[first]
    if largest:
        some_first = np.argpartition(array, n - k, axis=axis)[(slice(None),) * axis + (slice(n - k, None),)]
    else:
        some_first = np.argpartition(array, k - 1, axis=axis)[first]
    some_first.sort(axis)
    order = order_of(np.take_along_axis(array, some_first, axis), axis, largest)
    return np.take_along_axis(some_first, order, axis)


@composed
def topk(x: Any, k: Any, dim: Any = -1, largest: Any = True, sorted: Any = True) -> Any:
    """Return the ``k`` largest (or smallest) elements along ``dim``, as the pair (values, indices), the best first.

    Args:
        sorted: without it any order would do; this one is sorted always.

    Raises:
        ValueError: there are not so many.

    Edges: NaN counts as larger than everything. Which of several equal elements are taken is not defined.

    >>> import glassgrad as gg
    >>> gg.topk(gg.tensor([3.0, 1.0, 2.0]), 2)
    Extremum(values=tensor([3., 2.]), indices=tensor([0, 2]))
    """
    indices = top_indices(x, k, largest, dim)
    return Extremum(chosen(x, indices, dim), indices)


@primitive(kind="index", cost=SORTED, x=None)
def kth_index(x: Any, k: Any, dim: Any) -> Any:
    """Return where the ``k``-th smallest element along ``dim`` lies; the axis is kept."""
    array = np.asarray(x)
    axis = some(array.shape, dim, "kthvalue")
    n = array.shape[axis] if array.ndim else 1
    if not 1 <= k <= n:
        raise ValueError(f"kthvalue: k must be from 1 to {n}, the size of dim {dim} of shape {array.shape}, not {k}")
    if not array.ndim:
        return np.zeros((), np.int64)
    return np.argpartition(array, k - 1, axis=axis)[(slice(None),) * axis + (slice(k - 1, k),)]


@composed
def kthvalue(x: Any, k: Any, dim: Any = -1, keepdim: Any = False) -> Any:
    """Return the ``k``-th smallest element along ``dim`` (the first is 1), as the pair (values, indices).

    Raises:
        ValueError: there are not so many.

    Edges: NaN counts as larger than everything. Which of several equal elements is taken is not defined.

    >>> import glassgrad as gg
    >>> gg.kthvalue(gg.tensor([3.0, 1.0, 2.0]), 2)
    Extremum(values=tensor(2.), indices=tensor(2))
    """
    return chosen_one(x, kth_index(x, k, dim), dim, keepdim)


# -- distinct values ------------------------------------------------------------------------------------------


@primitive(kind="index", cost=SORTED, x=None)
def distinct_values(x: Any, dim: Any) -> Any:
    """Return the distinct values, sorted; with ``dim`` the distinct slices along it. See :func:`unique`."""
    array = np.asarray(x)
    axis = None if dim is None else axis_of(dim, array.ndim, "unique")
    return np.unique(array, axis=axis if array.ndim else None, equal_nan=False)


@primitive(kind="index", cost=SORTED, x=None, outputs=("values", "inverse", "counts"))
def distinct(x: Any, dim: Any) -> Any:
    """Return the distinct values, where each element is among them, and how often each occurs. See :func:`unique`."""
    array = np.asarray(x)
    axis = None if dim is None or not array.ndim else axis_of(dim, array.ndim, "unique")
    values, inverse, counts = np.unique(array, return_inverse=True, return_counts=True, axis=axis, equal_nan=False)
    return values, inverse.reshape(array.shape if axis is None else -1), counts


@primitive(kind="index", cost=SORTED, x=None, outputs=("values", "counts"))
def distinct_counts(x: Any, dim: Any) -> Any:
    """Return the distinct values, and how often each occurs. See :func:`unique`."""
    array = np.asarray(x)
    axis = None if dim is None or not array.ndim else axis_of(dim, array.ndim, "unique")
    return tuple(np.unique(array, return_counts=True, axis=axis, equal_nan=False))


@primitive(kind="index", cost=per_input(), x=None)
def first_of_runs(x: Any, dim: Any) -> Any:
    """Return the first of each run of equal values. See :func:`unique_consecutive`."""
    items, axis = _items(np.asarray(x), dim)
    values = items[_starts(items)]
    return values if dim is None or not np.ndim(x) else np.moveaxis(values, 0, axis)


def _items(array: Any, dim: Any) -> Any:
    """Return what is compared with its neighbour, along the first axis, and which axis that was."""
    if dim is None or not array.ndim:
        return array.reshape(-1), 0
    axis = axis_of(dim, array.ndim, "unique_consecutive")
    return np.moveaxis(array, axis, 0), axis


def _starts(items: Any) -> Any:
    """Return a mask of the first of each run of equal items."""
    starts = np.ones(len(items), bool)
    if len(items):
        differs = items[1:] != items[:-1]
        starts[1:] = differs.any(axis=tuple(range(1, items.ndim))) if items.ndim > 1 else differs
    return starts


@primitive(kind="index", cost=per_input(), x=None, outputs=("values", "inverse", "counts"))
def distinct_runs(x: Any, dim: Any) -> Any:
    """Return the first of each run of equal values, the run of each element, and the lengths of the runs."""
    array = np.asarray(x)
    items, axis = _items(array, dim)
    starts = _starts(items)
    inverse = np.cumsum(starts) - 1
    counts = np.diff(np.append(np.flatnonzero(starts), len(items)))
    values = items[starts]
    if dim is None:
        return values, inverse.reshape(array.shape), counts
    return np.moveaxis(values, 0, axis) if array.ndim else values, inverse, counts


def _wanted(results: Any, return_inverse: Any, return_counts: Any) -> Any:
    values, inverse, counts = results
    extra = (*((inverse,) if return_inverse else ()), *((counts,) if return_counts else ()))
    return (values, *extra) if extra else values


@composed
def unique(x: Any, sorted: Any = True, return_inverse: Any = False, return_counts: Any = False, dim: Any = None) -> Any:
    """Return the distinct values in rising order; with ``dim`` the distinct slices along it. It has no derivative.

    Args:
        sorted: without it any order would do; this one is sorted always.
        return_inverse: also return which distinct value each element is.
        return_counts: also return how often each occurs.

    Edges: every NaN is a value of its own.

    >>> import glassgrad as gg
    >>> gg.unique(gg.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    if return_counts and not return_inverse:
        return tuple(distinct_counts(x, dim))
    if return_inverse:
        return _wanted(distinct(x, dim), return_inverse, return_counts)
    return distinct_values(x, dim)


@composed
def unique_consecutive(x: Any, return_inverse: Any = False, return_counts: Any = False, dim: Any = None) -> Any:
    """Return the first of each run of equal values, in order; with ``dim`` of equal slices. It has no derivative.

    Args:
        return_inverse: also return to which run each element belongs.
        return_counts: also return how long each run is.

    Edges: every NaN is a run of its own.

    >>> import glassgrad as gg
    >>> gg.unique_consecutive(gg.tensor([3, 3, 1, 3]))
    tensor([3, 1, 3])
    """
    if not return_inverse and not return_counts:
        return first_of_runs(x, dim)
    return _wanted(distinct_runs(x, dim), return_inverse, return_counts)


# -- searching ------------------------------------------------------------------------------------------------


@primitive(
    kind="index",
    sorted_sequence=None,
    input=None,
    cost=Cost("|input|·log₂ n", lambda shapes, out, static: size(out) * math.log2(max(first(shapes)[-1], 2))),
)
def searchsorted(
    sorted_sequence: Any, input: Any, out_int32: Any = False, right: Any = False, side: Any = None, sorter: Any = None
) -> Any:
    """Return where each value would have to be inserted to keep the sequence sorted: before equal elements.

    Args:
        sorted_sequence: rising along its last axis. If it has more than one axis, ``input`` has the same leading sizes.
        input: the values.
        out_int32: return int32 instead of int64.
        right: insert after equal elements; the same as ``side="right"``.
        sorter: indices that sort the sequence, if it is not sorted itself.

    Raises:
        ValueError: the leading sizes differ, or ``side`` contradicts ``right``.

    >>> import glassgrad as gg
    >>> gg.searchsorted(gg.tensor([1.0, 3.0, 5.0]), gg.tensor([3.0, 6.0]))
    tensor([1, 3])
    """
    sequence, values = np.asarray(sorted_sequence), np.asarray(input)
    if side not in (None, "left", "right"):
        raise ValueError(f"searchsorted: side must be 'left' or 'right', not {side!r}")
    if side == "left" and right:
        raise ValueError("searchsorted: side='left' contradicts right=True")
    where: Any = "right" if right or side == "right" else "left"
    if not sequence.ndim:
        raise ValueError("searchsorted: sorted_sequence must have at least one dimension")
    if sorter is not None:
        order = np.asarray(sorter)
        if order.shape != sequence.shape or order.dtype.kind not in "iu":
            raise ValueError(
                f"searchsorted: sorter must be integers of shape {sequence.shape}, not {order.dtype} of {order.shape}"
            )
        sequence = np.take_along_axis(sequence, order, -1)
    if sequence.ndim == 1:
        found = np.searchsorted(sequence, values, where)
    elif values.ndim != sequence.ndim or values.shape[:-1] != sequence.shape[:-1]:
        raise ValueError(
            f"searchsorted: a sequence of shape {sequence.shape} needs values of shape "
            f"{(*sequence.shape[:-1], '...')}, not {values.shape}"
        )
    else:
        found = np.empty(values.shape, np.int64)
        for row in np.ndindex(values.shape[:-1]):
            found[row] = np.searchsorted(sequence[row], values[row], where)
    return np.asarray(found, np.int32 if out_int32 else np.int64)


@composed
def bucketize(x: Any, boundaries: Any, *, out_int32: Any = False, right: Any = False) -> Any:
    """Return the number of the bucket of each value: how many ``boundaries`` lie below it.

    Args:
        boundaries: rising numbers.
        out_int32: return int32 instead of int64.
        right: a value on a boundary belongs to the bucket above it instead of below.

    Raises:
        ValueError: the boundaries are not a list of numbers.

    >>> import glassgrad as gg
    >>> gg.bucketize(gg.tensor([0.0, 1.0, 2.0]), gg.tensor([1.0, 3.0]))
    tensor([0, 0, 1])
    """
    if np.ndim(boundaries) != 1:
        raise ValueError(f"bucketize: boundaries must have one dimension, not shape {np.shape(boundaries)}")
    return searchsorted(boundaries, x, out_int32=out_int32, right=right)


@primitive(kind="index", cost=per_input(), elements=None, test_elements=None)
def isin(elements: Any, test_elements: Any, assume_unique: Any = False, invert: Any = False) -> Any:
    """Return whether each element is one of ``test_elements``, as bools.

    Args:
        assume_unique: no value occurs twice on either side, which may be faster to decide.
        invert: return whether each is none of them.

    >>> import glassgrad as gg
    >>> gg.isin(gg.tensor([1, 2, 3]), gg.tensor([2, 3]))
    tensor([False,  True,  True])
    """
    return np.isin(elements, test_elements, assume_unique=assume_unique, invert=invert)
