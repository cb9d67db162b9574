"""Tensors from nothing: constants and ranges. They are leaves, so none of these has a gradient."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.dtypes import as_array, get_default_dtype, is_floating, to_dtype
from ..engine.values import HANDLES
from ..handles.interchange import from_dlpack
from ..handles.tensor import Tensor, tensor

__all__ = [
    "arange", "as_tensor", "asarray", "empty", "empty_like", "eye", "from_dlpack", "full", "full_like", "linspace",
    "logspace", "ones", "ones_like", "zeros", "zeros_like",
]  # fmt: skip


def shape_of(size: tuple[Any, ...], what: str) -> tuple[int, ...]:
    """Return sizes that were given as a tuple or one by one, as a tuple of ints."""
    dims = size[0] if len(size) == 1 and isinstance(size[0], tuple | list) else size
    dims = tuple(n.item() if n.__class__ in HANDLES and n.ndim == 0 else n for n in dims)
    for n in dims:
        if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 0:
            raise ValueError(f"{what}: sizes must be non-negative integers, got {tuple(dims)}")
    return tuple(int(n) for n in dims)


def wrap(array: np.ndarray[Any, Any], requires_grad: bool, name: str | None = None) -> Tensor:
    """Return a new array as a leaf, without copying it."""
    return Tensor(array, requires_grad=requires_grad, name=name, copy=False)


def dtype_of(dtype: Any) -> np.dtype[Any]:
    """Return the dtype that was asked for, or the default."""
    return get_default_dtype() if dtype is None else to_dtype(dtype)


def zeros(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of zeros, of the default dtype unless told otherwise.

    >>> import glassgrad as gg
    >>> gg.zeros(2)
    tensor([0., 0.])
    """
    return wrap(np.zeros(shape_of(size, "zeros"), dtype_of(dtype)), requires_grad)


def ones(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of ones.

    >>> import glassgrad as gg
    >>> gg.ones(2)
    tensor([1., 1.])
    """
    return wrap(np.ones(shape_of(size, "ones"), dtype_of(dtype)), requires_grad)


def empty(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor to be overwritten. It holds zeros, so that nothing depends on what the memory held before.

    >>> import glassgrad as gg
    >>> gg.empty(2, 3).shape
    (2, 3)
    """
    return wrap(np.zeros(shape_of(size, "empty"), dtype_of(dtype)), requires_grad)


def full(size: Any, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor filled with one number; its dtype follows the number.

    Raises:
        ValueError: ``fill_value`` is not a single number.

    >>> import glassgrad as gg
    >>> gg.full((2,), 7)
    tensor([7, 7])
    """
    number = as_array(fill_value._array if fill_value.__class__ in HANDLES else fill_value, dtype)
    if number.ndim:
        raise ValueError(f"full: fill_value must be a single number, not of shape {number.shape}")
    return wrap(np.full(shape_of((size,), "full"), number, number.dtype), requires_grad)


def like_of(input: Any, dtype: Any, what: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return the shape of ``input``, and its dtype or the one that was asked for."""
    if input.__class__ not in HANDLES and not isinstance(input, np.ndarray):
        raise TypeError(f"{what}: expected a Tensor or an array, got {type(input).__name__}")
    return input.shape, to_dtype(input.dtype if dtype is None else dtype)


def zeros_like(input: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return zeros of the shape and dtype of ``input``.

    >>> import glassgrad as gg
    >>> gg.zeros_like(gg.tensor([1, 2]))
    tensor([0, 0])
    """
    return wrap(np.zeros(*like_of(input, dtype, "zeros_like")), requires_grad)


def ones_like(input: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return ones of the shape and dtype of ``input``.

    >>> import glassgrad as gg
    >>> gg.ones_like(gg.tensor([1, 2]))
    tensor([1, 1])
    """
    return wrap(np.ones(*like_of(input, dtype, "ones_like")), requires_grad)


def empty_like(input: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of the shape and dtype of ``input``, to be overwritten; it holds zeros, as :func:`empty` does.

    >>> import glassgrad as gg
    >>> gg.empty_like(gg.tensor([[1.0, 2.0]])).shape
    (1, 2)
    """
    return wrap(np.zeros(*like_of(input, dtype, "empty_like")), requires_grad)


def full_like(input: Any, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of the shape and dtype of ``input``, filled with one number.

    >>> import glassgrad as gg
    >>> gg.full_like(gg.tensor([1.0, 2.0]), 7)
    tensor([7., 7.])
    """
    shape, kind = like_of(input, dtype, "full_like")
    return full(shape, fill_value, dtype=kind, requires_grad=requires_grad)


def as_tensor(data: Any, dtype: Any = None) -> Tensor:
    """Return ``data`` as a tensor: itself if it is one of that dtype, still in the graph; else a copy.

    Unlike PyTorch's it copies arrays: a later change of the array would reach saved values unseen.

    >>> import glassgrad as gg
    >>> x = gg.tensor([1.0]); gg.as_tensor(x) is x
    True
    """
    if data.__class__ not in HANDLES:
        return tensor(data, dtype)
    converted: Tensor = data if dtype is None or to_dtype(dtype) == data.dtype else data.astype(to_dtype(dtype))
    return converted


def eye(n: int, m: int | None = None, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return the identity matrix of ``n`` rows and ``m`` (default ``n``) columns.

    >>> import glassgrad as gg
    >>> gg.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    rows, columns = shape_of((n, n if m is None else m), "eye")
    return wrap(np.eye(rows, columns, dtype=dtype_of(dtype)), requires_grad)


def arange(start: Any, end: Any = None, step: Any = 1, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return the numbers from ``start`` (default 0) up to, not including, ``end``.

    Edges: for a dtype of integers the bounds lose their fractions first, as in PyTorch.

    Raises:
        ValueError: ``step`` is 0 or leads away from ``end``.

    >>> import glassgrad as gg
    >>> gg.arange(3)
    tensor([0, 1, 2])
    """
    if end is None:
        start, end = 0, start
    start, end, step = (v.item() if v.__class__ in HANDLES else v for v in (start, end, step))
    if dtype is not None and not is_floating(to_dtype(dtype)):
        start, end, step = int(start), int(end), int(step)
    if step == 0:
        raise ValueError("arange: step must not be 0")
    if (end - start) * step < 0:
        raise ValueError(f"arange: steps of {step} do not lead from {start} to {end}")
    if not math.isfinite(start) or not math.isfinite(end):
        raise ValueError(f"arange: the range from {start} to {end} is not finite")
    if dtype is None:
        whole = all(isinstance(v, int | np.integer) for v in (start, end, step))
        kind = np.dtype(np.int64) if whole else get_default_dtype()
    else:
        kind = to_dtype(dtype)
    return wrap(np.arange(start, end, step).astype(kind), requires_grad)


def linspace(start: float, end: float, steps: int, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return ``steps`` numbers evenly spaced from ``start`` to ``end``, both included.

    Edges: for a dtype of integers the bounds lose their fractions first, then the numbers do, as in PyTorch.

    >>> import glassgrad as gg
    >>> gg.linspace(0, 1, 3)
    tensor([0. , 0.5, 1. ])
    """
    return wrap(_spaced(start, end, steps, dtype, "linspace").astype(dtype_of(dtype)), requires_grad)


def _spaced(start: Any, end: Any, steps: Any, dtype: Any, what: str) -> Any:
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or steps < 0:
        raise ValueError(f"{what}: the number of steps must be a non-negative integer, not {steps!r}")
    first, last = (v.item() if v.__class__ in HANDLES else v for v in (start, end))
    if not is_floating(dtype_of(dtype)):
        first, last = int(first), int(last)
    # From both ends to the middle, so that the last number is exactly ``end`` and the whole symmetric.
    step = (last - first) / (steps - 1) if steps > 1 else 0.0
    places = np.arange(steps)
    return np.where(places < steps // 2 if steps > 1 else True, first + places * step, last - places[::-1] * step)


def logspace(
    start: float, end: float, steps: int, base: float = 10.0, *, dtype: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return ``base`` to the powers of ``steps`` numbers evenly spaced from ``start`` to ``end``, both included.

    >>> import glassgrad as gg
    >>> gg.logspace(0, 2, 3)
    tensor([  1.,  10., 100.])
    """
    powers = np.power(float(base), _spaced(start, end, steps, dtype, "logspace"))
    return wrap(powers.astype(dtype_of(dtype)), requires_grad)


# -- methods that make a tensor of the same dtype --------------------------------------------------------------


def new_zeros(self: Tensor, *size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return zeros of another shape and, unless told otherwise, this dtype."""
    return zeros(*size, dtype=self.dtype if dtype is None else dtype, requires_grad=requires_grad)


def new_ones(self: Tensor, *size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return ones of another shape and, unless told otherwise, this dtype."""
    return ones(*size, dtype=self.dtype if dtype is None else dtype, requires_grad=requires_grad)


def new_empty(self: Tensor, *size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of another shape and, unless told otherwise, this dtype, to be overwritten; it holds zeros."""
    return empty(*size, dtype=self.dtype if dtype is None else dtype, requires_grad=requires_grad)


def new_full(self: Tensor, size: Any, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of another shape and, unless told otherwise, this dtype, filled with one number."""
    return full(size, fill_value, dtype=self.dtype if dtype is None else dtype, requires_grad=requires_grad)


def new_tensor(self: Tensor, data: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return ``data`` as a tensor of, unless told otherwise, this dtype, on memory of its own."""
    return tensor(data, self.dtype if dtype is None else dtype, requires_grad)


NEW = (new_zeros, new_ones, new_empty, new_full, new_tensor)

# NumPy's name.
asarray = as_tensor
