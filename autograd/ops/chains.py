"""Products of many matrices, in the order that takes the fewest operations."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.compose import composed
from .comparison import where
from .einsum import operand
from .matmul import matmul
from .shaping import reshape, unsqueeze

__all__ = ["chain_matmul", "matrix_power"]


def _best_order(sizes: Any) -> Any:
    """Return where to cut each stretch of a chain of matrices of sizes[i] × sizes[i + 1] for the fewest products.

    (Cormen, Leiserson, Rivest and Stein 2009, Introduction to Algorithms, section 15.2)
    """
    count = len(sizes) - 1
    cost = {(i, i): 0 for i in range(count)}
    cut = {}
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            cost[i, j], cut[i, j] = min(
                (cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
            )
    return cut


def multi_dot(tensors: Any) -> Any:
    """Return the product of two or more matrices in the order that needs the fewest multiplications.

    The first and the last may be vectors: a row and a column.

    Raises:
        ValueError: there are fewer than two, or the shapes do not fit.

    >>> import glassgrad as gg
    >>> gg.linalg.multi_dot([gg.ones(2, 50), gg.ones(50, 3), gg.ones(3)])
    tensor([150., 150.])
    """
    given = [operand(t) for t in tensors]
    if len(given) < 2:
        raise ValueError(f"multi_dot: expected at least two tensors, got {len(given)}")
    row, column = len(given[0].shape) == 1, len(given[-1].shape) == 1
    if row:
        given[0] = unsqueeze(given[0], 0)
    if column:
        given[-1] = unsqueeze(given[-1], 1)
    product = _chain(given, "multi_dot")
    shape = product.shape[int(row) : 2 - int(column)]
    return reshape(product, shape) if row or column else product


def chain_matmul(*matrices: Any) -> Any:
    """Return the product of matrices in the order that needs the fewest multiplications. See ``linalg.multi_dot``.

    Raises:
        ValueError: there is none, or the shapes do not fit.

    >>> import glassgrad as gg
    >>> gg.chain_matmul(gg.ones(2, 50), gg.ones(50, 3), gg.ones(3, 1)).shape
    (2, 1)
    """
    given = [operand(t) for t in matrices]
    if not given:
        raise ValueError("chain_matmul: expected at least one matrix")
    return _chain(given, "chain_matmul")


def _chain(given: Any, what: Any) -> Any:
    shapes = ", ".join(str(t.shape) for t in given)
    for i, t in enumerate(given):
        if len(t.shape) != 2:
            raise ValueError(f"{what}: tensor {i} is not a matrix (shapes {shapes})")
        if i and given[i - 1].shape[1] != t.shape[0]:
            raise ValueError(f"{what}: tensors {i - 1} and {i} do not fit: the inner sizes must be equal ({shapes})")
    cut = _best_order([given[0].shape[0], *(t.shape[1] for t in given)])
    # Without recursion: a stretch is computed once both of its halves are.
    done = {(i, i): t for i, t in enumerate(given)}
    todo = [(0, len(given) - 1)]
    while todo:
        i, j = todo[-1]
        if (i, j) in done:
            todo.pop()
            continue
        k = cut[i, j]
        if (i, k) in done and (k + 1, j) in done:
            done[i, j] = matmul(done[i, k], done[k + 1, j])
        todo += [half for half in ((i, k), (k + 1, j)) if half not in done]
    return done[0, len(given) - 1]


@composed
def matrix_power(x: Any, n: Any) -> Any:
    """Return each matrix multiplied with itself ``n`` times, by repeated squaring; a negative ``n`` inverts it first.

    Edges: the power 0 is the identity, whatever the matrix; its gradient is 0.

    Raises:
        ValueError: the matrices are not square, or singular for a negative ``n``.

    >>> import glassgrad as gg
    >>> gg.matrix_power(gg.tensor([[1.0, 1.0], [0.0, 1.0]]), 5)
    tensor([[1., 5.],
            [0., 1.]])
    """
    from .solving import inv, square_of

    square_of(x, "matrix_power")
    if not isinstance(n, int | np.integer):
        raise TypeError(f"matrix_power: the power must be a whole number, not {n!r}")
    if n == 0:
        return where(np.zeros((), np.bool_), x, np.eye(x.shape[-1], dtype=x.dtype))
    power = inv(x) if n < 0 else x
    n = abs(n)
    result = None
    while n:
        if n % 2:
            result = power if result is None else matmul(result, power)
        n //= 2
        if n:
            power = matmul(power, power)
    return result
