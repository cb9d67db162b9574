"""Module: registration, names, modes, scopes, copies, and the messages for what goes wrong."""

import copy
import gc
import threading
import weakref

import numpy as np
import pytest

import glassgrad as gg
from glassgrad import nn


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 3)
        self.scale = nn.Parameter([2.0])
        self.register_buffer("offset", gg.tensor([1.0]))

    def forward(self, x):
        return self.linear(x) * self.scale + self.offset


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = Block()
        self.layers = nn.ModuleList([nn.Linear(3, 3), nn.Linear(3, 3)])
        self.second = self.first
        self.out = nn.Sequential(nn.ReLU(), nn.Linear(3, 2))

    def forward(self, x):
        x = self.first(x)
        for layer in self.layers:
            x = layer(x)
        return self.out(x)


# --- registration


def test_members_come_in_definition_order_and_shared_ones_once():
    names = [name for name, _ in Net().named_parameters()]
    assert names == [
        "first.scale", "first.linear.weight", "first.linear.bias", "layers.0.weight", "layers.0.bias",
        "layers.1.weight", "layers.1.bias", "out.1.weight", "out.1.bias",
    ]  # fmt: skip
    net = Net()
    assert [name for name, _ in net.named_modules()] == [
        "", "first", "first.linear", "layers", "layers.0", "layers.1", "out", "out.0", "out.1",
    ]  # fmt: skip
    assert [name for name, _ in net.named_children()] == ["first", "layers", "out"]
    assert [name for name, _ in net.named_buffers()] == ["first.offset"]
    assert len(list(net.modules())) == 9 and len(list(net.children())) == 3 and len(list(net.buffers())) == 1
    assert [name for name, _ in net.named_parameters(prefix="net", recurse=False)] == []
    assert next(net.named_parameters(prefix="net"))[0] == "net.first.scale"


def test_parameters_are_named_by_their_attribute_unless_they_have_a_name():
    net = Net()
    assert net.first.linear.weight.name == "weight"
    net.first.gain = nn.Parameter([1.0], name="γ")
    assert net.first.gain.name == "γ"


def test_reassigning_keeps_the_place_and_deleting_removes():
    block = Block()
    block.linear = nn.Linear(3, 5)
    assert [name for name, _ in block.named_parameters()] == ["scale", "linear.weight", "linear.bias"]
    block.scale = None
    assert [name for name, _ in block.named_parameters()] == ["linear.weight", "linear.bias"]
    block.scale = nn.Parameter([3.0])
    assert next(block.named_parameters())[0] == "scale"
    del block.linear
    assert not list(block.children()) and not hasattr(block, "linear")


def test_an_attribute_can_change_what_it_is():
    module = nn.Module()
    module.x = nn.Parameter([1.0])
    module.x = nn.ReLU()
    assert not list(module.parameters()) and len(list(module.children())) == 1
    module.register_buffer("x", gg.zeros(1))
    assert not list(module.children()) and list(module.state_dict()) == ["x"]
    module.x = None
    assert not module.state_dict()


def test_a_plain_tensor_is_an_attribute_and_nothing_more():
    module = nn.Module()
    module.cache = gg.zeros(2)
    assert not list(module.buffers()) and module.cache.shape == (2,)


def test_transient_buffers_are_not_in_the_state():
    module = nn.Module()
    module.register_buffer("kept", gg.zeros(1))
    module.register_buffer("scratch", gg.zeros(1), persistent=False)
    assert list(module.state_dict()) == ["kept"]
    assert [name for name, _ in module.named_buffers()] == ["kept", "scratch"]


# --- what goes wrong


def test_forgetting_super_init():
    class Forgetful(nn.Module):
        def __init__(self):
            self.size = 3
            self.layer = nn.Linear(3, 3)

    with pytest.raises(AttributeError, match=r"Forgetful.__init__ must call super\(\).__init__\(\) before"):
        Forgetful()

    class Empty(nn.Module):
        def __init__(self):
            pass

    with pytest.raises(AttributeError, match=r"must call super\(\)"):
        list(Empty().parameters())


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("scale", gg.zeros(1), r"Block.scale is a parameter and cannot become a Tensor; assign an nn.Parameter, or"),
        ("scale", 3.0, r"Block.scale is a parameter and cannot become a float"),
        ("offset", 3.0, r"Block.offset is a buffer and cannot become a float; assign a Tensor or None"),
        ("linear", gg.zeros(1), r"Block.linear is a module and cannot become a Tensor; assign a Module or None"),
    ],
)
def test_assigning_the_wrong_kind(name, value, message):
    block = Block()
    with pytest.raises(TypeError, match=message):
        setattr(block, name, value)
    assert len(block.state_dict()) == 4


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: m.register_parameter("w", gg.zeros(1)), TypeError, "expected an nn.Parameter, not Tensor"),
        (lambda m: m.register_buffer("b", np.zeros(1)), TypeError, "a buffer is a Tensor, not a ndarray"),
        (lambda m: m.register_buffer("b", nn.Parameter([1.0])), ValueError, "requires grad; give tensor.detach"),
        (lambda m: m.add_module("m", nn.ReLU), TypeError, r"got the class ReLU; make an instance: ReLU\(...\)"),
        (lambda m: m.add_module("m", 3), TypeError, "expected a Module, not int"),
        (lambda m: m.add_module("a.b", nn.ReLU()), ValueError, "must not be empty or hold a dot"),
        (lambda m: m.add_module("", nn.ReLU()), ValueError, "must not be empty"),
        (lambda m: m.add_module(3, nn.ReLU()), TypeError, "must be a string, not int"),
        (lambda m: m.add_module("train", nn.ReLU()), ValueError, "'train' is an attribute of every Module"),
        (lambda m: setattr(m, "forward", nn.ReLU()), ValueError, "'forward' is an attribute of every Module"),
        (lambda m: m.add_module("me", m), ValueError, "would contain itself"),
        (lambda m: m.add_module("up", nn.Sequential(m)), ValueError, "would contain itself"),
        (lambda m: m.train(1), TypeError, "mode must be True or False"),
        (lambda m: m.to("int64"), TypeError, "parameters are floating-point"),
        (lambda m: m.register_forward_hook(3), TypeError, "expected a function"),
        (lambda m: m.weight, AttributeError, "'Module' module has no attribute 'weight'"),
        (lambda m: m(1), NotImplementedError, "Module does not define forward"),
        (lambda m: m.summary(), TypeError, "give the shape of the input"),
    ],
)
def test_clear_errors(call, error, message):
    with pytest.raises(error, match=message):
        call(nn.Module())


def test_wrong_inputs_say_where():
    net = Net()
    with pytest.raises(ValueError, match=r"linear: input of shape \(2, 4\) .* \[in module Net.first.linear\]"):
        net(gg.zeros(2, 4))
    with pytest.raises(TypeError, match=r"linear: input must be .* not str.*"):
        nn.Linear(2, 2)("abc")
    with pytest.raises(TypeError, match=r"forward\(\) missing 1 required positional argument: 'x'"):
        net()
    net.layers[1] = nn.Linear(4, 3)
    with pytest.raises(ValueError, match=r"\[in module Net.layers.1\]"):
        net(gg.zeros(2, 3))
    with pytest.raises(NotImplementedError, match="a ModuleList is not called"):
        net.layers(gg.zeros(1))


# --- scopes


def scopes(y):
    """The module paths of the operations below y."""
    found, stack, seen = set(), [y.grad_fn], set()
    while stack:
        node = stack.pop()
        if isinstance(node, gg.autograd.Node) and not node.is_leaf and id(node) not in seen:
            seen.add(id(node))
            found.add(node.scope)
            stack.extend(node.inputs)
    return found


def test_nodes_know_their_module_path():
    net = Net()
    x = gg.zeros(1, 3)
    expected = {
        ("Net", "first"), ("Net", "first", "linear"), ("Net", "layers", "0"), ("Net", "layers", "1"),
        ("Net", "out", "0"), ("Net", "out", "1"),
    }  # fmt: skip
    assert scopes(net(x)) == expected
    assert scopes(net(x)) == expected, "the second call uses the remembered paths"
    assert scopes(net.first(x)) == {("Block",), ("Block", "linear")}, "what is called outermost goes by its class"
    assert scopes(net(x)) == expected
    assert (net(x) * 2).grad_fn.scope == ()


def test_paths_follow_the_caller_of_a_shared_module():
    shared = nn.Linear(2, 2)
    a, b = nn.Sequential(shared), nn.Sequential(nn.ReLU(), shared)
    x = gg.zeros(1, 2)
    for _ in range(2):
        assert a(x).grad_fn.scope == ("Sequential", "0")
        assert b(x).grad_fn.scope == ("Sequential", "1")


def test_paths_follow_changes_of_the_structure():
    net = nn.Sequential(nn.Linear(2, 2))
    x = gg.zeros(1, 2)
    assert net(x).grad_fn.scope == ("Sequential", "0")

    class Caller(nn.Module):
        def __init__(self, layer):
            super().__init__()
            self.old = layer

        def forward(self, x):
            return next(self.children())(x)

    layer = nn.Linear(2, 2)
    caller = Caller(layer)
    assert caller(x).grad_fn.scope == ("Caller", "old")
    del caller.old
    caller.new = layer
    assert caller(x).grad_fn.scope == ("Caller", "new")


def test_scopes_of_the_user_nest_with_those_of_modules():
    class Branching(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Linear(2, 2)

        def forward(self, x):
            with gg.scope("branch"):
                return self.conv(x)

    assert Branching()(gg.zeros(1, 2)).grad_fn.scope == ("Branching", "branch", "conv")
    with gg.scope("outside"):
        assert Branching()(gg.zeros(1, 2)).grad_fn.scope == ("outside", "Branching", "branch", "conv")


def test_each_call_has_a_context_of_its_own():
    relu = nn.ReLU()
    x = gg.ones(2, requires_grad=True)
    assert relu(x).grad_fn.context is not relu(x).grad_fn.context


def test_the_scope_ends_with_an_error_and_keeps_the_mode():
    net = Net()
    with gg.no_grad():
        assert not net(gg.zeros(1, 3)).requires_grad
        with pytest.raises(ValueError, match="in module"):
            net(gg.zeros(1, 4))
        assert not gg.is_grad_enabled()
    x = gg.ones(1, requires_grad=True)
    assert (x * 2).grad_fn.scope == ()


def test_threads_have_their_own_paths():
    net, wrong = Net(), []

    def work():
        for _ in range(50):
            if ("Net", "layers", "1") not in scopes(net(gg.zeros(1, 3))):
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


# --- modes, conversion, copies


def test_train_and_eval_reach_everything():
    net = Net()
    assert net.eval() is net and not any(m.training for m in net.modules())
    net.out.train()
    assert net.out[0].training and not net.first.training


def test_zero_grad_and_requires_grad():
    block = Block()
    block(gg.ones(1, 3)).sum().backward()
    block.zero_grad(set_to_none=False)
    assert block.scale.grad.numpy().tolist() == [0.0]
    block.zero_grad()
    assert block.scale.grad is None
    block.requires_grad_(False)
    assert not block(gg.ones(1, 3)).requires_grad
    block.requires_grad_()
    assert block(gg.ones(1, 3)).requires_grad


def test_to_converts_in_place_and_keeps_identity_names_and_gradients():
    net = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3))
    net(gg.randn(4, 3)).sum().backward()
    before = list(net.parameters())
    frozen = net[0].bias
    frozen.requires_grad = False
    assert net.double() is net
    assert all(a is b for a, b in zip(net.parameters(), before, strict=True))
    assert {p.dtype for p in net.parameters()} == {np.dtype("float64")}
    assert net[1].running_var.dtype == np.float64 and net[1].num_batches_tracked.dtype == np.int64
    assert net[0].weight.name == "weight" and net[0].weight.grad.dtype == np.float64 and not frozen.requires_grad
    out = net(gg.randn(4, 3, dtype="float64"))
    assert out.dtype == np.float64
    out.sum().backward()
    assert net[1].bias.grad.numpy().tolist() == [8.0] * 3
    assert net.float()[0].weight.dtype == np.float32


def test_deepcopy_is_independent():
    net = Net()
    x = gg.ones(1, 3)
    net(x)
    twin = copy.deepcopy(net)
    assert twin.first is twin.second, "sharing is kept"
    assert scopes(twin(x)) == scopes(net(x))
    with gg.no_grad():
        twin.first.scale.zero_()
    assert net.first.scale.item() == 2.0
    assert np.array_equal(twin.layers[0].weight.numpy(), net.layers[0].weight.numpy())


def test_apply_goes_from_the_inside_out():
    order = []
    Block().apply(lambda module: order.append(type(module).__name__))
    assert order == ["Linear", "Block"]


def test_hooks_see_and_replace_the_output():
    layer = nn.ReLU()
    first = layer.register_forward_hook(lambda module, args, out: out + 1)
    second = layer.register_forward_hook(lambda module, args, out: None)
    assert layer(gg.tensor([1.0])).item() == 2.0
    first.remove()
    assert layer(gg.tensor([1.0])).item() == 1.0
    second.remove()


def test_modules_die_without_the_garbage_collector():
    gc.disable()
    try:
        net = Net()
        net(gg.zeros(1, 3)).sum().backward()
        reference = weakref.ref(net.first)
        del net
        assert reference() is None
    finally:
        gc.enable()


# --- looks


def test_summary_counts_and_restores():
    net = nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.5), nn.BatchNorm1d(3))
    net[1].eval()
    state = net.state_dict()
    table = net.summary((2, 4))
    assert table.splitlines()[1].split() == ["0", "Linear", "(2,", "3)", "15"]
    assert table.splitlines()[-1] == "Sequential: 21 parameters, 21 trainable, 84 B"
    assert [m.training for m in net] == [True, False, True]
    assert all(np.array_equal(state[n].numpy(), v.numpy()) for n, v in net.state_dict().items())
    assert net.summary(gg.zeros(2, 4)) == table
    with pytest.raises(ValueError, match=r"in module Sequential\.0"):
        net.summary((2, 5))
    assert [m.training for m in net] == [True, False, True] and not any(m._hooks for m in net)


def test_summary_counts_shared_parameters_once():
    layer = nn.Linear(3, 3)
    table = nn.Sequential(layer, nn.ReLU(), layer).summary((1, 3))
    assert "(shared)" in table and "12 parameters" in table


def test_repr_nests():
    assert repr(Net()) == (
        "Net(\n"
        "  (first): Block(\n"
        "    (linear): Linear(in_features=3, out_features=3, bias=True)\n"
        "  )\n"
        "  (layers): ModuleList(\n"
        "    (0-1): 2 x Linear(in_features=3, out_features=3, bias=True)\n"
        "  )\n"
        "  (second): Block(\n"
        "    (linear): Linear(in_features=3, out_features=3, bias=True)\n"
        "  )\n"
        "  (out): Sequential(\n"
        "    (0): ReLU()\n"
        "    (1): Linear(in_features=3, out_features=2, bias=True)\n"
        "  )\n"
        ")"
    )


def test_parameter():
    weight = nn.Parameter(np.ones((2, 2)), name="w")
    assert weight.dtype == np.float64 and weight.requires_grad and weight.is_leaf
    assert repr(nn.Parameter([1.0])) == "Parameter containing:\ntensor([1.], requires_grad=True)"
    assert type(weight * 2) is gg.Tensor and type(copy.deepcopy(weight)) is nn.Parameter
    with pytest.raises(TypeError, match="only floating-point tensors can require grad, not int64"):
        nn.Parameter([1, 2])
    assert nn.Parameter([1, 2], requires_grad=False).dtype == np.int64


# --- containers


def test_sequential_is_a_sequence():
    net = nn.Sequential({"first": nn.Linear(2, 3), "act": nn.ReLU()})
    net.append(nn.Linear(3, 1))
    assert len(net) == 3 and [name for name, _ in net.named_children()] == ["first", "act", "2"]
    assert net[-1] is net[2] and net[:2][0] is net.first and len(net[1:]) == 2
    assert list(net)[1] is net.act
    net[1] = nn.Tanh()
    assert isinstance(net.act, nn.Tanh)
    assert nn.Sequential()(5) == 5
    for index, error, message in ((3, IndexError, "no position 3; it holds 3"), ("act", TypeError, "an integer or a")):
        with pytest.raises(error, match=message):
            net[index]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Sequential([nn.ReLU()]), r"item 0: expected a Module, not a list; unpack it with \*"),
        (lambda: nn.Sequential(nn.ReLU(), gg.relu), "item 1: expected a Module, not the function relu"),
        (lambda: nn.Sequential(nn.ReLU), r"item 0: got the class ReLU; make an instance"),
        (lambda: nn.ModuleList(nn.ReLU()), "got a single ReLU; put it in brackets"),
        (lambda: nn.ModuleList([None]), "item 0: expected a Module, not NoneType"),
    ],
)
def test_containers_hold_modules(make, message):
    with pytest.raises(TypeError, match=message):
        make()


def test_module_list_is_a_sequence():
    layers = nn.ModuleList([nn.ReLU(), nn.Tanh()])
    layers.extend([nn.Sigmoid()]).append(nn.Identity())
    assert [type(m).__name__ for m in layers] == ["ReLU", "Tanh", "Sigmoid", "Identity"]
    assert isinstance(layers[1:3], nn.ModuleList) and len(layers[1:3]) == 2 and layers[-1] is layers[3]
