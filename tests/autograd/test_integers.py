"""Integers and bools: what operations make of them is what they make of the same values as floats, or a refusal.

An integer result must be the whole number that the formula gives, in the arithmetic of its dtype: no fraction may be
cut off. The samples of all operations are used, so a new one enters this test by being declared.
"""

import re
from typing import Any

import glassgrad_samples as samples
import numpy as np
import pytest

import glassgrad as gg

F = gg.nn.functional
DTYPES = ("int64", "int8", "uint8", "bool")
# Any of several equal elements may be named; the values that go with the names are looked at elsewhere.
TIES = {"argsort", "kth_index", "kthvalue", "median", "nanmedian", "top_indices"}
# PyTorch rounds these means of integers, test_integers_oracle.py says how.
ROUNDED = {"avg_pool1d", "avg_pool2d", "avg_pool3d", "index_reduce", "scatter_reduce"}
# A part of a backward pass, which never sees bools.
NEVER_BOOLS = {"convolution_weight"}
UNCLEAR = re.compile(r"ufunc|Cannot cast|Invalid integer data|not inexact|NaN to integer|loop")


def whole(values: Any, dtype: str) -> Any:
    """Return values rounded to multiples of ½, doubled, so that few of them are equal."""
    if isinstance(values, list):
        return [whole(v, dtype) for v in values]
    if values is None or values.dtype.kind != "f":
        return values
    doubled = np.rint(values * 2)
    return doubled != 0 if dtype == "bool" else (np.abs(doubled) if dtype == "uint8" else doubled).astype(dtype)


def as_floats(values: Any, like: Any) -> Any:
    if isinstance(values, list):
        return [as_floats(v, k) for v, k in zip(values, like, strict=True)]
    return values if values is None or like.dtype.kind != "f" else values.astype(np.float64)


def outcome(function: Any, inputs: dict[str, Any], static: dict[str, Any]) -> Any:
    """Return the results as tensors, or the error."""
    gg.manual_seed(0)
    handles = {
        name: value if value is None else [gg.tensor(v) for v in value] if isinstance(value, list) else gg.tensor(value)
        for name, value in inputs.items()
    }
    try:
        return samples.outputs(function(**handles, **static))
    except (TypeError, ValueError, IndexError, OverflowError, np.linalg.LinAlgError) as error:
        return error


def assert_same(got: Any, want: Any, label: str) -> None:
    """``want`` is in double precision; integers may have come round, as those of their dtype do."""
    got, want = got.numpy(), want.numpy()
    assert got.shape == want.shape, label
    if got.dtype.kind != "f":
        assert (want == np.rint(want)).all(), f"{label}: {want} became {got}"
        want = want != 0 if got.dtype == bool else want.astype(np.int64).astype(got.dtype)
        np.testing.assert_array_equal(got, want, label)
        return
    scale = np.max(np.abs(want[np.isfinite(want)]), initial=1.0)
    np.testing.assert_allclose(got, want, 1e-4, 1e-5 * scale, err_msg=label)


def all_samples() -> list[Any]:
    found = [
        pytest.param(name, primitive.function, samples.samples_of(primitive), id=name)
        for name, primitive in samples.REGISTRY.items()
    ]
    for name, make in samples.COMPOSED_SAMPLES.items():
        made = make(np.random.default_rng(samples.hash_of(name)))
        found.append(pytest.param(name, gg.autograd.COMPOSED[name], made, id=f"composed {name}"))
    return found


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("name", "function", "cases"), all_samples())
def test_whole_numbers_give_what_floats_give(name, function, cases):
    assert cases
    for sample in cases:
        for dtype in DTYPES:
            inputs = {n: whole(v, dtype) for n, v in sample.inputs.items()}
            label = f"{name} {sample.label} {dtype}"
            got = outcome(function, inputs, sample.static)
            want = outcome(function, {n: as_floats(v, sample.inputs[n]) for n, v in inputs.items()}, sample.static)
            if isinstance(got, Exception) or (dtype == "bool" and name in NEVER_BOOLS):
                continue
            assert not isinstance(want, Exception), f"{label}: {want}"
            for g, w in zip(got, want, strict=True):
                if (name in TIES and g.dtype == np.int64) or (name in ROUNDED and g.dtype.kind != "f"):
                    continue
                assert_same(g, w, label)


I = np.array([[1, 2, 3, 4], [7, 1, 0, 3]])  # noqa: E741
SQUARE = np.array([[4, 1], [2, 3]])
SYMMETRIC = np.array([[4, 1], [1, 3]])
ROW = np.array([[[1, 2, 3, 4]]])
BATCH = np.array([[[1, 2], [3, 5]], [[2, 2], [7, 1]]])


def first(x: Any) -> Any:
    return x[0] if isinstance(x, tuple) else x


CALLS: dict[str, Any] = {
    "dropout": (lambda x: F.dropout(x, 0.3), I), "dropout of 7": (lambda x: F.dropout(x, 0.3), np.full(50, 7)),
    "dropout1d": (lambda x: F.dropout1d(x, 0.3), BATCH), "dropout2d": (lambda x: F.dropout2d(x, 0.3), BATCH[None]),
    "dropout3d": (lambda x: F.dropout3d(x, 0.3), BATCH[None, None]),
    "alpha_dropout": (lambda x: F.alpha_dropout(x, 0.3, True), I),
    "feature_alpha_dropout": (lambda x: F.feature_alpha_dropout(x, 0.3, True), BATCH),
    "rrelu": (lambda x: F.rrelu(x, training=True), I - 3),
    "threshold": (lambda x: F.threshold(x, 2, 0.5), I), "threshold between": (lambda x: F.threshold(x, -0.5, 3), I - 3),
    "hardtanh": (lambda x: F.hardtanh(x, -0.5, 0.5), I), "hardswish": (F.hardswish, I - 3),
    "hardshrink": (lambda x: F.hardshrink(x, 1.5), I), "softshrink": (lambda x: F.softshrink(x, 0.5), I),
    "elu": (F.elu, I - 3), "prelu": (lambda x: F.prelu(x, gg.tensor([0.25])), I - 3),
    "round": (lambda x: gg.round(x, decimals=-1), np.array([15, 24, -26, 25, 127])),
    "round of places": (lambda x: gg.round(x, decimals=2), I), "clamp": (lambda x: gg.clamp(x, 0.5, 1.5), I),
    "where": (lambda x: gg.where(x > 1, x, 0.5), I), "lerp": (lambda x: gg.lerp(x, x + 3, 0.5), I),
    "mean": (gg.mean, I), "var": (gg.var, I), "std": (gg.std, I), "median": (gg.median, I),
    "quantile": (lambda x: gg.quantile(x, 0.3), I), "cov": (gg.cov, I), "corrcoef": (gg.corrcoef, I),
    "divide": (lambda x: x / 2, I), "true divide by integers": (lambda x: x / (x + 1), I),
    "power": (lambda x: x**0.5, I), "float_power": (lambda x: gg.float_power(x, 2), I),
    "histc": (lambda x: gg.histc(x, 3, 0, 8), np.repeat(I, 100)), "bucketize": (lambda x: gg.bucketize(x, x[0]), I),
    "cdist": (lambda x: gg.cdist(x, x[1:]), I), "cdist of sums": (lambda x: gg.cdist(x, x + 1, 1), I),
    "pdist": (F.pdist, I), "pairwise_distance": (lambda x: F.pairwise_distance(x, x + 1), I),
    "dist": (lambda x: gg.dist(x, x + 1), I), "cosine_similarity": (lambda x: gg.cosine_similarity(x, x + 1), I),
    "trapezoid": (gg.trapezoid, I), "trapezoid at places": (lambda x: gg.trapezoid(x, x[0]), I),
    "falling places": (lambda x: gg.trapezoid(x, x[1]), I), "large": (gg.trapezoid, np.array([100, 100, 90])),
    "cumulative_trapezoid": (gg.cumulative_trapezoid, I), "softmax": (lambda x: F.softmax(x, 1), I),
    "softmin": (lambda x: F.softmin(x, 1), I), "log_softmax": (lambda x: F.log_softmax(x, 1), I),
    "logsumexp": (lambda x: gg.logsumexp(x, 1), I), "norm": (gg.norm, I),
    "lp_pool1d": (lambda x: F.lp_pool1d(x, 2, 2), I), "max_pool1d": (lambda x: F.max_pool1d(x, 2), I),
    "adaptive_avg_pool1d": (lambda x: F.adaptive_avg_pool1d(x, 3), I),
    "lp_pool2d": (lambda x: F.lp_pool2d(x, 3, 2), BATCH), "interpolate": (
        lambda x: F.interpolate(x, scale_factor=2, mode="linear"), ROW),
    "local_response_norm": (lambda x: F.local_response_norm(x, 2), ROW),
    "embedding_bag": (lambda x: F.embedding_bag(gg.tensor([[0, 1]]), x, mode="mean"), I),
    "margin_ranking_loss": (lambda x: F.margin_ranking_loss(x[0], x[1], gg.tensor([1, -1, 1, 1]), 0.5), I),
    "triplet_margin_loss": (lambda x: F.triplet_margin_loss(x, x - 1, x + 2), I + 1),
    "inv": (gg.linalg.inv, SQUARE), "det": (gg.linalg.det, SQUARE), "pinv": (gg.linalg.pinv, I),
    "slogdet": (lambda x: gg.linalg.slogdet(x)[1], SQUARE), "qr": (lambda x: first(gg.linalg.qr(x)), SQUARE),
    "svdvals": (gg.linalg.svdvals, I), "cholesky": (gg.linalg.cholesky, SYMMETRIC),
    "eigvalsh": (gg.linalg.eigvalsh, SYMMETRIC), "solve": (lambda x: gg.linalg.solve(x, x[0]), SQUARE),
    "matrix_rank": (gg.linalg.matrix_rank, I), "lstsq": (lambda x: first(gg.linalg.lstsq(x, x[:, 0])), SQUARE),
    "scatter_add": (lambda x: gg.scatter_add(x, 1, gg.tensor([[0, 0], [1, 1]]), x), I),
    "repeat": (lambda x: x.repeat(2, 1), I), "unique": (gg.unique, I), "vecdot": (lambda x: gg.linalg.vecdot(x, x), I),
    "pad": (lambda x: F.pad(x, (1, 1), value=2), I), "pad with a fraction": (lambda x: F.pad(x, (1, 1), value=1.5), I),
    "addcdiv": (lambda x: gg.addcdiv(x, x, x + 1), I), "addcmul": (lambda x: gg.addcmul(x, x, x, value=0.5), I),
    "add of a half": (lambda x: gg.add(x, x, alpha=0.5), I), "normalize": (F.normalize, I),
    "mse_loss": (lambda x: F.mse_loss(x, x + 1), I), "layer_norm": (lambda x: F.layer_norm(x, (4,)), I),
    "huber_loss": (lambda x: F.huber_loss(x, x + 3, delta=1.1), I), "nan_to_num": (gg.nan_to_num, I),
    "fmod": (lambda x: gg.fmod(x, 1.5), I), "remainder": (lambda x: x % 1.5, I), "copysign": (gg.copysign, I),
    "heaviside": (lambda x: gg.heaviside(x, gg.tensor(0.5)), I), "ldexp": (lambda x: gg.ldexp(x, x), I),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", CALLS)
def test_functions_of_whole_numbers(name, dtype):
    """Among them those of nn.functional and the composed operations that have no samples; a refusal is in words."""
    call, array = CALLS[name]
    if dtype in ("uint8", "bool") and (array < 0).any():
        array = np.abs(array)
    array = array.astype(dtype)

    def run(tensor: Any) -> Any:
        return outcome(lambda x: call(x), {"x": tensor}, {})

    got, want = run(array), run(array.astype(np.float64))
    if isinstance(got, Exception):
        assert not UNCLEAR.search(str(got)), got
        return
    assert not isinstance(want, Exception), want
    if dtype == "bool" and want[0].numpy().max(initial=0) > 1 and got[0].dtype == bool:
        return  # bools add up as NumPy's do
    for g, w in zip(got, want, strict=True):
        assert_same(g, w, f"{name} {dtype}")


def test_dropout_of_integers():
    """7 / 0.7 is 10, and expected values stay."""
    gg.manual_seed(3)
    kept = F.dropout(gg.full((1000,), 7), 0.3)
    assert kept.dtype == np.float32 and set(np.round(kept.numpy(), 4).tolist()) == {0.0, 10.0}


def test_places_before_the_point():
    values = np.array([15, 24, -26, 25, 0])
    for dtype in ("int64", "int8", "int32"):
        rounded = gg.round(gg.tensor(values.astype(dtype)), decimals=-1)
        assert rounded.dtype == dtype and rounded.tolist() == [20, 20, -30, 20, 0]
        np.testing.assert_array_equal(rounded.numpy(), np.round(values.astype(dtype), -1))


@pytest.mark.parametrize("value", [1.5, float("inf"), 300])
def test_a_frame_that_does_not_fit_is_refused(value):
    with pytest.raises(TypeError, match=f"int8 cannot hold the value {value}"):
        F.pad(gg.tensor([1, 2], dtype="int8"), (1, 1), value=value)


def test_counts_of_small_integers():
    assert gg.histc(gg.zeros(1000, dtype="int8"), 1, -1, 1).tolist() == [1000]
