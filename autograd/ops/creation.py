"""Tensors from nothing: constants, ranges and random numbers. They are leaves, so none of these has a gradient."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.dtypes import as_array, get_default_dtype, is_floating, to_dtype
from ..engine.values import HANDLES
from ..handles.interchange import from_dlpack
from ..handles.tensor import Tensor, tensor
from .random import draw

__all__ = [
    "arange", "as_tensor", "asarray", "bernoulli", "empty", "empty_like", "eye", "from_dlpack", "full", "full_like",
    "linspace", "logspace", "multinomial", "normal", "ones", "ones_like", "poisson", "rand", "rand_like", "randint",
    "randint_like", "randn", "randn_like", "randperm", "zeros", "zeros_like",
]  # fmt: skip


def _shape(size: tuple[Any, ...], what: str) -> tuple[int, ...]:
    dims = size[0] if len(size) == 1 and isinstance(size[0], tuple | list) else size
    dims = tuple(n.item() if n.__class__ in HANDLES and n.ndim == 0 else n for n in dims)
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


def empty(*size: Any, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor to be overwritten. It holds zeros, so that nothing depends on what the memory held before.

    >>> import glassgrad as gg
    >>> gg.empty(2, 3).shape
    (2, 3)
    """
    return _wrap(np.zeros(_shape(size, "empty"), _dtype(dtype)), requires_grad)


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
    return _wrap(np.full(_shape((size,), "full"), number, number.dtype), requires_grad)


def _like(input: Any, dtype: Any, what: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    if input.__class__ not in HANDLES and not isinstance(input, np.ndarray):
        raise TypeError(f"{what}: expected a Tensor or an array, got {type(input).__name__}")
    return input.shape, to_dtype(input.dtype if dtype is None else dtype)


def zeros_like(input: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return zeros of the shape and dtype of ``input``.

    >>> import glassgrad as gg
    >>> gg.zeros_like(gg.tensor([1, 2]))
    tensor([0, 0])
    """
    return _wrap(np.zeros(*_like(input, dtype, "zeros_like")), requires_grad)


def ones_like(input: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return ones of the shape and dtype of ``input``.

    >>> import glassgrad as gg
    >>> gg.ones_like(gg.tensor([1, 2]))
    tensor([1, 1])
    """
    return _wrap(np.ones(*_like(input, dtype, "ones_like")), requires_grad)


def empty_like(input: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of the shape and dtype of ``input``, to be overwritten; it holds zeros, as :func:`empty` does.

    >>> import glassgrad as gg
    >>> gg.empty_like(gg.tensor([[1.0, 2.0]])).shape
    (1, 2)
    """
    return _wrap(np.zeros(*_like(input, dtype, "empty_like")), requires_grad)


def full_like(input: Any, fill_value: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a tensor of the shape and dtype of ``input``, filled with one number.

    >>> import glassgrad as gg
    >>> gg.full_like(gg.tensor([1.0, 2.0]), 7)
    tensor([7., 7.])
    """
    shape, kind = _like(input, dtype, "full_like")
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
    rows, columns = _shape((n, n if m is None else m), "eye")
    return _wrap(np.eye(rows, columns, dtype=_dtype(dtype)), requires_grad)


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
    return _wrap(np.arange(start, end, step).astype(kind), requires_grad)


def linspace(start: float, end: float, steps: int, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return ``steps`` numbers evenly spaced from ``start`` to ``end``, both included.

    Edges: for a dtype of integers the bounds lose their fractions first, then the numbers do, as in PyTorch.

    >>> import glassgrad as gg
    >>> gg.linspace(0, 1, 3)
    tensor([0. , 0.5, 1. ])
    """
    return _wrap(_spaced(start, end, steps, dtype, "linspace").astype(_dtype(dtype)), requires_grad)


def _spaced(start: Any, end: Any, steps: Any, dtype: Any, what: str) -> Any:
    if isinstance(steps, bool) or not isinstance(steps, int | np.integer) or steps < 0:
        raise ValueError(f"{what}: the number of steps must be a non-negative integer, not {steps!r}")
    first, last = (v.item() if v.__class__ in HANDLES else v for v in (start, end))
    if not is_floating(_dtype(dtype)):
        first, last = int(first), int(last)
    # From both ends to the middle, so that the last number is exactly `end` and the whole symmetric.
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
    return _wrap(powers.astype(_dtype(dtype)), requires_grad)


# -- random ----------------------------------------------------------------------------------------------------


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


def rand_like(input: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return random numbers, uniform in [0, 1), of the shape and dtype of ``input``.

    >>> import glassgrad as gg
    >>> gg.rand_like(gg.zeros(2, 3)).shape
    (2, 3)
    """
    shape, kind = _like(input, dtype, "rand_like")
    return _random("random", (shape,), kind, requires_grad, "rand_like")


def randn_like(input: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return normally distributed random numbers of the shape and dtype of ``input``.

    >>> import glassgrad as gg
    >>> gg.randn_like(gg.zeros(2, 3)).shape
    (2, 3)
    """
    shape, kind = _like(input, dtype, "randn_like")
    return _random("standard_normal", (shape,), kind, requires_grad, "randn_like")


def randint(low: int, high: Any = None, size: Any = None, *, dtype: Any = None) -> Tensor:
    """Return random integers from ``low`` (default 0) up to, not including, ``high``.

    Called as ``randint(low, high, size)`` or ``randint(high, size)``.

    Raises:
        ValueError: the range is empty.

    >>> import glassgrad as gg
    >>> gg.randint(6, (2, 3)).shape
    (2, 3)
    """
    if size is None and isinstance(high, tuple | list):
        high, size = None, high
    if high is None:
        low, high = 0, low
    if high <= low:
        raise ValueError(f"randint: the range from {low} to {high} is empty")
    kind = np.dtype(np.int64) if dtype is None else to_dtype(dtype)
    shape = () if size is None else _shape((size,), "randint")
    return _wrap(np.asarray(draw("integers", low, high, shape), kind), False)


def randint_like(input: Any, low: int, high: int | None = None, *, dtype: Any = None) -> Tensor:
    """Return random integers from ``low`` (default 0) up to, not including, ``high``, as ``input`` in shape and dtype.

    >>> import glassgrad as gg
    >>> gg.randint_like(gg.zeros(2, 3), 6).dtype
    dtype('float32')
    """
    shape, kind = _like(input, dtype, "randint_like")
    return randint(low, high, shape, dtype=kind) if high is not None else randint(0, low, shape, dtype=kind)


def randperm(n: int, *, dtype: Any = None) -> Tensor:
    """Return the integers 0 .. n − 1 in random order.

    >>> import glassgrad as gg
    >>> sorted(gg.randperm(4).tolist())
    [0, 1, 2, 3]
    """
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 0:
        raise ValueError(f"randperm: n must be a non-negative integer, not {n!r}")
    return _wrap(np.asarray(draw("permutation", n), np.int64 if dtype is None else to_dtype(dtype)), False)


def normal(
    mean: Any = 0.0, std: Any = 1.0, size: Any = None, *, dtype: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return normally distributed random numbers with the given means and standard deviations.

    ``mean`` and ``std`` may be tensors, which broadcast; no gradient flows to them. For samples that can be
    differentiated write ``mean + std * gg.randn_like(mean)``.

    Raises:
        ValueError: a standard deviation is negative.

    >>> import glassgrad as gg
    >>> gg.normal(gg.zeros(3), 1.0).shape
    (3,)
    """
    parts = [as_array(v._array if v.__class__ in HANDLES else v) for v in (mean, std)]
    if (parts[1] < 0).any():
        raise ValueError(f"normal: a standard deviation must not be negative, got {parts[1].min()}")
    try:
        shape = np.broadcast_shapes(*(p.shape for p in parts)) if size is None else _shape((size,), "normal")
    except ValueError:
        raise ValueError(f"normal: shapes {parts[0].shape} and {parts[1].shape} do not broadcast") from None
    given = [np.dtype(v.dtype) for v in (mean, std) if hasattr(v, "dtype") and np.dtype(v.dtype).kind == "f"]
    kind = to_dtype(dtype) if dtype is not None else np.result_type(*given) if given else get_default_dtype()
    drawn = draw("standard_normal", shape) * parts[1] + parts[0]
    return _wrap(np.asarray(drawn, to_dtype(kind)), requires_grad)


def _probabilities(input: Any, what: str) -> np.ndarray[Any, Any]:
    array = as_array(input._array if input.__class__ in HANDLES else input)
    if array.dtype.kind != "f":
        raise TypeError(f"{what}: probabilities must be floating-point numbers, not {array.dtype}")
    return array


def bernoulli(input: Any, p: Any = None) -> Tensor:
    """Return 1 with the probability that each element of ``input`` gives, else 0; with ``p``, with that for all.

    No gradient flows to the probabilities.

    Raises:
        ValueError: a probability is not between 0 and 1.
        TypeError: the probabilities are not floating-point numbers.

    >>> import glassgrad as gg
    >>> gg.bernoulli(gg.tensor([0.0, 1.0]))
    tensor([0., 1.])
    """
    chances = _probabilities(input, "bernoulli") if p is None else np.full(np.shape(input), p, np.float64)
    if not ((chances >= 0) & (chances <= 1)).all():
        raise ValueError("bernoulli: every probability must be between 0 and 1")
    kind = _like(input, None, "bernoulli")[1] if hasattr(input, "dtype") else get_default_dtype()
    return _wrap(np.asarray(draw("random", chances.shape) < chances, kind), False)


def multinomial(input: Any, num_samples: int, replacement: bool = False) -> Tensor:
    """Return indices drawn with probabilities proportional to ``input``: ``num_samples`` of each row.

    ``input`` is a vector of weights or a matrix with a row for each distribution. Without ``replacement`` no index is
    drawn twice: the largest of uⱼ^(1/wⱼ) win (Efraimidis and Spirakis 2006).

    Edges: an index of weight 0 is never drawn; where PyTorch draws it because no others are left, this raises.

    Raises:
        ValueError: weights are negative, infinite, NaN or all 0 in a row; or there are fewer than ``num_samples`` that
            are not 0, without replacement.

    >>> import glassgrad as gg
    >>> gg.multinomial(gg.tensor([0.0, 3.0, 0.0]), 2, replacement=True)
    tensor([1, 1])
    """
    weights = _probabilities(input, "multinomial").astype(np.float64)
    if weights.ndim not in (1, 2):
        raise ValueError(f"multinomial: weights must have one or two dimensions, not shape {weights.shape}")
    if num_samples <= 0:
        raise ValueError(f"multinomial: the number of samples must be positive, not {num_samples}")
    rows = np.atleast_2d(weights)
    if not (np.isfinite(rows) & (rows >= 0)).all():
        raise ValueError("multinomial: weights must be finite and not negative")
    available = np.count_nonzero(rows, axis=1)
    if rows.shape[0] and available.min() < (1 if replacement else num_samples):
        raise ValueError(
            f"multinomial: {num_samples} samples from a row that has {available.min()} weights other than 0; "
            + ("at least one is needed" if replacement else "without replacement there must be as many")
        )
    if replacement:
        edges = np.cumsum(rows, axis=1)
        points = draw("random", (rows.shape[0], num_samples)) * edges[:, -1:]
        chosen = np.empty(points.shape, np.int64)
        for i, (row, at) in enumerate(zip(edges, points, strict=True)):
            # Rounding may lift a point to the last edge, beyond which nothing lies.
            chosen[i] = np.minimum(np.searchsorted(row, at, side="right"), np.flatnonzero(rows[i])[-1])
    else:
        # −log u / w has the same order as u^(1/w), reversed, and does not underflow.
        with np.errstate(divide="ignore"):
            waits = draw("standard_exponential", rows.shape) / rows
        chosen = np.argsort(np.where(rows > 0, waits, np.inf), axis=1, kind="stable")[:, :num_samples]
    return _wrap(chosen[0] if weights.ndim == 1 else chosen, False)


def poisson(input: Any) -> Tensor:
    """Return random numbers from the Poisson distributions whose rates ``input`` holds. No gradient flows to them.

    Raises:
        ValueError: a rate is negative or NaN.

    >>> import glassgrad as gg
    >>> gg.poisson(gg.zeros(2))
    tensor([0., 0.])
    """
    rates = _probabilities(input, "poisson")
    if not (rates >= 0).all():
        raise ValueError("poisson: rates must not be negative or NaN")
    return _wrap(np.asarray(draw("poisson", rates.astype(np.float64)), rates.dtype), False)


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
