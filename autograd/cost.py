"""How many floating-point operations a call takes, read from shapes.

One operation is one addition, multiplication, comparison or elementary function of one element, as profilers count;
moving elements counts nothing. The text is the formula that the reference page prints: ``|out|`` is the number of
elements of the result, ``|x|`` that of an input.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

__all__ = ["Cost", "cost_of", "flops"]

Shapes = dict[str, Any]


class Cost(NamedTuple):
    """A formula as text, and the same as a function of the inputs' shapes, the result's shape and the static arguments."""

    text: str
    count: Callable[[Shapes, Any, dict[str, Any]], int]


def size(shape: Any) -> int:
    """Return the number of elements; of a list of shapes, of all together."""
    if shape is None:
        return 0
    if isinstance(shape, list) or (shape and isinstance(shape[0], tuple)):
        return sum(map(size, shape))
    return math.prod(shape)


def first(shapes: Shapes) -> Any:
    """Return the shape of the first input."""
    return next(iter(shapes.values()))


NOTHING = Cost("0", lambda shapes, out, static: 0)
EACH = Cost("|out|", lambda shapes, out, static: size(out))
EACH_INPUT = Cost("|x|", lambda shapes, out, static: size(first(shapes)))


def several(times: int, what: str = "x") -> Cost:
    """Return a fixed number of operations for each element of the first input, or with ``"out"`` of the result."""
    if what == "out":
        return Cost(f"{times}·|out|", lambda shapes, out, static: times * size(out))
    return Cost(f"{times}·|{what}|", lambda shapes, out, static: times * size(first(shapes)))
