"""PyTorch's own operator samples (``OpInfo``), run on this library.

For every sample: the same arguments, converted; the same function, found by name; then value, gradient and gradient of
the gradient are compared with PyTorch's. Each sample ends as passed, failed or unsupported with a reason; none is
left out.
"""

from __future__ import annotations

import dataclasses
import operator
import random
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
import opinfo_tables as tables
import torch
from torch.testing._internal.common_methods_invocations import op_db

import glassgrad as gg

DTYPES = ("float64", "float32", "int64", "bool")
SINGLE_WITH_DERIVATIVES = 8  # samples of an OpInfo


class UnsupportedError(Exception):
    """The sample uses something that the library does not have on purpose; the message is the reason."""


@dataclasses.dataclass
class Outcome:
    """What became of one sample."""

    state: str  # passed, failed or unsupported
    reason: str = ""
    gradient: bool = False
    second: bool = False


def full_name(op: Any) -> str:
    """Return the name of an OpInfo with its variant."""
    return f"{op.name}:{op.variant_test_name}" if op.variant_test_name else op.name


OPS = {full_name(op): op for op in op_db}


def family(op: Any) -> str:
    """Return the group that the report counts an OpInfo in."""
    for prefix in ("nn.functional", "linalg", "special"):
        if op.name.startswith(prefix + "."):
            return prefix
    kind = type(op).__name__
    return {"UnaryUfuncInfo": "elementwise, one input", "BinaryUfuncInfo": "elementwise, two inputs",
            "ReductionOpInfo": "reductions"}.get(kind, "shape, selection, products and others")  # fmt: skip


# -- finding our function ----------------------------------------------------------------------------------------


def _attribute(path: str) -> Any:
    try:
        return operator.attrgetter(path)(gg)
    except AttributeError:
        return None


def find(op: Any) -> Callable[..., Any] | None:
    """Return our function for an OpInfo, or ``None`` if there is none of the name."""
    full = full_name(op)
    key = full if full in tables.NAMES else op.name
    if key in tables.NAMES:
        return tables.NAMES[key] if _attribute(tables.NEEDS[key]) is not None else None
    function = _attribute(op.name)
    if callable(function) and not isinstance(function, type):
        return function
    if "." in op.name:
        return None
    method = next((vars(c)[op.name] for c in gg.Tensor.__mro__[:-1] if op.name in vars(c)), None)
    if method is None:
        return None
    if isinstance(method, property):
        return lambda x: getattr(x, op.name)
    return method if callable(method) else None


def find_method(op: Any) -> Callable[..., Any] | None:
    """Return the Tensor method of an OpInfo's name, if PyTorch has one too and the arguments are the function's."""
    if op.method_variant is None or op.name in tables.NAMES or full_name(op) in tables.NAMES:
        return None
    method = vars(gg.Tensor).get(op.name)
    return method if callable(method) else None


def is_there(op: Any) -> bool:
    """Return whether an OpInfo is in scope and has a function of ours."""
    return tables.out_of_scope(full_name(op)) is None and find(op) is not None


# -- conversion --------------------------------------------------------------------------------------------------


class Conversion:
    """Copies of a sample's arguments for both libraries, with the tensors of one paired with those of the other."""

    def __init__(self) -> None:
        self.pairs: list[tuple[torch.Tensor, gg.Tensor]] = []
        self._known: dict[int, tuple[torch.Tensor, gg.Tensor]] = {}
        self._keep: list[Any] = []

    def both(self, value: Any) -> tuple[Any, Any]:
        """Return PyTorch's and our form of an argument."""
        if isinstance(value, torch.Tensor):
            return self._tensor(value)
        if isinstance(value, torch.Size):
            return value, tuple(value)
        if isinstance(value, dict):
            items = {k: self.both(v) for k, v in value.items()}
            return {k: v[0] for k, v in items.items()}, {k: v[1] for k, v in items.items()}
        if isinstance(value, list | tuple):
            items = [self.both(v) for v in value]
            return type(value)(v[0] for v in items), type(value)(v[1] for v in items)
        if isinstance(value, slice):
            start, stop, step = (self.both(v) for v in (value.start, value.stop, value.step))
            return slice(start[0], stop[0], step[0]), slice(start[1], stop[1], step[1])
        if isinstance(value, torch.dtype):
            return value, numpy_dtype(value)
        if isinstance(value, complex):
            raise UnsupportedError("complex")
        if isinstance(value, torch.Generator):
            raise UnsupportedError("generator")
        if isinstance(value, torch.memory_format | torch.layout | torch.device):
            raise UnsupportedError("storage")
        if isinstance(value, torch.nn.PairwiseDistance):
            return value, tables.pairwise_distance(value)
        if callable(value):
            raise UnsupportedError("a function of tensors")
        return value, value

    def _tensor(self, t: torch.Tensor) -> tuple[torch.Tensor, gg.Tensor]:
        if id(t) not in self._known:
            if t.layout is not torch.strided or t.is_quantized:
                raise UnsupportedError("sparse")
            if t.device.type != "cpu":
                raise UnsupportedError("device")
            theirs = t.detach().requires_grad_(t.requires_grad)
            dtype = numpy_dtype(t.dtype)
            if t.ndim > 64:
                raise UnsupportedError("over 64 axes")
            ours = gg.tensor(t.detach().numpy(force=True), dtype=dtype, requires_grad=t.requires_grad)
            self._known[id(t)] = theirs, ours
            self._keep.append(t)
            self.pairs.append((theirs, ours))
        return self._known[id(t)]


def numpy_dtype(dtype: torch.dtype) -> np.dtype[Any]:
    """Return NumPy's form of a dtype."""
    if dtype.is_complex:
        raise UnsupportedError("complex")
    name = str(dtype).removeprefix("torch.")
    try:
        return np.dtype(name)
    except TypeError:
        raise UnsupportedError(name) from None


# Arguments that say where and how memory is laid out: dropped if they ask for what we have anyway.
PLAIN = {"device": ("cpu", torch.device("cpu"), None), "layout": (torch.strided, None), "pin_memory": (False, None),
         "memory_format": (torch.preserve_format, torch.contiguous_format)}  # fmt: skip


def plain(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the keyword arguments without those that only say that memory is as it always is here."""
    kept = {}
    for name, value in kwargs.items():
        if name in PLAIN:
            if not any(value is p or (isinstance(value, str) and value == p) or
                       (isinstance(value, torch.device) and value == p) for p in PLAIN[name]):  # fmt: skip
                raise UnsupportedError("device" if name == "device" else "storage")
        else:
            kept[name] = value
    if kept.get("out") is not None:
        raise UnsupportedError("out=")
    return kept


# -- wrappers: OpInfo's own projections onto the inputs where an operation is defined ------------------------------


def _on_hermitian(call: Callable[..., Any], input: Any, *args: Any, **kwargs: Any) -> Any:
    return call(input + input.mT, *args, **kwargs)


def _on_triangle(call: Callable[..., Any], input: Any, *args: Any, upper: bool = False, **kwargs: Any) -> Any:
    n = input.shape[-1]
    if isinstance(input, torch.Tensor):
        unit = torch.eye(n, dtype=input.dtype)
        keep = (torch.ones(n, n).triu(1) if upper else torch.ones(n, n).tril(-1)).to(input.dtype)
    else:
        unit = gg.eye(n, dtype=input.dtype)
        keep = gg.tensor(np.triu(np.ones((n, n)), 1) if upper else np.tril(np.ones((n, n)), -1), dtype=input.dtype)
    return call(input * keep + unit, *args, upper=upper, **kwargs)


def _on_triangular_factor(
    call: Callable[..., Any], input: Any, factor: Any, *args: Any, upper: bool = False, **kwargs: Any
) -> Any:
    return call(input, factor.triu() if upper else factor.tril(), *args, upper=upper, **kwargs)


def _on_simplex(call: Callable[..., Any], input: Any, *args: Any, **kwargs: Any) -> Any:
    return call(input.log_softmax(2), *args, **kwargs)


WRAPPERS: dict[str, Callable[..., Any]] = {
    "gradcheck_wrapper_hermitian_input": _on_hermitian,
    "gradcheck_wrapper_triangular_input_real_positive_diagonal": _on_triangle,
    "gradcheck_wrapper_ctc_loss": _on_simplex,
    "cholesky_solve": _on_triangular_factor,  # for these the wrapper is nameless
    "triangular_solve": _on_triangular_factor,
}


# -- comparison --------------------------------------------------------------------------------------------------


class DifferenceError(Exception):
    """The two libraries disagree; the message says in what."""


def flatten(value: Any) -> list[Any]:
    """Return the leaves of nested lists and tuples; tuples of numbers (shapes) are leaves."""
    if isinstance(value, torch.Size) or (
        isinstance(value, list | tuple) and value and all(isinstance(v, int) for v in value)
    ):
        return [tuple(value)]
    if isinstance(value, list | tuple):
        return [leaf for item in value for leaf in flatten(item)]
    return [value]


def compare(ours: Any, theirs: torch.Tensor, what: str, tolerance: Callable[[str], tuple[float, float]]) -> None:
    """Raise DifferenceError unless our tensor has the shape, dtype and values of theirs."""
    if not isinstance(ours, gg.Tensor):
        raise DifferenceError(f"{what} is a {type(ours).__name__}, not a Tensor")
    if tuple(ours.shape) != tuple(theirs.shape):
        raise DifferenceError(f"{what} has shape {tuple(ours.shape)}, PyTorch's {tuple(theirs.shape)}")
    expected = numpy_dtype(theirs.dtype)
    if ours.dtype != expected:
        raise DifferenceError(f"{what} has dtype {ours.dtype}, PyTorch's {expected}")
    a, b = ours.numpy(), theirs.detach().numpy(force=True)
    if expected.kind != "f":
        wrong = a != b
    else:
        rtol, atol = tolerance(expected.name)
        finite = np.abs(b[np.isfinite(b)])
        scale = max(1.0, float(finite.max(initial=0)))
        with np.errstate(all="ignore"):
            wrong = ~np.isclose(a, b, rtol=rtol, atol=atol * scale, equal_nan=True)
    if np.any(wrong):
        at = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise DifferenceError(
            f"{what} differs at {np.count_nonzero(wrong)} of {a.size} places, first {at}: "
            f"{a[at]!r}, PyTorch's {b[at]!r}"
        )


def _fields(result: Any) -> list[str]:
    names = getattr(type(result), "__match_args__", ()) if type(result).__module__ == "torch.return_types" else ()
    return [n for n in names if not n.startswith("_")]


def compare_results(
    ours: Any, theirs: Any, tolerance: Callable[[str], tuple[float, float]], values: bool = True
) -> list[tuple[gg.Tensor, torch.Tensor]]:
    """Compare results of any structure and return the pairs of floating-point tensors that have a gradient."""
    for name in _fields(theirs):
        if not hasattr(ours, name):
            raise DifferenceError(f"the result has no field {name!r}")
    a, b = flatten(ours), flatten(theirs)
    if len(a) != len(b):
        raise DifferenceError(f"{len(a)} results, PyTorch gives {len(b)}")
    pairs = []
    for i, (x, y) in enumerate(zip(a, b, strict=True)):
        what = "the result" if len(a) == 1 else f"result {i}"
        if isinstance(y, torch.Tensor):
            if y.dtype.is_complex:
                raise UnsupportedError("complex")
            if values:
                compare(x, y, what, tolerance)
            elif not isinstance(x, gg.Tensor) or x.shape != tuple(y.shape) or x.dtype != numpy_dtype(y.dtype):
                raise DifferenceError(
                    f"{what}: {getattr(x, 'shape', x)} {getattr(x, 'dtype', '')}, PyTorch's {y.shape} {y.dtype}"
                )
            if y.requires_grad and values:
                if not x.requires_grad:
                    raise DifferenceError(f"{what} does not require a gradient, PyTorch's does")
                pairs.append((x, y))
        elif isinstance(y, torch.dtype):
            if x != numpy_dtype(y):
                raise DifferenceError(f"{what} is {x}, PyTorch's {y}")
        elif isinstance(y, complex):
            raise UnsupportedError("complex")
        elif values and not (x == y or (x != x and y != y) or (isinstance(y, float) and np.isclose(x, y, rtol=1e-6))):
            raise DifferenceError(f"{what} is {x!r}, PyTorch's {y!r}")
    return pairs


# -- one sample --------------------------------------------------------------------------------------------------


def describe(value: Any) -> str:
    """Return an argument as a failure shows it: tensors by dtype and shape."""
    if isinstance(value, torch.Tensor):
        return f"{str(value.dtype).removeprefix('torch.')}{list(value.shape)}{'∇' if value.requires_grad else ''}"
    if isinstance(value, list | tuple) and not isinstance(value, torch.Size):
        return "(" + ", ".join(map(describe, value)) + ")"
    if isinstance(value, dict):
        return ", ".join(f"{k}={describe(v)}" for k, v in value.items())
    return str(value) if isinstance(value, torch.dtype | torch.Size) else repr(value)


def describe_sample(sample: Any) -> str:
    """Return a sample's arguments in one line."""
    parts = [describe(sample.input), *map(describe, sample.args)] + ([describe(sample.kwargs)] if sample.kwargs else [])
    return "(" + ", ".join(parts) + ")"


def run_sample(op: Any, function: Callable[..., Any], sample: Any, *, derivatives: bool = True) -> Outcome:
    """Run one sample through both libraries and compare."""
    try:
        return _run(op, function, sample, derivatives)
    except UnsupportedError as reason:
        return Outcome("unsupported", str(reason))
    except DifferenceError as difference:
        return Outcome("failed", str(difference))
    except Exception as error:
        return Outcome("failed", f"{type(error).__name__}: {error}")


def _reference(call: Callable[..., Any]) -> Any:
    try:
        return call()
    except Exception as error:
        raise UnsupportedError("PyTorch raises") from error


def _run(op: Any, function: Callable[..., Any], sample: Any, derivatives: bool) -> Outcome:
    name = full_name(op)
    if (reason := tables.unsupported(name, sample.input, sample.args, sample.kwargs)) is not None:
        raise UnsupportedError(reason)
    conversion = Conversion()
    their_kwargs = dict(sample.kwargs)
    their_input, our_input = conversion.both(sample.input)
    their_args, our_args = conversion.both(tuple(sample.args))
    kept_theirs, our_kwargs = conversion.both(plain(their_kwargs))
    their_kwargs.update(kept_theirs)
    before = [t.detach().clone() for t, _ in conversion.pairs]
    wrapper = WRAPPERS.get(op.gradcheck_wrapper.__name__) or WRAPPERS.get(op.name, lambda call, *a, **k: call(*a, **k))
    process = sample.output_process_fn_grad
    theirs = _reference(lambda: wrapper(op.op, their_input, *their_args, **their_kwargs))

    def tolerance(dtype: str) -> tuple[float, float]:
        return tables.TOLERANCES.get((name, dtype), tables.TOLERANCES.get((op.name, dtype), tables.USUAL[dtype]))

    ours = wrapper(function, our_input, *our_args, **our_kwargs)
    if tables.is_random(name, sample.kwargs):
        compare_results(ours, theirs, tolerance, values=False)
        return Outcome("passed")
    if op.name in tables.TIED and their_input.dtype in (torch.int64, torch.bool) and not sample.kwargs.get("stable"):
        ours, theirs = (tables.values_at(op.name, r, sample) for r in (ours, theirs))
    ours, theirs = process(ours), process(theirs)
    pairs = compare_results(ours, theirs, tolerance)
    for (t, x), old in zip(conversion.pairs, before, strict=True):
        if not np.array_equal(old.numpy(force=True), x.numpy(), equal_nan=t.dtype.is_floating_point) or not torch.equal(
            t.detach(), old
        ):
            compare(x, t, "an argument that the operation changes", tolerance)
    if not derivatives or not pairs or name in tables.NO_GRADIENT:
        return Outcome("passed")
    second = op.supports_gradgrad and name not in tables.NO_SECOND_ORDER

    def of_derivatives(dtype: str) -> tuple[float, float]:
        return tables.SINGLE_DERIVATIVES if dtype == "float32" else tolerance(dtype)

    second = _compare_derivatives(pairs, conversion, of_derivatives, second)
    return Outcome("passed", gradient=True, second=second)


def _cotangents(like: list[torch.Tensor], rng: np.random.Generator) -> tuple[list[torch.Tensor], list[gg.Tensor]]:
    arrays = [rng.uniform(-1, 1, tuple(t.shape)) for t in like]
    theirs = [torch.from_numpy(np.asarray(a)).to(t.dtype) for a, t in zip(arrays, like, strict=True)]
    return theirs, [gg.tensor(t.numpy()) for t in theirs]


def _compare_derivatives(
    pairs: list[tuple[gg.Tensor, torch.Tensor]],
    conversion: Conversion,
    tolerance: Callable[[str], tuple[float, float]],
    second: bool,
) -> bool:
    """Compare gradients, and theirs if ``second``; return whether that could be done."""
    rng = np.random.default_rng(7)
    leaves = [(t, x) for t, x in conversion.pairs if t.requires_grad]
    their_leaves, our_leaves = [t for t, _ in leaves], [x for _, x in leaves]
    ours, theirs = [x for x, _ in pairs], [y for _, y in pairs]
    for order in ("gradient", "second derivative")[: 1 + second]:
        their_v, our_v = _cotangents(theirs, rng)
        create = second and order == "gradient"
        try:
            their_grads = torch.autograd.grad(
                theirs, their_leaves, their_v, create_graph=create, allow_unused=True, materialize_grads=True
            )
        except RuntimeError as error:
            if order == "gradient":
                raise UnsupportedError("PyTorch's gradient raises") from error
            return False  # not every backward pass of PyTorch's can be differentiated
        our_grads = gg.grad(ours, our_leaves, our_v, create_graph=create, materialize_grads=True) if ours else [
            gg.zeros_like(x) for x in our_leaves]  # fmt: skip
        for i, (a, b) in enumerate(zip(our_grads, their_grads, strict=True)):
            compare(a, b, f"the {order} by input {i}", tolerance)
        if create:
            # A gradient that is constant may be recorded by one library and not by the other: both mean zero.
            theirs, ours, constant = [], [], []
            for a, b in zip(our_grads, their_grads, strict=True):
                if b.requires_grad:
                    theirs.append(b)
                    ours.append(a)
                    constant.append(not a.requires_grad)
            if not theirs:
                return True
            if any(constant):
                ours = [a if a.requires_grad else a + _zero_of(our_leaves, a.dtype) for a in ours]
    return second


def _zero_of(leaves: list[gg.Tensor], dtype: Any) -> gg.Tensor:
    """Return a 0 that depends on a leaf, so that a constant has a gradient, namely zeros."""
    return (gg.reshape(leaves[0], (-1,))[:0].sum() * 0.0).to(dtype)


# -- one OpInfo --------------------------------------------------------------------------------------------------


def samples(op: Any, dtype: str) -> list[Any]:
    """Return an OpInfo's samples for a dtype, always the same."""
    kind = getattr(torch, dtype)
    if kind not in op.supported_dtypes("cpu"):
        return []
    seed()
    backward = op.supports_autograd and kind.is_floating_point and kind in op.supported_backward_dtypes("cpu")
    return list(op.sample_inputs("cpu", kind, requires_grad=backward))


def seed() -> None:
    """Start every source of random numbers afresh."""
    torch.manual_seed(0)
    np.random.seed(0)  # noqa: NPY002 - it is PyTorch's samples that draw from it
    random.seed(0)
    gg.manual_seed(0)


@dataclasses.dataclass
class Tally:
    """The counts of one OpInfo."""

    state: str = "there"  # there, out of scope, not there
    reason: str = ""
    samples: Counter[str] = dataclasses.field(default_factory=Counter)  # by dtype: samples that exist
    passed: Counter[str] = dataclasses.field(default_factory=Counter)  # by dtype
    gradient: int = 0
    second: int = 0
    unsupported: Counter[str] = dataclasses.field(default_factory=Counter)  # by reason
    methods: int = 0  # 1 if the method of the name passes the first sample
    errors: int = 0  # error inputs at which we raise too
    failures: list[str] = dataclasses.field(default_factory=list)


def run_op(op: Any, dtypes: Iterable[str] = DTYPES, errors: bool = True) -> Tally:
    """Run all samples of one OpInfo."""
    name, tally = full_name(op), Tally()
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        function = None
        if (reason := tables.out_of_scope(name)) is not None:
            tally.state, tally.reason = "out of scope", reason
        elif (function := find(op)) is None:
            tally.state = "not there"
        for dtype in dtypes:
            drawn = samples(op, dtype)
            tally.samples[dtype] = len(drawn)
            if function is None:
                continue
            method = find_method(op) if dtype == "float64" else None
            for i, sample in enumerate(drawn):
                seed()
                if method is not None and not i:
                    _run_method(op, method, sample, tally)
                    seed()
                derivatives = dtype == "float64" or (dtype == "float32" and i < SINGLE_WITH_DERIVATIVES)
                outcome = run_sample(op, function, sample, derivatives=derivatives)
                if outcome.state == "passed":
                    tally.passed[dtype] += 1
                    if dtype == "float64":
                        tally.gradient += outcome.gradient
                        tally.second += outcome.second
                elif outcome.state == "unsupported":
                    tally.unsupported[outcome.reason] += 1
                else:
                    where = f"{name}, {dtype} sample {i} {describe_sample(sample)}"
                    tally.failures.append(f"{where}: {outcome.reason}")
        if function is not None and errors:
            _run_errors(op, function, tally)
    return tally


def _run_method(op: Any, method: Callable[..., Any], sample: Any, tally: Tally) -> None:
    """Run a sample through the method of the function's name, where PyTorch has one too."""
    outcome = run_sample(op, method, sample, derivatives=False)
    tally.methods += outcome.state == "passed"
    if outcome.state == "failed":
        where = f"{full_name(op)}, as a method, float64 sample 0 {describe_sample(sample)}"
        tally.failures.append(f"{where}: {outcome.reason}")


# -- error inputs ------------------------------------------------------------------------------------------------

DOOR = (ValueError, TypeError, IndexError, RuntimeError, NotImplementedError)
MESSAGE = re.compile(r"\w[\w.]*(\(\))?:")


def error_samples(op: Any) -> Iterator[Any]:
    """Yield the inputs at which PyTorch says that an operation must raise."""
    seed()
    if op.error_inputs_func is not None:
        yield from op.error_inputs("cpu")


def _run_errors(op: Any, function: Callable[..., Any], tally: Tally) -> None:
    name = full_name(op)
    try:
        drawn = list(error_samples(op))
    except Exception:  # a few generators need a device
        return
    for i, error in enumerate(drawn):
        sample = error.sample_input
        where = f"{name}, error input {i} {describe_sample(sample)} [{error.error_regex[:80]}]"
        try:
            if reason := tables.unsupported_error(name, sample.input, sample.args, sample.kwargs, error.error_regex):
                raise UnsupportedError(reason)
            conversion = Conversion()
            _, input = conversion.both(sample.input)
            _, args = conversion.both(tuple(sample.args))
            _, kwargs = conversion.both(plain(dict(sample.kwargs)))
        except UnsupportedError as reason:
            tally.unsupported[f"error input: {reason}"] += 1
            continue
        try:
            function(input, *args, **kwargs)
        except DOOR as raised:
            if isinstance(raised, TypeError) and "argument" in str(raised) and "unexpected" in str(raised):
                tally.failures.append(f"{where}: {raised}")
            elif not MESSAGE.match(str(raised)):
                tally.failures.append(f"{where}: the message does not begin with an operation: {raised}")
            else:
                tally.errors += 1
        except Exception as raised:
            tally.failures.append(f"{where}: {type(raised).__name__}: {raised}")
        else:
            tally.failures.append(f"{where}: nothing was raised")
