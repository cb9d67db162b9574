"""Data sets, splits and the making of batches."""

from itertools import chain, islice

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import glassgrad as gg
from glassgrad.data import DataLoader, Dataset, Subset, TensorDataset, collate, random_split


def numbers(n: int) -> TensorDataset:
    return TensorDataset(np.arange(n))


def held(subset: Subset) -> list[int]:
    return [subset[i][0].item() for i in range(len(subset))]


# --- TensorDataset


def test_a_sample_is_the_tuple_of_rows():
    pairs = TensorDataset(gg.tensor([[1.0, 2.0], [3.0, 4.0]]), np.array([5, 6], dtype=np.int16))
    point, label = pairs[1]
    assert isinstance(point, gg.Tensor) and isinstance(label, gg.Tensor)
    assert point.numpy().tolist() == [3.0, 4.0] and label.item() == 6
    assert point.dtype == np.float32 and label.dtype == np.int16, "the dtypes are the arrays'"


def test_slices_arrays_and_negative_positions_index_as_numpy():
    rows = np.arange(12).reshape(6, 2)
    data = TensorDataset(rows)
    for index in (slice(1, 4), np.array([5, 0, 5]), -1, slice(None, None, -2)):
        np.testing.assert_array_equal(data[index][0].numpy(), rows[index])
    np.testing.assert_array_equal(data.take([4, 4, 1])[0].numpy(), rows[[4, 4, 1]])


def test_a_batch_shares_no_memory_with_the_data_set():
    source = np.zeros((4, 2))
    batch = TensorDataset(source)[1:3][0]
    assert not np.shares_memory(batch.numpy(), source)


def test_iteration_ends_after_the_last_sample():
    assert [sample[0].item() for sample in numbers(3)] == [0, 1, 2]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((), ValueError, "at least one tensor or array"),
        ((np.zeros(3), np.zeros(4)), ValueError, r"same length, but the lengths are \[3, 4\]"),
        ((np.float64(3.0),), TypeError, "argument 0 is a number"),
        ((np.zeros(2), np.array(["a"])), TypeError, "argument 1 must be .* array of numbers, not an array of <U1"),
        ((np.array([None, 1]),), TypeError, "not an array of object"),
        (("ab",), TypeError, "not str"),
        (({1, 2},), TypeError, "not set"),
    ],
)
def test_what_is_not_data_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        TensorDataset(*arguments)


def test_a_tensor_with_gradient_is_refused_because_it_would_be_cut_off():
    weights = gg.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(ValueError, match=r"requires a gradient.*detach"):
        TensorDataset(weights)
    assert len(TensorDataset(weights.detach())) == 2


def test_a_for_loop_over_a_data_set_of_ones_own_ends_with_its_length():
    """Its __getitem__ raises no IndexError, so Python alone would count for ever."""

    class Squares(Dataset):
        def __len__(self):
            return 5

        def __getitem__(self, index):
            return float(index) ** 2

    assert list(islice(Squares(), 1000)) == [0, 1, 4, 9, 16]
    assert list(Squares()) == [0, 1, 4, 9, 16] and 9.0 in Squares()
    assert list(Subset(Squares(), [3, 1])) == [9, 1]


def test_lists_become_what_tensor_makes_of_them():
    pairs = TensorDataset([1.5, 2.5], [[1, 2], [3, 4]], [True, False])
    assert [t.dtype for t in pairs[:]] == [np.float32, np.int64, np.bool_]


# --- Subset


def test_a_subset_of_a_subset_composes_positions():
    outer = Subset(Subset(numbers(10), [9, 7, 5, 3]), [3, 1])
    assert held(outer) == [3, 7]
    assert outer.take([1, 0, 1])[0].numpy().tolist() == [7, 3, 7]


def test_a_subset_may_be_empty():
    assert len(Subset(numbers(3), [])) == 0


@pytest.mark.parametrize(
    ("indices", "error", "message"),
    [
        ([0, 3], IndexError, "index 3 is outside the data set, which has 3 samples"),
        ([-1], IndexError, "index -1"),
        ([0.5], TypeError, "whole numbers, not float64"),
        ([True, False, True], TypeError, "not bool"),
        ([[0, 1]], TypeError, r"shape \(1, 2\)"),
    ],
)
def test_positions_that_do_not_exist_are_refused(indices, error, message):
    with pytest.raises(error, match=message):
        Subset(numbers(3), indices)


# --- random_split


@pytest.mark.parametrize(("total", "first", "second"), [(60000, 12000, 48000), (500, 100, 400)])
def test_twenty_per_cent_for_validation(total, first, second):
    """The split of the worked examples, section 13: validation first, disjoint, and together everything."""
    for lengths in ([first, second], [0.2, 0.8]):
        validation, training = random_split(numbers(total), lengths, seed=1)
        assert (len(validation), len(training)) == (first, second)
        together = np.concatenate([validation.indices, training.indices])
        assert np.array_equal(np.sort(together), np.arange(total))
        assert not np.array_equal(together, np.arange(total)), "the samples are shuffled first"


@given(parts=st.lists(st.integers(0, 20), min_size=1, max_size=6), seed=st.integers(0, 2**63))
def test_a_split_is_a_partition(parts, seed):
    data = numbers(sum(parts))
    split = random_split(data, parts, seed=seed)
    assert [len(part) for part in split] == parts
    assert sorted(chain.from_iterable(held(part) for part in split)) == list(range(len(data)))
    assert [held(part) for part in random_split(data, parts, seed=seed)] == [held(part) for part in split]


@given(total=st.integers(0, 300), weights=st.lists(st.integers(1, 50), min_size=1, max_size=6))
def test_fractions_differ_from_their_share_by_less_than_one_sample(total, weights):
    fractions = [weight / sum(weights) for weight in weights]
    split = random_split(numbers(total), fractions, seed=0)
    assert sum(len(part) for part in split) == total
    for part, fraction in zip(split, fractions, strict=True):
        assert abs(len(part) - fraction * total) < 1 + 1e-6


@pytest.mark.parametrize(
    ("total", "fractions", "sizes"),
    [(10, [1 / 3, 1 / 3, 1 / 3], [4, 3, 3]), (11, [0.5, 0.3, 0.2], [6, 3, 2]), (100, [0.71, 0.29], [71, 29])],
)
def test_samples_left_over_go_to_the_first_parts(total, fractions, sizes):
    assert [len(part) for part in random_split(numbers(total), fractions, seed=0)] == sizes


@pytest.mark.parametrize("lengths", [[], [3, 3], [0.5, 0.4], [-1, 11], [float("nan"), 1], ["3", 7], [float("inf")]])
def test_lengths_that_do_not_add_up_are_refused(lengths):
    with pytest.raises(ValueError, match="random_split"):
        random_split(numbers(10), lengths)


def test_manual_seed_decides_a_split_without_a_seed():
    def split() -> list[int]:
        return held(random_split(numbers(50), [25, 25])[0])

    gg.manual_seed(3)
    first, second = split(), split()
    gg.manual_seed(3)
    assert [split(), split()] == [first, second]
    assert first != second


@pytest.mark.parametrize(("seed", "error"), [(-1, ValueError), (0.5, TypeError), ("1", TypeError)])
def test_seeds_that_are_none_are_refused(seed, error):
    with pytest.raises(error, match="seed must"):
        random_split(numbers(4), [2, 2], seed=seed)


# --- collate


def test_python_numbers_become_the_librarys_default_types():
    images, labels, flags = collate([(0.5, 1, True), (1.5, 2, False)])
    assert (images.dtype, labels.dtype, flags.dtype) == (np.float32, np.int64, np.bool_)
    assert images.numpy().tolist() == [0.5, 1.5]


def test_arrays_keep_their_dtype():
    assert collate([np.zeros(2, dtype=np.float64), np.ones(2, dtype=np.float64)]).dtype == np.float64


@pytest.mark.parametrize(
    ("samples", "dtype"),
    [
        ([1.5, np.float32(2.5)], np.float32),
        ([gg.tensor(1.5), 2.5], np.float32),
        ([2.5, gg.tensor(1.5)], np.float32),
        ([1.5, np.float64(2.5)], np.float64),
        ([1.5, np.float16(2.5)], np.float16),
        ([1.5, np.int64(2)], np.float32),
        ([gg.tensor(1), 2.5], np.float32),
        ([1.5, True, np.bool_(1)], np.float32),
        ([2, np.float32(2.5)], np.float32),
        ([gg.tensor(1), np.float32(2.5)], np.float32),
        ([2, np.int8(3)], np.int64),
        ([True, np.int8(3)], np.int8),
        ([np.zeros(2, np.float32), np.zeros(2, np.float64)], np.float64),
        ([np.zeros(2, np.int64), np.zeros(2, np.float32)], np.float32),
    ],
)
def test_mixtures_have_the_dtype_of_their_arrays(samples, dtype):
    """A Python number takes part only by its kind, as in every operation."""
    batch = collate(samples)
    assert batch.dtype == dtype
    np.testing.assert_array_equal(batch.numpy(), [np.asarray(getattr(s, "numpy", lambda s=s: s)()) for s in samples])
    assert next(iter(DataLoader(samples, batch_size=len(samples)))).dtype == dtype


def test_the_default_dtype_decides():
    gg.set_default_dtype("float64")
    try:
        assert collate([1.5, 2.5]).dtype == collate([1.5, np.int64(2)]).dtype == np.float64
        assert TensorDataset([1.5])[0][0].dtype == np.float64
    finally:
        gg.set_default_dtype("float32")


@pytest.mark.parametrize(
    ("samples", "error", "message"),
    [
        ([], ValueError, "no samples"),
        ([np.zeros(2), np.zeros(2), np.zeros(3)], ValueError, r"sample 0 has shape \(2,\), sample 2 has \(3,\)"),
        ([(1, 2), (1, 2, 3)], ValueError, "sample 1 of the batch is not a tuple of 2"),
        ([(1, 2), 1], ValueError, "sample 1"),
        (["a"], TypeError, "sample 0 .* not str"),
        ([None], TypeError, "NoneType"),
        ([np.datetime64("2020-01-01")], TypeError, "datetime64"),
    ],
)
def test_samples_that_make_no_batch_are_refused(samples, error, message):
    with pytest.raises(error, match=message):
        collate(samples)


def test_an_unfinished_data_set_says_what_it_lacks():
    class Unfinished(Dataset):
        pass

    with pytest.raises(NotImplementedError, match="Unfinished must define __len__"):
        len(Unfinished())
    with pytest.raises(NotImplementedError, match="Unfinished must define __getitem__"):
        Unfinished()[0]
