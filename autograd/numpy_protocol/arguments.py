"""What the adapters of NumPy's functions share: how arguments are read, and refused.

An adapter has NumPy's parameters, in their order and with their defaults. One that is not there is refused by Python;
one that only stands in the way of others, such as ``out``, by :func:`none`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import interpreters
from ..core.dtypes import to_dtype
from ..ops import shaping

__all__: list[str] = []

_Function = Callable[..., Any]


def adapter_for(operation: _Function) -> Callable[[_Function], _Function]:
    """Mark an adapter with the operation that it calls, for the reference page."""

    def mark(adapter: _Function) -> _Function:
        adapter.operation = operation  # type: ignore[attr-defined]
        return adapter

    return mark


def refuse(**given: Any) -> None:
    """Refuse arguments that have a place in NumPy's order but no meaning here."""
    for name, value in given.items():
        if value is not None:
            raise TypeError(f"takes no {name}")


def operand(x: Any) -> Any:
    """Return a tensor or an array; lists and numbers become arrays."""
    return x if interpreters.is_operand(x) else np.asarray(x)


def numbers(x: Any) -> Any:
    """Return the values outside the graph, to look at."""
    return x.detach().numpy() if interpreters.is_operand(x) else np.asarray(x)


def listed(dtype: Any) -> dict[str, Any]:
    """Return ``dtype`` as a keyword, if one was asked for."""
    return {} if dtype is None else {"dtype": to_dtype(dtype)}


def axes(a: Any, axis: Any, keepdims: Any) -> tuple[Any, Any, Any]:
    """Return what to reduce and over what. An empty tuple is no axis to NumPy, all to us: it gets one of size 1."""
    a = operand(a)
    return (shaping.unsqueeze(a, 0), 0, False) if isinstance(axis, tuple) and not axis else (a, axis, keepdims)


def flat(a: Any) -> Any:
    """Return all elements in order."""
    return shaping.reshape(a, (-1,))
