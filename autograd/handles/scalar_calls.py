"""Calls on Scalars: every case by interpretation, and the operators and backward steps written out for speed."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.interpreters import register_interpreter
from ..core.mode import current_mode
from ..core.node import next_sequence
from ..core.primitive import Primitive
from ..engine.calls import observe, run_kernel
from ..engine.inline import scalar_expression
from ..engine.source import compile_function, fill, targets, tuple_of, write_when_called
from ..engine.values import LEAF
from .scalar import Scalar, as_number, pull_ieee

__all__ = ["make_scalar_method", "make_scalar_pull", "pull_when_needed", "scalar_call_source", "scalar_pull_source"]

_NUMBERS = frozenset((float, int, bool))
# Operators that Python has a symbol for need no call.
_INLINE: dict[Any, str] = {
    operator.add: "{0} + {1}", operator.sub: "{0} - {1}", operator.mul: "{0} * {1}", operator.truediv: "{0} / {1}",
    operator.neg: "-{0}",
}  # fmt: skip


# -- by interpretation ------------------------------------------------------------------------------------------------


def ieee(primitive: Primitive, values: tuple[float, ...], static: tuple[Any, ...] = ()) -> Any:
    """Run a kernel on NumPy floats where Python's would raise: overflow, division by zero, values without a result."""
    with np.errstate(all="ignore"):
        result = run_kernel(primitive, tuple(np.float64(v) for v in values), static)
    return bool(result) if primitive.kind == "predicate" else float(result)


def _evaluate(primitive: Primitive, values: tuple[Any, ...], static: tuple[Any, ...]) -> Any:
    if primitive.scalar is None:
        return ieee(primitive, values, static)
    try:
        return primitive.scalar(*values, *static)
    except (ArithmeticError, ValueError):
        return ieee(primitive, values, static)


def apply(primitive: Primitive, inputs: tuple[Any, ...], static: tuple[Any, ...]) -> Any:
    """Run a primitive on Scalars and numbers, and record it."""
    if primitive.kind not in ("elementwise", "predicate") or primitive.list_input:
        raise TypeError(f"{primitive.name} works on tensors, not on Scalars; Scalars have the elementwise operations")
    operands = []
    for name, value in zip(primitive.input_names, inputs, strict=True):
        if value.__class__ is Scalar:
            operands.append(value)
        elif (
            value.__class__ in _NUMBERS
            or isinstance(value, np.generic)
            or (isinstance(value, np.ndarray) and not value.ndim)
        ):
            operands.append(Scalar(value))
        else:
            raise TypeError(
                f"{primitive.name}: {name} must be a Scalar or a number, not {type(value).__name__}; "
                "Scalars and Tensors have separate graphs (gg.tensor(scalar.value) crosses over)"
            )
    result = _evaluate(primitive, tuple([o.value for o in operands]), static)
    if primitive.kind == "predicate":
        return bool(result)
    return _record(primitive, tuple(operands), static, result)


def _record(primitive: Primitive, operands: tuple[Scalar, ...], static: tuple[Any, ...], value: float) -> Scalar:
    result = Scalar(float(value))
    for operand, name in zip(operands, primitive.input_names, strict=True):
        if operand.requires_grad and name in primitive.differentiable:
            mode = current_mode()
            if mode.grad:
                if primitive.scalar_pull is None:
                    primitive.scalar_pull = pull_when_needed(primitive)
                result.requires_grad = True
                result.primitive = primitive
                result.first, result.second = operands[0], operands[1] if len(operands) > 1 else None
                if len(operands) > 2 or static:
                    details = result.ensure_details()
                    details.rest, details.static = operands[2:], static
                result.context = mode.context
                if mode.observers:
                    observe(mode, result, tuple(o.value for o in operands), result.value)  # type: ignore[arg-type]
            break
    return result


register_interpreter(Scalar, apply, priority=2)


# -- written out ------------------------------------------------------------------------------------------------------

SCALAR_CALL = """
def $call({parameters}):
    {to_scalars}
    result = new(Scalar)
    try: result.value = {value}
    except errors: result.value = ieee(primitive, {values})
    result.grad = None
    result.sequence = next_sequence()
    result.details = None
    if {any_needs}:
        mode = current_mode()
        if mode.grad:
            result.requires_grad = True
            result.primitive = primitive
            result.first = {first}
            result.second = {second}
            result.context = mode.context
            if mode.observers: observe(mode, result, {values}, result.value)
            return result
    result.requires_grad = False
    result.primitive = leaf
    result.first = result.second = None
    result.context = None
    return result
"""

TO_SCALAR = """
if {x}.__class__ is not Scalar:
    if {x}.__class__ not in numbers: return fallback(primitive, {operands})
    {x} = Scalar({x})
"""

SCALAR_PULL = """
def pull(node, g):
    {read_operands}
    {read_static}
    {steps}
"""

# Where a step can raise, nothing is added before all are computed.
STEPS_THAT_MAY_RAISE = """
try:
    {compute}
except errors:
    return pull_ieee(node, g)
{add}
"""


def make_scalar_method(primitive: Primitive) -> Callable[..., Any]:
    """Return the method of ``Scalar`` for an elementwise primitive without static arguments."""
    namespace = {
        "Scalar": Scalar, "numbers": frozenset((float, int)), "primitive": primitive, "kernel": primitive.scalar,
        "fallback": _fallback, "new": object.__new__, "errors": (ArithmeticError, ValueError), "ieee": ieee,
        "next_sequence": next_sequence, "current_mode": current_mode, "observe": observe, "leaf": LEAF,
    }  # fmt: skip
    function: Any = write_when_called(primitive, namespace, "Scalar call", lambda: (scalar_call_source(primitive), {}))
    function.__name__, function.__doc__, function.primitive = primitive.name, primitive.definition.__doc__, primitive
    return function  # type: ignore[no-any-return]


def scalar_call_source(primitive: Primitive) -> str:
    """Return the text of the method of ``Scalar`` for an elementwise primitive without static arguments."""
    names = primitive.input_names
    values = [f"{n}.value" for n in names]
    pattern = _INLINE.get(primitive.scalar)
    return fill(
        SCALAR_CALL,
        parameters=", ".join(names),
        to_scalars=[fill(TO_SCALAR, x=n, operands=", ".join(names)) for n in names[1:]],
        value=f"kernel({', '.join(values)})" if pattern is None else pattern.format(*values),
        values=tuple_of(values),
        any_needs=" or ".join(f"{n}.requires_grad" for n in names if n in primitive.differentiable),
        first=names[0],
        second=names[1] if len(names) > 1 else "None",
    )


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
    rules = primitive.rules
    namespace: dict[str, Any] = {
        "errors": (ArithmeticError, ValueError, TypeError),
        "pull_ieee": pull_ieee,
        "number": as_number,
        **{f"rule_{n}": rules.by_input[n].function for n in primitive.differentiable},
    }
    text = scalar_pull_source(primitive)
    result: Callable[..., None] = compile_function(text, primitive, namespace, "Scalar pull", "pull")
    return result


def scalar_pull_source(primitive: Primitive) -> str:
    """Return the text of the backward step of an elementwise primitive on Scalars."""
    names, static = primitive.input_names, [f"static_{n}" for n in primitive.static_names]
    if len(names) > 2 or static:
        read = [f"{targets([f'{n}_operand' for n in names])} = node.inputs"]
    else:
        read = [f"{n}_operand = node.{slot}" for n, slot in zip(names, ("first", "second"), strict=False)]
    derivatives, safe = _derivatives(primitive)
    needed = {n: f"if {n}_operand.requires_grad:" for n in derivatives}
    if safe:
        # Nothing here can raise, so what is computed can be added at once.
        steps = [f"{needed[n]} {n}_operand.grad += {d}" for n, d in derivatives.items()]
    else:
        steps = [
            fill(
                STEPS_THAT_MAY_RAISE,
                compute=[f"{needed[n]} d_{n} = {d}" for n, d in derivatives.items()],
                add=[f"{needed[n]} {n}_operand.grad += d_{n}" for n in derivatives],
            )
        ]
    return fill(
        SCALAR_PULL, read_operands=read, read_static=[f"{targets(static)} = node.static"] if static else [], steps=steps
    )


def _derivatives(primitive: Primitive) -> tuple[dict[str, str], bool]:
    """Return the gradient of each input as an expression, and whether none of them can raise."""
    rules = primitive.rules
    found, safe = {}, True
    for n in primitive.differentiable:
        variables = {a: _variable(primitive, a) for a in rules.by_input[n].arguments}
        inlined = scalar_expression(primitive, rules.by_input[n], variables)
        if inlined is None:
            call = f"rule_{n}({', '.join(variables.values())})"
            inlined = call if primitive.scalar is not None else f"number({call})", False
        found[n] = inlined[0]
        safe = safe and inlined[1]
    return found, safe


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
