"""Derivative rules as text: a rule is run on symbols, so the printed formula cannot drift from the code."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .interpreters import register_interpreter

if TYPE_CHECKING:
    from .primitive import Primitive

__all__ = ["Symbol", "operation_text", "rule_text"]

ATOM, POWER, UNARY, PRODUCT, SUM, COMPARE = 5, 4, 3, 2, 1, 0


class Symbol:
    """A piece of formula: text, how tightly it binds, and whether it is the number one or zero."""

    __slots__ = ("binding", "number", "text")

    def __init__(self, text: str, binding: int = ATOM, number: float | None = None) -> None:
        self.text = text
        self.binding = binding
        self.number = number

    def within(self, binding: int) -> str:
        """Return the text, in brackets if it binds less tightly than its surroundings."""
        return self.text if self.binding >= binding else f"({self.text})"

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__

    # What rules may do with a value.
    @property
    def shape(self) -> Any:
        return Shape(f"shape({self.text})")

    @property
    def dtype(self) -> Symbol:
        return Symbol(f"dtype({self.text})")

    @property
    def ndim(self) -> Any:
        raise TypeError("a formula has no number of dimensions")

    def astype(self, dtype: Any) -> Symbol:
        return self

    def __getitem__(self, index: Any) -> Symbol:
        return Symbol(f"{self.within(ATOM)}[…]")

    def __add__(self, other: Any) -> Symbol:
        return _sum(self, "+", as_symbol(other))

    def __radd__(self, other: Any) -> Symbol:
        return _sum(as_symbol(other), "+", self)

    def __sub__(self, other: Any) -> Symbol:
        return _sum(self, "−", as_symbol(other))

    def __rsub__(self, other: Any) -> Symbol:
        return _sum(as_symbol(other), "−", self)

    def __mul__(self, other: Any) -> Symbol:
        return _product(self, as_symbol(other))

    def __rmul__(self, other: Any) -> Symbol:
        return _product(as_symbol(other), self)

    def __truediv__(self, other: Any) -> Symbol:
        return _quotient(self, as_symbol(other))

    def __rtruediv__(self, other: Any) -> Symbol:
        return _quotient(as_symbol(other), self)

    def __pow__(self, other: Any) -> Symbol:
        return _power(self, as_symbol(other))

    def __rpow__(self, other: Any) -> Symbol:
        return _power(as_symbol(other), self)

    def __neg__(self) -> Symbol:
        if self.number == 0:
            return self
        if self.text.startswith("−") and self.binding == UNARY:
            return Symbol(self.text[1:], PRODUCT)
        number = None if self.number is None else -self.number
        return Symbol(f"−{self.within(PRODUCT)}", UNARY, number)

    def __matmul__(self, other: Any) -> Symbol:
        return Symbol(f"{self.within(PRODUCT)} @ {as_symbol(other).within(UNARY)}", PRODUCT)

    def __rmatmul__(self, other: Any) -> Symbol:
        return as_symbol(other) @ self

    def _compare(self, sign: str, other: Any) -> Symbol:
        right = as_symbol(other)
        if self.number is not None and right.number is not None:
            return Symbol("true" if _COMPARE[sign](self.number, right.number) else "false")
        return Symbol(f"{self.within(SUM)} {sign} {as_symbol(other).within(SUM)}", COMPARE)

    def __gt__(self, other: Any) -> Any:
        return self._compare(">", other)

    def __ge__(self, other: Any) -> Any:
        return self._compare("≥", other)

    def __lt__(self, other: Any) -> Any:
        return self._compare("<", other)

    def __le__(self, other: Any) -> Any:
        return self._compare("≤", other)

    def __eq__(self, other: object) -> Any:
        return self._compare("=", other)

    def __ne__(self, other: object) -> Any:
        return self._compare("≠", other)

    def __and__(self, other: Any) -> Symbol:
        right = as_symbol(other)
        if "false" in (self.text, right.text):
            return Symbol("false")
        if self.text == "true":
            return right
        if right.text == "true":
            return self
        return Symbol(f"{self.text} and {as_symbol(other).text}", COMPARE)

    def __or__(self, other: Any) -> Symbol:
        right = as_symbol(other)
        if "true" in (self.text, right.text):
            return Symbol("true")
        if self.text == "false":
            return right
        if right.text == "false":
            return self
        return Symbol(f"({self.text} or {right.text})", ATOM)

    def __hash__(self) -> int:
        return hash(self.text)

    def __iter__(self) -> Any:
        # Without this Python would iterate by index, without end.
        raise TypeError("a symbol has no elements")


class Shape(Symbol):
    """The shape of a symbol, taken to be a matrix's: formulas are printed for the commonest rank."""

    __slots__ = ()

    def __len__(self) -> int:
        return 2

    def __iter__(self) -> Any:
        return iter((Symbol("n₁"), Symbol("n₂")))

    def __getitem__(self, index: Any) -> Symbol:
        return Symbol("n₁" if index in (0, -2) else "n₂")


def as_symbol(value: Any) -> Symbol:
    """Return a number, or anything else that appears in a rule, as a symbol."""
    if isinstance(value, Symbol):
        return value
    if isinstance(value, bool):
        return Symbol(str(value))
    if isinstance(value, int | float):
        text = f"{value:g}"
        return Symbol(text.replace("-", "−"), UNARY if value < 0 else ATOM, float(value))
    return Symbol(str(value))


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt, "≥": operator.ge, "<": operator.lt, "≤": operator.le, "=": operator.eq, "≠": operator.ne,
}  # fmt: skip


def _sum(left: Symbol, sign: str, right: Symbol) -> Symbol:
    if left.number is not None and right.number is not None:
        return as_symbol(left.number + right.number if sign == "+" else left.number - right.number)
    if right.number == 0:
        return left
    if left.number == 0:
        return right if sign == "+" else -right
    if sign == "+" and right.binding == UNARY and right.text.startswith("−"):
        return Symbol(f"{left.text} − {right.text[1:]}", SUM)
    return Symbol(f"{left.within(SUM)} {sign} {right.within(SUM + (sign == '−'))}", SUM)


def _product(left: Symbol, right: Symbol) -> Symbol:
    if left.number == 0 or right.number == 0:
        return Symbol("0", ATOM, 0.0)
    if left.number == 1:
        return right
    if right.number == 1:
        return left
    if left.number is not None and right.number is not None:
        return as_symbol(left.number * right.number)
    if left.text.startswith("−") and left.binding == UNARY:
        return -_product(Symbol(left.text[1:], PRODUCT, None if left.number is None else -left.number), right)
    if right.text.startswith("−") and right.binding == UNARY:
        return -_product(left, Symbol(right.text[1:], PRODUCT, None if right.number is None else -right.number))
    return Symbol(
        f"{left.within(PRODUCT)}·{right.within(PRODUCT + ('/' in right.text and right.binding == PRODUCT))}", PRODUCT
    )


def _quotient(left: Symbol, right: Symbol) -> Symbol:
    if right.number == 1:
        return left
    if left.number == 0:
        return left
    if left.text.startswith("−") and left.binding == UNARY:
        return -_quotient(Symbol(left.text[1:], PRODUCT), right)
    return Symbol(f"{left.within(PRODUCT)}/{right.within(POWER)}", PRODUCT)


_SUPERSCRIPTS = str.maketrans("0123456789−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def _power(base: Symbol, exponent: Symbol) -> Symbol:
    if exponent.number == 1:
        return base
    if exponent.number == 0:
        return as_symbol(1)
    if exponent.number is not None and float(exponent.number).is_integer():
        return Symbol(f"{base.within(ATOM)}{exponent.text.translate(_SUPERSCRIPTS)}", POWER)
    return Symbol(f"{base.within(ATOM)}^{exponent.within(ATOM)}", POWER)


def operation_text(primitive: Primitive, operands: tuple[Any, ...], static: tuple[Any, ...] = ()) -> Symbol:
    """Return an operation on symbols the way a textbook prints it, such as ``x·y`` or ``cos x``.

    A pattern may name static arguments, as ``"I_{order}({0})"`` does.
    """
    args = [as_symbol(a) for a in operands if a is not None]
    name = primitive.name
    if name in _OPERATORS and len(args) == 2:
        return _OPERATORS[name](*args)
    if name == "negative":
        return -args[0]
    if name == "square":
        return _power(args[0], as_symbol(2))
    if name in ("astype", "clone", "sum_to", "broadcast_to", "reshape") and args:
        return args[0]
    pattern = primitive.symbol
    named = dict(zip(primitive.static_names, map(str, static), strict=False))
    fields = re.findall(r"{(\w+)}", pattern or "")
    known = all(int(f) < len(args) if f.isdigit() else f in named for f in fields)
    if pattern and not primitive.list_input and known:
        if pattern.count("{") == 1 and pattern.endswith(" {0}"):
            word = pattern[: -len(" {0}")]
            inner = args[0].text if args[0].binding == ATOM and " " not in args[0].text else None
            return Symbol(f"{word} {inner}" if inner else f"{word}({args[0].text})", ATOM if inner is None else UNARY)
        bracketed = "({0" in pattern or "|{0}" in pattern
        return Symbol(pattern.format(*(a.text if bracketed else a.within(ATOM) for a in args), **named), ATOM)
    return Symbol(f"{name}({', '.join(a.text for a in args)})")


_OPERATORS: dict[str, Callable[..., Symbol]] = {
    "add": lambda x, y: x + y, "subtract": lambda x, y: x - y, "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y, "power": lambda x, y: x**y, "matmul": lambda x, y: x @ y,
    "greater": lambda x, y: x > y, "less": lambda x, y: x < y, "equal": lambda x, y: x == y,
}  # fmt: skip


def _interpret(primitive: Primitive, inputs: tuple[Any, ...], static: tuple[Any, ...]) -> Any:
    if primitive.name == "where" and isinstance(inputs[0], Symbol):
        condition, x, y = (as_symbol(i) for i in inputs)
        if condition.text in ("true", "false"):
            return x if condition.text == "true" else y
        return Symbol(f"({x.text} if {condition.text} else {y.text})")
    if primitive.list_input:
        return operation_text(primitive, tuple(inputs[0]))
    if primitive.returns_tuple:
        text = operation_text(primitive, inputs).text
        return [Symbol(f"{text}[{i}]") for i in range(len(primitive.input_names))]
    return operation_text(primitive, inputs, static)


register_interpreter(Symbol, _interpret, priority=3)
register_interpreter(Shape, _interpret, priority=3)


def rule_symbol(
    primitive: Primitive, input_name: str, values: dict[str, Any], g: Symbol, output: str = "out"
) -> Symbol:
    """Run one rule on symbols; names that ``values`` lacks stand for themselves."""
    rules = primitive.rules if output == "out" else primitive.rules_by_output[output]
    if rules is None:
        raise KeyError(f"{primitive.name} has no rule for {input_name!r}")
    rule = rules.joint or rules.by_input.get(input_name)
    if rule is None:
        raise KeyError(f"{primitive.name} has no rule for {input_name!r}")
    arguments: list[Any] = []
    for name in rule.arguments:
        if name == "g":
            arguments.append(g)
        elif name.endswith("_shape"):
            arguments.append(Shape(name))
        else:
            arguments.append(values.get(name, Symbol(name)))
    try:
        result = rule.function(*arguments)
    except (TypeError, ValueError, AttributeError, LookupError, ArithmeticError):
        # It asks for what symbols do not have: sizes, numbers, NumPy's functions.
        result = None
    if isinstance(result, list | tuple) and rules.joint is not None and input_name in primitive.input_names:
        result = result[primitive.input_names.index(input_name)] if len(result) == len(primitive.input_names) else None
    if result is None or isinstance(result, list | tuple):
        others = [
            n for n in rule.arguments if n != "g" and not n.endswith("_shape") and n in (*primitive.input_names, "out")
        ]
        return Symbol(f"∂{primitive.name}/∂{input_name}({', '.join([g.text, *others])})")
    return as_symbol(result)


def rule_text(primitive: Primitive, input_name: str) -> str:
    """Return one rule as text in terms of ``g``, ``out`` and the inputs."""
    if input_name not in primitive.differentiable:
        raise KeyError(f"{primitive.name} has no rule for {input_name!r}; it has {', '.join(primitive.differentiable)}")
    for output, rules in primitive.rules_by_output.items():
        if rules is not None and (rules.joint or input_name in rules.by_input):
            parameters = primitive.signature.parameters
            values = {
                n: Symbol(n) if parameters[n].default is parameters[n].empty else parameters[n].default
                for n in primitive.static_names
            }
            return rule_symbol(primitive, input_name, values, Symbol("g"), output).text
    raise KeyError(input_name)
