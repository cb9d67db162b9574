"""Data sets, splits and loaders.

>>> from glassgrad import data
>>> train, test = data.random_split(data.Digits(), [0.8, 0.2], seed=0)
>>> images, labels = next(iter(data.DataLoader(train, batch_size=32, shuffle=True, seed=0)))
>>> images.shape, labels.shape
((32, 1, 8, 8), (32,))
"""

from .datasets import Dataset, Subset, TensorDataset, collate, random_split
from .digits import Digits, load_digits
from .idx import MNIST, FashionMNIST, read_idx
from .loader import DataLoader

__all__ = [
    "MNIST",
    "DataLoader",
    "Dataset",
    "Digits",
    "FashionMNIST",
    "Subset",
    "TensorDataset",
    "collate",
    "load_digits",
    "random_split",
    "read_idx",
]
