"""Random numbers, from one generator that :func:`manual_seed` sets, and dropout.

A draw is the one effect that is not in the values: it advances the generator. Everything random in the library draws
here, so one seed covers initialisation, dropout and shuffling.
"""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np

from ..core.dtypes import get_default_dtype
from ..engine.compose import composed
from ..engine.declare import primitive
from .comparison import choose

__all__: list[str] = []

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


@primitive(kind="linear", mask=None, symbol="dropout {0}", x=lambda g, mask, scale: masked_scale(g, mask, scale))
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
