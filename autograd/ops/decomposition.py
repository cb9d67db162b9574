"""Inverses, determinants and factorisations of matrices, through NumPy's LAPACK."""

from __future__ import annotations

__all__: list[str] = []
