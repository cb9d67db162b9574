"""Schedules that multiply the rates by a factor of the step's number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ..optimizer import Optimizer
from ..options import check_number
from .base import LRScheduler, check_whole

__all__ = ["ConstantLR", "ExponentialLR", "LinearLR", "MultiStepLR", "PolynomialLR", "StepLR"]


# Below it a rate has lost its digits, or is 0: the ratio of two factors then says nothing.
_SMALLEST = 1e-100


class GammaLR(LRScheduler):
    """The base class of schedules that multiply the rates by ``gamma`` at some of the steps."""

    gamma: float

    def decays_at(self, epoch: int) -> int:
        """Return how many times the rates are multiplied by gamma at a step."""
        raise NotImplementedError(f"{type(self).__name__} does not define decays_at")

    def get_lr(self) -> list[float]:
        """Return the rates at the step ``last_epoch``: the present ones, or those times gamma."""
        rates = self._current_lr()
        if self._is_initial and self.last_epoch > 0:  # resumed: the optimiser has the rates of this step
            return rates
        times = self.decays_at(self.last_epoch)
        return [rate * self.gamma**times for rate in rates] if times else rates

    def _restart(self) -> None:
        self.last_epoch = 0
        self._set_lr([base * self.gamma ** self.decays_at(0) for base in self.base_lrs])


class FactorLR(LRScheduler):
    """The base class of schedules lr(t) = base·factor(t).

    A step multiplies the rate by factor(t)/factor(t − 1), so that several schedules of one optimiser multiply.
    """

    def factor_at(self, epoch: int) -> float:
        """Return what the base rate is multiplied by at a step."""
        raise NotImplementedError(f"{type(self).__name__} does not define factor_at")

    def get_lr(self) -> list[float]:
        """Return the rates at the step ``last_epoch``."""
        now = self.factor_at(self.last_epoch)
        rates = self._current_lr()
        if self.last_epoch == 0:
            return [rate * now for rate in rates]
        before = self.factor_at(self.last_epoch - 1)
        if self._is_initial or now == before:
            return rates
        if before < _SMALLEST:
            return [base * now for base in self.base_lrs]
        return [rate * (now / before) for rate in rates]

    def _restart(self) -> None:
        self.last_epoch = 0
        self._set_lr([base * self.factor_at(0) for base in self.base_lrs])


class StepLR(GammaLR):
    """Multiply the rates by ``gamma`` every ``step_size`` steps: lr(t) = base·gammaᵏ, where k = ⌊t/step_size⌋.

    Args:
        optimizer: whose rates are set.
        step_size: at least 1.
        gamma: at least 0.
        last_epoch: see ``LRScheduler``.

    Raises:
        TypeError, ValueError: an argument is of the wrong kind or out of range.

    >>> import glassgrad as gg
    >>> from glassgrad import optim
    >>> optimizer = optim.SGD([gg.ones(2, requires_grad=True)], lr=0.5)
    >>> schedule = optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    >>> for _ in range(4):
    ...     optimizer.step()
    ...     schedule.step()
    ...     print(schedule.get_last_lr())
    [0.5]
    [0.25]
    [0.25]
    [0.125]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        check_whole("StepLR", "step_size", step_size, at_least=1)
        check_number("StepLR", "gamma", gamma)
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def decays_at(self, epoch: int) -> int:
        """Return 1 at every ``step_size``-th step."""
        return int(epoch > 0 and epoch % self.step_size == 0)


class MultiStepLR(GammaLR):
    """Multiply the rates by ``gamma`` at each of the steps ``milestones``.

    Args:
        optimizer: whose rates are set.
        milestones: numbers of steps; one that comes twice counts twice.
        gamma: at least 0.
        last_epoch: see ``LRScheduler``.

    Raises:
        TypeError, ValueError: an argument is of the wrong kind or out of range.

    >>> import glassgrad as gg
    >>> from glassgrad import optim
    >>> optimizer = optim.SGD([gg.ones(2, requires_grad=True)], lr=0.5)
    >>> schedule = optim.lr_scheduler.MultiStepLR(optimizer, milestones=[1, 3], gamma=0.5)
    >>> for _ in range(3):
    ...     optimizer.step()
    ...     schedule.step()
    ...     print(schedule.get_last_lr())
    [0.25]
    [0.25]
    [0.125]
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        if isinstance(milestones, str) or not isinstance(milestones, Iterable):
            raise TypeError(f"MultiStepLR: milestones must be a list of whole numbers, not {milestones!r}")
        steps = list(milestones)
        for step in steps:
            check_whole("MultiStepLR", "each of milestones", step, at_least=0)
        check_number("MultiStepLR", "gamma", gamma)
        self.milestones: Counter[int] = Counter(steps)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def decays_at(self, epoch: int) -> int:
        """Return how often ``epoch`` is among the milestones."""
        return self.milestones[epoch]


class ConstantLR(FactorLR):
    """Multiply the rates by ``factor`` for the first ``total_iters`` steps; then they are the base rates.

    Args:
        optimizer: whose rates are set.
        factor: from 0 to 1.
        total_iters: at least 0.
        last_epoch: see ``LRScheduler``.

    Raises:
        TypeError, ValueError: an argument is of the wrong kind or out of range.

    >>> import glassgrad as gg
    >>> from glassgrad import optim
    >>> optimizer = optim.SGD([gg.ones(2, requires_grad=True)], lr=0.5)
    >>> optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=4).get_last_lr()
    [0.25]
    """

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        check_number("ConstantLR", "factor", factor, at_most=1)
        check_whole("ConstantLR", "total_iters", total_iters, at_least=0)
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def factor_at(self, epoch: int) -> float:
        """Return ``factor``, or 1 from ``total_iters`` on."""
        return self.factor if epoch < self.total_iters else 1.0


class LinearLR(FactorLR):
    """Multiply the rates by a factor that goes in a straight line from ``start_factor`` to ``end_factor``.

    lr(t) = base·(start_factor + (end_factor − start_factor)·min(t, total_iters)/total_iters). With the defaults the
    rate warms up; with ``start_factor=1.0, end_factor=0.0`` it falls to 0 (ε_t = ε_0 − α·t with α = ε_0/total_iters).

    Args:
        optimizer: whose rates are set.
        start_factor: above 0, at most 1.
        end_factor: from 0 to 1.
        total_iters: at least 1.
        last_epoch: see ``LRScheduler``.

    Raises:
        TypeError, ValueError: an argument is of the wrong kind or out of range.

    >>> import glassgrad as gg
    >>> from glassgrad import optim
    >>> optimizer = optim.SGD([gg.ones(2, requires_grad=True)], lr=0.1)
    >>> schedule = optim.lr_scheduler.LinearLR(optimizer, start_factor=1.0, end_factor=0.0, total_iters=100)
    >>> for _ in range(50):
    ...     optimizer.step()
    ...     schedule.step()
    >>> round(schedule.get_last_lr()[0], 6)
    0.05
    """

    def __init__(
        self, optimizer: Optimizer, start_factor: float = 1.0 / 3, end_factor: float = 1.0, total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:  # fmt: skip
        check_number("LinearLR", "start_factor", start_factor, at_most=1)
        check_number("LinearLR", "end_factor", end_factor, at_most=1)
        if start_factor == 0:
            raise ValueError("LinearLR: start_factor must be above 0, so that training begins")
        check_whole("LinearLR", "total_iters", total_iters, at_least=1)
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def factor_at(self, epoch: int) -> float:
        """Return the point on the line."""
        passed = min(epoch, self.total_iters) / self.total_iters
        return self.start_factor + (self.end_factor - self.start_factor) * passed


class ExponentialLR(GammaLR):
    """Multiply the rates by ``gamma`` at every step: lr(t) = base·gammaᵗ.

    Args:
        optimizer: whose rates are set.
        gamma: at least 0.
        last_epoch: see ``LRScheduler``.

    Raises:
        TypeError, ValueError: an argument is of the wrong kind or out of range.

    >>> import glassgrad as gg
    >>> from glassgrad import optim
    >>> optimizer = optim.SGD([gg.ones(2, requires_grad=True)], lr=0.5)
    >>> schedule = optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> optimizer.step()
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.25]
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        check_number("ExponentialLR", "gamma", gamma)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def decays_at(self, epoch: int) -> int:
        """Return 1 at every step but the first."""
        return int(epoch > 0)


class PolynomialLR(FactorLR):
    """Let the rates fall to 0 as a power: lr(t) = base·(1 − t/total_iters)^power.

    Args:
        optimizer: whose rates are set.
        total_iters: when 0 is reached, at least 1.
        power: 1 is a straight line; at least 0.
        last_epoch: see ``LRScheduler``.

    Raises:
        TypeError, ValueError: an argument is of the wrong kind or out of range.

    >>> import glassgrad as gg
    >>> from glassgrad import optim
    >>> optimizer = optim.SGD([gg.ones(2, requires_grad=True)], lr=0.4)
    >>> schedule = optim.lr_scheduler.PolynomialLR(optimizer, total_iters=2, power=2.0)
    >>> optimizer.step()
    >>> schedule.step()
    >>> schedule.get_last_lr()
    [0.1]
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        check_whole("PolynomialLR", "total_iters", total_iters, at_least=1)
        check_number("PolynomialLR", "power", power)
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def factor_at(self, epoch: int) -> float:
        """Return what is left of the way, to the power."""
        return float((1 - min(epoch, self.total_iters) / self.total_iters) ** self.power)
