"""Measuring a model over batches, and the means over samples that are reported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..autograd import Tensor, no_grad
from ..nn import Module
from . import metrics as _metrics

__all__ = ["Means", "Metric", "check_loss", "evaluate", "length", "measure", "named_metrics", "split"]

Metric = Callable[[Any, Any], Any]
Metrics = str | Metric | Iterable[str | Metric] | Mapping[str, str | Metric] | None


def evaluate(
    model: Module, loader: Iterable[Any], loss: Callable[..., Any] | None = None, metrics: Metrics = None
) -> dict[str, float]:
    """Return the loss and every metric over the batches of ``loader``, in evaluation mode and without recording.

    The modes of the model and of its parts are restored afterwards.

    Args:
        model: what is measured, such as a trained network or an ``Ensemble``.
        loader: gives batches (input, ..., target).
        loss: a function of output and target; by default none is measured.
        metrics: as for ``Trainer``.

    Returns:
        ``"loss"``, if there is one, and the metrics by name: means over the samples.

    Raises:
        ValueError: the loader is empty.
        TypeError: a batch is not (input, target), or an argument is of the wrong kind.

    >>> import glassgrad as gg
    >>> from glassgrad import data, nn
    >>> loader = data.DataLoader(data.TensorDataset(gg.eye(2), gg.tensor([0, 1])))
    >>> evaluate(nn.Identity(), loader, metrics="accuracy")
    {'accuracy': 1.0}
    """
    functions = named_metrics(metrics, "evaluate")
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with no_grad():
            means = Means("evaluate")
            for batch in loader:
                inputs, target = split(batch)
                output = model(*inputs)
                value = None if loss is None else loss(output, target)
                means.add(measure(functions, output, target, value), length(target))
            return means.values()
    finally:
        for module, training in modes:
            module.training = training


def measure(functions: Mapping[str, Metric], output: Any, target: Any, loss: Any) -> dict[str, float]:
    """The loss, if there is one, and the metrics of one batch as plain numbers."""
    if loss is not None:
        check_loss(loss)
    with no_grad():
        measured = {name: float(metric(output, target)) for name, metric in functions.items()}
    return measured if loss is None else {"loss": loss.item(), **measured}


class Means:
    """Means of several numbers over samples that come in batches.

    >>> means = Means("fit")
    >>> means.add({"loss": 1.0}, 3)
    >>> means.add({"loss": 5.0}, 1)
    >>> means.values()
    {'loss': 2.0}
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self.sums: dict[str, float] = {}
        self.count = 0

    def add(self, values: dict[str, float], samples: int) -> None:
        """Count the numbers of a batch of so many samples."""
        self.count += samples
        for name, value in values.items():
            self.sums[name] = self.sums.get(name, 0.0) + value * samples

    def values(self) -> dict[str, float]:
        """The means; a ValueError if there were no samples."""
        if not self.count:
            raise ValueError(f"{self.what}: the loader gave no samples; a generator can be used only once")
        return {name: total / self.count for name, total in self.sums.items()}


def named_metrics(metrics: Metrics, owner: str) -> dict[str, Metric]:
    """Metrics given in any form as a dict of name to function.

    >>> list(named_metrics("accuracy", "Trainer"))
    ['accuracy']
    """
    if metrics is None:
        return {}
    if isinstance(metrics, Mapping):
        named = dict(metrics)
    else:
        if not callable(metrics) and not isinstance(metrics, Iterable):
            raise TypeError(f"{owner}: metrics must be functions, names or a dict of them, not {metrics!r}")
        items = [metrics] if callable(metrics) or isinstance(metrics, str) else list(metrics)
        labels = [item if isinstance(item, str) else getattr(item, "__name__", type(item).__name__) for item in items]
        named = dict(zip(labels, items, strict=True))
        if len(named) < len(items):
            raise ValueError(f"{owner}: two metrics have the same name; give a dict of names to functions")
    functions: dict[str, Metric] = {}
    for name, given in named.items():
        function = getattr(_metrics, given, None) if given in _metrics.__all__ else given
        if isinstance(given, str) and function is given:
            known = ", ".join(map(repr, _metrics.__all__))
            raise ValueError(f"{owner}: there is no metric {given!r}; known by name: {known}; or give a function")
        if not callable(function):
            raise TypeError(f"{owner}: metric {name!r} must be a function of output and target")
        if name == "loss":
            raise ValueError(f"{owner}: the name 'loss' is taken by the loss; call the metric something else")
        functions[name] = function
    return functions


def split(batch: Any) -> tuple[tuple[Any, ...], Any]:
    """The inputs of a batch, and its target."""
    if not isinstance(batch, tuple | list) or len(batch) < 2:
        kind = f"{len(batch)} element" if isinstance(batch, tuple | list) else type(batch).__name__
        raise TypeError(f"Trainer: a batch must be a tuple (input, ..., target), but this one is of {kind}")
    *inputs, target = batch
    return tuple(inputs), target


def length(target: Any) -> int:
    """The number of samples in a batch."""
    try:
        return len(target)
    except TypeError:
        raise TypeError("Trainer: the first dimension of a target must be the samples of the batch") from None


def check_loss(loss: Any) -> None:
    """Raise unless the loss is one number in a Tensor."""
    if not isinstance(loss, Tensor) or loss.numel() != 1:
        found = f"a tensor of shape {loss.shape}" if isinstance(loss, Tensor) else f"a {type(loss).__name__}"
        raise ValueError(f"Trainer: the loss must be one number as a Tensor, but it is {found}; use reduction='mean'")
