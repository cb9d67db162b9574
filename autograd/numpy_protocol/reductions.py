"""NumPy's reductions, quantiles, scans and sorts, with NumPy's signatures on our operations."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..ops import comparison, integration, reduction, shaping, sorting, statistics
from ..ops.axes import axes_of, axis_of
from .arguments import adapter_for, axes, flat, listed, numbers, operand, refuse

__all__: list[str] = []

_Function = Callable[..., Any]


# -- reductions -------------------------------------------------------------------------------------------------------


def total(of: _Function) -> _Function:
    """Return a reduction in whose order ``dtype`` comes third."""

    def adapter(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
        refuse(out=out)
        return of(*axes(a, axis, keepdims), **listed(dtype))

    return adapter_for(of)(adapter)


def reduced(of: _Function) -> _Function:
    """Return a reduction without ``dtype``."""

    def adapter(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
        refuse(out=out)
        return of(*axes(a, axis, keepdims))

    return adapter_for(of)(adapter)


def truth_of(of: _Function) -> _Function:
    """Return a question about the truth of elements; PyTorch answers it with numbers if asked about ``uint8``."""

    def adapter(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
        refuse(out=out)
        a, axis, keepdims = axes(a, axis, keepdims)
        return of(comparison.not_equal(a, 0) if a.dtype == np.uint8 else a, axis, keepdims)

    return adapter_for(of)(adapter)


def choice(of: _Function) -> _Function:
    """Return a search for the place of an extremum, along one axis or among all."""

    def adapter(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = False) -> Any:
        refuse(out=out)
        return of(a, axis, keepdims)

    return adapter_for(of)(adapter)


@adapter_for(reduction.count_nonzero)
def count_nonzero(a: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
    return reduction.count_nonzero(*axes(a, axis, keepdims))


def variance_like(of: _Function) -> _Function:
    """Return a variance or a standard deviation, which NumPy divides by n where PyTorch divides by n − 1."""

    def adapter(
        a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0, keepdims: Any = False, *,
        correction: Any = None,
    ) -> Any:  # fmt: skip
        refuse(dtype=dtype, out=out)
        if correction is not None and ddof:
            raise ValueError("ddof and correction can't be provided simultaneously.")
        a, axis, keepdims = axes(a, axis, keepdims)
        return of(a, axis, correction=ddof if correction is None else correction, keepdim=keepdims)

    return adapter_for(of)(adapter)


@adapter_for(reduction.amax)
def ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    refuse(out=out)
    where = axes(a, axis, keepdims)
    return reduction.amax(*where) - reduction.amin(*where)


def among_numbers(of: _Function, instead: float) -> _Function:
    """Return an extremum of what is not NaN, NaN where all are."""

    def adapter(a: Any, axis: Any = None, out: Any = None, keepdims: Any = False) -> Any:
        refuse(out=out)
        a, *where = axes(a, axis, keepdims)
        if a.dtype.kind != "f":
            return of(a, *where)
        missing = comparison.isnan(a)
        found = of(comparison.where(missing, instead, a), *where)
        return comparison.where(reduction.all(missing, *where), np.nan, found)

    return adapter_for(of)(adapter)


def without_nan(of: _Function, instead: float) -> _Function:
    """Return a product or a scan with a number in the place of every NaN."""

    def adapter(a: Any, *args: Any, **kwargs: Any) -> Any:
        a = operand(a)
        return of(comparison.where(comparison.isnan(a), instead, a) if a.dtype.kind == "f" else a, *args, **kwargs)

    return adapter_for(getattr(of, "operation", of))(adapter)


@adapter_for(reduction.mean)
def average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: Any = False) -> Any:
    if returned:
        refuse(returned=returned)
    a, axis, keepdims = axes(a, axis, keepdims)
    if weights is None:
        return reduction.mean(a, axis, keepdims)
    weights = operand(weights)
    if weights.shape != a.shape:
        if axis is None:
            raise TypeError("Axis must be specified when shapes of a and weights differ.")
        along = axes_of(axis, a.ndim, "average")
        if weights.shape != tuple(a.shape[i] for i in along):
            raise ValueError(f"average: weights of shape {weights.shape} do not fit axis {axis} of shape {a.shape}")
        order = sorted(range(len(along)), key=along.__getitem__)
        weights = shaping.reshape(
            shaping.permute(weights, order), [n if i in along else 1 for i, n in enumerate(a.shape)]
        )
        weights = shaping.broadcast_to(weights, a.shape)
    whole = reduction.sum(weights, axis, keepdims)
    if (numbers(whole) == 0).any():
        raise ZeroDivisionError("Weights sum to zero, can't be normalized")
    return reduction.sum(a * weights, axis, keepdims) / whole


# -- quantiles --------------------------------------------------------------------------------------------------------

_METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


def fractions(of: _Function, whole: Any) -> _Function:
    """Return quantiles at ``q / whole``, over one axis, several, or all."""

    def adapter(
        a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, method: str = "linear",
        keepdims: Any = False,
    ) -> Any:  # fmt: skip
        refuse(out=out)
        if method not in _METHODS:
            raise TypeError(f"takes no method {method!r}, only {', '.join(_METHODS)}")
        a, q = operand(a), operand(q)
        if a.dtype.kind != "f" and method in ("lower", "higher", "nearest"):
            raise TypeError(f"takes no method {method!r} for integers, which stay integers in NumPy")
        return _along_axes(of, a, q if whole == 1 else q / whole, axis, keepdims, method)

    return adapter_for(of)(adapter)


def median_like(of: _Function) -> _Function:
    """Return the median, for which NumPy takes the mean of the middle two, PyTorch's median the lower one."""

    def adapter(a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: Any = False) -> Any:
        refuse(out=out)
        return _along_axes(of, a, 0.5, axis, keepdims, "midpoint")

    return adapter_for(of)(adapter)


def _along_axes(of: _Function, a: Any, q: Any, axis: Any, keepdims: Any, method: str) -> Any:
    a, axis, keepdims = axes(a, axis, keepdims)
    if isinstance(axis, tuple):
        gone = axes_of(axis, a.ndim, "quantile")
        rest = [i for i in range(a.ndim) if i not in gone]
        kept = tuple(1 if i in gone else n for i, n in enumerate(a.shape))
        together = math.prod(a.shape[i] for i in gone)
        rows = shaping.reshape(shaping.permute(a, (*rest, *gone)), (*(a.shape[i] for i in rest), together))
        found = of(rows, q, -1, interpolation=method)
        return shaping.reshape(found, np.shape(q) + kept) if keepdims else found
    return of(a, q, axis, keepdims, interpolation=method)


@adapter_for(statistics.cov)
def cov(
    m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: Any = None, fweights: Any = None,
    aweights: Any = None,
) -> Any:  # fmt: skip
    refuse(y=y)
    return statistics.cov(
        _rows(m, rowvar), correction=(0 if bias else 1) if ddof is None else ddof, fweights=fweights, aweights=aweights
    )


@adapter_for(statistics.corrcoef)
def corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Any:
    refuse(y=y)
    return statistics.corrcoef(_rows(x, rowvar))


def _rows(m: Any, rowvar: bool) -> Any:
    return m if rowvar or m.ndim < 2 else shaping.permute(m, (1, 0))


@adapter_for(statistics.bincount)
def bincount(x: Any, /, weights: Any = None, minlength: Any = 0) -> Any:
    return statistics.bincount(x, weights, minlength)


# -- scans and sorting ------------------------------------------------------------------------------------------------


def scan_along(of: _Function) -> _Function:
    """Return a scan along an axis, or over all elements in order where there is none."""

    def adapter(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        refuse(out=out)
        a = operand(a)
        if axis is None or not a.ndim:
            return of(flat(a), axis_of(axis or 0, 1, "scan"), **listed(dtype))
        return of(a, axis, **listed(dtype))

    return adapter_for(of)(adapter)


def cumulative(of: _Function) -> _Function:
    """Return a scan by its name in the array standard, where only vectors need no axis."""

    def adapter(x: Any, /, *, axis: Any = None, dtype: Any = None) -> Any:
        if axis is None and x.ndim != 1:
            raise ValueError("For arrays which have more than one dimension ``axis`` argument is required.")
        return of(x, 0 if axis is None else axis, **listed(dtype))

    return adapter_for(of)(adapter)


@adapter_for(integration.diff)
def diff(a: Any, n: Any = 1, axis: Any = -1, prepend: Any = None, append: Any = None) -> Any:
    ends = []
    for part in (prepend, append):
        if part is not None and np.ndim(part) == 0:
            along = axis_of(axis, a.ndim, "diff")
            part = shaping.broadcast_to(operand(part), (*a.shape[:along], 1, *a.shape[along + 1 :]))
        ends.append(part)
    return integration.diff(a, n, axis, *ends)


@adapter_for(integration.trapezoid)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: Any = -1) -> Any:
    return integration.trapezoid(y, x, dim=axis) if x is not None else integration.trapezoid(y, dx=dx, dim=axis)


def ordered(run: _Function, operation: _Function) -> _Function:
    """Return a sort along the last axis, another, or, with None, of all elements."""

    def adapter(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Any:
        refuse(order=order)
        steady = bool(stable) or kind in ("stable", "mergesort")
        return run(flat(a), 0, stable=steady) if axis is None else run(a, axis, stable=steady)

    return adapter_for(operation)(adapter)


@adapter_for(sorting.unique)
def unique(
    ar: Any, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False, axis: Any = None
) -> Any:
    if return_index:
        refuse(return_index=return_index)
    if ar.dtype.kind == "f" and np.isnan(numbers(ar)).any():
        raise TypeError("takes no NaN: NumPy counts all as one value, which glassgrad.unique does not")
    if axis is not None and return_inverse:
        raise TypeError("takes no axis with return_inverse")
    return sorting.unique(ar, return_inverse=return_inverse, return_counts=return_counts, dim=axis)


@adapter_for(sorting.searchsorted)
def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    if np.ndim(a) != 1:
        raise ValueError(f"searchsorted: a must be one-dimensional, not of shape {np.shape(a)}")
    if side not in ("left", "right"):
        raise ValueError(f"searchsorted: side must be 'left' or 'right', not {side!r}")
    return sorting.searchsorted(a, v, right=side == "right", sorter=sorter)


@adapter_for(sorting.isin)
def isin(element: Any, test_elements: Any, assume_unique: bool = False, invert: bool = False) -> Any:
    return sorting.isin(element, test_elements, assume_unique, invert)
