"""The code that the library writes for an operation: its call, its backward step, and the same on Scalars."""

from __future__ import annotations

import difflib
import inspect

from .autograd import COMPOSED, REGISTRY, UPDATES, Primitive
from .autograd.engine.generate import call_source, can_specialise
from .autograd.engine.generate_step import pull_source
from .autograd.handles.scalar_calls import scalar_call_source, scalar_pull_source

__all__ = ["source"]


def source(name: str) -> str:
    """Return the code of an operation: as it is generated, or as it was written where nothing is.

    Names of the engine carry the prefix ``_gg_``, which keeps them apart from the operation's parameters.

    Args:
        name: of a primitive, a composed operation or an in-place one, such as ``"multiply"``.

    Raises:
        KeyError: there is no operation of this name; the message names similar ones.

    >>> from glassgrad.source import source
    >>> print(source("multiply").split("\\n\\n\\n")[-1])
    # multiply: the backward step on Scalars
    def pull(node, g):
        x_operand = node.first
        y_operand = node.second
        if x_operand.requires_grad: x_operand.grad += (g * y_operand.value)
        if y_operand.requires_grad: y_operand.grad += (g * x_operand.value)
    """
    if name in REGISTRY:
        return _generated(REGISTRY[name])
    written = COMPOSED.get(name) or (UPDATES[name].kernel if name in UPDATES else None)
    if written is not None:
        kind = "changes memory in place" if name in UPDATES else "is written with other operations"
        return f"# {name} {kind}, so nothing is generated: {written.__module__}\n{inspect.getsource(written)}"
    names = [*REGISTRY, *COMPOSED, *UPDATES]
    similar = difflib.get_close_matches(name, names, 5) or sorted(n for n in names if name in n)[:5]
    hint = f"; similar: {', '.join(similar)}" if similar else ""
    raise KeyError(f"there is no operation named {name!r}{hint}")


def _generated(primitive: Primitive) -> str:
    parameters = [p.replace(annotation=p.empty) for p in primitive.signature.parameters.values()]
    title = f"# {primitive.name}{inspect.Signature(parameters)}, {primitive.kind}"
    parts = [f"{title}: the call\n{call_source(primitive)}"]
    if not primitive.differentiable:
        parts.append(f"# {primitive.name}: no derivative, so no backward step")
    elif can_specialise(primitive):
        parts.append(f"# {primitive.name}: the backward step\n{pull_source(primitive)}")
    else:
        parts.append(f"# {primitive.name}: the backward step is interpreted (steps.pull_generic)")
    if primitive.kind == "elementwise" and not primitive.list_input:
        if not primitive.static_names and len(primitive.input_names) <= 2:
            parts.append(f"# {primitive.name}: the call on Scalars\n{scalar_call_source(primitive)}")
        parts.append(f"# {primitive.name}: the backward step on Scalars\n{scalar_pull_source(primitive)}")
    return "\n\n\n".join(parts).replace("$", "_gg_")
