"""Exponentials and logarithms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..engine.declare import primitive
from .comparison import where

__all__ = ["exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "xlog1py", "xlogy"]


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


_LN2, _LN10 = math.log(2.0), math.log(10.0)


@primitive(
    kind="elementwise", finite=True, ufunc=np.exp2, scalar=lambda x: math.pow(2.0, x), symbol="2^{0}",
    x=lambda g, out: g * (out * _LN2),
)  # fmt: skip
def exp2(x: Any) -> Any:
    """Return 2 to the power ``x``.

    >>> import glassgrad as gg
    >>> gg.exp2(gg.tensor([3.0, -1.0]))
    tensor([8. , 0.5])
    """


@primitive(
    kind="elementwise", finite=True, ufunc=np.expm1, scalar=math.expm1, symbol="(exp {0} − 1)",
    x=lambda g, out: g * (out + 1),
)  # fmt: skip
def expm1(x: Any) -> Any:
    """Return e^x − 1, accurate for small ``x`` too.

    >>> import glassgrad as gg
    >>> gg.expm1(gg.tensor([0.0, 1.0]))
    tensor([0.    , 1.7183])
    """


@primitive(
    kind="elementwise", finite=True, ufunc=np.log1p, scalar=math.log1p, symbol="log(1 + {0})", domain=(-1.0, math.inf),
    x=lambda g, x: g / (x + 1),
)  # fmt: skip
def log1p(x: Any) -> Any:
    """Return log(1 + x), accurate for small ``x`` too; −1 gives −inf, smaller numbers NaN.

    >>> import glassgrad as gg
    >>> gg.log1p(gg.tensor([0.0, 1.0]))
    tensor([0.    , 0.6931])
    """


@primitive(
    kind="elementwise", finite=True, ufunc=np.log2, scalar=math.log2, symbol="log₂ {0}", domain=(0.0, math.inf),
    x=lambda g, x: g / (x * _LN2),
)  # fmt: skip
def log2(x: Any) -> Any:
    """Return the logarithm to base 2; 0 gives −inf, negative numbers NaN.

    >>> import glassgrad as gg
    >>> gg.log2(gg.tensor([8.0, 0.5]))
    tensor([ 3., -1.])
    """


@primitive(
    kind="elementwise", finite=True, ufunc=np.log10, scalar=math.log10, symbol="log₁₀ {0}", domain=(0.0, math.inf),
    x=lambda g, x: g / (x * _LN10),
)  # fmt: skip
def log10(x: Any) -> Any:
    """Return the logarithm to base 10; 0 gives −inf, negative numbers NaN.

    >>> import glassgrad as gg
    >>> gg.log10(gg.tensor([100.0, 0.1]))
    tensor([ 2., -1.])
    """


def _times_log(log: Any, x: Any, y: Any, harmless: int) -> Any:
    """Return x·log(y), and 0 where ``x`` is 0 and ``y`` is not NaN."""
    if np.all(x):
        return np.multiply(x, log(y))
    idle = np.equal(x, 0) & ~np.isnan(y)
    return np.where(idle, 0, np.multiply(x, log(np.where(idle, harmless, y))))


@primitive(
    kind="elementwise", cost=2, symbol="{0}·log {1}", domain=(0.0, math.inf),
    x=lambda g, x, y: where((x == 0) & (y <= 0), 0, xlogy(g, where((x == 0) & (y <= 0), 1, y))),
    y=lambda g, x, y: g * x / y,
)  # fmt: skip
def xlogy(x: Any, y: Any) -> Any:
    """Return x·log y, and 0 where ``x`` is 0 (unless ``y`` is NaN).

    Edges: where ``x`` is 0 the derivative by it is log y for positive ``y`` and 0 otherwise; that by ``y`` is x/y, so
    NaN at (0, 0).

    >>> import glassgrad as gg
    >>> gg.xlogy(gg.tensor([0.0, 2.0]), gg.tensor([0.0, 1.0]))
    tensor([0., 0.])
    """
    return _times_log(np.log, x, y, 1)


@primitive(
    kind="elementwise", cost=2, symbol="{0}·log(1 + {1})", domain=(0.0, math.inf),
    x=lambda g, x, y: where((x == 0) & (y <= -1), 0, xlog1py(g, where((x == 0) & (y <= -1), 1, y))),
    y=lambda g, x, y: g * x / (y + 1),
)  # fmt: skip
def xlog1py(x: Any, y: Any) -> Any:
    """Return x·log(1 + y), accurate for small ``y``, and 0 where ``x`` is 0 (unless ``y`` is NaN).

    Edges: where ``x`` is 0 the derivative by it is log(1 + y) for ``y`` above −1 and 0 otherwise.

    >>> import glassgrad as gg
    >>> gg.xlog1py(gg.tensor([0.0, 2.0]), gg.tensor([-1.0, 1.0]))
    tensor([0.    , 1.3863])
    """
    return _times_log(np.log1p, x, y, 0)
