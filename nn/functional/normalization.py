"""Normalisation over batches, layers, groups and instances."""

from __future__ import annotations

from typing import Any

from ...autograd import Tensor, no_grad, tensor
from ...autograd.effects import update_running_statistics
from ...autograd.ops.creation import ones, zeros
from ...autograd.ops.elementwise import sqrt
from ...autograd.ops.normalization import batch_norm as _batch_norm
from ...autograd.ops.normalization import batch_norm_composed
from ...autograd.ops.shaping import reshape
from ..scoping import located

__all__ = ["batch_norm", "batch_norm_composed"]


def batch_norm(
    input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None = None,
    bias: Tensor | None = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5,
) -> Any:  # fmt: skip
    """Normalise each channel to mean 0 and variance 1, then scale and shift it.

    out = weight·(input − mean)/√(variance + eps) + bias. (Ioffe and Szegedy 2015)

    In training, mean and (population) variance are those of the batch, and the running statistics move towards them:
    running = (1 − momentum)·running + momentum·batch, with the unbiased variance, as PyTorch's. A batch with one value
    per channel gives ``bias``, where PyTorch raises, and leaves the running statistics alone.

    Args:
        input: shape (N, C, ...).
        running_mean, running_var: shape (C,), used in evaluation; changed in place in training. None: not kept.
        weight, bias: shape (C,); None stands for 1 and 0.
        training: whether to normalise by the batch.
        momentum: weight of the batch in the running statistics.
        eps: keeps the root away from 0.

    Raises:
        ValueError: shapes do not fit, only one of the running statistics is given, or evaluation has none.

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
        out, average, population = _batch_norm(input, scale, shift, eps)
        count = input.numel() // channels if channels else 0
        if running_mean is not None and count > 1:
            with no_grad():
                update_running_statistics(running_mean, running_var, average, population, momentum, count)
        return out
    if running_mean is None or running_var is None:
        raise located(ValueError, "batch_norm: evaluation needs running_mean and running_var; or set training=True")
    column = (1, channels) + (1,) * (input.ndim - 2)
    variance: Any = running_var
    factor = scale / sqrt(variance + eps)
    return (input - reshape(running_mean, column)) * reshape(factor, column) + reshape(shift, column)
