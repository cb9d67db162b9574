"""The graph as a listing, for terminals, logs and doctests: one line a value, in the order of computation."""

from __future__ import annotations

from collections.abc import Sequence

from . import numbers
from .dot import clean
from .model import Graph, Node
from .network import attributes_text, facts, parameter_text, type_text
from .symbols import clip, header, operands, title
from .teach import gradient_text, messages

__all__ = ["listing"]

_MOST_LINES = 400


def listing(graph: Graph, mode: str = "net", heading: str | None = None) -> str:
    """Return the graph as text.

    Scalars are listed with value and gradient; a network with shapes, parameters, and its modules as indentation.
    Beyond 400 values the middle is left out, and the text says so.
    """
    rows = _teach(graph) if mode == "teach" or graph.meta.get("scalars") else _network(graph)
    if len(rows) > _MOST_LINES:
        half = _MOST_LINES // 2
        left_out = [f"… {len(rows) - 2 * half:,} lines left out …"]
        rows = [*rows[:half], left_out, *rows[-half:]]
    lines = [heading] if heading else []
    lines.append(facts(graph).replace("    ", " ").replace("  ", " "))
    return "\n".join(clean(line) for line in [*lines, *_columns(rows)])


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Align cells; a row of one cell does not widen the columns."""
    count = max((len(row) for row in rows), default=0)
    widths = [max((len(row[i]) for row in rows if len(row) > max(i, 1)), default=0) for i in range(count)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip() for row in rows]


def _teach(graph: Graph) -> list[list[str]]:
    texts = operands(graph)
    arrived = messages(graph)
    rows = []
    for node in graph.nodes:
        if node.kind == "alias":
            continue
        name = clip(node.symbol)
        formula = f"{name} = {header(node, texts[node.id])}" if node.is_operation else name
        what = "output" if node.output else "" if node.is_operation else "leaf" if node.differentiable else "constant"
        value = node.value.value if node.value is not None else None
        shown = numbers.number(value) if value is not None else numbers.shape(node.shape)
        gradient = f"grad {gradient_text(node, arrived[node.id])}" if node.differentiable else ""
        rows.append(["  " + clip(formula, 60), what, shown, gradient])
    return rows


def _network(graph: Graph) -> list[list[str]]:
    rows: list[list[str]] = []
    incoming: dict[str, list[str]] = {}
    home = {node.id: node.target or node.id for node in graph.nodes}
    for edge in graph.edges:
        incoming.setdefault(edge.dst, []).append(home[edge.src] + "".join(f" {v}" for v in edge.via))
    path: list[str] = []
    previous = ""
    for node in graph.nodes:
        if node.kind == "alias":
            continue
        boxes = _boxes(graph, node)
        shared = 0
        while shared < min(len(path), len(boxes)) and path[shared] == boxes[shared]:
            shared += 1
        if node.is_operation:
            for depth in range(shared, len(boxes)):
                rows.append(["  " * (depth + 1) + clip(graph.groups[boxes[depth]].path[-1], 40)])
            path = boxes
        indent = "  " * (len(boxes) + 1)
        name = title(node) if node.is_operation else clip(node.symbol, 40)
        if node.name and node.is_operation:
            name = f"{clip(node.name)} = {name}"
        details = [attributes_text(node)] if node.is_operation else [_leaf_word(node)]
        details += [f"{parameter_text(p, node)} {numbers.count(p.count)}" for p in node.params]
        sources = incoming.get(node.id, [])
        if sources and sources != [previous]:
            details.append("← " + ", ".join(sources[:6]) + (", …" if len(sources) > 6 else ""))
        if node.output:
            details.append("output")
        rows.append([f"{node.id:>4}", indent[2:] + name, type_text(node), "  ".join(d for d in details if d)])
        previous = node.id
    return [row if len(row) > 1 else ["    " + row[0]] for row in rows]


def _boxes(graph: Graph, node: Node) -> list[str]:
    """Return the boxes around a node, outermost first."""
    found: list[str] = []
    key = node.group
    while key is not None:
        found.append(key)
        key = graph.groups[key].parent
    return found[::-1]


def _leaf_word(node: Node) -> str:
    if node.kind == "param":
        return "parameter"
    if node.kind == "const":
        return "constant"
    return "leaf" if node.differentiable and node.op == "leaf" else "input"
