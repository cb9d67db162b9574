"""Turns an elementwise derivative rule into a list of NumPy calls that reuse their temporaries.

``g * (1 - out * out)`` run as Python makes three arrays and goes three times through Python's operators, which cost
more than the ufuncs behind them. Run once on recording objects, the same rule becomes

    t0 = multiply(out, out);  subtract(1, t0, t0);  d = multiply(g, t0, t0)

with one new array. The arithmetic and its order are the rule's own, so the results are equal bit for bit. A rule that
does anything other than arithmetic on its arguments is left as it is. Measured on the benchmark mix of multiply, add
and tanh: a quarter off the backward pass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.interpreters import register_interpreter
from ..core.primitive import REGISTRY, Primitive, Rule, is_ours
from ..core.types import Value

__all__ = ["inline_rule", "scalar_expression"]


class Untraceable(Exception):
    """The rule does something that the recording cannot follow."""


class Traced:
    """A value inside a rule: an argument, a number, or a call of a ufunc on others."""

    __slots__ = ("arguments", "floating", "full", "function", "name", "uses")

    def __init__(
        self, name: str | None, function: Any = None, arguments: tuple[Any, ...] = (), *, full: bool, floating: bool
    ) -> None:
        self.name = name
        self.function = function
        self.arguments = arguments
        self.full = full  # has the shape of the output, so that a result can be written over it
        self.floating = floating
        self.uses = 0


_LOGICAL = frozenset((np.greater, np.greater_equal, np.less, np.less_equal, np.equal, np.not_equal, np.bitwise_and,
                      np.bitwise_or, np.logical_and, np.logical_or, np.logical_not, np.isnan, np.isfinite))  # fmt: skip


def _call(function: Any, *operands: Any) -> Any:
    for o in operands:
        if not isinstance(o, Traced) and o.__class__ not in (int, float):
            raise Untraceable(f"an operand of type {type(o).__name__}")
    traced = [o for o in operands if isinstance(o, Traced)]
    floating = function not in _LOGICAL and any(o.floating for o in traced)
    return Traced(None, function, operands, full=any(o.full for o in traced), floating=floating)


def _binary(function: Any) -> Callable[[Any, Any], Any]:
    return lambda self, other: _call(function, self, other)


def _reflected(function: Any) -> Callable[[Any, Any], Any]:
    return lambda self, other: _call(function, other, self)


_ufunc: Any
for _name, _ufunc in {"add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.true_divide}.items():
    setattr(Traced, f"__{_name}__", _binary(_ufunc))
    setattr(Traced, f"__r{_name}__", _reflected(_ufunc))
for _name, _ufunc in {
    "gt": np.greater, "ge": np.greater_equal, "lt": np.less, "le": np.less_equal, "eq": np.equal, "ne": np.not_equal,
    "and": np.bitwise_and, "or": np.bitwise_or,
}.items():  # fmt: skip
    setattr(Traced, f"__{_name}__", _binary(_ufunc))
setattr(Traced, "__neg__", lambda self: _call(np.negative, self))  # noqa: B010 - unknown to type checkers
Traced.__hash__ = object.__hash__  # type: ignore[method-assign]


def _refuse(self: Traced, *_: Any, **__: Any) -> Any:
    raise Untraceable("a rule that does more than arithmetic: it branches, reads an attribute or calls NumPy")


for _name in (
    "bool len iter contains getitem float int index abs invert pow rpow floordiv rfloordiv mod rmod matmul rmatmul "
    "array array_ufunc array_function getattr"
).split():
    setattr(Traced, f"__{_name}__", _refuse)


def choose(condition: Any, x: Value, y: Value) -> Any:
    """``where`` on arrays, by its primitive's kernel."""
    return REGISTRY["where"].kernel(condition, x, y)


def _interpret(primitive: Primitive, inputs: tuple[Value, ...], static: tuple[Any, ...]) -> Any:
    function = choose if primitive.name == "where" else primitive.ufunc
    if function is None or static:
        raise Untraceable(primitive.name)
    result = _call(function, *inputs)
    if function is choose:
        result.floating = any(isinstance(i, Traced) and i.floating for i in inputs[1:])
    return result


register_interpreter(Traced, _interpret, priority=4)


def _trace(primitive: Primitive, rule: Rule, names: dict[str, str]) -> Traced | None:
    """Run a rule on recording objects; None if it cannot be followed. Any other error is the rule's own.

    Only the library's own rules are: a user's may read a number from outside that changes between calls.
    """
    if not is_ours(rule.function):
        return None
    single = len(primitive.input_names) == 1
    arguments = []
    for argument in rule.arguments:
        if argument.endswith("_shape") or argument in primitive.static_names:
            return None
        differentiable = argument in ("g", "out") or argument in primitive.differentiable
        arguments.append(Traced(names[argument], full=single or argument in ("g", "out"), floating=differentiable))
    try:
        result = rule.function(*arguments)
    except Untraceable:
        return None
    return result if isinstance(result, Traced) else None


_SIGNS = {
    np.add: "+", np.subtract: "-", np.multiply: "*", np.greater: ">", np.greater_equal: ">=", np.less: "<",
    np.less_equal: "<=", np.equal: "==", np.not_equal: "!=",
}  # fmt: skip


def scalar_expression(primitive: Primitive, rule: Rule, names: dict[str, str]) -> tuple[str, bool] | None:
    """Return a rule as an expression on Python floats, and whether it can never raise; None if it is not so simple."""
    result = _trace(primitive, rule, names)
    if result is None:
        return None
    try:
        return _expression(result)
    except Untraceable:
        return None


def _expression(value: Value) -> tuple[str, bool]:
    if not isinstance(value, Traced):
        return repr(value), True
    if value.name is not None:
        return value.name, True
    parts = [_expression(o) for o in value.arguments]
    safe = all(p[1] for p in parts)
    texts = [p[0] for p in parts]
    if value.function in _SIGNS:
        return f"({texts[0]} {_SIGNS[value.function]} {texts[1]})", safe
    if value.function is np.true_divide:
        return f"({texts[0]} / {texts[1]})", False
    if value.function is np.negative:
        return f"(-{texts[0]})", safe
    if value.function is choose:
        return f"({texts[1]} if {texts[0]} else {texts[2]})", safe
    raise Untraceable(value.function.__name__)


def inline_rule(
    primitive: Primitive, rule: Rule, names: dict[str, str], prefix: str
) -> tuple[list[str], dict[str, Any], bool] | None:
    """Return (lines that compute ``d``, the functions they call, whether ``d`` is a new array), or None.

    Args:
        primitive: an elementwise primitive.
        rule: one of its rules.
        names: rule argument to variable name.
        prefix: keeps the temporaries of several rules apart.
    """
    result = _trace(primitive, rule, names)
    if result is None or not result.full:
        return None
    if result.function is None:
        return (["d = g"], {}, False) if result.name == "g" else None
    lines: list[str] = []
    functions: dict[str, Any] = {}
    _count(result)
    _emit(result, lines, functions, prefix)
    lines.append(f"d = {result.name}")
    if lines[-2].startswith(f"{result.name} = "):
        lines[-2:] = ["d" + lines[-2].removeprefix(result.name or "")]
    return lines, functions, True


def _count(value: Value) -> None:
    """Count how often each intermediate is read."""
    stack = [value]
    while stack:
        for operand in stack.pop().arguments:
            if isinstance(operand, Traced):
                operand.uses += 1
                if operand.uses == 1 and operand.function is not None:
                    stack.append(operand)


def _emit(value: Traced, lines: list[str], functions: dict[str, Any], prefix: str) -> None:
    for operand in value.arguments:
        if isinstance(operand, Traced) and operand.name is None:
            _emit(operand, lines, functions, prefix)
    function = f"np_{value.function.__name__}"
    functions[function] = value.function
    texts = [o.name if isinstance(o, Traced) else repr(o) for o in value.arguments]
    reusable = None
    for operand in value.arguments:
        if isinstance(operand, Traced) and operand.function is not None:
            operand.uses -= 1
            if not operand.uses and operand.full and operand.floating and operand.function is not choose:
                reusable = operand.name
    if reusable is not None and value.floating and value.function is not choose:
        value.name = reusable
        lines.append(f"{function}({', '.join([*map(str, texts), reusable])})")
    else:
        value.name = f"{prefix}{len(lines)}"
        lines.append(f"{value.name} = {function}({', '.join(map(str, texts))})")
