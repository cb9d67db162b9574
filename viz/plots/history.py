"""The plot of one history as it is: every loss and every accuracy in it, in a file."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import numbers
from .runs import plain
from .style import Style, file_format, literal
from .values import begin

__all__ = ["learning_curve"]

_NOT_PLOTTED = ("seconds",)  # what a history also holds, and no measure of learning


def learning_curve(history: Any, path: str | os.PathLike[str], *, title: str | None = None) -> Path:
    """Plot losses, and accuracies if there are any, against epochs. See ``learning_curves`` for several runs.

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

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     learning_curve({"train_loss": [2.3, 1.1, 0.6]}, Path(folder) / "curve.svg").name
    'curve.svg'
    """
    file_format("learning_curve", path)
    epochs, series = _series(history)
    accuracies = {name: values for name, values in series.items() if "acc" in name.lower()}
    losses = {name: values for name, values in series.items() if name not in accuracies and name not in _NOT_PLOTTED}
    panels = [panel for panel in ((losses, "loss"), (accuracies, "accuracy in %")) if panel[0]]
    start = begin("learning_curve", path, "light", 11.7 * len(panels))
    with start.figure.settings():
        figure = start.figure.new_figure(start.style, 8.4)
        for axes, (lines, label) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
            start.figure.dress(axes, start.style)
            _panel(axes, epochs, lines, label, start.style)
            if axes.get_yscale() == "log":
                start.figure.log_axis(axes, "y", start.style)
        start.figure.finish(figure, title, path)
    return Path(path)


def _panel(axes: Any, epochs: Sequence[float], lines: Mapping[str, Sequence[float]], label: str, style: Style) -> None:
    """Draw one panel: the curves, each with the number it ended at, which is what the reader looks for."""
    per_cent = "%" in label
    for i, (name, values) in enumerate(lines.items()):
        shown = [100 * v if per_cent and _is_fraction(values) else v for v in values]
        finite = [v for v in shown if math.isfinite(v)]
        end = f"  {numbers.number(finite[-1])}" if finite else ""
        axes.plot(
            epochs, shown, color=style.colour(i), linewidth=1.8, markersize=3.5, solid_capstyle="round",
            linestyle=style.dashes(i), marker=style.marker(i) if len(shown) <= 25 else None,
            label=literal(name.replace("_", " ")) + end,
        )  # fmt: skip
    axes.set_xlabel("epoch")
    axes.set_title(label, loc="left", fontsize=style.size, color=style.theme.muted)
    axes.xaxis.get_major_locator().set_params(integer=True)
    flat = [v for values in lines.values() for v in values if math.isfinite(v)]
    if not per_cent and flat and min(flat) > 0 and max(flat) > 50 * min(flat):
        axes.set_yscale("log")
    axes.legend(frameon=False, fontsize=style.size, loc="best", handlelength=2.2, labelcolor=style.theme.ink)


def _is_fraction(values: Sequence[float]) -> bool:
    return all(v <= 1.0 for v in values if math.isfinite(v))


def _series(history: Any) -> tuple[list[float], dict[str, list[float]]]:
    """Return the epochs and the named curves of any of the accepted forms."""
    history = plain(history)
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
