"""Bad input to every operation: what is refused, what is accepted, and that the message says why and what to do."""

import re
import warnings

import numpy as np
import pytest

import glassgrad as gg
from glassgrad.autograd.ops.loss import softmax_cross_entropy
from glassgrad.autograd.ops.matmul import linear
from glassgrad.autograd.ops.normalization import batch_norm
from glassgrad.autograd.ops.random import dropout


def zeros(*shape, **kwargs):
    return gg.zeros(*shape, requires_grad=True, **kwargs)


def cross_entropy(x, target, **kwargs):
    return softmax_cross_entropy(x, np.asarray(target), **kwargs)


# Call, error, parts that the message must hold.
SHAPES = [
    (
        lambda: zeros(2, 3) + zeros(4),
        ValueError,
        ["add", "(2, 3)", "(4,)", "broadcast", "from the right", "equal or one of them 1"],
    ),
    (lambda: zeros(2, 3) * zeros(2), ValueError, ["multiply", "(2, 3)", "(2,)", "broadcast"]),
    (lambda: gg.zeros(2) - np.zeros(3), ValueError, ["subtract", "(2,)", "(3,)"]),
    (lambda: gg.zeros(2) > gg.zeros(3), ValueError, ["greater", "(2,)", "(3,)"]),
    (lambda: gg.maximum(zeros(2), zeros(3)), ValueError, ["maximum", "(2,)", "(3,)"]),
    (lambda: gg.where(gg.zeros(2) > 0, zeros(3), 0), ValueError, ["where", "(2,)", "(3,)", "broadcast"]),
    (
        lambda: zeros(2, 3) @ zeros(4, 5),
        ValueError,
        ["matmul", "(2, 3)", "(4, 5)", "inner sizes 3 and 4 must be equal"],
    ),
    (lambda: zeros(2, 3) @ zeros(4, 3), ValueError, ["matmul", "transposing the second operand would fit"]),
    (lambda: zeros(3) @ zeros(4), ValueError, ["matmul", "(3,)", "(4,)"]),
    (lambda: zeros(2, 2, 3) @ zeros(3, 3, 2), ValueError, ["matmul", "(2, 2, 3)", "(3, 3, 2)", "leading dimensions"]),
    (lambda: zeros(2) @ 3.0, ValueError, ["matmul", "at least one dimension", "use *"]),
    (lambda: linear(zeros(2, 3), zeros(5, 4)), ValueError, ["linear", "(2, 3)", "(5, 4)", "(..., 4)"]),
    (lambda: linear(zeros(2, 3), zeros(3)), ValueError, ["linear", "(out_features, in_features)"]),
    (lambda: linear(zeros(2, 3), zeros(5, 3), zeros(4)), ValueError, ["linear", "bias", "(4,)", "5 output features"]),
    (lambda: zeros(2, 3).reshape(4, 2), ValueError, ["reshape", "(2, 3)", "6 elements", "(4, 2)"]),
    (lambda: zeros(2, 3).reshape(-1, -1), ValueError, ["reshape", "(-1, -1)"]),
    (lambda: zeros(2, 3).reshape(-1, 4), ValueError, ["reshape", "(2, 3)", "(-1, 4)"]),
    (lambda: zeros(2, 3).reshape(2.5, 2), TypeError, ["reshape", "integers"]),
    (lambda: zeros(2, 3).transpose(0, 2), IndexError, ["transpose", "2", "out of range", "2 dimensions"]),
    (lambda: zeros(3).transpose(), IndexError, ["transpose", "out of range"]),
    (lambda: zeros(2, 3).permute(0, 0), ValueError, ["permute", "(0, 0)", "(2, 3)"]),
    (lambda: zeros(2, 3).permute(0), ValueError, ["permute", "2 dimensions"]),
    (lambda: gg.zeros(2, 3, 4).t(), ValueError, ["t:", "at most 2", "(2, 3, 4)"]),
    (lambda: gg.broadcast_to(zeros(3), (2, 4)), ValueError, ["broadcast_to", "(3,)", "(2, 4)", "equal or 1"]),
    (lambda: zeros(2, 3).expand(4, 3), ValueError, ["expand", "(2, 3)", "(4, 3)"]),
    (lambda: gg.sum_to(zeros(2, 3), (2,)), ValueError, ["sum_to", "(2, 3)", "(2,)"]),
    (lambda: gg.concatenate([]), ValueError, ["concatenate", "empty"]),
    (lambda: gg.concatenate([zeros(2, 3), zeros(2, 4)]), ValueError, ["concatenate", "(2, 3)", "(2, 4)", "dim 0"]),
    (lambda: gg.concatenate([zeros(2), zeros(2)], 1), (ValueError, IndexError), ["concatenate", "dim 1"]),
    (lambda: gg.concatenate(zeros(2)), (TypeError, ValueError), ["concatenate"]),
    (lambda: gg.stack([]), ValueError, ["stack", "empty"]),
    (lambda: gg.stack([zeros(2), zeros(3)]), ValueError, ["stack", "(2,)", "(3,)", "equal"]),
    (lambda: gg.stack([zeros(2)], 3), (ValueError, IndexError), ["stack", "3"]),
    (lambda: gg.split(zeros(5), 0), ValueError, ["split", "positive", "0"]),
    (lambda: gg.split(zeros(5), [2, 2]), ValueError, ["split", "[2, 2]", "5"]),
    (lambda: gg.split(zeros(5), [6, -1]), ValueError, ["split", "[6, -1]"]),
    (lambda: gg.split(zeros(5), 2, 1), IndexError, ["split", "1", "out of range"]),
    (lambda: gg.split(zeros(5), 2.0), (TypeError, ValueError), ["split"]),
    (lambda: zeros(2, 3).sum(2), IndexError, ["sum", "dimension 2", "2 dimensions"]),
    (lambda: zeros(2, 3).sum((0, -2)), ValueError, ["sum", "twice"]),
    (lambda: zeros(2, 3).sum(0.5), TypeError, ["sum", "integer", "float"]),
    (lambda: zeros(2, 3).mean(-3), IndexError, ["mean", "-3"]),
    (lambda: gg.amax(zeros(2, 3), 5), IndexError, ["amax", "5"]),
    (lambda: zeros(2, 3).squeeze(2), IndexError, ["squeeze", "2"]),
    (lambda: zeros(2, 3).unsqueeze(4), IndexError, ["unsqueeze", "4"]),
    (lambda: zeros(2, 3).flatten(1, 0), ValueError, ["flatten", "start_dim 1 comes after end_dim 0"]),
    (lambda: gg.softmax(zeros(2, 3), 2), (ValueError, IndexError), ["softmax", "2"]),
    (lambda: gg.log_softmax(zeros(2, 3), -3), (ValueError, IndexError), ["log_softmax", "-3"]),
    (lambda: gg.argmax(zeros(2, 3), 2), (ValueError, IndexError), ["argmax", "2"]),
    (lambda: gg.max(zeros(2, 3), dim=2), (ValueError, IndexError), ["2"]),
    (lambda: batch_norm(zeros(3), zeros(3), zeros(3)), ValueError, ["batch_norm", "(N, C, ...)", "(3,)"]),
    (lambda: batch_norm(zeros(2, 3), zeros(2), zeros(3)), ValueError, ["batch_norm", "weight", "(2,)", "3 channels"]),
    (
        lambda: batch_norm(zeros(2, 3), zeros(3), zeros(3, 1)),
        ValueError,
        ["batch_norm", "bias", "(3, 1)", "3 channels"],
    ),
    (lambda: gg.zeros(2, -1), ValueError, ["zeros", "non-negative", "(2, -1)"]),
    (lambda: gg.ones(2.0), ValueError, ["ones", "integers"]),
    (lambda: gg.arange(0, 3, 0), ValueError, ["arange", "step"]),
    (lambda: gg.randint(3, 3), ValueError, ["randint", "3", "empty"]),
    (lambda: gg.rand(2, dtype="int64"), TypeError, ["rand", "floating-point", "int64"]),
    (lambda: gg.randn(True), ValueError, ["randn", "integers"]),
]

IMAGES, FILTERS = (1, 2, 5, 5), (4, 2, 3, 3)
CONVOLUTIONS = [
    (lambda: gg.conv2d(zeros(5, 5), zeros(*FILTERS)), ["(N, C, H, W)", "(C, H, W)", "(5, 5)"]),
    (lambda: gg.conv2d(zeros(*IMAGES), zeros(4, 2, 3)), ["(out, in/groups, height, width)", "(4, 2, 3)"]),
    (lambda: gg.conv2d(zeros(*IMAGES), zeros(4, 3, 3, 3)), ["(1, 2, 5, 5)", "2 channels", "(4, 3, 3, 3)", "expects 3"]),
    (lambda: gg.conv2d(zeros(*IMAGES), zeros(*FILTERS), zeros(3)), ["bias", "(3,)", "4 filters"]),
    (lambda: gg.conv2d(zeros(*IMAGES), zeros(*FILTERS), zeros(4, 1)), ["bias", "(4, 1)"]),
    (lambda: gg.conv2d(zeros(*IMAGES), zeros(*FILTERS), stride=0), ["stride 0", "at least 1"]),
    (lambda: gg.conv2d(zeros(*IMAGES), zeros(*FILTERS), stride=(1, -1)), ["stride (1, -1)", "at least 1"]),
    (lambda: gg.conv2d(zeros(*IMAGES), zeros(*FILTERS), dilation=0), ["dilation 0", "at least 1"]),
    (lambda: gg.conv2d(zeros(*IMAGES), zeros(*FILTERS), padding=-1), ["padding -1", "at least 0"]),
    (lambda: gg.conv2d(zeros(*IMAGES), zeros(*FILTERS), stride=1.5), ["stride", "integer", "1.5"]),
    (lambda: gg.conv2d(zeros(*IMAGES), zeros(*FILTERS), padding="full"), ["padding", "integer", "'same'", "'full'"]),
    (lambda: gg.conv2d(zeros(*IMAGES), zeros(*FILTERS), stride=2, padding="same"), ["'same'", "stride 1", "(2, 2)"]),
    (lambda: gg.conv2d(zeros(*IMAGES), zeros(*FILTERS), dilation=(1, 2, 3)), ["dilation", "pair", "(1, 2, 3)"]),
    (lambda: gg.conv2d(zeros(*IMAGES), zeros(*FILTERS), stride=None), ["stride", "None"]),
    (lambda: gg.conv2d(zeros(*IMAGES), zeros(4, 1, 3, 3), groups=3), ["groups = 3", "divide", "2 input", "4 output"]),
    (lambda: gg.conv2d(zeros(*IMAGES), zeros(3, 1, 3, 3), groups=2), ["groups = 2", "3 output"]),
    (lambda: gg.conv2d(zeros(*IMAGES), zeros(*FILTERS), groups=0), ["groups", "positive"]),
    (lambda: gg.conv2d(zeros(*IMAGES), zeros(*FILTERS), groups=1.0), ["groups", "1.0"]),
    (
        lambda: gg.conv2d(zeros(1, 2, 2, 5), zeros(*FILTERS)),
        ["kernel of size 3", "larger than the padded input", "2 + 2·0 = 2"],
    ),
    (lambda: gg.conv2d(zeros(*IMAGES), zeros(*FILTERS), dilation=4, padding=1), ["reaching 9", "5 + 2·1 = 7"]),
    (lambda: gg.conv2d(zeros(*IMAGES), zeros(4, 2, 0, 3)), ["kernel of size 0"]),
]
POOLS = [
    (lambda: gg.max_pool2d(zeros(5, 5), 2), ["(N, C, H, W)", "(C, H, W)", "(5, 5)"]),
    (lambda: gg.max_pool2d(zeros(*IMAGES), 0), ["kernel_size 0", "at least 1"]),
    (lambda: gg.max_pool2d(zeros(*IMAGES), 2, 0), ["stride 0", "at least 1"]),
    (lambda: gg.max_pool2d(zeros(*IMAGES), 2, -1), ["stride -1"]),
    (lambda: gg.max_pool2d(zeros(*IMAGES), 2, 1, -1), ["padding -1"]),
    (lambda: gg.max_pool2d(zeros(*IMAGES), 2, 1, 2), ["padding 2", "half of kernel_size 2"]),
    (lambda: gg.max_pool2d(zeros(*IMAGES), 6), ["size 6", "5 + 2·0 = 5"]),
    (lambda: gg.max_pool2d(zeros(*IMAGES), (2, 8), padding=1), ["size 8", "5 + 2·1 = 7"]),
    (lambda: gg.max_pool2d(zeros(*IMAGES), 2.0), ["kernel_size", "integer", "2.0"]),
    (lambda: gg.max_pool2d(zeros(*IMAGES), (1, 2, 3)), ["kernel_size", "(1, 2, 3)"]),
]
LABELS = [
    (lambda: cross_entropy(zeros(4, 3), [0, 1, 2, 7]), ValueError, ["target[3] = 7", "3 classes (0..2)"]),
    (lambda: cross_entropy(zeros(2, 3), [0, -1]), ValueError, ["target[1] = -1", "3 classes"]),
    (lambda: cross_entropy(zeros(1, 3, 2, 2), np.array([[[0, 1], [2, 3]]])), ValueError, ["target[0, 1, 1] = 3"]),
    (lambda: cross_entropy(zeros(3), 5), ValueError, ["= 5", "3 classes"]),
    (lambda: cross_entropy(zeros(2, 3), [0.0, 1.0]), TypeError, ["labels must be integers", "float64"]),
    (lambda: cross_entropy(zeros(2, 3), [np.nan, 1]), TypeError, ["labels must be integers"]),
    (lambda: cross_entropy(zeros(2, 3), [True, False]), TypeError, ["labels must be integers", "bool"]),
    (lambda: cross_entropy(zeros(2, 3), [0, 1, 2]), ValueError, ["(2, 3)", "(2,)", "(3,)"]),
    (lambda: cross_entropy(zeros(2, 3), [[0], [1]]), ValueError, ["(2, 3)", "(2,)", "(2, 1)"]),
    (lambda: cross_entropy(zeros(2, 3), np.zeros((2, 3), int)), ValueError, ["probabilities must be floating-point"]),
    (
        lambda: cross_entropy(zeros(2, 3), [0, 1], reduction="avg"),
        ValueError,
        ["reduction", "'mean', 'sum' or 'none'", "'avg'"],
    ),
    (lambda: gg.one_hot([0, 3], 3), ValueError, ["one_hot", "label 3", "0..2"]),
    (lambda: gg.one_hot(gg.tensor([0, -1])), ValueError, ["one_hot", "label -1"]),
    (lambda: gg.one_hot([0.5]), TypeError, ["one_hot", "integers", "float"]),
    (lambda: gg.one_hot(np.zeros(0, int)), ValueError, ["one_hot", "num_classes"]),
]
EMPTY = [
    (lambda: gg.amax(zeros(0)), ValueError, ["amax", "(0,)", "no elements"]),
    (lambda: gg.amin(zeros(2, 0), 1), ValueError, ["amin", "(2, 0)", "dim 1"]),
    (lambda: gg.max(zeros(0)), ValueError, ["no elements"]),
    (lambda: gg.max(zeros(0, 3), dim=0), ValueError, ["no elements"]),
    (lambda: gg.argmax(zeros(0)), ValueError, ["argmax", "no elements"]),
    (lambda: gg.argmin(zeros(3, 0), 1), ValueError, ["argmin", "no elements"]),
]
KINDS = [
    (lambda: gg.exp("a"), TypeError, ["exp", "x", "str"]),
    (lambda: gg.exp(None), TypeError, ["exp", "x", "NoneType"]),
    (lambda: gg.multiply(zeros(2), None), TypeError, ["multiply", "y", "NoneType"]),
    (lambda: gg.add(zeros(2), np.array(["a", "b"])), TypeError, ["dtype <U1"]),
    (lambda: gg.add(zeros(2), np.array([None, None])), TypeError, ["dtype object"]),
    (lambda: gg.add(zeros(2), np.array([1j, 2])), TypeError, ["complex128"]),
    (lambda: gg.add(zeros(2), 1j), TypeError, ["add", "complex"]),
    (lambda: gg.add(zeros(2), np.complex64(1j)), TypeError, ["complex"]),
    (lambda: gg.add(zeros(2), np.datetime64("2020")), TypeError, ["datetime"]),
    (lambda: gg.matmul(zeros(2), "ab"), TypeError, ["matmul", "str"]),
    (lambda: gg.concatenate([zeros(2), "a"]), TypeError, ["concatenate", "str"]),
    (lambda: gg.conv2d(zeros(*IMAGES), None), TypeError, ["conv2d", "weight", "NoneType"]),
    (lambda: gg.sum(zeros(2), dim="a"), TypeError, ["sum", "integer", "str"]),
    (lambda: gg.from_numpy([1.0]), TypeError, ["from_numpy", "NumPy array", "list"]),
    (lambda: -gg.tensor([True]), TypeError, ["negative"]),
    (lambda: gg.tensor([True]) - gg.tensor([True]), TypeError, ["subtract"]),
    (lambda: gg.tensor([2]) ** -1, ValueError, ["power", "negative"]),
    (lambda: gg.manual_seed(1.5), TypeError, ["manual_seed", "integer", "float"]),
    (lambda: gg.manual_seed(-1), ValueError, ["manual_seed", "negative"]),
    (lambda: gg.manual_seed(True), TypeError, ["manual_seed", "bool"]),
    (lambda: gg.set_rng_state("x"), ValueError, ["set_rng_state"]),
    (lambda: dropout(zeros(2), 1.5), ValueError, ["dropout", "between 0 and 1", "1.5"]),
    (lambda: dropout(zeros(2), -0.1), ValueError, ["dropout", "-0.1"]),
    (lambda: dropout(zeros(2), float("nan")), ValueError, ["dropout", "nan"]),
]


def check(call, error, parts):
    with pytest.raises(error) as caught:
        call()
    assert type(caught.value) in (error if isinstance(error, tuple) else (error,)), (
        "a plain error, which can be pickled and matched"
    )
    missing = [part for part in parts if part not in str(caught.value)]
    assert not missing, f"{missing} not in {str(caught.value)!r}"


def ids(cases):
    return [re.sub(r"\s+", " ", "-".join(str(p) for p in c[-1][:2]))[:50] for c in cases]


@pytest.mark.parametrize(("call", "error", "parts"), SHAPES, ids=ids(SHAPES))
def test_shapes(call, error, parts):
    check(call, error, parts)


@pytest.mark.parametrize(("call", "parts"), CONVOLUTIONS, ids=ids(CONVOLUTIONS))
def test_convolution_arguments(call, parts):
    check(call, (ValueError, TypeError) if "NoneType" in parts else ValueError, ["conv2d", *parts])


@pytest.mark.parametrize(("call", "parts"), POOLS, ids=ids(POOLS))
def test_pooling_arguments(call, parts):
    check(call, ValueError, ["max_pool2d", *parts])


@pytest.mark.parametrize(("call", "error", "parts"), LABELS, ids=ids(LABELS))
def test_labels(call, error, parts):
    check(call, error, parts)


@pytest.mark.parametrize(("call", "error", "parts"), EMPTY, ids=ids(EMPTY))
def test_nothing_to_choose_from(call, error, parts):
    check(call, error, parts)


@pytest.mark.parametrize(("call", "error", "parts"), KINDS, ids=ids(KINDS))
def test_kinds(call, error, parts):
    check(call, error, parts)


def test_arguments_are_checked_before_memory_is_taken():
    """An output of 10¹² elements would not fit; the error must come first."""
    x = gg.zeros(1, 1, 3, 3)
    with pytest.raises(ValueError, match="larger than the padded input"):
        gg.conv2d(x, gg.broadcast_to(gg.zeros(1), (1, 1, 10**6, 10**6)))
    with pytest.raises(ValueError, match="half of kernel_size"):
        gg.max_pool2d(x, 2, padding=10**9)


# -- what is accepted ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int16, np.int32, np.uint32, np.int64, ">i4"])
def test_labels_of_every_integer_type(kind):
    x = zeros(2, 3)
    loss = cross_entropy(x, np.array([2, 0], kind))
    loss.backward()
    assert loss.item() == pytest.approx(np.log(3))
    np.testing.assert_allclose(x.grad.numpy(), [[1 / 6, 1 / 6, -1 / 3], [-1 / 3, 1 / 6, 1 / 6]], rtol=1e-6)


def test_ignored_labels():
    x = gg.tensor(np.array([[1.0, 2.0], [5.0, -5.0], [0.0, 0.0]]), requires_grad=True)
    loss = cross_entropy(x, [1, -100, 0])
    loss.backward()
    assert loss.item() == pytest.approx((np.log(1 + np.exp(-1)) + np.log(2)) / 2)
    assert x.grad.numpy()[1].tolist() == [0, 0]
    assert cross_entropy(x, [1, 0, 1], ignore_index=0, reduction="none").tolist()[1] == 0
    assert np.isnan(cross_entropy(x, [-100] * 3).item()), "the mean of no losses, as PyTorch's"
    assert cross_entropy(x, [-100] * 3, reduction="sum").item() == 0
    for reduction in ("mean", "sum"):
        x.grad = None
        cross_entropy(x, [-100] * 3, reduction=reduction).backward()
        assert not x.grad.numpy().any(), "a batch that counts nothing must not poison the weights"


ZERO_BATCH = {
    "linear": (lambda x, w, b: linear(x, w, b), (0, 3), (2, 3), (2,), (0, 2)),
    "matmul": (lambda x, w, b: x @ w + b, (0, 3), (3, 2), (2,), (0, 2)),
    "conv2d": (lambda x, w, b: gg.conv2d(x, w, b, padding=1), (0, 3, 4, 4), (2, 3, 3, 3), (2,), (0, 2, 4, 4)),
    "max_pool2d": (lambda x, w, b: gg.max_pool2d(x, 2) * w + b, (0, 3, 4, 4), (1,), (1,), (0, 3, 2, 2)),
    "softmax": (lambda x, w, b: gg.softmax(x * w + b, 1), (0, 3), (3,), (3,), (0, 3)),
    "log_softmax": (lambda x, w, b: gg.log_softmax(x * w + b, 1), (0, 3), (3,), (3,), (0, 3)),
    "batch_norm": (lambda x, w, b: batch_norm(x, w, b)[0], (0, 3), (3,), (3,), (0, 3)),
    "activations": (lambda x, w, b: gg.relu(gg.tanh(gg.sigmoid(x * w))) + b, (0, 3), (3,), (3,), (0, 3)),
    "cross entropy": (
        lambda x, w, b: cross_entropy(x * w + b, np.zeros(0, int), reduction="none"),
        (0, 3),
        (3,),
        (3,),
        (0,),
    ),
    "dropout": (lambda x, w, b: dropout(x * w + b), (0, 3), (3,), (3,), (0, 3)),
    "reshape": (lambda x, w, b: x.flatten(1) * w + b, (0, 1, 3), (3,), (3,), (0, 3)),
    "join and cut": (lambda x, w, b: gg.concatenate(gg.split(x * w, 2, 1), 1) + b, (0, 3), (3,), (3,), (0, 3)),
}


@pytest.mark.parametrize(("function", "x", "w", "b", "out"), ZERO_BATCH.values(), ids=list(ZERO_BATCH))
def test_a_batch_of_nothing(function, x, w, b, out):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        leaves = [gg.ones(*s, requires_grad=True) for s in (x, w, b)]
        y = function(*leaves)
        assert y.shape == out
        y.sum().backward()
    for leaf, shape in zip(leaves, (x, w, b), strict=True):
        assert leaf.grad.shape == shape and not leaf.grad.numpy().any()


def test_layers_without_width():
    x, w = gg.ones(2, 0, requires_grad=True), gg.ones(3, 0, requires_grad=True)
    y = linear(x, w)
    assert y.tolist() == [[0] * 3] * 2
    y.sum().backward()
    assert x.grad.shape == (2, 0) and w.grad.shape == (3, 0)
    none = gg.ones(0, 2, 3, 3, requires_grad=True)
    image = gg.ones(1, 2, 4, 4, requires_grad=True)
    y = gg.conv2d(image, none)
    assert y.shape == (1, 0, 2, 2)
    y.sum().backward()
    assert none.grad.shape == (0, 2, 3, 3) and not image.grad.numpy().any()


def test_reductions_of_nothing():
    x = zeros(0, 3)
    assert x.sum().item() == 0 and x.sum(0).tolist() == [0, 0, 0] and x.sum(1).shape == (0,)
    assert gg.amax(x, 1).shape == (0,) == gg.argmax(x, 1).shape == gg.max(x, 1).values.shape
    x.sum().backward()
    assert x.grad.shape == (0, 3)


def test_the_mean_of_nothing_is_nan_with_one_warning():
    x = zeros(0, 3)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        y = x.mean()
    assert np.isnan(y.item())
    assert len(caught) == 1 and "mean" in str(caught[0].message).lower()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        y.backward()
    assert x.grad.shape == (0, 3) and not caught


# -- numbers at the edge ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_log_softmax_far_out(dtype):
    x = gg.tensor([[1e30, 0.0, -1e30]], dtype=dtype, requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y = gg.log_softmax(x, 1)
        y[0, 1].backward()
    np.testing.assert_allclose(y.numpy(), [[0, -1e30, -2e30]], rtol=1e-6)
    assert x.grad.tolist() == [[-1, 1, 0]]
    assert gg.softmax(x, 1).tolist() == [[1, 0, 0]]


@pytest.mark.filterwarnings("error")
def test_impossible_classes_have_logits_of_minus_infinity():
    x = gg.tensor(np.array([[0.0, -np.inf, 0.0]]), requires_grad=True)
    y = gg.log_softmax(x, 1)
    np.testing.assert_allclose(y.numpy(), [[-np.log(2), -np.inf, -np.log(2)]])
    cross_entropy(x, [0]).backward()
    np.testing.assert_allclose(x.grad.numpy(), [[-0.5, 0.0, 0.5]])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("function", [gg.softmax, gg.log_softmax])
def test_a_row_of_minus_infinity_is_nan_without_a_warning(function):
    y = function(gg.tensor(np.array([[-np.inf, -np.inf], [0.0, 0.0]])), 1).numpy()
    assert np.isnan(y[0]).all() and not np.isnan(y[1]).any()


@pytest.mark.parametrize("shape", [(10_000_000,), (1_000_000, 3)], ids=["all", "over rows"])
def test_means_of_many_numbers_in_single_precision(shape):
    """Adding ten million numbers one after the other in float32 loses every digit; pairwise sums do not."""
    data = np.random.default_rng(0).random(shape, dtype=np.float32) + np.float32(1)
    mean = gg.tensor(data).mean(0).numpy()
    np.testing.assert_allclose(mean, data.mean(0, dtype=np.float64), rtol=1e-6)
    np.testing.assert_allclose(gg.tensor(data).sum(0).numpy(), data.sum(0, dtype=np.float64), rtol=1e-6)


def test_a_message_names_the_operation_once():
    with pytest.raises(ValueError, match=r"^cross_entropy: target\[2\] = 7, but the logits have 3 classes \(0\.\.2\)$"):
        gg.nn.functional.cross_entropy(gg.ones(3, 3), gg.tensor([0, 1, 7]))


def test_the_variance_of_numbers_with_an_offset():
    data = (np.random.default_rng(0).standard_normal((1000, 2)) + 1e4).astype("f4")
    _, mean, variance = batch_norm(gg.tensor(data), gg.ones(2), gg.zeros(2))
    np.testing.assert_allclose(mean.numpy(), data.mean(0, dtype="f8"), rtol=1e-6)
    np.testing.assert_allclose(variance.numpy(), data.astype("f8").var(0), rtol=1e-6)


def test_infinite_gradients_stay_where_they_belong():
    x = gg.tensor(np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), requires_grad=True)
    gg.max_pool2d(x, 2).backward(np.full((1, 1, 1, 1), np.inf))
    assert x.grad.tolist() == [[[[0, 0], [0, np.inf]]]]


def test_dropout():
    gg.manual_seed(0)
    x = gg.ones(1000, 100, requires_grad=True)
    y = dropout(x, 0.3)
    values = y.numpy()
    assert set(np.unique(values)) == {np.float32(0), np.float32(1 / 0.7)}
    assert abs((values == 0).mean() - 0.3) < 0.01 and abs(values.mean() - 1) < 0.01
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), values)
    assert dropout(x, 0.3, training=False) is x and dropout(x, 0.0).tolist()[0][0] == 1
    assert not dropout(x, 1.0).numpy().any()
    gg.manual_seed(0)
    np.testing.assert_array_equal(dropout(x, 0.3).numpy(), values)
    bad = gg.tensor([np.nan, np.inf], requires_grad=True)
    assert dropout(bad, 1.0).tolist() == [0, 0]


def test_the_random_state_can_be_put_back():
    gg.manual_seed(3)
    state = gg.get_rng_state()
    first = [f(3).tolist() for f in (gg.rand, gg.randn, gg.randperm)] + [gg.randint(0, 9, (3,)).tolist()]
    gg.set_rng_state(state)
    again = [f(3).tolist() for f in (gg.rand, gg.randn, gg.randperm)] + [gg.randint(0, 9, (3,)).tolist()]
    assert first == again
    gg.manual_seed(4)
    assert gg.rand(3).tolist() != first[0]
