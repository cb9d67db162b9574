"""Loading a state: every problem is found before anything is changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from ..autograd import Tensor, no_grad
from ..autograd.core.dtypes import as_array
from ..autograd.handles.interchange import from_dlpack
from ..autograd.ops.in_place import assign

__all__ = ["StateFit", "load_state"]


class StateFit(NamedTuple):
    """Names that the module has and the state lacks, and the other way round."""

    missing_keys: list[str]
    unexpected_keys: list[str]


def load_state(
    owner: str, targets: Mapping[str, Tensor], state: Any, strict: bool, hint: Callable[[], str] = str
) -> StateFit:
    """Overwrite ``targets`` with the values of ``state``, all or none.

    ``hint`` is asked for a sentence that may explain why names do not fit.

    Raises:
        RuntimeError: they do not fit; every missing, unexpected and mismatched name is in the message.
        TypeError: ``state`` is not a mapping.
    """
    if not isinstance(state, Mapping):
        given = f"the class {state.__name__}" if isinstance(state, type) else type(state).__name__
        remedy = "; give its state_dict()" if hasattr(state, "state_dict") else ""
        raise TypeError(f"{owner}.load_state_dict: expected a mapping of names to tensors, got {given}{remedy}")
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
        if strict and (fit.unexpected_keys or fit.missing_keys) and (sentence := hint()):
            problems.append(f"  hint: {sentence}")
        title = f"{owner}.load_state_dict: the state does not fit; nothing was loaded"
        raise RuntimeError("\n".join([title, *problems]))
    with no_grad():
        for name, array in values.items():
            assign(targets[name], array)
    return fit


def _read(value: Any, target: Tensor, name: str, values: dict[str, np.ndarray[Any, Any]]) -> str | None:
    """Put the array for ``target`` into ``values``, or return what is wrong with it."""
    try:
        array = _as_array(value)
    except Exception as error:
        return f"is {_kind(value)} in the state, not a Tensor, and cannot be read as one: {error}"
    if array.shape != target.shape:
        return f"has shape {array.shape} in the state, {target.shape} in the module"
    if not np.can_cast(array.dtype, target.dtype, "same_kind"):
        return f"has dtype {array.dtype} in the state, {target.dtype} in the module"
    values[name] = array
    return None


def _as_array(value: Any) -> np.ndarray[Any, Any]:
    """Return a copy of the values: the state may share memory with a target that is overwritten first."""
    if isinstance(value, Tensor):
        return as_array(value.numpy())
    if isinstance(value, np.ndarray | np.generic | int | float | bool | list | tuple):
        return as_array(value)
    if isinstance(value, str | bytes | None):
        raise TypeError("it is no number")
    if callable(getattr(value, "detach", None)):
        # PyTorch gives no memory away that requires grad.
        value = value.detach()
    if hasattr(value, "__dlpack__") and hasattr(value, "__dlpack_device__"):
        return as_array(from_dlpack(value).numpy())
    return as_array(np.asarray(value))


def _kind(value: Any) -> str:
    """Return the class of a value, and which library it is from."""
    kind = type(value)
    library = kind.__module__.partition(".")[0]
    name = kind.__name__ if library in ("builtins", "__main__") else f"{library}.{kind.__name__}"
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"
