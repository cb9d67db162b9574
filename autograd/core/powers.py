"""Powers with a plain number as exponent, by multiplication where that is exact enough.

``numpy.power`` takes a logarithm and an exponential for nearly every exponent: up to two hundred times as long as
``x * x * x``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["raised"]


def _cube(x: Any) -> Any:
    out = np.square(x)
    return np.multiply(out, x, out)


def _fourth(x: Any) -> Any:
    out = np.square(x)
    return np.square(out, out)


def _root(x: Any) -> Any:
    # Where roots differ from powers: (−0)^0.5 is 0 and (−∞)^0.5 is ∞.
    below = x == -np.inf
    out = np.sqrt(x)
    np.add(out, 0, out)
    if below.any():
        out[below] = np.inf
    return out


def _reciprocal_root(x: Any) -> Any:
    out = _root(x)
    return np.reciprocal(out, out)


def _reciprocal_square(x: Any) -> Any:
    # First the reciprocal, which leaves the range only where the result does.
    out = np.reciprocal(x)
    return np.square(out, out)


def _reciprocal_cube(x: Any) -> Any:
    out = _reciprocal_square(x)
    return np.divide(out, x, out)


_BY_MULTIPLICATION: dict[float, Callable[[Any], Any]] = {
    -3.0: _reciprocal_cube, -2.0: _reciprocal_square, -1.0: np.reciprocal, -0.5: _reciprocal_root, 0.5: _root,
    1.0: np.positive, 2.0: np.square, 3.0: _cube, 4.0: _fourth,
}  # fmt: skip
_DTYPES = frozenset((np.dtype(np.float32), np.dtype(np.float64)))


def raised(x: Any, y: Any, out: Any = None) -> Any:
    """Return ``x`` to the power ``y``, as ``numpy.power``; a new array, or ``out``.

    A single number ``y`` among −3, −2, −1, −½, ½, 1, 2, 3 and 4 costs a few multiplications, with a result within 2
    units in the last place of the exact one (for −3, within 3). Zeros, infinities, NaN and negative numbers give what
    ``pow`` of C gives.

    >>> import numpy as np
    >>> raised(np.array([2.0, -0.5]), -3)
    array([ 0.125, -8.   ])
    """
    if x.__class__ is np.ndarray and x.ndim and x.dtype in _DTYPES and out is None:
        single = not y.ndim if y.__class__ is np.ndarray else isinstance(y, int | float | np.floating)
        by_multiplication = _BY_MULTIPLICATION.get(float(y)) if single else None
        if by_multiplication is not None:
            return by_multiplication(x)
    return np.power(x, y, out)
