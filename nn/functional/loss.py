"""Losses, with ``reduction`` as PyTorch's: ``"mean"``, ``"sum"`` or ``"none"``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...autograd import Tensor, tensor
from ...autograd.ops.comparison import one_hot, where
from ...autograd.ops.creation import zeros
from ...autograd.ops.elementwise import exp, log
from ...autograd.ops.indexing import getitem
from ...autograd.ops.loss import check_labels, check_reduction, log_softmax, softmax_cross_entropy
from ...autograd.ops.reduction import amax, mean
from ...autograd.ops.reduction import sum as _sum
from ...autograd.ops.shaping import stack
from ..scoping import located

__all__ = [
    "binary_cross_entropy_with_logits", "cross_entropy", "cross_entropy_composed", "mse_loss", "nll_loss",
]  # fmt: skip


def _reduce(losses: Any, reduction: str) -> Any:
    if reduction == "none":
        return losses
    return mean(losses) if reduction == "mean" else _sum(losses)


def _as_target(target: Any, like: Tensor, what: str) -> Tensor:
    """Return `target` as a tensor; numbers that are not in a tensor take the dtype of `like`."""
    result = target if isinstance(target, Tensor) else tensor(target, dtype=like.dtype)
    if result.shape != like.shape:
        hint = ""
        if result.numel() == like.numel():
            hint = f"; reshape one of them, for example target.reshape({like.shape})"
        raise located(
            ValueError,
            f"{what}: input of shape {like.shape} and target of shape {result.shape} must have equal shapes{hint}",
        )
    return result


def _logits(value: Any, what: str) -> Tensor:
    result = value if isinstance(value, Tensor) else tensor(value)
    if not result.is_floating_point():
        raise located(TypeError, f"{what}: the input must be floating-point, not {result.dtype}")
    return result


def mse_loss(input: Tensor, target: Any, reduction: str = "mean") -> Any:
    """Return the squared error (input − target)²: its mean, its sum, or each element's.

    Textbooks often take half of it; its gradient is then (input − target)/N instead of twice that.

    Args:
        input: predictions of any shape.
        target: the same shape; never broadcast, because (N, 1) against (N,) would silently compare all pairs.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: the shapes differ, or `reduction` is unknown.

    >>> import glassgrad as gg
    >>> mse_loss(gg.tensor([1.6, 0.6]), gg.tensor([1.0, 2.0])).item().__round__(6)
    1.16
    """
    check_reduction(reduction, "mse_loss")
    prediction = _logits(input, "mse_loss")
    difference: Any = prediction - _as_target(target, prediction, "mse_loss")  # type: ignore[operator]
    return _reduce(difference**2, reduction)


def binary_cross_entropy_with_logits(
    input: Tensor, target: Any, weight: Any = None, reduction: str = "mean", pos_weight: Any = None,
) -> Any:  # fmt: skip
    """Return the cross entropy between sigmoid(input) and target: log(1 + eˣ) − t·x, for any x without overflow.

    Written as −(t·log σ(x) + (1 − t)·log σ(−x)), where the two logarithms are log softmax of the pair (x, 0); so it is
    exact for large |x| and has the right derivatives of every order, also at 0. The gradient is (σ(x) − t)/N.

    Args:
        input: logits x of any shape.
        target: t of the same shape, between 0 and 1.
        weight: a factor for each element's loss; broadcasts.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        pos_weight: a factor for the positive part, t·log σ(x); broadcasts.

    Raises:
        ValueError: the shapes differ, or `reduction` is unknown.

    >>> import glassgrad as gg
    >>> binary_cross_entropy_with_logits(gg.tensor([0.0, -800.0]), gg.tensor([1.0, 0.0]), reduction="sum")
    tensor(0.6931)
    """
    what = "binary_cross_entropy_with_logits"
    check_reduction(reduction, what)
    x = _logits(input, what)
    t: Any = _as_target(target, x, what)
    pair = log_softmax(stack([x, zeros(*x.shape, dtype=x.dtype)]), 0)
    positive = t * pair[0]
    if pos_weight is not None:
        positive = positive * pos_weight
    losses = -(positive + (1 - t) * pair[1])
    return _reduce(losses if weight is None else losses * weight, reduction)


def _labels(target: Any) -> Any:
    """Return class labels as an array of their own: a later change of the tensor must not reach backward."""
    return target.numpy(copy=True) if isinstance(target, Tensor) else np.array(target)


def _class_weights(weight: Any, classes: int, dtype: Any, what: str) -> Any:
    if weight is None:
        return None
    array = np.asarray(weight, dtype)
    if array.shape != (classes,):
        raise located(ValueError, f"{what}: weight must have shape ({classes},), one for each class, got {array.shape}")
    return array


def _pick(log_probabilities: Tensor, labels: Any, weights: Any, ignore_index: int) -> tuple[Any, Any]:
    """Return (minus the weighted log-probability of each label, the weights), both 0 for ignored labels."""
    counted = labels != ignore_index
    safe = np.where(counted, labels, 0)
    index: list[Any] = list(np.indices(labels.shape, sparse=True))
    index.insert(min(1, labels.ndim), safe)
    factors = counted.astype(log_probabilities.dtype)
    if weights is not None:
        factors = factors * weights[safe]
    # Ignored rows are selected away, not multiplied by 0: theirs may be −inf.
    chosen = where(counted, getitem(log_probabilities, tuple(index)), 0)
    return -chosen * factors, factors


def nll_loss(
    input: Tensor, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean",
) -> Any:  # fmt: skip
    """Return the negative log likelihood −weight[t]·input[n, t] of class labels t, from log-probabilities.

    Args:
        input: log-probabilities of shape (N, C), (C,) or (N, C, d1, ...), such as `log_softmax` gives.
        target: integer labels of the same shape without C.
        weight: a factor for each class, shape (C,).
        ignore_index: rows with this label count nothing. If all are ignored the mean is NaN, as PyTorch's.
        reduction: ``"mean"`` divides by the sum of the weights in use; ``"sum"`` or ``"none"``.

    Raises:
        TypeError: the labels are not integers.
        ValueError: shapes do not fit, a label is out of range, or `reduction` is unknown.

    >>> import glassgrad as gg
    >>> nll_loss(gg.tensor([[-0.5, -1.0], [-2.0, -0.1]]), gg.tensor([0, 1])).item().__round__(6)
    0.3
    """
    check_reduction(reduction, "nll_loss")
    log_probabilities = _logits(input, "nll_loss")
    labels = _labels(target)
    _check_labels(labels, log_probabilities.shape, ignore_index, "nll_loss")
    classes = log_probabilities.shape[min(1, log_probabilities.ndim - 1)]
    weights = _class_weights(weight, classes, log_probabilities.dtype, "nll_loss")
    losses, factors = _pick(log_probabilities, labels, weights, ignore_index)
    return _weighted(losses, factors, reduction)


def _check_labels(labels: Any, shape: tuple[int, ...], ignore_index: int, what: str) -> None:
    if not shape:
        raise located(ValueError, f"{what}: the input must have shape (N, C), (C,) or (N, C, d1, ...), got ()")
    try:
        check_labels(labels, shape, ignore_index, what)
    except (TypeError, ValueError) as error:
        raise located(type(error), str(error)) from None


def _weighted(losses: Any, factors: Any, reduction: str) -> Any:
    if reduction == "none":
        return losses
    total = _sum(losses)
    if reduction == "sum":
        return total
    count = float(np.sum(factors))
    return total / count if count else total * math.nan


def cross_entropy(
    input: Tensor, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:  # fmt: skip
    """Return the cross entropy between softmax of the logits and the target.

    With class labels t it is −weight[t]·log softmax(input)[t], in one step that cannot overflow and whose gradient is
    (softmax − one-hot)/N; with class probabilities p it is −Σ_c weight[c]·p[c]·log softmax(input)[c].

    Args:
        input: logits of shape (N, C), (C,) or (N, C, d1, ...).
        target: integer labels of the same shape without C; or floating-point probabilities of the same shape.
        weight: a factor for each class, shape (C,).
        ignore_index: rows with this label count nothing. If all are ignored the mean is NaN, as PyTorch's.
        reduction: ``"mean"`` divides labels' losses by the sum of the weights in use, and probabilities' by N;
            ``"sum"`` or ``"none"``.
        label_smoothing: the target becomes (1 − s)·target + s/C.

    Raises:
        TypeError: labels are neither integers nor floating-point of the shape of the input.
        ValueError: shapes do not fit, a label is out of range, or an option is not allowed.

    >>> import glassgrad as gg
    >>> logits = gg.tensor([[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]])
    >>> cross_entropy(logits, gg.tensor([2, 0])).item().__round__(6)
    0.753109
    """
    what = "cross_entropy"
    check_reduction(reduction, what)
    if not 0.0 <= label_smoothing <= 1.0:
        raise located(ValueError, f"{what}: label_smoothing must be between 0 and 1, got {label_smoothing}")
    logits = _logits(input, what)
    values: Any = target if isinstance(target, Tensor) else np.asarray(target)
    axis = min(1, logits.ndim - 1)
    if values.dtype.kind == "f" and values.shape == logits.shape and logits.ndim:
        return _soft_cross_entropy(logits, values, weight, reduction, label_smoothing, axis)
    labels = _labels(values)
    if weight is None and not label_smoothing:
        return softmax_cross_entropy(logits, labels, reduction, ignore_index)
    _check_labels(labels, logits.shape, ignore_index, what)
    classes = logits.shape[axis]
    weights = _class_weights(weight, classes, logits.dtype, what)
    log_probabilities = log_softmax(logits, axis)
    losses, factors = _pick(log_probabilities, labels, weights, ignore_index)
    if label_smoothing:
        each = log_probabilities if weights is None else log_probabilities * _along(weights, axis, logits.ndim)
        spread = -_sum(each, axis) * (labels != ignore_index).astype(logits.dtype)
        losses = losses * (1 - label_smoothing) + spread * (label_smoothing / classes)
    return _weighted(losses, factors, reduction)


def _along(weights: Any, axis: int, ndim: int) -> Any:
    return weights.reshape([-1 if i == axis else 1 for i in range(ndim)])


def _soft_cross_entropy(
    logits: Tensor, target: Any, weight: Any, reduction: str, label_smoothing: float, axis: int
) -> Any:
    classes = logits.shape[axis]
    probabilities: Any = target if isinstance(target, Tensor) else tensor(target, dtype=logits.dtype)
    weights = _class_weights(weight, classes, logits.dtype, "cross_entropy")
    if label_smoothing:
        probabilities = probabilities * (1 - label_smoothing) + label_smoothing / classes
    if weights is not None:
        probabilities = probabilities * _along(weights, axis, logits.ndim)
    losses = -_sum(probabilities * log_softmax(logits, axis), axis)
    return _reduce(losses, reduction)


def cross_entropy_composed(input: Tensor, target: Any) -> Any:
    """Return the mean cross entropy written out in small operations, as a lesson draws it.

    shifted = x − max x;  log p = shifted − log Σ exp(shifted);  E = −(1/N) Σ_n Σ_c one-hot(t)[n, c]·log p[n, c]

    Args:
        input: logits of shape (N, C).
        target: integer labels of shape (N,).

    Raises:
        TypeError, ValueError: as `cross_entropy`.

    >>> import glassgrad as gg
    >>> cross_entropy_composed(gg.tensor([[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]]), [2, 0]).item().__round__(6)
    0.753109
    """
    logits = _logits(input, "cross_entropy_composed")
    labels = _labels(target)
    if logits.ndim != 2:
        raise located(ValueError, f"cross_entropy_composed: the logits must have shape (N, C), got {logits.shape}")
    _check_labels(labels, logits.shape, -100, "cross_entropy_composed")
    chosen = tensor(one_hot(labels, logits.shape[1]), dtype=logits.dtype)
    # Whatever is subtracted from all logits of a row cancels, so the maximum may be held constant.
    shifted: Any = logits - amax(logits.detach(), 1, True)  # type: ignore[operator]
    log_probabilities = shifted - log(_sum(exp(shifted), 1, True))
    return -mean(_sum(chosen * log_probabilities, 1))
