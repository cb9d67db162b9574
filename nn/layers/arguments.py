"""Checks of the arguments that layers are made with."""

from __future__ import annotations

import math
import operator
from typing import Any

__all__ = ["flag", "number", "plain_number", "size", "sizes", "whole"]


def _shown(layer: str, value: Any) -> str:
    """Return how a message shows a wrong argument; one with a shape was meant for the layer itself."""
    if hasattr(value, "shape") and value.shape != ():
        return (
            f"a {type(value).__name__} of shape {tuple(value.shape)}. To apply the layer, make it first: "
            f"layer = nn.{layer}(...), then layer(input)"
        )
    return repr(value)


def whole(layer: str, name: str, value: Any) -> int:
    """Return a whole number, of either sign.

    Raises:
        TypeError: it is not one.

    >>> whole("Softmax", "dim", -1)
    -1
    """
    try:
        if isinstance(value, bool) or getattr(value, "shape", ()) != ():
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{layer}: {name} must be a whole number, not {_shown(layer, value)}") from None


def size(layer: str, name: str, value: Any, minimum: int = 1) -> int:
    """Return a whole number of at least ``minimum``.

    Raises:
        TypeError: it is not a whole number.
        ValueError: it is too small.

    >>> size("Linear", "in_features", 3)
    3
    """
    found = whole(layer, name, value)
    if found < minimum:
        raise ValueError(f"{layer}: {name} must be at least {minimum}, got {found}")
    return found


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
    both = size(layer, name, value, minimum)
    return both, both


def flag(layer: str, name: str, value: Any) -> bool:
    """Return a bool.

    Raises:
        TypeError: it is not one, as when arguments are in the wrong order.

    >>> flag("Linear", "bias", True)
    True
    """
    if not isinstance(value, bool):
        raise TypeError(f"{layer}: {name} must be True or False, not {_shown(layer, value)}")
    return value


def plain_number(layer: str, name: str, value: Any, low: float, high: float) -> float:
    """Return a number between ``low`` and ``high``; NaN is not.

    Raises:
        TypeError: it is not a number.
        ValueError: it is out of range.

    >>> plain_number("Dropout", "p", 0.5, 0.0, 1.0)
    0.5
    """
    try:
        if isinstance(value, bool | str):
            raise TypeError
        found = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{layer}: {name} must be a number, not {_shown(layer, value)}") from None
    if not low <= found <= high:
        raise ValueError(f"{layer}: {name} must be between {low:g} and {high:g}, got {found}")
    return value if isinstance(value, int) else found


def number(layer: str, name: str, value: Any) -> float:
    """Return a number that is neither infinite nor NaN.

    Raises:
        TypeError: it is not a number.
        ValueError: it is not finite.

    >>> number("LeakyReLU", "negative_slope", 0.1)
    0.1
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{layer}: {name} must be finite, got {value}")
    return plain_number(layer, name, value, -math.inf, math.inf)
