"""Functions that are called when a module runs, and when gradients pass it; PyTorch's hooks."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..autograd import Tensor, enable_grad, no_grad
from ..autograd.core.mode import current_mode
from ..autograd.core.node import Node
from ..autograd.core.primitive import Primitive
from ..autograd.engine.steps import pull_generic
from ..autograd.engine.values import HANDLES, new_tensor, project
from ..autograd.handles.tensor import HookHandle

if TYPE_CHECKING:
    from .module import Module

__all__ = ["Hooks"]

# Never used again, so that a handle can only ever remove its own hook.
_keys = itertools.count()


class _Entry(NamedTuple):
    """A hook, and how it wants to be called."""

    hook: Callable[..., Any]
    with_kwargs: bool = False
    always_call: bool = False


class Hooks:
    """The hooks of one module, in the order in which they are called.

    Attributes:
        before, after: called before and after ``forward``.
        backward_before, backward: called when the gradients of the outputs, and those of the inputs, are known.
    """

    __slots__ = ("after", "backward", "backward_before", "before")

    def __init__(self) -> None:
        self.before: dict[int, _Entry] = {}
        self.after: dict[int, _Entry] = {}
        self.backward_before: dict[int, _Entry] = {}
        self.backward: dict[int, _Entry] = {}

    def __bool__(self) -> bool:
        return any(getattr(self, kind) for kind in self.__slots__)

    def __copy__(self) -> Hooks:
        twin = Hooks()
        for kind in self.__slots__:
            setattr(twin, kind, dict(getattr(self, kind)))
        return twin

    def add(
        self, kind: str, what: str, hook: Any, prepend: bool, with_kwargs: bool = False, always_call: bool = False
    ) -> HookHandle:
        """Add a hook; return what takes it away."""
        if not callable(hook):
            raise TypeError(f"{what}: expected a function, got {type(hook).__name__}")
        entries: dict[int, _Entry] = getattr(self, kind)
        key = next(_keys)
        entry = {key: _Entry(hook, with_kwargs, always_call)}
        if prepend:
            others = dict(entries)
            entries.clear()
            entries.update(entry | others)
        else:
            entries.update(entry)
        return HookHandle(entries, key)

    def begin(self, module: Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Call:
        """Call what comes before forward; return the call, with the arguments for forward."""
        call = _Call(module, self, args, kwargs)
        try:
            call.begin()
        except Exception:
            call.fail()
            raise
        return call


class _Call:
    """One call of a module that has hooks: the arguments as they are by now, and which hooks have been called."""

    def __init__(self, module: Module, hooks: Hooks, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.module = module
        self.hooks = hooks
        self.args = args
        self.kwargs = kwargs
        self.out: Any = None
        self.called: set[int] = set()
        self.gates: _Gates | None = None

    def begin(self) -> None:
        """Call the hooks before forward, and put the arguments behind a gate."""
        for entry in tuple(self.hooks.before.values()):
            if entry.with_kwargs:
                replaced = entry.hook(self.module, self.args, self.kwargs)
                if replaced is not None:
                    if not isinstance(replaced, tuple) or len(replaced) != 2:
                        raise RuntimeError(
                            f"a forward pre-hook of {type(self.module).__name__} with kwargs must return None or "
                            f"a pair (args, kwargs), not {replaced!r}"
                        )
                    self.args, self.kwargs = replaced
            else:
                replaced = entry.hook(self.module, self.args)
                if replaced is not None:
                    self.args = replaced if isinstance(replaced, tuple) else (replaced,)
        if self.hooks.backward or self.hooks.backward_before:
            self.gates = _Gates(self.module, self.hooks)
            self.args = self.gates.enter(self.args)

    def end(self, out: Any) -> Any:
        """Call the hooks after forward; return the output, behind a gate."""
        self.out = out
        try:
            for key, entry in tuple(self.hooks.after.items()):
                self.called.add(key)
                self._after(entry)
            return self.out if self.gates is None else self.gates.leave(self.out)
        except Exception:
            self.fail()
            raise

    def fail(self) -> None:
        """Call the hooks that are always called, now that something has raised; its error is the one to be seen."""
        for key, entry in tuple(self.hooks.after.items()):
            if entry.always_call and key not in self.called:
                try:
                    self._after(entry)
                except Exception as error:
                    warnings.warn(
                        f"a forward hook with always_call=True raised {error!r}, after forward had raised already",
                        stacklevel=4,
                    )

    def _after(self, entry: _Entry) -> None:
        given = (self.args, self.kwargs) if entry.with_kwargs else (self.args,)
        replaced = entry.hook(self.module, *given, self.out)
        if replaced is not None:
            self.out = replaced


# -- gradients ---------------------------------------------------------------------------------------------------------


def _kernel(tensors: Any, function: Any) -> Any:
    return list(tensors)


# A gate: it passes values on as they are, and shows their gradients, all together, to a function.
GATE = Primitive(
    _kernel, "general", {"tensors": lambda g, needs_grad, function: function(g)}, name="module_hook", list_input=True,
    outputs="list", symbol="hook", casts=True,
)  # fmt: skip
GATE.pull = pull_generic
GATE.zero_filled = False


def _through_a_gate(values: Sequence[Any], function: Callable[[Any], Any]) -> tuple[list[Any], list[int]]:
    """Return the values, those that require grad behind one gate, and the positions of these."""
    places = [i for i, v in enumerate(values) if v.__class__ in HANDLES and v.requires_grad]
    passed = list(values)
    if not places or not current_mode().grad:
        return passed, []
    node = Node(
        GATE, tuple(values[i].shape for i in places), tuple(values[i].dtype for i in places),
        inputs=tuple(values[i]._node for i in places), static=(function,), context=current_mode().context,
    )  # fmt: skip
    for position, i in enumerate(places):
        array = values[i]._array
        passed[i] = new_tensor(array, project(node, position, array))
    return passed, places


class _Gates:
    """One call of a module: the gates around it, and the gradients of its outputs between them."""

    def __init__(self, module: Module, hooks: Hooks) -> None:
        self.module = module
        # Those of the time of the call, as PyTorch has it.
        self.before = [entry.hook for entry in hooks.backward_before.values()]
        self.hooks = [entry.hook for entry in hooks.backward.values()]
        self.inputs = self.outputs = 0
        self.input_places: list[int] = []
        self.output_places: list[int] = []
        self.grad_outputs: tuple[Any, ...] | None = None

    def enter(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Put a gate before the module's positional arguments."""
        self.inputs = len(args)
        passed, self.input_places = _through_a_gate(args, self._at_inputs)
        return tuple(passed)

    def leave(self, out: Any) -> Any:
        """Put a gate behind the module's results."""
        values = out if isinstance(out, tuple) else (out,)
        if not isinstance(out, tuple | Tensor):
            warnings.warn(
                f"the backward hooks of {type(self.module).__name__} are not called, for its output is "
                f"a {type(out).__name__}, neither a Tensor nor a tuple of them",
                stacklevel=4,
            )
            return out
        self.outputs = len(values)
        passed, self.output_places = _through_a_gate(values, self._at_outputs)
        if not isinstance(out, tuple):
            return passed[0]
        return type(out)(*passed) if hasattr(out, "_fields") else tuple(passed)

    def _at_outputs(self, g: Sequence[Any]) -> list[Any]:
        recorded = any(x.__class__ in HANDLES for x in g)
        gradients = _placed(g, self.output_places, self.outputs)
        with _mode(recorded):
            for hook in self.before:
                replaced = hook(self.module, gradients)
                if replaced is not None:
                    gradients = self._checked(replaced, gradients, "backward pre-hook", "outputs")
            if self.input_places:
                self.grad_outputs = gradients
            else:
                for hook in self.hooks:
                    replaced = hook(self.module, (None,) * self.inputs, gradients)
                    if replaced is not None and not (isinstance(replaced, tuple) and all(x is None for x in replaced)):
                        raise RuntimeError(
                            f"a backward hook of {type(self.module).__name__}, no input of which requires grad, must "
                            f"return None, not {replaced!r}"
                        )
        return _gathered(gradients, self.output_places, recorded)

    def _at_inputs(self, g: Sequence[Any]) -> list[Any]:
        recorded = any(x.__class__ in HANDLES for x in g)
        if self.grad_outputs is None:
            # The gradient came another way than through the outputs, as in the second of two derivatives.
            return list(g)
        gradients = _placed(g, self.input_places, self.inputs)
        with _mode(recorded):
            for hook in self.hooks:
                replaced = hook(self.module, gradients, self.grad_outputs)
                if replaced is not None:
                    gradients = self._checked(replaced, gradients, "backward hook", "inputs")
        self.grad_outputs = None
        return _gathered(gradients, self.input_places, recorded)

    def _checked(self, replaced: Any, gradients: tuple[Any, ...], what: str, of: str) -> tuple[Any, ...]:
        kind = type(self.module).__name__
        values = replaced if isinstance(replaced, tuple) else (replaced,)
        if len(values) != len(gradients):
            raise RuntimeError(
                f"a {what} of {kind} returned {len(values)} gradients, but the module has {len(gradients)} {of}"
            )
        for i, (value, old) in enumerate(zip(values, gradients, strict=True)):
            if value is None:
                continue
            if not isinstance(value, Tensor):
                raise TypeError(f"a {what} of {kind} returned a {type(value).__name__} as gradient {i}, not a Tensor")
            if old is not None and value.shape != old.shape:
                raise RuntimeError(
                    f"a {what} of {kind} returned shape {value.shape} for gradient {i}, which has shape {old.shape}"
                )
        return values


def _mode(recorded: bool) -> Any:
    return enable_grad() if recorded else no_grad()


def _placed(g: Sequence[Any], places: list[int], count: int) -> tuple[Any, ...]:
    """Return gradients as tensors of their own at their places, and None elsewhere."""
    found: list[Any] = [None] * count
    for place, gradient in zip(places, g, strict=True):
        # Hooks may keep what they see; the engine may add into it later.
        known = gradient is None or gradient.__class__ in HANDLES
        found[place] = gradient if known else new_tensor(gradient.copy(), None)
    return tuple(found)


def _gathered(gradients: tuple[Any, ...], places: list[int], recorded: bool) -> list[Any]:
    chosen = [gradients[i] for i in places]
    return chosen if recorded else [None if x is None else x._array for x in chosen]
