"""``narrow``: a smaller space around the best trials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .lines import best_trials
from .space import Choice, Integers, LogUniform, Range, Uniform

__all__ = ["narrow"]


def narrow(study: Any, best: int = 20, space: Mapping[str, Range] | None = None) -> dict[str, Range]:
    """Return the smallest ranges that hold the hyper-parameters of the best trials, for a second search.

    A range of few trials says little about a hyper-parameter that does not matter: look at the values against the
    results before you believe it.

    Args:
        study: what ``random_search`` returned.
        best: how many of the best trials count.
        space: the ranges that were searched; by default those that the trials were drawn from.

    Raises:
        ValueError: the study holds no finished trial, or ``best`` is not positive.

    >>> from glassgrad.search import LogUniform, random_search
    >>> study = random_search(lambda p: -abs(p["lr"] - 0.01), {"lr": LogUniform(1e-6, 1)}, trials=40, seed=0,
    ...                       progress=False)
    >>> smaller = narrow(study, best=3)["lr"]
    >>> smaller.low > 1e-6, smaller.high < 1, smaller.contains(study.best_params["lr"])
    (True, True, True)
    """
    trials = best_trials(study, best)
    if not trials:
        raise ValueError("narrow: the study holds no finished trial")
    ranges = dict(space) if space is not None else {n: _range(d) for n, d in trials[0].distributions.items()}
    return {name: given.around([trial.params[name] for trial in trials]) for name, given in ranges.items()}


def _range(distribution: Any) -> Range:
    kind = type(distribution).__name__
    if kind == "CategoricalDistribution":
        return Choice(distribution.choices)
    if kind == "IntDistribution":
        return Integers(distribution.low, distribution.high, distribution.log)
    return (LogUniform if distribution.log else Uniform)(distribution.low, distribution.high)
