"""Dictionaries of modules and of parameters, which register what they hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..members import describe, structure
from ..module import Module
from ..parameter import Parameter
from .parameter_list import as_parameter, shown

__all__ = ["ModuleDict", "ParameterDict"]


class _Named(Module):
    """What the two dictionaries share. Subclasses say where the members are, and what may become one."""

    _kind = ""

    def __init__(self, members: Any = None) -> None:
        super().__init__()
        if members is not None:
            self.update(members)

    def _member(self, key: str, value: Any) -> Any:
        raise NotImplementedError

    def _held(self) -> dict[str, Any]:
        held: dict[str, Any] = vars(self)[self._kind]
        return held

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Raise: a dictionary does not say what to do with its items."""
        kind = type(self).__name__
        raise NotImplementedError(f"a {kind} is not called; use its items in the forward of the module that holds it")

    def __len__(self) -> int:
        return len(self._held())

    def __iter__(self) -> Iterator[str]:
        return iter(self._held())

    def __contains__(self, key: object) -> bool:
        return key in self._held()

    def __getitem__(self, key: str) -> Any:
        try:
            return self._held()[key]
        except KeyError:
            held = ", ".join(self._held()) or "nothing"
            raise KeyError(f"{type(self).__name__} holds no {key!r}; it holds {held}") from None

    def _check_key(self, key: Any) -> None:
        if not isinstance(key, str):
            raise TypeError(f"{type(self).__name__}: a key must be a string, not {type(key).__name__}")
        if hasattr(type(self), key):
            kind = type(self).__name__
            raise ValueError(f"{kind}: {key!r} is an attribute of every {kind}; choose another key")

    def __setitem__(self, key: str, value: Any) -> None:
        self._check_key(key)
        self._register(self._kind, key, self._member(key, value))

    def __delitem__(self, key: str) -> None:
        self[key]
        delattr(self, key)
        structure[0] += 1

    def keys(self) -> Iterable[str]:
        """Return the keys, in order."""
        return self._held().keys()

    def values(self) -> Iterable[Any]:
        """Return what is held, in order."""
        return self._held().values()

    def items(self) -> Iterable[tuple[str, Any]]:
        """Return pairs of keys and what they hold, in order."""
        return self._held().items()

    def get(self, key: str, default: Any = None) -> Any:
        """Return what a key holds, or ``default``."""
        return self._held().get(key, default)

    def pop(self, key: str) -> Any:
        """Take out what a key holds, and return it."""
        value = self[key]
        del self[key]
        return value

    def clear(self) -> None:
        """Take everything out."""
        for key in list(self):
            del self[key]

    def update(self, members: Any) -> None:
        """Add the items of a mapping, or pairs of keys and values; keys that are there get the new ones.

        Raises:
            TypeError: it is neither, or a value may not be a member; nothing is added then.
        """
        if isinstance(members, Mapping | _Named):
            pairs = list(members.items())
        elif isinstance(members, Iterable) and not isinstance(members, str):
            pairs = list(members)
        else:
            raise TypeError(f"{type(self).__name__}: expected a dict or pairs, got {type(members).__name__}")
        for pair in pairs:
            if not isinstance(pair, tuple | list) or len(pair) != 2:
                raise TypeError(f"{type(self).__name__}: expected pairs (key, value), got a {type(pair).__name__}")
        for key, _ in pairs:
            self._check_key(key)
        checked = [(key, self._member(key, value)) for key, value in pairs]
        for key, value in checked:
            self[key] = value


class ModuleDict(_Named):
    """A dictionary of modules that registers what it holds. A plain dict would hide them from ``parameters``.

    It is not called itself: ``forward`` of the module that holds it calls its items. Keys are strings that are no
    attribute of a ModuleDict; the order is that of insertion.

    Args:
        modules: a mapping from names to modules, or pairs.

    Raises:
        TypeError: something given is not a Module.
        ValueError: a key is empty, holds a dot, or is an attribute of every Module.

    >>> from glassgrad import nn
    >>> heads = nn.ModuleDict({"left": nn.Linear(2, 1), "right": nn.ReLU()})
    >>> heads
    ModuleDict(
      (left): Linear(in_features=2, out_features=1, bias=True)
      (right): ReLU()
    )
    >>> [name for name, _ in heads.named_parameters()]
    ['left.weight', 'left.bias']
    """

    _kind = "_modules"

    def __init__(self, modules: Any = None) -> None:
        super().__init__(modules)

    def _member(self, key: str, value: Any) -> Any:
        if not isinstance(value, Module):
            raise TypeError(f"ModuleDict[{key!r}]: {describe(value)}")
        return value

    def __setitem__(self, key: str, value: Any) -> None:
        self._check_key(key)
        self.add_module(key, self._member(key, value))


class ParameterDict(_Named):
    """A dictionary of parameters that registers what it holds.

    Args:
        parameters: a mapping from names to parameters, or pairs. Tensors and numbers are made into parameters.

    Raises:
        TypeError: something given cannot be a parameter.
        ValueError: a key is empty, holds a dot, or is an attribute of every Module.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> scales = nn.ParameterDict({"left": gg.ones(2), "right": gg.zeros(3)})
    >>> [(name, p.shape) for name, p in scales.named_parameters()]
    [('left', (2,)), ('right', (3,))]
    """

    _kind = "_parameters"

    def __init__(self, parameters: Any = None) -> None:
        super().__init__(parameters)

    def _member(self, key: str, value: Any) -> Parameter:
        parameter = as_parameter(value, f"ParameterDict[{key!r}]")
        if parameter.name is None and isinstance(key, str):
            parameter.name = key
        return parameter

    def _repr_children(self) -> list[str]:
        return [f"({key}): {shown(value)}" for key, value in self.items()]
