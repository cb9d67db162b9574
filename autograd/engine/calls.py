"""Calls of primitives by interpretation: every case, in the plainest form.

``generate.py`` writes the common cases out for speed; what it leaves (lists, several outputs, residuals, numbers and
arrays among the operands) comes here. ``steps.py`` does the same for the way back.
"""

from __future__ import annotations

import re
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import dtypes
from ..core.mode import Mode, current_mode
from ..core.node import Constant, Node, next_sequence
from ..core.primitive import Primitive

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


def is_operand(value: Any) -> bool:
    """Return whether ``value`` is a handle or a symbol, not a plain array or number."""
    return value.__class__ in _interpreters


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
    if primitive.in_order:
        return primitive.kernel(*inputs, *static)
    values = dict(zip((*primitive.input_names, *primitive.static_names), (*inputs, *static), strict=True))
    return primitive.kernel(**values)


# -- the recorded call, by interpretation ---------------------------------------------------------------------


def call_generic(primitive: Primitive, inputs: tuple[Any, ...], static: tuple[Any, ...]) -> Any:
    """Run a primitive on operands of which at least one is a tensor, and record it when a gradient is wanted."""
    listed = primitive.list_input
    operands = inputs[0] if listed else inputs
    names = primitive.input_names * len(operands) if listed else primitive.input_names
    handles: Sequence[Any] = operands
    for operand, name in zip(operands, names, strict=True):
        if operand.__class__ not in HANDLES and not (operand is None and name in primitive.optional):
            handles = _as_handles(primitive, names, list(operands))
            break
    arrays = [None if t is None else t._array for t in handles]
    like = _in_one_dtype(primitive, names, arrays)
    try:
        raw = run_kernel(primitive, (arrays,) if listed else tuple(arrays), static)
    except Exception as error:
        raise explain(primitive, error, tuple(arrays)) from None
    if primitive.returns_tuple or primitive.residual_names:
        expected = None if primitive.output_names is None else len(primitive.tables)
        if not isinstance(raw, list | tuple) or (expected is not None and len(raw) != expected):
            wanted = "a list of outputs" if expected is None else f"{expected} results ({', '.join(primitive.tables)})"
            raise TypeError(f"{primitive.name}: the kernel must return {wanted}, but returned {describe(raw)}")
        results = list(raw)
    else:
        results = [raw]
    public = len(results) - len(primitive.residual_names)
    typed = like is not None and primitive.differentiable and not primitive.casts
    for i, result in enumerate(results):
        if result.__class__ is not np.ndarray:
            results[i] = result = as_result(primitive, result)
        if typed and i < public and result.dtype is not like.dtype:
            results[i] = retype(result, like)
    vertices = [None if t is None else t._node for t in handles]
    if primitive.differentiable:
        needs = tuple([v.__class__ is Node and n in primitive.differentiable
                       for v, n in zip(vertices, names, strict=True)])  # fmt: skip
        some = True in needs
    else:
        needs, some = (), False
    mode = current_mode() if some else None
    if mode is None or not mode.grad:
        vertex = CUT_BY_NO_GRAD if some else inherit(*[v for v in vertices if v.__class__ is not Node])
        if not primitive.returns_tuple:
            return new_tensor(results[0], vertex)
        return tuple([new_tensor(r, vertex) for r in results[:public]])
    node = Node()
    node.primitive = primitive
    node.inputs = tuple([None if t is None else (v if need else constant_of(t))
                         for t, v, need in zip(handles, vertices, needs, strict=True)])  # fmt: skip
    node.saved = _saved(primitive, names, arrays, results, needs) if primitive.saved_names else ()
    node.sequence = next_sequence()
    node.static = tuple(map(keep, static))
    node.context = mode.context
    node.extra = None
    if primitive.returns_tuple:
        node.shape = tuple([r.shape for r in results[:public]])
        node.dtype = tuple([r.dtype for r in results[:public]])
        value: Any = tuple([new_tensor(r, project(node, i, r)) for i, r in enumerate(results[:public])])
    else:
        node.shape, node.dtype = results[0].shape, results[0].dtype
        value = new_tensor(results[0], node)
    if mode.observers:
        observe(mode, node, tuple(arrays), results[0] if not primitive.returns_tuple else tuple(results[:public]))
    return value


def _in_one_dtype(primitive: Primitive, names: Sequence[str], arrays: list[Any]) -> Any:
    """Bring the differentiable operands into their common dtype, in place of the others; return the first of them."""
    computed = primitive.differentiable or primitive.input_names
    like: Any = None
    mixed = False
    for array, name in zip(arrays, names, strict=True):
        if array is not None and name in computed:
            if like is None:
                like = array
            elif array.dtype is not like.dtype:
                mixed = True
    if not mixed or primitive.casts:
        return like
    positions = [i for i, n in enumerate(names) if n in computed and arrays[i] is not None]
    for i, array in zip(positions, dtypes.promote(tuple([arrays[i] for i in positions])), strict=True):
        arrays[i] = array
    return arrays[positions[0]]


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


def keep(value: Any) -> Any:
    """Return a static argument as backward will find it: arrays, such as indices and labels, are copied."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, tuple) and any(isinstance(v, np.ndarray) for v in value):
        return tuple(map(keep, value))
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
        raise TypeError(f"{primitive.name}: the kernel returned {describe(value)}, not an array of numbers")
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
    if common.kind == "b" and out.dtype == np.int8:
        # The smallest integers in which NumPy has, say, a square; PyTorch's bools become int64.
        out = out.astype(np.int64)
    return (retype(out, np.empty(0, common)), *arrays)


# -- messages -------------------------------------------------------------------------------------------------


def observe(mode: Mode, node: Node, inputs: tuple[Any, ...], out: Any) -> None:
    """Tell the observers of a mode about a recorded operation."""
    for observer in mode.observers:
        observer.forward(node, inputs, out)


def describe(value: Any) -> str:
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
    # A kernel that words its own message begins it with the operation's name, which may be the user's name for it.
    if not re.match(r"\w+: ", text):
        where = f" (inputs of shape {', '.join(map(str, shapes))})" if shapes and "shape" not in text else ""
        text = f"{primitive.name}: {text}{where}"
    context = current_mode().context
    if context is not None and context.scope and "in module" not in text:
        text += f" [in module {'.'.join(context.scope)}]"
    kept = (ValueError, TypeError, IndexError, OverflowError, np.linalg.LinAlgError)
    kind = type(error) if type(error) in kept else (
        IndexError if isinstance(error, IndexError) else TypeError if isinstance(error, TypeError) else ValueError
    )  # fmt: skip
    return kind(text)


def _clash(shapes: list[tuple[int, ...]]) -> bool:
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return True
    return False
