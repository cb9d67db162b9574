"""The operations on arrays, each beside the plainest NumPy code for the same value; see ``composition.py``."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

import glassgrad as gg


def _take(x: Any, places: Any, axis: int = 1) -> Any:
    return np.take_along_axis(x, places, axis)


def _found(x: Any, places: Any) -> Any:
    """Return the pair of values and indices for one index in each row."""
    return _take(x, places[:, None])[:, 0], places


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


UNARY = {
    "abs": (gg.abs, lambda x: np.abs(x)),
    "neg": (gg.neg, lambda x: -x),
    "square": (gg.square, lambda x: x * x),
    "positive": (gg.positive, lambda x: +x),
    "exp": (gg.exp, lambda x: np.exp(x)),
    "exp2": (gg.exp2, lambda x: np.exp2(x)),
    "expm1": (gg.expm1, lambda x: np.expm1(x)),
    "log": (gg.log, lambda p: np.log(p)),
    "log2": (gg.log2, lambda p: np.log2(p)),
    "log10": (gg.log10, lambda p: np.log10(p)),
    "log1p": (gg.log1p, lambda p: np.log1p(p)),
    "sqrt": (gg.sqrt, lambda p: np.sqrt(p)),
    "rsqrt": (gg.rsqrt, lambda p: 1 / np.sqrt(p)),
    "cbrt": (gg.cbrt, lambda x: np.cbrt(x)),
    "reciprocal": (gg.reciprocal, lambda p: 1 / p),
    "sin": (gg.sin, lambda x: np.sin(x)),
    "cos": (gg.cos, lambda x: np.cos(x)),
    "tan": (gg.tan, lambda u: np.tan(u)),
    "asin": (gg.asin, lambda u: np.arcsin(u)),
    "acos": (gg.acos, lambda u: np.arccos(u)),
    "atan": (gg.atan, lambda x: np.arctan(x)),
    "sinh": (gg.sinh, lambda x: np.sinh(x)),
    "cosh": (gg.cosh, lambda x: np.cosh(x)),
    "tanh": (gg.tanh, lambda x: np.tanh(x)),
    "asinh": (gg.asinh, lambda x: np.arcsinh(x)),
    "acosh": (gg.acosh, lambda above: np.arccosh(above)),
    "atanh": (gg.atanh, lambda u: np.arctanh(u)),
    "sinc": (gg.sinc, lambda x: np.sinc(x)),
    "deg2rad": (gg.deg2rad, lambda x: np.deg2rad(x)),
    "rad2deg": (gg.rad2deg, lambda x: np.rad2deg(x)),
    "sign": (gg.sign, lambda x: np.sign(x)),
    "sgn": (gg.sgn, lambda x: np.sign(x)),
    "ceil": (gg.ceil, lambda x: np.ceil(x)),
    "floor": (gg.floor, lambda x: np.floor(x)),
    "trunc": (gg.trunc, lambda x: np.trunc(x)),
    "round": (gg.round, lambda x: np.round(x)),
    "round, 2 decimals": (lambda x: gg.round(x, decimals=2), lambda x: np.round(x, 2)),
    "frac": (gg.frac, lambda x: x - np.trunc(x)),
    "clamp": (lambda x: gg.clamp(x, -1, 1), lambda x: np.clip(x, -1, 1)),
    "clamp_min": (lambda x: gg.clamp_min(x, 0.5), lambda x: np.maximum(x, 0.5)),
    "clamp_max": (lambda x: gg.clamp_max(x, 0.5), lambda x: np.minimum(x, 0.5)),
    "nan_to_num": (gg.nan_to_num, lambda x: np.nan_to_num(x)),
    "logit": (gg.logit, lambda w: np.log(w / (1 - w))),
    "isnan": (gg.isnan, lambda x: np.isnan(x)),
    "isinf": (gg.isinf, lambda x: np.isinf(x)),
    "isposinf": (gg.isposinf, lambda x: np.isposinf(x)),
    "isneginf": (gg.isneginf, lambda x: np.isneginf(x)),
    "isfinite": (gg.isfinite, lambda x: np.isfinite(x)),
    "isreal": (gg.isreal, lambda x: np.isreal(x)),
    "signbit": (gg.signbit, lambda x: np.signbit(x)),
    "logical_not": (gg.logical_not, lambda b: np.logical_not(b)),
    "bitwise_not": (gg.bitwise_not, lambda i: np.invert(i)),
}

BINARY = {
    "add": (gg.add, lambda x, y: x + y),
    "add, alpha=2": (lambda x, y: gg.add(x, y, alpha=2), lambda x, y: x + 2 * y),
    "sub": (gg.sub, lambda x, y: x - y),
    "rsub": (gg.rsub, lambda x, y: y - x),
    "mul": (gg.mul, lambda x, y: x * y),
    "div": (gg.div, lambda x, p: x / p),
    "div, floor": (lambda x, y: gg.div(x, y, rounding_mode="floor"), lambda x, p: np.floor_divide(x, p)),
    "div, trunc": (lambda x, y: gg.div(x, y, rounding_mode="trunc"), lambda x, p: np.trunc(x / p)),
    "pow, number": (lambda x: gg.pow(x, 3), lambda x: np.power(x, 3)),
    "pow": (gg.pow, lambda p, x: np.power(p, x)),
    "float_power": (gg.float_power, lambda p, x: np.float_power(p, x)),
    "floor_divide": (gg.floor_divide, lambda x, p: np.floor_divide(x, p)),
    "remainder": (gg.remainder, lambda x, p: np.remainder(x, p)),
    "fmod": (gg.fmod, lambda x, p: np.fmod(x, p)),
    "maximum": (gg.maximum, lambda x, y: np.maximum(x, y)),
    "minimum": (gg.minimum, lambda x, y: np.minimum(x, y)),
    "fmax": (gg.fmax, lambda x, y: np.fmax(x, y)),
    "fmin": (gg.fmin, lambda x, y: np.fmin(x, y)),
    "hypot": (gg.hypot, lambda x, y: np.hypot(x, y)),
    "atan2": (gg.atan2, lambda x, y: np.arctan2(x, y)),
    "copysign": (gg.copysign, lambda x, y: np.copysign(x, y)),
    "heaviside": (gg.heaviside, lambda x, y: np.heaviside(x, y)),
    "ldexp": (gg.ldexp, lambda x, i: np.ldexp(x, i)),
    "logaddexp": (gg.logaddexp, lambda x, y: np.logaddexp(x, y)),
    "logaddexp2": (gg.logaddexp2, lambda x, y: np.logaddexp2(x, y)),
    "xlogy": (gg.xlogy, lambda x, p: x * np.log(p)),
    "xlog1py": (gg.xlog1py, lambda x, p: x * np.log1p(p)),
    "addcmul": (gg.addcmul, lambda x, y, z: x + y * z),
    "addcdiv": (gg.addcdiv, lambda x, y, p: x + y / p),
    "lerp": (gg.lerp, lambda x, y, w: x + w * (y - x)),
    "where": (gg.where, lambda b, x, y: np.where(b, x, y)),
    "eq": (gg.eq, lambda x, y: x == y),
    "ne": (gg.ne, lambda x, y: x != y),
    "lt": (gg.lt, lambda x, y: x < y),
    "le": (gg.le, lambda x, y: x <= y),
    "gt": (gg.gt, lambda x, y: x > y),
    "ge": (gg.ge, lambda x, y: x >= y),
    "isclose": (gg.isclose, lambda x, y: np.isclose(x, y)),
    "allclose": (gg.allclose, lambda x, y: np.allclose(x, y)),
    "equal": (gg.equal, lambda x, y: np.array_equal(x, y)),
    "logical_and": (gg.logical_and, lambda b, c: np.logical_and(b, c)),
    "logical_or": (gg.logical_or, lambda b, c: np.logical_or(b, c)),
    "logical_xor": (gg.logical_xor, lambda b, c: np.logical_xor(b, c)),
    "bitwise_and": (gg.bitwise_and, lambda i, j: i & j),
    "bitwise_or": (gg.bitwise_or, lambda i, j: i | j),
    "bitwise_xor": (gg.bitwise_xor, lambda i, j: i ^ j),
    "bitwise_left_shift": (gg.bitwise_left_shift, lambda i, j: i << j),
    "bitwise_right_shift": (gg.bitwise_right_shift, lambda i, j: i >> j),
}


def _norm(x: Any) -> Any:
    return np.sqrt(np.sum(x * x, 1))


def _logsumexp(x: Any) -> Any:
    top = x.max(1, keepdims=True)
    return np.log(np.exp(x - top).sum(1)) + top[:, 0]


def _extremum(x: Any, argument: Any) -> Any:
    return _found(x, argument(x, 1))


def _middle(x: Any, k: int) -> Any:
    return _found(x, np.argpartition(x, k, 1)[:, k])


def _mode(i: Any) -> Any:
    values = []
    for row in i:
        distinct, counts = np.unique(row, return_counts=True)
        values.append(distinct[counts.argmax()])
    return np.array(values)


REDUCTIONS = {
    "sum": (gg.sum, lambda x: np.sum(x)),
    "sum, dim 0": (lambda x: gg.sum(x, 0), lambda x: np.sum(x, 0)),
    "sum, dim 1": (lambda x: gg.sum(x, 1), lambda x: np.sum(x, 1)),
    "mean": (gg.mean, lambda x: np.mean(x)),
    "mean, dim 0": (lambda x: gg.mean(x, 0), lambda x: np.mean(x, 0)),
    "mean, dim 1": (lambda x: gg.mean(x, 1), lambda x: np.mean(x, 1)),
    "prod": (lambda w: gg.prod(w, 1), lambda w: np.prod(w, 1)),
    "amax": (lambda x: gg.amax(x, 1), lambda x: np.max(x, 1)),
    "amin": (lambda x: gg.amin(x, 1), lambda x: np.min(x, 1)),
    "max": (gg.max, lambda x: np.max(x)),
    "max, dim 1": (lambda x: gg.max(x, 1), lambda x: _extremum(x, np.argmax)),
    "min": (gg.min, lambda x: np.min(x)),
    "min, dim 1": (lambda x: gg.min(x, 1), lambda x: _extremum(x, np.argmin)),
    "aminmax": (gg.aminmax, lambda x: (np.min(x), np.max(x))),
    "argmax": (lambda x: gg.argmax(x, 1), lambda x: np.argmax(x, 1)),
    "argmin": (lambda x: gg.argmin(x, 1), lambda x: np.argmin(x, 1)),
    "all": (lambda b: gg.all(b, 1), lambda b: np.all(b, 1)),
    "any": (lambda b: gg.any(b, 1), lambda b: np.any(b, 1)),
    "count_nonzero": (lambda i: gg.count_nonzero(i, 1), lambda i: np.count_nonzero(i, 1)),
    "nansum": (lambda x: gg.nansum(x, 1), lambda x: np.nansum(x, 1)),
    "nanmean": (lambda x: gg.nanmean(x, 1), lambda x: np.nanmean(x, 1)),
    "logsumexp": (lambda x: gg.logsumexp(x, 1), _logsumexp),
    "norm": (lambda x: gg.norm(x, dim=1), _norm),
    "norm, p=1": (lambda x: gg.norm(x, 1, dim=1), lambda x: np.abs(x).sum(1)),
    "norm, p=3": (lambda x: gg.norm(x, 3, dim=1), lambda x: np.power(np.power(np.abs(x), 3).sum(1), 1 / 3)),
    "dist": (gg.dist, lambda x, y: np.sqrt(np.sum((x - y) ** 2))),
    "var": (lambda x: gg.var(x, 1), lambda x: np.var(x, 1, ddof=1)),
    "var, dim 0": (lambda x: gg.var(x, 0), lambda x: np.var(x, 0, ddof=1)),
    "var, all": (gg.var, lambda x: np.var(x, ddof=1)),
    "std": (lambda x: gg.std(x, 1), lambda x: np.std(x, 1, ddof=1)),
    "var_mean": (lambda x: gg.var_mean(x, 1), lambda x: (np.var(x, 1, ddof=1), np.mean(x, 1))),
    "std_mean": (lambda x: gg.std_mean(x, 1), lambda x: (np.std(x, 1, ddof=1), np.mean(x, 1))),
    "cov": (gg.cov, lambda x: np.cov(x)),
    "corrcoef": (gg.corrcoef, lambda x: np.corrcoef(x)),
    "median": (lambda x: gg.median(x, 1), lambda x: _middle(x, (x.shape[1] - 1) // 2)),
    "nanmedian": (lambda x: gg.nanmedian(x, 1), lambda x: _middle(x, (x.shape[1] - 1) // 2)),
    "mode": (lambda i: gg.mode(i, 1)[0], _mode),
    "quantile": (lambda x: gg.quantile(x, 0.3, 1), lambda x: np.quantile(x, 0.3, axis=1)),
    "nanquantile": (lambda x: gg.nanquantile(x, 0.3, 1), lambda x: np.nanquantile(x, 0.3, axis=1)),
    "histc": (lambda x: gg.histc(x, 50, -2, 2), lambda x: np.histogram(x, 50, (-2, 2))[0]),
    "bincount": (gg.bincount, lambda flat: np.bincount(flat)),
    "trace": (gg.trace, lambda square: np.trace(square)),
}


def _running(x: Any, largest: bool) -> Any:
    """Return the pair of running extrema and where they lie: where the running extremum last was attained."""
    values = (np.maximum if largest else np.minimum).accumulate(x, 1)
    return values, np.maximum.accumulate(np.where(x == values, np.arange(x.shape[1]), 0), 1)


def _sorted(x: Any, places: Any) -> Any:
    return _take(x, places), places


def _topk(x: Any, k: int) -> Any:
    some = np.argpartition(x, -k, 1)[:, -k:]
    places = _take(some, np.argsort(_take(x, some), 1)[:, ::-1])
    return _take(x, places), places


def _runs(flat: Any) -> Any:
    return flat[np.append(True, flat[1:] != flat[:-1])]


SCANS = {
    "cumsum": (lambda x: gg.cumsum(x, 1), lambda x: np.cumsum(x, 1)),
    "cumprod": (lambda x: gg.cumprod(x, 1), lambda x: np.cumprod(x, 1)),
    "cummax": (lambda x: gg.cummax(x, 1), lambda x: _running(x, True)),
    "cummin": (lambda x: gg.cummin(x, 1), lambda x: _running(x, False)),
    "logcumsumexp": (lambda x: gg.logcumsumexp(x, 1), lambda x: np.logaddexp.accumulate(x, 1)),
    "diff": (gg.diff, lambda x: np.diff(x)),
    "trapezoid": (gg.trapezoid, lambda x: np.trapezoid(x)),
    "cumulative_trapezoid": (gg.cumulative_trapezoid, lambda x: np.cumsum((x[:, 1:] + x[:, :-1]) / 2, 1)),
    "argsort": (gg.argsort, lambda x: np.argsort(x)),
    "sort": (gg.sort, lambda x: _sorted(x, np.argsort(x))),
    "sort, descending": (lambda x: gg.sort(x, descending=True), lambda x: _sorted(x, np.argsort(-x))),
    "sort, stable": (lambda x: gg.sort(x, stable=True), lambda x: _sorted(x, np.argsort(x, kind="stable"))),
    "msort": (gg.msort, lambda x: np.sort(x, 0)),
    "topk": (lambda x: gg.topk(x, 5), lambda x: _topk(x, 5)),
    "kthvalue": (lambda x: gg.kthvalue(x, 3), lambda x: _middle(x, 2)),
    "unique": (gg.unique, lambda i: np.unique(i)),
    "unique, counts": (lambda i: gg.unique(i, return_counts=True), lambda i: np.unique(i, return_counts=True)),
    "unique_consecutive": (gg.unique_consecutive, _runs),
    "searchsorted": (gg.searchsorted, lambda rising, x: np.searchsorted(rising, x)),
    "bucketize": (gg.bucketize, lambda x, rising: np.searchsorted(rising, x)),
    "isin": (gg.isin, lambda i, few: np.isin(i, few)),
}


def _put(x: Any, axis: int, index: Any, source: Any) -> Any:
    out = x.copy()
    np.put_along_axis(out, index, source, axis)
    return out


def _put_at(x: Any, index: Any, source: Any, ufunc: Any) -> Any:
    out = x.copy()
    rows = np.arange(len(x))[:, None]
    ufunc.at(out, (np.broadcast_to(rows, index.shape), index), source)
    return out


def _assign(x: Any, where: Any, values: Any) -> Any:
    out = x.copy()
    out[where] = values
    return out


def _add_at(x: Any, rows: Any, values: Any, ufunc: Any = np.add) -> Any:
    out = x.copy()
    ufunc.at(out, rows, values)
    return out


def _flat_assign(x: Any, where: Any, values: Any) -> Any:
    out = x.copy()
    out.reshape(-1)[where] = values
    return out


def _diagonal_assign(x: Any, values: Any) -> Any:
    out = x.copy()
    out[np.arange(len(values)), np.arange(len(values))] = values
    return out


SELECTION = {
    "getitem, rows": (lambda x, rows: x[rows], lambda x, rows: x[rows]),
    "getitem, mask": (lambda x, b: x[b], lambda x, b: x[b]),
    "getitem, pairs": (lambda x, rows, columns: x[rows, columns], lambda x, rows, columns: x[rows, columns]),
    "index_select": (lambda x, rows: gg.index_select(x, 0, rows), lambda x, rows: np.take(x, rows, 0)),
    "index_select, dim 1": (lambda x, columns: gg.index_select(x, 1, columns), lambda x, columns: x[:, columns]),
    "gather": (lambda x, places: gg.gather(x, 1, places), lambda x, places: _take(x, places)),
    "take": (gg.take, lambda x, flat: np.take(x, flat)),
    "take_along_dim": (lambda x, places: gg.take_along_dim(x, places, 1), lambda x, places: _take(x, places)),
    "masked_select": (gg.masked_select, lambda x, b: x[b]),
    "masked_fill": (lambda x, b: gg.masked_fill(x, b, 2.0), lambda x, b: np.where(b, np.float32(2), x)),
    "masked_scatter": (gg.masked_scatter, lambda x, b, y: _assign(x, b, y.reshape(-1)[: np.count_nonzero(b)])),
    "nonzero": (gg.nonzero, lambda i: np.argwhere(i)),
    "argwhere": (gg.argwhere, lambda i: np.argwhere(i)),
    "one_hot": (lambda rows: gg.one_hot(rows, 256), lambda rows: np.eye(256, dtype=np.int64)[rows]),
    "index_put": (
        lambda x, rows, chosen: gg.index_put(x, (rows,), chosen),
        lambda x, rows, chosen: _assign(x, rows, chosen),
    ),
    "index_update": (gg.index_update, lambda x, rows, chosen: _assign(x, rows, chosen)),
    "index_copy": (
        lambda x, rows, chosen: gg.index_copy(x, 0, rows, chosen),
        lambda x, rows, chosen: _assign(x, rows, chosen),
    ),
    "index_fill": (lambda x, rows: gg.index_fill(x, 0, rows, 2.0), lambda x, rows: _assign(x, rows, 2)),
    "index_add": (
        lambda x, rows, chosen: gg.index_add(x, 0, rows, chosen),
        lambda x, rows, chosen: _add_at(x, rows, chosen),
    ),
    "index_reduce": (
        lambda x, rows, chosen: gg.index_reduce(x, 0, rows, chosen, "amax"),
        lambda x, rows, chosen: _add_at(x, rows, chosen, np.maximum),
    ),
    "put": (gg.put, lambda x, order, y: _flat_assign(x, order, y)),
    "scatter": (lambda x, distinct, y: gg.scatter(x, 1, distinct, y), lambda x, distinct, y: _put(x, 1, distinct, y)),
    "scatter_add": (
        lambda x, places, y: gg.scatter_add(x, 1, places, y),
        lambda x, places, y: _put_at(x, places, y, np.add),
    ),
    "scatter_reduce": (
        lambda x, places, y: gg.scatter_reduce(x, 1, places, y, "amax"),
        lambda x, places, y: _put_at(x, places, y, np.maximum),
    ),
    "select_scatter": (lambda x, row: gg.select_scatter(x, row, 0, 1), lambda x, row: _assign(x, 1, row)),
    "slice_scatter": (lambda x, y: gg.slice_scatter(x, y[:2], 0, 1, 3), lambda x, y: _assign(x, slice(1, 3), y[:2])),
    "diagonal_scatter": (gg.diagonal_scatter, lambda square, vector: _diagonal_assign(square, vector)),
}


def _combinations(short: Any) -> Any:
    return np.array(list(itertools.combinations(short, 2)))


def _block_diag(square: Any, other: Any) -> Any:
    n, m = len(square), len(other)
    out = np.zeros((n + m, n + m), square.dtype)
    out[:n, :n], out[n:, n:] = square, other
    return out


ARRANGING = {
    "cat": (lambda x, y: gg.cat([x, y]), lambda x, y: np.concatenate([x, y])),
    "stack": (lambda x, y: gg.stack([x, y]), lambda x, y: np.stack([x, y])),
    "hstack": (lambda x, y: gg.hstack([x, y]), lambda x, y: np.hstack([x, y])),
    "vstack": (lambda x, y: gg.vstack([x, y]), lambda x, y: np.vstack([x, y])),
    "dstack": (lambda x, y: gg.dstack([x, y]), lambda x, y: np.dstack([x, y])),
    "column_stack": (lambda x, y: gg.column_stack([x, y]), lambda x, y: np.column_stack([x, y])),
    "clone": (gg.clone, lambda x: x.copy()),
    "flip": (lambda x: gg.clone(gg.flip(x, 0)), lambda x: np.flip(x, 0).copy()),
    "roll": (lambda x: gg.roll(x, 3, 1), lambda x: np.roll(x, 3, 1)),
    "roll, flat": (lambda x: gg.roll(x, 3), lambda x: np.roll(x, 3)),
    "repeat": (lambda x: gg.repeat(x, 2, 2), lambda x: np.tile(x, (2, 2))),
    "tile": (lambda x: gg.tile(x, (2, 2)), lambda x: np.tile(x, (2, 2))),
    "repeat_interleave": (lambda x: gg.repeat_interleave(x, 2, 0), lambda x: np.repeat(x, 2, 0)),
    "cartesian_prod": (
        gg.cartesian_prod,
        lambda short, short2: np.stack(np.meshgrid(short, short2, indexing="ij"), -1).reshape(-1, 2),
    ),
    "combinations": (gg.combinations, _combinations),
    "tril": (gg.tril, lambda x: np.tril(x)),
    "triu": (gg.triu, lambda x: np.triu(x)),
    "diag": (gg.diag, lambda row: np.diag(row)),
    "diagflat": (gg.diagflat, lambda row: np.diagflat(row)),
    "diag_embed": (gg.diag_embed, lambda row: np.diag(row)),
    "block_diag": (gg.block_diag, _block_diag),
    "vander": (lambda row: gg.vander(row, 8), lambda row: np.vander(row, 8)),
    "constant_pad_nd": (lambda x: gg.constant_pad_nd(x, (1, 2, 3, 4)), lambda x: np.pad(x, ((3, 4), (1, 2)))),
}

# These copy nothing: NumPy returns at once, and what is measured is the engine.
VIEWS = {
    "reshape": (lambda x: gg.reshape(x, (-1,)), lambda x: x.reshape(-1)),
    "flatten": (gg.flatten, lambda x: x.reshape(-1)),
    "ravel": (gg.ravel, lambda x: x.ravel()),
    "unflatten": (lambda x: gg.unflatten(x, 1, (2, -1)), lambda x: x.reshape(len(x), 2, -1)),
    "permute": (lambda x: gg.permute(x, (1, 0)), lambda x: x.transpose(1, 0)),
    "transpose": (lambda x: gg.transpose(x, 0, 1), lambda x: x.swapaxes(0, 1)),
    "t": (gg.t, lambda x: x.T),
    "movedim": (lambda x: gg.movedim(x, 0, 1), lambda x: np.moveaxis(x, 0, 1)),
    "squeeze": (gg.squeeze, lambda x: x.squeeze()),
    "unsqueeze": (lambda x: gg.unsqueeze(x, 0), lambda x: np.expand_dims(x, 0)),
    "expand": (lambda x: gg.expand(x, 3, -1, -1), lambda x: np.broadcast_to(x, (3, *x.shape))),
    "broadcast_to": (lambda x: gg.broadcast_to(x, (3, *x.shape)), lambda x: np.broadcast_to(x, (3, *x.shape))),
    "broadcast_tensors": (gg.broadcast_tensors, lambda x, row: np.broadcast_arrays(x, row)),
    "meshgrid": (gg.meshgrid, lambda row, column: np.meshgrid(row, column, indexing="ij", copy=False)),
    "select": (lambda x: gg.select(x, 0, 1), lambda x: x[1]),
    "narrow": (lambda x: gg.narrow(x, 0, 1, 2), lambda x: x[1:3]),
    "getitem, slice": (lambda x: x[1:3], lambda x: x[1:3]),
    "split": (lambda x: gg.split(x, 2), lambda x: np.split(x, len(x) // 2)),
    "chunk": (lambda x: gg.chunk(x, 4), lambda x: np.array_split(x, 4)),
    "tensor_split": (lambda x: gg.tensor_split(x, 4), lambda x: np.array_split(x, 4)),
    "unbind": (gg.unbind, lambda x: tuple(x)),
    "rot90": (gg.rot90, lambda x: np.rot90(x)),
    "fliplr": (gg.fliplr, lambda x: np.fliplr(x)),
    "flipud": (gg.flipud, lambda x: np.flipud(x)),
    "diagonal": (gg.diagonal, lambda x: np.diagonal(x)),
    "atleast_3d": (gg.atleast_3d, lambda x: np.atleast_3d(x)),
}

SPECIAL = {
    "erf": (gg.erf, lambda x: np.vectorize(math.erf, ["f4"])(x)),
    "erfc": (gg.erfc, lambda x: np.vectorize(math.erfc, ["f4"])(x)),
    "lgamma": (gg.lgamma, lambda p: np.vectorize(math.lgamma, ["f4"])(p)),
    "i0": (gg.i0, lambda x: np.i0(x)),
    "sigmoid": (gg.sigmoid, _sigmoid),
}
