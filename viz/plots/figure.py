"""Figures of our own, apart from matplotlib's pyplot: no window, no global state, files that appear whole.

This file needs matplotlib and is imported when a plot is made.
"""

from __future__ import annotations

import io
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
from cycler import cycler
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from .. import numbers
from ..render import write_atomically
from .style import MINIMUM_FONT_SIZE, Style, file_format, literal, style_of

__all__ = [
    "PlotFigure", "axes_style", "colour_bar", "dress", "dress_bar", "finish", "heading", "key", "log_axis",
    "new_figure", "power", "settings", "text_width", "wrapped",
]  # fmt: skip

DPI = 144  # 16 cm are 907 pixels
_MARGIN = 5.0  # points
# What the reader's own matplotlibrc says must not change a plot: these begin with their defaults.
_OURS = (
    "axes.", "font.", "lines.", "text.", "xtick.", "ytick.", "legend.", "grid.", "figure.", "image.", "patch.",
    "hatch.", "savefig.", "scatter.", "contour.", "markers.", "errorbar.", "hist.", "mathtext.", "path.", "svg.",
    "pdf.",
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
    layout: ConstrainedLayoutEngine

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.legend_above: Any = None
        # What panels that were drawn with ax= leave to the figure: entries of the legend, notes, maps of colour.
        self.handles: dict[str, Any] = {}
        self.notes: list[str] = []
        self.maps: list[tuple[Any, Any, str]] = []

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
        "axes.prop_cycle": cycler(color=[style_of("settings").colour(i) for i in range(7)]),  # what "C1" means
    }  # fmt: skip
    with matplotlib.rc_context(ours):
        yield


def new_figure(style: Style, height: float) -> PlotFigure:
    """Return an empty figure of the style's width and this height, both in centimetres."""
    figure = PlotFigure(figsize=(style.width / 2.54, height / 2.54), dpi=DPI, facecolor=style.theme.background)
    FigureCanvasAgg(figure)
    figure.layout = ConstrainedLayoutEngine(w_pad=0.04, h_pad=0.04, wspace=0.03, hspace=0.04)
    figure.set_layout_engine(figure.layout)
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
    ax.set_prop_cycle(color=[style.colour(i) for i in range(7)])  # of lines that the caller draws in
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
    ax.grid(False)
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
    far = low < 1e-3 or high > 1e4
    axis.set_major_formatter(FuncFormatter(lambda value, _: power(value, far)))
    axis.set_minor_formatter(NullFormatter())
    axis.set_minor_locator(NullLocator())


def power(value: float, far: bool = False) -> str:
    """Write a tick of a logarithmic axis; where it goes far, every power of ten is written as one.

    >>> [power(v) for v in (1e-4, 0.01, 0.2, 1.0, 100.0, 2e5)]
    ['10⁻⁴', '0.01', '0.2', '1', '100', '2×10⁵']
    >>> [power(v, far=True) for v in (0.01, 0.2, 1.0, 10.0)]
    ['10⁻²', '0.2', '1', '10']
    """
    text = numbers.number(_rounded(value))
    exponent = math.log10(value) if value > 0 else 0.0
    if far and exponent not in (0.0, 1.0) and exponent == round(exponent):
        return "10" + numbers.superscript(round(exponent))
    return text.removeprefix("1×") if "×" in text else text


def heading(ax: Any, text: str, style: Style, strong: bool = False) -> Any:
    """Write the title of one panel, from its left edge."""
    weight = "bold" if strong else "normal"
    return ax.set_title(text, loc="left", fontsize=style.size, color=style.theme.ink, pad=4, fontweight=weight)


def key(figure: PlotFigure, handles: Mapping[str, Any], style: Style) -> None:
    """Write the legend above the panels, in as many columns as the width holds, over no data; see `finish`."""
    if not handles:
        return
    room = style.width / 2.54 * 72 - 2 * _MARGIN
    widths = [text_width(figure, label, style.size) + 4.4 * style.size for label in handles]
    columns = max(1, min(len(handles), int(room // max(widths))))
    # Matplotlib fills column by column; people read row by row.
    order = [name for column in range(columns) for name in list(handles)[column::columns]]
    figure.legend_above = figure.legend(
        [handles[name] for name in order], order, loc="upper left", ncols=columns, frameon=False, fontsize=style.size,
        labelcolor=style.theme.ink, handlelength=2.6, handletextpad=0.5, columnspacing=1.1, borderpad=0.0,
        borderaxespad=0.0, labelspacing=0.35,
    )  # fmt: skip


def dress_bar(bar: Any, style: Style) -> None:
    """Give a colour bar the style's letters and no frame."""
    bar.outline.set_visible(False)
    bar.ax.tick_params(
        which="both", labelsize=style.size, colors=style.theme.muted, color=style.theme.operation, length=2, width=0.7,
        pad=2,
    )  # fmt: skip


def colour_bar(figure: Any, drawn: Any, axes: Any, style: Style, words: str) -> Any:
    """Draw the colour bar of one panel, or of several that share it, at their right."""
    bar = figure.colorbar(drawn, ax=axes, pad=0.02, aspect=22, fraction=0.07)
    dress_bar(bar, style)
    if isinstance(drawn.norm, LogNorm):
        low, high = drawn.get_clim()
        far = low < 1e-3 or high > 1e4
        bar.ax.yaxis.set_major_locator(LogLocator(numticks=5))
        bar.ax.yaxis.set_minor_locator(NullLocator())
        bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: power(value, far)))
    else:
        bar.ax.yaxis.set_major_locator(MaxNLocator(4))
        bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: numbers.number(_rounded(value))))
    bar.set_label(words, color=style.theme.ink, fontsize=style.size)
    return bar


def text_width(figure: Any, text: str, size: float, weight: str = "normal") -> float:
    """Return how wide a line of text is, in points."""
    probe = Text(0, 0, text, fontsize=size, fontweight=weight, figure=figure)
    return float(probe.get_window_extent(figure.canvas.get_renderer()).width) * 72 / float(figure.dpi)


def wrapped(figure: PlotFigure, text: str, size: float, weight: str = "normal", room: float | None = None) -> str:
    """Break text into lines that fit the figure's width, or the room given in points."""
    if room is None:
        room = figure.style.width / 2.54 * 72 - 2 * _MARGIN
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(figure, longer, size, weight) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(lines)


def finish(figure: PlotFigure, title: Any, path: Any, notes: Iterable[str] = ()) -> PlotFigure:
    """Write the title above and the notes below, make the figure as much higher as these need, and write the file.

    The panels keep the height that they were planned with, however many lines are above and below them.
    """
    style = figure.style
    above: list[tuple[Any, float]] = []
    below = 0.0
    renderer: Any = figure.canvas
    renderer = renderer.get_renderer()

    def height(artist: Any) -> float:
        return float(artist.get_window_extent(renderer).height) * 72 / figure.dpi

    if title is not None:
        size = style.size + (0.5 if style.narrow else 2)
        text = figure.text(
            0, 1, wrapped(figure, literal(title, 200), size, "bold"), fontsize=size, fontweight="bold", va="top",
            color=style.theme.ink,
        )  # fmt: skip
        above.append((text, height(text)))
    if figure.legend_above is not None:
        above.append((figure.legend_above, height(figure.legend_above)))
    sentences = "; ".join(dict.fromkeys(sentence for sentence in (*figure.notes, *notes) if sentence))
    if sentences:
        small = max(MINIMUM_FONT_SIZE, style.size - 1)
        last = figure.text(
            0, 0, wrapped(figure, sentences, small), fontsize=small, color=style.theme.muted, va="bottom",
            linespacing=1.25,
        )  # fmt: skip
        below = height(last) + _MARGIN
    wide, planned = (float(side) * 72 for side in figure.get_size_inches())
    total = planned + sum(high + _MARGIN for _, high in above) + below + (_MARGIN if above else 0.0)
    figure.set_size_inches(wide / 72, total / 72)
    left, top = _MARGIN / wide, 1 - _MARGIN / total
    for artist, high in above:
        if artist is figure.legend_above:
            artist.set_bbox_to_anchor((left, top), transform=figure.transFigure)
        else:
            artist.set_position((left, top))
        artist.set_in_layout(False)
        top -= (high + _MARGIN) / total
    if sentences:
        last.set_position((left, _MARGIN / total))
        last.set_in_layout(False)
    figure.layout.set(rect=(0, below / total, 1, planned / total))
    figure.draw_without_rendering()
    if path is not None:
        figure.savefig(Path(path))
    return figure
