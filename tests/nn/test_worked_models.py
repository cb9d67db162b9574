"""Worked examples 5 and 12, networks M1 to M13: sizes after every layer, and counts of parameters."""

import math

import numpy as np
import pytest

import glassgrad as gg
from glassgrad import nn
from glassgrad.nn import models


def sizes(model, shape):
    """The shape after every layer that holds no others, without the batch."""
    found = {}
    handles = [
        m.register_forward_hook(lambda module, args, out, name=name: found.update({name.split(".")[-1]: out.shape[1:]}))
        for name, m in model.named_modules() if not any(m.children())
    ]  # fmt: skip
    with gg.no_grad():
        model.eval()(gg.zeros(2, *shape))
    for handle in handles:
        handle.remove()
    return found


def counts(model):
    return [sum(p.numel() for p in m.parameters()) for m in model.modules() if m._parameters]


def set_to(parameter, values):
    with gg.no_grad():
        parameter.copy_(np.array(values))


# --- 5, M1, C5: the two-layer regression network of 001 section 4.1

X, T = [[1, 2], [3, -1]], [[1], [2]]


def two_layer_regression():
    net = models.TwoLayerNet(2, 2, kind="regression").double()
    # The notes write rows times W, so their W is our weight transposed.
    set_to(net.affine1.weight, [[1, 2], [-1, 0.5]])
    set_to(net.affine1.bias, [0, 1])
    set_to(net.affine2.weight, [[0.5, -1]])
    set_to(net.affine2.bias, [0.1])
    return net


def test_worked_5_forward_and_backward():
    net, x = two_layer_regression(), gg.tensor(np.array(X, float), requires_grad=True)
    seen = {}
    for name, layer in net.named_children():
        layer.register_forward_hook(lambda m, args, out, name=name: seen.update({name: out.tolist()}))
    loss = net.loss(x, np.array(T, float))
    assert seen["affine1"] == [[5, 1], [1, -2.5]] and seen["activation"] == [[5, 1], [1, 0]]
    np.testing.assert_allclose(seen["affine2"], [[1.6], [0.6]], rtol=1e-12)
    assert loss.item() == pytest.approx(0.58, rel=1e-12)
    loss.backward()
    gradients = [
        (net.affine2.weight, [[0.8, 0.3]]), (net.affine2.bias, [-0.4]),
        (net.affine1.weight, [[-0.9, 0.65], [-0.3, -0.6]]), (net.affine1.bias, [-0.2, -0.3]),
        (x, [[0.45, 0.15], [-0.35, -0.7]]),
    ]  # fmt: skip
    for tensor, expected in gradients:
        np.testing.assert_allclose(tensor.grad.numpy(), expected, rtol=1e-12)


def test_worked_5_gradients_between_the_layers():
    """dŶ, dX1 and dA1, which is dX1 times the mask."""
    net, seen = two_layer_regression(), {}

    def keep(module, args, out):
        out.retain_grad()
        seen[next(name for name, layer in net.named_children() if layer is module)] = out

    for layer in net.children():
        layer.register_forward_hook(keep)
    net.loss(gg.tensor(np.array(X, float), requires_grad=True), np.array(T, float)).backward()
    expected = {
        "affine2": [[0.3], [-0.7]], "activation": [[0.15, -0.3], [-0.35, 0.7]], "affine1": [[0.15, -0.3], [-0.35, 0]],
    }  # fmt: skip
    for name, gradient in expected.items():
        np.testing.assert_allclose(seen[name].grad.numpy(), gradient, rtol=1e-12, atol=1e-15, err_msg=name)
    mask = seen["affine1"].numpy() > 0
    assert mask.tolist() == [[True, True], [True, False]]
    np.testing.assert_array_equal(seen["affine1"].grad.numpy(), seen["activation"].grad.numpy() * mask)


def test_worked_5_with_the_mean_square_everything_doubles():
    net = two_layer_regression()
    loss = nn.MSELoss()(net(gg.tensor(np.array(X, float))), np.array(T, float))
    assert loss.item() == pytest.approx(1.16, rel=1e-12)
    loss.backward()
    np.testing.assert_allclose(net.affine1.weight.grad.numpy(), [[-1.8, 1.3], [-0.6, -1.2]], rtol=1e-12)


# --- M1, M2, M3: the three tasks

@pytest.mark.parametrize(("kind", "outputs", "loss"), [
    ("regression", 1, nn.HalfMSELoss), ("binary", 1, nn.BCEWithLogitsLoss), ("classes", 3, nn.CrossEntropyLoss),
])  # fmt: skip
def test_two_layer_nets_learn(kind, outputs, loss):
    gg.manual_seed(0)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 2)).astype("float32")
    targets = {
        "regression": (x[:, :1] * 2 - 1), "binary": (x[:, :1] > 0).astype("float32"),
        "classes": (x[:, 0] > 0).astype(int) + (x[:, 1] > 0),
    }  # fmt: skip
    net = models.TwoLayerNet(2, 16, outputs, kind)
    assert isinstance(net.loss_function, loss) and counts(net) == [48, 16 * outputs + outputs]
    optimizer = gg.optim.SGD(net.parameters(), lr=0.5 if kind != "regression" else 0.1)
    first = net.loss(x, targets[kind]).item()
    for _ in range(150):
        optimizer.zero_grad()
        step = net.loss(x, targets[kind])
        step.backward()
        optimizer.step()
    assert step.item() < 0.25 * first
    p = net.predict(gg.tensor(x)).numpy()
    if kind == "binary":
        assert ((p > 0.5) == (targets[kind] > 0)).mean() > 0.95 and p.min() >= 0 and p.max() <= 1
    if kind == "classes":
        assert (p.argmax(1) == targets[kind]).mean() > 0.9
        np.testing.assert_allclose(p.sum(1), 1, rtol=1e-5)


# --- M4, M13, M14: many layers

def test_multi_layer_net_of_the_overfitting_experiment():
    net = models.MultiLayerNet([784, *[100] * 6, 10])
    assert counts(net) == [78500, *[10100] * 5, 1010] and sum(counts(net)) == 130010
    assert list(sizes(net, (1, 28, 28)).values()) == [(784,), *[(100,)] * 12, (10,)]


def test_multi_layer_net_with_everything():
    net = models.MultiLayerNet([4, 3, 2], "tanh", init="he", batch_norm=True, dropout=0.25)
    assert [(n, type(m).__name__) for n, m in net.layers.named_children()] == [
        ("affine1", "Linear"), ("norm1", "BatchNorm1d"), ("activation1", "Tanh"), ("dropout1", "Dropout"),
        ("affine2", "Linear"),
    ]  # fmt: skip
    assert net.layers.dropout1.p == 0.25
    assert not net.layers.affine1.bias.numpy().any()
    assert models.MultiLayerNet([4, 2]).layers.affine1.weight.shape == (2, 4), "no hidden layer"
    leaky = models.MultiLayerNet([4, 3, 2], "leaky_relu").layers.activation1
    assert leaky.negative_slope == 0.1


@pytest.mark.parametrize(("init", "std"), [
    ("he", math.sqrt(2 / 784)), ("lecun", 1 / 28), ("xavier", math.sqrt(2 / 884)), (0.01, 0.01),
    (lambda w: nn.init.constant_(w, 0.5), 0.0),
])  # fmt: skip
def test_initial_values_by_rule(init, std):
    gg.manual_seed(0)
    weight = models.MultiLayerNet([784, 100, 10], init=init).layers.affine1.weight.numpy()
    assert weight.std() == pytest.approx(std, rel=0.01)


# --- M7: conv - relu - pool - affine - relu - affine

def test_worked_12_simple_conv_net():
    net = models.SimpleConvNet(std=0.01)
    assert list(sizes(net, (1, 28, 28)).items()) == [
        ("conv", (30, 24, 24)), ("relu1", (30, 24, 24)), ("pool", (30, 12, 12)), ("flatten", (4320,)),
        ("affine1", (100,)), ("relu2", (100,)), ("affine2", (10,)),
    ]  # fmt: skip
    assert counts(net) == [780, 432100, 1010] and sum(counts(net)) == 433890
    assert net.affine1.weight.numpy().std() == pytest.approx(0.01, rel=0.01) and not net.conv.bias.numpy().any()


# --- M8

def test_worked_12_double_conv_net():
    net = models.DoubleConvNet()
    assert list(sizes(net, (1, 28, 28)).items()) == [
        ("conv1", (10, 24, 24)), ("relu1", (10, 24, 24)), ("pool1", (10, 12, 12)), ("conv2", (20, 12, 12)),
        ("relu2", (20, 12, 12)), ("pool2", (20, 6, 6)), ("flatten", (720,)), ("affine1", (100,)), ("relu3", (100,)),
        ("affine2", (10,)),
    ]  # fmt: skip
    assert counts(net) == [500, 1820, 72100, 1010]


def test_double_conv_net_with_one_pool():
    found = sizes(models.DoubleConvNet(pool_between=False), (1, 28, 28))
    assert "pool1" not in found and found["conv2"] == (20, 24, 24) and found["flatten"] == (20 * 12 * 12,)


# --- M9

def test_worked_12_deep_conv_net():
    net = models.DeepConvNet()
    found = sizes(net, (1, 28, 28))
    assert [found[f"conv{i}"] for i in range(1, 7)] == [
        (16, 28, 28), (16, 28, 28), (32, 14, 14), (32, 16, 16), (64, 8, 8), (64, 8, 8),
    ]  # fmt: skip
    assert [found[f"relu{i}"] for i in range(1, 7)] == [found[f"conv{i}"] for i in range(1, 7)]
    assert [found[f"pool{i}"][1] for i in (1, 2, 3)] == [14, 8, 4]
    rest = ("flatten", "affine1", "relu", "dropout1", "affine2", "dropout2")
    assert [found[n][0] for n in rest] == [1024, 50, 50, 50, 10, 10]
    assert counts(net) == [160, 2320, 4640, 9248, 18496, 36928, 51250, 510] and sum(counts(net)) == 123552
    he = net.features.conv6.weight.numpy()
    assert he.std() == pytest.approx(math.sqrt(2 / (64 * 9)), rel=0.02) and not net.features.conv6.bias.numpy().any()


# --- M11

@pytest.mark.parametrize("image_size", [32, 28])
@pytest.mark.parametrize(("activation", "pool"), [("relu", "max"), ("tanh", "average")])
def test_worked_12_lenet(image_size, activation, pool):
    net = models.LeNet5(image_size, activation, pool)
    found = sizes(net, (1, image_size, image_size))
    assert list(found.items()) == [
        ("conv1", (6, 28, 28)), ("activation1", (6, 28, 28)), ("pool1", (6, 14, 14)), ("conv2", (16, 10, 10)),
        ("activation2", (16, 10, 10)), ("pool2", (16, 5, 5)), ("flatten", (400,)), ("affine1", (120,)),
        ("activation3", (120,)), ("affine2", (84,)), ("activation4", (84,)), ("affine3", (10,)),
    ]  # fmt: skip
    elements = [math.prod(found[n]) for n in ("conv1", "pool1", "conv2", "pool2")]
    assert (32 * 32, *elements) == (1024, 4704, 1176, 1600, 400)
    assert counts(net) == [156, 2416, 48120, 10164, 850] and sum(counts(net)) == 61706


# --- M12

@pytest.mark.parametrize("image_size", [227, 224])
def test_worked_12_alexnet(image_size):
    net = models.AlexNet(image_size)
    found = sizes(net, (3, image_size, image_size))
    assert [found[n] for n in ("conv1", "relu1", "norm1", "pool1")] == [(96, 55, 55)] * 3 + [(96, 27, 27)]
    assert [found[n] for n in ("conv2", "relu2", "norm2", "pool2")] == [(256, 27, 27)] * 3 + [(256, 13, 13)]
    assert [found[n] for n in ("conv3", "relu3", "conv4", "relu4")] == [(384, 13, 13)] * 4
    assert [found[n] for n in ("conv5", "relu5", "pool5")] == [(256, 13, 13)] * 2 + [(256, 6, 6)]
    rest = ("flatten", "dropout6", "affine6", "relu6", "dropout7", "affine7", "relu7", "affine8")
    assert [found[n] for n in rest] == [(9216,)] * 2 + [(4096,)] * 5 + [(1000,)]
    assert counts(net) == [34944, 614656, 885120, 1327488, 884992, 37752832, 16781312, 4097000]
    assert sum(counts(net)) == 62378344


def test_alexnet_in_two_halves():
    net = models.AlexNet(groups=2, output_size=10, hidden_size=8)
    # Half of the weights of convolutions 2, 4 and 5: 256·48·25 + 256, 384·192·9 + 384, 256·192·9 + 256.
    assert counts(net)[:5] == [34944, 307456, 885120, 663936, 442624]


def test_worked_12_alexnet_as_printed_cannot_be_built():
    """004's note has 224 pixels, filters of 11 and stride 4 without a frame: 54 places, not 55; and 43264 inputs."""
    assert nn.Conv2d(1, 1, 11, stride=4)(gg.zeros(1, 1, 224, 224)).shape == (1, 1, 54, 54)
    assert 13 * 13 * 256 == 43264 != models.AlexNet(output_size=2, hidden_size=2).classifier.affine6.in_features == 9216


@pytest.mark.parametrize(("make", "error", "message"), [
    (lambda: models.TwoLayerNet(2, 3, kind="class"), ValueError, "kind must be one of regression, binary, classes"),
    (lambda: models.TwoLayerNet(2, 3, kind="classes"), ValueError, "output_size of at least 2.* take kind='binary'"),
    (lambda: models.TwoLayerNet(2, 3, activation="swish"), ValueError, "activation must be one of relu, sigmoid"),
    (lambda: models.TwoLayerNet(2, 3, activation=nn.ReLU()), TypeError, r"or a class of layers .*, not ReLU\(\)"),
    (lambda: models.MultiLayerNet(784), ValueError, r"sizes lists the units of all layers .*, got 784"),
    (lambda: models.MultiLayerNet([784]), ValueError, r"sizes lists the units of all layers"),
    (lambda: models.MultiLayerNet([784, 0, 10]), ValueError, "MultiLayerNet: sizes must be at least 1, got 0"),
    (lambda: models.MultiLayerNet([2, 2, 2], init="gauss"), ValueError, "init must be one of he, lecun, xavier, a num"),
    (lambda: models.MultiLayerNet([2, 2, 2], init=-0.1), ValueError, "finite and not negative, got -0.1"),
    (lambda: models.MultiLayerNet([2, 2, 2], init=[]), TypeError, r"a number or a function, not \[\]"),
    (lambda: models.MultiLayerNet([2, 2, 2], dropout=1.5), ValueError, "dropout must be between 0 and 1"),
    (lambda: models.MultiLayerNet([2, 2, 2], batch_norm=1), TypeError, "batch_norm must be True or False, not 1"),
    (lambda: models.SimpleConvNet(std=-1), ValueError, "std must be between 0 and"),
    (lambda: models.DoubleConvNet("no"), TypeError, "pool_between must be True or False"),
    (lambda: models.LeNet5(30), ValueError, "image_size must be 32 or 28, not 30"),
    (lambda: models.LeNet5(pool="avg"), ValueError, "pool must be 'max' or 'average', not 'avg'"),
    (lambda: models.AlexNet(225), ValueError, "image_size must be 227 or 224, not 225"),
    (lambda: models.AlexNet(groups=3), ValueError, "groups must be 1 or 2"),
])  # fmt: skip
def test_messages(make, error, message):
    with pytest.raises(error, match=message):
        make()
