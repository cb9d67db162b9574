"""Random reflections."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .base import Transform, number

__all__ = ["RandomHorizontalFlip", "RandomVerticalFlip"]


class RandomHorizontalFlip(Transform):
    """Exchange left and right of each image with probability ``p``.

    Args:
        p: from 0 to 1.
        layout, seed, generator: see ``Transform``.

    >>> RandomHorizontalFlip(p=1)(np.array([[1, 2], [3, 4]])).tolist()
    [[2, 1], [4, 3]]
    """

    axis = 3

    def __init__(self, p: float = 0.5, *, layout: str = "CHW", seed: int | None = None, generator: Any = None) -> None:
        super().__init__(layout, seed, generator)
        self.p = number(type(self).__name__, "p", p, 0, 1)

    def images(self, images: NDArray[Any]) -> NDArray[Any]:
        chosen = self.randomness.draw("random", len(images)) < self.p
        return np.where(chosen[:, np.newaxis, np.newaxis, np.newaxis], np.flip(images, self.axis), images)


class RandomVerticalFlip(RandomHorizontalFlip):
    """Exchange top and bottom of each image with probability ``p``.

    >>> RandomVerticalFlip(p=1)(np.array([[1, 2], [3, 4]])).tolist()
    [[3, 4], [1, 2]]
    """

    axis = 2
