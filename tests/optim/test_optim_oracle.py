"""PyTorch as the oracle for optimisers: options, several steps, state."""

import itertools

import numpy as np
import pytest
import torch

import glassgrad as gg
from glassgrad import optim

pytestmark = pytest.mark.oracle

OPTIONS = {
    "SGD": [
        {"lr": lr, "momentum": m, "dampening": d, "weight_decay": w, "nesterov": n, "maximize": x}
        for lr, m, d, w, n, x in itertools.product((0.1,), (0, 0.9), (0, 0.3), (0, 0.05), (False, True), (False, True))
        if not n or (m and not d)
    ],
    "Adam": [
        {"lr": lr, "betas": b, "eps": e, "weight_decay": w, "amsgrad": a, "maximize": x}
        for lr, b, e, w, a, x in itertools.product(
            (0.01,), ((0.9, 0.999), (0.5, 0.6)), (1e-8, 0.1), (0, 0.05), (False, True), (False, True)
        )
    ],
}  # fmt: skip
CASES = [(name, options) for name, many in OPTIONS.items() for options in many]


def both(name, options, dtype="float64", groups=False):
    rng = np.random.default_rng(0)
    values = [rng.standard_normal(shape).astype(dtype) for shape in ((3, 4), (4,), ())]
    ours = [gg.tensor(v, requires_grad=True) for v in values]
    theirs = [torch.tensor(v, requires_grad=True) for v in values]
    # The single-tensor implementation is the one whose order of operations is documented.
    make, tmake = getattr(optim, name), getattr(torch.optim, name)
    if groups:
        return ours, theirs, make([{"params": ours[:1], "lr": 0.5}, {"params": ours[1:]}], **options), tmake(
            [{"params": theirs[:1], "lr": 0.5}, {"params": theirs[1:]}], foreach=False, **options)  # fmt: skip
    return ours, theirs, make(ours, **options), tmake(theirs, foreach=False, **options)


def step(ours, theirs, optimizer, toptimizer, rng, skip=None):
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        g = np.asarray(rng.standard_normal(a.shape), a.dtype)
        a.grad = None if i == skip else gg.tensor(g)
        b.grad = None if i == skip else torch.tensor(g)
    optimizer.step()
    toptimizer.step()


def agree(ours, theirs, rtol):
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.numpy(), b.detach().numpy(), rtol=rtol, atol=rtol)


@pytest.mark.parametrize("groups", [False, True])
@pytest.mark.parametrize(("name", "options"), CASES)
def test_steps(name, options, groups):
    ours, theirs, optimizer, toptimizer = both(name, options, groups=groups)
    rng = np.random.default_rng(1)
    for i in range(10):
        step(ours, theirs, optimizer, toptimizer, rng, skip=1 if i == 3 else None)
        agree(ours, theirs, 1e-11)


@pytest.mark.parametrize(("name", "options"), [("SGD", {"lr": 0.1, "momentum": 0.9}), ("Adam", {"lr": 0.01})])
def test_float32_stays_close(name, options):
    ours, theirs, optimizer, toptimizer = both(name, options, "float32")
    rng = np.random.default_rng(1)
    for _ in range(100):
        step(ours, theirs, optimizer, toptimizer, rng)
    agree(ours, theirs, 1e-5)


@pytest.mark.parametrize(("name", "options"), CASES[::3])
def test_states_have_the_same_form_and_can_be_exchanged(name, options):
    ours, theirs, optimizer, toptimizer = both(name, options)
    rng = np.random.default_rng(1)
    for _ in range(3):
        step(ours, theirs, optimizer, toptimizer, rng)
    state, tstate = optimizer.state_dict(), toptimizer.state_dict()
    for number, entries in tstate["state"].items():
        entries = {n: v for n, v in entries.items() if v is not None}
        assert set(entries) == set(state["state"].get(number, {}))
        for key, value in entries.items():
            np.testing.assert_allclose(state["state"][number][key].numpy(), value.numpy(), rtol=1e-11, atol=1e-12)
    for group, tgroup in zip(state["param_groups"], tstate["param_groups"], strict=True):
        assert set(group) <= set(tgroup) and all(tgroup[key] == value for key, value in group.items())
    converted = {
        "state": {
            n: {k: v.numpy().copy() if isinstance(v, torch.Tensor) else v for k, v in entries.items()}
            for n, entries in tstate["state"].items()
        },
        "param_groups": tstate["param_groups"],
    }
    fresh = getattr(optim, name)(ours)
    fresh.load_state_dict(converted)
    for _ in range(3):
        step(ours, theirs, fresh, toptimizer, rng)
    agree(ours, theirs, 1e-10)


def test_defaults_are_the_same():
    w, tw = gg.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
    for name in OPTIONS:
        ours, theirs = getattr(optim, name)([w]).defaults, getattr(torch.optim, name)([tw]).defaults
        assert all(theirs[key] == value for key, value in ours.items())
