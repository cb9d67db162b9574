"""How long a sum of ten million float32 numbers takes, in every layout of memory, and how exact it is.

Each sum runs beside ``numpy.add.reduce`` on the same array, and both are held against float64 in the same run.

Run: ``python benchmarks/sums.py`` (needs nothing but this library).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from timing import compare

import glassgrad as gg
from glassgrad.autograd.core.sums import total

SIZE = 10_000_000
LIMIT = 1e-6


def layouts() -> list[tuple[str, Any, tuple[int, ...]]]:
    """Return (name, array, axes): equal numbers, for which the roundings of a sum all go in one direction."""
    values = np.full(SIZE, 0.1, np.float32)
    rows = values.reshape(-1, 10)
    return [
        ("(10⁷,)", values, (0,)),
        ("(10⁶, 10) over 0", rows, (0,)),
        ("(10⁶, 10) over 1", rows, (1,)),
        ("(10, 10⁶) over 0", values.reshape(10, -1), (0,)),
        ("(10, 10⁶) over 1", values.reshape(10, -1), (1,)),
        ("(5·10⁶, 2) over 0", values.reshape(-1, 2), (0,)),
        ("(10⁵, 100) over 0", values.reshape(-1, 100), (0,)),
        ("(10⁴, 1000) over 0", values.reshape(-1, 1000), (0,)),
        ("(10³, 10⁴) over 0", values.reshape(-1, 10_000), (0,)),
        ("(10⁶, 10) transposed, over 1", rows.T, (1,)),
        ("(10, 10⁶) in Fortran order, over 1", np.asfortranarray(values.reshape(10, -1)), (1,)),
        ("(100, 1000, 100) over 1", values.reshape(100, 1000, 100), (1,)),
        ("images (64, 10, 125, 125) over 0, 2, 3", values.reshape(64, 10, 125, 125), (0, 2, 3)),
        ("images (12500, 50, 4, 4) over 0, 2, 3", values.reshape(-1, 50, 4, 4), (0, 2, 3)),
        ("channels last (64, 125, 125, 10) over 0, 1, 2", values.reshape(64, 125, 125, 10), (0, 1, 2)),
        ("every second column of (10⁶, 10), over 0", rows[:, ::2], (0,)),
        ("90 columns of (10⁵, 100), over all", values.reshape(-1, 100)[:, :90], (0, 1)),
        ("10 numbers repeated 10⁶ times, over 0", np.broadcast_to(values[:10], rows.shape), (0,)),
    ]


def _error(found: Any, exact: Any) -> float:
    return float(np.max(np.abs(found / exact - 1)))


def section(rounds: int = 15) -> str:
    """Return the tables as Markdown.

    Raises:
        AssertionError: a sum is further from float64's than a millionth of it.
    """
    head = "| | ms | NumPy, ms | times ours | error | NumPy's error |"
    lines = ["### Sums", "", head, "|---|---:|---:|---:|---:|---:|"]
    for name, array, axes in layouts():
        exact = np.add.reduce(array, axes, np.float64)
        ours, theirs = _error(total(array, axes), exact), _error(np.add.reduce(array, axes), exact)
        assert ours <= LIMIT, (name, ours)
        timed = compare(
            {"ours": lambda a=array, x=axes: total(a, x), "NumPy": lambda a=array, x=axes: np.add.reduce(a, x)},
            "ours",
            rounds,
        )
        mine, numpy = (r.seconds * 1e3 for r in timed)
        lines.append(f"| {name} | {mine:.3g} | {numpy:.3g} | {timed[1].ratio:.2f} | {ours:.0e} | {theirs:.0e} |")
    return "\n".join([*lines, "", _gradients(rounds)])


def _gradients(rounds: int) -> str:
    """Return the table of gradients of what was broadcast over a million rows."""
    x = gg.tensor(np.full((1_000_000, 2), 0.1, np.float32))
    bias = gg.tensor([0.1, 0.2], requires_grad=True)
    operations = {
        "x + b": lambda: x + bias,
        "x · b": lambda: x * bias,
        "b.expand": lambda: bias.expand(1_000_000, 2),
        "linear": lambda: gg.nn.functional.linear(x, gg.eye(2), bias),
    }
    lines = ["### Gradients of what was broadcast over 10⁶ rows", "", "| | ms, backward | error |", "|---|---:|---:|"]
    seed = gg.full((1_000_000, 2), 0.1)
    for name, forward in operations.items():
        out = forward()
        exact = 1e6 * np.float64(np.float32(0.1)) * (np.float64(np.float32(0.1)) if "·" in name else 1)

        def backward(out: Any = out) -> Any:
            return gg.grad(out, bias, seed, retain_graph=True)[0]

        error = _error(backward().numpy(), exact)
        assert error <= LIMIT, (name, error)
        timed = compare({"ours": backward}, "ours", rounds)
        lines.append(f"| {name} | {timed[0].seconds * 1e3:.3g} | {error:.0e} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    print(section())
