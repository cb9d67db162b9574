"""Training: the loop, and measures of success.

>>> import glassgrad as gg
>>> from glassgrad import train
>>> train.accuracy(gg.tensor([[2.0, 1.0]]), gg.tensor([0]))
1.0
"""

from .checkpoint import Checkpoint
from .early_stopping import EarlyStopping
from .ensemble import Ensemble
from .evaluation import evaluate
from .metrics import accuracy
from .trainer import Trainer

__all__ = ["Checkpoint", "EarlyStopping", "Ensemble", "Trainer", "accuracy", "evaluate"]
