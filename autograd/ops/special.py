"""Special functions, through SciPy, which is loaded when one is first used."""

from __future__ import annotations

__all__: list[str] = []
