"""Schedules: rates from their formulas, order of steps, states, messages."""

import math
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

import glassgrad as gg
from glassgrad import nn, optim
from glassgrad.optim import lr_scheduler as L


def sgd(lr=0.4, **options):
    return optim.SGD([gg.ones(2, requires_grad=True)], lr=lr, **options)


def rates(make, steps, lr=0.4, **options):
    """The rates at steps 0, 1, …, of a schedule of a new optimiser."""
    optimizer = sgd(lr, **options)
    schedule = make(optimizer)
    found = [optimizer.param_groups[0]["lr"]]
    for _ in range(steps):
        optimizer.step()
        schedule.step()
        found.append(optimizer.param_groups[0]["lr"])
    return found


@given(st.integers(1, 9), st.floats(0.1, 1.5), st.integers(1, 60))
def test_step_and_exponential(size, gamma, steps):
    found = rates(lambda o: L.StepLR(o, size, gamma), steps)
    assert found == pytest.approx([0.4 * gamma ** (t // size) for t in range(steps + 1)])
    found = rates(lambda o: L.ExponentialLR(o, gamma), steps)
    assert found == pytest.approx([0.4 * gamma**t for t in range(steps + 1)])


@given(st.lists(st.integers(0, 30), max_size=5), st.floats(0.1, 1))
def test_milestones(milestones, gamma):
    found = rates(lambda o: L.MultiStepLR(o, milestones, gamma), 40)
    assert found == pytest.approx([0.4 * gamma ** sum(m <= t for m in milestones) for t in range(41)])


@given(st.floats(0.01, 1), st.floats(0, 1), st.integers(1, 30))
def test_linear(start, end, length):
    found = rates(lambda o: L.LinearLR(o, start, end, length), 40)
    expected = [0.4 * (start + (end - start) * min(t, length) / length) for t in range(41)]
    assert found == pytest.approx(expected, abs=1e-12)


@given(st.floats(0, 1), st.integers(0, 30))
def test_constant_even_at_0(factor, length):
    """PyTorch divides by the factor at the end, and fails with 0."""
    found = rates(lambda o: L.ConstantLR(o, factor, length), 40)
    assert found == pytest.approx([0.4 * (factor if t < length else 1) for t in range(41)])


@given(st.integers(1, 30), st.floats(0, 3))
def test_polynomial(length, power):
    found = rates(lambda o: L.PolynomialLR(o, length, power), 40)
    expected = [0.4 * (1 - min(t, length) / length) ** power for t in range(41)]
    assert found == pytest.approx(expected, abs=1e-12)


@given(st.integers(1, 40), st.floats(0, 0.3))
def test_cosine_through_several_waves(length, lowest):
    found = rates(lambda o: L.CosineAnnealingLR(o, length, lowest), 100)
    expected = [lowest + (0.4 - lowest) * (1 + math.cos(math.pi * t / length)) / 2 for t in range(101)]
    assert found == pytest.approx(expected, rel=1e-6, abs=1e-9)


@given(st.integers(1, 8), st.integers(1, 3))
def test_restarts_come_at_the_sums_of_the_lengths(first, longer):
    expected, length = [], first
    while len(expected) < 61:
        expected += [0.4 * (1 + math.cos(math.pi * t / length)) / 2 for t in range(length)]
        length *= longer
    assert rates(lambda o: L.CosineAnnealingWarmRestarts(o, first, longer), 60) == pytest.approx(expected[:61])
    optimizer = sgd()
    schedule = L.CosineAnnealingWarmRestarts(optimizer, first, longer)
    for epoch in (45, 0, 17, 1, 60):
        schedule.step(epoch)
        assert schedule.get_last_lr() == pytest.approx([expected[epoch]])


def test_a_restart_where_pytorchs_logarithm_rounds_down():
    """log(1000, 10) is 2.999…, so PyTorch stays at the end of the fall at step 111."""
    schedule = L.CosineAnnealingWarmRestarts(sgd(), 1, 10)
    schedule.step(111)
    assert schedule.get_last_lr() == pytest.approx([0.4])


def test_triangles():
    found = rates(lambda o: L.CyclicLR(o, 0.1, 0.5, 2, 4, cycle_momentum=False), 6)
    assert found == pytest.approx([0.1, 0.3, 0.5, 0.4, 0.3, 0.2, 0.1])
    found = rates(lambda o: L.CyclicLR(o, 0.0, 1.0, 1, mode="triangular2", cycle_momentum=False), 5)
    assert found == pytest.approx([0, 1, 0, 0.5, 0, 0.25])


def test_one_cycle_moves_momentum_the_other_way():
    optimizer = sgd(momentum=0.9)
    schedule = L.OneCycleLR(optimizer, 1.0, total_steps=11, pct_start=0.5, anneal_strategy="linear", div_factor=10)
    found = []
    for _ in range(11):
        group = optimizer.param_groups[0]
        found.append((group["lr"], group["momentum"]))
        optimizer.step()
        if len(found) < 11:
            schedule.step()
    assert found[0] == pytest.approx((0.1, 0.95)) and found[10] == pytest.approx((1e-5, 0.95))
    # The top is at step 0.5·11 − 1 = 4.5.
    up, down = [0.1 + 0.9 * t / 4.5 for t in range(5)], [1 - (1 - 1e-5) * (t - 4.5) / 5.5 for t in range(5, 11)]
    assert [rate for rate, _ in found] == pytest.approx(up + down)
    for rate, momentum in found[:5]:
        assert (rate - 0.1) / 0.9 == pytest.approx((0.95 - momentum) / 0.1)
    adam = optim.Adam([gg.ones(2, requires_grad=True)])
    L.OneCycleLR(adam, 1.0, total_steps=11)
    assert adam.param_groups[0]["betas"] == (0.95, 0.999)


def test_all_steps_made():
    optimizer = sgd(momentum=0.9)
    schedule = L.OneCycleLR(optimizer, 1.0, total_steps=3)
    optimizer.step()
    for _ in range(3):
        schedule.step()
    with pytest.raises(ValueError, match="all 3 steps are made"):
        schedule.step()


def test_schedules_of_one_optimiser_multiply():
    optimizer = sgd(1.0)
    first, second = L.ExponentialLR(optimizer, 0.9), L.StepLR(optimizer, 2, 0.5)
    optimizer.step()
    for t in range(1, 7):
        first.step()
        second.step()
        assert optimizer.param_groups[0]["lr"] == pytest.approx(0.9**t * 0.5 ** (t // 2))


def test_a_sequence_begins_each_at_its_own_step_0():
    def make(o):
        chain = L.ChainedScheduler([L.ConstantLR(o, 0.5, 2), L.ExponentialLR(o, 0.9)])
        return L.SequentialLR(o, [chain, L.ExponentialLR(o, 0.5)], [3])

    assert rates(make, 5, lr=1.0) == pytest.approx([0.5, 0.45, 0.81, 1.0, 0.5, 0.25])

    def twice(o):
        inner = L.SequentialLR(o, [L.ConstantLR(o, 0.5, 9), L.ExponentialLR(o, 0.1)], [1])
        return L.SequentialLR(o, [L.ExponentialLR(o, 0.9), inner], [2])

    assert rates(twice, 4, lr=1.0) == pytest.approx([1.0, 0.9, 0.5, 1.0, 0.1])


def test_groups_keep_their_proportions():
    a, b = gg.ones(1, requires_grad=True), gg.ones(1, requires_grad=True)
    optimizer = optim.SGD([{"params": a}, {"params": b, "lr": 1.0}], lr=0.1)
    schedule = L.LambdaLR(optimizer, lambda step: 0.5**step)
    optimizer.step()
    schedule.step()
    assert schedule.get_last_lr() == [0.05, 0.5]


def test_plateau_by_hand():
    optimizer = sgd(1.0)
    schedule = L.ReduceLROnPlateau(optimizer, factor=0.5, patience=1, cooldown=1)
    seen = []
    for value in (5, 4, 4, 4, 4, 4, 4, math.nan, 3, 3):
        schedule.step(value)
        seen.append(optimizer.param_groups[0]["lr"])
    assert seen == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25]
    assert schedule.best == 3


def test_training_goes_on_from_the_states_bit_for_bit():
    def run(stop):
        gg.manual_seed(0)
        model = nn.Linear(3, 1)
        x, y = gg.randn(8, 3), gg.randn(8, 1)

        def make():
            optimizer = optim.RMSprop(model.parameters(), lr=0.05, momentum=0.9)
            return optimizer, L.SequentialLR(
                optimizer, [L.LinearLR(optimizer, 0.1), L.CosineAnnealingLR(optimizer, 20)], [5]
            )

        optimizer, schedule = make()
        for step in range(20):
            if step == stop:
                states = optimizer.state_dict(), schedule.state_dict()
                optimizer, schedule = make()
                schedule.load_state_dict(states[1])
                optimizer.load_state_dict(states[0])
            optimizer.zero_grad()
            nn.MSELoss()(model(x), y).backward()
            optimizer.step()
            schedule.step()
        return model.weight.numpy().tolist(), schedule.get_last_lr()

    whole = run(None)
    assert all(run(stop) == whole for stop in (1, 5, 12))


def test_objects_that_can_be_called_are_saved_by_their_attributes():
    class Fall:
        def __init__(self, speed):
            self.speed = speed

        def __call__(self, step):
            return self.speed**step

    state = L.LambdaLR(sgd(), Fall(0.5)).state_dict()
    assert state["lr_lambdas"] == [{"speed": 0.5}]
    schedule = L.LambdaLR(sgd(), Fall(0.1))
    schedule.load_state_dict(state)
    schedule.last_epoch = 1
    assert schedule.get_lr() == pytest.approx([0.2])
    assert L.LambdaLR(sgd(), math.exp).state_dict()["lr_lambdas"] == [None]


def test_resuming_by_the_last_epoch():
    makers = (
        lambda o, e: L.StepLR(o, 2, 0.5, e),
        lambda o, e: L.LinearLR(o, 0.5, 1.0, 9, e),
        lambda o, e: L.CosineAnnealingLR(o, 9, 0.0, e),
        lambda o, e: L.LambdaLR(o, lambda t: 0.5**t, e),
    )
    for make in makers:
        through = rates(lambda o, make=make: make(o, -1), 8)
        optimizer = sgd()
        optimizer.param_groups[0].update(initial_lr=0.4, lr=through[4])
        schedule = make(optimizer, 3)
        optimizer.step()
        found = schedule.get_last_lr()
        for _ in range(4):
            schedule.step()
            found += schedule.get_last_lr()
        assert found == pytest.approx(through[4:])


def test_the_order_of_steps():
    with pytest.warns(UserWarning, match=r"StepLR.step\(\) was called before optimizer.step\(\)"):
        L.StepLR(sgd(), 1).step()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizer = sgd()
        schedule = L.StepLR(optimizer, 1)
        optimizer.step()
        schedule.step()
        L.ReduceLROnPlateau(sgd()).step(1.0)

        class Own(optim.SGD):
            def step(self, closure=None):  # may count steps elsewhere: no warning
                return None

        L.StepLR(Own([gg.ones(1, requires_grad=True)]), 1).step()


def test_a_state_that_does_not_fit_changes_nothing():
    schedule = L.SequentialLR(o := sgd(), [L.StepLR(o, 3), L.ExponentialLR(o, 0.9)], [4])
    before = schedule.state_dict()
    cases = [
        (lambda s: s.pop("last_epoch"), "it lacks last_epoch"),
        (lambda s: s.update(rate=1), "it has rate"),
        (lambda s: s["_schedulers"].pop(), "states of 2 schedules"),
        (lambda s: s["_schedulers"][1].pop("gamma"), "ExponentialLR: it lacks gamma"),
    ]
    for change, message in cases:
        state = schedule.state_dict()
        state["last_epoch"] = 7
        state["_schedulers"][0]["step_size"] = 99
        change(state)
        with pytest.raises(ValueError, match=message):
            schedule.load_state_dict(state)
        assert schedule.state_dict() == before
    with pytest.raises(TypeError, match=r"StepLR.load_state_dict: expected a dict, got a list"):
        L.StepLR(sgd(), 3).load_state_dict([])
    with pytest.raises(ValueError, match="the state is of 1 groups, the optimiser has 2"):
        two = optim.SGD([{"params": gg.ones(1)}, {"params": gg.ones(1)}])
        L.LambdaLR(two, lambda t: 1).load_state_dict(L.LambdaLR(sgd(), lambda t: 1).state_dict())


def test_states_are_copies():
    schedule = L.MultiStepLR(sgd(), [1, 2])
    state = schedule.state_dict()
    state["milestones"].clear()
    state["base_lrs"].append(1)
    assert len(schedule.milestones) == 2 and schedule.base_lrs == [0.4]


class Unfinished(L.LRScheduler):
    pass


@pytest.mark.parametrize(("make", "error", "message"), [
    (lambda: L.StepLR(nn.Linear(1, 1), 3), TypeError, r"StepLR: the first argument must be an optimiser .* a Linear"),
    (lambda: L.ReduceLROnPlateau(0.1), TypeError, "ReduceLROnPlateau: the first argument must be an optimiser"),
    (lambda: L.OneCycleLR(None, 0.1, 3), TypeError, "OneCycleLR: the first argument must be an optimiser"),
    (lambda: L.StepLR(sgd(), 0), ValueError, "StepLR: step_size must be at least 1, got 0"),
    (lambda: L.StepLR(sgd(), 2.5), TypeError, "step_size must be a whole number, not 2.5"),
    (lambda: L.StepLR(sgd(), 2, gamma=math.nan), ValueError, "gamma must be at least 0 and finite, got nan"),
    (lambda: L.StepLR(sgd(), 2, last_epoch=3), ValueError, 'group 0 of the optimiser must have "initial_lr"'),
    (lambda: L.StepLR(sgd(), 2, last_epoch=-2), ValueError, "last_epoch must be at least -1"),
    (lambda: L.MultiStepLR(sgd(), 3), TypeError, "milestones must be a list of whole numbers, not 3"),
    (lambda: L.MultiStepLR(sgd(), [1.5]), TypeError, "each of milestones must be a whole number"),
    (lambda: L.ConstantLR(sgd(), 2), ValueError, "ConstantLR: factor must be at least 0 and at most 1, got 2"),
    (lambda: L.LinearLR(sgd(), 0.0), ValueError, "start_factor must be above 0"),
    (lambda: L.LinearLR(sgd(), end_factor=-1), ValueError, "end_factor must be at least 0"),
    (lambda: L.LinearLR(sgd(), total_iters=0), ValueError, "total_iters must be at least 1"),
    (lambda: L.ExponentialLR(sgd(), "fast"), TypeError, "ExponentialLR: gamma must be a number, not 'fast'"),
    (lambda: L.CosineAnnealingLR(sgd(), 0), ValueError, "T_max must be at least 1"),
    (lambda: L.CosineAnnealingWarmRestarts(sgd(), 3, 0), ValueError, "T_mult must be at least 1"),
    (lambda: L.CosineAnnealingWarmRestarts(sgd(), 3).step(-1), ValueError, "step: epoch must be at least 0"),
    (lambda: L.LambdaLR(sgd(), 0.5), TypeError, "LambdaLR: lr_lambda must be a function"),
    (lambda: L.LambdaLR(sgd(), [abs, abs]), ValueError, "lr_lambda has 2 values, but the optimiser has 1 groups"),
    (lambda: L.CyclicLR(sgd(), 0.1, 1.0, mode="square"), ValueError, 'mode must be "triangular"'),
    (lambda: L.CyclicLR(sgd(), 0.1, 1.0, scale_fn=3), TypeError, "scale_fn must be a function of a number, not 3"),
    (lambda: L.CyclicLR(sgd(), 0.1, 1.0, scale_mode="x"), ValueError, 'scale_mode must be "cycle" or "iterations"'),
    (lambda: L.CyclicLR(sgd(), [0.1, 0.2], 1.0), ValueError, "base_lr has 2 values, but the optimiser has 1 groups"),
    (lambda: L.CyclicLR(optim.Adagrad([gg.ones(1)]), 0.1, 1.0), ValueError, "Adagrad has no momentum to cycle"),
    (lambda: L.OneCycleLR(sgd(), 0.1), ValueError, "give total_steps, or both epochs and steps_per_epoch"),
    (lambda: L.OneCycleLR(sgd(), 0.1, epochs=3, steps_per_epoch=0), ValueError, "steps_per_epoch must be at least 1"),
    (lambda: L.OneCycleLR(sgd(), 0.1, 10, pct_start=1.5), ValueError, "pct_start must be at least 0 and at most"),
    (lambda: L.OneCycleLR(sgd(), 0.1, 10, anneal_strategy="x"), ValueError, 'anneal_strategy must be "cos"'),
    (lambda: L.OneCycleLR(sgd(), 0.1, 10, div_factor=0), ValueError, "div_factor must be above 0"),
    (lambda: L.OneCycleLR(sgd(), 0.1, 10, max_momentum=2), ValueError, "max_momentum must be at least 0 and less"),
    (lambda: L.ReduceLROnPlateau(sgd(), "low"), ValueError, 'mode must be "min" or "max", not \'low\''),
    (lambda: L.ReduceLROnPlateau(sgd(), factor=1.0), ValueError, "factor must be at least 0 and less than 1"),
    (lambda: L.ReduceLROnPlateau(sgd(), threshold_mode="x"), ValueError, 'threshold_mode must be "rel" or "abs"'),
    (lambda: L.ReduceLROnPlateau(sgd(), min_lr=[0.1, 0.1]), ValueError, "min_lr has 2 values"),
    (lambda: L.ReduceLROnPlateau(sgd()).step("good"), TypeError, "give the value that should improve"),
    (lambda: L.ReduceLROnPlateau(sgd()).step(gg.ones(2)), TypeError, "a number, not a Tensor"),
    (lambda: L.SequentialLR(sgd(), [], []), ValueError, "give at least one schedule"),
    (lambda: L.SequentialLR(sgd(), [3], []), TypeError, "schedule 0 is a int, not an LRScheduler"),
    (lambda: L.SequentialLR(sgd(), 3, []), TypeError, "expected a list of schedules"),
    (lambda: L.SequentialLR(sgd(), [L.StepLR(sgd(), 3)], []), ValueError, "schedule 0 belongs to another optimiser"),
    (lambda: L.SequentialLR(o := sgd(), [L.StepLR(o, 3)], [2]), ValueError, "1 schedules need 0 milestones, got 1"),
    (lambda: L.SequentialLR(o := sgd(), [L.StepLR(o, 3)] * 3, [4, 2]), ValueError, r"must rise, got \[4, 2\]"),
    (lambda: L.ChainedScheduler([L.ReduceLROnPlateau(sgd())]), ValueError, "whose step needs a value"),
    (lambda: Unfinished(sgd()), NotImplementedError, "Unfinished does not define get_lr"),
])  # fmt: skip
def test_clear_errors(make, error, message):
    with pytest.raises(error, match=message):
        make()
