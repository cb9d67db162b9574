"""Images in other sizes: interpolation, and the exchange of channels for pixels."""

from __future__ import annotations

import math
import operator
from typing import Any

from ..engine.compose import composed
from .blending import blend
from .pooling_adaptive import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from .shaping import clone, permute, reshape

__all__ = ["channel_shuffle", "pixel_shuffle", "pixel_unshuffle"]

_INTERPOLATING = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}
_MODES = ("nearest", "nearest-exact", "area", *_INTERPOLATING)


def _target(spatial: Any, size: Any, scale_factor: Any, recompute: Any) -> Any:
    """Return the wanted size and, for each axis, by how much coordinates grow, or None for the ratio of the sizes."""
    rank = len(spatial)
    if (size is None) == (scale_factor is None):
        raise ValueError("interpolate: give either size or scale_factor" + (", not both" if size is not None else ""))
    if size is not None:
        wanted = size if isinstance(size, tuple | list) else (size,) * rank
        if recompute:
            raise ValueError("interpolate: recompute_scale_factor has no meaning together with size")
        try:
            sizes = tuple(operator.index(n) for n in wanted)
        except TypeError:
            raise TypeError(f"interpolate: size must be an integer or {rank} integers, not {size!r}") from None
        if len(sizes) != rank:
            raise ValueError(f"interpolate: size {size} must have one number for each of the {rank} spatial axes")
        return sizes, (None,) * rank
    factors = scale_factor if isinstance(scale_factor, tuple | list) else (scale_factor,) * rank
    if len(factors) != rank:
        raise ValueError(
            f"interpolate: scale_factor {scale_factor} must have one number for each of the {rank} spatial axes"
        )
    factors = tuple(float(f) for f in factors)
    sizes = tuple(math.floor(n * f) for n, f in zip(spatial, factors, strict=True))
    return sizes, (None,) * rank if recompute else factors


def _pattern(mode: str, n: int, count: int, factor: Any, align_corners: bool, antialias: bool, double: bool) -> Any:
    """Return how one axis of ``n`` elements is blended into ``count``; see :func:`blend`."""
    ratio = 1 / factor if factor is not None and factor > 0 else n / count
    # The precision in which PyTorch computes positions.
    if mode == "nearest":
        return "nearest", count, ratio, 0.0, "float32"
    if mode == "nearest-exact":
        return "nearest", count, ratio, 0.5, "float64" if double else "float32"
    if align_corners:
        ratio = (n - 1) / (count - 1) if count > 1 else 0.0
    if antialias:
        return "smooth", count, ratio, mode == "bicubic"
    return "cubic" if mode == "bicubic" else "linear", count, ratio, align_corners


@composed
def interpolate(
    input: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: Any = None,
    recompute_scale_factor: Any = None, antialias: bool = False,
) -> Any:  # fmt: skip
    """Return images, sequences or volumes in another size.

    Args:
        input: shape (N, C, L), (N, C, H, W) or (N, C, D, H, W).
        size: the wanted size: an int, or one for each spatial axis.
        scale_factor: instead of ``size``: by how much to enlarge; sizes are rounded down.
        mode: ``"nearest"``, ``"nearest-exact"``, ``"linear"`` (N, C, L), ``"bilinear"`` and ``"bicubic"``
            (N, C, H, W), ``"trilinear"`` (N, C, D, H, W), or ``"area"`` (the mean of what falls on a pixel).
        align_corners: with the interpolating modes, whether the middles of the corner pixels stay where they are, or
            (the default) their outer corners.
        recompute_scale_factor: use the ratio of the rounded sizes instead of ``scale_factor``.
        antialias: blur before making smaller; for ``"bilinear"`` and ``"bicubic"``.

    Returns:
        Shape (N, C, ...) of the wanted size.

    Raises:
        ValueError: arguments do not fit, or not each other.

    Edges: beyond the border the outermost pixels are repeated. ``"nearest"`` rounds down in single precision, as
    PyTorch does; ``"nearest-exact"`` takes the pixel in whose area the middle of the new one lies. Cubic
    interpolation (Keys 1981, a = −0.75) can overshoot the values it is given.

    >>> import glassgrad as gg
    >>> gg.nn.functional.interpolate(gg.tensor([[[1.0, 3.0]]]), scale_factor=2, mode="linear")
    tensor([[[1. , 1.5, 2.5, 3. ]]])
    """
    shape = input.shape
    rank = len(shape) - 2
    if rank not in (1, 2, 3):
        raise ValueError(
            f"interpolate: the input must have shape (N, C, L), (N, C, H, W) or (N, C, D, H, W), got {tuple(shape)}"
        )
    if mode not in _MODES:
        raise ValueError(f"interpolate: unknown mode {mode!r}; choose from {', '.join(_MODES)}")
    if _INTERPOLATING.get(mode, rank) != rank:
        raise ValueError(
            f"interpolate: mode {mode!r} is for {_INTERPOLATING[mode]} spatial axes, but the input of shape "
            f"{tuple(shape)} has {rank}"
        )
    if align_corners is not None and mode not in _INTERPOLATING:
        raise ValueError(f"interpolate: align_corners has no meaning for mode {mode!r}; leave it None")
    if antialias and mode not in ("bilinear", "bicubic"):
        raise ValueError(f"interpolate: antialias is for the modes 'bilinear' and 'bicubic', not {mode!r}")
    sizes, factors = _target(shape[2:], size, scale_factor, recompute_scale_factor)
    if 0 in shape[1:] or min(sizes) < 1:
        raise ValueError(f"interpolate: from size {tuple(shape[2:])} to {sizes}: every size must be at least 1")
    if mode == "area":
        return (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)[rank - 1](input, sizes)
    out = input
    for axis, (count, factor) in enumerate(zip(sizes, factors, strict=True), start=2):
        n = shape[axis]
        pattern = _pattern(mode, n, count, factor, bool(align_corners), antialias, input.dtype == "float64")
        if count != n or pattern[2] != 1.0:
            out = blend(out, pattern, n, False, axis)
    return clone(out) if out is input else out


def upsample(
    input: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: Any = None
) -> Any:
    """Return :func:`interpolate` of the same arguments, under its older name.

    >>> import glassgrad as gg
    >>> gg.nn.functional.upsample(gg.tensor([[[1.0, 3.0]]]), scale_factor=2)
    tensor([[[1., 1., 3., 3.]]])
    """
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Any, size: Any = None, scale_factor: Any = None) -> Any:
    """Return :func:`interpolate` with ``mode="nearest"``.

    >>> import glassgrad as gg
    >>> gg.nn.functional.upsample_nearest(gg.tensor([[[1.0, 3.0]]]), size=4)
    tensor([[[1., 1., 3., 3.]]])
    """
    return interpolate(input, size, scale_factor, "nearest")


def upsample_bilinear(input: Any, size: Any = None, scale_factor: Any = None) -> Any:
    """Return :func:`interpolate` with ``mode="bilinear"`` and ``align_corners=True``.

    >>> import glassgrad as gg
    >>> gg.nn.functional.upsample_bilinear(gg.tensor([[[[1.0, 3.0]]]]), size=(1, 3))
    tensor([[[[1., 2., 3.]]]])
    """
    return interpolate(input, size, scale_factor, "bilinear", True)


def _whole(value: Any, what: str) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{what} must be an integer, not {type(value).__name__}") from None
    if number < 1:
        raise ValueError(f"{what} must be at least 1, got {value}")
    return number


@composed
def pixel_shuffle(input: Any, upscale_factor: Any) -> Any:
    """Return images r times as large, whose r·r sub-pixels were channels (Shi et al. 2016).

    out[..., c, i·r + a, j·r + b] = input[..., c·r² + a·r + b, i, j]

    Args:
        input: shape (..., C·r², H, W).
        upscale_factor: r.

    Returns:
        Shape (..., C, H·r, W·r).

    Raises:
        ValueError: the channels cannot be divided by r².

    >>> import glassgrad as gg
    >>> gg.pixel_shuffle(gg.arange(4.0).reshape(4, 1, 1), 2)
    tensor([[[0., 1.],
             [2., 3.]]])
    """
    r = _whole(upscale_factor, "pixel_shuffle: upscale_factor")
    if len(input.shape) < 3:
        raise ValueError(f"pixel_shuffle: the input must have shape (..., C, H, W), got {tuple(input.shape)}")
    *outer, c, h, w = input.shape
    if c % (r * r):
        raise ValueError(f"pixel_shuffle: {c} channels cannot be divided by upscale_factor² = {r}² = {r * r}")
    n = len(outer)
    x = reshape(input, (*outer, c // (r * r), r, r, h, w))
    x = permute(x, (*range(n), n, n + 3, n + 1, n + 4, n + 2))
    return reshape(x, (*outer, c // (r * r), h * r, w * r))


@composed
def pixel_unshuffle(input: Any, downscale_factor: Any) -> Any:
    """Return images 1/r as large, with their r·r sub-pixels as channels: the inverse of :func:`pixel_shuffle`.

    Args:
        input: shape (..., C, H·r, W·r).
        downscale_factor: r.

    Returns:
        Shape (..., C·r², H, W).

    Raises:
        ValueError: height or width cannot be divided by r.

    >>> import glassgrad as gg
    >>> gg.pixel_unshuffle(gg.arange(4.0).reshape(1, 2, 2), 2).shape
    (4, 1, 1)
    """
    r = _whole(downscale_factor, "pixel_unshuffle: downscale_factor")
    if len(input.shape) < 3:
        raise ValueError(f"pixel_unshuffle: the input must have shape (..., C, H, W), got {tuple(input.shape)}")
    *outer, c, h, w = input.shape
    if h % r or w % r:
        raise ValueError(f"pixel_unshuffle: size ({h}, {w}) cannot be divided by downscale_factor = {r}")
    n = len(outer)
    x = reshape(input, (*outer, c, h // r, r, w // r, r))
    x = permute(x, (*range(n), n, n + 2, n + 4, n + 1, n + 3))
    return reshape(x, (*outer, c * r * r, h // r, w // r))


@composed
def channel_shuffle(input: Any, groups: Any) -> Any:
    """Return the channels in another order: of each group the first, then of each the second, ... (Zhang et al. 2018).

    Args:
        input: shape (N, C, ...).
        groups: divides C.

    Raises:
        ValueError: ``groups`` does not divide the channels.

    >>> import glassgrad as gg
    >>> gg.channel_shuffle(gg.arange(6.0).reshape(1, 6, 1), 2).reshape(6)
    tensor([0., 3., 1., 4., 2., 5.])
    """
    g = _whole(groups, "channel_shuffle: groups")
    shape = tuple(input.shape)
    if len(shape) < 3:
        raise ValueError(f"channel_shuffle: the input must have shape (N, C, ...), got {shape}")
    n, c, *rest = shape
    if c % g:
        raise ValueError(f"channel_shuffle: groups = {g} must divide the {c} channels")
    x = permute(reshape(input, (n, g, c // g, *rest)), (0, 2, 1, *range(3, len(shape) + 1)))
    return reshape(x, shape)
