"""PyTorch as the oracle for clipping."""

import inspect
import math

import numpy as np
import pytest
import torch

import glassgrad as gg
from glassgrad.nn import utils

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("norm_type", [2, 1, 0.5, 3, math.inf, -math.inf, 0, "inf"])
@pytest.mark.parametrize("max_norm", [0, 0.1, 3.0, 1e9])
def test_clip(norm_type, max_norm, dtype):
    rng = np.random.default_rng(0)
    gradients = [rng.standard_normal(shape).astype(dtype) for shape in ((3, 4), (4,), ())]
    mine = [gg.zeros(*g.shape, dtype=dtype, requires_grad=True) for g in gradients]
    theirs = [torch.zeros(g.shape, dtype=getattr(torch, dtype), requires_grad=True) for g in gradients]
    for a, b, g in zip(mine, theirs, gradients, strict=True):
        a.grad, b.grad = gg.tensor(g), torch.tensor(g)
    total = utils.clip_grad_norm_(mine, max_norm, norm_type)
    ttotal = torch.nn.utils.clip_grad_norm_(theirs, max_norm, norm_type)
    assert total.dtype.name == dtype and total.item() == pytest.approx(ttotal.item(), rel=1e-6)
    for value in (0.3, 0.0):
        for a, b in zip(mine, theirs, strict=True):
            np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=1e-5 if dtype == "float32" else 1e-12)
        utils.clip_grad_value_(mine, value)
        torch.nn.utils.clip_grad_value_(theirs, value)


@pytest.mark.parametrize("name", utils.__all__)
def test_arguments_are_pytorchs(name):
    mine, other = (inspect.signature(getattr(module, name)).parameters.values() for module in (utils, torch.nn.utils))
    assert [(p.name, p.kind, p.default) for p in mine] == [(p.name, p.kind, p.default) for p in other]


def test_max_norm_is_renorm():
    """PyTorch adds 1e-7 to the norm."""
    from glassgrad import optim

    values = np.random.default_rng(0).standard_normal((5, 3, 2))
    for dim in (0, 1, 2):
        mine = gg.tensor(values, requires_grad=True)
        optim.max_norm_(mine, 1.5, dim)
        np.testing.assert_allclose(mine.detach().numpy(), torch.tensor(values).renorm(2, dim, 1.5).numpy(), rtol=1e-6)
