"""Optimisers: what a step does, options, state, messages. The worked numbers are in test_worked_optim.py."""

import math

import numpy as np
import pytest

import glassgrad as gg
from glassgrad import nn, optim


def leaf(values, dtype="float64"):
    return gg.tensor(np.array(values), dtype=dtype, requires_grad=True)


def steps(make, gradients, start=1.0, dtype="float64"):
    """The values of one parameter after each step with the given gradients."""
    w = leaf([start], dtype)
    optimizer = make([w])
    path = []
    for g in gradients:
        w.grad = gg.tensor(np.array([g]), dtype=dtype)
        optimizer.step()
        path.append(w.item())
    return path


# --- what a step does and does not


def test_updates_happen_in_place_and_are_seen_by_graphs():
    w = leaf([1.0, 2.0])
    y = (w * w).sum()
    w.grad = gg.ones(2, dtype="float64")
    array = w.numpy()
    optim.SGD([w], lr=0.5).step()
    assert array.tolist() == [0.5, 1.5] and w.is_leaf and w.requires_grad
    with pytest.raises(RuntimeError, match="sgd_step"):
        y.backward()


def test_updates_are_declared():
    assert optim.sgd.sgd_step.update.mutates == ("parameter", "momentum_buffer")
    assert set(optim.adam.adam_step.update.mutates) == {"parameter", "exp_avg", "exp_avg_sq", "step", "max_exp_avg_sq"}


def test_gradients_are_left_alone():
    for options in ({}, {"weight_decay": 0.1}, {"weight_decay": 0.1, "maximize": True}):
        for make in (optim.SGD, lambda p, **k: optim.SGD(p, momentum=0.9, nesterov=True, **k), optim.Adam,
                     optim.AdamW, optim.NAdam, optim.Adagrad, optim.Adadelta,
                     lambda p, **k: optim.RMSprop(p, momentum=0.9, centered=True, **k)):  # fmt: skip
            w = leaf([1.0, 2.0])
            w.grad = gg.tensor(np.array([0.5, -0.5]))
            optimizer = make([w], **options)
            optimizer.step()
            optimizer.step()
            assert w.grad.numpy().tolist() == [0.5, -0.5]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(), (0,), (2, 3)])
def test_dtypes_and_shapes_stay(dtype, shape):
    for make in (lambda p: optim.SGD(p, momentum=0.9, dampening=0.1, weight_decay=0.1),
                 lambda p: optim.SGD(p, lr=0.1, momentum=0.5, nesterov=True, maximize=True, weight_decay=0.1),
                 lambda p: optim.Adam(p, amsgrad=True, weight_decay=0.1, maximize=True),
                 lambda p: optim.AdamW(p, amsgrad=True), lambda p: optim.NAdam(p, decoupled_weight_decay=True),
                 lambda p: optim.Adagrad(p, weight_decay=0.1, eps=1e-4, maximize=True),
                 lambda p: optim.RMSprop(p, momentum=0.9, centered=True, alpha=0.5, eps=1e-4, weight_decay=0.1),
                 lambda p: optim.Adadelta(p, eps=1e-4, weight_decay=0.1)):  # fmt: skip
        w = gg.ones(*shape, dtype=dtype, requires_grad=True)
        optimizer = make([w])
        for _ in range(3):
            w.grad = gg.ones(*shape, dtype=dtype)
            optimizer.step()
        assert w.shape == shape and w.dtype == np.dtype(dtype)
        for name, value in optimizer.state[w].items():
            scalar = name in ("step", "mu_product")
            assert value.dtype == np.dtype("float32" if scalar else dtype), name
            assert value.shape == (() if scalar else shape), name


def test_parameters_without_gradient_are_passed_over():
    a, b = leaf([1.0]), leaf([1.0])
    a.grad = gg.ones(1, dtype="float64")
    optimizer = optim.Adam([a, b], lr=0.1)
    optimizer.step()
    assert b.item() == 1.0 and list(optimizer.state) == [a]
    assert not optim.SGD([a], lr=0.1).state_dict()["state"]


def test_groups_have_options_of_their_own():
    weight, bias = leaf([1.0]), leaf([1.0])
    optimizer = optim.SGD([{"params": [weight], "weight_decay": 0.5}, {"params": bias, "lr": 1.0}], lr=0.1)
    weight.grad, bias.grad = gg.zeros(1, dtype="float64"), gg.ones(1, dtype="float64")
    optimizer.step()
    assert weight.item() == pytest.approx(0.95) and bias.item() == 0.0
    optimizer.param_groups[1]["lr"] = 0.5
    optimizer.step()
    assert bias.item() == -0.5


def test_closure_runs_with_recording_on():
    w = leaf([2.0])
    optimizer = optim.SGD([w], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    with gg.no_grad():
        assert optimizer.step(closure).item() == 4.0
    assert w.item() == pytest.approx(1.6) and optimizer.step() is None


def test_zero_grad():
    w = leaf([1.0])
    w.grad = gg.ones(1, dtype="float64")
    optimizer = optim.SGD([w])
    optimizer.zero_grad(set_to_none=False)
    assert w.grad.item() == 0
    optimizer.zero_grad()
    assert w.grad is None


def test_training_is_the_same_twice():
    def run():
        gg.manual_seed(5)
        model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.Linear(8, 2))
        optimizer = optim.Adam(model.parameters(), lr=0.01)
        x = gg.randn(16, 4)
        for _ in range(5):
            optimizer.zero_grad()
            nn.CrossEntropyLoss()(model(x), np.arange(16) % 2).backward()
            optimizer.step()
        return model.state_dict()

    first, second = run(), run()
    assert all(np.array_equal(first[n].numpy(), second[n].numpy()) for n in first)


# --- state


def trained(make, count):
    w, b = leaf([[1.0, 2.0]]), leaf([3.0])
    optimizer = make([w, b])
    for i in range(count):
        w.grad, b.grad = gg.tensor(np.array([[i + 1.0, -1.0]])), gg.tensor(np.array([0.5]))
        optimizer.step()
    return optimizer, w, b


@pytest.mark.parametrize("make", [lambda p: optim.SGD(p, lr=0.1, momentum=0.9),
                                  lambda p: optim.Adam(p, lr=0.1, amsgrad=True), optim.AdamW, optim.NAdam,
                                  lambda p: optim.Adagrad(p, lr_decay=0.1, initial_accumulator_value=0.5),
                                  lambda p: optim.RMSprop(p, momentum=0.9, centered=True), optim.Adadelta])  # fmt: skip
def test_going_on_from_a_saved_state(make):
    through, *_ = trained(make, 5)
    saved, w, b = trained(make, 3)
    state = saved.state_dict()
    resumed = make([leaf(w.numpy()), leaf(b.numpy())])
    resumed.load_state_dict(state)
    saved.step()  # must not reach the copy
    for i in (3, 4):
        p, q = resumed.param_groups[0]["params"]
        p.grad, q.grad = gg.tensor(np.array([[i + 1.0, -1.0]])), gg.tensor(np.array([0.5]))
        resumed.step()
    for a, b in zip(through.param_groups[0]["params"], resumed.param_groups[0]["params"], strict=True):
        assert np.array_equal(a.numpy(), b.numpy())


def test_the_state_of_adam_loaded_into_adamw_keeps_the_decay_decoupled():
    adam, *_ = trained(optim.Adam, 2)
    adamw = optim.AdamW([leaf([[1.0, 2.0]]), leaf([3.0])])
    adamw.load_state_dict(adam.state_dict())
    assert adamw.param_groups[0]["decoupled_weight_decay"] is True


def test_adagrad_has_state_from_the_start_and_from_its_group():
    a, b = leaf([1.0]), leaf([1.0])
    optimizer = optim.Adagrad([{"params": [a], "initial_accumulator_value": 2.0}], lr=0.1)
    optimizer.add_param_group({"params": [b]})
    assert [optimizer.state[p]["sum"].item() for p in (a, b)] == [2.0, 0.0]
    state = optimizer.state_dict()
    state["state"] = {}
    optimizer.load_state_dict(state)  # nothing saved: begins anew
    a.grad = gg.ones(1, dtype="float64")
    optimizer.step()
    assert a.item() == pytest.approx(1 - 0.1 / 3**0.5)


def test_names_of_parameters_are_kept():
    model = nn.Linear(2, 1)
    optimizer = optim.SGD(model.named_parameters(), lr=0.1)
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    assert optimizer.param_groups[0]["params"][0] is model.weight
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["weight", "bias"]


def test_a_learning_rate_may_be_a_tensor_of_one_element():
    optimizer = optim.Adam([W], lr=gg.tensor(0.5, dtype="float64"), betas=(gg.tensor(0.5), np.float32(0.25)))
    assert optimizer.param_groups[0]["lr"] == 0.5 and optimizer.param_groups[0]["betas"] == (0.5, 0.25)


def test_options_without_effect_are_without_effect():
    for flags in ({"foreach": True}, {"fused": True}, {"capturable": True}, {"differentiable": True}):
        path = steps(lambda p, flags=flags: optim.Adam(p, lr=0.1, **flags), [0.5, -0.25])
        assert path == steps(lambda p: optim.Adam(p, lr=0.1), [0.5, -0.25])


def test_a_subclass_of_ones_own_needs_two_methods():
    class SignDescent(optim.Optimizer):
        def __init__(self, params, lr=0.1):
            super().__init__(params, {"lr": lr})

        def update(self, parameter, gradient, state, options):
            parameter.add_(gradient.sign(), alpha=-options["lr"])

    assert steps(SignDescent, [5.0, -3.0, 2.0]) == pytest.approx([0.9, 1.0, 0.9])
    with pytest.raises(ValueError, match="SignDescent: lr must be at least 0"):
        SignDescent([W], lr=-1)
    with pytest.raises(NotImplementedError, match="Optimizer does not define update"):
        steps(lambda p: optim.Optimizer(p, {}), [1.0])


def test_loading_a_state_is_all_or_nothing():
    optimizer, *_ = trained(optim.Adam, 2)
    before = optimizer.state_dict()

    def broken(change):
        state = optimizer.state_dict()
        change(state)
        return state

    cases = [
        (lambda s: s["state"][1].update(exp_avg=gg.zeros(3)), r"exp_avg of parameter 1 has shape \(3,\) .* has \(1,\)"),
        (lambda s: s["state"][0].pop("step"), "the state of parameter 0 lacks step"),
        (lambda s: s["state"].update({5: {}}), r"state for parameters \[5\], which are in no group"),
        (lambda s: s["param_groups"][0].update(lr=-1), "lr must be at least 0"),
        (lambda s: s["param_groups"][0]["params"].pop(), r"groups of \[1\] parameters, the optimiser has \[2\]"),
    ]
    for change, message in cases:
        with pytest.raises(ValueError, match=message):
            optimizer.load_state_dict(broken(change))
    for not_a_state in ([], {"state": {}}):
        with pytest.raises(TypeError, match='expected a dict with "state" and "param_groups"'):
            optimizer.load_state_dict(not_a_state)
    after = optimizer.state_dict()
    assert before["param_groups"] == after["param_groups"]
    for number, entries in before["state"].items():
        for name, value in entries.items():
            assert np.array_equal(value.numpy(), after["state"][number][name].numpy())


# --- messages

W = gg.ones(2, requires_grad=True)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: optim.SGD([]), ValueError, r"SGD: got no parameters\. A generator .* only once"),
        (lambda: optim.SGD([{"params": []}]), ValueError, "a group has no parameters"),
        (lambda: optim.SGD(W), TypeError, "got a single tensor; put it in brackets"),
        (lambda: optim.Adam(nn.ReLU()), TypeError, r"got a ReLU; give .parameters\(\) of it"),
        (lambda: optim.SGD(3), TypeError, "expected a list of parameters or of groups, got a int"),
        (lambda: optim.SGD([W, 3]), TypeError, "item 1 of the parameters is a int, not a Tensor"),
        (lambda: optim.SGD([W, {"params": [W]}]), TypeError, "mixing tensors and groups is not possible"),
        (lambda: optim.SGD([{"lr": 1}]), TypeError, 'a group is a dict with the key "params"'),
        (lambda: optim.SGD([W * 2]), ValueError, "item 0 of the parameters is not a leaf: it is the result of mul"),
        (lambda: optim.SGD([W, W]), ValueError, r"item 1 of the parameters, of shape \(2,\), comes twice"),
        (lambda: optim.SGD([{"params": [W]}, {"params": [W]}]), ValueError, "comes twice"),
        (lambda: optim.SGD([{"params": [W], "rate": 1}]), ValueError, "unknown options rate; known are lr, momentum"),
        (lambda: optim.SGD([W], lr=-0.1), ValueError, "SGD: lr must be at least 0 and finite, got -0.1"),
        (lambda: optim.SGD([W], lr=math.nan), ValueError, "SGD: lr must be at least 0 and finite, got nan"),
        (lambda: optim.Adam([W], lr=math.inf), ValueError, "Adam: lr must be at least 0 and finite, got inf"),
        (lambda: optim.SGD([W], lr="0.1"), TypeError, "SGD: lr must be a number, not '0.1'"),
        (lambda: optim.SGD([W], momentum=-1), ValueError, "momentum must be at least 0"),
        (lambda: optim.SGD([W], weight_decay=-1), ValueError, "weight_decay must be at least 0"),
        (lambda: optim.SGD([W], nesterov=True), ValueError, "nesterov=True needs momentum above 0 and no dampening"),
        (lambda: optim.SGD([W], momentum=0.9, dampening=0.1, nesterov=True), ValueError, "nesterov=True needs"),
        (lambda: optim.Adam([W], betas=(0.9, 1.0)), ValueError, r"betas\[1\] must be at least 0 and less than 1"),
        (lambda: optim.Adam([W], betas=0.9), TypeError, "betas must be a pair of numbers, not 0.9"),
        (lambda: optim.Adam([W], eps=-1), ValueError, "eps must be at least 0"),
        (lambda: optim.SGD(nn.Linear(2, 2).parameters), TypeError, r"got the method parameters; call it"),
        (lambda: optim.SGD([nn.Linear(2, 2)]), TypeError, r"a Linear, not a Tensor; give .parameters\(\) of it"),
        (lambda: optim.SGD([nn.Linear(2, 2).parameters()]), TypeError, r"a generator, not a Tensor; join the param"),
        (lambda: optim.SGD([{"params": nn.Linear(2, 2)}]), TypeError, r'"params" of a group is a Linear; give .para'),
        (lambda: optim.SGD([{"params": 3}]), TypeError, '"params" of a group must be a tensor or a list of tensors'),
        (lambda: optim.SGD({"w": W}), TypeError, r"got a dict; the tensors of a state_dict are copies: give model.par"),
        (lambda: optim.SGD([gg.tensor([1, 2])]), TypeError, "item 0 of the parameters is of dtype int64; only"),
        (lambda: optim.SGD({W}), TypeError, "a set has no fixed order"),
        (lambda: optim.SGD([("w", W), gg.ones(2)]), ValueError, "give names of all parameters, or of none"),
        (lambda: optim.SGD([{"params": [("w", W)]}, {"params": [gg.ones(2)]}]), ValueError, "in all groups"),
        (lambda: optim.SGD([W], lr=gg.ones(2)), ValueError, r"lr must be a single number, got .* \(2,\)"),
        (lambda: optim.Adam([W], amsgrad="no"), TypeError, "amsgrad must be True or False, not 'no'"),
        (lambda: optim.Adam([W], foreach=1), TypeError, "foreach must be True or False, not 1"),
        (lambda: optim.RMSprop([W], alpha=1.5), ValueError, "alpha must be at least 0 and at most 1, got 1.5"),
        (lambda: optim.Adadelta([W], rho=-0.1), ValueError, "rho must be at least 0 and at most 1"),
        (lambda: optim.Adagrad([W], lr_decay=-1), ValueError, "Adagrad: lr_decay must be at least 0"),
        (lambda: optim.Adagrad([W], initial_accumulator_value=-1), ValueError, "initial_accumulator_value must be at"),
        (lambda: optim.NAdam([W], momentum_decay=-1), ValueError, "NAdam: momentum_decay must be at least 0"),
    ],
)
def test_clear_errors(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_another_librarys_tensor_is_called_by_its_full_name():
    foreign = type("Tensor", (), {"__module__": "torch"})()
    with pytest.raises(TypeError, match=r"item 0 of the parameters is a torch.Tensor, not a Tensor"):
        optim.SGD([foreign])


def test_layers_in_a_plain_list_lead_to_a_message_that_says_so():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = [nn.Linear(2, 2), nn.Linear(2, 2)]

    with pytest.raises(ValueError, match=r"does not see layers in a plain list: hold them in an nn\.ModuleList"):
        optim.SGD(Net().parameters())
    parameters = nn.Linear(2, 2).parameters()
    optim.SGD(parameters)
    with pytest.raises(ValueError, match=r"A generator such as model\.parameters"):
        optim.Adam(parameters)


def test_a_parameter_is_named_in_messages():
    weight = nn.Linear(2, 2).weight
    with pytest.raises(ValueError, match=r"item 1 of the parameters \('weight'\), of shape \(2, 2\), comes twice"):
        optim.SGD([weight, weight])
