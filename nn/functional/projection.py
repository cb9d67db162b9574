"""Affine and bilinear maps, and tables of embeddings."""

from __future__ import annotations

from ...autograd.ops.comparison import one_hot
from ...autograd.ops.linalg import linear
from ...autograd.ops.shaping import flatten

__all__ = ["flatten", "linear", "one_hot"]
