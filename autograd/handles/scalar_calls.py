"""Writes the Scalar operators and their backward steps out, as ``generate.py`` does for tensors."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.mode import current_mode
from ..core.node import next_sequence
from ..core.primitive import Primitive
from ..engine.generate import compile_function, targets, write_when_called
from ..engine.inline import scalar_expression
from .scalar import Scalar, apply, as_number, ieee, pull_ieee

__all__ = ["make_scalar_method", "make_scalar_pull", "pull_when_needed"]

# Operators that Python has a symbol for need no call.
_INLINE: dict[Any, str] = {
    operator.add: "{0} + {1}", operator.sub: "{0} - {1}", operator.mul: "{0} * {1}", operator.truediv: "{0} / {1}",
    operator.neg: "-{0}",
}  # fmt: skip


def make_scalar_method(primitive: Primitive) -> Callable[..., Any]:
    """Return the method of ``Scalar`` for an elementwise primitive without static arguments."""
    from ..engine import calls
    from ..engine.backward import LEAF

    namespace = {
        "Scalar": Scalar, "numbers": frozenset((float, int)), "primitive": primitive, "kernel": primitive.scalar,
        "fallback": _fallback, "new": object.__new__, "errors": (ArithmeticError, ValueError), "ieee": ieee,
        "next_sequence": next_sequence, "current_mode": current_mode, "observe": calls.observe, "leaf": LEAF,
    }  # fmt: skip
    function: Any = write_when_called(primitive, namespace, "Scalar call", lambda: (_scalar_call(primitive), {}))
    function.__name__, function.__doc__, function.primitive = primitive.name, primitive.definition.__doc__, primitive
    return function  # type: ignore[no-any-return]


def _scalar_call(primitive: Primitive) -> list[str]:
    names = primitive.input_names
    others = names[1:]
    values = [f"{n}.value" for n in names]
    pattern = _INLINE.get(primitive.scalar)
    expression = f"kernel({', '.join(values)})" if pattern is None else pattern.format(*values)
    lines = [f"def $call({', '.join(names)}):"]
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
    add("    if " + " or ".join(f"{n}.requires_grad" for n in names if n in primitive.differentiable) + ":")
    add("        mode = current_mode()")
    add("        if mode.grad:")
    add("            result.requires_grad = True")
    add("            result.primitive = primitive")
    add(f"            result.first = {names[0]}")
    add(f"            result.second = {names[1] if others else None}")
    add("            result.context = mode.context")
    add(f"            if mode.observers: observe(mode, result, ({', '.join(values)},), result.value)")
    add("            return result")
    add("    result.requires_grad = False")
    add("    result.primitive = leaf")
    add("    result.first = result.second = None")
    add("    result.context = None")
    add("    return result")
    return lines


def _fallback(primitive: Primitive, *inputs: Any) -> Any:
    for value in inputs:
        single = isinstance(value, int | float | np.generic) or (isinstance(value, np.ndarray) and not value.ndim)
        if value.__class__ is not Scalar and not single:
            return NotImplemented
    return apply(primitive, inputs, ())


def pull_when_needed(primitive: Primitive) -> Callable[..., None]:
    """Return a pull that writes the real one when it is first called."""

    def pull(node: Any, g: Any) -> None:
        primitive.scalar_pull = make_scalar_pull(primitive)
        primitive.scalar_pull(node, g)

    return pull


def make_scalar_pull(primitive: Primitive) -> Callable[..., None]:
    """Return the backward step of an elementwise primitive on Scalars."""
    table = primitive.tables[next(iter(primitive.tables))]
    assert table is not None
    names = primitive.input_names
    lines = ["def pull(node, g):"]
    add = lines.append
    if len(names) > 2 or primitive.static_names:
        add(f"    {targets([f'{n}_operand' for n in names])} = node.inputs")
    else:
        for n, slot in zip(names, ("first", "second"), strict=False):
            add(f"    {n}_operand = node.{slot}")
    if primitive.static_names:
        add(f"    {targets([f'static_{n}' for n in primitive.static_names])} = node.static")
    namespace: dict[str, Any] = {
        "errors": (ArithmeticError, ValueError, TypeError), "pull_ieee": pull_ieee, "number": as_number,
        **{f"rule_{n}": table.rules[n].function for n in primitive.differentiable},
    }  # fmt: skip
    steps, plain = {}, True
    for n in primitive.differentiable:
        variables = {a: _variable(primitive, a) for a in table.rules[n].arguments}
        inlined = scalar_expression(primitive, table.rules[n], variables)
        if inlined is not None:
            steps[n], safe = inlined
            plain = plain and safe
            continue
        plain = False
        call = f"rule_{n}({', '.join(variables.values())})"
        steps[n] = call if primitive.scalar is not None else f"number({call})"
    if plain:
        # Nothing here can raise, so what is computed can be added at once.
        for n, step in steps.items():
            add(f"    if {n}_operand.requires_grad: {n}_operand.grad += {step}")
    else:
        add("    try:")
        for n, step in steps.items():
            add(f"        if {n}_operand.requires_grad: d_{n} = {step}")
        add("    except errors:")
        add("        return pull_ieee(node, g)")
        for n in steps:
            add(f"    if {n}_operand.requires_grad: {n}_operand.grad += d_{n}")
    result: Callable[..., None] = compile_function(lines, primitive, namespace, "Scalar pull", "pull")
    return result


def _variable(primitive: Primitive, argument: str) -> str:
    """Return the expression that a rule's argument has inside the written-out pull."""
    if argument == "g":
        return "g"
    if argument == "out" or argument in (primitive.output_names or ()):
        return "node.value"
    if argument in primitive.input_names:
        return f"{argument}_operand.value"
    if argument in primitive.static_names:
        return f"static_{argument}"
    return "()"
