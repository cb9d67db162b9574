"""Factorisations of matrices, through NumPy's LAPACK, for single matrices and stacks of them.

What is unique about a factorisation is only what does not change when the sign of a column changes, or when columns of
equal singular values or eigenvalues are mixed. Gradients are right for functions of that: of the values, of U·Uᵀ, of
|U|, and so on.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np

from ..core.cost import each_matrix
from ..engine.compose import composed
from ..engine.declare import primitive
from .diagonals import tril
from .einsum import operand
from .indexing import getitem
from .joining import concatenate
from .shaping import transpose
from .solving import as_float, attempt, matrices_of, square_of, triangular_matrices

__all__ = ["cholesky", "cholesky_inverse", "cholesky_solve"]


def symmetric(x: Any) -> Any:
    """Return (x + xᵀ)/2."""
    return (x + transpose(x)) * 0.5


def identity(like: Any) -> Any:
    """Return the identity matrix of the size and dtype of ``like``."""
    return np.eye(like.shape[-1], dtype=like.dtype)


@primitive(kind="linear", cost=0, symbol="{0}", x=lambda g: symmetric(g))
def symmetric_from(x: Any, upper: Any = False) -> Any:
    """Return the symmetric matrices of which ``x`` holds the lower (or upper) triangle; the other one is not read.

    Edges: the gradient is that of (x + xᵀ)/2, symmetric, so that a step along it keeps a symmetric matrix symmetric.
    PyTorch does the same.
    """
    x = np.asarray(x)
    kept = _lower(x.shape[-1])
    turned = np.swapaxes(x, -1, -2)
    return np.where(kept, turned, x) if upper else np.where(kept, x, turned)


@functools.lru_cache(maxsize=64)
def _lower(n: Any) -> Any:
    mask = np.tri(n, dtype=np.bool_)
    mask.flags.writeable = False
    return mask


def symmetric_array(x: Any) -> Any:
    """Return (x + xᵀ)/2 of an array, in its dtype."""
    return (x + np.swapaxes(x, -1, -2)) * x.dtype.type(0.5)


# -- Cholesky -------------------------------------------------------------------------------------------------


def _cholesky_rule(g: Any, out: Any) -> Any:
    """x̄ = symmetric part of L⁻ᵀ·Φ(Lᵀ·g)·L⁻¹, where Φ takes the lower triangle and symmetric_array the diagonal."""
    inner = transpose(out) @ g
    weights = np.tril(np.ones(inner.shape[-2:], inner.dtype)) - identity(inner) * inner.dtype.type(0.5)
    adjoint = transpose(out)
    left = triangular_matrices(adjoint, inner * weights, True)
    return symmetric(transpose(triangular_matrices(adjoint, transpose(left), True)))


@primitive(widens=True, cost=each_matrix("⅓·n³", lambda m, n: n**3 / 3), symbol="cholesky {0}", x=_cholesky_rule)
def cholesky_factor(x: Any) -> Any:
    """Return the lower triangle L with L·Lᵀ = (x + xᵀ)/2."""
    return attempt(
        np.linalg.cholesky,
        symmetric_array(as_float(x)),
        "cholesky",
        "is not positive definite: one of its eigenvalues is not above 0",
    )


@composed
def cholesky(x: Any, upper: Any = False) -> Any:
    """Return the triangle L with positive diagonal and L·Lᵀ = x, or with ``upper`` its transpose.

    The gradient is symmetric. (I. Murray 2016, "Differentiation of the Cholesky decomposition",
    https://arxiv.org/abs/1602.07527)

    Edges: only the lower triangle of ``x`` is read, or with ``upper`` the upper one.

    Raises:
        ValueError: the matrices are not square.
        numpy.linalg.LinAlgError: (a ``ValueError``) a matrix is not positive definite.

    >>> import glassgrad as gg
    >>> gg.cholesky(gg.tensor([[4.0, 2.0], [2.0, 5.0]]))
    tensor([[2., 0.],
            [1., 2.]])
    """
    square_of(x, "cholesky")
    factor = cholesky_factor(symmetric_from(x, bool(upper)))
    return transpose(factor) if upper else factor


@composed
def cholesky_solve(x: Any, L: Any, upper: Any = False) -> Any:
    """Return the solution of A·out = x, where ``L`` is Cholesky's factor of A: A = L·Lᵀ, or Lᵀ·L with ``upper``.

    Edges: the triangle that is not read has the gradient 0; PyTorch gives it one as if it were read.

    Raises:
        ValueError: the shapes do not fit.

    >>> import glassgrad as gg
    >>> gg.cholesky_solve(gg.tensor([[8.0], [12.0]]), gg.tensor([[2.0, 0.0], [1.0, 2.0]]))
    tensor([[1.],
            [2.]])
    """
    L = operand(L)
    square_of(L, "cholesky_solve")
    if x.ndim < 2:
        raise ValueError(f"cholesky_solve: the right side must be matrices, got shape {x.shape}")
    upper = bool(upper)
    first, second = (transpose(L), L) if upper else (L, transpose(L))
    return triangular_matrices(second, triangular_matrices(first, x, False), True)


@composed
def cholesky_inverse(x: Any, upper: Any = False) -> Any:
    """Return the inverse of A = x·xᵀ (xᵀ·x with ``upper``) from its Cholesky factor ``x``.

    Edges: the triangle that is not read has the gradient 0; PyTorch gives it one as if it were read.

    Raises:
        ValueError: the matrices are not square.

    >>> import glassgrad as gg
    >>> gg.cholesky_inverse(gg.tensor([[2.0, 0.0], [0.0, 1.0]]))
    tensor([[0.25, 0.  ],
            [0.  , 1.  ]])
    """
    square_of(x, "cholesky_inverse")
    upper = bool(upper)
    half = triangular_matrices(x, identity(x), upper)
    return half @ transpose(half) if upper else transpose(half) @ half


# -- QR -------------------------------------------------------------------------------------------------------


def columns_of(x: Any, start: Any, stop: Any) -> Any:
    """Return the columns from ``start`` to before ``stop``."""
    return getitem(x, (Ellipsis, slice(start, stop)))


def _qr_tall(q_gradient: Any, middle: Any, Q: Any, R: Any) -> Any:
    """Return (Q̄ + Q·copyltu(M))·R⁻ᵀ, where copyltu makes a matrix symmetric from its lower triangle."""
    total = Q @ (tril(middle) + transpose(tril(middle, -1)))
    if q_gradient is not None:
        total = q_gradient + total
    return transpose(triangular_matrices(R, transpose(total), True))


def _qr_rule(q_gradient: Any, r_gradient: Any, x: Any, Q: Any, R: Any) -> Any:
    """Return x̄ from Q̄ or R̄ (one of them None). A wide x = [X | Y] has X = Q·U and Y = Q·V with R = [U | V]."""
    rows, columns = x.shape[-2:]
    if Q.shape[-1] != min(rows, columns):
        raise ValueError(
            f"qr: with mode='complete' a matrix of shape {x.shape} has more columns of Q than are determined by it, so "
            "there is no gradient; use mode='reduced'"
        )
    if rows >= columns:
        middle = R @ transpose(r_gradient) if q_gradient is None else -(transpose(q_gradient) @ Q)
        return _qr_tall(q_gradient, middle, Q, R)
    u = columns_of(R, 0, rows)
    if q_gradient is None:
        right = columns_of(r_gradient, rows, columns)
        first = columns_of(x, rows, columns) @ transpose(right)
        middle = u @ transpose(columns_of(r_gradient, 0, rows)) - transpose(first) @ Q
        return concatenate([_qr_tall(first, middle, Q, u), Q @ right], -1)
    left = _qr_tall(q_gradient, -(transpose(q_gradient) @ Q), Q, u)
    return concatenate([left, columns_of(x, rows, columns) * 0], -1)


@primitive(
    widens=True, cost=each_matrix("4·(m·n² − ⅓·n³)", lambda m, n: 4 * (m * n**2 - n**3 / 3)),
    outputs=("Q", "R"), symbol="qr {0}",
    Q={"x": lambda g, x, Q, R: _qr_rule(g, None, x, Q, R)}, R={"x": lambda g, x, Q, R: _qr_rule(None, g, x, Q, R)},
)  # fmt: skip
def qr_factors(x: Any, complete: Any = False) -> Any:
    """Return (Q, R) with orthonormal columns of Q and upper triangular R."""
    q, r = np.linalg.qr(as_float(x), "complete" if complete else "reduced")
    return q, r


class QR(NamedTuple):
    """Orthonormal columns and an upper triangle."""

    Q: Any
    R: Any


@composed
def qr(x: Any, mode: Any = "reduced") -> Any:
    """Return (Q, R) with Q·R = x, orthonormal columns of Q and upper triangular R.

    Args:
        x: shape (..., m, n); k is the smaller of m and n.
        mode: ``"reduced"``: Q is (m, k) and R (k, n). ``"complete"``: Q is (m, m) and R (m, n). ``"r"``: Q is empty.

    Rules: A. Walter and L. Lehmann 2010, "Algorithmic differentiation of linear algebra functions", for m ≥ n; for
    wide matrices D. A. O. Roberts and L. R. Roberts 2020, "QR and LQ decomposition matrix backpropagation algorithms",
    https://arxiv.org/abs/2009.10071.

    Edges: the signs of R's diagonal are LAPACK's choice. Gradients need the first k columns of x to be linearly
    independent; ``"complete"`` with m > n has none, as its last columns of Q are not determined. With ``"r"`` the
    gradient of R is there, which PyTorch refuses.

    Raises:
        ValueError: unknown mode, or ``x`` has fewer than two dimensions.

    >>> import glassgrad as gg
    >>> q, r = gg.linalg.qr(gg.tensor([[3.0, 1.0], [4.0, 2.0]]))
    >>> q @ r
    tensor([[3., 1.],
            [4., 2.]])
    """
    rows, columns = matrices_of(x, "qr")
    if mode not in ("reduced", "complete", "r"):
        raise ValueError(f"qr: mode must be 'reduced', 'complete' or 'r', not {mode!r}")
    q, r = qr_factors(x, mode == "complete" and rows > columns)
    return QR(columns_of(q, 0, 0) if mode == "r" else q, r)
