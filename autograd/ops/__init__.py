"""The operations, each with its docstring, kernel and derivative rules in one place."""

from . import (
    arithmetic, comparison, convolution, creation, elementwise, indexing, linalg, loss, normalization, pooling, random,
    reduction, shaping,
)  # fmt: skip

__all__ = [
    "arithmetic", "comparison", "convolution", "creation", "elementwise", "indexing", "linalg", "loss", "normalization",
    "pooling", "random", "reduction", "shaping",
]  # fmt: skip
