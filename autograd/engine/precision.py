"""Half precision computed in single.

float16 ends at 65,504 and has eleven binary digits: sums stall at 2,048, counts and squares overflow. What sums, counts
or squares inside therefore runs in float32 when its operands are float16, and gives float16 back. The casts are
operations like any other, so gradients of every order take the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..core import dtypes
from ..core.primitive import REGISTRY
from ..core.sums import HALF, SINGLE
from .values import HANDLES

__all__ = ["in_single", "narrow"]


def _array(value: Any) -> Any:
    """Return the array of an operand, or None for what is no array of floating-point numbers."""
    array = value._array if value.__class__ in HANDLES else value
    return array if isinstance(array, np.ndarray | np.generic) and array.dtype.kind == "f" else None


def narrow(operands: Sequence[Any]) -> bool:
    """Return whether the floating-point operands compute in float16, by the rules of promotion."""
    for value in operands:
        array = value._array if value.__class__ in HANDLES else value
        if array.__class__ is np.ndarray and array.dtype == HALF:
            break
    else:
        return False
    return bool(dtypes.result_type(tuple([a for a in map(_array, operands) if a is not None])) == HALF)


def in_single(function: Callable[..., Any], operands: Iterable[Any], **kwargs: Any) -> Any:
    """Call ``function`` with its float16 operands in float32; what it returns in float32 becomes float16."""
    cast = REGISTRY["astype"].function

    def to(value: Any, own: Any, other: Any) -> Any:
        array = _array(value)
        if array is None:
            return [to(v, own, other) for v in value] if value.__class__ is list else value
        return cast(value, other) if array.dtype == own else value

    result = function(*[to(v, HALF, SINGLE) for v in operands], **{k: to(v, HALF, SINGLE) for k, v in kwargs.items()})
    if isinstance(result, tuple):
        results = [to(r, SINGLE, HALF) for r in result]
        return type(result)(*results) if hasattr(result, "_fields") else tuple(results)
    return to(result, SINGLE, HALF)
