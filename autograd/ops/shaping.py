"""Other views and arrangements of the same elements. All are linear, so their rules are each other."""

from __future__ import annotations

import itertools
import math
import operator
from typing import Any

import numpy as np

from ..compose import composed
from ..declare import primitive
from ..steps import unbroadcast
from .axes import as_integer, as_shape, axes_of, axis_of, listed
from .indexing import getitem

__all__ = [
    "broadcast_shapes", "broadcast_to", "cat", "chunk", "clone", "concat", "concatenate", "contiguous", "dsplit",
    "expand", "expand_as", "flatten", "hsplit", "moveaxis", "movedim", "narrow", "permute", "ravel", "reshape",
    "reshape_as", "select", "split", "split_with_sizes", "squeeze", "stack", "sum_to", "swapaxes", "swapdims", "t",
    "tensor_split", "transpose", "unbind", "unflatten", "unsqueeze", "view_as", "vsplit",
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
    first, second = axis_of(dim0, ndim, "transpose"), axis_of(dim1, ndim, "transpose")
    return np.swapaxes(x, first, second) if ndim else x


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


@primitive(kind="linear", list_input=True, symbol="concatenate", tensors=_concatenate_rule)
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
    return np.stack(tensors, axis=axis_of(dim, len(shapes.pop()) + 1, "stack"))


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


@primitive(kind="linear", outputs="list", symbol="unbind {0}", x=lambda g, dim: stack(g, dim))
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


@primitive(kind="linear", symbol="{0}", x=lambda g: g)
def contiguous(x: Any) -> Any:
    """Return ``x`` with its elements in row-major order in memory: itself if they are.

    No operation here needs it; where PyTorch asks for it before ``view``, ours copies by itself.

    >>> import glassgrad as gg
    >>> gg.contiguous(gg.ones(2, 3).T).shape
    (3, 2)
    """
    return np.asarray(x, order="C")


# -- written with these ----------------------------------------------------------------------------------------


@composed
def flatten(x: Any, start_dim: Any = 0, end_dim: Any = -1) -> Any:
    """Return ``x`` with the axes from ``start_dim`` to ``end_dim`` joined into one.

    Edges: a single number becomes a vector of one element.

    Raises:
        ValueError: ``start_dim`` comes after ``end_dim``.

    >>> import glassgrad as gg
    >>> gg.flatten(gg.zeros(2, 3, 4), 1).shape
    (2, 12)
    """
    shape = x.shape
    first, last = axis_of(start_dim, len(shape), "flatten"), axis_of(end_dim, len(shape), "flatten")
    if first > last:
        raise ValueError(f"flatten: start_dim {start_dim} comes after end_dim {end_dim}")
    if not shape:
        return reshape(x, (1,))
    return reshape(x, (*shape[:first], math.prod(shape[first : last + 1]), *shape[last + 1 :]))


@composed
def ravel(x: Any) -> Any:
    """Return all elements in row-major order, on one axis.

    >>> import glassgrad as gg
    >>> gg.ravel(gg.tensor([[1, 2], [3, 4]]))
    tensor([1, 2, 3, 4])
    """
    return reshape(x, (math.prod(x.shape),))


@composed
def unflatten(x: Any, dim: Any, sizes: Any) -> Any:
    """Return ``x`` with axis ``dim`` taken apart into axes of the given sizes, of which one may be −1.

    Raises:
        ValueError: the sizes do not multiply to that of the axis.

    >>> import glassgrad as gg
    >>> gg.unflatten(gg.zeros(2, 12), 1, (3, -1)).shape
    (2, 3, 4)
    """
    axis = axis_of(dim, x.ndim, "unflatten")
    parts = list(as_shape(sizes, "unflatten"))
    length = x.shape[axis] if x.ndim else 1
    known = math.prod(n for n in parts if n != -1)
    if parts.count(-1) == 1 and known:
        parts[parts.index(-1)] = length // known
    if not parts or min(parts) < 0 or math.prod(parts) != length:
        raise ValueError(f"unflatten: sizes {tuple(sizes)} do not multiply to the size {length} of dim {dim}")
    return reshape(x, (*x.shape[:axis], *parts, *x.shape[axis + 1 :]))


@composed
def squeeze(x: Any, dim: Any = None) -> Any:
    """Return ``x`` without its axes of size 1: all of them, or only ``dim`` (an int or a tuple) where they are 1.

    Edges: an axis that is named but has another size is left as it is, as in PyTorch; NumPy refuses.

    Raises:
        IndexError: there is no such axis.

    >>> import glassgrad as gg
    >>> gg.squeeze(gg.zeros(1, 3, 1)).shape
    (3,)
    """
    shape = x.shape
    if dim is None:
        return reshape(x, tuple(n for n in shape if n != 1))
    dims = axes_of(as_shape(dim, "squeeze"), len(shape), "squeeze")
    return reshape(x, tuple(n for i, n in enumerate(shape) if n != 1 or i not in dims))


@composed
def unsqueeze(x: Any, dim: Any) -> Any:
    """Return ``x`` with a new axis of size 1 at ``dim``.

    Raises:
        IndexError: ``dim`` is no position in the result.

    >>> import glassgrad as gg
    >>> gg.unsqueeze(gg.zeros(3), 0).shape
    (1, 3)
    """
    shape = x.shape
    position = axis_of(dim, len(shape) + 1, "unsqueeze")
    return reshape(x, (*shape[:position], 1, *shape[position:]))


@composed
def movedim(x: Any, source: Any, destination: Any) -> Any:
    """Return ``x`` with the axes ``source`` (an int or a tuple) moved to ``destination``; the others keep their order.

    Raises:
        ValueError: an axis is named twice, or the two have different lengths.

    >>> import glassgrad as gg
    >>> gg.movedim(gg.zeros(2, 3, 4), 0, -1).shape
    (3, 4, 2)
    """
    starts, ends = (axes_of(as_shape(d, "movedim"), x.ndim, "movedim") for d in (source, destination))
    if len(starts) != len(ends):
        raise ValueError(f"movedim: source {source} and destination {destination} name different numbers of axes")
    order = [i for i in range(x.ndim) if i not in starts]
    for end, start in sorted(zip(ends, starts, strict=True)):
        order.insert(end, start)
    return permute(x, tuple(order))


@composed
def t(x: Any) -> Any:
    """Return the transpose of a matrix; vectors and numbers stay as they are.

    Raises:
        ValueError: there are more than two axes.

    >>> import glassgrad as gg
    >>> gg.t(gg.tensor([[1, 2], [3, 4]]))
    tensor([[1, 3],
            [2, 4]])
    """
    if x.ndim > 2:
        raise ValueError(f"t: expected at most 2 dimensions, got shape {x.shape}; use transpose(x, dim0, dim1)")
    return transpose(x, 0, 1) if x.ndim == 2 else permute(x, tuple(range(x.ndim)))


@composed
def expand(x: Any, *sizes: Any, size: Any = None) -> Any:
    """Return ``x`` repeated without copying until it has the given sizes, of which −1 keeps that of ``x``.

    Raises:
        ValueError: an axis whose size is not 1 should change, or −1 stands where ``x`` has no axis.

    >>> import glassgrad as gg
    >>> gg.expand(gg.tensor([[1], [2]]), -1, 3)
    tensor([[1, 1, 1],
            [2, 2, 2]])
    """
    wanted = as_shape(listed(sizes, size), "expand")
    new = len(wanted) - x.ndim
    if new < 0 or any(n < 0 and (n != -1 or i < new) for i, n in enumerate(wanted)):
        raise ValueError(f"expand: shape {x.shape} cannot be expanded to {wanted}; −1 keeps the size of an axis it has")
    full = tuple(x.shape[i - new] if n == -1 else n for i, n in enumerate(wanted))
    if any(n not in (1, full[i + new]) for i, n in enumerate(x.shape)):
        raise ValueError(f"expand: shape {x.shape} cannot be expanded to {wanted}; only axes of size 1 can grow")
    return broadcast_to(x, full)


@composed
def expand_as(x: Any, other: Any) -> Any:
    """Return ``x`` repeated without copying until it has the shape of ``other``.

    >>> import glassgrad as gg
    >>> gg.expand_as(gg.tensor([1, 2]), gg.zeros(2, 2))
    tensor([[1, 2],
            [1, 2]])
    """
    return expand(x, tuple(np.shape(other)))


@composed
def reshape_as(x: Any, other: Any) -> Any:
    """Return the same elements in the shape of ``other``.

    >>> import glassgrad as gg
    >>> gg.reshape_as(gg.zeros(6), gg.zeros(2, 3)).shape
    (2, 3)
    """
    return reshape(x, tuple(np.shape(other)))


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


def broadcast_shapes(*shapes: Any) -> Any:
    """Return the shape that operands of these shapes have together.

    Raises:
        ValueError: they do not fit: compared from the right, sizes must be equal or one of them 1.

    >>> import glassgrad as gg
    >>> gg.broadcast_shapes((3, 1), (4,))
    (3, 4)
    """
    wanted = [as_shape(s, "broadcast_shapes") for s in shapes]
    try:
        return np.broadcast_shapes(*wanted)
    except ValueError:
        raise ValueError(
            f"broadcast_shapes: shapes {', '.join(map(str, wanted))} do not fit; compared from the right, sizes must "
            "be equal or one of them 1"
        ) from None


# PyTorch's other names.
cat = concat = concatenate
moveaxis = movedim
swapaxes = swapdims = transpose
view_as = reshape_as
split_with_sizes = split
