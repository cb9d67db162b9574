"""Hooks of modules: order, replacement, handles, errors. The oracle test compares them with PyTorch's."""

import warnings

import numpy as np
import pytest

import glassgrad as gg
from glassgrad import nn


class Both(nn.Module):
    """Two inputs, an option, two outputs."""

    def forward(self, x, y, *, scale=1.0):
        return x * y * scale, x + y


def leaf(*values):
    return gg.tensor(list(values), dtype="float64", requires_grad=True)


@pytest.mark.parametrize("kind", [
    "register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook",
    "register_full_backward_pre_hook", "register_backward_hook",
])  # fmt: skip
def test_a_handle_removes_only_its_own_hook(kind):
    """Keys of hooks that are gone are not used again."""
    layer, log = nn.ReLU(), []
    first = getattr(layer, kind)(lambda *_: log.append("first"))
    first.remove()
    second = getattr(layer, kind)(lambda *_: log.append("second"))
    first.remove()
    layer(leaf(1.0)).sum().backward()
    assert log == ["second"]
    second.remove()
    layer(leaf(1.0)).sum().backward()
    assert log == ["second"]


def test_order_and_prepend():
    layer, log = nn.ReLU(), []
    layer.register_forward_hook(lambda *_: log.append("after 1"))
    layer.register_forward_hook(lambda *_: log.append("after 0"), prepend=True)
    layer.register_forward_pre_hook(lambda *_: log.append("before 1"))
    layer.register_forward_pre_hook(lambda *_: log.append("before 0"), prepend=True)
    layer.register_full_backward_hook(lambda *_: log.append("backward 1"))
    layer.register_full_backward_hook(lambda *_: log.append("backward 0"), prepend=True)
    layer.register_full_backward_pre_hook(lambda *_: log.append("gradient"))
    layer(leaf(1.0)).sum().backward()
    assert log == ["before 0", "before 1", "after 0", "after 1", "gradient", "backward 0", "backward 1"]


def test_pre_hooks_replace_arguments():
    net = Both()
    with net.register_forward_pre_hook(lambda module, args: (args[0] + 1, args[1])):
        assert net(gg.tensor(1.0), gg.tensor(5.0))[0].item() == 10
    with net.register_forward_pre_hook(lambda module, args, kwargs: (args, {"scale": 3.0}), with_kwargs=True):
        assert net(gg.tensor(1.0), gg.tensor(5.0), scale=9.0)[0].item() == 15
    with net.register_forward_pre_hook(lambda module, args: None):
        assert net(gg.tensor(1.0), gg.tensor(5.0))[0].item() == 5
    assert net(gg.tensor(1.0), gg.tensor(5.0))[0].item() == 5


def test_forward_hooks_see_keyword_arguments():
    net, seen = Both(), []
    hook = lambda module, args, kwargs, out: seen.append((len(args), kwargs))  # noqa: E731
    with net.register_forward_hook(hook, with_kwargs=True):
        net(gg.tensor(1.0), gg.tensor(5.0), scale=2.0)
    assert seen == [(2, {"scale": 2.0})]


def test_hooks_that_are_always_called():
    layer, log = nn.Linear(2, 1), []
    layer.register_forward_hook(lambda *_: log.append("only after success"))
    layer.register_forward_hook(lambda module, args, out: log.append(out), always_call=True)
    with pytest.raises(ValueError, match="linear"):
        layer(gg.zeros(1, 3))
    assert log == [None]
    layer.register_forward_hook(lambda *_: 1 / 0, always_call=True)
    with pytest.raises(ValueError, match="linear"), pytest.warns(UserWarning, match="ZeroDivisionError"):
        layer(gg.zeros(1, 3))
    with pytest.raises(ZeroDivisionError):
        layer(gg.zeros(1, 2))


def test_gradients_of_inputs_and_outputs():
    net, seen = Both(), []
    net.register_full_backward_hook(lambda module, into, out: seen.append((into, out)))
    x, y = leaf(1.0, 2.0), leaf(3.0, 5.0)
    product, _ = net(x, y)
    (product * gg.tensor([1.0, 10.0])).sum().backward()
    ((into, out),) = seen
    assert [g.tolist() for g in into] == [[3, 50], [1, 20]]
    assert out[0].tolist() == [1, 10] and out[1] is None, "nothing used the sum"
    assert x.grad.tolist() == [3, 50]
    into[0].zero_()
    assert x.grad.tolist() == [3, 50], "what a hook sees is its own"


def test_backward_hooks_replace_gradients():
    layer, x = nn.Linear(2, 1, dtype="float64"), leaf(1.0, 2.0)
    layer.register_full_backward_pre_hook(lambda module, out: (out[0] * 3,))
    layer.register_full_backward_hook(lambda module, into, out: (into[0] + 1,))
    layer(x).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 3 * layer.weight.numpy()[0] + 1)
    assert layer.weight.grad.tolist() == [[3, 6]] and layer.bias.grad.tolist() == [3]


def test_without_gradients_of_inputs_the_hook_sees_those_of_the_outputs():
    layer, seen = nn.Linear(2, 1), []
    handle = layer.register_full_backward_hook(lambda module, into, out: seen.append((into, out[0].tolist())))
    layer(gg.ones(1, 2)).sum().backward()
    assert seen == [((None,), [[1.0]])]
    with gg.no_grad():
        layer(gg.ones(1, 2))
    handle.remove()
    layer.register_full_backward_hook(lambda module, into, out: (out[0],))
    with pytest.raises(RuntimeError, match="Linear, no input of which requires grad, must return None"):
        layer(gg.ones(1, 2)).sum().backward()


def test_hooks_of_a_recorded_pass_can_be_differentiated():
    layer, x = nn.Tanh(), leaf(0.3, -0.7)
    layer.register_full_backward_hook(lambda module, into, out: (into[0] * into[0],))
    (g,) = gg.grad(layer(x).sum(), x, create_graph=True)
    t = np.tanh(x.numpy())
    np.testing.assert_allclose(g.numpy(), (1 - t**2) ** 2)
    np.testing.assert_allclose(gg.grad(g.sum(), x)[0].numpy(), -4 * t * (1 - t**2) ** 2)


def test_hooks_of_parts_of_a_network():
    """The gradient that leaves one layer is the one that enters the layer before."""
    net, seen = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)), {}
    for name, layer in net.named_children():
        layer.register_full_backward_hook(lambda module, into, out, name=name: seen.update({name: (into[0], out[0])}))
    (net(gg.randn(5, 3)) ** 2).sum().backward()
    assert list(seen) == ["2", "1", "0"]
    assert seen["2"][0].tolist() == seen["1"][1].tolist() and seen["1"][0].tolist() == seen["0"][1].tolist()
    assert seen["0"][0] is None, "the data require no gradient"


@pytest.mark.parametrize(
    ("kind", "hook", "error", "message"),
    [
        ("register_forward_hook", "no function", TypeError, "register_forward_hook: expected a function, got str"),
        ("register_full_backward_hook", None, TypeError, "register_full_backward_hook: expected a function"),
        ("register_full_backward_hook", lambda m, i, o: (i[0], i[0]), RuntimeError,
         "a backward hook of Tanh returned 2 gradients, but the module has 1 inputs"),
        ("register_full_backward_hook", lambda m, i, o: (1.0,), TypeError, "returned a float as gradient 0, not a Ten"),
        ("register_full_backward_hook", lambda m, i, o: (i[0].sum(),), RuntimeError, r"shape \(\) for gradient 0, .*2"),
        ("register_full_backward_pre_hook", lambda m, o: (), RuntimeError, "returned 0 gradients, but .* 1 outputs"),
    ],
)  # fmt: skip
def test_wrong_hooks(kind, hook, error, message):
    layer = nn.Tanh()
    with pytest.raises(error, match=message):
        getattr(layer, kind)(hook)
        layer(leaf(1.0, 2.0)).sum().backward()


def test_wrong_results_of_a_pre_hook_with_kwargs():
    net = Both()
    net.register_forward_pre_hook(lambda module, args, kwargs: args, with_kwargs=True)
    with pytest.raises(RuntimeError, match=r"pre-hook of Both with kwargs must return None or a pair \(args, kwargs\)"):
        net(gg.tensor(1.0))


def test_outputs_that_no_hook_can_see_give_a_warning():
    class AsDict(nn.Module):
        def forward(self, x):
            return {"out": x * 2}

    net, x = AsDict(), leaf(1.0)
    net.register_full_backward_hook(lambda *_: 1 / 0)
    with pytest.warns(UserWarning, match="the backward hooks of AsDict are not called, for its output is a dict"):
        out = net(x)
    out["out"].sum().backward()
    assert x.grad.tolist() == [2]


def test_a_summary_with_hooks_is_quiet():
    layer = nn.Linear(2, 1)
    layer.register_full_backward_hook(lambda *_: None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "3" in layer.summary((1, 2))
