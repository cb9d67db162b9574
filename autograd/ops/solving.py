"""Inverses, determinants and linear equations, for single matrices and stacks of them.

The rules are those of M. B. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic
differentiation" (2008), https://people.maths.ox.ac.uk/gilesm/files/AD2008.pdf
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.linalg import LinAlgError

from ..core.cost import Cost, each_matrix, first, per_inner, size
from ..engine.compose import composed
from ..engine.declare import primitive
from .comparison import where
from .diagonals import tril, triu
from .einsum import operand
from .reduction import sum
from .shaping import reshape, sum_to, transpose, unsqueeze

__all__ = ["det", "inv", "inverse", "logdet", "slogdet", "solve", "solve_triangular"]


# -- what the kernels share -----------------------------------------------------------------------------------


def square_of(x: Any, what: Any) -> Any:
    """Return the side of the square matrices in ``x``, or refuse other shapes."""
    shape = np.shape(x) if not hasattr(x, "shape") else x.shape
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise ValueError(f"{what}: expected a square matrix or a stack of them, (..., n, n), got shape {shape}")
    return shape[-1]


def matrices_of(x: Any, what: Any) -> Any:
    """Return the rows and columns of the matrices in ``x``, or refuse shapes without them."""
    shape = np.shape(x) if not hasattr(x, "shape") else x.shape
    if len(shape) < 2:
        raise ValueError(f"{what}: expected a matrix or a stack of them, (..., m, n), got shape {shape}")
    return shape[-2:]


def as_float(x: Any) -> Any:
    """Return an array that LAPACK knows: integers as float64, half precision as single."""
    x = np.asarray(x)
    if x.dtype.kind != "f":
        return x.astype(np.float64)
    return x.astype(np.float32) if x.dtype == np.float16 else x


def attempt(run: Any, x: Any, what: Any, problem: Any) -> Any:
    """Return ``run(x)``; where LAPACK gives up, say at which matrix of the stack."""
    try:
        return run(x)
    except LinAlgError:
        raise LinAlgError(f"{what}: {_where(run, x)} {problem}") from None


def _where(run: Any, x: Any) -> Any:
    shape = np.shape(x)
    for index in np.ndindex(shape[:-2]) if len(shape) > 2 else ():
        try:
            run(x[index])
        except LinAlgError:
            return f"matrix {index[0] if len(index) == 1 else index} of the stack of shape {shape}"
    return f"the matrix of shape {shape}"


_SINGULAR = "is singular: its columns are linearly dependent, so it has no inverse"


# -- inverses -------------------------------------------------------------------------------------------------


def _inverse_rule(g: Any, out: Any) -> Any:
    adjoint = transpose(out)
    return -(adjoint @ g @ adjoint)


@primitive(widens=True, cost=each_matrix("2·n³", lambda m, n: 2 * n**3), symbol="{0}⁻¹", x=_inverse_rule)
def inv(x: Any) -> Any:
    """Return the inverse of each square matrix. Backward: −x⁻ᵀ·g·x⁻ᵀ (Giles 2008, section 2.2.3).

    To solve equations, ``linalg.solve`` is quicker and more exact.

    Edges: a matrix that is singular in the computer's numbers is an error; one that nearly is has a large inverse.

    Raises:
        ValueError: the matrices are not square.
        numpy.linalg.LinAlgError: (a ``ValueError``) one of them is singular.

    >>> import glassgrad as gg
    >>> gg.linalg.inv(gg.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5 , 0.  ],
            [0.  , 0.25]])
    """
    square_of(x, "inv")
    return attempt(np.linalg.inv, as_float(x), "inv", _SINGULAR)


@primitive(widens=True, cost=each_matrix("2·n³", lambda m, n: 2 * n**3), symbol="{0}⁻¹", x=_inverse_rule)
def inverse_or_nan(x: Any) -> Any:
    """Return the inverse of each matrix as :func:`inv`, but NaN where there is none."""
    x = as_float(x)
    try:
        return np.linalg.inv(x)
    except LinAlgError:
        out = np.full_like(x, np.nan)
        for index in np.ndindex(x.shape[:-2]):
            try:
                out[index] = np.linalg.inv(x[index])
            except LinAlgError:
                continue
        return out


# -- determinants ---------------------------------------------------------------------------------------------


def per_matrix(g: Any) -> Any:
    """Return one number for each matrix, laid out to broadcast over the matrices."""
    return reshape(g, (*g.shape, 1, 1))


@primitive(
    widens=True,
    cost=each_matrix("⅔·n³", lambda m, n: 2 / 3 * n**3),
    symbol="det {0}",
    x=lambda g, x: per_matrix(g) * cofactors(x),
)
def det(x: Any) -> Any:
    """Return the determinant of each square matrix. Backward: g times the cofactors, det(x)·x⁻ᵀ.

    Edges: the determinant of a singular matrix is 0 and has a gradient, which is not 0 if only one column is too many;
    first and second derivatives are right there, third ones need a regular matrix. That of a 0 × 0 matrix is 1.

    Raises:
        ValueError: the matrices are not square.

    >>> import glassgrad as gg
    >>> gg.det(gg.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor(-2.)
    """
    square_of(x, "det")
    return np.linalg.det(as_float(x))


def _regular(x: Any) -> Any:
    """Return the inverses of all matrices, or None if one of them is close to having none."""
    try:
        inverse = np.linalg.inv(x)
    except LinAlgError:
        return None
    size = np.linalg.norm(x, axis=(-2, -1)) * np.linalg.norm(inverse, axis=(-2, -1))
    return inverse if np.all(size < 1 / np.sqrt(np.finfo(x.dtype).eps)) else None


def _products_without(values: Any, count: Any) -> Any:
    """Return, for every index (or pair of different indices), the product of all other values along the last axis."""
    n = values.shape[-1]
    left_out = np.eye(n, dtype=bool)
    if count == 2:
        left_out = left_out[:, None, :] | left_out[None, :, :]
        values = values[..., None, :]
    product: Any = np.prod(np.where(left_out, 1, values[..., None, :]), axis=-1)
    if count == 2:
        product[..., np.arange(n), np.arange(n)] = 0
    return product


@primitive(
    widens=True, cost=each_matrix("about 20·n³", lambda m, n: 20 * n**3), x=lambda g, x: cofactor_derivative(g, x)
)
def cofactors(x: Any) -> Any:
    """Return the derivative of the determinant: det(x)·x⁻ᵀ, or what takes its place where x has no inverse.

    There, with x = U·diag(s)·Vᵀ, it is det U · det V · U·diag(Π of the other s)·Vᵀ.
    """
    x = as_float(x)
    inverse = _regular(x)
    if inverse is not None:
        return np.linalg.det(x)[..., None, None] * np.swapaxes(inverse, -1, -2)
    u, s, vh = np.linalg.svd(x)
    turn = (np.linalg.det(u) * np.linalg.det(vh))[..., None, None]
    return turn * (u * _products_without(s, 1)[..., None, :]) @ vh


def _third(c: Any, g: Any, x: Any) -> Any:
    """Return the gradient of ⟨c, cofactor_derivative(g, x)⟩ by ``x``, with P = x⁻ᵀ."""
    p = transpose(inv(x))
    pcp, pgp = p @ transpose(c) @ p, p @ transpose(g) @ p
    a, b, q = (per_matrix(sum(u * v, (-2, -1))) for u, v in ((g, p), (c, p), (c, pgp)))
    crossed = pcp @ transpose(g) @ p + pgp @ transpose(c) @ p
    return per_matrix(det(x)) * (p * (a * b - q) - a * pcp - b * pgp + crossed)


@primitive(
    widens=True,
    cost=each_matrix("about 40·n³", lambda m, n: 40 * n**3),
    g_in=lambda g, x: cofactor_derivative(g, x),
    x=lambda g, g_in, x: _third(g, g_in, x),
)
def cofactor_derivative(g_in: Any, x: Any) -> Any:
    """Return the derivative of :func:`cofactors` in the direction ``g_in``: with P = x⁻ᵀ, det(x)·(⟨g, P⟩·P − P·gᵀ·P).

    Where x has no inverse it is computed from the singular values, so that second derivatives exist there.
    """
    x = as_float(x)
    direction = np.asarray(g_in, x.dtype)
    inverse = _regular(x)
    if inverse is not None:
        p = np.swapaxes(inverse, -1, -2)
        along = np.sum(direction * p, axis=(-2, -1), keepdims=True)
        return np.linalg.det(x)[..., None, None] * (along * p - p @ np.swapaxes(direction, -1, -2) @ p)
    u, s, vh = np.linalg.svd(x)
    turn = (np.linalg.det(u) * np.linalg.det(vh))[..., None, None]
    seen = np.swapaxes(u, -1, -2) @ direction @ np.swapaxes(vh, -1, -2)
    pairs = _products_without(s, 2)
    moved = -pairs * np.swapaxes(seen, -1, -2)
    n = x.shape[-1]
    diagonal = np.diagonal(seen, axis1=-2, axis2=-1)
    moved[..., np.arange(n), np.arange(n)] = (pairs @ diagonal[..., None])[..., 0]
    return turn * (u @ moved @ vh)


@primitive(
    widens=True,
    cost=each_matrix("⅔·n³", lambda m, n: 2 / 3 * n**3),
    outputs=("sign", "logabsdet"),
    symbol="slogdet {0}",
    logabsdet={"x": lambda g, x: per_matrix(g) * transpose(inverse_or_nan(x))},
)
def sign_and_log(x: Any) -> Any:
    """Return the sign of the determinant and the logarithm of its size."""
    square_of(x, "slogdet")
    return tuple(np.linalg.slogdet(as_float(x)))


class SignLog(NamedTuple):
    """A determinant as its sign and the logarithm of its size."""

    sign: Any
    logabsdet: Any


@composed
def slogdet(x: Any) -> Any:
    """Return the sign of each determinant and the logarithm of its absolute value, which does not overflow.

    Backward: g·x⁻ᵀ. The sign has the gradient 0.

    Edges: a singular matrix gives the sign 0 and the logarithm −inf; its gradient is NaN.

    Raises:
        ValueError: the matrices are not square.

    >>> import glassgrad as gg
    >>> gg.slogdet(gg.tensor([[1.0, 2.0], [3.0, 4.0]]))
    SignLog(sign=tensor(-1.), logabsdet=tensor(0.6931))
    """
    return SignLog(*sign_and_log(x))


@composed
def logdet(x: Any) -> Any:
    """Return the logarithm of the determinant of each square matrix.

    Edges: NaN where the determinant is negative, −inf where it is 0.

    Raises:
        ValueError: the matrices are not square.

    >>> import glassgrad as gg
    >>> gg.logdet(gg.tensor([[1.0, 2.0], [-3.0, 4.0]]))
    tensor(2.3026)
    """
    square_of(x, "logdet")
    sign, size = sign_and_log(x)
    return where(sign < 0, np.nan, size)


# -- equations ------------------------------------------------------------------------------------------------


def _solve_rule(g: Any, need: Any, x: Any, out: Any, B_shape: Any) -> Any:
    """With x·out = B: B̄ = x⁻ᵀ·g and x̄ = −B̄·outᵀ (Giles 2008, section 2.3.1)."""
    back = solve_matrices(transpose(x), g)
    return (sum_to(-(back @ transpose(out)), x.shape) if need[0] else None, sum_to(back, B_shape) if need[1] else None)


def _fitting(x: Any, b: Any, what: Any) -> Any:
    """Refuse equations x·y = b whose shapes do not fit; both are stacks of matrices."""
    square_of(x, what)
    if np.ndim(b) < 2 or np.shape(b)[-2] != np.shape(x)[-1]:
        raise ValueError(f"{what}: matrices of shape {np.shape(x)} and right sides of shape {np.shape(b)} do not fit")
    try:
        np.broadcast_shapes(np.shape(x)[:-2], np.shape(b)[:-2])
    except ValueError:
        raise ValueError(
            f"{what}: the leading dimensions of shapes {np.shape(x)} and {np.shape(b)} cannot be broadcast together"
        ) from None


def _cost_of_systems(shapes: dict[str, Any], out: Any, static: dict[str, Any]) -> float:
    n = first(shapes)[-1]
    return float(2 / 3 * n**3 * math.prod(first(shapes)[:-2]) + 2 * n * size(out))


@primitive(
    widens=True, cost=Cost("⅔·n³ + 2·n·|out|", _cost_of_systems), name="solve", inputs=("x", "B"), joint=_solve_rule,
    symbol="{0}⁻¹ {1}",
)  # fmt: skip
def solve_matrices(x: Any, B: Any) -> Any:
    """Return the solution of ``x @ out = B`` for matrices ``B``."""
    _fitting(x, B, "solve")
    x = as_float(x)
    try:
        return np.linalg.solve(x, as_float(B))
    except LinAlgError:
        raise LinAlgError(f"solve: {_where(np.linalg.inv, x)} {_SINGULAR}") from None


@composed
def solve(x: Any, B: Any, *, left: Any = True) -> Any:
    """Return the solution of ``x @ out = B``, or of ``out @ x = B`` if ``left`` is False.

    Args:
        x: square matrices, shape (..., n, n).
        B: vectors of shape (n,) or (..., n) with exactly the leading dimensions of ``x``, else matrices (..., n, k);
            leading dimensions broadcast.
        left: on which side of the unknown ``x`` stands.

    Raises:
        ValueError: the shapes do not fit.
        numpy.linalg.LinAlgError: (a ``ValueError``) a matrix is singular.

    >>> import glassgrad as gg
    >>> gg.linalg.solve(gg.tensor([[2.0, 0.0], [0.0, 4.0]]), gg.tensor([2.0, 2.0]))
    tensor([1. , 0.5])
    """
    B = operand(B)
    square_of(x, "solve")
    if len(B.shape) == 1 or (len(B.shape) == x.ndim - 1 and B.shape == x.shape[:-1]):
        if not left:
            raise ValueError(f"solve: with left=False the right side must be matrices, got shape {B.shape}")
        solution = solve_matrices(x, unsqueeze(B, -1))
        return reshape(solution, solution.shape[:-1])
    if left:
        return solve_matrices(x, B)
    if len(B.shape) < 2:
        raise ValueError(f"solve: the right side must have at least one dimension, got shape {B.shape}")
    return transpose(solve_matrices(transpose(x), transpose(B)))


def _triangle(x: Any, upper: Any, unitriangular: Any) -> Any:
    return triu(x, int(unitriangular)) if upper else tril(x, -int(unitriangular))


def _triangular_rule(g: Any, need: Any, x: Any, out: Any, B_shape: Any, upper: Any, unitriangular: Any) -> Any:
    back = triangular_matrices(transpose(x), g, not upper, unitriangular)
    return (
        sum_to(-_triangle(back @ transpose(out), upper, unitriangular), x.shape) if need[0] else None,
        sum_to(back, B_shape) if need[1] else None,
    )


@primitive(
    widens=True, cost=per_inner(), name="solve_triangular", inputs=("x", "B"),
    joint=_triangular_rule, symbol="{0}⁻¹ {1}",
)  # fmt: skip
def triangular_matrices(x: Any, B: Any, upper: Any, unitriangular: Any = False) -> Any:
    """Return the solution of ``x @ out = B`` for triangular ``x`` and matrices ``B``."""
    _fitting(x, B, "solve_triangular")
    x = as_float(x)
    side = np.arange(x.shape[-1])
    if unitriangular:
        x = np.triu(x, 1) if upper else np.tril(x, -1)
        x[..., side, side] = 1
    else:
        zero = np.argwhere(x[..., side, side] == 0)
        if zero.size:
            at = tuple(int(i) for i in zero[0])
            which = f"matrix {at[0] if len(at) == 2 else at[:-1]} of the stack" if len(at) > 1 else "the matrix"
            raise LinAlgError(f"solve_triangular: {which} of shape {x.shape} has 0 at place {at[-1]} of its diagonal")
        x = np.triu(x) if upper else np.tril(x)
    B = as_float(B)
    if upper:
        return np.linalg.solve(x, B)
    # Turned round, a lower triangle is an upper one, of which elimination has nothing to do or exchange.
    return np.linalg.solve(x[..., ::-1, ::-1], B[..., ::-1, :])[..., ::-1, :]


@composed
def solve_triangular(x: Any, B: Any, *, upper: Any, left: Any = True, unitriangular: Any = False) -> Any:
    """Return the solution of ``x @ out = B`` (or ``out @ x = B`` if ``left`` is False) for triangular matrices ``x``.

    Args:
        x: square matrices, shape (..., n, n), of which one triangle is read.
        B: matrices, shape (..., n, k); leading dimensions broadcast.
        upper: whether the upper triangle is read, or the lower.
        left: on which side of the unknown ``x`` stands.
        unitriangular: the diagonal is taken to be 1 and not read.

    Edges: 0 on the diagonal is an error; PyTorch gives infinities.

    Raises:
        ValueError: the shapes do not fit.
        numpy.linalg.LinAlgError: (a ``ValueError``) there is a 0 on a diagonal.

    >>> import glassgrad as gg
    >>> gg.linalg.solve_triangular(gg.tensor([[2.0, 9.0], [1.0, 1.0]]), gg.tensor([[2.0], [2.0]]), upper=False)
    tensor([[1.],
            [1.]])
    """
    B = operand(B)
    if left:
        return triangular_matrices(x, B, bool(upper), bool(unitriangular))
    square_of(x, "solve_triangular")
    if len(B.shape) < 2:
        raise ValueError(f"solve_triangular: the right side must be matrices, got shape {B.shape}")
    return transpose(triangular_matrices(transpose(x), transpose(B), not upper, bool(unitriangular)))


# PyTorch's other names.
inverse = inv
