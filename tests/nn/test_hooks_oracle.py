"""PyTorch as the oracle for hooks: which are called, in which order, with what, and what becomes of their results."""

import warnings

import numpy as np
import pytest
import torch

import glassgrad as gg

pytestmark = pytest.mark.oracle


def values(x):
    if x is None or isinstance(x, str):
        return x
    if isinstance(x, tuple | list):
        return tuple(map(values, x))
    if isinstance(x, dict):
        return {key: values(value) for key, value in x.items()}
    return np.round(np.asarray(x.detach().tolist()), 10).tolist() if hasattr(x, "detach") else x


def two_outputs(library):
    class Net(library.nn.Module):
        def forward(self, x, y, *, scale=1.0):
            return x * y * scale, x + y

    return Net()


def recorder(log, name, result=lambda *given: None):
    def hook(module, *given):
        log.append((name, type(module).__name__, values(given)))
        return result(*given)

    return hook


def scenario_pass_through(net, log):
    net.register_forward_pre_hook(recorder(log, "pre"))
    net.register_forward_pre_hook(recorder(log, "pre with kwargs"), with_kwargs=True)
    net.register_forward_hook(recorder(log, "after"))
    net.register_forward_hook(recorder(log, "after with kwargs"), with_kwargs=True, prepend=True)
    net.register_full_backward_pre_hook(recorder(log, "gradient"))
    net.register_full_backward_hook(recorder(log, "backward"))
    net.register_full_backward_hook(recorder(log, "backward first"), prepend=True)


def scenario_replace(net, log):
    net.register_forward_pre_hook(recorder(log, "pre", lambda args: (args[0] * 2, args[1])))
    net.register_forward_pre_hook(
        recorder(log, "pre with kwargs", lambda args, kwargs: ((args[0], args[1] + 1), {"scale": 3.0})),
        with_kwargs=True,
    )
    net.register_forward_hook(recorder(log, "after", lambda args, out: (out[0] ** 2, out[1])))
    net.register_forward_hook(recorder(log, "after again", lambda args, out: None))
    net.register_full_backward_pre_hook(recorder(log, "gradient", lambda out: (out[0] * 2, out[1])))
    net.register_full_backward_pre_hook(recorder(log, "gradient again"))
    net.register_full_backward_hook(
        recorder(log, "backward", lambda into, out: tuple(None if g is None else g * 5 for g in into))
    )
    net.register_full_backward_hook(recorder(log, "backward again"))


def scenario_remove(net, log):
    handles = [net.register_forward_hook(recorder(log, f"hook {i}")) for i in range(3)]
    handles[1].remove()
    handles.append(net.register_forward_hook(recorder(log, "new")))
    handles[1].remove()
    late = net.register_full_backward_hook(recorder(log, "removed"))
    late.remove()


def run(library, scenario, grads, use):
    net, log = two_outputs(library), []
    scenario(net, log)
    kwargs = {"dtype": library.float64} if library is torch else {"dtype": "float64"}
    x, y = (library.tensor(v, requires_grad=g, **kwargs) for v, g in zip(([1.0, 2.0], [3.0, -5.0]), grads, strict=True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first, second = net(x, y, scale=0.5)
        loss = (first * first).sum() if use == "first" else (first * second).sum()
        if loss.requires_grad:
            loss.backward()
    return log, values(first), values(second), values(x.grad), values(y.grad)


@pytest.mark.parametrize("use", ["first", "both"])
@pytest.mark.parametrize("grads", [(True, True), (False, True), (False, False)])
@pytest.mark.parametrize("scenario", [scenario_pass_through, scenario_replace, scenario_remove])
def test_same_calls_and_results(scenario, grads, use):
    ours, theirs = run(gg, scenario, grads, use), run(torch, scenario, grads, use)
    for mine, other in zip(ours[0], theirs[0], strict=True):
        if grads == (False, True) and mine[0].startswith("backward"):
            # For an input without gradient PyTorch gives zeros or None, as its engine has it.
            mine, other = ((a[0], a[1], (a[2][0][1:], a[2][1])) for a in (mine, other))
        assert mine == other
    assert ours[1:] == theirs[1:]


@pytest.mark.parametrize("order", ["retain, hook", "hook, retain", "hook, retain, hook", "retain, hook, retain"])
def test_retained_gradients(order):
    def go(library):
        x = library.tensor([1.0, 2.0], requires_grad=True)
        h = x * 3
        for i, step in enumerate(order.split(", ")):
            h.retain_grad() if step == "retain" else h.register_hook(lambda g, i=i: g * (2 + i))
        (h * h).sum().backward()
        return values(h.grad), values(x.grad)

    assert go(gg) == go(torch)


def test_always_called():
    def go(library):
        layer, log = library.nn.Linear(2, 1), []
        layer.register_forward_hook(lambda *_: log.append("plain"))
        layer.register_forward_hook(lambda module, args, out: log.append(out), always_call=True)
        try:
            layer(library.zeros(1, 3))
        except Exception:
            log.append("raised")
        return log

    assert go(gg) == go(torch) == [None, "raised"]


def networks(library):
    layers = library.nn
    return layers.Sequential(layers.Linear(3, 4), layers.Tanh(), layers.Linear(4, 2))


def test_hooks_in_a_network():
    theirs, ours = networks(torch).double(), networks(gg).double()
    ours.load_state_dict(theirs.state_dict())
    data, logs = np.random.default_rng(0).standard_normal((5, 3)), []
    for net, x in ((ours, gg.tensor(data, requires_grad=True)), (theirs, torch.tensor(data, requires_grad=True))):
        log = []
        for layer in net:
            layer.register_full_backward_pre_hook(recorder(log, "gradient", lambda out: (out[0] * 1.5,)))
            layer.register_full_backward_hook(recorder(log, "backward", lambda into, out: (into[0] * 0.5,)))
        (net(x) ** 2).sum().backward()
        logs.append((log, x.grad, [p.grad for p in net.parameters()]))
    for mine, other in zip(logs[0][0], logs[1][0], strict=True):
        assert mine[:2] == other[:2]
        for a, b in zip(mine[2], other[2], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-7)
    np.testing.assert_allclose(logs[0][1].numpy(), logs[1][1].numpy(), rtol=1e-9)
    for a, b in zip(logs[0][2], logs[1][2], strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-9)


def test_both_refuse():
    for hook in (lambda m, i, o: (i[0], i[0]), lambda m, i, o: (i[0],) * 3):
        for library in (gg, torch):
            layer = library.nn.Tanh()
            layer.register_full_backward_hook(hook)
            x = library.tensor([1.0], requires_grad=True)
            with pytest.raises(RuntimeError):
                layer(x).sum().backward()
