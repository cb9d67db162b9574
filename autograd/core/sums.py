"""Sums that keep their digits however many numbers they have, and in whatever order these lie in memory.

NumPy adds pairwise only along the numbers that lie one after another in memory; over other axes it adds row to row, one
by one, so that in float32 a sum of a million equal rows is 1 % wrong, and a sum of ones stops at 2²⁴ (in float16, at
2048). Here no more than 32 float32 numbers are added one by one: rows are added in blocks of 32, and the blocks in
float64. The error is then at most 16 roundings of float32, whatever the length, for numbers of one sign (N. J. Higham
1993, "The accuracy of floating point summation", https://doi.org/10.1137/0914050). float16 is added in float64, which
NumPy does in less time than in float32.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = [
    "DOUBLE", "HALF", "INNER_LIMIT", "SINGLE", "computing_dtype", "matrix_product", "running_total", "total",
    "total_of_products",
]  # fmt: skip

HALF, SINGLE, DOUBLE = np.dtype(np.float16), np.dtype(np.float32), np.dtype(np.float64)

_CHAIN = 32  # how many numbers may be added one by one
_SMALL = 1024  # up to this size float64 costs less than blocks
_CAST = 1 << 14  # up to this size, rows are cast to float64
_WIDTH = 1024  # narrower rows are joined to about this width: each row costs NumPy a loop
_DOT = 1 << 12  # how many products one call of BLAS adds
INNER_LIMIT = 1 << 12  # the longest inner axis of a product of matrices that is left to BLAS
_BLOCK = 1 << 6  # the blocks into which a longer one is cut
_PART = 1 << 14  # the length of the parts in which running sums are made
_ONES = np.ones(_CHAIN, SINGLE)
_DOUBLE_ONES = np.ones(_CAST)
_reduce: Any = np.add.reduce  # its stub knows no positional arguments


def computing_dtype(dtype: Any) -> Any:
    """Return the dtype in which to compute with ``dtype``: float32 for float16, which is too short for sums."""
    return SINGLE if dtype is HALF else dtype


def total(array: Any, axes: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
    """Return the sum over ``axes``, within a few roundings of the exact one for numbers of one sign.

    Args:
        array: floating-point numbers, integers or bools, in any layout.
        axes: a tuple of axes, counted from the front; None is all.
        keepdims: whether they stay, with size 1.
        dtype: of the result; None is that of ``array`` if it is floating-point, else int64.

    >>> import numpy as np
    >>> x = np.full((100_000, 2), 0.1, np.float32)
    >>> float(np.add.reduce(x, 0, np.float64)[0] - total(x, (0,))[0]) < 0.01       # NumPy's own sum lacks 1.4
    True
    """
    own = array.dtype
    if own is SINGLE:
        out = _total_of_single(array, axes, keepdims)
    elif own is HALF:
        out = _reduce(array, axes, DOUBLE, None, keepdims)
    elif own == SINGLE or own == HALF:
        # A foreign byte order, or another object for the same dtype.
        return total(array.astype(SINGLE if own == SINGLE else HALF), axes, keepdims, dtype or own)
    else:
        return _reduce(array, axes, dtype, None, keepdims)
    wanted = own if dtype is None else dtype
    return out if out.dtype is wanted else out.astype(wanted)


def _total_of_single(array: Any, axes: Any, keepdims: bool) -> Any:
    """Return the sum of float32 numbers, in float32 or float64."""
    shape = array.shape
    ndim = len(shape)
    flat = array.flags.c_contiguous
    if axes is None or len(axes) == ndim:
        if flat or array.size <= _CHAIN:
            return _reduce(array, axes, None, None, keepdims)
        axes = tuple(range(ndim))
    count = 1
    for i in axes:
        count *= shape[i]
    if count <= 1:
        return _reduce(array, axes, None, None, keepdims)
    if flat:
        # Along the last axes NumPy adds pairwise; there need only be few of the others.
        inner = ndim
        chain = count
        while inner - 1 in axes:
            inner -= 1
            chain //= shape[inner]
        if chain > 1 or count > _CHAIN:
            if chain <= _CHAIN:
                return _reduce(array, axes, None, None, keepdims)
            if array.size <= _SMALL:
                return _reduce(array, axes, DOUBLE, None, keepdims)
            leading = inner == ndim and max(axes) == len(axes) - 1
            if leading and array.size <= _CAST:
                # In the nearest cache a cast and one product of float64 take less time than blocks.
                out = _DOUBLE_ONES[:count] @ array.reshape(count, -1).astype(DOUBLE)
            else:
                out = _rows(array.reshape(1, count, -1)) if leading else _in_any_order(array, axes)
        else:
            # Short rows take BLAS a fraction of the time.
            out = array.reshape(-1, count) @ _ONES[:count]
    elif count <= _CHAIN:
        return _reduce(array, axes, None, None, keepdims)
    elif array.size <= _SMALL:
        return _reduce(array, axes, DOUBLE, None, keepdims)
    else:
        out = _in_any_order(array, axes)
    return out.reshape([1 if i in axes else n for i, n in enumerate(shape) if keepdims or i not in axes])


def _rows(stack: Any) -> Any:
    """Return the sum of the rows of each matrix of a stack in row-major order, in float64 where they are many."""
    outer, n, width = stack.shape
    if not stack.size:
        return np.zeros((outer, width), SINGLE)
    joined = min(_WIDTH // width, n // _CHAIN) or 1
    block = joined * _CHAIN
    whole = n - n % block
    blocks = (stack if whole == n else stack[:, :whole]).reshape(outer, -1, _CHAIN, joined * width)
    # Each is the fastest somewhere: BLAS where calls cost most, einsum until a row leaves the nearest cache.
    if stack.size <= 1 << 17:
        sums = _ONES @ blocks
    elif joined * width <= 4096:
        sums = np.einsum("abcd->abd", blocks)
    else:
        sums = _reduce(blocks, 2)
    out = _reduce(sums, 1, DOUBLE)
    if joined > 1:
        out = _reduce(out.reshape(outer, joined, width), 1)
    if whole < n:
        out += _reduce(stack[:, whole:], 1, DOUBLE)
    return out


def _in_any_order(array: Any, axes: tuple[int, ...]) -> Any:
    """Return the sum of float32 numbers over ``axes``, which the result lacks, in float32 or float64."""
    shape, strides = array.shape, array.strides
    repeated = math.prod([shape[i] for i in axes if not strides[i]])
    if repeated != 1:
        # What broadcasting repeated is read once.
        once = array[tuple([slice(1 if i in axes and not s else None) for i, s in enumerate(strides)])]
        return total(once, axes, dtype=DOUBLE) * repeated
    order = sorted([i for i, n in enumerate(shape) if n != 1], key=lambda i: -abs(strides[i]))
    kept = [i for i in order if i not in axes]
    array = array.transpose(*order, *[i for i, n in enumerate(shape) if n == 1]).reshape([shape[i] for i in order])
    out = _in_memory_order(array, [i in axes for i in order])
    return out.transpose([kept.index(i) for i in sorted(kept)])


def _in_memory_order(array: Any, summed: list[bool]) -> Any:
    """Return the sum over the axes that are ``summed``, of an array whose axes stand in the order of memory."""
    shape, strides = array.shape, array.strides
    if True not in summed:
        return array
    if array.dtype is DOUBLE:
        return _reduce(array, tuple([i for i, s in enumerate(summed) if s]))
    for i in range(len(shape) - 1, 0, -1):
        if summed[i] and summed[i - 1] and strides[i - 1] == strides[i] * shape[i]:
            # Axes that are summed together and lie together are one.
            array = array.reshape(*shape[: i - 1], -1, *shape[i + 1 :])
            return _in_memory_order(array, summed[:i] + summed[i + 1 :])
    axis = len(summed) - 1 - summed[::-1].index(True)
    if axis < len(shape) - 1 and shape[axis] > _CHAIN:
        out = _rows_between(array, axis)
    elif array.flags.c_contiguous:
        out = total(array, (axis,))
    else:
        out = _reduce(array, axis)
    return _in_memory_order(np.asarray(out), summed[:axis] + summed[axis + 1 :])


def _rows_between(array: Any, axis: int) -> Any:
    """Return the sum over one axis with others behind it, and perhaps before it."""
    outer, n, kept = array.shape[:axis], array.shape[axis], array.shape[axis + 1 :]
    width = math.prod(kept)
    if width < 64:
        # Narrow rows cost more than a copy, after which they can be joined.
        array = np.ascontiguousarray(array)
    if array.flags.c_contiguous:
        return _rows(array.reshape(-1, n, width)).reshape(*outer, *kept)
    before = (slice(None),) * axis
    whole = n - n % _CHAIN
    blocks = array[(*before, slice(whole))].reshape(*outer, -1, _CHAIN, *kept)
    if width <= 4096:
        every = list(range(blocks.ndim))
        sums = np.einsum(blocks, every, every[: axis + 1] + every[axis + 2 :])
    else:
        sums = _reduce(blocks, axis + 1)
    out = _reduce(sums, axis, DOUBLE)
    if whole < n:
        out += _reduce(array[(*before, slice(whole, None))], axis, DOUBLE)
    return out


def total_of_products(x: Any, y: Any, axes: tuple[int, ...], keepdims: bool = False, dtype: Any = None) -> Any:
    """Return the sum of ``x·y`` over ``axes``, for arrays of one shape and dtype. See :func:`total`."""
    if x.ndim == 1 and x.size <= _DOT and x.dtype is SINGLE and not keepdims and dtype is None:
        return np.dot(x, y)
    if x.dtype is HALF:
        return total(np.multiply(x, y, dtype=SINGLE), axes, keepdims, dtype or HALF)
    last = x.ndim - 1
    if x.dtype.kind != "f" or last not in axes or x.dtype.itemsize > 8:
        return total(np.multiply(x, y), axes, keepdims, dtype)
    # BLAS adds products in few parts, and so a few thousand of them as exactly as a sum.
    n = x.shape[last]
    whole = n - n % _DOT if n > _DOT else 0
    sums: Any = np.vecdot(x[..., whole:], y[..., whole:]) if whole else np.vecdot(x, y)
    if whole:
        blocks = [a[..., :whole].reshape(*a.shape[:-1], -1, _DOT) for a in (x, y)]
        sums = sums + _reduce(np.vecdot(*blocks), last, DOUBLE)
    if len(axes) > 1:
        sums = total(np.asarray(sums), tuple([i for i in axes if i != last]), dtype=DOUBLE)
    if keepdims:
        sums = np.reshape(sums, [1 if i in axes else n for i, n in enumerate(x.shape)])
    wanted = x.dtype if dtype is None else dtype
    return sums if sums.dtype == wanted else sums.astype(wanted)


def matrix_product(x: Any, y: Any) -> Any:
    """Return ``x @ y``; where very many products are added, in blocks, and these in float64.

    BLAS adds the products of small matrices one by one, those of large ones a few hundred at a time.
    """
    inner = x.shape[-1] if x.ndim else 0
    if inner <= INNER_LIMIT or x.dtype is not SINGLE or y.dtype is not SINGLE or not y.ndim:
        return np.matmul(x, y)
    if y.shape[-2 if y.ndim > 1 else 0] != inner:
        return np.matmul(x, y)  # which says what is wrong
    if x.ndim == y.ndim == 1:
        return np.asarray(total_of_products(x, y, (0,)))
    if x.ndim == 1:
        return matrix_product(x[None], y)[..., 0, :]
    if y.ndim == 1:
        return matrix_product(x, y[:, None])[..., 0]
    out: Any = 0
    start = 0
    m, n = x.shape[-2], y.shape[-1]
    if m * n <= _BLOCK * (m + n):
        # The results of all blocks take no more room than what is multiplied.
        start = inner - inner % _BLOCK
        left = np.swapaxes(x[..., :start].reshape(*x.shape[:-1], -1, _BLOCK), -2, -3)
        right = y[..., :start, :].reshape(*y.shape[:-2], -1, _BLOCK, n)
        products = np.matmul(left, right)
        out = total(products, (products.ndim - 3,), dtype=DOUBLE)
    for begin in range(start, inner, INNER_LIMIT):
        part = slice(begin, begin + INNER_LIMIT)
        out = out + np.matmul(x[..., part], y[..., part, :]).astype(DOUBLE)
    return out.astype(SINGLE)


def running_total(array: Any, axis: int, dtype: Any = None) -> Any:
    """Return the sums of the elements up to each along ``axis``, added in float64, in ``dtype`` or the array's."""
    wanted = array.dtype if dtype is None else dtype
    if wanted != SINGLE and wanted != HALF:
        return np.add.accumulate(array, axis, wanted)
    n = array.shape[axis]
    if n <= _CHAIN and wanted == SINGLE:
        return np.add.accumulate(array, axis, wanted)
    step = _PART * n // max(array.size, 1)
    if array.size <= 2 * _PART or step < 16:
        return np.add.accumulate(array, axis, DOUBLE).astype(wanted)
    # A part at a time, so that what is added in float64 stays in the cache.
    out = np.empty_like(array, wanted)
    source, target = np.moveaxis(array, axis, 0), np.moveaxis(out, axis, 0)
    before: Any = 0
    for start in range(0, n, step):
        sums = np.add.accumulate(source[start : start + step], 0, DOUBLE)
        sums += before
        target[start : start + step] = sums
        before = sums[-1]
    return out
