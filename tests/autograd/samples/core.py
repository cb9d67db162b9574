"""Inputs on which every primitive of the core is tried, for those whose inputs cannot be guessed from their kind.

An elementwise primitive, a comparison or a test needs no entry: any shapes will do. Everything else has a function in a
file of this folder that returns samples: named inputs as float64 arrays (converted to the dtype under test), other
arrays as they are, and the static arguments. Values are spaced apart, so that extrema are unique and difference
quotients meet no kink.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from glassgrad_samples import Sample, spaced


def _reductions(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample("all", {"x": spaced(rng, 3, 4)}),
        Sample("0-d", {"x": spaced(rng)}),
        Sample("one axis", {"x": spaced(rng, 2, 3, 4)}, {"dim": 1}),
        Sample("axes kept", {"x": spaced(rng, 2, 3, 4)}, {"dim": (0, -1), "keepdim": True}),
        Sample("empty", {"x": spaced(rng, 0, 3)}, {"dim": 1}),
    ]


def _arg(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample("all", {"x": spaced(rng, 3, 4)}),
        Sample("0-d", {"x": spaced(rng)}),
        Sample("one axis", {"x": spaced(rng, 3, 4)}, {"dim": -1, "keepdim": True}),
    ]


def _getitem(rng: np.random.Generator) -> list[Sample]:
    mask = np.array([[True, False, True], [False, False, True]])
    return [
        Sample("0-d", {"x": spaced(rng)}, {"index": ()}),
        Sample("integer", {"x": spaced(rng, 3)}, {"index": -2}),
        Sample("basic", {"x": spaced(rng, 4, 5)}, {"index": (slice(None, None, -2), None, slice(1, 4), ...)}),
        Sample("repeated", {"x": spaced(rng, 4, 3)}, {"index": np.array([[0, 2], [2, -1]])}),
        Sample("boolean", {"x": spaced(rng, 2, 3)}, {"index": mask}),
        Sample("mixed", {"x": spaced(rng, 3, 4, 2)}, {"index": (np.array([2, 2, 0]), slice(1, 3), 0)}),
        Sample("empty", {"x": spaced(rng, 0, 3)}, {"index": (slice(None), 1)}),
        Sample("empty choice", {"x": spaced(rng, 2, 3)}, {"index": np.zeros(0, np.int64)}),
    ]


def _index_add_zeros(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample("0-d", {"x": spaced(rng)}, {"index": 2, "shape": (4,)}),
        Sample("basic", {"x": spaced(rng, 2, 3)}, {"index": (slice(1, 3), slice(None, None, -1)), "shape": (4, 3)}),
        Sample("repeated", {"x": spaced(rng, 3, 2)}, {"index": np.array([1, 1, 0]), "shape": (3, 2)}),
        Sample("empty", {"x": spaced(rng, 0)}, {"index": np.zeros(0, np.int64), "shape": (3,)}),
    ]


def _reshape(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample("0-d", {"x": spaced(rng)}, {"shape": (1, 1)}),
        Sample("matrix", {"x": spaced(rng, 2, 6)}, {"shape": (3, -1, 2)}),
        Sample("empty", {"x": spaced(rng, 0, 3)}, {"shape": (3, 0, 2)}),
    ]


def _transpose(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample("last two", {"x": spaced(rng, 2, 3, 4)}),
        Sample("any two", {"x": spaced(rng, 2, 3, 4)}, {"dim0": 0, "dim1": -1}),
        Sample("empty", {"x": spaced(rng, 0, 3)}),
    ]


def _permute(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample("0-d", {"x": spaced(rng)}, {"dims": ()}),
        Sample("cycle", {"x": spaced(rng, 2, 3, 4)}, {"dims": (2, 0, -2)}),
        Sample("empty", {"x": spaced(rng, 0, 3)}, {"dims": (1, 0)}),
    ]


def _broadcast_to(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample("0-d", {"x": spaced(rng)}, {"shape": (2, 3)}),
        Sample("both ways", {"x": spaced(rng, 3, 1)}, {"shape": (2, 3, 4)}),
        Sample("same", {"x": spaced(rng, 3)}, {"shape": (3,)}),
        Sample("empty", {"x": spaced(rng, 1, 3)}, {"shape": (0, 3)}),
    ]


def _sum_to(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample("0-d", {"x": spaced(rng, 2, 3)}, {"shape": ()}),
        Sample("both ways", {"x": spaced(rng, 2, 3, 4)}, {"shape": (3, 1)}),
        Sample("same", {"x": spaced(rng, 3)}, {"shape": (3,)}),
        Sample("empty", {"x": spaced(rng, 0, 3)}, {"shape": (3,)}),
    ]


def _astype(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample(f"{label} to {dtype}", {"x": spaced(rng, *shape)}, {"dtype": np.dtype(dtype)}, False, dtype == "float64")
        for label, shape in (("0-d", ()), ("matrix", (2, 3)), ("empty", (0, 3)))
        for dtype in ("float64", "float32")
    ]


def _clone(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample("0-d", {"x": spaced(rng)}),
        Sample("matrix", {"x": spaced(rng, 2, 3)}),
        Sample("empty", {"x": spaced(rng, 0)}),
    ]


def _concatenate(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample("rows", {"tensors": [spaced(rng, 2, 3), spaced(rng, 1, 3)]}),
        Sample("columns", {"tensors": [spaced(rng, 2, 3), spaced(rng, 2, 1), spaced(rng, 2, 2)]}, {"dim": -1}),
        Sample("empty", {"tensors": [spaced(rng, 0, 3), spaced(rng, 2, 3)]}),
    ]


def _stack(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample("0-d", {"tensors": [spaced(rng), spaced(rng, low=2.0)]}),
        Sample("last", {"tensors": [spaced(rng, 2, 3), spaced(rng, 2, 3)]}, {"dim": -1}),
        Sample("middle", {"tensors": [spaced(rng, 2, 3), spaced(rng, 2, 3)]}, {"dim": 1}),
        Sample("empty", {"tensors": [spaced(rng, 0), spaced(rng, 0)]}),
    ]


def _split(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample("size", {"x": spaced(rng, 5, 2)}, {"split_size_or_sections": 2}),
        Sample("sections", {"x": spaced(rng, 2, 5)}, {"split_size_or_sections": [1, 0, 4], "dim": -1}),
        Sample("empty", {"x": spaced(rng, 0, 2)}, {"split_size_or_sections": 2}),
    ]


def _matmul(rng: np.random.Generator) -> list[Sample]:
    shapes = {
        "vectors": ((3,), (3,)),
        "vector matrix": ((3,), (3, 2)),
        "matrix vector": ((2, 3), (3,)),
        "matrices": ((2, 3), (3, 4)),
        "stacks": ((2, 1, 2, 3), (4, 3, 2)),
        "vector stack": ((3,), (2, 3, 4)),
        "stack vector": ((2, 4, 3), (3,)),
        "empty": ((0, 3), (3, 2)),
        "empty inside": ((2, 0), (0, 3)),
        "empty vectors": ((0,), (0,)),
        "empty stack": ((0, 2, 3), (3,)),
    }
    return [Sample(label, {"x": spaced(rng, *x), "y": spaced(rng, *y)}) for label, (x, y) in shapes.items()]


def _linear(rng: np.random.Generator) -> list[Sample]:
    def sample(label: str, x: tuple[int, ...], bias: bool = True) -> Sample:
        return Sample(
            label, {"input": spaced(rng, *x), "weight": spaced(rng, 2, x[-1]), "bias": spaced(rng, 2) if bias else None}
        )

    return [
        sample("vector", (3,)),
        sample("batch", (4, 3)),
        sample("stack", (2, 4, 3)),
        sample("no bias", (4, 3), False),
        sample("empty", (0, 3)),
    ]


def _softmax(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample("rows", {"x": spaced(rng, 3, 4)}, {"dim": 1}),
        Sample("columns", {"x": spaced(rng, 2, 3, 2)}, {"dim": -2}),
        Sample("empty", {"x": spaced(rng, 0, 3)}, {"dim": 1}),
        Sample("no classes", {"x": spaced(rng, 2, 0)}, {"dim": 1}),
    ]


_CROSS_ENTROPIES: dict[str, tuple[tuple[int, ...], Any, str, int]] = {
    "mean": ((3, 4), [1, 3, 0], "mean", -100),
    "sum with ignored": ((3, 4), [1, 2, 0], "sum", 2),
    "mean with ignored": ((3, 4), [1, 2, 0], "mean", 2),
    "none": ((3, 4), [1, 3, 0], "none", -100),
    "one row": ((4,), 2, "mean", -100),
    "image": ((2, 3, 2), [[0, 2], [1, 1]], "mean", -100),
    "empty": ((0, 3), [], "sum", -100),
}


def _softmax_cross_entropy(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample(
            label,
            {"input": spaced(rng, *shape)},
            {"target": np.array(target, np.int64), "reduction": reduction, "ignore_index": ignore},
        )
        for label, (shape, target, reduction, ignore) in _CROSS_ENTROPIES.items()
    ]


def _softmax_cross_entropy_gradient(rng: np.random.Generator) -> list[Sample]:
    samples = []
    for label, (shape, target, reduction, ignore) in _CROSS_ENTROPIES.items():
        labels = np.array(target, np.int64)
        samples.append(
            Sample(
                label,
                {
                    "gradient": spaced(rng, *(labels.shape if reduction == "none" else ())),
                    "log_probabilities": spaced(rng, *shape),
                },
                {"target": labels, "reduction": reduction, "ignore_index": ignore},
            )
        )
    return samples


def _batch_norm(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample(
            label,
            {"input": spaced(rng, *shape), "weight": spaced(rng, shape[1]), "bias": spaced(rng, shape[1])},
            {"eps": eps},
        )
        for label, shape, eps in (("rows", (5, 2), 1e-5), ("images", (2, 3, 2, 2), 0.1), ("empty", (0, 2), 1e-5))
    ]


def _batch_norm_gradient(rng: np.random.Generator) -> list[Sample]:
    # Mean and variance are independent inputs here, so they need not be those of the input.
    return [
        Sample(
            label,
            {
                "gradient": spaced(rng, *shape),
                "input": spaced(rng, *shape),
                "weight": spaced(rng, shape[1]),
                "mean": spaced(rng, shape[1]),
                "variance": spaced(rng, shape[1], signs=False),
            },
            {"eps": eps},
        )
        for label, shape, eps in (("rows", (5, 2), 1e-5), ("images", (2, 3, 2, 2), 0.1), ("empty", (0, 2), 1e-5))
    ]


def _masked_scale(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample("0-d", {"x": spaced(rng), "mask": np.array(True)}, {"scale": 1.25}),
        Sample("matrix", {"x": spaced(rng, 3, 4), "mask": rng.random((3, 4)) > 0.4}, {"scale": 2.5}),
        Sample("empty", {"x": spaced(rng, 0, 3), "mask": np.zeros((0, 3), bool)}, {"scale": 2.0}),
    ]


def _one_hot(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample("0-d", {"x": np.array(2)}, {"num_classes": 4}),
        Sample("labels", {"x": np.array([[1, 0], [3, 1]])}),
        Sample("empty", {"x": np.zeros(0, np.int64)}, {"num_classes": 3}),
    ]


SAMPLES: dict[str, Callable[[np.random.Generator], list[Sample]]] = {
    "amax": lambda rng: _reductions(rng)[:-1],
    "amin": lambda rng: _reductions(rng)[:-1],
    "argmax": _arg,
    "argmin": _arg,
    "astype": _astype,
    "batch_norm": _batch_norm,
    "batch_norm_gradient": _batch_norm_gradient,
    "broadcast_to": _broadcast_to,
    "clone": _clone,
    "concatenate": _concatenate,
    "getitem": _getitem,
    "index_add_zeros": _index_add_zeros,
    "linear": _linear,
    "log_softmax": _softmax,
    "masked_scale": _masked_scale,
    "matmul": _matmul,
    "mean": _reductions,
    "one_hot": _one_hot,
    "permute": _permute,
    "reshape": _reshape,
    "softmax": _softmax,
    "softmax_cross_entropy": _softmax_cross_entropy,
    "softmax_cross_entropy_gradient": _softmax_cross_entropy_gradient,
    "split": _split,
    "stack": _stack,
    "sum_to": _sum_to,
    "transpose": _transpose,
}

# Primitives that have nothing to say about no elements, and why.
NO_EMPTY = {
    "amax": "the largest of nothing is undefined; tests of bad input hold the message",
    "amin": "the smallest of nothing is undefined",
    "argmax": "the largest of nothing is nowhere",
    "argmin": "the smallest of nothing is nowhere",
}

# Static arguments of elementwise primitives that have no default: name of the primitive, then the arguments.
STATIC: dict[str, dict[str, Any]] = {}
