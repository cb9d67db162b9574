"""Reverse mode: from a result back to everything it was computed from.

A pass has four parts: the gradients to start from (:func:`seed`), the nodes in their order (``core/paths.py``), the
sweep over them from last to first (:func:`sweep`), and what happens where a gradient ends, in a leaf's ``.grad``.

>>> import glassgrad as gg
>>> x = gg.tensor([2.0, 3.0], requires_grad=True)
>>> (x * x).sum().backward()
>>> x.grad
tensor([4., 6.])
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..core import dtypes, storage
from ..core.mode import current_mode
from ..core.node import FREED, Constant, Node
from ..core.paths import collect, leading_to
from ..core.primitive import REGISTRY
from ..core.types import Value
from .ownership import Cotangents, accumulate, count_references, unshared
from .steps import run_recorded
from .values import LEAF, new_tensor

__all__ = ["RETAIN", "backward", "check_unchanged", "run_hooks", "seed", "sweep"]


# -- seed -----------------------------------------------------------------------------------------------------


def seed(output: Value, gradient: Value, create_graph: bool, operation: str) -> Value:
    """Return the gradient to start from at ``output``: ones for a single number, else what the caller gives.

    Raises:
        RuntimeError: ``output`` has several elements and no gradient is given, or it requires none.
    """
    if output._node.__class__ is not Node:
        reason = ""
        if isinstance(output._node, Constant) and output._node.cut:
            reason = f": it was cut off from the graph by {output._node.cut}()"
        raise RuntimeError(
            f"{operation}: the output (shape {output._array.shape}, dtype {output._array.dtype}) does not require "
            f"grad{reason}. Create the inputs with requires_grad=True and compute the output outside no_grad()"
        )
    array = output._array
    if gradient is None:
        if array.size != 1:
            raise RuntimeError(
                f"{operation}: the output has shape {array.shape}; a gradient is of a single number. Reduce it, for "
                "example with .sum(), or pass the gradient to start from"
            )
        start = np.ones(array.shape, array.dtype)
        return new_tensor(start, None) if create_graph else start
    if not hasattr(gradient, "_array"):
        gradient = new_tensor(dtypes.as_array(gradient, array.dtype), None)
    if gradient._array.shape != array.shape:
        raise ValueError(
            f"{operation}: the gradient has shape {gradient._array.shape}, but the output has shape {array.shape}"
        )
    if create_graph:
        return gradient if gradient._array.dtype == array.dtype else REGISTRY["astype"].function(gradient, array.dtype)
    given = gradient._array
    return given if given.dtype == array.dtype else given.astype(array.dtype)


# -- order ----------------------------------------------------------------------------------------------------


def backward(
    roots: Sequence[Any], gradients: Sequence[Any], retain_graph: bool, create_graph: bool,
    inputs: Sequence[Node] | None = None, capture: dict[Node, Any] | None = None,
) -> None:  # fmt: skip
    """Run a backward pass from the tensors ``roots``.

    Gradients arrive in the leaves' ``.grad``, or, when ``capture`` is given, in ``capture`` for the nodes it holds.
    """
    results, leaves = collect(root._node for root in roots)
    changed = bool(results) and storage.latest_change() > results[-1].sequence
    order = results + leaves
    wanted = None if inputs is None else leading_to(inputs, reversed(order))
    cotangents = Cotangents()
    for root, gradient in zip(roots, gradients, strict=True):
        accumulate(cotangents, root._node, gradient)
    if wanted is not None:
        order = [node for node in order if node in wanted]
    observers = current_mode().observers

    def arrive(node: Node, g: Value) -> Value:
        if node.details is not None and node.details.hooks:
            g = run_hooks(node, g, create_graph)
        if capture is not None and node in capture:
            capture[node] = g
        if node.primitive is not LEAF:
            return g
        if capture is None:
            _deposit(node, g, create_graph)
        return None

    def run(node: Node, g: Value, cotangents: Cotangents, wanted: set[Node] | None) -> None:
        if changed:
            check_unchanged(node, wanted)
        if create_graph:
            run_recorded(node, g, cotangents, wanted)
        else:
            node.primitive.pull(node, g, cotangents, wanted)
        for observer in observers:
            observer.backward(node, tuple(cotangents.get(v) for v in node.inputs))

    ordinary = not (changed or create_graph or observers)
    sweep(order, cotangents, wanted, not retain_graph, arrive, None if ordinary else run, capture)


def check_unchanged(node: Node, wanted: set[Node] | None) -> None:
    """Refuse to use a saved value whose memory was changed in place after the node was recorded."""
    saved = node.saved
    if saved is FREED:
        return
    primitive = node.primitive
    for name, value in zip(primitive.saved_names, saved, strict=False):
        if wanted is not None and not primitive.list_input:
            users = (node.inputs[primitive.input_names.index(i)] for i in primitive.saved_for[name])
            if wanted.isdisjoint(users):
                continue
        for array in value if value.__class__ is tuple else (value,):
            operation = storage.changed_since(array, node.sequence)
            if operation is not None:
                where = f" recorded at {node.where}" if node.where else ""
                raise RuntimeError(
                    f"backward of {node.primitive.name} (shape {node.shape}){where} needs its {name!r}, but the memory "
                    f"was changed in place by {operation} afterwards. Run backward before the change, or make the "
                    "change out of place (x = x + y instead of x += y)"
                )


# -- sweep ----------------------------------------------------------------------------------------------------


def sweep(
    order: Iterable[Node], cotangents: Cotangents, wanted: set[Node] | None, free: bool,
    arrive: Callable[[Node, Any], Any], run: Callable[..., None] | None = None, captured: Any = None,
) -> None:  # fmt: skip
    """The whole of backpropagation: visit the nodes from last to first, and let each hand its gradient on.

    What follows is this loop, and no more than it; the rest is who looks on::

        gradients = {root: 1}
        for node in latest_first(root):
            g = gradients.pop(node)
            if node.is_leaf:
                node.grad += g
            for vertex, rule in zip(node.inputs, node.rules):
                gradients[vertex] += rule(g, *node.saved)

    A node's gradient is finished when the node is reached, because whatever read its value was made after it.

    Args:
        order: the nodes, latest first, leaves last.
        cotangents: the gradients to start from; they are used up.
        wanted: nodes from which no path leads to one of these are not run, and keep what they saved. None: all run.
        free: drop what a node saved once it has run.
        arrive: sees the finished gradient of leaves and of nodes with hooks, and returns what is to be handed on, or
            None.
        run: replaces the ordinary step, ``primitive.pull``.
        captured: further nodes whose finished gradient ``arrive`` sees.
    """
    for node in order:
        g = cotangents.pop(node, None)
        if g is None and not node.primitive.multi_output:
            continue
        if (node.details is not None or (captured is not None and node in captured)) and g is not None:
            g = arrive(node, g)
            if g is None:
                continue
        if wanted is not None and wanted.isdisjoint(node.inputs):
            continue
        if run is None:
            node.primitive.pull(node, g, cotangents, wanted)
        else:
            run(node, g, cotangents, wanted)
        if free and node.saved:
            node.saved = FREED


# -- leaves ---------------------------------------------------------------------------------------------------


# The sweep stands above, so it can be counted now.
count_references(sweep)
_leaf_lock = threading.Lock()


def _deposit(node: Node, g: Value, create_graph: bool) -> None:
    """Add ``g`` to the ``.grad`` of a leaf, whose handle may be gone."""
    leaf = node.handle()
    if leaf is None:
        return
    with _leaf_lock:
        if create_graph:
            if leaf._grad is not None:
                leaf._grad = leaf._grad + g
            else:
                # A gradient that is no part of a graph may be shared with other leaves, and may be added into later.
                leaf._grad = g if g._node.__class__ is Node else new_tensor(np.array(g._array), None)
        elif leaf._grad is None:
            leaf._grad = new_tensor(unshared(g), None)
        elif leaf._grad._array.flags.writeable and leaf._grad._node.__class__ is not Node:
            np.add(leaf._grad._array, g, out=leaf._grad._array)
            storage.mark_changed(leaf._grad._array, "the accumulation of .grad")
        else:
            leaf._grad = new_tensor(leaf._grad._array + g, None)


# The key of the hook of ``retain_grad``, which is called after all others.
RETAIN = -1


def run_hooks(node: Node, g: Value, create_graph: bool) -> Value:
    """Give the finished gradient of a value to its hooks, each of which may return another."""
    assert node.details is not None and node.details.hooks is not None
    gradient = g if create_graph else new_tensor(g, None)
    hooks = dict(node.details.hooks)
    if RETAIN in hooks:
        hooks[RETAIN] = hooks.pop(RETAIN)
    for hook in hooks.values():
        if not create_graph:
            # Hooks may keep what they see; the engine may add into it later.
            gradient = new_tensor(np.array(gradient._array), None)
        replaced = hook(gradient)
        if replaced is not None:
            if not hasattr(replaced, "_array"):
                raise TypeError(f"a hook must return a Tensor or None, not {type(replaced).__name__}")
            if replaced._array.shape != gradient._array.shape:
                raise ValueError(
                    f"a hook on {node.primitive.name} returned shape {replaced._array.shape} "
                    f"for a gradient of shape {gradient._array.shape}"
                )
            gradient = replaced
    return gradient if create_graph else np.array(gradient._array, dtype=node.dtype)
