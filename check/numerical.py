"""Numerical differentiation by itself: the plain thing that people compare a gradient with by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..autograd import Scalar, Tensor, is_floating, no_grad
from .arguments import show_index

__all__ = ["numerical_gradient"]

Array = np.ndarray[Any, Any]

# Steps relative to the element: where truncation and rounding are about equal, ∛ε and ε^(1/5).
STEPS = {"central": 6.06e-6, "richardson": 7.4e-4, "complex": 1e-100}


def numerical_gradient(f: Callable[[Any], Any], x: Any, method: str = "central", step: float | None = None) -> Any:
    """Return the gradient of a function of one argument that gives a number, from values of the function alone.

    With eₖ the unit vector of element k and h its step:

    - ``"central"``: (f(x + h·eₖ) − f(x − h·eₖ)) / 2h; error of order h².
    - ``"richardson"``: (4·D(h/2) − D(h)) / 3 with D the central difference; error of order h⁴.
    - ``"complex"``: Im f(x + i·h·eₖ) / h; exact to rounding, since nothing is subtracted, but only for NumPy functions
      that are analytic: no ``abs``, no comparison, no Tensor. (Squire and Trapp 1998)

    Args:
        f: receives what ``x`` is: a float64 array, a float64 Tensor, a Scalar, or a float; returns a number, or a
            Tensor, Scalar or array of one element.
        x: where. Integers become floats; it is not changed.
        method: as above.
        step: h relative to |xₖ|, or to the median size of the others where xₖ is 0 (to 1 if all are). Default: 6.06e-6
            for ``"central"``, 7.4e-4 for ``"richardson"``; for ``"complex"`` 1e-100, absolute.

    Returns:
        A float64 array of the shape of ``x``; a float if ``x`` is a Scalar or a number.

    Raises:
        TypeError: ``x`` holds no numbers, or the method is ``"complex"`` and ``x`` is a Tensor or Scalar.
        ValueError: the method is unknown, the step not positive, or ``f`` does not give a number.

    >>> numerical_gradient(lambda x: x[0] ** 2 + x[1] ** 2, np.array([3.0, 4.0])).round(6)
    array([6., 8.])
    >>> numerical_gradient(np.exp, 1.0, method="complex") == np.exp(1.0)
    np.True_
    """
    if method not in STEPS:
        raise ValueError(f"numerical_gradient: method must be 'central', 'richardson' or 'complex', not {method!r}")
    if step is not None and not 0 < step < np.inf:
        raise ValueError(f"numerical_gradient: step must be a positive number, got {step!r}")
    handle = isinstance(x, Tensor | Scalar)
    if method == "complex" and handle:
        raise TypeError(
            f"numerical_gradient: a {type(x).__name__} cannot hold complex numbers; give an array and a NumPy "
            "function, or use method='richardson'"
        )
    values = _values(x)
    flat = values.reshape(-1)
    relative = STEPS[method] if step is None else step
    sizes = np.abs(flat)
    typical = float(np.median(sizes[sizes > 0])) if np.any(sizes > 0) else 1.0
    gradient = np.empty(flat.shape)

    def at(k: int, moved: Any) -> Any:
        point = flat.astype(complex) if method == "complex" else flat.copy()
        point[k] = moved
        return _number(f(_like(x, point.reshape(values.shape))), method == "complex", k, values.shape)

    def central(k: int, h: float) -> float:
        above, below = flat[k] + h, flat[k] - h
        # The difference that was really taken: x ± h are rounded.
        return float((at(k, above) - at(k, below)) / (above - below))

    with no_grad():
        for k in range(flat.size):
            h = relative * float(sizes[k] or typical)
            if method == "complex":
                h = relative if step is None else h
                gradient[k] = at(k, complex(flat[k], h)) / h
                continue
            h = max(h, 4 * float(np.spacing(sizes[k])))
            gradient[k] = central(k, h) if method == "central" else (4 * central(k, h / 2) - central(k, h)) / 3
    single = isinstance(x, Scalar) or (not isinstance(x, Tensor | np.ndarray) and not values.ndim)
    return float(gradient[0]) if single else gradient.reshape(values.shape)


def _values(x: Any) -> Array:
    """Return the values in float64 memory of their own."""
    source = x.value if isinstance(x, Scalar) else x.numpy() if isinstance(x, Tensor) else np.asarray(x)
    if isinstance(source, np.ndarray) and not is_floating(source.dtype) and source.dtype.kind not in "iu":
        raise TypeError(f"numerical_gradient: x must hold real numbers, not {source.dtype}")
    return np.array(source, np.float64, order="C")


def _like(x: Any, values: Array) -> Any:
    """Return values as what the caller gave."""
    if isinstance(x, Tensor):
        return Tensor(values)
    if isinstance(x, Scalar):
        return Scalar(float(values))
    if isinstance(x, np.ndarray) or values.ndim:
        return values
    return values.item()


def _number(result: Any, imaginary: bool, k: int, shape: tuple[int, ...]) -> Any:
    """Return a function's result as a Python or NumPy number; with ``imaginary``, its imaginary part."""
    value = result.value if isinstance(result, Scalar) else result.numpy() if isinstance(result, Tensor) else result
    array = np.asarray(value)
    place = show_index("x", tuple(int(i) for i in np.unravel_index(k, shape)) if shape else ())
    if array.size != 1 or array.dtype.kind not in "fciu":
        what = f"an array of shape {array.shape}" if array.dtype.kind in "fciu" else f"a {type(result).__name__}"
        raise ValueError(
            f"numerical_gradient: f must return a number, but at {place} it returned {what}; sum it, for example"
        )
    if not imaginary:
        if array.dtype.kind == "c":
            raise ValueError("numerical_gradient: f returned a complex number; its real part may be meant")
        return array.reshape(())[()].astype(np.float64)
    if array.dtype.kind != "c":
        raise ValueError(
            f"numerical_gradient: with method='complex', f returned the real number {array.item()!r} at {place}: it "
            "drops the imaginary part, as abs and real do, so it is not analytic; use method='richardson'"
        )
    return array.reshape(())[()].imag
