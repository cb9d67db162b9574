"""Many examples at once: what an operation does when it meets a batch inside ``vmap``.

Inside, an argument is a :class:`Batched`: it looks like one example, and holds them all along a first axis of its own.
An operation that meets one comes here, by the same door as symbols and Scalars, and runs on the whole batch:

* elementwise: operands are aligned on the right and broadcast, behind the batch;
* an operation with a rule in ``batch_rules.py``: its axes move by one, or the batch becomes one more axis of its own;
* any other: once for each example, and the results are stacked. Slow, and right.

Either way the work is ordinary operations on ordinary tensors, so it is recorded and differentiated like any other; the
transforms see through a Batched (``strip``), which is what makes ``vmap(grad(f))`` the gradients of single examples.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import numpy as np

from ..core import interpreters
from ..core.dtypes import as_array
from ..core.primitive import REGISTRY, Primitive
from ..engine.compose import LOOPS
from ..engine.values import HANDLES, new_tensor
from ..handles.tensor import Tensor
from .trees import flatten, rebuilder, unflatten

__all__ = [
    "RULES",
    "Batched",
    "Call",
    "Levels",
    "active",
    "bind_operators",
    "expand",
    "loop",
    "running",
    "strip",
    "wrap",
]

# The vmaps that are running here, outermost first: (level, size of the batch).
Levels = tuple[tuple[int, int], ...]
running: ContextVar[Levels] = ContextVar("glassgrad_vmap", default=())
active = running.get


class Batched:
    """A value inside :func:`vmap`: one example to look at, a whole batch to compute with.

    Attributes:
        value: the tensor with the batch along its first axis; a Batched itself inside nested vmaps.
        level: which of the nested vmaps it belongs to.
    """

    __slots__ = ("level", "value")
    __array_priority__ = 2000

    def __init__(self, value: Any, level: int) -> None:
        self.value = value
        self.level = level

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one example."""
        return tuple(self.value.shape[1:])

    @property
    def ndim(self) -> int:
        """The number of axes of one example."""
        return len(self.value.shape) - 1

    @property
    def dtype(self) -> Any:
        """The NumPy dtype."""
        return self.value.dtype

    @property
    def requires_grad(self) -> bool:
        """Whether gradients are computed for it."""
        return bool(self.value.requires_grad)

    @property
    def name(self) -> None:
        """An example has no name."""
        return None

    def detach(self) -> Batched:
        """Return the same values outside the graph."""
        return Batched(self.value.detach(), self.level)

    def size(self, dim: int | None = None) -> Any:
        """Return the shape of one example, or the size of its axis ``dim``."""
        return self.shape if dim is None else self.shape[dim]

    def dim(self) -> int:
        """Return the number of axes of one example."""
        return self.ndim

    def numel(self) -> int:
        """Return the number of elements of one example."""
        return int(np.prod(self.shape, dtype=int))

    def is_floating_point(self) -> bool:
        """Return whether the dtype is floating-point."""
        return bool(self.value.is_floating_point())

    def __len__(self) -> int:
        if not self.ndim:
            raise TypeError("len() of a 0-d tensor")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))  # type: ignore[index]

    def __hash__(self) -> int:
        return id(self)

    def __bool__(self) -> bool:
        raise TypeError(
            "vmap: the examples of a batch may differ in this condition, so Python cannot branch on it; write gg.where"
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        raise _hidden("NumPy's array")

    def __float__(self) -> float:
        raise _hidden("float()")

    def __int__(self) -> int:
        raise _hidden("int()")

    def __index__(self) -> int:
        raise _hidden("an index of Python's")

    def __getattr__(self, name: str) -> Any:
        own = getattr(type(self), name, None)
        if isinstance(own, property):
            # One of ours raised an AttributeError, which Python turned into this call: raise it again.
            return own.__get__(self)
        attribute = None if name.startswith("__") else getattr(Tensor, name, None)
        if attribute is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        function = attribute.fget if isinstance(attribute, property) else attribute
        if not callable(function) or function.__module__ == Tensor.__module__ or name.endswith("_"):
            raise _hidden(f".{name}")
        return function(self) if isinstance(attribute, property) else functools.partial(function, self)

    def __repr__(self) -> str:
        return f"Batched({self.value!r}, level={self.level})"


def _hidden(what: str) -> interpreters.HiddenValueError:
    return interpreters.HiddenValueError(
        f"vmap: {what} asks for the numbers or the memory of one tensor, but inside vmap there is a whole batch of "
        "them; use operations of glassgrad, or return the value and do it outside"
    )


def bind_operators() -> None:
    """Give Batched the operators of Tensor, except those that change it; methods are found by ``__getattr__``."""
    changing = ("__iadd__", "__isub__", "__imul__", "__itruediv__", "__setitem__")
    for name, function in vars(Tensor).items():
        bound = name.startswith("__") and callable(function) and function.__module__ != Tensor.__module__
        if bound and name not in vars(Batched) and name not in changing:
            setattr(Batched, name, function)


# -- levels -----------------------------------------------------------------------------------------------------------


def strip(value: Any) -> tuple[Any, Levels]:
    """Return the tensor inside a (nested) Batched, its batch axes first, and their levels."""
    levels = []
    while value.__class__ is Batched:
        levels.append(value.level)
        value = value.value
    sizes = value.shape[: len(levels)] if levels else ()
    return value, tuple(zip(reversed(levels), sizes, strict=True))


def wrap(tensor: Any, levels: Levels) -> Any:
    """Return a tensor whose first axes are the batches of ``levels`` as what the code inside sees."""
    for level, _ in levels:
        tensor = Batched(tensor, level)
    return tensor


def expand(value: Any, levels: Levels) -> Any:
    """Return a value as a plain tensor that has a batch axis for each of ``levels``, repeated where it had none."""
    tensor, own = strip(value)
    if own == levels:
        return tensor
    has = dict(own)
    shape = tensor.shape[len(own) :]
    aligned = (*(size if level in has else 1 for level, size in levels), *shape)
    full = (*(size for _, size in levels), *shape)
    return REGISTRY["broadcast_to"].function(REGISTRY["reshape"].function(tensor, aligned), full)


# -- one operation ----------------------------------------------------------------------------------------------------


class Call:
    """An operation on operands of which some hold a batch.

    Attributes:
        inputs: the operands, of this level without their wrapping.
        batched: which of them hold a batch.
        static: the static arguments by name.
        size: of the batch.
    """

    __slots__ = ("batched", "inputs", "primitive", "size", "static")

    def __init__(
        self, primitive: Primitive, inputs: list[Any], batched: list[bool], static: dict[str, Any], size: int
    ) -> None:
        self.primitive = primitive
        self.inputs = inputs
        self.batched = batched
        self.static = static
        self.size = size

    def run(self, *inputs: Any, **changes: Any) -> Any:
        """Run the operation on other operands and static arguments."""
        return _apply(self.primitive, list(inputs), {**self.static, **changes})

    def ndim(self, i: int = 0) -> int:
        """Return the number of axes of one example of an operand."""
        return len(np.shape(self.inputs[i])) - self.batched[i]

    def with_batch_axis(self, i: int) -> Any:
        """Return an operand with a batch axis, whether or not it had one."""
        x = self.inputs[i]
        if self.batched[i]:
            return x
        if x.__class__ not in HANDLES and x.__class__ is not Batched:
            x = new_tensor(as_array(x), None)
        return REGISTRY["broadcast_to"].function(x, (self.size, *x.shape))

    def aligned(self, i: int, ndim: int) -> Any:
        """Return an operand with its batch axis in front of ``ndim`` axes."""
        x, own = self.inputs[i], self.ndim(i)
        if not self.batched[i] or own >= ndim:
            return x
        return REGISTRY["reshape"].function(x, (x.shape[0], *(1,) * (ndim - own), *x.shape[1:]))


def _apply(primitive: Primitive, inputs: list[Any], static: dict[str, Any]) -> Any:
    if primitive.list_input:
        return primitive.function(**{primitive.input_names[0]: inputs}, **static)
    return primitive.function(**dict(zip(primitive.input_names, inputs, strict=True)), **static)


def interpret(primitive: Primitive, inputs: tuple[Any, ...], static: tuple[Any, ...]) -> Any:
    """Run a primitive on operands of which at least one is a Batched."""
    operands = list(inputs[0]) if primitive.list_input else list(inputs)
    level = max(x.level for x in operands if x.__class__ is Batched)
    batched = [x.__class__ is Batched and x.level == level for x in operands]
    bare = [x.value if b else x for x, b in zip(operands, batched, strict=True)]
    size = next(x.shape[0] for x, b in zip(bare, batched, strict=True) if b)
    call = Call(primitive, bare, batched, dict(zip(primitive.static_names, static, strict=True)), size)
    result = NotImplemented
    rule = elementwise if primitive.kind in ("elementwise", "predicate") else RULES.get(primitive.name)
    if rule is not None and not any(_holds_batch(s) for s in static):
        try:
            result = rule(call)
        except (ValueError, IndexError, TypeError) as error:
            raise _for_one_example(call, level, error) from None
    if result is NotImplemented:
        result = each(call, level)
    if isinstance(result, list | tuple):
        return tuple(Batched(r, level) for r in result)
    return Batched(result, level)


def _holds_batch(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_holds_batch, value))
    return value.__class__ is Batched


def elementwise(call: Call) -> Any:
    """Align the operands of single examples on the right, behind the batch."""
    present = [i for i, x in enumerate(call.inputs) if x is not None]
    names = call.primitive.input_names
    kinds = {
        call.inputs[i].dtype
        for i in present
        if names[i] in call.primitive.differentiable and hasattr(call.inputs[i], "dtype")
    }
    if len(kinds) > 1:
        # A number among the examples would take part in choosing the dtype once it has a batch axis.
        return NotImplemented
    ndim = max(call.ndim(i) for i in present)
    return call.run(*(call.aligned(i, ndim) for i in range(len(call.inputs))))


def each(call: Call, level: int) -> Any:
    """Run the operation on one example at a time, and stack the results."""
    if not call.size:
        raise ValueError(f"vmap: {call.primitive.name} cannot run on a batch of no examples")
    found = [_run_one(call, level, i) for i in range(call.size)]
    stack = REGISTRY["stack"].function
    if isinstance(found[0], list | tuple):
        return tuple(stack(list(outputs), 0) for outputs in zip(*found, strict=True))
    return stack(found, 0)


def _run_one(call: Call, level: int, i: int) -> Any:
    take = REGISTRY["getitem"].function
    operands = [take(x, i) if b else x for x, b in zip(call.inputs, call.batched, strict=True)]
    return _apply(call.primitive, operands, {name: _example(value, level, i) for name, value in call.static.items()})


def _for_one_example(call: Call, level: int, error: Exception) -> Exception:
    """Return the error that one example has, which speaks of the shapes that the user knows.

    If an example by itself has none, the rule is wrong, and its own error says so.
    """
    try:
        if call.size:
            _run_one(call, level, 0)
    except (ValueError, IndexError, TypeError) as own:
        return own
    return error


def _example(value: Any, level: int, i: int) -> Any:
    """Return a static argument, such as an index, for one example."""
    if isinstance(value, list | tuple):
        return rebuilder(value)([_example(v, level, i) for v in value])
    if value.__class__ is Batched and value.level == level:
        example = REGISTRY["getitem"].function(value.value, i)
        return example._array if example.__class__ in HANDLES else example
    return value


def loop(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    """Run a whole function, with Batched among its arguments, on one example at a time, and stack the results."""
    leaves, _, structure = flatten((tuple(args), dict(kwargs)))
    level = max(x.level for x in leaves if x.__class__ is Batched)
    mine = [x.__class__ is Batched and x.level == level for x in leaves]
    size = next(x.value.shape[0] for x, m in zip(leaves, mine, strict=True) if m)
    if not size:
        raise ValueError(f"vmap: {getattr(function, '__name__', 'this')} cannot run on a batch of no examples")
    take = REGISTRY["getitem"].function
    columns: list[list[Any]] = []
    for i in range(size):
        example = [take(x.value, i) if m else x for x, m in zip(leaves, mine, strict=True)]
        positional, named = unflatten(structure, example)
        found, _, shape = flatten(function(*positional, **named))
        columns.append(found)
    stack = REGISTRY["stack"].function
    return unflatten(shape, [Batched(stack(list(parts), 0), level) for parts in zip(*columns, strict=True)])


RULES: dict[str, Callable[[Call], Any]] = {}
LOOPS[Batched] = loop
interpreters.register_interpreter(Batched, interpret, priority=5)
