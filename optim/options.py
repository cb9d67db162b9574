"""The options of optimisers: which values each name may have, wherever it occurs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..autograd import Tensor

__all__ = ["as_plain_value", "check_number", "check_options", "given_options"]

# What other parts of a program keep in a group: the schedulers' rates, and names.
EXTRA_ENTRIES = frozenset({"base_momentum", "initial_lr", "max_lr", "max_momentum", "min_lr", "name", "param_names"})

FLAGS = frozenset(
    {"amsgrad", "capturable", "centered", "decoupled_weight_decay", "differentiable", "maximize", "nesterov"}
)


def check_number(owner: str, name: str, value: Any, below: float = math.inf, at_most: float = math.inf) -> None:
    """Raise unless ``value`` is a finite number, at least 0, less than ``below`` and at most ``at_most``.

    Raises:
        TypeError: it is not a number.
        ValueError: it is out of range, NaN or infinite.

    >>> check_number("SGD", "lr", 0.1)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(f"{owner}: {name} must be a number, not {value!r}")
    if not (0 <= value < below and value <= at_most):
        limit = "finite" if below == math.inf else f"less than {below:g}"
        limit = f"at most {at_most:g}" if at_most < math.inf else limit
        raise ValueError(f"{owner}: {name} must be at least 0 and {limit}, got {value}")


def _check_betas(owner: str, name: str, value: Any) -> None:
    if not isinstance(value, tuple | list) or len(value) != 2:
        raise TypeError(f"{owner}: {name} must be a pair of numbers, not {value!r}")
    for position, beta in enumerate(value):
        check_number(owner, f"{name}[{position}]", beta, below=1)


def _check_flag(owner: str, name: str, value: Any) -> None:
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"{owner}: {name} must be True or False, not {value!r}")


def _check_fraction(owner: str, name: str, value: Any) -> None:
    check_number(owner, name, value, at_most=1)


def _check_choice(owner: str, name: str, value: Any) -> None:
    if value is not None:
        _check_flag(owner, name, value)


CHECKS: dict[str, Callable[[str, str, Any], None]] = {
    **dict.fromkeys(
        ("dampening", "eps", "initial_accumulator_value", "lr", "lr_decay", "momentum", "momentum_decay",
         "weight_decay"), check_number),
    **dict.fromkeys(("alpha", "rho"), _check_fraction),
    **dict.fromkeys(("foreach", "fused"), _check_choice),
    **dict.fromkeys(FLAGS, _check_flag),
    "betas": _check_betas,
}  # fmt: skip


def check_options(owner: str, options: Mapping[str, Any]) -> None:
    """Raise unless every option with a name that PyTorch's optimisers use has a value of its kind and range.

    Numbers are finite and at least 0; ``alpha`` and ``rho`` are at most 1, each of ``betas`` is less than 1; flags are
    bools.

    Raises:
        TypeError, ValueError: an option is of another kind, or out of range.

    >>> check_options("Adam", {"lr": 0.1, "betas": (0.9, 0.999), "amsgrad": True})
    """
    for name, value in options.items():
        if name in CHECKS:
            CHECKS[name](owner, name, value)


def as_plain_value(owner: str, name: str, value: Any) -> Any:
    """Return an option as Python's own number, so that a learning rate may also come as a tensor of one element.

    Raises:
        ValueError: a tensor has several elements.

    >>> import glassgrad as gg
    >>> as_plain_value("SGD", "lr", gg.tensor(0.5))
    0.5
    """
    if isinstance(value, tuple | list):
        return type(value)(as_plain_value(owner, name, item) for item in value)
    if isinstance(value, Tensor | np.ndarray):
        if math.prod(value.shape) != 1:
            raise ValueError(f"{owner}: {name} must be a single number, got a tensor of shape {value.shape}")
        return value.item()
    return value.item() if isinstance(value, np.generic) else value


def given_options(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return what ``locals()`` is on the first line of an optimiser's ``__init__``, less what is no option.

    An optimiser so writes its options once, in its signature.

    >>> given_options({"self": None, "params": [], "lr": 0.1})
    {'lr': 0.1}
    """
    return {name: value for name, value in arguments.items() if name not in ("self", "params", "__class__")}
