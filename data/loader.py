"""`DataLoader`: a data set in mini-batches."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .datasets import take
from .randomness import check_seed
from .shuffling import permutation


class DataLoader:
    """Goes through a data set in batches; each ``for`` over it is one epoch, in which every sample comes once.

    Args:
        dataset: anything with ``len`` and integer indices. A `Dataset` is read a batch at a time, through its `take`.
        batch_size: samples in a batch; the last one holds what remains.
        shuffle: a new random order each epoch; otherwise the order of the data set.
        drop_last: leave out a last batch that is shorter than the others.
        seed: makes the orders repeatable: epoch `e` is decided by the seed and `e` alone, so setting ``loader.epoch``
            continues an interrupted training where it stopped. By default the library's generator decides
            (`manual_seed`).

    Batches look like samples with a new first dimension: tensors, or tuples of them.

    Raises:
        TypeError, ValueError: an argument is of the wrong kind, or `batch_size` is not positive.

    >>> from glassgrad.data import TensorDataset
    >>> loader = DataLoader(TensorDataset(np.arange(10)), batch_size=4)
    >>> [batch.numpy().tolist() for (batch,) in loader]
    [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    >>> len(loader)
    3
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        shuffle: bool = False,
        drop_last: bool = False,
        seed: int | None = None,
    ) -> None:
        for needed in ("__len__", "__getitem__"):
            if not hasattr(dataset, needed):
                raise TypeError(f"DataLoader needs a data set with {needed}, and {type(dataset).__name__} has none")
        for name, flag in (("shuffle", shuffle), ("drop_last", drop_last)):
            if not isinstance(flag, (bool, np.bool_)):
                raise TypeError(f"DataLoader: {name} must be True or False, not {flag!r}")
        self.dataset = dataset
        self.batch_size = _positive(batch_size)
        self.shuffle = bool(shuffle)
        self.drop_last = bool(drop_last)
        self.seed = None if seed is None else check_seed(seed)
        self.epoch = 0  # the number of epochs begun

    def __len__(self) -> int:
        """The number of batches in an epoch."""
        full, rest = divmod(len(self.dataset), self.batch_size)
        return full if self.drop_last or not rest else full + 1

    def __iter__(self) -> Iterator[Any]:
        # The order is drawn here, not at the first batch, so that epochs are numbered in the order they were begun.
        order = self._order()
        self.epoch += 1
        size = self.batch_size
        return (take(self.dataset, order[i * size : (i + 1) * size]) for i in range(len(self)))

    def _order(self) -> NDArray[np.intp]:
        total = len(self.dataset)
        return permutation(total, self.seed, self.epoch) if self.shuffle else np.arange(total)


def _positive(batch_size: int) -> int:
    try:
        if isinstance(batch_size, (bool, np.bool_)):
            raise TypeError
        size = operator.index(batch_size)
    except TypeError:
        raise TypeError(f"DataLoader: batch_size must be a whole number, not {batch_size!r}") from None
    if size < 1:
        raise ValueError(f"DataLoader: batch_size must be at least 1, got {size}")
    return size
