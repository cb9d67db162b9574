"""Several schedules of one optimiser: one after another, or all at once."""

from __future__ import annotations

import copy
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler, check_optimizer, check_whole
from .plateau import ReduceLROnPlateau

__all__ = ["ChainedScheduler", "SequentialLR"]


class _CombinedLR(LRScheduler):
    """Holds other schedules, and their states in its own."""

    _schedulers: list[LRScheduler]
    _not_in_state = (*LRScheduler._not_in_state, "_schedulers")

    def _check_schedulers(self, schedulers: Any, optimizer: Any) -> list[LRScheduler]:
        owner = type(self).__name__
        if not isinstance(schedulers, Iterable):
            raise TypeError(f"{owner}: expected a list of schedules, not a {type(schedulers).__name__}")
        checked: list[LRScheduler] = list(schedulers)
        if not checked:
            raise ValueError(f"{owner}: give at least one schedule")
        for number, scheduler in enumerate(checked):
            if not isinstance(scheduler, LRScheduler):
                raise TypeError(f"{owner}: schedule {number} is a {type(scheduler).__name__}, not an LRScheduler")
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError(
                    f"{owner}: schedule {number} is a ReduceLROnPlateau, whose step needs a value; step it by itself"
                )
            if scheduler.optimizer is not (checked[0].optimizer if optimizer is None else optimizer):
                raise ValueError(f"{owner}: schedule {number} belongs to another optimiser")
        return checked

    def _take_back(self) -> None:
        for scheduler in self._schedulers:
            scheduler._take_back()

    def _restart(self) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        for scheduler in self._schedulers:
            scheduler.last_epoch = -1
        self._initial_step()

    def state_dict(self) -> dict[str, Any]:
        """Return everything but the optimiser, with the states of the schedules under ``"_schedulers"``."""
        return {**super().state_dict(), "_schedulers": [scheduler.state_dict() for scheduler in self._schedulers]}

    def load_state_dict(self, state_dict: Any) -> None:
        """Take over a ``state_dict``, and those of the schedules in it: all of it, or on any error nothing."""
        owner = f"{type(self).__name__}.load_state_dict"
        self._check_state(state_dict)
        states = state_dict.get("_schedulers")
        if not isinstance(states, Sequence) or len(states) != len(self._schedulers):
            raise ValueError(f'{owner}: "_schedulers" must hold the states of {len(self._schedulers)} schedules')
        before = [copy.copy(vars(scheduler)) for scheduler in self._schedulers]
        try:
            for scheduler, state in zip(self._schedulers, states, strict=True):
                scheduler.load_state_dict(state)
        except (TypeError, ValueError):
            for scheduler, attributes in zip(self._schedulers, before, strict=True):
                vars(scheduler).clear()
                vars(scheduler).update(attributes)
            raise
        super().load_state_dict({name: value for name, value in state_dict.items() if name != "_schedulers"})


class SequentialLR(_CombinedLR):
    """Use several schedules one after another, such as a warm-up and then a fall.

    At each milestone the next schedule begins, at its own step 0 and from the base rates.

    Args:
        optimizer: the one that all the schedules were made with.
        schedulers: the schedules, in order.
        milestones: the steps at which the second, the third … begins: one fewer than there are schedules.
        last_epoch: −1 to begin.

    Raises:
        TypeError, ValueError: the schedules are none, of another optimiser, or too few or many for the milestones.

    >>> import glassgrad as gg
    >>> from glassgrad import optim
    >>> from glassgrad.optim import lr_scheduler
    >>> optimizer = optim.SGD([gg.ones(2, requires_grad=True)], lr=1.0)
    >>> warm_up = lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> fall = lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> schedule = lr_scheduler.SequentialLR(optimizer, [warm_up, fall], milestones=[2])
    >>> for _ in range(4):
    ...     print(schedule.get_last_lr())
    ...     optimizer.step()
    ...     schedule.step()
    [0.5]
    [0.75]
    [1.0]
    [0.5]
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: Iterable[LRScheduler], milestones: Iterable[int], last_epoch: int = -1
    ) -> None:
        self.optimizer = check_optimizer("SequentialLR", optimizer)
        self._schedulers = self._check_schedulers(schedulers, optimizer)
        if isinstance(milestones, int) or not isinstance(milestones, Iterable):
            raise TypeError(f"SequentialLR: milestones must be a list of whole numbers, not {milestones!r}")
        self._milestones = list(milestones)
        for milestone in self._milestones:
            check_whole("SequentialLR", "each of milestones", milestone, at_least=0)
        if len(self._milestones) != len(self._schedulers) - 1:
            raise ValueError(
                f"SequentialLR: {len(self._schedulers)} schedules need {len(self._schedulers) - 1} milestones, "
                f"got {len(self._milestones)}"
            )
        if sorted(self._milestones) != self._milestones:
            raise ValueError(f"SequentialLR: milestones must rise, got {self._milestones}")
        self.last_epoch = last_epoch + 1
        # Making a schedule is its step 0; all those are taken back, and only the first schedule makes it again.
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        for scheduler in self._schedulers:
            scheduler._take_back()
        self._initial_step()

    def _restart(self) -> None:
        self.last_epoch = 0
        super()._restart()

    def _initial_step(self) -> None:
        first = self._schedulers[bisect_right(self._milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def step(self) -> None:
        """Go one step on with the schedule whose turn it is."""
        self.last_epoch += 1
        turn = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[turn]
        if turn > 0 and self._milestones[turn - 1] == self.last_epoch:
            scheduler._restart()
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


class ChainedScheduler(_CombinedLR):
    """Step several schedules at once: their factors multiply.

    Args:
        schedulers: schedules of one optimiser.
        optimizer: that optimiser; by default the first schedule's.

    Raises:
        TypeError, ValueError: the schedules are none, or of several optimisers.

    >>> import glassgrad as gg
    >>> from glassgrad import optim
    >>> from glassgrad.optim import lr_scheduler
    >>> optimizer = optim.SGD([gg.ones(2, requires_grad=True)], lr=1.0)
    >>> warm_up = lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=2)
    >>> schedule = lr_scheduler.ChainedScheduler([warm_up, lr_scheduler.ExponentialLR(optimizer, gamma=0.5)])
    >>> for _ in range(3):
    ...     print(schedule.get_last_lr())
    ...     optimizer.step()
    ...     schedule.step()
    [0.5]
    [0.25]
    [0.25]
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        if optimizer is not None:
            check_optimizer("ChainedScheduler", optimizer)
        self._schedulers = self._check_schedulers(schedulers, optimizer)
        self.optimizer = self._schedulers[0].optimizer
        self._last_lr = self._current_lr()

    def _initial_step(self) -> None:
        for scheduler in self._schedulers:
            scheduler._initial_step()
        self._last_lr = self._current_lr()

    def step(self) -> None:
        """Step all the schedules."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = self._current_lr()
