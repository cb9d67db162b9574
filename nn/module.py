"""`Module`: a part of a network that holds parameters, and other modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

from ..autograd import Tensor, is_floating, to_dtype
from ..autograd.mode import Mode, current_mode, set_mode
from ..autograd.node import Context
from ..autograd.ops.creation import zeros_like
from ..autograd.tensor import HookHandle
from .parameter import Parameter
from .scoping import path_below
from .state import StateFit, load_state
from .summary import summarize

__all__ = ["Module"]

Self = TypeVar("Self", bound="Module")

# Raised by every registration, so that paths remembered from before are worked out again.
_structure = 0


class _Registry(NamedTuple):
    """Where one kind of member is registered, and how messages speak of it."""

    attribute: str
    kind: type
    singular: str
    remedy: str


_REGISTRIES = (
    _Registry("_parameters", Parameter, "parameter",
              "assign an nn.Parameter, or overwrite its values: `with gg.no_grad(): module.{name}.copy_(values)`"),
    _Registry("_buffers", Tensor, "buffer", "assign a Tensor or None"),
)  # fmt: skip


class Module:
    """The base class of layers and networks.

    A subclass calls ``super().__init__()``, assigns its parameters and submodules to attributes, which registers them
    in the order of assignment, and defines ``forward``. Calling the module runs ``forward`` inside a scope of the
    attribute's name, so graphs and error messages say in which part of the network an operation ran.

    Attributes:
        training: whether layers such as `Dropout` and `BatchNorm2d` act as in training; see `train` and `eval`.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.hidden = nn.Linear(4, 3)
    ...         self.out = nn.Linear(3, 2)
    ...     def forward(self, x):
    ...         return self.out(self.hidden(x).relu())
    >>> net = Net()
    >>> net
    Net(
      (hidden): Linear(in_features=4, out_features=3, bias=True)
      (out): Linear(in_features=3, out_features=2, bias=True)
    )
    >>> [name for name, _ in net.named_parameters()]
    ['hidden.weight', 'hidden.bias', 'out.weight', 'out.bias']
    >>> net(gg.zeros(1, 4)).grad_fn.scope
    ('Net', 'out')
    """

    training: bool = True
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]
    _transient: set[str]
    _forward_hooks: dict[int, Callable[..., Any]] | None = None
    # The path of the latest calls: (the caller's path, the state of registrations, this module's path).
    _entered: tuple[Any, int, tuple[str, ...]] = (None, -1, ())

    def __init__(self) -> None:
        # Registered members are attributes like any other; the dictionaries say which they are, and in which order.
        vars(self).update(_parameters={}, _buffers={}, _modules={}, _transient=set(), training=True)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output. Subclasses define this; users call the module itself."""
        raise NotImplementedError(f"{type(self).__name__} does not define forward(self, input)")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        outer = current_mode()
        context = outer.context
        # A fresh context for each call: pictures tell calls of the same module apart by it.
        if context is None:
            entered = self._entered
            path = entered[2] if entered[0] == () and entered[1] == _structure else self._enter(())
            context = Context(path)
        else:
            above = context.scope
            entered = self._entered
            path = entered[2] if entered[0] is above and entered[1] == _structure else self._enter(above)
            context = Context(path, context.origin, context.order, context.where)
        set_mode(Mode(outer.grad, context, outer.observers))
        try:
            out = self.forward(*args, **kwargs)
        finally:
            set_mode(outer)
        if self._forward_hooks:
            for hook in tuple(self._forward_hooks.values()):
                replaced = hook(self, args, out)
                if replaced is not None:
                    out = replaced
        return out

    def _enter(self, above: tuple[str, ...]) -> tuple[str, ...]:
        path = path_below(above, self)
        object.__setattr__(self, "_entered", (above, _structure, path))
        return path

    # -- registration ------------------------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Parameter):
            self.register_parameter(name, value)
        elif isinstance(value, Module):
            self.add_module(name, value)
        else:
            for registry in _REGISTRIES:
                members = vars(self).get(registry.attribute, ())
                if name in members:
                    if value is not None and not isinstance(value, registry.kind):
                        remedy = registry.remedy.format(name=name)
                        raise TypeError(
                            f"{type(self).__name__}.{name} is a {registry.singular} and cannot become "
                            f"a {type(value).__name__}; {remedy}"
                        )
                    members[name] = value
            if name in vars(self).get("_modules", ()):
                if value is not None:
                    raise TypeError(
                        f"{type(self).__name__}.{name} is a module and cannot become a {type(value).__name__}; "
                        "assign a Module or None"
                    )
                self._modules[name] = None
            object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        for members in (vars(self).get(kind, {}) for kind in ("_parameters", "_buffers", "_modules")):
            members.pop(name, None)
        object.__delattr__(self, name)

    def __getattr__(self, name: str) -> Any:
        # Reached only when the attribute does not exist.
        if "_parameters" not in vars(self) and name in Module.__annotations__:
            raise self._uninitialised()
        raise AttributeError(f"'{type(self).__name__}' module has no attribute '{name}'", name=name, obj=self)

    def _uninitialised(self) -> AttributeError:
        return AttributeError(
            f"{type(self).__name__}.__init__ must call super().__init__() before it sets parameters, buffers or modules"
        )

    def _register(self, kind: str, name: str, value: Any) -> None:
        global _structure
        if "_parameters" not in vars(self):
            raise self._uninitialised()
        owner = type(self).__name__
        if not isinstance(name, str):
            raise TypeError(f"{owner}: the name of a member must be a string, not {type(name).__name__}")
        if not name or "." in name:
            raise ValueError(f"{owner}: the name of a member must not be empty or hold a dot, got {name!r}")
        if name == "training" or hasattr(Module, name):
            raise ValueError(f"{owner}: {name!r} is an attribute of every Module; choose another name")
        for other in ("_parameters", "_buffers", "_modules"):
            if other != kind:
                vars(self)[other].pop(name, None)
        vars(self)[kind][name] = value
        object.__setattr__(self, name, value)
        _structure += 1

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter; the same as assigning it to an attribute.

        Raises:
            TypeError: it is not a Parameter.
            ValueError: the name is taken by `Module`, empty, or holds a dot.
        """
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"{type(self).__name__}.{name}: expected an nn.Parameter, not {type(param).__name__}; "
                "write nn.Parameter(values)"
            )
        self._register("_parameters", name, param)
        if param is not None and param.name is None:
            param.name = name

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that is part of the state but not trained, such as a running mean.

        Args:
            name: the attribute.
            tensor: a tensor that requires no gradient, or None.
            persistent: whether `state_dict` holds it.

        Raises:
            TypeError: it is not a Tensor.
            ValueError: it requires a gradient, or the name is taken by `Module`, empty, or holds a dot.
        """
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(f"{type(self).__name__}.{name}: a buffer is a Tensor, not a {type(tensor).__name__}")
        if tensor is not None and tensor.requires_grad:
            raise ValueError(
                f"{type(self).__name__}.{name}: a buffer is not trained, but this tensor requires grad; "
                "give tensor.detach(), or make it an nn.Parameter"
            )
        self._register("_buffers", name, tensor)
        (self._transient.discard if persistent else self._transient.add)(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a submodule; the same as assigning it to an attribute.

        Raises:
            TypeError: it is not a Module.
            ValueError: it contains this module, or the name is taken by `Module`, empty, or holds a dot.
        """
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{type(self).__name__}.{name}: {describe(module)}")
        if module is not None and "_modules" in vars(module) and any(m is self for m in module.modules()):
            raise ValueError(f"{type(self).__name__}.{name}: the module would contain itself")
        self._register("_modules", name, module)
        if module is not None:
            object.__setattr__(module, "_held_as", name)

    # -- what it holds -----------------------------------------------------------------------------------------------

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """Go through this module (named `prefix`) and all below it, in definition order, each once.

        >>> from glassgrad import nn
        >>> [name for name, _ in nn.Sequential(nn.Linear(2, 2), nn.ReLU()).named_modules()]
        ['', '0', '1']
        """
        seen: set[int] = set()
        stack: list[tuple[str, Module]] = [(prefix, self)]
        while stack:
            path, module = stack.pop()
            if id(module) in seen:
                continue
            seen.add(id(module))
            yield path, module
            below = [(f"{path}.{n}" if path else n, m) for n, m in module._modules.items() if m is not None]
            stack.extend(reversed(below))

    def modules(self) -> Iterator[Module]:
        """Go through this module and all below it, each once."""
        return (module for _, module in self.named_modules())

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """Go through the modules held directly, each once."""
        seen: set[int] = set()
        for name, module in self._modules.items():
            if module is not None and id(module) not in seen:
                seen.add(id(module))
                yield name, module

    def children(self) -> Iterator[Module]:
        """Go through the modules held directly, each once."""
        return (module for _, module in self.named_children())

    def _named_members(self, kind: str, prefix: str, recurse: bool) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for path, module in self.named_modules(prefix) if recurse else [(prefix, self)]:
            for name, member in getattr(module, kind).items():
                if member is not None and id(member) not in seen:
                    seen.add(id(member))
                    yield f"{path}.{name}" if path else name, member

    def named_parameters(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Parameter]]:
        """Go through the parameters with their paths, in definition order; one that is shared comes once.

        Args:
            prefix: put before every name.
            recurse: False leaves out those of submodules.
        """
        return self._named_members("_parameters", prefix, recurse)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Go through the parameters, as `named_parameters` does.

        >>> from glassgrad import nn
        >>> sum(p.numel() for p in nn.Linear(3, 2).parameters())
        8
        """
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Tensor]]:
        """Go through the buffers with their paths, in definition order; one that is shared comes once."""
        return self._named_members("_buffers", prefix, recurse)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Go through the buffers, as `named_buffers` does."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    # -- what can be done to all of it -------------------------------------------------------------------------------

    def train(self: Self, mode: bool = True) -> Self:
        """Set training mode, or with False evaluation mode, here and below; return the module.

        Raises:
            TypeError: `mode` is not a bool.

        >>> from glassgrad import nn
        >>> nn.Dropout(0.5).eval().training
        False
        """
        if not isinstance(mode, bool):
            raise TypeError(f"train: mode must be True or False, not {mode!r}")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self: Self) -> Self:
        """Set evaluation mode: dropout passes everything on, BatchNorm uses its running statistics."""
        return self.train(False)

    def apply(self: Self, fn: Callable[[Module], Any]) -> Self:
        """Call `fn` on every module below and on this one last; return the module. Used to set initial values."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters; with ``set_to_none=False``, make them zero."""
        for parameter in self.parameters():
            if parameter.grad is not None:
                parameter.grad = None if set_to_none else zeros_like(parameter)

    def requires_grad_(self: Self, requires_grad: bool = True) -> Self:
        """Set whether the parameters require a gradient: False freezes them. Return the module."""
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def to(self: Self, dtype: Any) -> Self:
        """Convert floating-point parameters, their gradients, and buffers to another floating dtype; return the module.

        Parameters stay the same objects. The state of an optimiser is not converted: make the optimiser afterwards.

        Raises:
            TypeError: `dtype` is not float16, float32 or float64.

        >>> from glassgrad import nn
        >>> nn.Linear(2, 1).to("float64").weight.dtype
        dtype('float64')
        """
        wanted = to_dtype(dtype)
        if not is_floating(wanted):
            raise TypeError(f"to: parameters are floating-point; expected float16, float32 or float64, got {wanted}")
        for parameter in self.parameters():
            parameter.convert_(wanted)
        converted: dict[int, Tensor] = {}
        for module in self.modules():
            for name, buffer in module._buffers.items():
                if buffer is not None and buffer.is_floating_point() and buffer.dtype != wanted:
                    if id(buffer) not in converted:
                        converted[id(buffer)] = Tensor(buffer, wanted, name=buffer.name)
                    setattr(module, name, converted[id(buffer)])
        return self

    def float(self: Self) -> Self:
        """Convert to float32. See `to`."""
        return self.to("float32")

    def double(self: Self) -> Self:
        """Convert to float64. See `to`."""
        return self.to("float64")

    # -- state -------------------------------------------------------------------------------------------------------

    def _named_state(self) -> Iterator[tuple[str, Tensor]]:
        """Go through parameters and persistent buffers under all their names, shared ones under each."""
        paths: list[tuple[str, Module]] = [("", self)]
        while paths:
            prefix, module = paths.pop()
            for name, parameter in module._parameters.items():
                if parameter is not None:
                    yield prefix + name, parameter
            for name, buffer in module._buffers.items():
                if buffer is not None and name not in module._transient:
                    yield prefix + name, buffer
            below = [(f"{prefix}{n}.", m) for n, m in module._modules.items() if m is not None]
            paths.extend(reversed(below))

    def state_dict(self) -> dict[str, Tensor]:
        """Return a copy of all parameters and persistent buffers by path; PyTorch's names and layouts.

        Unlike PyTorch's it is a copy, so a state that was kept does not change when training goes on.

        >>> from glassgrad import nn
        >>> list(nn.BatchNorm1d(2).state_dict())
        ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked']
        """
        return {name: Tensor(member) for name, member in self._named_state()}

    def load_state_dict(self, state_dict: Any, strict: bool = True) -> StateFit:
        """Overwrite parameters and buffers with those of a `state_dict`: all of them, or on any error none.

        Args:
            state_dict: path to Tensor or array, as `state_dict` and `gg.load` give.
            strict: False passes over missing and unexpected names; mismatched ones remain an error.

        Returns:
            ``(missing_keys, unexpected_keys)``, empty when strict.

        Raises:
            RuntimeError: names are missing or unexpected, or shapes or dtypes do not fit; the message lists them all.
            TypeError: `state_dict` is not a mapping.

        >>> from glassgrad import nn
        >>> first, second = nn.Linear(2, 1), nn.Linear(2, 1)
        >>> second.load_state_dict(first.state_dict())
        StateFit(missing_keys=[], unexpected_keys=[])
        """
        return load_state(type(self).__name__, dict(self._named_state()), state_dict, strict)

    def __getstate__(self) -> dict[str, Any]:
        # For copy.deepcopy: remembered paths refer to the original.
        return {name: value for name, value in vars(self).items() if name != "_entered"}

    # -- looks -------------------------------------------------------------------------------------------------------

    def register_forward_hook(self, hook: Callable[[Module, tuple[Any, ...], Any], Any]) -> HookHandle:
        """Call ``hook(module, args, output)`` after every forward; what it returns, unless None, replaces the output.

        Returns:
            A handle whose ``remove()`` takes the hook away.

        >>> import glassgrad as gg
        >>> from glassgrad import nn
        >>> layer = nn.Linear(3, 2)
        >>> handle = layer.register_forward_hook(lambda module, args, out: print(out.shape))
        >>> _ = layer(gg.zeros(5, 3))
        (5, 2)
        >>> handle.remove()
        """
        if not callable(hook):
            raise TypeError(f"register_forward_hook: expected a function, got {type(hook).__name__}")
        hooks = self._forward_hooks
        if hooks is None:
            object.__setattr__(self, "_forward_hooks", hooks := {})
        key = max(hooks, default=0) + 1
        hooks[key] = hook
        return HookHandle(hooks, key)

    def summary(self, *inputs: Any) -> str:
        """Return a table of the layers in the order they ran, with their output shapes and parameter counts.

        The module runs once, in evaluation mode and without recording; its modes are restored.

        Args:
            inputs: for each input of ``forward`` a shape, batch dimension included, or the input itself.

        >>> from glassgrad import nn
        >>> print(nn.Sequential(nn.Flatten(), nn.Linear(64, 10)).summary((1, 1, 8, 8)))
        layer  kind     output shape  parameters
        0      Flatten  (1, 64)                0
        1      Linear   (1, 10)              650
        Sequential: 650 parameters, 650 trainable, 2.54 KiB
        """
        return summarize(self, inputs)

    def extra_repr(self) -> str:
        """Return what the representation shows in the brackets. Layers override it."""
        return ""

    def _repr_children(self) -> list[str]:
        return [f"({name}): {module!r}" for name, module in self._modules.items() if module is not None]

    def __repr__(self) -> str:
        head, extra = type(self).__name__, self.extra_repr()
        children = self._repr_children() if "_modules" in vars(self) else []
        if not children:
            return f"{head}({extra})"
        body = "\n".join([*([extra] if extra else []), *children])
        return f"{head}(\n" + "\n".join(f"  {line}" for line in body.split("\n")) + "\n)"


def describe(value: Any) -> str:
    """Say what was found where a module was expected, and what to write instead."""
    if isinstance(value, type) and issubclass(value, Module):
        return f"got the class {value.__name__}; make an instance: {value.__name__}(...)"
    if isinstance(value, list | tuple):
        return f"expected a Module, not a {type(value).__name__}; unpack it with *, or use nn.ModuleList"
    if callable(value):
        name = getattr(value, "__name__", type(value).__name__)
        return f"expected a Module, not the function {name}; call it in a Module's forward"
    return f"expected a Module, not {type(value).__name__}"
