"""Operations that change a tensor in place: assignment, ``+=`` and its like, and methods with a final underscore.

Those by index and mask compute the new value as the operation of that name does, and overwrite the old one; so they are
a convenience, no saving. As for every in-place change, a leaf that requires grad is changed under ``no_grad`` only, and
what a graph needs is guarded (see ``engine/effects.py``).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.dtypes import as_array
from ..engine.effects import update
from . import indexing, scattering, selection, slice_scattering

__all__: list[str] = []


def _values(values: Any, like: np.ndarray[Any, Any]) -> Any:
    array = values if isinstance(values, np.ndarray | int | float | bool | np.generic) else as_array(values)
    kind = np.asarray(array).dtype.kind
    if kind == "f" and like.dtype.kind != "f":
        raise TypeError(f"floating-point values cannot be stored in a tensor of dtype {like.dtype}")
    if kind not in "fiub":
        raise TypeError(f"values of dtype {np.asarray(array).dtype} cannot be stored in a tensor")
    if not isinstance(array, np.ndarray):
        return array
    try:
        np.broadcast_to(array, like.shape)
    except ValueError:
        raise ValueError(f"values of shape {array.shape} do not fit a tensor of shape {like.shape}") from None
    return array


@update(mutates=("target",))
def assign(target: Any, values: Any) -> Any:
    """Overwrite every element of ``target``; ``values`` broadcast."""
    target[...] = _values(values, target)


@update(mutates=("target",))
def assign_at(target: Any, index: Any, values: Any) -> Any:
    """Overwrite ``target[index]``."""
    target[index] = _values(values, target[index])


@update(mutates=("target",))
def add_(target: Any, values: Any, alpha: Any = 1) -> Any:
    """Add ``alpha·values`` to ``target``."""
    scaled = _values(values, target)
    np.add(target, scaled if alpha == 1 else scaled * alpha, out=target, casting="same_kind")


@update(mutates=("target",))
def subtract_(target: Any, values: Any) -> Any:
    """Subtract ``values`` from ``target``."""
    np.subtract(target, _values(values, target), out=target, casting="same_kind")


@update(mutates=("target",))
def multiply_(target: Any, values: Any) -> Any:
    """Multiply ``target`` by ``values``."""
    np.multiply(target, _values(values, target), out=target, casting="same_kind")


@update(mutates=("target",))
def divide_(target: Any, values: Any) -> Any:
    """Divide ``target`` by ``values``."""
    if target.dtype.kind != "f":
        raise TypeError(f"division gives floating-point values, which a tensor of dtype {target.dtype} cannot hold")
    np.true_divide(target, _values(values, target), out=target, casting="same_kind")


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


METHODS = (
    add_, subtract_, multiply_, divide_, *map(_overwriting, (
        indexing.index_put, slice_scattering.index_add, slice_scattering.index_copy, slice_scattering.index_fill,
        slice_scattering.index_reduce, slice_scattering.put, scattering.scatter, scattering.scatter_add,
        scattering.scatter_reduce, selection.masked_fill, selection.masked_scatter,
    )),
)  # fmt: skip
