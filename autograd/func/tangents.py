"""Forward mode: tangents carried through a recorded graph, in the order in which it was made.

Nothing is declared for it. A node kept what its rules need to bring a gradient back, and that is also what carrying a
tangent forward takes:

* elementwise: the Jacobian is diagonal, hence its own transpose, so the rule carries tangents as well as gradients;
* linear: the operation itself, applied to the tangent;
* multilinear: the sum of the operation with one operand replaced by its tangent at a time. The others were saved,
  because the rule of the operand that moves asked for them;
* anything else: the rule is a linear map of the gradient, and its transpose is the derivative forward.

On tensors the same steps are recorded, so tangents can be differentiated in either mode.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..core import storage
from ..core.mode import NOWHERE, current_mode, set_mode
from ..core.node import FREED, Node
from ..core.paths import between
from ..core.primitive import REGISTRY, OutputRules, Rule
from ..engine.backward import check_unchanged
from ..engine.gradients import grad
from ..engine.steps import conform_recorded, rule_values, second_backward
from ..engine.values import HANDLES, OUTPUT, Array, new_tensor

__all__ = ["Linearized"]

class Linearized:
    """The part of a graph that leads from some inputs to some outputs, as a linear map of tangents.

    Args:
        inputs: the vertices that move.
        outputs: the vertices whose tangents are wanted.
    """

    def __init__(self, inputs: Sequence[Node], outputs: Iterable[Node]) -> None:
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        self.order = between(self.inputs, self.outputs)
        last: dict[Any, int] = {}
        for position, node in enumerate(self.order):
            for vertex in node.inputs:
                last[vertex] = position
        kept = {*self.outputs, *self.inputs}
        self.finished: list[list[Node]] = [[] for _ in self.order]
        for vertex, position in last.items():
            if vertex.__class__ is Node and vertex not in kept:
                self.finished[position].append(vertex)

    def push(self, tangents: Sequence[Any], recorded: bool) -> list[Any]:
        """Return the tangents of the outputs, None for those that do not move.

        Args:
            tangents: one for each input, or None: arrays, or with ``recorded`` tensors.
            recorded: carry tensors, and record it.

        Raises:
            RuntimeError: a saved value was freed, or changed in place.
        """
        moved: dict[Any, Any] = {}
        for vertex, tangent in zip(self.inputs, tangents, strict=True):
            if tangent is not None:
                moved[vertex] = tangent
        changed = bool(self.order) and storage.latest_change() > self.order[0].sequence
        outer = current_mode()
        # Steps on arrays record only what the transpose of a rule needs, which is nobody else's business.
        inner = outer.replace(grad=True) if recorded else outer.replace(grad=True, observers=())
        set_mode(inner)
        try:
            for node, finished in zip(self.order, self.finished, strict=True):
                if changed:
                    check_unchanged(node, None)
                if recorded:
                    context = (node.context or NOWHERE).replace(origin=node, order=node.order + 1)
                    set_mode(inner.replace(context=context))
                step(node, moved, recorded)
                for vertex in finished:
                    moved.pop(vertex, None)
        finally:
            set_mode(outer)
        return [moved.get(vertex) for vertex in self.outputs]


def step(node: Node, moved: dict[Any, Any], recorded: bool) -> None:
    """Put the tangent of ``node`` into ``moved``, from those of its inputs.

    As on the way back, an output after the first is known by the pair of node and position.
    """
    primitive = node.primitive
    if primitive is OUTPUT:
        arrived = moved.get((node.inputs[0], node.static[0]))
        if arrived is not None:
            moved[node] = arrived
        return
    if node.saved is FREED:
        raise second_backward(node)
    names = primitive.input_names * len(node.inputs) if primitive.list_input else primitive.input_names
    differentiable = primitive.differentiable
    tangents = [moved.get(v) if n in differentiable else None for v, n in zip(node.inputs, names, strict=True)]
    if all(t is None for t in tangents):
        return
    rules = primitive.rules
    if primitive.kind == "elementwise" and not primitive.multi_output and rules.joint is None:
        values = rule_values(node, names, node.saved, True) if recorded else _plain_values(node)
        tangent = _elementwise(node, rules.by_input, tangents, values, recorded)
        if tangent is not None:
            moved[node] = _conform(tangent, node, recorded)
        return
    values = rule_values(node, names, node.saved, recorded)
    if primitive.kind in ("linear", "multilinear") and not primitive.residual_names:
        operands = _operands(node, names, values)
        along = _linear if primitive.kind == "linear" else _multilinear
        found = along(node, names, tangents, operands, recorded)
        if found is not None:
            if primitive.returns_tuple:
                moved.update({(node, i): t for i, t in enumerate(found)})
            else:
                moved[node] = _conform(found, node, recorded)
            return
    _transposed(node, names, tangents, values, recorded, moved)


def _plain_values(node: Node) -> dict[str, Any]:
    """What ``rule_values`` gives for arrays, without the shapes unless a rule asks for one."""
    primitive = node.primitive
    values: dict[str, Any] = dict(zip(primitive.saved_names, node.saved, strict=True))
    if node.static:
        values.update(zip(primitive.static_names, node.static, strict=True))
    return values


def _elementwise(
    node: Node, rules: dict[str, Rule], tangents: list[Any], values: dict[str, Any], recorded: bool
) -> Any:
    total: Any = None
    for name, tangent in zip(node.primitive.input_names, tangents, strict=True):
        if tangent is None:
            continue
        rule = rules[name]
        values["g"] = _broadcast(tangent, node.shape, recorded)
        for argument in rule.arguments:
            if argument not in values:
                operand = node.inputs[node.primitive.input_names.index(argument.removesuffix("_shape"))]
                values[argument] = None if operand is None else operand.shape
        part = rule.function(*[values[a] for a in rule.arguments])
        if part is not None:
            total = part if total is None else total + part
    return total


class _Missing:
    """Stands for an operand whose value was not saved."""


MISSING = _Missing()


def _operands(node: Node, names: Sequence[str], values: dict[str, Any]) -> list[Any]:
    """Return what is known of the operands: saved values, numbers, None for those left out."""
    primitive = node.primitive
    if primitive.list_input:
        saved = values.get(names[0]) if names else None
        return [MISSING] * len(names) if saved is None else list(saved)
    known = []
    for name, vertex in zip(names, node.inputs, strict=True):
        value = values.get(name)
        if value is None and vertex is not None:
            value = getattr(vertex, "value", None)
            value = MISSING if value is None else value
        known.append(value)
    return known


def _run(node: Node, operands: list[Any]) -> Any:
    primitive = node.primitive
    statics = dict(zip(primitive.static_names, node.static, strict=True))
    if primitive.list_input:
        return primitive.function(**{primitive.input_names[0]: operands}, **statics)
    return primitive.function(**dict(zip(primitive.input_names, operands, strict=True)), **statics)


def _linear(node: Node, names: Sequence[str], tangents: list[Any], operands: list[Any], recorded: bool) -> Any:
    placed = []
    for name, vertex, tangent, operand in zip(names, node.inputs, tangents, operands, strict=True):
        if tangent is not None:
            placed.append(tangent)
        elif name in node.primitive.differentiable and vertex is not None:
            placed.append(_zeros(vertex, recorded))
        elif operand is MISSING:
            return None
        else:
            placed.append(operand)
    return _run(node, placed)


def _multilinear(node: Node, names: Sequence[str], tangents: list[Any], operands: list[Any], recorded: bool) -> Any:
    primitive = node.primitive
    if primitive.returns_tuple:
        return None
    # An optional operand, such as a bias, is added: it stays out of the products, and goes by its rule alone.
    added = [name in primitive.optional for name in names]
    total: Any = None
    for i, tangent in enumerate(tangents):
        if tangent is None or added[i]:
            continue
        placed = [None if extra else operand for extra, operand in zip(added, operands, strict=True)]
        placed[i] = tangent
        if any(operand is MISSING for operand in placed):
            return None
        part = _run(node, placed)
        total = part if total is None else total + part
    alone = [tangent if extra else None for extra, tangent in zip(added, tangents, strict=True)]
    if any(t is not None for t in alone):
        values = rule_values(node, names, node.saved, recorded)
        found: dict[Any, Any] = {}
        _transposed(node, names, alone, values, recorded, found)
        total = found[node] if total is None else total + found[node]
    return total


def _transposed(
    node: Node, names: Sequence[str], tangents: list[Any], values: dict[str, Any], recorded: bool,
    moved: dict[Any, Any],
) -> None:  # fmt: skip
    """Differentiate what the rules make of a gradient, with respect to that gradient, along the tangents."""
    primitive = node.primitive
    if not recorded:
        for name in primitive.saved_names:
            values[name] = _constant(values[name])
        tangents = [None if t is None else new_tensor(t, None) for t in tangents]
    if primitive.output_names is None:
        starts = [_start(s, d) for s, d in zip(node.shape, node.dtype, strict=True)]
        pairs = _apply(node, primitive.rules_by_output["out"], starts, names, tangents, values)
        places: list[Any] = [(node, i) for i in range(len(starts))]
    else:
        starts, places, pairs = [], [], []
        for position, (output, rules) in enumerate(primitive.rules_by_output.items()):
            if rules is None:
                continue
            if position < len(primitive.output_names):
                shape = node.shape[position] if primitive.returns_tuple else node.shape
                dtype = node.dtype[position] if primitive.returns_tuple else node.dtype
            elif values.get(output) is not None:
                shape, dtype = values[output].shape, values[output].dtype
            else:
                continue
            starts.append(_start(shape, dtype))
            places.append(node if position == 0 and not primitive.returns_tuple else (node, position))
            pairs += _apply(node, rules, starts[-1], names, tangents, values)
    live = [(r, t) for r, t in pairs if r._node.__class__ is Node]
    if not live:
        found: Iterable[Any] = [new_tensor(np.zeros(s.shape, s.dtype), None) for s in starts]
    else:
        found = grad([r for r, _ in live], starts, [t for _, t in live], create_graph=recorded, materialize_grads=True)
    for place, tangent in zip(places, found, strict=True):
        moved[place] = tangent if recorded else tangent._array


def _apply(
    node: Node, rules: OutputRules | None, g: Any, names: Sequence[str], tangents: list[Any], values: dict[str, Any]
) -> list[tuple[Any, Any]]:
    """Return what the rules make of ``g``, each with the tangent of its input."""
    assert rules is not None
    values["g"] = g
    values["needs_grad"] = tuple(t is not None for t in tangents)
    if rules.joint is not None:
        made = rules.joint.function(*(values[a] for a in rules.joint.arguments))
    else:
        made = [
            rules.by_input[n].function(*(values[a] for a in rules.by_input[n].arguments))
            if t is not None and n in rules.by_input else None
            for n, t in zip(names, tangents, strict=True)
        ]  # fmt: skip
    return [
        (conform_recorded(gradient, node, name, vertex), tangent)
        for gradient, tangent, name, vertex in zip(made, tangents, names, node.inputs, strict=True)
        if gradient is not None and tangent is not None
    ]


def _start(shape: Any, dtype: Any) -> Any:
    # Its value does not matter, the rules being linear in it; but one makes no NaN of an infinity.
    start = new_tensor(np.ones(shape, dtype), None)
    if np.dtype(dtype).kind == "f":
        start.requires_grad = True
    return start


def _constant(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_constant(v) for v in value]
    return new_tensor(value, None) if isinstance(value, np.ndarray) else value


def _zeros(vertex: Any, recorded: bool) -> Any:
    zeros = np.broadcast_to(np.zeros((), vertex.dtype), vertex.shape)
    return new_tensor(zeros, None) if recorded else zeros


def _broadcast(value: Any, shape: Any, recorded: bool) -> Any:
    if value.shape == shape:
        return value
    return REGISTRY["broadcast_to"].function(value, shape) if recorded else np.broadcast_to(value, shape)


def _conform(tangent: Any, node: Node, recorded: bool) -> Any:
    """Return a tangent in the shape and dtype of the output it belongs to."""
    if recorded:
        if tangent.__class__ not in HANDLES:
            tangent = new_tensor(np.asarray(tangent), None)
        tangent = _broadcast(tangent, node.shape, recorded)
        return tangent if tangent.dtype == node.dtype else REGISTRY["astype"].function(tangent, node.dtype)
    array: Array = _broadcast(np.asarray(tangent), node.shape, recorded)
    return array if array.dtype == node.dtype else array.astype(node.dtype)
