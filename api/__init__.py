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
    Function, Scalar, Tensor, detect_anomaly, enable_grad, from_numpy, get_default_dtype, get_rng_state, grad,
    is_grad_enabled, load, manual_seed, no_grad, primitive, record, save, scope, set_default_dtype, set_grad_enabled,
    set_rng_state, tensor, update,
)  # fmt: skip
from .autograd.operators import maximum_over as max, minimum_over as min, power as pow
from .autograd.ops.arithmetic import add, divide, multiply, negative, power, square, subtract
from .autograd.ops.comparison import (
    argmax, argmin, equal, greater, greater_equal, isfinite, isnan, less, less_equal, logical_and, logical_not,
    logical_or, not_equal, one_hot, where,
)  # fmt: skip
from .autograd.ops.convolution import conv2d
from .autograd.ops.creation import (
    arange, eye, full, linspace, ones, ones_like, rand, randint, randn, randperm, zeros, zeros_like,
)  # fmt: skip
from .autograd.ops.elementwise import (
    absolute, cos, exp, log, maximum, minimum, relu, sigmoid, sign, sin, sqrt, tanh,
)  # fmt: skip
from .autograd.ops.linalg import matmul
from .autograd.ops.loss import log_softmax, softmax
from .autograd.ops.pooling import max_pool2d
from .autograd.ops.reduction import amax, amin, mean, sum
from .autograd.ops.shaping import (
    broadcast_to, clone, concatenate, flatten, permute, reshape, split, squeeze, stack, sum_to, transpose, unsqueeze,
)  # fmt: skip
abs = absolute
cat = concatenate
sub, mul, div, neg = subtract, multiply, divide, negative
eq, ne, gt, ge, lt, le = equal, not_equal, greater, greater_equal, less, less_equal

__version__ = "0.1.0"

if TYPE_CHECKING:
    from . import check, data, train, viz
    from .check import GradcheckError, Report, gradcheck, gradcheck_module, numerical_gradient

# Loaded when first asked for: a third of the import time, for what many programs do not use.
_ROOMS = ("check", "data", "train", "viz")
_FROM_CHECK = ("GradcheckError", "Report", "gradcheck", "gradcheck_module", "numerical_gradient")


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f".{name}", __name__)
    if name in _FROM_CHECK:
        return getattr(importlib.import_module(".check", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_ROOMS, *_FROM_CHECK})
