"""Gathering by index, and choosing by mask."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.cost import per_input
from ..engine.compose import composed
from ..engine.declare import primitive
from ..engine.values import HANDLES
from . import comparison
from .axes import axis_of
from .indexing import add_at, add_one_by_one, getitem, index_add_zeros, same_dtype, write_at
from .scattering import along, from_the_front, gather_elements, indices_of, require_in_range, single, slices_of
from .shaping import broadcast_to, reshape

__all__ = [
    "argwhere", "gather", "index_select", "masked_fill", "masked_scatter", "masked_select", "nonzero", "take",
    "take_along_axis", "take_along_dim", "where",
]  # fmt: skip


# -- gathering -------------------------------------------------------------------------------------------------


@composed
def gather(x: Any, dim: Any, index: Any) -> Any:
    """Return elements chosen along ``dim``: for two axes and dim 0, ``out[i, j] = x[index[i, j], j]``.

    ``index`` has the same number of axes as ``x``; along the others it may be shorter, and then names the leading part
    of ``x``.

    Edges: an element named several times receives the sum of the gradients. Negative indices are refused; indexing
    (``x[index]``) and :func:`take_along_dim` count them from the end.

    Raises:
        IndexError: an index is negative or too large.
        ValueError: the shape of the index does not fit.
        TypeError: the index is not integers.

    >>> import glassgrad as gg
    >>> gg.gather(gg.tensor([[1, 2], [3, 4]]), 1, gg.tensor([[0, 0], [1, 0]]))
    tensor([[1, 1],
            [4, 3]])
    """
    axis, indices = along(x, dim, index, "gather")
    if indices.ndim == x.ndim and x.ndim:
        return gather_elements(x, index if index.__class__ in HANDLES else indices, axis)
    # Numbers have one axis here, and an empty index may have any number of them.
    return getitem(reshape(x, (math.prod(x.shape),)), indices)


@composed
def take_along_dim(x: Any, indices: Any, dim: Any = None) -> Any:
    """Return the elements that ``indices`` names along ``dim``, such as ``argsort`` or ``argmax`` give them.

    The other axes broadcast. Without ``dim`` the elements are those of the flattened tensor.

    Edges: negative indices count from the end; an element named several times receives the sum of the gradients.

    Raises:
        IndexError: an index is out of range.
        ValueError: the shapes do not broadcast, or have different numbers of axes.

    >>> import glassgrad as gg
    >>> x = gg.tensor([[3.0, 1.0], [2.0, 4.0]])
    >>> gg.take_along_dim(x, gg.argmax(x, 1, keepdim=True), 1)
    tensor([[3.],
            [4.]])
    """
    chosen = indices_of(indices, "take_along_dim")
    if dim is None:
        return take(x, chosen.reshape(-1))
    axis = axis_of(dim, x.ndim, "take_along_dim")
    if chosen.ndim != x.ndim:
        raise ValueError(
            f"take_along_dim: indices of shape {chosen.shape} must have the same number of dimensions as the tensor of "
            f"shape {x.shape}"
        )
    if not x.ndim:
        return reshape(getitem(reshape(x, (1,)), chosen.reshape(1)), ())
    length = x.shape[axis]
    chosen = from_the_front(chosen, length)
    require_in_range(chosen, length, "take_along_dim", dim)
    others = [tuple(1 if i == axis else n for i, n in enumerate(shape)) for shape in (tuple(x.shape), chosen.shape)]
    try:
        common = np.broadcast_shapes(*others)
    except ValueError:
        raise ValueError(
            f"take_along_dim: shapes {x.shape} and {chosen.shape} do not broadcast in the dimensions other than {dim}"
        ) from None
    wide = tuple(length if i == axis else n for i, n in enumerate(common))
    x = x if tuple(x.shape) == wide else broadcast_to(x, wide)
    place = tuple(chosen.shape[axis] if i == axis else n for i, n in enumerate(common))
    if indices.__class__ in HANDLES and indices._array is chosen and chosen.shape == place:
        return gather_elements(x, indices, axis)
    return gather_elements(x, np.broadcast_to(chosen, place), axis)


def _add_taken(buffer: Any, g: Any, index: Any) -> None:
    if buffer.flags.c_contiguous:
        add_at(buffer.reshape(-1), g, index)
    else:
        add_one_by_one(buffer, g, np.unravel_index(np.where(index < 0, index + buffer.size, index), buffer.shape))


@primitive(
    kind="linear", cost=0, symbol="take {0}",
    x=lambda g, index, x_shape: reshape(index_add_zeros(g, index, (math.prod(x_shape),)), x_shape),
    accumulate={"x": lambda buffer, g, index: _add_taken(buffer, g, index)},
)  # fmt: skip
def take_elements(x: Any, index: Any) -> Any:
    """Return the elements of the flattened ``x`` that ``index`` names, without flattening its gradient."""
    return np.take(x, index)


@composed
def take(x: Any, index: Any) -> Any:
    """Return the elements at the places that ``index`` names in the flattened tensor, in the shape of ``index``.

    Edges: negative indices count from the end; an element named several times receives the sum of the gradients.

    Raises:
        IndexError: an index is out of range.
        TypeError: the index is not integers.

    >>> import glassgrad as gg
    >>> gg.take(gg.tensor([[1, 2], [3, 4]]), gg.tensor([0, -1]))
    tensor([1, 4])
    """
    indices = indices_of(index, "take")
    try:
        return take_elements(x, indices) if x.ndim > 1 else getitem(reshape(x, (-1,)), indices)
    except IndexError:
        raise IndexError(
            f"take: an index is out of range for the {math.prod(x.shape)} elements of shape {tuple(x.shape)}"
        ) from None


@composed
def index_select(x: Any, dim: Any, index: Any) -> Any:
    """Return the slices of ``x`` along ``dim`` that ``index``, of one axis, names.

    Edges: a slice named several times receives the sum of the gradients; negative indices are refused.

    Raises:
        IndexError: an index is negative or too large.
        ValueError: the index has more than one axis.

    >>> import glassgrad as gg
    >>> gg.index_select(gg.tensor([[1, 2], [3, 4]]), 1, gg.tensor([1, 1, 0]))
    tensor([[2, 2, 1],
            [4, 4, 3]])
    """
    axis, indices = slices_of(x, dim, index, "index_select")
    if not x.ndim:
        if indices.size != 1:
            raise ValueError(f"index_select: a 0-d tensor needs an index of one element, not {indices.size}")
        return getitem(x, ())
    return getitem(x, (slice(None),) * axis + (indices,) if axis else indices)


# -- masks -----------------------------------------------------------------------------------------------------


def _mask(mask: Any, what: Any) -> Any:
    array = mask._array if mask.__class__ in HANDLES else np.asarray(mask)
    if array.dtype.kind != "b":
        raise TypeError(f"{what}: the mask must be bools, not {array.dtype}; compare first, as in x > 0")
    return array


def _common(x: Any, mask: Any, what: Any) -> Any:
    """Return tensor and mask, broadcast against each other."""
    try:
        shape = np.broadcast_shapes(tuple(x.shape), mask.shape)
    except ValueError:
        raise ValueError(
            f"{what}: the mask of shape {mask.shape} does not broadcast with a tensor of shape {tuple(x.shape)}"
        ) from None
    return x if tuple(x.shape) == shape else broadcast_to(x, shape), np.broadcast_to(mask, shape)


@composed
def masked_select(x: Any, mask: Any) -> Any:
    """Return the elements where ``mask`` is true, in row-major order, on one axis. The two broadcast.

    Raises:
        TypeError: the mask is not bools.
        ValueError: the shapes do not broadcast.

    >>> import glassgrad as gg
    >>> x = gg.tensor([1.0, -2.0, 3.0])
    >>> gg.masked_select(x, x > 0)
    tensor([1., 3.])
    """
    wide, chosen = _common(x, _mask(mask, "masked_select"), "masked_select")
    return getitem(wide, chosen) if chosen.ndim else reshape(getitem(wide, bool(chosen)), (-1,))


@composed
def masked_fill(x: Any, mask: Any, value: Any) -> Any:
    """Return ``x`` with ``value``, a number, wherever ``mask`` is true. The two broadcast.

    The gradient of ``value``, if it is a tensor, is the sum over all that was filled; what it covers gets none, so a
    NaN there is gone.

    Raises:
        TypeError: the mask is not bools, or a fraction is to be stored in a tensor of integers.
        ValueError: ``value`` is not a single number.

    >>> import glassgrad as gg
    >>> gg.masked_fill(gg.tensor([1.0, 2.0]), gg.tensor([True, False]), -1)
    tensor([-1.,  2.])
    """
    chosen = _mask(mask, "masked_fill")
    if chosen.shape != tuple(x.shape):
        _common(x, chosen, "masked_fill")
    # As they were given where possible: tensors and numbers take the quickest way through `where`.
    plain = value.__class__ in (int, float) and (x.dtype.kind == "f" or value.__class__ is int)
    filling = value if plain and x.dtype.kind != "b" else single(value, x, "masked_fill")
    return comparison.where(mask if mask.__class__ in HANDLES else chosen, filling, x)


@composed
def masked_scatter(x: Any, mask: Any, source: Any) -> Any:
    """Return ``x`` with the leading elements of ``source``, in row-major order, wherever ``mask`` is true.

    Raises:
        TypeError: the mask is not bools, or ``source`` has another dtype.
        ValueError: ``source`` has too few elements.

    >>> import glassgrad as gg
    >>> gg.masked_scatter(gg.zeros(3), gg.tensor([True, False, True]), gg.tensor([5.0, 6.0, 7.0]))
    tensor([5., 0., 6.])
    """
    values = same_dtype(source, x, "masked_scatter")
    wide, chosen = _common(x, _mask(mask, "masked_scatter"), "masked_scatter")
    count = int(np.count_nonzero(chosen))
    if math.prod(values.shape) < count:
        raise ValueError(
            f"masked_scatter: the mask is true {count} times, but source has only {math.prod(values.shape)} elements"
        )
    leading = getitem(reshape(values, (-1,)), slice(count))
    if not chosen.ndim:
        return reshape(leading, ()) if count else getitem(wide, ...)
    return write_at(wide, leading, chosen)


@primitive(kind="index", cost=per_input())
def argwhere(x: Any) -> Any:
    """Return the indices of the elements that are not 0, one row each, in row-major order.

    >>> import glassgrad as gg
    >>> gg.argwhere(gg.tensor([[0, 5], [6, 0]]))
    tensor([[0, 1],
            [1, 0]])
    """
    return np.argwhere(x)


@composed
def nonzero(x: Any, as_tuple: Any = False) -> Any:
    """Return the indices of the elements that are not 0: one row each, or with ``as_tuple`` a tensor for each axis.

    >>> import glassgrad as gg
    >>> gg.nonzero(gg.tensor([0, 3, 4]), as_tuple=True)
    (tensor([1, 2]),)
    """
    rows = argwhere(x if x.ndim or not as_tuple else reshape(x, (1,)))
    return tuple(getitem(rows, (slice(None), i)) for i in range(rows.shape[1])) if as_tuple else rows


def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """Return ``x`` where ``condition`` is true, else ``y``; of a condition alone, where it is true.

    All three broadcast. The gradient goes to the chosen one only; a NaN or infinity in the other does not leak.

    Args:
        condition: bools; other numbers count as true where they are not 0.
        x, y: tensors or numbers; both or neither. Without them the result is that of ``nonzero(condition,
            as_tuple=True)``: one tensor of indices for each axis.

    >>> import glassgrad as gg
    >>> gg.where(gg.tensor([True, False]), gg.tensor([1.0, 2.0]), 0.0)
    tensor([1., 0.])
    >>> gg.where(gg.tensor([False, True, True]))
    (tensor([1, 2]),)
    """
    if x is None and y is None:
        return nonzero(condition, as_tuple=True)
    if x is None or y is None:
        raise TypeError("where: give both x and y, or neither")
    return comparison.where(condition, x, y)


where.primitive = comparison.where.primitive  # type: ignore[attr-defined]


# NumPy's name.
take_along_axis = take_along_dim
