"""``vmap``: a function written for one example, run on many at once. What happens inside is in ``batching.py``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core.dtypes import as_array
from ..core.primitive import REGISTRY
from ..engine.values import HANDLES, new_tensor
from . import batch_rules  # noqa: F401 - fills the table of rules
from .batching import Batched, active, bind_operators, running
from .trees import Structure, flatten, leaf_count, unflatten

__all__ = ["vmap"]


def vmap(function: Callable[..., Any], in_dims: Any = 0, out_dims: Any = 0) -> Callable[..., Any]:
    """Return a function that runs ``function``, written for one example, on a batch of them at once.

    Elementwise operations, reductions, products, reshapes and indexing run on the whole batch; an operation without a
    rule of its own runs once for each example, with the same result. Gradients flow through, and transforms nest on
    either side: ``vmap(grad(f))`` gives the gradient of each example.

    Args:
        function: takes and returns tensors or trees of them. It sees single examples, so it may not branch on values or
            take them out as numbers.
        in_dims: the axis of each argument along which the examples lie; None for an argument that all share. One for
            all arguments, or a tuple with one for each, each a single one or a tree like the beginning of the argument.
        out_dims: where the examples of the results shall lie, in the same way.

    Returns:
        A function of the same positional arguments; keyword arguments are shared by all examples.

    Raises:
        TypeError, ValueError: an axis does not exist, sizes differ, nothing has an axis to run along, or the function
            returns anything other than tensors; the message names the place.

    Edges: a random draw is one example's, the same for all. In-place operations on examples are refused.

    >>> import glassgrad as gg
    >>> rows, w = gg.tensor([[1.0, 2.0], [3.0, 4.0]]), gg.tensor([1.0, 10.0])
    >>> gg.func.vmap(lambda x: (x * w).sum())(rows)
    tensor([21., 43.])
    >>> gg.func.vmap(gg.func.grad(lambda w, x: (x @ w) ** 2), in_dims=(None, 0))(w, rows)
    tensor([[ 42.,  84.],
            [258., 344.]])
    """
    if not callable(function):
        raise TypeError(f"vmap: expected a function, got {type(function).__name__}")
    if "__add__" not in vars(Batched):
        # Tensor gets its operators after this module is loaded.
        bind_operators()

    def mapped(*args: Any, **kwargs: Any) -> Any:
        if not args:
            raise ValueError("vmap: there is no positional argument to run along")
        if isinstance(in_dims, list | tuple) and len(in_dims) != len(args):
            raise ValueError(f"vmap: in_dims has {len(in_dims)} entries for {len(args)} arguments")
        leaves: list[Any] = []
        dims: list[Any] = []
        paths: list[str] = []
        structures = []
        for i, arg in enumerate(args):
            found, names, structure = flatten(arg, f"argument {i}")
            structures.append(structure)
            leaves += found
            paths += names
            given = in_dims[i] if isinstance(in_dims, list | tuple) else in_dims
            dims += _dims_of(structure, given, f"in_dims[{i}]")
        leaves = [leaf if d is None else _handle(leaf, path) for leaf, d, path in zip(leaves, dims, paths, strict=True)]
        size = _batch_size(leaves, dims, paths)
        outer = active()
        level = max((number for number, _ in outer), default=0) + 1
        entered = [
            leaf if d is None else Batched(_to_front(leaf, d), level) for leaf, d in zip(leaves, dims, strict=True)
        ]
        token = running.set((*outer, (level, size)))
        try:
            rest = iter(entered)
            result = function(*(unflatten(s, [next(rest) for _ in range(leaf_count(s))]) for s in structures), **kwargs)
        finally:
            running.reset(token)
        outputs, names, structure = flatten(result, "result")
        places = _dims_of(structure, out_dims, "out_dims")
        return unflatten(
            structure, [_leave(x, d, level, size, path) for x, d, path in zip(outputs, places, names, strict=True)]
        )

    return mapped


def _handle(value: Any, path: str) -> Any:
    if value.__class__ in HANDLES or value.__class__ is Batched:
        return value
    if not isinstance(value, np.ndarray | np.generic | float | int):
        raise TypeError(f"vmap: {path} must be a Tensor or an array, not {type(value).__name__}; give it in_dims None")
    return new_tensor(as_array(value), None)


def _batch_size(leaves: Sequence[Any], dims: Sequence[Any], paths: Sequence[str]) -> int:
    sizes = {}
    for leaf, d, path in zip(leaves, dims, paths, strict=True):
        if d is None:
            continue
        if not -len(leaf.shape) <= d < len(leaf.shape):
            raise ValueError(f"vmap: {path} has shape {leaf.shape}, and no axis {d} to run along")
        sizes[path] = leaf.shape[d]
    if not sizes:
        raise ValueError("vmap: no argument has an axis to run along; in_dims is None for all of them")
    if len(set(sizes.values())) > 1:
        listed = ", ".join(f"{path}: {n}" for path, n in sizes.items())
        raise ValueError(f"vmap: the numbers of examples differ ({listed})")
    return int(next(iter(sizes.values())))


def _dims_of(structure: Structure, dims: Any, path: str) -> list[Any]:
    """Return one axis for each leaf of a tree, from a tree like its beginning."""
    if dims is None or (isinstance(dims, int) and not isinstance(dims, bool)):
        return [dims] * leaf_count(structure)
    if structure.kind == "dict" and isinstance(dims, dict) and set(dims) == set(structure.keys):
        parts = [dims[key] for key in structure.keys]
    elif structure.kind == "sequence" and isinstance(dims, list | tuple) and len(dims) == len(structure.children):
        parts = list(dims)
    else:
        raise ValueError(f"vmap: {path} must be an integer, None, or a tree like {structure!r}, not {dims!r}")
    return [d for part, child in zip(parts, structure.children, strict=True) for d in _dims_of(child, part, path)]


def _to_front(x: Any, dim: int) -> Any:
    ndim = len(x.shape)
    dim %= ndim
    return x if dim == 0 else REGISTRY["permute"].function(x, (dim, *(d for d in range(ndim) if d != dim)))


def _leave(x: Any, dim: Any, level: int, size: int, path: str) -> Any:
    if x.__class__ not in HANDLES and x.__class__ is not Batched:
        raise TypeError(f"vmap: the function must return Tensors or a tree of them; its {path} is a {type(x).__name__}")
    batched = x.__class__ is Batched and x.level == level
    if dim is None:
        if batched:
            raise ValueError(f"vmap: out_dims is None for {path}, which differs between examples")
        return x
    whole = x.value if batched else REGISTRY["broadcast_to"].function(x, (size, *x.shape))
    ndim = len(whole.shape)
    if not -ndim <= dim < ndim:
        raise ValueError(f"vmap: {path} has {ndim} axes with the examples', so there is no place {dim} for them")
    order = list(range(1, ndim))
    order.insert(dim % ndim, 0)
    return whole if dim % ndim == 0 else REGISTRY["permute"].function(whole, tuple(order))
