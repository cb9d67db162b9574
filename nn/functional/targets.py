"""What the losses share: how they read inputs and targets, and how they reduce."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...autograd import Tensor
from ...autograd.core.dtypes import as_array
from ...autograd.ops.loss import check_labels
from ...autograd.ops.reduction import mean
from ...autograd.ops.reduction import sum as _sum
from ...autograd.ops.rounding import clamp_min
from ..scoping import located

__all__: list[str] = []


def reduced(losses: Any, reduction: str) -> Any:
    """Return the losses, their sum, or their mean, which of no losses is NaN."""
    if reduction == "none":
        return losses
    if reduction == "sum" or not math.prod(losses.shape):
        return _sum(losses) if reduction == "sum" else _sum(losses) * math.nan
    return mean(losses)


def weighted_mean(losses: Any, factors: Any, reduction: str) -> Any:
    """Return losses that were multiplied by factors (None: all 1); their mean is divided by the sum of those."""
    if reduction == "none" or factors is None:
        return reduced(losses, reduction)
    total = _sum(losses)
    if reduction == "sum":
        return total
    count = float(np.sum(factors))
    return total / count if count else total * math.nan


def operand(value: Any) -> Any:
    """Return an operand of any dtype; lists and numbers become arrays."""
    return value if isinstance(value, Tensor | np.ndarray) else as_array(value)


def floating(value: Any, what: str, name: str = "input") -> Any:
    """Return an operand that must be floating-point; lists and numbers become arrays."""
    result = operand(value)
    if result.dtype.kind != "f":
        raise located(
            TypeError, f"{what}: the {name} must be floating-point, not {result.dtype}; convert it with .float()"
        )
    return result


def beside(value: Any, like: Any) -> Any:
    """Return a further operand; numbers outside tensors take the dtype of ``like`` if that is floating-point."""
    return value if isinstance(value, Tensor) else as_array(value, like.dtype if like.dtype.kind == "f" else None)


def matching(target: Any, like: Any, what: str, name: str = "target") -> Any:
    """Return a target, which must have the shape of the input: a silent broadcast would compare all pairs."""
    result = beside(target, like)
    if tuple(result.shape) != tuple(like.shape):
        hint = ""
        if math.prod(result.shape) == math.prod(like.shape):
            hint = f"; reshape one of them, for example {name}.reshape({tuple(like.shape)})"
        raise located(
            ValueError,
            f"{what}: input of shape {tuple(like.shape)} and {name} of shape {tuple(result.shape)} must have equal "
            f"shapes{hint}",
        )
    return result


def plain(value: Any) -> Any:
    """Return the numbers of a tensor or array, to be looked at."""
    return value.numpy() if isinstance(value, Tensor) else np.asarray(value)


def not_negative(x: Any) -> Any:
    """Return max(x, 0) with the derivative 1 at 0, as PyTorch's clamp has it."""
    return clamp_min(x, 0)


def labels_of(target: Any) -> Any:
    """Return class labels as an array of their own: a later change of the tensor must not reach backward."""
    return target.numpy(copy=True) if isinstance(target, Tensor) else np.array(target)


def checked_labels(labels: Any, shape: tuple[int, ...], ignore_index: int, what: str) -> None:
    """Raise unless integer labels fit logits of ``shape``."""
    if not shape:
        raise located(ValueError, f"{what}: the input must have shape (N, C), (C,) or (N, C, d1, ...), got ()")
    try:
        check_labels(labels, shape, ignore_index, what)
    except (TypeError, ValueError) as error:
        raise located(type(error), str(error)) from None


def class_weights(weight: Any, classes: int, dtype: Any, what: str) -> Any:
    """Return a factor for each class as an array, or None."""
    if weight is None:
        return None
    array = np.asarray(weight, dtype)
    if array.shape != (classes,):
        raise located(ValueError, f"{what}: weight must have shape ({classes},), one for each class, got {array.shape}")
    return array
