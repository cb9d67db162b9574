"""Indices of every kind that NumPy has: its values, gradients that are what was read, and copies that are written.

NumPy is the source of values; that of gradients is arithmetic: reading is linear, so its gradient adds where it read.
"""

import importlib.util
import itertools
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import glassgrad as gg
from glassgrad.autograd.ops.indexing import add_at

_spec = importlib.util.spec_from_file_location("glassgrad_strategies", Path(__file__).with_name("strategies.py"))
strategies = importlib.util.module_from_spec(_spec)
sys.modules["glassgrad_strategies"] = strategies
_spec.loader.exec_module(strategies)
counted, laid_out = strategies.counted, strategies.laid_out


@st.composite
def reads(draw):
    shape = draw(strategies.shapes)
    return laid_out(counted(shape), draw(strategies.layouts)), draw(strategies.indices(shape))


@given(reads())
def test_reading_and_its_gradient(case):
    array, index = case
    x = gg.Tensor(array, requires_grad=True, copy=False)
    part = x[index]
    expected = np.asarray(array)[index]
    assert part.shape == expected.shape and part.dtype == np.float64
    np.testing.assert_array_equal(part.numpy(), expected)
    weights = counted(expected.shape) + 100
    (g,) = gg.grad(part, x, gg.tensor(weights))
    added = np.zeros(array.shape)
    np.add.at(added, index, weights)
    np.testing.assert_array_equal(g.numpy(), added)
    again = gg.tensor(array, requires_grad=True)
    (recorded,) = gg.grad(again[index], again, gg.tensor(weights, requires_grad=True), create_graph=True)
    np.testing.assert_array_equal(recorded.numpy(), added)


@given(reads())
def test_an_index_made_of_tensors_is_the_same(case):
    array, index = case

    def as_tensors(item):
        if isinstance(item, tuple):
            return tuple(map(as_tensors, item))
        return gg.tensor(item) if isinstance(item, np.ndarray) else item

    np.testing.assert_array_equal(gg.tensor(array)[as_tensors(index)].numpy(), np.asarray(array)[index])


@given(reads(), st.booleans())
def test_writing_into_a_copy(case, alone):
    """Values as NumPy's assignment; each value's gradient is that of the place where it stayed."""
    array, index = case
    shape = np.asarray(array)[index].shape
    values = -counted(() if alone else shape)
    x = gg.Tensor(array, requires_grad=True, copy=False)
    v = gg.tensor(values, requires_grad=True)
    result = gg.index_update(x, index, v)
    expected = np.array(array, dtype=float)
    expected[index] = values
    np.testing.assert_array_equal(result.numpy(), expected)
    np.testing.assert_array_equal(x.numpy(), np.asarray(array))
    weights = counted(array.shape) + 100
    gx, gv = gg.grad(result, [x, v], gg.tensor(weights))
    np.testing.assert_array_equal(gx.numpy(), np.where(expected < 0, 0, weights))
    if alone:
        assert gv.item() == weights[expected < 0].sum()
    else:
        stayed = np.zeros(values.size + 1)
        np.add.at(stayed, np.where(expected < 0, -expected, 0).astype(int), weights)
        np.testing.assert_array_equal(gv.numpy().reshape(-1), stayed[1:])


@given(reads())
def test_adding_into_a_copy(case):
    array, index = case
    if not isinstance(index, tuple):
        index = (index,)
    if any(i is None or i is Ellipsis or isinstance(i, slice) for i in index):
        return  # index_put takes arrays only
    values = counted(np.asarray(array)[index].shape)
    x, v = gg.tensor(array, requires_grad=True), gg.tensor(values, requires_grad=True)
    result = gg.index_put(x, index, v, accumulate=True)
    expected = np.array(array, dtype=float)
    np.add.at(expected, index, values)
    np.testing.assert_array_equal(result.numpy(), expected)
    weights = counted(array.shape)
    gx, gv = gg.grad(result, [x, v], gg.tensor(weights))
    np.testing.assert_array_equal(gx.numpy(), weights)
    np.testing.assert_array_equal(gv.numpy(), weights[index])


@pytest.mark.parametrize(
    "index",
    [
        np.array(1), np.int64(2), True, False, np.True_, [True, False, True], [], [[]], (), None, ..., (..., None),
        [0, 2], [[0, 1], [2, -1]], (slice(None, None, -2), [0, 0]), (None, 1, ..., None), np.array(True),
        (np.array(0), slice(None)), ([0, 1], [True, False, True, False]), (slice(-1, None, -1), -1),
    ],
    ids=str,
)  # fmt: skip
def test_odd_indices(index):
    array = counted((3, 4))
    expected = array[index]
    x = gg.tensor(array, requires_grad=True)
    np.testing.assert_array_equal(x[index].numpy(), expected)
    (g,) = gg.grad(x[index].sum(), x)
    ones = np.zeros((3, 4))
    np.add.at(ones, index, 1.0)
    np.testing.assert_array_equal(g.numpy(), ones)


@pytest.mark.parametrize(
    ("index", "kind"),
    [
        (3, IndexError), ((0, 4), IndexError), (np.array([0, 3]), IndexError), (np.ones(4, bool), IndexError),
        ((0, 0, 0), IndexError), (1.0, IndexError), (np.array([0.5]), IndexError), ("a", IndexError),
        (([0, 1], [0, 1, 2]), IndexError), ((..., ...), IndexError),
    ],
    ids=str,
)  # fmt: skip
def test_indices_that_do_not_fit(index, kind):
    with pytest.raises(kind, match="getitem: "):
        gg.tensor(counted((3, 4)))[index]


def test_a_tensor_of_fractions_is_no_index():
    with pytest.raises(TypeError, match="integers or bools"):
        gg.ones(3)[gg.tensor([1.0])]


def test_writing_says_what_does_not_fit():
    x = gg.ones(3)
    with pytest.raises(ValueError, match=r"^index_update: "):
        gg.index_update(x, slice(0, 2), gg.ones(3))
    with pytest.raises(IndexError, match=r"^index_update: "):
        gg.index_update(x, 5, 1.0)
    with pytest.raises(TypeError, match="index_update: values of dtype float"):
        gg.index_update(gg.tensor([1, 2]), 0, 1.5)
    with pytest.raises(TypeError, match="index_put: the values have dtype float64"):
        gg.index_put(x, (gg.tensor([0]),), gg.tensor([1.0], dtype="float64"))
    with pytest.raises(TypeError, match="index_put: indices must be a tuple"):
        gg.index_put(x, gg.tensor([0]), 1.0)


def test_written_values_take_the_dtype():
    x = gg.tensor([1.0, 2.0])
    assert gg.index_update(x, 0, np.float64(3)).dtype == np.float32
    v = gg.tensor([5.0], dtype="float64", requires_grad=True)
    result = gg.index_update(x, [1], v)
    assert result.dtype == np.float32
    assert gg.grad(result.sum(), v)[0].dtype == np.float64
    assert gg.index_update(gg.tensor([1, 2]), 0, True).tolist() == [1, 2]


@pytest.mark.parametrize("order", ["C", "F"])
def test_the_last_of_several_values_stays(order):
    """In row-major order, however index and values lie in memory."""
    index = np.asarray([[2, 0], [2, 2], [0, 1]], order=order)
    values = np.asarray([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], order=order)
    v = gg.Tensor(values, requires_grad=True, copy=False)
    result = gg.index_update(gg.zeros(3, dtype="float64"), index, v)
    assert result.tolist() == [5.0, 6.0, 4.0]
    (g,) = gg.grad(result, v, gg.tensor([10.0, 20.0, 30.0], dtype="float64"))
    assert g.tolist() == [[0.0, 0.0], [0.0, 30.0], [10.0, 20.0]]


CASES = {
    "rows": ((40, 3), lambda rng: rng.integers(-40, 40, 200)),
    "unique rows": ((40, 3), lambda rng: rng.permutation(40)),
    "columns": ((3, 40), lambda rng: (slice(None), rng.integers(-40, 40, (20, 10)))),
    "middle": ((3, 20, 4), lambda rng: (slice(None), rng.integers(0, 20, 50), slice(None))),
    "pairs": ((9, 8, 7), lambda rng: (rng.integers(0, 9, 100), rng.integers(-8, 8, 100))),
    "grid": ((9, 8, 7), lambda rng: (rng.integers(0, 9, (10, 1)), rng.integers(-8, 8, (1, 12)))),
    "last pair": ((3, 8, 7), lambda rng: (slice(None), rng.integers(0, 8, 60), rng.integers(-7, 7, 60))),
    "apart": ((9, 2, 7), lambda rng: (rng.integers(0, 9, 60), slice(None), rng.integers(-7, 7, 60))),
    "number first": ((9, 8, 7), lambda rng: (3, rng.integers(-8, 8, 30))),
    "part": ((9, 8, 7), lambda rng: (slice(1, 5), rng.integers(-8, 8, 30))),
    "mask": ((9, 8), lambda rng: rng.random((9, 8)) > 0.5),
    "ellipsis": ((9, 8, 7), lambda rng: (..., rng.integers(0, 7, 30))),
    "new axis": ((9, 8, 7), lambda rng: (rng.integers(0, 9, 30), None)),
}


@pytest.mark.parametrize(("shape", "make"), CASES.values(), ids=list(CASES))
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_accumulation_is_that_of_numpy(shape, make, dtype):
    """Added in float64 and rounded once or twice. Large enough to take the quick ways."""
    rng = np.random.default_rng(3)
    index = make(rng)
    for buffer in (np.zeros(shape, dtype), np.ones(shape, dtype), np.asfortranarray(np.ones(shape, dtype))):
        g = rng.standard_normal(buffer[index].shape).astype(dtype)
        expected, size = buffer.astype(np.float64), np.abs(buffer.astype(np.float64))
        np.add.at(expected, index, g)
        np.add.at(size, index, np.abs(g))
        add_at(buffer, g, index)
        assert (np.abs(buffer - expected) <= size * np.finfo(dtype).eps * (1 if dtype != "float64" else 8)).all()


def test_an_array_may_change_after_it_was_an_index():
    x = gg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    index = np.array([0, 0])
    y = x[index]
    index[:] = 2
    assert gg.grad(y.sum(), x)[0].tolist() == [2.0, 0.0, 0.0]


def test_many_reads_cost_what_they_read():
    """A thousand rows of a table, one by one: gradients go into one buffer, however large the table is."""
    rows = np.random.default_rng(0).integers(0, 2000, 1000)

    def gradient(length):
        table = gg.zeros(length, 16, requires_grad=True)
        loss = sum((table[int(i)].sum() for i in rows), start=gg.tensor(0.0))
        start = time.perf_counter()
        (g,) = gg.grad(loss, table)
        return time.perf_counter() - start, g

    _, g = gradient(2000)
    expected = np.zeros((2000, 16))
    np.add.at(expected, rows, 1.0)
    np.testing.assert_array_equal(g.numpy(), expected)
    small, large = (min(gradient(length)[0] for _ in range(3)) for length in (2000, 100_000))
    assert large < 5 * small  # a dense gradient for each read would make it some fifty times as long


def test_reads_are_linear_in_each_other():
    x = gg.tensor(counted((4, 4)), requires_grad=True)
    total = sum((x[i, j] * x[j, i] for i, j in itertools.product(range(4), repeat=2)), start=gg.tensor(0.0))
    (g,) = gg.grad(total, x)
    np.testing.assert_array_equal(g.numpy(), 2 * counted((4, 4)).T)
