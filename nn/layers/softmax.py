"""Softmax and its relatives as layers."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from ..module import Module
from .arguments import whole

__all__ = ["LogSoftmax", "Softmax", "Softmax2d", "Softmin"]


class _AlongDim(Module):
    """What layers that work along one dimension share."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        if dim is None:
            raise TypeError(f"{type(self).__name__}: say along which dimension: dim=1 for rows of logits")
        self.dim = whole(type(self).__name__, "dim", dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmax(_AlongDim):
    """exp(x) / Σ exp(x) along one dimension. For training use ``CrossEntropyLoss`` on the logits, which includes it.

    Args:
        dim: the dimension that sums to 1; 1 for rows of logits.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.Softmax(dim=1)(gg.tensor([[0.0, 0.0]]))
    tensor([[0.5, 0.5]])
    """

    def forward(self, input: Any) -> Any:
        """Return the softmax of ``input`` along ``dim``."""
        return F.softmax(input, self.dim)


class LogSoftmax(_AlongDim):
    """The logarithm of softmax along one dimension, safe for any finite input; goes with ``NLLLoss``.

    Args:
        dim: the dimension along which the probabilities sum to 1.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.LogSoftmax(dim=1)(gg.tensor([[0.0, 0.0]]))
    tensor([[-0.6931, -0.6931]])
    """

    def forward(self, input: Any) -> Any:
        """Return log softmax of ``input`` along ``dim``."""
        return F.log_softmax(input, self.dim)


class Softmin(_AlongDim):
    """The softmax of −x along one dimension.

    Args:
        dim: the dimension that sums to 1.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.Softmin(dim=0)(gg.tensor([0.0, 1.0]))
    tensor([0.7311, 0.2689])
    """

    def forward(self, input: Any) -> Any:
        """Return the softmax of −``input`` along ``dim``."""
        return F.softmin(input, self.dim)


class Softmax2d(Module):
    """The softmax over the channels of images, at every place. The input has shape (N, C, H, W) or (C, H, W).

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.Softmax2d()(gg.zeros(1, 4, 2, 2))[0, :, 0, 0]
    tensor([0.25, 0.25, 0.25, 0.25])
    """

    def forward(self, input: Any) -> Any:
        """Return the softmax of ``input`` over its channels."""
        if len(input.shape) not in (3, 4):
            raise ValueError(f"Softmax2d: the input must have shape (N, C, H, W) or (C, H, W), got {input.shape}")
        return F.softmax(input, -3)
