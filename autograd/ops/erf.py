"""The error function and the normal distribution, in NumPy alone: GELU needs them, and NumPy has neither.

For t ≥ 0, (1 + 2t)·exp(t²)·erfc(t) hardly varies, and as a function of u = (t − 3.75)/(t + 3.75) it is smooth over the
whole half-line (M. M. Shepherd and J. G. Laframboise 1981, "Chebyshev approximation of (1 + 2x) exp(x²) erfc x in
0 ≤ x < ∞", Mathematics of Computation 36, 249-253). The coefficients here are those of its Chebyshev expansion,
computed in 60 digits and cut off below the rounding of each dtype. So one polynomial and one exponential serve for all
arguments, and the far tail has the same number of right digits as the middle.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine.declare import primitive
from .exponential import exp

__all__: list[str] = []

_SQRT2, _SQRT_PI, _SQRT_2PI = math.sqrt(2.0), math.sqrt(math.pi), math.sqrt(2.0 * math.pi)
_FAR = 40.0  # from here on the tail is 0 in every dtype
_BLOCK = 16384  # elements at a time, so that the passes of a polynomial stay in the cache

# (1 + 2t)·exp(t²)·erfc(t) in powers of u, for double and for single precision.
_TAIL64 = (
    1.2375126308378275, -0.14024059858554697, 0.0035854154854790257, 0.0822767384901452, -0.10880393014244462,
    0.09230432116037748, -0.05869339857664934, 0.028362277418956406, -0.009746579683265262, 0.0017556258528952954,
    0.000293714378044958, -0.0002901540805408417, 5.164652974177416e-05, 2.238423915508223e-05, -1.1438048033346894e-05,
    -9.73559896736775e-07, 1.7419821586224816e-06, -5.7218230603224086e-08, -2.4857126248016745e-07,
    2.3263508708859124e-08, 3.197926671666804e-08, -3.744210080962018e-09, -2.623107347133476e-09,
    3.1114333809799254e-10,
)  # fmt: skip
_TAIL32 = (
    1.2375126192677, -0.1402406583213864, 0.003586270394024618, 0.08227841998347046, -0.10881427014905069,
    0.09229076959130378, -0.05864685873554614, 0.02840925236412726, -0.009844494859674952, 0.001675912217981131,
    0.0003963076129893627, -0.00022411674674416022,
)  # fmt: skip
# erf(x)/x in powers of x², for |x| ≤ 1.
_NEAR64 = (
    1.1283791670955126, -0.37612638903183754, 0.1128379167095512, -0.026866170645129854, 0.005223977625423455,
    -0.0008548327021945428, 0.00012055332903350668, -1.4925647581008593e-05, 1.6462045711013026e-06,
    -1.6364645854816389e-07, 1.479243542696247e-08, -1.2164764337224506e-09, 8.709755232851789e-11,
    -4.2320376764874594e-12,
)  # fmt: skip
_NEAR32 = (
    1.1283791670623609, -0.3761263847599132, 0.11283782622062184, -0.026865438310515116, 0.005221053412537675,
    -0.0008484396550601893, 0.00011268253894199437, -9.673590811750782e-06,
)  # fmt: skip


def _in_blocks(function: Callable[[Any], Any], x: Any) -> Any:
    """Return ``function`` of an array, a block at a time, computed in float32 or float64 and given back in its dtype.

    Integers give float64, which the engine turns into the default dtype.
    """
    given = np.asarray(x)
    if given.dtype.kind == "f":
        array = given.astype(np.float32) if given.dtype.itemsize < 4 else given
    else:
        array = given.astype(np.float64)
    if array.size <= _BLOCK:
        result = function(array)
    else:
        flat = array.reshape(-1)
        result = np.empty_like(flat)
        for start in range(0, flat.size, _BLOCK):
            result[start : start + _BLOCK] = function(flat[start : start + _BLOCK])
        result = result.reshape(array.shape)
    return result.astype(given.dtype) if given.dtype.kind == "f" and given.dtype.itemsize < 4 else result


def _polynomial(coefficients: tuple[float, ...], u: Any) -> Any:
    result = u * coefficients[-1]
    for c in coefficients[-2:0:-1]:
        result += c
        result *= u
    result += coefficients[0]
    return result


def _gauss(t: Any, scale: float) -> Any:
    """Return exp(−scale·t²) for 0 ≤ t ≤ 40, with t² in two parts so that its rounding is not magnified."""
    steps = 256.0 if t.dtype == np.float32 else 1048576.0
    head = np.rint(t * steps)
    head /= steps
    result = np.exp(head * head * -scale)
    result *= np.exp((t - head) * (t + head) * -scale)
    return result


def _erfcx(t: Any) -> Any:
    """Return exp(t²)·erfc(t) for 0 ≤ t < ∞."""
    u = (t - 3.75) / (t + 3.75)
    result = _polynomial(_TAIL32 if t.dtype == np.float32 else _TAIL64, u)
    result /= 2 * t + 1
    return result


def _erfc_block(x: Any) -> Any:
    t = np.minimum(np.abs(x), _FAR)
    tail = _gauss(t, 1.0) * _erfcx(t)
    return np.where(x < 0, 2 - tail, tail)


def _erf_block(x: Any) -> Any:
    t = np.minimum(np.abs(x), _FAR)
    far = np.copysign(1 - _gauss(t, 1.0) * _erfcx(t), x)
    near = np.clip(x, -1, 1)
    near = near * _polynomial(_NEAR32 if t.dtype == np.float32 else _NEAR64, near * near)
    return np.where(t < 1, near, far)


def _ndtr_block(x: Any) -> Any:
    t = np.minimum(np.abs(x), _FAR)
    tail = _gauss(t, 0.5) * _erfcx(t / _SQRT2) * 0.5
    return np.where(x < 0, tail, 1 - tail)


def _log_ndtr_block(x: Any) -> Any:
    t = np.minimum(np.abs(x), 1e30)
    with np.errstate(over="ignore"):
        tail = np.log(_erfcx(t / _SQRT2) * 0.5) - np.square(x) * 0.5
    return np.where(x < -1, tail, np.log1p(-_ndtr_block(-np.maximum(x, -2))))


def _inverse_mills_block(x: Any) -> Any:
    t = np.minimum(np.abs(x), 1e30)
    above = _density(np.maximum(x, 0.0), 0) / _ndtr_block(np.maximum(x, 0.0))
    # Mathematically the quotient is above t; so the limit is right at −∞ as well.
    below = np.maximum(math.sqrt(2.0 / math.pi) / _erfcx(t / _SQRT2), np.abs(x))
    return np.where(x < 0, below, above)


def gelu_block(x: Any) -> Any:
    """Return x·Φ(x); the far end below is −0 instead of −∞·0."""
    return np.maximum(x, -_FAR) * _ndtr_block(x)


def gelu_kernel(x: Any) -> Any:
    """Return x·Φ(x) of an array of any size."""
    return _in_blocks(gelu_block, x)


def _density(x: Any, order: int) -> Any:
    """Return (−1)ⁿ·Heₙ(x)·φ(x), the n-th derivative of the normal density φ (DLMF 18.5.5)."""
    bounded = np.clip(x, -_FAR, _FAR)
    before, polynomial = 0.0 * bounded, 0.0 * bounded + 1.0
    for n in range(order):
        # −(x·Heₙ − n·Heₙ₋₁) is what follows, with the sign of the derivative carried along.
        before, polynomial = polynomial, -(bounded * polynomial) - n * before
    return polynomial * _gauss(np.abs(bounded), 0.5) / _SQRT_2PI


@primitive(
    kind="elementwise", cost=4, finite=True, symbol="φ^({order})({0})",
    x=lambda g, x, order: g * normal_density(x, order + 1),
)  # fmt: skip
def normal_density(x: Any, order: Any = 0) -> Any:
    """Return the density of the standard normal distribution, exp(−x²/2)/√(2π), or a derivative of it.

    Every order is 0 at both infinities.
    """
    return _in_blocks(lambda block: _density(block, order), x)


@primitive(kind="elementwise", finite=True, symbol="erf {0}", x=lambda g, x: g * (exp(-(x * x)) * (2 / _SQRT_PI)))
def erf(x: Any) -> Any:
    """Return the error function 2/√π·∫₀ˣ exp(−t²) dt. (DLMF 7.2.1)

    >>> import glassgrad as gg
    >>> gg.erf(gg.tensor([0.0, 1.0]))
    tensor([0.    , 0.8427])
    """
    return _in_blocks(_erf_block, x)


@primitive(kind="elementwise", finite=True, symbol="erfc {0}", x=lambda g, x: g * (exp(-(x * x)) * (-2 / _SQRT_PI)))
def erfc(x: Any) -> Any:
    """Return 1 − erf(x), with all its digits also where it is tiny. (DLMF 7.2.2)

    >>> import glassgrad as gg
    >>> gg.erfc(gg.tensor([0.0, 5.0]))
    tensor([1.0000e+00, 1.5375e-12])
    """
    return _in_blocks(_erfc_block, x)


@primitive(kind="elementwise", finite=True, symbol="Φ({0})", x=lambda g, x: g * normal_density(x, 0))
def ndtr(x: Any) -> Any:
    """Return the probability that a standard normal number is at most ``x``, erfc(−x/√2)/2.

    >>> import glassgrad as gg
    >>> gg.special.ndtr(gg.tensor([0.0, 1.96]))
    tensor([0.5  , 0.975])
    """
    return _in_blocks(_ndtr_block, x)


@primitive(kind="elementwise", finite=True, symbol="φ/Φ({0})", x=lambda g, x, out: -g * (out * (x + out)))
def inverse_mills(x: Any) -> Any:
    """Return φ(x)/Φ(x), the derivative of :func:`log_ndtr`, which is nearly −x far below 0."""
    return _in_blocks(_inverse_mills_block, x)


@primitive(kind="elementwise", finite=True, symbol="log Φ({0})", x=lambda g, x: g * inverse_mills(x))
def log_ndtr(x: Any) -> Any:
    """Return the logarithm of :func:`ndtr`, right also where that is too small for a number.

    >>> import glassgrad as gg
    >>> gg.special.log_ndtr(gg.tensor([0.0, -100.0]))
    tensor([-6.9315e-01, -5.0055e+03])
    """
    return _in_blocks(_log_ndtr_block, x)
