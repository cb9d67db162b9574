"""Graphs that several test files draw."""

from __future__ import annotations

import types

import numpy as np
import pytest

import glassgrad as gg
from glassgrad.nn.module import Module
from glassgrad.nn.parameter import Parameter


def scalar(value: float, name: str) -> gg.Scalar:
    return gg.Scalar(value, requires_grad=True, name=name)


def product_and_sine() -> gg.Scalar:
    """f(x, y) = x·y + sin x at x = 2, y = 3."""
    x, y = scalar(2.0, "x"), scalar(3.0, "y")
    return x * y + gg.sin(x)


def squared_difference() -> gg.Scalar:
    """z = (a·x − y)² at x = 3, a = 2, y = 1."""
    x, a, y = scalar(3.0, "x"), scalar(2.0, "a"), scalar(1.0, "y")
    s = a * x
    t = s - y
    z = t**2
    s.name, t.name, z.name = "s", "t", "z"
    return z


def cross_entropy() -> gg.Scalar:
    """h = −y·log ŷ − (1 − y)·log(1 − ŷ) with ŷ = 1/(1 + s), s = e^(−x), at x = 0.5, y = 0.8."""
    x, y = scalar(0.5, "x"), scalar(0.8, "y")
    s = gg.exp(-x)
    predicted = 1 / (1 + s)
    z1 = y * gg.log(predicted)
    z2 = (1 - y) * gg.log(1 - predicted)
    h = -z1 - z2
    s.name, predicted.name, z1.name, z2.name, h.name = "s", "ŷ", "z1", "z2", "h"
    return h


def parameter(name: str, *shape: int) -> Parameter:
    size = int(np.prod(shape))
    return Parameter(np.linspace(-1, 1, size, dtype=np.float32).reshape(shape), name=name)


class Affine(Module):
    """x @ weightᵀ + bias, from small operations."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = parameter("weight", outputs, inputs)
        self.bias = parameter("bias", outputs)

    def forward(self, x):
        return x @ self.weight.T + self.bias


class TwoLayers(Module):
    """Affine, ReLU, affine."""

    def __init__(self) -> None:
        super().__init__()
        self.first = Affine(4, 3)
        self.second = Affine(3, 2)

    def forward(self, x):
        return self.second(gg.relu(self.first(x)))


def two_layers() -> tuple[gg.Tensor, Module]:
    """The mean output of a small network, and the network, which keeps its parameters."""
    x = gg.tensor(np.ones((5, 4), np.float32), name="x")
    network = TwoLayers()
    return gg.mean(network(x)), network


def recurrent(steps: int, *, leaves: bool = False) -> tuple[gg.Tensor, list[gg.Tensor]]:
    """A recurrent network: one weight matrix that every step reads."""
    if leaves:
        weights = [gg.tensor(np.eye(4, dtype=np.float32), requires_grad=True, name=name) for name in ("W", "U")]
    else:
        weights = [parameter("W", 4, 4), parameter("U", 4, 4)]
    h = gg.tensor(np.zeros((1, 4), np.float32), name="h")
    for t in range(steps):
        x = gg.tensor(np.ones((1, 4), np.float32), name=f"x{t}")
        with gg.scope("cell"):
            h = gg.tanh(x @ weights[0] + h @ weights[1])
    return h.sum(), weights


@pytest.fixture(scope="session")
def pictures() -> types.SimpleNamespace:
    """The graphs above by name: test files cannot import each other."""
    return types.SimpleNamespace(
        product_and_sine=product_and_sine, squared_difference=squared_difference, cross_entropy=cross_entropy,
        parameter=parameter, Affine=Affine, TwoLayers=TwoLayers, two_layers=two_layers, recurrent=recurrent,
    )  # fmt: skip


@pytest.fixture
def visible_texts():
    """Return a function that gives every text of a figure that is drawn, with its box in pixels."""
    pytest.importorskip("matplotlib")
    from matplotlib.text import Text

    def collect(figure):
        figure.draw_without_rendering()
        ticks = {}
        every_axes = [*figure.axes, *(child for ax in figure.axes for child in ax.child_axes)]
        for ax in every_axes:
            for axis in (ax.xaxis, ax.yaxis):
                low, high = sorted(axis.get_view_interval())
                for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                    slack = 1e-9 * (high - low)
                    seen = low - slack <= tick.get_loc() <= high + slack and ax.get_visible()
                    ticks[tick.label1], ticks[tick.label2] = seen and tick.label1.get_visible(), False
        found = []
        for text in figure.findobj(Text):
            if text.get_text().strip() and text.get_visible() and ticks.get(text, True):
                found.append((text, text.get_window_extent()))
        return found

    return collect
