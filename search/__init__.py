"""Search for hyper-parameters: at random or by a model of past trials, resumable, through Optuna.

>>> from glassgrad import search
>>> space = {"lr": search.LogUniform(1e-6, 1e-2), "weight_decay": search.LogUniform(1e-8, 1e-4)}
>>> space["lr"].contains(0.001)
True
"""

from .lines import Best, best_lines, parse_line, parse_lines
from .narrow import narrow
from .space import Choice, Integers, LogUniform, Uniform
from .study import random_search

__all__ = [
    "Best",
    "Choice",
    "Integers",
    "LogUniform",
    "Uniform",
    "best_lines",
    "narrow",
    "parse_line",
    "parse_lines",
    "random_search",
]
