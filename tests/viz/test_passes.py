"""Passes make a graph smaller and still true: pure, ordered, without circles."""

import itertools
import time

import numpy as np
import pytest

import glassgrad as gg
from glassgrad import viz
from glassgrad.nn import Module
from glassgrad.viz import passes
from glassgrad.viz.extract import extract
from glassgrad.viz.model import Edge, Graph, Group, Node


def chain(length, *, reads=()):
    """Return operations in a row; a leaf ``w`` is read by those whose numbers are in ``reads``."""
    nodes = [Node("w", "input", "leaf", "w", name="w")]
    nodes += [Node(f"n{i}", "op", "exp", f"v{i}", output=i == length - 1) for i in range(length)]
    edges = [Edge(f"n{i}", f"n{i + 1}", 0) for i in range(length - 1)] + [Edge("w", f"n{i}", 1) for i in reads]
    return Graph(tuple(nodes), tuple(sorted(edges, key=lambda e: int(e.dst[1:]))))


def assert_ordered(graph):
    """Every edge joins nodes that are there, and runs forward in the order of the nodes: so there is no circle."""
    place = {node.id: i for i, node in enumerate(graph.nodes)}
    assert len(place) == len(graph.nodes)
    for edge in graph.edges:
        assert place[edge.src] < place[edge.dst]
    assert {node.group for node in graph.nodes} - {None} <= set(graph.groups)


PASSES = [
    passes.fold_views, passes.inline_constants, passes.attach_parameters, passes.name_inputs, passes.alias_leaves,
    passes.unwrap, lambda g: passes.collapse(g, 1), lambda g: passes.collapse(g, 2),
]  # fmt: skip


@pytest.mark.parametrize("order", list(itertools.permutations(range(5), 2)))
def test_passes_are_pure_and_keep_order(order, pictures):
    y, _network = pictures.two_layers()
    full = extract(y)
    before = full.to_dict()
    graph = full
    for number in (*order, 5, 6):
        graph = PASSES[number](graph)
        assert_ordered(graph)
    assert full.to_dict() == before


def test_views_become_words_on_the_edge():
    x = gg.tensor(np.ones((2, 6), np.float32), requires_grad=True, name="x")
    y = gg.exp(x.reshape(3, 4).transpose(0, 1)).sum()
    graph = passes.fold_views(extract(y))
    assert [node.op for node in graph.nodes if node.is_operation] == ["exp", "sum"]
    assert graph.into(graph.node("x")) == ()
    (edge,) = graph.out_of(graph.node("x"))
    assert edge.via == ("reshape (3, 4)", "ᵀ")


def test_a_view_that_is_asked_for_or_named_stays():
    x = gg.tensor(np.ones((2, 6), np.float32), requires_grad=True, name="x")
    asked = x.reshape(12)
    named = x.reshape(3, 4)
    named.name = "folded"
    graph = passes.fold_views(extract([asked, named * 2]))
    assert [node.op for node in graph.nodes if node.is_operation] == ["reshape", "reshape", "multiply"]


def test_numbers_are_written_into_the_card():
    x = gg.Scalar(2.0, requires_grad=True, name="x")
    graph = passes.inline_constants(extract(1 - x * 0.5))
    assert [node.inline for node in graph.nodes] == [(), ((1, "0.5"),), ((0, "1"),)]
    assert len(graph.edges) == 2


def test_a_named_number_stays_a_card():
    x, rate = gg.Scalar(2.0, requires_grad=True, name="x"), gg.Scalar(0.5, name="rate")
    graph = passes.inline_constants(extract(x * rate))
    assert [node.symbol for node in graph.nodes] == ["x", "rate", "f"]


def test_parameters_are_listed_where_they_are_read(pictures):
    y, weights = pictures.recurrent(3)
    graph = passes.attach_parameters(extract(y))
    assert not [node for node in graph.nodes if node.kind == "param"]
    listed = [parameter for node in graph.nodes for parameter in node.params]
    assert [p.name for p in listed] == ["W", "U"] * 3
    assert {p.uses for p in listed} == {3}
    assert {p.count for p in listed} == {16}
    y.backward()
    assert {p.grad.size for n in passes.attach_parameters(extract(y)).nodes for p in n.params} == {16}
    assert weights


def test_a_transposed_parameter_is_listed_as_such(pictures):
    y, _network = pictures.two_layers()
    graph = passes.attach_parameters(passes.fold_views(extract(y)))
    assert [p.via for node in graph.nodes for p in node.params] == [("ᵀ",), (), ("ᵀ",), ()]


def test_cost_counts_the_layers_that_edges_cross():
    assert passes.dot_cost(chain(10)) == 11
    assert passes.dot_cost(chain(10, reads=[0, 9])) == 11 + 9
    assert passes.dot_cost(chain(50, reads=range(50))) == 51 + sum(range(50))


def test_far_uses_of_a_leaf_get_copies():
    graph = chain(20, reads=[0, 9, 19])
    aliased = passes.alias_leaves(graph)
    assert_ordered(aliased)
    copies = [node for node in aliased.nodes if node.kind == "alias"]
    assert [node.target for node in copies] == ["w", "w"]
    assert [node.members for node in copies] == [3, 3]
    assert len(aliased.edges) == len(graph.edges)
    assert "w (3 uses)" in aliased.meta["notes"][0]
    assert passes.alias_leaves(graph, keep=3) == graph  # three uses: accumulation is the lesson
    assert passes.alias_leaves(chain(10, reads=[0, 9])) == chain(10, reads=[0, 9])  # near enough


def test_two_uses_by_one_operation_share_a_copy():
    graph = chain(20, reads=[0])
    graph = graph.replace(edges=(*graph.edges, Edge("w", "n19", 1), Edge("w", "n19", 2)))
    aliased = passes.alias_leaves(graph)
    assert [node.id for node in aliased.nodes if node.kind == "alias"] == ["w_1"]
    assert [e.port for e in aliased.edges if e.src == "w_1"] == [1, 2]


@pytest.mark.parametrize("leaves", [False, True])
def test_a_recurrent_network_becomes_cheap(leaves, pictures):
    y, _weights = pictures.recurrent(50, leaves=leaves)
    full = extract(y)
    assert passes.dot_cost(full) > 5_000
    view = viz.graph(y, depth=None)
    assert passes.dot_cost(view.shown) < 800


@pytest.mark.parametrize("leaves", [False, True])
def test_a_recurrent_network_draws_in_well_under_a_second(leaves, pictures, dot):
    y, _weights = pictures.recurrent(50, leaves=leaves)
    start = time.perf_counter()
    viz.graph(y, depth=None).svg()
    assert time.perf_counter() - start < 3  # a generous second: the machine may be busy


def test_collapse(pictures):
    y, _network = pictures.two_layers()
    graph = passes.unwrap(passes.attach_parameters(passes.fold_views(extract(y))))
    assert graph.meta["title"] == "TwoLayers"
    closed = passes.collapse(graph, 1)
    assert_ordered(closed)
    assert [(n.kind, n.symbol, n.members) for n in closed.nodes if n.is_operation] == [
        ("group", "first", 2), ("op", "d", 0), ("group", "second", 2), ("op", "f", 0),
    ]  # fmt: skip
    first = next(node for node in closed.nodes if node.symbol == "first")
    assert first.shape == (5, 3)
    assert [parameter.name for parameter in first.params] == ["first.weight", "first.bias"]


def test_collapse_of_interleaved_calls_makes_no_circle():
    x = gg.tensor([1.0, 2.0], requires_grad=True, name="x")

    def module(v):
        with gg.scope("module"):
            return gg.tanh(gg.exp(v))

    y = module(x)
    z = module(y * 2 + x)  # reads what the first call made: joined with it, this would be a circle
    graph = passes.collapse(extract(z + y), 1)
    assert_ordered(graph)
    assert [node.members for node in graph.nodes if node.kind == "group"] == [2, 2]


def test_a_box_that_several_values_leave():
    x = gg.tensor([1.0, 2.0], requires_grad=True, name="x")
    with gg.scope("pair"):
        a = gg.exp(x)
        b = gg.tanh(a)
    graph = passes.collapse(extract(a * b), 1)
    group = next(node for node in graph.nodes if node.kind == "group")
    assert group.shape == ((2,), (2,))
    assert len(graph.out_of(group)) == 2


def test_collapse_refuses_depth_0(pictures):
    with pytest.raises(ValueError, match="depth must be at least 1, got 0"):
        passes.collapse(chain(3), 0)


def test_auto_depth_closes_modules_until_the_picture_is_readable():
    x = gg.tensor([1.0], requires_grad=True, name="x")
    for i in range(40):
        with gg.scope(f"block{i}"):
            for part in ("a", "b"):
                with gg.scope(part):
                    x = gg.tanh(gg.exp(x))
    graph = extract(x)
    assert passes.auto_depth(graph, 200) is None
    assert passes.auto_depth(graph, 150) == 2
    assert passes.auto_depth(graph, 60) == 1
    view = viz.graph(x)
    assert len(view.nodes) == 81
    assert "closed at depth 2" in view.to_dot()


def test_select_one_module(pictures):
    y, _network = pictures.two_layers()
    view = viz.graph(y)
    part = view.select("second")
    assert [node.op for node in part.nodes if node.is_operation] == ["matmul", "add"]
    assert part.nodes[0].kind == "input"
    assert part.nodes[-1].output
    assert "TwoLayers.second" in str(part)
    with pytest.raises(ValueError, match="no operation lies in 'third'; modules here: first, second"):
        view.select("third")


def test_between():
    graph = chain(10, reads=[2, 8])
    part = passes.between(graph, ["n3"], ["n6"])
    assert [node.id for node in part.nodes if node.is_operation] == ["n3", "n4", "n5", "n6"]
    assert [node.id for node in part.nodes if not node.is_operation] == ["n2"]
    assert part.nodes[-1].output


def test_boxes_without_nodes_are_forgotten():
    x = gg.tensor(np.ones((2, 3), np.float32), requires_grad=True)
    with gg.scope("flatten"):
        y = x.reshape(6)
    graph = passes.fold_views(extract(gg.exp(y)))
    assert graph.groups == {}


def test_unwrap_leaves_a_users_scope_alone():
    x = gg.tensor([1.0], requires_grad=True)
    with gg.scope("mine"):
        y = gg.exp(x)
    graph = extract(y)
    assert passes.unwrap(graph) == graph
    assert graph.groups == {"mine": Group("mine", ("mine",))}


def test_unwrap_takes_the_networks_box_and_leaves_the_losses(pictures):
    network = pictures.TwoLayers()

    class Loss(Module):
        def forward(self, y):
            return (y * y).sum()

    graph = passes.unwrap(extract(Loss()(network(gg.tensor(np.ones((5, 4), np.float32))))))
    assert graph.meta["title"] == "TwoLayers"
    assert {key: group.path for key, group in graph.groups.items()} == {
        "first": ("first",),
        "second": ("second",),
        "Loss": ("Loss",),
    }
    assert {node.group for node in graph.nodes} == {None, "first", "second", "Loss"}
    assert_ordered(graph)


def test_two_networks_keep_their_boxes(pictures):
    class Other(pictures.TwoLayers):
        pass

    first, second = pictures.TwoLayers(), Other()
    x = gg.tensor(np.ones((5, 4), np.float32))
    graph = extract(first(x) + second(x))
    assert passes.unwrap(graph) == graph


def test_masks_are_written_into_the_card():
    x = gg.tensor([1.0, -2.0], requires_grad=True, name="x")
    graph = passes.inline_constants(extract(gg.where(gg.tensor([True, False]), x, -x)))
    where = next(node for node in graph.nodes if node.op == "where")
    assert where.inline == ((0, "condition"),)
    assert "where(condition, x, " in viz.graph(gg.where(gg.tensor([True, False]), x, -x)).to_dot()
