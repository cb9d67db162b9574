"""Optimisers, schedules of the learning rate, and regularisation: what changes parameters so that a loss falls.

>>> import glassgrad as gg
>>> from glassgrad import optim
>>> w = gg.tensor([3.0], requires_grad=True)
>>> optimizer = optim.SGD([w], lr=0.1)
>>> for _ in range(100):
...     optimizer.zero_grad()
...     loss = ((w - 1) ** 2).sum()
...     loss.backward()
...     optimizer.step()
>>> round(w.item(), 4)
1.0
"""

from .optimizer import Optimizer
from .sgd import SGD
from .adagrad import Adagrad
from .rmsprop import RMSprop
from .adadelta import Adadelta
from .adam import Adam, AdamW
from .nadam import NAdam

from . import lr_scheduler
from .regularization import decay_groups, max_norm_, penalty, soft_threshold_
from ..nn.utils import clip_grad_norm_, clip_grad_value_

__all__ = [
    "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "NAdam", "Optimizer", "RMSprop", "clip_grad_norm_",
    "clip_grad_value_", "decay_groups", "lr_scheduler", "max_norm_", "penalty", "soft_threshold_",
]  # fmt: skip
