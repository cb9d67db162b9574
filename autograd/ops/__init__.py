"""The operations, each with its docstring, kernel and derivative rules in one place."""

from . import (
    activation, arithmetic, arranging, bitwise, blending, choosing, comparison, convolution, convolution_transposed,
    creation, decomposition, diagonals, distance, einsum, elementwise, embedding, erf, factorization, indexing,
    linalg, loss, normalization, norms, padding, pooling, pooling_adaptive, pooling_average, pooling_indices,
    products, quantiles, random, reduction, resampling, rounding, sampling, scan, scattering, selection, shaping,
    solving, sorting, special, statistics, trigonometric, unfolding, unpooling, windows,
)  # fmt: skip

__all__ = [
    "activation", "arithmetic", "arranging", "bitwise", "blending", "choosing", "comparison", "convolution",
    "convolution_transposed", "creation", "decomposition", "diagonals", "distance", "einsum", "elementwise",
    "embedding", "erf", "factorization", "indexing", "linalg", "loss", "normalization", "norms", "padding",
    "pooling", "pooling_adaptive", "pooling_average", "pooling_indices", "products", "quantiles", "random", "reduction",
    "resampling", "rounding", "sampling", "scan", "scattering", "selection", "shaping", "solving", "sorting",
    "special", "statistics", "trigonometric", "unfolding", "unpooling", "windows",
]  # fmt: skip
