"""Losses as layers: the functions of ``functional``, with their options fixed when they are made."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...autograd import Tensor
from ...autograd.ops.loss import check_reduction
from .. import functional as F
from ..module import Module
from .arguments import plain_number

__all__ = ["BCEWithLogitsLoss", "CrossEntropyLoss", "HalfMSELoss", "MSELoss", "NLLLoss"]


class _Loss(Module):
    """What the losses share: the reduction, and weights kept as buffers."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        arrays = len(args) > 1 and all(isinstance(a, Tensor | np.ndarray) for a in args[:2])
        if arrays or {"input", "target"} & kwargs.keys():
            raise TypeError(
                f"{cls.__name__} is a class, and was called with what its instances take, an input and a target; "
                f"make an instance first: loss_function = nn.{cls.__name__}(), then loss_function(input, target)"
            )
        return super().__new__(cls)

    def __init__(self, reduction: str, **weights: Any) -> None:
        super().__init__()
        check_reduction(reduction, type(self).__name__)
        self.reduction = reduction
        for name, weight in weights.items():
            self.register_buffer(name, weight if weight is None or isinstance(weight, Tensor) else Tensor(weight))


class CrossEntropyLoss(_Loss):
    """Softmax and cross entropy in one: the loss for choosing among classes. See ``functional.cross_entropy``.

    Args:
        weight: a factor for each class, shape (C,).
        ignore_index: label of rows that count nothing.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        label_smoothing: the target becomes (1 − s)·target + s/C.

    It is called with logits of shape (N, C), (C,) or (N, C, d1, ...), and integer labels of the same shape without C,
    or probabilities of the same shape.

    Raises:
        ValueError: an option is not allowed. Calling raises for labels that do not fit.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.CrossEntropyLoss()(gg.tensor([[1.0, 1.0]]), gg.tensor([0]))
    tensor(0.6931)
    """

    weight: Tensor | None

    def __init__(
        self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean", label_smoothing: float = 0.0
    ) -> None:
        super().__init__(reduction, weight=weight)
        self.ignore_index = ignore_index
        self.label_smoothing = plain_number("CrossEntropyLoss", "label_smoothing", label_smoothing, 0.0, 1.0)

    def forward(self, input: Any, target: Any) -> Any:
        """Return the loss of the logits ``input`` against ``target``."""
        return F.cross_entropy(input, target, self.weight, self.ignore_index, self.reduction, self.label_smoothing)


class NLLLoss(_Loss):
    """The negative log-probability of class labels: what follows ``LogSoftmax``. See ``functional.nll_loss``.

    Args:
        weight: a factor for each class, shape (C,).
        ignore_index: label of rows that count nothing.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: an option is not allowed. Calling raises for labels that do not fit.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.NLLLoss()(gg.tensor([[-0.5, -1.0]]), gg.tensor([1]))
    tensor(1.)
    """

    weight: Tensor | None

    def __init__(self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean") -> None:
        super().__init__(reduction, weight=weight)
        self.ignore_index = ignore_index

    def forward(self, input: Any, target: Any) -> Any:
        """Return the loss of the log-probabilities ``input`` against the labels ``target``."""
        return F.nll_loss(input, target, self.weight, self.ignore_index, self.reduction)


class MSELoss(_Loss):
    """The squared error (input − target)²: its mean over all elements. See ``functional.mse_loss``.

    Textbooks often take 1/(2N)·Σ over N examples, which is ``HalfMSELoss``. With K outputs for each example this mean
    is 2/K times that: twice as large for one output, equal for two.

    Args:
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: ``reduction`` is unknown. Calling raises unless both shapes are equal.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.MSELoss()(gg.tensor([1.0, 3.0]), gg.tensor([1.0, 1.0]))
    tensor(2.)
    """

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__(reduction)

    def forward(self, input: Any, target: Any) -> Any:
        """Return the squared error of ``input`` against ``target``."""
        return F.mse_loss(input, target, self.reduction)


class HalfMSELoss(_Loss):
    """Half the squared error, 1/(2N)·Σ (input − target)² over all components of N examples, as textbooks have it.

    Its gradient is (input − target)/N. See ``functional.half_mse_loss``.

    Args:
        reduction: ``"mean"`` divides by the number N of examples, the first dimension; ``"sum"`` does not; ``"none"``
            gives half the square of each element.

    Raises:
        ValueError: ``reduction`` is unknown. Calling raises unless both shapes are equal.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.HalfMSELoss()(gg.tensor([[3.0, 3.0]]), gg.tensor([[1.0, 2.0]]))
    tensor(2.5)
    """

    def __init__(self, reduction: str = "mean") -> None:
        super().__init__(reduction)

    def forward(self, input: Any, target: Any) -> Any:
        """Return half the squared error of ``input`` against ``target``."""
        return F.half_mse_loss(input, target, self.reduction)


class BCEWithLogitsLoss(_Loss):
    """Sigmoid and cross entropy in one: the loss for yes-or-no. See ``functional.binary_cross_entropy_with_logits``.

    Args:
        weight: a factor for each element's loss; broadcasts.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        pos_weight: a factor for positive targets; broadcasts.

    Raises:
        ValueError: ``reduction`` is unknown. Calling raises unless both shapes are equal.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.BCEWithLogitsLoss()(gg.tensor([0.0]), gg.tensor([1.0]))
    tensor(0.6931)
    """

    weight: Tensor | None
    pos_weight: Tensor | None

    def __init__(self, weight: Any = None, reduction: str = "mean", pos_weight: Any = None) -> None:
        super().__init__(reduction, weight=weight, pos_weight=pos_weight)

    def forward(self, input: Any, target: Any) -> Any:
        """Return the loss of the logits ``input`` against ``target``, of the same shape."""
        return F.binary_cross_entropy_with_logits(input, target, self.weight, self.reduction, self.pos_weight)
