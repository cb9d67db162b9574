"""Logarithms of sums of exponentials, without overflow."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.cost import per_input
from ..core.sums import total
from ..engine.declare import primitive
from .activation import sigmoid
from .comparison import where
from .exponential import exp
from .reduction import expanded, laid_out, reduced

__all__ = ["logaddexp", "logaddexp2", "logsumexp"]

_LN2 = math.log(2.0)


def _gap(x: Any, y: Any) -> Any:
    """Return x − y, and −inf where both are −inf: there is nothing that could grow."""
    gap = x - y
    return where((x < 0) & (gap != gap), x, gap)


@primitive(
    kind="elementwise", cost=5, finite=True, ufunc=np.logaddexp, symbol="log(e^{0} + e^{1})",
    x=lambda g, x, y: g * sigmoid(_gap(x, y)), y=lambda g, x, y: g * sigmoid(_gap(y, x)),
)  # fmt: skip
def logaddexp(x: Any, y: Any) -> Any:
    """Return log(e^x + e^y) without overflow.

    Edges: where both are −inf the derivatives are 0, as those of logsumexp (PyTorch's are NaN); where both are inf
    they are NaN.

    >>> import glassgrad as gg
    >>> gg.logaddexp(gg.tensor([0.0, 100.0]), gg.tensor([0.0, 100.0]))
    tensor([  0.6931, 100.6931])
    """


@primitive(
    kind="elementwise", cost=5, finite=True, ufunc=np.logaddexp2, symbol="log₂(2^{0} + 2^{1})",
    x=lambda g, x, y: g * sigmoid(_gap(x, y) * _LN2), y=lambda g, x, y: g * sigmoid(_gap(y, x) * _LN2),
)  # fmt: skip
def logaddexp2(x: Any, y: Any) -> Any:
    """Return log₂(2^x + 2^y) without overflow.

    Edges: where both are −inf the derivatives are 0, as those of logsumexp (PyTorch's are NaN); where both are inf
    they are NaN.

    >>> import glassgrad as gg
    >>> gg.logaddexp2(gg.tensor([0.0, 100.0]), gg.tensor([0.0, 100.0]))
    tensor([  1., 101.])
    """


@primitive(
    widens=True, cost=per_input(3), symbol="log Σ exp {0}",
    x=lambda g, x, out, dim: _logsumexp_rule(g, x, out, dim),
)  # fmt: skip
def logsumexp(x: Any, dim: Any = None, keepdim: Any = False) -> Any:
    """Return the logarithm of the sum of exponentials over ``dim``, without overflow.

    Edges: of nothing, and where all are −inf, it is −inf. There its gradient is 0 (PyTorch's is NaN).

    >>> import glassgrad as gg
    >>> gg.logsumexp(gg.tensor([100.0, 100.0]))
    tensor(100.6931)
    """
    array = np.asarray(x)
    array = array if array.dtype.kind == "f" else array.astype(np.float64)
    axes = reduced(dim, array.ndim, "logsumexp")
    if not array.size:
        empty = np.sum(array, axis=axes, keepdims=keepdim)
        return np.full(empty.shape, -np.inf, array.dtype)
    top = np.max(array, axis=axes, keepdims=True)
    top = np.where(np.isfinite(top), top, np.zeros((), top.dtype))
    added = total(np.exp(array - top), axes, keepdim)
    with np.errstate(divide="ignore"):
        return np.log(added) + (top if keepdim else top.reshape(np.shape(added)))


def _logsumexp_rule(g: Any, x: Any, out: Any, dim: Any) -> Any:
    safe = where(out == -np.inf, 0, out)
    return expanded(g, x.shape, dim) * exp(x - laid_out(safe, x.shape, dim))
