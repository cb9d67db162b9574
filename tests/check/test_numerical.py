"""Differences by hand, and the ladder, on functions whose derivatives are known."""

import math

import numpy as np
import pytest

import glassgrad as gg
from glassgrad.check import numerical_gradient
from glassgrad.check.ladder import Rung, Tableau, climb, ladders

X = np.array([[0.3, -1.2], [2.5, 0.7]])


@pytest.mark.parametrize(("method", "tolerance"), [("central", 1e-9), ("richardson", 1e-11), ("complex", 1e-15)])
def test_methods(method, tolerance):
    """Σ e^x sin x has the gradient e^x (sin x + cos x)."""
    got = numerical_gradient(lambda x: np.sum(np.exp(x) * np.sin(x)), X, method=method)
    np.testing.assert_allclose(got, np.exp(X) * (np.sin(X) + np.cos(X)), rtol=tolerance)


def test_the_formulas():
    """For x³ the central difference is 3x² + h², exactly; Richardson's removes the h²."""
    assert numerical_gradient(lambda x: x**3, 1.0, step=0.5) == 3.25
    assert numerical_gradient(lambda x: x**3, 1.0, method="richardson", step=0.5) == 3.0
    assert numerical_gradient(lambda x: x**3, 2.0, step=0.5) == 12 + 1.0


def test_squire_and_trapp():
    """Their example: e^x / √(sin³x + cos³x) at 1.5."""
    f = lambda x: np.exp(x) / np.sqrt(np.sin(x) ** 3 + np.cos(x) ** 3)  # noqa: E731
    assert numerical_gradient(f, 1.5, method="complex") == pytest.approx(4.05342789389862, rel=1e-14)
    assert numerical_gradient(f, 1.5, method="richardson") == pytest.approx(4.05342789389862, rel=1e-11)


def test_what_f_receives_is_what_x_is():
    seen = []

    def f(v):
        seen.append(type(v).__name__)
        return v.sum() if hasattr(v, "sum") else v

    for x in (gg.tensor([1.0]), gg.Scalar(1.0), np.ones(1, "float32"), 1.0, [1.0, 2.0]):
        numerical_gradient(f, x)
    assert list(dict.fromkeys(seen)) == ["Tensor", "Scalar", "ndarray", "float"] and seen[-1] == "ndarray"
    assert isinstance(numerical_gradient(lambda s: s * s, gg.Scalar(3.0)), float)
    assert numerical_gradient(lambda t: (t * t).sum(), gg.tensor([[1.0, 2.0]])).dtype == np.float64


@pytest.mark.parametrize("scale", [1e-100, 1e-8, 1e8, 1e100])
def test_steps_are_relative(scale):
    np.testing.assert_allclose(numerical_gradient(lambda x: np.sum(x * x), X * scale), 2 * X * scale, rtol=1e-8)


def test_zeros_take_the_size_of_the_others():
    np.testing.assert_allclose(
        numerical_gradient(lambda x: np.sum(np.sin(x / 1e9)), np.array([0.0, 1e9])) * 1e9, [1, math.cos(1)], rtol=1e-8
    )


def test_x_is_not_changed():
    x = X.copy()
    numerical_gradient(lambda v: np.sum(v), x)
    np.testing.assert_array_equal(x, X)


def test_bad_arguments():
    with pytest.raises(ValueError, match="method must be"):
        numerical_gradient(np.sum, X, method="forward")
    with pytest.raises(ValueError, match="step"):
        numerical_gradient(np.sum, X, step=-1.0)
    with pytest.raises(TypeError, match="cannot hold complex"):
        numerical_gradient(lambda t: t.sum(), gg.tensor([1.0]), method="complex")
    with pytest.raises(ValueError, match="drops the imaginary part"):
        numerical_gradient(lambda x: np.sum(np.abs(x)), X, method="complex")
    with pytest.raises(ValueError, match=r"at x\[0, 0\] it returned an array of shape \(2, 2\)"):
        numerical_gradient(np.sin, X)
    with pytest.raises(ValueError, match="a NoneType"):
        numerical_gradient(lambda x: None, X)
    with pytest.raises(TypeError, match="real numbers"):
        numerical_gradient(np.sum, np.array(["a"]))


# -- the ladder --------------------------------------------------------------------------------------------------------


def measure(f, x, rounding=1e-16):
    """Return what a step shows of a function of one number."""

    def at(step):
        up, here, down = f(x + step), f(x), f(x - step)
        right, left = (up - here) / step, (here - down) / step
        noise = rounding * max(abs(up), abs(here), abs(down))
        return Rung(step, (up - down) / (2 * step), left, right, min(left, right), max(left, right), noise)

    return at


def judge(f, x, analytic, **options):
    def tolerance(n):
        return 1e-7 * max(abs(n), abs(analytic))

    settings = {"tolerance": tolerance, "natural": 1.0, "precision": 2.2e-16, **options}
    return climb(analytic, measure(f, x), next(ladders(x, 1.0)), **settings)


@pytest.mark.parametrize(("f", "derivative"), [
    (math.sin, math.cos), (math.exp, math.exp), (math.tanh, lambda x: 1 - math.tanh(x) ** 2),
    (lambda x: 1 / x, lambda x: -1 / x**2),
    (lambda x: abs(x) ** 1.5, lambda x: 1.5 * abs(x) ** 0.5 * math.copysign(1, x)),
])  # fmt: skip
@pytest.mark.parametrize("x", [0.01, 0.7, -3.0])
def test_error_bars_hold(f, derivative, x):
    exact = derivative(x)
    verdict = judge(f, x, exact)
    assert verdict.kind == "agree"
    assert abs(verdict.numeric - exact) <= 12 * verdict.error + 1e-12 * abs(exact)
    for factor in (1.0001, 0.9999, -1.0, 0.0):
        assert judge(f, x, exact * factor).kind == "wrong"


def test_richardson_is_exact_for_polynomials():
    """Two central differences determine a cubic's slope, three a quintic's."""
    table = Tableau(2)
    for h in (0.5, 0.25, 0.125, 0.0625):
        table.add(h, ((1 + h) ** 5 - (1 - h) ** 5) / (2 * h), 1e-16)
    assert table.value == pytest.approx(5.0, rel=1e-14)


def test_kinks_and_jumps():
    assert judge(abs, 0.0, 0.3).kind == "kink"
    assert judge(abs, 0.0, 1.5).kind == "wrong"
    assert judge(lambda x: math.floor(x) + x, 1.0, 1.0).kind == "jump"
    assert judge(lambda x: math.floor(x) + x, 1.0, 2.0).kind == "wrong"


def test_a_noisy_function_is_inconclusive():
    noisy = lambda x: math.sin(x) + 1e-3 * math.sin(1e17 * x)  # noqa: E731
    assert judge(noisy, 0.5, math.cos(0.5)).kind in ("inconclusive", "agree")
    assert judge(noisy, 0.5, 1.1 * math.cos(0.5)).kind in ("inconclusive", "wrong")
