"""The operations, each with its docstring, kernel and derivative rules in one place."""

from . import (
    activation, arithmetic, arranging, bitwise, blending, chains, choosing, comparison, convolution,
    convolution_transposed, creation, decomposition, diagonals, distance, einsum, elementwise, embedding, erf,
    exponential, factorization, indexing, joining, linalg, loss, normalization, norms, padding, piecewise, pooling,
    pooling_adaptive, pooling_average, pooling_indices, products, quantiles, random, reduction, resampling, rounding,
    sampling, scan, scattering, selection, shaping, slice_scattering, solving, sorting, special, stacking, statistics,
    trigonometric, unfolding, unpooling, vector_norms, windows,
)  # fmt: skip

__all__ = [
    "activation", "arithmetic", "arranging", "bitwise", "blending", "chains", "choosing", "comparison", "convolution",
    "convolution_transposed", "creation", "decomposition", "diagonals", "distance", "einsum", "elementwise",
    "embedding", "erf", "exponential", "factorization", "indexing", "joining", "linalg", "loss", "normalization",
    "norms", "padding", "piecewise", "pooling", "pooling_adaptive", "pooling_average", "pooling_indices", "products",
    "quantiles", "random", "reduction", "resampling", "rounding", "sampling", "scan", "scattering", "selection",
    "shaping", "slice_scattering", "solving", "sorting", "special", "stacking", "statistics", "trigonometric",
    "unfolding", "unpooling", "vector_norms", "windows",
]  # fmt: skip
