"""Samplers for the order in which samples are presented: balanced, fixed, large errors first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..autograd import Tensor
from .samplers import Sampler, _flag, positions, whole

__all__ = ["Balanced", "FixedBatches", "LargeErrorFirst"]


class Balanced(Sampler):
    """Batches in which every class comes equally often. Give it to a loader as ``batch_sampler=``.

    With ten classes and a batch size of 10, each batch holds one sample of each class, drawn without replacement. An
    epoch ends when the largest class is used up; smaller classes begin again in a new order. For many classes, where a
    batch cannot hold them all, shuffling does as well.

    Args:
        labels: the class of each sample, whole numbers of shape (N,).
        batch_size: a multiple of the number of classes that occur.

    Raises:
        ValueError: there are no labels, or ``batch_size`` is not a multiple of the number of classes.
        TypeError: the labels are not whole numbers.

    >>> labels = np.array([0, 0, 0, 1, 1, 1])
    >>> [sorted(labels[batch].tolist()) for batch in Balanced(labels, batch_size=2, seed=0)]
    [[0, 1], [0, 1], [0, 1]]
    """

    def __init__(self, labels: Any, batch_size: int, generator: Any = None, seed: int | None = None) -> None:
        super().__init__(seed, generator)
        found = positions("Balanced", labels)
        self.members = [np.flatnonzero(found == label) for label in np.unique(found)]
        self.batch_size = whole("Balanced", "batch_size", batch_size)
        classes = len(self.members)
        if not classes:
            raise ValueError("Balanced: there are no labels")
        if self.batch_size % classes:
            raise ValueError(
                f"Balanced: batch_size {self.batch_size} is not a multiple of the {classes} classes; "
                f"take {max(self.batch_size // classes, 1) * classes}, or a RandomSampler for many classes"
            )
        self.per_class = self.batch_size // classes

    def __iter__(self) -> Iterator[list[int]]:
        wanted = len(self) * self.per_class
        columns = []
        for members in self.members:
            rounds = [self.randomness.draw("permutation", members) for _ in range(-(-wanted // len(members)))]
            columns.append(np.concatenate(rounds)[:wanted].reshape(len(self), self.per_class))
        return iter(np.concatenate(columns, axis=1).tolist())

    def __len__(self) -> int:
        return -(-max(len(members) for members in self.members) // self.per_class)


class FixedBatches(Sampler):
    """Batches that are made once, and presented in the same order each epoch. Give it as ``batch_sampler=``.

    Args:
        data_source: anything with a length.
        batch_size: samples in a batch; the last one holds what remains.
        shuffle: put the samples in a random order before they are divided.

    >>> batches = FixedBatches("abcde", batch_size=2, seed=0)
    >>> list(batches) == list(batches), len(batches)
    (True, 3)
    """

    def __init__(
        self, data_source: Any, batch_size: int, shuffle: bool = True, generator: Any = None, seed: int | None = None
    ) -> None:
        super().__init__(seed, generator)
        size, total = whole("FixedBatches", "batch_size", batch_size), len(data_source)
        order = (
            self.randomness.draw("permutation", total)
            if _flag("FixedBatches", "shuffle", shuffle)
            else np.arange(total)
        )
        self.order, self.batch_size = order, size

    def __iter__(self) -> Iterator[list[int]]:
        return (self.order[i : i + self.batch_size].tolist() for i in range(0, len(self.order), self.batch_size))

    def __len__(self) -> int:
        return -(-len(self.order) // self.batch_size)

    def state_dict(self) -> dict[str, Any]:
        return {"order": Tensor(self.order)}

    def load_state_dict(self, state: Any) -> None:
        order = positions("FixedBatches", state["order"])
        if not np.array_equal(np.sort(order), np.arange(len(self.order))):
            raise ValueError(f"FixedBatches: the saved order is not one of {len(self.order)} samples")
        self.order = order


class LargeErrorFirst(Sampler):
    """All samples, those with the largest error first; equal errors keep the order of the data set.

    It brings samples that the network knows badly, such as those of rare classes, early and together; wrongly labelled
    samples and outliers come first, too, and do harm.

    Args:
        errors: a function without arguments, called at the start of each epoch, that gives the error of each sample as
            an array or tensor of shape (N,); or such an array, if the order is to stay.

    Raises:
        ValueError: an error is NaN, or the shape is not (N,).

    Source: LeCun, Bottou, Orr and Müller (1998), *Efficient BackProp*, section 4.2.

    >>> list(LargeErrorFirst(np.array([0.1, 2.0, 0.5])))
    [1, 2, 0]
    """

    def __init__(self, errors: Callable[[], Any] | Any) -> None:
        super().__init__()
        self.errors = errors
        self._length = len(self._read())

    def __iter__(self) -> Iterator[int]:
        errors = self._read()
        self._length = len(errors)
        return iter(np.argsort(-errors, kind="stable").tolist())

    def __len__(self) -> int:
        return self._length

    def _read(self) -> Any:
        given = self.errors() if callable(self.errors) else self.errors
        errors = np.asarray(given.detach().numpy() if isinstance(given, Tensor) else given, dtype=np.float64)
        if errors.ndim != 1:
            raise ValueError(
                f"LargeErrorFirst: errors must have shape (N,), one for each sample, not {errors.shape}; "
                "use a loss with reduction='none'"
            )
        if np.isnan(errors).any():
            raise ValueError(f"LargeErrorFirst: the error of sample {int(np.isnan(errors).argmax())} is NaN")
        return errors
