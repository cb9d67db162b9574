"""Modules that hold others in order."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, TypeVar

from ..members import describe, structure
from ..module import Module

__all__ = ["ModuleList", "Sequential"]


S = TypeVar("S", bound="_Ordered")


class _Ordered(Module):
    """What the containers share: a length, order, and access by position; the list's methods that change it."""

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Module]:
        return iter([module for module in self._modules.values() if module is not None])

    def _name_at(self, index: Any) -> str:
        try:
            position = operator.index(index)
        except TypeError:
            raise TypeError(f"{type(self).__name__}: a position is an integer or a slice, not {index!r}") from None
        names = list(self._modules)
        if not -len(names) <= position < len(names):
            raise IndexError(f"{type(self).__name__}: there is no position {position}; it holds {len(names)} modules")
        return names[position]

    def __setitem__(self, index: int, module: Module) -> None:
        self.add_module(self._name_at(index), module)

    def _add(self, position: int, module: Any) -> None:
        self.add_module(str(position), self._checked(position, module))

    def _checked(self, position: int, module: Any) -> Module:
        if not isinstance(module, Module):
            raise TypeError(f"{type(self).__name__}: item {position}: {describe(module)}")
        return module

    def _refill(self, modules: list[Module]) -> None:
        """Hold these modules, numbered from 0."""
        for i, module in enumerate(modules):
            if any(m is self for m in self._checked(i, module).modules()):
                raise ValueError(f"{type(self).__name__}: item {i} would contain the container itself")
        for name in list(self._modules):
            delattr(self, name)
        for i, module in enumerate(modules):
            self._add(i, module)
        structure[0] += 1

    def append(self: S, module: Module) -> S:
        """Add a module at the end; return the container."""
        self._add(len(self), module)
        return self

    def extend(self: S, modules: Iterable[Module]) -> S:
        """Add modules at the end; return the container."""
        if isinstance(modules, Module) and not isinstance(modules, _Ordered):
            kind = type(modules).__name__
            raise TypeError(
                f"{type(self).__name__}: expected a list of modules, got a single {kind}; put it in brackets"
            )
        if not isinstance(modules, Iterable):
            raise TypeError(f"{type(self).__name__}: expected a list of modules, got {type(modules).__name__}")
        added = [self._checked(len(self) + i, module) for i, module in enumerate(modules)]
        for module in added:
            self.append(module)
        return self

    def insert(self: S, index: int, module: Module) -> S:
        """Put a module before the position ``index``; return the container."""
        modules = list(self)
        self._checked(index, module)
        if not -len(modules) <= index <= len(modules):
            raise IndexError(f"{type(self).__name__}: cannot insert at {index}; it holds {len(modules)} modules")
        modules.insert(index, module)
        self._refill(modules)
        return self

    def __delitem__(self, index: Any) -> None:
        modules = list(self)
        if isinstance(index, slice):
            del modules[index]
        else:
            self._name_at(index)
            del modules[index]
        self._refill(modules)

    def pop(self, index: int = -1) -> Module:
        """Take the module at a position out, and return it."""
        module = self._modules[self._name_at(index)]
        del self[index]
        return module

    def __iadd__(self: S, other: Iterable[Module]) -> S:
        return self.extend(other)

    def __add__(self: S, other: Iterable[Module]) -> S:
        if not isinstance(other, Iterable):
            return NotImplemented
        return type(self)().extend(self).extend(other)


class Sequential(_Ordered):
    """Modules that are run one after the other, each on the output of the one before.

    Args:
        modules: the modules in order, named "0", "1", ...; or one mapping from names to modules.

    ``len``, ``for``, positions and slices work as on a list; a slice is a ``Sequential`` of the same modules.

    Raises:
        TypeError: something given is not a Module.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> net = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    >>> net(gg.zeros(1, 4)).shape
    (1, 2)
    >>> net[0]
    Linear(in_features=4, out_features=3, bias=True)
    """

    def __init__(self, *modules: Any) -> None:
        super().__init__()
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            for name, module in modules[0].items():
                self.add_module(name, module)
        else:
            for position, module in enumerate(modules):
                self._add(position, module)

    def forward(self, input: Any) -> Any:
        """Return the output of the last module; of none, ``input``."""
        for module in self._modules.values():
            if module is not None:
                input = module(input)
        return input

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return type(self)(dict(list(self._modules.items())[index]))
        return self._modules[self._name_at(index)]


class ModuleList(_Ordered):
    """A list of modules that registers what it holds. A plain list would hide them from ``parameters``.

    It is not called itself: ``forward`` of the module that holds it calls its items.

    Args:
        modules: the modules in order.

    Raises:
        TypeError: something given is not a Module.

    >>> from glassgrad import nn
    >>> nn.ModuleList(nn.Linear(2, 2) for _ in range(3))
    ModuleList(
      (0-2): 3 x Linear(in_features=2, out_features=2, bias=True)
    )
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        super().__init__()
        self.extend(modules)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Raise: a list does not say what to do with its items."""
        raise NotImplementedError("a ModuleList is not called; call its items, or use nn.Sequential")

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return ModuleList(list(self)[index])
        return self._modules[self._name_at(index)]

    def _repr_children(self) -> list[str]:
        # Neighbours that look the same share a line, as PyTorch writes it.
        lines = []
        for text, members in groupby(enumerate(map(repr, self)), key=lambda item: item[1]):
            first, *others = (position for position, _ in members)
            lines.append(f"({first}-{others[-1]}): {len(others) + 1} x {text}" if others else f"({first}): {text}")
        return lines
