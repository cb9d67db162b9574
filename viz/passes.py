"""Passes: pure functions from Graph to Graph that make a picture smaller without making it say something false.

Each is linear in the graph, keeps the nodes in the order of computation, and notes in ``meta["notes"]`` what a reader
could not see otherwise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from math import prod

from . import numbers
from .model import Edge, Graph, Group, Node, Parameter
from .symbols import clip, last_name

__all__ = [
    "alias_leaves", "attach_parameters", "auto_depth", "between", "collapse", "dot_cost", "fold_views",
    "inline_constants", "name_inputs", "ranks", "select", "unwrap",
]  # fmt: skip

VIEWS = frozenset("reshape transpose permute flatten squeeze unsqueeze view moveaxis swapaxes".split())
_PORTS = frozenset({"input", "target", "weight", "bias", "mask", "condition", "indices"})


def _sorted_edges(graph: Graph, edges: Iterable[Edge]) -> tuple[Edge, ...]:
    """Order edges by consumer in tape order, then by operand number."""
    place = {node.id: i for i, node in enumerate(graph.nodes)}
    return tuple(sorted(edges, key=lambda e: (place[e.dst], e.port, place[e.src])))


def _trim_groups(graph: Graph) -> Graph:
    """Forget boxes that no node lies in any more."""
    kept: dict[str, Group] = {}
    used = {node.group for node in graph.nodes if node.group is not None}
    for key in list(used):
        parent: str | None = key
        while parent is not None and parent not in kept:
            kept[parent] = graph.groups[parent]
            parent = graph.groups[parent].parent
    return graph.replace(groups={key: group for key, group in graph.groups.items() if key in kept})


def unwrap(graph: Graph) -> Graph:
    """Take the box of the network away, the one module called from outside: its name becomes the picture's title.

    Paths below it then read as the module itself writes them, ``conv1`` rather than ``SimpleConvNet.conv1``. A module
    without modules inside, such as a loss, stays beside it as it is.
    """
    outermost = [group for group in graph.groups.values() if group.parent is None and group.module]
    parents = {group.parent for group in graph.groups.values()}
    networks = [group for group in outermost if group.key in parents] or outermost
    if len(networks) != 1:
        return graph
    (root,) = networks
    start = len(root.path[0]) + 1
    inside = {key for key, group in graph.groups.items() if group.path[0] == root.path[0] and key != root.key}
    keys = {key: key[start:] if key in inside else key for key in graph.groups if key != root.key}
    groups = {}
    for key, new in keys.items():
        group = graph.groups[key]
        path = group.path[1:] if key in inside else group.path
        groups[new] = replace(group, key=new, path=path, parent=keys.get(group.parent or ""))
    nodes = tuple(
        replace(node, scope=node.scope[1:], group=keys.get(node.group or "")) if node.scope[:1] == root.path else node
        for node in graph.nodes
    )
    return graph.replace(nodes=nodes, groups=groups, meta={**graph.meta, "title": root.path[0]})


def fold_views(graph: Graph) -> Graph:
    """Write reshapes, transposes and the like on the edge they lie on: they compute nothing.

    An output of the picture, a value that the user named, and a view that is read by nothing stay nodes.
    """
    incoming: dict[str, list[Edge]] = defaultdict(list)
    for edge in graph.edges:
        incoming[edge.dst].append(edge)
    folded: dict[str, Edge] = {}
    kept: list[Node] = []
    for node in graph.nodes:
        into = incoming[node.id]
        if node.op in VIEWS and node.kind == "op" and len(into) == 1 and not node.output and node.name is None:
            edge = _through(into[0], folded)
            folded[node.id] = replace(edge, via=(*edge.via, _view_label(node, graph)))
        else:
            kept.append(node)
    if not folded:
        return graph
    edges = [_through(edge, folded) for edge in graph.edges if edge.dst not in folded]
    graph = graph.replace(nodes=tuple(kept))
    return _trim_groups(graph.replace(edges=_sorted_edges(graph, edges)))


def _through(edge: Edge, folded: dict[str, Edge]) -> Edge:
    """Let an edge that starts at a folded view start where the view starts."""
    before = folded.get(edge.src)
    if before is None:
        return edge
    return replace(edge, src=before.src, output=before.output, via=(*before.via, *edge.via))


def _view_label(node: Node, graph: Graph) -> str:
    if node.op == "transpose" and len(node.shape) == 2:
        return "ᵀ"
    return f"{node.op} {numbers.shape(node.shape)}"


def inline_constants(graph: Graph) -> Graph:
    """Write unnamed numbers into the operation that reads them: ``× 0.5``, ``1 − x``.

    Unnamed masks, arrays of truth values, go by the operation's own word for them.
    """
    written = {
        node.id: node.symbol if node.kind == "const" else ""
        for node in graph.nodes
        if (node.kind == "const" or (node.kind == "input" and node.dtype == "bool" and not node.differentiable))
        and node.name is None
        and not node.output
    }
    if not written:
        return graph
    ports = {node.id: node.ports for node in graph.nodes}
    inline: dict[str, list[tuple[int, str]]] = defaultdict(list)
    edges = []
    for edge in graph.edges:
        if edge.src in written:
            words = ports[edge.dst]
            word = words[edge.port] if edge.port < len(words) else "mask"
            inline[edge.dst].append((edge.port, written[edge.src] or word))
        else:
            edges.append(edge)
    nodes = tuple(
        replace(node, inline=(*node.inline, *sorted(inline[node.id]))) if node.id in inline else node
        for node in graph.nodes
        if node.id not in written
    )
    return graph.replace(nodes=nodes, edges=tuple(edges))


def name_inputs(graph: Graph) -> Graph:
    """Call an unnamed input what the operation that reads it calls it: ``input``, ``target``."""
    symbols: dict[str, str] = {}
    ports = {node.id: node.ports for node in graph.nodes}
    for edge in graph.edges:
        words = ports[edge.dst]
        word = words[edge.port] if edge.port < len(words) else ""
        symbols.setdefault(edge.src, word if word in _PORTS else "input")
    symbols |= {node.id: "number" for node in graph.nodes if not node.shape and not node.differentiable}
    unnamed = {node.id for node in graph.nodes if node.kind == "input" and not node.name and node.id in symbols}
    nodes = (replace(node, symbol=symbols[node.id]) if node.id in unnamed else node for node in graph.nodes)
    return graph.replace(nodes=tuple(nodes))


def attach_parameters(graph: Graph) -> Graph:
    """List every parameter on the card of the operation it feeds, instead of drawing it as a node with long edges."""
    parameters = {node.id: node for node in graph.nodes if node.kind == "param" and not node.output}
    uses: dict[str, int] = defaultdict(int)
    for edge in graph.edges:
        if edge.src in parameters:
            uses[edge.src] += 1
    listed: dict[str, list[Parameter]] = defaultdict(list)
    edges = []
    for edge in graph.edges:
        leaf = parameters.get(edge.src)
        if leaf is None:
            edges.append(edge)
            continue
        listed[edge.dst].append(
            Parameter(leaf.id, leaf.name, leaf.shape, _one(leaf.dtype), edge.via, uses[leaf.id], edge.port, leaf.grad)
        )
    nodes = tuple(
        replace(node, params=(*node.params, *listed[node.id])) if node.id in listed else node
        for node in graph.nodes
        if not uses[node.id] or node.id not in parameters
    )
    return graph.replace(nodes=nodes, edges=tuple(edges))


def _one(dtype: str | tuple[str, ...]) -> str:
    return dtype if isinstance(dtype, str) else ", ".join(dtype)


def ranks(graph: Graph) -> dict[str, int]:
    """Return the layer of every node, about as a layered layout chooses it.

    It is the longest way to the node; then what can stand closer to its consumers without making more edges longer
    than shorter does so: leaves, and side branches that start from leaves.
    """
    rank = {node.id: 0 for node in graph.nodes}
    incoming: dict[str, list[str]] = defaultdict(list)
    outgoing: dict[str, list[str]] = defaultdict(list)
    for edge in graph.edges:
        incoming[edge.dst].append(edge.src)
        outgoing[edge.src].append(edge.dst)
    for node in graph.nodes:
        if incoming[node.id]:
            rank[node.id] = 1 + max(rank[src] for src in incoming[node.id])
    for node in reversed(graph.nodes):
        after = outgoing[node.id]
        if after and sum(1 for src in incoming[node.id] if incoming[src]) <= len(after):
            rank[node.id] = min(rank[dst] for dst in after) - 1
    return rank


def dot_cost(graph: Graph) -> int:
    """Estimate the work of a layered layout: nodes and the layers that edges cross, for each crossing is a dummy node.

    The number of nodes alone does not predict it: one weight with an edge to each of 50 steps makes ``dot`` run for
    minutes.
    """
    rank = ranks(graph)
    return len(graph.nodes) + sum(max(0, rank[e.dst] - rank[e.src] - 1) for e in graph.edges)


def alias_leaves(graph: Graph, span: int = 12, keep: int = 0) -> Graph:
    """Repeat a leaf that is read far apart: a small dashed copy beside each use after the first.

    Args:
        graph: the graph.
        span: a leaf is repeated when its edges together cross more layers than this.
        keep: a leaf with at most this many uses stays whole however long its edges are; where accumulation of
            gradients is the lesson, that is 3.
    """
    rank = ranks(graph)
    uses: dict[str, list[Edge]] = defaultdict(list)
    for edge in graph.edges:
        uses[edge.src].append(edge)
    repeated: set[str] = set()
    for node in graph.nodes:
        if node.kind not in ("input", "param", "const") or len(uses[node.id]) <= max(1, keep):
            continue
        if sum(max(0, rank[e.dst] - rank[node.id] - 1) for e in uses[node.id]) > span:
            repeated.add(node.id)
    if not repeated:
        return graph
    leaves = {node.id: node for node in graph.nodes if node.id in repeated}
    groups = {node.id: node.group for node in graph.nodes}
    # Uses of one leaf by one operation share a copy, so x·x still shows one x with two arrows.
    copies: dict[tuple[str, str], str] = {}
    before: dict[str, list[Node]] = defaultdict(list)
    count: dict[str, int] = defaultdict(int)
    home: dict[str, str] = {}
    edges = []
    for edge in graph.edges:
        if edge.src not in repeated:
            edges.append(edge)
            continue
        if home.setdefault(edge.src, edge.dst) == edge.dst:
            edges.append(edge)
            continue
        pair = (edge.src, edge.dst)
        if pair not in copies:
            count[edge.src] += 1
            copies[pair] = f"{edge.src}_{count[edge.src]}"
            leaf = leaves[edge.src]
            copy = {"id": copies[pair], "kind": "alias", "target": leaf.id, "group": groups[edge.dst]}
            before[edge.dst].append(replace(leaf, **copy, members=len(uses[leaf.id])))  # type: ignore[arg-type]
        edges.append(replace(edge, src=copies[pair]))
    nodes: list[Node] = []
    for node in graph.nodes:
        nodes.extend(before[node.id])
        nodes.append(replace(node, members=len(uses[node.id])) if node.id in repeated else node)
    graph = graph.replace(nodes=tuple(nodes))
    names = ", ".join(f"{clip(leaves[key].symbol)} ({len(uses[key])} uses)" for key in list(leaves)[:3])
    more = f" and {len(leaves) - 3} more" if len(leaves) > 3 else ""
    return graph.replace(edges=_sorted_edges(graph, edges)).note(f"dashed cards repeat a leaf: {names}{more}")


def collapse(graph: Graph, depth: int) -> Graph:
    """Draw every module call deeper than ``depth`` as one card.

    ``depth=1`` shows the outermost modules as one card each, ``depth=2`` their children, and so on. A call is a run of
    operations without a gap, so joining it can never make a circle.

    Raises:
        ValueError: depth is below 1.
    """
    if depth < 1:
        raise ValueError(f"collapse: depth must be at least 1, got {depth}; use depth=None to draw every operation")
    at: dict[str, str] = {}
    for key in graph.groups:
        if len(graph.groups[key].path) >= depth:
            outer: str | None = key
            while outer is not None and len(graph.groups[outer].path) > depth:
                outer = graph.groups[outer].parent
            if outer is not None and len(graph.groups[outer].path) == depth:
                at[key] = outer
    into = {node.id: at[node.group] for node in graph.nodes if node.group in at and node.is_operation}
    members: dict[str, list[Node]] = defaultdict(list)
    for node in graph.nodes:
        if node.id in into:
            members[into[node.id]].append(node)
    # A box with a single operation says more as that operation.
    single = {key for key, nodes in members.items() if len(nodes) == 1}
    into = {key: group for key, group in into.items() if group not in single}
    if not into:
        return graph
    ids = {group: nodes[0].id for group, nodes in members.items()}
    leaving: dict[str, set[str]] = defaultdict(set)
    edges = []
    ports: dict[tuple[str, str], int] = {}
    operand_count: dict[str, int] = defaultdict(int)
    for edge in graph.edges:
        source, target = into.get(edge.src), into.get(edge.dst)
        if source is not None and source == target:
            continue
        if source is not None:
            leaving[source].add(edge.src)
        if target is None:
            edges.append(edge if source is None else replace(edge, src=ids[source], output=0))
            continue
        # A box reads each outside value once, in the order of first use.
        src = edge.src if source is None else ids[source]
        if (src, target) in ports:
            continue
        ports[src, target] = operand_count[target]
        operand_count[target] += 1
        edges.append(Edge(src, ids[target], ports[src, target], 0 if source else edge.output, edge.via))
    nodes: list[Node] = []
    last = {group: found[-1].id for group, found in members.items()}
    for node in graph.nodes:
        group = into.get(node.id)
        if group is None:
            nodes.append(node)
        elif last[group] == node.id:
            nodes.append(_group_node(graph.groups[group], members[group], leaving[group], ids[group]))
    graph = graph.replace(nodes=tuple(nodes))
    return _trim_groups(graph.replace(edges=_sorted_edges(graph, edges)))


def _group_node(group: Group, members: list[Node], leaving: set[str], key: str) -> Node:
    """Return one card for a module call."""
    results = [node for node in members if node.id in leaving or node.output] or [members[-1]]
    parameters: dict[str, Parameter] = {}
    for node in members:
        for parameter in node.params:
            path = ".".join(node.scope)
            name = parameter.name or "parameter"
            # Among those of other modules a parameter needs its full name.
            name = name if name.startswith(f"{path}.") else f"{path}.{name}"
            parameters.setdefault(parameter.id, replace(parameter, name=name))
    result = results[-1]
    several = len(results) > 1
    return Node(
        id=key,
        kind="group",
        op="module",
        symbol=last_name(group.path),
        name=result.name if result.output else None,
        scope=group.path,
        group=group.parent,
        shape=tuple(node.shape for node in results) if several else result.shape,
        dtype=tuple(_one(node.dtype) for node in results) if several else result.dtype,
        value=None if several else result.value,
        grad=None if several else result.grad,
        output=any(node.output for node in members),
        params=tuple(parameters.values()),
        order=max(node.order for node in members),
        members=sum(max(1, node.members) for node in members),
    )


def auto_depth(graph: Graph, limit: int = 150) -> int | None:
    """Return the greatest depth that shows at most ``limit`` nodes; ``None`` when nothing needs to be closed."""
    if len(graph.nodes) <= limit or not graph.groups:
        return None
    deepest = max(len(group.path) for group in graph.groups.values())
    for depth in range(deepest, 0, -1):
        if len(collapse(graph, depth).nodes) <= limit:
            return depth
    return 1


def select(graph: Graph, path: str | tuple[str, ...]) -> Graph:
    """Keep one module, ``"encoder.layers.0"``, and show what enters it as inputs.

    Raises:
        ValueError: no operation lies in that module; the message lists those there are.
    """
    wanted = tuple(path.split(".")) if isinstance(path, str) else tuple(path)
    inside = {node.id for node in graph.nodes if node.scope[: len(wanted)] == wanted and node.is_operation}
    if not inside:
        known = sorted({".".join(node.scope) for node in graph.nodes if node.scope})
        listing = ", ".join(known[:12]) + (", ..." if len(known) > 12 else "")
        raise ValueError(f"select: no operation lies in {'.'.join(wanted)!r}; modules here: {listing or 'none'}")
    title = ".".join([*([graph.meta["title"]] if graph.meta.get("title") else []), *wanted])
    graph = _cut(graph, inside)
    return graph.replace(meta={**graph.meta, "title": title})


def between(graph: Graph, start: Iterable[str], end: Iterable[str]) -> Graph:
    """Keep what lies on a way from one of the nodes ``start`` to one of the nodes ``end`` (ids)."""
    start, end = set(start), set(end)
    outgoing: dict[str, list[str]] = defaultdict(list)
    incoming: dict[str, list[str]] = defaultdict(list)
    for edge in graph.edges:
        outgoing[edge.src].append(edge.dst)
        incoming[edge.dst].append(edge.src)
    after = set(start)
    for node in graph.nodes:
        if any(src in after for src in incoming[node.id]):
            after.add(node.id)
    before = set(end)
    for node in reversed(graph.nodes):
        if any(dst in before for dst in outgoing[node.id]):
            before.add(node.id)
    return _cut(graph, after & before)


def _cut(graph: Graph, inside: set[str]) -> Graph:
    """Keep some nodes, the leaves they read, and what else they read as inputs; what others read becomes an output."""
    entering = {e.src for e in graph.edges if e.dst in inside and e.src not in inside}
    leaving = {e.src for e in graph.edges if e.src in inside and e.dst not in inside}
    nodes = []
    for node in graph.nodes:
        if node.id in inside:
            nodes.append(replace(node, output=node.output or node.id in leaving))
        elif node.id in entering:
            nodes.append(node if not node.is_operation else replace(node, kind="input", group=None, inline=()))
    edges = tuple(edge for edge in graph.edges if edge.dst in inside)
    facts = {
        "operations": sum(max(1, node.members) for node in nodes if node.is_operation),
        "parameters": sum(prod(node.shape) for node in nodes if node.kind == "param"),
    }
    return _trim_groups(graph.replace(nodes=tuple(nodes), edges=edges, meta={**graph.meta, **facts}))
