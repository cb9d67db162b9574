"""PyTorch as oracle for every operation: values, gradients and second gradients, at ordinary and at odd points."""

import itertools
import operator
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import glassgrad as gg
from glassgrad.autograd.ops.loss import softmax_cross_entropy
from glassgrad.autograd.ops.matmul import linear
from glassgrad.autograd.ops.normalization import batch_norm
from glassgrad.autograd.ops.random import masked_scale

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]
inf, nan = np.inf, np.nan
RNG = np.random.default_rng(11)


def draw(*shape):
    return RNG.standard_normal(shape)


def positive(*shape):
    return RNG.random(shape) + 0.3


def torch_batch_norm(x, w, b):
    axes = (0, *range(2, x.ndim))
    return F.batch_norm(x, None, None, w, b, training=True), x.mean(axes), x.var(axes, unbiased=False)


INDEX = np.array([[0, 2], [2, 1]])
MASK = np.array([[True, False, True], [False, False, True]])
LABELS = np.array([2, 0, 1])

# Ours, PyTorch's, inputs.
OPS = {
    "add": (gg.add, torch.add, [draw(3, 1), draw(2, 1, 4)]),
    "subtract": (gg.subtract, torch.subtract, [draw(3, 1), draw(4)]),
    "multiply": (gg.multiply, torch.multiply, [draw(3, 1), draw(2, 1, 4)]),
    "divide": (gg.divide, torch.divide, [draw(3, 1), positive(4)]),
    "negative": (gg.negative, torch.negative, [draw(3)]),
    "power": (gg.power, torch.pow, [positive(3, 1), draw(4)]),
    "power of a number": (lambda x: 2.0**x, lambda x: 2.0**x, [draw(3)]),
    "third power": (lambda x: x**3, lambda x: x**3, [draw(3)]),
    "square": (lambda x: x**2, lambda x: x**2, [draw(3)]),
    "reciprocal": (lambda x: 1 / x, lambda x: 1 / x, [positive(3)]),
    "exp": (gg.exp, torch.exp, [draw(3)]),
    "log": (gg.log, torch.log, [positive(3)]),
    "sqrt": (gg.sqrt, torch.sqrt, [positive(3)]),
    "sin": (gg.sin, torch.sin, [draw(3)]),
    "cos": (gg.cos, torch.cos, [draw(3)]),
    "tanh": (gg.tanh, torch.tanh, [draw(3)]),
    "sigmoid": (gg.sigmoid, torch.sigmoid, [draw(3)]),
    "relu": (gg.relu, torch.relu, [draw(8)]),
    "sign": (gg.sign, torch.sign, [draw(3)]),
    "absolute": (gg.absolute, torch.absolute, [draw(8)]),
    "maximum": (gg.maximum, torch.maximum, [draw(3, 1), draw(4)]),
    "minimum": (gg.minimum, torch.minimum, [draw(3, 1), draw(4)]),
    "where": (lambda x, y: gg.where(x > y, x, y), lambda x, y: torch.where(x > y, x, y), [draw(3, 1), draw(4)]),
    "sum": (gg.sum, torch.sum, [draw(2, 3)]),
    "sum dim": (lambda x: gg.sum(x, (0, -1), True), lambda x: torch.sum(x, (0, -1), True), [draw(2, 3, 4)]),
    "mean": (lambda x: gg.mean(x, 1), lambda x: torch.mean(x, 1), [draw(2, 3, 4)]),
    "amax": (lambda x: gg.amax(x, 1, True), lambda x: torch.amax(x, 1, True), [draw(2, 3)]),
    "amin": (lambda x: gg.amin(x, (0, 1)), lambda x: torch.amin(x, (0, 1)), [draw(2, 3)]),
    "max": (gg.max, torch.max, [draw(2, 3)]),
    "max dim": (lambda x: gg.max(x, 1)[0], lambda x: torch.max(x, 1)[0], [draw(2, 3)]),
    "min dim": (lambda x: gg.min(x, 0, True)[0], lambda x: torch.min(x, 0, True)[0], [draw(2, 3)]),
    "matmul": (gg.matmul, torch.matmul, [draw(2, 3), draw(3, 4)]),
    "matmul stacks": (gg.matmul, torch.matmul, [draw(2, 1, 2, 3), draw(4, 3, 2)]),
    "matmul vectors": (gg.matmul, torch.matmul, [draw(3), draw(3)]),
    "matmul vector stack": (gg.matmul, torch.matmul, [draw(3), draw(2, 3, 4)]),
    "matmul stack vector": (gg.matmul, torch.matmul, [draw(2, 4, 3), draw(3)]),
    "linear": (linear, F.linear, [draw(2, 4, 3), draw(5, 3), draw(5)]),
    "reshape": (lambda x: x.reshape(3, -1), lambda x: x.reshape(3, -1), [draw(2, 6)]),
    "transpose": (lambda x: x.transpose(0, 2), lambda x: x.transpose(0, 2), [draw(2, 3, 4)]),
    "permute": (lambda x: x.permute(2, 0, 1), lambda x: x.permute(2, 0, 1), [draw(2, 3, 4)]),
    "flatten": (lambda x: x.flatten(1), lambda x: x.flatten(1), [draw(2, 3, 4)]),
    "squeeze": (lambda x: x.squeeze(1), lambda x: x.squeeze(1), [draw(2, 1, 4)]),
    "unsqueeze": (lambda x: x.unsqueeze(-1), lambda x: x.unsqueeze(-1), [draw(2, 3)]),
    "expand": (lambda x: x.expand(4, 2, -1), lambda x: x.expand(4, 2, -1), [draw(1, 3)]),
    "clone": (lambda x: x.clone(), lambda x: x.clone(), [draw(3)]),
    "astype": (lambda x: x.to("float64") * 2, lambda x: x.to(torch.float64) * 2, [draw(3)]),
    "getitem": (lambda x: x[1:, ::2], lambda x: x[1:, ::2], [draw(3, 5)]),
    "getitem repeated": (lambda x: x[INDEX], lambda x: x[torch.tensor(INDEX)], [draw(3, 2)]),
    "getitem mask": (lambda x: x[MASK], lambda x: x[torch.tensor(MASK)], [draw(2, 3)]),
    "concatenate": (lambda *x: gg.concatenate(list(x), -1), lambda *x: torch.cat(x, -1), [draw(2, 3), draw(2, 1)]),
    "stack": (lambda *x: gg.stack(list(x), 1), lambda *x: torch.stack(x, 1), [draw(2, 3), draw(2, 3)]),
    "split": (lambda x: gg.split(x, 2, 1), lambda x: torch.split(x, 2, 1), [draw(2, 5)]),
    "split sections": (lambda x: gg.split(x, [1, 4], 1)[1], lambda x: torch.split(x, [1, 4], 1)[1], [draw(2, 5)]),
    "log_softmax": (lambda x: gg.log_softmax(x, 1), lambda x: torch.log_softmax(x, 1), [draw(2, 3)]),
    "softmax": (lambda x: gg.softmax(x, 0), lambda x: torch.softmax(x, 0), [draw(2, 3)]),
    "masked_scale": (lambda x: masked_scale(x, MASK, 2.0), lambda x: x * torch.tensor(MASK) * 2.0, [draw(2, 3)]),
    "batch_norm": (batch_norm, torch_batch_norm, [draw(5, 3), draw(3), draw(3)]),
    "batch_norm images": (batch_norm, torch_batch_norm, [draw(2, 3, 2, 2), draw(3), draw(3)]),
}

for _reduction, _ignore in itertools.product(("mean", "sum", "none"), (-100, 1)):
    OPS[f"cross_entropy {_reduction} {_ignore}"] = (
        lambda x, r=_reduction, i=_ignore: softmax_cross_entropy(x, LABELS, r, i),
        lambda x, r=_reduction, i=_ignore: F.cross_entropy(x, torch.tensor(LABELS), reduction=r, ignore_index=i),
        [draw(3, 4)],
    )
_pixels = np.array([[[0, 2], [1, 1]]])
OPS["cross_entropy image"] = (
    lambda x: softmax_cross_entropy(x, _pixels),
    lambda x: F.cross_entropy(x, torch.tensor(_pixels)),
    [draw(1, 3, 2, 2)],
)
for _name, (_x, _w, _arguments) in {
    "plain": ((2, 2, 4, 5), (3, 2, 2, 3), {}),
    "stride": ((1, 2, 6, 5), (2, 2, 3, 2), {"stride": (2, 3)}),
    "padding": ((1, 1, 3, 3), (2, 1, 2, 2), {"padding": (2, 1)}),
    "dilation": ((1, 2, 6, 6), (2, 2, 2, 2), {"dilation": (3, 2)}),
    "groups": ((2, 4, 4, 4), (6, 2, 3, 3), {"groups": 2, "padding": 1}),
    "depthwise": ((1, 3, 4, 4), (3, 1, 2, 2), {"groups": 3}),
    "all": ((2, 4, 7, 8), (4, 2, 3, 2), {"stride": 2, "padding": (1, 2), "dilation": 2, "groups": 2}),
}.items():
    OPS[f"conv2d {_name}"] = (
        lambda x, w, b, a=_arguments: gg.conv2d(x, w, b, **a),
        lambda x, w, b, a=_arguments: F.conv2d(x, w, b, **a),
        [draw(*_x), draw(*_w), draw(_w[0])],
    )
for _name, _arguments in {
    "plain": {"kernel_size": 2},
    "overlapping": {"kernel_size": 3, "stride": 1, "padding": 1},
    "oblong": {"kernel_size": (2, 3), "stride": (1, 2), "padding": (1, 0)},
    "gaps": {"kernel_size": 1, "stride": 3},
}.items():
    OPS[f"max_pool2d {_name}"] = (
        lambda x, a=_arguments: gg.max_pool2d(x, **a),
        lambda x, a=_arguments: F.max_pool2d(x, **a),
        [draw(2, 2, 5, 6)],
    )


def as_list(result):
    return list(result) if isinstance(result, tuple | list) else [result]


def both(ours, theirs, arrays, dtype="float64", order=2):
    """Return values and derivatives of both, as lists of arrays, order by order."""
    rng = np.random.default_rng(5)
    xs = [gg.tensor(a, dtype=dtype, requires_grad=True) for a in arrays]
    ts = [torch.tensor(np.asarray(a), dtype=getattr(torch, dtype), requires_grad=True) for a in arrays]
    a, b = as_list(ours(*xs)), as_list(theirs(*ts))
    found = [([t.numpy() for t in a], [t.numpy(force=True) for t in b])]
    for _ in range(order):
        weights = [rng.standard_normal(t.shape) for t in b]
        keep_a, keep_b = ([(t, w) for t, w in zip(v, weights, strict=True) if t.requires_grad] for v in (a, b))
        zeros = [np.zeros(x.shape, dtype) for x in xs]
        a = (
            gg.grad(
                [t for t, _ in keep_a],
                xs,
                [gg.tensor(w, dtype=dtype) for _, w in keep_a],
                create_graph=True,
                materialize_grads=True,
            )
            if keep_a
            else [gg.tensor(z) for z in zeros]
        )
        b = (
            torch.autograd.grad(
                [t for t, _ in keep_b],
                ts,
                [torch.tensor(w, dtype=t.dtype) for t, w in keep_b],
                create_graph=True,
                materialize_grads=True,
            )
            if keep_b
            else [torch.tensor(z) for z in zeros]
        )
        found.append(([t.numpy() for t in a], [t.numpy(force=True) for t in b]))
    return found


def assert_same(found, rtol, atol):
    for order, (a, b) in enumerate(found):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            assert (x.shape, x.dtype) == (y.shape, y.dtype)
            np.testing.assert_allclose(
                x,
                y,
                rtol=rtol,
                atol=atol * max(1.0, np.abs(y[np.isfinite(y)]).max(initial=0)),
                err_msg=f"derivative {order}",
            )


@pytest.mark.parametrize(("ours", "theirs", "arrays"), OPS.values(), ids=list(OPS))
def test_double_precision(ours, theirs, arrays):
    assert_same(both(ours, theirs, arrays), 1e-9, 1e-10)


@pytest.mark.parametrize(
    ("ours", "theirs", "arrays"), [v for n, v in OPS.items() if n != "astype"], ids=[n for n in OPS if n != "astype"]
)
def test_single_precision(ours, theirs, arrays):
    assert_same(both(ours, theirs, arrays, "float32"), 2e-4, 2e-5)


# -- odd points ------------------------------------------------------------------------------------------------

ODD = np.array([0.0, -0.0, 1.0, -1.0, 0.5, -2.5, inf, -inf, nan, 1e-300, 1e300, -1e300, 710.0, -750.0, 40.0])
PAIRS = np.array(list(itertools.product([0.0, -0.0, 1.0, -1.0, 0.5, -2.0, 3.0, inf, -inf, nan], repeat=2)))
UNARY = {
    n: (getattr(gg, n), getattr(torch, n))
    for n in ("exp", "sqrt", "tanh", "relu", "abs", "square", "negative", "sin", "cos", "log")
}
UNARY |= {
    "sign": (gg.sign, torch.sign),
    "sigmoid": (gg.sigmoid, torch.sigmoid),
    **{
        f"power {p}": ((lambda x, p=p: x**p), (lambda x, p=p: x**p)) for p in (-2.0, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 2.5)
    },
    **{f"{b} to the power": ((lambda x, b=b: b**x), (lambda x, b=b: b**x)) for b in (0.0, 1.0, 2.0)},
}
BINARY = {
    n: (getattr(gg, n), getattr(torch, n)) for n in ("add", "subtract", "multiply", "divide", "maximum", "minimum")
}


# Where the library has its own, stated choice: operation, then the points that are left out.
KNOWN = {
    "sign": [nan],  # NumPy's sign of NaN is NaN; PyTorch's is 0
    "abs": [nan],  # so is its derivative
    "relu": [nan],  # no gradient through NaN; PyTorch passes it on
    "power 0.5": [-0.0, -inf],  # PyTorch takes the square root instead, which differs at −0 and −inf
}


def at_each_point(ours, theirs, points, order):
    """Compare point by point, each as an array of its own, so that one odd value does not hide another."""
    wrong = []
    for point in points:
        values = [np.array([v]) for v in np.atleast_1d(point)]
        for derivative, (a, b) in enumerate(both(ours, theirs, values, order=order)):
            for i, (x, y) in enumerate(zip(a, b, strict=True)):
                if not np.allclose(x, y, rtol=1e-12, atol=1e-15, equal_nan=True):
                    wrong.append(f"derivative {derivative} by input {i} at {point}: {x[0]}, PyTorch {y[0]}")
    return wrong


@pytest.mark.parametrize(("ours", "theirs"), UNARY.values(), ids=list(UNARY))
def test_unary_at_odd_points(request, ours, theirs):
    known = KNOWN.get(request.node.callspec.id, [])
    points = [p for p in ODD if not any(np.isnan(k) if np.isnan(p) else str(k) == str(p) for k in known)]
    assert len(points) == len(ODD) - len(known)
    assert at_each_point(ours, theirs, points, order=1) == []


@pytest.mark.parametrize(("ours", "theirs"), BINARY.values(), ids=list(BINARY))
def test_binary_at_odd_points(ours, theirs):
    assert at_each_point(ours, theirs, PAIRS, order=1) == []


def test_power_at_odd_points():
    assert at_each_point(gg.power, torch.pow, PAIRS, order=1) == []


@pytest.mark.parametrize("name", ["relu", "abs", "square", "power 2.0", "power 3.0", "power 0.0", "power 1.0"])
def test_second_derivative_at_zero(name):
    assert at_each_point(*UNARY[name], [0.0, -0.0, 1.0, -2.0], order=2) == []


@pytest.mark.parametrize("name", ["maximum", "minimum"])
def test_second_derivative_at_ties(name):
    assert (
        at_each_point(
            lambda x, y: BINARY[name][0](x * x, y * y),
            lambda x, y: BINARY[name][1](x * x, y * y),
            [(1.0, 1.0), (1.0, -1.0), (0.0, 0.0), (2.0, 1.0)],
            order=2,
        )
        == []
    )


TIES = np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0], [-inf, -inf, 0.0], [0.0, -0.0, -1.0]])
ROWS = np.array([[1e30, 0.0, -1e30], [0.0, -inf, 0.0], [800.0, -800.0, 0.0], [0.0, 0.0, 0.0], [1e4, 1e4, -1e4]])
WITH_TIES = {
    "amax": (lambda x: gg.amax(x, 1), lambda x: torch.amax(x, 1), TIES),
    "amax all": (gg.amax, torch.amax, TIES[:2]),
    "amin": (lambda x: gg.amin(x, 1), lambda x: torch.amin(x, 1), TIES),
    "max all": (gg.max, torch.max, TIES[:2]),
    "min all": (gg.min, torch.min, TIES[:2]),
    "max dim": (lambda x: gg.max(x, 1)[0], lambda x: torch.max(x, 1)[0], TIES),
    "min dim": (lambda x: gg.min(x, 1)[0], lambda x: torch.min(x, 1)[0], TIES),
    "max_pool2d": (lambda x: gg.max_pool2d(x, 2), lambda x: F.max_pool2d(x, 2), np.ones((1, 1, 4, 4))),
    "max_pool2d overlapping": (
        lambda x: gg.max_pool2d(x, 3, 1, 1),
        lambda x: F.max_pool2d(x, 3, 1, 1),
        np.round(draw(1, 1, 5, 5)),
    ),
    "max_pool2d nan": (
        lambda x: gg.max_pool2d(x, 2),
        lambda x: F.max_pool2d(x, 2),
        np.array([[[[nan, 1.0], [2.0, 3.0]]]]),
    ),
    "max_pool2d nan later": (
        lambda x: gg.max_pool2d(x, 2),
        lambda x: F.max_pool2d(x, 2),
        np.array([[[[4.0, nan], [2.0, 3.0]]]]),
    ),
    "max_pool2d −inf": (
        lambda x: gg.max_pool2d(x, 2, 1, 1),
        lambda x: F.max_pool2d(x, 2, 1, 1),
        np.full((1, 1, 2, 2), -inf),
    ),
    "softmax": (lambda x: gg.softmax(x, 1), lambda x: torch.softmax(x, 1), ROWS),
    "log_softmax": (lambda x: gg.log_softmax(x, 1), lambda x: torch.log_softmax(x, 1), ROWS),
    "softmax of −inf": (
        lambda x: gg.softmax(x, 1),
        lambda x: torch.softmax(x, 1),
        np.array([[-inf, -inf], [0.0, nan]]),
    ),
    "softmax of inf": (lambda x: gg.softmax(x, 1), lambda x: torch.softmax(x, 1), np.array([[inf, 0.0], [inf, inf]])),
    "log_softmax of inf": (
        lambda x: gg.log_softmax(x, 1),
        lambda x: torch.log_softmax(x, 1),
        np.array([[inf, 0.0], [-inf, -inf]]),
    ),
    "cross_entropy": (
        lambda x: softmax_cross_entropy(x, np.array([1, 0, 1, 2, 0])),
        lambda x: F.cross_entropy(x, torch.tensor([1, 0, 1, 2, 0])),
        np.where(np.isinf(ROWS), -50.0, ROWS),
    ),
    "cross_entropy of an impossible class": (
        lambda x: softmax_cross_entropy(x, np.array([0])),
        lambda x: F.cross_entropy(x, torch.tensor([0])),
        np.array([[0.0, -inf, 1.0]]),
    ),
    "cross_entropy all ignored": (
        lambda x: softmax_cross_entropy(x, np.array([-100, -100])),
        lambda x: F.cross_entropy(x, torch.tensor([-100, -100])),
        draw(2, 3),
    ),
    "where of nan": (
        lambda x: gg.where(x > 0, gg.log(x), x * 2),
        lambda x: torch.where(x > 0, torch.log(x), x * 2),
        np.array([1.0, 0.0, -1.0, nan]),
    ),
    "batch_norm of equal rows": (
        lambda x: batch_norm(x, gg.ones(2, dtype="float64"), gg.zeros(2, dtype="float64"))[0],
        lambda x: F.batch_norm(x, None, None, training=True),
        np.ones((3, 2)),
    ),
}


@pytest.mark.parametrize(("ours", "theirs", "array"), WITH_TIES.values(), ids=list(WITH_TIES))
def test_ties_and_infinities(ours, theirs, array):
    assert_same(both(ours, theirs, [array], order=1), 1e-9, 1e-12)


EMPTY = {
    "sum": (gg.sum, torch.sum, (0,)),
    "sum dim": (lambda x: gg.sum(x, 0), lambda x: torch.sum(x, 0), (0, 3)),
    "mean": (gg.mean, torch.mean, (0,)),
    "mean dim": (lambda x: gg.mean(x, 1), lambda x: torch.mean(x, 1), (2, 0)),
    "exp": (gg.exp, torch.exp, (0, 2)),
    "matmul": (lambda x: x @ x.T, lambda x: x @ x.T, (2, 0)),
    "matmul none": (lambda x: x @ x.T, lambda x: x @ x.T, (0, 2)),
    "softmax": (lambda x: gg.softmax(x, 1), lambda x: torch.softmax(x, 1), (2, 0)),
    "log_softmax": (lambda x: gg.log_softmax(x, 1), lambda x: torch.log_softmax(x, 1), (0, 3)),
    "amax": (lambda x: gg.amax(x, 1), lambda x: torch.amax(x, 1), (0, 3)),
    "max dim": (lambda x: gg.max(x, 1)[0], lambda x: torch.max(x, 1)[0], (0, 3)),
    "concatenate": (lambda x: gg.concatenate([x, x]), lambda x: torch.cat([x, x]), (0, 3)),
    "split": (lambda x: gg.split(x, 2), lambda x: torch.split(x, 2), (0, 3)),
    "conv2d": (
        lambda x: gg.conv2d(x, gg.ones(2, 3, 2, 2, dtype="float64")),
        lambda x: F.conv2d(x, torch.ones(2, 3, 2, 2, dtype=torch.float64)),
        (0, 3, 4, 4),
    ),
    "max_pool2d": (lambda x: gg.max_pool2d(x, 2), lambda x: F.max_pool2d(x, 2), (0, 3, 4, 4)),
    "cross_entropy sum": (
        lambda x: softmax_cross_entropy(x, np.zeros(0, int), "sum"),
        lambda x: F.cross_entropy(x, torch.zeros(0, dtype=torch.int64), reduction="sum"),
        (0, 3),
    ),
    "cross_entropy mean": (
        lambda x: softmax_cross_entropy(x, np.zeros(0, int)),
        lambda x: F.cross_entropy(x, torch.zeros(0, dtype=torch.int64)),
        (0, 3),
    ),
}


@pytest.mark.parametrize(("ours", "theirs", "shape"), EMPTY.values(), ids=list(EMPTY))
def test_empty(ours, theirs, shape):
    assert_same(both(ours, theirs, [np.zeros(shape)]), 1e-12, 1e-12)


# -- choices without derivative --------------------------------------------------------------------------------


@pytest.mark.parametrize("array", [TIES, draw(3, 4), np.array([[1.0, nan, nan], [nan, 1.0, 2.0]])])
@pytest.mark.parametrize("dim", [None, 0, 1, -1])
def test_argmax_and_argmin(array, dim):
    for name in ("argmax", "argmin"):
        result = getattr(gg, name)(gg.tensor(array), dim)
        expected = getattr(torch, name)(torch.tensor(array), dim).numpy()
        np.testing.assert_array_equal(result.numpy(), expected)
        assert result.dtype == np.int64


@pytest.mark.parametrize(
    "name", ["greater", "greater_equal", "less", "less_equal", "eq", "ne", "logical_and", "logical_or"]
)
def test_comparisons(name):
    a, b = PAIRS[:, 0], PAIRS[:, 1]
    ours = getattr(gg, name)(gg.tensor(a), gg.tensor(b))
    np.testing.assert_array_equal(ours.numpy(), getattr(torch, name)(torch.tensor(a), torch.tensor(b)).numpy())


def test_one_hot_and_tests():
    labels = np.array([[0, 2], [1, 1]])
    np.testing.assert_array_equal(gg.one_hot(labels), F.one_hot(torch.tensor(labels)).numpy())
    np.testing.assert_array_equal(gg.one_hot(gg.tensor(labels), 5).numpy(), F.one_hot(torch.tensor(labels), 5).numpy())
    for name in ("isnan", "isfinite", "logical_not"):
        np.testing.assert_array_equal(
            getattr(gg, name)(gg.tensor(ODD)).numpy(), getattr(torch, name)(torch.tensor(ODD)).numpy()
        )


# -- dtypes ----------------------------------------------------------------------------------------------------

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64"]
BINARIES = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
    ">": operator.gt,
    "==": operator.eq,
    "maximum": None,
    "where": None,
}


def apply(name, library, a, b):
    if name == "maximum":
        tensor = gg.tensor if library is gg else torch.as_tensor
        return library.maximum(*(v if isinstance(v, gg.Tensor | torch.Tensor) else tensor(v) for v in (a, b)))
    if name == "where":
        condition = [True, False]
        return library.where(gg.tensor(condition) if library is gg else torch.tensor(condition), a, b)
    return BINARIES[name](a, b)


def operands(dtype):
    """Return (label, ours, PyTorch's): an array of this dtype and a 0-d one."""
    for label, value in ((dtype, np.array([1, 2])), (f"0-d {dtype}", np.array(2))):
        array = value.astype(dtype)
        yield label, gg.tensor(array), torch.tensor(array)


OPERANDS = [o for d in DTYPES for o in operands(d)] + [(f"Python {v}", v, v) for v in (True, 2, 2.5)]


@pytest.mark.parametrize("name", BINARIES)
def test_result_dtypes(name):
    """Every pair of dtypes, arrays, 0-d arrays and Python numbers: the dtype and the value that PyTorch gives."""
    wrong = []
    for (la, a, ta), (lb, b, tb) in itertools.product(OPERANDS, repeat=2):
        if not isinstance(a, gg.Tensor) and not isinstance(b, gg.Tensor):
            continue
        if name == "**" and "bool" in la:
            continue  # a power of truth values is no number in PyTorch, and of no use in either
        try:
            expected = apply(name, torch, ta, tb)
        except (RuntimeError, TypeError):
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                result = apply(name, gg, a, b)
        except (TypeError, ValueError, OverflowError) as error:
            wrong.append(f"{la} {name} {lb}: {error}; PyTorch {expected.dtype}")
            continue
        dtype = str(expected.dtype).removeprefix("torch.")
        if result.dtype != dtype or not np.allclose(
            result.numpy().astype("f8"), expected.numpy().astype("f8"), rtol=2e-3
        ):
            wrong.append(f"{la} {name} {lb}: {result.dtype} {result.tolist()}; PyTorch {dtype} {expected.tolist()}")
    assert wrong == []


@pytest.mark.parametrize(
    "name", ["exp", "sqrt", "tanh", "sigmoid", "relu", "abs", "sign", "square", "sum", "amax", "log", "sin"]
)
@pytest.mark.parametrize("dtype", DTYPES)
def test_result_dtypes_of_one_input(name, dtype):
    array = np.array([1, 2]).astype(dtype)
    if dtype == "bool" and name in ("sign", "square"):
        return  # NumPy has no sign of a truth value
    if name == "relu":
        theirs = torch.relu
    else:
        theirs = getattr(torch, name)
    try:
        expected = theirs(torch.tensor(array))
    except (RuntimeError, TypeError):
        return
    result = getattr(gg, name)(gg.tensor(array))
    assert result.dtype == str(expected.dtype).removeprefix("torch.")
    np.testing.assert_allclose(
        result.numpy().astype("f8"), expected.numpy().astype("f8"), rtol=2e-3 if dtype == "float16" else 1e-6
    )


def test_graph_rules():
    """What becomes a leaf, what requires a gradient, and which passes are refused, side by side."""
    for library, tensor in ((gg, gg.tensor), (torch, torch.tensor)):
        x = tensor([1.0, 2.0], requires_grad=True)
        y = x * 2
        with library.no_grad():
            z = y * 3
            w = tensor([1.0], requires_grad=True)
        facts = [t.is_leaf for t in (x, y, z, w, x.detach())] + [
            t.requires_grad for t in (x, y, z, w, y.detach(), x > 1)
        ]
        assert facts == [True, False, True, True, True, True, True, False, True, False, False]
        grad = gg.grad if library is gg else torch.autograd.grad
        h = x * x
        (g,) = grad((h * h).sum(), h)
        h.backward(g)
        assert x.grad.tolist() == [4.0, 32.0]
        with pytest.raises(RuntimeError):
            h.backward(g)
        x.grad = None
        s = (x * x).sum()
        s.backward(retain_graph=True)
        s.backward()
        assert x.grad.tolist() == [4.0, 8.0]
        with pytest.raises(RuntimeError):
            s.backward()
        with pytest.raises(RuntimeError):
            grad((x * 2).sum(), w)
        assert grad((x * 2).sum(), [w], allow_unused=True) == (None,)
