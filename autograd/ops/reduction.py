"""Sums, means and extrema over axes. ``dim`` may be one axis, a tuple of axes, or None for all."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from ..declare import primitive
from .axes import axes_of, count_of
from .shaping import astype, broadcast_to, reshape

__all__ = ["amax", "amin", "mean", "sum"]


def spread(g: Any, shape: Any, dim: Any) -> Any:
    """Return the gradient of a reduction's result, laid out over the shape that was reduced."""
    kept = [1 if i in axes_of(dim, len(shape), "reduction") else n for i, n in enumerate(shape)]
    return broadcast_to(reshape(g, tuple(kept)), shape)


_MANY = 1024


def accumulator(x: Any, axes: Any) -> Any:
    """Return the dtype in which to add up over ``axes``, or None for NumPy's choice.

    NumPy adds pairwise along the last axis, but one by one along the others, which loses digits of float32 when there
    are many.
    """
    array = np.asarray(x)
    if array.dtype != np.float32 or array.ndim - 1 in axes or math.prod(array.shape[i] for i in axes) <= _MANY:
        return None
    return np.float64


@primitive(kind="linear", symbol="sum {0}", x=lambda g, x_shape, dim: spread(g, x_shape, dim))
def sum(x: Any, dim: Any = None, keepdim: Any = False) -> Any:
    """Return the sum over ``dim``; of nothing it is 0. Bools and integers are summed as int64.

    >>> import glassgrad as gg
    >>> gg.sum(gg.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=0)
    tensor([4., 6.])
    """
    axes = axes_of(dim, np.ndim(x), "sum")
    total = np.sum(x, axis=axes, keepdims=keepdim, dtype=accumulator(x, axes))
    return total.astype(np.int64) if total.dtype.kind == "u" else total


@primitive(
    kind="linear", symbol="mean {0}",
    x=lambda g, x_shape, dim: spread(g / (count_of(x_shape, dim) or 1), x_shape, dim),
)  # fmt: skip
def mean(x: Any, dim: Any = None, keepdim: Any = False) -> Any:
    """Return the arithmetic mean over ``dim``; of nothing it is NaN, with a warning.

    Long float32 sums are accumulated pairwise or in float64; integers give the default dtype.

    >>> import glassgrad as gg
    >>> gg.mean(gg.tensor([[1.0, 2.0], [3.0, 4.0]]), dim=1)
    tensor([1.5, 3.5])
    """
    axes = axes_of(dim, np.ndim(x), "mean")
    if not np.size(x) and not count_of(np.shape(x), dim):
        warnings.warn("mean: the mean of no elements is NaN", RuntimeWarning, stacklevel=2)
        return np.sum(x, axis=axes, keepdims=keepdim) * np.float64("nan")
    return np.mean(x, axis=axes, keepdims=keepdim, dtype=accumulator(x, axes))


def _share(g: Any, x: Any, out: Any, dim: Any) -> Any:
    """Return the gradient of an extremum: shared equally among the elements that attain it."""
    attained = astype(x == spread(out, x.shape, dim), g.dtype)
    count = sum(attained, dim, True)
    return spread(reshape(g, count.shape) / count, x.shape, dim) * attained


@primitive(symbol="max {0}", x=lambda g, x, out, dim: _share(g, x, out, dim))
def amax(x: Any, dim: Any = None, keepdim: Any = False) -> Any:
    """Return the largest element over ``dim``. Elements that tie share the gradient equally.

    Raises:
        ValueError: there is nothing to choose from.

    >>> import glassgrad as gg
    >>> gg.amax(gg.tensor([[1.0, 5.0], [3.0, 4.0]]), dim=0)
    tensor([3., 5.])
    """
    return _extremum(np.max, x, dim, keepdim, "amax")


@primitive(symbol="min {0}", x=lambda g, x, out, dim: _share(g, x, out, dim))
def amin(x: Any, dim: Any = None, keepdim: Any = False) -> Any:
    """Return the smallest element over ``dim``. Elements that tie share the gradient equally.

    Raises:
        ValueError: there is nothing to choose from.

    >>> import glassgrad as gg
    >>> gg.amin(gg.tensor([[1.0, 5.0], [3.0, 4.0]]), dim=0)
    tensor([1., 4.])
    """
    return _extremum(np.min, x, dim, keepdim, "amin")


def _extremum(reduce: Any, x: Any, dim: Any, keepdim: Any, what: Any) -> Any:
    axes = axes_of(dim, np.ndim(x), what)
    shape = np.shape(x)
    if count_of(shape, dim) == 0 and math.prod(n for i, n in enumerate(shape) if i not in axes):
        raise ValueError(f"{what}: shape {shape} has no elements along dim {dim}; the extremum of nothing is undefined")
    if not np.size(x):
        return np.sum(x, axis=axes, keepdims=keepdim)
    return reduce(x, axis=axes, keepdims=keepdim)
