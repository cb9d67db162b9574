"""Standardize: statistics of the training data, for any shape, there and back; and problems made at random."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import glassgrad as gg
from glassgrad.data import Standardize, spiral, two_moons

tables = npst.arrays(
    np.float64, st.tuples(st.integers(1, 8), st.integers(1, 4)), elements=st.floats(-1e6, 1e6, width=32)
)


@given(tables, st.floats(-10, 10), st.floats(0.1, 10))
def test_mean_and_deviation_are_the_wanted_ones_and_inverse_undoes_it(table, mean, std):
    scale = Standardize(mean, std)
    out = scale.fit_transform(table)
    np.testing.assert_allclose(out.mean(axis=0), mean, atol=1e-6)
    constant = scale.std_ == 0
    np.testing.assert_allclose(out.std(axis=0), np.where(constant, 0, std), rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(scale.inverse(out), table, rtol=1e-9, atol=1e-6)


def test_a_constant_column_becomes_the_mean_not_nan():
    table = np.full((1000, 1), 0.1)  # the mean of these is off by rounding
    out = Standardize(mean=3).fit_transform(table)
    np.testing.assert_allclose(out, 3, atol=1e-12)
    np.testing.assert_array_equal(Standardize().fit(np.zeros((3, 1))).transform(np.array([[2.0]])), [[2.0]])


def test_dummies_keep_their_values_also_when_moved():
    table = np.array([[0.0, 5], [1, 6], [1, 9]])
    out = Standardize(mean=2, std=5, keep_dummies=True).fit_transform(table)
    np.testing.assert_array_equal(out[:, 0], [0, 1, 1])
    assert abs(out[:, 1].mean() - 2) < 1e-12


def test_statistics_by_channel_by_pixel_and_of_everything():
    images = np.random.default_rng(0).normal(2, 3, (10, 3, 4, 4))
    by_channel = Standardize(dim=(0, 2, 3))
    out = by_channel.fit_transform(images)
    np.testing.assert_allclose(out.mean(axis=(0, 2, 3)), 0, atol=1e-12)
    assert by_channel.mean_.shape == (3,)
    assert Standardize().fit(images).mean_.shape == (3, 4, 4)
    assert Standardize(dim=None).fit(images).mean_.shape == ()
    assert by_channel.transform(images[:2]).shape == (2, 3, 4, 4), "another number of samples"
    assert Standardize().fit_transform(np.arange(4.0)).shape == (4,)


def test_tensors_give_tensors_in_their_dtype():
    out = Standardize().fit_transform(gg.tensor([[1.0], [3.0]]))
    assert isinstance(out, gg.Tensor) and out.dtype == np.float32 and out.tolist() == [[-1], [1]]
    assert Standardize().fit_transform(np.array([[1], [3]])).dtype == np.float64


def test_the_state_goes_through_a_file(tmp_path):
    table = np.array([[0.0, 5], [1, 6], [1, 9]])
    first, second = Standardize(keep_dummies=True).fit(table), Standardize()
    gg.save({"scale": first.state_dict()}, tmp_path / "scale")
    second.load_state_dict(gg.load(tmp_path / "scale")["scale"])
    np.testing.assert_array_equal(second.transform(table), first.transform(table))
    np.testing.assert_array_equal(second.std_, first.std_)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Standardize(std=0), ValueError, "std must be positive and finite, got 0"),
        (lambda: Standardize(mean=float("nan")), ValueError, "mean must be finite, got nan"),
        (lambda: Standardize("a"), TypeError, "mean must be a number, not 'a'"),
        (lambda: Standardize(keep_dummies=2), TypeError, "keep_dummies must be True or False, not 2"),
        (lambda: Standardize().transform([[1.0]]), RuntimeError, "transform: call fit with the training data first"),
        (lambda: Standardize().fit(np.zeros((0, 2))), ValueError, r"nothing to take statistics of in shape \(0, 2\)"),
        (lambda: Standardize().fit([[1.0], [float("nan")]]), ValueError, r"x\[1, 0\] is nan"),
        (lambda: Standardize().fit([["a"]]), TypeError, "expected an array of numbers"),
        (lambda: Standardize().fit(np.ones((2, 3))).transform(np.ones((2, 4))), ValueError, r"\(2, 4\) does not fit"),
        (lambda: Standardize().fit(np.ones((2, 3))).inverse(np.ones(3)), ValueError, r"does not fit \(2, 3\)"),
        (lambda: two_moons(0), ValueError, "samples must be a whole number of at least 1, not 0"),
        (lambda: two_moons(10, noise=-1), ValueError, "noise must be at least 0 and finite, got -1"),
        (lambda: spiral(10, classes=0), ValueError, "classes must be a whole number of at least 1, not 0"),
        (lambda: spiral(10, seed="a"), TypeError, "seed must be"),
    ],
)
def test_clear_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


# --- made-up problems


def test_moons_lie_on_their_circles():
    points, labels = two_moons(101, noise=0)
    assert points.shape == (101, 2) and points.dtype == np.float32 and np.bincount(labels).tolist() == [50, 51]
    upper, lower = points[labels == 0], points[labels == 1]
    np.testing.assert_allclose(np.hypot(*upper.T), 1, rtol=1e-6)
    np.testing.assert_allclose(np.hypot(lower[:, 0] - 1, lower[:, 1] - 0.5), 1, rtol=1e-6)
    assert upper[:, 1].min() > -1e-6 and lower[:, 1].max() < 0.5 + 1e-6


@given(samples=st.integers(1, 60), classes=st.integers(1, 6))
def test_the_arms_of_a_spiral(samples, classes):
    points, labels = spiral(samples, classes, noise=0, turns=0.5)
    counts = np.bincount(labels, minlength=classes)
    assert counts.sum() == samples and counts.max() - counts.min() <= 1
    for c in range(classes):
        arm = points[labels == c].astype(np.float64)
        radius = np.hypot(*arm.T)
        np.testing.assert_allclose(radius, np.linspace(0, 1, len(arm)), atol=1e-6)
        angle = 2 * np.pi * (c / classes + 0.5 * radius)
        np.testing.assert_allclose(arm, np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1), atol=1e-6)


def test_noise_and_seeds():
    clean, noisy = two_moons(4000, noise=0)[0], two_moons(4000, noise=0.2, seed=1)[0]
    assert abs((noisy - clean).std() - 0.2) < 4 * 0.2 / np.sqrt(16000)
    np.testing.assert_array_equal(noisy, two_moons(4000, noise=0.2, seed=1)[0])
    gg.manual_seed(3)
    first = spiral(20)[0]
    gg.manual_seed(3)
    np.testing.assert_array_equal(spiral(20)[0], first)
