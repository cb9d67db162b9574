"""Exponentials and powers of matrices, and tensors as matrices of linear maps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.cost import each_matrix
from ..engine.compose import composed
from ..engine.declare import primitive
from .axes import as_shape, axis_of
from .comparison import where
from .einsum import operand
from .indexing import getitem
from .joining import concatenate
from .scan import cumprod
from .shaping import broadcast_to, permute, reshape, transpose, unsqueeze
from .solving import (
    as_float,
    inv,
    solve_matrices,
    square_of,
)  # fmt: skip

__all__ = ["matrix_exp", "vander"]


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
            f"{math.prod(last)}; they must have the same number"
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


@primitive(widens=True, cost=each_matrix("about 30·n³", lambda m, n: 30 * n**3), symbol="exp {0}", x=_exp_rule)
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
        N: the number of columns, by default that of the rows.

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
        N: the number of columns, by default that of the rows.

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
