"""Training steps of whole networks against PyTorch, alternating in one process, with 1 and 2 threads.

A step is zero_grad, forward, cross entropy, backward, and SGD with momentum 0.9, on float32 images of random numbers.
PyTorch runs at its best of contiguous and channels_last memory, with its fused optimiser where that is faster.

Run: ``python benchmarks/training.py`` (needs PyTorch and threadpoolctl).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from timing import Result, compare, table

import glassgrad as gg
from glassgrad import nn, optim


def _mlp(module: Any) -> Any:
    return module.Sequential(
        module.Linear(784, 256), module.ReLU(), module.Linear(256, 128), module.ReLU(), module.Linear(128, 10)
    )


def _convnet(module: Any) -> Any:
    return module.Sequential(
        module.Conv2d(1, 30, 5), module.ReLU(), module.MaxPool2d(2), module.Flatten(), module.Linear(4320, 100),
        module.ReLU(), module.Linear(100, 10),
    )  # fmt: skip


def _batch(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.standard_normal(shape).astype(np.float32), rng.integers(0, 10, shape[0])


def ours(build: Callable[[Any], Any], shape: tuple[int, ...]) -> Callable[[], object]:
    """Return one training step of this library."""
    x, t = (gg.tensor(a) for a in _batch(shape))
    model = build(nn)
    optimizer = optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

    def step() -> None:
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), t).backward()
        optimizer.step()

    return step


def torch_versions(build: Callable[[Any], Any], shape: tuple[int, ...]) -> dict[str, Callable[[], object]]:
    """Return the same step for PyTorch's layouts and optimisers."""
    import torch

    x_array, t_array = _batch(shape)
    found: dict[str, Callable[[], object]] = {}
    for layout in ("contiguous", "channels_last") if len(shape) == 4 else ("contiguous",):
        for fused in (False, True):
            model = build(torch.nn)
            x, t = torch.tensor(x_array), torch.tensor(t_array)
            if layout == "channels_last":
                model = model.to(memory_format=torch.channels_last)
                x = x.to(memory_format=torch.channels_last)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, fused=fused)

            def step(model: Any = model, x: Any = x, t: Any = t, optimizer: Any = optimizer) -> None:
                optimizer.zero_grad()
                torch.nn.functional.cross_entropy(model(x), t).backward()
                optimizer.step()

            found[f"PyTorch, {layout}{', fused SGD' if fused else ''}"] = step
    return found


NETWORKS: list[tuple[str, Callable[[Any], Any], tuple[int, ...]]] = [
    ("MLP 784-256-128-10, batch 64", _mlp, (64, 784)),
    ("MLP 784-256-128-10, batch 512", _mlp, (512, 784)),
    ("SimpleConvNet 28×28, batch 100", _convnet, (100, 1, 28, 28)),
]


def measure(rounds: int = 9, threads: tuple[int, ...] = (1, 2)) -> list[tuple[str, list[Result]]]:
    """Return (title, results) for every network and number of threads."""
    import torch
    from threadpoolctl import threadpool_limits

    measured = []
    for count in threads:
        torch.set_num_threads(count)
        with threadpool_limits(count):
            for name, build, shape in NETWORKS:
                versions = {"glassgrad": ours(build, shape), **torch_versions(build, shape)}
                title = f"{name}, {count} thread{'s' if count > 1 else ''}"
                measured.append((title, compare(versions, "glassgrad", rounds, target_seconds=0.1)))
    return measured


if __name__ == "__main__":
    for title, results in measure():
        print(table(title, results, "ms a step", 1e3, "glassgrad"))
