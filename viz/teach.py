"""The teaching view: both passes of backpropagation in one picture, for graphs one can follow with a pencil.

Each value is a card with its formula, its number and its gradient. Solid arrows carry values to the right; dashed
arrows carry gradients back, each labelled *upstream × local derivative = message*. Where several messages meet, the
card writes out their sum. A backward arrow is given to graphviz as a forward edge with its head at the tail, so that
both passes are laid out as parallel streams.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

from . import numbers
from .dot import FOOT, HEAD, RULE, Cell, Drawing, Writer, card, run
from .model import Edge, Graph, Node, Summary
from .placement import text_width
from .symbols import bracketed, clip, formula_title, header, operands
from .theme import Theme

__all__ = ["caption", "draw", "gradient_text", "local_text", "node_title"]

_SMALL = 9.5
_MOST_TERMS = 4


def draw(graph: Graph, theme: Theme, title: str | None = None, direction: str = "LR") -> Drawing:
    """Return the teaching view of a graph."""
    arrived = messages(graph)
    texts = operands(graph)
    heading = title if title is not None else formula_title(graph)
    writer = Writer(theme, rankdir=direction, nodesep=0.4, ranksep=0.9, splines="spline")
    lines = [run(heading, bold=True)] if heading else []
    lines += [run(line, theme.muted, 10.5) for line in caption(graph)]
    writer.heading(lines)
    for node in graph.nodes:
        writer.node(node.id, _card(node, texts[node.id], arrived[node.id], theme), node_title(node, texts[node.id]))
    names = {node.id: node for node in graph.nodes}
    # Row to row where the computation runs sideways; from card to card where it runs down or up.
    sides = {"LR": (":v:e", ":v:w", ":g:e", ":g:w"), "RL": (":v:w", ":v:e", ":g:w", ":g:e")}
    value_out, value_in, gradient_in, gradient_out = sides.get(direction, ("", "", "", ""))
    for i, edge in enumerate(graph.edges):
        writer.edge(f"f{i}", f"{edge.src}{value_out}", f"{edge.dst}{value_in}", _forward_title(edge, names))
    writer.defaults(dir="back", color=theme.backward, fontcolor=theme.gradient, style="dashed")
    widest = 0.0
    for i, edge in enumerate(graph.edges):
        if names[edge.src].differentiable:
            text = local_text(edge, names[edge.src], names[edge.dst])
            widest = max(widest, text_width(text))
            tail, head = f"{edge.src}{gradient_in}", f"{edge.dst}{gradient_out}"
            writer.edge(f"b{i}", tail, head, _backward_title(edge, names), text=text, on_line=True)
    # Room between two columns for the widest label and the arrow on both sides of it, in inches.
    gap = min(3.0, max(1.1, (widest + 48) / 72)) if value_out else 0.9
    return writer.finish(heading or "Computation graph", describe(graph), ranksep=gap)


def caption(graph: Graph) -> list[str]:
    """Return the lines that explain the drawing."""
    if any(node.grad is not None for node in graph.nodes):
        text = "solid: value, forward    ·    dashed: gradient, backward = upstream × local derivative"
        if not graph.meta.get("scalars", True) and any(node.grad is None for node in graph.nodes if node.is_operation):
            text += "    ·    –: not kept (tensors keep gradients on leaves)"
    else:
        text = "solid: value, forward    ·    dashed: local derivative (no backward pass yet)"
    return [text, *graph.meta.get("notes", ())]


def messages(graph: Graph) -> dict[str, list[float]]:
    """Return the gradients that arrived at every node, by the order of its uses; copies of a leaf count for it."""
    home = {node.id: node.target or node.id for node in graph.nodes}
    found: dict[str, list[float]] = defaultdict(list)
    for edge in graph.edges:
        if edge.message is not None:
            found[home[edge.src]].append(edge.message)
    return found


def gradient_text(node: Node, arrived: Sequence[float]) -> str:
    """Write a gradient: ``–`` before backward, a sum where messages met, ``(seed)`` where backward began.

    The sum is only written when it is the whole truth: what an earlier backward pass left would make it false.
    """
    if node.grad is None:
        return "–"
    total = node.grad.value
    if total is None:
        return _norm(node.grad)
    text = numbers.number(total)
    if node.output:
        return f"{text} (seed)" if not arrived else text
    if node.kind == "alias" or len(arrived) < 2 or not _adds_up(arrived, float(total)):
        return text
    if len(arrived) > _MOST_TERMS:
        return f"Σ {len(arrived)} messages = {text}"
    terms = [numbers.number(value) for value in arrived]
    written = terms[0]
    for term in terms[1:]:
        negative = term.startswith(numbers.MINUS)
        written += f" {numbers.MINUS} {term[1:]}" if negative else f" + {term}"
    return f"{written} = {text}"


def _adds_up(terms: Sequence[float], total: float) -> bool:
    if not all(math.isfinite(term) for term in terms):
        return False
    return math.isclose(math.fsum(terms), total, rel_tol=1e-9, abs_tol=1e-9 * max(abs(term) for term in terms))


def _norm(summary: Summary) -> str:
    return "‖g‖ " + (numbers.number(summary.norm) if summary.norm is not None else "?")


def local_text(edge: Edge, source: Node, result: Node) -> str:
    """Write what flows back along an edge: ``1 × cos x = −0.4161``; before backward ``∂b/∂x = cos x = −0.4161``."""
    local = edge.local
    if local is None:
        return ""
    if local.value is None:
        return clip(local.formula or "", 40)
    value = numbers.number(local.value)
    formula = clip(local.formula, 40) if local.formula else value
    if edge.message is None or result.grad is None or result.grad.value is None:
        derivative = f"∂{clip(result.symbol, 8)}/∂{clip(source.symbol, 8)} = {formula}"
        return derivative if formula == value else f"{derivative} = {value}"
    product = f"{numbers.number(result.grad.value)} × {bracketed(formula)}"
    # Times one there is nothing to work out.
    return product if formula == "1" else f"{product} = {numbers.number(edge.message)}"


def _value_text(node: Node) -> str:
    if node.value is not None and node.value.value is not None:
        return numbers.number(node.value.value)
    return numbers.shape(node.shape)


def _card(node: Node, texts: list[str], arrived: Sequence[float], theme: Theme) -> str:
    line, fill, border, badge = _looks(node, theme)
    name = node.symbol if not node.is_operation else f"{node.symbol} = {header(node, texts)}"
    head = [Cell(run(clip(name, 44), bold=True), span=1 if badge else 2)]
    if badge:
        head.append(Cell(run(badge, theme.muted, _SMALL), "right"))
    rows: list[Sequence[Cell] | str] = [HEAD, head, RULE]
    rows.append([Cell(run(_value_text(node)), "center", "v", span=2, width=None if node.kind == "alias" else 108)])
    if node.differentiable:
        text = gradient_text(node, arrived)
        rows.append([Cell(run(text, theme.gradient), "center", "g", theme.gradient_fill, span=2)])
        rows.append(FOOT)
    return card(rows, line=line, fill=fill, border=border, dashed=node.kind == "alias", padding=5)


def _looks(node: Node, theme: Theme) -> tuple[str, str, float, str]:
    """Return line, ground, border width and badge of a card."""
    if node.output:
        return theme.output, theme.output_fill, 2, "output"
    if node.kind == "alias":
        return theme.leaf, theme.background, 1, "again"
    if node.kind == "param":
        return theme.parameter, theme.parameter_fill, 1, "parameter"
    if not node.is_operation:
        return theme.leaf, theme.leaf_fill, 1, "leaf" if node.differentiable else "constant"
    if node.order:
        return theme.derivative, theme.derivative_fill, 1, "∂" * node.order
    return theme.operation, theme.operation_fill, 1, ""


# -- words for readers who do not see the picture ------------------------------------------------------------------


def node_title(node: Node, texts: Sequence[str]) -> str:
    """Return the tooltip of a card: the whole name, what it is, its numbers."""
    name = node.name or node.symbol
    what = f"{name} = {header(node, texts)}" if node.is_operation else f"{name}: {_leaf_word(node)}"
    parts = [what]
    if node.value is not None and node.value.value is not None:
        parts.append(f"value {numbers.number(node.value.value)}")
    else:
        parts.append(f"shape {numbers.shape(node.shape)}")
    if node.differentiable:
        known = node.grad is not None and node.grad.value is not None
        parts.append(f"gradient {numbers.number(node.grad.value)}" if known else "gradient –")  # type: ignore[union-attr, arg-type]
    if node.output:
        parts.append("output")
    if node.where:
        parts.append(node.where)
    return ", ".join(parts)


def _leaf_word(node: Node) -> str:
    if node.kind == "alias":
        return "drawn again"
    return "parameter" if node.kind == "param" else "leaf" if node.differentiable else "constant"


def _forward_title(edge: Edge, names: dict[str, Node]) -> str:
    return f"{names[edge.src].symbol} is operand {edge.port + 1} of {names[edge.dst].symbol}"


def _backward_title(edge: Edge, names: dict[str, Node]) -> str:
    source, result = names[edge.src].symbol, names[edge.dst].symbol
    if edge.local is None:
        return f"gradient from {result} to {source}"
    text = f"∂{result}/∂{source}"
    if edge.local.formula:
        text += f" = {edge.local.formula}"
    if edge.local.value is not None and edge.local.formula != numbers.number(edge.local.value):
        text += f" = {numbers.number(edge.local.value)}"
    if edge.message is not None:
        text += f"; message {numbers.number(edge.message)}"
    return text


def describe(graph: Graph) -> str:
    """Return a sentence about the whole graph."""
    leaves = [node for node in graph.nodes if node.kind in ("input", "param")]
    outputs = [node for node in graph.nodes if node.output]
    steps = sum(max(1, node.members) for node in graph.nodes if node.is_operation)
    text = f"Computation graph with {numbers.plural(steps, 'operation')}"
    if leaves:
        text += " on " + ", ".join(clip(node.symbol) for node in leaves[:6]) + (", …" if len(leaves) > 6 else "")
    shown = [f"{clip(node.symbol)} = {_value_text(node)}" for node in outputs[:3] if node.value is not None]
    return text + (f"; {', '.join(shown)}." if shown else ".")
