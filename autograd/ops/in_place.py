"""Operations by index and mask that change a tensor in place: PyTorch's methods with a final underscore.

They compute the new value as the operation of that name does, and overwrite the old one; so they are a convenience, no
saving. As for every in-place change, a leaf that requires grad is changed under ``no_grad`` only, and what a graph
needs is guarded (see ``effects.py``).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ..engine.effects import update
from . import indexing, scattering, selection, slice_scattering

__all__: list[str] = []


def _overwriting(function: Callable[..., Any]) -> Callable[..., Any]:
    name = function.__name__
    signature = inspect.signature(function)

    def kernel(**arguments: Any) -> None:
        target = arguments["x"]
        try:
            target[...] = function(**arguments)
        except (ValueError, IndexError, TypeError) as error:
            raise type(error)(str(error).replace(f"{name}: ", f"{name}_: ", 1)) from None

    kernel.__name__ = kernel.__qualname__ = f"{name}_"
    kernel.__doc__ = f"Overwrite the tensor with what :func:`{name}` returns; under ``no_grad`` for a leaf."
    kernel.__signature__ = signature  # type: ignore[attr-defined]
    return update(mutates=("x",))(kernel)


METHODS = tuple(
    _overwriting(function)
    for function in (
        indexing.index_put, slice_scattering.index_add, slice_scattering.index_copy, slice_scattering.index_fill,
        slice_scattering.index_reduce, slice_scattering.put, scattering.scatter, scattering.scatter_add,
        scattering.scatter_reduce, selection.masked_fill, selection.masked_scatter,
    )
)  # fmt: skip
