"""Where the order of samples comes from: a seed of its own, or the library's generator."""

from __future__ import annotations

import operator

import numpy as np
from numpy.typing import NDArray

from ..autograd.ops.random import draw


def permutation(n: int, seed: int | None, epoch: int = 0) -> NDArray[np.int64]:
    """The numbers 0 to n - 1 in a random order that `seed` and the number of the epoch alone decide.

    Without a seed the library's generator decides, which `manual_seed` sets: then one seed covers initialisation,
    dropout and shuffling.

    >>> order = permutation(100, seed=7, epoch=2)
    >>> bool((order == permutation(100, seed=7, epoch=2)).all()), bool((order == permutation(100, seed=7)).all())
    (True, False)
    """
    if seed is None:
        return draw("permutation", n)
    return np.random.default_rng((check_seed(seed), epoch)).permutation(n)


def check_seed(seed: int) -> int:
    """`seed` as an int; TypeError if it is no whole number, ValueError if it is negative."""
    try:
        value = operator.index(seed)
    except TypeError:
        raise TypeError(f"seed must be a whole number or None, not {seed!r}") from None
    if value < 0:
        raise ValueError(f"seed must not be negative, got {value}")
    return value
