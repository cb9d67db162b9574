"""The operations, each with its docstring, kernel and derivative rules in one place."""

from . import (
    activation, arithmetic, arranging, bitwise, comparison, convolution, creation, decomposition, diagonals,
    elementwise, indexing, linalg, loss, normalization, padding, pooling, products, random, reduction, resampling,
    rounding, scan, scattering, selection, shaping, sorting, special, statistics, trigonometric, unfolding,
)  # fmt: skip

__all__ = [
    "activation", "arithmetic", "arranging", "bitwise", "comparison", "convolution", "creation", "decomposition",
    "diagonals", "elementwise", "indexing", "linalg", "loss", "normalization", "padding", "pooling", "products",
    "random", "reduction", "resampling", "rounding", "scan", "scattering", "selection", "shaping", "sorting", "special",
    "statistics", "trigonometric", "unfolding",
]  # fmt: skip
