"""Gathering and scattering by index, and choosing by mask."""

from __future__ import annotations

__all__: list[str] = []
