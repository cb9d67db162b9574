"""Losses: worked numbers, extremes, labels, and derivatives against each other."""

import math

import numpy as np
import pytest

import glassgrad as gg
from glassgrad import nn
from glassgrad.nn import functional as F

LN2 = math.log(2)


def leaf(values):
    return gg.tensor(np.array(values, dtype="float64"), requires_grad=True)


# --- 6: worked numbers

LABELS = [np.array([2, 0]), gg.tensor([2, 0]), [2, 0], np.array([2, 0], "int8")]


@pytest.mark.parametrize(
    ("loss_function", "target"),
    [
        *((f, t) for f in (F.cross_entropy, F.cross_entropy_composed) for t in LABELS),
        (F.cross_entropy, gg.tensor(np.array([[0.0, 0, 1], [1, 0, 0]]))),
    ],
)
def test_cross_entropy(loss_function, target):
    x = leaf([[1, 2, 3], [1, 1, 1]])
    loss = loss_function(x, target)
    assert loss.item() == pytest.approx(0.753109126556, rel=1e-9)
    loss.backward()
    expected = [[0.0450152866, 0.1223642355, -0.1673795221], [-1 / 3, 1 / 6, 1 / 6]]
    np.testing.assert_allclose(x.grad.numpy(), expected, rtol=1e-8)


def test_binary_cross_entropy():
    x = leaf([[0], [2]])
    loss = nn.BCEWithLogitsLoss()(x, gg.tensor(np.array([[1.0], [0.0]])))
    assert loss.item() == pytest.approx((LN2 + math.log(1 + math.exp(2))) / 2, rel=1e-12)
    loss.backward()
    np.testing.assert_allclose(x.grad.numpy(), [[-0.25], [0.440398538989]], rtol=1e-9)


def test_binary_cross_entropy_has_the_right_derivatives_at_zero():
    """σ(x) − t and σ(x)(1 − σ(x)), also at 0, where forms with |x| or max(x, 0) have a kink."""
    x = leaf([0.0, -3.0, 3.0])
    loss = F.binary_cross_entropy_with_logits(x, [0.25, 0.0, 1.0], reduction="sum")
    (first,) = gg.grad(loss, [x], create_graph=True)
    sigma = 1 / (1 + np.exp(-x.numpy()))
    np.testing.assert_allclose(first.numpy(), sigma - [0.25, 0, 1], rtol=1e-12)
    (second,) = gg.grad(first.sum(), [x])
    np.testing.assert_allclose(second.numpy(), sigma * (1 - sigma), rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extremes(dtype):
    assert F.cross_entropy(gg.tensor([[0.0, -800.0]], dtype), [0]).item() == 0
    assert F.cross_entropy(gg.tensor([[0.0, -1e30]], dtype), [1]).item() == pytest.approx(1e30)
    x = gg.tensor([800.0, -800.0, 1e4, -1e4], dtype)
    assert F.binary_cross_entropy_with_logits(x, [1.0, 0.0, 1.0, 0.0]).item() == 0
    wrong = F.binary_cross_entropy_with_logits(x, [0.0, 1.0, 0.0, 1.0], reduction="none")
    assert wrong.numpy().tolist() == [800, 800, 1e4, 1e4]
    small = F.binary_cross_entropy_with_logits(gg.tensor([20.0], dtype), [1.0]).item()
    assert small == pytest.approx(math.log1p(math.exp(-20)), rel=1e-6, abs=1e-7)


def test_mean_square():
    x = leaf([1.6, 0.6])
    assert nn.MSELoss(reduction="none")(x, [1.0, 2.0]).numpy() == pytest.approx([0.36, 1.96])
    assert nn.MSELoss("sum")(x, [1.0, 2.0]).item() == pytest.approx(2.32)


# --- derivatives: each form against the one made of small operations, to second order


def composed(logits, labels, weight, ignore_index, smoothing, reduction):
    """Cross entropy of labels by its definition, one row after the other."""
    rows, weights = [], []
    classes = logits.shape[1]
    for i, label in enumerate(labels):
        if label == ignore_index:
            continue
        log_p = logits[i] - gg.log(gg.exp(logits[i]).sum())
        smooth = -(log_p * weight).sum() / classes
        rows.append((1 - smoothing) * -log_p[int(label)] * weight[label] + smoothing * smooth)
        weights.append(weight[label])
    total = sum(rows)
    return total / sum(weights) if reduction == "mean" else total


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weight", [None, np.array([0.5, 1.0, 2.0])])
def test_cross_entropy_to_second_order(weight, smoothing, reduction):
    rng = np.random.default_rng(0)
    x = leaf(rng.standard_normal((5, 3)))
    labels = np.array([0, 2, -100, 1, 2])

    def derivatives(loss):
        (first,) = gg.grad(loss, [x], create_graph=True)
        return loss.item(), first.numpy(), gg.grad((first * first).sum(), [x])[0].numpy()

    ours = derivatives(F.cross_entropy(x, labels, weight, reduction=reduction, label_smoothing=smoothing))
    theirs = derivatives(composed(x, labels, np.ones(3) if weight is None else weight, -100, smoothing, reduction))
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
    assert not ours[1][2].any(), "an ignored row has no gradient"


def test_ignored_rows_do_not_spread_infinities():
    x = gg.tensor([[0.0, -np.inf], [0.0, 0.0]], requires_grad=True)
    loss = F.nll_loss(x, [1, 0], ignore_index=1)
    loss.backward()
    assert loss.item() == 0 and x.grad.numpy().tolist() == [[0, 0], [-1, 0]]


def test_all_labels_ignored_is_nan_for_the_mean_and_zero_for_the_sum():
    x = gg.tensor([[1.0, 2.0]])
    assert math.isnan(F.cross_entropy(x, [-100]).item()) and F.cross_entropy(x, [-100], reduction="sum").item() == 0
    weight = [1.0, 1.0]
    assert math.isnan(F.cross_entropy(x, [-100], weight).item())


def test_labels_are_read_once():
    """A later change of the label tensor does not reach backward."""
    x = gg.tensor([[1.0, 2.0, 3.0]], requires_grad=True)
    labels = gg.tensor([2])
    loss = F.cross_entropy(x, labels)
    labels.copy_(np.array([0]))
    loss.backward()
    assert x.grad.numpy()[0, 2] < 0 < x.grad.numpy()[0, 0]


def test_empty_batch():
    x = gg.zeros(0, 3, requires_grad=True)
    assert F.cross_entropy(x, np.zeros(0, int), reduction="sum").item() == 0
    assert F.cross_entropy(x, np.zeros(0, int), reduction="none").shape == (0,)


# --- messages

LOGITS = gg.zeros(4, 3)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: F.cross_entropy(LOGITS, [0, 1, 2, 7]), ValueError,
         r"cross_entropy: target\[3\] = 7, but the logits have 3 classes \(0..2\)"),
        (lambda: F.cross_entropy(LOGITS, [0, -1, 2, 2]), ValueError, r"target\[1\] = -1, but"),
        (lambda: F.cross_entropy(LOGITS, [0, 1, 2, 7], weight=[1.0, 1, 1]), ValueError, r"target\[3\] = 7, but"),
        (lambda: F.nll_loss(LOGITS, [0, 1, 2, 7]), ValueError, r"nll_loss: target\[3\] = 7"),
        (lambda: F.cross_entropy(LOGITS, [0.0, 1.0, 2.0, math.nan]), TypeError, "class labels must be integers"),
        (lambda: F.cross_entropy(LOGITS, [0, 1]), ValueError, r"logits of shape \(4, 3\) need labels of shape \(4,\)"),
        (lambda: F.cross_entropy(LOGITS, gg.zeros(4, 3, dtype="int64")), ValueError, "class probabilities must"),
        (lambda: F.cross_entropy(LOGITS, [0, 1, 2, 2], weight=[1.0, 2.0]), ValueError, r"must have shape \(3,\)"),
        (lambda: F.cross_entropy(LOGITS, [0, 1, 2, 2], reduction="avg"), ValueError, "reduction must be 'mean'"),
        (lambda: F.cross_entropy(gg.tensor([[1, 2]]), [0]), TypeError, "must be floating-point, not int64"),
        (lambda: F.cross_entropy(gg.tensor(1.0), [0], weight=[1.0]), ValueError, r"must have shape \(N, C\)"),
        (lambda: F.cross_entropy_composed(gg.zeros(3), [0]), ValueError, r"must have shape \(N, C\), got \(3,\)"),
        (lambda: F.mse_loss(gg.zeros(4, 1), gg.zeros(4)), ValueError,
         r"mse_loss: input of shape \(4, 1\) and target of shape \(4,\) must have equal shapes; reshape one of them"),
        (lambda: F.mse_loss(gg.zeros(4), gg.zeros(3)), ValueError, r"must have equal shapes$"),
        (lambda: F.binary_cross_entropy_with_logits(gg.zeros(2, 1), [1.0, 0.0]), ValueError, "must have equal shapes"),
    ],
)  # fmt: skip
def test_clear_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_losses_say_in_which_module_they_run():
    with pytest.raises(ValueError, match=r"equal shapes.* \[in module MSELoss\]"):
        nn.MSELoss()(gg.zeros(2), gg.zeros(3))
    with pytest.raises(ValueError, match=r"classes .* \[in module CrossEntropyLoss\]"):
        nn.CrossEntropyLoss()(gg.zeros(1, 2), gg.tensor([2]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: F.batch_norm(gg.zeros(3), None, None, training=True), r"must have shape \(N, C, ...\), got \(3,\)"),
        (lambda: F.batch_norm(gg.zeros(3, 2), gg.zeros(2), None), "give both running_mean and running_var"),
        (lambda: F.batch_norm(gg.zeros(3, 2), None, None), "evaluation needs running_mean and running_var"),
        (lambda: F.batch_norm(gg.zeros(3, 2), gg.zeros(3), gg.ones(3)), r"running_mean of shape \(3,\) does not fit"),
    ],
)
def test_batch_norm_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
