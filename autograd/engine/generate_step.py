"""Writes the backward step of a primitive with one output: run the rules that are wanted, hand the gradients on.

``steps.pull_generic`` does the same by interpretation. See ``PRIMITIVES.md`` beside this file for a worked example.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.node import FREED, Node
from ..core.primitive import Primitive, Rule
from ..core.types import Value
from . import ownership, steps
from .inline import inline_rule
from .ownership import Cotangents
from .source import compile_function, fill, targets, tuple_of

__all__ = ["pull_source", "pull_when_needed"]

PULL = """
def pull(node, g, cotangents, wanted):
    {vertices} = node.inputs
    {read_saved}
    {read_static}
    {rules}
"""

READ_SAVED = """
saved = node.saved
if saved is FREED: raise second_backward(node)
{names} = saved
"""

RULE = """
if {x}_vertex.__class__ is Node and (wanted is None or {x}_vertex in wanted):
    d = rule_{x}({arguments})
    {hand_on}
"""

HAND_ON = """
if d.__class__ is not ndarray or d.dtype is not {x}_vertex.dtype or d.shape != {x}_vertex.shape:
    d = conform(d, node, '{x}', {x}_vertex)
if {x}_vertex in cotangents: accumulate(cotangents, {x}_vertex, d)
elif d is not None: cotangents[{x}_vertex] = d
"""

# An inlined result has the shape and dtype of the output, so nodes can be compared instead of arrays; that they mostly
# share one tuple for their shape makes it cheaper still. Ufuncs give NumPy scalars for 0-d arrays, which cannot be
# written over.
INLINED_RULE = """
if {x}_vertex.__class__ is Node and (wanted is None or {x}_vertex in wanted):
    shape = node.shape
    if shape and ({x}_vertex.shape is shape or {x}_vertex.shape == shape) and {x}_vertex.dtype is node.dtype:
        {steps}
        if {x}_vertex in cotangents: accumulate{new}(cotangents, {x}_vertex, d)
        else: cotangents[{x}_vertex] = d
    else:
        d = conform(rule_{x}({arguments}), node, '{x}', {x}_vertex)
        if {x}_vertex in cotangents: accumulate(cotangents, {x}_vertex, d)
        else: cotangents[{x}_vertex] = d
"""

ADDING_RULE = """
if {x}_vertex.__class__ is Node and (wanted is None or {x}_vertex in wanted):
    buffer = buffer_of(cotangents, {x}_vertex)
    add_{x}({arguments})
"""

JOINT_RULE = """
{needs}
gradients = rule_joint({arguments})
{gradients} = one_for_each(node.primitive, gradients, {count})
{hand_on}
"""


def pull_when_needed(primitive: Primitive) -> Callable[..., None]:
    """Return a pull that writes the real one when it is first called: imports stay quick, and by then every operation
    that the rules mention is declared."""

    def pull(node: Node, g: Value, cotangents: Cotangents, wanted: set[Node] | None) -> None:
        primitive.pull = _written_pull(primitive)
        primitive.pull(node, g, cotangents, wanted)

    return pull


def _written_pull(primitive: Primitive) -> Callable[..., None]:
    text, namespace = _pull(primitive)
    return compile_function(text, primitive, namespace, "pull", "pull")  # type: ignore[no-any-return]


def pull_source(primitive: Primitive) -> str:
    """Return the text of the backward step of a primitive with one output."""
    return _pull(primitive)[0]


def _pull(primitive: Primitive) -> tuple[str, dict[str, Any]]:
    """Return the text of the backward step, and the values of its free variables."""
    namespace = {
        "FREED": FREED, "second_backward": steps.second_backward, "Node": Node, "ndarray": np.ndarray,
        "conform": steps.conform, "accumulate": ownership.accumulate, "accumulate_new": ownership.accumulate_new,
        "buffer_of": ownership.buffer_of, "one_for_each": steps.one_for_each,
        **{f"rule_{n}": rule.function for n, rule in primitive.rules.by_input.items()},
    }  # fmt: skip
    joint = primitive.rules.joint
    if joint is not None:
        namespace["rule_joint"] = joint.function
        rules = [_joint_rule(primitive, joint)]
    else:
        rules = [_rule(primitive, n, primitive.rules.by_input[n], namespace) for n in primitive.differentiable]
    saved = [f"saved_{n}" for n in primitive.saved_names]
    static = [f"static_{n}" for n in primitive.static_names]
    text = fill(
        PULL,
        vertices=targets([f"{n}_vertex" for n in primitive.input_names]),
        read_saved=[fill(READ_SAVED, names=targets(saved))] if saved else [],
        read_static=[f"{targets(static)} = node.static"] if static else [],
        rules=rules,
    )
    return text, namespace


def _rule(primitive: Primitive, x: str, rule: Rule, namespace: dict[str, Any]) -> str:
    """Write what finds the gradient of one input; functions that it calls go into ``namespace``."""
    variables = {a: _variable(primitive, a) for a in rule.arguments}
    arguments = ", ".join(variables.values())
    if x in primitive.accumulate:
        adds = primitive.accumulate[x]
        namespace[f"add_{x}"] = adds.function
        arguments = ", ".join(["buffer", *(_variable(primitive, a) for a in adds.arguments)])
        return fill(ADDING_RULE, x=x, arguments=arguments)
    inlined = inline_rule(primitive, rule, variables, f"{x}_t") if primitive.kind == "elementwise" else None
    if inlined is None:
        return fill(RULE, x=x, arguments=arguments, hand_on=fill(HAND_ON, x=x))
    calls, functions, new = inlined
    namespace.update(functions)
    return fill(INLINED_RULE, x=x, steps=calls, new="_new" if new else "", arguments=arguments)


def _joint_rule(primitive: Primitive, rule: Rule) -> str:
    """Write the step of a primitive whose one rule answers for all inputs."""
    names = primitive.input_names
    needs, hand_on = [], []
    for n in names:
        wanted = f"{n}_vertex.__class__ is Node and (wanted is None or {n}_vertex in wanted)"
        needs.append(f"{n}_needs = {wanted if n in primitive.differentiable else False}")
    all_needs = tuple_of(f"{n}_needs" for n in names)
    for n in primitive.differentiable:
        hand_on += [f"if {n}_needs:", f"    d = {n}_d", *(f"    {line}" for line in fill(HAND_ON, x=n).split("\n"))]
    return fill(
        JOINT_RULE,
        needs=needs,
        arguments=", ".join(all_needs if a == "needs_grad" else _variable(primitive, a) for a in rule.arguments),
        gradients=targets([f"{n}_d" for n in names]),
        count=str(len(names)),
        hand_on=hand_on,
    )


def _variable(primitive: Primitive, argument: str) -> str:
    """Return the name that a rule's argument has inside the written-out pull."""
    if argument == "g":
        return "g"
    if argument in primitive.saved_names:
        return f"saved_{argument}"
    if argument in primitive.static_names:
        return f"static_{argument}"
    name = argument.removesuffix("_shape")
    shape = f"{name}_vertex.shape"
    return f"(None if {name}_vertex is None else {shape})" if name in primitive.optional else shape
