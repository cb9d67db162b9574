"""What the engine is asked to do while an operation runs: record or not, and in whose name.

A :class:`Mode` is immutable and lives in one context variable, so every thread and every asyncio task has its own and
leaving a ``with`` block can never disturb another. An operation reads it once.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar, cast

__all__ = [
    "NOWHERE", "Context", "Mode", "current_mode", "enable_grad", "is_grad_enabled", "is_recomputing", "no_grad",
    "scope", "set_grad_enabled", "set_mode",
]  # fmt: skip

Function = TypeVar("Function", bound=Callable[..., Any])


class Context:
    """Where a node comes from: the module path, the forward node it differentiates, the user's source line.

    Shared by all nodes made in the same place, so the ordinary operation pays one reference for it.
    """

    __slots__ = ("order", "origin", "scope", "where")

    def __init__(
        self, scope: tuple[str, ...] = (), origin: Any = None, order: int = 0, where: str | None = None
    ) -> None:
        self.scope = scope
        self.origin = origin
        self.order = order
        self.where = where

    def replace(self, **changes: Any) -> Context:
        """Return a copy with some fields changed."""
        values = {name: getattr(self, name) for name in ("scope", "origin", "order", "where")}
        values.update(changes)
        return Context(**values)


NOWHERE = Context()


class Observer(Protocol):
    """Something that watches operations happen: a recorder, the anomaly detector."""

    def forward(self, node: Any, inputs: tuple[Any, ...], out: Any) -> None:
        """Called after an operation was recorded, with the raw values it read and made."""

    def backward(self, node: Any, gradients: tuple[Any, ...]) -> None:
        """Called after the derivative rules of ``node`` ran, with the gradients for its inputs."""


class Mode:
    """One immutable set of switches."""

    __slots__ = ("context", "grad", "observers", "outer")

    def __init__(
        self,
        grad: bool = True,
        context: Context | None = None,
        observers: tuple[Observer, ...] = (),
        outer: Mode | None = None,
    ) -> None:
        self.grad = grad
        self.context = context
        self.observers = observers
        self.outer = outer

    def replace(self, **changes: Any) -> Mode:
        """Return a copy with some switches changed."""
        values: dict[str, Any] = {
            "grad": self.grad, "context": self.context, "observers": self.observers, "outer": self.outer,
        }  # fmt: skip
        values.update(changes)
        return Mode(**values)


_mode: ContextVar[Mode] = ContextVar("glassgrad_mode", default=Mode())  # noqa: B039 - a Mode is immutable
current_mode = _mode.get
set_mode = _mode.set


class ModeSwitch:
    """A context manager, and a decorator, that changes the mode for the code inside it.

    As a decorator of a generator function the mode holds only while the generator's own code runs, never in the code
    that consumes it.
    """

    def enter(self, mode: Mode) -> Mode:
        """Return the mode for the code inside."""
        raise NotImplementedError

    # A mode remembers the one outside it, so a switch holds no state: the same one may be entered again inside itself,
    # and by several threads at once.

    def __enter__(self) -> Any:
        outer = current_mode()
        inner = self.enter(outer)
        inner.outer = outer
        set_mode(inner)
        return self

    def __exit__(self, *exception: object) -> None:
        # Not by token: a block opened in one context may be closed in another, as happens with asynchronous generators.
        outer = current_mode().outer
        if outer is not None:
            set_mode(outer)

    def clone(self) -> ModeSwitch:
        """Return a fresh switch of the same kind: a decorated function may run in several threads at once."""
        return type(self)()

    def __call__(self, function: Function) -> Function:
        if isinstance(function, staticmethod | classmethod):
            return cast(Function, type(function)(self(function.__func__)))
        if not callable(function):
            raise TypeError(f"{type(self).__name__} decorates a function, but got {type(function).__name__}")
        if inspect.isgeneratorfunction(function):
            return cast(Function, self._wrap_generator(function))
        if inspect.isasyncgenfunction(function):
            return cast(Function, self._wrap_async_generator(function))
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def coroutine(*args: Any, **kwargs: Any) -> Any:
                with self.clone():
                    return await function(*args, **kwargs)

            return cast(Function, coroutine)

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with self.clone():
                return function(*args, **kwargs)

        return cast(Function, wrapper)

    def _wrap_generator(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            generator = function(*args, **kwargs)
            step: Callable[..., Any] = generator.send
            argument: Any = None
            try:
                while True:
                    with self.clone():
                        try:
                            item = step(argument)
                        except StopIteration as stop:
                            return stop.value
                    try:
                        argument = yield item
                        step = generator.send
                    except GeneratorExit:
                        raise
                    except BaseException as error:
                        argument = error
                        step = generator.throw
            finally:
                with self.clone():
                    generator.close()

        return wrapper

    def _wrap_async_generator(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        async def wrapper(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
            generator = function(*args, **kwargs)
            step: Callable[..., Any] = generator.asend
            argument: Any = None
            try:
                while True:
                    with self.clone():
                        try:
                            item = await step(argument)
                        except StopAsyncIteration:
                            return
                    try:
                        argument = yield item
                        step = generator.asend
                    except GeneratorExit:
                        raise
                    except BaseException as error:
                        argument = error
                        step = generator.athrow
            finally:
                with self.clone():
                    await generator.aclose()

        return wrapper


class PlainSwitch(ModeSwitch):
    """A switch without arguments, which decorates with brackets or without: ``@no_grad()`` or ``@no_grad``."""

    def __new__(cls, function: Any = None) -> Any:
        switch = super().__new__(cls)
        return switch if function is None else switch(function)


class no_grad(PlainSwitch):
    """Switch recording off: results require no gradient and no graph is kept.

    Use it as ``with no_grad():`` or, on a function or method, as ``@no_grad`` or ``@no_grad()``. It is local to the
    thread and to the asyncio task.

    >>> import glassgrad as gg
    >>> x = gg.tensor([1.0, 2.0], requires_grad=True)
    >>> with gg.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    def enter(self, mode: Mode) -> Mode:
        return Mode(False, mode.context, mode.observers)


class enable_grad(PlainSwitch):
    """Switch recording on again inside :class:`no_grad`; used in the same ways.

    >>> import glassgrad as gg
    >>> x = gg.tensor([1.0], requires_grad=True)
    >>> with gg.no_grad(), gg.enable_grad():
    ...     y = x * 2
    >>> y.requires_grad
    True
    """

    def enter(self, mode: Mode) -> Mode:
        return Mode(True, mode.context, mode.observers)


class set_grad_enabled(ModeSwitch):
    """Switch recording on or off by a boolean, for a ``with`` block or a decorated function.

    Unlike PyTorch's, calling it without ``with`` changes nothing: a switch always ends.

    >>> import glassgrad as gg
    >>> with gg.set_grad_enabled(False):
    ...     gg.is_grad_enabled()
    False
    """

    def __init__(self, mode: bool) -> None:
        if callable(mode):
            raise TypeError("set_grad_enabled: the mode must be True or False; write @gg.set_grad_enabled(False)")
        self._grad = bool(mode)

    def enter(self, mode: Mode) -> Mode:
        return Mode(self._grad, mode.context, mode.observers)

    def clone(self) -> ModeSwitch:
        return set_grad_enabled(self._grad)


class scope(ModeSwitch):
    """Name the part of the program that the operations inside belong to; pictures draw it as a box.

    ``Module.__call__`` opens one for every module. Scopes nest.

    >>> import glassgrad as gg
    >>> x = gg.tensor([1.0], requires_grad=True)
    >>> with gg.scope("encoder"), gg.scope("first"):
    ...     y = x * 2
    >>> y.grad_fn.scope
    ('encoder', 'first')
    """

    def __init__(self, name: str) -> None:
        if not isinstance(name, str):
            raise TypeError(f"scope: the name must be a string, not {type(name).__name__}, as in scope('encoder')")
        self._name = name

    def enter(self, mode: Mode) -> Mode:

        outer = mode.context
        if outer is None:
            return Mode(mode.grad, Context((self._name,)), mode.observers)
        inner = Context((*outer.scope, self._name), outer.origin, outer.order, outer.where)
        return Mode(mode.grad, inner, mode.observers)

    def clone(self) -> ModeSwitch:
        return scope(self._name)


def is_grad_enabled() -> bool:
    """Return whether operations are being recorded here.

    >>> import glassgrad as gg
    >>> gg.is_grad_enabled()
    True
    """
    return current_mode().grad


def is_recomputing() -> bool:
    """Return whether a checkpoint is computing again here what it computed before.

    What a function does besides its result, such as counting batches, should then not be done a second time.

    >>> is_recomputing()
    False
    """
    return any(getattr(observer, "recomputes", False) for observer in current_mode().observers)
