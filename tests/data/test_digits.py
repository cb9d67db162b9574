"""The UCI digits in the package."""

import numpy as np

from glassgrad.data import Digits, load_digits


def test_shapes_dtypes_and_range():
    images, labels = load_digits()
    assert images.shape == (1797, 1, 8, 8) and images.dtype == np.float32
    assert labels.shape == (1797,) and labels.dtype == np.int64
    assert images.min() == 0 and images.max() == 1
    assert np.array_equal(images * 16, np.round(images * 16)), "the published counts are whole numbers from 0 to 16"


def test_class_counts_are_those_uci_publishes_for_the_test_set():
    _, labels = load_digits()
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_the_first_image_is_the_zero_of_the_published_file():
    """The first row of optdigits.tes."""
    first = [
        [0, 0, 5, 13, 9, 1, 0, 0],
        [0, 0, 13, 15, 10, 15, 5, 0],
        [0, 3, 15, 2, 0, 11, 8, 0],
        [0, 4, 12, 0, 0, 8, 8, 0],
        [0, 5, 8, 0, 0, 9, 8, 0],
        [0, 4, 11, 0, 1, 12, 7, 0],
        [0, 2, 14, 5, 10, 12, 0, 0],
        [0, 0, 6, 13, 10, 0, 0, 0],
    ]
    images, labels = load_digits()
    assert (images[0, 0] * 16).astype(int).tolist() == first and labels[0] == 0


def test_digits_is_a_data_set_of_pairs():
    image, label = Digits()[1796]
    assert len(Digits()) == 1797
    assert image.shape == (1, 8, 8) and image.dtype == np.float32
    assert label.item() == 8 and label.dtype == np.int64


def test_callers_get_arrays_of_their_own():
    images, labels = load_digits()
    images[:], labels[:] = 0, 0
    again, _ = load_digits()
    assert again.max() == 1
