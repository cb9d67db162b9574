"""Figures of our own, apart from matplotlib's pyplot: no window, no global state, files that appear whole.

This file needs matplotlib and is imported when a plot is made.
"""

from __future__ import annotations

import io
import math
import os
import textwrap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from .. import numbers
from ..render import write_atomically
from .style import Style, file_format, literal, style_of

__all__ = [
    "PlotFigure",
    "axes_style",
    "dress",
    "finish",
    "heading",
    "key",
    "log_axis",
    "new_figure",
    "note",
    "settings",
]

DPI = 144  # 16 cm are 907 pixels
# What the reader's own matplotlibrc says must not change a plot: these begin with their defaults.
_OURS = (
    "axes.", "font.", "lines.", "text.", "xtick.", "ytick.", "legend.", "grid.", "figure.", "image.", "patch.",
    "hatch.", "savefig.", "scatter.", "contour.", "markers.", "errorbar.", "hist.", "mathtext.", "path.", "svg.", "pdf.",
)  # fmt: skip
# DejaVu Sans comes with matplotlib; the others, where installed, add the letters of East Asia.
_FONTS = ("DejaVu Sans", "Noto Sans CJK JP", "Noto Sans JP", "Hiragino Sans", "Yu Gothic", "IPAexGothic")


class PlotFigure(Figure):
    """A matplotlib figure that shows itself in notebooks and writes its files atomically.

    >>> figure = PlotFigure(figsize=(2, 1))
    >>> figure._repr_png_()[1:4]
    b'PNG'
    """

    style: Style

    def savefig(self, fname: Any, **kwargs: Any) -> None:
        """Write the figure as matplotlib does; a path is written under a temporary name and renamed.

        The same figure gives the same bytes: no time is written into it.
        """
        with settings():
            if not isinstance(fname, str | os.PathLike):
                super().savefig(fname, **kwargs)
                return
            suffix = kwargs.pop("format", None) or file_format("savefig", fname)
            metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {"Software": None}}.get(suffix)
            buffer = io.BytesIO()
            super().savefig(buffer, **{"format": suffix, "dpi": DPI, "metadata": metadata, **kwargs})
        write_atomically(fname, buffer.getvalue())

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=DPI)
        return buffer.getvalue()


@contextmanager
def settings() -> Iterator[None]:
    """Matplotlib's own defaults for a while, with the few that differ here; the caller's come back afterwards."""
    installed = set(font_manager.get_font_names())
    ours = {name: value for name, value in matplotlib.rcParamsDefault.items() if name.startswith(_OURS)}
    ours |= {
        "font.family": [font for font in _FONTS if font in installed] or ["sans-serif"], "svg.hashsalt": "glassgrad",
        "svg.fonttype": "path", "axes.unicode_minus": True, "figure.dpi": DPI,
    }  # fmt: skip
    with matplotlib.rc_context(ours):
        yield


def new_figure(style: Style, height: float) -> PlotFigure:
    """Return an empty figure of the style's width and this height, both in centimetres."""
    figure = PlotFigure(figsize=(style.width / 2.54, height / 2.54), dpi=DPI, facecolor=style.theme.background)
    FigureCanvasAgg(figure)
    figure.set_layout_engine("constrained", w_pad=0.04, h_pad=0.04, wspace=0.03, hspace=0.04)
    figure.style = style
    return figure


def axes_style(what: str, ax: Any, theme: Any, width: Any) -> Style:
    """Return the style of the figure that `ax` lies in: its own if it is ours."""
    if not hasattr(ax, "get_subplotspec") or not hasattr(ax, "plot"):
        raise TypeError(f"{what}: ax must be a matplotlib Axes, not {type(ax).__name__}")
    figure = ax.get_figure(root=True)
    return figure.style if isinstance(figure, PlotFigure) else style_of(what, theme, width)


def dress(ax: Any, style: Style, grid: str | None = "y", bare: bool = False) -> None:
    """Give axes the look of the style: two thin spines and a faint grid; or, when bare, nothing at all."""
    theme = style.theme
    ax.set_facecolor(theme.background)
    for side, spine in ax.spines.items():
        spine.set_visible(side in ("left", "bottom") and not bare)
        spine.set_color(theme.operation)
        spine.set_linewidth(0.7)
    ax.tick_params(
        which="both", colors=theme.muted, labelsize=style.size, width=0.7, length=0 if bare else 2.5, pad=2,
        labelbottom=not bare, labelleft=not bare, bottom=not bare, left=not bare,
    )  # fmt: skip
    ax.tick_params(axis="both", color=theme.operation)
    for label in (ax.xaxis.label, ax.yaxis.label):
        label.set(color=theme.ink, fontsize=style.size)
    ax.xaxis.labelpad = ax.yaxis.labelpad = 2.5
    ax.set_axisbelow(True)
    if grid:
        ax.grid(axis=grid, color=style.grid, linewidth=0.7)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: numbers.number(_rounded(value))))
        axis.set_major_locator(MaxNLocator(4 if style.narrow else 6, steps=[1, 2, 2.5, 5, 10]))


def _rounded(value: float) -> float:
    """Drop the noise of sums of steps, such as 0.30000000000000004."""
    return float(f"{value:.6g}") if math.isfinite(value) else value


def log_axis(ax: Any, which: str, style: Style) -> None:
    """Make one axis logarithmic, labelled with powers of ten, or where it spans less than a decade with 1, 2 and 5."""
    axis = ax.xaxis if which == "x" else ax.yaxis
    (ax.set_xscale if which == "x" else ax.set_yscale)("log")
    low, high = axis.get_view_interval()
    decades = math.log10(high / low) if 0 < low < high else 1.0
    axis.set_major_locator(LogLocator(subs=(1.0,) if decades >= 2 else (1.0, 2.0, 5.0), numticks=6))
    axis.set_major_formatter(FuncFormatter(lambda value, _: power(value)))
    axis.set_minor_formatter(NullFormatter())
    axis.set_minor_locator(NullLocator())


def power(value: float) -> str:
    """Write a tick of a logarithmic axis.

    >>> [power(v) for v in (1e-4, 0.01, 0.2, 1.0, 100.0, 2e5)]
    ['10⁻⁴', '0.01', '0.2', '1', '100', '2×10⁵']
    """
    text = numbers.number(_rounded(value))
    return text.removeprefix("1×") if "×" in text else text


def heading(ax: Any, text: str, style: Style, strong: bool = False) -> Any:
    """Write the title of one panel, from its left edge."""
    weight = "bold" if strong else "normal"
    return ax.set_title(text, loc="left", fontsize=style.size, color=style.theme.ink, pad=4, fontweight=weight)


def key(target: Any, handles: Sequence[Any], labels: Sequence[str], style: Style, title: str = "") -> Any:
    """Write the legend above a figure or one panel, in as many columns as its width holds, over no data."""
    if not labels:
        return None
    figure = target if isinstance(target, Figure) else target.get_figure(root=True)
    room = style.width / 2.54 * 72 - 12
    if target is not figure:
        room *= target.get_position().width
    widths = [text_width(figure, label, style.size) + 3.6 * style.size for label in labels]
    columns = max(1, min(len(labels), int(room // max(widths))))
    options: dict[str, Any] = {
        "ncols": columns, "frameon": False, "fontsize": style.size, "labelcolor": style.theme.ink, "handlelength": 2.3,
        "handletextpad": 0.5, "columnspacing": 1.1, "borderpad": 0.1, "borderaxespad": 0.2, "labelspacing": 0.3,
    }  # fmt: skip
    if target is figure:
        return figure.legend(handles, labels, loc="outside upper left", **options)
    return target.legend(handles, labels, loc="lower left", bbox_to_anchor=(0, 1), **options)


def note(figure: Any, sentences: Sequence[str], style: Style) -> None:
    """Write what the reader must know below the figure, wrapped to its width."""
    text = "; ".join(s for s in sentences if s)
    if not text:
        return
    room = style.width / 2.54 * 72 - 14
    size = max(7.0, style.size - 1)
    characters = max(10, int(len(text) * room / text_width(figure, text, size) * 0.97))
    figure.supxlabel(
        textwrap.fill(text, characters), x=0.012, ha="left", fontsize=size, color=style.theme.muted, linespacing=1.25
    )


def text_width(figure: Any, text: str, size: float) -> float:
    """Return how wide a line of text is, in points."""
    probe = Text(0, 0, text, fontsize=size, figure=figure)
    return float(probe.get_window_extent(figure.canvas.get_renderer(), dpi=72).width)


def finish(figure: Any, title: Any, path: Any, what: str) -> Any:
    """Write the title, and the file if a path is given, and return the figure."""
    if title is not None:
        size = figure.style.size + (0.5 if figure.style.narrow else 2)
        room = figure.style.width / 2.54 * 72 - 14
        text = literal(title, 200)
        characters = max(10, int(len(text) * room / (1.12 * text_width(figure, text, size))))
        figure.suptitle(
            textwrap.fill(text, characters), fontsize=size, fontweight="bold", x=0.012, ha="left",
            color=figure.style.theme.ink,
        )  # fmt: skip
    figure.draw_without_rendering()
    if path is not None:
        figure.savefig(Path(path))
    return figure
