"""The table that ``Module.summary`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..autograd import Tensor, get_default_dtype, no_grad
from .members import hint_at_hidden

if TYPE_CHECKING:
    from .module import Module

__all__ = ["summarize"]


def summarize(model: Module, inputs: tuple[Any, ...]) -> str:
    """Run ``model`` once and return the table of its layers. See ``Module.summary``."""
    if not inputs:
        raise TypeError("summary: give the shape of the input, batch dimension included, such as (1, 1, 28, 28)")
    names = {id(module): name or type(model).__name__ for name, module in model.named_modules()}
    modes = [(module, module.training) for module in model.modules()]
    rows: list[tuple[str, str, str, str]] = []
    counted: set[int] = set()

    def note(module: Module, args: tuple[Any, ...], out: Any) -> None:
        own = [p for _, p in module.named_parameters(recurse=False)]
        if own or not any(module.children()):
            fresh = [p for p in own if id(p) not in counted]
            counted.update(map(id, fresh))
            count = f"{sum(p.numel() for p in fresh):,}" if fresh or not own else "(shared)"
            rows.append((names[id(module)], type(module).__name__, _shape(out), count))

    handles = [module.register_forward_hook(note) for module in model.modules()]
    try:
        with no_grad():
            model.eval()(*(_as_input(model, value) for value in inputs))
    finally:
        for handle in handles:
            handle.remove()
        for module, training in modes:
            module.training = training
    hint = hint_at_hidden(model)
    return "\n".join([*_table(rows), _total(model), *([f"hint: {hint}"] if hint else [])])


def _as_input(model: Module, value: Any) -> Any:
    if isinstance(value, tuple | list) and all(isinstance(n, int | np.integer) for n in value):
        dtype = next((p.dtype for p in model.parameters()), get_default_dtype())
        return Tensor(np.zeros(value, dtype))
    return value if isinstance(value, Tensor) else Tensor(value)


def _shape(out: Any) -> str:
    if isinstance(out, tuple | list):
        return ", ".join(map(_shape, out))
    return str(out.shape) if hasattr(out, "shape") else type(out).__name__


def _table(rows: list[tuple[str, str, str, str]]) -> list[str]:
    lines = [("layer", "kind", "output shape", "parameters"), *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(4)]
    return [
        "  ".join(
            cell.rjust(width) if i == 3 else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    ]


def _total(model: Module) -> str:
    parameters = list(model.parameters())
    total = sum(p.numel() for p in parameters)
    trainable = sum(p.numel() for p in parameters if p.requires_grad)
    size = float(sum(p.nbytes for p in parameters))
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":
            break
        size /= 1024
    return f"{type(model).__name__}: {total:,} parameters, {trainable:,} trainable, {size:.3g} {unit}"
