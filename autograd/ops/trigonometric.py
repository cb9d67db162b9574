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
    "atan2", "atanh", "cosh", "sinh", "tan",
]  # fmt: skip


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


# PyTorch's other names.
arcsin, arccos, arctan, arctan2 = asin, acos, atan, atan2
arcsinh, arccosh, arctanh = asinh, acosh, atanh
