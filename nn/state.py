"""Loading a state: every problem is found before anything is changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ..autograd import Tensor, no_grad
from ..autograd.core.dtypes import as_array
from ..autograd.ops.in_place import assign

__all__ = ["StateFit", "load_state"]


class StateFit(NamedTuple):
    """Names that the module has and the state lacks, and the other way round."""

    missing_keys: list[str]
    unexpected_keys: list[str]


def load_state(owner: str, targets: Mapping[str, Tensor], state: Any, strict: bool) -> StateFit:
    """Overwrite `targets` with the values of `state`, all or none.

    Raises:
        RuntimeError: they do not fit; every missing, unexpected and mismatched name is in the message.
        TypeError: `state` is not a mapping.
    """
    if not isinstance(state, Mapping):
        raise TypeError(f"{owner}.load_state_dict: expected a mapping of names to tensors, got {type(state).__name__}")
    fit = StateFit([n for n in targets if n not in state], [str(n) for n in state if n not in targets])
    values: dict[str, np.ndarray[Any, Any]] = {}
    mismatched: list[str] = []
    seen: dict[int, str] = {}
    for name, target in targets.items():
        if name not in state:
            continue
        problem = _read(state[name], target, name, values)
        first = seen.setdefault(id(target), name)
        if problem is None and first != name and first in values:
            if not np.array_equal(values[first], values[name], equal_nan=True):
                problem = f"shares one tensor with {first}, but the state has different values for them"
        if problem is not None:
            mismatched.append(f"{name} {problem}")
    problems = [f"  mismatched: {'; '.join(mismatched)}"] if mismatched else []
    if strict and fit.unexpected_keys:
        problems.insert(0, f"  unexpected: {', '.join(fit.unexpected_keys)}")
    if strict and fit.missing_keys:
        problems.insert(0, f"  missing: {', '.join(fit.missing_keys)}")
    if problems:
        title = f"{owner}.load_state_dict: the state does not fit; nothing was loaded"
        raise RuntimeError("\n".join([title, *problems]))
    with no_grad():
        for name, array in values.items():
            assign(targets[name], array)
    return fit


def _read(value: Any, target: Tensor, name: str, values: dict[str, np.ndarray[Any, Any]]) -> str | None:
    """Put the array for `target` into `values`, or return what is wrong with it."""
    if not isinstance(value, Tensor | np.ndarray):
        return f"is a {type(value).__name__} in the state, not a Tensor"
    try:
        # Copied: the state may share memory with a target that is overwritten first.
        array = as_array(value.numpy() if isinstance(value, Tensor) else value)
    except TypeError as error:
        return f"cannot be read: {error}"
    if array.shape != target.shape:
        return f"has shape {array.shape} in the state, {target.shape} in the module"
    if not np.can_cast(array.dtype, target.dtype, "same_kind"):
        return f"has dtype {array.dtype} in the state, {target.dtype} in the module"
    values[name] = array
    return None
