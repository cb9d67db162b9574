"""Functions of functions: what differentiates a Python function instead of a recorded result.

Every transform gives the function inputs of its own: fresh vertices, joined to those of the caller's tensors when
these are part of a graph. So transforms nest, each differentiates with respect to its own inputs and nothing else, and
a result stays connected to whatever the outside differentiates: arguments, and tensors that the function only closes
over. Where nothing outside wants a gradient the result is plain, and the graph that was made dies with the call.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..engine.values import new_tensor
from .evaluation import Evaluation, by_argument, named_like, positions
from .tangents import Linearized
from .trees import leaf_count, unflatten

__all__ = [
    "check_sequences", "grad", "jvp", "linearize", "primitive_jvp", "value_and_grad", "value_and_gradient", "vjp",
]  # fmt: skip

# -- gradients ------------------------------------------------------------------------------------------------


def grad(function: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """Return a function that computes the gradient of ``function``, which must return a single number.

    Args:
        function: takes tensors, or nested dicts, lists and tuples of them. NumPy arrays and Python floats become
            tensors; integers raise.
        argnums: the position of the argument to differentiate, or a tuple of positions.
        has_aux: ``function`` returns a pair (number, anything), and so does the gradient function.

    Returns:
        A function of the same arguments. Its result is built like the argument, with tuple ``argnums`` a tuple of such.
        What the number does not depend on has a gradient of zeros.

    Raises:
        TypeError: an argument to be differentiated holds something other than floating-point numbers, or the function
            returned no Tensor; the message names the place.
        ValueError: the result is not a single number, or there is no argument ``argnums``.

    Edges: it records by itself under ``no_grad``, but its result is then no part of an outer graph; a part of
    ``function`` that runs under ``no_grad`` is a constant.

    >>> import glassgrad as gg
    >>> gg.func.grad(lambda x: x ** 3)(2.0)
    tensor(12.)
    >>> gg.func.grad(gg.func.grad(lambda x: x ** 3))(2.0)
    tensor(12.)
    >>> loss = lambda params, x: ((x @ params["w"] + params["b"]) ** 2).sum()
    >>> gg.func.grad(loss)({"w": gg.tensor([1.0, 2.0]), "b": 0.5}, gg.tensor([[1.0, 0.0], [0.0, 1.0]]))
    {'w': tensor([3., 5.]), 'b': tensor(8.)}
    """
    both = value_and_gradient("grad", function, argnums, has_aux)

    @named_like(function)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, found = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return gradient


def value_and_grad(
    function: Callable[..., Any], argnums: int | tuple[int, ...] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """Return a function that computes the pair (value, gradient); as PyTorch's and JAX's, value first.

    With ``has_aux`` it gives ((value, aux), gradient), as JAX does; everything else is as for :func:`grad`.

    Raises:
        TypeError, ValueError: as :func:`grad`.

    >>> import glassgrad as gg
    >>> gg.func.value_and_grad(lambda x, y: x * y, argnums=(0, 1))(2.0, 3.0)
    (tensor(6.), (tensor(3.), tensor(2.)))
    """
    return value_and_gradient("value_and_grad", function, argnums, has_aux)


def value_and_gradient(operation: str, function: Callable[..., Any], argnums: Any, has_aux: bool) -> Callable[..., Any]:
    """Return what :func:`value_and_grad` does, under the name that messages are to have."""
    if not callable(function):
        raise TypeError(f"{operation}: expected a function, got {type(function).__name__}")

    @named_like(function)
    def both(*args: Any, **kwargs: Any) -> Any:
        chosen = positions(operation, argnums, len(args))
        run = Evaluation(operation, function, args, kwargs, chosen, has_aux)
        output = run.number()
        one = new_tensor(np.ones(output.shape, output.dtype), None)
        found = by_argument(run, run.pull([one], keep=False), argnums)
        return ((run.result, run.aux) if has_aux else run.result), found

    return both


# -- products with the Jacobian -------------------------------------------------------------------------------


def vjp(function: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """Return ``function(*primals)`` and a function that multiplies a cotangent by the Jacobian from the left.

    Args:
        function: takes and returns tensors or trees of them.
        *primals: its arguments, all of which are differentiated.
        has_aux: ``function`` returns a pair (result, anything); the anything comes third.

    Returns:
        The pair (result, pull), or (result, pull, aux). ``pull(cotangent)`` takes a tree like the result and gives one
        gradient for each primal, always as a tuple; it may be called many times. Its graph lives as long as ``pull``.

    Raises:
        TypeError, ValueError: a primal, the result or a cotangent does not fit; the message names the place.

    >>> import glassgrad as gg
    >>> y, pull = gg.func.vjp(lambda x: x * x, gg.tensor([2.0, 3.0]))
    >>> pull(gg.tensor([1.0, 10.0]))
    (tensor([ 4., 60.]),)
    """
    every = tuple(range(len(primals)))
    run = Evaluation("vjp", function, primals, {}, every, has_aux, [f"primals[{i}]" for i in every])
    run.check_floating()

    def pull(cotangent: Any) -> tuple[Any, ...]:
        given = run.matching(cotangent, run.structure, run.outputs, run.output_levels, "the cotangent", "the result")
        found: tuple[Any, ...] = by_argument(run, run.pull(given, keep=True), every)
        return found

    return (run.result, pull, run.aux) if has_aux else (run.result, pull)


def _linearized(
    operation: str, function: Callable[..., Any], primals: Sequence[Any], has_aux: bool
) -> tuple[Evaluation, Linearized]:
    every = range(len(primals))
    run = Evaluation(operation, function, primals, {}, every, has_aux, [f"primals[{i}]" for i in every])
    return run, run.linear()


def _tangents(run: Evaluation, tangents: Sequence[Any]) -> list[Any]:
    if len(tangents) != len(run.structures):
        raise ValueError(
            f"{run.operation}: give one tangent of the same shape for each primal; there are {len(run.structures)} "
            f"primals and {len(tangents)} tangents"
        )
    found: list[Any] = []
    for i, (structure, tangent) in enumerate(zip(run.structures, tangents, strict=True)):
        models = run.inputs[len(found) : len(found) + leaf_count(structure)]
        found += run.matching(tangent, structure, models, [run.levels] * len(models), f"tangents[{i}]", f"primals[{i}]")
    return found


def jvp(function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False) -> Any:
    """Return ``function(*primals)`` and its derivative along ``tangents``.

    The function is recorded once and the tangents are carried through the record (``tangents.py``): about the cost of
    two evaluations, whatever the number of outputs.

    Args:
        function: takes and returns tensors or trees of them.
        primals: a tuple or list of its arguments.
        tangents: one for each, built like it.
        has_aux: ``function`` returns a pair (result, anything); the anything comes third.

    Returns:
        The pair (result, tangent), or (result, tangent, aux). Integers in the result have a tangent of zeros.

    Raises:
        ValueError: there is not one tangent of the right shape for each primal.
        TypeError: primals or tangents are no tuple or list, or hold something other than floating-point numbers.

    >>> import glassgrad as gg
    >>> gg.func.jvp(lambda x: x * x, [gg.tensor([2.0, 3.0])], [gg.tensor([1.0, 10.0])])
    (tensor([4., 9.]), tensor([ 4., 60.]))
    """
    check_sequences("jvp", primals, tangents)
    run, linear = _linearized("jvp", function, primals, has_aux)
    moved = run.along(linear, _tangents(run, tangents))
    pair = (run.result, unflatten(run.structure, moved))
    return (*pair, run.aux) if has_aux else pair


def check_sequences(operation: str, primals: Any, tangents: Any) -> None:
    """Refuse primals and tangents that are not given one for each argument."""
    for name, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, tuple | list):
            raise TypeError(
                f"{operation}: {name} must be a tuple or list with one entry for each argument of the function, not "
                f"{type(given).__name__}"
            )


def linearize(function: Callable[..., Any], *primals: Any) -> Any:
    """Return ``function(*primals)`` and a function that multiplies tangents by the Jacobian from the right.

    Like :func:`jvp`, with the function run only once for any number of tangents.

    Raises:
        TypeError, ValueError: as :func:`jvp`.

    >>> import glassgrad as gg
    >>> y, push = gg.func.linearize(lambda x: x * x, gg.tensor([2.0, 3.0]))
    >>> push(gg.tensor([1.0, 0.0])), push(gg.tensor([0.0, 1.0]))
    (tensor([4., 0.]), tensor([0., 6.]))
    """
    run, linear = _linearized("linearize", function, primals, False)

    def push(*tangents: Any) -> Any:
        return unflatten(run.structure, run.along(linear, _tangents(run, tangents)))

    return run.result, push


def primitive_jvp(function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], **static: Any) -> Any:
    """Return the derivative of one operation along ``tangents``.

    Args:
        function: a primitive's function.
        primals: its inputs, as arrays.
        tangents: an array of the same shape for each, or ``None`` for an input that does not move.
        **static: its static arguments.

    Returns:
        The tangent of the (first) output, as an array.

    >>> import numpy as np, glassgrad as gg
    >>> gg.autograd.primitive_jvp(gg.multiply, [np.array([2.0]), np.array([3.0])], [np.array([1.0]), None])
    array([3.])
    """
    moving = [i for i, t in enumerate(tangents) if t is not None]

    def along(*values: Any) -> Any:
        operands = list(primals)
        for i, value in zip(moving, values, strict=True):
            operands[i] = value
        result = function(*operands, **static)
        return result[0] if isinstance(result, tuple) else result

    return jvp(along, [primals[i] for i in moving], [tangents[i] for i in moving])[1].numpy()
