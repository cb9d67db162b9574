"""PyTorch as the oracle for optimisers: options, several steps, state."""

import inspect
import itertools

import numpy as np
import pytest
import torch

import glassgrad as gg
from glassgrad import optim

pytestmark = pytest.mark.oracle


def grid(**choices):
    """Every combination of the options."""
    return [dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values())]


ADAM = {"lr": (0.01,), "betas": ((0.9, 0.999), (0.5, 0.6)), "eps": (1e-8, 0.1), "weight_decay": (0, 0.05),
        "maximize": (False, True)}  # fmt: skip
OPTIONS = {
    "SGD": [
        o for o in grid(lr=(0.1,), momentum=(0, 0.9), dampening=(0, 0.3), weight_decay=(0, 0.05),
                        nesterov=(False, True), maximize=(False, True))
        if not o["nesterov"] or (o["momentum"] and not o["dampening"])
    ],
    "Adam": grid(**ADAM, amsgrad=(False, True), decoupled_weight_decay=(False, True)),
    "AdamW": grid(**ADAM, amsgrad=(False, True)),
    "NAdam": grid(**ADAM, momentum_decay=(4e-3, 0.1), decoupled_weight_decay=(False, True)),
    "Adagrad": grid(lr=(0.1,), lr_decay=(0, 0.1), weight_decay=(0, 0.05), initial_accumulator_value=(0, 0.5),
                    eps=(1e-10, 0.1), maximize=(False, True)),
    "RMSprop": grid(lr=(0.01,), alpha=(0.99, 0.5), eps=(1e-8, 0.1), weight_decay=(0, 0.05), momentum=(0, 0.9),
                    centered=(False, True), maximize=(False, True)),
    "Adadelta": grid(lr=(1.0, 0.1), rho=(0.9, 0.5), eps=(1e-6, 0.1), weight_decay=(0, 0.05), maximize=(False, True)),
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


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", OPTIONS)
def test_a_hundred_steps(name, dtype):
    """Some combinations of each; a float32 rounding is carried through all steps."""
    for options in OPTIONS[name][:: max(1, len(OPTIONS[name]) // 12)]:
        ours, theirs, optimizer, toptimizer = both(name, options, dtype)
        rng = np.random.default_rng(1)
        for _ in range(100):
            step(ours, theirs, optimizer, toptimizer, rng)
        agree(ours, theirs, 1e-10 if dtype == "float64" else 3e-5)


def both_states(state):
    """A state of ours in PyTorch's tensors."""
    return {
        "state": {
            n: {k: torch.tensor(v.numpy().copy()) if isinstance(v, gg.Tensor) else v for k, v in entries.items()}
            for n, entries in state["state"].items()
        },
        "param_groups": state["param_groups"],
    }


@pytest.mark.parametrize(("name", "options"), CASES[::7])
def test_pytorch_goes_on_from_our_state(name, options):
    ours, theirs, optimizer, toptimizer = both(name, options)
    rng = np.random.default_rng(1)
    for _ in range(3):
        step(ours, theirs, optimizer, toptimizer, rng)
    fresh = getattr(torch.optim, name)(theirs, foreach=False)
    fresh.load_state_dict(both_states(optimizer.state_dict()))
    for _ in range(3):
        step(ours, theirs, optimizer, fresh, rng)
    agree(ours, theirs, 1e-10)


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
        tgroup["foreach"] = None
        assert group == tgroup
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
        assert ours == theirs
        mine, other = (
            list(inspect.signature(c).parameters.values()) for c in (getattr(optim, name), getattr(torch.optim, name))
        )
        assert [(p.name, p.kind, p.default) for p in mine] == [(p.name, p.kind, p.default) for p in other]
