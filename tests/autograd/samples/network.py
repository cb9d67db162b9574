"""Samples for what networks are made of: losses, norms, distances, attention, embeddings."""

from collections.abc import Callable
from typing import Any

import numpy as np
from glassgrad_samples import Sample, spaced

Samples = Callable[[np.random.Generator], list[Sample]]
SHAPES = {"0-d": (), "matrix": (3, 4), "empty": (0, 3)}


def _probabilities(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return spaced(rng, *shape, low=0.1, high=0.9, signs=False)


def _masked_softmax(rng: np.random.Generator) -> list[Sample]:
    mask = np.array([[True, False, True, True], [True, True, False, False], [True, True, True, True]])
    return [
        Sample("no mask", {"x": spaced(rng, 3, 4), "mask": None}),
        Sample("mask", {"x": spaced(rng, 3, 4), "mask": mask}),
        Sample("nothing left", {"x": spaced(rng, 3, 4), "mask": np.array([[True], [False], [True]])}),
        Sample("mask larger", {"x": spaced(rng, 1, 4), "mask": mask}),
        Sample("empty", {"x": spaced(rng, 0, 3), "mask": None}),
    ]


def _binary(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample(label, {"input": _probabilities(rng, *shape), "target": _probabilities(rng, *shape)})
        for label, shape in SHAPES.items()
    ]


# Shape, how many axes are normalised, shape of weight and bias.
_ROWS: dict[str, tuple[tuple[int, ...], int, tuple[int, ...] | None, tuple[int, ...] | None]] = {
    "plain": ((3, 4), 1, None, None),
    "weight and bias": ((2, 2, 3), 1, (3,), (3,)),
    "bias alone": ((3, 4), 1, None, (4,)),
    "two axes": ((2, 3, 2), 2, (3, 2), (3, 2)),
    "groups": ((2, 2, 3, 2), 2, (2, 3, 1), (2, 3, 1)),
    "all": ((2, 3), 2, (2, 3), None),
    "empty": ((0, 3), 1, (3,), (3,)),
    "empty rows": ((3, 0), 1, None, None),
}


def _standardize(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample(
            f"{label}{'' if centred else ' about 0'}",
            {
                "x": spaced(rng, *shape),
                "weight": None if weight is None else spaced(rng, *weight),
                "bias": None if bias is None else spaced(rng, *bias),
            },
            {"axes": axes, "eps": 0.1, "centred": centred},
        )
        for label, (shape, axes, weight, bias) in _ROWS.items()
        for centred in (True, False)
    ]


def _standardize_gradient(rng: np.random.Generator) -> list[Sample]:
    # The three are independent here, so they need not belong to one input.
    return [
        Sample(
            f"{label}{'' if centred else ' about 0'}",
            {
                "gradient": spaced(rng, *shape),
                "normalized": spaced(rng, *shape),
                "rstd": spaced(rng, *shape[: len(shape) - axes], *(1,) * axes, signs=False),
            },
            {"axes": axes, "centred": centred},
        )
        for label, (shape, axes, _, _) in _ROWS.items()
        for centred in (True, False)
    ]


def _euclidean(rng: np.random.Generator) -> list[Sample]:
    shapes = {
        "few": ((3, 2), (2, 2)),
        "long vectors": ((2, 20), (3, 20)),
        "stacks": ((2, 1, 2, 3), (3, 2, 3)),
        "empty": ((0, 3), (2, 3)),
        "empty other": ((2, 3), (0, 3)),
    }
    return [Sample(label, {"x1": spaced(rng, *a), "x2": spaced(rng, *b)}) for label, (a, b) in shapes.items()]


def _embedding_rows(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample("one", {"weight": spaced(rng, 3, 2)}, {"indices": np.array(2)}),
        Sample("repeated", {"weight": spaced(rng, 4, 2)}, {"indices": np.array([[1, 3], [1, 0]])}),
        Sample("empty", {"weight": spaced(rng, 3, 2)}, {"indices": np.zeros(0, np.int64)}),
    ]


SAMPLES: dict[str, Samples] = {
    "binary_cross_entropy_error": _binary,
    "embedding_rows": _embedding_rows,
    "euclidean_distances": _euclidean,
    "masked_softmax": _masked_softmax,
    "standardize": _standardize,
    "standardize_gradient": _standardize_gradient,
}

STATIC: dict[str, dict[str, Any]] = {"huber_error": {"delta": 1.1}}


def _pairs(*options: dict[str, Any], positive: bool = False, names: tuple[str, ...] = ("input", "target")) -> Samples:
    """Return samples of losses between operands of one shape, for each reduction and each choice of options."""
    make = _probabilities if positive else spaced

    def samples(rng: np.random.Generator) -> list[Sample]:
        # One draw, so that the operands differ everywhere: many losses have a kink where they are equal.
        operands = dict(zip(names, make(rng, len(names), 3, 2), strict=True))
        return [
            Sample(f"{reduction} {option}", operands, {"reduction": reduction, **option})
            for option in options or ({},)
            for reduction in ("mean", "sum", "none")
        ]

    return samples


def _labelled(*options: dict[str, Any]) -> Samples:
    def samples(rng: np.random.Generator) -> list[Sample]:
        labels = np.array([2, 0, 1, 2])
        return [
            Sample(f"{reduction} {option}", {"input": spaced(rng, 4, 3)}, {
                "target": labels, "reduction": reduction, **option})
            for option in options
            for reduction in ("mean", "sum", "none")
        ]  # fmt: skip

    return samples


def _norms(name: str) -> Samples:
    def samples(rng: np.random.Generator) -> list[Sample]:
        x = spaced(rng, 2, 4, 3)
        affine = {"weight": spaced(rng, 4), "bias": spaced(rng, 4)}
        if name == "layer_norm":
            affine = {"weight": spaced(rng, 4, 3), "bias": spaced(rng, 4, 3)}
            return [
                Sample("affine", {"input": x, **affine}, {"normalized_shape": (4, 3)}),
                Sample("plain", {"input": x}, {"normalized_shape": 3}),
            ]
        if name == "rms_norm":
            return [Sample("weight", {"input": x, "weight": spaced(rng, 3)}, {"normalized_shape": 3, "eps": 0.1})]
        static = {"num_groups": 2} if name == "group_norm" else {}
        return [Sample("affine", {"input": x, **affine}, static)]

    return samples


def _attention(rng: np.random.Generator) -> list[Sample]:
    operands = {"query": spaced(rng, 2, 3, 4), "key": spaced(rng, 2, 5, 4), "value": spaced(rng, 2, 5, 2)}
    return [
        Sample("plain", operands),
        Sample("causal", operands, {"is_causal": True}),
        Sample("mask with a gradient", {**operands, "attn_mask": spaced(rng, 3, 5)}),
        Sample("mask", operands, {"attn_mask": rng.random((3, 5)) > 0.4, "scale": 0.7}),
    ]


def _one(name: str, *shape: int, **static: Any) -> Samples:
    return lambda rng: [Sample("plain", {name: spaced(rng, *shape)}, static)]


def _two(first: tuple[int, ...], second: tuple[int, ...], *options: dict[str, Any], names: str = "x1 x2") -> Samples:
    def samples(rng: np.random.Generator) -> list[Sample]:
        drawn = spaced(rng, first[0] + second[0], *first[1:])
        operands = dict(zip(names.split(), np.split(drawn, first[:1]), strict=True))
        return [Sample(str(option), operands, option) for option in options or ({},)]

    return samples


def _bilinear(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample("rows", {"input1": spaced(rng, 2, 3), "input2": spaced(rng, 2, 2), "weight": spaced(rng, 4, 3, 2),
                        "bias": spaced(rng, 4)})
    ]  # fmt: skip


_TRIPLES = ("anchor", "positive", "negative")
COMPOSED_SAMPLES: dict[str, Samples] = {
    "bilinear": _bilinear,
    "binary_cross_entropy": _pairs({}, {"weight": np.array([0.5, 2.0])}, positive=True),
    "binary_cross_entropy_with_logits": _pairs({}, {"pos_weight": np.array([0.5, 2.0])}),
    "cdist": _two((3, 2), (2, 2), {}, {"p": 1.0}, {"p": 3.0}),
    "cosine_embedding_loss": lambda rng: [
        Sample(
            "rows",
            {"input1": spaced(rng, 3, 2), "input2": spaced(rng, 3, 2)},
            {"target": np.array([1, -1, 1]), "margin": -2.0},
        )
    ],
    "cosine_similarity": _two((3, 2), (3, 2), {}, {"dim": 0}),
    "cross_entropy": _labelled({}, {"weight": np.array([0.5, 1.0, 2.0]), "label_smoothing": 0.2}, {"ignore_index": 2}),
    "cross_entropy_composed": lambda rng: [
        Sample("rows", {"input": spaced(rng, 3, 4)}, {"target": np.array([1, 3, 0])})
    ],
    "embedding": lambda rng: [Sample("repeated", {"weight": spaced(rng, 4, 2)}, {"input": np.array([[1, 3], [1, 0]])})],
    "embedding_bag": lambda rng: [
        Sample(mode, {"weight": spaced(rng, 4, 2)}, {"input": np.array([[1, 3], [2, 0]]), "mode": mode})
        for mode in ("sum", "mean", "max")
    ],
    "gaussian_nll_loss": lambda rng: [
        Sample(
            "full",
            {"input": spaced(rng, 3, 2), "target": spaced(rng, 3, 2), "var": _probabilities(rng, 3, 1)},
            {"full": True},
        )
    ],
    "group_norm": _norms("group_norm"),
    "half_mse_loss": _pairs(),
    "hinge_embedding_loss": lambda rng: [
        Sample("rows", {"input": spaced(rng, 3, 2)}, {"target": np.array([[1, -1], [-1, 1], [1, -1]]), "margin": 3.0})
    ],
    "huber_loss": _pairs({"delta": 1.1}),
    "instance_norm": _norms("instance_norm"),
    "kl_div": _pairs({}, {"log_target": True}, positive=True),
    "l1_loss": _pairs(),
    "layer_norm": _norms("layer_norm"),
    "local_response_norm": _one("input", 2, 4, 3, size=3, alpha=0.5),
    "log_softmax": _one("x", 3, 4, dim=-1),
    "margin_ranking_loss": _two((3, 2), (3, 2), {"target": np.ones((3, 2)), "margin": 9.0}, names="input1 input2"),
    "mse_loss": _pairs(),
    "multi_margin_loss": _labelled({"margin": 9.0}, {"margin": 9.0, "p": 2}),
    "multilabel_margin_loss": lambda rng: [
        Sample("rows", {"input": 0.1 * spaced(rng, 2, 3)}, {"target": np.array([[2, -1, 0], [0, 1, -1]])})
    ],
    "multilabel_soft_margin_loss": _pairs(),
    "nll_loss": _labelled({}, {"weight": np.array([0.5, 1.0, 2.0])}),
    "normalize": _one("input", 3, 4, p=3.0),
    "pairwise_distance": _two((3, 2), (3, 2), {}, {"p": 3.0, "keepdim": True}),
    "pdist": _one("input", 4, 2),
    "poisson_nll_loss": _pairs({"full": True}, {"log_input": False}, positive=True),
    "rms_norm": _norms("rms_norm"),
    "scaled_dot_product_attention": _attention,
    "smooth_l1_loss": _pairs({"beta": 1.1}),
    "soft_margin_loss": _pairs(),
    "softmax": _one("x", 3, 4, dim=0),
    "triplet_margin_loss": _pairs({"margin": 9.0}, {"margin": 9.0, "p": 3.0}, names=_TRIPLES),
    "triplet_margin_with_distance_loss": _pairs({"margin": 9.0}, names=_TRIPLES),
}
