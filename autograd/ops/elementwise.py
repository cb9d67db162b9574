"""Elementwise functions. Every derivative is written in terms of the output where that saves keeping the input."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..declare import primitive
from .comparison import where

__all__ = [
    "abs", "absolute", "cos", "exp", "log", "maximum", "minimum", "relu", "sigmoid", "sign", "sin", "sqrt", "tanh",
]  # fmt: skip


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

    Computed as (1 + tanh(x/2)) / 2, which neither overflows nor loses accuracy for large ``|x|`` near 1; small results
    keep an absolute, not a relative, accuracy of one unit of the dtype's rounding.

    >>> import glassgrad as gg
    >>> gg.sigmoid(gg.tensor([0.0, 2.0]))
    tensor([0.5   , 0.8808])
    """
    half = np.multiply(x, 0.5)
    out = np.tanh(half)
    return np.add(np.multiply(out, 0.5), 0.5)


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


@primitive(kind="elementwise", finite=True, ufunc=np.sign, scalar=_sign_scalar, symbol="sign {0}", x=lambda g: 0 * g)
def sign(x: Any) -> Any:
    """Return −1, 0 or 1 by the sign of each element. Its derivative is 0.

    >>> import glassgrad as gg
    >>> gg.sign(gg.tensor([-3.0, 0.0, 2.0]))
    tensor([-1.,  0.,  1.])
    """


@primitive(kind="elementwise", finite=True, ufunc=np.absolute, scalar=abs, symbol="|{0}|", x=lambda g, x: g * sign(x))
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


# PyTorch's other names.
abs = absolute
