"""The words of type hints: what runs through an operation, and what its shape and axes are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

__all__ = ["Array", "Dim", "Shape", "Value"]

# An array of any dtype that tensors can have.
Array: TypeAlias = np.ndarray[Any, Any]
# What an operation and its rules run on: a Tensor, a Scalar, an array, a number, a symbol, or one example of a batch.
# The same rule sees them all, and their classes live above this room, so a type checker is told no more.
Value: TypeAlias = Any
# The size of each axis.
Shape: TypeAlias = tuple[int, ...]
# An axis counted from either end, several, or None for all.
Dim: TypeAlias = int | Sequence[int] | None
