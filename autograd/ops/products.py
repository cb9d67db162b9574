"""Products of vectors, matrices and tensors that follow from few primitives."""

from __future__ import annotations

__all__: list[str] = []
