"""Inputs of the operations that arrange, pad, gather and scatter."""

from collections.abc import Callable
from typing import Any

import numpy as np
from glassgrad_samples import Sample, spaced

MASK = np.array([[True, False, True], [False, True, True]])


def _cases(*cases: tuple[str, tuple[int, ...], dict[str, Any]], name: str = "x") -> Any:
    """Return a maker of samples with one input each: label, shape, static arguments."""
    return lambda rng: [Sample(label, {name: spaced(rng, *shape)}, static) for label, shape, static in cases]


# -- along one axis, index by index: shape of x, index, axis ----------------------------------------------------

ELEMENTS: dict[str, tuple[tuple[int, ...], Any, int]] = {
    "columns": ((3, 4), [[0, 3], [2, 2], [1, 0]], 1),
    "fewer rows": ((3, 4), [[3, 3, 0]], -1),
    "rows": ((3, 2), [[2, 0], [2, 1], [0, 0], [1, 2]], 0),
    "vector": ((3,), [2, 0, 2, 2], 0),
    "stack": ((2, 3, 2), [[[0, 2]], [[1, 1]]], 1),
    "empty": ((3, 2), np.zeros((0, 2), np.int64), 0),
}


def _elements(make: Callable[..., Sample]) -> Callable[[np.random.Generator], list[Sample]]:
    def samples(rng: np.random.Generator) -> list[Sample]:
        return [
            make(rng, label, shape, np.array(index), dim % len(shape))
            for label, (shape, index, dim) in ELEMENTS.items()
        ]

    return samples


def _gather(rng: Any, label: str, shape: Any, index: Any, dim: int) -> Sample:
    return Sample(label, {"x": spaced(rng, *shape), "index": index}, {"dim": dim})


def _scatter_zeros(rng: Any, label: str, shape: Any, index: Any, dim: int) -> Sample:
    return Sample(label, {"x": spaced(rng, *index.shape), "index": index}, {"shape": shape, "dim": dim})


def _scatter(rng: Any, label: str, shape: Any, index: Any, dim: int) -> Sample:
    values = spaced(rng, int(np.prod(shape)) + index.size)
    count = int(np.prod(shape))
    inputs = {"x": values[:count].reshape(shape), "source": values[count:].reshape(index.shape), "index": index}
    return Sample(label, inputs, {"dim": dim})


def _extremum(rng: np.random.Generator) -> list[Sample]:
    samples = _elements(_scatter)(rng)
    return [
        Sample(f"{s.label} {largest} {own}", s.inputs, {**s.static, "largest": largest, "include_self": own})
        for s in samples
        for largest in (True, False)
        for own in (True, False)
    ]


def _last_writes(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample(label, {"index": np.array(index)}, {"shape": shape, "dim": dim % len(shape)})
        for label, (shape, index, dim) in ELEMENTS.items()
    ]


# -- wherever an index points -----------------------------------------------------------------------------------

PLACES: dict[str, tuple[tuple[int, ...], Any, tuple[int, ...]]] = {
    "0-d": ((), (), ()),
    "slices": ((4, 3), (slice(None, None, -2), slice(1, None)), (2, 2)),
    "broadcast": ((4, 3), slice(1, 3), (1, 3)),
    "number": ((4, 3), (slice(None), 1), ()),
    "repeated": ((4, 3), np.array([2, 0, 2]), (3, 3)),
    "pairs": ((4, 3), (np.array([1, 3, 1]), np.array([0, 2, 0])), (3,)),
    "mask": ((2, 3), MASK, (4,)),
    "mixed": ((3, 2, 4), (np.array([[0], [2]]), slice(None), np.array([1, 1])), (2, 2, 2)),
    "more axes": ((4,), slice(1, 3), (1, 1, 2)),
    "empty": ((3, 2), np.zeros(0, np.int64), (0, 2)),
}


def _places(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample(label, {"x": spaced(rng, *x), "values": spaced(rng, *values)}, {"index": index})
        for label, (x, index, values) in PLACES.items()
    ]


# -- frames -----------------------------------------------------------------------------------------------------

FRAMES: dict[str, tuple[tuple[int, ...], Any]] = {
    "0-d": ((), ()),
    "vector": ((4,), ((2, 3),)),
    "image": ((2, 3, 4), ((0, 0), (2, 1), (0, 3))),
    "volume": ((2, 3, 2), ((1, 1), (1, 2), (1, 0))),
    "empty": ((0, 3), ((0, 0), (1, 2))),
}


def _frame(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample(f"{label} {mode}", {"x": spaced(rng, *shape)}, {"pads": pads, "mode": mode})
        for label, (shape, pads) in FRAMES.items()
        for mode in ("reflect", "replicate", "circular")
    ]


def _frame_sum(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample(
            s.label,
            {"x": spaced(rng, *(n + sum(p) for n, p in zip(s.inputs["x"].shape, s.static["pads"], strict=True)))},
            {"shape": s.inputs["x"].shape, **s.static},
        )
        for s in _frame(rng)
    ]


def _surround(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample(label, {"x": spaced(rng, *shape)}, {"pads": pads, "value": value})
        for label, (shape, pads) in FRAMES.items()
        for value in (0, 1.5)
    ]


SAMPLES: dict[str, Callable[[np.random.Generator], list[Sample]]] = {
    "add_into": _places,
    "take_elements": lambda rng: [
        Sample("repeated", {"x": spaced(rng, 2, 3)}, {"index": np.array([[0, 5], [5, -1]])}),
        Sample("empty", {"x": spaced(rng, 2, 3)}, {"index": np.array([], np.int64)}),
    ],
    "argwhere": lambda rng: [
        Sample("0-d", {"x": np.array(2)}),
        Sample("matrix", {"x": MASK}),
        Sample("empty", {"x": np.zeros((0, 3))}),
    ],
    "contiguous": _cases(("0-d", (), {}), ("matrix", (2, 3), {}), ("empty", (0, 2), {})),
    "extremum_elements": _extremum,
    "flip_axes": _cases(
        ("0-d", (), {"dims": ()}), ("two", (2, 3, 4), {"dims": (0, 2)}), ("empty", (0,), {"dims": (0,)})
    ),
    "frame": _frame,
    "frame_sum": _frame_sum,
    "gather_elements": _elements(_gather),
    "last_writes": _last_writes,
    "repeat_slices": _cases(
        ("number", (2, 3), {"repeats": 2, "dim": 1}),
        ("each", (4, 2), {"repeats": np.array([2, 0, 1, 0]), "dim": 0}),
        ("never", (2, 2), {"repeats": 0, "dim": 0}),
        ("empty", (0, 2), {"repeats": np.zeros(0, np.int64), "dim": 0}),
    ),
    "repeated_sum": _cases(
        ("number", (2, 6), {"shape": (2, 3), "repeats": 2, "dim": 1}),
        ("each", (3, 2), {"shape": (4, 2), "repeats": np.array([2, 0, 1, 0]), "dim": 0}),
        ("empty", (0, 2), {"shape": (2, 2), "repeats": 0, "dim": 0}),
    ),
    "roll_axes": _cases(
        ("one", (4,), {"shifts": (-1,), "dims": (0,)}),
        ("two", (3, 4), {"shifts": (5, -2), "dims": (0, 1)}),
        ("same twice", (3, 4), {"shifts": (1, 2), "dims": (1, 1)}),
        ("empty", (0, 2), {"shifts": (1,), "dims": (0,)}),
    ),
    "scatter_elements": _elements(_scatter),
    "scatter_elements_add": _elements(_scatter),
    "scatter_elements_zeros": _elements(_scatter_zeros),
    "surround": _surround,
    "unbind": _cases(("rows", (3, 2), {}), ("last", (2, 3), {"dim": -1}), ("empty", (2, 0), {})),
    "windows": _cases(
        ("overlapping", (5, 2), {"dimension": 0, "size": 3, "step": 1}),
        ("apart", (2, 7), {"dimension": 1, "size": 2, "step": 3}),
        ("empty", (0, 4), {"dimension": 1, "size": 2, "step": 1}),
    ),
    "windows_sum": _cases(
        ("overlapping", (3, 2, 3), {"shape": (5, 2), "dimension": 0, "step": 1}),
        ("apart", (2, 2, 2), {"shape": (2, 7), "dimension": 1, "step": 3}),
        ("empty", (0, 3, 2), {"shape": (0, 4), "dimension": 1, "step": 1}),
    ),
    "write_at": _places,
}


# -- composed ---------------------------------------------------------------------------------------------------


def _scatter_reduce(rng: np.random.Generator) -> list[Sample]:
    samples = []
    for label, (shape, index, dim) in ELEMENTS.items():
        for reduce in ("sum", "prod", "mean", "amax", "amin"):
            for own in (True, False):
                made = _scatter(rng, label, shape, np.array(index), dim)
                samples.append(
                    Sample(
                        f"{label} {reduce} {own}",
                        {"x": made.inputs["x"], "src": made.inputs["source"]},
                        {"dim": dim, "index": np.array(index), "reduce": reduce, "include_self": own},
                    )
                )
    # A zero among the factors, where a gradient by division would be NaN.
    x = spaced(rng, 3)
    x[1] = 0
    factors = spaced(rng, 5)
    factors[2] = 0
    samples.append(
        Sample(
            "prod with zeros",
            {"x": x, "src": factors},
            {"dim": 0, "index": np.array([0, 0, 0, 1, 0]), "reduce": "prod"},
        )
    )
    return samples


COMPOSED_SAMPLES: dict[str, Callable[[np.random.Generator], list[Sample]]] = {
    "chunk": _cases(("uneven", (7, 2), {"chunks": 3})),
    "column_stack": lambda rng: [Sample("mixed", {"tensors": [spaced(rng, 3), spaced(rng, 3, 2)]})],
    "combinations": _cases(("pairs", (4,), {}), ("with replacement", (3,), {"with_replacement": True})),
    "diagonal_scatter": lambda rng: [
        Sample("below", {"x": spaced(rng, 4, 3), "src": spaced(rng, 3)}, {"offset": -1}),
        Sample("stack", {"x": spaced(rng, 3, 2, 3), "src": spaced(rng, 2, 2)}, {"offset": 1, "dim1": 0, "dim2": 2}),
    ],
    "dstack": lambda rng: [Sample("vectors", {"tensors": [spaced(rng, 3), spaced(rng, 3)]})],
    "expand": _cases(("kept", (2, 1), {"size": (3, -1, 4)}), ("0-d", (), {"size": (2,)})),
    "flatten": _cases(("part", (2, 3, 2), {"start_dim": 1}), ("0-d", (), {})),
    "flip": _cases(("negative", (2, 3), {"dims": (-1,)})),
    "gather": lambda rng: [
        Sample("columns", {"x": spaced(rng, 3, 4)}, {"dim": -1, "index": np.array([[3, 3, 0]])}),
        Sample("0-d", {"x": spaced(rng)}, {"dim": 0, "index": np.array(0)}),
        Sample("0-d index", {"x": spaced(rng, 3)}, {"dim": 0, "index": np.array(2)}),
        Sample("0-d, many", {"x": spaced(rng)}, {"dim": 0, "index": np.array([0, 0])}),
    ],
    "hstack": lambda rng: [Sample("matrices", {"tensors": [spaced(rng, 2, 1), spaced(rng, 2, 3)]})],
    "index_add": lambda rng: [
        Sample("rows", {"x": spaced(rng, 3, 2), "source": spaced(rng, 4, 2)},
               {"dim": 0, "index": np.array([2, 0, 2, 2]), "alpha": 1.5}),
    ],
    "index_copy": lambda rng: [
        Sample("columns", {"x": spaced(rng, 2, 4), "source": spaced(rng, 2, 3)},
               {"dim": -1, "index": np.array([3, 0, 3])}),
    ],
    "index_fill": lambda rng: [
        Sample("rows", {"x": spaced(rng, 3, 2), "value": spaced(rng)}, {"dim": 0, "index": np.array([1, 1, -1])})
    ],
    "index_put": lambda rng: [
        Sample("pairs", {"x": spaced(rng, 3, 2), "values": spaced(rng, 2)},
               {"indices": (np.array([0, 0]), np.array([1, 1])), "accumulate": added})
        for added in (True, False)
    ],
    "index_reduce": lambda rng: [
        Sample(reduce, {"x": spaced(rng, 3, 2), "source": spaced(rng, 4, 2)},
               {"dim": 0, "index": np.array([2, 0, 2, 2]), "reduce": reduce})
        for reduce in ("prod", "mean", "amax", "amin")
    ],
    "index_select": _cases(("rows", (3, 2), {"dim": 0, "index": np.array([2, 0, 2])})),
    "index_update": lambda rng: [
        Sample("list", {"x": spaced(rng, 3, 2), "values": spaced(rng, 2)}, {"index": [0, 2]}),
    ],
    "masked_fill": lambda rng: [Sample("matrix", {"x": spaced(rng, 2, 3), "value": spaced(rng)}, {"mask": MASK})],
    "masked_scatter": lambda rng: [Sample("matrix", {"x": spaced(rng, 3), "source": spaced(rng, 6)}, {"mask": MASK})],
    "masked_select": _cases(("broadcast", (3,), {"mask": MASK})),
    "movedim": _cases(("two", (2, 3, 4), {"source": (0, -1), "destination": (1, 0)})),
    "narrow": _cases(("columns", (2, 4), {"dim": -1, "start": -3, "length": 2})),
    "pad": lambda rng: [
        Sample(f"cropped {mode}", {"input": spaced(rng, 2, 4, 4)}, {"pad": (-1, 2, 1, 0), "mode": mode})
        for mode in ("constant", "reflect", "replicate", "circular")
    ],
    "put": lambda rng: [
        Sample(f"accumulate {added}", {"x": spaced(rng, 3, 2), "source": spaced(rng, 4)},
               {"index": np.array([0, -1, 0, 2]), "accumulate": added})
        for added in (True, False)
    ],
    "ravel": _cases(("matrix", (2, 3), {})),
    "repeat_interleave": _cases(
        ("number", (2, 3), {"repeats": 2, "dim": 1}),
        ("each", (3, 2), {"repeats": np.array([2, 0, 1]), "dim": 0}),
        ("flat", (2, 2), {"repeats": 3}),
    ),
    "roll": _cases(("flat", (2, 3), {"shifts": 2}), ("0-d", (), {"shifts": 1})),
    "rot90": _cases(*[(f"{k}", (2, 3), {"k": k}) for k in (-1, 0, 1, 2, 3)]),
    "scatter": lambda rng: [
        Sample(f"{reduce}", {"x": spaced(rng, 3, 4), "src": spaced(rng, 3, 3)},
               {"dim": 1, "index": np.array([[3, 3], [0, 1]]), "reduce": reduce})
        for reduce in (None, "add", "multiply")
    ],
    "scatter_reduce": _scatter_reduce,
    "select": _cases(("column", (2, 3), {"dim": 1, "index": -1})),
    "select_scatter": lambda rng: [
        Sample("column", {"x": spaced(rng, 2, 3), "src": spaced(rng, 2)}, {"dim": 1, "index": -1})
    ],
    "slice_scatter": lambda rng: [
        Sample("steps", {"x": spaced(rng, 5, 2), "src": spaced(rng, 3, 2)}, {"step": 2}),
    ],
    "squeeze": _cases(("one", (1, 3, 1), {"dim": -1}), ("several", (1, 3, 1), {"dim": (0, 1)})),
    "take": _cases(("flat", (2, 3), {"index": np.array([[0, -1], [0, 2]])})),
    "take_along_dim": _cases(
        ("broadcast", (3, 2), {"indices": np.array([[0], [2]]), "dim": 0}),
        ("flat", (3, 2), {"indices": np.array([0, 5, 0])}),
    ),
    "tensor_split": _cases(
        ("number", (7, 2), {"indices_or_sections": 3}),
        ("overlapping", (2, 5), {"indices_or_sections": [3, 1], "dim": -1}),
    ),
    "tile": _cases(("more axes", (2, 3), {"dims": (2, 1, 2)}), ("fewer", (2, 3), {"dims": (2,)})),
    "unflatten": _cases(("inferred", (2, 6), {"dim": -1, "sizes": (3, -1)})),
    "unfold_dimension": _cases(("columns", (2, 5), {"dimension": -1, "size": 3, "step": 2})),
    "unsqueeze": _cases(("last", (2, 3), {"dim": -1})),
    "vstack": lambda rng: [Sample("mixed", {"tensors": [spaced(rng, 3), spaced(rng, 2, 3)]})],
}  # fmt: skip
