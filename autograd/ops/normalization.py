"""Normalisation in one step: of channels over a batch, and of each row by itself.

Layer, group, instance and root-mean-square norm are one operation, :func:`standardize`, on rows that are cut
differently. Of batch normalisation there is also the form written out in small steps: the fused one is what networks
run, the composed one is what a lesson draws, and a test holds the two together to the second derivative. (Ioffe and
Szegedy 2015, https://arxiv.org/abs/1502.03167)
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.cost import per_input
from ..core.sums import DOUBLE, total, total_of_products
from ..engine.declare import primitive
from ..engine.effects import update
from .arithmetic import square
from .elementwise import sqrt
from .reduction import expanded, mean, sum
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

    def summed(x: Any) -> Any:
        return sum(x, axes, True)

    def flat(x: Any) -> Any:
        return reshape(x, (shape[1],))

    r = _over_channels(1 / sqrt(variance + eps), shape)
    gamma = _over_channels(weight, shape)
    v, w = _over_channels(v, shape), _over_channels(w, shape)
    centred = input - _over_channels(mean, shape)
    xhat = centred * r
    mean_gx, mean_ux = summed(gradient * xhat) / n, summed(u * xhat) / n
    scale = gamma * r
    u_inner = summed(u * (gradient - summed(gradient) / n - xhat * mean_gx))
    d_gradient = scale * (u - summed(u) / n - xhat * mean_ux) + v * xhat + w
    d_xhat = v * gradient - scale * (u * mean_gx + gradient * mean_ux)
    d_r = u_inner * gamma + summed(d_xhat * centred)
    return d_gradient, d_xhat * r, flat(u_inner * r), flat(-summed(d_xhat) * r), flat(d_r * r * r * r * -0.5)


@primitive(
    cost=per_input(9), inputs=("gradient", "input", "weight", "mean", "variance"), outputs="list",
    joint=_double_backward, symbol="batch norm backward",
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
    bias_gradient = total(np.asarray(gradient), axes)
    weight_gradient = total(gradient * xhat, axes)
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
    return expanded(g / n, input_shape, _axes(input_shape))


def _variance_rule(g: Any, input: Any, mean: Any) -> Any:
    shape = input.shape
    n = max(math.prod(shape[i] for i in _axes(shape)), 1)
    return _over_channels(g, shape) * (2 / n) * (input - _over_channels(mean, shape))


@primitive(
    widens=True, cost=per_input(8), outputs=("out", "mean", "variance"), symbol="batch norm {0}",
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
    n = math.prod(x.shape[i] for i in axes)
    if not n:
        empty = np.zeros(x.shape[1], x.dtype)
        return np.array(x), empty, empty.copy()
    average = np.divide(total(x, axes), n, dtype=x.dtype)
    out = x - average.reshape(column)
    if x.ndim == 2 and x.dtype != DOUBLE:
        # What the rounding of the mean to x's dtype left over.
        out -= np.divide(total(out, axes), n, dtype=x.dtype)
    variance = np.divide(total(np.square(out), axes), n, dtype=x.dtype)
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


# -- rows by themselves: layer, group, instance and root-mean-square norm ---------------------------------------


def _rows(x: Any, axes: Any) -> Any:
    """Return an array as a matrix with one row for everything that is normalised together."""
    cut = x.ndim - axes
    return np.reshape(x, (math.prod(x.shape[:cut]), math.prod(x.shape[cut:])))


def _mean_square(rows: Any) -> Any:
    return total_of_products(rows, rows, (1,), True) / rows.dtype.type(rows.shape[1])


def _row_mean(rows: Any) -> Any:
    # numpy.mean takes three times as long for small arrays.
    added = total(rows, (1,), True)
    added /= rows.dtype.type(rows.shape[1])
    return added


def _trailing(axes: Any) -> Any:
    return tuple(range(-axes, 0))


def _sum_like(x: Any, shape: Any) -> Any:
    """Return ``x`` summed over the axes along which ``shape`` was broadcast."""
    shift = len(x.shape) - len(shape)
    over = tuple(i for i in range(len(x.shape)) if i < shift or shape[i - shift] != x.shape[i])
    return reshape(sum(x, over), shape) if over else x


def _scaled_rule(
    g: Any, normalized: Any, rstd: Any, weight: Any, bias_shape: Any, need: Any, axes: Any, centred: Any
) -> Any:
    """Return the gradients of :func:`standardize` by input, weight and bias."""
    scaled = g if weight is None else g * weight
    return (
        standardize_gradient(scaled, normalized, rstd, axes, centred) if need[0] else None,
        _sum_like(g * normalized, weight.shape) if weight is not None and need[1] else None,
        _sum_like(g, bias_shape) if need[2] else None,
    )


def _average(x: Any, axes: Any) -> Any:
    """Return the mean over the last axes, and of nothing 0."""
    return sum(x, _trailing(axes), True) / max(math.prod(x.shape[len(x.shape) - axes :]), 1)


def _gradient_by_normalized(g: Any, gradient: Any, normalized: Any, rstd: Any, axes: Any) -> Any:
    return -rstd * (g * _average(gradient * normalized, axes) + gradient * _average(g * normalized, axes))


def _gradient_by_rstd(g: Any, gradient: Any, normalized: Any, axes: Any, centred: Any) -> Any:
    inner = gradient - normalized * _average(gradient * normalized, axes)
    return sum(g * (inner - _average(gradient, axes) if centred else inner), _trailing(axes), True)


@primitive(
    cost=per_input(9), symbol="norm backward",
    gradient=lambda g, normalized, rstd, axes, centred: standardize_gradient(g, normalized, rstd, axes, centred),
    normalized=lambda g, gradient, normalized, rstd, axes: _gradient_by_normalized(
        g, gradient, normalized, rstd, axes),
    rstd=lambda g, gradient, normalized, axes, centred: _gradient_by_rstd(g, gradient, normalized, axes, centred),
)  # fmt: skip
def standardize_gradient(gradient: Any, normalized: Any, rstd: Any, axes: Any, centred: Any) -> Any:
    """Return the gradient of :func:`standardize` by its input: r·(g − mean(g) − x̂·mean(g·x̂)).

    Without ``centred`` the middle term is missing. It is its own transpose in ``gradient``.
    """
    g, rows = _rows(np.asarray(gradient), axes), _rows(np.asarray(normalized), axes)
    if not rows.size:
        return np.zeros_like(normalized)
    n = rows.dtype.type(rows.shape[1])
    out = rows * (total_of_products(g, rows, (1,), True) / -n)
    out += g
    if centred:
        out -= _row_mean(g)
    out *= np.reshape(rstd, (-1, 1))
    return out.reshape(np.shape(normalized))


@primitive(
    widens=True, cost=per_input(8), residuals=("normalized", "rstd"), symbol="norm {0}", inputs=("x", "weight", "bias"),
    joint=_scaled_rule,
    normalized={"x": lambda g, normalized, rstd, axes, centred: standardize_gradient(
        g, normalized, rstd, axes, centred)},
    rstd={"x": lambda g, normalized, rstd, x_shape, axes: (
        g * rstd * rstd * normalized * (-1 / max(math.prod(x_shape[len(x_shape) - axes :]), 1)))},
)  # fmt: skip
def standardize(
    x: Any, weight: Any = None, bias: Any = None, axes: Any = 1, eps: Any = 1e-5, centred: Any = True
) -> Any:
    """Return weight·(x − mean)/√(variance + eps) + bias, with mean and variance over the last ``axes`` axes.

    Without ``centred`` nothing is subtracted, and the variance is the mean of the squares. What is kept for backward is
    the normalised input, not the input: the two differ by what float32 cannot hold when x is far from 0.

    Args:
        x: any shape.
        weight, bias: what broadcasts to the shape of ``x``, or None.
        axes: how many of the last axes are normalised together.
        eps: keeps the root away from 0.
        centred: whether the mean is subtracted.
    """
    array = np.asarray(x)
    if array.dtype.kind != "f":
        array = array.astype(np.float64)
    kept = array.shape[: array.ndim - axes] + (1,) * axes
    rows = _rows(array, axes)
    if not rows.size:
        return np.zeros_like(array), np.zeros_like(array), np.ones(kept, array.dtype)
    if centred:
        rows = rows - _row_mean(rows)
        square = _mean_square(rows)
        # What the rounding of the mean to this dtype left over, where that is more than the rounding of the result.
        rest = _row_mean(rows)
        if (rest * rest > square * (4 * np.finfo(rows.dtype).eps) ** 2).any():
            rows -= rest
            square = _mean_square(rows)
    else:
        square = _mean_square(rows)
    rstd = 1 / np.sqrt(square + rows.dtype.type(eps))
    normalized = np.multiply(rows, rstd, out=rows if centred else None)
    normalized = normalized.reshape(array.shape).astype(array.dtype, copy=False)
    out = normalized
    if weight is not None:
        out = normalized * weight
    if bias is not None:
        out = np.add(out, bias, out=None if out is normalized else out)
    return out, normalized, rstd.reshape(kept).astype(array.dtype, copy=False)


@update(mutates=("running_mean", "running_var"))
def update_running_statistics(
    running_mean: Any, running_var: Any, mean: Any, variance: Any, momentum: Any, count: Any
) -> Any:
    """Move BatchNorm's running statistics towards those of a batch; the variance becomes unbiased: n/(n − 1)."""
    running_mean *= 1 - momentum
    running_mean += momentum * mean
    running_var *= 1 - momentum
    running_var += momentum * variance * (count / max(count - 1, 1))
