"""The layers, one file a family.

>>> from glassgrad.nn import layers
>>> layers.ReLU()
ReLU()
"""

from .activation import (
    Hardshrink, Hardsigmoid, Hardswish, Hardtanh, LeakyReLU, PReLU, ReLU, ReLU6, RReLU, Softshrink, Threshold,
)  # fmt: skip
from .container import ModuleList, Sequential
from .convolution import Conv2d
from .dictionaries import ModuleDict, ParameterDict
from .dropout import AlphaDropout, DropConnect, Dropout, Dropout1d, Dropout2d, Dropout3d, FeatureAlphaDropout
from .linear import Flatten, Identity, Linear, Unflatten
from .loss import BCEWithLogitsLoss, CrossEntropyLoss, HalfMSELoss, MSELoss, NLLLoss
from .normalization import BatchNorm1d, BatchNorm2d, LocalResponseNorm
from .parameter_list import ParameterList
from .pooling import AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, MaxPool2d, StochasticPool2d
from .smooth_activation import (
    CELU, ELU, GELU, GLU, SELU, LogSigmoid, Mish, Sigmoid, SiLU, Softplus, Softsign, Tanh, Tanhshrink,
)  # fmt: skip
from .softmax import LogSoftmax, Softmax, Softmax2d, Softmin
from .unfolding import Fold, Unfold
