"""What a user holds: good defaults, plain refusals, and text for a terminal."""

import numpy as np
import pytest

import glassgrad as gg
from glassgrad import viz


def chain(length):
    y = gg.Scalar(1.0, requires_grad=True)
    for _ in range(length):
        y = gg.tanh(y)
    return y


def test_the_content_chooses_the_mode():
    assert viz.graph(chain(60)).mode == "teach"
    assert viz.graph(chain(61)).mode == "net"
    assert viz.graph(chain(61), mode="teach").mode == "teach"
    assert viz.graph(gg.tensor([1.0], requires_grad=True) * 2).mode == "net"


def test_a_notebook_shows_the_picture_and_the_text(pictures, dot):
    view = viz.graph(pictures.product_and_sine())
    shown = view._repr_mimebundle_()
    assert set(shown) == {"image/svg+xml", "text/plain"}
    assert shown["image/svg+xml"].startswith("<svg ")
    assert "max-width:100%" in shown["image/svg+xml"]  # a wide picture is not cut off
    assert shown["text/plain"] == str(view)
    assert repr(view) == "<GraphView, teach: 5 nodes, 5 edges; print it or save it>"


def test_text_of_scalars(pictures):
    y = pictures.product_and_sine()
    assert str(viz.graph(y)).splitlines() == [
        "3 operations",
        "  x          leaf    2       grad –",
        "  y          leaf    3       grad –",
        "  a = x · y          6       grad –",
        "  b = sin x          0.9093  grad –",
        "  f = a + b  output  6.909   grad –",
    ]
    y.backward()
    assert "grad 3 − 0.4161 = 2.584" in str(viz.graph(y))


def test_a_sum_is_only_written_when_it_is_the_whole_truth(pictures):
    y = pictures.product_and_sine()
    y.backward()
    y.backward()  # leaves add up over passes, so the messages of one pass are not the gradient
    text = str(viz.graph(y))
    assert "2.584 =" not in text
    assert "= 5.168" not in text
    assert "5.168" in text


def test_many_messages_are_counted():
    x = gg.Scalar(2.0, requires_grad=True, name="x")
    y = x * x * x * x
    y.backward()
    assert "grad 8 + 8 + 8 + 8 = 32" in str(viz.graph(y))
    x = gg.Scalar(2.0, requires_grad=True, name="x")
    y = x * x * x * x * x
    y.backward()
    assert "grad Σ 5 messages = 80" in str(viz.graph(y))


def test_a_shared_leaf_stays_one_card_where_accumulation_is_the_lesson():
    x = gg.Scalar(0.5, requires_grad=True, name="x")
    y = x
    for _ in range(20):
        y = gg.tanh(y)
    y = y + x + x
    assert not [node for node in viz.graph(y).nodes if node.kind == "alias"]
    for _ in range(20):
        y = gg.tanh(y) * x
    view = viz.graph(y)
    assert [node for node in view.nodes if node.kind == "alias"]
    y.backward()
    assert "messages = " in str(viz.graph(y))  # the first card still tells the whole sum


def test_text_of_a_network(pictures):
    y, _network = pictures.two_layers()
    text = str(viz.graph(y))
    assert text.splitlines()[:2] == ["TwoLayers", "6 operations · 23 parameters"]
    for part in ("x ", "first", "weightᵀ (3, 4) 12", "bias (3,) 3", "relu", "second", "output"):
        assert part in text


def test_text_survives_any_name():
    x = gg.Scalar(1.0, requires_grad=True, name="a\nb\ud800\0")
    text = str(viz.graph(x * 2))
    text.encode()
    assert "a␊b�␀" in text


def test_view_changes_the_drawing_not_the_graph(pictures):
    y, _network = pictures.two_layers()
    view = viz.graph(y)
    closed = view.view(depth=1, title="Closed", theme="dark", direction="LR")
    assert closed.full is view.full
    assert len(closed.nodes) < len(view.nodes)
    assert "Closed" in closed.to_dot()
    assert "#0F172A" in closed.to_dot()
    assert 'rankdir="LR"' in closed.to_dot()
    assert view.view().to_dot() == view.to_dot()
    with pytest.raises(TypeError, match="unknown setting 'dpeth'; there are title, mode, depth, theme, direction"):
        view.view(dpeth=1)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"mode": "tape"}, "mode must be one of teach, net, got 'tape'"),
        ({"theme": "blue"}, "theme must be one of light, dark, print, got 'blue'"),
        ({"depth": 0}, "depth must be 'auto', None or a positive integer, got 0"),
        ({"depth": "all"}, "depth must be 'auto', None or a positive integer, got 'all'"),
        ({"depth": True}, "depth must be 'auto', None or a positive integer, got True"),
        ({"direction": "up"}, "direction must be 'LR', 'TB', 'RL' or 'BT', got 'up'"),
    ],
)
def test_unknown_settings_are_refused(setting, message):
    with pytest.raises(ValueError, match=message):
        viz.graph(chain(1), **setting)


@pytest.mark.parametrize("mode", ["teach", "net"])
@pytest.mark.parametrize(("direction", "theme"), [("LR", "light"), ("RL", "dark"), ("TB", "print"), ("BT", "dark")])
def test_every_setting_draws(direction, mode, theme, pictures, dot):
    y = pictures.product_and_sine()
    y.backward()
    assert viz.graph(y, direction=direction, mode=mode, theme=theme).svg().startswith("<svg")


def test_teaching_view_of_tensors(dot):
    x = gg.tensor([[1.0, 2.0]], name="X")
    w = gg.tensor([[3.0], [4.0]], requires_grad=True, name="W")
    y = (x @ w).sum()
    y.backward()
    view = viz.graph(y, mode="teach")
    source = view.to_dot()
    assert "a = X @ W" in source
    assert "not kept (tensors keep gradients on leaves)" in source
    assert view.svg()


def test_gradient_norms_stand_beside_parameters(pictures):
    y, network = pictures.two_layers()
    assert "‖g‖" not in viz.graph(y).to_dot()
    y.backward()
    norm = np.linalg.norm(network.first.weight.grad.numpy())
    assert f"‖g‖ {norm:.4g}"[:8] in viz.graph(y).to_dot()


def test_backward_graphs_are_marked_by_order(dot):
    x = gg.tensor(3.0, requires_grad=True, name="x")
    (slope,) = gg.grad(gg.sin(x) * x, [x], create_graph=True)
    view = viz.graph(slope)
    assert "∂" in view.to_dot()
    assert view.svg()
