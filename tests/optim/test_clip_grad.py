"""Clipping of gradients: norms by hand, what is left alone, messages."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import glassgrad as gg
from glassgrad import nn, optim
from glassgrad.nn import utils


def leaves(*gradients, dtype="float64"):
    made = [gg.zeros(*np.shape(g), dtype=dtype, requires_grad=True) for g in gradients]
    for leaf, gradient in zip(made, gradients, strict=True):
        leaf.grad = gg.tensor(np.asarray(gradient, dtype))
    return made


def test_it_is_exported_twice():
    assert optim.clip_grad_norm_ is nn.utils.clip_grad_norm_ and optim.clip_grad_value_ is nn.utils.clip_grad_value_


@pytest.mark.parametrize(
    ("norm_type", "norm"),
    [(2, 13.0), (1, 19.0), (math.inf, 12.0), ("inf", 12.0), (3, (27 + 64 + 1728) ** (1 / 3)), (-math.inf, 3.0)],
)
def test_norms(norm_type, norm):
    a, b = leaves([3.0, -4.0], [[12.0]])
    total = utils.clip_grad_norm_([a, b], 1.0, norm_type)
    assert total.item() == pytest.approx(norm)
    factor = 1 / (norm + 1e-6)
    np.testing.assert_allclose(a.grad.numpy(), [3 * factor, -4 * factor])
    np.testing.assert_allclose(b.grad.numpy(), [[12 * factor]])


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=6), st.floats(0, 100))
def test_the_norm_is_at_most_the_limit_and_the_direction_stays(values, limit):
    (leaf,) = leaves(values)
    before = leaf.grad.numpy(copy=True)
    total = utils.clip_grad_norm_(leaf, limit).item()
    after = leaf.grad.numpy()
    assert np.linalg.norm(after) <= limit + 1e-9 or np.array_equal(before, after)
    if total + 2e-6 < limit:
        assert np.array_equal(before, after)
    np.testing.assert_allclose(after * total, before * np.linalg.norm(after), atol=1e-6)


def test_parameters_without_gradient_are_passed_over():
    a, b = gg.ones(2, requires_grad=True), leaves([3.0, 4.0])[0]
    assert utils.clip_grad_norm_([a, b], 1.0).item() == 5.0
    assert a.grad is None
    assert utils.clip_grad_norm_([a], 1.0).item() == 0.0
    utils.clip_grad_value_([a], 1.0)


def test_large_and_small_precisions_do_not_overflow():
    (leaf,) = leaves([3e30, 4e30], dtype="float32")
    assert utils.clip_grad_norm_(leaf, 5.0).item() == pytest.approx(5e30)
    np.testing.assert_allclose(leaf.grad.numpy(), [3, 4], rtol=1e-5)
    assert leaf.grad.dtype == np.float32


def test_gradients_that_are_not_finite():
    for bad in (math.nan, math.inf):
        (leaf,) = leaves([bad, 1.0])
        with pytest.raises(RuntimeError, match=f"of order 2 of the gradients is {bad}, so they cannot be clipped"):
            utils.clip_grad_norm_(leaf, 1.0, error_if_nonfinite=True)
        assert leaf.grad.numpy()[1] == 1.0
    (leaf,) = leaves([math.nan, 1.0])
    assert math.isnan(utils.clip_grad_norm_(leaf, 1.0).item())
    assert np.isnan(leaf.grad.numpy()).all()


def test_values():
    (leaf,) = leaves([0.5, -3.0, 2.0])
    held = leaf.grad
    utils.clip_grad_value_([leaf], 1.0)
    assert held.numpy().tolist() == [0.5, -1.0, 1.0]


def test_the_change_is_seen_by_graphs():
    w = gg.tensor([2.0], requires_grad=True)
    w.grad = gg.tensor([5.0])
    y = (w * w.grad).sum()
    utils.clip_grad_norm_(w, 1.0)
    with pytest.raises(RuntimeError, match="multiply_"):
        y.backward()


def test_a_step_is_bounded():
    model = nn.Linear(3, 1)
    (1e6 * model(gg.ones(2, 3))).sum().backward()
    before = [p.numpy(copy=True) for p in model.parameters()]
    optim.clip_grad_norm_(model.parameters(), 2.0)
    optim.SGD(model.parameters(), lr=0.5).step()
    moved = sum(((p.numpy() - b) ** 2).sum() for p, b in zip(model.parameters(), before, strict=True))
    assert math.sqrt(moved) == pytest.approx(1.0, rel=1e-4)


def test_clear_errors():
    model = nn.Linear(2, 2)
    for clip in (utils.clip_grad_norm_, utils.clip_grad_value_):
        with pytest.raises(TypeError, match=r"expected parameters, got a Linear; give .parameters\(\) of it"):
            clip(model, 1.0)
        with pytest.raises(TypeError, match="item 0 of the parameters is a int, not a Tensor"):
            clip([3], 1.0)
        with pytest.raises(TypeError, match="expected a tensor or a list of tensors, got a int"):
            clip(3, 1.0)
        with pytest.raises(ValueError, match="must be at least 0, got -1"):
            clip(model.parameters(), -1)
        with pytest.raises(TypeError, match="must be a number, not 'much'"):
            clip(model.parameters(), "much")
        with pytest.raises(ValueError, match="must be a number, got nan"):
            clip(model.parameters(), math.nan)
        generator = model.parameters()
        list(generator)
        with pytest.warns(UserWarning, match="the generator is empty, so nothing is clipped"):
            clip(generator, 1.0)
