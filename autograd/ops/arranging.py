"""Repeating, turning and joining: copies of the same elements in other places."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from ..core.cost import per_input
from ..core.dtypes import as_array
from ..core.sums import DOUBLE, SINGLE, total
from ..engine.compose import composed
from ..engine.declare import primitive
from ..engine.values import HANDLES
from .axes import as_shape, axes_of, axis_of, listed
from .indexing import getitem
from .shaping import broadcast_to, reshape, transpose

__all__ = ["flip", "fliplr", "flipud", "repeat", "repeat_interleave", "roll", "rot90", "tile"]


def _operand(x: Any) -> Any:
    return x if hasattr(x, "dtype") and not isinstance(x, np.generic) else as_array(x)


# -- turning ---------------------------------------------------------------------------------------------------


@primitive(kind="linear", cost=0, symbol="flip {0}", x=lambda g, dims: flip_axes(g, dims))
def flip_axes(x: Any, dims: Any) -> Any:
    """Return ``x`` in reverse order along the axes ``dims``, which are counted from the front."""
    array = np.asarray(x)
    return array[tuple(slice(None, None, -1) if i in dims else slice(None) for i in range(array.ndim))]


@composed
def flip(x: Any, *axes: Any, dims: Any = None) -> Any:
    """Return ``x`` in reverse order along the axes ``dims``, given as a tuple or one by one.

    Raises:
        IndexError: there is no such axis.
        ValueError: an axis is named twice.

    >>> import glassgrad as gg
    >>> gg.flip(gg.tensor([[1, 2], [3, 4]]), 0)
    tensor([[3, 4],
            [1, 2]])
    """
    return flip_axes(x, axes_of(as_shape(listed(axes, dims), "flip"), x.ndim, "flip"))


@composed
def fliplr(x: Any) -> Any:
    """Return a matrix with its columns in reverse order.

    Raises:
        ValueError: there are fewer than two axes.

    >>> import glassgrad as gg
    >>> gg.fliplr(gg.tensor([[1, 2], [3, 4]]))
    tensor([[2, 1],
            [4, 3]])
    """
    if x.ndim < 2:
        raise ValueError(f"fliplr: expected at least 2 dimensions, got shape {x.shape}")
    return flip_axes(x, (1,))


@composed
def flipud(x: Any) -> Any:
    """Return a matrix with its rows in reverse order.

    Raises:
        ValueError: ``x`` is a single number.

    >>> import glassgrad as gg
    >>> gg.flipud(gg.tensor([1, 2, 3]))
    tensor([3, 2, 1])
    """
    if x.ndim < 1:
        raise ValueError(f"flipud: expected at least 1 dimension, got shape {x.shape}")
    return flip_axes(x, (0,))


@composed
def rot90(x: Any, k: Any = 1, dims: Any = (0, 1)) -> Any:
    """Return ``x`` turned ``k`` times by 90 degrees in the plane of two axes, from the first towards the second.

    Raises:
        ValueError: ``dims`` are not two different axes.

    >>> import glassgrad as gg
    >>> gg.rot90(gg.tensor([[1, 2], [3, 4]]))
    tensor([[2, 4],
            [1, 3]])
    """
    plane = as_shape(dims, "rot90")
    if len(plane) != 2 or x.ndim < 2:
        raise ValueError(f"rot90: dims must be two axes of a tensor that has them, not {dims} for shape {x.shape}")
    first, second = axes_of(plane, x.ndim, "rot90")
    turns = k % 4
    if turns == 2:
        return flip_axes(x, (first, second))
    if turns == 1:
        return transpose(flip_axes(x, (second,)), first, second)
    return flip_axes(transpose(x, first, second), (second,)) if turns else getitem(x, ...)


@primitive(
    kind="linear", cost=0, symbol="roll {0}",
    x=lambda g, shifts, dims: roll_axes(g, tuple(-s for s in shifts), dims),
)  # fmt: skip
def roll_axes(x: Any, shifts: Any, dims: Any) -> Any:
    """Return ``x`` with its elements moved on along ``dims``; what leaves at one end enters at the other."""
    return np.roll(x, shifts, dims)


@composed
def roll(x: Any, shifts: Any, dims: Any = None) -> Any:
    """Return ``x`` with its elements moved on along ``dims``; what leaves at one end enters at the other.

    Args:
        shifts: how far, for each axis; negative numbers move backwards.
        dims: the axes. None moves the elements of the flattened tensor.

    Edges: an axis that is named twice is moved by the sum of its shifts.

    Raises:
        ValueError: there is not one shift for each axis.
        IndexError: there is no such axis.

    >>> import glassgrad as gg
    >>> gg.roll(gg.tensor([1, 2, 3]), 1)
    tensor([3, 1, 2])
    """
    steps = as_shape(shifts, "roll")
    if dims is None or dims == ():
        if len(steps) != 1:
            raise ValueError(f"roll: without dims there is one shift, not {len(steps)}")
        return reshape(roll_axes(reshape(x, (-1,) if math.prod(x.shape) else (0,)), steps, (0,)), x.shape)
    axes = tuple(axis_of(d, x.ndim, "roll") for d in as_shape(dims, "roll"))
    if len(axes) != len(steps):
        raise ValueError(f"roll: {len(steps)} shifts for {len(axes)} dims; give one for each")
    if not x.ndim:
        raise IndexError("roll: a 0-d tensor has no dimension to move along")
    return roll_axes(x, steps, axes)


# -- repeating -------------------------------------------------------------------------------------------------


def _repeated(x: Any, counts: Any, what: Any) -> Any:
    if any(n < 0 for n in counts):
        raise ValueError(f"{what}: numbers of repetitions must not be negative, got {counts}")
    shape = (1,) * (len(counts) - x.ndim) + tuple(x.shape)
    if all(n == 1 for n in counts):
        return reshape(x, shape) if len(shape) != x.ndim else getitem(x, ...)
    # Each axis becomes a pair of (repetitions, size), of which the first is a broadcast one.
    pairs = reshape(x, tuple(itertools.chain.from_iterable((1, n) for n in shape)))
    wide = broadcast_to(pairs, tuple(itertools.chain.from_iterable(zip(counts, shape, strict=True))))
    return reshape(wide, tuple(c * n for c, n in zip(counts, shape, strict=True)))


@composed
def tile(x: Any, *repetitions: Any, dims: Any = None) -> Any:
    """Return ``x`` laid side by side, ``dims`` times along each axis; missing numbers are 1, as are missing axes.

    Raises:
        ValueError: a number is negative.

    >>> import glassgrad as gg
    >>> gg.tile(gg.tensor([1, 2]), (2, 2))
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
    """
    counts = as_shape(listed(repetitions, dims), "tile")
    return _repeated(x, (1,) * (x.ndim - len(counts)) + counts, "tile")


@composed
def repeat(x: Any, *repeats: Any) -> Any:
    """Return ``x`` laid side by side along each axis; there is a number for every axis, and further ones for new axes.

    This is PyTorch's ``Tensor.repeat``; ``numpy.repeat`` is :func:`repeat_interleave`.

    Raises:
        ValueError: there are fewer numbers than axes, or a negative one.

    >>> import glassgrad as gg
    >>> gg.repeat(gg.tensor([1, 2]), 2, 1)
    tensor([[1, 2],
            [1, 2]])
    """
    counts = as_shape(listed(repeats), "repeat")
    if len(counts) < x.ndim:
        raise ValueError(f"repeat: shape {x.shape} has {x.ndim} axes, and each needs a number of repeats, got {counts}")
    return _repeated(x, counts, "repeat")


@primitive(
    kind="linear", cost=0, symbol="repeat {0}",
    x=lambda g, x_shape, repeats, dim: repeated_sum(g, x_shape, repeats, dim),
)  # fmt: skip
def repeat_slices(x: Any, repeats: Any, dim: Any = 0) -> Any:
    """Return ``x`` with each slice along ``dim`` repeated in its place: all as often, or each by its own number."""
    return np.repeat(x, repeats, dim)


@primitive(kind="linear", cost=per_input(), symbol="sum {0}", x=lambda g, repeats, dim: repeat_slices(g, repeats, dim))
def repeated_sum(x: Any, shape: Any, repeats: Any, dim: Any = 0) -> Any:
    """Return the sums over slices that were repeated from ``shape``: the transpose of repeating."""
    array = np.asarray(x)
    if not isinstance(repeats, np.ndarray):
        return total(array.reshape((*shape[: dim + 1], repeats, *shape[dim + 1 :])), (dim + 1,))
    result = np.zeros(shape, array.dtype)
    starts = (np.cumsum(repeats) - repeats)[repeats > 0]
    if starts.size:
        added = DOUBLE if array.dtype.kind == "f" else None
        result[(slice(None),) * dim + (repeats > 0,)] = np.add.reduceat(array, starts, dim, added)
    return result


@composed
def repeat_interleave(x: Any, repeats: Any, dim: Any = None, *, output_size: Any = None) -> Any:
    """Return ``x`` with each slice along ``dim`` repeated in its place, as often as ``repeats`` says.

    Args:
        repeats: one number, or one for each slice.
        dim: the axis. None repeats the elements of the flattened tensor.
        output_size: the length of the result, if it is known; it is checked.

    Raises:
        ValueError: a number is negative, or there is not one for each slice.

    >>> import glassgrad as gg
    >>> gg.repeat_interleave(gg.tensor([1, 2]), gg.tensor([1, 3]))
    tensor([1, 2, 2, 2])
    """
    counts = repeats._array if repeats.__class__ in HANDLES else np.asarray(repeats)
    if counts.dtype.kind not in "iu" and counts.size:
        raise TypeError(f"repeat_interleave: repeats must be integers, not {counts.dtype}")
    if counts.ndim > 1 or (counts.size and counts.min() < 0):
        raise ValueError(f"repeat_interleave: repeats must be one axis of non-negative integers, not {counts.tolist()}")
    if dim is None:
        x, axis = reshape(x, (math.prod(x.shape),)), 0
    else:
        axis = axis_of(dim, x.ndim, "repeat_interleave")
        x = x if x.ndim else reshape(x, (1,))
    length = x.shape[axis]
    if counts.size not in (1, length):
        raise ValueError(f"repeat_interleave: {counts.size} repeats for {length} slices along dim {dim}")
    result = repeat_slices(x, int(counts.reshape(())) if counts.size == 1 else counts, axis)
    if output_size is not None and result.shape[axis] != output_size:
        raise ValueError(f"repeat_interleave: the result has length {result.shape[axis]}, not {output_size}")
    return result


# -- overlapping parts -----------------------------------------------------------------------------------------


@primitive(
    kind="linear", cost=0, symbol="windows {0}",
    x=lambda g, x_shape, dimension, step: windows_sum(g, x_shape, dimension, step),
)  # fmt: skip
def windows(x: Any, dimension: Any, size: Any, step: Any) -> Any:
    """Return the parts of ``size`` along an axis, ``step`` apart, without copying; a part's elements come last."""
    array = np.asarray(x)
    count = (array.shape[dimension] - size) // step + 1
    shape = (*array.shape[:dimension], count, *array.shape[dimension + 1 :], size)
    stride = array.strides[dimension]
    strides = (*array.strides[:dimension], stride * step, *array.strides[dimension + 1 :], stride)
    return np.lib.stride_tricks.as_strided(array, shape, strides, writeable=False)


@primitive(
    kind="linear", widens=True, cost=per_input(), symbol="fold {0}",
    x=lambda g, x_shape, dimension, step: windows(g, dimension, x_shape[-1], step),
)  # fmt: skip
def windows_sum(x: Any, shape: Any, dimension: Any, step: Any) -> Any:
    """Return zeros of ``shape`` with overlapping parts added where they belong: the transpose of ``windows``."""
    array = np.asarray(x)
    # As many parts may overlap as each has elements.
    many = array.dtype == SINGLE and array.shape[-1] > 32
    result = np.zeros(shape, DOUBLE if many else array.dtype)
    lead = (slice(None),) * dimension
    count = array.shape[dimension]
    for offset in range(array.shape[-1]):
        result[(*lead, slice(offset, offset + (count - 1) * step + 1, step))] += array[..., offset]
    return result.astype(array.dtype, copy=False)


@composed
def unfold_dimension(x: Any, dimension: Any, size: Any, step: Any) -> Any:
    """Return all parts of ``size`` along ``dimension``, ``step`` apart, on a new last axis: ``Tensor.unfold``.

    The parts share memory, so the result cannot be changed in place.

    Raises:
        ValueError: ``size`` is larger than the axis, or ``step`` is not positive.

    >>> import glassgrad as gg
    >>> gg.tensor([1, 2, 3, 4]).unfold(0, 3, 1)
    tensor([[1, 2, 3],
            [2, 3, 4]])
    """
    axis = axis_of(dimension, x.ndim, "unfold")
    length = x.shape[axis] if x.ndim else 1
    if not 0 <= size <= length:
        raise ValueError(f"unfold: parts of size {size} do not fit into dimension {dimension}, which has size {length}")
    if step <= 0:
        raise ValueError(f"unfold: step must be positive, not {step}")
    return windows(x, axis, int(size), int(step)) if x.ndim else reshape(x, (1,) if size else (0,))
