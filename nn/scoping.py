"""Where in a network the program is: the path that ``Module.__call__`` opens as a scope."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from ..autograd.core.mode import current_mode

if TYPE_CHECKING:
    from .module import Module

__all__ = ["ModulePath", "located", "path_below"]


class ModulePath(tuple[str, ...]):
    """The path of one module's calls, such as ``("Net", "features", "conv1")``, and a weak reference to the module."""

    module: weakref.ref[Module]


def path_below(above: tuple[str, ...], module: Module) -> ModulePath:
    """Return the path for calls of ``module`` from where the path is ``above``.

    What is added is the name under which the calling module holds it: ``"conv1"``, or ``"layers", "0"`` if it sits in
    a container that is not called itself. The outermost module, and one that the caller does not hold, add their class
    name.
    """
    path = ModulePath((*above, *_name_below(above, module)))
    path.module = weakref.ref(module)
    return path


def _name_below(above: tuple[str, ...], module: Module) -> tuple[str, ...]:
    caller = above.module() if isinstance(above, ModulePath) else None
    if caller is not None and caller is not module:
        for name, held in caller.named_modules():
            if held is module:
                return tuple(name.split("."))
    elif above and "_held_as" in vars(module):
        # Inside a user's own scope the caller is unknown.
        name = vars(module)["_held_as"]
        return (name,)
    return (type(module).__name__,)


def located(error: type[Exception], message: str) -> Any:
    """Return an exception whose message ends with the path of the module that is running, if one is.

    >>> located(ValueError, "the input is empty")
    ValueError('the input is empty')
    """
    context = current_mode().context
    if context is not None and context.scope:
        message += f" [in module {'.'.join(context.scope)}]"
    return error(message)
