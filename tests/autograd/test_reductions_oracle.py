"""PyTorch as oracle for reductions, statistics, scans and sorting: values, gradients and second gradients."""

import numpy as np
import pytest
import torch

import glassgrad as gg

pytestmark = [
    pytest.mark.oracle,
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]
inf, nan = np.inf, np.nan


def results(value):
    return list(value) if isinstance(value, tuple | list) else [value]


def derivatives(value, leaves, weights, library):
    """Return the gradients of the floating results, recorded, or None if nothing depends on the leaves."""
    pairs = [(v, w) for v, w in zip(value, weights, strict=True) if v.requires_grad]
    if not pairs:
        return None
    if library is gg:
        starts = [gg.tensor(w, dtype=v.dtype) for v, w in pairs]
        return gg.grad([v for v, _ in pairs], leaves, starts, create_graph=True, materialize_grads=True)
    starts = [torch.tensor(w, dtype=v.dtype) for v, w in pairs]
    return torch.autograd.grad([v for v, _ in pairs], leaves, starts, create_graph=True, materialize_grads=True)


def compare(ours, theirs, arrays, dtype="float64", orders=2, indices=True):
    """Hold values and derivatives against each other, order by order."""
    floats = [np.asarray(a).dtype.kind == "f" for a in arrays]
    xs = [gg.tensor(a, dtype=dtype if f else None, requires_grad=f) for a, f in zip(arrays, floats, strict=True)]
    ts = [
        torch.tensor(np.asarray(a, dtype if f else None), requires_grad=f) for a, f in zip(arrays, floats, strict=True)
    ]
    a, b = results(ours(*xs)), results(theirs(*ts))
    rtol, atol = (1e-9, 1e-11) if dtype == "float64" else (3e-4, 3e-5)
    rng = np.random.default_rng(3)
    for order in range(orders + 1):
        assert len(a) == len(b)
        for i, (x, y) in enumerate(zip(a, b, strict=True)):
            y = y.numpy(force=True)
            if order == 0 and y.dtype.kind != "f" and not indices:
                continue
            assert (x.shape, x.dtype) == (y.shape, y.dtype), f"derivative {order}, result {i}"
            scale = np.abs(y[np.isfinite(y)]).max(initial=0) if y.dtype.kind == "f" else 0
            np.testing.assert_allclose(
                x.numpy(), y, rtol, atol * max(1.0, scale), err_msg=f"derivative {order}, result {i}"
            )
        if order < orders:
            weights = [rng.standard_normal(tuple(t.shape)) for t in b]
            ours_leaves, their_leaves = (
                [x for x, f in zip(xs, floats, strict=True) if f],
                [t for t, f in zip(ts, floats, strict=True) if f],
            )
            a, b = derivatives(a, ours_leaves, weights, gg), derivatives(b, their_leaves, weights, torch)
            assert (a is None) == (b is None) or order
            if a is None or b is None:
                for rest in (a, b):  # PyTorch records some derivatives that are 0 everywhere
                    assert rest is None or all(not np.asarray(r.detach()).any() for r in rest)
                return


def draw(*shape, seed=0):
    return np.random.default_rng((seed, *shape)).standard_normal(shape)


# -- over every choice of axes ---------------------------------------------------------------------------------

DIMS = [None, 0, -1, 1, (0, 2), (-1, 0), (0, 1, 2), ()]
OVER_AXES = {
    "sum": {}, "mean": {}, "nansum": {}, "nanmean": {}, "amax": {}, "amin": {}, "logsumexp": {}, "norm": {"p": 3},
    "var": {"correction": 1}, "std": {"correction": 0}, "var_mean": {"correction": 2}, "std_mean": {}, "any": {},
    "all": {}, "count_nonzero": {},
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize("name", OVER_AXES)
def test_over_axes(name, dim, keepdim, dtype):
    theirs_dim = (0, 1, 2) if name == "logsumexp" and not isinstance(dim, int) and not dim else dim
    kwargs = OVER_AXES[name] | {"keepdim": keepdim}
    if name == "count_nonzero":
        if keepdim:
            return  # PyTorch's has no keepdim
        kwargs = {}
    if name in ("any", "all") and dim is None:
        kwargs, theirs_kwargs = {}, {}
    else:
        theirs_kwargs = kwargs | {"dim": theirs_dim}
    x = draw(2, 3, 4)
    x[0, 1, 2] = 0.0
    if name.startswith("nan"):
        x[1, 1, :3] = nan
    orders = 0 if dim == () and name[:3] in ("var", "std") else 2  # PyTorch's own gradient is infinite there
    compare(
        lambda x: getattr(gg, name)(x, dim=dim, **kwargs), lambda t: getattr(torch, name)(t, **theirs_kwargs), [x],
        dtype, orders,
    )  # fmt: skip


ALONG = {
    "prod": [{}], "max": [{}], "min": [{}], "median": [{}], "nanmedian": [{}], "aminmax": [{}],
    "quantile": [{"q": 0.3}, {"q": 0.7, "interpolation": "midpoint"}, {"q": 0.5, "interpolation": "nearest"}],
    "nanquantile": [{"q": 0.4, "interpolation": "lower"}, {"q": 0.4, "interpolation": "higher"}],
    "kthvalue": [{"k": 2}], "mode": [{}],
}  # fmt: skip


@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("dim", [0, 1, -1])
@pytest.mark.parametrize(("name", "more"), [(n, m) for n, all_ in ALONG.items() for m in all_], ids=str)
def test_along_an_axis(name, more, dim, keepdim):
    x = draw(3, 5, 4)
    if name == "nanquantile":
        x[1, 2:4, 1] = nan
    for dtype in ("float64", "float32"):
        compare(
            lambda x: getattr(gg, name)(x, dim=dim, keepdim=keepdim, **more),
            lambda t: getattr(torch, name)(t, dim=dim, keepdim=keepdim, **more),
            [x],
            dtype,
        )


SCANS = {
    "cumsum": {}, "cumprod": {}, "cummax": {}, "cummin": {}, "logcumsumexp": {}, "diff": {}, "trapezoid": {},
    "cumulative_trapezoid": {}, "sort": {"descending": True}, "argsort": {}, "topk": {"k": 2}, "softmax": {},
    "log_softmax": {},
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("dim", [0, 1, -1])
@pytest.mark.parametrize("name", SCANS)
def test_scans_and_sorting(name, dim, dtype):
    compare(
        lambda x: getattr(gg, name)(x, dim=dim, **SCANS[name]),
        lambda t: getattr(torch, name)(t, dim=dim, **SCANS[name]),
        [draw(3, 5, 4)],
        dtype,
    )


ZERO_DIMENSIONS = [
    "sum", "mean", "prod", "amax", "amin", "max", "min", "median", "nanmedian", "logsumexp", "cumsum", "cumprod",
    "cummax", "cummin", "logcumsumexp", "sort", "mode", "any", "all", "norm", "nansum", "aminmax", "argmax", "argmin",
    "argsort",
]  # fmt: skip


@pytest.mark.parametrize("dim", [0, -1])
@pytest.mark.parametrize("name", ZERO_DIMENSIONS)
def test_a_single_number_has_one_axis(name, dim):
    compare(lambda x: getattr(gg, name)(x, dim=dim), lambda t: getattr(torch, name)(t, dim=dim), [np.asarray(1.5)])


# -- zeros, ties, NaN, infinity --------------------------------------------------------------------------------

ROWS = {
    "zeros": np.array([[0.0, 2.0, 3.0], [0.0, 0.0, 3.0], [0.0, 0.0, 0.0], [1.0, -2.0, 0.5]]),
    "ties": np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0], [0.0, 0.0, -1.0]]),
    "nan": np.array([[nan, 1.0, 2.0], [1.0, nan, nan], [nan, nan, nan]]),
    "infinite": np.array([[inf, 1.0, 2.0], [-inf, 1.0, 0.0], [1.0, 2.0, -inf]]),
}
ODD = [
    *(("prod", kind, {}) for kind in ("zeros", "ties")),
    *(("cumprod", kind, {}) for kind in ("zeros", "ties")),
    *(("cumsum", kind, {}) for kind in ROWS),
    *(("cummax", kind, {}) for kind in ROWS),
    *(("cummin", kind, {}) for kind in ROWS),
    *((name, kind, {}) for name in ("amax", "amin", "max", "min") for kind in ROWS),
    *(("nansum", kind, {}) for kind in ROWS),
    ("nanmean", "zeros", {}),
    *(("logsumexp", kind, {}) for kind in ROWS),
    *(("var", kind, {}) for kind in ("zeros", "ties", "nan")),
    *(("std", kind, {}) for kind in ("zeros", "ties", "nan")),
    *(("any", kind, {}) for kind in ROWS),
    *(("all", kind, {}) for kind in ROWS),
    *(("sort", kind, {"stable": True, "descending": d}) for kind in ROWS for d in (False, True)),
    *(("mode", kind, {}) for kind in ("zeros", "ties", "infinite")),
    *(("quantile", kind, {"q": 0.3}) for kind in ("zeros", "nan")),
    ("nanquantile", "zeros", {"q": 0.3}),
    *(("softmax", kind, {}) for kind in ("zeros", "ties", "nan")),
]


@pytest.mark.parametrize(("name", "kind", "more"), ODD, ids=lambda v: str(v))
def test_odd_rows(name, kind, more):
    """One derivative: of the second PyTorch itself is not sure at such points."""
    order = 2 if kind == "zeros" and name in ("prod", "cumprod") else 1
    order = 0 if name == "quantile" and kind == "nan" else order  # which of several NaNs is meant is not defined
    compare(
        lambda x: getattr(gg, name)(x, dim=1, **more),
        lambda t: getattr(torch, name)(t, dim=1, **more),
        [ROWS[kind]],
        orders=order,
    )


@pytest.mark.parametrize("kind", ["zeros", "ties", "infinite", "nan"])
@pytest.mark.parametrize("name", ["median", "nanmedian"])
def test_median_of_all(name, kind):
    for row in (*ROWS[kind], ROWS[kind]):
        compare(getattr(gg, name), getattr(torch, name), [row], orders=1)


@pytest.mark.parametrize("name", ["median", "nanmedian"])
def test_median_along_an_axis_with_nan(name):
    compare(lambda x: getattr(gg, name)(x, 1)[0], lambda t: getattr(torch, name)(t, 1)[0], [ROWS["nan"]], orders=0)


@pytest.mark.parametrize("p", [0, 1, 2, 3, 4.5, 1.5, 0.5, -1, -2.0, inf, -inf, "fro"])
@pytest.mark.parametrize("kind", ["zeros", "ties"])
def test_norms(p, kind):
    smooth = kind == "ties"
    x = ROWS[kind] if not smooth else np.abs(ROWS[kind]) + 0.5
    orders = 0 if p == 0 else 2 if smooth else 1  # PyTorch's count of what is not 0 is no part of its graph
    compare(lambda x: gg.norm(x, p, dim=1), lambda t: torch.norm(t, p, dim=1), [x], orders=orders)
    compare(lambda x: gg.norm(x, p), lambda t: torch.norm(t, p), [x], "float32", orders=min(orders, 1))
    if p != "fro":
        compare(lambda x: gg.dist(x, x * 2 + 1, p), lambda t: torch.dist(t, t * 2 + 1, p), [x], orders=min(orders, 1))


@pytest.mark.parametrize("name", ["var", "std", "mean", "norm", "logsumexp"])
def test_infinite_and_nan_values(name):
    for row in ([nan, 1.0], [inf, 1.0], [inf, -inf], [-inf, -inf]):
        x, t = gg.tensor(row, dtype="float64"), torch.tensor(row, dtype=torch.float64)
        np.testing.assert_array_equal(getattr(gg, name)(x, dim=0).numpy(), getattr(torch, name)(t, dim=0).numpy())


# -- integers, bools, empty ------------------------------------------------------------------------------------

KINDS = {
    "bool": [[True, False], [True, True]],
    "int32": [[3, -1], [2, 2]],
    "uint8": [[200, 100], [0, 7]],
    "int64": [[5, 0], [-2, 9]],
}
FOR_INTEGERS = [
    ("sum", {}), ("sum", {"dim": 0}), ("prod", {}), ("prod", {"dim": 1}), ("nansum", {}), ("cumsum", {"dim": 0}),
    ("cumprod", {"dim": 1}), ("any", {"dim": 1}), ("all", {"dim": 0}), ("any", {}), ("amax", {"dim": 0}), ("max", {}),
    ("amin", {}), ("max", {"dim": 1}), ("min", {"dim": 0}), ("cummax", {"dim": 1}), ("diff", {}), ("aminmax", {}),
    ("count_nonzero", {}), ("unique", {}), ("logsumexp", {"dim": 0}),
]  # fmt: skip


@pytest.mark.parametrize("dtype", KINDS)
@pytest.mark.parametrize(("name", "more"), FOR_INTEGERS, ids=str)
def test_integers(name, more, dtype):
    compare(
        lambda: getattr(gg, name)(gg.tensor(np.array(KINDS[dtype], dtype)), **more),
        lambda: getattr(torch, name)(torch.tensor(np.array(KINDS[dtype], dtype)), **more),
        [],
        "float32",
        orders=0,
    )


EMPTY = [
    *((n, {}) for n in ("sum", "prod", "mean", "var", "std", "any", "all", "nansum", "nanmean", "norm", "median",
                        "nanmedian", "count_nonzero")),
    *((n, {"dim": d}) for d in (0, 1) for n in ("sum", "prod", "mean", "var", "std", "any", "all", "nansum", "nanmean",
                                                "norm", "logsumexp", "cumsum", "cumprod", "cummax", "logcumsumexp",
                                                "sort", "diff", "softmax")),
    *((n, {"dim": 1}) for n in ("max", "min", "amax", "amin", "median", "mode", "argmax", "aminmax")),
    ("topk", {"k": 0, "dim": 0}), ("topk", {"k": 2, "dim": 1}), ("kthvalue", {"k": 2, "dim": 1}), ("unique", {}),
    ("norm", {"p": 0}), ("norm", {"p": 1, "dim": 0}), ("norm", {"p": inf, "dim": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "more"), EMPTY, ids=str)
def test_empty(name, more):
    x = np.zeros((0, 3))
    orders = 0 if name in ("unique", "median", "nanmedian") else 1
    compare(lambda x: getattr(gg, name)(x, **more), lambda t: getattr(torch, name)(t, **more), [x], orders=orders)


NOTHING = [
    ("max", {}), ("min", {}), ("max", {"dim": 0}), ("min", {"dim": 0}), ("amax", {"dim": 0}), ("amin", {}),
    ("aminmax", {}), ("median", {"dim": 0}), ("nanmedian", {"dim": 0}), ("mode", {"dim": 0}), ("argmax", {}),
    ("argmin", {"dim": 0}), ("quantile", {"q": 0.5}), ("quantile", {"q": 0.5, "dim": 0}), ("topk", {"k": 1, "dim": 0}),
    ("kthvalue", {"k": 1, "dim": 0}), ("norm", {"p": inf}), ("norm", {"p": -1, "dim": 0}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "more"), NOTHING, ids=str)
def test_nothing_to_choose_from(name, more):
    with pytest.raises((RuntimeError, IndexError)):
        getattr(torch, name)(torch.zeros(0, 3), **more)
    with pytest.raises(ValueError, match="^" + name):
        getattr(gg, name)(gg.zeros(0, 3), **more)


# -- dtypes asked for ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float64", "float32", "int32"])
@pytest.mark.parametrize("name", ["sum", "prod", "cumsum", "cumprod", "mean", "nansum"])
def test_dtype(name, dtype):
    if name == "mean" and dtype == "int32":
        return
    more = {"dim": 0} if name.startswith("cum") else {}
    for source in ("int64", "bool") if dtype == "int32" else ("float32", "int64", "bool"):
        x = np.array([2.0, 0.0, 3.0]).astype(source)
        compare(
            lambda x: getattr(gg, name)(x, dtype=dtype, **more),
            lambda t: getattr(torch, name)(t, dtype=getattr(torch, dtype), **more),
            [x],
            "float32",
            orders=1,
        )


# -- statistics ------------------------------------------------------------------------------------------------

STATISTICS = {
    "cov": (gg.cov, torch.cov, [draw(3, 5)]),
    "cov of one": (gg.cov, torch.cov, [draw(5)]),
    "cov, correction": (lambda x: gg.cov(x, correction=0), lambda t: torch.cov(t, correction=0), [draw(3, 5)]),
    "cov, weights": (
        lambda x, w: gg.cov(x, fweights=np.array([1, 2, 3, 1]), aweights=w),
        lambda t, w: torch.cov(t, fweights=torch.tensor([1, 2, 3, 1]), aweights=w),
        [draw(2, 4), np.array([0.5, 1.0, 2.0, 0.25])],
    ),
    "corrcoef": (gg.corrcoef, torch.corrcoef, [draw(3, 6)]),
    "quantiles": (
        lambda x, q: gg.quantile(x, q, 1, True), lambda t, q: torch.quantile(t, q, 1, True),
        [draw(3, 6), np.array([0.15, 0.5, 0.93])],
    ),
    "quantile of all": (lambda x: gg.quantile(x, 0.37), lambda t: torch.quantile(t, 0.37), [draw(3, 6)]),
    "var of number": (lambda x: gg.var(x, False), lambda t: torch.var(t, False), [draw(3, 6)]),
    "var, older spelling": (lambda x: gg.var(x, 1, False, True), lambda t: torch.var(t, 1, False, True), [draw(3, 6)]),
    "std, any correction": (lambda x: gg.std(x, correction=0.5), lambda t: torch.std(t, correction=0.5), [draw(3, 6)]),
    "dist": (lambda x, y: gg.dist(x, y, 3), lambda t, u: torch.dist(t, u, 3), [draw(3, 1), draw(4)]),
    "diff": (
        lambda x, p: gg.diff(x, 2, 0, p, x), lambda t, p: torch.diff(t, 2, 0, p, t), [draw(4, 2), draw(1, 2)],
    ),
    "trapezoid at places": (gg.trapezoid, torch.trapezoid, [draw(3, 4), draw(4)]),
    "trapezoid, own places": (gg.trapezoid, torch.trapezoid, [draw(3, 4), draw(3, 4)]),
    "trapezoid, first axis": (
        lambda y, x: gg.trapezoid(y, x, dim=0), lambda y, x: torch.trapezoid(y, x, dim=0), [draw(3, 4), draw(3)],
    ),
    "cumulative trapezoid": (
        lambda y: gg.cumulative_trapezoid(y, dx=0.5, dim=0),
        lambda y: torch.cumulative_trapezoid(y, dx=0.5, dim=0),
        [draw(3, 4)],
    ),
    "nuclear norm": (lambda x: gg.norm(x, "nuc"), lambda t: torch.norm(t, "nuc"), [draw(3, 4)]),
    "norm over two axes": (
        lambda x: gg.norm(x, "fro", (0, 2), True), lambda t: torch.norm(t, "fro", (0, 2), True), [draw(2, 3, 4)],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("ours", "theirs", "arrays"), STATISTICS.values(), ids=list(STATISTICS))
def test_statistics(ours, theirs, arrays):
    compare(ours, theirs, arrays)
    compare(ours, theirs, arrays, "float32", orders=1)


@pytest.mark.parametrize("minlength", [0, 6])
def test_bincount(minlength):
    x, w = np.array([1, 3, 1, 0]), np.array([0.5, 1.0, 2.0, 0.25])
    compare(
        lambda x: gg.bincount(x, minlength=minlength), lambda t: torch.bincount(t, minlength=minlength), [x], orders=0
    )
    compare(
        lambda x: gg.bincount(x, gg.tensor(w), minlength),
        lambda t: torch.bincount(t, torch.tensor(w), minlength),
        [x],
        orders=0,
    )


@pytest.mark.parametrize(("bins", "low", "high"), [(10, -1, 1), (7, 0, 0)])
def test_histc(bins, low, high):
    values = draw(50)
    compare(
        lambda: gg.histc(gg.tensor(values), bins, low, high),
        lambda: torch.histc(torch.tensor(values), bins, low, high),
        [],
        orders=0,
    )


@pytest.mark.parametrize("right", [False, True])
@pytest.mark.parametrize("out_int32", [False, True])
def test_searching(right, out_int32):
    rising, values = np.sort(draw(3, 6)), draw(3, 4)
    values[0, 0], values[1, 1], values[2, 2] = rising[0, 3], nan, inf
    more = {"right": right, "out_int32": out_int32}
    for ours, theirs, arrays in (
        (gg.searchsorted, torch.searchsorted, (rising, values)),
        (gg.searchsorted, torch.searchsorted, (rising[0], values)),
        (gg.bucketize, torch.bucketize, (values, rising[0])),
    ):
        found = ours(*map(gg.tensor, arrays), **more)
        expected = theirs(*map(torch.tensor, arrays), **more).numpy()
        np.testing.assert_array_equal(found.numpy(), expected)
        assert found.dtype == expected.dtype


@pytest.mark.parametrize("counts", [False, True])
@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("dim", [None, 0, 1])
@pytest.mark.parametrize("name", ["unique", "unique_consecutive"])
def test_distinct_values(name, dim, inverse, counts):
    more = {"return_inverse": inverse, "return_counts": counts, "dim": dim}
    for x in (np.array([[2, 1, 1], [2, 1, 1], [0, 3, 3], [2, 1, 1]]), np.array([[2.0, nan], [nan, 1.0], [1.0, 1.0]])):
        found = results(getattr(gg, name)(gg.tensor(x), **more))
        expected = results(getattr(torch, name)(torch.tensor(x), **more))
        for f, e in zip(found, expected, strict=True):
            np.testing.assert_array_equal(f.numpy(), e.numpy())
