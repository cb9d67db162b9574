"""The layers, one file a family.

>>> from glassgrad.nn import layers
>>> layers.ReLU()
ReLU()
"""

from .activation import LogSoftmax, ReLU, Sigmoid, Softmax, Tanh
from .container import ModuleList, Sequential
from .convolution import Conv2d
from .dropout import Dropout
from .linear import Flatten, Identity, Linear
from .loss import BCEWithLogitsLoss, CrossEntropyLoss, MSELoss, NLLLoss
from .normalization import BatchNorm1d, BatchNorm2d
from .pooling import MaxPool2d
