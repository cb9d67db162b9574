"""Tensors joined along an axis, and cut into pieces."""

from __future__ import annotations

import itertools
import operator
from typing import Any

import numpy as np

from ..engine.compose import composed
from ..engine.declare import primitive
from .axes import as_integer, axis_of
from .indexing import getitem
from .shaping import reshape

__all__ = [
    "cat", "chunk", "concat", "concatenate", "dsplit", "hsplit", "narrow", "select", "split", "split_with_sizes",
    "stack", "tensor_split", "unbind", "vsplit",
]  # fmt: skip


def _slice_of(dim: Any, start: Any, stop: Any, ndim: Any) -> Any:
    return (slice(None),) * (dim % ndim) + (slice(start, stop),)


def _concatenate_rule(g: Any, need: Any, tensors_shape: Any, dim: Any) -> Any:
    parts: list[Any] = []
    start = 0
    for wanted, shape in zip(need, tensors_shape, strict=True):
        if tuple(shape) == (0,) and len(g.shape) > 1:
            parts.append(reshape(getitem(g, slice(0, 0)), (0,)) if wanted else None)
            continue
        stop = start + shape[dim]
        parts.append(getitem(g, _slice_of(dim, start, stop, len(shape))) if wanted else None)
        start = stop
    return parts


@primitive(kind="linear", cost=0, list_input=True, symbol="concatenate", tensors=_concatenate_rule)
def concatenate(tensors: Any, dim: Any = 0) -> Any:
    """Return the tensors joined along an existing axis; their other sizes must agree.

    Edges: a tensor of shape (0,) fits to every other and adds nothing.

    Raises:
        ValueError: the list is empty or the shapes do not fit.
        IndexError: there is no such axis.

    >>> import glassgrad as gg
    >>> gg.concatenate([gg.tensor([1, 2]), gg.tensor([3])])
    tensor([1, 2, 3])
    """
    if not len(tensors):
        raise ValueError("concatenate: the list of tensors is empty")
    shapes = [np.shape(t) for t in tensors]
    if () in shapes:
        raise ValueError("concatenate: a 0-d tensor has no axis along which to be joined; use stack")
    ndim = max(map(len, shapes))
    if not -ndim <= operator.index(dim) < ndim:
        raise IndexError(f"concatenate: there is no dim {dim} in shapes {', '.join(map(str, shapes))}")
    if (0,) in shapes:
        tensors = [t for t in tensors if np.shape(t) != (0,)] or tensors
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


@primitive(kind="linear", cost=0, list_input=True, symbol="stack", tensors=_stack_rule)
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
    return np.stack(tensors, axis=axis_of(dim, len(shapes.pop()) + 1, "stack"))


@primitive(kind="linear", cost=0, outputs="list", symbol="split {0}", x=lambda g, dim: concatenate(g, dim))
def split(x: Any, split_size_or_sections: Any, dim: Any = 0) -> Any:
    """Return ``x`` cut along ``dim`` into pieces of a given size (the last may be smaller), or of the listed sizes.

    Raises:
        ValueError: the size is not positive, or the sections do not add up.

    >>> import glassgrad as gg
    >>> gg.split(gg.tensor([1, 2, 3]), 2)
    (tensor([1, 2]), tensor([3]))
    """
    array = np.asarray(x)
    if not array.ndim:
        raise ValueError("split: a 0-d tensor has no dimension along which it could be cut")
    length = array.shape[axis_of(dim, array.ndim, "split")]
    sizes = split_size_or_sections
    if isinstance(sizes, int | np.integer):
        if sizes < 0 or (sizes == 0 and length):
            raise ValueError(f"split: the size of a piece must be positive, not {sizes}")
        sizes = [min(sizes, length - i) for i in range(0, max(length, 1), sizes or 1)]
    if sum(sizes) != length or any(s < 0 for s in sizes):
        raise ValueError(f"split: sections {list(sizes)} do not add up to the size {length} of dim {dim}")
    stops = np.cumsum(sizes)[:-1]
    return np.split(array, stops, axis=dim)


@primitive(kind="linear", cost=0, outputs="list", symbol="unbind {0}", x=lambda g, dim: stack(g, dim))
def unbind(x: Any, dim: Any = 0) -> Any:
    """Return the slices of ``x`` along ``dim``, without that axis, as a tuple.

    Raises:
        ValueError: ``x`` is a single number.

    >>> import glassgrad as gg
    >>> gg.unbind(gg.tensor([[1, 2], [3, 4]]), 1)
    (tensor([1, 3]), tensor([2, 4]))
    """
    array = np.asarray(x)
    if not array.ndim:
        raise ValueError("unbind: a 0-d tensor has no dimension to take apart")
    return list(np.moveaxis(array, axis_of(dim, array.ndim, "unbind"), 0))


@composed
def narrow(x: Any, dim: Any, start: Any, length: Any) -> Any:
    """Return the part of ``x`` along ``dim`` that begins at ``start`` and has ``length`` slices.

    Raises:
        IndexError, ValueError: there is no such part.

    >>> import glassgrad as gg
    >>> gg.narrow(gg.tensor([1, 2, 3, 4]), 0, 1, 2)
    tensor([2, 3])
    """
    if not x.ndim:
        raise ValueError("narrow: a 0-d tensor has no dimension of which to take a part")
    axis = axis_of(dim, x.ndim, "narrow")
    size = x.shape[axis]
    first, count = as_integer(start, "start", "narrow"), as_integer(length, "length", "narrow")
    if not -size <= first <= size:
        raise IndexError(f"narrow: start {first} is out of range for dim {dim}, which has size {size}")
    first += size if first < 0 else 0
    if count < 0 or first + count > size:
        raise ValueError(f"narrow: dim {dim} of size {size} has no {count} slices from {first} on")
    return getitem(x, (slice(None),) * axis + (slice(first, first + count),))


@composed
def select(x: Any, dim: Any, index: Any) -> Any:
    """Return slice ``index`` of ``x`` along ``dim``, without that axis.

    Raises:
        IndexError: there is no such slice.

    >>> import glassgrad as gg
    >>> gg.select(gg.tensor([[1, 2], [3, 4]]), 1, 0)
    tensor([1, 3])
    """
    axis, position = axis_of(dim, x.ndim, "select"), as_integer(index, "index", "select")
    if not x.ndim or not -x.shape[axis] <= position < x.shape[axis]:
        raise IndexError(f"select: a tensor of shape {x.shape} has no slice {position} along dim {dim}")
    return getitem(x, (slice(None),) * axis + (position,))


@composed
def chunk(x: Any, chunks: Any, dim: Any = 0) -> Any:
    """Return ``x`` cut along ``dim`` into at most ``chunks`` pieces of equal size, the last of which may be smaller.

    Edges: the pieces have ⌈size / chunks⌉ slices, so there may be fewer of them: 6 cut into 4 gives 2, 2 and 2.
    :func:`tensor_split` always gives the number that was asked for.

    Raises:
        ValueError: ``chunks`` is not positive.

    >>> import glassgrad as gg
    >>> gg.chunk(gg.tensor([1, 2, 3]), 2)
    (tensor([1, 2]), tensor([3]))
    """
    if chunks <= 0:
        raise ValueError(f"chunk: the number of chunks must be positive, not {chunks}")
    if not x.ndim:
        raise ValueError("chunk: a 0-d tensor has no dimension along which it could be cut")
    length = x.shape[axis_of(dim, x.ndim, "chunk")]
    return split(x, -(-length // chunks) if length else [0] * chunks, dim)


@composed
def tensor_split(x: Any, indices_or_sections: Any, dim: Any = 0) -> Any:
    """Return ``x`` cut along ``dim`` into a number of pieces, or at the given indices.

    Edges: if the size is no multiple of the number the first pieces have one slice more. Indices cut as slices do:
    beyond the end they give empty pieces, negative ones count from the end.

    Raises:
        ValueError: the number is not positive, or ``x`` is a single number.

    >>> import glassgrad as gg
    >>> gg.tensor_split(gg.tensor([1, 2, 3, 4, 5]), 3)
    (tensor([1, 2]), tensor([3, 4]), tensor([5]))
    """
    return _tensor_split(x, indices_or_sections, dim, "tensor_split")


def _tensor_split(x: Any, indices_or_sections: Any, dim: Any, what: Any) -> Any:
    if not x.ndim:
        raise ValueError(f"{what}: a 0-d tensor has no dimension along which it could be cut")
    axis = axis_of(dim, x.ndim, what)
    length = x.shape[axis]
    cuts = np.asarray(indices_or_sections)
    if cuts.dtype.kind not in "iu" and cuts.size:
        raise TypeError(f"{what}: expected a number of pieces or a list of indices, not {indices_or_sections!r}")
    if not cuts.ndim:
        count = int(cuts)
        if count <= 0:
            raise ValueError(f"{what}: the number of pieces must be positive, not {count}")
        return split(x, [length // count + (i < length % count) for i in range(count)], axis)
    bounds = [0, *(slice(int(c)).indices(length)[1] for c in cuts), length]
    if bounds == sorted(bounds):
        return split(x, [b - a for a, b in itertools.pairwise(bounds)], axis)
    # Pieces that overlap or leave something out are no partition, so each is a part of its own.
    return tuple(getitem(x, _slice_of(axis, a, b, x.ndim)) for a, b in itertools.pairwise(bounds))


def _cut(x: Any, indices_or_sections: Any, dim: Any, what: Any) -> Any:
    count = np.asarray(indices_or_sections)
    if not count.ndim and count.dtype.kind in "iu" and count > 0 and x.shape[dim] % count:
        raise ValueError(f"{what}: size {x.shape[dim]} of dim {dim} cannot be cut into {count} equal pieces")
    return _tensor_split(x, indices_or_sections, dim, what)


@composed
def hsplit(x: Any, indices_or_sections: Any) -> Any:
    """Return ``x`` cut into equal pieces, or at indices, along columns; a vector along its only axis.

    Raises:
        ValueError: the pieces would not be equal, or ``x`` is a single number.

    >>> import glassgrad as gg
    >>> gg.hsplit(gg.tensor([[1, 2], [3, 4]]), 2)[1].tolist()
    [[2], [4]]
    """
    if not x.ndim:
        raise ValueError("hsplit: a 0-d tensor has no dimension along which it could be cut")
    return _cut(x, indices_or_sections, 0 if x.ndim == 1 else 1, "hsplit")


@composed
def vsplit(x: Any, indices_or_sections: Any) -> Any:
    """Return ``x`` cut into equal pieces, or at indices, along rows.

    Raises:
        ValueError: the pieces would not be equal, or ``x`` has fewer than two axes.

    >>> import glassgrad as gg
    >>> gg.vsplit(gg.tensor([[1, 2], [3, 4]]), 2)[1].tolist()
    [[3, 4]]
    """
    if x.ndim < 2:
        raise ValueError(f"vsplit: expected at least 2 dimensions, got shape {x.shape}")
    return _cut(x, indices_or_sections, 0, "vsplit")


@composed
def dsplit(x: Any, indices_or_sections: Any) -> Any:
    """Return ``x`` cut into equal pieces, or at indices, along the third axis.

    Raises:
        ValueError: the pieces would not be equal, or ``x`` has fewer than three axes.

    >>> import glassgrad as gg
    >>> [part.shape for part in gg.dsplit(gg.zeros(1, 2, 4), 2)]
    [(1, 2, 2), (1, 2, 2)]
    """
    if x.ndim < 3:
        raise ValueError(f"dsplit: expected at least 3 dimensions, got shape {x.shape}")
    return _cut(x, indices_or_sections, 2, "dsplit")


# PyTorch's other names.
cat = concat = concatenate


split_with_sizes = split
