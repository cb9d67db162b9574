"""Where a loss that is no finite number came from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..autograd import Tensor, detect_anomaly, enable_grad, get_rng_state, no_grad, set_rng_state
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
    return _rerun(model, loss, inputs, target, random_state, check_inf=not np.isnan(value))


def _rerun(
    model: Module, loss: Callable[..., Any], inputs: tuple[Any, ...], target: Any, random_state: Any, check_inf: bool
) -> str:
    buffers = [(buffer, buffer.numpy(copy=True)) for buffer in model.buffers()]
    random_after = get_rng_state()
    set_rng_state(random_state)
    try:
        with enable_grad(), detect_anomaly(check_inf=check_inf), np.errstate(all="ignore"):
            loss(model(*inputs), target)
    except FloatingPointError as error:
        return str(error).removeprefix("detect_anomaly: ")
    finally:
        set_rng_state(random_after)
        with no_grad():
            for buffer, values in buffers:
                assign(buffer, values)
    return "it did not happen again when the batch was run once more"


def _bad(value: Any) -> np.ndarray[Any, Any] | None:
    """Where a tensor or array is not finite; None if it is everywhere, or does not hold floats."""
    array = value.detach().numpy() if isinstance(value, Tensor) else value
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
        return None
    finite = np.isfinite(array)
    return None if finite.all() else ~finite
