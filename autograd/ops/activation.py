"""Activation functions of networks, each with its derivative in one piece.

None overflows or loses its limits: where a textbook formula gives ∞·0 or ∞/∞ at the far ends, these give the
limit, in the value and in the derivatives.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.cost import per_input
from ..core.dtypes import get_default_dtype, to_dtype
from ..core.sums import total
from ..engine.compose import composed
from ..engine.declare import primitive
from .arithmetic import square
from .axes import axis_of
from .comparison import where
from .elementwise import absolute
from .erf import gelu_kernel, ndtr, normal_density
from .exponential import exp
from .joining import split
from .random import draw
from .reduction import sum
from .rounding import clamp_between
from .shaping import astype, sum_to, wide
from .trigonometric import tanh

__all__ = ["log_softmax", "logit", "relu", "sigmoid", "softmax"]

_GELU_K, _GELU_CUBE = math.sqrt(2.0 / math.pi), 0.044715


def one_plus_exp(x: Any, sign: float) -> Any:
    """Return 1 + exp(sign·x) in a new array; where that overflows it is infinity, without a warning."""
    e = np.multiply(x, sign)
    into = e if e.__class__ is np.ndarray else None
    with np.errstate(over="ignore"):
        return np.add(np.exp(e, into), 1, into)


def _sigmoid_scalar(x: Any) -> Any:
    if x >= 0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


@primitive(
    kind="elementwise", cost=4, finite=True, scalar=_sigmoid_scalar, symbol="σ({0})",
    x=lambda g, out: g * (out * (1 - out)),
)  # fmt: skip
def sigmoid(x: Any) -> Any:
    """Return the logistic function 1 / (1 + e^−x); its derivative is at most 0.25, at 0.

    Small results are as accurate, relatively, as large ones. Where e^−x overflows to infinity the result is 0, as it
    should be.

    >>> import glassgrad as gg
    >>> gg.sigmoid(gg.tensor([0.0, 2.0]))
    tensor([0.5   , 0.8808])
    """
    denominator = one_plus_exp(x, -1.0)
    return np.true_divide(1, denominator, denominator if denominator.__class__ is np.ndarray else None)


@primitive(kind="elementwise", finite=True, scalar=lambda x: x if x > 0 or x != x else 0.0, symbol="relu {0}",
           x=lambda g, out: where(out > 0, g, 0))  # fmt: skip
def relu(x: Any) -> Any:
    """Return ``max(x, 0)``. The derivative at 0 is taken as 0.

    >>> import glassgrad as gg
    >>> gg.relu(gg.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return np.maximum(x, 0)


def _logit_rule(g: Any, x: Any, eps: Any) -> Any:
    if eps is None:
        return where((x < 0) | (x > 1), math.nan, g / (x * (1 - x)))
    inside = (x >= eps) & (x <= 1 - eps)
    within = where(inside, x, 0.5)
    return where(inside, g / (within * (1 - within)), 0)


@primitive(kind="elementwise", cost=3, symbol="logit {0}", domain=(0.0, 1.0), x=_logit_rule)
def logit(x: Any, eps: Any = None) -> Any:
    """Return log(x / (1 − x)), the inverse of the sigmoid; with ``eps``, of ``x`` limited to [eps, 1 − eps].

    Edges: 0 and 1 give −infinity and infinity, with infinite derivatives; outside [0, 1] value and derivative are NaN.
    With ``eps`` the derivative is 0 where ``x`` was limited.

    >>> import glassgrad as gg
    >>> gg.logit(gg.tensor([0.5, 0.9]))
    tensor([0.    , 2.1972])
    """
    bounded = x if eps is None else np.minimum(np.maximum(x, eps), 1 - eps)
    return np.log(np.true_divide(bounded, np.subtract(1, bounded)))


_LINEAR_LIMIT = 40.0  # log(1 + exp(x)) is x from here on, in double precision


@primitive(
    kind="elementwise", cost=4, finite=True, symbol="softplus {0}",
    x=lambda g, x, beta, threshold: where(x * beta > threshold, g, g * sigmoid(x * beta)),
)  # fmt: skip
def softplus(x: Any, beta: Any = 1, threshold: Any = 20) -> Any:
    """Return log(1 + exp(beta·x)) / beta, a smooth relu; where beta·x is above ``threshold``, ``x`` itself.

    Edges: above the threshold the derivative is 1.

    >>> import glassgrad as gg
    >>> gg.nn.functional.softplus(gg.tensor([0.0, 50.0]))
    tensor([ 0.6931, 50.    ])
    """
    scaled = x if beta == 1 else np.multiply(x, beta)
    smooth = np.log1p(np.exp(np.minimum(scaled, _LINEAR_LIMIT)))
    return np.where(np.greater(scaled, min(threshold, _LINEAR_LIMIT)), x, smooth if beta == 1 else smooth / beta)


@primitive(kind="elementwise", cost=4, finite=True, symbol="log σ({0})", x=lambda g, x: g * sigmoid(-x))
def logsigmoid(x: Any) -> Any:
    """Return log(sigmoid(x)), right also where the sigmoid is 0.

    >>> import glassgrad as gg
    >>> gg.nn.functional.logsigmoid(gg.tensor([0.0, -1000.0]))
    tensor([-6.9315e-01, -1.0000e+03])
    """
    return np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))


@primitive(
    kind="elementwise", cost=3, finite=True, symbol="softsign {0}",
    x=lambda g, x: g / (absolute(x) + 1) / (absolute(x) + 1),
)  # fmt: skip
def softsign(x: Any) -> Any:
    """Return x / (1 + |x|).

    Edges: infinities give NaN, as in PyTorch.

    >>> import glassgrad as gg
    >>> gg.nn.functional.softsign(gg.tensor([-1.0, 3.0]))
    tensor([-0.5 ,  0.75])
    """
    return np.true_divide(x, np.abs(x) + 1)


def _gelu_rule(g: Any, x: Any, approximate: Any) -> Any:
    if approximate == "none":
        return g * (ndtr(x) - normal_density(x, 1))  # Φ(x) + x·φ(x), for φ' = −x·φ
    # Beyond ±10 the tangent is saturated in double precision, so the cube need not be followed further.
    c = clamp_between(x, -10.0, 10.0)
    t = tanh(_GELU_K * (c + _GELU_CUBE * (c * c * c)))
    return g * (0.5 * (1 + t) + 0.5 * c * ((1 - t * t) * (_GELU_K * (1 + 3 * _GELU_CUBE * (c * c)))))


@primitive(kind="elementwise", cost=4, finite=True, symbol="gelu {0}", x=_gelu_rule)
def gelu(x: Any, approximate: Any = "none") -> Any:
    """Return x·Φ(x), where Φ is the normal distribution; ``"tanh"`` approximates it.

    The approximation is x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))).
    (Hendrycks and Gimpel 2016, https://arxiv.org/abs/1606.08415)

    Edges: −infinity gives −0 with the derivative 0, infinity the derivative 1, where PyTorch gives NaN.

    Raises:
        ValueError: ``approximate`` is neither ``"none"`` nor ``"tanh"``.

    >>> import glassgrad as gg
    >>> gg.nn.functional.gelu(gg.tensor([-1.0, 0.0, 2.0]))
    tensor([-0.1587,  0.    ,  1.9545])
    """
    if approximate == "none":
        return gelu_kernel(x)
    if approximate != "tanh":
        raise ValueError(f"gelu: approximate must be 'none' or 'tanh', not {approximate!r}")
    c = np.clip(x, -10.0, 10.0)
    t = np.tanh(_GELU_K * (c + _GELU_CUBE * (c * c * c)))
    return 0.5 * np.maximum(x, -10.0) * (1 + t)


# In the derivatives of x times something that vanishes, x is bounded where that something is 0 already.
_BOUND = 1000.0


def _silu_rule(g: Any, x: Any) -> Any:
    s = sigmoid(x)
    return g * (s * (1 + clamp_between(x, -_BOUND, _BOUND) * (1 - s)))


@primitive(kind="elementwise", cost=5, finite=True, symbol="silu {0}", x=_silu_rule)
def silu(x: Any) -> Any:
    """Return x·sigmoid(x), also called swish. (Elfwing et al. 2017, https://arxiv.org/abs/1702.03118)

    Edges: −infinity gives −0 with the derivative 0, where PyTorch gives NaN.

    >>> import glassgrad as gg
    >>> gg.nn.functional.silu(gg.tensor([-1.0, 0.0, 2.0]))
    tensor([-0.2689,  0.    ,  1.7616])
    """
    denominator = one_plus_exp(x, -1.0)
    return np.true_divide(
        np.maximum(x, -_BOUND), denominator, denominator if denominator.__class__ is np.ndarray else None
    )


def _mish_rule(g: Any, x: Any) -> Any:
    t = tanh(softplus(x))
    return g * (t + clamp_between(x, -_BOUND, _BOUND) * ((1 - t * t) * sigmoid(x)))


@primitive(kind="elementwise", cost=6, finite=True, symbol="mish {0}", x=_mish_rule)
def mish(x: Any) -> Any:
    """Return x·tanh(softplus(x)). (Misra 2019, https://arxiv.org/abs/1908.08681)

    With e = exp(x), tanh(log(1 + e)) = e(e + 2) / (e(e + 2) + 2), which needs one exponential.

    Edges: −infinity gives −0 with the derivative 0, where PyTorch gives NaN.

    >>> import glassgrad as gg
    >>> gg.nn.functional.mish(gg.tensor([-1.0, 0.0, 2.0]))
    tensor([-0.3034,  0.    ,  1.944 ])
    """
    e = np.exp(np.minimum(x, 20.0))  # from 20 on the quotient is 1 in double precision
    e = e * (e + 2)
    return np.maximum(x, -_BOUND) * (e / (e + 2))


@primitive(kind="elementwise", cost=2, finite=True, symbol="({0} − tanh {0})", x=lambda g, x: g * square(tanh(x)))
def tanhshrink(x: Any) -> Any:
    """Return x − tanh(x).

    >>> import glassgrad as gg
    >>> gg.nn.functional.tanhshrink(gg.tensor([0.0, 2.0]))
    tensor([0.   , 1.036])
    """
    return np.subtract(x, np.tanh(x))


# -- over an axis ---------------------------------------------------------------------------------------------


def _finite_maximum(x: Any, dim: Any) -> Any:
    """Return the maximum along ``dim``; 0 where it is −inf, so that a row of −inf gives NaN without a warning."""
    top = np.max(x, axis=dim, keepdims=True)
    return np.where(top == -np.inf, np.zeros((), top.dtype), top)


def _total(e: Any, dim: Any) -> Any:
    """Return the sum along ``dim``; NaN where it is 0, in a row of −inf."""
    added = total(e, (dim,), True)
    added[added == 0] = np.nan
    return added


@primitive(
    widens=True, cost=per_input(4), name="log_softmax", symbol="log softmax {0}",
    x=lambda g, out, dim: g - exp(out) * sum(g, dim, True),
)  # fmt: skip
def log_softmax_primitive(x: Any, dim: Any) -> Any:
    axis = axis_of(dim, np.ndim(x), "log_softmax")
    if not np.size(x) or not np.ndim(x):
        return np.array(x) if not np.size(x) else np.subtract(x, x)
    shifted = x - _finite_maximum(x, axis)
    shifted -= np.log(_total(np.exp(shifted), axis))
    return shifted


@primitive(
    widens=True, cost=per_input(5), name="softmax", symbol="softmax {0}",
    x=lambda g, out, dim: out * (g - sum(g * out, dim, True)),
)  # fmt: skip
def softmax_primitive(x: Any, dim: Any) -> Any:
    axis = axis_of(dim, np.ndim(x), "softmax")
    if not np.size(x) or not np.ndim(x):
        return np.array(x) if not np.size(x) else np.exp(np.subtract(x, x))
    e = np.subtract(x, _finite_maximum(x, axis))
    np.exp(e, out=e)
    e /= _total(e, axis)
    return e


def _in_dtype(x: Any, dtype: Any) -> Any:
    if dtype is None:
        return x if x.dtype.kind == "f" else astype(x, get_default_dtype())
    return x if x.dtype == to_dtype(dtype) else astype(x, to_dtype(dtype))


@composed
def log_softmax(x: Any, dim: Any, dtype: Any = None, *, _stacklevel: Any = 3) -> Any:
    """Return the logarithm of softmax along ``dim``, safe for any finite input.

    log softmax(x)_k = x_k − c − log Σ_j exp(x_j − c) with c = max x. With ``dtype`` the input is cast to it first.

    Edges: where all of a row is −inf, or one is +inf, the result is NaN.

    >>> import glassgrad as gg
    >>> gg.log_softmax(gg.tensor([1.0, 2.0, 3.0]), dim=0)
    tensor([-2.4076, -1.4076, -0.4076])
    """
    return log_softmax_primitive(_in_dtype(x, dtype), dim)


@composed
def softmax(x: Any, dim: Any, dtype: Any = None, *, _stacklevel: Any = 3) -> Any:
    """Return exp(x) / Σ exp(x) along ``dim``, computed with the maximum subtracted, so it cannot overflow.

    With ``dtype`` the input is cast to it first.

    Edges: where all of a row is −inf, or one is +inf, the result is NaN.

    >>> import glassgrad as gg
    >>> gg.softmax(gg.tensor([1000.0, 1001.0, 1002.0]), dim=0)
    tensor([0.09  , 0.2447, 0.6652])
    """
    return softmax_primitive(_in_dtype(x, dtype), dim)


@primitive(
    widens=True, cost=per_input(5), symbol="softmax {0}", mask=None,
    x=lambda g, out, x_shape: sum_to(out * (g - sum(g * out, -1, True)), x_shape),
)  # fmt: skip
def masked_softmax(x: Any, mask: Any = None) -> Any:
    """Return softmax along the last axis among the places where ``mask`` is true; the others are 0.

    Edges: a row with nothing to choose from, masked or −inf throughout, is 0 and has gradient 0.
    """
    shape = np.shape(x) if mask is None else np.broadcast_shapes(np.shape(x), np.shape(mask))
    e = np.array(np.broadcast_to(x, shape))
    if mask is not None:
        np.copyto(e, -np.inf, where=np.logical_not(mask))
    if not e.size:
        return e
    top = np.max(e, axis=-1, keepdims=True)
    e -= np.where(top == -np.inf, np.zeros((), e.dtype), top)
    np.exp(e, out=e)
    added = total(e, (e.ndim - 1,), True)
    e /= np.where(added == 0, np.ones((), e.dtype), added)
    return e


@composed
def glu(x: Any, dim: Any = -1) -> Any:
    """Return the first half along ``dim`` times the sigmoid of the second. (Dauphin et al. 2016, arXiv:1612.08083)

    Raises:
        ValueError: the size along ``dim`` is odd, or ``x`` is a single number.

    >>> import glassgrad as gg
    >>> gg.nn.functional.glu(gg.tensor([2.0, 3.0, 0.0, 100.0]))
    tensor([1., 3.])
    """
    if not x.shape:
        raise ValueError("glu: a single number has no axis to be halved along")
    axis = axis_of(dim, x.ndim, "glu")
    size = x.shape[axis]
    if size % 2:
        raise ValueError(f"glu: the size along dim {dim} must be even to be halved, but the shape is {x.shape}")
    if not size:
        return x
    first, second = split(x, size // 2, axis)
    return first * sigmoid(second)


@composed
def softmin(x: Any, dim: Any, dtype: Any = None, *, _stacklevel: Any = 3) -> Any:
    """Return softmax(−x) along ``dim``: small elements weigh most. With ``dtype`` the input is cast to it first.

    >>> import glassgrad as gg
    >>> gg.nn.functional.softmin(gg.tensor([1.0, 2.0, 3.0]), dim=0)
    tensor([0.6652, 0.2447, 0.09  ])
    """
    return softmax(-wide(x), dim, dtype)


@composed
def gumbel_softmax(x: Any, tau: Any = 1.0, hard: Any = False, dim: Any = -1) -> Any:
    """Return a sample from a categorical distribution, relaxed so that it has a gradient.

    softmax((x + noise)/tau), where the noise is −log of exponential numbers. (Jang et al. 2016,
    https://arxiv.org/abs/1611.01144; Maddison et al. 2016, https://arxiv.org/abs/1611.00712)

    Args:
        x: unnormalised log-probabilities.
        tau: the temperature; the smaller, the nearer to one-hot.
        hard: return one-hot values with the gradient of the soft ones.
        dim: the axis of the categories.

    >>> import glassgrad as gg
    >>> gg.nn.functional.gumbel_softmax(gg.tensor([0.0, 1000.0]), hard=True)
    tensor([0., 1.])
    """
    noise = -np.log(draw("standard_exponential", x.shape))
    soft = softmax((x + np.asarray(noise, x.dtype)) / tau, dim)
    if not hard:
        return soft
    values = np.asarray(getattr(soft, "_array", soft))
    one_hot = np.zeros_like(values)
    if values.ndim:
        np.put_along_axis(one_hot, np.expand_dims(np.argmax(values, axis=dim), dim), 1, axis=dim)
    else:
        one_hot[...] = 1
    # The value of the one, with the gradient of the other. (Bengio et al. 2013, https://arxiv.org/abs/1308.3432)
    return soft + (one_hot - values)
