"""Who owns the memory of a gradient: what may be added into, and what may be handed over without a copy."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from ..core.types import Array, Value

__all__ = ["Cotangents", "accumulate", "accumulate_new", "buffer_of", "count_references", "unshared"]


class Cotangents(dict[Any, Any]):
    """Gradients on their way: vertex to array. ``owned`` holds the vertices whose array the engine itself made."""

    __slots__ = ("owned",)

    def __init__(self) -> None:
        super().__init__()
        self.owned: set[Any] = set()


def accumulate(cotangents: Cotangents, vertex: Any, gradient: Value) -> None:
    """Add ``gradient`` to what has arrived at ``vertex``. Only an array that the engine made is added into."""
    if gradient is None:
        return
    old = cotangents.get(vertex)
    if old is None:
        cotangents[vertex] = gradient
    elif vertex in cotangents.owned:
        np.add(old, gradient, old)
    elif old.__class__ is np.ndarray and gradient.__class__ is np.ndarray:
        total = np.add(old, gradient)
        if total.__class__ is np.ndarray:
            cotangents.owned.add(vertex)
        else:
            total = np.asarray(total)
        cotangents[vertex] = total
    else:
        cotangents[vertex] = old + gradient


def accumulate_new(cotangents: Cotangents, vertex: Any, gradient: Value) -> None:
    """Like :func:`accumulate`, for a gradient in an array that this pass has just made and nobody else holds."""
    old = cotangents[vertex]
    if vertex in cotangents.owned:
        np.add(old, gradient, old)
    else:
        np.add(old, gradient, gradient)
        cotangents[vertex] = gradient
        cotangents.owned.add(vertex)


def buffer_of(cotangents: Cotangents, vertex: Any) -> Array:
    """Return the array that collects the gradient of ``vertex``, the engine's own, to be added into."""
    buffer: Array | None = cotangents.get(vertex)
    if buffer is None:
        buffer = np.zeros(vertex.shape, vertex.dtype)
    elif vertex in cotangents.owned:
        return buffer
    else:
        buffer = np.array(buffer)
    cotangents[vertex] = buffer
    cotangents.owned.add(vertex)
    return buffer


# -- handing over -----------------------------------------------------------------------------------------------------

# References to an array that only a backward pass holds, when ``unshared`` sees it: interpreters differ.
_references_within_a_pass = 0


def _references(array: Any) -> int:
    return sys.getrefcount(array)


def unshared(g: Array) -> Array:
    """Return ``g`` itself if nobody else can see its memory, else a copy.

    A rule may hand the same array to two leaves, or a view of a larger one, or what the caller passed in. An array that
    owns its memory and that only this pass refers to cannot be any of those; copying it as well would double the cost
    of every large weight's gradient.
    """
    whole = g.__class__ is np.ndarray and g.base is None and g.flags.writeable
    return g if whole and _references(g) <= _references_within_a_pass else np.array(g)


def count_references(sweep: Callable[..., Any]) -> None:
    """Find out how many references a pass itself holds, by a pass of the same depth over a single stand-in."""

    def unshared(g: Array) -> None:
        global _references_within_a_pass
        _references_within_a_pass = _references(g)

    def deposit(node: Any, g: Value, create_graph: bool) -> None:
        unshared(g)

    def arrive(node: Any, g: Value) -> Any:
        deposit(node, g, False)

    class Leaf:
        primitive = SimpleNamespace(multi_output=False)
        details = ()

    leaf = Leaf()
    cotangents = Cotangents()
    cotangents[leaf] = np.empty(1)
    sweep([leaf], cotangents, None, False, arrive)
