"""Activation functions, under PyTorch's names. Where PyTorch takes ``inplace``, so do these, as False."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ...autograd.ops import activation as _ops
from ...autograd.ops import elementwise as _elementwise
from ...autograd.ops.elementwise import sigmoid, tanh
from ...autograd.ops.loss import log_softmax, softmax

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


gelu, glu, gumbel_softmax, prelu, softmin = _ops.gelu, _ops.glu, _ops.gumbel_softmax, _ops.prelu, _ops.softmin
hardshrink, softshrink, tanhshrink = _ops.hardshrink, _ops.softshrink, _ops.tanhshrink
logsigmoid, softplus, softsign = _ops.logsigmoid, _ops.softplus, _ops.softsign
relu, relu6, leaky_relu = map(_not_in_place, (_elementwise.relu, _ops.relu6, _ops.leaky_relu))
elu, selu, celu, rrelu = map(_not_in_place, (_ops.elu, _ops.selu, _ops.celu, _ops.rrelu))
silu, mish, threshold = map(_not_in_place, (_ops.silu, _ops.mish, _ops.threshold))
hardtanh, hardsigmoid, hardswish = map(_not_in_place, (_ops.hardtanh, _ops.hardsigmoid, _ops.hardswish))
