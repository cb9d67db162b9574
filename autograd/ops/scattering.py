"""Writing and adding into copies, by index along an axis: scattering, and whole slices.

Reading and writing along one axis are five primitives, each other's rules; everything else is written with them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.cost import per_input
from ..engine.compose import composed
from ..engine.declare import primitive
from ..engine.values import HANDLES
from .arithmetic import add, divide, multiply
from .axes import axis_of
from .comparison import where
from .indexing import add_elements, add_one_by_one, as_values, getitem, same_dtype, write_at
from .shaping import astype, reshape

__all__ = ["scatter", "scatter_add", "scatter_reduce"]

_LARGE = 1024
_REDUCTIONS = ("sum", "prod", "mean", "amax", "amin")


# -- along one axis, index by index ----------------------------------------------------------------------------


def _positions(index: Any, shape: Any, dim: Any) -> Any:
    """Return where in the flattened ``shape`` the elements are that ``index`` names along axis ``dim``."""
    positions: Any = None
    stride = 1
    for axis in reversed(range(len(shape))):
        steps = index if axis == dim else np.arange(index.shape[axis]).reshape((-1,) + (1,) * (len(shape) - 1 - axis))
        steps = steps if stride == 1 else steps * stride
        positions = steps if positions is None else positions + steps
        stride *= shape[axis]
    return np.broadcast_to(positions, index.shape)


def _add_gathered(buffer: Any, g: Any, index: Any, dim: Any) -> None:
    if buffer.flags.c_contiguous:
        add_elements(buffer.reshape(-1), _positions(np.asarray(index), buffer.shape, dim), np.asarray(g))
    else:
        grid = list(np.ogrid[tuple(slice(n) for n in index.shape)])
        grid[dim] = np.asarray(index)
        add_one_by_one(buffer, g, tuple(grid))


@primitive(
    kind="linear", cost=0, index=None, symbol="gather {0}",
    x=lambda g, index, x_shape, dim: scatter_elements_zeros(g, index, x_shape, dim),
    accumulate={"x": lambda buffer, g, index, dim: _add_gathered(buffer, g, index, dim)},
)  # fmt: skip
def gather_elements(x: Any, index: Any, dim: Any) -> Any:
    """Return the elements of ``x`` that ``index`` names along ``dim``; the other coordinates are their own."""
    array, indices = np.asarray(x), np.asarray(index)
    if indices.size > _LARGE and array.flags.c_contiguous:
        # One index into the flattened array is read several times faster than one for each axis.
        # They were checked before, and are not again.
        return np.take(array.reshape(-1), _positions(indices, array.shape, dim), mode="wrap")
    grid = list(np.ogrid[tuple(slice(n) for n in indices.shape)])
    grid[dim] = indices
    return array[tuple(grid)]


@primitive(
    kind="linear", cost=per_input(), index=None, symbol="scatter {0}",
    x=lambda g, index, dim: gather_elements(g, index, dim),
)  # fmt: skip
def scatter_elements_zeros(x: Any, index: Any, shape: Any, dim: Any) -> Any:
    """Return zeros of ``shape`` with the elements of ``x`` added where ``index`` says: the transpose of gathering."""
    result = np.zeros(shape, np.asarray(x).dtype)
    add_elements(result.reshape(-1), _positions(np.asarray(index), shape, dim), np.asarray(x))
    return result


@primitive(
    kind="linear", cost=per_input(), index=None, symbol="scatter {1} into {0}",
    x=lambda g: g, source=lambda g, index, dim: gather_elements(g, index, dim),
)  # fmt: skip
def scatter_elements_add(x: Any, source: Any, index: Any, dim: Any) -> Any:
    """Return a copy of ``x`` with the elements of ``source`` added where ``index`` says."""
    result = np.array(x, order="C")
    add_elements(result.reshape(-1), _positions(np.asarray(index), result.shape, dim), np.asarray(source))
    return result


@primitive(
    kind="linear", cost=0, index=None, symbol="scatter {1} into {0}",
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


@primitive(kind="index", cost=0)
def last_writes(index: Any, shape: Any = (), dim: Any = 0) -> Any:
    """Return which of the elements that a scatter by ``index`` writes are not overwritten by a later one."""
    positions = _positions(np.asarray(index), shape, dim).reshape(-1)
    order = np.arange(positions.size)
    owner = np.empty(math.prod(shape), np.int64)  # read only where it was written
    owner[positions] = order
    return np.reshape(owner[positions] == order, np.shape(index))


# -- reading what the arguments say ----------------------------------------------------------------------------


def indices_of(index: Any, what: Any) -> Any:
    """Return the values of an index, which must be integers."""
    array = index._array if index.__class__ in HANDLES else np.asarray(index)
    if array.dtype.kind not in "iu":
        if not array.size and isinstance(index, list | tuple):
            return array.astype(np.int64)
        raise TypeError(f"{what}: the index must be integers, not {array.dtype}")
    return array


def from_the_front(indices: Any, length: Any) -> Any:
    """Return indices with those that count from the end counted from the front."""
    return np.where(indices < 0, indices + length, indices) if indices.size and indices.min() < 0 else indices


def require_in_range(indices: Any, length: Any, what: Any, dim: Any) -> None:
    if not indices.size:
        return
    # Read as unsigned, negative numbers are larger than any length: one pass finds both.
    seen = indices.view(f"u{indices.dtype.itemsize}") if indices.dtype.isnative else indices.astype(np.uint64)
    if seen.max() >= length:
        bad = int(indices.min()) if indices.min() < 0 else int(indices.max())
        raise IndexError(f"{what}: index {bad} is out of range for dim {dim}, which has size {length}")


def along(x: Any, dim: Any, index: Any, what: Any) -> Any:
    """Return axis and index of a gather or scatter, checked against the shape of ``x``."""
    indices = indices_of(index, what)
    axis = axis_of(dim, x.ndim, what)
    if indices.ndim != x.ndim and (max(indices.ndim, 1) != max(x.ndim, 1)) and indices.size:
        raise ValueError(
            f"{what}: the index of shape {indices.shape} must have the same number of dimensions as the tensor of "
            f"shape {x.shape}"
        )
    shape = x.shape or (1,)
    if indices.size and any(n > m for i, (n, m) in enumerate(zip(indices.shape or (1,), shape, strict=True))
                            if i != axis):  # fmt: skip
        raise ValueError(
            f"{what}: the index of shape {indices.shape} is larger than the tensor of shape {x.shape} in a dimension "
            f"other than dim {dim}"
        )
    require_in_range(indices, shape[axis], what, dim)
    return axis, indices


def slices_of(x: Any, dim: Any, index: Any, what: Any) -> Any:
    """Return axis and index (of one axis) of an operation on whole slices, checked."""
    indices = indices_of(index, what)
    axis = axis_of(dim, x.ndim, what)
    if indices.ndim > 1:
        raise ValueError(f"{what}: the index must have one dimension, not shape {indices.shape}")
    require_in_range(indices, x.shape[axis] if x.ndim else 1, what, dim)
    return axis, indices.reshape(-1)


def single(value: Any, x: Any, what: Any) -> Any:
    if np.ndim(value):
        raise ValueError(f"{what}: the value must be a single number, not of shape {np.shape(value)}")
    return as_values(value, x, what)


def _source(x: Any, source: Any, indices: Any, what: Any) -> Any:
    """Return what is scattered, cut to the shape of the index, or a number repeated to it."""
    if not hasattr(source, "dtype") and not isinstance(source, list | tuple):
        return np.full(indices.shape, np.asarray(source).astype(x.dtype))  # a fraction loses what x cannot hold
    values = same_dtype(source, x, what)
    shape = tuple(values.shape)
    if shape == indices.shape:
        return values
    if not indices.size or (len(shape) <= 1 and indices.ndim <= 1 and math.prod(shape) and indices.size == 1):
        return reshape(getitem(reshape(values, (-1,)), slice(indices.size)), indices.shape)
    if len(shape) != indices.ndim or any(n > m for n, m in zip(indices.shape, shape, strict=True)):
        raise ValueError(f"{what}: the source of shape {shape} is smaller than the index of shape {indices.shape}")
    return getitem(values, tuple(slice(n) for n in indices.shape))


def _scatter(write: Any, x: Any, values: Any, index: Any, indices: Any, axis: Any, *choices: Any) -> Any:
    """Run a scattering primitive, for which numbers have one axis, and an empty index as many as the tensor."""
    if indices.ndim == x.ndim and x.ndim:
        return write(x, values, index if index.__class__ in HANDLES else indices, *choices, axis)
    shape = (indices.size,) if max(x.ndim, 1) == 1 else (0,) * x.ndim
    result = write(
        x if x.ndim else reshape(x, (1,)), reshape(values, shape), indices.reshape(shape), *choices, axis
    )  # fmt: skip
    return result if x.ndim else reshape(result, ())


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
    axis, indices = along(x, dim, index, "scatter")
    if reduce not in (None, "add", "multiply"):
        raise ValueError(f"scatter: reduce must be 'add', 'multiply' or None, not {reduce!r}")
    write = {None: scatter_elements, "add": scatter_elements_add, "multiply": _multiplied}[reduce]
    return _scatter(write, x, _source(x, source, indices, "scatter"), index, indices, axis)


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
    axis, indices = along(x, dim, index, "scatter_add")
    return _scatter(scatter_elements_add, x, _source(x, src, indices, "scatter_add"), index, indices, axis)


@composed(widens=True)
def scatter_reduce(x: Any, dim: Any, index: Any, src: Any, reduce: Any, *, include_self: Any = True) -> Any:
    """Return a copy of ``x`` with ``src`` reduced into the places along ``dim`` that ``index`` names.

    Args:
        reduce: ``"sum"``, ``"prod"``, ``"mean"``, ``"amax"`` or ``"amin"``.
        include_self: whether what is in ``x`` takes part; if not, it is replaced wherever something is reduced.

    Edges: extrema that tie share the gradient equally, what is in ``x`` included if it takes part (PyTorch counts it
    among them even if it does not, and loses its share). The gradient of a product is that of its other factors, also
    where some are 0. A mean of integers is rounded down.

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
    axis, indices = along(x, dim, index, "scatter_reduce")
    values = _source(x, src, indices, "scatter_reduce")
    return _scatter(_reduced, x, values, index, indices, axis, reduce, bool(include_self))


def _reduced(x: Any, values: Any, index: Any, reduce: Any, include_self: Any, axis: Any) -> Any:
    if reduce in ("amax", "amin"):
        return extremum_elements(x, values, index, reduce == "amax", include_self, axis)
    indices = indices_of(index, "scatter_reduce")
    touched = scatter_elements_zeros(np.ones(indices.shape, np.int64), indices, tuple(x.shape), axis)
    if not include_self:
        x = where(touched > 0, np.asarray(1 if reduce == "prod" else 0, x.dtype), x)
    if reduce == "prod":
        return _multiplied(x, values, index, axis)
    total = scatter_elements_add(x, values, index, axis)
    if reduce == "sum":
        return total
    count = np.maximum(touched + 1 if include_self else touched, 1)
    if x.dtype.kind == "f":
        return divide(total, count.astype(x.dtype))
    mean = np.floor_divide(total._array if total.__class__ in HANDLES else total, count.astype(x.dtype))
    return astype(add(multiply(x, 0), mean), x.dtype)


def _multiplied(x: Any, values: Any, index: Any, axis: Any) -> Any:
    """Return ``x`` with ``values`` multiplied in, so that every gradient is a product of the other factors.

    The factors of each place are multiplied in pairs, the results again, until one is left: as many rounds as the
    largest number of them has binary digits. No division, so zeros need no cases of their own.
    """
    shape = tuple(x.shape)
    place = _positions(indices_of(index, "scatter"), shape, axis).reshape(-1)
    order = np.argsort(place, kind="stable")
    place = place[order]
    factors = getitem(reshape(values, (-1,)), order)
    while True:
        starts = np.flatnonzero(np.diff(place, prepend=-1))
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


@primitive(
    widens=True, cost=per_input(), inputs=("x", "source", "index"), index=None, symbol="scatter {1} into {0}",
    joint=_extremum_rule,
)  # fmt: skip
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
