"""Large graphs at the default recursion limit, and training that goes on without growing."""

import gc
import sys
import time
import tracemalloc

import numpy as np
import pytest

import glassgrad as gg

MILLION = 1_000_000


@pytest.fixture(autouse=True)
def _default_recursion_limit():
    """Nothing may need, or set, a deeper stack than Python starts with."""
    before = sys.getrecursionlimit()
    assert before <= 1000
    yield
    assert sys.getrecursionlimit() == before


@pytest.mark.slow
def test_a_chain_of_a_million_operations():
    x = gg.tensor(1.0, dtype="float64", requires_grad=True)
    y, factor, step = x, gg.tensor(1.000001, dtype="float64"), gg.tensor(1e-6, dtype="float64")
    for _ in range(MILLION // 2):
        y = y * factor
        y = y + step
    slope = 1.000001 ** (MILLION // 2)
    # yₙ = aⁿ·x + 1e-6·(aⁿ − 1)/(a − 1)
    assert y.item() == pytest.approx(slope + (slope - 1), rel=1e-9)
    y.backward()
    assert x.grad.item() == pytest.approx(slope, rel=1e-9)
    del y


@pytest.mark.slow
def test_a_chain_of_a_million_operations_dropped_without_backward():
    x = gg.tensor(1.0, dtype="float64", requires_grad=True)
    y = x
    for _ in range(MILLION):
        y = -y
    assert y.item() == 1.0
    gc.disable()  # the chain must die by reference counting alone
    try:
        start = time.perf_counter()
        del y
        assert time.perf_counter() - start < 20
        assert gc.collect() < 100
    finally:
        gc.enable()


@pytest.mark.slow
def test_a_chain_of_a_million_scalars():
    x = gg.Scalar(1.0, requires_grad=True)
    y = x
    for _ in range(MILLION // 2):
        y = y * 1.000001
        y = y + 1e-6
    y.backward()
    assert x.grad == pytest.approx(1.000001 ** (MILLION // 2), rel=1e-9)
    del y


@pytest.mark.parametrize("build", [
    lambda x: -x, gg.tanh, lambda x: x + x, lambda x: x.reshape(1).reshape(()), lambda x: gg.stack([x, x]).mean(),
    lambda x: gg.split(x.reshape(1), 1)[0].reshape(()), lambda x: x.reshape(1)[0], lambda x: gg.maximum(x, 0.5),
], ids=["negative", "tanh", "twice", "reshape", "list input", "several outputs", "index", "maximum"])  # fmt: skip
def test_a_deep_chain_of_each_sort(build):
    x = gg.tensor(0.5, dtype="float64", requires_grad=True)
    y = x
    for _ in range(5000):
        y = build(y)
        if y.item() > 1e200:
            y = y * 1e-200
    y.backward()
    assert x.grad is not None
    del y


def test_a_deep_chain_in_a_recorded_pass():
    x = gg.tensor(1.0, dtype="float64", requires_grad=True)
    y = x
    for _ in range(3000):
        y = gg.sin(y)
    (g,) = gg.grad(y, x, create_graph=True)
    (h,) = gg.grad(g, x)
    # The derivatives of the iterated sine by its recurrences.
    value, first, second = 1.0, 1.0, 0.0
    for _ in range(3000):
        value, first, second = np.sin(value), np.cos(value) * first, np.cos(value) * second - np.sin(value) * first**2
    assert (g.item(), h.item()) == (pytest.approx(first, rel=1e-9), pytest.approx(second, rel=1e-9))
    del g, y


@pytest.mark.parametrize("number", [gg.Scalar, gg.tensor], ids=["Scalar", "Tensor"])
def test_a_diamond_with_a_path_for_every_choice(number):
    """2⁶⁰ paths: each vertex must be visited once."""
    x = (
        gg.Scalar(1.0, requires_grad=True)
        if number is gg.Scalar
        else gg.tensor(1.0, dtype="float64", requires_grad=True)
    )
    y = x
    start = time.perf_counter()
    for _ in range(60):
        y = y * y
    y.backward()
    # y = x^(2^60), at 1 the slope is 2^60, exactly.
    assert (x.grad if number is gg.Scalar else x.grad.item()) == 2.0**60
    z = x
    for _ in range(60):
        z = z + z
    x.grad = None
    z.backward()
    assert (x.grad if number is gg.Scalar else x.grad.item()) == 2.0**60
    assert time.perf_counter() - start < 1


def test_a_hundred_thousand_leaves():
    leaves = [gg.tensor(float(i), requires_grad=True) for i in range(100_000)]
    total = gg.stack(leaves)
    weights = np.arange(100_000, dtype="f4")
    (total * weights).sum().backward()
    assert [leaf.grad.item() for leaf in leaves[::9999]] == list(range(0, 100_000, 9999))


def test_dropping_a_large_graph_without_backward():
    x = gg.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y + x
    start = time.perf_counter()
    del y
    assert time.perf_counter() - start < 1


@gg.update(mutates=("w", "velocity"))
def momentum_step_(w, velocity, gradient, rate):
    """One step of gradient descent with momentum."""
    velocity *= 0.9
    velocity += gradient
    w -= rate * velocity


@pytest.mark.slow
@pytest.mark.parametrize("steps", [10_000])
def test_training_does_not_grow(steps):
    """Ten thousand steps of a small network, without the garbage collector: not one step is kept."""
    gg.manual_seed(0)
    rng = np.random.default_rng(0)
    data = rng.standard_normal((32, 4)).astype("f4")
    labels = (data[:, 0] * data[:, 1] > 0).astype("f4").reshape(-1, 1)
    parameters = [
        gg.tensor((rng.standard_normal(shape) * 0.5).astype("f4"), requires_grad=True, name=name)
        for name, shape in (("w1", (4, 16)), ("b1", (16,)), ("w2", (16, 1)), ("b2", (1,)))
    ]
    velocities = [gg.zeros_like(p) for p in parameters]
    w1, b1, w2, b2 = parameters
    running = gg.zeros(())
    losses = []

    def step():
        loss = ((gg.sigmoid(gg.tanh(data @ w1 + b1) @ w2 + b2) - labels) ** 2).mean()
        for p in parameters:
            p.grad = None
        loss.backward()
        for p, v in zip(parameters, velocities, strict=True):
            with gg.no_grad():
                momentum_step_(p, v, p.grad, 0.1)
        running.copy_(running * 0.9 + loss.detach() * 0.1)
        return loss.item()

    for _ in range(100):
        losses.append(step())
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        for _ in range(100):
            step()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(steps // 10):
            step()
        middle = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()  # tracing makes it slow; the rest is judged by what the collector finds
        for _ in range(steps - steps // 10):
            last = step()
        unreachable = gc.collect()
    finally:
        tracemalloc.stop()
        gc.enable()
    # Python's own free lists take some 100 kB before they are full; one kept step would be 10 kB, so 10 MB here.
    assert middle - before < 300_000, f"{middle - before} bytes kept by {steps // 10} steps"
    assert unreachable < 100
    assert last < losses[0] / 5, "and it learns"


@pytest.mark.slow
def test_resident_memory_is_flat():
    resource = pytest.importorskip("resource")
    x = gg.tensor(np.ones((200, 200), "f4"), requires_grad=True)

    def step():
        x.grad = None
        gg.tanh(x @ x * 1e-3).sum().backward()

    gc.disable()
    try:
        for _ in range(200):
            step()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for _ in range(1500):
            step()
        growth = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    finally:
        gc.enable()
    assert growth < 8 * 1024 * (1024 if sys.platform == "darwin" else 1), f"{growth} more at the peak"
