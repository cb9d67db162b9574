"""Run PyTorch's operator and module samples and write the counts to ``docs/opinfo.md``.

python tests/opinfo/opinfo_report.py               everything; writes counts.json and the page
python tests/opinfo/opinfo_report.py 'linalg\\..*'  the OpInfos of these names; prints failures, writes nothing
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
PAGE = ROOT / "docs" / "opinfo.md"


def as_text(counts: dict[str, Any]) -> str:
    """Return the counts as JSON with one line for each OpInfo."""
    parts = []
    for key, value in counts.items():
        if isinstance(value, dict):
            lines = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in value.items())
            parts.append(f" {json.dumps(key)}: {{\n{lines}\n }}")
        else:
            parts.append(f" {json.dumps(key)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def as_counts(tally: Any) -> dict[str, Any]:
    """Return what is recorded of an OpInfo that is there."""
    return {
        "float64": tally.passed["float64"],
        "gradient": tally.gradient,
        "second": tally.second,
        **{dtype: tally.passed[dtype] for dtype in ("float32", "int64", "bool")},
        "errors": tally.errors,
        "methods": tally.methods,
        "failed": len(tally.failures),
        "samples": dict(tally.samples),
        "unsupported": dict(sorted(tally.unsupported.items())),
    }


def collect() -> dict[str, Any]:
    """Run everything and return what ``counts.json`` holds."""
    import modules_adapter as modules
    import numpy
    import opinfo_adapter as adapter
    import scipy
    import torch

    torch.set_num_threads(1)
    counts: dict[str, Any] = {
        "versions": f"PyTorch {torch.__version__.split('+')[0]}, NumPy {numpy.__version__}, SciPy {scipy.__version__}",
        "opinfos": len(adapter.OPS), "family": {}, "opinfo": {}, "out of scope": {}, "not there": {}, "modules": {},
    }  # fmt: skip
    for name, op in adapter.OPS.items():
        tally = adapter.run_op(op, adapter.DTYPES if adapter.is_there(op) else ("float64",))
        if tally.state == "there":
            counts["family"][name] = adapter.family(op)
            counts["opinfo"][name] = as_counts(tally)
            print(*tally.failures, sep="\n", end="\n" * bool(tally.failures))
        elif tally.state == "out of scope":
            counts["out of scope"][name] = [tally.reason, tally.samples["float64"]]
        else:
            counts["not there"][name] = tally.samples["float64"]
    for name, info in modules.MODULES.items():
        counts["modules"][name] = modules.run_module(info).as_counts()
    return counts


# What the reasons of ``opinfo_tables.py`` mean, where a word is not enough.
MEANING = {
    "device": "`to` with a device or a way of copying",
    "storage": "how memory is laid out, or what stands in it",
    "integers times a fraction": "PyTorch rounds the factor 0.6 to 0; refused here",
    "integer to a negative power": "PyTorch gives 0; refused here, as by NumPy",
    "factors of bools": "PyTorch's `addr` of bools with factors",
    "batch without channels": "`batch_norm` of a vector",
    "numbers are welcome": "PyTorch's functions of two tensors take no plain numbers; these do",
    "integers are welcome": "PyTorch refuses the mean of integers",
    "over 64 axes": "more than NumPy has",
    "out=": "results cannot be written into a tensor here",
    "internal": "PyTorch's own building blocks, and second names of operations for its compiler",
    "in-place": "methods that draw into a tensor or overwrite it",
}


def total(counts: dict[str, Any], *keys: str) -> int:
    """Return the sum of some counts over all OpInfos that are there."""
    return sum(c[k] for c in counts["opinfo"].values() for k in keys)


def render(counts: dict[str, Any]) -> str:
    """Return the page."""
    there = counts["opinfo"]
    passed, failed = total(counts, "float64"), total(counts, "failed")
    reasons: Counter[str] = Counter()
    for c in there.values():
        reasons.update(c["unsupported"])
    unsupported = {r: n for r, n in reasons.items() if not r.startswith("error input")}
    errors = {r.removeprefix("error input: "): n for r, n in reasons.items() if r.startswith("error input")}
    modules = counts["modules"]
    lines = [
        "# PyTorch's own samples",
        "",
        "Written by `python tests/opinfo/opinfo_report.py`; `make oracle` runs the same and fails if a sample fails or",
        "if fewer pass than this page says.",
        "",
        "PyTorch tests its operators with samples that it keeps as data: `OpInfo` for operators, `ModuleInfo` for",
        "modules. An adapter (`tests/opinfo/`) gives each sample to both libraries and compares shape, dtype and",
        "values, then for `float64` the gradient (random cotangents) with `torch.autograd.grad`, and the gradient of",
        "that, where PyTorch has one. Inputs at which PyTorch must raise must raise here, with a message that",
        "begins with the operation's name. Functions are found by name; what differs is in `opinfo_tables.py`, and so",
        "are the reasons for leaving a sample out. Of random or unset results shape and dtype are compared;",
        "of those unique up to a sign or a rotation (svd, eigh) what does not depend on it, as OpInfo",
        'says. `device="cpu"` and the ordinary memory layout are dropped from the arguments. Of `float32` the first',
        "8 samples of an OpInfo are run with derivatives, the others, `int64` and `bool` without; the first `float64`",
        "sample is also run through the method of the name. A test shows that every exception made here is needed.",
        "",
        counts["versions"] + ".",
        "",
        f"**{passed:,} `float64` samples of {len(there)} OpInfos pass, {failed} fail.** In all dtypes",
        f"{sum(unsupported.values()):,} samples of these OpInfos use what the library does not have.",
        "",
        "| family | OpInfos | float64 | gradient | second | float32 | int64 | bool | methods | errors | failed |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    columns = ("float64", "gradient", "second", "float32", "int64", "bool", "methods", "errors", "failed")
    for family in sorted(set(counts["family"].values())):
        members = [c for n, c in there.items() if counts["family"][n] == family]
        row = [sum(c[k] for c in members) for k in columns]
        lines.append(f"| {family} | {len(members)} | " + " | ".join(f"{n:,}" for n in row) + " |")
    row = [total(counts, k) for k in columns]
    lines.append(f"| **all** | {len(there)} | " + " | ".join(f"{n:,}" for n in row) + " |")
    lines += [
        "", "## Samples left out", "",
        "Of OpInfos that are there, in all dtypes:", "",
        "| reason | samples | |", "|---|---:|---|",
        *(f"| {r} | {n:,} | {MEANING.get(r, '')} |" for r, n in sorted(unsupported.items(), key=lambda x: -x[1])),
        "", "Error inputs:", "",
        "| reason | inputs | |", "|---|---:|---|",
        *(f"| {r} | {n:,} | {MEANING.get(r, '')} |" for r, n in sorted(errors.items(), key=lambda x: -x[1])),
        "", "## OpInfos left out", "",
        f"Of PyTorch's {counts['opinfos']} OpInfos, {len(counts['out of scope'])} are out of scope:", "",
        "| reason | OpInfos | float64 samples | |", "|---|---:|---:|---|",
    ]  # fmt: skip
    by_reason: dict[str, list[str]] = {}
    for name, (reason, _) in counts["out of scope"].items():
        by_reason.setdefault(reason, []).append(name)
    for reason, names in sorted(by_reason.items()):
        samples = sum(counts["out of scope"][n][1] for n in names)
        meaning = MEANING[reason] + ": " if reason in MEANING else ""
        lines.append(f"| {reason} | {len(names)} | {samples:,} | {meaning}{_listed(names)} |")
    absent = counts["not there"]
    lines += [
        "", f"{len(absent)} operations are not there ({sum(absent.values()):,} `float64` samples): "
        f"{_listed(list(absent))}.",
        "", "## Modules", "",
        f"**{sum(m['passed'] for m in modules.values()):,} samples of "
        f"{sum(m['state'] == 'there' for m in modules.values())} ModuleInfos pass, "
        f"{sum(m['failed'] for m in modules.values())} fail**: the same constructor arguments, PyTorch's parameters "
        "and buffers copied by name, then outputs and the gradients of inputs and parameters, in training and in "
        "evaluation.", "",
        "| module | passed | unsupported |", "|---|---:|---|",
    ]  # fmt: skip
    for name, m in sorted(modules.items()):
        if m["state"] == "there":
            why = ", ".join(f"{r} {n}" for r, n in sorted(m["unsupported"].items()))
            lines.append(f"| {name} | {m['passed']} | {why} |")
    missing = [n for n, m in sorted(modules.items()) if m["state"] != "there"]
    lines += ["", f"Not there: {_listed(missing)}."]
    return "\n".join(lines) + "\n"


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{n}`" for n in names) if names else "none"


def main(arguments: list[str]) -> int:
    """Run the command line; returns 1 if something failed."""
    if arguments:
        import opinfo_adapter as adapter

        failed = 0
        for name, op in adapter.OPS.items():
            if re.fullmatch(arguments[0], name):
                tally = adapter.run_op(op)
                failed += len(tally.failures)
                print(
                    f"{name}: {tally.state} {tally.reason} passed {dict(tally.passed)}, gradient {tally.gradient}, "
                    f"second {tally.second}, errors {tally.errors}, unsupported {dict(tally.unsupported)}, "
                    f"failed {len(tally.failures)}"
                )
                print(*("    " + f for f in tally.failures), sep="\n", end="\n" * bool(tally.failures))
        return int(failed > 0)
    counts = collect()
    COUNTS.write_text(as_text(counts), encoding="utf-8")
    PAGE.write_text(render(counts), encoding="utf-8")
    return int(total(counts, "failed") > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
