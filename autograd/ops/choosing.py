"""Values chosen by their position along an axis, and the pairs (values, indices) that such operations return."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .axes import axis_of
from .indexing import getitem
from .shaping import squeeze

__all__: list[str] = []


class Extremum(NamedTuple):
    """Values and where they were found."""

    values: Any
    indices: Any


class Bounds(NamedTuple):
    """The smallest and the largest values."""

    min: Any
    max: Any


def plain(values: Any) -> Any:
    """Return integers or bools as an array, whether they came as a tensor or not."""
    return np.asarray(values)


def chosen(x: Any, indices: Any, dim: Any) -> Any:
    """Return the elements of ``x`` that ``indices`` names along ``dim``; only they receive a gradient."""
    where = plain(indices)
    if not where.ndim:
        return getitem(x, ())
    grids = list(np.indices(where.shape, sparse=True))
    grids[axis_of(dim, where.ndim, "choice")] = where
    return getitem(x, tuple(grids))


def chosen_one(x: Any, indices: Any, dim: Any, keepdim: Any) -> Any:
    """Return (values, indices) where ``indices`` names one element along ``dim``, an axis that it has kept."""
    values = chosen(x, indices, dim)
    if keepdim or not x.ndim:
        return Extremum(values, indices)
    return Extremum(squeeze(values, dim), squeeze(indices, dim))


def some(shape: Any, dim: Any, what: Any) -> Any:
    """Return ``dim`` counted from the front.

    Raises:
        ValueError: there is nothing to choose from along it.
    """
    axis = axis_of(dim, len(shape), what)
    if shape and not shape[axis]:
        raise ValueError(f"{what}: shape {shape} has no elements to choose from along dim {dim}")
    return axis
