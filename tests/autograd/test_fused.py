"""Operations that run in one step agree with the same thing written out in small ones, to the third derivative."""

import numpy as np
import pytest

import glassgrad as gg
from glassgrad.autograd.ops.loss import softmax_cross_entropy
from glassgrad.autograd.ops.matmul import linear
from glassgrad.autograd.ops.normalization import batch_norm, batch_norm_composed
from glassgrad.autograd.ops.random import masked_scale


def pad(x, rows, columns, value):
    n, c, h, _ = x.shape
    side = gg.full((n, c, h, columns), value, dtype="float64")
    x = gg.concatenate([side, x, side], 3) if columns else x
    top = gg.full((n, c, rows, x.shape[3]), value, dtype="float64")
    return gg.concatenate([top, x, top], 2) if rows else x


def windows(x, kernel, stride, dilation=1):
    """Return, for each position in the window, what it sees: a list of (N, C, oh, ow)."""
    high, wide = (1 + dilation * (k - 1) for k in kernel)
    found = []
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            rows = slice(i * dilation, x.shape[2] - high + i * dilation + 1, stride)
            columns = slice(j * dilation, x.shape[3] - wide + j * dilation + 1, stride)
            found.append(x[:, :, rows, columns])
    return found


def composed_convolution(x, w, b, stride=1, padding=0, dilation=1, groups=1):
    x = pad(x, padding, padding, 0.0)
    out = []
    per_in, per_out = w.shape[1], w.shape[0] // groups
    for group in range(groups):
        part = x[:, group * per_in : (group + 1) * per_in]
        filters = w[group * per_out : (group + 1) * per_out]
        total = 0.0
        for position, seen in enumerate(windows(part, w.shape[2:], stride, dilation)):
            n, c, oh, ow = seen.shape
            taps = filters.reshape(per_out, c, -1)[:, :, position]
            total = total + (taps @ seen.reshape(n, c, oh * ow)).reshape(n, per_out, oh, ow)
        out.append(total)
    return gg.concatenate(out, 1) + b.reshape(1, -1, 1, 1)


def composed_pool(x, kernel, stride, padding):
    out, *others = windows(pad(x, padding, padding, -np.inf), (kernel, kernel), stride)
    for seen in others:
        out = gg.maximum(out, seen)
    return out


def composed_cross_entropy(x, target):
    chosen = np.eye(x.shape[1])[target]
    log_probabilities = x - gg.log(gg.sum(gg.exp(x), 1, True))
    return -(log_probabilities * chosen).sum(1)


def derivatives(function, arrays, seed=0):
    """Return value and three derivatives, each along random directions, of a curved function of the result."""
    rng = np.random.default_rng(seed)
    xs = [gg.tensor(a, requires_grad=True) for a in arrays]
    out = function(*xs)
    found = [[out.numpy()]]
    current = (out * rng.standard_normal(out.shape) + 0.5 * out**3).sum()
    for order in range(3):
        gradients = gg.grad(current, xs, create_graph=order < 2, materialize_grads=True)
        found.append([g.numpy() for g in gradients])
        current = sum(
            (g * g * rng.standard_normal(g.shape)).sum() + (g * rng.standard_normal(g.shape)).sum() for g in gradients
        )
    return found


RNG = np.random.default_rng(7)


def draw(*shape):
    return RNG.standard_normal(shape)


CASES = {
    "batch_norm rows": (lambda x, w, b: batch_norm(x, w, b)[0], batch_norm_composed, (draw(5, 2), draw(2), draw(2))),
    "batch_norm images": (
        lambda x, w, b: batch_norm(x, w, b, eps=0.1)[0], lambda x, w, b: batch_norm_composed(x, w, b, eps=0.1),
        (draw(3, 2, 2, 2), draw(2), draw(2)),
    ),
    "batch_norm statistics": (
        lambda x: gg.concatenate(list(batch_norm(x, gg.ones(2, dtype="float64"), gg.zeros(2, dtype="float64"))[1:])),
        lambda x: gg.concatenate([x.mean(0), gg.square(x - x.mean(0, True)).mean(0)]), (draw(4, 2),),
    ),
    "conv2d": (gg.conv2d, composed_convolution, (draw(2, 2, 4, 4), draw(3, 2, 2, 3), draw(3))),
    "conv2d stride padding": (
        lambda x, w, b: gg.conv2d(x, w, b, stride=2, padding=1),
        lambda x, w, b: composed_convolution(x, w, b, 2, 1), (draw(1, 2, 4, 4), draw(2, 2, 3, 3), draw(2)),
    ),
    "conv2d dilation": (
        lambda x, w, b: gg.conv2d(x, w, b, dilation=2), lambda x, w, b: composed_convolution(x, w, b, dilation=2),
        (draw(1, 1, 5, 5), draw(2, 1, 2, 2), draw(2)),
    ),
    "conv2d groups": (
        lambda x, w, b: gg.conv2d(x, w, b, groups=2), lambda x, w, b: composed_convolution(x, w, b, groups=2),
        (draw(1, 4, 3, 3), draw(4, 2, 2, 2), draw(4)),
    ),
    "cross entropy mean": (
        lambda x: softmax_cross_entropy(x, np.array([2, 0, 1])),
        lambda x: composed_cross_entropy(x, [2, 0, 1]).mean(), (draw(3, 4),),
    ),
    "cross entropy sum": (
        lambda x: softmax_cross_entropy(x, np.array([2, 0, 1]), reduction="sum"),
        lambda x: composed_cross_entropy(x, [2, 0, 1]).sum(), (draw(3, 4),),
    ),
    "cross entropy none": (
        lambda x: softmax_cross_entropy(x, np.array([2, 0, 1]), reduction="none"),
        lambda x: composed_cross_entropy(x, [2, 0, 1]), (draw(3, 4),),
    ),
    "cross entropy ignored": (
        lambda x: softmax_cross_entropy(x, np.array([2, -100, 1])),
        lambda x: composed_cross_entropy(x[np.array([0, 2])], [2, 1]).mean(), (draw(3, 4),),
    ),
    "log_softmax": (
        lambda x: gg.log_softmax(x, 1), lambda x: x - gg.log(gg.sum(gg.exp(x), 1, True)), (draw(2, 3),)
    ),
    "softmax": (lambda x: gg.softmax(x, 0), lambda x: gg.exp(x) / gg.sum(gg.exp(x), 0, True), (draw(3, 2),)),
    "max_pool2d": (lambda x: gg.max_pool2d(x, 2), lambda x: composed_pool(x, 2, 2, 0), (draw(2, 2, 4, 4),)),
    "max_pool2d overlapping": (
        lambda x: gg.max_pool2d(x, 3, 1, 1), lambda x: composed_pool(x, 3, 1, 1), (draw(1, 2, 4, 4),)
    ),
    "linear": (linear, lambda x, w, b: x @ w.T + b, (draw(2, 4, 3), draw(2, 3), draw(2))),
    "mean": (lambda x: x.mean((0, 2)), lambda x: x.sum((0, 2)) / 8, (draw(2, 3, 4),)),
    "square": (gg.square, lambda x: x * x, (draw(3),)),
    "power": (lambda x: x**3, lambda x: x * x * x, (draw(3),)),
    "sigmoid": (gg.sigmoid, lambda x: 1 / (1 + gg.exp(-x)), (draw(4),)),
    "tanh": (gg.tanh, lambda x: (gg.exp(x) - gg.exp(-x)) / (gg.exp(x) + gg.exp(-x)), (draw(4),)),
    "sqrt": (gg.sqrt, lambda x: x**0.5, (np.abs(draw(4)) + 0.5,)),
    "divide": (lambda x, y: x / y, lambda x, y: x * y**-1.0, (draw(3), np.abs(draw(3)) + 0.5)),
    "power of power": (lambda x, y: x**y, lambda x, y: gg.exp(y * gg.log(x)), (np.abs(draw(3)) + 0.5, draw(3))),
    "dropout mask": (
        lambda x: masked_scale(x, np.array([True, False, True]), 2.0),
        lambda x: x * np.array([2.0, 0.0, 2.0]), (draw(2, 3),),
    ),
    "absolute": (gg.abs, lambda x: gg.where(x > 0, x, -x), (draw(4),)),
    "amax": (
        lambda x: gg.amax(x, 1), lambda x: gg.maximum(gg.maximum(x[:, 0], x[:, 1]), x[:, 2]), (draw(2, 3),)
    ),
}  # fmt: skip


@pytest.mark.parametrize(("fused", "composed", "arrays"), CASES.values(), ids=list(CASES))
def test_fused_equals_composed(fused, composed, arrays):
    ours, theirs = derivatives(fused, arrays), derivatives(composed, arrays)
    for order, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        for x, y in zip(a, b, strict=True):
            scale = np.abs(y).max(initial=1e-3)
            np.testing.assert_allclose(x, y, rtol=1e-7, atol=1e-9 * scale, err_msg=f"derivative {order}")


@pytest.mark.parametrize("name", ["batch_norm rows", "conv2d", "cross entropy mean", "max_pool2d"])
def test_third_derivatives_are_not_all_zero(name):
    fused, _, arrays = CASES[name]
    for order in derivatives(fused, arrays):
        assert max(np.abs(x).max() for x in order) > 1e-6
