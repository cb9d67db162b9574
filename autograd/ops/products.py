"""Products of vectors, matrices and tensors, beside ``matmul`` and ``einsum``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.cost import per_input
from ..core.dtypes import is_floating
from ..core.sums import total_of_products
from ..engine.compose import composed
from ..engine.declare import primitive
from .axes import axis_of
from .comparison import where
from .einsum import einsum_of, operand, tensordot
from .indexing import getitem
from .joining import stack
from .matmul import matmul
from .reduction import sum
from .shaping import broadcast_to, reshape, sum_to, transpose, unsqueeze

__all__ = [
    "addbmm", "addmm", "addmv", "addr", "baddbmm", "block_diag", "bmm", "cartesian_prod", "cross", "dot", "ger",
    "inner", "kron", "mm", "mv", "outer", "vdot",
]  # fmt: skip


def _ranks(what: Any, x: Any, y: Any, ranks: Any, words: Any) -> Any:
    if (len(x.shape), len(y.shape)) != ranks:
        raise ValueError(f"{what}: expected {words}, got shapes {x.shape} and {y.shape}")


def _product(what: Any, x: Any, y: Any) -> Any:
    """Return ``x @ y``; what does not fit is said in the name of the operation."""
    try:
        return matmul(x, y)
    except ValueError as error:
        raise ValueError(str(error).replace("matmul", what, 1)) from None


# -- products of fixed rank -----------------------------------------------------------------------------------


@composed
def dot(x: Any, y: Any) -> Any:
    """Return the sum of the products of two vectors.

    Raises:
        ValueError: an operand is not a vector, or their sizes differ.

    >>> import glassgrad as gg
    >>> gg.dot(gg.tensor([1.0, 2.0]), gg.tensor([3.0, 4.0]))
    tensor(11.)
    """
    y = operand(y)
    _ranks("dot", x, y, (1, 1), "two vectors; matmul takes stacks of matrices")
    if x.shape != y.shape:
        raise ValueError(f"dot: the vectors have {x.shape[0]} and {y.shape[0]} elements; these numbers must be equal")
    return matmul(x, y)


@composed
def mv(x: Any, vec: Any) -> Any:
    """Return the product of a matrix and a vector.

    Raises:
        ValueError: the ranks or the sizes do not fit.

    >>> import glassgrad as gg
    >>> gg.mv(gg.tensor([[1.0, 2.0], [3.0, 4.0]]), gg.tensor([1.0, 1.0]))
    tensor([3., 7.])
    """
    vec = operand(vec)
    _ranks("mv", x, vec, (2, 1), "a matrix and a vector")
    return _product("mv", x, vec)


@composed
def mm(x: Any, mat2: Any) -> Any:
    """Return the product of two matrices, without broadcasting.

    Raises:
        ValueError: the ranks or the sizes do not fit.

    >>> import glassgrad as gg
    >>> gg.mm(gg.tensor([[1.0, 2.0]]), gg.tensor([[3.0], [4.0]]))
    tensor([[11.]])
    """
    mat2 = operand(mat2)
    _ranks("mm", x, mat2, (2, 2), "two matrices; matmul takes vectors and stacks")
    return _product("mm", x, mat2)


@composed
def bmm(x: Any, mat2: Any) -> Any:
    """Return the products of two stacks of matrices of shapes (b, n, m) and (b, m, p), without broadcasting.

    Raises:
        ValueError: the ranks or the sizes do not fit.

    >>> import glassgrad as gg
    >>> gg.bmm(gg.ones(5, 2, 3), gg.ones(5, 3, 4)).shape
    (5, 2, 4)
    """
    mat2 = operand(mat2)
    _ranks("bmm", x, mat2, (3, 3), "two stacks of matrices, of three dimensions")
    if x.shape[0] != mat2.shape[0]:
        raise ValueError(f"bmm: the stacks {x.shape} and {mat2.shape} hold different numbers of matrices")
    return _product("bmm", x, mat2)


@composed
def outer(x: Any, vec2: Any) -> Any:
    """Return the matrix of all products of an element of ``x`` with one of ``vec2``.

    Raises:
        ValueError: an operand is not a vector.

    >>> import glassgrad as gg
    >>> gg.outer(gg.tensor([1.0, 2.0]), gg.tensor([3.0, 4.0]))
    tensor([[3., 4.],
            [6., 8.]])
    """
    vec2 = operand(vec2)
    _ranks("outer", x, vec2, (1, 1), "two vectors; flatten others first")
    return unsqueeze(x, 1) * vec2


@composed
def inner(x: Any, other: Any) -> Any:
    """Return the products of two tensors summed over the last axis of each; a single number scales.

    Raises:
        ValueError: the last sizes differ.

    >>> import glassgrad as gg
    >>> gg.inner(gg.tensor([[1.0, 2.0], [3.0, 4.0]]), gg.tensor([1.0, 1.0]))
    tensor([3., 7.])
    """
    other = operand(other)
    if not x.ndim or not other.ndim:
        return x * other
    if x.shape[-1] != other.shape[-1]:
        raise ValueError(f"inner: the last sizes of shapes {x.shape} and {other.shape} must be equal")
    if other.ndim == 1:
        return matmul(x, other)
    return matmul(x, transpose(other)) if other.ndim == 2 else tensordot(x, other, ([-1], [-1]))


@primitive(
    name="vecdot", kind="multilinear", widens=True, cost=per_input(2), symbol="{0} · {1}",
    x=lambda g, y, x_shape, dim: sum_to(unsqueeze(g, dim) * y, x_shape),
    y=lambda g, x, y_shape, dim: sum_to(unsqueeze(g, dim) * x, y_shape),
)  # fmt: skip
def dot_along(x: Any, y: Any, dim: Any) -> Any:
    """Return the dot products along ``dim``, which both operands have: a negative number, as axes may be missing."""
    if np.shape(x) == np.shape(y):
        first, second = (np.moveaxis(np.asarray(v), dim, -1) for v in (x, y))
        return total_of_products(first, second, (first.ndim - 1,))
    return np.vecdot(x, y, axis=dim)  # type: ignore[call-overload]  # its stub lacks the axis


@composed
def vecdot(x: Any, y: Any, dim: Any = -1) -> Any:
    """Return the dot products of the vectors that lie along ``dim`` in ``x`` and ``y``; the other axes broadcast.

    Raises:
        ValueError: the shapes do not fit.

    >>> import glassgrad as gg
    >>> gg.linalg.vecdot(gg.tensor([[1.0, 2.0], [3.0, 4.0]]), gg.tensor([1.0, 1.0]))
    tensor([3., 7.])
    """
    y = operand(y)
    ndim = max(x.ndim, y.ndim)
    if not x.ndim or not y.ndim:
        raise ValueError(f"vecdot: shapes {x.shape} and {y.shape}: both operands need at least one dimension")
    axis = axis_of(dim, ndim, "vecdot") - ndim
    try:
        if -axis > min(x.ndim, y.ndim) or x.shape[axis] != y.shape[axis]:
            return sum(x * y, axis)
        return dot_along(x, y, axis)
    except ValueError:
        raise ValueError(f"vecdot: shapes {x.shape} and {y.shape} cannot be broadcast together") from None


def _repeats_to(shape: Any, wanted: Any) -> bool:
    """Return whether broadcasting ``shape`` can give ``wanted``."""
    return len(shape) <= len(wanted) and all(
        n in (1, m) for n, m in zip(reversed(shape), reversed(wanted), strict=False)
    )


# -- a product added to something -----------------------------------------------------------------------------


def _added(what: Any, input: Any, product: Any, beta: Any, alpha: Any) -> Any:
    """Return beta·input + alpha·product; with beta = 0 what is in ``input``, NaN or not, plays no part."""
    if not is_floating(product.dtype) and (isinstance(beta, float) or isinstance(alpha, float)):
        raise TypeError(f"{what}: integers can only be scaled by integers, not by beta = {beta} and alpha = {alpha}")
    if input.shape != product.shape and not _repeats_to(input.shape, product.shape):
        raise ValueError(f"{what}: an input of shape {input.shape} does not broadcast to the product's {product.shape}")
    if alpha != 1:
        product = product * alpha
    if beta == 0:
        return where(np.zeros((), np.bool_), input, product)
    return (input if beta == 1 else input * beta) + product


@composed(widens=True)
def addmm(input: Any, mat1: Any, mat2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """Return ``beta · input + alpha · (mat1 @ mat2)``; ``input`` is broadcast.

    Edges: with ``beta = 0`` NaNs in ``input`` do not appear in the result, and its gradient is 0.

    Raises:
        ValueError: the shapes do not fit.

    >>> import glassgrad as gg
    >>> gg.addmm(gg.tensor([1.0]), gg.tensor([[1.0, 2.0]]), gg.tensor([[3.0], [4.0]]))
    tensor([[12.]])
    """
    mat1, mat2 = operand(mat1), operand(mat2)
    _ranks("addmm", mat1, mat2, (2, 2), "two matrices")
    return _added("addmm", input, _product("addmm", mat1, mat2), beta, alpha)


@composed(widens=True)
def addmv(input: Any, mat: Any, vec: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """Return ``beta · input + alpha · (mat @ vec)``; ``input`` is broadcast. See :func:`addmm`.

    >>> import glassgrad as gg
    >>> gg.addmv(gg.tensor([1.0]), gg.tensor([[1.0, 2.0]]), gg.tensor([3.0, 4.0]))
    tensor([12.])
    """
    mat, vec = operand(mat), operand(vec)
    _ranks("addmv", mat, vec, (2, 1), "a matrix and a vector")
    return _added("addmv", input, _product("addmv", mat, vec), beta, alpha)


@composed(widens=True)
def addr(input: Any, vec1: Any, vec2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """Return ``beta · input + alpha · outer(vec1, vec2)``; ``input`` is broadcast. See :func:`addmm`.

    >>> import glassgrad as gg
    >>> gg.addr(gg.tensor([1.0]), gg.tensor([1.0, 2.0]), gg.tensor([3.0]))
    tensor([[4.],
            [7.]])
    """
    vec1, vec2 = operand(vec1), operand(vec2)
    _ranks("addr", vec1, vec2, (1, 1), "two vectors")
    return _added("addr", input, unsqueeze(vec1, 1) * vec2, beta, alpha)


@composed(widens=True)
def baddbmm(input: Any, batch1: Any, batch2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """Return ``beta · input + alpha · bmm(batch1, batch2)``; ``input`` is broadcast. See :func:`addmm`.

    >>> import glassgrad as gg
    >>> gg.baddbmm(gg.zeros(1), gg.ones(5, 2, 3), gg.ones(5, 3, 4)).shape
    (5, 2, 4)
    """
    return _added("baddbmm", input, bmm(batch1, batch2), beta, alpha)


@composed(widens=True)
def addbmm(input: Any, batch1: Any, batch2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """Return ``beta · input + alpha · Σ bmm(batch1, batch2)``, summed over the stack. See :func:`addmm`.

    >>> import glassgrad as gg
    >>> gg.addbmm(gg.zeros(1), gg.ones(5, 2, 3), gg.ones(5, 3, 4)).shape
    (2, 4)
    """
    batch1, batch2 = operand(batch1), operand(batch2)
    _ranks("addbmm", batch1, batch2, (3, 3), "two stacks of matrices, of three dimensions")
    if batch1.shape[0] != batch2.shape[0]:
        raise ValueError(f"addbmm: the stacks {batch1.shape} and {batch2.shape} hold different numbers of matrices")
    return _added("addbmm", input, einsum_of([batch1, batch2], "bij,bjk->ik"), beta, alpha)


# -- products of other shapes ---------------------------------------------------------------------------------


@primitive(
    kind="multilinear", cost=3, symbol="{0} × {1}",
    x=lambda g, y, x_shape, dim: sum_to(cross_along(y, g, dim), x_shape),
    y=lambda g, x, y_shape, dim: sum_to(cross_along(g, x, dim), y_shape),
)  # fmt: skip
def cross_along(x: Any, y: Any, dim: Any = -1) -> Any:
    """Return the cross products of the vectors of three elements along ``dim``; the other axes broadcast."""
    if np.ndim(x) != np.ndim(y):
        raise ValueError(f"cross: shapes {np.shape(x)} and {np.shape(y)} must have the same number of dimensions")
    axis = axis_of(dim, np.ndim(x), "cross")
    x, y = np.moveaxis(x, axis, 0), np.moveaxis(y, axis, 0)
    if x.shape[0] != 3 or y.shape[0] != 3:
        raise ValueError(f"cross: vectors must have 3 elements, not {x.shape[0]} and {y.shape[0]} along dim {dim}")
    try:
        shape = np.broadcast_shapes(x.shape, y.shape)
    except ValueError:
        raise ValueError(f"cross: shapes {np.shape(x)} and {np.shape(y)} cannot be broadcast together") from None
    out = np.empty(shape, np.result_type(x, y))
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        np.subtract(x[j] * y[k], x[k] * y[j], out=out[i, ...])
    return np.moveaxis(out, 0, axis)


@composed
def cross(x: Any, other: Any, dim: Any = None) -> Any:
    """Return the cross products of the vectors of three elements along ``dim``, by default the first axis of size 3.

    Raises:
        ValueError: there are not 3 elements, or the shapes do not fit.

    >>> import glassgrad as gg
    >>> gg.cross(gg.tensor([1.0, 0.0, 0.0]), gg.tensor([0.0, 1.0, 0.0]))
    tensor([0., 0., 1.])
    """
    other = operand(other)
    if dim is None:
        if 3 not in x.shape:
            raise ValueError(f"cross: no dimension of shape {x.shape} has size 3")
        dim = x.shape.index(3)
    return cross_along(x, other, dim)


@composed
def vector_cross(x: Any, other: Any, *, dim: Any = -1) -> Any:
    """Return the cross products of the vectors of three elements along ``dim``; the other axes broadcast.

    Raises:
        ValueError: there are not 3 elements, or the shapes do not fit.

    >>> import glassgrad as gg
    >>> gg.linalg.cross(gg.tensor([1.0, 0.0, 0.0]), gg.tensor([0.0, 1.0, 0.0]))
    tensor([0., 0., 1.])
    """
    return cross_along(x, operand(other), dim)


@composed
def kron(x: Any, other: Any) -> Any:
    """Return Kronecker's product: every element of ``x`` times the whole of ``other``, side by side.

    >>> import glassgrad as gg
    >>> gg.kron(gg.tensor([1, 10]), gg.tensor([1, 2]))
    tensor([ 1,  2, 10, 20])
    """
    other = operand(other)
    ndim = max(x.ndim, other.ndim)
    first = (1,) * (ndim - x.ndim) + tuple(x.shape)
    second = (1,) * (ndim - other.ndim) + tuple(other.shape)
    rows = reshape(x, tuple(n for size in first for n in (size, 1)))
    columns = reshape(other, tuple(n for size in second for n in (1, size)))
    return reshape(rows * columns, tuple(a * b for a, b in zip(first, second, strict=True)))


def _blocks(shapes: Any) -> Any:
    """Return, for each matrix on the diagonal, where it stands."""
    row = column = 0
    for height, width in shapes:
        yield slice(row, row + height), slice(column, column + width)
        row, column = row + height, column + width


@primitive(
    kind="linear", cost=0, list_input=True, symbol="blocks",
    tensors=lambda g, need, tensors_shape: [
        getitem(g, where) if wanted else None for where, wanted in zip(_blocks(tensors_shape), need, strict=True)
    ],
)  # fmt: skip
def blocks(tensors: Any) -> Any:
    """Return the matrix with the given matrices along its diagonal, zeros elsewhere."""
    shapes = [np.shape(t) for t in tensors]
    size = np.sum(shapes, axis=0)
    out = np.zeros(tuple(int(n) for n in size), np.result_type(*tensors))
    for position, t in zip(_blocks(shapes), tensors, strict=True):
        out[position] = t
    return out


def block_diag(*tensors: Any) -> Any:
    """Return the matrix with the given matrices along its diagonal; a vector is a row, a number one element.

    Edges: without any matrix the result has shape (1, 0), as in PyTorch.

    Raises:
        ValueError: a tensor has more than two dimensions.

    >>> import glassgrad as gg
    >>> gg.block_diag(gg.tensor([[1, 2]]), gg.tensor([3]))
    tensor([[1, 2, 0],
            [0, 0, 3]])
    """
    given = [operand(t) for t in tensors] or [operand(np.zeros((1, 0)))]
    for i, t in enumerate(given):
        if len(t.shape) > 2:
            raise ValueError(f"block_diag: tensor {i} has shape {t.shape}; expected at most a matrix")
    return blocks([t if len(t.shape) == 2 else reshape(t, (1, math.prod(t.shape))) for t in given])


def cartesian_prod(*tensors: Any) -> Any:
    """Return all combinations of one element from each vector, one in a row; of a single vector, the vector.

    Raises:
        ValueError: a tensor is not a vector.

    >>> import glassgrad as gg
    >>> gg.cartesian_prod(gg.tensor([1, 2]), gg.tensor([3, 4]))
    tensor([[1, 3],
            [1, 4],
            [2, 3],
            [2, 4]])
    """
    given = [operand(t) for t in tensors]
    for i, t in enumerate(given):
        if len(t.shape) != 1:
            raise ValueError(f"cartesian_prod: tensor {i} has shape {t.shape}; expected a vector")
    if len(given) == 1:
        return given[0]
    shape = tuple(t.shape[0] for t in given)
    columns = []
    for i, t in enumerate(given):
        column = reshape(t, tuple(n if j == i else 1 for j, n in enumerate(shape)))
        columns.append(reshape(broadcast_to(column, shape), (math.prod(shape),)))
    return stack(columns, 1)


# PyTorch's other names.
ger = outer
vdot = dot
