"""Samplers, and a loader that takes its order from one."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import glassgrad as gg
from glassgrad import data
from glassgrad.data import DataLoader, TensorDataset


def numbers(n):
    return TensorDataset(np.arange(n))


def epoch(loader):
    return [batch[0].tolist() for batch in loader]


@given(n=st.integers(0, 40), seed=st.integers(0, 99))
def test_random_samplers_give_permutations(n, seed):
    for sampler in (data.RandomSampler(numbers(n), seed=seed), data.SubsetRandomSampler(np.arange(n), seed=seed)):
        assert sorted(sampler) == list(range(n)) and len(sampler) == n
    repeated = [list(data.RandomSampler(numbers(n), seed=seed)) for _ in range(2)]
    assert repeated[0] == repeated[1]


def test_each_epoch_has_its_own_order_and_the_library_seed_decides_without_one():
    sampler = data.RandomSampler(numbers(30))
    gg.manual_seed(2)
    first = [list(sampler), list(sampler)]
    gg.manual_seed(2)
    assert [list(sampler), list(sampler)] == first and first[0] != first[1]


@given(n=st.integers(1, 20), wanted=st.integers(1, 50))
def test_more_samples_than_there_are_come_in_whole_orders(n, wanted):
    drawn = list(data.RandomSampler(numbers(n), num_samples=wanted, seed=0))
    assert len(drawn) == wanted
    for start in range(0, wanted - n + 1, n):
        assert sorted(drawn[start : start + n]) == list(range(n))
    drawn = list(data.RandomSampler(numbers(n), True, wanted, seed=0))
    assert len(drawn) == wanted and set(drawn) <= set(range(n))


def test_weights_are_the_probabilities():
    """Of 4,000 draws with weights 1, 2, 5: shares 1/8, 2/8, 5/8, within four standard deviations."""
    drawn = np.bincount(list(data.WeightedRandomSampler([1, 2, 5], 4000, seed=0)))
    for count, p in zip(drawn, (1 / 8, 2 / 8, 5 / 8), strict=True):
        assert abs(count - 4000 * p) < 4 * np.sqrt(4000 * p * (1 - p))
    without = list(data.WeightedRandomSampler(gg.tensor([0.0, 3.0, 1.0]), 2, replacement=False, seed=0))
    assert sorted(without) == [1, 2]


@given(counts=st.lists(st.integers(1, 12), min_size=1, max_size=5), each=st.integers(1, 4), seed=st.integers(0, 99))
def test_balanced_batches_hold_each_class_equally_often(counts, each, seed):
    labels = np.repeat(np.arange(len(counts)) * 3, counts)
    sampler = data.Balanced(labels, each * len(counts), seed=seed)
    batches = list(sampler)
    assert len(batches) == len(sampler) == -(-max(counts) // each)
    for batch in batches:
        assert (np.unique(labels[batch], return_counts=True)[1] == each).all() and len(batch) == each * len(counts)
    assert set(itertools.chain.from_iterable(batches)) == set(range(len(labels))), "every sample comes"


def test_loader_with_a_sampler():
    loader = DataLoader(numbers(10), 4, sampler=[3, 1, 9, 9, 0])
    assert epoch(loader) == [[3, 1, 9, 9], [0]] and len(loader) == 2
    assert epoch(DataLoader(numbers(10), 4, sampler=[3, 1, 9, 9, 0], drop_last=True)) == [[3, 1, 9, 9]]
    assert epoch(DataLoader(numbers(4), sampler=data.SequentialSampler(numbers(3)))) == [[0], [1], [2]]


def test_loader_with_a_batch_sampler():
    batches = data.BatchSampler(data.SequentialSampler(numbers(5)), 2, drop_last=False)
    loader = DataLoader(numbers(5), batch_sampler=batches)
    assert epoch(loader) == [[0, 1], [2, 3], [4]] and len(loader) == 3
    assert epoch(DataLoader(numbers(5), batch_sampler=[[4, 4], [0]])) == [[4, 4], [0]]
    assert len(data.BatchSampler(range(5), 2, drop_last=True)) == 2


def test_collate_fn_makes_the_batch():
    loader = DataLoader(["a", "bb", "ccc"], batch_size=2, collate_fn=lambda samples: "+".join(samples))
    assert list(loader) == ["a+bb", "ccc"]


def test_what_pytorch_needs_elsewhere_is_accepted():
    unused = {"num_workers": 4, "pin_memory": True, "timeout": 3, "persistent_workers": True, "prefetch_factor": 2}
    loader = DataLoader(numbers(3), **unused)
    assert epoch(loader) == [[0], [1], [2]]


@pytest.mark.parametrize(
    "make",
    [
        lambda: DataLoader(numbers(11), 3, shuffle=True),
        lambda: DataLoader(numbers(11), 3, shuffle=True, seed=1),
        lambda: DataLoader(numbers(11), 3, shuffle=True, generator=np.random.Generator(np.random.MT19937(1))),
        lambda: DataLoader(numbers(11), 3, sampler=data.WeightedRandomSampler(np.ones(11), 9, seed=1)),
        lambda: DataLoader(numbers(11), batch_sampler=data.FixedBatches(numbers(11), 2)),
        lambda: DataLoader(
            numbers(11), batch_sampler=data.BatchSampler(data.RandomSampler(numbers(11), seed=4), 3, True)
        ),
    ],
)
@pytest.mark.parametrize("used", [0, 2])
def test_an_interrupted_epoch_goes_on(make, used, tmp_path):
    """The rest of the epoch and the next ones are those that would have come, also through a file."""
    gg.manual_seed(0)
    loader = make()
    epoch(loader)
    running = iter(loader)
    for _ in range(used):
        next(running)
    state = {"loader": loader.state_dict(), "epoch": running.state_dict(), "random": gg.get_rng_state()}
    gg.save(state, tmp_path / "s")
    expected = [[b[0].tolist() for b in running], epoch(loader), epoch(loader)]
    gg.manual_seed(77)
    state, other = gg.load(tmp_path / "s"), make()
    other.load_state_dict(state["loader"])
    gg.set_rng_state(state["random"])
    rest = other.resume(state["epoch"])
    assert len(rest) == len(expected[0])
    assert [[b[0].tolist() for b in rest], epoch(other), epoch(other)] == expected


def test_an_epoch_of_a_larger_data_set_is_not_resumed():
    state = iter(DataLoader(numbers(9))).state_dict()
    with pytest.raises(ValueError, match="holds sample 8, but the data set has only 5 samples"):
        DataLoader(numbers(5)).resume(state)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: DataLoader(numbers(3), sampler=[0], shuffle=True), ValueError, "sampler decides the order"),
        (lambda: DataLoader(numbers(3), 2, batch_sampler=[[0]]), ValueError, "batch_sampler makes the batches"),
        (lambda: DataLoader(numbers(3), sampler=3), TypeError, "sampler must give positions when iterated, not 3"),
        (lambda: DataLoader(numbers(3), collate_fn=3), TypeError, "collate_fn must be a function"),
        (lambda: DataLoader(numbers(3), seed=1, generator=np.random.default_rng()), ValueError, "not both"),
        (lambda: list(DataLoader(numbers(3), sampler=[5])), IndexError, "5"),
        (lambda: list(DataLoader(numbers(3), batch_sampler=[[0.5]])), TypeError, "positions must be whole numbers"),
        (lambda: data.RandomSampler(numbers(3), num_samples=0), ValueError, "num_samples must be at least 1, got 0"),
        (lambda: data.RandomSampler(numbers(3), replacement=1), TypeError, "replacement must be True or False, not 1"),
        (lambda: data.WeightedRandomSampler([1, -1], 2), ValueError, r"weights\[1\] = -1.0 is not a weight"),
        (lambda: data.WeightedRandomSampler([1, float("nan")], 2), ValueError, r"weights\[1\] = nan"),
        (lambda: data.WeightedRandomSampler([0, 0], 2), ValueError, "0 samples have a weight above 0"),
        (lambda: data.WeightedRandomSampler([0, 1], 2, False), ValueError, "2 cannot be drawn without replacement"),
        (lambda: data.WeightedRandomSampler([[1.0]], 1), ValueError, "flat list"),
        (lambda: data.BatchSampler(3, 2, False), TypeError, "sampler must give positions"),
        (lambda: data.Balanced([0, 1, 2], 4), ValueError, "4 is not a multiple of the 3 classes; take 3"),
        (lambda: data.Balanced([0, 1, 2], 2), ValueError, "take 3, or a RandomSampler for many classes"),
        (lambda: data.Balanced([], 2), ValueError, "there are no labels"),
        (lambda: data.Balanced([0.5], 1), TypeError, "whole numbers, not float64"),
        (lambda: data.FixedBatches(numbers(3), 0), ValueError, "batch_size must be at least 1"),
        (lambda: data.LargeErrorFirst(np.ones((2, 2))), ValueError, "use a loss with reduction='none'"),
        (lambda: data.LargeErrorFirst([0.1, float("nan")]), ValueError, "the error of sample 1 is NaN"),
        (lambda: iter(data.Sampler()), NotImplementedError, "Sampler must define __iter__"),
    ],
)
def test_clear_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
