"""Clipping of gradients, by their norm or by value, in place."""

from __future__ import annotations

import math
import warnings
from collections.abc import Generator
from typing import Any

import numpy as np

from ...autograd import Tensor, no_grad, update
from ...autograd.ops.vector_norms import vector_norm
from .arguments import list_tensors

__all__ = ["clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm"]


def _tensors(owner: str, given: Any) -> list[Tensor]:
    tensors = list_tensors(owner, given)
    if not tensors and isinstance(given, Generator):
        warnings.warn(
            f"{owner}: the generator is empty, so nothing is clipped; model.parameters() can be used only once",
            UserWarning,
            stacklevel=3,
        )
    return tensors


def _number(owner: str, name: str, value: Any) -> float:
    if isinstance(value, Tensor) and math.prod(value.shape) == 1:
        value = value.item()
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{owner}: {name} must be a number, not {value!r}") from error
    if math.isnan(number):
        raise ValueError(f"{owner}: {name} must be a number, got nan")
    return number


def _limit(owner: str, name: str, value: Any) -> float:
    limit = _number(owner, name, value)
    if limit < 0:
        raise ValueError(f"{owner}: {name} must be at least 0, got {value}")
    return limit


def get_total_norm(
    tensors: Any, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> Tensor:
    """Return the norm of all elements of some tensors, as if they were one vector.

    Args:
        tensors: a tensor or several.
        norm_type: the order p; ``inf`` is the largest absolute value.
        error_if_nonfinite: raise if the norm is infinite or NaN.
        foreach: accepted as PyTorch's, and without effect.

    Raises:
        RuntimeError: the norm is not finite and ``error_if_nonfinite`` is set.
        TypeError, ValueError: something given is not a tensor, or ``norm_type`` not a number.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.utils.get_total_norm([gg.tensor([3.0]), gg.tensor([[4.0]])])
    tensor(5.)
    """
    order = _number("get_total_norm", "norm_type", norm_type)
    with no_grad():
        norms = [vector_norm(tensor, order) for tensor in _tensors("get_total_norm", tensors)]
        if not norms:
            return Tensor(0.0, np.float32)
        # Of the norms of the parts, in the widest of their dtypes, so that a part in float16 does not round the sum.
        parts = np.array([norm.item() for norm in norms], np.result_type(*(norm.dtype for norm in norms)))
        total = vector_norm(Tensor(parts), order)
    if error_if_nonfinite and not math.isfinite(total.item()):
        raise RuntimeError(
            f"the norm of order {order:g} of the gradients is {total.item()}, so they cannot be clipped; with "
            "error_if_nonfinite=False they would become 0 or NaN. gg.detect_anomaly() finds where it began"
        )
    return total


def clip_grads_with_norm_(parameters: Any, max_norm: float, total_norm: Tensor, foreach: bool | None = None) -> None:
    """Multiply the gradients by max_norm/(total_norm + 1e-6) if that is less than 1.

    Args:
        parameters: a tensor or several; those without a gradient are passed over.
        max_norm: at least 0.
        total_norm: the norm of all gradients, as ``get_total_norm`` gives.
        foreach: accepted as PyTorch's, and without effect.

    Raises:
        TypeError, ValueError: something given is not a tensor, or ``max_norm`` not a number of at least 0.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> w = gg.zeros(1, requires_grad=True)
    >>> w.grad = gg.tensor([8.0])
    >>> nn.utils.clip_grads_with_norm_([w], 2.0, gg.tensor(16.0))
    >>> w.grad
    tensor([1.])
    """
    limit = _limit("clip_grads_with_norm_", "max_norm", max_norm)
    total = float(total_norm.item() if isinstance(total_norm, Tensor) else total_norm)
    factor = limit / (total + 1e-6) if limit < math.inf else math.inf
    if factor >= 1:  # with NaN it goes on, and the gradients show it
        return
    with no_grad():
        for parameter in _tensors("clip_grads_with_norm_", parameters):
            if parameter.grad is not None:
                parameter.grad.multiply_(factor)


def clip_grad_norm_(
    parameters: Any, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:  # fmt: skip
    """Scale all gradients down together, in place, so that their norm is at most ``max_norm``; return the norm before.

    The direction of the step stays the same. (Pascanu, Mikolov and Bengio 2013)

    Args:
        parameters: such as ``model.parameters()``; those without a gradient are passed over.
        max_norm: at least 0.
        norm_type: the order of the norm of all gradients as one vector; ``inf`` is the largest absolute value.
        error_if_nonfinite: raise if the norm is infinite or NaN; otherwise the gradients then become 0 or NaN.
        foreach: accepted as PyTorch's, and without effect.

    Raises:
        RuntimeError: the norm is not finite and ``error_if_nonfinite`` is set; the gradients are unchanged.
        TypeError, ValueError: something given is not a tensor, or a number out of range.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> w, b = gg.zeros(1, requires_grad=True), gg.zeros(1, requires_grad=True)
    >>> w.grad, b.grad = gg.tensor([30.0]), gg.tensor([40.0])
    >>> nn.utils.clip_grad_norm_([w, b], max_norm=5.0)
    tensor(50.)
    >>> w.grad, b.grad
    (tensor([3.]), tensor([4.]))
    """
    _limit("clip_grad_norm_", "max_norm", max_norm)
    tensors = _tensors("clip_grad_norm_", parameters)
    gradients = [tensor.grad for tensor in tensors if tensor.grad is not None]
    total = get_total_norm(gradients, norm_type, error_if_nonfinite)
    clip_grads_with_norm_(tensors, max_norm, total)
    return total


@update(mutates=("gradient",))
def clip_value_(gradient: Any, limit: float) -> None:
    """Bring every element of ``gradient`` into [−limit, limit]."""
    np.clip(gradient, -limit, limit, out=gradient)


def clip_grad_value_(parameters: Any, clip_value: float, foreach: bool | None = None) -> None:
    """Bring every element of the gradients into [−clip_value, clip_value], in place.

    Args:
        parameters: such as ``model.parameters()``; those without a gradient are passed over.
        clip_value: at least 0.
        foreach: accepted as PyTorch's, and without effect.

    Raises:
        TypeError, ValueError: something given is not a tensor, or ``clip_value`` not a number of at least 0.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> w = gg.zeros(3, requires_grad=True)
    >>> w.grad = gg.tensor([0.5, -3.0, 2.0])
    >>> nn.utils.clip_grad_value_([w], 1.0)
    >>> w.grad
    tensor([ 0.5, -1. ,  1. ])
    """
    limit = _limit("clip_grad_value_", "clip_value", clip_value)
    with no_grad():
        for parameter in _tensors("clip_grad_value_", parameters):
            if parameter.grad is not None:
                clip_value_(parameter.grad, limit)
