"""The real MNIST and Fashion-MNIST, read from the folder GLASSGRAD_DATA: `pytest -m realdata`."""

import numpy as np
import pytest

from glassgrad.data import MNIST, FashionMNIST

pytestmark = [pytest.mark.realdata, pytest.mark.slow]


@pytest.mark.parametrize(
    ("kind", "mean", "deviation"),
    # The constants of the normalisation in PyTorch's MNIST example and in published Fashion-MNIST code.
    [(MNIST, 0.1307, 0.3081), (FashionMNIST, 0.2860, 0.3530)],
)
def test_training_images_have_the_published_mean_and_deviation(kind, mean, deviation):
    images, labels = kind()[:]
    assert images.shape == (60000, 1, 28, 28) and labels.shape == (60000,)
    assert abs(images.numpy().mean(dtype=np.float64) - mean) < 5e-5
    assert abs(images.numpy().std(dtype=np.float64) - deviation) < 5e-5


def test_class_counts():
    """MNIST's are tabulated in many papers; Fashion-MNIST has 6,000 and 1,000 of each class."""
    digits = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(MNIST()[:][1].numpy()).tolist() == digits
    assert np.bincount(FashionMNIST()[:][1].numpy()).tolist() == [6000] * 10
    assert np.bincount(FashionMNIST(train=False)[:][1].numpy()).tolist() == [1000] * 10
    assert len(MNIST(train=False)) == 10000
