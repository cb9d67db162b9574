"""Small problems in the plane that are drawn at random, to look at what a network learns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .randomness import Randomness

__all__ = ["spiral", "two_moons"]


def two_moons(
    samples: int = 200, noise: float = 0.1, seed: int | None = None
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Two half circles that reach into each other: no straight line separates them.

    Class 0 is the upper half of the unit circle around (0, 0); class 1 the lower half around (1, 0.5). Points are
    evenly spaced along the arcs.

    Args:
        samples: how many points in all; half of them, rounded up, belong to class 1.
        noise: standard deviation of the Gaussian noise that is added to both coordinates.
        seed: the same seed gives the same noise. By default the library's generator decides (``manual_seed``).

    Returns:
        points: (samples, 2), float32.
        labels: (samples,), int64; first all of class 0, then all of class 1.

    >>> points, labels = two_moons(100, noise=0, seed=0)
    >>> points[0].tolist(), labels.sum().item()
    ([1.0, 0.0], 50)
    """
    _check("two_moons", samples, noise)
    first = samples // 2
    angles = [np.linspace(0, np.pi, n) for n in (first, samples - first)]
    points = np.concatenate(
        [
            np.stack([np.cos(angles[0]), np.sin(angles[0])], axis=1),
            np.stack([1 - np.cos(angles[1]), 0.5 - np.sin(angles[1])], axis=1),
        ]
    )
    labels = np.repeat([0, 1], [first, samples - first])
    return _noisy(points, noise, seed), labels.astype(np.int64)


def spiral(
    samples: int = 300, classes: int = 3, noise: float = 0.05, turns: float = 0.75, seed: int | None = None
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Arms of a spiral, one for each class, around (0, 0).

    Point i of n in class c has the radius r = i / (n − 1) and the angle 2π (c / classes + turns · r).

    Args:
        samples: how many points in all, spread over the classes as evenly as possible.
        classes: how many arms.
        noise: standard deviation of the Gaussian noise that is added to both coordinates.
        turns: how often an arm goes around.
        seed: the same seed gives the same noise. By default the library's generator decides (``manual_seed``).

    Returns:
        points: (samples, 2), float32.
        labels: (samples,), int64, in the order of the classes.

    >>> points, labels = spiral(9, classes=3, noise=0)
    >>> labels.tolist(), points[1].tolist()
    ([0, 0, 0, 1, 1, 1, 2, 2, 2], [-0.3535533845424652, 0.3535533845424652])
    """
    _check("spiral", samples, noise)
    if isinstance(classes, bool) or not isinstance(classes, int) or classes < 1:
        raise ValueError(f"spiral: classes must be a whole number of at least 1, not {classes!r}")
    labels = np.sort(np.arange(samples) % classes)
    radius = np.concatenate([np.linspace(0, 1, n) for n in np.bincount(labels, minlength=classes)])
    angle = 2 * np.pi * (labels / classes + turns * radius)
    points = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return _noisy(points, noise, seed), labels.astype(np.int64)


def _noisy(points: NDArray[np.float64], noise: float, seed: int | None) -> NDArray[np.float32]:
    if noise:
        points = points + noise * Randomness(seed).draw("standard_normal", points.shape)
    return points.astype(np.float32)


def _check(name: str, samples: int, noise: float) -> None:
    if isinstance(samples, bool) or not isinstance(samples, int | np.integer) or samples < 1:
        raise ValueError(f"{name}: samples must be a whole number of at least 1, not {samples!r}")
    if not 0 <= noise < np.inf:
        raise ValueError(f"{name}: noise must be at least 0 and finite, got {noise}")
