"""Data sets: the protocol, arrays as a data set, and ways to split one."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..autograd import Tensor, tensor
from ..autograd.core.dtypes import get_default_dtype, result_type
from .shuffling import permutation


class Dataset:
    """A finite collection of samples, each a number, an array, or a tuple of them (input, label).

    A subclass defines ``__len__`` and ``__getitem__``, with PyTorch's meaning, and that is all ``DataLoader`` needs. A
    ``for`` loop goes through the samples once, in their order: its end is the length, so ``__getitem__`` need not check
    its index. Where many samples can be read at once, it defines ``take`` too, and no Python runs per sample.

    >>> class Squares(Dataset):
    ...     def __len__(self):
    ...         return 5
    ...     def __getitem__(self, index):
    ...         return float(index), float(index) ** 2
    >>> numbers, squares = Squares().take([1, 2, 3])
    >>> squares.numpy()
    array([1., 4., 9.], dtype=float32)
    >>> [square for number, square in Squares()]
    [0.0, 1.0, 4.0, 9.0, 16.0]
    """

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} must define __len__, the number of samples")

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__(index), one sample")

    def __iter__(self) -> Iterator[Any]:
        # Without this Python would count up until __getitem__ raises an IndexError, which a formula never does.
        return (self[index] for index in range(len(self)))

    def take(self, indices: ArrayLike) -> Any:
        """The samples at the given positions as one batch: like a sample, with a new first dimension."""
        return collate([self[int(index)] for index in np.asarray(indices)])


class TensorDataset(Dataset):
    """Samples are the rows of tensors or arrays of equal length: ``dataset[i]`` is ``(first[i], second[i], ...)``.

    The index may also be a slice or an array of positions, which gives a batch. Arrays are not copied. A list becomes
    what ``tensor`` makes of it: Python floats are float32.

    Raises:
        ValueError: nothing is given, the lengths differ, or a tensor requires a gradient (detach it first).
        TypeError: something given is not numbers, or has no first dimension.

    >>> pairs = TensorDataset(np.array([[1., 2.], [3., 4.], [5., 6.]]), np.array([0, 1, 0]))
    >>> point, label = pairs[2]
    >>> point.numpy(), label.item()
    (array([5., 6.]), 0)
    >>> pairs[:2][1].numpy()
    array([0, 1])
    """

    def __init__(self, *tensors: Tensor | NDArray[Any]) -> None:
        if not tensors:
            raise ValueError("TensorDataset needs at least one tensor or array")
        self.arrays = tuple(_as_array(value, f"TensorDataset argument {i}") for i, value in enumerate(tensors))
        for i, array in enumerate(self.arrays):
            if array.ndim == 0:
                raise TypeError(f"TensorDataset argument {i} is a number; its first dimension must be the samples")
        lengths = [len(array) for array in self.arrays]
        if len(set(lengths)) > 1:
            raise ValueError(f"TensorDataset: all arguments must have the same length, but the lengths are {lengths}")

    def __len__(self) -> int:
        return len(self.arrays[0])

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor(array[index]) for array in self.arrays)

    def take(self, indices: ArrayLike) -> tuple[Tensor, ...]:
        """The rows at the given positions, one tensor for each array."""
        return self[np.asarray(indices)]


class Subset(Dataset):
    """The samples of another data set at the given positions, in their order.

    Raises:
        TypeError: the positions are not whole numbers.
        IndexError: a position is not in ``0 .. len(dataset) - 1``.

    >>> letters = TensorDataset(np.arange(10) ** 2)
    >>> Subset(letters, [3, 1]).take([0, 1])[0].numpy()
    array([9, 1])
    """

    def __init__(self, dataset: Any, indices: ArrayLike) -> None:
        positions = np.asarray(indices)
        if positions.size == 0:
            positions = positions.astype(np.intp)
        if positions.ndim != 1 or positions.dtype.kind not in "iu":
            raise TypeError(
                f"Subset indices must be a flat list of whole numbers, not {positions.dtype} of shape {positions.shape}"
            )
        wrong = positions[(positions < 0) | (positions >= len(dataset))]
        if wrong.size:
            raise IndexError(f"Subset index {wrong[0]} is outside the data set, which has {len(dataset)} samples")
        self.dataset = dataset
        self.indices: NDArray[np.intp] = positions.astype(np.intp)

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> Any:
        return self.dataset[int(self.indices[index])]

    def take(self, indices: ArrayLike) -> Any:
        """The samples at the given positions of this subset as one batch."""
        return take(self.dataset, self.indices[np.asarray(indices)])


def random_split(dataset: Any, lengths: Sequence[int] | Sequence[float], seed: int | None = None) -> list[Subset]:
    """Split a data set at random into parts that do not overlap and together hold every sample.

    Args:
        dataset: anything with ``len`` and integer indices.
        lengths: the length of each part, adding up to ``len(dataset)``; or fractions adding up to 1, which are rounded
            down, the samples left over going one each to the first parts, as in PyTorch (but 0.29 of 100 is 29, not
            28).
        seed: the same seed gives the same split. By default the library's generator decides (``manual_seed``).

    Raises:
        ValueError: a length is negative, or the lengths do not add up.

    >>> train, test = random_split(TensorDataset(np.arange(1797)), [0.8, 0.2], seed=0)
    >>> len(train), len(test)
    (1438, 359)
    """
    total = len(dataset)
    sizes = _part_sizes(list(lengths), total)
    order = permutation(total, seed)
    return [Subset(dataset, part) for part in np.split(order, np.cumsum(sizes)[:-1])]


def _part_sizes(lengths: list[Any], total: int) -> list[int]:
    if not lengths or not all(isinstance(n, (int, float, np.integer, np.floating)) for n in lengths):
        raise ValueError(f"random_split: lengths must be whole numbers or fractions, got {lengths}")
    if not all(0 <= n < math.inf for n in lengths):
        raise ValueError(f"random_split: a length must not be negative, NaN or infinite, got {lengths}")
    if all(isinstance(n, (int, np.integer)) for n in lengths) and sum(lengths) == total:
        return [int(n) for n in lengths]
    if not math.isclose(sum(lengths), 1.0):
        raise ValueError(
            f"random_split: lengths {lengths} add up to {sum(lengths)}, "
            f"neither to the {total} samples of the data set nor to 1"
        )
    # In floating point 0.29 * 100 is 28.999999999999996, which must not lose a sample.
    sizes = [math.floor(round(fraction * total, 9)) for fraction in lengths]
    for i in range(total - sum(sizes)):
        sizes[i % len(sizes)] += 1
    return sizes


def take(dataset: Any, indices: NDArray[np.intp]) -> Any:
    """The samples of ``dataset`` at ``indices`` as one batch."""
    if isinstance(dataset, Dataset):  # others may have a `take` that means something else, as NumPy's arrays do
        return dataset.take(indices)
    return collate([dataset[int(index)] for index in indices])


def collate(samples: Sequence[Any]) -> Any:
    """Stack samples along a new first dimension; samples that are tuples give a tuple of batches.

    Arrays keep their dtype; Python floats become the default dtype (float32) and ints int64, as in ``tensor``. In a
    mixture the arrays decide: a Python float beside float32 is float32, beside float64 float64, and beside integers the
    default.

    Raises:
        ValueError: there are no samples, or their shapes or numbers of elements differ.
        TypeError: a sample is not a number, an array, a tensor, or a tuple or list of them.

    >>> images, labels = collate([(np.zeros((2, 2)), 7), (np.ones((2, 2)), 8)])
    >>> images.shape, labels.numpy()
    ((2, 2, 2), array([7, 8]))
    """
    if not samples:
        raise ValueError("cannot make a batch of no samples")
    first = samples[0]
    if isinstance(first, (tuple, list)):
        for i, sample in enumerate(samples):
            if not isinstance(sample, (tuple, list)) or len(sample) != len(first):
                raise ValueError(f"sample {i} of the batch is not a tuple of {len(first)} elements, as sample 0 is")
        return tuple(collate(column) for column in zip(*samples, strict=True))
    if all(type(sample) in _PYTHON_NUMBERS for sample in samples):
        return tensor(list(samples))
    arrays = [_as_array(sample, f"sample {i} of the batch") for i, sample in enumerate(samples)]
    first_shape = arrays[0].shape
    for i, array in enumerate(arrays):
        if array.shape != first_shape:
            raise ValueError(f"cannot stack samples: sample 0 has shape {first_shape}, sample {i} has {array.shape}")
    return tensor(np.stack(arrays, dtype=_common_dtype(samples, arrays), casting="unsafe"))


_PYTHON_NUMBERS = (int, float, bool)


def _common_dtype(samples: Sequence[Any], arrays: list[NDArray[Any]]) -> np.dtype[Any]:
    """The dtype of a batch: that of its arrays, unless Python numbers are of a higher kind (bool < integer < float)."""
    own = [array for sample, array in zip(samples, arrays, strict=True) if type(sample) not in _PYTHON_NUMBERS]
    kinds = {type(sample) for sample in samples}
    dtype = result_type(tuple(own))
    if float in kinds and dtype.kind != "f":
        return get_default_dtype()
    if int in kinds and dtype.kind in "biu":
        return np.result_type(dtype, np.int64)
    return dtype


def _as_array(value: Any, what: str) -> NDArray[Any]:
    if isinstance(value, Tensor):
        if value.requires_grad:
            raise ValueError(f"{what} requires a gradient, which a data set would drop; pass tensor.detach()")
        return value.numpy()
    if isinstance(value, list | tuple) and np.asarray(value).dtype.kind in "biuf":
        return tensor(value).numpy()
    array = np.asarray(value) if isinstance(value, (np.ndarray, np.generic, int, float, list, tuple)) else None
    if array is None or array.dtype.kind not in "biufc":
        kind = type(value).__name__ if array is None else f"an array of {array.dtype}"
        raise TypeError(f"{what} must be a tensor or an array of numbers, not {kind}")
    return array
