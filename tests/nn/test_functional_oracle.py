"""Network functions against PyTorch: values, gradients and gradients of gradients, in both precisions."""

import itertools
import math
import warnings

import numpy as np
import pytest
import torch

import glassgrad as gg
from glassgrad.nn import functional as F

pytestmark = pytest.mark.oracle
T = torch.nn.functional
REDUCTIONS = ("mean", "sum", "none")
RNG = np.random.default_rng(5)


def normal(*shape):
    return np.asarray(RNG.standard_normal(shape))


def positive(*shape):
    return np.asarray(RNG.uniform(0.1, 0.9, shape))


def labels(high, *shape):
    return np.asarray(RNG.integers(0, high, shape))


def signs(*shape):
    return np.asarray(RNG.choice([-1.0, 1.0], shape))


class Held(np.ndarray):
    """An array that gets no gradient in a comparison."""


def held(array):
    return np.asarray(array).view(Held)


def losses():
    """Yield (function's name, operands, options). Floating operands get gradients unless they are held."""
    shapes = ((), (5,), (4, 3), (2, 3, 4), (0, 3))
    for shape, reduction in itertools.product(shapes, REDUCTIONS):
        r = {"reduction": reduction}
        x, y = normal(*shape), normal(*shape)
        for name in ("mse_loss", "l1_loss"):
            yield name, (x, y), r
            yield name, (x, y), {**r, "weight": positive(*shape)}
        for delta in (0.3, 1.0, 2.5):
            yield "huber_loss", (x, y), {**r, "delta": delta}
            yield "smooth_l1_loss", (x, y), {**r, "beta": delta}
        yield "huber_loss", (x, y), {**r, "weight": positive(*shape)}
        yield "smooth_l1_loss", (x, y), {**r, "beta": 0.0}
        p, q = positive(*shape), positive(*shape)
        yield "binary_cross_entropy", (p, q), r
        yield "binary_cross_entropy", (p, q), {**r, "weight": held(positive(*shape[-1:]))}
        yield "binary_cross_entropy_with_logits", (x, q), r
        yield "binary_cross_entropy_with_logits", (x, q), {**r, "weight": held(positive(*shape[-1:]))}
        yield "binary_cross_entropy_with_logits", (x, q), {**r, "pos_weight": held(3 * positive(*shape[-1:]))}
        yield "binary_cross_entropy_with_logits", (30 * x, q), {**r, "pos_weight": held(3 * positive(*shape[-1:]))}
        for log_target in (False, True):
            for kind in (reduction, "batchmean"):
                target = np.log(q) if log_target else q
                yield "kl_div", (np.log(p), target), {"reduction": kind, "log_target": log_target}
        for margin in (1.0, -0.5):
            yield "hinge_embedding_loss", (x, held(signs(*shape))), {**r, "margin": margin}
            yield "margin_ranking_loss", (x, y, held(signs(*shape))), {**r, "margin": margin}
        yield "soft_margin_loss", (x, held(signs(*shape))), r
        yield "soft_margin_loss", (10 * x, held(signs(*shape))), r  # from about 88 PyTorch overflows
        for log_input, full in itertools.product((True, False), repeat=2):
            counts = held(np.asarray(RNG.poisson(2.0, shape), "float64"))
            options = {**r, "log_input": log_input, "full": full}
            yield "poisson_nll_loss", (x if log_input else p, counts), options
            yield "poisson_nll_loss", (x if log_input else p, 4 * q), {**options, "eps": 0.1}
        if shape:
            y01 = held((normal(*shape) > 0).astype("float64"))
            yield "multilabel_soft_margin_loss", (x, y01), r
            yield "multilabel_soft_margin_loss", (x, y01), {**r, "weight": held(positive(shape[-1]))}
            for full, var in itertools.product((True, False), (shape, (*shape[:-1], 1), shape[:-1])):
                yield "gaussian_nll_loss", (x, y, positive(*var)), {**r, "full": full}
            yield "gaussian_nll_loss", (x, y, 0.05 + positive(*shape)), {**r, "eps": 0.4}
            yield "gaussian_nll_loss", (x, y, 0.7), r
            yield "gaussian_nll_loss", (x, y[..., :1].sum(0), 0.7), r  # broadcast


def classifications():
    shapes = ((3,), (4, 3), (2, 3, 4), (2, 3, 2, 3), (0, 3))
    for shape, reduction in itertools.product(shapes, REDUCTIONS):
        x = normal(*shape)
        plain = shape[:1] + shape[2:] if len(shape) > 1 else ()
        r, classes = {"reduction": reduction}, shape[min(1, len(shape) - 1)]
        target = labels(classes, *plain)
        for weight, ignore in itertools.product((None, held(positive(classes))), (-100, 1)):
            options = {"reduction": reduction, "weight": weight, "ignore_index": ignore}
            yield "nll_loss", (x, target), options
            for smoothing in (0.0, 0.3):
                yield "cross_entropy", (x, target), {**options, "label_smoothing": smoothing}
        for weight, smoothing in itertools.product((None, held(positive(classes))), (0.0, 0.3)):
            soft = positive(*shape)
            options = {"reduction": reduction, "weight": weight, "label_smoothing": smoothing}
            yield "cross_entropy", (x, soft), options
        if len(shape) <= 2 and 0 not in shape:  # of no rows PyTorch returns memory that was never written
            for p, margin, weight in itertools.product((1, 2), (1.0, 0.3), (None, held(positive(classes)))):
                yield "multi_margin_loss", (x, target), {**r, "p": p, "margin": margin, "weight": weight}
            listed = np.argsort(normal(*shape), -1)
            yield "multilabel_margin_loss", (x, listed), {"reduction": reduction}
            short = np.argsort(normal(*shape), -1)
            short[..., 1] = -1
            yield "multilabel_margin_loss", (x, short), {"reduction": reduction}
            yield "multilabel_margin_loss", (x, np.zeros(shape, int)), {"reduction": reduction}
    for reduction in REDUCTIONS:
        r = {"reduction": reduction}
        for shape in ((4, 3), (3,), (2, 4, 3)):
            triple = normal(*shape), normal(*shape), normal(*shape)
            for p, swap in itertools.product((2.0, 1.0, 3.0), (False, True)):
                yield "triplet_margin_loss", triple, {**r, "p": p, "swap": swap, "margin": 0.7}
            yield "triplet_margin_with_distance_loss", triple, {**r, "swap": True}
        for margin in (0.0, 0.5, -0.3):
            yield "cosine_embedding_loss", (normal(4, 3), normal(4, 3), labels(2, 4) * 2 - 1), {**r, "margin": margin}
            yield "cosine_embedding_loss", (normal(3), normal(3), np.array(-1)), {**r, "margin": margin}


def distances():
    for p, eps, keep in itertools.product((2.0, 1.0, 3.0, 1.5, math.inf), (1e-6, 0.1), (False, True)):
        options = {"p": p, "eps": eps, "keepdim": keep}
        yield "pairwise_distance", (normal(4, 3), normal(4, 3)), options
        yield "pairwise_distance", (normal(3), normal(4, 3)), options
    for shapes, dim in (
        (((4, 3), (4, 3)), 1), (((4, 3), (4, 3)), 0), (((2, 4, 3), (4, 3)), -1), (((4, 1), (4, 3)), 0),
        (((2, 1, 3), (4, 3)), 1), (((3,), (3,)), 0), (((4, 1), (4, 3)), 1), (((), ()), 0), (((0, 3), (0, 3)), 1),
    ):  # fmt: skip
        yield "cosine_similarity", tuple(normal(*s) for s in shapes), {"dim": dim}
    for p in (2.0, 1.0, 3.0, 1.5, math.inf):
        yield "pdist", (normal(4, 3),), {"p": p}
    for p in (2.0, 1.0, 3.0, 1.5, math.inf):
        for a, b in (
            ((3, 2), (4, 2)),
            ((2, 3, 2), (1, 4, 2)),
            ((3, 30), (4, 30)),
            ((3, 2), (0, 2)),
            ((2, 3, 2), (4, 2)),
        ):
            yield "cdist", (normal(*a), normal(*b)), {"p": p}
    for p, dim in ((2.0, 1), (1.0, -1), (3.0, 0), (math.inf, 1), (0.5, 0), (2.0, (0, 1)), (2.0, (1, 2))):
        yield "normalize", (normal(2, 3, 4),), {"p": p, "dim": dim}
    yield "normalize", (normal(2, 3),), {"eps": 50.0}
    yield "normalize", (normal(),), {"dim": 0}


def normalisations():
    for shape, last in (((4, 3), (3,)), ((2, 3, 4), (4,)), ((2, 3, 4), (3, 4)), ((5,), (5,)), ((0, 3), (3,)),
                        ((2, 3, 4), (2, 3, 4)), ((64, 9), (9,))):  # fmt: skip
        for eps in (1e-5, 0.5):
            yield "layer_norm", (normal(*shape), list(last)), {"eps": eps}
            yield "layer_norm", (normal(*shape), list(last), normal(*last)), {"eps": eps}
            yield "layer_norm", (normal(*shape), list(last), normal(*last), normal(*last)), {"eps": eps}
            yield "layer_norm", (normal(*shape), list(last)), {"bias": normal(*last), "eps": eps}
            yield "rms_norm", (normal(*shape), list(last)), {"eps": eps}
            yield "rms_norm", (normal(*shape), list(last), normal(*last)), {"eps": eps}
        yield "rms_norm", (normal(*shape), list(last)), {}
    for shape, groups in (((2, 4), 2), ((2, 4, 3), 1), ((2, 4, 3, 2), 2), ((2, 4, 3), 4), ((0, 4, 3), 2)):
        yield "group_norm", (normal(*shape), groups), {}
        yield "group_norm", (normal(*shape), groups, normal(4), normal(4)), {"eps": 0.1}
        yield "group_norm", (normal(*shape), groups), {"weight": normal(4)}
    for shape in ((2, 3, 4), (2, 3, 2, 2), (1, 3, 2, 2, 2)):
        yield "instance_norm", (normal(*shape),), {}
        yield "instance_norm", (normal(*shape),), {"weight": normal(3), "bias": normal(3), "eps": 0.1}
        statistics = {"running_mean": held(normal(3)), "running_var": held(positive(3))}
        yield "instance_norm", (normal(*shape),), {**statistics, "use_input_stats": False, "weight": normal(3)}
        yield "batch_norm", (normal(*shape), *statistics.values()), {"weight": normal(3), "bias": normal(3)}
        yield "batch_norm", (normal(*shape), None, None), {"weight": normal(3), "training": True}
    for size, options in itertools.product((1, 2, 3, 5), ({}, {"alpha": 0.5, "beta": 0.5, "k": 2.0})):
        yield "local_response_norm", (normal(2, 4, 3), size), options
        yield "local_response_norm", (normal(2, 4, 3, 2), size), options


def projections():
    for lead in ((), (4,), (2, 3), (0,)):
        yield "linear", (normal(*lead, 3), normal(2, 3), normal(2)), {}
        yield "linear", (normal(*lead, 3), normal(3)), {}
        yield "bilinear", (normal(*lead, 3), normal(*lead, 2), normal(4, 3, 2), normal(4)), {}
        yield "bilinear", (normal(*lead, 3), normal(*lead, 2), normal(4, 3, 2)), {}
        for options in ({}, {"padding_idx": 1}, {"padding_idx": -1}, {"scale_grad_by_freq": True}):
            yield "embedding", (labels(5, *lead), normal(5, 3)), options
    bags = {"offsets": np.array([0, 2, 2, 5])}
    for mode, padding in itertools.product(("sum", "mean", "max"), (None, 2)):
        options = {"mode": mode, "padding_idx": padding}
        yield "embedding_bag", (np.array([1, 2, 4, 3, 1, 2, 0]), normal(5, 3)), {**options, **bags}
        yield "embedding_bag", (labels(5, 3, 4), normal(5, 3)), options
        ends = {"offsets": np.array([0, 3, 3, 7]), "include_last_offset": True}
        yield "embedding_bag", (labels(5, 7), normal(5, 3)), {**options, **ends}
    weights = {"per_sample_weights": normal(3, 4), "mode": "sum"}
    yield "embedding_bag", (labels(5, 3, 4), normal(5, 3)), weights
    yield "embedding_bag", (labels(5, 3, 4), normal(5, 3)), {**weights, "padding_idx": 1}


def attentions():
    name = "scaled_dot_product_attention"
    for lead in ((), (2,), (2, 3)):
        q, k, v = normal(*lead, 4, 5), normal(*lead, 6, 5), normal(*lead, 6, 2)
        for options in ({}, {"is_causal": True}, {"scale": 0.3}, {"attn_mask": normal(4, 6)},
                        {"attn_mask": RNG.random((4, 6)) > 0.5}, {"attn_mask": RNG.random((*lead, 4, 6)) > 0.7},
                        {"attn_mask": normal(*lead[:-1], *(1 for _ in lead[-1:]), 4, 6)}):  # fmt: skip
            yield name, (q, k, v), options
    nothing = RNG.random((4, 6)) > 0.5
    nothing[1] = False
    yield name, (q, k, v), {"attn_mask": nothing}
    yield name, (q, k, v), {"attn_mask": held(np.where(nothing, 0.5, -np.inf))}
    yield name, (normal(2, 6, 4, 5), normal(2, 2, 6, 5), normal(2, 2, 6, 3)), {"enable_gqa": True}
    yield name, (normal(2, 4, 5), normal(1, 6, 5), normal(2, 6, 3)), {}


def softmaxes():
    for name, (shape, dim) in itertools.product(
        ("softmax", "log_softmax", "softmin"), (((3,), 0), ((2, 3), -1), ((2, 3, 4), 1), ((), 0), ((), -1), ((0, 3), 1))
    ):
        yield name, (5 * normal(*shape),), {"dim": dim}


CASES = [*losses(), *classifications(), *distances(), *normalisations(), *projections(), *attentions(), *softmaxes()]
IDS = [
    f"{i}-{name}-{'x'.join(map(str, np.shape(next(a for a in args if isinstance(a, np.ndarray | np.generic)))))}"
    for i, (name, args, _) in enumerate(CASES)
]


def theirs(name):
    return getattr(T, name) if hasattr(T, name) else getattr(torch, name)


def ours(name):
    return getattr(F, name) if hasattr(F, name) else getattr(gg, name)


def prepare(values, dtype, make, found):
    """Return operands or options with arrays as tensors; those that get gradients are added to ``found``."""
    result = []
    for value in values:
        if isinstance(value, np.ndarray | np.generic):
            floats = value.dtype.kind == "f"
            array = np.array(value, dtype if floats else value.dtype)
            made = make(array, floats and not isinstance(value, Held))
            if floats and not isinstance(value, Held):
                found.append(made)
            value = made
        result.append(value)
    return result


def our_tensor(array, wanted):
    return gg.tensor(array, requires_grad=wanted)


def torch_tensor(array, wanted):
    return torch.tensor(array, requires_grad=wanted)


def compare(a, b, tolerance, what):
    a, b = np.asarray(a), np.asarray(b)
    assert a.shape == b.shape and a.dtype == b.dtype, f"{what}: {a.shape} {a.dtype} against {b.shape} {b.dtype}"
    scale = np.abs(b[np.isfinite(b)]).max(initial=1.0)
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * scale, err_msg=what)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("name", "args", "options"), CASES, ids=IDS)
def test_value_and_two_derivatives(name, args, options, dtype):
    tolerance = 1e-9 if dtype == "float64" else 3e-4
    mine, other = [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        a = ours(name)(
            *prepare(args, dtype, our_tensor, mine),
            **dict(zip(options, prepare(options.values(), dtype, our_tensor, mine), strict=True)),
        )
        b = theirs(name)(
            *prepare(args, dtype, torch_tensor, other),
            **dict(zip(options, prepare(options.values(), dtype, torch_tensor, other), strict=True)),
        )
        compare(a.numpy(), b.numpy(force=True), tolerance, "value")
        rng = np.random.default_rng(0)
        cotangent = rng.standard_normal(b.shape).astype(dtype)
        first = gg.grad(a, mine, grad_outputs=gg.tensor(cotangent), create_graph=True, materialize_grads=True)
        expected = torch.autograd.grad(
            b, other, grad_outputs=torch.tensor(cotangent), create_graph=True, materialize_grads=True, allow_unused=True
        )
        for x, y in zip(first, expected, strict=True):
            compare(x.numpy(), y.numpy(force=True), tolerance, "gradient")
        if dtype == "float32":
            return
        directions = [rng.standard_normal(y.shape) for y in expected]
        curved = sum((x * d).sum() for x, d in zip(first, directions, strict=True))
        bent = sum((y * torch.tensor(d)).sum() for y, d in zip(expected, directions, strict=True))
        if not bent.requires_grad:
            return
        try:
            seconds = torch.autograd.grad(bent, other, materialize_grads=True, allow_unused=True)
        except RuntimeError as error:
            # PyTorch has no second derivative of some fused forms, or stumbles over an absent weight.
            assert any(text in str(error) for text in ("not implemented", "not differentiable", "undefined Tensor"))
            return
        if not curved.requires_grad:
            assert all(not y.numpy(force=True).any() for y in seconds)
            return
        found = gg.grad(curved, mine, materialize_grads=True)
        for x, y in zip(found, seconds, strict=True):
            compare(x.numpy(), y.numpy(force=True), 1e-8, "second gradient")


# --- both refuse, or both accept

ERRORS = {
    "labels that are floats": lambda f, t: f.nll_loss(t(normal(2, 3)), t(np.array([0.0, 1.0]))),
    "a label too large": lambda f, t: f.nll_loss(t(normal(2, 3)), t(np.array([0, 3]))),
    "a negative label": lambda f, t: f.cross_entropy(t(normal(2, 3)), t(np.array([0, -1]))),
    "too few labels": lambda f, t: f.cross_entropy(t(normal(2, 3)), t(np.array([0]))),
    "weights of too few classes": lambda f, t: f.nll_loss(t(normal(2, 3)), t(np.array([0, 1])), t(np.ones(2))),
    "an unknown reduction": lambda f, t: f.mse_loss(t(normal(2)), t(normal(2)), reduction="average"),
    "probabilities above 1": lambda f, t: f.binary_cross_entropy(t(np.array([1.5])), t(np.array([1.0]))),
    "probabilities of another shape": lambda f, t: f.binary_cross_entropy(t(positive(2)), t(positive(2, 1))),
    "logits of another shape": lambda f, t: f.binary_cross_entropy_with_logits(t(normal(2)), t(positive(3))),
    "smoothing above 1": lambda f, t: f.cross_entropy(t(normal(2, 3)), t(np.array([0, 1])), label_smoothing=1.5),
    "delta 0": lambda f, t: f.huber_loss(t(normal(2)), t(normal(2)), delta=0.0),
    "beta below 0": lambda f, t: f.smooth_l1_loss(t(normal(2)), t(normal(2)), beta=-1.0),
    "a negative variance": lambda f, t: f.gaussian_nll_loss(t(normal(2)), t(normal(2)), t(np.array([1.0, -1.0]))),
    "a variance of another shape": lambda f, t: f.gaussian_nll_loss(t(normal(2, 3)), t(normal(2, 3)), t(np.ones(4))),
    "p 3": lambda f, t: f.multi_margin_loss(t(normal(2, 3)), t(np.array([0, 1])), p=3),
    "too many labels": lambda f, t: f.multilabel_margin_loss(t(normal(2, 3)), t(np.zeros((2, 4), int))),
    "a triplet of unequal rank": lambda f, t: f.triplet_margin_loss(t(normal(2, 3)), t(normal(2, 3)), t(normal(3))),
    "margin 0": lambda f, t: f.triplet_margin_loss(t(normal(2, 3)), t(normal(2, 3)), t(normal(2, 3)), margin=0.0),
    "cosines of a matrix and one label": lambda f, t: f.cosine_embedding_loss(
        t(normal(2, 3)), t(normal(2, 3)), t(np.array(1))
    ),
    "the end of another shape": lambda f, t: f.layer_norm(t(normal(2, 3)), [2]),
    "a weight of another shape": lambda f, t: f.layer_norm(t(normal(2, 3)), [3], t(np.ones(2))),
    "groups that do not divide": lambda f, t: f.group_norm(t(normal(2, 3)), 2),
    "no statistics": lambda f, t: f.instance_norm(t(normal(2, 3, 4)), use_input_stats=False),
    "two dimensions": lambda f, t: f.local_response_norm(t(normal(2, 3)), 2),
    "vectors of unequal length": lambda f, t: f.pairwise_distance(t(normal(2, 3)), t(normal(2, 2))),
    "no such dimension": lambda f, t: f.cosine_similarity(t(normal(3)), t(normal(3)), dim=1),
    "a weight that does not fit": lambda f, t: f.bilinear(t(normal(2, 3)), t(normal(2, 2)), t(normal(4, 2, 2))),
    "no such row": lambda f, t: f.embedding(t(np.array([3])), t(normal(3, 2))),
    "no such padding row": lambda f, t: f.embedding(t(np.array([0])), t(normal(3, 2)), padding_idx=3),
    "indices without offsets": lambda f, t: f.embedding_bag(t(np.array([0])), t(normal(3, 2))),
    "offsets from 1": lambda f, t: f.embedding_bag(t(np.array([0, 1])), t(normal(3, 2)), t(np.array([1]))),
    "weights for a mean": lambda f, t: f.embedding_bag(
        t(np.array([[0, 1]])), t(normal(3, 2)), per_sample_weights=t(np.ones((1, 2)))
    ),
    "keys of another length": lambda f, t: f.scaled_dot_product_attention(
        t(normal(2, 3)), t(normal(2, 4)), t(normal(2, 3))
    ),
    "a mask and causal": lambda f, t: f.scaled_dot_product_attention(
        t(normal(2, 3)), t(normal(2, 3)), t(normal(2, 3)), t(np.zeros((2, 2))), is_causal=True
    ),
    "p above 1": lambda f, t: f.alpha_dropout(t(normal(2, 3)), 1.5, True),
}


@pytest.mark.parametrize("call", ERRORS.values(), ids=list(ERRORS))
def test_both_refuse(call):
    with pytest.raises((ValueError, TypeError, IndexError), match=r"^\w+: .{15}"):
        call(F, gg.tensor)
    with warnings.catch_warnings(), pytest.raises((RuntimeError, ValueError, IndexError, AssertionError)):
        warnings.simplefilter("ignore")
        call(T, torch.tensor)


def test_running_statistics_of_instances():
    x = normal(3, 2, 5)
    mean, var = normal(2), positive(2)
    ours_now = [gg.tensor(mean), gg.tensor(var)]
    theirs_now = [torch.tensor(mean), torch.tensor(var)]
    for _ in range(2):
        F.instance_norm(gg.tensor(x), *ours_now, momentum=0.3)
        T.instance_norm(torch.tensor(x), *theirs_now, momentum=0.3)
    for a, b in zip(ours_now, theirs_now, strict=True):
        compare(a.numpy(), b.numpy(), 1e-12, "running statistics")
