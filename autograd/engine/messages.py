"""Errors of kernels, worded with the operation, the shapes and the module."""

from __future__ import annotations

import re

import numpy as np

from ..core.interpreters import HiddenValueError
from ..core.mode import current_mode
from ..core.primitive import Primitive
from ..core.types import Shape, Value

__all__ = ["describe", "explain"]


def describe(value: Value) -> str:
    """Return what a kernel or rule returned, in words."""
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)}"
    return f"a {type(value).__name__}"


def explain(primitive: Primitive, error: Exception, arrays: tuple[Value, ...]) -> Exception:
    """Return ``error`` with the operation, the shapes and the module path in its message."""
    known = isinstance(error, ValueError | TypeError | IndexError | ZeroDivisionError | OverflowError)
    if not known or isinstance(error, HiddenValueError):
        return error
    text = str(error)
    shapes = [np.shape(a) for a in arrays if a is not None and not isinstance(a, list | tuple)]
    if isinstance(error, ValueError) and primitive.kind in ("elementwise", "predicate") and _clash(shapes):
        text = (
            f"shapes {' and '.join(map(str, shapes))} cannot be broadcast together; compared from the right, "
            "sizes must be equal or one of them 1"
        )
        error = ValueError(text)
    # A kernel that words its own message begins it with the operation's name, which may be the user's name for it.
    if not re.match(r"\w+: ", text):
        where = f" (inputs of shape {', '.join(map(str, shapes))})" if shapes and "shape" not in text else ""
        text = f"{primitive.name}: {text}{where}"
    context = current_mode().context
    if context is not None and context.scope and "in module" not in text:
        text += f" [in module {'.'.join(context.scope)}]"
    kept = (ValueError, TypeError, IndexError, OverflowError, np.linalg.LinAlgError)
    kind = type(error) if type(error) in kept else (
        IndexError if isinstance(error, IndexError) else TypeError if isinstance(error, TypeError) else ValueError
    )  # fmt: skip
    return kind(text)


def _clash(shapes: list[Shape]) -> bool:
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return True
    return False
