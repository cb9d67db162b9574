"""What a module holds: parameters, buffers and other modules, registered in the order of their assignment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, cast

from ..autograd import Tensor
from .parameter import Parameter

if TYPE_CHECKING:
    from .module import Module

__all__ = ["Members", "describe", "hidden_members", "hint_at_hidden", "structure"]

# How many registrations there have been: paths remembered from before the latest are worked out again.
structure = [0]


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


class Members:
    """The part of ``Module`` that keeps account of its members.

    A registered member is an attribute like any other; the dictionaries say which are parameters, buffers and modules,
    and in which order.
    """

    training: bool = True
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Any]
    _transient: set[str]
    # The attributes of every Module, which no member may hide.
    _reserved: ClassVar[frozenset[str]] = frozenset()

    def __init__(self) -> None:
        vars(self).update(_parameters={}, _buffers={}, _modules={}, _transient=set(), training=True)

    # -- registration ------------------------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, Parameter):
            self.register_parameter(name, value)
        elif isinstance(value, Members):
            self.add_module(name, cast("Module", value))
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
        if "_parameters" not in vars(self) and name in Members.__annotations__:
            raise self._uninitialised()
        for kind in type(self).__mro__:
            found: Any = vars(kind).get(name)
            if hasattr(found, "__get__"):
                # A property that raised AttributeError itself. Python has thrown its error away, so it runs once more,
                # to say what is really missing.
                return found.__get__(self, type(self))
        raise AttributeError(f"'{type(self).__name__}' module has no attribute '{name}'", name=name, obj=self)

    def _uninitialised(self) -> AttributeError:
        return AttributeError(
            f"{type(self).__name__}.__init__ must call super().__init__() before it sets parameters, buffers or modules"
        )

    def _register(self, kind: str, name: str, value: Any) -> None:
        if "_parameters" not in vars(self):
            raise self._uninitialised()
        owner = type(self).__name__
        if not isinstance(name, str):
            raise TypeError(f"{owner}: the name of a member must be a string, not {type(name).__name__}")
        if not name or "." in name:
            raise ValueError(f"{owner}: the name of a member must not be empty or hold a dot, got {name!r}")
        if name in self._reserved:
            raise ValueError(f"{owner}: {name!r} is an attribute of every Module; choose another name")
        for other in ("_parameters", "_buffers", "_modules"):
            if other != kind:
                vars(self)[other].pop(name, None)
        vars(self)[kind][name] = value
        object.__setattr__(self, name, value)
        structure[0] += 1

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter; the same as assigning it to an attribute.

        Raises:
            TypeError: it is not a Parameter.
            ValueError: the name is taken by ``Module``, empty, or holds a dot.
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
            persistent: whether ``state_dict`` holds it.

        Raises:
            TypeError: it is not a Tensor.
            ValueError: it requires a gradient, or the name is taken by ``Module``, empty, or holds a dot.
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
            ValueError: it contains this module, or the name is taken by ``Module``, empty, or holds a dot.
        """
        if module is not None and not isinstance(module, Members):
            raise TypeError(f"{type(self).__name__}.{name}: {describe(module)}")
        if module is not None and "_modules" in vars(module) and any(m is self for m in module.modules()):
            raise ValueError(f"{type(self).__name__}.{name}: the module would contain itself")
        self._register("_modules", name, module)
        if module is not None:
            object.__setattr__(module, "_held_as", name)

    # -- what it holds -----------------------------------------------------------------------------------------------

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """Go through this module (named ``prefix``) and all below it, in definition order, each once.

        >>> from glassgrad import nn
        >>> [name for name, _ in nn.Sequential(nn.Linear(2, 2), nn.ReLU()).named_modules()]
        ['', '0', '1']
        """
        seen: set[int] = set()
        stack: list[tuple[str, Any]] = [(prefix, self)]
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
        """Go through the parameters, as ``named_parameters`` does.

        >>> from glassgrad import nn
        >>> sum(p.numel() for p in nn.Linear(3, 2).parameters())
        8
        """
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(self, prefix: str = "", recurse: bool = True) -> Iterator[tuple[str, Tensor]]:
        """Go through the buffers with their paths, in definition order; one that is shared comes once."""
        return self._named_members("_buffers", prefix, recurse)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Go through the buffers, as ``named_buffers`` does."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def _named_state(self) -> Iterator[tuple[str, Tensor]]:
        """Go through parameters and persistent buffers under all their names, shared ones under each."""
        paths: list[tuple[str, Any]] = [("", self)]
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


def hidden_members(module: Members, prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Go through the plain lists and dicts that hide modules or parameters: path, type, and what to use instead."""
    for name, value in vars(module).items():
        if name.startswith("_") or type(value) not in (list, tuple, dict):
            continue
        items = list(value.values()) if isinstance(value, dict) else list(value)
        for kind, held in ((Members, "Module"), (Parameter, "Parameter")):
            if any(isinstance(item, kind) for item in items):
                remedy = f"nn.{held}Dict" if isinstance(value, dict) else f"nn.{held}List"
                yield prefix + name, type(value).__name__, remedy
    for name, child in vars(module).get("_modules", {}).items():
        if child is not None:
            yield from hidden_members(child, f"{prefix}{name}.")


def hint_at_hidden(module: Members) -> str:
    """Return a sentence about the members that plain lists hide, or nothing.

    >>> from glassgrad import nn
    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.layers = [nn.Linear(2, 2)]
    >>> hint_at_hidden(Net())
    'layers is a plain list, whose contents are not registered; use nn.ModuleList'
    """
    return ". ".join(
        f"{path} is a plain {kind}, whose contents are not registered; use {remedy}"
        for path, kind, remedy in hidden_members(module)
    )


def describe(value: Any) -> str:
    """Say what was found where a module was expected, and what to write instead."""
    if isinstance(value, type) and issubclass(value, Members):
        return f"got the class {value.__name__}; make an instance: {value.__name__}(...)"
    if isinstance(value, list | tuple):
        return f"expected a Module, not a {type(value).__name__}; unpack it with *, or use nn.ModuleList"
    if callable(value):
        name = getattr(value, "__name__", type(value).__name__)
        return f"expected a Module, not the function {name}; call it in a Module's forward"
    return f"expected a Module, not {type(value).__name__}"
