"""The function under test, as the checker runs it: in float64, on moved values, leaving no trace.

Whatever happens inside, parameters and buffers come back as the same arrays with the same bits, and random number
generators in the state they were in.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..autograd import (
    Node,
    Scalar,
    Tensor,
    get_rng_state,
    grad,
    is_floating,
    reachable,
    set_grad_enabled,
    set_rng_state,
)
from ..autograd.handles.scalar import reachable as reachable_scalars
from ..nn.module import Module
from .arguments import Fixed, Leaf, named_parameters, read_inputs, rebuild, walk
from .ladder import Rung

__all__ = ["Problem", "preserved_random_state", "swapped"]

Array = np.ndarray[Any, Any]


@contextmanager
def preserved_random_state() -> Iterator[None]:
    """Put every random number generator back at the end: the library's, NumPy's old global one, and Python's."""
    states = get_rng_state(), np.random.get_state(), random.getstate()  # noqa: NPY002 - the user's code may draw there
    try:
        yield
    finally:
        set_rng_state(states[0])
        np.random.set_state(states[1])  # noqa: NPY002
        random.setstate(states[2])


@contextmanager
def swapped(tensors: Sequence[Tensor], dtype: Any = None) -> Iterator[None]:
    """Let tensors hold copies of their values, floating-point ones in ``dtype``, while the block runs.

    The handles stay, so whoever holds them sees the copies; afterwards they have their own arrays, vertices and
    gradients again, which nothing inside the block could touch.
    """
    kept = [(t, t._array, t._node, t._grad, t.name, t.requires_grad) for t in tensors]
    try:
        for tensor, array, _, _, name, wanted in kept:
            target = dtype if dtype is not None and is_floating(array.dtype) else array.dtype
            tensor._array = np.array(array, target, order="C")
            # The vertex knows the dtype, so the copy needs one of its own.
            tensor._node = tensor._grad = None
            tensor.requires_grad = wanted
            tensor.name = name
        yield
    finally:
        for tensor, array, node, gradient, _, _ in kept:
            tensor._array, tensor._node, tensor._grad = array, node, gradient


class Problem:
    """A function with its leaves.

    Attributes:
        leaves: inputs, then parameters.
        tensors: the parameters and buffers whose values must be swapped while it runs.
        notes: what was left out, and why.
        evaluations: how often the function has run.
        recording: whether it needs a graph even for its value, because it differentiates inside.
        precision: relative spacing of the numbers that it computes with.
        failure: the latest exception of a run on moved values.
        reach: sum of the sizes of all weighted outputs; what rounding errors are relative to.
        blind: by id of a leaf, the flat mask of elements that only reach outputs that are not finite.
    """

    def __init__(self, fn: Callable[..., Any], inputs: Any, params: Any) -> None:
        if not callable(fn):
            raise TypeError(f"gradcheck: fn must be a function, not {type(fn).__name__}")
        parameters = named_parameters(params)
        self.fn = fn
        self.arguments, self.leaves, self.notes = read_inputs(fn, inputs, parameters)
        for name, tensor in parameters.items():
            if tensor.requires_grad and tensor.is_floating_point():
                self.leaves.append(Leaf(name, tensor, parameter=True))
            else:
                self.notes.append(f"{name} is not checked: it does not require grad")
        self.tensors = list(parameters.values())
        for module in (fn, params):
            if isinstance(module, Module):
                held = [*(p for _, p in module.named_parameters()), *(b for _, b in module.named_buffers())]
                self.tensors += [t for t in held if all(t is not other for other in self.tensors)]
        if not self.leaves:
            raise ValueError(
                "gradcheck: there is nothing to check: no input is floating-point and no parameter requires grad"
            )
        self.evaluations = 0
        self.recording = False
        self.precision = float(np.finfo(np.float64).eps)
        self.failure: Exception | None = None
        self.blind: dict[int, Array] = {}
        self._weights: list[Array] = []
        self._base: list[Array] = []
        self._sizes: list[Array] = []
        self._reached: list[Array] = []
        self._largest: list[Array] = []
        self.reach = 0.0

    # -- running it ---------------------------------------------------------------------------------------------------

    def run(
        self, recording: bool, substitute: Callable[[Leaf], Any] | None = None, as_given: bool = False
    ) -> list[Any]:
        """Call the function and return its differentiable outputs, flattened.

        Args:
            recording: whether to make a graph.
            substitute: gives the argument for a leaf, if not its own.
            as_given: keep the dtypes of arguments that are not checked.

        Raises:
            TypeError: an output is not a Tensor or a Scalar.
        """
        self.evaluations += 1

        def argument(value: Any) -> Any:
            if isinstance(value, Fixed):
                return value.given if as_given else value.double
            if not isinstance(value, Leaf):
                return value
            return value.argument(recording) if substitute is None else substitute(value)

        with set_grad_enabled(recording), np.errstate(all="ignore"):
            result = self.fn(*(rebuild(a, argument) for a in self.arguments))
        outputs = [value for _, value in walk(result, "output")]
        for name, value in walk(result, "output"):
            if not isinstance(value, Tensor | Scalar):
                raise TypeError(
                    f"gradcheck: the function returned a {type(value).__name__} as {name}; it must return a Tensor, a "
                    "Scalar, or a tuple or list of them, computed with the library's operations"
                )
        differentiable = [v for v in outputs if isinstance(v, Scalar) or v.is_floating_point()]
        if not differentiable:
            kinds = ", ".join(dict.fromkeys(str(v.dtype) for v in outputs)) or "nothing"
            raise TypeError(f"gradcheck: the function returned {kinds}, which has no derivative")
        return differentiable

    @staticmethod
    def read(outputs: Sequence[Any]) -> list[Array]:
        """Return copies of the outputs' values, in float64."""
        return [np.array(o.value if isinstance(o, Scalar) else o.numpy(), np.float64) for o in outputs]

    def values(self) -> list[Array]:
        """Return the outputs' values at the leaves' present values."""
        return self.read(self.run(self.recording))

    def gradients(self, outputs: Sequence[Any], weights: Sequence[Array], leaves: Sequence[Any]) -> list[Any]:
        """Return the gradient of the weighted sum of outputs by each handle: an array, or None where no path leads."""
        found: list[Any] = [None] * len(leaves)
        pairs = [(o, w) for o, w in zip(outputs, weights, strict=True) if o.requires_grad]
        roots = [(o, w) for o, w in pairs if isinstance(o, Tensor)]
        handles = [h for h in leaves if isinstance(h, Tensor)]
        if roots and handles:
            starts = [Tensor(w, o.dtype, copy=False) for o, w in roots]
            with np.errstate(all="ignore"):
                results = grad([o for o, _ in roots], handles, starts, retain_graph=True, allow_unused=True)
            arrays = {id(h): None if g is None else g.numpy() for h, g in zip(handles, results, strict=True)}
            found = [arrays.get(id(h)) for h in leaves]
        scalars = [(o, w) for o, w in pairs if isinstance(o, Scalar)]
        for leaf in leaves:
            if isinstance(leaf, Scalar):
                leaf.grad = None
        for output, weight in scalars:
            output.backward(float(weight))
        for i, leaf in enumerate(leaves):
            if isinstance(leaf, Scalar) and leaf.grad is not None:
                found[i] = np.array(leaf.grad)
        return found

    # -- along one element --------------------------------------------------------------------------------------------

    def prepare(self, weights: Sequence[Array], base: Sequence[Array], outputs: Sequence[Any]) -> None:
        """Fix the cotangent and the outputs' values at the point itself."""
        self._base = list(base)
        self._weights = list(weights)
        self._sizes = [np.abs(w * np.where(w != 0, b, 0.0)) for w, b in zip(weights, base, strict=True)]
        self.reach = sum(float(np.sum(s)) for s in self._sizes)
        self.precision = max(float(np.finfo(d).eps) for d in _dtypes(outputs))

    def at(self, leaf: Leaf, position: int, value: float) -> list[Array] | None:
        """Return the outputs with one element set to ``value``, or None where the function fails there."""
        leaf.set(position, value)
        try:
            outputs = self.values()
        except Exception as error:  # a function may be undefined there, and say so in its own way
            self.failure = error
            return None
        if [o.shape for o in outputs] != [b.shape for b in self._base]:
            self.failure = ValueError("the shapes of the outputs change with the values of the inputs")
            return None
        return outputs

    def start(self) -> None:
        """Begin with another element: forget which outputs the one before was seen to move."""
        self._reached = [np.zeros(b.shape, bool) for b in self._base]
        self._largest = [np.array(np.abs(b)) for b in self._base]

    def explore(self, leaf: Leaf, position: int, distance: float) -> float:
        """Find out which outputs an element can move at all, by moving it far; return their rounding errors."""
        value = float(leaf.values[position])
        try:
            # To 0 as well, since what is large may saturate already.
            for moved in (value + distance, value - distance, 0.0):
                outputs = self.at(leaf, position, moved)
                for k, there in enumerate(outputs or ()):
                    self._reached[k] |= self._base[k] != there
                    np.fmax(self._largest[k], np.where(np.isfinite(there), np.abs(there), 0.0), out=self._largest[k])
        finally:
            leaf.set(position, value)
        return self.precision * sum(float(np.sum(s[r])) for s, r in zip(self._sizes, self._reached, strict=True))

    def measure(self, leaf: Leaf, position: int, step: float) -> Rung:
        """Return what moving one element by ``step`` to both sides shows; the element is put back."""
        value = float(leaf.values[position])
        above, below = value + step, value - step
        try:
            outputs = self.at(leaf, position, above), self.at(leaf, position, below)
        finally:
            leaf.set(position, value)
        # The steps that were really taken, not those that were asked for.
        up, down = above - value, value - below
        with np.errstate(all="ignore"):
            return self._quotients(outputs, up, down)

    def _quotients(self, outputs: Sequence[list[Array] | None], up: float, down: float) -> Rung:
        left = right = central = low = high = 0.0
        noise = everything = coarse = 0.0
        for k, (weight, here) in enumerate(zip(self._weights, self._base, strict=True)):
            one, two = (None if o is None else o[k] for o in outputs)
            counted = weight != 0
            rise = np.full(here.shape, np.nan) if one is None else np.subtract(one, here)
            fall = np.full(here.shape, np.nan) if two is None else np.subtract(here, two)
            rise, fall = (np.where(counted, weight * d, 0.0) for d in (rise, fall))
            right += float(np.sum(rise)) / up
            left += float(np.sum(fall)) / down
            if one is not None and two is not None:
                central += float(np.sum(np.where(counted, weight * (one - two), 0.0))) / (up + down)
                low += float(np.sum(np.minimum(rise / up, fall / down)))
                high += float(np.sum(np.maximum(rise / up, fall / down)))
            else:
                central = low = high = np.nan
            size = self._sizes[k]
            # An output that a larger step moved has rounding errors, also where this step leaves it as it is.
            self._reached[k] |= (rise != 0) | (fall != 0)
            noise += float(np.sum(np.fmax(size, np.fmax(np.abs(rise), np.abs(fall)))[self._reached[k]]))
            coarse += float(np.sum(np.where(counted, np.abs(weight * self._largest[k]), 0.0)[self._reached[k]]))
            everything += float(np.sum(size))
        if left == right == 0:
            # Nothing moved, though it can: the outputs go in steps, which may be as large as rounding is elsewhere.
            noise = max(noise, coarse)
        noise = self.precision * (noise or everything)
        return Rung(0.5 * (up + down), central, left, right, low, high, noise)


def _dtypes(outputs: Sequence[Any]) -> Iterator[np.dtype[Any]]:
    """Go through the floating-point dtypes of everything that outputs were computed from."""
    yield np.dtype(np.float64)
    nodes = [o._node for o in outputs if isinstance(o, Tensor) and isinstance(o._node, Node)]
    for output in outputs:
        yield output.dtype
    for node in reachable(nodes):
        for dtype in node.dtype if isinstance(node.dtype, tuple | list) else (node.dtype,):
            if is_floating(dtype):
                yield dtype


def names_of_operations(outputs: Sequence[Any]) -> set[str]:
    """Return the names of the primitives that outputs were computed with."""
    nodes = reachable(o._node for o in outputs if isinstance(o, Tensor) and isinstance(o._node, Node))
    found = {n.primitive.name for n in nodes}
    for output in outputs:
        if isinstance(output, Scalar):
            found |= {s.primitive.name for s in reachable_scalars(output)}
    return found
