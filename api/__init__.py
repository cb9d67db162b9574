"""Glassgrad: automatic differentiation whose computation graph can be seen, checked and replayed.

>>> import glassgrad as gg
>>> x = gg.tensor([1.0, 2.0], requires_grad=True)
>>> (x * x).sum().backward()
>>> x.grad
tensor([2., 4.])
"""

import importlib
from typing import TYPE_CHECKING, Any

from . import autograd, nn, optim
from .autograd import (
    Function, Scalar, Tensor, checkpoint, detect_anomaly, enable_grad, from_numpy, get_default_dtype, get_rng_state,
    grad, is_grad_enabled, load, manual_seed, no_grad, primitive, record, save, scope, set_default_dtype,
    set_grad_enabled, set_rng_state, tensor, update,
)  # fmt: skip
from .autograd.ops.families import *

__version__ = "0.2.0"

if TYPE_CHECKING:
    from . import check, data, func, linalg, search, special, train, viz
    from .check import GradcheckError, Report, gradcheck, gradcheck_module, numerical_gradient

# Loaded when first asked for: a third of the import time, for what many programs do not use.
_ROOMS = ("check", "data", "func", "linalg", "search", "special", "train", "viz")
_FROM_CHECK = ("GradcheckError", "Report", "gradcheck", "gradcheck_module", "numerical_gradient")


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f".{name}", __name__)
    if name in _FROM_CHECK:
        return getattr(importlib.import_module(".check", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_ROOMS, *_FROM_CHECK})
