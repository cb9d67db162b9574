"""Every operation against the plainest NumPy code that gives the same value.

Run: ``python benchmarks/composition.py [part of a name]`` (two minutes for all of them).
"""

from __future__ import annotations

import gc
import inspect
import math
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import composition_arrays as arrays
import composition_network as network
import numpy as np
from threadpoolctl import threadpool_limits
from timing import compare

import glassgrad as gg

LIMIT = 1.5

FAMILIES: dict[str, dict[str, tuple[Callable[..., Any], Callable[..., Any]]]] = {
    "Of one array": arrays.UNARY,
    "Of several arrays": arrays.BINARY,
    "Special functions": arrays.SPECIAL,
    "Reductions": arrays.REDUCTIONS,
    "Scans, sorting, searching": arrays.SCANS,
    "Selection": arrays.SELECTION,
    "Arranging": arrays.ARRANGING,
    "Linear algebra": network.LINEAR,
    "Activations": network.ACTIVATIONS,
    "Layers": network.LAYERS,
    "Losses": network.LOSSES,
    "Windows and images": network.WINDOWS,
    "Views": arrays.VIEWS,
}

# Why an operation takes longer than the limit. What costs less than this many seconds more is the call alone.
CALL = 60e-6
CALL_REASON = "the call: checks of arguments, several recorded steps"
REASONS = {
    "logdet": "the call: sign and logarithm are both recorded",
    "vander": "composed of recorded steps, for a derivative of every order",
    "scaled_dot_product_attention": "several recorded steps; from 1.2 to 1.8 between runs",
    "log1p": "the same NumPy function on both sides: noise",
    "grid_sample": "composed of recorded steps: four reads, their weights and masks",
    "i0": "SciPy's, whose error in float32 is a quarter of NumPy's",
    "lerp": "computed from the nearer end, so that weights 0 and 1 give the ends exactly",
    "multi_margin_loss": "labels are checked, and steps recorded that NumPy does in place",
    "multilabel_margin_loss": "labels are checked, and steps recorded that NumPy does in place",
    "binary_cross_entropy": "inputs and targets are checked to lie in [0, 1], and log(1 − x) keeps all digits",
    "adaptive_max_pool1d": "the places of the largest elements are found, too, for backward",
    "adaptive_max_pool2d": "the places of the largest elements are found, too, for backward",
    "adaptive_max_pool3d": "the places of the largest elements are found, too, for backward",
    "cholesky": "one triangle is made symmetric, so that the gradient is",
    "cholesky_inverse": "solves with the triangle, which loses fewer digits than inverting the product",
    "cholesky_solve": "each triangle is cut out and its diagonal checked before LAPACK's general solver runs",
    "solve_triangular": "the triangle is cut out and its diagonal checked before LAPACK's general solver runs",
    "lstsq": "ranks and residuals are recorded, too",
}


@dataclass(frozen=True)
class Row:
    """The timing of one operation: seconds of NumPy's code on medium arrays, and (our time / NumPy's) on both sizes."""

    name: str
    seconds: float
    medium: float
    small: float


def inputs(small: bool) -> dict[str, Any]:
    """Return the arrays that the operations take, by the names of their parameters."""
    rng = np.random.default_rng(0)
    rows, columns = (4, 8) if small else (256, 400)
    shape, side, count = (rows, columns), (4 if small else 64), rows * columns
    batch, channels, pixels = (1, 4, 4) if small else (16, 8, 28)

    def distinct(*shape: int) -> Any:
        # Uniform in (−3, 3), no two equal, so that indices of sorted elements are the same everywhere.
        n = math.prod(shape)
        return ((rng.permutation(n) + 0.5) * 6 / n - 3).astype(np.float32).reshape(shape)

    def normal(*shape: int) -> Any:
        return rng.standard_normal(shape, np.float32)

    def places(high: int, *shape: int) -> Any:
        return rng.integers(0, high, shape)

    square = normal(side, side) / side**0.5 + np.eye(side, dtype=np.float32)
    spd = square @ square.T + np.eye(side, dtype=np.float32)
    fewer = (4, 5) if small else (32, 30)
    inner = (2, 3, 3) if small else (16, 40, 40)
    pool = (
        {d: (batch, channels, *(p,) * d) for d, p in ((1, 60), (2, 14), (3, 6))}
        if not small
        else {d: (1, 2, *(2,) * d) for d in (1, 2, 3)}
    )
    values: dict[str, Any] = {
        "x": distinct(*shape), "y": distinct(*shape), "z": distinct(*shape),
        "p": rng.uniform(0.2, 3, shape).astype(np.float32), "above": rng.uniform(1.1, 3, shape).astype(np.float32),
        "u": rng.uniform(-0.9, 0.9, shape).astype(np.float32), "w": rng.uniform(0.05, 0.95, shape).astype(np.float32),
        "w2": rng.uniform(0.05, 0.95, shape).astype(np.float32), "signs": np.sign(distinct(*shape)),
        "i": places(16, *shape), "j": places(16, *shape), "b": normal(*shape) > 0, "c": normal(*shape) > 0,
        "flat": places(count, count), "order": rng.permutation(count).reshape(shape), "few": np.arange(5),
        "rows": rng.permutation(rows), "columns": places(columns, rows), "places": places(columns, *shape),
        "distinct": rng.permuted(np.tile(np.arange(columns), (rows, 1)), axis=1), "rising": np.sort(distinct(100)),
        "row": distinct(columns), "row2": distinct(columns), "column": distinct(rows), "chosen": normal(*shape),
        "classes": places(columns, rows), "signed": np.sign(distinct(rows)), "one": np.full(1, 0.25, np.float32),
        "labels": np.pad(rng.permuted(np.tile(np.arange(columns), (rows, 1)), axis=1)[:, :2],
                         ((0, 0), (0, columns - 2)), constant_values=-1),
        "short": distinct(fewer[0]), "short2": distinct(fewer[0]), "points": normal(*fewer), "others": normal(*fewer),
        "cube": normal(fewer[1], fewer[1], fewer[1]), "tiny": normal(4, 4),
        "tiny2": normal(*((2, 2) if small else (80, 80))),
        "square": square, "other": normal(side, side), "spd": spd, "lower": np.linalg.cholesky(spd),
        "vector": normal(side), "tall": normal(rows, 3), "columns_of": normal(columns, 64),
        "vector_long": normal(count) / count, "vector_long2": normal(count),
        "triples": normal(count // 3, 3), "triples2": normal(count // 3, 3),
        "batch": normal(*inner), "batch2": normal(*inner), "batched": normal(*inner),
        "one_of": normal(*inner[1:]),
        "table": normal(*((8, 4) if small else (1000, 64))), "bag": places(8, 6) if small else places(1000, 1600),
        "offsets": np.arange(0, 6, 2) if small else np.arange(0, 1600, 16),
        "image": distinct(batch, channels, pixels, pixels), "pair": distinct(batch, channels // 2, pixels, pixels),
        "signal": distinct(*((1, 4, 8) if small else (16, 8, 800))),
        "volume": distinct(*((1, 4, 4, 4, 4) if small else (4, 8, 14, 14, 14))),
        "grid": rng.uniform(-1.1, 1.1, (batch, pixels, pixels, 2)).astype(np.float32), "theta": normal(batch, 2, 3),
        "patches": normal(batch, channels * 9, (pixels - 2) ** 2), "size": pixels,
    }  # fmt: skip
    for name, d in (("taps", 1), ("kernel", 2), ("kernel3", 3)):
        values[name] = normal(2 * channels, channels, *(3,) * d)
        values[f"{name}_back"] = normal(channels, 2 * channels, *(3,) * d)
    for d, shape in pool.items():
        size = math.prod(shape[2:])
        corner = np.ravel_multi_index(np.indices(shape[2:]) * 2, tuple(2 * n for n in shape[2:])).reshape(-1)
        values[f"pooled{d}"] = normal(*shape)
        values[f"found{d}"] = np.broadcast_to(corner, (*shape[:2], size)).reshape(shape).copy()
    return values


def _plain(value: Any) -> list[Any]:
    if isinstance(value, tuple | list):
        return [array for item in value for array in _plain(item)]
    return [value.numpy() if isinstance(value, gg.Tensor) else np.asarray(value)]


def versions(ours: Any, plain: Any, values: dict[str, Any]) -> dict[str, Callable[[], object]]:
    """Return both versions, ready to run on the same values; ours records, as in training."""
    names = inspect.signature(plain).parameters
    tensors = [
        gg.tensor(a, requires_grad=a.dtype.kind == "f") if isinstance(a, np.ndarray) else a
        for a in (values[name] for name in names)
    ]
    # On the same memory: how fast an array is copied depends on where it lies.
    arguments = [t.detach().numpy() if isinstance(t, gg.Tensor) else t for t in tensors]
    return {"glassgrad": lambda: ours(*tensors), "NumPy": lambda: plain(*arguments)}


def check(name: str, both: dict[str, Callable[[], object]]) -> None:
    """Raise AssertionError unless both versions give the same values."""
    mine, theirs = (_plain(both[version]()) for version in ("glassgrad", "NumPy"))
    for a, b in zip(mine, theirs, strict=True):
        assert a.shape == b.shape, f"{name}: {a.shape} is not {b.shape}"
        np.testing.assert_allclose(a, b, rtol=2e-3, atol=2e-4, err_msg=name)


def _measured(ours: Any, plain: Any, values: dict[str, Any], rounds: int, attempts: int) -> tuple[float, float]:
    """Return (our time / NumPy's) and NumPy's seconds; the best of several attempts, each on copies of its own."""
    best, seconds = math.inf, 0.0
    gc.collect()
    tried = []
    for _ in range(attempts):
        tried.append(versions(ours, plain, values))
        mine, theirs = compare(tried[-1], "NumPy", rounds, target_seconds=0.004, collect=False)
        seconds = theirs.seconds
        best = min(best, mine.ratio)
        if best < LIMIT - 0.1:
            break
    return best, seconds


def measure(rounds: int = 7, part: str = "", attempts: int = 4) -> list[tuple[str, list[Row]]]:
    """Return the rows of every family. What seems too slow is measured again: the machine may have been busy."""
    # Freed once, so large a block teaches the allocator to keep memory instead of returning it to the system each time,
    # which would cost one version or the other more than its work, by chance.
    np.empty(31 << 20, np.uint8)
    medium, small = inputs(False), inputs(True)
    measured = []
    with threadpool_limits(1):
        for family, entries in FAMILIES.items():
            found = []
            for name, (ours, plain) in entries.items():
                if part not in name:
                    continue
                check(name, versions(ours, plain, medium))
                check(f"{name}, small", versions(ours, plain, small))
                ratio, seconds = _measured(ours, plain, medium, rounds, attempts)
                found.append(Row(name, seconds, ratio, _measured(ours, plain, small, rounds, 1)[0]))
            if found:
                measured.append((family, found))
    return measured


ROWS = np.array([5, 7, 5])
PLACES = np.repeat(ROWS[:, None], 4, 1)

READS: dict[str, Callable[[Any], Any]] = {
    "x[5]": lambda x: x[5],
    "x[rows]": lambda x: x[ROWS],
    "x[2:9]": lambda x: x[2:9],
    "index_select": lambda x: gg.index_select(x, 0, gg.tensor(ROWS)),
    "embedding": lambda x: network.F.embedding(gg.tensor(ROWS), x),
    "gather": lambda x: gg.gather(x, 0, gg.tensor(PLACES)),
    "take": lambda x: gg.take(x, gg.tensor(ROWS)),
    "take_along_dim": lambda x: gg.take_along_dim(x, gg.tensor(PLACES), 0),
}


def reads(rows: int = 1_000_000) -> str:
    """Return a Markdown table of forward and backward of 1 and of 1,000 reads of one large table."""
    lines = ["### Reads of a table of 1,000,000 × 4, forward + backward", "", "| | 1 read, ms | 1,000 reads, ms |",
             "|---|---:|---:|"]  # fmt: skip
    table = gg.zeros(rows, 4, requires_grad=True)
    for name, read in READS.items():
        best = []
        for count in (1, 1000):
            times = []
            for _ in range(5):
                start = time.perf_counter()
                total = read(table).sum()
                for _ in range(count - 1):
                    total = total + read(table).sum()
                total.backward()
                times.append(time.perf_counter() - start)
                table.grad = None
            best.append(min(times) * 1e3)
        lines.append(f"| {name} | {best[0]:.2g} | {best[1]:.3g} |")
    return "\n".join([*lines, ""])


def section(measured: list[tuple[str, list[Row]]]) -> str:
    """Return the page's section: the summary, what is above the limit and why, and every table."""
    rows = [row for family, found in measured if family != "Views" for row in found]
    above = [row for row in rows if row.medium > LIMIT]
    parts = [
        f"Of {len(rows)} rows {len(rows) - len(above)} take at most {LIMIT} times NumPy's time on medium arrays, "
        f"{len(above)} take more.\nThe median is {np.median([r.medium for r in rows]):.2f}; on small arrays it is "
        f"{np.median([r.small for r in rows]):.1f}.\n",
        f"### Above {LIMIT} on medium arrays\n\n| | ours / NumPy | µs more | why |\n|---|---:|---:|---|",
    ]
    for row in sorted(above, key=lambda r: (r.medium - 1) * r.seconds, reverse=True):
        more = (row.medium - 1) * row.seconds
        why = REASONS.get(row.name, CALL_REASON if more < CALL else "")
        parts.append(f"| {row.name} | {row.medium:.2f} | {more * 1e6:.0f} | {why} |")
    return "\n".join(parts) + "\n\n" + "\n".join([reads(), *(table(title, found) for title, found in measured)])


def table(title: str, rows: list[Row]) -> str:
    """Return a Markdown table of one family."""
    lines = [f"### {title}", "", "| | NumPy, µs | ours / NumPy | small arrays |", "|---|---:|---:|---:|"]
    lines += [f"| {r.name} | {r.seconds * 1e6:.3g} | {r.medium:.2f} | {r.small:.1f} |" for r in rows]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    start = time.perf_counter()
    for title, rows in measure(part=sys.argv[1] if len(sys.argv) > 1 else ""):
        print(table(title, rows), flush=True)
    print(f"{time.perf_counter() - start:.0f} s")
