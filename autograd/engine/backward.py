"""Reverse mode: from a result back to everything it was computed from.

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
from ..core.paths import collect, leading_to, reachable
from ..core.primitive import REGISTRY
from .ownership import Cotangents, accumulate, count_references, unshared
from .steps import run_recorded
from .values import LEAF, new_tensor

__all__ = ["RETAIN", "backward", "check_unchanged", "grad", "run_hooks", "seed", "sweep"]


def sweep(
    order: Iterable[Node], cotangents: Cotangents, wanted: set[Node] | None, free: bool,
    arrive: Callable[[Node, Any], Any], run: Callable[..., None] | None = None, captured: Any = None,
) -> None:  # fmt: skip
    """The whole of backpropagation: visit the nodes from last to first, and let each hand its gradient on.

    ``arrive`` sees the finished gradient of leaves and of nodes with hooks; ``run`` replaces the ordinary step. With
    ``wanted``, nodes from which no path leads to a wanted one are not run, and keep what they saved.
    """
    for node in order:
        g = cotangents.pop(node, None)
        if g is None and not node.primitive.several:
            continue
        if (node.extra is not None or (captured is not None and node in captured)) and g is not None:
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

    def arrive(node: Node, g: Any) -> Any:
        if node.extra is not None and node.extra.hooks:
            g = run_hooks(node, g, create_graph)
        if capture is not None and node in capture:
            capture[node] = g
        if node.primitive is not LEAF:
            return g
        if capture is None:
            _deposit(node, g, create_graph)
        return None

    def run(node: Node, g: Any, cotangents: Cotangents, wanted: set[Node] | None) -> None:
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


# -- leaves ---------------------------------------------------------------------------------------------------


# The sweep stands above, so it can be counted now.
count_references(sweep)
_leaf_lock = threading.Lock()


def _deposit(node: Node, g: Any, create_graph: bool) -> None:
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


def run_hooks(node: Node, g: Any, create_graph: bool) -> Any:
    """Give the finished gradient of a value to its hooks, each of which may return another."""
    assert node.extra is not None and node.extra.hooks is not None
    gradient = g if create_graph else new_tensor(g, None)
    hooks = dict(node.extra.hooks)
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


# -- gg.grad --------------------------------------------------------------------------------------------------


def _as_list(value: Any, what: str) -> list[Any]:
    items = list(value) if isinstance(value, list | tuple) else [value]
    for i, item in enumerate(items):
        if not hasattr(item, "_array"):
            raise TypeError(f"grad: {what}[{i}] must be a Tensor, not {type(item).__name__}")
    return items


def seed(output: Any, gradient: Any, create_graph: bool, operation: str) -> Any:
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


def grad(
    outputs: Any, inputs: Any, grad_outputs: Any = None, retain_graph: bool | None = None, create_graph: bool = False,
    allow_unused: bool = False, materialize_grads: bool = False,
) -> tuple[Any, ...]:  # fmt: skip
    """Return the gradients of ``outputs`` with respect to ``inputs``, leaving every ``.grad`` alone.

    Args:
        outputs: a tensor or a list of them. Several are summed, weighted by ``grad_outputs``.
        inputs: a tensor or a list of them, leaves or intermediate results.
        grad_outputs: for each output the gradient to start from, of its shape; may be left out for single numbers.
        retain_graph: keep the saved values for another pass. Default: the value of ``create_graph``.
        create_graph: record the pass itself, so that the gradients can be differentiated again.
        allow_unused: give ``None`` for an input that the outputs do not depend on, instead of raising.
        materialize_grads: give zeros for such an input.

    Returns:
        One Tensor (or ``None``) for each input, of its shape and dtype.

    Raises:
        RuntimeError: an input is not part of the graph; the message names where the path was cut, if that is known.

    >>> import glassgrad as gg
    >>> x = gg.tensor(3.0, requires_grad=True)
    >>> (dx,) = gg.grad(x ** 3, [x], create_graph=True)
    >>> gg.grad(dx, [x])
    (tensor(18.),)
    """
    roots = _as_list(outputs, "outputs")
    targets = _as_list(inputs, "inputs")
    if not roots:
        raise ValueError("grad: outputs is empty")
    starts = [None] * len(roots) if grad_outputs is None else (
        list(grad_outputs) if isinstance(grad_outputs, list | tuple) else [grad_outputs]
    )  # fmt: skip
    if len(starts) != len(roots):
        raise ValueError(f"grad: {len(roots)} outputs, but {len(starts)} grad_outputs")
    nodes: list[Node] = []
    for i, target in enumerate(targets):
        if target._node.__class__ is not Node:
            if allow_unused or materialize_grads:
                continue
            raise RuntimeError(f"grad: inputs[{i}] (shape {target._array.shape}) does not require grad")
        nodes.append(target._node)
    seeds = [seed(root, start, create_graph, "grad") for root, start in zip(roots, starts, strict=True)]
    capture: dict[Node, Any] = dict.fromkeys(nodes)
    keep = create_graph if retain_graph is None else retain_graph
    if not (allow_unused or materialize_grads):
        _require_paths(roots, targets)
    backward(roots, seeds, keep, create_graph, inputs=nodes, capture=capture)
    results = []
    for target in targets:
        g = capture.get(target._node)
        if g is None:
            results.append(new_tensor(np.zeros_like(target._array), None) if materialize_grads else None)
        else:
            results.append(g if create_graph else new_tensor(np.array(g), None))
    return tuple(results)


def _require_paths(roots: list[Any], targets: list[Any]) -> None:
    found = reachable(root._node for root in roots)
    seen = set(found)
    for i, target in enumerate(targets):
        if target._node in seen:
            continue
        name = f" {target.name!r}" if target.name else ""
        cuts = []
        for node in found:
            for vertex in node.inputs:
                if vertex.__class__ is Constant and vertex.cut:
                    origin = vertex.origin() if vertex.origin is not None else None
                    source = f" of {origin!r}" if origin is not None else ""
                    cuts.append(f"{vertex.cut}(){source} enters {node.primitive.name} (shape {node.shape})")
        cut = f" The path may have been cut here: {'; '.join(dict.fromkeys(cuts))}." if cuts else ""
        raise RuntimeError(
            f"grad: the outputs do not depend on inputs[{i}]{name} (shape {target._array.shape}).{cut} Pass "
            "allow_unused=True to get None, or materialize_grads=True to get zeros"
        )
