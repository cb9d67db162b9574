"""Distances and angles between vectors."""

from __future__ import annotations

from ...autograd.ops.distance import cosine_similarity, pairwise_distance, pdist

__all__ = ["cosine_similarity", "pairwise_distance", "pdist"]
