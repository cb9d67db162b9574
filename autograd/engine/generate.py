"""Writes the call of a primitive. Code is generated here, for backward steps in ``generate_step.py``, and for Scalars.

An ordinary operation costs about a microsecond above NumPy because its function is written out for its very signature:
no ``*args``, no loops, no look-ups by name. The templates below show what is written; ``glassgrad source NAME`` prints
it for one operation. ``calls.call_generic`` does the same by interpretation, for the primitives that need more (lists,
several outputs) and as the readable reference; a test holds the two against each other. See ``PRIMITIVES.md`` beside
this file for a worked example.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.dtypes import canonical, promote
from ..core.mode import current_mode
from ..core.node import Node, next_sequence
from ..core.primitive import NO_DEFAULT, NUMPY_NAMES, Primitive, is_ours
from ..core.sums import HALF
from . import calls, messages, steps, values
from .generate_step import pull_when_needed
from .source import fill, targets, tuple_of, write_when_called

__all__ = ["call_source", "can_specialise", "make_function", "make_method"]

_NUMBERS = frozenset((float, int))
# What a kernel takes as it is: arrays, and the NumPy numbers that ufuncs make of arrays without axes; numbers beside.
_ARRAYS = frozenset((np.ndarray, np.float16, np.float32, np.float64, np.int64, np.bool_))
_RAW = _ARRAYS | {float, int, bool}
# Static arguments that are numbers or tuples of numbers, and so need no copy.
_NEVER_ARRAYS = frozenset("dim dim0 dim1 dims keepdim shape dtype kernel_size stride padding dilation groups".split())


class _Unset:
    def __repr__(self) -> str:
        return "<not given>"


UNSET = _Unset()


def make_function(primitive: Primitive) -> Callable[..., Any]:
    """Return the public function of a primitive, and fill in its ``pull``."""
    specialised = can_specialise(primitive)
    function = _written_call(primitive, calls.dispatch)
    primitive.function = function
    primitive.pull = pull_when_needed(primitive) if specialised and primitive.differentiable else steps.pull_generic
    return function


def make_method(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the same call for use as an operator: unknown operands give ``NotImplemented`` instead of an error."""
    primitive: Primitive = function.primitive  # type: ignore[attr-defined]
    return _written_call(primitive, calls.dispatch_operator)


def can_specialise(primitive: Primitive) -> bool:
    """Return whether call and backward step can be written out: all but lists and several results."""
    return not primitive.list_input and not primitive.multi_output


# "$" stands before the library's own names, so that a parameter may have any name.

CALL = """
def $call({parameters}):
    {numpy_words}
    {on_tensors}
    {with_a_number}
    {on_arrays}
    return $fallback($primitive, {inputs}, {static})
"""

ON_TENSORS = """
if {all_are_tensors}:
    {read_arrays}
    {computed_in_single}
    try:
        $out = $kernel({arguments})
        if $out.__class__ is not $ndarray:
            $out = $as_result($primitive, $out)
        {in_native_dtype}
        $dtype = $out.dtype
        {in_common_dtype}
    except Exception as $error:
        raise $explain($primitive, $error, {arrays}) from None
    $result = $new($Tensor)
    $result._array = $out
    $result._grad = None
    {read_nodes}
    if {any_needs}:
        $mode = $current_mode()
        if $mode.grad{and_floating}:
            {constants}
            $result._node = $node = $new($Node)
            $node.primitive = $primitive
            $node.inputs = {vertices}
            $node.saved = {saved}
            $node.sequence = $next_sequence()
            $shape = $out.shape
            {share_shape}
            $node.shape = $shape
            $node.dtype = $dtype
            $node.static = {kept_static}
            $node.context = $mode.context
            $node.details = None
            if $mode.observers: $observe($mode, $node, {arrays}, $out)
            return $result
        $result._node = $cut_off
        return $result
    $result._node = None if {no_vertex} else $inherit({differentiable_vertices})
    return $result
"""

ON_TENSORS_WITHOUT_DERIVATIVE = """
if {all_are_tensors}:
    {read_arrays}
    {computed_in_single}
    try:
        $out = $kernel({arguments})
        if $out.__class__ is not $ndarray:
            $out = $as_result($primitive, $out)
        {in_native_dtype}
        {in_common_dtype}
    except Exception as $error:
        raise $explain($primitive, $error, {arrays}) from None
    $result = $new($Tensor); $result._array = $out; $result._node = None; $result._grad = None
    return $result
"""

# What a user's kernel returns may have another dtype object, or another order of bytes.
IN_NATIVE_DTYPE = """
if $out.dtype is not $canonical($out.dtype):
    $out = $as_result($primitive, $out)
"""

# One look at the dtypes, after the kernel: it is right at once for all but mixed dtypes.
IN_COMMON_DTYPE = """
if {mixed}:
    $out, {targets} = $rerun($primitive, $out, {arrays}, {static})
    $dtype = $out.dtype
"""

IN_COMMON_DTYPE_WITHOUT_DERIVATIVE = """
if {mixed}:
    {targets} = $promote({arrays})
    $out = $asarray($kernel({arguments}))
"""

# The number in ``x * 2.0`` becomes a constant tensor.
WITH_A_NUMBER = """
if {x}.__class__ in $handles and {y}.__class__ in $numbers:
    return $call({x}, $number({y}, {x}._array.dtype))
if {y}.__class__ in $handles and {x}.__class__ in $numbers:
    return $call($number({x}, {y}._array.dtype), {y})
"""

# Rules call primitives on plain arrays in every backward pass: straight to the kernel.
ON_ARRAYS = """
if {first}.__class__ in $arrays{and_all_are_raw}:
    try:
        return $kernel({arguments}){public}
    except Exception as $error:
        raise $explain($primitive, $error, {inputs}) from None
"""


def _written_call(primitive: Primitive, fallback: Callable[..., Any]) -> Callable[..., Any]:
    helpers = {
        "primitive": primitive, "kernel": primitive.kernel, "fallback": fallback, "handles": values.HANDLES,
        "Tensor": values.tensor_class(), "new": object.__new__, "Node": Node, "current_mode": current_mode,
        "next_sequence": next_sequence, "ndarray": np.ndarray, "asarray": np.asarray, "promote": promote,
        "canonical": canonical, "half": HALF, "rerun": calls.rerun_in_common_dtype, "as_result": calls.as_result,
        "explain": messages.explain, "constant_of": values.constant_of, "cut_off": values.CUT_BY_NO_GRAD,
        "inherit": values.inherit,
        "keep": calls.keep, "observe": calls.observe, "number": values.scalar_constant, "numbers": _NUMBERS,
        "arrays": _ARRAYS, "raw": _RAW,
    }  # fmt: skip
    namespace = {"UNSET": UNSET, **{f"_gg_{name}": value for name, value in helpers.items()}}
    operator = fallback is calls.dispatch_operator
    function: Any = write_when_called(
        primitive, namespace, "call", lambda: (call_source(primitive, operator), _defaults(primitive))
    )
    definition = primitive.definition
    function.__name__, function.__qualname__ = definition.__name__, definition.__qualname__
    function.__doc__, function.__module__ = definition.__doc__, definition.__module__
    function.__dict__.update(definition.__dict__)
    function.primitive = primitive
    result: Callable[..., Any] = function
    return result


def call_source(primitive: Primitive, operator: bool = False) -> str:
    """Return the text of a primitive's call; ``operator`` for one that never sees arrays alone."""
    parameters, numpy_words = _parameters(primitive)
    return fill(
        CALL,
        parameters=parameters,
        numpy_words=numpy_words,
        on_tensors=_on_tensors(primitive) if can_specialise(primitive) else [],
        with_a_number=_with_a_number(primitive) if can_specialise(primitive) else [],
        on_arrays=[] if operator else _on_arrays(primitive),
        inputs=tuple_of(primitive.input_names),
        static=tuple_of(primitive.static_names),
    )


def _numpy_words(primitive: Primitive) -> dict[str, str]:
    """Return NumPy's words for those of PyTorch's that the primitive has among its static arguments."""
    return {n: NUMPY_NAMES[n] for n in primitive.parameters if n in NUMPY_NAMES and n in primitive.static_names}


def _parameters(primitive: Primitive) -> tuple[str, list[str]]:
    """Return the parameter list, and the lines that read NumPy's words for PyTorch's."""
    written, lines = [], []
    words = _numpy_words(primitive)
    for name, parameter in primitive.parameters.items():
        if parameter.keyword_only and "*" not in written:
            written.append("*")
        if parameter.default is not NO_DEFAULT:
            written.append(f"{name}=default_{name}")
        else:
            written.append(f"{name}=UNSET" if name in words else name)
    if words and "*" not in written:
        written.append("*")
    for name, word in words.items():
        written.append(f"{word}=UNSET")
        lines.append(f"if {word} is not UNSET: {name} = {word}")
        if primitive.parameters[name].default is NO_DEFAULT:
            problem = f"{primitive.name}() needs {name}"
            lines.append(f"if {name} is UNSET: raise TypeError({problem!r})")
    return ", ".join(written), lines


def _defaults(primitive: Primitive) -> dict[str, Any]:
    return {f"default_{n}": p.default for n, p in primitive.parameters.items() if p.default is not NO_DEFAULT}


def _on_tensors(primitive: Primitive) -> str:
    inputs, differentiable = primitive.input_names, primitive.differentiable
    arrays = [f"${n}_array" for n in inputs]
    # An operand that may be left out is asked first whether it is there.
    absent = {n: f"None if {n} is None else " if n in primitive.optional else "" for n in inputs}
    left_out = {n: f"{n} is None or " if n in primitive.optional else "" for n in inputs}
    tests = [f"({left_out[n]}{n}.__class__ is $Tensor or {n}.__class__ in $handles)" for n in inputs]
    holes: dict[str, str | list[str]] = {
        "computed_in_single": _computed_in_single(primitive),
        "all_are_tensors": " and ".join(tests),
        "read_arrays": [f"${n}_array = {absent[n]}{n}._array" for n in inputs],
        "arguments": _arguments(primitive, {n: f"${n}_array" for n in inputs}),
        "arrays": tuple_of(arrays),
        "in_native_dtype": _in_native_dtype(primitive),
        "in_common_dtype": _in_common_dtype(primitive),
    }
    if not differentiable:
        return fill(ON_TENSORS_WITHOUT_DERIVATIVE, **holes)
    needs = [f"${n}_needs" for n in differentiable]
    vertices = [f"${n}_node" for n in differentiable]
    read, constants = [], []
    for n in differentiable:
        read += [f"${n}_node = {absent[n]}{n}._node", f"${n}_needs = ${n}_node.__class__ is $Node"]
    for n in inputs:
        # The only one that can need a gradient does, or we would not be here.
        if differentiable != (n,):
            unless = f"if not ${n}_needs: " if n in differentiable else ""
            constants.append(f"{unless}${n}_node = {absent[n]}$constant_of({n})")
    share = []
    if primitive.kind == "elementwise":
        # One tuple for a whole chain of equal shapes: less to compare later, and less for the collector to walk.
        share = [f"{'el' if i else ''}if $shape == {v}.shape: $shape = {v}.shape" for i, v in enumerate(vertices)]
    # Arrays among them, such as indices, are copied: a later change of the caller's must not reach backward.
    numbers = _NEVER_ARRAYS if primitive.kind != "elementwise" else primitive.static_names
    return fill(
        ON_TENSORS,
        read_nodes=read,
        any_needs=" or ".join(needs),
        and_floating=" and $dtype.kind == 'f'" if primitive.casts else "",
        constants=constants,
        vertices=tuple_of(f"${n}_node" for n in inputs),
        saved=tuple_of(_saved(primitive, name) for name in primitive.saved_names),
        share_shape=share,
        kept_static=tuple_of(n if n in numbers else f"$keep({n})" for n in primitive.static_names),
        no_vertex=" and ".join(f"{v} is None" for v in vertices),
        differentiable_vertices=", ".join(vertices),
        **holes,
    )


def _saved(primitive: Primitive, name: str) -> str:
    """Return what is kept for the rules that ask for ``name``: the value, if one of their inputs needs a gradient."""
    value = f"${name}_array" if name in primitive.input_names else "$out"
    wanted = primitive.saved_for[name]
    if len(primitive.differentiable) == 1:
        return value
    return f"{value} if {' or '.join(f'${n}_needs' for n in wanted)} else None"


def _in_native_dtype(primitive: Primitive) -> list[str]:
    # Where the dtypes of the operands decide, a foreign one is seen by the look at them.
    decided = primitive.differentiable and not primitive.casts
    return [] if decided or is_ours(primitive.definition) else [fill(IN_NATIVE_DTYPE)]


def _computed_in_single(primitive: Primitive) -> list[str]:
    """Return the line that leaves float16 to the interpreted call, which casts it to float32 and back."""
    if not primitive.widens:
        return []
    inputs = primitive.input_names
    half = [
        f"(${n}_array is not None and ${n}_array.dtype is $half)"
        if n in primitive.optional
        else f"${n}_array.dtype is $half"
        for n in inputs
    ]
    operands = f"{tuple_of(inputs)}, {tuple_of(primitive.static_names)}"
    return [f"if {' or '.join(half)}: return $fallback($primitive, {operands})"]


def _in_common_dtype(primitive: Primitive) -> list[str]:
    inputs, differentiable = primitive.input_names, primitive.differentiable
    arrays = tuple_of(f"${n}_array" for n in inputs)
    if differentiable and not primitive.casts:
        mixed = [
            f"({f'${n}_array is not None and ' if n in primitive.optional else ''}$dtype is not ${n}_array.dtype)"
            for n in differentiable
        ]
        return [fill(
            IN_COMMON_DTYPE, mixed=" or ".join(mixed), targets=targets([f"${n}_array" for n in inputs]),
            arrays=arrays, static=tuple_of(primitive.static_names),
        )]  # fmt: skip
    if not differentiable and not primitive.casts and len(inputs) > 1:
        first, *others = (f"${n}_array" for n in inputs)
        return [fill(
            IN_COMMON_DTYPE_WITHOUT_DERIVATIVE, mixed=" or ".join(f"{first}.dtype is not {a}.dtype" for a in others),
            targets=targets([first, *others]), arrays=arrays,
            arguments=_arguments(primitive, {n: f"${n}_array" for n in inputs}),
        )]  # fmt: skip
    return []


def _with_a_number(primitive: Primitive) -> list[str]:
    if primitive.kind not in ("elementwise", "predicate") or len(primitive.input_names) != 2 or primitive.static_names:
        return []
    x, y = primitive.input_names
    return [fill(WITH_A_NUMBER, x=x, y=y)]


def _on_arrays(primitive: Primitive) -> list[str]:
    if primitive.list_input:
        return []
    first, *others = primitive.input_names
    raw = [f"({f'{n} is None or ' if n in primitive.optional else ''}{n}.__class__ in $raw)" for n in others]
    if primitive.widens:
        # Numbers and absent operands have no dtype; float16 is computed with in float32 by the interpreted call.
        raw += [f"getattr({n}, 'dtype', None) is not $half" for n in primitive.input_names]
    public = ""
    if primitive.residual_names:
        # Only rules see the rest.
        public = f"[:{len(primitive.output_names or ())}]" if primitive.returns_tuple else "[0]"
    return [fill(
        ON_ARRAYS, first=first, and_all_are_raw="".join(f" and {test}" for test in raw),
        arguments=_arguments(primitive, {n: n for n in primitive.input_names}), public=public,
        inputs=tuple_of(primitive.input_names),
    )]  # fmt: skip


def _arguments(primitive: Primitive, inputs: dict[str, str]) -> str:
    """Return the arguments of the kernel, in its own order."""
    written = []
    for name, parameter in primitive.parameters.items():
        value = inputs.get(name, name)
        written.append(f"{name}={value}" if parameter.keyword_only else value)
    return ", ".join(written)
