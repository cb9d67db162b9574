"""Losses that ask for a margin: between right and wrong classes, between near and far examples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...autograd.engine.compose import composed
from ...autograd.ops.activation import relu
from ...autograd.ops.arithmetic import square
from ...autograd.ops.comparison import where
from ...autograd.ops.distance import pairwise_distance
from ...autograd.ops.elementwise import minimum, sqrt
from ...autograd.ops.indexing import getitem, write_at
from ...autograd.ops.loss import check_reduction
from ...autograd.ops.reduction import sum as _sum
from ...autograd.ops.shaping import reshape, unsqueeze, wide
from ..scoping import located
from .targets import (
    beside,
    checked_labels,
    class_weights,
    floating,
    labels_of,
    matching,
    not_negative,
    operand,
    reduced,
)  # fmt: skip

__all__ = [
    "cosine_embedding_loss", "hinge_embedding_loss", "margin_ranking_loss", "multi_margin_loss",
    "multilabel_margin_loss", "triplet_margin_loss", "triplet_margin_with_distance_loss",
]  # fmt: skip


@composed(widens=True)
def hinge_embedding_loss(input: Any, target: Any, margin: float = 1.0, reduction: str = "mean") -> Any:
    """Return the distance x where the target is 1, and max(0, margin − x) where it is −1.

    Args:
        input: distances x of any shape.
        target: 1 or −1, of the same shape; never broadcast.
        margin: how far apart pairs with target −1 should be.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Edges: where x equals the margin the derivative is −1; a target that is neither 1 nor −1 counts both terms.

    Raises:
        TypeError: the input is not floating-point.
        ValueError: the shapes differ, or `reduction` is unknown.

    >>> import glassgrad as gg
    >>> hinge_embedding_loss(gg.tensor([0.25, 0.25]), gg.tensor([1.0, -1.0]), reduction="none")
    tensor([0.25, 0.75])
    """
    check_reduction(reduction, "hinge_embedding_loss")
    x = floating(input, "hinge_embedding_loss")
    t = matching(target, x, "hinge_embedding_loss")
    return reduced(where(t != -1, x, 0) + where(t != 1, not_negative(margin - x), 0), reduction)


@composed(widens=True)
def margin_ranking_loss(input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: str = "mean") -> Any:
    """Return max(0, margin − t·(input1 − input2)): for t = 1 the first should rank higher, for t = −1 the second.

    Args:
        input1, input2: scores of any shape, the same for both.
        target: t of the same shape, 1 or −1; never broadcast.
        margin: by how much.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Edges: the derivative at 0 is that of the positive side.

    Raises:
        ValueError: the shapes differ, or `reduction` is unknown.

    >>> import glassgrad as gg
    >>> margin_ranking_loss(gg.tensor([1.0, 1.0]), gg.tensor([3.0, 0.0]), gg.tensor([1.0, 1.0]), reduction="none")
    tensor([2., 0.])
    """
    check_reduction(reduction, "margin_ranking_loss")
    x = wide(operand(input1))
    y = wide(matching(input2, x, "margin_ranking_loss", "input2"))
    t = matching(target, x, "margin_ranking_loss")
    return reduced(not_negative(margin - t * (x - y)), reduction)


@composed(widens=True)
def multi_margin_loss(
    input: Any, target: Any, p: int = 1, margin: float = 1.0, weight: Any = None, reduction: str = "mean"
) -> Any:
    """Return Σ_{c≠t} weight[t]·max(0, margin − x_t + x_c)^p / C for scores x of C classes and labels t.

    Args:
        input: scores of shape (N, C) or (C,).
        target: integer labels of shape (N,) or ().
        p: 1 or 2.
        margin: by how much the right class should lead.
        weight: a factor for each class, shape (C,).
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Edges: a class that is beaten by just the margin has derivative 0.

    Raises:
        TypeError: the labels are not integers, or the input is not floating-point.
        ValueError: shapes do not fit, a label is out of range, or an option is not allowed.

    >>> import glassgrad as gg
    >>> multi_margin_loss(gg.tensor([[0.0, 2.0, 1.5]]), gg.tensor([1]))
    tensor(0.1667)
    """
    what = "multi_margin_loss"
    check_reduction(reduction, what)
    if p not in (1, 2):
        raise located(ValueError, f"{what}: p must be 1 or 2, got {p}")
    x = floating(input, what)
    labels = labels_of(target)
    if len(x.shape) == 1 and labels.shape == (1,):
        labels = labels.reshape(())
    if not x.shape:
        x = reshape(x, (1,))
    if len(x.shape) not in (1, 2):
        raise located(ValueError, f"{what}: the input must have shape (N, C) or (C,), got {tuple(x.shape)}")
    checked_labels(labels, tuple(x.shape), -1 - x.shape[-1], what)
    classes = x.shape[-1]
    weights = class_weights(weight, classes, x.dtype, what)
    at = (np.arange(labels.size), labels) if labels.ndim else (int(labels),)
    lead = relu(margin - unsqueeze(getitem(x, at), -1) + x)
    terms = write_at(lead if p == 1 else square(lead), np.zeros((), x.dtype), at)
    losses = _sum(terms, -1) / max(classes, 1)
    return reduced(losses if weights is None else losses * weights[labels], reduction)


@composed(widens=True)
def multilabel_margin_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """Return Σ max(0, 1 − (x_t − x_c)) / C over all pairs of a right class t and a wrong class c.

    Args:
        input: scores of shape (N, C) or (C,).
        target: integers of the same shape: the right classes of each row, ended by −1 if there are fewer than C.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Edges: a class that is beaten by just the margin has derivative 0.

    Raises:
        TypeError: the target is not of integers, or the input is not floating-point.
        ValueError: the shapes differ, a label is out of range, or `reduction` is unknown.

    >>> import glassgrad as gg
    >>> multilabel_margin_loss(gg.tensor([[0.1, 0.2, 0.4, 0.8]]), gg.tensor([[3, 0, -1, 1]])).item().__round__(4)
    0.85
    """
    what = "multilabel_margin_loss"
    check_reduction(reduction, what)
    x = floating(input, what)
    labels = labels_of(target)
    shape = tuple(x.shape)
    if labels.dtype.kind not in "iu":
        raise located(TypeError, f"{what}: class labels must be integers, not {labels.dtype}")
    if len(shape) > 2 or labels.shape != shape:
        raise located(
            ValueError,
            f"{what}: input and target must both have shape (N, C) or (C,), got {shape} and {labels.shape}; fill the "
            "target with -1",
        )
    rows = (1, 1) if not shape else (1, *shape) if len(shape) == 1 else shape
    x, labels = reshape(x, rows), labels.reshape(rows)
    classes = rows[1]
    if labels.size and (labels.min() < -1 or labels.max() >= classes):
        wrong = (labels < -1) | (labels >= classes)
        n, c = (int(i) for i in np.argwhere(wrong)[0])
        raise located(
            ValueError,
            f"{what}: target[{n}, {c}] = {int(labels[n, c])}, but there are {classes} classes (0..{classes - 1}, or "
            "-1 to end the list)",
        )
    ended = labels == -1
    lengths = np.where(ended.any(1), ended.argmax(1), classes) if classes else np.zeros(rows[0], np.int64)
    most = int(lengths.max(initial=0))  # columns beyond it list nothing
    listed, labels = np.arange(most) < lengths[:, None], labels[:, :most]
    row = np.arange(rows[0])[:, None]
    right = np.zeros(rows, bool)
    right[np.broadcast_to(row, listed.shape)[listed], labels[listed]] = True
    # Right classes are as far behind as can be, so that all pairs with them count 0.
    others = unsqueeze(where(right, -np.inf, x), 1)
    lead = relu(1 - unsqueeze(getitem(x, (row, np.where(listed, labels, 0))), 2) + others)
    if not listed.all():
        lead = where(listed[:, :, None], lead, 0)
    losses = _sum(lead, (1, 2)) / max(classes, 1)
    return reduced(losses if len(shape) == 2 else reshape(losses, ()), reduction)


@composed(widens=True)
def triplet_margin_loss(
    anchor: Any, positive: Any, negative: Any, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6,
    swap: bool = False, reduction: str = "mean",
) -> Any:  # fmt: skip
    """Return max(0, d(anchor, positive) − d(anchor, negative) + margin), with the p-norm as distance d.

    (Balntas et al. 2016)

    Args:
        anchor, positive, negative: vectors of shape (..., D), all with the same number of dimensions.
        margin: by how much the negative should be further away.
        p: which norm.
        eps: added to each difference.
        swap: use the distance from the positive to the negative where it is smaller.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Edges: the derivative at 0 is that of the positive side.

    Raises:
        ValueError: the shapes do not fit, `margin` is not positive, or `reduction` is unknown.

    >>> import glassgrad as gg
    >>> a, p, n = gg.tensor([[0.0, 0.0]]), gg.tensor([[3.0, 4.0]]), gg.tensor([[0.0, 2.0]])
    >>> triplet_margin_loss(a, p, n).item().__round__(4)
    4.0
    """
    what = "triplet_margin_loss"
    a, near, far = _triplet(anchor, positive, negative, margin, reduction, what)

    def distance(x: Any, y: Any) -> Any:
        return pairwise_distance(x, y, p, eps)

    return _triplet_loss(a, near, far, distance, margin, swap, reduction)


@composed(widens=True)
def triplet_margin_with_distance_loss(
    anchor: Any, positive: Any, negative: Any, *, distance_function: Callable[..., Any] | None = None,
    margin: float = 1.0, swap: bool = False, reduction: str = "mean",
) -> Any:  # fmt: skip
    """Return max(0, d(anchor, positive) − d(anchor, negative) + margin) for any distance d.

    Args:
        anchor, positive, negative: what `distance_function` takes.
        distance_function: gives one number for each triplet; by default `pairwise_distance`.
        margin: by how much the negative should be further away.
        swap: use the distance from the positive to the negative where it is smaller.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: the numbers of dimensions differ, `margin` is not positive, or `reduction` is unknown.

    >>> import glassgrad as gg
    >>> a, p, n = gg.tensor([[0.0, 0.0]]), gg.tensor([[3.0, 4.0]]), gg.tensor([[0.0, 2.0]])
    >>> triplet_margin_with_distance_loss(a, p, n, distance_function=lambda x, y: gg.abs(x - y).sum(-1))
    tensor(6.)
    """
    what = "triplet_margin_with_distance_loss"
    a, near, far = _triplet(anchor, positive, negative, margin, reduction, what)
    return _triplet_loss(a, near, far, distance_function or pairwise_distance, margin, swap, reduction)


def _triplet(anchor: Any, positive: Any, negative: Any, margin: float, reduction: str, what: str) -> tuple[Any, ...]:
    check_reduction(reduction, what)
    if not margin > 0:
        raise located(ValueError, f"{what}: margin must be positive, got {margin}")
    a = operand(anchor)
    near, far = beside(positive, a), beside(negative, a)
    if not len(a.shape) == len(near.shape) == len(far.shape):
        raise located(
            ValueError,
            f"{what}: anchor, positive and negative must have the same number of dimensions, got shapes "
            f"{tuple(a.shape)}, {tuple(near.shape)} and {tuple(far.shape)}",
        )
    return a, near, far


def _triplet_loss(
    anchor: Any, near: Any, far: Any, distance: Callable[..., Any], margin: float, swap: bool, reduction: str
) -> Any:
    wrong = distance(anchor, far)
    if swap:
        wrong = minimum(wrong, distance(near, far))
    return reduced(not_negative(distance(anchor, near) - wrong + margin), reduction)


@composed(widens=True)
def cosine_embedding_loss(input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: str = "mean") -> Any:
    """Return 1 − cos(input1, input2) where the target is 1, and max(0, cos − margin) where it is −1.

    Args:
        input1, input2: vectors of shape (N, D) or (D,).
        target: 1 or −1, shape (N,) or ().
        margin: the similarity that is no offence where the target is −1.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Edges: the squares of both lengths have 1e−12 added; the derivative at the margin is that of the positive side.

    Raises:
        ValueError: the shapes do not fit, or `reduction` is unknown.

    >>> import glassgrad as gg
    >>> x, y = gg.tensor([[1.0, 0.0], [1.0, 0.0]]), gg.tensor([[0.0, 1.0], [1.0, 0.0]])
    >>> cosine_embedding_loss(x, y, gg.tensor([1, -1]), reduction="none")
    tensor([1., 1.])
    """
    what = "cosine_embedding_loss"
    check_reduction(reduction, what)
    x = operand(input1)
    y = beside(input2, x)
    t = beside(target, x)
    if len(t.shape) > 1 or len(x.shape) != len(t.shape) + 1 or len(y.shape) != len(x.shape):
        raise located(
            ValueError,
            f"{what}: inputs of shape (N, D) need a target of shape (N,), inputs of shape (D,) one number; got inputs "
            f"of shape {tuple(x.shape)} and {tuple(y.shape)} and a target of shape {tuple(t.shape)}",
        )
    try:
        fits = np.broadcast_shapes(x.shape, y.shape)[:-1] == tuple(t.shape)
    except ValueError:
        fits = False
    if not fits:
        raise located(
            ValueError,
            f"{what}: shapes {tuple(x.shape)}, {tuple(y.shape)} and target {tuple(t.shape)} do not fit together",
        )
    lengths = (_sum(square(x), -1) + 1e-12) * (_sum(square(y), -1) + 1e-12)
    cosine = _sum(x * y, -1) / sqrt(lengths)
    losses = where(t == 1, 1 - cosine, 0) + where(t == -1, not_negative(cosine - margin), 0)
    return reduced(losses, reduction)
