"""DataLoader: which samples come, in which order, in which batches."""

from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import glassgrad as gg
from glassgrad.data import DataLoader, Dataset, Subset, TensorDataset


def paired(n: int) -> TensorDataset:
    """Samples (i, i squared, a 2 x 3 image full of i), so that a pair torn apart shows."""
    position = np.arange(n)
    return TensorDataset(position, position**2, np.broadcast_to(position[:, None, None], (n, 2, 3)).astype(np.float32))


def epoch(loader: DataLoader) -> list[list[int]]:
    return [batch[0].numpy().tolist() for batch in loader]


sizes = st.integers(0, 60)
batches = st.integers(1, 70)
seeds = st.one_of(st.none(), st.integers(0, 2**40))


def test_ten_samples_in_batches_of_four():
    """Worked examples, section 13: slices [0:4], [4:8], [8:10], the last one short."""
    assert epoch(DataLoader(paired(10), batch_size=4)) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    assert epoch(DataLoader(paired(10), batch_size=4, drop_last=True)) == [[0, 1, 2, 3], [4, 5, 6, 7]]


@given(n=sizes, size=batches, shuffle=st.booleans(), seed=seeds)
def test_every_sample_comes_once_an_epoch(n, size, shuffle, seed):
    loader = DataLoader(paired(n), size, shuffle=shuffle, seed=seed)
    for _ in range(2):
        got = epoch(loader)
        assert len(got) == len(loader) == -(-n // size)
        assert all(len(batch) == size for batch in got[:-1])
        assert sorted(chain.from_iterable(got)) == list(range(n))


@given(n=sizes, size=batches, seed=seeds)
def test_drop_last_leaves_out_only_a_short_batch(n, size, seed):
    got = epoch(DataLoader(paired(n), size, shuffle=True, drop_last=True, seed=seed))
    assert [len(batch) for batch in got] == [size] * (n // size)
    assert len(set(chain.from_iterable(got))) == n // size * size


@given(n=sizes, size=batches, seed=seeds)
def test_pairs_stay_together(n, size, seed):
    for position, square, image in DataLoader(paired(n), size, shuffle=True, seed=seed):
        assert image.shape == (*position.shape, 2, 3)
        np.testing.assert_array_equal(square.numpy(), position.numpy() ** 2)
        np.testing.assert_array_equal(image.numpy()[:, 1, 2], position.numpy())


@given(n=sizes, size=batches, seed=st.integers(0, 2**40))
def test_the_same_seed_gives_the_same_epochs(n, size, seed):
    first, second = (DataLoader(paired(n), size, shuffle=True, seed=seed) for _ in range(2))
    assert [epoch(first) for _ in range(3)] == [epoch(second) for _ in range(3)]


def test_each_epoch_and_each_seed_has_its_own_order():
    loader = DataLoader(paired(100), 100, shuffle=True, seed=5)
    orders = [epoch(loader)[0] for _ in range(3)] + [epoch(DataLoader(paired(100), 100, shuffle=True, seed=6))[0]]
    assert len({tuple(order) for order in orders}) == 4
    assert list(range(100)) not in orders


def test_every_order_is_about_equally_likely():
    loader = DataLoader(paired(3), 3, shuffle=True, seed=0)
    counts: dict[tuple[int, ...], int] = {}
    for _ in range(1200):
        order = tuple(epoch(loader)[0])
        counts[order] = counts.get(order, 0) + 1
    # 6 orders, 200 each expected; the chi-square statistic with 5 degrees of freedom exceeds 20.5 once in a thousand.
    assert len(counts) == 6
    assert sum((count - 200) ** 2 / 200 for count in counts.values()) < 20.5


def test_setting_the_epoch_resumes_an_interrupted_training():
    whole = DataLoader(paired(30), 7, shuffle=True, seed=2)
    expected = [epoch(whole) for _ in range(4)]
    resumed = DataLoader(paired(30), 7, shuffle=True, seed=2)
    resumed.epoch = 2
    assert [epoch(resumed), epoch(resumed)] == expected[2:]


def test_epochs_read_side_by_side_do_not_disturb_each_other():
    loader = DataLoader(paired(20), 5, shuffle=True, seed=1)
    expected = epoch(DataLoader(paired(20), 5, shuffle=True, seed=1))
    first, second = iter(loader), iter(loader)
    next(second)
    assert [batch[0].numpy().tolist() for batch in first] == expected


def test_manual_seed_decides_the_order_without_a_seed():
    loader = DataLoader(paired(40), 40, shuffle=True)
    gg.manual_seed(9)
    first, second = epoch(loader), epoch(loader)
    gg.manual_seed(9)
    assert [epoch(loader), epoch(loader)] == [first, second]
    assert first != second


def test_a_seed_of_its_own_leaves_the_librarys_generator_alone():
    unseeded = DataLoader(paired(40), 40, shuffle=True)
    gg.manual_seed(9)
    expected = epoch(unseeded)
    gg.manual_seed(9)
    epoch(DataLoader(paired(40), 40, shuffle=True, seed=0))
    epoch(DataLoader(paired(40), 40))
    assert epoch(unseeded) == expected


def test_arrays_are_indexed_once_a_batch_not_once_a_sample():
    class Counting(TensorDataset):
        calls = 0

        def __getitem__(self, index):
            Counting.calls += 1
            return super().__getitem__(index)

    data = Counting(np.arange(1000), np.arange(1000))
    assert sum(len(batch[0].numpy()) for batch in DataLoader(Subset(data, np.arange(0, 1000, 2)), 50)) == 500
    assert Counting.calls == 10


@pytest.mark.parametrize("inherits", [True, False], ids=["Dataset", "duck"])
def test_a_users_data_set_needs_only_len_and_getitem(inherits):
    class Rows(*([Dataset] if inherits else [])):
        def __len__(self):
            return 5

        def __getitem__(self, index):
            return np.full(2, index, dtype=np.float32), index % 2

    points, labels = list(DataLoader(Rows(), 3))[1]
    assert points.numpy().tolist() == [[3.0, 3.0], [4.0, 4.0]] and points.dtype == np.float32
    assert labels.numpy().tolist() == [1, 0] and labels.dtype == np.int64


def test_a_plain_array_is_a_data_set_of_its_rows():
    """NumPy's own ``take`` would read the flattened array."""
    rows = np.arange(6.0).reshape(3, 2)
    assert [batch.numpy().tolist() for batch in DataLoader(rows, 2)] == [[[0.0, 1.0], [2.0, 3.0]], [[4.0, 5.0]]]


def test_an_empty_data_set_has_no_batches():
    loader = DataLoader(paired(0), 3, shuffle=True, seed=0)
    assert len(loader) == 0 and list(loader) == []


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1, got 0"),
        ({"batch_size": -2}, ValueError, "got -2"),
        ({"batch_size": 2.0}, TypeError, "batch_size must be a whole number, not 2.0"),
        ({"batch_size": True}, TypeError, "not True"),
        ({"batch_size": None}, TypeError, "not None"),
        ({"shuffle": 3}, TypeError, "shuffle must be True or False, not 3"),
        ({"drop_last": "no"}, TypeError, "drop_last must be True or False, not 'no'"),
        ({"seed": -1}, ValueError, "seed must not be negative, got -1"),
        ({"seed": 1.5}, TypeError, "seed must be a whole number or None, not 1.5"),
        ({"dataset": 5}, TypeError, "data set with __len__, and int has none"),
        ({"dataset": (i for i in range(3))}, TypeError, "generator has none"),
        ({"dataset": {1, 2}}, TypeError, "__getitem__, and set has none"),
    ],
)
def test_wrong_arguments_are_refused_when_the_loader_is_made(arguments, error, message):
    with pytest.raises(error, match=message):
        DataLoader(**{"dataset": paired(4), **arguments})


def test_numpy_integers_are_whole_numbers():
    assert len(DataLoader(paired(10), np.int32(4), seed=np.uint8(3))) == 3
