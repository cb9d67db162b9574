"""Rounding, remainders and limits: functions that are flat or have kinks."""

from __future__ import annotations

__all__: list[str] = []
