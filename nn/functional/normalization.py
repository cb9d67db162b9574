"""Normalisation over batches, layers, groups and instances."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...autograd import Tensor, no_grad, tensor
from ...autograd.core.dtypes import as_array
from ...autograd.core.mode import is_recomputing
from ...autograd.engine.compose import composed
from ...autograd.ops.arithmetic import power, square
from ...autograd.ops.creation import ones, zeros
from ...autograd.ops.elementwise import maximum, sqrt
from ...autograd.ops.indexing import getitem
from ...autograd.ops.joining import concatenate
from ...autograd.ops.normalization import batch_norm as _batch_norm
from ...autograd.ops.normalization import batch_norm_composed, standardize, update_running_statistics
from ...autograd.ops.shaping import reshape
from ...autograd.ops.vector_norms import vector_norm
from ..scoping import located
from .targets import floating, operand, plain

__all__ = [
    "batch_norm", "batch_norm_composed", "group_norm", "instance_norm", "layer_norm", "local_response_norm",
    "normalize", "rms_norm",
]  # fmt: skip


def batch_norm(
    input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None = None,
    bias: Tensor | None = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Any:  # fmt: skip
    """Normalise each channel to mean 0 and variance 1, then scale and shift it.

    out = weight·(input − mean)/√(variance + eps) + bias. (Ioffe and Szegedy 2015)

    In training, mean and (population) variance are those of the batch, and the running statistics move towards them:
    running = (1 − momentum)·running + momentum·batch, with the unbiased variance, as PyTorch's. Computed again by a
    checkpoint, the same batch moves them once.

    Args:
        input: shape (N, C, ...).
        running_mean, running_var: shape (C,), used in evaluation; changed in place in training. None: not kept.
        weight, bias: shape (C,); None stands for 1 and 0.
        training: whether to normalise by the batch.
        momentum: weight of the batch in the running statistics.
        eps: keeps the root away from 0.

    Raises:
        ValueError: shapes do not fit, only one of the running statistics is given, or evaluation has none; or a
            training batch has one value per channel, of which the normalised value would be 0 whatever it is.

    >>> import glassgrad as gg
    >>> batch_norm(gg.tensor([[1.0], [2.0], [4.0]]), None, None, training=True).reshape(3)
    tensor([-1.069 , -0.2673,  1.3363])
    """
    if not isinstance(input, Tensor):
        input = tensor(input)
    if input.ndim < 2:
        raise located(ValueError, f"batch_norm: the input must have shape (N, C, ...), got {input.shape}")
    channels = input.shape[1]
    if (running_mean is None) != (running_var is None):
        raise located(ValueError, "batch_norm: give both running_mean and running_var, or neither")
    given = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    for name, value in given.items():
        if value is not None and value.shape != (channels,):
            raise located(
                ValueError,
                f"batch_norm: {name} of shape {value.shape} does not fit input of shape {input.shape}, "
                f"which has {channels} channels",
            )
    scale = ones(channels, dtype=input.dtype) if weight is None else weight
    shift = zeros(channels, dtype=input.dtype) if bias is None else bias
    if training:
        count = input.numel() // channels if channels else 0
        if count == 1:
            raise located(
                ValueError,
                f"batch_norm: input of shape {input.shape} has one value per channel, which training would always "
                "normalise to 0; give at least two examples (a DataLoader's drop_last=True leaves out a last batch of "
                "one), or use eval()",
            )
        out, average, population = _batch_norm(input, scale, shift, eps)
        if running_mean is not None and count > 1 and not is_recomputing():
            with no_grad():
                update_running_statistics(running_mean, running_var, average, population, momentum, count)
        return out
    if running_mean is None or running_var is None:
        raise located(ValueError, "batch_norm: evaluation needs running_mean and running_var; or set training=True")
    column = (1, channels) + (1,) * (input.ndim - 2)
    variance: Any = running_var
    factor = scale / sqrt(variance + eps)
    return (input - reshape(running_mean, column)) * reshape(factor, column) + reshape(shift, column)


def _affine(value: Any, like: Any, shape: tuple[int, ...], what: str, name: str, why: str) -> Any:
    """Return a weight or bias, checked, or None; lists take the dtype of the input."""
    if value is None:
        return None
    result = value if isinstance(value, Tensor) else as_array(value, like.dtype)
    if tuple(result.shape) != shape:
        raise located(ValueError, f"{what}: {name} of shape {tuple(result.shape)} does not fit; {why}")
    return result


def _normalized_shape(normalized_shape: Any, input: Any, what: str) -> tuple[int, ...]:
    wanted = (normalized_shape,) if isinstance(normalized_shape, int) else tuple(int(n) for n in normalized_shape)
    shape = tuple(input.shape)
    if not wanted:
        raise located(ValueError, f"{what}: normalized_shape must name at least one dimension")
    if shape[len(shape) - len(wanted) :] != wanted or len(shape) < len(wanted):
        raise located(ValueError, f"{what}: normalized_shape {wanted} must be the end of the input's shape {shape}")
    return wanted


@composed
def layer_norm(input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """Normalise each example over its last dimensions to mean 0 and variance 1, then scale and shift it.

    out = weight·(input − mean)/√(variance + eps) + bias. (Ba, Kiros and Hinton 2016, https://arxiv.org/abs/1607.06450)

    Args:
        input: shape (..., *normalized_shape).
        normalized_shape: the sizes of the last dimensions, or a single size.
        weight, bias: that shape; None stands for 1 and 0.
        eps: keeps the root away from 0.

    Raises:
        TypeError: the input is not floating-point.
        ValueError: shapes do not fit.

    >>> import glassgrad as gg
    >>> layer_norm(gg.tensor([[1.0, 2.0, 4.0]]), 3)
    tensor([[-1.069 , -0.2673,  1.3363]])
    """
    x = floating(input, "layer_norm")
    shape = _normalized_shape(normalized_shape, x, "layer_norm")
    why = f"it must have the normalized_shape {shape}"
    scale = _affine(weight, x, shape, "layer_norm", "weight", why)
    return standardize(x, scale, _affine(bias, x, shape, "layer_norm", "bias", why), len(shape), eps)


@composed
def rms_norm(input: Any, normalized_shape: Any, weight: Any = None, eps: float | None = None) -> Any:
    """Divide each example by the root of its mean square over the last dimensions, then scale it.

    out = weight·input/√(mean(input²) + eps). (Zhang and Sennrich 2019, https://arxiv.org/abs/1910.07467)

    Args:
        input: shape (..., *normalized_shape).
        normalized_shape: the sizes of the last dimensions, or a single size.
        weight: that shape; None stands for 1.
        eps: keeps the root away from 0; default the rounding unit of the dtype.

    Raises:
        TypeError: the input is not floating-point.
        ValueError: shapes do not fit.

    >>> import glassgrad as gg
    >>> rms_norm(gg.tensor([[3.0, 4.0]]), 2)
    tensor([[0.8485, 1.1314]])
    """
    x = floating(input, "rms_norm")
    shape = _normalized_shape(normalized_shape, x, "rms_norm")
    scale = _affine(weight, x, shape, "rms_norm", "weight", f"it must have the normalized_shape {shape}")
    return standardize(x, scale, None, len(shape), float(np.finfo(x.dtype).eps) if eps is None else eps, False)


@composed
def group_norm(input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> Any:
    """Normalise groups of channels, in each example by itself, then scale and shift each channel.

    (Wu and He 2018, https://arxiv.org/abs/1803.08494)

    Args:
        input: shape (N, C, ...).
        num_groups: how many groups the channels form; divides C.
        weight, bias: shape (C,); None stands for 1 and 0.
        eps: keeps the root away from 0.

    Raises:
        TypeError: the input is not floating-point.
        ValueError: shapes do not fit, or the groups do not divide the channels.

    >>> import glassgrad as gg
    >>> group_norm(gg.tensor([[1.0, 2.0, 8.0, 4.0]]), 2, eps=0)
    tensor([[-1.,  1.,  1., -1.]])
    """
    x = floating(input, "group_norm")
    shape = _channelled(x, "group_norm")
    if num_groups < 1 or shape[1] % num_groups:
        raise located(ValueError, f"group_norm: {num_groups} groups do not divide the {shape[1]} channels of {shape}")
    return _by_groups(x, num_groups, weight, bias, eps, "group_norm")


def _channelled(x: Any, what: str) -> tuple[int, ...]:
    shape = tuple(x.shape)
    if len(shape) < 2:
        raise located(ValueError, f"{what}: the input must have shape (N, C, ...), got {shape}")
    return shape


def _by_groups(x: Any, groups: int, weight: Any, bias: Any, eps: float, what: str) -> Any:
    n, channels, *rest = shape = tuple(x.shape)
    per, area = channels // groups, math.prod(rest)
    why = f"the input of shape {shape} has {channels} channels"
    scale = _affine(weight, x, (channels,), what, "weight", why)
    shift = _affine(bias, x, (channels,), what, "bias", why)
    out = standardize(
        reshape(x, (n, groups, per, area)),
        None if scale is None else reshape(scale, (groups, per, 1)),
        None if shift is None else reshape(shift, (groups, per, 1)),
        2,
        eps,
    )
    return reshape(out, shape)


@composed(widens=True)
def instance_norm(
    input: Any, running_mean: Tensor | None = None, running_var: Tensor | None = None, weight: Any = None,
    bias: Any = None, use_input_stats: bool = True, momentum: float = 0.1, eps: float = 1e-5,
) -> Any:  # fmt: skip
    """Normalise each channel of each example by itself, then scale and shift each channel.

    (Ulyanov, Vedaldi and Lempitsky 2016, https://arxiv.org/abs/1607.08022)

    Args:
        input: shape (N, C, L, ...).
        running_mean, running_var: shape (C,). With ``use_input_stats`` they are moved in place towards the average of
            the examples' means and unbiased variances; without, they are what the input is normalised by.
        weight, bias: shape (C,); None stands for 1 and 0.
        use_input_stats: whether to normalise by the input's own mean and variance.
        momentum: weight of the batch in the running statistics.
        eps: keeps the root away from 0.

    Edges: a channel of one value gives ``bias`` and leaves the running statistics alone, where PyTorch raises.

    Raises:
        TypeError: the input is not floating-point.
        ValueError: shapes do not fit, only one of the running statistics is given, or they are needed and missing.

    >>> import glassgrad as gg
    >>> instance_norm(gg.tensor([[[1.0, 2.0, 4.0]]]))
    tensor([[[-1.069 , -0.2673,  1.3363]]])
    """
    what = "instance_norm"
    x = floating(input, what)
    shape = _channelled(x, what)
    if (running_mean is None) != (running_var is None):
        raise located(ValueError, f"{what}: give both running_mean and running_var, or neither")
    if not use_input_stats:
        if running_mean is None or running_var is None:
            raise located(ValueError, f"{what}: use_input_stats=False needs running_mean and running_var")
        return batch_norm(x, running_mean, running_var, weight, bias, False, momentum, eps)
    why = f"the input of shape {shape} has {shape[1]} channels"
    for name, value in (("running_mean", running_mean), ("running_var", running_var)):
        _affine(value, x, (shape[1],), what, name, why)
    count = math.prod(shape[2:])
    if running_mean is not None and count > 1 and shape[0] and not is_recomputing():
        values = plain(x).reshape(shape[0], shape[1], count)
        with no_grad():
            update_running_statistics(
                running_mean, running_var, values.mean((0, 2)), values.var(2).mean(0), momentum, count
            )
    return _by_groups(x, shape[1], weight, bias, eps, what)


@composed(widens=True)
def local_response_norm(input: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Any:
    """Divide each element by (k + alpha·mean of the squares in ``size`` neighbouring channels)^beta.

    The mean counts channels beyond the edge as 0. (Krizhevsky, Sutskever and Hinton 2012, section 3.3; they write alpha
    for what is alpha/size here.)

    Args:
        input: shape (N, C, L, ...).
        size: how many channels are neighbours; ``size // 2`` of them come before.
        alpha, beta, k: as in the formula.

    Raises:
        ValueError: the input has fewer than three dimensions, or ``size`` is not positive.

    >>> import glassgrad as gg
    >>> local_response_norm(gg.ones(1, 2, 1), 2, alpha=2.0, beta=1.0).reshape(2)
    tensor([0.5   , 0.3333])
    """
    x = operand(input)
    shape = tuple(x.shape)
    if len(shape) < 3:
        raise located(ValueError, f"local_response_norm: the input must have shape (N, C, L, ...), got {shape}")
    if size < 1:
        raise located(ValueError, f"local_response_norm: size must be positive, got {size}")
    if not math.prod(shape):
        return x
    squares = square(x)

    def beyond(channels: int) -> Any:
        return np.zeros((shape[0], channels, *shape[2:]), x.dtype)

    padded = concatenate([beyond(size // 2), squares, beyond((size - 1) // 2)], 1)
    total = getitem(padded, (slice(None), slice(0, shape[1])))
    for start in range(1, size):
        total = total + getitem(padded, (slice(None), slice(start, start + shape[1])))
    return x / power(total * (alpha / size) + k, beta)


@composed(widens=True)
def normalize(input: Any, p: float = 2.0, dim: int | tuple[int, ...] = 1, eps: float = 1e-12) -> Any:
    """Divide vectors along ``dim`` by their p-norm, which counts as at least ``eps``.

    Args:
        input: any shape.
        p: which norm.
        dim: the dimension, or the dimensions, along which the vectors lie.
        eps: the least length.

    Edges: a zero vector stays 0, and its derivative is that of division by ``eps``.

    Raises:
        TypeError: the input is not floating-point.
        IndexError: there is no such dimension.

    >>> import glassgrad as gg
    >>> normalize(gg.tensor([[3.0, 4.0]]))
    tensor([[0.6, 0.8]])
    """
    x = floating(input, "normalize")
    return x / maximum(vector_norm(x, float(p), dim, True), eps)
