"""Affine and bilinear maps, and tables of embeddings."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...autograd.core.dtypes import as_array
from ...autograd.engine.compose import composed
from ...autograd.ops.comparison import one_hot
from ...autograd.ops.embedding import embedding_rows
from ...autograd.ops.indexing import getitem, index_add_zeros
from ...autograd.ops.matmul import linear as _linear
from ...autograd.ops.matmul import matmul
from ...autograd.ops.reduction import sum as _sum
from ...autograd.ops.shaping import flatten, reshape, transpose, wide
from ..scoping import located
from .targets import labels_of, plain

__all__ = ["bilinear", "embedding", "embedding_bag", "flatten", "linear", "one_hot"]


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """Return ``input @ weightᵀ + bias``, the affine map of a fully connected layer.

    Args:
        input: shape (..., in_features).
        weight: shape (out_features, in_features); or (in_features,), and then the result has shape (...).
        bias: shape (out_features,), or () beside a weight of one dimension, or None.

    Raises:
        ValueError: the sizes do not fit.

    >>> import glassgrad as gg
    >>> linear(gg.tensor([[1.0, 2.0]]), gg.tensor([[3.0, 4.0]]), gg.tensor([0.5]))
    tensor([[11.5]])
    """
    if not (hasattr(weight, "ndim") and weight.ndim == 1):
        return _linear(input, weight, bias)
    out = matmul(input, weight)
    if bias is None:
        return out
    if np.shape(plain(bias)) != ():
        raise located(
            ValueError,
            f"linear: a weight of shape {tuple(weight.shape)} needs a single number as bias, got shape "
            f"{np.shape(plain(bias))}",
        )
    return out + bias


@composed(widens=True)
def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any:
    """Return, for each output o, input1ᵀ·weight[o]·input2 + bias[o].

    Args:
        input1: shape (..., in1_features).
        input2: shape (..., in2_features), with the same leading sizes.
        weight: shape (out_features, in1_features, in2_features).
        bias: shape (out_features,), or None.

    Returns:
        Shape (..., out_features).

    Raises:
        ValueError: the sizes do not fit.

    >>> import glassgrad as gg
    >>> bilinear(gg.tensor([1.0, 2.0]), gg.tensor([3.0]), gg.tensor([[[1.0], [1.0]]]))
    tensor([9.])
    """
    one, other, w = tuple(input1.shape), tuple(input2.shape), tuple(weight.shape)
    if len(w) != 3 or not one or not other or one[-1:] != w[1:2] or other[-1:] != w[2:] or one[:-1] != other[:-1]:
        raise located(
            ValueError,
            f"bilinear: inputs of shape {one} and {other} do not fit a weight of shape {w}; expected (..., in1), "
            "(..., in2) and (out, in1, in2) with equal leading sizes",
        )
    if bias is not None and tuple(bias.shape) != w[:1]:
        raise located(ValueError, f"bilinear: bias of shape {tuple(bias.shape)} does not fit {w[0]} output features")
    rows = math.prod(one[:-1])
    # weight[o] @ input2 for all o at once, one large product; then input1 against each.
    mapped = matmul(reshape(input2, (rows, w[2])), transpose(reshape(weight, (w[0] * w[1], w[2]))))
    mapped = reshape(mapped, (rows, w[0], w[1]))
    out = reshape(matmul(mapped, reshape(input1, (rows, w[1], 1))), (*one[:-1], w[0]))
    return out if bias is None else out + bias


def _indices(input: Any, weight: Any, what: str) -> Any:
    """Return the indices into a table of embeddings as an array of their own, checked."""
    indices = labels_of(input)
    if indices.dtype.kind not in "iu":
        if indices.size:
            raise located(TypeError, f"{what}: indices must be integers, not {indices.dtype}")
        indices = indices.astype(np.int64)
    if len(weight.shape) != 2:
        raise located(ValueError, f"{what}: weight must have shape (rows, D), got {tuple(weight.shape)}")
    wrong = (indices < 0) | (indices >= weight.shape[0])
    if wrong.any():
        position = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise located(
            IndexError,
            f"{what}: input[{', '.join(map(str, position))}] = {int(indices[position])}, but the table has "
            f"{weight.shape[0]} rows (0..{weight.shape[0] - 1})",
        )
    return indices


def _padding(padding_idx: int | None, rows: int, what: str) -> int | None:
    if padding_idx is None:
        return None
    if not -rows <= padding_idx < rows:
        raise located(ValueError, f"{what}: padding_idx {padding_idx} is not a row of a table of {rows} rows")
    return padding_idx % rows


def _no_max_norm(max_norm: float | None, what: str) -> None:
    if max_norm is not None:
        raise located(
            ValueError,
            f"{what}: max_norm would change the weight in place in the forward pass, which is not supported; scale "
            "its rows after the optimiser's step instead",
        )


def _shares(indices: Any, weight: Any, scale_grad_by_freq: bool) -> Any:
    """Return the factors of the rows' gradients, 1 over how often each row is read, or None."""
    if not scale_grad_by_freq:
        return None
    return (1 / np.bincount(indices.ravel(), minlength=weight.shape[0])[indices]).astype(weight.dtype)


@composed
def embedding(
    input: Any, weight: Any, padding_idx: int | None = None, max_norm: float | None = None, norm_type: float = 2.0,
    scale_grad_by_freq: bool = False, sparse: bool = False,
) -> Any:  # fmt: skip
    """Return rows of a table: ``weight[input]``. The gradient is added up in the rows that were read.

    Args:
        input: integer indices of any shape.
        weight: the table, shape (rows, D).
        padding_idx: a row that receives no gradient.
        max_norm: not supported, as it would change the weight.
        norm_type: PyTorch's companion of ``max_norm``.
        scale_grad_by_freq: divide each row's gradient by how often the row is read.
        sparse: accepted for PyTorch's sake; the cost is linear in what is read in either case.

    Returns:
        The shape of the input, and D.

    Raises:
        TypeError: the indices are not integers.
        IndexError: there is no such row.
        ValueError: the weight is not a matrix, ``padding_idx`` is out of range, or ``max_norm`` is given.

    >>> import glassgrad as gg
    >>> embedding(gg.tensor([2, 0]), gg.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    tensor([[5., 6.],
            [1., 2.]])
    """
    _no_max_norm(max_norm, "embedding")
    indices = _indices(input, weight, "embedding")
    padding = _padding(padding_idx, weight.shape[0], "embedding")
    factors = _shares(indices, weight, scale_grad_by_freq)
    if padding is not None and not (counted := np.asarray(indices != padding)).all():
        factors = counted.astype(weight.dtype) if factors is None else np.where(counted, factors, 0)
    return embedding_rows(weight, indices, factors)


_MODES = ("sum", "mean", "max")


@composed(widens=True)
def embedding_bag(
    input: Any, weight: Any, offsets: Any = None, max_norm: float | None = None, norm_type: float = 2.0,
    scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False, per_sample_weights: Any = None,
    include_last_offset: bool = False, padding_idx: int | None = None,
) -> Any:  # fmt: skip
    """Return the sum, mean or maximum of the rows of a table in each bag of indices.

    Args:
        input: integer indices: shape (B, N), a bag in each row; or (N,), cut into bags by ``offsets``.
        weight: the table, shape (rows, D).
        offsets: with indices of shape (N,), where each bag begins; the first is 0.
        max_norm: not supported, as it would change the weight.
        norm_type: PyTorch's companion of ``max_norm``.
        scale_grad_by_freq: divide each row's gradient by how often the row is read; not for ``"max"``.
        mode: ``"sum"``, ``"mean"`` or ``"max"``.
        sparse: accepted for PyTorch's sake.
        per_sample_weights: with ``"sum"``, a factor for each index, of the shape of the input.
        include_last_offset: the last offset is the end of the last bag.
        padding_idx: an index that is left out, of the mean's count, too.

    Returns:
        Shape (B, D).

    Edges: an empty bag gives 0; elements that tie for a maximum give the gradient to the first.

    Raises:
        TypeError: the indices are not integers.
        IndexError: there is no such row.
        ValueError: the shapes do not fit, or an option is not allowed.

    >>> import glassgrad as gg
    >>> table = gg.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    >>> embedding_bag(gg.tensor([2, 0, 1]), table, gg.tensor([0, 2]))
    tensor([[3., 4.],
            [3., 4.]])
    """
    what = "embedding_bag"
    _no_max_norm(max_norm, what)
    if mode not in _MODES:
        raise located(ValueError, f"{what}: mode must be one of {', '.join(_MODES)}, not {mode!r}")
    if per_sample_weights is not None and mode != "sum":
        raise located(ValueError, f"{what}: per_sample_weights need mode='sum', not {mode!r}")
    if scale_grad_by_freq and mode == "max":
        raise located(ValueError, f"{what}: scale_grad_by_freq does not go with mode='max'")
    indices = _indices(input, weight, what)
    weight = wide(weight)
    padding = _padding(padding_idx, weight.shape[0], what)
    bags, count = _bags(indices, offsets, include_last_offset, what)
    factors = per_sample_weights
    if factors is not None:
        if not hasattr(factors, "shape"):
            factors = as_array(factors, weight.dtype)
        if tuple(factors.shape) != indices.shape:
            raise located(
                ValueError,
                f"{what}: per_sample_weights of shape {tuple(factors.shape)} must have the shape of the input, "
                f"{indices.shape}",
            )
        factors = reshape(factors, (indices.size,))
    indices = indices.reshape(-1)
    if padding is not None:
        kept = np.flatnonzero(indices != padding)
        indices, bags = indices[kept], bags[kept]
        factors = None if factors is None else getitem(factors, kept)
    rows = embedding_rows(weight, indices, _shares(indices, weight, scale_grad_by_freq))
    shape = (count, weight.shape[1])
    if mode == "max":
        return _bag_maximum(rows, bags, shape)
    if factors is not None:
        rows = rows * reshape(factors, (indices.size, 1))
    sizes = np.bincount(bags, minlength=count)
    if sizes.size and sizes[0] and (sizes == sizes[0]).all():
        total = _sum(reshape(rows, (count, int(sizes[0]), shape[1])), 1)
    else:
        total = index_add_zeros(rows, bags, shape)
    return total if mode == "sum" else total / np.maximum(sizes, 1)[:, None].astype(weight.dtype)


def _bags(indices: Any, offsets: Any, include_last_offset: bool, what: str) -> tuple[Any, int]:
    """Return the bag of each index, in order, and the number of bags."""
    if indices.ndim == 2:
        if offsets is not None:
            raise located(ValueError, f"{what}: indices of shape {indices.shape} are bags already; leave out offsets")
        return np.repeat(np.arange(indices.shape[0]), indices.shape[1]), indices.shape[0]
    if indices.ndim != 1 or offsets is None:
        raise located(
            ValueError,
            f"{what}: give indices of shape (B, N), or of shape (N,) with offsets; got shape {indices.shape}"
            + ("" if offsets is not None else " and no offsets"),
        )
    starts = labels_of(offsets).astype(np.int64)
    ends = np.append(starts, indices.size)
    if (
        starts.ndim != 1
        or (starts.size and starts[0])
        or (np.diff(ends) < 0).any()
        or (include_last_offset and not starts.size)
    ):
        raise located(
            ValueError,
            f"{what}: offsets must begin with 0, rise, and stay within {indices.size} indices, not {starts.tolist()}",
        )
    if include_last_offset:
        if starts[-1] != indices.size:
            raise located(
                ValueError,
                f"{what}: with include_last_offset the last offset must be the number of indices, {indices.size}, not "
                f"{int(starts[-1])}",
            )
        ends = starts
    return np.repeat(np.arange(len(ends) - 1), np.diff(ends)), len(ends) - 1


def _bag_maximum(rows: Any, bags: Any, shape: tuple[int, int]) -> Any:
    values = plain(rows)
    if not values.size:
        return index_add_zeros(rows, bags, shape)
    filled, starts, sizes = np.unique(bags, return_index=True, return_counts=True)
    if (sizes == sizes[0]).all():
        winner = values.reshape(len(filled), sizes[0], shape[1]).argmax(1) + starts[:, None]
    else:
        reached = values == np.repeat(np.maximum.reduceat(values, starts, axis=0), sizes, axis=0)
        place = np.where(reached, np.arange(len(bags))[:, None], len(bags) - 1)
        winner = np.minimum.reduceat(place, starts, axis=0)
    highest = getitem(rows, (winner, np.arange(shape[1])))
    return highest if len(filled) == shape[0] else index_add_zeros(highest, filled, shape)
