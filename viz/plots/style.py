"""How plots look: colours, line styles, markers and sizes of letters, with no drawing and no matplotlib in it.

A line differs from its neighbours in colour, in dashes and in marker, so nothing is lost in grey. Letters never get
smaller than 7 points: a narrow plot is laid out anew instead of being shrunk.
"""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass
from typing import Any

from ..theme import THEMES, Theme

__all__ = ["FORMATS", "MINIMUM_FONT_SIZE", "Style", "file_format", "literal", "style_of"]

FORMATS = ("svg", "png", "pdf")
MINIMUM_FONT_SIZE = 7.0  # points; what can be read on paper
_NARROW, _WIDE = 7.0, 16.0  # centimetres: a column of a two-column page, and a page
_LONGEST = 60  # characters of a label

# Okabe–Ito, strongest first; orange and sky blue are darkened to reach a contrast of 3 with white.
_COLOURS = {
    "light": ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#0F172A", "#B87F00", "#2B8CC4"),
    "dark": ("#56B4E9", "#D55E00", "#009E73", "#CC79A7", "#F1F5F9", "#E69F00", "#F0E442"),
    "print": ("#000000", "#767676", "#404040", "#8C8C8C", "#000000", "#767676", "#404040"),
}
_GRID = {"light": "#E2E8F0", "dark": "#27344A", "print": "#E0E0E0"}
# Offset and lengths of strokes and gaps, in line widths.
_DASHES: tuple[Any, ...] = (
    "solid", (0, (5, 1.8)), (0, (1.2, 1.4)), (0, (6, 1.6, 1.2, 1.6)), (0, (9, 2)), (0, (3, 1, 1, 1, 1, 1)),
    (0, (2.4, 2.4)),
)  # fmt: skip
_MARKERS = ("o", "s", "^", "D", "v", "P", "X")


@dataclass(frozen=True, slots=True)
class Style:
    """The look of one plot: a theme at a width in centimetres."""

    theme: Theme
    width: float

    @property
    def name(self) -> str:
        return self.theme.name if self.theme.name in _COLOURS else "light"

    @property
    def grid(self) -> str:
        return _GRID[self.name]

    @property
    def narrow(self) -> bool:
        """Whether the plot is a column wide rather than a page."""
        return self.width < 10

    @property
    def size(self) -> float:
        """Points of ordinary letters: 7 in a column, 8 on a page, and no more beyond."""
        grown = MINIMUM_FONT_SIZE + (self.width - _NARROW) / (_WIDE - _NARROW)
        return min(max(grown, MINIMUM_FONT_SIZE), 8.0)

    @property
    def line(self) -> float:
        """Points of the width of a curve."""
        return 1.3 if self.narrow else 1.7

    def colour(self, i: int) -> str:
        colours = _COLOURS[self.name]
        return colours[i % len(colours)]

    def dashes(self, i: int) -> Any:
        return _DASHES[i % len(_DASHES)]

    def marker(self, i: int) -> str:
        return _MARKERS[i % len(_MARKERS)]


def style_of(what: str, theme: Any = "light", width: Any = _WIDE) -> Style:
    """Return the style for the arguments ``theme`` and ``width`` of the plot called ``what``.

    Raises:
        TypeError: an argument is of the wrong kind.
        ValueError: there is no such theme, or the width is not between 4 and 100 cm.

    >>> style_of("plot", "dark", 7).size
    7.0
    """
    if not isinstance(theme, Theme):
        if not isinstance(theme, str):
            raise TypeError(f"{what}: theme must be a name or a Theme, not {type(theme).__name__}")
        if theme not in THEMES:
            raise ValueError(f"{what}: there is no theme {theme!r}; choose {', '.join(map(repr, THEMES))}")
        theme = THEMES[theme]
    if isinstance(width, bool) or not isinstance(width, int | float):
        raise TypeError(f"{what}: width must be a number of centimetres, not {width!r}")
    if not 4 <= width <= 100:
        raise ValueError(f"{what}: width must be between 4 and 100 centimetres, got {width:g}")
    return Style(theme, float(width))


def file_format(what: str, path: Any) -> str:
    """Return the format that a path's suffix names.

    >>> file_format("plot", "curve.SVG")
    'svg'
    """
    name = os.fspath(path)
    suffix = os.path.splitext(name)[1][1:].lower()
    if suffix not in FORMATS:
        raise ValueError(f"{what}: cannot tell the format of {name!r}; end it in .svg, .png or .pdf")
    return suffix


def literal(text: Any, longest: int = _LONGEST) -> str:
    r"""Return text that matplotlib writes as it is: no mathematics between dollar signs, one line, not too long.

    >>> print(literal("costs $5\nor $6"))
    costs \$5 or \$6
    """
    words = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in str(text))
    words = " ".join(words.split())
    if len(words) > longest:
        words = words[: longest - 1].rstrip() + "…"
    return words.replace("$", r"\$")
