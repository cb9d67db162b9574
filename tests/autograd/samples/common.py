"""What a sample is, values that are fit to be differentiated, and all samples of all operations.

Tests cannot import each other; tests/conftest.py makes this file a module, ``glassgrad_samples``.
"""

import importlib.util
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import glassgrad as gg

FOLDER = Path(__file__).parent
REGISTRY = gg.autograd.REGISTRY
ELEMENTWISE = ("elementwise", "predicate")
LAYOUTS = ("contiguous", "non-contiguous", "negative stride")
SHAPES = {
    "0-d": [(), (), ()],
    "empty": [(0, 3), (3,), ()],
    "broadcast": [(3, 1), (2, 1, 4), (1, 4)],
    "matrix": [(3, 4), (3, 4), (3, 4)],
}


@dataclass
class Sample:
    """One call: inputs by name (arrays, a list of arrays, or None), static arguments by name.

    ``keeps_dtype`` is False where the operation changes the dtype, ``smooth`` where it rounds, so that difference
    quotients say nothing.
    """

    label: str
    inputs: dict[str, Any]
    static: dict[str, Any] = field(default_factory=dict)
    keeps_dtype: bool = True
    smooth: bool = True


def spaced(
    rng: np.random.Generator, *shape: int, low: float = 0.25, high: float = 2.25, signs: bool = True
) -> np.ndarray:
    """Return values of the given shape that differ by at least their even spacing, in random order."""
    n = int(np.prod(shape))
    values = rng.permutation(np.linspace(low, high, n)) if n else np.empty(0)
    if signs:
        values = values * rng.choice([-1.0, 1.0], n)
    return values.reshape(shape)


# -- all samples -----------------------------------------------------------------------------------------------

SAMPLES: dict[str, Callable[[np.random.Generator], list[Sample]]] = {}
COMPOSED_SAMPLES: dict[str, Callable[[np.random.Generator], list[Sample]]] = {}
NO_EMPTY: dict[str, str] = {}
STATIC: dict[str, dict[str, Any]] = {}


def load() -> None:
    """Fill the tables from the files of this folder."""
    for path in sorted(FOLDER.glob("*.py")):
        if path.stem == "common":
            continue
        spec = importlib.util.spec_from_file_location(f"glassgrad_samples_{path.stem}", path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for name in ("SAMPLES", "COMPOSED_SAMPLES", "NO_EMPTY", "STATIC"):
            table, more = globals()[name], getattr(module, name, {})
            assert not table.keys() & more.keys(), f"{path.name} repeats {sorted(table.keys() & more.keys())} of {name}"
            table.update(more)


def inside(start: float, end: float) -> tuple[float, float]:
    """Return an interval of length 2, or what there is, well inside the given one, one end of which may be infinite."""
    margin = min(0.25, (end - start) / 4)
    if start == -math.inf:
        return min(end - margin - 2, 0.25), min(end - margin, 2.25)
    return start + margin, min(start + margin + 2, end - margin)


def elementwise_samples(primitive: Any, rng: np.random.Generator) -> list[Any]:
    low, high, signs = 0.25, 2.25, True
    if primitive.domain is not None:
        low, high, signs = *inside(*primitive.domain), False
    missing = [
        n
        for n in primitive.static_names
        if primitive.signature.parameters[n].default is primitive.signature.parameters[n].empty
        and n not in STATIC.get(primitive.name, {})
    ]
    if missing:
        return []  # the test that every primitive has samples says what to do
    result = []
    for label, shapes in SHAPES.items():
        shapes = [shapes[i % 3] for i in range(len(primitive.input_names))]
        sizes = [math.prod(s) for s in shapes]
        # One draw for all inputs, so that no two elements tie, whatever meets whatever.
        values = spaced(rng, sum(sizes), low=low, high=high, signs=signs)
        parts = np.split(values, np.cumsum(sizes)[:-1])
        inputs = {
            name: part.reshape(shape)
            if name in primitive.differentiable or primitive.kind == "predicate"
            else rng.random(shape) > 0.5
            for name, part, shape in zip(primitive.input_names, parts, shapes, strict=True)
        }
        result.append(Sample(label, inputs, STATIC.get(primitive.name, {})))
    return result


def samples_of(primitive: Any) -> list[Any]:
    rng = np.random.default_rng(abs(hash_of(primitive.name)))
    make = SAMPLES.get(primitive.name)
    if make is not None:
        return make(rng)
    return elementwise_samples(primitive, rng) if primitive.kind in ELEMENTWISE else []


def hash_of(text: str) -> int:
    return int.from_bytes(text.encode(), "little") % 2**32


def laid_out(array: np.ndarray, layout: str) -> np.ndarray:
    """Return an array of the same values in another arrangement of memory."""
    if layout == "non-contiguous":
        view = np.zeros((*array.shape[::-1], 2), array.dtype)[..., 0].T
        view[...] = array
        return view
    if layout == "negative stride":
        reverse = (slice(None, None, -1),) * array.ndim
        return array[reverse].copy()[reverse] if array.ndim else array
    return array


def prepared(sample: Any, dtype: str, layout: str = "contiguous") -> dict[str, Any]:
    def one(value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, list):
            return [one(v) for v in value]
        return laid_out(value.astype(dtype) if value.dtype.kind == "f" else value, layout)

    return {name: one(value) for name, value in sample.inputs.items()}


def flat(values: Any) -> list[Any]:
    """Return the arrays or tensors among named inputs, lists opened."""
    return [v for value in values.values() for v in (value if isinstance(value, list) else [value]) if v is not None]


# -- as tensors -----------------------------------------------------------------------------------------------


def leaf(array: np.ndarray, wanted: bool) -> Any:
    """Return a tensor on this very memory, so that the layout reaches the kernel."""
    return gg.Tensor(array, requires_grad=wanted and array.dtype.kind == "f", copy=False)


def tensors(primitive: Any, inputs: dict[str, Any]) -> dict[str, Any]:
    return {
        name: None
        if value is None
        else [leaf(v, name in primitive.differentiable) for v in value]
        if isinstance(value, list)
        else leaf(value, name in primitive.differentiable)
        for name, value in inputs.items()
    }


def leaves(handles: dict[str, Any]) -> list[Any]:
    return [t for t in flat(handles) if t.requires_grad]


def outputs(result: Any) -> list[Any]:
    return list(result) if isinstance(result, tuple | list) else [result]


def floating(result: Any) -> list[Any]:
    """Return the outputs that can have a gradient, without the indices that come with some."""
    return [r for r in outputs(result) if r.dtype.kind == "f"]


class Composed:
    """A composed operation, as far as the tests of gradients ask: its float inputs are its differentiable ones."""

    def __init__(self, name: str, sample: Any) -> None:
        self.name = name
        self.function = gg.autograd.COMPOSED[name]
        self.input_names = tuple(sample.inputs)
        kinds = {n: {a.dtype.kind for a in flat({n: v})} for n, v in sample.inputs.items()}
        self.differentiable = tuple(n for n, found in kinds.items() if "f" in found)


def composed_cases() -> list[Any]:
    return [
        pytest.param(Composed(name, sample), sample, layout, id=f"{name}-{sample.label}-{layout}")
        for name, make in COMPOSED_SAMPLES.items()
        for sample in make(np.random.default_rng(hash_of(name)))
        for layout in LAYOUTS[:1] + LAYOUTS[2:]
    ]


load()
