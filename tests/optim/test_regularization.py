"""Penalties, the proximal step, the limit of norms, groups for weight decay."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import glassgrad as gg
from glassgrad import nn, optim

NUMBERS = st.floats(-100, 100).map(lambda x: round(x, 3))


def leaf(values, dtype="float64"):
    return gg.tensor(np.array(values, dtype=dtype), requires_grad=True)


@given(arrays("float64", (2, 3), elements=NUMBERS), st.floats(0, 3), st.floats(0, 3), st.floats(1, 4), st.floats(0, 3))
def test_penalty_and_its_gradient(values, l1, l2, p, strength):
    w = leaf(values)
    value = optim.penalty([w], l1, l2, (p, strength))
    sizes = np.abs(values)
    expected = l1 * sizes.sum() + l2 / 2 * (values**2).sum() + strength / p * (sizes**p).sum()
    assert value.item() == pytest.approx(expected, rel=1e-9, abs=1e-12)
    value.backward()
    gradient = l1 * np.sign(values) + l2 * values + strength * sizes ** (p - 1) * np.sign(values)
    np.testing.assert_allclose(w.grad.numpy(), gradient, rtol=1e-9, atol=1e-9)


def test_penalty_sums_over_tensors_and_is_a_number():
    model = nn.Linear(3, 2)
    weights = np.concatenate([p.numpy().ravel() for p in model.parameters()])
    assert optim.penalty(model.parameters(), l1=2.0).item() == pytest.approx(2 * np.abs(weights).sum(), rel=1e-5)
    largest = optim.penalty(model.parameters(), p=(math.inf, 3.0))
    assert largest.item() == pytest.approx(3 * np.abs(weights).max(), rel=1e-6) and largest.shape == ()
    largest.backward()
    assert sum(np.count_nonzero(p.grad.numpy()) for p in model.parameters() if p.grad is not None) == 1


def test_no_penalty_is_0_and_can_go_backward():
    w = leaf([1.0, 2.0])
    (optim.penalty(w) + 0 * w.sum()).backward()
    assert optim.penalty(w).item() == 0 and w.grad.numpy().tolist() == [0, 0]


def test_l2_is_weight_decay():
    results = []
    for decay in (True, False):
        w = leaf([1.0, -2.0])
        optimizer = optim.SGD([w], lr=0.1, momentum=0.9, weight_decay=0.3 if decay else 0)
        for _ in range(5):
            optimizer.zero_grad()
            loss = (w * w * w).sum()
            (loss if decay else loss + optim.penalty(w, l2=0.3)).backward()
            optimizer.step()
        results.append(w.numpy(copy=True))
    np.testing.assert_allclose(*results, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@given(values=arrays("float64", (4,), elements=NUMBERS), threshold=st.floats(0, 50).map(lambda x: round(x, 2)))
def test_soft_threshold(values, threshold, dtype):
    w = leaf(values, dtype)
    given_values = w.numpy(copy=True)
    optim.soft_threshold_([w], threshold)
    limit = np.dtype(dtype).type(threshold)
    expected = np.sign(given_values) * np.maximum(np.abs(given_values) - limit, 0)
    assert w.dtype == np.dtype(dtype) and np.array_equal(w.numpy(), expected)
    assert not np.signbit(w.numpy()[w.numpy() == 0]).any()


@given(arrays("float64", (3, 2, 2), elements=NUMBERS), st.floats(0, 50), st.integers(-3, 2))
def test_max_norm(values, limit, dim):
    w = leaf(values)
    optim.max_norm_([w], limit, dim)
    before, after = (np.moveaxis(a, dim, 0).reshape(values.shape[dim], -1) for a in (values, w.numpy()))
    for old, new in zip(before, after, strict=True):
        size = np.linalg.norm(old)
        if size <= limit * (1 - 1e-12):
            assert np.array_equal(old, new)
        else:
            np.testing.assert_allclose(new, old * (limit / size) if size else old, rtol=1e-9, atol=1e-12)


def test_max_norm_leaves_biases_and_layers_within_alone():
    model = nn.Linear(3, 2)
    with gg.no_grad():
        model.bias.copy_(gg.tensor([50.0, 60.0]))
        model.weight.copy_(gg.tensor([[3.0, 0.0, 4.0], [0.1, 0.2, 0.2]]))
    optim.max_norm_(model.parameters(), 2.0)
    np.testing.assert_allclose(model.weight.numpy(), [[1.2, 0, 1.6], [0.1, 0.2, 0.2]], rtol=1e-6)
    assert model.bias.numpy().tolist() == [50, 60]


def test_max_norm_of_half_precision_does_not_overflow():
    w = leaf([[300.0, 400.0]], "float16")
    optim.max_norm_(w, 5.0)
    np.testing.assert_allclose(w.numpy(), [[3, 4]], rtol=2e-3)


def test_changes_in_place_are_seen_by_graphs():
    for change in (lambda w: optim.soft_threshold_(w, 0.5), lambda w: optim.max_norm_(w, 0.5)):
        w = leaf([[1.0, 2.0]])
        y = (w * w).sum()
        change(w)
        with pytest.raises(RuntimeError, match=r"soft_threshold_step|max_norm_step"):
            y.backward()


class ScaleNorm(nn.Module):
    """A normalisation layer of one's own, with a parameter of two dimensions."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(np.ones((2, 2)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)
        self.norm = nn.BatchNorm2d(2)
        self.own = ScaleNorm()
        self.out = nn.Linear(8, 3)
        self.bias_table = nn.Parameter(np.zeros((3, 3)))
        self.scale = nn.Parameter(np.ones(3))


def test_weights_decay_and_biases_and_norms_do_not():
    model = Net()
    first, second = optim.decay_groups(model, 0.1)
    names = {id(p): name for name, p in model.named_parameters()}
    assert [names[id(p)] for p in first["params"]] == ["conv.weight", "out.weight"]
    assert {names[id(p)] for p in second["params"]} == {
        "conv.bias", "norm.weight", "norm.bias", "own.weight", "out.bias", "bias_table", "scale",
    }  # fmt: skip
    assert (first["weight_decay"], second["weight_decay"]) == (0.1, 0.0)
    optimizer = optim.SGD(optim.decay_groups(model, 0.5), lr=0.1)
    before = {name: p.numpy(copy=True) for name, p in model.named_parameters()}
    for p in model.parameters():
        p.grad = gg.zeros_like(p)
    optimizer.step()
    for name, p in model.named_parameters():
        factor = 0.95 if name in ("conv.weight", "out.weight") else 1.0
        np.testing.assert_allclose(p.numpy(), factor * before[name], rtol=1e-6)


def test_shared_weights_come_once_and_empty_groups_not():
    layer = nn.Linear(2, 2, bias=False)
    groups = optim.decay_groups(nn.Sequential(layer, nn.ReLU(), layer), 0.1)
    assert len(groups) == 1 and len(groups[0]["params"]) == 1
    optim.AdamW(groups)


W = gg.ones(2, 2, requires_grad=True)


@pytest.mark.parametrize(("make", "error", "message"), [
    (lambda: optim.penalty(nn.Linear(1, 1), l1=1), TypeError, r"penalty: .* got a Linear; give .parameters\(\) of it"),
    (lambda: optim.penalty([], l1=1), ValueError, "penalty: got no parameters; a generator"),
    (lambda: optim.penalty(3, l1=1), TypeError, "expected a tensor or a list of tensors, got a int"),
    (lambda: optim.penalty([np.ones(2)], l1=1), TypeError, "item 0 of the parameters is a ndarray, not a Tensor"),
    (lambda: optim.penalty(W, l1=-1), ValueError, "penalty: l1 must be at least 0"),
    (lambda: optim.penalty(W, l2=math.nan), ValueError, "penalty: l2 must be at least 0 and finite, got nan"),
    (lambda: optim.penalty(W, p=2), TypeError, r"p must be a pair \(p, λ\) of the norm's order"),
    (lambda: optim.penalty(W, p=(0.5, 1)), ValueError, "the order p must be at least 1, where it is a norm; got 0.5"),
    (lambda: optim.penalty(W, p=("2", 1)), TypeError, "the order p must be a number, not '2'"),
    (lambda: optim.penalty(W, p=(2, -1)), ValueError, "the strength λ must be at least 0"),
    (lambda: optim.soft_threshold_(W, -1), ValueError, "soft_threshold_: threshold must be at least 0"),
    (lambda: optim.soft_threshold_(W * 2, 1), RuntimeError, "soft_threshold_step: this tensor .* the result of mul"),
    (lambda: optim.max_norm_(W, -1), ValueError, "max_norm_: max_norm must be at least 0"),
    (lambda: optim.max_norm_(gg.ones(3), 1), ValueError, "no parameter has two dimensions; give a unit's weights as a"),
    (lambda: optim.max_norm_(W, 1, dim=2), ValueError, r"a tensor of shape \(2, 2\) has no dimension 2"),
    (lambda: optim.max_norm_(W, 1, dim="row"), TypeError, "dim must be a whole number, not 'row'"),
    (lambda: optim.decay_groups([W], 0.1), TypeError, r"expected a module such as nn.Sequential\(...\), got a list"),
    (lambda: optim.decay_groups(nn.ReLU(), 0.1), ValueError, "has no parameters; .* hold them in an nn.ModuleList"),
    (lambda: optim.decay_groups(nn.Linear(1, 1), -1), ValueError, "weight_decay must be at least 0"),
])  # fmt: skip
def test_clear_errors(make, error, message):
    with pytest.raises(error, match=message):
        make()
