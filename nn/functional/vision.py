"""Images in other sizes, and their windows as columns."""

from __future__ import annotations

from ...autograd.ops.resampling import (
    channel_shuffle,
    interpolate,
    pixel_shuffle,
    pixel_unshuffle,
    upsample,
    upsample_bilinear,
    upsample_nearest,
)
from ...autograd.ops.sampling import affine_grid, grid_sample
from ...autograd.ops.unfolding import fold, unfold

__all__ = [
    "affine_grid", "channel_shuffle", "fold", "grid_sample", "interpolate", "pixel_shuffle", "pixel_unshuffle",
    "unfold", "upsample", "upsample_bilinear", "upsample_nearest",
]  # fmt: skip
