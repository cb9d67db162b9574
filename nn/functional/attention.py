"""Attention."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...autograd.engine.compose import composed
from ...autograd.ops.activation import masked_softmax
from ...autograd.ops.matmul import matmul
from ...autograd.ops.random import dropout
from ...autograd.ops.shaping import broadcast_to, reshape, transpose
from ..scoping import located
from .targets import beside, floating, operand, plain

__all__ = ["scaled_dot_product_attention"]


@composed(widens=True)
def scaled_dot_product_attention(
    query: Any, key: Any, value: Any, attn_mask: Any = None, dropout_p: float = 0.0, is_causal: bool = False, *,
    scale: float | None = None, enable_gqa: bool = False,
) -> Any:  # fmt: skip
    """Return softmax(query @ keyᵀ·scale + mask) @ value: for each query a mean of the values, weighted by fit.

    (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762)

    Args:
        query: shape (..., L, E).
        key: shape (..., S, E).
        value: shape (..., S, V).
        attn_mask: broadcasts to (..., L, S): bools that are true where attention is allowed, or numbers that are added
            to the scores (−inf forbids); these may have a gradient.
        dropout_p: the probability of dropping a weight. It is applied whenever it is not 0: a function cannot know
            whether it is training.
        is_causal: query i sees keys 0 to i only.
        scale: multiplies the scores; default 1/√E.
        enable_gqa: the queries have a multiple of the heads (dimension −3) of keys and values, and each of these serves
            several queries in a row.

    Returns:
        Shape (..., L, V).

    Edges: a query that sees no key gives 0, with gradient 0, as in PyTorch.

    Raises:
        TypeError: operands are not floating-point, or the mask is of integers.
        ValueError: shapes do not fit, or both ``attn_mask`` and ``is_causal`` are given.

    >>> import glassgrad as gg
    >>> q, v = gg.zeros(1, 2), gg.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> scaled_dot_product_attention(q, gg.ones(2, 2), v)
    tensor([[2., 3.]])
    """
    what = "scaled_dot_product_attention"
    q = floating(query, what, "query")
    k, v = floating(beside(key, q), what, "key"), floating(beside(value, q), what, "value")
    shapes = f"query {tuple(q.shape)}, key {tuple(k.shape)}, value {tuple(v.shape)}"
    if min(len(q.shape), len(k.shape), len(v.shape)) < 2 or q.shape[-1] != k.shape[-1] or k.shape[-2] != v.shape[-2]:
        raise located(ValueError, f"{what}: expected shapes (..., L, E), (..., S, E) and (..., S, V), got {shapes}")
    if not 0.0 <= dropout_p <= 1.0:
        raise located(ValueError, f"{what}: dropout_p must be between 0 and 1, got {dropout_p}")
    if enable_gqa:
        k, v = _shared_heads(k, q, what, shapes), _shared_heads(v, q, what, shapes)
    try:
        lead = np.broadcast_shapes(q.shape[:-2], k.shape[:-2], v.shape[:-2])
    except ValueError:
        raise located(ValueError, f"{what}: the leading dimensions cannot be broadcast together: {shapes}") from None
    factor = 1 / math.sqrt(max(q.shape[-1], 1)) if scale is None else scale
    scores = matmul(q * factor, transpose(k))
    allowed = None
    if is_causal:
        if attn_mask is not None:
            raise located(ValueError, f"{what}: give attn_mask or is_causal=True, not both")
        allowed = np.tri(q.shape[-2], k.shape[-2], dtype=bool)
    elif attn_mask is not None:
        mask = operand(attn_mask)
        full = (*lead, q.shape[-2], k.shape[-2])
        try:
            fits = np.broadcast_shapes(mask.shape, full) == full
        except ValueError:
            fits = False
        if not fits:
            raise located(
                ValueError, f"{what}: attn_mask of shape {tuple(mask.shape)} does not broadcast to the scores, {full}"
            )
        if mask.dtype.kind == "b":
            allowed = plain(mask)
        elif mask.dtype.kind == "f":
            scores = scores + beside(mask, q)
        else:
            raise located(TypeError, f"{what}: attn_mask must be of bools or floating-point, not {mask.dtype}")
    weights = masked_softmax(scores, allowed)
    if dropout_p:
        weights = dropout(weights, dropout_p)
    return matmul(weights, v)


def _shared_heads(x: Any, query: Any, what: str, shapes: str) -> Any:
    """Return keys or values with each head repeated for the queries that share it."""
    shape = tuple(x.shape)
    heads = query.shape[-3] if len(query.shape) > 2 else 0
    if len(shape) < 3 or not shape[-3] or heads % shape[-3]:
        raise located(
            ValueError,
            f"{what}: enable_gqa needs queries with a multiple of the heads of keys and values, got {shapes}",
        )
    times = heads // shape[-3]
    if times == 1:
        return x
    apart = reshape(x, (*shape[:-2], 1, *shape[-2:]))
    return reshape(broadcast_to(apart, (*shape[:-2], times, *shape[-2:])), (*shape[:-3], heads, *shape[-2:]))
