"""Derivatives along a direction, read from the same rules.

For an elementwise primitive the rule is its own transpose, so it also carries tangents forward; for a linear one the
kernel does. Everything else goes by differentiating the gradient: u ↦ vjp(u) is linear, and its transpose is the jvp.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .backward import grad
from .engine import HANDLES, new_tensor
from .mode import enable_grad
from .tensor import Tensor

__all__ = ["jvp", "primitive_jvp", "vjp"]


def vjp(function: Callable[..., Any], *primals: Tensor) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, ...]]]:
    """Return ``function(*primals)`` and a function that multiplies a cotangent by the Jacobian from the left.

    Inputs that the function ignores have zero derivatives.

    >>> import glassgrad as gg
    >>> y, pull = gg.autograd.vjp(lambda x: x * x, gg.tensor([2.0, 3.0]))
    >>> pull(gg.tensor([1.0, 10.0]))
    (tensor([ 4., 60.]),)
    """
    with enable_grad():
        inputs = [_leaf(p) for p in primals]
        out = function(*inputs)
    if out.__class__ not in HANDLES:
        raise TypeError(f"vjp: the function must return a Tensor, not {type(out).__name__}")

    def pull(cotangent: Tensor) -> tuple[Tensor, ...]:
        if not out.requires_grad:
            return tuple(new_tensor(np.zeros_like(i._array), None) for i in inputs)
        return grad(out, inputs, cotangent, retain_graph=True, materialize_grads=True)

    return out.detach(), pull


def _leaf(value: Any) -> Tensor:
    leaf: Tensor = new_tensor(value._array if value.__class__ in HANDLES else np.asarray(value), None)
    leaf.requires_grad = True
    return leaf


def jvp(function: Callable[..., Any], primals: Sequence[Tensor], tangents: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Return ``function(*primals)`` and its derivative along ``tangents``, by differentiating the vjp once more.

    Raises:
        ValueError: there is not one tangent of the right shape for each primal.

    >>> import glassgrad as gg
    >>> gg.autograd.jvp(lambda x: x * x, [gg.tensor([2.0, 3.0])], [gg.tensor([1.0, 10.0])])
    (tensor([4., 9.]), tensor([ 4., 60.]))
    """
    if len(primals) != len(tangents) or any(
        np.shape(p) != np.shape(t) for p, t in zip(primals, tangents, strict=False)
    ):
        raise ValueError("jvp: give one tangent of the same shape for each primal")
    with enable_grad():
        inputs = [_leaf(p) for p in primals]
        out = function(*inputs)
        if not out.requires_grad:
            return out, new_tensor(np.zeros_like(out._array), None)
        dummy = _leaf(new_tensor(np.zeros_like(out._array), None))
        gradients = grad(out, inputs, dummy, create_graph=True, materialize_grads=True)
        weights = [t if t.__class__ in HANDLES else new_tensor(np.asarray(t), None) for t in tangents]
        live = [(g, w) for g, w in zip(gradients, weights, strict=True) if g.requires_grad]
        if not live:
            return out.detach(), new_tensor(np.zeros_like(out._array), None)
        (tangent,) = grad([g for g, _ in live], [dummy], [w for _, w in live], materialize_grads=True)
    return out.detach(), tangent


def primitive_jvp(function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], **static: Any) -> Any:
    """Return the derivative of one primitive along ``tangents``, from its declaration.

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
    primitive = function.primitive  # type: ignore[attr-defined]
    names = primitive.input_names
    table = primitive.tables[next(iter(primitive.tables))]
    if primitive.kind == "elementwise" and table is not None and table.joint is None:
        values: dict[str, Any] = dict(zip(names, primals, strict=True))
        bound = primitive.signature.bind(*primals, **static)
        bound.apply_defaults()
        values.update(bound.arguments)
        values["out"] = function(*primals, **static)
        values.update({f"{n}_shape": np.shape(v) for n, v in zip(names, primals, strict=True)})
        total: Any = 0
        for name, tangent in zip(names, tangents, strict=True):
            if tangent is not None and name in table.rules:
                # The derivative is diagonal, so carrying a tangent forward and a gradient back are the same product.
                values["g"] = np.broadcast_to(tangent, np.shape(values["out"]))
                total = total + table.rules[name].function(*(values[a] for a in table.rules[name].arguments))
        return np.broadcast_to(total, np.shape(values["out"]))
    if primitive.kind == "linear" and len(names) == 1 and not primitive.list_input and tangents[0] is not None:
        return function(tangents[0], *primals[1:], **static)
    if primitive.kind == "multilinear":
        total = 0
        for i, tangent in enumerate(tangents):
            if tangent is not None and names[i] not in primitive.optional:
                # An additive optional operand (a bias) does not multiply, so it stays out of the products.
                moved = [p if names[j] not in primitive.optional else None for j, p in enumerate(primals)]
                moved[i] = tangent
                total = total + function(*moved, **static)
            elif tangent is not None:
                zeros = [np.zeros_like(p) for p in primals]
                zeros[i] = tangent
                total = total + function(*zeros, **static)
        return total
    moving = [i for i, t in enumerate(tangents) if t is not None]

    def along(*values: Any) -> Any:
        operands = list(primals)
        for i, value in zip(moving, values, strict=True):
            operands[i] = value
        result = function(*operands, **static)
        return result[0] if isinstance(result, tuple) else result

    return jvp(along, [primals[i] for i in moving], [tangents[i] for i in moving])[1].numpy()
