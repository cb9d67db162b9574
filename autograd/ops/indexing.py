"""Reading parts of a tensor by index, and adding into them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..declare import primitive

__all__: list[str] = []


def is_basic(index: Any) -> Any:
    """Return whether ``index`` holds only slices, integers, Ellipsis and None, and so selects each element once."""
    items = index if isinstance(index, tuple) else (index,)
    return all(i is None or i is Ellipsis or (isinstance(i, slice | int | np.integer) and not isinstance(i, bool))
               for i in items)  # fmt: skip


def add_at(buffer: Any, g: Any, index: Any) -> Any:
    """Add ``g`` into ``buffer`` at ``index``; positions that occur several times receive every contribution."""
    if is_basic(index):
        buffer[index] += g
    else:
        np.add.at(buffer, index, g)


@primitive(
    kind="linear", symbol="{0}[…]", x=lambda g, index, x_shape: index_add_zeros(g, index, x_shape),
    accumulate={"x": lambda buffer, g, index: add_at(buffer, g, index)},
)  # fmt: skip
def getitem(x: Any, index: Any) -> Any:
    """Return ``x[index]``: basic, integer-array, boolean and mixed indices, as NumPy's.

    An element chosen several times receives the sum of the gradients. The gradient is added into one buffer for all
    reads of the same tensor, so its cost is linear in what was read.

    Raises:
        IndexError: the index does not fit the shape.

    >>> import glassgrad as gg
    >>> gg.tensor([1, 2, 3])[1:]
    tensor([2, 3])
    """
    return x[index]


@primitive(kind="linear", symbol="scatter {0}", x=lambda g, index: getitem(g, index))
def index_add_zeros(x: Any, index: Any, shape: Any) -> Any:
    """Return zeros of ``shape`` with ``x`` added at ``index``: the transpose of reading there."""
    buffer = np.zeros(shape, np.asarray(x).dtype)
    add_at(buffer, x, index)
    return buffer
