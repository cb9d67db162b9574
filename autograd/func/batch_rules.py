"""The rules by which operations run on a whole batch: how their axes move when the batch comes in front."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.primitive import REGISTRY
from .batching import RULES, Call

__all__ = ["shift"]


def _rule(*names: str) -> Callable[[Callable[[Call], Any]], Callable[[Call], Any]]:
    def declare(rule: Callable[[Call], Any]) -> Callable[[Call], Any]:
        RULES.update(dict.fromkeys(names, rule))
        return rule

    return declare


def shift(dim: Any, ndim: int) -> Any:
    """Return the place of an axis of one example in the whole batch."""
    if not -ndim <= dim < ndim:
        raise IndexError(f"dim {dim} does not exist in a tensor of {ndim} dimensions")
    return int(dim) % ndim + 1


@_rule("sum", "mean", "amax", "amin", "argmax", "argmin", "softmax", "log_softmax", "cumsum", "cumprod", "argsort")
def _along(call: Call) -> Any:
    ndim, dim = call.ndim(), call.static.get("dim")
    if ndim == 0 or (dim is None and call.primitive.name not in ("sum", "mean", "amax", "amin")):
        return NotImplemented
    if dim is None:
        return call.run(*call.inputs, dim=tuple(range(1, ndim + 1)))
    if isinstance(dim, list | tuple):
        return call.run(*call.inputs, dim=tuple(shift(d, ndim) for d in dim)) if dim else NotImplemented
    return call.run(*call.inputs, dim=shift(dim, ndim))


@_rule("clone", "astype")
def _whole(call: Call) -> Any:
    return call.run(*call.inputs)


@_rule("reshape")
def _reshape(call: Call) -> Any:
    shape = call.static["shape"]
    shape = [shape] if isinstance(shape, int | np.integer) else list(shape)
    if -1 in shape:
        rest = int(np.prod([n for n in shape if n != -1], dtype=int))
        count = int(np.prod(call.inputs[0].shape[1:], dtype=int))
        if shape.count(-1) > 1 or not rest or count % rest:
            return NotImplemented
        shape[shape.index(-1)] = count // rest
    return call.run(*call.inputs, shape=(call.size, *shape))


@_rule("transpose")
def _transpose(call: Call) -> Any:
    ndim = call.ndim()
    return call.run(*call.inputs, dim0=shift(call.static["dim0"], ndim), dim1=shift(call.static["dim1"], ndim))


@_rule("permute")
def _permute(call: Call) -> Any:
    return call.run(*call.inputs, dims=(0, *(shift(d, call.ndim()) for d in call.static["dims"])))


@_rule("broadcast_to")
def _broadcast_to(call: Call) -> Any:
    shape = tuple(call.static["shape"])
    if len(shape) < call.ndim():
        return NotImplemented
    return call.run(call.aligned(0, len(shape)), shape=(call.size, *shape))


@_rule("getitem")
def _getitem(call: Call) -> Any:
    index = call.static["index"]
    items = index if isinstance(index, tuple) else (index,)
    advanced = [i for i, item in enumerate(items) if not (
        item is None or item is Ellipsis or isinstance(item, slice) or (
            isinstance(item, int | np.integer) and not isinstance(item, bool)))]  # fmt: skip
    integers = [i for i, item in enumerate(items) if isinstance(item, int | np.integer)]
    if advanced and (integers or len(advanced) > 1):
        # Where NumPy puts the axes of several index arrays depends on what stands between and before them.
        return NotImplemented
    return call.run(*call.inputs, index=(slice(None), *items))


@_rule("matmul")
def _matmul(call: Call) -> Any:
    ranks = call.ndim(0), call.ndim(1)
    if 0 in ranks:
        return NotImplemented
    reshape = REGISTRY["reshape"].function
    operands = []
    for i, rank in enumerate(ranks):
        x = call.inputs[i]
        if rank == 1:
            # A vector on the left is a row, on the right a column.
            shape = x.shape[:-1] + ((1, x.shape[-1]) if i == 0 else (x.shape[-1], 1))
            x = reshape(x, shape)
        operands.append(x)
    most = max(2, *ranks)
    made = Call(call.primitive, operands, call.batched, call.static, call.size)
    out = made.run(made.aligned(0, most), made.aligned(1, most))
    drop = [-2] * (ranks[0] == 1) + [-1] * (ranks[1] == 1)
    if drop:
        shape = [n for d, n in zip(range(-out.ndim, 0), out.shape, strict=True) if d not in drop]
        out = reshape(out, tuple(shape))
    return out


@_rule("linear")
def _linear(call: Call) -> Any:
    if call.batched[0] and not any(call.batched[1:]) and call.ndim() >= 1:
        return call.run(*call.inputs)
    return NotImplemented


@_rule("concatenate", "stack")
def _joined(call: Call) -> Any:
    ndim = call.ndim() + (call.primitive.name == "stack")
    return call.run(*(call.with_batch_axis(i) for i in range(len(call.inputs))), dim=shift(call.static["dim"], ndim))
