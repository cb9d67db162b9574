"""Batch normalisation in one step, and the same written out in small ones.

The fused form is what networks run; the composed form is what a lesson draws, and a test holds the two together to the
second derivative. (Ioffe and Szegedy 2015, https://arxiv.org/abs/1502.03167)
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..declare import primitive
from .arithmetic import square
from .elementwise import sqrt
from .reduction import accumulator, mean, spread, sum
from .shaping import reshape

__all__: list[str] = []


def _axes(shape: Any) -> Any:
    return (0, *range(2, len(shape)))


def _over_channels(x: Any, shape: Any) -> Any:
    """Return per-channel values laid out to broadcast over ``shape``."""
    return reshape(x, (1, shape[1]) + (1,) * (len(shape) - 2))


def _double_backward(g: Any, gradient: Any, input: Any, weight: Any, mean: Any, variance: Any, eps: Any) -> Any:
    """Return the derivatives of :func:`batch_norm_gradient` by each of its inputs.

    With u, v, w the cotangents of its three outputs, n values per channel, r = 1/√(variance + eps) and
    x̂ = (input − mean)·r, they are those of

        Σ u·weight·r·(gradient − mean(gradient) − x̂·mean(gradient·x̂)) + v·Σ gradient·x̂ + w·Σ gradient
    """
    u, v, w = g
    shape = input.shape
    axes = _axes(shape)
    n = max(math.prod(shape[i] for i in axes), 1)

    def total(x: Any) -> Any:
        return sum(x, axes, True)

    def flat(x: Any) -> Any:
        return reshape(x, (shape[1],))

    r = _over_channels(1 / sqrt(variance + eps), shape)
    gamma = _over_channels(weight, shape)
    v, w = _over_channels(v, shape), _over_channels(w, shape)
    centred = input - _over_channels(mean, shape)
    xhat = centred * r
    mean_gx, mean_ux = total(gradient * xhat) / n, total(u * xhat) / n
    scale = gamma * r
    u_inner = total(u * (gradient - total(gradient) / n - xhat * mean_gx))
    d_gradient = scale * (u - total(u) / n - xhat * mean_ux) + v * xhat + w
    d_xhat = v * gradient - scale * (u * mean_gx + gradient * mean_ux)
    d_r = u_inner * gamma + total(d_xhat * centred)
    return d_gradient, d_xhat * r, flat(u_inner * r), flat(-total(d_xhat) * r), flat(d_r * r * r * r * -0.5)


@primitive(
    inputs=("gradient", "input", "weight", "mean", "variance"), outputs="list", joint=_double_backward,
    symbol="batch norm backward",
)  # fmt: skip
def batch_norm_gradient(gradient: Any, input: Any, weight: Any, mean: Any, variance: Any, eps: Any) -> Any:
    """Return the gradients of :func:`batch_norm` by its input, weight and bias, from those of its output.

    bias: Σ g; weight: Σ x̂·g; input: weight/σ·(g − mean(g) − x̂·mean(x̂·g)).
    """
    x = np.asarray(input)
    axes = _axes(x.shape)
    n = math.prod(x.shape[i] for i in axes)
    column = (1, -1) + (1,) * (x.ndim - 2)
    r = 1 / np.sqrt(variance + np.asarray(eps, x.dtype))
    xhat = x - np.reshape(mean, column)
    xhat *= r.reshape(column)
    bias_gradient = np.sum(gradient, axis=axes)
    weight_gradient = np.sum(gradient * xhat, axis=axes)
    if not n:
        return [np.zeros_like(x), weight_gradient, bias_gradient]
    input_gradient = xhat
    input_gradient *= (-weight_gradient / n).reshape(column)
    input_gradient += gradient
    input_gradient -= (bias_gradient / n).reshape(column)
    input_gradient *= (weight * r).reshape(column)
    return [input_gradient, weight_gradient, bias_gradient]


def _mean_rule(g: Any, input_shape: Any) -> Any:
    n = max(math.prod(input_shape[i] for i in _axes(input_shape)), 1)
    return spread(g / n, input_shape, _axes(input_shape))


def _variance_rule(g: Any, input: Any, mean: Any) -> Any:
    shape = input.shape
    n = max(math.prod(shape[i] for i in _axes(shape)), 1)
    return _over_channels(g, shape) * (2 / n) * (input - _over_channels(mean, shape))


@primitive(
    outputs=("out", "mean", "variance"), symbol="batch norm {0}",
    out={"joint": lambda g, input, weight, mean, variance, eps: batch_norm_gradient(
        g, input, weight, mean, variance, eps)},
    mean={"input": _mean_rule},
    variance={"input": _variance_rule},
    inputs=("input", "weight", "bias"),
)  # fmt: skip
def batch_norm(input: Any, weight: Any, bias: Any, eps: Any = 1e-5) -> Any:
    """Return (out, mean, variance): the input normalised per channel over the batch, scaled and shifted.

    out = weight·(input − mean)/√(variance + eps) + bias, with the population variance.

    Args:
        input: shape (N, C, ...).
        weight, bias: shape (C,).
        eps: keeps the root away from 0.

    Returns:
        The output, and the mean and variance of each channel, shape (C,).

    Raises:
        ValueError: shapes do not fit.
    """
    x = np.asarray(input)
    if x.ndim < 2:
        raise ValueError(f"batch_norm: the input must have shape (N, C, ...), got {x.shape}")
    for what, value in (("weight", weight), ("bias", bias)):
        if np.shape(value) != (x.shape[1],):
            raise ValueError(f"batch_norm: {what} of shape {np.shape(value)} does not fit {x.shape[1]} channels")
    axes = _axes(x.shape)
    column = (1, -1) + (1,) * (x.ndim - 2)
    if not math.prod(x.shape[i] for i in axes):
        empty = np.zeros(x.shape[1], x.dtype)
        return np.array(x), empty, empty.copy()
    # A mean that is off by a little makes the variance wrong when the numbers are far from 0.
    exact = np.float64 if x.ndim == 2 else accumulator(x, axes)
    average = np.mean(x, axis=axes, dtype=exact).astype(x.dtype, copy=False)
    out = x - average.reshape(column)
    if exact is not None and x.dtype != exact:
        # What the rounding of the mean to x's dtype left over.
        out -= np.mean(out, axis=axes, dtype=exact).astype(x.dtype).reshape(column)
    variance = np.mean(np.square(out), axis=axes, dtype=accumulator(x, axes)).astype(x.dtype, copy=False)
    out *= (weight / np.sqrt(variance + np.asarray(eps, x.dtype))).reshape(column)
    out += np.reshape(bias, column)
    return out, average, variance


def batch_norm_composed(input: Any, weight: Any, bias: Any, eps: Any = 1e-5) -> Any:
    """Return the same output as :func:`batch_norm` from small operations, as a lesson draws it.

    >>> import glassgrad as gg
    >>> from glassgrad.autograd.ops.normalization import batch_norm_composed
    >>> x = gg.tensor([[1.0], [2.0], [4.0]])
    >>> batch_norm_composed(x, gg.ones(1), gg.zeros(1)).reshape(3)
    tensor([-1.069 , -0.2673,  1.3363])
    """
    axes = _axes(input.shape)
    centred = input - mean(input, axes, True)
    variance = mean(square(centred), axes, True)
    normalised = centred / sqrt(variance + eps)
    return normalised * _over_channels(weight, input.shape) + _over_channels(bias, input.shape)
