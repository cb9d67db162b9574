"""Samplers, loaders and made-up problems against PyTorch and scikit-learn."""

import inspect

import numpy as np
import pytest

from glassgrad import data

pytestmark = pytest.mark.oracle
torch_data = pytest.importorskip("torch.utils.data")


@pytest.mark.parametrize(
    "name", "SequentialSampler RandomSampler SubsetRandomSampler WeightedRandomSampler BatchSampler DataLoader".split()
)
def test_arguments_have_pytorchs_order_and_defaults(name):
    ours, theirs = (inspect.signature(getattr(module, name)).parameters for module in (data, torch_data))
    theirs = {n: p for n, p in theirs.items() if n not in ("in_order",)}
    assert list(ours)[: len(theirs)] == list(theirs)
    for argument in theirs:
        if argument not in ("pin_memory_device",):
            assert ours[argument].default == theirs[argument].default, argument


@pytest.mark.parametrize("drop_last", [True, False])
@pytest.mark.parametrize("size", [1, 3, 7, 20])
def test_batches_are_pytorchs(size, drop_last):
    values = np.arange(17)
    order = np.random.default_rng(0).permutation(17).tolist()
    loader = data.DataLoader(data.TensorDataset(values), size, sampler=order, drop_last=drop_last)
    ours = [b[0].tolist() for b in loader]
    dataset = torch_data.TensorDataset(__import__("torch").tensor(values))
    theirs = [b[0].tolist() for b in torch_data.DataLoader(dataset, size, sampler=order, drop_last=drop_last)]
    assert ours == theirs
    assert list(data.BatchSampler(order, size, drop_last)) == list(torch_data.BatchSampler(order, size, drop_last))


@pytest.mark.parametrize("samples", [2, 7, 100])
def test_two_moons_are_scikit_learns(samples):
    points, labels = pytest.importorskip("sklearn.datasets").make_moons(samples, shuffle=False, noise=None)
    ours, our_labels = data.two_moons(samples, noise=0)
    np.testing.assert_allclose(ours, points, atol=1e-6)
    np.testing.assert_array_equal(our_labels, labels)


def test_standardize_is_scikit_learns():
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    rng = np.random.default_rng(0)
    table = rng.normal(3, [1, 20, 1e-3], (50, 3))
    table = np.concatenate([table, np.full((50, 1), 0.1)], axis=1)
    theirs = preprocessing.StandardScaler().fit(table)
    ours = data.Standardize().fit(table)
    new = rng.normal(3, 2, (5, 4))
    np.testing.assert_allclose(ours.transform(new), theirs.transform(new), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(ours.inverse(ours.transform(new)), new, rtol=1e-9)


@pytest.mark.parametrize("angle", [17.0, -60.0])
def test_rotation_is_scipys(angle):
    """Inside, where both have four neighbours for the bilinear mean."""
    ndimage = pytest.importorskip("scipy.ndimage")
    image = np.random.default_rng(0).random((12, 12))
    ours = data.transforms.RandomRotation((angle, angle), "bilinear")(image)
    theirs = ndimage.rotate(image, angle, order=1, reshape=False, mode="constant")
    inside = ndimage.rotate(np.ones((12, 12)), angle, order=1, reshape=False, mode="constant") > 0.999
    assert inside.sum() > 70
    np.testing.assert_allclose(ours[inside], theirs[inside], atol=1e-6)
