"""The inverse of max pools: each maximum back at its place, and zeros around it."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..engine.compose import composed
from .pooling_indices import unpool
from .windows import batch_of, sizes_of

__all__: list[str] = []


def _unpooled(
    rank: int, input: Any, indices: Any, kernel_size: Any, stride: Any, padding: Any, output_size: Any
) -> Any:
    """Return what ``max_unpool1d``, ``max_unpool2d`` and ``max_unpool3d`` promise."""
    what = f"max_unpool{rank}d"
    shape = input.shape
    batch_of(shape, rank, what)
    kernel = sizes_of(kernel_size, rank, f"{what}: kernel_size")
    strides = kernel if stride is None else sizes_of(stride, rank, f"{what}: stride")
    pads = sizes_of(padding, rank, f"{what}: padding")
    if min(kernel) < 1 or min(strides) < 1 or min(pads) < 0:
        raise ValueError(
            f"{what}: kernel_size {kernel_size} and stride {stride} must be at least 1, padding {padding} not negative"
        )
    place = np.asarray(indices)
    if place.shape != tuple(shape):
        raise ValueError(f"{what}: indices of shape {place.shape} do not fit the input of shape {tuple(shape)}")
    if place.dtype.kind not in "iu":
        raise TypeError(f"{what}: indices must be integers, not {place.dtype}")
    sizes = tuple((n - 1) * s - 2 * p + k for n, s, p, k in zip(shape[-rank:], strides, pads, kernel, strict=True))
    if output_size is not None:
        wanted = tuple(operator.index(n) for n in output_size)[-rank:]
        if len(output_size) not in (rank, rank + 2) or any(
            not n - s < w < n + s for w, n, s in zip(wanted, sizes, strides, strict=True)
        ):
            raise ValueError(
                f"{what}: output_size {tuple(output_size)} must have {rank} sizes, each less than a stride away from "
                f"{sizes}"
            )
        sizes = wanted
    return unpool(input, place, sizes)


@composed
def max_unpool1d(
    input: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Any:
    """Return sequences with the elements of ``input`` at ``indices``, else 0. See :func:`max_unpool2d`.

    >>> import glassgrad as gg
    >>> F = gg.nn.functional
    >>> F.max_unpool1d(gg.tensor([[3.0, 2.0]]), gg.tensor([[1, 2]]), 2)
    tensor([[0., 3., 2., 0.]])
    """
    return _unpooled(1, input, indices, kernel_size, stride, padding, output_size)


@composed
def max_unpool2d(
    input: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Any:
    """Return images with the elements of ``input`` at ``indices`` and 0 elsewhere: max pooling backwards.

    Args:
        input: pooled images of shape (N, C, h, w), or one of shape (C, h, w).
        indices: of the same shape, as :func:`max_pool2d` with ``return_indices`` gives them.
        kernel_size, stride, padding: those of the pool.
        output_size: the size before pooling, where several pool to the same: (H, W) or (N, C, H, W). By default
            (h − 1)·stride − 2·padding + kernel_size.

    Returns:
        Shape (N, C, H, W) or (C, H, W).

    Raises:
        ValueError: shapes or arguments do not fit.
        IndexError: an index lies outside.

    Edges: of elements with the same index the last stays, and the gradient goes to it alone. (PyTorch gives it to all
    of them, and does not promise which one stays.)

    >>> import glassgrad as gg
    >>> F = gg.nn.functional
    >>> y, indices = F.max_pool2d(gg.tensor([[[1.0, 4.0], [2.0, 3.0]]]), 2, return_indices=True)
    >>> F.max_unpool2d(y, indices, 2)
    tensor([[[0., 4.],
             [0., 0.]]])
    """
    return _unpooled(2, input, indices, kernel_size, stride, padding, output_size)


@composed
def max_unpool3d(
    input: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0, output_size: Any = None
) -> Any:
    """Return volumes with the elements of ``input`` at ``indices``, else 0. See :func:`max_unpool2d`.

    >>> import glassgrad as gg
    >>> F = gg.nn.functional
    >>> y, indices = F.max_pool3d(gg.arange(8.0).reshape(1, 2, 2, 2), 2, return_indices=True)
    >>> F.max_unpool3d(y, indices, 2).sum()
    tensor(7.)
    """
    return _unpooled(3, input, indices, kernel_size, stride, padding, output_size)
