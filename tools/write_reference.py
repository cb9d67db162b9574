"""Write docs/operators.md, the reference of every operation, from the registry.

python tools/write_reference.py          write the page; needs PyTorch for its names, and runs the registry's tests
python tools/write_reference.py --check  compare all but the counts of tests with the page; needs neither
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import inspect
import io
import pkgutil
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import glassgrad as gg
from glassgrad.autograd.core.cost import cost_of
from glassgrad.autograd.core.formula import Symbol, rule_symbol

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "operators.md"
HEADER = """# Every operation

Written from the declarations themselves by `tools/write_reference.py`: the gradients are the rules, run on symbols. `g`
is the gradient that arrives, `out` the result. An operation saves for backward what its rules name, and only if an
input that needs it wants a gradient.

* **Kinds**: {kinds}.
* **FLOPs** count one for each addition, multiplication, comparison or elementary function; `|out|` is the number of
  elements of the result, `|x|` that of an input.
* **Checks** are the tests that the primitive passed when this page was written: value, gradient, tangent, second
  derivative, single precision, layouts of memory, and the written-out call against the interpreted one, each on several
  shapes. Comparison with PyTorch's own samples is on [its own page](opinfo.md).
* *Composed* operations are written with those above them and have no rules of their own; further functions make tensors
  or only pass arguments on.

## Contents
"""


def rooms() -> list[Any]:
    """Return the modules of operations, in the order of their list, then those of network functions."""
    from glassgrad.autograd.ops import families
    from glassgrad.nn import functional

    listed = ast.parse(inspect.getsource(families)).body
    paths = [f"{families.__package__}.{line.module}" for line in listed if isinstance(line, ast.ImportFrom)]
    paths += [f"{functional.__name__}.{m.name}" for m in pkgutil.iter_modules(functional.__path__)]
    return [importlib.import_module(path) for path in paths]


def title(room: Any) -> str:
    """Return the first sentence of a room's docstring as a heading."""
    sentence = re.split(r"(?<=[.;:])\s", inspect.cleandoc(room.__doc__).splitlines()[0])[0]
    return re.sub(r":\w+:`(\w+)`", r"`\1`", sentence.rstrip(".:;").replace("``", "`"))


def anchor(heading: str) -> str:
    """Return what a link to a heading ends in."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def numpy_names() -> dict[str, list[str]]:
    """Return the NumPy functions that reach each operation."""
    from glassgrad.autograd.numpy_protocol import functions

    found: dict[str, list[str]] = {}
    for function, ours in {**functions.UFUNCS, **functions.FUNCTIONS}.items():
        path = f"{getattr(function, '__module__', None) or 'numpy'}.{function.__name__}"
        found.setdefault(functions.operation_name(ours), []).append(path.replace("numpy.", "np."))
    return found


def torch_names() -> dict[str, str]:
    """Return the PyTorch function of the same name, where there is one."""
    import torch

    found = {}
    places = [
        (torch, "torch"),
        (torch.nn.functional, "F"),
        (torch.linalg, "torch.linalg"),
        (torch.special, "torch.special"),
    ]
    public = [n for room in rooms() for n in room.__all__]
    for name in dict.fromkeys([*gg.autograd.REGISTRY, *gg.autograd.COMPOSED, *public]):
        for place, prefix in places:
            if hasattr(place, name):
                found[name] = f"{prefix}.{name}"
                break
    return found


def checks() -> Counter[str]:
    """Run the registry's tests and count what passed for each operation."""
    import pytest

    passed: Counter[str] = Counter()

    class Count:
        def __init__(self) -> None:
            self.names: dict[str, str] = {}

        def pytest_collection_modifyitems(self, items: list[Any]) -> None:
            for item in items:
                primitive = getattr(item, "callspec", None) and item.callspec.params.get("primitive")
                if primitive is not None:
                    self.names[item.nodeid] = primitive.name

        def pytest_runtest_logreport(self, report: Any) -> None:
            if report.when == "call" and report.passed and report.nodeid in self.names:
                passed[self.names[report.nodeid]] += 1

    with contextlib.redirect_stdout(io.StringIO()):
        code = pytest.main(["-q", str(ROOT / "tests" / "autograd" / "test_registry.py"), "-m", ""], plugins=[Count()])
    if code:
        raise SystemExit("the registry's tests fail; the page stays as it was")
    return passed


def cell(text: str) -> str:
    """Return text that cannot end a cell of a table."""
    return " ".join(text.split()).replace("|", r"\|").replace("``", "`")


def code(text: str) -> str:
    return f"`{text}`" if text else ""


def rules(primitive: Any) -> Iterator[str]:
    """Yield the rules of a primitive as text, one for each output and input."""
    results = [n for n, t in primitive.tables.items() if t is not None]
    statics = {
        n: Symbol(n) if p.default is inspect.Parameter.empty else p.default
        for n, p in primitive.parameters.items()
        if n in primitive.static_names
    }
    for output in results:
        table = primitive.tables[output]
        for name in primitive.differentiable if table.joint else table.rules:
            g = Symbol("g" if len(results) == 1 else f"g_{output}")
            try:
                text = rule_symbol(primitive, name, statics, g, output).text
            except (KeyError, IndexError, TypeError, ValueError):
                text = f"∂{primitive.name}/∂{name}({g.text})"
            yield f"{name}: {code(cell(text))}"


def name_of(function: Any) -> str:
    """Return the name under which an operation is listed."""
    primitive = getattr(function, "primitive", None)
    listed = primitive is not None and primitive.function is function
    return str(primitive.name if listed else function.__name__)


def is_of(function: Any, room: Any) -> bool:
    """Return whether a room itself defines a function, instead of passing it on."""
    return callable(function) and not isinstance(function, type) and function.__module__ == room.__name__


def summary(function: Any) -> str:
    """Return the first sentence of a docstring."""
    text = inspect.cleandoc(function.__doc__ or "").split("\n\n")[0]
    return cell(re.split(r"(?<=[.;:])\s", " ".join(text.split()))[0].removeprefix("Return ").rstrip(".;:"))


def edges(function: Any) -> str:
    """Return what a docstring says under ``Edges:``."""
    for paragraph in inspect.cleandoc(function.__doc__ or "").split("\n\n"):
        if paragraph.lstrip().startswith("Edges:"):
            return " ".join(paragraph.split()).removeprefix("Edges:").replace("``", "`").strip()
    return ""


def signature(function: Any, name: str) -> str:
    primitive = getattr(function, "primitive", None)
    found = primitive.signature if primitive is not None else inspect.signature(function)
    written = []
    star = False
    for p in found.parameters.values():
        if p.kind is p.KEYWORD_ONLY and not star:
            written.append("*")
            star = True
        if p.kind is p.VAR_POSITIONAL:
            star = True
        shown = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "") + p.name
        written.append(shown if p.default is p.empty else f"{shown}={default(p.default)}")
    return f"{name}({', '.join(written)})"


def default(value: Any) -> str:
    return repr(value) if value is None or isinstance(value, bool | int | float | str | tuple) else "…"


def row_of_primitive(primitive: Any, elsewhere: dict[str, str], counts: Counter[str] | None) -> str:
    saves = [
        f"{n} (for {', '.join(w)})" if len(primitive.differentiable) > 1 else n for n, w in primitive.saved_for.items()
    ]
    cells = [
        code(signature(primitive.function, primitive.name)) + "<br>" + summary(primitive.definition),
        "<br>".join(rules(primitive)) or "none",
        primitive.kind,
        cell(", ".join(saves)) or "nothing",
        cell(cost_of(primitive).text),
        elsewhere.get(primitive.name, ""),
        str(counts[primitive.name]) if counts is not None else "",
    ]
    return "| " + " | ".join(cells) + " |"


def text(counts: Counter[str] | None, names: dict[str, str] | None) -> str:
    """Return the whole page; without counts and PyTorch's names those cells are empty."""
    kinds = "; ".join(f"*{kind}*, {meaning}" for kind, meaning in gg.autograd.KINDS.items())
    lines = [HEADER.format(kinds=kinds)]
    others = numpy_names()
    elsewhere = {}
    for name in (
        dict.fromkeys([*gg.autograd.REGISTRY, *gg.autograd.COMPOSED, *(names or ())]) if names is not None else ()
    ):
        known = sorted(set(others.get(name, ()))) + [n for n in (names or {}).get(name, "").split() if n]
        elsewhere[name] = ", ".join(map(code, known))
    sections = []
    for room in rooms():
        primitives = [p for p in gg.autograd.REGISTRY.values() if p.definition.__module__ == room.__name__]
        composed = {n: f for n, f in gg.autograd.COMPOSED.items() if f.__module__ == room.__name__}
        public = {n: getattr(room, n) for n in room.__all__}
        known = [*(p.function for p in primitives), *composed.values()]
        others_there = {n: f for n, f in public.items() if not any(f is k for k in known) and is_of(f, room)}
        also = {n: f for n, f in public.items() if any(f is k for k in known) and name_of(f) != n}
        also |= {n: f for n, f in others_there.items() if name_of(f) != n}
        others_there = {n: f for n, f in others_there.items() if name_of(f) == n}
        if primitives or composed or others_there:
            sections.append((room, primitives, composed, others_there, also))
    for room, primitives, composed, further, _ in sections:
        names_there = ", ".join(f"`{n}`" for n in [*(p.name for p in primitives), *composed, *further])
        lines.append(f"* [{title(room)}](#{anchor(title(room))}): {names_there}")
    for room, primitives, composed, further, also in sections:
        file = room.__name__.partition(".")[2].replace(".", "/") + ".py"
        lines.append(f"\n## {title(room)}\n\n[{file}](../{file})\n")
        if primitives:
            lines.append(
                "| operation | gradients | kind | saves | FLOPs | elsewhere | checks |\n|---|---|---|---|---|---|---:|"
            )
            lines += [row_of_primitive(p, elsewhere, counts) for p in primitives]
        if composed:
            lines.append("\n| composed | elsewhere | checks |\n|---|---|---:|")
            for name, function in composed.items():
                tested = str(counts[name]) if counts is not None and counts[name] else ""
                cells = (f"{code(signature(function, name))}<br>{summary(function)}", elsewhere.get(name, ""), tested)
                lines.append(f"| {' | '.join(cells)} |")
        if further:
            lines.append("\n| further | elsewhere |\n|---|---|")
            for name, function in further.items():
                place = elsewhere.get(name, "")
                lines.append(f"| {code(cell(signature(function, name)))}<br>{summary(function)} | {place} |")
        if also:
            pairs = ", ".join(f"`{n}` is `{name_of(f)}`" for n, f in also.items())
            lines.append(f"\nOther names: {pairs}.")
        documented = [*((p.name, p.definition) for p in primitives), *composed.items(), *further.items()]
        notes = [(n, edges(f)) for n, f in documented]
        notes = [(n, e) for n, e in notes if e]
        if notes:
            lines.append("\n**At the edges**\n")
            lines += [f"* `{n}`: {e}" for n, e in notes]
    return "\n".join(lines) + "\n"


def without_measured(page: str) -> str:
    """Return a page without what only some machines can say: other libraries' names and counts, in the last cells."""
    kept = []
    measured = 0
    for line in page.splitlines():
        cells = re.split(r"(?<!\\)\|", line)
        if line.startswith(("| operation", "| composed")):
            measured = 3
        elif line.startswith("| further"):
            measured = 2
        kept.append("|".join(cells[:-measured]) if line.startswith("| `") else line)
    return "\n".join(kept)


def main() -> None:
    if "--check" in sys.argv:
        if without_measured(TARGET.read_text()) != without_measured(text(None, None)):
            raise SystemExit(f"{TARGET.name} is out of date; run {sys.argv[0]}")
        return
    temporary = TARGET.with_suffix(".tmp")
    temporary.write_text(text(checks(), torch_names()))
    temporary.replace(TARGET)


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
