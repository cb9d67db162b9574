"""Networks that are ready to train.

>>> from glassgrad.nn import models
>>> sum(p.numel() for p in models.SimpleConvNet().parameters())
433890
"""

from .alexnet import AlexNet
from .deep_conv_net import DeepConvNet
from .double_conv_net import DoubleConvNet
from .lenet5 import LeNet5
from .multi_layer_net import MultiLayerNet
from .simple_conv_net import SimpleConvNet
from .two_layer_net import TwoLayerNet
