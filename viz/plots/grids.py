"""Small multiples: many panels with the same axes, so that they can be compared at a glance."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .runs import mean_over
from .style import literal
from .values import Start, array, begin, gaps, is_numbers, labels_for, number_labels

__all__ = ["panels"]


def panels(
    items: Mapping[str, Any] | Sequence[Any], draw: Callable[[Any, Any], Any] | None = None, *,
    titles: Sequence[str] | None = None, columns: int | None = None, sharex: bool = True, sharey: bool = True,
    xlabel: str = "", ylabel: str = "", proportion: float = 0.75, title: str | None = None,
    path: str | os.PathLike[str] | None = None, theme: Any = "light", width: float = 16.0,
) -> Any:  # fmt: skip
    """Plot a grid of panels with shared axes.

    Args:
        items: what each panel shows, by title or in a list. Without ``draw``: a dict of label to a row of numbers, to
            an array (seeds, points), or to a pair (x, y) of rows; a label looks the same in every panel, and one legend
            names them all.
        draw: called with the axes and the item of each panel; the other plots draw into it with ``ax=``.
        titles: of the panels, if ``items`` is a list.
        columns: of the grid; by default as many as stay readable at this width.
        sharex, sharey: whether all panels have the same limits.
        xlabel, ylabel: written once, for all.
        proportion: height of a panel divided by its width.
        title, path, theme, width: as ``learning_curves``.

    Returns:
        The matplotlib figure.

    Raises:
        ImportError: matplotlib is not installed.
        TypeError, ValueError: there are no items, an item is no set of curves, or an argument is not allowed.

    >>> figure = panels({"std 1": {"BatchNorm": [0.2, 0.8], "plain": [0.1, 0.1]}, "std 0.01": {"plain": [0.1, 0.3]}})
    >>> [(ax.get_title(loc="left"), len(ax.lines)) for ax in figure.axes]
    [('std 1', 2), ('std 0.01', 1)]
    """
    what = "panels"
    start = begin(what, path, theme, width)
    if isinstance(items, Mapping):
        named = {str(name): item for name, item in items.items()}
        if titles is not None:
            raise ValueError(f"{what}: the items have titles already; leave out titles=")
    elif isinstance(items, Sequence | np.ndarray) and not isinstance(items, str):
        given = number_labels(len(items), "panel") if titles is None else labels_for(what, titles, len(items), "titles")
        named = {f"{i} {name}": item for i, (name, item) in enumerate(zip(given, items, strict=True))}
    else:
        raise TypeError(f"{what}: items must be a list or a dict of title to item, not {type(items).__name__}")
    if not named:
        raise ValueError(f"{what}: there are no items; a grid needs at least one panel")
    if draw is not None and not callable(draw):
        raise TypeError(f"{what}: draw must be a function of axes and item, not {type(draw).__name__}")
    if columns is not None and (isinstance(columns, bool) or not isinstance(columns, int) or columns < 1):
        raise ValueError(f"{what}: columns must be a whole number from 1, got {columns!r}")
    texts = [name if isinstance(items, Mapping) else name.partition(" ")[2] for name in named]
    sets = None if draw else [_curves(what, text, item) for text, item in zip(texts, named.values(), strict=True)]
    style = start.style
    from matplotlib.ticker import MaxNLocator

    with start.figure.settings():
        probe = start.figure.new_figure(style, 4.0)
        across = columns or _columns(start, probe, texts)
        rows = -(-len(named) // across)
        room = (style.width - 0.9) / across / 2.54 * 72 - 6
        texts = [start.figure.wrapped(probe, literal(text, 80), style.size, room=room) for text in texts]
        lines = 1 + max(text.count("\n") for text in texts)
        height = rows * (style.width / across * proportion + 0.35 * lines) + (0.5 if xlabel else 0.1)
        figure = start.figure.new_figure(style, height)
        grid = figure.subplots(rows, across, squeeze=False, sharex=sharex, sharey=sharey)
        for spare in grid.flat[len(named) :]:
            spare.remove()
        axes = list(grid.flat[: len(named)])
        looks: dict[str, int] = {}
        handles: dict[str, Any] = {}
        said: list[str] = []
        for i, (ax, text, item) in enumerate(zip(axes, texts, named.values(), strict=True)):
            start.figure.dress(ax, style)
            if draw is not None:
                draw(ax, item)
                own = ax.get_title(loc="left")
                start.figure.heading(ax, text + (f"\n{own}" if own else ""), style)
            else:
                assert sets is not None
                said += _draw(ax, sets[i], looks, handles, style)
                start.figure.heading(ax, text, style)
            for axis in (ax.xaxis, ax.yaxis):
                if isinstance(axis.get_major_locator(), MaxNLocator):
                    axis.get_major_locator().set_params(nbins=2 if style.width / across < 3.6 else 4)
            if i + across < len(named) and sharex:
                ax.tick_params(labelbottom=False)
                ax.set_xlabel("")
            if i % across and sharey:
                ax.tick_params(labelleft=False)
                ax.set_ylabel("")
        if xlabel:
            for ax in axes[-across:]:
                ax.tick_params(labelbottom=True)
            axes[(rows - 1) * across].set_xlabel(literal(xlabel), loc="left")
        if ylabel:
            axes[(rows - 1) // 2 * across].set_ylabel(literal(ylabel))
        handles |= figure.handles
        handles.pop("", None)
        _bars(start, figure, axes)
        start.figure.key(figure, handles, style)
        # Only now is it known how wide the panels are.
        figure.draw_without_rendering()
        for ax in axes:
            room = ax.get_window_extent().width * 72 / figure.dpi + 4
            lines = ax.get_title(loc="left").split("\n")
            fitted = [start.figure.wrapped(figure, line, style.size, room=room) for line in lines]
            start.figure.heading(ax, "\n".join(fitted), style)
        return start.figure.finish(figure, title, path, list(dict.fromkeys(said)))


def _columns(start: Start, figure: Any, texts: Sequence[str]) -> int:
    """Return how many panels stand side by side: at least 2 cm each on a narrow page, and as wide as their titles."""
    style = start.style
    most = max(1, int((style.width - 0.9) // (2.0 if style.narrow else 3.0)))
    widest = max(start.figure.text_width(figure, literal(text, 80), style.size) for text in texts) / 72 * 2.54 + 0.3
    across = max(1, min(len(texts), most, 5, int((style.width - 0.9) // widest)))
    return -(-len(texts) // -(-len(texts) // across))


def _bars(start: Start, figure: Any, axes: Sequence[Any]) -> None:
    """Draw one colour bar if the panels' maps have one scale, otherwise one each."""
    scales = {(drawn.norm.vmin, drawn.norm.vmax, type(drawn.norm), words) for _, drawn, words in figure.maps}
    if len(scales) == 1:
        start.figure.colour_bar(figure, figure.maps[0][1], axes, start.style, figure.maps[0][2])
    else:
        for ax, drawn, words in figure.maps:
            start.figure.colour_bar(figure, drawn, ax, start.style, words)


def _curves(what: str, name: str, item: Any) -> dict[str, tuple[Any, Any]]:
    """Return x and rows (seeds, points) of each curve of one panel."""
    if not isinstance(item, Mapping):
        item = {"": item}
    if not item:
        raise ValueError(f"{what}: the panel {name!r} is empty")
    found = {}
    for label, values in item.items():
        where = f"the curve {label!r} of {name!r}" if label else f"the panel {name!r}"
        x = None
        if isinstance(values, tuple) and len(values) == 2 and all(is_numbers(part) for part in values):
            x, values = array(what, f"x of {where}", values[0], 1), values[1]
        rows = np.atleast_2d(array(what, where, values, (1, 2)))
        if x is not None and len(x) != rows.shape[1]:
            raise ValueError(f"{what}: {where} has {len(x)} numbers for x and {rows.shape[1]} for y")
        x = np.arange(1.0, 1.0 + rows.shape[1]) if x is None else x
        found[str(label)] = (x, np.where(np.isfinite(rows), rows, np.nan))
    return found


def _draw(
    ax: Any, curves: Mapping[str, tuple[Any, Any]], looks: dict[str, int], handles: dict[str, Any], style: Any
) -> list[str]:
    said = []
    for label, (x, rows) in curves.items():
        look = looks.setdefault(label, len(looks))
        mean, low, high = mean_over(rows, "range")
        (line,) = ax.plot(
            x, mean, color=style.colour(look), linestyle=style.dashes(look), linewidth=style.line * 0.85,
            solid_capstyle="round", zorder=3 - 0.01 * look, label=literal(label) or "curve",
        )  # fmt: skip
        if len(rows) > 1:
            ax.fill_between(x, low, high, color=style.colour(look), alpha=0.2, linewidth=0, zorder=2)
            said.append(f"band: lowest to highest of {len(rows)} seeds")
        handles.setdefault(literal(label), line)
        said.append(gaps(rows))
    return [sentence for sentence in said if sentence]
