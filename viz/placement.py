"""Labels on their lines: where on its curve a label hides the least of everything else.

graphviz makes room for a label by bending its line around it, and leaves the label beside the line. Here lines are laid
out first, and each label is then centred on its own line, at the spot that is freest of cards, other labels and other
lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["place_labels", "text_width"]

_SIZE = 11.0  # points, as dot.Writer sets the font of edges
_HEIGHT = 17.0
_PADDING = 8.0
# Widths of Helvetica's characters in thousandths of the font size; other characters count as a digit does.
_WIDTHS = {
    **dict.fromkeys(" .,ft·", 278), **dict.fromkeys("ijl", 222), **dict.fromkeys("()r", 333),
    **dict.fromkeys("×=−+", 584), "m": 833, "w": 722, "M": 833, "W": 944, "@": 1015, "…": 1000, "Σ": 618,
}  # fmt: skip
_STEPS = np.linspace(0.12, 0.88, 39)


def text_width(text: str, size: float = _SIZE) -> float:
    """Return about how wide a text is in points.

    >>> round(text_width("1 × cos x"))
    46
    """
    return sum(_WIDTHS.get(c, 556 if ord(c) < 0x2E80 else 1000) for c in text) * size / 1000


def place_labels(plan: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Choose a place for every label.

    Args:
        plan: a layout as ``dot -Tjson0`` gives it; nodes and edges are known by their ``id``.
        labels: edge id to label text.

    Returns:
        By id, the attributes that fix the layout: ``pos`` of nodes and edges, ``lp`` of labels.
    """
    fixed: dict[str, dict[str, str]] = {}
    boxes = []
    for entry in plan.get("objects", ()):
        if "pos" in entry and "id" in entry:
            fixed[entry["id"]] = {"pos": entry["pos"]}
            x, y = (float(value) for value in entry["pos"].split(","))
            half_width, half_height = 36 * float(entry["width"]), 36 * float(entry["height"])
            boxes.append((x - half_width, y - half_height, x + half_width, y + half_height))
    curves: dict[str, np.ndarray[Any, Any]] = {}
    for entry in plan.get("edges", ()):
        if "pos" in entry and "id" in entry:
            fixed[entry["id"]] = {"pos": entry["pos"]}
            curves[entry["id"]] = _sample(entry["pos"])
    cards = np.array(boxes).reshape(-1, 4)
    keys = list(curves)
    points = np.concatenate([curves[key] for key in keys]) if keys else np.zeros((0, 2))
    owner = np.repeat(np.arange(len(keys)), [len(curves[key]) for key in keys])
    chosen: dict[str, tuple[float, float, float, float]] = {}
    # The first round places each label among those before it, the second among all.
    for _ in range(2):
        for number, key in enumerate(keys):
            if labels.get(key):
                others = np.array([box for name, box in chosen.items() if name != key]).reshape(-1, 4)
                chosen[key] = _best(curves[key], labels[key], cards, others, points[owner != number])
    for key, (left, bottom, right, top) in chosen.items():
        fixed[key]["lp"] = f"{(left + right) / 2:.2f},{(bottom + top) / 2:.2f}"
    return fixed


def _sample(pos: str, steps: int = 40) -> np.ndarray[Any, Any]:
    """Return points along a curve given as graphviz writes it: ``s,x,y e,x,y`` and cubic Bézier points, in points."""
    start, end, control = None, None, []
    for part in pos.replace(";", " ").split():
        if part.startswith("s,"):
            start = part[2:]
        elif part.startswith("e,"):
            end = part[2:]
        else:
            control.append(part)
    corner = np.array([[float(value) for value in part.split(",")] for part in control])
    t = np.linspace(0, 1, steps)[:, None]
    pieces = []
    for i in range(0, len(corner) - 3, 3):
        a, b, c, d = corner[i : i + 4]
        pieces.append((1 - t) ** 3 * a + 3 * (1 - t) ** 2 * t * b + 3 * (1 - t) * t**2 * c + t**3 * d)
    tips = [[[float(value) for value in tip.split(",")]] if tip else [] for tip in (start, end)]
    parts = [np.array(tips[0]).reshape(-1, 2), *pieces, np.array(tips[1]).reshape(-1, 2)]
    return np.concatenate(parts)


def _best(
    curve: np.ndarray[Any, Any], text: str, cards: np.ndarray[Any, Any], labels: np.ndarray[Any, Any],
    points: np.ndarray[Any, Any],
) -> tuple[float, float, float, float]:  # fmt: skip
    """Return the box of a label at the best place on its curve."""
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(curve, axis=0).T))])
    half = np.array([text_width(text) + _PADDING, _HEIGHT]) / 2
    at = _STEPS * length[-1]
    centres = np.stack([np.interp(at, length, curve[:, axis]) for axis in (0, 1)], axis=1)
    low, high = centres - half, centres + half
    bottom, top = low.min(axis=0) - 2, high.max(axis=0) + 2
    near = points[np.all((points >= bottom) & (points <= top), axis=1)]
    crossed = np.all((near >= low[:, None] - 2) & (near <= high[:, None] + 2), axis=2).sum(axis=1)
    cost = 8.0 * _overlaps(cards, low - 5, high + 5) + 4.0 * _overlaps(labels, low, high)
    cost += 0.25 * crossed + np.abs(_STEPS - 0.5)
    best = int(np.argmin(cost))
    return (*low[best].tolist(), *high[best].tolist())


def _overlaps(boxes: np.ndarray[Any, Any], low: np.ndarray[Any, Any], high: np.ndarray[Any, Any]) -> Any:
    """Return how many boxes each candidate touches."""
    return np.all((boxes[:, :2] < high[:, None]) & (boxes[:, 2:] > low[:, None]), axis=2).sum(axis=1)
