"""Variance, covariance and counts."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from ..core.cost import per_input
from ..core.interpreters import is_operand
from ..core.sums import DOUBLE, total, total_of_products
from ..engine.compose import composed
from ..engine.declare import primitive
from .arithmetic import divide, multiply, subtract
from .choosing import outside_graph
from .comparison import where
from .elementwise import sqrt
from .indexing import getitem, index_add_zeros
from .matmul import matmul
from .reduction import count_over, expanded, mean, reduced, sum
from .shaping import astype, floats, reshape, transpose

__all__ = ["bincount", "corrcoef", "cov", "histc", "std", "std_mean", "var", "var_mean"]


# -- variance -------------------------------------------------------------------------------------------------


def _centred(array: Any, axes: Any) -> Any:
    # The mean of numbers far from zero is rounded; what that leaves is small, and its mean is exact enough.
    for _ in range(2):
        array = array - _mean(array, axes)
    return array


def _mean(array: Any, axes: Any) -> Any:
    """Return the mean over ``axes``, with the axes kept, of an array that is not empty."""
    return np.true_divide(total(array, axes, True), math.prod(array.shape[i] for i in axes))


@primitive(kind="linear", widens=True, cost=per_input(2), symbol="{0} − mean", x=lambda g, dim: centered(g, dim))
def centered(x: Any, dim: Any) -> Any:
    """Return ``x`` with its mean over ``dim`` taken away: a projection, so it is its own transpose."""
    array = np.asarray(x)
    array = array if array.dtype.kind == "f" else array.astype(np.float64)
    return _centred(array, reduced(dim, array.ndim, "centered")) if array.size else array


def _degrees(shape: Any, dim: Any, correction: Any) -> Any:
    """Return by what the sum of squares is divided."""
    return float(max(count_over(shape, dim) - correction, 0))


def _variance(x: Any, dim: Any, correction: Any, keepdim: Any, what: Any) -> Any:
    array = np.asarray(x)
    array = array if array.dtype.kind == "f" else array.astype(np.float64)
    axes = reduced(dim, array.ndim, what)
    degrees = _degrees(array.shape, dim, correction)
    if not degrees:
        n = count_over(array.shape, dim)
        warnings.warn(
            f"{what}: {n} elements leave no degrees of freedom with correction {correction}", RuntimeWarning, 2
        )
    if not array.size:
        added = np.sum(array, axis=axes, keepdims=keepdim)
    else:
        # One pass and its correction: the mean may be rounded, (Σd)²/n takes back what that adds to Σd².
        count = count_over(array.shape, dim)
        d = np.asarray(array - _mean(array, axes))
        rest = total(d, axes, keepdim, DOUBLE)
        added = np.maximum(total_of_products(d, d, axes, keepdim, DOUBLE) - rest * (rest / count), 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.divide(added, degrees, dtype=np.float64)


def _scale(degrees: Any, factor: Any) -> Any:
    return factor / degrees if degrees else math.inf


@primitive(
    widens=True, cost=per_input(4), symbol="var {0}",
    x=lambda g, x, dim, correction: (
        expanded(g * _scale(_degrees(x.shape, dim, correction), 2), x.shape, dim) * centered(x, dim)
    ),
)
def variance(x: Any, dim: Any = None, correction: Any = 1, keepdim: Any = False) -> Any:
    """Return the sum of squared distances from the mean, divided by the count − correction; see :func:`var`."""
    return _variance(x, dim, correction, keepdim, "var")


@primitive(
    widens=True, cost=per_input(4), symbol="std {0}",
    x=lambda g, x, out, dim, correction: (
        expanded(
            where(out == 0, 0, g * _scale(_degrees(x.shape, dim, correction), 1) / where(out == 0, 1, out)),
            x.shape, dim,
        )
        * centered(x, dim)
    ),
)  # fmt: skip
def standard_deviation(x: Any, dim: Any = None, correction: Any = 1, keepdim: Any = False) -> Any:
    """Return the square root of :func:`variance`; see :func:`std`."""
    return np.sqrt(_variance(x, dim, correction, keepdim, "std"))


def _arguments(dim: Any, unbiased: Any, correction: Any, what: Any) -> Any:
    """Return (dim, correction) from PyTorch's several spellings."""
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if unbiased is not None and correction is not None:
        raise TypeError(f"{what}: give either unbiased or correction, not both")
    if correction is None:
        correction = 1 if unbiased is None else int(unbiased)
    return dim, correction


@composed
def var(x: Any, dim: Any = None, unbiased: Any = None, keepdim: Any = False, *, correction: Any = None) -> Any:
    """Return the variance over ``dim``: Σ(x − mean)² / (count − correction).

    Args:
        unbiased: an older way to say ``correction=1`` (True) or ``correction=0`` (False).
        correction: 1 unless said otherwise.

    Computed in two passes with a correction, so that numbers far from zero lose nothing (Chan, Golub and LeVeque 1983,
    "Algorithms for computing the sample variance", https://doi.org/10.1080/00031305.1983.10483115).

    Edges: where count − correction is not positive it is NaN or infinite, with a warning.

    >>> import glassgrad as gg
    >>> gg.var(gg.tensor([1.0, 2.0, 3.0, 4.0]), correction=0)
    tensor(1.25)
    """
    dim, correction = _arguments(dim, unbiased, correction, "var")
    return variance(x, dim, correction, keepdim)


@composed
def std(x: Any, dim: Any = None, unbiased: Any = None, keepdim: Any = False, *, correction: Any = None) -> Any:
    """Return the standard deviation over ``dim``, the square root of :func:`var`.

    Edges: where all elements are equal it is 0, and so is its gradient.

    >>> import glassgrad as gg
    >>> gg.std(gg.tensor([1.0, 2.0, 3.0]))
    tensor(1.)
    """
    dim, correction = _arguments(dim, unbiased, correction, "std")
    return standard_deviation(x, dim, correction, keepdim)


@composed
def var_mean(x: Any, dim: Any = None, unbiased: Any = None, keepdim: Any = False, *, correction: Any = None) -> Any:
    """Return the pair of variance and mean over ``dim``. See :func:`var`.

    >>> import glassgrad as gg
    >>> gg.var_mean(gg.tensor([1.0, 2.0, 3.0]))
    (tensor(1.), tensor(2.))
    """
    dim, correction = _arguments(dim, unbiased, correction, "var_mean")
    return variance(x, dim, correction, keepdim), mean(x, dim, keepdim)


@composed
def std_mean(x: Any, dim: Any = None, unbiased: Any = None, keepdim: Any = False, *, correction: Any = None) -> Any:
    """Return the pair of standard deviation and mean over ``dim``. See :func:`std`.

    >>> import glassgrad as gg
    >>> gg.std_mean(gg.tensor([1.0, 2.0, 3.0]))
    (tensor(1.), tensor(2.))
    """
    dim, correction = _arguments(dim, unbiased, correction, "std_mean")
    return standard_deviation(x, dim, correction, keepdim), mean(x, dim, keepdim)


# -- covariance -----------------------------------------------------------------------------------------------


def _weights(weights: Any, count: Any, what: Any, kinds: Any) -> Any:
    """Return the weights of the observations, checked."""
    weights = weights if is_operand(weights) else np.asarray(weights)
    if weights.shape != (count,) or weights.dtype.kind not in kinds:
        raise ValueError(
            f"cov: {what} must be {count} {'integers' if kinds == 'iu' else 'numbers'}, one for each observation, "
            f"not {weights.dtype} of shape {weights.shape}"
        )
    if (outside_graph(weights) < 0).any():
        raise ValueError(f"cov: {what} must not be negative")
    return weights


@composed(widens=True)
def cov(x: Any, *, correction: Any = 1, fweights: Any = None, aweights: Any = None) -> Any:
    """Return the covariances of variables in rows, observed in columns; of one variable its variance.

    Args:
        x: shape (variables, observations), or a single variable.
        correction: taken from the number of observations before dividing by it.
        fweights: how often each observation was made, as integers.
        aweights: how much each observation counts, as floating-point numbers.

    Raises:
        ValueError: ``x`` has more than two dimensions, or the weights do not fit.

    >>> import glassgrad as gg
    >>> gg.cov(gg.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    if x.ndim > 2:
        raise ValueError(f"cov: x must have at most two dimensions, not shape {x.shape}")
    rows = floats(x if x.ndim == 2 else reshape(x, (1, -1)))
    count = rows.shape[1]
    weights = None if fweights is None else _weights(fweights, count, "fweights", "iu")
    degrees: Any = float(count - correction)
    if aweights is not None:
        much = _weights(aweights, count, "aweights", "f")
        weights = much if weights is None else multiply(weights, much)
    if weights is None:
        left = right = centered(rows, 1)
    else:
        whole = sum(weights)
        lost = correction
        if aweights is not None and correction:
            lost = divide(multiply(correction, sum(multiply(weights, much))), whole)
        degrees = subtract(whole, lost)
        right = subtract(rows, divide(sum(multiply(rows, weights), 1, True), whole))
        left = multiply(right, weights)
    if not float(degrees) > 0:
        warnings.warn(f"cov: {count} observations leave no degrees of freedom", RuntimeWarning, stacklevel=2)
        degrees = 0.0
    products = divide(matmul(left, transpose(right)), degrees)
    return reshape(products, ()) if rows.shape[0] == 1 else products


@composed(widens=True)
def corrcoef(x: Any) -> Any:
    """Return the correlations of variables in rows, observed in columns; of one variable 1.

    Edges: a variable that never changes has no correlation: NaN.

    >>> import glassgrad as gg
    >>> gg.corrcoef(gg.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    if x.ndim > 2:
        raise ValueError(f"corrcoef: x must have at most two dimensions, not shape {x.shape}")
    c = cov(x)
    if not c.ndim:
        return divide(c, c)
    each = np.arange(len(c))
    deviations = sqrt(getitem(c, (each, each)))
    c = divide(divide(c, reshape(deviations, (-1, 1))), deviations)
    return where(c > 1, 1, where(c < -1, -1, c))


# -- counts ---------------------------------------------------------------------------------------------------


@primitive(kind="index", cost=per_input(), x=None)
def histc(x: Any, bins: Any = 100, min: Any = 0, max: Any = 0) -> Any:
    """Return how many elements fall into each of ``bins`` equal intervals from ``min`` to ``max``.

    If both are equal, the smallest and the largest element are taken. The result has the dtype of ``x``, or int64 if
    that is no floating-point dtype, but no derivative.

    Raises:
        ValueError: there are no bins, or the range is not finite or turned round.

    Edges: what lies outside, and NaN, is not counted.

    >>> import glassgrad as gg
    >>> gg.histc(gg.tensor([1.0, 2.0, 1.0]), bins=4, min=0, max=3)
    tensor([0., 2., 1., 0.])
    """
    array = np.asarray(x).reshape(-1)
    if bins <= 0:
        raise ValueError(f"histc: bins must be positive, not {bins}")
    low, high = min, max
    if low == high and array.size:
        low, high = float(array.min()), float(array.max())
    if low == high:
        low, high = low - 1, high + 1
    if not math.isfinite(low) or not math.isfinite(high):
        raise ValueError(f"histc: the range from {low} to {high} is not finite; say min and max")
    if low > high:
        raise ValueError(f"histc: max must be larger than min, but they are {high} and {low}")
    return np.histogram(array, bins, (low, high))[0].astype(array.dtype if array.dtype.kind == "f" else np.int64)


@primitive(kind="index", cost=per_input(), x=None)
def counts(x: Any, minlength: Any) -> Any:
    """Return how often each of 0, 1, 2, ... occurs; see :func:`bincount`."""
    return np.bincount(np.asarray(x).astype(np.int64, copy=False), minlength=minlength)


@composed
def bincount(x: Any, weights: Any = None, minlength: Any = 0) -> Any:
    """Return how often each of the integers 0, 1, 2, ... occurs, or the sum of the ``weights`` at its places.

    Args:
        x: integers in one dimension, none negative.
        weights: one number for each; the sums have a gradient.
        minlength: how many results there are at least.

    Raises:
        TypeError: ``x`` is not of integers.
        ValueError: a number is negative, or shapes do not fit.

    >>> import glassgrad as gg
    >>> gg.bincount(gg.tensor([1, 3, 1]))
    tensor([0, 2, 0, 1])
    """
    numbers = outside_graph(x)
    if numbers.dtype.kind not in "iu":
        raise TypeError(f"bincount: x must be integers, not {numbers.dtype}")
    if numbers.ndim != 1 or (numbers.size and numbers.min() < 0):
        raise ValueError(f"bincount: x must be one-dimensional and not negative; it has shape {numbers.shape}")
    if minlength < 0:
        raise ValueError(f"bincount: minlength must not be negative, but is {minlength}")
    if weights is None:
        return counts(x, minlength)
    weights = weights if is_operand(weights) else np.asarray(weights)
    if weights.shape != numbers.shape:
        raise ValueError(f"bincount: weights of shape {weights.shape} do not fit x of shape {numbers.shape}")
    weights = weights if weights.dtype.kind == "f" else astype(weights, np.dtype(np.float64))
    length = int(numbers.max()) + 1 if numbers.size else 0
    return index_add_zeros(weights, numbers, (length if length > minlength else minlength,))
