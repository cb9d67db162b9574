"""Histories of training in all the forms in which they come, as curves with a label, a split and a run each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .values import array, is_numbers, labels_for, listing, number_labels

__all__ = ["Curve", "curves", "is_history", "mean_over", "plain", "smoothed"]

_SPLITS = {"train": ("train_{}", "training_{}", "{}"), "test": ("test_{}", "validation_{}", "valid_{}", "val_{}")}

_PREFIXES = tuple(pattern.format("") for patterns in _SPLITS.values() for pattern in patterns if pattern != "{}")


@dataclass(frozen=True, slots=True)
class Curve:
    """One measure of one run: a row for each seed."""

    label: str
    split: str  # "train", "test", or "" for bare numbers
    name: str  # of the measure, as the history has it
    x: NDArray[np.float64]
    rows: NDArray[np.float64]  # (seeds, points), padded with NaN


def plain(history: Any) -> Any:
    """Return the mapping inside a Trainer or a list of rows; anything else as it is."""
    history = getattr(history, "history", history)
    rows = isinstance(history, Sequence) and not isinstance(history, str) and len(history) > 0
    if rows and all(isinstance(row, Mapping) and all(np.ndim(v) == 0 for v in row.values()) for row in history):
        names = list(dict.fromkeys(name for row in history for name in row))
        return {name: [row.get(name, math.nan) for row in history] for name in names}
    return history


def is_history(value: Any, metric: str) -> bool:
    """Whether a value is one history rather than several runs by name: it has the measure, or names as histories do.

    >>> is_history({"train_loss": [1.0]}, "accuracy"), is_history({"SGD": [1.0], "Adam": [2.0]}, "loss")
    (True, False)
    """
    if hasattr(value, "history"):
        return True
    value = plain(value)
    if not isinstance(value, Mapping):
        return False
    return any(_find(value, split, metric) for split in _SPLITS) or any(
        str(name).startswith(_PREFIXES) for name in value
    )


def _find(history: Mapping[Any, Any], split: str, metric: str) -> str | None:
    for pattern in _SPLITS[split]:
        name = pattern.format(metric)
        if name in history and is_numbers(history[name]):
            return name
    return None


def curves(what: str, histories: Any, metric: str, labels: Any = None) -> list[Curve]:
    """Return the curves of one measure, run by run, training before testing.

    Raises:
        TypeError, ValueError: nothing in it can be drawn, or the labels do not fit.

    >>> [(c.label, c.split, c.rows.shape) for c in curves("plot", {"SGD": [[3, 2, 1], [4, 3, 2]]}, "loss")]
    [('SGD', '', (2, 3))]
    """
    found = plain(histories)
    if is_history(histories, metric) or is_numbers(found):
        runs = {"": found}
    elif isinstance(found, Mapping):
        runs = {str(label): run for label, run in found.items()}
    elif isinstance(found, Sequence | np.ndarray) and not isinstance(found, str):
        runs = {str(i): run for i, run in enumerate(found)}
    else:
        raise TypeError(
            f"{what}: histories must be a history, a list of them, or a dict of label to history; "
            f"got {type(histories).__name__}"
        )
    if not runs:
        raise ValueError(f"{what}: there is no history to draw")
    if labels is not None:
        names = labels_for(what, labels, len(runs))
    elif isinstance(found, Mapping) or len(runs) == 1:
        names = [label if label != "0" else "" for label in runs]
    else:
        names = number_labels(len(runs), "run")
    return [curve for name, run in zip(names, runs.values(), strict=True) for curve in _of_run(what, run, metric, name)]


def _of_run(what: str, run: Any, metric: str, label: str) -> list[Curve]:
    seeds = plain(run)
    if isinstance(seeds, Mapping) or is_numbers(seeds):
        seeds = [seeds]
    elif isinstance(seeds, str) or (not isinstance(seeds, Sequence) and not hasattr(seeds, "ndim")):
        raise TypeError(f"{what}: the run {label!r} must be a history or numbers, not {type(run).__name__}")
    seeds = [plain(seed) for seed in seeds]
    if not seeds:
        raise ValueError(f"{what}: the run {label!r} holds no seeds")
    if all(is_numbers(seed) for seed in seeds):
        rows = [array(what, f"the run {label!r}" if label else "the history", seed, 1) for seed in seeds]
        return [Curve(label, "", metric, _steps(rows), _padded(rows))]
    if not all(isinstance(seed, Mapping) for seed in seeds):
        raise TypeError(f"{what}: the seeds of run {label!r} must all be histories, or all rows of numbers")
    result = []
    for split in _SPLITS:
        names = [_find(seed, split, metric) for seed in seeds]
        rows = [array(what, str(name), seed[name], 1) for seed, name in zip(seeds, names, strict=True) if name]
        if rows:
            x = _steps(rows)
            for seed in seeds:
                own = seed.get("epoch", seed.get("epochs")) if "step" not in metric else seed.get("step")
                if own is not None and len(own) == len(x):
                    x = array(what, "epoch", own, 1)
                    break
            result.append(Curve(label, split, str(next(filter(None, names))), x, _padded(rows)))
    if not result:
        raise ValueError(
            f"{what}: {f'the run {label!r}' if label else 'the history'} has no {metric!r}; it has "
            f"{listing(seeds[0]) or 'nothing yet: train first'}"
        )
    return result


def _steps(rows: Sequence[NDArray[Any]]) -> NDArray[np.float64]:
    return np.arange(1.0, 1.0 + max(len(row) for row in rows))


def _padded(rows: Sequence[NDArray[Any]]) -> NDArray[np.float64]:
    full = np.full((len(rows), max(len(row) for row in rows)), np.nan)
    for i, row in enumerate(rows):
        full[i, : len(row)] = np.where(np.isfinite(row), row, np.nan)
    return full


def smoothed(rows: NDArray[Any], window: int) -> NDArray[np.float64]:
    """Return the mean over a window around each point, narrower at the ends; what is NaN stays NaN and counts nowhere.

    >>> smoothed(np.array([[0.0, 3.0, 6.0, 3.0]]), 3)
    array([[1.5, 3. , 4. , 4.5]])
    """
    if window <= 1:
        return rows
    points = rows.shape[1]
    before, after = (window - 1) // 2, window // 2
    known = np.isfinite(rows)
    sums = np.concatenate([np.zeros((len(rows), 1)), np.cumsum(np.where(known, rows, 0.0), axis=1)], axis=1)
    counts = np.concatenate([np.zeros((len(rows), 1)), np.cumsum(known, axis=1)], axis=1)
    low = np.maximum(np.arange(points) - before, 0)
    high = np.minimum(np.arange(points) + after + 1, points)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = (sums[:, high] - sums[:, low]) / (counts[:, high] - counts[:, low])
    return np.where(known, means, np.nan)


def mean_over(rows: NDArray[Any], band: str | None) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return the mean over seeds and the lower and upper edge of the band; NaN where no seed has a number.

    >>> mean_over(np.array([[1.0, 2.0], [3.0, np.nan]]), "range")
    (array([2., 2.]), array([1., 2.]), array([3., 2.]))
    """
    known = np.isfinite(rows)
    counts = known.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(known, rows, 0.0).sum(axis=0) / counts
        if band == "std":
            spread = np.sqrt(np.where(known, (rows - mean) ** 2, 0.0).sum(axis=0) / np.maximum(counts - 1, 1))
            return mean, mean - spread, mean + spread
    low = np.where(known, rows, np.inf).min(axis=0)
    high = np.where(known, rows, -np.inf).max(axis=0)
    return mean, np.where(counts > 0, low, np.nan), np.where(counts > 0, high, np.nan)
