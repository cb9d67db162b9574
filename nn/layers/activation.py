"""Activations as layers."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from ..module import Module

__all__ = ["LogSoftmax", "ReLU", "Sigmoid", "Softmax", "Tanh"]


class ReLU(Module):
    """max(x, 0), element by element. The derivative at 0 is taken as 0.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.ReLU()(gg.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    def forward(self, input: Any) -> Any:
        """Return max(input, 0)."""
        return F.relu(input)


class Sigmoid(Module):
    """The logistic function 1 / (1 + e^−x), element by element.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.Sigmoid()(gg.tensor([0.0, 2.0]))
    tensor([0.5   , 0.8808])
    """

    def forward(self, input: Any) -> Any:
        """Return the logistic function of `input`."""
        return F.sigmoid(input)


class Tanh(Module):
    """The hyperbolic tangent, element by element.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.Tanh()(gg.tensor([0.0, 2.0]))
    tensor([0.   , 0.964])
    """

    def forward(self, input: Any) -> Any:
        """Return the hyperbolic tangent of `input`."""
        return F.tanh(input)


class Softmax(Module):
    """exp(x) / Σ exp(x) along one dimension. For training use `CrossEntropyLoss` on the logits, which includes it.

    Args:
        dim: the dimension that sums to 1; 1 for rows of logits.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.Softmax(dim=1)(gg.tensor([[0.0, 0.0]]))
    tensor([[0.5, 0.5]])
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Any) -> Any:
        """Return the softmax of `input` along `dim`."""
        return F.softmax(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class LogSoftmax(Module):
    """The logarithm of softmax along one dimension, safe for any finite input; goes with `NLLLoss`.

    Args:
        dim: the dimension along which the probabilities sum to 1.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.LogSoftmax(dim=1)(gg.tensor([[0.0, 0.0]]))
    tensor([[-0.6931, -0.6931]])
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Any) -> Any:
        """Return log softmax of `input` along `dim`."""
        return F.log_softmax(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
