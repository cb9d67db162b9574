"""Schedules given by functions of the step's number."""

from __future__ import annotations

import copy
import types
from collections.abc import Callable
from typing import Any

from ..optimizer import Optimizer
from .base import LRScheduler, check_optimizer, per_group

__all__ = ["LambdaLR", "MultiplicativeLR"]


class _FunctionLR(LRScheduler):
    """A schedule with a function for each group. Functions are not saved; objects that can be called are, by their
    attributes.
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Any, last_epoch: int = -1) -> None:
        owner = type(self).__name__
        check_optimizer(owner, optimizer)
        self.lr_lambdas: list[Callable[[int], float]] = per_group(owner, "lr_lambda", lr_lambda, optimizer)
        for function in self.lr_lambdas:
            if not callable(function):
                raise TypeError(f"{owner}: lr_lambda must be a function of the step's number, not {function!r}")
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """Return everything but the optimiser; ``"lr_lambdas"`` is None for functions. See `LRScheduler.state_dict`."""
        state = {name: value for name, value in vars(self).items() if name not in (*self._not_in_state, "lr_lambdas")}
        state["lr_lambdas"] = [
            None if isinstance(f, types.FunctionType | types.BuiltinFunctionType | type) else dict(vars(f))
            for f in self.lr_lambdas
        ]
        return copy.deepcopy(state)

    def load_state_dict(self, state_dict: Any) -> None:
        """Take over a `state_dict`; functions stay those of the constructor. See `LRScheduler.load_state_dict`."""
        self._check_state(state_dict)
        saved = state_dict["lr_lambdas"]
        if len(saved) != len(self.lr_lambdas):
            raise ValueError(
                f"{type(self).__name__}.load_state_dict: the state is of {len(saved)} groups, "
                f"the optimiser has {len(self.lr_lambdas)}"
            )
        functions = self.lr_lambdas
        super().load_state_dict(state_dict)
        self.lr_lambdas = functions
        for function, attributes in zip(functions, saved, strict=True):
            if attributes is not None:
                vars(function).update(copy.deepcopy(attributes))


class LambdaLR(_FunctionLR):
    """Set the rates by a function: lr(t) = base·lr_lambda(t).

    Args:
        optimizer: whose rates are set.
        lr_lambda: a function of the step's number that gives the factor, or a list of one for each group.
        last_epoch: see `LRScheduler`.

    Raises:
        TypeError, ValueError: it is not a function, or there is not one for each group.

    >>> import glassgrad as gg
    >>> from glassgrad import optim
    >>> optimizer = optim.SGD([gg.ones(2, requires_grad=True)], lr=0.5)
    >>> schedule = optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step))
    >>> optimizer.step()
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.25]
    """

    def get_lr(self) -> list[float]:
        """Return the rates at the step `last_epoch`."""
        return [base * f(self.last_epoch) for base, f in zip(self.base_lrs, self.lr_lambdas, strict=True)]


class MultiplicativeLR(_FunctionLR):
    """Multiply the rates at each step by a function's value: lr(t) = lr(t − 1)·lr_lambda(t).

    Args:
        optimizer: whose rates are set.
        lr_lambda: a function of the step's number that gives the factor, or a list of one for each group; it is not
            asked at step 0.
        last_epoch: see `LRScheduler`.

    Raises:
        TypeError, ValueError: it is not a function, or there is not one for each group.

    >>> import glassgrad as gg
    >>> from glassgrad import optim
    >>> optimizer = optim.SGD([gg.ones(2, requires_grad=True)], lr=0.5)
    >>> schedule = optim.lr_scheduler.MultiplicativeLR(optimizer, lambda step: 0.5)
    >>> optimizer.step()
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.25]
    """

    def get_lr(self) -> list[float]:
        """Return the rates at the step `last_epoch`."""
        rates = self._current_lr()
        if self._is_initial:
            return rates
        return [rate * f(self.last_epoch) for rate, f in zip(rates, self.lr_lambdas, strict=True)]
