"""Samples of reductions, statistics, scans and sorting."""

import numpy as np
from glassgrad_samples import Sample, spaced


def with_zeros(rng, shape, *places):
    """Return values of which those at the given flat places are 0."""
    values = spaced(rng, *shape)
    values.reshape(-1)[list(places)] = 0.0
    return values


def reductions(rng):
    return [
        Sample("all", {"x": spaced(rng, 3, 4)}),
        Sample("0-d", {"x": spaced(rng)}),
        Sample("one axis", {"x": spaced(rng, 2, 3, 4)}, {"dim": 1}),
        Sample("axes kept", {"x": spaced(rng, 2, 3, 4)}, {"dim": (0, -1), "keepdim": True}),
        Sample("no axes named", {"x": spaced(rng, 2, 3)}, {"dim": ()}),
        Sample("empty", {"x": spaced(rng, 0, 3)}, {"dim": 1}),
    ]


def prod(rng):
    return [
        *reductions(rng),
        Sample("one zero", {"x": with_zeros(rng, (2, 4), 1)}, {"dim": 1}),
        Sample("two zeros", {"x": with_zeros(rng, (2, 4), 0, 2, 5)}, {"dim": 1}),
        Sample("zeros over axes", {"x": with_zeros(rng, (2, 3, 2), 1, 4)}, {"dim": (2, 0)}),
    ]


def truth(rng):
    x = rng.random((3, 4)) > 0.5
    return [
        Sample("all", {"x": x}),
        Sample("0-d", {"x": np.asarray(True)}),
        Sample("axes", {"x": x}, {"dim": (0, 1), "keepdim": True}),
        Sample("floats", {"x": with_zeros(rng, (2, 3), 1, 4)}, {"dim": -1}),
        Sample("empty", {"x": np.zeros((0, 3))}, {"dim": 0}),
    ]


def power_norm(rng):
    orders = (2, 1, 3, 4, 0.5, 1.5, 2.5, -1, -2, float("inf"), float("-inf"))
    return [
        Sample(f"order {ord} over {dim}", {"x": spaced(rng, 2, 3, 2)}, {"ord": ord, "dim": dim, "keepdim": dim == 1})
        for ord in orders
        for dim in (None, 1, (0, -1))
    ] + [
        Sample("0-d", {"x": spaced(rng)}),
        Sample("counting", {"x": with_zeros(rng, (2, 3), 1)}, {"ord": 0, "dim": 1}),
        Sample("elements that are 0", {"x": with_zeros(rng, (2, 3), 1)}, {"ord": 3, "dim": 1}),
        Sample("empty", {"x": spaced(rng, 0, 3)}, {"dim": 1}),
    ]


def variance(rng):
    return [
        *(s for s in reductions(rng) if s.label != "0-d"),
        Sample("0-d, of all", {"x": spaced(rng)}, {"correction": 0}),
        Sample("no correction", {"x": spaced(rng, 2, 3)}, {"dim": 1, "correction": 0}),
        Sample("any correction", {"x": spaced(rng, 2, 3)}, {"dim": 1, "correction": 0.5}),
    ]


def standard_deviation(rng):
    return [s for s in variance(rng) if not s.label.startswith("0-d")]


def centered(rng):
    return [
        Sample("0-d", {"x": spaced(rng)}, {"dim": None}),
        Sample("axis", {"x": spaced(rng, 2, 3)}, {"dim": -1}),
        Sample("axes", {"x": spaced(rng, 2, 3, 2)}, {"dim": (0, 2)}),
        Sample("empty", {"x": spaced(rng, 0, 3)}, {"dim": 0}),
    ]


def scans(rng):
    return [
        Sample("0-d", {"x": spaced(rng)}, {"dim": 0}),
        Sample("vector", {"x": spaced(rng, 5)}, {"dim": 0}),
        Sample("axis", {"x": spaced(rng, 2, 4, 3)}, {"dim": -2}),
        Sample("one", {"x": spaced(rng, 2, 1)}, {"dim": 1}),
        Sample("empty", {"x": spaced(rng, 2, 0)}, {"dim": 1}),
    ]


def cumprod(rng):
    return [
        *scans(rng),
        Sample("one zero", {"x": with_zeros(rng, (5,), 1)}, {"dim": 0}),
        Sample("zeros", {"x": with_zeros(rng, (3, 6), 1, 3, 4, 6, 17)}, {"dim": 1}),
    ]


def recurrence(rng):
    def one(label, *shape, dim=0):
        values = spaced(rng, 2, *shape)
        return Sample(label, {"a": values[0], "b": values[1]}, {"dim": dim})

    return [one("one", 1), one("even", 8), one("odd", 7), one("axis", 2, 5, dim=-1), one("empty", 2, 0, dim=1)]


def running(rng):
    return [Sample(s.label, s.inputs, {**s.static, "largest": s.label != "axis"}) for s in scans(rng)]


def stretches(rng):
    return [
        Sample("vector", {"x": spaced(rng, 6), "index": np.array([0, 0, 2, 2, 2, 5])}, {"dim": 0}),
        Sample("axis", {"x": spaced(rng, 2, 3), "index": np.array([[0, 1, 1], [0, 0, 2]])}, {"dim": 1}),
        Sample("first axis", {"x": spaced(rng, 3, 2), "index": np.array([[0, 0], [1, 0], [1, 2]])}, {"dim": -2}),
        Sample("one", {"x": spaced(rng, 2, 1), "index": np.zeros((2, 1), np.int64)}, {"dim": 1}),
        Sample("empty", {"x": spaced(rng, 2, 0), "index": np.zeros((2, 0), np.int64)}, {"dim": 1}),
    ]


def diff(rng):
    return [
        Sample("vector", {"x": spaced(rng, 5)}),
        Sample("twice", {"x": spaced(rng, 2, 4)}, {"n": 2, "dim": 1}),
        Sample("joined", {"x": spaced(rng, 2, 4), "prepend": spaced(rng, 2, 1), "append": spaced(rng, 2, 2)}),
        Sample("too often", {"x": spaced(rng, 2, 3)}, {"n": 5}),
    ]


def trapezoid(rng):
    rising = np.sort(spaced(rng, 4))
    return [
        Sample("vector", {"y": spaced(rng, 5)}),
        Sample("places", {"y": spaced(rng, 2, 4), "x": rising}),
        Sample("distance", {"y": spaced(rng, 3, 2)}, {"dx": 0.5, "dim": 0}),
    ]


def axes(rng):
    return [
        Sample("0-d", {"x": spaced(rng)}, {"dim": 0}),
        Sample("axis", {"x": spaced(rng, 3, 4)}, {"dim": 0}),
        Sample("kept", {"x": spaced(rng, 3, 4)}, {"dim": -1, "keepdim": True}),
    ]


def argsort(rng):
    return [
        Sample("0-d", {"x": spaced(rng)}),
        Sample("axis", {"x": spaced(rng, 3, 4)}, {"dim": 0}),
        Sample("descending", {"x": spaced(rng, 3, 80)}, {"descending": True}),
        Sample("empty", {"x": spaced(rng, 2, 0)}),
    ]


def sorted_values(rng):
    return [
        Sample("rows", {"x": spaced(rng, 3, 4)}, {"dim": 0}),
        Sample("last axis", {"x": spaced(rng, 2, 3, 4)}, {"dim": -1}),
        Sample("empty", {"x": spaced(rng, 0, 3)}, {"dim": 0}),
    ]


def top(rng):
    return [
        Sample("0-d", {"x": spaced(rng)}, {"k": 1, "dim": -1, "largest": True}),
        Sample("few", {"x": spaced(rng, 3, 4)}, {"k": 2, "dim": 0, "largest": True}),
        Sample("of many", {"x": spaced(rng, 2, 100)}, {"k": 3, "dim": 1, "largest": True}),
        Sample("smallest", {"x": spaced(rng, 100)}, {"k": 5, "dim": 0, "largest": False}),
        Sample("empty", {"x": spaced(rng, 2, 0)}, {"k": 0, "dim": 1, "largest": False}),
    ]


def kth(rng):
    return [
        Sample("0-d", {"x": spaced(rng)}, {"k": 1, "dim": 0}),
        Sample("axis", {"x": spaced(rng, 3, 4)}, {"k": 2, "dim": -1}),
        Sample("empty", {"x": spaced(rng, 0, 3)}, {"k": 2, "dim": 1}),
    ]


def median_index(rng):
    return [
        Sample("0-d", {"x": spaced(rng)}, {"dim": 0, "ignore_nan": False}),
        Sample("axis", {"x": spaced(rng, 3, 4)}, {"dim": 0, "ignore_nan": True}),
        Sample("empty", {"x": spaced(rng, 0, 3)}, {"dim": 1, "ignore_nan": False}),
    ]


def rank_index(rng):
    return [
        Sample("axis", {"x": spaced(rng, 3, 4)}, {"ranks": np.array([0, 2]), "dim": 0, "ignore_nan": False}),
        Sample("empty", {"x": spaced(rng, 0, 3)}, {"ranks": np.array([1]), "dim": 1, "ignore_nan": False}),
    ]


def median_of_all(rng):
    return [
        Sample("odd", {"x": spaced(rng, 3, 3)}, {"ignore_nan": False}),
        Sample("even", {"x": spaced(rng, 4)}, {"ignore_nan": True}),
        Sample("0-d", {"x": spaced(rng)}, {"ignore_nan": False}),
    ]


def mode_index(rng):
    return [
        Sample("0-d", {"x": spaced(rng)}, {"dim": 0}),
        Sample("frequent", {"x": np.array([[1.0, 3, 3, 2], [5, 5, 2, 2]])}, {"dim": -1}),
        Sample("empty", {"x": spaced(rng, 0, 3)}, {"dim": 1}),
    ]


def distinct(rng):
    return [
        Sample("all", {"x": np.array([[3.0, 1, 3], [1, 1, 2]])}, {"dim": None}),
        Sample("rows", {"x": np.array([[3, 1], [3, 1], [0, 1]])}, {"dim": 0}),
        Sample("0-d", {"x": spaced(rng)}, {"dim": None}),
        Sample("empty", {"x": spaced(rng, 0)}, {"dim": None}),
    ]


def searchsorted(rng):
    rising = np.sort(spaced(rng, 2, 4))
    return [
        Sample("vector", {"sorted_sequence": rising[0], "input": spaced(rng, 2, 3)}),
        Sample("rows", {"sorted_sequence": rising, "input": spaced(rng, 2, 3)}, {"right": True, "out_int32": True}),
        Sample("empty", {"sorted_sequence": rising[0], "input": spaced(rng, 0)}, {"side": "right"}),
    ]


def isin(rng):
    return [
        Sample("matrix", {"elements": np.array([[1.0, 2], [3, 4]]), "test_elements": np.array([2.0, 4])}),
        Sample("empty", {"elements": spaced(rng, 0), "test_elements": spaced(rng, 2)}, {"invert": True}),
    ]


def histc(rng):
    return [
        Sample("range", {"x": spaced(rng, 3, 4)}, {"bins": 5, "min": -1, "max": 2}),
        Sample("own range", {"x": spaced(rng, 6)}, {"bins": 3}),
        Sample("empty", {"x": spaced(rng, 0)}, {"bins": 3}),
    ]


def counts(rng):
    return [
        Sample("vector", {"x": np.array([1, 3, 1])}, {"minlength": 2}),
        Sample("empty", {"x": np.zeros(0, np.int64)}, {"minlength": 2}),
    ]


def pick(rng):
    order = np.argsort(rng.random((3, 4)), 1)
    return [
        Sample("rows", {"x": spaced(rng, 3, 4), "index": order[:, :2]}, {"dim": 1}),
        Sample("empty", {"x": spaced(rng, 3, 4), "index": order[:, :0]}, {"dim": 1}),
    ]


def place(rng):
    order = np.argsort(rng.random((3, 4)), 1)
    return [
        Sample("rows", {"x": spaced(rng, 3, 2), "index": order[:, :2]}, {"dim": 1, "shape": (3, 4)}),
        Sample("empty", {"x": spaced(rng, 3, 0), "index": order[:, :0]}, {"dim": 1, "shape": (3, 4)}),
    ]


SAMPLES = {
    "all": truth, "any": truth, "argsort": argsort, "centered": centered, "count_nonzero": truth, "counts": counts,
    "cumprod": cumprod, "cumsum": scans, "distinct": distinct, "distinct_runs": distinct, "distinct_values": distinct,
    "distinct_counts": distinct, "first_of_runs": distinct,
    "histc": histc, "isin": isin, "kth_index": kth, "logcumsumexp": scans, "logsumexp": reductions,
    "median_index": median_index, "median_of_all": median_of_all, "mode_index": mode_index, "nansum": reductions,
    "pick_elements": pick, "place_elements": place, "power_norm": power_norm, "prod": prod, "rank_index": rank_index,
    "recurrence": recurrence, "running_extremum_index": running,
    "running_pick": stretches, "running_place": stretches, "searchsorted": searchsorted, "sorted_values": sorted_values,
    "standard_deviation": standard_deviation, "sum": reductions, "top_indices": top, "variance": variance,
}  # fmt: skip


def composed_reductions(rng):
    return [s for s in reductions(rng) if s.label != "empty"]


def sorting(rng):
    return [
        Sample("axis", {"x": spaced(rng, 3, 4)}, {"dim": 0}),
        Sample("descending", {"x": spaced(rng, 3, 4)}, {"descending": True}),
    ]


def quantile(rng):
    q = np.array([0.1, 0.45, 0.8])
    return [
        Sample("of all", {"x": spaced(rng, 3, 4), "q": np.asarray(0.3)}),
        Sample("several", {"x": spaced(rng, 3, 4), "q": q}, {"dim": 0, "keepdim": True}),
        Sample("midpoint", {"x": spaced(rng, 3, 4)}, {"q": 0.3, "dim": 1, "interpolation": "midpoint"}),
        Sample("nearest", {"x": spaced(rng, 3, 4)}, {"q": [0.3, 0.7], "dim": 1, "interpolation": "nearest"}),
    ]


def covariance(rng):
    return [
        Sample("two", {"x": spaced(rng, 2, 5)}, {"correction": 0}),
        Sample("weighted", {"x": spaced(rng, 2, 3), "aweights": np.arange(1.0, 4)}, {"fweights": np.array([1, 2, 1])}),
        Sample("one", {"x": spaced(rng, 5)}),
    ]


NO_EMPTY = {"median_of_all": "of nothing it is NaN, which a test of its own says"}

COMPOSED_SAMPLES = {
    "aminmax": composed_reductions,
    "bincount": lambda rng: [
        Sample("weights", {"weights": spaced(rng, 3)}, {"x": np.array([1, 3, 1]), "minlength": 5})
    ],
    "corrcoef": lambda rng: [Sample("three", {"x": spaced(rng, 3, 5)})],
    "cov": covariance,
    "cummax": scans,
    "cummin": scans,
    "cumulative_trapezoid": trapezoid,
    "diff": diff,
    "dist": lambda rng: [
        Sample("order", {"x": spaced(rng, 2, 3), "other": spaced(rng, 3) + 7}, {"p": p}) for p in (2, 1, 3)
    ],
    "kthvalue": lambda rng: [Sample("second", {"x": spaced(rng, 3, 4)}, {"k": 2, "dim": 0, "keepdim": True})],
    "max": axes,
    "median": axes,
    "min": axes,
    "mode": axes,
    "msort": lambda rng: [Sample("rows", {"x": spaced(rng, 3, 4)})],
    "nanmean": composed_reductions,
    "nanmedian": axes,
    "nanquantile": quantile,
    "norm": composed_reductions,
    "quantile": quantile,
    "sort": sorting,
    "std_mean": lambda rng: [Sample("axis", {"x": spaced(rng, 3, 4)}, {"dim": 1})],
    "topk": lambda rng: [Sample("two", {"x": spaced(rng, 3, 4)}, {"k": 2, "largest": False, "dim": 0})],
    "trapezoid": trapezoid,
    "var_mean": lambda rng: [Sample("axis", {"x": spaced(rng, 3, 4)}, {"dim": 1, "correction": 0})],
    "vector_norm": composed_reductions,
    "vector_or_matrix_norm": lambda rng: [
        Sample("of all", {"x": spaced(rng, 2, 3, 2)}),
        Sample("vectors", {"x": spaced(rng, 3, 4)}, {"ord": 3, "dim": 1}),
        Sample("matrices", {"x": spaced(rng, 2, 3, 2)}, {"ord": 1, "dim": (0, -1), "keepdim": True}),
    ],
}
