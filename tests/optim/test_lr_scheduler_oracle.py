"""PyTorch as the oracle for schedules: rates and momenta of several groups over 100 steps, and states."""

import copy
import inspect
import warnings

import pytest
import torch
from torch.optim import lr_scheduler as theirs

import glassgrad as gg
from glassgrad import optim
from glassgrad.optim import lr_scheduler as ours

pytestmark = pytest.mark.oracle


def falling(step):
    return 1 / (1 + 0.1 * step)


def nearly_one(step):
    return 0.95 + 0.001 * (step % 7)


# What is made, on one optimiser, with ``L`` the module of schedules.
SCHEDULES = {
    "LambdaLR": lambda L, o: L.LambdaLR(o, falling),
    "LambdaLR, one each": lambda L, o: L.LambdaLR(o, [falling, nearly_one]),
    "MultiplicativeLR": lambda L, o: L.MultiplicativeLR(o, nearly_one),
    "StepLR": lambda L, o: L.StepLR(o, 7),
    "StepLR, gamma": lambda L, o: L.StepLR(o, step_size=1, gamma=0.97),
    "MultiStepLR": lambda L, o: L.MultiStepLR(o, [3, 10, 10, 55], gamma=0.3),
    "MultiStepLR from 0": lambda L, o: L.MultiStepLR(o, (0, 5)),
    "ConstantLR": lambda L, o: L.ConstantLR(o),
    "ConstantLR, long": lambda L, o: L.ConstantLR(o, factor=0.2, total_iters=60),
    "LinearLR": lambda L, o: L.LinearLR(o),
    "LinearLR to 0": lambda L, o: L.LinearLR(o, 1.0, 0.0, 50),
    "LinearLR, long": lambda L, o: L.LinearLR(o, start_factor=0.1, end_factor=0.8, total_iters=120),
    "ExponentialLR": lambda L, o: L.ExponentialLR(o, 0.9),
    "PolynomialLR": lambda L, o: L.PolynomialLR(o),
    "PolynomialLR, power": lambda L, o: L.PolynomialLR(o, total_iters=80, power=2.5),
    "CosineAnnealingLR": lambda L, o: L.CosineAnnealingLR(o, 20),
    "CosineAnnealingLR, eta_min": lambda L, o: L.CosineAnnealingLR(o, T_max=33, eta_min=0.01),
    "CosineAnnealingWarmRestarts": lambda L, o: L.CosineAnnealingWarmRestarts(o, 9),
    "CosineAnnealingWarmRestarts, longer": lambda L, o: L.CosineAnnealingWarmRestarts(o, 5, T_mult=2, eta_min=0.001),
    "CyclicLR": lambda L, o: L.CyclicLR(o, 0.01, 0.1, step_size_up=7),
    "CyclicLR, lists": lambda L, o: L.CyclicLR(o, [0.01, 0.02], [0.1, 0.3], 5, 11, mode="triangular2",
                                               base_momentum=[0.7, 0.6], max_momentum=0.95),
    "CyclicLR, exp_range": lambda L, o: L.CyclicLR(o, 0.01, 0.1, 6, mode="exp_range", gamma=0.98,
                                                   cycle_momentum=False),
    "CyclicLR, scale_fn": lambda L, o: L.CyclicLR(o, 0.01, 0.1, 6, scale_fn=falling, scale_mode="iterations"),
    "OneCycleLR": lambda L, o: L.OneCycleLR(o, 0.3, total_steps=100),
    "OneCycleLR, linear": lambda L, o: L.OneCycleLR(o, [0.3, 0.1], epochs=12, steps_per_epoch=10, pct_start=0.25,
                                                    anneal_strategy="linear", div_factor=10, final_div_factor=100),
    "OneCycleLR, three phases": lambda L, o: L.OneCycleLR(o, 0.3, 101, three_phase=True, base_momentum=[0.8, 0.7]),
    "OneCycleLR, momentum left": lambda L, o: L.OneCycleLR(o, 0.3, 101, cycle_momentum=False),
    "SequentialLR": lambda L, o: L.SequentialLR(
        o, [L.LinearLR(o, 0.1, total_iters=10), L.CosineAnnealingLR(o, 60), L.ExponentialLR(o, 0.9)], [10, 70]),
    "SequentialLR of factors": lambda L, o: L.SequentialLR(
        o, [L.ConstantLR(o, 0.1, 20), L.StepLR(o, 7), L.MultiStepLR(o, [3, 9]), L.PolynomialLR(o, 30),
            L.LambdaLR(o, falling), L.LinearLR(o)], [12, 30, 45, 60, 80]),
    "SequentialLR from a cycle": lambda L, o: L.SequentialLR(
        o, [L.ExponentialLR(o, 0.5), L.CosineAnnealingWarmRestarts(o, 7)], [4]),
    # PyTorch's own ExponentialLR in the chain would fall at step 0 already; see test_lr_scheduler.py.
    "SequentialLR of a chain": lambda L, o: L.SequentialLR(
        o, [L.ChainedScheduler([L.ConstantLR(o, 0.1, 3), L.StepLR(o, 2, 0.9)]), L.StepLR(o, 5)], [8]),
    "ChainedScheduler": lambda L, o: L.ChainedScheduler([L.ConstantLR(o, 0.1, 20), L.ExponentialLR(o, 0.95)]),
    "ChainedScheduler of four": lambda L, o: L.ChainedScheduler(
        [L.LinearLR(o, 0.2, total_iters=30), L.StepLR(o, 9, 0.7), L.MultiplicativeLR(o, nearly_one),
         L.CosineAnnealingLR(o, 150)], optimizer=o),
}  # fmt: skip


def optimisers(name="SGD"):
    options = {"momentum": 0.9} if name in ("SGD", "RMSprop") else {}
    a, b = gg.ones(2, requires_grad=True), gg.ones(2, requires_grad=True)
    c, d = torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)
    return (
        getattr(optim, name)([{"params": [a]}, {"params": [b], "lr": 0.5}], lr=0.2, **options),
        getattr(torch.optim, name)([{"params": [c]}, {"params": [d], "lr": 0.5}], lr=0.2, **options),
    )


def watched(optimizer):
    names = ("lr", "momentum", "betas", "initial_lr", "max_lr", "min_lr", "base_momentum", "max_momentum")
    return [group.get(name) for group in optimizer.param_groups for name in names]


def flat(values):
    return [x for v in values for x in (v if isinstance(v, tuple) else (v,))]


def same(mine, other):
    for a, b in zip(flat(watched(mine)), flat(watched(other)), strict=True):
        assert (a is None and b is None) or a == pytest.approx(b, rel=1e-9, abs=1e-14)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", ["SGD", "Adam"])
@pytest.mark.parametrize("name", SCHEDULES)
def test_rates_over_a_hundred_steps(name, kind):
    mine, other = optimisers(kind)
    schedule, tschedule = SCHEDULES[name](ours, mine), SCHEDULES[name](theirs, other)
    same(mine, other)
    for _ in range(100):
        mine.step()
        other.step()
        schedule.step()
        tschedule.step()
        same(mine, other)
        assert schedule.get_last_lr() == pytest.approx(tschedule.get_last_lr(), rel=1e-9, abs=1e-14)
        if hasattr(tschedule, "last_epoch"):
            assert schedule.last_epoch == tschedule.last_epoch


def convert(state):
    """The state of an optimiser without parameters' state, which is not of interest here."""
    return {"state": {}, "param_groups": copy.deepcopy(state["param_groups"])}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("direction", ["ours to ours", "ours to PyTorch", "PyTorch to ours"])
@pytest.mark.parametrize("name", SCHEDULES)
def test_going_on_from_a_state(name, direction):
    mine, other = optimisers()
    schedule, tschedule = SCHEDULES[name](ours, mine), SCHEDULES[name](theirs, other)
    for _ in range(37):
        schedule.step()
        tschedule.step()
    fresh, tfresh = optimisers()
    after, tafter = SCHEDULES[name](ours, fresh), SCHEDULES[name](theirs, tfresh)
    saved, source = (tschedule, other) if direction == "PyTorch to ours" else (schedule, mine)
    target, target_optimizer = (tafter, tfresh) if direction == "ours to PyTorch" else (after, fresh)
    state = saved.state_dict()
    before = copy.deepcopy({k: v for k, v in state.items() if k != "_scale_fn_ref"})
    target.load_state_dict(state)
    assert {k: v for k, v in state.items() if k in before} == before or direction != "ours to ours"
    target_optimizer.load_state_dict(convert(source.state_dict()))
    for _ in range(40):
        tschedule.step()
        target.step()
        for a, b in zip(target_optimizer.param_groups, other.param_groups, strict=True):
            assert a["lr"] == pytest.approx(b["lr"], rel=1e-9, abs=1e-14)
            assert a["momentum"] == pytest.approx(b["momentum"], rel=1e-9)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", SCHEDULES)
def test_states_have_pytorchs_entries(name):
    mine, other = optimisers()
    schedule, tschedule = SCHEDULES[name](ours, mine), SCHEDULES[name](theirs, other)
    private = {"_get_lr_called_within_step", "_is_initial"}
    state, tstate = schedule.state_dict(), tschedule.state_dict()
    assert set(state) == set(tstate) - private
    for key in set(state) - {"_schedulers", "_step_count"}:  # some of PyTorch's do not count their steps
        assert state[key] == (pytest.approx(tstate[key]) if key in ("base_lrs", "_last_lr") else tstate[key]), key


@pytest.mark.parametrize("options", [
    {}, {"mode": "max", "patience": 2}, {"factor": 0.5, "patience": 0, "cooldown": 3},
    {"threshold": 0.2, "threshold_mode": "abs", "patience": 1}, {"min_lr": [0.05, 0.3], "patience": 1},
    {"mode": "max", "threshold": 0.1, "threshold_mode": "abs", "patience": 3, "eps": 0.01},
    {"min_lr": 0.1, "patience": 0},
])  # fmt: skip
def test_plateaus(options):
    generator = torch.Generator().manual_seed(0)
    values = (1 / (1 + torch.arange(100)) + 0.3 * torch.rand(100, generator=generator)).tolist()
    values[50] = float("nan")
    mine, other = optimisers()
    schedule, tschedule = ours.ReduceLROnPlateau(mine, **options), theirs.ReduceLROnPlateau(other, **options)
    for number, value in enumerate(values):
        schedule.step(gg.tensor(value, dtype="float64") if number % 2 else value)
        tschedule.step(value)
        same(mine, other)
        assert schedule.get_last_lr() == pytest.approx(tschedule.get_last_lr())
        if number == 40:  # from state to state, both ways
            fresh, tfresh = optimisers()
            after, tafter = ours.ReduceLROnPlateau(fresh, **options), theirs.ReduceLROnPlateau(tfresh, **options)
            assert set(schedule.state_dict()) == set(tschedule.state_dict())
            after.load_state_dict(tschedule.state_dict())
            tafter.load_state_dict(schedule.state_dict())
            fresh.load_state_dict(convert(other.state_dict()))
            tfresh.load_state_dict(convert(mine.state_dict()))
            mine, other, schedule, tschedule = fresh, tfresh, after, tafter


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("longer", [1, 2, 3])
def test_warm_restarts_at_fractions_of_epochs(longer):
    mine, other = optimisers()
    schedule = ours.CosineAnnealingWarmRestarts(mine, 4, longer, 0.001)
    tschedule = theirs.CosineAnnealingWarmRestarts(other, 4, longer, 0.001)
    for epoch in (0, 0.3, 0.9, 3.99, 4.01, 7, 11.5, 12, 13.7, 40.2, 26, None, None, 5):
        schedule.step(epoch)
        tschedule.step(epoch)
        same(mine, other)


@pytest.mark.parametrize("name", ours.__all__)
def test_arguments_are_pytorchs(name):
    mine, other = (inspect.signature(getattr(module, name)).parameters.values() for module in (ours, theirs))
    assert [(p.name, p.kind, p.default) for p in mine] == [(p.name, p.kind, p.default) for p in other]


def test_the_order_of_steps_is_warned_about_where_pytorch_does():
    for L, optimizer in zip((ours, theirs), optimisers(), strict=True):
        schedule = L.StepLR(optimizer, 3)
        with pytest.warns(UserWarning, match="before"):
            schedule.step()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            schedule.step()
    for L, optimizer in zip((ours, theirs), optimisers(), strict=True):
        schedule = L.StepLR(optimizer, 3)
        optimizer.step()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            schedule.step()
