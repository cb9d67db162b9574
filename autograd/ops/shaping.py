"""Other views and arrangements of the same elements. All are linear, so their rules are each other."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..declare import primitive
from ..steps import unbroadcast
from .axes import as_shape, axis_of
from .indexing import getitem

__all__ = [
    "broadcast_to", "cat", "clone", "concat", "concatenate", "flatten", "permute", "reshape", "split", "squeeze",
    "stack", "sum_to", "transpose", "unsqueeze",
]  # fmt: skip


@primitive(kind="linear", symbol="reshape {0}", x=lambda g, x_shape: reshape(g, x_shape))
def reshape(x: Any, shape: Any) -> Any:
    """Return the same elements in another shape. One size may be −1: it is worked out from the others.

    Raises:
        ValueError: the sizes do not multiply to the number of elements.

    >>> import glassgrad as gg
    >>> gg.reshape(gg.tensor([1, 2, 3, 4]), (2, -1))
    tensor([[1, 2],
            [3, 4]])
    """
    wanted = as_shape(shape, "reshape")
    try:
        return np.reshape(x, wanted)
    except ValueError:
        raise ValueError(
            f"reshape: shape {np.shape(x)} has {np.size(x)} elements, which cannot be arranged as {wanted}"
        ) from None


@primitive(kind="linear", symbol="{0}ᵀ", x=lambda g, dim0, dim1: transpose(g, dim0, dim1))
def transpose(x: Any, dim0: Any = -2, dim1: Any = -1) -> Any:
    """Return ``x`` with two axes exchanged, by default the last two.

    Raises:
        IndexError: there is no such axis.

    >>> import glassgrad as gg
    >>> gg.transpose(gg.tensor([[1, 2], [3, 4]]), 0, 1)
    tensor([[1, 3],
            [2, 4]])
    """
    ndim = np.ndim(x)
    return np.swapaxes(x, axis_of(dim0, ndim, "transpose"), axis_of(dim1, ndim, "transpose"))


def _inverse(dims: Any) -> Any:
    inverse = [0] * len(dims)
    for i, dim in enumerate(dims):
        inverse[dim % len(dims)] = i
    return tuple(inverse)


@primitive(kind="linear", symbol="permute {0}", x=lambda g, dims: permute(g, _inverse(dims)))
def permute(x: Any, dims: Any) -> Any:
    """Return ``x`` with its axes in the order ``dims``.

    Raises:
        ValueError: ``dims`` is not a permutation of the axes.

    >>> import glassgrad as gg
    >>> gg.permute(gg.zeros(2, 3, 4), (2, 0, 1)).shape
    (4, 2, 3)
    """
    order = as_shape(dims, "permute")
    ndim = np.ndim(x)
    if sorted(axis_of(d, ndim, "permute") for d in order) != list(range(ndim)):
        raise ValueError(f"permute: {order} is not an order of the {ndim} dimensions of shape {np.shape(x)}")
    return np.transpose(x, order)


@primitive(kind="linear", symbol="broadcast {0}", x=lambda g, x_shape: sum_to(g, x_shape))
def broadcast_to(x: Any, shape: Any) -> Any:
    """Return ``x`` repeated without copying until it has ``shape``, by NumPy's rules.

    >>> import glassgrad as gg
    >>> gg.broadcast_to(gg.tensor([1, 2]), (2, 2))
    tensor([[1, 2],
            [1, 2]])
    """
    wanted = as_shape(shape, "broadcast_to")
    try:
        return np.broadcast_to(x, wanted)
    except ValueError:
        raise ValueError(
            f"broadcast_to: shape {np.shape(x)} does not broadcast to {wanted}; compared from the right, each size "
            "must be equal or 1"
        ) from None


@primitive(kind="linear", symbol="sum {0}", x=lambda g, x_shape: broadcast_to(g, x_shape))
def sum_to(x: Any, shape: Any) -> Any:
    """Return ``x`` summed over the axes along which ``shape`` would be broadcast: the inverse of broadcasting.

    >>> import glassgrad as gg
    >>> gg.sum_to(gg.ones(2, 3), (1, 3))
    tensor([[2., 2., 2.]])
    """
    wanted = as_shape(shape, "sum_to")
    if wanted == np.shape(x):
        return x
    try:
        return unbroadcast(np.asarray(x), wanted)
    except ValueError:
        raise ValueError(f"sum_to: shape {np.shape(x)} does not come from broadcasting shape {wanted}") from None


@primitive(kind="linear", casts=True, symbol="{0}", x=lambda g: g)
def astype(x: Any, dtype: Any) -> Any:
    """Return ``x`` in another dtype. Gradients come back in the dtype of ``x``.

    >>> import glassgrad as gg
    >>> gg.tensor([1, 2]).astype("float64").dtype
    dtype('float64')
    """
    return np.asarray(x).astype(dtype)


@primitive(kind="linear", symbol="{0}", x=lambda g: g)
def clone(x: Any) -> Any:
    """Return a copy on memory of its own, still in the graph.

    >>> import glassgrad as gg
    >>> gg.clone(gg.tensor([1.0]))
    tensor([1.])
    """
    return np.array(x)


def _slice_of(dim: Any, start: Any, stop: Any, ndim: Any) -> Any:
    return (slice(None),) * (dim % ndim) + (slice(start, stop),)


def _concatenate_rule(g: Any, need: Any, tensors_shape: Any, dim: Any) -> Any:
    parts, start = [], 0
    for wanted, shape in zip(need, tensors_shape, strict=True):
        stop = start + shape[dim]
        parts.append(getitem(g, _slice_of(dim, start, stop, len(shape))) if wanted else None)
        start = stop
    return parts


@primitive(kind="linear", list_input=True, symbol="concatenate", tensors=_concatenate_rule)
def concatenate(tensors: Any, dim: Any = 0) -> Any:
    """Return the tensors joined along an existing axis; their other sizes must agree.

    Raises:
        ValueError: the list is empty or the shapes do not fit.

    >>> import glassgrad as gg
    >>> gg.concatenate([gg.tensor([1, 2]), gg.tensor([3])])
    tensor([1, 2, 3])
    """
    if not len(tensors):
        raise ValueError("concatenate: the list of tensors is empty")
    shapes = [np.shape(t) for t in tensors]
    try:
        return np.concatenate(tensors, axis=dim)
    except (ValueError, IndexError):
        raise ValueError(
            f"concatenate: shapes {', '.join(map(str, shapes))} do not fit along dim {dim}; "
            "they must agree in every other dimension"
        ) from None


def _stack_rule(g: Any, need: Any, dim: Any) -> Any:
    ndim = len(g.shape)
    return [getitem(g, (slice(None),) * (dim % ndim) + (i,)) if wanted else None for i, wanted in enumerate(need)]


@primitive(kind="linear", list_input=True, symbol="stack", tensors=_stack_rule)
def stack(tensors: Any, dim: Any = 0) -> Any:
    """Return tensors of equal shape joined along a new axis.

    Raises:
        ValueError: the list is empty or the shapes differ.

    >>> import glassgrad as gg
    >>> gg.stack([gg.tensor([1, 2]), gg.tensor([3, 4])])
    tensor([[1, 2],
            [3, 4]])
    """
    if not len(tensors):
        raise ValueError("stack: the list of tensors is empty")
    shapes = {np.shape(t) for t in tensors}
    if len(shapes) > 1:
        raise ValueError(f"stack: all shapes must be equal, but they are {sorted(shapes)}")
    return np.stack(tensors, axis=dim)


@primitive(kind="linear", outputs="list", symbol="split {0}", x=lambda g, dim: concatenate(g, dim))
def split(x: Any, split_size_or_sections: Any, dim: Any = 0) -> Any:
    """Return ``x`` cut along ``dim`` into pieces of a given size (the last may be smaller), or of the listed sizes.

    Raises:
        ValueError: the size is not positive, or the sections do not add up.

    >>> import glassgrad as gg
    >>> gg.split(gg.tensor([1, 2, 3]), 2)
    (tensor([1, 2]), tensor([3]))
    """
    array = np.asarray(x)
    length = array.shape[axis_of(dim, array.ndim, "split")]
    sizes = split_size_or_sections
    if isinstance(sizes, int | np.integer):
        if sizes <= 0:
            raise ValueError(f"split: the size of a piece must be positive, not {sizes}")
        sizes = [min(sizes, length - i) for i in range(0, max(length, 1), sizes)]
    if sum(sizes) != length or any(s < 0 for s in sizes):
        raise ValueError(f"split: sections {list(sizes)} do not add up to the size {length} of dim {dim}")
    stops = np.cumsum(sizes)[:-1]
    return np.split(array, stops, axis=dim)


def flatten(x: Any, start_dim: Any = 0, end_dim: Any = -1) -> Any:
    """Return ``x`` with the axes from ``start_dim`` to ``end_dim`` joined into one.

    >>> import glassgrad as gg
    >>> gg.flatten(gg.zeros(2, 3, 4), 1).shape
    (2, 12)
    """
    shape = np.shape(x) if not hasattr(x, "shape") else x.shape
    if not shape:
        return reshape(x, (1,))
    first, last = axis_of(start_dim, len(shape), "flatten"), axis_of(end_dim, len(shape), "flatten")
    if first > last:
        raise ValueError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim}")
    return reshape(x, (*shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :]))


def squeeze(x: Any, dim: Any = None) -> Any:
    """Return ``x`` without its axes of size 1: all of them, or only ``dim`` (an int or a tuple) where they are 1.

    >>> import glassgrad as gg
    >>> gg.squeeze(gg.zeros(1, 3, 1)).shape
    (3,)
    """
    shape = x.shape
    if dim is None:
        return reshape(x, tuple(n for n in shape if n != 1))
    dims = {axis_of(d, len(shape), "squeeze") for d in as_shape(dim, "squeeze")}
    return reshape(x, tuple(n for i, n in enumerate(shape) if n != 1 or i not in dims))


def unsqueeze(x: Any, dim: Any) -> Any:
    """Return ``x`` with a new axis of size 1 at ``dim``.

    >>> import glassgrad as gg
    >>> gg.unsqueeze(gg.zeros(3), 0).shape
    (1, 3)
    """
    shape = x.shape
    position = axis_of(dim, len(shape) + 1, "unsqueeze")
    return reshape(x, (*shape[:position], 1, *shape[position:]))


# PyTorch's other names.
cat = concat = concatenate
