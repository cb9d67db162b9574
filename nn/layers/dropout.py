"""Dropout: of elements, of channels, of weights."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from ..module import Module
from .arguments import flag, plain_number
from .linear import Linear

__all__ = ["AlphaDropout", "DropConnect", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]


class _Dropout(Module):
    """What the layers share that drop parts of their input."""

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        self.p = plain_number(type(self).__name__, "p", p, 0.0, 1.0)
        self.inplace = flag(type(self).__name__, "inplace", inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """In training, sets each element to 0 with probability ``p`` and divides the others by 1 − p; else does nothing.

    The mask is drawn anew for every call, from the generator that ``manual_seed`` sets. (Srivastava et al. 2014)

    Some texts write p for the probability of keeping, and some scale in evaluation, by 1 − p, not in training: the
    networks are the same.

    Args:
        p: the probability of dropping, not of keeping.
        inplace: accepted for PyTorch's sake; the input is never overwritten.

    Raises:
        TypeError, ValueError: ``p`` is not a number between 0 and 1.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.Dropout(0.5).eval()(gg.ones(3))
    tensor([1., 1., 1.])
    """

    def forward(self, input: Any) -> Any:
        """Return ``input``, thinned out in training."""
        return F.dropout(input, self.p, self.training)


class Dropout1d(_Dropout):
    """In training, sets whole channels of sequences to 0 with probability ``p`` and divides the others by 1 − p.

    Args:
        p: the probability of dropping a channel.
        inplace: accepted for PyTorch's sake; the input is never overwritten.

    The input has shape (N, C, L) or (C, L).

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.Dropout1d(1.0)(gg.ones(1, 2, 3)).sum()
    tensor(0.)
    """

    def forward(self, input: Any) -> Any:
        """Return ``input``, without some of its channels in training."""
        return F.dropout1d(input, self.p, self.training)


class Dropout2d(_Dropout):
    """In training, sets whole channels of images to 0 with probability ``p`` and divides the others by 1 − p.

    Neighbouring pixels are alike, so dropping single ones would hide little. (Tompson et al. 2015, arXiv:1411.4280)

    Args:
        p: the probability of dropping a channel.
        inplace: accepted for PyTorch's sake; the input is never overwritten.

    The input has shape (N, C, H, W).

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> x = nn.Dropout2d(0.5)(gg.ones(1, 100, 2, 2))
    >>> bool((x.amax((2, 3)) == x.amin((2, 3))).all())
    True
    """

    def forward(self, input: Any) -> Any:
        """Return ``input``, without some of its channels in training."""
        return F.dropout2d(input, self.p, self.training)


class Dropout3d(_Dropout):
    """In training, sets whole channels of volumes to 0 with probability ``p`` and divides the others by 1 − p.

    Args:
        p: the probability of dropping a channel.
        inplace: accepted for PyTorch's sake; the input is never overwritten.

    The input has shape (N, C, D, H, W) or (C, D, H, W).

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.Dropout3d(1.0)(gg.ones(1, 2, 1, 1, 1)).sum()
    tensor(0.)
    """

    def forward(self, input: Any) -> Any:
        """Return ``input``, without some of its channels in training."""
        return F.dropout3d(input, self.p, self.training)


class AlphaDropout(_Dropout):
    """Dropout for networks of ``SELU``: dropped elements go to where SELU saturates, and mean and variance are kept.

    (Klambauer et al. 2017, https://arxiv.org/abs/1706.02515)

    Args:
        p: the probability of dropping.
        inplace: accepted for PyTorch's sake; the input is never overwritten.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.AlphaDropout(0.5).eval()(gg.ones(2))
    tensor([1., 1.])
    """

    def forward(self, input: Any) -> Any:
        """Return ``input``, thinned out in training."""
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(_Dropout):
    """``AlphaDropout`` of whole channels. The input has shape (N, C, ...).

    Args:
        p: the probability of dropping a channel.
        inplace: accepted for PyTorch's sake; the input is never overwritten.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.FeatureAlphaDropout(0.5).eval()(gg.ones(1, 2))
    tensor([[1., 1.]])
    """

    def forward(self, input: Any) -> Any:
        """Return ``input``, without some of its channels in training."""
        return F.feature_alpha_dropout(input, self.p, self.training)


class DropConnect(Linear):
    """A fully connected layer of which, in training, single weights are dropped, not whole units.

    In training each weight is 0 with probability ``p`` in this call, and the others are divided by 1 − p; in evaluation
    the weights are used as they are, which is the mean. The bias is not dropped. (Wan et al. 2013, "Regularization of
    neural networks using DropConnect"; they draw a mask for each example, and sample in evaluation, too.)

    Args:
        in_features: size of the last dimension of the input.
        out_features: size of the last dimension of the output.
        bias: whether a bias is added.
        p: the probability of dropping a weight.
        dtype: of the parameters; default float32 (``set_default_dtype``).

    Its parameters, and so its state, are those of ``Linear``.

    Raises:
        TypeError, ValueError: an argument is not allowed. Calling raises if the input does not fit.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> layer = nn.DropConnect(3, 2, p=1.0)
    >>> bool((layer(gg.ones(1, 3)) == layer.bias).all())
    True
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, p: float = 0.5, *, dtype: Any = None
    ) -> None:
        super().__init__(in_features, out_features, bias, dtype=dtype)
        self.p = plain_number("DropConnect", "p", p, 0.0, 1.0)

    def forward(self, input: Any) -> Any:
        """Return the affine map of ``input``, with a part of the weights in training."""
        return F.linear(input, F.dropout(self.weight, self.p, self.training), self.bias)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, p={self.p}"
