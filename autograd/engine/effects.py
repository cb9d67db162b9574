"""Operations that change memory in place. What they change is declared, so that nothing is changed unseen.

Optimiser updates, clipping, running statistics and ``+=`` are all declared here or with :func:`update`. Calling one
checks that no graph is left inconsistent, changes the arrays, and dates the change (see ``storage.py``), so that a
backward pass that needed the old values is refused instead of silently wrong.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from ..core import storage
from ..core.mode import current_mode
from ..core.node import Node
from ..core.primitive import DeclarationError, is_ours
from ..core.types import Value
from .values import HANDLES

__all__ = ["UPDATES", "Update", "update"]

UPDATES: dict[str, Update] = {}


class Update:
    """The declaration of an in-place operation: its name, kernel, and which parameters it changes."""

    __slots__ = ("kernel", "mutates", "name", "parameters")

    def __init__(self, kernel: Callable[..., Any], mutates: tuple[str, ...]) -> None:
        self.kernel = kernel
        self.name = kernel.__name__
        self.mutates = mutates
        self.parameters = tuple(inspect.signature(kernel).parameters)
        for name in mutates:
            if name not in self.parameters:
                raise DeclarationError(f"update {self.name}: it mutates {name!r}, which is not a parameter")
        if not mutates:
            raise DeclarationError(f"update {self.name}: name the parameters that it changes in mutates=(...)")

    def run(self, arguments: dict[str, Any]) -> Any:
        """Check, change and date; return the first changed argument."""
        mode = current_mode()
        sources_need = mode.grad and any(
            a.__class__ in HANDLES and a._node.__class__ is Node for n, a in arguments.items() if n not in self.mutates
        )
        arrays: dict[str, Any] = {}
        for name, argument in arguments.items():
            handle = argument.__class__ in HANDLES
            arrays[name] = argument._array if handle else argument
            if name not in self.mutates or argument is None:
                continue
            if not handle:
                raise TypeError(
                    f"{self.name}: {name} is changed in place and must be a Tensor, not {type(argument).__name__}"
                )
            self._check(name, argument, mode.grad, sources_need)
        try:
            self.kernel(**arrays)
        except (ValueError, IndexError, TypeError) as error:
            text = str(error)
            kind = type(error) if type(error) in (ValueError, IndexError, TypeError) else ValueError
            raise kind(text if text.startswith(self.name) else f"{self.name}: {text}") from None
        for name in self.mutates:
            if arrays[name] is not None:
                storage.mark_changed(arrays[name], self.name)
        return arguments[self.mutates[0]]

    def _check(self, name: str, target: Value, grad: bool, sources_need: bool) -> None:
        if target._node.__class__ is Node:
            if not target.is_leaf:
                raise RuntimeError(
                    f"{self.name}: this tensor (shape {target.shape}) is the result of {target._node.primitive.name} "
                    "in a recorded graph, and changing it in place would make its gradient wrong. Compute a new tensor "
                    "instead (x = x + y, gg.where), or work on x.detach().clone()"
                )
            if grad:
                raise RuntimeError(
                    f"{self.name}: this tensor (shape {target.shape}) is a leaf that requires grad; change it in place "
                    "inside `with gg.no_grad():`"
                )
        elif sources_need:
            raise RuntimeError(
                f"{self.name}: the new values require grad, but an in-place change is not recorded. Compute a new "
                "tensor instead (x = x + y), or detach the values first"
            )
        if not target._array.flags.writeable:
            raise ValueError(
                f"{self.name}: the memory of this tensor (shape {target.shape}) is shared by broadcasting and cannot "
                "be changed; call .clone() first"
            )


def update(*, mutates: tuple[str, ...]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare an operation that changes some of its arguments in place.

    The kernel receives arrays and changes those named in ``mutates``; it must not reassign them. The function returns
    the first of them.

    Raises:
        DeclarationError: (a ``TypeError``) ``mutates`` names no parameter.

    >>> import glassgrad as gg
    >>> @gg.update(mutates=("x",))
    ... def clip_(x, limit):
    ...     x.clip(-limit, limit, out=x)
    >>> w = gg.tensor([3.0, -5.0], requires_grad=True)
    >>> with gg.no_grad():
    ...     clip_(w, 4.0)
    tensor([ 3., -4.], requires_grad=True)
    """

    def declare(kernel: Callable[..., Any]) -> Callable[..., Any]:
        declared = Update(kernel, mutates)
        signature = inspect.signature(kernel)
        names = declared.parameters
        defaults = {n: p.default for n, p in signature.parameters.items() if p.default is not p.empty}

        @functools.wraps(kernel)
        def function(*args: Any, **kwargs: Any) -> Any:
            # What signature.bind does, without its cost of many microseconds; it still words the errors.
            arguments = {**defaults, **dict(zip(names, args, strict=False)), **kwargs}
            if len(arguments) != len(names) or len(args) + len(kwargs) > len(names):
                bound = signature.bind(*args, **kwargs)
                bound.apply_defaults()
                arguments = bound.arguments
            return declared.run(arguments)

        function.update = declared  # type: ignore[attr-defined]
        if is_ours(kernel):
            UPDATES[declared.name] = declared
        return function

    return declare
