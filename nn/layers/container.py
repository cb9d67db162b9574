"""Modules that hold others in order."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from ..members import describe
from ..module import Module

__all__ = ["ModuleList", "Sequential"]


class _Ordered(Module):
    """What the containers share: a length, order, and access by position."""

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
        if not isinstance(module, Module):
            raise TypeError(f"{type(self).__name__}: item {position}: {describe(module)}")
        self.add_module(str(position), module)


class Sequential(_Ordered):
    """Modules that are run one after the other, each on the output of the one before.

    Args:
        modules: the modules in order, named "0", "1", ...; or one mapping from names to modules.

    ``len``, ``for``, positions and slices work as on a list; a slice is a `Sequential` of the same modules.

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
        """Return the output of the last module; of none, `input`."""
        for module in self._modules.values():
            if module is not None:
                input = module(input)
        return input

    def append(self, module: Module) -> Sequential:
        """Add a module at the end; return the container."""
        self._add(len(self), module)
        return self

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return type(self)(dict(list(self._modules.items())[index]))
        return self._modules[self._name_at(index)]


class ModuleList(_Ordered):
    """A list of modules that registers what it holds. A plain list would hide them from `parameters`.

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

    def append(self, module: Module) -> ModuleList:
        """Add a module at the end; return the list."""
        self._add(len(self), module)
        return self

    def extend(self, modules: Iterable[Module]) -> ModuleList:
        """Add modules at the end; return the list."""
        if isinstance(modules, Module) and not isinstance(modules, _Ordered):
            kind = type(modules).__name__
            raise TypeError(f"ModuleList: expected a list of modules, got a single {kind}; put it in brackets")
        for module in modules:
            self.append(module)
        return self

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
