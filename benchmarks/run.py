"""Runs every benchmark in this process and writes ``docs/benchmarks.md``.

Run: ``python benchmarks/run.py`` (needs the packages that ``make benchmarks`` installs; takes about seven minutes).
"""

from __future__ import annotations

import argparse
import os
import platform
from importlib import metadata
from pathlib import Path

import composition
import operations
import scalars
import sums
import training
from timing import table

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"

INTRODUCTION = """# Benchmarks

Written by `python benchmarks/run.py`; run it to have the figures of your own machine.

The same work runs through this library and its peers in one process, taking turns, after a warm-up; medians are given.
"Times ours" is the median over the rounds of (the peer's time / ours): above 1, this library is faster. Machines are
noisy, so only ratios within one table mean something. Nothing here uses a compiler or an accelerated kernel: it is the
eager engine on NumPy. The garbage collector is on unless a title says otherwise, and runs before every timed stretch,
so that nobody pays for another's garbage.
"""

ORDER = ("scalars", "operations", "training", "sums", "composition")

NOTES = {
    "operations": """## One operation

A chain of 201 operations, h ← tanh(h·w + x), in equal parts multiply, add and tanh, on float32 vectors; every operand
is differentiated. One thread. The cost of one operation is given: at n = 16 it is the cost of the engine, at n = 10,000
that of memory.
""",
    "scalars": """## Single numbers

A training step on two moons: 100 points through MLP(2, 16, 16, 1) made of single numbers, hinge loss and weight decay,
65,000 nodes. Both libraries get the same initial weights and must agree about the loss. With the collector off,
micrograd's graphs, which are full of reference cycles, are not freed inside the timed stretch; this library's are.
""",
    "composition": """## Every operation beside NumPy

Each operation on tensors that require a gradient, beside the plainest NumPy code for the same value, which is checked
first. Medium arrays have about 100,000 elements (matrices to be decomposed 64 × 64, images (16, 8, 28, 28)), small ones
about 32. One thread. No operation is meant to take more than 1.5 times as long on medium arrays; on small ones the
engine's own microseconds show, and how much NumPy does at once. Views copy nothing, so there is only the engine to
measure. The best of up to four medians is given, since machines are busy.
""",
    "sums": """## Long sums

Sums of ten million equal float32 numbers beside `numpy.add.reduce` on the same array, in many layouts of memory. The
errors are relative, against float64; equal numbers are the worst case, for all roundings go in one direction. Every
gradient of what was broadcast is such a sum.
""",
    "training": """## Training steps

zero_grad, forward, cross entropy, backward, and SGD with momentum 0.9, on float32. PyTorch runs in each of its memory
layouts, with its default and its fused optimiser; compare with the fastest.
""",
}


def _environment() -> str:
    names = ("numpy", "torch", "autograd", "dezero", "micrograd")
    versions = []
    for name in names:
        try:
            versions.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            versions.append(f"{name} not installed")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"Python {platform.python_version()}, {', '.join(versions)}; {platform.machine()}, {cores} cores.\n"


def main() -> None:
    """Measure everything and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="rounds of each comparison (default: %(default)s)")
    parser.add_argument("--only", choices=NOTES, help="measure one section and keep the others of the page")
    arguments = parser.parse_args()
    rounds = arguments.rounds
    sections = {}
    for name, measure, unit, scale in (
        # First, while the process is small: the collector walks everything that is loaded.
        ("scalars", scalars.measure, "ms a step", 1e3),
        ("operations", operations.measure, "µs an operation", 1e6 / operations.OPERATIONS),
        ("training", training.measure, "ms a step", 1e3),
    ):
        if arguments.only in (None, name):
            parts = [NOTES[name]]
            for title, results in measure(rounds):
                parts.append(table(title, results, unit, scale, "glassgrad"))
                print(parts[-1], flush=True)
            sections[name] = "\n".join(parts)
    if arguments.only in (None, "sums"):
        sections["sums"] = NOTES["sums"] + "\n" + sums.section(rounds)
        print(sections["sums"], flush=True)
    if arguments.only in (None, "composition"):
        sections["composition"] = NOTES["composition"] + "\n" + composition.section(composition.measure())
        print(sections["composition"], flush=True)
    PAGE.write_text(_page(sections, keep=arguments.only is not None), encoding="utf-8")
    print(f"written: {PAGE.relative_to(PAGE.parents[1])}")


def _page(sections: dict[str, str], keep: bool) -> str:
    """Return the page; with ``keep`` the one on disk with the given sections exchanged."""
    before: dict[str, str] = {}
    head = INTRODUCTION + "\n" + _environment()
    if keep:
        head, *rest = PAGE.read_text(encoding="utf-8").split("\n## ")
        titles = {note.partition("\n")[0]: name for name, note in NOTES.items()}
        before = {titles["## " + part.partition("\n")[0]]: "## " + part for part in rest}
    written = before | sections
    return "\n".join([head.rstrip("\n") + "\n", *(written[n].rstrip("\n") + "\n" for n in ORDER if n in written)])


if __name__ == "__main__":
    main()
