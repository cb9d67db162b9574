"""``Module``: a part of a network that holds parameters, and other modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ..autograd import Tensor, is_floating, to_dtype
from ..autograd.core.mode import Context, Mode, current_mode, set_mode
from ..autograd.handles.tensor import HookHandle
from ..autograd.ops.creation import zeros_like
from .copying import copied, deeply_copied, described_for_pickle
from .hooks import Hooks
from .members import Members, hint_at_hidden, structure
from .scoping import path_below
from .state import StateFit, load_state
from .summary import summarize

__all__ = ["Module"]

Self = TypeVar("Self", bound="Module")


class Module(Members):
    """The base class of layers and networks.

    A subclass calls ``super().__init__()``, assigns its parameters and submodules to attributes, which registers them
    in the order of assignment, and defines ``forward``. Calling the module runs ``forward`` inside a scope of the
    attribute's name, so graphs and error messages say in which part of the network an operation ran.

    Attributes:
        training: whether layers such as ``Dropout`` and ``BatchNorm2d`` act as in training; see ``train`` and ``eval``.

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

    _hooks: Hooks | None = None
    # The path of the latest calls: (the caller's path, the state of registrations, this module's path).
    _entered: tuple[Any, int, tuple[str, ...]] = (None, -1, ())

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output. Subclasses define this; users call the module itself."""
        raise NotImplementedError(f"{type(self).__name__} does not define forward(self, input)")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        call = None
        if self._hooks is not None:
            call = self._hooks.begin(self, args, kwargs)
            args, kwargs = call.args, call.kwargs
        outer = current_mode()
        context = outer.context
        # A fresh context for each call: pictures tell calls of the same module apart by it.
        if context is None:
            entered = self._entered
            path = entered[2] if entered[0] == () and entered[1] == structure[0] else self._enter(())
            context = Context(path)
        else:
            above = context.scope
            entered = self._entered
            path = entered[2] if entered[0] is above and entered[1] == structure[0] else self._enter(above)
            context = Context(path, context.origin, context.order, context.where)
        set_mode(Mode(outer.grad, context, outer.observers))
        try:
            out = self.forward(*args, **kwargs)
        except Exception:
            set_mode(outer)
            if call is not None:
                call.fail()
            raise
        finally:
            set_mode(outer)
        return out if call is None else call.end(out)

    def _enter(self, above: tuple[str, ...]) -> tuple[str, ...]:
        path = path_below(above, self)
        object.__setattr__(self, "_entered", (above, structure[0], path))
        return path

    # -- what can be done to all of it -------------------------------------------------------------------------------

    def train(self: Self, mode: bool = True) -> Self:
        """Set training mode, or with False evaluation mode, here and below; return the module.

        Raises:
            TypeError: ``mode`` is not a bool.

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
        """Call ``fn`` on every module below and on this one last; return the module. Used to set initial values."""
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
            TypeError: ``dtype`` is not float16, float32 or float64.

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
        """Convert to float32. See ``to``."""
        return self.to("float32")

    def double(self: Self) -> Self:
        """Convert to float64. See ``to``."""
        return self.to("float64")

    # -- state -------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Tensor]:
        """Return a copy of all parameters and persistent buffers by path; PyTorch's names and layouts.

        Unlike PyTorch's it is a copy, so a state that was kept does not change when training goes on.

        >>> from glassgrad import nn
        >>> list(nn.BatchNorm1d(2).state_dict())
        ['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked']
        """
        return {name: Tensor(member) for name, member in self._named_state()}

    def load_state_dict(self, state_dict: Any, strict: bool = True) -> StateFit:
        """Overwrite parameters and buffers with those of a ``state_dict``: all of them, or on any error none.

        Args:
            state_dict: path to Tensor, as ``state_dict`` and ``gg.load`` give. Arrays, numbers, and tensors of PyTorch
                and of other libraries that speak DLPack or give NumPy arrays are read as well.
            strict: False passes over missing and unexpected names; mismatched ones remain an error.

        Returns:
            ``(missing_keys, unexpected_keys)``, empty when strict.

        Raises:
            RuntimeError: names are missing or unexpected, or shapes or dtypes do not fit; the message lists them all.
            TypeError: ``state_dict`` is not a mapping.

        >>> from glassgrad import nn
        >>> first, second = nn.Linear(2, 1), nn.Linear(2, 1)
        >>> second.load_state_dict(first.state_dict())
        StateFit(missing_keys=[], unexpected_keys=[])
        """
        targets = dict(self._named_state())
        return load_state(type(self).__name__, targets, state_dict, strict, lambda: hint_at_hidden(self))

    # -- copies ------------------------------------------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        # Remembered paths refer to the original.
        return {name: value for name, value in vars(self).items() if name != "_entered"}

    def __copy__(self: Self) -> Self:
        return copied(self)

    def __deepcopy__(self: Self, memo: dict[int, Any]) -> Self:
        return deeply_copied(self, memo)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return described_for_pickle(super().__reduce_ex__(protocol))

    # -- hooks -------------------------------------------------------------------------------------------------------

    def _add_hook(self, kind: str, what: str, hook: Any, prepend: bool, **how: bool) -> HookHandle:
        if self._hooks is None:
            object.__setattr__(self, "_hooks", Hooks())
        hooks = self._hooks
        assert hooks is not None
        return hooks.add(kind, what, hook, prepend, **how)

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> HookHandle:
        """Call ``hook(module, args)`` before every forward; what it returns, unless None, replaces the arguments.

        Args:
            hook: returns None, a tuple of arguments, or a single argument.
            prepend: call it before the hooks that are there, not after them.
            with_kwargs: call ``hook(module, args, kwargs)`` instead, which returns None or the pair ``(args, kwargs)``.

        Returns:
            A handle whose ``remove()`` takes the hook away.

        >>> import glassgrad as gg
        >>> from glassgrad import nn
        >>> layer = nn.ReLU()
        >>> with layer.register_forward_pre_hook(lambda module, args: args[0] + 1):
        ...     layer(gg.tensor([2.0]))
        tensor([3.])
        """
        return self._add_hook("before", "register_forward_pre_hook", hook, prepend, with_kwargs=with_kwargs)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> HookHandle:
        """Call ``hook(module, args, output)`` after every forward; what it returns, unless None, replaces the output.

        Args:
            hook: the function.
            prepend: call it before the hooks that are there, not after them.
            with_kwargs: call ``hook(module, args, kwargs, output)`` instead.
            always_call: call it also when forward, or a hook before it, raises; with the output None.

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
        what = "register_forward_hook"
        return self._add_hook("after", what, hook, prepend, with_kwargs=with_kwargs, always_call=always_call)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> HookHandle:
        """Call ``hook(module, grad_output)`` when backward has computed the gradients of the module's outputs.

        Args:
            hook: ``grad_output`` is a tuple with one gradient for each output, None for those without; what it
                returns, unless None, takes its place.
            prepend: call it before the hooks that are there, not after them.

        Returns:
            A handle whose ``remove()`` takes the hook away. Calls that were made before keep their hooks.

        >>> import glassgrad as gg
        >>> from glassgrad import nn
        >>> layer, x = nn.ReLU(), gg.tensor([2.0], requires_grad=True)
        >>> with layer.register_full_backward_pre_hook(lambda module, grad_output: (grad_output[0] * 10,)):
        ...     layer(x).backward()
        >>> x.grad
        tensor([10.])
        """
        return self._add_hook("backward_before", "register_full_backward_pre_hook", hook, prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any], prepend: bool = False) -> HookHandle:
        """Call ``hook(module, grad_input, grad_output)`` when backward has computed the gradients of the inputs.

        Args:
            hook: both gradients are tuples, one for each positional argument of forward and one for each output, with
                None for those without. What it returns, unless None, takes the place of ``grad_input``.
            prepend: call it before the hooks that are there, not after them.

        Returns:
            A handle whose ``remove()`` takes the hook away. Calls that were made before keep their hooks.

        Where no input requires grad it is called with the gradients of the outputs, and may not replace anything.
        Outputs are a Tensor or a tuple; with others a warning says that the hook is not called.

        >>> import glassgrad as gg
        >>> from glassgrad import nn
        >>> layer, x = nn.Linear(3, 2), gg.zeros(5, 3, requires_grad=True)
        >>> handle = layer.register_full_backward_hook(lambda module, into, out: print(into[0].shape, out[0].shape))
        >>> layer(x).sum().backward()
        (5, 3) (5, 2)
        """
        return self._add_hook("backward", "register_full_backward_hook", hook, prepend)

    def register_backward_hook(self, hook: Callable[..., Any]) -> HookHandle:
        """Do what ``register_full_backward_hook`` does, which PyTorch recommends in place of this older name."""
        return self._add_hook("backward", "register_backward_hook", hook, False)

    # -- looks -------------------------------------------------------------------------------------------------------

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


Members._reserved = frozenset((*dir(Module), "training"))
