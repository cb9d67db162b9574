"""float16 is computed with in float32 wherever numbers are added, squared or counted.

float16 ends at 65,504 and has eleven binary digits, so that sums of ones stall at 2,048 and counts of 70,000 overflow.
Every operation that adds or counts is run on so many numbers, and held against float64 on the same numbers; a test over
the registry asks for a case, or a reason why there need not be one, for every operation that is declared.
"""

import math

import numpy as np
import pytest

import glassgrad as gg
from glassgrad.autograd.core.primitive import REGISTRY
from glassgrad.autograd.engine.compose import COMPOSED

F = gg.nn.functional
N = 70_000
EPS = 2.0**-10


def near(*shape):
    """Return numbers near 1, both signs where a sum would otherwise leave the range."""
    rng = np.random.default_rng(sum(shape) + 5)
    return (1 + rng.random(shape) / 4).astype(np.float16)


def signed(*shape):
    x = near(*shape)
    return x * np.where(np.arange(x.size).reshape(shape) % 3, 1, -1).astype(np.float16)


def spaced(*shape):
    """Return multiples of 1/8 between −1 and 1 with many ties."""
    return ((np.arange(math.prod(shape)).reshape(shape) % 16) / 8 - 1).astype(np.float16)


ZEROS = np.zeros(N, np.int64)
LABELS = np.arange(N) % 3
BIT = (np.arange(N) % 2).astype(np.float16)
SIGN = (1 - 2 * (np.arange(N) % 2)).astype(np.float16)
PSD = np.array([[2.0, 0.5], [0.5, 1.0]], np.float16)

# Name: (function, its floating-point inputs). A result beyond 65,504 is infinite, as it should be; most stay below.
CASES = {
    # sums, means and what is made of them
    "sum": (lambda x: gg.sum(x, 0), [signed(N, 2)]),
    "sum of all": (lambda x: x.sum() / 2, [signed(N)]),
    "sum of a transposed": (lambda x: x.T.sum(1), [signed(N, 2)]),
    "sum_to": (lambda x: gg.sum_to(x, (1, 2)), [signed(N, 2)]),
    "nansum": (lambda x: gg.nansum(x, 0), [signed(N, 2)]),
    "mean": (lambda x: gg.mean(x, 0), [near(N, 2)]),
    "mean of all": (gg.mean, [100 * near(N)]),
    "nanmean": (gg.nanmean, [near(N)]),
    "amax": (gg.amax, [spaced(N)]), "amin": (gg.amin, [spaced(N)]), "max": (gg.max, [spaced(N)]),
    "min": (gg.min, [spaced(N)]), "aminmax": (lambda x: sum(gg.aminmax(x)), [spaced(N)]),
    "median": (gg.median, [np.ones(N, np.float16)]), "median_of_all": (gg.median, [spaced(N)]),
    "nanmedian": (gg.nanmedian, [spaced(N)]),
    "logsumexp": (lambda x: gg.logsumexp(x, 0), [8 * near(N, 2)]),
    "logcumsumexp": (lambda x: gg.logcumsumexp(x, 0)[-1], [near(N)]),
    "cumsum": (lambda x: gg.cumsum(x, 0)[::10_000], [signed(N)]),
    "prod": (gg.prod, [(1 + signed(1000) / 512).astype(np.float16)]),
    "trapezoid": (gg.trapezoid, [near(N) / 2]),
    "cumulative_trapezoid": (lambda x: gg.cumulative_trapezoid(x)[-5:], [near(N) / 2]),
    "trace": (gg.trace, [near(3000, 3000)]),
    # spread and squares
    "var": (lambda x: gg.var(x, 0), [near(N, 2) * 64]), "variance": (gg.var, [near(N) * 64]),
    "std": (lambda x: gg.std(x, 0), [near(N, 2) * 64]), "standard_deviation": (gg.std, [near(N)]),
    "var_mean": (lambda x: sum(gg.var_mean(x)), [near(N)]), "std_mean": (lambda x: sum(gg.std_mean(x)), [near(N)]),
    "cov": (gg.cov, [signed(2, N)]), "corrcoef": (gg.corrcoef, [signed(2, N)]),
    "norm": (gg.norm, [100 * near(N)]), "power_norm": (lambda x: gg.norm(x, 3), [100 * near(N)]),
    "vector_norm": (lambda x: gg.linalg.vector_norm(x, dim=0), [100 * near(N, 2)]),
    "norm inf": (lambda x: gg.norm(x, math.inf), [spaced(N)]),
    "vector_or_matrix_norm": (gg.linalg.norm, [near(N)]),
    "matrix_norm": (gg.linalg.matrix_norm, [100 * near(N, 2)]),
    "dist": (gg.dist, [300 * near(N), np.zeros(N, np.float16)]),
    "normalize": (lambda x: F.normalize(x, dim=0)[:3], [300 * near(N)]),
    "cosine_similarity": (lambda x, y: F.cosine_similarity(x, y, 0), [300 * near(N), 200 * signed(N)]),
    "pairwise_distance": (F.pairwise_distance, [300 * near(1, N), near(1, N)]),
    "cdist": (gg.cdist, [300 * near(2, N), near(1, N)]),
    "euclidean_distances": (gg.cdist, [near(2, 5000), near(1, 5000)]),
    "pdist": (F.pdist, [near(3, N)]),
    "local_response_norm": (lambda x: F.local_response_norm(x, 3000), [300 * near(1, 6000, 1)]),
    # products
    "matmul": (lambda x, y: x @ y, [signed(2, N), near(N, 2)]), "mm": (gg.mm, [signed(2, N), near(N, 2)]),
    "dot": (gg.dot, [signed(N), near(N)]), "vecdot": (gg.linalg.vecdot, [signed(2, N), near(2, N)]),
    "inner": (gg.inner, [signed(N), near(N)]), "mv": (gg.mv, [signed(2, N), near(N)]),
    "bmm": (gg.bmm, [signed(2, 1, N), near(2, N, 1)]),
    "linear": (lambda x, w, b: (F.linear(x, w, b) / 16).sum(0), [signed(N, 3), near(2, 3), near(2)]),
    "addmm": (gg.addmm, [near(2, 2), signed(2, N), near(N, 2)]), "addmv": (gg.addmv, [near(2), signed(2, N), near(N)]),
    "addr": (lambda b, x, y: gg.addr(b, x, y), [near(1, 1), near(N), near(2)]),
    "addbmm": (gg.addbmm, [near(1, 1), signed(N, 1, 1), near(N, 1, 1)]),
    "baddbmm": (gg.baddbmm, [near(1, 1, 1), signed(1, 1, N), near(1, N, 1)]),
    "einsum_of": (lambda x, y: gg.einsum("ni,ni->i", x, y), [signed(N, 2), near(N, 2)]),
    "einsum of one": (lambda x: gg.einsum("ni->i", x), [signed(N, 2)]),
    "tensordot": (lambda x, y: gg.tensordot(x, y, 1), [signed(2, N), near(N, 2)]),
    "bilinear": (lambda x, y, w: F.bilinear(x, y, w), [signed(2, N), near(2, 1), near(1, N, 1)]),
    "scaled_dot_product_attention": (F.scaled_dot_product_attention, [near(1, N), near(2, N), near(2, 4)]),
    # softmax and losses
    "softmax": (lambda x: gg.softmax(x, 0)[:4], [(np.arange(N) / 1e4).astype(np.float16)]),
    "log_softmax": (lambda x: gg.log_softmax(x, 0)[:4], [near(N)]),
    "softmin": (lambda x: F.softmin(x, 0)[:4], [near(N)]),
    "masked_softmax": (lambda x: F.scaled_dot_product_attention(x, near(N, 1), near(N, 1)), [near(1, 1)]),
    "mse_loss": (F.mse_loss, [100 * near(N), near(N)]),
    "half_mse_loss": (F.half_mse_loss, [100 * near(10, N // 10), near(10, N // 10)]),
    "l1_loss": (F.l1_loss, [near(N), signed(N)]),
    "huber_loss": (F.huber_loss, [9 * near(N), near(N)]), "smooth_l1_loss": (F.smooth_l1_loss, [9 * near(N), near(N)]),
    "kl_div": (F.kl_div, [-near(N), near(N) / 2]), "poisson_nll_loss": (F.poisson_nll_loss, [near(N), near(N)]),
    "gaussian_nll_loss": (F.gaussian_nll_loss, [9 * near(N), near(N), near(N)]),
    "binary_cross_entropy": (lambda x: F.binary_cross_entropy(x, gg.tensor(BIT)), [near(N) / 2]),
    "binary_cross_entropy_with_logits": (lambda x: F.binary_cross_entropy_with_logits(x, gg.tensor(BIT)), [near(N)]),
    "soft_margin_loss": (lambda x: F.soft_margin_loss(x, gg.tensor(SIGN)), [near(N)]),
    "multilabel_soft_margin_loss": (lambda x: F.multilabel_soft_margin_loss(x, gg.tensor(BIT[:, None])), [near(N, 1)]),
    "softmax_cross_entropy": (lambda x: F.cross_entropy(x, LABELS), [near(N, 3)]),
    "cross_entropy": (lambda x: F.cross_entropy(x, np.array([3, 9])), [8 * near(2, N)]),
    "cross_entropy_composed": (lambda x: F.cross_entropy(x, LABELS, label_smoothing=0.1), [near(N, 3)]),
    "nll_loss": (lambda x: F.nll_loss(x, LABELS), [-near(N, 3)]),
    "hinge_embedding_loss": (lambda x: F.hinge_embedding_loss(x, gg.tensor(SIGN)), [near(N)]),
    "margin_ranking_loss": (lambda x, y: F.margin_ranking_loss(x, y, gg.tensor(SIGN)), [near(N), 3 * near(N)]),
    "multi_margin_loss": (lambda x: F.multi_margin_loss(x, LABELS), [near(N, 3)]),
    "multilabel_margin_loss": (
        lambda x: F.multilabel_margin_loss(x, np.tile([0, -1], (N, 1))), [near(N, 2)]),
    "triplet_margin_loss": (F.triplet_margin_loss, [near(2, N), 2 * near(2, N), near(2, N) / 2]),
    "triplet_margin_with_distance_loss": (
        F.triplet_margin_with_distance_loss, [near(2, N), 2 * near(2, N), near(2, N)]),
    "cosine_embedding_loss": (
        lambda x, y: F.cosine_embedding_loss(x, y, np.array([1, -1])), [300 * near(2, N), 200 * signed(2, N)]),
    # normalisation
    "batch_norm": (
        lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True)[:3], [64 * near(N, 2), near(2), near(2)]),
    "batch_norm_gradient": (
        lambda x, w, b: (F.batch_norm(x, None, None, w, b, training=True)
                         * gg.tensor(near(100, 2, 700) ** 8 / 64, dtype=x.dtype)).sum((0, 2)),
        [64 * signed(100, 2, 700), near(2), near(2)]),
    "standardize": (lambda x, w, b: (F.layer_norm(x, 3, w, b) / 16).sum(0), [9 * near(N, 3), near(3), near(3)]),
    "layer_norm": (lambda x: F.layer_norm(x, N)[:, :3], [300 * near(2, N)]),
    "rms_norm": (lambda x: F.rms_norm(x, N)[:, :3], [300 * near(2, N)]),
    "group_norm": (lambda x: F.group_norm(x, 1)[:, :3], [300 * near(1, N, 1)]),
    "instance_norm": (lambda x: F.instance_norm(x)[..., :3], [300 * near(1, 1, N)]),
    "centered": (lambda x: gg.cov(x), [100 * near(1, N)]),
    # windows
    "conv1d": (lambda x, w, b: (F.conv1d(x, w, b) / 16).sum(), [signed(1, 1, N), near(1, 1, 3), near(1)]),
    "conv2d": (lambda x, w, b: F.conv2d(x, w, b)[..., 0], [signed(1, 700, 10, 10), near(2, 700, 10, 10), near(2)]),
    "conv3d": (lambda x, w: F.conv3d(x, w)[..., 0], [signed(1, 70, 10, 10, 10), near(1, 70, 10, 10, 10)]),
    "convolution_input": (F.conv_transpose1d, [signed(1, N, 1), near(N, 1, 2)]),
    "convolution_weight": (lambda x, w: F.conv1d(x, w).sum() / 4, [signed(1, 1, N), near(1, 1, 2)]),
    "conv_transpose1d": (F.conv_transpose1d, [signed(1, N, 1), near(N, 1, 2)]),
    "conv_transpose2d": (F.conv_transpose2d, [signed(1, N, 1, 1), near(N, 1, 1, 2)]),
    "conv_transpose3d": (F.conv_transpose3d, [signed(1, N, 1, 1, 1), near(N, 1, 1, 1, 2)]),
    "blend": (lambda x: F.avg_pool1d(x, 7000), [64 * near(1, 1, 7000)]),
    "avg_pool1d": (lambda x: F.avg_pool1d(x, 3500), [64 * near(1, 1, 7000)]),
    "stochastic_pool2d": (lambda x: F.stochastic_pool2d(x, (700, 100), training=False), [near(1, 1, 700, 100)]),
    "avg_pool2d": (lambda x: F.avg_pool2d(x, (700, 100)), [near(1, 1, 700, 100)]),
    "avg_pool3d": (lambda x: F.avg_pool3d(x, (7, 100, 100)), [near(1, 1, 7, 100, 100)]),
    "adaptive_avg_pool1d": (lambda x: F.adaptive_avg_pool1d(x, 1), [near(1, 1, N)]),
    "adaptive_avg_pool2d": (lambda x: F.adaptive_avg_pool2d(x, 1), [near(1, 1, 700, 100)]),
    "adaptive_avg_pool3d": (lambda x: F.adaptive_avg_pool3d(x, 1), [near(1, 1, 7, 100, 100)]),
    "lp_pool1d": (lambda x: F.lp_pool1d(x, 2, 7000), [64 * near(1, 1, 7000)]),
    "lp_pool2d": (lambda x: F.lp_pool2d(x, 2, (700, 100)), [64 * near(1, 1, 700, 100)]),
    "lp_pool3d": (lambda x: F.lp_pool3d(x, 2, (7, 100, 100)), [64 * near(1, 1, 7, 100, 100)]),
    "interpolate": (lambda x: F.interpolate(x, 6000, mode="nearest")[..., ::500], [near(1, 1, 2)]),
    "windows_sum": (lambda x: x.unfold(0, 3000, 1).sum(0)[::500] / 8, [signed(6000)]),
    "unfold_dimension": (lambda x: (x.unfold(0, 3000, 1) / 4096).sum(), [near(6000)]),
    "col2im": (lambda x: F.fold(x, (1, 2100), (1, 2100), padding=(0, 2099))[..., ::100], [signed(1, 2100, 4199)]),
    "max_pool_gradient": (lambda x: F.max_pool1d(x, 3000, 1), [np.eye(1, 9000, 4500, dtype=np.float16)[None]]),
    "frame_sum": (lambda x: (F.pad(x, (N, 0), mode="replicate") / 4).sum(), [signed(1, 2)]),
    # what was broadcast, repeated, gathered or scattered
    "add": (lambda x, b: (x + b).sum() / 2, [signed(N, 2), near(2) / 64]),
    "multiply": (lambda x, b: (x * b).sum(0), [signed(N, 2), near(2)]),
    "where": (lambda x, b: gg.where(gg.tensor(BIT[:, None] > 0), x, b).sum(0), [signed(N, 2), near(2) / 64]),
    "broadcast_to": (lambda b: (gg.broadcast_to(b, (N, 2)) * gg.tensor(signed(N, 2), dtype=b.dtype)).sum(0), [near(2)]),
    "expand": (lambda b: (b.expand(N, 2) * gg.tensor(signed(N, 2), dtype=b.dtype)).sum(0), [near(2)]),
    "repeat": (lambda b: (b.repeat(N) * gg.tensor(signed(2 * N), dtype=b.dtype)).sum(), [near(2)]),
    "tile": (lambda b: (gg.tile(b, (N,)) * gg.tensor(signed(2 * N), dtype=b.dtype)).sum(), [near(2)]),
    "repeated_sum": (
        lambda b: (b.repeat_interleave(N) * gg.tensor(signed(2 * N), dtype=b.dtype)).sum(), [near(2)]),
    "repeat_slices": (
        lambda b: (b.repeat_interleave(gg.tensor([N, 1])) * gg.tensor(signed(N + 1), dtype=b.dtype)).sum(), [near(2)]),
    "prelu": (lambda x, w: F.prelu(x, w).sum() / 4, [signed(N), near(1)]),
    "getitem": (lambda x: (x[ZEROS] * gg.tensor(signed(N), dtype=x.dtype)).sum(), [near(2)]),
    "index_add_zeros": (lambda w: gg.bincount(gg.tensor(ZEROS), w), [signed(N)]),
    "embedding_rows": (
        lambda w: (F.embedding(ZEROS, w) * gg.tensor(signed(N, 2), dtype=w.dtype)).sum(0), [near(3, 2)]),
    "embedding_bag": (lambda w: F.embedding_bag(ZEROS[None], w, mode="mean"), [near(3, 2)]),
    "gather_elements": (
        lambda x: (gg.gather(x, 0, gg.tensor(ZEROS)) * gg.tensor(signed(N), dtype=x.dtype)).sum(), [near(2)]),
    "take_elements": (lambda x: (gg.take(x, ZEROS) * gg.tensor(signed(N), dtype=x.dtype)).sum(), [near(2)]),
    "scatter_elements_add": (lambda x, s: gg.scatter_add(x, 0, gg.tensor(ZEROS), s), [near(1), signed(N)]),
    "scatter_elements_zeros": (
        lambda x: (gg.gather(x, 0, gg.tensor(ZEROS)) * gg.tensor(signed(N), dtype=x.dtype)).sum(), [near(2)]),
    "scatter_reduce": (
        lambda x, s: gg.scatter_reduce(x, 0, gg.tensor(ZEROS), s, "mean"), [near(1), near(N)]),
    "extremum_elements": (
        lambda x, s: gg.scatter_reduce(x, 0, gg.tensor(ZEROS), s, "amax"), [near(1), np.full(N, 2, np.float16)]),
    "index_add": (lambda x, s: gg.index_add(x, 0, gg.tensor(ZEROS), s), [near(1), signed(N)]),
    "index_reduce": (lambda x, s: gg.index_reduce(x, 0, gg.tensor(ZEROS), s, "mean"), [near(1), near(N)]),
    "index_put": (lambda x, s: gg.index_put(x, (ZEROS,), s, accumulate=True), [near(1), signed(N)]),
    "add_into": (lambda x, s: gg.index_put(x, (ZEROS,), s, accumulate=True), [near(1), signed(N)]),
    "put": (lambda x, s: gg.put(x, gg.tensor(ZEROS), s, accumulate=True), [near(1), signed(N)]),
    "scatter": (lambda x, s: gg.scatter(x, 0, gg.tensor(ZEROS), s, reduce="add"), [near(1), signed(N)]),
    "grid_sample": (
        lambda x: F.grid_sample(x, gg.zeros(1, N, 1, 2, dtype=x.dtype), align_corners=False).sum((2, 3)) / 2,
        [signed(1, 1, 2, 2) / 4]),
    "bincount": (lambda w: gg.bincount(gg.tensor(ZEROS), w), [signed(N)]),
    "running_place": (lambda x: (gg.cummax(x, 0)[0] * gg.tensor(signed(N), dtype=x.dtype)).sum(),
                      [np.r_[np.float16(3), signed(N - 1)]]),
    "place": (lambda x: F.max_unpool1d(x, gg.tensor([[[0, 2]]]), 2), [near(1, 1, 2)]),
    # matrices
    **{name: (function, [PSD]) for name, function in {
        "inv": gg.linalg.inv, "det": gg.linalg.det, "slogdet": lambda x: gg.linalg.slogdet(x)[1],
        "cholesky_factor": gg.linalg.cholesky, "svdvals": gg.linalg.svdvals, "eigenvalues_of": gg.linalg.eigvalsh,
        "matrix_exp": gg.linalg.matrix_exp, "pinv": gg.linalg.pinv,
        "qr_factors": lambda x: gg.linalg.qr(x)[1], "svd_factors": lambda x: gg.linalg.svd(x)[1],
        "eigh_factors": lambda x: gg.linalg.eigh(x)[0],
    }.items()},
    "solve_triangular": (lambda x, y: gg.linalg.solve_triangular(x, y, upper=True), [PSD, near(2, 1)]),
    "solve": (gg.linalg.solve, [PSD, near(2, 1)]),
    "least_squares": (lambda x, y: gg.linalg.lstsq(x, y)[0], [near(3, 2) * PSD[[0, 1, 0]], near(3, 1)]),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
@pytest.mark.parametrize("name", CASES)
def test_half_precision_is_that_of_its_numbers(name):
    """Result and gradients are those of float64 on the same numbers, to 4 units of float16."""
    function, arrays = CASES[name]
    results = {}
    for dtype in (np.float16, np.float64):
        inputs = [gg.tensor(a.astype(dtype), requires_grad=True) for a in arrays]
        out = function(*inputs)
        assert out.dtype == dtype
        gradients = gg.grad(out.sum(), inputs)
        assert all(g.dtype == dtype for g in gradients)
        results[dtype] = [out.numpy(), *(g.numpy() for g in gradients)]
    for position, (found, exact) in enumerate(zip(results[np.float16], results[np.float64], strict=True)):
        expected = exact.astype(np.float16)
        finite = np.isfinite(expected)
        np.testing.assert_array_equal(np.isfinite(found), finite)
        # Where a gradient is a difference of larger numbers, it is as exact as the largest.
        scale = np.max(np.abs(exact), where=finite, initial=0) if position else np.abs(exact[finite])
        error = np.abs(found[finite].astype(np.float64) - exact[finite])
        assert (error <= 4 * EPS * scale + 2.0**-24).all(), (position, found, exact)


# -- nothing escapes -------------------------------------------------------------------------------------------

# What moves or chooses elements; adding, where several arrive at one place, is the rule of another operation above.
MOVES = frozenset(
    """adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d affine_grid astype blocks bucketize
    channel_shuffle chunk clamp clamp_max clamp_min clone column_stack combinations concatenate
    constant_pad_nd contiguous cummax cummin diag diag_embed diagflat diagonal diagonal_scatter diagonal_zeros
    dsplit dstack expand_as flatten flip flip_axes fliplr flipud frame gather hsplit hstack im2col index_copy
    index_fill index_select index_update kthvalue masked_fill masked_scatter masked_select matrix_diagonal
    max_pool1d max_pool2d max_pool3d max_pool_pick max_unpool1d max_unpool2d max_unpool3d mode movedim msort
    narrow nonzero pad permute pick pick_elements pixel_shuffle pixel_unshuffle place_elements ravel reshape
    reshape_as roll roll_axes rot90 running_pick scatter_elements select select_scatter slice_scatter sort
    sorted_values split squeeze stack surround symmetric_from t take take_along_dim tensor_split topk
    transpose tril triu unbind unflatten unique unique_consecutive unpool unpool_gradient unsqueeze vsplit
    vstack windows write_at""".split()
)
# What acts on each element, or on a few, by itself: differences, products, draws, comparisons.
FEW = frozenset(
    """allclose alpha_dropout binary_cross_entropy_error cross cross_along cumprod diff dropout dropout1d dropout2d
    dropout3d equal feature_alpha_dropout float_power glu gumbel_softmax igamma igammac kron ldexp
    masked_scale mvlgamma nanquantile outer power_columns quantile recurrence rrelu rsub vander vector_cross
    zeta""".split()
)
# What another case runs: rules of an operation, and operations that are another one with its arguments rearranged.
OTHERS = {
    "batch_norm_gradient": "batch_norm", "cholesky": "cholesky_factor", "cholesky_inverse": "solve_triangular",
    "cholesky_solve": "solve_triangular", "cofactor_derivative": "det", "cofactors": "det", "cond": "matrix_norm",
    "eigh": "eigh_factors", "eigvalsh": "eigenvalues_of", "embedding": "embedding_rows", "inverse_or_nan": "slogdet",
    "logdet": "slogdet", "lstsq": "least_squares", "matrix_power": "matmul", "matrix_rank": "svdvals",
    "pinverse": "pinv", "qr": "qr_factors", "repeat_interleave": "repeated_sum", "scatter_add": "scatter_elements_add",
    "sign_and_log": "slogdet", "softmax_cross_entropy_gradient": "softmax_cross_entropy",
    "standardize_gradient": "standardize", "svd": "svd_factors", "tensorinv": "solve", "tensorsolve": "solve",
}  # fmt: skip


def test_every_operation_that_could_add_has_a_case():
    declared = {n for n, p in REGISTRY.items() if p.kind not in ("elementwise", "predicate", "index")} | set(COMPOSED)
    answered = set(CASES) | MOVES | FEW | set(OTHERS)
    assert declared <= answered, f"add a case, or say why there need not be one: {sorted(declared - answered)}"
    assert set(OTHERS.values()) <= set(CASES)
    assert (MOVES | FEW | set(OTHERS)) <= declared
