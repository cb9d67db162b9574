"""Distances and angles between vectors."""

from __future__ import annotations

__all__: list[str] = []
