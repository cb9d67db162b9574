"""The network view: operations from top to bottom, modules as boxes, parameters on the card of the operation they feed.

Inputs are blue, outputs green with their value, parameters amber with shape and count, and the norm of their gradient
once there is one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from . import numbers
from .dot import HEAD, Cell, Drawing, Writer, card, run
from .model import Edge, Graph, Group, Node, Parameter, Summary
from .passes import ranks
from .placement import text_width
from .symbols import clip, header, last_name, title
from .teach import describe
from .theme import Theme

__all__ = ["draw", "facts", "parameter_text", "type_text"]

_SMALL = 9.5
_MOST_PARAMETERS = 6
_ORDERED = frozenset({"subtract", "divide", "power", "matmul", "where"})
_DEFAULTS: dict[str, tuple[Any, ...]] = {
    "stride": (1, (1, 1), None), "padding": (0, (0, 0)), "dilation": (1, (1, 1)), "groups": (1,), "keepdim": (False,),
    "keepdims": (False,), "training": (True, False), "reduction": ("mean",), "label_smoothing": (0, 0.0),
    "ignore_index": (-100,), "affine": (True,), "eps": (1e-5,),
}  # fmt: skip


def draw(
    graph: Graph, theme: Theme, heading: str | None = None, direction: str = "TB", hurried: bool = False
) -> Drawing:
    """Return the network view of a graph in DOT.

    Args:
        graph: after the passes.
        theme: the colours.
        heading: the title; the facts about the graph stand beside it.
        direction: graphviz's ``rankdir``.
        hurried: ask ``dot`` to settle for straight lines and fewer rounds, for expensive graphs.
    """
    speed: dict[str, str | float] = {"splines": "spline"}
    if hurried:
        speed = {"splines": "line", "nslimit": 1, "mclimit": 0.3}
    writer = Writer(theme, rankdir=direction, nodesep=0.35, ranksep=0.32, newrank="true", **speed)
    lines = [run(heading, bold=True)] if heading else []
    lines += [run(line, theme.muted, 10.5) for line in (facts(graph), *graph.meta.get("notes", ())) if line]
    writer.heading(lines)
    operands = {node.id: _Operands(node) for node in graph.nodes}
    names = {node.id: node for node in graph.nodes}
    for edge in graph.edges:
        operands[edge.dst].add(edge, names[edge.src])
    _boxes(graph, operands, writer, theme)
    _edges(graph, operands, writer, theme)
    return writer.finish(heading or "Network", describe(graph))


def facts(graph: Graph) -> str:
    """Return the line under the title: ``9 operations · 8.3 k parameters``. Views count as nothing."""
    parts = [numbers.plural(sum(max(1, node.members) for node in graph.nodes if node.is_operation), "operation")]
    if graph.meta.get("parameters"):
        parts.append(f"{numbers.count(graph.meta['parameters'])} parameters")
    return "    ·    ".join(parts)


# -- boxes and cards -------------------------------------------------------------------------------------------------


def _boxes(graph: Graph, operands: Mapping[str, _Operands], writer: Writer, theme: Theme) -> None:
    """Write boxes and cards, without recursion. A box around a single card becomes a badge on the card."""
    children: dict[str | None, list[Group]] = defaultdict(list)
    inside: dict[str | None, list[Node]] = defaultdict(list)
    for group in graph.groups.values():
        children[group.parent].append(group)
    for node in graph.nodes:
        inside[node.group].append(node)
    size: dict[str | None, int] = defaultdict(int)
    for group in reversed(list(graph.groups.values())):  # children come after their parents
        size[group.key] += len(inside[group.key])
        size[group.parent] += size[group.key]
    calls: dict[tuple[str, ...], int] = defaultdict(int)
    for group in graph.groups.values():
        calls[group.path] += 1
    badges: dict[str, str] = {}
    # Entries are a group to open, a node to write, or None to close the box opened last.
    stack: list[Group | Node | None] = [*reversed(children[None]), *reversed(inside[None])]
    drawn: list[str] = []
    while stack:
        entry = stack.pop()
        if entry is None:
            writer.close()
            drawn.pop()
        elif isinstance(entry, Node):
            label = _card(entry, operands[entry.id].title(), badges.get(entry.group or "", ""), theme)
            writer.node(entry.id, label, _node_title(entry))
        else:
            label = _box_label(entry, calls[entry.path])
            if size[entry.key] == 1:
                badges[entry.key] = f"{badges[entry.parent]}.{label}" if entry.parent in badges else label
            else:
                colour = {"fillcolor": theme.inner_fill if len(drawn) % 2 else theme.group_fill, "color": theme.group}
                looks: dict[str, str | float] = {"style": "rounded,filled", "labeljust": "l", **colour}
                writer.open(_box_title(label, theme), ".".join(entry.path), looks)
                drawn.append(entry.key)
                stack.append(None)
            stack.extend(reversed(children[entry.key]))
            stack.extend(reversed(inside[entry.key]))


def _box_label(group: Group, calls: int) -> str:
    name = last_name(group.path)
    return f"{name}  (call {group.call} of {calls})" if calls > 1 else name


def _box_title(label: str, theme: Theme) -> str:
    """Return the title of a box, with as much room again to its right, where lines enter the box."""
    label = clip(label, 40)
    return (
        '<<table border="0" cellborder="0" cellspacing="0" cellpadding="0"><tr>'
        f'<td>{run(label, theme.muted, 11, bold=True)}</td><td width="{text_width(label) + 12:.0f}"></td></tr></table>>'
    )


class _Operands:
    """How the operands of one card are written, where their order matters: ``x @ W`` rather than ``matmul``.

    A parameter and a named value go by their names; another value goes by the operation's own word for it, which then
    also stands on its edge.
    """

    def __init__(self, node: Node) -> None:
        self.node = node
        self.words: dict[int, str] = dict(node.inline)
        self.marked: set[int] = set()
        self.drawn = 0
        for parameter in node.params:
            self.words[parameter.port] = _short_name(parameter, node) + "".join(v for v in parameter.via if v == "ᵀ")

    def add(self, edge: Edge, source: Node) -> None:
        self.drawn += 1
        name = source.name or (None if source.is_operation else source.symbol)
        if name:
            self.words[edge.port] = _inside(name, self.node.scope) + "".join(v for v in edge.via if v == "ᵀ")
            return
        self.words[edge.port] = self.node.ports[edge.port] if edge.port < len(self.node.ports) else ""
        self.marked.add(edge.port)

    @property
    def ordered(self) -> bool:
        """Whether the card writes its operands out."""
        node = self.node
        return node.kind == "op" and node.op in _ORDERED and len(self.words) > 1 and all(self.words.values())

    def title(self) -> str:
        node = self.node
        if self.ordered and (not node.inline or node.params or len(self.words) > 2):
            return header(node, [self.words[port] for port in sorted(self.words)])
        if node.op in ("add", "multiply") and len(node.params) == 1 and len(self.words) == 2 and not node.inline:
            return f"{title(node)} {self.words[node.params[0].port]}"
        return title(node)

    def mark(self, port: int) -> str:
        """Return what an edge must say so that the title can be read."""
        return self.words[port] if self.ordered and port in self.marked and self.drawn > 1 else ""


def _card(node: Node, text: str, badge: str, theme: Theme) -> str:
    if not node.is_operation:
        return _leaf_card(node, theme)
    line, fill, border = theme.operation, theme.operation_fill, 1.0
    if node.order:
        line, fill = theme.derivative, theme.derivative_fill
    if node.output:
        line, fill, border = theme.output, theme.output_fill, 2.0
    badge = badge or ("output" if node.output else "∂" * node.order)
    if node.kind == "group":
        badge = numbers.plural(node.members, "operation")
    if node.name:
        text = f"{clip(node.name)} = {text}"
    listed: list[tuple[str, ...]] = [
        (run(clip(text, 44), bold=True), run(clip(badge, 30), theme.muted, _SMALL) if badge else ""),
        (run(type_text(node), theme.muted, _SMALL), _gradient(node.grad, theme)),
    ]
    details = attributes_text(node)
    if details:
        listed.append((run(details, theme.muted, _SMALL),))
    for parameter in node.params[:_MOST_PARAMETERS]:
        listed.append(
            (
                run(parameter_text(parameter, node), theme.parameter, _SMALL),
                run(_parameter_facts(parameter), theme.parameter, _SMALL),
                _gradient(parameter.grad, theme),
            )
        )
    rest = node.params[_MOST_PARAMETERS:]
    if rest:
        more = numbers.count(sum(parameter.count for parameter in rest))
        listed.append((run(f"+ {len(rest)} more", theme.parameter, _SMALL), run(more, theme.parameter, _SMALL)))
    return card([HEAD, *_rows(listed)], line=line, fill=fill, border=border, padding=3)


def _rows(texts: Sequence[Sequence[str]]) -> list[list[Cell]]:
    """Lay texts out in columns: the first to the left, the others to the right; the last of a row fills the rest."""
    found = [[text for text in row if text] for row in texts]
    columns = max(len(row) for row in found)
    return [
        [
            Cell(text, "left" if i == 0 else "right", span=columns - i if i == len(row) - 1 else 1)
            for i, text in enumerate(row)
        ]
        for row in found
    ]


def _leaf_card(node: Node, theme: Theme) -> str:
    line, fill = theme.leaf, theme.leaf_fill
    made = node.op not in ("leaf", "constant")  # an activation, where a picture was cut out of a larger one
    if node.differentiable and not made:
        line, fill = theme.parameter, theme.parameter_fill
    if node.kind == "alias":
        fill = theme.background
    badge = {"alias": f"1 of {node.members} uses", "param": "parameter", "const": "constant"}.get(node.kind, "")
    if node.kind == "input" and node.differentiable:
        badge = f"from {node.op}" if made else "leaf"
    if node.attrs.get("cut"):
        badge = {"detach": "detached", "no_grad": "under no_grad"}.get(node.attrs["cut"], "cut off")
    if node.output:
        line, fill = theme.output, theme.output_fill
    rows = [
        (run(clip(node.symbol, 30), bold=True), run(badge, theme.muted, _SMALL) if badge else ""),
        (run(type_text(node), theme.muted, _SMALL), _gradient(node.grad, theme)),
    ]
    return card([HEAD, *_rows(rows)], line=line, fill=fill, dashed=node.kind == "alias", padding=3)


def _gradient(grad: Summary | None, theme: Theme) -> str:
    """Write a gradient: the number of a Scalar, the norm of an array, nothing before backward."""
    if grad is None or grad.norm is None:
        return ""
    text = f"g {numbers.number(grad.value)}" if grad.value is not None else f"‖g‖ {numbers.number(grad.norm)}"
    return run(text, theme.gradient, _SMALL)


def type_text(node: Node) -> str:
    """Write shape and dtype, and the value of a single number: ``() f32 = 2.417``."""
    kinds = (node.dtype,) if isinstance(node.dtype, str) else tuple(dict.fromkeys(node.dtype))
    text = f"{numbers.shape(node.shape)} {', '.join(map(numbers.dtype, kinds))}"
    if node.value is not None and node.value.value is not None:
        text += f" = {numbers.number(node.value.value)}"
    return text


def attributes_text(node: Node) -> str:
    """Write the static arguments that are not the ordinary ones: ``stride 2 · padding 1``."""
    if node.op in ("getitem", "reshape", "transpose", "permute", "flatten", "broadcast_to", "power", "split"):
        return ""
    parts = []
    for name, value in node.attrs.items():
        # A flag that is off is left out like a word that is not said.
        if value is None or value is False or value in _DEFAULTS.get(name, ()):
            continue
        word = name.replace("_", " ")
        parts.append(word if value is True else f"{word} {_short(value)}")
    return clip(" · ".join(parts), 40)


def _short(value: Any) -> str:
    if isinstance(value, tuple) and len(value) > 1 and len(set(map(str, value))) == 1:
        value = value[0]
    if isinstance(value, (int, float)):
        return numbers.number(value)
    return numbers.shape(value) if isinstance(value, tuple) else str(value)


def parameter_text(parameter: Parameter, node: Node) -> str:
    """Write a parameter as its card shows it: the name inside its module, how it is viewed, its shape."""
    transposed = "".join(view for view in parameter.via if view == "ᵀ")
    return f"{_short_name(parameter, node)}{transposed} {numbers.shape(parameter.shape)}"


def _short_name(parameter: Parameter, node: Node) -> str:
    return _inside(parameter.name or "parameter", node.scope)


def _inside(name: str, scope: Sequence[str]) -> str:
    """Return a dotted name as it reads inside a module: ``weight`` for ``conv1.weight`` in ``conv1``."""
    for start in range(len(scope)):
        prefix = ".".join(scope[start:]) + "."
        if name.startswith(prefix):
            return clip(name[len(prefix) :])
    return clip(name)


def _parameter_facts(parameter: Parameter) -> str:
    text = numbers.count(parameter.count)
    if parameter.uses > 1:
        text += f" shared × {parameter.uses}"
    return text


# -- edges -----------------------------------------------------------------------------------------------------------


def _edges(graph: Graph, operands: Mapping[str, _Operands], writer: Writer, theme: Theme) -> None:
    names = {node.id: node for node in graph.nodes}
    rank = ranks(graph)
    several: dict[str, set[int]] = defaultdict(set)
    for edge in graph.edges:
        several[edge.src].add(edge.output)
    writer.defaults(fontsize=9, fontcolor=theme.muted, color=theme.muted, penwidth=1.1, arrowsize=0.6)
    for i, edge in enumerate(graph.edges):
        source, target = names[edge.src], names[edge.dst]
        words = [word for word in edge.via if word != "ᵀ" or not operands[edge.dst].ordered]
        if isinstance(source.dtype, tuple) and source.kind == "op" and (len(several[edge.src]) > 1 or edge.output):
            words.insert(0, f"[{edge.output}]")
        words.append(operands[edge.dst].mark(edge.port))
        looks: dict[str, str | float] = {}
        text = clip("  ".join(word for word in words if word), 40)
        if source.is_operation and rank[edge.dst] - rank[edge.src] > 2:
            looks |= {"color": theme.leaf, "penwidth": 1.5}
        if source.kind == "alias":
            looks["style"] = "dashed"
        writer.edge(f"e{i}", edge.src, edge.dst, _edge_title(edge, source, target), text=text, looks=looks)


def _edge_title(edge: Edge, source: Node, target: Node) -> str:
    port = target.ports[edge.port] if edge.port < len(target.ports) else f"operand {edge.port + 1}"
    text = f"{_called(source)} → {_called(target)} ({port})"
    if edge.via:
        text += " through " + ", ".join(edge.via)
    if edge.local is not None and edge.local.formula:
        text += f"; gradient back: {edge.local.formula}"
    return text


def _called(node: Node) -> str:
    return node.name or (title(node) if node.is_operation else node.symbol)


def _node_title(node: Node) -> str:
    """Return the tooltip of a card: everything the card shows, unclipped, and the statistics it has no room for."""
    parts = [f"{_called(node)}: {type_text(node)}"]
    if node.kind == "group":
        parts.append(numbers.plural(node.members, "operation"))
    if node.scope:
        parts.append("in " + ".".join(node.scope))
    for word, summary in (("value", node.value), ("gradient", node.grad)):
        if summary is not None and summary.value is None and summary.norm is not None:
            mean, low, high = (numbers.number(v or 0.0) for v in (summary.mean, summary.minimum, summary.maximum))
            parts.append(f"{word} mean {mean}, from {low} to {high}")
    for parameter in node.params:
        norm = parameter.grad.norm if parameter.grad is not None else None
        gradient = "" if norm is None else f", gradient norm {numbers.number(norm)}"
        parts.append(f"{parameter.name or 'parameter'} {numbers.shape(parameter.shape)}{gradient}")
    if node.where:
        parts.append(node.where)
    return "; ".join(parts)
