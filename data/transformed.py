"""``TransformedDataset``: a data set whose inputs are changed when they are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .datasets import Dataset, collate, take
from .transforms.base import takes_batches

__all__ = ["TransformedDataset"]


class TransformedDataset(Dataset):
    """The samples of another data set, with a transform of their first element and one of their last, the target.

    What is random in a transform is drawn anew each time a sample is read: so an augmented data set differs from epoch
    to epoch. Transforms of ``transforms`` are applied to whole batches at once, other functions sample by sample.

    Args:
        dataset: the source, such as one part of a ``random_split``.
        transform: a function of the input.
        target_transform: a function of the target.

    >>> from glassgrad.data import TensorDataset
    >>> pairs = TensorDataset(np.ones((3, 1, 2, 2)), np.array([0, 1, 2]))
    >>> image, label = TransformedDataset(pairs, lambda image: image * 5)[2]
    >>> image.tolist(), label.item()
    ([[[5.0, 5.0], [5.0, 5.0]]], 2)
    """

    def __init__(
        self,
        dataset: Any,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
    ) -> None:
        for name, function in (("transform", transform), ("target_transform", target_transform)):
            if function is not None and not callable(function):
                raise TypeError(f"TransformedDataset: {name} must be a function, not {function!r}")
        self.dataset, self.transform, self.target_transform = dataset, transform, target_transform

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> Any:
        sample = self.dataset[index]
        return self._change(sample, self.transform, self.target_transform)

    def take(self, indices: ArrayLike) -> Any:
        """The samples at the given positions, transformed, as one batch."""
        if self.target_transform is not None or not (self.transform is None or takes_batches(self.transform)):
            return collate([self[int(index)] for index in np.asarray(indices)])
        return self._change(take(self.dataset, np.asarray(indices)), self.transform, None)

    def state_dict(self) -> dict[str, Any]:
        """The states of the transforms that have one."""
        named: dict[str, Any] = {"transform": self.transform, "target_transform": self.target_transform}
        return {name: t.state_dict() for name, t in named.items() if hasattr(t, "state_dict")}

    def load_state_dict(self, state: Any) -> None:
        """Go on from a ``state_dict``."""
        for name, saved in state.items():
            getattr(self, name).load_state_dict(saved)

    @staticmethod
    def _change(sample: Any, transform: Any, target_transform: Any) -> Any:
        if not isinstance(sample, tuple | list):
            return sample if transform is None else transform(sample)
        items = list(sample)
        if transform is not None:
            items[0] = transform(items[0])
        if target_transform is not None:
            items[-1] = target_transform(items[-1])
        return tuple(items)
