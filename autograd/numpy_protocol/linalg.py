"""NumPy's linear algebra, with NumPy's signatures on our operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..ops import (
    arithmetic,
    chains,
    comparison,
    diagonals,
    factorization,
    matmul,
    matrix_functions,
    norms,
    products,
    pseudoinverse,
    reduction,
    shaping,
    solving,
    spectral,
    vector_norms,
)  # fmt: skip
from ..ops import (
    einsum as summation,
)
from ..ops.axes import axis_of
from ..ops.shaping import floats
from ..ops.solving import matrices_of
from .arguments import adapter_for, axes, flat, listed, numbers, operand, refuse

__all__: list[str] = []

_Function = Callable[..., Any]


# -- products ---------------------------------------------------------------------------------------------------------


@adapter_for(matmul.matmul)
def dot(a: Any, b: Any, out: Any = None) -> Any:
    refuse(out=out)
    a, b = operand(a), operand(b)
    if a.ndim == 0 or b.ndim == 0:
        return arithmetic.multiply(a, b)
    if b.ndim <= 2:
        return matmul.matmul(a, b)
    _as_many(a.shape[-1:], b.shape[-2:-1])
    return summation.tensordot(a, b, ([a.ndim - 1], [b.ndim - 2]))


@adapter_for(products.dot)
def vdot(a: Any, b: Any, /) -> Any:
    return products.dot(flat(a), flat(b))


@adapter_for(products.inner)
def inner(a: Any, b: Any, /) -> Any:
    return products.inner(operand(a), operand(b))


@adapter_for(products.outer)
def outer(a: Any, b: Any, out: Any = None) -> Any:
    refuse(out=out)
    return products.outer(flat(a), flat(b))


@adapter_for(products.outer)
def outer_of_vectors(x1: Any, x2: Any, /) -> Any:
    if np.ndim(x1) != 1 or np.ndim(x2) != 1:
        raise ValueError(f"outer: two vectors are needed, not shapes {np.shape(x1)} and {np.shape(x2)}")
    return products.outer(operand(x1), operand(x2))


@adapter_for(summation.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    a, b = operand(a), operand(b)
    pairs = (range(a.ndim - axes, a.ndim), range(axes)) if isinstance(axes, int | np.integer) else axes
    left, right = (np.atleast_1d(np.asarray(p, np.int64)).tolist() for p in pairs)
    _as_many([a.shape[i] for i in left], [b.shape[i] for i in right])
    return summation.tensordot(a, b, (left, right))


def _as_many(left: Any, right: Any) -> None:
    """Refuse sums over axes of different size; PyTorch would repeat one of size 1."""
    if tuple(left) != tuple(right):
        raise ValueError(f"tensordot: axes of sizes {tuple(left)} and {tuple(right)} are to be summed together")


@adapter_for(summation.tensordot)
def tensordot_of(x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
    return tensordot(x1, x2, axes)


@adapter_for(matmul.matmul)
def matmul_of(x1: Any, x2: Any, /) -> Any:
    return matmul.matmul(operand(x1), operand(x2))


@adapter_for(matmul.matmul)
def matvec(x1: Any, x2: Any, /) -> Any:
    x1, x2 = operand(x1), operand(x2)
    matrices_of(x1, "matvec")
    return shaping.squeeze(matmul.matmul(x1, shaping.unsqueeze(x2, -1)), -1)


@adapter_for(matmul.matmul)
def vecmat(x1: Any, x2: Any, /) -> Any:
    x1, x2 = operand(x1), operand(x2)
    matrices_of(x2, "vecmat")
    return shaping.squeeze(matmul.matmul(shaping.unsqueeze(x1, -2), x2), -2)


@adapter_for(products.vecdot)
def vecdot_of(x1: Any, x2: Any, /, *, axis: Any = -1) -> Any:
    x1, x2 = operand(x1), operand(x2)
    # NumPy counts the axis in each array by itself, and broadcasts the others.
    x1, x2 = (shaping.movedim(x, axis_of(axis, x.ndim, "vecdot"), -1) for x in (x1, x2))
    if x1.shape[-1] != x2.shape[-1]:
        raise ValueError(f"vecdot: vectors of {x1.shape[-1]} and {x2.shape[-1]} elements along axis {axis}")
    return products.vecdot(x1, x2)


@adapter_for(summation.einsum)
def einsum(*operands: Any, out: Any = None, optimize: Any = False) -> Any:
    refuse(out=out)
    return summation.einsum(*operands)


@adapter_for(products.kron)
def kron(a: Any, b: Any) -> Any:
    return products.kron(operand(a), operand(b))


@adapter_for(products.cross)
def cross(a: Any, b: Any, axisa: Any = -1, axisb: Any = -1, axisc: Any = -1, axis: Any = None) -> Any:
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = operand(a), operand(b)
    a = shaping.movedim(a, axis_of(axisa, a.ndim, "cross"), -1)
    b = shaping.movedim(b, axis_of(axisb, b.ndim, "cross"), -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise TypeError(f"takes vectors of 3 elements only, not of {a.shape[-1]} and {b.shape[-1]}")
    rank = max(a.ndim, b.ndim)
    a, b = (shaping.reshape(x, (1,) * (rank - x.ndim) + tuple(x.shape)) for x in (a, b))
    return shaping.movedim(products.vector_cross(a, b), -1, axisc)


@adapter_for(products.cross)
def cross_of(x1: Any, x2: Any, /, *, axis: Any = -1) -> Any:
    return cross(x1, x2, axis=axis)


@adapter_for(chains.matrix_power)
def matrix_power(a: Any, n: Any) -> Any:
    return chains.matrix_power(a, n)


@adapter_for(chains.multi_dot)
def multi_dot(arrays: Any, *, out: Any = None) -> Any:
    refuse(out=out)
    return chains.multi_dot([operand(a) for a in arrays])


# -- equations and inverses -------------------------------------------------------------------------------------------


@adapter_for(solving.inv)
def inv(a: Any) -> Any:
    return solving.inv(a)


@adapter_for(solving.solve)
def solve(a: Any, b: Any) -> Any:
    a, b = operand(a), operand(b)
    # For NumPy only what has one axis is a vector; for us also stacks of vectors, if they fit.
    if b.ndim == 1:
        return shaping.squeeze(solving.solve_matrices(a, shaping.unsqueeze(b, -1)), -1)
    return solving.solve_matrices(a, b)


@adapter_for(pseudoinverse.lstsq)
def lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    a, b = operand(a), operand(b)
    if a.ndim != 2 or b.ndim not in (1, 2):
        raise ValueError(f"lstsq: a matrix, and a vector or a matrix, are needed, not shapes {a.shape} and {b.shape}")
    return pseudoinverse.lstsq(a, b, rcond, driver="gelsd")


@adapter_for(pseudoinverse.pinv)
def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = 1e-15) -> Any:
    # An rtol of None is the rounding error times the larger size, which is what ours takes it for.
    return pseudoinverse.pinv(a, rtol=rtol if rcond is None else rcond, hermitian=hermitian)


@adapter_for(pseudoinverse.matrix_rank)
def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    if tol is not None and rtol is not None:
        raise ValueError("`tol` and `rtol` can't be both set.")
    return pseudoinverse.matrix_rank(A, hermitian=hermitian, atol=tol, rtol=rtol if tol is None else 0.0)


@adapter_for(pseudoinverse.cond)
def cond(x: Any, p: Any = None) -> Any:
    found = pseudoinverse.cond(x, p)
    lost = np.isnan(numbers(found)) & ~np.isnan(numbers(x)).any((-2, -1))
    return comparison.where(lost, np.inf, found) if lost.any() else found


@adapter_for(matrix_functions.tensorinv)
def tensorinv(a: Any, ind: Any = 2) -> Any:
    return matrix_functions.tensorinv(a, ind)


@adapter_for(matrix_functions.tensorsolve)
def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    return matrix_functions.tensorsolve(operand(a), operand(b), axes)


@adapter_for(matrix_functions.vander)
def vander(x: Any, N: Any = None, increasing: bool = False) -> Any:
    return matrix_functions.vander(x, N, increasing)


# -- factors ----------------------------------------------------------------------------------------------------------


@adapter_for(solving.det)
def det(a: Any) -> Any:
    return solving.det(a)


@adapter_for(solving.slogdet)
def slogdet(a: Any) -> Any:
    return solving.slogdet(a)


@adapter_for(factorization.cholesky)
def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    return factorization.cholesky(a, upper=upper)


@adapter_for(factorization.qr)
def qr(a: Any, mode: str = "reduced") -> Any:
    if mode not in ("reduced", "complete", "r"):
        raise TypeError(f"takes no mode {mode!r}, only 'reduced', 'complete' and 'r'")
    factors = factorization.qr(a, "reduced" if mode == "r" else mode)
    return factors.R if mode == "r" else factors


@adapter_for(spectral.svd)
def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    return spectral.svd(a, full_matrices) if compute_uv else spectral.svdvals(a)


@adapter_for(spectral.svdvals)
def svdvals(x: Any, /) -> Any:
    return spectral.svdvals(x)


@adapter_for(spectral.eigh)
def eigh(a: Any, UPLO: str = "L") -> Any:
    return spectral.eigh(a, UPLO)


@adapter_for(spectral.eigvalsh)
def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    return spectral.eigvalsh(a, UPLO)


# -- norms and diagonals ----------------------------------------------------------------------------------------------


@adapter_for(norms.vector_or_matrix_norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    return norms.vector_or_matrix_norm(floats(x), ord, axis, keepdims)


@adapter_for(norms.matrix_norm)
def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    return norms.matrix_norm(floats(x), ord, (-2, -1), keepdims)


@adapter_for(vector_norms.vector_norm)
def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    x, axis, keepdims = axes(x, axis, keepdims)
    return vector_norms.vector_norm(floats(x), ord, axis, keepdims)


@adapter_for(diagonals.diagonal)
def diagonal_of(x: Any, /, *, offset: Any = 0) -> Any:
    return diagonals.diagonal(x, offset, -2, -1)


@adapter_for(diagonals.trace)
def trace_of(x: Any, /, *, offset: Any = 0, dtype: Any = None) -> Any:
    return reduction.sum(diagonals.diagonal(x, offset, -2, -1), -1, **listed(dtype))
