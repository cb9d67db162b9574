"""Write docs/operators.md, the reference of every operation, from the registry.

python tools/write_reference.py            write the page
python tools/write_reference.py --check    fail if the page says something else; counts of tests may differ
python tools/write_reference.py --pytorch  write pytorch_names.txt, which the page reads; needs PyTorch
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
PYTORCH = ROOT / "tools" / "pytorch_names.txt"
HEADER = """# Every operation

Written from the declarations themselves by `tools/write_reference.py`: the gradients are the rules, run on symbols. `g`
is the gradient that arrives, `out` the result. An operation saves for backward what its rules name, and only if an
input that needs it wants a gradient.

* **Kinds**: {kinds}.
* **FLOPs** count one for each addition, multiplication, comparison or elementary function; `|out|` is the number of
  elements of the result, `|x|` that of an input.
* **Checks** are the tests of the primitive that `make test` runs: value, gradient, tangent, second derivative, single
  precision, layouts of memory, and the written-out call against the interpreted one, each on several shapes.
  Comparison with PyTorch's own samples is on [its own page](opinfo.md).
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


def names_in_pytorch() -> list[str]:
    """Return the PyTorch functions that have the name of an operation, as an installed PyTorch says."""
    import torch

    places = {"torch": torch, "F": torch.nn.functional, "torch.linalg": torch.linalg, "torch.special": torch.special}
    public = [n for room in rooms() for n in room.__all__]
    found = []
    for name in sorted({*gg.autograd.REGISTRY, *gg.autograd.COMPOSED, *public}):
        found += [f"{prefix}.{name}" for prefix, place in places.items() if hasattr(place, name)][:1]
    return found


def known_names() -> dict[str, str]:
    """Return the PyTorch function of each name that has one, as the file says."""
    return {line.rpartition(".")[2]: line for line in PYTORCH.read_text(encoding="utf-8").split()}


def checks() -> Counter[str]:
    """Return how many of the registry's tests there are for each operation, without running them."""
    import pytest

    counted: Counter[str] = Counter()

    class Count:
        def pytest_collection_modifyitems(self, items: list[Any]) -> None:
            for item in items:
                primitive = getattr(item, "callspec", None) and item.callspec.params.get("primitive")
                if primitive is not None:
                    counted[primitive.name] += 1

    registry = ROOT / "tests" / "autograd" / "test_registry.py"
    with contextlib.redirect_stdout(io.StringIO()) as said:
        code = pytest.main(["-q", "--collect-only", str(registry), "-m", ""], plugins=[Count()])
    if code:
        raise SystemExit(f"{said.getvalue()}\nthe registry's tests cannot be read; the page stays as it was")
    return counted


def cell(text: str) -> str:
    """Return text that cannot end a cell of a table."""
    return " ".join(text.split()).replace("|", r"\|").replace("``", "`")


def code(text: str) -> str:
    return f"`{text}`" if text else ""


def rules(primitive: Any) -> Iterator[str]:
    """Yield the rules of a primitive as text, one for each output and input."""
    results = [n for n, t in primitive.rules_by_output.items() if t is not None]
    statics = {
        n: Symbol(n) if p.default is inspect.Parameter.empty else p.default
        for n, p in primitive.parameters.items()
        if n in primitive.static_names
    }
    for output in results:
        rules = primitive.rules_by_output[output]
        for name in primitive.differentiable if rules.joint else rules.by_input:
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


def row_of_primitive(primitive: Any, elsewhere: dict[str, str], counts: Counter[str]) -> str:
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
        str(counts[primitive.name]),
    ]
    return "| " + " | ".join(cells) + " |"


def text(counts: Counter[str]) -> str:
    """Return the whole page."""
    kinds = "; ".join(f"*{kind}*, {meaning}" for kind, meaning in gg.autograd.KINDS.items())
    lines = [HEADER.format(kinds=kinds)]
    in_numpy, in_pytorch = numpy_names(), known_names()
    elsewhere = {
        name: ", ".join(map(code, [*sorted(set(in_numpy.get(name, ()))), *filter(None, [in_pytorch.get(name)])]))
        for name in {*gg.autograd.REGISTRY, *gg.autograd.COMPOSED, *in_pytorch}
    }
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
                tested = str(counts[name] or "")
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


def without_counts(page: str) -> str:
    """Return a page without the counts of tests, in the last cells: they change with every sample."""
    kept = []
    counted = False
    for line in page.splitlines():
        if line.startswith(("| operation", "| composed", "| further")):
            counted = not line.startswith("| further")
        cells = re.split(r"(?<!\\)\|", line)
        kept.append("|".join(cells[:-2]) if counted and line.startswith("| `") else line)
    return "\n".join(kept)


def write(target: Path, content: str) -> None:
    """Replace a file in one step."""
    temporary = target.with_suffix(".tmp")
    temporary.write_text(content, encoding="utf-8")
    temporary.replace(target)


def main() -> None:
    if "--check" in sys.argv:
        if without_counts(TARGET.read_text(encoding="utf-8")) != without_counts(text(Counter())):
            raise SystemExit(f"{TARGET.name} is out of date; run {sys.argv[0]}")
    elif "--pytorch" in sys.argv:
        write(PYTORCH, "\n".join(names_in_pytorch()) + "\n")
    else:
        write(TARGET, text(checks()))


if __name__ == "__main__":
    np.seterr(all="ignore")
    main()
