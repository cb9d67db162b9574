"""Reading the parameters that a helper is given."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...autograd import Tensor

__all__ = ["list_tensors"]


def list_tensors(owner: str, given: Any) -> list[Tensor]:
    """Return a tensor, or several, as a list.

    Raises:
        TypeError: something else was given, such as a module; the message says what to give.

    >>> import glassgrad as gg
    >>> list_tensors("penalty", gg.tensor([1.0]))
    [tensor([1.])]
    """
    if isinstance(given, Tensor):
        return [given]
    if hasattr(given, "parameters"):
        raise TypeError(f"{owner}: expected parameters, got a {type(given).__name__}; give .parameters() of it")
    if not isinstance(given, Iterable):
        raise TypeError(f"{owner}: expected a tensor or a list of tensors, got a {type(given).__name__}")
    tensors = list(given)
    for position, tensor in enumerate(tensors):
        if not isinstance(tensor, Tensor):
            raise TypeError(f"{owner}: item {position} of the parameters is a {type(tensor).__name__}, not a Tensor")
    return tensors
