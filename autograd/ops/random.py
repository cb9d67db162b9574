"""Random numbers, from one generator that :func:`manual_seed` sets; dropout and random tensors.

A draw is the one effect that is not in the values: it advances the generator. Everything random in the library draws
here, so one seed covers initialisation, dropout and shuffling.
"""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np

from ..core.cost import per_input
from ..core.dtypes import as_array, get_default_dtype, is_floating, to_dtype
from ..engine.compose import composed
from ..engine.declare import primitive
from ..engine.values import HANDLES
from ..handles.tensor import Tensor
from .comparison import choose
from .creation import dtype_of, like_of, shape_of, wrap

__all__ = [
    "bernoulli", "multinomial", "normal", "poisson", "rand", "rand_like", "randint", "randint_like", "randn",
    "randn_like", "randperm",
]  # fmt: skip

_lock = threading.Lock()
_generator: Any = None


def _shared() -> Any:
    """Return the generator, made when first needed: numpy.random takes longer to load than this whole package."""
    global _generator
    if _generator is None:
        _generator = np.random.default_rng()
    return _generator


def manual_seed(seed: int) -> None:
    """Seed every random draw of the library in this process.

    Raises:
        TypeError, ValueError: ``seed`` is not a non-negative integer.

    >>> import glassgrad as gg
    >>> gg.manual_seed(0)
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise TypeError(f"manual_seed: the seed must be an integer, not {type(seed).__name__}")
    if seed < 0:
        raise ValueError(f"manual_seed: the seed must not be negative, got {seed}")
    with _lock:
        # The bit generator's own state is set, so that references to the generator stay valid.
        _shared().bit_generator.state = np.random.default_rng(int(seed)).bit_generator.state


def get_rng_state() -> Any:
    """Return the state of the generator, to be given back to :func:`set_rng_state`."""
    with _lock:
        return _shared().bit_generator.state


def set_rng_state(state: Any) -> None:
    """Put the generator into a state that :func:`get_rng_state` returned.

    Raises:
        ValueError: ``state`` is not such a state.
    """
    with _lock:
        try:
            _shared().bit_generator.state = state
        except (TypeError, ValueError, KeyError) as error:
            raise ValueError(f"set_rng_state: not a state from get_rng_state: {error}") from None


def draw(method: str, *args: Any, **kwargs: Any) -> Any:
    """Call a method of the shared generator (``"random"``, ``"standard_normal"``, ...) under its lock."""
    with _lock:
        return getattr(_shared(), method)(*args, **kwargs)


# -- dropout --------------------------------------------------------------------------------------------------


@primitive(
    kind="linear", cost=per_input(2), mask=None, symbol="dropout {0}",
    x=lambda g, mask, scale: masked_scale(g, mask, scale),
)  # fmt: skip
def masked_scale(x: Any, mask: Any, scale: Any) -> Any:
    """Return ``x·scale`` where ``mask`` is true, else 0; a NaN that is masked out is gone.

    The mask broadcasts to the shape of ``x``; one that is 1 in its last dimensions chooses whole channels.
    """
    array, chosen = np.asarray(x), np.asarray(mask)
    lead = chosen.ndim
    while lead and chosen.shape[lead - 1] == 1 != array.shape[lead - 1]:
        lead -= 1
    if not 0 < lead < array.ndim == chosen.ndim or chosen.shape[:lead] != array.shape[:lead]:
        kept = choose(chosen, array, 0)
        return kept * np.asarray(scale, kept.dtype if kept.dtype.kind == "f" else np.float64)
    out = np.multiply(array, np.asarray(scale, array.dtype if array.dtype.kind == "f" else np.float64))
    out[~chosen.reshape(chosen.shape[:lead])] = 0
    return out


def _probability(p: Any, what: Any) -> None:
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"{what}: p must be between 0 and 1, got {p}")


def keep_mask(shape: Any, p: Any) -> Any:
    """Return bools of a shape that are false with probability ``p``, drawn from the shared generator."""
    return draw("random", tuple(shape), dtype=np.float32) >= p


@composed
def dropout(x: Any, p: Any = 0.5, training: Any = True) -> Any:
    """Return ``x`` with each element set to 0 with probability ``p`` and the others divided by 1 − p.

    ``p`` is the probability of dropping, and the scaling happens in training, so that the expected value is ``x`` and
    evaluation changes nothing. (Srivastava et al. 2014; some lecture notes write p for keeping, or scale in evaluation:
    the networks are the same.)

    Edges: p = 0 gives ``x`` itself, p = 1 zeros, also where ``x`` is NaN.

    Raises:
        ValueError: ``p`` is not between 0 and 1.

    >>> import glassgrad as gg
    >>> gg.nn.functional.dropout(gg.ones(2), p=0.5, training=False)
    tensor([1., 1.])
    """
    _probability(p, "dropout")
    if not training or p == 0.0:
        return x
    return masked_scale(x, keep_mask(x.shape, p), 0.0 if p == 1.0 else 1.0 / (1.0 - p))


def channel_mask(shape: Any, p: Any) -> Any:
    """Return bools of shape (N, C, 1, ...) for dropping whole channels of shape (N, C, ...)."""
    return keep_mask(shape[:2], p).reshape((*shape[:2], *(1,) * (len(shape) - 2)))


def channel_dropout(x: Any, p: Any, training: Any, batched: Any, what: Any) -> Any:
    """Return ``x`` with whole channels set to 0; ``batched`` says whether the first dimension counts examples."""
    _probability(p, what)
    if not training or p == 0.0:
        return x
    shape = tuple(x.shape)
    mask = channel_mask(shape, p) if batched else channel_mask((1, *shape), p)[0]
    return masked_scale(x, mask, 0.0 if p == 1.0 else 1.0 / (1.0 - p))


# What SELU tends to for very negative numbers: minus its two constants multiplied. (Klambauer et al. 2017)
_SATURATED = -1.0507009873554804934193349852946 * 1.6732632423543772848170429916717


def alpha_noise(x: Any, keep: Any, p: Any) -> Any:
    """Return a·x + b where ``keep`` is true, else a·s + b, with a, b that keep mean 0 and variance 1."""
    if p == 1.0:
        return masked_scale(x, keep, 0.0)
    a = 1.0 / math.sqrt((1.0 - p) * (1.0 + p * _SATURATED * _SATURATED))
    shift = -a * p * _SATURATED
    offsets = np.where(keep, shift, a * _SATURATED + shift)
    return masked_scale(x, keep, a) + offsets.astype(x.dtype if x.dtype.kind == "f" else get_default_dtype())


# -- random tensors -------------------------------------------------------------------------------------------


def _random(method: str, size: tuple[Any, ...], dtype: Any, requires_grad: bool, what: str) -> Tensor:
    kind = dtype_of(dtype)
    if not is_floating(kind):
        raise TypeError(f"{what}: random numbers are floating-point, not {kind}")
    drawn = draw(method, shape_of(size, what), dtype=kind if kind.itemsize >= 4 else np.float32)
    return wrap(np.asarray(drawn, kind), requires_grad)


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
    shape, kind = like_of(input, dtype, "rand_like")
    return _random("random", (shape,), kind, requires_grad, "rand_like")


def randn_like(input: Any, *, dtype: Any = None, requires_grad: bool = False) -> Tensor:
    """Return normally distributed random numbers of the shape and dtype of ``input``.

    >>> import glassgrad as gg
    >>> gg.randn_like(gg.zeros(2, 3)).shape
    (2, 3)
    """
    shape, kind = like_of(input, dtype, "randn_like")
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
    shape = () if size is None else shape_of((size,), "randint")
    return wrap(np.asarray(draw("integers", low, high, shape), kind), False)


def randint_like(input: Any, low: int, high: int | None = None, *, dtype: Any = None) -> Tensor:
    """Return random integers from ``low`` (default 0) up to, not including, ``high``, as ``input`` in shape and dtype.

    >>> import glassgrad as gg
    >>> gg.randint_like(gg.zeros(2, 3), 6).dtype
    dtype('float32')
    """
    shape, kind = like_of(input, dtype, "randint_like")
    return randint(low, high, shape, dtype=kind) if high is not None else randint(0, low, shape, dtype=kind)


def randperm(n: int, *, dtype: Any = None) -> Tensor:
    """Return the integers 0 .. n − 1 in random order.

    >>> import glassgrad as gg
    >>> sorted(gg.randperm(4).tolist())
    [0, 1, 2, 3]
    """
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 0:
        raise ValueError(f"randperm: n must be a non-negative integer, not {n!r}")
    return wrap(np.asarray(draw("permutation", n), np.int64 if dtype is None else to_dtype(dtype)), False)


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
        shape = np.broadcast_shapes(*(p.shape for p in parts)) if size is None else shape_of((size,), "normal")
    except ValueError:
        raise ValueError(f"normal: shapes {parts[0].shape} and {parts[1].shape} do not broadcast") from None
    given = [np.dtype(v.dtype) for v in (mean, std) if hasattr(v, "dtype") and np.dtype(v.dtype).kind == "f"]
    kind = to_dtype(dtype) if dtype is not None else np.result_type(*given) if given else get_default_dtype()
    drawn = draw("standard_normal", shape) * parts[1] + parts[0]
    return wrap(np.asarray(drawn, to_dtype(kind)), requires_grad)


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
    kind = like_of(input, None, "bernoulli")[1] if hasattr(input, "dtype") else get_default_dtype()
    return wrap(np.asarray(draw("random", chances.shape) < chances, kind), False)


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
    return wrap(chosen[0] if weights.ndim == 1 else chosen, False)


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
    return wrap(np.asarray(draw("poisson", rates.astype(np.float64)), rates.dtype), False)
