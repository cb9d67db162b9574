"""Schedules that fall along half a wave of the cosine."""

from __future__ import annotations

import math

from ..optimizer import Optimizer
from ..options import check_number
from .base import LRScheduler, check_whole

__all__ = ["CosineAnnealingLR", "CosineAnnealingWarmRestarts"]


def _fall(part: float) -> float:
    """From 1 at 0 to 0 at 1, along a cosine."""
    return (1 + math.cos(math.pi * part)) / 2


class CosineAnnealingLR(LRScheduler):
    """Let the rates fall to ``eta_min`` in ``T_max`` steps, slowly at both ends, and rise again after that.

    lr(t) = eta_min + (base − eta_min)·(1 + cos(π·t/T_max))/2, computed from step to step, so that other changes of the
    rate are kept. (Loshchilov and Hutter 2017, without the restarts)

    Args:
        optimizer: whose rates are set.
        T_max: the number of steps of the fall, at least 1.
        eta_min: the lowest rate, at least 0.
        last_epoch: see ``LRScheduler``.

    Raises:
        TypeError, ValueError: an argument is of the wrong kind or out of range.

    >>> import glassgrad as gg
    >>> from glassgrad import optim
    >>> optimizer = optim.SGD([gg.ones(2, requires_grad=True)], lr=0.5)
    >>> schedule = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=4)
    >>> for _ in range(2):
    ...     optimizer.step()
    ...     schedule.step()
    >>> round(schedule.get_last_lr()[0], 6)
    0.25
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        check_whole("CosineAnnealingLR", "T_max", T_max, at_least=1)
        check_number("CosineAnnealingLR", "eta_min", eta_min)
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the rates at the step ``last_epoch``."""
        rates = self._current_lr()
        if self._is_initial:
            return rates
        now = _fall(self.last_epoch / self.T_max)
        if self._step_count == 1 and self.last_epoch > 0:  # the first step after training was resumed
            return [self.eta_min + (base - self.eta_min) * now for base in self.base_lrs]
        if (self.last_epoch - 1 - self.T_max) % (2 * self.T_max) == 0:  # up again from eta_min, where no ratio exists
            pairs = zip(rates, self.base_lrs, strict=True)
            return [rate + (base - self.eta_min) * _fall(1 + 1 / self.T_max) for rate, base in pairs]
        ratio = now / _fall((self.last_epoch - 1) / self.T_max)
        return [self.eta_min + (rate - self.eta_min) * ratio for rate in rates]

    def _restart(self) -> None:
        self.last_epoch = 0
        self._set_lr(self.base_lrs)


class CosineAnnealingWarmRestarts(LRScheduler):
    """Let the rates fall along a cosine, again and again: after T_0 steps, then after T_mult times as many, and so on.

    lr = eta_min + (base − eta_min)·(1 + cos(π·T_cur/T_i))/2, where T_cur counts from the latest restart and T_i is the
    length of this fall. (Loshchilov and Hutter 2017)

    Args:
        optimizer: whose rates are set.
        T_0: the length of the first fall, at least 1.
        T_mult: how much longer each is than the one before, at least 1.
        eta_min: the lowest rate, at least 0.
        last_epoch: see ``LRScheduler``.

    Raises:
        TypeError, ValueError: an argument is of the wrong kind or out of range.

    >>> import glassgrad as gg
    >>> from glassgrad import optim
    >>> optimizer = optim.SGD([gg.ones(2, requires_grad=True)], lr=0.5)
    >>> schedule = optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2)
    >>> for _ in range(3):
    ...     optimizer.step()
    ...     schedule.step()
    ...     print(round(schedule.get_last_lr()[0], 6))
    0.25
    0.5
    0.25
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        check_whole("CosineAnnealingWarmRestarts", "T_0", T_0, at_least=1)
        check_whole("CosineAnnealingWarmRestarts", "T_mult", T_mult, at_least=1)
        check_number("CosineAnnealingWarmRestarts", "eta_min", eta_min)
        self.T_0 = T_0
        self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the rates at ``T_cur``."""
        now = _fall(self.T_cur / self.T_i)
        return [self.eta_min + (base - self.eta_min) * now for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Go one step on, or to ``epoch``, which may be a fraction: epoch + batch/batches after every batch.

        Raises:
            TypeError, ValueError: ``epoch`` is not a number, or below 0.
        """
        if self._step_count == 1 and epoch is None:
            self._warn_if_first()
        self._step_count += 1
        if epoch is None and self.last_epoch >= 0:
            self.last_epoch += 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        else:
            epoch = 0 if epoch is None else epoch
            check_number("CosineAnnealingWarmRestarts.step", "epoch", epoch)
            self.last_epoch = math.floor(epoch)
            self.T_cur, self.T_i = epoch, self.T_0
            if self.T_mult == 1:
                self.T_cur = epoch % self.T_0
            else:
                while self.T_cur >= self.T_i:
                    self.T_cur -= self.T_i
                    self.T_i *= self.T_mult
        self._set_lr(self.get_lr())
