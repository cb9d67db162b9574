"""From a recorded graph to the model: one walk over the nodes, without recursion, keeping nothing alive.

Nothing is computed again. A number in the picture is one that is still there: leaves and outputs have theirs, Scalars
keep all of theirs, and the activations of a tensor network are gone unless someone holds them.
"""

from __future__ import annotations

import functools
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .. import autograd
from . import numbers
from .model import Edge, Graph, Group, Local, Node, Summary
from .summary import item, summarize
from .symbols import clip, letters

__all__ = ["extract"]

_MOST_LOCALS = 500  # operations; beyond, no picture has room for local derivatives


def extract(y: Any, *, names: Mapping[str, Any] | None = None, derivatives: bool | None = None) -> Graph:
    """Read the graph that computed ``y``.

    Args:
        y: a Tensor, a Scalar, or a list, tuple or dict of them.
        names: names for values, as a mapping of name to Tensor or Scalar; other entries are ignored, so ``locals()``
            names every variable of a function. They win over ``.name``.
        derivatives: whether to read local derivatives of Scalars; ``None`` reads them up to 500 operations.

    Returns:
        The model, with every operation, constant and leaf; nothing folded.

    Raises:
        TypeError: ``y`` is not a Tensor or Scalar.
    """
    return _Reader(_roots(y), names or {}).read(derivatives)


def _roots(y: Any) -> list[Any]:
    found = list(y.values()) if isinstance(y, Mapping) else list(y) if isinstance(y, (list, tuple)) else [y]
    if not found:
        raise ValueError("viz.graph: the list of outputs is empty; give at least one Tensor or Scalar")
    for handle in found:
        if not _is_handle(handle):
            raise TypeError(
                f"viz.graph draws a Tensor, a Scalar, or a list of them, not {type(handle).__name__}; "
                "call the model first and give its result"
            )
    return found


def _is_handle(value: Any) -> bool:
    return isinstance(value, (autograd.Tensor, autograd.Scalar))


class _Reader:
    """The state of one walk. Vertices are known by identity while it lasts, and by id in the result."""

    def __init__(self, roots: list[Any], names: Mapping[str, Any]) -> None:
        self.handles: dict[int, Any] = {}  # the Tensor or Scalar that the caller gave for a vertex
        self.names: dict[int, str] = {}
        self.outputs: list[Any] = []
        for handle in roots:
            vertex: Any = autograd.node_of(handle)
            self.handles[id(vertex)] = handle
            self.outputs.append(vertex)
            if _is_projection(vertex):
                self.handles.setdefault(id(vertex.inputs[0]), handle)
        for name, handle in names.items():
            if _is_handle(handle):
                vertex = autograd.node_of(handle)
                self.names.setdefault(id(vertex), str(name))
                self.handles.setdefault(id(vertex), handle)
                if _is_projection(vertex):
                    self.names.setdefault(id(vertex.inputs[0]), str(name))
        self.order: list[Any] = []  # what is drawn, in tape order
        self.ids: dict[int, str] = {}
        self.operations: set[int] = set()
        self.constants: dict[int, Any] = {}  # the number that a constant is, or None for an array
        self.projected: dict[int, tuple[Any, int]] = {}

    def read(self, derivatives: bool | None) -> Graph:
        self.number(self.collect())
        self.shown = {id(self.source(vertex)[0]) for vertex in self.outputs}
        self.letter()
        if derivatives is None:
            derivatives = len(self.operations) <= _MOST_LOCALS
        groups, place = self.boxes()
        edges = tuple(self.edges(derivatives))
        read: dict[str, set[int]] = defaultdict(set)
        for edge in edges:
            read[edge.src].add(edge.output)
        for vertex in self.outputs:
            source, output = self.source(vertex)
            read[self.ids[id(source)]].add(output)
        nodes = tuple(self.node(vertex, place.get(id(vertex)), read[self.ids[id(vertex)]]) for vertex in self.order)
        meta = {
            "operations": len(self.operations),
            "parameters": sum(math.prod(node.shape) for node in nodes if node.kind == "param"),
            "scalars": all(isinstance(vertex, autograd.Scalar) for vertex in self.order),
            "notes": (),
        }
        return Graph(nodes, edges, groups, meta)

    # -- walking ---------------------------------------------------------------------------------------------------

    def collect(self) -> list[Any]:
        """Return every recorded vertex that the outputs depend on, in the order of its creation."""
        seen: dict[int, Any] = {}
        stack = [vertex for vertex in self.outputs if not _is_constant(vertex)]
        while stack:
            vertex = stack.pop()
            if id(vertex) not in seen:
                seen[id(vertex)] = vertex
                stack.extend(operand for _, operand in _operands(vertex) if not _is_constant(operand))
        return sorted(seen.values(), key=lambda vertex: vertex.sequence)

    def number(self, tape: list[Any]) -> None:
        """Give ids in tape order; a constant comes just before the first operation that reads it.

        A projection, which picks one output of an operation that has several, gets no id of its own: it becomes the
        ``output`` of the edges that leave it.
        """
        for vertex in tape:
            if _is_projection(vertex):
                self.projected[id(vertex)] = (vertex.inputs[0], int(vertex.static[0]))
                continue
            for _, operand in _operands(vertex):
                if _is_constant(operand):
                    self.add_constant(operand)
            if vertex.inputs:
                self.operations.add(id(vertex))
            self.add(vertex)
        for vertex in self.outputs:
            if _is_constant(vertex):
                self.add_constant(vertex)

    def add(self, vertex: Any) -> None:
        self.ids[id(vertex)] = f"n{len(self.order)}"
        self.order.append(vertex)
        if id(vertex) not in self.names:
            name = vertex.name
            if name:
                self.names[id(vertex)] = name

    def add_constant(self, vertex: Any) -> None:
        if id(vertex) not in self.ids:
            self.constants[id(vertex)] = _number(vertex)
            self.add(vertex)

    def source(self, vertex: Any) -> tuple[Any, int]:
        """Return the vertex that is drawn for this one, and which of its outputs it is."""
        return self.projected.get(id(vertex), (vertex, 0))

    def letter(self) -> None:
        """Choose what every value is called: its name, or a letter; ``f`` for a single unnamed output."""
        self.symbols = {id(v): clip(self.names[id(v)]) for v in self.order if id(v) in self.names}
        taken = set(self.symbols.values())
        if len(self.shown) == 1 and "f" not in taken:
            (output,) = self.shown
            self.symbols.setdefault(output, "f")
        unnamed = []
        for vertex in self.order:
            number = self.constants.get(id(vertex))
            if id(vertex) in self.symbols:
                continue
            if number is not None:
                self.symbols[id(vertex)] = numbers.number(number)
            else:
                unnamed.append(id(vertex))
        self.symbols.update(zip(unnamed, letters(taken, len(unnamed)), strict=False))

    def boxes(self) -> tuple[dict[str, Group], dict[int, str]]:
        """Return the module calls, and the innermost one of each operation.

        A new call begins wherever a module path is left and entered again.
        """
        groups: dict[str, Group] = {}
        place: dict[int, str] = {}
        totals: dict[tuple[str, ...], int] = defaultdict(int)
        opened: list[Group] = []
        before: Any = None
        for vertex in self.order:
            if id(vertex) not in self.operations or vertex.order:
                continue
            scope, context = tuple(vertex.scope), vertex.context
            module = hasattr(vertex.scope, "module")
            shared = 0
            while shared < min(len(scope), len(opened)) and opened[shared].path == scope[: shared + 1]:
                shared += 1
            if shared == len(scope) == len(opened) and scope and _another_call(before, context):
                shared -= 1
            del opened[shared:]
            for depth in range(shared, len(scope)):
                path = scope[: depth + 1]
                totals[path] += 1
                key = ".".join(path) + (f"#{totals[path]}" if totals[path] > 1 else "")
                groups[key] = Group(key, path, opened[-1].key if opened else None, totals[path], module)
                opened.append(groups[key])
            before = context
            if opened:
                place[id(vertex)] = opened[-1].key
        return groups, place

    # -- describing ------------------------------------------------------------------------------------------------

    def node(self, vertex: Any, group: str | None, read: set[int]) -> Node:
        key = id(vertex)
        if key in self.constants:
            return self.constant(vertex)
        scalar = isinstance(vertex, autograd.Scalar)
        handle = vertex if scalar else self.handles.get(key)
        if key not in self.operations:
            handle = vertex.handle() if handle is None else handle
            return Node(
                id=self.ids[key],
                kind="param" if _is_parameter(handle) else "input",
                op="leaf",
                symbol=self.symbols[key],
                name=self.names.get(key),
                shape=_shape(vertex.shape),
                dtype=_dtype(vertex.dtype),
                value=_value(handle),
                grad=_grad(handle),
                output=key in self.shown,
            )
        shape, dtype = _shape(vertex.shape), vertex.dtype
        if isinstance(dtype, tuple) and len(read) == 1:
            # Only one of several outputs is of interest: the statistics of a batch norm are not.
            (output,) = read
            if output < len(dtype):
                shape, dtype = shape[output], dtype[output]
        primitive = vertex.primitive
        return Node(
            id=self.ids[key],
            kind="op",
            op=primitive.name,
            symbol=self.symbols[key],
            name=self.names.get(key),
            scope=tuple(vertex.scope),
            group=group,
            shape=shape,
            dtype=tuple(_dtype(d) for d in dtype) if isinstance(dtype, tuple) else _dtype(dtype),
            value=_value(handle),
            grad=_grad(handle),
            output=key in self.shown,
            attrs=_attributes(vertex),
            form=primitive.symbol if isinstance(primitive.symbol, str) else None,
            ports=primitive.input_names,
            order=vertex.order,
            where=vertex.where,
        )

    def constant(self, vertex: Any) -> Node:
        key = id(vertex)
        number = self.constants[key]
        cut = getattr(vertex, "cut", None)
        return Node(
            id=self.ids[key],
            kind="input" if number is None else "const",
            op="constant",
            symbol=self.symbols[key],
            name=self.names.get(key),
            shape=_shape(vertex.shape),
            dtype=_dtype(vertex.dtype),
            value=summarize(number) if number is not None else _value(vertex.handle()),
            differentiable=False,
            output=key in self.shown,
            attrs={"cut": cut} if cut else {},
        )

    def edges(self, derivatives: bool) -> Iterable[Edge]:
        for vertex in self.order:
            if id(vertex) not in self.operations:
                continue
            locals_ = self.locals(vertex) if derivatives else {}
            upstream = float(vertex.grad) if isinstance(vertex, autograd.Scalar) and vertex.grad is not None else None
            for port, operand in _operands(vertex):
                source, output = self.source(operand)
                local = None if _is_constant(operand) else locals_.get(port)
                message = None
                if upstream is not None and local is not None and local.value is not None:
                    message = upstream * local.value
                yield Edge(self.ids[id(source)], self.ids[id(vertex)], port, output, (), local, message)

    def locals(self, vertex: Any) -> dict[int, Local]:
        """Return the local derivatives of an operation by operand number."""
        if isinstance(vertex, autograd.Scalar):
            texts = [self.symbols[id(operand)] for operand in vertex.inputs]
            values = autograd.local_derivatives(vertex)
            formulas = autograd.local_formulas(vertex, texts, self.symbols[id(vertex)])
            return {i: Local(*pair) for i, pair in enumerate(zip(values, formulas, strict=True))}
        names = vertex.primitive.input_names
        words = {"out": self.symbols[id(vertex)]}
        for port, operand in _operands(vertex):
            if port < len(names):
                words[names[port]] = self.symbols.get(id(self.source(operand)[0]), names[port])
        pattern = re.compile(r"\b(" + "|".join(map(re.escape, words)) + r")\b")
        found = {}
        for port, _ in _operands(vertex):
            try:
                formula = vertex.primitive.formula(names[min(port, len(names) - 1)])
            except KeyError:  # an operand without derivative, such as a mask
                continue
            found[port] = Local(formula=pattern.sub(lambda match: words[match[1]], formula))
        return found


def _operands(vertex: Any) -> list[tuple[int, Any]]:
    """Return the operands with their numbers, leaving out optional ones that were not given."""
    return [(port, operand) for port, operand in enumerate(vertex.inputs) if operand is not None]


def _is_constant(vertex: Any) -> bool:
    kind = vertex.__class__
    return kind is autograd.Constant or (kind is autograd.Scalar and not vertex.requires_grad)


def _is_projection(vertex: Any) -> bool:
    return vertex.__class__ is autograd.Node and vertex.primitive.name == "output"


def _is_parameter(handle: Any) -> bool:
    # Known by the name of its class, because viz looks at graphs and knows nothing of nn.
    return any(base.__name__ == "Parameter" for base in type(handle).__mro__)


def _another_call(before: Any, context: Any) -> bool:
    """Whether two operations of one module path ran in different calls. Recorded lines give each its own context."""
    if before is context or before is None or context is None:
        return False
    return before.where is None and context.where is None


def _number(vertex: Any) -> float | int | bool | None:
    """Return the number that a constant without axes is, if it is known."""
    if isinstance(vertex, autograd.Scalar):
        return vertex.value
    if vertex.shape != ():
        return None
    if vertex.value is not None:
        return item(vertex.value)
    handle = vertex.handle()
    return None if handle is None else item(handle.numpy())


def _value(handle: Any) -> Summary | None:
    if handle is None:
        return None
    return summarize(handle.value if isinstance(handle, autograd.Scalar) else handle.numpy())


def _grad(handle: Any) -> Summary | None:
    grad = getattr(handle, "grad", None)
    if grad is None:
        return None
    return summarize(grad) if isinstance(grad, float) else _value(grad)


def _shape(shape: Any) -> tuple[Any, ...]:
    if not shape or shape[0].__class__ is int:
        return tuple(shape)
    return tuple(_shape(part) if isinstance(part, tuple) else int(part) for part in shape)


@functools.cache
def _dtype(dtype: Any) -> str:
    return dtype if isinstance(dtype, str) else np.dtype(dtype).name


def _attributes(vertex: Any) -> dict[str, Any]:
    if not vertex.static:
        return {}
    pairs = zip(vertex.primitive.static_names, vertex.static or (), strict=False)
    return {str(name): _plain(value) for name, value in pairs}


def _plain(value: Any) -> Any:
    """Turn a static argument into numbers, text and tuples."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if value is Ellipsis:
        return "…"
    if isinstance(value, slice):
        ends = [("" if end is None else str(end)) for end in (value.start, value.stop)]
        return ":".join(ends) + ("" if value.step is None else f":{value.step}")
    if isinstance(value, (tuple, list)):
        return tuple(_plain(item) for item in value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return f"{numbers.shape(value.shape)} {numbers.dtype(value.dtype.name)}"
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        return np.dtype(value).name
    return getattr(value, "name", None) or type(value).__name__
