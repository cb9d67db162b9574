"""What a gradient check found: as data, and as a text that one can read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from .arguments import show_index

__all__ = ["Finding", "GradcheckError", "Kink", "Report", "Worst"]


class GradcheckError(RuntimeError):
    """A gradient check failed, or could not decide; ``report`` holds what it found."""

    def __init__(self, report: Report) -> None:
        super().__init__(str(report))
        self.report = report


class Finding(NamedTuple):
    """One element whose gradient is wrong, or could not be judged.

    Attributes:
        name, index: which element of which input or parameter.
        analytic, numeric: its gradient by backpropagation and by differences.
        error_bar: how far the numerical one may be off, as far as is known.
        ratio: analytic / numeric.
        hint: what the ratio suggests, or why no judgement was possible.
    """

    name: str
    index: tuple[int, ...]  # type: ignore[assignment]  # tuples have a method of this name
    analytic: float
    numeric: float
    error_bar: float
    ratio: float
    hint: str

    def __str__(self) -> str:
        bar = f" ± {self.error_bar:.1g}" if math.isfinite(self.error_bar) else ""
        hint = f": {self.hint}" if self.hint else ""
        place = show_index(self.name, self.index)
        return f"{place}: backprop {self.analytic:.8g}, numerical {self.numeric:.8g}{bar}{hint}"


class Kink(NamedTuple):
    """An element at a point without derivative, whose gradient lies between the slopes of the two sides.

    Attributes:
        kind: ``"kink"``, or ``"jump"`` where the function itself is discontinuous; then the slopes are those beside it.
    """

    name: str
    index: tuple[int, ...]  # type: ignore[assignment]  # tuples have a method of this name
    analytic: float
    left: float
    right: float
    kind: str

    def __str__(self) -> str:
        place = show_index(self.name, self.index)
        return f"{place}: slopes {self.left:.6g} and {self.right:.6g}, backprop {self.analytic:.6g}"


class Worst(NamedTuple):
    """The element of one input or parameter on which the two gradients agree least.

    Attributes:
        shape, size, checked: of the whole tensor; how many elements were compared.
        index, analytic, numeric: the element; ``None`` and ``nan`` when nothing was compared.
        relative_error: |analytic − numeric| / max(|analytic|, |numeric|), and 0 where both are 0.
        verdict: ``"ok"``, ``"WRONG"``, ``"inconclusive"``, ``"kink"``, ``"≈ 0"`` (too small to be seen in the output),
            or ``"-"``.
    """

    name: str
    shape: tuple[int, ...]
    size: int
    checked: int
    index: tuple[int, ...] | None  # type: ignore[assignment]  # tuples have a method of this name
    analytic: float
    numeric: float
    relative_error: float
    verdict: str


@dataclass
class Report:
    """The result of a gradient check. True when every gradient that was compared is right.

    Attributes:
        failures: a :class:`Finding` for each wrong element. Of a tensor with very many only the first are measured.
        kinks: a :class:`Kink` for each element at which no derivative exists, and which passed.
        inconclusive: a :class:`Finding` for each element that rounding errors hide. They do not pass.
        errors: what is wrong with the function or its backward pass as a whole, in words.
        worst: a :class:`Worst` for every input and parameter.
        notes: what was left out, and other things to know.
        negligible: how many elements have a gradient too small to be seen in the output; they pass.
        unexamined: by name, how many more elements disagree than were measured closely.
        evaluations: how often the function ran.
        seconds: time taken.
        finished: False if the time ran out.

    >>> import glassgrad as gg
    >>> report = gg.check.gradcheck(gg.sin, gg.tensor([0.5, 1.0]))
    >>> bool(report), report.coverage, report.failures
    (True, '2 of 2 elements', [])
    """

    failures: list[Finding] = field(default_factory=list)
    kinks: list[Kink] = field(default_factory=list)
    inconclusive: list[Finding] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    worst: list[Worst] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    negligible: int = 0
    unexamined: dict[str, int] = field(default_factory=dict)
    evaluations: int = 0
    seconds: float = 0.0
    finished: bool = True

    def __bool__(self) -> bool:
        return self.finished and not (self.failures or self.inconclusive or self.errors or self.unexamined)

    @property
    def coverage(self) -> str:
        """How many elements were compared, such as ``"20 of 86,400 elements"``."""
        size = sum(row.size for row in self.worst)
        return f"{sum(row.checked for row in self.worst):,} of {_count(size, 'element')}"

    @property
    def verdict(self) -> str:
        """``"passed"``, ``"FAILED"``, ``"inconclusive"`` or ``"unfinished"``."""
        if self.failures or self.errors or self.unexamined:
            return "FAILED"
        if self.inconclusive:
            return "inconclusive"
        return "passed" if self.finished else "unfinished"

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain Python data, as JSON can hold it (NaN and infinities as text)."""
        return {
            "passed": bool(self), "verdict": self.verdict, "coverage": self.coverage,
            "evaluations": self.evaluations, "seconds": self.seconds, "finished": self.finished,
            "negligible": self.negligible, "unexamined": dict(self.unexamined),
            "errors": list(self.errors), "notes": list(self.notes),
            **{key: [_plain(item._asdict()) for item in getattr(self, key)]
               for key in ("failures", "kinks", "inconclusive", "worst")},
        }  # fmt: skip

    def __repr__(self) -> str:
        return f"<gradcheck {self.verdict}: {self.coverage}>"

    def __str__(self) -> str:
        lines = [
            f"gradcheck {self.verdict}: {self.coverage} of {_count(len(self.worst), 'tensor')}, "
            f"{_count(self.evaluations, 'evaluation')}, {self.seconds:.1f} s"
        ]
        lines += [f"error: {text}" for text in self.errors]
        if not self.finished:
            lines.append("the time ran out: nothing is known of the elements that were not compared")
        lines += _section("wrong", [str(f) for f in self.failures])
        lines += [f"  and {_count(n, 'more element')} of {name} that disagree" for name, n in self.unexamined.items()]
        lines += _section("inconclusive", [str(f) for f in self.inconclusive])
        for kind, text in (
            ("kink", "no derivative; the gradient lies between the slopes of the two sides"),
            ("jump", "discontinuous; the gradient lies between the slopes beside the jump"),
        ):
            found = [str(k) for k in self.kinks if k.kind == kind]
            lines += _section(f"{_count(len(found), kind)} ({text})", found, most=3)
        if self.worst:
            lines += ["", *table(self.worst)]
        if self.negligible:
            lines.append(f"note: {_count(self.negligible, 'element')} with gradient 0 as far as the output can show")
        return "\n".join([*lines, *(f"note: {text}" for text in self.notes)])


HEADINGS = ("name", "shape", "compared", "worst element", "backprop", "numerical", "relative error")


def cells(row: Worst) -> tuple[str, ...]:
    """Return what the table shows of one input or parameter."""
    start = (row.name, str(row.shape), f"{row.checked:,} of {row.size:,}")
    if row.index is None:
        return (*start, "-", "-", "-", "-")
    error = f"{row.relative_error:.1e}" if row.verdict == "ok" else row.verdict
    return (*start, show_index("", row.index) or "()", f"{row.analytic:.6e}", f"{row.numeric:.6e}", error)


def table(rows: Sequence[Worst]) -> list[str]:
    """Return aligned lines with a heading: one line for each input and parameter.

    >>> rows = [Worst("w", (2,), 2, 2, (1,), 3.0, 3.0, 1e-10, "ok")]
    >>> print("\\n".join(table(rows)))
    name  shape  compared  worst element      backprop     numerical  relative error
    w     (2,)     2 of 2  [1]            3.000000e+00  3.000000e+00         1.0e-10
    """
    lines = [HEADINGS, *(cells(row) for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(HEADINGS))]
    aligned = [
        [c.ljust(widths[i]) if i in (0, 1, 3) else c.rjust(widths[i]) for i, c in enumerate(line)] for line in lines
    ]
    return ["  ".join(line).rstrip() for line in aligned]


def _section(title: str, items: Sequence[str], most: int = 8) -> list[str]:
    if not items:
        return []
    more = [f"  and {len(items) - most:,} more"] if len(items) > most else []
    return [f"{title}:", *(f"  {item}" for item in items[:most]), *more]


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    def one(value: Any) -> Any:
        if isinstance(value, tuple):
            return list(value)
        return str(value) if isinstance(value, float) and not math.isfinite(value) else value

    return {key: one(value) for key, value in values.items()}
