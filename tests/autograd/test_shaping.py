"""Arranging and padding, as NumPy does them, for any shape and layout; and what is refused.

All of these are linear, so a gradient is checked by the one equation that defines it, ⟨A x, w⟩ = ⟨x, Aᵀ w⟩: on whole
numbers both sides are exact.
"""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import glassgrad as gg

_spec = importlib.util.spec_from_file_location("glassgrad_strategies", Path(__file__).with_name("strategies.py"))
strategies = importlib.util.module_from_spec(_spec)
sys.modules["glassgrad_strategies"] = strategies
_spec.loader.exec_module(strategies)
counted, laid_out = strategies.counted, strategies.laid_out
pad = gg.nn.functional.pad


def axis_in(draw, ndim):
    return draw(st.integers(-ndim, ndim - 1))


def _roll(draw, shape):
    axes = tuple(axis_in(draw, len(shape)) for _ in range(draw(st.integers(1, 3))))
    shifts = tuple(draw(st.integers(-7, 7)) for _ in axes)
    return (lambda x: gg.roll(x, shifts, axes)), (lambda a: np.roll(a, shifts, axes))


def _roll_flat(draw, shape):
    shift = draw(st.integers(-9, 9))
    return (lambda x: gg.roll(x, shift)), (lambda a: np.roll(a, shift))


def _flip(draw, shape):
    axes = tuple(draw(st.sets(st.integers(0, len(shape) - 1))))
    return (lambda x: gg.flip(x, axes)), (lambda a: np.flip(a, axes))


def _rot90(draw, shape):
    k = draw(st.integers(-5, 5))
    first, second = draw(st.permutations(range(max(len(shape), 2))))[:2]
    if len(shape) < 2:
        return (lambda x: gg.rot90(x.reshape(-1, 1), k)), (lambda a: np.rot90(np.reshape(a, (-1, 1)), k))
    return (lambda x: gg.rot90(x, k, (first, second))), (lambda a: np.rot90(a, k, (first, second)))


def _tile(draw, shape):
    counts = tuple(draw(st.lists(st.integers(0, 3), min_size=1, max_size=len(shape) + 1)))
    return (lambda x: gg.tile(x, counts)), (lambda a: np.tile(a, counts))


def _repeat(draw, shape):
    axis = draw(st.one_of(st.none(), st.integers(0, len(shape) - 1)))
    n = int(np.prod(shape)) if axis is None else shape[axis]
    repeats = draw(st.one_of(st.integers(0, 3), st.lists(st.integers(0, 3), min_size=n, max_size=n)))
    return (lambda x: gg.repeat_interleave(x, repeats, axis)), (lambda a: np.repeat(a, repeats, axis))


def _moveaxis(draw, shape):
    axes = draw(st.permutations(range(len(shape))))[: draw(st.integers(1, len(shape)))]
    ends = draw(st.permutations(range(len(shape))))[: len(axes)]
    return (lambda x: gg.moveaxis(x, axes, ends)), (lambda a: np.moveaxis(a, axes, ends))


def _pad(draw, shape):
    mode = draw(st.sampled_from(["constant", "reflect", "replicate", "circular"]))
    room = {"constant": 5, "reflect": min(shape) - 1, "replicate": 5, "circular": min(shape)}[mode]
    pads = [(draw(st.integers(0, room)), draw(st.integers(0, room))) for _ in shape]
    names = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    order = [n for pair in reversed(pads) for n in pair]
    return (lambda x: pad(x, order, mode)), (lambda a: np.pad(a, pads, names[mode]))


def _split(draw, shape):
    axis = axis_in(draw, len(shape))
    cuts = draw(st.one_of(st.integers(1, 5), st.lists(st.integers(-6, 6), max_size=4)))
    return (lambda x: gg.tensor_split(x, cuts, axis)), (lambda a: np.array_split(a, cuts, axis))


def _windows(draw, shape):
    axis = draw(st.integers(0, len(shape) - 1))
    size, step = draw(st.integers(1, shape[axis])), draw(st.integers(1, 3))
    part = (slice(None),) * axis + (slice(None, None, step),)
    return (
        lambda x: x.unfold(axis, size, step),
        lambda a: np.lib.stride_tricks.sliding_window_view(a, size, axis)[part],
    )


def _take(draw, shape):
    axis = draw(st.integers(0, len(shape) - 1))
    index = draw(strategies.integer_arrays(shape[axis])).reshape(-1) % shape[axis]
    return (lambda x: gg.index_select(x, axis, index)), (lambda a: np.take(a, index, axis))


def _take_along(draw, shape):
    axis = axis_in(draw, len(shape))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    sizes = list(shape)
    sizes[axis] = draw(st.integers(0, 4))
    index = rng.integers(-shape[axis], shape[axis], sizes)
    return (lambda x: gg.take_along_axis(x, index, axis)), (lambda a: np.take_along_axis(a, index, axis))


def _stack(name):
    def make(draw, shape):
        return (lambda x: getattr(gg, name)([x, 2 * x])), (lambda a: getattr(np, name)([a, 2 * a]))

    return make


LINEAR = {
    "roll": _roll, "roll flat": _roll_flat, "flip": _flip, "rot90": _rot90, "tile": _tile, "repeat": _repeat,
    "moveaxis": _moveaxis, "pad": _pad, "split": _split, "windows": _windows, "take": _take, "take along": _take_along,
    **{name: _stack(name) for name in ("hstack", "vstack", "dstack", "column_stack")},
}  # fmt: skip


@pytest.mark.parametrize("make", LINEAR.values(), ids=list(LINEAR))
@given(data=st.data())
def test_as_numpy_does_it(make, data):
    shape = data.draw(strategies.full_shapes)
    ours, numpys = make(data.draw, shape)
    array = laid_out(counted(shape), data.draw(strategies.layouts))
    x = gg.Tensor(array, requires_grad=True, copy=False)
    results, expected = ours(x), numpys(np.asarray(array, float))
    results, expected = (list(r) if isinstance(r, tuple | list) else [r] for r in (results, expected))
    weights = [counted(e.shape) - 7 for e in expected]
    for result, e in zip(results, expected, strict=True):
        assert result.shape == e.shape
        np.testing.assert_array_equal(result.numpy(), e)
    forward = sum(float(np.sum(w * e)) for w, e in zip(weights, expected, strict=True))
    (g,) = gg.grad(results, x, [gg.tensor(w) for w in weights])
    # Also with another input, so that a rule that happens to be right for one is found out.
    assert float(np.sum(g.numpy() * np.asarray(array, float))) == forward
    other = counted(shape)[::-1] * 3
    again = numpys(other)
    again = list(again) if isinstance(again, tuple | list) else [again]
    assert float(np.sum(g.numpy() * other)) == sum(float(np.sum(w * e)) for w, e in zip(weights, again, strict=True))


@given(strategies.broadcasting_pairs)
def test_broadcasting_and_its_sums(pair):
    a, b = (gg.tensor(counted(shape), requires_grad=True) for shape in pair)
    wide = gg.broadcast_tensors(a, b)
    expected = np.broadcast_arrays(counted(pair[0]), counted(pair[1]))
    for w, e in zip(wide, expected, strict=True):
        np.testing.assert_array_equal(w.numpy(), e)
    size = int(np.prod(expected[0].shape))
    for x, w in zip((a, b), wide, strict=True):
        (g,) = gg.grad(w.sum(), x)
        assert (g.numpy() * max(x.numel(), 1) == size).all()


@given(st.data())
def test_every_layout_gives_the_same(data):
    """Values and gradients do not depend on how an array lies in memory, on its byte order or its class."""
    shape = data.draw(strategies.full_shapes)
    dtype = data.draw(st.sampled_from(["float16", "float32", "float64"]))
    array = (counted(shape) % 7).astype(dtype)  # small, so that half precision adds exactly, in any order
    variant = laid_out(array, data.draw(strategies.layouts))
    found = []
    for a in (array, variant):
        x = gg.tensor(a, requires_grad=True)
        assert x.dtype == dtype and x.dtype.isnative and type(x.numpy()) is np.ndarray
        y = (gg.flip(x, 0) * x).sum(0, keepdim=True)
        found.append((y.numpy(), gg.grad(y.sum(), x)[0].numpy()))
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["roll", "flip", "gg.index_select", "pad", "tile"])
def test_arrays_and_lists_give_arrays(name):
    calls = {
        "roll": lambda x: gg.roll(x, 1), "flip": lambda x: gg.flip(x, 0), "pad": lambda x: pad(x, (1, 1)),
        "gg.index_select": lambda x: gg.index_select(x, 0, [1, 0]), "tile": lambda x: gg.tile(x, 2),
    }  # fmt: skip
    expected = calls[name](gg.tensor([1, 2])).numpy()
    for x in ([1, 2], np.array([1, 2])):
        result = calls[name](x)
        assert isinstance(result, np.ndarray)
        np.testing.assert_array_equal(result, expected)


def test_views_share_and_copies_do_not():
    x = gg.ones(2, 3)
    assert np.shares_memory(gg.unbind(x)[0].numpy(), x.numpy())
    assert np.shares_memory(x.unfold(1, 2, 1).numpy(), x.numpy())
    assert np.shares_memory(gg.contiguous(x).numpy(), x.numpy())
    assert not np.shares_memory(gg.roll(x, 1).numpy(), x.numpy())
    assert gg.contiguous(x.T).numpy().flags.c_contiguous
    with pytest.raises(ValueError, match="shared by broadcasting"):
        gg.expand(x, 4, 2, 3)[...] = 0


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int64", "float16"])
def test_dtypes_are_kept(dtype):
    x = gg.tensor(np.array([[1, 0], [1, 1]]).astype(dtype))
    for result in (
        gg.roll(x, 1), gg.flip(x, 0), gg.tile(x, 2), gg.rot90(x), pad(x, (1, 0)), pad(x, (1, 0), "replicate"),
        gg.repeat_interleave(x, 2), *gg.unbind(x), gg.hstack([x, x]), gg.unflatten(x, 0, (1, 2)), gg.take(x, [0]),
        gg.gather(x, 0, [[0, 1]]), gg.scatter(x, 0, [[0, 1]], x), gg.index_update(x, 0, True),
        gg.masked_fill(x, x > 0, 1),
    ):  # fmt: skip
        assert result.dtype == dtype


MESSAGES = {
    "unflatten: sizes (2, 2) do not multiply to the size 3": lambda x: gg.unflatten(x, 1, (2, 2)),
    "expand: shape (2, 3) cannot be expanded to (2, 4); only axes": lambda x: x.expand(2, 4),
    "expand: shape (2, 3) cannot be expanded to (-1, 2, 3)": lambda x: x.expand(-1, 2, 3),
    "hsplit: size 3 of dim 1 cannot be cut into 2 equal": lambda x: gg.hsplit(x, 2),
    "roll: 2 shifts for 1 dims": lambda x: gg.roll(x, (1, 2), 0),
    "repeat: shape (2, 3) has 2 axes": lambda x: x.repeat(2),
    "repeat_interleave: 2 repeats for 3 slices": lambda x: gg.repeat_interleave(x, [1, 2], 1),
    "unfold: parts of size 4 do not fit": lambda x: x.unfold(1, 4, 1),
    "pad: a reflect frame of (3, 0) is too wide for dim 1 of size 3; at most 2": lambda x: pad(x, (3, 0), "reflect"),
    "pad: pad (-2, -2) would leave dim 1": lambda x: pad(x, (-2, -2)),
    "pad: a value is for mode 'constant'": lambda x: pad(x, (1, 1), "reflect", 2.0),
    "gather: index 3 is out of range for dim 1, which has size 3": lambda x: gg.gather(x, 1, [[3]]),
    "gather: the index of shape (3, 1) is larger": lambda x: gg.gather(x, 1, [[0], [0], [0]]),
    "scatter: the source of shape (1, 1) is smaller than the index of shape (1, 2)": lambda x: gg.scatter(
        x, 1, [[0, 1]], gg.ones(1, 1)
    ),
    "scatter: the values have dtype int64 and the tensor float32": lambda x: gg.scatter(x, 1, [[0]], gg.tensor([[1]])),
    "index_add: a source of shape (2,) does not fit; for an index of 1 elements along dim 0": lambda x: gg.index_add(
        x, 0, [1], gg.ones(2)
    ),
    "masked_select: the mask must be bools": lambda x: gg.masked_select(x, [1, 0, 1]),
    "masked_fill: the mask of shape (2,) does not broadcast": lambda x: gg.masked_fill(x, [True, False], 0),
    "concatenate: there is no dim 2 in shapes (2, 3), (2, 3)": lambda x: gg.concatenate([x, x], 2),
}


@pytest.mark.parametrize("text", MESSAGES)
def test_messages(text):
    with pytest.raises((ValueError, IndexError, TypeError)) as raised:
        MESSAGES[text](gg.ones(2, 3))
    assert str(raised.value).startswith(text), str(raised.value)


def test_a_write_that_is_overwritten_gets_no_gradient():
    source = gg.tensor([1.0, 2.0, 3.0], requires_grad=True)
    x = gg.zeros(2, requires_grad=True)
    result = gg.scatter(x, 0, [0, 1, 0], source)
    assert result.tolist() == [3.0, 2.0]
    gx, gs = gg.grad(result, [x, source], gg.tensor([10.0, 20.0]))
    assert gx.tolist() == [0.0, 0.0] and gs.tolist() == [0.0, 20.0, 10.0]


def test_a_number_written_to_one_place_twice_counts_once():
    value = gg.tensor(5.0, requires_grad=True)
    assert gg.grad(gg.index_fill(gg.zeros(3), 0, [1, 1, -2], value).sum(), value)[0].item() == 1.0


def test_extrema_count_what_takes_part():
    """Without ``include_self`` what is in the tensor gets nothing, and takes nothing from those that tie."""
    x, s = gg.tensor([1.0, 7.0], requires_grad=True), gg.tensor([1.0, 1.0], requires_grad=True)
    gx, gs = gg.grad(gg.scatter_reduce(x, 0, [0, 0], s, "amax", include_self=False).sum(), [x, s])
    assert gx.tolist() == [0.0, 1.0] and gs.tolist() == [0.5, 0.5]


def test_masks_cover_nan():
    x = gg.tensor([1.0, float("nan")], requires_grad=True)
    y = gg.masked_fill(x, gg.tensor([False, True]), 0.0)
    assert gg.grad((y * y).sum(), x)[0].tolist() == [2.0, 0.0]


def test_empty_selections():
    x = gg.tensor(counted((2, 3)), requires_grad=True)
    nothing = np.zeros(0, int)
    for result, shape in (
        (gg.index_select(x, 0, nothing), (0, 3)), (gg.take(x, nothing), (0,)), (x[nothing], (0, 3)),
        (gg.masked_select(x, x > 99), (0,)), (gg.gather(x, 0, nothing.reshape(0, 3)), (0, 3)),
    ):  # fmt: skip
        assert result.shape == shape
        assert not gg.grad(result.sum(), x)[0].numpy().any()
    for result in (
        gg.index_add(x, 0, nothing, gg.zeros(0, 3, dtype="float64")),
        gg.index_fill(x, 0, nothing, 1.0),
        gg.scatter_reduce(x, 0, nothing.reshape(0, 3), gg.zeros(0, 3, dtype="float64"), "prod"),
        gg.masked_scatter(x, x > 99, gg.zeros(0, dtype="float64")),
        gg.index_update(x, nothing, 1.0),
    ):
        np.testing.assert_array_equal(result.numpy(), x.numpy())
        assert (gg.grad(result.sum(), x)[0].numpy() == 1).all()
