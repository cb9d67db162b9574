"""Activation functions of several pieces, such as ELU, leaky ReLU and the straight-line versions of smooth ones."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.dtypes import get_default_dtype
from ..engine.compose import composed
from ..engine.declare import primitive
from .comparison import where
from .exponential import exp
from .random import draw
from .rounding import limited
from .shaping import reshape

__all__ = ["celu", "hardshrink", "prelu", "rrelu", "selu", "threshold"]


# SELU's constants, for which mean 0 and variance 1 are a fixed point (Klambauer et al. 2017, equation 14).
_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805


def _exponential_unit(x: Any, alpha: Any, scale: Any, stretch: Any) -> Any:
    """Return scale·x where ``x`` is positive, else scale·alpha·(exp(x/stretch) − 1)."""
    below = np.minimum(x, 0)
    below = np.expm1(below if stretch == 1 else below / stretch)
    above = np.maximum(x, 0)
    # One of the two is 0, which costs less to add than choosing does.
    return (above if scale == 1 else above * scale) + (below if scale * alpha == 1 else below * (scale * alpha))


def _exponential_slope(g: Any, x: Any, alpha: Any, scale: Any, stretch: Any) -> Any:
    below = exp(where(x > 0, 0, x) / stretch) * (scale * alpha / stretch)
    return where(x > 0, g * scale, g * below)


@primitive(
    kind="elementwise", cost=3, finite=True, symbol="elu {0}",
    x=lambda g, x, alpha: _exponential_slope(g, x, alpha, 1, 1),
)  # fmt: skip
def elu(x: Any, alpha: Any = 1.0) -> Any:
    """Return ``x`` where it is positive, else alpha·(exp(x) − 1). (Clevert et al. 2015, arXiv:1511.07289)

    Edges: the derivative at 0 is ``alpha``.

    >>> import glassgrad as gg
    >>> gg.nn.functional.elu(gg.tensor([-1.0, 2.0]))
    tensor([-0.6321,  2.    ])
    """
    return _exponential_unit(x, alpha, 1, 1)


@primitive(
    kind="elementwise", cost=4, finite=True, symbol="selu {0}",
    x=lambda g, x: _exponential_slope(g, x, _SELU_ALPHA, _SELU_SCALE, 1),
)  # fmt: skip
def selu(x: Any) -> Any:
    """Return ELU with the two constants for which layers keep mean 0 and variance 1.

    (Klambauer et al. 2017, https://arxiv.org/abs/1706.02515)

    Edges: the derivative at 0 is that from below, 1.7581.

    >>> import glassgrad as gg
    >>> gg.selu(gg.tensor([-1.0, 2.0]))
    tensor([-1.1113,  2.1014])
    """
    return _exponential_unit(x, _SELU_ALPHA, _SELU_SCALE, 1)


@primitive(
    kind="elementwise", cost=4, finite=True, symbol="celu {0}",
    x=lambda g, x, alpha: _exponential_slope(g, x, alpha, 1, alpha),
)  # fmt: skip
def celu(x: Any, alpha: Any = 1.0) -> Any:
    """Return ``x`` where it is positive, else alpha·(exp(x/alpha) − 1), smooth at 0. (Barron 2017, arXiv:1704.07483)

    Raises:
        ValueError: ``alpha`` is 0.

    >>> import glassgrad as gg
    >>> gg.celu(gg.tensor([-1.0, 2.0]), alpha=2.0)
    tensor([-0.7869,  2.    ])
    """
    if alpha == 0:
        raise ValueError("celu: alpha must not be 0")
    return _exponential_unit(x, alpha, 1, alpha)


def _like(x: Any, *numbers: Any) -> Any:
    """Return whole numbers as integers where ``x`` is made of them, so that it stays so; a fraction makes it floats."""
    if np.asarray(x).dtype.kind not in "iu":
        return numbers
    return tuple(int(n) if float(n).is_integer() else n for n in numbers)


@primitive(
    kind="elementwise", cost=2, finite=True, symbol="leaky relu {0}",
    x=lambda g, x, negative_slope: where(x > 0, g, g * negative_slope),
)  # fmt: skip
def leaky_relu(x: Any, negative_slope: Any = 0.01) -> Any:
    """Return ``x`` where it is positive, else negative_slope·x.

    Edges: the derivative at 0 is ``negative_slope``.

    >>> import glassgrad as gg
    >>> gg.nn.functional.leaky_relu(gg.tensor([-1.0, 2.0]))
    tensor([-0.01,  2.  ])
    """
    if 0 < negative_slope <= 1:
        return np.maximum(x, np.multiply(x, negative_slope))
    return np.where(np.greater(x, 0), x, np.multiply(x, negative_slope))


@primitive(
    kind="elementwise", cost=2, finite=True, symbol="prelu({0}, {1})",
    x=lambda g, x, slope: where(x > 0, g, g * slope), slope=lambda g, x: where(x > 0, 0, g * x),
)  # fmt: skip
def sloped(x: Any, slope: Any) -> Any:
    """Return ``x`` where it is positive, else slope·x; ``slope`` broadcasts. See :func:`prelu`."""
    return np.where(np.greater(x, 0), x, np.multiply(x, slope))


@composed
def prelu(x: Any, weight: Any) -> Any:
    """Return ``x`` where it is positive, else weight·x, with one learned weight for all or one for each channel.

    (He et al. 2015, https://arxiv.org/abs/1502.01852)

    Args:
        x: of any shape; the channels are axis 1, and an ``x`` of fewer axes has a single one.
        weight: shape () or (1,), or (channels,).

    Edges: the derivative at 0 is ``weight``, and that by the weight is 0 there.

    Raises:
        ValueError: ``weight`` has another number of elements.

    >>> import glassgrad as gg
    >>> gg.prelu(gg.tensor([[-1.0, -1.0]]), gg.tensor([0.1, 0.2]))
    tensor([[-0.1, -0.2]])
    """
    shape, given = x.shape, np.shape(weight)
    count, channels = math.prod(given), shape[1] if len(shape) > 1 else 1
    if len(given) > 1 or count not in (1, channels):
        raise ValueError(
            f"prelu: input of shape {shape} has {channels} channels, so weight must have shape (1,) or ({channels},), "
            f"got {given}"
        )
    laid_out = (1, count, *(1,) * (len(shape) - 2)) if count > 1 else ()
    return sloped(x, reshape(weight, laid_out) if given else weight)


@composed
def rrelu(x: Any, lower: Any = 1.0 / 8, upper: Any = 1.0 / 3, training: Any = False) -> Any:
    """Return ``x`` where it is positive, else ``x`` times a slope that in training is drawn anew for each element.

    Slopes are uniform between ``lower`` and ``upper``; out of training all are their mean. (Xu et al. 2015,
    https://arxiv.org/abs/1505.00853)

    Raises:
        ValueError: ``lower`` is above ``upper``.

    >>> import glassgrad as gg
    >>> gg.rrelu(gg.tensor([-1.0, 2.0]), 0.1, 0.3)
    tensor([-0.2,  2. ])
    """
    if lower > upper:
        raise ValueError(f"rrelu: lower must not be above upper, got {lower} and {upper}")
    if not training:
        return leaky_relu(x, (lower + upper) / 2)
    slopes = draw("uniform", lower, upper, x.shape)
    return sloped(x, np.asarray(slopes, x.dtype if x.dtype.kind == "f" else get_default_dtype()))


@primitive(
    kind="elementwise", cost=2, finite=True, symbol="relu6 {0}", x=lambda g, out: where((out > 0) & (out < 6), g, 0)
)
def relu6(x: Any) -> Any:
    """Return ``x`` limited to [0, 6].

    Edges: the derivative at 0 and at 6 is 0.

    >>> import glassgrad as gg
    >>> gg.nn.functional.relu6(gg.tensor([-1.0, 2.0, 8.0]))
    tensor([0., 2., 6.])
    """
    return limited(x, 0, 6)


@primitive(
    kind="elementwise", cost=2, finite=True, symbol="hardtanh {0}",
    x=lambda g, out, min_val, max_val: where((out > min_val) & (out < max_val), g, 0),
)  # fmt: skip
def hardtanh(x: Any, min_val: Any = -1.0, max_val: Any = 1.0) -> Any:
    """Return ``x`` limited to [min_val, max_val].

    Edges: the derivative at both limits is 0, unlike that of :func:`clamp`.

    Raises:
        ValueError: ``min_val`` is above ``max_val``.

    >>> import glassgrad as gg
    >>> gg.nn.functional.hardtanh(gg.tensor([-2.0, 0.5, 2.0]))
    tensor([-1. ,  0.5,  1. ])
    """
    if min_val > max_val:
        raise ValueError(f"hardtanh: min_val must not be above max_val, got {min_val} and {max_val}")
    min_val, max_val = _like(x, min_val, max_val)
    return limited(x, min_val, max_val)


def _six_steps(x: Any) -> Any:
    """Return x + 3 limited to [0, 6], in a new array."""
    raised = np.add(x, 3)
    return limited(raised, 0, 6, raised if raised.__class__ is np.ndarray else None)


@primitive(
    kind="elementwise", cost=4, finite=True, symbol="hardsigmoid {0}",
    x=lambda g, x: where((x > -3) & (x < 3), g / 6, 0),
)  # fmt: skip
def hardsigmoid(x: Any) -> Any:
    """Return (x + 3)/6 limited to [0, 1].

    Edges: the derivative at ±3 is 0.

    >>> import glassgrad as gg
    >>> gg.nn.functional.hardsigmoid(gg.tensor([-4.0, 0.0, 1.5]))
    tensor([0.  , 0.5 , 0.75])
    """
    return _six_steps(x) / 6


@primitive(
    kind="elementwise", cost=5, finite=True, symbol="hardswish {0}",
    x=lambda g, x: where(x <= -3, 0, where(x < 3, g * (x / 3 + 0.5), g)),
)  # fmt: skip
def hardswish(x: Any) -> Any:
    """Return x times hardsigmoid(x). (Howard et al. 2019, https://arxiv.org/abs/1905.02244)

    Edges: the derivative is 0 at −3 and 1 at 3; −infinity gives −0, where PyTorch gives NaN.

    >>> import glassgrad as gg
    >>> gg.nn.functional.hardswish(gg.tensor([-4.0, 1.0, 4.0]))
    tensor([-0.    ,  0.6667,  4.    ])
    """
    if x.__class__ is np.ndarray and x.dtype.kind != "f":
        x = x.astype(np.float64)
    out = _six_steps(x)
    reached = np.maximum(x, -3)
    if out.__class__ is not np.ndarray:
        return reached * out / 6
    np.multiply(reached, out, out=out)
    return np.divide(out, 6, out=out)


@primitive(kind="elementwise", cost=2, finite=True, symbol="hardshrink {0}", x=lambda g, out: where(out != 0, g, 0))
def hardshrink(x: Any, lambd: Any = 0.5) -> Any:
    """Return ``x``, but 0 between −lambd and lambd.

    Edges: at ±lambd value and derivative are 0.

    >>> import glassgrad as gg
    >>> gg.hardshrink(gg.tensor([-1.0, 0.3, 0.8]))
    tensor([-1. ,  0. ,  0.8])
    """
    return np.where((np.greater_equal(x, -lambd)) & (np.less_equal(x, lambd)), 0, x)


@primitive(kind="elementwise", cost=3, finite=True, symbol="softshrink {0}", x=lambda g, out: where(out != 0, g, 0))
def softshrink(x: Any, lambd: Any = 0.5) -> Any:
    """Return ``x`` moved towards 0 by ``lambd``, and 0 where it would pass it.

    Edges: at ±lambd the derivative is 0.

    Raises:
        ValueError: ``lambd`` is negative.

    >>> import glassgrad as gg
    >>> gg.nn.functional.softshrink(gg.tensor([-1.0, 0.3, 0.75]))
    tensor([-0.5 ,  0.  ,  0.25])
    """
    if not lambd >= 0:
        raise ValueError(f"softshrink: lambd must not be negative, got {lambd}")
    return np.subtract(x, np.minimum(np.maximum(x, -lambd), lambd))


@primitive(
    kind="elementwise", finite=True, symbol="threshold {0}", x=lambda g, x, threshold: where(x > threshold, g, 0)
)
def threshold(x: Any, threshold: Any, value: Any) -> Any:
    """Return ``x`` where it is above ``threshold``, else ``value``.

    Edges: at the threshold the value is ``value`` and the derivative 0.

    >>> import glassgrad as gg
    >>> gg.threshold(gg.tensor([0.5, 2.0]), 1.0, -1.0)
    tensor([-1.,  2.])
    """
    threshold, value = _like(x, threshold, value)
    return np.where(np.less_equal(x, threshold), value, x)
