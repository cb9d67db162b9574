"""Medians, quantiles and modes: the elements of a given rank or frequency."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.cost import SORTED
from ..core.interpreters import is_operand
from ..core.sums import computing_dtype
from ..engine.compose import composed
from ..engine.declare import primitive
from .arithmetic import add, multiply, subtract
from .axes import axis_of
from .choosing import chosen, chosen_one, outside_graph, some
from .comparison import where
from .joining import split
from .reduction import sum
from .shaping import astype, floats, permute, reshape
from .sorting import order_of

__all__ = ["median", "mode", "nanmedian", "nanquantile", "quantile"]


def _share_among_equals(g: Any, x: Any, out: Any) -> Any:
    if not math.prod(x.shape):
        return 0 * x
    attained = astype((x == out) | ((x != x) & (out != out)), computing_dtype(g.dtype))
    return (g / sum(attained)) * attained


@primitive(cost=SORTED, symbol="median {0}", x=lambda g, x, out: _share_among_equals(g, x, out))
def median_of_all(x: Any, ignore_nan: Any) -> Any:
    """Return the lower median of all elements; elements equal to it share its gradient. See :func:`median`."""
    array = np.asarray(x).reshape(-1)
    if array.dtype.kind == "f":
        wrong = np.isnan(array)
        if wrong.any():
            array = array[~wrong] if ignore_nan else array[:0]
        if not array.size:
            return np.asarray(np.nan, array.dtype)
    elif not array.size:
        raise ValueError(f"{'nanmedian' if ignore_nan else 'median'}: there are no elements to choose from")
    k = (array.size - 1) // 2
    return np.partition(array, k)[k]


def _rank_indices(array: Any, axis: Any, ranks: Any, ignore_nan: Any) -> Any:
    """Return, along ``axis``, the places of the elements of the given ranks.

    ``ranks`` is a function: from the number of elements that count, an array of integers with the last axis of size 1,
    to ranks along a new last axis. A row with a NaN that is not to be ignored gives the place of its first NaN.
    """
    rows = np.moveaxis(array, axis, -1)
    n = rows.shape[-1]
    wrong = np.isnan(rows) if array.dtype.kind == "f" else None
    if wrong is None or not wrong.any():
        wanted = ranks(np.full(1, n))
        places = np.argpartition(rows, np.unique(wanted), axis=-1)[..., wanted]
    else:
        order = order_of(rows, rows.ndim - 1)
        missing = wrong.sum(-1, keepdims=True)
        wanted = ranks(np.maximum(n - missing, 1) if ignore_nan else np.full_like(missing, n))
        places = np.take_along_axis(order, np.broadcast_to(wanted, (*rows.shape[:-1], wanted.shape[-1])), -1)
        if not ignore_nan:
            places = np.where(missing > 0, wrong.argmax(-1, keepdims=True), places)
    return np.moveaxis(places, -1, axis)


@primitive(kind="index", cost=SORTED, x=None)
def median_index(x: Any, ignore_nan: Any, dim: Any) -> Any:
    """Return where the lower median along ``dim`` lies; the axis is kept."""
    array = np.asarray(x)
    axis = some(array.shape, dim, "nanmedian" if ignore_nan else "median")
    if not array.ndim:
        return np.zeros((), np.int64)
    return _rank_indices(array, axis, lambda count: (count - 1) // 2, ignore_nan)


@composed
def median(x: Any, dim: Any = None, keepdim: Any = False) -> Any:
    """Return the lower median of all elements, or with ``dim`` the pair (values, indices) along it.

    Raises:
        ValueError: there are no elements along ``dim``.

    Edges: of an even number it is the lower of the two in the middle. Over all, elements equal to it share the
    gradient, and of no floats it is NaN; along ``dim`` the gradient goes to the element that ``indices`` names. A NaN
    among the elements makes it NaN.

    >>> import glassgrad as gg
    >>> gg.median(gg.tensor([4.0, 1.0, 3.0, 2.0]))
    tensor(2.)
    """
    if dim is None:
        return median_of_all(x, False)
    return chosen_one(x, median_index(x, False, dim), dim, keepdim)


@composed
def nanmedian(x: Any, dim: Any = None, keepdim: Any = False) -> Any:
    """Return the lower median of what is not NaN, or with ``dim`` the pair (values, indices). See :func:`median`.

    Edges: where all are NaN it is NaN.

    >>> import glassgrad as gg
    >>> gg.nanmedian(gg.tensor([4.0, float("nan"), 3.0, 2.0]))
    tensor(3.)
    """
    if dim is None:
        return median_of_all(x, True)
    return chosen_one(x, median_index(x, True, dim), dim, keepdim)


_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


@primitive(kind="index", cost=SORTED, x=None)
def rank_index(x: Any, ranks: Any, ignore_nan: Any, dim: Any) -> Any:
    """Return where along ``dim`` the elements of the given ranks lie.

    ``ranks`` are integers along the last axis; with a leading shape they differ from row to row.
    """
    array = np.asarray(x)
    return _rank_indices(array, axis_of(dim, array.ndim, "quantile"), lambda count: ranks, ignore_nan)


def _quantile(x: Any, q: Any, dim: Any, keepdim: Any, interpolation: Any, ignore_nan: Any, what: Any) -> Any:
    if interpolation not in _INTERPOLATIONS:
        raise ValueError(f"{what}: interpolation must be one of {', '.join(_INTERPOLATIONS)}, not {interpolation!r}")
    x = floats(x)
    q = q if is_operand(q) else np.asarray(q)
    fractions = outside_graph(q)
    if fractions.ndim > 1:
        raise ValueError(f"{what}: q must be a number or one-dimensional, not of shape {fractions.shape}")
    if not ((fractions >= 0) & (fractions <= 1)).all():
        raise ValueError(f"{what}: q must lie between 0 and 1, but is {fractions}")
    shape = x.shape
    kept = tuple(1 for _ in shape)
    if dim is None or not shape:
        axis_of(0 if dim is None else dim, len(shape), what)
        x, axis = reshape(x, (-1,)), 0
    else:
        axis = axis_of(dim, len(shape), what)
        kept = (*shape[:axis], 1, *shape[axis + 1 :])
    n = x.shape[axis]
    if not n:
        raise ValueError(f"{what}: shape {shape} has no elements to choose from")

    count = np.full(1, n)
    if ignore_nan:
        wrong = np.isnan(outside_graph(x))
        if wrong.any():
            count = np.maximum(n - np.moveaxis(wrong, axis, -1).sum(-1, keepdims=True), 1)
    # The rank of each quantile, rows first and quantiles last, in the precision of x as PyTorch has it.
    exact = (count - 1).astype(x.dtype) * fractions.reshape(-1).astype(x.dtype)
    rank = np.rint(exact) if interpolation == "nearest" else exact
    low, high = np.floor(rank).astype(np.int64), np.ceil(rank).astype(np.int64)
    if interpolation in ("lower", "higher", "nearest"):
        ranks = high if interpolation == "higher" else low
        values = chosen(x, rank_index(x, ranks, ignore_nan, axis), axis, distinct=False)
    else:
        both = chosen(x, rank_index(x, np.concatenate([low, high], -1), ignore_nan, axis), axis, False)
        below, above = split(both, fractions.size, axis)
        values = _between(below, above, q, count, low, high, axis, interpolation)
    order = (axis, *(i for i in range(values.ndim) if i != axis))
    values = permute(values, order)
    rest = kept if keepdim else values.shape[1:] if dim is not None and shape else ()
    return reshape(values, (*fractions.shape, *rest))


def _between(below: Any, above: Any, q: Any, count: Any, low: Any, high: Any, axis: Any, interpolation: Any) -> Any:
    """Return the values between two neighbours; where both are the same element, that one, be it infinite."""

    def along(values: Any) -> Any:
        return np.moveaxis(values, -1, axis) if values.ndim == below.ndim else values.reshape(column)

    column = tuple(-1 if i == axis else 1 for i in range(below.ndim))
    if interpolation == "midpoint":
        weight: Any = np.asarray(0.5, below.dtype)
    else:
        scale = along((count - 1).astype(below.dtype))
        weight = subtract(multiply(scale, astype(reshape(q, column), below.dtype)), along(low).astype(below.dtype))
    same = np.broadcast_to(along(low == high), below.shape)
    distance = subtract(above, where(same, 0, below))
    between = add(below, multiply(weight, distance))
    endless = np.isinf(outside_graph(distance)) & ~same
    if endless.any():
        # From −∞ no share of the distance leads back; a weighted mean stays there.
        between = where(endless, add(multiply(subtract(1, weight), below), multiply(weight, above)), between)
    return where(same, below, between)


@composed
def quantile(x: Any, q: Any, dim: Any = None, keepdim: Any = False, *, interpolation: Any = "linear") -> Any:
    """Return the values below which the fractions ``q`` of the elements lie, over all or along ``dim``.

    Args:
        q: a fraction, or several in one dimension, which then come first in the result's shape.
        interpolation: what to do between two elements: ``"linear"``, ``"lower"``, ``"higher"``, ``"midpoint"`` or
            ``"nearest"``, of two equally near ones that of even rank.

    Raises:
        ValueError: ``q`` is not in 0..1, or there are no elements.

    Edges: a NaN among the elements makes it NaN. A fraction that falls on an element gives that element, be it
    infinite (PyTorch gives NaN there); one between a finite and an infinite element gives the infinite one (PyTorch and
    NumPy give NaN for some). The gradient goes to the one or two elements chosen, and to ``q``.

    >>> import glassgrad as gg
    >>> gg.quantile(gg.tensor([1.0, 2.0, 3.0, 4.0]), 0.5)
    tensor(2.5)
    """
    return _quantile(x, q, dim, keepdim, interpolation, False, "quantile")


@composed
def nanquantile(x: Any, q: Any, dim: Any = None, keepdim: Any = False, *, interpolation: Any = "linear") -> Any:
    """Return the quantiles of what is not NaN. See :func:`quantile`.

    Edges: where all are NaN it is NaN.

    >>> import glassgrad as gg
    >>> gg.nanquantile(gg.tensor([1.0, float("nan"), 3.0]), 0.5)
    tensor(2.)
    """
    return _quantile(x, q, dim, keepdim, interpolation, True, "nanquantile")


@primitive(kind="index", cost=SORTED, x=None)
def mode_index(x: Any, dim: Any) -> Any:
    """Return the last place of the most frequent value along ``dim``; the axis is kept."""
    array = np.asarray(x)
    axis = some(array.shape, dim, "mode")
    if not array.ndim:
        return np.zeros((), np.int64)
    rows = np.moveaxis(array, axis, -1)
    order = order_of(rows, rows.ndim - 1)
    ranked = np.take_along_axis(rows, order, -1)
    places = np.arange(rows.shape[-1])
    begins = np.ones(rows.shape, bool)
    begins[..., 1:] = ranked[..., 1:] != ranked[..., :-1]
    run = places - np.maximum.accumulate(np.where(begins, places, 0), -1)
    best = run.argmax(-1)[..., None] if rows.size else np.zeros((*rows.shape[:-1], 1), np.int64)
    return np.moveaxis(np.take_along_axis(order, best, -1), -1, axis)


@composed
def mode(x: Any, dim: Any = -1, keepdim: Any = False) -> Any:
    """Return the most frequent value along ``dim``, as the pair (values, indices).

    Raises:
        ValueError: there are no elements along ``dim``.

    Edges: of several equally frequent values the smallest; its index is the last place where it occurs, and there the
    gradient goes. Every NaN is a value of its own, larger than the others.

    >>> import glassgrad as gg
    >>> gg.mode(gg.tensor([1.0, 3.0, 3.0, 2.0]))
    Extremum(values=tensor(3.), indices=tensor(2))
    """
    return chosen_one(x, mode_index(x, dim), dim, keepdim)
