"""Worked numbers of the lecture notes that the library grew from: chain rule, graphs, matrix products, losses,
activations, convolution and pooling. Every number was computed by hand or with NumPy, never with this library.
"""

import math

import numpy as np
import pytest

import glassgrad as gg
from glassgrad.autograd.ops.loss import softmax_cross_entropy


def exact(values):
    return pytest.approx(values, rel=1e-9, abs=1e-11)


def f64(values, requires_grad=True):
    return gg.tensor(np.array(values, np.float64), requires_grad=requires_grad)


def assert_equal(actual, expected, rtol=1e-9, atol=1e-11):
    np.testing.assert_allclose(actual.numpy(), np.array(expected, np.float64), rtol=rtol, atol=atol)


def scalar(value):
    return gg.Scalar(value, requires_grad=True)


# The same formulas run on Scalars and on 0-d tensors.
both = pytest.mark.parametrize("number", [scalar, f64], ids=["Scalar", "Tensor"])


def value_of(x):
    return x.value if isinstance(x, gg.Scalar) else x.item()


def grad_of(x):
    return x.grad if isinstance(x, gg.Scalar) else x.grad.item()


# -- the chain rule --------------------------------------------------------------------------------------------


@both
def test_derivative_of_sigmoid(number):
    x = number(0.7)
    u = gg.sigmoid(x)
    u.backward()
    assert value_of(u) == exact(0.668187772168)
    assert grad_of(x) == exact(0.221712873293)
    assert grad_of(x) == exact(value_of(u) * (1 - value_of(u)))


@both
@pytest.mark.parametrize("written_out", [False, True])
def test_binary_cross_entropy_of_sigmoid(number, written_out):
    x, t = number(0.7), 0.3
    u = 1 / (1 + gg.exp(-x)) if written_out else gg.sigmoid(x)
    z = -t * gg.log(u) - (1 - t) * gg.log(1 - u)
    z.backward()
    assert value_of(z) == exact(0.893186048885)
    assert grad_of(x) == exact(0.368187772168)


@both
def test_two_paths_from_one_variable_add_up(number):
    at = 0.4
    x = number(at)
    u, v = 1 + gg.exp(x), 1 + gg.exp(-x)
    (u**2 * v + gg.sin(v)).backward()
    a, b = 1 + math.exp(at), 1 + math.exp(-at)
    assert grad_of(x) == exact(math.exp(at) * (2 * a * b) - math.exp(-at) * (a * a + math.cos(b)))


@both
def test_derivatives_of_softmax_of_two(number):
    def softmax(x, y):
        a, b = gg.exp(x), gg.exp(y)
        return a / (a + b), b / (a + b)

    at = (0.4, -0.9)
    total = math.exp(at[0]) + math.exp(at[1])
    u, v = math.exp(at[0]) / total, math.exp(at[1]) / total
    for which, expected in ((0, (u * v, -u * v)), (1, (-u * v, u * v))):
        x, y = number(at[0]), number(at[1])
        softmax(x, y)[which].backward()
        assert (grad_of(x), grad_of(y)) == (exact(expected[0]), exact(expected[1]))
    # A function of both: z = u² + sin v, so z_x = uv(z_u − z_v) and z_y is its negative.
    x, y = number(at[0]), number(at[1])
    first, second = softmax(x, y)
    (first**2 + gg.sin(second)).backward()
    assert grad_of(x) == exact(u * v * (2 * u - math.cos(v)))
    assert grad_of(y) == exact(u * v * (-2 * u + math.cos(v)))


def test_softmax_jacobian_by_the_operation():
    x = f64([0.4, -0.9])
    y = gg.softmax(x, 0)
    u, v = y.tolist()
    for which, row in ((0, [u * v, -u * v]), (1, [-u * v, u * v])):
        assert_equal(gg.grad(y[which], x, retain_graph=True)[0], row)


def test_note_wrong_sign_between_the_two_of_softmax():
    """001 L298: the middle expression for du/dy, e^(x+y)/(e^x + e^y)², lacks the minus sign."""
    x, y = scalar(0.4), scalar(-0.9)
    a, b = gg.exp(x), gg.exp(y)
    (a / (a + b)).backward()
    as_printed = math.exp(0.4 - 0.9) / (math.exp(0.4) + math.exp(-0.9)) ** 2
    assert y.grad == exact(-as_printed) and as_printed > 0.1


@both
def test_cross_entropy_of_softmax_of_two(number):
    x, y, s, t = number(0.4), number(-0.9), 0.25, 0.75
    a, b = gg.exp(x), gg.exp(y)
    (-s * gg.log(a / (a + b)) - t * gg.log(b / (a + b))).backward()
    assert grad_of(x) == exact(0.535834983043)
    assert grad_of(y) == exact(-0.535834983043)


def test_affine_map_of_two():
    x, w, b = f64([0.3, -1.2]), f64([[2.0, -0.5], [0.7, 1.5]]), f64([0.1, 0.2])
    z_y = np.array([1.7, -0.4])
    y = x @ w + b
    (y * z_y).sum().backward()
    assert_equal(x.grad, [2.0 * 1.7 + -0.5 * -0.4, 0.7 * 1.7 + 1.5 * -0.4])
    assert_equal(w.grad, np.outer([0.3, -1.2], z_y))
    assert_equal(b.grad, z_y)


@both
def test_square_of_a_sum(number):
    x, y = number(1.5), number(-0.25)
    ((x + y) ** 2).backward()
    assert grad_of(x) == grad_of(y) == exact(2.5)


# -- computation graphs ----------------------------------------------------------------------------------------


def count(z):
    """Return (operations, leaves, edges) of the graph under ``z``."""
    nodes = gg.autograd.reachable([gg.autograd.node_of(z)]) if isinstance(z, gg.Tensor) else scalar_nodes(z)
    operations = [n for n in nodes if not n.is_leaf]
    return len(operations), len(nodes) - len(operations), sum(len(n.inputs) for n in operations)


def scalar_nodes(z):
    found, stack = [], [z]
    while stack:
        node = stack.pop()
        if not any(node is f for f in found):
            found.append(node)
            stack.extend(node.inputs)
    return found


@both
def test_squared_difference(number):
    x, a, y = number(3.0), number(2.0), number(1.0)
    s = a * x
    t = s - y
    z = t**2
    if number is f64:
        s.retain_grad(), t.retain_grad()
    z.backward()
    assert (value_of(s), value_of(t), value_of(z)) == (6, 5, 25)
    assert (grad_of(t), grad_of(s), grad_of(y), grad_of(a), grad_of(x)) == (10, 10, -10, 30, 20)
    assert count(z) == (3, 3, 5)
    names = [n.primitive.name for n in (z, t, s)] if number is scalar else [v.grad_fn.primitive.name for v in (z, t, s)]
    assert names == ["square", "subtract", "multiply"]


def test_local_derivatives_of_squared_difference():
    x, a, y = scalar(3.0), scalar(2.0), scalar(1.0)
    s = a * x
    t = s - y
    z = t**2
    local, formulas = gg.autograd.local_derivatives, gg.autograd.local_formulas
    assert local(z) == (10.0,)
    assert local(t) == (1.0, -1.0)
    assert local(s) == (3.0, 2.0)
    assert formulas(z, ["t"]) == ("2·t",)
    assert formulas(t, ["s", "y"]) == ("1", "−1")
    assert formulas(s, ["a", "x"]) == ("x", "a")


@both
def test_binary_cross_entropy_as_a_graph(number):
    x, y = number(0.5), number(0.8)
    s = gg.exp(-x)
    yhat = 1 / (1 + s)
    z1 = y * gg.log(yhat)
    z2 = (1 - y) * gg.log(1 - yhat)
    h = -z1 - z2
    h.backward()
    values = [value_of(v) for v in (s, yhat, z1, z2, h)]
    assert values == exact([0.606530659713, 0.622459331202, -0.379261587344, -0.194815396836, 0.574076984180])
    # y and ŷ are each used twice; the contributions must be added.
    assert grad_of(x) == exact(-0.177540668798)
    assert grad_of(y) == exact(-0.5)


@both
@pytest.mark.parametrize("at", [-2.0, -0.3, 0.0, 1.1])
@pytest.mark.parametrize("label", [0.0, 0.2, 1.0])
def test_binary_cross_entropy_identities(number, at, label):
    x, y = number(at), number(label)
    yhat = 1 / (1 + gg.exp(-x))
    (-(y * gg.log(yhat)) - (1 - y) * gg.log(1 - yhat)).backward()
    assert grad_of(x) == pytest.approx(1 / (1 + math.exp(-at)) - label, rel=1e-9, abs=1e-12)
    assert grad_of(y) == pytest.approx(-at, rel=1e-9, abs=1e-12)


def test_local_derivatives_of_binary_cross_entropy():
    x, y = scalar(0.5), scalar(0.8)
    s = gg.exp(-x)
    yhat = 1 / (1 + s)
    log_yhat, log_rest = gg.log(yhat), gg.log(1 - yhat)
    z1, z2 = y * log_yhat, (1 - y) * log_rest
    local = gg.autograd.local_derivatives
    p, e = 0.622459331202, 0.606530659713
    assert local(-z1 - z2) == (1.0, -1.0)
    assert local(z1)[0] == exact(math.log(p))
    assert local(z1)[1] * local(log_yhat)[0] == exact(0.8 / p)
    assert local(z2)[0] * -1.0 == exact(-math.log(1 - p))
    assert local(z2)[1] * local(log_rest)[0] * -1.0 == exact(-0.2 / (1 - p))
    assert local(yhat)[1] == exact(-1 / (1 + e) ** 2)
    assert e / (1 + e) ** 2 == exact(p * (1 - p))
    assert local(s)[0] == exact(e)
    minus_x = s.inputs[0]
    assert local(s)[0] * local(minus_x)[0] == exact(-e)


# -- matrix products -------------------------------------------------------------------------------------------


def test_gradients_of_a_matrix_product():
    rng = np.random.default_rng(0)
    X, W, C = rng.standard_normal((3, 2)), rng.standard_normal((2, 4)), rng.standard_normal((3, 4))
    x, w = f64(X), f64(W)
    ((x @ w) * C).sum().backward()
    assert_equal(x.grad, C @ W.T)
    assert_equal(w.grad, X.T @ C)


def test_entries_of_a_two_by_two_product():
    w, c = [[2.0, 3.0], [5.0, 7.0]], [[11.0, 13.0], [17.0, 19.0]]
    x = f64([[0.5, -1.0], [2.0, 0.25]])
    ((x @ f64(w)) * f64(c)).sum().backward()
    assert_equal(x.grad, [
        [11 * 2 + 13 * 3, 11 * 5 + 13 * 7],
        [17 * 2 + 19 * 3, 17 * 5 + 19 * 7],
    ])  # fmt: skip


def test_note_wrong_entries_of_a_two_by_two_product():
    """001 L438 exchanges w01 and w10 in the written-out dE/dX: that is dE/dY·W, not dE/dY·Wᵀ."""
    (w00, w01), (w10, w11) = w = [[2.0, 3.0], [5.0, 7.0]]
    (y00, y01), (y10, y11) = c = [[11.0, 13.0], [17.0, 19.0]]
    x = f64([[0.5, -1.0], [2.0, 0.25]])
    ((x @ f64(w)) * f64(c)).sum().backward()
    as_printed = np.array([
        [y00 * w00 + y01 * w10, y00 * w01 + y01 * w11],
        [y10 * w00 + y11 * w10, y10 * w01 + y11 * w11],
    ])  # fmt: skip
    np.testing.assert_array_equal(as_printed, np.array(c) @ np.array(w))
    assert np.all(np.abs(x.grad.numpy() - as_printed) >= 1)


@pytest.fixture
def exercise():
    x, w = f64([[2, -1, 1]]), f64([[2, 0], [1, 1], [0, 4]])
    y = x @ w
    y.retain_grad()
    assert_equal(y, [[3, 3]])
    return x, w, y


def test_exercise_half_squared_error(exercise):
    x, w, y = exercise
    e = 0.5 * ((y - np.array([1.0, 2.0])) ** 2).sum()
    e.backward()
    assert e.item() == 2.5
    assert_equal(y.grad, [[2, 1]])
    assert_equal(x.grad, [[4, 3, 4]])
    assert_equal(w.grad, [[4, 2], [-2, -1], [2, 1]])


@pytest.mark.parametrize("form", ["log of softmax", "log_softmax", "fused"])
def test_exercise_cross_entropy(exercise, form):
    x, w, y = exercise
    if form == "fused":
        e = softmax_cross_entropy(y, np.array([0]))
    else:
        e = -(
            np.array([[1.0, 0.0]]) * (gg.log_softmax(y, 1) if form == "log_softmax" else gg.softmax(y, 1).log())
        ).sum()
    e.backward()
    assert e.item() == exact(0.693147180560)
    assert_equal(y.grad, [[-0.5, 0.5]])
    assert_equal(x.grad, [[-1, 0, 2]])
    assert_equal(w.grad, [[-1, 1], [0.5, -0.5], [-0.5, 0.5]])


def test_exercise_bias():
    x, b = f64([[1, 3], [2, -1], [0, 1]]), f64([2, 1])
    y = x + b
    assert_equal(y, [[3, 4], [4, 0], [2, 2]])
    y.backward(f64([[1, 0], [0, -1], [1, 1]], False))
    assert_equal(x.grad, [[1, 0], [0, -1], [1, 1]])
    assert_equal(b.grad, [2, 0])


# -- losses ----------------------------------------------------------------------------------------------------

SOFTMAX_123 = [0.0900305732, 0.2447284711, 0.6652409558]


def test_softmax_with_loss():
    x = f64([[1, 2, 3], [1, 1, 1]])
    np.testing.assert_allclose(gg.softmax(x, 1).numpy(), [SOFTMAX_123, [1 / 3] * 3], rtol=1e-9)
    e = softmax_cross_entropy(x, np.array([2, 0]))
    e.backward()
    assert e.item() == exact(0.753109126556)
    np.testing.assert_allclose(
        x.grad.numpy(), [[0.0450152866, 0.1223642355, -0.1673795221], [-1 / 3, 1 / 6, 1 / 6]], rtol=1e-8
    )


def test_softmax_does_not_overflow():
    np.testing.assert_allclose(gg.softmax(f64([1000, 1001, 1002]), 0).numpy(), SOFTMAX_123, rtol=1e-9)
    np.testing.assert_array_equal(gg.softmax(f64([1000, 1001, 1002]), 0).numpy(), gg.softmax(f64([0, 1, 2]), 0).numpy())


def test_logits_far_apart_give_loss_zero():
    x = f64([[0, -800]])
    e = softmax_cross_entropy(x, np.array([0]))
    e.backward()
    assert e.item() == 0.0
    assert_equal(x.grad, [[0, 0]])


def stable_bce(x, t):
    """log(1 + e^x) − t·x, with the exponential of a negative number only."""
    return gg.maximum(x, 0) - t * x + gg.log(1 + gg.exp(-gg.abs(x)))


@both
def test_sigmoid_with_loss_one_by_one(number):
    total = 0.0
    for at, t, slope in ((0.0, 1.0, -0.25), (2.0, 0.0, 0.440398538989)):
        x = number(at)
        loss = -(t * gg.log(gg.sigmoid(x)) + (1 - t) * gg.log(1 - gg.sigmoid(x)))
        (loss / 2).backward()
        total += value_of(loss) / 2
        assert grad_of(x) == exact(slope)
    assert total == exact(1.410037595801)


def test_sigmoid_with_loss():
    x, t = f64([[0], [2]]), np.array([[1.0], [0.0]])
    e = -(t * gg.log(gg.sigmoid(x)) + (1 - t) * gg.log(1 - gg.sigmoid(x))).mean()
    e.backward()
    assert e.item() == exact((math.log(2) + math.log(1 + math.exp(2))) / 2) == exact(1.410037595801)
    assert_equal(x.grad, [[-0.25], [0.440398538989]])


@pytest.mark.parametrize(("x", "t"), [(800.0, 1.0), (-800.0, 0.0)])
@both
def test_binary_cross_entropy_extremes(number, x, t):
    loss = stable_bce(number(x), t)
    assert value_of(loss) == 0.0


@both
def test_information(number):
    assert value_of(-gg.log(number(1 / 8)) / math.log(2)) == exact(3.0)
    p, q = (0.5, 0.5), (0.25, 0.75)
    assert value_of(-sum(a * gg.log(number(b)) for a, b in zip(p, q, strict=True))) == exact(0.836988216786)
    assert value_of(-sum(a * gg.log(number(a)) for a in p)) == exact(math.log(2))


def test_backpropagation_of_a_linear_layer():
    w, z, b, d = f64([[1, -2, 0.5], [0.25, 3, -1]]), f64([0.3, -0.7, 2]), f64([0.1, -0.2]), np.array([1.0, -1.0])
    y = w @ z + b
    (0.5 * ((y - d) ** 2).sum()).backward()
    assert_equal(w.grad, np.outer(y.numpy() - d, z.numpy()))
    assert_equal(b.grad, y.numpy() - d)


# -- activations -----------------------------------------------------------------------------------------------

AT = [-2, -0.5, 0, 0.5, 2]
ACTIVATIONS = {
    "sigmoid": (gg.sigmoid, [0.119202922, 0.3775406688, 0.5, 0.6224593312, 0.880797078],
                [0.1049935854, 0.2350037122, 0.25, 0.2350037122, 0.1049935854]),
    "tanh": (gg.tanh, [-0.9640275801, -0.4621171573, 0, 0.4621171573, 0.9640275801],
             [0.0706508249, 0.786447733, 1, 0.786447733, 0.0706508249]),
    "relu": (gg.relu, [0, 0, 0, 0.5, 2], [0, 0, 0, 1, 1]),
    "leaky": (lambda x: gg.where(x > 0, x, 0.1 * x), [-0.2, -0.05, 0, 0.5, 2], [0.1, 0.1, 0.1, 1, 1]),
}  # fmt: skip


@pytest.mark.parametrize(("function", "values", "slopes"), ACTIVATIONS.values(), ids=list(ACTIVATIONS))
def test_activation(function, values, slopes):
    x = f64(AT)
    y = function(x)
    y.sum().backward()
    np.testing.assert_allclose(y.numpy(), values, rtol=2e-9, atol=1e-15)
    np.testing.assert_allclose(x.grad.numpy(), slopes, rtol=2e-9)
    for at, value, slope in zip(AT, values, slopes, strict=True):
        s = scalar(at)
        t = function(s)
        t.backward()
        assert t.value == pytest.approx(value, rel=2e-9, abs=1e-15)
        assert s.grad == pytest.approx(slope, rel=2e-9)


@both
def test_tanh_is_a_sigmoid(number):
    for at in AT:
        assert value_of(gg.tanh(number(at))) == pytest.approx(value_of(2 * gg.sigmoid(2 * number(at)) - 1), abs=1e-15)


@both
def test_slope_of_sigmoid_is_at_most_a_quarter(number):
    slopes = []
    for at in np.linspace(-6, 6, 121):
        x = number(float(at))
        gg.sigmoid(x).backward()
        slopes.append(grad_of(x))
    assert max(slopes) == 0.25 == slopes[60]
    # A product of n such slopes vanishes at least as fast as 1/4ⁿ.
    x = number(0.0)
    bounds = [0.25, 0.0625, 0.015625, 0.00390625, 0.0009765625]
    for n, bound in enumerate(bounds, 1):
        y = x
        for _ in range(n):
            y = gg.sigmoid(y)
        x.grad = None
        y.backward()
        assert 0 < grad_of(x) <= bound


@both
def test_relu_of_minus_infinity(number):
    assert value_of(gg.relu(number(-math.inf))) == 0
    assert_equal(gg.relu(f64([-np.inf, 1])), [0, 1])


# -- convolution and pooling -----------------------------------------------------------------------------------

IMAGE = [[3, 4, 4, 2], [0, 8, 9, 2], [0, 4, 3, 1], [3, 3, 5, 7]]
FILTER = [[3, 1, 2], [8, 7, 5], [5, 4, 1]]


def image(values, requires_grad=True):
    return f64(np.array(values, np.float64)[None, None], requires_grad)


def assert_image(actual, expected):
    assert_equal(actual[0, 0], expected)


@pytest.mark.parametrize(("arguments", "expected"), [
    ({}, [[141, 190], [101, 137]]),
    ({"padding": 1}, [[49, 113, 148, 99], [55, 141, 190, 119], [51, 101, 137, 113], [44, 80, 111, 99]]),
    ({"padding": 1, "stride": 2}, [[49, 148], [51, 137]]),
])  # fmt: skip
def test_convolution(arguments, expected):
    assert_image(gg.conv2d(image(IMAGE), image(FILTER), **arguments), expected)


def test_convolution_proper_flips_the_filter():
    assert_image(gg.conv2d(image(IMAGE), image(np.array(FILTER)[::-1, ::-1])), [[180, 163], [153, 135]])


def test_convolution_backward():
    x, w, b = image(IMAGE), image(FILTER), f64([0.0])
    gg.conv2d(x, w, b).backward(image(np.ones((2, 2)), False))
    assert_image(w.grad, [[15, 25, 17], [12, 24, 15], [10, 15, 16]])
    assert_equal(b.grad, [4])
    assert_image(x.grad, [[3, 4, 3, 2], [11, 19, 15, 7], [13, 24, 17, 6], [5, 9, 5, 1]])


def test_max_pooling():
    x = image(IMAGE)
    y = gg.max_pool2d(x, 2)
    assert_image(y, [[8, 9], [4, 7]])
    y.backward(image([[1, 2], [3, 4]], False))
    assert_image(x.grad, [[0, 0, 0, 0], [0, 1, 2, 0], [0, 3, 0, 0], [0, 0, 0, 4]])


def test_average_pooling_by_reshaping():
    x = image(IMAGE)
    assert_equal(x.reshape(2, 2, 2, 2).mean((1, 3)), [[3.75, 4.25], [2.5, 4.0]])
    assert gg.amax(x).item() == 9
    assert x.mean().item() == 3.625


@pytest.mark.parametrize(("size", "kernel", "stride", "padding", "expected"), [
    (6, 2, 1, 1, 7), (4, 3, 1, 0, 2), (4, 3, 1, 1, 4), (7, 3, 2, 0, 3), (227, 11, 4, 0, 55), (224, 11, 4, 2, 55),
    (28, 5, 1, 0, 24), (28, 7, 1, 1, 24),
])  # fmt: skip
def test_output_size_of_a_convolution(size, kernel, stride, padding, expected):
    out = gg.conv2d(gg.zeros(1, 1, size, kernel), gg.zeros(1, 1, kernel, 1), stride=(stride, 1), padding=(padding, 0))
    assert out.shape[2] == expected


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "expected"), [(55, 3, 2, 27), (27, 3, 2, 13), (13, 3, 2, 6), (24, 2, 2, 12)]
)
def test_output_size_of_a_pool(size, kernel, stride, expected):
    assert gg.max_pool2d(gg.zeros(1, 1, size, size), kernel, stride).shape == (1, 1, expected, expected)


def test_rows_that_a_stride_of_two_reads():
    # A column of ones in row r shows which windows see that row: rows 1-3, 3-5, 5-7 of seven.
    seen = []
    for row in range(7):
        x = np.zeros((1, 1, 7, 1))
        x[0, 0, row] = 1
        out = gg.conv2d(gg.tensor(x), gg.ones(1, 1, 3, 1, dtype="float64"), stride=(2, 1))
        seen.append(tuple(int(i) for i in np.flatnonzero(out.numpy())))
    assert seen == [(0,), (0,), (0, 1), (1,), (1, 2), (2,), (2,)]


def test_lenet_sizes():
    x = gg.zeros(1, 1, 32, 32)
    sizes = [x.numel()]
    for filters, kernel in ((6, 5), (16, 5)):
        x = gg.conv2d(x, gg.zeros(filters, x.shape[1], kernel, kernel))
        sizes.append(x.numel())
        x = gg.max_pool2d(x, 2)
        sizes.append(x.numel())
    assert sizes == [1024, 4704, 1176, 1600, 400]
    layers = [(6, 1, 5, 5), (16, 6, 5, 5), (120, 400), (84, 120), (10, 84)]
    parameters = [math.prod(shape) + shape[0] for shape in layers]
    assert parameters == [156, 2416, 48120, 10164, 850]
    assert sum(parameters) == 61706
