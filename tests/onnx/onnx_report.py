"""Run ONNX's backend node tests and write the counts to ``docs/onnx.md``.

python tests/onnx/onnx_report.py            everything; writes counts.json and the page
python tests/onnx/onnx_report.py 'Reduce.*'  these operators; prints failures, writes nothing
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
COUNTS = Path(__file__).with_name("counts.json")
PAGE = ROOT / "docs" / "onnx.md"


def collect() -> dict[str, Any]:
    """Run everything and return what ``counts.json`` holds."""
    import numpy
    import onnx
    import onnx_adapter as adapter

    counts: dict[str, Any] = {"versions": f"onnx {onnx.__version__}, NumPy {numpy.__version__}",
                              "tests": len(adapter.TESTS), "operators": {}}  # fmt: skip
    for kind in adapter.KINDS:
        tally = adapter.run_kind(kind)
        counts["operators"][kind] = tally.as_counts()
        print(*tally.failures, sep="\n", end="\n" * bool(tally.failures))
    return counts


def total(counts: dict[str, Any], key: str) -> int:
    """Return the sum of a count over all operators."""
    return sum(c[key] for c in counts["operators"].values())


def render(counts: dict[str, Any]) -> str:
    """Return the page."""
    rows = counts["operators"]
    reasons: Counter[str] = Counter()
    for c in rows.values():
        reasons.update(c["unsupported"])
    some = {n: c for n, c in rows.items() if c["passed"] or c["failed"]}
    single = [n for n in some if n != "definitions"]
    lines = [
        "# ONNX's node tests",
        "",
        "Written by `python tests/onnx/onnx_report.py`; `make oracle` runs the same and fails if a test fails or if",
        "fewer pass than this page says.",
        "",
        "The `onnx` package holds tests for backends: a graph of one node, inputs and the outputs that belong to them.",
        "An adapter (`tests/onnx/`) writes each operator with this library's public functions, as the node's",
        "attributes say, and compares shape, dtype and values with the stored outputs, within its tolerances. Where",
        "a floating-point input has a gradient, it is compared with a central difference along a random direction, in",
        "`float64` and slightly off the stored point, where there are no ties. The `definitions` are operators written",
        "out as graphs of other operators; they are run node by node and compared by value.",
        "",
        counts["versions"] + ".",
        "",
        f"**Of {counts['tests']:,} tests {total(counts, 'passed'):,} pass, {total(counts, 'gradient'):,} of them with "
        f"their gradient, and {total(counts, 'failed')} fail; {sum(reasons.values()):,} use what the library does not "
        f"have.** {len(single)} operators are covered.",
        "",
        "| operator | passed | gradient | unsupported |",
        "|---|---:|---:|---|",
    ]
    for name, c in some.items():
        few = dict(Counter(c["unsupported"]).most_common(4))
        more = sum(c["unsupported"].values()) - sum(few.values())
        why = ", ".join(f"{r} {n}" for r, n in few.items()) + (f", others {more}" if more else "")
        lines.append(f"| {name} | {c['passed']} | {c['gradient']} | {why} |")
    nothing = [n for n in rows if n not in some]
    lines += [
        "", "Not covered: " + ", ".join(f"`{n}`" for n in nothing) + ".",
        "", "## Why tests are left out", "", "| reason | tests |", "|---|---:|",
        *(f"| {r} | {n} |" for r, n in sorted(reasons.items(), key=lambda x: (-x[1], x[0])) if n > 2),
        f"| others | {sum(n for n in reasons.values() if n <= 2)} |",
        "",
        "An `operator ...` has no function here; `no ...` is a function of this library that does not exist yet.",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Run the command line; returns 1 if something failed."""
    if arguments:
        import onnx_adapter as adapter

        failed = 0
        for kind in adapter.KINDS:
            if re.fullmatch(arguments[0], kind):
                tally = adapter.run_kind(kind)
                failed += len(tally.failures)
                print(kind, tally.as_counts(), *tally.failures, sep="\n    ")
        return int(failed > 0)
    counts = collect()
    lines = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in counts.pop("operators").items())
    head = json.dumps(counts, indent=1).removesuffix("\n}")
    COUNTS.write_text(f'{head},\n "operators": {{\n{lines}\n }}\n}}\n', encoding="utf-8")
    counts = json.loads(COUNTS.read_text(encoding="utf-8"))
    PAGE.write_text(render(counts), encoding="utf-8")
    return int(total(counts, "failed") > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
