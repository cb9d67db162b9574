"""Smooth activations as layers: sigmoid, tanh, and what exponentials and logarithms make of ReLU."""

from __future__ import annotations

from typing import Any

from .. import functional as F
from ..module import Module
from .activation import _InPlace
from .arguments import number

__all__ = [
    "CELU", "ELU", "GELU", "GLU", "SELU", "LogSigmoid", "Mish", "SiLU", "Sigmoid", "Softplus", "Softsign", "Tanh",
    "Tanhshrink",
]  # fmt: skip


class Sigmoid(Module):
    """The logistic function 1 / (1 + e^−x), element by element. Its slope is 1/4 at 0 and less elsewhere.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.Sigmoid()(gg.tensor([0.0, 2.0]))
    tensor([0.5   , 0.8808])
    """

    def forward(self, input: Any) -> Any:
        """Return the logistic function of ``input``."""
        return F.sigmoid(input)


class LogSigmoid(Module):
    """The logarithm of the logistic function, safe for any finite input.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.LogSigmoid()(gg.tensor([0.0, -1000.0]))
    tensor([-6.9315e-01, -1.0000e+03])
    """

    def forward(self, input: Any) -> Any:
        """Return the logarithm of the logistic function of ``input``."""
        return F.logsigmoid(input)


class Tanh(Module):
    """The hyperbolic tangent, element by element.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.Tanh()(gg.tensor([0.0, 2.0]))
    tensor([0.   , 0.964])
    """

    def forward(self, input: Any) -> Any:
        """Return the hyperbolic tangent of ``input``."""
        return F.tanh(input)


class Tanhshrink(Module):
    """x − tanh(x).

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.Tanhshrink()(gg.tensor([0.0, 2.0]))
    tensor([0.   , 1.036])
    """

    def forward(self, input: Any) -> Any:
        """Return ``input`` less its hyperbolic tangent."""
        return F.tanhshrink(input)


class Softsign(Module):
    """x / (1 + |x|), which saturates more slowly than tanh.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.Softsign()(gg.tensor([-1.0, 3.0]))
    tensor([-0.5 ,  0.75])
    """

    def forward(self, input: Any) -> Any:
        """Return input / (1 + |input|)."""
        return F.softsign(input)


class Softplus(Module):
    """log(1 + e^(beta·x)) / beta, a smooth ReLU.

    Args:
        beta: how sharp the bend is.
        threshold: where beta·x is above it, x itself is given.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.Softplus()(gg.tensor([0.0, 30.0]))
    tensor([ 0.6931, 30.    ])
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = number("Softplus", "beta", beta)
        self.threshold = number("Softplus", "threshold", threshold)

    def forward(self, input: Any) -> Any:
        """Return the softplus of ``input``."""
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class ELU(_InPlace):
    """x where it is positive, else alpha·(e^x − 1). (Clevert et al. 2015, https://arxiv.org/abs/1511.07289)

    Args:
        alpha: the limit far below 0 is −alpha.
        inplace: accepted for PyTorch's sake.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.ELU()(gg.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.    ])
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.alpha = number("ELU", "alpha", alpha)

    def forward(self, input: Any) -> Any:
        """Return the ELU of ``input``."""
        return F.elu(input, self.alpha)

    def extra_repr(self) -> str:
        return self._shown(f"alpha={self.alpha}")


class CELU(_InPlace):
    """x where it is positive, else alpha·(e^(x/alpha) − 1). (Barron 2017, https://arxiv.org/abs/1704.07483)

    Args:
        alpha: the limit far below 0 is −alpha; not 0.
        inplace: accepted for PyTorch's sake.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.CELU(2.0)(gg.tensor([-1.0, 2.0]))
    tensor([-0.7869,  2.    ])
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.alpha = number("CELU", "alpha", alpha)

    def forward(self, input: Any) -> Any:
        """Return the CELU of ``input``."""
        return F.celu(input, self.alpha)

    def extra_repr(self) -> str:
        return self._shown(f"alpha={self.alpha}")


class SELU(_InPlace):
    """ELU with the two constants for which layers keep mean 0 and variance 1; goes with ``AlphaDropout``.

    (Klambauer et al. 2017, https://arxiv.org/abs/1706.02515)

    Args:
        inplace: accepted for PyTorch's sake.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.SELU()(gg.tensor([-1.0, 2.0]))
    tensor([-1.1113,  2.1014])
    """

    def forward(self, input: Any) -> Any:
        """Return the SELU of ``input``."""
        return F.selu(input)


class GELU(Module):
    """x·Φ(x), where Φ is the normal distribution function. (Hendrycks and Gimpel 2016, arXiv:1606.08415)

    Args:
        approximate: ``"none"``, or ``"tanh"`` for the paper's approximation.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.GELU()(gg.tensor([-1.0, 1.0]))
    tensor([-0.1587,  0.8413])
    """

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        if approximate not in ("none", "tanh"):
            raise ValueError(f"GELU: approximate must be 'none' or 'tanh', not {approximate!r}")
        self.approximate = approximate

    def forward(self, input: Any) -> Any:
        """Return the GELU of ``input``."""
        return F.gelu(input, self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class SiLU(_InPlace):
    """x·sigmoid(x), also called swish. (Elfwing et al. 2017, https://arxiv.org/abs/1702.03118)

    Args:
        inplace: accepted for PyTorch's sake.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.SiLU()(gg.tensor([0.0, 2.0]))
    tensor([0.    , 1.7616])
    """

    def forward(self, input: Any) -> Any:
        """Return ``input`` times its logistic function."""
        return F.silu(input)


class Mish(_InPlace):
    """x·tanh(softplus(x)). (Misra 2019, https://arxiv.org/abs/1908.08681)

    Args:
        inplace: accepted for PyTorch's sake.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.Mish()(gg.tensor([0.0, 2.0]))
    tensor([0.   , 1.944])
    """

    def forward(self, input: Any) -> Any:
        """Return the mish of ``input``."""
        return F.mish(input)


class GLU(Module):
    """The first half of the input times the sigmoid of the second. (Dauphin et al. 2016, arXiv:1612.08083)

    Args:
        dim: the dimension that is halved, of even size.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.GLU()(gg.tensor([3.0, 0.0]))
    tensor([1.5])
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Any) -> Any:
        """Return half of ``input``, gated by the other half."""
        return F.glu(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
