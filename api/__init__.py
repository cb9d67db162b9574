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
from .autograd.ops.activation import *
from .autograd.ops.arithmetic import *
from .autograd.ops.arranging import *
from .autograd.ops.bitwise import *
from .autograd.ops.blending import *
from .autograd.ops.chains import *
from .autograd.ops.choosing import *
from .autograd.ops.comparison import *
from .autograd.ops.convolution import *
from .autograd.ops.convolution_transposed import *
from .autograd.ops.creation import *
from .autograd.ops.decomposition import *
from .autograd.ops.diagonals import *
from .autograd.ops.distance import *
from .autograd.ops.einsum import *
from .autograd.ops.elementwise import *
from .autograd.ops.embedding import *
from .autograd.ops.erf import *
from .autograd.ops.exponential import *
from .autograd.ops.factorization import *
from .autograd.ops.indexing import *
from .autograd.ops.joining import *
from .autograd.ops.linalg import *
from .autograd.ops.loss import *
from .autograd.ops.normalization import *
from .autograd.ops.norms import *
from .autograd.ops.padding import *
from .autograd.ops.piecewise import *
from .autograd.ops.pooling import *
from .autograd.ops.pooling_adaptive import *
from .autograd.ops.pooling_average import *
from .autograd.ops.pooling_indices import *
from .autograd.ops.products import *
from .autograd.ops.quantiles import *
from .autograd.ops.random import *
from .autograd.ops.reduction import *
from .autograd.ops.resampling import *
from .autograd.ops.rounding import *
from .autograd.ops.sampling import *
from .autograd.ops.scan import *
from .autograd.ops.scattering import *
from .autograd.ops.selection import *
from .autograd.ops.shaping import *
from .autograd.ops.slice_scattering import *
from .autograd.ops.solving import *
from .autograd.ops.sorting import *
from .autograd.ops.special import *
from .autograd.ops.stacking import *
from .autograd.ops.statistics import *
from .autograd.ops.trigonometric import *
from .autograd.ops.unfolding import *
from .autograd.ops.unpooling import *
from .autograd.ops.vector_norms import *
from .autograd.ops.windows import *
from .autograd.operators import power as pow, where  # last: they stand for more than the operations of these names

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
