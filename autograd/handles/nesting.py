"""Nested data as named tensors and one string: what lets a file hold a whole training state."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..engine.values import HANDLES

__all__ = ["flatten", "is_tensor", "unflatten"]

# An object with one of these keys stands for what JSON has no word for; a user's own dict with such a key is written
# as items.
_TENSOR, _TUPLE, _ITEMS, _FLOAT = "$tensor", "$tuple", "$items", "$float"
_DEEPEST = 100


def is_tensor(value: Any) -> bool:
    """Return whether a value is stored as a tensor: a Tensor, or an array with or without dimensions."""
    return value.__class__ in HANDLES or isinstance(value, np.ndarray)


def flatten(data: Any) -> tuple[dict[str, Any], str]:
    """Return the tensors of nested dicts, lists and tuples by name, and all the rest as JSON that refers to them.

    Raises:
        TypeError: something is not a dict, list, tuple, tensor, number, string, bool or None, or a key of a dict is
            neither a string nor an integer.
        ValueError: it is nested more than 100 deep, as data that contain themselves are.

    >>> flatten({"step": 3, "rest": [1.5, None]})
    ({}, '{"step": 3, "rest": [1.5, null]}')
    """
    tensors: dict[str, Any] = {}
    tree = _write(data, (), tensors)
    return tensors, json.dumps(tree, allow_nan=False, ensure_ascii=True)


def unflatten(text: str, tensor: Callable[[str], Any]) -> Any:
    """Return the nested data that ``flatten`` wrote; ``tensor(name)`` gives each tensor.

    Raises:
        ValueError: the text is not what ``flatten`` writes.
        KeyError: from ``tensor``, for a name that is not there.

    >>> unflatten(flatten({"a": (1, 2.5)})[1], {}.__getitem__)
    {'a': (1, 2.5)}
    """
    try:
        return _read(json.loads(text), tensor)
    except (RecursionError, TypeError, AttributeError) as error:
        raise ValueError(f"nested data cannot be read ({error})") from None


def _write(value: Any, path: tuple[Any, ...], tensors: dict[str, Any]) -> Any:
    if len(path) > _DEEPEST:
        raise ValueError(f"save: nested more than {_DEEPEST} deep at {_place(path[:4])}...; does it contain itself?")
    if is_tensor(value):
        name = base = ".".join(map(str, path)) or "tensor"
        count = 1
        while name in tensors:  # {"a.b": x, "a": {"b": y}} has one path twice
            count += 1
            name = f"{base}#{count}"
        tensors[name] = value
        return {_TENSOR: name}
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {_FLOAT: repr(float(value))}
    if isinstance(value, Mapping):
        return _write_mapping(value, path, tensors)
    if isinstance(value, list | tuple):
        items = [_write(item, (*path, i), tensors) for i, item in enumerate(value)]
        return {_TUPLE: items} if isinstance(value, tuple) else items
    raise TypeError(
        f"save: {_place(path)} is {_kind(value)}; only tensors, numbers, strings, bools, None, and dicts, lists and "
        "tuples of them are saved"
    )


def _write_mapping(value: Mapping[Any, Any], path: tuple[Any, ...], tensors: dict[str, Any]) -> Any:
    for key in value:
        if isinstance(key, bool) or not isinstance(key, str | int):
            raise TypeError(f"save: keys must be strings or integers, but {_place(path)} has the key {key!r}")
    items = [(key, _write(item, (*path, key), tensors)) for key, item in value.items()]
    if all(isinstance(key, str) and not key.startswith("$") for key, _ in items):
        return dict(items)
    return {_ITEMS: [[key, item] for key, item in items]}


def _read(tree: Any, tensor: Callable[[str], Any]) -> Any:
    if isinstance(tree, list):
        return [_read(item, tensor) for item in tree]
    if not isinstance(tree, dict):
        return tree
    special = next((key for key in tree if key.startswith("$")), None)
    if special is None:
        return {key: _read(item, tensor) for key, item in tree.items()}
    content = tree[special]
    if len(tree) == 1 and special == _TENSOR:
        return tensor(content)
    if len(tree) == 1 and special == _TUPLE:
        return tuple(_read(item, tensor) for item in content)
    if len(tree) == 1 and special == _ITEMS:
        return {key: _read(item, tensor) for key, item in content}
    if len(tree) == 1 and special == _FLOAT:
        return float(content)
    raise ValueError(f"nested data hold an unknown entry {special!r}")


def _place(path: tuple[Any, ...]) -> str:
    return "".join(f"[{key!r}]" for key in path) or "what was given"


def _kind(value: Any) -> str:
    name = type(value).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"
