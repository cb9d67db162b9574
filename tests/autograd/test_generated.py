"""The code that is written for operations: the door for plain arrays, what is inlined, and what is left behind."""

import gc

import glassgrad_samples as samples
import numpy as np
import pytest

import glassgrad as gg
from glassgrad.autograd.core.interpreters import interpreter_of
from glassgrad.autograd.core.primitive import Rule
from glassgrad.autograd.engine import calls, inline
from glassgrad.autograd.engine.generate_step import pull_source
from glassgrad.autograd.engine.source import fill

# A copy: examples in docstrings of the library declare operations of their own while tests run.
PRIMITIVES = dict(gg.autograd.REGISTRY)


# -- templates -----------------------------------------------------------------------------------------------------


def test_lines_take_the_indentation_of_their_hole():
    written = fill("if x:\n    {body}\nelse: {other}", body=["a", "b\n  c"], other="d")
    assert written == "if x:\n    a\n    b\n      c\nelse: d"
    assert fill("a\n    {nothing}\nb", nothing=[]) == "a\nb"


def test_wrong_fillings():
    with pytest.raises(KeyError, match="body"):
        fill("{body}")
    with pytest.raises(TypeError, match="'body' stands within a line"):
        fill("return {body}", body=["a"])


# -- plain arrays --------------------------------------------------------------------------------------------------


def raw_cases():
    found = []
    for name, primitive in PRIMITIVES.items():
        for sample in samples.samples_of(primitive):
            if not primitive.list_input and "empty" not in sample.label:
                found.append(pytest.param(primitive, sample, id=f"{name}-{sample.label}"))
    return found


def same(a, b):
    if isinstance(a, list | tuple):
        return type(a) is type(b) and all(map(same, a, b))
    x, y = np.asarray(a), np.asarray(b)
    return type(a) is type(b) and x.dtype == y.dtype and np.array_equal(x, y, equal_nan=x.dtype.kind == "f")


@pytest.mark.parametrize(("primitive", "sample"), raw_cases())
def test_a_call_on_arrays_is_that_of_the_interpreter(primitive, sample):
    inputs = {n: None if v is None else np.asarray(v) for n, v in sample.inputs.items()}
    given = tuple(inputs.get(n) for n in primitive.input_names)
    static = tuple(sample.static.get(n, primitive.parameters[n].default) for n in primitive.static_names)
    assert interpreter_of(given) is None
    expected = calls.call_raw(primitive, given, static)
    assert same(primitive.function(**inputs, **sample.static), expected)


A = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize("number", [2, 2.5, True, np.float32(2.5), np.int8(3), np.array(2.0)], ids=repr)
def test_arrays_with_numbers(number):
    """NumPy's numbers come first as well: they are what ufuncs make of arrays without axes."""
    for name, ours in (("add", gg.add), ("multiply", gg.multiply), ("maximum", gg.maximum)):
        for array in (A, A.astype(np.float32), A.astype(int), np.float32(1.5), np.float64(1.5), np.int64(3)):
            ufunc = getattr(np, name)
            for operands in ((array, number), (number, array)):
                found, expected = ours(*operands), ufunc(*operands)
                assert found.dtype == expected.dtype and np.array_equal(found, expected)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: gg.add(A, np.ones(4)), ValueError, r"add: shapes \(2, 3\) and \(4,\) cannot be broadcast together"),
        (lambda: gg.matmul(A, A), ValueError, r"matmul: shapes \(2, 3\) and \(2, 3\)"),
        (lambda: gg.sum(A, dim=5), IndexError, r"sum: .*5"),
        (lambda: gg.multiply(A, "three"), TypeError, "multiply: y must be .* an array, not str"),
        (lambda: gg.maximum(A, None), TypeError, "maximum: y must be .* an array, not NoneType"),
        (lambda: gg.transpose(A, 0, 7), IndexError, "transpose: .*7"),
    ],
)
def test_wrong_arrays_are_named_as_tensors_are(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_a_scope_is_named_on_arrays_too():
    with gg.scope("encoder"), pytest.raises(ValueError, match=r"\[in module encoder\]"):
        gg.add(A, np.ones(4))


# -- inlining ------------------------------------------------------------------------------------------------------


def test_how_many_rules_are_inlined():
    """A change of the tracer, or of a rule, that makes rules run as Python again would be seen nowhere else."""
    rules = [
        (primitive, name)
        for primitive in PRIMITIVES.values()
        if primitive.kind == "elementwise"
        for name in primitive.differentiable
    ]
    texts = [(pull_source(primitive), name) for primitive, name in rules]
    # Only an inlined rule is also called as it stands, for operands that were broadcast, right inside conform.
    inlined = sum(f"conform(rule_{name}(" in text for text, name in texts)
    assert (len(rules) >= 158, inlined >= 107) == (True, True), f"{inlined} of {len(rules)} rules are inlined"


@pytest.mark.parametrize(
    "rule",
    [
        lambda g, x: g if x > 0 else -g, lambda g, x: g * x.dtype.type(2), lambda g, x: g * np.cos(x),
        lambda g, x: g * x**3, lambda g, x: g * np.ones(1), lambda g, x: np.ones(1) * g, lambda g, x: g * x[0],
        lambda g, x: g * len(x), lambda g, x: np.where(x > 0, g, 0), lambda g, x: g * abs(x), lambda g, x: g * float(x),
        lambda g, x: sum(x) * g, lambda g, x: g * np.asarray(x), lambda g, x: g @ x, lambda g, x: g * None,
    ],
)  # fmt: skip
def test_what_cannot_be_traced_is_left_as_it_is(rule, monkeypatch):
    monkeypatch.setattr(inline, "is_ours", lambda function: True)
    primitive = PRIMITIVES["tanh"]
    assert inline._trace(primitive, Rule(rule, ("g", "x")), {"g": "g", "x": "x"}) is None


def test_an_error_of_a_rule_is_not_hidden_by_tracing(monkeypatch):
    monkeypatch.setattr(inline, "is_ours", lambda function: True)
    rule = Rule(lambda g: g * undefined, ("g",))  # noqa: F821
    with pytest.raises(NameError, match="undefined"):
        inline._trace(PRIMITIVES["tanh"], rule, {"g": "g"})


# -- the collector -------------------------------------------------------------------------------------------------


def test_writing_a_call_leaves_nothing_for_the_collector():
    """What is written refers to itself, so it would wait for the collector if it were thrown away as it is."""
    x = gg.tensor([1.0, 2.0], requires_grad=True)

    @gg.primitive(kind="elementwise", x=lambda g, x: 3 * g * x * x)
    def cube(x):
        return x * x * x

    gc.collect()
    gc.disable()
    try:
        y = cube(x).sum()
        y.backward()
        del y
        x.grad = None
        found = gc.collect()
    finally:
        gc.enable()
    assert found == 0
