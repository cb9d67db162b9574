"""Gathering and scattering by index, and choosing by mask.

Reading and writing along one axis are four primitives, each other's rules; everything else here is written with them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..compose import composed
from ..declare import primitive
from ..engine import HANDLES
from .arithmetic import add, divide, multiply
from .axes import axis_of
from .comparison import where
from .indexing import add_elements, add_into, as_values, getitem, same_dtype, write_at
from .shaping import astype, broadcast_to, reshape

__all__ = [
    "argwhere", "diagonal_scatter", "gather", "index_add", "index_copy", "index_fill", "index_reduce", "index_select",
    "masked_fill", "masked_scatter", "masked_select", "nonzero", "put", "scatter", "scatter_add", "scatter_reduce",
    "select_scatter", "slice_scatter", "take", "take_along_axis", "take_along_dim",
]  # fmt: skip

_REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")


# -- along one axis, index by index ----------------------------------------------------------------------------


def _positions(index: Any, shape: Any, dim: Any) -> Any:
    """Return where in the flattened ``shape`` the elements are that ``index`` names along axis ``dim``."""
    positions: Any = 0
    stride = 1
    for axis in reversed(range(len(shape))):
        steps = index if axis == dim else np.arange(index.shape[axis]).reshape((-1,) + (1,) * (len(shape) - 1 - axis))
        positions = positions + steps * stride
        stride *= shape[axis]
    return np.broadcast_to(positions, index.shape)


@primitive(
    kind="linear", index=None, symbol="gather {0}",
    x=lambda g, index, x_shape, dim: scatter_elements_zeros(g, index, x_shape, dim),
)  # fmt: skip
def gather_elements(x: Any, index: Any, dim: Any) -> Any:
    """Return the elements of ``x`` that ``index`` names along ``dim``; the other coordinates are their own."""
    indices = np.asarray(index)
    if not indices.ndim:
        return np.reshape(x, -1)[indices]
    grid = list(np.ogrid[tuple(slice(n) for n in indices.shape)])
    grid[dim] = indices
    return np.asarray(x)[tuple(grid)]


@primitive(
    kind="linear", index=None, symbol="scatter {0}", x=lambda g, index, dim: gather_elements(g, index, dim)
)  # fmt: skip
def scatter_elements_zeros(x: Any, index: Any, shape: Any, dim: Any) -> Any:
    """Return zeros of ``shape`` with the elements of ``x`` added where ``index`` says: the transpose of gathering."""
    result = np.zeros(shape, np.asarray(x).dtype)
    add_elements(result.reshape(-1), _positions(np.asarray(index), shape, dim), np.asarray(x))
    return result


@primitive(
    kind="linear", index=None, symbol="scatter {1} into {0}",
    x=lambda g: g, source=lambda g, index, dim: gather_elements(g, index, dim),
)  # fmt: skip
def scatter_elements_add(x: Any, source: Any, index: Any, dim: Any) -> Any:
    """Return a copy of ``x`` with the elements of ``source`` added where ``index`` says."""
    result = np.array(x, order="C")
    add_elements(result.reshape(-1), _positions(np.asarray(index), result.shape, dim), np.asarray(source))
    return result


@primitive(
    kind="linear", index=None, symbol="scatter {1} into {0}",
    x=lambda g, index, dim: scatter_elements(g, np.zeros(index.shape, g.dtype), index, dim),
    source=lambda g, index, dim, x_shape: where(
        last_writes(index, x_shape, dim), gather_elements(g, index, dim), 0
    ),
)  # fmt: skip
def scatter_elements(x: Any, source: Any, index: Any, dim: Any) -> Any:
    """Return a copy of ``x`` with the elements of ``source`` written where ``index`` says; the last one stays."""
    result = np.array(x, order="C")
    flat: Any = result.reshape(-1)
    flat[_positions(np.asarray(index), result.shape, dim).reshape(-1)] = np.reshape(source, -1)
    return result


@primitive(kind="index")
def last_writes(index: Any, shape: Any, dim: Any) -> Any:
    """Return which of the elements that a scatter by ``index`` writes are not overwritten by a later one."""
    positions = _positions(np.asarray(index), shape, dim).reshape(-1)
    order = np.arange(positions.size)
    owner = np.empty(math.prod(shape), np.int64)  # read only where it was written
    owner[positions] = order
    return np.reshape(owner[positions] == order, np.shape(index))


# -- reading what the arguments say ----------------------------------------------------------------------------


def _indices(index: Any, what: Any) -> Any:
    """Return the values of an index, which must be integers."""
    array = index._array if index.__class__ in HANDLES else np.asarray(index)
    if array.dtype.kind not in "iu":
        if not array.size and isinstance(index, list | tuple):
            return array.astype(np.int64)
        raise TypeError(f"{what}: the index must be integers, not {array.dtype}")
    return array


def _require_in_range(indices: Any, length: Any, what: Any, dim: Any) -> None:
    if indices.size and (indices.min() < 0 or indices.max() >= length):
        bad = int(indices.min()) if indices.min() < 0 else int(indices.max())
        raise IndexError(f"{what}: index {bad} is out of range for dim {dim}, which has size {length}")


def _along(x: Any, dim: Any, index: Any, what: Any) -> Any:
    """Return axis and index of a gather or scatter, checked against the shape of ``x``."""
    indices = _indices(index, what)
    axis = axis_of(dim, x.ndim, what)
    if indices.ndim != x.ndim and (max(indices.ndim, 1) != max(x.ndim, 1)) and indices.size:
        raise ValueError(
            f"{what}: the index of shape {indices.shape} must have as many dimensions as the tensor of shape {x.shape}"
        )
    shape = x.shape or (1,)
    if indices.size and any(n > m for i, (n, m) in enumerate(zip(indices.shape or (1,), shape, strict=True))
                            if i != axis):  # fmt: skip
        raise ValueError(
            f"{what}: the index of shape {indices.shape} is larger than the tensor of shape {x.shape} in a dimension "
            f"other than dim {dim}"
        )
    _require_in_range(indices, shape[axis], what, dim)
    return axis, indices


def _source(x: Any, source: Any, indices: Any, what: Any) -> Any:
    """Return what is scattered, cut to the shape of the index, or a number repeated to it."""
    if not hasattr(source, "dtype") and not isinstance(source, list | tuple):
        return broadcast_to(as_values(source, x, what), indices.shape)
    values = same_dtype(source, x, what)
    if tuple(values.shape) == indices.shape:
        return values
    if values.ndim != indices.ndim or any(n > m for n, m in zip(indices.shape, values.shape, strict=True)):
        if not indices.size:
            return np.zeros(indices.shape, x.dtype)
        if max(values.ndim, 1) == max(indices.ndim, 1) and math.prod(values.shape) == indices.size == 1:
            return reshape(values, indices.shape)
        raise ValueError(
            f"{what}: the source of shape {tuple(values.shape)} is smaller than the index of shape {indices.shape}"
        )
    return getitem(values, tuple(slice(n) for n in indices.shape))


def _scatter(write: Any, x: Any, values: Any, indices: Any, axis: Any) -> Any:
    """Run a scattering primitive, for which numbers have one axis."""
    if not indices.size:
        return add(x, np.zeros((), x.dtype)) if x.dtype.kind == "f" else getitem(x, ...)
    if x.ndim:
        return write(x, values, indices, axis)
    return reshape(write(reshape(x, (1,)), reshape(values, (1,)), indices.reshape(1), 0), ())


# -- gathering -------------------------------------------------------------------------------------------------


@composed
def gather(x: Any, dim: Any, index: Any) -> Any:
    """Return elements chosen along ``dim``: for two axes and dim 0, ``out[i, j] = x[index[i, j], j]``.

    ``index`` has as many axes as ``x``; along the others it may be shorter, and then names the leading part of ``x``.

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
    axis, indices = _along(x, dim, index, "gather")
    if not x.ndim:
        return reshape(gather_elements(reshape(x, (1,)), indices.reshape(-1), 0), indices.shape)
    if not indices.size:
        return getitem(reshape(x, (-1,)), np.zeros(indices.shape, np.int64))
    return gather_elements(x, indices.reshape(indices.shape or (1,)), axis) if indices.ndim else reshape(
        gather_elements(x, indices.reshape(1), axis), ()
    )  # fmt: skip


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
    chosen = _indices(indices, "take_along_dim")
    if dim is None:
        return take(x, chosen.reshape(-1))
    axis = axis_of(dim, x.ndim, "take_along_dim")
    if chosen.ndim != x.ndim:
        raise ValueError(
            f"take_along_dim: indices of shape {chosen.shape} must have as many dimensions as the tensor of shape "
            f"{x.shape}"
        )
    if not x.ndim:
        return reshape(getitem(reshape(x, (1,)), chosen.reshape(1)), ())
    length = x.shape[axis]
    chosen = np.where(chosen < 0, chosen + length, chosen)
    _require_in_range(chosen, length, "take_along_dim", dim)
    others = [tuple(1 if i == axis else n for i, n in enumerate(shape)) for shape in (tuple(x.shape), chosen.shape)]
    try:
        common = np.broadcast_shapes(*others)
    except ValueError:
        raise ValueError(
            f"take_along_dim: shapes {x.shape} and {chosen.shape} do not broadcast in the dimensions other than {dim}"
        ) from None
    wide = tuple(length if i == axis else n for i, n in enumerate(common))
    chosen = np.broadcast_to(chosen, tuple(chosen.shape[axis] if i == axis else n for i, n in enumerate(common)))
    return gather_elements(x if tuple(x.shape) == wide else broadcast_to(x, wide), chosen, axis)


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
    indices = _indices(index, "take")
    count = math.prod(x.shape)
    _require_in_range(np.where(indices < 0, indices + count, indices), count, "take (flattened)", 0)
    return getitem(reshape(x, (-1,)) if x.ndim != 1 else x, indices)


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
    axis, indices = _slices(x, dim, index, "index_select")
    if not x.ndim:
        if indices.size != 1:
            raise ValueError(f"index_select: a 0-d tensor needs an index of one element, not {indices.size}")
        return getitem(x, ())
    return getitem(x, (slice(None),) * axis + (indices,))


def _slices(x: Any, dim: Any, index: Any, what: Any) -> Any:
    """Return axis and index (of one axis) of an operation on whole slices, checked."""
    indices = _indices(index, what)
    axis = axis_of(dim, x.ndim, what)
    if indices.ndim > 1:
        raise ValueError(f"{what}: the index must have one dimension, not shape {indices.shape}")
    _require_in_range(indices, x.shape[axis] if x.ndim else 1, what, dim)
    return axis, indices.reshape(-1)


# -- writing slices --------------------------------------------------------------------------------------------


def _into_slices(write: Any, x: Any, dim: Any, index: Any, source: Any, what: Any) -> Any:
    axis, indices = _slices(x, dim, index, what)
    values = same_dtype(source, x, what)
    shape = tuple(values.shape)
    if not x.ndim or not shape:
        wide, shape = x.shape or (1,), shape or (1,)
    else:
        wide = tuple(x.shape)
    expected = (*wide[:axis], indices.size, *wide[axis + 1 :])
    if shape != expected:
        raise ValueError(
            f"{what}: a source of shape {tuple(values.shape)} does not fit; for an index of {indices.size} elements "
            f"along dim {dim} of a tensor of shape {x.shape} it must have shape {expected}"
        )
    place = (slice(None),) * axis + (indices,)
    if x.ndim:
        return write(x, reshape(values, expected), place)
    return reshape(write(reshape(x, (1,)), reshape(values, expected), place), ())


@composed
def index_add(x: Any, dim: Any, index: Any, source: Any, alpha: Any = 1) -> Any:
    """Return a copy of ``x`` with ``alpha`` times the slices of ``source`` added at those that ``index`` names.

    ``source`` has the shape of ``x``, but along ``dim`` the length of ``index``.

    Edges: a slice named several times receives every contribution; negative indices are refused.

    Raises:
        IndexError: an index is negative or too large.
        ValueError: the shape of ``source`` does not fit.
        TypeError: ``source`` has another dtype than ``x``.

    >>> import glassgrad as gg
    >>> gg.index_add(gg.zeros(3), 0, gg.tensor([0, 2, 2]), gg.tensor([1.0, 2.0, 3.0]))
    tensor([1., 0., 5.])
    """
    if alpha.__class__ is float and x.dtype.kind != "f":
        raise TypeError(f"index_add: alpha={alpha} is a fraction, which a tensor of dtype {x.dtype} cannot hold")
    values = same_dtype(source, x, "index_add")
    return _into_slices(add_into, x, dim, index, values if alpha == 1 else multiply(values, alpha), "index_add")


@composed
def index_copy(x: Any, dim: Any, index: Any, source: Any) -> Any:
    """Return a copy of ``x`` with the slices of ``source`` written at those that ``index`` names along ``dim``.

    Edges: where a slice is named several times the last is written, and it alone gets the gradient (PyTorch leaves
    open which one is written); negative indices are refused.

    Raises:
        IndexError: an index is negative or too large.
        ValueError: the shape of ``source`` does not fit.
        TypeError: ``source`` has another dtype than ``x``.

    >>> import glassgrad as gg
    >>> gg.index_copy(gg.zeros(3), 0, gg.tensor([2, 0]), gg.tensor([1.0, 2.0]))
    tensor([2., 0., 1.])
    """
    return _into_slices(write_at, x, dim, index, source, "index_copy")


@composed
def index_fill(x: Any, dim: Any, index: Any, value: Any) -> Any:
    """Return a copy of ``x`` with the slices that ``index`` names along ``dim`` filled with one number.

    Edges: the gradient of ``value`` is the sum over all that was filled; negative indices count from the end.

    Raises:
        IndexError: an index is out of range.
        ValueError: ``value`` is not a single number.

    >>> import glassgrad as gg
    >>> gg.index_fill(gg.zeros(2, 3), 1, gg.tensor([0, 2]), 7)
    tensor([[7., 0., 7.],
            [7., 0., 7.]])
    """
    indices = _indices(index, "index_fill")
    length = x.shape[axis_of(dim, x.ndim, "index_fill")] if x.ndim else 1
    axis, indices = _slices(x, dim, np.where(indices < 0, indices + length, indices), "index_fill")
    values = _number(value, x, "index_fill")
    if not indices.size:
        return getitem(x, ...)
    if not x.ndim:
        return add_into(x * 0, values, ())
    # Each slice once, so that none of the writes is overwritten and the number's gradient is the sum over all of them.
    return write_at(x, values, (slice(None),) * axis + (np.unique(indices),))


def _number(value: Any, x: Any, what: Any) -> Any:
    if np.ndim(value):
        raise ValueError(f"{what}: the value must be a single number, not of shape {np.shape(value)}")
    return as_values(value, x, what)


@composed
def index_reduce(x: Any, dim: Any, index: Any, source: Any, reduce: Any, include_self: Any = True) -> Any:
    """Return a copy of ``x`` with the slices of ``source`` reduced into those that ``index`` names along ``dim``.

    Args:
        reduce: ``"prod"``, ``"mean"``, ``"amax"`` or ``"amin"``.
        include_self: whether what is in ``x`` takes part; if not, it is replaced wherever something is reduced.

    Edges: as :func:`scatter_reduce`.

    Raises:
        IndexError: an index is negative or too large.
        ValueError: the shape of ``source`` does not fit, or ``reduce`` is none of these.

    >>> import glassgrad as gg
    >>> gg.index_reduce(gg.ones(2), 0, gg.tensor([0, 0]), gg.tensor([3.0, 4.0]), "prod")
    tensor([12.,  1.])
    """
    axis, indices = _slices(x, dim, index, "index_reduce")
    shape = tuple(source.shape) if hasattr(source, "shape") else np.shape(source)
    expected = (*x.shape[:axis], indices.size, *x.shape[axis + 1 :]) if x.ndim else shape
    if shape != expected:
        raise ValueError(
            f"index_reduce: a source of shape {shape} does not fit; for an index of {indices.size} elements along dim "
            f"{dim} of a tensor of shape {x.shape} it must have shape {expected}"
        )
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise ValueError(f"index_reduce: reduce must be 'prod', 'mean', 'amax' or 'amin', not {reduce!r}")
    spread = indices.reshape((-1,) + (1,) * (len(shape) - 1 - axis)) if shape else indices.reshape(())
    return scatter_reduce(x, dim, np.broadcast_to(spread, shape), source, reduce, include_self=include_self)


# -- scattering ------------------------------------------------------------------------------------------------


@composed
def scatter(x: Any, dim: Any, index: Any, src: Any = None, *, value: Any = None, reduce: Any = None) -> Any:
    """Return a copy of ``x`` with ``src`` written along ``dim`` where ``index`` says: the way back of :func:`gather`.

    For two axes and dim 0, ``out[index[i, j], j] = src[i, j]``. ``src`` may be a number, and may be larger than the
    index: its leading part is read.

    Args:
        reduce: ``"add"`` adds, ``"multiply"`` multiplies what is there; None overwrites it.

    Edges: where a place is named several times the last source in row-major order is written, and it alone gets the
    gradient: that is the derivative of what was computed. PyTorch leaves open which one is written and gives the
    gradient to all of them.

    Raises:
        IndexError: an index is negative or too large.
        ValueError: the shapes do not fit, or ``reduce`` is neither.
        TypeError: ``src`` has another dtype than ``x``.

    >>> import glassgrad as gg
    >>> gg.scatter(gg.zeros(2, 2), 1, gg.tensor([[1], [0]]), gg.tensor([[5.0], [6.0]]))
    tensor([[0., 5.],
            [6., 0.]])
    """
    source = value if src is None else src
    if source is None:
        raise TypeError("scatter: give src, a tensor or a number")
    axis, indices = _along(x, dim, index, "scatter")
    if reduce == "multiply":
        return _multiplied(x, _source(x, source, indices, "scatter"), indices, axis)
    if reduce not in (None, "add"):
        raise ValueError(f"scatter: reduce must be 'add', 'multiply' or None, not {reduce!r}")
    if reduce is None and not hasattr(source, "dtype") and not isinstance(source, list | tuple) and x.ndim:
        return scatter_elements(x, np.full(indices.shape, as_values(source, x, "scatter")), indices, axis) if (
            indices.size
        ) else getitem(x, ...)  # fmt: skip
    write = scatter_elements if reduce is None else scatter_elements_add
    return _scatter(write, x, _source(x, source, indices, "scatter"), indices, axis)


@composed
def scatter_add(x: Any, dim: Any, index: Any, src: Any) -> Any:
    """Return a copy of ``x`` with ``src`` added along ``dim`` where ``index`` says; see :func:`scatter`.

    Edges: a place named several times receives every contribution.

    Raises:
        IndexError: an index is negative or too large.
        ValueError: the shapes do not fit.
        TypeError: ``src`` has another dtype than ``x``.

    >>> import glassgrad as gg
    >>> gg.scatter_add(gg.zeros(3), 0, gg.tensor([0, 2, 2]), gg.tensor([1.0, 2.0, 3.0]))
    tensor([1., 0., 5.])
    """
    axis, indices = _along(x, dim, index, "scatter_add")
    return _scatter(scatter_elements_add, x, _source(x, src, indices, "scatter_add"), indices, axis)


@composed
def scatter_reduce(x: Any, dim: Any, index: Any, src: Any, reduce: Any, *, include_self: Any = True) -> Any:
    """Return a copy of ``x`` with ``src`` reduced into the places along ``dim`` that ``index`` names.

    Args:
        reduce: ``"sum"``, ``"prod"``, ``"mean"``, ``"amax"`` or ``"amin"``.
        include_self: whether what is in ``x`` takes part; if not, it is replaced wherever something is reduced.

    Edges: extrema that tie share the gradient equally, what is in ``x`` included. The gradient of a product is that of
    its other factors, also where some are 0. A mean of integers is rounded down.

    Raises:
        IndexError: an index is negative or too large.
        ValueError: the shapes do not fit, or ``reduce`` is none of these.
        TypeError: ``src`` has another dtype than ``x``.

    >>> import glassgrad as gg
    >>> gg.scatter_reduce(gg.zeros(2), 0, gg.tensor([0, 0, 1]), gg.tensor([1.0, 3.0, -2.0]), "amax")
    tensor([3., 0.])
    """
    if reduce not in _REDUCTIONS:
        raise ValueError(f"scatter_reduce: reduce must be one of {', '.join(_REDUCTIONS)}, not {reduce!r}")
    axis, indices = _along(x, dim, index, "scatter_reduce")
    values = _source(x, src, indices, "scatter_reduce")
    if not indices.size:
        return _scatter(None, x, values, indices, axis)
    if not x.ndim:
        one = _reduced(reshape(x, (1,)), reshape(values, (1,)), indices.reshape(1), 0, reduce, include_self)
        return reshape(one, ())
    return _reduced(x, values, indices, axis, reduce, include_self)


def _reduced(x: Any, values: Any, indices: Any, axis: Any, reduce: Any, include_self: Any) -> Any:
    if reduce in ("amax", "amin"):
        return extremum_elements(x, values, indices, reduce == "amax", bool(include_self), axis)
    touched = scatter_elements_zeros(np.ones(indices.shape, np.int64), indices, tuple(x.shape), axis)
    if not include_self:
        x = where(touched > 0, np.asarray(1 if reduce == "prod" else 0, x.dtype), x)
    if reduce == "prod":
        return _multiplied(x, values, indices, axis)
    total = scatter_elements_add(x, values, indices, axis)
    if reduce == "sum":
        return total
    count = np.maximum(touched + 1 if include_self else touched, 1)
    if x.dtype.kind == "f":
        return divide(total, count.astype(x.dtype))
    mean = np.floor_divide(total._array if total.__class__ in HANDLES else total, count.astype(x.dtype))
    return astype(add(x * 0, mean), x.dtype)


def _multiplied(x: Any, values: Any, indices: Any, axis: Any) -> Any:
    """Return ``x`` with ``values`` multiplied in, so that every gradient is a product of the other factors.

    The factors of each place are multiplied in pairs, the results again, until one is left: as many rounds as the
    largest number of them has binary digits. No division, so zeros need no cases of their own.
    """
    if not indices.size:
        return getitem(x, ...)
    shape = tuple(x.shape)
    place = _positions(indices.reshape(indices.shape or (1,)), shape or (1,), axis).reshape(-1)
    order = np.argsort(place, kind="stable")
    place = place[order]
    factors = getitem(reshape(values, (-1,)), order)
    while True:
        starts = np.flatnonzero(np.concatenate(([True], place[1:] != place[:-1])))
        if starts.size == place.size:
            break
        rank = np.arange(place.size) - np.repeat(starts, np.diff(starts, append=place.size))
        left = np.flatnonzero(rank % 2 == 0)
        right = np.minimum(left + 1, place.size - 1)
        paired = (place[right] == place[left]) & (right > left)
        product = multiply(getitem(factors, left[paired]), getitem(factors, right[paired]))
        factors = write_at(getitem(factors, left), product, (np.flatnonzero(paired),))
        place = place[left]
    flat = reshape(x, (-1,))
    return reshape(write_at(flat, multiply(getitem(flat, place), factors), (place,)), shape)


def _extremum_rule(
    g: Any, x: Any, source: Any, index: Any, out: Any, dim: Any, include_self: Any, need: Any
) -> Any:  # fmt: skip
    shape = tuple(x.shape)
    mine = x == out
    if not include_self:
        touched = scatter_elements_zeros(np.ones(index.shape, np.int64), index, shape, dim)
        mine = where(touched > 0, False, mine)
    theirs = source == gather_elements(out, index, dim)
    share = astype(mine, g.dtype) + scatter_elements_zeros(astype(theirs, g.dtype), index, shape, dim)
    shared = g / where(share == 0, 1, share)
    return (
        shared * astype(mine, g.dtype) if need[0] else None,
        gather_elements(shared, index, dim) * astype(theirs, g.dtype) if need[1] else None,
        None,
    )


@primitive(inputs=("x", "source", "index"), index=None, symbol="scatter {1} into {0}", joint=_extremum_rule)
def extremum_elements(x: Any, source: Any, index: Any, largest: Any, include_self: Any, dim: Any) -> Any:
    """Return a copy of ``x`` with the largest (or smallest) of what ``source`` brings to each place."""
    result = np.array(x, order="C")
    flat: Any = result.reshape(-1)
    indices, values = np.asarray(index), np.asarray(source)
    positions = _positions(indices, result.shape, dim).reshape(-1)
    if not include_self:
        lowest: Any = -np.inf if largest else np.inf
        if result.dtype.kind == "b":
            lowest = not largest
        elif result.dtype.kind != "f":
            lowest = getattr(np.iinfo(result.dtype), "min" if largest else "max")
        flat[positions] = lowest
    (np.maximum if largest else np.minimum).at(flat, positions, values.reshape(-1).astype(flat.dtype, copy=False))
    return result


# -- parts of one axis -----------------------------------------------------------------------------------------


def _written_part(x: Any, src: Any, place: Any, shape: Any, what: Any) -> Any:
    values = same_dtype(src, x, what)
    if tuple(values.shape) != shape:
        raise ValueError(f"{what}: a source of shape {tuple(values.shape)} does not fit; it must have shape {shape}")
    return write_at(x, values, place)


@composed
def select_scatter(x: Any, src: Any, dim: Any, index: Any) -> Any:
    """Return a copy of ``x`` in which slice ``index`` along ``dim`` is ``src``.

    Raises:
        IndexError: there is no such slice.
        ValueError: ``src`` does not have the shape of the slice.

    >>> import glassgrad as gg
    >>> gg.select_scatter(gg.zeros(2, 2), gg.ones(2), 0, 1)
    tensor([[0., 0.],
            [1., 1.]])
    """
    axis = axis_of(dim, x.ndim, "select_scatter")
    if not x.ndim or not -x.shape[axis] <= index < x.shape[axis]:
        raise IndexError(f"select_scatter: shape {x.shape} has no slice {index} along dim {dim}")
    rest = (*x.shape[:axis], *x.shape[axis + 1 :])
    return _written_part(x, src, (slice(None),) * axis + (int(index),), rest, "select_scatter")


@composed
def slice_scatter(
    x: Any, src: Any, dim: Any = 0, start: Any = None, end: Any = None, step: Any = 1
) -> Any:  # fmt: skip
    """Return a copy of ``x`` in which ``x[start:end:step]`` along ``dim`` is ``src``.

    Raises:
        ValueError: ``src`` does not have the shape of the slice, or ``step`` is not positive.

    >>> import glassgrad as gg
    >>> gg.slice_scatter(gg.zeros(4), gg.ones(2), start=1, end=3)
    tensor([0., 1., 1., 0.])
    """
    axis = axis_of(dim, x.ndim, "slice_scatter")
    if step <= 0:
        raise ValueError(f"slice_scatter: step must be positive, not {step}")
    part = slice(start, end, step)
    shape = (*x.shape[:axis], len(range(*part.indices(x.shape[axis]))), *x.shape[axis + 1 :])
    return _written_part(x, src, (slice(None),) * axis + (part,), shape, "slice_scatter")


@composed
def diagonal_scatter(x: Any, src: Any, offset: Any = 0, dim1: Any = 0, dim2: Any = 1) -> Any:
    """Return a copy of ``x`` in which a diagonal of the axes ``dim1`` and ``dim2`` is ``src``; its axis comes last.

    Raises:
        ValueError: ``src`` does not have the shape of the diagonal.

    >>> import glassgrad as gg
    >>> gg.diagonal_scatter(gg.zeros(2, 2), gg.ones(2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    first, second = axis_of(dim1, x.ndim, "diagonal_scatter"), axis_of(dim2, x.ndim, "diagonal_scatter")
    if first == second:
        raise ValueError(f"diagonal_scatter: dim1 and dim2 are both {dim1}; a diagonal runs through two dimensions")
    rows, columns = x.shape[first], x.shape[second]
    length = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    others = [i for i in range(x.ndim) if i not in (first, second)]
    shape = (*(x.shape[i] for i in others), length)
    # Open grids on every axis put the axes of the result in the order of the grids: the diagonal last.
    place: list[Any] = [None] * x.ndim
    for position, axis in enumerate(others):
        place[axis] = np.arange(x.shape[axis]).reshape((-1,) + (1,) * (len(others) - position))
    place[first], place[second] = np.arange(length) - min(offset, 0), np.arange(length) + max(offset, 0)
    return _written_part(x, src, tuple(place), shape, "diagonal_scatter")


@composed
def put(x: Any, index: Any, source: Any, accumulate: Any = False) -> Any:
    """Return a copy of ``x`` with ``source`` written at the places that ``index`` names in the flattened tensor.

    With ``accumulate`` it is added there.

    Edges: negative indices count from the end; of several writes to one place the last stays and gets the gradient.

    Raises:
        IndexError: an index is out of range.
        ValueError: ``index`` and ``source`` have different numbers of elements.

    >>> import glassgrad as gg
    >>> gg.put(gg.zeros(2, 2), gg.tensor([0, 3]), gg.tensor([5.0, 6.0]))
    tensor([[5., 0.],
            [0., 6.]])
    """
    indices = _indices(index, "put")
    values = same_dtype(source, x, "put")
    count = math.prod(x.shape)
    if math.prod(values.shape) != indices.size:
        raise ValueError(f"put: {indices.size} indices need as many values, not shape {tuple(values.shape)}")
    places = np.where(indices < 0, indices + count, indices).reshape(-1)
    _require_in_range(places, count, "put (flattened)", 0)
    write = add_into if accumulate else write_at
    return reshape(write(reshape(x, (-1,)), reshape(values, (-1,)), (places,)), x.shape)


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
    filling = _number(value, x, "masked_fill")
    _common(x, chosen, "masked_fill")
    return where(chosen, filling, x)


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


@primitive(kind="index")
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


# NumPy's name.
take_along_axis = take_along_dim
