"""The states of all generators that a training may draw from."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from ..autograd import Tensor, get_rng_state, set_rng_state

__all__ = ["random_state", "restore_random_state"]


def random_state() -> dict[str, Any]:
    """The states of the library's generator, and of NumPy's and Python's global ones.

    >>> import glassgrad as gg
    >>> state = random_state()
    >>> first = (gg.rand(1).item(), np.random.rand(), random.random())
    >>> restore_random_state(state)
    >>> first == (gg.rand(1).item(), np.random.rand(), random.random())
    True
    """
    version, numbers, gauss = random.getstate()
    kind, keys, place, has_gauss, cached = np.random.get_state(legacy=True)  # noqa: NPY002
    return {
        "library": get_rng_state(),
        "numpy": [kind, Tensor(keys), place, has_gauss, cached],
        "python": [version, Tensor(np.array(numbers, np.int64)), gauss],
    }


def restore_random_state(state: Any) -> None:
    """Put all three generators into a state that ``random_state`` gave."""
    version, numbers, gauss = state["python"]
    kind, keys, *rest = state["numpy"]
    set_rng_state(state["library"])
    np.random.set_state((kind, keys.numpy(), *rest))  # noqa: NPY002
    random.setstate((version, tuple(numbers.tolist()), gauss))
