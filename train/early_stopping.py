"""``EarlyStopping``: end training when it no longer helps, and keep the best weights."""

from __future__ import annotations

import math
from typing import Any

from ..nn import Module

__all__ = ["EarlyStopping"]


class EarlyStopping:
    """Ends training when a number of the history has not become better for some epochs. Give it to ``Trainer.fit``.

    Args:
        patience: how many epochs in a row may pass without an improvement; training ends after so many.
        monitor: the name of the number in the history.
        mode: whether ``"min"`` or ``"max"`` is better. By default ``"min"`` for names that end in "loss"; others must
            say it.
        min_delta: an improvement must be larger than this.
        restore_best: give the model the weights and buffers of its best epoch when training ends, whether early or not.

    Attributes:
        best: the best number; None before the first epoch.
        best_epoch: in which epoch it was reached, from 0.
        stopped: whether training was ended.

    NaN is never an improvement.

    Raises:
        TypeError, ValueError: an argument is of the wrong kind or out of range.

    Source: L. Prechelt (1998), *Early Stopping — But When?*

    >>> from glassgrad import nn
    >>> stopping, model = EarlyStopping(patience=2), nn.Linear(1, 1)
    >>> [stopping.update({"validation_loss": loss}, model) for loss in (0.5, 0.3, 0.4, 0.35)]
    [False, False, False, True]
    >>> stopping.best, stopping.best_epoch
    (0.3, 1)
    """

    def __init__(
        self, patience: int, restore_best: bool = True, *, monitor: str = "validation_loss", mode: str | None = None,
        min_delta: float = 0.0,
    ) -> None:  # fmt: skip
        if isinstance(patience, bool) or not isinstance(patience, int):
            raise TypeError(f"EarlyStopping: patience must be a whole number of epochs, not {patience!r}")
        if patience < 1:
            raise ValueError(f"EarlyStopping: patience must be at least 1, got {patience}")
        if mode not in ("min", "max", None):
            raise ValueError(f"EarlyStopping: mode must be 'min' or 'max', not {mode!r}")
        if mode is None and not monitor.endswith("loss"):
            raise ValueError(f"EarlyStopping: say whether {monitor} is better when small or large: mode='min' or 'max'")
        if not 0 <= min_delta < math.inf:
            raise ValueError(f"EarlyStopping: min_delta must be at least 0 and finite, got {min_delta}")
        self.patience, self.restore_best, self.monitor = patience, restore_best, monitor
        self.mode, self.min_delta = mode or "min", min_delta
        self.reset()

    def reset(self) -> None:
        """Forget earlier epochs; ``Trainer.fit`` does so when it begins."""
        self.best: float | None = None
        self.best_epoch: int | None = None
        self.best_state: dict[str, Any] | None = None
        self.epochs = 0
        self.stopped = False

    def check_monitor(self, validates: bool) -> None:
        """Raise a ValueError if a number of validation data is monitored, and there are none."""
        if self.monitor.startswith("validation_") and not validates:
            raise ValueError(f"EarlyStopping: there is no {self.monitor!r} without validation data; give fit a loader")

    def update(self, record: dict[str, float], model: Module) -> bool:
        """Take note of an epoch's numbers; return whether training should end.

        Raises:
            ValueError: the record does not hold the monitored number.
        """
        if self.monitor not in record:
            raise ValueError(f"EarlyStopping: there is no {self.monitor!r} among {', '.join(record)}")
        value = record[self.monitor]
        if self._better(value):
            self.best, self.best_epoch = value, self.epochs
            if self.restore_best:
                self.best_state = model.state_dict()
        waited = self.epochs - (-1 if self.best_epoch is None else self.best_epoch)
        self.epochs += 1
        self.stopped = waited >= self.patience
        return self.stopped

    def finish(self, model: Module) -> None:
        """Give the model its best weights back, if that is wanted and there are some."""
        if self.restore_best and self.best_state is not None:
            model.load_state_dict(self.best_state)

    def state_dict(self) -> dict[str, Any]:
        """What has been seen so far, best weights included."""
        names = ("best", "best_epoch", "best_state", "epochs", "stopped")
        return {name: getattr(self, name) for name in names}

    def load_state_dict(self, state: Any) -> None:
        """Go on from a ``state_dict``."""
        for name in ("best", "best_epoch", "best_state", "epochs", "stopped"):
            setattr(self, name, state[name])

    def _better(self, value: float) -> bool:
        if math.isnan(value):
            return False
        if self.best is None:
            return True
        return value < self.best - self.min_delta if self.mode == "min" else value > self.best + self.min_delta
