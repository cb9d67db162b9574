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
    AdaptiveAvgPool2d, AdaptiveMaxPool2d, AlphaDropout, AvgPool2d, BatchNorm1d, BatchNorm2d, BCEWithLogitsLoss,
    CELU, Conv2d, CrossEntropyLoss, DropConnect, Dropout, Dropout1d, Dropout2d, Dropout3d, ELU,
    FeatureAlphaDropout, Flatten, Fold, GELU, GLU, HalfMSELoss, Hardshrink, Hardsigmoid, Hardswish, Hardtanh,
    Identity, LeakyReLU, Linear, LocalResponseNorm, LogSigmoid, LogSoftmax, MaxPool2d, Mish, ModuleDict,
    ModuleList, MSELoss, NLLLoss, ParameterDict, ParameterList, PReLU, ReLU, ReLU6, RReLU, SELU, Sequential,
    Sigmoid, SiLU, Softmax, Softmax2d, Softmin, Softplus, Softshrink, Softsign, StochasticPool2d, Tanh,
    Tanhshrink, Threshold, Unflatten, Unfold,
)  # fmt: skip
from . import models, utils

__all__ = [
    "CELU", "ELU", "GELU", "GLU", "SELU", "AdaptiveAvgPool2d", "AdaptiveMaxPool2d", "AlphaDropout", "AvgPool2d",
    "BCEWithLogitsLoss", "BatchNorm1d", "BatchNorm2d", "Conv2d", "CrossEntropyLoss", "DropConnect", "Dropout",
    "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout", "Flatten", "Fold", "HalfMSELoss", "Hardshrink",
    "Hardsigmoid", "Hardswish", "Hardtanh", "Identity", "LeakyReLU", "Linear", "LocalResponseNorm", "LogSigmoid",
    "LogSoftmax", "MSELoss", "MaxPool2d", "Mish", "Module", "ModuleDict", "ModuleList", "NLLLoss", "PReLU",
    "Parameter", "ParameterDict", "ParameterList", "RReLU", "ReLU", "ReLU6", "Sequential", "SiLU", "Sigmoid",
    "Softmax", "Softmax2d", "Softmin", "Softplus", "Softshrink", "Softsign", "StochasticPool2d", "Tanh",
    "Tanhshrink", "Threshold", "Unflatten", "Unfold", "functional", "init", "models", "utils",
]  # fmt: skip
