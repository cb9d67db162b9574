"""What a sample is, and values that are fit to be differentiated."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass
class Sample:
    """One call: inputs by name (arrays, a list of arrays, or None), static arguments by name.

    ``keeps_dtype`` is False where the operation changes the dtype, ``smooth`` where it rounds, so that difference
    quotients say nothing.
    """

    label: str
    inputs: dict[str, Any]
    static: dict[str, Any] = field(default_factory=dict)
    keeps_dtype: bool = True
    smooth: bool = True


def spaced(
    rng: np.random.Generator, *shape: int, low: float = 0.25, high: float = 2.25, signs: bool = True
) -> np.ndarray:
    """Return values of the given shape that differ by at least their even spacing, in random order."""
    n = int(np.prod(shape))
    values = rng.permutation(np.linspace(low, high, n)) if n else np.empty(0)
    if signs:
        values = values * rng.choice([-1.0, 1.0], n)
    return values.reshape(shape)
