"""Products of matrices."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.cost import per_inner
from ..core.sums import INNER_LIMIT, matrix_product
from ..engine.declare import primitive
from .reduction import sum
from .shaping import reshape, sum_to, transpose, unsqueeze

__all__ = ["matmul"]


def _product(x: Any, y: Any) -> Any:
    # A call of the primitive costs more than a small product, and is as exact only where there is much to add.
    return x @ y if x.__class__ is np.ndarray and x.shape[-1] <= INNER_LIMIT else matmul(x, y)


def _left(g: Any, y: Any, x_shape: Any) -> Any:
    """Return the gradient of ``x @ y`` with respect to ``x``: g @ yᵀ, summed over the axes where ``x`` was repeated."""
    if len(y.shape) == 1:
        return sum_to(unsqueeze(g, -1) * y, x_shape)
    if len(x_shape) == 1:
        return sum_to(reshape(y @ unsqueeze(g, -1), y.shape[:-1]), x_shape)
    product = _product(g, transpose(y))
    return product if product.shape == x_shape else sum_to(product, x_shape)


def _right(g: Any, x: Any, y_shape: Any) -> Any:
    """Return the gradient of ``x @ y`` with respect to ``y``: xᵀ @ g, summed over the axes where ``y`` was repeated."""
    if len(x.shape) == 1:
        return sum_to(reshape(x, (-1, 1)) * unsqueeze(g, -2) if len(y_shape) > 1 else x * g, y_shape)
    if len(y_shape) == 1:
        return sum_to(x * unsqueeze(g, -1), y_shape)
    product = _product(transpose(x), g)
    return product if product.shape == y_shape else sum_to(product, y_shape)


@primitive(
    kind="multilinear", widens=True, cost=per_inner(2), symbol="{0} @ {1}",
    x=lambda g, y, x_shape: _left(g, y, x_shape), y=lambda g, x, y_shape: _right(g, x, y_shape),
)  # fmt: skip
def matmul(x: Any, y: Any) -> Any:
    """Return the matrix product, with NumPy's rules for vectors and stacks of matrices.

    Backward: ``x.grad = g @ yᵀ``, ``y.grad = xᵀ @ g``.

    Raises:
        ValueError: the inner sizes differ, or an operand is a single number.

    >>> import glassgrad as gg
    >>> gg.matmul(gg.tensor([[1.0, 2.0]]), gg.tensor([[3.0], [4.0]]))
    tensor([[11.]])
    """
    try:
        return matrix_product(x, y)
    except ValueError:
        raise ValueError(_matmul_problem(np.shape(x), np.shape(y))) from None


def _matmul_problem(x: Any, y: Any) -> Any:
    if not x or not y:
        return f"matmul: shapes {x} and {y}: both operands need at least one dimension; use * to scale"
    inner = y[-2] if len(y) > 1 else y[0]
    if x[-1] != inner:
        hint = ""
        if y[-1] == x[-1] and len(y) > 1:
            hint = "; transposing the second operand would fit"
        return f"matmul: shapes {x} and {y} do not fit: the inner sizes {x[-1]} and {inner} must be equal{hint}"
    return f"matmul: shapes {x} and {y}: the leading dimensions cannot be broadcast together"


def _rows(x: Any) -> Any:
    # −1 cannot be worked out where there are no columns.
    return reshape(x, (-1 if x.shape[-1] else math.prod(x.shape[:-1]), x.shape[-1]))


@primitive(
    kind="multilinear", widens=True, cost=per_inner(2, "in_features"), symbol="{0} @ {1}ᵀ + {2}",
    input=lambda g, weight: g @ weight, weight=lambda g, input: _product(transpose(_rows(g)), _rows(input)),
    bias=lambda g: sum(_rows(g), 0),
)  # fmt: skip
def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """Return ``input @ weightᵀ + bias``, the affine map of a fully connected layer.

    Args:
        input: shape (..., in_features).
        weight: shape (out_features, in_features).
        bias: shape (out_features,), or None.

    Returns:
        Shape (..., out_features).

    Raises:
        ValueError: the sizes do not fit.

    >>> import glassgrad as gg
    >>> gg.nn.functional.linear(gg.tensor([[1.0, 2.0]]), gg.tensor([[3.0, 4.0]]), gg.tensor([0.5]))
    tensor([[11.5]])
    """
    x, w = np.shape(input), np.shape(weight)
    if len(w) != 2 or not x or x[-1] != w[1]:
        expected = f"(..., {w[1]})" if len(w) == 2 else "a matrix of shape (out_features, in_features)"
        raise ValueError(
            f"linear: input of shape {x} does not fit a weight of shape {w}; expected "
            + (f"input of shape {expected}" if len(w) == 2 else f"the weight to be {expected}")
        )
    if bias is not None and np.shape(bias) != (w[0],):
        raise ValueError(f"linear: bias of shape {np.shape(bias)} does not fit {w[0]} output features")
    out = matrix_product(np.asarray(input), np.transpose(weight))
    return out if bias is None else np.add(out, bias, out=out)
