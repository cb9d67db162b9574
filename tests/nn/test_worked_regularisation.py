"""Worked example 9 on layers: dropout in its conventions (R9 to R13), norms of weights; and layers drawn by chance."""

import numpy as np
import pytest

import glassgrad as gg
from glassgrad import nn
from glassgrad.nn import functional as F

DRAWS = 20_000


def mask_of(p):
    """The zeros and ones of one call of `Dropout`."""
    return (nn.Dropout(p)(gg.ones(DRAWS)).numpy() > 0).astype(float)


def test_worked_9_norms_of_weights():
    """000 has the largest weight for the L∞ norm, 3; it is the largest absolute value, 4."""
    w = gg.tensor([3.0, -4.0, 0.0])
    norms = [gg.linalg.vector_norm(w, p).item() for p in (1, 2, np.inf)]
    assert norms == [7, 5, 4] and w.max().item() == 3


def test_worked_9_dropout_by_masks():
    """The notes drop in training and scale by 1 − p in the test; here the scale is in training: equal expectations."""
    gg.manual_seed(0)
    p, x = 0.3, 2.0
    mask = mask_of(p)
    assert mask.mean() == pytest.approx(1 - p, abs=0.015), "E[M] = 1 − p"
    notes_train, notes_test = x * mask, (1 - p) * x
    ours_train, ours_test = nn.Dropout(p)(gg.full((DRAWS,), x)).numpy(), nn.Dropout(p).eval()(gg.tensor([x])).item()
    assert notes_train.mean() == pytest.approx(notes_test, abs=0.03)
    assert ours_train.mean() == pytest.approx(ours_test, abs=0.04) and ours_test == x
    assert set(np.unique(ours_train)) == {np.float32(0), np.float32(x / (1 - p))}


def test_worked_9_drop_and_keep_are_two_words_for_one_thing():
    """001's p = .3 (drop) and 003's p = .7 (keep) are one network: the same masks from the same seed."""
    gg.manual_seed(0)
    drop = mask_of(0.3)
    gg.manual_seed(0)
    keep = mask_of(1 - 0.7)
    np.testing.assert_array_equal(drop, keep)
    gg.manual_seed(0)
    assert keep.mean() == pytest.approx(0.7, abs=0.015) and mask_of(0.7).mean() == pytest.approx(0.3, abs=0.015)


def test_worked_9_the_mask_of_002():
    """mask = rand > ratio is False, and drops, with probability ratio: 002's ratio is the p of `Dropout`."""
    gg.manual_seed(0)
    ratio = 0.2
    mask = gg.rand(DRAWS).numpy() > ratio
    assert 1 - mask.mean() == pytest.approx(ratio, abs=0.012)
    assert 1 - mask_of(ratio).mean() == pytest.approx(ratio, abs=0.012)


def test_worked_9_backward_of_dropout():
    """In training dX = dY·M/(1 − p), in evaluation dX = dY (in the notes' form dY·M and (1 − p)·dY)."""
    layer, x = nn.Dropout(0.3), gg.ones(50, requires_grad=True)
    y = layer(x)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), y.numpy())
    x.grad = None
    (layer.eval()(x) * 1.0).sum().backward()
    assert x.grad.tolist() == [1] * 50


def test_rounded_targets():
    """R17: label smoothing s makes the target (1 − s)·t + s/C; with s = .3 and three classes, .8 and .1."""
    x = gg.tensor(np.array([[1.0, 2.0, 3.0]]))
    log_y = np.log(np.exp([1, 2, 3]) / np.exp([1, 2, 3]).sum())
    smoothed = nn.CrossEntropyLoss(label_smoothing=0.3)(x, gg.tensor([2]))
    assert smoothed.item() == pytest.approx(-(0.1 * log_y[0] + 0.1 * log_y[1] + 0.8 * log_y[2]), rel=1e-12)


# --- DropConnect (R12)

def test_drop_connect_drops_weights():
    gg.manual_seed(0)
    layer = nn.DropConnect(200, 100, p=0.25)
    identity = gg.tensor(np.eye(200, dtype="float32"))
    rows = layer(identity) - layer.bias
    dropped = rows.numpy().T == 0
    assert dropped.mean() == pytest.approx(0.25, abs=0.02)
    assert 0 < dropped.mean(0).min() and dropped.mean(0).max() < 1, "no unit is dropped as a whole"
    np.testing.assert_allclose(rows.numpy().T[~dropped], layer.weight.numpy()[~dropped] / 0.75, rtol=1e-4, atol=1e-6)
    assert not np.array_equal(rows.numpy(), (layer(identity) - layer.bias).numpy()), "a new mask for every call"


def test_drop_connect_in_evaluation_is_a_linear_layer():
    layer, linear = nn.DropConnect(3, 2, p=0.9), nn.Linear(3, 2)
    linear.load_state_dict(layer.state_dict())
    x = gg.randn(4, 3)
    assert layer.eval()(x).tolist() == linear(x).tolist()
    assert repr(layer) == "DropConnect(in_features=3, out_features=2, bias=True, p=0.9)"
    layer = nn.DropConnect(3, 2, p=0.0)
    linear.load_state_dict(layer.state_dict())
    assert layer(x).tolist() == linear(x).tolist()


def test_drop_connect_gradients_reach_the_kept_weights():
    gg.manual_seed(0)
    layer = nn.DropConnect(50, 1, p=0.5)
    y = layer(gg.ones(1, 50))
    y.sum().backward()
    grads = layer.weight.grad.numpy()
    assert set(np.unique(grads)) == {0, 2} and layer.bias.grad.tolist() == [1]
    assert y.item() == pytest.approx((layer.weight.numpy() * grads).sum() + layer.bias.item(), rel=1e-4)


# --- stochastic pooling (R13)

def test_stochastic_pooling_draws_in_proportion():
    gg.manual_seed(0)
    window = np.array([[1.0, 0.0], [2.0, 5.0]])
    pooled = nn.StochasticPool2d(2)(gg.tensor(np.tile(window, (1, 1, 1, DRAWS)))).numpy().ravel()
    values, counts = np.unique(pooled, return_counts=True)
    assert values.tolist() == [1, 2, 5], "an activation of 0 is never drawn"
    # Four standard errors of the shares 1/8, 2/8 and 5/8.
    np.testing.assert_allclose(counts / DRAWS, [1 / 8, 2 / 8, 5 / 8], atol=4 * np.sqrt(0.25 / DRAWS))


def test_stochastic_pooling_in_evaluation_is_the_expected_value():
    x = np.random.default_rng(0).random((2, 3, 4, 6))
    x[0, 0, :2, :2] = 0
    windows = x.reshape(2, 3, 2, 2, 3, 2).transpose(0, 1, 2, 4, 3, 5).reshape(2, 3, 2, 3, 4)
    with np.errstate(invalid="ignore"):
        expected = np.nan_to_num((windows**2).sum(-1) / windows.sum(-1))
    np.testing.assert_allclose(nn.StochasticPool2d(2).eval()(gg.tensor(x)).numpy(), expected, rtol=1e-12)


def test_stochastic_pooling_passes_the_gradient_to_what_was_drawn():
    gg.manual_seed(1)
    x = gg.tensor(np.random.default_rng(0).random((2, 3, 4, 6)), requires_grad=True)
    y = nn.StochasticPool2d(2)(x)
    y.sum().backward()
    assert x.grad.sum().item() == y.numel() and set(np.unique(x.grad.numpy())) == {0, 1}
    np.testing.assert_allclose((x.grad * x).sum().item(), y.sum().item(), rtol=1e-12)


def test_stochastic_pooling_of_zeros():
    for training in (True, False):
        x = gg.zeros(1, 1, 2, 2, requires_grad=True)
        y = nn.StochasticPool2d(2).train(training)(x)
        y.sum().backward()
        assert y.item() == 0 and not x.grad.numpy().any()


def test_stochastic_pooling_derivatives_and_options():
    x = gg.tensor(np.random.default_rng(0).random((1, 2, 5, 5)) + 0.1, requires_grad=True)
    for options in ((2,), (3, 2), ((2, 3), 1, 1)):
        assert nn.StochasticPool2d(*options)(x).shape == nn.MaxPool2d(*options)(x).shape
        gg.gradcheck(lambda v, o=options: nn.StochasticPool2d(*o).eval()(v), (x,))
    assert repr(nn.StochasticPool2d(2)) == "StochasticPool2d(kernel_size=2, stride=2, padding=0)"
    assert F.stochastic_pool2d(np.ones((1, 1, 2, 2)), 2).__class__ is np.ndarray


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: nn.StochasticPool2d(2)(gg.full((1, 1, 2, 2), -1.0)), ValueError, r"least is -1\.0 .*put ReLU before it"),
    (lambda: nn.StochasticPool2d(2)(gg.full((1, 1, 2, 2), np.nan)), ValueError, "finite and not negative"),
    (lambda: nn.StochasticPool2d(2)(gg.zeros(2, 2)), ValueError, r"must have shape \(N, C, H, W\), got \(2, 2\)"),
    (lambda: nn.StochasticPool2d(3)(gg.zeros(1, 1, 2, 2)), ValueError, "does not fit"),
    (lambda: nn.DropConnect(2, 2, p=1.5), ValueError, "DropConnect: p must be between 0 and 1"),
    (lambda: nn.DropConnect(2, 2, 0.5), TypeError, "DropConnect: bias must be True or False"),
])  # fmt: skip
def test_messages(call, error, message):
    with pytest.raises(error, match=message):
        call()
