"""Lists and dictionaries of modules and parameters; and plain ones, which hide what they hold."""

from collections import OrderedDict

import pytest

import glassgrad as gg
from glassgrad import nn


def kinds(container):
    return [type(module).__name__ for module in container]


@pytest.mark.parametrize("make", [lambda *m: nn.Sequential(*m), lambda *m: nn.ModuleList(m)])
def test_ordered_containers_change_like_lists(make):
    layers = make(nn.ReLU(), nn.Tanh())
    assert layers.append(nn.Sigmoid()) is layers and layers.extend([nn.ELU()]) is layers
    assert layers.insert(1, nn.Linear(2, 3)) is layers
    assert kinds(layers) == ["ReLU", "Linear", "Tanh", "Sigmoid", "ELU"]
    assert list(layers.state_dict()) == ["1.weight", "1.bias"]
    assert isinstance(layers.pop(0), nn.ReLU) and list(layers.state_dict()) == ["0.weight", "0.bias"]
    del layers[1:3]
    assert kinds(layers) == ["Linear", "ELU"] and [n for n, _ in layers.named_children()] == ["0", "1"]
    del layers[-1]
    layers += [nn.Mish()]
    both = layers + make(nn.SiLU())
    assert type(both) is type(layers) and kinds(both) == ["Linear", "Mish", "SiLU"] and len(layers) == 2
    assert layers[0] in layers and layers[0] is both[0]
    with pytest.raises(IndexError, match="there is no position 2"):
        layers.pop(2)
    with pytest.raises(IndexError, match="cannot insert at 9"):
        layers.insert(9, nn.ReLU())
    with pytest.raises(TypeError, match="item 3: expected a Module, not int"):
        layers.extend([nn.ReLU(), 3])
    with pytest.raises(TypeError, match="got a single ReLU; put it in brackets"):
        layers.extend(nn.ReLU())
    assert kinds(layers) == ["Linear", "Mish"], "nothing was added"


def test_paths_follow_a_deletion():
    net = nn.Sequential(nn.ReLU(), nn.Linear(2, 2))
    assert net(gg.zeros(1, 2)).grad_fn.scope == ("Sequential", "1")
    del net[0]
    assert net(gg.zeros(1, 2)).grad_fn.scope == ("Sequential", "0")


def test_module_dict():
    heads = nn.ModuleDict({"a": nn.Linear(2, 1), "b": nn.ReLU()})
    heads["c"] = nn.Tanh()
    heads.update(OrderedDict(b=nn.Sigmoid()))
    heads.update([("d", nn.Identity())])
    assert list(heads) == list(heads.keys()) == ["a", "b", "c", "d"] and len(heads) == 4 and "a" in heads
    assert kinds(heads.values()) == ["Linear", "Sigmoid", "Tanh", "Identity"]
    assert list(heads.state_dict()) == ["a.weight", "a.bias"] and heads["a"] is dict(heads.items())["a"]
    assert isinstance(heads.pop("c"), nn.Tanh) and "c" not in heads and heads.get("c") is None
    del heads["b"]
    heads.clear()
    assert len(heads) == 0 and not list(heads.parameters())
    assert len(nn.ModuleDict(nn.ModuleDict({"x": nn.ReLU()}))) == 1


def test_parameter_list():
    first = nn.Parameter([1.0])
    weights = nn.ParameterList([first, gg.ones(2)])
    weights.append([3.0, 4.0]).extend([gg.zeros(1)])
    weights[1] = nn.Parameter([9.0])
    assert weights[0] is first and weights[-1].tolist() == [0] and len(weights) == 4
    assert [n for n, _ in weights.named_parameters()] == ["0", "1", "2", "3"]
    assert [p.tolist() for p in weights] == [[1], [9], [3, 4], [0]]
    assert [p.tolist() for p in weights[1:3]] == [[9], [3, 4]]
    assert all(isinstance(p, nn.Parameter) and p.requires_grad for p in weights)


def test_parameter_dict():
    scales = nn.ParameterDict({"a": gg.ones(2)})
    scales["b"] = nn.Parameter([5.0])
    assert list(scales) == ["a", "b"] and scales["a"].requires_grad
    assert scales.pop("a").shape == (2,) and list(scales.state_dict()) == ["b"]
    assert repr(scales) == "ParameterDict(\n  (b): Parameter containing: [float32 of size 1]\n)"


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.ModuleDict({"a": 3}), TypeError, r"ModuleDict\['a'\]: expected a Module, not int"),
        (lambda: nn.ModuleDict({"a": nn.ReLU}), TypeError, "got the class ReLU; make an instance"),
        (lambda: nn.ModuleDict({1: nn.ReLU()}), TypeError, "a key must be a string, not int"),
        (lambda: nn.ModuleDict({"a.b": nn.ReLU()}), ValueError, "must not be empty or hold a dot"),
        (lambda: nn.ModuleDict({"forward": nn.ReLU()}), ValueError, "'forward' is an attribute of every ModuleDict"),
        (lambda: nn.ParameterDict({"items": [1.0]}), ValueError, "'items' is an attribute of every ParameterDict"),
        (lambda: nn.ModuleDict([nn.ReLU()]), TypeError, r"expected pairs \(key, value\), got a ReLU"),
        (lambda: nn.ModuleDict(3), TypeError, "expected a dict or pairs, got int"),
        (lambda: nn.ModuleDict()["a"], KeyError, "ModuleDict holds no 'a'; it holds nothing"),
        (lambda: nn.ModuleDict()(3), NotImplementedError, "a ModuleDict is not called"),
        (lambda: nn.ParameterList([nn.ReLU()]), TypeError, "item 0: .*not the module ReLU; use nn.ModuleList"),
        (lambda: nn.ParameterList(gg.ones(2)), TypeError, "got a single Tensor; put it in brackets"),
        (lambda: nn.ParameterList([[1, 2]]), TypeError, "item 0: expected a parameter, or numbers to make one of"),
        (lambda: nn.ParameterList([gg.ones(1)])[4], IndexError, "there is no position 4; it holds 1 parameters"),
        (lambda: nn.ParameterDict({"a": "text"}), TypeError, r"ParameterDict\['a'\]: expected a parameter"),
    ],
)
def test_messages(make, error, message):
    with pytest.raises(error, match=message):
        make()


# --- plain lists


class Hidden(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = [nn.Linear(2, 2), nn.ReLU()]
        self.scales = {"a": nn.Parameter([1.0])}
        self.inner = nn.Sequential(nn.Identity())
        self.inner.more = (nn.Parameter([2.0]),)
        self.sizes = [1, 2]

    def forward(self, x):
        return x


HINT = (
    "hint: layers is a plain list, whose contents are not registered; use nn.ModuleList. "
    "scales is a plain dict, whose contents are not registered; use nn.ParameterDict. "
    "inner.more is a plain tuple, whose contents are not registered; use nn.ParameterList"
)


def test_plain_lists_that_hide_members_are_named():
    net = Hidden()
    with pytest.raises(RuntimeError, match=r"unexpected: layers\.0\.weight") as caught:
        net.load_state_dict({"layers.0.weight": gg.zeros(2, 2)})
    assert str(caught.value).endswith(HINT)
    assert net.summary((1, 2)).endswith(HINT)


def test_no_hint_without_a_plain_list():
    with pytest.raises(RuntimeError) as caught:
        nn.Linear(1, 1).load_state_dict({})
    assert "hint" not in str(caught.value)
