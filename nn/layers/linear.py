"""Fully connected layers, and what changes only the shape."""

from __future__ import annotations

import math
from typing import Any

from ...autograd.ops.creation import zeros
from ...autograd.ops.shaping import unflatten
from .. import functional as F
from .. import init
from ..module import Module
from ..parameter import Parameter
from .arguments import flag, size, whole

__all__ = ["Flatten", "Identity", "Linear", "Unflatten"]


class Linear(Module):
    """The affine map ``y = x @ weightᵀ + bias``: a fully connected layer.

    Args:
        in_features: size of the last dimension of the input.
        out_features: size of the last dimension of the output.
        bias: whether a bias is added.
        dtype: of the parameters; default float32 (``set_default_dtype``).

    Attributes:
        weight: shape (out_features, in_features); drawn uniformly within ±1/√in_features.
        bias: shape (out_features,), drawn likewise; or None.

    The input has shape (..., in_features), the output (..., out_features).

    Raises:
        TypeError, ValueError: a size is not a positive whole number. Calling raises if the input does not fit.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.Linear(3, 2)(gg.zeros(5, 3)).shape
    (5, 2)
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(self, in_features: int, out_features: int, bias: bool = True, *, dtype: Any = None) -> None:
        super().__init__()
        layer = type(self).__name__
        self.in_features = size(layer, "in_features", in_features)
        self.out_features = size(layer, "out_features", out_features)
        self.weight = Parameter(zeros(self.out_features, self.in_features, dtype=dtype))
        has_bias = flag(layer, "bias", bias)
        self.register_parameter("bias", Parameter(zeros(self.out_features, dtype=dtype)) if has_bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw initial values, as PyTorch does."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features)
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Any) -> Any:
        """Return the affine map of ``input``, shape (..., in_features)."""
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Flatten(Module):
    """Joins dimensions into one; by default all but the first, so that images become rows.

    Args:
        start_dim: the first dimension that is joined.
        end_dim: the last one.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.Flatten()(gg.zeros(5, 3, 4, 4)).shape
    (5, 48)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Any) -> Any:
        """Return ``input`` with the dimensions joined."""
        return F.flatten(input, self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """Splits one dimension into several: the reverse of ``Flatten``.

    Args:
        dim: the dimension.
        unflattened_size: its new sizes; one of them may be −1.

    Raises:
        TypeError, ValueError: an argument is not allowed. Calling raises ValueError if the sizes do not fit.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.Unflatten(1, (3, 4, 4))(gg.zeros(5, 48)).shape
    (5, 3, 4, 4)
    """

    def __init__(self, dim: int, unflattened_size: tuple[int, ...]) -> None:
        super().__init__()
        self.dim = whole("Unflatten", "dim", dim)
        if not isinstance(unflattened_size, tuple | list):
            raise TypeError(f"Unflatten: unflattened_size must be a tuple of sizes, not {unflattened_size!r}")
        for n in unflattened_size:
            whole("Unflatten", "unflattened_size", n)
        self.unflattened_size = unflattened_size

    def forward(self, input: Any) -> Any:
        """Return ``input`` with the dimension split."""
        return unflatten(input, self.dim, tuple(self.unflattened_size))

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"


class Identity(Module):
    """Returns its input; a placeholder. Arguments are accepted and ignored.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.Identity()(gg.tensor([1.0]))
    tensor([1.])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        """Return ``input``."""
        return input
