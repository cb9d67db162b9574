"""Tensors side by side: stacks, grids and combinations."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from ..engine.compose import composed
from .arranging import _operand
from .axes import listed
from .indexing import getitem
from .joining import concatenate
from .shaping import broadcast_to, reshape, unsqueeze

__all__ = [
    "atleast_1d", "atleast_2d", "atleast_3d", "broadcast_tensors", "column_stack", "combinations", "dstack", "hstack",
    "meshgrid", "row_stack", "vstack",
]  # fmt: skip


def _each(function: Any, tensors: Any) -> Any:
    if len(tensors) == 1:
        if isinstance(tensors[0], list | tuple) and any(hasattr(x, "dtype") for x in tensors[0]):
            return tuple(function(_operand(x)) for x in tensors[0])
        return function(_operand(tensors[0]))
    return tuple(function(_operand(x)) for x in tensors)


def _at_least_1d(x: Any) -> Any:
    return x if x.ndim else reshape(x, (1,))


def _at_least_2d(x: Any) -> Any:
    return x if x.ndim > 1 else reshape(x, (1, math.prod(x.shape)))


def _at_least_3d(x: Any) -> Any:
    if x.ndim > 2:
        return x
    return unsqueeze(x, 2) if x.ndim == 2 else reshape(x, (1, math.prod(x.shape), 1))


def atleast_1d(*tensors: Any) -> Any:
    """Return each tensor with at least one axis; several, or a list of them, give a tuple.

    >>> import glassgrad as gg
    >>> gg.atleast_1d(gg.tensor(2))
    tensor([2])
    """
    return _each(_at_least_1d, tensors)


def atleast_2d(*tensors: Any) -> Any:
    """Return each tensor with at least two axes, the new ones in front; several, or a list of them, give a tuple.

    >>> import glassgrad as gg
    >>> gg.atleast_2d(gg.tensor([1, 2]))
    tensor([[1, 2]])
    """
    return _each(_at_least_2d, tensors)


def atleast_3d(*tensors: Any) -> Any:
    """Return each tensor with at least three axes; several, or a list of them, give a tuple.

    A vector becomes (1, n, 1), a matrix (m, n, 1), as in NumPy.

    >>> import glassgrad as gg
    >>> gg.atleast_3d(gg.tensor([1, 2])).shape
    (1, 2, 1)
    """
    return _each(_at_least_3d, tensors)


def _some(tensors: Any, what: Any) -> Any:
    parts = [_operand(x) for x in tensors]
    if not parts:
        raise ValueError(f"{what}: the list of tensors is empty")
    return parts


@composed
def hstack(tensors: Any) -> Any:
    """Return tensors joined along columns; vectors along their only axis.

    Raises:
        ValueError: the list is empty or the shapes do not fit.

    >>> import glassgrad as gg
    >>> gg.hstack([gg.tensor([[1], [2]]), gg.tensor([[3], [4]])])
    tensor([[1, 3],
            [2, 4]])
    """
    parts = [_at_least_1d(x) for x in _some(tensors, "hstack")]
    return concatenate(parts, 0 if parts[0].ndim == 1 else 1)


@composed
def vstack(tensors: Any) -> Any:
    """Return tensors joined along rows; vectors are rows.

    Raises:
        ValueError: the list is empty or the shapes do not fit.

    >>> import glassgrad as gg
    >>> gg.vstack([gg.tensor([1, 2]), gg.tensor([3, 4])])
    tensor([[1, 2],
            [3, 4]])
    """
    return concatenate([_at_least_2d(x) for x in _some(tensors, "vstack")], 0)


@composed
def dstack(tensors: Any) -> Any:
    """Return tensors joined along the third axis, which matrices and vectors are given.

    Raises:
        ValueError: the list is empty or the shapes do not fit.

    >>> import glassgrad as gg
    >>> gg.dstack([gg.tensor([1, 2]), gg.tensor([3, 4])])
    tensor([[[1, 3],
             [2, 4]]])
    """
    return concatenate([_at_least_3d(x) for x in _some(tensors, "dstack")], 2)


@composed
def column_stack(tensors: Any) -> Any:
    """Return tensors joined along columns; vectors and numbers are columns.

    Raises:
        ValueError: the list is empty or the shapes do not fit.

    >>> import glassgrad as gg
    >>> gg.column_stack([gg.tensor([1, 2]), gg.tensor([3, 4])])
    tensor([[1, 3],
            [2, 4]])
    """
    parts = _some(tensors, "column_stack")
    return concatenate([x if x.ndim > 1 else reshape(x, (math.prod(x.shape), 1)) for x in parts], 1)


def broadcast_tensors(*tensors: Any) -> Any:
    """Return the tensors repeated without copying to their common shape, as a tuple.

    Raises:
        ValueError: the shapes do not broadcast.

    >>> import glassgrad as gg
    >>> a, b = gg.broadcast_tensors(gg.tensor([1, 2]), gg.tensor([[3], [4]]))
    >>> a.shape, b.shape
    ((2, 2), (2, 2))
    """
    parts = [_operand(x) for x in listed(tensors)]
    try:
        shape = np.broadcast_shapes(*(tuple(x.shape) for x in parts))
    except ValueError:
        shapes = ", ".join(str(tuple(x.shape)) for x in parts)
        raise ValueError(
            f"broadcast_tensors: shapes {shapes} do not broadcast; compared from the right, sizes must be equal or 1"
        ) from None
    return tuple(broadcast_to(x, shape) for x in parts)


def meshgrid(*tensors: Any, indexing: Any = "ij") -> Any:
    """Return coordinates of the grid that vectors span, one tensor for each, without copying.

    Args:
        indexing: ``"ij"``: the axes are those of the vectors in order; ``"xy"``: the first two are exchanged, as for
            pictures.

    Raises:
        ValueError: there is no tensor, one has more than one axis, or ``indexing`` is neither.

    >>> import glassgrad as gg
    >>> rows, columns = gg.meshgrid(gg.arange(2), gg.arange(3), indexing="ij")
    >>> columns
    tensor([[0, 1, 2],
            [0, 1, 2]])
    """
    if indexing not in ("ij", "xy"):
        raise ValueError(f"meshgrid: indexing must be 'ij' or 'xy', not {indexing!r}")
    parts = _some(listed(tensors), "meshgrid")
    if any(x.ndim > 1 for x in parts):
        raise ValueError(f"meshgrid: expected vectors, got shapes {', '.join(str(tuple(x.shape)) for x in parts)}")
    kinds = {x.dtype for x in parts}
    if len(kinds) > 1:
        raise TypeError(f"meshgrid: all tensors must have the same dtype, not {', '.join(sorted(map(str, kinds)))}")
    sizes = [math.prod(x.shape) for x in parts]
    places = list(range(len(parts)))
    if indexing == "xy" and len(parts) > 1:
        places[:2] = 1, 0
    shape = tuple(sizes[places.index(i)] for i in range(len(parts)))
    return tuple(
        broadcast_to(reshape(x, tuple(n if i == place else 1 for i in range(len(parts)))), shape)
        for x, n, place in zip(parts, sizes, places, strict=True)
    )


@composed
def combinations(x: Any, r: Any = 2, with_replacement: Any = False) -> Any:
    """Return all choices of ``r`` elements of a vector, as rows, in the order of :mod:`itertools`.

    Raises:
        ValueError: ``x`` is not a vector, or ``r`` is negative.

    >>> import glassgrad as gg
    >>> gg.combinations(gg.tensor([1, 2, 3])).tolist()
    [[1, 2], [1, 3], [2, 3]]
    """
    if x.ndim != 1 or r < 0:
        raise ValueError(f"combinations: expected a vector and r >= 0, not shape {x.shape} and r={r}")
    if r == 0:
        return getitem(x, slice(0, 0))
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    places = np.array(list(choose(range(x.shape[0]), r)), np.int64).reshape(-1, r)
    return getitem(x, places)


# PyTorch's other names.
row_stack = vstack
