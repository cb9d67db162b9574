"""Initial values: scales, determinism, messages. The scales are section 11 of the worked examples."""

import math

import numpy as np
import pytest

import glassgrad as gg
from glassgrad import nn
from glassgrad.nn import init


def test_gains():
    assert init.calculate_gain("relu") == math.sqrt(2)
    assert init.calculate_gain("tanh") == 5 / 3
    assert init.calculate_gain("leaky_relu") == math.sqrt(2 / 1.0001)
    assert init.calculate_gain("leaky_relu", 2) == math.sqrt(2 / 5)


@pytest.mark.parametrize(
    ("fill", "shape", "std"),
    [
        (init.lecun_normal_, (2000, 100), 0.1),
        (lambda t: init.kaiming_normal_(t, nonlinearity="relu"), (2000, 100), 0.1414213562),
        (init.xavier_normal_, (100, 784), 0.0475651494),
        (init.xavier_uniform_, (100, 784), 0.0475651494),
        (lambda t: init.kaiming_normal_(t, nonlinearity="linear"), (300, 3, 5, 5), 1 / math.sqrt(75)),
        (lambda t: init.kaiming_uniform_(t, mode="fan_out"), (75, 4, 5, 5), math.sqrt(2 / 1875)),
        (lambda t: init.normal_(t, 0.0, 0.3), (300, 300), 0.3),
    ],
)
def test_standard_deviations(fill, shape, std):
    gg.manual_seed(1)
    for dtype in ("float32", "float64"):
        tensor = gg.zeros(*shape, dtype=dtype, requires_grad=True)
        assert fill(tensor) is tensor and tensor.is_leaf
        values = tensor.numpy()
        # Five standard errors of the estimates.
        assert abs(values.mean()) < 5 * std / math.sqrt(values.size)
        assert abs(values.std() / std - 1) < 5 / math.sqrt(2 * values.size)


def test_uniform_bounds():
    gg.manual_seed(0)
    values = init.uniform_(gg.zeros(100_000), -3.0, 5.0).numpy()
    assert -3 <= values.min() < -2.99 and 4.99 < values.max() <= 5
    bound = 1 / math.sqrt(784)
    weight = nn.Linear(784, 100).weight.numpy()
    assert np.abs(weight).max() <= bound and np.abs(weight).max() > 0.99 * bound


def test_one_seed_covers_all_initial_values():
    def build():
        gg.manual_seed(7)
        return nn.models.SimpleConvNet((1, 8, 8)).state_dict()

    first, second = build(), build()
    assert all(np.array_equal(first[n].numpy(), second[n].numpy()) for n in first)


def test_constants():
    assert init.zeros_(gg.ones(2)).numpy().tolist() == [0, 0]
    assert init.ones_(gg.zeros(2)).numpy().tolist() == [1, 1]
    assert init.constant_(gg.zeros(2, dtype="float64"), 0.1).numpy().tolist() == [0.1, 0.1]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: init.xavier_normal_(gg.zeros(3)), ValueError, r"xavier_normal_: .* at least two dimensions .* \(3,\)"),
        (lambda: init.kaiming_normal_(gg.zeros(3, 3), mode="fan"), ValueError, "mode must be 'fan_in' or 'fan_out'"),
        (lambda: init.calculate_gain("swish"), ValueError, "unknown nonlinearity 'swish'; known are leaky_relu"),
        (lambda: init.normal_(gg.zeros(3), std=-1), ValueError, "std finite and not negative"),
        (lambda: init.normal_(gg.zeros(3), std=math.nan), ValueError, "std finite and not negative"),
        (lambda: init.uniform_(gg.zeros(3), 1.0, 0.0), ValueError, "interval from a = 1.0 to b = 0.0"),
        (lambda: init.uniform_(gg.zeros(3, dtype="int64")), TypeError, "the tensor has dtype int64"),
        (lambda: init.zeros_(np.zeros(3)), TypeError, "expected a Tensor to fill, not ndarray"),
    ],
)
def test_clear_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


# --- signals through deep networks


def test_he_keeps_the_signal_through_relus_and_smaller_scales_lose_it():
    """Mean square of the fifth layer: 1 with He's values, 1/32 with std 1/√n, about 0 with 0.01."""
    rng = np.random.default_rng(0)

    def last_mean_square(fill):
        found = []
        for seed in range(40):
            gg.manual_seed(seed)
            net = nn.Sequential(*(m for _ in range(5) for m in (nn.Linear(100, 100, bias=False), nn.ReLU())))
            net.apply(lambda m: fill(m.weight) if isinstance(m, nn.Linear) else None)
            with gg.no_grad():
                out = net(gg.tensor(rng.standard_normal((200, 100))))
            found.append(np.square(out.numpy()).mean())
        return float(np.mean(found))

    assert last_mean_square(lambda w: init.kaiming_normal_(w)) == pytest.approx(1.0, rel=0.1)
    assert last_mean_square(init.lecun_normal_) == pytest.approx(1 / 32, rel=0.2)
    assert last_mean_square(lambda w: init.normal_(w, 0.0, 0.01)) < 1e-8
