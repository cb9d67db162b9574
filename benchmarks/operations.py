"""What one operation costs: a fixed mix of multiply, add and tanh, both operands differentiated.

Run: ``python benchmarks/operations.py`` (needs PyTorch; HIPS autograd and DeZero take part if they are installed).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from timing import Result, compare, table

import glassgrad as gg

LENGTH = 67
OPERATIONS = 3 * LENGTH


def _data(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.standard_normal(n).astype(np.float32), (0.5 * rng.standard_normal(n)).astype(np.float32)


def _chain(x, w, tanh):
    h = x
    for _ in range(LENGTH):
        h = tanh(h * w + x)
    return h


def versions(n: int, backward: bool) -> dict[str, Callable[[], object]]:
    """Return the same work for every library that is installed."""
    a, b = _data(n)
    found: dict[str, Callable[[], object]] = {}

    x, w = gg.tensor(a, requires_grad=True), gg.tensor(b, requires_grad=True)
    g = gg.tensor(np.ones(n, np.float32))

    def ours() -> None:
        h = _chain(x, w, gg.tanh)
        if backward:
            h.backward(g)
            x.grad = w.grad = None

    found["glassgrad"] = ours
    if not backward:
        found["NumPy alone"] = lambda: _chain(a, b, np.tanh)
    try:
        import torch

        torch.set_num_threads(1)
        tx, tw = torch.tensor(a, requires_grad=True), torch.tensor(b, requires_grad=True)
        tg = torch.ones(n)

        def pytorch() -> None:
            h = _chain(tx, tw, torch.tanh)
            if backward:
                h.backward(tg)
                tx.grad = tw.grad = None

        found["PyTorch eager"] = pytorch
    except ImportError:
        pass
    try:
        from autograd import make_vjp
        from autograd import numpy as anp

        ones = np.ones(n, np.float32)

        def hips() -> None:
            pull, _ = make_vjp(lambda args: _chain(args[0], args[1], anp.tanh))((a, b))
            if backward:
                pull(ones)

        found["HIPS autograd"] = hips
    except ImportError:
        pass
    try:
        # DeZero 0.0.13 still uses the name that NumPy removed.
        np.__dict__.setdefault("int", int)  # type: ignore[attr-defined]
        import dezero
        import dezero.functions as dezero_functions

        dx, dw = dezero.Variable(a), dezero.Variable(b)

        def dezero_step() -> None:
            h = _chain(dx, dw, dezero_functions.tanh)
            if backward:
                h.backward()
                dx.cleargrad()
                dw.cleargrad()

        found["DeZero"] = dezero_step
    except ImportError:
        pass
    return found


def measure(rounds: int = 15) -> list[tuple[str, list[Result]]]:
    """Return (title, results) for both sizes, forward alone and with backward."""
    measured = []
    for n in (16, 10_000):
        for backward in (False, True):
            what = "forward + backward" if backward else "forward"
            results = compare(versions(n, backward), "glassgrad", rounds)
            measured.append((f"One operation, n = {n:,}, {what}", results))
    return measured


if __name__ == "__main__":
    for title, results in measure():
        print(table(title, results, "µs an operation", 1e6 / OPERATIONS, "glassgrad"))
