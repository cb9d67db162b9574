"""Worked example 11: initial values (I1 to I8, X5, X6, X23) and what they do to signals and gradients."""

import itertools
import math

import numpy as np
import pytest

import glassgrad as gg
from glassgrad import nn
from glassgrad.nn import init, models


def same_as_normal(fill, shape, std):
    """Whether a function fills with the normal distribution of this standard deviation: the same draws, scaled."""
    gg.manual_seed(0)
    found = fill(gg.zeros(*shape, dtype="float64")).numpy()
    gg.manual_seed(0)
    np.testing.assert_allclose(found, init.normal_(gg.zeros(*shape, dtype="float64"), 0.0, std).numpy(), rtol=1e-9)


@pytest.mark.parametrize(("fill", "shape", "std"), [
    (init.lecun_normal_, (50, 100), 0.1),
    (lambda w: init.kaiming_normal_(w, nonlinearity="relu"), (50, 100), 0.1414213562373),
    (init.xavier_normal_, (100, 784), 0.04756514941545), (lambda w: init.lecun_normal_(w, gain=1.7), (50, 100), 0.17),
    (lambda w: init.kaiming_normal_(w, nonlinearity="relu"), (30, 3, 5, 5), math.sqrt(2 / 75)),
], ids=["lecun", "He", "Glorot", "sigma_u", "convolution"])  # fmt: skip
def test_worked_11_standard_deviations(fill, shape, std):
    same_as_normal(fill, shape, std)


def test_worked_11_the_variance_is_one_over_n():
    """000 gives 1/√n as the variance; it is the standard deviation: .1 for n = 100, not .316."""
    gg.manual_seed(0)
    std = init.lecun_normal_(gg.zeros(1000, 100)).numpy().std()
    assert std == pytest.approx(0.1, rel=0.01) and math.sqrt(1 / math.sqrt(100)) == pytest.approx(0.316, abs=5e-4)


def test_worked_11_sums_have_the_wanted_spread():
    """003: σ = σ_u/√M makes the standard deviation of a unit's input σ_u = 1.7."""
    gg.manual_seed(0)
    layer = nn.Linear(100, 500, bias=False)
    init.lecun_normal_(layer.weight, gain=1.7)
    assert layer(gg.randn(1000, 100)).numpy().std() == pytest.approx(1.7, rel=0.02)


def test_worked_11_variance_through_a_linear_layer():
    """001: it is multiplied by N·V = 50·.09 = 4.5."""
    gg.manual_seed(0)
    layer = nn.Linear(50, 500, bias=False)
    init.normal_(layer.weight, std=0.3)
    assert layer(gg.randn(2000, 50)).numpy().var() == pytest.approx(4.5, rel=0.03)


# --- signals in deep networks


def deep(activation, std, layers=5, units=100, seed=0):
    """The net and data of the notes' histograms, drawn as the table says: data first, then the weights in order."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((1000, units))
    net = models.MultiLayerNet([units] * (layers + 1) + [10], activation).double()
    for layer in net.modules():
        if isinstance(layer, nn.Linear):
            with gg.no_grad():
                rows = rng.standard_normal((layer.in_features, layer.out_features)) * std
                layer.weight.copy_(rows.T)  # the notes write rows times W
                layer.bias.zero_()
    return net, gg.tensor(x)


def activations(net, x):
    found = []
    for name, layer in net.layers.named_children():
        if name.startswith("activation"):
            layer.register_forward_hook(lambda module, args, out: found.append(out.numpy()))
    net(x)
    return found


@pytest.mark.parametrize(("std", "spreads", "outside"), [
    (1.0, [0.459, 0.439, 0.433, 0.439, 0.443], [0.77, 0.66, 0.64, 0.66, 0.69]),
    (0.01, [0.025, 0.012, 0.011, 0.013, 0.012], [0.0] * 5), (0.1, [0.207, 0.123, 0.112, 0.124, 0.117], None),
])  # fmt: skip
def test_worked_11_sigmoid_activations(std, spreads, outside):
    """Masses at 0 and 1, or all near ½, or a moderate spread. (Generator: NumPy's default_rng(0).)"""
    found = activations(*deep("sigmoid", std))
    assert [a.std() for a in found] == pytest.approx(spreads, abs=6e-4)
    ends = [((a < 0.05) | (a > 0.95)).mean() for a in found]
    if outside is not None:
        assert ends == pytest.approx(outside, abs=6e-3)
    assert all(a.mean() == pytest.approx(0.5, abs=0.1) for a in found)


@pytest.mark.parametrize(
    ("std", "expected", "factor"),
    [(math.sqrt(2 / 100), 1, 2), (1 / math.sqrt(100), 1 / 32, 2), (0.01, 3.1e-12, 10)],
    ids=["He", "LeCun", "0.01"],
)
def test_worked_11_relu_mean_square(std, expected, factor):
    """He keeps the mean square of the signal, 1/√n halves it in each layer, .01 loses it. (Mean of 20 seeds.)"""
    squares = []
    for seed in range(20):
        net, x = deep("relu", std, seed=seed)
        squares.append((activations(net, x)[-1] ** 2).mean())
    assert expected / factor < np.mean(squares) < expected * factor


def test_worked_11_small_weights_do_lose_the_gradient():
    """000 says that std .01 does not vanish: activations do not saturate, but gradients shrink 100-fold a layer."""
    net, x = deep("sigmoid", 0.01)
    nn.CrossEntropyLoss()(net(x), np.arange(1000) % 10).backward()
    sizes = [np.abs(p.grad.numpy()).mean() for name, p in net.named_parameters() if "weight" in name]
    assert all(10 < b / a < 1000 for a, b in itertools.pairwise(sizes))
    assert sizes[0] < 1e-6 * sizes[-1]


@pytest.mark.parametrize("activation", ["relu", "tanh", "leaky_relu", "identity", "sigmoid"])
def test_worked_11_zero_weights(activation):
    """With f(0) = 0 weights never move, whatever the activation; with sigmoid they do, alike in all units."""
    rng = np.random.default_rng(0)
    net = models.MultiLayerNet([4, 5, 3], activation, init=0.0)
    optimizer = gg.optim.SGD(net.parameters(), lr=0.5)
    x, t = rng.standard_normal((20, 4)).astype("float32"), rng.integers(0, 3, 20)
    for _ in range(20):
        optimizer.zero_grad()
        nn.CrossEntropyLoss()(net(gg.tensor(x)), t).backward()
        optimizer.step()
    first, last = net.layers.affine1.weight.numpy(), net.layers.affine2.weight.numpy()
    assert net.layers.affine2.bias.numpy().any(), "the last bias learns in any case"
    if activation == "sigmoid":
        assert first.any() and last.any()
        np.testing.assert_array_equal(first, np.broadcast_to(first[:1], first.shape))
        np.testing.assert_array_equal(last, np.broadcast_to(last[:, :1], last.shape))
    else:
        assert not first.any() and not last.any()


# --- the other functions of nn.init


def test_orthogonal_keeps_lengths():
    gg.manual_seed(0)
    w = init.orthogonal_(gg.zeros(20, 20, dtype="float64")).numpy()
    np.testing.assert_allclose(w @ w.T, np.eye(20), atol=1e-12)
    determinants = {round(np.linalg.det(init.orthogonal_(gg.zeros(3, 3, dtype="float64")).numpy())) for _ in range(30)}
    assert determinants == {-1, 1}, "rotations and reflections"
    tall = init.orthogonal_(gg.zeros(6, 2, 2), gain=2.0).numpy().reshape(6, 4)
    np.testing.assert_allclose(tall.T @ tall, 4 * np.eye(4), atol=1e-5)
    assert init.orthogonal_(gg.zeros(0, 3)).shape == (0, 3)


def test_truncated_normal_values():
    """Mean and spread of the normal distribution between −1 and 2: from φ and Φ."""
    gg.manual_seed(0)
    values = init.trunc_normal_(gg.zeros(200_000, dtype="float64"), a=-1.0, b=2.0).numpy()
    assert values.min() >= -1 and values.max() <= 2
    density = lambda x: math.exp(-x * x / 2) / math.sqrt(2 * math.pi)  # noqa: E731
    mass = (math.erf(2 / math.sqrt(2)) + math.erf(1 / math.sqrt(2))) / 2
    mean = (density(-1) - density(2)) / mass
    assert values.mean() == pytest.approx(mean, abs=0.01)
    assert values.var() == pytest.approx(1 + (-density(-1) - 2 * density(2)) / mass - mean**2, rel=0.02)
    tail = init.trunc_normal_(gg.zeros(1000, dtype="float64"), a=30.0, b=31.0).numpy()
    assert tail.min() >= 30 and tail.mean() == pytest.approx(30 + 1 / 30, abs=0.01), "far in the tail"


def test_dirac_passes_channels_on():
    conv = nn.Conv2d(3, 5, 3, padding=1, bias=False)
    init.dirac_(conv.weight)
    x = gg.randn(2, 3, 4, 4)
    y = conv(x).numpy()
    np.testing.assert_array_equal(y[:, :3], x.numpy())
    assert not y[:, 3:].any()


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: init.orthogonal_(gg.zeros(3)), ValueError, "orthogonal_: .* at least two dimensions"),
    (lambda: init.eye_(gg.zeros(3)), ValueError, r"eye_: expected a matrix, got shape \(3,\)"),
    (lambda: init.dirac_(gg.zeros(3, 3)), ValueError, "three to five dimensions"),
    (lambda: init.dirac_(gg.zeros(4, 2, 3), groups=3), ValueError, "groups must divide the 4 filters, got 3"),
    (lambda: init.sparse_(gg.zeros(3, 3), 1.5), ValueError, "sparsity must be between 0 and 1, got 1.5"),
    (lambda: init.sparse_(gg.zeros(3), 0.5), ValueError, "expected a matrix"),
    (lambda: init.trunc_normal_(gg.zeros(3), a=2.0, b=1.0), ValueError, "a below b"),
    (lambda: init.trunc_normal_(gg.zeros(3), std=0.0), ValueError, "std must be positive"),
    (lambda: init.lecun_normal_(gg.zeros(3, 3), "tanh"), TypeError, "gain must be a number, not 'tanh'"),
    (lambda: init.eye_([[0.0]]), TypeError, "expected a Tensor to fill, not list"),
])  # fmt: skip
def test_messages(call, error, message):
    with pytest.raises(error, match=message):
        call()
