"""What NumPy's functions do with tensors: they run as ours, with gradients, or refuse. None drops a gradient unseen.

What has no counterpart here runs as NumPy's own, and gives arrays, if it meets only tensors that are in no graph: there
is no gradient to drop.

A ufunc that is the kernel of a primitive needs no entry. The others, and the functions, are listed here with what
translates NumPy's arguments; those adapters are in the files beside this one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.mode import current_mode
from ..core.primitive import REGISTRY
from ..engine.values import HANDLES
from ..ops import (
    arithmetic,
    arranging,
    bitwise,
    comparison,
    creation,
    diagonals,
    elementwise,
    joining,
    log_sum_exp,
    matmul,
    quantiles,
    reduction,
    rounding,
    scan,
    shaping,
    sorting,
    special,
    stacking,
    statistics,
    trigonometric,
)  # fmt: skip
from . import linalg as numpy_linalg
from . import reductions, selection, shapes
from .arguments import operand

__all__ = ["ACCUMULATIONS", "FUNCTIONS", "REDUCTIONS", "UFUNCS", "array_function", "array_ufunc", "operation_name"]

_Function = Callable[..., Any]


def operation_name(function: _Function) -> str:
    """Return the name of the operation that an entry of these tables leads to."""
    target = getattr(function, "operation", function)
    primitive = getattr(target, "primitive", None)
    return str(primitive.name if primitive is not None else target.__name__)


# -- ufuncs -----------------------------------------------------------------------------------------------------------

UFUNCS: dict[Any, _Function] = {p.ufunc: p.function for p in REGISTRY.values() if isinstance(p.ufunc, np.ufunc)} | {
    np.matmul: matmul.matmul,
    np.vecdot: numpy_linalg.vecdot_of, np.power: arithmetic.power, np.float_power: arithmetic.float_power,
    np.conjugate: arithmetic.positive,
    np.floor_divide: rounding.floor_divide, np.remainder: rounding.remainder, np.fmod: rounding.fmod,
    np.divmod: selection.divmod_of, np.positive: arithmetic.positive,
    np.reciprocal: selection.of_floats(elementwise.reciprocal),
    np.fabs: selection.of_floats(elementwise.absolute), np.floor: rounding.floor, np.ceil: rounding.ceil,
    np.trunc: rounding.trunc, np.rint: selection.of_floats(rounding.round),
    np.heaviside: selection.heaviside,
    np.signbit: comparison.signbit, np.degrees: trigonometric.rad2deg, np.radians: trigonometric.deg2rad,
    np.bitwise_and: bitwise.bitwise_and, np.bitwise_or: bitwise.bitwise_or, np.bitwise_xor: bitwise.bitwise_xor,
    np.invert: bitwise.bitwise_not, np.left_shift: bitwise.bitwise_left_shift,
    np.right_shift: bitwise.bitwise_right_shift,
}  # fmt: skip

# NumPy has these only since 2.2.
UFUNCS |= {
    getattr(np, name): ours
    for name, ours in {"matvec": numpy_linalg.matvec, "vecmat": numpy_linalg.vecmat}.items()
    if hasattr(np, name)
}

# ``np.add.reduce`` and its like.
REDUCTIONS: dict[Any, _Function] = {
    np.add: reductions.total(reduction.sum), np.multiply: reductions.total(reduction.prod),
    np.maximum: reductions.reduced(reduction.amax), np.minimum: reductions.reduced(reduction.amin),
    np.logical_and: reductions.truth_of(reduction.all), np.logical_or: reductions.truth_of(reduction.any),
    np.logaddexp: reductions.reduced(log_sum_exp.logsumexp),
}  # fmt: skip

# ``np.add.accumulate`` and its like.
ACCUMULATIONS: dict[Any, _Function] = {
    np.add: scan.cumsum, np.multiply: scan.cumprod, np.logaddexp: scan.logcumsumexp,
    np.maximum: lambda a, axis: scan.cummax(a, axis).values, np.minimum: lambda a, axis: scan.cummin(a, axis).values,
}  # fmt: skip


def array_ufunc(self: Any, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """Run a NumPy ufunc as ours, on arrays if no gradient can be lost, or refuse."""
    name = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
    understood = {"reduce": {"axis", "keepdims"}, "accumulate": {"axis"}}.get(method, set())
    if method == "reduce":
        function = REDUCTIONS.get(ufunc)
    elif method == "accumulate":
        function = ACCUMULATIONS.get(ufunc)
    else:
        # Functions of whole vectors have no outer product.
        outer = method == "outer" and ufunc.signature is None and ufunc.nin == 2
        function = UFUNCS.get(ufunc) if method == "__call__" or outer else None
    if function is None or kwargs.keys() - understood:
        if not in_graph(inputs) and not in_graph(kwargs):
            return _on_arrays(getattr(ufunc, method), name, inputs, kwargs)
        if function is None:
            raise _refuse(name)
        raise TypeError(f"{name} on tensors takes no {', '.join(sorted(kwargs.keys() - understood))}")
    if understood:
        return function(inputs[0], **{"axis": 0, **kwargs})
    if method == "outer":
        x, y = map(operand, inputs)
        return function(shaping.reshape(x, (*x.shape, *(1,) * y.ndim)), y)
    try:
        return function(*inputs)
    except TypeError as error:
        raise _named(error, name) from None


# -- functions --------------------------------------------------------------------------------------------------------

FUNCTIONS: dict[Any, _Function] = {
    # reductions
    np.sum: reductions.total(reduction.sum), np.mean: reductions.total(reduction.mean),
    np.prod: reductions.total(reduction.prod), np.nansum: reductions.total(reduction.nansum),
    np.nanmean: reductions.total(reduction.nanmean),
    np.nanprod: reductions.without_nan(reductions.total(reduction.prod), 1),
    np.max: reductions.reduced(reduction.amax), np.amax: reductions.reduced(reduction.amax),
    np.min: reductions.reduced(reduction.amin), np.amin: reductions.reduced(reduction.amin),
    np.nanmax: reductions.among_numbers(reduction.amax, -np.inf),
    np.nanmin: reductions.among_numbers(reduction.amin, np.inf), np.ptp: reductions.ptp,
    np.any: reductions.truth_of(reduction.any), np.all: reductions.truth_of(reduction.all),
    np.argmax: reductions.choice(comparison.argmax), np.argmin: reductions.choice(comparison.argmin),
    np.count_nonzero: reductions.count_nonzero, np.var: reductions.variance_like(statistics.var),
    np.std: reductions.variance_like(statistics.std), np.average: reductions.average,
    np.median: reductions.median_like(quantiles.quantile),
    np.nanmedian: reductions.median_like(quantiles.nanquantile),
    np.quantile: reductions.fractions(quantiles.quantile, 1),
    np.nanquantile: reductions.fractions(quantiles.nanquantile, 1),
    np.percentile: reductions.fractions(quantiles.quantile, 100),
    np.nanpercentile: reductions.fractions(quantiles.nanquantile, 100), np.cov: reductions.cov,
    np.corrcoef: reductions.corrcoef, np.bincount: reductions.bincount,
    # scans and sorting
    np.cumsum: reductions.scan_along(scan.cumsum), np.cumprod: reductions.scan_along(scan.cumprod),
    np.nancumsum: reductions.without_nan(reductions.scan_along(scan.cumsum), 0),
    np.nancumprod: reductions.without_nan(reductions.scan_along(scan.cumprod), 1),
     np.diff: reductions.diff,
    np.trapezoid: reductions.trapezoid,
    np.sort: reductions.ordered(lambda *a, **k: sorting.sort(*a, **k).values, sorting.sort),
    np.argsort: reductions.ordered(sorting.argsort, sorting.argsort), np.unique: reductions.unique,
    np.searchsorted: reductions.searchsorted, np.isin: reductions.isin,
    # elementwise
    np.where: selection.where, np.select: selection.select, np.clip: selection.clip,
    np.round: selection.rounded, np.around: selection.rounded,
    np.fix: selection.unary(rounding.trunc), np.nan_to_num: selection.nan_to_num,
    np.isclose: selection.isclose, np.allclose: selection.allclose,
    np.array_equal: selection.array_equal, np.isposinf: selection.unary(comparison.isposinf),
    np.isneginf: selection.unary(comparison.isneginf), np.sinc: selection.unary(trigonometric.sinc),
    np.i0: selection.unary(special.i0),
    # shape
    np.reshape: shapes.reshape, np.ravel: shapes.ravel, np.transpose: shapes.transpose,
    np.matrix_transpose: shapes.matrix_transpose, np.swapaxes: shapes.swapaxes,
    np.moveaxis: shapes.moveaxis, np.squeeze: shapes.squeeze, np.expand_dims: shapes.expand_dims,
    np.broadcast_to: shapes.broadcast_to, np.broadcast_arrays: shapes.broadcast_arrays,
    np.atleast_1d: stacking.atleast_1d, np.atleast_2d: stacking.atleast_2d, np.atleast_3d: stacking.atleast_3d,
    np.concatenate: shapes.concatenate, np.append: shapes.append, np.stack: shapes.stack,
    np.hstack: shapes.joined(stacking.hstack), np.vstack: shapes.joined(stacking.vstack),
    np.dstack: shapes.joined(stacking.dstack), np.column_stack: shapes.joined(stacking.column_stack),
    np.block: shapes.block, np.split: shapes.split,
    np.array_split: shapes.array_split, np.hsplit: shapes.pieces(joining.hsplit),
    np.vsplit: shapes.pieces(joining.vsplit), np.dsplit: shapes.pieces(joining.dsplit),
    np.tile: shapes.tile, np.repeat: shapes.repeat, np.roll: shapes.roll,
    np.flip: shapes.flip, np.fliplr: arranging.fliplr, np.flipud: arranging.flipud,
    np.rot90: shapes.rot90, np.pad: shapes.pad, np.meshgrid: shapes.meshgrid,
    np.copy: shapes.copy, np.diag: shapes.diag,
    np.diagflat: shapes.diagflat, np.diagonal: shapes.diagonal, np.trace: shapes.trace,
    np.tril: shapes.triangle(diagonals.tril), np.triu: shapes.triangle(diagonals.triu),
    # selection
    np.take: selection.take, np.take_along_axis: selection.take_along_axis,
    np.nonzero: selection.nonzero, np.flatnonzero: selection.flatnonzero,
    np.argwhere: selection.argwhere, np.compress: selection.compress, np.extract: selection.extract,
    np.delete: selection.delete,
    # linear algebra
    np.dot: numpy_linalg.dot, np.vdot: numpy_linalg.vdot, np.inner: numpy_linalg.inner, np.outer: numpy_linalg.outer,
    np.tensordot: numpy_linalg.tensordot, np.einsum: numpy_linalg.einsum, np.kron: numpy_linalg.kron,
    np.cross: numpy_linalg.cross, np.vander: numpy_linalg.vander, np.linalg.matmul: numpy_linalg.matmul_of,
    np.linalg.outer: numpy_linalg.outer_of_vectors, np.linalg.tensordot: numpy_linalg.tensordot_of,
    np.linalg.vecdot: numpy_linalg.vecdot_of, np.linalg.cross: numpy_linalg.cross_of,
    np.linalg.diagonal: numpy_linalg.diagonal_of, np.linalg.trace: numpy_linalg.trace_of,
    np.linalg.matrix_transpose: shapes.matrix_transpose, np.linalg.matrix_power: numpy_linalg.matrix_power,
    np.linalg.multi_dot: numpy_linalg.multi_dot, np.linalg.inv: numpy_linalg.inv, np.linalg.solve: numpy_linalg.solve,
    np.linalg.lstsq: numpy_linalg.lstsq, np.linalg.pinv: numpy_linalg.pinv,
    np.linalg.matrix_rank: numpy_linalg.matrix_rank, np.linalg.cond: numpy_linalg.cond,
    np.linalg.tensorinv: numpy_linalg.tensorinv, np.linalg.tensorsolve: numpy_linalg.tensorsolve,
    np.linalg.det: numpy_linalg.det, np.linalg.slogdet: numpy_linalg.slogdet,
    np.linalg.cholesky: numpy_linalg.cholesky, np.linalg.qr: numpy_linalg.qr, np.linalg.svd: numpy_linalg.svd,
    np.linalg.svdvals: numpy_linalg.svdvals, np.linalg.eigh: numpy_linalg.eigh,
    np.linalg.eigvalsh: numpy_linalg.eigvalsh, np.linalg.norm: numpy_linalg.norm,
    np.linalg.matrix_norm: numpy_linalg.matrix_norm, np.linalg.vector_norm: numpy_linalg.vector_norm,
    # constants of the same shape
    np.zeros_like: shapes.constant(creation.zeros_like),
    np.ones_like: shapes.constant(creation.ones_like),
    np.empty_like: shapes.constant(creation.empty_like), np.full_like: shapes.full_like,
    np.shape: shapes.shape, np.ndim: shapes.ndim, np.size: shapes.size,
}  # fmt: skip

# NumPy has these only since 2.1.
FUNCTIONS |= {
    getattr(np, name): ours
    for name, ours in {
        "astype": shapes.astype, "unstack": shapes.unstack,
        "cumulative_sum": reductions.cumulative(scan.cumsum),
        "cumulative_prod": reductions.cumulative(scan.cumprod),
    }.items()
    if hasattr(np, name)
}  # fmt: skip


def array_function(self: Any, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """Run a NumPy function as ours, on arrays if no gradient can be lost, or refuse."""
    ours = FUNCTIONS.get(function)
    if ours is None:
        if in_graph(args) or in_graph(kwargs):
            raise _refuse(function.__name__)
        return _on_arrays(function, function.__name__, args, kwargs)
    try:
        return ours(*args, **kwargs)
    except TypeError as error:
        refusal = _named(error, f"numpy.{function.__name__}")
        if refusal is error or in_graph(args) or in_graph(kwargs):
            raise refusal from None
    # An argument that only NumPy's own has.
    return _on_arrays(function, function.__name__, args, kwargs)


def in_graph(value: Any) -> bool:
    """Return whether a gradient could be lost if the tensors in nested arguments were taken for arrays."""
    if value.__class__ in HANDLES:
        return bool(value.requires_grad) and current_mode().grad
    if isinstance(value, dict):
        return any(map(in_graph, value.values()))
    return isinstance(value, list | tuple) and any(map(in_graph, value))


def _on_arrays(function: _Function, name: str, args: Any, kwargs: Any) -> Any:
    """Run NumPy's own function on the arrays of tensors that are in no graph."""
    try:
        return function(*arrays(args), **arrays(kwargs))
    except ValueError as error:
        if "read-only" not in str(error):
            raise
    raise TypeError(
        f"NumPy's {name} cannot write into a tensor, whose values a graph may need; write x[...] = values, or change "
        "a copy, tensor.numpy(copy=True)"
    )


def arrays(value: Any) -> Any:
    """Return nested arguments with arrays in place of tensors."""
    if value.__class__ in HANDLES:
        return value.numpy()
    if isinstance(value, dict):
        return {key: arrays(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        items = [arrays(item) for item in value]
        fields = getattr(value, "_fields", None)
        return items if isinstance(value, list) else tuple(items) if fields is None else type(value)(*items)
    return value


def _named(error: TypeError, name: str) -> TypeError:
    """Return a refusal of arguments in the name of NumPy's function; other errors as they are."""
    text = str(error)
    if unknown := re.search(r"unexpected keyword argument '(\w+)'", text):
        text = f"takes no {unknown[1]}"
    elif "positional argument" in text or "positional-only" in text:
        text = text.partition("() ")[2]
    return TypeError(f"{name} on tensors {text}") if text.startswith(("takes ", "missing ", "got ")) else error


def _refuse(name: str) -> TypeError:
    return TypeError(
        f"NumPy's {name} has no differentiable counterpart for tensors here; use a glassgrad operation, or "
        "tensor.detach().numpy() to leave the graph"
    )
