"""How many floating-point operations a call takes, read from shapes; and the words in which declarations say so.

One operation is one addition, multiplication, division, comparison or elementary function (exp, sin, a power) of one
element, as profilers count; moving elements counts nothing. Matrices cost what their textbook algorithms cost, by the
leading term (Golub and Van Loan 2013, "Matrix Computations"); in a stack of matrices, each its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from .node import Node
from .primitive import Primitive

__all__ = ["SORTED", "Cost", "cost_of", "each_matrix", "first", "flops", "per_inner", "per_input", "per_result", "size"]

_Shapes = dict[str, Any]


class Cost(NamedTuple):
    """A formula as text, and the same as a function of the inputs' shapes, the result's shape and static arguments.

    In the text ``{0}`` stands for the name of the first input.
    """

    text: str
    of: Callable[[_Shapes, Any, dict[str, Any]], float]


def size(shape: Any) -> int:
    """Return the number of elements of a shape; of several, of all together."""
    if shape is None:
        return 0
    if isinstance(shape, list) or (shape and isinstance(shape[0], tuple | list)):
        return sum(map(size, shape))
    return math.prod(shape)


def first(shapes: _Shapes) -> Any:
    """Return the shape of the first input."""
    return next(iter(shapes.values()))


def _times(number: int, what: str) -> str:
    return what if number == 1 else f"{number}·{what}"


# -- what a declaration may say -------------------------------------------------------------------------------


def per_result(number: int = 1) -> Cost:
    """Return so many operations for each element of the result; 0 where elements are only moved."""
    return Cost(_times(number, "|out|") if number else "0", lambda shapes, out, static: number * size(out))


def per_input(number: int = 1) -> Cost:
    """Return so many operations for each element of the first input."""
    return Cost(_times(number, "|{0}|"), lambda shapes, out, static: number * size(first(shapes)))


def per_inner(number: int = 1, name: str = "n") -> Cost:
    """Return so many operations for each element of the result and each element along the last axis of the first input.

    Args:
        name: what the size of that axis is called.
    """
    return Cost(f"{_times(number, '|out|')}·{name}", lambda shapes, out, static: number * size(out) * first(shapes)[-1])


def each_matrix(text: str, count: Callable[[int, int], float]) -> Cost:
    """Return a cost of each matrix in a stack, from its larger size m and its smaller n."""

    def total(shapes: _Shapes, out: Any, static: dict[str, Any]) -> float:
        shape = first(shapes)
        return float(math.prod(shape[:-2]) * count(max(shape[-2:]), min(shape[-2:])))

    return Cost(text, total)


def _sorted(shapes: _Shapes, out: Any, static: dict[str, Any]) -> float:
    n = size(first(shapes))
    return n * math.log2(n) if n > 1 else 0


SORTED = Cost("|{0}|·log₂|{0}|", _sorted)


# -- what it comes to -----------------------------------------------------------------------------------------


def cost_of(primitive: Primitive) -> Cost:
    """Return the cost of a primitive; an elementwise one that declares none takes one step for each result.

    Raises:
        KeyError: none is declared.
    """
    cost = primitive.cost
    if cost is None and primitive.kind in ("elementwise", "predicate"):
        cost = 1
    if cost is None:
        raise KeyError(
            f"the cost of {primitive.name} is not known; declare it: @primitive(cost=...), a number of operations for "
            f"each element of the result or a word of {__name__}"
        )
    declared = per_result(cost) if isinstance(cost, int) else cost
    return Cost(declared.text.format(primitive.input_names[0]), declared.of)


def flops(node: Node) -> int:
    """Return the floating-point operations of one recorded operation.

    Args:
        node: a vertex of a graph, such as ``tensor.grad_fn``. Leaves and projections cost nothing.

    >>> import glassgrad as gg
    >>> y = gg.ones(4, 8, requires_grad=True) @ gg.ones(8, 2)
    >>> gg.autograd.flops(y.grad_fn)
    128
    """
    if node.is_leaf or node.primitive.name in ("output", "leaf"):
        return 0
    primitive = node.primitive
    shapes = [getattr(v, "shape", ()) for v in node.inputs]
    named = (
        {primitive.input_names[0]: shapes}
        if primitive.list_input
        else dict(zip(primitive.input_names, shapes, strict=True))
    )
    static = dict(zip(primitive.static_names, node.static, strict=True))
    return round(cost_of(primitive).of(named, node.shape, static))
