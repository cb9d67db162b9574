"""The model that pictures are made from: right numbers, nothing run again, nothing kept alive."""

import gc
import itertools
import json
import math
import os
import subprocess
import sys
import weakref

import numpy as np
import pytest

import glassgrad as gg
from glassgrad import viz
from glassgrad.viz.extract import extract


def edge(graph, source, target):
    """Return the edge between two values by name."""
    (found,) = (e for e in graph.into(graph.node(target)) if e.src == graph.node(source).id)
    return found


def derivatives(y):
    """Return, by (operand, result), the local derivative and the message, and by name the gradient."""
    y.backward()
    graph = extract(y)
    names = {node.id: node.symbol for node in graph.nodes}
    edges = {(names[e.src], names[e.dst]): e for e in graph.edges if e.local is not None}
    grads = {node.symbol: node.grad.value for node in graph.nodes if node.grad is not None}
    return graph, {k: e.local.value for k, e in edges.items()}, {k: e.message for k, e in edges.items()}, grads


# -- worked examples ----------------------------------------------------------------------------------------


def test_product_and_sine(pictures):
    graph, local, message, grad = derivatives(pictures.product_and_sine())
    expected = {("x", "a"): 3, ("y", "a"): 2, ("x", "b"): math.cos(2), ("a", "f"): 1, ("b", "f"): 1}
    assert local == pytest.approx(expected)
    assert message == pytest.approx(local)  # every upstream gradient is one
    assert grad == pytest.approx({"x": 3 + math.cos(2), "y": 2, "a": 1, "b": 1, "f": 1})
    assert edge(graph, "x", "b").local.formula == "cos x"
    assert edge(graph, "x", "a").local.formula == "y"
    assert [node.value.value for node in graph.nodes] == pytest.approx([2, 3, 6, math.sin(2), 6 + math.sin(2)])


def test_squared_difference(pictures):
    _, local, message, grad = derivatives(pictures.squared_difference())
    assert local == pytest.approx({("a", "s"): 3, ("x", "s"): 2, ("s", "t"): 1, ("y", "t"): -1, ("t", "z"): 10})
    expected = {("a", "s"): 30, ("x", "s"): 20, ("s", "t"): 10, ("y", "t"): -10, ("t", "z"): 10}
    assert message == pytest.approx(expected)
    assert grad == pytest.approx({"z": 1, "t": 10, "s": 10, "y": -10, "a": 30, "x": 20})
    shown = viz.graph(pictures.squared_difference()).shown
    # The notes' three operations; a power of two may be recorded as a square.
    operations = [node.op.replace("square", "power") for node in shown.nodes if node.is_operation]
    assert operations == ["multiply", "subtract", "power"]
    assert sorted(node.symbol for node in shown.nodes if not node.is_operation) == ["a", "x", "y"]
    assert len(shown.edges) == 5


def test_cross_entropy(pictures):
    graph, local, message, grad = derivatives(pictures.cross_entropy())
    s, p, y = math.exp(-0.5), 1 / (1 + math.exp(-0.5)), 0.8
    value = {node.symbol: node.value.value for node in graph.nodes}
    assert value["s"] == pytest.approx(0.606530659713)
    assert value["ŷ"] == pytest.approx(0.622459331202)
    assert value["z1"] == pytest.approx(-0.379261587344)
    assert value["z2"] == pytest.approx(-0.194815396836)
    assert value["h"] == pytest.approx(0.574076984180)
    assert grad["x"] == pytest.approx(-0.177540668798)
    assert grad["y"] == pytest.approx(-0.5)

    # The notes' local derivatives run over several of our operations: products along the way.
    def along(*path):
        return math.prod(local[pair] for pair in itertools.pairwise(path))

    logs = [node.symbol for node in graph.nodes if node.op == "log"]
    ends = [(graph.node(e.src), graph.node(e.dst)) for e in graph.edges if e.local is not None]
    negatives = {source.symbol: result.symbol for source, result in ends if result.op == "negative"}
    one_minus = {source.symbol: result.symbol for source, result in ends if result.op == "subtract"}
    assert along("z1", negatives["z1"], "h") == pytest.approx(-1)
    assert along("z2", "h") == pytest.approx(-1)
    assert along("y", "z1") == pytest.approx(math.log(p))
    assert along("ŷ", logs[0], "z1") == pytest.approx(y / p)
    assert along("y", one_minus["y"], "z2") == pytest.approx(-math.log(1 - p))
    assert along("ŷ", one_minus["ŷ"], logs[1], "z2") == pytest.approx(-(1 - y) / (1 - p))
    (denominator,) = (graph.node(e.src).symbol for e in graph.into(graph.node("ŷ")) if e.local is not None)
    assert along("s", denominator, "ŷ") == pytest.approx(-1 / (1 + s) ** 2)
    assert along("x", negatives["x"], "s") == pytest.approx(-s)
    # y and ŷ are used twice: the messages add up to the gradient.
    for name in ("y", "ŷ"):
        arrived = [message[pair] for pair in message if pair[0] == name]
        assert len(arrived) == 2
        assert math.fsum(arrived) == pytest.approx(grad[name])


# -- structure ----------------------------------------------------------------------------------------


def test_an_operand_used_twice_keeps_two_edges():
    x = gg.Scalar(3.0, requires_grad=True, name="x")
    y = x + x
    y.backward()
    graph = extract(y)
    assert [(e.src, e.dst, e.port, e.message) for e in graph.edges] == [("n0", "n1", 0, 1.0), ("n0", "n1", 1, 1.0)]
    assert graph.node("x").grad.value == 2


def test_order_of_operands_is_kept():
    x, y = gg.Scalar(3.0, requires_grad=True, name="x"), gg.Scalar(1.0, requires_grad=True, name="y")
    forward, backward = extract(x - y), extract(y - x)
    assert [forward.node(e.src).name for e in forward.into(forward.node("f"))] == ["x", "y"]
    assert [backward.node(e.src).name for e in backward.into(backward.node("f"))] == ["y", "x"]


def test_repeated_squaring_is_linear():
    y = gg.Scalar(1.0001, requires_grad=True)
    for _ in range(40):
        y = y * y
    graph = extract(y)
    assert (len(graph.nodes), len(graph.edges)) == (41, 80)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [gg.Scalar, gg.tensor])
def test_a_chain_of_100_000_operations(kind):
    y = kind(1.0, requires_grad=True)
    for _ in range(100_000):
        y = gg.tanh(y)
    view = viz.graph(y)
    assert len(view.nodes) == 100_001
    assert len(str(view).splitlines()) < 500
    with pytest.raises(viz.RenderError, match="too large for dot"):
        view.svg()


def test_gradients_before_backward_are_absent_not_zero(pictures):
    y = pictures.product_and_sine()
    graph = extract(y)
    assert all(node.grad is None for node in graph.nodes)
    assert all(e.message is None and e.local is not None for e in graph.edges)


def test_constants_have_no_gradient():
    x, y = gg.Scalar(3.0, requires_grad=True, name="x"), gg.Scalar(0.8, name="y")
    z = x * y * 2
    z.backward()
    graph = extract(z)
    assert not graph.node("y").differentiable
    assert graph.node("y").grad is None
    assert graph.node("x").grad.value == pytest.approx(1.6)
    assert [node.value.value for node in graph.nodes if node.kind == "const"] == [0.8, 2.0]
    assert all(e.local is None for e in graph.edges if graph.node(e.src).kind == "const")


def test_a_tensor_graph():
    x = gg.tensor(np.ones((5, 4), np.float32), name="x")
    w = gg.tensor(np.ones((4, 3), np.float32), requires_grad=True, name="w")
    y = (x @ w).sum(dim=0)
    graph = extract(y)
    assert [(n.op, n.shape, n.dtype) for n in graph.nodes if n.is_operation] == [
        ("matmul", (5, 3), "float32"),
        ("sum", (3,), "float32"),
    ]
    assert graph.node("x").kind == "input"
    assert not graph.node("x").differentiable
    assert graph.node("w").kind == "input"
    assert graph.node("f").output
    assert graph.node("f").value.sample == (20.0, 20.0, 20.0)
    assert graph.node("f").attrs["dim"] in (0, (0,))
    y.sum().backward()
    assert extract(y).node("w").grad.norm == pytest.approx(5 * math.sqrt(12))


def test_one_of_several_outputs_is_a_number_on_the_edge():
    v = gg.tensor(np.arange(6.0), requires_grad=True, name="v")
    first, second = gg.split(v, 3)
    graph = extract((first * 2 + second).sum())
    assert "output" not in {node.op for node in graph.nodes}
    split = next(node for node in graph.nodes if node.op == "split")
    assert split.shape == ((3,), (3,))
    assert sorted(e.output for e in graph.out_of(split)) == [0, 1]
    assert next(n for n in extract(second * 1).nodes if n.op == "split").shape == (3,)
    only = extract(second)
    assert only.nodes[-1].output
    assert only.nodes[-1].value.sample == (3.0, 4.0, 5.0)


def test_several_outputs_of_the_picture():
    x = gg.Scalar(2.0, requires_grad=True, name="x")
    a, b = x * 2, x + 1
    for outputs in ([a, b], (a, b), {"a": a, "b": b}):
        assert [node.output for node in extract(outputs).nodes if node.is_operation] == [True, True]


def test_names():
    def loss(x, w):
        product = x * w
        result = product + 1
        return viz.graph(result, names=locals())

    view = loss(gg.Scalar(2.0), gg.Scalar(3.0, requires_grad=True))
    assert {node.symbol for node in view.nodes} == {"x", "w", "product", "result"}


def test_unnamed_values_get_letters_that_are_not_in_use():
    a = gg.Scalar(1.0, requires_grad=True, name="a")
    y = gg.exp(a * 2) + 1
    assert [node.symbol for node in extract(y).nodes if node.differentiable] == ["a", "b", "c", "f"]


def test_modules_become_boxes(pictures):
    y, _network = pictures.two_layers()
    graph = extract(y)
    assert [(group.key, group.parent) for group in graph.groups.values()] == [
        ("TwoLayers", None),
        ("TwoLayers.first", "TwoLayers"),
        ("TwoLayers.second", "TwoLayers"),
    ]
    assert {node.kind for node in graph.nodes if node.name in ("weight", "bias")} == {"param"}
    assert next(node for node in graph.nodes if node.op == "relu").group == "TwoLayers"
    # The path of a module knows its module; ours is plain data.
    assert all(type(node.scope) is tuple for node in graph.nodes)


def test_calls_of_one_module_are_told_apart(pictures):
    y, _ = pictures.recurrent(3)
    graph = extract(y)
    assert list(graph.groups) == ["cell", "cell#2", "cell#3"]
    assert [group.call for group in graph.groups.values()] == [1, 2, 3]


def test_order_of_derivative():
    x = gg.tensor(3.0, requires_grad=True, name="x")
    (slope,) = gg.grad(x * x * x, [x], create_graph=True)
    graph = extract(slope)
    assert {node.order for node in graph.nodes if node.is_operation} == {0, 1}
    (second,) = gg.grad(slope, [x], create_graph=True)
    assert 2 in {node.order for node in extract(second).nodes}


def test_non_finite_values_are_counted():
    x = gg.tensor(np.array([0.0, 1.0, np.inf, np.nan, -np.inf]), requires_grad=True, name="x")
    value = extract(x * 1).node("x").value
    assert (value.nan, value.inf, value.zeros, value.maximum) == (1, 2, 1, 1.0)


def test_empty_and_integer_arrays():
    empty = gg.tensor(np.zeros((0, 3)), requires_grad=True, name="empty")
    index = gg.tensor(np.arange(3), name="index")
    graph = extract([empty * 2, index])
    assert graph.node("empty").shape == (0, 3)
    assert graph.node("empty").value.norm is None
    assert graph.node("index").dtype == "int64"


def test_float32_numbers_read_as_they_print():
    x = gg.tensor([0.1], requires_grad=True, name="x")
    assert extract(x * 1).node("x").value.value == 0.1


# -- purity ----------------------------------------------------------------------------------------


def test_the_model_is_plain_data(pictures):
    y, _network = pictures.two_layers()
    y.backward()
    text = json.dumps(extract(y).to_dict())
    assert json.loads(text)["nodes"][0]["id"] == "n0"
    assert "TwoLayers" in text


def test_extraction_is_repeatable(pictures):
    y, _network = pictures.two_layers()
    assert extract(y) == extract(y)


def test_drawing_changes_nothing_and_keeps_nothing_alive(pictures):
    network = pictures.TwoLayers()
    x = gg.tensor(np.ones((5, 4), np.float32), requires_grad=True)
    gc.disable()
    try:
        hidden = network.first(x)
        y = gg.mean(network.second(gg.relu(hidden)))
        y.backward(retain_graph=True)
        values = [p.numpy(copy=True) for p in network.parameters()] + [y.numpy(copy=True)]
        grads = [p.grad.numpy(copy=True) for p in network.parameters()]
        watched = [weakref.ref(y), weakref.ref(hidden), weakref.ref(y.grad_fn), weakref.ref(x)]
        view = viz.graph(y, names={"hidden": hidden})
        view.to_dot(), str(view)
        again = [p.numpy(copy=True) for p in network.parameters()] + [y.numpy(copy=True)]
        assert all(np.array_equal(a, b) for a, b in zip(values, again, strict=True))
        assert all(np.array_equal(a, p.grad.numpy()) for a, p in zip(grads, network.parameters(), strict=True))
        y.backward()  # the graph still holds what backward needs
        del y, hidden, x, again
        assert [w() for w in watched] == [None] * 4
        assert len(view.nodes) > 5
    finally:
        gc.enable()


def test_a_picture_after_backward_freed_the_graph(pictures):
    y, _network = pictures.two_layers()
    y.backward()
    operations = [node.op for node in viz.graph(y).nodes if node.is_operation]
    assert operations == ["matmul", "add", "relu", "matmul", "add", "mean"]


@pytest.mark.parametrize("wrong", [3, "x", None, np.ones(3), [1.0], object()])
def test_what_is_no_tensor_is_refused(wrong):
    with pytest.raises(TypeError, match="draws a Tensor, a Scalar, or a list of them, not"):
        viz.graph(wrong)


def test_an_empty_list_is_refused():
    with pytest.raises(ValueError, match="list of outputs is empty"):
        viz.graph([])


def test_a_leaf_alone_can_be_drawn():
    assert [n.kind for n in viz.graph(gg.Scalar(2.0, requires_grad=True)).nodes] == ["input"]
    assert [n.kind for n in viz.graph(gg.tensor([1.0, 2.0])).nodes] == ["input"]
    assert [n.kind for n in viz.graph(gg.Scalar(2.0)).nodes] == ["const"]


PROGRAM = """
import glassgrad as gg
from glassgrad import viz
x, y = gg.Scalar(2.0, requires_grad=True, name="x"), gg.Scalar(3.0, requires_grad=True, name="y")
f = x * y + gg.sin(x)
f.backward()
w = gg.tensor([[1.0, 2.0]], requires_grad=True, name="w")
with gg.scope("a"), gg.scope("b"):
    t = gg.tanh(w @ w.T)
view, net = viz.graph(f), viz.graph([t.sum(), w * 2])
print(view.to_dot(), str(view), net.to_dot(), str(net), RENDER)
"""


@pytest.mark.parametrize("render", [False, True])
def test_same_bytes_whatever_the_hash_seed(render, request):
    if render:
        request.getfixturevalue("dot")
    program = PROGRAM.replace("RENDER", "view.svg(), net.svg()" if render else "")
    texts = {
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(texts) == 1
    assert b"sin x" in next(iter(texts))
