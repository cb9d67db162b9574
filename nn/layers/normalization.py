"""Batch normalisation, and normalisation over neighbouring channels, as layers."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from ...autograd import Tensor, no_grad
from ...autograd.core.mode import is_recomputing
from ...autograd.ops.creation import ones, zeros
from ...autograd.ops.in_place import add_
from .. import functional as F
from .. import init
from ..module import Module
from ..parameter import Parameter
from ..scoping import located
from .arguments import flag, number, plain_number
from .arguments import size as _size

__all__ = ["BatchNorm1d", "BatchNorm2d", "LocalResponseNorm"]


class _BatchNorm(Module):
    """What the two layers share; they differ in the shapes they accept."""

    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    _shapes: ClassVar[dict[int, str]] = {}

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1, affine: bool = True,
        track_running_stats: bool = True, *, bias: bool = True, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        layer = type(self).__name__
        self.num_features = _size(layer, "num_features", num_features)
        self.eps = plain_number(layer, "eps", eps, 0.0, math.inf)
        self.momentum = None if momentum is None else plain_number(layer, "momentum", momentum, 0.0, 1.0)
        self.affine = flag(layer, "affine", affine)
        self.track_running_stats = flag(layer, "track_running_stats", track_running_stats)
        shifted = flag(layer, "bias", bias) and affine
        self.register_parameter("weight", Parameter(ones(num_features, dtype=dtype)) if affine else None)
        self.register_parameter("bias", Parameter(zeros(num_features, dtype=dtype)) if shifted else None)
        tracked = self.track_running_stats
        self.register_buffer("running_mean", zeros(num_features, dtype=dtype) if tracked else None)
        self.register_buffer("running_var", ones(num_features, dtype=dtype) if tracked else None)
        self.register_buffer("num_batches_tracked", Tensor(0) if tracked else None)

    def reset_running_stats(self) -> None:
        """Set the running mean to 0, the running variance to 1 and the count to 0."""
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            init.zeros_(self.running_mean)
            init.ones_(self.running_var)
            init.zeros_(self.num_batches_tracked)

    def reset_parameters(self) -> None:
        """Set the weight to 1, the bias to 0, and the running statistics to their start."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Any) -> Any:
        """Return the normalised ``input``, of the same shape."""
        shape: tuple[int, ...] = tuple(input.shape) if hasattr(input, "shape") else ()
        if len(shape) not in self._shapes or shape[1] != self.num_features:
            expected = " or ".join(f"({s})" for s in self._shapes.values()).replace("C", str(self.num_features))
            raise located(ValueError, f"{type(self).__name__}: expected input of shape {expected}, got {tuple(shape)}")
        momentum = self.momentum
        values = math.prod(shape) // self.num_features
        if self.training and self.num_batches_tracked is not None and values > 1 and not is_recomputing():
            with no_grad():
                add_(self.num_batches_tracked, 1)
            if momentum is None:
                momentum = 1.0 / int(self.num_batches_tracked)
        return F.batch_norm(
            input, self.running_mean, self.running_var, self.weight, self.bias,
            self.training or self.running_mean is None, momentum or 0.0, self.eps,
        )  # fmt: skip

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class BatchNorm1d(_BatchNorm):
    """Normalises each feature over the batch to mean 0 and variance 1, then scales and shifts it.

    y = weight·(x − mean)/√(variance + eps) + bias. (Ioffe and Szegedy 2015)

    In training the statistics are the batch's (population variance), and running statistics follow them (unbiased
    variance); in evaluation the running ones are used. Inside ``gg.checkpoint`` a batch is counted once.

    Args:
        num_features: C, the number of features.
        eps: added to the variance.
        momentum: weight of a batch in the running statistics; None gives their plain average over all batches.
        affine: whether there are a weight and a bias.
        track_running_stats: False uses the batch's statistics in evaluation, too.
        bias: False leaves out the bias alone.
        dtype: of parameters and statistics; default float32 (``set_default_dtype``).

    Attributes:
        weight, bias: parameters of shape (C,), at first 1 and 0.
        running_mean, running_var: buffers of shape (C,), at first 0 and 1.
        num_batches_tracked: how many batches they have seen.

    The input has shape (N, C) or (N, C, L).

    Raises:
        TypeError, ValueError: an argument is not allowed. Calling raises ValueError if the input does not fit, or in
            training if it has one value per feature, which would be normalised to 0 whatever it is.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.BatchNorm1d(1)(gg.tensor([[1.0], [2.0], [3.0]])).reshape(3)
    tensor([-1.2247,  0.    ,  1.2247], grad_fn=<reshape>)
    """

    _shapes: ClassVar[dict[int, str]] = {2: "N, C", 3: "N, C, L"}


class BatchNorm2d(_BatchNorm):
    """Normalises each channel of images over batch and area; arguments and attributes are those of ``BatchNorm1d``.

    The input has shape (N, C, H, W).

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.BatchNorm2d(3)(gg.rand(2, 3, 4, 4)).shape
    (2, 3, 4, 4)
    """

    _shapes: ClassVar[dict[int, str]] = {4: "N, C, H, W"}


class LocalResponseNorm(Module):
    """Divides each element by (k + alpha·mean of the squares in ``size`` neighbouring channels)^beta.

    The mean counts channels beyond the edge as 0. AlexNet's paper has the sum where the mean is here, so its alpha of
    1e-4 is ``alpha=5e-4`` with ``size=5``, and its k is 2. (Krizhevsky, Sutskever and Hinton 2012, section 3.3)

    Args:
        size: how many channels are neighbours; ``size // 2`` of them come before.
        alpha, beta, k: as in the formula.

    The input has shape (N, C, L, ...), the output the same.

    Raises:
        TypeError, ValueError: an argument is not allowed. Calling raises ValueError if the input does not fit.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.LocalResponseNorm(2, alpha=2.0, beta=1.0)(gg.ones(1, 2, 1)).reshape(2)
    tensor([0.5   , 0.3333])
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size = _size("LocalResponseNorm", "size", size)
        self.alpha = number("LocalResponseNorm", "alpha", alpha)
        self.beta = number("LocalResponseNorm", "beta", beta)
        self.k = number("LocalResponseNorm", "k", k)

    def forward(self, input: Any) -> Any:
        """Return ``input``, divided by what its neighbouring channels say."""
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
