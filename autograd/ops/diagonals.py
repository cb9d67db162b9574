"""Diagonals, traces and triangles of matrices. All are linear, so their rules are each other."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.dtypes import to_dtype
from ..engine.compose import composed
from ..engine.declare import primitive
from ..handles.tensor import Tensor
from .axes import axis_of
from .reduction import sum
from .shaping import reshape

__all__ = ["diag", "diag_embed", "diagflat", "diagonal", "trace", "tril", "tril_indices", "triu", "triu_indices"]


def _two_axes(dim1: Any, dim2: Any, ndim: Any, what: Any) -> Any:
    if ndim < 2:
        raise ValueError(f"{what}: a diagonal needs at least 2 dimensions, but there are {ndim}")
    first, second = axis_of(dim1, ndim, what), axis_of(dim2, ndim, what)
    if first == second:
        raise ValueError(f"{what}: dim1 = {dim1} and dim2 = {dim2} are the same dimension; a diagonal needs two")
    return first, second


@primitive(
    kind="linear",
    cost=0,
    symbol="diagonal {0}",
    x=lambda g, x_shape, offset, dim1, dim2: diagonal_zeros(g, x_shape, offset, dim1, dim2),
)
def diagonal(x: Any, offset: Any = 0, dim1: Any = 0, dim2: Any = 1) -> Any:
    """Return the elements of ``x`` whose indices along ``dim1`` and ``dim2`` are equal, as a new last axis.

    ``offset`` chooses a diagonal above (positive) or below (negative) the main one.

    Edges: a diagonal outside the matrix is empty.

    Raises:
        ValueError: there are fewer than two dimensions, or the two are the same.
        IndexError: there is no such dimension.

    >>> import glassgrad as gg
    >>> gg.diagonal(gg.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor([1., 4.])
    """
    first, second = _two_axes(dim1, dim2, np.ndim(x), "diagonal")
    return np.diagonal(x, offset, first, second)


@primitive(
    kind="linear", cost=0, symbol="diagonal zeros {0}", x=lambda g, offset, dim1, dim2: diagonal(g, offset, dim1, dim2)
)
def diagonal_zeros(x: Any, shape: Any, offset: Any = 0, dim1: Any = 0, dim2: Any = 1) -> Any:
    """Return zeros of ``shape`` with ``x`` on a diagonal: the transpose of reading it with :func:`diagonal`."""
    first, second = _two_axes(dim1, dim2, len(shape), "diagonal_zeros")
    out = np.zeros(shape, np.asarray(x).dtype)
    # NumPy's diagonal is a view, but a read-only one.
    view = np.diagonal(out, offset, first, second)
    view.flags.writeable = True
    view[...] = x
    return out


@composed
def diag_embed(x: Any, offset: Any = 0, dim1: Any = -2, dim2: Any = -1) -> Any:
    """Return matrices of zeros whose diagonals hold the last axis of ``x``, in the dimensions ``dim1`` and ``dim2``.

    Raises:
        ValueError: ``x`` is a single number, or the two dimensions are the same.

    >>> import glassgrad as gg
    >>> gg.diag_embed(gg.tensor([1.0, 2.0]))
    tensor([[1., 0.],
            [0., 2.]])
    """
    if not x.ndim:
        raise ValueError("diag_embed: a single number has no diagonal; give at least one dimension")
    first, second = _two_axes(dim1, dim2, x.ndim + 1, "diag_embed")
    if first > second:
        # Lower and upper change places with the order of the two axes.
        first, second, offset = second, first, -offset
    size = x.shape[-1] + abs(offset)
    shape = list(x.shape[:-1])
    shape.insert(first, size)
    shape.insert(second, size)
    return diagonal_zeros(x, tuple(shape), offset, first, second)


@composed
def diag(x: Any, diagonal: Any = 0) -> Any:
    """Return the diagonal of a matrix, or the square matrix with a vector on its diagonal.

    ``diagonal`` chooses one above (positive) or below (negative) the main one.

    Raises:
        ValueError: ``x`` is neither a vector nor a matrix.

    >>> import glassgrad as gg
    >>> gg.diag(gg.tensor([1.0, 2.0]))
    tensor([[1., 0.],
            [0., 2.]])
    """
    if x.ndim == 1:
        return diag_embed(x, diagonal)
    if x.ndim != 2:
        raise ValueError(f"diag: expected a vector or a matrix, got shape {x.shape}; diagonal and diag_embed take more")
    return _diagonal(x, diagonal)


_diagonal = diagonal  # Inside diag PyTorch's word for the offset hides the function.


@composed
def matrix_diagonal(x: Any, *, offset: Any = 0, dim1: Any = -2, dim2: Any = -1) -> Any:
    """Return the diagonals of the matrices in the last two axes: :func:`diagonal` with the defaults of ``gg.linalg``.

    >>> import glassgrad as gg
    >>> gg.linalg.diagonal(gg.ones(5, 2, 3)).shape
    (5, 2)
    """
    return diagonal(x, offset, dim1, dim2)


@composed
def diagflat(x: Any, offset: Any = 0) -> Any:
    """Return the square matrix with all elements of ``x`` on a diagonal.

    >>> import glassgrad as gg
    >>> gg.diagflat(gg.tensor([[1, 2]]))
    tensor([[1, 0],
            [0, 2]])
    """
    return diag_embed(reshape(x, (-1,) if x.ndim != 1 else x.shape), offset)


@composed
def trace(x: Any) -> Any:
    """Return the sum of the diagonal of a matrix.

    Raises:
        ValueError: ``x`` is not a matrix.

    >>> import glassgrad as gg
    >>> gg.trace(gg.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor(5.)
    """
    if x.ndim != 2:
        raise ValueError(f"trace: expected a matrix, got shape {x.shape}; sum(diagonal(x, 0, -2, -1), -1) takes stacks")
    return sum(diagonal(x))


def _matrices(x: Any, what: Any) -> Any:
    if np.ndim(x) < 2:
        raise ValueError(f"{what}: expected a matrix or a stack of them, got shape {np.shape(x)}")


@primitive(kind="linear", cost=0, symbol="tril {0}", x=lambda g, diagonal: tril(g, diagonal))
def tril(x: Any, diagonal: Any = 0) -> Any:
    """Return the lower triangle of each matrix, zeros elsewhere; ``diagonal`` is the last one that is kept.

    Edges: what is left out becomes 0 even where it is NaN or infinite.

    Raises:
        ValueError: ``x`` has fewer than two dimensions.

    >>> import glassgrad as gg
    >>> gg.tril(gg.tensor([[1, 2], [3, 4]]))
    tensor([[1, 0],
            [3, 4]])
    """
    _matrices(x, "tril")
    return np.tril(x, diagonal)


@primitive(kind="linear", cost=0, symbol="triu {0}", x=lambda g, diagonal: triu(g, diagonal))
def triu(x: Any, diagonal: Any = 0) -> Any:
    """Return the upper triangle of each matrix, zeros elsewhere; ``diagonal`` is the first one that is kept.

    Edges: what is left out becomes 0 even where it is NaN or infinite.

    Raises:
        ValueError: ``x`` has fewer than two dimensions.

    >>> import glassgrad as gg
    >>> gg.triu(gg.tensor([[1, 2], [3, 4]]))
    tensor([[1, 2],
            [0, 4]])
    """
    _matrices(x, "triu")
    return np.triu(x, diagonal)


def _indices(found: Any, row: Any, col: Any, offset: Any, dtype: Any, what: Any) -> Tensor:
    if row < 0 or col < 0:
        raise ValueError(f"{what}: a matrix cannot have {row} rows and {col} columns")
    return Tensor(np.stack(found(row, offset, col)).astype(to_dtype(dtype), copy=False), copy=False)


def tril_indices(row: Any, col: Any, offset: Any = 0, *, dtype: Any = np.int64) -> Tensor:
    """Return the row and column numbers of the lower triangle of a ``row`` × ``col`` matrix, in two rows.

    >>> import glassgrad as gg
    >>> gg.tril_indices(2, 2)
    tensor([[0, 1, 1],
            [0, 0, 1]])
    """
    return _indices(np.tril_indices, row, col, offset, dtype, "tril_indices")


def triu_indices(row: Any, col: Any, offset: Any = 0, *, dtype: Any = np.int64) -> Tensor:
    """Return the row and column numbers of the upper triangle of a ``row`` × ``col`` matrix, in two rows.

    >>> import glassgrad as gg
    >>> gg.triu_indices(2, 2)
    tensor([[0, 0, 1],
            [0, 1, 1]])
    """
    return _indices(np.triu_indices, row, col, offset, dtype, "triu_indices")
