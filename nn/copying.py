"""Copies of modules, shallow, deep and pickled. None of them shares the registers of members with the original."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ..autograd import Tensor
from .parameter import Parameter

if TYPE_CHECKING:
    from .module import Module

__all__ = ["copied", "deeply_copied", "described_for_pickle"]

M = TypeVar("M", bound="Module")


def copied(module: M) -> M:
    """Return a module that holds the same members, but in registers of its own.

    >>> import copy
    >>> from glassgrad import nn
    >>> original = nn.Linear(1, 1)
    >>> twin = copy.copy(original)
    >>> twin.weight = nn.Parameter([[5.0]])
    >>> next(original.parameters()) is original.weight
    True
    """
    twin = object.__new__(type(module))
    for name, value in vars(module).items():
        if name != "_entered":
            own = name in ("_parameters", "_buffers", "_modules", "_transient", "_hooks") and value is not None
            vars(twin)[name] = copy.copy(value) if own else value
    return twin


def deeply_copied(module: M, memo: dict[int, Any]) -> M:
    """Return a module with copies of everything. Of results that it holds, the values are copied, without the graph."""
    twin = object.__new__(type(module))
    memo[id(module)] = twin
    state = object.__reduce_ex__(module, 4)[2]
    for result in _results(state):
        if id(result) not in memo:
            memo[id(result)] = Tensor(result, name=result.name)
    state = copy.deepcopy(state, memo)
    if hasattr(twin, "__setstate__"):
        twin.__setstate__(state)
    else:
        vars(twin).update(state)
    return twin


def _results(value: Any) -> Iterator[Tensor]:
    """Go through the results of operations in nested lists, tuples and dictionaries."""
    if isinstance(value, Tensor):
        if not value.is_leaf:
            yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _results(item)
    elif isinstance(value, list | tuple | set):
        for item in value:
            yield from _results(item)


# -- pickles -----------------------------------------------------------------------------------------------------------

_descriptions: weakref.WeakValueDictionary[int, _Description] = weakref.WeakValueDictionary()


def described_for_pickle(reduced: Any) -> Any:
    """Replace the tensors in what ``__reduce_ex__`` gave by descriptions that can be pickled.

    Values, gradients, names and `requires_grad` are kept, and a tensor that is held twice stays one. Results of
    operations become plain values: a graph is not pickled.
    """
    make, arguments, state, *rest = reduced
    return (make, arguments, _described(state), *rest)


def _described(value: Any) -> Any:
    if isinstance(value, Tensor):
        return _Description.of(value)
    if type(value) is dict:
        return {key: _described(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(_described, value))
    return value


class _Description:
    """Stands for a tensor in a pickle. The pickler keeps it, so there is one for each tensor."""

    __slots__ = ("__weakref__", "tensor")

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor

    @classmethod
    def of(cls, tensor: Tensor) -> _Description:
        found = _descriptions.get(id(tensor))
        if found is None:
            _descriptions[id(tensor)] = found = cls(tensor)
        return found

    def __reduce__(self) -> Any:
        tensor = self.tensor
        gradient = None if tensor.grad is None else tensor.grad.numpy(copy=True)
        trained = tensor.requires_grad and tensor.is_leaf
        return _restored, (type(tensor), tensor.numpy(copy=True), trained, tensor.name, gradient)


def _restored(kind: type, values: np.ndarray[Any, Any], trained: bool, name: str | None, gradient: Any) -> Tensor:
    """Make a tensor again from what a pickle says about it."""
    tensor = Parameter(values, trained, name=name) if kind is Parameter else Tensor(values, None, trained, name)
    if gradient is not None:
        tensor.grad = Tensor(gradient)
    return tensor
