"""Pooling by chance: of each window an element is drawn, the large ones more often."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...autograd.engine.compose import composed
from ...autograd.ops.arithmetic import square
from ...autograd.ops.comparison import where
from ...autograd.ops.random import draw
from ...autograd.ops.reduction import sum as _sum
from ...autograd.ops.selection import gather
from ...autograd.ops.shaping import reshape
from ...autograd.ops.unfolding import unfold
from ..scoping import located
from .targets import floating

__all__ = ["stochastic_pool2d"]


@composed(widens=True)
def stochastic_pool2d(
    input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, training: bool = True
) -> Any:
    """Return of each window one element, drawn with probability a/Σa in training; else the mean under it, Σa²/Σa.

    (Zeiler and Fergus 2013, "Stochastic pooling for regularization of deep convolutional neural networks",
    https://arxiv.org/abs/1301.3557)

    Args:
        input: activations of shape (N, C, H, W) that are not negative, as ReLU gives them.
        kernel_size: size of the window: a number, or a pair (height, width), as the next two.
        stride: step between windows; default: `kernel_size`.
        padding: width of the frame of zeros, which are never drawn.
        training: whether to draw.

    Returns:
        Shape (N, C, oh, ow) with oh = floor((H + 2·padding − kernel_size) / stride) + 1, and ow likewise.

    Edges: a window of zeros gives 0 and no gradient. In training the gradient goes to the element that was drawn.

    Raises:
        TypeError: the input is not floating-point.
        ValueError: an activation is negative or not finite, or shapes do not fit.

    >>> import glassgrad as gg
    >>> stochastic_pool2d(gg.tensor([[[[1.0, 3.0]]]]), (1, 2), training=False)  # 1·1/4 + 3·3/4
    tensor([[[[2.5]]]])
    """
    x = floating(input, "stochastic_pool2d")
    shape = tuple(x.shape)
    if len(shape) != 4:
        raise located(ValueError, f"stochastic_pool2d: the input must have shape (N, C, H, W), got {shape}")
    values = x if isinstance(x, np.ndarray) else x.numpy()
    if values.size and not (values.min() >= 0 and values.max() < np.inf):
        raise located(
            ValueError,
            f"stochastic_pool2d: the probabilities of a window are a/Σa, so activations must be finite and not "
            f"negative, but the least is {values.min()} and the largest {values.max()}; put ReLU before it",
        )
    kernel, strides, pads = (
        (v, v) if isinstance(v, int) else tuple(v)
        for v in (kernel_size, kernel_size if stride is None else stride, padding)
    )
    columns = unfold(x, kernel, 1, pads, strides)
    windows = reshape(columns, (*shape[:2], kernel[0] * kernel[1], columns.shape[-1]))
    rows, across = ((n + 2 * p - k) // s + 1
                    for n, p, k, s in zip(shape[2:], pads, kernel, strides, strict=True))  # fmt: skip
    pooled = _drawn(windows) if training else _mean(windows)
    return reshape(pooled, (*shape[:2], rows, across))


def _drawn(windows: Any) -> Any:
    values = windows if isinstance(windows, np.ndarray) else windows.numpy()
    upto = np.cumsum(values, axis=2, dtype=np.float64)
    total = upto[:, :, -1:]
    # The first element at which the running sum exceeds a random part of the total: one of 0 is passed over.
    chosen = (upto > draw("random", total.shape) * total).argmax(2)[:, :, None]
    picked = gather(windows, 2, chosen)
    return where(total > 0, picked, 0)


def _mean(windows: Any) -> Any:
    total = _sum(windows, 2)
    some = total > 0
    return where(some, _sum(square(windows), 2) / where(some, total, 1), 0)
