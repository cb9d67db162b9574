"""The best trials as printed lines, ``Best-1(val acc:0.86) | lr:0.0092, weight decay:4.6e-08``, and such lines read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

__all__ = ["Best", "best_lines", "best_trials", "parse_line", "parse_lines"]

_LINE = re.compile(r"^\s*Best-(?P<rank>\d+)\s*\((?P<label>[^:()]+):(?P<value>[^)]+)\)\s*\|\s*(?P<parameters>.*?)\s*$")
_PAIR = re.compile(r"^(?P<name>[^:]+):(?P<value>.*)$")


@dataclass(frozen=True)
class Best:
    """One line: a rank from 1, what was reached, and the hyper-parameters; those cut off at its end are missing."""

    rank: int
    value: float
    parameters: dict[str, Any]
    label: str = "val acc"


def best_trials(study: Any, best: int) -> list[Any]:
    """The best finished trials of a study, the best one first; of equal ones the earlier.

    >>> best_trials(None, 0)
    Traceback (most recent call last):
        ...
    ValueError: best must be a whole number of at least 1, not 0
    """
    if isinstance(best, bool) or not isinstance(best, int) or best < 1:
        raise ValueError(f"best must be a whole number of at least 1, not {best!r}")
    finished = [trial for trial in study.trials if trial.value is not None and trial.state.name == "COMPLETE"]
    sign = -1 if study.direction.name == "MAXIMIZE" else 1
    return sorted(finished, key=lambda trial: sign * trial.value)[:best]


def best_lines(study: Any, best: int = 20, label: str = "val acc") -> list[str]:
    """The best trials as lines to print, one each.

    Args:
        study: what ``random_search`` returned.
        best: how many.
        label: what the results are; underscores in the names of hyper-parameters become spaces.

    >>> from glassgrad.search import LogUniform, random_search
    >>> study = random_search(lambda p: 0.86, {"weight_decay": LogUniform(1e-8, 1e-8)}, trials=1, progress=False)
    >>> best_lines(study)
    ['Best-1(val acc:0.86) | weight decay:1e-08']
    """
    return [
        f"Best-{rank}({label}:{trial.value!r}) | "
        + ", ".join(f"{name.replace('_', ' ')}:{value}" for name, value in trial.params.items())
        for rank, trial in enumerate(best_trials(study, best), start=1)
    ]


def parse_line(line: str) -> Best:
    """Read one line that ``best_lines`` or the notes printed. Spaces in names become underscores again.

    A last hyper-parameter whose value is cut off, as in the notes' tenth line, is left out.

    Raises:
        ValueError: it is no such line.

    >>> parse_line("Best-1(val acc:0.86) | lr:0.009212978, weight decay:4.5858853e-08").parameters
    {'lr': 0.009212978, 'weight_decay': 4.5858853e-08}
    """
    found = _LINE.match(line)
    if found is None:
        raise ValueError(f"parse_line: expected 'Best-1(val acc:0.86) | lr:0.01, ...', got {line!r}")
    value = _read(found["value"])
    if not isinstance(value, float | int):
        raise ValueError(f"parse_line: {found['value']!r} is not a number in {line!r}")
    parameters = {}
    pieces = [piece for piece in found["parameters"].split(", ") if piece.strip()]
    for i, piece in enumerate(pieces):
        pair = _PAIR.match(piece.strip())
        if (pair is None or not pair["value"].strip()) and i == len(pieces) - 1:
            break
        if pair is None:
            raise ValueError(f"parse_line: {piece!r} is not 'name:value' in {line!r}")
        parameters[pair["name"].strip().replace(" ", "_")] = _read(pair["value"])
    return Best(int(found["rank"]), float(value), parameters, found["label"].strip())


def parse_lines(lines: str | Iterable[str]) -> list[Best]:
    """Read every line that begins with ``Best-``, and pass over the others.

    >>> [best.rank for best in parse_lines("run 1\\nBest-1(val acc:0.5) | lr:0.1\\nBest-2(val acc:0.4) | lr:0.2")]
    [1, 2]
    """
    split = lines.splitlines() if isinstance(lines, str) else lines
    return [parse_line(line) for line in split if line.strip().startswith("Best-")]


def _read(text: str) -> Any:
    """A number where it is one, else True, False, None or the text."""
    text = text.strip()
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return {"True": True, "False": False, "None": None}.get(text, text)
