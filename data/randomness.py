"""Where random numbers come from: a seed, a NumPy generator, or the library's generator."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..autograd import Tensor
from ..autograd.ops.random import draw

__all__ = ["Randomness", "check_seed"]


def check_seed(seed: Any) -> int:
    """``seed`` as an int; TypeError if it is no whole number, ValueError if it is negative."""
    try:
        value = operator.index(seed)
    except TypeError:
        raise TypeError(f"seed must be a whole number or None, not {seed!r}") from None
    if value < 0:
        raise ValueError(f"seed must not be negative, got {value}")
    return value


class Randomness:
    """Random numbers for something that draws again and again.

    Args:
        seed: makes the draws repeatable, and independent of everything else that is random.
        generator: a ``numpy.random.Generator`` to draw from, instead of a seed; several things may share one.

    Without both, the library's generator is used, which ``manual_seed`` sets: then one seed covers initialisation,
    dropout, shuffling and augmentation.

    Raises:
        TypeError, ValueError: both are given, or one is of the wrong kind.

    >>> first, second = Randomness(seed=3), Randomness(seed=3)
    >>> bool(first.draw("random") == second.draw("random"))
    True
    """

    def __init__(self, seed: int | None = None, generator: Any = None) -> None:
        if seed is not None and generator is not None:
            raise ValueError("give a seed or a generator, not both")
        if generator is not None and not isinstance(generator, np.random.Generator):
            raise TypeError(
                f"generator must be a numpy.random.Generator, such as numpy.random.default_rng(0), not {generator!r}"
            )
        self.seed = None if seed is None else check_seed(seed)
        self.generator: np.random.Generator | None = generator
        if self.seed is not None:
            self.generator = np.random.default_rng(self.seed)

    def draw(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method of the generator, such as ``"random"`` or ``"integers"``."""
        if self.generator is None:
            return draw(method, *args, **kwargs)
        return getattr(self.generator, method)(*args, **kwargs)

    def state_dict(self) -> dict[str, Any]:
        """The state of a generator of its own; of the library's, which ``get_rng_state`` gives, nothing."""
        return {} if self.generator is None else {"generator": _plain(self.generator.bit_generator.state)}

    def load_state_dict(self, state: Any) -> None:
        """Go on from a ``state_dict``.

        Raises:
            ValueError: the state is of another kind of generator.
        """
        if ("generator" in state) != (self.generator is not None):
            raise ValueError("the saved state and this object do not both have a seed or generator of their own")
        if self.generator is not None:
            try:
                self.generator.bit_generator.state = _arrays(state["generator"])
            except (TypeError, ValueError, KeyError) as error:
                raise ValueError(f"not the state of a {type(self.generator.bit_generator).__name__}: {error}") from None


def _plain(state: Any) -> Any:
    """A generator's state with arrays as tensors, so that it can be saved."""
    if isinstance(state, dict):
        return {name: _plain(value) for name, value in state.items()}
    return Tensor(state) if isinstance(state, np.ndarray) else state


def _arrays(state: Any) -> Any:
    """The inverse of ``_plain``."""
    if isinstance(state, dict):
        return {name: _arrays(value) for name, value in state.items()}
    return state.numpy() if isinstance(state, Tensor) else state
