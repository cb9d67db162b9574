"""``gg.grad``: gradients as results, with every ``.grad`` left alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.node import Constant, Node
from ..core.paths import reachable
from ..core.types import Value
from .backward import backward, seed
from .values import new_tensor

__all__ = ["grad"]


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
    starts = (
        [None] * len(roots)
        if grad_outputs is None
        else (list(grad_outputs) if isinstance(grad_outputs, list | tuple) else [grad_outputs])
    )
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


def _as_list(value: Value, what: str) -> list[Any]:
    items = list(value) if isinstance(value, list | tuple) else [value]
    for i, item in enumerate(items):
        if not hasattr(item, "_array"):
            raise TypeError(f"grad: {what}[{i}] must be a Tensor, not {type(item).__name__}")
    return items


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
