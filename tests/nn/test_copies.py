"""Copies of modules: shallow, deep, pickled; and errors inside properties, which are often met there."""

import copy
import pickle

import numpy as np
import pytest

import glassgrad as gg
from glassgrad import nn


class Net(nn.Module):
    """Shared layers, a buffer, and what networks keep of their last call."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 3)
        self.second = self.first
        self.norm = nn.BatchNorm1d(3)
        self.register_buffer("scale", gg.tensor([2.0, 2.0, 2.0]))
        self.seen = {"outputs": []}
        self.last = None

    def forward(self, x):
        self.last = self.norm(self.second(self.first(x))) * self.scale
        self.seen["outputs"].append(self.last)
        return self.last


def used():
    gg.manual_seed(0)
    net = Net()
    net(gg.randn(4, 3)).sum().backward()
    return net


def test_a_shallow_copy_has_registers_of_its_own():
    original = nn.Linear(1, 1)
    twin = copy.copy(original)
    assert twin.weight is original.weight
    twin.weight = nn.Parameter([[5.0]])
    twin.extra = nn.ReLU()
    twin.register_buffer("count", gg.tensor(0))
    assert original.weight is next(original.parameters()) is not twin.weight
    assert original.state_dict()["weight"].item() == original.weight.item() != 5
    assert list(original.state_dict()) == ["weight", "bias"] and not list(original.children())
    assert twin.state_dict()["weight"].item() == 5 and list(twin.state_dict()) == ["weight", "bias", "count"]
    log = []
    original.register_forward_hook(lambda *_: log.append("original"))
    another = copy.copy(original)
    another.register_forward_hook(lambda *_: log.append("copy"))
    original(gg.zeros(1, 1))
    assert log == ["original"]


@pytest.mark.parametrize("kind", [nn.Sequential, nn.ModuleList])
def test_containers_are_copied_with_their_order(kind):
    layers = kind(*[nn.ReLU(), nn.Tanh()]) if kind is nn.Sequential else kind([nn.ReLU(), nn.Tanh()])
    twin = copy.copy(layers)
    twin.append(nn.Sigmoid())
    assert len(layers) == 2 and len(twin) == 3 and twin[0] is layers[0]


def test_a_deep_copy_of_a_module_that_holds_results():
    net = used()
    twin = copy.deepcopy(net)
    assert twin.first is twin.second and twin.first is not net.first
    for kept, copied in ((net.last, twin.last), (net.seen["outputs"][0], twin.seen["outputs"][0])):
        assert copied.is_leaf and not copied.requires_grad
        np.testing.assert_array_equal(copied.numpy(), kept.numpy())
        assert not np.shares_memory(copied.numpy(), kept.numpy())
    assert twin.last is twin.seen["outputs"][0], "one result stays one"
    np.testing.assert_array_equal(twin.first.weight.grad.numpy(), net.first.weight.grad.numpy())
    twin(gg.randn(2, 3)).sum().backward()
    assert twin.norm.num_batches_tracked.item() == 2 and net.norm.num_batches_tracked.item() == 1
    assert copy.deepcopy([net, net])[0].first.weight is not net.first.weight


def test_deep_copies_follow_getstate():
    class Forgetful(nn.Linear):
        def __getstate__(self):
            return {name: value for name, value in super().__getstate__().items() if name != "cache"}

        def __setstate__(self, state):
            vars(self).update(state, cache="made again")

    layer = Forgetful(1, 1)
    layer.cache = object()
    assert copy.deepcopy(layer).cache == "made again"


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_modules_are_pickled(protocol):
    net = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 4), nn.Linear(4, 4))
    net[4].weight = net[3].weight
    net[0].bias.requires_grad = False
    net[0].weight.name = "first"
    net(gg.randn(5, 3)).sum().backward()
    again = pickle.loads(pickle.dumps(net, protocol))
    assert repr(again) == repr(net) and again[4].weight is again[3].weight
    assert type(again[0].weight) is nn.Parameter and again[0].weight.name == "first"
    assert [p.requires_grad for p in again.parameters()] == [p.requires_grad for p in net.parameters()]
    for (name, a), b in zip(again.state_dict().items(), net.state_dict().values(), strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy(), err_msg=name)
    assert all(p.grad is None for p in again.parameters()), "gradients are not pickled, as in PyTorch"
    x = gg.randn(2, 3)
    np.testing.assert_array_equal(again.eval()(x).numpy(), net.eval()(x).numpy())
    again.train()(x).sum().backward()


def test_a_pickled_result_is_a_plain_value():
    layer = nn.Linear(2, 2)
    layer.last = layer(gg.ones(1, 2))
    layer.seen = {"outputs": [layer.last, 3]}
    again = pickle.loads(pickle.dumps(layer))
    assert again.seen["outputs"][0] is again.last and again.seen["outputs"][1] == 3
    assert again.last.is_leaf and not again.last.requires_grad and again.last.tolist() == layer.last.tolist()


# --- properties


class Typo(nn.Module):
    @property
    def width(self):
        return self.wdith

    @property
    def area(self):
        return self.width**2

    @property
    def length(self):
        return "text".nonsense


@pytest.mark.parametrize(
    ("name", "message"),
    [("width", "no attribute 'wdith'"), ("area", "no attribute 'wdith'"), ("length", "'str' .* 'nonsense'"),
     ("height", "'Typo' module has no attribute 'height'")],
)  # fmt: skip
def test_an_error_inside_a_property_is_shown(name, message):
    with pytest.raises(AttributeError, match=message):
        getattr(Typo(), name)
    assert not hasattr(Typo(), name)
