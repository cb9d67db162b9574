"""Elementwise functions. Every derivative is written in terms of the output where that saves keeping the input."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..engine.declare import primitive
from .comparison import not_equal, where

__all__ = [
    "abs", "absolute", "cbrt", "cos", "deg2rad", "exp", "fmax", "fmin", "hypot", "log", "maximum", "minimum",
    "rad2deg", "reciprocal", "relu", "rsqrt", "sgn", "sigmoid", "sign", "sin", "sinc", "sqrt", "tanh",
]  # fmt: skip


def one_plus_exp(x: Any, sign: float) -> Any:
    """Return 1 + exp(sign·x) in a new array; where that overflows it is infinity, without a warning."""
    e = np.multiply(x, sign)
    into = e if e.__class__ is np.ndarray else None
    with np.errstate(over="ignore"):
        return np.add(np.exp(e, into), 1, into)


def _sigmoid_scalar(x: Any) -> Any:
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


@primitive(kind="elementwise", finite=True, ufunc=np.exp, scalar=math.exp, symbol="exp {0}", x=lambda g, out: g * out)
def exp(x: Any) -> Any:
    """Return e to the power ``x``.

    >>> import glassgrad as gg
    >>> gg.exp(gg.tensor([0.0, 1.0]))
    tensor([1.    , 2.7183])
    """


@primitive(
    kind="elementwise",
    finite=True,
    ufunc=np.log,
    scalar=math.log,
    symbol="log {0}",
    domain=(0.0, math.inf),
    x=lambda g, x: g / x,
)
def log(x: Any) -> Any:
    """Return the natural logarithm; 0 gives −inf, negative numbers NaN.

    >>> import glassgrad as gg
    >>> gg.log(gg.tensor([1.0, 2.0]))
    tensor([0.    , 0.6931])
    """


@primitive(
    kind="elementwise",
    ufunc=np.sqrt,
    scalar=math.sqrt,
    symbol="√{0}",
    domain=(0.0, math.inf),
    x=lambda g, out: g / (2 * out),
)
def sqrt(x: Any) -> Any:
    """Return the square root; negative numbers give NaN. The derivative at 0 is infinite.

    >>> import glassgrad as gg
    >>> gg.sqrt(gg.tensor([4.0, 9.0]))
    tensor([2., 3.])
    """


@primitive(kind="elementwise", finite=True, ufunc=np.sin, scalar=math.sin, symbol="sin {0}", x=lambda g, x: g * cos(x))
def sin(x: Any) -> Any:
    """Return the sine of ``x`` in radians.

    >>> import glassgrad as gg
    >>> gg.sin(gg.tensor([0.0, 1.0]))
    tensor([0.    , 0.8415])
    """


@primitive(kind="elementwise", finite=True, ufunc=np.cos, scalar=math.cos, symbol="cos {0}", x=lambda g, x: -g * sin(x))
def cos(x: Any) -> Any:
    """Return the cosine of ``x`` in radians.

    >>> import glassgrad as gg
    >>> gg.cos(gg.tensor([0.0, 1.0]))
    tensor([1.    , 0.5403])
    """


@primitive(
    kind="elementwise",
    finite=True,
    ufunc=np.tanh,
    scalar=math.tanh,
    symbol="tanh {0}",
    x=lambda g, out: g * (1 - out * out),
)
def tanh(x: Any) -> Any:
    """Return the hyperbolic tangent.

    >>> import glassgrad as gg
    >>> gg.tanh(gg.tensor([0.0, 1.0]))
    tensor([0.    , 0.7616])
    """


@primitive(
    kind="elementwise", finite=True, scalar=_sigmoid_scalar, symbol="σ({0})", x=lambda g, out: g * (out * (1 - out))
)
def sigmoid(x: Any) -> Any:
    """Return the logistic function 1 / (1 + e^−x); its derivative is at most 0.25, at 0.

    Small results are as accurate, relatively, as large ones. Where e^−x overflows to infinity the result is 0, as it
    should be.

    >>> import glassgrad as gg
    >>> gg.sigmoid(gg.tensor([0.0, 2.0]))
    tensor([0.5   , 0.8808])
    """
    denominator = one_plus_exp(x, -1.0)
    return np.true_divide(1, denominator, denominator if denominator.__class__ is np.ndarray else None)


@primitive(kind="elementwise", finite=True, scalar=lambda x: x if x > 0 or x != x else 0.0, symbol="relu {0}",
           x=lambda g, out: where(out > 0, g, 0))  # fmt: skip
def relu(x: Any) -> Any:
    """Return ``max(x, 0)``. The derivative at 0 is taken as 0.

    >>> import glassgrad as gg
    >>> gg.relu(gg.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return np.maximum(x, 0)


def _sign_scalar(x: Any) -> Any:
    return math.copysign(1.0, x) if x < 0 or x > 0 else x + 0.0


@primitive(
    kind="elementwise", finite=True, ufunc=np.sign, scalar=_sign_scalar, symbol="sign {0}", name="sign",
    x=lambda g: 0 * g,
)  # fmt: skip
def plain_sign(x: Any) -> Any:
    """Return −1, 0 or 1 by the sign of each number."""


def sign(x: Any) -> Any:
    """Return −1, 0 or 1 by the sign of each element; bools stay as they are. Its derivative is 0.

    Edges: 0 and −0 give 0, NaN gives NaN (PyTorch: 0); the derivative at 0 is 0 too.

    >>> import glassgrad as gg
    >>> gg.sign(gg.tensor([-3.0, 0.0, 2.0]))
    tensor([-1.,  0.,  1.])
    """
    # NumPy has no sign of bools.
    return not_equal(x, False) if getattr(x, "dtype", None) == np.bool_ else plain_sign(x)


sign.primitive = plain_sign.primitive  # type: ignore[attr-defined]


@primitive(
    kind="elementwise", finite=True, ufunc=np.absolute, scalar=math.fabs, symbol="|{0}|",
    x=lambda g, x: g * plain_sign(x),
)  # fmt: skip
def absolute(x: Any) -> Any:
    """Return the absolute value. The derivative at 0 is taken as 0.

    >>> import glassgrad as gg
    >>> gg.absolute(gg.tensor([-3.0, 2.0]))
    tensor([3., 2.])
    """


@primitive(
    kind="elementwise", finite=True, ufunc=np.maximum,
    scalar=lambda x, y: x if x >= y or x != x else y, symbol="max({0}, {1})",
    x=lambda g, x, y: where(x == y, g / 2, where(x < y, 0, g)),
    y=lambda g, x, y: where(x == y, g / 2, where(y < x, 0, g)),
)  # fmt: skip
def maximum(x: Any, y: Any) -> Any:
    """Return the larger of each pair. Where they are equal each gets half of the gradient. NaN wins.

    >>> import glassgrad as gg
    >>> gg.maximum(gg.tensor([1.0, 5.0]), gg.tensor([3.0, 2.0]))
    tensor([3., 5.])
    """


@primitive(
    kind="elementwise", finite=True, ufunc=np.minimum,
    scalar=lambda x, y: x if x <= y or x != x else y, symbol="min({0}, {1})",
    x=lambda g, x, y: where(x == y, g / 2, where(x > y, 0, g)),
    y=lambda g, x, y: where(x == y, g / 2, where(y > x, 0, g)),
)  # fmt: skip
def minimum(x: Any, y: Any) -> Any:
    """Return the smaller of each pair. Where they are equal each gets half of the gradient. NaN wins.

    >>> import glassgrad as gg
    >>> gg.minimum(gg.tensor([1.0, 5.0]), gg.tensor([3.0, 2.0]))
    tensor([1., 2.])
    """


@primitive(
    kind="elementwise", finite=True, ufunc=np.fmax, symbol="max({0}, {1})",
    x=lambda g, x, y: where((x >= y) | (y != y), g, 0), y=lambda g, x, y: where((x >= y) | (y != y), 0, g),
)  # fmt: skip
def fmax(x: Any, y: Any) -> Any:
    """Return the larger of each pair, or the one that is a number where the other is NaN.

    Edges: the gradient goes to the one that is returned; where they are equal, to ``x``; where both are NaN, to ``x``.

    >>> import glassgrad as gg
    >>> gg.fmax(gg.tensor([1.0, float("nan")]), gg.tensor([3.0, 2.0]))
    tensor([3., 2.])
    """


@primitive(
    kind="elementwise", finite=True, ufunc=np.fmin, symbol="min({0}, {1})",
    x=lambda g, x, y: where((x <= y) | (y != y), g, 0), y=lambda g, x, y: where((x <= y) | (y != y), 0, g),
)  # fmt: skip
def fmin(x: Any, y: Any) -> Any:
    """Return the smaller of each pair, or the one that is a number where the other is NaN.

    Edges: the gradient goes to the one that is returned; where they are equal, to ``x``; where both are NaN, to ``x``.

    >>> import glassgrad as gg
    >>> gg.fmin(gg.tensor([1.0, float("nan")]), gg.tensor([3.0, 2.0]))
    tensor([1., 2.])
    """


# -- powers, exponentials and logarithms ----------------------------------------------------------------------


@primitive(
    kind="elementwise", symbol="1/√{0}", domain=(0.0, math.inf), x=lambda g, out: g * (-0.5 * (out * (out * out))),
)  # fmt: skip
def rsqrt(x: Any) -> Any:
    """Return one over the square root.

    Edges: 0 gives infinity with the derivative −infinity; negative numbers give NaN.

    >>> import glassgrad as gg
    >>> gg.rsqrt(gg.tensor([4.0, 16.0]))
    tensor([0.5 , 0.25])
    """
    return np.true_divide(1, np.sqrt(x))


@primitive(kind="elementwise", scalar=lambda x: 1.0 / x, symbol="1/{0}", x=lambda g, out: -g * (out * out))
def reciprocal(x: Any) -> Any:
    """Return 1 / ``x``; integers give the default dtype.

    Edges: 0 gives infinity, −0 −infinity.

    >>> import glassgrad as gg
    >>> gg.reciprocal(gg.tensor([2, 4]))
    tensor([0.5 , 0.25])
    """
    return np.true_divide(1, x)


@primitive(
    kind="elementwise", ufunc=np.cbrt, symbol="∛{0}", domain=(0.0, math.inf), x=lambda g, out: g / (3 * (out * out))
)
def cbrt(x: Any) -> Any:
    """Return the cube root, which negative numbers have as well.

    Edges: the derivative at 0 is infinite.

    >>> import glassgrad as gg
    >>> gg.cbrt(gg.tensor([8.0, -27.0]))
    tensor([ 2., -3.])
    """


@primitive(
    kind="elementwise", finite=True, ufunc=np.hypot, scalar=math.hypot, symbol="√({0}² + {1}²)",
    x=lambda g, x, out: g * (x / out), y=lambda g, y, out: g * (y / out),
)  # fmt: skip
def hypot(x: Any, y: Any) -> Any:
    """Return the length of the vector (``x``, ``y``), √(x² + y²), without overflow on the way.

    Edges: at the origin there is no derivative, and it is NaN.

    >>> import glassgrad as gg
    >>> gg.hypot(gg.tensor([3.0, 5.0]), gg.tensor([4.0, 12.0]))
    tensor([ 5., 13.])
    """


# -- angles ---------------------------------------------------------------------------------------------------


@primitive(kind="elementwise", finite=True, ufunc=np.deg2rad, scalar=math.radians, symbol="{0}·π/180",
           x=lambda g: g * (math.pi / 180))  # fmt: skip
def deg2rad(x: Any) -> Any:
    """Return an angle in degrees as radians.

    >>> import glassgrad as gg
    >>> gg.deg2rad(gg.tensor([180.0, 90.0]))
    tensor([3.1416, 1.5708])
    """


@primitive(kind="elementwise", finite=True, ufunc=np.rad2deg, scalar=math.degrees, symbol="{0}·180/π",
           x=lambda g: g * (180 / math.pi))  # fmt: skip
def rad2deg(x: Any) -> Any:
    """Return an angle in radians as degrees.

    >>> import glassgrad as gg
    >>> gg.rad2deg(gg.tensor([3.14159265, 0.0]))
    tensor([180.,   0.])
    """


_FEW = 4.0  # below this the series of sinc's derivatives is used


def _sinc_derivative(x: Any, order: int) -> Any:
    """Return the derivative of a given order of sin(πx)/(πx) by x.

    With t = πx and f(t) = sin(t)/t = ∫₀¹ cos(ts) ds the derivative by t is ∫₀¹ sⁿ cos(ts + nπ/2) ds: its Taylor series
    where ``t`` is small, and elsewhere t·f⁽ⁿ⁾ = sin⁽ⁿ⁾(t) − n·f⁽ⁿ⁻¹⁾ (Leibniz's rule on t·f = sin t).
    """
    t = np.atleast_1d(np.asarray(x, np.float64) * math.pi)
    small = np.abs(t) < _FEW + order
    far = np.where(small, 1.0, t)
    result = np.sin(far) / far
    for n in range(1, order + 1):
        result = (np.sin(far + n * (math.pi / 2)) - n * result) / far
    near = t[small]
    series, term = np.zeros_like(near), np.ones_like(near)
    for m in range(40 + 4 * order):
        quarter = (1.0, 0.0, -1.0, 0.0)[(order + m) % 4]  # cos((order + m)π/2)
        series += term * (quarter / (order + m + 1))
        term *= near / (m + 1)
    result[small] = series
    result *= math.pi**order
    return result.reshape(np.shape(x)).astype(np.result_type(x), copy=False)


@primitive(kind="elementwise", finite=True, symbol="sinc^({order})({0})",
           x=lambda g, x, order: g * sinc_derivative(x, order + 1))  # fmt: skip
def sinc_derivative(x: Any, order: Any = 1) -> Any:
    """Return a derivative of :func:`sinc`, by series near 0 so that every order is right there."""
    return _sinc_derivative(x, order)


@primitive(kind="elementwise", finite=True, symbol="sinc {0}", x=lambda g, x: g * sinc_derivative(x, 1))
def sinc(x: Any) -> Any:
    """Return sin(πx) / (πx), which is 1 at 0.

    Edges: the derivatives at 0 are the limits, such as −π²/3 for the second, where PyTorch's second is 0.

    >>> import glassgrad as gg
    >>> gg.sinc(gg.tensor([0.0, 0.5]))
    tensor([1.    , 0.6366])
    """
    return np.sinc(x)


# PyTorch's other names.
abs, sgn = absolute, sign
