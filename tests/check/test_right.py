"""What is right passes: every primitive of the library, float32 inputs, all kinds of arguments, extreme scales."""

import math
from typing import Any

import glassgrad_samples as samples
import numpy as np
import pytest

import glassgrad as gg
from glassgrad.check import GradcheckError, gradcheck

REGISTRY = gg.autograd.REGISTRY

# What rounds, or has its gradient by agreement, is not what differences say.
SMOOTH = {p: [s for s in samples.samples_of(p) if s.smooth] for p in REGISTRY.values() if p.differentiable}
# The inputs are widened to float64 before anything else, so that one sample of each shows what float32 comes to.
CASES = [
    pytest.param(p, s, dtype, id=f"{p.name}-{s.label}-{dtype}")
    for p, found in SMOOTH.items()
    for s, dtype in [*((s, "float64") for s in found), *((s, "float32") for s in found[-1:])]
]


@pytest.mark.parametrize(("primitive", "sample", "dtype"), CASES)
def test_every_primitive(primitive, sample, dtype):
    inputs = {
        name: [v.astype(dtype) for v in value] if isinstance(value, list)
        else value.astype(dtype) if value is not None and value.dtype.kind == "f" else value
        for name, value in sample.inputs.items()
    }  # fmt: skip
    checked = {n: v for n, v in inputs.items() if n in primitive.differentiable and v is not None}
    fixed = {n: v for n, v in inputs.items() if n not in checked}

    def fn(arguments: Any) -> Any:
        return primitive.function(**arguments, **fixed, **sample.static)

    report = gradcheck(fn, (checked,), raise_on_failure=False)
    assert report or "does not depend on" in str(report.errors), str(report)
    assert not report.failures and not report.inconclusive


rng = np.random.default_rng(7)
batch_norm = gg.nn.functional.batch_norm


def centred(x: Any) -> Any:
    return x - x.mean(-1, keepdim=True)


COMPOSED = {
    "matmul tanh": (lambda x, w: (x @ w).tanh(), [(3, 4), (4, 2)]),
    "conv": (lambda x, w, b: gg.conv2d(x, w, b, stride=2, padding=1), [(2, 3, 5, 5), (4, 3, 3, 3), (4,)]),
    "batch norm": (lambda x, w, b: batch_norm(x, None, None, w, b, training=True), [(5, 3), (3,), (3,)]),
    "cross entropy": (lambda x: gg.nn.functional.cross_entropy(x, np.array([0, 2, 1])), [(3, 4)]),
    "layer norm": (lambda x: centred(x) / gg.sqrt((centred(x) ** 2).mean(-1, keepdim=True) + 1e-5), [(3, 5)]),
    "several outputs": (lambda x: (gg.sin(x), [x.sum(), x * 3]), [(2, 3)]),
    "split": (lambda x: gg.split(x, 2, 0), [(5, 2)]),
    "identity": (lambda x: x, [(3,)]),
    "view": (lambda x: x.reshape(-1)[::2], [(3, 2)]),
    "zero gradient": (lambda x: gg.softmax(x, 1).sum(), [(3, 4)]),
    "bias before normalisation": (lambda x, b: batch_norm(x + b, None, None, training=True), [(6, 3), (3,)]),
    "gradient penalty": (lambda x: gg.grad((x**3).sum(), [x], create_graph=True)[0] ** 2, [(4,)]),
}


@pytest.mark.parametrize("name", COMPOSED)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_compositions(name, dtype):
    fn, shapes = COMPOSED[name]
    report = gradcheck(fn, [rng.standard_normal(s).astype(dtype) for s in shapes])
    assert report
    assert report.coverage == f"{sum(math.prod(s) for s in shapes)} of {sum(math.prod(s) for s in shapes)} elements"


@pytest.mark.parametrize("scale", [1e-150, 1e-30, 1e-8, 1.0, 1e8, 1e30, 1e150])
@pytest.mark.parametrize("offset", [0.0, 1.0])
def test_any_scale(scale, offset):
    """x·y + (x/y)² has a derivative at every scale; so has a polynomial far from 0."""
    x = np.array([1.0, -0.3, 7.0]) * scale
    assert gradcheck(lambda x, y: x * y / scale + (x / y) ** 2 + offset, (x, x[::-1] * 2))


def test_scales_that_differ_within_a_tensor():
    x = np.array([1e-12, -3e-6, 1.0, 2e5, -1e10])
    assert gradcheck(lambda x: x * x + gg.tanh(x), x)


def test_steep_and_wiggly_functions():
    assert gradcheck(lambda x: gg.sin(1e5 * x), np.array([0.3, -2.0]))
    assert gradcheck(lambda x: gg.tanh(1e8 * x), np.array([0.0, 1e-9]))
    assert gradcheck(lambda x: gg.exp(-x * x * 1e6), np.array([1e-3, 2e-3]))


def test_at_a_minimum_the_gradient_is_zero():
    report = gradcheck(lambda x: ((x - 1) ** 2).sum() + 5, np.ones(3))
    assert report and not report.kinks


def test_at_the_edge_of_the_domain():
    """x√x has the derivative (3/2)√x, 0 at 0; to the left there is nothing."""
    report = gradcheck(lambda x: gg.where(x > 0, x, x * x) * gg.sqrt(x + 0.0), np.array([1.0, 4.0]))
    assert report

    @gg.primitive(kind="elementwise", x=lambda g, x: g * 1.5 * x**0.5)
    def power_three_halves(x):
        return np.asarray(x) ** 1.5

    assert gradcheck(power_three_halves, np.array([0.0, 4.0]))


# -- kinds of arguments ------------------------------------------------------------------------------------------------


def test_nested_arguments_and_their_names():
    inputs = ({"w": np.ones((2, 2)), "rest": [np.array(2.0), (gg.tensor([3.0]),)]}, gg.tensor([1.0, 2.0], name="bias"))
    report = gradcheck(lambda p, b: p["w"] * p["rest"][0] * p["rest"][1][0] + b, inputs)
    assert [row.name for row in report.worst] == ["p['w']", "p['rest'][0]", "p['rest'][1][0]", "bias"]
    assert [row.shape for row in report.worst] == [(2, 2), (), (1,), (2,)]


def test_scalars_are_checked_on_floats():
    a, b = gg.Scalar(2.0, requires_grad=True, name="a"), gg.Scalar(-0.5, requires_grad=True)
    report = gradcheck(lambda a, b: a * b + gg.sin(a) * b.exp(), (a, b))
    assert report and [row.name for row in report.worst] == ["a", "b"]
    assert a.grad is None and a.value == 2.0
    rows = {row.name: row for row in report.worst}
    w = rows["a"].analytic / (-0.5 + math.cos(2.0) * math.exp(-0.5))
    assert rows["b"].analytic == pytest.approx(w * (2.0 + math.sin(2.0) * math.exp(-0.5)), rel=1e-12)


def test_a_single_argument_needs_no_tuple():
    assert gradcheck(gg.sin, gg.tensor([1.0]))
    assert gradcheck(gg.sin, np.array(1.0))


def test_what_is_not_checked_is_said():
    labels = np.array([1, 0])
    report = gradcheck(lambda x, t: gg.nn.functional.cross_entropy(x, t), (rng.standard_normal((2, 3)), labels))
    assert report and report.notes == ["t is not checked: it is int64"]
    x = gg.tensor([1.0, 2.0], requires_grad=True)
    report = gradcheck(lambda x, y: x * y, (x, gg.tensor([3.0, 4.0], name="target")))
    assert [row.name for row in report.worst] == ["x"] and "target is not checked" in str(report)


def test_numbers_and_none_are_passed_on():
    assert gradcheck(lambda x, n, flag, nothing: x * n if flag and nothing is None else x, (np.ones(2), 3, True, None))


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0)])
def test_empty_inputs_pass(shape):
    report = gradcheck(lambda x: x * 2, np.empty(shape))
    assert report and report.coverage == "0 of 0 elements"


@pytest.mark.parametrize("dtype", ["float16", "float32", ">f8"])
def test_other_dtypes(dtype):
    assert gradcheck(lambda x: gg.tanh(x) * x, np.array([0.5, -2.0, 3.0], dtype))


def test_layouts_of_memory_are_materialised():
    x = rng.standard_normal((3, 4))
    readonly = x.copy()
    readonly.flags.writeable = False
    for array in (np.broadcast_to(x[0], (3, 4)), x[::-1, ::-2], x.T, readonly):
        before = array.copy()
        assert gradcheck(lambda x: gg.sin(x) * x, array)
        np.testing.assert_array_equal(array, before)


def test_values_that_are_not_finite_are_left_out():
    report = gradcheck(gg.log, np.array([0.0, 2.0]))
    assert report and report.worst[0].checked == 1 and "1 output elements are not finite" in str(report)


def test_pytorchs_call():
    x = gg.tensor([[0.5, -1.0]], dtype="float64", requires_grad=True)
    assert gradcheck(lambda x: x.exp(), (x,), eps=1e-6, atol=1e-4, rtol=1e-3, raise_exception=True)

    @gg.primitive(kind="elementwise", x=lambda g, x: g * 1.01)
    def off(x):
        return np.array(x)

    with pytest.raises(GradcheckError):
        gradcheck(off, (x,))
    assert not gradcheck(off, (x,), raise_exception=False)
    assert gradcheck(off, (x,), rtol=0.02)
    assert gradcheck(off, (x,), atol=0.1)


def test_a_sample_of_the_elements():
    x = rng.standard_normal((30, 40))
    x[17, 3] = 100.0
    report = gradcheck(lambda x: x**3, x, samples=20)
    assert report.coverage == "20 of 1,200 elements" and report.worst[0].checked == 20
    assert report.evaluations < 60

    @gg.primitive(kind="elementwise", x=lambda g, x: g * np.where(np.abs(x) > 50, 2.1, 2.0) * x)
    def wrong_for_the_largest(x):
        return x * x

    report = gradcheck(wrong_for_the_largest, x, samples=5, raise_on_failure=False)
    assert [f.index for f in report.failures] == [(17, 3)]
    assert gradcheck(gg.sin, np.ones(3), samples=20).coverage == "3 of 3 elements"


def test_the_same_seed_gives_the_same_report():
    x = rng.standard_normal((20, 20))
    one, two, other = (gradcheck(gg.tanh, x, samples=5, seed=s).to_dict() for s in (3, 3, 4))
    assert one["worst"] == two["worst"] != other["worst"]


def test_second_order_by_checking_the_gradient():
    def gradient(x: Any) -> Any:
        return gg.grad(gg.tanh(x).sum(), [x], create_graph=True)[0]

    assert gradcheck(gradient, np.array([0.3, -1.0]))
