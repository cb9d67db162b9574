"""Functions of matrices that rest on inverses and factorisations: pseudoinverses, least squares, exponentials."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from ..engine.compose import composed
from ..engine.declare import primitive
from .axes import as_shape, axis_of
from .comparison import where
from .einsum import operand
from .factorization import (
    svdvals,
    symmetric_from,
)  # fmt: skip
from .indexing import getitem
from .joining import concatenate
from .norms import matrix_norm
from .reduction import sum
from .scan import cumprod
from .shaping import broadcast_to, permute, reshape, transpose, unsqueeze
from .solving import (
    as_float,
    attempt,
    inv,
    inverse_or_nan,
    matrices_of,
    solve_matrices,
    square_of,
)  # fmt: skip

__all__ = ["matrix_exp", "pinverse", "vander"]


def _values(x: Any) -> Any:
    return x if isinstance(x, np.ndarray) else x.detach().numpy()


# -- pseudoinverses and least squares -------------------------------------------------------------------------


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


@primitive(name="pinv", widens=True, symbol="{0}⁺", x=_pinv_rule)
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
    widens=True, outputs=("solution", "rank"), inputs=("x", "B"), symbol="{0}⁺ {1}",
    solution={"joint": _least_squares_rule},
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


@primitive(kind="index", symbol="rank {0}")
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


# -- tensors as matrices --------------------------------------------------------------------------------------


@composed
def tensorinv(x: Any, ind: Any = 2) -> Any:
    """Return the inverse of the map that ``tensordot`` with ``x`` is: of its first ``ind`` axes onto the others.

    Raises:
        ValueError: the first ``ind`` axes hold another number of elements than the rest, or the map is singular.

    >>> import glassgrad as gg
    >>> gg.linalg.tensorinv(gg.eye(6).reshape(2, 3, 6)).shape
    (6, 2, 3)
    """
    if ind <= 0:
        raise ValueError(f"tensorinv: ind must be positive, not {ind}")
    first, last = x.shape[:ind], x.shape[ind:]
    if math.prod(first) != math.prod(last):
        raise ValueError(
            f"tensorinv: the first {ind} axes of shape {x.shape} have {math.prod(first)} elements and the others "
            f"{math.prod(last)}; they must have as many"
        )
    return reshape(inv(reshape(x, (math.prod(first), math.prod(last)))), (*last, *first))


@composed
def tensorsolve(x: Any, B: Any, dims: Any = None) -> Any:
    """Return the tensor whose ``tensordot`` with ``x``, over all of its axes, is ``B``.

    Args:
        x: its first axes are those of ``B``, the others those of the result.
        dims: axes of ``x`` that are moved to its end first.

    Raises:
        ValueError: the sizes do not fit, or the map is singular.

    >>> import glassgrad as gg
    >>> gg.linalg.tensorsolve(gg.eye(6).reshape(2, 3, 6), gg.ones(2, 3)).shape
    (6,)
    """
    B = operand(B)
    if dims is not None:
        moved = [axis_of(d, x.ndim, "tensorsolve") for d in as_shape(dims, "tensorsolve")]
        x = permute(x, (*(i for i in range(x.ndim) if i not in moved), *moved))
    last = x.shape[len(B.shape) :]
    size = math.prod(last)
    if math.prod(x.shape) != size * size or math.prod(B.shape) != size:
        raise ValueError(
            f"tensorsolve: shape {x.shape} is no square map onto shape {B.shape}: after its first {len(B.shape)} axes "
            f"{size} elements are left, not {math.prod(B.shape)}"
        )
    return reshape(solve_matrices(reshape(x, (size, size)), reshape(B, (size, 1))), last)


# -- exponentials and powers ----------------------------------------------------------------------------------


def _exp_rule(g: Any, x: Any) -> Any:
    """Return the derivative of exp at xᵀ in the direction g: the corner of exp([[xᵀ, g], [0, xᵀ]])."""
    n = x.shape[-1]
    adjoint = transpose(x)
    top = concatenate([adjoint, g], -1)
    bottom = concatenate([np.zeros(x.shape, x.dtype), adjoint], -1)
    whole = matrix_exp(concatenate([top, bottom], -2))
    return getitem(whole, (Ellipsis, slice(0, n), slice(n, None)))


# Degree of the approximation, and the largest norm for which it is exact to rounding in double precision.
_PADE = {3: 1.495585217958292e-2, 5: 2.539398330063230e-1, 7: 9.504178996162932e-1, 9: 2.097847961257068,
         13: 5.371920351148152}  # fmt: skip


@primitive(widens=True, symbol="exp {0}", x=_exp_rule)
def matrix_exp(x: Any) -> Any:
    """Return the exponential of each square matrix, 1 + x + x²/2! + …, by scaling, Padé's fractions and squaring.

    N. J. Higham 2005, "The scaling and squaring method for the matrix exponential revisited", SIAM Journal on Matrix
    Analysis and Applications 26(4); the rule: I. Najfeld and T. F. Havel 1995, "Derivatives of the matrix exponential
    and their computation", Advances in Applied Mathematics 16(3).

    Edges: a matrix with NaN or infinity in it gives NaN.

    Raises:
        ValueError: the matrices are not square.

    >>> import glassgrad as gg
    >>> gg.matrix_exp(gg.tensor([[0.0, 1.0], [0.0, 0.0]]))
    tensor([[1., 1.],
            [0., 1.]])
    """
    n = square_of(x, "matrix_exp")
    x = as_float(x)
    if not x.size:
        return np.array(x)
    sizes = np.abs(x).sum(-2).max(-1)
    finite = np.isfinite(sizes)
    if not np.all(finite):
        x, sizes = np.where(finite[..., None, None], x, 0), np.where(finite, sizes, 0)
    # Each matrix is halved as often as it needs, so that its result does not depend on its neighbours.
    halvings = np.maximum(0, np.ceil(np.log2(np.maximum(sizes, 1e-300) / _PADE[13]))).astype(np.int64)
    size = float(np.max(sizes))
    degree = next((d for d, bound in _PADE.items() if size <= bound), 13)
    x = x * np.exp2(-halvings.astype(x.dtype))[..., None, None]
    out = _fraction(x, degree, np.eye(n, dtype=x.dtype))
    for i in range(int(halvings.max(initial=0))):
        again = halvings > i
        out = np.where(again[..., None, None], out @ out, out) if not np.all(again) else out @ out
    return out if np.all(finite) else np.where(finite[..., None, None], out, np.nan)


def _fraction(x: Any, degree: Any, identity: Any) -> Any:
    """Return Padé's approximation (v + u)/(v − u) to exp, of the same degree above and below."""
    m = degree
    b = [math.comb(m, k) * math.factorial(2 * m - k) / math.factorial(2 * m) for k in range(m + 1)]
    square = x @ x
    power = identity
    odd, even = b[1] * identity, b[0] * identity
    for k in range(2, m, 2):
        power = power @ square if k > 2 else square
        even = even + b[k] * power
        odd = odd + b[k + 1] * power
    odd = x @ odd
    return np.linalg.solve(even - odd, even + odd)


@composed
def power_columns(x: Any, N: Any = None) -> Any:
    """Return the matrix whose columns are the powers of ``x`` from 0 to N − 1, one for each vector of a stack.

    Args:
        x: shape (..., n); a single number is a vector of one.
        N: the number of columns, by default as many as rows.

    Raises:
        ValueError: ``N`` is negative.

    >>> import glassgrad as gg
    >>> gg.linalg.vander(gg.tensor([1, 2, 3]))
    tensor([[1, 1, 1],
            [1, 2, 4],
            [1, 3, 9]])
    """
    return _powers(x, N, True, "vander")


@composed
def vander(x: Any, N: Any = None, increasing: Any = False) -> Any:
    """Return the matrix whose columns are the powers of a vector from N − 1 down to 0, or upwards if ``increasing``.

    Args:
        N: the number of columns, by default as many as rows.

    Raises:
        ValueError: ``x`` is not a vector, or ``N`` is negative.

    >>> import glassgrad as gg
    >>> gg.vander(gg.tensor([1, 2, 3]))
    tensor([[1, 1, 1],
            [4, 2, 1],
            [9, 3, 1]])
    """
    if x.ndim != 1:
        raise ValueError(f"vander: expected a vector, got shape {x.shape}; linalg.vander takes stacks")
    return _powers(x, N, increasing, "vander")


def _powers(x: Any, N: Any, increasing: Any, what: Any) -> Any:
    if not x.ndim:
        x = reshape(x, (1,))
    count = x.shape[-1] if N is None else N
    if count < 0:
        raise ValueError(f"{what}: the number of columns N must not be negative, got {N}")
    column = unsqueeze(x, -1)
    if not count:
        return getitem(column, (Ellipsis, slice(0, 0)))
    # Ones that stay in the graph of x.
    whole = where(np.zeros((), np.bool_), column, np.ones(column.shape, x.dtype))
    if count > 1:
        repeated = broadcast_to(column, (*x.shape, count - 1))
        whole = concatenate([whole, cumprod(repeated, -1)], -1)
    return whole if increasing else getitem(whole, (Ellipsis, slice(None, None, -1)))
