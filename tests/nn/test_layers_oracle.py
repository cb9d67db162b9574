"""PyTorch as the oracle for layers, losses, initial values, representations and state dicts."""

import inspect
import math
import warnings

import numpy as np
import pytest
import torch
from torch import nn as tnn
from torch.nn import functional as TF

import glassgrad as gg
from glassgrad import nn
from glassgrad.nn import functional as F

pytestmark = pytest.mark.oracle


def pair(values, dtype="float64"):
    """The same leaf in both libraries."""
    values = np.asarray(values, dtype)
    return gg.tensor(values, requires_grad=True), torch.tensor(values, requires_grad=True)


def same_state(ours, theirs):
    """Give our module the other's parameters and buffers: the same names, shapes and layouts."""
    state = {name: value.detach().numpy().copy() for name, value in theirs.state_dict().items()}
    assert list(ours.state_dict()) == list(state)
    assert {n: v.shape for n, v in ours.state_dict().items()} == {n: v.shape for n, v in state.items()}
    ours.load_state_dict(state)


def compare(ours, theirs, shape, steps=1, rtol=1e-9):
    """Run both on the same input; compare outputs, input and parameter gradients, and buffers afterwards."""
    theirs = theirs.double()
    ours = ours.double()
    same_state(ours, theirs)
    rng = np.random.default_rng(0)
    for _ in range(steps):
        x, tx = pair(rng.standard_normal(shape))
        y, ty = ours(x), theirs(tx.clone())  # PyTorch does not overwrite leaves in place
        assert y.shape == tuple(ty.shape)
        np.testing.assert_allclose(y.numpy(), ty.detach().numpy(), rtol=rtol, atol=1e-11)
        if y.requires_grad:
            g = rng.standard_normal(y.shape)
            y.backward(gg.tensor(g))
            ty.backward(torch.tensor(g))
            np.testing.assert_allclose(x.grad.numpy(), tx.grad.numpy(), rtol=rtol, atol=1e-11)
    for (name, a), b in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        if b.grad is not None:
            np.testing.assert_allclose(a.grad.numpy(), b.grad.numpy(), rtol=rtol, atol=1e-11, err_msg=name)
    for name, value in theirs.state_dict().items():
        np.testing.assert_allclose(ours.state_dict()[name].numpy(), value.numpy(), rtol=rtol, atol=1e-12, err_msg=name)


LAYERS = [
    ("Linear", (5, 3), {}, (4, 5)), ("Linear", (5, 3), {"bias": False}, (2, 4, 5)), ("Linear", (5, 3), {}, (5,)),
    ("Conv2d", (2, 4, 3), {}, (3, 2, 7, 8)),
    ("Conv2d", (2, 4, (3, 2)), {"stride": (2, 1), "padding": (1, 0)}, (2, 2, 9, 6)),
    ("Conv2d", (4, 6, 3), {"groups": 2, "dilation": 2, "padding": 2, "bias": False}, (2, 4, 7, 7)),
    ("Conv2d", (3, 3, 1), {"groups": 3, "stride": 2}, (2, 3, 5, 5)), ("MaxPool2d", (2,), {}, (2, 3, 6, 7)),
    ("MaxPool2d", (3, 2), {"padding": 1}, (2, 3, 7, 7)), ("MaxPool2d", ((2, 3),), {"stride": (1, 2)}, (1, 2, 6, 7)),
    ("ReLU", (), {}, (4, 3)), ("Sigmoid", (), {}, (4, 3)), ("Tanh", (), {}, (4, 3)), ("Softmax", (1,), {}, (4, 3)),
    ("Softmax", (-1,), {}, (4, 3, 2)), ("LogSoftmax", (1,), {}, (4, 3)), ("Flatten", (), {}, (4, 3, 2, 2)),
    ("Flatten", (0, 1), {}, (4, 3, 2)), ("Identity", (3,), {"a": 1}, (4,)), ("Dropout", (0.0,), {}, (4,)),
    ("BatchNorm1d", (3,), {}, (6, 3)), ("BatchNorm1d", (3,), {}, (4, 3, 5)),
    ("BatchNorm1d", (3,), {"momentum": None}, (6, 3)), ("BatchNorm1d", (3,), {"affine": False, "eps": 0.1}, (6, 3)),
    ("BatchNorm1d", (3,), {"track_running_stats": False}, (6, 3)), ("BatchNorm1d", (3,), {"momentum": 0.3}, (6, 3)),
    ("BatchNorm2d", (3,), {}, (4, 3, 2, 5)), ("BatchNorm2d", (3,), {"momentum": 0.0}, (4, 3, 2, 5)),
    ("ReLU", (True,), {}, (4, 3)), ("ReLU6", (), {}, (4, 3)), ("ReLU6", (True,), {}, (4, 3)),
    ("LeakyReLU", (), {}, (4, 3)), ("LeakyReLU", (0.1, True), {}, (4, 3)), ("PReLU", (), {}, (4, 3)),
    ("PReLU", (3, 0.1), {}, (4, 3, 2)), ("Hardtanh", (), {}, (4, 3)), ("Hardtanh", (-0.5, 0.7, True), {}, (4, 3)),
    ("Hardsigmoid", (), {"inplace": True}, (4, 3)), ("Hardswish", (True,), {}, (4, 3)), ("Hardshrink", (), {}, (4, 3)),
    ("Hardshrink", (0.3,), {}, (4, 3)), ("Softshrink", (0.3,), {}, (4, 3)), ("Threshold", (0.1, 2.0), {}, (4, 3)),
    ("Threshold", (0.1, 2.0, True), {}, (4, 3)), ("ELU", (), {}, (4, 3)), ("ELU", (0.7, True), {}, (4, 3)),
    ("CELU", (0.5,), {}, (4, 3)), ("SELU", (True,), {}, (4, 3)), ("GELU", (), {}, (4, 3)),
    ("GELU", ("tanh",), {}, (4, 3)), ("SiLU", (), {}, (4, 3)), ("SiLU", (True,), {}, (4, 3)), ("Mish", (), {}, (4, 3)),
    ("GLU", (), {}, (4, 6)), ("GLU", (0,), {}, (4, 6)), ("LogSigmoid", (), {}, (4, 3)), ("Softplus", (), {}, (4, 3)),
    ("Softplus", (2.0, 1.0), {}, (4, 3)), ("Softsign", (), {}, (4, 3)), ("Tanhshrink", (), {}, (4, 3)),
    ("Softmin", (1,), {}, (4, 3)), ("Softmax2d", (), {}, (2, 3, 2, 2)), ("Unflatten", (1, (3, 2)), {}, (4, 6)),
    ("Unflatten", (1, (-1, 2)), {}, (4, 6)), ("AvgPool2d", (2,), {}, (2, 3, 6, 7)),
    ("AvgPool2d", ((3, 2), 2, 1, True, False), {}, (2, 3, 7, 7)),
    ("AvgPool2d", (2,), {"divisor_override": 3}, (2, 3, 6, 6)), ("AdaptiveAvgPool2d", (1,), {}, (2, 3, 5, 4)),
    ("AdaptiveAvgPool2d", ((3, None),), {}, (2, 3, 7, 4)), ("AdaptiveMaxPool2d", (1,), {}, (2, 3, 5, 4)),
    ("AdaptiveMaxPool2d", ((2, 3),), {}, (2, 3, 7, 7)), ("MaxPool2d", (2, 2, 0, 2, False, True), {}, (2, 3, 8, 7)),
    ("LocalResponseNorm", (5,), {}, (2, 7, 3, 3)), ("LocalResponseNorm", (2, 0.1, 0.5, 2.0), {}, (2, 4, 3)),
    ("Unfold", (2,), {}, (2, 3, 5, 5)), ("Unfold", ((2, 3), 1, 1, 2), {}, (2, 3, 5, 6)),
    ("Fold", ((5, 6), 2), {}, (2, 12, 20)), ("Fold", (4, (2, 1), 1, 1, 2), {}, (1, 4, 9)),
    ("Dropout", (0.0, True), {}, (4,)), ("Dropout1d", (0.0,), {}, (4, 3, 2)), ("Dropout2d", (0.0,), {}, (4, 3, 2, 2)),
    ("Dropout3d", (0.0,), {}, (4, 3, 2, 2, 1)), ("AlphaDropout", (0.0,), {}, (4, 3)),
    ("FeatureAlphaDropout", (0.0,), {}, (4, 3)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "options", "shape"), LAYERS)
def test_layers(name, args, options, shape):
    ours, theirs = getattr(nn, name)(*args, **options), getattr(tnn, name)(*args, **options)
    assert repr(ours) == repr(theirs)
    rtol = 1e-7 if name == "Hardsigmoid" else 1e-9  # PyTorch has its sixth in float32
    compare(ours, theirs, shape, steps=3, rtol=rtol)
    compare(ours.eval(), theirs.eval(), shape, rtol=rtol)


@pytest.mark.parametrize(
    ("name", "args"), [("RReLU", (0.25, 0.5)), ("Dropout", ()), ("Dropout2d", ()), ("AlphaDropout", ())]
)
def test_random_layers_in_evaluation(name, args):
    ours, theirs = getattr(nn, name)(*args), getattr(tnn, name)(*args)
    assert repr(ours) == repr(theirs)
    compare(ours.eval(), theirs.eval(), (4, 3, 2, 2))


def test_positions_of_maxima():
    x = np.random.default_rng(0).standard_normal((2, 3, 6, 6))
    for build in (lambda m: m.MaxPool2d(2, return_indices=True), lambda m: m.AdaptiveMaxPool2d((2, 3), True)):
        for a, b in zip(build(nn)(gg.tensor(x)), build(tnn)(torch.tensor(x)), strict=True):
            np.testing.assert_array_equal(a.numpy(), b.numpy())


def arguments_of(cls):
    parameters = inspect.signature(cls).parameters.values()
    return [p for p in parameters if p.name not in ("device", "dtype", "args", "kwargs")]


@pytest.mark.parametrize("name", sorted(
    n for n in nn.__all__ if isinstance(getattr(nn, n), type) and hasattr(tnn, n)
    and n not in ("Module", "Parameter", "Identity", "Sequential")
    and not n.endswith("Loss")  # PyTorch's still have two arguments of long ago before `reduction`
))  # fmt: skip
def test_arguments_come_in_the_same_order(name):
    """What exists here has PyTorch's names, order and defaults; a few of PyTorch's last options do not exist."""
    ours, theirs = arguments_of(getattr(nn, name)), arguments_of(getattr(tnn, name))
    ours = [p for p in ours if p.kind is not p.KEYWORD_ONLY or p.name in [q.name for q in theirs]]
    places = [p.name for p in theirs]
    assert [p.name for p in ours] == places[: len(ours)]
    optional = {"padding_mode", "min_value", "max_value"}
    assert set(places[len(ours) :]) <= optional
    for mine, other in zip(ours, theirs, strict=False):
        required = name in ("Softmax", "LogSoftmax", "Softmin")  # PyTorch guesses a dimension, and warns
        empty = {None, ()}
        both = {mine.default, other.default}
        assert required or mine.default == other.default or both <= empty, mine.name


@pytest.mark.parametrize(
    ("layer", "shape"), [("BatchNorm1d", (1, 3)), ("BatchNorm1d", (1, 3, 1)), ("BatchNorm2d", (1, 3, 1, 1))]
)
def test_both_refuse_to_normalise_one_value(layer, shape):
    for library in (gg, torch):
        norm = getattr(library.nn, layer)(3)
        with pytest.raises(ValueError, match="value"):
            norm(library.zeros(*shape))
        assert norm.eval()(library.zeros(*shape)).shape == shape


def test_batch_norm_without_bias():
    if "bias" not in tnn.BatchNorm2d.__init__.__annotations__:
        pytest.xfail("this PyTorch has no such option")
    ours, theirs = nn.BatchNorm2d(3, bias=False), tnn.BatchNorm2d(3, bias=False)
    assert repr(ours) == repr(theirs)
    compare(ours, theirs, (4, 3, 2, 2), steps=2)


def networks(module):
    return module.Sequential(
        module.Conv2d(1, 4, 3, padding=1), module.BatchNorm2d(4), module.ReLU(), module.MaxPool2d(2), module.Flatten(),
        module.Linear(64, 10), module.Tanh(), module.Sequential(module.Linear(10, 10), module.Sigmoid()),
        module.Linear(10, 3), module.LogSoftmax(dim=1),
    )  # fmt: skip


def test_a_network():
    ours, theirs = networks(nn), networks(tnn)
    assert repr(ours) == repr(theirs)
    assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]
    assert [n for n, _ in ours.named_modules()] == [n for n, _ in theirs.named_modules()]
    compare(ours, theirs, (5, 1, 8, 8), steps=2)
    compare(ours.eval(), theirs.eval(), (5, 1, 8, 8))


@pytest.mark.parametrize(
    "build",
    [
        lambda m: m.ModuleList([m.Linear(2, 2), m.Linear(2, 2), m.ReLU(), m.ReLU(), m.ReLU(), m.Linear(2, 3)]),
        lambda m: m.ModuleList([m.Sequential(m.ReLU(), m.Dropout(0.3))] * 2),
        lambda m: m.ModuleList(), lambda m: m.Sequential(), lambda m: m.Dropout(0), lambda m: m.Dropout(0.25),
        lambda m: m.CrossEntropyLoss(), lambda m: m.MSELoss(), lambda m: m.BCEWithLogitsLoss(), lambda m: m.NLLLoss(),
        lambda m: m.ModuleDict({"a": m.Linear(2, 2), "b": m.Sequential(m.ReLU())}), lambda m: m.ModuleDict(),
        lambda m: m.Sequential(m.ReLU()).append(m.Tanh()).insert(0, m.ELU()).extend([m.SiLU()]),
        lambda m: m.ModuleList([m.ReLU()]) + m.ModuleList([m.Tanh(), m.GELU()]),
        lambda m: m.MaxPool2d((2, 2), padding=(1, 0)), lambda m: m.Conv2d(1, 2, 3, padding=(1, 2), dilation=(1, 2)),
    ],
)  # fmt: skip
def test_representations(build):
    assert repr(build(nn)) == repr(build(tnn))


def test_parameter_representation():
    assert repr(nn.Parameter(np.ones((2, 2), "float32"))) == repr(tnn.Parameter(torch.ones(2, 2)))


# --- losses


def losses_agree(ours, theirs, x, *targets):
    a, b = pair(x)
    tensors = [torch.as_tensor(t) if isinstance(t, np.ndarray) else t for t in targets]
    y, ty = ours(a, *targets), theirs(b, *tensors)
    np.testing.assert_allclose(y.numpy(), ty.detach().numpy(), rtol=1e-10, atol=1e-12)
    g = np.random.default_rng(1).standard_normal(y.shape)
    (first,) = gg.grad(y, [a], grad_outputs=gg.tensor(g), create_graph=True)
    (tfirst,) = torch.autograd.grad(ty, [b], grad_outputs=torch.tensor(g), create_graph=True)
    np.testing.assert_allclose(first.numpy(), tfirst.detach().numpy(), rtol=1e-9, atol=1e-12)
    (second,) = gg.grad((first * first).sum(), [a])
    (tsecond,) = torch.autograd.grad((tfirst * tfirst).sum(), [b])
    np.testing.assert_allclose(second.numpy(), tsecond.numpy(), rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("smoothing", [0.0, 0.3])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [(5, 4), (4,), (3, 4, 2), (2, 4, 3, 2)])
@pytest.mark.parametrize("kind", ["labels", "ignored", "probabilities"])
def test_cross_entropy(kind, shape, weighted, smoothing, reduction):
    rng = np.random.default_rng(0)
    x = 3 * rng.standard_normal(shape)
    axis = min(1, len(shape) - 1)
    rest = tuple(n for i, n in enumerate(shape) if i != axis)
    if kind == "probabilities":
        target = np.moveaxis(rng.dirichlet(np.ones(4), rest), -1, axis)
    else:
        target = np.asarray(rng.integers(0, 4, rest))
        if kind == "ignored" and target.size > 1:
            target.flat[::2] = 2
    weight = np.array([0.5, 1.0, 2.0, 0.1]) if weighted else None
    options = {"reduction": reduction, "label_smoothing": smoothing, "ignore_index": 2 if kind == "ignored" else -100}
    losses_agree(
        nn.CrossEntropyLoss(weight, **options),
        tnn.CrossEntropyLoss(None if weight is None else torch.tensor(weight), **options),
        x,
        target,
    )


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [(5, 4), (4,), (3, 4, 2)])
def test_negative_log_likelihood(shape, weighted, reduction):
    rng = np.random.default_rng(0)
    axis = min(1, len(shape) - 1)
    x = rng.standard_normal(shape)
    target = np.asarray(rng.integers(0, 4, tuple(n for i, n in enumerate(shape) if i != axis)))
    weight = np.array([0.5, 1.0, 2.0, 0.1]) if weighted else None
    options = {"reduction": reduction, "ignore_index": 1}
    ours = nn.NLLLoss(weight, **options)
    theirs = tnn.NLLLoss(None if weight is None else torch.tensor(weight), **options)
    losses_agree(lambda a, t: ours(a**2, t), lambda a, t: theirs(a**2, t), x, target)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weight", [None, np.array([1.0, 0.0, 2.0])])
@pytest.mark.parametrize("pos_weight", [None, np.array([3.0, 0.5, 1.0])])
def test_binary_cross_entropy_with_logits(pos_weight, weight, reduction):
    rng = np.random.default_rng(0)
    x = np.concatenate([4 * rng.standard_normal((4, 3)), [[30.0, -30.0, 500.0]]])
    target = rng.random((5, 3))
    as_torch = {"weight": weight, "pos_weight": pos_weight}
    as_torch = {name: None if value is None else torch.tensor(value) for name, value in as_torch.items()}
    losses_agree(
        nn.BCEWithLogitsLoss(weight, reduction, pos_weight),
        tnn.BCEWithLogitsLoss(reduction=reduction, **as_torch),
        x,
        target,
    )


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_mean_square(reduction):
    rng = np.random.default_rng(0)
    x, target = rng.standard_normal((4, 3)), rng.random((4, 3))
    losses_agree(nn.MSELoss(reduction), tnn.MSELoss(reduction=reduction), x, target)


def test_all_ignored_and_zero_weights():
    x = np.zeros((2, 3))
    for options in ({}, {"weight": np.ones(3)}, {"label_smoothing": 0.1}):
        theirs = {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}
        for reduction in ("mean", "sum", "none"):
            a = F.cross_entropy(gg.tensor(x), [-100, -100], reduction=reduction, **options).numpy()
            b = TF.cross_entropy(torch.tensor(x), torch.tensor([-100, -100]), reduction=reduction, **theirs).numpy()
            np.testing.assert_array_equal(a, b)


# --- functions


@pytest.mark.parametrize("training", [True, False])
def test_functional_batch_norm(training):
    rng = np.random.default_rng(0)
    x, tx = pair(rng.standard_normal((4, 3, 2)))
    mean, variance = rng.standard_normal(3), rng.random(3) + 0.5
    ours = [gg.tensor(mean), gg.tensor(variance)]
    theirs = [torch.tensor(mean), torch.tensor(variance)]
    y = F.batch_norm(x, *ours, training=training, momentum=0.2, eps=0.01)
    ty = TF.batch_norm(tx, *theirs, training=training, momentum=0.2, eps=0.01)
    np.testing.assert_allclose(y.numpy(), ty.detach().numpy(), rtol=1e-10)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-12)


def test_one_hot_and_flatten():
    labels = np.array([[0, 2], [1, 1]])
    assert F.one_hot(gg.tensor(labels)).numpy().tolist() == TF.one_hot(torch.tensor(labels)).tolist()
    assert F.flatten(gg.zeros(2, 3, 4), 1).shape == tuple(torch.flatten(torch.zeros(2, 3, 4), 1).shape)


# --- initial values


def flat(module):
    return np.concatenate([p.detach().numpy().ravel() for p in module.parameters()])


@pytest.mark.parametrize("build", [lambda m: m.Linear(50, 80), lambda m: m.Conv2d(6, 20, 5, groups=2)])
def test_default_initial_values(build):
    """The same bounds and, by the two-sample Kolmogorov-Smirnov distance, the same distribution."""
    gg.manual_seed(0)
    torch.manual_seed(0)
    for ours, theirs in zip(build(nn).parameters(), build(tnn).parameters(), strict=True):
        a, b = np.sort(ours.numpy().ravel()), np.sort(theirs.detach().numpy().ravel())
        fan_in = math.prod(build(tnn).weight.shape[1:])
        bound = 1 / math.sqrt(fan_in)
        assert np.abs(a).max() <= bound * (1 + 1e-6) and np.abs(b).max() <= bound * (1 + 1e-6)
        points = np.linspace(-bound, bound, 201)
        distance = np.abs(np.searchsorted(a, points) / a.size - np.searchsorted(b, points) / b.size).max()
        assert distance < 1.95 * math.sqrt(2 / a.size)  # one in a thousand


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("xavier_uniform_", {"gain": 2.0}), ("xavier_normal_", {}), ("kaiming_uniform_", {"a": 0.5}),
        ("kaiming_uniform_", {"mode": "fan_out", "nonlinearity": "relu"}), ("kaiming_normal_", {}),
        ("kaiming_normal_", {"nonlinearity": "tanh"}), ("uniform_", {"a": -2.0, "b": 3.0}), ("normal_", {"std": 0.1}),
        ("trunc_normal_", {}), ("trunc_normal_", {"std": 0.3, "a": 0.1}), ("orthogonal_", {"gain": 3.0}),
        ("trunc_normal_", {"mean": -1.0, "std": 2.0, "a": 2.0, "b": 5.0}),
    ],
)  # fmt: skip
def test_initialisers(name, options):
    gg.manual_seed(0)
    torch.manual_seed(0)
    shape = (60, 20, 5, 5)
    a = getattr(nn.init, name)(gg.zeros(*shape), **options).numpy()
    b = getattr(tnn.init, name)(torch.zeros(*shape), **options).numpy()
    assert a.std() == pytest.approx(b.std(), rel=0.03)
    if "uniform" in name:
        assert np.abs(a).max() == pytest.approx(np.abs(b).max(), rel=0.01)


@pytest.mark.parametrize("shape", [(4, 6), (6, 4), (3, 4, 2, 2)])
def test_orthogonal(shape):
    """Both have orthonormal rows or columns, whichever are fewer."""
    for library in (gg, torch):
        w = np.asarray(library.nn.init.orthogonal_(library.zeros(*shape), 2.0)).reshape(shape[0], -1)
        product = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
        np.testing.assert_allclose(product, 4 * np.eye(min(w.shape)), atol=1e-5)


def test_fixed_values():
    for shape, groups in (((4, 3, 3), 1), ((6, 2, 3, 5), 3), ((2, 5, 2, 2, 2), 1)):
        a, b = nn.init.dirac_(gg.ones(*shape), groups), tnn.init.dirac_(torch.ones(*shape), groups)
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    np.testing.assert_array_equal(nn.init.eye_(gg.ones(3, 5)).numpy(), tnn.init.eye_(torch.ones(3, 5)).numpy())
    for shape, sparsity in (((10, 4), 0.25), ((7, 3), 0.5), ((5, 2), 1.0), ((5, 2), 0.0)):
        a, b = nn.init.sparse_(gg.zeros(*shape), sparsity), tnn.init.sparse_(torch.zeros(*shape), sparsity)
        assert (a.numpy() == 0).sum(0).tolist() == (b.numpy() == 0).sum(0).tolist()


def test_truncated_distribution():
    """The two-sample Kolmogorov-Smirnov distance, also far in one tail."""
    gg.manual_seed(0)
    torch.manual_seed(0)
    for options in ({}, {"mean": 1.0, "std": 0.5, "a": 1.2, "b": 4.0}, {"std": 0.5, "a": 2.0, "b": 2.5}):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            a, b = (np.sort(m.nn.init.trunc_normal_(m.zeros(20000), **options).numpy()) for m in (gg, torch))
        points = np.linspace(min(a[0], b[0]), max(a[-1], b[-1]), 301)
        distance = np.abs(np.searchsorted(a, points) - np.searchsorted(b, points)).max() / a.size
        assert distance < 1.95 * math.sqrt(2 / a.size), options


def test_gains():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in ("linear", "conv_transpose3d", "conv2d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"):
            assert nn.init.calculate_gain(name) == pytest.approx(tnn.init.calculate_gain(name))
    assert nn.init.calculate_gain("leaky_relu", 0.3) == pytest.approx(tnn.init.calculate_gain("leaky_relu", 0.3))


# --- states from PyTorch, as they are


def test_a_state_dict_of_tensors_loads_as_it_is():
    theirs = networks(tnn)
    theirs(torch.randn(4, 1, 8, 8))
    ours = networks(nn)
    ours.load_state_dict(theirs.state_dict())
    ours.load_state_dict(dict(theirs.named_parameters()), strict=False)  # these require grad
    x = np.random.default_rng(0).standard_normal((3, 1, 8, 8)).astype("float32")
    np.testing.assert_allclose(
        ours.eval()(gg.tensor(x)).numpy(), theirs.eval()(torch.tensor(x)).detach().numpy(), rtol=1e-5, atol=1e-6
    )
    theirs.load_state_dict({name: torch.from_numpy(v.numpy(copy=True)) for name, v in ours.state_dict().items()})
    with pytest.raises(RuntimeError, match=r"weight is a torch\.Tensor in the state, not a Tensor, and cannot be read"):
        nn.Linear(2, 1).load_state_dict({"weight": torch.zeros(1, 2, device="meta"), "bias": torch.zeros(1)})
