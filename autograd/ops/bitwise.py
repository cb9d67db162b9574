"""Operations on the bits of integers and bools. They have no derivative."""

from __future__ import annotations

__all__: list[str] = []
