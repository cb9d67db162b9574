"""Networks: modules, layers, losses, initial values.

>>> import glassgrad as gg
>>> from glassgrad import nn
>>> net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))
>>> loss = nn.CrossEntropyLoss()(net(gg.zeros(4, 2)), gg.tensor([0, 1, 0, 1]))
>>> loss.backward()
>>> net[0].weight.grad.shape
(8, 2)
"""

from . import functional, init
from .module import Module
from .parameter import Parameter
from .layers import (
    BatchNorm1d, BatchNorm2d, BCEWithLogitsLoss, Conv2d, CrossEntropyLoss, Dropout, Flatten, Identity, Linear,
    LogSoftmax, MaxPool2d, ModuleList, MSELoss, NLLLoss, ReLU, Sequential, Sigmoid, Softmax, Tanh,
)  # fmt: skip
from . import models, utils

__all__ = [
    "BCEWithLogitsLoss", "BatchNorm1d", "BatchNorm2d", "Conv2d", "CrossEntropyLoss", "Dropout", "Flatten", "Identity",
    "Linear", "LogSoftmax", "MSELoss", "MaxPool2d", "Module", "ModuleList", "NLLLoss", "Parameter", "ReLU",
    "Sequential", "Sigmoid", "Softmax", "Tanh", "functional", "init", "models", "utils",
]  # fmt: skip
