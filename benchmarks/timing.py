"""Fair timing of several versions of the same work in one process.

The versions take turns, so that a change of the machine's speed hits all of them; medians are reported, and the ratio
is taken within each round before its median is.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """The timing of one version.

    Attributes:
        name: the version.
        seconds: median seconds of one call.
        ratio: median over the rounds of (this version's time / ours); above 1 we are faster.
    """

    name: str
    seconds: float
    ratio: float


def compare(
    versions: Mapping[str, Callable[[], object]], ours: str, rounds: int = 15, target_seconds: float = 0.05,
    collect: bool = True,
) -> list[Result]:  # fmt: skip
    """Time every version in turn, ``rounds`` times, and compare with ``ours``.

    ``collect`` runs the garbage collector before every timed stretch, so that nobody pays for another's garbage.
    """
    repeats = {}
    for name, run in versions.items():
        run()
        start = time.perf_counter()
        run()
        once = time.perf_counter() - start
        repeats[name] = max(1, round(target_seconds / max(once, 1e-7)))
    times: dict[str, list[float]] = {name: [] for name in versions}
    for _ in range(rounds):
        for name, run in versions.items():
            if collect:
                gc.collect()
            n = repeats[name]
            start = time.perf_counter()
            for _ in range(n):
                run()
            times[name].append((time.perf_counter() - start) / n)
    return [
        Result(
            name,
            statistics.median(values),
            statistics.median(theirs / mine for theirs, mine in zip(values, times[ours], strict=True)),
        )
        for name, values in times.items()
    ]


def table(title: str, results: list[Result], unit: str, scale: float, ours: str) -> str:
    """Return a Markdown table of results; ``scale`` turns seconds into ``unit``."""
    lines = [f"### {title}", "", f"| | {unit} | times ours |", "|---|---:|---:|"]
    for r in results:
        bold = "**" if r.name == ours else ""
        lines.append(f"| {bold}{r.name}{bold} | {r.seconds * scale:.3g} | {r.ratio:.2f} |")
    return "\n".join([*lines, ""])
