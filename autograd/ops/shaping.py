"""Other views and arrangements of the same elements. All are linear, so their rules are each other."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.cost import per_input
from ..core.dtypes import get_default_dtype
from ..engine.compose import composed
from ..engine.declare import primitive
from ..engine.steps import unbroadcast
from .axes import as_shape, axes_of, axis_of, listed

__all__ = [
    "broadcast_shapes", "broadcast_to", "clone", "contiguous", "expand", "expand_as", "flatten", "moveaxis",
    "movedim", "permute", "ravel", "reshape", "reshape_as", "squeeze", "sum_to", "swapaxes", "swapdims", "t",
    "transpose", "unflatten", "unsqueeze", "view_as",
]  # fmt: skip


@primitive(kind="linear", cost=0, symbol="reshape {0}", x=lambda g, x_shape: reshape(g, x_shape))
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


@primitive(kind="linear", cost=0, symbol="{0}ᵀ", x=lambda g, dim0, dim1: transpose(g, dim0, dim1))
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


@primitive(kind="linear", cost=0, symbol="permute {0}", x=lambda g, dims: permute(g, _inverse(dims)))
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


@primitive(kind="linear", cost=0, symbol="broadcast {0}", x=lambda g, x_shape: sum_to(g, x_shape))
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


@primitive(kind="linear", cost=per_input(), symbol="sum {0}", x=lambda g, x_shape: broadcast_to(g, x_shape))
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


@primitive(kind="linear", cost=0, casts=True, symbol="{0}", x=lambda g: g)
def astype(x: Any, dtype: Any) -> Any:
    """Return ``x`` in another dtype. Gradients come back in the dtype of ``x``.

    >>> import glassgrad as gg
    >>> gg.tensor([1, 2]).astype("float64").dtype
    dtype('float64')
    """
    return np.asarray(x).astype(dtype)


def floats(x: Any) -> Any:
    """Return ``x`` if it is floating-point, else in the default dtype: for formulas that make fractions."""
    return x if x.dtype.kind == "f" else astype(x, get_default_dtype())


def wide(x: Any) -> Any:
    """Return integers and bools as int64, all else as it is: for differences and sums on the way to a fraction.

    Unsigned integers have no differences below 0, and small ones soon come round; numbers without a dtype have no end.
    """
    kind = getattr(getattr(x, "dtype", None), "kind", "f")
    return x if kind == "f" or x.dtype == np.int64 else astype(x, np.int64)


@primitive(kind="linear", cost=0, symbol="{0}", x=lambda g: g)
def clone(x: Any) -> Any:
    """Return a copy on memory of its own, still in the graph.

    >>> import glassgrad as gg
    >>> gg.clone(gg.tensor([1.0]))
    tensor([1.])
    """
    return np.array(x)


@primitive(kind="linear", cost=0, symbol="{0}", x=lambda g: g)
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


moveaxis = movedim
swapaxes = swapdims = transpose
view_as = reshape_as
