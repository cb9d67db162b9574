"""Data sets, splits and loaders.

>>> from glassgrad import data
>>> train, test = data.random_split(data.Digits(), [0.8, 0.2], seed=0)
>>> images, labels = next(iter(data.DataLoader(train, batch_size=32, shuffle=True, seed=0)))
>>> images.shape, labels.shape
((32, 1, 8, 8), (32,))
"""

from . import transforms
from .datasets import Dataset, Subset, TensorDataset, collate, random_split
from .digits import Digits, load_digits
from .download import DownloadError
from .idx import MNIST, FashionMNIST, read_idx
from .loader import DataLoader
from .presentation import Balanced, FixedBatches, LargeErrorFirst
from .samplers import (
    BatchSampler, RandomSampler, Sampler, SequentialSampler, SubsetRandomSampler, WeightedRandomSampler,
)  # fmt: skip
from .shuffling import shuffle_dataset
from .standardize import Standardize
from .synthetic import spiral, two_moons
from .table import Table, read_csv
from .transformed import TransformedDataset

__all__ = [
    "MNIST",
    "Balanced",
    "BatchSampler",
    "DataLoader",
    "Dataset",
    "Digits",
    "DownloadError",
    "FashionMNIST",
    "FixedBatches",
    "LargeErrorFirst",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "Standardize",
    "Subset",
    "SubsetRandomSampler",
    "Table",
    "TensorDataset",
    "TransformedDataset",
    "WeightedRandomSampler",
    "collate",
    "load_digits",
    "random_split",
    "read_csv",
    "read_idx",
    "shuffle_dataset",
    "spiral",
    "transforms",
    "two_moons",
]
