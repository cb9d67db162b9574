"""Histograms of values, layer by layer."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import numbers
from .style import literal
from .values import Start, array, begin, gaps, pair

__all__ = ["histograms"]


def histograms(
    by_layer: Mapping[str, Any] | Sequence[Any], *, bins: int = 30, limits: tuple[float, float] | None = None,
    ends: float | None = 0.05, sharey: bool = True, xlabel: str = "", title: str | None = None,
    path: str | os.PathLike[str] | None = None, theme: Any = "light", width: float = 16.0,
) -> Any:  # fmt: skip
    """Plot the distribution of values of each layer as small multiples, with its spread and the share at the ends.

    Args:
        by_layer: a dict of layer to its values (any shape), or a list of values; or a dict of row to such dicts, for
            example one row for each way of drawing the initial weights.
        bins: number of bars.
        limits: lowest and highest value of the horizontal axis, such as (0, 1) for sigmoid; otherwise those of the row.
        ends: what part of the range at each end counts as "at the ends": with limits (0, 1) and 0.05, values outside
            [0.05, 0.95]. None leaves the share out.
        sharey: whether the panels of a row share the scale of their bars.
        xlabel: what the values are.
        title, path, theme, width: as ``learning_curves``.

    Returns:
        The matplotlib figure. Values that are NaN, infinite or outside ``limits`` are counted below it. The standard
        deviation, σ, is of all finite values.

    Raises:
        ImportError: matplotlib is not installed.
        TypeError, ValueError: there is nothing to draw, or an argument is not allowed.

    >>> import numpy as np
    >>> values = np.random.default_rng(0).uniform(size=(1000, 100))
    >>> figure = histograms({"layer 1": values, "layer 2": values / 2}, limits=(0, 1))
    >>> figure.axes[1].get_title(loc="left").split("\\n")
    ['σ 0.144', '10 % at the ends']
    """
    what = "histograms"
    start = begin(what, path, theme, width)
    if isinstance(bins, bool) or not isinstance(bins, int) or not 1 <= bins <= 1000:
        raise ValueError(f"{what}: bins must be a whole number from 1 to 1000, got {bins!r}")
    if ends is not None and (not isinstance(ends, int | float) or not 0 < ends < 0.5):
        raise ValueError(f"{what}: ends must be between 0 and 0.5, or None; got {ends!r}")
    if limits is not None:
        limits = pair(what, "limits", limits)
    rows = _rows(what, by_layer)
    style = start.style
    nested = len(rows) > 1 or next(iter(rows)) != ""
    most = max(len(row) for row in rows.values())
    columns = most if nested or not style.narrow else min(most, 3)
    columns = min(columns, 6) if not nested else columns
    if style.width / columns < 1.1:
        raise ValueError(f"{what}: {columns} layers a row need a width of {1.1 * columns:.0f} cm or more")
    count = len(rows) if nested else -(-most // columns)
    with start.figure.settings():
        # Each panel has three lines above it (the upper row) or two, its bars, and its ticks.
        lines = 1.25 * style.size / 72 * 2.54
        bars = min(2.2, max(1.0, style.width / columns * 0.55))
        height = count * (bars + (2.0 + (ends is not None)) * lines + 0.3) + (lines + 0.2) * (1 if nested else count)
        figure = start.figure.new_figure(style, height + (0.4 if xlabel else 0.0))
        grid = figure.subplots(count, columns, squeeze=False)
        room = style.width / columns / 2.54 * 72 - (20 if nested else 12)
        words = next(
            (w for w in (" at the ends", " ends") if start.figure.text_width(figure, "100 %" + w, style.size) < room),
            "",
        )
        notes = ["σ: standard deviation"]
        if ends is not None:
            notes.append(f"{words.strip() or '%'}: values in the outer {100 * ends:g} % of the axis on either side")
        for i, (axes, (name, row)) in enumerate(zip(grid if nested else [grid.flat], rows.items(), strict=True)):
            last = i == len(rows) - 1
            notes += _draw_row(
                start,
                list(axes),
                name,
                row,
                bins,
                limits,
                ends,
                words,
                sharey,
                not nested or i == 0,
                xlabel if last else "",
            )
        return start.figure.finish(figure, title, path, list(dict.fromkeys(notes)))


def _rows(what: str, by_layer: Any) -> dict[str, dict[str, NDArray[np.float64]]]:
    if isinstance(by_layer, Sequence) and not isinstance(by_layer, str):
        by_layer = {f"layer {i + 1}": values for i, values in enumerate(by_layer)}
    if not isinstance(by_layer, Mapping):
        raise TypeError(f"{what}: by_layer must be a dict of layer to values, not {type(by_layer).__name__}")
    if not by_layer:
        raise ValueError(f"{what}: by_layer is empty; there is nothing to draw")
    nested = [isinstance(value, Mapping) for value in by_layer.values()]
    if any(nested) and not all(nested):
        raise TypeError(f"{what}: either every entry of by_layer is a dict of layer to values, or none is")
    rows = by_layer if all(nested) else {"": by_layer}
    found: dict[str, dict[str, NDArray[np.float64]]] = {}
    for row, layers in rows.items():
        if not layers:
            raise ValueError(f"{what}: the row {row!r} has no layers")
        found[str(row)] = {str(name): array(what, f"layer {name!r}", values).ravel() for name, values in layers.items()}
    return found


def _draw_row(
    start: Start, axes: list[Any], row: str, layers: Mapping[str, NDArray[Any]], bins: int, limits: Any,
    ends: float | None, words: str, sharey: bool, named: bool, xlabel: str,
) -> list[str]:  # fmt: skip
    """Draw one row of panels, with the layers' names above if ``named``, and return what is to be said below."""
    style, notes = start.style, []
    finite = {name: values[np.isfinite(values)] for name, values in layers.items()}
    low, high = _range(list(finite.values())) if limits is None else (float(limits[0]), float(limits[1]))
    edges = np.linspace(low, high, bins + 1)
    shares = {name: np.histogram(known, edges)[0] / max(1, known.size) for name, known in finite.items()}
    tallest = max(float(share.max()) for share in shares.values())
    for spare in axes[len(layers) :]:
        spare.remove()
    for i, (ax, (name, values)) in enumerate(zip(axes, layers.items(), strict=False)):
        known = finite[name]
        start.figure.dress(ax, style, grid=None)
        ax.spines["left"].set_visible(False)
        ax.tick_params(left=False, labelleft=False)
        share = shares[name]
        ax.stairs(share, edges, fill=True, color=style.colour(0), linewidth=0.6, label=literal(name))
        margin = 0.02 * (high - low)
        ax.set_xlim(low - margin, high + margin)
        ax.set_ylim(0, 1.06 * (tallest if sharey else float(share.max())) or 1.0)
        ax.set_xticks(_ticks(low, high))
        said = [
            f"σ {numbers.number(float(f'{known.std():.{2 if style.narrow else 3}g}'))}" if known.size else "no number"
        ]
        if ends is not None and known.size:
            inner = ends * (high - low)
            at_ends = float(np.mean((known < low + inner) | (known > high - inner)))
            said.append(f"{_per_cent(at_ends)}{words}")
        ax.set_title("\n".join(said), loc="left", fontsize=style.size, color=style.theme.muted, pad=2, linespacing=1.15)
        if named:
            ax.annotate(
                literal(name, 24), (0, 1), (0, 1.3 * style.size * len(said) + 5), xycoords="axes fraction",
                textcoords="offset points", fontsize=style.size, color=style.theme.ink, fontweight="bold",
            )  # fmt: skip
        if i == 0 and row:
            ax.set_ylabel(literal(row, 28), fontweight="bold")
        if xlabel and i == 0:
            ax.set_xlabel(literal(xlabel), loc="left")
        notes.append(gaps(values))
        outside = int(np.sum((known < low) | (known > high)))
        if outside:
            notes.append(f"{numbers.plural(outside, 'value')} outside the axis")
    return [sentence for sentence in notes if sentence]


def _range(parts: Sequence[NDArray[Any]]) -> tuple[float, float]:
    known = np.concatenate(list(parts))
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    return (low - 0.5, high + 0.5) if low == high else (low, high)


def _ticks(low: float, high: float) -> list[float]:
    """Return the two ends, and 0 or the middle where it is a short number."""
    shortened = [float(f"{v:.2g}") for v in (low, high)]
    return [v for v in shortened if low - 0.02 * (high - low) <= v <= high + 0.02 * (high - low)] or [low, high]


def _per_cent(share: float) -> str:
    """Write a share shortly; what is not none or all is not written as 0 or 100.

    >>> [_per_cent(v) for v in (0.0, 0.00004, 0.004, 0.0123, 0.66, 0.9996, 1.0)]
    ['0 %', '<0.1 %', '0.4 %', '1.2 %', '66 %', '>99 %', '100 %']
    """
    value = 100 * share
    if value in (0, 100) or 9.95 <= value < 99.5:
        return f"{value:.0f} %"
    return ">99 %" if value >= 99.5 else "<0.1 %" if value < 0.05 else f"{value:.1f} %"
