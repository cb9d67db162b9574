"""Activations of straight pieces as layers: ReLU and what is like it.

All accept PyTorch's ``inplace``, and show it; the result is the same, in memory of its own, for operations here never
overwrite their input.
"""

from __future__ import annotations

from typing import Any

from ...autograd.ops.creation import full
from .. import functional as F
from .. import init as initial
from ..module import Module
from ..parameter import Parameter
from .arguments import flag, number, size

__all__ = [
    "Hardshrink", "Hardsigmoid", "Hardswish", "Hardtanh", "LeakyReLU", "PReLU", "RReLU", "ReLU", "ReLU6", "Softshrink",
    "Threshold",
]  # fmt: skip


class _InPlace(Module):
    """What layers with the option ``inplace`` share."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = flag(type(self).__name__, "inplace", inplace)

    def _shown(self, *parts: str) -> str:
        return ", ".join([*parts, *(["inplace=True"] if self.inplace else [])])

    def extra_repr(self) -> str:
        return self._shown()


class ReLU(_InPlace):
    """max(x, 0), element by element. The derivative at 0 is taken as 0.

    Args:
        inplace: accepted for PyTorch's sake.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.ReLU()(gg.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """

    def forward(self, input: Any) -> Any:
        """Return max(input, 0)."""
        return F.relu(input)


class LeakyReLU(_InPlace):
    """x where it is positive, else negative_slope·x, whose derivative at 0 is the slope. (Maas et al. 2013)

    Args:
        negative_slope: 0.01 by default; some lecture notes use 0.1.
        inplace: accepted for PyTorch's sake.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.LeakyReLU(0.1)(gg.tensor([-2.0, 2.0]))
    tensor([-0.2,  2. ])
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.negative_slope = number("LeakyReLU", "negative_slope", negative_slope)

    def forward(self, input: Any) -> Any:
        """Return ``input``, its negative part times the slope."""
        return F.leaky_relu(input, self.negative_slope)

    def extra_repr(self) -> str:
        return self._shown(f"negative_slope={self.negative_slope}")


class PReLU(Module):
    """LeakyReLU with a learned slope: one for all, or one for each channel. (He et al. 2015)

    Args:
        num_parameters: 1, or the number of channels, which are dimension 1 of the input.
        init: the slope at first.
        dtype: of the parameter; default float32 (``set_default_dtype``).

    Attributes:
        weight: the slopes, shape (num_parameters,). They should not be given weight decay.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.PReLU()(gg.tensor([-2.0, 2.0]))
    tensor([-0.5,  2. ], grad_fn=<sloped>)
    """

    weight: Parameter

    def __init__(self, num_parameters: int = 1, init: float = 0.25, *, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters = size("PReLU", "num_parameters", num_parameters)
        self.init = number("PReLU", "init", init)
        self.weight = Parameter(full((self.num_parameters,), float(self.init), dtype=dtype))

    def reset_parameters(self) -> None:
        """Set the slopes to ``init``."""
        initial.constant_(self.weight, self.init)

    def forward(self, input: Any) -> Any:
        """Return ``input``, its negative part times the slope of its channel."""
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class RReLU(_InPlace):
    """LeakyReLU whose slope is drawn anew for each element in training, and the mean in evaluation. (Xu et al. 2015)

    Args:
        lower, upper: the slopes are uniform between them.
        inplace: accepted for PyTorch's sake.

    Raises:
        ValueError: when called, if ``lower`` is above ``upper``.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.RReLU(0.1, 0.3).eval()(gg.tensor([-1.0, 2.0]))
    tensor([-0.2,  2. ])
    """

    def __init__(self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.lower, self.upper = number("RReLU", "lower", lower), number("RReLU", "upper", upper)

    def forward(self, input: Any) -> Any:
        """Return ``input``, its negative part times slopes."""
        return F.rrelu(input, self.lower, self.upper, self.training)

    def extra_repr(self) -> str:
        return self._shown(f"lower={self.lower}", f"upper={self.upper}")


class Hardtanh(_InPlace):
    """x limited to [min_val, max_val]; the derivative at both limits is 0.

    Args:
        min_val, max_val: the limits.
        inplace: accepted for PyTorch's sake.

    Raises:
        ValueError: ``min_val`` is not below ``max_val``.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.Hardtanh()(gg.tensor([-3.0, 0.5]))
    tensor([-1. ,  0.5])
    """

    def __init__(self, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        kind = type(self).__name__
        self.min_val, self.max_val = number(kind, "min_val", min_val), number(kind, "max_val", max_val)
        if not self.min_val < self.max_val:
            raise ValueError(f"{kind}: min_val must be below max_val, got {min_val} and {max_val}")

    def forward(self, input: Any) -> Any:
        """Return ``input``, limited."""
        return F.hardtanh(input, self.min_val, self.max_val)

    def extra_repr(self) -> str:
        return self._shown(f"min_val={self.min_val}", f"max_val={self.max_val}")


class ReLU6(Hardtanh):
    """x limited to [0, 6].

    Args:
        inplace: accepted for PyTorch's sake.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.ReLU6()(gg.tensor([-3.0, 2.0, 7.0]))
    tensor([0., 2., 6.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def forward(self, input: Any) -> Any:
        """Return ``input``, limited to [0, 6]."""
        return F.relu6(input)

    def extra_repr(self) -> str:
        return self._shown()


class Hardsigmoid(_InPlace):
    """(x + 3)/6 limited to [0, 1].

    Args:
        inplace: accepted for PyTorch's sake.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.Hardsigmoid()(gg.tensor([-3.0, 0.0]))
    tensor([0. , 0.5])
    """

    def forward(self, input: Any) -> Any:
        """Return the straight-line sigmoid of ``input``."""
        return F.hardsigmoid(input)

    def extra_repr(self) -> str:
        return ""


class Hardswish(_InPlace):
    """x times hardsigmoid(x). (Howard et al. 2019, https://arxiv.org/abs/1905.02244)

    Args:
        inplace: accepted for PyTorch's sake.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.Hardswish()(gg.tensor([1.0, 4.0]))
    tensor([0.6667, 4.    ])
    """

    def forward(self, input: Any) -> Any:
        """Return ``input`` times its straight-line sigmoid."""
        return F.hardswish(input)

    def extra_repr(self) -> str:
        return ""


class Hardshrink(Module):
    """x, but 0 from −lambd to lambd.

    Args:
        lambd: the width of what is set to 0.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.Hardshrink()(gg.tensor([-1.0, 0.3]))
    tensor([-1.,  0.])
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = number("Hardshrink", "lambd", lambd)

    def forward(self, input: Any) -> Any:
        """Return ``input`` without its small elements."""
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class Softshrink(Module):
    """x moved towards 0 by lambd, and 0 where it would pass it: the proximal step of the L1 norm.

    Args:
        lambd: how far, at least 0.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.Softshrink()(gg.tensor([-1.0, 0.3]))
    tensor([-0.5,  0. ])
    """

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = number("Softshrink", "lambd", lambd)

    def forward(self, input: Any) -> Any:
        """Return ``input`` moved towards 0."""
        return F.softshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class Threshold(_InPlace):
    """x where it is above the threshold, else another value.

    Args:
        threshold: the limit.
        value: what stands at and below it.
        inplace: accepted for PyTorch's sake.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.Threshold(0.5, -1.0)(gg.tensor([0.2, 2.0]))
    tensor([-1.,  2.])
    """

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.threshold = number("Threshold", "threshold", threshold)
        self.value = number("Threshold", "value", value)

    def forward(self, input: Any) -> Any:
        """Return ``input`` where it is above the threshold."""
        return F.threshold(input, self.threshold, self.value)

    def extra_repr(self) -> str:
        return self._shown(f"threshold={self.threshold}", f"value={self.value}")
