"""Orders of samples at random: permutations, and arrays shuffled together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..autograd import Tensor, tensor
from ..autograd.ops.random import draw
from .randomness import check_seed

__all__ = ["permutation", "shuffle_dataset"]


def permutation(n: int, seed: int | None, epoch: int = 0) -> NDArray[np.int64]:
    """The numbers 0 to n - 1 in a random order that ``seed`` and the number of the epoch alone decide.

    Without a seed the library's generator decides, which ``manual_seed`` sets: then one seed covers initialisation,
    dropout and shuffling.

    >>> order = permutation(100, seed=7, epoch=2)
    >>> bool((order == permutation(100, seed=7, epoch=2)).all()), bool((order == permutation(100, seed=7)).all())
    (True, False)
    """
    if seed is None:
        return draw("permutation", n)
    return np.random.default_rng((check_seed(seed), epoch)).permutation(n)


def shuffle_dataset(*arrays: Any, seed: int | None = None) -> tuple[Any, ...]:
    """Inputs and labels in one new random order, so that pairs stay together.

    Args:
        *arrays: tensors or arrays of any number of dimensions whose first dimension, of equal length, is the samples.
        seed: the same seed gives the same order. By default the library's generator decides (``manual_seed``).

    Returns:
        A copy of each, of the kind that was given: tensors for tensors, arrays for arrays.

    Raises:
        ValueError: nothing is given, or the lengths differ.
        TypeError: something given has no first dimension.

    >>> x, t = shuffle_dataset(np.arange(6).reshape(3, 2), np.array([0, 1, 2]), seed=0)
    >>> bool((x[:, 0] == 2 * t).all()), sorted(t.tolist())
    (True, [0, 1, 2])
    """
    if not arrays:
        raise ValueError("shuffle_dataset needs at least one array")
    read = [value.numpy() if isinstance(value, Tensor) else np.asarray(value) for value in arrays]
    for i, array in enumerate(read):
        if array.ndim == 0:
            raise TypeError(f"shuffle_dataset: argument {i} has no first dimension; it is {arrays[i]!r}")
    lengths = [len(array) for array in read]
    if len(set(lengths)) > 1:
        raise ValueError(f"shuffle_dataset: all arguments must have the same length, but the lengths are {lengths}")
    order = permutation(lengths[0], seed)
    # Indexing the first dimension alone serves any number of dimensions.
    return tuple(
        tensor(array[order]) if isinstance(given, Tensor) else array[order]
        for given, array in zip(arrays, read, strict=True)
    )
