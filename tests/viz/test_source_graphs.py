"""The graphs of examples/source_graphs.py: named values, arrows between them, and the worked examples' numbers.

Values that the script does not name lie between named ones; an arrow here stands for every way through them, and its
derivative is the sum over these ways of the products of local derivatives.
"""

import importlib.util
import math
import sys
from pathlib import Path

import numpy as np
import pytest

from glassgrad import viz

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture(scope="module")
def script():
    """The script as a module; its helper lies beside it."""
    sys.path.insert(0, str(EXAMPLES))
    try:
        spec = importlib.util.spec_from_file_location("source_graphs", EXAMPLES / "source_graphs.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(str(EXAMPLES))
        sys.modules.pop("_experiment", None)


@pytest.fixture
def read(script):
    """Read a graph of the script by its number."""

    def extracted(name):
        output, names = script.GRAPHS[name]()
        return viz.extract(output, names=names)

    return extracted


def arrows(graph):
    """Return the derivative (None for tensors) by (name, name), unnamed operations multiplied out; constants left."""
    nodes = {node.id: node for node in graph.nodes}
    leading = {}  # to each node: the named values that lead there directly, with the derivative

    for node in graph.nodes:  # in the order of computation
        found = leading[node.id] = {}
        for edge in graph.into(node):
            source = nodes[edge.src]
            local = edge.local.value if edge.local is not None else None
            before = {source.name: 1.0} if source.name is not None else leading[source.id]
            for name, derivative in before.items():
                step = None if local is None or derivative is None else derivative * local
                found[name] = step if name not in found or step is None else found[name] + step
    return {(name, node.name): derivative for node in graph.nodes if node.name for name, derivative
            in leading[node.id].items()}  # fmt: skip


def values(graph, *names):
    return [graph.node(name).value.value for name in names]


def gradients(graph, *names):
    return [graph.node(name).grad.value for name in names]


def tensor(graph, name, of="value"):
    node = graph.node(name)
    return np.reshape(getattr(node, of).sample, node.shape)


def operations(graph):
    return [node.op for node in graph.nodes if node.kind == "op"]


# -- the chain rule (worked examples, section 1) ------------------------------------------------------------


def test_one_route(read):
    graph = read("g01")
    u = 0.668187772168
    assert values(graph, "x", "u", "z") == pytest.approx([0.7, u, 0.893186048885])
    assert arrows(graph) == pytest.approx({("x", "u"): 0.221712873293, ("u", "z"): (u - 0.3) / (u * (1 - u))})
    assert gradients(graph, "x") == pytest.approx([0.368187772168])


def test_two_variables(read):
    graph = read("g02")
    assert arrows(graph) == pytest.approx({("x", "u"): 1, ("y", "u"): 1, ("u", "z"): 2.5})
    assert gradients(graph, "x", "y", "u", "z") == pytest.approx([2.5, 2.5, 2.5, 1])


def test_two_routes(read):
    graph, x = read("g03"), 0.7
    u, v = 1 + math.exp(x), 1 + math.exp(-x)
    by_u, by_v = 2 * u * v, u**2 + math.cos(v)
    expected = {("x", "u"): math.exp(x), ("x", "v"): -math.exp(-x), ("u", "z"): by_u, ("v", "z"): by_v}
    assert arrows(graph) == pytest.approx(expected)
    assert gradients(graph, "x") == pytest.approx([math.exp(x) * by_u - math.exp(-x) * by_v])


def test_four_routes(read):
    graph = read("g04")
    u, v = np.exp([0.4, -0.9]) / np.exp([0.4, -0.9]).sum()
    assert arrows(graph) == pytest.approx({
        ("x", "u"): u * v, ("y", "u"): -u * v, ("x", "v"): -u * v, ("y", "v"): u * v,
        ("u", "z"): -0.25 / u, ("v", "z"): -0.75 / v,
    })  # fmt: skip
    assert gradients(graph, "x", "y") == pytest.approx([0.535834983043, -0.535834983043])


# -- computation graphs (section 2) -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["g05", "g07"])
def test_squared_difference(read, name):
    graph = read(name)
    assert operations(graph) == ["multiply", "subtract", "square"]
    assert sorted(node.name for node in graph.nodes if node.kind == "input") == ["a", "x", "y"]
    assert len(graph.edges) == 5
    assert values(graph, "s", "t", "z") == [6, 5, 25]
    local = {("a", "s"): 3, ("x", "s"): 2, ("s", "t"): 1, ("y", "t"): -1, ("t", "z"): 10}
    assert arrows(graph) == pytest.approx(local)


def test_squared_difference_has_gradients_only_after_backward(read):
    assert all(node.grad is None for node in read("g05").nodes)
    graph = read("g07")
    assert gradients(graph, "z", "t", "s", "y", "a", "x") == pytest.approx([1, 10, 10, -10, 30, 20])
    names = {node.id: node.name for node in graph.nodes}
    messages = {(names[e.src], names[e.dst]): e.message for e in graph.edges}
    expected = {("t", "z"): 10, ("s", "t"): 10, ("y", "t"): -10, ("a", "s"): 30, ("x", "s"): 20}
    assert messages == pytest.approx(expected)


@pytest.mark.parametrize("name", ["g08", "g09"])
def test_sigmoid_cross_entropy(read, name):
    graph = read(name)
    s, p, y = 0.606530659713, 0.622459331202, 0.8
    expected = [s, p, -0.379261587344, -0.194815396836, 0.574076984180]
    assert values(graph, "s", "ŷ", "z1", "z2", "h") == pytest.approx(expected)
    assert arrows(graph) == pytest.approx({
        ("x", "s"): -math.exp(-0.5), ("s", "ŷ"): -1 / (1 + s) ** 2, ("y", "z1"): math.log(p), ("ŷ", "z1"): y / p,
        ("y", "z2"): -math.log(1 - p), ("ŷ", "z2"): -(1 - y) / (1 - p), ("z1", "h"): -1, ("z2", "h"): -1,
    })  # fmt: skip


def test_contributions_of_the_cross_entropy_are_added(read):
    graph, s, p = read("g09"), 0.606530659713, 0.622459331202
    assert gradients(graph, "x", "y") == pytest.approx([-0.177540668798, -0.5])
    assert gradients(graph, "ŷ", "s") == pytest.approx([-0.8 / p + 0.2 / (1 - p), 0.177540668798 / s])


# -- the matrix product and its exercises (sections 3 and 4) ------------------------------------------------


def test_matrix_product(read):
    graph = read("g10")
    assert set(arrows(graph)) == {("X", "Y"), ("W", "Y"), ("Y", "E"), ("t", "E")}
    assert [graph.node(name).shape for name in "XWYE"] == [(1, 3), (3, 2), (1, 2), ()]
    assert tensor(graph, "Y").tolist() == [[3, 3]]
    assert tensor(graph, "E") == 2.5
    assert tensor(graph, "Y", "grad").tolist() == [[2, 1]]
    assert tensor(graph, "X", "grad").tolist() == [[4, 3, 4]]
    assert tensor(graph, "W", "grad").tolist() == [[4, 2], [-2, -1], [2, 1]]


def test_entries_of_the_matrix_product(read):
    graph = read("g10-2x2")
    X, W, C = (tensor(graph, name) for name in "XWC")
    entries = [[C[i, 0] * W[j, 0] + C[i, 1] * W[j, 1] for j in (0, 1)] for i in (0, 1)]
    np.testing.assert_allclose(tensor(graph, "X", "grad"), entries, rtol=1e-12)
    np.testing.assert_allclose(tensor(graph, "W", "grad"), X.T @ C, rtol=1e-12)
    assert not np.allclose(entries, C @ W)  # what the note writes out


def test_bias(read):
    graph = read("g10-bias")
    assert set(arrows(graph)) == {("X", "Y"), ("b", "Y"), ("Y", "E"), ("C", "E")}
    assert tensor(graph, "Y").tolist() == [[3, 4], [4, 0], [2, 2]]
    assert tensor(graph, "X", "grad").tolist() == [[1, 0], [0, -1], [1, 1]]
    assert tensor(graph, "b", "grad").tolist() == [2, 0]


def test_softmax_with_loss(read):
    composed, fused = read("g11"), read("g11-fused")
    assert set(arrows(composed)) == {("X", "Y"), ("T", "E"), ("Y", "E")}
    assert tensor(composed, "Y").tolist() == [[0.5, 0.5]]
    assert len(operations(fused)) == 1
    for graph in (composed, fused):
        assert float(tensor(graph, "E")) == pytest.approx(0.693147180560)
        np.testing.assert_allclose(tensor(graph, "X", "grad"), [[-0.5, 0.5]], rtol=1e-12)  # (Y − T)/N


def test_product_and_loss(read):
    graph = read("g14")
    assert set(arrows(graph)) == {("X", "Y"), ("W", "Y"), ("Y", "E")}
    assert float(tensor(graph, "E")) == pytest.approx(0.693147180560)
    for name, expected in (("Y", [[-0.5, 0.5]]), ("X", [[-1, 0, 2]]), ("W", [[-1, 1], [0.5, -0.5], [-0.5, 0.5]])):
        np.testing.assert_allclose(tensor(graph, name, "grad"), expected, rtol=1e-12)


# -- the two-layer network (section 5) ----------------------------------------------------------------------


def test_two_layers(read):
    forward, graph = read("g12"), read("g13")
    assert all(node.grad is None for node in forward.nodes)
    for drawn in (forward, graph):
        assert set(arrows(drawn)) == {
            ("X", "A1"), ("W1", "A1"), ("b1", "A1"), ("A1", "X1"), ("X1", "Ŷ"), ("W2", "Ŷ"), ("b2", "Ŷ"), ("Ŷ", "E"),
            ("Y", "E"),
        }  # fmt: skip
        assert [drawn.node(name).op for name in ("A1", "X1", "Ŷ")] == ["add", "relu", "add"]
        for name, expected in (
            ("A1", [[5, 1], [1, -2.5]]), ("X1", [[5, 1], [1, 0]]), ("Ŷ", [[1.6], [0.6]]), ("E", 0.58),
        ):  # fmt: skip
            np.testing.assert_allclose(tensor(drawn, name), expected, rtol=1e-12)
    for name, expected in (
        ("Ŷ", [[0.3], [-0.7]]), ("W2", [[0.8], [0.3]]), ("b2", [-0.4]), ("X1", [[0.15, -0.3], [-0.35, 0.7]]),
        ("A1", [[0.15, -0.3], [-0.35, 0]]), ("W1", [[-0.9, -0.3], [0.65, -0.6]]), ("b1", [-0.2, -0.3]),
        ("X", [[0.45, 0.15], [-0.35, -0.7]]),
    ):  # fmt: skip
        np.testing.assert_allclose(tensor(graph, name, "grad"), expected, rtol=1e-12, atol=1e-15)


# -- layers and whole networks ------------------------------------------------------------------------------


def test_layers(read):
    assert operations(read("g15-affine")) == ["linear", "relu", "linear", "relu", "linear", "softmax_cross_entropy"]
    convolution = ["conv2d", "relu", "max_pool2d", "reshape", "linear", "relu", "linear"]
    graph = read("g15-convolution")
    assert operations(graph) == convolution
    assert sum(node.kind == "param" for node in graph.nodes) == 6


@pytest.mark.parametrize(("name", "expected"), [
    ("g16-lenet", [(6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (120,), (84,), (10,)]),
    ("g16-alexnet", [(96, 55, 55), (96, 27, 27), (256, 27, 27), (256, 13, 13), (384, 13, 13), (384, 13, 13),
                     (256, 13, 13), (256, 6, 6), (4096,), (4096,), (1000,)]),
])  # fmt: skip
def test_sizes_of_networks(read, name, expected):
    layers = ("conv2d", "max_pool2d", "linear")
    assert [node.shape[1:] for node in read(name).nodes if node.op in layers] == expected


# -- batch normalisation (section 10) -----------------------------------------------------------------------


def test_steps_of_batch_normalization(read):
    graph = read("g17")
    assert set(arrows(graph)) == {
        ("X", "μ"), ("X", "X−μ"), ("μ", "X−μ"), ("X−μ", "(X−μ)²"), ("(X−μ)²", "σ²"), ("σ²", "√(σ²+ε)"),
        ("√(σ²+ε)", "1/√(σ²+ε)"), ("X−μ", "X̂"), ("1/√(σ²+ε)", "X̂"), ("X̂", "γX̂"), ("γ", "γX̂"), ("γX̂", "Y"), ("β", "Y"),
        ("Y", "E"), ("dY", "E"),
    }  # fmt: skip
    close = {"rtol": 1e-9, "atol": 1e-12}
    np.testing.assert_allclose(tensor(graph, "μ"), [2.3333333333], **close)
    np.testing.assert_allclose(tensor(graph, "σ²"), [1.5555555556], **close)
    np.testing.assert_allclose(tensor(graph, "Y"), [[-1.1380899284], [0.4654775179], [3.6726124105]], **close)
    dX = [[0.2290810726], [-0.3436215934], [0.1145405208]]
    np.testing.assert_allclose(tensor(graph, "X", "grad"), dX, **close)
    np.testing.assert_allclose(tensor(graph, "γ", "grad"), [-2.4053511695], **close)
    np.testing.assert_allclose(tensor(graph, "β", "grad"), [0], **close)


# -- dropped units ------------------------------------------------------------------------------------------


def test_networks_with_dropped_units(script):
    pytest.importorskip("matplotlib")
    assert [[len(layer) for layer in mask] for mask in script.MASKS] == [[5, 5, 3]] * 3
    assert len({str(mask) for mask in script.MASKS}) == 3
    assert len(viz.plots.units(script.MASKS, test=True).axes) == 4  # and the network that is tested
