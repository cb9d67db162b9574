"""Pools: the largest, the mean or a norm of each window."""

from __future__ import annotations

from ...autograd.ops.pooling import max_pool2d

__all__ = ["max_pool2d"]
