"""One run of a function that is to be differentiated: what comes in, what goes out, and what the outside sees of it."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import dtypes
from ..core.interpreters import is_operand
from ..core.mode import current_mode, enable_grad
from ..core.node import Node, next_sequence
from ..core.paths import leading_to, segment
from ..core.primitive import REGISTRY, Primitive
from ..engine.gradients import grad as gradients_of
from ..engine.steps import pull_generic
from ..engine.values import HANDLES, new_tensor
from .batching import Batched, Levels, active, expand, strip, wrap
from .tangents import Linearized
from .trees import Structure, flatten, flatten_like, leaf_count, unflatten

__all__ = ["Evaluation", "by_argument", "enter", "named_like", "positions", "tensor_of"]


def _same(x: Any) -> Any:
    return x


# Where a value of an outer graph enters a transform.
INPUT = Primitive(_same, "linear", {"x": lambda g: g}, name="input", symbol="{0}", finite=True)
INPUT.pull = pull_generic


def enter(value: Any, connected: bool = True) -> Any:
    """Return a tensor on the same memory at a vertex of its own, joined to the value's own vertex if it has one."""
    outer = value._node
    inner = new_tensor(value._array, None)
    if not connected or outer.__class__ is not Node:
        if value.name is not None:
            inner.name = value.name
        inner.requires_grad = True
        return inner
    node = Node(INPUT, outer.shape, outer.dtype, inputs=(outer,), context=current_mode().context)
    if value.name is not None:
        node.name = value.name
    inner._node = node
    return inner


def tensor_of(value: Any, path: str, operation: str) -> Any:
    """Return one floating-point leaf of a tree as a tensor.

    Raises:
        TypeError: it is no tensor, array or number, or holds integers.
    """
    if value.__class__ not in HANDLES and value.__class__ is not Batched:
        if is_operand(value):
            raise TypeError(
                f"{operation}: {path} is a {type(value).__name__}, which has a graph of its own; call its backward(), "
                "or pass gg.tensor(scalar.value)"
            )
        if not isinstance(value, np.ndarray | np.generic | float | int):
            raise TypeError(f"{operation}: {path} must be a Tensor, an array or a number, not {type(value).__name__}")
        value = new_tensor(dtypes.as_array(value), None)
    if value.dtype.kind != "f":
        raise TypeError(
            f"{operation}: {path} has dtype {value.dtype}, and only floating-point values have derivatives; "
            "write 2.0 for 2, or convert it with .float()"
        )
    return value


class Evaluation:
    """One run of a function on inputs of its own.

    Args:
        operation: the transform's name, for messages.
        function: what to run.
        args, kwargs: its arguments.
        argnums: the positions of those that are differentiated.
        has_aux: the function returns a pair of its result and something that is only handed on.
        paths: what messages call each argument; by default by position.

    Attributes:
        inputs: the function's own tensors for the leaves of the differentiated arguments.
        structures: the structure of each differentiated argument.
        outputs, output_paths, structure: the leaves of the result, as the function made them.
        aux: what was handed on.
        depends: whether the outside may differentiate what comes of the outputs.
    """

    def __init__(
        self, operation: str, function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any],
        argnums: Sequence[int], has_aux: bool = False, paths: Sequence[str] | None = None,
    ) -> None:  # fmt: skip
        if not callable(function):
            raise TypeError(f"{operation}: expected a function, got {type(function).__name__}")
        self.operation = operation
        self.recording = current_mode().grad
        start = next_sequence()
        arguments = list(args)
        self.levels = active()
        self.inputs: list[Any] = []
        self.structures: list[Structure] = []
        with enable_grad():
            for i in argnums:
                path = f"argument {i}" if paths is None else paths[i]
                leaves, names, structure = flatten(args[i], path)
                entered = [
                    enter(expand(tensor_of(leaf, name, operation), self.levels), self.recording)
                    for leaf, name in zip(leaves, names, strict=True)
                ]
                self.inputs += entered
                self.structures.append(structure)
                arguments[i] = unflatten(structure, [wrap(t, self.levels) for t in entered])
            result = function(*arguments, **kwargs)
        aux = None
        if has_aux:
            if not isinstance(result, tuple) or len(result) != 2:
                raise TypeError(
                    f"{operation}: with has_aux=True the function must return a pair (result, aux), not "
                    f"{type(result).__name__}"
                )
            result, aux = result
        leaves, self.output_paths, self.structure = flatten(result, "result")
        self.outputs: list[Any] = []
        self.output_levels: list[Levels] = []
        for leaf, path in zip(leaves, self.output_paths, strict=True):
            output, levels = strip(leaf)
            self.outputs.append(output)
            self.output_levels.append(levels)
            if output.__class__ not in HANDLES:
                raise TypeError(
                    f"{operation}: the function must return a Tensor or a tree of them; its {path} is a "
                    f"{type(output).__name__} (float() and .item() leave the graph)"
                )
        self._reaching(aux, start)
        self.aux = self.leave(aux)

    def _reaching(self, aux: Any, start: int) -> None:
        """Find the vertices of the results that lead outside."""
        own = {tensor._node for tensor in self.inputs}
        handed = [t for t in (strip(leaf)[0] for leaf in flatten(aux)[0]) if t.__class__ in HANDLES]
        roots = [t._node for t in (*self.outputs, *handed) if t._node.__class__ is Node]
        inside, outside = segment(roots, start, own)
        found = leading_to(set(outside), reversed(inside))
        self.outside = found.intersection(roots)
        self.depends = self.recording and any(t._node in found for t in self.outputs)

    def leave(self, tree: Any) -> Any:
        """Return ``tree`` with the tensors that only this run could differentiate taken off its graph."""
        leaves, _, structure = flatten(tree)
        return unflatten(structure, [self._leave(leaf) for leaf in leaves])

    def _leave(self, leaf: Any) -> Any:
        if leaf.__class__ is Batched:
            return Batched(self._leave(leaf.value), leaf.level)
        if leaf.__class__ not in HANDLES or leaf._node.__class__ is not Node:
            return leaf
        if self.recording and leaf._node in self.outside:
            return leaf
        return new_tensor(leaf._array, None)

    @property
    def result(self) -> Any:
        """What the function returned, as the caller gets it."""
        leaves = zip(self.outputs, self.output_levels, strict=True)
        return unflatten(self.structure, [wrap(self._leave(output), levels) for output, levels in leaves])

    def output_shape(self, position: int) -> tuple[int, ...]:
        """Return the shape of an output, without the batches of vmaps outside."""
        shape: tuple[int, ...] = self.outputs[position]._array.shape
        return shape[len(self.output_levels[position]) :]

    def number(self) -> Any:
        """Return the single output of a function that is to have a gradient.

        Raises:
            TypeError: it returned a tree, or integers.
            ValueError: it returned more than one number.
        """
        if self.structure.kind != "leaf":
            raise TypeError(
                f"{self.operation}: the function must return a single number; it returned {self.structure!r}. Return "
                "the rest with has_aux=True, or use jacrev"
            )
        (output,) = self.outputs
        if self.output_shape(0) != ():
            raise ValueError(
                f"{self.operation}: the function must return a single number, but its result has shape "
                f"{self.output_shape(0)}. Reduce it, for example with .sum(), or use jacrev"
            )
        self.check_floating()
        return output

    def check_floating(self) -> None:
        """Refuse outputs that cannot have derivatives."""
        for output, path in zip(self.outputs, self.output_paths, strict=True):
            if output._array.dtype.kind != "f":
                raise TypeError(
                    f"{self.operation}: the function's {path} has dtype {output._array.dtype}, which has no "
                    "derivative; return it with has_aux=True"
                )

    def pull(self, cotangents: Sequence[Any], keep: bool) -> list[Any]:
        """Return the gradient of every input: what ``cotangents``, one for each output or None, become on the way back.

        The pass is recorded if the outside may want to differentiate what it gives.
        """
        live = [
            (output, c)
            for output, c in zip(self.outputs, cotangents, strict=True)
            if c is not None and output._node.__class__ is Node
        ]
        recorded = current_mode().grad and (self.depends or any(c._node.__class__ is Node for _, c in live))
        if not live or not self.inputs:
            return [new_tensor(np.zeros_like(i._array), None) for i in self.inputs]
        found = gradients_of(
            [output for output, _ in live], self.inputs, [c for _, c in live], retain_graph=keep or recorded,
            create_graph=recorded, materialize_grads=True,
        )  # fmt: skip
        return list(found)

    def linear(self) -> Linearized:
        """Return the map of tangents from the inputs to the outputs."""
        vertices = [output._node for output in self.outputs if output._node.__class__ is Node]
        return Linearized([i._node for i in self.inputs], vertices)

    def push(self, linear: Linearized, tangents: Sequence[Any]) -> list[Any]:
        """Return the tangent of every output, from those of the inputs (or None)."""
        recorded = current_mode().grad and (
            self.depends or any(t is not None and t._node.__class__ is Node for t in tangents)
        )
        given = tangents if recorded else [None if t is None else t._array for t in tangents]
        moved = dict(zip(linear.outputs, linear.push(given, recorded), strict=True))
        found = []
        for output in self.outputs:
            tangent = moved.get(output._node) if output._node.__class__ is Node else None
            if tangent is None:
                found.append(new_tensor(np.zeros_like(output._array), None))
            else:
                # The tangent of an input handed through is the caller's own memory.
                found.append(tangent if recorded else new_tensor(np.array(tangent), None))
        return found

    def along(self, linear: Linearized, tangents: Sequence[Any]) -> list[Any]:
        """Return what :meth:`push` does, as the caller sees it."""
        return [wrap(t, levels) for t, levels in zip(self.push(linear, tangents), self.output_levels, strict=True)]

    def matching(
        self, tree: Any, structure: Structure, models: Sequence[Any], levels: Sequence[Levels], path: str, model: str
    ) -> list[Any]:
        """Return the leaves of a tree of tangents or cotangents, checked against what they belong to."""
        found = []
        given = flatten_like(structure, tree, f"{self.operation}: {path}", model)
        for leaf, like, batches in zip(given, models, levels, strict=True):
            tensor = leaf
            if leaf.__class__ not in HANDLES and leaf.__class__ is not Batched:
                tensor = new_tensor(dtypes.as_array(leaf, like.dtype), None)
            if tensor.shape == like.shape[len(batches) :]:
                if batches or tensor.__class__ is Batched:
                    # To a result that no example differs in, no example's cotangent brings anything.
                    tensor = expand(tensor, batches) if batches else new_tensor(np.zeros_like(like._array), None)
            else:
                word = "tangent" if model.startswith("primals") else "cotangent"
                raise ValueError(
                    f"{self.operation}: {path} has shape {tensor.shape} where {model} has shape "
                    f"{like.shape[len(batches) :]}; give one "
                    f"{word} of the same shape for each"
                )
            found.append(tensor if tensor.dtype == like.dtype else REGISTRY["astype"].function(tensor, like.dtype))
        return found


def positions(operation: str, argnums: Any, count: int) -> tuple[int, ...]:
    """Return ``argnums`` as positions among ``count`` arguments.

    Raises:
        TypeError, ValueError: it is not an integer or a tuple of different ones, or there is no such argument.
    """
    wanted = argnums if isinstance(argnums, tuple | list) else (argnums,)
    found = []
    for n in wanted:
        if isinstance(n, bool) or not isinstance(n, int | np.integer):
            raise TypeError(f"{operation}: argnums must be an integer or a tuple of integers, not {argnums!r}")
        if not -count <= n < count:
            raise ValueError(
                f"{operation}: argnums is {argnums!r}, but the function was called with {count} positional arguments"
            )
        found.append(int(n) % count)
    if not found or len(set(found)) < len(found):
        raise ValueError(f"{operation}: argnums must name at least one argument, and each once, not {argnums!r}")
    return tuple(found)


def by_argument(evaluation: Evaluation, leaves: Sequence[Any], argnums: Any) -> Any:
    """Return one leaf for each input as the trees of the differentiated arguments: a tuple of them, or a single one."""
    rest = [wrap(leaf, evaluation.levels) for leaf in leaves]
    trees = []
    for structure in evaluation.structures:
        count = leaf_count(structure)
        trees.append(unflatten(structure, rest[:count]))
        rest = rest[count:]
    return tuple(trees) if isinstance(argnums, tuple | list) else trees[0]


def named_like(function: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a transformed function the name and docstring of the original."""
    return functools.wraps(function, updated=())
