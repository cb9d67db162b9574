"""Powers with a plain number as exponent: as exact as ``numpy.power``, and the same at the edges."""

import math
from fractions import Fraction

import numpy as np
import pytest

import glassgrad as gg
from glassgrad.autograd.core.powers import raised

inf, nan = math.inf, math.nan
WHOLE = [-3, -2, -1, 1, 2, 3, 4]
NUMBERS = [*WHOLE, -0.5, 0.5]


def units(found, exact):
    """Return the distance from exact fractions in units in the last place of the result."""
    return max(
        abs(float((Fraction(float(f)) - e) / Fraction(float(np.spacing(np.abs(f))))))
        for f, e in zip(found, exact, strict=True)
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", WHOLE)
def test_whole_powers_are_within_two_units_of_exact_fractions(n, dtype):
    x = np.random.default_rng(5).uniform(-9, 9, 500).astype(dtype)
    exact = [Fraction(float(v)) ** n for v in x]
    assert units((gg.tensor(x) ** n).numpy(), exact) <= (3 if n == -3 else 2)
    leaf = gg.tensor(x, requires_grad=True)
    (leaf**n).sum().backward()
    slopes = [n * Fraction(float(v)) ** (n - 1) for v in x]
    assert units(leaf.grad.numpy(), slopes) <= 3.5


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [-0.5, 0.5])
def test_roots_are_those_of_longer_numbers(n, dtype):
    x = np.random.default_rng(5).uniform(0.01, 90, 500).astype(dtype)
    exact = np.sqrt(x.astype(np.longdouble)) if n > 0 else 1 / np.sqrt(x.astype(np.longdouble))
    assert np.max(np.abs(raised(x, n) - exact) / np.spacing(raised(x, n))) <= 2


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", NUMBERS)
def test_special_values_are_those_of_math_pow(n, dtype):
    """As C's pow has them, on arrays as on single numbers."""
    info = np.finfo(dtype)
    values = [0.0, -0.0, inf, -inf, nan, -1.0, 1.0, -2.0, 2.0, float(info.max), float(info.tiny)]
    found = (gg.tensor(values, dtype=dtype) ** n).numpy()
    for value, result in zip(values, found, strict=True):
        try:
            expected = math.pow(value, n)
        except OverflowError:
            expected = inf
        except ValueError:
            expected = nan if value < 0 else math.copysign(inf, value) if n % 2 == 1 else inf
        expected = np.dtype(dtype).type(expected)
        np.testing.assert_array_max_ulp(result, expected, 3, dtype)
        assert np.signbit(result) == np.signbit(expected) or np.isnan(result)


def test_the_edge_of_the_range_is_kept():
    """(1/x)² does not overflow before x⁻² vanishes."""
    assert raised(np.array([1e160, 1e-150]), -2).tolist() == pytest.approx([1e-320, 1e300], rel=1e-3)
    assert raised(np.array([1e103]), -3)[0] == pytest.approx(1e-309, rel=1e-6)


@pytest.mark.parametrize("n", [*NUMBERS, 0, 5, -4, 1.5, 2.7])
def test_derivatives_of_every_order(n):
    x = gg.tensor([0.5, 1.25, 3.0], dtype="float64", requires_grad=True)
    (first,) = gg.grad((x**n).sum(), x, create_graph=True)
    (second,) = gg.grad(first.sum(), x, create_graph=True)
    # Of a square the second derivative is a constant; with 0·x it still hangs on x.
    (third,) = gg.grad((second + 0 * x).sum(), x)
    v = x.numpy()
    for order, found in enumerate((first, second, third), start=1):
        factor = math.prod(n - i for i in range(order))
        np.testing.assert_allclose(found.numpy(), factor * v ** (n - order), rtol=1e-13)


@pytest.mark.parametrize("base", [np.arange(-3, 4), np.array([0.5, 2.0], np.float16), np.float32(3)])
def test_other_bases_go_through_numpy(base):
    for n in (1, 2, 3, 4):
        found = gg.tensor(base) ** n
        expected = np.power(base, n)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found.numpy(), expected)


def test_a_learned_exponent_has_its_gradient():
    x, n = gg.tensor([2.0, 3.0], dtype="float64"), gg.tensor(3.0, dtype="float64", requires_grad=True)
    (x**n).sum().backward()
    assert n.grad.item() == pytest.approx(8 * math.log(2) + 27 * math.log(3))


def test_the_base_is_not_written_over():
    for n in (*NUMBERS, 5):
        x = gg.tensor([2.0, 3.0], requires_grad=True)
        y = x**n
        (y * 2).sum().backward()
        assert x.tolist() == [2.0, 3.0]
        np.testing.assert_allclose(x.grad.numpy(), 2 * n * np.float64([2, 3]) ** (n - 1), rtol=1e-6)


# -- other edges -----------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", ["logaddexp", "logaddexp2"])
def test_where_both_are_minus_infinity_nothing_can_grow(name):
    function = getattr(gg, name)
    x = gg.tensor([-inf, -inf, 1.0, 2.0], dtype="float64", requires_grad=True)
    y = gg.tensor([-inf, 0.0, 1.0, -inf], dtype="float64", requires_grad=True)
    first = gg.grad(function(x, y).sum(), [x, y], create_graph=True)
    assert [g.tolist() for g in first] == [[0.0, 0.0, 0.5, 1.0], [0.0, 1.0, 0.5, 0.0]]
    (second,) = gg.grad(first[0].sum(), x)
    log = 1 if name == "logaddexp" else math.log(2)
    np.testing.assert_allclose(second.numpy(), [0, 0, 0.25 * log, 0])
    nothing = gg.Scalar(-inf, requires_grad=True)
    function(nothing, -inf).backward()
    assert nothing.grad == 0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("order", [0, 1])
def test_scaled_bessel_functions_fall_as_the_root_far_out(order, dtype):
    """DLMF 10.40.1: exp(−x)·Iν(x) → (1 − (4ν² − 1)/8x)/√(2πx), so that the slope is −1/2x of it, and the next term."""
    pytest.importorskip("scipy")
    function = (gg.special.i0e, gg.special.i1e)[order]
    for size in (1e5, 1e9, 1e11, 1e15, 1e25):
        for sign in (1, -1):
            x = gg.tensor([sign * size], dtype=dtype, requires_grad=True)
            (slope,) = gg.grad(function(x).sum(), x)
            mu = 4 * order**2
            expected = -(1 - 3 * (mu - 1) / (8 * size)) / (2 * size * math.sqrt(2 * math.pi * size))
            expected *= sign if order == 0 else 1
            np.testing.assert_allclose(slope.numpy(), expected, rtol=1e-6 if dtype == "float32" else 1e-9)
