"""Pseudoinverses, least squares, and what rests on singular values: the rank and the condition number."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..core.cost import each_matrix
from ..engine.compose import composed
from ..engine.declare import primitive
from .comparison import where
from .einsum import operand
from .factorization import symmetric_from
from .indexing import getitem
from .norms import matrix_norm
from .reduction import sum
from .shaping import broadcast_to, reshape, transpose, unsqueeze
from .solving import as_float, attempt, inverse_or_nan, matrices_of, square_of
from .spectral import svdvals

__all__ = ["pinverse"]


def _values(x: Any) -> Any:
    return x if isinstance(x, np.ndarray) else x.detach().numpy()


def _tolerance(s: Any, shape: Any, atol: Any, rtol: Any) -> Any:
    """Return, for each row of singular values, the size up to which they count as 0."""
    largest = np.max(s, axis=-1, initial=0.0)
    default = np.finfo(s.dtype).eps * max(shape[-2:])
    if rtol is None:
        rtol = default if atol is None else np.where(np.asarray(atol) > 0, 0.0, default)
    return np.maximum(0.0 if atol is None else np.asarray(atol), np.asarray(rtol) * largest)


def _static(tolerance: Any) -> Any:
    """Return a tolerance as a number or an array."""
    return None if tolerance is None else _values(tolerance) if hasattr(tolerance, "shape") else float(tolerance)


def _pinv_rule(g: Any, x: Any, out: Any) -> Any:
    """With P = x⁺: x̄ = −Pᵀ·g·Pᵀ + (1 − x·P)·gᵀ·P·Pᵀ + Pᵀ·P·gᵀ·(1 − P·x)."""
    p, pt, gt = out, transpose(out), transpose(g)
    rows, columns = x.shape[-2:]
    total = -(pt @ g @ pt)
    if rows > columns or not _full_rank(x, p):
        right = gt @ p @ pt
        total = total + right - x @ (p @ right)
    if columns > rows or not _full_rank(x, p):
        left = pt @ p @ gt
        total = total + left - (left @ p) @ x
    return total


def _full_rank(x: Any, p: Any) -> bool:
    """Return whether the trace of x·x⁺, which is the rank, is as large as it can be in every matrix."""
    ranks = np.einsum("...ij,...ji->...", _values(x), _values(p))
    return bool(np.all(ranks > min(x.shape[-2:]) - 0.5))


@primitive(
    widens=True, cost=each_matrix("8·m·n² + 20·n³", lambda m, n: 8 * m * n**2 + 20 * n**3),
    name="pinv", symbol="{0}⁺", x=_pinv_rule,
)  # fmt: skip
def pseudoinverse(x: Any, atol: Any = None, rtol: Any = None) -> Any:
    """Return V·diag(1/s)·Uᵀ, with 0 in place of 1/s for the singular values that count as 0."""
    matrices_of(x, "pinv")
    x = as_float(x)
    u, s, vh = attempt(lambda a: np.linalg.svd(a, full_matrices=False), x, "pinv", "has no singular values")
    counts = s > np.expand_dims(_tolerance(s, x.shape, atol, rtol), -1)
    inverted = np.where(counts, 1 / np.where(counts, s, 1), 0).astype(x.dtype, copy=False)
    return np.swapaxes(vh, -1, -2) @ (inverted[..., None] * np.swapaxes(u, -1, -2))


@composed
def pinv(x: Any, rcond: Any = None, hermitian: Any = False, *, atol: Any = None, rtol: Any = None) -> Any:
    """Return Moore's and Penrose's pseudoinverse of each matrix.

    Args:
        x: shape (..., m, n); the result has shape (..., n, m).
        rcond: another name of ``rtol``.
        hermitian: the matrices are symmetric, and only their lower triangles are read.
        atol, rtol: singular values up to atol, or up to rtol times the largest, count as 0; by default rtol is the
            rounding error times the larger of m and n.

    Rule: G. H. Golub and V. Pereyra 1973, "The differentiation of pseudo-inverses and nonlinear least squares problems
    whose variables separate", SIAM Journal on Numerical Analysis 10(2).

    Edges: the gradient is that of matrices of the same rank. Where a change of ``x`` would raise the rank the
    pseudoinverse jumps, and there is none.

    Raises:
        ValueError: ``x`` has fewer than two dimensions.

    >>> import glassgrad as gg
    >>> gg.linalg.pinv(gg.tensor([[2.0, 0.0], [0.0, 0.0]]))
    tensor([[0.5, 0. ],
            [0. , 0. ]])
    """
    if hermitian:
        square_of(x, "pinv")
        x = symmetric_from(x)
    return pseudoinverse(x, _static(atol), _static(rcond if rtol is None else rtol))


@composed
def pinverse(x: Any, rcond: Any = 1e-15) -> Any:
    """Return the pseudoinverse of each matrix; see ``linalg.pinv``, which has a better default for ``rcond``.

    >>> import glassgrad as gg
    >>> gg.pinverse(gg.tensor([[2.0], [0.0]]))
    tensor([[0.5, 0. ]])
    """
    return pseudoinverse(x, None, _static(rcond))


def _least_squares_rule(g: Any, need: Any, x: Any, B: Any, solution: Any, rcond: Any) -> Any:
    """With P = x⁺, r = B − x·out and B̄ = Pᵀ·g: x̄ = −B̄·outᵀ + r·(P·B̄)ᵀ + PᵀX·(g − xᵀ·B̄)ᵀ."""
    p = pseudoinverse(x, None, rcond)
    back = transpose(p) @ g
    if not need[0]:
        return None, back
    total = -(back @ transpose(solution))
    rows, columns = x.shape[-2:]
    if rows > columns or not _full_rank(x, p):
        total = total + (B - x @ solution) @ transpose(p @ back)
    if columns > rows or not _full_rank(x, p):
        total = total + transpose(p) @ solution @ transpose(g - transpose(x) @ back)
    return total, back if need[1] else None


@primitive(
    widens=True, cost=each_matrix("6·m·n² + 20·n³", lambda m, n: 6 * m * n**2 + 20 * n**3),
    outputs=("solution", "rank"),
    inputs=("x", "B"), symbol="{0}⁺ {1}", solution={"joint": _least_squares_rule},
)  # fmt: skip
def least_squares(x: Any, B: Any, rcond: Any = None) -> Any:
    """Return the solutions of x·out ≈ B with the least squares, and the ranks, for stacks of equal leading shape."""
    x, B = as_float(x), as_float(B)
    rows, columns = x.shape[-2:]
    stack_shape = x.shape[:-2]
    solution = np.zeros((*stack_shape, columns, B.shape[-1]), np.result_type(x, B))
    rank = np.zeros(stack_shape, np.int64)
    if rows and columns:
        for index in np.ndindex(stack_shape):
            solution[index], _, rank[index], _ = np.linalg.lstsq(x[index], B[index], rcond)
    return solution, rank


class LeastSquares(NamedTuple):
    """What ``lstsq`` finds."""

    solution: Any
    residuals: Any
    rank: Any
    singular_values: Any


@composed
def lstsq(x: Any, B: Any, rcond: Any = None, *, driver: Any = None) -> Any:
    """Return the ``solution`` of ``x @ solution ≈ B`` with the least sum of squares, the shortest where several are.

    Args:
        x: shape (..., m, n).
        B: vectors (m,), or (..., m) with exactly the leading dimensions of ``x``, else matrices (..., m, k).
        rcond: singular values up to rcond times the largest count as 0; by default the rounding error times the larger
            of m and n.
        driver: the name of a routine of LAPACK. It only decides what comes back, as in PyTorch: ``"gelsd"`` and
            ``"gelss"`` give everything, ``"gels"`` no rank, and ``"gelsy"`` no residuals; what is not given is empty.

    Returns:
        ``solution``; ``residuals``, the sums of squares that remain, (..., k), if m > n and all ranks are n, else
        empty; ``rank``; ``singular_values``, empty unless the driver is said to give them. All but the rank have
        gradients.

    Edges: the gradient is that of matrices of the same rank, as for ``linalg.pinv``.

    Raises:
        ValueError: the shapes do not fit.

    >>> import glassgrad as gg
    >>> gg.linalg.lstsq(gg.tensor([[1.0], [1.0]]), gg.tensor([[1.0], [3.0]])).solution
    tensor([[2.]])
    """
    if driver not in (None, "gels", "gelsy", "gelsd", "gelss"):
        raise ValueError(f"lstsq: driver must be 'gels', 'gelsy', 'gelsd' or 'gelss', not {driver!r}")
    B = operand(B)
    rows, columns = matrices_of(x, "lstsq")
    vector = len(B.shape) == 1 or (len(B.shape) == x.ndim - 1 and B.shape == x.shape[:-1])
    if vector:
        B = unsqueeze(B, -1)
    if len(B.shape) < 2 or B.shape[-2] != rows:
        raise ValueError(f"lstsq: matrices of shape {x.shape} and right sides of shape {B.shape} do not fit")
    try:
        leading = np.broadcast_shapes(x.shape[:-2], B.shape[:-2])
    except ValueError:
        raise ValueError(
            f"lstsq: the leading dimensions of shapes {x.shape} and {B.shape} cannot be broadcast together"
        ) from None
    full = x if x.shape[:-2] == leading else broadcast_to(x, (*leading, *x.shape[-2:]))
    B = B if B.shape[:-2] == leading else broadcast_to(B, (*leading, *B.shape[-2:]))
    solution, rank = least_squares(full, B, rcond)
    rank = rank if isinstance(rank, np.ndarray) else rank.detach()
    if driver != "gelsy" and rows > columns and np.all(_values(rank) == columns):
        error = full @ solution - B
        residuals = sum(error * error, -2)
    else:
        residuals = getitem(reshape(solution, (math.prod(solution.shape),)), slice(0, 0))
    values = svdvals(x) if driver in ("gelsd", "gelss") else getitem(reshape(x, (math.prod(x.shape),)), slice(0, 0))
    if driver == "gels":
        rank = getitem(reshape(rank, (math.prod(rank.shape),)), slice(0, 0))
    return LeastSquares(reshape(solution, solution.shape[:-1]) if vector else solution, residuals, rank, values)


@primitive(kind="index", cost=each_matrix("2·m·n² + 2·n³", lambda m, n: 2 * m * n**2 + 2 * n**3), symbol="rank {0}")
def rank_of(x: Any, atol: Any = None, rtol: Any = None, hermitian: Any = False) -> Any:
    """Return how many singular values of each matrix do not count as 0."""
    shape = np.shape(x)
    if hermitian:
        s = np.abs(np.linalg.eigvalsh(as_float(x)))
    else:
        s = np.linalg.svd(as_float(x), compute_uv=False)
    return np.sum(s > np.expand_dims(_tolerance(s, shape, atol, rtol), -1), axis=-1, dtype=np.int64)


@composed
def matrix_rank(x: Any, tol: Any = None, hermitian: Any = False, *, atol: Any = None, rtol: Any = None) -> Any:
    """Return the rank of each matrix: how many singular values are larger than a tolerance.

    Args:
        tol: another name of ``atol``.
        hermitian: the matrices are symmetric, and only their lower triangles are read.
        atol, rtol: as for ``linalg.pinv``.

    Raises:
        ValueError: ``x`` has fewer than two dimensions.

    >>> import glassgrad as gg
    >>> gg.linalg.matrix_rank(gg.tensor([[1.0, 2.0], [2.0, 4.0]]))
    tensor(1)
    """
    matrices_of(x, "matrix_rank")
    if hermitian:
        square_of(x, "matrix_rank")
    return rank_of(x, _static(tol if atol is None else atol), _static(rtol), bool(hermitian))


@composed
def cond(x: Any, p: Any = None) -> Any:
    """Return the condition number of each matrix: its norm times the norm of its inverse.

    Args:
        p: which norm, as in ``linalg.matrix_norm``; None is 2, the ratio of the extreme singular values, which exists
            for matrices that are not square too.

    Edges: it is infinite for a singular matrix, and 0 for one without elements.

    Raises:
        ValueError: unknown ``p``, or the matrices are not square and ``p`` is not 2.

    >>> import glassgrad as gg
    >>> gg.linalg.cond(gg.tensor([[4.0, 0.0], [0.0, 2.0]]))
    tensor(2.)
    """
    matrices_of(x, "cond")
    if p is not None and p not in ("fro", "nuc", np.inf, -np.inf, 1, -1, 2, -2):
        raise ValueError(f"cond: p must be 'fro', 'nuc', 1, 2, inf or one of these negated, not {p!r}")
    if p not in (None, 2, -2):
        square_of(x, "cond")
    if 0 in x.shape[-2:]:
        return sum(x, (-2, -1))
    if p in (None, 2, -2):
        s = svdvals(x)
        largest, smallest = getitem(s, (Ellipsis, 0)), getitem(s, (Ellipsis, -1))
        with np.errstate(divide="ignore", invalid="ignore"):
            return smallest / largest if p == -2 else largest / smallest
    inverted = inverse_or_nan(x)
    lost = np.isnan(_values(inverted)).any((-2, -1)) & ~np.isnan(_values(x)).any((-2, -1))
    if not np.any(lost):
        return matrix_norm(x, p) * matrix_norm(inverted, p)
    return where(lost, np.inf, matrix_norm(x, p) * matrix_norm(where(lost[..., None, None], 0, inverted), p))
