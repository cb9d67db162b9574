"""Worked examples 4, 6, 7, 10 and 12 on layers: losses, activations, normalisation, windows and pools."""

import math

import numpy as np
import pytest

import glassgrad as gg
from glassgrad import nn
from glassgrad.nn import functional as F


def leaf(values):
    return gg.tensor(np.array(values, np.float64), requires_grad=True)


def close(tensor, expected, rtol=1e-9, atol=1e-11):
    np.testing.assert_allclose(tensor.numpy(), np.array(expected, float), rtol=rtol, atol=atol)


# --- 4 and 6: losses (D1, D2, D3, D4)

def test_worked_4_half_squared_error():
    """One example with two outputs: half the sum and the plain mean agree, for 2/K is 1."""
    y = leaf([[3, 3]])
    loss = nn.HalfMSELoss()(y, [[1.0, 2.0]])
    assert loss.item() == 2.5 == nn.MSELoss()(gg.tensor([[1.0, 2.0]]), [[0.0, 0.0]]).item()
    loss.backward()
    assert y.grad.tolist() == [[2, 1]]


@pytest.mark.parametrize("outputs", [1, 2, 3, 5])
def test_mean_square_is_two_over_k_times_half_mean_square(outputs):
    """Of K outputs; the gradient of the half is (Y − T)/N."""
    rng = np.random.default_rng(0)
    y, t = leaf(rng.standard_normal((4, outputs))), rng.standard_normal((4, outputs))
    half = nn.HalfMSELoss()(y, t)
    assert half.item() == pytest.approx(((y.numpy() - t) ** 2).sum() / 8, rel=1e-12)
    assert nn.MSELoss()(y, t).item() == pytest.approx(2 / outputs * half.item(), rel=1e-12)
    half.backward()
    close(y.grad, (y.numpy() - t) / 4)


def test_half_mean_square_reductions():
    y, t = gg.tensor([[1.6], [0.6]]), [[1.0], [2.0]]
    close(nn.HalfMSELoss("none")(y, t), [[0.18], [0.98]], 1e-6)
    assert nn.HalfMSELoss("sum")(y, t).item() == pytest.approx(1.16, rel=1e-6)
    assert F.half_mse_loss(gg.tensor(3.0), gg.tensor(1.0)).item() == 2
    assert math.isnan(F.half_mse_loss(gg.zeros(0, 2), gg.zeros(0, 2)).item())


@pytest.mark.parametrize(("loss", "x", "t", "gradient"), [
    (nn.BCEWithLogitsLoss, [[0], [2]], [[1], [0]], [[-0.25], [0.440398538989]]),
    (nn.CrossEntropyLoss, [[1, 2, 3], [1, 1, 1]], [2, 0],
     [[0.0450152866, 0.1223642355, -0.1673795221], [-1 / 3, 1 / 6, 1 / 6]]),
    (nn.HalfMSELoss, [[1.6], [0.6]], [[1], [2]], [[0.3], [-0.7]]),
])  # fmt: skip
def test_worked_6_gradients_are_output_less_target(loss, x, t, gradient):
    """Of the sum Y − T, of the mean that over N."""
    target = np.array(t) if loss is nn.CrossEntropyLoss else np.array(t, float)
    for reduction, factor in (("mean", 1), ("sum", 2)):
        x = leaf(x if not isinstance(x, gg.Tensor) else x.numpy())
        value = loss(reduction=reduction)(x, target)
        value.backward()
        close(x.grad, factor * np.array(gradient), 1e-9, 1e-10)


def test_worked_6_bce_needs_the_sum_over_examples():
    """001 section 5.1 has no sum over n, which leaves an array; the mean is 1.410037595801."""
    x, t = leaf([[0], [2]]), np.array([[1.0], [0.0]])
    y = F.sigmoid(x)
    as_printed = -(t * y.log() + (1 - t) * (1 - y).log()) / 2
    assert as_printed.shape == (2, 1)
    loss = nn.BCEWithLogitsLoss()(x, t)
    assert loss.item() == pytest.approx(1.410037595801, rel=1e-9) == as_printed.sum().item()


def test_worked_6_logarithm_of_an_underflowed_softmax():
    """001 section 5.1 takes log(softmax) in two steps: 0·log 0 is NaN; in one step the loss is 0."""
    x, t = leaf([[0, -800]]), np.array([[1.0, 0.0]])
    with np.errstate(all="ignore"):
        assert math.isnan(-(t * F.softmax(x, 1).log()).sum().item())
    assert nn.CrossEntropyLoss()(x, t).item() == 0
    assert nn.BCEWithLogitsLoss()(leaf([800, -800]), np.array([1.0, 0.0])).item() == 0


def test_one_hot_labels():
    """H1: a label is a row with a single 1, and the loss of the row is that of the label, −log y of its class."""
    x, labels = leaf([[1, 2, 3], [1, 1, 1]]), gg.tensor([2, 0])
    rows = F.one_hot(labels, 3)
    assert rows.tolist() == [[0, 0, 1], [1, 0, 0]]
    loss = nn.CrossEntropyLoss()(x, rows.to("float64"))
    assert loss.item() == pytest.approx(0.753109126556, rel=1e-9) == nn.CrossEntropyLoss()(x, labels).item()


# --- 7: activations (B1 to B8)

AT = [-2, -0.5, 0, 0.5, 2]


@pytest.mark.parametrize(("layer", "values", "slopes"), [
    (nn.LeakyReLU(0.1), [-0.2, -0.05, 0, 0.5, 2], [0.1, 0.1, 0.1, 1, 1]),
    (nn.ReLU(), [0, 0, 0, 0.5, 2], [0, 0, 0, 1, 1]), (nn.Identity(), AT, [1, 1, 1, 1, 1]),
], ids=repr)  # fmt: skip
def test_worked_7_activations(layer, values, slopes):
    x = leaf(AT)
    y = layer(x)
    close(y, values)
    (y * 1.0).sum().backward()
    close(x.grad, slopes)


def test_worked_7_slope_of_relu_is_not_x():
    """004 writes "0 or x" for the derivative of ReLU; it is 0 or 1."""
    x = leaf(AT)
    nn.ReLU()(x).sum().backward()
    assert x.grad.tolist() == [0, 0, 0, 1, 1] != [0, 0, 0, 0.5, 2]


def test_worked_7_relu_by_a_mask():
    """x·mask gives NaN for an infinite x; ReLU gives 0."""
    x = np.array([-np.inf, 1.0])
    with np.errstate(invalid="ignore"):
        assert math.isnan((x * (x > 0))[0])
    assert nn.ReLU()(gg.tensor(x)).tolist() == [0, 1]


def test_note_wrong_symmetry_of_sigmoid_and_tanh():
    """000 L372 calls both left-right symmetric; both are symmetric about a point, (0, ½) and (0, 0)."""
    x = gg.tensor(np.array([0.25, 0.5, 2.0, 7.0]))
    close(nn.Sigmoid()(-x), 1 - nn.Sigmoid()(x).numpy(), 1e-12)
    close(nn.Tanh()(-x), -nn.Tanh()(x).numpy(), 1e-15)
    for layer in (nn.Sigmoid(), nn.Tanh()):
        assert np.all(np.abs(layer(-x).numpy() - layer(x).numpy()) > 0.1), "a mirror would leave them as they are"


# --- 10: normalisation (N2, N4, N7)

def test_worked_10_one_example_gives_the_shift():
    y = F.batch_norm_composed(leaf([[3.0, -4.0]]), leaf([2.0, 5.0]), leaf([0.5, -1.0]), 1e-8)
    assert y.tolist() == [[0.5, -1]]


def test_worked_10_scale_of_the_normalised_value():
    """004 writes y = γ·x + β; it is γ times the normalised x."""
    x, gamma, beta = np.array([[1.0], [2.0], [4.0]]), 2.0, 1.0
    norm = nn.BatchNorm1d(1, eps=1e-8, dtype="float64")
    nn.init.constant_(norm.weight, gamma)
    nn.init.constant_(norm.bias, beta)
    y = norm(gg.tensor(x))
    close(y, [[-1.1380899284], [0.4654775179], [3.6726124105]])
    assert (gamma * x + beta).ravel().tolist() == [3, 5, 9]


def test_note_wrong_one_mean_of_the_whole_batch():
    """004 L110-118 has one mean of the mini-batch, summed over the units; each unit has its own, over the samples."""
    x = np.array([[1.0, 20.0], [2.0, 30.0], [6.0, 70.0]])
    y = nn.BatchNorm1d(2, eps=1e-8, dtype="float64")(gg.tensor(x))
    close(y, (x - [3, 40]) / np.sqrt(np.array([14 / 3, 1400 / 3]) + 1e-8), 1e-9)
    one_mean = (x - x.mean()) / np.sqrt(x.var() + 1e-8)
    close(y.mean(0), [0, 0], atol=1e-9)
    assert np.all(np.abs(one_mean.mean(0)) > 0.5)


def test_worked_10_local_response_norm():
    x = gg.tensor(np.array([1.0, 2.0, 3.0]).reshape(1, 3, 1, 1))
    paper = nn.LocalResponseNorm(3, alpha=3e-4, beta=0.75, k=2.0)  # the paper's alpha is for a sum, times n here
    pytorch = nn.LocalResponseNorm(3, alpha=1e-4, beta=0.75, k=2.0)
    np.testing.assert_allclose(paper(x).numpy().ravel(), [0.5944920937, 1.1885831634, 1.7829415591], rtol=1e-9)
    np.testing.assert_allclose(pytorch(x).numpy().ravel(), [0.5945663975, 1.1889990462, 1.7835208582], rtol=1e-9)


# --- 12: windows and pools (V1 to V9)

IMAGE = np.array([[3, 4, 4, 2], [0, 8, 9, 2], [0, 4, 3, 1], [3, 3, 5, 7]], float)[None, None]


@pytest.mark.parametrize(("examples", "rows"), [(1, 9), (10, 90)])
def test_worked_12_im2col(examples, rows):
    """The notes' im2col is the transpose of `Unfold`, the batch joined to the windows: a row is a window."""
    x = np.random.default_rng(0).standard_normal((examples, 3, 7, 7))
    columns = nn.Unfold(5)(gg.tensor(x))
    assert columns.shape == (examples, 5 * 5 * 3, 3 * 3)
    col = columns.transpose(1, 2).reshape(-1, 75)
    assert col.shape == (rows, 75)
    np.testing.assert_array_equal(col.numpy()[4], x[0, :, 1:6, 1:6].ravel())
    np.testing.assert_array_equal(col.numpy()[-1], x[-1, :, 2:, 2:].ravel())


def test_worked_12_convolution_through_im2col():
    """Rows times reshaped filters, then (N, OH, OW, FN) and a transpose. 000 splits by the filter's size: wrong."""
    rng = np.random.default_rng(0)
    x, conv = leaf(rng.standard_normal((2, 3, 7, 6))), nn.Conv2d(3, 4, (5, 3), dtype="float64")
    col = nn.Unfold((5, 3))(x).transpose(1, 2).reshape(-1, 45)
    rows = col @ conv.weight.reshape(4, -1).T + conv.bias
    out = rows.reshape(2, 3, 4, 4).permute(0, 3, 1, 2)
    close(out, conv(x).numpy())
    with pytest.raises(ValueError):
        rows.reshape(2, 5, 3, 4)


def test_worked_12_col2im_adds_what_windows_share():
    """It is the transpose of im2col: <fold(c), x> = <c, unfold(x)>, and counts the windows at every pixel."""
    rng = np.random.default_rng(0)
    x, c = leaf(rng.standard_normal((2, 3, 7, 7))), rng.standard_normal((2, 75, 9))
    columns = nn.Unfold(5)(x)
    columns.backward(gg.tensor(c))
    close(x.grad, nn.Fold(7, 5)(gg.tensor(c)).numpy())
    counts = nn.Fold((3, 3), 2)(gg.ones(1, 4, 4))
    assert counts.tolist() == [[[[1, 2, 1], [2, 4, 2], [1, 2, 1]]]]


def test_worked_12_pools():
    x = leaf(IMAGE)
    average = nn.AvgPool2d(2)(x)
    assert average.tolist() == [[[[3.75, 4.25], [2.5, 4.0]]]]
    average.sum().backward()
    assert x.grad.tolist() == np.full((1, 1, 4, 4), 0.25).tolist()
    assert nn.AdaptiveMaxPool2d(1)(x).item() == 9 and nn.AdaptiveAvgPool2d(1)(x).item() == 3.625
    x.grad = None
    nn.MaxPool2d(2)(x).backward(gg.tensor(np.array([[[[1.0, 2.0], [3.0, 4.0]]]])))
    assert x.grad.tolist() == [[[[0, 0, 0, 0], [0, 1, 2, 0], [0, 3, 0, 0], [0, 0, 0, 4]]]]
    x.grad = None
    nn.AdaptiveMaxPool2d(1)(x).sum().backward()
    assert x.grad.sum().item() == 1 and x.grad[0, 0, 1, 2].item() == 1


def test_worked_12_pooling_through_im2col():
    """Rows (N·OH·OW·C, n·n), the maximum over the columns."""
    x = np.random.default_rng(0).standard_normal((2, 3, 6, 4))
    col = nn.Unfold(2, stride=2)(gg.tensor(x)).transpose(1, 2).reshape(-1, 4)
    assert col.shape == (2 * 3 * 2 * 3, 4)
    out = gg.amax(col, 1).reshape(2, 3, 2, 3).permute(0, 3, 1, 2)
    close(out, nn.MaxPool2d(2)(gg.tensor(x)).numpy())


def test_worked_12_size_with_padding():
    """000 forgets that padding is on both sides: (H − FH + P + 1) gives 3 for 4, 3, 1; it is 4."""
    assert 4 - 3 + 1 + 1 == 3
    assert nn.Conv2d(1, 1, 3, padding=1)(gg.tensor(IMAGE.astype("float32"))).shape == (1, 1, 4, 4)
    assert nn.Conv2d(1, 1, 2, padding=1)(gg.zeros(1, 1, 6, 6)).shape == (1, 1, 7, 7)


def test_worked_12_rows_that_a_stride_reads():
    """000's index S·i − 1 + k reads rows 2-4, 4-6 and 6-8 of seven for stride 2; S·(i − 1) + k reads 1-3, 3-5, 5-7."""
    seen = nn.Unfold((3, 1), stride=(2, 1))(gg.arange(1, 8).astype("float64").reshape(1, 1, 7, 1))[0].T.tolist()
    right = [[2 * (i - 1) + k for k in (1, 2, 3)] for i in (1, 2, 3)]
    as_printed = [[2 * i - 1 + k for k in (1, 2, 3)] for i in (1, 2, 3)]
    assert seen == right == [[1, 2, 3], [3, 4, 5], [5, 6, 7]]
    assert as_printed == [[2, 3, 4], [4, 5, 6], [6, 7, 8]], "the last row does not exist"


def test_worked_12_one_bias_for_each_filter():
    """004 has one bias for all filters; each has its own, and weights are ordered (FN, C, FH, FW)."""
    conv = nn.Conv2d(3, 30, 5)
    assert conv.weight.shape == (30, 3, 5, 5) and conv.bias.shape == (30,)
    x = gg.zeros(10, 1, 28, 28)
    assert x.shape == (10, 1, 28, 28) and x[0].shape == (1, 28, 28) and nn.Flatten()(x).shape == (10, 784)


def test_note_wrong_rows_and_columns_of_a_filter():
    """000 L35 sums k, the row, to FW and l, the column, to FH: such places do not exist in a filter of (2, 3)."""
    rng = np.random.default_rng(0)
    x, f = rng.standard_normal((5, 6)), rng.standard_normal((2, 3))

    def convolution(rows, columns):
        def at(i, j):
            return sum(x[i + k, j + m] * f[k, m] for k in range(rows) for m in range(columns))

        return [[at(i, j) for j in range(6 - columns + 1)] for i in range(5 - rows + 1)]

    close(F.conv2d(leaf(x[None, None]), leaf(f[None, None])), [[convolution(2, 3)]])
    with pytest.raises(IndexError):
        convolution(3, 2)


def test_note_wrong_one_bias_for_all_filters():
    """004 L651: each map of the output is moved by its own bias, so one number for all gives other maps."""
    rng = np.random.default_rng(0)
    x, w, b = leaf(rng.standard_normal((1, 1, 4, 4))), leaf(rng.standard_normal((2, 1, 3, 3))), np.array([1.0, -2.0])
    without, out = F.conv2d(x, w).numpy(), F.conv2d(x, w, leaf(b)).numpy()
    np.testing.assert_allclose(out, without + b[:, None, None], rtol=1e-12)
    assert np.abs(out - (without + b[0])).max() == pytest.approx(3)
