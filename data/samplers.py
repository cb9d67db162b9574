"""Samplers: which samples come, in which order. PyTorch's five, and the base class of one's own."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..autograd import Tensor
from .randomness import Randomness

__all__ = [
    "BatchSampler", "RandomSampler", "Sampler", "SequentialSampler", "SubsetRandomSampler", "WeightedRandomSampler",
]  # fmt: skip


class Sampler:
    """The base class: a subclass defines ``__iter__``, the positions of one epoch, and ``__len__``, their number.

    Samplers that draw at random take a ``seed``, or a NumPy ``generator`` as PyTorch's take one of theirs; by default
    the library's generator decides (``manual_seed``). Each ``for`` over one is a new epoch with a new order.

    >>> class Backwards(Sampler):
    ...     def __init__(self, data_source):
    ...         super().__init__()
    ...         self.data_source = data_source
    ...     def __iter__(self):
    ...         return iter(range(len(self.data_source) - 1, -1, -1))
    ...     def __len__(self):
    ...         return len(self.data_source)
    >>> list(Backwards("abc"))
    [2, 1, 0]
    """

    def __init__(self, seed: int | None = None, generator: Any = None) -> None:
        self.randomness = Randomness(seed, generator)

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError(f"{type(self).__name__} must define __iter__, the positions of one epoch")

    def state_dict(self) -> dict[str, Any]:
        """What decides the coming orders, to be saved with an interrupted training."""
        return self.randomness.state_dict()

    def load_state_dict(self, state: Any) -> None:
        """Go on from a ``state_dict``."""
        self.randomness.load_state_dict(state)


class SequentialSampler(Sampler):
    """The positions 0, 1, 2, ... in their order.

    >>> list(SequentialSampler("abc"))
    [0, 1, 2]
    """

    def __init__(self, data_source: Any) -> None:
        super().__init__()
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler):
    """All positions in a new random order each epoch, or ``num_samples`` drawn with replacement.

    Without replacement, more samples than there are come in several orders one after the other.

    Raises:
        TypeError, ValueError: an argument is of the wrong kind or not positive.

    >>> sorted(RandomSampler("abcd", seed=0))
    [0, 1, 2, 3]
    """

    def __init__(
        self, data_source: Any, replacement: bool = False, num_samples: int | None = None, generator: Any = None,
        seed: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__(seed, generator)
        self.data_source = data_source
        self.replacement = _flag("RandomSampler", "replacement", replacement)
        self._num_samples = None if num_samples is None else whole("RandomSampler", "num_samples", num_samples)

    def __iter__(self) -> Iterator[int]:
        total, wanted = len(self.data_source), len(self)
        if not total:
            return iter(())
        if self.replacement:
            return iter(self.randomness.draw("integers", 0, total, wanted).tolist())
        orders = [self.randomness.draw("permutation", total) for _ in range(-(-wanted // total))]
        return iter(np.concatenate(orders)[:wanted].tolist() if orders else [])

    def __len__(self) -> int:
        return len(self.data_source) if self._num_samples is None else self._num_samples


class SubsetRandomSampler(Sampler):
    """The given positions in a new random order each epoch.

    >>> sorted(SubsetRandomSampler([7, 3], seed=0))
    [3, 7]
    """

    def __init__(self, indices: Any, generator: Any = None, seed: int | None = None) -> None:
        super().__init__(seed, generator)
        self.indices = positions("SubsetRandomSampler", indices)

    def __iter__(self) -> Iterator[int]:
        return iter(self.indices[self.randomness.draw("permutation", len(self.indices))].tolist())

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler):
    """Positions drawn with probabilities proportional to their weights.

    Args:
        weights: one non-negative number for each sample; they need not add up to 1.
        num_samples: how many are drawn an epoch.
        replacement: whether a sample can come several times in an epoch.

    Raises:
        ValueError: a weight is negative, NaN or infinite, all are 0, or without replacement fewer samples have a
            weight than are wanted.

    >>> list(WeightedRandomSampler([0.0, 1.0, 0.0], num_samples=3, seed=0))
    [1, 1, 1]
    """

    def __init__(
        self, weights: ArrayLike, num_samples: int, replacement: bool = True, generator: Any = None,
        seed: int | None = None,
    ) -> None:  # fmt: skip
        super().__init__(seed, generator)
        self.weights = np.asarray(weights.numpy() if isinstance(weights, Tensor) else weights, dtype=np.float64)
        self.num_samples = whole("WeightedRandomSampler", "num_samples", num_samples)
        self.replacement = _flag("WeightedRandomSampler", "replacement", replacement)
        if self.weights.ndim != 1:
            raise ValueError(f"WeightedRandomSampler: weights must be a flat list, not of shape {self.weights.shape}")
        wrong = np.flatnonzero(~(np.isfinite(self.weights) & (self.weights >= 0)))
        if wrong.size:
            raise ValueError(f"WeightedRandomSampler: weights[{wrong[0]}] = {self.weights[wrong[0]]} is not a weight")
        possible = int(np.count_nonzero(self.weights))
        if not possible or (not self.replacement and possible < self.num_samples):
            raise ValueError(
                f"WeightedRandomSampler: {possible} samples have a weight above 0; {self.num_samples} cannot be drawn"
                + (" without replacement" if possible else "")
            )

    def __iter__(self) -> Iterator[int]:
        probabilities = self.weights / self.weights.sum()
        drawn = self.randomness.draw(
            "choice", len(self.weights), self.num_samples, replace=self.replacement, p=probabilities
        )
        return iter(drawn.tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler):
    """The positions of another sampler in lists of ``batch_size``; the last one may be shorter.

    >>> list(BatchSampler(SequentialSampler("abcde"), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Any, batch_size: int, drop_last: bool) -> None:
        super().__init__()
        if not hasattr(sampler, "__iter__"):
            raise TypeError(f"BatchSampler: sampler must give positions when iterated, not {sampler!r}")
        self.sampler = sampler
        self.batch_size = whole("BatchSampler", "batch_size", batch_size)
        self.drop_last = _flag("BatchSampler", "drop_last", drop_last)

    def __iter__(self) -> Iterator[list[int]]:
        batch: list[int] = []
        for position in self.sampler:
            batch.append(position)
            if len(batch) == self.batch_size:
                yield batch
                batch = []
        if batch and not self.drop_last:
            yield batch

    def __len__(self) -> int:
        full, rest = divmod(len(self.sampler), self.batch_size)
        return full if self.drop_last or not rest else full + 1

    def state_dict(self) -> dict[str, Any]:
        return self.sampler.state_dict() if hasattr(self.sampler, "state_dict") else {}

    def load_state_dict(self, state: Any) -> None:
        if hasattr(self.sampler, "load_state_dict"):
            self.sampler.load_state_dict(state)


def whole(owner: str, name: str, value: Any) -> int:
    """``value`` as an int of at least 1, or an error that names the owner."""
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        size = operator.index(value)
    except TypeError:
        raise TypeError(f"{owner}: {name} must be a whole number, not {value!r}") from None
    if size < 1:
        raise ValueError(f"{owner}: {name} must be at least 1, got {size}")
    return size


def _flag(owner: str, name: str, value: Any) -> bool:
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{owner}: {name} must be True or False, not {value!r}")
    return bool(value)


def positions(owner: str, indices: Any) -> NDArray[np.intp]:
    """Positions as an array of integers, or an error that names the owner."""
    array = np.asarray(indices.numpy() if isinstance(indices, Tensor) else indices)
    if not array.size:
        return np.zeros(0, np.intp)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise TypeError(f"{owner}: positions must be whole numbers, not {array.dtype} of shape {array.shape}")
    return array.astype(np.intp)
