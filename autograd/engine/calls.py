"""Calls of primitives by interpretation: every case, in the plainest form.

``generate.py`` writes the common cases out for speed; what it leaves (lists, several outputs, residuals, tensors with
numbers and arrays among them) comes here. ``steps.py`` does the same for the way back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import dtypes
from ..core.interpreters import interpreter_of, is_operand, register_interpreter
from ..core.mode import Mode, current_mode
from ..core.node import Node
from ..core.primitive import Primitive
from ..core.types import Value
from .messages import describe, explain
from .precision import in_single, narrow
from .values import (
    CUT_BY_NO_GRAD,
    HANDLES,
    Array,
    constant_of,
    inherit,
    new_tensor,
    project,
    scalar_constant,
    set_tensor_class,
)


def register_tensor(cls: type) -> None:
    """Make ``cls`` a handle; the first one registered is the class of all results."""
    HANDLES.add(cls)
    set_tensor_class(cls)
    register_interpreter(cls, call_generic, priority=1)


# -- dispatch -------------------------------------------------------------------------------------------------


def dispatch(primitive: Primitive, inputs: tuple[Value, ...], static: tuple[Any, ...]) -> Value:
    """Run ``primitive`` on whatever it was given: tensors, scalars, symbols, arrays, numbers."""
    operands = inputs[0] if primitive.list_input and isinstance(inputs[0], list | tuple) else inputs
    run = interpreter_of(operands) or call_raw
    return run(primitive, inputs, static)


def dispatch_operator(primitive: Primitive, inputs: tuple[Value, ...], static: tuple[Any, ...]) -> Value:
    """Like :func:`dispatch`, but ``NotImplemented`` for operands of unknown types, as Python's operators want it."""
    for operand in inputs:
        known = is_operand(operand) or operand.__class__ in dtypes.NUMBERS
        if not known and not isinstance(operand, np.ndarray | np.generic):
            return NotImplemented
    return dispatch(primitive, inputs, static)


def call_raw(primitive: Primitive, inputs: tuple[Value, ...], static: tuple[Any, ...]) -> Value:
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
                f"{primitive.name}: {name} must be a Tensor, a Scalar, a number or an array, "
                f"not {dtypes.class_name(value)}"
            )
    if primitive.widens and narrow(operands):
        listed = primitive.list_input
        return in_single(lambda *inputs: call_raw(primitive, (inputs,) if listed else inputs, static), operands)
    try:
        result = run_kernel(primitive, inputs, static)
    except Exception as error:
        raise explain(primitive, error, tuple(operands)) from None
    if not primitive.residual_names:
        return result
    return result[: len(primitive.output_names or ())] if primitive.returns_tuple else result[0]


def run_kernel(primitive: Primitive, inputs: tuple[Value, ...], static: tuple[Any, ...]) -> Value:
    """Call the kernel with its parameters in their declared order."""
    if primitive.ufunc is not None:
        return primitive.ufunc(*inputs)
    if primitive.in_order:
        return primitive.kernel(*inputs, *static)
    values = dict(zip((*primitive.input_names, *primitive.static_names), (*inputs, *static), strict=True))
    return primitive.kernel(**values)


# -- the recorded call, by interpretation ---------------------------------------------------------------------


def call_generic(primitive: Primitive, inputs: tuple[Value, ...], static: tuple[Any, ...]) -> Value:
    """Run a primitive on operands of which at least one is a tensor, and record it when a gradient is wanted."""
    listed = primitive.list_input
    operands = inputs[0] if listed else inputs
    if primitive.widens and narrow(operands):
        return in_single(lambda *inputs: call_generic(primitive, (inputs,) if listed else inputs, static), operands)
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
        expected = None if primitive.output_names is None else len(primitive.rules_by_output)
        if not isinstance(raw, list | tuple) or (expected is not None and len(raw) != expected):
            names_of_all = ", ".join(primitive.rules_by_output)
            wanted = "a list of outputs" if expected is None else f"{expected} results ({names_of_all})"
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
        elif result.dtype is not dtypes.canonical(result.dtype):
            results[i] = as_result(primitive, result)
    vertices = [None if t is None else t._node for t in handles]
    if primitive.differentiable:
        needs = tuple(
            [v.__class__ is Node and n in primitive.differentiable for v, n in zip(vertices, names, strict=True)]
        )
        some = True in needs
    else:
        needs, some = (), False
    mode = current_mode() if some else None
    if mode is None or not mode.grad:
        vertex = CUT_BY_NO_GRAD if some else inherit(*[v for v in vertices if v.__class__ is not Node])
        if not primitive.returns_tuple:
            return new_tensor(results[0], vertex)
        return tuple([new_tensor(r, vertex) for r in results[:public]])
    several = primitive.returns_tuple
    node = Node(
        primitive,
        tuple([r.shape for r in results[:public]]) if several else results[0].shape,
        tuple([r.dtype for r in results[:public]]) if several else results[0].dtype,
        inputs=tuple([None if t is None else (v if need else constant_of(t))
                      for t, v, need in zip(handles, vertices, needs, strict=True)]),
        saved=_saved(primitive, names, arrays, results, needs) if primitive.saved_names else (),
        static=tuple(map(keep, static)),
        context=mode.context,
    )  # fmt: skip
    if several:
        value: Value = tuple([new_tensor(r, project(node, i, r)) for i, r in enumerate(results[:public])])
    else:
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
        elif is_operand(operand):
            raise TypeError(
                f"{primitive.name}: a {type(operand).__name__} cannot be mixed with a Tensor; "
                "write gg.tensor(scalar.value) to leave the scalar graph"
            )
        else:
            raise TypeError(
                f"{primitive.name}: {name} must be a Tensor, a number or an array, not {dtypes.class_name(operand)}"
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
            constant = name in primitive.residual_names and primitive.rules_by_output[name] is None
            if constant and result.dtype.kind == "f":
                raise TypeError(
                    f"primitive {primitive.name}: residual {name!r} is floating-point but has no rules; as a constant "
                    f"it would make second derivatives wrong. Declare {name}={{input: rule, ...}}"
                )
            kept.append(result)
        else:
            kept.append(tuple(arrays) if primitive.list_input else arrays[primitive.input_names.index(name)])
    return tuple(kept)


def retype(out: Array, like: Array) -> Array:
    """Return a differentiable primitive's result in the dtype its inputs call for.

    Floating inputs keep their dtype whatever the kernel computed in; a floating result of integers has the default
    dtype; integer results stay.
    """
    if out.dtype.kind not in "fiub":
        raise TypeError(f"the kernel returned an array of dtype {out.dtype}, which tensors cannot have")
    if out.dtype.kind != "f":
        return dtypes.as_array(out, copy=False)
    return dtypes.as_array(out, like.dtype if like.dtype.kind == "f" else dtypes.get_default_dtype(), copy=False)


def as_result(primitive: Primitive, value: Value) -> Array:
    """Return what a kernel returned as an array of a native dtype, or refuse it."""
    array = np.asarray(value) if isinstance(value, np.ndarray | np.generic | float | int) else None
    if array is None or array.dtype.kind not in "fiub":
        raise TypeError(f"{primitive.name}: the kernel returned {describe(value)}, not an array of numbers")
    return array if array.dtype is dtypes.canonical(array.dtype) else dtypes.as_array(array, copy=False)


def rerun_in_common_dtype(
    primitive: Primitive, out: Array, arrays: tuple[Value, ...], static: tuple[Any, ...]
) -> tuple[Any, ...]:
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


def observe(mode: Mode, node: Node, inputs: tuple[Value, ...], out: Value) -> None:
    """Tell the observers of a mode about a recorded operation."""
    for observer in mode.observers:
        observer.forward(node, inputs, out)
