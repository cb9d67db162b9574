"""Special functions. Most are SciPy's, which is loaded when one is first used (the extra ``special``).

Formulas are those of the Digital Library of Mathematical Functions, https://dlmf.nist.gov, cited by number.
"""

from __future__ import annotations

import importlib
import math
from typing import Any

import numpy as np

from ..core import dtypes
from ..engine.compose import composed
from ..engine.declare import primitive
from .arithmetic import square
from .comparison import where
from .elementwise import absolute, sign_primitive
from .erf import erf, erfc
from .exponential import exp, log, xlogy
from .reduction import sum
from .shaping import astype, unsqueeze

__all__ = [
    "digamma", "erf", "erfc", "erfinv", "i0", "igamma", "igammac", "lgamma", "mvlgamma", "polygamma",
]  # fmt: skip

_SQRT_PI, _SQRT_2PI = math.sqrt(math.pi), math.sqrt(2.0 * math.pi)


def _scipy(function: str, what: str) -> Any:
    """Return a function of scipy.special, on behalf of the operation ``what``."""
    try:
        special = importlib.import_module("scipy.special")
    except ImportError:
        raise ImportError(f"{what} needs SciPy: pip install 'glassgrad[special]'") from None
    return getattr(special, function)


# -- the normal distribution ----------------------------------------------------------------------------------


@primitive(
    kind="elementwise", symbol="erf⁻¹ {0}", domain=(-1.0, 1.0), x=lambda g, out: g * (exp(square(out)) * (_SQRT_PI / 2))
)  # fmt: skip
def erfinv(x: Any) -> Any:
    """Return the number whose :func:`erf` is ``x``. (DLMF 7.17)

    Edges: ±1 gives ±infinity, with an infinite derivative; NaN beyond.

    >>> import glassgrad as gg
    >>> gg.erfinv(gg.tensor([0.0, 0.5]))
    tensor([0.    , 0.4769])
    """
    return _scipy("erfinv", "gg.erfinv")(x)


@primitive(kind="elementwise", symbol="erfcx {0}", x=lambda g, x, out: g * (2 * x * out - 2 / _SQRT_PI))
def erfcx(x: Any) -> Any:
    """Return exp(x²)·erfc(x), which does not vanish for large ``x``. (DLMF 7.10.1)

    >>> import glassgrad as gg
    >>> gg.special.erfcx(gg.tensor([0.0, 100.0]))
    tensor([1.    , 0.0056])
    """
    return _scipy("erfcx", "gg.special.erfcx")(x)


@primitive(
    kind="elementwise", symbol="Φ⁻¹({0})", domain=(0.0, 1.0), x=lambda g, out: g * (exp(square(out) / 2) * _SQRT_2PI)
)  # fmt: skip
def ndtri(x: Any) -> Any:
    """Return the number below which a standard normal number lies with probability ``x``, the inverse of ``ndtr``.

    Edges: 0 and 1 give ∓infinity, with infinite derivatives; NaN outside [0, 1].

    >>> import glassgrad as gg
    >>> gg.special.ndtri(gg.tensor([0.5, 0.975]))
    tensor([0.  , 1.96])
    """
    return _scipy("ndtri", "gg.special.ndtri")(x)


@primitive(kind="elementwise", cost=3, symbol="entr {0}", domain=(0.0, math.inf), x=lambda g, x: g * (-1 - log(x)))
def entr(x: Any) -> Any:
    """Return −x·log x, a term of an entropy.

    Edges: 0 at 0, where the derivative is infinite; −infinity below.

    >>> import glassgrad as gg
    >>> gg.special.entr(gg.tensor([0.0, 0.5, -1.0]))
    tensor([0.    , 0.3466,   -inf])
    """
    positive = np.greater(x, 0)
    inside = np.where(positive, x, 1)
    return np.where(positive, -inside * np.log(inside), np.where(np.less(x, 0), -np.inf, np.multiply(x, 0)))


# -- the gamma function ---------------------------------------------------------------------------------------


@primitive(kind="elementwise", symbol="log Γ({0})", domain=(0.0, math.inf), x=lambda g, x: g * digamma(x))
def lgamma(x: Any) -> Any:
    """Return the logarithm of the absolute value of the gamma function. (DLMF 5.2.1)

    Edges: infinity at 0 and the negative integers.

    >>> import glassgrad as gg
    >>> gg.lgamma(gg.tensor([1.0, 5.0]))
    tensor([0.    , 3.1781])
    """
    return _scipy("gammaln", "gg.lgamma")(x)


@primitive(kind="elementwise", symbol="ψ({0})", domain=(0.0, math.inf), x=lambda g, x: g * polygamma(1, x))
def digamma(x: Any) -> Any:
    """Return the derivative of :func:`lgamma`. (DLMF 5.2.2)

    Edges: 0 gives −infinity and −0 infinity; negative integers give NaN.

    >>> import glassgrad as gg
    >>> gg.digamma(gg.tensor([1.0, 2.0]))
    tensor([-0.5772,  0.4228])
    """
    return _scipy("digamma", "gg.digamma")(x)


def _cotangent_derivative(x: Any, n: int) -> Any:
    """Return the n-th derivative of π·cot(πx) by x: a polynomial in c = cot(πx), for dc/dx = −π(1 + c²)."""
    c = 1 / np.tan(math.pi * (x - np.rint(x)))
    coefficients = np.polynomial.Polynomial([0.0, 1.0])
    for _ in range(n):
        coefficients = coefficients.deriv() * np.polynomial.Polynomial([-1.0, 0.0, -1.0])
    return coefficients(c) * math.pi ** (n + 1)


@primitive(
    kind="elementwise", symbol="ψ^({n})({0})", domain=(0.0, math.inf), x=lambda g, n, x: g * polygamma(n + 1, x)
)
def polygamma(n: Any, x: Any) -> Any:
    """Return the ``n``-th derivative of :func:`digamma`. (DLMF 5.15)

    Args:
        n: a whole number, 0 for digamma itself.
        x: real; negative ones by reflection (DLMF 5.15.6), to which PyTorch gives another number for ``n`` above 1.

    Raises:
        ValueError: ``n`` is negative.

    >>> import glassgrad as gg
    >>> gg.polygamma(1, gg.tensor([1.0, 2.0]))
    tensor([1.6449, 0.6449])
    """
    if n < 0 or n != int(n):
        raise ValueError(f"polygamma: n must be a whole number and not negative, got {n}")
    if n == 0:
        return _scipy("digamma", "gg.polygamma")(x)
    zeta = _scipy("zeta", "gg.polygamma")
    factor = math.factorial(int(n)) * (1.0 if n % 2 else -1.0)
    array = np.asarray(x)
    reflected = np.less(array, 0) & (np.floor(array) != array)
    value = factor * zeta(n + 1.0, np.where(reflected, 1 - array, array))
    if np.any(reflected):
        # (−1)ⁿ·ψ⁽ⁿ⁾(1 − x) − ψ⁽ⁿ⁾(x) is the n-th derivative of π·cot(πx).
        safe = np.where(reflected, array, 0.5)
        value = np.where(reflected, value * (-1.0 if n % 2 else 1.0) - _cotangent_derivative(safe, int(n)), value)
    return value


@composed
def mvlgamma(x: Any, p: Any) -> Any:
    """Return the logarithm of the multivariate gamma function of dimension ``p``. (DLMF 35.3.5)

    It is p(p − 1)/4·log π + Σ lgamma(x − (j − 1)/2) over j = 1..p.

    Raises:
        ValueError: ``p`` is below 1.

    >>> import glassgrad as gg
    >>> gg.mvlgamma(gg.tensor([2.0, 3.0]), 2)
    tensor([0.4516, 1.5502])
    """
    if p < 1:
        raise ValueError(f"mvlgamma: p must be at least 1, got {p}")
    shifts = np.arange(p, dtype=x.dtype if x.dtype.kind == "f" else np.float32) * -0.5
    return sum(lgamma(unsqueeze(x, -1) + shifts), -1) + p * (p - 1) / 4 * math.log(math.pi)


@primitive(kind="elementwise", symbol="P({0}, {1})", domain=(0.0, math.inf), a=None,
           x=lambda g, a, x: g * exp(xlogy(a - 1, x) - x - lgamma(a)))  # fmt: skip
def lower_gamma(a: Any, x: Any) -> Any:
    """Return the regularised lower incomplete gamma function. See :func:`igamma`."""
    return _scipy("gammainc", "gg.special.gammainc")(a, x)


@primitive(kind="elementwise", symbol="Q({0}, {1})", domain=(0.0, math.inf), a=None,
           x=lambda g, a, x: -g * exp(xlogy(a - 1, x) - x - lgamma(a)))  # fmt: skip
def upper_gamma(a: Any, x: Any) -> Any:
    """Return the regularised upper incomplete gamma function. See :func:`igammac`."""
    return _scipy("gammaincc", "gg.special.gammaincc")(a, x)


def _only_second(x: Any, y: Any, what: str) -> Any:
    """Return both in one floating dtype, for a function whose derivative is known by the second only."""
    if getattr(x, "requires_grad", False):
        raise ValueError(f"{what}: the derivative by the first argument is not offered; pass it as x.detach()")
    if not hasattr(y, "dtype") or x.dtype == y.dtype:
        return x, y
    common = dtypes.result_type((x, y))
    if common.kind != "f":
        return x, y
    return (v if v.dtype == common else astype(v, common) for v in (x, y))


@composed
def igamma(x: Any, y: Any) -> Any:
    """Return the regularised lower incomplete gamma function ∫₀^y t^(x−1)·e^−t dt / Γ(x). (DLMF 8.2.4)

    The derivative is by ``y`` only.

    Raises:
        ValueError: ``x`` requires a gradient.

    >>> import glassgrad as gg
    >>> gg.igamma(gg.tensor([1.0, 2.0]), gg.tensor([1.0, 1.0]))
    tensor([0.6321, 0.2642])
    """
    return lower_gamma(*_only_second(x, y, "igamma"))


@composed
def igammac(x: Any, y: Any) -> Any:
    """Return the regularised upper incomplete gamma function, 1 − igamma(x, y). (DLMF 8.2.4)

    The derivative is by ``y`` only.

    Raises:
        ValueError: ``x`` requires a gradient.

    >>> import glassgrad as gg
    >>> gg.igammac(gg.tensor([1.0, 2.0]), gg.tensor([1.0, 1.0]))
    tensor([0.3679, 0.7358])
    """
    return upper_gamma(*_only_second(x, y, "igammac"))


@primitive(kind="elementwise", symbol="ζ({0}, {1})", domain=(1.0, math.inf), x=None,
           q=lambda g, x, q: g * (-x * hurwitz_zeta(x + 1, q)))  # fmt: skip
def hurwitz_zeta(x: Any, q: Any) -> Any:
    """Return the Hurwitz zeta function. See :func:`zeta`."""
    return _scipy("zeta", "gg.special.zeta")(x, q)


@composed
def zeta(x: Any, q: Any) -> Any:
    """Return the Hurwitz zeta function Σ (k + q)^−x over k = 0, 1, ... (DLMF 25.11.1)

    The derivative is by ``q`` only, as PyTorch's.

    Raises:
        ValueError: ``x`` requires a gradient.

    >>> import glassgrad as gg
    >>> gg.special.zeta(gg.tensor([2.0, 4.0]), gg.tensor([1.0, 1.0]))
    tensor([1.6449, 1.0823])
    """
    return hurwitz_zeta(*_only_second(x, q, "zeta"))


# -- Bessel functions -----------------------------------------------------------------------------------------
# Their derivatives are written with the neighbouring orders, which is right at 0 too and goes on for ever.


@primitive(kind="elementwise", symbol="I_{order}({0})",
           x=lambda g, x, order: g * ((modified_bessel(x, order - 1) + modified_bessel(x, order + 1)) / 2))  # fmt: skip
def modified_bessel(x: Any, order: Any) -> Any:
    """Return the modified Bessel function of the first kind of a whole order. (DLMF 10.25.2, 10.29.1)"""
    return _scipy("iv", "gg.special.i0")(abs(order), x)


@primitive(
    kind="elementwise", finite=True, symbol="I_{order}({0})·exp(−|{0}|)",
    x=lambda g, x, out, order: g * (
        (scaled_bessel(x, order - 1) + scaled_bessel(x, order + 1)) / 2 - sign_primitive(x) * out
    ),
)  # fmt: skip
def scaled_bessel(x: Any, order: Any) -> Any:
    """Return the modified Bessel function times exp(−|x|)."""
    value = _scipy("ive", "gg.special.i0e")(abs(order), x)
    return np.where(np.isinf(x), 0, value)  # where SciPy has NaN


@primitive(kind="elementwise", symbol="I₀({0})", x=lambda g, x: g * i1(x))
def i0(x: Any) -> Any:
    """Return the modified Bessel function of the first kind of order 0. (DLMF 10.25.2)

    >>> import glassgrad as gg
    >>> gg.i0(gg.tensor([0.0, 1.0]))
    tensor([1.    , 1.2661])
    """
    return _scipy("i0", "gg.i0")(x)


@primitive(kind="elementwise", symbol="I₁({0})", x=lambda g, x: g * ((i0(x) + modified_bessel(x, 2)) / 2))
def i1(x: Any) -> Any:
    """Return the modified Bessel function of the first kind of order 1. (DLMF 10.25.2)

    >>> import glassgrad as gg
    >>> gg.special.i1(gg.tensor([0.0, 1.0]))
    tensor([0.    , 0.5652])
    """
    return _scipy("i1", "gg.special.i1")(x)


# Iν′/Iν − 1 in powers of 1/x, which follow one after the other from w′ + w² + w/x = 1 + ν²/x² for w = Iν′/Iν.
_DECAY = (
    (-1 / 2, -1 / 8, -1 / 8, -25 / 128, -13 / 32, -1073 / 1024), (-1 / 2, 3 / 8, 3 / 8, 63 / 128, 27 / 32, 1899 / 1024),
)  # fmt: skip
_FAR = 300.0  # from here on six powers give all digits of float64


def _scaled_slope(x: Any, out: Any, order: int) -> Any:
    """Return the derivative of exp(−|x|)·Iν(x), of order 0 or 1.

    It is a difference of two numbers that agree in ever more digits as x grows, and SciPy has none of them beyond 10¹⁰;
    so far out it is the function times the sum of the powers.
    """
    size = absolute(x)
    far = size > _FAR
    near = where(far, 1, x)
    other = (i0e(near) + scaled_bessel(near, 2)) / 2 if order else i1e(near)
    by_difference = other - sign_primitive(x) * out
    inverse = 1 / where(far, size, _FAR)
    powers: Any = 0
    for factor in reversed(_DECAY[order]):
        powers = (powers + factor) * inverse
    return where(far, sign_primitive(x) * out * powers, by_difference)


@primitive(
    kind="elementwise", finite=True, symbol="I₀({0})·exp(−|{0}|)",
    x=lambda g, x, out: g * _scaled_slope(x, out, 0),
)  # fmt: skip
def i0e(x: Any) -> Any:
    """Return exp(−|x|)·i0(x), which does not overflow.

    Edges: the derivative at 0, where there is a kink, is 0.

    >>> import glassgrad as gg
    >>> gg.special.i0e(gg.tensor([0.0, 1.0]))
    tensor([1.    , 0.4658])
    """
    return _scipy("i0e", "gg.special.i0e")(x)


@primitive(
    kind="elementwise", finite=True, symbol="I₁({0})·exp(−|{0}|)",
    x=lambda g, x, out: g * _scaled_slope(x, out, 1),
)  # fmt: skip
def i1e(x: Any) -> Any:
    """Return exp(−|x|)·i1(x), which does not overflow.

    >>> import glassgrad as gg
    >>> gg.special.i1e(gg.tensor([0.0, 1.0]))
    tensor([0.    , 0.2079])
    """
    return _scipy("i1e", "gg.special.i1e")(x)


@primitive(kind="elementwise", finite=True, symbol="J_{order}({0})",
           x=lambda g, x, order: g * ((first_bessel(x, order - 1) - first_bessel(x, order + 1)) / 2))  # fmt: skip
def first_bessel(x: Any, order: Any) -> Any:
    """Return the Bessel function of the first kind of a whole order. (DLMF 10.2.2, 10.6.1)"""
    return _scipy("jv", "gg.special.bessel_j0")(order, x)


@primitive(kind="elementwise", symbol="Y_{order}({0})", domain=(0.0, math.inf),
           x=lambda g, x, order: g * ((second_bessel(x, order - 1) - second_bessel(x, order + 1)) / 2))  # fmt: skip
def second_bessel(x: Any, order: Any) -> Any:
    """Return the Bessel function of the second kind of a whole order. (DLMF 10.2.3, 10.6.1)"""
    return _scipy("yn", "gg.special.bessel_y0")(order, x)


@primitive(kind="elementwise", finite=True, symbol="J₀({0})", x=lambda g, x: -g * bessel_j1(x))
def bessel_j0(x: Any) -> Any:
    """Return the Bessel function of the first kind of order 0. (DLMF 10.2.2; PyTorch gives it no derivative.)

    >>> import glassgrad as gg
    >>> gg.special.bessel_j0(gg.tensor([0.0, 1.0]))
    tensor([1.    , 0.7652])
    """
    return _scipy("j0", "gg.special.bessel_j0")(x)


@primitive(
    kind="elementwise", finite=True, symbol="J₁({0})", x=lambda g, x: g * ((bessel_j0(x) - first_bessel(x, 2)) / 2)
)
def bessel_j1(x: Any) -> Any:
    """Return the Bessel function of the first kind of order 1. (DLMF 10.2.2; PyTorch gives it no derivative.)

    >>> import glassgrad as gg
    >>> gg.special.bessel_j1(gg.tensor([0.0, 1.0]))
    tensor([0.    , 0.4401])
    """
    return _scipy("j1", "gg.special.bessel_j1")(x)


@primitive(kind="elementwise", symbol="Y₀({0})", domain=(0.0, math.inf), x=lambda g, x: -g * bessel_y1(x))
def bessel_y0(x: Any) -> Any:
    """Return the Bessel function of the second kind of order 0. (DLMF 10.2.3; PyTorch gives it no derivative.)

    Edges: −infinity at 0, NaN below.

    >>> import glassgrad as gg
    >>> gg.special.bessel_y0(gg.tensor([1.0, 2.0]))
    tensor([0.0883, 0.5104])
    """
    return _scipy("y0", "gg.special.bessel_y0")(x)


@primitive(
    kind="elementwise", symbol="Y₁({0})", domain=(0.0, math.inf),
    x=lambda g, x: g * ((bessel_y0(x) - second_bessel(x, 2)) / 2),
)  # fmt: skip
def bessel_y1(x: Any) -> Any:
    """Return the Bessel function of the second kind of order 1. (DLMF 10.2.3; PyTorch gives it no derivative.)

    Edges: −infinity at 0, NaN below.

    >>> import glassgrad as gg
    >>> gg.special.bessel_y1(gg.tensor([1.0, 2.0]))
    tensor([-0.7812, -0.107 ])
    """
    return _scipy("y1", "gg.special.bessel_y1")(x)
