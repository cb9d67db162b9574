"""``Checkpoint``: the whole state of a training in one file, so that a killed one goes on as if nothing had
happened."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..autograd import load, save
from .evaluation import Means
from .random_state import random_state, restore_random_state
from .run import Run

if TYPE_CHECKING:
    from .trainer import Trainer

__all__ = ["Checkpoint"]

_KIND = "glassgrad.train.Checkpoint 1"


class Checkpoint:
    """A file from which ``Trainer.fit`` goes on, bit for bit, after it was interrupted or killed at any moment.

    It holds model, optimiser, schedule, early stopping, the states of random generators, the position in the epoch with
    the order of its samples, the history and the losses of all steps. It is written beside its place and renamed, so
    there is always a whole one.

    Give it to ``Trainer.fit``. If the file is there, training goes on from it; if it has ended, ``fit`` returns at once
    with model and history as they were. Every part of a training, with a ``fit`` of its own, needs a file of its own.

    Args:
        path: the file.
        every: write it after so many steps, too; by default only at the end of each epoch.
        resume: go on from the file if it is there; with False begin anew and write over it.

    The order within an epoch is that of a ``data.DataLoader``, even if it was drawn without a seed. Other loaders are
    iterated again from the beginning with the same random numbers, and the batches that were used are passed over. What
    else is random is repeated if it draws from the library's generator, from NumPy's or Python's global one, or from a
    sampler or transform of the loader.

    Raises:
        TypeError, ValueError: ``every`` is not a positive whole number.
        FileNotFoundError: when training begins, the folder of the file is missing.

    >>> import tempfile
    >>> from glassgrad import data, nn, optim, train
    >>> dataset = data.TensorDataset(np.eye(4, dtype="float32"), np.array([0, 1, 0, 1]))
    >>> def fit(epochs, path):
    ...     model = nn.Linear(4, 2)
    ...     trainer = train.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1))
    ...     trainer.fit(data.DataLoader(dataset, shuffle=True), epochs=epochs, progress=False,
    ...                 checkpoint=train.Checkpoint(path))
    ...     return trainer.step_losses
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first = fit(2, os.path.join(folder, "run"))
    ...     second = fit(3, os.path.join(folder, "run"))
    >>> len(second), second[:8] == first
    (12, True)
    """

    def __init__(self, path: str | os.PathLike[str], every: int | None = None, resume: bool = True) -> None:
        if every is not None and (isinstance(every, bool) or not isinstance(every, int)):
            raise TypeError(f"Checkpoint: every must be a whole number of steps, not {every!r}")
        if every is not None and every < 1:
            raise ValueError(f"Checkpoint: every must be at least 1, got {every}")
        self.path, self.every, self.resume = os.fspath(path), every, resume

    def present(self) -> bool:
        """Whether there is a file to go on from.

        Raises:
            FileNotFoundError: there is not even its folder, so none could be written.
        """
        folder = os.path.dirname(os.path.abspath(self.path))
        if not os.path.isdir(folder):
            raise FileNotFoundError(f"Checkpoint: there is no folder {folder} to write {self.path} to; make it first")
        return self.resume and os.path.exists(self.path)

    def due(self, step: int) -> bool:
        """Whether the file is to be written after so many steps."""
        return self.every is not None and step % self.every == 0

    def save(self, trainer: Trainer, run: Run) -> None:
        """Write the state of a training."""
        epoch: Any = run.batches
        state = {
            "kind": _KIND,
            **self._states(trainer, run),
            "random": random_state(),
            "random_at_epoch": run.random_at_epoch,
            "position": {"before": run.before, "epoch": run.epoch, "batch": run.batch, "stopped": run.stopped},
            "batches": epoch.state_dict() if hasattr(epoch, "state_dict") else None,
            "means": {"sums": run.means.sums, "count": run.means.count},
            "seconds": run.seconds(),
            "history": trainer.history,
            "step_losses": np.array(trainer.step_losses, np.float64),
            "step_learning_rates": np.array(trainer.step_learning_rates, np.float64),
        }
        save(state, self.path)

    def restore(self, trainer: Trainer, run: Run) -> None:
        """Put a training into the state of the file, or on any error leave it as it was.

        Raises:
            ValueError: the file is damaged or does not fit.
        """
        state = load(self.path)
        if not isinstance(state, dict) or state.get("kind") != _KIND:
            raise ValueError(f"Checkpoint: {self.path} was not written by this version's Checkpoint")
        position = state["position"]
        if position["before"] != run.before and not _agree(state["history"], trainer.history):
            raise ValueError(
                f"Checkpoint: {self.path} was begun after {position['before']} epochs of training, but this trainer "
                f"has had {run.before}; give each part of a training a file of its own"
            )
        before = {**self._states(trainer, run), "random": random_state()}
        try:
            for name, part in self._stateful(trainer, run).items():
                if (part is None) != (state[name] is None):
                    raise ValueError(f"it was written {'without' if state[name] is None else 'with'} {name}")
                if part is not None:
                    part.load_state_dict(state[name])
            run.batches = self._batches(run.loader, state) if position["batch"] else None
            restore_random_state(state["random"])
        except Exception as error:
            for name, part in self._stateful(trainer, run).items():
                if part is not None:
                    part.load_state_dict(before[name])
            restore_random_state(before["random"])
            raise ValueError(
                f"Checkpoint: {self.path} does not fit this training ({error}). "
                "Delete it, or pass resume=False, to begin anew"
            ) from error
        run.before = position["before"]
        run.epoch, run.batch, run.stopped = position["epoch"], position["batch"], position["stopped"]
        run.random_at_epoch = state["random_at_epoch"]
        run.means = Means("fit")
        run.means.sums, run.means.count = dict(state["means"]["sums"]), state["means"]["count"]
        run.spent = state["seconds"] if position["batch"] else 0.0
        trainer.history = state["history"]
        trainer.step_losses = state["step_losses"].tolist()
        trainer.step_learning_rates = state["step_learning_rates"].tolist()

    @staticmethod
    def _stateful(trainer: Trainer, run: Run) -> dict[str, Any]:
        loaders = {"loader": run.loader, "validation_loader": run.validation_loader, "measured_loader": run.measured}
        return {
            "model": trainer.model,
            "optimizer": trainer.optimizer,
            "scheduler": trainer.scheduler,
            "early_stopping": run.early_stopping,
            **{name: loader if hasattr(loader, "load_state_dict") else None for name, loader in loaders.items()},
        }

    def _states(self, trainer: Trainer, run: Run) -> dict[str, Any]:
        parts = self._stateful(trainer, run)
        return {name: None if part is None else part.state_dict() for name, part in parts.items()}

    @staticmethod
    def _batches(loader: Iterable[Any], state: dict[str, Any]) -> Iterator[Any]:
        """The batches of the interrupted epoch that have not been used."""
        if state["batches"] is not None:
            return loader.resume(state["batches"])  # type: ignore[attr-defined]
        restore_random_state(state["random_at_epoch"])
        batches = iter(loader)
        for used in range(state["position"]["batch"]):
            if next(batches, None) is None:
                raise ValueError(f"the loader gives only {used} batches; {state['position']['batch']} were used")
        return batches


def _agree(one: dict[str, list[float]], other: dict[str, list[float]]) -> bool:
    """Whether two histories are of one training, of which one has gone further, as after an interruption."""
    lists = [(one[name], other.get(name, [])) for name in one]
    return bool(lists) and all(a[: len(b)] == b[: len(a)] != [] for a, b in lists)
