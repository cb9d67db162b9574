"""Rounding, remainders, limits and signs: functions that are flat in places or have kinks."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.compose import composed
from ..engine.declare import primitive
from .comparison import isfinite, where
from .elementwise import sign_primitive

__all__ = [
    "ceil", "clamp", "clamp_max", "clamp_min", "clip", "copysign", "fix", "floor", "floor_divide", "fmod", "frac",
    "heaviside", "nan_to_num", "remainder", "round", "trunc",
]  # fmt: skip


def _whole(function: Any, x: Any) -> Any:
    """Return a rounding of ``x``; integers are whole already and stay what they are."""
    array = np.asarray(x)
    return function(x) if array.dtype.kind == "f" else np.array(array)


@primitive(kind="elementwise", finite=True, symbol="⌊{0}⌋", x=lambda g: 0 * g)
def floor(x: Any) -> Any:
    """Return the largest whole number that is not above ``x``. Its derivative is 0; integers stay integers.

    >>> import glassgrad as gg
    >>> gg.floor(gg.tensor([1.7, -1.2]))
    tensor([ 1., -2.])
    """
    return _whole(np.floor, x)


@primitive(kind="elementwise", finite=True, symbol="⌈{0}⌉", x=lambda g: 0 * g)
def ceil(x: Any) -> Any:
    """Return the smallest whole number that is not below ``x``. Its derivative is 0; integers stay integers.

    >>> import glassgrad as gg
    >>> gg.ceil(gg.tensor([1.2, -1.7]))
    tensor([ 2., -1.])
    """
    return _whole(np.ceil, x)


@primitive(kind="elementwise", finite=True, symbol="trunc {0}", x=lambda g: 0 * g)
def trunc(x: Any) -> Any:
    """Return ``x`` without its fraction, rounded towards 0. Its derivative is 0; integers stay integers.

    >>> import glassgrad as gg
    >>> gg.trunc(gg.tensor([1.7, -1.7]))
    tensor([ 1., -1.])
    """
    return _whole(np.trunc, x)


@primitive(kind="elementwise", finite=True, symbol="round {0}", x=lambda g: 0 * g)
def round(x: Any, decimals: Any = 0) -> Any:
    """Return ``x`` rounded to ``decimals`` places; negative ones round before the point. Its derivative is 0.

    Edges: halves go to the even neighbour, as IEEE 754 says. Integers stay integers; where places before the point are
    rounded, too.

    >>> import glassgrad as gg
    >>> gg.round(gg.tensor([0.5, 1.5, -2.5]))
    tensor([ 0.,  2., -2.])
    >>> gg.round(gg.tensor([3.14159]), decimals=2)
    tensor([3.14])
    """
    array = np.asarray(x)
    if array.dtype.kind != "f" and decimals < 0:
        return np.round(array.astype(np.int64) if array.dtype.kind == "b" else array, decimals)
    return _whole(lambda x: np.round(x, decimals), x)


@primitive(kind="elementwise", cost=2, finite=True, symbol="frac {0}", x=lambda g: g)
def frac(x: Any) -> Any:
    """Return the fraction of ``x``, x − trunc x, with the sign of ``x``. Its derivative is 1.

    >>> import glassgrad as gg
    >>> gg.frac(gg.tensor([1.75, -1.25]))
    tensor([ 0.75, -0.25])
    """
    return np.subtract(x, _whole(np.trunc, x))


# -- division with a remainder --------------------------------------------------------------------------------


def _refuse_zero(x: Any, y: Any, what: str) -> None:
    if np.asarray(x).dtype.kind != "f" and np.asarray(y).dtype.kind != "f" and not np.all(y):
        raise ValueError(f"{what}: division of an integer by zero; convert to floats to get infinity or NaN")


@primitive(kind="elementwise", cost=2, finite=True, symbol="⌊{0}/{1}⌋", x=lambda g: 0 * g, y=lambda g: 0 * g)
def floor_divide(x: Any, y: Any) -> Any:
    """Return the quotient rounded down, ⌊x/y⌋. Its derivatives are 0; integers stay integers.

    Edges: a float divided by zero gives infinity or NaN.

    Raises:
        ValueError: an integer is divided by zero.

    >>> import glassgrad as gg
    >>> gg.floor_divide(gg.tensor([7.0, -7.0]), 2)
    tensor([ 3., -4.])
    """
    _refuse_zero(x, y, "floor_divide")
    return np.floor_divide(x, y)


@primitive(kind="elementwise", cost=2, finite=True, symbol="trunc({0}/{1})", x=lambda g: 0 * g, y=lambda g: 0 * g)
def trunc_divide(x: Any, y: Any) -> Any:
    """Return the quotient rounded towards 0, ``divide(x, y, rounding_mode="trunc")``. Its derivatives are 0."""
    _refuse_zero(x, y, "divide")
    if np.result_type(x, y).kind == "f":
        return np.trunc(np.true_divide(x, y))
    down = np.floor_divide(x, y)
    return down + (np.not_equal(np.multiply(down, y), x) & (np.less(x, 0) != np.less(y, 0)))


@primitive(
    kind="elementwise", finite=True, symbol="{0} mod {1}",
    x=lambda g: g, y=lambda g, x, y: -g * floor_divide(x, y),
)  # fmt: skip
def remainder(x: Any, y: Any) -> Any:
    """Return x − y·⌊x/y⌋, the remainder with the sign of ``y``, as Python's ``%``.

    Edges: the derivative is 1 by ``x`` and −⌊x/y⌋ by ``y``, also where it jumps. Division by a float zero gives NaN.

    Raises:
        ValueError: an integer is divided by zero.

    >>> import glassgrad as gg
    >>> gg.remainder(gg.tensor([7.0, -7.0]), 3)
    tensor([1., 2.])
    """
    _refuse_zero(x, y, "remainder")
    return np.remainder(x, y)


@primitive(
    kind="elementwise", finite=True, symbol="fmod({0}, {1})",
    x=lambda g: g, y=lambda g, x, y: -g * trunc_divide(x, y),
)  # fmt: skip
def fmod(x: Any, y: Any) -> Any:
    """Return x − y·trunc(x/y), the remainder with the sign of ``x``, as C's.

    Edges: the derivative is 1 by ``x`` and −trunc(x/y) by ``y``, also where it jumps. Division by a float zero gives
    NaN.

    Raises:
        ValueError: an integer is divided by zero.

    >>> import glassgrad as gg
    >>> gg.fmod(gg.tensor([7.0, -7.0]), 3)
    tensor([ 1., -1.])
    """
    _refuse_zero(x, y, "fmod")
    return np.fmod(x, y)


# -- limits ---------------------------------------------------------------------------------------------------


_CLIP_LIMIT = 4096  # elements from which one pass pays for what numpy.clip takes to get going


def limited(x: Any, low: Any, high: Any, out: Any = None) -> Any:
    """Return an array limited to an interval of numbers, written into ``out`` if that is given."""
    if np.size(x) > _CLIP_LIMIT:
        return np.clip(x, low, high, out=out)
    return np.minimum(np.maximum(x, low, out=out), high, out=out)


@primitive(
    kind="elementwise", cost=2, finite=True, symbol="clamp({0}, {low}, {high})",
    x=lambda g, x, low, high: where((x >= low) & (x <= high), g, 0),
)  # fmt: skip
def clamp_between(x: Any, low: Any, high: Any) -> Any:
    """Return ``x`` limited to two numbers; infinite ones do not limit. See :func:`clamp`."""
    if high == np.inf:
        return np.maximum(x, low)
    return np.minimum(x, high) if low == -np.inf else limited(x, low, high)


@primitive(
    kind="elementwise", cost=2, finite=True, symbol="clamp({0}, {1}, {2})",
    x=lambda g, x, low, high: where((x >= low) & (x <= high), g, 0),
    low=lambda g, x, low, high: where((x < low) & (low < high), g, 0),
    high=lambda g, x, low, high: where((x > high) | (high < low), g, 0),
)  # fmt: skip
def clamp_tensors(x: Any, low: Any, high: Any) -> Any:
    """Return ``x`` limited to tensors. See :func:`clamp`."""
    return np.minimum(np.maximum(x, low), high)


@primitive(
    kind="elementwise", finite=True, symbol="max({0}, {1})",
    x=lambda g, x, y: where(x >= y, g, 0), y=lambda g, x, y: where(x < y, g, 0),
)  # fmt: skip
def clamp_low(x: Any, y: Any) -> Any:
    """Return ``x``, at least the tensor ``y``. See :func:`clamp`."""
    return np.maximum(x, y)


@primitive(
    kind="elementwise", finite=True, symbol="min({0}, {1})",
    x=lambda g, x, y: where(x <= y, g, 0), y=lambda g, x, y: where(x > y, g, 0),
)  # fmt: skip
def clamp_high(x: Any, y: Any) -> Any:
    """Return ``x``, at most the tensor ``y``. See :func:`clamp`."""
    return np.minimum(x, y)


_NUMBERS = (int, float, np.generic)


@composed
def clamp(x: Any, min: Any = None, max: Any = None) -> Any:
    """Return ``x`` limited to the interval from ``min`` to ``max``: numbers, tensors, or None for no limit.

    Edges: at a limit the gradient passes to ``x``; beyond, it goes to the limit if that is a tensor. Where ``min`` is
    above ``max`` the value is ``max``. NaN stays NaN, with the gradient 0.

    Raises:
        ValueError: neither limit is given.

    >>> import glassgrad as gg
    >>> gg.clamp(gg.tensor([-2.0, 0.5, 2.0]), min=-1, max=1)
    tensor([-1. ,  0.5,  1. ])
    """
    if min is None and max is None:
        raise ValueError("clamp: give min, max or both")
    if (min is None or isinstance(min, _NUMBERS)) and (max is None or isinstance(max, _NUMBERS)):
        return clamp_between(x, *_whole_limits(x, min, max))
    if min is None:
        return clamp_high(x, max)
    return clamp_low(x, min) if max is None else clamp_tensors(x, min, max)


def _whole_limits(x: Any, low: Any, high: Any) -> Any:
    """Return both limits; a missing one is infinite, or for integers the largest or smallest there is."""
    if low is not None and high is not None:
        return low, high
    dtype = getattr(x, "dtype", None)
    if dtype is None or dtype.kind == "f" or isinstance(low, float) or isinstance(high, float):
        return (-np.inf if low is None else low), (np.inf if high is None else high)
    limits = (False, True) if dtype.kind == "b" else (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))
    return (limits[0] if low is None else low), (limits[1] if high is None else high)


@composed
def clamp_min(x: Any, min: Any) -> Any:
    """Return ``x``, at least ``min``: a number or a tensor. See :func:`clamp`.

    >>> import glassgrad as gg
    >>> gg.clamp_min(gg.tensor([-2.0, 0.5]), 0)
    tensor([0. , 0.5])
    """
    return clamp(x, min=min)


@composed
def clamp_max(x: Any, max: Any) -> Any:
    """Return ``x``, at most ``max``: a number or a tensor. See :func:`clamp`.

    >>> import glassgrad as gg
    >>> gg.clamp_max(gg.tensor([-2.0, 0.5]), 0)
    tensor([-2.,  0.])
    """
    return clamp(x, max=max)


@primitive(
    kind="elementwise", cost=3, finite=True, symbol="nan_to_num {0}", x=lambda g, x: where(isfinite(x), g, 0)
)  # fmt: skip
def nan_to_num(x: Any, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """Return ``x`` with NaN and infinities replaced by numbers; None is the largest or smallest of the dtype.

    Edges: what was replaced gets the gradient 0.

    >>> import glassgrad as gg
    >>> gg.nan_to_num(gg.tensor([1.0, float("nan"), float("inf")]), posinf=9.0)
    tensor([1., 0., 9.])
    """
    return np.nan_to_num(x, nan=0.0 if nan is None else nan, posinf=posinf, neginf=neginf)


# -- signs ----------------------------------------------------------------------------------------------------


@primitive(
    kind="elementwise", finite=True, ufunc=np.copysign, symbol="copysign({0}, {1})",
    x=lambda g, x, out: g * (sign_primitive(x) * sign_primitive(out)), y=lambda g: 0 * g,
)  # fmt: skip
def copysign(x: Any, y: Any) -> Any:
    """Return the magnitude of ``x`` with the sign of ``y``, zeros included.

    Edges: the derivative by ``x`` is 0 where ``x`` is 0; that by ``y`` is 0.

    >>> import glassgrad as gg
    >>> gg.copysign(gg.tensor([1.0, -2.0]), gg.tensor([-0.0, 3.0]))
    tensor([-1.,  2.])
    """


@primitive(
    kind="elementwise", cost=2, finite=True, symbol="heaviside({0}, {1})",
    x=lambda g: 0 * g, values=lambda g, x: where(x == 0, g, 0),
)  # fmt: skip
def heaviside(x: Any, values: Any) -> Any:
    """Return 0 where ``x`` is negative, 1 where it is positive, and ``values`` where it is 0.

    Edges: NaN gives 0. The derivative by ``x`` is 0; that by ``values`` is 1 where ``x`` is 0. (PyTorch has none.)

    >>> import glassgrad as gg
    >>> gg.heaviside(gg.tensor([-1.5, 0.0, 2.0]), 0.5)
    tensor([0. , 0.5, 1. ])
    """
    return np.where(np.equal(x, 0), values, np.greater(x, 0))


# PyTorch's other names.
clip, fix = clamp, trunc
