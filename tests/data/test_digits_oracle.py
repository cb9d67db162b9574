"""The digits in the package against scikit-learn's copy, and splits against PyTorch's."""

import numpy as np
import pytest

from glassgrad.data import TensorDataset, load_digits, random_split

pytestmark = pytest.mark.oracle


def test_every_pixel_and_label_is_scikit_learns():
    source = pytest.importorskip("sklearn.datasets").load_digits()
    images, labels = load_digits()
    np.testing.assert_array_equal(images[:, 0] * 16, source.images)
    np.testing.assert_array_equal(labels, source.target)


@pytest.mark.parametrize("total", [7, 10, 101, 1797])
@pytest.mark.parametrize("fractions", [[0.8, 0.2], [0.5, 0.25, 0.25], [0.3, 0.3, 0.4]])
def test_fractions_are_rounded_as_in_pytorch(total, fractions):
    torch_data = pytest.importorskip("torch.utils.data")
    theirs = [len(part) for part in torch_data.random_split(range(total), fractions)]
    ours = [len(part) for part in random_split(TensorDataset(np.arange(total)), fractions, seed=0)]
    assert ours == theirs
