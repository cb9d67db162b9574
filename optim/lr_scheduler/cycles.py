"""Schedules that rise and fall, and may move the momentum the other way."""

from __future__ import annotations

import copy
import math
import types
from collections.abc import Callable
from typing import Any

from ..optimizer import Optimizer
from ..options import check_number
from .base import LRScheduler, check_optimizer, check_whole, per_group

__all__ = ["CyclicLR", "OneCycleLR"]


class _CycleLR(LRScheduler):
    """A schedule that may cycle the momentum too: ``momentum``, or β₁ where the optimiser has ``betas``."""

    cycle_momentum: bool
    use_beta1: bool

    def _begin_momentum(self, optimizer: Optimizer, base: Any, largest: Any, begins: bool) -> tuple[list[Any], ...]:
        owner = type(self).__name__
        if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
            raise ValueError(f"{owner}: {type(optimizer).__name__} has no momentum to cycle; give cycle_momentum=False")
        self.use_beta1 = "betas" in optimizer.defaults
        bases, largests = (
            per_group(owner, "base_momentum", base, optimizer),
            per_group(owner, "max_momentum", largest, optimizer),
        )
        for name, values in (("base_momentum", bases), ("max_momentum", largests)):
            for value in values:
                check_number(owner, name, value, below=1)
        if begins:
            for group, low, high in zip(optimizer.param_groups, bases, largests, strict=True):
                self._set_momentum(group, high)
                group["max_momentum"] = high
                group["base_momentum"] = low
        return bases, largests

    def _set_momentum(self, group: dict[str, Any], value: float) -> None:
        if self.use_beta1:
            group["betas"] = (value, *group["betas"][1:])
        else:
            group["momentum"] = value


class CyclicLR(_CycleLR):
    """Let the rates rise from ``base_lr`` to ``max_lr`` and fall back, in straight lines, again and again. (Smith 2017)

    Step it after every batch. With ``mode="triangular2"`` each cycle is half as high as the one before, with
    ``"exp_range"`` the height shrinks by ``gamma`` at every step. The momentum moves the other way.

    Args:
        optimizer: whose rates are set.
        base_lr, max_lr: the lowest and the highest rate, or lists of one for each group.
        step_size_up: the number of steps of the rise, at least 1.
        step_size_down: of the fall; by default the same.
        mode: ``"triangular"``, ``"triangular2"`` or ``"exp_range"``.
        gamma: for ``"exp_range"``.
        scale_fn: gives the height, between 0 and 1, instead of ``mode``.
        scale_mode: whether ``scale_fn`` is asked with the number of the ``"cycle"``, from 1, or of the step
            (``"iterations"``).
        cycle_momentum: move the momentum too; the optimiser must have one.
        base_momentum, max_momentum: the lowest momentum, at the top of the cycle, and the highest.
        last_epoch: see ``LRScheduler``.

    Raises:
        TypeError, ValueError: an argument is of the wrong kind or out of range.

    >>> import glassgrad as gg
    >>> from glassgrad import optim
    >>> optimizer = optim.SGD([gg.ones(2, requires_grad=True)], momentum=0.9)
    >>> schedule = optim.lr_scheduler.CyclicLR(optimizer, base_lr=0.25, max_lr=0.75, step_size_up=2)
    >>> for _ in range(4):
    ...     optimizer.step()
    ...     schedule.step()
    ...     print(schedule.get_last_lr())
    [0.5]
    [0.75]
    [0.5]
    [0.25]
    """

    _not_in_state = (*LRScheduler._not_in_state, "_scale_fn_custom")

    def __init__(
        self, optimizer: Optimizer, base_lr: Any, max_lr: Any, step_size_up: int = 2000,
        step_size_down: int | None = None, mode: str = "triangular", gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None, scale_mode: str = "cycle", cycle_momentum: bool = True,
        base_momentum: Any = 0.8, max_momentum: Any = 0.9, last_epoch: int = -1,
    ) -> None:  # fmt: skip
        check_optimizer("CyclicLR", optimizer)
        base_lrs = per_group("CyclicLR", "base_lr", base_lr, optimizer)
        self.max_lrs = per_group("CyclicLR", "max_lr", max_lr, optimizer)
        for low, high in zip(base_lrs, self.max_lrs, strict=True):
            check_number("CyclicLR", "base_lr", low)
            check_number("CyclicLR", "max_lr", high)
        for name, size in (("step_size_up", step_size_up), ("step_size_down", step_size_down)):
            if size is not None:
                check_whole("CyclicLR", name, size, at_least=1)
        if scale_fn is None and mode not in ("triangular", "triangular2", "exp_range"):
            raise ValueError(f'CyclicLR: mode must be "triangular", "triangular2" or "exp_range", not {mode!r}')
        if scale_fn is not None and not callable(scale_fn):
            raise TypeError(f"CyclicLR: scale_fn must be a function of a number, not {scale_fn!r}")
        if scale_mode not in ("cycle", "iterations"):
            raise ValueError(f'CyclicLR: scale_mode must be "cycle" or "iterations", not {scale_mode!r}')
        check_number("CyclicLR", "gamma", gamma)
        down = step_size_up if step_size_down is None else step_size_down
        self.total_size = float(step_size_up + down)
        self.step_ratio = step_size_up / self.total_size
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        self.scale_mode = scale_mode if scale_fn else "iterations" if mode == "exp_range" else "cycle"
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.base_momentums, self.max_momentums = self._begin_momentum(
                optimizer, base_momentum, max_momentum, last_epoch == -1
            )
        if last_epoch == -1:
            for group, low in zip(optimizer.param_groups, base_lrs, strict=True):
                group["lr"] = low
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x: float) -> float:
        """Return the height of the cycle, as a part of the first one's, at a cycle or step, as ``scale_mode`` says."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "triangular":
            return 1.0
        return 0.5 ** (x - 1) if self.mode == "triangular2" else self.gamma**x

    def get_lr(self) -> list[float]:
        """Return the rates at the step ``last_epoch``, and set the momentum of the groups."""
        cycle = math.floor(1 + self.last_epoch / self.total_size)
        x = 1.0 + self.last_epoch / self.total_size - cycle
        part = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        height = part * self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            limits = zip(self.optimizer.param_groups, self.base_momentums, self.max_momentums, strict=True)
            for group, low, high in limits:
                self._set_momentum(group, high - (high - low) * height)
        return [low + (high - low) * height for low, high in zip(self.base_lrs, self.max_lrs, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        """Return everything but the optimiser; a function ``scale_fn`` is None. See ``LRScheduler.state_dict``."""
        scale = self._scale_fn_custom
        saved = None if scale is None or isinstance(scale, types.FunctionType) else copy.deepcopy(dict(vars(scale)))
        return {**super().state_dict(), "_scale_fn_custom": saved}

    def load_state_dict(self, state_dict: Any) -> None:
        """Take over a ``state_dict``; a function stays that of the constructor. See ``LRScheduler.load_state_dict``."""
        super().load_state_dict(state_dict)
        attributes = state_dict.get("_scale_fn_custom")
        if attributes is not None:
            vars(self._scale_fn_custom).update(copy.deepcopy(attributes))


class OneCycleLR(_CycleLR):
    """Let the rates rise to ``max_lr`` and then fall far below where they began, once. (Smith and Topin 2018)

    Step it after every batch. The rates begin at max_lr/div_factor, reach ``max_lr`` after the part ``pct_start`` of
    the steps, and end at max_lr/(div_factor·final_div_factor). The momentum moves the other way.

    Args:
        optimizer: whose rates are set; its own rates are not used.
        max_lr: the highest rate, or a list of one for each group.
        total_steps: the number of steps; or give ``epochs`` and ``steps_per_epoch``, whose product it is.
        pct_start: the part of the steps in which the rates rise, from 0 to 1.
        anneal_strategy: ``"cos"``, or ``"linear"``.
        cycle_momentum: move the momentum too; the optimiser must have one.
        base_momentum, max_momentum: the momentum at the highest rate, and at the ends.
        div_factor, final_div_factor: above 0; see above.
        three_phase: fall back to where the rates began in as many steps as they rose, then on to the end.
        last_epoch: see ``LRScheduler``.

    Raises:
        TypeError, ValueError: an argument is of the wrong kind or out of range; or, in ``step``, all steps are made.

    >>> import glassgrad as gg
    >>> from glassgrad import optim
    >>> optimizer = optim.SGD([gg.ones(2, requires_grad=True)], momentum=0.9)
    >>> schedule = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.5, total_steps=10)
    >>> round(schedule.get_last_lr()[0], 6)
    0.02
    >>> for _ in range(2):
    ...     optimizer.step()
    ...     schedule.step()
    >>> schedule.get_last_lr(), optimizer.param_groups[0]["momentum"]
    ([0.5], 0.85)
    """

    def __init__(
        self, optimizer: Optimizer, max_lr: Any, total_steps: int | None = None, epochs: int | None = None,
        steps_per_epoch: int | None = None, pct_start: float = 0.3, anneal_strategy: str = "cos",
        cycle_momentum: bool = True, base_momentum: Any = 0.85, max_momentum: Any = 0.95, div_factor: float = 25.0,
        final_div_factor: float = 1e4, three_phase: bool = False, last_epoch: int = -1,
    ) -> None:  # fmt: skip
        check_optimizer("OneCycleLR", optimizer)
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError("OneCycleLR: give total_steps, or both epochs and steps_per_epoch")
            check_whole("OneCycleLR", "epochs", epochs, at_least=1)
            check_whole("OneCycleLR", "steps_per_epoch", steps_per_epoch, at_least=1)
            total_steps = epochs * steps_per_epoch
        check_whole("OneCycleLR", "total_steps", total_steps, at_least=1)
        check_number("OneCycleLR", "pct_start", pct_start, at_most=1)
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f'OneCycleLR: anneal_strategy must be "cos" or "linear", not {anneal_strategy!r}')
        for name, value in (("div_factor", div_factor), ("final_div_factor", final_div_factor)):
            check_number("OneCycleLR", name, value)
            if value == 0:
                raise ValueError(f"OneCycleLR: {name} must be above 0")
        max_lrs = per_group("OneCycleLR", "max_lr", max_lr, optimizer)
        for value in max_lrs:
            check_number("OneCycleLR", "max_lr", value)
        self.total_steps = total_steps
        self._schedule_phases = _phases(total_steps, pct_start, three_phase)
        self._anneal_func_type = anneal_strategy
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._begin_momentum(optimizer, base_momentum, max_momentum, last_epoch == -1)
        if last_epoch == -1:
            for group, highest in zip(optimizer.param_groups, max_lrs, strict=True):
                group["initial_lr"] = highest / div_factor
                group["max_lr"] = highest
                group["min_lr"] = highest / div_factor / final_div_factor
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the rates at the step ``last_epoch``, and set the momentum of the groups."""
        if self.last_epoch > self.total_steps:
            raise ValueError(
                f"OneCycleLR: all {self.total_steps} steps are made; give as total_steps the number of all batches"
            )
        start = 0.0
        for phase in self._schedule_phases:
            if self.last_epoch <= phase["end_step"]:
                break
            if phase is not self._schedule_phases[-1]:
                start = phase["end_step"]
        length = phase["end_step"] - start
        part = (self.last_epoch - start) / length if length else 1.0
        if self.cycle_momentum:
            for group in self.optimizer.param_groups:
                self._set_momentum(group, self._between(group, phase, "momentum", part))
        return [self._between(group, phase, "lr", part) for group in self.optimizer.param_groups]

    def _between(self, group: dict[str, Any], phase: dict[str, Any], what: str, part: float) -> float:
        start, end = group[phase[f"start_{what}"]], group[phase[f"end_{what}"]]
        if self._anneal_func_type == "linear":
            return float((end - start) * part + start)
        return float(end + (start - end) / 2 * (1 + math.cos(math.pi * part)))


def _phases(steps: int, rise: float, three: bool) -> list[dict[str, Any]]:
    """Where each phase of ``OneCycleLR`` ends, and from which to which entry of the groups it goes."""

    def phase(end: float, lr: tuple[str, str], momentum: tuple[str, str]) -> dict[str, Any]:
        return {
            "end_step": end, "start_lr": lr[0], "end_lr": lr[1],
            "start_momentum": momentum[0], "end_momentum": momentum[1],
        }  # fmt: skip

    up = phase(float(rise * steps) - 1, ("initial_lr", "max_lr"), ("max_momentum", "base_momentum"))
    if not three:
        return [up, phase(steps - 1, ("max_lr", "min_lr"), ("base_momentum", "max_momentum"))]
    return [
        up,
        phase(float(2 * rise * steps) - 2, ("max_lr", "initial_lr"), ("base_momentum", "max_momentum")),
        phase(steps - 1, ("initial_lr", "min_lr"), ("max_momentum", "max_momentum")),
    ]
