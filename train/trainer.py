"""The loop that trains: batches, epochs, a progress bar and the history of what was reached."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..autograd import Tensor, no_grad
from ..nn import Module
from ..optim import Optimizer

__all__ = ["Trainer"]

Metric = Callable[[Any, Any], Any]
History = dict[str, list[float]]


class Trainer:
    """Trains a model and keeps the history.

    Batches are tuples whose last element is the target; the others are the model's inputs. What is reported for an
    epoch are means over its samples, so a short last batch counts for what it is.

    Args:
        model: what is trained.
        loss: a function, or a module, of the model's output and the target, giving one number: a mean over the batch.
        optimizer: updates the model's parameters.
        metrics: further functions of output and target that give a number, such as `accuracy`: one, a list, or a dict
            of name to function.

    Attributes:
        history: lists with one number for each finished epoch: ``"train_loss"``, ``"seconds"``, for every metric
            ``"train_<name>"``, and with validation data the same beginning with ``"validation_"``. Plain data.

    Raises:
        TypeError: an argument is of the wrong kind.
        ValueError: the optimiser holds none of the model's parameters, or two metrics have the same name.

    >>> import numpy as np, glassgrad as gg
    >>> from glassgrad import data, nn, optim, train
    >>> gg.manual_seed(0)
    >>> points = np.random.default_rng(0).standard_normal((200, 2)).astype("float32")
    >>> dataset = data.TensorDataset(points, (points[:, 0] > 0).astype(int))
    >>> loader = data.DataLoader(dataset, batch_size=20, shuffle=True)
    >>> model = nn.Linear(2, 2)
    >>> optimizer = optim.SGD(model.parameters(), lr=1.0)
    >>> trainer = train.Trainer(model, nn.CrossEntropyLoss(), optimizer, metrics=train.accuracy)
    >>> history = trainer.fit(loader, epochs=5, progress=False)
    >>> history["train_accuracy"][-1] > 0.9
    True
    """

    def __init__(
        self, model: Module, loss: Callable[..., Any], optimizer: Optimizer,
        metrics: Metric | Iterable[Metric] | Mapping[str, Metric] | None = None,
    ) -> None:  # fmt: skip
        if not isinstance(model, Module):
            raise TypeError(f"Trainer: model must be an nn.Module, not {type(model).__name__}")
        if not callable(loss):
            raise TypeError(f"Trainer: loss must be a function of output and target, not {type(loss).__name__}")
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"Trainer: optimizer must be an optim.Optimizer, not {type(optimizer).__name__}")
        held = {id(p) for group in optimizer.param_groups for p in group["params"]}
        if not any(id(p) in held for p in model.parameters()):
            raise ValueError(
                "Trainer: the optimizer holds none of the model's parameters; make it from model.parameters()"
            )
        self.model = model
        self.loss = loss
        self.optimizer = optimizer
        self.metrics = _named(metrics)
        self.history: History = {}

    def fit(
        self, train_loader: Iterable[Any], validation_loader: Iterable[Any] | None = None, epochs: int = 1,
        progress: bool = True, on_epoch_end: Callable[[dict[str, float]], Any] | None = None,
    ) -> History:  # fmt: skip
        """Train for some epochs, after those of earlier calls, and return the history.

        Each epoch runs in training mode; validation runs in evaluation mode without recording. Interrupting
        (KeyboardInterrupt) leaves `history` with the finished epochs, and `fit` can be called again.

        Args:
            train_loader: gives the batches of an epoch each time it is iterated, such as a `data.DataLoader`.
            validation_loader: batches on which loss and metrics are measured after each epoch.
            epochs: how often to go through the training data, at least 1.
            progress: show a progress bar on the error stream.
            on_epoch_end: called with the latest epoch's numbers after each epoch; if it returns True, training ends.

        Raises:
            TypeError, ValueError: an argument is wrong, a loader is empty, or a batch is not (input, target).
        """
        if isinstance(epochs, bool) or not isinstance(epochs, int):
            raise TypeError(f"fit: epochs must be a whole number, not {epochs!r}")
        if epochs < 1:
            raise ValueError(f"fit: epochs must be at least 1, got {epochs}")
        if on_epoch_end is not None and not callable(on_epoch_end):
            raise TypeError(f"fit: on_epoch_end must be a function, not {type(on_epoch_end).__name__}")
        self._check_history(validation_loader is not None)
        bar = _progress_bar(train_loader, epochs) if progress else None
        try:
            for epoch in range(1, epochs + 1):
                if bar is not None:
                    bar.set_description(f"epoch {epoch}/{epochs}")
                record = self._epoch(train_loader, validation_loader, bar)
                for name, value in record.items():
                    self.history.setdefault(name, []).append(value)
                if bar is not None:
                    bar.set_postfix({name: f"{value:.4g}" for name, value in record.items() if name != "seconds"})
                if on_epoch_end is not None and on_epoch_end(dict(record)) is True:
                    break
        finally:
            if bar is not None:
                bar.close()
        return self.history

    def evaluate(self, loader: Iterable[Any]) -> dict[str, float]:
        """Return ``"loss"`` and every metric over the batches of `loader`, in evaluation mode and without recording.

        The modes of the model and of its parts are restored afterwards.

        Raises:
            ValueError: the loader is empty.
        """
        modes = [(module, module.training) for module in self.model.modules()]
        self.model.eval()
        try:
            with no_grad():
                means = _Means("evaluate")
                for batch in loader:
                    inputs, target = _split(batch)
                    output = self.model(*inputs)
                    means.add(self._measure(output, target, self.loss(output, target)), _length(target))
                return means.values()
        finally:
            for module, training in modes:
                module.training = training

    def _epoch(
        self, train_loader: Iterable[Any], validation_loader: Iterable[Any] | None, bar: Any
    ) -> dict[str, float]:
        start = time.perf_counter()
        self.model.train()
        means = _Means("fit")
        for batch in train_loader:
            inputs, target = _split(batch)
            self.optimizer.zero_grad()
            output = self.model(*inputs)
            loss = self.loss(output, target)
            _check_loss(loss)
            loss.backward()
            self.optimizer.step()
            means.add(self._measure(output, target, loss), _length(target))
            if bar is not None:
                bar.update()
        record = {f"train_{name}": value for name, value in means.values().items()}
        if validation_loader is not None:
            record |= {f"validation_{name}": value for name, value in self.evaluate(validation_loader).items()}
        return {**record, "seconds": time.perf_counter() - start}

    def _measure(self, output: Any, target: Any, loss: Any) -> dict[str, float]:
        _check_loss(loss)
        with no_grad():
            measured = {name: float(metric(output, target)) for name, metric in self.metrics.items()}
        return {"loss": loss.item(), **measured}

    def _check_history(self, validates: bool) -> None:
        # All lists keep one entry per epoch.
        if self.history and validates != ("validation_loss" in self.history):
            raise ValueError(
                f"fit: earlier calls were {'without' if validates else 'with'} validation data; go on likewise, or "
                "start a new history with trainer.history = {}"
            )


class _Means:
    """Means of several numbers over samples that come in batches."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.sums: dict[str, float] = {}
        self.count = 0

    def add(self, values: dict[str, float], samples: int) -> None:
        self.count += samples
        for name, value in values.items():
            self.sums[name] = self.sums.get(name, 0.0) + value * samples

    def values(self) -> dict[str, float]:
        if not self.count:
            raise ValueError(f"{self.what}: the loader gave no samples; a generator can be used only once")
        return {name: total / self.count for name, total in self.sums.items()}


def _named(metrics: Any) -> dict[str, Metric]:
    if metrics is None:
        return {}
    if isinstance(metrics, Mapping):
        named = dict(metrics)
    else:
        functions = [metrics] if callable(metrics) else list(metrics)
        named = {getattr(f, "__name__", type(f).__name__): f for f in functions}
        if len(named) < len(functions):
            raise ValueError("Trainer: two metrics have the same name; give a dict of names to functions")
    for name, function in named.items():
        if not callable(function):
            raise TypeError(f"Trainer: metric {name!r} must be a function of output and target")
        if name == "loss":
            raise ValueError("Trainer: the name 'loss' is taken by the loss; call the metric something else")
    return named


def _split(batch: Any) -> tuple[tuple[Any, ...], Any]:
    if not isinstance(batch, tuple | list) or len(batch) < 2:
        kind = f"{len(batch)} element" if isinstance(batch, tuple | list) else type(batch).__name__
        raise TypeError(f"Trainer: a batch must be a tuple (input, ..., target), but this one is of {kind}")
    *inputs, target = batch
    return tuple(inputs), target


def _length(target: Any) -> int:
    try:
        return len(target)
    except TypeError:
        raise TypeError("Trainer: the first dimension of a target must be the samples of the batch") from None


def _check_loss(loss: Any) -> None:
    if not isinstance(loss, Tensor) or loss.numel() != 1:
        found = f"a tensor of shape {loss.shape}" if isinstance(loss, Tensor) else f"a {type(loss).__name__}"
        raise ValueError(f"Trainer: the loss must be one number as a Tensor, but it is {found}; use reduction='mean'")


def _progress_bar(loader: Any, epochs: int) -> Any:
    from tqdm import tqdm

    total = epochs * len(loader) if hasattr(loader, "__len__") else None
    return tqdm(total=total, unit="batch")
