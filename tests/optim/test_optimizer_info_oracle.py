"""PyTorch's own samples for optimisers (OptimizerInfo): every input, its schedules and its wrong inputs."""

import types

import numpy as np
import pytest
import torch
from torch.testing._internal.common_optimizers import optim_db

import glassgrad as gg
from glassgrad import optim
from glassgrad.optim import lr_scheduler

pytestmark = pytest.mark.oracle

INFOS = {info.name: info for info in optim_db if hasattr(optim, info.name)}
OURS = {name for name in optim.__all__ if isinstance(getattr(optim, name), type)} - {"Optimizer"}


def ours(value):
    if isinstance(value, torch.Tensor):
        array = value.detach().numpy().copy()
        return gg.tensor(array, dtype=array.dtype.name, requires_grad=value.requires_grad)
    if isinstance(value, dict):
        return {key: ours(item) for key, item in value.items()}
    return type(value)(ours(item) for item in value) if isinstance(value, list | tuple) else value


def problem(dtype):
    """A linear map, its data, and both sides' loss."""
    generator = torch.Generator().manual_seed(0)
    weight, bias, x = (torch.randn(shape, generator=generator, dtype=dtype) for shape in ((10, 5), (10,), (5,)))
    theirs = [weight.requires_grad_(), bias.requires_grad_()]
    mine = [ours(t) for t in theirs]
    mine_x = ours(x)
    return (
        (mine, lambda: ((mine[0] @ mine_x + mine[1]) ** 2).sum()),
        (theirs, lambda: ((theirs[0] @ x + theirs[1]) ** 2).sum()),
    )


def close(mine, theirs, dtype):
    tolerance = 1e-10 if dtype == torch.float64 else 2e-4
    for a, b in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(a.numpy(), b.detach().numpy(), rtol=tolerance, atol=tolerance / 10)


def step(optimizer, loss, closure=False):
    def evaluate():
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value

    if closure:
        return optimizer.step(evaluate).item()
    evaluate()
    return optimizer.step()


def inputs(name):
    return INFOS[name].optim_inputs_func(device="cpu")


def test_every_optimiser_of_ours_has_samples():
    assert set(INFOS) == OURS
    assert sum(len(inputs(name)) for name in INFOS) >= 47


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("name", INFOS)
def test_inputs(name, dtype):
    for sample in inputs(name):
        assert sample.params is None
        for closure in (False, True):
            (mine, loss), (theirs, tloss) = problem(dtype)
            optimizer = getattr(optim, name)(mine, **ours(sample.kwargs))
            toptimizer = INFOS[name].optim_cls(theirs, foreach=False, **sample.kwargs)
            for _ in range(20):
                value, tvalue = step(optimizer, loss, closure), step(toptimizer, tloss, closure)
                assert value == (pytest.approx(tvalue, rel=1e-3) if closure else None)
                close(mine, theirs, dtype)


@pytest.mark.parametrize("name", INFOS)
def test_flags_without_effect_are_accepted(name):
    info = INFOS[name]
    flags = [*info.supported_impls, *(["capturable"] if info.has_capturable_arg else [])]
    for flag in flags:
        (mine, loss), (plain, plain_loss) = problem(torch.float64)[0], problem(torch.float64)[0]
        first, second = getattr(optim, name)(mine, **{flag: True}), getattr(optim, name)(plain)
        for _ in range(3):
            step(first, loss)
            step(second, plain_loss)
        assert all(np.array_equal(a.numpy(), b.numpy()) for a, b in zip(mine, plain, strict=True))


def with_our_schedules(make):
    """The same lambda, finding our classes where it names PyTorch's."""
    found = {name: getattr(lr_scheduler, name) for name in lr_scheduler.__all__}
    return types.FunctionType(
        make.__code__, {**make.__globals__, **found}, make.__name__, make.__defaults__, make.__closure__
    )


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", INFOS)
def test_schedules(name):
    for makers in INFOS[name].scheduler_inputs:
        (mine, loss), (theirs, tloss) = problem(torch.float64)
        optimizer, toptimizer = getattr(optim, name)(mine, lr=0.01), INFOS[name].optim_cls(theirs, lr=0.01)
        schedules = [with_our_schedules(make)(optimizer) for make in makers]
        tschedules = [make(toptimizer) for make in makers]
        for _ in range(30):
            step(optimizer, loss)
            step(toptimizer, tloss)
            for schedule, tschedule, value in zip(schedules, tschedules, [tloss()] * len(schedules), strict=True):
                waits = isinstance(schedule, lr_scheduler.ReduceLROnPlateau)
                schedule.step(*([value.item()] if waits else []))
                tschedule.step(*([value.item()] if waits else []))
            assert optimizer.param_groups[0]["lr"] == pytest.approx(toptimizer.param_groups[0]["lr"], rel=1e-9)
            close(mine, theirs, torch.float64)


# PyTorch refuses tensors as options together with some of its implementations; here they are read as numbers.
ACCEPTED_HERE = ("lr as Tensor doesn't work", "betas must be either both", r"betas\[0\] as a Tensor")


@pytest.mark.parametrize("name", INFOS)
def test_wrong_inputs_are_refused(name):
    refused = 0
    for sample in INFOS[name].optim_error_inputs_func(device="cpu", dtype=torch.float32):
        given = sample.optimizer_error_input
        params = [gg.ones(1, 1, requires_grad=True)] if given.params is None else shared(given.params, {})
        if given.desc.startswith(ACCEPTED_HERE):
            getattr(optim, name)(params, **ours(given.kwargs))
            continue
        with pytest.raises(TypeError if sample.error_type is TypeError else ValueError):
            getattr(optim, name)(params, **ours(given.kwargs))
        refused += 1
    assert refused >= 7


def shared(value, seen):
    """As ``ours``, but a tensor that comes twice is one tensor."""
    if isinstance(value, torch.Tensor):
        return seen.setdefault(id(value), ours(value))
    if isinstance(value, dict):
        return {key: shared(item, seen) for key, item in value.items()}
    return type(value)(shared(item, seen) for item in value) if isinstance(value, list | tuple) else value
