"""The confusion matrix: which class was taken for which."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .style import literal
from .values import begin, integers, labels_for

__all__ = ["confusion"]


def confusion(
    true: Any, predicted: Any, labels: Sequence[str] | None = None, *, title: str | None = None,
    path: str | os.PathLike[str] | None = None, theme: Any = "light", width: float = 16.0, ax: Any = None,
) -> Any:  # fmt: skip
    """Plot how often each class was taken for each: true classes down, predicted ones across, counts in the cells.

    The right answers on the diagonal are blue, the deeper the greater their share of the row; mistakes are orange, the
    deeper the more of them, on a scale of their own, since one in a hundred would not be seen otherwise.

    Args:
        true: classes, shape (N,).
        predicted: classes, shape (N,), or scores, shape (N, C), of which the largest counts.
        labels: names of the classes; by default their numbers.
        title, path, theme, width, ax: as ``learning_curves``.

    Returns:
        The matplotlib figure; the right margin holds the share of each class that was recognised.

    Raises:
        ImportError: matplotlib is not installed.
        TypeError, ValueError: the lengths differ, or a class has no label.

    >>> figure = confusion([0, 0, 1, 1, 1], [0, 1, 1, 1, 1], ["cat", "dog"])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['1', '1', '3', '50 %', '100 %', 'recall']
    """
    what = "confusion"
    start = begin(what, path, theme, width, ax)
    answers, guesses = integers(what, "true", true), integers(what, "predicted", predicted)
    if answers.shape != guesses.shape:
        raise ValueError(f"{what}: there are {len(answers)} true classes and {len(guesses)} predicted ones")
    classes = 1 + int(max(answers.max(), guesses.max()))
    if labels is not None:
        if not isinstance(labels, str) and len(labels) < classes:
            raise ValueError(f"{what}: class {classes - 1} occurs, but there are {len(labels)} labels")
        names = [literal(name, 16) for name in labels_for(what, labels, len(labels))]
    else:
        names = [str(i) for i in range(classes)]
    if len(names) > 100:
        raise ValueError(f"{what}: {len(names)} classes are too many to be read; at most 100")
    table = np.zeros((len(names), len(names)), dtype=np.int64)
    np.add.at(table, (answers, guesses), 1)
    style = start.style
    with start.figure.settings():
        if ax is None:
            figure = start.figure.new_figure(style, min(style.width, 13.0) * 0.9)
            ax = figure.subplots()
        else:
            figure = ax.get_figure(root=True)
        start.figure.dress(ax, style, grid=None)
        ax.imshow(_colours(table, style), interpolation="nearest")
        for spine in ax.spines.values():
            spine.set_visible(False)
        places = np.arange(len(names))
        ax.set_xticks(places, names)
        ax.set_yticks(places, names)
        ax.tick_params(length=0)
        ax.set_xticks(places[1:] - 0.5, minor=True)
        ax.set_yticks(places[1:] - 0.5, minor=True)
        ax.tick_params(which="minor", length=0)
        ax.grid(which="minor", color=style.theme.background, linewidth=1.0)
        ax.set_xlabel("predicted")
        ax.set_ylabel("true")
        right = float(np.trace(table)) / len(answers)
        summary = f"{100 * right:.1f} % of {len(answers):,} right"
        words = summary if title is None or start.ax is None else f"{literal(title)}: {summary}"
        start.figure.heading(ax, words, style)
        figure.draw_without_rendering()
        cell = abs(ax.transData.transform((1, 0))[0] - ax.transData.transform((0, 0))[0]) * 72 / figure.dpi
        widest = max(start.figure.text_width(figure, name, style.size) for name in names)
        if widest > cell - 3:
            ax.tick_params(axis="x", labelrotation=90)
        _numbers(start, figure, ax, table, cell)
        if start.ax is not None:
            return figure
        fits = start.figure.text_width(figure, str(table.max()), style.size) <= cell - 1
        said = "" if fits else "the counts do not fit at this width and are left out"
        return start.figure.finish(figure, title, path, [said])


def _colours(table: NDArray[Any], style: Any) -> NDArray[Any]:
    from matplotlib.colors import to_rgb

    ground = np.array(to_rgb(style.theme.background))
    right, wrong = np.array(to_rgb(style.colour(0))), np.array(to_rgb(style.colour(1)))
    share = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    mistakes = table * (1 - np.eye(len(table)))
    depth = 0.75 * np.sqrt(mistakes / max(mistakes.max(), 1))
    depth = np.where(np.eye(len(table), dtype=bool), 0.55 * share, depth)[..., np.newaxis]
    hue = np.where(np.eye(len(table), dtype=bool)[..., np.newaxis], right, wrong)
    faint = np.array(to_rgb(style.grid))
    empty = 0.7 * ground + 0.3 * faint
    return np.where(depth > 0, ground * (1 - depth) + hue * depth, empty)


def _numbers(start: Any, figure: Any, ax: Any, table: NDArray[Any], cell: float) -> None:
    """Write the counts where they fit, zeros left blank, and each row's share of right answers in the margin."""
    style = start.style
    if start.figure.text_width(figure, str(table.max()), style.size) <= cell - 1:
        for (row, column), count in np.ndenumerate(table):
            if count:
                ax.text(
                    column, row, str(count), ha="center", va="center", fontsize=style.size, color=style.theme.ink,
                    fontweight="bold" if row == column else "normal",
                )  # fmt: skip
    if cell < style.size:
        return
    totals = table.sum(axis=1)
    for row, total in enumerate(totals):
        share = f"{100 * table[row, row] / total:.0f} %" if total else "none"
        ax.annotate(
            share, (len(table) - 0.5, row), (5, 0), textcoords="offset points", ha="left", va="center",
            fontsize=style.size, color=style.theme.muted, annotation_clip=False,
        )  # fmt: skip
    ax.annotate(
        "recall", (len(table) - 0.5, -0.5), (5, 4), textcoords="offset points", ha="left", va="bottom",
        fontsize=style.size, color=style.theme.muted, annotation_clip=False,
    )  # fmt: skip
