"""A list of parameters, which registers what it holds."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from typing import Any

from ...autograd import Tensor
from ..module import Module
from ..parameter import Parameter

__all__ = ["ParameterList"]


def as_parameter(value: Any, what: str) -> Parameter:
    """Return a parameter as it is, and what else has numbers as a new one.

    Raises:
        TypeError: it is not numbers, or not floating-point.

    >>> as_parameter([1.0, 2.0], "scale").shape
    (2,)
    """
    if isinstance(value, Parameter):
        return value
    if isinstance(value, Module):
        raise TypeError(f"{what}: expected a parameter, not the module {type(value).__name__}; use nn.ModuleList")
    try:
        return Parameter(value.detach() if isinstance(value, Tensor) else value)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{what}: expected a parameter, or numbers to make one of: {error}") from None


def shown(value: Parameter) -> str:
    """Return a parameter in a few words."""
    return f"Parameter containing: [{value.dtype} of size {'x'.join(map(str, value.shape))}]"


class ParameterList(Module):
    """A list of parameters that registers what it holds. A plain list would hide them from ``parameters``.

    Args:
        values: the parameters in order. Tensors and numbers are made into parameters.

    Raises:
        TypeError: something given cannot be a parameter.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> weights = nn.ParameterList([gg.ones(2, 3), nn.Parameter([0.5])])
    >>> weights
    ParameterList(
      (0): Parameter containing: [float32 of size 2x3]
      (1): Parameter containing: [float32 of size 1]
    )
    >>> [name for name, _ in weights.named_parameters()]
    ['0', '1']
    """

    def __init__(self, values: Iterable[Any] = ()) -> None:
        super().__init__()
        self.extend(values)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Raise: a list of parameters does not compute anything."""
        raise NotImplementedError("a ParameterList is not called; use its items in the forward of its module")

    def __len__(self) -> int:
        return len(self._parameters)

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._parameters.values()))

    def _position(self, index: Any) -> int:
        try:
            position = operator.index(index)
        except TypeError:
            raise TypeError(f"ParameterList: a position is an integer or a slice, not {index!r}") from None
        if not -len(self) <= position < len(self):
            raise IndexError(f"ParameterList: there is no position {position}; it holds {len(self)} parameters")
        return position % len(self)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return ParameterList(list(self)[index])
        return self._parameters[str(self._position(index))]

    def __setitem__(self, index: int, value: Any) -> None:
        position = self._position(index)
        self.register_parameter(str(position), as_parameter(value, f"ParameterList: item {position}"))

    def append(self, value: Any) -> ParameterList:
        """Add a parameter at the end; return the list."""
        position = len(self)
        self.register_parameter(str(position), as_parameter(value, f"ParameterList: item {position}"))
        return self

    def extend(self, values: Iterable[Any]) -> ParameterList:
        """Add parameters at the end, or on an error none; return the list."""
        if isinstance(values, Tensor | str) or not isinstance(values, Iterable):
            raise TypeError(
                f"ParameterList: expected a list of parameters, got a single {type(values).__name__}; put it in "
                "brackets"
            )
        added = [as_parameter(value, f"ParameterList: item {len(self) + i}") for i, value in enumerate(values)]
        for value in added:
            self.append(value)
        return self

    def __iadd__(self, values: Iterable[Any]) -> ParameterList:
        return self.extend(values)

    def _repr_children(self) -> list[str]:
        return [f"({i}): {shown(value)}" for i, value in enumerate(self)]
