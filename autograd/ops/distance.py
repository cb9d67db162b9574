"""Distances and angles between vectors. The subgradient of a distance is 0 where the two are equal."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.cost import per_inner
from ..core.sums import matrix_product, total, total_of_products
from ..engine.compose import composed
from ..engine.declare import primitive
from .axes import axis_of
from .comparison import where
from .elementwise import absolute, maximum
from .indexing import getitem
from .reduction import mean, sum
from .shaping import broadcast_to, reshape, sum_to, transpose, unsqueeze, wide
from .vector_norms import vector_norm

__all__ = ["cdist", "cosine_similarity", "pairwise_distance", "pdist"]


def _quotient(g: Any, out: Any) -> Any:
    """Return ``g / out``, and 0 where ``out`` is 0."""
    return where(out == 0, 0, g / where(out == 0, 1, out))


@composed(widens=True)
def pairwise_distance(x1: Any, x2: Any, p: Any = 2.0, eps: Any = 1e-6, keepdim: Any = False) -> Any:
    """Return the p-norm of ``x1 − x2 + eps`` along the last dimension; the two broadcast.

    Args:
        x1, x2: shape (..., D).
        p: which norm.
        eps: added to each difference, so that the gradient is defined at equal points, too.
        keepdim: whether the last dimension stays, with size 1.

    >>> import glassgrad as gg
    >>> gg.pairwise_distance(gg.tensor([[0.0, 0.0]]), gg.tensor([[3.0, 4.0]]), eps=0)
    tensor([5.])
    """
    _check_broadcast(x1, x2, "pairwise_distance")
    x1, x2 = wide(x1), wide(x2)
    return vector_norm(x1 - x2 + eps if eps else x1 - x2, float(p), -1, keepdim)


@composed(widens=True)
def cosine_similarity(x1: Any, x2: Any, dim: Any = 1, eps: Any = 1e-8) -> Any:
    """Return the cosine of the angle between ``x1`` and ``x2`` along ``dim``: x1·x2 / (max(‖x1‖, eps)·max(‖x2‖, eps)).

    Edges: a zero vector has similarity 0 to everything, and its length passes no gradient on.

    Raises:
        ValueError: the shapes cannot be broadcast together.

    >>> import glassgrad as gg
    >>> gg.cosine_similarity(gg.tensor([[1.0, 0.0]]), gg.tensor([[1.0, 1.0]]))
    tensor([0.7071])
    """
    shape = _check_broadcast(x1, x2, "cosine_similarity")
    x1, x2 = wide(x1), wide(x2)
    axis = axis_of(dim, len(shape), "cosine_similarity")
    if not shape:
        return x1 / maximum(absolute(x1), eps) * (x2 / maximum(absolute(x2), eps))

    def along(x: Any) -> Any:
        # Counted from the back, and repeated where one vector stands for all, so that both are measured alike.
        place = axis - len(shape)
        if -place > len(x.shape) or x.shape[place] != shape[axis]:
            x = reshape(x, (1,) * (len(shape) - len(x.shape)) + tuple(x.shape))
            return broadcast_to(x, tuple(shape[i] if i == axis else n for i, n in enumerate(x.shape)))
        return x

    x1, x2 = along(x1), along(x2)
    lengths = [maximum(vector_norm(x, 2.0, axis - len(shape), True), eps) for x in (x1, x2)]
    cosine = sum(x1 * x2, axis, True) / lengths[0] / lengths[1]
    return reshape(cosine, shape[:axis] + shape[axis + 1 :])


def _check_broadcast(x1: Any, x2: Any, what: Any) -> Any:
    try:
        return np.broadcast_shapes(x1.shape, np.shape(x2) if not hasattr(x2, "shape") else x2.shape)
    except ValueError:
        raise ValueError(
            f"{what}: x1 of shape {x1.shape} and x2 of shape {x2.shape} cannot be broadcast together; compared from "
            "the right, sizes must be equal or one of them 1"
        ) from None


_DIRECT = 16  # sizes of vectors up to which subtracting is as quick as multiplying matrices
_BLOCK = 1 << 18  # how many differences are held at a time


def _direct(a: Any, b: Any) -> Any:
    """Return the distances of all pairs from their differences, a block of rows at a time."""
    shape = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    out = np.empty((*shape, a.shape[-2], b.shape[-2]), a.dtype)
    step = max(1, _BLOCK // max(math.prod(shape) * b.shape[-2] * a.shape[-1], 1))
    for start in range(0, a.shape[-2], step):
        difference = a[..., start : start + step, None, :] - b[..., None, :, :]
        squares = total_of_products(difference, difference, (difference.ndim - 1,))
        np.sqrt(squares, out=out[..., start : start + step, :])
    return out


def _euclidean_rule(g: Any, x: Any, other: Any, out: Any) -> Any:
    """Return Σ_j g_ij·(x_i − y_j)/d_ij as a product of matrices, from a centre that keeps the numbers small."""
    if not math.prod(out.shape):
        return 0 * x
    weights = _quotient(g, out)
    centre = mean(other, -2, True)
    total = (x - centre) * sum(weights, -1, True) - weights @ (other - centre)
    return sum_to(total, x.shape)


@primitive(
    widens=True,
    cost=per_inner(3),
    symbol="distances {0} {1}",
    x1=lambda g, x1, x2, out: _euclidean_rule(g, x1, x2, out),
    x2=lambda g, x1, x2, out: _euclidean_rule(transpose(g), x2, x1, transpose(out)),
)
def euclidean_distances(x1: Any, x2: Any) -> Any:
    """Return the Euclidean distance between every row of ``x1`` and every row of ``x2``.

    Long vectors go through a product of matrices, ‖a‖² + ‖b‖² − 2·a·b about a common centre; pairs that are so close
    that this would lose digits are computed again from their difference.
    """
    a, b = (np.asarray(x) if np.asarray(x).dtype.kind == "f" else np.asarray(x, np.float64) for x in (x1, x2))
    if a.shape[-1] <= _DIRECT or not a.size or not b.size:
        return _direct(a, b)
    centre = total(b, (b.ndim - 2,), True) / b.dtype.type(b.shape[-2])
    a, b = a - centre, b - centre
    lengths = [total_of_products(x, x, (x.ndim - 1,)) for x in (a, b)]
    sizes = lengths[0][..., :, None] + lengths[1][..., None, :]
    squares = sizes - 2 * matrix_product(a, np.swapaxes(b, -1, -2))
    close = np.nonzero(~(squares > 0.1 * sizes))
    if close[0].size:
        left, right = (
            np.broadcast_to(a, (*squares.shape[:-2], *a.shape[-2:])),
            np.broadcast_to(b, (*squares.shape[:-2], *b.shape[-2:])),
        )
        step = max(1, _BLOCK // a.shape[-1])
        for start in range(0, close[0].size, step):
            part = tuple(c[start : start + step] for c in close)
            difference = left[(*part[:-2], part[-2])] - right[(*part[:-2], part[-1])]
            squares[part] = total_of_products(difference, difference, (difference.ndim - 1,))
    return np.sqrt(squares, out=squares)


_MODES = ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist")


@composed(widens=True)
def cdist(x1: Any, x2: Any, p: Any = 2.0, compute_mode: Any = _MODES[0]) -> Any:
    """Return the p-norm distance between every vector of ``x1`` and every vector of ``x2``.

    Args:
        x1: shape (..., P, D).
        x2: shape (..., R, D); the leading dimensions broadcast.
        p: which norm, not negative.
        compute_mode: PyTorch's names are accepted; the result is the accurate one in each of them.

    Returns:
        Shape (..., P, R).

    Edges: the gradient of the distance between equal points is 0.

    Raises:
        ValueError: the shapes do not fit, or ``p`` is negative.

    >>> import glassgrad as gg
    >>> gg.cdist(gg.tensor([[0.0, 0.0], [3.0, 0.0]]), gg.tensor([[0.0, 4.0]]))
    tensor([[4.],
            [5.]])
    """
    one, other = x1.shape, x2.shape
    if len(one) < 2 or len(other) < 2 or one[-1] != other[-1]:
        raise ValueError(
            f"cdist: x1 of shape {one} and x2 of shape {other}: both must have shape (..., vectors, D) with equal D"
        )
    if not p >= 0:
        raise ValueError(f"cdist: p must not be negative, got {p}")
    if compute_mode not in _MODES:
        raise ValueError(f"cdist: compute_mode must be one of {', '.join(_MODES)}, not {compute_mode!r}")
    try:
        np.broadcast_shapes(one[:-2], other[:-2])
    except ValueError:
        raise ValueError(
            f"cdist: the leading dimensions of x1, shape {one}, and x2, shape {other}, cannot be broadcast together"
        ) from None
    if p == 2:
        return euclidean_distances(x1, x2)
    return vector_norm(unsqueeze(wide(x1), -2) - unsqueeze(wide(x2), -3), float(p), -1)


@composed(widens=True)
def pdist(input: Any, p: Any = 2.0) -> Any:
    """Return the p-norm distances of all pairs of rows: (0, 1), (0, 2), ..., (1, 2), ...

    Edges: the gradient of the distance between equal rows is 0.

    Raises:
        ValueError: the input is not a matrix, or ``p`` is negative.

    >>> import glassgrad as gg
    >>> gg.pdist(gg.tensor([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]]))
    tensor([3., 4., 5.])
    """
    if len(input.shape) != 2:
        raise ValueError(f"pdist: the input must have shape (rows, D), got {input.shape}")
    if not p >= 0:
        raise ValueError(f"pdist: p must not be negative, got {p}")
    input = wide(input)
    left, right = np.triu_indices(input.shape[0], 1)
    return vector_norm(getitem(input, left) - getitem(input, right), float(p), -1)
