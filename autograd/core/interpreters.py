"""Who runs a primitive: handles, symbols and batches register here, so that the engine need not know them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["INTERPRETERS", "HiddenValueError", "interpreter_of", "is_operand", "register_interpreter"]

# A class of operands to its priority and to what runs a primitive on them: ``run(primitive, inputs, static)``.
INTERPRETERS: dict[type, tuple[int, Callable[..., Any]]] = {}


class HiddenValueError(TypeError):
    """A value that stands for something else, such as one example of a batch, was asked for its numbers."""


def register_interpreter(cls: type, run: Callable[..., Any], priority: int) -> None:
    """Let ``run(primitive, inputs, static)`` handle calls in which an operand is a ``cls``; high priority wins."""
    INTERPRETERS[cls] = (priority, run)


def interpreter_of(operands: Any) -> Callable[..., Any] | None:
    """Return what runs a primitive on these operands; ``None`` if all are plain arrays and numbers."""
    best, found = -1, None
    for operand in operands:
        priority, run = INTERPRETERS.get(operand.__class__, (-1, None))
        if priority > best:
            best, found = priority, run
    return found


def is_operand(value: Any) -> bool:
    """Return whether ``value`` is a handle or a symbol, not a plain array or number."""
    return value.__class__ in INTERPRETERS
