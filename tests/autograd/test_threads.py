"""Graphs and threads: a graph may cross them, private graphs do not disturb each other, shared leaves lose nothing."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np

import glassgrad as gg

THREADS = 8


def run_together(function, arguments):
    """Run ``function`` once per argument, all at the same time, and return the results in order."""
    barrier = threading.Barrier(len(arguments))

    def start(argument):
        barrier.wait()
        return function(argument)

    with ThreadPoolExecutor(len(arguments)) as pool:
        return list(pool.map(start, arguments))


def in_thread(function):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function).result()


def test_a_graph_across_two_threads():
    """Numbers drawn per thread would order this graph wrongly and lose gradients without a word."""
    x = gg.tensor(3.0, requires_grad=True)
    for _ in range(50):
        x * 2  # the main thread is ahead in the count
    a = in_thread(lambda: gg.exp(in_thread(lambda: x * x) * 0.1))
    b = a * x
    c = in_thread(lambda: (b + a).sum())
    in_thread(c.backward)
    expected = np.exp(0.9) * (0.6 * 4 + 1)
    assert x.grad.item() == np.float32(expected) or abs(x.grad.item() - expected) < 1e-5


def test_a_graph_across_two_threads_in_turns():
    x = gg.tensor(1.0, dtype="float64", requires_grad=True)
    with ThreadPoolExecutor(1) as first, ThreadPoolExecutor(1) as second:
        y = x
        for i in range(100):
            y = (first if i % 2 else second).submit(lambda y=y: y * 1.01 + x * 0.01).result()
    y.backward()
    # yₙ = aⁿ·x + 0.01·x·(aⁿ − 1)/(a − 1) with a = 1.01, so the slope is aⁿ + aⁿ − 1.
    assert abs(x.grad.item() - (2 * 1.01**100 - 1)) < 1e-12


def train(seed):
    rng = np.random.default_rng(seed)
    w1 = gg.tensor(rng.standard_normal((4, 8)).astype("f4"), requires_grad=True)
    w2 = gg.tensor(rng.standard_normal((8, 1)).astype("f4"), requires_grad=True)
    data, labels = rng.standard_normal((16, 4)).astype("f4"), rng.standard_normal((16, 1)).astype("f4")
    for _ in range(25):
        loss = ((gg.tanh(data @ w1) @ w2 - labels) ** 2).mean()
        w1.grad = w2.grad = None
        loss.backward()
        with gg.no_grad():
            w1 -= 0.05 * w1.grad
            w2 -= 0.05 * w2.grad
    return w1.numpy().tobytes() + w2.numpy().tobytes()


def test_private_graphs_equal_serial_ones_bit_for_bit():
    serial = [train(seed) for seed in range(THREADS)]
    assert run_together(train, range(THREADS)) == serial
    assert len(set(serial)) == THREADS


def test_no_gradient_is_lost_on_a_shared_leaf():
    x = gg.tensor([1.0, 2.0, 3.0], requires_grad=True)

    def work(_):
        for _ in range(200):
            (x * 1.0).sum().backward()

    run_together(work, range(THREADS))
    np.testing.assert_array_equal(x.grad.numpy(), [1600.0] * 3)


def test_no_gradient_is_lost_on_a_shared_scalar():
    x = gg.Scalar(2.0, requires_grad=True)

    def work(_):
        for _ in range(200):
            (x * 1.0).backward()

    run_together(work, range(THREADS))
    assert x.grad == 1600.0


def test_the_seed_is_shared_safely():
    gg.manual_seed(5)
    serial = sorted(gg.rand(4).numpy().tobytes() for _ in range(40))
    gg.manual_seed(5)
    parallel = run_together(lambda _: [gg.rand(4).numpy().tobytes() for _ in range(10)], range(4))
    assert sorted(b for batch in parallel for b in batch) == serial


def test_recording_is_on_in_a_new_thread():
    with gg.no_grad():
        assert in_thread(gg.is_grad_enabled)
        assert not gg.is_grad_enabled()
    seen = []
    release = threading.Event()

    def other():
        with gg.no_grad():
            seen.append(gg.is_grad_enabled())
            release.wait(5)

    thread = threading.Thread(target=other)
    thread.start()
    while not seen:
        pass
    assert gg.is_grad_enabled()
    release.set()
    thread.join()
    assert gg.is_grad_enabled()
