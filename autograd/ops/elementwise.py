"""Magnitudes, signs and roots; the larger or smaller of two numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..engine.declare import primitive
from .comparison import not_equal, where

__all__ = [
    "abs", "absolute", "cbrt", "fmax", "fmin", "hypot", "maximum", "minimum", "reciprocal", "rsqrt", "sgn", "sign",
    "sqrt",
]  # fmt: skip


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


def _sign_scalar(x: Any) -> Any:
    return math.copysign(1.0, x) if x < 0 or x > 0 else x + 0.0


@primitive(
    kind="elementwise", finite=True, ufunc=np.sign, scalar=_sign_scalar, symbol="sign {0}", name="sign",
    x=lambda g: 0 * g,
)  # fmt: skip
def sign_primitive(x: Any) -> Any:
    """Return −1, 0 or 1 by the sign of each number."""


def sign(x: Any) -> Any:
    """Return −1, 0 or 1 by the sign of each element; bools stay as they are. Its derivative is 0.

    Edges: 0 and −0 give 0, NaN gives NaN (PyTorch: 0); the derivative at 0 is 0 too.

    >>> import glassgrad as gg
    >>> gg.sign(gg.tensor([-3.0, 0.0, 2.0]))
    tensor([-1.,  0.,  1.])
    """
    # NumPy has no sign of bools.
    return not_equal(x, False) if getattr(x, "dtype", None) == np.bool_ else sign_primitive(x)


sign.primitive = sign_primitive.primitive  # type: ignore[attr-defined]


@primitive(
    kind="elementwise", finite=True, ufunc=np.absolute, scalar=math.fabs, symbol="|{0}|",
    x=lambda g, x: g * sign_primitive(x),
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


# -- roots -----------------------------------------------------------------------------------------------------


@primitive(
    kind="elementwise", cost=2, symbol="1/√{0}", domain=(0.0, math.inf),
    x=lambda g, out: g * (-0.5 * (out * (out * out))),
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
    kind="elementwise", cost=4, finite=True, ufunc=np.hypot, scalar=math.hypot, symbol="√({0}² + {1}²)",
    x=lambda g, x, out: g * (x / out), y=lambda g, y, out: g * (y / out),
)  # fmt: skip
def hypot(x: Any, y: Any) -> Any:
    """Return the length of the vector (``x``, ``y``), √(x² + y²), without overflow on the way.

    Edges: at the origin there is no derivative, and it is NaN.

    >>> import glassgrad as gg
    >>> gg.hypot(gg.tensor([3.0, 5.0]), gg.tensor([4.0, 12.0]))
    tensor([ 5., 13.])
    """


# PyTorch's other names.
abs, sgn = absolute, sign
