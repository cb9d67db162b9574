"""The loop that trains: batches, epochs, a progress bar and the history of what was reached."""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Callable, Iterable
from typing import Any

from ..autograd import get_rng_state
from ..data import DataLoader
from ..nn import Module
from ..optim import Optimizer
from .checkpoint import Checkpoint
from .diagnosis import explain_loss
from .early_stopping import EarlyStopping
from .evaluation import Metrics, check_loss, evaluate, length, measure, named_metrics, split
from .run import Run

__all__ = ["Trainer"]

History = dict[str, list[float]]


class Trainer:
    """Trains a model and keeps the history.

    Batches are tuples whose last element is the target; the others are the model's inputs. What is reported for an
    epoch are means over its samples, so a short last batch counts for what it is.

    Args:
        model: what is trained.
        loss: a function, or a module, of the model's output and the target, giving one number: a mean over the batch.
        optimizer: updates the model's parameters.
        metrics: further functions of output and target that give a number: one, a list, or a dict of name to function.
            The names of those in this package, such as ``"accuracy"``, do as well.
        scheduler: changes the learning rate: an object with ``step()``, such as one of ``optim.lr_scheduler``. One
            whose ``step`` takes a metric, as ``ReduceLROnPlateau``'s does, is given the ``scheduler_monitor``.
        scheduler_interval: whether the schedule steps after each ``"epoch"`` or each ``"step"`` of the optimiser.
        scheduler_monitor: which number of the history a schedule is given; by default ``"validation_loss"``, or
            without validation data ``"train_loss"``.

    Attributes:
        history: lists with one number for each finished epoch: ``"train_loss"``, ``"seconds"``, for every metric
            ``"train_<name>"``, and with validation data the same beginning with ``"validation_"``. Training numbers are
            means over the epoch, while weights change and dropout acts; with ``evaluate_training`` there are also those
            in evaluation mode at the end of the epoch, beginning with ``"train_evaluated_"``. Plain data.
        step_losses: the loss of every step.
        step_learning_rates: the learning rate of every step, of the optimiser's first group.

    A loss that is NaN or infinite is warned about once, with the epoch, the batch and the first layer that made it.

    Raises:
        TypeError: an argument is of the wrong kind.
        ValueError: the optimiser holds none of the model's parameters, two metrics have the same name, or a name is
            unknown.

    >>> import numpy as np, glassgrad as gg
    >>> from glassgrad import data, nn, optim, train
    >>> gg.manual_seed(0)
    >>> points = np.random.default_rng(0).standard_normal((200, 2)).astype("float32")
    >>> dataset = data.TensorDataset(points, (points[:, 0] > 0).astype(int))
    >>> loader = data.DataLoader(dataset, batch_size=20, shuffle=True)
    >>> model = nn.Linear(2, 2)
    >>> optimizer = optim.SGD(model.parameters(), lr=1.0)
    >>> trainer = train.Trainer(model, nn.CrossEntropyLoss(), optimizer, metrics="accuracy")
    >>> history = trainer.fit(loader, epochs=5, progress=False)
    >>> history["train_accuracy"][-1] > 0.9, len(trainer.step_losses)
    (True, 50)
    """

    def __init__(
        self, model: Module, loss: Callable[..., Any], optimizer: Optimizer, metrics: Metrics = None,
        scheduler: Any = None, scheduler_interval: str = "epoch", scheduler_monitor: str | None = None,
    ) -> None:  # fmt: skip
        if not isinstance(model, Module):
            hint = f"; make one: {model.__name__}(...)" if isinstance(model, type) else ""
            raise TypeError(f"Trainer: model must be an nn.Module, not {_kind(model)}{hint}")
        if isinstance(loss, type):
            name = loss.__name__
            raise TypeError(f"Trainer: loss is the class {name}, not one of its objects; give {name}()")
        if not callable(loss):
            raise TypeError(f"Trainer: loss must be a function of output and target, not {_kind(loss)}")
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"Trainer: optimizer must be an optim.Optimizer, not {_kind(optimizer)}")
        held = {id(p) for group in optimizer.param_groups for p in group["params"]}
        if not any(id(p) in held for p in model.parameters()):
            raise ValueError(
                "Trainer: the optimizer holds none of the model's parameters; make it from model.parameters()"
            )
        if scheduler is not None and not callable(getattr(scheduler, "step", None)):
            raise TypeError(f"Trainer: scheduler must have a method step(), and {_kind(scheduler)} has none")
        if scheduler_interval not in ("epoch", "step"):
            raise ValueError(f"Trainer: scheduler_interval must be 'epoch' or 'step', not {scheduler_interval!r}")
        self.model = model
        self.loss = loss
        self.optimizer = optimizer
        self.metrics = named_metrics(metrics, "Trainer")
        self.scheduler = scheduler
        self.scheduler_interval = scheduler_interval
        self.scheduler_monitor = scheduler_monitor
        self._scheduler_takes_metric = scheduler is not None and _takes_argument(scheduler.step)
        if self._scheduler_takes_metric and scheduler_interval == "step":
            raise ValueError(
                f"Trainer: {type(scheduler).__name__} needs a number that is known after an epoch; "
                "scheduler_interval must be 'epoch'"
            )
        self.history: History = {}
        self.step_losses: list[float] = []
        self.step_learning_rates: list[float] = []
        self._warned = False

    def fit(
        self, train_loader: Iterable[Any], validation_loader: Iterable[Any] | None = None, epochs: int = 1,
        progress: bool = True, on_epoch_end: Callable[[dict[str, float]], Any] | None = None, *,
        evaluate_training: bool | Iterable[Any] = False, early_stopping: EarlyStopping | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> History:  # fmt: skip
        """Train for some epochs, after those of earlier calls, and return the history.

        Each epoch runs in training mode; validation runs in evaluation mode without recording. Interrupting
        (KeyboardInterrupt) leaves ``history`` with the finished epochs, and ``fit`` can be called again.

        Args:
            train_loader: gives the batches of an epoch each time it is iterated, such as a ``data.DataLoader``.
            validation_loader: batches on which loss and metrics are measured after each epoch.
            epochs: how often to go through the training data, at least 1. With a checkpoint: in all, those before the
                interruption included.
            progress: show a progress bar on the error stream.
            on_epoch_end: called with the latest epoch's numbers after each epoch; if it returns True, training ends.
            evaluate_training: with True, measure the training data in evaluation mode after each epoch, in the order of
                the data set; or a loader that is measured so, such as one without augmentation.
            early_stopping: ends training when it no longer helps, and gives the best weights back.
            checkpoint: where the state is kept, and from which an interrupted training goes on.

        Raises:
            TypeError, ValueError: an argument is wrong, a loader is empty, a batch is not (input, target), or a
                checkpoint does not fit.
        """
        if isinstance(epochs, bool) or not isinstance(epochs, int):
            raise TypeError(f"fit: epochs must be a whole number, not {epochs!r}")
        if epochs < 1:
            raise ValueError(f"fit: epochs must be at least 1, got {epochs}")
        if on_epoch_end is not None and not callable(on_epoch_end):
            raise TypeError(f"fit: on_epoch_end must be a function, not {type(on_epoch_end).__name__}")
        for name, given, kind in (
            ("early_stopping", early_stopping, EarlyStopping),
            ("checkpoint", checkpoint, Checkpoint),
        ):
            if given is not None and not isinstance(given, kind):
                raise TypeError(f"fit: {name} must be a train.{kind.__name__}, not {_kind(given)}")
        measured = _training_to_measure(train_loader, evaluate_training)
        before = len(next(iter(self.history.values()), ()))
        run = Run(train_loader, validation_loader, measured, early_stopping, before)
        if early_stopping is not None:
            early_stopping.check_monitor(validates=validation_loader is not None)
            early_stopping.reset()
        if checkpoint is not None and checkpoint.present():
            checkpoint.restore(self, run)
        self._check_history(run)
        bar = _progress_bar(train_loader, epochs, run) if progress else None
        try:
            while run.epoch < epochs and not run.stopped:
                if bar is not None:
                    bar.set_description(f"epoch {run.epoch + 1}/{epochs}")
                record = self._epoch(run, bar, checkpoint)
                for name, value in record.items():
                    self.history.setdefault(name, []).append(value)
                if bar is not None:
                    bar.set_postfix({name: f"{value:.4g}" for name, value in record.items() if name != "seconds"})
                self._step_scheduler("epoch", record)
                run.stopped = early_stopping is not None and early_stopping.update(record, self.model)
                if on_epoch_end is not None and on_epoch_end(dict(record)) is True:
                    run.stopped = True
                run.next_epoch()
                if checkpoint is not None:
                    checkpoint.save(self, run)
        finally:
            if bar is not None:
                bar.close()
        if early_stopping is not None:
            early_stopping.finish(self.model)
        return self.history

    def evaluate(self, loader: Iterable[Any]) -> dict[str, float]:
        """Return ``"loss"`` and every metric over the batches of ``loader``, in evaluation mode and without recording.

        The modes of the model and of its parts are restored afterwards.

        Raises:
            ValueError: the loader is empty.
        """
        return evaluate(self.model, loader, self.loss, self.metrics)

    def _epoch(self, run: Run, bar: Any, checkpoint: Checkpoint | None) -> dict[str, float]:
        self.model.train()
        for batch in run.begin(remember=checkpoint is not None):
            run.batch += 1
            self._step(batch, run)
            if bar is not None:
                bar.update()
            if checkpoint is not None and checkpoint.due(len(self.step_losses)):
                checkpoint.save(self, run)
        record = {f"train_{name}": value for name, value in run.means.values().items()}
        for prefix, loader in (("train_evaluated", run.measured), ("validation", run.validation_loader)):
            if loader is not None:
                record |= {f"{prefix}_{name}": value for name, value in self.evaluate(loader).items()}
        return {**record, "seconds": run.seconds()}

    def _step(self, batch: Any, run: Run) -> None:
        inputs, target = split(batch)
        self.optimizer.zero_grad()
        random_before = None if self._warned else get_rng_state()
        output = self.model(*inputs)
        loss = self.loss(output, target)
        check_loss(loss)
        value = loss.item()
        if not self._warned and not math.isfinite(value):
            self._warned = True
            cause = explain_loss(self.model, self.loss, inputs, target, random_before, value)
            warnings.warn(
                f"Trainer: the loss is {value} in epoch {run.before + run.epoch + 1}, batch {run.batch}: {cause}. "
                "Training goes on; further ones are not reported",
                RuntimeWarning,
                stacklevel=4,
            )
        loss.backward()
        self.optimizer.step()
        self.step_losses.append(value)
        self.step_learning_rates.append(float(self.optimizer.param_groups[0]["lr"]))
        self._step_scheduler("step", {})
        run.means.add(measure(self.metrics, output, target, loss), length(target))

    def _step_scheduler(self, interval: str, record: dict[str, float]) -> None:
        if self.scheduler is None or self.scheduler_interval != interval:
            return
        if not self._scheduler_takes_metric:
            self.scheduler.step()
            return
        name = self.scheduler_monitor
        if name is None:
            name = "validation_loss" if "validation_loss" in record else "train_loss"
        if name not in record:
            raise ValueError(f"Trainer: scheduler_monitor {name!r} is not among {', '.join(record)}")
        self.scheduler.step(record[name])

    def _check_history(self, run: Run) -> None:
        # All lists keep one entry per epoch.
        for loader, key, what in (
            (run.validation_loader, "validation_loss", "validation data"),
            (run.measured, "train_evaluated_loss", "evaluate_training"),
        ):
            if self.history and (loader is not None) != (key in self.history):
                raise ValueError(
                    f"fit: earlier calls were {'without' if loader is not None else 'with'} {what}; go on likewise, or "
                    "start a new history with trainer.history = {}"
                )


def _training_to_measure(train_loader: Iterable[Any], evaluate_training: Any) -> Iterable[Any] | None:
    if evaluate_training is False or evaluate_training is None:
        return None
    if evaluate_training is not True:
        if not hasattr(evaluate_training, "__iter__"):
            raise TypeError(f"fit: evaluate_training must be True, False or a loader, not {evaluate_training!r}")
        return evaluate_training
    if isinstance(train_loader, DataLoader):
        # In the order of the data set: the loader itself would shuffle, and count an epoch.
        size = max(train_loader.batch_size, 100)
        return DataLoader(train_loader.dataset, batch_size=size, collate_fn=train_loader.collate_fn)
    return train_loader


def _takes_argument(step: Callable[..., Any]) -> bool:
    """Whether a function must be given an argument."""
    try:
        parameters = list(inspect.signature(step).parameters.values())
    except (TypeError, ValueError):
        return False
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return bool(parameters) and parameters[0].kind in positional and parameters[0].default is inspect.Parameter.empty


def _kind(value: Any) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__


def _progress_bar(loader: Any, epochs: int, run: Run) -> Any:
    from tqdm import tqdm

    per_epoch = len(loader) if hasattr(loader, "__len__") else None
    if per_epoch is None:
        return tqdm(unit="batch")
    return tqdm(total=epochs * per_epoch, initial=min(run.epoch, epochs) * per_epoch + run.batch, unit="batch")
