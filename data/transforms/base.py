"""What all transforms share: layouts of images, and randomness that can be repeated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...autograd import Tensor, tensor
from ..randomness import Randomness

__all__ = ["Compose", "Transform"]


class Transform:
    """The base class of image transforms: a subclass defines ``images``, for a whole batch at a time.

    A transform takes one image or a batch. What is random is drawn for each image of a batch separately. A tensor gives
    a tensor, an array an array.

    Args:
        layout: ``"CHW"``: images are (C, H, W), batches (N, C, H, W); ``"HWC"``: (H, W, C) and (N, H, W, C). An array
            of two dimensions is one grey image (H, W) in either.
        seed: makes what is random repeatable. By default the library's generator decides (``manual_seed``).
        generator: a ``numpy.random.Generator`` to draw from, instead of a seed.

    Raises:
        ValueError: ``layout`` is another word; or, when called, the number of dimensions is not 2, 3 or 4.
        TypeError: what it is called with is not an image of numbers.

    >>> class Negative(Transform):
    ...     def images(self, images):
    ...         return 1 - images
    >>> Negative()(np.array([[0.25, 1.0]])).tolist()
    [[0.75, 0.0]]
    """

    def __init__(self, layout: str = "CHW", seed: int | None = None, generator: Any = None) -> None:
        if layout not in ("CHW", "HWC"):
            raise ValueError(f"{type(self).__name__}: layout must be 'CHW' or 'HWC', not {layout!r}")
        self.layout = layout
        self.randomness = Randomness(seed, generator)

    def __call__(self, x: Any) -> Any:
        array = read_images(type(self).__name__, x)
        channels_last = self.layout == "HWC" and array.ndim > 2
        images = array
        if images.ndim == 2:
            images = images[np.newaxis]
        if images.ndim == 3:
            images = images[np.newaxis]
        if channels_last:
            images = np.moveaxis(images, -1, 1)
        result = self.images(images)
        if channels_last:
            result = np.moveaxis(result, 1, -1)
        result = np.ascontiguousarray(result.reshape(result.shape[4 - array.ndim :]))
        return tensor(result) if isinstance(x, Tensor) else result

    def images(self, images: NDArray[Any]) -> NDArray[Any]:
        """Change images of shape (N, C, H, W), which must not be written to."""
        raise NotImplementedError(f"{type(self).__name__} must define images(self, images)")

    def state_dict(self) -> dict[str, Any]:
        """What decides the coming draws, to be saved with an interrupted training."""
        return self.randomness.state_dict()

    def load_state_dict(self, state: Any) -> None:
        """Go on from a ``state_dict``."""
        self.randomness.load_state_dict(state)


class Compose:
    """Several transforms, or other functions of an image, one after the other.

    >>> Compose([np.flip, np.negative])(np.array([1, 2])).tolist()
    [-2, -1]
    """

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        self.transforms = list(transforms)
        for i, transform in enumerate(self.transforms):
            if not callable(transform):
                raise TypeError(f"Compose: transform {i} must be a function of an image, not {transform!r}")

    def __call__(self, x: Any) -> Any:
        for transform in self.transforms:
            x = transform(x)
        return x

    def state_dict(self) -> dict[str, Any]:
        """The states of the transforms, by their positions."""
        states = {str(i): t.state_dict() for i, t in enumerate(self.transforms) if hasattr(t, "state_dict")}
        return {position: state for position, state in states.items() if state}

    def load_state_dict(self, state: Any) -> None:
        """Go on from a ``state_dict``."""
        for position, saved in state.items():
            self.transforms[int(position)].load_state_dict(saved)  # type: ignore[attr-defined]


def takes_batches(transform: Any) -> bool:
    """Whether a transform is known to treat a batch image by image."""
    if isinstance(transform, Compose):
        return all(map(takes_batches, transform.transforms))
    return isinstance(transform, Transform)


def read_images(owner: str, x: Any) -> NDArray[Any]:
    """An image or a batch of images as an array, or an error that names the owner."""
    if not isinstance(x, Tensor | np.ndarray):
        raise TypeError(f"{owner}: expected an image as a tensor or array, not {type(x).__name__}")
    array = x.detach().numpy() if isinstance(x, Tensor) else x
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{owner}: expected an image of numbers, not of {array.dtype}")
    if array.ndim not in (2, 3, 4):
        raise ValueError(f"{owner}: expected one image of 2 or 3 dimensions or a batch of 4, got shape {array.shape}")
    return array


def number(owner: str, name: str, value: Any, low: float = -np.inf, high: float = np.inf) -> float:
    """``value`` as a finite float within bounds, or an error that names the owner."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{owner}: {name} must be a number, not {value!r}")
    if not np.isfinite(value) or not low <= value <= high:
        bounds = f"at least {low:g}" if np.isfinite(low) else "finite"
        bounds = f"from {low:g} to {high:g}" if np.isfinite(high) else bounds
        raise ValueError(f"{owner}: {name} must be {bounds}, got {value}")
    return float(value)
