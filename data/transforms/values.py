"""Transforms of values: to tensors, normalisation by channel, and noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...autograd import Tensor, tensor
from ...autograd.core.dtypes import get_default_dtype
from .base import Transform, number, read_images

__all__ = ["GaussianNoise", "Normalize", "ToTensor"]


class ToTensor(Transform):
    """Make a tensor (C, H, W) of an image (H, W, C) or (H, W); a batch (N, H, W, C) becomes (N, C, H, W).

    Bytes (uint8) become the default dtype and are divided by 255, so that they lie from 0 to 1; other dtypes stay, as
    do tensors, which are taken to have their channels first already.

    >>> ToTensor()(np.array([[0, 255]], dtype=np.uint8))
    tensor([[[0., 1.]]])
    """

    def __init__(self) -> None:
        super().__init__()

    def __call__(self, x: Any) -> Any:
        if isinstance(x, Tensor):
            return x
        array = read_images("ToTensor", x)
        array = array[np.newaxis] if array.ndim == 2 else np.moveaxis(array, -1, -3)
        if array.dtype == np.uint8:
            array = array.astype(get_default_dtype()) / get_default_dtype().type(255)
        return tensor(np.ascontiguousarray(array))


class Normalize(Transform):
    """Subtract a mean from each channel and divide by a standard deviation: (x − mean) / std.

    Args:
        mean, std: one number for each channel, such as MNIST's ``[0.1307]`` and ``[0.3081]``.
        layout: see ``Transform``.

    Raises:
        ValueError: a deviation is not positive, or, when called, the number of channels is another.
        TypeError: the image does not hold floats.

    >>> Normalize([0.5], [0.25])(np.array([[0.0, 1.0]])).tolist()
    [[-2.0, 2.0]]
    """

    def __init__(self, mean: Sequence[float], std: Sequence[float], *, layout: str = "CHW") -> None:
        super().__init__(layout)
        self.mean, self.std = (_channels(name, v) for name, v in (("mean", mean), ("std", std)))
        if not (self.std > 0).all():
            raise ValueError(f"Normalize: std must be positive, got {std}")

    def images(self, images: NDArray[Any]) -> NDArray[Any]:
        if images.dtype.kind != "f":
            raise TypeError(f"Normalize: expected floats, got {images.dtype}; use ToTensor first")
        if not {len(self.mean), len(self.std)} <= {1, images.shape[1]}:
            raise ValueError(
                f"Normalize: mean and std have {len(self.mean)} and {len(self.std)} channels, the image "
                f"{images.shape[1]} (layout {self.layout!r})"
            )
        mean, std = (v[:, np.newaxis, np.newaxis].astype(images.dtype) for v in (self.mean, self.std))
        return (images - mean) / std


class GaussianNoise(Transform):
    """Add noise drawn from a normal distribution to every pixel.

    Args:
        mean, sigma: of the distribution.
        clip: keep values from 0 to 1 afterwards.
        layout, seed, generator: see ``Transform``.

    Raises:
        TypeError: when called, the image does not hold floats.
        ValueError: ``sigma`` is negative.

    >>> GaussianNoise(sigma=0)(np.array([[0.25, 1.0]])).tolist()
    [[0.25, 1.0]]
    """

    def __init__(
        self, mean: float = 0.0, sigma: float = 0.1, clip: bool = True, *, layout: str = "CHW",
        seed: int | None = None, generator: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(layout, seed, generator)
        self.mean = number("GaussianNoise", "mean", mean)
        self.sigma = number("GaussianNoise", "sigma", sigma, 0)
        self.clip = clip

    def images(self, images: NDArray[Any]) -> NDArray[Any]:
        if images.dtype.kind != "f":
            raise TypeError(f"GaussianNoise: expected floats, got {images.dtype}; use ToTensor first")
        noise = self.randomness.draw("standard_normal", images.shape) * self.sigma + self.mean
        out = images + noise.astype(images.dtype)
        return np.clip(out, 0, 1) if self.clip else out


def _channels(name: str, value: Any) -> NDArray[np.float64]:
    array = np.atleast_1d(np.asarray(value, dtype=np.float64))
    if array.ndim != 1 or not array.size or not np.isfinite(array).all():
        raise ValueError(f"Normalize: {name} must be one finite number for each channel, got {value!r}")
    return array
