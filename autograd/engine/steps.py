"""The backward step of one node by interpretation, and what happens to the gradients it makes.

``generate_step.py`` writes the common cases out for speed; this is the plainest form, which also runs on tensors when
the backward pass is itself to be recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import dtypes
from ..core.interpreters import is_operand
from ..core.mode import NOWHERE, current_mode, set_mode
from ..core.node import FREED, Node
from ..core.primitive import REGISTRY, OutputRules
from ..core.sums import total
from ..core.types import Shape, Value
from .messages import describe
from .ownership import Cotangents, accumulate, buffer_of
from .values import HANDLES, OUTPUT, Array, new_tensor, project

__all__ = ["conform", "conform_recorded", "pull_generic", "rule_values", "run_recorded", "unbroadcast"]


def _pull_output(node: Node, g: Value, cotangents: Cotangents, wanted: set[Node] | None) -> None:
    accumulate(cotangents, (node.inputs[0], node.static[0]), g)


OUTPUT.pull = _pull_output


def pull_generic(
    node: Node, g: Value, cotangents: Cotangents, wanted: set[Node] | None, recorded: bool = False
) -> None:
    """Run the rules of one node and hand the gradients on to its inputs.

    With ``recorded`` the rules run on tensors, so that the gradients are themselves part of a graph.
    """
    primitive = node.primitive
    if primitive is OUTPUT:
        _pull_output(node, g, cotangents, wanted)
        return
    saved = node.saved
    if saved is FREED:
        raise second_backward(node)
    names = primitive.input_names * len(node.inputs) if primitive.list_input else primitive.input_names
    needs_grad = tuple(
        v.__class__ is Node and n in primitive.differentiable and (wanted is None or v in wanted)
        for v, n in zip(node.inputs, names, strict=True)
    )
    values = rule_values(node, names, saved, recorded)
    if primitive.output_names is None:
        gradients = [cotangents.pop((node, i), None) for i in range(len(node.shape))]
        if all(x is None for x in gradients):
            return
        filled = [
            _zeros(s, d, recorded) if x is None and primitive.zero_filled else x
            for x, s, d in zip(gradients, node.shape, node.dtype, strict=True)
        ]
        _run_rules(node, primitive.rules_by_output["out"], filled, values, names, needs_grad, cotangents, recorded)
        return
    for position, (output, rules) in enumerate(primitive.rules_by_output.items()):
        arrived = g if position == 0 and not primitive.returns_tuple else cotangents.pop((node, position), None)
        if arrived is not None and rules is not None:
            _run_rules(node, rules, arrived, values, names, needs_grad, cotangents, recorded, output)


def _run_rules(
    node: Node, rules: OutputRules | None, g: Value, values: dict[str, Any], names: Sequence[str],
    needs_grad: tuple[bool, ...], cotangents: Cotangents, recorded: bool, output: str = "out",
) -> None:  # fmt: skip
    assert rules is not None
    primitive = node.primitive
    values["g"] = g
    values["needs_grad"] = needs_grad
    if rules.joint is not None:
        found = rules.joint.function(*(values[a] for a in rules.joint.arguments))
        gradients = one_for_each(primitive, found, len(names))
        for vertex, name, wanted, gradient in zip(node.inputs, names, needs_grad, gradients, strict=True):
            if wanted and gradient is not None:
                _hand_on(node, vertex, name, gradient, cotangents, recorded)
        return
    for name, rule in rules.by_input.items():
        position = primitive.input_names.index(name)
        if not needs_grad[position]:
            continue
        vertex = node.inputs[position]
        if name in primitive.accumulate and not recorded and output == "out":
            add = primitive.accumulate[name]
            add.function(buffer_of(cotangents, vertex), *(values[n] for n in add.arguments))
            continue
        gradient = rule.function(*(values[a] for a in rule.arguments))
        if gradient is not None:
            _hand_on(node, vertex, name, gradient, cotangents, recorded)


def _hand_on(node: Node, vertex: Any, name: str, gradient: Value, cotangents: Cotangents, recorded: bool) -> None:
    convert = conform_recorded if recorded else conform
    accumulate(cotangents, vertex, convert(gradient, node, name, vertex))


def rule_values(node: Node, names: Sequence[str], saved: tuple[Any, ...], recorded: bool) -> dict[str, Any]:
    """Return what the rules may ask for, lifted to tensors at their vertices when the pass is recorded."""
    primitive = node.primitive
    values: dict[str, Any] = dict(zip(primitive.static_names, node.static, strict=True))
    if primitive.list_input:
        values[f"{names[0]}_shape"] = [v.shape for v in node.inputs]
    else:
        for name, vertex in zip(names, node.inputs, strict=True):
            values[f"{name}_shape"] = None if vertex is None else vertex.shape
    for name, array in zip(primitive.saved_names, saved, strict=True):
        values[name] = _lift(node, name, array) if recorded and array is not None else array
    return values


def _lift(node: Node, name: str, array: Any) -> Value:
    primitive = node.primitive
    if name in primitive.input_names:
        if primitive.list_input:
            return [new_tensor(a, v) for a, v in zip(array, node.inputs, strict=True)]
        return new_tensor(array, node.inputs[primitive.input_names.index(name)])
    if array.dtype.kind != "f":
        return new_tensor(array, None)
    results = (*(primitive.output_names or ()), *primitive.residual_names)
    position = results.index(name)
    if position == 0 and not primitive.returns_tuple:
        return new_tensor(array, node)
    return new_tensor(array, project(node, position, array))


def _zeros(shape: Shape, dtype: Any, recorded: bool) -> Value:
    array = np.zeros(shape, dtype)
    return new_tensor(array, None) if recorded else array


def one_for_each(primitive: Any, gradients: Value, count: int) -> Any:
    """Return what a joint rule gave, which must be one gradient for each input."""
    if not isinstance(gradients, list | tuple) or len(gradients) != count:
        raise TypeError(
            f"{primitive.name}: its joint rule must return one gradient for each of its {count} inputs, "
            f"but returned {describe(gradients)}"
        )
    return gradients


def conform(gradient: Value, node: Node, name: str, vertex: Any) -> Value:
    """Return a rule's result with the shape and dtype of its input: sums of broadcast axes, casts, and the check."""
    if gradient is None:
        return None
    if is_operand(gradient):
        raise TypeError(
            f"{node.primitive.name}: the rule for {name!r} returned a {type(gradient).__name__} in a pass on raw arrays"
        )
    known = isinstance(gradient, np.ndarray | np.generic | float | int)
    array = np.asarray(gradient) if known else np.empty(0, object)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{node.primitive.name}: the rule for {name!r} returned {describe(gradient)}, not an array")
    if array.shape != vertex.shape:
        if node.primitive.kind != "elementwise":
            raise ValueError(
                f"{node.primitive.name}: the rule for {name!r} returned a gradient of shape {array.shape}, "
                f"but {name!r} has shape {vertex.shape}"
            )
        if array.shape != node.shape:
            try:
                array = np.broadcast_to(array, node.shape)
            except ValueError:
                raise ValueError(
                    f"{node.primitive.name}: the rule for {name!r} returned a gradient of shape {array.shape}, but the "
                    f"output has shape {node.shape} and {name!r} has {vertex.shape}"
                ) from None
        array = unbroadcast(array, vertex.shape)
    return array if array.dtype is vertex.dtype else dtypes.as_array(array, vertex.dtype, copy=False)


def conform_recorded(gradient: Value, node: Node, name: str, vertex: Any) -> Value:
    """The same as :func:`conform` for a recorded pass."""
    if gradient.__class__ not in HANDLES:
        gradient = new_tensor(np.asarray(gradient, dtype=vertex.dtype), None)
    if gradient._array.shape != vertex.shape:
        if node.primitive.kind != "elementwise":
            raise ValueError(
                f"{node.primitive.name}: the rule for {name!r} returned a gradient of shape {gradient._array.shape}, "
                f"but {name!r} has shape {vertex.shape}"
            )
        if gradient._array.shape != node.shape:
            gradient = REGISTRY["broadcast_to"].function(gradient, node.shape)
        gradient = REGISTRY["sum_to"].function(gradient, vertex.shape)
    if gradient._array.dtype != vertex.dtype:
        gradient = REGISTRY["astype"].function(gradient, vertex.dtype)
    return gradient


def unbroadcast(array: Array, shape: Shape) -> Array:
    """Sum ``array`` over the axes along which ``shape`` was broadcast. The one place where this is done."""
    extra = array.ndim - len(shape)
    axes = (*range(extra), *(i + extra for i, n in enumerate(shape) if n == 1 and array.shape[i + extra] != 1))
    return np.asarray(total(array, axes)).reshape(shape)


def run_recorded(node: Node, g: Value, cotangents: Cotangents, wanted: set[Node] | None) -> None:
    """Run one backward step on tensors, in the name of the forward node."""
    outer = current_mode()
    context = (node.context or NOWHERE).replace(origin=node, order=node.order + 1)
    set_mode(outer.replace(grad=True, context=context))
    try:
        pull_generic(node, g, cotangents, wanted, recorded=True)
    finally:
        set_mode(outer)


def second_backward(node: Node) -> RuntimeError:
    """Return the error for a pass through a graph whose saved values are gone."""
    return RuntimeError(
        f"backward a second time through {node.primitive.name} (shape {node.shape}): its saved values were freed by "
        "the first backward. Compute the result again, or call the first backward with retain_graph=True"
    )
