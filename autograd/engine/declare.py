"""The decorator that declares an operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.cost import Cost
from ..core.primitive import REGISTRY, DeclarationError, Primitive, is_ours
from .generate import make_function

__all__ = ["primitive"]


def primitive(
    kind: str = "general", *, scalar: Callable[..., Any] | None = None, name: str | None = None,
    list_input: bool = False, inputs: tuple[str, ...] = (), outputs: tuple[str, ...] | str = (),
    residuals: tuple[str, ...] = (), joint: Callable[..., Any] | None = None,
    accumulate: dict[str, Callable[..., Any]] | None = None,
    domain: tuple[float, float] | None = None, symbol: Any = None, ufunc: Any = None, casts: bool = False,
    finite: bool = False, cost: Cost | int | None = None, widens: bool = False, **rules: Any,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:  # fmt: skip
    """Declare an operation: the decorated function is its kernel, the keywords are its derivative rules.

    Args:
        kind: one of ``KINDS``: ``"elementwise"``, ``"linear"``, ``"multilinear"``, ``"general"``, ...
        scalar: the kernel on Python floats, such as ``math.tanh``. Without one the array kernel is used.
        name: defaults to the function's name.
        list_input: the first parameter is a list of tensors; its rule gets ``needs_grad`` and returns one gradient
            each.
        inputs: with a ``joint`` rule, the parameters that are inputs.
        outputs: names of the outputs when there are several; ``"list"`` when their number varies, and then the rule's
            ``g`` is a list. A keyword of an output's name holds the rules of that output as a dict.
        residuals: names of further kernel results that rules may ask for. A floating-point residual must have rules of
            its own, as an output does: treated as a constant it would make second derivatives wrong.
        joint: one rule for all inputs, returning a tuple of gradients in their order.
        accumulate: input name to a function ``(buffer, g, ...)`` that adds the rule's result into an array that the
            engine owns; used where a dense gradient for a small part would be wasteful.
        domain: the interval in which the operation is smooth and real.
        symbol: how pictures write it: a format such as ``"{0} + {1}"``.
        ufunc: the NumPy ufunc that is the kernel, in place of a function body. Calls and rules reach it without a
            Python function between.
        casts: the operation changes the dtype on purpose; all others give floating results in that of their inputs.
        finite: its derivatives are finite wherever its value is, so that a gradient of zero surely sends only zeros on.
        cost: the floating-point operations of a call: a number for each element of the result, or a word of
            ``core/cost.py`` such as ``per_input(2)``. Elementwise operations take 1 unless they say otherwise.
        widens: float16 operands are cast to float32 before, and the results back after, so that sums, squares and
            counts inside neither overflow nor lose their digits. The casts are nodes of the graph.
        **rules: input name to rule, or to ``None`` for an input without derivative. The remaining parameters are
            static arguments.

    Returns:
        A decorator that gives a function of the same signature, on Tensors, Scalars, arrays and numbers.

    Raises:
        DeclarationError: (a ``TypeError``) the declaration is wrong; the message says how.

    >>> import numpy as np, glassgrad as gg
    >>> @gg.primitive(kind="elementwise", x=lambda g, x: g * 3 * x * x)
    ... def cube(x):
    ...     return x * x * x
    >>> x = gg.tensor([1.0, 2.0], requires_grad=True)
    >>> cube(x).sum().backward()
    >>> x.grad
    tensor([ 3., 12.])
    """
    if callable(kind):
        raise DeclarationError("write @primitive(...) with the rules in brackets, not @primitive")
    if cost is not None and not isinstance(cost, Cost) and (cost.__class__ is not int or cost < 0):
        raise DeclarationError(
            "cost must be a whole number of operations for each element of the result, or a word of core/cost.py such "
            f"as per_input(2), not {cost!r}"
        )

    def declare(kernel: Callable[..., Any]) -> Callable[..., Any]:
        declared = Primitive(
            kernel, kind, scalar=scalar, name=name, list_input=list_input, inputs=inputs, outputs=outputs,
            residuals=residuals, joint=joint, accumulate=accumulate, domain=domain, symbol=symbol,
            ufunc=ufunc, casts=casts, finite=finite, cost=cost, widens=widens, rules=rules,
        )  # fmt: skip
        function = make_function(declared)
        # Its own parameters are written when it is first called; this is where help() and inspect look before that.
        function.__wrapped__ = declared.definition  # type: ignore[attr-defined]
        if is_ours(kernel):
            if declared.name in REGISTRY:
                raise declared._fail("a primitive of this name exists already")
            REGISTRY[declared.name] = declared
        return function

    return declare
