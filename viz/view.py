"""What a user holds: a picture of a graph that shows itself in notebooks and saves itself by file name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import network, passes, render, teach
from .dot import Drawing
from .extract import extract
from .model import Edge, Graph, Node
from .text import listing
from .theme import THEMES

__all__ = ["GraphView", "graph"]

MODES = ("teach", "net")
_MOST_TAUGHT = 60  # operations
_HURRY = 1500  # cost from which dot is asked for less
_FORMATS = (*render.IMAGE_FORMATS, "dot", "txt")


class GraphView:
    """A picture of a computation: what :func:`graph` returns.

    In a notebook it shows itself. ``print(g)`` lists it. ``save`` writes SVG, PNG, PDF, DOT or text, by the suffix of
    the file name. It holds plain data only, so it neither keeps tensors alive nor changes when they do.

    Attributes:
        full: the :class:`~glassgrad.viz.model.Graph` as it was read, with every operation.
        shown: the Graph that is drawn, after views, constants and modules were folded.
        mode: ``"teach"`` or ``"net"``.
    """

    def __init__(
        self, full: Graph, *, title: str | None = None, mode: str | None = None, depth: int | str | None = "auto",
        theme: str = "light", direction: str | None = None,
    ) -> None:  # fmt: skip
        if mode is None:
            mode = "teach" if full.meta.get("scalars") and full.meta.get("operations", 0) <= _MOST_TAUGHT else "net"
        if mode not in MODES:
            raise ValueError(f"viz.graph: mode must be one of {', '.join(MODES)}, got {mode!r}")
        if theme not in THEMES:
            raise ValueError(f"viz.graph: theme must be one of {', '.join(THEMES)}, got {theme!r}")
        if direction not in (None, "LR", "TB", "RL", "BT"):
            raise ValueError(f"viz.graph: direction must be 'LR', 'TB', 'RL' or 'BT', got {direction!r}")
        if not (depth is None or depth == "auto" or (type(depth) is int and depth >= 1)):
            raise ValueError(f"viz.graph: depth must be 'auto', None or a positive integer, got {depth!r}")
        self.full = full
        self.mode = mode
        self._settings: dict[str, Any] = {
            "title": title, "mode": mode, "depth": depth, "theme": theme, "direction": direction,
        }  # fmt: skip
        self.shown = _prepare(full, mode, depth)

    # -- looking at the model ----------------------------------------------------------------------------------------

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The nodes that are drawn, in the order of computation."""
        return self.shown.nodes

    @property
    def edges(self) -> tuple[Edge, ...]:
        """The edges that are drawn, by consumer and operand number."""
        return self.shown.edges

    def view(self, **changes: Any) -> GraphView:
        """Return the same graph drawn otherwise: ``title``, ``mode``, ``depth``, ``theme``, ``direction``.

        >>> import glassgrad as gg
        >>> x = gg.Scalar(2.0, requires_grad=True, name="x")
        >>> gg.viz.graph(x * x).view(mode="net").mode
        'net'
        """
        unknown = set(changes) - set(self._settings)
        if unknown:
            raise TypeError(f"view: unknown setting {sorted(unknown)[0]!r}; there are {', '.join(self._settings)}")
        return GraphView(self.full, **{**self._settings, **changes})

    def select(self, path: str) -> GraphView:
        """Return a picture of one module, such as ``"encoder.0"``, with what enters it as inputs.

        Raises:
            ValueError: nothing ran in that module; the message lists those there are.
        """
        return GraphView(passes.select(self.full, path), **self._settings)

    # -- drawing -----------------------------------------------------------------------------------------------------

    def drawing(self) -> Drawing:
        """Return the picture in DOT with its descriptions."""
        theme, title, direction = (self._settings[key] for key in ("theme", "title", "direction"))
        if self.mode == "teach":
            return teach.draw(self.shown, THEMES[theme], title, direction or "LR")
        hurried = passes.dot_cost(self.shown) > _HURRY
        title = title if title is not None else self.shown.meta.get("title")
        return network.draw(self.shown, THEMES[theme], title, direction or "TB", hurried)

    def _image(self, suffix: str) -> bytes:
        cost = passes.dot_cost(self.shown)
        if cost > render.COST_LIMIT:
            raise render.RenderError(
                f"the graph is too large for dot: {len(self.nodes):,} cards, estimated cost {cost:,} of at most "
                f"{render.COST_LIMIT:,}. Draw less with viz.graph(y, depth=1) or g.select('module'); "
                "g.save('graph.dot') and print(g) always work"
            )
        return render.image(self.drawing(), suffix)

    def to_dot(self) -> str:
        """Return the picture as DOT text; needs no program."""
        return self.drawing().source

    def svg(self) -> str:
        """Return the picture as SVG, for embedding in a page.

        Raises:
            RenderError: graphviz's ``dot`` is missing, failed, or took longer than ten seconds.
        """
        return self._image("svg").decode()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to a file whose suffix chooses the format: .svg, .png, .pdf, .dot or .txt.

        The file is replaced in one step: a reader never sees half of it.

        Returns:
            The path.

        Raises:
            ValueError: the suffix is none of these.
            RenderError: an image is wanted and ``dot`` is missing, failed, or took longer than ten seconds.
        """
        suffix = Path(path).suffix[1:].lower()
        if suffix not in _FORMATS:
            raise ValueError(
                f"save: cannot tell the format of {os.fspath(path)!r}; end it in "
                + ", ".join(f".{known}" for known in _FORMATS)
            )
        if suffix == "dot":
            data = self.to_dot().encode()
        elif suffix == "txt":
            data = f"{self}\n".encode()
        else:
            data = self._image(suffix)
        return render.write_atomically(path, data)

    def __str__(self) -> str:
        return listing(self.shown, self.mode, self._settings["title"] or self.shown.meta.get("title"))

    def __repr__(self) -> str:
        return f"<GraphView, {self.mode}: {len(self.nodes)} nodes, {len(self.edges)} edges; print it or save it>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """Show the picture in notebooks; where ``dot`` is missing, the listing and the reason."""
        try:
            return {"image/svg+xml": self.svg(), "text/plain": str(self)}
        except render.RenderError as error:
            return {"text/plain": f"{self}\n({error})"}


def _prepare(full: Graph, mode: str, depth: int | str | None) -> Graph:
    """Run the passes of a mode."""
    shown = passes.inline_constants(full)
    if mode == "teach":
        return passes.alias_leaves(shown, keep=3)
    shown = passes.name_inputs(passes.attach_parameters(passes.fold_views(shown)))
    if depth == "auto":
        depth = passes.auto_depth(shown)
        if depth is not None:
            closed = passes.collapse(shown, depth)
            shown = closed.note(
                f"{len(shown.nodes):,} values, drawn as {len(closed.nodes)}: modules are closed at depth {depth}"
            )
    elif isinstance(depth, int):
        shown = passes.collapse(shown, depth)
    return passes.alias_leaves(shown)


def graph(
    y: Any, *, title: str | None = None, mode: str | None = None, depth: int | str | None = "auto",
    names: Mapping[str, Any] | None = None, theme: str = "light", direction: str | None = None,
) -> GraphView:  # fmt: skip
    """Draw the computation that produced ``y``.

    Args:
        y: a Tensor or Scalar, or a list, tuple or dict of them. Nothing is run again, and nothing is kept alive.
        title: printed above the picture; by default a scalar graph prints its own formula.
        mode: ``"teach"``: a card for each value with its gradient, and the local derivative on each arrow;
            ``"net"``: operations from top to bottom with shapes, parameters, and modules as boxes. By default teach
            for Scalars with at most 60 operations, net for everything else.
        depth: how deep modules are opened in net mode: 1 draws each outermost module as one card, ``None`` draws every
            operation, ``"auto"`` closes modules until at most 150 cards are left.
        names: names for values as a mapping of name to Tensor or Scalar. ``names=locals()`` names every variable of a
            function; entries that are no Tensor or Scalar are ignored.
        theme: ``"light"``, ``"dark"`` or ``"print"``.
        direction: where the computation runs: ``"LR"`` (default of teach), ``"TB"`` (default of net), ...

    Returns:
        A :class:`GraphView`. Gradients are shown as they are now: draw after ``backward()`` to see them; before it they
        are ``–``.

    Raises:
        TypeError: ``y`` is not a Tensor or Scalar.
        ValueError: a setting is unknown.

    >>> import glassgrad as gg
    >>> x = gg.Scalar(3.0, requires_grad=True, name="x")
    >>> y = x * x + 1
    >>> y.backward()
    >>> print(gg.viz.graph(y))
    2 operations
      x          leaf    3   grad 3 + 3 = 6
      a = x · x          9   grad 1
      f = a + 1  output  10  grad 1 (seed)
    """
    full = passes.unwrap(extract(y, names=names))
    return GraphView(full, title=title, mode=mode, depth=depth, theme=theme, direction=direction)
