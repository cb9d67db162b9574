"""Scalars follow IEEE as arrays do: nothing raises, nothing becomes complex, and gradients agree at every odd point."""

import math
import warnings

import numpy as np
import pytest

import glassgrad as gg

inf, nan = math.inf, math.nan
same = pytest.approx

# Function, point(s), the value IEEE gives.
VALUES = [
    ("log 0", gg.log, (0.0,), -inf),
    ("log −0", gg.log, (-0.0,), -inf),
    ("log −1", gg.log, (-1.0,), nan),
    ("log inf", gg.log, (inf,), inf),
    ("1/0", lambda x: 1 / x, (0.0,), inf),
    ("1/−0", lambda x: 1 / x, (-0.0,), -inf),
    ("−1/0", lambda x: -1 / x, (0.0,), -inf),
    ("0/0", lambda x: x / x, (0.0,), nan),
    ("x/y", lambda x, y: x / y, (1.0, 0.0), inf),
    ("√−1", gg.sqrt, (-1.0,), nan),
    ("(−1)^½", lambda x: x**0.5, (-1.0,), nan),
    ("(−8)^(1/3)", lambda x: x ** (1 / 3), (-8.0,), nan),
    ("(−2)^3", lambda x: x**3, (-2.0,), -8.0),
    ("0^−1", lambda x: x**-1, (0.0,), inf),
    ("0^0", lambda x: x**0, (0.0,), 1.0),
    ("0^−2", lambda x: x**-2.0, (0.0,), inf),
    ("x^y", lambda x, y: x**y, (-1.0, 0.5), nan),
    ("2^x", lambda x: 2**x, (2000.0,), inf),
    ("e^1000", gg.exp, (1000.0,), inf),
    ("e^−1000", gg.exp, (-1000.0,), 0.0),
    ("10³⁰⁰·10³⁰⁰", lambda x: x * x, (1e300,), inf),
    ("(10³⁰⁰)^2", lambda x: x**2, (1e300,), inf),
    ("(10³⁰⁰)^3", lambda x: x**3, (1e300,), inf),
    ("(10³⁰⁰)^2.0", lambda x: x**2.0, (1e300,), inf),
    ("inf−inf", lambda x: x - x, (inf,), nan),
    ("0·inf", lambda x: x * inf, (0.0,), nan),
    ("sin inf", gg.sin, (inf,), nan),
    ("cos inf", gg.cos, (-inf,), nan),
    ("tanh inf", gg.tanh, (inf,), 1.0),
    ("σ(1000)", gg.sigmoid, (1000.0,), 1.0),
    ("σ(−1000)", gg.sigmoid, (-1000.0,), 0.0),
    ("relu nan", gg.relu, (nan,), nan),
    ("relu −inf", gg.relu, (-inf,), 0.0),
    ("max(nan, 1)", gg.maximum, (nan, 1.0), nan),
    ("max(1, nan)", gg.maximum, (1.0, nan), nan),
    ("min(nan, 1)", gg.minimum, (nan, 1.0), nan),
    ("min(1, nan)", gg.minimum, (1.0, nan), nan),
    ("|−inf|", gg.abs, (-inf,), inf),
    ("sign nan", gg.sign, (nan,), nan),
    ("sign −0", gg.sign, (-0.0,), 0.0),
    ("sign −3", gg.sign, (-3.0,), -1.0),
    ("nan^0", lambda x: x**0, (nan,), 1.0),
    ("1^nan", lambda x: 1**x, (nan,), 1.0),
    ("√0", gg.sqrt, (0.0,), 0.0),
    ("where", lambda x: gg.where(x > 0, 1 / x, x), (0.0,), 0.0),
    ("square inf", gg.square, (-inf,), inf),
    ("square big", gg.square, (1e200,), inf),
    ("log of small", gg.log, (5e-324,), math.log(5e-324)),
    ("∛ of 0", lambda x: x ** (1 / 3), (0.0,), 0.0),
    ("nested", lambda x: gg.log(gg.exp(x)), (1000.0,), inf),
    ("0^y", lambda x, y: x**y, (0.0, 0.0), 1.0),
    ("chain past 0", lambda x: gg.relu(gg.log(x)), (0.0,), 0.0),
    ("0·log 0", lambda x: gg.log(x) * 0, (0.0,), nan),
    ("x·log x", lambda x: x * gg.log(x), (0.0,), nan),
    ("√x·0", lambda x: gg.sqrt(x) * 0.0, (0.0,), 0.0),
    ("0/x", lambda x: 0 / x, (0.0,), nan),
    ("max tie", gg.maximum, (1.0, 1.0), 1.0),
    ("|0|", gg.abs, (0.0,), 0.0),
    ("relu 0", gg.relu, (0.0,), 0.0),
    ("max of log", lambda x: gg.maximum(gg.log(x), 0.0), (0.0,), 0.0),
    ("max taken", lambda x: gg.maximum(gg.log(x), -inf), (0.0,), -inf),
    ("x^x", lambda x: x**x, (0.0,), 1.0),
]
named = pytest.mark.parametrize(("function", "at", "expected"), [v[1:] for v in VALUES], ids=[v[0] for v in VALUES])


@named
def test_scalar_value(function, at, expected):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = function(*(gg.Scalar(v, requires_grad=True) for v in at))
    assert type(result.value) is float
    assert result.value == same(expected, nan_ok=True)


@named
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_array_value(function, at, expected, dtype):
    if dtype == "float32" and any(1e38 < abs(v) < inf or 0 < abs(v) < 1e-38 for v in at):
        return
    result = function(*(gg.tensor([v], dtype=dtype) for v in at))
    assert result.dtype == dtype
    assert result.item() == same(expected, nan_ok=True, rel=1e-6)


@named
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_gradients_of_scalars_equal_those_of_arrays(function, at, expected):
    scalars = [gg.Scalar(v, requires_grad=True) for v in at]
    arrays = [gg.tensor([v], dtype="float64", requires_grad=True) for v in at]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        function(*scalars).backward()
    function(*arrays).sum().backward()
    for s, a in zip(scalars, arrays, strict=True):
        assert type(s.grad) is float, type(s.grad)
        assert s.grad == same(a.grad.item(), nan_ok=True)


@named
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_recorded_gradients_of_scalars_equal_plain_ones(function, at, expected):
    plain, recorded = ([gg.Scalar(v, requires_grad=True) for v in at] for _ in range(2))
    function(*plain).backward()
    function(*recorded).backward(create_graph=True)
    for p, r in zip(plain, recorded, strict=True):
        value = r.grad.value if isinstance(r.grad, gg.Scalar) else r.grad
        assert value == same(p.grad, nan_ok=True)


# Function, point, derivative by calculus (or by the library's stated choice at a kink).
SLOPES = [
    ("log at 0", gg.log, 0.0, inf),
    ("1/x at 0", lambda x: 1 / x, 0.0, -inf),
    ("√ at 0", gg.sqrt, 0.0, inf),
    ("relu at 0", gg.relu, 0.0, 0.0),
    ("|x| at 0", gg.abs, 0.0, 0.0),
    ("x² at 0", lambda x: x**2, 0.0, 0.0),
    ("x¹ at 0", lambda x: x**1, 0.0, 1.0),
    ("x⁰ at 0", lambda x: x**0, 0.0, 0.0),
    ("x^½ at 0", lambda x: x**0.5, 0.0, inf),
    ("x^−1 at 0", lambda x: x**-1, 0.0, -inf),
    ("x³ at −2", lambda x: x**3, -2.0, 12.0),
    ("0^x at 0", lambda x: 0**x, 0.0, 0.0),
    ("0^x at 2", lambda x: 0.0**x, 2.0, 0.0),
    ("x^1.5 at 0", lambda x: x**1.5, 0.0, 0.0),
    ("e^x at 1000", gg.exp, 1000.0, inf),
    ("tanh at inf", gg.tanh, inf, 0.0),
    ("σ at −inf", gg.sigmoid, -inf, 0.0),
    ("max(x, x)", lambda x: gg.maximum(x, x), 1.0, 1.0),
    ("max(x, 1) at 1", lambda x: gg.maximum(x, 1.0), 1.0, 0.5),
    ("min(x, 1) at 1", lambda x: gg.minimum(x, 1.0), 1.0, 0.5),
    ("sign", gg.sign, 3.0, 0.0),
    ("where hides a NaN", lambda x: gg.where(x > 0, gg.log(x), x), -1.0, 1.0),
    ("where hides an infinity", lambda x: gg.where(x > 0, x, 0.0), 0.0, 0.0),
]


@pytest.mark.parametrize(("function", "at", "slope"), [s[1:] for s in SLOPES], ids=[s[0] for s in SLOPES])
@pytest.mark.parametrize("kind", ["Scalar", "Tensor"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_slope_at_a_special_point(function, at, slope, kind):
    if kind == "Scalar":
        x = gg.Scalar(at, requires_grad=True)
        function(x).backward()
        assert x.grad == slope
    else:
        x = gg.tensor([at], dtype="float64", requires_grad=True)
        function(x).sum().backward()
        assert x.grad.item() == slope


@pytest.mark.parametrize("order", [2, 3])
@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: x**2, {2: 2.0, 3: 0.0}),
        (lambda x: x**2.0, {2: 2.0, 3: 0.0}),
        (lambda x: x**3, {2: 0.0, 3: 6.0}),
        (lambda x: x * x, {2: 2.0, 3: 0.0}),
        (lambda x: x**1, {2: 0.0, 3: 0.0}),
        (lambda x: x**0, {2: 0.0, 3: 0.0}),
    ],
    ids=["square", "power 2", "power 3", "product", "power 1", "power 0"],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_higher_derivatives_of_polynomials_at_zero(function, expected, order):
    x = gg.tensor(0.0, dtype="float64", requires_grad=True)
    y = function(x)
    for _ in range(order):
        (y,) = gg.grad(y, x, create_graph=True, materialize_grads=True) if y.requires_grad else (gg.tensor(0.0),)
    assert y.item() == expected[order]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_tanh_and_sigmoid_agree_far_out():
    for at in (-40.0, -20.0, 20.0, 40.0):
        for function in (gg.tanh, gg.sigmoid):
            assert function(gg.Scalar(at)).value == pytest.approx(
                function(gg.tensor(at, dtype="float64")).item(), abs=1.2e-16
            )


def test_integers_and_numpy_numbers_become_floats():
    for value in (2, True, np.float32(2), np.int8(2), np.array(2.0)):
        s = gg.Scalar(value)
        assert type(s.value) is float
    x = gg.Scalar(3.0, requires_grad=True)
    for result in (
        x + 1,
        1 - x,
        np.float64(2) * x,
        x * np.int64(2),
        x / np.array(2.0),
        np.array(2.0) / x,
        x**True,
        2**x,
    ):
        assert type(result) is gg.Scalar and type(result.value) is float


@pytest.mark.parametrize("value", ["2", None, 1j, [1.0], np.ones(2), object(), b"2", np.array([1.0, 2.0])])
def test_what_is_not_a_number_is_refused(value):
    with pytest.raises(TypeError, match="real number"):
        gg.Scalar(value)
    with pytest.raises(TypeError):
        gg.Scalar(1.0) + value
    with pytest.raises(TypeError):
        value * gg.Scalar(1.0)


def test_comparisons_of_scalars_are_bools():
    x, y = gg.Scalar(1.0), gg.Scalar(2.0)
    assert [x < y, x <= 1, x > y, x >= y, x == 1.0, x != y] == [True, True, False, False, True, True]
    assert all(type(v) is bool for v in (x < y, x == 1, gg.isnan(x), gg.logical_not(x)))
    assert not (gg.Scalar(nan) == gg.Scalar(nan)) and not (x == "1") and x != None  # noqa: E711
    assert bool(gg.Scalar(0.0)) is False and float(y) == 2.0 and f"{y:.2f}" == "2.00"


def test_scalars_and_tensors_do_not_mix():
    s, t = gg.Scalar(1.0, requires_grad=True), gg.tensor([1.0])
    for wrong in (lambda: s + t, lambda: t + s, lambda: gg.maximum(s, t), lambda: gg.tensor(s)):
        with pytest.raises(TypeError, match=r"[Ss]calar"):
            wrong()
    with pytest.raises(TypeError, match="sum works on tensors, not on Scalars"):
        gg.sum(s)
    with pytest.raises(TypeError):
        s @ s


def test_backward_of_scalars():
    x = gg.Scalar(2.0, requires_grad=True)
    y = x * x
    z = y * 3
    z.backward()
    z.backward()
    assert (x.grad, y.grad, z.grad) == (24.0, 3.0, 1.0), (
        "leaves add up, interior gradients are those of the latest pass"
    )
    y.backward(10.0)
    assert (x.grad, y.grad) == (64.0, 10.0)
    with pytest.raises(RuntimeError, match="does not require grad"):
        gg.Scalar(1.0).backward()
    with gg.no_grad():
        w = x * 2
    with pytest.raises(RuntimeError, match="no_grad"):
        w.backward()
    x.grad = None
    (x.detach() * x).backward()
    assert x.grad == 2.0
    leaf = gg.Scalar(1.0, requires_grad=True)
    leaf.backward()
    leaf.backward()
    assert leaf.grad == 2.0


def test_third_derivative_of_a_scalar():
    x = gg.Scalar(0.5, requires_grad=True)
    y = gg.sin(x) * x**3
    for _ in range(3):
        x.grad = None
        y.backward(create_graph=True)
        y = x.grad
    c, s, v = math.cos(0.5), math.sin(0.5), 0.5
    assert y.value == pytest.approx(-c * v**3 - 3 * s * 3 * v**2 + 3 * c * 6 * v + s * 6)
