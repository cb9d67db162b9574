"""Arithmetic: what ``+ - * / **`` do. Operands broadcast as NumPy's do."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from ..declare import primitive
from .comparison import where
from .elementwise import log

__all__ = ["add", "div", "divide", "mul", "multiply", "neg", "negative", "power", "square", "sub", "subtract"]


@primitive(
    kind="elementwise", finite=True, ufunc=np.add, scalar=operator.add, symbol="{0} + {1}", x=lambda g: g, y=lambda g: g
)
def add(x: Any, y: Any) -> Any:
    """Return the sum ``x + y``.

    >>> import glassgrad as gg
    >>> gg.add(gg.tensor([1.0, 2.0]), 10)
    tensor([11., 12.])
    """


@primitive(
    kind="elementwise",
    finite=True,
    ufunc=np.subtract,
    scalar=operator.sub,
    symbol="{0} − {1}",
    x=lambda g: g,
    y=lambda g: -g,
)
def subtract(x: Any, y: Any) -> Any:
    """Return the difference ``x - y``.

    >>> import glassgrad as gg
    >>> gg.subtract(gg.tensor([1.0, 2.0]), 1)
    tensor([0., 1.])
    """


@primitive(
    kind="elementwise",
    finite=True,
    ufunc=np.multiply,
    scalar=operator.mul,
    symbol="{0}·{1}",
    x=lambda g, y: g * y,
    y=lambda g, x: g * x,
)
def multiply(x: Any, y: Any) -> Any:
    """Return the elementwise product ``x * y``.

    >>> import glassgrad as gg
    >>> gg.multiply(gg.tensor([1.0, 2.0]), gg.tensor([3.0, 4.0]))
    tensor([3., 8.])
    """


@primitive(
    kind="elementwise", ufunc=np.true_divide, scalar=operator.truediv, symbol="{0}/{1}",
    x=lambda g, y: g / y, y=lambda g, y, out: -g * out / y,
)  # fmt: skip
def divide(x: Any, y: Any) -> Any:
    """Return the quotient ``x / y``; integers give the default dtype. Division by zero gives infinity or NaN.

    >>> import glassgrad as gg
    >>> gg.divide(gg.tensor([1.0, 6.0]), 2)
    tensor([0.5, 3. ])
    """


@primitive(kind="elementwise", finite=True, ufunc=np.negative, scalar=operator.neg, symbol="−{0}", x=lambda g: -g)
def negative(x: Any) -> Any:
    """Return ``-x``.

    >>> import glassgrad as gg
    >>> gg.negative(gg.tensor([1.0, -2.0]))
    tensor([-1.,  2.])
    """


@primitive(
    kind="elementwise", ufunc=np.power, scalar=math.pow, symbol="{0}^{1}", domain=(0.0, math.inf),
    x=lambda g, x, y: g * (y * power(x, where(y == 0, 0, y - 1))),
    y=lambda g, x, y, out: where((x == 0) & (y >= 0), 0 * g, g * (out * log(where((x == 0) & (y >= 0), 1 + 0 * x, x)))),
)  # fmt: skip
def power(x: Any, y: Any) -> Any:
    """Return ``x`` to the power ``y``.

    Negative bases with fractional exponents give NaN. Where ``y`` is 0 the derivative by ``x`` is 0; where ``x`` is 0
    and ``y`` is not negative the derivative by ``y`` is 0 (PyTorch's choices).

    >>> import glassgrad as gg
    >>> gg.power(gg.tensor([1.0, 2.0]), 3)
    tensor([1., 8.])
    """


@primitive(
    kind="elementwise", finite=True, ufunc=np.square, scalar=lambda x: x * x, symbol="{0}²", x=lambda g, x: g * (2 * x)
)
def square(x: Any) -> Any:
    """Return ``x`` times itself.

    >>> import glassgrad as gg
    >>> gg.square(gg.tensor([1.0, -3.0]))
    tensor([1., 9.])
    """


# PyTorch's other names.
sub, mul, div, neg = subtract, multiply, divide, negative
