"""What NumPy's functions do with tensors: they run as ours, with gradients, or refuse. None drops a gradient unseen.

A ufunc that is the kernel of a primitive needs no entry. The others, and the functions, are listed here with what
translates NumPy's arguments where they differ from PyTorch's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import engine
from .dtypes import to_dtype
from .ops import (
    arithmetic,
    arranging,
    comparison,
    creation,
    decomposition,
    diagonals,
    factorization,
    linalg,
    norms,
    padding,
    products,
    reduction,
    rounding,
    scan,
    selection,
    shaping,
    solving,
    sorting,
    statistics,
)  # fmt: skip
from .ops.axes import as_shape
from .primitive import REGISTRY

__all__ = ["FUNCTIONS", "REDUCTIONS", "UFUNCS", "array_function", "array_ufunc", "operation_name"]

_Function = Callable[..., Any]


def _as(operation: _Function, adapter: _Function) -> _Function:
    """Mark an adapter with the operation that it leads to, for the reference page."""
    adapter.operation = operation  # type: ignore[attr-defined]
    return adapter


def operation_name(function: _Function) -> str:
    """Return the name of the operation that an entry of these tables leads to."""
    target = getattr(function, "operation", function)
    primitive = getattr(target, "primitive", None)
    return str(primitive.name if primitive is not None else target.__name__)


# -- ufuncs -----------------------------------------------------------------------------------------------------------

UFUNCS: dict[Any, _Function] = {p.ufunc: p.function for p in REGISTRY.values() if p.ufunc is not None} | {
    np.matmul: linalg.matmul, np.power: arithmetic.power, np.float_power: arithmetic.float_power,
    np.floor_divide: rounding.floor_divide, np.remainder: rounding.remainder, np.positive: arithmetic.positive,
    np.vecdot: products.vecdot,
}  # fmt: skip

# ``np.add.reduce`` and its like.
REDUCTIONS: dict[Any, _Function] = {
    np.add: reduction.sum, np.multiply: reduction.prod, np.maximum: reduction.amax, np.minimum: reduction.amin,
    np.logical_and: reduction.all, np.logical_or: reduction.any, np.logaddexp: reduction.logsumexp,
}  # fmt: skip


def array_ufunc(self: Any, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """Run a NumPy ufunc as ours, or refuse: the gradient is never dropped silently."""
    name = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
    if method == "reduce" and ufunc in REDUCTIONS and not kwargs.keys() - {"axis", "keepdims"}:
        return REDUCTIONS[ufunc](inputs[0], dim=kwargs.get("axis", 0), keepdim=kwargs.get("keepdims", False))
    function = UFUNCS.get(ufunc)
    if function is None or method != "__call__":
        raise _refuse(name)
    if kwargs:
        raise TypeError(f"{name} on tensors takes no {', '.join(kwargs)}")
    return function(*inputs)


# -- functions --------------------------------------------------------------------------------------------------------


def _var(of: _Function) -> _Function:
    def adapter(a: Any, axis: Any = None, *, ddof: Any = 0, correction: Any = None, keepdims: Any = False) -> Any:
        return of(a, axis, correction=ddof if correction is None else correction, keepdim=keepdims)

    return _as(of, adapter)


def _quantile(a: Any, q: Any, axis: Any = None, *, method: str = "linear", keepdims: Any = False) -> Any:
    return statistics.quantile(a, q, axis, keepdims, interpolation=method)


def _percentile(a: Any, q: Any, axis: Any = None, *, method: str = "linear", keepdims: Any = False) -> Any:
    return _quantile(a, np.asarray(q) / 100, axis, method=method, keepdims=keepdims)


def _median(a: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
    # NumPy takes the mean of the middle two, PyTorch's median the lower one.
    return statistics.quantile(a, 0.5, axis, keepdims)


def _ptp(a: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
    return reduction.amax(a, axis, keepdims) - reduction.amin(a, axis, keepdims)


def _flat_first(of: _Function) -> _Function:
    """Return ``of`` along an axis, or over all elements in order where there is none, as NumPy's scans do."""

    def adapter(a: Any, axis: Any = None) -> Any:
        return of(shaping.reshape(a, (-1,)), 0) if axis is None else of(a, axis)

    return _as(of, adapter)


def _sort(a: Any, axis: Any = -1, *, stable: Any = None) -> Any:
    return _along(a, axis, lambda x, dim: sorting.sort(x, dim, stable=bool(stable)).values)


def _argsort(a: Any, axis: Any = -1, *, stable: Any = None) -> Any:
    return _along(a, axis, lambda x, dim: sorting.argsort(x, dim, stable=bool(stable)))


def _along(a: Any, axis: Any, run: _Function) -> Any:
    return run(shaping.reshape(a, (-1,)), 0) if axis is None else run(a, axis)


def _transpose(a: Any, axes: Any = None) -> Any:
    return shaping.permute(a, tuple(reversed(range(a.ndim))) if axes is None else tuple(axes))


def _dot(a: Any, b: Any) -> Any:
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return arithmetic.multiply(a, b)
    if np.ndim(b) <= 2:
        return linalg.matmul(a, b)
    return products.tensordot(a, b, ([np.ndim(a) - 1], [np.ndim(b) - 2]))


def _repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    return arranging.repeat_interleave(a, repeats, axis)


def _roll(a: Any, shift: Any, axis: Any = None) -> Any:
    return arranging.roll(a, shift, axis)


def _flip(m: Any, axis: Any = None) -> Any:
    return arranging.flip(m, tuple(range(m.ndim)) if axis is None else axis)


def _rot90(m: Any, k: Any = 1, axes: Any = (0, 1)) -> Any:
    return arranging.rot90(m, k, axes)


def _pad(array: Any, pad_width: Any, mode: str = "constant", *, constant_values: Any = 0) -> Any:
    widths = np.broadcast_to(np.asarray(pad_width), (array.ndim, 2))
    names = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}
    if mode not in names or np.ndim(constant_values):
        raise TypeError(f"numpy.pad on tensors takes the modes {', '.join(names)} and one constant, not mode {mode!r}")
    # PyTorch counts from the last axis.
    return padding.pad(array, [int(n) for pair in widths[::-1] for n in pair], names[mode], constant_values)


def _take(a: Any, indices: Any, axis: Any = None) -> Any:
    if axis is None:
        return selection.take(a, indices)
    at = indices.numpy() if indices.__class__ in engine.HANDLES else np.asarray(indices)
    return a[(slice(None),) * (axis % a.ndim) + (at,)]


def _take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    return selection.take_along_dim(arr, indices, axis)


def _split(ary: Any, indices_or_sections: Any, axis: Any = 0) -> Any:
    if isinstance(indices_or_sections, int) and ary.shape[axis] % indices_or_sections:
        raise ValueError(
            f"split: {ary.shape[axis]} elements along axis {axis} cannot be divided into {indices_or_sections} equal "
            "parts; numpy.array_split divides them unequally"
        )
    return list(shaping.tensor_split(ary, indices_or_sections, axis))


def _array_split(ary: Any, indices_or_sections: Any, axis: Any = 0) -> Any:
    return list(shaping.tensor_split(ary, indices_or_sections, axis))


def _where(condition: Any, *choices: Any) -> Any:
    return comparison.where(condition, *choices) if choices else selection.nonzero(condition, as_tuple=True)


def _clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    return rounding.clamp(a, min if a_min is None else a_min, max if a_max is None else a_max)


def _round(a: Any, decimals: Any = 0) -> Any:
    return rounding.round(a, decimals=decimals)


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Any:
    return norms.norm(x, ord, axis, keepdims)


def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    return products.tensordot(a, b, axes)


def _cross(a: Any, b: Any, *, axis: Any = -1) -> Any:
    return products.cross(a, b, dim=axis)


def _diagonal(of: _Function) -> _Function:
    def adapter(a: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1) -> Any:
        return of(diagonals.diagonal(a, offset, axis1, axis2))

    return adapter


def _einsum(subscripts: Any, *operands: Any, optimize: Any = False) -> Any:
    return products.einsum(subscripts, *operands)


def _like(of: _Function) -> _Function:
    return _as(of, lambda a, *fill, dtype=None: of(a, *fill, dtype=dtype))


def _eigh(a: Any, UPLO: str = "L") -> Any:
    return factorization.eigh(a, UPLO)


def _qr(a: Any, mode: str = "reduced") -> Any:
    return factorization.qr(a, mode)


def _svd(a: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    return factorization.svd(a, full_matrices) if compute_uv else factorization.svdvals(a)


def _cholesky(a: Any, /, *, upper: bool = False) -> Any:
    return factorization.cholesky(a, upper=upper)


def _diff(a: Any, n: Any = 1, axis: Any = -1, prepend: Any = None, append: Any = None) -> Any:
    return scan.diff(a, n, axis, prepend, append)


def _trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: Any = -1) -> Any:
    return scan.trapezoid(y, x, dim=axis) if x is not None else scan.trapezoid(y, dx=dx, dim=axis)


def _unique(ar: Any) -> Any:
    return sorting.unique(ar)


def _nan_to_num(x: Any, copy: Any = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    return rounding.nan_to_num(x, nan, posinf, neginf)


FUNCTIONS: dict[Any, _Function] = {
    # reductions
    np.sum: reduction.sum, np.mean: reduction.mean, np.prod: reduction.prod, np.nansum: reduction.nansum,
    np.nanmean: reduction.nanmean, np.max: reduction.amax, np.min: reduction.amin, np.amax: reduction.amax,
    np.amin: reduction.amin, np.ptp: _as(reduction.amax, _ptp), np.any: reduction.any, np.all: reduction.all,
    np.argmax: comparison.argmax, np.argmin: comparison.argmin, np.var: _var(statistics.var),
    np.std: _var(statistics.std), np.median: _as(statistics.quantile, _median),
    np.quantile: _as(statistics.quantile, _quantile), np.percentile: _as(statistics.quantile, _percentile),
    np.count_nonzero: reduction.count_nonzero,
    np.cov: _as(statistics.cov, lambda m, *, ddof=1: statistics.cov(m, correction=ddof)),
    np.corrcoef: _as(statistics.corrcoef, lambda x: statistics.corrcoef(x)),
    # scans and sorting
    np.cumsum: _flat_first(scan.cumsum), np.cumprod: _flat_first(scan.cumprod), np.diff: _as(scan.diff, _diff),
    np.trapezoid: _as(scan.trapezoid, _trapezoid), np.sort: _as(sorting.sort, _sort),
    np.argsort: _as(sorting.argsort, _argsort), np.unique: _as(sorting.unique, _unique),
    np.searchsorted: _as(
        sorting.searchsorted, lambda a, v, side="left": sorting.searchsorted(a, v, right=side == "right")
    ),
    # elementwise
    np.where: _as(comparison.where, _where), np.clip: _as(rounding.clamp, _clip),
    np.round: _as(rounding.round, _round), np.around: _as(rounding.round, _round),
    np.nan_to_num: _as(rounding.nan_to_num, _nan_to_num),
    np.isclose: comparison.isclose, np.allclose: comparison.allclose,
    np.array_equal: _as(comparison.equal, lambda a1, a2: comparison.equal(a1, a2)),
    # shape
    np.reshape: _as(shaping.reshape, lambda a, shape: shaping.reshape(a, as_shape(shape, "reshape"))),
    np.ravel: _as(shaping.reshape, lambda a: shaping.reshape(a, (-1,))), np.transpose: _as(shaping.permute, _transpose),
    np.matrix_transpose: _as(shaping.transpose, lambda x: shaping.transpose(x)),
    np.swapaxes: shaping.transpose, np.moveaxis: _as(shaping.movedim, lambda a, s, d: shaping.movedim(a, s, d)),
    np.squeeze: _as(shaping.squeeze, lambda a, axis=None: shaping.squeeze(a, axis)),
    np.expand_dims: _as(shaping.unsqueeze, lambda a, axis: shaping.unsqueeze(a, axis)),
    np.broadcast_to: _as(shaping.broadcast_to, lambda array, shape: shaping.broadcast_to(array, shape)),
    np.broadcast_arrays: _as(arranging.broadcast_tensors, lambda *args: arranging.broadcast_tensors(*args)),
    np.atleast_1d: arranging.atleast_1d, np.atleast_2d: arranging.atleast_2d, np.atleast_3d: arranging.atleast_3d,
    np.concatenate: _as(shaping.concatenate, lambda arrays, axis=0: shaping.concatenate(arrays, axis)),
    np.stack: _as(shaping.stack, lambda arrays, axis=0: shaping.stack(arrays, axis)),
    np.hstack: arranging.hstack, np.vstack: arranging.vstack, np.dstack: arranging.dstack,
    np.column_stack: arranging.column_stack, np.split: _as(shaping.tensor_split, _split),
    np.array_split: _as(shaping.tensor_split, _array_split), np.hsplit: shaping.hsplit,
    np.vsplit: shaping.vsplit, np.dsplit: shaping.dsplit, np.tile: arranging.tile,
    np.repeat: _as(arranging.repeat_interleave, _repeat), np.roll: _as(arranging.roll, _roll),
    np.flip: _as(arranging.flip, _flip), np.fliplr: arranging.fliplr, np.flipud: arranging.flipud,
    np.rot90: _as(arranging.rot90, _rot90), np.pad: _as(padding.pad, _pad),
    np.meshgrid: _as(arranging.meshgrid, lambda *xi, indexing="xy": arranging.meshgrid(*xi, indexing=indexing)),
    np.copy: _as(shaping.clone, lambda a: shaping.clone(a)),
    np.astype: _as(shaping.astype, lambda x, dtype: x.astype(to_dtype(dtype))),
    # selection
    np.take: _as(selection.take, _take), np.take_along_axis: _as(selection.take_along_dim, _take_along_axis),
    np.nonzero: _as(selection.nonzero, lambda a: selection.nonzero(a, as_tuple=True)),
    np.argwhere: selection.argwhere,
    # linear algebra
    np.dot: _as(linalg.matmul, _dot),
    np.vdot: _as(products.dot, lambda a, b: products.dot(shaping.reshape(a, (-1,)), shaping.reshape(b, (-1,)))),
    np.inner: products.inner, np.outer: products.outer, np.tensordot: _as(products.tensordot, _tensordot),
    np.einsum: _as(products.einsum, _einsum), np.kron: products.kron, np.cross: _as(products.cross, _cross),
    np.trace: _as(diagonals.trace, _diagonal(lambda d: reduction.sum(d, -1))),
    np.diagonal: _as(diagonals.diagonal, _diagonal(lambda d: d)), np.diag: diagonals.diag,
    np.diagflat: diagonals.diagflat, np.tril: diagonals.tril, np.triu: diagonals.triu,
    np.linalg.matrix_power: products.matrix_power, np.linalg.multi_dot: products.multi_dot,
    np.linalg.inv: solving.inv, np.linalg.solve: _as(solving.solve, lambda a, b: solving.solve(a, b)),
    np.linalg.det: solving.det, np.linalg.slogdet: solving.slogdet,
    np.linalg.cholesky: _as(factorization.cholesky, _cholesky), np.linalg.qr: _as(factorization.qr, _qr),
    np.linalg.svd: _as(factorization.svd, _svd), np.linalg.svdvals: factorization.svdvals,
    np.linalg.eigh: _as(factorization.eigh, _eigh),
    np.linalg.eigvalsh: _as(factorization.eigvalsh, lambda a, UPLO="L": factorization.eigvalsh(a, UPLO)),
    np.linalg.pinv: _as(decomposition.pinv, lambda a: decomposition.pinv(a)),
    np.linalg.norm: _as(norms.norm, _norm),
    np.linalg.matrix_rank: _as(decomposition.matrix_rank, lambda A: decomposition.matrix_rank(A)),
    # constants of the same shape
    np.zeros_like: _like(creation.zeros_like), np.ones_like: _like(creation.ones_like),
    np.full_like: _like(creation.full_like), np.empty_like: _like(creation.empty_like),
    np.shape: lambda a: a.shape, np.ndim: lambda a: a.ndim,
    np.size: lambda a, axis=None: a.numel() if axis is None else a.shape[axis],
}  # fmt: skip


def array_function(self: Any, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """Run a NumPy function as ours, or refuse."""
    ours = FUNCTIONS.get(function)
    if ours is None:
        raise _refuse(function.__name__)
    try:
        return ours(*args, **kwargs)
    except TypeError as error:
        if "unexpected keyword" in str(error) or "positional argument" in str(error):
            raise TypeError(f"numpy.{function.__name__} on tensors: {error}") from None
        raise


def _refuse(name: str) -> TypeError:
    return TypeError(
        f"NumPy's {name} has no differentiable counterpart for tensors here; use a glassgrad operation, or "
        "tensor.detach().numpy() to leave the graph"
    )
