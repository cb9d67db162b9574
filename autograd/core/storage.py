"""Who has changed memory in place, and when.

Saved values carry no version numbers. In-place changes draw their date from the counter that numbers nodes; a value
that a node saved was changed afterwards exactly when its memory's last change is younger than the node. Views share the
memory of their base, so a change through any view, through a constant or by an optimiser is seen.
"""

from __future__ import annotations

import threading
import weakref
from typing import Any

import numpy as np

from .node import next_sequence
from .types import Array

__all__ = ["changed_since", "copy_shared", "latest_change", "mark_changed", "owner_of"]

_lock = threading.Lock()
_changes: dict[int, tuple[int, Any, str]] = {}
_latest = 0


def owner_of(array: Array) -> Any:
    """Return the object that owns the memory behind ``array``, following views."""
    base = array.base
    while base is not None:
        array = base
        base = getattr(array, "base", None)
    return array


def mark_changed(array: Array, operation: str) -> None:
    """Date a change of ``array``'s memory by ``operation``."""
    global _latest
    owner = owner_of(array)
    key = id(owner)
    with _lock:
        entry = _changes.get(key)
        if entry is not None:
            reference = entry[1]
        else:
            try:
                # The entry goes when the memory goes, before its id can be given to another object.
                reference = weakref.ref(owner, lambda _: _changes.pop(key, None))
            except TypeError:
                # Foreign owners (bytes, memory maps) may not allow weak references. A stale entry is harmless: it is
                # older than anything that a later owner of the same id can have been saved by.
                reference = None
        _latest = next_sequence()
        _changes[key] = (_latest, reference, operation)


def latest_change() -> int:
    """Return the date of the latest in-place change in the process: older graphs need no check at all."""
    return _latest


def changed_since(array: Any, sequence: int) -> str | None:
    """Return the operation that changed ``array`` in place after ``sequence``, or ``None``."""
    if array.__class__ is not np.ndarray:
        return None
    entry = _changes.get(id(owner_of(array)))
    if entry is None or entry[0] <= sequence:
        return None
    return entry[2]


def copy_shared(array: np.ndarray[Any, Any], memo: dict[Any, Any]) -> np.ndarray[Any, Any]:
    """Return a deep copy of ``array`` that shares memory with the other copies in ``memo`` as the originals do.

    The whole memory behind a view is copied, once. Memory whose owner is no array, or has gaps, is copied for each.
    """
    owner = owner_of(array)
    key = ("glassgrad memory", id(owner))
    if key not in memo:
        # A dense array in any order of axes can be read as bytes in the order of its memory.
        dense = owner.__class__ is np.ndarray and owner.size and owner.dtype.kind in "fiub"
        flat = owner.ravel(order="K") if dense else None
        start = None if flat is None else flat.__array_interface__["data"][0]
        if flat is None or not np.may_share_memory(flat, owner) or start != owner.__array_interface__["data"][0]:
            memo[key] = None
        else:
            memo[key] = (start, flat.copy(), owner)  # the owner is kept, so that its id is not given to another
    if memo[key] is None:
        return np.array(array, order="K", subok=False)
    start, copied, _ = memo[key]
    place = array.__array_interface__["data"][0] - start
    result: np.ndarray[Any, Any] = np.ndarray(array.shape, array.dtype, copied, place, array.strides)
    result.flags.writeable = array.flags.writeable
    return result
