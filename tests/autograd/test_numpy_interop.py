"""NumPy's functions on tensors run as ours, with gradients, or raise TypeError; arrays stand on either side.

Every entry of the tables is called in NumPy's words, on arrays by NumPy and on tensors by us: the values are the same,
and the gradients those that differences of NumPy's own values give. Every function without an entry refuses tensors in
a graph; test_numpy_arrays.py has the others.
"""

import operator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import glassgrad as gg
from glassgrad.autograd.numpy_protocol import functions

A = np.array([[0.5, 1.5], [2.5, 0.25]])


def leaf():
    return gg.tensor(A, requires_grad=True)


# -- a table of calls --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class T:
    """An array that the call gets as it is from NumPy's side, and as a tensor from ours."""

    array: np.ndarray


class Call:
    """A function, or a ufunc's method, with arguments; ``smooth`` is False where there is no gradient to ask for."""

    def __init__(self, function: Any, *args: Any, smooth: bool = True, **kwargs: Any) -> None:
        self.function, self.args, self.kwargs, self.smooth = function, args, kwargs, smooth

    def run(self, take: Any) -> list[Any]:
        result = self.function(*replaced(self.args, take), **replaced(self.kwargs, take))
        return result if isinstance(result, tuple | list) else [result]

    def leaves(self) -> list[np.ndarray]:
        found = []
        replaced((self.args, self.kwargs), lambda t: found.append(t.array) if t.array.dtype.kind == "f" else None)
        return list({id(a): a for a in found}.values())


def replaced(value: Any, take: Any) -> Any:
    """Return nested arguments with what ``take`` makes of each ``T``."""
    if isinstance(value, T):
        return take(value)
    if isinstance(value, list | tuple):
        return type(value)(replaced(v, take) for v in value)
    return {k: replaced(v, take) for k, v in value.items()} if isinstance(value, dict) else value


def values(*shape: int, low: float = 0.3, high: float = 2.2, seed: int = 0) -> T:
    """Return distinct values, in no order."""
    return T(np.random.default_rng(seed).permutation(np.linspace(low, high, int(np.prod(shape)))).reshape(shape))


N = values(low=1.3)
V, W, U3, W3 = values(5), values(5, seed=1, low=-1.7), values(3, low=-1.1), values(3, seed=3)
M, K, S = values(3, 4, low=-1.83), values(4, 3, seed=2), values(3, 3, seed=5, low=-2.0)
SYM = T(S.array + S.array.T)
SPD = T(S.array @ S.array.T + np.eye(3))
B, STACK = values(2, 3, 4, low=-1.6), values(2, 3, 3, seed=7)
PLUS, UNIT = values(3, 4, seed=9), values(3, 4, low=-0.9, high=0.8)
HOLES = T(np.where(np.arange(12).reshape(3, 4) % 5 == 2, np.nan, M.array))
INTS, FEW = T(np.arange(-5, 7).reshape(3, 4)), T(np.array([[3, 1, 2, 2]] * 3))
Q, R = T(INTS.array > 0), T(INTS.array % 2 == 0)
E = T(np.empty((0, 3)))
at = np.array([2, 0, 2])

REDUCTIONS = [
    Call(f, *args, **kwargs)
    for f in (np.sum, np.mean, np.prod, np.max, np.min, np.amax, np.amin, np.ptp, np.var, np.std, np.median, np.nansum,
              np.nanmean, np.nanprod, np.nanmax, np.nanmin, np.nanmedian)
    for args, kwargs in (
        ((B,), {}), ((B, 1), {}), ((B, (0, -1)), {}), ((B,), {"axis": (), "keepdims": True}), ((B,), {"axis": ()}),
        ((B,), {"keepdims": True}), ((B,), {"axis": (2, 0), "keepdims": True}), ((N,), {}), ((INTS,), {"axis": 0}),
    )
    if not (f in (np.var, np.std) and "axis" in kwargs and kwargs["axis"] == ())
] + [
    Call(f, *args, **kwargs)
    for f in (np.nansum, np.nanmean, np.nanprod, np.nanmax, np.nanmin, np.nanmedian)
    for args, kwargs in (((HOLES,), {}), ((HOLES, 1), {}), ((HOLES,), {"axis": 0, "keepdims": True}))
] + [
    Call(f, *args, smooth=False)
    for f in (np.any, np.all, np.count_nonzero)
    for args in ((Q,), (Q, 0), (INTS, (0, 1)), (INTS, ()), (M, 1), (N,), (E, 0))
] + [
    Call(f, *args, smooth=False) for f in (np.argmax, np.argmin) for args in ((B,), (B, 1), (INTS, -1), (N,))
] + [
    Call(np.argmax, B, axis=1, keepdims=True, smooth=False), Call(np.count_nonzero, B, keepdims=True, smooth=False),
    Call(np.sum, M, 0, np.float64), Call(np.sum, M, 1, np.float32, None, True, smooth=False), Call(np.sum, Q, 1),
    Call(np.mean, INTS, 1, np.float64), Call(np.prod, M, 0, np.float64), Call(np.nansum, HOLES, 0, np.float64),
    Call(np.sum, E, 0),
    Call(np.var, M, 1, ddof=1), Call(np.std, M, 0, None, None, 1, True), Call(np.var, M, correction=2),
    Call(np.var, INTS),
    Call(np.std, M, axis=(0, 1), keepdims=True),
    Call(np.average, M), Call(np.average, M, 1), Call(np.average, M, weights=PLUS), Call(np.average, M, 0, W3),
    Call(np.average, B, (2, 0), values(4, 2)), Call(np.average, M, 0, [1, 2, 3], keepdims=True), Call(np.average, INTS),
    Call(np.cov, M), Call(np.cov, V), Call(np.cov, M, rowvar=False), Call(np.cov, M, bias=True),
    Call(np.cov, M, ddof=0),
    Call(np.cov, M, fweights=[1, 2, 1, 3]), Call(np.cov, M, aweights=np.array([0.5, 2.0, 1.0, 1.5])),
    Call(np.corrcoef, values(3, 4)), Call(np.corrcoef, M, rowvar=False),
    Call(np.bincount, T(np.array([1, 3, 1, 0, 3]))), Call(np.bincount, T(np.array([1, 3, 1, 0, 3])), V, 6),
]  # fmt: skip
ENDLESS = T(np.array([[-np.inf, 1.0, 2.0, np.inf], [0.5, -np.inf, 3.0, 2.5]]))
EDGES = [
    *[Call(f, HOLES, axis, smooth=False) for axis in (None, 0, 1) for f in
      (np.sum, np.mean, np.max, np.min, np.median, np.var, np.argmax, np.argmin, np.ptp, np.sort, np.argsort)],
    *[Call(f, ENDLESS, axis, smooth=False) for axis in (None, 0, 1) for f in
      (np.sum, np.max, np.median, np.nanmedian, np.cumsum, np.nanmax, np.nanmin)],
    Call(np.any, T(np.array([2, 0], np.uint8))), Call(np.all, T(np.array([2, 0], np.uint8)), 0),
    Call(np.heaviside, HOLES, 0.5, smooth=False),
    Call(np.linalg.cond, T(np.array([[np.inf, 1.0], [2.0, 3.0]])), smooth=False),
    *[Call(np.linalg.norm, INTS, p) for p in (None, 1, np.inf, "nuc")], Call(np.linalg.vector_norm, INTS, ord=1),
    Call(np.nanmax, T(np.array([[np.nan, np.nan], [1.0, 2.0]])), 1, smooth=False),
    Call(np.delete, V, []), Call(np.median, T(np.empty((2, 0, 3))), (0,)), Call(np.sum, E), Call(np.prod, E, 1),
    Call(np.cumsum, E, 1), Call(np.concatenate, [E, E]), Call(np.dot, E, values(3, 2)), Call(np.sort, E, 0),
    Call(np.std, T(np.ones(3)), ddof=3, smooth=False),
]  # fmt: skip
QUANTILES = [
    Call(f, a, q * scale, **kwargs)
    for f, a, scale in ((np.quantile, B, 1), (np.nanquantile, B, 1), (np.percentile, B, 100),
    (np.nanpercentile, B, 100))
    for q, kwargs in (
        (0.3, {}), (np.array([0.1, 0.77]), {"axis": 1}), (np.array([0.2]), {"axis": (0, 2), "keepdims": True}),
        (0.4, {"axis": -1, "keepdims": True}), (0.45, {"method": "lower"}), (0.45, {"method": "higher", "axis": 0}),
        (0.45, {"method": "nearest"}), (0.45, {"method": "midpoint", "axis": 2}), (0.5, {"axis": ()}),
    )
] + [
    Call(np.nanquantile, HOLES, 0.4), Call(np.nanpercentile, HOLES, [20, 60], 0), Call(np.quantile, INTS, 0.3),
    Call(np.quantile, M, T(np.array([0.33, 0.72])), 1), Call(np.percentile, M, T(np.array(41.0))),
]  # fmt: skip
SCANS = [
    Call(f, *args, **kwargs)
    for f in (np.cumsum, np.cumprod, np.nancumsum, np.nancumprod)
    for args, kwargs in (((M,), {}), ((M, 1), {}), ((B, -2), {}), ((M, 0, np.float64), {}), ((N,), {}), ((N, 0), {}),
    ((INTS, 0), {}))
] + [
    Call(np.nancumsum, HOLES, 1), Call(np.nancumprod, HOLES), Call(np.cumulative_sum, V),
    Call(np.cumulative_sum, M, axis=1),
    Call(np.cumulative_prod, V), Call(np.cumulative_prod, M, axis=0),
    Call(np.diff, M), Call(np.diff, M, 2, 0), Call(np.diff, M, prepend=0.0), Call(np.diff, M, axis=0, append=M),
    Call(np.diff, M, 0),
    Call(np.diff, Q), Call(np.diff, INTS), Call(np.trapezoid, M), Call(np.trapezoid, M, np.array([0.0, 1.0, 3.0, 3.5])),
    Call(np.trapezoid, M, None, 0.5, 0), Call(np.trapezoid, M, PLUS), Call(np.trapezoid, V, W),
    Call(np.sort, M), Call(np.sort, M, 0), Call(np.sort, M, None), Call(np.sort, M, -1, "stable"),
    Call(np.sort, INTS, 1),
    Call(np.sort, HOLES, stable=True),
    Call(np.argsort, M, smooth=False), Call(np.argsort, M, None, smooth=False),
    Call(np.argsort, FEW, 1, "stable", smooth=False),
    Call(np.argsort, FEW, stable=True, smooth=False),
    Call(np.unique, FEW, smooth=False), Call(np.unique, FEW, return_counts=True),
    Call(np.unique, FEW, False, True, True),
    Call(np.unique, FEW, return_inverse=True), Call(np.unique, FEW, axis=0),
    Call(np.unique, FEW, axis=1, return_counts=True),
    Call(np.searchsorted, T(np.sort(V.array)), M, smooth=False),
    Call(np.searchsorted, T(np.sort(V.array)), V, "right", smooth=False),
    Call(np.searchsorted, T(np.array([1, 2, 2, 4])), 2, side="right"),
    Call(np.searchsorted, V, M, "left", np.argsort(V.array), smooth=False),
    Call(np.isin, FEW, [1, 2]), Call(np.isin, FEW, T(np.array([3])), invert=True),
]  # fmt: skip
ELEMENTWISE = [
    Call(np.where, M.array > 0, M, PLUS), Call(np.where, Q, M, 0.0), Call(np.where, INTS, 1.0, M), Call(np.where, Q),
    Call(np.where, T(np.array([2.0, 0.0, 1.0, 0.0])), M.array, PLUS.array, smooth=False),
    Call(np.where, M.array > 0, V.array[0], M),
    Call(np.select, [M.array > 1, M.array > 0], [M, PLUS]), Call(np.select, [Q, R], [1.0, M], 7.0),
    Call(np.select, [Q], [INTS], -1),
    Call(np.clip, M, -0.5, 1.0), Call(np.clip, M, None, 0.6), Call(np.clip, M, a_min=0.1, a_max=None),
    Call(np.clip, M, min=0.0, max=1.0),
    Call(np.clip, M, W3.array[:, None] - 1, 1.5), Call(np.clip, INTS, 0, 3), Call(np.clip, M, None, None),
    Call(np.round, M), Call(np.round, M, 1), Call(np.around, M, decimals=2), Call(np.round, INTS, 1), Call(np.fix, M),
    Call(np.nan_to_num, HOLES), Call(np.nan_to_num, HOLES, nan=2.0), Call(np.nan_to_num, HOLES, True, 1.0, 2.0, 3.0),
    Call(np.isclose, M, M.array + 1e-6, smooth=False), Call(np.isclose, M, M.array * 1.01, 0.1, smooth=False),
    Call(np.isclose, HOLES, HOLES, equal_nan=True, smooth=False),
    Call(np.allclose, M, M), Call(np.allclose, M, PLUS, atol=10), Call(np.array_equal, M, M),
    Call(np.array_equal, M, K),
    Call(np.isposinf, T(np.array([np.inf, 1.0, -np.inf])), smooth=False),
    Call(np.isneginf, T(np.array([-np.inf, np.nan])), smooth=False),
    Call(np.sinc, M), Call(np.i0, M),
]  # fmt: skip
SHAPES = [
    Call(np.reshape, M, (2, -1)), Call(np.reshape, M, 12), Call(np.reshape, M, [4, 3], "C"), Call(np.ravel, B),
    Call(np.ravel, M, order="C"),
    Call(np.transpose, B), Call(np.transpose, B, (1, -1, 0)), Call(np.transpose, B, axes=[2, 0, 1]),
    Call(np.permute_dims, M),
    Call(np.matrix_transpose, B), Call(np.swapaxes, B, 0, -1), Call(np.swapaxes, B, axis1=1, axis2=0),
    Call(np.moveaxis, B, 0, -1), Call(np.moveaxis, B, [0, 1], [-1, 0]), Call(np.moveaxis, B, source=2, destination=0),
    Call(np.squeeze, values(1, 3, 1)), Call(np.squeeze, values(1, 3, 1), 0),
    Call(np.squeeze, values(1, 3, 1), axis=(0, -1)),
    Call(np.squeeze, values(1, 3), ()), Call(np.expand_dims, M, 1), Call(np.expand_dims, M, (0, -1)),
    Call(np.expand_dims, M, axis=-1),
    Call(np.broadcast_to, M, (2, 3, 4)), Call(np.broadcast_to, N, 3), Call(np.broadcast_arrays, M, values(4), N),
    *[Call(f, *args) for f in (np.atleast_1d, np.atleast_2d, np.atleast_3d)
    for args in ((N,), (V,), (M,), (B,), (N, V))],
    Call(np.concatenate, (M, M)), Call(np.concatenate, [M, K.array.T, M], 1), Call(np.concatenate, [M, V], None),
    Call(np.concatenate, (INTS, M), axis=-1), Call(np.append, M, K), Call(np.append, M, PLUS, 0),
    Call(np.append, V.array, W),
    Call(np.stack, [M, PLUS]), Call(np.stack, (M, PLUS.array), -1), Call(np.stack, [M, PLUS], axis=1),
    *[Call(f, parts) for f in (np.hstack, np.vstack, np.dstack) for parts in ([M, PLUS], (V, W), [N, N])],
    Call(np.column_stack, [V, W]), Call(np.column_stack, (M, W3)), Call(np.block, [[M, PLUS], [PLUS, M]]),
    Call(np.block, [V, N, 2.0]),
    Call(np.block, M), Call(np.block, [[V], [W]]), Call(np.block, [[[M]], [[PLUS]]]),
    Call(np.unstack, M), Call(np.unstack, B, axis=-1), Call(np.split, M, 2, 1), Call(np.split, M, [1], 0),
    Call(np.split, V, np.array([2, 4])),
    Call(np.array_split, M, 3, axis=1), Call(np.array_split, V, np.int64(2)), Call(np.array_split, V, [3, 1, 9]),
    Call(np.hsplit, M, 2), Call(np.hsplit, V, [2]), Call(np.vsplit, M, 3), Call(np.vsplit, M, [1, 2]),
    Call(np.dsplit, B, 2),
    Call(np.tile, M, 2), Call(np.tile, M, (2, 1, 3)), Call(np.tile, V, [2, 2]), Call(np.tile, A=V, reps=(3,)),
    Call(np.tile, N, 3),
    Call(np.repeat, M, 2), Call(np.repeat, M, [1, 0, 2], 0), Call(np.repeat, M, 3, axis=-1),
    Call(np.roll, M, 1), Call(np.roll, M, 1, 0), Call(np.roll, M, (1, -2), (0, 1)), Call(np.roll, M, 2, (0, 1)),
    Call(np.roll, M, (1, 2), 1),
    Call(np.flip, M), Call(np.flip, M, 0), Call(np.flip, B, axis=(0, 2)), Call(np.fliplr, M), Call(np.flipud, M),
    Call(np.rot90, M), Call(np.rot90, B, 2, (1, 2)), Call(np.rot90, M, k=-1, axes=(1, 0)),
    Call(np.pad, M, 1), Call(np.pad, M, ((1, 2), (0, 3)), constant_values=2.5), Call(np.pad, M, (2, 1), "constant"),
    *[Call(np.pad, M, ((1, 5), (6, 2)), mode) for mode in ("edge", "reflect", "symmetric", "wrap")],
    Call(np.pad, V, 2, mode="reflect"),
    Call(np.meshgrid, V, W3), Call(np.meshgrid, V, W3, U3, indexing="ij"), Call(np.meshgrid, V, N),
    Call(np.copy, M), Call(np.astype, M, np.float64), Call(np.astype, M, np.int64, smooth=False),
    Call(np.astype, INTS, "float64"),
    Call(np.diag, V), Call(np.diag, M, 1), Call(np.diag, V, k=-1), Call(np.diagflat, M), Call(np.diagflat, V, 1),
    Call(np.diagflat, N),
    Call(np.diagonal, M), Call(np.diagonal, B, 1), Call(np.diagonal, B, -1, 1, 2),
    Call(np.diagonal, B, axis1=2, axis2=0),
    Call(np.trace, M), Call(np.trace, B, 1), Call(np.trace, B, 0, 1, 2), Call(np.trace, INTS),
    Call(np.trace, M, dtype=np.float64),
    Call(np.tril, M), Call(np.tril, B, 1), Call(np.tril, V, k=-1), Call(np.triu, M), Call(np.triu, M, -1),
    Call(np.triu, V),
    Call(np.shape, M), Call(np.ndim, M), Call(np.size, M), Call(np.size, M, 1), Call(np.size, M, axis=0),
    *[Call(f, M, smooth=False) for f in (np.zeros_like, np.ones_like)], Call(np.zeros_like, M, np.int64),
    Call(np.ones_like, INTS, dtype="float32", smooth=False),
    Call(np.full_like, M, 2.5, smooth=False), Call(np.full_like, INTS, 3, np.float64, smooth=False),
]  # fmt: skip
SELECTIONS = [
    Call(np.take, M, at), Call(np.take, M, at, 0), Call(np.take, B, [[0, 1], [3, -1]], -1),
    Call(np.take, M, 2, axis=1), Call(np.take, M, [], 0),
    Call(np.take, M, T(at), 1), Call(np.take, V, [True, False]),
    Call(np.take_along_axis, M, np.array([[0], [2], [-1]]), 1),
    Call(np.take_along_axis, M, T(np.array([[0, 2, 1, 0]])), axis=0),
    Call(np.take_along_axis, M, at, None), Call(np.nonzero, INTS), Call(np.nonzero, M, smooth=False),
    Call(np.flatnonzero, INTS), Call(np.argwhere, INTS),
    Call(np.compress, [True, False, True], M, 0), Call(np.compress, [0, 1, 0, 1, 1], M),
    Call(np.extract, M.array > 0, M), Call(np.extract, Q, M),
    Call(np.delete, M, 1, 0), Call(np.delete, M, [0, 5]), Call(np.delete, M, slice(0, 2), 1),
    Call(np.delete, V, [True, False, True, False, False]),
]  # fmt: skip
LINEAR_ALGEBRA = [
    Call(np.dot, M, K), Call(np.dot, V, W), Call(np.dot, M.array, K), Call(np.dot, B, values(5, 4, 2)),
    Call(np.dot, M, 2.0), Call(np.dot, N, M),
    Call(np.dot, B, values(4)), Call(np.vdot, M, PLUS), Call(np.vdot, V, W.array), Call(np.inner, V, W),
    Call(np.inner, M, PLUS), Call(np.inner, M, N),
    Call(np.outer, V, W3), Call(np.outer, M, K), Call(np.outer, [1.0, 2.0], V), Call(np.tensordot, M, K, 1),
    Call(np.tensordot, M, PLUS),
    Call(np.tensordot, B, K, axes=([2, 1], [0, 1])), Call(np.tensordot, B, K, (1, 1)), Call(np.tensordot, V, W, 0),
    Call(np.einsum, "ij,jk", M, K), Call(np.einsum, "ij->i", M), Call(np.einsum, "...j,j->...", B, values(4)),
    Call(np.einsum, "ii", S),
    Call(np.einsum, "ij,jk,kl->il", M, K, M, optimize=True), Call(np.einsum, M, [0, 1], K, [1, 2], [2, 0]),
    Call(np.einsum, "ba", M),
    Call(np.kron, M, K), Call(np.kron, V, M), Call(np.cross, U3, W3), Call(np.cross, STACK, U3),
    Call(np.cross, STACK, W3.array, 1),
    Call(np.cross, STACK, S, axisa=0 - 2, axisb=0, axisc=0), Call(np.cross, S, STACK, axis=1),
    Call(np.cross, U3.array, STACK),
    Call(np.vander, V), Call(np.vander, V, 3), Call(np.vander, V, N=2, increasing=True),
    Call(np.linalg.matmul, B, K), Call(np.linalg.outer, V, W3), Call(np.linalg.tensordot, M, K, axes=1),
    Call(np.linalg.tensordot, B, values(3, 4, 2)),
    Call(np.linalg.vecdot, M, PLUS), Call(np.linalg.vecdot, B, PLUS, axis=-2), Call(np.linalg.cross, STACK, U3),
    Call(np.linalg.cross, S, STACK.array[0], axis=0),
    Call(np.linalg.diagonal, B), Call(np.linalg.diagonal, B, offset=1), Call(np.linalg.trace, B),
    Call(np.linalg.trace, B, offset=-1),
    Call(np.linalg.matrix_transpose, B), Call(np.linalg.matrix_power, S, 3), Call(np.linalg.matrix_power, STACK, -2),
    Call(np.linalg.matrix_power, S, 0),
    Call(np.linalg.multi_dot, [M, K, M]), Call(np.linalg.multi_dot, [values(4), K, values(3)]),
    Call(np.linalg.inv, S), Call(np.linalg.inv, STACK), Call(np.linalg.solve, S, U3), Call(np.linalg.solve, STACK, U3),
    Call(np.linalg.solve, values(3, 3, 3, seed=5), S), Call(np.linalg.solve, STACK, STACK),
    Call(np.linalg.lstsq, K, values(4)), Call(np.linalg.lstsq, K, values(4, 2), None),
    Call(np.linalg.lstsq, M, U3, 1e-10),
    Call(np.linalg.pinv, M), Call(np.linalg.pinv, STACK, 1e-10), Call(np.linalg.pinv, M, rtol=1e-12),
    Call(np.linalg.pinv, M, rtol=None),
    Call(np.linalg.pinv, SYM, hermitian=True, smooth=False),
    Call(np.linalg.pinv, T(np.diag([1.0, 1e-12])), smooth=False), Call(np.linalg.pinv, M, 0.5, smooth=False),
    Call(np.linalg.matrix_rank, M), Call(np.linalg.matrix_rank, STACK),
    Call(np.linalg.matrix_rank, T(np.diag([2.0, 1.0, 0.1])), 0.5),
    Call(np.linalg.matrix_rank, T(np.diag([2.0, 1.0, 0.1])), rtol=0.1),
    Call(np.linalg.matrix_rank, T(np.diag([2.0, 1e-20])), 0.0),
    Call(np.linalg.matrix_rank, SYM, hermitian=True),
    *[Call(np.linalg.cond, S, p) for p in (None, 1, -1, 2, -2, np.inf, -np.inf, "fro", "nuc")], Call(np.linalg.cond, M),
    Call(np.linalg.tensorinv, values(2, 3, 6, seed=4)), Call(np.linalg.tensorinv, values(4, 2, 2, seed=4), ind=1),
    Call(np.linalg.tensorsolve, values(2, 3, 6, seed=4), values(2, 3)),
    Call(np.linalg.tensorsolve, values(6, 2, 3, seed=4), values(2, 3), axes=[0]),
    Call(np.linalg.det, S), Call(np.linalg.det, STACK), Call(np.linalg.slogdet, S), Call(np.linalg.slogdet, STACK),
    Call(np.linalg.cholesky, SPD, smooth=False), Call(np.linalg.cholesky, SPD, upper=True, smooth=False),
    Call(np.linalg.qr, K), Call(np.linalg.qr, K, "r"), Call(np.linalg.qr, STACK, mode="reduced"),
    Call(np.linalg.qr, S, "complete"),
    Call(np.linalg.svd, S), Call(np.linalg.svd, M, False), Call(np.linalg.svd, M, smooth=False),
    Call(np.linalg.svd, M, compute_uv=False),
    Call(np.linalg.svdvals, M), Call(np.linalg.eigh, SYM, smooth=False),
    Call(np.linalg.eigvalsh, S, smooth=False), Call(np.linalg.eigvalsh, S, UPLO="U", smooth=False),
    Call(np.linalg.norm, M), Call(np.linalg.norm, V, 3), Call(np.linalg.norm, M, axis=1),
    Call(np.linalg.norm, M, 1, 0, True), Call(np.linalg.norm, B),
    *[Call(np.linalg.norm, S, p) for p in (1, -1, 2, -2, np.inf, -np.inf, "fro", "nuc")],
    Call(np.linalg.norm, V, np.inf), Call(np.linalg.norm, V, 0),
    Call(np.linalg.norm, B, "nuc", (0, 2), keepdims=True), Call(np.linalg.norm, V, ord=-np.inf),
    Call(np.linalg.norm, B, None, (0, 1)),
    Call(np.linalg.matrix_norm, B), Call(np.linalg.matrix_norm, B, keepdims=True, ord=1),
    Call(np.linalg.matrix_norm, S, ord="nuc"),
    Call(np.linalg.vector_norm, B), Call(np.linalg.vector_norm, B, axis=(0, 2), ord=3),
    Call(np.linalg.vector_norm, M, axis=0, keepdims=True, ord=1),
    Call(np.linalg.vector_norm, M, axis=(), ord=2),
]  # fmt: skip
FUNCTIONS = [*REDUCTIONS, *EDGES, *QUANTILES, *SCANS, *ELEMENTWISE, *SHAPES, *SELECTIONS, *LINEAR_ALGEBRA]

# What each ufunc gets where it is not two signed matrices of one shape, or where integers and bools have a meaning.
UFUNC_ARGUMENTS: dict[Any, list[tuple[Any, ...]]] = {
    **{f: [(PLUS,)] for f in (np.log, np.log2, np.log10, np.log1p, np.sqrt, np.reciprocal)},
    np.arcsin: [(UNIT,)], np.arccos: [(UNIT,)], np.arctanh: [(UNIT,)], np.arccosh: [(T(PLUS.array + 1),)],
    np.power: [(PLUS, M), (PLUS, 2), (2.0, M), (INTS, 2)], np.float_power: [(PLUS, M), (INTS, 2)],
    np.matmul: [(M, K), (B, K), (V, W), (M.array, K)], np.matvec: [(B, values(4)), (M, values(3, 4)), (K.array, U3)],
    np.vecmat: [(U3, M), (values(2, 3), B)], np.vecdot: [(M, PLUS), (B, values(4))],
    np.logical_and: [(Q, R), (M, Q)], np.logical_or: [(Q, R)], np.logical_xor: [(Q, R)],
    np.logical_not: [(Q,), (INTS,)],
    np.bitwise_and: [(INTS, FEW), (Q, R)], np.bitwise_or: [(INTS, FEW), (Q, R)], np.bitwise_xor: [(INTS, FEW), (Q, R)],
    np.invert: [(INTS,), (Q,)],
    np.left_shift: [(INTS, FEW)], np.right_shift: [(INTS, FEW)], np.heaviside: [(M, PLUS)],
    np.floor_divide: [(M, PLUS), (INTS, FEW), (M, -0.7)], np.remainder: [(M, PLUS), (INTS, FEW), (M, -0.7), (INTS, -3)],
    np.fmod: [(M, PLUS), (INTS, FEW), (M, -0.7), (INTS, -3)], np.divmod: [(M, PLUS), (INTS, FEW), (INTS, -3)],
    np.absolute: [(M,), (INTS,)], np.negative: [(M,), (INTS,)], np.square: [(M,), (INTS,)], np.sign: [(M,), (INTS,)],
    np.positive: [(M,), (INTS,)], np.isnan: [(HOLES,)], np.isfinite: [(HOLES,)], np.fmax: [(HOLES, PLUS)],
    np.fmin: [(HOLES, PLUS)],
    np.maximum: [(M, PLUS), (HOLES, PLUS), (INTS, FEW)], np.add: [(M, PLUS), (Q, R), (INTS, M), (M, 2), (M.array, N)],
    np.multiply: [(M, PLUS), (Q, R), (INTS, M)],
    np.true_divide: [(M, PLUS), (INTS, FEW), (1, PLUS)],
}  # fmt: skip
UFUNCS = [
    Call(f, *args)
    for f in functions.UFUNCS
    for args in UFUNC_ARGUMENTS.get(f, [(M,)] if f.nin == 1 else [(M, PLUS), (PLUS.array, M), (M, 0.7)])
]
METHODS = [
    *[Call(f.reduce, *args, **kwargs) for f in functions.REDUCTIONS for args, kwargs in
      [((M,), {}), ((B, 1), {}), ((B,), {"axis": (0, 2), "keepdims": True}), ((B,), {"axis": None}),
      ((B,), {"axis": ()})]
      if not (f is np.logaddexp and isinstance(kwargs.get("axis"), tuple))],
    Call(np.add.reduce, Q), Call(np.logical_or.reduce, Q, axis=1),
    *[Call(f.accumulate, *args) for f in functions.ACCUMULATIONS for args in [(M,), (B, 1), (V, -1)]],
    *[Call(f.outer, *args) for f in (np.multiply, np.add, np.subtract, np.maximum, np.greater)
    for args in [(V, W3), (M, N), (W3.array, M)]],
]  # fmt: skip


def named(calls: list[Call]) -> Any:
    return pytest.mark.parametrize(
        "call", calls, ids=[f"{getattr(c.function, '__name__', c.function)}-{i}" for i, c in enumerate(calls)]
    )


def fields(result: Any) -> tuple[str, ...]:
    return getattr(result, "_fields", ())


def kind(value: Any) -> str:
    """Return the kind of a dtype; unsigned integers are integers."""
    return {"u": "i"}.get(np.asarray(value).dtype.kind, np.asarray(value).dtype.kind)


@named(FUNCTIONS + UFUNCS + METHODS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_the_call_is_numpys(call):
    """The same values, shapes, kinds and names; where they are smooth, the gradients of NumPy's own values."""
    leaves = call.leaves()
    handles = {id(a): gg.tensor(a, requires_grad=True) for a in leaves}
    result = call.run(lambda t: handles[id(t.array)] if id(t.array) in handles else gg.tensor(t.array))
    expected = call.run(lambda t: t.array)
    assert len(result) == len(expected)
    assert set(fields(expected)) <= set(fields(result))
    for got, want in zip(result, expected, strict=True):
        assert np.shape(got) == np.shape(want)
        plain = got.detach().numpy() if isinstance(got, gg.Tensor) else np.asarray(got)
        assert kind(want) == kind(plain)
        tolerance = 1e-5 if getattr(got, "dtype", None) == np.float32 else 1e-11
        np.testing.assert_allclose(plain, want, rtol=tolerance, atol=tolerance / 10)
        if isinstance(want, np.ndarray) and want.dtype.kind == "f":
            assert isinstance(got, gg.Tensor)
    if not leaves or not call.smooth:
        return
    smooth = [i for i, r in enumerate(expected) if kind(r) == "f"]
    if not smooth:
        assert not any(getattr(r, "requires_grad", False) for r in result)
        return
    assert any(result[i].requires_grad for i in smooth), "the gradient is dropped"
    reached = [i for i in smooth if result[i].requires_grad]
    draw = np.random.default_rng(0).standard_normal
    weights = [np.where(np.isnan(expected[i]), 0, draw(result[i].shape)) for i in smooth]
    gradients = gg.grad(
        [result[i] for i in reached],
        list(handles.values()),
        [gg.tensor(w, dtype=result[i].dtype) for i, w in zip(smooth, weights, strict=True) if i in reached],
        materialize_grads=True,
    )
    for array, gradient in zip(leaves, gradients, strict=True):
        some = ~np.isnan(array)
        np.testing.assert_allclose(
            gradient.numpy()[some], slopes(call, array, smooth, weights)[some], rtol=2e-6, atol=2e-6
        )


def slopes(call: Call, array: np.ndarray, smooth: list[int], weights: list[np.ndarray]) -> np.ndarray:
    """Return central differences of the weighted sum of what NumPy returns."""

    def total() -> float:
        found = call.run(lambda t: t.array)
        return float(sum(np.nansum(w * found[i]) for i, w in zip(smooth, weights, strict=True)))

    found, step = np.zeros(array.shape), 1e-6
    for i in np.ndindex(array.shape):
        kept = array[i]
        array[i] = kept + step
        above = total()
        array[i] = kept - step
        below = total()
        array[i] = kept
        found[i] = (above - below) / (2 * step)
    return found


def test_every_entry_is_called():
    called = {id(c.function) for c in FUNCTIONS + UFUNCS}
    # The values of numpy.empty_like say nothing.
    missing = {f.__name__ for f in functions.FUNCTIONS if id(f) not in called} - {"empty_like"}
    assert not missing
    empty = np.empty_like(leaf())
    assert empty.shape == (2, 2) and not empty.requires_grad


def dispatched(module: Any) -> list[Any]:
    """Return the functions of a module that ask the class of their arguments what to do."""
    found = [f for name in dir(module) if not name.startswith("_") for f in [getattr(module, name)]]
    return list({id(f): f for f in found if hasattr(f, "_implementation")}.values())


OTHERS = [f for m in (np, np.linalg, np.fft) for f in dispatched(m) if f not in functions.FUNCTIONS]


@pytest.mark.parametrize("function", OTHERS, ids=lambda f: f"{f.__module__}.{f.__name__}")
def test_every_other_function_refuses(function):
    """Whatever the number of arguments; the answer comes before NumPy looks at them."""
    assert len(OTHERS) > 80
    refused = 0
    for count in range(1, 5):
        try:
            function(*[leaf()] * count)
        except TypeError as error:
            refused += "no differentiable counterpart" in str(error)
    if not refused:  # its first argument is something else
        with pytest.raises(TypeError, match="no differentiable counterpart"):
            UNUSUAL[function.__name__](function)


# Functions that ask only some of their arguments.
UNUSUAL: dict[str, Any] = {}


@pytest.mark.parametrize(
    "ufunc",
    [f for f in vars(np).values() if isinstance(f, np.ufunc) and f not in functions.UFUNCS],
    ids=lambda f: f.__name__,
)
def test_every_other_ufunc_refuses(ufunc):
    for arguments in ([leaf()] * ufunc.nin, [*[A] * (ufunc.nin - 1), leaf()]):
        with pytest.raises(TypeError, match="no differentiable counterpart"):
            ufunc(*arguments)


# -- refusals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.fft.fft(x),
        lambda x: np.interp(x, [0, 1], [0, 1]),
        lambda x: np.frexp(x),
        lambda x: np.add.at(A.copy(), 0, x[0]),
        lambda x: np.add.reduceat(x, [0, 1]),
        lambda x: np.hypot.reduce(x),
        lambda x: np.matmul.outer(x, x),
        lambda x: operator.iadd(A.copy(), x),
        lambda x: operator.imul(A.copy(), x),
        lambda x: np.copyto(A.copy(), x),
        lambda x: np.quantile(x, 0.5, method="weibull"),
        lambda x: np.average(x, returned=True),
        lambda x: np.unique(x, return_index=True),
        lambda x: np.unique(x * np.nan),
        lambda x: np.cross(x, x),
        lambda x: np.pad(x, 1, "mean"),
        lambda x: np.pad(x, 1, constant_values=(1, 2)),
        lambda x: np.full_like(A, x),
        lambda x: np.full_like(x, x[0, 0]),
        lambda x: np.reshape(x, 4, "F"),
        lambda x: np.linalg.qr(x, "raw"),
        lambda x: np.reciprocal(gg.tensor([1, 2])),
        lambda x: np.select([x], [x]),
        lambda x: np.heaviside(gg.tensor([1, 2]), 0),
    ],
    ids=lambda f: "call",
)
def test_what_has_no_counterpart_is_refused(call):
    with pytest.raises(TypeError):
        call(leaf())


OUT = np.zeros((2, 2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: np.fft.fft(x), "NumPy's fft has no differentiable counterpart.*glassgrad operation"),
        (lambda x: np.interp(x, [0, 1], [0, 1]), r"NumPy's interp.*\.detach\(\)\.numpy\(\)"),
        (lambda x: np.add.reduceat(x, [0]), r"add\.reduceat"),
        (lambda x: np.add(x, x, out=OUT), "add on tensors takes no out"),
        (lambda x: np.add(x, 1, where=A > 1), "add on tensors takes no where"),
        (lambda x: np.exp(x, dtype="f4"), "exp on tensors takes no dtype"),
        (lambda x: np.add.reduce(x, initial=2.0), r"add\.reduce on tensors takes no initial"),
        (lambda x: np.sum(x, initial=3.0), r"numpy\.sum on tensors takes no initial"),
        (lambda x: np.sum(x, where=A > 1), r"numpy\.sum on tensors takes no where"),
        (lambda x: np.sum(x, out=OUT), r"numpy\.sum on tensors takes no out"),
        (lambda x: np.sum(x, 0, None, OUT), r"numpy\.sum on tensors takes no out"),
        (lambda x: np.linalg.svd(x, hermitian=True), r"numpy\.svd on tensors takes no hermitian"),
        (lambda x: np.pad(x, 1, reflect_type="odd"), r"numpy\.pad on tensors takes no reflect_type"),
        (lambda x: np.concatenate([x, x], dtype="f4"), r"numpy\.concatenate on tensors takes no dtype"),
        (lambda x: np.quantile(x, 0.5, weights=A), r"numpy\.quantile on tensors takes no weights"),
        (lambda x: np.where(A > 1, x), r"numpy\.where on tensors .*"),
    ],
)
def test_the_refusal_says_what_to_do(call, message):
    with pytest.raises(TypeError, match=message):
        call(leaf())


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.squeeze(x, 0),
        lambda x: np.concatenate([x, np.zeros(0)]),
        lambda x: np.nonzero(x[0, 0]),
        lambda x: np.linalg.outer(x, x),
        lambda x: np.linalg.solve(x, x[:, :1][0:1]),
        lambda x: np.linalg.lstsq(x[None], x),
        lambda x: np.searchsorted(x, 1.0),
        lambda x: np.matrix_transpose(x[0]),
        lambda x: np.split(x, 3),
        lambda x: np.var(x, ddof=1, correction=1),
        lambda x: np.block([[x], x]),
        lambda x: np.take_along_axis(x, np.array([0]), 1),
        lambda x: np.cumulative_sum(x),
        lambda x: np.cumsum(x[0, 0], 5),
        lambda x: np.pad(x, -1),
        lambda x: np.tensordot(x, x[:1], 1),
        lambda x: np.dot(x[:, :1], np.ones((2, 2, 3))),
        lambda x: np.matvec(x[0], x[0]),
        lambda x: np.vecmat(x[0], x[0]),
        lambda x: np.max(x[:0]),
    ],
    ids=lambda f: "call",
)
def test_what_numpy_finds_wrong_is_wrong(call):
    """Also where PyTorch, whose words ours are, would allow it."""
    for x in (A, leaf()):
        with pytest.raises((ValueError, TypeError, IndexError)):
            call(x)


def test_an_array_is_not_changed_by_a_refused_update():
    array = A.copy()
    with pytest.raises(TypeError):
        array += leaf()
    np.testing.assert_array_equal(array, A)


@pytest.mark.parametrize(
    "function",
    [
        operator.add,
        operator.sub,
        operator.mul,
        operator.truediv,
        operator.pow,
        operator.matmul,
        operator.gt,
        operator.le,
        operator.eq,
    ],
)
@pytest.mark.parametrize(
    "other", [A[::-1].copy(), np.asfortranarray(A), A.astype(">f8"), A[::-1, ::-1], np.broadcast_to(A[0], (2, 2))]
)
def test_arrays_on_either_side(function, other):
    x = leaf()
    for left, right in ((x, other), (other, x)):
        result = function(left, right)
        assert type(result) is gg.Tensor
        values = [t.numpy() if isinstance(t, gg.Tensor) else t for t in (left, right)]
        np.testing.assert_allclose(result.numpy(), function(*values), rtol=1e-15)
        if result.dtype.kind == "f":
            result.sum().backward()
            assert x.grad.dtype == np.float64


@pytest.mark.parametrize("number", [2, 2.5, True, np.float32(2.5), np.int64(3), np.array(2.5), np.float64(1.5)])
@pytest.mark.parametrize(
    "function", [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.gt]
)
def test_numbers_on_either_side(number, function):
    x = gg.tensor(A, dtype="float32", requires_grad=True)
    for left, right in ((x, number), (number, x)):
        result = function(left, right)
        assert type(result) is gg.Tensor and result.dtype in (np.float32, np.bool_)
        values = [np.asarray(t.numpy() if isinstance(t, gg.Tensor) else t, "f8") for t in (left, right)]
        np.testing.assert_allclose(result.numpy(), function(*values), rtol=1e-6)


def test_unknown_operands_are_left_to_python():
    class Other:
        def __add__(self, other):
            return "left"

        def __radd__(self, other):
            return "right"

    x = leaf()
    assert (x + Other(), Other() + x) == ("right", "left")
    for wrong in ("a", None, {}, object()):
        with pytest.raises(TypeError, match="unsupported operand"):
            x + wrong
    with pytest.raises(TypeError, match="exp: x must be a Tensor, a Scalar, a number or an array, not str"):
        gg.exp("a")


def test_functions_on_raw_values_give_raw_values():
    assert type(gg.exp(0.0)) is float and gg.exp(0.0) == 1.0
    assert isinstance(gg.exp(A), np.ndarray) and isinstance(gg.matmul(A, A), np.ndarray)
    np.testing.assert_array_equal(gg.concatenate([A, A]), np.concatenate([A, A]))
    pieces = gg.split(A, 1)
    assert all(isinstance(p, np.ndarray) for p in pieces) and len(pieces) == 2


def test_numpys_words_for_pytorchs():
    x = leaf()
    np.testing.assert_array_equal(x.sum(axis=0, keepdims=True).numpy(), A.sum(axis=0, keepdims=True))
    np.testing.assert_array_equal(x.mean(axis=-1).numpy(), A.mean(axis=-1))
    np.testing.assert_array_equal(gg.amax(x, axis=1, keepdims=True).numpy(), A.max(axis=1, keepdims=True))
    assert gg.concatenate([x, x], axis=1).shape == (2, 4) and gg.stack([x, x], axis=2).shape == (2, 2, 2)
    np.testing.assert_array_equal(x.argmax(axis=1).numpy(), A.argmax(axis=1))
    np.testing.assert_array_equal(gg.softmax(x, axis=1).numpy(), gg.softmax(x, 1).numpy())
    np.testing.assert_array_equal(x.log_softmax(axis=0).numpy(), gg.log_softmax(x, dim=0).numpy())
    np.testing.assert_array_equal(x.max(axis=1).values.numpy(), A.max(axis=1))
    assert x.squeeze(axis=0).shape == (2, 2) and x.unsqueeze(axis=0).shape == (1, 2, 2)


@pytest.mark.parametrize(
    "call",
    [
        lambda t: np.asarray(t),
        lambda t: np.array([t, t]),
        lambda t: np.sum([t, t]),
        lambda t: np.add.reduce([t, t]),
        lambda t: A.clip(t, 1.0),
        lambda t: np.vectorize(float)(t),
        lambda t: np.random.default_rng(0).normal(t),
    ],
    ids=["asarray", "list", "sum of a list", "reduce", "method of an array", "vectorize", "random"],
)
def test_numpy_is_given_no_array_of_what_requires_grad(call):
    """Where NumPy does not ask for a counterpart it would take the values, and drop the gradient unseen."""
    t = gg.tensor(A, requires_grad=True)
    with pytest.raises(TypeError, match=r"(drop its gradient unseen.*|no differentiable counterpart.*)detach\(\)"):
        call(t)
    with gg.no_grad():
        np.testing.assert_array_equal(np.asarray(t), A)
    np.testing.assert_array_equal(np.asarray(t.detach()), A)
