"""Reading rows of a table of embeddings."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.declare import primitive
from .indexing import add_at, getitem, index_add_zeros
from .shaping import unsqueeze

__all__: list[str] = []


def _counted(g: Any, indices: Any, factors: Any) -> Any:
    """Return the gradients of the rows that get one, and the indices of these rows."""
    if factors is None:
        return g, indices
    kept = factors != 0
    return getitem(g, kept) * unsqueeze(factors[kept], -1), indices[kept]


@primitive(
    cost=0,
    symbol="{0}[rows]",
    weight=lambda g, indices, factors, weight_shape: index_add_zeros(*_counted(g, indices, factors), weight_shape),
    accumulate={"weight": lambda buffer, g, indices, factors: add_at(buffer, *_counted(g, indices, factors))},
)
def embedding_rows(weight: Any, indices: Any, factors: Any = None) -> Any:
    """Return ``weight[indices]``; the gradient of each row that is read is multiplied by its factor.

    A factor of 0 leaves a row out, whatever its gradient. With factors the gradient is meant to differ from the
    derivative; without, they are the same.
    """
    return np.take(weight, indices, axis=0)
