"""Sums, products and extrema over axes. ``dim`` may be one axis, a tuple of axes, or None for all."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from ..core.cost import per_input
from ..core.dtypes import get_default_dtype, to_dtype
from ..core.interpreters import is_operand
from ..core.sums import DOUBLE, HALF, SINGLE, computing_dtype, total
from ..engine.compose import composed
from ..engine.declare import primitive
from .arithmetic import divide
from .axes import axes_of
from .choosing import Bounds, chosen_one, some
from .comparison import argmax, argmin, where
from .elementwise import maximum, minimum
from .indexing import getitem
from .joining import concatenate
from .scan import cumprod
from .shaping import astype, broadcast_to, permute, reshape

__all__ = [
    "all", "amax", "amin", "aminmax", "any", "count_nonzero", "max", "mean", "min", "nanmean", "nansum", "prod", "sum",
]  # fmt: skip


def reduced(dim: Any, ndim: Any, what: Any) -> Any:
    """Return the axes that a reduction runs over. An empty tuple is all of them, as in PyTorch."""
    return axes_of(None if isinstance(dim, tuple | list) and not dim else dim, ndim, what)


def count_over(shape: Any, dim: Any) -> Any:
    """Return how many elements go into one result of a reduction over ``dim``."""
    return math.prod(shape[i] for i in reduced(dim, len(shape), "reduction"))


def laid_out(values: Any, shape: Any, dim: Any) -> Any:
    """Return a reduction's result with its axes back, of size 1."""
    axes = reduced(dim, len(shape), "reduction")
    return reshape(values, tuple(1 if i in axes else n for i, n in enumerate(shape)))


def expanded(g: Any, shape: Any, dim: Any) -> Any:
    """Return the gradient of a reduction's result, laid out over the shape that was reduced."""
    return broadcast_to(laid_out(g, shape, dim), shape)


def divided_by_count(g: Any, count: Any) -> Any:
    """Return ``g`` divided by a number of elements, which may be larger than float16 can hold."""
    return astype(g, SINGLE) / count if g.dtype is HALF else g / count


def _result_dtype(x: Any, dtype: Any) -> Any:
    """Return the dtype of a sum or product: that asked for, else that of floats, else int64."""
    if dtype is not None:
        return to_dtype(dtype)
    return x.dtype if x.dtype.kind == "f" else np.dtype(np.int64)


# -- sums and products ----------------------------------------------------------------------------------------


@primitive(
    kind="linear", cost=per_input(), casts=True, symbol="sum {0}", x=lambda g, x_shape, dim: expanded(g, x_shape, dim),
)  # fmt: skip
def sum(x: Any, dim: Any = None, keepdim: Any = False, dtype: Any = None) -> Any:
    """Return the sum over ``dim``; of nothing it is 0. Bools and integers are summed as int64.

    Args:
        dtype: in which to add up and return.

    >>> import glassgrad as gg
    >>> gg.sum(gg.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=0)
    tensor([4., 6.])
    """
    return _sum(np.asarray(x), dim, keepdim, dtype, "sum")


def _sum(array: Any, dim: Any, keepdim: Any, dtype: Any, what: Any) -> Any:
    axes = reduced(dim, array.ndim, what)
    wanted = _result_dtype(array, dtype)
    array = array if dtype is None else array.astype(wanted, copy=False)
    return total(array, axes, keepdim, wanted)


@primitive(
    kind="linear", cost=per_input(), casts=True, symbol="mean {0}",
    x=lambda g, x_shape, dim: expanded(divided_by_count(g, count_over(x_shape, dim) or 1), x_shape, dim),
)  # fmt: skip
def mean(x: Any, dim: Any = None, keepdim: Any = False, dtype: Any = None) -> Any:
    """Return the arithmetic mean over ``dim``; integers give the default dtype.

    The sum is kept in more digits than the result: that of float16 may be larger than float16 can hold.

    Args:
        dtype: in which to compute and return.

    Edges: the mean of nothing is NaN, with a warning.

    >>> import glassgrad as gg
    >>> gg.mean(gg.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=1)
    tensor([1.5, 3.5])
    """
    array = np.asarray(x)
    axes = reduced(dim, array.ndim, "mean")
    if dtype is not None:
        array = array.astype(to_dtype(dtype), copy=False)
        if array.dtype.kind != "f":
            raise TypeError(f"mean: dtype must be floating-point, not {array.dtype}")
    wanted = array.dtype if array.dtype.kind == "f" else get_default_dtype()
    count = count_over(array.shape, dim)
    if not count and not array.size:
        warnings.warn("mean: the mean of no elements is NaN", RuntimeWarning, stacklevel=2)
        return np.asarray(np.sum(array, axis=axes, keepdims=keepdim) * np.float64("nan"), wanted)
    # Of float32 the sum has all the digits that the mean will have; all else is added in float64.
    added = total(array, axes, keepdim, None if array.dtype == SINGLE else DOUBLE)
    return np.asarray(np.true_divide(added, count), wanted)


@primitive(
    cost=per_input(), casts=True, symbol="sum {0}",
    x=lambda g, x, dim: where(x == x, expanded(g, x.shape, dim), 0),
)  # fmt: skip
def nansum(x: Any, dim: Any = None, keepdim: Any = False, dtype: Any = None) -> Any:
    """Return the sum over ``dim`` of what is not NaN. NaNs receive no gradient.

    >>> import glassgrad as gg
    >>> gg.nansum(gg.tensor([1.0, float("nan"), 2.0]))
    tensor(3.)
    """
    array = np.asarray(x)
    result = _sum(array, dim, keepdim, dtype, "nansum")
    if result.dtype.kind == "f" and np.isnan(result).any():
        result = _sum(np.where(np.isnan(array), np.zeros((), array.dtype), array), dim, keepdim, dtype, "nansum")
    return result


@composed(widens=True)
def nanmean(x: Any, dim: Any = None, keepdim: Any = False, dtype: Any = None) -> Any:
    """Return the mean over ``dim`` of what is not NaN; of nothing it is NaN. NaNs receive no gradient.

    >>> import glassgrad as gg
    >>> gg.nanmean(gg.tensor([1.0, float("nan"), 2.0]))
    tensor(1.5)
    """
    if x.dtype.kind != "f":
        return mean(x, dim, keepdim, dtype)
    return divide(nansum(x, dim, keepdim, dtype), sum(x == x, dim, keepdim))


def _products_before(rows: Any) -> Any:
    """Return the product of the elements before each one, along the last axis."""
    start = np.ones((*rows.shape[:-1], 1), rows.dtype)
    return concatenate([start, cumprod(getitem(rows, (..., slice(None, -1))), -1)], -1)


def _prod_rule(g: Any, x: Any, dim: Any) -> Any:
    """Return ``g`` times the product of all others. It does not divide, so elements that are 0 need no care."""
    shape = x.shape
    axes = reduced(dim, len(shape), "prod")
    n = math.prod(shape[i] for i in axes)
    if n < 2:
        return expanded(g, shape, dim)
    order = (*(i for i in range(len(shape)) if i not in axes), *axes)
    moved = permute(x, order)
    rows = reshape(moved, (*moved.shape[: len(shape) - len(axes)], n))
    back = (..., slice(None, None, -1))
    others = _products_before(rows) * getitem(_products_before(getitem(rows, back)), back)
    inverse = tuple(int(i) for i in np.argsort(order))
    return expanded(g, shape, dim) * permute(reshape(others, moved.shape), inverse)


@primitive(cost=per_input(), casts=True, symbol="∏ {0}", x=lambda g, x, dim: _prod_rule(g, x, dim))
def prod(x: Any, dim: Any = None, keepdim: Any = False, dtype: Any = None) -> Any:
    """Return the product over ``dim``; of nothing it is 1. Bools and integers are multiplied as int64.

    Args:
        dtype: in which to multiply and return.

    Edges: the derivative by an element is the product of the others, found without dividing, so it is right where one
    or several elements are 0.

    >>> import glassgrad as gg
    >>> gg.prod(gg.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=0)
    tensor([3., 8.])
    """
    array = np.asarray(x)
    wanted = _result_dtype(array, dtype)
    array = array if dtype is None else array.astype(wanted, copy=False)
    added = np.prod(array, axis=reduced(dim, array.ndim, "prod"), keepdims=keepdim, dtype=computing_dtype(wanted))
    return added if added.dtype is wanted else np.asarray(added, wanted)


# -- tests ----------------------------------------------------------------------------------------------------


def _truth(reduce: Any, x: Any, dim: Any, keepdim: Any, what: Any) -> Any:
    result = reduce(x, axis=axes_of(dim, np.ndim(x), what), keepdims=keepdim)
    # PyTorch's bytes stay bytes: they were its bools once.
    return result.astype(np.uint8) if np.asarray(x).dtype == np.uint8 else result


@primitive(kind="index", cost=per_input(), symbol="any {0}")
def any(x: Any, dim: Any = None, keepdim: Any = False) -> Any:
    """Return whether any element over ``dim`` is true (not zero); of nothing it is False. NaN is true.

    >>> import glassgrad as gg
    >>> gg.any(gg.tensor([[False, True], [False, False]]), dim=1)
    tensor([ True, False])
    """
    return _truth(np.any, x, dim, keepdim, "any")


@primitive(kind="index", cost=per_input(), symbol="all {0}")
def all(x: Any, dim: Any = None, keepdim: Any = False) -> Any:
    """Return whether every element over ``dim`` is true (not zero); of nothing it is True. NaN is true.

    >>> import glassgrad as gg
    >>> gg.all(gg.tensor([[True, True], [False, True]]), dim=1)
    tensor([ True, False])
    """
    return _truth(np.all, x, dim, keepdim, "all")


@primitive(kind="index", cost=per_input(), symbol="count {0}")
def count_nonzero(x: Any, dim: Any = None, keepdim: Any = False) -> Any:
    """Return how many elements over ``dim`` are not 0. NaN is not 0.

    >>> import glassgrad as gg
    >>> gg.count_nonzero(gg.tensor([[0, 1], [2, 3]]), dim=0)
    tensor([1, 2])
    """
    return np.count_nonzero(x, axis=reduced(dim, np.ndim(x), "count_nonzero"), keepdims=keepdim)


# -- extrema --------------------------------------------------------------------------------------------------


def _share(g: Any, x: Any, out: Any, dim: Any) -> Any:
    """Return the gradient of an extremum: shared equally among the elements that attain it."""
    attained = astype(x == expanded(out, x.shape, dim), computing_dtype(g.dtype))
    count = sum(attained, dim, True)
    return expanded(reshape(g, count.shape) / count, x.shape, dim) * attained


@primitive(cost=per_input(), symbol="max {0}", x=lambda g, x, out, dim: _share(g, x, out, dim))
def amax(x: Any, dim: Any = None, keepdim: Any = False) -> Any:
    """Return the largest element over ``dim``.

    Raises:
        ValueError: there is nothing to choose from.

    Edges: elements that tie share the gradient equally. Where there is a NaN, value and gradient are NaN.

    >>> import glassgrad as gg
    >>> gg.amax(gg.tensor([[1.0, 5.0], [3.0, 4.0]]), dim=0)
    tensor([3., 5.])
    """
    return _extremum(np.maximum.reduce, x, dim, keepdim, "amax")


@primitive(cost=per_input(), symbol="min {0}", x=lambda g, x, out, dim: _share(g, x, out, dim))
def amin(x: Any, dim: Any = None, keepdim: Any = False) -> Any:
    """Return the smallest element over ``dim``.

    Raises:
        ValueError: there is nothing to choose from.

    Edges: elements that tie share the gradient equally. Where there is a NaN, value and gradient are NaN.

    >>> import glassgrad as gg
    >>> gg.amin(gg.tensor([[1.0, 5.0], [3.0, 4.0]]), dim=0)
    tensor([1., 4.])
    """
    return _extremum(np.minimum.reduce, x, dim, keepdim, "amin")


def _extremum(reduce: Any, x: Any, dim: Any, keepdim: Any, what: Any) -> Any:
    x = np.asarray(x)
    shape = x.shape
    axes = None if dim is None else reduced(dim, len(shape), what)
    if x.size:
        return reduce(x, axis=axes, keepdims=keepdim)
    axes = reduced(dim, len(shape), what)
    if count_over(shape, dim) == 0 and math.prod(n for i, n in enumerate(shape) if i not in axes):
        raise ValueError(f"{what}: shape {shape} has no elements along dim {dim}; the extremum of nothing is undefined")
    return np.sum(x, axis=axes, keepdims=keepdim).astype(x.dtype)


def _require_any(x: Any, what: Any) -> None:
    if not math.prod(x.shape):
        raise ValueError(f"{what}: shape {x.shape} has no elements to choose from")


@composed
def max(x: Any, dim: Any = None, keepdim: Any = False) -> Any:
    """Return the largest element of all, or with ``dim`` the pair (values, indices) along it.

    With a second tensor in place of ``dim`` it is :func:`maximum`.

    Raises:
        ValueError: there is nothing to choose from.

    Edges: over all elements, ties share the gradient; along ``dim`` it goes to the element that ``indices`` names, the
    first that is largest. A NaN is larger than everything.

    >>> import glassgrad as gg
    >>> gg.max(gg.tensor([[1.0, 5.0], [3.0, 4.0]]), dim=1)
    Extremum(values=tensor([5., 4.]), indices=tensor([1, 1]))
    """
    if dim is None:
        _require_any(x, "max")
        return amax(x, None, keepdim)
    if is_operand(dim) or isinstance(dim, np.ndarray):
        return maximum(x, dim)
    some(x.shape, dim, "max")
    return chosen_one(x, argmax(x, dim, True), dim, keepdim)


@composed
def min(x: Any, dim: Any = None, keepdim: Any = False) -> Any:
    """Return the smallest element of all, or with ``dim`` the pair (values, indices) along it. See :func:`max`.

    Raises:
        ValueError: there is nothing to choose from.

    Edges: as for :func:`max`. A NaN is smaller than everything.

    >>> import glassgrad as gg
    >>> gg.min(gg.tensor([[1.0, 5.0], [3.0, 4.0]]), dim=1)
    Extremum(values=tensor([1., 3.]), indices=tensor([0, 0]))
    """
    if dim is None:
        _require_any(x, "min")
        return amin(x, None, keepdim)
    if is_operand(dim) or isinstance(dim, np.ndarray):
        return minimum(x, dim)
    some(x.shape, dim, "min")
    return chosen_one(x, argmin(x, dim, True), dim, keepdim)


@composed
def aminmax(x: Any, dim: Any = None, keepdim: Any = False) -> Any:
    """Return the smallest and the largest element over ``dim``, as the pair (min, max).

    Raises:
        ValueError: there is nothing to choose from.

    Edges: elements that tie share the gradient equally.

    >>> import glassgrad as gg
    >>> gg.aminmax(gg.tensor([1.0, 5.0, 3.0]))
    Bounds(min=tensor(1.), max=tensor(5.))
    """
    if dim is None:
        _require_any(x, "aminmax")
    return Bounds(amin(x, dim, keepdim), amax(x, dim, keepdim))
