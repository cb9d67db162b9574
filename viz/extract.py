"""From a recorded graph to the model: one walk over the nodes, without recursion, keeping nothing alive.

Nothing is computed again. A number in the picture is one that is still there: leaves and outputs have theirs, Scalars
keep all of theirs, and the activations of a tensor network are gone unless someone holds them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .. import autograd
from . import numbers
from .model import Edge, Graph, Group, Local, Node, Summary
from .symbols import clip, letters

__all__ = ["extract", "summarize"]

_LARGEST_SUMMARY = 10_000_000  # elements; statistics of more would be slower than the picture
_MOST_LOCALS = 500  # operations; beyond, no picture has room for local derivatives


def extract(
    y: Any, *, names: Mapping[str, Any] | None = None, derivatives: bool | None = None
) -> Graph:
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
    roots = _roots(y)
    reader = _Reader(roots, names or {})
    return reader.read(derivatives)


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
        self.roots = roots
        self.handles: dict[int, Any] = {}  # vertex identity -> the handle the caller gave
        self.given: dict[int, str] = {}  # vertex identity -> the name the caller gave
        self.outputs: list[Any] = []
        for handle in roots:
            vertex = autograd.node_of(handle)
            self.handles[id(vertex)] = handle
            self.outputs.append(vertex)
            if not _is_constant(vertex) and vertex.primitive.name == "output":
                self.handles.setdefault(id(vertex.inputs[0]), handle)
        for name, handle in names.items():
            if _is_handle(handle):
                vertex = autograd.node_of(handle)
                self.given.setdefault(id(vertex), str(name))
                self.handles.setdefault(id(vertex), handle)

    def read(self, derivatives: bool | None) -> Graph:
        tape = self.collect()
        self.number(tape)
        self.name()
        if derivatives is None:
            derivatives = sum(1 for vertex in self.order if _is_operation(vertex)) <= _MOST_LOCALS
        groups, place = self.boxes()
        edges = tuple(self.edges(derivatives))
        read: dict[str, set[int]] = defaultdict(set)
        for edge in edges:
            read[edge.src].add(edge.output)
        for vertex in self.outputs:
            source, output = self.source(vertex)
            read[self.ids[id(source)]].add(output)
        nodes = tuple(self.node(vertex, place, read[self.ids[id(vertex)]]) for vertex in self.order)
        parameters = [node for node in nodes if node.kind == "param"]
        meta = {
            "operations": sum(1 for node in nodes if node.is_operation),
            "values": len(nodes),
            "parameters": sum(math.prod(node.shape) for node in parameters),
            "scalars": all(isinstance(vertex, autograd.Scalar) or _is_number(vertex) for vertex in self.order),
            "notes": (),
        }
        return Graph(nodes, edges, groups, meta)

    # -- walking ---------------------------------------------------------------------------------------------------

    def collect(self) -> list[Any]:
        """Return every recorded vertex that the outputs depend on, in the order of its creation."""
        seen: dict[int, Any] = {}
        stack = list(self.outputs)
        while stack:
            vertex = stack.pop()
            if id(vertex) in seen:
                continue
            seen[id(vertex)] = vertex
            stack.extend(operand for _, operand in _operands(vertex) if not _is_constant(operand))
        tape = [vertex for vertex in seen.values() if not _is_constant(vertex)]
        tape.sort(key=lambda vertex: vertex.sequence)
        return tape

    def number(self, tape: list[Any]) -> None:
        """Give ids in tape order; a constant comes just before the first operation that reads it.

        A projection, which picks one output of an operation that has several, gets no id of its own: it becomes the
        ``output`` of the edges that leave it.
        """
        self.order: list[Any] = []
        self.ids: dict[int, str] = {}
        self.projected: dict[int, tuple[Any, int]] = {}
        self.numbers: dict[tuple[int, int], Any] = {}  # Python numbers among operands: one vertex for each use

        def add(vertex: Any) -> None:
            self.ids[id(vertex)] = f"n{len(self.order)}"
            self.order.append(vertex)

        for vertex in tape:
            if vertex.primitive.name == "output":
                ((_, whole),) = _operands(vertex)
                self.projected[id(vertex)] = (whole, int(vertex.static[0]))
                continue
            for port, operand in _operands(vertex):
                if _is_number(operand) and not hasattr(operand, "shape"):
                    operand = _Number(operand)
                    self.numbers[id(vertex), port] = operand
                if _is_constant(operand) and id(operand) not in self.ids:
                    add(operand)
            add(vertex)
        for vertex in self.outputs:
            if _is_constant(vertex) and id(vertex) not in self.ids:
                add(vertex)
        self.shown = {id(self.source(vertex)[0]) for vertex in self.outputs}
        for key, (whole, _) in self.projected.items():
            if key in self.given:
                self.given.setdefault(id(whole), self.given[key])

    def source(self, vertex: Any) -> tuple[Any, int]:
        """Return the vertex that is drawn for this one, and which of its outputs it is."""
        return self.projected.get(id(vertex), (vertex, 0))

    def name(self) -> None:
        """Choose what every value is called: its name, or a letter; ``f`` for a single unnamed output."""
        names = {id(vertex): self.given.get(id(vertex)) or _name(vertex) for vertex in self.order}
        self.names = names
        self.symbols: dict[int, str] = {key: clip(name) for key, name in names.items() if name}
        taken = set(self.symbols.values())
        unnamed = [v for v in self.order if id(v) not in self.symbols and not _is_plain_number(v)]
        if len(self.shown) == 1 and "f" not in taken:
            (output,) = self.shown
            if output not in self.symbols:
                self.symbols[output] = "f"
                unnamed = [v for v in unnamed if id(v) != output]
        for vertex, letter in zip(unnamed, letters(taken, len(unnamed)), strict=False):
            self.symbols[id(vertex)] = letter

    def symbol(self, vertex: Any) -> str:
        if id(vertex) in self.symbols:
            return self.symbols[id(vertex)]
        value = _value_of(vertex)
        return numbers.number(value) if value is not None else "const"

    def boxes(self) -> tuple[dict[str, Group], dict[int, str]]:
        """Return the module calls, and the innermost one of each operation.

        A new call begins wherever a module path is left and entered again.
        """
        groups: dict[str, Group] = {}
        place: dict[int, str] = {}
        totals: dict[tuple[str, ...], int] = defaultdict(int)
        open_groups: list[Group] = []
        last_context: Any = None
        for vertex in self.order:
            if not _is_operation(vertex) or vertex.order:
                continue
            scope = tuple(vertex.scope)
            shared = 0
            while shared < min(len(scope), len(open_groups)) and open_groups[shared].path == scope[: shared + 1]:
                shared += 1
            context = vertex.context
            if shared == len(scope) == len(open_groups) and scope and _another_call(last_context, context):
                shared -= 1
            del open_groups[shared:]
            for depth in range(shared, len(scope)):
                path = scope[: depth + 1]
                totals[path] += 1
                key = ".".join(path) + (f"#{totals[path]}" if totals[path] > 1 else "")
                group = Group(key, path, open_groups[-1].key if open_groups else None, totals[path])
                groups[key] = group
                open_groups.append(group)
            last_context = context
            if open_groups:
                place[id(vertex)] = open_groups[-1].key
        return groups, place

    # -- describing ------------------------------------------------------------------------------------------------

    def node(self, vertex: Any, place: dict[int, str], read: set[int]) -> Node:
        operation = _is_operation(vertex)
        constant = _is_constant(vertex)
        handle = self.handles.get(id(vertex))
        if handle is None and not operation:
            handle = vertex.handle() if hasattr(vertex, "handle") else None
        if isinstance(vertex, autograd.Scalar):
            handle = vertex
        shape, dtype = _shape(vertex.shape), vertex.dtype
        if isinstance(dtype, tuple) and len(read) == 1:
            # Only one of several outputs is of interest: the statistics of a batch norm are not.
            (output,) = read
            if output < len(dtype):
                shape, dtype = shape[output], dtype[output]
        return Node(
            id=self.ids[id(vertex)],
            kind=_kind(vertex, handle),
            op=vertex.primitive.name if operation else "constant" if constant else "leaf",
            symbol=self.symbol(vertex),
            name=self.names[id(vertex)],
            scope=tuple(vertex.scope) if operation else (),
            group=place.get(id(vertex)),
            shape=shape,
            dtype=tuple(_dtype(d) for d in dtype) if isinstance(dtype, tuple) else _dtype(dtype),
            value=_value(vertex, handle),
            grad=None if constant else _grad(handle),
            differentiable=not constant,
            output=id(vertex) in self.shown,
            attrs=_attributes(vertex) if operation else {},
            form=_form(vertex) if operation else None,
            ports=tuple(vertex.primitive.input_names) if operation else (),
            order=0 if constant else vertex.order,
            where=None if constant else vertex.where,
        )

    def edges(self, derivatives: bool) -> Iterable[Edge]:
        for vertex in self.order:
            if not _is_operation(vertex):
                continue
            found = _operands(vertex)
            scalar = isinstance(vertex, autograd.Scalar)
            values: tuple[Any, ...] = ()
            formulas: tuple[Any, ...] = ()
            if derivatives and scalar:
                texts = [self.symbol(self.numbers.get((id(vertex), port), operand)) for port, operand in found]
                values = autograd.local_derivatives(vertex)
                formulas = autograd.local_formulas(vertex, texts, self.symbol(vertex))
            for port, operand in found:
                operand = self.numbers.get((id(vertex), port), operand)
                source, output = self.source(operand)
                local, message = None, None
                if not _is_constant(operand):
                    if scalar and port < len(values):
                        local = Local(_float(values[port]), formulas[port])
                        if vertex.grad is not None and local.value is not None:
                            message = float(vertex.grad) * local.value
                    elif derivatives and not scalar:
                        local = _words(vertex, port)
                yield Edge(self.ids[id(source)], self.ids[id(vertex)], port, output, (), local, message)


class _Number:
    """A Python number among the operands, made a vertex."""

    __slots__ = ("value",)
    shape: tuple[int, ...] = ()
    name = None

    def __init__(self, value: Any) -> None:
        self.value = value

    @property
    def dtype(self) -> str:
        return "bool" if isinstance(self.value, bool) else "int64" if isinstance(self.value, int) else "float64"


def _operands(vertex: Any) -> list[tuple[int, Any]]:
    """Return the operands with their numbers, leaving out optional ones that were not given."""
    return [(port, operand) for port, operand in enumerate(vertex.inputs) if operand is not None]


def _is_number(vertex: Any) -> bool:
    return isinstance(vertex, (int, float, np.generic, _Number))


def _is_constant(vertex: Any) -> bool:
    if isinstance(vertex, autograd.Scalar):
        return not vertex.requires_grad
    return isinstance(vertex, autograd.Constant) or _is_number(vertex)


def _is_operation(vertex: Any) -> bool:
    return not _is_constant(vertex) and vertex.primitive.name != "leaf"


def _is_plain_number(vertex: Any) -> bool:
    """Whether the vertex is drawn as its number when it has no name."""
    return _is_constant(vertex) and _value_of(vertex) is not None


def _another_call(before: Any, context: Any) -> bool:
    """Whether two operations of one module path ran in different calls. Recorded lines give each its own context."""
    if before is context or before is None or context is None:
        return False
    return before.where is None and context.where is None


def _name(vertex: Any) -> str | None:
    name = getattr(vertex, "name", None)
    if name is None and not _is_number(vertex) and not _is_operation(vertex):
        handle = vertex.handle() if hasattr(vertex, "handle") else None
        name = getattr(handle, "name", None)
    return name if isinstance(name, str) and name else None


def _kind(vertex: Any, handle: Any) -> str:
    if _is_operation(vertex):
        return "op"
    if _is_constant(vertex):
        return "const" if _value_of(vertex) is not None else "input"
    parameter = any(base.__name__ == "Parameter" for base in type(handle).__mro__)
    return "param" if parameter else "input"


def _value_of(vertex: Any) -> Any:
    """Return the number of a constant with one element and no axes, else ``None``."""
    if isinstance(vertex, (int, float, np.generic)):
        return _item(np.asarray(vertex))
    if isinstance(vertex, (autograd.Scalar, _Number)):
        return vertex.value
    if isinstance(vertex, autograd.Constant) and vertex.shape == ():
        if vertex.value is not None:
            return _item(np.asarray(vertex.value))
        handle = vertex.handle()
        return None if handle is None else _item(handle.numpy())
    return None


def _value(vertex: Any, handle: Any) -> Summary | None:
    if isinstance(vertex, autograd.Scalar):
        return summarize(vertex.value)
    if handle is not None and not isinstance(handle, autograd.Scalar):
        return summarize(handle.numpy())
    number = _value_of(vertex) if _is_constant(vertex) else None
    return None if number is None else summarize(number)


def _grad(handle: Any) -> Summary | None:
    grad = getattr(handle, "grad", None)
    if grad is None:
        return None
    return summarize(grad if isinstance(grad, (int, float)) else grad.numpy() if hasattr(grad, "numpy") else grad.value)


def _item(array: Any) -> float | int | bool:
    """Return the one element as a Python number; a float32 becomes the decimal that it prints as, so 0.1 stays 0.1."""
    element = np.asarray(array).reshape(-1)[0]
    if element.dtype.kind == "f" and element.dtype.itemsize < 8:
        return float(str(element))
    item: float | int | bool = element.item()
    return item


def summarize(value: Any) -> Summary:
    """Describe a number or an array in a few figures.

    >>> import numpy as np
    >>> s = summarize(np.array([3.0, -4.0, 0.0]))
    >>> s.norm, s.minimum, s.maximum, s.zeros
    (5.0, -4.0, 3.0, 1)
    """
    array = np.asarray(value)
    size = int(array.size)
    number = _item(array) if size == 1 else None
    sample = tuple(_item(element) for element in array.reshape(-1)) if 0 < size <= 16 else ()
    if size == 0 or size > _LARGEST_SUMMARY or array.dtype.kind not in "fiub":
        return Summary(size, number, sample=sample)
    zeros = size - int(np.count_nonzero(array))
    nan = inf = 0
    if array.dtype.kind == "f":
        finite = np.isfinite(array)
        if not finite.all():
            nan = int(np.isnan(array).sum())
            inf = size - int(finite.sum()) - nan
            array = array[finite]
            if array.size == 0:
                return Summary(size, number, nan=nan, inf=inf, sample=sample)
    exact = array.astype(np.float64)
    norm = float(np.sqrt(np.sum(exact * exact)))
    return Summary(
        size, number, norm, float(exact.min()), float(exact.max()), float(exact.mean()), nan, inf, zeros, sample
    )  # fmt: skip


def _shape(shape: Any) -> tuple[Any, ...]:
    return tuple(_shape(part) if isinstance(part, tuple) else int(part) for part in shape)


def _dtype(dtype: Any) -> str:
    return dtype if isinstance(dtype, str) else np.dtype(dtype).name


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _form(vertex: Any) -> str | None:
    symbol = getattr(vertex.primitive, "symbol", None)
    return symbol if isinstance(symbol, str) and symbol else None


def _words(vertex: Any, port: int) -> Local | None:
    """Return the vector-Jacobian product of a tensor operation in words."""
    names = vertex.primitive.input_names
    try:
        return Local(formula=vertex.primitive.formula(names[port] if port < len(names) else names[0]))
    except (KeyError, NotImplementedError):
        return None


def _attributes(vertex: Any) -> dict[str, Any]:
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
