"""Layers: worked numbers (sections of the worked examples), modes, statistics, options, messages."""

import math

import numpy as np
import pytest

import glassgrad as gg
from glassgrad import nn
from glassgrad.nn import functional as F


def leaf(values, dtype="float64"):
    return gg.tensor(np.array(values), dtype=dtype, requires_grad=True)


def set_to(parameter, values):
    with gg.no_grad():
        parameter.copy_(np.array(values))


# --- 5: the two-layer regression network


class TwoLayers(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(2, 2, dtype="float64")
        self.act = nn.ReLU()
        self.out = nn.Linear(2, 1, dtype="float64")
        # The notes write rows times W, so their W is our weight transposed.
        set_to(self.hidden.weight, [[1, 2], [-1, 0.5]])
        set_to(self.hidden.bias, [0, 1])
        set_to(self.out.weight, [[0.5, -1]])
        set_to(self.out.bias, [0.1])

    def forward(self, x):
        return self.out(self.act(self.hidden(x)))


def test_two_layer_network():
    net, x, y = TwoLayers(), leaf([[1, 2], [3, -1]]), gg.tensor(np.array([[1.0], [2.0]]))
    prediction = net(x)
    np.testing.assert_allclose(net.hidden(x).numpy(), [[5, 1], [1, -2.5]], rtol=1e-12)
    np.testing.assert_allclose(prediction.numpy(), [[1.6], [0.6]], rtol=1e-12)
    loss = nn.MSELoss()(prediction, y)
    assert loss.item() == pytest.approx(1.16, rel=1e-12)
    (loss / 2).backward()
    expected = {
        "out.weight": [[0.8, 0.3]],
        "out.bias": [-0.4],
        "hidden.weight": [[-0.9, 0.65], [-0.3, -0.6]],
        "hidden.bias": [-0.2, -0.3],
    }
    for name, parameter in net.named_parameters():
        np.testing.assert_allclose(parameter.grad.numpy(), expected[name], rtol=1e-12, err_msg=name)
    np.testing.assert_allclose(x.grad.numpy(), [[0.45, 0.15], [-0.35, -0.7]], rtol=1e-12)


# --- 7: activations

X = [-2, -0.5, 0, 0.5, 2]


@pytest.mark.parametrize(
    ("layer", "values", "slopes"),
    [
        (nn.Sigmoid(), [0.119202922, 0.3775406688, 0.5, 0.6224593312, 0.880797078],
         [0.1049935854, 0.2350037122, 0.25, 0.2350037122, 0.1049935854]),
        (nn.Tanh(), [-0.9640275801, -0.4621171573, 0, 0.4621171573, 0.9640275801],
         [0.0706508249, 0.786447733, 1, 0.786447733, 0.0706508249]),
        (nn.ReLU(), [0, 0, 0, 0.5, 2], [0, 0, 0, 1, 1]),
    ],
    ids=repr,
)  # fmt: skip
def test_activations(layer, values, slopes):
    x = leaf(X)
    y = layer(x)
    np.testing.assert_allclose(y.numpy(), values, rtol=1e-9, atol=1e-10)
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), slopes, rtol=1e-9, atol=1e-10)


def test_softmax_layers():
    x = gg.tensor([[1000.0, 1001.0, 1002.0]])
    expected = [[0.0900305732, 0.2447284711, 0.6652409558]]
    np.testing.assert_allclose(nn.Softmax(1)(x).numpy(), expected, rtol=1e-6)
    np.testing.assert_allclose(nn.LogSoftmax(dim=1)(x).numpy(), np.log(expected), rtol=1e-6)


# --- 10: batch normalisation


def test_batch_norm_worked_example():
    layer = nn.BatchNorm1d(1, eps=1e-8, dtype="float64")
    set_to(layer.weight, [2.0])
    set_to(layer.bias, [1.0])
    x = leaf([[1], [2], [4]])
    y = layer(x)
    np.testing.assert_allclose(y.numpy().ravel(), [-1.1380899284, 0.4654775179, 3.6726124105], rtol=1e-9)
    y.backward(gg.tensor(np.array([[1.0], [0.0], [-1.0]])))
    np.testing.assert_allclose(x.grad.numpy().ravel(), [0.2290810726, -0.3436215934, 0.1145405208], rtol=1e-6)
    assert layer.weight.grad.item() == pytest.approx(-2.4053511695, rel=1e-9) and layer.bias.grad.item() == 0
    # Mean 7/3, population variance 14/9, so the unbiased one is 7/3.
    assert layer.running_mean.item() == pytest.approx(0.1 * 7 / 3, rel=1e-9)
    assert layer.running_var.item() == pytest.approx(0.9 + 0.1 * 7 / 3, rel=1e-9)


@pytest.mark.parametrize(("eps", "values"), [(1e-8, (0.999999995, 0.99999999875)), (1e-5, (0.999995, 0.99999875))])
def test_batch_norm_of_two_rows(eps, values):
    y = nn.BatchNorm1d(2, eps=eps, dtype="float64")(gg.tensor(np.array([[1.0, 2.0], [3.0, 6.0]]))).numpy()
    np.testing.assert_allclose(y, [[-values[0], -values[1]], list(values)], rtol=1e-9)


@pytest.mark.parametrize("momentum", [0.1, None])
@pytest.mark.parametrize(
    ("layer", "shape"), [(nn.BatchNorm1d, (1, 2)), (nn.BatchNorm1d, (1, 2, 1)), (nn.BatchNorm2d, (1, 2, 1, 1))]
)
def test_batch_norm_of_one_value_per_channel(layer, shape, momentum):
    """In training it is refused, as by PyTorch, and changes nothing; the formula would give the bias."""
    norm = layer(2, momentum=momentum)
    set_to(norm.bias, [5.0, 6.0])
    with pytest.raises(ValueError, match=r"one value per channel.*drop_last=True.*\[in module BatchNorm.d\]"):
        norm(gg.ones(*shape))
    assert norm.running_var.numpy().tolist() == [1, 1] and norm.num_batches_tracked.item() == 0
    assert norm(gg.zeros(0, *shape[1:])).shape == (0, *shape[1:])
    assert norm.num_batches_tracked.item() == 0
    y = F.batch_norm_composed(gg.tensor([[1.0, 2.0]]), norm.weight, norm.bias, 1e-5)
    assert y.numpy().tolist() == [[5.0, 6.0]]
    assert norm.eval()(gg.ones(*shape)).shape == shape


def test_batch_norm_evaluation_uses_the_running_statistics():
    layer = nn.BatchNorm2d(2, dtype="float64")
    rng = np.random.default_rng(0)
    layer.running_mean.copy_(np.array([1.0, -2.0]))
    layer.running_var.copy_(np.array([4.0, 0.25]))
    x = rng.standard_normal((3, 2, 4, 4))
    y = layer.eval()(gg.tensor(x)).numpy()
    np.testing.assert_allclose(y[:, 0], (x[:, 0] - 1) / math.sqrt(4 + 1e-5), rtol=1e-12)
    np.testing.assert_allclose(y[:, 1], (x[:, 1] + 2) / math.sqrt(0.25 + 1e-5), rtol=1e-12)
    assert layer.running_mean.numpy().tolist() == [1, -2]


def test_batch_norm_evaluation_is_accurate_far_from_zero():
    layer = nn.BatchNorm1d(1).eval()
    layer.running_mean.copy_(np.array([1e4]))
    y = layer(gg.tensor([[10001.0]]))
    assert y.item() == pytest.approx(1 / math.sqrt(1 + 1e-5), rel=1e-6)


def test_batch_norm_with_momentum_none_is_the_plain_average():
    layer = nn.BatchNorm1d(1, momentum=None, dtype="float64")
    rng = np.random.default_rng(0)
    batches = [rng.standard_normal((4, 1)) for _ in range(5)]
    for batch in batches:
        layer(gg.tensor(batch))
    assert layer.running_mean.item() == pytest.approx(np.mean([b.mean() for b in batches]))
    assert layer.running_var.item() == pytest.approx(np.mean([b.var(ddof=1) for b in batches]))
    assert layer.num_batches_tracked.item() == 5
    layer.reset_parameters()
    assert layer.running_var.item() == 1 and layer.num_batches_tracked.item() == 0


def test_batch_norm_without_parameters_or_statistics():
    plain = nn.BatchNorm1d(2, affine=False, track_running_stats=False)
    assert not plain.state_dict() and plain.weight is None and plain.running_mean is None
    x = gg.randn(5, 2)
    assert np.array_equal(plain(x).numpy(), plain.eval()(x).numpy())
    assert list(nn.BatchNorm1d(2, bias=False).state_dict())[0:2] == ["weight", "running_mean"]


def test_batch_norm_second_derivative_equals_the_composed_form():
    rng = np.random.default_rng(0)
    layer = nn.BatchNorm2d(3, dtype="float64")
    set_to(layer.weight, rng.standard_normal(3))
    x = gg.tensor(rng.standard_normal((4, 3, 2, 2)), requires_grad=True)
    c = rng.standard_normal((4, 3, 2, 2))

    def second(out):
        inputs = [x, layer.weight, layer.bias]
        first = gg.grad((out**3 * c).sum(), inputs, create_graph=True)
        penalty = sum((g * g).sum() for g in first)
        return gg.grad(penalty, inputs)

    fused = second(layer(x))
    composed = second(F.batch_norm_composed(x, layer.weight, layer.bias, layer.eps))
    for a, b in zip(fused, composed, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-9, atol=1e-10)


def test_training_does_not_disturb_a_graph_of_evaluation():
    """The running statistics change between forward and backward; the gradients are those of the forward pass."""
    layer = nn.BatchNorm1d(2, dtype="float64")
    x = leaf([[1, 2], [3, 5]])
    y = layer.eval()(x)
    layer.train()(gg.randn(4, 2, dtype="float64"))
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), np.full((2, 2), 1 / math.sqrt(1 + 1e-5)), rtol=1e-12)
    np.testing.assert_allclose(layer.weight.grad.numpy(), y.numpy().sum(0), rtol=1e-12)


# --- 12: shapes


def shapes(model, shape):
    """The shape after every layer that holds no others."""
    found = []
    handles = [
        m.register_forward_hook(lambda module, args, out: found.append(out.shape))
        for m in model.modules()
        if not any(m.children())
    ]
    model(gg.zeros(*shape))
    for handle in handles:
        handle.remove()
    return found


def test_lenet_shapes_and_parameters():
    lenet = nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(400, 120),
        nn.Linear(120, 84), nn.Linear(84, 10),
    )  # fmt: skip
    found = shapes(lenet, (1, 1, 32, 32))
    assert found == [
        (1, 6, 28, 28), (1, 6, 14, 14), (1, 16, 10, 10), (1, 16, 5, 5), (1, 400), (1, 120), (1, 84), (1, 10),
    ]  # fmt: skip
    assert [math.prod(s) for s in found[:5]] == [4704, 1176, 1600, 400, 400]
    counts = [sum(p.numel() for p in m.parameters()) for m in lenet if list(m.parameters())]
    assert counts == [156, 2416, 48120, 10164, 850] and sum(counts) == 61706


def test_simple_conv_net():
    net = nn.models.SimpleConvNet()
    assert shapes(net, (2, 1, 28, 28)) == [
        (2, 30, 24, 24), (2, 30, 24, 24), (2, 30, 12, 12), (2, 4320), (2, 100), (2, 100), (2, 10),
    ]  # fmt: skip
    names = [name for name, _ in net.named_children()]
    assert names == ["conv", "relu1", "pool", "flatten", "affine1", "relu2", "affine2"]
    digits = nn.models.SimpleConvNet((1, 8, 8), filters=4, kernel_size=3, padding=1, stride=1, hidden_size=5)
    assert digits(gg.zeros(3, 1, 8, 8)).shape == (3, 10) and digits.affine1.in_features == 4 * 4 * 4
    with pytest.raises(ValueError, match=r"images of 3×3 are too small for filters of size 5 .* 0×0 would be left"):
        nn.models.SimpleConvNet((1, 3, 3))
    with pytest.raises(ValueError, match=r"input_dim must be \(channels, height, width\), got 28"):
        nn.models.SimpleConvNet(28)


@pytest.mark.parametrize(
    ("layer", "size", "expected"),
    [
        (nn.Conv2d(1, 1, 2, padding=1), 6, 7), (nn.Conv2d(1, 1, 3), 4, 2), (nn.Conv2d(1, 1, 3, padding=1), 4, 4),
        (nn.Conv2d(1, 1, 3, stride=2), 7, 3), (nn.Conv2d(1, 1, 11, stride=4), 227, 55),
        (nn.Conv2d(1, 1, 11, stride=4, padding=2), 224, 55), (nn.MaxPool2d(3, 2), 55, 27),
        (nn.Conv2d(1, 1, 5, padding=2), 27, 27), (nn.MaxPool2d(3, 2), 27, 13), (nn.Conv2d(1, 1, 3, padding=1), 13, 13),
        (nn.MaxPool2d(3, 2), 13, 6),
    ],
    ids=repr,
)  # fmt: skip
def test_output_sizes(layer, size, expected):
    assert layer(gg.zeros(1, 1, size, size)).shape == (1, 1, expected, expected)


def test_convolution_and_pooling_tables():
    images = leaf([[[[3, 4, 4, 2], [0, 8, 9, 2], [0, 4, 3, 1], [3, 3, 5, 7]]]])
    conv = nn.Conv2d(1, 1, 3, dtype="float64")
    set_to(conv.weight, [[[[3, 1, 2], [8, 7, 5], [5, 4, 1]]]])
    set_to(conv.bias, [0.0])
    y = conv(images)
    assert y.numpy().tolist() == [[[[141, 190], [101, 137]]]]
    y.sum().backward()
    assert conv.weight.grad.numpy().tolist() == [[[[15, 25, 17], [12, 24, 15], [10, 15, 16]]]]
    assert conv.bias.grad.numpy().tolist() == [4]
    assert nn.MaxPool2d(2)(images).numpy().tolist() == [[[[8, 9], [4, 7]]]]


# --- modes and randomness


def test_dropout():
    gg.manual_seed(3)
    layer = nn.Dropout(0.3)
    x = gg.ones(100_000)
    y = layer(x).numpy()
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.7)}
    assert abs((y == 0).mean() - 0.3) < 0.01
    assert not np.array_equal(y, layer(x).numpy()), "every call draws a new mask"
    gg.manual_seed(3)
    assert np.array_equal(y, layer(x).numpy())
    assert layer.eval()(x) is x
    assert not nn.Dropout(1)(x).numpy().any() and nn.Dropout(0)(x) is x


def test_a_float32_network_has_no_float64_anywhere():
    net = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.5),
        nn.Linear(8, 3), nn.BatchNorm1d(3), nn.Tanh(),
    )  # fmt: skip
    losses = [
        nn.CrossEntropyLoss(),
        nn.CrossEntropyLoss(weight=[1.0, 2.0, 3.0], label_smoothing=0.1),
        lambda y, t: nn.MSELoss()(y, np.eye(3)[t]),
        lambda y, t: nn.BCEWithLogitsLoss()(y, np.eye(3)[t]),
    ]
    for mode in (True, False):
        net.train(mode)
        for loss_function in losses:
            loss = loss_function(net(gg.randn(4, 1, 6, 6)), np.array([0, 1, 2, 0]))
            stack, seen = [loss.grad_fn], set()
            while stack:
                node = stack.pop()
                if not hasattr(node, "dtype") or id(node) in seen:
                    continue
                seen.add(id(node))
                dtypes = node.dtype if isinstance(node.dtype, tuple) else (node.dtype,)
                assert np.dtype("float64") not in dtypes, node
                stack.extend(getattr(node, "inputs", ()))
            loss.backward()
    assert {p.grad.dtype for p in net.parameters()} == {np.dtype("float32")}


def test_batch_of_zero_gives_batch_of_zero_and_zero_gradients():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 3), nn.Softmax(1))
    y = net(gg.zeros(0, 1, 6, 6))
    assert y.shape == (0, 3)
    y.sum().backward()
    assert all(not p.grad.numpy().any() for p in net.parameters())


# --- messages


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: nn.Linear(0, 3), ValueError, "Linear: in_features must be at least 1, got 0"),
        (lambda: nn.Linear(3, 2.5), TypeError, "Linear: out_features must be a whole number, not 2.5"),
        (lambda: nn.Linear(3, 2, "float64"), TypeError, "Linear: bias must be True or False, not 'float64'"),
        (lambda: nn.Linear(3, 2, dtype="int64"), TypeError, "only floating-point"),
        (lambda: nn.Conv2d(1, 1, 0), ValueError, "Conv2d: kernel_size must be at least 1"),
        (lambda: nn.Conv2d(1, 1, (3, 3, 3)), ValueError, r"kernel_size must be a number or a pair \(height, width\)"),
        (lambda: nn.Conv2d(1, 1, 3, stride=0), ValueError, "Conv2d: stride must be at least 1, got 0"),
        (lambda: nn.Conv2d(1, 1, 3, padding=-1), ValueError, "Conv2d: padding must be at least 0, got -1"),
        (lambda: nn.Conv2d(1, 1, 3, padding="same"), TypeError, "Conv2d: padding must be a whole number, not 'same'"),
        (lambda: nn.Conv2d(1, 1, 3, dilation=0), ValueError, "Conv2d: dilation must be at least 1"),
        (lambda: nn.Conv2d(3, 4, 3, groups=2), ValueError, "groups = 2 must divide in_channels = 3 and out"),
        (lambda: nn.MaxPool2d(2, 0), ValueError, "MaxPool2d: stride must be at least 1"),
        (lambda: nn.MaxPool2d(2, padding=2), ValueError, "padding 2 may be at most half of kernel_size 2"),
        (lambda: nn.Dropout(math.nan), ValueError, "Dropout: p must be between 0 and 1, got nan"),
        (lambda: nn.Dropout(1.5), ValueError, "Dropout: p must be between 0 and 1, got 1.5"),
        (lambda: nn.Dropout("half"), TypeError, "Dropout: p must be a number, not 'half'"),
        (lambda: nn.BatchNorm1d(0), ValueError, "BatchNorm1d: num_features must be at least 1"),
        (lambda: nn.BatchNorm2d(2, momentum=2), ValueError, "BatchNorm2d: momentum must be between 0 and 1"),
        (lambda: nn.BatchNorm2d(2, eps=-1), ValueError, "BatchNorm2d: eps must be between 0 and inf"),
        (lambda: nn.ReLU(gg.ones(2, 3)), TypeError, r"ReLU: inplace must be .*, not a Tensor of shape \(2, 3\)\. To"),
        (lambda: nn.Dropout(gg.ones(2)), TypeError, r"Dropout: p must be a number, not .* layer = nn\.Dropout\("),
        (lambda: nn.Softmax(gg.ones(2)), TypeError, "dim must be a whole number, not a Tensor of shape"),
        (lambda: nn.Softmax(None), TypeError, "Softmax: say along which dimension"),
        (lambda: nn.LeakyReLU(math.nan), ValueError, "LeakyReLU: negative_slope must be finite, got nan"),
        (lambda: nn.LeakyReLU("small"), TypeError, "LeakyReLU: negative_slope must be a number, not 'small'"),
        (lambda: nn.Hardtanh(1.0, 1.0), ValueError, "Hardtanh: min_val must be below max_val, got 1.0 and 1.0"),
        (lambda: nn.GELU("sigmoid"), ValueError, "GELU: approximate must be 'none' or 'tanh'"),
        (lambda: nn.PReLU(0), ValueError, "PReLU: num_parameters must be at least 1"),
        (lambda: nn.AvgPool2d(2, padding=2), ValueError, "AvgPool2d: padding 2 may be at most half of kernel_size 2"),
        (lambda: nn.AvgPool2d(2, divisor_override=0), ValueError, "divisor_override must be at least 1"),
        (lambda: nn.AdaptiveAvgPool2d(0), ValueError, "AdaptiveAvgPool2d: output_size must be at least 1"),
        (lambda: nn.AdaptiveMaxPool2d((1, 2, 3)), ValueError, r"a number or a pair \(height, width\), got \(1, 2, 3\)"),
        (lambda: nn.LocalResponseNorm(0), ValueError, "LocalResponseNorm: size must be at least 1"),
        (lambda: nn.Unfold(0), ValueError, "Unfold: kernel_size must be at least 1"),
        (lambda: nn.Fold("4", 2), TypeError, "Fold: output_size must be a whole number"),
        (lambda: nn.Unflatten(1, 5), TypeError, "Unflatten: unflattened_size must be a tuple of sizes, not 5"),
        (
            lambda: nn.CrossEntropyLoss(gg.zeros(1, 2), gg.tensor([0])),
            TypeError,
            r"CrossEntropyLoss is a class, and was called .* make an instance first: loss_function = nn\.Cross",
        ),
        (lambda: nn.MSELoss(input=gg.ones(1), target=gg.ones(1)), TypeError, "MSELoss is a class, and was called with"),
        (lambda: nn.HalfMSELoss("half"), ValueError, "HalfMSELoss: reduction must be"),
        (lambda: nn.MSELoss("average"), ValueError, "MSELoss: reduction must be .*, not 'average'"),
        (lambda: nn.CrossEntropyLoss(label_smoothing=2), ValueError, "label_smoothing must be between 0 and 1"),
    ],
)
def test_layers_refuse_wrong_arguments(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (nn.Linear(3, 2), (5, 4), r"linear: input of shape \(5, 4\) does not fit .* \(2, 3\)"),
        (nn.Conv2d(3, 2, 3), (1, 1, 8, 8), r"conv2d: input of shape \(1, 1, 8, 8\) has 1 channels.*expects 3"),
        (nn.Conv2d(1, 2, 9), (1, 1, 8, 8), r"a kernel of size 9 .* larger than the padded input: 8 \+ 2·0 = 8"),
        (nn.MaxPool2d(2), (8, 8), r"max_pool2d: the input must have shape \(N, C, H, W\) or \(C, H, W\), got \(8, 8\)"),
        (nn.BatchNorm1d(3), (2, 4), r"BatchNorm1d: expected input of shape \(N, 3\) or \(N, 3, L\), got \(2, 4\)"),
        (nn.BatchNorm2d(3), (2, 3), r"BatchNorm2d: expected input of shape \(N, 3, H, W\), got \(2, 3\)"),
    ],
    ids=repr,
)
def test_layers_refuse_wrong_inputs_and_say_where(layer, shape, message):
    model = nn.Sequential(nn.Identity(), layer)
    with pytest.raises(ValueError, match=message + r".*\[in module Sequential\.1\]"):
        model(gg.zeros(*shape))
