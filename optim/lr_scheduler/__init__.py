"""Schedules of the learning rate, with PyTorch's names and arguments. Step them after the optimiser.

>>> import glassgrad as gg
>>> from glassgrad import optim
>>> from glassgrad.optim import lr_scheduler
>>> optimizer = optim.SGD([gg.ones(2, requires_grad=True)], lr=0.1)
>>> schedule = lr_scheduler.StepLR(optimizer, step_size=30, gamma=0.1)
>>> for epoch in range(30):
...     optimizer.step()
...     schedule.step()
>>> round(optimizer.param_groups[0]["lr"], 6)
0.01
"""

from .base import LRScheduler
from .factors import ConstantLR, ExponentialLR, LinearLR, MultiStepLR, PolynomialLR, StepLR
from .functions import LambdaLR, MultiplicativeLR
from .cosine import CosineAnnealingLR, CosineAnnealingWarmRestarts
from .cycles import CyclicLR, OneCycleLR
from .plateau import ReduceLROnPlateau
from .combined import ChainedScheduler, SequentialLR

__all__ = [
    "ChainedScheduler", "ConstantLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "CyclicLR", "ExponentialLR",
    "LRScheduler", "LambdaLR", "LinearLR", "MultiStepLR", "MultiplicativeLR", "OneCycleLR", "PolynomialLR",
    "ReduceLROnPlateau", "SequentialLR", "StepLR",
]  # fmt: skip
