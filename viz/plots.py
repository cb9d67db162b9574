"""Plots of training, with matplotlib, which is optional and imported only here when a plot is made."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from . import numbers
from .render import write_atomically
from .theme import LIGHT

__all__ = ["learning_curve"]

_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
_NOT_PLOTTED = ("seconds",)  # what a history also holds, and no measure of learning
_MARKERS = ("o", "s", "^", "D", "v", "P")


def learning_curve(history: Any, path: str | os.PathLike[str], *, title: str | None = None) -> Path:
    """Plot losses, and accuracies if there are any, against epochs.

    Args:
        history: a mapping of name to one number per epoch, such as ``{"loss": [...], "test_accuracy": [...]}``, or an
            object with such a mapping as ``.history``, or a list of mappings, one for each epoch. Names that contain
            ``acc`` get a panel of their own in per cent; an entry named ``epoch`` gives the horizontal axis, and one
            named ``seconds`` is left out.
        path: where to write it; the suffix chooses the format (.svg, .png, .pdf).
        title: printed above.

    Returns:
        The path.

    Raises:
        ImportError: matplotlib is not installed.
        ValueError: there is nothing to plot, or the suffix is unknown.
    """
    suffix = Path(path).suffix[1:].lower()
    if suffix not in ("svg", "png", "pdf"):
        raise ValueError(f"learning_curve: cannot tell the format of {os.fspath(path)!r}; end it in .svg, .png or .pdf")
    epochs, series = _series(history)
    try:
        import matplotlib
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "learning_curve needs matplotlib: pip install matplotlib (or pip install 'glassgrad[examples]')"
        ) from error
    accuracies = {name: values for name, values in series.items() if "acc" in name.lower()}
    losses = {name: values for name, values in series.items() if name not in accuracies and name not in _NOT_PLOTTED}
    panels = [panel for panel in ((losses, "loss"), (accuracies, "accuracy in %")) if panel[0]]
    settings: dict[Any, Any] = {
        "svg.hashsalt": "glassgrad", "svg.fonttype": "path", "font.size": 10, "axes.spines.top": False,
        "axes.spines.right": False, "axes.edgecolor": LIGHT.muted, "axes.labelcolor": LIGHT.ink,
        "xtick.color": LIGHT.muted, "ytick.color": LIGHT.muted, "text.color": LIGHT.ink,
    }  # fmt: skip
    # A figure of our own, apart from pyplot: no window, no global state.
    with matplotlib.rc_context(settings):
        figure = Figure(figsize=(4.6 * len(panels), 3.3), layout="constrained")
        FigureCanvasAgg(figure)
        for axes, (lines, label) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
            _panel(axes, epochs, lines, label)
        if title:
            figure.suptitle(title, fontsize=12, fontweight="bold", x=0.01, ha="left")
        buffer = io.BytesIO()
        metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {"Software": None}}[suffix]
        figure.savefig(buffer, format=suffix, dpi=160, metadata=metadata)
    return write_atomically(path, buffer.getvalue())


def _panel(axes: Any, epochs: Sequence[float], lines: Mapping[str, Sequence[float]], label: str) -> None:
    """Draw one panel: the curves, each named at its end, where the reader looks for the result."""
    per_cent = "%" in label
    ends = []
    for i, (name, values) in enumerate(lines.items()):
        shown = [100 * v if per_cent and _is_fraction(values) else v for v in values]
        colour = _COLOURS[i % len(_COLOURS)]
        few = len(shown) <= 25
        axes.plot(
            epochs, shown, color=colour, linewidth=1.8, markersize=3.5, solid_capstyle="round",
            marker=_MARKERS[i % len(_MARKERS)] if few else None, label=name.replace("_", " "),
        )  # fmt: skip
        finite = [v for v in shown if math.isfinite(v)]
        if finite:
            ends.append((finite[-1], colour))
    axes.set_xlabel("epoch")
    axes.set_title(label, loc="left", fontsize=10, color=LIGHT.muted)
    axes.grid(axis="y", color="#E2E8F0", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.xaxis.get_major_locator().set_params(integer=True)
    if not per_cent and all(v > 0 for values in lines.values() for v in values if math.isfinite(v)):
        flat = [v for values in lines.values() for v in values if math.isfinite(v)]
        if flat and max(flat) > 50 * min(flat):
            axes.set_yscale("log")
    text = [f"{name.replace('_', ' ')}  {numbers.number(end)}" for name, (end, _) in zip(lines, ends, strict=False)]
    handles, _ = axes.get_legend_handles_labels()
    axes.legend(handles, text or None, frameon=False, fontsize=9, loc="best", handlelength=1.4)


def _is_fraction(values: Sequence[float]) -> bool:
    return all(v <= 1.0 for v in values if math.isfinite(v))


def _series(history: Any) -> tuple[list[float], dict[str, list[float]]]:
    """Return the epochs and the named curves of any of the accepted forms."""
    history = getattr(history, "history", history)
    if isinstance(history, Sequence) and history and all(isinstance(row, Mapping) for row in history):
        names = list(dict.fromkeys(name for row in history for name in row))
        history = {name: [row.get(name, math.nan) for row in history] for name in names}
    if not isinstance(history, Mapping):
        raise ValueError(f"learning_curve: history must map names to numbers per epoch, got {type(history).__name__}")
    series: dict[str, list[float]] = {}
    for name, values in history.items():
        try:
            series[str(name)] = [float(v) if v is not None else math.nan for v in values]
        except (TypeError, ValueError):
            continue  # times, learning-rate notes and the like are not curves
    epochs = series.pop("epoch", None) or series.pop("epochs", None)
    series = {name: values for name, values in series.items() if values}
    if not series:
        raise ValueError("learning_curve: the history holds no numbers yet; train first")
    longest = max(len(values) for values in series.values())
    series = {name: values + [math.nan] * (longest - len(values)) for name, values in series.items()}
    if epochs is None or len(epochs) != longest:
        epochs = [float(i + 1) for i in range(longest)]
    return epochs, series
