"""Network functions: fused against composed forms, edges, statistics of noise, dtypes and messages."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, mutually_broadcastable_shapes

import glassgrad as gg
from glassgrad.autograd.ops.activation import masked_softmax
from glassgrad.autograd.ops.normalization import standardize
from glassgrad.nn import functional as F

RNG = np.random.default_rng(11)


def draw(*shape):
    return RNG.standard_normal(shape)


# --- one step against small steps, to the third derivative

def derivatives(function, arrays):
    """Return value and three derivatives, each along random directions, of a curved function of the result."""
    rng = np.random.default_rng(0)
    xs = [gg.tensor(a, requires_grad=True) for a in arrays]
    out = function(*xs)
    found = [[out.numpy()]]
    current = (out * rng.standard_normal(out.shape) + 0.5 * out**3).sum()
    for order in range(3):
        gradients = gg.grad(current, xs, create_graph=order < 2, materialize_grads=True)
        found.append([g.numpy() for g in gradients])
        current = sum(
            (g * g * rng.standard_normal(g.shape)).sum() + (g * rng.standard_normal(g.shape)).sum() for g in gradients
        )
    return found


def small_norm(x, dims, eps, centred=True):
    c = x - x.mean(dims, True) if centred else x
    return c / gg.sqrt((c * c).mean(dims, True) + eps)


def small_distances(x, y):
    d = gg.unsqueeze(x, -2) - gg.unsqueeze(y, -3)
    return gg.sqrt((d * d).sum(-1))


def small_attention(q, k, v, mask):
    scores = q @ k.mT / math.sqrt(q.shape[-1]) + mask
    weights = gg.exp(scores)
    return weights / weights.sum(-1, True) @ v


BELOW = np.tri(3, 4, dtype=bool)
FUSED = {
    "layer_norm": (
        lambda x, w, b: F.layer_norm(x, (3, 2), w, b, eps=0.1),
        lambda x, w, b: small_norm(x, (1, 2), 0.1) * w + b, (draw(4, 3, 2), draw(3, 2), draw(3, 2)),
    ),
    "layer_norm alone": (lambda x: F.layer_norm(x, 3), lambda x: small_norm(x, -1, 1e-5), (draw(4, 3),)),
    "rms_norm": (
        lambda x, w: F.rms_norm(x, 3, w, eps=0.1), lambda x, w: small_norm(x, -1, 0.1, False) * w,
        (draw(4, 3), draw(3)),
    ),
    "group_norm": (
        lambda x, w, b: F.group_norm(x, 2, w, b, eps=0.1),
        lambda x, w, b: small_norm(x.reshape(2, 2, 6), 2, 0.1).reshape(2, 4, 3) * w.reshape(4, 1) + b.reshape(4, 1),
        (draw(2, 4, 3), draw(4), draw(4)),
    ),
    "instance_norm": (lambda x: F.instance_norm(x), lambda x: small_norm(x, 2, 1e-5), (draw(2, 3, 4),)),
    "statistics kept for backward": (
        lambda x: standardize(x, None, None, 1, 0.1) * standardize(x, x, None, 1, 0.1, False),
        lambda x: small_norm(x, -1, 0.1) * (small_norm(x, -1, 0.1, False) * x), (draw(3, 4),),
    ),
    "mse_loss": (F.mse_loss, lambda x, y: ((x - y) * (x - y)).mean(), (draw(3, 2), draw(3, 2))),
    "bce with logits": (
        lambda x, t: F.binary_cross_entropy_with_logits(x, t, reduction="none"),
        lambda x, t: gg.log(1 + gg.exp(x)) - t * x, (draw(3, 2), draw(3, 2)),
    ),
    "bce": (
        lambda x: F.binary_cross_entropy(gg.sigmoid(x), np.array([0.1, 0.7, 1.0])),
        lambda x: (gg.log(1 + gg.exp(x)) - np.array([0.1, 0.7, 1.0]) * x).mean(), (draw(3),),
    ),
    "kl_div": (
        lambda x, t: F.kl_div(x, gg.exp(t), reduction="sum"), lambda x, t: (gg.exp(t) * (t - x)).sum(),
        (draw(3, 2), draw(3, 2)),
    ),
    "huber_loss": (
        lambda x: F.huber_loss(x, np.zeros(4), "sum", 0.9),
        lambda x: gg.where(gg.abs(x) < 0.9, x * x / 2, 0.9 * (gg.abs(x) - 0.45)).sum(),
        (np.array([0.5, -0.3, 1.5, -2.0]),),
    ),
    "cdist": (gg.cdist, small_distances, (draw(3, 2), draw(4, 2))),
    "cdist of long vectors": (gg.cdist, small_distances, (draw(2, 3, 20), draw(4, 20))),
    "attention": (
        lambda q, k, v, m: F.scaled_dot_product_attention(q, k, v, m), small_attention,
        (draw(2, 3, 4), draw(2, 5, 4), draw(2, 5, 2), draw(3, 5)),
    ),
    "masked softmax": (
        lambda x: masked_softmax(x, BELOW),
        lambda x: gg.exp(x) * BELOW / (gg.exp(x) * BELOW).sum(-1, True), (draw(3, 4),),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("fused", "composed", "arrays"), FUSED.values(), ids=list(FUSED))
def test_fused_equals_composed(fused, composed, arrays):
    for order, (a, b) in enumerate(zip(derivatives(fused, arrays), derivatives(composed, arrays), strict=True)):
        for x, y in zip(a, b, strict=True):
            scale = np.abs(y).max(initial=1e-3)
            np.testing.assert_allclose(x, y, rtol=1e-7, atol=1e-8 * scale, err_msg=f"derivative {order}")


# --- numbers far from 0, and large ones

@pytest.mark.parametrize("offset", [0.0, 1e3, -1e5])
def test_norms_of_numbers_far_from_zero(offset):
    values = (draw(8, 1000) + offset).astype("float32")
    exact = values.astype("float64")
    exact = (exact - exact.mean(1, keepdims=True)) / np.sqrt(exact.var(1, keepdims=True) + 1e-5)
    x = gg.tensor(values, requires_grad=True)
    out = F.layer_norm(x, 1000)
    np.testing.assert_allclose(out.numpy(), exact, atol=3e-6)
    out.backward(gg.tensor(values - np.float32(offset)))
    assert np.abs(x.grad.numpy().sum(1)).max() < 1e-3
    groups = F.group_norm(gg.tensor(values.reshape(8, 4, 250)), 1)
    np.testing.assert_allclose(groups.numpy().reshape(8, 1000), exact, atol=3e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_distances_of_neighbours_far_from_the_origin(dtype):
    base = 1e3 + draw(30)
    points = (base + 1e-2 * draw(20, 30)).astype(dtype)
    exact = np.sqrt(np.square(points[:, None].astype("float64") - points[None].astype("float64")).sum(-1))
    np.testing.assert_allclose(gg.cdist(gg.tensor(points), gg.tensor(points)).numpy(), exact, rtol=2e-5)


def test_losses_of_large_logits_are_finite():
    x = gg.tensor([1e4, -1e4], requires_grad=True)
    for target in ([0.0, 1.0], [1.0, 0.0]):
        loss = F.binary_cross_entropy_with_logits(x, target, pos_weight=[2.0, 0.5], reduction="sum")
        loss.backward()
        assert math.isfinite(loss.item()) and np.isfinite(x.grad.numpy()).all()
    assert F.soft_margin_loss(x, [-1.0, 1.0], "sum").item() == 2e4
    assert F.multilabel_soft_margin_loss(x, [0.0, 1.0]).item() == 1e4


# --- any shapes, against NumPy

@given(array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4), st.data())
def test_norms_of_any_shape(shape, data):
    axes = data.draw(st.integers(1, len(shape)))
    x = draw(*shape)
    over = tuple(range(-axes, 0))
    out, root = F.layer_norm(x, shape[-axes:]), F.rms_norm(x, shape[-axes:], eps=0.5)
    assert out.shape == root.shape == shape
    if x.size:
        scale = np.sqrt(x.var(over, keepdims=True) + 1e-5)
        np.testing.assert_allclose(out, (x - x.mean(over, keepdims=True)) / scale, atol=1e-9)
        np.testing.assert_allclose(root, x / np.sqrt(np.square(x).mean(over, keepdims=True) + 0.5), atol=1e-12)


@given(mutually_broadcastable_shapes(num_shapes=2, min_dims=1, max_dims=3, max_side=3), st.data())
def test_cosines_of_any_shapes(shapes, data):
    dim = data.draw(st.integers(-len(shapes.result_shape), len(shapes.result_shape) - 1))
    a, b = (draw(*s) for s in shapes.input_shapes)
    x, y = np.broadcast_arrays(a, b)
    expected = (x * y).sum(dim) / np.sqrt((x * x).sum(dim) * (y * y).sum(dim))
    tensors = [gg.tensor(v, requires_grad=True) for v in (a, b)]
    found = F.cosine_similarity(*tensors, dim=dim)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-9)
    for t, g in zip(tensors, gg.grad(found.sum(), tensors), strict=True):
        assert g.shape == t.shape


@given(mutually_broadcastable_shapes(signature="(p,d),(r,d)->(p,r)", max_dims=2, max_side=3, min_side=0))
def test_distances_of_any_shapes(shapes):
    a, b = (draw(*s) for s in shapes.input_shapes)
    expected = np.sqrt(np.square(a[..., :, None, :] - b[..., None, :, :]).sum(-1))
    tensors = [gg.tensor(v, requires_grad=True) for v in (a, b)]
    found = gg.cdist(*tensors)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-9)
    for t, g in zip(tensors, gg.grad(found.sum(), tensors), strict=True):
        assert g.shape == t.shape and np.isfinite(g.numpy()).all()


# --- edges

def test_equal_points_have_distance_zero_and_gradient_zero():
    for p in (1.0, 2.0, 3.0, math.inf):
        x = gg.tensor([[1.0, 2.0], [1.0, 2.0]], requires_grad=True)
        for found in (gg.cdist(x, x, p), F.pdist(x, p)):
            assert not found.numpy().any()
            (g,) = gg.grad(found.sum(), [x])
            assert not g.numpy().any()


def test_cosine_similarity_of_zero_vectors():
    x = gg.tensor([[0.0, 0.0]], requires_grad=True)
    y = F.cosine_similarity(x, gg.tensor([[1.0, 2.0]]))
    y.backward()
    assert y.item() == 0 and np.isfinite(x.grad.numpy()).all()


def test_a_query_that_sees_nothing_gives_zero():
    q, k, v = (gg.tensor(draw(2, 3), requires_grad=True) for _ in range(3))
    for mask in (np.array([[False, False], [True, True]]), np.array([[-np.inf, -np.inf], [0.0, 0.0]])):
        out = F.scaled_dot_product_attention(q, k, v, mask)
        assert not out.numpy()[0].any() and out.numpy()[1].all()
        gradients = gg.grad(out.sum(), [q, k, v])
        assert all(np.isfinite(g.numpy()).all() for g in gradients) and not gradients[0].numpy()[0].any()


def test_causal_attention_does_not_look_ahead():
    q, v = gg.tensor(draw(4, 3)), gg.tensor(draw(4, 2), requires_grad=True)
    out = F.scaled_dot_product_attention(q, q, v, is_causal=True)
    np.testing.assert_allclose(out.numpy()[0], v.numpy()[0])
    (g,) = gg.grad(out[1].sum(), [v])
    assert g.numpy()[:2].all() and not g.numpy()[2:].any()


def test_binary_cross_entropy_at_the_ends():
    x = gg.tensor([0.0, 1.0, 0.0, 1.0], requires_grad=True)
    losses = F.binary_cross_entropy(x, [0.0, 1.0, 1.0, 0.0], reduction="none")
    assert losses.numpy().tolist() == [0, 0, 100, 100]
    losses.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [0, 0, -1e12, 1e12], rtol=1e-6)


def test_hinges_pass_the_gradient_at_zero_as_pytorch_does():
    x, y = gg.tensor([1.0], requires_grad=True), gg.tensor([1.0])
    assert gg.grad(F.margin_ranking_loss(x, y, [1.0]), [x])[0].item() == -1
    assert gg.grad(F.hinge_embedding_loss(x, [-1.0]), [x])[0].item() == -1
    assert gg.grad(F.multi_margin_loss(gg.stack([x[0], y[0] - 1]), 0), [x])[0].item() == 0


def test_the_mean_of_no_losses_is_nan():
    for loss in (F.mse_loss, F.l1_loss, F.huber_loss, F.binary_cross_entropy_with_logits, F.kl_div):
        assert math.isnan(loss(gg.zeros(0, 3), gg.zeros(0, 3)).item())
        assert loss(gg.zeros(0, 3), gg.zeros(0, 3), reduction="sum").item() == 0


def test_targets_get_gradients():
    for loss in (F.mse_loss, F.l1_loss, F.huber_loss, F.kl_div, F.binary_cross_entropy_with_logits, F.cross_entropy):
        t = gg.tensor([[0.2, 0.8]], requires_grad=True)
        loss(gg.tensor([[0.3, 0.4]]), t).backward()
        assert t.grad.numpy().any()


# --- embeddings

def test_the_padding_row_gets_no_gradient():
    table = gg.tensor(draw(4, 2), requires_grad=True)
    rows = F.embedding([1, 3, 1, 0], table, padding_idx=-1)
    assert (rows.numpy() == table.numpy()[[1, 3, 1, 0]]).all()
    rows.sum().backward()
    assert table.grad.numpy().tolist() == [[1, 1], [2, 2], [0, 0], [0, 0]]


def test_the_gradient_by_frequency():
    table = gg.tensor(draw(3, 1), requires_grad=True)
    F.embedding(np.array([[1, 1], [2, 1]]), table, scale_grad_by_freq=True).sum().backward()
    np.testing.assert_allclose(table.grad.numpy().ravel(), [0, 1, 1])


def test_indices_are_read_once():
    table, index = gg.tensor(draw(3, 2), requires_grad=True), gg.tensor([0, 1])
    rows = F.embedding(index, table)
    index.copy_(np.array([2, 2]))
    rows.sum().backward()
    assert table.grad.numpy().any(1).tolist() == [True, True, False]


def test_an_empty_bag_is_zero():
    table = gg.tensor(draw(3, 2), requires_grad=True)
    for mode in ("sum", "mean", "max"):
        out = F.embedding_bag([0, 1], table, [0, 0, 2], mode=mode)
        assert out.shape == (3, 2) and not out.numpy()[[0, 2]].any()


# --- noise

@pytest.mark.parametrize(
    ("name", "shape", "channels"),
    [("dropout", (4, 50, 30), 3), ("dropout1d", (40, 30, 6), 2), ("dropout1d", (300, 6), 1),
     ("dropout2d", (40, 30, 3, 3), 2), ("dropout2d", (40, 30, 3), 2), ("dropout3d", (40, 30, 2, 2, 2), 2),
     ("dropout3d", (300, 2, 2, 2), 1)],
)  # fmt: skip
def test_dropout_keeps_the_mean_and_drops_whole_channels(name, shape, channels):
    gg.manual_seed(0)
    x = gg.ones(*shape, requires_grad=True)
    out = getattr(F, name)(x, 0.25)
    values = out.numpy().reshape(*shape[:channels], -1)
    assert (values == values[..., :1]).all()
    assert np.unique(values).tolist() == [0, pytest.approx(4 / 3)]
    assert values.mean() == pytest.approx(1, abs=0.12)
    out.sum().backward()
    assert (x.grad.numpy() == out.numpy()).all()


@pytest.mark.parametrize("name", ["dropout", "dropout1d", "alpha_dropout", "feature_alpha_dropout"])
def test_the_ends_of_p(name):
    function = getattr(F, name)
    x = gg.tensor([[[1.0, math.nan]]])
    assert function(x, 0.0, True) is x and function(x, 0.7, False) is x
    assert function(x, 1.0, True).numpy().tolist() == [[[0, 0]]]
    with pytest.raises(ValueError, match=f"^{name}: p must be between 0 and 1, got 1.5"):
        function(x, 1.5, True)
    with pytest.raises(ValueError, match=f"^{name}: inplace=True is not possible"):
        function(x, 0.5, True, inplace=True)


@pytest.mark.parametrize("name", ["alpha_dropout", "feature_alpha_dropout"])
@pytest.mark.parametrize("p", [0.1, 0.5])
def test_alpha_dropout_keeps_mean_and_variance(name, p):
    gg.manual_seed(1)
    x = gg.tensor(draw(400, 500).astype("float32"))
    out = getattr(F, name)(x, p, True)
    assert out.dtype == np.float32
    assert out.numpy().mean() == pytest.approx(0, abs=0.02) and out.numpy().std() == pytest.approx(1, abs=0.02)


def test_noise_follows_the_seed():
    for name in ("dropout", "dropout2d", "alpha_dropout", "feature_alpha_dropout"):
        found = []
        for _ in range(2):
            gg.manual_seed(3)
            found.append(getattr(F, name)(gg.ones(3, 4, 2, 2), 0.5, True).numpy())
        assert (found[0] == found[1]).all()


# --- running statistics of instances

def test_instance_norm_moves_its_running_statistics():
    x = draw(3, 2, 5)
    mean, var = gg.zeros(2, dtype="float64"), gg.ones(2, dtype="float64")
    F.instance_norm(gg.tensor(x), mean, var, momentum=0.25)
    np.testing.assert_allclose(mean.numpy(), 0.25 * x.mean((0, 2)))
    np.testing.assert_allclose(var.numpy(), 0.75 + 0.25 * x.var(2, ddof=1).mean(0))
    out = F.instance_norm(gg.tensor(x), mean, var, use_input_stats=False, eps=0.0)
    np.testing.assert_allclose(out.numpy(), (x - mean.numpy()[:, None]) / np.sqrt(var.numpy())[:, None])


# --- arrays, lists, dtypes

def test_arrays_give_arrays_and_lists_are_welcome():
    assert isinstance(F.mse_loss(np.ones(3), np.zeros(3)), float | np.floating | np.ndarray)
    assert isinstance(F.layer_norm(draw(2, 3), 3), np.ndarray)
    assert F.l1_loss([1.0, 2.0], [0.0, 0.0]) == 1.5
    assert F.cross_entropy(draw(2, 3), [0, 1]) > 0


def test_float32_stays():
    x, y = gg.tensor(draw(2, 3).astype("float32"), requires_grad=True), draw(2, 3)
    for loss in (F.mse_loss, F.l1_loss, F.huber_loss, F.binary_cross_entropy_with_logits, F.poisson_nll_loss):
        assert loss(x, y).dtype == np.float32, loss
    for out in (F.layer_norm(x, 3, y[0], y[1]), F.cosine_similarity(x, gg.tensor(y.astype("float32"))), F.normalize(x)):
        assert out.dtype == np.float32


def test_half_precision_norms_do_not_overflow():
    out = F.layer_norm(gg.tensor((1000 * draw(2, 64)).astype("float16")), 64)
    assert out.dtype == np.float16 and np.isfinite(out.numpy()).all() and out.numpy().std() == pytest.approx(1, abs=0.1)


# --- messages

X, T3 = gg.zeros(2, 3), gg.zeros(3)
MESSAGES = [
    (lambda: F.l1_loss(X, T3), ValueError, r"l1_loss: input of shape \(2, 3\) and target of shape \(3,\) must have eq"),
    (lambda: F.mse_loss(X, X, weight=T3), ValueError, r"mse_loss: input of shape .* and weight of shape \(3,\)"),
    (lambda: F.huber_loss(X, X, delta=0), ValueError, "huber_loss: delta must be positive, got 0"),
    (lambda: F.smooth_l1_loss(X, X, beta=-1), ValueError, "smooth_l1_loss: beta must not be negative, got -1"),
    (lambda: F.kl_div(X, X, "avg"), ValueError, "kl_div: reduction .*'batchmean' is allowed, too"),
    (lambda: F.binary_cross_entropy([0.5, 1.5], [0.0, 1.0]), ValueError,
     r"input\[1\] = 1.5 is not between 0 and 1; apply a sigmoid first"),
    (lambda: F.binary_cross_entropy([0.5, 0.5], [0.0, 2.0]), ValueError, r"target\[1\] = 2.0 is not between 0 and 1$"),
    (lambda: F.binary_cross_entropy([0.5, math.nan], [0.0, 1.0]), ValueError, r"input\[1\] = nan is not"),
    (lambda: F.binary_cross_entropy(X, X, weight=gg.zeros(2)), ValueError, r"weight of shape \(2,\) does not bro"),
    (lambda: F.gaussian_nll_loss(X, gg.ones(2), 1.0), ValueError, "must have equal shapes"),
    (lambda: F.gaussian_nll_loss(X, X, -1.0), ValueError, "var has a negative entry, -1.0"),
    (lambda: F.gaussian_nll_loss(X, X, gg.ones(5)), ValueError, r"var of shape \(5,\) does not fit input"),
    (lambda: F.gaussian_nll_loss(X, X, 1.0, eps=0), ValueError, "eps must be positive, got 0"),
    (lambda: F.multi_margin_loss(X, [0, 3]), ValueError, r"multi_margin_loss: target\[1\] = 3, but the logits have 3"),
    (lambda: F.multi_margin_loss(X, [0, 1], p=3), ValueError, "p must be 1 or 2, got 3"),
    (lambda: F.multi_margin_loss(X, [0.0, 1.0]), TypeError, "class labels must be integers"),
    (lambda: F.multilabel_margin_loss(X, [[0, 1, 3], [0, 0, 0]]), ValueError, r"target\[0, 2\] = 3, but there are 3"),
    (lambda: F.multilabel_margin_loss(X, [0, 1]), ValueError, "fill the target with -1"),
    (lambda: F.triplet_margin_loss(X, X, T3), ValueError, "must have the same number of dimensions"),
    (lambda: F.triplet_margin_loss(X, X, X, margin=0.0), ValueError, "margin must be positive, got 0.0"),
    (lambda: F.cosine_embedding_loss(X, X, 1.0), ValueError, r"inputs of shape \(N, D\) need a target of shape \(N,\)"),
    (lambda: F.layer_norm(X, (2, 2)), ValueError, r"normalized_shape \(2, 2\) must be the end of the input's shape"),
    (lambda: F.layer_norm(X, 3, gg.ones(2)), ValueError, r"layer_norm: weight of shape \(2,\) does not fit; it mus"),
    (lambda: F.layer_norm(gg.tensor([1, 2]), 2), TypeError, "layer_norm: the input must be floating-point, not int64"),
    (lambda: F.group_norm(X, 2), ValueError, "2 groups do not divide the 3 channels"),
    (lambda: F.group_norm(T3, 1), ValueError, r"group_norm: the input must have shape \(N, C, ...\), got \(3,\)"),
    (lambda: F.instance_norm(X, use_input_stats=False), ValueError, "needs running_mean and running_var"),
    (lambda: F.instance_norm(X, T3), ValueError, "give both running_mean and running_var, or neither"),
    (lambda: F.local_response_norm(X, 2), ValueError, r"must have shape \(N, C, L, ...\), got \(2, 3\)"),
    (lambda: F.normalize(X, dim=2), IndexError, "out of range"),
    (lambda: F.cosine_similarity(X, gg.zeros(4)), ValueError, "cosine_similarity: x1 of shape .* cannot be broadcast"),
    (lambda: gg.cdist(X, gg.zeros(2, 4)), ValueError, "with equal D"),
    (lambda: gg.cdist(X, X, -1.0), ValueError, "p must not be negative"),
    (lambda: F.pdist(T3), ValueError, r"pdist: the input must have shape \(rows, D\), got \(3,\)"),
    (lambda: F.bilinear(X, X, gg.zeros(1, 3, 2)), ValueError, "bilinear: inputs of shape .* do not fit a weight"),
    (lambda: F.embedding([0, 2], X), IndexError, r"embedding: input\[1\] = 2, but the table has 2 rows \(0..1\)"),
    (lambda: F.embedding([0, -1], X), IndexError, r"input\[1\] = -1, but"),
    (lambda: F.embedding([0.0, 1.0], X), TypeError, "indices must be integers, not float32"),
    (lambda: F.embedding([0], X, max_norm=1.0), ValueError, "max_norm would change the weight in place"),
    (lambda: F.embedding([0], X, padding_idx=2), ValueError, "padding_idx 2 is not a row of a table of 2 rows"),
    (lambda: F.embedding_bag([0, 1], X), ValueError, r"got shape \(2,\) and no offsets"),
    (lambda: F.embedding_bag([0, 1], X, [1]), ValueError, "offsets must begin with 0"),
    (lambda: F.embedding_bag([[0, 1]], X, mode="max", per_sample_weights=[[1.0, 1.0]]), ValueError, "mode='sum'"),
    (lambda: F.scaled_dot_product_attention(X, gg.zeros(2, 4), X), ValueError, r"expected shapes \(..., L, E\)"),
    (lambda: F.scaled_dot_product_attention(X, X, X, gg.zeros(3, 3)), ValueError, "does not broadcast to the scores"),
    (lambda: F.scaled_dot_product_attention(X, X, X, np.ones((2, 2), int)), TypeError, "must be of bools or floating"),
    (lambda: F.scaled_dot_product_attention(X, X, X, gg.zeros(2, 2), is_causal=True), ValueError, "not both"),
    (lambda: F.scaled_dot_product_attention(X, X, X, enable_gqa=True), ValueError, "multiple of the heads"),
    (lambda: F.dropout2d(X), ValueError, r"dropout2d: the input must have shape \(N, C, H, W\), got \(2, 3\)"),
    (lambda: F.feature_alpha_dropout(T3, training=True), ValueError, r"must have shape \(N, C, ...\), got \(3,\)"),
    (lambda: F.linear(X, T3, gg.zeros(2)), ValueError, "needs a single number as bias"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), MESSAGES)
def test_messages(call, error, message):
    with pytest.raises(error, match=message):
        call()
