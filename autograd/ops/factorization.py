"""Factorisations of matrices, through NumPy's LAPACK, for single matrices and stacks of them.

What is unique about a factorisation is only what does not change when the sign of a column changes, or when columns of
equal singular values or eigenvalues are mixed. Gradients are right for functions of that: of the values, of U·Uᵀ, of
|U|, and so on.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np

from ..engine.compose import composed
from ..engine.declare import primitive
from .diagonals import tril
from .einsum import operand
from .indexing import getitem
from .joining import concatenate
from .shaping import transpose, unsqueeze
from .solving import (
    as_float,
    attempt,
    matrices_of,
    square_of,
    triangular_matrices,
)  # fmt: skip

__all__ = ["cholesky", "cholesky_inverse", "cholesky_solve"]


def _symmetric(x: Any) -> Any:
    return (x + transpose(x)) * 0.5


def _identity(like: Any) -> Any:
    return np.eye(like.shape[-1], dtype=like.dtype)


@primitive(kind="linear", symbol="{0}", x=lambda g: _symmetric(g))
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


def _halves(x: Any) -> Any:
    return (x + np.swapaxes(x, -1, -2)) * x.dtype.type(0.5)


# -- Cholesky -------------------------------------------------------------------------------------------------


def _cholesky_rule(g: Any, out: Any) -> Any:
    """x̄ = symmetric part of L⁻ᵀ·Φ(Lᵀ·g)·L⁻¹, where Φ takes the lower triangle and halves the diagonal."""
    inner = transpose(out) @ g
    weights = np.tril(np.ones(inner.shape[-2:], inner.dtype)) - _identity(inner) * inner.dtype.type(0.5)
    adjoint = transpose(out)
    left = triangular_matrices(adjoint, inner * weights, True)
    return _symmetric(transpose(triangular_matrices(adjoint, transpose(left), True)))


@primitive(widens=True, symbol="cholesky {0}", x=_cholesky_rule)
def cholesky_factor(x: Any) -> Any:
    """Return the lower triangle L with L·Lᵀ = (x + xᵀ)/2."""
    return attempt(
        np.linalg.cholesky, _halves(as_float(x)), "cholesky",
        "is not positive definite: one of its eigenvalues is not above 0",
    )  # fmt: skip


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
    half = triangular_matrices(x, _identity(x), upper)
    return half @ transpose(half) if upper else transpose(half) @ half


# -- QR -------------------------------------------------------------------------------------------------------


def _columns(x: Any, start: Any, stop: Any) -> Any:
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
    u = _columns(R, 0, rows)
    if q_gradient is None:
        right = _columns(r_gradient, rows, columns)
        first = _columns(x, rows, columns) @ transpose(right)
        middle = u @ transpose(_columns(r_gradient, 0, rows)) - transpose(first) @ Q
        return concatenate([_qr_tall(first, middle, Q, u), Q @ right], -1)
    left = _qr_tall(q_gradient, -(transpose(q_gradient) @ Q), Q, u)
    return concatenate([left, _columns(x, rows, columns) * 0], -1)


@primitive(
    widens=True, outputs=("Q", "R"), symbol="qr {0}",
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
    return QR(_columns(q, 0, 0) if mode == "r" else q, r)


# -- singular values ------------------------------------------------------------------------------------------


def _spread_rows(s: Any) -> Any:
    """Return a row of values for each matrix: it scales columns."""
    return unsqueeze(s, -2)


def _gaps(later: Any, earlier: Any) -> Any:
    """Return the matrix of 1/(later_j − earlier_i) with zeros on the diagonal."""
    ones = _identity(later)
    ones = np.broadcast_to(ones, (*later.shape, later.shape[-1]))
    return (1 - ones) / (unsqueeze(later, -2) - unsqueeze(earlier, -1) + ones)


def _squared_gaps(s: Any) -> Any:
    """Return 1/(s_j² − s_i²), as a product, which keeps the digits of values that lie close."""
    ones = np.broadcast_to(_identity(s), (*s.shape, s.shape[-1]))
    row, column = unsqueeze(s, -2), unsqueeze(s, -1)
    return (1 - ones) / ((row - column) * (row + column) + ones)


def _skew(x: Any) -> Any:
    return x - transpose(x)


def _left_rule(g: Any, U: Any, S: Any, Vh: Any) -> Any:
    """Return [U·(F∘(UᵀŪ − ŪᵀU))·S + (1 − U·Uᵀ)·Ū·S⁻¹]·Vᵀ, the part of x̄ that comes from Ū."""
    k = S.shape[-1]
    if U.shape[-1] != k:
        g, U = _determined(g, k), _columns(U, 0, k)
    inner = U @ ((_squared_gaps(S) * _skew(transpose(U) @ g)) * _spread_rows(S))
    if U.shape[-2] > k:
        inner = inner + (g - U @ (transpose(U) @ g)) / _spread_rows(S)
    return inner @ (getitem(Vh, (Ellipsis, slice(0, k), slice(None))) if Vh.shape[-2] != k else Vh)


def _determined(g: Any, k: Any) -> Any:
    """Return the gradient of the first k columns, or refuse one that reaches the others."""
    rest = _columns(g, k, None)
    values = rest if isinstance(rest, np.ndarray) else rest.detach().numpy()
    if k and np.any(values):
        raise ValueError(
            "svd: with full_matrices=True the last columns of U (rows of Vh) are not determined by the matrix, so no "
            "gradient can come from them; use full_matrices=False"
        )
    return _columns(g, 0, k)


@primitive(
    widens=True, outputs=("U", "S", "Vh"), symbol="svd {0}",
    U={"x": lambda g, U, S, Vh: _left_rule(g, U, S, Vh)},
    S={"x": lambda g, U, S, Vh: _values_rule(g, U, Vh)},
    # The transpose of x has U and V exchanged.
    Vh={"x": lambda g, U, S, Vh: transpose(_left_rule(transpose(g), transpose(Vh), S, transpose(U)))},
)  # fmt: skip
def svd_factors(x: Any, full_matrices: Any = False) -> Any:
    """Return (U, S, Vᵀ) with U·diag(S)·Vᵀ = x."""
    found = attempt(lambda a: np.linalg.svd(a, full_matrices=full_matrices), as_float(x), "svd", _NOT_FOUND)
    return tuple(found)


_NOT_FOUND = "has no singular values that could be found; look for NaN or infinity in it"


def _values_rule(g: Any, U: Any, Vh: Any) -> Any:
    k = g.shape[-1]
    U = _columns(U, 0, k) if U.shape[-1] != k else U
    Vh = getitem(Vh, (Ellipsis, slice(0, k), slice(None))) if Vh.shape[-2] != k else Vh
    return (U * _spread_rows(g)) @ Vh


class SVD(NamedTuple):
    """Left singular vectors in columns, singular values, right singular vectors in rows."""

    U: Any
    S: Any
    Vh: Any


@composed
def svd(x: Any, full_matrices: Any = True) -> Any:
    """Return (U, S, Vh) with ``x = U @ diag(S) @ Vh``: orthonormal U and V, and S ≥ 0 in falling order.

    Args:
        x: shape (..., m, n); k is the smaller of m and n.
        full_matrices: whether U is (m, m) and Vh (n, n), or only (m, k) and (k, n).

    Rules: J. Townsend 2016, "Differentiating the singular value decomposition",
    https://j-towns.github.io/papers/svd-derivative.pdf

    Edges: the signs of the vectors are LAPACK's choice, so gradients of U and Vh have a meaning only for functions that
    do not depend on it. Where singular values are equal, or 0 in a matrix that is not square, the gradient that comes
    from U or Vh is NaN or infinite; that of S exists. With ``full_matrices`` the columns beyond the first k have no
    gradient, and one that arrives there is an error (PyTorch ignores it).

    Raises:
        ValueError: ``x`` has fewer than two dimensions.
        numpy.linalg.LinAlgError: (a ``ValueError``) it does not converge, as with NaN in ``x``.

    >>> import glassgrad as gg
    >>> gg.linalg.svd(gg.tensor([[0.0, 2.0], [3.0, 0.0]])).S
    tensor([3., 2.])
    """
    rows, columns = matrices_of(x, "svd")
    return SVD(*svd_factors(x, bool(full_matrices) and rows != columns))


def _svdvals_rule(g: Any, x: Any) -> Any:
    u, _, vh = svd_factors(x)
    return (u * _spread_rows(g)) @ vh


@primitive(widens=True, symbol="σ {0}", x=_svdvals_rule)
def svdvals(x: Any) -> Any:
    """Return the singular values of each matrix, in falling order. Backward: U·diag(g)·Vᵀ.

    Edges: where values are equal their gradients depend on LAPACK's choice of vectors; that of a symmetric function of
    them, such as their sum, does not.

    Raises:
        ValueError: ``x`` has fewer than two dimensions.
        numpy.linalg.LinAlgError: (a ``ValueError``) it does not converge, as with NaN in ``x``.

    >>> import glassgrad as gg
    >>> gg.linalg.svdvals(gg.tensor([[0.0, 2.0], [3.0, 0.0]]))
    tensor([3., 2.])
    """
    matrices_of(x, "svdvals")
    return attempt(lambda a: np.linalg.svd(a, compute_uv=False), as_float(x), "svdvals", _NOT_FOUND)


# -- eigenvalues of symmetric matrices ------------------------------------------------------------------------


def _vectors_rule(g: Any, eigenvalues: Any, eigenvectors: Any) -> Any:
    """x̄ = symmetric part of V·(E∘(Vᵀ·V̄))·Vᵀ with E_ij = 1/(λ_j − λ_i) off the diagonal (Giles 2008, section 3.1)."""
    inner = _gaps(eigenvalues, eigenvalues) * (transpose(eigenvectors) @ g)
    return _symmetric(eigenvectors @ inner @ transpose(eigenvectors))


def _eigenvalues_rule(g: Any, vectors: Any) -> Any:
    return (vectors * _spread_rows(g)) @ transpose(vectors)


@primitive(
    widens=True, outputs=("eigenvalues", "eigenvectors"), symbol="eigh {0}",
    eigenvalues={"x": lambda g, eigenvectors: _eigenvalues_rule(g, eigenvectors)},
    eigenvectors={"x": _vectors_rule},
)  # fmt: skip
def eigh_factors(x: Any) -> Any:
    """Return (λ, V) with V·diag(λ)·Vᵀ = (x + xᵀ)/2."""
    return tuple(attempt(_finite(np.linalg.eigh), _halves(as_float(x)), "eigh", _NO_EIGENVALUES))


def _finite(run: Any) -> Any:
    """Return ``run`` such that it gives up where LAPACK would take NaN or infinity for numbers."""

    def checked(a: Any) -> Any:
        if not np.isfinite(a).all():
            raise np.linalg.LinAlgError
        return run(a)

    return checked


_NO_EIGENVALUES = "has no eigenvalues that could be found; look for NaN or infinity in it"


class Eigen(NamedTuple):
    """Eigenvalues in rising order, and their vectors in columns."""

    eigenvalues: Any
    eigenvectors: Any


def _upper(UPLO: Any, what: Any) -> bool:
    if UPLO not in ("L", "l", "U", "u"):
        raise ValueError(f"{what}: UPLO must be 'L' or 'U', not {UPLO!r}")
    return UPLO in ("U", "u")


@composed
def eigh(x: Any, UPLO: Any = "L") -> Any:
    """Return the eigenvalues, in rising order, and the orthonormal eigenvectors of symmetric matrices.

    Args:
        x: shape (..., n, n); one triangle is read.
        UPLO: which: ``"L"``, the lower one, or ``"U"``.

    Edges: the gradient is symmetric, whichever triangle is read. The signs of the vectors are LAPACK's choice, so
    gradients of them have a meaning only for functions that do not depend on it. Where eigenvalues are equal, the
    gradient that comes from the vectors is NaN or infinite; that of the values exists. NaN or infinity in ``x`` is an
    error; from them PyTorch computes values that look like numbers.

    Raises:
        ValueError: the matrices are not square.
        numpy.linalg.LinAlgError: (a ``ValueError``) it does not converge, or there is NaN or infinity in ``x``.

    >>> import glassgrad as gg
    >>> gg.linalg.eigh(gg.tensor([[2.0, 1.0], [1.0, 2.0]])).eigenvalues
    tensor([1., 3.])
    """
    square_of(x, "eigh")
    return Eigen(*eigh_factors(symmetric_from(x, _upper(UPLO, "eigh"))))


@primitive(widens=True, symbol="λ {0}", x=lambda g, x: _eigenvalues_rule(g, eigh_factors(x)[1]))
def eigenvalues_of(x: Any) -> Any:
    """Return the eigenvalues of (x + xᵀ)/2."""
    return attempt(_finite(np.linalg.eigvalsh), _halves(as_float(x)), "eigvalsh", _NO_EIGENVALUES)


@composed
def eigvalsh(x: Any, UPLO: Any = "L") -> Any:
    """Return the eigenvalues of symmetric matrices, in rising order. Backward: V·diag(g)·Vᵀ. See ``linalg.eigh``.

    Raises:
        ValueError: the matrices are not square.

    >>> import glassgrad as gg
    >>> gg.linalg.eigvalsh(gg.tensor([[2.0, 1.0], [1.0, 2.0]]))
    tensor([1., 3.])
    """
    square_of(x, "eigvalsh")
    return eigenvalues_of(symmetric_from(x, _upper(UPLO, "eigvalsh")))
