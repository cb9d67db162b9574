"""Reading parts of a tensor by index, and writing or adding into copies of it: NumPy's indices, every kind."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.cost import per_input
from ..core.primitive import REGISTRY
from ..core.sums import DOUBLE, HALF
from ..engine.compose import composed
from ..engine.declare import primitive
from ..engine.values import HANDLES

__all__ = ["index_put", "index_update"]

_GENERAL_LIMIT = 64  # elements below which NumPy's general accumulation is as fast as finding a better way


# -- what an index is ------------------------------------------------------------------------------------------


def index_of_arrays(index: Any) -> Any:
    """Return an index with the tensors in it replaced by arrays or integers, and lists by arrays."""
    if index.__class__ in HANDLES:
        array = index._array
        if array.dtype.kind == "f":
            raise TypeError(f"an index must be integers or bools, not {array.dtype}")
        return array if array.ndim or array.dtype.kind == "b" else int(array)
    if isinstance(index, tuple):
        return tuple(index_of_arrays(i) for i in index)
    if isinstance(index, list):
        array = np.asarray([index_of_arrays(i) for i in index])
        return array if array.size else array.astype(np.int64)
    return np.asarray(index) if isinstance(index, np.ndarray) and index.__class__ is not np.ndarray else index


def selects_once(index: Any) -> Any:
    """Return whether the kinds of items in ``index`` alone show that it selects no element twice."""
    items = index if isinstance(index, tuple) else (index,)
    chosen = [i for i in items if isinstance(i, list | np.ndarray | np.bool_ | bool)]
    return not chosen or (len(chosen) == 1 and np.asarray(chosen[0]).dtype.kind == "b")


# -- adding where an index points ------------------------------------------------------------------------------


def add_at(buffer: Any, g: Any, index: Any) -> Any:
    """Add ``g`` into ``buffer`` at ``index``; positions that occur several times receive every contribution.

    ``numpy.add.at`` is fast on one axis only, so whole rows are added as the elements they consist of. The sums are
    made in float64, for there may be any number of contributions to a place.
    """
    if selects_once(index):
        buffer[index] += g
    elif _is_short(g, buffer) or not buffer.flags.c_contiguous or not _add_rows(buffer, g, index):
        add_one_by_one(buffer, g, index)


def _is_short(values: Any, buffer: Any) -> Any:
    """Return whether so little is added that one by one it is as fast and as exact."""
    return np.size(values) < _GENERAL_LIMIT and buffer.dtype != HALF


def add_one_by_one(buffer: Any, g: Any, index: Any) -> Any:
    """Add as ``numpy.add.at`` does, for any index; many numbers, and half precision, in float64."""
    if buffer.dtype.kind == "f" and buffer.dtype != DOUBLE and not _is_short(g, buffer):
        added = buffer.astype(DOUBLE)
        np.add.at(added, index, g)
        buffer[...] = added
    else:
        np.add.at(buffer, index, g)


def add_elements(flat_buffer: Any, positions: Any, values: Any) -> Any:
    """Add ``values`` into an array of one axis at ``positions``, of the same shape, which may repeat."""
    _add_repeated(flat_buffer.reshape(1, -1, 1), positions.reshape(-1), values.reshape(1, -1, 1))


def _add_repeated(rows: Any, positions: Any, values: Any) -> None:
    """Add ``values``, of shape (before, n, after), into ``rows`` at n positions of the middle axis."""
    n = positions.size
    if _is_short(values, rows):
        index: Any = (slice(None), positions)
        np.add.at(rows, index, values)
        return
    before, size, after = rows.shape
    if rows.size <= 2 * values.size and rows.dtype.kind == "f":
        rows += _counted(positions, values, size).astype(rows.dtype, copy=False)
        return
    # The memory of `last` is read only where it was written, so the cost is that of the positions, not of all rows.
    order = np.arange(n)
    last = np.empty(size, np.int64)
    last[positions] = order
    owners = last[positions]
    own = owners == order
    if own.all():
        rows[:, positions] += values
    elif rows.dtype.kind == "f":
        rows[:, positions[own]] += _counted(owners, values, n)[:, own].astype(rows.dtype, copy=False)
    else:
        np.add.at(rows.reshape(-1), _elements(positions, before, size, after), values.reshape(-1))


def _elements(positions: Any, before: Any, size: Any, after: Any) -> Any:
    """Return where, in an array of shape (before, size, after), the elements of the rows ``positions`` lie."""
    if before == after == 1:
        return positions
    outer = np.arange(before)[:, None] * size + positions if before > 1 else positions
    return ((outer * after)[..., None] + np.arange(after)).reshape(-1) if after > 1 else outer.reshape(-1)


def _counted(positions: Any, values: Any, size: Any) -> Any:
    """Return zeros of shape (before, size, after) with ``values`` added in float64: counting takes them for weights."""
    before, _, after = values.shape
    places = _elements(positions, before, size, after)
    return np.bincount(places, values.reshape(-1), before * size * after).reshape(before, size, after)


def _add_rows(buffer: Any, g: Any, index: Any) -> Any:
    """Add for an index of integer arrays on consecutive axes, whole axes before and after; say whether it was one."""
    items = index if isinstance(index, tuple) else (index,)
    if any(i is Ellipsis for i in items):
        return False
    whole = [isinstance(i, slice) and i == slice(None) for i in items]
    lead = whole.index(False)
    arrays = [np.asarray(i) for i, skipped in zip(items[lead:], whole[lead:], strict=True) if not skipped]
    if any(whole[lead : lead + len(arrays)]) or any(a.dtype.kind not in "iu" for a in arrays):
        return False
    shape = buffer.shape
    axes = shape[lead : lead + len(arrays)]
    before, size, after = shape[:lead], math.prod(axes), math.prod(shape[lead + len(arrays) :])
    positions: Any = np.zeros((), np.int64)
    for array, n in zip(arrays, axes, strict=True):
        positions = positions * n + np.where(array < 0, array + n, array)
    values = np.broadcast_to(g, (*before, *positions.shape, *shape[lead + len(arrays) :]))
    values = values.reshape(math.prod(before), positions.size, after)
    _add_repeated(buffer.reshape(math.prod(before), size, after), positions.reshape(-1), values)
    return True


# -- reading ---------------------------------------------------------------------------------------------------


@primitive(
    kind="linear", cost=0, symbol="{0}[…]", x=lambda g, index, x_shape: index_add_zeros(g, index, x_shape),
    accumulate={"x": lambda buffer, g, index: add_at(buffer, g, index)},
)  # fmt: skip
def getitem(x: Any, index: Any) -> Any:
    """Return ``x[index]``: basic, integer-array, boolean and mixed indices, as NumPy's.

    The gradient is added into one buffer for all reads of the same tensor, so its cost is linear in what was read.

    Edges: an element chosen several times receives the sum of the gradients; one that is not chosen receives 0.

    Raises:
        IndexError: the index does not fit the shape.

    >>> import glassgrad as gg
    >>> gg.tensor([1, 2, 3])[1:]
    tensor([2, 3])
    """
    if index.__class__ is np.ndarray and index.dtype.kind in "iu" and x.__class__ is np.ndarray and x.ndim > 1:
        return x.take(index, 0)  # the same, but whole rows are copied faster
    return x[index]


@primitive(kind="linear", cost=per_input(), symbol="scatter {0}", x=lambda g, index: getitem(g, index))
def index_add_zeros(x: Any, index: Any, shape: Any) -> Any:
    """Return zeros of ``shape`` with ``x`` added at ``index``: the transpose of reading there."""
    buffer = np.zeros(shape, np.asarray(x).dtype)
    add_at(buffer, np.asarray(x), index)
    return buffer


# -- writing into a copy ---------------------------------------------------------------------------------------


def _in_order(index: Any) -> Any:
    """Return the index with its arrays laid out in C order, in which NumPy then writes: so the last one wins."""
    if isinstance(index, tuple):
        return tuple(map(_in_order, index))
    return np.ascontiguousarray(index) if isinstance(index, np.ndarray) and index.ndim else index


def fit(g: Any, shape: Any) -> Any:
    """Return the gradient of values that were broadcast from ``shape`` into the place they were written to."""
    extra = len(shape) - len(g.shape)
    if extra > 0:  # NumPy lets values have more leading axes of size 1 than the place
        return fit(REGISTRY["reshape"].function(g, (1,) * extra + tuple(g.shape)), shape)
    return g if tuple(g.shape) == tuple(shape) else REGISTRY["sum_to"].function(g, shape)


def written_last(index: Any, shape: Any) -> Any:
    """Return a mask over ``x[index]``, true where a write to that place was not overwritten by a later one."""
    if selects_once(index):
        return None
    owner = np.empty(shape, np.int64)
    order = np.arange(owner[index].size).reshape(owner[index].shape)
    owner[index] = order
    kept = owner[index] == order
    return None if kept.all() else kept


def _read_written(g: Any, index: Any, shape: Any) -> Any:
    kept = written_last(index, shape)
    read = getitem(g, index)
    return read if kept is None else REGISTRY["where"].function(kept, read, 0)


@primitive(
    kind="linear", cost=0, symbol="write {1} into {0}", x=lambda g, index: write_at(g, np.zeros((), g.dtype), index),
    values=lambda g, index, x_shape, values_shape: fit(_read_written(g, index, x_shape), values_shape),
)  # fmt: skip
def write_at(x: Any, values: Any, index: Any) -> Any:
    """Return a copy of ``x`` with ``values``, which broadcast, written at ``index``."""
    result = np.array(x, order="C")
    if selects_once(index):
        result[index] = values
    else:
        result[index] = np.ascontiguousarray(values) if np.ndim(values) else values
    return result


@primitive(
    kind="linear", cost=per_input(), symbol="add {1} into {0}", x=lambda g: g,
    values=lambda g, index, values_shape: fit(getitem(g, index), values_shape),
)  # fmt: skip
def add_into(x: Any, values: Any, index: Any) -> Any:
    """Return a copy of ``x`` with ``values``, which broadcast, added at ``index``; repeated places add up."""
    result = np.array(x, order="C")
    added = np.asarray(values)
    if added.shape[:1] == (1,):
        # As for an assignment, there may be more axes of size 1 in front than the place has.
        added = added.reshape(added.shape[max(added.ndim - result[index].ndim, 0) :])
    add_at(result, added, index)
    return result


def as_values(values: Any, x: Any, what: Any) -> Any:
    """Return what is to be written into ``x`` in its dtype; only fractions into integers are refused.

    Raises:
        TypeError: ``x`` holds integers or bools, and the values are floating-point.
    """
    if values.__class__ is float and x.dtype.kind == "f":
        return values  # every operation gives a number the dtype of the tensor that it meets
    if not hasattr(values, "dtype"):
        values = np.asarray(values)
    if values.dtype == x.dtype:
        return values
    if values.dtype.kind not in "fiub":
        raise TypeError(f"{what}: values of dtype {values.dtype} cannot be stored in a tensor")
    if values.dtype.kind == "f" and x.dtype.kind != "f":
        raise TypeError(f"{what}: values of dtype {values.dtype} cannot be stored in a tensor of dtype {x.dtype}")
    if values.__class__ not in HANDLES:
        return np.asarray(values).astype(x.dtype)
    return REGISTRY["astype"].function(values, x.dtype)


@composed
def index_update(x: Any, index: Any, values: Any) -> Any:
    """Return a copy of ``x`` in which ``x[index] = values``; what is assignment elsewhere is a value here.

    Any of NumPy's indices will do: slices, integers, arrays, masks, tensors, and tuples of them. ``values`` broadcast
    and take the dtype of ``x``. ``x`` gets the gradient with 0 where it was overwritten, ``values`` the gradient there.

    Edges: where an integer index names a place several times the last of the values, in row-major order, is written,
    and only it gets the gradient; PyTorch leaves open which one is written, and gives the gradient to all of them.

    Raises:
        IndexError: the index does not fit the shape.
        ValueError: the values do not broadcast to the shape of ``x[index]``.
        TypeError: floating-point values for a tensor of integers.

    >>> import glassgrad as gg
    >>> gg.index_update(gg.zeros(3), slice(1, None), gg.tensor([1.0, 2.0]))
    tensor([0., 1., 2.])
    """
    place = _in_order(index_of_arrays(index))
    try:
        return write_at(x, as_values(values, x, "index_update"), place)
    except (ValueError, IndexError) as error:
        raise _reworded(error, "index_update", "write_at") from None


def _reworded(error: Exception, what: str, inner: str) -> Exception:
    return type(error)(str(error).replace(f"{inner}: ", f"{what}: ", 1))


@composed
def index_put(x: Any, indices: Any, values: Any, accumulate: Any = False) -> Any:
    """Return a copy of ``x`` in which ``x[indices] = values``, or with ``accumulate`` ``x[indices] += values``.

    ``indices`` is a tuple of tensors of integers or one of bools, for the first axes of ``x``.

    Edges: with ``accumulate`` a place that is named several times receives every value; without, the last one, which
    alone gets the gradient (PyTorch leaves it open).

    Raises:
        IndexError: an index is out of range.
        ValueError: the values do not broadcast to the shape of ``x[indices]``.
        TypeError: ``indices`` is not a tuple or list, or the values have another dtype than ``x``.

    >>> import glassgrad as gg
    >>> gg.index_put(gg.zeros(3), (gg.tensor([0, 0, 2]),), gg.tensor(1.0), accumulate=True)
    tensor([2., 0., 1.])
    """
    if not isinstance(indices, tuple | list):
        raise TypeError(f"index_put: indices must be a tuple of tensors, not {type(indices).__name__}")
    place = _in_order(index_of_arrays(tuple(slice(None) if i is None else i for i in indices)))
    write, inner = (add_into, "add_into") if accumulate else (write_at, "write_at")
    try:
        return write(x, same_dtype(values, x, "index_put"), place)
    except (ValueError, IndexError) as error:
        raise _reworded(error, "index_put", inner) from None


def same_dtype(values: Any, x: Any, what: Any) -> Any:
    """Return ``values`` if they have the dtype of ``x``; numbers and lists take it.

    Raises:
        TypeError: the dtypes differ.
    """
    if hasattr(values, "dtype") and not isinstance(values, np.generic) and values.dtype != x.dtype:
        raise TypeError(
            f"{what}: the values have dtype {values.dtype} and the tensor {x.dtype}; convert one with .astype(dtype)"
        )
    return as_values(values if hasattr(values, "dtype") else np.asarray(values), x, what)
