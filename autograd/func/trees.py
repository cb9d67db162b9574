"""Nested dicts, lists, tuples and named tuples of tensors, as one list of leaves and a structure to put them back into.

Subclasses come back as what they were, with their attributes: an ``OrderedDict``, a ``defaultdict``, your own list.
What is none of these is a leaf; ``None`` is an empty place, so an optional parameter may be left out. A leaf's path is
written as Python reaches it, ``params["layer1"]["weight"]``, and every message names it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["Structure", "flatten", "flatten_like", "leaf_count", "rebuilder", "unflatten"]


class Structure:
    """The shape of a tree without its leaves.

    Attributes:
        kind: ``"leaf"``, ``"none"``, ``"dict"`` or ``"sequence"``.
        keys: the keys of a dict, in its order; the field names or positions of a sequence.
        children: the structure of each entry.
        build: makes the container again from its entries.
    """

    __slots__ = ("build", "children", "keys", "kind")

    def __init__(
        self, kind: str, keys: tuple[Any, ...] = (), children: tuple[Structure, ...] = (),
        build: Callable[[list[Any]], Any] | None = None,
    ) -> None:  # fmt: skip
        self.kind = kind
        self.keys = keys
        self.children = children
        self.build = build

    def __repr__(self) -> str:
        if self.kind in ("leaf", "none"):
            return "*" if self.kind == "leaf" else "None"
        inside = ", ".join(f"{key!r}: {child!r}" for key, child in zip(self.keys, self.children, strict=True))
        return f"{{{inside}}}"


LEAF = Structure("leaf")
NONE = Structure("none")


def flatten(tree: Any, path: str = "tree") -> tuple[list[Any], list[str], Structure]:
    """Return the leaves of ``tree``, the path of each, and the structure.

    >>> from glassgrad.autograd.func.trees import flatten
    >>> flatten({"w": [1.0, 2.0], "b": None}, "params")[:2]
    ([1.0, 2.0], ['params["w"][0]', 'params["w"][1]'])
    """
    leaves: list[Any] = []
    paths: list[str] = []
    return leaves, paths, _flatten(tree, path, leaves, paths)


def _flatten(tree: Any, path: str, leaves: list[Any], paths: list[str]) -> Structure:
    if tree is None:
        return NONE
    if isinstance(tree, dict):
        keys = tuple(tree)
        children = tuple(_flatten(tree[key], path + _written(key), leaves, paths) for key in keys)
        return Structure("dict", keys, children, rebuilder(tree))
    if isinstance(tree, list | tuple):
        fields: tuple[Any, ...] | None = getattr(tree, "_fields", None)
        keys = tuple(range(len(tree))) if fields is None else tuple(fields)
        children = tuple(
            _flatten(entry, path + (f"[{key}]" if fields is None else f".{key}"), leaves, paths)
            for key, entry in zip(keys, tree, strict=True)
        )
        return Structure("sequence", keys, children, rebuilder(tree))
    leaves.append(tree)
    paths.append(path)
    return LEAF


def rebuilder(tree: Any) -> Callable[[Any], Any]:
    """Return what makes a dict, list or tuple of the same class, keys and attributes from other entries.

    It holds none of the entries of ``tree``. ``__init__`` of a subclass is not run again, as in :func:`copy.copy`.

    >>> from collections import defaultdict
    >>> from glassgrad.autograd.func.trees import rebuilder
    >>> rebuilder(defaultdict(list, a=1, b=2))([10, 20])
    defaultdict(<class 'list'>, {'a': 10, 'b': 20})
    """
    made = type(tree)
    if made is list or made is tuple:
        return made
    if isinstance(tree, tuple):
        attributes = dict(getattr(tree, "__dict__", {}))

        def tuple_of(entries: Any) -> Any:
            try:
                result = tuple.__new__(made, entries)
            except TypeError:  # Python's own records, such as time.struct_time
                return made(entries)
            if attributes:
                result.__dict__.update(attributes)
            return result

        return tuple_of
    if isinstance(tree, list):
        empty_list = copy.copy(tree)
        empty_list.clear()

        def list_of(entries: Any) -> Any:
            result = copy.copy(empty_list)
            result.extend(entries)
            return result

        return list_of
    keys = tuple(tree)
    if made is dict:
        return lambda entries: dict(zip(keys, entries, strict=True))
    empty_dict = copy.copy(tree)
    empty_dict.clear()

    def dict_of(entries: Any) -> Any:
        result = copy.copy(empty_dict)
        for key, entry in zip(keys, entries, strict=True):
            result[key] = entry
        return result

    return dict_of


def _written(key: Any) -> str:
    return f'["{key}"]' if isinstance(key, str) else f"[{key!r}]"


def unflatten(structure: Structure, leaves: Sequence[Any]) -> Any:
    """Return the tree of this structure with these leaves, in their order.

    >>> from glassgrad.autograd.func.trees import flatten, unflatten
    >>> leaves, _, structure = flatten(({"a": 1}, [2, 3]))
    >>> unflatten(structure, [x * 10 for x in leaves])
    ({'a': 10}, [20, 30])
    """
    rest = iter(leaves)
    tree = _unflatten(structure, rest)
    if next(rest, rest) is not rest:
        raise ValueError("unflatten: there are more leaves than places")
    return tree


def _unflatten(structure: Structure, rest: Any) -> Any:
    if structure.kind == "leaf":
        try:
            return next(rest)
        except StopIteration:
            raise ValueError("unflatten: there are fewer leaves than places") from None
    if structure.build is None:
        return None
    return structure.build([_unflatten(child, rest) for child in structure.children])


def leaf_count(structure: Structure) -> int:
    """Return how many leaves a tree of this structure has."""
    return 1 if structure.kind == "leaf" else sum(map(leaf_count, structure.children))


def flatten_like(structure: Structure, tree: Any, path: str, model: str) -> list[Any]:
    """Return the leaves of ``tree``, which must be built as ``structure`` is, in that structure's order.

    Lists and tuples stand for each other, and the order of a dict's keys does not matter.

    Args:
        path: what messages call ``tree``.
        model: what messages call the tree it has to follow.

    Raises:
        ValueError: the structures differ; the message names the place.

    >>> from glassgrad.autograd.func.trees import flatten, flatten_like
    >>> structure = flatten({"w": 0.0, "b": 0.0})[2]
    >>> flatten_like(structure, {"b": 1.0, "w": 2.0}, "tangents", "primals")
    [2.0, 1.0]
    """
    leaves: list[Any] = []
    _flatten_like(structure, tree, path, model, leaves)
    return leaves


def _flatten_like(structure: Structure, tree: Any, path: str, model: str, leaves: list[Any]) -> None:
    if structure.kind == "none":
        if tree is not None:
            raise ValueError(f"{path} must be None, as in {model}, not {_described(tree)}")
    elif structure.kind == "leaf":
        if tree is None or isinstance(tree, dict | list | tuple):
            raise ValueError(f"{path} must be a single tensor, as in {model}, not {_described(tree)}")
        leaves.append(tree)
    elif structure.kind == "dict":
        if not isinstance(tree, dict) or set(tree) != set(structure.keys):
            keys = ", ".join(map(repr, structure.keys))
            raise ValueError(f"{path} must be a dict with the keys {keys}, as in {model}, not {_described(tree)}")
        for key, child in zip(structure.keys, structure.children, strict=True):
            _flatten_like(child, tree[key], path + _written(key), model, leaves)
    else:
        count = len(structure.children)
        if not isinstance(tree, list | tuple) or len(tree) != count:
            raise ValueError(f"{path} must be a sequence of {count}, as in {model}, not {_described(tree)}")
        named = getattr(tree, "_fields", None) is not None
        for key, child, entry in zip(structure.keys, structure.children, tree, strict=True):
            _flatten_like(child, entry, path + (f".{key}" if named else f"[{key}]"), model, leaves)


def _described(tree: Any) -> str:
    if isinstance(tree, dict):
        return f"a dict with the keys {', '.join(map(repr, tree))}" if tree else "an empty dict"
    if isinstance(tree, list | tuple):
        return f"a {type(tree).__name__} of {len(tree)}"
    return "None" if tree is None else f"a {type(tree).__name__}"
