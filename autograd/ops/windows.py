"""Windows that slide over the last axes of an array: reading their arguments, cutting them out, adding them back."""

from __future__ import annotations

import functools
import itertools
import math
import operator
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided

__all__: list[str] = []

BATCHED = {1: "(N, C, L)", 2: "(N, C, H, W)", 3: "(N, C, D, H, W)"}
UNBATCHED = {1: "(C, L)", 2: "(C, H, W)", 3: "(C, D, H, W)"}
_SEVERAL = {1: "a tuple of one", 2: "a pair of integers", 3: "a triple of integers"}


def sizes_of(value: Any, rank: Any, what: Any, more: Any = "") -> Any:
    """Return an int, or a sequence of one or ``rank`` ints, as a tuple of ``rank`` ints.

    Raises:
        ValueError: it is something else.
    """
    try:
        if isinstance(value, tuple | list):
            numbers = tuple(operator.index(v) for v in value)
            if len(numbers) == rank:
                return numbers
            (one,) = numbers
            return (one,) * rank
        return (operator.index(value),) * rank
    except (TypeError, ValueError):
        raise ValueError(f"{what} must be an integer or {_SEVERAL[rank]}{more}, not {value!r}") from None


def are_hashable(*values: Any) -> Any:
    """Return whether all are None, strings, plain ints or tuples of plain ints.

    Then what is computed from them can be kept: they are equal to no others, as 2 is to 2.0.
    """
    for value in values:
        if value.__class__ is tuple:
            for number in value:
                if number.__class__ is not int:
                    return False
        elif value.__class__ is not int and value is not None and value.__class__ is not str:
            return False
    return True


def batch_of(shape: Any, rank: Any, what: Any) -> Any:
    """Return whether ``shape`` has an axis for the batch.

    Raises:
        ValueError: it is neither one image nor a batch of them.
    """
    if len(shape) not in (rank + 1, rank + 2):
        raise ValueError(f"{what}: the input must have shape {BATCHED[rank]} or {UNBATCHED[rank]}, got {shape}")
    return len(shape) == rank + 2


class Windows(NamedTuple):
    """Where windows lie: for each axis the kernel, the steps, the frame around the image, and how many windows fit."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    sizes: tuple[int, ...]

    def frame_shape(self, spatial: Any) -> Any:
        """Return the size of an image with its frame."""
        return tuple(b + n + a for b, n, a in zip(self.before, spatial, self.after, strict=True))

    def framed(self, x: Any, value: Any = 0) -> Any:
        """Return ``x`` with the frame around its last axes filled with ``value``."""
        if not any(self.before) and not any(self.after):
            return x
        outer = x.ndim - len(self.kernel)
        shape = x.shape[:outer] + self.frame_shape(x.shape[outer:])
        frame = np.full(shape, value, x.dtype) if value else np.zeros(shape, x.dtype)
        frame[self.inside(x.shape[outer:])] = x
        return frame

    def inside(self, spatial: Any) -> Any:
        """Return the index of the image in its frame."""
        return (..., *(slice(b, b + n) for b, n in zip(self.before, spatial, strict=True)))

    def view(self, framed: Any) -> Any:
        """Return all windows of a framed array as a view of shape (..., *kernel, *sizes)."""
        outer = framed.ndim - len(self.kernel)
        steps = framed.strides[outer:]
        shape = (*framed.shape[:outer], *self.kernel, *self.sizes)
        strides = (
            *framed.strides[:outer], *map(operator.mul, self.dilations, steps), *map(operator.mul, self.strides, steps),
        )  # fmt: skip
        if framed.flags.c_contiguous and framed.size and 0 not in shape:
            # The same as below in a fifth of the time.
            view: Any = np.ndarray(shape, framed.dtype, framed, 0, strides)
            view.flags.writeable = False
            return view
        return as_strided(framed, shape, strides, writeable=False)

    def slices(self) -> Any:
        """Return for each position in the kernel the part of the frame that it sees, one element of every window."""
        # Those of very large windows would fill the memory.
        return (_slices if math.prod(self.kernel) <= 256 else _slices.__wrapped__)(self)

    def disjoint(self) -> Any:
        """Return whether no element is seen by two windows."""
        return all(s >= d * (k - 1) + 1 for k, s, d in zip(self.kernel, self.strides, self.dilations, strict=True))

    def added(self, columns: Any, spatial: Any) -> Any:
        """Return an image in which every element of ``columns`` (..., *kernel, *sizes) is added where it was read."""
        rank = len(self.kernel)
        outer = columns.shape[: columns.ndim - 2 * rank]
        if math.prod(self.kernel) == 1 and self.sizes == tuple(spatial) and not any(self.before):
            return columns.reshape(*outer, *spatial)
        frame = np.zeros((*outer, *self.frame_shape(spatial)), columns.dtype)
        positions = itertools.product(*map(range, self.kernel))
        for position, window in zip(positions, self.slices(), strict=True):
            frame[window] += columns[(*(slice(None),) * len(outer), *position)]
        return frame[self.inside(spatial)]

    def phases(self, spatial: Any) -> Any:
        """Return how the frame lies if every ``stride``-th element is put next to each other."""
        return _phases(self, tuple(spatial))


@functools.lru_cache(maxsize=512)
def _slices(windows: Windows) -> Any:
    return tuple(
        (
            ...,
            *(
                slice(p * d, p * d + s * (n - 1) + 1 if n else p * d, s)
                for p, d, s, n in zip(position, windows.dilations, windows.strides, windows.sizes, strict=True)
            ),
        )
        for position in itertools.product(*map(range, windows.kernel))
    )


class Phases(NamedTuple):
    """A frame in which the elements at a distance of one stride are neighbours: one part for each remainder.

    There the elements that a position in the kernel sees lie side by side, as the windows do. If rows of windows are
    as long as those of a part, they can be added all at once.

    Attributes:
        shape: of one part.
        padded: of an array of windows, with its rows as long as those of a part.
        length: from the first window to the last in such an array laid out in a row.
        places: for each position in the kernel, the number of its part and where it begins there.
    """

    windows: Windows
    spatial: tuple[int, ...]
    shape: tuple[int, ...]
    padded: tuple[int, ...]
    length: int
    places: tuple[tuple[int, int], ...]

    def lengthened(self, x: Any) -> Any:
        """Return ``x`` with zeros at the end of its rows of windows: shape (..., windows)."""
        rank = len(self.shape)
        outer = x.shape[: x.ndim - rank]
        if x.shape[-rank:] != self.padded:
            long = np.zeros((*outer, *self.padded), x.dtype)
            inside: Any = (..., *map(slice, x.shape[-rank:]))
            long[inside] = x
            x = long
        return x.reshape(*outer, math.prod(self.padded))

    def empty(self, outer: Any, dtype: Any) -> Any:
        """Return all parts, zero: shape (*outer, parts, elements)."""
        return np.zeros((*outer, math.prod(self.windows.strides), math.prod(self.shape)), dtype)

    def image(self, parts: Any) -> Any:
        """Return the image inside the frame that ``parts`` make up."""
        strides, before = self.windows.strides, self.windows.before
        outer = parts.shape[:-2]
        parts = parts.reshape(*outer, parts.shape[-2], *self.shape)
        if max(strides) == 1:
            return parts[(*(slice(None),) * len(outer), 0, *self.windows.inside(self.spatial)[1:])]
        image = np.empty((*outer, *self.spatial), parts.dtype)
        for number, remainders in enumerate(itertools.product(*map(range, strides))):
            there: list[Any] = [...]
            here: list[Any] = []
            for r, s, b, n in zip(remainders, strides, before, self.spatial, strict=True):
                start = (r - b) % s
                there.append(slice(start, None, s))
                first = (start + b) // s
                here.append(slice(first, first + len(range(start, n, s))))
            image[tuple(there)] = parts[(*(slice(None),) * len(outer), number, *here)]
        return image


@functools.lru_cache(maxsize=512)
def _phases(windows: Windows, spatial: Any) -> Any:
    kernel, strides, dilations = windows.kernel, windows.strides, windows.dilations
    shape = tuple(-(-n // s) for n, s in zip(windows.frame_shape(spatial), strides, strict=True))
    padded = (windows.sizes[0], *shape[1:])
    steps = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
    places = []
    for position in itertools.product(*map(range, kernel)):
        part = begin = 0
        for p, d, s, step in zip(position, dilations, strides, steps, strict=True):
            part, begin = part * s + p * d % s, begin + p * d // s * step
        places.append((part, begin))
    length = sum((n - 1) * step for n, step in zip(windows.sizes, steps, strict=True)) + 1
    return Phases(windows, spatial, shape, padded, length, tuple(places))


def output_size(size: Any, kernel: Any, stride: Any, padding: Any, dilation: Any = 1, ceil_mode: Any = False) -> Any:
    """Return how many windows fit: floor((size + 2·padding − dilation·(kernel − 1) − 1) / stride) + 1.

    With ``ceil_mode`` the quotient is rounded up, but a window must begin in the image or in the frame before it.
    """
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    if not ceil_mode:
        return room // stride + 1
    count = -(-room // stride) + 1
    return count - 1 if (count - 1) * stride >= size + padding else count


@functools.lru_cache(maxsize=1024)
def lay_out(
    spatial: Any, kernel: Any, strides: Any, before: Any, after: Any, dilations: Any, sizes: Any = None
) -> Any:
    """Return the windows on an image of size ``spatial``: as many as fit in the frame, or the first ``sizes``.

    The frame behind the image is made as wide as the last window needs it. All arguments are tuples of ints.
    """
    reach = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilations, strict=True))
    if sizes is None:
        sizes = tuple(
            (n + b + a - r) // s + 1 for n, b, a, r, s in zip(spatial, before, after, reach, strides, strict=True)
        )
    needed = tuple(
        max(s * (m - 1) + r - n - b, 0) for n, b, r, s, m in zip(spatial, before, reach, strides, sizes, strict=True)
    )
    return Windows(kernel, strides, dilations, before, needed, sizes)
