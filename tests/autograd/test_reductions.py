"""Reductions, statistics, scans and sorting: what is decided at the edges, what is refused, and how exact it is."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import glassgrad as gg

inf, nan = math.inf, math.nan


def leaf(values, dtype="float64"):
    return gg.tensor(values, dtype=dtype, requires_grad=True)


def gradient(function, values):
    x = leaf(values)
    return gg.grad(function(x), x)[0].numpy()


# -- products --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([2.0, 3.0, 4.0], [12.0, 8.0, 6.0]),
        ([2.0, 0.0, 4.0], [0.0, 8.0, 0.0]),
        ([0.0, 0.0, 4.0], [0.0, 0.0, 0.0]),
        ([5.0], [1.0]),
        ([1e-200, 1e-200, 1e300], [1e100, 1e100, 0.0]),
        ([nan, 2.0, 3.0], [6.0, nan, nan]),
    ],
)
def test_gradient_of_a_product_is_the_product_of_the_others(values, expected):
    np.testing.assert_allclose(gradient(gg.prod, values), expected)


def test_second_derivatives_of_a_product_with_zeros():
    """∂²/∂x_i∂x_j is the product of all but these two: with two zeros, only their own entry is left."""
    x = leaf([0.0, 3.0, 0.0, 5.0])
    (first,) = gg.grad(gg.prod(x), x, create_graph=True)
    rows = [gg.grad(first[i], x, retain_graph=True)[0].numpy() for i in range(4)]
    expected = np.zeros((4, 4))
    expected[0, 2] = expected[2, 0] = 15.0
    np.testing.assert_array_equal(rows, expected)


def test_third_derivative_of_a_product_with_zeros():
    x = leaf([0.0, 0.0, 0.0, 7.0])
    (first,) = gg.grad(gg.prod(x), x, create_graph=True)
    (second,) = gg.grad(first[0], x, create_graph=True)
    assert gg.grad(second[1], x)[0].tolist() == [0.0, 0.0, 7.0, 0.0]


def test_running_product_with_zeros():
    """Σ_k Π_{j≤k} x_j by x_i is Σ_{k≥i} of the products without x_i."""
    values = [2.0, 0.0, 3.0, 0.0, 5.0]
    expected = [sum(math.prod(values[:i] + values[i + 1 : k + 1]) for k in range(i, 5)) for i in range(5)]
    np.testing.assert_allclose(gradient(lambda x: gg.cumprod(x, 0).sum(), values), expected)


def test_a_long_running_product_is_differentiated_without_a_loop():
    x = leaf(np.full(200_000, 1.0))
    (g,) = gg.grad(gg.cumprod(x, 0).sum(), x)
    np.testing.assert_array_equal(g.numpy(), np.arange(200_000, 0, -1))


# -- exactness in single precision -----------------------------------------------------------------------------


@pytest.mark.parametrize("dim", [0, 1, None])
@pytest.mark.parametrize("offset", [0.0, 1e4, 1e7])
def test_variance_far_from_zero(offset, dim):
    x = (np.random.default_rng(0).standard_normal((2000, 3)) * 8 + offset).astype("f4")
    exact = np.var(x.astype("f8"), dim, ddof=1)
    np.testing.assert_allclose(gg.var(gg.tensor(x), dim).numpy(), exact, rtol=1e-5)
    np.testing.assert_allclose(gg.std(gg.tensor(x), dim).numpy(), np.sqrt(exact), rtol=1e-5)
    t = gg.tensor(x, requires_grad=True)
    (g,) = gg.grad(gg.var(t, dim).sum(), t)
    wide = x.astype("f8")
    n = x.size if dim is None else x.shape[dim]
    expected = 2 / (n - 1) * (wide - wide.mean(dim, keepdims=True))
    np.testing.assert_allclose(g.numpy(), expected, rtol=1e-4, atol=1e-6 * np.abs(expected).max())


@pytest.mark.parametrize("name", ["cumsum", "sum", "mean"])
def test_long_sums_keep_their_digits(name):
    x = np.full((200_000, 2), 0.1, "f4")
    found = getattr(gg, name)(gg.tensor(x), 0).numpy()
    exact = getattr(np, name)(x.astype("f8"), 0)
    np.testing.assert_allclose(found, exact, rtol=5e-7)
    assert found.dtype == np.float32


def test_norms_neither_overflow_nor_vanish():
    for scale in (1e30, 1e-30):
        x = gg.tensor([3 * scale, 4 * scale], requires_grad=True)
        for p, expected in ((2, 5.0), (3, 91 ** (1 / 3)), (1, 7.0), (4, 337**0.25)):
            y = gg.norm(x, p)
            assert y.item() == pytest.approx(expected * scale, rel=1e-6)
            (g,) = gg.grad(y, x)
            np.testing.assert_allclose(g.numpy(), (np.array([3.0, 4.0]) / expected) ** (p - 1), rtol=1e-5)


@pytest.mark.parametrize("top", [1e4, -1e4])
def test_sums_of_exponentials_neither_overflow_nor_vanish(top):
    assert gg.logsumexp(gg.tensor([top, top])).item() == pytest.approx(top + math.log(2))
    np.testing.assert_allclose(
        gg.logcumsumexp(gg.tensor([top, top, top - 1e5]), 0).numpy(), [top, top + math.log(2), top + math.log(2)]
    )
    np.testing.assert_allclose(gradient(lambda x: gg.logsumexp(x), [top, top]), [0.5, 0.5])


def test_nothing_but_minus_infinity_sends_nothing_back():
    np.testing.assert_array_equal(gradient(lambda x: gg.logsumexp(x), [-inf, -inf]), [0.0, 0.0])
    found = gradient(lambda x: gg.logcumsumexp(x, 0).sum(), [-inf, -inf, 1.0, -inf])
    np.testing.assert_array_equal(found, [0.0, 0.0, 2.0, 0.0])
    x = leaf([-inf, 1.0, 2.0])
    (first,) = gg.grad(gg.logcumsumexp(x, 0)[2], x, create_graph=True)
    (second,) = gg.grad(first[1], x)
    p = 1 / (1 + math.e)
    np.testing.assert_allclose(second.numpy(), [0.0, p * (1 - p), -p * (1 - p)], atol=1e-15)


# -- choices at the edges --------------------------------------------------------------------------------------


def test_subgradients_at_zero():
    for p in (1, 2, 3, 1.5, 0.5, inf):
        np.testing.assert_array_equal(gradient(lambda x, p=p: gg.norm(x, p), [0.0, 0.0]), [0.0, 0.0])
    np.testing.assert_array_equal(gradient(gg.std, [2.0, 2.0, 2.0]), [0.0, 0.0, 0.0])
    np.testing.assert_array_equal(gradient(lambda x: gg.dist(x, x.detach()), [2.0, 3.0]), [0.0, 0.0])


def test_ties():
    """Over all they share; along an axis the element that the index names has it all."""
    values = [1.0, 3.0, 3.0, 0.0]
    np.testing.assert_array_equal(gradient(gg.max, values), [0.0, 0.5, 0.5, 0.0])
    np.testing.assert_array_equal(gradient(lambda x: gg.max(x, 0)[0], values), [0.0, 1.0, 0.0, 0.0])
    np.testing.assert_array_equal(gradient(lambda x: gg.cummax(x, 0)[0].sum(), values), [1.0, 1.0, 2.0, 0.0])
    np.testing.assert_array_equal(gradient(gg.median, [1.0, 2.0, 2.0, 5.0]), [0.0, 0.5, 0.5, 0.0])
    np.testing.assert_array_equal(gradient(lambda x: gg.norm(x, inf), [-3.0, 3.0, 1.0]), [-0.5, 0.5, 0.0])


def test_median_of_nothing_is_nan():
    for function in (gg.median, gg.nanmedian):
        x = leaf([])
        y = function(x)
        assert math.isnan(y.item()) and gg.grad(y, x)[0].shape == (0,)
    assert math.isnan(gg.nanmedian(gg.tensor([nan, nan])).item())


def test_quantiles_that_fall_on_an_element_are_it():
    x = gg.tensor([inf, -inf, 1.0])
    assert gg.quantile(x, gg.tensor([0.0, 0.5, 1.0])).tolist() == [-inf, 1.0, inf]


def test_sorting_is_stable_if_asked():
    x = np.tile([1.0, 0.0, nan], 100)
    for descending in (False, True):
        values, indices = gg.sort(gg.tensor(x), descending=descending, stable=True)
        for value in (0.0, 1.0):
            places = indices.numpy()[values.numpy() == value]
            assert (np.diff(places) > 0).all()
        assert np.isnan(values.numpy()[:100] if descending else values.numpy()[200:]).all()


def test_integer_results_of_floats_leave_the_graph():
    x = gg.tensor([1.0, 2.0], requires_grad=True)
    for y in (gg.sum(x, dtype="int64"), gg.argsort(x), gg.unique(x), gg.any(x), gg.histc(x, 2), gg.sort(x).indices):
        assert not y.requires_grad


def test_pairs_have_names():
    x = gg.tensor([[1.0, 5.0], [3.0, 4.0]])
    for pair in (gg.max(x, 0), gg.sort(x), gg.topk(x, 1), gg.median(x, 1), gg.mode(x), gg.cummin(x, 0), x.kthvalue(1)):
        assert pair._fields == ("values", "indices") and pair.indices.dtype == np.int64
    assert gg.aminmax(x)._fields == ("min", "max")
    assert gg.aminmax(x).max.item() == 5.0


def test_arrays_give_arrays():
    x = np.array([[3.0, 1.0], [2.0, 4.0]])
    for function in (gg.var, gg.std, gg.norm, gg.prod, gg.median, gg.nanmean, gg.cov, gg.corrcoef, gg.msort, gg.unique):
        assert isinstance(function(x), np.ndarray | np.generic)
    assert all(isinstance(part, np.ndarray) for pair in (gg.sort(x), gg.topk(x, 1), gg.max(x, 1)) for part in pair)
    assert gg.std([1.0, 2.0, 3.0]) == 1.0 and gg.quantile([1.0, 2.0], 0.5) == 1.5


def test_numpys_words():
    x = gg.tensor([[1.0, 5.0], [3.0, 4.0]])
    assert x.var(axis=1, keepdims=True).shape == (2, 1)
    assert gg.max(x, axis=0).values.tolist() == [3.0, 5.0]
    assert gg.cumsum(x, axis=0).tolist() == [[1.0, 5.0], [4.0, 9.0]]


# -- what is refused -------------------------------------------------------------------------------------------

X = gg.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
REFUSED = [
    (lambda: gg.sum(X, 2), IndexError, "sum: dimension 2 is out of range"),
    (lambda: gg.prod(X, (0, 0)), ValueError, "prod: a dimension appears twice"),
    (lambda: gg.cumsum(X, 5), IndexError, "cumsum: dimension 5"),
    (lambda: gg.cumsum(X, (0, 1)), TypeError, "cumsum: a dimension must be an integer"),
    (lambda: gg.sort(X, 3), IndexError, "argsort: dimension 3"),
    (lambda: gg.topk(X, 4), ValueError, "topk: k must be from 0 to 3"),
    (lambda: gg.kthvalue(X, 0), ValueError, "kthvalue: k must be from 1 to 3"),
    (lambda: gg.norm(X, "big"), ValueError, "norm: p must be a number"),
    (lambda: gg.norm(X[None], "fro", (0, 1, 2)), ValueError, "norm: 'fro' is the norm of matrices"),
    (lambda: gg.norm(X[0], "nuc"), ValueError, "norm: 'nuc' is the norm of a matrix"),
    (lambda: gg.mean(X, dtype="int64"), TypeError, "mean: dtype must be floating-point"),
    (lambda: gg.var(X, unbiased=True, correction=1), TypeError, "var: give either unbiased or correction"),
    (lambda: gg.quantile(X, 1.5), ValueError, "quantile: q must lie between 0 and 1"),
    (lambda: gg.quantile(X, [[0.5]]), ValueError, "quantile: q must be a number or one-dimensional"),
    (lambda: gg.quantile(X, 0.5, interpolation="best"), ValueError, "quantile: interpolation must be one of"),
    (lambda: gg.cov(X[None]), ValueError, "cov: x must have at most two dimensions"),
    (lambda: gg.cov(X, fweights=[1, 2]), ValueError, "cov: fweights must be 3 integers"),
    (lambda: gg.cov(X, fweights=[1, 2, -1]), ValueError, "cov: fweights must not be negative"),
    (lambda: gg.corrcoef(X[None]), ValueError, "corrcoef: x must have at most two dimensions"),
    (lambda: gg.histc(X, 0), ValueError, "histc: bins must be positive"),
    (lambda: gg.histc(X, 3, 2, 1), ValueError, "histc: max must be larger"),
    (lambda: gg.histc(gg.tensor([1.0, inf]), 3), ValueError, "histc: the range from 1.0 to inf is not finite"),
    (lambda: gg.bincount(X), TypeError, "bincount: x must be integers"),
    (lambda: gg.bincount(gg.tensor([-1])), ValueError, "bincount: x must be one-dimensional and not negative"),
    (lambda: gg.bincount(gg.tensor([1]), X), ValueError, "bincount: weights of shape"),
    (lambda: gg.diff(gg.tensor(1.0)), ValueError, "diff: x must have at least one dimension"),
    (lambda: gg.diff(X, -1), ValueError, "diff: n must not be negative"),
    (lambda: gg.diff(X, prepend=gg.tensor(1.0)), ValueError, "diff: prepend must have 2 dimensions"),
    (lambda: gg.trapezoid(gg.tensor(1.0)), IndexError, "trapezoid: y must have at least one dimension"),
    (lambda: gg.trapezoid(X, X, dx=2), TypeError, "trapezoid: give either x or dx"),
    (lambda: gg.searchsorted(X, X[:1]), ValueError, "searchsorted: a sequence of shape"),
    (lambda: gg.searchsorted(X[0], X, side="middle"), ValueError, "searchsorted: side must be"),
    (lambda: gg.searchsorted(X[0], X, side="left", right=True), ValueError, "searchsorted: side='left' contradicts"),
    (lambda: gg.bucketize(X, X), ValueError, "bucketize: boundaries must have one dimension"),
]


@pytest.mark.parametrize(("call", "kind", "message"), REFUSED, ids=[m for _, _, m in REFUSED])
def test_refused(call, kind, message):
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value).startswith(message)


def test_too_few_for_a_variance():
    with pytest.warns(RuntimeWarning, match="var: 1 elements leave no degrees of freedom"):
        assert math.isnan(gg.var(gg.tensor([2.0])).item())
    with pytest.warns(RuntimeWarning, match="cov: 1 observations"):
        gg.cov(gg.tensor([[2.0], [1.0]]))


# -- properties ------------------------------------------------------------------------------------------------


@st.composite
def array_and_axis(draw):
    shape = draw(st.lists(st.integers(1, 5), min_size=1, max_size=3))
    seed = draw(st.integers(0, 2**32 - 1))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    return np.random.default_rng(seed).integers(-3, 4, shape).astype("f8"), axis


@given(array_and_axis(), st.booleans())
def test_sorting_orders(case, descending):
    x, axis = case
    values, indices = gg.sort(gg.tensor(x), axis, descending, stable=True)
    expected = np.sort(x, axis)
    np.testing.assert_array_equal(values.numpy(), np.flip(expected, axis) if descending else expected)
    np.testing.assert_array_equal(np.take_along_axis(x, indices.numpy(), axis), values.numpy())
    t = leaf(x)
    weights = np.random.default_rng(0).standard_normal(x.shape)
    (g,) = gg.grad(gg.sort(t, axis, descending).values, t, weights)
    np.testing.assert_allclose(np.sort(g.numpy().ravel()), np.sort(weights.ravel()))


@given(array_and_axis(), st.data())
def test_ranks_agree(case, data):
    x, axis = case
    n = x.shape[axis]
    k = data.draw(st.integers(1, n))
    ordered = np.sort(x, axis)
    t = gg.tensor(x)
    np.testing.assert_array_equal(gg.kthvalue(t, k, axis).values.numpy(), np.take(ordered, k - 1, axis))
    np.testing.assert_array_equal(gg.median(t, axis).values.numpy(), np.take(ordered, (n - 1) // 2, axis))
    np.testing.assert_array_equal(
        gg.topk(t, k, axis).values.numpy(), np.flip(np.take(ordered, range(n - k, n), axis), axis)
    )
    q = data.draw(st.floats(0, 1))
    np.testing.assert_allclose(gg.quantile(t, q, axis).numpy(), np.quantile(x, q, axis), atol=1e-12)
    counts = np.apply_along_axis(lambda row: max((list(row).count(v), -v) for v in row), axis, x)
    np.testing.assert_array_equal(gg.mode(t, axis).values.numpy(), -np.take(counts, 1, axis))


@given(array_and_axis())
def test_scans_end_in_reductions(case):
    x, axis = case
    t = gg.tensor(x)
    for scan, whole in (
        (gg.cumsum, gg.sum), (gg.cumprod, gg.prod), (gg.logcumsumexp, gg.logsumexp),
        (lambda t, d: gg.cummax(t, d)[0], gg.amax), (lambda t, d: gg.cummin(t, d)[0], gg.amin),
    ):  # fmt: skip
        np.testing.assert_allclose(np.take(scan(t, axis).numpy(), -1, axis), whole(t, axis).numpy(), atol=1e-12)
