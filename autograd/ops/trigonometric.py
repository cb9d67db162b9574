"""Trigonometric and hyperbolic functions and their inverses. Angles are in radians."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..engine.declare import primitive
from .comparison import where
from .elementwise import hypot, sqrt

__all__ = [
    "acos", "acosh", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "asin", "asinh", "atan",
    "atan2", "atanh", "cos", "cosh", "deg2rad", "rad2deg", "sin", "sinc", "sinh", "tan", "tanh",
]  # fmt: skip


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
    kind="elementwise", finite=True, ufunc=np.tan, scalar=math.tan, symbol="tan {0}", domain=(-1.5, 1.5),
    x=lambda g, out: g * (1 + out * out),
)  # fmt: skip
def tan(x: Any) -> Any:
    """Return the tangent.

    >>> import glassgrad as gg
    >>> gg.tan(gg.tensor([0.0, 1.0]))
    tensor([0.    , 1.5574])
    """


# Of the square roots below, √((1 − x)(1 + x)) rather than √(1 − x²) keeps its digits near 1.


@primitive(
    kind="elementwise", ufunc=np.arcsin, scalar=math.asin, symbol="asin {0}", domain=(-1.0, 1.0),
    x=lambda g, x: g / sqrt((1 - x) * (1 + x)),
)  # fmt: skip
def asin(x: Any) -> Any:
    """Return the angle between −π/2 and π/2 whose sine is ``x``.

    Edges: NaN outside [−1, 1]; at ±1 the derivative is infinite.

    >>> import glassgrad as gg
    >>> gg.asin(gg.tensor([0.0, 1.0]))
    tensor([0.    , 1.5708])
    """


@primitive(
    kind="elementwise", ufunc=np.arccos, scalar=math.acos, symbol="acos {0}", domain=(-1.0, 1.0),
    x=lambda g, x: -g / sqrt((1 - x) * (1 + x)),
)  # fmt: skip
def acos(x: Any) -> Any:
    """Return the angle between 0 and π whose cosine is ``x``.

    Edges: NaN outside [−1, 1]; at ±1 the derivative is −infinity.

    >>> import glassgrad as gg
    >>> gg.acos(gg.tensor([0.0, 1.0]))
    tensor([1.5708, 0.    ])
    """


@primitive(
    kind="elementwise", finite=True, ufunc=np.arctan, scalar=math.atan, symbol="atan {0}",
    x=lambda g, x: g / (1 + x * x),
)  # fmt: skip
def atan(x: Any) -> Any:
    """Return the angle between −π/2 and π/2 whose tangent is ``x``.

    >>> import glassgrad as gg
    >>> gg.atan(gg.tensor([0.0, 1.0]))
    tensor([0.    , 0.7854])
    """


def _over_square(numerator: Any, x: Any, y: Any) -> Any:
    """Return numerator / (x² + y²), 0 at the origin."""
    squares = x * x + y * y
    return where(squares == 0, 0, numerator / where(squares == 0, 1, squares))


@primitive(
    kind="elementwise", finite=True, ufunc=np.arctan2, scalar=math.atan2, symbol="atan2({0}, {1})",
    x=lambda g, x, y: _over_square(g * y, x, y), y=lambda g, x, y: _over_square(-g * x, x, y),
)  # fmt: skip
def atan2(x: Any, y: Any) -> Any:
    """Return the angle of the vector whose vertical part is ``x`` and whose horizontal part is ``y``, from −π to π.

    The order of the arguments is everybody's: ``atan2(sine, cosine)``.

    Edges: at the origin both derivatives are 0, as PyTorch's; the value there follows the signs of the zeros.

    >>> import glassgrad as gg
    >>> gg.atan2(gg.tensor([1.0, 1.0]), gg.tensor([0.0, -1.0]))
    tensor([1.5708, 2.3562])
    """


@primitive(
    kind="elementwise", finite=True, ufunc=np.sinh, scalar=math.sinh, symbol="sinh {0}", x=lambda g, x: g * cosh(x)
)
def sinh(x: Any) -> Any:
    """Return the hyperbolic sine.

    >>> import glassgrad as gg
    >>> gg.sinh(gg.tensor([0.0, 1.0]))
    tensor([0.    , 1.1752])
    """


@primitive(
    kind="elementwise", finite=True, ufunc=np.cosh, scalar=math.cosh, symbol="cosh {0}", x=lambda g, x: g * sinh(x)
)
def cosh(x: Any) -> Any:
    """Return the hyperbolic cosine.

    >>> import glassgrad as gg
    >>> gg.cosh(gg.tensor([0.0, 1.0]))
    tensor([1.    , 1.5431])
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
    kind="elementwise", finite=True, ufunc=np.arcsinh, scalar=math.asinh, symbol="asinh {0}",
    x=lambda g, x: g / hypot(x, 1),
)  # fmt: skip
def asinh(x: Any) -> Any:
    """Return the inverse of the hyperbolic sine.

    >>> import glassgrad as gg
    >>> gg.asinh(gg.tensor([0.0, 1.0]))
    tensor([0.    , 0.8814])
    """


@primitive(
    kind="elementwise", ufunc=np.arccosh, scalar=math.acosh, symbol="acosh {0}", domain=(1.0, math.inf),
    x=lambda g, x: g / sqrt((x - 1) * (x + 1)),
)  # fmt: skip
def acosh(x: Any) -> Any:
    """Return the inverse of the hyperbolic cosine, the one that is not negative.

    Edges: NaN below 1; at 1 the derivative is infinite.

    >>> import glassgrad as gg
    >>> gg.acosh(gg.tensor([1.0, 2.0]))
    tensor([0.   , 1.317])
    """


@primitive(
    kind="elementwise", finite=True, ufunc=np.arctanh, scalar=math.atanh, symbol="atanh {0}", domain=(-1.0, 1.0),
    x=lambda g, x: g / ((1 - x) * (1 + x)),
)  # fmt: skip
def atanh(x: Any) -> Any:
    """Return the inverse of the hyperbolic tangent.

    Edges: ±1 gives ±infinity, with an infinite derivative; NaN beyond.

    >>> import glassgrad as gg
    >>> gg.atanh(gg.tensor([0.0, 0.5]))
    tensor([0.    , 0.5493])
    """


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


_SERIES_LIMIT = 4.0  # below this the series of sinc's derivatives is used


def _sinc_derivative(x: Any, order: int) -> Any:
    """Return the derivative of a given order of sin(πx)/(πx) by x.

    With t = πx and f(t) = sin(t)/t = ∫₀¹ cos(ts) ds the derivative by t is ∫₀¹ sⁿ cos(ts + nπ/2) ds: its Taylor series
    where ``t`` is small, and elsewhere t·f⁽ⁿ⁾ = sin⁽ⁿ⁾(t) − n·f⁽ⁿ⁻¹⁾ (Leibniz's rule on t·f = sin t).
    """
    t = np.atleast_1d(np.asarray(x, np.float64) * math.pi)
    small = np.abs(t) < _SERIES_LIMIT + order
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
    kind = np.result_type(x)
    return result.reshape(np.shape(x)).astype(kind if kind.kind == "f" else np.float64, copy=False)


@primitive(kind="elementwise", finite=True, symbol="sinc^({order})({0})",
           x=lambda g, x, order: g * sinc_derivative(x, order + 1))  # fmt: skip
def sinc_derivative(x: Any, order: Any = 1) -> Any:
    """Return a derivative of :func:`sinc`, by series near 0 so that every order is right there."""
    return _sinc_derivative(x, order)


@primitive(kind="elementwise", cost=3, finite=True, symbol="sinc {0}", x=lambda g, x: g * sinc_derivative(x, 1))
def sinc(x: Any) -> Any:
    """Return sin(πx) / (πx), which is 1 at 0.

    Edges: the derivatives at 0 are the limits, such as −π²/3 for the second, where PyTorch's second is 0.

    >>> import glassgrad as gg
    >>> gg.sinc(gg.tensor([0.0, 0.5]))
    tensor([1.    , 0.6366])
    """
    return np.sinc(x)


# PyTorch's other names.
arcsin, arccos, arctan, arctan2 = asin, acos, atan, atan2
arcsinh, arccosh, arctanh = asinh, acosh, atanh
