"""``Run``: where one call of ``Trainer.fit`` stands."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Any

from ..data import DataLoader
from .early_stopping import EarlyStopping
from .evaluation import Means
from .random_state import random_state

__all__ = ["Run"]


class Run:
    """One call of ``fit``: where it stands.

    Args:
        loader, validation_loader, measured: of the training data, of the validation data, and of the training data for
            evaluation.
        early_stopping: of this call.
        before: epochs that the trainer has had already.

    Attributes:
        epoch, batch: epochs of this call, and batches of the present epoch, that are done.
        stopped: whether training was ended before all epochs.
        means: sums over the batches of the present epoch.
        batches: the iterator of the present epoch.
        random_at_epoch: the state of random generators when a loader began its epoch that has no state of its own.

    >>> run = Run([1, 2], None, None, None, before=0)
    >>> list(run.begin(remember=False))
    [1, 2]
    """

    def __init__(
        self, loader: Iterable[Any], validation_loader: Iterable[Any] | None, measured: Iterable[Any] | None,
        early_stopping: EarlyStopping | None, before: int,
    ) -> None:  # fmt: skip
        self.loader, self.validation_loader, self.measured = loader, validation_loader, measured
        self.early_stopping, self.before = early_stopping, before
        self.epoch = -1
        self.stopped = False
        self.batches: Iterator[Any] | None
        self.random_at_epoch: Any
        self.next_epoch()

    def begin(self, remember: bool) -> Iterator[Any]:
        """The batches of the present epoch: all of them, or after an interruption the rest."""
        self._start = time.perf_counter()
        if self.batches is None:
            if remember and not isinstance(self.loader, DataLoader):
                self.random_at_epoch = random_state()
            self.batches = iter(self.loader)
        return self.batches

    def next_epoch(self) -> None:
        """Count the present epoch as done."""
        self.epoch += 1
        self.batch, self.spent = 0, 0.0
        self.means = Means("fit")
        self.batches = self.random_at_epoch = None
        self._start = time.perf_counter()

    def seconds(self) -> float:
        """The time that the present epoch has taken, interruptions left out."""
        return self.spent + time.perf_counter() - self._start
