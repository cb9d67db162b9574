"""``DataLoader``: a data set in mini-batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..autograd import Tensor
from .datasets import take
from .randomness import Randomness, check_seed
from .samplers import positions, whole
from .shuffling import permutation

__all__ = ["DataLoader", "Epoch"]


class DataLoader:
    """Goes through a data set in batches; each ``for`` over it is one epoch, in which every sample comes once.

    Args:
        dataset: anything with ``len`` and integer indices. A ``Dataset`` is read a batch at a time, through its
            ``take``.
        batch_size: samples in a batch; the last one holds what remains.
        shuffle: a new random order each epoch; otherwise the order of the data set.
        sampler: gives the positions of an epoch each time it is iterated, instead of ``shuffle``.
        batch_sampler: gives lists of positions, one for each batch; it excludes the four arguments that it decides.
        num_workers: accepted, without effect: batches are made where they are used.
        collate_fn: makes a batch of a list of samples, instead of ``collate``.
        pin_memory, timeout, worker_init_fn, multiprocessing_context, prefetch_factor, persistent_workers,
            pin_memory_device: accepted, without effect.
        drop_last: leave out a last batch that is shorter than the others.
        generator: a ``numpy.random.Generator`` that shuffles.
        seed: makes the orders repeatable: epoch ``e`` is decided by the seed and ``e`` alone, so setting
            ``loader.epoch`` continues an interrupted training where it stopped. By default the library's generator
            decides (``manual_seed``).

    Batches look like samples with a new first dimension: tensors, or tuples of them.

    Raises:
        TypeError, ValueError: an argument is of the wrong kind, ``batch_size`` is not positive, or arguments exclude
            each other.

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
        shuffle: bool | None = None,
        sampler: Any = None,
        batch_sampler: Any = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Any = None,
        multiprocessing_context: Any = None,
        generator: Any = None,
        *,
        prefetch_factor: Any = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        seed: int | None = None,
    ) -> None:
        for needed in ("__len__", "__getitem__"):
            if not hasattr(dataset, needed):
                raise TypeError(f"DataLoader needs a data set with {needed}, and {type(dataset).__name__} has none")
        for name, flag in (("shuffle", shuffle), ("drop_last", drop_last)):
            if not isinstance(flag, (bool, np.bool_)) and not (name == "shuffle" and flag is None):
                raise TypeError(f"DataLoader: {name} must be True or False, not {flag!r}")
        for name, given in (("sampler", sampler), ("batch_sampler", batch_sampler)):
            if given is not None and not hasattr(given, "__iter__"):
                raise TypeError(f"DataLoader: {name} must give positions when iterated, not {given!r}")
        if collate_fn is not None and not callable(collate_fn):
            raise TypeError(f"DataLoader: collate_fn must be a function of a list of samples, not {collate_fn!r}")
        if sampler is not None and shuffle:
            raise ValueError("DataLoader: sampler decides the order, so leave shuffle out")
        if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
            raise ValueError(
                "DataLoader: batch_sampler makes the batches, so leave batch_size, shuffle, sampler and drop_last out"
            )
        if seed is not None and generator is not None:
            raise ValueError("DataLoader: give a seed or a generator, not both")
        self.dataset = dataset
        self.batch_size = whole("DataLoader", "batch_size", batch_size)
        self.shuffle = bool(shuffle)
        self.sampler, self.batch_sampler, self.collate_fn = sampler, batch_sampler, collate_fn
        self.num_workers, self.pin_memory = num_workers, pin_memory
        self.drop_last = bool(drop_last)
        self.seed = None if seed is None else check_seed(seed)
        self.randomness = Randomness(generator=generator)
        self.epoch = 0  # the number of epochs begun

    def __len__(self) -> int:
        """The number of batches in an epoch."""
        if self.batch_sampler is not None:
            return len(self.batch_sampler)
        full, rest = divmod(len(self.dataset if self.sampler is None else self.sampler), self.batch_size)
        return full if self.drop_last or not rest else full + 1

    def __iter__(self) -> Epoch:
        # The order is drawn here, not at the first batch, so that epochs are numbered in the order they were begun.
        batches = self._batches()
        self.epoch += 1
        return Epoch(self, batches)

    def read(self, indices: NDArray[np.intp]) -> Any:
        """The samples at the given positions as one batch."""
        if self.collate_fn is not None:
            return self.collate_fn([self.dataset[int(index)] for index in indices])
        return take(self.dataset, indices)

    def state_dict(self) -> dict[str, Any]:
        """What decides the coming epochs: their number, and the states of samplers and data set that have one."""
        state: dict[str, Any] = {"epoch": self.epoch, "randomness": self.randomness.state_dict()}
        for name in ("sampler", "batch_sampler", "dataset"):
            if hasattr(getattr(self, name), "state_dict"):
                state[name] = getattr(self, name).state_dict()
        return state

    def load_state_dict(self, state: Any) -> None:
        """Go on from a ``state_dict``."""
        self.randomness.load_state_dict(state["randomness"])
        for name in ("sampler", "batch_sampler", "dataset"):
            if hasattr(getattr(self, name), "load_state_dict") and name in state:
                getattr(self, name).load_state_dict(state[name])
        self.epoch = state["epoch"]

    def resume(self, state: Any) -> Epoch:
        """The rest of an interrupted epoch, from the ``state_dict`` of its iterator."""
        indices, lengths = (positions("DataLoader.resume", state[name]) for name in ("indices", "lengths"))
        if indices.size and indices.max() >= len(self.dataset):
            raise ValueError(
                f"DataLoader.resume: the saved epoch holds sample {indices.max()}, but the data set has only "
                f"{len(self.dataset)} samples; it is not the one that training began with"
            )
        return Epoch(self, np.split(indices, np.cumsum(lengths)[:-1]) if lengths.size else [], state["position"])

    def _batches(self) -> list[NDArray[np.intp]]:
        if self.batch_sampler is not None:
            return [positions("DataLoader: batch_sampler", batch) for batch in self.batch_sampler]
        if self.sampler is not None:
            order = positions("DataLoader: sampler", [int(index) for index in self.sampler])
        elif not self.shuffle:
            order = np.arange(len(self.dataset))
        elif self.randomness.generator is not None:
            order = self.randomness.draw("permutation", len(self.dataset))
        else:
            order = permutation(len(self.dataset), self.seed, self.epoch)
        size = self.batch_size
        stop = len(order) // size * size if self.drop_last else len(order)
        return [order[i : i + size] for i in range(0, stop, size)]


class Epoch(Iterator[Any]):
    """One pass over a ``DataLoader``: its order is decided, its batches are made as they are asked for.

    >>> from glassgrad.data import TensorDataset
    >>> loader = DataLoader(TensorDataset(np.arange(6)), batch_size=2, shuffle=True, seed=0)
    >>> epoch = iter(loader)
    >>> seen, state = next(epoch), epoch.state_dict()
    >>> [b[0].tolist() for b in loader.resume(state)] == [b[0].tolist() for b in epoch]
    True
    """

    def __init__(self, loader: DataLoader, batches: list[NDArray[np.intp]], position: int = 0) -> None:
        self.loader, self.batches, self.position = loader, batches, position

    def __next__(self) -> Any:
        if self.position >= len(self.batches):
            raise StopIteration
        indices = self.batches[self.position]
        self.position += 1
        return self.loader.read(indices)

    def __len__(self) -> int:
        """The number of batches that are to come."""
        return len(self.batches) - self.position

    def state_dict(self) -> dict[str, Any]:
        """Which samples come in which batch, and how many batches have come."""
        indices = np.concatenate(self.batches) if self.batches else np.zeros(0, np.int64)
        lengths = np.array([len(batch) for batch in self.batches], np.int64)
        return {"position": self.position, "indices": Tensor(indices), "lengths": Tensor(lengths)}
