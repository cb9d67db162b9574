"""Optuna, which is an optional extra."""

from __future__ import annotations

from typing import Any

__all__ = ["optuna"]


def optuna() -> Any:
    """The package Optuna, or an ImportError that says how to get it.

    >>> optuna().__name__
    'optuna'
    """
    try:
        import optuna as package
    except ImportError as error:
        raise ImportError(
            "glassgrad.search needs Optuna: pip install optuna (or pip install 'glassgrad[search]')"
        ) from error
    return package
