"""Checks of the arguments that layers are made with."""

from __future__ import annotations

import operator
from typing import Any

__all__ = ["flag", "plain_number", "size", "sizes"]


def size(layer: str, name: str, value: Any, minimum: int = 1) -> int:
    """Return a whole number of at least `minimum`.

    Raises:
        TypeError: it is not a whole number.
        ValueError: it is too small.

    >>> size("Linear", "in_features", 3)
    3
    """
    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{layer}: {name} must be a whole number, not {value!r}") from None
    if number < minimum:
        raise ValueError(f"{layer}: {name} must be at least {minimum}, got {number}")
    return number


def sizes(layer: str, name: str, value: Any, minimum: int = 1) -> tuple[int, int]:
    """Return a whole number, or a pair for height and width, as a pair.

    Raises:
        TypeError, ValueError: it is neither, or too small.

    >>> sizes("Conv2d", "kernel_size", 5)
    (5, 5)
    """
    if isinstance(value, tuple | list):
        if len(value) != 2:
            raise ValueError(f"{layer}: {name} must be a number or a pair (height, width), got {value!r}")
        return size(layer, name, value[0], minimum), size(layer, name, value[1], minimum)
    number = size(layer, name, value, minimum)
    return number, number


def flag(layer: str, name: str, value: Any) -> bool:
    """Return a bool.

    Raises:
        TypeError: it is not one, as when arguments are in the wrong order.

    >>> flag("Linear", "bias", True)
    True
    """
    if not isinstance(value, bool):
        raise TypeError(f"{layer}: {name} must be True or False, not {value!r}")
    return value


def plain_number(layer: str, name: str, value: Any, low: float, high: float) -> float:
    """Return a number between `low` and `high`; NaN is not.

    Raises:
        TypeError: it is not a number.
        ValueError: it is out of range.

    >>> plain_number("Dropout", "p", 0.5, 0.0, 1.0)
    0.5
    """
    try:
        if isinstance(value, bool | str):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{layer}: {name} must be a number, not {value!r}") from None
    if not low <= number <= high:
        raise ValueError(f"{layer}: {name} must be between {low:g} and {high:g}, got {number}")
    return value if isinstance(value, int) else number
