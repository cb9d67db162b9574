"""Noise that trains: dropout and its relatives."""

from __future__ import annotations

from ...autograd.ops.random import dropout

__all__ = ["dropout"]
