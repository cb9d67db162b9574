"""Norms of vectors, and the distance that rests on them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.cost import per_input
from ..core.dtypes import to_dtype
from ..core.sums import total, total_of_products
from ..engine.compose import composed
from ..engine.declare import primitive
from .arithmetic import power, subtract
from .comparison import where
from .elementwise import absolute, sign
from .reduction import expanded, laid_out, reduced, sum
from .shaping import astype, wide

__all__ = ["dist"]


def _power_mean_rule(g: Any, x: Any, out: Any, ord: Any, dim: Any) -> Any:
    """Return g·sign(x)·(|x|/out)^(ord − 1); the norms with a simpler form are written out."""
    shape = x.shape
    if ord == 0:
        return 0 * x
    if ord == 1:
        return expanded(g, shape, dim) * sign(x)
    if math.isinf(ord):
        attained = astype(absolute(x) == laid_out(out, shape, dim), g.dtype)
        count = sum(attained, dim, True)
        return (laid_out(g, shape, dim) / count) * (attained * sign(x))
    safe = where(out == 0, 1, out)
    if ord == 2:
        return laid_out(where(out == 0, 0, g / safe), shape, dim) * x
    top = laid_out(safe, shape, dim)
    counts = (x != 0) & (laid_out(out, shape, dim) != 0)
    ratio = where(counts, absolute(x), top) / top
    return expanded(g, shape, dim) * where(counts, sign(x) * power(ratio, ord - 1), 0)


def _power_mean(array: Any, ord: Any, axes: Any) -> Any:
    """Return (Σ |x|^ord)^(1/ord) with the axes kept."""
    if ord == 2:
        if len(axes) == array.ndim:
            flat = array.ravel("K")
            return np.sqrt(total_of_products(flat, flat, (0,))).reshape((1,) * array.ndim)
        return np.sqrt(total_of_products(array, array, axes, True))
    powers = np.abs(array) if ord == 1 else np.power(np.abs(array), ord)
    added = total(powers, axes, True)
    return added if ord == 1 else np.power(added, 1 / ord)


@primitive(
    widens=True, cost=per_input(3), symbol="‖{0}‖",
    x=lambda g, x, out, ord, dim: _power_mean_rule(g, x, out, ord, dim),
)  # fmt: skip
def power_norm(x: Any, ord: Any = 2, dim: Any = None, keepdim: Any = False) -> Any:
    """Return (Σ |x|^ord)^(1/ord) over ``dim``; see :func:`vector_norm`."""
    array = np.asarray(x)
    array = array if array.dtype.kind == "f" else array.astype(np.float64)
    axes = reduced(dim, array.ndim, "norm")
    shape = tuple(1 if i in axes else n for i, n in enumerate(array.shape))
    if not array.size:
        if (math.isinf(ord) or ord < 0) and math.prod(shape):
            raise ValueError(f"norm: of shape {array.shape} nothing is left over dim {dim}: the norm {ord} needs some")
        result = np.zeros(shape, array.dtype)
    elif ord == 0:
        result = np.count_nonzero(array, axis=axes, keepdims=True).astype(array.dtype)
    elif math.isinf(ord):
        result = (np.max if ord > 0 else np.min)(np.abs(array), axis=axes, keepdims=True)
    else:
        with np.errstate(over="ignore", under="ignore", divide="ignore"):
            result = np.asarray(_power_mean(array, ord, axes), array.dtype)
            # A NaN is no answer to either comparison.
            if ord > 1 and not (result.min() > float(np.finfo(array.dtype).tiny) ** 0.5 and result.max() < np.inf):
                # Squares and higher powers leave the range long before the norm does: measure in units of the largest.
                scale = np.max(np.abs(array), axis=axes, keepdims=True)
                fits = (scale > 0) & (scale < np.inf)
                unit = np.where(fits, scale, np.ones((), scale.dtype))
                result = np.where(fits, unit * _power_mean(array / unit, ord, axes), result).astype(array.dtype)
    return result if keepdim else result.reshape(tuple(n for i, n in enumerate(array.shape) if i not in axes))


@composed
def vector_norm(x: Any, ord: Any = 2, dim: Any = None, keepdim: Any = False, *, dtype: Any = None) -> Any:
    """Return the norm of all elements over ``dim``, seen as a vector: (Σ |x|^ord)^(1/ord).

    Args:
        ord: any number; inf and −inf give the largest and the smallest magnitude, 0 counts what is not 0.
        dtype: in which to compute and return.

    Raises:
        ValueError: of nothing, a norm that is infinite or of negative order.
        TypeError: ``ord`` is not a number.

    Edges: of nothing it is 0. The gradient at the zero vector is 0, also that of ``ord`` 1 where an element is 0, and
    elements that tie in inf and −inf share it equally. Squares that would overflow or vanish are scaled first.

    >>> import glassgrad as gg
    >>> gg.norm(gg.tensor([3.0, -4.0]))
    tensor(5.)
    """
    if isinstance(ord, bool) or not isinstance(ord, int | float | np.integer | np.floating):
        raise TypeError(f"vector_norm: ord must be a number, not {ord!r}")
    return power_norm(x if dtype is None else astype(x, to_dtype(dtype)), ord, dim, keepdim)


@composed(widens=True)
def dist(x: Any, other: Any, p: Any = 2) -> Any:
    """Return the norm of the difference of two tensors, which broadcast, over all elements.

    Edges: see :func:`norm`; where the two are equal the gradient is 0.

    >>> import glassgrad as gg
    >>> gg.dist(gg.tensor([1.0, 2.0]), gg.tensor([4.0, 6.0]))
    tensor(5.)
    """
    return vector_norm(subtract(wide(x), wide(other)), p)
