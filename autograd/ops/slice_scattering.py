"""Writing whole slices into a copy: by index, by range, along a diagonal."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..engine.compose import composed
from .arithmetic import multiply
from .axes import axis_of
from .indexing import add_into, getitem, same_dtype, write_at
from .scattering import from_the_front, indices_of, require_in_range, scatter_reduce, single, slices_of
from .shaping import reshape

__all__ = [
    "diagonal_scatter", "index_add", "index_copy", "index_fill", "index_reduce", "put", "select_scatter",
    "slice_scatter",
]  # fmt: skip


def _into_slices(write: Any, x: Any, dim: Any, index: Any, source: Any, what: Any) -> Any:
    axis, indices = slices_of(x, dim, index, what)
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


def _distinct(indices: Any, length: Any) -> Any:
    named = np.zeros(length, np.bool_)
    named[indices] = True
    return np.flatnonzero(named)


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
    indices = indices_of(index, "index_fill")
    length = x.shape[axis_of(dim, x.ndim, "index_fill")] if x.ndim else 1
    axis, indices = slices_of(x, dim, from_the_front(indices, length), "index_fill")
    values = single(value, x, "index_fill")
    if not indices.size:
        return getitem(x, ...)
    if not x.ndim:
        return write_at(x, values, ())
    # Each slice once, so that none of the writes is overwritten and the number's gradient is the sum over all of them.
    return write_at(x, values, (slice(None),) * axis + (_distinct(indices, length),))


@composed(widens=True)
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
    axis, indices = slices_of(x, dim, index, "index_reduce")
    shape = tuple(source.shape) if hasattr(source, "shape") else np.shape(source)
    expected = (*x.shape[:axis], indices.size, *x.shape[axis + 1 :]) if x.ndim else shape
    if shape != expected:
        raise ValueError(
            f"index_reduce: a source of shape {shape} does not fit; for an index of {indices.size} elements along dim "
            f"{dim} of a tensor of shape {x.shape} it must have shape {expected}"
        )
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise ValueError(f"index_reduce: reduce must be 'prod', 'mean', 'amax' or 'amin', not {reduce!r}")
    repeated = indices.reshape((-1,) + (1,) * (len(shape) - 1 - axis)) if shape else indices.reshape(())
    return scatter_reduce(x, dim, np.broadcast_to(repeated, shape), source, reduce, include_self=include_self)


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
    indices = indices_of(index, "put")
    values = same_dtype(source, x, "put")
    count = math.prod(x.shape)
    if math.prod(values.shape) != indices.size:
        raise ValueError(f"put: {indices.size} indices need the same number of values, not shape {tuple(values.shape)}")
    places = from_the_front(indices, count).reshape(-1)
    require_in_range(places, count, "put (flattened)", 0)
    write = add_into if accumulate else write_at
    return reshape(write(reshape(x, (-1,)), reshape(values, (-1,)), (places,)), x.shape)
