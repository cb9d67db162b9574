"""What plots accept: tensors, arrays, lists and histories, checked at the door and turned into NumPy arrays."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...autograd import Tensor
from .style import Style, file_format, literal, style_of

__all__ = [
    "Start",
    "array",
    "begin",
    "gaps",
    "integers",
    "is_numbers",
    "labels_for",
    "listing",
    "number_labels",
    "pair",
]


@dataclass(frozen=True, slots=True)
class Start:
    """What every plot begins with: its look, the module that draws, and the axes to draw into, if they are given."""

    what: str
    style: Style
    figure: Any  # the module figure.py
    ax: Any = None

    def hand_over(self, handles: Mapping[str, Any], notes: Iterable[str], title: Any) -> None:
        """Leave legend and notes to the figure, if it is one of ours; otherwise write the legend into the axes.

        The caller of a plot with ax= draws further panels; `panels` writes one legend for all of them.
        """
        if title is not None:
            self.figure.heading(self.ax, literal(title), self.style)
        owner = self.ax.get_figure(root=True)
        if isinstance(owner, self.figure.PlotFigure):
            for name, handle in handles.items():
                owner.handles.setdefault(name, handle)
            owner.notes += [note for note in notes if note]
        elif handles:
            self.ax.legend(
                list(handles.values()), list(handles), frameon=False, fontsize=self.style.size,
                labelcolor=self.style.theme.ink,
            )  # fmt: skip

    def leave_map(self, ax: Any, drawn: Any, words: str) -> None:
        """Leave a map of colours to a figure of ours, which draws one bar for all that are alike; else draw its bar."""
        owner = ax.get_figure(root=True)
        if isinstance(owner, self.figure.PlotFigure):
            owner.maps.append((ax, drawn, words))
        else:
            self.figure.colour_bar(ax.figure, drawn, ax, self.style, words)


def begin(what: str, path: Any, theme: Any, width: Any, ax: Any = None) -> Start:
    """Check the arguments that all plots share, and load matplotlib.

    Raises:
        ImportError: matplotlib is not installed.
        TypeError, ValueError: an argument is not allowed.
    """
    if path is not None:
        if not isinstance(path, str | os.PathLike):
            raise TypeError(f"{what}: path must be a file name, not {type(path).__name__}")
        file_format(what, path)
        if ax is not None:
            raise ValueError(f"{what}: with ax= the figure is yours: save it with ax.figure.savefig(path)")
    style = style_of(what, theme, width)
    try:
        import matplotlib
    except ImportError as error:
        raise ImportError(
            f"{what} needs matplotlib: pip install matplotlib (or pip install 'glassgrad[plots]')"
        ) from error
    del matplotlib
    from . import figure

    return Start(what, style if ax is None else figure.axes_style(what, ax, theme, width), figure, ax)


def array(what: str, name: str, value: Any, ndim: int | tuple[int, ...] | None = None) -> NDArray[np.float64]:
    """Return real numbers as a float64 array of one of the numbers of dimensions asked for, not empty.

    Raises:
        TypeError: these are no real numbers.
        ValueError: there are none, rows differ in length, or the number of dimensions is another.

    >>> array("plot", "loss", [1, None, 3], 1)
    array([ 1., nan,  3.])
    """
    if isinstance(value, Tensor):
        value = value.detach().numpy()
    elif not isinstance(value, np.ndarray) and isinstance(value, Iterable) and not isinstance(value, Mapping | str):
        value = [element.detach().numpy() if isinstance(element, Tensor) else element for element in value]
    try:
        found = np.asarray(value)
        if found.dtype.kind == "O":  # None stands for a gap
            found = np.asarray(value, dtype=np.float64)
    except ValueError as error:
        raise ValueError(f"{what}: the rows of {name} differ in length or are not numbers ({error})") from None
    except TypeError:
        raise TypeError(f"{what}: {name} must be real numbers, not {_described(value)}") from None
    if found.dtype.kind not in "fiub":
        raise TypeError(f"{what}: {name} must be real numbers, not {_described(value)}")
    if found.size == 0:
        raise ValueError(f"{what}: {name} is empty (shape {found.shape}); there is nothing to draw")
    wanted = (ndim,) if isinstance(ndim, int) else ndim
    if wanted is not None and found.ndim not in wanted:
        raise ValueError(
            f"{what}: {name} must have {' or '.join(map(str, wanted))} dimension{'s' if wanted != (1,) else ''}, "
            f"got shape {found.shape}"
        )
    return found.astype(np.float64)


def _described(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of {value.dtype}"
    return f"{type(value).__name__} {str(value)[:40]!r}"


def integers(what: str, name: str, value: Any) -> NDArray[np.int64]:
    """Return class numbers, shape (N,), from class numbers or from one row of scores each, shape (N, C).

    Raises:
        TypeError, ValueError: as `array`; or a class is no whole number, or negative.

    >>> integers("plot", "predicted", [[0.1, 0.9], [0.8, 0.2]])
    array([1, 0])
    """
    found = array(what, name, value, (1, 2))
    if np.isnan(found).any():
        raise ValueError(f"{what}: {name} holds NaN; a class is a whole number")
    if found.ndim == 2:
        return np.argmax(found, axis=1)
    wrong = found[(found != np.floor(found)) | (found < 0) | ~np.isfinite(found)]
    if wrong.size:
        raise ValueError(f"{what}: {name} must be whole numbers from 0, or rows of scores; it holds {wrong[0]:g}")
    return found.astype(np.int64)


def is_numbers(value: Any) -> bool:
    """Whether a value is a flat row of numbers, as one curve is."""
    if isinstance(value, Tensor | np.ndarray):
        return value.ndim == 1
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        return False
    return all(
        element is None
        or (isinstance(element, int | float | np.number | Tensor | np.ndarray) and np.ndim(element) == 0)
        for element in value
    )


def labels_for(what: str, labels: Any, count: int, name: str = "labels") -> list[str]:
    """Return as many labels as there are things to name.

    Raises:
        TypeError, ValueError: it is not a sequence of that length.
    """
    if isinstance(labels, str) or not isinstance(labels, Sequence | np.ndarray):
        raise TypeError(f"{what}: {name} must be a list of names, not {labels!r}")
    if len(labels) != count:
        raise ValueError(f"{what}: {count} names are needed in {name}, got {len(labels)}")
    return [str(label) for label in labels]


def number_labels(count: int, word: str) -> list[str]:
    """Return ``"run 1"``, ``"run 2"``, ..."""
    return [f"{word} {i + 1}" for i in range(count)]


def pair(what: str, name: str, value: Any, positive: bool = False) -> tuple[float, float]:
    """Return a lowest and a highest number.

    Raises:
        ValueError: it is no such pair, or with `positive` not above 0.

    >>> pair("plot", "limits", (0, 1))
    (0.0, 1.0)
    """
    try:
        low, high = (float(v) for v in value)
    except (TypeError, ValueError):
        low, high = 1.0, 0.0
    if not -np.inf < low < high < np.inf or (positive and low <= 0):
        raise ValueError(
            f"{what}: {name} must be (lowest, highest){', both above 0' if positive else ''}, got {value!r}"
        )
    return low, high


def gaps(values: NDArray[Any], noun: str = "value") -> str:
    """Return the sentence that says how many values are not drawn because they are NaN or infinite.

    >>> gaps(np.array([1.0, np.nan]))
    '1 value is NaN or infinite and left out'
    """
    count = int(values.size - np.isfinite(values).sum())
    if not count:
        return ""
    return f"{count:,} {noun}{' is' if count == 1 else 's are'} NaN or infinite and left out"


def listing(names: Iterable[Any], most: int = 12) -> str:
    """Write the names that could have been meant."""
    names = [repr(str(name)) for name in names]
    return ", ".join(names[:most]) + (f", and {len(names) - most} more" if len(names) > most else "")
