"""The names in a rule's signature are what is saved, for the gradients wanted; nothing else stays alive."""

import tracemalloc
import weakref

import numpy as np
import pytest

import glassgrad as gg

LARGE = 1_000_000  # elements of float64: 8 MB


def leaf(*shape):
    return gg.tensor(np.full(shape or (3,), 1.5), requires_grad=True)


def memory(array):
    """Return a reference that dies with the memory of a tensor."""
    base = array._array
    while base.base is not None:
        base = base.base
    return weakref.ref(base)


def saved(tensor):
    node = tensor.grad_fn
    return {n for n, v in zip(node.primitive.saved_names, node.saved, strict=True) if v is not None}


@pytest.mark.parametrize(
    ("function", "first", "second", "both"),
    [
        (lambda x, y: x * y, {"y"}, {"x"}, {"x", "y"}),
        (lambda x, y: x + y, set(), set(), set()),
        (lambda x, y: x - y, set(), set(), set()),
        (lambda x, y: x / y, {"y"}, {"y", "out"}, {"y", "out"}),
        (lambda x, y: x @ y, {"y"}, {"x"}, {"x", "y"}),
        (gg.maximum, {"x", "y"}, {"x", "y"}, {"x", "y"}),
    ],
)
def test_only_what_the_wanted_gradients_ask_for(function, first, second, both):
    constant = gg.tensor(np.full(3, 2.0))
    assert saved(function(leaf(), constant)) == first
    assert saved(function(constant, leaf())) == second
    assert saved(function(leaf(), leaf())) == both


@pytest.mark.parametrize(
    ("function", "names"),
    [
        (gg.tanh, {"out"}),
        (gg.exp, {"out"}),
        (gg.sigmoid, {"out"}),
        (gg.relu, {"out"}),
        (gg.sqrt, {"out"}),
        (gg.log, {"x"}),
        (gg.sin, {"x"}),
        (gg.square, {"x"}),
        (gg.negative, set()),
        (gg.sum, set()),
        (gg.mean, set()),
        (lambda x: x[1:], set()),
        (lambda x: x.reshape(3, 1), set()),
        (lambda x: gg.softmax(x, 0), {"out"}),
        (lambda x: gg.broadcast_to(x, (2, 3)), set()),
    ],
)
def test_each_operation_saves_what_its_rule_names(function, names):
    assert saved(function(leaf())) == names


def test_convolution_without_a_wanted_weight_gradient_does_not_keep_the_image():
    x = gg.tensor(np.ones((1, 1, 4, 4)))
    w = gg.tensor(np.ones((1, 1, 2, 2)), requires_grad=True)
    assert saved(gg.conv2d(x, w)) == {"input"}
    assert saved(gg.conv2d(gg.tensor(np.ones((1, 1, 4, 4)), requires_grad=True), w.detach())) == {"weight"}


def test_a_dropped_activation_is_freed_when_no_rule_asked_for_it():
    x = leaf(1000)
    before_tanh = x * 2.0  # tanh asks for its output, not for this
    memory_of_input = memory(before_tanh)
    after = gg.tanh(before_tanh)
    del before_tanh
    assert memory_of_input() is None
    after.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 2 * (1 - np.tanh(3.0) ** 2))


def test_an_activation_that_a_rule_asked_for_stays():
    x = leaf(1000)
    middle = x * 2.0
    kept = memory(middle)
    result = gg.log(middle)
    del middle
    assert kept() is not None
    result.sum().backward()
    assert kept() is None, "backward frees what was saved"
    np.testing.assert_allclose(x.grad.numpy(), 1 / 1.5)


def test_nothing_is_saved_without_gradients():
    x = gg.tensor(np.ones(3))
    y = x * x
    assert y.grad_fn is None and not y.requires_grad
    with gg.no_grad():
        z = leaf() * leaf()
    assert z.grad_fn is None


def test_backward_frees_saved_values_but_leaves_the_structure():
    x = leaf(1000)
    middle = x * 2.0
    kept = memory(middle)
    y = (middle * middle).sum()
    del middle
    y.backward()
    assert kept() is None
    # What a picture shows is still there.
    nodes = gg.autograd.reachable([y.grad_fn])
    assert [n.primitive.name for n in nodes] == ["sum", "multiply", "multiply", "leaf"]
    assert [n.shape for n in nodes] == [(), (1000,), (1000,), (1000,)]


def test_retain_graph_keeps_them():
    x = leaf(1000)
    middle = x * 2.0
    kept = memory(middle)
    y = (middle * middle).sum()
    del middle
    y.backward(retain_graph=True)
    assert kept() is not None
    del y
    assert kept() is None


def test_peak_memory_of_a_chain_of_sums():
    """Additions save nothing, so a chain of them under a graph holds only a few arrays at a time."""
    x = gg.tensor(np.ones(LARGE), requires_grad=True)
    tracemalloc.start()
    try:
        y = x
        for _ in range(20):
            y = y + 1.0
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5 * 8 * LARGE, f"{peak / 8 / LARGE:.0f} arrays at the peak"
    y.sum().backward()
    assert x.grad.numpy()[0] == 1.0


def test_a_leaf_without_a_handle_holds_no_values():
    x = leaf(1000)
    kept = memory(x)
    y = x + 1.0
    del x
    assert kept() is None
    y.sum().backward()  # the gradient has nowhere to go


def test_the_graph_dies_with_its_last_handle():
    x = leaf()
    y = gg.exp(x * 2)
    nodes = [weakref.ref(n) for n in gg.autograd.reachable([y.grad_fn]) if not n.is_leaf]
    assert len(nodes) == 2
    del y
    assert [r() for r in nodes] == [None, None]


def test_a_node_is_data():
    x = leaf()
    with gg.scope("block"):
        y = gg.sum(x * x, 0)
    node = y.grad_fn
    assert node.primitive.name == "sum" and node.attributes == {"dim": 0, "keepdim": False, "dtype": None}
    assert node.shape == () and node.dtype == np.float64 and node.scope == ("block",)
    (product,) = node.inputs
    assert product.inputs[0] is product.inputs[1], "an operand used twice is there twice"
    assert product.sequence < node.sequence
    (gradient,) = gg.grad(y, x, create_graph=True)
    assert node.order == 0 and node.origin is None
    assert gradient.grad_fn.order == 1
    origins = {n.origin for n in gg.autograd.reachable([gradient.grad_fn]) if n.order == 1}
    assert origins <= {node, product}
    assert gradient.grad_fn.scope == ("block",)


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_floating_residuals_are_outputs(shift):
    """Batch norm's mean and variance depend on the input; as constants they would falsify second derivatives."""
    from glassgrad.autograd.ops.normalization import batch_norm, batch_norm_composed

    rng = np.random.default_rng(0)
    data, weights = rng.standard_normal((4, 2)) + shift, rng.standard_normal((4, 2))
    found = []
    for function in (lambda *a: batch_norm(*a)[0], batch_norm_composed):
        x = gg.tensor(data, requires_grad=True)
        out = function(x, gg.ones(2, dtype="float64"), gg.zeros(2, dtype="float64"))
        (first,) = gg.grad((out**2 * weights).sum(), x, create_graph=True)
        (second,) = gg.grad((first**2).sum(), x)
        found.append(second.numpy())
    assert np.abs(found[1]).max() > 1e-3
    np.testing.assert_allclose(*found, rtol=1e-9, atol=1e-9)
