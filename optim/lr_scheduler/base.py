"""What all schedules share: the optimiser, the count of steps, the rates they set, and their state."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Mapping
from typing import Any

from ..optimizer import Optimizer

__all__ = ["LRScheduler", "check_optimizer", "check_whole", "per_group"]


class LRScheduler:
    """The base class of schedules. A subclass defines ``get_lr``, the rates at the step ``last_epoch``.

    Making one is its step 0: it sets the rates at which training begins. Each further ``step`` belongs after the
    optimiser's steps of an epoch (or of a batch, if the schedule counts batches).

    Args:
        optimizer: whose rates are set, a rate for each group of parameters.
        last_epoch: −1 to begin; else the index of the step before the one at which training is resumed, where the
            groups must hold ``"initial_lr"`` already. Loading a ``state_dict`` is simpler.

    Attributes:
        base_lrs: the rate of each group before any schedule.
        last_epoch: the number of steps so far.

    Raises:
        TypeError: ``optimizer`` is not an optimiser, or ``last_epoch`` not a whole number.
        ValueError: training is resumed and a group has no ``"initial_lr"``.

    >>> import glassgrad as gg
    >>> from glassgrad import optim
    >>> class HalfLR(optim.lr_scheduler.LRScheduler):
    ...     def get_lr(self):
    ...         return [lr / 2**self.last_epoch for lr in self.base_lrs]
    >>> schedule = HalfLR(optim.SGD([gg.ones(2, requires_grad=True)], lr=0.4))
    >>> schedule.get_last_lr()
    [0.4]
    """

    # True while the constructor makes step 0; never in a state dict.
    _is_initial = False
    _not_in_state: tuple[str, ...] = ("optimizer", "_is_initial")

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        owner = type(self).__name__
        self.optimizer = check_optimizer(owner, optimizer)
        check_whole(owner, "last_epoch", last_epoch, at_least=-1)
        for number, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise ValueError(
                    f'{owner}: with last_epoch={last_epoch}, group {number} of the optimiser must have "initial_lr"; '
                    "load the optimiser's state first, or resume with load_state_dict"
                )
        self.base_lrs: list[float] = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._step_count = 0
        self._last_lr: list[float] = self.base_lrs
        self._initial_step()

    def _initial_step(self) -> None:
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def get_lr(self) -> list[float]:
        """Return the rates at the step ``last_epoch``. Subclasses define it; users call ``get_last_lr``."""
        raise NotImplementedError(f"{type(self).__name__} does not define get_lr")

    def get_last_lr(self) -> list[float]:
        """Return the rates that the latest step set, one for each group."""
        return list(self._last_lr)

    def step(self) -> None:
        """Go one step on and set the optimiser's rates.

        Warns:
            UserWarning: the optimiser has made no step yet; the first rate of the schedule is then passed over.
        """
        if self._step_count == 1:
            self._warn_if_first()
        self._step_count += 1
        self.last_epoch += 1
        self._set_lr(self.get_lr())

    def _warn_if_first(self) -> None:
        # Whoever overrides Optimizer.step may not count; then nothing is known.
        if not self.optimizer._stepped and type(self.optimizer).step is Optimizer.step:
            warnings.warn(
                f"{type(self).__name__}.step() was called before optimizer.step(), so the first learning rate of the "
                "schedule is never used; call optimizer.step() first",
                UserWarning,
                stacklevel=3,
            )

    def _take_back(self) -> None:
        """Take back step 0, which the constructor made."""
        self.last_epoch -= 1

    def _restart(self) -> None:
        """Go to step 0, whatever was before: what ``SequentialLR`` does with the next schedule."""
        self.last_epoch = 0
        self._set_lr(self.get_lr())

    def _set_lr(self, rates: list[float]) -> None:
        for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
            group["lr"] = rate
        self._last_lr = self._current_lr()

    def _current_lr(self) -> list[float]:
        return [group["lr"] for group in self.optimizer.param_groups]

    # -- state -------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Return a copy of everything but the optimiser, under PyTorch's names. Save the optimiser's state beside it.

        >>> import glassgrad as gg
        >>> from glassgrad import optim
        >>> optimizer = optim.SGD([gg.ones(2, requires_grad=True)], lr=0.1)
        >>> optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9).state_dict()
        {'gamma': 0.9, 'base_lrs': [0.1], 'last_epoch': 0, '_step_count': 1, '_last_lr': [0.1]}
        """
        return {name: copy.deepcopy(value) for name, value in vars(self).items() if name not in self._not_in_state}

    def load_state_dict(self, state_dict: Any) -> None:
        """Take over a ``state_dict``, ours or PyTorch's: all of it, or on any error nothing.

        The optimiser's rates are part of the optimiser's state, and so are not changed here.

        Raises:
            TypeError: it is not a dict.
            ValueError: it lacks an entry, or has one that this schedule does not have.
        """
        self._check_state(state_dict)
        own = set(vars(self)) - set(self._not_in_state)
        vars(self).update({name: copy.deepcopy(value) for name, value in state_dict.items() if name in own})

    def _check_state(self, state_dict: Any) -> None:
        owner = f"{type(self).__name__}.load_state_dict"
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"{owner}: expected a dict, got a {type(state_dict).__name__}")
        own = set(vars(self)) - set(self._not_in_state)
        missing = sorted(own - set(state_dict))
        # PyTorch's has some more private entries, of no use here.
        unexpected = sorted(str(name) for name in state_dict if name not in own and not str(name).startswith("_"))
        if missing or unexpected:
            parts = [f"{what} {', '.join(names)}" for what, names in (("lacks", missing), ("has", unexpected)) if names]
            raise ValueError(f"{owner}: this is not the state of a {type(self).__name__}: it {'; it '.join(parts)}")


def check_optimizer(owner: str, optimizer: Any) -> Optimizer:
    """Return the optimiser, or raise TypeError if it is something else.

    >>> check_optimizer("StepLR", 3)
    Traceback (most recent call last):
    TypeError: StepLR: the first argument must be an optimiser such as optim.SGD(...), not a int
    """
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"{owner}: the first argument must be an optimiser such as optim.SGD(...), not a {type(optimizer).__name__}"
        )
    return optimizer


def check_whole(owner: str, name: str, value: Any, at_least: int) -> None:
    """Raise unless ``value`` is an int, ``at_least`` or more.

    >>> check_whole("StepLR", "step_size", 30, at_least=1)
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{owner}: {name} must be a whole number, not {value!r}")
    if value < at_least:
        raise ValueError(f"{owner}: {name} must be at least {at_least}, got {value}")


def per_group(owner: str, name: str, value: Any, optimizer: Optimizer) -> list[Any]:
    """Return a value for each group: those of a list, or the same one for all.

    Raises:
        ValueError: the list has another length than there are groups.

    >>> import glassgrad as gg
    >>> from glassgrad import optim
    >>> per_group("OneCycleLR", "max_lr", 0.1, optim.SGD([gg.ones(2, requires_grad=True)]))
    [0.1]
    """
    groups = len(optimizer.param_groups)
    if not isinstance(value, list | tuple):
        return [value] * groups
    if len(value) != groups:
        raise ValueError(f"{owner}: {name} has {len(value)} values, but the optimiser has {groups} groups")
    return list(value)
