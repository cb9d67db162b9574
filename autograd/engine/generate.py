"""Writes the call of a primitive: the one place where code is generated.

An ordinary operation costs about a microsecond above NumPy because its function is written out for its very signature:
no ``*args``, no loops, no look-ups by name. ``calls.call_generic`` and ``steps.pull_generic`` do the same by
interpretation, for the primitives that need more (lists, several outputs) and as the readable reference;
a test holds the two against each other. See ``PRIMITIVES.md`` beside this file for a worked example.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.dtypes import canonical, promote
from ..core.mode import current_mode
from ..core.node import FREED, Node, next_sequence
from ..core.primitive import NO_DEFAULT, Primitive, Rule, is_ours
from . import calls, messages, ownership, steps, values
from .inline import inline_rule

__all__ = ["compile_function", "make_function", "make_method", "targets", "write_when_called"]

_ALIASES = {"dim": "axis", "keepdim": "keepdims"}


_NUMBERS = frozenset((float, int))
# Static arguments that are numbers or tuples of numbers, and so need no copy.
_NEVER_ARRAYS = frozenset(
    "dim dim0 dim1 dims keepdim shape dtype kernel_size stride padding dilation groups".split()
)


class _Unset:
    def __repr__(self) -> str:
        return "<not given>"


UNSET = _Unset()


def make_function(primitive: Primitive) -> Callable[..., Any]:
    """Return the public function of a primitive, and fill in its ``pull``."""
    specialised = can_specialise(primitive)
    function = _forward(primitive, specialised, calls.dispatch)
    primitive.function = function
    primitive.pull = _pull_when_needed(primitive) if specialised and primitive.differentiable else steps.pull_generic
    return function


def make_method(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the same call for use as an operator: unknown operands give ``NotImplemented`` instead of an error."""
    primitive: Primitive = function.primitive  # type: ignore[attr-defined]
    return _forward(primitive, True, calls.dispatch_operator)


def can_specialise(primitive: Primitive) -> bool:
    """Return whether call and backward step can be written out: all but lists and several results."""
    return not primitive.list_input and not primitive.several


def _parameters(primitive: Primitive) -> tuple[str, str, dict[str, Any]]:
    """Return the parameter list, the lines that resolve NumPy's words for PyTorch's, and the default values."""
    written, resolve, defaults, aliases = [], [], {}, []
    for name, parameter in primitive.parameters.items():
        text = name
        if parameter.default is not NO_DEFAULT:
            defaults[f"default_{name}"] = parameter.default
            text = f"{name}=default_{name}"
        elif name in _ALIASES and name in primitive.static_names:
            text = f"{name}=UNSET"
        if parameter.keyword_only and "*" not in written:
            written.append("*")
        written.append(text)
        if name in _ALIASES and name in primitive.static_names:
            aliases.append((name, _ALIASES[name]))
    if aliases and "*" not in written:
        written.append("*")
    for name, alias in aliases:
        written.append(f"{alias}=UNSET")
        resolve.append(f"    if {alias} is not UNSET: {name} = {alias}")
        if primitive.parameters[name].default is NO_DEFAULT:
            problem = f"{primitive.name}() needs {name}"
            resolve.append(f"    if {name} is UNSET: raise TypeError({problem!r})")
    return ", ".join(written), "\n".join(resolve), defaults


def _forward(primitive: Primitive, fast: bool, fallback: Callable[..., Any]) -> Callable[..., Any]:
    helpers = {
        "primitive": primitive, "kernel": primitive.kernel, "fallback": fallback, "handles": values.HANDLES,
        "Tensor": values.tensor_class(), "new": object.__new__, "Node": Node, "current_mode": current_mode,
        "next_sequence": next_sequence, "ndarray": np.ndarray, "asarray": np.asarray, "promote": promote,
        "canonical": canonical,
        "settle": calls.settle, "as_result": calls.as_result, "explain": messages.explain,
        "constant_of": values.constant_of, "cut_off": values.CUT_BY_NO_GRAD, "inherit": values.inherit,
        "keep": calls.keep, "observe": calls.observe, "number": values.scalar_constant, "numbers": _NUMBERS,
    }  # fmt: skip
    namespace = {"UNSET": UNSET, **{f"_gg_{name}": value for name, value in helpers.items()}}

    def write() -> tuple[list[str], dict[str, Any]]:
        parameters, resolve, defaults = _parameters(primitive)
        lines = [f"def $call({parameters}):"]
        if resolve:
            lines.append(resolve)
        if fast:
            lines.extend(_fast_forward(primitive))
            lines.extend(_numbers(primitive))
        lines.append(
            f"    return $fallback($primitive, {_tuple(primitive.input_names)}, {_tuple(primitive.static_names)})"
        )
        return lines, defaults

    function: Any = write_when_called(primitive, namespace, "call", write)
    definition = primitive.definition
    function.__name__, function.__qualname__ = definition.__name__, definition.__qualname__
    function.__doc__, function.__module__ = definition.__doc__, definition.__module__
    function.__dict__.update(definition.__dict__)
    function.primitive = primitive
    result: Callable[..., Any] = function
    return result


def _fast_forward(primitive: Primitive) -> list[str]:
    inputs, statics = primitive.input_names, primitive.static_names
    arrays = [f"${n}_array" for n in inputs]
    differentiable = primitive.differentiable
    optional = primitive.optional
    tests = [
        f"({f'{n} is None or ' if n in optional else ''}{n}.__class__ is $Tensor or {n}.__class__ in $handles)"
        for n in inputs
    ]
    lines = [f"    if {' and '.join(tests)}:"]
    add = lines.append
    for n in inputs:
        add(f"        ${n}_array = {f'None if {n} is None else ' if n in optional else ''}{n}._array")
    promoted = [f"${n}_array" for n in (differentiable or inputs)]
    call = f"$kernel({_call(primitive)})"
    add("        try:")
    add(f"            $out = {call}")
    add("            if $out.__class__ is not $ndarray:")
    add("                $out = $as_result($primitive, $out)")
    if not is_ours(primitive.kernel) and (primitive.casts or not differentiable):
        # Where the dtypes of the operands decide, a foreign one is seen below.
        add("            if $out.dtype is not $canonical($out.dtype):")
        add("                $out = $as_result($primitive, $out)")
    if primitive.casts:
        add("            $dtype = $out.dtype")
    elif differentiable:
        # One look at the dtypes, after the kernel: it is right at once for all but mixed dtypes.
        add("            $dtype = $out.dtype")
        present = {f"${n}_array": f"${n}_array is not None and " if n in optional else "" for n in inputs}
        add(f"            if {' or '.join(f'({present[a]}$dtype is not {a}.dtype)' for a in promoted)}:")
        settle = f"$settle($primitive, $out, {_tuple(arrays)}, {_tuple(statics)})"
        add(f"                $out, {targets(arrays)} = {settle}")
        add("                $dtype = $out.dtype")
    elif len(promoted) > 1:
        first = promoted[0]
        add(f"            if {' or '.join(f'{first}.dtype is not {a}.dtype' for a in promoted[1:])}:")
        add(f"                {', '.join(promoted)} = $promote(({', '.join(promoted)}))")
        add(f"                $out = $asarray({call})")
    add("        except Exception as $error:")
    add(f"            raise $explain($primitive, $error, {_tuple(arrays)}) from None")
    if not differentiable:
        add("        $result = $new($Tensor); $result._array = $out; $result._node = None; $result._grad = None")
        add("        return $result")
        return lines
    add("        $result = $new($Tensor)")
    add("        $result._array = $out")
    add("        $result._grad = None")
    for n in differentiable:
        add(f"        ${n}_node = {f'None if {n} is None else ' if n in optional else ''}{n}._node")
        add(f"        ${n}_needs = ${n}_node.__class__ is $Node")
    add("        if " + " or ".join(f"${n}_needs" for n in differentiable) + ":")
    add("            $mode = $current_mode()")
    floating = " and $dtype.kind == 'f'" if primitive.casts else ""
    add(f"            if $mode.grad{floating}:")
    for n in inputs:
        constant = f"{f'None if {n} is None else ' if n in optional else ''}$constant_of({n})"
        add(f"                {f'if not ${n}_needs: ' if n in differentiable else ''}${n}_node = {constant}")
    add("                $result._node = $node = $new($Node)")
    add("                $node.primitive = $primitive")
    add(f"                $node.inputs = {_tuple([f'${n}_node' for n in inputs])}")
    saved = []
    for name in primitive.saved_names:
        value = f"${name}_array" if name in inputs else "$out"
        wanted = primitive.saved_for[name]
        if set(wanted) == set(differentiable) and len(differentiable) == 1:
            saved.append(value)
        else:
            saved.append(f"{value} if {' or '.join(f'${w}_needs' for w in wanted)} else None")
    add(f"                $node.saved = {_tuple(saved)}")
    add("                $node.sequence = $next_sequence()")
    add("                $shape = $out.shape")
    if primitive.kind == "elementwise":
        # One tuple for a whole chain of equal shapes: less to compare later, and less for the collector to walk.
        for i, n in enumerate(differentiable):
            add(f"                {'el' if i else ''}if $shape == ${n}_node.shape: $shape = ${n}_node.shape")
    add("                $node.shape = $shape")
    add("                $node.dtype = $dtype")
    # Arrays among them, such as indices, are copied: a later change of the caller's must not reach backward.
    plain = primitive.kind == "elementwise"
    kept = [n if plain or n in _NEVER_ARRAYS else f"$keep({n})" for n in statics]
    add(f"                $node.static = {_tuple(kept)}")
    add("                $node.context = $mode.context")
    add("                $node.extra = None")
    add(f"                if $mode.observers: $observe($mode, $node, {_tuple(arrays)}, $out)")
    add("                return $result")
    add("            $result._node = $cut_off")
    add("            return $result")
    vertices = [f"${n}_node" for n in differentiable]
    unknown = " is ".join([*vertices, "None"]) if len(vertices) == 1 else " and ".join(f"{v} is None" for v in vertices)
    add(f"        $result._node = None if {unknown} else $inherit({', '.join(vertices)})")
    add("        return $result")
    return lines


def _numbers(primitive: Primitive) -> list[str]:
    """Write what turns the number in ``x * 2.0`` into a constant tensor and calls again."""
    if primitive.kind not in ("elementwise", "predicate") or len(primitive.input_names) != 2 or primitive.static_names:
        return []
    x, y = primitive.input_names
    return [
        f"    if {x}.__class__ in $handles and {y}.__class__ in $numbers:",
        f"        return $call({x}, $number({y}, {x}._array.dtype))",
        f"    if {y}.__class__ in $handles and {x}.__class__ in $numbers:",
        f"        return $call($number({x}, {y}._array.dtype), {y})",
    ]


def _pull_when_needed(primitive: Primitive) -> Callable[..., None]:
    """Return a pull that writes the real one when it is first called: imports stay quick, and by then every operation
    that the rules mention is declared."""

    def pull(node: Node, g: Any, cotangents: Any, wanted: Any) -> None:
        primitive.pull = _pull(primitive)
        primitive.pull(node, g, cotangents, wanted)

    return pull


def _pull(primitive: Primitive) -> Callable[..., None]:
    """Write the backward step of a primitive with one output: run the wanted rules, hand the gradients on."""
    table = primitive.tables[next(iter(primitive.tables))]
    assert table is not None
    lines = ["def pull(node, g, cotangents, wanted):"]
    add = lines.append
    add(f"    {targets([f'{n}_vertex' for n in primitive.input_names])} = node.inputs")
    if primitive.saved_names:
        add("    saved = node.saved")
        add("    if saved is FREED: raise second_backward(node)")
        add(f"    {targets([f'saved_{n}' for n in primitive.saved_names])} = saved")
    if primitive.static_names:
        add(f"    {targets([f'static_{n}' for n in primitive.static_names])} = node.static")
    namespace = {
        "FREED": FREED, "second_backward": steps.second_backward, "Node": Node, "ndarray": np.ndarray,
        "conform": steps.conform, "accumulate": ownership.accumulate, "accumulate_new": ownership.accumulate_new,
        "buffer_of": ownership.buffer_of, "as_many": steps.as_many,
        **{f"rule_{n}": rule.function for n, rule in table.rules.items()},
    }  # fmt: skip
    if table.joint is not None:
        lines += _joint_step(primitive, table.joint)
        namespace["rule_joint"] = table.joint.function
        return compile_function(lines, primitive, namespace, "pull", "pull")  # type: ignore[no-any-return]
    for n in primitive.differentiable:
        rule = table.rules[n]
        if n in primitive.accumulate:
            adds = primitive.accumulate[n]
            namespace[f"add_{n}"] = adds.function
            values = ["buffer", *(_variable(primitive, a) for a in adds.arguments)]
            add(f"    if {n}_vertex.__class__ is Node and (wanted is None or {n}_vertex in wanted):")
            add(f"        buffer = buffer_of(cotangents, {n}_vertex)")
            add(f"        add_{n}({', '.join(values)})")
            continue
        variables = {a: _variable(primitive, a) for a in rule.arguments}
        call = f"d = rule_{n}({', '.join(variables.values())})"
        vertex = f"{n}_vertex"
        inlined = inline_rule(primitive, rule, variables, f"{n}_t") if primitive.kind == "elementwise" else None
        add(f"    if {vertex}.__class__ is Node and (wanted is None or {vertex} in wanted):")
        if inlined is None:
            add(f"        {call}")
            lines += _hand_on(n)
            continue
        # An inlined result has the shape and dtype of the output, so nodes can be compared instead of arrays; that
        # they mostly share one tuple for their shape makes it cheaper still.
        calls, functions, new = inlined
        namespace.update(functions)
        same = f"({vertex}.shape is shape or {vertex}.shape == shape) and {vertex}.dtype is node.dtype"
        add("        shape = node.shape")
        # Ufuncs give NumPy scalars for 0-d arrays, which cannot be written over.
        add(f"        if shape and {same}:")
        lines += [f"            {step}" for step in calls]
        add(f"            if {vertex} in cotangents: accumulate{'_new' if new else ''}(cotangents, {vertex}, d)")
        add(f"            else: cotangents[{vertex}] = d")
        add("        else:")
        add(f"            d = conform(rule_{n}({', '.join(variables.values())}), node, '{n}', {vertex})")
        add(f"            if {vertex} in cotangents: accumulate(cotangents, {vertex}, d)")
        add(f"            else: cotangents[{vertex}] = d")
    return compile_function(lines, primitive, namespace, "pull", "pull")  # type: ignore[no-any-return]


def _hand_on(name: str) -> list[str]:
    """Write what happens to the gradient ``d`` of one input."""
    vertex = f"{name}_vertex"
    return [
        f"        if d.__class__ is not ndarray or d.dtype is not {vertex}.dtype or d.shape != {vertex}.shape:",
        f"            d = conform(d, node, '{name}', {vertex})",
        f"        if {vertex} in cotangents: accumulate(cotangents, {vertex}, d)",
        f"        elif d is not None: cotangents[{vertex}] = d",
    ]


def _joint_step(primitive: Primitive, rule: Rule) -> list[str]:
    """Write the step of a primitive whose one rule answers for all inputs."""
    names = primitive.input_names
    lines = []
    for n in names:
        test = f"{n}_vertex.__class__ is Node and (wanted is None or {n}_vertex in wanted)"
        lines.append(f"    {n}_needs = {test if n in primitive.differentiable else False}")
    needs = _tuple(f"{n}_needs" for n in names)
    values = [needs if a == "need" else _variable(primitive, a) for a in rule.arguments]
    lines.append(f"    gradients = rule_joint({', '.join(values)})")
    lines.append(f"    {targets([f'{n}_d' for n in names])} = as_many(node.primitive, gradients, {len(names)})")
    for n in primitive.differentiable:
        lines += [f"    if {n}_needs:", f"        d = {n}_d", *_hand_on(n)]
    return lines


def _variable(primitive: Primitive, argument: str) -> str:
    """Return the name that a rule's argument has inside the written-out pull."""
    if argument == "g":
        return "g"
    if argument in primitive.saved_names:
        return f"saved_{argument}"
    if argument in primitive.static_names:
        return f"static_{argument}"
    name = argument.removesuffix("_shape")
    shape = f"{name}_vertex.shape"
    return f"(None if {name}_vertex is None else {shape})" if name in primitive.optional else shape


def _call(primitive: Primitive) -> str:
    """Return the arguments of the kernel, in its own order."""
    written = []
    for name, parameter in primitive.parameters.items():
        value = f"${name}_array" if name in primitive.input_names else name
        written.append(f"{name}={value}" if parameter.keyword_only else value)
    return ", ".join(written)


def _tuple(items: Any) -> str:
    items = list(items)
    return "(" + ", ".join(items) + ("," if len(items) == 1 else "") + ")"


def targets(items: list[str]) -> str:
    return ", ".join(items) + ("," if len(items) == 1 else "")


_codes: dict[str, Any] = {}


def write_when_called(
    primitive: Primitive, namespace: dict[str, Any], role: str,
    write: Callable[[], tuple[list[str], dict[str, Any]]],
) -> Callable[..., Any]:  # fmt: skip
    """Return a function ``call`` whose code is written when it is first called, so that importing the library is quick.

    What stands there until then has the same free variables as the written code, so that the code alone can be
    exchanged: whoever holds the function holds the written one from then on.

    Args:
        primitive: whose call it is.
        namespace: the values of the free variables.
        role: what the code is for, in tracebacks.
        write: returns the lines of the function, and the values of its parameters' defaults.
    """
    function: Any = None

    def complete() -> Any:
        lines, defaults = write()
        # A test that is never made mentions every variable, so that all are free variables in the written code too.
        lines.insert(1, f"    if 0: {', '.join((*namespace, '$written', '$call'))}")
        written = compile_function(lines, primitive, {**defaults, **namespace, "_gg_written": None}, role, "$call")
        function.__defaults__, function.__kwdefaults__ = written.__defaults__, written.__kwdefaults__
        function.__code__ = written.__code__
        return function

    lines = [
        "def $call(*args, **kwargs):",
        f"    if 0: {', '.join((*namespace, '$written', '$call'))}",
        "    return $written()(*args, **kwargs)",
    ]
    function = compile_function(lines, primitive, {**namespace, "_gg_written": complete}, f"{role} to write", "$call")
    return function  # type: ignore[no-any-return]


def compile_function(lines: list[str], primitive: Primitive, namespace: dict[str, Any], role: str, name: str) -> Any:
    """Compile a function whose helpers are closure variables, so that its globals are the kernel's module's.

    Then doctest finds the docstring, and tracebacks show the generated lines. Operations of the same form share one
    compiled code: compiling each by itself made up half of the time of importing the library.
    """
    # "$" marks the names of this file, kept apart from the names of the user's parameters.
    body = "\n".join("    " + line for text in lines for line in text.split("\n")).replace("$", "_gg_")
    source = f"def make({', '.join(namespace)}):\n{body}\n    return {name.replace('$', '_gg_')}\n"
    code = _codes.get(source)
    if code is None:
        filename = f"<glassgrad {role} {len(_codes)}, first for {primitive.name}>"
        linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
        code = _codes[source] = compile(source, filename, "exec")
    local: dict[str, Any] = {}
    exec(code, primitive.definition.__globals__, local)
    return local["make"](**namespace)
