"""The numbers and statements of the source notes about data handling: worked examples, sections 10 and 13."""

import numpy as np
import pytest

from glassgrad import data
from glassgrad.data import transforms

TABLE = np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 60.0]])


def test_N1_standardise():
    scale = data.Standardize().fit(TABLE)
    np.testing.assert_allclose(scale.std_, [0.8164965809, 21.6024689947], rtol=1e-9)
    expected = [[-1.2247448714, -0.9258200998], [0, -0.4629100499], [1.2247448714, 1.3887301497]]
    np.testing.assert_allclose(scale.transform(TABLE), expected, atol=1e-10)


def test_N1_uniform_data_normalised_and_moved_to_mean_2_variance_25():
    x = np.random.default_rng(0).random((10_000, 1))
    normal = data.Standardize().fit_transform(x)
    assert abs(normal.mean()) < 1e-12 and abs(normal.var() - 1) < 1e-12
    np.testing.assert_allclose([normal.min(), normal.max()], [-np.sqrt(3), np.sqrt(3)], atol=0.03)
    moved = data.Standardize(mean=2, std=5).fit_transform(x)
    assert abs(moved.mean() - 2) < 1e-12 and abs(moved.var() - 25) < 1e-9
    np.testing.assert_allclose([moved.min(), moved.max()], [-6.66, 10.66], atol=0.15)


def test_N1_test_data_are_transformed_as_the_training_data():
    scale = data.Standardize().fit(TABLE)
    shifted = TABLE + 100
    np.testing.assert_allclose(scale.transform(shifted).mean(axis=0), 100 / scale.std_, rtol=1e-12)


def test_N1_dummies_may_be_left_alone():
    table = np.array([[1.0, 0.0], [3.0, 1.0], [5.0, 1.0]])
    kept = data.Standardize(keep_dummies=True).fit_transform(table)
    np.testing.assert_array_equal(kept[:, 1], [0, 1, 1])
    np.testing.assert_allclose(kept[:, 0].std(), 1)
    np.testing.assert_allclose(data.Standardize().fit_transform(table).std(axis=0), 1)


def test_H5_mini_batches_of_004():
    """n = 10 in fours: [0:4], [4:8], [8:10]."""
    batches = [b[0].tolist() for b in data.DataLoader(data.TensorDataset(np.arange(10)), batch_size=4)]
    assert batches == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_ERR50a_the_code_of_004_uses_a_name_that_it_does_not_define():
    """NOTE WRONG: n is the number of samples, but N is asked for."""
    with pytest.raises(NameError, match="'N' is not defined"):
        eval("[slice(i, min(i + batch, N)) for i in range(0, n, batch)]", {"n": 10, "batch": 4})


def test_ERR50_the_code_of_004_never_uses_its_shuffled_order():
    """NOTE WRONG: slices of the data themselves come in their order; slices of the shuffled order do not."""
    x, order = np.arange(10), np.random.default_rng(0).permutation(10)
    note = [x[i : i + 4].tolist() for i in range(0, 10, 4)]
    assert note == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    right = [x[order[i : i + 4]].tolist() for i in range(0, 10, 4)]
    loader = data.DataLoader(data.TensorDataset(x), 4, sampler=order)
    assert [b[0].tolist() for b in loader] == right != note


def test_H9_random_crop_of_004():
    image = np.random.default_rng(0).random((4, 5, 3))
    crop = transforms.RandomCrop((2, 3), layout="HWC", seed=0)
    assert crop(image).shape == (2, 3, 3)
    whole = transforms.RandomCrop((4, 5), layout="HWC", seed=0)
    np.testing.assert_array_equal(whole(image), image)


def test_H9_every_offset_is_reached_the_last_one_included():
    """Answer (4): image[top:bottom, left:right, :]. Pixel values tell the offsets."""
    image = np.arange(20.0).reshape(4, 5, 1)
    crop = transforms.RandomCrop((2, 3), layout="HWC", seed=0)
    corners = {int(crop(image)[0, 0, 0]) for _ in range(300)}
    assert corners == {5 * top + left for top in range(3) for left in range(3)}


def test_ERR50c_the_notes_bound_misses_the_last_offset_and_fails_for_equal_sizes():
    """NOTE WRONG: randint(0, h - crop_h) without + 1."""
    generator = np.random.default_rng(0)
    assert {int(n) for n in generator.integers(0, 4 - 2, 300)} == {0, 1}
    with pytest.raises(ValueError, match="high <= 0"):
        generator.integers(0, 4 - 4)


def test_H3_shuffle_dataset_keeps_pairs_together_for_any_number_of_dimensions():
    for shape in ((12,), (12, 2), (12, 2, 3), (12, 1, 2, 2)):
        x = np.broadcast_to(np.arange(12).reshape(12, *(1,) * (len(shape) - 1)), shape)
        shuffled, t = data.shuffle_dataset(x, np.arange(12), seed=1)
        assert shuffled.shape == shape and not np.array_equal(t, np.arange(12))
        np.testing.assert_array_equal(shuffled.reshape(12, -1)[:, 0], t)


@pytest.mark.parametrize("shape", [(12,), (12, 2, 3)])
def test_ERR12_the_notes_branch_on_the_number_of_dimensions_fails(shape):
    """NOTE WRONG: x[perm, :] if x.ndim == 2 else x[perm, :, :, :]."""
    x, permutation = np.zeros(shape), np.arange(12)
    with pytest.raises(IndexError, match="too many indices"):
        x[permutation, :] if x.ndim == 2 else x[permutation, :, :, :]


@pytest.mark.parametrize(("total", "validation"), [(60000, 12000), (500, 100)])
def test_H4_validation_split(total, validation):
    """Validation first, then training; disjoint, and together everything."""
    held_out, training = data.random_split(data.TensorDataset(np.arange(total)), [0.2, 0.8], seed=0)
    assert (len(held_out), len(training)) == (validation, total - validation)
    assert np.array_equal(np.sort(np.concatenate([held_out.indices, training.indices])), np.arange(total))


def test_H6_every_balanced_batch_contains_each_class_once():
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(10), 7))
    batches = list(data.Balanced(labels, batch_size=10, seed=0))
    assert len(batches) == 7
    assert all(sorted(labels[batch]) == list(range(10)) for batch in batches)
    assert sorted(i for batch in batches for i in batch) == list(range(70)), "and every sample comes once"


def test_H7_fixed_batches_come_in_the_same_order_each_epoch():
    samples = data.TensorDataset(np.arange(10))
    loader = data.DataLoader(samples, batch_sampler=data.FixedBatches(samples, 4, seed=0))
    first, second = ([b[0].tolist() for b in loader] for _ in range(2))
    assert first == second and [len(b) for b in first] == [4, 4, 2]
    assert sorted(i for b in first for i in b) == list(range(10))


def test_H8_large_errors_first():
    losses = np.random.default_rng(0).random(30)
    order = list(data.LargeErrorFirst(losses))
    assert (np.diff(losses[order]) <= 0).all() and sorted(order) == list(range(30))


def test_H8_the_errors_are_asked_for_each_epoch():
    errors = np.array([1.0, 2.0])
    sampler = data.LargeErrorFirst(lambda: errors)
    assert list(sampler) == [1, 0]
    errors[0] = 3.0
    assert list(sampler) == [0, 1]


def test_H1_one_hot_dummies(tmp_path):
    (tmp_path / "t.csv").write_text("colour\nred\nblue\nred\n")
    table = data.read_csv(tmp_path / "t.csv", categories=["colour"])
    assert table.feature_names == ["colour=blue", "colour=red"]
    assert table[:][0].tolist() == [[0, 1], [1, 0], [0, 1]]
