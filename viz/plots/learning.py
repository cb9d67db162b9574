"""Curves of learning: several runs, the mean and the band of their seeds, training solid and testing dashed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import numbers
from .runs import Curve, curves, mean_over, smoothed
from .style import literal
from .values import Start, begin, gaps

__all__ = ["learning_curves"]

_BANDS = {"range": "band: lowest to highest of {} seeds", "std": "band: ± one standard deviation of {} seeds"}


def learning_curves(
    histories: Any, metric: str | Sequence[str] = "loss", *, labels: Sequence[str] | None = None, smooth: int = 1,
    band: str | None = "range", log: bool = False, inset: int | tuple[float, float] | None = None, gap: bool = False,
    best: bool | str = False, title: str | None = None, path: str | os.PathLike[str] | None = None,
    theme: Any = "light", width: float = 16.0, ax: Any = None,
) -> Any:  # fmt: skip
    """Plot how measures develop in training, for one run or several.

    Args:
        histories: one history: what ``Trainer.fit`` returns, a ``Trainer``, a list of mappings (one for each epoch), or
            a row of numbers; several: a list of those, or a dict of label to run. A run may itself be a list of
            histories, or an array (seeds, points): runs that differ in their seed, drawn as their mean and a band.
        metric: what is drawn: ``"loss"`` finds ``"train_loss"`` (or ``"loss"``) and ``"test_loss"`` or
            ``"validation_loss"``. Several names give a panel each. Accuracies of at most 1 are shown in per cent.
        labels: names of the runs, when ``histories`` is a list.
        smooth: number of points of the moving mean that is drawn; 1 draws what is.
        band: ``"range"`` from the lowest to the highest seed, ``"std"`` one standard deviation about the mean, or None.
        log: whether the vertical axis is logarithmic; what is not positive is then left out.
        inset: shows a part again, larger: the first so many points, or a pair (from, to) on the horizontal axis.
        gap: shade what lies between training and testing.
        best: mark the best point of the test curve: True (lowest loss or error, highest accuracy), "min" or "max".
        title: written above.
        path: where to write the figure (.svg, .png, .pdf).
        theme: ``"light"``, ``"dark"``, ``"print"``, or a ``Theme``.
        width: of the figure in centimetres; at 7 it fits a column and letters are 7 points high.
        ax: draw into these matplotlib axes (one metric only) instead of a new figure.

    Returns:
        The matplotlib figure. NaN and infinite values are gaps, which a line below the figure counts.

    Raises:
        ImportError: matplotlib is not installed.
        TypeError, ValueError: there is nothing to draw, or an argument is not allowed.

    >>> figure = learning_curves({"SGD": [2.3, 1.2, 0.9], "Adam": [2.3, 0.7, 0.4]}, log=True)
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['SGD', 'Adam']
    """
    what = "learning_curves"
    start = begin(what, path, theme, width, ax)
    metrics = [metric] if isinstance(metric, str) else list(metric)
    if not metrics or not all(isinstance(name, str) for name in metrics):
        raise TypeError(f"{what}: metric must be a name or a list of names, not {metric!r}")
    if ax is not None and len(metrics) > 1:
        raise ValueError(f"{what}: ax= holds one metric, not {len(metrics)}")
    if isinstance(smooth, bool) or not isinstance(smooth, int) or smooth < 1:
        raise ValueError(f"{what}: smooth must be a whole number of points, at least 1; got {smooth!r}")
    if band is not None and band not in _BANDS:
        raise ValueError(f"{what}: band must be 'range', 'std' or None, got {band!r}")
    if best not in (True, False, "min", "max"):
        raise ValueError(f"{what}: best must be True, False, 'min' or 'max', got {best!r}")
    sets = [curves(what, histories, name, labels) for name in metrics]
    with start.figure.settings():
        if ax is not None:
            panels, figure = [ax], ax.get_figure(root=True)
        else:
            stacked = start.style.narrow and len(metrics) > 1
            rows, columns = (len(metrics), 1) if stacked else (1, len(metrics))
            height = min(start.style.width / columns * (0.78 if start.style.narrow else 0.56), 9.0)
            figure = start.figure.new_figure(start.style, rows * height * (1.0 if inset is None else 1.25))
            panels = list(figure.subplots(rows, columns, squeeze=False).flat)
        said: list[str] = []
        handles: dict[str, Any] = {}
        for panel, name, found in zip(panels, metrics, sets, strict=True):
            drawn = _Panel(start, panel, name, found, smooth, band, log)
            drawn.draw(gap, best)
            if inset is not None:
                drawn.inset(inset)
            handles = {**drawn.handles, **handles}
            said += drawn.notes
        if ax is not None:
            start.hand_over(handles, said, title)
            return figure
        start.figure.key(figure, handles, start.style)
        return start.figure.finish(figure, title, path, said)


class _Panel:
    """One measure in one panel."""

    def __init__(
        self, start: Start, ax: Any, metric: str, found: Sequence[Curve], smooth: int, band: str | None, log: bool
    ) -> None:
        self.start, self.style, self.ax, self.metric = start, start.style, ax, metric
        self.log, self.band, self.smooth = log, band, smooth
        self.handles: dict[str, Any] = {}
        self.notes: list[str] = []
        self.results: list[str] = []
        values = np.concatenate([curve.rows.ravel() for curve in found])
        finite = values[np.isfinite(values)]
        if not finite.size:
            raise ValueError(f"{start.what}: every value of {metric!r} is NaN or infinite; there is nothing to draw")
        if log and not np.any(finite > 0):
            raise ValueError(f"{start.what}: no value of {metric!r} is above 0, so log=True has nothing to draw")
        self.per_cent = "acc" in metric.lower() and bool(np.all((finite >= 0) & (finite <= 1)))
        # Rows of unequal length are padded with NaN; only what lies before a row's end is a gap.
        inner = sum(int(np.isnan(row[: _length(row)]).sum()) for curve in found for row in curve.rows)
        if inner:
            self.notes.append(gaps(np.full(inner, np.nan)))
        if log and np.any(finite <= 0):
            self.notes.append(
                f"{numbers.plural(int(np.sum(finite <= 0)), 'value')} not above 0, left out of the logarithmic axis"
            )
        self.runs = list(dict.fromkeys(curve.label for curve in found))
        self.split = len({curve.split for curve in found}) > 1
        bare = all(not curve.split for curve in found)
        self.x_name = "step" if "step" in metric or bare else "epoch"
        self.drawn = [(curve, *self._shape(curve)) for curve in found]

    def _shape(self, curve: Curve) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        rows = smoothed(curve.rows * (100.0 if self.per_cent else 1.0), self.smooth)
        if self.log:
            rows = np.where(rows > 0, rows, np.nan)
        return mean_over(rows, self.band)

    def _look(self, curve: Curve) -> dict[str, Any]:
        run = self.runs.index(curve.label)
        second = curve.split == "test"
        alone = len(self.runs) == 1
        points = curve.rows.shape[1]
        look = {
            "color": self.style.colour(run + (1 if alone and second else 0)),
            "linewidth": self.style.line,
            "linestyle": self.style.dashes(1 if second else 0) if self.split else self.style.dashes(run),
            "solid_capstyle": "round",
            "zorder": 3.0 + (0.1 if second else 0.0),
        }
        if not alone or points <= 25:
            # A few marks a line, each line's elsewhere, say which is which without colour.
            every = max(1, points // 7)
            look |= {
                "marker": self.style.marker(run + (1 if alone and second else 0)),
                "markersize": 3.0 if self.style.narrow else 4.0,
                "markevery": (min(points - 1, every * run // max(1, len(self.runs))), every),
            }
        return look

    def draw(self, gap: bool, best: bool | str) -> None:
        from matplotlib.lines import Line2D

        self.start.figure.dress(self.ax, self.style)
        for curve, mean, low, high in self.drawn:
            word = curve.name[: -len(self.metric) - 1] or curve.split
            label = literal(curve.label) or (word if self.split else literal(self.metric).replace("_", " "))
            (line,) = self.ax.plot(curve.x, mean, label=label, **self._look(curve))
            if self.band and len(curve.rows) > 1:
                self.ax.fill_between(curve.x, low, high, color=line.get_color(), alpha=0.2, linewidth=0, zorder=2)
                self.notes.append(_BANDS[self.band].format(len(curve.rows)))
            self._name(curve, word, label, line)
        if self.smooth > 1:
            self.notes.append(f"moving mean of {self.smooth} points")
        if gap:
            self._gap()
        if best:
            self._best(best)
        if self.split and len(self.runs) > 1:
            for curve in {curve.split: curve for curve, *_ in self.drawn}.values():
                word = curve.name[: -len(self.metric) - 1] or curve.split
                style = self.style.dashes(1 if curve.split == "test" else 0)
                self.handles[word] = Line2D([], [], color=self.style.theme.muted, linestyle=style, linewidth=1.3)
        self._axes()
        if self.results:
            self.start.figure.heading(self.ax, "\n".join(self.results), self.style)

    def _name(self, curve: Curve, word: str, label: str, line: Any) -> None:
        from matplotlib.lines import Line2D

        if label in self.handles or (not self.split and len(self.runs) == 1 and not curve.label):
            return
        several = self.split and len(self.runs) > 1
        self.handles[label if curve.label or self.split else word] = Line2D(
            [], [], color=line.get_color(), linestyle="solid" if several else line.get_linestyle(),
            linewidth=line.get_linewidth(), marker=line.get_marker(), markersize=line.get_markersize(),
        )  # fmt: skip

    def _axes(self) -> None:
        if self.log:
            self.start.figure.log_axis(self.ax, "y", self.style)
        name = literal(self.metric).replace("_", " ")
        self.ax.set_ylabel(f"{name} in %" if self.per_cent else name)
        self.ax.set_xlabel(self.x_name)
        low, high = _limits([curve.x for curve, *_ in self.drawn])
        self.ax.set_xlim(low - 0.02 * (high - low or 1), high + 0.02 * (high - low or 1))
        self.ax.xaxis.get_major_locator().set_params(integer=True)

    def _pairs(self) -> list[tuple[Any, Any]]:
        by = {(curve.label, curve.split): item for item in self.drawn for curve in [item[0]]}
        return [(by[run, "train"], by[run, "test"]) for run in self.runs if {(run, "train"), (run, "test")} <= set(by)]

    def _gap(self) -> None:
        pairs = self._pairs()
        if not pairs:
            raise ValueError(f"{self.start.what}: gap= needs a training and a test curve of {self.metric!r}")
        for (train, upper, *_), (_, lower, *_) in pairs:
            points = min(len(upper), len(lower))
            colour = self.style.theme.muted if len(self.runs) == 1 else self.style.colour(self.runs.index(train.label))
            shade = self.ax.fill_between(
                train.x[:points], upper[:points], lower[:points], color=colour, alpha=0.16, linewidth=0, zorder=1.5
            )
            difference = (upper[:points] - lower[:points])[np.isfinite(upper[:points] - lower[:points])]
            self.handles.setdefault("gap", shade)
            if difference.size and len(pairs) == 1:
                unit = " points" if self.per_cent else ""
                self.results.append(f"gap at the end {_short(abs(difference[-1]))}{unit}")

    def _best(self, best: bool | str) -> None:
        if best is True:
            lowered = self.metric.lower()
            if "loss" in lowered or "err" in lowered or "rmse" in lowered:
                best = "min"
            elif "acc" in lowered:
                best = "max"
            else:
                raise ValueError(f"{self.start.what}: is a low {self.metric!r} good? Say best='min' or best='max'")
        for run in self.runs:
            curve, mean, *_ = [item for item in self.drawn if item[0].label == run][-1]
            if not np.isfinite(mean).any():
                continue
            at = int(np.nanargmin(mean) if best == "min" else np.nanargmax(mean))
            colour = self._look(curve)["color"]
            (mark,) = self.ax.plot(
                curve.x[at], mean[at], marker="o", markersize=8 if self.style.narrow else 10, markerfacecolor="none",
                markeredgecolor=colour, markeredgewidth=1.4, linestyle="none", zorder=5, label="_best", clip_on=False,
            )  # fmt: skip
            self.handles.setdefault("best", mark)
            if len(self.runs) == 1:
                self.ax.axvline(curve.x[at], color=colour, linewidth=0.8, linestyle=(0, (2, 2)), zorder=1.8)
                unit = " %" if self.per_cent else ""
                self.results.append(f"best {_short(mean[at])}{unit} at {self.x_name} {curve.x[at]:g}")

    def inset(self, part: Any) -> None:
        """Draw a part of the horizontal axis again in the corner that holds the fewest points."""
        low, high = _limits([curve.x for curve, *_ in self.drawn])
        pair = (low, low + part - 1) if isinstance(part, int) and not isinstance(part, bool) else part
        if not isinstance(pair, tuple | list) or len(pair) != 2 or not pair[0] < pair[1]:
            raise ValueError(
                f"{self.start.what}: inset must be a number of points from 2, or a pair (from, to), got {part!r}"
            )
        if pair[1] <= low or pair[0] >= high:
            raise ValueError(
                f"{self.start.what}: inset {pair} lies outside the curves, which run from {low:g} to {high:g}"
            )
        small = self.ax.inset_axes(self._make_room())
        self.start.figure.dress(small, self.style)
        for spine in small.spines.values():
            spine.set_visible(True)
        for curve, mean, *_ in self.drawn:
            inside = (curve.x >= pair[0]) & (curve.x <= pair[1])
            look = {**self._look(curve), "linewidth": 0.8 * self.style.line}
            for name in ("marker", "markevery", "markersize"):
                look.pop(name, None)
            small.plot(curve.x[inside], mean[inside], label="_inset", **look)
        if self.log:
            self.start.figure.log_axis(small, "y", self.style)
        else:
            small.yaxis.get_major_locator().set_params(nbins=3)
        small.set_xlim(*pair)
        small.xaxis.get_major_locator().set_params(integer=True, nbins=3)

    def _make_room(self) -> tuple[float, float, float, float]:
        """Return where the inset goes, (left, bottom, width, height) in shares of the panel, over no curve.

        Of the two upper and two lower places, the one that needs least room is taken, and the axis is made so much
        longer that the curves stay clear of it and of its ticks.
        """
        place, tick = (0.5, 0.36), 0.14  # width and height; room for ticks below and to the left
        low, high = self.ax.get_xlim()
        scale = np.log10 if self.log else np.asarray
        bottom, top = (float(v) for v in scale(np.array(self.ax.get_ylim())))
        found: list[tuple[float, bool, float]] = []
        for left in (1.0 - place[0], tick):
            from_x, to_x = low + (left - tick) * (high - low), low + (left + place[0]) * (high - low)
            reach = [
                scale(edge[known])
                for curve, mean, lower, upper in self.drawn
                for edge in ([mean, lower, upper] if self.band and len(curve.rows) > 1 else [mean])
                for known in [
                    np.isfinite(edge) & (curve.x >= from_x) & (curve.x <= to_x) & ((edge > 0) | (not self.log))
                ]
                if known.any()
            ]
            heights = (np.concatenate(reach) - bottom) / (top - bottom) if reach else np.array([0.5])
            found.append((float(heights.max()), True, left))
            found.append((1 - float(heights.min()), False, left))
        taken, above, left = min(found)
        free = 1 - place[1] - tick - 0.02  # share of the panel that the curves may use there
        longer = max(1.0, taken / free) * (top - bottom)
        span = (bottom, bottom + longer) if above else (top - longer, top)
        self.ax.set_ylim(*((10.0 ** np.array(span)) if self.log else span))
        if self.log:
            self.start.figure.log_axis(self.ax, "y", self.style)
        return (left - 0.01, 1 - place[1] - 0.01 if above else tick, *place)


def _short(value: float) -> str:
    return numbers.number(float(f"{value:.3g}"))


def _length(row: NDArray[Any]) -> int:
    known = np.flatnonzero(np.isfinite(row))
    return int(known[-1]) + 1 if known.size else len(row)


def _limits(rows: Sequence[NDArray[Any]]) -> tuple[float, float]:
    return float(min(row.min() for row in rows)), float(max(row.max() for row in rows))
