"""Transforms of images: normalisation, and random changes that enlarge a data set.

>>> import numpy as np
>>> from glassgrad.data import transforms
>>> augment = transforms.Compose([transforms.RandomCrop(28, padding=2, seed=0), transforms.Normalize([0.5], [0.5])])
>>> augment(np.ones((8, 1, 28, 28), np.float32)).shape
(8, 1, 28, 28)
"""

from .affine import RandomAffine, RandomRotation
from .base import Compose, Transform
from .crops import RandomCrop, RandomShift
from .flips import RandomHorizontalFlip, RandomVerticalFlip
from .values import GaussianNoise, Normalize, ToTensor

__all__ = [
    "Compose",
    "GaussianNoise",
    "Normalize",
    "RandomAffine",
    "RandomCrop",
    "RandomHorizontalFlip",
    "RandomRotation",
    "RandomShift",
    "RandomVerticalFlip",
    "ToTensor",
    "Transform",
]
