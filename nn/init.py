"""Initial values of parameters. Each function overwrites a tensor in place and returns it.

Draws come from the library's generator, so `manual_seed` makes them repeatable. Why the scales: through a linear layer
of n inputs, the variance of the signal is multiplied by n times the variance of the weights.

`fan_in` is the number of inputs of one unit, `fan_out` the number of units that one input feeds: for a weight of shape
(out, in, height, width) they are in·height·width and out·height·width.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd import Tensor, no_grad
from ..autograd.ops.in_place import assign
from ..autograd.ops.random import draw

__all__ = [
    "calculate_gain", "constant_", "kaiming_normal_", "kaiming_uniform_", "lecun_normal_", "normal_", "ones_",
    "uniform_", "xavier_normal_", "xavier_uniform_", "zeros_",
]  # fmt: skip

_GAINS = {
    "linear": 1.0, "conv1d": 1.0, "conv2d": 1.0, "conv3d": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2),
    "selu": 0.75,
}  # fmt: skip


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Return the factor by which a weight's standard deviation is multiplied to suit the nonlinearity that follows.

    Args:
        nonlinearity: ``"linear"``, ``"conv2d"``, ``"sigmoid"`` (1), ``"tanh"`` (5/3), ``"relu"`` (√2), ``"selu"``
            (3/4), or ``"leaky_relu"`` (√(2 / (1 + slope²))).
        param: the negative slope of ``"leaky_relu"``; default 0.01.

    Raises:
        ValueError: the nonlinearity is not one of these.

    >>> calculate_gain("leaky_relu", 1.0)
    1.0
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else float(param)
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity not in _GAINS:
        known = ", ".join(["leaky_relu", *_GAINS])
        raise ValueError(f"calculate_gain: unknown nonlinearity {nonlinearity!r}; known are {known}")
    return _GAINS[nonlinearity]


def _fill(tensor: Tensor, values: Any, what: str) -> Tensor:
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{what}: expected a Tensor to fill, not {type(tensor).__name__}")
    with no_grad():
        assign(tensor, values)
    return tensor


def _draw(tensor: Tensor, method: str, what: str) -> Any:
    """Return random numbers of the shape of `tensor`."""
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{what}: expected a Tensor to fill, not {type(tensor).__name__}")
    if not tensor.is_floating_point():
        raise TypeError(f"{what}: random numbers are floating-point, but the tensor has dtype {tensor.dtype}")
    return draw(method, tensor.shape, dtype=np.float64 if tensor.dtype == np.float64 else np.float32)


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0) -> Tensor:
    """Fill with numbers drawn uniformly from [a, b).

    Raises:
        ValueError: `a` exceeds `b`, or one of them is not finite.

    >>> import glassgrad as gg
    >>> float(uniform_(gg.zeros(1000), -2.0, -1.0).max()) < -1
    True
    """
    if not (a <= b and math.isfinite(b - a)):
        raise ValueError(f"uniform_: the interval from a = {a} to b = {b} is empty or not finite")
    return _fill(tensor, _draw(tensor, "random", "uniform_") * (b - a) + a, "uniform_")


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0) -> Tensor:
    """Fill with numbers drawn from the normal distribution.

    Raises:
        ValueError: `std` is negative, or an argument is not finite.

    >>> import glassgrad as gg
    >>> normal_(gg.zeros(3), mean=5.0, std=0.0)
    tensor([5., 5., 5.])
    """
    if not (math.isfinite(mean) and math.isfinite(std) and std >= 0):
        raise ValueError(f"normal_: mean must be finite and std finite and not negative, got {mean} and {std}")
    return _fill(tensor, _draw(tensor, "standard_normal", "normal_") * std + mean, "normal_")


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fill with one number.

    >>> import glassgrad as gg
    >>> constant_(gg.zeros(2), 0.5)
    tensor([0.5, 0.5])
    """
    return _fill(tensor, val, "constant_")


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros. For the weights of hidden layers, all units of a layer would then stay equal for ever.

    >>> import glassgrad as gg
    >>> zeros_(gg.ones(2))
    tensor([0., 0.])
    """
    return constant_(tensor, 0)


def ones_(tensor: Tensor) -> Tensor:
    """Fill with ones.

    >>> import glassgrad as gg
    >>> ones_(gg.zeros(2))
    tensor([1., 1.])
    """
    return constant_(tensor, 1)


def _fans(tensor: Tensor, what: str) -> tuple[int, int]:
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{what}: expected a Tensor to fill, not {type(tensor).__name__}")
    shape = tensor.shape
    if len(shape) < 2:
        raise ValueError(f"{what}: fans need a weight of at least two dimensions (out, in, ...), got {shape}")
    field = math.prod(shape[2:])
    return shape[1] * field, shape[0] * field


def _scale(gain: float, fan: float) -> float:
    return gain / math.sqrt(fan) if fan else 0.0  # a weight without elements needs no scale


def xavier_uniform_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """Fill uniformly within ±gain·√(6 / (fan_in + fan_out)), which suits sigmoid and tanh. (Glorot and Bengio 2010)

    Raises:
        ValueError: the tensor has fewer than two dimensions.

    >>> import glassgrad as gg
    >>> float(xavier_uniform_(gg.zeros(2, 4)).abs().max()) <= 1
    True
    """
    fan_in, fan_out = _fans(tensor, "xavier_uniform_")
    bound = math.sqrt(3.0) * _scale(gain, (fan_in + fan_out) / 2)
    return uniform_(tensor, -bound, bound)


def xavier_normal_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """Fill from the normal distribution with std gain·√(2 / (fan_in + fan_out)). (Glorot and Bengio 2010)

    Raises:
        ValueError: the tensor has fewer than two dimensions.

    >>> import glassgrad as gg
    >>> xavier_normal_(gg.zeros(784, 100)).shape  # standard deviation 0.0476
    (784, 100)
    """
    fan_in, fan_out = _fans(tensor, "xavier_normal_")
    return normal_(tensor, 0.0, _scale(gain, (fan_in + fan_out) / 2))


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str, what: str) -> float:
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"{what}: mode must be 'fan_in' or 'fan_out', not {mode!r}")
    fan_in, fan_out = _fans(tensor, what)
    return _scale(calculate_gain(nonlinearity, a), fan_in if mode == "fan_in" else fan_out)


def kaiming_uniform_(tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Tensor:
    """Fill uniformly within ±gain·√(3 / fan), which keeps the signal's variance through ReLUs. (He et al. 2015)

    Args:
        tensor: the weight.
        a: negative slope of the leaky ReLU that follows; 0 is the plain ReLU. PyTorch's layers use √5, which makes the
            bound 1/√fan_in.
        mode: ``"fan_in"`` keeps the variance of the forward signal, ``"fan_out"`` that of the gradients.
        nonlinearity: see `calculate_gain`.

    Raises:
        ValueError: the tensor has fewer than two dimensions, or `mode` or `nonlinearity` is unknown.

    >>> import glassgrad as gg
    >>> float(kaiming_uniform_(gg.zeros(5, 6)).abs().max()) <= 1
    True
    """
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity, "kaiming_uniform_")
    return uniform_(tensor, -bound, bound)


def kaiming_normal_(tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Tensor:
    """Fill from the normal distribution with std gain/√fan: √(2 / fan_in) for ReLU. (He et al. 2015)

    The arguments and errors are those of `kaiming_uniform_`.

    >>> import glassgrad as gg
    >>> kaiming_normal_(gg.zeros(30, 3, 5, 5)).shape  # standard deviation √(2/75)
    (30, 3, 5, 5)
    """
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity, "kaiming_normal_"))


def lecun_normal_(tensor: Tensor) -> Tensor:
    """Fill from the normal distribution with std 1/√fan_in. (LeCun et al. 1998; some books call it Xavier's)

    Raises:
        ValueError: the tensor has fewer than two dimensions.

    >>> import glassgrad as gg
    >>> lecun_normal_(gg.zeros(10, 100)).shape  # standard deviation 0.1
    (10, 100)
    """
    return normal_(tensor, 0.0, _scale(1.0, _fans(tensor, "lecun_normal_")[0]))
