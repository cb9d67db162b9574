"""The vertices of the computation graph: plain data that can be drawn, checked, replayed and blamed.

Edges join nodes, never handles: an activation whose ``Tensor`` the user dropped is freed unless a derivative rule asked
for it. An edge is a place in ``node.inputs``, so the order of operands, and an operand used twice, are never lost.
"""

from __future__ import annotations

import itertools
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .primitive import Primitive

from .mode import Context
from .types import Shape

__all__ = ["FREED", "Constant", "Details", "Node", "Vertex", "next_sequence"]

# One counter for the whole process. Creation order is a topological order, also of a graph that crosses threads; the
# same clock dates in-place changes (see storage.py).
next_sequence = itertools.count(1).__next__


class Freed:
    """What ``node.saved`` becomes once backward has used it."""

    def __repr__(self) -> str:
        return "<freed by backward>"


FREED = Freed()


class Details:
    """What few nodes have: a name, hooks, the handle of a leaf."""

    __slots__ = ("handle", "hooks", "name")

    def __init__(self) -> None:
        self.name: str | None = None
        self.hooks: dict[int, Any] | None = None
        self.handle: weakref.ref[Any] | None = None


class Vertex:
    """What a ``Node`` and a ``Scalar`` tell about themselves in the same words."""

    __slots__ = ()

    primitive: Primitive
    inputs: Any
    static: Any
    context: Context | None
    details: Any

    def ensure_details(self) -> Any:
        """Return the rarely needed part, made when first asked for."""
        raise NotImplementedError

    @property
    def is_leaf(self) -> bool:
        """Whether this is a value the user made, not a result."""
        return not self.inputs and self.primitive.name == "leaf"

    @property
    def name(self) -> str | None:
        """The name the user gave the value, or ``None``."""
        return None if self.details is None else self.details.name

    @name.setter
    def name(self, value: str | None) -> None:
        if value is not None and not isinstance(value, str):
            raise TypeError(f"a name must be a string or None, not {type(value).__name__}")
        self.ensure_details().name = value

    @property
    def scope(self) -> tuple[str, ...]:
        """The module path in which the operation ran."""
        return () if self.context is None else self.context.scope

    @property
    def order(self) -> int:
        """Order of derivative: 0 for forward, 1 for a node that a backward pass recorded, and so on."""
        return 0 if self.context is None else self.context.order

    @property
    def origin(self) -> Node | None:
        """The forward node that this backward node differentiates."""
        return None if self.context is None else self.context.origin

    @property
    def where(self) -> str | None:
        """The user's source line, ``"file.py:41"``, when it was recorded."""
        return None if self.context is None else self.context.where

    @property
    def attributes(self) -> dict[str, Any]:
        """The static arguments by name."""
        return dict(zip(self.primitive.static_names, self.static, strict=False))


class Node(Vertex):
    """One recorded operation, or one leaf.

    Attributes:
        primitive: what was done; its rules say how to go back. A leaf's primitive is named ``"leaf"``.
        inputs: one entry per operand: a ``Node``, a :class:`Constant`, or ``None`` for an optional operand left out.
        saved: the raw values that the rules asked for, in the order of ``primitive.saved_names``.
        sequence: the process-wide creation number.
        shape, dtype: of the value. A node with several outputs holds a tuple of each, and its outputs are read through
            projection nodes (primitive ``"output"``).
        static: the values of ``primitive.static_names`` (axes, strides, ...).
        context: see :class:`Context`; ``None`` at top level.
    """

    __slots__ = (
        "__weakref__", "context", "details", "dtype", "inputs", "primitive", "saved", "sequence", "shape", "static",
    )  # fmt: skip

    details: Details | None

    def __init__(
        self, primitive: Primitive, shape: Any, dtype: Any, *, inputs: tuple[Any, ...] = (), saved: Any = (),
        static: tuple[Any, ...] = (), context: Context | None = None,
    ) -> None:  # fmt: skip
        # Written-out calls fill these slots themselves, without a call of this.
        self.primitive = primitive
        self.inputs = inputs
        self.saved = saved
        self.sequence = next_sequence()
        self.shape = shape
        self.dtype = dtype
        self.static = static
        self.context = context
        self.details = None

    def ensure_details(self) -> Details:
        """Return the rarely needed part, made when first asked for."""
        if self.details is None:
            self.details = Details()
        return self.details

    def handle(self) -> Any:
        """Return the leaf's ``Tensor``, or ``None`` for interior nodes and when the user has dropped it."""
        if self.details is None or self.details.handle is None:
            return None
        return self.details.handle()

    def __repr__(self) -> str:
        name = "" if self.name is None else f" {self.name!r}"
        return f"<{self.primitive.name}{name} #{self.sequence}, shape {self.shape}>"


class Constant:
    """An operand that needs no gradient: a number, or a tensor that is not differentiated.

    Attributes:
        value: the number, when it was given as one; ``None`` for tensors.
        cut: how a value that did depend on differentiable tensors got here: ``"detach"``, ``"no_grad"`` or ``None``.
        origin: weak reference to the node that was cut off, if known.
    """

    __slots__ = ("__weakref__", "cut", "dtype", "name", "origin", "shape", "value", "weak_handle")

    def __init__(self, shape: Shape, dtype: np.dtype[Any], value: Any = None, name: str | None = None) -> None:
        self.shape = shape
        self.dtype = dtype
        self.value = value
        self.name = name
        self.cut: str | None = None
        self.origin: weakref.ref[Node] | None = None
        self.weak_handle: weakref.ref[Any] | None = None

    def handle(self) -> Any:
        """Return the tensor, or ``None`` when the user has dropped it or it was a number."""
        return None if self.weak_handle is None else self.weak_handle()

    def __repr__(self) -> str:
        return f"<constant {self.value if self.value is not None else self.name or ''} shape {self.shape}>"
