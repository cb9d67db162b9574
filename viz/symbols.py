"""Mathematical writing: the formula on a card, the letters of unnamed values, the title that a graph gives itself.

Brackets follow from precedence, as in a textbook: ``(a·x − y)²``, ``x·y + sin x``, ``−y·log ŷ``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import numbers
from .model import Graph, Node

__all__ = [
    "Expression", "atom", "bracketed", "clip", "expression", "formula_title", "header", "last_name", "letters",
    "operands", "title",
]  # fmt: skip

SUM, TERM, PRODUCT, POWER, ATOM = 1, 2, 3, 4, 5
_FUNCTIONS = frozenset(
    "exp log sin cos tan sinh cosh tanh arcsin arccos arctan arcsinh arccosh arctanh log1p expm1 log2 log10 erf".split()
)
_GLYPHS = {
    "add": "+", "subtract": numbers.MINUS, "multiply": "×", "divide": "÷", "getitem": "index",
    "masked_scale": "dropout", "softmax_cross_entropy": "cross_entropy",
}  # fmt: skip
_LETTERS = "abcdhkmnpqrsuvw"
_APPLIED = re.compile(r"(\w[\w ]*) \{0\}")
_WORD = re.compile(r"\w+(?:\.\w+)*")


@dataclass(frozen=True, slots=True)
class Expression:
    """A formula with the level at which its outermost operation binds."""

    text: str
    level: int = ATOM
    closed: str | None = None  # how it is written where it must not be loose: sin(x) for sin x

    def at(self, level: int) -> str:
        """Return the text for a place that needs at least this level, in brackets if it binds too loosely."""
        if self.level >= level:
            return self.text
        return self.closed if self.closed is not None else f"({self.text})"

    def after(self, level: int) -> str:
        """Return the text for a place behind an operator: a leading minus is put in brackets there."""
        text = self.at(level)
        return f"({text})" if text.startswith(numbers.MINUS) else text


def clip(text: str, length: int = 24) -> str:
    """Return the text, or its beginning and an ellipsis.

    >>> clip("encoder.layers.11.attention.weight", 12)
    'encoder.lay…'
    """
    return text if len(text) <= length else text[: length - 1] + "…"


def atom(text: str) -> Expression:
    """Return a name or a written number as an expression."""
    if text.startswith(numbers.MINUS):
        return Expression(text, TERM)
    whole = _WORD.fullmatch(text) or len(text) <= 1 or not re.search(r"[\s+·/−-]", text)
    return Expression(text, ATOM if whole else SUM)


def bracketed(text: str) -> str:
    """Put brackets around a formula that would not survive as a factor: a sum, or a leading minus.

    >>> bracketed("cos x"), bracketed("1 − b²"), bracketed("−2"), bracketed("(a − b)·c")
    ('cos x', '(1 − b²)', '(−2)', '(a − b)·c')
    """
    if text.startswith((numbers.MINUS, "-", "+")):
        return f"({text})"
    depth = 0
    for i, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if depth == 0 and character in "+-−" and text[i - 1 : i] == " ":
            return f"({text})"
    return text


def expression(
    op: str, args: Sequence[Expression], attrs: Mapping[str, Any] | None = None, form: str | None = None, gap: str = " "
) -> Expression:
    """Write an operation applied to its operands.

    Args:
        op: the operation's name.
        args: the operands, in order.
        attrs: static arguments; an ``exponent`` is used when ``power`` has a single operand.
        form: how an operation of the user's asks to be written, such as ``"{0} ⊗ {1}"``.
        gap: what stands around ``·`` and ``/``: a space on a card, nothing inside a long formula.
    """
    attrs = attrs or {}
    minus = numbers.MINUS
    if len(args) == 2:
        a, b = args
        if op == "add":
            return Expression(f"{a.at(SUM)} + {b.after(SUM)}", SUM)
        if op == "subtract":
            return Expression(f"{a.at(SUM)} {minus} {b.after(TERM)}", SUM)
        if op == "multiply":
            return Expression(f"{a.at(PRODUCT)}{gap}·{gap}{b.after(PRODUCT)}", PRODUCT)
        if op == "divide":
            return Expression(f"{a.at(PRODUCT)}{gap}/{gap}{b.after(POWER)}", PRODUCT)
        if op == "matmul":
            return Expression(f"{a.at(PRODUCT)} @ {b.after(POWER)}", PRODUCT)
        if op == "maximum":
            return Expression(f"max({a.text}, {b.text})")
        if op == "minimum":
            return Expression(f"min({a.text}, {b.text})")
    if op == "power" and args:
        exponent = args[1] if len(args) == 2 else atom(_attribute(attrs.get("exponent", "?")))
        return Expression(args[0].after(ATOM) + _exponent(exponent), POWER)
    if len(args) == 1:
        (a,) = args
        if op == "negative":
            return Expression(f"{minus}{a.after(PRODUCT)}", TERM)
        if op in _FUNCTIONS:
            return _applied(op, a)
        if op == "sigmoid":
            return Expression(f"σ({a.text})")
        if op == "abs":
            return Expression(f"|{a.text}|")
        if op == "sqrt":
            return Expression(f"√{a.at(ATOM)}", POWER)
        if op == "sum":
            return Expression(f"Σ {a.at(PRODUCT)}", TERM, f"Σ({a.text})")
        if op == "transpose" and len(attrs) <= 2:
            return Expression(f"{a.at(ATOM)}ᵀ")
    if form and len(args) == 1 and (word := _APPLIED.fullmatch(form)):
        return _applied(word[1], args[0])
    if form and re.search(r"[(|\[]\{0\}", form):
        place = {str(position): argument.text for position, argument in enumerate(args)}
        return Expression(re.sub(r"\{(\d+)\}", lambda m: place.get(m[1], m[0]), form))
    if form and "{0}" in form:
        # One pass, so that a name that looks like a place is left alone.
        place = {str(position): argument.at(ATOM) for position, argument in enumerate(args)}
        return Expression(re.sub(r"\{(\d+)\}", lambda m: place.get(m[1], m[0]), form), SUM if " " in form else POWER)
    return Expression(f"{op}({', '.join(a.text for a in args)})")


def _applied(name: str, a: Expression) -> Expression:
    """Write a named function: ``sin x``, or ``sin(x + y)``, or ``sin(x)`` where the former would be loose."""
    closed = f"{name}({a.text})"
    return Expression(f"{name} {a.text}", TERM, closed) if a.level == ATOM else Expression(closed)


def _exponent(exponent: Expression) -> str:
    text = exponent.text
    if re.fullmatch(r"−?\d{1,3}", text):
        return text.translate(str.maketrans("0123456789−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"))
    return f"^{exponent.after(ATOM)}"


def letters(taken: set[str], needed: int) -> Iterator[str]:
    """Yield names for unnamed values: single letters while they suffice, else v₁, v₂, ...

    >>> list(letters({"b"}, 3)), next(letters(set(), 40))
    (['a', 'c', 'd'], 'v₁')
    """
    free = [letter for letter in _LETTERS if letter not in taken]
    if needed <= len(free):
        yield from free[:needed]
        return
    subscripts = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
    position = 0
    while True:
        position += 1
        name = "v" + str(position).translate(subscripts)
        if name not in taken:
            yield name


def last_name(path: Sequence[str]) -> str:
    """Return what a module is called inside the one around it; a number alone says too little.

    >>> last_name(("encoder", "norm")), last_name(("layers", "0"))
    ('norm', 'layers.0')
    """
    return ".".join(path[-2:]) if path[-1].isdigit() else path[-1]


def operands(graph: Graph) -> dict[str, list[str]]:
    """Return, for every node, how its operands are written, in order: names, letters, inlined numbers."""
    symbols = {node.id: node.symbol for node in graph.nodes}
    written: dict[str, list[tuple[int, str]]] = {node.id: list(node.inline) for node in graph.nodes}
    for node in graph.nodes:
        for parameter in node.params:
            written[node.id].append((parameter.port, (parameter.name or "parameter") + "".join(parameter.via)))
    for edge in graph.edges:
        written[edge.dst].append((edge.port, symbols[edge.src] + "".join(v for v in edge.via if v == "ᵀ")))
    return {key: [text for _, text in sorted(found)] for key, found in written.items()}


def header(node: Node, texts: Sequence[str]) -> str:
    """Write what a node computes, without its own name: ``x · y``, ``sin x``."""
    return expression(node.op, [atom(text) for text in texts], node.attrs, node.form).text


def title(node: Node) -> str:
    """Return a short title for the card of an operation in the network view: ``conv2d``, ``+``, ``× 0.5``."""
    if node.kind == "group":
        return node.symbol
    if node.op in ("getitem", "index") and "index" in node.attrs:
        return f"index {_attribute(node.attrs['index'])}"
    if not node.inline or node.op == "masked_scale":
        if node.op == "power" and "exponent" in node.attrs:
            return header(node, ["x"])
        if node.op == "negative" or re.fullmatch(r"\{0\}[^{}\w]+", node.form or ""):
            return header(node, ["x"])
        return _GLYPHS.get(node.op, node.op)
    if len(node.inline) == 1:
        ((port, text),) = node.inline
        shown = f"({text})" if text.startswith(numbers.MINUS) else text
        if node.op in ("add", "multiply") or (port == 1 and node.op in ("subtract", "divide")):
            return f"{_GLYPHS[node.op]} {shown}"
        texts = ["x", text] if port else [text, "x"]
        if node.op in ("subtract", "divide", "power", "maximum", "minimum"):
            return header(node, texts)
    return f"{node.op} {', '.join(text for _, text in node.inline)}"


def _attribute(value: Any) -> str:
    """Write a static argument."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return numbers.number(value)
    if isinstance(value, (tuple, list)):
        return "(" + ", ".join(_attribute(v) for v in value) + ")"
    return str(value)


def formula_title(graph: Graph, longest: int = 56) -> str | None:
    """Write the whole scalar graph as one formula, ``f = x·y + sin x   at x = 2, y = 3``; ``None`` when it is too long.

    If it is, values that the user named stand for themselves. Work is linear in the graph: a value whose formula has
    become too long is not expanded further.
    """
    outputs = [node for node in graph.nodes if node.output]
    if len(outputs) != 1 or not outputs[0].is_operation:
        return None
    whole = _formula(graph, longest, expand_named=True) or _formula(graph, longest, expand_named=False)
    if whole is None:
        return None
    leaves = [node for node in graph.nodes if node.kind in ("input", "param")]
    values = [(node.symbol, node.value.value) for node in leaves if node.value is not None]
    point = ", ".join(f"{symbol} = {numbers.number(value)}" for symbol, value in values if value is not None)
    text = f"{outputs[0].symbol} = {whole}"
    return f"{text}    at  {point}" if point and len(leaves) <= 5 else text


def _formula(graph: Graph, longest: int, expand_named: bool) -> str | None:
    args: dict[str, list[tuple[int, str | Expression]]] = {node.id: list(node.inline) for node in graph.nodes}
    for edge in graph.edges:
        args[edge.dst].append((edge.port, edge.src))
    inline = {node.id: dict(node.inline) for node in graph.nodes}
    done: dict[str, Expression | None] = {}
    for node in graph.nodes:
        if not node.is_operation or (node.name and not node.output and not expand_named):
            done[node.id] = atom(node.symbol)
            continue
        found = []
        for port, source in sorted(args[node.id], key=lambda pair: pair[0]):
            found.append(atom(inline[node.id][port]) if port in inline[node.id] else done[str(source)])
        known = [argument for argument in found if argument is not None]
        written = expression(node.op, known, node.attrs, node.form, gap="") if len(known) == len(found) else None
        done[node.id] = written if written is not None and len(written.text) <= longest else None
    whole = done[next(node.id for node in graph.nodes if node.output)]
    return None if whole is None else whole.text
