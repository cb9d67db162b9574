"""Arrays in a few figures: what a picture tells of a value or a gradient, without keeping it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .model import Summary

__all__ = ["item", "summarize"]

_LARGEST = 10_000_000  # elements; statistics of more would be slower than the picture


def item(array: Any) -> float | int | bool:
    """Return the one element as a Python number; a float32 becomes the decimal that it prints as, so 0.1 stays 0.1."""
    if array.__class__ is float or array.__class__ is int:
        number: float | int = array
        return number
    element = np.asarray(array).reshape(-1)[0]
    if element.dtype.kind == "f" and element.dtype.itemsize < 8:
        return float(str(element))
    found: float | int | bool = element.item()
    return found


def summarize(value: Any) -> Summary:
    """Describe a number or an array in a few figures.

    >>> import numpy as np
    >>> s = summarize(np.array([3.0, -4.0, 0.0]))
    >>> s.norm, s.minimum, s.maximum, s.zeros
    (5.0, -4.0, 3.0, 1)
    """
    if value.__class__ is float:
        return _summarize_number(value)
    array = np.asarray(value)
    size = int(array.size)
    number = item(array) if size == 1 else None
    sample = tuple(item(element) for element in array.reshape(-1)) if 0 < size <= 16 else ()
    if size == 0 or size > _LARGEST or array.dtype.kind not in "fiub":
        return Summary(size, number, sample=sample)
    if number is not None:
        return _summarize_number(number)
    zeros = size - int(np.count_nonzero(array))
    nan = inf = 0
    if array.dtype.kind == "f":
        finite = np.isfinite(array)
        if not finite.all():
            nan = int(np.isnan(array).sum())
            inf = size - int(finite.sum()) - nan
            array = array[finite]
            if array.size == 0:
                return Summary(size, number, nan=nan, inf=inf, sample=sample)
    exact = array.astype(np.float64)
    # Scaled, so that squares neither overflow nor vanish.
    largest = float(np.abs(exact).max())
    norm = largest * float(np.sqrt(np.sum(np.square(exact / largest)))) if largest else 0.0
    return Summary(
        size, number, norm, float(exact.min()), float(exact.max()), float(exact.mean()), nan, inf, zeros, sample
    )


def _summarize_number(value: float | int | bool) -> Summary:
    if isinstance(value, float) and not math.isfinite(value):
        nan = math.isnan(value)
        return Summary(1, value, nan=int(nan), inf=int(not nan), sample=(value,))
    number = float(value)
    return Summary(1, value, abs(number), number, number, number, zeros=int(number == 0), sample=(value,))
