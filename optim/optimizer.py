"""What all optimisers share: groups of parameters with their options, state, and the step that updates them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Iterable, Mapping
from typing import Any

import numpy as np

from ..autograd import Tensor, enable_grad, no_grad
from ..autograd.core.dtypes import as_array
from ..autograd.ops.creation import zeros_like
from .options import EXTRA_ENTRIES, as_plain_value, check_options

__all__ = ["Optimizer", "effective_gradient", "zeros_where_missing"]


class Optimizer:
    """The base class of optimisers. A subclass lists its options and updates one parameter at a time.

    Args:
        params: tensors that require gradients, such as ``model.parameters()``, or pairs of a name and a tensor, such as
            ``model.named_parameters()``; or several groups as dicts with the key ``"params"`` and options that differ
            from the defaults.
        defaults: the options of groups that do not set them. Those with the names of PyTorch's options are checked.

    Attributes:
        param_groups: one dict per group: its ``"params"`` and options. Changing ``group["lr"]`` takes effect at once.
        state: what is remembered for each parameter, made at its first update.

    Raises:
        TypeError: something given is not a floating-point tensor, or an option is not a number.
        ValueError: there are no parameters, one comes twice, one is not a leaf, or an option is unknown or not allowed.

    >>> import glassgrad as gg
    >>> from glassgrad import optim
    >>> w = gg.tensor([1.0], requires_grad=True)
    >>> optimizer = optim.SGD([{"params": [w], "lr": 0.5}], lr=0.1)
    >>> optimizer.param_groups[0]["lr"]
    0.5
    """

    # What the state of a parameter holds once it exists; a saved state must have it.
    required_state: tuple[str, ...] = ()
    # State that is one number for the whole parameter: float32, as in PyTorch.
    scalar_state: tuple[str, ...] = ("step",)
    # Whether a step was made; learning-rate schedules warn when they come first.
    _stepped = False

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        self.defaults = dict(defaults)
        self.param_groups: list[dict[str, Any]] = []
        self.state: dict[Tensor, dict[str, Any]] = {}
        groups = self._read_groups(params)
        if not groups:
            raise ValueError(
                f"{type(self).__name__}: got no parameters. A generator such as model.parameters() can be used only "
                "once; and a module does not see layers in a plain list: hold them in an nn.ModuleList"
            )
        for group in groups:
            self.add_param_group(group)

    def _read_groups(self, params: Any) -> list[Any]:
        owner = type(self).__name__
        if isinstance(params, Tensor):
            raise TypeError(f"{owner}: expected a list of parameters, got a single tensor; put it in brackets")
        if hasattr(params, "parameters"):
            raise TypeError(f"{owner}: expected parameters, got a {type(params).__name__}; give .parameters() of it")
        if inspect.ismethod(params):
            raise TypeError(f"{owner}: expected parameters, got the method {params.__name__}; call it: add ()")
        if isinstance(params, Mapping) or not isinstance(params, Iterable):
            state = isinstance(params, Mapping) and all(isinstance(value, Tensor) for value in params.values())
            hint = "; the tensors of a state_dict are copies: give model.parameters()" if params and state else ""
            raise TypeError(f"{owner}: expected a list of parameters or of groups, got {_kind(params)}{hint}")
        items = self._in_order(params)
        return items if not items or isinstance(items[0], Mapping) else [{"params": items}]

    def _in_order(self, params: Iterable[Any]) -> list[Any]:
        if isinstance(params, set | frozenset):
            raise TypeError(f"{type(self).__name__}: a set has no fixed order, which saved states need; give a list")
        return list(params)

    def check_options(self, options: dict[str, Any]) -> None:
        """Raise if the options of a group are not allowed. Subclasses may add what their options need together."""
        check_options(type(self).__name__, options)

    def update(self, parameter: Tensor, gradient: Tensor, state: dict[str, Any], options: dict[str, Any]) -> None:
        """Change one parameter in place, by its gradient. Subclasses define it; it runs under ``no_grad``.

        Args:
            parameter: what is changed.
            gradient: of the same shape and dtype.
            state: what earlier steps left for this parameter; at first empty.
            options: of its group.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define update")

    def add_param_group(self, param_group: Any) -> None:
        """Add a group: a dict with ``"params"`` and, where they differ from the defaults, options.

        Raises:
            TypeError, ValueError: as the constructor does.

        >>> import glassgrad as gg
        >>> from glassgrad import optim
        >>> a, b = gg.ones(2, requires_grad=True), gg.ones(3, requires_grad=True)
        >>> optimizer = optim.SGD([a], lr=0.1)
        >>> optimizer.add_param_group({"params": [b], "lr": 0.01})
        >>> [group["lr"] for group in optimizer.param_groups]
        [0.1, 0.01]
        """
        owner = type(self).__name__
        if not isinstance(param_group, Mapping) or "params" not in param_group:
            raise TypeError(f'{owner}: a group is a dict with the key "params", got {_kind(param_group)}')
        params, names = self._read_params(param_group["params"])
        if names:
            param_group = {**param_group, "param_names": names}
        unknown = [name for name in param_group if name not in {"params", *self.defaults, *EXTRA_ENTRIES}]
        if unknown:
            known = ", ".join(self.defaults)
            raise ValueError(f"{owner}: unknown options {', '.join(map(str, unknown))}; known are {known}")
        options = {**self.defaults, **{name: value for name, value in param_group.items() if name != "params"}}
        options = {name: as_plain_value(owner, name, value) for name, value in options.items()}
        self.check_options(options)
        self._check_parameters(params)
        if self.param_groups and ("param_names" in self.param_groups[0]) != ("param_names" in options):
            raise ValueError(f"{owner}: give names of parameters in all groups, or in none")
        self.param_groups.append({"params": params, **options})

    def _read_params(self, given: Any) -> tuple[list[Any], list[str]]:
        """The tensors of a group, and their names if it comes as pairs."""
        owner = type(self).__name__
        if hasattr(given, "parameters"):
            raise TypeError(f'{owner}: "params" of a group is a {type(given).__name__}; give .parameters() of it')
        if not isinstance(given, Iterable):
            raise TypeError(f'{owner}: "params" of a group must be a tensor or a list of tensors, got {_kind(given)}')
        items = [given] if isinstance(given, Tensor) else self._in_order(given)
        if not items:
            raise ValueError(f"{owner}: a group has no parameters; a generator can be used only once")
        pairs = [isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str) for item in items]
        if not any(pairs):
            return items, []
        if not all(pairs):
            raise ValueError(f"{owner}: give names of all parameters, or of none")
        return [parameter for _, parameter in items], [name for name, _ in items]

    def _check_parameters(self, params: list[Any]) -> None:
        owner = type(self).__name__
        # By identity: == on tensors compares their elements.
        taken = {id(p) for group in self.param_groups for p in group["params"]}
        for position, parameter in enumerate(params):
            if not isinstance(parameter, Tensor):
                raise TypeError(
                    f"{owner}: item {position} of the parameters is {_kind(parameter)}, not a Tensor{_hint(parameter)}"
                )
            name = f" ({parameter.name!r})" if parameter.name else ""
            maker = parameter.grad_fn
            if maker is not None:
                raise ValueError(
                    f"{owner}: item {position} of the parameters{name} is not a leaf: it is the result of "
                    f"{maker.primitive.name}. Only leaves can be optimised: tensors made with "
                    "requires_grad=True, such as nn.Parameter. Optimise what it was computed from, or "
                    "x.detach().requires_grad_()"
                )
            if not parameter.is_floating_point():
                raise TypeError(
                    f"{owner}: item {position} of the parameters{name} is of dtype {parameter.dtype}; only "
                    "floating-point tensors have gradients"
                )
            if id(parameter) in taken:
                raise ValueError(
                    f"{owner}: item {position} of the parameters{name}, of shape {parameter.shape}, comes twice"
                )
            taken.add(id(parameter))

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters; with ``set_to_none=False``, make them zero."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.grad = None if set_to_none else zeros_like(parameter)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient.

        Args:
            closure: computes the loss and its gradients, and returns the loss; runs first, with recording on.

        Returns:
            What the closure returned, or None.
        """
        self._stepped = True
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        with no_grad():
            for group in self.param_groups:
                for parameter in group["params"]:
                    gradient = parameter.grad
                    if gradient is not None:
                        state = self.state.get(parameter)
                        if state is None:
                            state = self.state[parameter] = {}
                        self.update(parameter, gradient, state, group)
                        if not state:
                            del self.state[parameter]
        return loss

    # -- state -------------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Return a copy of state and options, in PyTorch's form: parameters are numbered in their order.

        >>> import glassgrad as gg
        >>> from glassgrad import optim
        >>> optim.SGD([gg.ones(2, requires_grad=True)], lr=0.1).state_dict()["param_groups"][0]["params"]
        [0]
        """
        numbers = {id(p): i for i, p in enumerate(p for group in self.param_groups for p in group["params"])}
        return {
            "state": {
                numbers[id(p)]: {name: Tensor(v) if isinstance(v, Tensor) else v for name, v in state.items()}
                for p, state in self.state.items()
            },
            "param_groups": [
                {**group, "params": [numbers[id(p)] for p in group["params"]]} for group in self.param_groups
            ],
        }

    def load_state_dict(self, state_dict: Any) -> None:
        """Take over the state and options of a ``state_dict``: all of it, or on any error nothing.

        The parameters must be the same in number, order and shape; state takes the dtype of its parameter.

        Raises:
            TypeError: it is not a state dict.
            ValueError: groups, options or shapes do not fit.
        """
        owner = f"{type(self).__name__}.load_state_dict"
        if not isinstance(state_dict, Mapping) or not {"state", "param_groups"} <= set(state_dict):
            keys = f" with the keys {', '.join(map(str, state_dict))}" if isinstance(state_dict, Mapping) else ""
            raise TypeError(f'{owner}: expected a dict with "state" and "param_groups", got {_kind(state_dict)}{keys}')
        groups = self._read_saved_groups(owner, state_dict["param_groups"])
        order = [n for group in state_dict["param_groups"] for n in group["params"]]
        parameters = dict(zip(order, (p for group in self.param_groups for p in group["params"]), strict=True))
        unknown = [n for n in state_dict["state"] if n not in parameters]
        if unknown:
            raise ValueError(f"{owner}: there is state for parameters {unknown}, which are in no group")
        state = {parameters[n]: self._read_state(owner, n, parameters[n], s) for n, s in state_dict["state"].items()}
        for group, options in zip(self.param_groups, groups, strict=True):
            group.update(options)
        self.state = {parameter: entries for parameter, entries in state.items() if entries}

    def _read_saved_groups(self, owner: str, groups: Any) -> list[dict[str, Any]]:
        sizes, own = [len(g["params"]) for g in groups], [len(g["params"]) for g in self.param_groups]
        if sizes != own:
            raise ValueError(f"{owner}: the state has groups of {sizes} parameters, the optimiser has {own}")
        known = [*self.defaults, *EXTRA_ENTRIES]
        options = [
            {name: as_plain_value(owner, name, group[name]) for name in known if name in group} for group in groups
        ]
        for group in options:
            self.check_options({**self.defaults, **group})
        return options

    def _read_state(self, owner: str, number: Any, parameter: Tensor, saved: Any) -> dict[str, Any]:
        if not isinstance(saved, Mapping):
            raise TypeError(f"{owner}: the state of parameter {number} is {_kind(saved)}, not a dict")
        entries: dict[str, Any] = {}
        for name, value in saved.items():
            if value is None:
                continue
            if not isinstance(value, Tensor | np.ndarray):
                entries[name] = value
                continue
            array = as_array(value.numpy() if isinstance(value, Tensor) else value)
            scalar = name in self.scalar_state
            if array.shape != (() if scalar else parameter.shape):
                raise ValueError(
                    f"{owner}: {name} of parameter {number} has shape {array.shape} in the state, but "
                    + ("is one number" if scalar else f"the parameter has {parameter.shape}")
                )
            entries[name] = Tensor(array, np.float32 if scalar else parameter.dtype)
        missing = [name for name in self.required_state if name not in entries]
        if entries and missing:
            raise ValueError(f"{owner}: the state of parameter {number} lacks {', '.join(missing)}")
        return entries

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for number, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {number}")
            lines += [f"    {name}: {group[name]}" for name in sorted(group) if name != "params"]
        return "\n".join([*lines, ")"])


def zeros_where_missing(state: dict[str, Any], parameter: Tensor, *names: str) -> None:
    """Give the state of a parameter the entries it lacks: zeros, and for ``"step"`` the number of steps, 0."""
    for name in names:
        if name not in state:
            state[name] = Tensor(0.0, np.float32) if name == "step" else zeros_like(parameter)


def effective_gradient(parameter: Any, gradient: Any, options: Mapping[str, Any]) -> Any:
    """Return ±gradient + weight_decay·parameter, which an update goes against; in new memory only if it differs."""
    decay, maximize = options["weight_decay"], options["maximize"]
    if not decay:
        return np.negative(gradient, out=np.empty_like(gradient)) if maximize else gradient
    direction = np.multiply(parameter, decay, out=np.empty_like(parameter))
    return (np.subtract if maximize else np.add)(direction, gradient, out=direction)


def _kind(value: Any) -> str:
    kind = type(value)
    # Another library's tensor is called Tensor too.
    return f"a {kind.__module__}.{kind.__name__}" if kind.__name__ in ("Tensor", "Parameter") else f"a {kind.__name__}"


def _hint(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; mixing tensors and groups is not possible"
    if hasattr(value, "parameters"):
        return "; give .parameters() of it, without the brackets"
    if isinstance(value, Generator | list):
        return "; join the parameters of several modules with [*a.parameters(), *b.parameters()]"
    return ""
