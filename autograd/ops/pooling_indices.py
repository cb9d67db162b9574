"""Reading and writing planes at places, and finding the places of the largest elements of few large windows.

A place is the index into the last axes of an array laid out in a row, as PyTorch gives it.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from ..engine.declare import primitive
from .indexing import add_elements

__all__: list[str] = []


def as_slice(columns: Any) -> Any:
    """Return evenly rising positions as a slice, which reads faster; others as they are."""
    if len(columns) == 0:
        return slice(0, 0)
    if len(columns) == 1:
        return slice(int(columns[0]), int(columns[0]) + 1)
    step = int(columns[1] - columns[0])
    if step > 0 and (np.diff(columns) == step).all():
        return slice(int(columns[0]), int(columns[-1]) + 1, step)
    return columns


def places_of(columns: Any, spatial: Any) -> Any:
    """Return the places of the given positions of each axis, as an array with one dimension for each."""
    place = np.zeros((), np.int64)
    for c, n in zip(columns, spatial, strict=True):
        place = place[..., None] * n + c
    return place


def largest_of_each(x: Any, parts: Any) -> Any:
    """Return the places of the largest elements of windows, looking at one window of all planes at a time.

    Of equal elements it is the first, of several NaNs the last.

    Args:
        x: shape (..., *spatial).
        parts: for each of the last axes, the slice that each window sees.
    """
    outer, spatial = x.shape[: x.ndim - len(parts)], x.shape[x.ndim - len(parts) :]
    place = np.zeros((*outer, *map(len, parts)), np.int64)
    window: Any
    for window in itertools.product(*(range(len(p)) for p in parts)):
        seen: Any = tuple(p[i] for p, i in zip(parts, window, strict=True))
        part = x[(..., *seen)]
        values = part.reshape(*outer, math.prod(part.shape[len(outer) :]))
        winner = np.argmax(values, axis=-1)
        # NumPy finds the first NaN; so only where one won there are any.
        rows = values.reshape(-1, values.shape[-1])
        if x.dtype.kind == "f" and np.isnan(rows[np.arange(len(rows)), winner.reshape(-1)]).any():
            odd = np.isnan(values)
            last = values.shape[-1] - 1 - np.argmax(odd[..., ::-1], axis=-1)
            winner = np.where(odd.any(axis=-1), last, winner)
        columns = [np.arange(n)[p] for p, n in zip(seen, spatial, strict=True)]
        place[(..., *window)] = places_of(columns, spatial).reshape(-1)[winner]
    return place


def _flat(index: Any, rank: Any, size: Any) -> Any:
    """Return places in planes of ``size`` elements as places in all planes together, in one row."""
    planes = math.prod(index.shape[: index.ndim - rank])
    per_plane = math.prod(index.shape[index.ndim - rank :])
    return (index.reshape(planes, per_plane) + np.arange(planes)[:, None] * size).reshape(-1)


@primitive(
    kind="linear", cost=0, index=None, symbol="pick {0}",
    x=lambda g, index, x_shape, rank: place(g, index, tuple(x_shape[len(x_shape) - rank :])),
)  # fmt: skip
def pick(x: Any, index: Any, rank: Any) -> Any:
    """Return the elements of each plane of ``x`` at the places ``index``; a plane is its last ``rank`` axes."""
    size = math.prod(x.shape[x.ndim - rank :])
    return np.ravel(x)[_flat(index, rank, size)].reshape(index.shape)


@primitive(
    kind="linear", cost=0, index=None, symbol="place {0}",
    x=lambda g, index, size: pick(g, index, len(size)),
)  # fmt: skip
def place(x: Any, index: Any, size: Any) -> Any:
    """Return planes of ``size`` in which the elements of ``x`` are added at the places ``index``."""
    outer = x.shape[: x.ndim - len(size)]
    planes = np.zeros(math.prod(outer) * math.prod(size), x.dtype)
    add_elements(planes, _flat(index, len(size), math.prod(size)), np.ravel(x))
    return planes.reshape(*outer, *size)


@primitive(
    kind="linear", cost=0, index=None, symbol="unpool {0}",
    x=lambda g, index, size: unpool_gradient(g, index, len(size)),
)  # fmt: skip
def unpool(x: Any, index: Any, size: Any) -> Any:
    """Return planes of ``size`` that hold the elements of ``x`` at the places ``index``, the last of several, else 0.

    Raises:
        IndexError: an index lies outside.
    """
    flat = _checked(index, size)
    planes = np.zeros(math.prod(x.shape[: x.ndim - len(size)]) * math.prod(size), x.dtype)
    planes[flat] = np.ravel(x)
    return planes.reshape(*x.shape[: x.ndim - len(size)], *size)


def _checked(index: Any, size: Any) -> Any:
    total = math.prod(size)
    outside = (index < 0) | (index >= total)
    if outside.any():
        raise IndexError(
            f"max_unpool{len(size)}d: index {index[outside][0]} lies outside of the output of size {size}, which has "
            f"{total} elements (0..{total - 1})"
        )
    return _flat(index, len(size), total)


@primitive(
    kind="linear", cost=0, index=None, symbol="pick {0}",
    gradient=lambda g, index, gradient_shape, rank: unpool(
        g, index, tuple(gradient_shape[len(gradient_shape) - rank :])
    ),
)  # fmt: skip
def unpool_gradient(gradient: Any, index: Any, rank: Any) -> Any:
    """Return the gradient of :func:`unpool`: what lies at the places, but 0 for elements that others overwrote."""
    size = math.prod(gradient.shape[gradient.ndim - rank :])
    flat = _flat(index, rank, size)
    number = np.arange(len(flat))
    holder = np.zeros(gradient.size, np.int64)
    holder[flat] = number
    return np.where(holder[flat] == number, np.ravel(gradient)[flat], gradient.dtype.type(0)).reshape(index.shape)
