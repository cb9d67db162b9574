"""Differences of neighbours along an axis, and areas by the trapezoidal rule."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.compose import composed
from .arithmetic import add, divide, multiply, subtract
from .axes import axis_of
from .comparison import not_equal
from .joining import concatenate
from .reduction import sum
from .scan import cumsum, slice_along
from .shaping import reshape, wide

__all__ = ["cumulative_trapezoid", "diff", "trapezoid", "trapz"]


@composed
def diff(x: Any, n: Any = 1, dim: Any = -1, prepend: Any = None, append: Any = None) -> Any:
    """Return the differences of neighbours along ``dim``, taken ``n`` times; of bools, whether they differ.

    Args:
        prepend, append: values joined to ``x`` along ``dim`` before the differences are taken.

    Raises:
        ValueError: ``n`` is negative, ``x`` is a single number, or what is joined has another number of dimensions.

    >>> import glassgrad as gg
    >>> gg.diff(gg.tensor([1.0, 4.0, 9.0]))
    tensor([3., 5.])
    """
    if not x.ndim:
        raise ValueError("diff: x must have at least one dimension")
    if n < 0:
        raise ValueError(f"diff: n must not be negative, but is {n}")
    axis = axis_of(dim, x.ndim, "diff")
    if not n:
        return x
    for name, part in (("prepend", prepend), ("append", append)):
        if part is not None and np.ndim(part) != x.ndim:
            raise ValueError(f"diff: {name} must have {x.ndim} dimensions, as x has, but it has {np.ndim(part)}")
    if prepend is not None or append is not None:
        x = concatenate([part for part in (prepend, x, append) if part is not None], axis)
    minus = not_equal if x.dtype.kind == "b" else subtract
    for _ in range(min(n, x.shape[axis])):
        x = minus(slice_along(x, axis, 1, None), slice_along(x, axis, None, -1))
    return x


def _areas(y: Any, x: Any, dx: Any, dim: Any, what: Any) -> Any:
    """Return twice the areas between neighbours, and the axis."""
    if not y.ndim:
        raise IndexError(f"{what}: y must have at least one dimension")
    axis = axis_of(dim, y.ndim, what)
    y, x = wide(y), wide(x)
    if x is None:
        widths = 1 if dx is None else dx
    else:
        if dx is not None:
            raise TypeError(f"{what}: give either x or dx, not both")
        widths = diff(x, dim=axis if np.ndim(x) == y.ndim else axis - y.ndim if np.ndim(x) > 1 else -1)
        if widths.ndim == 1 and y.ndim > 1:
            widths = reshape(widths, tuple(-1 if i == axis else 1 for i in range(y.ndim)))
    return multiply(widths, add(slice_along(y, axis, 1, None), slice_along(y, axis, None, -1))), axis


@composed(widens=True)
def trapezoid(y: Any, x: Any = None, *, dx: Any = None, dim: Any = -1) -> Any:
    """Return the area under ``y`` along ``dim`` by the trapezoidal rule.

    Args:
        y: the values.
        x: where they were taken: the same number as ``y`` has along ``dim``, or an array that broadcasts.
        dx: their distance (1), where ``x`` is not given.

    >>> import glassgrad as gg
    >>> gg.trapezoid(gg.tensor([1.0, 2.0, 4.0]))
    tensor(4.5)
    """
    areas, axis = _areas(y, x, dx, dim, "trapezoid")
    return divide(sum(areas, axis), 2)


@composed(widens=True)
def cumulative_trapezoid(y: Any, x: Any = None, *, dx: Any = None, dim: Any = -1) -> Any:
    """Return the running area under ``y`` along ``dim`` by the trapezoidal rule. See :func:`trapezoid`.

    >>> import glassgrad as gg
    >>> gg.cumulative_trapezoid(gg.tensor([1.0, 2.0, 4.0]))
    tensor([1.5, 4.5])
    """
    areas, axis = _areas(y, x, dx, dim, "cumulative_trapezoid")
    return divide(cumsum(areas, axis), 2)


# PyTorch's other names.
trapz = trapezoid
