"""Repeating, turning and joining: copies of the same elements in other places."""

from __future__ import annotations

__all__: list[str] = []
