"""Where a loss that is no finite number came from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..autograd import Tensor, enable_grad, get_rng_state, no_grad, record, set_rng_state
from ..autograd.core.node import Node
from ..autograd.ops.in_place import assign
from ..nn import Module

__all__ = ["explain_loss"]


def explain_loss(
    model: Module, loss: Callable[..., Any], inputs: tuple[Any, ...], target: Any, random_state: Any, value: float
) -> str:
    """Say what first made the loss of a batch NaN or infinite: the data, a parameter, or an operation in a module.

    The batch is run once more, with the same random numbers. Buffers, the generator and gradients are left as they
    were; forward hooks are called again.

    Args:
        model, loss: as they were for the batch; parameters must not have been updated since.
        inputs, target: the batch.
        random_state: of the library's generator, before the batch.
        value: the loss.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> batch = gg.tensor([[1.0], [float("nan")]])
    >>> explain_loss(nn.Linear(1, 1), nn.MSELoss(), (batch,), gg.zeros(2, 1), gg.get_rng_state(), float("nan"))
    'input 0 of the batch has 1 value that is NaN or infinite, the first in sample 1'
    """
    for name, given in [*((f"input {i}", x) for i, x in enumerate(inputs)), ("the target", target)]:
        bad = _bad(given)
        if bad is not None:
            count = int(bad.sum())
            values = "1 value that is" if count == 1 else f"{count} values that are"
            sample = int(np.argwhere(bad)[0][0]) if bad.ndim else 0
            return f"{name} of the batch has {values} NaN or infinite, the first in sample {sample}"
    spoilt = [name for name, parameter in model.named_parameters() if _bad(parameter) is not None]
    if spoilt:
        rest = f" and {len(spoilt) - 1} more parameters" if len(spoilt) > 1 else ""
        return (
            f"{spoilt[0]}{rest} became NaN or infinite at an earlier step; the learning rate may be too large, and "
            "gg.detect_anomaly() around the training finds the operation whose gradient it was"
        )
    return _origin(_rerun(model, loss, inputs, target, random_state), nan=bool(np.isnan(value)))


def _rerun(
    model: Module, loss: Callable[..., Any], inputs: tuple[Any, ...], target: Any, random_state: Any
) -> list[Any]:
    """The operations of the batch, with what went in and came out, everything else being left as it was."""
    buffers = [(buffer, buffer.numpy(copy=True)) for buffer in model.buffers()]
    random_after = get_rng_state()
    set_rng_state(random_state)
    try:
        with enable_grad(), record(keep="all") as recording, np.errstate(all="ignore"):
            loss(model(*inputs), target)
    finally:
        set_rng_state(random_after)
        with no_grad():
            for buffer, values in buffers:
                assign(buffer, values)
    return recording.events


def _origin(events: list[Any], nan: bool) -> str:
    """The first operation that made a NaN, or an infinity, and what made the value that led to it.

    Infinities are often meant, as in masks; so only those count that the NaN was computed from.
    """
    last = next((e for e in events if (_holds_nan if nan else _spoilt)(e.output)), None)
    if last is None:
        return "it did not happen again when the batch was run once more"
    made = {id(event.node): event for event in events}
    first = last
    while earlier := [event for event in _before(first.node, made) if _spoilt(event.output)]:
        first = earlier[0]
    came_in = any(_spoilt(value) for value in first.inputs)
    source = "one came in with its inputs" if came_in else "all its inputs are finite"
    text = f"{_describe(first)}; {source}"
    return text if first is last else f"{text}. It led to a NaN: {_describe(last)}"


def _before(node: Any, made: dict[int, Any]) -> Iterator[Any]:
    """The operations whose results a node reads; one output of several has a node that is no operation."""
    for read in node.inputs:
        if id(read) in made:
            yield made[id(read)]
        elif isinstance(read, Node):
            yield from _before(read, made)


def _describe(event: Any) -> str:
    node = event.node
    kind = "a NaN" if _holds_nan(event.output) else "an infinity"
    module = f" in module {'.'.join(node.scope)}" if node.scope else ""
    return f"{node.primitive.name} made {kind} in its output of shape {node.shape} at {node.where}{module}"


def _spoilt(value: Any) -> bool:
    """Whether a raw value, or one of several, holds a NaN or an infinity."""
    if isinstance(value, list | tuple):
        return any(map(_spoilt, value))
    array = np.asarray(value)
    return array.dtype.kind == "f" and not np.isfinite(array).all()


def _holds_nan(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_holds_nan, value))
    array = np.asarray(value)
    return array.dtype.kind == "f" and bool(np.isnan(array).any())


def _bad(value: Any) -> np.ndarray[Any, Any] | None:
    """Where a tensor or array is not finite; None if it is everywhere, or does not hold floats."""
    array = value.detach().numpy() if isinstance(value, Tensor) else value
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
        return None
    finite = np.isfinite(array)
    return None if finite.all() else ~finite
