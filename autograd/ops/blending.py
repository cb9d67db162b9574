"""Weighted sums of elements along one axis: what average pools and interpolation have in common.

Each element of the result is Σ_t weight·x[column], with columns and weights that depend on its position alone. So the
operation is a sparse matrix for one axis, and its derivative is the transposed matrix. Images are blended along one
axis after the other. Unlike in a product with the full matrix, elements that have no part in a sum cannot spoil it, be
they NaN or infinite; so that product is taken, where it is faster, only of finite elements.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..core.cost import Cost, first, size
from ..core.sums import total
from ..engine.declare import primitive
from .pooling_indices import as_slice

__all__: list[str] = []

# For arrays from this size on, it pays to look for a faster way.
_MATRIX_LIMIT = 4096
# So many elements of a full matrix take as long as picking one element at uneven distances along the last axis.
_PICK = 32

# From here on adding up blocks beats adding up their first, second, ... elements.
_LONG = 16


class _Entries(NamedTuple):
    """The matrix: where its elements are, their values (None: all 1), and a factor for each row (None: 1)."""

    rows: Any
    columns: Any
    weights: Any
    factors: Any


def _ranges(starts: Any, stops: Any) -> Any:
    """Return rows and columns of a matrix whose row i has elements from ``starts[i]`` up to ``stops[i]``."""
    lengths = np.maximum(stops - starts, 0)
    rows = np.repeat(np.arange(len(starts)), lengths)
    return rows, np.arange(len(rows)) - np.repeat(np.cumsum(lengths) - lengths, lengths) + starts[rows]


def adaptive_ranges(n: Any, count: Any) -> Any:
    """Return where the windows of an adaptive pool begin and end: floor(i·n/count) and ceil((i + 1)·n/count)."""
    i = np.arange(count)
    return i * n // max(count, 1), -(-(i + 1) * n // max(count, 1))


def windows_seen(n: Any, kernel: Any, stride: Any, padding: Any, count: Any, frame: Any) -> Any:
    """Return how many elements each window of an axis sees, with or without those of the frame."""
    begin = np.arange(count) * stride - padding
    if frame:
        return np.minimum(begin + kernel, n + padding) - begin
    return np.minimum(begin + kernel, n) - np.maximum(begin, 0)


def _windows(n: int, kernel: int, stride: int, padding: int, count: int, divisor: str) -> _Entries:
    begin = np.arange(count) * stride - padding
    rows, columns = _ranges(np.maximum(begin, 0), np.minimum(begin + kernel, n))
    if divisor == "none":
        return _Entries(rows, columns, None, None)
    return _Entries(rows, columns, None, 1 / windows_seen(n, kernel, stride, padding, count, divisor == "padded"))


def _adaptive(n: int, count: int) -> _Entries:
    starts, stops = adaptive_ranges(n, count)
    rows, columns = _ranges(starts, stops)
    return _Entries(rows, columns, None, 1 / (stops - starts))


def _nearest(n: int, count: int, scale: float, shift: float, precision: str) -> _Entries:
    # Where positions fall on a whole number, rounding decides which element is taken.
    number = np.dtype(precision).type
    where = (np.arange(count, dtype=precision) + number(shift)) * number(scale)
    return _Entries(np.arange(count), np.minimum(np.floor(where).astype(np.int64), n - 1), None, None)


def _positions(count: int, scale: float, align_corners: bool) -> Any:
    i = np.arange(count)
    return i * scale if align_corners else (i + 0.5) * scale - 0.5


def _linear(n: int, count: int, scale: float, align_corners: bool) -> _Entries:
    where = np.maximum(_positions(count, scale, align_corners), 0)
    first = np.minimum(where.astype(np.int64), n - 1)
    share = np.clip(where - first, 0, 1)
    columns = np.stack([first, np.minimum(first + 1, n - 1)], 1)
    return _Entries(np.repeat(np.arange(count), 2), columns.ravel(), np.stack([1 - share, share], 1).ravel(), None)


def cubic_weights(t: Any, a: Any) -> Any:
    """Return the weights of the four neighbours at distance 1 + t, t, 1 − t and 2 − t (Keys 1981)."""

    def near(d: Any) -> Any:
        return ((a + 2) * d - (a + 3)) * d * d + 1

    def far(d: Any) -> Any:
        return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a

    return [far(1 + t), near(t), near(1 - t), far(2 - t)]


def _cubic(n: int, count: int, scale: float, align_corners: bool) -> _Entries:
    where = _positions(count, scale, align_corners)
    first = np.minimum(np.floor(where).astype(np.int64), n - 1)
    columns = np.clip(first[:, None] + np.arange(-1, 3), 0, n - 1)
    weights = np.stack(cubic_weights(np.clip(where - first, 0, 1), -0.75), 1)
    return _Entries(np.repeat(np.arange(count), 4), columns.ravel(), weights.ravel(), None)


def _smooth(n: int, count: int, scale: float, cubic: bool) -> _Entries:
    """Return interpolation that blurs before it makes smaller: the filter is stretched over what it leaves out."""
    stretch = max(scale, 1.0)
    reach = (2 if cubic else 1) * stretch
    centre = scale * (np.arange(count) + 0.5)
    starts = np.maximum((centre - reach + 0.5).astype(np.int64), 0)
    stops = np.minimum((centre + reach + 0.5).astype(np.int64), n)
    rows, columns = _ranges(starts, stops)
    distance = np.abs((columns - centre[rows] + 0.5) / stretch)
    if cubic:
        _, near, _, far = cubic_weights(distance, -0.5)
        far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
        weights = np.where(distance < 1, near, np.where(distance < 2, far, 0))
    else:
        weights = np.maximum(1 - distance, 0)
    return _Entries(rows, columns, weights / np.bincount(rows, weights, count)[rows], None)


_PATTERNS: dict[str, Callable[..., _Entries]] = {
    "windows": _windows, "adaptive": _adaptive, "nearest": _nearest, "linear": _linear, "cubic": _cubic,
    "smooth": _smooth,
}  # fmt: skip


class _Plan(NamedTuple):
    """How a matrix is applied: its steps each give every row, or some, one of its elements.

    ``block`` is the number of elements that each row sums if they are all elements in their order, else 0. ``full``
    says that along the last axis a product with the full matrix is faster.
    """

    size: int
    steps: tuple[Any, ...]
    before: Any
    after: Any
    block: int
    full: bool


def _uniform(values: Any) -> Any:
    """Return None for all ones, a number for equal values."""
    if values is None or len(values) == 0 or (values == 1).all():
        return None
    return float(values[0]) if (values == values[0]).all() else values


@functools.lru_cache(maxsize=512)
def _plan(pattern: Any, n: Any, transposed: Any) -> Any:
    rows, columns, weights, factors = _PATTERNS[pattern[0]](n, *pattern[1:])
    count = pattern[_COUNT[pattern[0]]]
    size = count
    if transposed:
        rows, columns, size = columns, rows, n
        order = np.argsort(rows, kind="stable")
        rows, columns = rows[order], columns[order]
        weights = None if weights is None else weights[order]
    lengths = np.bincount(rows, minlength=size)
    turn = np.arange(len(rows)) - (np.cumsum(lengths) - lengths)[rows]
    steps = []
    for t in range(int(np.max(lengths, initial=0))):
        chosen = turn == t
        where = rows[chosen]
        every = len(where) == size
        steps.append(
            (
                None if every else as_slice(where),
                as_slice(columns[chosen]),
                None if weights is None else _uniform(weights[chosen]),
            )
        )
    block = len(rows) // max(size, 1)
    whole = weights is None and size and block * size == len(rows) and (columns == np.arange(len(rows))).all()
    factors = _uniform(factors)
    return _Plan(
        size, tuple(steps), factors if transposed else None, None if transposed else factors,
        block if whole and block >= _LONG else 0,
        factors is None and (n if not transposed else count) <= _PICK * _picks(steps),
    )  # fmt: skip


def _picks(steps: Any) -> Any:
    """Return how many steps weigh elements that do not lie at even distances."""
    return sum(isinstance(columns, np.ndarray) and weights is not None for _, columns, weights in steps)


@functools.lru_cache(maxsize=64)
def _matrix(pattern: Any, n: Any, transposed: Any, dtype: Any) -> Any:
    """Return the full matrix by which the last axis is multiplied from the right."""
    rows, columns, weights, _ = _PATTERNS[pattern[0]](n, *pattern[1:])
    matrix = np.zeros((n, pattern[_COUNT[pattern[0]]]))
    np.add.at(matrix, (columns, rows), weights)
    return np.ascontiguousarray(matrix.T if transposed else matrix, dtype)


# Where a pattern says how many elements there will be.
_COUNT = {"windows": 4, "adaptive": 1, "nearest": 1, "linear": 1, "cubic": 1, "smooth": 1}


def _times(x: Any, factors: Any, dim: Any, out: Any = None) -> Any:
    if factors is None:
        return x
    dtype = x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)
    if isinstance(factors, np.ndarray):
        factors = factors.astype(dtype).reshape(-1, *(1,) * (x.ndim - dim - 1))
    else:
        factors = dtype.type(factors)
    return np.multiply(x, factors, out=None if dtype != x.dtype else out)


def _along(x: Any, part: Any, dim: Any) -> Any:
    return x[(slice(None),) * dim + (part,)] if isinstance(part, slice) else np.take(x, part, axis=dim)


def _long_parts(x: Any, count: Any, shape: Any, transposed: Any, dim: Any) -> Any:
    """Return the sums of a few long parts, or with ``transposed`` each number added to all of its part."""
    out = np.zeros(shape, x.dtype)
    before = (slice(None),) * dim
    for i, (start, stop) in enumerate(zip(*adaptive_ranges(shape[dim] if transposed else x.shape[dim], count),
                                          strict=True)):  # fmt: skip
        if transposed:
            out[(*before, slice(start, stop))] += x[(*before, slice(i, i + 1))]
        else:
            out[(*before, i)] = total(x[(*before, slice(start, stop))], (dim,))
    return out


# How many elements a pattern weighs for one result.
_TAPS = {"nearest": 0, "linear": 2, "cubic": 4}


def _cost(shapes: dict[str, Any], out: Any, static: dict[str, Any]) -> float:
    pattern = static["pattern"]
    taps = pattern[1] if pattern[0] == "windows" else _TAPS.get(pattern[0], 1)
    return float(2 * max(size(out), size(first(shapes))) * taps)


@primitive(
    kind="linear", widens=True, cost=Cost("2·|out|·|window|", _cost), symbol="blend {0}",
    x=lambda g, pattern, size, transposed, dim: blend(g, pattern, size, not transposed, dim),
)  # fmt: skip
def blend(x: Any, pattern: Any, size: Any, transposed: Any, dim: Any) -> Any:
    """Return weighted sums of elements of ``x`` along one axis.

    Args:
        x: any shape.
        pattern: which elements with which weights, as a tuple of a name and numbers:
            ``("windows", kernel, stride, padding, count, divisor)`` sums windows and divides by what they see
            (``"seen"``), by that with the frame (``"padded"``) or not (``"none"``);
            ``("adaptive", count)`` averages ``count`` parts;
            ``("nearest", count, scale, shift, dtype)`` takes the element at (i + shift)·scale, computed in ``dtype``;
            ``("linear" or "cubic", count, scale, align_corners)`` interpolates;
            ``("smooth", count, scale, cubic)`` interpolates with the filter stretched.
        size: size of the axis before blending.
        transposed: apply the transposed matrix, from the result's size to ``size``.
        dim: the axis, counted from the front.
    """
    array = np.asarray(x)
    plan = _plan(pattern, size, bool(transposed))
    if (
        plan.full and dim == array.ndim - 1 and array.size >= _MATRIX_LIMIT and array.dtype.char in "fd"
        and np.isfinite(array).all()
    ):  # fmt: skip
        return np.matmul(array, _matrix(pattern, size, bool(transposed), array.dtype))
    array = _times(array, plan.before, dim)
    shape = (*array.shape[:dim], plan.size, *array.shape[dim + 1 :])
    if pattern[0] == "adaptive" and size >= _LONG * pattern[1] and not plan.block:
        return _times(_long_parts(array, pattern[1], shape, transposed, dim), plan.after, dim)
    if plan.block:
        used = _along(array, slice(0, plan.block * plan.size), dim)
        blocks = used.reshape(*shape[: dim + 1], plan.block, *shape[dim + 1 :])
        out = total(blocks, (dim + 1,))
        return _times(out, plan.after, dim, out)
    out = None
    for rows, columns, weights in plan.steps:
        part = _times(_along(array, columns, dim), weights, dim)
        if rows is None:
            if out is None:
                out = np.array(part) if part.base is not None or part is array else part
            else:
                out += part
            continue
        if out is None:
            out = np.zeros(shape, array.dtype)
        out[(slice(None),) * dim + (rows,)] += part
    if out is None:
        out = np.zeros(shape, array.dtype)
    return _times(out, plan.after, dim, out)
