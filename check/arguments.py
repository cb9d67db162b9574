"""What a checked function is called with: leaves to move, among constants, in any nesting.

Every floating-point value is copied to float64 memory of its own, so that the verdict is about the formula and the
caller's data are never touched. (The values of parameters are swapped, see ``problem.py``.)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from ..autograd import Scalar, Tensor, is_floating, no_grad
from ..autograd.ops.in_place import assign, assign_at
from ..nn.module import Module

__all__ = ["Fixed", "Leaf", "named_parameters", "read_inputs", "rebuild", "show_index"]

Array = np.ndarray[Any, Any]


class Leaf:
    """One input or parameter whose derivatives are checked.

    Attributes:
        name: what the report calls it.
        shape, dtype: as the caller gave it.
        source: the caller's object.
        handle: the tensor that the function reads; ``None`` for Scalars, which are made anew for each call.
        parameter: whether the function reads it by itself, not as an argument.
    """

    def __init__(self, name: str, source: Any, parameter: bool = False) -> None:
        self.name = name
        self.source = source
        self.parameter = parameter
        self.handle: Tensor | None = None
        self.shape: tuple[int, ...] = ()
        self.dtype = np.dtype(np.float64)
        self._number = 0.0
        if isinstance(source, Scalar):
            self._number = source.value
            return
        array = source.numpy() if isinstance(source, Tensor) else source
        self.shape, self.dtype = array.shape, array.dtype.newbyteorder("=")
        # Parameters keep their handle, which the function holds.
        self.handle = source if parameter else self.tensor(np.float64)

    def tensor(self, dtype: Any) -> Tensor:
        """Return a new leaf of the graph with the caller's values in another dtype."""
        array = self.source.numpy() if isinstance(self.source, Tensor) else self.source
        # One plain block of memory, whatever the strides of the original.
        return Tensor(np.array(array, dtype, order="C"), requires_grad=True, name=self.name, copy=False)

    def as_given(self) -> Any:
        """Return an argument of the caller's dtype, for a run that is not in float64."""
        return self.argument(True) if self.parameter or self.handle is None else self.tensor(self.dtype)

    @property
    def size(self) -> int:
        """The number of elements."""
        return 1 if self.handle is None else self.handle.numel()

    @property
    def values(self) -> Array:
        """The present values, flat; read-only."""
        return np.array([self._number]) if self.handle is None else self.handle.numpy().reshape(-1)

    def set(self, position: int, value: float) -> None:
        """Overwrite one element, given by its position in the flattened tensor."""
        if self.handle is None:
            self._number = value
            return
        with no_grad():
            assign_at(self.handle, np.unravel_index(position, self.shape), value)

    def fill(self, values: Array) -> None:
        """Overwrite all elements."""
        if self.handle is None:
            self._number = float(values[0])
            return
        with no_grad():
            assign(self.handle, values.reshape(self.shape))

    def index(self, position: int) -> tuple[int, ...]:
        """Return the index of a flat position."""
        return tuple(int(i) for i in np.unravel_index(position, self.shape)) if self.shape else ()

    def argument(self, recording: bool) -> Any:
        """Return what the function receives: the tensor, or a new Scalar."""
        return Scalar(self._number, requires_grad=recording, name=self.name) if self.handle is None else self.handle


class Fixed:
    """An argument that is not moved: in double precision, like everything else, and as the caller gave it."""

    def __init__(self, value: Any) -> None:
        self.given = self.double = value
        if isinstance(value, Tensor):
            self.given = Tensor(value)
            self.double = Tensor(value, np.float64) if value.is_floating_point() else self.given
        elif isinstance(value, np.ndarray):
            self.given = np.array(value)
            self.double = np.array(value, np.float64) if is_variable(value) else self.given
        elif isinstance(value, Scalar):
            self.given = self.double = value.detach()


def show_index(name: str, index: tuple[int, ...]) -> str:
    """Return ``name[i, j]``; the name alone for a single number.

    >>> show_index("weight", (0, 2)), show_index("x", ())
    ('weight[0, 2]', 'x')
    """
    return f"{name}[{', '.join(map(str, index))}]" if index else name


# -- inputs ----------------------------------------------------------------------------------------------------------


def is_variable(value: Any) -> bool:
    """Return whether a value can have a gradient: a Scalar, or a floating-point tensor or array."""
    return isinstance(value, Scalar) or (
        isinstance(value, Tensor | np.ndarray) and is_floating(value.dtype.newbyteorder("="))
    )


def walk(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Go through the values inside lists, tuples and dicts, with a name for each."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from walk(item, f"{name}[{key!r}]")
    elif isinstance(value, list | tuple):
        for i, item in enumerate(value):
            yield from walk(item, f"{name}[{i}]")
    else:
        yield name, value


def rebuild(value: Any, convert: Callable[[Any], Any]) -> Any:
    """Return the same nesting of lists, tuples and dicts with every value in it converted."""
    if isinstance(value, Mapping):
        return {key: rebuild(item, convert) for key, item in value.items()}
    if isinstance(value, list | tuple):
        items = [rebuild(item, convert) for item in value]
        if isinstance(value, list):
            return items
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    return convert(value)


def read_inputs(
    fn: Callable[..., Any], inputs: Any, parameters: Mapping[str, Tensor]
) -> tuple[tuple[Any, ...], list[Leaf], list[str]]:
    """Return the arguments with a :class:`Leaf` in place of every value to check, those leaves, and notes.

    A tuple or list holds the arguments; anything else is the only one. If some tensor requires a gradient, those
    that do are checked; if none does, all floating-point values are.
    """
    arguments = tuple(inputs) if isinstance(inputs, list | tuple) and not hasattr(inputs, "_fields") else (inputs,)
    known = {id(p) for p in parameters.values()}
    named = [
        pair
        for name, argument in zip(_argument_names(fn, len(arguments)), arguments, strict=True)
        for pair in walk(argument, name)
    ]
    marked = any(getattr(value, "requires_grad", False) for _, value in named if id(value) not in known)
    leaves: list[Leaf] = []
    notes: list[str] = []
    taken: set[str] = set(parameters)
    queue: list[Any] = []
    for name, value in named:
        given = getattr(value, "name", None) if isinstance(value, Tensor | Scalar) else None
        name = given or name
        if id(value) in known:
            queue.append(value)
            continue
        kind = value.dtype if isinstance(value, Tensor | np.ndarray) else "Scalar"
        if is_variable(value) and (not marked or getattr(value, "requires_grad", False)):
            while name in taken:
                name += "'"
            taken.add(name)
            leaf = Leaf(name, value)
            leaves.append(leaf)
            queue.append(leaf)
            continue
        if isinstance(value, Tensor | np.ndarray | Scalar):
            notes.append(f"{name} is not checked: it {'does not require grad' if is_variable(value) else f'is {kind}'}")
        queue.append(Fixed(value))
    position = iter(queue)
    return tuple(rebuild(a, lambda _: next(position)) for a in arguments), leaves, notes


def _argument_names(fn: Callable[..., Any], count: int) -> list[str]:
    """Return the function's own names for its arguments, as far as they are known."""
    names: list[str] = []
    try:
        parameters = inspect.signature(fn.forward if isinstance(fn, Module) else fn).parameters.values()
    except (TypeError, ValueError):
        parameters = {}.values()  # type: ignore[assignment]
    for parameter in parameters:
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            names.append(parameter.name)
        elif parameter.kind is parameter.VAR_POSITIONAL:
            names += [f"{parameter.name}[{i}]" for i in range(count - len(names))]
    return (names + [f"inputs[{i}]" for i in range(len(names), count)])[:count]


# -- parameters ------------------------------------------------------------------------------------------------------


def named_parameters(params: Any) -> dict[str, Tensor]:
    """Return parameters by name, from a Module, a mapping, or an iterable of tensors.

    Raises:
        TypeError: something among them is not a Tensor.
        ValueError: one is the result of an operation, so it has no values of its own.
    """
    if params is None:
        return {}
    if isinstance(params, Module):
        return dict(params.named_parameters())
    if isinstance(params, Tensor):
        params = [params]
    if isinstance(params, Mapping):
        found = {str(name): value for name, value in params.items()}
    else:
        found = {}
        for i, value in enumerate(params):
            name = getattr(value, "name", None) or f"params[{i}]"
            found[name if name not in found else f"params[{i}]"] = value
    for name, value in found.items():
        if not isinstance(value, Tensor):
            raise TypeError(f"gradcheck: params holds {name}, a {type(value).__name__}; give Tensors or nn.Parameters")
        if not value.is_leaf:
            raise ValueError(
                f"gradcheck: the parameter {name} is the result of an operation, so it cannot be moved by itself; "
                "give the tensors that it was computed from"
            )
    return found
