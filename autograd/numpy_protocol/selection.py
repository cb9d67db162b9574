"""NumPy's elementwise functions and selections, with NumPy's signatures on our operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..ops import comparison, indexing, rounding, selection, shaping
from ..ops.axes import axis_of
from .arguments import adapter_for, flat, operand, refuse

__all__: list[str] = []

_Function = Callable[..., Any]


# -- elementwise ------------------------------------------------------------------------------------------------------


def unary(of: _Function) -> _Function:
    """Return a function of one argument that NumPy would let write into ``out``."""

    def adapter(x: Any, out: Any = None) -> Any:
        refuse(out=out)
        return of(x)

    return adapter_for(of)(adapter)


def of_floats(of: _Function) -> _Function:
    """Return a function that keeps integers with us, but for NumPy gives other values or kinds of them."""

    def adapter(x: Any) -> Any:
        if operand(x).dtype.kind != "f":
            raise TypeError("takes floating-point numbers only")
        return of(x)

    return adapter_for(of)(adapter)


@adapter_for(rounding.heaviside)
def heaviside(x1: Any, x2: Any) -> Any:
    x1 = operand(x1)
    if x1.dtype.kind != "f":
        raise TypeError("takes floating-point numbers only")
    return comparison.where(comparison.isnan(x1), x1, rounding.heaviside(x1, x2))


@adapter_for(rounding.floor_divide)
def divmod_of(x: Any, y: Any) -> Any:
    return rounding.floor_divide(x, y), rounding.remainder(x, y)


def _truth(condition: Any) -> Any:
    condition = operand(condition)
    return condition if condition.dtype.kind == "b" else comparison.not_equal(condition, 0)


@adapter_for(comparison.where)
def where(condition: Any, *choices: Any) -> Any:
    return comparison.where(_truth(condition), *choices) if choices else nonzero(condition)


@adapter_for(comparison.where)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    if len(condlist) != len(choicelist) or not len(condlist):
        raise ValueError(f"select: {len(condlist)} conditions do not fit {len(choicelist)} choices")
    found = default
    for condition, chosen in zip(reversed(condlist), reversed(choicelist), strict=True):
        if operand(condition).dtype.kind != "b":
            raise TypeError("takes conditions of bools only")
        found = comparison.where(condition, chosen, found)
    return found


@adapter_for(rounding.clamp)
def clip(a: Any, a_min: Any = None, a_max: Any = None, out: Any = None, *, min: Any = None, max: Any = None) -> Any:
    refuse(out=out)
    low, high = min if a_min is None else a_min, max if a_max is None else a_max
    return shaping.clone(a) if low is None and high is None else rounding.clamp(operand(a), low, high)


@adapter_for(rounding.round)
def rounded(a: Any, decimals: Any = 0, out: Any = None) -> Any:
    refuse(out=out)
    if a.dtype.kind == "b":
        raise TypeError("takes no bools")
    return rounding.round(a, decimals=decimals)


@adapter_for(rounding.nan_to_num)
def nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    if not copy:
        raise TypeError("takes no copy=False")
    return rounding.nan_to_num(x, nan, posinf, neginf)


@adapter_for(comparison.isclose)
def isclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False) -> Any:
    return comparison.isclose(operand(a), b, rtol, atol, equal_nan)


@adapter_for(comparison.allclose)
def allclose(a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: bool = False) -> Any:
    return comparison.allclose(operand(a), b, rtol, atol, equal_nan)


@adapter_for(comparison.equal)
def array_equal(a1: Any, a2: Any) -> Any:
    return comparison.equal(operand(a1), operand(a2))


# -- selection --------------------------------------------------------------------------------------------------------


@adapter_for(selection.take)
def take(a: Any, indices: Any, axis: Any = None, out: Any = None) -> Any:
    refuse(out=out)
    a, at = operand(a), np.asarray(indices)
    at = at if at.size and at.dtype.kind != "b" else at.astype(np.int64)
    if axis is None:
        return selection.take(a, at)
    return indexing.getitem(a, (*(slice(None),) * axis_of(axis, a.ndim, "take"), at))


@adapter_for(selection.take_along_dim)
def take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    arr, indices = operand(arr), operand(indices)
    if np.ndim(indices) != (1 if axis is None else arr.ndim):
        raise ValueError(f"take_along_axis: indices of shape {indices.shape} do not fit an array of shape {arr.shape}")
    return selection.take_along_dim(arr, indices, axis)


@adapter_for(selection.nonzero)
def nonzero(a: Any) -> Any:
    if not np.ndim(a):
        raise ValueError("nonzero: a single number has no axes; use numpy.atleast_1d before")
    return selection.nonzero(a, as_tuple=True)


@adapter_for(selection.nonzero)
def flatnonzero(a: Any) -> Any:
    return nonzero(flat(a))[0]


@adapter_for(selection.argwhere)
def argwhere(a: Any) -> Any:
    return selection.argwhere(a)


@adapter_for(indexing.getitem)
def compress(condition: Any, a: Any, axis: Any = None, out: Any = None) -> Any:
    refuse(out=out)
    chosen = np.flatnonzero(np.asarray(condition))
    if np.ndim(condition) != 1:
        raise ValueError(f"compress: the condition must be one-dimensional, not of shape {np.shape(condition)}")
    return take(flat(a), chosen, 0) if axis is None else take(a, chosen, axis)


@adapter_for(indexing.getitem)
def extract(condition: Any, arr: Any) -> Any:
    return take(flat(arr), np.flatnonzero(np.asarray(condition)), 0)


@adapter_for(indexing.getitem)
def delete(arr: Any, obj: Any, axis: Any = None) -> Any:
    if axis is None:
        arr, axis = flat(arr), 0
    place = axis_of(axis, arr.ndim, "delete")
    return take(
        arr, np.delete(np.arange(arr.shape[place]), obj if isinstance(obj, slice | list) else np.asarray(obj)), place
    )
