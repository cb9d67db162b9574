"""The one model between a recorded graph and its pictures: plain data, no tensors, no arrays.

Extraction (``extract.py``) makes a :class:`Graph` once; passes (``passes.py``) turn one Graph into another; renderers
only read it. Everything here is frozen, holds nothing alive, and is the same on every run: ids are ``"n0"``, ``"n1"``,
... in the order in which the program computed the values.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Edge", "Graph", "Group", "Local", "Node", "Parameter", "Summary"]


@dataclass(frozen=True, slots=True)
class Summary:
    """What a picture tells of a value or a gradient.

    Attributes:
        size: the number of elements.
        value: the number itself when there is exactly one element, else ``None``.
        norm, minimum, maximum, mean: of the finite elements; ``None`` when there are none or the array is too large.
        nan, inf, zeros: how many elements are NaN, infinite, zero.
        sample: the elements themselves, in row order, when there are at most 16.
    """

    size: int
    value: float | int | bool | None = None
    norm: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    nan: int = 0
    inf: int = 0
    zeros: int = 0
    sample: tuple[float | int | bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Local:
    """The derivative of an operation's result with respect to one operand.

    Attributes:
        value: the number, for scalars.
        formula: the same as text with the operands' names, such as ``"cos x"``; for tensors the vector-Jacobian
            product in words, such as ``"g @ Wᵀ"``.
    """

    value: float | None = None
    formula: str | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter written on the card of the operation that it feeds.

    Attributes:
        id: the id of the leaf it was; the same parameter on two cards has the same id.
        name: the full name, such as ``"conv1.weight"``.
        shape, dtype: of the parameter.
        via: view operations between the parameter and the operation, such as ``("ᵀ",)``.
        uses: how many operations of the whole graph read it.
        port: the operand number it has there.
        grad: its gradient, or ``None`` before backward.
    """

    id: str
    name: str | None
    shape: tuple[int, ...]
    dtype: str
    via: tuple[str, ...] = ()
    uses: int = 1
    port: int = 0
    grad: Summary | None = None

    @property
    def count(self) -> int:
        """The number of elements."""
        total = 1
        for size in self.shape:
            total *= size
        return total


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the graph, together with the operation that made it.

    Attributes:
        id: ``"n17"``: the place in the order of computation.
        kind: ``"input"`` (a leaf or a tensor without gradient), ``"param"``, ``"const"`` (a number), ``"op"``,
            ``"group"`` (a collapsed module) or ``"alias"`` (a further drawing of a leaf).
        op: the operation's name; ``"leaf"`` and ``"constant"`` for what the user made.
        symbol: what the picture calls the value: its name, or a letter.
        name: the name the user gave it, if any.
        scope: the module path in which it ran.
        group: the key of the innermost box (``Graph.groups``) it lies in.
        shape, dtype: of the value; for several outputs a tuple of each.
        value, grad: summaries; ``grad`` is ``None`` before backward.
        differentiable: whether gradients reach it.
        output: whether it is one of the values the picture was asked for.
        attrs: static arguments: axes, strides.
        form: how the operation asks to be written, such as ``"{0} + {1}"``.
        ports: the operation's own name for each operand, such as ``("input", "weight", "bias")``.
        inline: operands written into the card instead of drawn: operand number and text.
        params: parameters listed on the card.
        order: order of derivative: 0 forward, 1 backward, 2 double backward.
        where: the user's source line, ``"model.py:41"``.
        members: for a group, how many operations it stands for; for an alias, nothing.
        target: for an alias, the id of the leaf it repeats.
    """

    id: str
    kind: str
    op: str
    symbol: str
    name: str | None = None
    scope: tuple[str, ...] = ()
    group: str | None = None
    shape: tuple[Any, ...] = ()
    dtype: str | tuple[str, ...] = "float64"
    value: Summary | None = None
    grad: Summary | None = None
    differentiable: bool = True
    output: bool = False
    attrs: Mapping[str, Any] = field(default_factory=dict)
    form: str | None = None
    ports: tuple[str, ...] = ()
    inline: tuple[tuple[int, str], ...] = ()
    params: tuple[Parameter, ...] = ()
    order: int = 0
    where: str | None = None
    members: int = 0
    target: str | None = None

    @property
    def is_operation(self) -> bool:
        """Whether something was computed here."""
        return self.kind in ("op", "group")


@dataclass(frozen=True, slots=True)
class Edge:
    """One use of a value by an operation. ``x + x`` has two, which differ in ``port``.

    Attributes:
        src, dst: ids of the operand and of the operation.
        port: the operand's number there, so that ``x − y`` differs from ``y − x``.
        output: which output of ``src`` is read, for an operation with several.
        via: view operations folded into the edge, such as ``("ᵀ",)``.
        local: the local derivative.
        message: the gradient that flowed back along this edge: upstream × local. ``None`` before backward.
    """

    src: str
    dst: str
    port: int = 0
    output: int = 0
    via: tuple[str, ...] = ()
    local: Local | None = None
    message: float | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """A box in the picture: one call of one module, or one ``gg.scope``.

    Attributes:
        key: unique; the dotted path, with ``#2`` from the second call on.
        path: the module path.
        parent: the key of the box around it.
        call: 1 for the first call of this module, 2 for the second.
        module: whether it is a module, not a ``gg.scope`` of the user's.
    """

    key: str
    path: tuple[str, ...]
    parent: str | None = None
    call: int = 1
    module: bool = False


@dataclass(frozen=True)
class Graph:
    """A drawn computation: nodes in the order in which they were computed, edges by consumer and operand number.

    Attributes:
        nodes, edges: the vertices and their uses.
        groups: boxes by key.
        meta: facts about the whole: ``operations`` and ``parameters`` before any pass, ``scalars`` (whether all values
            are Scalars), ``notes`` (what the passes did, for the caption), ``title`` (the name of the whole, if the
            graph tells it).
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    groups: Mapping[str, Group] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)

    def node(self, key: str) -> Node:
        """Return the node with this id, this name, or this letter, in that order.

        Raises:
            KeyError: there is none.
        """
        for read in ("id", "name", "symbol"):
            for node in self.nodes:
                if getattr(node, read) == key:
                    return node
        raise KeyError(f"no node is called {key!r}")

    def into(self, node: Node | str) -> tuple[Edge, ...]:
        """Return the edges into a node, in operand order."""
        key = node if isinstance(node, str) else node.id
        return tuple(edge for edge in self.edges if edge.dst == key)

    def out_of(self, node: Node | str) -> tuple[Edge, ...]:
        """Return the edges out of a node, in the order of their use."""
        key = node if isinstance(node, str) else node.id
        return tuple(edge for edge in self.edges if edge.src == key)

    def replace(self, **changes: Any) -> Graph:
        """Return a copy with some fields changed."""
        return dataclasses.replace(self, **changes)

    def note(self, text: str) -> Graph:
        """Return a copy whose caption also says ``text``."""
        return self.replace(meta={**self.meta, "notes": (*self.meta.get("notes", ()), text)})

    def to_dict(self) -> dict[str, Any]:
        """Return the graph as nested dicts, lists, numbers and strings."""
        return {
            "nodes": [_plain(node) for node in self.nodes],
            "edges": [_plain(edge) for edge in self.edges],
            "groups": {key: _plain(group) for key, group in self.groups.items()},
            "meta": _plain(self.meta),
        }


def _plain(value: Any) -> Any:
    """Turn dataclasses, mappings and tuples into dicts and lists."""
    if dataclasses.is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    return value
