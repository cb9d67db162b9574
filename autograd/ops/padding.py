"""Frames around tensors: constant, reflected, replicated and circular."""

from __future__ import annotations

__all__: list[str] = []
