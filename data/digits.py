"""The UCI digits, which come with the package."""

from __future__ import annotations

from importlib import resources
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .datasets import TensorDataset


def load_digits() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Images and labels of the 1,797 handwritten digits of UCI's test set, written by 13 people.

    Returns:
        images: (1797, 1, 8, 8), float32 from 0 (paper) to 1 (ink): the published counts 0..16 divided by 16.
        labels: (1797,), int64 from 0 to 9.

    Source: E. Alpaydin and C. Kaynak (1998), *Optical Recognition of Handwritten Digits*, UCI Machine Learning
    Repository, https://doi.org/10.24432/C50P49, CC BY 4.0; through scikit-learn's copy.

    >>> images, labels = load_digits()
    >>> images.shape, labels[:10]
    ((1797, 1, 8, 8), array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]))
    """
    with resources.files(__package__).joinpath("digits.npz").open("rb") as file:
        stored: Any = np.load(file, allow_pickle=False)
        images, labels = stored["images"], stored["labels"]
    return (images / np.float32(16))[:, np.newaxis], labels.astype(np.int64)


class Digits(TensorDataset):
    """``load_digits`` as a data set of pairs (image (1, 8, 8) float32, label int64).

    The 13 writers are not marked, so there is no split by writer; make one at random with ``random_split``.

    >>> image, label = Digits()[7]
    >>> image.shape, label.item()
    ((1, 8, 8), 7)
    """

    def __init__(self) -> None:
        super().__init__(*load_digits())
