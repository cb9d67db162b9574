"""Networks that are ready to train.

>>> from glassgrad.nn import models
>>> sum(p.numel() for p in models.SimpleConvNet().parameters())
433890
"""

from .simple_conv_net import SimpleConvNet
