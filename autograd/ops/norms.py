"""Norms of matrices, and the general norm, of vectors or matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.dtypes import to_dtype
from ..engine.compose import composed
from .axes import axes_of, axis_of
from .elementwise import absolute
from .reduction import amax, amin, sum
from .shaping import astype, permute, reshape
from .spectral import svdvals
from .vector_norms import vector_norm

__all__ = ["norm"]  # the others are in PyTorch's linalg only

_ORDERS = ("fro", "nuc", np.inf, -np.inf, 1, -1, 2, -2)


def _largest(x: Any, dim: Any) -> Any:
    # The largest of no sizes is taken to be 0, the smallest number that a size can be.
    return amax(x, dim) if x.shape[dim] else sum(x, dim)


@composed(widens=True)
def matrix_norm(x: Any, ord: Any = "fro", dim: Any = (-2, -1), keepdim: Any = False, *, dtype: Any = None) -> Any:
    """Return the norm of the matrices that lie in the two axes ``dim``.

    Args:
        ord: ``"fro"``: the root of the sum of squares. ``"nuc"``: the sum of the singular values; 2 and −2: the largest
            and the smallest of them. 1 and −1: the largest and the smallest sum of magnitudes in a column; inf and
            −inf: in a row.
        dim: the axis that counts rows, and the one that counts columns.
        dtype: in which to compute and return.

    Edges: ties share the gradient equally. At the zero matrix that of ``"fro"`` is 0, and an element that is 0 gets
    none from 1 and inf. ``"nuc"`` at a matrix without full rank gives one of the subgradients, U·Vᵀ.

    Raises:
        ValueError: unknown ``ord``, the axes are not two, or there is no smallest of nothing.

    >>> import glassgrad as gg
    >>> gg.linalg.matrix_norm(gg.tensor([[3.0, 0.0], [0.0, -4.0]]), "nuc")
    tensor(7.)
    """
    if isinstance(ord, bool) or ord not in _ORDERS:
        raise ValueError(f"matrix_norm: ord must be 'fro', 'nuc', 1, 2, inf or one of these negated, not {ord!r}")
    pair = tuple(dim) if isinstance(dim, tuple | list) else (dim,)
    if len(pair) != 2 or x.ndim < 2:
        raise ValueError(f"matrix_norm: the norm of a matrix is over two dimensions, not dim={dim} of shape {x.shape}")
    row, column = axes_of(pair, x.ndim, "matrix_norm")
    if dtype is not None:
        x = astype(x, to_dtype(dtype))
    if ord == "fro":
        return vector_norm(x, 2, (row, column), keepdim)
    if ord in ("nuc", 2, -2):
        rest = tuple(i for i in range(x.ndim) if i not in (row, column))
        values = svdvals(x if (row, column) == (x.ndim - 2, x.ndim - 1) else permute(x, (*rest, row, column)))
        found = sum(values, -1) if ord == "nuc" else _largest(values, -1) if ord == 2 else amin(values, -1)
    else:
        added, chosen = (row, column) if ord in (1, -1) else (column, row)
        sums = sum(absolute(x), added)
        chosen -= chosen > added
        found = _largest(sums, chosen) if ord > 0 else amin(sums, chosen)
    if keepdim:
        return reshape(found, tuple(1 if i in (row, column) else n for i, n in enumerate(x.shape)))
    return found


@composed(widens=True)
def vector_or_matrix_norm(x: Any, ord: Any = None, dim: Any = None, keepdim: Any = False, *, dtype: Any = None) -> Any:
    """Return the norm of vectors or matrices: of vectors if ``dim`` is one axis, of matrices if it is two.

    Without ``ord`` it is the root of the sum of squares over all of ``dim``. Without ``dim`` but with ``ord``, ``x``
    must itself be a vector or a matrix. See ``linalg.vector_norm`` and ``linalg.matrix_norm``.

    Raises:
        ValueError: ``ord`` does not fit the number of dimensions.

    >>> import glassgrad as gg
    >>> gg.linalg.norm(gg.tensor([[3.0, 0.0], [0.0, -4.0]]))
    tensor(5.)
    """
    if ord is None:
        return vector_norm(x, 2, dim, keepdim, dtype=dtype)
    if dim is None:
        if x.ndim not in (1, 2):
            raise ValueError(
                f"norm: with an ord and no dim the input must be a vector or a matrix, not of shape {x.shape}; name dim"
            )
        dim = (0,) if x.ndim == 1 else (0, 1)
    dims = tuple(dim) if isinstance(dim, tuple | list) else (axis_of(dim, x.ndim, "norm"),)
    if len(dims) == 2:
        return matrix_norm(x, ord, dims, keepdim, dtype=dtype)
    if len(dims) != 1:
        raise ValueError(f"norm: with an ord, dim must name one axis or two, not {dim}")
    if isinstance(ord, str):
        raise ValueError(f"norm: ord {ord!r} is a norm of matrices, but dim={dim} names a vector")
    return vector_norm(x, ord, dims, keepdim, dtype=dtype)


@composed
def norm(x: Any, p: Any = "fro", dim: Any = None, keepdim: Any = False, dtype: Any = None) -> Any:
    """Return the norm of all elements over ``dim``: for a number ``p`` that of a vector, whatever the shape.

    Args:
        p: a number, inf, −inf, ``"fro"``, the root of the sum of squares, or ``"nuc"``, the sum of the singular values
            of matrices.
        dtype: in which to compute and return.

    Raises:
        ValueError: ``p`` is another word, or the norm of a matrix is asked for over other than two axes.

    Edges: see ``linalg.vector_norm``. The gradient at zero is 0.

    >>> import glassgrad as gg
    >>> gg.norm(gg.tensor([[3.0, 4.0], [0.0, 0.0]]), 2, dim=1)
    tensor([5., 0.])
    """
    if p is None or p == "fro":
        if isinstance(dim, tuple | list) and len(dim) > 2:
            raise ValueError(f"norm: 'fro' is the norm of matrices, over at most two axes, not dim={dim}; use p=2")
        p = 2
    elif p == "nuc":
        if dim is None and x.ndim != 2:
            raise ValueError(f"norm: 'nuc' is the norm of a matrix; x has shape {x.shape}: say which two axes with dim")
        return matrix_norm(x, "nuc", (-2, -1) if dim is None else dim, keepdim, dtype=dtype)
    elif isinstance(p, str):
        raise ValueError(f"norm: p must be a number, 'fro' or 'nuc', not {p!r}")
    return vector_norm(x, p, dim, keepdim, dtype=dtype)
