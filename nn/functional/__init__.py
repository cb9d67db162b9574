"""Layers and losses as functions, under PyTorch's names: what they compute, without parameters of their own."""

from .activation import *
from .attention import *
from .classification import *
from .convolution import *
from .distance import *
from .noise import *
from .projection import *
from .loss import *
from .margin import *
from .normalization import *
from .padding import *
from .pooling import *
from .stochastic_pooling import *
from .vision import *
