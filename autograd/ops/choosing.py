"""Values chosen by their position along an axis, and the pairs (values, indices) that such operations return."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..core.cost import per_input
from ..engine.declare import primitive
from .axes import axis_of
from .indexing import getitem
from .scattering import gather_elements
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


def outside_graph(values: Any) -> Any:
    """Return integers or bools as an array, whether they came as a tensor or not."""
    return np.asarray(getattr(values, "_array", values))


@primitive(
    kind="linear", cost=0, index=None, symbol="pick {0}",
    x=lambda g, index, x_shape, dim: place_elements(g, index, x_shape, dim),
)  # fmt: skip
def pick_elements(x: Any, index: Any, dim: Any) -> Any:
    """Return the elements of ``x`` that ``index`` names along ``dim``, none of them twice.

    So its transpose writes where gathering in general has to add, which takes several times as long.
    """
    return np.take_along_axis(x, index, dim)


@primitive(
    kind="linear", cost=per_input(), index=None, symbol="place {0}",
    x=lambda g, index, dim: pick_elements(g, index, dim),
)  # fmt: skip
def place_elements(x: Any, index: Any, shape: Any, dim: Any) -> Any:
    """Return zeros of ``shape`` with the elements of ``x`` where ``index`` says: the transpose of picking."""
    result = np.zeros(shape, np.asarray(x).dtype)
    np.put_along_axis(result, np.asarray(index), np.asarray(x), dim)
    return result


def chosen(x: Any, indices: Any, dim: Any, distinct: bool = True) -> Any:
    """Return the elements of ``x`` that ``indices`` names along ``dim``; only they receive a gradient.

    Args:
        distinct: no element is chosen twice.
    """
    if not x.ndim:
        return getitem(x, ())
    return (pick_elements if distinct else gather_elements)(x, indices, axis_of(dim, x.ndim, "choice"))


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
