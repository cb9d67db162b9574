"""A graph dies by reference counting: there are no cycles for the garbage collector to find."""

import gc
import tracemalloc

import numpy as np
import pytest

import glassgrad as gg
from glassgrad.autograd.ops.loss import softmax_cross_entropy
from glassgrad.autograd.ops.normalization import batch_norm

STEPS = 300


def setup():
    rng = np.random.default_rng(0)
    data = gg.tensor(rng.standard_normal((8, 4)))
    w = gg.tensor(rng.standard_normal((4, 3)), requires_grad=True, name="w")
    b = gg.tensor(np.zeros(3), requires_grad=True)
    return data, w, b


def ordinary(data, w, b):
    loss = softmax_cross_entropy(gg.tanh(data @ w + b), np.arange(8) % 3)
    loss.backward()
    w.grad = b.grad = None


def accumulating(data, w, b):
    ((data @ w + b) ** 2).mean().backward()


def updating(data, w, b):
    ((data @ w + b) ** 2).mean().backward()
    with gg.no_grad():
        w -= 1e-3 * w.grad
        b -= 1e-3 * b.grad
        w.grad.zero_()
        b.grad.zero_()


def never_differentiated(data, w, b):
    gg.exp(data @ w + b).sum()


def create_graph(data, w, b):
    loss = (gg.tanh(data @ w + b) ** 2).sum()
    loss.backward(create_graph=True)
    w.grad = b.grad = None


def create_graph_and_keep(data, w, b):
    # Each .grad holds the graph of the pass before it; assigning drops that.
    w.grad = b.grad = None
    (gg.tanh(data @ w + b) ** 2).sum().backward(create_graph=True)
    assert w.grad.requires_grad


def gradient_penalty(data, w, b):
    first = gg.grad((gg.tanh(data @ w + b) ** 2).sum(), [w, b], create_graph=True)
    sum((g * g).sum() for g in first).backward()
    w.grad = b.grad = None


def fresh_leaves(data, w, b):
    x = gg.tensor(np.ones((4, 3)), requires_grad=True)
    (data @ x).sum().backward(create_graph=True)
    (x.grad * x).sum().backward()


def hooks_and_retained(data, w, b):
    hidden = data @ w + b
    hidden.retain_grad()
    hidden.register_hook(lambda g: g * 2)
    hidden.sum().backward()
    assert hidden.grad is not None
    w.grad = b.grad = None


def several_outputs(data, w, b):
    out, mean, variance = batch_norm(data @ w, b + 1.0, b)
    first, second = gg.split(out, 4)
    (first * second + mean - variance).sum().backward()
    w.grad = b.grad = None


def detached(data, w, b):
    hidden = data @ w
    (hidden.detach() * hidden + b).sum().backward()
    w.grad = b.grad = None


def failing(data, w, b):
    for wrong, expected in ((lambda: (data @ w) @ b.reshape(3, 1, 1), ValueError), ((data @ w).backward, RuntimeError)):
        try:
            wrong()
        except expected:
            continue
        raise AssertionError("no error")


def scalars(data, w, b):
    x, y = gg.Scalar(2.0, requires_grad=True), gg.Scalar(3.0, requires_grad=True)
    z = gg.exp(x * y) + x / y
    z.backward()


WORK = [
    ordinary, accumulating, updating, never_differentiated, create_graph, create_graph_and_keep, gradient_penalty,
    fresh_leaves, hooks_and_retained, several_outputs, detached, failing, scalars,
]  # fmt: skip


@pytest.mark.parametrize("step", WORK, ids=lambda f: f.__name__)
def test_no_reference_cycles(step):
    state = setup()
    for _ in range(5):
        step(*state)
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(STEPS):
            step(*state)
        growth = tracemalloc.get_traced_memory()[0] - before
        unreachable = gc.collect()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert unreachable < 100, f"{unreachable} objects in cycles"
    assert growth < 500_000, f"{growth} bytes kept by {STEPS} steps"
