"""Special functions, under the names of ``torch.special``. Most need SciPy, which the extra ``special`` installs.

>>> import glassgrad as gg
>>> from glassgrad import special
>>> special.expit(gg.tensor([0.0]))
tensor([0.5])
"""

from .autograd.ops.activation import logit
from .autograd.ops.elementwise import exp2, expm1, log1p, sigmoid as expit, sinc, xlog1py, xlogy
from .autograd.ops.loss import log_softmax, softmax
from .autograd.ops.rounding import round
from .autograd.ops.special import (
    bessel_j0, bessel_j1, bessel_y0, bessel_y1, digamma, entr, erf, erfc, erfcx, erfinv, i0, i0e, i1, i1e,
    igamma as gammainc, igammac as gammaincc, lgamma as gammaln, log_ndtr, mvlgamma as multigammaln, ndtr, ndtri,
    polygamma, zeta,
)  # fmt: skip

# PyTorch's other names.
psi = digamma
modified_bessel_i0, modified_bessel_i1 = i0, i1

__all__ = [
    "bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "digamma", "entr", "erf", "erfc", "erfcx", "erfinv", "exp2",
    "expit", "expm1", "gammainc", "gammaincc", "gammaln", "i0", "i0e", "i1", "i1e", "log1p", "log_ndtr", "log_softmax",
    "logit", "modified_bessel_i0", "modified_bessel_i1", "multigammaln", "ndtr", "ndtri", "polygamma", "psi", "round",
    "sinc", "softmax", "xlog1py", "xlogy", "zeta",
]  # fmt: skip
