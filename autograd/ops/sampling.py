"""Reading images at given coordinates, between their pixels (Jaderberg et al. 2015, https://arxiv.org/abs/1506.02025).

Coordinates run from −1 to 1 over the image. What is read is a weighted sum of neighbouring pixels; the weights are
smooth in the coordinates, and so is the result, except where a coordinate passes a pixel.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from ..engine.compose import composed
from .blending import cubic_weights
from .choosing import outside_graph
from .comparison import where
from .matmul import matmul
from .pooling_indices import pick
from .shaping import reshape, transpose

__all__: list[str] = []

_MODES = ("bilinear", "nearest", "bicubic")
_FRAMES = ("zeros", "border", "reflection")


def _reflected(x: Any, low: float, high: float) -> Any:
    """Return coordinates folded back into [low, high] as often as needed; slopes are +1 or −1."""
    span = high - low
    if span <= 0:
        return x * 0.0
    distance = x - low
    raw = outside_graph(distance)
    distance = where(raw < 0, -distance, distance)
    raw = np.abs(raw)
    flips = np.floor(np.where(np.isfinite(raw), raw, 0) / span)
    rest = distance - flips.astype(raw.dtype) * span
    return where(flips % 2 == 0, rest + low, high - rest)


def _clipped(x: Any, n: int) -> Any:
    """Return coordinates moved to the border; beyond it, and on it, the gradient is 0."""
    raw = outside_graph(x)
    x = where(raw > 0, x, 0.0)
    return where(raw < n - 1, x, float(n - 1))


def _inside(x: Any, n: int, frame: str, align_corners: bool) -> Any:
    if frame == "border":
        return _clipped(x, n)
    if frame == "reflection":
        low, high = (0.0, n - 1.0) if align_corners else (-0.5, n - 0.5)
        return _clipped(_reflected(x, low, high), n)
    return x


def _read(input: Any, places: Any, spatial: Any, shape: Any) -> Any:
    """Return the pixels at ``places`` (one integer array for each axis), and 0 outside of the image."""
    index = np.zeros(places[0].shape, np.int64)
    valid = np.ones(places[0].shape, bool)
    for place, n in zip(places, spatial, strict=True):
        valid &= (place >= 0) & (place < n)
        index = index * n + np.clip(place, 0, n - 1)
    batch, channels = shape[0], shape[1]
    expanded = np.broadcast_to(index[:, None], (batch, channels, *index.shape[1:]))
    pixels = pick(input, expanded, len(spatial))
    return where(np.broadcast_to(valid[:, None], expanded.shape), pixels, 0.0)


@composed
def grid_sample(
    input: Any, grid: Any, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: Any = None
) -> Any:
    """Return what images show at given coordinates.

    Args:
        input: images of shape (N, C, H, W), or volumes of shape (N, C, D, H, W).
        grid: coordinates of shape (N, oh, ow, 2), or (N, od, oh, ow, 3): the column first, then the row (then the
            depth), from −1 to 1.
        mode: ``"bilinear"`` (in volumes trilinear), ``"nearest"``, or for images ``"bicubic"``.
        padding_mode: what lies outside: ``"zeros"``, the nearest pixel of the ``"border"``, or the image's
            ``"reflection"``.
        align_corners: whether −1 and 1 are the middles of the corner pixels, or (the default) their outer corners.

    Returns:
        Shape (N, C, oh, ow) or (N, C, od, oh, ow).

    Raises:
        ValueError: shapes or arguments do not fit.

    Edges: ``"nearest"`` takes the even one of two equally near pixels and has no gradient by the grid. Beyond the
    border, and on it, the gradient by a coordinate that is moved to it is 0.

    >>> import glassgrad as gg
    >>> x = gg.tensor([[[[1.0, 3.0]]]])
    >>> gg.nn.functional.grid_sample(x, gg.zeros(1, 1, 1, 2))
    tensor([[[[2.]]]])
    """
    shape, where_to = tuple(input.shape), tuple(np.shape(grid))
    rank = len(shape) - 2
    if rank not in (2, 3) or len(where_to) != rank + 2 or where_to[-1] != rank or where_to[0] != shape[0]:
        raise ValueError(
            f"grid_sample: input of shape {shape} and grid of shape {where_to} do not fit; expected (N, C, H, W) and "
            "(N, oh, ow, 2), or (N, C, D, H, W) and (N, od, oh, ow, 3)"
        )
    if mode not in _MODES or (mode == "bicubic" and rank == 3):
        raise ValueError(f"grid_sample: mode {mode!r} is not one of {', '.join(_MODES)}, the last for images only")
    if padding_mode not in _FRAMES:
        raise ValueError(f"grid_sample: padding_mode {padding_mode!r} is not one of {', '.join(_FRAMES)}")
    spatial = shape[2:]
    if 0 in shape[1:]:
        raise ValueError(f"grid_sample: only the batch may be empty, got an input of shape {shape}")
    align = bool(align_corners)
    positions = []
    for axis, n in enumerate(spatial):
        x = grid[..., rank - 1 - axis]
        positions.append((x + 1.0) * ((n - 1) / 2) if align else ((x + 1.0) * n - 1.0) / 2)
    if mode != "bicubic":
        positions = [_inside(x, n, padding_mode, align) for x, n in zip(positions, spatial, strict=True)]
    taps = [_taps(x, mode) for x in positions]
    total: Any = None
    for corner in itertools.product(*taps):
        places = [
            outside_graph(_inside(p.astype(np.float64), n, padding_mode, align)).astype(np.int64)
            if mode == "bicubic" else p
            for (p, _), n in zip(corner, spatial, strict=True)
        ]  # fmt: skip
        pixels = _read(input, places, spatial, shape)
        for _, weight in corner:
            if weight is not None:
                pixels = pixels * reshape(weight, (shape[0], 1, *where_to[1:-1]))
        total = pixels if total is None else total + pixels
    return total


def _taps(x: Any, mode: str) -> Any:
    """Return for one axis which pixels are read, as integers, and their weights (None: 1)."""
    raw = outside_graph(x).astype(np.float64)
    raw = np.where(np.isfinite(raw), np.clip(raw, -1e9, 1e9), -1e9)
    if mode == "nearest":
        return [(np.rint(np.asarray(raw)).astype(np.int64), None)]
    low = np.floor(raw)
    share = x - low.astype(x.dtype)
    first = low.astype(np.int64)
    if mode == "bilinear":
        return [(first, 1.0 - share), (first + 1, share)]
    return [(first - 1 + i, weight) for i, weight in enumerate(cubic_weights(share, -0.75))]


@composed
def affine_grid(theta: Any, size: Any, align_corners: Any = None) -> Any:
    """Return the coordinates at which :func:`grid_sample` shows images moved by affine maps.

    Args:
        theta: maps of shape (N, 2, 3), or (N, 3, 4) for volumes.
        size: of the images to be made: (N, C, H, W) or (N, C, D, H, W).
        align_corners: as in :func:`grid_sample`.

    Returns:
        Shape (N, H, W, 2) or (N, D, H, W, 3).

    Raises:
        ValueError: shapes do not fit.

    >>> import glassgrad as gg
    >>> gg.nn.functional.affine_grid(gg.tensor([[[1.0, 0, 0], [0, 1, 0]]]), (1, 1, 1, 2))
    tensor([[[[-0.5,  0. ],
              [ 0.5,  0. ]]]])
    """
    sizes = tuple(int(n) for n in size)
    rank = len(sizes) - 2
    if rank not in (2, 3) or tuple(theta.shape) != (sizes[0], rank, rank + 1):
        raise ValueError(
            f"affine_grid: theta of shape {tuple(theta.shape)} and size {sizes} do not fit; expected (N, 2, 3) and "
            "(N, C, H, W), or (N, 3, 4) and (N, C, D, H, W)"
        )
    if min(sizes) < 1:
        raise ValueError(f"affine_grid: every size must be at least 1, got {sizes}")
    if theta.dtype.kind != "f":
        raise TypeError(f"affine_grid: theta must be floating-point, not {theta.dtype}")
    axes = []
    for n in sizes[2:]:
        steps = np.linspace(-1, 1, n) if n > 1 else np.zeros(1)
        axes.append(steps if align_corners else steps * (n - 1) / n)
    points = np.meshgrid(*axes, indexing="ij")[::-1]
    base = np.stack([*points, np.ones(sizes[2:])], axis=-1).reshape(1, math.prod(sizes[2:]), rank + 1)
    base = np.broadcast_to(base.astype(theta.dtype), (sizes[0], *base.shape[1:]))
    return reshape(matmul(base, transpose(theta)), (sizes[0], *sizes[2:], rank))
