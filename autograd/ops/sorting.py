"""Sorting and what follows from it: ranks, the largest few, distinct values."""

from __future__ import annotations

__all__: list[str] = []
