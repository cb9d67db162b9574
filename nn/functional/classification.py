"""Losses between scores of classes and labels or probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...autograd import Tensor, tensor
from ...autograd.engine.compose import composed
from ...autograd.ops.activation import log_softmax
from ...autograd.ops.comparison import one_hot, where
from ...autograd.ops.exponential import exp, log
from ...autograd.ops.indexing import getitem
from ...autograd.ops.loss import (
    binary_cross_entropy_error,
    check_reduction,
    logistic_cross_entropy,
    softmax_cross_entropy,
)
from ...autograd.ops.reduction import amax, mean
from ...autograd.ops.reduction import sum as _sum
from ..scoping import located
from .targets import beside, checked_labels, class_weights, floating, labels_of, matching, plain, reduced, weighted_mean

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "cross_entropy_composed",
    "multilabel_soft_margin_loss", "nll_loss", "soft_margin_loss",
]  # fmt: skip


@composed(widens=True)
def binary_cross_entropy(input: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
    """Return the cross entropy −t·log x − (1 − t)·log(1 − x) between probabilities x and t.

    ``binary_cross_entropy_with_logits`` takes what the sigmoid would get, and keeps all digits.

    Args:
        input: probabilities x of any shape.
        target: t of the same shape, between 0 and 1.
        weight: a factor for each element's loss; broadcasts.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Edges: logarithms are no less than −100, and the derivative (x − t)/(x·(1 − x)) has a denominator of at least 1e−12.

    Raises:
        TypeError: the input is not floating-point.
        ValueError: the shapes differ, ``reduction`` is unknown, or input or target are not between 0 and 1.

    >>> import glassgrad as gg
    >>> binary_cross_entropy(gg.tensor([0.5, 1.0]), gg.tensor([1.0, 0.0]), reduction="none")
    tensor([  0.6931, 100.    ])
    """
    what = "binary_cross_entropy"
    check_reduction(reduction, what)
    x = floating(input, what)
    t = matching(target, x, what)
    for name, values in (("input", plain(x)), ("target", plain(t))):
        if values.size and not (values.min() >= 0 and values.max() <= 1):
            position = tuple(int(i) for i in np.argwhere(~((values >= 0) & (values <= 1)))[0])
            hint = "; apply a sigmoid first, or use binary_cross_entropy_with_logits" if name == "input" else ""
            raise located(
                ValueError,
                f"{what}: {name}[{', '.join(map(str, position))}] = {float(values[position])} is not between 0 and 1"
                + hint,
            )
    losses = binary_cross_entropy_error(x, t)
    return reduced(losses if weight is None else losses * _broadcast_weight(weight, x, what), reduction)


def _broadcast_weight(weight: Any, like: Any, what: str, name: str = "weight") -> Any:
    factors = beside(weight, like)
    try:
        fits = np.broadcast_shapes(factors.shape, like.shape) == tuple(like.shape)
    except ValueError:
        fits = False
    if not fits:
        raise located(
            ValueError, f"{what}: {name} of shape {tuple(factors.shape)} does not broadcast to {tuple(like.shape)}"
        )
    return factors


@composed(widens=True)
def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, reduction: str = "mean", pos_weight: Any = None
) -> Any:
    """Return the cross entropy between sigmoid(input) and target: log(1 + eˣ) − t·x, for any x without overflow.

    It is exact for large |x| and has the right derivatives of every order, also at 0. The gradient is (σ(x) − t)/N.

    Args:
        input: logits x of any shape.
        target: t of the same shape, between 0 and 1.
        weight: a factor for each element's loss; broadcasts.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        pos_weight: a factor for the positive part, t·log σ(x); broadcasts.

    Raises:
        ValueError: the shapes differ, or ``reduction`` is unknown.

    >>> import glassgrad as gg
    >>> binary_cross_entropy_with_logits(gg.tensor([0.0, -800.0]), gg.tensor([1.0, 0.0]), reduction="sum")
    tensor(0.6931)
    """
    what = "binary_cross_entropy_with_logits"
    check_reduction(reduction, what)
    x = floating(input, what)
    t = matching(target, x, what)
    if pos_weight is None:
        losses = logistic_cross_entropy(x, t)
    else:
        positive = t * _broadcast_weight(pos_weight, x, what, "pos_weight")
        losses = positive * logistic_cross_entropy(x, 1.0) + (1 - t) * logistic_cross_entropy(x, 0.0)
    return reduced(losses if weight is None else losses * _broadcast_weight(weight, x, what), reduction)


@composed(widens=True)
def soft_margin_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """Return log(1 + exp(−t·x)) for scores x and targets t of 1 or −1.

    Args:
        input: scores x of any shape.
        target: t of the same shape, 1 or −1; never broadcast.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        TypeError: the input is not floating-point.
        ValueError: the shapes differ, or ``reduction`` is unknown.

    >>> import glassgrad as gg
    >>> soft_margin_loss(gg.tensor([0.0, -8.0]), gg.tensor([1.0, 1.0]), reduction="none")
    tensor([0.6931, 8.0003])
    """
    check_reduction(reduction, "soft_margin_loss")
    x = floating(input, "soft_margin_loss")
    return reduced(logistic_cross_entropy(x * matching(target, x, "soft_margin_loss"), 1.0), reduction)


@composed(widens=True)
def multilabel_soft_margin_loss(input: Any, target: Any, weight: Any = None, reduction: str = "mean") -> Any:
    """Return, for each row, the mean over classes of the cross entropy between sigmoid(input) and target.

    Args:
        input: logits of shape (..., C).
        target: 0 or 1, of the same shape; never broadcast.
        weight: a factor for each class; broadcasts.
        reduction: ``"mean"``, ``"sum"`` or ``"none"`` over the rows.

    Raises:
        TypeError: the input is not floating-point.
        ValueError: the shapes differ, the input is a single number, or ``reduction`` is unknown.

    >>> import glassgrad as gg
    >>> multilabel_soft_margin_loss(gg.tensor([[0.0, -800.0]]), gg.tensor([[1.0, 0.0]]))
    tensor(0.3466)
    """
    what = "multilabel_soft_margin_loss"
    check_reduction(reduction, what)
    x = floating(input, what)
    if not x.shape:
        raise located(ValueError, f"{what}: the input must have shape (..., C), got ()")
    losses = logistic_cross_entropy(x, matching(target, x, what))
    if weight is not None:
        losses = losses * _broadcast_weight(weight, x, what)
    return reduced(_sum(losses, -1) / x.shape[-1] if x.shape[-1] else _sum(losses, -1), reduction)


def _pick(log_probabilities: Any, labels: Any, weights: Any, ignore_index: int) -> tuple[Any, Any]:
    """Return (minus the weighted log-probability of each label, the weights), both 0 for ignored labels.

    The weights are None if all are 1.
    """
    counted = labels != ignore_index
    everything = counted.all()
    safe = labels if everything else np.where(counted, labels, 0)
    index = list(np.indices(labels.shape, sparse=True)) if labels.ndim != 1 else [np.arange(labels.size)]
    index.insert(min(1, labels.ndim), safe)
    chosen = getitem(log_probabilities, tuple(index))
    # Ignored rows are selected away, not multiplied by 0: theirs may be −inf.
    losses = -(chosen if everything else where(counted, chosen, 0))
    if weights is None:
        return losses, None if everything else counted.astype(log_probabilities.dtype)
    factors = weights[safe] * counted.astype(log_probabilities.dtype)
    return losses * factors, factors


@composed(widens=True)
def nll_loss(input: Any, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> Any:
    """Return the negative log likelihood −weight[t]·input[n, t] of class labels t, from log-probabilities.

    Args:
        input: log-probabilities of shape (N, C), (C,) or (N, C, d1, ...), such as ``log_softmax`` gives.
        target: integer labels of the same shape without C.
        weight: a factor for each class, shape (C,).
        ignore_index: rows with this label count nothing. If all are ignored the mean is NaN, as PyTorch's.
        reduction: ``"mean"`` divides by the sum of the weights in use; ``"sum"`` or ``"none"``.

    Raises:
        TypeError: the labels are not integers.
        ValueError: shapes do not fit, a label is out of range, or ``reduction`` is unknown.

    >>> import glassgrad as gg
    >>> nll_loss(gg.tensor([[-0.5, -1.0], [-2.0, -0.1]]), gg.tensor([0, 1])).item().__round__(6)
    0.3
    """
    check_reduction(reduction, "nll_loss")
    log_probabilities = floating(input, "nll_loss")
    labels = labels_of(target)
    checked_labels(labels, log_probabilities.shape, ignore_index, "nll_loss")
    classes = log_probabilities.shape[min(1, log_probabilities.ndim - 1)]
    weights = class_weights(weight, classes, log_probabilities.dtype, "nll_loss")
    losses, factors = _pick(log_probabilities, labels, weights, ignore_index)
    return weighted_mean(losses, factors, reduction)


@composed(widens=True)
def cross_entropy(
    input: Any, target: Any, weight: Any = None, ignore_index: int = -100, reduction: str = "mean",
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
    logits = floating(input, what)
    values: Any = target if isinstance(target, Tensor) else np.asarray(target)
    axis = min(1, logits.ndim - 1)
    if values.dtype.kind == "f" and values.shape == logits.shape and logits.ndim:
        return _soft_cross_entropy(logits, values, weight, reduction, label_smoothing, axis)
    labels = labels_of(values)
    if weight is None and not label_smoothing:
        return softmax_cross_entropy(logits, labels, reduction, ignore_index)
    checked_labels(labels, logits.shape, ignore_index, what)
    classes = logits.shape[axis]
    weights = class_weights(weight, classes, logits.dtype, what)
    log_probabilities = log_softmax(logits, axis)
    losses, factors = _pick(log_probabilities, labels, weights, ignore_index)
    if label_smoothing:
        each = log_probabilities if weights is None else log_probabilities * _along(weights, axis, logits.ndim)
        spread = -_sum(each, axis)
        if factors is not None:
            spread = spread * (labels != ignore_index).astype(logits.dtype)
        losses = losses * (1 - label_smoothing) + spread * (label_smoothing / classes)
    return weighted_mean(losses, factors, reduction)


def _along(weights: Any, axis: int, ndim: int) -> Any:
    return weights.reshape([-1 if i == axis else 1 for i in range(ndim)])


def _soft_cross_entropy(
    logits: Any, target: Any, weight: Any, reduction: str, label_smoothing: float, axis: int
) -> Any:
    classes = logits.shape[axis]
    probabilities: Any = target if isinstance(target, Tensor) else tensor(target, dtype=logits.dtype)
    weights = class_weights(weight, classes, logits.dtype, "cross_entropy")
    if label_smoothing:
        probabilities = probabilities * (1 - label_smoothing) + label_smoothing / classes
    if weights is not None:
        probabilities = probabilities * _along(weights, axis, logits.ndim)
    losses = -_sum(probabilities * log_softmax(logits, axis), axis)
    return reduced(losses, reduction)


@composed(widens=True)
def cross_entropy_composed(input: Any, target: Any) -> Any:
    """Return the mean cross entropy written out in small operations, as a lesson draws it.

    shifted = x − max x;  log p = shifted − log Σ exp(shifted);  E = −(1/N) Σ_n Σ_c one-hot(t)[n, c]·log p[n, c]

    Args:
        input: logits of shape (N, C).
        target: integer labels of shape (N,).

    Raises:
        TypeError, ValueError: as ``cross_entropy``.

    >>> import glassgrad as gg
    >>> cross_entropy_composed(gg.tensor([[1.0, 2.0, 3.0], [1.0, 1.0, 1.0]]), [2, 0]).item().__round__(6)
    0.753109
    """
    logits = floating(input, "cross_entropy_composed")
    labels = labels_of(target)
    if logits.ndim != 2:
        raise located(ValueError, f"cross_entropy_composed: the logits must have shape (N, C), got {logits.shape}")
    checked_labels(labels, logits.shape, -100, "cross_entropy_composed")
    chosen = tensor(one_hot(labels, logits.shape[1]), dtype=logits.dtype)
    # Whatever is subtracted from all logits of a row cancels, so the maximum may be held constant.
    held = logits.detach() if isinstance(logits, Tensor) else logits
    shifted = logits - amax(held, 1, True)
    log_probabilities = shifted - log(_sum(exp(shifted), 1, True))
    return -mean(_sum(chosen * log_probabilities, 1))
