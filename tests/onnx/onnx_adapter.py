"""ONNX's backend node tests, run on this library: stored outputs, and gradients against differences."""

from __future__ import annotations

import dataclasses
import warnings
from collections import Counter
from typing import Any

import numpy as np
import onnx
import onnx_operators as operators
from onnx.backend.test.loader import load_model_tests
from onnx_operators import UnsupportedError

import glassgrad as gg

# The graph of the test is a node with an operator, or (names ending in "_expanded...") the operator's definition.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    TESTS = {test.name: test for test in load_model_tests(kind="node")}
STEP, JITTER = 1e-6, 5e-3
NUMBERS = {"bool", "float16", "float32", "float64", *(f"{u}int{n}" for u in ("", "u") for n in (8, 16, 32, 64))}


class DifferenceError(Exception):
    """The result is not the stored one; the message says in what."""


@dataclasses.dataclass
class Outcome:
    """What became of one test."""

    state: str  # passed, failed or unsupported
    reason: str = ""
    gradient: bool = False


def run(test: Any) -> Outcome:
    """Run one test: its output and, where there is one, its gradient."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return _run(test)
    except UnsupportedError as reason:
        return Outcome("unsupported", str(reason))
    except DifferenceError as difference:
        return Outcome("failed", str(difference))
    except Exception as error:
        return Outcome("failed", f"{type(error).__name__}: {error}")


def _run(test: Any) -> Outcome:
    graph = test.model.graph
    versions = {imported.domain: imported.version for imported in test.model.opset_import}
    opset = versions.get("", versions.get("ai.onnx", 0))
    gradient = False
    for stored, expected in test.data_sets:
        arrays = [_array(a) for a in stored]
        outputs = evaluate(graph, opset, [None if a is None else gg.tensor(a) for a in arrays])
        for name, got, want in zip((o.name for o in graph.output), outputs, expected, strict=True):
            _compare(got, _array(want), name, test.rtol, test.atol)
        gradient = _check_gradient(graph, opset, arrays, len(expected)) or gradient
    return Outcome("passed", gradient=gradient)


def _array(value: Any) -> Any:
    if isinstance(value, onnx.TensorProto):
        value = onnx.numpy_helper.to_array(value)
    if value is None:
        raise UnsupportedError("optional values")
    if isinstance(value, list | dict) or not isinstance(value, np.ndarray | np.generic):
        raise UnsupportedError("sequences")
    array = np.asarray(value)
    if array.dtype.name not in NUMBERS:
        raise UnsupportedError({"c": "complex", "O": "strings", "U": "strings"}.get(array.dtype.kind, array.dtype.name))
    return array


def evaluate(graph: Any, opset: int, inputs: list[Any]) -> list[Any]:
    """Return the outputs of a graph, node by node."""
    values: dict[str, Any] = {"": None}
    for initial in graph.initializer:
        values[initial.name] = gg.tensor(_array(initial))
    values.update({i.name: v for i, v in zip(graph.input, inputs, strict=True)})
    for node in graph.node:
        if node.domain not in ("", "ai.onnx"):
            raise UnsupportedError(f"domain {node.domain}")
        attributes = {a.name: _attribute(a) for a in node.attribute}
        attributes["outputs"] = len(node.output)
        if node.op_type == "Constant":
            out = _constant(attributes)
        elif node.op_type in operators.OPERATORS:
            out = operators.OPERATORS[node.op_type]([values[n] for n in node.input], attributes, opset)
        else:
            raise UnsupportedError(f"operator {node.op_type}")
        out = out if isinstance(out, tuple) else (out,)
        values.update(zip(node.output, out, strict=False))
    return [values[o.name] for o in graph.output]


def _attribute(attribute: Any) -> Any:
    value = onnx.helper.get_attribute_value(attribute)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, onnx.TensorProto):
        return _array(value)
    if isinstance(value, onnx.GraphProto):
        raise UnsupportedError("control flow")
    return [v.decode() if isinstance(v, bytes) else v for v in value] if isinstance(value, list) else value


def _constant(attributes: dict[str, Any]) -> Any:
    name, value = next((n, v) for n, v in attributes.items() if n != "outputs")
    if name == "value":
        return gg.tensor(value)
    return gg.tensor(np.array(value, {"i": np.int64, "f": np.float32}[np.asarray(value).dtype.kind]))


def _compare(got: Any, want: np.ndarray, name: str, rtol: float, atol: float) -> None:
    if not isinstance(got, gg.Tensor):
        raise DifferenceError(f"{name} is a {type(got).__name__}, not a Tensor")
    if got.shape != want.shape or got.dtype != want.dtype:
        raise DifferenceError(f"{name}: {got.dtype}{list(got.shape)}, stored {want.dtype}{list(want.shape)}")
    if want.dtype == np.float16:
        rtol = max(rtol, 2 * float(np.finfo(np.float16).eps))  # two units in the last place
    equal = np.isclose(got.numpy(), want, rtol=rtol, atol=atol, equal_nan=True)
    if not np.all(equal):
        at = tuple(int(i) for i in np.argwhere(~equal)[0])
        raise DifferenceError(
            f"{name} differs at {np.count_nonzero(~equal)} of {want.size} places, first {at}: "
            f"{got.numpy()[at]!r}, stored {want[at]!r}"
        )


def _moving(graph: Any, arrays: list[Any]) -> list[int]:
    """Return the numbers of the inputs that have a gradient."""
    node = graph.node[0]
    floating = [i for i, a in enumerate(arrays) if a.dtype.kind == "f"]
    if len(graph.node) > 1 or node.op_type not in operators.DIFFERENTIABLE:
        return floating
    places = [n for n in node.input if n]
    wanted = {node.input[i] for i in operators.DIFFERENTIABLE[node.op_type] if i < len(node.input)}
    return [i for i in floating if places[i] in wanted]


def _check_gradient(graph: Any, opset: int, arrays: list[Any], count: int) -> bool:
    """Compare the gradient along a random direction with a central difference, in float64."""
    moving = _moving(graph, arrays)
    if not moving or len(graph.node) > 1 or not any(arrays[i].size for i in moving):
        return False  # definitions are checked by value: their constants are float32
    if not all(np.all(np.isfinite(arrays[i])) for i in moving):
        return False  # at infinity there is no difference to compare with
    rng = np.random.default_rng(5)
    wide = [a.astype(np.float64) if a.dtype.kind == "f" else a for a in arrays]
    # Off the whole numbers that samples like, where there are ties and kinks.
    points = [
        w + JITTER * rng.uniform(0.5, 1, w.shape) * rng.choice([-1, 1], w.shape) if i in moving else w
        for i, w in enumerate(wide)
    ]
    directions = {i: rng.standard_normal(wide[i].shape) for i in moving}

    def at(step: float) -> list[Any]:
        return [
            gg.tensor(p + step * directions[i] if i in moving else p, requires_grad=i in moving and not step)
            for i, p in enumerate(points)
        ]

    inputs = at(0.0)
    outputs = evaluate(graph, opset, inputs)[:count]
    floating = [n for n, o in enumerate(outputs) if o.dtype == np.float64 and o.requires_grad]
    if not floating:
        return False
    weights = [rng.standard_normal(outputs[n].shape) for n in floating]
    found = gg.grad([outputs[n] for n in floating], [inputs[i] for i in moving], [gg.tensor(w) for w in weights],
                    materialize_grads=True)  # fmt: skip
    ours = sum(float(np.sum(g.numpy() * directions[i])) for g, i in zip(found, moving, strict=True))
    up, down = (evaluate(graph, opset, at(step)) for step in (STEP, -STEP))
    numerical = 0.0
    for n, w in zip(floating, weights, strict=True):
        rise = up[n].numpy() - down[n].numpy()
        if not np.all(np.isfinite(rise)):
            return False
        numerical += float(np.sum(w * rise)) / (2 * STEP)
    if not np.isclose(ours, numerical, rtol=1e-5, atol=1e-6 * (1 + np.abs(numerical)), equal_nan=True):
        raise DifferenceError(f"the gradient along a direction is {ours!r}, the difference {numerical!r}")
    return True


def kind(test: Any) -> str:
    """Return the group that the report counts a test in: its operator."""
    return "definitions" if len(test.model.graph.node) > 1 else test.model.graph.node[0].op_type


@dataclasses.dataclass
class Tally:
    """The counts of one operator."""

    passed: int = 0
    gradient: int = 0
    unsupported: Counter[str] = dataclasses.field(default_factory=Counter)
    failures: list[str] = dataclasses.field(default_factory=list)

    def as_counts(self) -> dict[str, Any]:
        """Return what is recorded."""
        return {"passed": self.passed, "gradient": self.gradient, "failed": len(self.failures),
                "unsupported": dict(sorted(self.unsupported.items()))}  # fmt: skip


KINDS = sorted({kind(test) for test in TESTS.values()})


def run_kind(wanted: str) -> Tally:
    """Run all tests of one operator."""
    tally = Tally()
    for name, test in TESTS.items():
        if kind(test) == wanted:
            outcome = run(test)
            if outcome.state == "passed":
                tally.passed += 1
                tally.gradient += outcome.gradient
            elif outcome.state == "unsupported":
                tally.unsupported[outcome.reason] += 1
            else:
                tally.failures.append(f"{name}: {outcome.reason}")
    return tally
