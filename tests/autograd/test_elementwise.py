"""Elementwise operations: edges, far ends, digits, dtypes and messages. Values come from formulas and from ``math``."""

import math
import subprocess
import sys
import warnings

import numpy as np
import pytest

import glassgrad as gg

F, S = gg.nn.functional, gg.special
inf, nan = math.inf, math.nan


def tensor(*values, dtype="float64"):
    return gg.tensor(np.array(values), dtype=dtype, requires_grad=True)


def orders(function, x, highest):
    """Return the values of a function and of its derivatives up to an order."""
    out = function(x)
    found = [out.numpy()]
    for _ in range(highest):
        if not out.requires_grad:  # constant in pieces
            out = gg.zeros_like(x)
        else:
            (out,) = gg.grad(out.sum(), [x], create_graph=True, materialize_grads=True)
        found.append(out.numpy())
    return found


# -- the far ends --------------------------------------------------------------------------------------------

# Function; its limits, with those of its two first derivatives, at −∞ and at ∞ (None: not a number).
ENDS = {
    "sigmoid": (gg.sigmoid, (0, 0, 0), (1, 0, 0)),
    "softplus": (F.softplus, (0, 0, 0), (inf, 1, 0)),
    "logsigmoid": (F.logsigmoid, (-inf, 1, 0), (0, 0, 0)),
    "relu6": (F.relu6, (0, 0, 0), (6, 0, 0)),
    "leaky_relu": (F.leaky_relu, (-inf, 0.01, 0), (inf, 1, 0)),
    "elu": (F.elu, (-1, 0, 0), (inf, 1, 0)),
    "selu": (gg.selu, (-1.7580993408473766, 0, 0), (inf, 1.0507009873554805, 0)),
    "celu": (gg.celu, (-1, 0, 0), (inf, 1, 0)),
    "gelu": (F.gelu, (0, 0, 0), (inf, 1, 0)),
    "gelu tanh": (lambda x: F.gelu(x, "tanh"), (0, 0, 0), (inf, 1, 0)),
    "silu": (F.silu, (0, 0, 0), (inf, 1, 0)),
    "mish": (F.mish, (0, 0, 0), (inf, 1, 0)),
    "hardtanh": (F.hardtanh, (-1, 0, 0), (1, 0, 0)),
    "hardsigmoid": (F.hardsigmoid, (0, 0, 0), (1, 0, 0)),
    "hardswish": (F.hardswish, (0, 0, 0), (inf, 1, 0)),
    "hardshrink": (gg.hardshrink, (-inf, 1, 0), (inf, 1, 0)),
    "softshrink": (F.softshrink, (-inf, 1, 0), (inf, 1, 0)),
    "tanhshrink": (F.tanhshrink, (-inf, 1, 0), (inf, 1, 0)),
    "threshold": (lambda x: gg.threshold(x, 1.0, -2.0), (-2, 0, 0), (inf, 1, 0)),
    "ndtr": (S.ndtr, (0, 0, 0), (1, 0, 0)),
    "clamp": (lambda x: gg.clamp(x, -1, 1), (-1, 0, 0), (1, 0, 0)),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ENDS)
def test_limits_at_the_ends(name, dtype):
    """At ±∞, and without a warning wherever x is finite, however large."""
    function, low, high = ENDS[name]
    with np.errstate(all="ignore"):
        found = np.transpose(orders(function, tensor(-inf, inf, dtype=dtype), 2))
    np.testing.assert_allclose(found, [low, high], rtol=1e-6)
    large = np.array([30, 90, 200, 720, 1e4, 1e8, 1e15, 1e18], dtype)
    for sign, limits in ((-1, low), (1, high)):
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            value, first, second = orders(function, tensor(*(sign * large), dtype=dtype), 2)
        np.testing.assert_allclose(first, limits[1] + 0 * large, atol=1e-6)
        np.testing.assert_allclose(second, limits[2] + 0 * large, atol=1e-6)
        if math.isfinite(limits[0]):
            np.testing.assert_allclose(value, limits[0] + 0 * large, atol=1e-5)
        else:
            assert np.isfinite(value).all()


def test_small_results_keep_their_digits():
    """Where a function is nearly 0 the relative error counts."""
    x = np.array([-5.0, -20.0, -37.0, -100.0, -600.0])
    e = np.exp(x)
    np.testing.assert_allclose(gg.sigmoid(gg.tensor(x)).numpy(), e / (1 + e), rtol=1e-15)
    np.testing.assert_allclose(F.silu(gg.tensor(x)).numpy(), x * e / (1 + e), rtol=1e-15)
    np.testing.assert_allclose(F.softplus(gg.tensor(x)).numpy(), np.log1p(e), rtol=1e-15)
    np.testing.assert_allclose(F.mish(gg.tensor(x)).numpy(), x * np.tanh(np.log1p(e)), rtol=1e-14)
    y = np.array([-1.0, -4.0, -9.0, -20.0, -35.0])
    tail = [0.5 * math.erfc(-v / math.sqrt(2)) for v in y]
    np.testing.assert_allclose(S.ndtr(gg.tensor(y)).numpy(), tail, rtol=2e-13)
    np.testing.assert_allclose(F.gelu(gg.tensor(y)).numpy(), y * tail, rtol=2e-13)
    np.testing.assert_allclose(S.log_ndtr(gg.tensor(y)).numpy(), np.log(tail), rtol=1e-14)


# -- the error function --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("dtype", "ulps"), [("float64", 8), ("float32", 8)])
def test_error_functions_have_their_digits(dtype, ulps):
    """Against C's erf and erfc, in units of the last place."""
    rng = np.random.default_rng(0)
    reach = 26.0 if dtype == "float64" else 9.0
    x = np.concatenate([rng.uniform(-reach, reach, 3000), rng.uniform(-2, 2, 3000), [0.0, -0.0, 1.0, -1.0, 1e-30]])
    x = x.astype(dtype)
    for ours, c in ((gg.erf, math.erf), (gg.erfc, math.erfc)):
        expected = np.array([c(float(v)) for v in x])
        error = np.abs(ours(gg.tensor(x)).numpy() - expected) / np.spacing(np.abs(expected).astype(dtype))
        keep = expected > np.finfo(dtype).tiny if c is math.erfc else slice(None)
        assert error[keep].max() < ulps
    assert np.signbit(gg.erf(gg.tensor(-0.0)).numpy())


def test_error_functions_of_any_size_and_layout():
    x = np.random.default_rng(0).standard_normal((3, 40000)).T[::-1]
    expected = np.vectorize(math.erf)(x)
    np.testing.assert_allclose(gg.erf(gg.Tensor(x, copy=False)).numpy(), expected, rtol=1e-14)
    half = gg.erf(gg.tensor(np.array([0.5, -3.0], np.float16)))
    assert half.dtype == np.float16
    np.testing.assert_allclose(half.numpy(), [math.erf(0.5), math.erf(-3.0)], rtol=1e-3)
    assert gg.erf(gg.tensor([1, 2])).dtype == np.float32
    assert F.gelu(gg.zeros(0, 3)).shape == (0, 3)


def test_derivatives_of_the_normal_density_are_hermite_polynomials():
    x = tensor(-1.5, 0.0, 0.4, 2.0)
    v, phi = x.numpy(), np.exp(-(x.numpy() ** 2) / 2) / math.sqrt(2 * math.pi)
    found = orders(S.ndtr, x, 5)
    expected = [phi, -v * phi, (v**2 - 1) * phi, -(v**3 - 3 * v) * phi, (v**4 - 6 * v**2 + 3) * phi]
    for f, e in zip(found[1:], expected, strict=True):
        np.testing.assert_allclose(f, e, rtol=1e-13, atol=1e-16)


# -- functions with a hole -----------------------------------------------------------------------------------


def test_every_derivative_of_sinc_is_right_at_and_near_0():
    """sin(πx)/(πx) = Σ (−1)^k (πx)^2k / (2k + 1)!, so the even derivatives at 0 are (−1)^k π^2k / (2k + 1)."""
    found = [d[0] for d in orders(gg.sinc, tensor(0.0), 6)]
    pi = math.pi
    np.testing.assert_allclose(found, [1, 0, -(pi**2) / 3, 0, pi**4 / 5, 0, -(pi**6) / 7], rtol=1e-13, atol=1e-15)
    x = np.array([1e-9, 1e-4, 0.3, 1.2, 1.3, 2.0, 9.7, 1e3])
    first = orders(gg.sinc, tensor(*x), 1)[1]
    t = pi * x
    series = pi * (-t / 3 + t**3 / 30 - t**5 / 840)
    expected = np.where(x < 1e-2, series, pi * (t * np.cos(t) - np.sin(t)) / t**2)
    np.testing.assert_allclose(first, expected, rtol=1e-9, atol=1e-12)


def test_bessel_functions_at_0():
    """From their power series: I₀ = 1 + x²/4 + x⁴/64 + ..., I₁ = x/2 + x³/16 + ..."""
    np.testing.assert_allclose(np.ravel(orders(gg.i0, tensor(0.0), 4)), [1, 0, 1 / 2, 0, 3 / 8], atol=1e-15)
    np.testing.assert_allclose(np.ravel(orders(S.i1, tensor(0.0), 3)), [0, 1 / 2, 0, 3 / 8], atol=1e-15)
    np.testing.assert_allclose(np.ravel(orders(S.bessel_j0, tensor(0.0), 4)), [1, 0, -1 / 2, 0, 3 / 8], atol=1e-15)
    np.testing.assert_allclose(np.ravel(orders(S.bessel_j1, tensor(0.0), 3)), [0, 1 / 2, 0, -3 / 8], atol=1e-15)


def test_bessel_functions_solve_their_equation():
    """x²·f'' + x·f' + (x² − n²)·f = 0, with −x² for the modified ones. (DLMF 10.2.1, 10.25.1)"""
    x = tensor(0.4, 1.0, 3.3, 8.0)
    v = x.numpy()
    for function, order, sign in (
        (S.bessel_j0, 0, 1), (S.bessel_j1, 1, 1), (S.bessel_y0, 0, 1), (S.bessel_y1, 1, 1), (gg.i0, 0, -1),
        (S.i1, 1, -1),
    ):  # fmt: skip
        f, d, dd = orders(function, x, 2)
        np.testing.assert_allclose(v**2 * dd + v * d, (order**2 - sign * v**2) * f, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_polygamma_recurrence_and_reflection(n):
    """ψ⁽ⁿ⁾(x + 1) = ψ⁽ⁿ⁾(x) + (−1)ⁿ n!/xⁿ⁺¹ (DLMF 5.15.5), which also holds for negative x."""
    x = np.array([-5.3, -2.5, -0.7, -0.2, 0.4, 1.0, 7.5])
    left, right = gg.polygamma(n, gg.tensor(x + 1)).numpy(), gg.polygamma(n, gg.tensor(x)).numpy()
    np.testing.assert_allclose(left, right + (-1) ** n * math.factorial(n) / x ** (n + 1), rtol=1e-9)


def test_gamma_functions_against_c():
    x = np.array([0.3, 1.0, 2.5, 30.0, -0.7, -3.2])
    np.testing.assert_allclose(gg.lgamma(gg.tensor(x)).numpy(), [math.lgamma(v) for v in x], rtol=1e-13, atol=1e-15)
    y = tensor(0.5, 2.0, 7.0)
    np.testing.assert_allclose(gg.igamma(np.array([1.0]), y).detach().numpy(), 1 - np.exp(-y.numpy()), rtol=1e-14)
    np.testing.assert_allclose(orders(lambda y: gg.igammac(1.0, y), y, 2)[2], np.exp(-y.numpy()), rtol=1e-12)


# -- kinks and steps -----------------------------------------------------------------------------------------


def slope(function, *at):
    xs = [tensor(v) for v in at]
    gradients = gg.grad(function(*xs).sum(), xs, materialize_grads=True)
    return tuple(g.item() for g in gradients)


@pytest.mark.parametrize(
    ("function", "at", "expected"),
    [
        (lambda x: gg.clamp(x, 0, 1), (0.0,), (1.0,)),
        (lambda x: gg.clamp(x, 0, 1), (1.0,), (1.0,)),
        (lambda x: gg.clamp(x, 0, 1), (1.1,), (0.0,)),
        (lambda x: gg.clamp(x, min=0), (-0.1,), (0.0,)),
        (lambda x, lo, hi: gg.clamp(x, lo, hi), (-1.0, 0.0, 1.0), (0.0, 1.0, 0.0)),
        (lambda x, lo, hi: gg.clamp(x, lo, hi), (0.0, 0.0, 1.0), (1.0, 0.0, 0.0)),
        (lambda x, lo, hi: gg.clamp(x, lo, hi), (2.0, 0.0, 1.0), (0.0, 0.0, 1.0)),
        (lambda x, lo, hi: gg.clamp(x, lo, hi), (0.5, 2.0, 1.0), (0.0, 0.0, 1.0)),
        (F.hardtanh, (1.0,), (0.0,)),
        (F.hardtanh, (-1.0,), (0.0,)),
        (F.relu6, (0.0,), (0.0,)),
        (F.relu6, (6.0,), (0.0,)),
        (F.hardsigmoid, (3.0,), (0.0,)),
        (F.hardswish, (3.0,), (1.0,)),
        (F.hardswish, (-3.0,), (0.0,)),
        (F.elu, (0.0,), (1.0,)),
        (lambda x: F.elu(x, 0.5), (0.0,), (0.5,)),
        (F.leaky_relu, (0.0,), (0.01,)),
        (gg.hardshrink, (0.5,), (0.0,)),
        (F.softshrink, (-0.5,), (0.0,)),
        (lambda x: F.softplus(x, 1, 2), (2.1,), (1.0,)),
        (gg.fmax, (1.0, 1.0), (1.0, 0.0)),
        (gg.fmin, (1.0, 1.0), (1.0, 0.0)),
        (gg.fmax, (nan, 1.0), (0.0, 1.0)),
        (gg.fmin, (1.0, nan), (1.0, 0.0)),
        (gg.atan2, (0.0, 0.0), (0.0, 0.0)),
        (gg.copysign, (0.0, -1.0), (0.0, 0.0)),
        (gg.copysign, (2.0, -0.0), (-1.0, 0.0)),
        (gg.xlogy, (0.0, 0.0), (0.0, nan)),
        (gg.round, (0.4,), (0.0,)),
        (gg.frac, (1.4,), (1.0,)),
        (gg.remainder, (-7.0, 2.0), (1.0, 4.0)),
        (gg.fmod, (-7.0, 2.0), (1.0, 3.0)),
        (lambda x: gg.divide(x, 2, rounding_mode="floor"), (7.0,), (0.0,)),
        (gg.nan_to_num, (nan,), (0.0,)),
        (lambda x: gg.logit(x, 0.1), (0.05,), (0.0,)),
        (lambda x: gg.logit(x), (1.5,), (nan,)),
        (gg.rsqrt, (0.0,), (-inf,)),
        (gg.heaviside, (0.0, 0.5), (0.0, 1.0)),
        (lambda x: gg.pow(x, 0.0), (0.0,), (0.0,)),
        (gg.pow, (2.0, 0.0), (0.0, math.log(2.0))),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_slope_at_an_edge(function, at, expected):
    assert slope(function, *at) == pytest.approx(expected, nan_ok=True)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_mixed_second_derivative_of_a_power_with_exponent_0():
    """∂²(x^y)/∂x∂y = x^(y−1)·(1 + y·log x), which is 1/x where y is 0."""
    x, y = tensor(0.5, 2.0, 4.0), tensor(0.0, 0.0, 0.0)
    (dx,) = gg.grad((x**y).sum(), [x], create_graph=True)
    (dxdy,) = gg.grad(dx.sum(), [y])
    np.testing.assert_allclose(dxdy.numpy(), 1 / x.numpy())


def test_halves_are_rounded_to_even():
    x = gg.tensor([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5])
    assert gg.round(x).tolist() == [-2, -2, 0, 0, 2, 2]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_zeros_keep_their_sign():
    negative = gg.tensor([-0.0])
    for function in (gg.floor, gg.ceil, gg.trunc, gg.round, gg.sinh, gg.asinh, gg.atan, gg.tan, gg.expm1, gg.log1p):
        assert np.signbit(function(negative).numpy()).all(), function.__name__
    assert gg.signbit(negative).tolist() == [True]
    assert gg.reciprocal(negative).item() == -inf


# -- dtypes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["int8", "int64", "uint8"])
def test_integers_stay_integers(dtype):
    x = gg.tensor(np.array([1, 2, 7]), dtype=dtype)
    for result in (
        gg.floor(x), gg.ceil(x), gg.round(x), gg.trunc(x), gg.clamp(x, 2, 5), gg.clamp(x, min=2), gg.clip(x, max=3),
        gg.remainder(x, 2), gg.fmod(x, 2), gg.floor_divide(x, 2), gg.div(x, 2, rounding_mode="trunc"),
        gg.bitwise_and(x, 3), gg.bitwise_not(x), F.hardtanh(x, 0, 6), F.relu6(x), gg.add(x, x, alpha=2),
        gg.addcmul(x, x, x, value=2), gg.bitwise_left_shift(x, 1),
    ):  # fmt: skip
        assert result.dtype == dtype
    for result in (gg.exp2(x), gg.reciprocal(x), gg.atan2(x, x), gg.sinc(x), gg.lgamma(x), gg.divide(x, 2)):
        assert result.dtype == np.float32


def test_truncating_division_of_integers():
    x, y = np.meshgrid([-7, -6, -1, 0, 1, 6, 7], [-3, -2, 2, 3])
    quotient = gg.div(gg.tensor(x), gg.tensor(y), rounding_mode="trunc").numpy()
    np.testing.assert_array_equal(quotient, np.trunc(x / y))
    np.testing.assert_array_equal(gg.fmod(gg.tensor(x), gg.tensor(y)).numpy(), x - y * quotient)


# -- messages and arguments ----------------------------------------------------------------------------------

FIVE = gg.tensor([[1.0, 2.0, 3.0, 4.0, 5.0]])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: gg.divide(FIVE, 2, rounding_mode="up"), ValueError, "divide: rounding_mode must be .* not 'up'"),
        (lambda: gg.floor_divide(gg.tensor([1]), 0), ValueError, "floor_divide: division of an integer by zero"),
        (lambda: gg.remainder(gg.tensor([1]), gg.tensor([0])), ValueError, "remainder: division of an integer by zero"),
        (lambda: gg.add(gg.tensor([1]), 1, alpha=0.5), TypeError, "add: alpha=0.5 is a float, but the operands"),
        (lambda: gg.clamp(FIVE), ValueError, "clamp: give min, max or both"),
        (lambda: gg.bitwise_and(FIVE, FIVE), TypeError, "bitwise_and: floating-point numbers have no bits"),
        (lambda: gg.bitwise_not(FIVE), TypeError, "bitwise_not: floating-point"),
        (lambda: gg.isclose(FIVE, FIVE, rtol=-1.0), ValueError, "isclose: tolerances must not be negative"),
        (lambda: F.gelu(FIVE, "erf"), ValueError, "gelu: approximate must be 'none' or 'tanh', not 'erf'"),
        (lambda: F.glu(FIVE), ValueError, r"glu: the size along dim -1 must be even .* \(1, 5\)"),
        (lambda: F.glu(gg.tensor(1.0)), ValueError, "glu: a single number"),
        (lambda: F.glu(FIVE, 2), IndexError, "glu: dimension 2 is out of range"),
        (lambda: F.prelu(FIVE, gg.zeros(3)), ValueError, r"prelu: input of shape \(1, 5\) has 5 channels"),
        (lambda: F.hardtanh(FIVE, 1.0, -1.0), ValueError, "hardtanh: min_val must not be above max_val"),
        (lambda: F.softshrink(FIVE, -1.0), ValueError, "softshrink: lambd must not be negative"),
        (lambda: F.rrelu(FIVE, 2.0, 1.0), ValueError, "rrelu: lower must not be above upper"),
        (lambda: gg.celu(FIVE, 0.0), ValueError, "celu: alpha must not be 0"),
        (lambda: F.relu(FIVE, inplace=True), ValueError, r"relu: inplace=True is not possible.*x = relu\(x\)"),
        (lambda: F.silu(FIVE, inplace=True), ValueError, "silu: inplace=True is not possible"),
        (lambda: gg.polygamma(-1, FIVE), ValueError, "polygamma: n must be a whole number"),
        (lambda: gg.mvlgamma(FIVE, 0), ValueError, "mvlgamma: p must be at least 1"),
        (lambda: gg.igamma(tensor(1.0), FIVE), ValueError, r"igamma: the derivative by the first .* x.detach\(\)"),
        (lambda: gg.atan2(gg.zeros(2), gg.zeros(3)), ValueError, r"atan2: shapes \(2,\) and \(3,\)"),
    ],
)
def test_message(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_without_scipy_the_message_says_what_to_install():
    """erf, erfc, ndtr and GELU need no SciPy; the others say so. Nothing imports it before it is used."""
    code = """
import sys
sys.modules["scipy"] = sys.modules["scipy.special"] = None
import glassgrad as gg
x = gg.tensor([0.5])
gg.erf(x), gg.erfc(x), gg.special.ndtr(x), gg.special.log_ndtr(x), gg.nn.functional.gelu(x), gg.special.entr(x)
try:
    gg.lgamma(x)
except ImportError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "gg.lgamma needs SciPy: pip install 'glassgrad[special]'"
    code = "import sys, glassgrad as gg; gg.special, gg.lgamma; print('scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_inplace_may_be_said_to_be_false():
    assert F.relu(FIVE, inplace=False).tolist() == FIVE.tolist()
    assert F.hardtanh(FIVE, 0.0, 3.0, inplace=False).tolist() == [[1, 2, 3, 3, 3]]


# -- random ones ---------------------------------------------------------------------------------------------


def test_rrelu_draws_slopes_in_training():
    gg.manual_seed(0)
    x = tensor(*(-np.ones(1000)), dtype="float32")
    out = F.rrelu(x, 0.1, 0.3, training=True)
    slopes = -out.detach().numpy()
    assert out.dtype == np.float32
    assert 0.1 <= slopes.min() < 0.11 and 0.29 < slopes.max() <= 0.3
    np.testing.assert_array_equal(gg.grad(out.sum(), [x])[0].numpy(), slopes)


def test_gumbel_softmax_samples_by_its_probabilities():
    gg.manual_seed(0)
    probabilities = np.array([0.1, 0.2, 0.7], np.float32)
    logits = gg.tensor(np.tile(np.log(probabilities), (20000, 1)), requires_grad=True)
    hard = F.gumbel_softmax(logits, tau=0.5, hard=True)
    rows = hard.detach().numpy()
    np.testing.assert_allclose(rows.sum(1), 1, rtol=1e-6)
    np.testing.assert_allclose(rows.mean(0), probabilities, atol=0.015)
    gg.manual_seed(0)
    soft = F.gumbel_softmax(logits, tau=0.5)
    np.testing.assert_array_equal(soft.detach().numpy().argmax(1), rows.argmax(1))
    weights = gg.tensor(np.arange(3, dtype=np.float32))
    one, other = (gg.grad((t * weights).sum(), [logits])[0].numpy() for t in (hard, soft))
    np.testing.assert_array_equal(one, other)


# -- comparisons ---------------------------------------------------------------------------------------------


def test_equal_is_one_bool_and_eq_is_elementwise():
    x = gg.tensor([1.0, nan])
    assert gg.equal(x, x) is False
    assert gg.eq(x, x).tolist() == [True, False]
    assert (x == x).tolist() == [True, False]
    assert gg.equal(gg.zeros(2, 0), gg.zeros(2, 0)) is True
    assert gg.equal(gg.zeros(2), gg.zeros(2, 1)) is False
    assert gg.tensor([1.0]).equal(gg.tensor([1.0])) is True


def test_scalars_have_these_operations():
    x = gg.Scalar(0.3, requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y = gg.atan2(gg.tan(x), gg.exp2(x)) + gg.clamp(x, 0.1, 0.2) + F.gelu(x) + gg.lerp(x, 2.0, 0.5) + x.log1p()
        y.backward()
    z = tensor(0.3)
    w = gg.atan2(gg.tan(z), gg.exp2(z)) + gg.clamp(z, 0.1, 0.2) + F.gelu(z) + gg.lerp(z, 2.0, 0.5) + z.log1p()
    assert y.value == pytest.approx(w.item(), rel=1e-14)
    assert x.grad == pytest.approx(gg.grad(w.sum(), [z])[0].item(), rel=1e-13)
