"""Initial values of parameters. Each function overwrites a tensor in place and returns it.

Draws come from the library's generator, so ``manual_seed`` makes them repeatable. Why the scales: through a linear
layer of n inputs, the variance of the signal is multiplied by n times the variance of the weights.

``fan_in`` is the number of inputs of one unit, ``fan_out`` the number of units that one input feeds: for a weight of
shape (out, in, height, width) they are in·height·width and out·height·width.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd import Tensor, no_grad
from ..autograd.ops.in_place import assign
from ..autograd.ops.random import draw
from ..autograd.ops.special import ndtri

__all__ = [
    "calculate_gain", "constant_", "dirac_", "eye_", "kaiming_normal_", "kaiming_uniform_", "lecun_normal_", "normal_",
    "ones_", "orthogonal_", "sparse_", "trunc_normal_", "uniform_", "xavier_normal_", "xavier_uniform_", "zeros_",
]  # fmt: skip

_GAINS = {
    "linear": 1.0, "conv1d": 1.0, "conv2d": 1.0, "conv3d": 1.0, "conv_transpose1d": 1.0, "conv_transpose2d": 1.0,
    "conv_transpose3d": 1.0, "sigmoid": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2), "selu": 0.75,
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


def _shape(tensor: Tensor, what: str) -> tuple[int, ...]:
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{what}: expected a Tensor to fill, not {type(tensor).__name__}")
    return tensor.shape


def _draw(tensor: Tensor, method: str, what: str) -> Any:
    """Return random numbers of the shape of ``tensor``."""
    if not isinstance(tensor, Tensor):
        raise TypeError(f"{what}: expected a Tensor to fill, not {type(tensor).__name__}")
    if not tensor.is_floating_point():
        raise TypeError(f"{what}: random numbers are floating-point, but the tensor has dtype {tensor.dtype}")
    return draw(method, tensor.shape, dtype=np.float64 if tensor.dtype == np.float64 else np.float32)


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0) -> Tensor:
    """Fill with numbers drawn uniformly from [a, b).

    Raises:
        ValueError: ``a`` exceeds ``b``, or one of them is not finite.

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
        ValueError: ``std`` is negative, or an argument is not finite.

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
    if isinstance(gain, bool) or not isinstance(gain, int | float | np.number):
        raise TypeError(f"initial values: gain must be a number, not {gain!r}")
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
        nonlinearity: see ``calculate_gain``.

    Raises:
        ValueError: the tensor has fewer than two dimensions, or ``mode`` or ``nonlinearity`` is unknown.

    >>> import glassgrad as gg
    >>> float(kaiming_uniform_(gg.zeros(5, 6)).abs().max()) <= 1
    True
    """
    bound = math.sqrt(3.0) * _kaiming_std(tensor, a, mode, nonlinearity, "kaiming_uniform_")
    return uniform_(tensor, -bound, bound)


def kaiming_normal_(tensor: Tensor, a: float = 0.0, mode: str = "fan_in", nonlinearity: str = "leaky_relu") -> Tensor:
    """Fill from the normal distribution with std gain/√fan: √(2 / fan_in) for ReLU. (He et al. 2015)

    The arguments and errors are those of ``kaiming_uniform_``.

    >>> import glassgrad as gg
    >>> kaiming_normal_(gg.zeros(30, 3, 5, 5)).shape  # standard deviation √(2/75)
    (30, 3, 5, 5)
    """
    return normal_(tensor, 0.0, _kaiming_std(tensor, a, mode, nonlinearity, "kaiming_normal_"))


def lecun_normal_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """Fill from the normal distribution with std gain/√fan_in. (LeCun et al. 1998; some books call it Xavier's)

    Inputs of variance 1 then give sums of standard deviation ``gain``.

    Raises:
        ValueError: the tensor has fewer than two dimensions.

    >>> import glassgrad as gg
    >>> lecun_normal_(gg.zeros(10, 100)).shape  # standard deviation 0.1
    (10, 100)
    """
    return normal_(tensor, 0.0, _scale(gain, _fans(tensor, "lecun_normal_")[0]))


def trunc_normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0) -> Tensor:
    """Fill from the normal distribution, cut off below ``a`` and above ``b``; what is left has a smaller spread than
    ``std``.

    Args:
        tensor: what to fill.
        mean, std: of the distribution before it is cut.
        a, b: the limits, as values, not in standard deviations.

    Raises:
        ValueError: ``std`` is not positive, ``a`` is not below ``b``, or an argument is not finite.

    >>> import glassgrad as gg
    >>> float(trunc_normal_(gg.zeros(1000), std=5.0).abs().max()) <= 2
    True
    """
    if not (all(map(math.isfinite, (mean, std, a, b))) and std > 0 and a < b):
        raise ValueError(
            f"trunc_normal_: std must be positive and a below b, all finite; got mean {mean}, std {std}, a {a}, b {b}"
        )
    # Φ at both limits; between them its values are uniform. Far in one tail the other is as good, and more accurate.
    low, high = (a - mean) / std, (b - mean) / std
    sign = -1.0 if low > 0 else 1.0
    if low > 0:
        low, high = -high, -low
    below, above = (math.erfc(-x / math.sqrt(2)) / 2 for x in (low, high))
    uniform = below + _draw(tensor, "random", "trunc_normal_").astype(np.float64) * (above - below)
    with np.errstate(divide="ignore"):
        values = sign * ndtri(uniform) * std + mean
    return _fill(tensor, np.clip(values, a, b), "trunc_normal_")


def orthogonal_(tensor: Tensor, gain: float = 1.0) -> Tensor:
    """Fill with a random matrix whose rows, or columns if these are fewer, are orthonormal, times ``gain``.

    It keeps lengths, so signals neither vanish nor explode through linear layers. (Saxe et al. 2013, arXiv:1312.6120)

    Args:
        tensor: a weight of at least two dimensions; those after the first are taken together.
        gain: the length of the rows or columns; √2 suits ReLU.

    Raises:
        ValueError: the tensor has fewer than two dimensions.

    >>> import glassgrad as gg
    >>> w = orthogonal_(gg.zeros(2, 3, dtype="float64"))
    >>> (w @ w.T).round(decimals=6).abs()
    tensor([[1., 0.],
            [0., 1.]], dtype=float64)
    """
    _fans(tensor, "orthogonal_")
    normal = _draw(tensor, "standard_normal", "orthogonal_")
    if not normal.size:
        return tensor
    rows = normal.reshape(normal.shape[0], -1).astype(np.float64)
    wide = rows.shape[0] < rows.shape[1]
    q, r = np.linalg.qr(rows.T if wide else rows)
    # The signs of r's diagonal make the distribution uniform over all such matrices. (Mezzadri 2007)
    q *= np.where(np.diag(r) < 0, -1.0, 1.0)
    return _fill(tensor, (q.T if wide else q).reshape(tensor.shape) * gain, "orthogonal_")


def eye_(tensor: Tensor) -> Tensor:
    """Fill a matrix with ones on the diagonal and zeros elsewhere.

    Raises:
        ValueError: the tensor has not two dimensions.

    >>> import glassgrad as gg
    >>> eye_(gg.zeros(2, 3))
    tensor([[1., 0., 0.],
            [0., 1., 0.]])
    """
    shape = _shape(tensor, "eye_")
    if len(shape) != 2:
        raise ValueError(f"eye_: expected a matrix, got shape {shape}")
    return _fill(tensor, np.eye(shape[0], shape[1]), "eye_")


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Fill the filters of a convolution so that, padded to keep the size, it passes as many channels on as it can.

    Args:
        tensor: a weight of shape (out, in, ...) with one to three spatial dimensions.
        groups: into how many groups the filters are divided; each passes on the channels of its group.

    Raises:
        ValueError: the tensor has other dimensions, or ``groups`` does not divide its first.

    >>> import glassgrad as gg
    >>> dirac_(gg.zeros(1, 1, 3))
    tensor([[[0., 1., 0.]]])
    """
    shape = _shape(tensor, "dirac_")
    if len(shape) not in (3, 4, 5):
        raise ValueError(f"dirac_: expected a weight of three to five dimensions (out, in, ...), got {shape}")
    if isinstance(groups, bool) or not isinstance(groups, int) or groups < 1 or shape[0] % groups:
        raise ValueError(f"dirac_: groups must divide the {shape[0]} filters, got {groups!r}")
    values = np.zeros(shape)
    each = shape[0] // groups
    centre = tuple(n // 2 for n in shape[2:])
    for group in range(groups):
        for channel in range(min(each, shape[1])):
            values[(group * each + channel, channel, *centre)] = 1
    return _fill(tensor, values, "dirac_")


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01) -> Tensor:
    """Fill a matrix from the normal distribution, and set a part of each column to 0. (Martens 2010)

    Args:
        tensor: a matrix.
        sparsity: the part of each column that is 0, rounded up to whole elements.
        std: standard deviation of the others.

    Raises:
        ValueError: the tensor has not two dimensions, or ``sparsity`` is not between 0 and 1.

    >>> import glassgrad as gg
    >>> int((sparse_(gg.zeros(10, 3), 0.25) == 0).sum())
    9
    """
    if len(_shape(tensor, "sparse_")) != 2:
        raise ValueError(f"sparse_: expected a matrix, got shape {tensor.shape}")
    if not 0 <= sparsity <= 1:
        raise ValueError(f"sparse_: sparsity must be between 0 and 1, got {sparsity}")
    normal_(tensor, 0.0, std)
    values = tensor.numpy(copy=True)
    zeros = math.ceil(sparsity * values.shape[0])
    order = _draw(tensor, "random", "sparse_").argsort(axis=0)
    np.put_along_axis(values, order[:zeros], 0, axis=0)
    return _fill(tensor, values, "sparse_")
