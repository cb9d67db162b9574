"""Values on their way through the engine: handles of results, constants, cuts, leaves, and the outputs of one node."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from ..core import dtypes
from ..core.node import Constant, Node
from ..core.primitive import Primitive
from ..core.types import Array, Value

__all__ = [
    "CUT_BY_DETACH", "CUT_BY_NO_GRAD", "HANDLES", "LEAF", "OUTPUT", "Array", "Cut", "constant_of", "inherit",
    "new_tensor", "project", "scalar_constant", "set_tensor_class", "tensor_class",
]  # fmt: skip

HANDLES: set[Any] = set()


_tensor_class: list[type] = []


def set_tensor_class(cls: type) -> None:
    """Make ``cls`` the class of all results, unless there is one."""
    if not _tensor_class:
        _tensor_class.append(cls)


def tensor_class() -> type:
    """Return the class of results."""
    return _tensor_class[0]


def new_tensor(array: Any, vertex: Node | Constant | None) -> Value:
    """Return a handle on ``array`` at ``vertex`` of the graph."""
    tensor: Value = object.__new__(_tensor_class[0])
    tensor._array = array if array.__class__ is np.ndarray else np.asarray(array)
    tensor._node = vertex
    tensor._grad = None
    return tensor


class Cut(Constant):
    """Stands on results that were cut off from differentiable tensors, so that errors can say so later."""

    __slots__ = ()

    def __init__(self, cut: str) -> None:
        super().__init__((), np.dtype(np.float32))
        self.cut = cut


CUT_BY_NO_GRAD = Cut("no_grad")


CUT_BY_DETACH = Cut("detach")


def inherit(*vertices: Any) -> Any:
    """Return what a result has in place of a node when none of its operands needs a gradient."""
    for vertex in vertices:
        if vertex is not None and vertex.cut is not None:
            return CUT_BY_DETACH if vertex.cut == "detach" else CUT_BY_NO_GRAD
    return None


def constant_of(tensor: Value) -> Any:
    """Return the vertex of an operand that needs no gradient."""
    vertex = tensor._node
    if vertex is None or vertex.__class__ is Cut:
        array = tensor._array
        made = Constant(array.shape, array.dtype)
        if vertex is not None:
            made.cut = vertex.cut
        made.weak_handle = weakref.ref(tensor)
        tensor._node = vertex = made
    return vertex


def scalar_constant(value: Value, like: np.dtype[Any]) -> Value:
    """Return a 0-d tensor of a Python number that takes the dtype of its partner, as a number does."""
    if isinstance(value, np.generic):
        value = value.item()
    dtype = like
    if value.__class__ is float and not dtypes.is_floating(like):
        dtype = dtypes.get_default_dtype()
    elif value.__class__ is int and like.kind == "b":
        dtype = np.dtype(np.int64)
    if value.__class__ is bool and like.kind != "b" and not dtypes.is_floating(like):
        dtype = like
    try:
        array = np.asarray(value, dtype=dtype)
    except OverflowError:
        raise OverflowError(f"the number {value} does not fit into dtype {dtype}") from None
    vertex = Constant((), array.dtype, value)
    return new_tensor(array, vertex)


def _pass_on(g: Value) -> Any:
    return g


def _output_kernel(x: Value, index: int) -> Any:
    return x[index]


OUTPUT = Primitive(_output_kernel, "linear", {"x": _pass_on}, name="output")


def project(node: Node, index: int, array: Array) -> Node:
    """Return the node that stands for one output of a primitive with several."""
    return Node(OUTPUT, array.shape, array.dtype, inputs=(node,), static=(index,), context=node.context)


def _identity(x: Value) -> Any:
    return x


LEAF = Primitive(_identity, "predicate", name="leaf")
LEAF.pull = lambda *_: None
