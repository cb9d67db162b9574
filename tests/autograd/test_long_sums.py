"""Sums of very many float32 numbers: within a millionth of float64's, in every layout of memory, and backwards.

NumPy adds one by one over every axis but the innermost; at a million equal numbers that is 1 % wrong.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import glassgrad as gg
from glassgrad.autograd.core.sums import matrix_product, running_total, total, total_of_products

F = gg.nn.functional
N = 1_000_000


def equal(*shape):
    """Return equal numbers, for which the roundings of a sum all go in one direction."""
    return np.full(shape, 0.1, np.float32)


# -- the sum itself --------------------------------------------------------------------------------------------


def layouts(values):
    """Yield (what it is, an array of many numbers in some layout, the axes to add over)."""
    yield "one axis", values, (0,)
    yield "rows", values.reshape(-1, 10), (0,)
    yield "columns", values.reshape(-1, 10), (1,)
    yield "wide rows", values.reshape(-1, 10_000), (0,)
    yield "few wide rows", values.reshape(10, -1), (0,)
    yield "narrow rows", values.reshape(-1, 2), (0,)
    yield "transposed", values.reshape(-1, 10).T, (1,)
    yield "transposed, all", values.reshape(-1, 10).T, (0, 1)
    yield "Fortran order", np.asfortranarray(values.reshape(10, -1)), (1,)
    yield "a trailing 1", values.reshape(-1, 10, 1), (0, 2)
    yield "channels", values.reshape(-1, 10, 10, 10), (0, 2, 3)
    yield "channels of few", values.reshape(-1, 5, 2, 1), (0, 2, 3)
    yield "channels last", values.reshape(-1, 10, 10, 10).transpose(0, 3, 1, 2), (0, 2, 3)
    yield "in the middle", values.reshape(10, -1, 10), (1,)
    yield "every second", values[::2], (0,)
    yield "every second column", values.reshape(-1, 10)[:, ::2], (0,)
    yield "part of the columns", values.reshape(-1, 100)[:, :70], (0, 1)
    yield "backwards", values.reshape(-1, 10)[::-1, ::-1], (0,)
    yield "repeated", np.broadcast_to(values[:10], (values.size // 10, 10)), (0,)
    yield "repeated columns", np.broadcast_to(values[: values.size // 10, None], (values.size // 10, 10)), (0,)
    yield "a count that no block divides", values[:-7].reshape(-1, 3)[:, :2], (0,)


@pytest.mark.slow
@pytest.mark.parametrize("position", range(21), ids=[name for name, *_ in layouts(np.zeros(10**6, "f4"))])
def test_ten_million_numbers_in_any_layout(position):
    rng = np.random.default_rng(position)
    for values in (np.full(10**7, 0.1, np.float32), rng.random(10**7, dtype=np.float32)):
        _, array, axes = list(layouts(values))[position]
        exact = np.add.reduce(array, axes, np.float64)
        for keepdims in (False, True):
            found = total(array, axes, keepdims)
            assert found.dtype == np.float32
            np.testing.assert_allclose(np.reshape(found, exact.shape), exact, rtol=1e-6)


def test_a_sum_of_ones_does_not_stop_at_two_to_the_24():
    count = (1 << 24) + 4096
    ones = np.ones((count, 1), np.float32)[:, [0]]
    assert total(ones, (0,)).tolist() == [count]
    bias = gg.zeros(1, requires_grad=True)
    (bias + ones).backward(gg.tensor(ones))
    assert bias.grad.tolist() == [count]


@st.composite
def arrays_and_axes(draw):
    """Return an array of any layout, with axes to add over."""
    shape = tuple(draw(st.lists(st.sampled_from([0, 1, 2, 3, 33, 70]), max_size=4)))
    array = np.random.default_rng(len(shape)).random(shape, dtype=np.float32)
    array = array.transpose(draw(st.permutations(range(len(shape)))))
    for axis in range(len(shape)):
        cut = draw(st.sampled_from([slice(None), slice(None, None, 2), slice(None, None, -1), None]))
        part = (slice(None),) * axis
        if cut is not None:
            array = array[(*part, cut)]
        elif array.shape[axis]:
            array = np.broadcast_to(array[(*part, slice(1))], array.shape)
    axes = draw(st.lists(st.sampled_from(range(len(shape))), unique=True)) if shape else []
    return array, tuple(axes)


@given(arrays_and_axes(), st.booleans(), st.sampled_from([None, np.float64]), st.sampled_from(["f4", "f2", "f8", "i4"]))
def test_a_sum_has_the_shape_and_the_digits_of_float64(case, keepdims, dtype, kind):
    array, axes = case
    array = (array / 4096 if kind == "f2" else array).astype(kind)
    if kind == "i4":
        assert np.array_equal(total(array, axes, keepdims), np.sum(array, axes, keepdims=keepdims))
        return
    exact = np.add.reduce(array, axes, np.float64, None, keepdims)
    found = total(array, axes, keepdims, dtype)
    assert np.shape(found) == np.shape(exact)
    assert found.dtype == (dtype or array.dtype)
    np.testing.assert_allclose(found, exact, rtol=1e-3 if kind == "f2" and dtype is None else 1e-6)


@pytest.mark.parametrize("n", [1, 31, 33, 4095, 4096, 4097, 20_000, 100_003])
def test_sums_of_products(n):
    x, y = equal(3, n), equal(3, n) * 2
    exact = n * np.float64(x[0, 0]) * np.float64(y[0, 0])
    np.testing.assert_allclose(total_of_products(x, y, (1,)), exact, rtol=1e-6)
    np.testing.assert_allclose(total_of_products(x, y, (0, 1)), 3 * exact, rtol=1e-6)
    np.testing.assert_allclose(total_of_products(x.T, y.T, (0,)), exact, rtol=1e-6)


@pytest.mark.parametrize("n", [1, 4097, 70_000, 300_003])
def test_products_of_matrices_with_a_long_inner_axis(n):
    x, y = equal(3, n), equal(4, n) * 2
    exact = n * np.float64(x[0, 0]) * np.float64(y[0, 0])
    for left in (x, np.asfortranarray(x), x[0], equal(2, 3, n), equal(200, n)[::50, ::-1]):
        for right in (y.T, np.ascontiguousarray(y.T), y[0], np.stack([y.T, y.T]), np.tile(y, (50, 1)).T):
            expected = np.full(np.matmul(left[..., :1], right[:1] if right.ndim < 3 else right[:, :1]).shape, exact)
            np.testing.assert_allclose(matrix_product(left, right), expected, rtol=1e-6)


@pytest.mark.parametrize("shape", [(1_000_003,), (100_003, 3), (7, 30_001), (300, 2, 100), (5,), (0, 3)])
def test_running_sums_in_any_layout(shape):
    for axis in range(len(shape)):
        for array in (equal(*shape), np.asfortranarray(equal(*shape)), equal(*shape)[::-1]):
            exact = np.cumsum(array, axis, dtype=np.float64)
            np.testing.assert_allclose(running_total(array, axis), exact, rtol=1e-6)


# -- operations ------------------------------------------------------------------------------------------------

ROWS = np.zeros(N, np.int64)
LABELS = np.arange(N) % 2
# Name: (function, its inputs).
CASES = {
    "sum": (lambda x: x.sum(0), [equal(N, 2)]), "sum of a transposed": (lambda x: x.T.sum(1), [equal(N, 2)]),
    "sum with trailing 1": (lambda x: x.sum((0, 2)), [equal(N, 2, 1)]),
    "mean": (lambda x: x.mean(0), [equal(N, 2)]), "nansum": (lambda x: gg.nansum(x, 0), [equal(N, 2)]),
    "nanmean": (lambda x: gg.nanmean(x, 0), [equal(N, 2)]),
    "var": (lambda x: gg.var(x, 0), [np.tile(np.float32([[1, 3], [2, 5]]), (N // 2, 1))]),
    "std": (lambda x: gg.std(x.T, 1), [np.tile(np.float32([[1, 3], [2, 5]]), (N // 2, 1))]),
    "norm": (lambda x: gg.norm(x, dim=0), [equal(N, 2)]), "norm of all": (gg.norm, [equal(N)]),
    "norm 1": (lambda x: gg.norm(x, 1, dim=0), [equal(N, 2)]), "norm 3": (lambda x: gg.norm(x, 3, 0), [equal(N, 2)]),
    "logsumexp": (lambda x: gg.logsumexp(x, 0).exp(), [equal(N, 2)]),
    "logcumsumexp": (lambda x: gg.logcumsumexp(x, 0)[-1].exp(), [equal(N)]),
    "cumsum": (lambda x: gg.cumsum(x, 0)[-1], [equal(N, 2)]),
    "trapezoid": (lambda x: gg.trapezoid(x, dim=0), [equal(N, 2)]),
    "cov": (gg.cov, [np.tile(np.float32([[1, 2], [3, 5]]), N // 2)]),
    "dot": (lambda x, y: x @ y, [equal(N), equal(N)]), "matmul": (lambda x, y: x.T @ y, [equal(N, 2), equal(N, 2)]),
    "matmul of vectors": (lambda x, y: (x * y).sum(0), [equal(N, 1), equal(1, 2)]),
    "einsum": (lambda x, y: gg.einsum("ni,ni->i", x, y), [equal(N, 2), equal(N, 2)]),
    "einsum of one": (lambda x: gg.einsum("ni->i", x), [equal(N, 2)]),
    "tensordot": (lambda x, y: gg.tensordot(x, y, 2), [equal(N, 2), equal(N, 2)]),
    "softmax": (lambda x: gg.softmax(x, 0)[:2], [np.linspace(0, 1, 2 * N, dtype=np.float32).reshape(N, 2)]),
    "cosine": (lambda x, y: F.cosine_similarity(x, y, 0), [equal(N, 2), equal(N, 2) * (1 + np.arange(N) % 2)[:, None]]),
    "mse": (F.mse_loss, [equal(N), np.zeros(N, np.float32)]), "l1": (F.l1_loss, [equal(N), np.zeros(N, np.float32)]),
    "cross entropy": (lambda x: F.cross_entropy(x, LABELS), [equal(N, 2)]),
    "average pool": (lambda x: F.adaptive_avg_pool2d(x, 1), [equal(1, 2, 1000, 1000)]),
    "add": (lambda x, b: x + b, [equal(N, 2), equal(2)]), "multiply": (lambda x, b: x * b, [equal(N, 2), equal(2)]),
    "a number": (lambda x, b: x * b, [equal(N, 2), equal()]),
    "a column": (lambda x, b: x * b, [equal(2, N), equal(2, 1)]),
    "where": (lambda x, b: gg.where(gg.tensor(LABELS[:, None] > 0), x, b) * x, [equal(N, 2), equal(2)]),
    "divide": (lambda x, b: x / b, [equal(N, 2), equal(2)]),
    "expand": (lambda x, b: b.expand(N, 2) * x, [equal(N, 2), equal(2)]),
    "repeat": (lambda x, b: b.repeat(N) * x, [equal(2 * N), equal(2)]),
    "tile": (lambda x, b: gg.tile(b, (N, 1)) * x, [equal(N, 2), equal(2)]),
    "repeat_interleave": (lambda x, b: b.repeat_interleave(N) * x, [equal(2 * N), equal(2)]),
    "broadcast_to": (lambda x, b: gg.broadcast_to(b, (N, 2)) * x, [equal(N, 2), equal(2)]),
    "linear": (F.linear, [equal(N, 2), equal(3, 2), equal(3)]),
    "conv2d": (F.conv2d, [equal(5000, 2, 14, 14), equal(3, 2, 1, 1), equal(3)]),
    "batch norm": (
        lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True) * x,
        [np.tile(np.float32([[1, 3], [2, 5]]), (N // 2, 1)), equal(2), equal(2)]),
    "layer norm": (
        lambda x, w, b: F.layer_norm(x, 2, w, b) * x, [np.tile(np.float32([[1, 3]]), (N, 1)), equal(2), equal(2)]),
    "group norm": (
        lambda x, w, b: F.group_norm(x, 1, w, b) * x, [np.tile(np.float32([[1, 3]]), (N, 1)), equal(2), equal(2)]),
    "prelu": (lambda x, w: F.prelu(-x, w), [equal(N, 2), equal(2)]),
    "embedding": (lambda w, x: F.embedding(ROWS, w) * x, [equal(2, 2), equal(N, 2)]),
    "getitem": (lambda w, x: w[ROWS] * x, [equal(2, 2), equal(N, 2)]),
    "gather": (lambda w, x: gg.gather(w, 0, gg.tensor(ROWS)) * x, [equal(2), equal(N)]),
    "take": (lambda w, x: gg.take(w, ROWS) * x, [equal(2), equal(N)]),
    "scatter_add": (lambda w, x: gg.scatter_add(w, 0, gg.tensor(ROWS), x), [equal(1), equal(N)]),
    "index_add": (lambda w, x: gg.index_add(w, 0, gg.tensor(ROWS), x), [equal(1, 2), equal(N, 2)]),
    "bincount": (lambda x: gg.bincount(gg.tensor(ROWS), x), [equal(N)]),
    "unfold": (lambda x: x.unfold(0, 1000, 1), [equal(3000)]),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_operations_and_their_gradients_keep_their_digits(name):
    function, arrays = CASES[name]
    results = []
    for dtype in (np.float32, np.float64):
        inputs = [gg.tensor(a.astype(dtype), requires_grad=True) for a in arrays]
        out = function(*inputs)
        results.append([out.numpy(), *(g.numpy() for g in gg.grad(out, inputs, gg.full(out.shape, 0.7, dtype=dtype)))])
    for found, exact in zip(*results, strict=True):
        assert found.dtype == np.float32
        scale = np.max(np.abs(exact))
        # Normalised numbers carry the roundings of what was subtracted; all else is exact to a millionth.
        np.testing.assert_allclose(found, exact, rtol=1e-6, atol=1e-6 * scale)


def test_ties_are_counted_beyond_what_float32_can_count():
    x = gg.tensor(np.ones((1 << 24) + 4096, np.float32), requires_grad=True)
    x.amax().backward()
    assert x.grad[0].item() == pytest.approx(1 / ((1 << 24) + 4096), rel=1e-7)


def test_second_derivatives_of_what_was_broadcast():
    x, b = gg.tensor(equal(100_000, 2)), gg.tensor(equal(2), requires_grad=True)
    (first,) = gg.grad((x * b * b).sum(), b, create_graph=True)
    (second,) = gg.grad(first.sum(), b)
    np.testing.assert_allclose(second.numpy(), 2 * 100_000 * np.float64(np.float32(0.1)), rtol=1e-6)
