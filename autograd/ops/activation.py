"""Activation functions of networks, each with its derivative in one piece."""

from __future__ import annotations

__all__: list[str] = []
