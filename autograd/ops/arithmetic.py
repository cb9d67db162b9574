"""Arithmetic: what ``+ - * / **`` do. Operands broadcast as NumPy's do."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from ..core.powers import raised
from ..engine.compose import composed
from ..engine.declare import primitive
from ..engine.values import HANDLES
from ..handles.scalar import Scalar
from .comparison import choose, where
from .exponential import exp2, log
from .rounding import floor_divide, trunc_divide
from .shaping import astype

__all__ = [
    "add", "addcdiv", "addcmul", "div", "divide", "float_power", "ldexp", "lerp", "mul", "multiply", "neg", "negative",
    "positive", "pow", "power", "rsub", "square", "sub", "subtract", "true_divide",
]  # fmt: skip


@primitive(
    kind="elementwise", finite=True, ufunc=np.add, scalar=operator.add, symbol="{0} + {1}", name="add",
    x=lambda g: g, y=lambda g: g,
)  # fmt: skip
def add_primitive(x: Any, y: Any) -> Any:
    """Return the sum ``x + y``."""


def add(x: Any, y: Any, *, alpha: Any = 1) -> Any:
    """Return the sum ``x + alpha·y``.

    Raises:
        TypeError: ``alpha`` is a float where ``x`` and ``y`` are integers.

    >>> import glassgrad as gg
    >>> gg.add(gg.tensor([1.0, 2.0]), 10)
    tensor([11., 12.])
    """
    if alpha.__class__ is int and alpha == 1:
        return add_primitive(x, y)
    return add_primitive(x, _scaled(y, alpha, x, "add"))


@primitive(
    kind="elementwise", finite=True, ufunc=np.subtract, scalar=operator.sub, symbol="{0} − {1}", name="subtract",
    x=lambda g: g, y=lambda g: -g,
)  # fmt: skip
def subtract_primitive(x: Any, y: Any) -> Any:
    """Return the difference ``x - y``."""


def subtract(x: Any, y: Any, *, alpha: Any = 1) -> Any:
    """Return the difference ``x - alpha·y``.

    Raises:
        TypeError: ``alpha`` is a float where ``x`` and ``y`` are integers, or both are bools.

    >>> import glassgrad as gg
    >>> gg.subtract(gg.tensor([1.0, 2.0]), 1)
    tensor([0., 1.])
    """
    if alpha.__class__ is int and alpha == 1:
        return subtract_primitive(x, y)
    return subtract_primitive(x, _scaled(y, alpha, x, "subtract"))


def _scaled(y: Any, alpha: Any, x: Any, what: Any) -> Any:
    """Return ``alpha·y``; a float would turn integers into floats, which PyTorch refuses as well."""
    kinds = {str(np.dtype(getattr(v, "dtype", type(v))).kind) for v in (x, y)}
    if isinstance(alpha, float) and "f" not in kinds:
        raise TypeError(f"{what}: alpha={alpha} is a float, but the operands are integers; convert one of them first")
    return multiply(y, alpha)


@composed
def rsub(x: Any, y: Any, *, alpha: Any = 1) -> Any:
    """Return the difference the other way round, ``y - alpha·x``.

    >>> import glassgrad as gg
    >>> gg.rsub(gg.tensor([1.0, 2.0]), 10)
    tensor([9., 8.])
    """
    return subtract(y, x, alpha=alpha)


@primitive(
    kind="elementwise",
    finite=True,
    ufunc=np.multiply,
    scalar=operator.mul,
    symbol="{0}·{1}",
    x=lambda g, y: g * y,
    y=lambda g, x: g * x,
)
def multiply(x: Any, y: Any) -> Any:
    """Return the elementwise product ``x * y``.

    >>> import glassgrad as gg
    >>> gg.multiply(gg.tensor([1.0, 2.0]), gg.tensor([3.0, 4.0]))
    tensor([3., 8.])
    """


@primitive(
    kind="elementwise", ufunc=np.true_divide, scalar=operator.truediv, symbol="{0}/{1}", name="divide",
    x=lambda g, y: g / y, y=lambda g, y, out: -g * out / y,
)  # fmt: skip
def true_divide(x: Any, y: Any) -> Any:
    """Return the quotient ``x / y``; integers give the default dtype.

    Edges: division by zero gives infinity, 0/0 NaN.

    >>> import glassgrad as gg
    >>> gg.true_divide(gg.tensor([1, 6]), 2)
    tensor([0.5, 3. ])
    """


def divide(x: Any, y: Any, *, rounding_mode: Any = None) -> Any:
    """Return the quotient ``x / y``, rounded if ``rounding_mode`` is ``"trunc"`` or ``"floor"``.

    Without rounding, integers give the default dtype; with it they stay integers.

    Edges: a rounded quotient has the derivative 0. A float divided by zero gives infinity or NaN, an integer that
    is to be rounded raises.

    Raises:
        ValueError: ``rounding_mode`` is something else, or an integer is divided by zero.

    >>> import glassgrad as gg
    >>> gg.divide(gg.tensor([1.0, 6.0]), 2)
    tensor([0.5, 3. ])
    >>> gg.divide(gg.tensor([-7, 7]), 2, rounding_mode="trunc")
    tensor([-3,  3])
    """
    if rounding_mode is None:
        return true_divide(x, y)
    if rounding_mode == "floor":
        return floor_divide(x, y)
    if rounding_mode == "trunc":
        return trunc_divide(x, y)
    raise ValueError(f"divide: rounding_mode must be None, 'trunc' or 'floor', not {rounding_mode!r}")


@primitive(kind="elementwise", finite=True, ufunc=np.negative, scalar=operator.neg, symbol="−{0}", x=lambda g: -g)
def negative(x: Any) -> Any:
    """Return ``-x``.

    >>> import glassgrad as gg
    >>> gg.negative(gg.tensor([1.0, -2.0]))
    tensor([-1.,  2.])
    """


@primitive(kind="elementwise", finite=True, ufunc=np.positive, scalar=operator.pos, symbol="{0}", x=lambda g: g)
def positive(x: Any) -> Any:
    """Return ``+x``, which is ``x``.

    >>> import glassgrad as gg
    >>> gg.positive(gg.tensor([1.0, -2.0]))
    tensor([ 1., -2.])
    """


def _base_rule(g: Any, x: Any, y: Any, y_shape: Any) -> Any:
    if x.__class__ is np.ndarray and x.shape and y_shape == () and y != 0:
        # A single exponent, outside of a recorded pass: what is made of it may be written over.
        slope = raised(x, y - 1)
        slope *= y
        slope *= g
        return slope
    return g * (y * power(where((y == 0) & ((x * x == 0) | (x != x)), 1, x), y - 1))


@primitive(
    kind="elementwise", ufunc=raised, scalar=math.pow, symbol="{0}^{1}", domain=(0.0, math.inf), x=_base_rule,
    y=lambda g, x, y, out: where((x == 0) & (y >= 0), 0 * g, g * (out * log(where((x == 0) & (y >= 0), 1 + 0 * x, x)))),
)  # fmt: skip
def power(x: Any, y: Any) -> Any:
    """Return ``x`` to the power ``y``.

    Integers stay integers.

    Edges: negative bases with fractional exponents give NaN. Where ``y`` is 0 the derivative by ``x`` is 0; where ``x``
    is 0 and ``y`` is not negative the derivative by ``y`` is 0 (PyTorch's choices).

    Raises:
        ValueError: an integer is raised to a negative integer.

    >>> import glassgrad as gg
    >>> gg.power(gg.tensor([1.0, 2.0]), 3)
    tensor([1., 8.])
    """


@primitive(
    kind="elementwise", finite=True, ufunc=np.square, scalar=lambda x: x * x, symbol="{0}²", x=lambda g, x: g * (2 * x)
)
def square(x: Any) -> Any:
    """Return ``x`` times itself.

    >>> import glassgrad as gg
    >>> gg.square(gg.tensor([1.0, -3.0]))
    tensor([1., 9.])
    """


def pow(x: Any, y: Any) -> Any:
    """Return ``x`` to the power ``y``; a plain 2 is a square, which is cheaper and reads better in a picture.

    >>> import glassgrad as gg
    >>> gg.pow(gg.tensor([1.0, 3.0]), 2)
    tensor([1., 9.])
    """
    if y.__class__ is int and y == 2 and (x.__class__ in HANDLES or x.__class__ is Scalar):
        return square(x)
    return power(x, y)


@composed
def float_power(x: Any, y: Any) -> Any:
    """Return ``x`` to the power ``y``, computed and returned in float64 whatever the dtypes are.

    >>> import glassgrad as gg
    >>> gg.float_power(gg.tensor([2, 10]), -1).dtype
    dtype('float64')
    """
    return power(_double(x), _double(y))


def _double(x: Any) -> Any:
    if hasattr(x, "dtype") and hasattr(x, "shape"):
        return astype(x, np.float64)
    return x if isinstance(x, float) else float(x) if isinstance(x, int) else np.asarray(x, np.float64)


def _lerp_kernel(x: Any, end: Any, weight: Any) -> Any:
    difference = np.subtract(end, x)
    if np.ndim(weight):
        near_start = np.abs(weight) < 0.5
        return choose(near_start, x, end) + (weight - np.logical_not(near_start)) * difference
    return x + weight * difference if abs(weight) < 0.5 else end - difference * (1 - weight)


@primitive(
    kind="elementwise", cost=3, symbol="lerp({0}, {1}, {2})",
    x=lambda g, weight: g * (1 - weight), end=lambda g, weight: g * weight, weight=lambda g, x, end: g * (end - x),
)  # fmt: skip
def lerp(x: Any, end: Any, weight: Any) -> Any:
    """Return the point between ``x`` and ``end``, x + weight·(end − x); ``weight`` is a number or a tensor.

    Edges: computed from the nearer end, so that weights 0 and 1 give ``x`` and ``end`` exactly.

    >>> import glassgrad as gg
    >>> gg.lerp(gg.tensor([0.0, 10.0]), gg.tensor([4.0, 20.0]), 0.25)
    tensor([ 1. , 12.5])
    """
    return _lerp_kernel(x, end, weight)


def _add_multiple(x: Any, y: Any, value: Any) -> Any:
    """Return x + value·y; ``y`` is the kernel's own and may be written over."""
    if value.__class__ is int and value == 1:
        return np.add(x, y)
    floating = y.__class__ is np.ndarray and y.dtype.kind == "f"
    return np.add(x, np.multiply(y, value, out=y if floating else None))


@primitive(
    kind="elementwise", cost=3, symbol="{0} + value·{1}·{2}", x=lambda g: g,
    tensor1=lambda g, tensor2, value: g * (tensor2 * value), tensor2=lambda g, tensor1, value: g * (tensor1 * value),
)  # fmt: skip
def addcmul(x: Any, tensor1: Any, tensor2: Any, value: Any = 1) -> Any:
    """Return ``x + value·tensor1·tensor2``.

    >>> import glassgrad as gg
    >>> gg.addcmul(gg.tensor([1.0, 2.0]), gg.tensor([3.0, 4.0]), gg.tensor([5.0, 6.0]), value=0.5)
    tensor([ 8.5, 14. ])
    """
    return _add_multiple(x, np.multiply(tensor1, tensor2), value)


@primitive(
    kind="elementwise", cost=3, symbol="{0} + value·{1}/{2}", x=lambda g: g,
    tensor1=lambda g, tensor2, value: g * (value / tensor2),
    tensor2=lambda g, tensor1, tensor2, value: -g * (value * tensor1 / tensor2 / tensor2),
)  # fmt: skip
def addcdiv(x: Any, tensor1: Any, tensor2: Any, value: Any = 1) -> Any:
    """Return ``x + value·tensor1/tensor2``; integers give the default dtype.

    Edges: division by zero gives infinity or NaN.

    >>> import glassgrad as gg
    >>> gg.addcdiv(gg.tensor([1.0, 2.0]), gg.tensor([3.0, 4.0]), gg.tensor([2.0, 8.0]), value=2)
    tensor([4., 3.])
    """
    return _add_multiple(x, np.true_divide(tensor1, tensor2), value)


@composed
def ldexp(x: Any, y: Any) -> Any:
    """Return ``x·2^y``; integers give the default dtype.

    Edges: 2^y is computed in the dtype of ``x``, where PyTorch takes float32 for integer ``y``.

    >>> import glassgrad as gg
    >>> gg.ldexp(gg.tensor([1.5, 3.0]), gg.tensor([2, -1]))
    tensor([6. , 1.5])
    """
    exponent = y if hasattr(y, "dtype") or isinstance(y, int | float) else np.asarray(y)
    if x.dtype.kind == "f" and hasattr(exponent, "dtype") and exponent.dtype.kind != "f":
        exponent = astype(exponent, x.dtype)
    return multiply(x, exp2(exponent))


# The operators, and what reads declarations, go straight to the primitives; only the functions take more words.
add.primitive = add_primitive.primitive  # type: ignore[attr-defined]
subtract.primitive = subtract_primitive.primitive  # type: ignore[attr-defined]
divide.primitive = true_divide.primitive  # type: ignore[attr-defined]

# PyTorch's other names.
sub, mul, div, neg = subtract, multiply, divide, negative
