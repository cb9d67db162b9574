"""The ranges from which hyper-parameters are drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .extra import optuna

__all__ = ["Choice", "Integers", "LogUniform", "Range", "Uniform", "check_space"]


class Range:
    """The base class of ranges."""

    def distribution(self) -> Any:
        """The same range as one of Optuna's distributions."""
        raise NotImplementedError

    def contains(self, value: Any) -> bool:
        """Whether a value can be drawn."""
        return bool(self.low <= value <= self.high)  # type: ignore[attr-defined]

    def around(self, values: Sequence[Any]) -> Range:
        """The smallest range of this kind that holds the values."""
        return type(self)(min(values), max(values))  # type: ignore[call-arg]


@dataclass(frozen=True)
class Uniform(Range):
    """Numbers from ``low`` to ``high``, all equally likely.

    Raises:
        TypeError, ValueError: they are not finite numbers in order.

    >>> Uniform(0.0, 0.5).contains(0.6)
    False
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        _check(self, float)

    def distribution(self) -> Any:
        return optuna().distributions.FloatDistribution(self.low, self.high)


@dataclass(frozen=True)
class LogUniform(Range):
    """Numbers from ``low`` to ``high`` whose logarithm is uniform: as likely from 1e-8 to 1e-6 as from 1e-6 to 1e-4.

    The notes write it ``10 ** np.random.uniform(-8, -4)``. (Bergstra and Bengio 2012, *Random Search for
    Hyper-Parameter Optimization*)

    Raises:
        TypeError, ValueError: they are not positive, finite numbers in order.

    >>> LogUniform(1e-8, 1e-4)
    LogUniform(low=1e-08, high=0.0001)
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        _check(self, float)
        if self.low <= 0:
            raise ValueError(f"LogUniform: low must be greater than 0, got {self.low}")

    def distribution(self) -> Any:
        return optuna().distributions.FloatDistribution(self.low, self.high, log=True)


@dataclass(frozen=True)
class Integers(Range):
    """Whole numbers from ``low`` to ``high``, both included; with ``log=True`` their logarithm is uniform.

    >>> Integers(10, 100, log=True).contains(100)
    True
    """

    low: int
    high: int
    log: bool = False

    def __post_init__(self) -> None:
        _check(self, int)
        if self.log and self.low < 1:
            raise ValueError(f"Integers: low must be at least 1 with log=True, got {self.low}")

    def distribution(self) -> Any:
        return optuna().distributions.IntDistribution(self.low, self.high, log=self.log)

    def around(self, values: Sequence[Any]) -> Range:
        return Integers(min(values), max(values), self.log)


@dataclass(frozen=True)
class Choice(Range):
    """One of some values: numbers, strings, bools or None.

    >>> Choice(["relu", "tanh"]).contains("sigmoid")
    False
    """

    values: Sequence[Any]

    def __post_init__(self) -> None:
        if isinstance(self.values, str) or not len(self.values):
            raise ValueError(f"Choice: give a list of at least one value, not {self.values!r}")
        for value in self.values:
            if value is not None and not isinstance(value, bool | int | float | str):
                raise TypeError(f"Choice: values must be numbers, strings, bools or None, not {value!r}")
        object.__setattr__(self, "values", tuple(self.values))

    def distribution(self) -> Any:
        return optuna().distributions.CategoricalDistribution(self.values)

    def contains(self, value: Any) -> bool:
        return value in self.values

    def around(self, values: Sequence[Any]) -> Range:
        return Choice([value for value in self.values if value in values])


def check_space(space: Any) -> dict[str, Range]:
    """A space as a dict, or an error that says what is wrong with it.

    >>> check_space({"p": Uniform(0, 1)})
    {'p': Uniform(low=0, high=1)}
    """
    if not isinstance(space, Mapping) or not space:
        raise TypeError(f"random_search: space must be a dict of names to ranges such as LogUniform, not {space!r}")
    for name, given in space.items():
        if not isinstance(name, str):
            raise TypeError(f"random_search: names of hyper-parameters must be strings, not {name!r}")
        if not isinstance(given, Range):
            raise TypeError(
                f"random_search: {name} must be a range such as search.LogUniform(1e-6, 1e-2), not {given!r}"
            )
    return dict(space)


def _check(given: Any, kind: type) -> None:
    owner = type(given).__name__
    for name in ("low", "high"):
        value = getattr(given, name)
        if isinstance(value, bool) or not isinstance(value, int if kind is int else int | float):
            raise TypeError(f"{owner}: {name} must be a {'whole number' if kind is int else 'number'}, not {value!r}")
        if not math.isfinite(value):
            raise ValueError(f"{owner}: {name} must be finite, got {value}")
    if given.low > given.high:
        raise ValueError(f"{owner}: low must not be greater than high, got {given.low} and {given.high}")
