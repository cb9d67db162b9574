"""Linear algebra and networks, each operation beside the plainest NumPy code; see ``composition.py``."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

import glassgrad as gg
from glassgrad.nn import functional as F


def _matrix_exp(square: Any) -> Any:
    # Scaled so that the Taylor series converges fast, then squared back.
    squarings = max(0, int(np.ceil(np.log2(max(np.linalg.norm(square, 1), 1e-9)))) + 1)
    step = square / 2**squarings
    term = total = np.eye(len(square), dtype=square.dtype)
    for k in range(1, 13):
        term = term @ step / k
        total = total + term
    for _ in range(squarings):
        total = total @ total
    return total


def _cdist(points: Any, others: Any) -> Any:
    return np.sqrt(np.square(points[:, None] - others[None]).sum(-1))


def _pdist(points: Any) -> Any:
    rows, columns = np.triu_indices(len(points), 1)
    return np.sqrt(np.square(points[rows] - points[columns]).sum(-1))


def _cosine(x: Any, y: Any) -> Any:
    return (x * y).sum(1) / np.maximum(np.sqrt((x * x).sum(1) * (y * y).sum(1)), 1e-8)


def _distance(x: Any, y: Any) -> Any:
    return np.sqrt(np.square(x - y + np.float32(1e-6)).sum(1))


LINEAR = {
    "matmul": (gg.matmul, lambda x, columns_of: x @ columns_of),
    "mm": (gg.mm, lambda square, other: square @ other),
    "bmm": (gg.bmm, lambda batch, batch2: batch @ batch2),
    "mv": (gg.mv, lambda x, row: x @ row),
    "dot": (gg.dot, lambda vector_long, vector_long2: vector_long @ vector_long2),
    "vdot": (gg.vdot, lambda vector_long, vector_long2: np.vdot(vector_long, vector_long2)),
    "inner": (gg.inner, lambda square, other: np.inner(square, other)),
    "outer": (gg.outer, lambda column, row: np.outer(column, row)),
    "vecdot": (gg.linalg.vecdot, lambda x, y: np.vecdot(x, y)),
    "addmm": (gg.addmm, lambda other, square, spd: other + square @ spd),
    "addmv": (gg.addmv, lambda column, x, row: column + x @ row),
    "addr": (gg.addr, lambda x, column, row: x + np.outer(column, row)),
    "addbmm": (gg.addbmm, lambda one_of, batch, batch2: one_of + (batch @ batch2).sum(0)),
    "baddbmm": (gg.baddbmm, lambda batched, batch, batch2: batched + batch @ batch2),
    "kron": (gg.kron, lambda tiny, tiny2: np.kron(tiny, tiny2)),
    "cross": (gg.linalg.cross, lambda triples, triples2: np.cross(triples, triples2)),
    "einsum": (
        lambda batch, batch2: gg.einsum("bij,bjk->bik", batch, batch2),
        lambda batch, batch2: np.einsum("bij,bjk->bik", batch, batch2, optimize=True),
    ),
    "tensordot": (
        lambda batch, batch2: gg.tensordot(batch, batch2, ([0, 2], [0, 1])),
        lambda batch, batch2: np.tensordot(batch, batch2, ([0, 2], [0, 1])),
    ),
    "chain_matmul": (gg.chain_matmul, lambda square, other, spd: np.linalg.multi_dot([square, other, spd])),
    "matrix_power": (lambda square: gg.matrix_power(square, 5), lambda square: np.linalg.matrix_power(square, 5)),
    "matrix_exp": (gg.matrix_exp, _matrix_exp),
    "det": (gg.det, lambda square: np.linalg.det(square)),
    "slogdet": (gg.slogdet, lambda square: tuple(np.linalg.slogdet(square))),
    "logdet": (gg.logdet, lambda spd: np.linalg.slogdet(spd)[1]),
    "inverse": (gg.inverse, lambda square: np.linalg.inv(square)),
    "solve": (gg.solve, lambda square, other: np.linalg.solve(square, other)),
    "solve_triangular": (
        lambda lower, other: gg.solve_triangular(lower, other, upper=False),
        lambda lower, other: np.linalg.solve(lower, other),
    ),
    "cholesky": (gg.cholesky, lambda spd: np.linalg.cholesky(spd)),
    "cholesky_solve": (lambda other, lower: gg.cholesky_solve(other, lower), lambda other, lower: np.linalg.solve(
        lower.T, np.linalg.solve(lower, other))),
    "cholesky_inverse": (gg.cholesky_inverse, lambda lower: np.linalg.inv(lower @ lower.T)),
    "pinverse": (gg.pinverse, lambda square: np.linalg.pinv(square)),
    "qr": (lambda square: tuple(gg.linalg.qr(square)), lambda square: tuple(np.linalg.qr(square))),
    "svdvals": (gg.linalg.svdvals, lambda square: np.linalg.svd(square, compute_uv=False)),
    "svd": (lambda square: gg.linalg.svd(square)[1], lambda square: np.linalg.svd(square)[1]),
    "eigvalsh": (gg.linalg.eigvalsh, lambda spd: np.linalg.eigvalsh(spd)),
    "eigh": (lambda spd: gg.linalg.eigh(spd)[0], lambda spd: np.linalg.eigh(spd)[0]),
    "lstsq": (lambda tall, column: gg.linalg.lstsq(tall, column)[0],
              lambda tall, column: np.linalg.lstsq(tall, column)[0]),
    "matrix_norm": (gg.linalg.matrix_norm, lambda square: np.linalg.norm(square)),
    "matrix_norm, ord 2": (lambda square: gg.linalg.matrix_norm(square, 2), lambda square: np.linalg.norm(square, 2)),
    "vector_norm": (gg.linalg.vector_norm, lambda x: np.linalg.norm(x.reshape(-1))),
    "matrix_rank": (gg.linalg.matrix_rank, lambda square: np.linalg.matrix_rank(square)),
    "cond": (gg.linalg.cond, lambda square: np.linalg.cond(square)),
    "cdist": (gg.cdist, _cdist),
    "pdist": (gg.pdist, _pdist),
    "cosine_similarity": (gg.cosine_similarity, _cosine),
    "pairwise_distance": (gg.pairwise_distance, _distance),
}  # fmt: skip


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def _softplus(x: Any) -> Any:
    return np.logaddexp(x, np.float32(0))


def _softmax(x: Any) -> Any:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def _log_softmax(x: Any) -> Any:
    shifted = x - x.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


_SELU_ALPHA, _SELU_SCALE = 1.6732632423543772, 1.0507009873554805

ACTIVATIONS = {
    "relu": (F.relu, lambda x: np.maximum(x, 0)),
    "relu6": (F.relu6, lambda x: np.clip(x, 0, 6)),
    "leaky_relu": (F.leaky_relu, lambda x: np.where(x > 0, x, 0.01 * x)),
    "prelu": (F.prelu, lambda x, one: np.where(x > 0, x, one * x)),
    "rrelu": (F.rrelu, lambda x: np.where(x > 0, x, (1 / 8 + 1 / 3) / 2 * x)),
    "elu": (F.elu, lambda x: np.where(x > 0, x, np.expm1(x))),
    "celu": (F.celu, lambda x: np.where(x > 0, x, np.expm1(x))),
    "selu": (F.selu, lambda x: _SELU_SCALE * np.where(x > 0, x, _SELU_ALPHA * np.expm1(x))),
    "gelu, tanh": (
        lambda x: F.gelu(x, "tanh"),
        lambda x: 0.5 * x * (1 + np.tanh(0.7978845608 * (x + 0.044715 * x * x * x))),
    ),
    "silu": (F.silu, lambda x: x * _sigmoid(x)),
    "mish": (F.mish, lambda x: x * np.tanh(_softplus(x))),
    "softplus": (F.softplus, _softplus),
    "logsigmoid": (F.logsigmoid, lambda x: -_softplus(-x)),
    "softsign": (F.softsign, lambda x: x / (1 + np.abs(x))),
    "softshrink": (F.softshrink, lambda x: np.where(x > 0.5, x - 0.5, np.where(x < -0.5, x + 0.5, 0))),
    "hardshrink": (F.hardshrink, lambda x: np.where(np.abs(x) > 0.5, x, 0)),
    "hardsigmoid": (F.hardsigmoid, lambda x: np.clip(x + 3, 0, 6) / 6),
    "hardswish": (F.hardswish, lambda x: x * np.clip(x + 3, 0, 6) / 6),
    "hardtanh": (F.hardtanh, lambda x: np.clip(x, -1, 1)),
    "tanhshrink": (F.tanhshrink, lambda x: x - np.tanh(x)),
    "threshold": (lambda x: F.threshold(x, 0.5, 2.0), lambda x: np.where(x > 0.5, x, np.float32(2))),
    "glu": (F.glu, lambda x: x[:, : x.shape[1] // 2] * _sigmoid(x[:, x.shape[1] // 2 :])),
    "softmax": (lambda x: F.softmax(x, -1), _softmax),
    "softmin": (lambda x: F.softmin(x, -1), lambda x: _softmax(-x)),
    "log_softmax": (lambda x: F.log_softmax(x, -1), _log_softmax),
}


def _standard(x: Any, axes: Any) -> Any:
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + 1e-5)


def _group_norm(image: Any) -> Any:
    grouped = image.reshape(len(image), 2, -1)
    return _standard(grouped, -1).reshape(image.shape)


def _local_response(image: Any) -> Any:
    squares = np.pad(image * image, ((0, 0), (2, 2), (0, 0), (0, 0)))
    sums = sliding_window_view(squares, 5, 1).sum(-1)
    return image / (1 + 1e-4 * sums / 5) ** 0.75


def _attention(batch: Any, batch2: Any, batched: Any) -> Any:
    return _softmax(batch @ batch2.swapaxes(1, 2) / np.sqrt(batch.shape[-1], dtype=np.float32)) @ batched


def _bag(bag: Any, table: Any, offsets: Any) -> Any:
    counts = np.diff(np.append(offsets, len(bag)))
    return np.add.reduceat(table[bag], offsets) / counts[:, None]


LAYERS = {
    "linear": (F.linear, lambda square, other, vector: square @ other.T + vector),
    "bilinear": (
        F.bilinear,
        lambda points, others, cube: np.einsum("bi,kij,bj->bk", points, cube, others, optimize=True),
    ),
    "embedding": (F.embedding, lambda bag, table: table[bag]),
    "embedding_bag": (F.embedding_bag, _bag),
    "batch_norm": (
        lambda image: F.batch_norm(image, None, None, training=True),
        lambda image: _standard(image, (0, 2, 3)),
    ),
    "instance_norm": (F.instance_norm, lambda image: _standard(image, (2, 3))),
    "group_norm": (lambda image: F.group_norm(image, 2), _group_norm),
    "layer_norm": (
        lambda x, row, row2: F.layer_norm(x, x.shape[-1:], row, row2),
        lambda x, row, row2: _standard(x, -1) * row + row2,
    ),
    "layer_norm, 64×64": (lambda square: F.layer_norm(square, square.shape[-1:]), lambda square: _standard(square, -1)),
    "rms_norm": (
        lambda x, row: F.rms_norm(x, x.shape[-1:], row, 1e-5),
        lambda x, row: x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) * row,
    ),
    "local_response_norm": (lambda image: F.local_response_norm(image, 5), _local_response),
    "normalize": (F.normalize, lambda x: x / np.maximum(np.sqrt((x * x).sum(1, keepdims=True)), 1e-12)),
    "scaled_dot_product_attention": (F.scaled_dot_product_attention, _attention),
}


def _picked(x: Any, classes: Any) -> Any:
    return x[np.arange(len(x)), classes]


def _huber(x: Any, y: Any) -> Any:
    d = np.abs(x - y)
    return np.where(d < 1, 0.5 * d * d, d - 0.5).mean()


def _multi_margin(x: Any, classes: Any) -> Any:
    margins = np.maximum(1 - _picked(x, classes)[:, None] + x, 0)
    margins[np.arange(len(x)), classes] = 0
    return margins.sum(1).mean() / x.shape[1]


def _multilabel_margin(x: Any, labels: Any) -> Any:
    # Two labels for every row; the rest of a row of labels is −1.
    wanted = labels[:, :2]
    others = np.ones(x.shape, bool)
    np.put_along_axis(others, wanted, False, 1)
    margins = np.maximum(1 - np.take_along_axis(x, wanted, 1)[:, :, None] + x[:, None, :], 0) * others[:, None, :]
    return margins.sum((1, 2)).mean() / x.shape[1]


def _triplet(x: Any, y: Any, z: Any) -> Any:
    return np.maximum(_distance(x, y) - _distance(x, z) + 1, 0).mean()


def _cross_entropy(w: Any, y: Any) -> Any:
    return -(y * np.log(w) + (1 - y) * np.log(1 - w)).mean()


LOSSES = {
    "l1_loss": (F.l1_loss, lambda x, y: np.abs(x - y).mean()),
    "mse_loss": (F.mse_loss, lambda x, y: np.square(x - y).mean()),
    "huber_loss": (F.huber_loss, _huber),
    "smooth_l1_loss": (F.smooth_l1_loss, _huber),
    "kl_div": (lambda x, p: F.kl_div(x, p, reduction="sum"), lambda x, p: (p * (np.log(p) - x)).sum()),
    "poisson_nll_loss": (F.poisson_nll_loss, lambda x, p: (np.exp(x) - p * x).mean()),
    "gaussian_nll_loss": (
        F.gaussian_nll_loss,
        lambda x, y, p: (0.5 * (np.log(np.maximum(p, 1e-6)) + np.square(x - y) / np.maximum(p, 1e-6))).mean(),
    ),
    "binary_cross_entropy": (F.binary_cross_entropy, lambda w, w2: _cross_entropy(w, w2)),
    "binary_cross_entropy_with_logits": (
        F.binary_cross_entropy_with_logits,
        lambda x, w: (np.maximum(x, 0) - x * w + np.log1p(np.exp(-np.abs(x)))).mean(),
    ),
    "cross_entropy": (F.cross_entropy, lambda x, classes: -_picked(_log_softmax(x), classes).mean()),
    "nll_loss": (F.nll_loss, lambda x, classes: -_picked(x, classes).mean()),
    "soft_margin_loss": (F.soft_margin_loss, lambda x, signs: np.log1p(np.exp(-signs * x)).mean()),
    "multilabel_soft_margin_loss": (
        F.multilabel_soft_margin_loss,
        lambda x, w: (w * _softplus(-x) + (1 - w) * _softplus(x)).mean(-1).mean(),
    ),
    "multi_margin_loss": (F.multi_margin_loss, _multi_margin),
    "multilabel_margin_loss": (F.multilabel_margin_loss, _multilabel_margin),
    "hinge_embedding_loss": (
        F.hinge_embedding_loss,
        lambda x, signs: np.where(signs > 0, x, np.maximum(1 - x, 0)).mean(),
    ),
    "margin_ranking_loss": (F.margin_ranking_loss, lambda x, y, signs: np.maximum(-signs * (x - y), 0).mean()),
    "cosine_embedding_loss": (
        F.cosine_embedding_loss,
        lambda x, y, signed: np.where(signed > 0, 1 - _cosine(x, y), np.maximum(_cosine(x, y), 0)).mean(),
    ),
    "triplet_margin_loss": (F.triplet_margin_loss, _triplet),
    "triplet_margin_with_distance_loss": (F.triplet_margin_with_distance_loss, _triplet),
}


# -- windows ------------------------------------------------------------------------------------------------------


def _windows(x: Any, size: int, step: int, dims: int) -> Any:
    """Return all windows over the last ``dims`` axes: the places first, then what is in the window."""
    axes = tuple(range(-dims, 0))
    every = sliding_window_view(x, (size,) * dims, axes)
    return every[(..., *(slice(None, None, step),) * dims, *(slice(None),) * dims)]


def _conv(x: Any, weight: Any) -> Any:
    dims = x.ndim - 2
    window = _windows(np.pad(x, ((0, 0), (0, 0), *((1, 1),) * dims)), 3, 1, dims)
    inside = (1, *range(-dims, 0))
    return np.moveaxis(np.tensordot(window, weight, (inside, tuple(range(1, dims + 2)))), -1, 1)


def _conv_transpose(x: Any, weight: Any) -> Any:
    dims = x.ndim - 2
    places = x.shape[2:]
    products = np.moveaxis(np.tensordot(x, weight, (1, 0)), dims + 1, 1)  # the channels behind the batch
    out = np.zeros((len(x), weight.shape[1], *(2 * n + 1 for n in places)), x.dtype)
    for offset in np.ndindex(*(3,) * dims):
        where = tuple(slice(o, o + 2 * n, 2) for o, n in zip(offset, places, strict=True))
        out[(slice(None), slice(None), *where)] += products[(..., *offset)]
    return out


def _max_pool(x: Any, dims: int) -> Any:
    return _windows(x, 2, 2, dims).max(tuple(range(-dims, 0)))


def _max_pool_found(x: Any) -> Any:
    window = _windows(x, 2, 2, 2)
    flat = window.reshape(*window.shape[:4], 4)
    best = flat.argmax(-1)
    rows = 2 * np.arange(flat.shape[2])[:, None] + best // 2
    columns = 2 * np.arange(flat.shape[3]) + best % 2
    return np.take_along_axis(flat, best[..., None], -1)[..., 0], rows * x.shape[3] + columns


def _mean_pool(x: Any, dims: int) -> Any:
    return _windows(x, 2, 2, dims).mean(tuple(range(-dims, 0)))


def _lp_pool(x: Any, dims: int) -> Any:
    return np.sqrt(np.square(_windows(x, 2, 2, dims)).sum(tuple(range(-dims, 0))))


def _adaptive(x: Any, dims: int, reduce: Any, count: int = 3) -> Any:
    out = np.empty((*x.shape[:2], *(count,) * dims), x.dtype)
    for place in np.ndindex(*(count,) * dims):
        part = tuple(slice(i * n // count, -(-(i + 1) * n // count)) for i, n in zip(place, x.shape[2:], strict=True))
        out[(..., *place)] = reduce(x[(..., *part)], tuple(range(-dims, 0)))
    return out


def _unpool(pooled: Any, found: Any, dims: int) -> Any:
    spatial = tuple(2 * n for n in pooled.shape[2:])
    out = np.zeros((*pooled.shape[:2], int(np.prod(spatial))), pooled.dtype)
    np.put_along_axis(out, found.reshape(*found.shape[:2], -1), pooled.reshape(*pooled.shape[:2], -1), 2)
    return out.reshape(*pooled.shape[:2], *spatial)


def _unfold(image: Any) -> Any:
    window = _windows(image, 3, 1, 2)
    return window.transpose(0, 1, 4, 5, 2, 3).reshape(len(image), image.shape[1] * 9, -1)


def _fold(patches: Any, size: int) -> Any:
    n = size - 2
    blocks = patches.reshape(len(patches), -1, 3, 3, n, n)
    out = np.zeros((len(patches), blocks.shape[1], size, size), patches.dtype)
    for i in range(3):
        for j in range(3):
            out[:, :, i : i + n, j : j + n] += blocks[:, :, i, j]
    return out


def _pixel_shuffle(image: Any) -> Any:
    n, c, h, w = image.shape
    return image.reshape(n, c // 4, 2, 2, h, w).transpose(0, 1, 4, 2, 5, 3).reshape(n, c // 4, 2 * h, 2 * w)


def _pixel_unshuffle(pair: Any) -> Any:
    n, c, h, w = pair.shape
    return pair.reshape(n, c, h // 2, 2, w // 2, 2).transpose(0, 1, 3, 5, 2, 4).reshape(n, 4 * c, h // 2, w // 2)


def _channel_shuffle(image: Any) -> Any:
    n, c, h, w = image.shape
    return image.reshape(n, 2, c // 2, h, w).swapaxes(1, 2).reshape(n, c, h, w)


def _between(n: int) -> Any:
    """Return the neighbours and the weight of every point of an axis stretched twofold, edges held."""
    at = np.clip((np.arange(2 * n) + 0.5) / 2 - 0.5, 0, n - 1).astype(np.float32)
    low = at.astype(int)
    return low, np.minimum(low + 1, n - 1), at - low


def _bilinear(image: Any) -> Any:
    low, high, w = _between(image.shape[2])
    image = image[:, :, low] * (1 - w[:, None]) + image[:, :, high] * w[:, None]
    low, high, w = _between(image.shape[3])
    return image[..., low] * (1 - w) + image[..., high] * w


def _grid_sample(image: Any, grid: Any) -> Any:
    h, w = image.shape[2:]
    x, y = ((grid[..., 0] + 1) * w - 1) / 2, ((grid[..., 1] + 1) * h - 1) / 2
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    images = np.arange(len(image))[:, None, None]
    out = 0
    for i in (0, 1):
        for j in (0, 1):
            r, c = top + i, left + j
            weight = (1 - np.abs(y - r)) * (1 - np.abs(x - c)) * ((r >= 0) & (r < h) & (c >= 0) & (c < w))
            pixels = image[images, :, np.clip(r, 0, h - 1), np.clip(c, 0, w - 1)]
            out = out + np.moveaxis(pixels, -1, 1) * weight[:, None].astype(np.float32)
    return out


def _affine_grid(theta: Any, image: Any) -> Any:
    h, w = image.shape[2:]
    y, x = np.meshgrid((2 * np.arange(h) + 1) / h - 1, (2 * np.arange(w) + 1) / w - 1, indexing="ij")
    base = np.stack([x, y, np.ones_like(x)], -1).astype(np.float32)
    return np.einsum("hwk,nik->nhwi", base, theta)


def _padded(image: Any, mode: str) -> Any:
    return np.pad(image, ((0, 0), (0, 0), (1, 1), (2, 2)), mode)


WINDOWS = {
    "conv1d": (lambda signal, taps: F.conv1d(signal, taps, padding=1), lambda signal, taps: _conv(signal, taps)),
    "conv2d": (lambda image, kernel: F.conv2d(image, kernel, padding=1), lambda image, kernel: _conv(image, kernel)),
    "conv3d": (lambda volume, kernel3: F.conv3d(volume, kernel3, padding=1),
               lambda volume, kernel3: _conv(volume, kernel3)),
    "conv_transpose1d": (lambda signal, taps: F.conv_transpose1d(signal, taps, stride=2),
                         lambda signal, taps_back: _conv_transpose(signal, taps_back)),
    "conv_transpose2d": (lambda image, kernel: F.conv_transpose2d(image, kernel, stride=2),
                         lambda image, kernel_back: _conv_transpose(image, kernel_back)),
    "conv_transpose3d": (lambda volume, kernel: F.conv_transpose3d(volume, kernel, stride=2),
                         lambda volume, kernel3_back: _conv_transpose(volume, kernel3_back)),
    "max_pool1d": (lambda signal: F.max_pool1d(signal, 2), lambda signal: _max_pool(signal, 1)),
    "max_pool2d": (lambda image: F.max_pool2d(image, 2), lambda image: _max_pool(image, 2)),
    "max_pool2d, indices": (lambda image: F.max_pool2d(image, 2, return_indices=True),
                            lambda image: _max_pool_found(image)),
    "max_pool3d": (lambda volume: F.max_pool3d(volume, 2), lambda volume: _max_pool(volume, 3)),
    "avg_pool1d": (lambda signal: F.avg_pool1d(signal, 2), lambda signal: _mean_pool(signal, 1)),
    "avg_pool2d": (lambda image: F.avg_pool2d(image, 2), lambda image: _mean_pool(image, 2)),
    "avg_pool3d": (lambda volume: F.avg_pool3d(volume, 2), lambda volume: _mean_pool(volume, 3)),
    "lp_pool1d": (lambda signal: F.lp_pool1d(signal, 2, 2), lambda signal: _lp_pool(signal, 1)),
    "lp_pool2d": (lambda image: F.lp_pool2d(image, 2, 2), lambda image: _lp_pool(image, 2)),
    "lp_pool3d": (lambda volume: F.lp_pool3d(volume, 2, 2), lambda volume: _lp_pool(volume, 3)),
    "adaptive_avg_pool1d": (lambda signal: F.adaptive_avg_pool1d(signal, 3),
                            lambda signal: _adaptive(signal, 1, np.mean)),
    "adaptive_avg_pool2d": (lambda image: F.adaptive_avg_pool2d(image, 3), lambda image: _adaptive(image, 2, np.mean)),
    "adaptive_avg_pool3d": (lambda volume: F.adaptive_avg_pool3d(volume, 3),
                            lambda volume: _adaptive(volume, 3, np.mean)),
    "adaptive_max_pool1d": (lambda signal: F.adaptive_max_pool1d(signal, 3),
                            lambda signal: _adaptive(signal, 1, np.max)),
    "adaptive_max_pool2d": (lambda image: F.adaptive_max_pool2d(image, 3), lambda image: _adaptive(image, 2, np.max)),
    "adaptive_max_pool3d": (lambda volume: F.adaptive_max_pool3d(volume, 3),
                            lambda volume: _adaptive(volume, 3, np.max)),
    "max_unpool1d": (lambda pooled, found: F.max_unpool1d(pooled, found, 2),
                     lambda pooled1, found1: _unpool(pooled1, found1, 1)),
    "max_unpool2d": (lambda pooled, found: F.max_unpool2d(pooled, found, 2),
                     lambda pooled2, found2: _unpool(pooled2, found2, 2)),
    "max_unpool3d": (lambda pooled, found: F.max_unpool3d(pooled, found, 2),
                     lambda pooled3, found3: _unpool(pooled3, found3, 3)),
    "unfold": (lambda image: F.unfold(image, 3), _unfold),
    "fold": (lambda patches, size: F.fold(patches, size, 3), _fold),
    "pixel_shuffle": (lambda image: F.pixel_shuffle(image, 2), _pixel_shuffle),
    "pixel_unshuffle": (lambda pair: F.pixel_unshuffle(pair, 2), _pixel_unshuffle),
    "channel_shuffle": (lambda image: F.channel_shuffle(image, 2), _channel_shuffle),
    "interpolate, nearest": (lambda image: F.interpolate(image, scale_factor=2),
                             lambda image: image.repeat(2, 2).repeat(2, 3)),
    "interpolate, bilinear": (lambda image: F.interpolate(image, scale_factor=2, mode="bilinear"), _bilinear),
    "grid_sample": (lambda image, grid: F.grid_sample(image, grid, align_corners=False), _grid_sample),
    "affine_grid": (lambda theta, image: F.affine_grid(theta, image.shape, align_corners=False), _affine_grid),
    "pad, constant": (lambda image: F.pad(image, (2, 2, 1, 1)), lambda image: _padded(image, "constant")),
    "pad, reflect": (lambda image: F.pad(image, (2, 2, 1, 1), "reflect"), lambda image: _padded(image, "reflect")),
    "pad, replicate": (lambda image: F.pad(image, (2, 2, 1, 1), "replicate"), lambda image: _padded(image, "edge")),
    "pad, circular": (lambda image: F.pad(image, (2, 2, 1, 1), "circular"), lambda image: _padded(image, "wrap")),
}  # fmt: skip
