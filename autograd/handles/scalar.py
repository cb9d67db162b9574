"""Single numbers with a graph: what a teacher shows first.

A ``Scalar`` is its own node: it keeps its value, its gradient and its operands after backward, so a picture always
shows the numbers. It runs on Python floats and knows nothing of arrays. Arithmetic follows IEEE, as arrays do: log 0 is
−inf, 1/0 is inf, and nothing raises.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.mode import NOWHERE, current_mode, set_mode
from ..core.node import Constant, Details, Node, Vertex, next_sequence
from ..engine.values import HANDLES, LEAF, constant_of

if TYPE_CHECKING:
    from ..signatures import ScalarOperators
else:
    ScalarOperators = object

__all__ = ["Scalar", "node_of"]

_FLOAT64 = np.dtype(np.float64)
_age = attrgetter("sequence")
# One pass at a time: passes meet on shared leaves, and pure Python gains nothing from running two at once.
_pass_lock = threading.RLock()


class ScalarDetails(Details):
    """What few Scalars have: a name, operands beyond the second, static arguments."""

    __slots__ = ("rest", "static")

    def __init__(self) -> None:
        super().__init__()
        self.rest: tuple[Scalar, ...] = ()
        self.static: tuple[Any, ...] = ()


class Scalar(Vertex, ScalarOperators):
    """A number that records the operations it takes part in, in double precision.

    Args:
        value: a Python or NumPy number.
        requires_grad: whether gradients are wanted.
        name: what pictures call it.

    Attributes:
        value: the number.
        grad: its gradient after ``backward``, or None. Leaves add up over several backward passes, as in PyTorch;
            intermediate results keep that of the latest.
        inputs: the Scalars it was computed from.

    Raises:
        TypeError: ``value`` is not a real number.

    >>> import glassgrad as gg
    >>> x = gg.Scalar(2.0, requires_grad=True)
    >>> y = gg.Scalar(3.0, requires_grad=True)
    >>> z = x * y + x ** 2
    >>> z.backward()
    >>> x.grad, y.grad
    (7.0, 2.0)
    """

    # Small on purpose: a training step makes a hundred thousand of these, and what they cost is mostly memory. The
    # first two operands are slots, not a tuple, which halves what the garbage collector has to walk.
    __slots__ = ("context", "details", "first", "grad", "primitive", "requires_grad", "second", "sequence", "value")

    value: float
    grad: Any
    requires_grad: bool
    first: Scalar | None
    second: Scalar | None
    sequence: int
    details: ScalarDetails | None

    # A Scalar in the role of a node.
    shape = ()
    dtype = _FLOAT64
    saved = ()

    def __init__(self, value: Any, requires_grad: bool = False, name: str | None = None) -> None:
        if value.__class__ is not float:
            value = _as_float(value)
        self.value = value
        self.grad = None
        self.requires_grad = bool(requires_grad)
        self.primitive = LEAF
        self.first = None
        self.second = None
        self.sequence = next_sequence()
        self.context = None
        self.details = None
        if name is not None:
            self.name = name

    @property
    def inputs(self) -> tuple[Scalar, ...]:
        """The operands, in order; empty for a leaf."""
        if self.first is None:
            return ()
        if self.second is None:
            return (self.first,)
        rest = () if self.details is None else self.details.rest
        return (self.first, self.second, *rest)

    @property
    def static(self) -> tuple[Any, ...]:
        """The values of ``primitive.static_names``."""
        return () if self.details is None else self.details.static

    def ensure_details(self) -> ScalarDetails:
        """Return the rarely needed part, made when first asked for."""
        if self.details is None:
            self.details = ScalarDetails()
        return self.details

    def handle(self) -> Scalar:
        """Return the Scalar itself."""
        return self

    def item(self) -> float:
        """Return the number."""
        return self.value

    def detach(self) -> Scalar:
        """Return the same number outside the graph."""
        return Scalar(self.value)

    def __float__(self) -> float:
        return self.value

    def __bool__(self) -> bool:
        return self.value != 0.0

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        name = f", name={self.name!r}" if self.name else ""
        grad = f", grad={_text(self.grad)}" if self.grad is not None else ""
        return f"Scalar({self.value:.6g}{grad}{name})"

    def __format__(self, spec: str) -> str:
        return format(self.value, spec) if spec else repr(self)

    def __copy__(self) -> Scalar:
        """Return a leaf of the same value, name and ``requires_grad``, without the gradient."""
        self._refuse_results("copy.copy")
        return Scalar(self.value, self.requires_grad, self.name)

    def __deepcopy__(self, memo: dict[int, Any]) -> Scalar:
        """Return a leaf of the same value, name, ``requires_grad`` and gradient."""
        self._refuse_results("copy.deepcopy")
        memo[id(self)] = copied = Scalar(self.value, self.requires_grad, self.name)
        copied.grad = self.grad.value if self.grad.__class__ is Scalar else self.grad
        return copied

    def __reduce__(self) -> Any:
        """Pickle the value, name and ``requires_grad``, not the gradient."""
        self._refuse_results("pickle")
        return Scalar, (self.value, self.requires_grad, self.name)

    def _refuse_results(self, what: str) -> None:
        if self.requires_grad and not self.is_leaf:
            raise RuntimeError(
                f"{what}: this Scalar is the result of {self.primitive.name!r}, and its graph is not copied; "
                "only leaves can be copied. Write x.detach() for the number"
            )

    def backward(self, gradient: float = 1.0, create_graph: bool = False) -> None:
        """Set ``.grad`` of every Scalar this one was computed from; leaves add to what they have.

        Everything is kept, so backward may run again; ``retain_graph`` does not exist here.

        Args:
            gradient: where to start.
            create_graph: make the gradients Scalars that can be differentiated. Such a gradient is part of a graph that
                leads back to its leaf: set ``.grad = None`` when done with it, or leave both to the garbage collector.

        Raises:
            RuntimeError: the Scalar requires no gradient.
        """
        if not self.requires_grad:
            raise RuntimeError(
                "backward: this Scalar does not require grad; create the inputs with requires_grad=True and compute it "
                "outside no_grad()"
            )
        with _pass_lock:
            if create_graph:
                _backward_recorded(self, gradient)
            else:
                _backward(self, _as_float(gradient))


def _as_float(value: Any) -> float:
    if value.__class__ is Scalar:
        raise TypeError("this is already a Scalar; use .value for its number or .detach() for a copy")
    if isinstance(value, str | bytes) or value is None or isinstance(value, complex):
        raise TypeError(f"a Scalar holds a real number, not {type(value).__name__}")
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"a Scalar holds a single real number, not {type(value).__name__}") from None


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else repr(value)


# -- backward -------------------------------------------------------------------------------------------------


def reachable(root: Scalar) -> list[Scalar]:
    """Return the results that ``root`` was computed from and that need a gradient, latest first.

    On the way every gradient is made ready to be added to: 0 for results; leaves keep what they have.
    """
    # A zero that is this pass's own object, and so marks what has been visited as well.
    zero = float("0")
    if root.first is None:
        root.grad = zero if root.grad is None else root.grad
        return []
    root.grad = zero
    found = []
    stack = [root]
    while stack:
        node = stack.pop()
        # Noted when visited, the newest operand first: this is so nearly the order of creation that sorting it takes
        # no time. Leaves only receive, so they need no place in it.
        found.append(node)
        # The two operands that almost every node has are written out: this loop sees every number of a step.
        operand = node.first
        if operand.first is not None:  # type: ignore[union-attr]
            if operand.grad is not zero:  # type: ignore[union-attr]
                operand.grad = zero  # type: ignore[union-attr]
                stack.append(operand)  # type: ignore[arg-type]
        elif operand.grad is None and operand.requires_grad:  # type: ignore[union-attr]
            operand.grad = 0.0  # type: ignore[union-attr]
        operand = node.second
        if operand is None:
            continue
        if operand.first is not None:
            if operand.grad is not zero:
                operand.grad = zero
                stack.append(operand)
        elif operand.grad is None and operand.requires_grad:
            operand.grad = 0.0
        if node.details is not None:
            for operand in node.details.rest:
                if operand.first is not None:
                    if operand.grad is not zero:
                        operand.grad = zero
                        stack.append(operand)
                elif operand.grad is None and operand.requires_grad:
                    operand.grad = 0.0
    found.sort(key=_age, reverse=True)
    return found


def _backward(root: Scalar, gradient: float) -> None:
    order = reachable(root)
    root.grad += gradient
    observers = current_mode().observers
    for node in order:
        g = node.grad
        # A gradient of zero sends zeros on, and dead ReLUs make it worth not to; unless a derivative may be infinite or
        # NaN, which times zero is NaN, as in arrays.
        if not g and node.primitive.finite and node.value - node.value == 0.0:
            continue
        node.primitive.scalar_pull(node, g)  # type: ignore[misc]
        if observers:
            for observer in observers:
                observer.backward(node, tuple(i.grad for i in node.inputs))


def derivatives(
    node: Scalar, g: Any, lift: Callable[[Scalar], Any], needs_grad: Iterable[bool] | None = None
) -> tuple[Any, ...]:
    """Run the rules of one Scalar: the gradient for each operand (None where there is no rule or none is needed)."""
    primitive = node.primitive
    rules = primitive.rules
    values: dict[str, Any] = dict(zip(primitive.static_names, node.static, strict=False))
    values.update(zip(primitive.input_names, (lift(i) for i in node.inputs), strict=True))
    values.update(
        {f"{n}_shape": () for n in primitive.input_names}, out=lift(node), g=g, needs_grad=(True,) * len(node.inputs)
    )
    if rules.joint is not None:
        return tuple(rules.joint.function(*(values[a] for a in rules.joint.arguments)))
    wanted = tuple(needs_grad) if needs_grad is not None else (True,) * len(node.inputs)
    return tuple(
        rules.by_input[n].function(*(values[a] for a in rules.by_input[n].arguments))
        if n in rules.by_input and w
        else None
        for n, w in zip(primitive.input_names, wanted, strict=True)
    )


def as_number(value: Any) -> float:
    return float(value) if not isinstance(value, complex) else float("nan")


def pull_ieee(node: Scalar, g: float) -> None:
    """The backward step with NumPy's floats, for values at which Python's raise."""
    with np.errstate(all="ignore"):
        gradients = derivatives(
            node, np.float64(g), lambda s: np.float64(s.value), (i.requires_grad for i in node.inputs)
        )
    for operand, d in zip(node.inputs, gradients, strict=True):
        if operand.requires_grad and d is not None:
            operand.grad += as_number(d)


def _backward_recorded(root: Scalar, gradient: Any) -> None:
    kept = {}
    stack = [root]
    while stack:
        node = stack.pop()
        if id(node) not in kept:
            kept[id(node)] = (node, node.grad if node.first is None else None)
            stack.extend(node.inputs)
    order = reachable(root)
    for node, before in kept.values():
        node.grad = before
    start = gradient if gradient.__class__ is Scalar else Scalar(gradient)
    root.grad = start if root.grad is None else root.grad + start
    outer = current_mode()
    try:
        for node in order:
            if node.grad is None:
                continue
            context = (node.context or NOWHERE).replace(origin=node, order=node.order + 1)
            set_mode(outer.replace(grad=True, context=context))
            gradients = derivatives(node, node.grad, lambda s: s, (i.requires_grad for i in node.inputs))
            for operand, d in zip(node.inputs, gradients, strict=True):
                if operand.requires_grad and d is not None:
                    operand.grad = d if operand.grad is None else operand.grad + d
    finally:
        set_mode(outer)


# -- the way into the graph -----------------------------------------------------------------------------------


def node_of(handle: Any) -> Node | Constant | Scalar:
    """Return the vertex of a Tensor or Scalar: a leaf, a constant or the operation that made it.

    Raises:
        TypeError: it is neither.

    >>> import glassgrad as gg
    >>> gg.autograd.node_of(gg.tensor([1.0], requires_grad=True)).primitive.name
    'leaf'
    """
    if isinstance(handle, Scalar):
        return handle
    if handle.__class__ in HANDLES:
        vertex: Node | Constant = constant_of(handle) if handle._node.__class__ is not Node else handle._node
        return vertex
    raise TypeError(f"expected a Tensor or a Scalar, got {type(handle).__name__}")
