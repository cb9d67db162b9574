"""Every primitive of the library keeps the same promises: a new one enters this test by being declared.

Values are held against the kernel in double precision, gradients against central differences with a Gaussian cotangent,
tangents against gradients by duality, second derivatives against differences of the first. Inputs come in several
shapes and layouts of memory; elementwise primitives get theirs from their kind, the others from the folder samples.

Operations composed of primitives keep the promises about gradients, for the samples in COMPOSED_SAMPLES.
"""

import itertools
from typing import Any

import glassgrad_samples as samples
import numpy as np
import pytest

import glassgrad as gg
from glassgrad.autograd.engine import calls, ownership, steps


def cases() -> list[Any]:
    found = []
    for name, primitive in samples.REGISTRY.items():
        for i, sample in enumerate(samples.samples_of(primitive) or [None]):
            label = "no sample" if sample is None else sample.label
            several = label in ("broadcast", "matrix") or primitive.kind not in samples.ELEMENTWISE
            # One layout besides the plain one, in turn; test_layouts.py draws any for any input.
            for layout in ("contiguous", samples.LAYOUTS[1 + i % 2])[: 1 + several]:
                found.append(pytest.param(primitive, sample, layout, id=f"{name}-{label}-{layout}"))
    return found


every_case = pytest.mark.parametrize(("primitive", "sample", "layout"), cases())
differentiable_case = pytest.mark.parametrize(
    ("primitive", "sample", "layout"),
    [c for c in cases() if c.values[0].differentiable and c.values[1] is not None] + samples.composed_cases(),
)

smooth_case = pytest.mark.parametrize(
    ("primitive", "sample", "layout"),
    [c for c in cases() if c.values[0].differentiable and c.values[1] is not None and c.values[1].smooth]
    + [c for c in samples.composed_cases() if c.values[1].smooth],
)


@pytest.mark.parametrize("primitive", samples.REGISTRY.values(), ids=list(samples.REGISTRY))
def test_every_primitive_has_samples(primitive):
    found = samples.samples_of(primitive)
    assert found, (
        f"primitive {primitive.name!r} (kind {primitive.kind!r}) has no sample. Add a function that returns a list of "
        f"Sample(label, inputs, static) to SAMPLES in a file of {samples.FOLDER}; its parameters are "
        f"{primitive.signature}; or, for one that acts on each element, what to give for static arguments without "
        "default to STATIC"
    )
    assert primitive.name in samples.NO_EMPTY or any("empty" in s.label for s in found), (
        f"primitive {primitive.name!r}: add a sample without elements, labelled 'empty', or say in NO_EMPTY why not"
    )
    for sample in found:
        assert set(sample.inputs) == set(primitive.input_names) - {
            n for n in primitive.optional if n not in sample.inputs
        }


def test_samples_belong_to_primitives():
    assert set(samples.SAMPLES) <= set(samples.REGISTRY), "these samples are of primitives that no longer exist"


def gaussian(rng: np.random.Generator, like: list[Any], dtype: Any = None) -> list[np.ndarray]:
    return [np.asarray(rng.standard_normal(t.shape), dtype or t.dtype) for t in like]


def weighted(primitive: Any, inputs: dict[str, Any], static: dict[str, Any], weights: list[np.ndarray]) -> float:
    """Return the sum of the outputs, weighted, from raw arrays."""
    result = samples.floating(primitive.function(**inputs, **static))
    return float(sum(np.sum(np.multiply(w, r)) for w, r in zip(weights, result, strict=True)))


def slopes(function: Any, arrays: list[np.ndarray]) -> list[np.ndarray]:
    """Return central differences of ``function()`` by every element of the arrays, which are changed and put back."""
    found = []
    for array in arrays:
        slope = np.zeros(array.shape)
        median = float(np.median(np.abs(array))) if array.size else 1.0
        for i in np.ndindex(array.shape):
            kept = array[i]
            step = 6e-6 * (max(abs(kept), median) or 1.0)
            array[i] = kept + step
            high = array[i]
            above = function()
            array[i] = kept - step
            width = high - array[i]
            below = function()
            array[i] = kept
            slope[i] = (above - below) / width
        found.append(slope)
    return found


def assert_close(actual: list[Any], expected: list[Any], tolerance: float) -> None:
    for a, e in zip(actual, expected, strict=True):
        scale = np.max(np.abs(e), initial=0.0)
        np.testing.assert_allclose(a, e, rtol=tolerance, atol=tolerance * max(scale, 1e-2))


def arrays_of(gradients: Any) -> list[np.ndarray]:
    return [g.numpy() for g in gradients]


def bits(values: list[np.ndarray]) -> list[bytes]:
    return [v.tobytes() for v in values]


# -- the promises ----------------------------------------------------------------------------------------------


@every_case
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_value(primitive, sample, layout, dtype):
    """The kernel's value in double precision, in the dtype of the inputs."""
    assert sample is not None, f"no sample for {primitive.name!r}: add one to SAMPLES in a file of {samples.FOLDER}"
    inputs = samples.prepared(sample, dtype, layout)
    before = bits(samples.flat(inputs))
    result = samples.outputs(primitive.function(**samples.tensors(primitive, inputs), **sample.static))
    arguments = {
        **samples.prepared(sample, "float64"),
        **{
            n: p.default
            for n, p in primitive.signature.parameters.items()
            if p.default is not p.empty and n not in sample.inputs
        },
        **sample.static,
    }
    raw = primitive.kernel(
        *(arguments[n] for n, p in primitive.parameters.items() if not p.keyword_only),
        **{n: arguments[n] for n, p in primitive.parameters.items() if p.keyword_only},
    )
    expected = samples.outputs(raw)[: len(result)] if primitive.returns_tuple or primitive.residual_names else [raw]
    for got, want in zip(result, expected, strict=True):
        want = np.asarray(want)
        assert isinstance(got, gg.Tensor)
        assert got.shape == want.shape
        if want.dtype.kind == "f" and dtype == "float32":
            np.testing.assert_allclose(got.numpy(), want, rtol=2e-5, atol=2e-6)
        elif want.dtype.kind == "f":
            np.testing.assert_allclose(got.numpy(), want, rtol=1e-13, atol=1e-15)
        else:
            np.testing.assert_array_equal(got.numpy(), want)
        assert got.dtype == (dtype if want.dtype.kind == "f" and sample.keeps_dtype else want.dtype)
    assert bits(samples.flat(inputs)) == before, "the call changed its inputs"


@smooth_case
def test_gradient(primitive, sample, layout):
    """Against central differences; inputs and cotangents stay as they were, bit for bit."""
    rng = np.random.default_rng(1)
    inputs = samples.prepared(sample, "float64", layout)
    handles = samples.tensors(primitive, inputs)
    wanted = samples.leaves(handles)
    assert wanted, "no input of this sample is differentiable"
    result = samples.floating(primitive.function(**handles, **sample.static))
    weights = gaussian(rng, result)
    before = bits(samples.flat(inputs)), bits(weights)
    gradients = gg.grad(result, wanted, grad_outputs=[gg.Tensor(w, copy=False) for w in weights])
    assert (bits(samples.flat(inputs)), bits(weights)) == before, "the backward pass changed its inputs"
    for gradient, of in zip(gradients, wanted, strict=True):
        assert gradient.shape == of.shape and gradient.dtype == of.dtype
    moving = [t._array for t in wanted]
    numeric = slopes(lambda: weighted(primitive, inputs, sample.static, weights), moving)
    assert_close(arrays_of(gradients), numeric, 2e-7)


@differentiable_case
def test_gradient_in_single_precision(primitive, sample, layout):
    """Gradients have the dtype of their inputs and the values of double precision; nothing on the way is float64."""
    rng = np.random.default_rng(2)
    found: dict[str, list[np.ndarray]] = {}
    nodes = []
    weights = None
    for dtype in ("float64", "float32"):
        handles = samples.tensors(primitive, samples.prepared(sample, dtype, layout))
        result = samples.floating(primitive.function(**handles, **sample.static))
        weights = weights or gaussian(rng, result, "float64")
        starts = [gg.tensor(w, dtype=r.dtype, requires_grad=True) for w, r in zip(weights, result, strict=True)]
        gradients = gg.grad(result, samples.leaves(handles), grad_outputs=starts, create_graph=True)
        assert all(g.dtype == t.dtype for g, t in zip(gradients, samples.leaves(handles), strict=True))
        found[dtype] = arrays_of(gradients)
        nodes = gg.autograd.reachable(t.grad_fn for t in (*result, *gradients) if t.grad_fn is not None)
    assert_close(found["float32"], found["float64"], 1e-4)
    if not sample.keeps_dtype:
        return
    for node in nodes:
        kinds = node.dtype if isinstance(node.dtype, tuple) else (node.dtype,)
        assert np.float64 not in kinds, f"{node} computed in float64"
        for saved in node.saved if isinstance(node.saved, tuple) else ():
            for array in saved if isinstance(saved, tuple) else (saved,):
                assert array is None or array.dtype != np.float64, f"{node} saved float64 values"


@smooth_case
def test_duality_and_second_order(primitive, sample, layout):
    """⟨u, J·v⟩ = ⟨Jᵀ·u, v⟩ with J·v from differences. The gradient's own gradient against differences of it."""
    rng = np.random.default_rng(3)
    inputs = samples.prepared(sample, "float64", layout)
    handles = samples.tensors(primitive, inputs)
    wanted = samples.leaves(handles)
    result = samples.floating(primitive.function(**handles, **sample.static))
    starts = [gg.tensor(w, requires_grad=True) for w in gaussian(rng, result)]
    first = gg.grad(result, wanted, grad_outputs=starts, create_graph=True)
    directions = gaussian(rng, wanted)

    tangents = tangents_of(primitive, inputs, sample.static, [t._array for t in wanted], directions)
    through = gg.grad(
        first, starts, grad_outputs=[gg.tensor(d) for d in directions], retain_graph=True, materialize_grads=True
    )
    scale = sum(float(np.abs(t).sum()) for t in tangents) + 1e-2
    for a, e in zip(through, tangents, strict=True):
        np.testing.assert_allclose(a.numpy(), e, rtol=1e-6, atol=1e-7 * scale)
    forward = sum(float(np.sum(u.numpy() * t)) for u, t in zip(starts, tangents, strict=True))
    backward = sum(float(np.sum(g.numpy() * d)) for g, d in zip(first, directions, strict=True))
    assert forward == pytest.approx(backward, rel=1e-6, abs=1e-7 * scale)

    recorded = [(g, d) for g, d in zip(first, directions, strict=True) if g.requires_grad]
    second = gg.grad(
        [g for g, _ in recorded], wanted, grad_outputs=[gg.tensor(d) for _, d in recorded], materialize_grads=True
    )

    def projected() -> float:
        again = samples.tensors(primitive, inputs)
        values = samples.floating(primitive.function(**again, **sample.static))
        gradients = gg.grad(values, samples.leaves(again), grad_outputs=[s.detach() for s in starts])
        return sum(float(np.sum(g.numpy() * d)) for g, d in zip(gradients, directions, strict=True))

    assert_close(arrays_of(second), slopes(projected, [t._array for t in wanted]), 1e-6)


def tangents_of(
    primitive: Any,
    inputs: dict[str, Any],
    static: dict[str, Any],
    moving: list[np.ndarray],
    directions: list[np.ndarray],
) -> list[np.ndarray]:
    """Return the directional derivative of each output: exactly where transforms offer it, else from differences."""
    transforms = getattr(gg, "func", None)
    if transforms is not None and hasattr(transforms, "jvp") and not isinstance(next(iter(inputs.values())), list):
        names = [n for n in primitive.input_names if any(inputs.get(n) is m for m in moving)]
        rest = {n: v for n, v in inputs.items() if n not in names}

        def function(*values: Any) -> Any:
            result = primitive.function(**dict(zip(names, values, strict=True)), **rest, **static)
            return tuple(samples.floating(result))

        _, tangents = transforms.jvp(
            function, tuple(gg.tensor(inputs[n]) for n in names), tuple(gg.tensor(d) for d in directions)
        )
        return [t.numpy() for t in tangents]

    def at(t: float) -> list[np.ndarray]:
        kept = [m.copy() for m in moving]
        for m, d in zip(moving, directions, strict=True):
            m += t * d
        values = [np.array(v) for v in samples.floating(primitive.function(**inputs, **static))]
        for m, k in zip(moving, kept, strict=True):
            m[...] = k
        return values

    step = 3e-6
    return [(a - b) / (2 * step) for a, b in zip(at(step), at(-step), strict=True)]


@pytest.mark.parametrize("primitive", [p for p in samples.REGISTRY.values() if p.differentiable], ids=lambda p: p.name)
def test_formula(primitive):
    for name in primitive.differentiable:
        text = primitive.formula(name)
        assert isinstance(text, str) and text.strip()
        assert "object at" not in text and "<" not in text.replace(" < ", "")
        assert "lambda" not in text
    with pytest.raises(KeyError, match=primitive.name):
        primitive.formula("no such input")


@every_case
def test_generated_call_is_the_interpreted_one(primitive, sample, layout):
    """The written-out call and backward step do exactly what the plain interpreter does."""
    assert sample is not None, f"no sample for {primitive.name!r}"
    defaults = {n: p.default for n, p in primitive.signature.parameters.items() if n in primitive.static_names}
    static = tuple({**defaults, **sample.static}[n] for n in primitive.static_names)
    handles = samples.tensors(primitive, samples.prepared(sample, "float64", layout))
    written = primitive.function(**handles, **sample.static)
    plain = calls.call_generic(primitive, tuple(handles.get(n) for n in primitive.input_names), static)
    for a, b in zip(samples.outputs(written), samples.outputs(plain), strict=True):
        assert a.dtype == b.dtype and a.numpy().tobytes() == b.numpy().tobytes()
        assert a.requires_grad == b.requires_grad
    if not primitive.differentiable or primitive.returns_tuple:
        return
    one, other = written.grad_fn, plain.grad_fn
    assert [v is w or v.handle() is w.handle() for v, w in zip(one.inputs, other.inputs, strict=True)]
    assert (one.shape, one.dtype, one.context, one.primitive) == (
        other.shape,
        other.dtype,
        other.context,
        other.primitive,
    )
    assert repr(one.static) == repr(other.static)
    assert [saved_bits(s) for s in one.saved] == [saved_bits(s) for s in other.saved]
    targets = [v for v in one.inputs if isinstance(v, gg.autograd.Node)]
    for wanted in (None, set(targets[:1])):
        arrived = []
        for node, pull in ((one, primitive.pull), (other, steps.pull_generic)):
            g = np.random.default_rng(4).standard_normal(node.shape)
            cotangents = ownership.Cotangents()
            pull(node, g, cotangents, wanted)
            arrived.append({v: (c.dtype, c.shape, c.tobytes()) for v, c in cotangents.items()})
        assert arrived[0] == arrived[1]
        assert set(arrived[0]) == set(targets if wanted is None else wanted)


def saved_bits(saved: Any) -> Any:
    if isinstance(saved, tuple):
        return tuple(saved_bits(s) for s in saved)
    return None if saved is None else (saved.dtype, saved.shape, saved.tobytes())


SCALAR_CASES = [
    pytest.param(p, needs, id=f"{p.name}-{''.join('01'[n] for n in needs)}")
    for p in samples.REGISTRY.values()
    if p.kind in samples.ELEMENTWISE
    for needs in itertools.product((True, False), repeat=len(p.differentiable))
    if any(needs) or not p.differentiable
]


@pytest.mark.parametrize(("primitive", "needs"), SCALAR_CASES)
def test_scalar_is_the_array_of_no_dimensions(primitive, needs):
    """Scalars give the value and the gradients that 0-d arrays give, to second order, and stay Python floats."""
    sample = samples.samples_of(primitive)[0]
    wants = dict(zip(primitive.differentiable, needs, strict=True))
    scalars = {n: gg.Scalar(v, requires_grad=wants.get(n, False)) for n, v in sample.inputs.items()}
    arrays = {n: gg.tensor(v, requires_grad=wants.get(n, False)) for n, v in sample.inputs.items()}
    a, b = primitive.function(**scalars, **sample.static), primitive.function(**arrays, **sample.static)
    if primitive.kind == "predicate":
        assert a is bool(b)
        return
    assert type(a.value) is float
    assert a.value == pytest.approx(b.item(), rel=1e-14, abs=1e-15)
    a.backward()
    b.backward(create_graph=True)
    for name in primitive.input_names:
        if not wants.get(name):
            assert scalars[name].grad is None
            continue
        assert type(scalars[name].grad) is float, f"the gradient is a {type(scalars[name].grad).__name__}"
        assert scalars[name].grad == pytest.approx(arrays[name].grad.item(), rel=1e-13, abs=1e-15)
    for name in [n for n in primitive.differentiable if wants[n]]:
        again = {n: gg.Scalar(v, requires_grad=wants.get(n, False)) for n, v in sample.inputs.items()}
        primitive.function(**again, **sample.static).backward(create_graph=True)
        gradient = again[name].grad
        value = gradient.value if isinstance(gradient, gg.Scalar) else gradient
        assert value == pytest.approx(arrays[name].grad.item(), rel=1e-13, abs=1e-15)
        if not isinstance(gradient, gg.Scalar) or not gradient.requires_grad:
            continue
        for s in again.values():
            s.grad = None
        gradient.backward()
        targets = [arrays[n] for n in wants if wants[n]]
        expected = gg.grad(arrays[name].grad, targets, retain_graph=True, materialize_grads=True)
        for n, e in zip([n for n in wants if wants[n]], expected, strict=True):
            assert (again[n].grad or 0.0) == pytest.approx(e.item(), rel=1e-12, abs=1e-14)
