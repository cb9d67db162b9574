"""Hypothesis strategies: shapes, pairs that broadcast, indices of every NumPy kind, and layouts of memory."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

shapes = nps.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4)
full_shapes = nps.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4)
broadcasting_pairs = nps.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=4).map(
    lambda found: found.input_shapes
)


def counted(shape: tuple[int, ...]) -> np.ndarray:
    """Return different whole numbers, with which sums and products of a few are exact."""
    return np.arange(1.0, 1.0 + np.prod(shape, dtype=int)).reshape(shape)


LAYOUTS = ("C", "F", "strided", "reversed", "read-only", "big-endian", "broadcast", "subclass")


class Labelled(np.ndarray):
    """A subclass, as libraries around NumPy have them."""


def laid_out(array: np.ndarray, layout: str) -> np.ndarray:
    """Return the same values in another arrangement of memory, or another kind of array."""
    if layout == "F":
        return np.asfortranarray(array) if array.ndim else array.copy()
    if layout == "strided":
        space = np.zeros((*(2 * n for n in array.shape), 3), array.dtype)
        view = space[(*(slice(None, None, 2),) * array.ndim, 1, ...)]
        view[...] = array
        return view
    if layout == "reversed":
        back = (slice(None, None, -1),) * array.ndim
        return array[back].copy()[back] if array.ndim else array.copy()
    if layout == "read-only":
        copy = array.copy()
        copy.flags.writeable = False
        return copy
    if layout == "big-endian":
        return array.astype(array.dtype.newbyteorder(">"))
    if layout == "broadcast":
        return np.broadcast_to(array, array.shape)
    if layout == "subclass":
        return array.copy().view(Labelled)
    return array.copy()


layouts = st.sampled_from(LAYOUTS)


@st.composite
def integer_arrays(draw: Any, length: int) -> np.ndarray:
    """Return an array of valid indices into an axis, negative ones among them, repeated as it happens."""
    shape = draw(nps.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=4))
    if not length:
        return np.zeros((*shape[:-1], 0), np.int64)
    dtype = draw(st.sampled_from(["i8", "i4", ">i8"]))
    return draw(nps.arrays(dtype, shape, elements=st.integers(-length, length - 1)))


@st.composite
def indices(draw: Any, shape: tuple[int, ...]) -> Any:
    """Return an index into ``shape``: basic, integer, boolean or a mixture, with Ellipsis and None."""
    kind = draw(st.sampled_from(["basic", "integers", "mask", "mixed", "mixed"]))
    if kind == "basic":
        return draw(nps.basic_indices(shape, allow_newaxis=True, max_dims=6))
    if kind == "mask":
        dims = draw(st.integers(0, len(shape)))
        return draw(nps.arrays(bool, shape[:dims]))
    if kind == "integers" and shape:
        return draw(integer_arrays(shape[0]))
    items: list[Any] = []
    axis = 0
    common = draw(nps.array_shapes(min_dims=1, max_dims=2, min_side=1, max_side=3))
    while axis < len(shape) and draw(st.integers(0, 5)):
        n = shape[axis]
        item = draw(st.sampled_from(["slice", "integer", "array", "list", "mask", "none"]))
        if item == "none":
            items.append(None)
            continue
        if item == "slice" or not n:
            items.append(draw(st.slices(n)))
        elif item == "integer":
            items.append(draw(st.integers(-n, n - 1)))
        elif item == "mask":
            # As many true as the other arrays have, so that they broadcast.
            mask = np.zeros(n, bool)
            mask[draw(st.integers(0, n - 1))] = True
            items.append(mask)
        else:
            sizes = common[-1:] if item == "list" else common
            array = draw(nps.arrays(np.int64, sizes, elements=st.integers(-n, n - 1)))
            items.append(array.tolist() if item == "list" else array)
        axis += 1
    if draw(st.booleans()):
        items.append(Ellipsis)
    return tuple(items)
