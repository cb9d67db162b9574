"""Running sums, products and extrema along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.cost import per_input
from ..core.dtypes import to_dtype
from ..core.sums import DOUBLE, SINGLE, running_total
from ..engine.compose import composed
from ..engine.declare import primitive
from .axes import axis_of
from .choosing import Extremum
from .comparison import where
from .exponential import exp
from .indexing import getitem
from .joining import concatenate
from .scattering import gather_elements
from .shaping import astype

__all__ = ["cummax", "cummin", "cumprod", "cumsum", "logcumsumexp"]

_SINGLE_LIMIT = 1024  # steps of a recurrence that float32 bears


def slice_along(x: Any, dim: Any, *bounds: Any) -> Any:
    """Return the slice ``bounds`` of ``x`` along ``dim``."""
    return getitem(x, (slice(None),) * (dim % len(x.shape)) + (slice(*bounds),))


def _reversed(x: Any, dim: Any) -> Any:
    return slice_along(x, dim, None, None, -1) if x.shape else x


def _shifted(x: Any, dim: Any, first: Any) -> Any:
    """Return ``x`` one place later along ``dim``, with the number ``first`` in front; the last element is dropped."""
    axis = dim % len(x.shape)
    if not x.shape[axis]:
        return x
    start = np.full((*x.shape[:axis], 1, *x.shape[axis + 1 :]), first, x.dtype)
    return concatenate([start, slice_along(x, axis, None, -1)], axis)


def _accumulated(x: Any, dim: Any, dtype: Any, ufunc: Any, what: Any) -> Any:
    """Return ``ufunc`` accumulated along ``dim``: integers in int64, floats in float64 inside."""
    array = np.asarray(x)
    axis = axis_of(dim, array.ndim, what)
    if dtype is not None:
        array = array.astype(to_dtype(dtype), copy=False)
    wanted = array.dtype if array.dtype.kind == "f" or dtype is not None else np.dtype(np.int64)
    if not array.ndim:
        return array.astype(wanted)
    if ufunc is np.add:
        return running_total(array, axis, wanted)
    return ufunc.accumulate(array, axis=axis, dtype=DOUBLE if wanted.kind == "f" else wanted).astype(wanted, copy=False)


@primitive(
    kind="linear", cost=per_input(), casts=True, symbol="cumsum {0}",
    x=lambda g, dim: _reversed(cumsum(_reversed(g, dim), dim), dim),
)  # fmt: skip
def cumsum(x: Any, dim: Any, dtype: Any = None) -> Any:
    """Return the sum of the elements up to each, along ``dim``. Bools and integers are summed as int64.

    Args:
        dtype: in which to add up and return.

    >>> import glassgrad as gg
    >>> gg.cumsum(gg.tensor([1.0, 2.0, 3.0]), dim=0)
    tensor([1., 3., 6.])
    """
    return _accumulated(x, dim, dtype, np.add, "cumsum")


# -- products -------------------------------------------------------------------------------------------------


def _solve(a: Any, b: Any) -> Any:
    # Two steps of the recurrence are one step of another half as long, which leaves every second value to fill in.
    n = len(b)
    if n < 2:
        return b
    second = a[1::2]
    odd = _solve(second * a[: n - 1 : 2], b[1::2] + second * b[: n - 1 : 2])
    h = np.empty_like(b)
    h[1::2] = odd
    h[0] = b[0]
    h[2::2] = b[2::2] + a[2::2] * odd[: (n - 1) // 2]
    return h


def _adjoint(g: Any, a: Any, dim: Any) -> Any:
    """Return c with c_i = g_i + a_{i+1}·c_{i+1}: what arrives at each step of a recurrence from all later ones."""
    return _reversed(recurrence(_shifted(_reversed(a, dim), dim, 0), _reversed(g, dim), dim), dim)


@primitive(
    cost=2, symbol="recurrence",
    a=lambda g, a, out, dim: _adjoint(g, a, dim) * _shifted(out, dim, 0), b=lambda g, a, dim: _adjoint(g, a, dim),
)  # fmt: skip
def recurrence(a: Any, b: Any, dim: Any) -> Any:
    """Return h along ``dim`` with h_0 = b_0 and h_i = b_i + a_i·h_{i−1}; its transpose is a recurrence too.

    Running products and running sums of exponentials have their derivatives in this form, which never divides, so that
    zeros need no care.
    """
    axis = axis_of(dim, np.ndim(b), "recurrence")
    return np.moveaxis(_solve(np.moveaxis(a, axis, 0), np.moveaxis(b, axis, 0)), 0, axis)


def _cumprod_rule(g: Any, x: Any, out: Any, dim: Any) -> Any:
    return _shifted(out, dim, 1) * _adjoint(g, x, dim) if x.shape else g


@primitive(cost=per_input(), casts=True, symbol="cumprod {0}", x=lambda g, x, out, dim: _cumprod_rule(g, x, out, dim))
def cumprod(x: Any, dim: Any, dtype: Any = None) -> Any:
    """Return the product of the elements up to each, along ``dim``. Bools and integers are multiplied as int64.

    Args:
        dtype: in which to multiply and return.

    Edges: the derivatives never divide, so they are right where elements are 0.

    >>> import glassgrad as gg
    >>> gg.cumprod(gg.tensor([1.0, 2.0, 3.0]), dim=0)
    tensor([1., 2., 6.])
    """
    return _accumulated(x, dim, dtype, np.multiply, "cumprod")


# -- sums of exponentials -------------------------------------------------------------------------------------


def _logcumsumexp_rule(g: Any, x: Any, out: Any, dim: Any) -> Any:
    # With h = out, ∂h_k/∂x_i = exp(x_i − h_k) for k ≥ i. Every exponent below is at most 0.
    if not x.shape:
        return g
    if x.dtype is SINGLE and x.shape[dim] > _SINGLE_LIMIT:
        # Of a long recurrence the digits that float32 leaves of each step are too few.
        longer = astype(x, DOUBLE)
        return astype(_logcumsumexp_rule(astype(g, DOUBLE), longer, logcumsumexp(longer, dim), dim), x.dtype)
    finite = where(out == -np.inf, 0, out)
    ratio = exp(_shifted(out, dim, -np.inf) - finite)
    return exp(x - finite) * _adjoint(g, ratio, dim)


@primitive(
    widens=True, cost=per_input(4), symbol="log cumsum exp {0}",
    x=lambda g, x, out, dim: _logcumsumexp_rule(g, x, out, dim),
)  # fmt: skip
def logcumsumexp(x: Any, dim: Any) -> Any:
    """Return the logarithm of the running sum of exponentials along ``dim``, without overflow.

    Edges: as long as all are −inf the result is −inf, and its gradient is 0 (PyTorch's is NaN).

    >>> import glassgrad as gg
    >>> gg.logcumsumexp(gg.tensor([100.0, 100.0]), dim=0)
    tensor([100.    , 100.6931])
    """
    array = np.asarray(x)
    axis = axis_of(dim, array.ndim, "logcumsumexp")
    if array.dtype.kind != "f":
        array = array.astype(np.float64)
    if not array.ndim:
        return np.array(array)
    return np.logaddexp.accumulate(array, axis=axis, dtype=DOUBLE).astype(array.dtype, copy=False)


# -- extrema --------------------------------------------------------------------------------------------------


@primitive(kind="index", cost=per_input(), x=None)
def running_extremum_index(x: Any, largest: Any, dim: Any) -> Any:
    """Return where the largest (or smallest) element up to each one lies: the last such place. A NaN wins."""
    array = np.asarray(x)
    what = "cummax" if largest else "cummin"
    axis = axis_of(dim, array.ndim, what)
    if not array.ndim:
        return np.zeros((), np.int64)
    running = (np.maximum if largest else np.minimum).accumulate(array, axis=axis)
    places = np.arange(array.shape[axis]).reshape([-1 if i == axis else 1 for i in range(array.ndim)])
    attained = array == running
    if array.dtype.kind == "f":
        attained |= array != array
    # Multiplied, where choosing one by one would take longer than everything else.
    places = places * attained
    return np.maximum.accumulate(places, axis=axis, out=places)


@primitive(
    kind="linear", cost=0, index=None, symbol="pick {0}", x=lambda g, index, dim: running_place(g, index, dim)
)  # fmt: skip
def running_pick(x: Any, index: Any, dim: Any) -> Any:
    """Return the elements of ``x`` that the indices of running extrema name along ``dim``.

    These never fall and stay the same over stretches, so the transpose adds up stretches, where that of gathering in
    general has to add element by element, which takes ten times as long.
    """
    return gather_elements(x, index, axis_of(dim, np.ndim(x), "running extremum"))


@primitive(
    kind="linear", cost=per_input(), index=None, symbol="place {0}", x=lambda g, index, dim: running_pick(g, index, dim)
)  # fmt: skip
def running_place(x: Any, index: Any, dim: Any) -> Any:
    """Return zeros with the sum of each stretch of equal ``index`` where it names: the transpose of picking."""
    array = np.moveaxis(np.asarray(x), dim, -1)
    # A stretch begins at the element that it names.
    starts = np.flatnonzero(np.moveaxis(np.asarray(index), dim, -1) == np.arange(array.shape[-1]))
    result = np.zeros(array.shape, array.dtype)
    if len(starts):
        result.reshape(-1)[starts] = np.add.reduceat(
            array.reshape(-1), starts, 0, DOUBLE if array.dtype.kind == "f" else None
        )
    return np.moveaxis(result, -1, dim)


def _running_extremum(x: Any, largest: Any, dim: Any) -> Any:
    indices = running_extremum_index(x, largest, dim)
    return Extremum(running_pick(x, indices, dim) if x.ndim else getitem(x, ()), indices)


@composed
def cummax(x: Any, dim: Any) -> Any:
    """Return the largest element up to each, along ``dim``, as the pair (values, indices).

    Edges: of equal elements the last counts and receives the gradient; a NaN is larger than everything.

    >>> import glassgrad as gg
    >>> gg.cummax(gg.tensor([1.0, 3.0, 2.0]), dim=0)
    Extremum(values=tensor([1., 3., 3.]), indices=tensor([0, 1, 1]))
    """
    return _running_extremum(x, True, dim)


@composed
def cummin(x: Any, dim: Any) -> Any:
    """Return the smallest element up to each, along ``dim``, as the pair (values, indices).

    Edges: of equal elements the last counts and receives the gradient; a NaN is smaller than everything.

    >>> import glassgrad as gg
    >>> gg.cummin(gg.tensor([2.0, 3.0, 1.0]), dim=0)
    Extremum(values=tensor([2., 2., 1.]), indices=tensor([0, 0, 2]))
    """
    return _running_extremum(x, False, dim)
