"""Calls of primitives by interpretation: every case, in the plainest form.

``generate.py`` writes the common cases out for speed; what it leaves (lists, several outputs, optional inputs, numbers
and arrays among the operands) comes here, and so does the backward pass that is itself recorded.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import dtypes
from .mode import Mode, current_mode, set_mode
from .node import FREED, NOWHERE, Constant, Node, next_sequence
from .primitive import REGISTRY, Primitive, Table

Array = np.ndarray[Any, Any]

# -- handles: tensor.py registers its class here, so that the operations need not know it ---------------------

HANDLES: set[Any] = set()
_interpreters: dict[Any, Callable[[Primitive, tuple[Any, ...], tuple[Any, ...]], Any]] = {}
_priority: dict[Any, int] = {}
_tensor_class: list[type] = []


def register_tensor(cls: type) -> None:
    """Make ``cls`` a handle; the first one registered is the class of all results."""
    HANDLES.add(cls)
    if not _tensor_class:
        _tensor_class.append(cls)
    register_interpreter(cls, call_generic, priority=1)


def tensor_class() -> type:
    """Return the class of results."""
    return _tensor_class[0]


def register_interpreter(cls: type, run: Callable[..., Any], priority: int) -> None:
    """Let ``run(primitive, inputs, static)`` handle calls in which an operand is a ``cls``; high priority wins."""
    _interpreters[cls] = run
    _priority[cls] = priority


def new_tensor(array: Any, vertex: Node | Constant | None) -> Any:
    """Return a handle on ``array`` at ``vertex`` of the graph."""
    tensor: Any = object.__new__(_tensor_class[0])
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


def constant_of(tensor: Any) -> Any:
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


def scalar_constant(value: Any, like: np.dtype[Any]) -> Any:
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


# -- dispatch -------------------------------------------------------------------------------------------------


def dispatch(primitive: Primitive, inputs: tuple[Any, ...], static: tuple[Any, ...]) -> Any:
    """Run ``primitive`` on whatever it was given: tensors, scalars, symbols, arrays, numbers."""
    operands = inputs[0] if primitive.list_input and isinstance(inputs[0], list | tuple) else inputs
    best, run = -1, None
    for operand in operands:
        priority = _priority.get(operand.__class__, -1)
        if priority > best:
            best, run = priority, _interpreters[operand.__class__]
    if run is not None:
        return run(primitive, inputs, static)
    return call_raw(primitive, inputs, static)


def dispatch_operator(primitive: Primitive, inputs: tuple[Any, ...], static: tuple[Any, ...]) -> Any:
    """Like :func:`dispatch`, but ``NotImplemented`` for operands of unknown types, as Python's operators want it."""
    for operand in inputs:
        kind = operand.__class__
        if (
            kind not in _interpreters
            and kind not in dtypes.NUMBERS
            and not isinstance(operand, np.ndarray | np.generic)
        ):
            return NotImplemented
    return dispatch(primitive, inputs, static)


def call_raw(primitive: Primitive, inputs: tuple[Any, ...], static: tuple[Any, ...]) -> Any:
    """Run the kernel on arrays and numbers; nothing is recorded."""
    if primitive.scalar is not None:
        for value in inputs:
            if value.__class__ not in dtypes.NUMBERS:
                break
        else:
            return primitive.scalar(*inputs, *static)
    operands = inputs[0] if primitive.list_input else inputs
    if not isinstance(operands, list | tuple):
        raise TypeError(f"{primitive.name}: expected a list of tensors, got {type(operands).__name__}")
    for name, value in zip(primitive.input_names * max(1, len(operands)), operands, strict=False):
        if value.__class__ is np.ndarray or isinstance(value, float | int | np.generic):
            continue
        if value is None and name in primitive.optional:
            continue
        if not isinstance(value, list | tuple | np.ndarray):
            raise TypeError(
                f"{primitive.name}: {name} must be a Tensor, a Scalar, a number or an array, not {type(value).__name__}"
            )
    try:
        result = run_kernel(primitive, inputs, static)
    except Exception as error:
        raise explain(primitive, error, tuple(operands)) from None
    if not primitive.residual_names:
        return result
    return result[: len(primitive.output_names or ())] if primitive.returns_tuple else result[0]


def run_kernel(primitive: Primitive, inputs: tuple[Any, ...], static: tuple[Any, ...]) -> Any:
    """Call the kernel with its parameters in their declared order."""
    if primitive.ufunc is not None:
        return primitive.ufunc(*inputs)
    values = dict(zip((*primitive.input_names, *primitive.static_names), (*inputs, *static), strict=True))
    return primitive.kernel(**values)


# -- the recorded call, by interpretation ---------------------------------------------------------------------


def call_generic(primitive: Primitive, inputs: tuple[Any, ...], static: tuple[Any, ...]) -> Any:
    """Run a primitive on operands of which at least one is a tensor, and record it when a gradient is wanted."""
    operands = list(inputs[0]) if primitive.list_input else list(inputs)
    names = primitive.input_names * len(operands) if primitive.list_input else primitive.input_names
    handles = _as_handles(primitive, names, operands)
    arrays = [None if t is None else t._array for t in handles]
    positions = [i for i, n in enumerate(names) if n in primitive.differentiable and arrays[i] is not None]
    if not primitive.differentiable:
        positions = [i for i, a in enumerate(arrays) if a is not None]
    differentiable: list[Any] = [arrays[i] for i in positions]
    if any(a.dtype is not differentiable[0].dtype for a in differentiable):
        differentiable = list(dtypes.promote(tuple(differentiable)))
        for i, array in zip(positions, differentiable, strict=True):
            arrays[i] = array
    try:
        raw = run_kernel(primitive, (arrays,) if primitive.list_input else tuple(arrays), static)
    except Exception as error:
        raise explain(primitive, error, tuple(arrays)) from None
    if primitive.returns_tuple or primitive.residual_names:
        expected = None if primitive.output_names is None else len(primitive.tables)
        if not isinstance(raw, list | tuple) or (expected is not None and len(raw) != expected):
            wanted = "a list of outputs" if expected is None else f"{expected} results ({', '.join(primitive.tables)})"
            raise TypeError(f"{primitive.name}: the kernel must return {wanted}, but returned {_describe(raw)}")
        results = list(raw)
    else:
        results = [raw]
    public = len(results) - len(primitive.residual_names)
    like = differentiable[0] if differentiable else None
    for i in range(len(results)):
        if results[i].__class__ is not np.ndarray:
            results[i] = as_result(primitive, results[i])
        if (
            i < public
            and like is not None
            and primitive.differentiable
            and results[i].dtype is not like.dtype
            and not primitive.casts
        ):
            results[i] = retype(results[i], like)
    needs = tuple(t is not None and t._node.__class__ is Node and n in primitive.differentiable
                  for t, n in zip(handles, names, strict=True))  # fmt: skip
    mode = current_mode()
    if not (primitive.differentiable and mode.grad and any(needs)):
        vertex = (
            CUT_BY_NO_GRAD
            if any(needs)
            else inherit(*(t._node for t in handles if t is not None and t._node.__class__ is not Node))
        )
        made = tuple(new_tensor(r, vertex) for r in results[:public])
        return made if primitive.returns_tuple else made[0]
    node = Node()
    node.primitive = primitive
    node.inputs = tuple(None if t is None else (t._node if need else constant_of(t))
                        for t, need in zip(handles, needs, strict=True))  # fmt: skip
    node.saved = _saved(primitive, names, arrays, results, needs)
    node.sequence = next_sequence()
    node.static = tuple(map(_keep, static))
    node.context = mode.context
    node.extra = None
    if primitive.returns_tuple:
        node.shape = tuple(r.shape for r in results[:public])
        node.dtype = tuple(r.dtype for r in results[:public])
        value: Any = tuple(new_tensor(r, project(node, i, r)) for i, r in enumerate(results[:public]))
    else:
        node.shape, node.dtype = results[0].shape, results[0].dtype
        value = new_tensor(results[0], node)
    if mode.observers:
        observe(mode, node, tuple(arrays), results[0] if not primitive.returns_tuple else tuple(results[:public]))
    return value


def _as_handles(primitive: Primitive, names: Sequence[str], operands: list[Any]) -> list[Any]:
    # A number takes the dtype of the tensors that it is computed with, not that of a condition or an index.
    computed = primitive.differentiable or primitive.input_names
    partners = [t._array for t, n in zip(operands, names, strict=True) if t.__class__ in HANDLES and n in computed]
    like = dtypes.result_type(tuple(partners)) if partners else np.dtype(np.bool_)
    handles = []
    for name, operand in zip(names, operands, strict=True):
        if operand.__class__ in HANDLES:
            handles.append(operand)
        elif operand is None and name in primitive.optional:
            handles.append(None)
        elif operand.__class__ in dtypes.NUMBERS or isinstance(operand, np.generic):
            handles.append(scalar_constant(operand, like))
        elif isinstance(operand, np.ndarray | list | tuple) and not isinstance(operand, str):
            # Copied: a later change of the caller's array must not reach what backward will read.
            handles.append(new_tensor(dtypes.as_array(operand), None))
        elif operand.__class__ in _interpreters:
            raise TypeError(
                f"{primitive.name}: a {type(operand).__name__} cannot be mixed with a Tensor; "
                "write gg.tensor(scalar.value) to leave the scalar graph"
            )
        else:
            raise TypeError(
                f"{primitive.name}: {name} must be a Tensor, a number or an array, not {type(operand).__name__}"
            )
    return handles


def _keep(value: Any) -> Any:
    """Return a static argument as backward will find it: arrays, such as indices and labels, are copied."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, tuple) and any(isinstance(v, np.ndarray) for v in value):
        return tuple(map(_keep, value))
    return value


def _saved(
    primitive: Primitive, names: Sequence[str], arrays: list[Any], results: list[Any], needs: tuple[bool, ...]
) -> tuple[Any, ...]:
    result_names = (*(primitive.output_names or ()), *primitive.residual_names)
    kept: list[Any] = []
    for name in primitive.saved_names:
        if primitive.list_input:
            wanted = any(needs)
        else:
            wanted = any(needs[primitive.input_names.index(i)] for i in primitive.saved_for[name])
        if not wanted:
            kept.append(None)
        elif name in result_names:
            result = results[result_names.index(name)]
            if name in primitive.residual_names and result.dtype.kind == "f" and primitive.tables[name] is None:
                raise TypeError(
                    f"primitive {primitive.name}: residual {name!r} is floating-point but has no rules; as a constant "
                    f"it would make second derivatives wrong. Declare {name}={{input: rule, ...}}"
                )
            kept.append(result)
        else:
            kept.append(tuple(arrays) if primitive.list_input else arrays[primitive.input_names.index(name)])
    return tuple(kept)


def _pass_on(g: Any) -> Any:
    return g


def _output_kernel(x: Any, index: int) -> Any:
    return x[index]


OUTPUT = Primitive(
    _output_kernel, "linear", scalar=None, name="output", list_input=False, inputs=(), outputs=(), residuals=(),
    joint=None, accumulate=None, domain=None, symbol=None, ufunc=None, casts=False, finite=False, rules={"x": _pass_on},
)  # fmt: skip


def _pull_output(node: Node, g: Any, cotangents: Any, wanted: Any) -> None:
    accumulate(cotangents, (node.inputs[0], node.static[0]), g)


OUTPUT.pull = _pull_output


def project(node: Node, index: int, array: Array) -> Node:
    """Return the node that stands for one output of a primitive with several."""
    view = Node()
    view.primitive = OUTPUT
    view.inputs = (node,)
    view.saved = ()
    view.sequence = next_sequence()
    view.shape, view.dtype = array.shape, array.dtype
    view.static = (index,)
    view.context = node.context
    view.extra = None
    return view


# -- the backward step, by interpretation ---------------------------------------------------------------------


def pull_generic(node: Node, g: Any, cotangents: Any, wanted: Any, recorded: bool = False) -> None:
    """Run the rules of one node and hand the gradients on to its inputs.

    With ``recorded`` the rules run on tensors, so that the gradients are themselves part of a graph.
    """
    primitive = node.primitive
    if primitive is OUTPUT:
        _pull_output(node, g, cotangents, wanted)
        return
    saved = node.saved
    if saved is FREED:
        raise second_backward(node)
    names = primitive.input_names * len(node.inputs) if primitive.list_input else primitive.input_names
    need = tuple(
        v.__class__ is Node and n in primitive.differentiable and (wanted is None or v in wanted)
        for v, n in zip(node.inputs, names, strict=True)
    )
    values = _values(node, names, saved, recorded)
    if primitive.output_names is None:
        gradients = [cotangents.pop((node, i), None) for i in range(len(node.shape))]
        if all(x is None for x in gradients):
            return
        filled = [_zeros(s, d, recorded) if x is None else x
                  for x, s, d in zip(gradients, node.shape, node.dtype, strict=True)]  # fmt: skip
        _run_table(node, primitive.tables["out"], filled, values, names, need, cotangents, recorded)
        return
    for position, (output, table) in enumerate(primitive.tables.items()):
        arrived = g if position == 0 and not primitive.returns_tuple else cotangents.pop((node, position), None)
        if arrived is not None and table is not None:
            _run_table(node, table, arrived, values, names, need, cotangents, recorded, output)


def _run_table(
    node: Node, table: Table | None, g: Any, values: dict[str, Any], names: Sequence[str], need: tuple[bool, ...],
    cotangents: Any, recorded: bool, output: str = "out",
) -> None:  # fmt: skip
    assert table is not None
    primitive = node.primitive
    values["g"] = g
    values["need"] = need
    if table.joint is not None:
        gradients = table.joint.function(*(values[a] for a in table.joint.arguments))
        if not isinstance(gradients, list | tuple) or len(gradients) != len(names):
            raise TypeError(
                f"{primitive.name}: its joint rule must return one gradient for each of its {len(names)} inputs, "
                f"but returned {_describe(gradients)}"
            )
        for vertex, name, wanted, gradient in zip(node.inputs, names, need, gradients, strict=True):
            if wanted and gradient is not None:
                _hand_on(node, vertex, name, gradient, cotangents, recorded)
        return
    for name, rule in table.rules.items():
        position = primitive.input_names.index(name)
        if not need[position]:
            continue
        vertex = node.inputs[position]
        if name in primitive.accumulate and not recorded and output == "out":
            _accumulate_in_place(node, vertex, primitive.accumulate[name], values, cotangents)
            continue
        gradient = rule.function(*(values[a] for a in rule.arguments))
        if gradient is not None:
            _hand_on(node, vertex, name, gradient, cotangents, recorded)


def _hand_on(node: Node, vertex: Any, name: str, gradient: Any, cotangents: Any, recorded: bool) -> None:
    convert = conform_recorded if recorded else conform
    accumulate(cotangents, vertex, convert(gradient, node, name, vertex))


def _values(node: Node, names: Sequence[str], saved: tuple[Any, ...], recorded: bool) -> dict[str, Any]:
    """Return what the rules may ask for, lifted to tensors at their vertices when the pass is recorded."""
    primitive = node.primitive
    values: dict[str, Any] = dict(zip(primitive.static_names, node.static, strict=True))
    if primitive.list_input:
        values[f"{names[0]}_shape"] = [v.shape for v in node.inputs]
    else:
        for name, vertex in zip(names, node.inputs, strict=True):
            values[f"{name}_shape"] = None if vertex is None else vertex.shape
    for name, array in zip(primitive.saved_names, saved, strict=True):
        values[name] = _lift(node, name, array) if recorded and array is not None else array
    return values


def _lift(node: Node, name: str, array: Any) -> Any:
    primitive = node.primitive
    if name in primitive.input_names:
        if primitive.list_input:
            return [new_tensor(a, v) for a, v in zip(array, node.inputs, strict=True)]
        return new_tensor(array, node.inputs[primitive.input_names.index(name)])
    if array.dtype.kind != "f":
        return new_tensor(array, None)
    results = (*(primitive.output_names or ()), *primitive.residual_names)
    position = results.index(name)
    if position == 0 and not primitive.returns_tuple:
        return new_tensor(array, node)
    return new_tensor(array, project(node, position, array))


def _zeros(shape: tuple[int, ...], dtype: Any, recorded: bool) -> Any:
    array = np.zeros(shape, dtype)
    return new_tensor(array, None) if recorded else array


def _accumulate_in_place(node: Node, vertex: Any, add: Any, values: dict[str, Any], cotangents: Any) -> None:
    buffer = cotangents.get(vertex)
    if buffer is None:
        buffer = np.zeros(vertex.shape, vertex.dtype)
    elif vertex not in cotangents.owned:
        buffer = np.array(buffer)
    cotangents[vertex] = buffer
    cotangents.owned.add(vertex)
    add.function(buffer, *(values[n] for n in add.arguments))


class Cotangents(dict[Any, Any]):
    """Gradients on their way: vertex to array. ``owned`` holds the vertices whose array the engine itself made."""

    __slots__ = ("owned",)

    def __init__(self) -> None:
        super().__init__()
        self.owned: set[Any] = set()


def accumulate(cotangents: Any, vertex: Any, gradient: Any) -> None:
    """Add ``gradient`` to what has arrived at ``vertex``. Only an array that the engine made is added into."""
    if gradient is None:
        return
    old = cotangents.get(vertex)
    if old is None:
        cotangents[vertex] = gradient
    elif vertex in cotangents.owned:
        np.add(old, gradient, old)
    elif old.__class__ is np.ndarray and gradient.__class__ is np.ndarray:
        total = np.add(old, gradient)
        if total.__class__ is np.ndarray:
            cotangents.owned.add(vertex)
        else:
            total = np.asarray(total)
        cotangents[vertex] = total
    else:
        cotangents[vertex] = old + gradient


def accumulate_new(cotangents: Any, vertex: Any, gradient: Any) -> None:
    """Like :func:`accumulate`, for a gradient in an array that this pass has just made and nobody else holds."""
    old = cotangents[vertex]
    if vertex in cotangents.owned:
        np.add(old, gradient, old)
    else:
        np.add(old, gradient, gradient)
        cotangents[vertex] = gradient
        cotangents.owned.add(vertex)


def conform(gradient: Any, node: Node, name: str, vertex: Any) -> Any:
    """Return a rule's result with the shape and dtype of its input: sums of broadcast axes, casts, and the check."""
    if gradient is None:
        return None
    if gradient.__class__ in _interpreters:
        raise TypeError(
            f"{node.primitive.name}: the rule for {name!r} returned a {type(gradient).__name__} in a pass on raw arrays"
        )
    known = isinstance(gradient, np.ndarray | np.generic | float | int)
    array = np.asarray(gradient) if known else np.empty(0, object)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{node.primitive.name}: the rule for {name!r} returned {_describe(gradient)}, not an array")
    if array.shape != vertex.shape:
        if node.primitive.kind != "elementwise":
            raise ValueError(
                f"{node.primitive.name}: the rule for {name!r} returned a gradient of shape {array.shape}, "
                f"but {name!r} has shape {vertex.shape}"
            )
        if array.shape != node.shape:
            try:
                array = np.broadcast_to(array, node.shape)
            except ValueError:
                raise ValueError(
                    f"{node.primitive.name}: the rule for {name!r} returned a gradient of shape {array.shape}, but the "
                    f"output has shape {node.shape} and {name!r} has {vertex.shape}"
                ) from None
        array = unbroadcast(array, vertex.shape)
    return array if array.dtype == vertex.dtype else array.astype(vertex.dtype)


def conform_recorded(gradient: Any, node: Node, name: str, vertex: Any) -> Any:
    """The same as :func:`conform` for a recorded pass."""
    if gradient.__class__ not in HANDLES:
        gradient = new_tensor(np.asarray(gradient, dtype=vertex.dtype), None)
    if gradient._array.shape != vertex.shape:
        if node.primitive.kind != "elementwise":
            raise ValueError(
                f"{node.primitive.name}: the rule for {name!r} returned a gradient of shape {gradient._array.shape}, "
                f"but {name!r} has shape {vertex.shape}"
            )
        if gradient._array.shape != node.shape:
            gradient = REGISTRY["broadcast_to"].function(gradient, node.shape)
        gradient = REGISTRY["sum_to"].function(gradient, vertex.shape)
    if gradient._array.dtype != vertex.dtype:
        gradient = REGISTRY["astype"].function(gradient, vertex.dtype)
    return gradient


def unbroadcast(array: Array, shape: tuple[int, ...]) -> Array:
    """Sum ``array`` over the axes along which ``shape`` was broadcast. The one place where this is done."""
    extra = array.ndim - len(shape)
    axes = (*range(extra), *(i + extra for i, n in enumerate(shape) if n == 1 and array.shape[i + extra] != 1))
    return np.asarray(array.sum(axis=axes)).reshape(shape)


def retype(out: Array, like: Array) -> Array:
    """Return a differentiable primitive's result in the dtype its inputs call for.

    Floating inputs keep their dtype whatever the kernel computed in; a floating result of integers has the default
    dtype; integer results stay.
    """
    if out.dtype.kind not in "fiub":
        raise TypeError(f"the kernel returned an array of dtype {out.dtype}, which tensors cannot have")
    if out.dtype.kind != "f":
        return out
    return out.astype(like.dtype if like.dtype.kind == "f" else dtypes.get_default_dtype(), copy=False)


def as_result(primitive: Primitive, value: Any) -> Array:
    """Return what a kernel returned as an array, or refuse it."""
    array = np.asarray(value) if isinstance(value, np.ndarray | np.generic | float | int) else None
    if array is None or array.dtype.kind not in "fiub":
        raise TypeError(f"{primitive.name}: the kernel returned {_describe(value)}, not an array of numbers")
    return array


def settle(primitive: Primitive, out: Array, arrays: tuple[Any, ...], static: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return (result, arrays) of a call whose dtypes do not all agree, in the dtypes that they should have."""
    positions = [
        i for i, n in enumerate(primitive.input_names) if n in primitive.differentiable and arrays[i] is not None
    ]
    common = dtypes.result_type(tuple(arrays[i] for i in positions))
    computed = common
    if common.kind != "f" and out.dtype.kind == "f":
        # Integers are computed with in float64: for small ones NumPy would choose half precision.
        computed = np.dtype(np.float64)
    if any(arrays[i].dtype != computed for i in positions):
        arrays = tuple(a.astype(computed) if i in positions else a for i, a in enumerate(arrays))
        out = as_result(primitive, run_kernel(primitive, arrays, static))
    return (retype(out, np.empty(0, common)), *arrays)


def run_recorded(node: Node, g: Any, cotangents: Any, wanted: Any) -> None:
    """Run one backward step on tensors, in the name of the forward node."""
    outer = current_mode()
    context = (node.context or NOWHERE).replace(origin=node, order=node.order + 1)
    set_mode(outer.replace(grad=True, context=context))
    try:
        pull_generic(node, g, cotangents, wanted, recorded=True)
    finally:
        set_mode(outer)


# -- messages -------------------------------------------------------------------------------------------------


def observe(mode: Mode, node: Node, inputs: tuple[Any, ...], out: Any) -> None:
    """Tell the observers of a mode about a recorded operation."""
    for observer in mode.observers:
        observer.forward(node, inputs, out)


def _describe(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype}"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__} of {len(value)}"
    return f"a {type(value).__name__}"


def explain(primitive: Primitive, error: Exception, arrays: tuple[Any, ...]) -> Exception:
    """Return ``error`` with the operation, the shapes and the module path in its message."""
    if not isinstance(error, ValueError | TypeError | IndexError | ZeroDivisionError | OverflowError):
        return error
    text = str(error)
    shapes = [np.shape(a) for a in arrays if a is not None and not isinstance(a, list | tuple)]
    if isinstance(error, ValueError) and primitive.kind in ("elementwise", "predicate") and _clash(shapes):
        text = (
            f"shapes {' and '.join(map(str, shapes))} cannot be broadcast together; compared from the right, "
            "sizes must be equal or one of them 1"
        )
        error = ValueError(text)
    if not text.startswith(primitive.name):
        where = f" (inputs of shape {', '.join(map(str, shapes))})" if shapes and "shape" not in text else ""
        text = f"{primitive.name}: {text}{where}"
    context = current_mode().context
    if context is not None and context.scope and "in module" not in text:
        text += f" [in module {'.'.join(context.scope)}]"
    kind = type(error) if type(error) in (ValueError, TypeError, IndexError, OverflowError) else (
        IndexError if isinstance(error, IndexError) else TypeError if isinstance(error, TypeError) else ValueError
    )  # fmt: skip
    return kind(text)


def _clash(shapes: list[tuple[int, ...]]) -> bool:
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return True
    return False


def second_backward(node: Node) -> RuntimeError:
    """Return the error for a pass through a graph whose saved values are gone."""
    return RuntimeError(
        f"backward a second time through {node.primitive.name} (shape {node.shape}): its saved values were freed by "
        "the first backward. Compute the result again, or call the first backward with retain_graph=True"
    )
