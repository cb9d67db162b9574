"""From a handle to its place in the graph."""

from __future__ import annotations

from typing import Any

from ..core.node import Constant, Node
from ..engine.calls import HANDLES, constant_of
from .scalar import Scalar

__all__ = ["node_of"]


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
