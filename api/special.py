"""Special functions, under the names of ``torch.special``. Most need SciPy, which the extra ``special`` installs.

>>> import glassgrad as gg
>>> gg.special.expit(gg.tensor([0.0]))
tensor([0.5])
"""

from .autograd.ops import activation as _activation
from .autograd.ops import special as _special
from .autograd.ops.activation import log_softmax, logit, softmax
from .autograd.ops.erf import erf, erfc, log_ndtr, ndtr
from .autograd.ops.exponential import exp2, expm1, log1p, xlog1py, xlogy
from .autograd.ops.rounding import round
from .autograd.ops.trigonometric import sinc

bessel_j0, bessel_j1, bessel_y0, bessel_y1 = (
    _special.bessel_j0, _special.bessel_j1, _special.bessel_y0, _special.bessel_y1,
)  # fmt: skip
digamma, entr, erfcx, erfinv, ndtri = (_special.digamma, _special.entr, _special.erfcx, _special.erfinv, _special.ndtri)
i0, i0e, i1, i1e = _special.i0, _special.i0e, _special.i1, _special.i1e
polygamma, zeta = _special.polygamma, _special.zeta
# Names that differ from those in the main namespace.
expit, gammaln, multigammaln = _activation.sigmoid, _special.lgamma, _special.mvlgamma
gammainc, gammaincc = _special.igamma, _special.igammac
# PyTorch's other names.
psi, modified_bessel_i0, modified_bessel_i1 = digamma, i0, i1

__all__ = [
    "bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "digamma", "entr", "erf", "erfc", "erfcx", "erfinv", "exp2",
    "expit", "expm1", "gammainc", "gammaincc", "gammaln", "i0", "i0e", "i1", "i1e", "log1p", "log_ndtr", "log_softmax",
    "logit", "modified_bessel_i0", "modified_bessel_i1", "multigammaln", "ndtr", "ndtri", "polygamma", "psi", "round",
    "sinc", "softmax", "xlog1py", "xlogy", "zeta",
]  # fmt: skip
