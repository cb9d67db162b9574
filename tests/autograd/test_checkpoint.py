"""Checkpoints: the same numbers as without, less memory, and refusals where the second run would differ."""

import gc
import tracemalloc
from collections import namedtuple

import numpy as np
import pytest

import glassgrad as gg
from glassgrad import nn, viz
from glassgrad.nn import functional as F

RNG = np.random.default_rng(0)
X = RNG.standard_normal((5, 6)).astype("float32")


class Layer(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.linear = nn.Linear(size, size)

    def forward(self, x):
        return gg.nn.functional.dropout(gg.tanh(self.linear(x)), 0.25)


@pytest.fixture
def net():
    gg.manual_seed(0)
    return [Layer(6) for _ in range(8)]


def apply(layers, x):
    for layer in layers:
        x = layer(x)
    return x


def in_pieces(layers, x, size):
    for i in range(0, len(layers), size):
        x = gg.checkpoint(apply, layers[i : i + size], x)
    return x


def parameters(layers):
    return [p for layer in layers for p in layer.parameters()]


def step(layers, run):
    for p in parameters(layers):
        p.grad = None
    x = gg.tensor(X, requires_grad=True)
    gg.manual_seed(7)
    loss = (run(layers, x) ** 2).sum()
    loss.backward()
    return [loss.numpy(), x.grad.numpy(), *(p.grad.numpy() for p in parameters(layers))]


@pytest.mark.parametrize("size", [1, 3, 8])
def test_the_same_bits_dropout_included(net, size):
    plain = step(net, apply)
    state = gg.get_rng_state()
    again = step(net, lambda layers, x: in_pieces(layers, x, size))
    assert all(np.array_equal(a, b) for a, b in zip(plain, again, strict=True))
    assert gg.get_rng_state() == state


def test_nested(net):
    def halves(layers, x):
        return gg.checkpoint(in_pieces, layers[4:], gg.checkpoint(in_pieces, layers[:4], x, 2), 2)

    def whole(layers, x):
        return gg.checkpoint(halves, layers, x)

    for run in (halves, whole):
        assert all(np.array_equal(a, b) for a, b in zip(step(net, apply), step(net, run), strict=True))


def test_trees_in_and_out():
    Pair = namedtuple("Pair", "total product")
    a, b = (gg.tensor(X[i], requires_grad=True) for i in (0, 1))

    def block(p, scale, *, shift=None):
        x, y = p["x"], p["rest"][0]
        return {"pair": Pair(x * scale + y, gg.exp(x) * y + shift), "note": "text", "mask": x > 0, "same": p["x"]}

    def loss(out):
        return out["pair"].total.sum() + (out["pair"].product ** 2).sum() + out["same"].sum()

    args = ({"x": a, "rest": [b]}, 3.0)
    expected = gg.grad(loss(block(*args, shift=b)), [a, b])
    out = gg.checkpoint(block, *args, shift=b)
    assert out["note"] == "text" and out["mask"].dtype == np.bool_ and not out["mask"].requires_grad
    assert isinstance(out["pair"], Pair)
    for found, right in zip(gg.grad(loss(out), [a, b]), expected, strict=True):
        np.testing.assert_allclose(found.numpy(), right.numpy(), rtol=1e-6)


def test_one_of_several_results_is_used():
    x = gg.tensor(X[0], requires_grad=True)
    first, _ = gg.checkpoint(lambda x: (x * x, gg.exp(x)), x)
    first.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * X[0])


def test_gradients_reach_what_the_function_closes_over():
    """A leaf, an intermediate result, and a leaf that is also an ancestor of that result."""
    w = gg.tensor(X[0], requires_grad=True)
    x = gg.tensor(X[1], requires_grad=True)
    hidden = gg.exp(w)

    def block(x):
        return gg.sin(x * hidden) * w * x

    expected = gg.grad(block(x).sum(), [w, x], retain_graph=True)
    found = gg.grad(gg.checkpoint(block, x).sum(), [w, x], retain_graph=True)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-6)
    gg.checkpoint(lambda: (w * w).sum()).backward()
    np.testing.assert_allclose(w.grad.numpy(), 2 * X[0])


def test_the_same_tensor_several_times_and_handed_through():
    x = gg.tensor(X[0], requires_grad=True)
    y, z, same = gg.checkpoint(lambda a, b: (a * b, a * x, b), x, x)
    (y + z + same).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 4 * X[0] + 1, rtol=1e-6)


def test_intermediate_operands_and_only_some_gradients():
    w, x = gg.tensor(X[0], requires_grad=True), gg.tensor(X[1], requires_grad=True)
    y = gg.checkpoint(lambda h, c: h * w * c, gg.exp(x), gg.tensor(X[2]))
    (only,) = gg.grad(y.sum(), [w], retain_graph=True)
    np.testing.assert_allclose(only.numpy(), np.exp(X[1]) * X[2], rtol=1e-6)
    (only,) = gg.grad(y.sum(), [x])
    np.testing.assert_allclose(only.numpy(), np.exp(X[1]) * X[0] * X[2], rtol=1e-6)


def test_second_order(net):
    def curvature(run):
        x = gg.tensor(X.astype("float64"), requires_grad=True)
        w = gg.tensor(RNG2[0], requires_grad=True)

        def block(x):
            return gg.tanh(x @ w) * gg.exp(w[0])

        (first,) = gg.grad((run(block, x) ** 2).sum(), [x], create_graph=True)
        return gg.grad((first**3).sum(), [x, w])

    RNG2 = np.random.default_rng(3).standard_normal((1, 6, 6))
    plain = curvature(lambda f, x: f(f(x)))
    for run in (
        lambda f, x: gg.checkpoint(f, gg.checkpoint(f, x)),
        lambda f, x: gg.checkpoint(lambda x: gg.checkpoint(f, f(x)), x),
    ):
        for a, b in zip(curvature(run), plain, strict=True):
            np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-9)


def test_transforms_of_checkpoints():
    x, v = gg.tensor(X[0].astype("float64")), gg.tensor(X[1].astype("float64"))

    def f(x):
        return gg.checkpoint(lambda x: gg.exp(gg.sin(x)) * x, x)

    def plain(x):
        return gg.exp(gg.sin(x)) * x

    for transform in (gg.func.jacrev, gg.func.jacfwd, lambda f: gg.func.hessian(lambda x: f(x).sum())):
        np.testing.assert_allclose(transform(f)(x).numpy(), transform(plain)(x).numpy(), rtol=1e-12)
    np.testing.assert_allclose(
        gg.func.jvp(f, (x,), (v,))[1].numpy(), gg.func.jvp(plain, (x,), (v,))[1].numpy(), rtol=1e-12
    )
    np.testing.assert_allclose(gg.checkpoint(gg.func.grad(lambda x: f(x).sum()), x).numpy(),
                               gg.func.grad(lambda x: plain(x).sum())(x).numpy(), rtol=1e-12)  # fmt: skip


def test_gradcheck():
    w = gg.tensor(RNG.standard_normal((6, 3)), requires_grad=True)
    assert gg.gradcheck(
        lambda x, w: gg.checkpoint(lambda x: gg.tanh(x @ w).sum(0), x),
        [gg.tensor(X.astype("float64"), requires_grad=True), w],
    )


def test_retain_graph_and_a_second_pass():
    x = gg.tensor(X[0], requires_grad=True)
    y = gg.checkpoint(gg.exp, x).sum()
    y.backward(retain_graph=True)
    y.backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * np.exp(X[0]), rtol=1e-6)
    with pytest.raises(RuntimeError, match="backward a second time through checkpoint"):
        y.backward()


def test_hooks_run_once():
    calls = []
    w = gg.tensor(X[0], requires_grad=True)
    w.register_hook(lambda g: calls.append("w"))

    def block(x):
        y = x * w
        y.register_hook(lambda g: g * 2)
        return y.exp()

    x = gg.tensor(np.zeros(6, "float32"), requires_grad=True)
    gg.checkpoint(block, x).sum().backward()
    assert calls == ["w"]
    np.testing.assert_allclose(x.grad.numpy(), 2 * X[0])


def test_without_gradients_it_is_the_plain_call():
    x = gg.tensor(X, requires_grad=True)
    with gg.no_grad():
        assert not gg.checkpoint(gg.exp, x).requires_grad
    assert gg.checkpoint(gg.exp, gg.tensor(X)).grad_fn is None
    assert gg.checkpoint(lambda: 3) == 3


# -- what changes in between ------------------------------------------------------------------------------------------


def change_argument(x, constant, w):
    with gg.no_grad():
        x += 1


def change_constant(x, constant, w):
    constant *= 2


def change_parameter(x, constant, w):
    with gg.no_grad():
        w.copy_(w * 2)


def replace_parameter(x, constant, w):
    w.data = gg.tensor(X[3])


@pytest.mark.parametrize("change", [change_argument, change_constant, change_parameter, replace_parameter])
def test_changes_in_place_are_refused(change):
    x, w = gg.tensor(X[0], requires_grad=True), gg.tensor(X[1], requires_grad=True)
    constant = gg.tensor(X[2])
    y = gg.checkpoint(lambda x: gg.exp(x * constant) * w, x).sum()
    change(x, constant, w)
    with pytest.raises(RuntimeError, match=r"changed in place by .*Run backward before the change"):
        y.backward()


def test_changes_that_the_function_makes_itself_are_its_own_business():
    x, buffer = gg.tensor(X[0], requires_grad=True), gg.tensor(np.zeros(6, "float32"))

    def block(x):
        buffer.add_(1)
        return x * x

    gg.checkpoint(block, x).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * X[0])
    assert buffer.tolist() == [2] * 6


@pytest.mark.parametrize("momentum", [0.1, None])
def test_batch_norm_counts_a_batch_once(momentum):
    """Also where one checkpoint is inside another; PyTorch's running statistics would move twice, or more."""
    plain, once, nested = (nn.BatchNorm1d(6, momentum=momentum) for _ in range(3))
    x = gg.tensor(X, requires_grad=True)
    for _ in range(2):
        gradients = []
        for y in (plain(x), gg.checkpoint(once, x), gg.checkpoint(lambda v: gg.checkpoint(nested, v) * 1.0, x)):
            x.grad = None
            (y**3).sum().backward()
            gradients.append(x.grad.numpy())
        for gradient in gradients[1:]:
            np.testing.assert_array_equal(gradient, gradients[0])
        for layer in (once, nested):
            for name, value in plain.state_dict().items():
                np.testing.assert_array_equal(layer.state_dict()[name].numpy(), value.numpy(), err_msg=name)
    assert once.num_batches_tracked.item() == 2


def test_instance_norm_counts_a_batch_once():
    def run(call):
        mean, variance = gg.zeros(2), gg.ones(2)
        x = gg.tensor(np.arange(12.0).reshape(2, 2, 3), requires_grad=True)
        call(lambda v: F.instance_norm(v, mean, variance), x).sum().backward()
        return mean.tolist(), variance.tolist()

    assert run(gg.checkpoint) == run(lambda function, x: function(x))


def test_another_function_the_second_time_is_refused():
    w, x = gg.tensor(X[0], requires_grad=True), gg.tensor(X[1], requires_grad=True)
    calls = []

    def new_parameter(x):
        calls.append(1)
        return x * (w if len(calls) > 1 else 2.0)

    def other_shape(x):
        calls.append(1)
        return x[: 7 - len(calls)] * 1.0

    def more_results(x):
        calls.append(1)
        return [x * 2] * len(calls)

    def cut(x):
        calls.append(1)
        return (x if len(calls) == 1 else x.detach()) * 2

    for function, message in (
        (new_parameter, "read <leaf .* but not the first time"),
        (other_shape, r"shape \(6,\) .* first, and tensor"),
        (more_results, "returned 1 values first and 2"),
        (cut, "required grad first and does not"),
    ):
        calls.clear()
        y = gg.checkpoint(function, x)
        with pytest.raises(RuntimeError, match=message):
            (y[0] if isinstance(y, list) else y).sum().backward()


def test_wrong_calls():
    with pytest.raises(TypeError, match="expected a function, got Tensor"):
        gg.checkpoint(gg.ones(2))
    with pytest.raises(ValueError, match="use_reentrant=True does not exist"):
        gg.checkpoint(gg.exp, gg.ones(2), use_reentrant=True)
    assert gg.checkpoint(gg.exp, gg.tensor([0.0], requires_grad=True), use_reentrant=False).tolist() == [1.0]


def test_errors_of_the_second_run_leave_no_trace():
    calls = []

    def fails(x):
        calls.append(1)
        if len(calls) > 1:
            raise KeyError("second run")
        return x * 2

    state = gg.get_rng_state()
    with pytest.raises(KeyError, match="second run"):
        gg.checkpoint(fails, gg.tensor(X[0], requires_grad=True)).sum().backward()
    assert gg.get_rng_state() == state
    assert gg.is_grad_enabled()


def test_without_the_random_state():
    x = gg.tensor(np.ones(1000), requires_grad=True)
    y = gg.checkpoint(gg.nn.functional.dropout, x, preserve_rng_state=False)
    y.sum().backward()
    assert not np.array_equal(y.numpy(), x.grad.numpy())


# -- looks and memory -------------------------------------------------------------------------------------------------


def test_it_is_drawn_as_one_node(net):
    x = gg.tensor(X, requires_grad=True, name="x")

    def block(x):
        return apply(net[:2], x)

    with gg.scope("part"):
        y = gg.checkpoint(block, x)
    text = str(viz.graph((y**2).sum()))
    (line,) = [line for line in text.splitlines() if "checkpoint" in line]
    assert "block" in line and "weight" in line
    assert "tanh" not in text
    node = y.grad_fn.inputs[0] if y.grad_fn.primitive.name == "output" else y.grad_fn
    assert node.scope == ("part",) and len(node.inputs) == 5
    assert "checkpoint" in viz.graph(y).to_dot() if hasattr(viz.graph(y), "to_dot") else True


def peak(work):
    gc.collect()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_is_saved():
    weights = [gg.tensor(RNG.standard_normal((8, 8)), requires_grad=True) for _ in range(36)]
    x = gg.tensor(RNG.standard_normal((2000, 8)))

    def block(weights, x):
        for w in weights:
            x = gg.tanh(x @ w)
        return x

    def run(size):
        y = x
        for i in range(0, 36, size):
            y = gg.checkpoint(block, weights[i : i + size], y) if size < 36 else block(weights, y)
        y.sum().backward()

    run(36)
    assert peak(lambda: run(6)) < 0.5 * peak(lambda: run(36))


@pytest.mark.parametrize("create_graph", [False, True])
def test_no_reference_cycles(net, create_graph):
    def work():
        x = gg.tensor(X, requires_grad=True)
        loss = (in_pieces(net, x, 2) ** 2).sum()
        gg.grad(loss, [x, *parameters(net)], create_graph=create_graph)
        (in_pieces(net, x, 4) ** 2).sum()

    work()
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(40):
            work()
        growth = tracemalloc.get_traced_memory()[0] - before
        unreachable = gc.collect()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert unreachable < 100 and growth < 500_000
