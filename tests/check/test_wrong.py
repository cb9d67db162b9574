"""What is wrong fails, and the report says where, with both numbers."""

import math
from typing import Any

import numpy as np
import pytest

import glassgrad as gg
from glassgrad.check import GradcheckError, gradcheck


def check(fn: Any, *inputs: Any, **options: Any) -> Any:
    return gradcheck(fn, inputs, raise_on_failure=False, **options)


def wrong(rule: Any, kernel: Any = np.sin) -> Any:
    """Return an elementwise operation of one input with the given rule."""

    @gg.primitive(kind="elementwise", x=rule)
    def operation(x):
        return kernel(x)

    return operation


X = np.array([[0.5, -1.25, 2.0], [3.0, -0.75, 1.5]])

ONE_INPUT = {
    "sign": lambda g, x: g * -gg.cos(x),
    "factor two": lambda g, x: g * 2 * gg.cos(x),
    "off by a thousandth": lambda g, x: g * 1.001 * gg.cos(x),
    "sine for cosine": lambda g, x: g * gg.sin(x),
    "additional term": lambda g, x: g * (gg.cos(x) + 0.01),
    "forgotten": lambda g, x: g * 0,
    "ignores the cotangent": lambda g, x: 0 * g + gg.cos(x),
    "clips the cotangent": lambda g, x: np.clip(g, -0.5, 0.5) * np.cos(x),
    "rounds the cotangent": lambda g, x: np.round(g, 1) * np.cos(x),
    "takes the size of the cotangent": lambda g, x: abs(g) * gg.cos(x),
    "adds to the cotangent": lambda g, x: (g + 1e-3) * gg.cos(x),
}


@pytest.mark.parametrize("name", ONE_INPUT)
def test_wrong_rules(name):
    report = check(wrong(ONE_INPUT[name]), X)
    assert report.failures and not report
    w = np.random.default_rng([0, 0]).standard_normal(X.shape)
    for failure in report.failures:
        assert failure.name == "x"
        assert failure.numeric == pytest.approx(w[failure.index] * math.cos(X[failure.index]), rel=1e-6)
        with np.errstate(all="ignore"):
            rule = ONE_INPUT[name](w, X)
        assert failure.analytic == pytest.approx(rule[failure.index], rel=1e-9, abs=1e-12)
        assert failure.error_bar < 1e-6
    assert f"x[{', '.join(map(str, report.failures[0].index))}]: backprop" in str(report)


@pytest.mark.parametrize(("rule", "hint"), [
    (lambda g, x: g * -gg.cos(x), "the sign is wrong"),
    (lambda g, x: g * 2 * gg.cos(x), "twice as large"),
    (lambda g, x: g / 2 * gg.cos(x), "half as large"),
    (lambda g, x: g * 0, "the gradient is zero; is the path to this element cut off?"),
])  # fmt: skip
def test_hints(rule, hint):
    assert {f.hint for f in check(wrong(rule), X).failures} == {hint}


@pytest.mark.parametrize("scale", [1e-30, 1e-8, 1.0, 1e8, 1e30])
def test_a_single_wrong_element_at_any_scale(scale):
    factor = np.ones(X.shape)
    factor[1, 2] = 1.001
    x = X * scale
    report = check(wrong(lambda g, x: g * 3 * x * x * factor, lambda x: x**3), x)
    assert [f.index for f in report.failures] == [(1, 2)]
    assert report.failures[0].ratio == pytest.approx(1.001, rel=1e-6)
    assert report.worst[0].index == (1, 2) and report.worst[0].verdict == "WRONG"
    assert check(wrong(lambda g, x: g * 3 * x * x, lambda x: x**3), x)


def test_wrong_only_for_small_or_large_values():
    """No absolute tolerance hides a small gradient, no absolute step a large input."""
    x = np.array([1e-8, 0.5, 1.0, 1e8])
    small = wrong(lambda g, x: g * np.where(np.abs(x) < 1e-4, 1.0, 2.0) * x, lambda x: x * x)
    large = wrong(lambda g, x: g * np.where(np.abs(x) > 1e4, 1.999, 2.0) * x, lambda x: x * x)
    assert [f.index for f in check(small, x).failures] == [(0,)]
    assert [f.index for f in check(large, x).failures] == [(3,)]


def test_missing_sum_over_a_broadcast_axis():
    """The row is added to three rows; the gradient of the first alone is a third of the story."""

    @gg.primitive(x=lambda g: g, row=lambda g: g[0])
    def add_row(x, row):
        return x + row

    report = check(add_row, np.ones((3, 2)), np.ones(2))
    assert {f.name for f in report.failures} == {"row"}
    w = np.random.default_rng([0, 0]).standard_normal((3, 2))
    for f in report.failures:
        assert f.analytic == pytest.approx(w[0][f.index])
        assert f.numeric == pytest.approx(w.sum(0)[f.index], rel=1e-6)


def test_sum_over_the_wrong_axis():
    @gg.primitive(x=lambda g: g, row=lambda g: gg.sum(g, 1))
    def add_row(x, row):
        return x + row

    assert {f.name for f in check(add_row, np.ones((3, 3)), np.ones(3)).failures} == {"row"}


def test_normalisation_without_the_mean_term():
    """Its dropped term sums to zero: ones as a cotangent would not see it."""

    @gg.primitive(x=lambda g, x_shape: g)
    def centre(x):
        return x - np.mean(x)

    assert check(centre, X).failures


@pytest.mark.parametrize("rule", [lambda g, y: g @ y, lambda g, y: gg.transpose(g @ gg.transpose(y, 0, 1), 0, 1)])
def test_transposed(rule):
    @gg.primitive(kind="multilinear", x=rule, y=lambda g, x: gg.transpose(x, 0, 1) @ g)
    def product(x, y):
        return x @ y

    rng = np.random.default_rng(0)
    report = check(product, rng.standard_normal((3, 3)), rng.standard_normal((3, 3)))
    assert {f.name for f in report.failures} == {"x"}


def test_a_rule_of_the_wrong_shape_is_reported():
    @gg.primitive(x=lambda g: gg.sum(g))
    def double(x):
        return 2 * x

    report = check(double, np.ones(3))
    assert not report and len(report.errors) == 1 and "backward pass" in report.errors[0]


def test_a_rule_that_raises_is_reported():
    def rule(g, x):
        raise ZeroDivisionError("no such thing")

    assert "backward pass raises ZeroDivisionError: no such thing" in check(wrong(rule), X).errors[0]


def test_detached_in_the_middle():
    report = check(lambda x: x * x.detach(), np.array([2.0, 3.0]))
    assert {f.hint for f in report.failures} == {"half as large"}
    report = check(lambda x, y: x * y.detach(), np.array([2.0]), np.array([3.0]))
    assert [f.name for f in report.failures] == ["y"]
    assert "backward does not reach y" in str(report) and "detach()" in str(report)


def test_nan_where_the_output_is_finite():
    """√x at 0 has an infinite slope; x·√x there has slope 0, which the product rule turns into 0·inf = NaN."""
    report = check(lambda x: x * gg.sqrt(x), np.array([0.0, 4.0]))
    assert [f.index for f in report.failures] == [(0,)] and math.isnan(report.failures[0].analytic)
    assert "the gradient is not finite" in str(report)


def test_many_failures_do_not_take_long():
    report = check(wrong(lambda g, x: g * -gg.cos(x)), np.linspace(1, 1.5, 2000))
    assert len(report.failures) == 32 and report.unexamined == {"x": 1968}
    assert report.evaluations < 6000 and "1,968 more elements of x that disagree" in str(report)


# -- kinks and jumps ---------------------------------------------------------------------------------------------------

KINKS = {
    "relu": (gg.relu, 0.0, 1.0),
    "absolute": (gg.absolute, -1.0, 1.0),
    "maximum": (lambda x: gg.maximum(x, 0.0), 0.0, 1.0),
    "minimum": (lambda x: gg.minimum(x, 0.0), 1.0, 0.0),
    "leaky": (lambda x: gg.where(x > 0, x, 0.1 * x), 0.1, 1.0),
}


@pytest.mark.parametrize("name", KINKS)
def test_a_gradient_between_the_slopes_of_the_two_sides_passes(name):
    fn, left, right = KINKS[name]
    report = gradcheck(fn, np.array([0.0, 1.5, -2.0]))
    assert [(k.name, k.index, k.kind) for k in report.kinks] == [("x", (0,), "kink")]
    w = np.random.default_rng([0, 0]).standard_normal(3)[0]
    assert report.kinks[0].left == pytest.approx(w * left, abs=1e-9)
    assert report.kinks[0].right == pytest.approx(w * right, abs=1e-9)
    assert "1 kink (no derivative" in str(report)


@pytest.mark.parametrize("slope", [-0.5, 1.5, 30.0])
def test_one_outside_fails(slope):
    fn = wrong(lambda g, x: g * np.where(x == 0, slope, x > 0), lambda x: np.maximum(x, 0))
    report = check(fn, np.array([0.0, 1.5, -2.0]))
    assert [f.index for f in report.failures] == [(0,)] and not report.kinks
    assert "outside the slopes of the two sides" in report.failures[0].hint


def test_ties_of_a_maximum():
    report = gradcheck(lambda x: gg.amax(x, 1), np.array([[1.0, 1.0, 0.5], [2.0, 1.0, 0.0]]))
    assert [k.index for k in report.kinks] == [(0, 0), (0, 1)]


def test_a_kink_close_by_is_not_a_kink_here():
    """At 1e-7 the slope of |x| is 1, and a rule that says 0.5 is wrong."""
    x = np.array([1e-7, 1.0])
    assert not gradcheck(gg.absolute, x).kinks
    smoothed = wrong(lambda g, x: g * np.where(np.abs(x) < 1e-6, 0.5, np.sign(x)), np.abs)
    assert [f.index for f in check(smoothed, x).failures] == [(0,)]


def test_kinks_of_several_outputs_at_once():
    """relu(x) and relu(−x) turn at the same point; each output's gradient of 0 is allowed."""
    report = gradcheck(lambda x: gg.stack([gg.relu(x), 2 * gg.relu(-x)]), np.array([0.0]))
    assert len(report.kinks) == 1


@pytest.mark.parametrize("fn", [gg.sign, lambda x: gg.where(x >= 0, x * x + 1, x * x)])
def test_a_jump_is_listed(fn):
    report = gradcheck(fn, np.array([0.0, 1.0]))
    assert [(k.index, k.kind) for k in report.kinks] == [((0,), "jump")]
    assert "1 jump (discontinuous" in str(report)


def test_a_gradient_that_fits_neither_side_of_a_jump_fails():
    report = check(wrong(lambda g, x: g * 5, np.sign), np.array([0.0]))
    assert len(report.failures) == 1 and "jumps" in report.failures[0].hint


# -- what rounding hides -----------------------------------------------------------------------------------------------


def test_what_drowns_in_rounding_errors_does_not_pass():
    """x² + 1e13: of the slope of x² at 1e-3, not one digit can be seen."""
    report = check(lambda x: x * x + 1e13, np.array([1e-3, 2.0]))
    assert not report and not report.failures
    assert {f.index for f in report.inconclusive} <= {(0,), (1,)} and report.inconclusive
    with pytest.raises(GradcheckError, match="inconclusive"):
        gradcheck(lambda x: x * x + 1e13, np.array([1e-3, 2.0]))


def test_an_offset_that_leaves_digits_is_no_obstacle():
    assert gradcheck(lambda x: x * x + 1e6, np.array([1e-1, 2.0]))
    assert check(wrong(lambda g, x: g * 2.002 * x, lambda x: x * x + 1e6), np.array([1.0, 2.0])).failures


def test_single_precision_inside_is_noticed():
    x = np.array([0.5, 2.0])
    report = check(lambda x: gg.sin(x.astype("float32")), x)
    assert report and "less than float64" in str(report)
    assert not check(lambda x: wrong(lambda g, x: g * 1.1 * gg.cos(x))(x.astype("float32")), x)


# -- functions that misbehave ------------------------------------------------------------------------------------------


def test_not_deterministic():
    rng = np.random.default_rng(0)
    report = check(lambda x: x * float(rng.random()), np.ones(3))
    assert "not deterministic" in report.errors[0] and report.coverage == "0 of 3 elements"


def test_dropout_is_named():
    drop = gg.nn.functional.dropout
    report = check(lambda x: drop(x, 0.5, training=True), np.ones(40))
    assert "not deterministic: dropout is active; call model.eval(), or gg.manual_seed inside" in report.errors[0]

    def seeded(x):
        gg.manual_seed(0)
        return drop(x, 0.5, training=True)

    assert gradcheck(seeded, np.ones(40))


def test_changing_its_input():
    def careless(x):
        y = x * 2
        with gg.no_grad():
            x += 1
        return y

    assert "the function changed x in place" in check(careless, np.ones(3)).errors[0]


def test_a_backward_pass_that_changes_an_input():
    def rule(g, x):
        x += 1
        return g * x

    @gg.primitive(x=rule)
    def operation(x):
        return np.sin(x)

    assert "backward pass" in str(check(operation, X).errors)
    assert "changed x in place" in str(check(operation, X).errors)


def test_a_backward_pass_that_is_not_deterministic():
    rng = np.random.default_rng(0)

    @gg.primitive(x=lambda g: g * rng.random())
    def operation(x):
        return np.array(x)

    assert "the backward pass is not deterministic: x gets another gradient" in check(operation, X).errors[0]


def test_a_function_that_ignores_an_input():
    report = gradcheck(lambda x, y: x * 2, (np.ones(2), np.ones(3)))
    assert report.notes == ["the output does not depend on y"]
    report = check(lambda x: gg.ones(3) * 2, np.ones(2))
    assert "the output does not depend on x" in report.errors[0]


def test_outputs_without_derivative():
    with pytest.raises(TypeError, match="returned a float as output"):
        gradcheck(lambda x: 1.0, np.ones(2))
    with pytest.raises(TypeError, match=r"returned a ndarray as output\[1\]"):
        gradcheck(lambda x: (x, x.numpy()), np.ones(2))
    with pytest.raises(TypeError, match="int64, which has no derivative"):
        gradcheck(lambda x: gg.argmax(x), np.ones(2))


def test_nothing_to_check():
    with pytest.raises(ValueError, match="nothing to check"):
        gradcheck(lambda x: x, np.array([1, 2]))
    with pytest.raises(TypeError, match="fn must be a function"):
        gradcheck(3, np.ones(2))


@pytest.mark.parametrize(("option", "value"), [
    ("samples", 0), ("samples", 2.5), ("rtol", -1.0), ("rtol", math.nan), ("atol", math.inf), ("eps", 0.0),
    ("max_seconds", 0),
])  # fmt: skip
def test_options_out_of_range(option, value):
    with pytest.raises(ValueError, match=option):
        gradcheck(gg.sin, np.ones(2), **{option: value})


def test_exceptions_of_the_function_itself_come_through():
    with pytest.raises(ZeroDivisionError):
        gradcheck(lambda x: x / (1 // 0), np.ones(2))


def test_the_time_runs_out():
    report = check(gg.sin, np.ones(20000), max_seconds=0.05)
    assert not report and not report.finished and not report.failures
    assert "the time ran out" in str(report) and 0 < report.worst[0].checked < 20000
