"""The derivatives of one Scalar by its operands, as numbers and as formulas: what pictures show."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..core.formula import ATOM, Symbol, rule_symbol
from .scalar import Scalar, as_number, derivatives


def local_derivatives(node: Scalar) -> tuple[float, ...]:
    """Return the derivative of a Scalar by each of its operands, at their present values.

    >>> import glassgrad as gg
    >>> x, y = gg.Scalar(2.0, requires_grad=True), gg.Scalar(3.0, requires_grad=True)
    >>> gg.autograd.local_derivatives(x * y)
    (3.0, 2.0)
    """
    if not node.inputs:
        return ()
    with np.errstate(all="ignore"):
        found = derivatives(node, np.float64(1.0), lambda s: np.float64(s.value))
    return tuple(0.0 if d is None else as_number(d) for d in found)


def local_formulas(node: Scalar, names: Iterable[str], out: str = "out") -> tuple[str, ...]:
    """Return the derivative by each operand as a formula in the given operand names (and ``out`` for the result).

    >>> import glassgrad as gg
    >>> x, y = gg.Scalar(2.0, requires_grad=True), gg.Scalar(3.0, requires_grad=True)
    >>> gg.autograd.local_formulas(x * y, ["x", "y"])
    ('y', 'x')
    """
    primitive = node.primitive
    if not node.inputs:
        return ()
    symbols: dict[str, Any] = {
        n: Symbol(text, ATOM, float(text) if _is_number(text) else None)
        for n, text in zip(primitive.input_names, names, strict=True)
    }
    symbols["out"] = Symbol(out)
    symbols.update(zip(primitive.static_names, node.static, strict=False))
    one = Symbol("1", ATOM, 1.0)
    texts = (
        rule_symbol(primitive, n, symbols, one).text if n in primitive.differentiable else "0"
        for n in primitive.input_names
    )
    # b·b in a rule is b² in a textbook.
    return tuple(re.sub(r"(?<![\w·])([^\W\d]\w*)·\1(?![\w·])", r"\1²", text) for text in texts)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
