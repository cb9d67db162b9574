"""``vmap``: a function written for one example, run on many at once.

Inside, an argument is a :class:`Batched`: it looks like one example, and holds them all along a first axis of its own.
An operation that meets one comes here, by the same door as symbols and Scalars, and runs on the whole batch:

* elementwise: operands are aligned on the right and broadcast, behind the batch;
* an operation with a rule in ``RULES``: its axes are moved by one, or the batch becomes one more axis of its own;
* any other: once for each example, and the results are stacked. Slow, and right.

Either way the work is ordinary operations on ordinary tensors, so it is recorded and differentiated like any other; the
transforms see through a Batched (``strip``), which is what makes ``vmap(grad(f))`` the gradients of single examples.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np

from . import engine
from .compose import LOOPS
from .dtypes import as_array
from .engine import HANDLES, new_tensor
from .primitive import REGISTRY, Primitive
from .tensor import Tensor
from .trees import Structure, flatten, unflatten

__all__ = ["RULES", "Batched", "active", "expand", "shift", "strip", "vmap", "wrap"]

# The vmaps that are running here, outermost first: (level, size of the batch).
Levels = tuple[tuple[int, int], ...]
_active: ContextVar[Levels] = ContextVar("glassgrad_vmap", default=())
active = _active.get


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

    def __getattr__(self, name: str) -> Any:
        attribute = None if name.startswith("__") else getattr(Tensor, name, None)
        if attribute is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        function = attribute.fget if isinstance(attribute, property) else attribute
        if not callable(function) or function.__module__ == Tensor.__module__ or name.endswith("_"):
            raise _hidden(f".{name}")
        return function(self) if isinstance(attribute, property) else functools.partial(function, self)

    def __repr__(self) -> str:
        return f"Batched({self.value!r}, level={self.level})"


def _hidden(what: str) -> TypeError:
    return TypeError(
        f"vmap: {what} asks for the numbers or the memory of one tensor, but inside vmap there is a whole batch of "
        "them; use operations of glassgrad, or return the value and do it outside"
    )


def _bind_operators() -> None:
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

    def spread(self, i: int) -> Any:
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
    if not any(_holds_batch(s) for s in static):
        rule = elementwise if primitive.kind in ("elementwise", "predicate") else RULES.get(primitive.name)
        try:
            result = NotImplemented if rule is None else rule(call)
        except (ValueError, IndexError, TypeError):
            # One example at a time gives the message about the shapes that the user knows, or even a result.
            result = NotImplemented
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
        call.inputs[i].dtype for i in present
        if names[i] in call.primitive.differentiable and hasattr(call.inputs[i], "dtype")
    }  # fmt: skip
    if len(kinds) > 1:
        # A number among the examples would take part in choosing the dtype once it has a batch axis.
        return NotImplemented
    ndim = max(call.ndim(i) for i in present)
    return call.run(*(call.aligned(i, ndim) for i in range(len(call.inputs))))


def each(call: Call, level: int) -> Any:
    """Run the operation on one example at a time, and stack the results."""
    if not call.size:
        raise ValueError(f"vmap: {call.primitive.name} cannot run on a batch of no examples")
    take = REGISTRY["getitem"].function
    found = []
    for i in range(call.size):
        operands = [take(x, i) if b else x for x, b in zip(call.inputs, call.batched, strict=True)]
        static = {name: _example(value, level, i) for name, value in call.static.items()}
        found.append(_apply(call.primitive, operands, static))
    stack = REGISTRY["stack"].function
    if isinstance(found[0], list | tuple):
        return tuple(stack(list(outputs), 0) for outputs in zip(*found, strict=True))
    return stack(found, 0)


def _example(value: Any, level: int, i: int) -> Any:
    """Return a static argument, such as an index, for one example."""
    if isinstance(value, list | tuple):
        return type(value)(_example(v, level, i) for v in value)
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


# -- rules ------------------------------------------------------------------------------------------------------------

RULES: dict[str, Callable[[Call], Any]] = {}


def _rule(*names: str) -> Callable[[Callable[[Call], Any]], Callable[[Call], Any]]:
    def declare(rule: Callable[[Call], Any]) -> Callable[[Call], Any]:
        RULES.update(dict.fromkeys(names, rule))
        return rule

    return declare


def shift(dim: Any, ndim: int) -> Any:
    """Return the place of an axis of one example in the whole batch."""
    if not -ndim <= dim < ndim:
        raise IndexError(f"dim {dim} does not exist in a tensor of {ndim} dimensions")
    return int(dim) % ndim + 1


@_rule("sum", "mean", "amax", "amin", "argmax", "argmin", "softmax", "log_softmax", "cumsum", "cumprod", "argsort")
def _along(call: Call) -> Any:
    ndim, dim = call.ndim(), call.static.get("dim")
    if ndim == 0 or (dim is None and call.primitive.name not in ("sum", "mean", "amax", "amin")):
        return NotImplemented
    if dim is None:
        return call.run(*call.inputs, dim=tuple(range(1, ndim + 1)))
    if isinstance(dim, list | tuple):
        return call.run(*call.inputs, dim=tuple(shift(d, ndim) for d in dim)) if dim else NotImplemented
    return call.run(*call.inputs, dim=shift(dim, ndim))


@_rule("clone", "astype")
def _whole(call: Call) -> Any:
    return call.run(*call.inputs)


@_rule("reshape")
def _reshape(call: Call) -> Any:
    shape = call.static["shape"]
    shape = [shape] if isinstance(shape, int | np.integer) else list(shape)
    if -1 in shape:
        rest = int(np.prod([n for n in shape if n != -1], dtype=int))
        count = int(np.prod(call.inputs[0].shape[1:], dtype=int))
        if shape.count(-1) > 1 or not rest or count % rest:
            return NotImplemented
        shape[shape.index(-1)] = count // rest
    return call.run(*call.inputs, shape=(call.size, *shape))


@_rule("transpose")
def _transpose(call: Call) -> Any:
    ndim = call.ndim()
    return call.run(*call.inputs, dim0=shift(call.static["dim0"], ndim), dim1=shift(call.static["dim1"], ndim))


@_rule("permute")
def _permute(call: Call) -> Any:
    return call.run(*call.inputs, dims=(0, *(shift(d, call.ndim()) for d in call.static["dims"])))


@_rule("broadcast_to")
def _broadcast_to(call: Call) -> Any:
    shape = tuple(call.static["shape"])
    if len(shape) < call.ndim():
        return NotImplemented
    return call.run(call.aligned(0, len(shape)), shape=(call.size, *shape))


@_rule("getitem")
def _getitem(call: Call) -> Any:
    index = call.static["index"]
    items = index if isinstance(index, tuple) else (index,)
    advanced = [i for i, item in enumerate(items) if not (
        item is None or item is Ellipsis or isinstance(item, slice) or (
            isinstance(item, int | np.integer) and not isinstance(item, bool)))]  # fmt: skip
    integers = [i for i, item in enumerate(items) if isinstance(item, int | np.integer)]
    if advanced and (integers or len(advanced) > 1):
        # Where NumPy puts the axes of several index arrays depends on what stands between and before them.
        return NotImplemented
    return call.run(*call.inputs, index=(slice(None), *items))


@_rule("matmul")
def _matmul(call: Call) -> Any:
    ranks = call.ndim(0), call.ndim(1)
    if 0 in ranks:
        return NotImplemented
    reshape = REGISTRY["reshape"].function
    operands = []
    for i, rank in enumerate(ranks):
        x = call.inputs[i]
        if rank == 1:
            # A vector on the left is a row, on the right a column.
            shape = x.shape[:-1] + ((1, x.shape[-1]) if i == 0 else (x.shape[-1], 1))
            x = reshape(x, shape)
        operands.append(x)
    most = max(2, *ranks)
    made = Call(call.primitive, operands, call.batched, call.static, call.size)
    out = made.run(made.aligned(0, most), made.aligned(1, most))
    drop = [-2] * (ranks[0] == 1) + [-1] * (ranks[1] == 1)
    if drop:
        shape = [n for d, n in zip(range(-out.ndim, 0), out.shape, strict=True) if d not in drop]
        out = reshape(out, tuple(shape))
    return out


@_rule("linear")
def _linear(call: Call) -> Any:
    if call.batched[0] and not any(call.batched[1:]) and call.ndim() >= 1:
        return call.run(*call.inputs)
    return NotImplemented


@_rule("concatenate", "stack")
def _joined(call: Call) -> Any:
    ndim = call.ndim() + (call.primitive.name == "stack")
    return call.run(*(call.spread(i) for i in range(len(call.inputs))), dim=shift(call.static["dim"], ndim))


# -- the transform ----------------------------------------------------------------------------------------------------


def vmap(function: Callable[..., Any], in_dims: Any = 0, out_dims: Any = 0) -> Callable[..., Any]:
    """Return a function that runs ``function``, written for one example, on a batch of them at once.

    Elementwise operations, reductions, products, reshapes and indexing run on the whole batch; an operation without a
    rule of its own runs once for each example, with the same result. Gradients flow through, and transforms nest on
    either side: ``vmap(grad(f))`` gives the gradient of each example.

    Args:
        function: takes and returns tensors or trees of them. It sees single examples, so it may not branch on values or
            take them out as numbers.
        in_dims: the axis of each argument along which the examples lie; None for an argument that all share. One for
            all arguments, or a tuple with one for each, each a single one or a tree like the beginning of the argument.
        out_dims: where the examples of the results shall lie, in the same way.

    Returns:
        A function of the same positional arguments; keyword arguments are shared by all examples.

    Raises:
        TypeError, ValueError: an axis does not exist, sizes differ, nothing has an axis to run along, or the function
            returns something else than tensors; the message names the place.

    Edges: a random draw is one example's, the same for all. In-place operations on examples are refused.

    >>> import glassgrad as gg
    >>> rows, w = gg.tensor([[1.0, 2.0], [3.0, 4.0]]), gg.tensor([1.0, 10.0])
    >>> gg.func.vmap(lambda x: (x * w).sum())(rows)
    tensor([21., 43.])
    >>> gg.func.vmap(gg.func.grad(lambda w, x: (x @ w) ** 2), in_dims=(None, 0))(w, rows)
    tensor([[ 42.,  84.],
            [258., 344.]])
    """
    if not callable(function):
        raise TypeError(f"vmap: expected a function, got {type(function).__name__}")
    if "__add__" not in vars(Batched):
        # Tensor gets its operators after this module is loaded.
        _bind_operators()

    def mapped(*args: Any, **kwargs: Any) -> Any:
        if not args:
            raise ValueError("vmap: there is no positional argument to run along")
        if isinstance(in_dims, list | tuple) and len(in_dims) != len(args):
            raise ValueError(f"vmap: in_dims has {len(in_dims)} entries for {len(args)} arguments")
        leaves: list[Any] = []
        dims: list[Any] = []
        paths: list[str] = []
        structures = []
        for i, arg in enumerate(args):
            found, names, structure = flatten(arg, f"argument {i}")
            structures.append(structure)
            leaves += found
            paths += names
            given = in_dims[i] if isinstance(in_dims, list | tuple) else in_dims
            dims += _dims_of(structure, given, f"in_dims[{i}]")
        leaves = [leaf if d is None else _handle(leaf, path) for leaf, d, path in zip(leaves, dims, paths, strict=True)]
        size = _batch_size(leaves, dims, paths)
        outer = active()
        level = max((number for number, _ in outer), default=0) + 1
        entered = [
            leaf if d is None else Batched(_to_front(leaf, d), level) for leaf, d in zip(leaves, dims, strict=True)
        ]
        token = _active.set((*outer, (level, size)))
        try:
            rest = iter(entered)
            result = function(*(unflatten(s, [next(rest) for _ in range(_count(s))]) for s in structures), **kwargs)
        finally:
            _active.reset(token)
        outputs, names, structure = flatten(result, "result")
        places = _dims_of(structure, out_dims, "out_dims")
        return unflatten(
            structure, [_leave(x, d, level, size, path) for x, d, path in zip(outputs, places, names, strict=True)]
        )

    return mapped


def _handle(value: Any, path: str) -> Any:
    if value.__class__ in HANDLES or value.__class__ is Batched:
        return value
    if not isinstance(value, np.ndarray | np.generic | float | int):
        raise TypeError(f"vmap: {path} must be a Tensor or an array, not {type(value).__name__}; give it in_dims None")
    return new_tensor(as_array(value), None)


def _batch_size(leaves: Sequence[Any], dims: Sequence[Any], paths: Sequence[str]) -> int:
    sizes = {}
    for leaf, d, path in zip(leaves, dims, paths, strict=True):
        if d is None:
            continue
        if not -len(leaf.shape) <= d < len(leaf.shape):
            raise ValueError(f"vmap: {path} has shape {leaf.shape}, and no axis {d} to run along")
        sizes[path] = leaf.shape[d]
    if not sizes:
        raise ValueError("vmap: no argument has an axis to run along; in_dims is None for all of them")
    if len(set(sizes.values())) > 1:
        listed = ", ".join(f"{path}: {n}" for path, n in sizes.items())
        raise ValueError(f"vmap: the numbers of examples differ ({listed})")
    return int(next(iter(sizes.values())))


def _dims_of(structure: Structure, dims: Any, path: str) -> list[Any]:
    """Return one axis for each leaf of a tree, from a tree like its beginning."""
    if dims is None or (isinstance(dims, int) and not isinstance(dims, bool)):
        return [dims] * _count(structure)
    if structure.kind == "dict" and isinstance(dims, dict) and set(dims) == set(structure.keys):
        parts = [dims[key] for key in structure.keys]
    elif structure.kind == "sequence" and isinstance(dims, list | tuple) and len(dims) == len(structure.children):
        parts = list(dims)
    else:
        raise ValueError(f"vmap: {path} must be an integer, None, or a tree like {structure!r}, not {dims!r}")
    return [d for part, child in zip(parts, structure.children, strict=True) for d in _dims_of(child, part, path)]


def _count(structure: Structure) -> int:
    return 1 if structure.kind == "leaf" else sum(map(_count, structure.children))


def _to_front(x: Any, dim: int) -> Any:
    ndim = len(x.shape)
    dim %= ndim
    return x if dim == 0 else REGISTRY["permute"].function(x, (dim, *(d for d in range(ndim) if d != dim)))


def _leave(x: Any, dim: Any, level: int, size: int, path: str) -> Any:
    if x.__class__ not in HANDLES and x.__class__ is not Batched:
        raise TypeError(f"vmap: the function must return Tensors or a tree of them; its {path} is a {type(x).__name__}")
    batched = x.__class__ is Batched and x.level == level
    if dim is None:
        if batched:
            raise ValueError(f"vmap: out_dims is None for {path}, which differs between examples")
        return x
    whole = x.value if batched else REGISTRY["broadcast_to"].function(x, (size, *x.shape))
    ndim = len(whole.shape)
    if not -ndim <= dim < ndim:
        raise ValueError(f"vmap: {path} has {ndim} axes with the examples', so there is no place {dim} for them")
    order = list(range(1, ndim))
    order.insert(dim % ndim, 0)
    return whole if dim % ndim == 0 else REGISTRY["permute"].function(whole, tuple(order))


LOOPS[Batched] = loop
engine.register_interpreter(Batched, interpret, priority=5)
