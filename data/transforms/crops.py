"""Random crops, and shifts by whole pixels."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .base import Transform

__all__ = ["RandomCrop", "RandomShift"]

_MODES = {"constant": "constant", "edge": "edge", "reflect": "reflect", "symmetric": "symmetric"}


class RandomCrop(Transform):
    """Cut a window of a given size out of each image, every possible offset being equally likely.

    Args:
        size: height and width of the window, or one number for both.
        padding: pixels added around the image first: one number, (left and right, top and bottom), or (left, top,
            right, bottom).
        pad_if_needed: add pixels where the image is smaller than the window.
        fill: the value of added pixels.
        padding_mode: ``"constant"``, ``"edge"``, ``"reflect"`` or ``"symmetric"``.
        layout, seed, generator: see ``Transform``.

    The offsets are 0 to H − height, both included: the last one is reached, and a window of the image's own size gives
    the whole image.

    Raises:
        ValueError: a size is not positive, or, when called, the window is larger than the image.

    >>> RandomCrop((2, 3), layout="HWC", seed=0)(np.zeros((4, 5, 3))).shape
    (2, 3, 3)
    """

    def __init__(
        self, size: int | tuple[int, int], padding: Any = None, pad_if_needed: bool = False, fill: float = 0,
        padding_mode: str = "constant", *, layout: str = "CHW", seed: int | None = None, generator: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(layout, seed, generator)
        self.size = _whole_numbers("RandomCrop", "size", size, (1, 2), low=1)
        if len(self.size) == 1:
            self.size *= 2
        sides = () if padding is None else _whole_numbers("RandomCrop", "padding", padding, (1, 2, 4), low=0)
        left, top, right, bottom = sides * (4 // len(sides)) if sides else (0, 0, 0, 0)
        self.padding = (left, top, right, bottom)
        self.pad_if_needed, self.fill = pad_if_needed, fill
        if padding_mode not in _MODES:
            raise ValueError(f"RandomCrop: padding_mode must be one of {', '.join(_MODES)}, not {padding_mode!r}")
        self.padding_mode = padding_mode

    def images(self, images: NDArray[Any]) -> NDArray[Any]:
        left, top, right, bottom = self.padding
        images = self._pad(images, (top, bottom), (left, right))
        height, width = self.size
        if self.pad_if_needed:
            missing = [max(size - n, 0) for size, n in zip(self.size, images.shape[2:], strict=True)]
            images = self._pad(images, (missing[0],) * 2, (missing[1],) * 2)
        n, _, rows, columns = images.shape
        if height > rows or width > columns:
            raise ValueError(
                f"RandomCrop: a window of {height} x {width} does not fit into an image of {rows} x {columns}; "
                "give padding= or pad_if_needed=True"
            )
        # The upper end of integers() is excluded, so + 1 lets the last offset come.
        tops = self.randomness.draw("integers", 0, rows - height + 1, n)
        lefts = self.randomness.draw("integers", 0, columns - width + 1, n)
        out = np.empty((*images.shape[:2], height, width), images.dtype)
        for i, (y, x) in enumerate(zip(tops.tolist(), lefts.tolist(), strict=True)):
            out[i] = images[i, :, y : y + height, x : x + width]
        return out

    def _pad(self, images: NDArray[Any], rows: tuple[int, int], columns: tuple[int, int]) -> NDArray[Any]:
        if not any((*rows, *columns)):
            return images
        more: dict[str, Any] = {"constant_values": self.fill} if self.padding_mode == "constant" else {}
        return np.pad(images, ((0, 0), (0, 0), rows, columns), mode=self.padding_mode, **more)  # type: ignore[call-overload]


class RandomShift(Transform):
    """Move each image by whole pixels, at most ``pixels`` up, down, left and right; what comes in is ``fill``.

    Args:
        pixels: the largest shift down and to the right, or one number for both.
        fill: the value of the pixels that come in.
        layout, seed, generator: see ``Transform``.

    ``RandomAffine`` shifts by fractions of pixels, and turns, scales and shears.

    Raises:
        ValueError: ``pixels`` is negative.

    >>> RandomShift(0)(np.array([[1, 2], [3, 4]])).tolist()
    [[1, 2], [3, 4]]
    """

    def __init__(
        self, pixels: int | tuple[int, int], fill: float = 0, *, layout: str = "CHW", seed: int | None = None,
        generator: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(layout, seed, generator)
        self.pixels = _whole_numbers("RandomShift", "pixels", pixels, (1, 2), low=0)
        if len(self.pixels) == 1:
            self.pixels *= 2
        self.fill = fill

    def images(self, images: NDArray[Any]) -> NDArray[Any]:
        down, right = (self.randomness.draw("integers", -limit, limit + 1, len(images)) for limit in self.pixels)
        out = np.full_like(images, self.fill)
        for i, (y, x) in enumerate(zip(down.tolist(), right.tolist(), strict=True)):
            (to_y, from_y), (to_x, from_x) = _overlap(y, images.shape[2]), _overlap(x, images.shape[3])
            out[i, :, to_y, to_x] = images[i, :, from_y, from_x]
        return out


def _overlap(shift: int, size: int) -> tuple[slice, slice]:
    """Where a moved line lies in the new one, and which part of the old one that is."""
    kept = max(size - abs(shift), 0)
    start = min(max(shift, 0), size)
    return slice(start, start + kept), slice(min(max(-shift, 0), size), min(max(-shift, 0), size) + kept)


def _whole_numbers(owner: str, name: str, value: Any, counts: tuple[int, ...], low: int) -> tuple[int, ...]:
    try:
        items = tuple(value) if isinstance(value, tuple | list) else (value,)
        if any(isinstance(item, bool) for item in items):
            raise TypeError
        found = tuple(operator.index(item) for item in items)
    except TypeError:
        raise TypeError(f"{owner}: {name} must be whole numbers, not {value!r}") from None
    if len(found) not in counts:
        raise ValueError(f"{owner}: {name} takes {' or '.join(map(str, counts))} numbers, got {value!r}")
    if min(found) < low:
        raise ValueError(f"{owner}: {name} must be at least {low}, got {value!r}")
    return found
