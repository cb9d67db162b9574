"""Singular values, and eigenvalues of symmetric matrices.

What is unique about these factors is only what does not change when the sign of a column changes, or when columns of
equal singular values or eigenvalues are mixed. Gradients are right for functions of that: of the values, of U·Uᵀ, of
|U|, and so on.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..core.cost import each_matrix
from ..engine.compose import composed
from ..engine.declare import primitive
from .factorization import columns_of, identity, symmetric, symmetric_array, symmetric_from
from .indexing import getitem
from .shaping import transpose, unsqueeze
from .solving import as_float, attempt, matrices_of, square_of

__all__: list[str] = []  # what is in PyTorch's linalg only


def _as_rows(s: Any) -> Any:
    """Return a row of values for each matrix: it scales columns."""
    return unsqueeze(s, -2)


def _gaps(later: Any, earlier: Any) -> Any:
    """Return the matrix of 1/(later_j − earlier_i) with zeros on the diagonal."""
    ones = identity(later)
    ones = np.broadcast_to(ones, (*later.shape, later.shape[-1]))
    return (1 - ones) / (unsqueeze(later, -2) - unsqueeze(earlier, -1) + ones)


def _squared_gaps(s: Any) -> Any:
    """Return 1/(s_j² − s_i²), as a product, which keeps the digits of values that lie close."""
    ones = np.broadcast_to(identity(s), (*s.shape, s.shape[-1]))
    row, column = unsqueeze(s, -2), unsqueeze(s, -1)
    return (1 - ones) / ((row - column) * (row + column) + ones)


def _skew(x: Any) -> Any:
    return x - transpose(x)


def _left_rule(g: Any, U: Any, S: Any, Vh: Any) -> Any:
    """Return [U·(F∘(UᵀŪ − ŪᵀU))·S + (1 − U·Uᵀ)·Ū·S⁻¹]·Vᵀ, the part of x̄ that comes from Ū."""
    k = S.shape[-1]
    if U.shape[-1] != k:
        g, U = _determined(g, k), columns_of(U, 0, k)
    inner = U @ ((_squared_gaps(S) * _skew(transpose(U) @ g)) * _as_rows(S))
    if U.shape[-2] > k:
        inner = inner + (g - U @ (transpose(U) @ g)) / _as_rows(S)
    return inner @ (getitem(Vh, (Ellipsis, slice(0, k), slice(None))) if Vh.shape[-2] != k else Vh)


def _determined(g: Any, k: Any) -> Any:
    """Return the gradient of the first k columns, or refuse one that reaches the others."""
    rest = columns_of(g, k, None)
    values = rest if isinstance(rest, np.ndarray) else rest.detach().numpy()
    if k and np.any(values):
        raise ValueError(
            "svd: with full_matrices=True the last columns of U (rows of Vh) are not determined by the matrix, so no "
            "gradient can come from them; use full_matrices=False"
        )
    return columns_of(g, 0, k)


_NOT_FOUND = "has no singular values that could be found; look for NaN or infinity in it"


@primitive(
    widens=True, cost=each_matrix("6·m·n² + 20·n³", lambda m, n: 6 * m * n**2 + 20 * n**3), outputs=("U", "S", "Vh"),
    symbol="svd {0}",
    U={"x": lambda g, U, S, Vh: _left_rule(g, U, S, Vh)},
    S={"x": lambda g, U, S, Vh: _values_rule(g, U, Vh)},
    # The transpose of x has U and V exchanged.
    Vh={"x": lambda g, U, S, Vh: transpose(_left_rule(transpose(g), transpose(Vh), S, transpose(U)))},
)  # fmt: skip
def svd_factors(x: Any, full_matrices: Any = False) -> Any:
    """Return (U, S, Vᵀ) with U·diag(S)·Vᵀ = x."""
    found = attempt(lambda a: np.linalg.svd(a, full_matrices=full_matrices), as_float(x), "svd", _NOT_FOUND)
    return tuple(found)


def _values_rule(g: Any, U: Any, Vh: Any) -> Any:
    k = g.shape[-1]
    U = columns_of(U, 0, k) if U.shape[-1] != k else U
    Vh = getitem(Vh, (Ellipsis, slice(0, k), slice(None))) if Vh.shape[-2] != k else Vh
    return (U * _as_rows(g)) @ Vh


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
    return (u * _as_rows(g)) @ vh


@primitive(
    widens=True, cost=each_matrix("2·m·n² + 2·n³", lambda m, n: 2 * m * n**2 + 2 * n**3), symbol="σ {0}",
    x=_svdvals_rule,
)  # fmt: skip
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


def _vectors_rule(g: Any, eigenvalues: Any, eigenvectors: Any) -> Any:
    """x̄ = symmetric part of V·(E∘(Vᵀ·V̄))·Vᵀ with E_ij = 1/(λ_j − λ_i) off the diagonal (Giles 2008, section 3.1)."""
    inner = _gaps(eigenvalues, eigenvalues) * (transpose(eigenvectors) @ g)
    return symmetric(eigenvectors @ inner @ transpose(eigenvectors))


def _eigenvalues_rule(g: Any, vectors: Any) -> Any:
    return (vectors * _as_rows(g)) @ transpose(vectors)


_NO_EIGENVALUES = "has no eigenvalues that could be found; look for NaN or infinity in it"


@primitive(
    widens=True, cost=each_matrix("9·n³", lambda m, n: 9 * n**3),
    outputs=("eigenvalues", "eigenvectors"), symbol="eigh {0}",
    eigenvalues={"x": lambda g, eigenvectors: _eigenvalues_rule(g, eigenvectors)},
    eigenvectors={"x": _vectors_rule},
)  # fmt: skip
def eigh_factors(x: Any) -> Any:
    """Return (λ, V) with V·diag(λ)·Vᵀ = (x + xᵀ)/2."""
    return tuple(attempt(_finite(np.linalg.eigh), symmetric_array(as_float(x)), "eigh", _NO_EIGENVALUES))


def _finite(run: Any) -> Any:
    """Return ``run`` such that it gives up where LAPACK would take NaN or infinity for numbers."""

    def checked(a: Any) -> Any:
        if not np.isfinite(a).all():
            raise np.linalg.LinAlgError
        return run(a)

    return checked


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


@primitive(widens=True, cost=0, symbol="λ {0}", x=lambda g, x: _eigenvalues_rule(g, eigh_factors(x)[1]))
def eigenvalues_of(x: Any) -> Any:
    """Return the eigenvalues of (x + xᵀ)/2."""
    return attempt(_finite(np.linalg.eigvalsh), symmetric_array(as_float(x)), "eigvalsh", _NO_EIGENVALUES)


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
