"""PyTorch's ``Function`` as a thin adapter: an operation given by two methods becomes a primitive.

Declaring a primitive (``gg.primitive``) is shorter, and gives formulas and Scalars as well; this is for code that
exists.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from ..core import storage
from ..core.mode import no_grad
from ..core.node import Node, next_sequence
from .compose import loop_for
from .declare import primitive
from .values import HANDLES, new_tensor

__all__ = ["Function", "FunctionContext"]


class FunctionContext:
    """What ``forward`` hands to ``backward``: saved tensors, and any attribute you set.

    Attributes:
        needs_input_grad: for each argument of ``forward``, whether a gradient is wanted.
    """

    def __init__(self, needs_input_grad: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs_input_grad
        self._inputs: dict[int, Any] = {}
        self._outputs: dict[int, Any] = {}
        self._saved: list[Any] = []
        self._recorded = False
        self._sequence = 0

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep tensors (or None) for ``backward``, which finds them in :attr:`saved_tensors`.

        Raises:
            TypeError: something else is given; set an attribute of ``ctx`` for it.
        """
        for tensor in tensors:
            if tensor is not None and tensor.__class__ not in HANDLES:
                raise TypeError(
                    f"save_for_backward: expected Tensors or None, got {type(tensor).__name__}; "
                    "set an attribute of ctx for anything else"
                )
        self._saved = list(tensors)
        self._sequence = next_sequence()

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """The saved tensors; in a recorded backward pass, in their places in the graph."""
        found = []
        for tensor in self._saved:
            if tensor is not None:
                operation = storage.changed_since(tensor._array, self._sequence)
                if operation is not None:
                    raise RuntimeError(
                        f"a tensor saved for backward (shape {tensor.shape}) was changed in place by {operation} "
                        "afterwards. Run backward before the change, or make the change out of place"
                    )
            if tensor is not None and self._recorded:
                vertex = self._inputs.get(id(tensor))
                if vertex is None and id(tensor) in self._outputs:
                    vertex = self._outputs[id(tensor)]()
                tensor = new_tensor(tensor._array, vertex)
            found.append(tensor)
        return tuple(found)


class _Call:
    """One application of a Function: its class, its arguments, which of them are tensors, and its context."""

    def __init__(self, cls: Any, arguments: tuple[Any, ...], positions: list[int]) -> None:
        self.cls = cls
        # The tensors among them are held by the graph, or not at all.
        self.arguments = [None if i in positions else a for i, a in enumerate(arguments)]
        self.positions = positions
        self.vertices = [arguments[i]._node for i in positions]
        self.single = True
        needs = [False] * len(arguments)
        for i, vertex in zip(positions, self.vertices, strict=True):
            needs[i] = vertex.__class__ is Node
        self.context = FunctionContext(tuple(needs))
        self.results: list[Any] = []

    def forward(self, arrays: list[Any]) -> list[Any]:
        arguments = list(self.arguments)
        for i, array, vertex in zip(self.positions, arrays, self.vertices, strict=True):
            arguments[i] = tensor = new_tensor(array, None)
            self.context._inputs[id(tensor)] = vertex
        with no_grad():
            out = self.cls.forward(self.context, *arguments)
        self.single = not isinstance(out, tuple)
        self.results = [out] if self.single else list(out)
        for result in self.results:
            if result.__class__ not in HANDLES:
                raise TypeError(f"{self.cls.__name__}: forward must return Tensors, not {type(result).__name__}")
        # An input that is returned as it is gets memory of its own.
        return [np.array(r._array) if any(r._array is a for a in arrays) else r._array for r in self.results]

    def backward(self, g: list[Any], needs_grad: tuple[bool, ...]) -> list[Any]:
        recorded = any(x.__class__ in HANDLES for x in g)
        self.context._recorded = recorded
        name = self.cls.__name__
        if recorded:
            found = self.cls.backward(self.context, *g)
        else:
            with no_grad():
                found = self.cls.backward(self.context, *(new_tensor(x, None) for x in g))
        gradients = found if isinstance(found, tuple) else (found,)
        if len(gradients) != len(self.arguments):
            raise TypeError(
                f"{name}: backward must return one gradient for each of the {len(self.arguments)} arguments of forward "
                f"(None for those that have none), but returned {len(gradients)}"
            )
        handed: list[Any] = []
        for wanted, i in zip(needs_grad, self.positions, strict=True):
            gradient = gradients[i] if wanted else None
            if gradient is not None and gradient.__class__ not in HANDLES:
                raise TypeError(f"{name}: backward must return Tensors or None, not {type(gradient).__name__}")
            handed.append(gradient if gradient is None or recorded else gradient._array)
        return handed


class Function:
    """An operation of your own in PyTorch's form: subclass it with static methods ``forward`` and ``backward``.

    ``forward(ctx, *args)`` returns a Tensor or a tuple of them and runs without recording; ``backward(ctx, *grads)``
    returns one gradient for each argument of ``forward``, None for those that have none. If ``backward`` uses
    differentiable operations and ``ctx.saved_tensors``, higher derivatives work. Call ``YourFunction.apply(...)``.

    Raises:
        TypeError: a method is missing or returns something of the wrong kind or number.

    >>> import glassgrad as gg
    >>> class Exp(gg.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         out = x.exp()
    ...         ctx.save_for_backward(out)
    ...         return out
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (out,) = ctx.saved_tensors
    ...         return g * out
    >>> x = gg.tensor([0.0, 1.0], requires_grad=True)
    >>> Exp.apply(x).sum().backward()
    >>> x.grad
    tensor([1.    , 2.7183])
    """

    _primitive: Any = None

    @staticmethod
    def forward(ctx: FunctionContext, *args: Any) -> Any:
        """Compute the result."""
        raise TypeError("a Function needs a static method forward(ctx, ...)")

    @staticmethod
    def backward(ctx: FunctionContext, *grads: Any) -> Any:
        """Compute the gradients of the arguments from those of the results."""
        raise TypeError("a Function needs a static method backward(ctx, ...)")

    def __init__(self) -> None:
        raise TypeError(f"{type(self).__name__} is not made, but called: {type(self).__name__}.apply(...)")

    def __init_subclass__(cls) -> None:
        for name in ("forward", "backward"):
            if name in cls.__dict__ and not isinstance(cls.__dict__[name], staticmethod):
                raise TypeError(f"{cls.__name__}: {name} must be a @staticmethod")

        def kernel(tensors: Any, call: Any) -> Any:
            return call.forward(tensors)

        # It is the user's operation, not one of the library's table.
        kernel.__module__ = cls.__module__
        declare = primitive(
            list_input=True, outputs="list", casts=True, name=cls.__name__,
            tensors=lambda g, needs_grad, call: call.backward(g, needs_grad),
        )  # fmt: skip
        cls._primitive = staticmethod(declare(kernel))

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Run the operation on tensors and whatever else ``forward`` takes, and record it."""
        if cls is Function:
            raise TypeError("subclass Function and call the subclass's apply")
        loop = loop_for(args, {})
        if loop is not None:
            # Its forward is not recorded, so a batch must not enter it as it is.
            return loop(cls.apply, args, {})
        positions = [i for i, a in enumerate(args) if a.__class__ in HANDLES]
        call = _Call(cls, args, positions)
        if not positions:
            call.forward([])
            return call.results[0] if call.single else tuple(call.results)
        outputs = cls._primitive([args[i] for i in positions], call)
        for made, result in zip(call.results, outputs, strict=True):
            if result._node.__class__ is Node:
                # Weakly: the output's node leads to this call, and a cycle would have to wait for the collector.
                call.context._outputs[id(made)] = weakref.ref(result._node)
        kept = {id(t) for t in call.context._saved}
        call.results = [r for r in call.results if id(r) in kept]
        return outputs[0] if call.single else outputs
