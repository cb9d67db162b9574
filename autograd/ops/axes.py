"""Reading the arguments that name axes and shapes: ``dim``, ``shape`` and sizes."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

__all__: list[str] = []


def as_shape(shape: Any, what: Any) -> Any:
    """Return ``shape`` as a tuple of ints; a single int stands for one axis."""
    try:
        if isinstance(shape, int | np.integer):
            return (int(shape),)
        return tuple(operator.index(n) for n in shape)
    except TypeError:
        raise TypeError(f"{what}: a shape is a tuple of integers, not {shape!r}") from None


def listed(args: Any, named: Any = None) -> Any:
    """Return numbers that were given as one tuple, one by one, or by name."""
    if named is not None:
        return named
    return tuple(args[0]) if len(args) == 1 and isinstance(args[0], tuple | list) else args


def as_integer(value: Any, name: Any, what: Any) -> Any:
    """Return ``value`` as an int.

    Raises:
        TypeError: it is not a single integer.
    """
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{what}: {name} must be a single integer, not {value!r}") from None


def axis_of(dim: Any, ndim: Any, what: Any) -> Any:
    """Return axis ``dim`` counted from the front. A single number has one axis, 0 or −1, as PyTorch sees it."""
    try:
        position = operator.index(dim)
    except TypeError:
        raise TypeError(f"{what}: a dimension must be an integer, not {type(dim).__name__}") from None
    if not -max(ndim, 1) <= position < max(ndim, 1):
        raise IndexError(f"{what}: dimension {position} is out of range for a tensor of {ndim} dimensions")
    return position % max(ndim, 1)


def axes_of(dim: Any, ndim: Any, what: Any) -> Any:
    """Return the axes that ``dim`` names, as a tuple counted from the front: None is all, a number has none.

    Raises:
        ValueError: an axis is named twice.
        IndexError: there is no such axis.
    """
    if dim is None:
        return tuple(range(ndim))
    dims = dim if isinstance(dim, tuple | list) else (dim,)
    axes = tuple(axis_of(d, ndim, what) for d in dims)
    if len(set(axes)) != len(axes):
        raise ValueError(f"{what}: a dimension appears twice in dim={dim}")
    return axes if ndim else ()
