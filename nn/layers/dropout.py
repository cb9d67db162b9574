"""Dropout."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from ..module import Module
from .arguments import plain_number

__all__ = ["Dropout"]


class Dropout(Module):
    """In training, sets each element to 0 with probability `p` and divides the others by 1 − p; else does nothing.

    The mask is drawn anew for every call, from the generator that `manual_seed` sets. (Srivastava et al. 2014)

    Args:
        p: the probability of dropping, not of keeping.

    Raises:
        TypeError, ValueError: `p` is not a number between 0 and 1.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.Dropout(0.5).eval()(gg.ones(3))
    tensor([1., 1., 1.])
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = plain_number("Dropout", "p", p, 0.0, 1.0)

    def forward(self, input: Any) -> Any:
        """Return `input`, thinned out in training."""
        return F.dropout(input, self.p, self.training)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace=False"
