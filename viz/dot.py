"""Writing DOT: the language of graphviz, with one place where text is made safe.

Names are data. Whatever a user calls a tensor reaches the picture only through :func:`run`, which escapes it, or
through :func:`quote`, as a tooltip. Ids are ours (``n17``) and quoted; no record shapes, no labels in DOT's own escape
language. ``teach.py`` and ``network.py`` say what is drawn; this file says how it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from .theme import FONT, Theme

__all__ = ["Cell", "Drawing", "Statement", "Writer", "beside", "card", "clean", "pill", "quote", "run"]

# Longer text in one attribute overflows buffers of old graphviz versions. An SVG carries the whole in <title>.
LONGEST_TOOLTIP = 2_000


def clean(text: str) -> str:
    """Return the text with every character that XML cannot carry made visible.

    Control characters become their pictures (NUL is ␀, a line break ␊), other unprintable code points become �.

    >>> clean("a\\0b\\nc")
    'a␀b␊c'
    """
    return "".join(map(_visible, text)) if not (text.isascii() and text.isprintable()) else text


def _visible(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if 0x80 <= code < 0xA0 or 0xD800 <= code < 0xE000 or code & 0xFFFE == 0xFFFE:
        return "�"
    return character


def run(text: str, colour: str | None = None, size: float | None = None, bold: bool = False) -> str:
    """Return one run of text for an HTML-like label. This is the one place where text enters a label.

    ``&``, ``<``, ``>`` and quotes become entities. A backslash is doubled, because graphviz replaces ``\\N``, ``\\G``
    and the like inside HTML-like labels too. Empty text becomes a space: an empty ``<font>`` is a syntax error.

    >>> run("<b> & \\\\N")
    '&lt;b&gt; &amp; \\\\\\\\N'
    """
    text = clean(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    text = text.replace("\\", "\\\\") or " "
    if bold:
        text = f"<b>{text}</b>"
    if colour is None and size is None:
        return text
    attributes = ("" if colour is None else f' color="{colour}"') + ("" if size is None else f' point-size="{size}"')
    return f"<font{attributes}>{text}</font>"


def quote(text: str) -> str:
    """Return text as a quoted DOT string for ids, colours and tooltips.

    DOT's escapes in tooltips are replaced a different number of times by different versions of graphviz, so a backslash
    is written as the look-alike U+29F5; the SVG gets the exact text from :class:`Drawing`.
    """
    text = clean(text).replace("\\", "⧵").replace("&", "&amp;").replace('"', '\\"')
    return f'"{text}"'


def _tooltip(text: str) -> str:
    return quote(text if len(text) <= LONGEST_TOOLTIP else text[:LONGEST_TOOLTIP] + "…")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a card: finished label text from :func:`run`, and how it lies."""

    text: str
    align: str = "left"
    port: str | None = None
    fill: str | None = None
    span: int = 1
    width: int | None = None

    def write(self) -> str:
        """Return the cell as label text."""
        parts = [f'align="{self.align}"'] if self.align != "center" else []
        parts += [f'port="{self.port}"'] if self.port else []
        parts += [f'bgcolor="{self.fill}"'] if self.fill else []
        parts += [f'colspan="{self.span}"'] if self.span > 1 else []
        parts += [f'width="{self.width}"'] if self.width else []
        return f"<td {' '.join(parts)}>{self.text}</td>" if parts else f"<td>{self.text}</td>"


RULE = "<hr/>"
# A strip below a coloured row: graphviz paints cells over the rounded corners of their table.
FOOT = '<tr><td height="5" cellpadding="0"></td></tr>'
HEAD = '<tr><td height="2" cellpadding="0"></td></tr>'


def card(
    rows: Iterable[Sequence[Cell] | str],
    *,
    line: str,
    fill: str,
    border: float = 1,
    dashed: bool = False,
    padding: int = 4,
) -> str:
    """Return a rounded card: rows of cells, and :data:`HEAD`, :data:`RULE`, :data:`FOOT` above, between, below them."""
    style = "rounded,dashed" if dashed else "rounded"
    body = "".join(row if isinstance(row, str) else f"<tr>{''.join(c.write() for c in row)}</tr>" for row in rows)
    return (
        f'<<table border="{border:g}" color="{line}" style="{style}" bgcolor="{fill}" cellborder="0" cellspacing="0" '
        f'cellpadding="{padding}">{body}</table>>'
    )


def pill(text: str, fill: str) -> str:
    """Return an edge label on its own ground, so that a line behind it does not cross the letters."""
    return (
        f'<<table border="0" cellborder="0" cellspacing="0" cellpadding="2" bgcolor="{fill}"><tr><td>{text}</td></tr>'
        "</table>>"
    )


def beside(text: str) -> str:
    """Return an edge label that stands a little away from its line."""
    return (
        '<<table border="0" cellborder="0" cellspacing="0" cellpadding="2"><tr><td width="3"></td>'
        f"<td>{text}</td></tr></table>>"
    )


@dataclass(frozen=True, slots=True)
class Statement:
    """One line of DOT: what it is about, its attributes if it has any, and the id that layout results go by."""

    subject: str
    attributes: Mapping[str, str | float] | None = None
    key: str | None = None


@dataclass(frozen=True)
class Drawing:
    """A finished picture.

    Attributes:
        statements: the DOT text, line by line.
        titles: element id to its full description, for the ``<title>`` elements of an SVG.
        labels: edge id to the plain text of its label, for edges whose labels are to be placed on their lines.
        spread: graph attributes for a layout that leaves these labels out.
        title, description: of the whole picture, for readers who do not see it.
    """

    statements: tuple[Statement, ...]
    titles: Mapping[str, str]
    labels: Mapping[str, str]
    spread: Mapping[str, str | float]
    title: str
    description: str

    @property
    def source(self) -> str:
        """The picture as DOT, complete: what a ``.dot`` file holds."""
        return self.write()

    def write(
        self, tooltips: bool = True, labels: bool = True, positions: Mapping[str, Mapping[str, str]] | None = None
    ) -> str:
        """Return the picture as DOT.

        Args:
            tooltips: whether to write them; for SVG their text takes another way.
            labels: whether to write those labels that are to be placed on their lines.
            positions: attributes to add, by id: where a first layout has put nodes, lines and labels.
        """
        lines = []
        for statement in self.statements:
            if statement.attributes is None:
                lines.append(statement.subject)
                continue
            written = dict(statement.attributes)
            if not tooltips:
                written = {name: value for name, value in written.items() if not name.endswith("tooltip")}
            if statement.key in self.labels and not labels:
                written.pop("label", None)
            if statement.key == "graph" and (positions is not None or not labels):
                written |= self.spread
            if positions is not None and statement.key is not None:
                written |= positions.get(statement.key, {})
            pairs = ", ".join(f"{name}={_value(name, value)}" for name, value in written.items() if value != "")
            lines.append(f"{statement.subject} [{pairs}];")
        return "\n".join([*lines, ""])


class Writer:
    """Collects the statements of one digraph. Every method writes one statement; nothing else writes DOT."""

    def __init__(self, theme: Theme, **attributes: str | float) -> None:
        self.theme = theme
        self._titles: dict[str, str] = {}
        self._labels: dict[str, str] = {}
        self._statements: list[Statement] = [Statement("digraph glassgrad {")]
        self._depth = 1
        self._boxes = 0
        self._add("graph", {"bgcolor": theme.background, "fontname": FONT, "pad": 0.3, **attributes}, "graph")
        self._add("node", {"fontname": FONT, "fontsize": 12, "fontcolor": theme.ink, "shape": "plain"})
        self._add("edge", {"fontname": FONT, "fontsize": 11, "color": theme.forward, "arrowsize": 0.7, "penwidth": 1.3})

    def heading(self, rows: Iterable[str]) -> None:
        """Put lines of finished label text above the picture."""
        body = "".join(f"<tr><td>{row}</td></tr>" for row in rows)
        if body:
            label = (
                '<<table border="0" cellborder="0" cellspacing="0" cellpadding="2">'
                f'{body}<tr><td height="6"></td></tr></table>>'
            )
            self._add("graph", {"labelloc": "t", "fontsize": 15, "fontcolor": self.theme.ink, "label": label})

    def node(self, key: str, label: str, title: str) -> None:
        """Write a node whose label is a finished card."""
        self._titles[key] = title
        self._add(quote(key), {"id": key, "tooltip": title, "label": label}, key)

    def edge(
        self,
        key: str,
        tail: str,
        head: str,
        title: str,
        *,
        text: str = "",
        on_line: bool = False,
        looks: Mapping[str, str | float] | None = None,
    ) -> None:
        """Write an edge between ids, each optionally followed by ports as in ``n3:v:e``.

        Args:
            key: the id of the edge.
            tail, head: what it joins.
            title: its full description.
            text: its label.
            on_line: whether the label is to be placed on the line once the layout is known.
            looks: further DOT attributes.
        """
        self._titles[key] = title
        written: dict[str, str | float] = {"id": key, "tooltip": title, **(looks or {})}
        if text:
            # Beside its line a label needs distance, on its line a ground that hides the line.
            label = pill(run(text), self.theme.background) if on_line else beside(run(text))
            written |= {"labeltooltip": title, "label": label}
            if on_line:
                self._labels[key] = text
        self._add(f"{_end(tail)} -> {_end(head)}", written, key)

    def defaults(self, **attributes: str | float) -> None:
        """Write attributes for the edges that follow."""
        self._add("edge", attributes)

    def open(self, label: str, title: str, looks: Mapping[str, str | float]) -> None:
        """Begin a box."""
        key = f"cluster_{self._boxes}"
        self._boxes += 1
        self._titles[key] = title
        self._add(f"subgraph {quote(key)} {{")
        self._depth += 1
        self._add("graph", {"id": key, "tooltip": title, "label": label, **looks})

    def close(self) -> None:
        """End the box begun last."""
        self._depth -= 1
        self._add("}")

    def finish(self, title: str, description: str, **spread: str | float) -> Drawing:
        """Return the picture; ``spread`` are graph attributes for a layout without the labels on lines."""
        statements = (*self._statements, Statement("}"))
        return Drawing(statements, self._titles, self._labels, spread, title, description)

    def _add(self, text: str, attributes: Mapping[str, str | float] | None = None, key: str | None = None) -> None:
        self._statements.append(Statement("  " * self._depth * (len(self._statements) > 0) + text, attributes, key))


def _end(end: str) -> str:
    key, *ports = end.split(":")
    return ":".join([quote(key), *ports])


def _value(name: str, value: str | float) -> str:
    if not isinstance(value, str):
        return f"{value:g}"
    if name == "label" and value.startswith("<<table"):
        return value
    return _tooltip(value) if name.endswith("tooltip") else quote(value)
