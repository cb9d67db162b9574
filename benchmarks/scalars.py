"""A training step of a network of single numbers: two moons, MLP(2, 16, 16, 1), 100 points, against micrograd.

Run: ``python benchmarks/scalars.py`` (micrograd takes part if it is installed).
"""

from __future__ import annotations

import gc
import itertools
import random
from collections.abc import Callable
from typing import Any

import numpy as np
from timing import Result, compare, table

import glassgrad as gg


def two_moons(n: int = 100, noise: float = 0.1) -> tuple[list[list[float]], list[float]]:
    """Return points on two interleaved half circles and their labels, −1 or 1."""
    rng = np.random.default_rng(0)
    t = np.linspace(0, np.pi, n // 2)
    upper = np.stack([np.cos(t), np.sin(t)], axis=1)
    lower = np.stack([1 - np.cos(t), 0.5 - np.sin(t)], axis=1)
    points = np.concatenate([upper, lower]) + noise * rng.standard_normal((n, 2))
    return points.tolist(), [-1.0] * (n // 2) + [1.0] * (n // 2)


class MLP:
    """The network of micrograd's demonstration, for any class of numbers."""

    def __init__(self, make: Callable[[float], Any], sizes: list[int]) -> None:
        random.seed(1337)
        self.layers = [
            [([make(random.uniform(-1, 1)) for _ in range(n)], make(0.0)) for _ in range(m)]
            for n, m in itertools.pairwise(sizes)
        ]
        self.parameters = [p for layer in self.layers for weights, bias in layer for p in [*weights, bias]]

    def __call__(self, x: list[Any]) -> Any:
        for i, layer in enumerate(self.layers):
            x = [sum((w * v for w, v in zip(weights, x, strict=True)), bias) for weights, bias in layer]
            if i < len(self.layers) - 1:
                x = [v.relu() for v in x]
        return x[0]


def _loss(model: MLP, make: Callable[[float], Any]) -> Any:
    points, labels = two_moons()
    scores = [model([make(v) for v in point]) for point in points]
    losses = [(1 + -label * score).relu() for label, score in zip(labels, scores, strict=True)]
    return sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in model.parameters)


def versions() -> dict[str, Callable[[], object]]:
    """Return the same step for both libraries."""

    def make(value: float) -> gg.Scalar:
        return gg.Scalar(value, requires_grad=True)

    model = MLP(make, [2, 16, 16, 1])

    def ours() -> float:
        loss = _loss(model, gg.Scalar)
        for p in model.parameters:
            p.grad = None
        loss.backward()
        for p in model.parameters:
            p.value -= 0.01 * p.grad
        return loss.value

    found: dict[str, Callable[[], object]] = {"glassgrad": ours}
    try:
        from micrograd.engine import Value
    except ImportError:
        return found
    other = MLP(Value, [2, 16, 16, 1])

    def micrograd() -> float:
        loss = _loss(other, Value)
        for p in other.parameters:
            p.grad = 0
        loss.backward()
        for p in other.parameters:
            p.data -= 0.01 * p.grad
        return loss.data

    found["micrograd"] = micrograd
    return found


def measure(rounds: int = 7) -> list[tuple[str, list[Result]]]:
    """Return (title, results) with the garbage collector on and off."""
    both = versions()
    first = {name: run() for name, run in both.items()}
    if len({round(v, 9) for v in first.values()}) != 1:  # type: ignore[call-overload]
        raise AssertionError(f"the libraries disagree about the loss: {first}")
    measured = [("Two-moons step, garbage collector on", compare(both, "glassgrad", rounds))]
    gc.disable()
    try:
        measured.append(("Two-moons step, garbage collector off", compare(both, "glassgrad", rounds)))
    finally:
        gc.enable()
    return measured


if __name__ == "__main__":
    for title, results in measure():
        print(table(title, results, "ms a step", 1e3, "glassgrad"))
