"""Functions written as text with holes: filling the holes, compiling the text, and keeping it for tracebacks.

A template is the text of the function it makes. A hole that stands alone on its line takes lines, at its own
indentation, and vanishes when there are none; a hole within a line takes text:

>>> from glassgrad.autograd.engine.source import fill
>>> print(fill('''
... def call({parameters}):
...     {checks}
...     return {result}
... ''', parameters="x, y", checks=["if y is None:", "    y = x"], result="x + y"))
def call(x, y):
    if y is None:
        y = x
    return x + y
"""

from __future__ import annotations

import linecache
import re
from collections.abc import Callable, Iterable
from typing import Any

from ..core.primitive import Primitive

__all__ = ["compile_function", "fill", "targets", "tuple_of", "write_when_called"]

_HOLE = re.compile(r"\{(\w+)\}")


def fill(template: str, **holes: str | list[str]) -> str:
    """Return a template with its holes filled.

    Raises:
        KeyError: a hole has no value.
        TypeError: lines are given for a hole within a line.
    """
    written = []
    for line in template.strip("\n").split("\n"):
        alone = _HOLE.fullmatch(line.strip())
        if alone is None:
            written.append(_HOLE.sub(lambda hole: _text(hole.group(1), holes), line))
            continue
        value = holes[alone.group(1)]
        indentation = line[: len(line) - len(line.lstrip())]
        for text in [value] if isinstance(value, str) else value:
            written += [indentation + part for part in text.split("\n")]
    return "\n".join(written)


def _text(name: str, holes: dict[str, str | list[str]]) -> str:
    value = holes[name]
    if not isinstance(value, str):
        raise TypeError(f"the hole {name!r} stands within a line and takes text, not lines")
    return value


def tuple_of(items: Iterable[str]) -> str:
    """Return the text of a tuple."""
    return f"({targets(list(items))})"


def targets(items: list[str]) -> str:
    """Return the text of several targets of one assignment."""
    return ", ".join(items) + ("," if len(items) == 1 else "")


_codes: dict[str, Any] = {}


def write_when_called(
    primitive: Primitive, namespace: dict[str, Any], role: str, write: Callable[[], tuple[str, dict[str, Any]]]
) -> Callable[..., Any]:
    """Return a function ``call`` whose code is written when it is first called, so that importing the library is quick.

    What stands there until then has the same free variables as the written code, so that the code alone can be
    exchanged: whoever holds the function holds the written one from then on.

    Args:
        primitive: whose call it is.
        namespace: the values of the free variables.
        role: what the code is for, in tracebacks.
        write: returns the text of the function, and the values of its parameters' defaults.
    """
    function: Any = None
    # A test that is never made mentions every variable, so that all are free variables in both codes.
    mention = f"    if 0: {', '.join((*namespace, '$written', '$call'))}"

    def complete() -> Any:
        text, defaults = write()
        head, _, body = text.partition("\n")
        text = f"{head}\n{mention}\n{body}"
        written = compile_function(text, primitive, {**defaults, **namespace, "_gg_written": None}, role, "$call")
        function.__defaults__, function.__kwdefaults__ = written.__defaults__, written.__kwdefaults__
        function.__code__ = written.__code__
        # Only its code was wanted. It refers to itself, and would have to wait for the garbage collector.
        del written.__closure__[written.__code__.co_freevars.index("_gg_call")].cell_contents
        return function

    text = f"def $call(*args, **kwargs):\n{mention}\n    return $written()(*args, **kwargs)"
    function = compile_function(text, primitive, {**namespace, "_gg_written": complete}, f"{role} to write", "$call")
    return function  # type: ignore[no-any-return]


def compile_function(text: str, primitive: Primitive, namespace: dict[str, Any], role: str, name: str) -> Any:
    """Compile a function whose helpers are closure variables, so that its globals are the kernel's module's.

    Then doctest finds the docstring, and tracebacks show the generated lines. Operations of the same form share one
    compiled code: compiling each by itself made up half of the time of importing the library.
    """
    # "$" marks the names of the library, kept apart from the names of the user's parameters.
    body = "\n".join("    " + line for line in text.split("\n")).replace("$", "_gg_")
    source = f"def make({', '.join(namespace)}):\n{body}\n    return {name.replace('$', '_gg_')}\n"
    code = _codes.get(source)
    if code is None:
        filename = f"<glassgrad {role} {len(_codes)}, first for {primitive.name}>"
        linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
        code = _codes[source] = compile(source, filename, "exec")
    local: dict[str, Any] = {}
    exec(code, primitive.definition.__globals__, local)
    return local["make"](**namespace)
