"""Random rotations, and affine maps in general: turn, shift, scale and shear."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .base import Transform, number

__all__ = ["RandomAffine", "RandomRotation"]


class RandomAffine(Transform):
    """Turn, shift, scale and shear each image around its centre, by amounts drawn from ranges.

    Args:
        degrees: the range (low, high) of the angle, counter-clockwise; one number means (−degrees, degrees).
        translate: the largest shifts to the side and downwards, as fractions of width and height.
        scale: the range (low, high) of the factor.
        shear: the range of the angle in degrees by which vertical lines lean; one number means (−shear, shear).
        interpolation: ``"nearest"``, or ``"bilinear"``: between the four nearest pixels.
        fill: the value outside the image.
        layout, seed, generator: see ``Transform``.

    Raises:
        ValueError: a range is not in order, or a value is out of its bounds.

    >>> RandomAffine(degrees=(90, 90))(np.array([[1, 2], [3, 4]])).tolist()
    [[2, 4], [1, 3]]
    """

    def __init__(
        self, degrees: float | tuple[float, float], translate: tuple[float, float] | None = None,
        scale: tuple[float, float] | None = None, shear: float | tuple[float, float] | None = None,
        interpolation: str = "nearest", fill: float = 0, *, layout: str = "CHW", seed: int | None = None,
        generator: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(layout, seed, generator)
        owner = type(self).__name__
        self.degrees = _range(owner, "degrees", degrees)
        self.translate = (0.0, 0.0)
        if translate is not None:
            x, y = _pair(owner, "translate", translate)
            self.translate = (number(owner, "translate", x, 0, 1), number(owner, "translate", y, 0, 1))
        self.scale = (1.0, 1.0) if scale is None else _range(owner, "scale", _pair(owner, "scale", scale), low=1e-6)
        self.shear = (0.0, 0.0) if shear is None else _range(owner, "shear", shear)
        if interpolation not in ("nearest", "bilinear"):
            raise ValueError(f"{owner}: interpolation must be 'nearest' or 'bilinear', not {interpolation!r}")
        self.interpolation = interpolation
        self.fill = number(owner, "fill", fill)

    def images(self, images: NDArray[Any]) -> NDArray[Any]:
        n, _, height, width = images.shape
        angle = np.deg2rad(self.randomness.draw("uniform", *self.degrees, n))
        lean = np.tan(np.deg2rad(self.randomness.draw("uniform", *self.shear, n)))
        factor = self.randomness.draw("uniform", *self.scale, n)
        right, down = (
            self.randomness.draw("uniform", -share * size, share * size, n)
            for share, size in zip(self.translate, (width, height), strict=True)
        )
        # Rows point down, so turning counter-clockwise by a takes (x, y) to (x cos a + y sin a, −x sin a + y cos a).
        cos, sin = np.cos(angle), np.sin(angle)
        turn = np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], -2)
        shear = np.broadcast_to(np.eye(2), (n, 2, 2)).copy()
        shear[:, 0, 1] = -lean
        inverse = np.linalg.inv(factor[:, np.newaxis, np.newaxis] * turn @ shear)
        # Every pixel of the result asks where it comes from.
        y, x = np.meshgrid(np.arange(height) - (height - 1) / 2, np.arange(width) - (width - 1) / 2, indexing="ij")
        x_moved, y_moved = x - right[:, np.newaxis, np.newaxis], y - down[:, np.newaxis, np.newaxis]
        m = inverse[:, :, :, np.newaxis, np.newaxis]
        columns = m[:, 0, 0] * x_moved + m[:, 0, 1] * y_moved + (width - 1) / 2
        rows = m[:, 1, 0] * x_moved + m[:, 1, 1] * y_moved + (height - 1) / 2
        return _sample(images, rows, columns, self.interpolation, self.fill)


class RandomRotation(RandomAffine):
    """Turn each image around its centre by an angle drawn from a range; corners that come in are ``fill``.

    Args:
        degrees: the range (low, high), counter-clockwise; one number means (−degrees, degrees).
        interpolation, fill, layout, seed, generator: as for ``RandomAffine``.

    >>> RandomRotation((180, 180))(np.array([[1, 2], [3, 4]])).tolist()
    [[4, 3], [2, 1]]
    """

    def __init__(
        self, degrees: float | tuple[float, float], interpolation: str = "nearest", fill: float = 0, *,
        layout: str = "CHW", seed: int | None = None, generator: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(degrees, interpolation=interpolation, fill=fill, layout=layout, seed=seed, generator=generator)


def _sample(images: NDArray[Any], rows: Any, columns: Any, interpolation: str, fill: float) -> NDArray[Any]:
    """Values of images (N, C, H, W) at places (N, H, W) between the pixels."""
    n, channels, height, width = images.shape
    image = np.arange(n)[:, np.newaxis, np.newaxis]
    # Sines and cosines of right angles are off by 1e-16, which must not move a pixel out of the image.
    rows, columns = np.round(rows, 9), np.round(columns, 9)

    def at(r: Any, c: Any) -> Any:
        inside = (r >= 0) & (r < height) & (c >= 0) & (c < width)
        values = images[image, :, np.clip(r, 0, height - 1), np.clip(c, 0, width - 1)]  # (N, H, W, C)
        return np.where(inside[..., np.newaxis], values, np.asarray(fill).astype(images.dtype))

    if interpolation == "nearest":
        out = at(np.floor(rows + 0.5).astype(int), np.floor(columns + 0.5).astype(int))
    else:
        top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
        y, x = (rows - top)[..., np.newaxis], (columns - left)[..., np.newaxis]
        upper = (1 - x) * at(top, left) + x * at(top, left + 1)
        lower = (1 - x) * at(top + 1, left) + x * at(top + 1, left + 1)
        out = (1 - y) * upper + y * lower
    if images.dtype.kind in "iub" and out.dtype.kind == "f":
        out = np.round(out)
    return np.moveaxis(out.astype(images.dtype), -1, 1).reshape(n, channels, height, width)


def _pair(owner: str, name: str, value: Any) -> tuple[Any, Any]:
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise TypeError(f"{owner}: {name} must be two numbers, not {value!r}")
    return value[0], value[1]


def _range(owner: str, name: str, value: Any, low: float = -np.inf) -> tuple[float, float]:
    if not isinstance(value, tuple | list):
        limit = number(owner, name, value, 0)
        return -limit, limit
    first, last = (number(owner, name, end, low) for end in _pair(owner, name, value))
    if first > last:
        raise ValueError(f"{owner}: {name} must be (low, high), got {value!r}")
    return first, last
