"""NumPy's functions of shape, with NumPy's signatures on our operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import interpreters
from ..core.dtypes import to_dtype
from ..ops import arranging, creation, diagonals, joining, padding, reduction, shaping, stacking
from ..ops.axes import as_shape, axes_of
from .arguments import adapter_for, flat, listed, operand, refuse
from .selection import take

__all__: list[str] = []

_Function = Callable[..., Any]


# -- shape ------------------------------------------------------------------------------------------------------------


def in_rows(order: Any) -> None:
    """Refuse an order of elements that is not that of rows."""
    if order != "C":
        raise TypeError(f"takes no order {order!r}")


@adapter_for(shaping.reshape)
def reshape(a: Any, shape: Any, order: Any = "C", *, copy: Any = None) -> Any:
    in_rows(order)
    refuse(copy=copy)
    return shaping.reshape(a, as_shape(shape, "reshape"))


@adapter_for(shaping.reshape)
def ravel(a: Any, order: Any = "C") -> Any:
    in_rows(order)
    return flat(a)


@adapter_for(shaping.permute)
def transpose(a: Any, axes: Any = None) -> Any:
    a = operand(a)
    return shaping.permute(a, tuple(reversed(range(a.ndim))) if axes is None else as_shape(axes, "transpose"))


@adapter_for(shaping.transpose)
def matrix_transpose(x: Any, /) -> Any:
    if x.ndim < 2:
        raise ValueError(f"matrix_transpose: there must be at least two dimensions, not shape {x.shape}")
    return shaping.transpose(x, -2, -1)


@adapter_for(shaping.transpose)
def swapaxes(a: Any, axis1: Any, axis2: Any) -> Any:
    return shaping.transpose(a, axis1, axis2)


@adapter_for(shaping.movedim)
def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    return shaping.movedim(a, source, destination)


@adapter_for(shaping.squeeze)
def squeeze(a: Any, axis: Any = None) -> Any:
    if axis is not None:
        for i in axes_of(axis, a.ndim, "squeeze"):
            if a.ndim and a.shape[i] != 1:
                raise ValueError(f"squeeze: axis {i} of shape {a.shape} has not size 1")
    return shaping.squeeze(a, axis)


@adapter_for(shaping.unsqueeze)
def expand_dims(a: Any, axis: Any) -> Any:
    a = operand(a)
    new = as_shape(axis, "expand_dims")
    places = axes_of(new, a.ndim + len(new), "expand_dims")
    sizes = iter(a.shape)
    return shaping.reshape(a, tuple(1 if i in places else next(sizes) for i in range(a.ndim + len(new))))


@adapter_for(shaping.broadcast_to)
def broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    return shaping.broadcast_to(array, as_shape(shape, "broadcast_to"))


@adapter_for(stacking.broadcast_tensors)
def broadcast_arrays(*args: Any, subok: bool = False) -> Any:
    return tuple(stacking.broadcast_tensors(*(operand(a) for a in args)))


@adapter_for(shaping.clone)
def copy(a: Any, order: Any = "K", subok: bool = False) -> Any:
    return shaping.clone(a)


@adapter_for(shaping.astype)
def astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    return shaping.astype(x, to_dtype(dtype))


def same_ranks(arrays: Any, what: str) -> list[Any]:
    """Return the arrays to be joined, which NumPy wants to have the same number of axes."""
    parts = [operand(a) for a in arrays]
    if len({p.ndim for p in parts}) > 1:
        raise ValueError(f"{what}: all arrays must have the same number of dimensions, not {[p.shape for p in parts]}")
    return parts


@adapter_for(joining.concatenate)
def concatenate(arrays: Any, /, axis: Any = 0, out: Any = None) -> Any:
    refuse(out=out)
    if axis is None:
        return joining.concatenate([flat(a) for a in arrays], 0)
    return joining.concatenate(same_ranks(arrays, "concatenate"), axis)


@adapter_for(joining.concatenate)
def append(arr: Any, values: Any, axis: Any = None) -> Any:
    return concatenate((arr, values), axis)


@adapter_for(joining.stack)
def stack(arrays: Any, axis: Any = 0, out: Any = None) -> Any:
    refuse(out=out)
    return joining.stack([operand(a) for a in arrays], axis)


def joined(of: _Function) -> _Function:
    """Return a way of joining arrays along an axis that it knows."""

    def adapter(tup: Any) -> Any:
        return of([operand(a) for a in tup])

    return adapter_for(of)(adapter)


@adapter_for(joining.concatenate)
def block(arrays: Any) -> Any:
    def depth(part: Any) -> int:
        if not isinstance(part, list):
            return 0
        depths = {depth(p) for p in part}
        if len(depths) != 1:
            raise ValueError("block: the lists must not be empty, and must be nested equally deep")
        return depths.pop() + 1

    def leaves(part: Any) -> list[Any]:
        return [leaf for p in part for leaf in leaves(p)] if isinstance(part, list) else [operand(part)]

    def join(part: Any, left: int) -> Any:
        if isinstance(part, list):
            return joining.concatenate([join(p, left - 1) for p in part], -left)
        array = operand(part)
        return shaping.reshape(array, (1,) * (rank - array.ndim) + tuple(array.shape))

    deep = depth(arrays)
    rank = max(deep, *(leaf.ndim for leaf in leaves(arrays)), 0)
    return join(arrays, deep)


@adapter_for(joining.unbind)
def unstack(x: Any, /, *, axis: Any = 0) -> Any:
    return tuple(joining.unbind(x, axis))


@adapter_for(joining.tensor_split)
def array_split(ary: Any, indices_or_sections: Any, axis: Any = 0) -> Any:
    at = indices_or_sections
    return list(joining.tensor_split(ary, at if isinstance(at, int) else _places(at), axis))


def _places(at: Any) -> Any:
    given = np.asarray(at)
    return int(given) if not given.ndim else tuple(int(i) for i in given)


@adapter_for(joining.tensor_split)
def split(ary: Any, indices_or_sections: Any, axis: Any = 0) -> Any:
    if not np.ndim(indices_or_sections) and ary.shape[axis] % int(indices_or_sections):
        raise ValueError(
            f"split: {ary.shape[axis]} elements along axis {axis} cannot be divided into {indices_or_sections} equal "
            "parts; numpy.array_split divides them unequally"
        )
    return array_split(ary, indices_or_sections, axis)


def pieces(of: _Function) -> _Function:
    """Return a split along an axis that it knows."""

    def adapter(ary: Any, indices_or_sections: Any) -> Any:
        return list(of(ary, _places(indices_or_sections)))

    return adapter_for(of)(adapter)


@adapter_for(arranging.tile)
def tile(A: Any, reps: Any) -> Any:
    return arranging.tile(A, as_shape(reps, "tile"))


@adapter_for(arranging.repeat_interleave)
def repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    a = operand(a)
    return arranging.repeat_interleave(a, np.asarray(repeats) if np.ndim(repeats) else int(repeats), axis)


@adapter_for(arranging.roll)
def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    if axis is not None:
        shifts, places = np.broadcast_arrays(np.asarray(shift), np.asarray(axis))
        shift, axis = tuple(map(int, shifts.ravel())), tuple(map(int, places.ravel()))
    return arranging.roll(a, shift, axis)


@adapter_for(arranging.flip)
def flip(m: Any, axis: Any = None) -> Any:
    return arranging.flip(m, tuple(range(m.ndim)) if axis is None else axis)


@adapter_for(arranging.rot90)
def rot90(m: Any, k: Any = 1, axes: Any = (0, 1)) -> Any:
    return arranging.rot90(m, k, axes)


@adapter_for(stacking.meshgrid)
def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> Any:
    if sparse:
        refuse(sparse=sparse)
    return tuple(stacking.meshgrid(*(flat(x) for x in xi), indexing=indexing))


@adapter_for(padding.pad)
def pad(array: Any, pad_width: Any, mode: Any = "constant", *, constant_values: Any = 0) -> Any:
    if isinstance(pad_width, dict) or np.ndim(constant_values):
        raise TypeError("takes no dict of widths, and one constant for all sides")
    widths = np.broadcast_to(np.asarray(pad_width), (array.ndim, 2)).tolist()
    if any(n < 0 for pair in widths for n in pair):
        raise ValueError(f"pad: the widths must not be negative, but are {pad_width}; index with a slice to crop")
    if mode == "constant":
        # PyTorch counts from the last axis.
        return padding.pad(array, [n for pair in reversed(widths) for n in pair], "constant", constant_values)
    if mode not in ("edge", "reflect", "symmetric", "wrap"):
        raise TypeError(f"takes no mode {mode!r}")
    for axis, pair in enumerate(widths):
        if any(pair):
            array = take(array, np.pad(np.arange(array.shape[axis]), pair, mode), axis)
    return array


@adapter_for(diagonals.diag)
def diag(v: Any, k: Any = 0) -> Any:
    if v.ndim not in (1, 2):
        raise ValueError(f"diag: a vector or a matrix is needed, not shape {v.shape}")
    return diagonals.diag(v, k)


@adapter_for(diagonals.diagflat)
def diagflat(v: Any, k: Any = 0) -> Any:
    return diagonals.diagflat(v, k)


def triangle(of: _Function) -> _Function:
    """Return a triangle of matrices. NumPy makes a matrix of a vector first."""

    def adapter(m: Any, k: Any = 0) -> Any:
        return of(shaping.broadcast_to(m, (len(m), len(m))) if m.ndim == 1 else m, k)

    return adapter_for(of)(adapter)


@adapter_for(diagonals.diagonal)
def diagonal(a: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1) -> Any:
    return diagonals.diagonal(a, offset, axis1, axis2)


@adapter_for(diagonals.trace)
def trace(a: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1, dtype: Any = None, out: Any = None) -> Any:
    refuse(out=out)
    return reduction.sum(diagonals.diagonal(a, offset, axis1, axis2), -1, **listed(dtype))


# -- constants --------------------------------------------------------------------------------------------------------


def constant(of: _Function) -> _Function:
    """Return a tensor of one value, of the same shape."""

    def adapter(a: Any, dtype: Any = None, order: Any = "K", subok: bool = True, shape: Any = None) -> Any:
        refuse(shape=shape)
        return of(a, dtype=dtype)

    return adapter_for(of)(adapter)


@adapter_for(creation.full_like)
def full_like(
    a: Any, fill_value: Any, dtype: Any = None, order: Any = "K", subok: bool = True, shape: Any = None
) -> Any:
    refuse(shape=shape)
    if np.ndim(fill_value) or getattr(fill_value, "requires_grad", False):
        raise TypeError("takes one number as fill_value; numpy.broadcast_to keeps the gradient of a tensor")
    return creation.full_like(a, fill_value.item() if interpreters.is_operand(fill_value) else fill_value, dtype=dtype)


def shape(a: Any) -> Any:
    return a.shape


def ndim(a: Any) -> Any:
    return a.ndim


def size(a: Any, axis: Any = None) -> Any:
    return a.numel() if axis is None else a.shape[axis]
