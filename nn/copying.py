"""Copies of modules, shallow, deep and pickled. None of them shares the registers of members with the original."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from ..autograd import Tensor

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
    state: Any = object.__reduce_ex__(module, 4)[2]
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


def described_for_pickle(reduced: Any) -> Any:
    """Replace the results of operations in what ``__reduce_ex__`` gave by their values: a graph is not pickled."""
    make, arguments, state, *rest = reduced
    plain = {id(result): Tensor(result, name=result.name) for result in _results(state)}
    return (make, arguments, _replaced(state, plain) if plain else state, *rest)


def _replaced(value: Any, plain: dict[int, Tensor]) -> Any:
    if isinstance(value, Tensor):
        return plain.get(id(value), value)
    if type(value) is dict:
        return {key: _replaced(item, plain) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_replaced(item, plain) for item in value)
    return value
