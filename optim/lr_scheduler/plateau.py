"""A schedule that waits until a measured value stops improving."""

from __future__ import annotations

import math
from typing import Any

from ..optimizer import Optimizer
from ..options import check_number
from .base import LRScheduler, check_optimizer, check_whole, per_group

__all__ = ["ReduceLROnPlateau"]


class ReduceLROnPlateau(LRScheduler):
    """Multiply the rates by ``factor`` when a value, such as the validation loss, has not improved for some epochs.

    Args:
        optimizer: whose rates are set.
        mode: ``"min"`` if the value should fall, ``"max"`` if it should rise.
        factor: from 0 to less than 1.
        patience: how many epochs without improvement are borne; one more reduces the rates.
        threshold: how much counts as an improvement.
        threshold_mode: ``"rel"``: a part of the best value; ``"abs"``: a difference from it.
        cooldown: how many epochs after a reduction are not counted.
        min_lr: rates do not fall below it; a number, or a list of one for each group.
        eps: a rate that would change by less is left.

    Attributes:
        best: the best value so far.
        num_bad_epochs: how many epochs passed since then.

    Raises:
        TypeError, ValueError: an argument is of the wrong kind or out of range.

    >>> import glassgrad as gg
    >>> from glassgrad import optim
    >>> optimizer = optim.SGD([gg.ones(2, requires_grad=True)], lr=0.5)
    >>> schedule = optim.lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=1)
    >>> for loss in (1.0, 0.9, 0.95, 0.93):
    ...     schedule.step(loss)
    ...     print(schedule.get_last_lr())
    [0.5]
    [0.5]
    [0.5]
    [0.25]
    """

    def __init__(
        self, optimizer: Optimizer, mode: str = "min", factor: float = 0.1, patience: int = 10,
        threshold: float = 1e-4, threshold_mode: str = "rel", cooldown: int = 0, min_lr: Any = 0, eps: float = 1e-8,
    ) -> None:  # fmt: skip
        owner = "ReduceLROnPlateau"
        self.optimizer = check_optimizer(owner, optimizer)
        if mode not in ("min", "max"):
            raise ValueError(f'{owner}: mode must be "min" or "max", not {mode!r}')
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f'{owner}: threshold_mode must be "rel" or "abs", not {threshold_mode!r}')
        check_number(owner, "factor", factor, below=1)
        check_number(owner, "threshold", threshold)
        check_number(owner, "eps", eps)
        check_whole(owner, "patience", patience, at_least=0)
        check_whole(owner, "cooldown", cooldown, at_least=0)
        self.factor = factor
        self.min_lrs: list[float] = per_group(owner, "min_lr", min_lr, optimizer)
        for value in self.min_lrs:
            check_number(owner, "min_lr", value)
        self.default_min_lr = None if isinstance(min_lr, list | tuple) else min_lr
        self.patience = patience
        self.cooldown = cooldown
        self.eps = eps
        self.last_epoch = 0
        self._last_lr = self._current_lr()
        self.mode = mode
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.mode_worse = math.inf if mode == "min" else -math.inf
        self.best = self.mode_worse
        self.cooldown_counter = 0
        self.num_bad_epochs = 0

    @property
    def in_cooldown(self) -> bool:
        """Whether epochs are not counted, because the rates were just reduced."""
        return self.cooldown_counter > 0

    def step(self, metrics: Any) -> None:  # type: ignore[override]
        """Take the value of an epoch, a number or a tensor of one, and reduce the rates if it is time. NaN is worse.

        Raises:
            TypeError: it is not a number.
        """
        try:
            value = float(metrics)
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"ReduceLROnPlateau.step: give the value that should improve, a number, not a {type(metrics).__name__}"
            ) from error
        self.last_epoch += 1
        if self._is_better(value):
            self.best = value
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.in_cooldown:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = self._current_lr()

    def _is_better(self, value: float) -> bool:
        sign = 1 if self.mode == "max" else -1
        if self.threshold_mode == "rel":
            limit = self.best * (1 + sign * self.threshold)
        else:
            limit = self.best + sign * self.threshold
        return value > limit if self.mode == "max" else value < limit

    def _reduce(self) -> None:
        groups = self.optimizer.param_groups
        if len(groups) != len(self.min_lrs):  # a group was added since
            if self.default_min_lr is None:
                raise ValueError(
                    f"ReduceLROnPlateau: min_lr has {len(self.min_lrs)} values, but the optimiser has {len(groups)} "
                    "groups by now; set min_lrs"
                )
            self.min_lrs = [self.default_min_lr] * len(groups)
        for group, lowest in zip(groups, self.min_lrs, strict=True):
            reduced = max(group["lr"] * self.factor, lowest)
            if group["lr"] - reduced > self.eps:
                group["lr"] = reduced
