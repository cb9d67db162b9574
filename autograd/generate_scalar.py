"""Writes the Scalar operators and their backward steps out, as ``generate.py`` does for tensors."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .generate import compile_function, targets
from .mode import current_mode
from .node import next_sequence
from .primitive import Primitive
from .scalar import Scalar, apply, ieee, pull_ieee

__all__ = ["make_scalar_method", "make_scalar_pull"]

# Operators that Python has a symbol for need no call.
_INLINE: dict[Any, str] = {
    operator.add: "{0} + {1}", operator.sub: "{0} - {1}", operator.mul: "{0} * {1}", operator.truediv: "{0} / {1}",
    operator.neg: "-{0}",
}  # fmt: skip


def make_scalar_method(primitive: Primitive) -> Callable[..., Any]:
    """Return the method of ``Scalar`` for an elementwise primitive without static arguments."""
    names = primitive.input_names
    first, others = names[0], names[1:]
    kernel = primitive.scalar
    values = [f"{n}.value" for n in names]
    expression = _INLINE[kernel].format(*values) if kernel in _INLINE else f"kernel({', '.join(values)})"
    lines = [f"def {primitive.name}({', '.join(names)}):"]
    add = lines.append
    for n in others:
        add(f"    if {n}.__class__ is not Scalar:")
        add(f"        if {n}.__class__ not in numbers: return fallback(primitive, {', '.join(names)})")
        add(f"        {n} = Scalar({n})")
    add("    result = new(Scalar)")
    add(f"    try: result.value = {expression}")
    add(f"    except errors: result.value = ieee(primitive, ({', '.join(values)},))")
    add("    result.grad = None")
    add("    result.sequence = next_sequence()")
    add("    result.extra = None")
    add("    result.mark = None")
    add("    result.static = ()")
    add("    if " + " or ".join(f"{n}.requires_grad" for n in names if n in primitive.differentiable) + ":")
    add("        mode = current_mode()")
    add("        if mode.grad:")
    add("            result.requires_grad = True")
    add("            result.primitive = primitive")
    add(f"            result.inputs = ({', '.join(names)},)")
    add("            result.context = mode.context")
    add(f"            if mode.observers: observe(mode, result, ({', '.join(values)},), result.value)")
    add("            return result")
    add("    result.requires_grad = False")
    add("    result.primitive = leaf")
    add("    result.inputs = ()")
    add("    result.context = None")
    add("    return result")
    from . import engine
    from .backward import LEAF

    namespace = {
        "Scalar": Scalar, "numbers": frozenset((float, int)), "primitive": primitive, "kernel": kernel,
        "fallback": _fallback, "new": object.__new__, "errors": (ArithmeticError, ValueError), "ieee": ieee,
        "next_sequence": next_sequence, "current_mode": current_mode, "observe": engine.observe, "leaf": LEAF,
    }  # fmt: skip
    assert first
    return compile_function(lines, primitive, namespace, "Scalar call", primitive.name)


def _fallback(primitive: Primitive, *inputs: Any) -> Any:
    for value in inputs:
        if value.__class__ is not Scalar and not isinstance(value, int | float | np.generic):
            return NotImplemented
    return apply(primitive, inputs, ())


def make_scalar_pull(primitive: Primitive) -> Callable[..., None]:
    """Return the backward step of an elementwise primitive on Scalars."""
    table = primitive.tables["out"]
    assert table is not None
    names = primitive.input_names
    lines = ["def pull(node, g):"]
    add = lines.append
    add(f"    {targets([f'{n}_operand' for n in names])} = node.inputs")
    if primitive.static_names:
        add(f"    {targets([f'static_{n}' for n in primitive.static_names])} = node.static")
    add("    try:")
    for n in primitive.differentiable:
        rule = table.rules[n]
        arguments = []
        for a in rule.arguments:
            if a == "g":
                arguments.append("g")
            elif a == "out":
                arguments.append("node.value")
            elif a in names:
                arguments.append(f"{a}_operand.value")
            elif a in primitive.static_names:
                arguments.append(f"static_{a}")
            else:
                arguments.append("()")
        call = f"rule_{n}({', '.join(arguments)})"
        if primitive.scalar is None:
            call = f"number({call})"
        add(f"        if {n}_operand.requires_grad: d_{n} = {call}")
    add("    except errors:")
    add("        return pull_ieee(node, g)")
    for n in primitive.differentiable:
        add(f"    if {n}_operand.requires_grad: {n}_operand.grad += d_{n}")
    from .scalar import _number

    namespace: dict[str, Any] = {
        "errors": (ArithmeticError, ValueError, TypeError), "pull_ieee": pull_ieee, "number": _number,
        **{f"rule_{n}": table.rules[n].function for n in primitive.differentiable},
    }  # fmt: skip
    result: Callable[..., None] = compile_function(lines, primitive, namespace, "Scalar pull", "pull")
    return result
