"""Tensors from nothing: constants, ranges and random numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..dtypes import get_default_dtype, is_floating, to_dtype
from ..tensor import Tensor
from .random import draw

__all__ = [
    "arange", "eye", "full", "linspace", "ones", "ones_like", "rand", "randint", "randn", "randperm", "zeros",
    "zeros_like",
]  # fmt: skip


def _shape(size: tuple[Any, ...], what: str) -> tuple[int, ...]:
    dims = size[0] if len(size) == 1 and isinstance(size[0], tuple | list) else size
    for n in dims:
        if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 0:
            raise ValueError(f"{what}: sizes must be non-negative integers, got {tuple(dims)}")
    return tuple(int(n) for n in dims)


def _wrap(array: np.ndarray[Any, Any], requires_grad: bool, name: str | None = None) -> Tensor:
    return Tensor(array, requires_grad=requires_grad, name=name, copy=False)


def _dtype(dtype: Any) -> np.dtype[Any]:
    return get_default_dtype() if dtype is None else to_dtype(dtype)


def zeros(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of zeros, of the default dtype unless told otherwise.

    >>> import glassgrad as gg
    >>> gg.zeros(2)
    tensor([0., 0.])
    """
    return _wrap(np.zeros(_shape(size, "zeros"), _dtype(dtype)), requires_grad)


def ones(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of ones.

    >>> import glassgrad as gg
    >>> gg.ones(2)
    tensor([1., 1.])
    """
    return _wrap(np.ones(_shape(size, "ones"), _dtype(dtype)), requires_grad)


def full(size: Any, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor filled with one number; its dtype follows the number.

    >>> import glassgrad as gg
    >>> gg.full((2,), 7)
    tensor([7, 7])
    """
    kind = Tensor(fill_value, dtype).dtype
    return _wrap(
        np.full(_shape((size,), "full") if not isinstance(size, int) else (size,), fill_value, kind), requires_grad
    )


def zeros_like(input: Tensor, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return zeros of the shape and dtype of ``input``."""
    return _wrap(np.zeros(input.shape, input.dtype if dtype is None else to_dtype(dtype)), requires_grad)


def ones_like(input: Tensor, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return ones of the shape and dtype of ``input``."""
    return _wrap(np.ones(input.shape, input.dtype if dtype is None else to_dtype(dtype)), requires_grad)


def eye(n: int, m: int | None = None, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return the identity matrix of ``n`` rows and ``m`` (default ``n``) columns.

    >>> import glassgrad as gg
    >>> gg.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    return _wrap(np.eye(n, m, dtype=_dtype(dtype)), requires_grad)


def arange(start: Any, end: Any = None, step: Any = 1, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return the numbers from ``start`` (default 0) up to, not including, ``end``.

    Raises:
        ValueError: ``step`` is 0.

    >>> import glassgrad as gg
    >>> gg.arange(3)
    tensor([0, 1, 2])
    """
    if end is None:
        start, end = 0, start
    if step == 0:
        raise ValueError("arange: step must not be 0")
    if dtype is None:
        whole = all(isinstance(v, int | np.integer) for v in (start, end, step))
        kind = np.dtype(np.int64) if whole else get_default_dtype()
    else:
        kind = to_dtype(dtype)
    return _wrap(np.arange(start, end, step).astype(kind), requires_grad)


def linspace(start: float, end: float, steps: int, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return ``steps`` numbers evenly spaced from ``start`` to ``end``, both included.

    >>> import glassgrad as gg
    >>> gg.linspace(0, 1, 3)
    tensor([0. , 0.5, 1. ])
    """
    return _wrap(np.linspace(start, end, steps).astype(_dtype(dtype)), requires_grad)


def _random(method: str, size: tuple[Any, ...], dtype: Any, requires_grad: bool, what: str) -> Tensor:
    kind = _dtype(dtype)
    if not is_floating(kind):
        raise TypeError(f"{what}: random numbers are floating-point, not {kind}")
    drawn = draw(method, _shape(size, what), dtype=kind if kind.itemsize >= 4 else np.float32)
    return _wrap(np.asarray(drawn, kind), requires_grad)


def rand(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return random numbers, uniform in [0, 1).

    >>> import glassgrad as gg
    >>> gg.rand(2, 3).shape
    (2, 3)
    """
    return _random("random", size, dtype, requires_grad, "rand")


def randn(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return random numbers from the normal distribution of mean 0 and variance 1.

    >>> import glassgrad as gg
    >>> gg.randn(2, 3).shape
    (2, 3)
    """
    return _random("standard_normal", size, dtype, requires_grad, "randn")


def randint(low: int, high: int | None = None, size: Any = (), *, dtype: Any = None) -> Tensor:
    """Return random integers from ``low`` (default 0) up to, not including, ``high``.

    Raises:
        ValueError: the range is empty.
    """
    if high is None:
        low, high = 0, low
    if high <= low:
        raise ValueError(f"randint: the range from {low} to {high} is empty")
    kind = np.dtype(np.int64) if dtype is None else to_dtype(dtype)
    return _wrap(np.asarray(draw("integers", low, high, _shape((size,), "randint")), kind), False)


def randperm(n: int) -> Tensor:
    """Return the integers 0 .. n − 1 in random order."""
    return _wrap(np.asarray(draw("permutation", n), np.int64), False)
