"""Variance, median and other statistics over axes."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np

from ..compose import composed
from ..declare import primitive
from ..dtypes import get_default_dtype
from ..engine import is_operand
from .arithmetic import add, divide, multiply, subtract
from .axes import axis_of
from .choosing import chosen, chosen_one, plain, some
from .comparison import where
from .elementwise import sqrt
from .indexing import getitem, index_add_zeros
from .linalg import matmul
from .reduction import accumulator, count_over, mean, reduced, spread, sum
from .shaping import astype, permute, reshape, split, transpose
from .sorting import order_of

__all__ = [
    "bincount", "corrcoef", "cov", "histc", "median", "mode", "nanmedian", "nanquantile", "quantile", "std",
    "std_mean", "var", "var_mean",
]  # fmt: skip


# -- variance -------------------------------------------------------------------------------------------------


def _centred(array: Any, axes: Any) -> Any:
    # The mean of numbers far from zero is rounded; what that leaves is small, and its mean is exact enough.
    for _ in range(2):
        array = array - np.mean(array, axis=axes, keepdims=True, dtype=accumulator(array, axes)).astype(array.dtype)
    return array


@primitive(kind="linear", symbol="{0} − mean", x=lambda g, dim: centered(g, dim))
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
        total = np.sum(array, axis=axes, keepdims=keepdim)
    else:
        # One pass and its correction: the mean may be rounded, (Σd)²/n takes back what that adds to Σd².
        count = count_over(array.shape, dim)
        wide = accumulator(array, axes)
        d = np.asarray(array - np.mean(array, axis=axes, keepdims=True, dtype=wide).astype(array.dtype))
        rest = np.sum(d, axis=axes, keepdims=keepdim, dtype=wide)
        total = np.sum(np.square(d, out=d), axis=axes, keepdims=keepdim, dtype=wide) - rest * (rest / count)
        total = np.maximum(total, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.divide(total, degrees, dtype=None if total.dtype.kind == "f" else np.float64)


def _scale(degrees: Any, factor: Any) -> Any:
    return factor / degrees if degrees else math.inf


@primitive(
    symbol="var {0}",
    x=lambda g, x, dim, correction: (
        spread(g * _scale(_degrees(x.shape, dim, correction), 2), x.shape, dim) * centered(x, dim)
    ),
)
def variance(x: Any, dim: Any = None, correction: Any = 1, keepdim: Any = False) -> Any:
    """Return the sum of squared distances from the mean, divided by the count − correction; see :func:`var`."""
    return _variance(x, dim, correction, keepdim, "var")


@primitive(
    symbol="std {0}",
    x=lambda g, x, out, dim, correction: (
        spread(
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


def _floats(x: Any) -> Any:
    return x if x.dtype.kind == "f" else astype(x, get_default_dtype())


def _weights(weights: Any, count: Any, what: Any, kinds: Any) -> Any:
    """Return the weights of the observations, checked."""
    weights = weights if is_operand(weights) else np.asarray(weights)
    if weights.shape != (count,) or weights.dtype.kind not in kinds:
        raise ValueError(
            f"cov: {what} must be {count} {'integers' if kinds == 'iu' else 'numbers'}, one for each observation, "
            f"not {weights.dtype} of shape {weights.shape}"
        )
    if (plain(weights) < 0).any():
        raise ValueError(f"cov: {what} must not be negative")
    return weights


@composed
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
    rows = _floats(x if x.ndim == 2 else reshape(x, (1, -1)))
    count = rows.shape[1]
    weights = None if fweights is None else _weights(fweights, count, "fweights", "iu")
    degrees: Any = float(count - correction)
    if aweights is not None:
        much = _weights(aweights, count, "aweights", "f")
        weights = much if weights is None else multiply(weights, much)
    if weights is None:
        left = right = centered(rows, 1)
    else:
        total = sum(weights)
        lost = correction
        if aweights is not None and correction:
            lost = divide(multiply(correction, sum(multiply(weights, much))), total)
        degrees = subtract(total, lost)
        right = subtract(rows, divide(sum(multiply(rows, weights), 1, True), total))
        left = multiply(right, weights)
    if not float(degrees) > 0:
        warnings.warn(f"cov: {count} observations leave no degrees of freedom", RuntimeWarning, stacklevel=2)
        degrees = 0.0
    products = divide(matmul(left, transpose(right)), degrees)
    return reshape(products, ()) if rows.shape[0] == 1 else products


@composed
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


# -- ranks ----------------------------------------------------------------------------------------------------


def _share_among_equals(g: Any, x: Any, out: Any) -> Any:
    if not math.prod(x.shape):
        return 0 * x
    attained = astype((x == out) | ((x != x) & (out != out)), g.dtype)
    return (g / sum(attained)) * attained


@primitive(symbol="median {0}", x=lambda g, x, out: _share_among_equals(g, x, out))
def median_of_all(x: Any, ignore_nan: Any) -> Any:
    """Return the lower median of all elements; elements equal to it share its gradient. See :func:`median`."""
    array = np.asarray(x).reshape(-1)
    if array.dtype.kind == "f":
        wrong = np.isnan(array)
        if wrong.any():
            array = array[~wrong] if ignore_nan else array[:0]
        if not array.size:
            return np.asarray(np.nan, array.dtype)
    elif not array.size:
        raise ValueError(f"{'nanmedian' if ignore_nan else 'median'}: there are no elements to choose from")
    k = (array.size - 1) // 2
    return np.partition(array, k)[k]


def _rank_indices(array: Any, axis: Any, ranks: Any, ignore_nan: Any) -> Any:
    """Return, along ``axis``, the places of the elements of the given ranks.

    ``ranks`` is a function: from the number of elements that count, an array of integers with the last axis of size 1,
    to ranks along a new last axis. A row with a NaN that is not to be ignored gives the place of its first NaN.
    """
    rows = np.moveaxis(array, axis, -1)
    n = rows.shape[-1]
    wrong = np.isnan(rows) if array.dtype.kind == "f" else None
    if wrong is None or not wrong.any():
        wanted = ranks(np.full(1, n))
        places = np.argpartition(rows, np.unique(wanted), axis=-1)[..., wanted]
    else:
        order = order_of(rows, rows.ndim - 1)
        missing = wrong.sum(-1, keepdims=True)
        wanted = ranks(np.maximum(n - missing, 1) if ignore_nan else np.full_like(missing, n))
        places = np.take_along_axis(order, np.broadcast_to(wanted, (*rows.shape[:-1], wanted.shape[-1])), -1)
        if not ignore_nan:
            places = np.where(missing > 0, wrong.argmax(-1, keepdims=True), places)
    return np.moveaxis(places, -1, axis)


@primitive(kind="index", x=None)
def median_index(x: Any, ignore_nan: Any, dim: Any) -> Any:
    """Return where the lower median along ``dim`` lies; the axis is kept."""
    array = np.asarray(x)
    axis = some(array.shape, dim, "nanmedian" if ignore_nan else "median")
    if not array.ndim:
        return np.zeros((), np.int64)
    return _rank_indices(array, axis, lambda count: (count - 1) // 2, ignore_nan)


@composed
def median(x: Any, dim: Any = None, keepdim: Any = False) -> Any:
    """Return the lower median of all elements, or with ``dim`` the pair (values, indices) along it.

    Raises:
        ValueError: there are no elements along ``dim``.

    Edges: of an even number it is the lower of the two in the middle. Over all, elements equal to it share the
    gradient, and of no floats it is NaN; along ``dim`` the gradient goes to the element that ``indices`` names. A NaN
    among the elements makes it NaN.

    >>> import glassgrad as gg
    >>> gg.median(gg.tensor([4.0, 1.0, 3.0, 2.0]))
    tensor(2.)
    """
    if dim is None:
        return median_of_all(x, False)
    return chosen_one(x, median_index(x, False, dim), dim, keepdim)


@composed
def nanmedian(x: Any, dim: Any = None, keepdim: Any = False) -> Any:
    """Return the lower median of what is not NaN, or with ``dim`` the pair (values, indices). See :func:`median`.

    Edges: where all are NaN it is NaN.

    >>> import glassgrad as gg
    >>> gg.nanmedian(gg.tensor([4.0, float("nan"), 3.0, 2.0]))
    tensor(3.)
    """
    if dim is None:
        return median_of_all(x, True)
    return chosen_one(x, median_index(x, True, dim), dim, keepdim)


_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


@primitive(kind="index", x=None)
def rank_index(x: Any, ranks: Any, ignore_nan: Any, dim: Any) -> Any:
    """Return where along ``dim`` the elements of the given ranks lie.

    ``ranks`` are integers along the last axis; with a leading shape they differ from row to row.
    """
    array = np.asarray(x)
    return _rank_indices(array, axis_of(dim, array.ndim, "quantile"), lambda count: ranks, ignore_nan)


def _quantile(x: Any, q: Any, dim: Any, keepdim: Any, interpolation: Any, ignore_nan: Any, what: Any) -> Any:
    if interpolation not in _INTERPOLATIONS:
        raise ValueError(f"{what}: interpolation must be one of {', '.join(_INTERPOLATIONS)}, not {interpolation!r}")
    x = _floats(x)
    q = q if is_operand(q) else np.asarray(q)
    fractions = plain(q)
    if fractions.ndim > 1:
        raise ValueError(f"{what}: q must be a number or one-dimensional, not of shape {fractions.shape}")
    if not ((fractions >= 0) & (fractions <= 1)).all():
        raise ValueError(f"{what}: q must lie between 0 and 1, but is {fractions}")
    shape = x.shape
    kept = tuple(1 for _ in shape)
    if dim is None or not shape:
        axis_of(0 if dim is None else dim, len(shape), what)
        x, axis = reshape(x, (-1,)), 0
    else:
        axis = axis_of(dim, len(shape), what)
        kept = (*shape[:axis], 1, *shape[axis + 1 :])
    n = x.shape[axis]
    if not n:
        raise ValueError(f"{what}: shape {shape} has no elements to choose from")

    count = np.full(1, n)
    if ignore_nan:
        wrong = np.isnan(plain(x))
        if wrong.any():
            count = np.maximum(n - np.moveaxis(wrong, axis, -1).sum(-1, keepdims=True), 1)
    # The rank of each quantile, rows first and quantiles last, in the precision of x as PyTorch has it.
    exact = (count - 1).astype(x.dtype) * fractions.reshape(-1).astype(x.dtype)
    rank = np.rint(exact) if interpolation == "nearest" else exact
    low, high = np.floor(rank).astype(np.int64), np.ceil(rank).astype(np.int64)
    if interpolation in ("lower", "higher", "nearest"):
        ranks = high if interpolation == "higher" else low
        values = chosen(x, rank_index(x, ranks, ignore_nan, axis), axis, distinct=False)
    else:
        both = chosen(x, rank_index(x, np.concatenate([low, high], -1), ignore_nan, axis), axis, False)
        below, above = split(both, fractions.size, axis)
        values = _between(below, above, q, count, low, high, axis, interpolation)
    order = (axis, *(i for i in range(values.ndim) if i != axis))
    values = permute(values, order)
    rest = kept if keepdim else values.shape[1:] if dim is not None and shape else ()
    return reshape(values, (*fractions.shape, *rest))


def _between(below: Any, above: Any, q: Any, count: Any, low: Any, high: Any, axis: Any, interpolation: Any) -> Any:
    """Return the values between two neighbours; where both are the same element, that one, be it infinite."""

    def along(values: Any) -> Any:
        return np.moveaxis(values, -1, axis) if values.ndim == below.ndim else values.reshape(column)

    column = tuple(-1 if i == axis else 1 for i in range(below.ndim))
    if interpolation == "midpoint":
        weight: Any = np.asarray(0.5, below.dtype)
    else:
        scale = along((count - 1).astype(below.dtype))
        weight = subtract(multiply(scale, astype(reshape(q, column), below.dtype)), along(low).astype(below.dtype))
    same = np.broadcast_to(along(low == high), below.shape)
    return where(same, below, add(below, multiply(weight, subtract(above, where(same, 0, below)))))


@composed
def quantile(x: Any, q: Any, dim: Any = None, keepdim: Any = False, *, interpolation: Any = "linear") -> Any:
    """Return the values below which the fractions ``q`` of the elements lie, over all or along ``dim``.

    Args:
        q: a fraction, or several in one dimension, which then come first in the result's shape.
        interpolation: what to do between two elements: ``"linear"``, ``"lower"``, ``"higher"``, ``"midpoint"`` or
            ``"nearest"``, of two equally near ones that of even rank.

    Raises:
        ValueError: ``q`` is not in 0..1, or there are no elements.

    Edges: a NaN among the elements makes it NaN. A fraction that falls on an element gives that element, be it
    infinite (PyTorch gives NaN there). The gradient goes to the one or two elements chosen, and to ``q``.

    >>> import glassgrad as gg
    >>> gg.quantile(gg.tensor([1.0, 2.0, 3.0, 4.0]), 0.5)
    tensor(2.5)
    """
    return _quantile(x, q, dim, keepdim, interpolation, False, "quantile")


@composed
def nanquantile(x: Any, q: Any, dim: Any = None, keepdim: Any = False, *, interpolation: Any = "linear") -> Any:
    """Return the quantiles of what is not NaN. See :func:`quantile`.

    Edges: where all are NaN it is NaN.

    >>> import glassgrad as gg
    >>> gg.nanquantile(gg.tensor([1.0, float("nan"), 3.0]), 0.5)
    tensor(2.)
    """
    return _quantile(x, q, dim, keepdim, interpolation, True, "nanquantile")


@primitive(kind="index", x=None)
def mode_index(x: Any, dim: Any) -> Any:
    """Return the last place of the most frequent value along ``dim``; the axis is kept."""
    array = np.asarray(x)
    axis = some(array.shape, dim, "mode")
    if not array.ndim:
        return np.zeros((), np.int64)
    rows = np.moveaxis(array, axis, -1)
    order = order_of(rows, rows.ndim - 1)
    ranked = np.take_along_axis(rows, order, -1)
    places = np.arange(rows.shape[-1])
    begins = np.ones(rows.shape, bool)
    begins[..., 1:] = ranked[..., 1:] != ranked[..., :-1]
    run = places - np.maximum.accumulate(np.where(begins, places, 0), -1)
    best = run.argmax(-1)[..., None] if rows.size else np.zeros((*rows.shape[:-1], 1), np.int64)
    return np.moveaxis(np.take_along_axis(order, best, -1), -1, axis)


@composed
def mode(x: Any, dim: Any = -1, keepdim: Any = False) -> Any:
    """Return the most frequent value along ``dim``, as the pair (values, indices).

    Raises:
        ValueError: there are no elements along ``dim``.

    Edges: of several equally frequent values the smallest; its index is the last place where it occurs, and there the
    gradient goes. Every NaN is a value of its own, larger than the others.

    >>> import glassgrad as gg
    >>> gg.mode(gg.tensor([1.0, 3.0, 3.0, 2.0]))
    Extremum(values=tensor(3.), indices=tensor(2))
    """
    return chosen_one(x, mode_index(x, dim), dim, keepdim)


# -- counts ---------------------------------------------------------------------------------------------------


@primitive(kind="index", x=None)
def histc(x: Any, bins: Any = 100, min: Any = 0, max: Any = 0) -> Any:
    """Return how many elements fall into each of ``bins`` equal intervals from ``min`` to ``max``.

    If both are equal, the smallest and the largest element are taken. The result has the dtype of ``x``, but no
    derivative.

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
    return np.histogram(array, bins, (low, high))[0].astype(array.dtype)


@primitive(kind="index", x=None)
def counts(x: Any, minlength: Any) -> Any:
    """Return how often each of 0, 1, 2, ... occurs; see :func:`bincount`."""
    return np.bincount(np.asarray(x).astype(np.int64), minlength=minlength)


@composed
def bincount(x: Any, weights: Any = None, minlength: Any = 0) -> Any:
    """Return how often each of the integers 0, 1, 2, ... occurs, or the sum of the ``weights`` at its places.

    Args:
        x: integers in one dimension, none negative.
        weights: as many numbers; the sums have a gradient.
        minlength: how many results there are at least.

    Raises:
        TypeError: ``x`` is not of integers.
        ValueError: a number is negative, or shapes do not fit.

    >>> import glassgrad as gg
    >>> gg.bincount(gg.tensor([1, 3, 1]))
    tensor([0, 2, 0, 1])
    """
    numbers = plain(x)
    if numbers.dtype.kind not in "iu":
        raise TypeError(f"bincount: x must be integers, not {numbers.dtype}")
    if numbers.ndim != 1 or (numbers < 0).any():
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
