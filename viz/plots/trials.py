"""The trials of a search for hyper-parameters: what was tried, how good it was, and where to look next."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .style import Style, literal
from .values import Start, array, begin, gaps, listing, pair

__all__ = ["search"]


def search(
    trials: Sequence[Mapping[str, Any]] | Mapping[str, Any], score: str = "score", *,
    parameters: Sequence[str] | None = None, box: Mapping[str, tuple[float, float]] | None = None, best: int = 20,
    lower_is_better: bool = False, title: str | None = None, path: str | os.PathLike[str] | None = None,
    theme: Any = "light", width: float = 16.0,
) -> Any:  # fmt: skip
    """Plot the score of every trial over each hyper-parameter, and over the plane of the first two.

    Args:
        trials: a list of dicts, one a trial, with the hyper-parameters and the score; or a dict of name to rows.
        score: the name of the score.
        parameters: the hyper-parameters that are drawn; by default all numbers. One whose values are positive and span
            a factor of 20 or more has a logarithmic axis.
        box: the narrowed range, lowest and highest, of each hyper-parameter that has one; it is shaded.
        best: how many trials are drawn filled, as the best.
        lower_is_better: whether the score is a loss.
        title, path, theme, width: as ``learning_curves``.

    Returns:
        The matplotlib figure. Each panel states r, the correlation of the score with the axis as it is drawn.

    Raises:
        ImportError: matplotlib is not installed.
        TypeError, ValueError: a trial lacks a name, no score is finite, or an argument is not allowed.

    >>> trials = [{"lr": 10.0**-i, "decay": 10.0 ** -(i % 3), "accuracy": 1 / i} for i in range(1, 7)]
    >>> figure = search(trials, "accuracy", box={"lr": (1e-3, 1e-1)}, best=2)
    >>> [ax.get_xlabel() for ax in figure.axes[:3]]
    ['lr', 'decay', 'lr']
    """
    what = "search"
    start = begin(what, path, theme, width)
    if box is not None and not isinstance(box, Mapping):
        raise TypeError(f"{what}: box must be a dict of hyper-parameter to (lowest, highest), not {type(box).__name__}")
    columns = _columns(what, trials, score, parameters)
    scores = columns.pop(score)
    if isinstance(best, bool) or not isinstance(best, int) or best < 0:
        raise ValueError(f"{what}: best must be a whole number of trials, got {best!r}")
    ranges = _ranges(what, box, columns)
    usable = np.isfinite(scores) & np.all([np.isfinite(values) for values in columns.values()], axis=0)
    if not usable.any():
        raise ValueError(f"{what}: no trial has finite parameters and a finite {score!r}")
    rank = np.argsort(scores[usable] if lower_is_better else -scores[usable], kind="stable")
    chosen = np.zeros(int(usable.sum()), dtype=bool)
    chosen[rank[:best]] = True
    known = {name: values[usable] for name, values in columns.items()}
    logs = {name: bool(values.min() > 0 and values.max() >= 20 * values.min()) for name, values in known.items()}
    plane = len(known) >= 2
    style = start.style
    count = len(known) + plane
    across = 1 if style.narrow else min(count, 3)
    rows = -(-count // across)
    with start.figure.settings():
        figure = start.figure.new_figure(style, rows * style.width / across * (0.62 if style.narrow else 0.85))
        axes = list(figure.subplots(rows, across, squeeze=False).flat)
        for spare in axes[count:]:
            spare.remove()
        handles: dict[str, Any] = {}
        for ax, (name, values) in zip(axes, known.items(), strict=False):
            start.figure.dress(ax, style, grid="both")
            handles = {**_scatter(ax, values, scores[usable], chosen, best, style), **handles}
            _axis(start, ax, "x", name, logs[name])
            ax.set_ylabel(literal(score, 30))
            axis = np.log10(values) if logs[name] else values
            if len(values) > 2 and axis.std() > 0 and scores[usable].std() > 0:
                r = float(np.corrcoef(axis, scores[usable])[0, 1])
                start.figure.heading(ax, f"r = {r:.2f}".replace("-", "−"), style)
            if name in ranges:
                shade = ax.axvspan(*ranges[name], color=style.colour(2), alpha=0.16, linewidth=0, zorder=0)
                handles["narrowed range"] = shade
        if plane:
            _plane(start, axes[len(known)], list(known.items())[:2], scores[usable], chosen, logs, ranges, score)
        start.figure.key(figure, handles, style)
        return start.figure.finish(figure, title, path, [gaps(np.where(usable, 0.0, np.nan), "trial")])


def _columns(what: str, trials: Any, score: str, parameters: Any) -> dict[str, NDArray[np.float64]]:
    if isinstance(trials, Mapping):
        names, table = list(map(str, trials)), {str(name): values for name, values in trials.items()}
    elif isinstance(trials, Sequence) and not isinstance(trials, str):
        if not trials:
            raise ValueError(f"{what}: there are no trials to draw")
        if not all(isinstance(trial, Mapping) for trial in trials):
            raise TypeError(f"{what}: each trial must be a dict of names to numbers, not {type(trials[0]).__name__}")
        names = list(dict.fromkeys(str(name) for trial in trials for name in trial))
        table = {name: [trial.get(name) for trial in trials] for name in names}
    else:
        raise TypeError(f"{what}: trials must be a list of dicts, not {type(trials).__name__}")
    if score not in table:
        raise ValueError(f"{what}: no trial has {score!r}; they have {listing(names)}")
    if parameters is None:
        wanted = [name for name in names if name != score and _numeric(table[name])]
    else:
        wanted = [str(name) for name in parameters]
        for name in wanted:
            if name not in table or name == score:
                raise ValueError(f"{what}: there is no hyper-parameter {name!r}; the trials have {listing(names)}")
    if not wanted:
        raise ValueError(f"{what}: the trials have no hyper-parameters that are numbers; they have {listing(names)}")
    found = {name: array(what, repr(name), table[name], 1) for name in [*wanted, score]}
    lengths = {name: len(values) for name, values in found.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"{what}: all names must have equally many trials, got {lengths}")
    return found


def _numeric(values: Any) -> bool:
    return all(v is None or (isinstance(v, int | float | np.number) and not isinstance(v, bool)) for v in values)


def _ranges(what: str, box: Any, columns: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    ranges = {}
    for name, given in (box or {}).items():
        if name not in columns:
            raise ValueError(f"{what}: box names {name!r}, but what is drawn is {listing(columns)}")
        ranges[name] = pair(what, f"box[{name!r}]", given)
    return ranges


def _scatter(ax: Any, x: Any, y: Any, chosen: Any, best: int, style: Style) -> dict[str, Any]:
    size = 3.2 if style.narrow else 4.2
    (others,) = ax.plot(
        x[~chosen], y[~chosen], linestyle="none", marker="o", markersize=size, markerfacecolor="none",
        markeredgecolor=style.theme.operation, markeredgewidth=0.8, zorder=2, label="trials",
    )  # fmt: skip
    (first,) = ax.plot(
        x[chosen], y[chosen], linestyle="none", marker="o", markersize=size + 0.6, color=style.colour(0), zorder=3,
        markeredgecolor=style.theme.background, markeredgewidth=0.4, label="best",
    )  # fmt: skip
    shown = {}
    if chosen.any():
        shown[f"best {min(best, int(chosen.sum()))}"] = first
    if (~chosen).any():
        shown["other trials" if chosen.any() else "trials"] = others
    return shown


def _axis(start: Start, ax: Any, which: str, name: str, logarithmic: bool) -> None:
    if logarithmic:
        start.figure.log_axis(ax, which, start.style)
    (ax.set_xlabel if which == "x" else ax.set_ylabel)(literal(name, 30).replace("_", " "))


def _plane(start: Start, ax: Any, both: Any, scores: Any, chosen: Any, logs: Any, ranges: Any, score: str) -> None:
    """The first two hyper-parameters against each other: the better, the darker and the larger."""
    from matplotlib.patches import Rectangle

    style = start.style
    (first, x), (second, y) = both
    start.figure.dress(ax, style, grid="both")
    spread = scores.max() - scores.min() or 1.0
    share = (scores - scores.min()) / spread
    dots = ax.scatter(
        x, y, c=scores, s=(2.5 + 5.0 * share) ** 2 * (0.6 if style.narrow else 1.0), zorder=3, linewidths=0.5,
        cmap="cividis" if style.theme.name == "dark" else "cividis_r", edgecolors=style.theme.operation,
    )  # fmt: skip
    _axis(start, ax, "x", first, logs[first])
    _axis(start, ax, "y", second, logs[second])
    if first in ranges or second in ranges:
        left, right = ranges.get(first, (x.min(), x.max()))
        low, high = ranges.get(second, (y.min(), y.max()))
        shape = Rectangle((left, low), right - left, high - low, fill=False, edgecolor=style.colour(2), linewidth=1.4)
        shape.set(linestyle=(0, (4, 1.5)), zorder=4, label="narrowed range")
        ax.add_patch(shape)
    start.figure.colour_bar(ax.figure, dots, ax, style, literal(score, 30))
