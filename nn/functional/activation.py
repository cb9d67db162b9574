"""Activation functions, under PyTorch's names. Where PyTorch takes ``inplace``, so do these, as False."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ...autograd.ops import activation, piecewise
from ...autograd.ops.activation import log_softmax, sigmoid, softmax
from ...autograd.ops.trigonometric import tanh

__all__ = [
    "celu", "elu", "gelu", "glu", "gumbel_softmax", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu",
    "log_softmax", "logsigmoid", "mish", "prelu", "relu", "relu6", "rrelu", "selu", "sigmoid", "silu", "softmax",
    "softmin", "softplus", "softshrink", "softsign", "tanh", "tanhshrink", "threshold",
]  # fmt: skip


def _not_in_place(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function with PyTorch's argument ``inplace``, which may only be False."""
    name = function.__name__

    @functools.wraps(function)
    def call(*args: Any, inplace: bool = False, **kwargs: Any) -> Any:
        if inplace:
            raise ValueError(
                f"{name}: inplace=True is not possible, for operations never overwrite their input; "
                f"write x = {name}(x) and leave inplace out"
            )
        return function(*args, **kwargs)

    return call


gelu, glu, gumbel_softmax, softmin = activation.gelu, activation.glu, activation.gumbel_softmax, activation.softmin
logsigmoid, softplus = activation.logsigmoid, activation.softplus
softsign, tanhshrink = activation.softsign, activation.tanhshrink
prelu, hardshrink, softshrink = piecewise.prelu, piecewise.hardshrink, piecewise.softshrink
silu, mish = map(_not_in_place, (activation.silu, activation.mish))
relu, relu6, leaky_relu = map(_not_in_place, (activation.relu, piecewise.relu6, piecewise.leaky_relu))
elu, selu, celu, rrelu = map(_not_in_place, (piecewise.elu, piecewise.selu, piecewise.celu, piecewise.rrelu))
hardtanh, hardsigmoid = map(_not_in_place, (piecewise.hardtanh, piecewise.hardsigmoid))
hardswish, threshold = map(_not_in_place, (piecewise.hardswish, piecewise.threshold))
