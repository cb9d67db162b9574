"""Convolutions, pools, columns and resampling against PyTorch: values, gradients, second gradients, what is refused.

Every call is made with both libraries; where one raises, so must the other.
"""

import itertools
import warnings
from typing import Any

import numpy as np
import pytest

import glassgrad as gg

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.oracle
F, TF = gg.nn.functional, torch.nn.functional


def values(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Return values of which no two are equal."""
    size = int(np.prod(shape))
    return (rng.permutation(size) / max(size, 1) * 4 - 2 + 0.01).reshape(shape)


def differentiated(library: Any, results: Any, inputs: list[Any], seed: int) -> list[Any]:
    """Return the values, then the gradients and the gradients of their squares."""
    rng = np.random.default_rng(seed)
    results = list(results) if isinstance(results, tuple | list) else [results]
    found = [np.asarray(r.detach().numpy()) for r in results]
    out = results[0]
    make = torch.tensor if library is torch else gg.tensor
    grad = torch.autograd.grad if library is torch else gg.grad
    allow = {"allow_unused": True, "materialize_grads": True}
    start = make(rng.standard_normal(tuple(out.shape)))
    first = grad([(out * out * start).sum()], inputs, create_graph=True, **allow)
    found += [np.asarray(g.detach().numpy()) for g in first]
    total = sum(((g * g * g).sum() for g in first[1:]), (first[0] * first[0] * first[0]).sum())
    if total.requires_grad:
        found += [np.asarray(g.detach().numpy()) for g in grad([total], inputs, **allow)]
    return found


def compare(
    name: str, shapes: list[Any], *args: Any, integers: Any = (), tolerance: float = 1e-9, **kwargs: Any
) -> bool:
    """Call ``nn.functional.name`` of both libraries and compare; return whether they accepted the call."""
    rng = np.random.default_rng(7)
    arrays = [None if s is None else values(rng, s) for s in shapes]
    ours = [None if a is None else gg.tensor(a, requires_grad=True) for a in arrays]
    theirs = [None if a is None else torch.tensor(a, requires_grad=True) for a in arrays]
    case = f"{name}({shapes}, {args}, {kwargs})"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            expected = getattr(TF, name)(*theirs, *(torch.tensor(i) for i in integers), *args, **kwargs)
        except (RuntimeError, ValueError, TypeError, IndexError, NotImplementedError, AssertionError) as error:
            expected = error
        try:
            actual = getattr(F, name)(*ours, *(gg.tensor(i) for i in integers), *args, **kwargs)
        except (ValueError, TypeError, IndexError) as error:
            actual = error
            assert str(error).startswith(f"{name.removesuffix('_with_indices')}: "), f"{case}: {error}"
    if isinstance(expected, Exception):
        assert isinstance(actual, Exception), f"{case}: PyTorch refuses: {expected}"
        return False
    assert not isinstance(actual, Exception), f"{case}: PyTorch accepts, we say: {actual}"
    wanted = [t for t in theirs if t is not None]
    for a, e in zip(
        differentiated(gg, actual, [t for t in ours if t is not None], 3),
        differentiated(torch, expected, wanted, 3),
        strict=True,
    ):
        assert a.shape == e.shape, case
        assert (a.dtype.kind == "f") == (e.dtype.kind == "f") and (a.dtype.kind == "f" or a.dtype == e.dtype), case
        scale = np.max(np.abs(e), initial=0.0)
        np.testing.assert_allclose(a, e, rtol=tolerance, atol=tolerance * max(scale, 1), err_msg=case)
    return True


def product(**choices: Any) -> Any:
    for combination in itertools.product(*choices.values()):
        yield dict(zip(choices, combination, strict=True))


def some(combinations: Any, every: int) -> Any:
    """Yield part of many combinations; ``every`` divides no number of choices, so that all choices occur."""
    return itertools.islice(combinations, 0, None, every)


IMAGE = {1: (7,), 2: (7, 6), 3: (4, 5, 4)}


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("batch", [(2,), (), (0,)], ids=["batch", "alone", "empty"])
def test_convolution(rank, batch):
    accepted = 0
    padding = [0, 1, "same", "valid", (1, 0, 2)[:rank]]
    combinations = itertools.product([2, 3], [1, 2, 4], product(stride=[1, 2], padding=padding, dilation=[1, 2]))
    for kernel, groups, kwargs in some(combinations, 7):
        x, w = (*batch, 4, *IMAGE[rank]), (4, 4 // groups, *(kernel,) * rank)
        bias = (4,) if groups == 1 else None
        accepted += compare(f"conv{rank}d", [x, w, bias], groups=groups, **kwargs)
    assert accepted


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_convolution_with_other_kernels_and_refused_ones(rank):
    name, image = f"conv{rank}d", (2, 4, *IMAGE[rank])
    one = (1,) * rank
    assert compare(name, [image, (3, 4, *one), (3,)])
    assert compare(name, [image, (8, 1, *one), (8,)], groups=4, stride=(2,))
    assert compare(name, [image, (8, 1, *(2,) * rank), None], groups=4, stride=[2] * rank)
    assert compare(name, [image, (2, 4, *range(2, 2 + rank)), None], stride=tuple(range(1, rank + 1)))
    for weight, bias, kwargs in [
        ((3, 4, *(9,) * rank), None, {}),
        ((3, 3, *one), None, {}),
        ((3, 4, *one), (4,), {}),
        ((3, 4, *one), None, {"stride": 0}),
        ((3, 4, *one), None, {"stride": (1,) * (rank + 1)}),
        ((3, 4, *one), None, {"dilation": 0}),
        ((3, 4, *one), None, {"padding": -1}),
        ((3, 4, *one), None, {"padding": "full"}),
        ((3, 4, *one), None, {"padding": "same", "stride": 2}),
        ((3, 2, *one), None, {"groups": 2}),
        ((3, 4, *one), None, {"groups": 0}),
        ((3, 4, *one, 1), None, {}),
    ]:
        assert not compare(name, [image, weight, bias], **kwargs)
    assert not compare(name, [IMAGE[rank], (3, 4, *one), None])


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("batch", [(2,), (), (0,)], ids=["batch", "alone", "empty"])
def test_transposed_convolution(rank, batch):
    accepted = refused = 0
    image = {1: (4,), 2: (3, 4), 3: (2, 3, 2)}[rank]
    choices = {"stride": [1, 2, (3,) * rank], "padding": [0, 1], "output_padding": [0, 1, 2], "dilation": [1, 3]}
    for kernel, groups, kwargs in some(itertools.product([1, 3], [1, 2, 4], product(**choices)), 7):
        if batch == (0,) and (kwargs["output_padding"] or kwargs["padding"]):
            continue  # of nothing, PyTorch accepts any output_padding, and nothing as the result
        x, w = (*batch, 4, *image), (4, 3 if groups == 1 else 1, *(kernel,) * rank)
        bias = (3,) if groups == 1 else None
        good = compare(f"conv_transpose{rank}d", [x, w, bias], groups=groups, **kwargs)
        accepted, refused = accepted + good, refused + (not good)
    assert accepted and (refused or batch == (0,))
    name = f"conv_transpose{rank}d"
    assert not compare(name, [(*batch, 3, *image), (4, 2, *(2,) * rank), None])
    assert not compare(name, [(*batch, 4, *image), (4, 2, *(2,) * rank), (3,)])
    assert not compare(name, [(*batch, 4, *image), (4, 2, *(2,) * rank), None], stride=0)
    assert not compare(name, [(*batch, 4, *image), (4, 2, *(2,) * rank), None], padding=-1)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("batch", [(2,), (), (0,)], ids=["batch", "alone", "empty"])
@pytest.mark.parametrize("ceil_mode", [False, True])
def test_max_pool(rank, batch, ceil_mode):
    accepted = refused = 0
    combinations = product(
        kernel_size=[1, 2, 3, (3, 1, 2)[:rank], 5, 8], stride=[None, 1, 2, (1, 2, 3)[:rank]], padding=[0, 1, 2],
        dilation=[1, 2], return_indices=[False, True],
    )  # fmt: skip
    for kwargs in some(combinations, 1 if rank == 2 else 5):
        good = compare(f"max_pool{rank}d", [(*batch, 2, *IMAGE[rank])], ceil_mode=ceil_mode, **kwargs)
        accepted, refused = accepted + good, refused + (not good)
    assert accepted and refused


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("batch", [(2,), (), (0,)], ids=["batch", "alone", "empty"])
@pytest.mark.parametrize("ceil_mode", [False, True])
def test_average_pool(rank, batch, ceil_mode):
    accepted = refused = 0
    divisors = [{}, {"count_include_pad": False}]
    if rank > 1:
        divisors += [{"divisor_override": 3}, {"divisor_override": -2, "count_include_pad": False}]
    choices = {"kernel_size": [1, 2, 3, (3, 1, 2)[:rank], 5, 8], "stride": [None, 1, 2, 3], "padding": [0, 1, 2]}
    for divisor, kwargs in some(itertools.product(divisors, product(**choices)), 1 if rank == 2 else 5):
        if rank == 3 and kwargs["kernel_size"] in (5, 8):
            continue  # in three dimensions PyTorch accepts no kernel larger than the image, however it is padded
        good = compare(f"avg_pool{rank}d", [(*batch, 2, *IMAGE[rank])], ceil_mode=ceil_mode, **kwargs, **divisor)
        accepted, refused = accepted + good, refused + (not good)
    assert accepted and refused
    if rank > 1:
        assert not compare(f"avg_pool{rank}d", [(*batch, 2, *IMAGE[rank])], 2, divisor_override=0)


@pytest.mark.parametrize("pool", ["max_pool", "avg_pool"])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_arguments_of_pools(pool, rank):
    """By position, in lists, of one number; and those that are refused."""
    name, image = f"{pool}{rank}d", (2, 2, *IMAGE[rank])
    for args in [(2,), (2, 1), (2, [], 1), ((2,), (1,)), ([2] * rank, [1] * rank, [1] * rank)]:
        assert compare(name, [image], *args)
    for args in [(0,), (2, 0), (2, 1, -1), (2, 1, 2), ((2,) * (rank + 1),), (2, (1,) * (rank + 1)), ("2",), (2.5,)]:
        assert not compare(name, [image], *args)
    assert not compare(name, [IMAGE[rank]], 2)
    assert not compare(name, [(*image, 1, 1)], 2)
    assert not compare(name, [(2, 0, *IMAGE[rank])], 2)


def test_pools_of_large_windows():
    for args in [(9,), (9, 1, 4), ((9, 8), 1), (10, 2, 5)]:
        for indices in (False, True):
            assert compare("max_pool2d", [(2, 9, 10)], *args, return_indices=indices, ceil_mode=True)
    for kernel in (8, 9, (9, 10)):
        assert compare("avg_pool2d", [(1, 2, 9, 10)], kernel)
    assert compare("avg_pool1d", [(2, 40)], 17)
    assert compare("avg_pool1d", [(2, 40)], 17, 1)
    assert compare("max_pool1d", [(2, 140)], 70)


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_power_average_pool(rank):
    name = f"lp_pool{rank}d"
    for kwargs in product(norm_type=[1, 2, 4.0], kernel_size=[2, 3], stride=[None, 1, 2], ceil_mode=[False, True]):
        for batch in ((2,), ()):
            assert compare(name, [(*batch, 2, *IMAGE[rank])], tolerance=1e-8, **kwargs)
    assert not compare(name, [(2, 2, *IMAGE[rank])], 2, 9)


def test_power_average_of_nothing_has_no_gradient():
    for library, make in ((F, gg.tensor), (TF, torch.tensor)):
        x = make(np.zeros((1, 1, 4)), requires_grad=True)
        y = library.lp_pool1d(x, 2, 2)
        y.sum().backward()
        assert y.detach().numpy().tolist() == [[[0, 0]]] and x.grad.numpy().tolist() == [[[0, 0, 0, 0]]]


@pytest.mark.parametrize("kind", ["avg", "max"])
@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("batch", [(2,), (), (0,)], ids=["batch", "alone", "empty"])
def test_adaptive_pool(kind, rank, batch):
    name, image = f"adaptive_{kind}_pool{rank}d", (*batch, 2, *IMAGE[rank])
    sizes: list[Any] = [1, 2, 3, 4, 5, 9, (3, 2, 1)[:rank]]
    if rank > 1:
        sizes += [(None, 3, 2)[:rank], (2,) + (None,) * (rank - 1)]
    for size in sizes:
        assert compare(name, [image], size)
        if kind == "max":
            assert compare(name, [image], size, return_indices=True)
    for size in [-1, (2,) * (rank + 1), 2.5]:
        assert not compare(name, [image], size)
    assert not compare(name, [(*batch, 2, *(0,) * rank)], 2)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("batch", [(2,), ()], ids=["batch", "alone"])
def test_max_unpool(rank, batch):
    image = {1: (8,), 2: (6, 8), 3: (4, 4, 6)}[rank]
    rng = np.random.default_rng(0)
    _, indices = TF.__dict__[f"max_pool{rank}d"](
        torch.tensor(rng.standard_normal((*batch, 2, *image))), 2, return_indices=True
    )
    indices = indices.numpy()
    name, shape = f"max_unpool{rank}d", indices.shape
    wide = tuple(n + 1 for n in image)
    for args in [(2,), (2, 2), (2, None, 0, image), (2, 2, 0, wide), (2, 2, 0, (*batch, 2, *wide))]:
        if len(args) < 4 or len(args[3]) != rank + 1:
            assert compare(name, [shape], *args, integers=[indices])
    for args in [(2, 2, 0, tuple(n + 2 for n in image)), (2, 2, 0, (*image, 1))]:
        assert not compare(name, [shape], *args, integers=[indices])
    assert not compare(name, [shape], 2, integers=[indices[..., :1]])
    assert not compare(name, [shape], 2, integers=[indices + 1000])


@pytest.mark.parametrize("batch", [(2,), (), (0,)], ids=["batch", "alone", "empty"])
def test_columns(batch):
    accepted = refused = 0
    for kwargs in product(kernel_size=[1, 2, (3, 2)], dilation=[1, 2], padding=[0, (1, 2)], stride=[1, 2, (1, 3)]):
        accepted += compare("unfold", [(*batch, 2, 5, 6)], **kwargs)
        kernel = kwargs["kernel_size"]
        height, width = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        columns = TF.unfold(torch.zeros(1, 1, 5, 6), **kwargs).shape[2]
        accepted += compare("fold", [(*batch, 2 * height * width, columns)], (5, 6), **kwargs)
        refused += not compare("fold", [(*batch, 2 * height * width, columns + 1)], (5, 6), **kwargs)
    assert accepted == 2 * refused
    for args in [(7,), (0,), (2, 0), (2, 1, -1), (2, 1, 0, 0), ((2, 2, 2),)]:
        assert not compare("unfold", [(*batch, 2, 5, 6)], *args)
    assert not compare("fold", [(*batch, 3, 4)], (3, 3), 2)
    assert not compare("fold", [(*batch, 4, 4)], (1, 1), 2)
    assert not compare("unfold", [(5, 6)], 2)


MODES = {1: ("nearest", "nearest-exact", "linear", "area"), 2: ("nearest", "nearest-exact", "bilinear", "bicubic",
         "area"), 3: ("nearest", "nearest-exact", "trilinear", "area")}  # fmt: skip


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_interpolate(rank):
    image = (2, 2, *{1: (7,), 2: (5, 7), 3: (3, 4, 5)}[rank])
    targets: list[dict[str, Any]] = [{"size": s} for s in (1, 3, 8, 10, 14, (4, 7, 2)[:rank])]
    targets += [{"scale_factor": s} for s in (0.5, 1, 1.4, 2, 2.7, 1 / 3 + 0.1, (1.5, 0.8, 2.0)[:rank])]
    targets += [{"scale_factor": s, "recompute_scale_factor": True} for s in (0.7, 1.4, 2)]
    targets += [{"scale_factor": 1.7, "recompute_scale_factor": False}]
    for mode, target in itertools.product(MODES[rank], targets):
        interpolating = mode in ("linear", "bilinear", "bicubic", "trilinear")
        for align_corners in (None, False, True) if interpolating else (None,):
            kwargs = {"mode": mode, **target, **({} if align_corners is None else {"align_corners": align_corners})}
            # PyTorch computes some weights in single precision, whatever the dtype.
            assert compare("interpolate", [image], tolerance=1e-6, **kwargs)
    for kwargs in [
        {}, {"size": 3, "scale_factor": 2}, {"size": (3,) * (rank + 1)}, {"scale_factor": (2.0,) * (rank + 1)},
        {"size": 3, "mode": "nearest", "align_corners": True}, {"size": 0}, {"size": 3, "mode": "cubist"},
        {"size": 3, "mode": {1: "bilinear", 2: "linear", 3: "bilinear"}[rank]},
        {"size": 3, "recompute_scale_factor": True}, {"scale_factor": 0.01}, {"size": 3.5},
    ]:  # fmt: skip
        assert not compare("interpolate", [image], **kwargs)
    assert compare("upsample", [image], scale_factor=2)
    assert not compare("interpolate", [image[1:2] + image[2:3]], 3)


def test_interpolate_with_antialias():
    for mode, align_corners, target in itertools.product(
        ("bilinear", "bicubic"), (False, True), ({"size": 3}, {"size": (8, 2)}, {"scale_factor": 0.6}, {"size": 12})
    ):
        kwargs = {"mode": mode, "align_corners": align_corners, **target}
        assert compare("interpolate", [(1, 2, 9, 7)], antialias=True, tolerance=1e-6, **kwargs)
    assert not compare("interpolate", [(1, 2, 9, 7)], 3, antialias=True)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nearest_takes_the_same_pixels(dtype):
    """At every size: positions fall on whole numbers, where rounding decides."""
    for n, mode in itertools.product((1, 3, 7, 10, 33, 224), ("nearest", "nearest-exact")):
        x = np.arange(n, dtype=dtype)[None, None]
        for size in (*range(1, 40), 99, 100, 447, 448, 449):
            expected = TF.interpolate(torch.tensor(x), size, mode=mode).numpy()
            np.testing.assert_array_equal(F.interpolate(gg.tensor(x), size, mode=mode).numpy(), expected)
        for factor in (0.1, 0.3, 0.7, 1.1, 1.5, 2.0, 2.5, 3.3):
            if int(n * factor):
                expected = TF.interpolate(torch.tensor(x), scale_factor=factor, mode=mode).numpy()
                actual = F.interpolate(gg.tensor(x), scale_factor=factor, mode=mode).numpy()
                np.testing.assert_array_equal(actual, expected)


def test_channels_for_pixels():
    for batch in ((2,), (), (2, 3)):
        assert compare("pixel_shuffle", [(*batch, 8, 2, 3)], 2)
        assert compare("pixel_shuffle", [(*batch, 9, 2, 1)], 3)
        assert compare("pixel_unshuffle", [(*batch, 2, 4, 6)], 2)
        assert not compare("pixel_shuffle", [(*batch, 6, 2, 3)], 2)
        assert not compare("pixel_unshuffle", [(*batch, 2, 4, 5)], 2)
    assert not compare("pixel_shuffle", [(4, 2, 2)], 0)
    assert not compare("pixel_unshuffle", [(2, 2)], 2)
    for rest in ((3,), (2, 3), (2, 2, 2)):
        assert compare("channel_shuffle", [(2, 6, *rest)], 3)
        assert not compare("channel_shuffle", [(2, 6, *rest)], 4)
    assert not compare("channel_shuffle", [(2, 6, 2)], 0)


SPECIAL = {
    "nan": [[np.nan, 1, 2], [3, np.nan, 4], [5, 6, 7]],
    "several nans": [[np.nan, np.nan, 1], [np.nan, 2, 3], [1, 2, np.nan]],
    "−inf": [[-np.inf] * 3] * 3,
    "ties": [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
    "inf": [[np.inf, 1, -np.inf], [np.inf, np.inf, 2], [-np.inf, -np.inf, -np.inf]],
}


@pytest.mark.parametrize("label", SPECIAL)
def test_special_values_in_max_pools(label):
    image = np.array(SPECIAL[label], float)[None]
    wide = np.pad(image, ((0, 0), (0, 6), (0, 6)), constant_values=-np.inf)
    for x, name, args in [
        (image, "max_pool2d", (2,)), (image, "max_pool2d", (2, 1)), (image, "max_pool2d", (2, 2, 1)),
        (image, "max_pool2d", (3, 1, 1)), (wide, "max_pool2d", (9,)), (image, "adaptive_max_pool2d", (2,)),
        (image, "adaptive_max_pool2d", (1,)), (wide, "adaptive_max_pool2d", (4,)), (image, "adaptive_max_pool2d", (3,)),
    ]:  # fmt: skip
        results = []
        for library, make in ((F, gg.tensor), (TF, torch.tensor)):
            t = make(x, requires_grad=True)
            y, indices = getattr(library, name)(t, *args, return_indices=True)
            y.backward(make(np.arange(1.0, 1 + np.prod(y.shape)).reshape(tuple(y.shape))))
            u = make(x, requires_grad=True)
            z = getattr(library, name)(u, *args)
            z.backward(make(np.arange(1.0, 1 + np.prod(y.shape)).reshape(tuple(y.shape))))
            results.append([np.asarray(a.detach().numpy()) for a in (y, indices, t.grad, z, u.grad)])
        for a, e in zip(*results, strict=True):
            np.testing.assert_array_equal(a, e, err_msg=f"{name} {args}")


def test_not_a_number_stays_where_it_is():
    """A NaN or an infinity reaches the windows that see it, and no others."""
    x = np.ones((1, 1, 6, 6))
    x[0, 0, 2, 3] = np.nan
    x[0, 0, 5, 0] = np.inf
    for name, args in [
        ("avg_pool2d", (2,)), ("avg_pool2d", (3, 1, 1)), ("adaptive_avg_pool2d", (4,)), ("interpolate", (9,)),
        ("unfold", (2,)), ("pixel_unshuffle", (2,)),
    ]:  # fmt: skip
        expected = getattr(TF, name)(torch.tensor(x), *args).numpy()
        np.testing.assert_allclose(getattr(F, name)(gg.tensor(x), *args).numpy(), expected)
    area = {"size": 4, "mode": "area"}
    expected = TF.interpolate(torch.tensor(x), **area).numpy()
    np.testing.assert_allclose(F.interpolate(gg.tensor(x), **area).numpy(), expected)


def test_integers_in_max_pools():
    x = np.arange(16).reshape(1, 1, 4, 4)
    for args in [(2,), (3, 1, 1)]:
        actual, expected = F.max_pool2d(gg.tensor(x), *args), TF.max_pool2d(torch.tensor(x), *args)
        np.testing.assert_array_equal(actual.numpy(), expected.numpy())
        assert actual.dtype == "int64"


@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize("padding_mode", ["zeros", "border", "reflection"])
def test_reading_between_pixels(rank, padding_mode):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 3, *(4, 5, 3)[:rank]))
    grid = rng.uniform(-1.6, 1.6, (2, *(3, 4, 2)[:rank], rank))
    modes = ("bilinear", "nearest", "bicubic")[: 5 - rank]
    for mode, align_corners in itertools.product(modes, (None, False, True)):
        found = []
        for library, functional, make in ((gg, F, gg.tensor), (torch, TF, torch.tensor)):
            inputs = [make(x, requires_grad=True), make(grid, requires_grad=True)]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                out = functional.grid_sample(*inputs, mode, padding_mode, align_corners)
            grad = torch.autograd.grad if library is torch else gg.grad
            slopes = grad([(out * out).sum()], inputs, allow_unused=True, materialize_grads=True)
            found.append([np.asarray(a.detach().numpy()) for a in (out, *slopes)])
        for a, e in zip(*found, strict=True):
            np.testing.assert_allclose(a, e, atol=1e-9, err_msg=f"{mode} {align_corners}")


def test_affine_grid():
    for shape, size in [((2, 2, 3), (2, 1, 3, 4)), ((2, 3, 4), (2, 1, 3, 1, 4))]:
        for align_corners in (False, True):
            assert compare("affine_grid", [shape], size, align_corners=align_corners)
    assert not compare("affine_grid", [(2, 2, 3)], (1, 1, 3, 4))
    assert not compare("affine_grid", [(2, 2, 3)], (2, 1, 0, 4))
    assert not compare("grid_sample", [(2, 1, 3, 3), (1, 2, 2, 2)])
    assert not compare("grid_sample", [(2, 1, 3, 3), (2, 2, 2, 3)])
    assert not compare("grid_sample", [(2, 1, 3, 3), (2, 2, 2, 2)], mode="cubist")
