"""Convolutional layers."""

from __future__ import annotations

import math
from typing import Any

from ...autograd.ops.creation import zeros
from .. import functional as F
from .. import init
from ..module import Module
from ..parameter import Parameter
from .arguments import flag, size, sizes

__all__ = ["Conv2d"]


class Conv2d(Module):
    """Cross-correlation of images with learned filters, plus a bias for each filter.

    Args:
        in_channels: channels of the input.
        out_channels: number of filters, which is the channels of the output.
        kernel_size: size of the filters: a number, or a pair (height, width), as the next three.
        stride: step between windows.
        padding: width of the frame of zeros.
        dilation: distance between the pixels that a filter reads.
        groups: divides the channels and filters into groups that do not see each other.
        bias: whether a bias is added.
        dtype: of the parameters; default float32 (``set_default_dtype``).

    Attributes:
        weight: shape (out_channels, in_channels/groups, height, width); drawn uniformly within ±1/√fan_in, where fan_in
            is in_channels/groups·height·width.
        bias: shape (out_channels,), drawn likewise; or None.

    The input has shape (N, in_channels, H, W), the output (N, out_channels, oh, ow) with
    oh = floor((H + 2·padding − dilation·(kernel_size − 1) − 1) / stride) + 1, and ow likewise.

    Raises:
        TypeError, ValueError: an argument is not allowed. Calling raises ValueError if the input does not fit.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> nn.Conv2d(1, 30, 5)(gg.zeros(10, 1, 28, 28)).shape
    (10, 30, 24, 24)
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1, padding: int | tuple[int, int] = 0, dilation: int | tuple[int, int] = 1,
        groups: int = 1, bias: bool = True, *, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self.in_channels = size("Conv2d", "in_channels", in_channels)
        self.out_channels = size("Conv2d", "out_channels", out_channels)
        self.kernel_size = sizes("Conv2d", "kernel_size", kernel_size)
        self.stride = sizes("Conv2d", "stride", stride)
        self.padding = sizes("Conv2d", "padding", padding, 0)
        self.dilation = sizes("Conv2d", "dilation", dilation)
        self.groups = size("Conv2d", "groups", groups)
        if self.in_channels % self.groups or self.out_channels % self.groups:
            raise ValueError(
                f"Conv2d: groups = {groups} must divide in_channels = {in_channels} and out_channels = {out_channels}"
            )
        shape = (self.out_channels, self.in_channels // self.groups, *self.kernel_size)
        self.weight = Parameter(zeros(shape, dtype=dtype))
        has_bias = flag("Conv2d", "bias", bias)
        self.register_parameter("bias", Parameter(zeros(self.out_channels, dtype=dtype)) if has_bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw initial values, as PyTorch does."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(math.prod(self.weight.shape[1:]))
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Any) -> Any:
        """Return the filtered images; ``input`` has shape (N, in_channels, H, W)."""
        return F.conv2d(input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        text = f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
        if self.padding != (0, 0):
            text += f", padding={self.padding}"
        if self.dilation != (1, 1):
            text += f", dilation={self.dilation}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        return text if self.bias is not None else text + ", bias=False"
