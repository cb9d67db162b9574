"""PyTorch as oracle for every elementwise operation: values, first and second gradients, dtypes and odd points."""

import functools
import itertools
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import glassgrad as gg

GF = gg.nn.functional
SP = gg.special
TS = torch.special

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]
inf, nan = math.inf, math.nan

# Where most functions have their corners, and ordinary points around them.
POINTS = [0.0, -0.0, 0.3, -0.3, 0.5, -0.5, 0.7, -0.7, 1.0, -1.0, 1.5, -1.5, 2.5, -2.5, 3.0, -3.0, 4.2, -4.2, 6.0, 11.0,
          -11.0, 25.0, -25.0, 60.0, -60.0, 300.0, -300.0, inf, -inf, nan]  # fmt: skip
INSIDE = [0.0, -0.0, 0.1, -0.1, 0.25, 0.5, -0.5, 0.75, 0.9, -0.9, 1.0 - 1e-7, 1.0, -1.0, 1.5, -1.5, inf, -inf, nan]
PAIRS = [0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 2.0, -2.0, 3.7, -3.7, inf, -inf, nan]


def call(function, *args, **kwargs):
    return functools.partial(lambda function, *x: function(*x, *args, **kwargs), function)


def same(name, *args, ours=gg, theirs=torch, **kwargs):
    return call(getattr(ours, name), *args, **kwargs), call(getattr(theirs, name), *args, **kwargs)


# Name: (ours, theirs, points, what is not compared and why).
UNARY = {
    **{
        n: (*same(n), POINTS)
        for n in (
            "abs absolute acos acosh arccos arccosh arcsin arcsinh arctan arctanh asin asinh atan atanh ceil cos cosh "
            "deg2rad digamma erf erfc erfinv exp exp2 expm1 fix floor frac i0 isfinite isinf isnan isneginf isposinf "
            "isreal lgamma log log10 log1p log2 logit nan_to_num neg negative positive rad2deg reciprocal relu round "
            "rsqrt selu sgn sigmoid sign signbit sin sinh sqrt square tan tanh trunc hardshrink rrelu logical_not sinc"
        ).split()
    },
    **{f"{n} inside": (*same(n), INSIDE) for n in "acos asin atanh erfinv logit log1p sinc".split()},
    **{
        f"special {n}": (*same(n, ours=SP, theirs=TS), POINTS)
        for n in "digamma entr erf erfc erfcx erfinv exp2 expit expm1 gammaln i0 i0e i1 i1e log1p log_ndtr logit ndtr "
        "ndtri psi sinc".split()
    },
    "special ndtri inside": (*same("ndtri", ours=SP, theirs=TS), INSIDE),
    **{
        f"F.{n}": (*same(n, ours=GF, theirs=F), POINTS)
        for n in "celu elu gelu hardshrink hardsigmoid hardswish hardtanh leaky_relu logsigmoid mish relu relu6 rrelu "
        "selu sigmoid silu softplus softshrink softsign tanh tanhshrink".split()
    },
    "celu alpha": (*same("celu", 2.0), POINTS),
    "F.elu alpha": (*same("elu", 0.6, ours=GF, theirs=F), POINTS),
    "F.gelu tanh": (*same("gelu", ours=GF, theirs=F, approximate="tanh"), POINTS),
    "F.hardtanh 0 6": (*same("hardtanh", 0.0, 6.0, ours=GF, theirs=F), POINTS),
    "F.leaky_relu 0": (*same("leaky_relu", 0.0, ours=GF, theirs=F), POINTS),
    "F.leaky_relu negative": (*same("leaky_relu", -0.5, ours=GF, theirs=F), POINTS),
    "F.leaky_relu 2": (*same("leaky_relu", 2.0, ours=GF, theirs=F), POINTS),
    "F.softplus beta": (*same("softplus", 2.0, 5.5, ours=GF, theirs=F), POINTS),
    "F.softshrink 1": (*same("softshrink", 1.0, ours=GF, theirs=F), POINTS),
    "F.threshold": (*same("threshold", 0.5, -2.0, ours=GF, theirs=F), POINTS),
    "hardshrink 1": (*same("hardshrink", 1.0), POINTS),
    "logit eps": (*same("logit", eps=0.1), INSIDE),
    "logit eps 0": (*same("logit", eps=0.0), [0.2, 0.5, 0.8]),
    "round 1": (*same("round", decimals=1), [*POINTS, 0.25, 0.35, 1.15]),
    "round -1": (*same("round", decimals=-1), [*POINTS, 15.0, 25.0]),
    "nan_to_num all": (*same("nan_to_num", 1.0, 2.0, -3.0), POINTS),
    "clamp": (*same("clamp", -1.0, 1.5), POINTS),
    "clamp min": (*same("clamp", min=-1.0), POINTS),
    "clip max": (*same("clip", max=1.0), POINTS),
    "clamp crossed": (*same("clamp", 1.0, -1.0), POINTS),
    "clamp_min": (*same("clamp_min", 0.5), POINTS),
    "clamp_max": (*same("clamp_max", 0.5), POINTS),
    **{
        f"polygamma {n}": (
            lambda x, n=n: gg.polygamma(n, x),
            lambda x, n=n: torch.polygamma(n, x),
            [0.3, 0.5, 1.0, 2.5, 30.0, 0.0],
        )
        for n in range(5)
    },
    "polygamma 1 negative": (lambda x: gg.polygamma(1, x), lambda x: torch.polygamma(1, x), [-0.3, -1.5, -2.7, -11.2]),
    "mvlgamma": (*same("mvlgamma", 3), [1.2, 2.5, 4.0, 30.0]),
    "float_power 2.5": (*same("float_power", 2.5), POINTS),
    **{
        f"power {p}": (lambda x, p=p: gg.pow(x, p), lambda x, p=p: torch.pow(x, p), POINTS)
        for p in (-2, -1, -0.5, 0, 0.5, 1, 2, 3, 2.5)
    },
    **{
        f"{p} to the power": (lambda x, p=p: p**x, lambda x, p=p: torch.pow(p, x), POINTS)
        for p in (0.0, 0.5, 1.0, 2.0, -1.5)
    },
    "rsub": (*same("rsub", 3.0, alpha=2), POINTS),
    "add alpha": (*same("add", 3.0, alpha=0.5), POINTS),
    "remainder 2": (*same("remainder", 2.0), POINTS),
    "fmod -2": (*same("fmod", -2.0), POINTS),
    "div trunc": (*same("div", 0.7, rounding_mode="trunc"), POINTS),
    "div floor": (*same("div", 0.7, rounding_mode="floor"), POINTS),
}
BINARY = {
    **{
        n: (*same(n), PAIRS)
        for n in (
            "add sub subtract mul multiply div divide true_divide atan2 arctan2 copysign fmax fmin fmod hypot "
            "logaddexp logaddexp2 maximum minimum remainder xlogy eq ne gt ge lt le logical_and logical_or "
            "logical_xor isclose pow float_power rsub"
        ).split()
    },
    "floor_divide": (*same("floor_divide"), PAIRS),
    "heaviside": (*same("heaviside"), PAIRS),
    "xlog1py": (gg.xlog1py, TS.xlog1py, PAIRS),
    "div trunc": (*same("div", rounding_mode="trunc"), PAIRS),
    "div floor": (*same("div", rounding_mode="floor"), PAIRS),
    "add alpha": (*same("add", alpha=2.5), PAIRS),
    "sub alpha": (*same("sub", alpha=-1), PAIRS),
    "ldexp": (*same("ldexp"), [0.0, 0.5, -0.5, 3.0, -2.0]),
    "isclose nan": (*same("isclose", rtol=0.3, atol=0.1, equal_nan=True), PAIRS),
    "clamp tensors": (lambda x, y: gg.clamp(x, y, y + 1), lambda x, y: torch.clamp(x, y, y + 1), [*PAIRS[:10], nan]),
    "clamp crossed": (lambda x, y: gg.clamp(x, y, -y), lambda x, y: torch.clamp(x, y, -y), [*PAIRS[:10], nan]),
    "clamp min": (lambda x, y: gg.clamp(x, min=y), lambda x, y: torch.clamp(x, min=y), PAIRS),
    "clamp max": (lambda x, y: gg.clamp(x, max=y), lambda x, y: torch.clamp(x, max=y), PAIRS),
    "lerp": (lambda x, y: gg.lerp(x, y, 0.3), lambda x, y: torch.lerp(x, y, 0.3), PAIRS),
    "lerp far": (lambda x, y: gg.lerp(x, y, 1.3), lambda x, y: torch.lerp(x, y, 1.3), PAIRS),
    "lerp weight": (lambda x, y: gg.lerp(x, x * 2, y), lambda x, y: torch.lerp(x, x * 2, y), PAIRS),
    "addcmul": (lambda x, y: gg.addcmul(x, x, y, value=2), lambda x, y: torch.addcmul(x, x, y, value=2), PAIRS),
    "addcdiv": (lambda x, y: gg.addcdiv(x, x, y, value=0.5), lambda x, y: torch.addcdiv(x, x, y, value=0.5), PAIRS),
    "prelu": (lambda x, y: gg.prelu(x.reshape(1, -1), y), lambda x, y: torch.prelu(x.reshape(1, -1), y), PAIRS),
    "igamma": (gg.igamma, torch.igamma, [0.5, 1.0, 2.0, 3.7]),
    "igammac": (gg.igammac, torch.igammac, [0.5, 1.0, 2.0, 3.7]),
    "gammainc": (SP.gammainc, TS.gammainc, [0.5, 1.0, 2.0, 3.7]),
    "gammaincc": (SP.gammaincc, TS.gammaincc, [0.5, 1.0, 2.0, 3.7]),
    "zeta": (SP.zeta, TS.zeta, [1.5, 2.0, 3.7, 30.0]),
}
ONLY_SECOND = ("igamma", "igammac", "gammainc", "gammaincc", "zeta")
NOT_DIFFERENTIABLE = ("floor_divide", "heaviside")  # by PyTorch


def at(*points):
    return lambda x, *_: np.isin(x, points)


def infinite(x, *_):
    return np.isinf(x)


# What is not compared, with the reason: name to (order from which on, where).
DIFFERENT = {
    # PyTorch's says 0; NaN has no sign, as NumPy has it.
    "sign": (0, np.isnan),
    "sgn": (0, np.isnan),
    # −infinity·0 is NaN in PyTorch; ours gives the limits.
    **dict.fromkeys(("F.gelu", "F.gelu tanh", "F.silu", "F.mish", "F.hardswish", "F.softsign"), (0, infinite)),
    # The gamma function has no limit there; SciPy and PyTorch differ.
    **dict.fromkeys(("lgamma", "special gammaln"), (0, lambda x: np.isinf(x) | ((x <= 0) & (np.floor(x) == x)))),
    # At its poles PyTorch's trigamma is a number like 1e31.
    **dict.fromkeys(("digamma", "special digamma", "special psi"), (0, lambda x: (x < 0) & (np.floor(x) == x))),
    # C's pow(−0, ½) is 0 and pow(−∞, ½) is ∞; PyTorch takes the square root instead, where −0 and −∞ differ.
    **dict.fromkeys(("power 0.5", "power -0.5"), (0, at(-0.0, -inf))),
    # Outside its domain there is no derivative, and at its end only the first.
    **dict.fromkeys(("acosh", "arccosh"), (1, at(1.0, -1.0))),
    # (1 − x)(1 + x) keeps the digits near ±1 that 1 − x² loses, and gives NaN in place of ±∞ at the ends.
    **dict.fromkeys(("acos", "asin", "arccos", "arcsin", "atanh", "arctanh"), (2, at(1.0, -1.0))),
    # The magnitude of an infinity has a derivative by itself, 1, where PyTorch divides by it.
    "copysign": (1, infinite),
    # The limit at 0 is −π²/3, which PyTorch masks; near 0 its quotient of differences has no right digit.
    **dict.fromkeys(("sinc", "special sinc"), (1, lambda x: np.abs(x) < 1e-3)),
    # The derivative by the slope of a slope's product: at 0 PyTorch's two passes take different sides.
    "prelu": (2, at(0.0)),
    # At 0 the first derivative is that from below, by both; PyTorch's second is that from above.
    **dict.fromkeys(("selu", "F.selu", "F.celu", "F.elu", "celu alpha", "F.elu alpha"), (2, at(0.0))),
    # Where y is 0 the derivative by both is 1/x; PyTorch masks it.
    **dict.fromkeys(("pow", "float_power"), (2, lambda x, y: y == 0)),
    # Where both are −∞ nothing can grow, and the derivatives are 0, as logsumexp's; PyTorch's are NaN.
    **dict.fromkeys(("logaddexp", "logaddexp2"), (1, lambda x, y: (x == -inf) & (y == -inf))),
    # Far out, PyTorch takes the difference of large numbers; where the value is infinite it gives NaN.
    "special log_ndtr": (1, lambda x: x <= (-60 if x.dtype == np.float64 else -4)),
    "special i1": (1, lambda x: np.abs(x) == 300),
}
# PyTorch's own digits are fewer.
TOLERANCE = {
    "polygamma": 1e-8,
    "F.hardsigmoid": 1e-7,
    "digamma": 1e-8,
    "psi": 1e-8,
    "lgamma": 1e-7,
    "gammaln": 1e-7,
    "log_ndtr": 1e-7,
    "erfcx": 1e-10,
}


def ours_and_theirs(function, arrays, needs, both):
    """Return value, gradients and gradients of the gradients' sum, all as arrays or None."""
    make, grad, floating = both
    xs = [make(a, n) for a, n in zip(arrays, needs, strict=True)]
    out = function(*xs)
    wanted = [x for x, n in zip(xs, needs, strict=True) if n]
    if not floating(out) or not wanted or not out.requires_grad:
        return [out.detach().numpy()]
    first = grad(out, wanted)
    if both is THEIRS and "hardsigmoid" in str(function):
        return [out, *first, torch.full_like(out, nan)]  # PyTorch has no second derivative
    second = [grad(f, wanted) if f.requires_grad else [None] * len(wanted) for f in first]
    return [out, *first, *[s for row in second for s in row]]


def our_grad(out, wanted):
    return gg.grad(out.sum(), wanted, create_graph=True, materialize_grads=True)


def their_grad(out, wanted):
    return torch.autograd.grad(out.sum(), wanted, create_graph=True, materialize_grads=True)


OURS = (lambda a, n: gg.tensor(a, requires_grad=n), our_grad, lambda t: t.dtype.kind == "f")
THEIRS = (lambda a, n: torch.tensor(a, requires_grad=n), their_grad, lambda t: t.is_floating_point())


def plain(value):
    if isinstance(value, torch.Tensor):
        return value.detach().numpy(force=True)
    return value.numpy() if isinstance(value, gg.Tensor) else value


def compare(name, function, oracle, arrays, needs, dtype):
    """Hold value, gradients and second gradients against PyTorch's.

    A derivative at NaN is nobody's: PyTorch gives NaN, 0 or 1 as it happens. And where PyTorch's second derivative is
    NaN (its formulas meet ∞·0 or 0/0 there) ours may be a number.
    """
    expected = ours_and_theirs(oracle, arrays, needs, THEIRS)
    got = ours_and_theirs(function, arrays, needs, OURS)
    assert got[0].shape == tuple(expected[0].shape)
    assert str(got[0].dtype) == str(expected[0].dtype).removeprefix("torch."), "dtype"
    assert len(got) == len(expected)
    family = name.removesuffix(" inside")
    since, where = DIFFERENT.get(family, (3, None))
    tolerance = 1e-10 if dtype == "float64" else 2e-5
    for word, allowed in TOLERANCE.items():
        if word in name:
            tolerance = max(5 * tolerance, allowed)
    wanted = sum(needs)
    for order, a, e in zip([0] + [1] * wanted + [2] * wanted**2, got, expected, strict=False):
        if a is None or e is None:
            rest = plain(e if a is None else a)
            assert rest is None or not np.nan_to_num(rest).any()
            continue
        a, e = plain(a), plain(e)
        assert a.shape == e.shape
        good = np.isclose(a, e, rtol=tolerance, atol=tolerance, equal_nan=True)
        if order >= since:
            good = good | np.asarray(where(*arrays), bool).reshape(good.shape)
        if order:
            good = good | np.any([np.isnan(x) for x in arrays], axis=0).reshape(good.shape)
        if order == 2:
            good = good | np.isnan(e)
        wrong = [
            f"f({', '.join(f'{v.flat[i]:g}' for v in arrays)}): {a.flat[i]:.9g} not {e.flat[i]:.9g}"
            for i in np.flatnonzero(~good)
        ]
        assert not wrong, f"order {order}: {'; '.join(wrong)}"


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", UNARY)
def test_unary(name, dtype):
    function, oracle, points = UNARY[name]
    x = np.array(points, dtype)
    compare(name, function, oracle, [x], [True], dtype)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", BINARY)
def test_binary(name, dtype):
    function, oracle, points = BINARY[name]
    x, y = (np.array(v, dtype) for v in zip(*itertools.product(points, points), strict=True))
    needs = [name not in ONLY_SECOND, True]
    if name in NOT_DIFFERENTIABLE:
        needs = [False, False]
    compare(name, function, oracle, [x, y], needs, dtype)


@pytest.mark.parametrize("dtype", ["int64", "int8", "uint8", "bool"])
@pytest.mark.parametrize("name", UNARY)
def test_unary_of_integers(name, dtype):
    function, oracle, _ = UNARY[name]
    x = np.array([0, 1, 2, 3, 5], dtype)
    try:
        expected = oracle(torch.tensor(x))
    except (RuntimeError, TypeError, NotImplementedError):
        return
    got = function(gg.tensor(x))
    assert str(got.dtype) == str(expected.dtype).removeprefix("torch.")
    np.testing.assert_allclose(got.numpy(), expected.numpy(), rtol=2e-5, atol=1e-6)


MIXED = [("int64", "int64"), ("int8", "int64"), ("bool", "int32"), ("bool", "bool"), ("int64", "float32"),
         ("float64", "int8"), ("float32", "float64")]  # fmt: skip


@pytest.mark.parametrize("dtypes", MIXED, ids=str)
@pytest.mark.parametrize("name", BINARY)
def test_binary_of_mixed_dtypes(name, dtypes):
    function, oracle, _ = BINARY[name]
    x, y = np.array([0, 1, 1, 3, 5], dtypes[0]), np.array([1, 1, 2, 1, 4], dtypes[1])
    try:
        expected = oracle(torch.tensor(x), torch.tensor(y))
    except (RuntimeError, TypeError, NotImplementedError):
        return
    got = function(gg.tensor(x), gg.tensor(y))
    assert str(got.dtype) == str(expected.dtype).removeprefix("torch.")
    np.testing.assert_allclose(got.numpy(), expected.numpy(), rtol=2e-5)


@pytest.mark.parametrize(
    "dtypes", [("int64", "int64"), ("int8", "int64"), ("uint8", "uint8"), ("bool", "bool"), ("bool", "int64")], ids=str
)
@pytest.mark.parametrize(
    "name", ["bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift"]
)
def test_bits(name, dtypes):
    x, y = np.array([0, 1, 12, 7, 100], dtypes[0]), np.array([1, 1, 2, 3, 4], dtypes[1])
    try:
        expected = getattr(torch, name)(torch.tensor(x), torch.tensor(y))
    except (RuntimeError, NotImplementedError):
        return
    for got in (getattr(gg, name)(gg.tensor(x), gg.tensor(y)), getattr(gg.tensor(x), name)(y)):
        assert str(got.dtype) == str(expected.dtype).removeprefix("torch.")
        np.testing.assert_array_equal(got.numpy(), expected.numpy())
    with_number = getattr(torch, name)(torch.tensor(x), 2)
    got = getattr(gg, name)(gg.tensor(x), 2)
    assert str(got.dtype) == str(with_number.dtype).removeprefix("torch.")
    np.testing.assert_array_equal(got.numpy(), with_number.numpy())
    np.testing.assert_array_equal(gg.bitwise_not(gg.tensor(x)).numpy(), torch.bitwise_not(torch.tensor(x)).numpy())


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 3, 4), (0, 3)])
@pytest.mark.parametrize("channels", [1, 3, None])
def test_prelu(shape, channels):
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal(shape), rng.standard_normal(() if channels is None else channels)
    try:
        expected = ours_and_theirs(F.prelu, [x, w], [True, True], THEIRS)
    except RuntimeError:
        with pytest.raises(ValueError, match=r"prelu: input of shape"):
            GF.prelu(gg.tensor(x), gg.tensor(w))
        return
    for a, e in zip(ours_and_theirs(GF.prelu, [x, w], [True, True], OURS), expected, strict=True):
        if a is not None and e is not None:
            np.testing.assert_allclose(plain(a), plain(e), rtol=1e-12)


@pytest.mark.parametrize("shape", [(4,), (2, 4), (4, 3, 2), (0, 4)])
@pytest.mark.parametrize("dim", [0, -1])
def test_over_an_axis(shape, dim):
    x = np.random.default_rng(0).standard_normal(shape)
    for name in ("glu", "softmin"):
        if name == "glu" and shape[dim] % 2:
            continue
        function, oracle = same(name, dim, ours=GF, theirs=F)
        compare(name, function, oracle, [x], [True], "float64")


def test_equal_and_allclose():
    a, b = np.array([1.0, 2.0]), np.array([1.0, 2.0 + 1e-9])
    for x, y in itertools.product((a, b, a[:1], np.array([nan, 1.0]), np.zeros(0), np.zeros((0, 3))), repeat=2):
        assert gg.equal(gg.tensor(x), gg.tensor(y)) is torch.equal(torch.tensor(x), torch.tensor(y))
    for x, y in itertools.product((a, b, np.array([nan, 1.0]), np.array([inf, 1.0])), repeat=2):
        for equal_nan in (False, True):
            ours = gg.allclose(gg.tensor(x), gg.tensor(y), equal_nan=equal_nan)
            assert ours is torch.allclose(torch.tensor(x), torch.tensor(y), equal_nan=equal_nan)
