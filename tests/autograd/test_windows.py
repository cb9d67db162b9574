"""Convolutions, pools, columns and resampling: against loops written from the formulas, at the edges, and refused."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import glassgrad as gg

F = gg.nn.functional
RNG = np.random.default_rng(5)


def draw(*shape):
    return RNG.standard_normal(shape)


def leaf(array):
    return gg.tensor(array, requires_grad=True)


# -- loops from the formulas -----------------------------------------------------------------------------------


def padded(x, before, after, value=0.0):
    rank = len(before)
    return np.pad(x, [(0, 0)] * (x.ndim - rank) + list(zip(before, after, strict=True)), constant_values=value)


def looped_convolution(x, w, b, stride, before, after, dilation, groups):
    """out[n, f, i] = b[f] + Σ_c Σ_k padded[n, c, s·i + d·k] · w[f, c, k], for any number of axes."""
    rank = w.ndim - 2
    frame = padded(x, before, after)
    sizes = [(frame.shape[2 + a] - dilation[a] * (w.shape[2 + a] - 1) - 1) // stride[a] + 1 for a in range(rank)]
    out = np.zeros((x.shape[0], w.shape[0], *sizes))
    for n, f in itertools.product(range(x.shape[0]), range(w.shape[0])):
        first = f // (w.shape[0] // groups) * w.shape[1]
        for place in itertools.product(*map(range, sizes)):
            total = 0.0 if b is None else b[f]
            for c, *taps in itertools.product(*map(range, w.shape[1:])):
                at = tuple(stride[a] * place[a] + dilation[a] * taps[a] for a in range(rank))
                total += frame[(n, first + c, *at)] * w[(f, c, *taps)]
            out[(n, f, *place)] = total
    return out


@pytest.mark.parametrize("rank", [1, 2, 3])
@settings(deadline=None, derandomize=True, max_examples=25)
@given(data=st.data())
def test_convolution_is_its_formula(rank, data):
    pick = lambda low, high: tuple(data.draw(st.integers(low, high)) for _ in range(rank))  # noqa: E731
    groups, inside, each = (data.draw(st.integers(1, 2)) for _ in range(3))
    kernel, stride, padding, dilation = pick(1, 3), pick(1, 3), pick(0, 2), pick(1, 2)
    image = tuple(max(1, dilation[a] * (kernel[a] - 1) + 1 - 2 * padding[a]) + e for a, e in enumerate(pick(0, 3)))
    batch = data.draw(st.integers(0, 2))
    x, w = draw(batch, groups * inside, *image), draw(groups * each, inside, *kernel)
    b = draw(groups * each) if data.draw(st.booleans()) else None
    convolve = getattr(F, f"conv{rank}d")
    expected = looped_convolution(x, w, b, stride, padding, padding, dilation, groups)
    bias = None if b is None else gg.tensor(b)
    out = convolve(gg.tensor(x), gg.tensor(w), bias, stride, padding, dilation, groups)
    np.testing.assert_allclose(out.numpy(), expected, atol=1e-12)

    # The transposed convolution is the transpose: ⟨conv(x), y⟩ = ⟨x, convᵀ(y)⟩.
    y = draw(*expected.shape)
    back = getattr(F, f"conv_transpose{rank}d")
    shortest = [
        (n - 1) * s - 2 * p + d * (k - 1) + 1
        for n, s, p, d, k in zip(y.shape[2:], stride, padding, dilation, kernel, strict=True)
    ]
    missing = tuple(n - m for n, m in zip(image, shortest, strict=True))
    if min(shortest) >= 1:
        z = back(gg.tensor(y), gg.tensor(w), None, stride, padding, missing, groups, dilation)
        assert z.shape == x.shape
        without = looped_convolution(x, w, None, stride, padding, padding, dilation, groups)
        assert np.sum(without * y) == pytest.approx(np.sum(x * z.numpy()), abs=1e-10)


@pytest.mark.parametrize(("kernel", "before", "after"), [(1, 0, 0), (2, 0, 1), (3, 1, 1), (4, 1, 2)])
def test_same_padding_puts_the_odd_one_at_the_end(kernel, before, after):
    x, w = draw(1, 1, 6), draw(1, 1, kernel)
    expected = looped_convolution(x, w, None, (1,), (before,), (after,), (1,), 1)
    np.testing.assert_allclose(gg.conv1d(gg.tensor(x), gg.tensor(w), padding="same").numpy(), expected, atol=1e-12)
    assert expected.shape == x.shape


def test_convolution_without_channels():
    out = gg.conv2d(gg.zeros(2, 0, 4, 4), gg.zeros(3, 0, 2, 2), gg.tensor([1.0, 2.0, 3.0]))
    assert out.shape == (2, 3, 3, 3) and out.numpy()[0, :, 1, 1].tolist() == [1, 2, 3]


def looped_windows(x, kernel, stride, padding, dilation, sizes):
    """Yield for each window its place and the indices of the elements of the image in it."""
    for place in itertools.product(*map(range, sizes)):
        axes = [
            [i for i in (place[a] * stride[a] - padding[a] + dilation[a] * k for k in range(kernel[a])) if 0 <= i < n]
            for a, n in enumerate(x.shape[2:])
        ]
        yield place, list(itertools.product(*axes))


@settings(deadline=None, derandomize=True, max_examples=60)
@given(data=st.data())
def test_pools_are_their_formulas(data):
    rank = data.draw(st.integers(1, 3))
    pick = lambda low, high: tuple(data.draw(st.integers(low, high)) for _ in range(rank))  # noqa: E731
    kernel, stride, dilation = pick(1, 3), pick(1, 3), pick(1, 2)
    padding = tuple(data.draw(st.integers(0, k // 2)) for k in kernel)
    image = tuple(dilation[a] * (kernel[a] - 1) + 1 + e for a, e in enumerate(pick(0, 3)))
    ceil_mode = data.draw(st.booleans())
    x = draw(1, 2, *image)
    sizes = []
    for n, k, s, p, d in zip(image, kernel, stride, padding, dilation, strict=True):
        rounded = (math.ceil if ceil_mode else math.floor)((n + 2 * p - d * (k - 1) - 1) / s) + 1
        sizes.append(rounded - (ceil_mode and (rounded - 1) * s >= n + p))
    values, indices = getattr(F, f"max_pool{rank}d")(
        leaf(x), kernel, stride, padding, dilation, ceil_mode, return_indices=True
    )
    t = leaf(x)
    fused = getattr(F, f"max_pool{rank}d")(t, kernel, stride, padding, dilation, ceil_mode)
    y = draw(*values.shape)
    fused.backward(gg.tensor(y))
    gradient = np.zeros_like(x)
    for (place, seen), c in itertools.product(looped_windows(x, kernel, stride, padding, dilation, sizes), range(2)):
        best = max(seen, key=lambda at: x[(0, c, *at)])
        assert values.numpy()[(0, c, *place)] == fused.numpy()[(0, c, *place)] == x[(0, c, *best)]
        assert indices.numpy()[(0, c, *place)] == np.ravel_multi_index(best, image)
        gradient[(0, c, *best)] += y[(0, c, *place)]
    np.testing.assert_allclose(t.grad.numpy(), gradient)

    if set(dilation) == {1}:
        mean = getattr(F, f"avg_pool{rank}d")(gg.tensor(x), kernel, stride, padding, ceil_mode, False)
        for place, seen in looped_windows(x, kernel, stride, padding, dilation, sizes):
            expected = np.mean([x[(0, 1, *at)] for at in seen])
            assert mean.numpy()[(0, 1, *place)] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("n", "count"), [(7, 3), (4, 4), (3, 5), (10, 1), (9, 3)])
def test_adaptive_pools_are_their_formulas(n, count):
    x = draw(1, 1, n)
    parts = [x[0, 0, i * n // count : -(-(i + 1) * n // count)] for i in range(count)]
    np.testing.assert_allclose(F.adaptive_avg_pool1d(gg.tensor(x), count).numpy()[0, 0], [p.mean() for p in parts])
    np.testing.assert_allclose(F.adaptive_max_pool1d(gg.tensor(x), count).numpy()[0, 0], [p.max() for p in parts])


def test_power_average_is_its_formula():
    x = np.abs(draw(1, 1, 4, 6)) + 0.1
    out = F.lp_pool2d(gg.tensor(x), 3, (2, 3)).numpy()
    expected = (x.reshape(2, 2, 2, 3) ** 3).sum((1, 3)) ** (1 / 3)
    np.testing.assert_allclose(out[0, 0], expected)


def test_the_power_average_of_nothing_has_gradient_zero():
    x = leaf(np.zeros((1, 1, 4)))
    F.lp_pool1d(x, 2, 2).sum().backward()
    assert x.grad.numpy().tolist() == [[[0, 0, 0, 0]]]


# -- columns ---------------------------------------------------------------------------------------------------


def test_columns_are_the_windows():
    x = draw(2, 3, 5, 6)
    out = F.unfold(gg.tensor(x), (2, 3), dilation=(1, 2), padding=(1, 0), stride=2).numpy()
    frame = padded(x, (1, 0), (1, 0))
    expected = [
        frame[:, :, i : i + 2, j : j + 5 : 2].reshape(2, 18)
        for i in range(0, frame.shape[2] - 1, 2)
        for j in range(0, frame.shape[3] - 4, 2)
    ]
    np.testing.assert_array_equal(out, np.stack(expected, 2))


def test_folding_disjoint_columns_gives_the_image_back():
    x = draw(2, 3, 4, 6)
    columns = F.unfold(gg.tensor(x), (2, 3), stride=(2, 3))
    np.testing.assert_array_equal(F.fold(columns, (4, 6), (2, 3), stride=(2, 3)).numpy(), x)


# -- other sizes -----------------------------------------------------------------------------------------------


def test_linear_interpolation_reproduces_a_straight_line():
    line = np.arange(5.0)[None, None]
    for size in (2, 9, 13):
        out = F.interpolate(gg.tensor(line), size, mode="linear", align_corners=True).numpy()
        np.testing.assert_allclose(out[0, 0], np.linspace(0, 4, size), atol=1e-12)


def test_cubic_interpolation_of_a_constant_is_constant():
    for antialias, size in itertools.product((False, True), (3, 9)):
        out = F.interpolate(gg.ones(1, 1, 5, 6), size, mode="bicubic", antialias=antialias).numpy()
        np.testing.assert_allclose(out, 1, rtol=1e-6)


def test_enlarging_repeats_pixels():
    x = draw(1, 2, 3, 2)
    out = F.interpolate(gg.tensor(x), scale_factor=(2, 3)).numpy()
    np.testing.assert_array_equal(out, x.repeat(2, 2).repeat(3, 3))
    np.testing.assert_array_equal(F.interpolate(gg.tensor(x), (6, 6), mode="nearest-exact").numpy(), out)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.sampled_from(["nearest", "nearest-exact", "linear", "area"]), st.integers(1, 12), st.integers(1, 12))
def test_the_gradient_of_interpolation_is_the_transposed_matrix(mode, n, count):
    matrix = F.interpolate(gg.tensor(np.eye(n)[None]), count, mode=mode).numpy()[0].T
    x, y = leaf(draw(1, 1, n)), draw(1, 1, count)
    F.interpolate(x, count, mode=mode).backward(gg.tensor(y))
    np.testing.assert_allclose(x.grad.numpy()[0, 0], matrix.T @ y[0, 0], atol=1e-12)
    np.testing.assert_allclose(matrix.sum(1), 1)


def test_pixel_shuffle_is_its_formula():
    x, r = draw(2, 8, 3, 2), 2
    out = F.pixel_shuffle(gg.tensor(x), r).numpy()
    for c, i, j, a, b in itertools.product(range(2), range(3), range(2), range(r), range(r)):
        assert out[1, c, i * r + a, j * r + b] == x[1, c * r * r + a * r + b, i, j]
    np.testing.assert_array_equal(F.pixel_unshuffle(gg.tensor(out), r).numpy(), x)


# -- edges -----------------------------------------------------------------------------------------------------


def test_of_places_that_repeat_the_last_element_stays_and_has_the_gradient():
    x = leaf([[[1.0, 2.0, 3.0]]])
    y = F.max_unpool1d(x, gg.tensor([[[4, 4, 0]]]), 2)
    assert y.numpy().tolist() == [[[3, 0, 0, 0, 2, 0]]]
    y.backward(gg.tensor([[[10.0, 20.0, 30.0, 40.0, 50.0, 60.0]]]))
    assert x.grad.numpy().tolist() == [[[0, 50, 10]]]


def test_pooling_and_unpooling_give_the_maxima_back():
    x = draw(2, 3, 4, 6)
    y, places = F.max_pool2d(leaf(x), 2, return_indices=True)
    z = F.max_unpool2d(y, places, 2).numpy()
    assert places.dtype == "int64" and not places.requires_grad
    np.testing.assert_array_equal(z, np.where(z != 0, x, 0))
    assert np.count_nonzero(z) == y.numpy().size


def test_indices_do_not_change_the_gradient():
    x = draw(1, 2, 12, 12)
    for args in [(2,), (3, 1, 1), (12,), (10, 1), (9, 2, 4)]:
        gradients = []
        for indices in (False, True):
            t = leaf(x)
            y = F.max_pool2d(t, *args, return_indices=indices)
            (y[0] if indices else y).sum().backward()
            gradients.append(t.grad.numpy())
        np.testing.assert_array_equal(*gradients)


def test_means_of_integers_are_integers():
    out = F.avg_pool1d(gg.tensor([[1, 2, -5, 0, 7, 7]]), 2)
    assert out.dtype == "int64" and out.numpy().tolist() == [[1, -2, 7]]
    out = F.avg_pool2d(gg.tensor(np.arange(9).reshape(1, 3, 3)), 3, padding=1, stride=2, divisor_override=4)
    assert out.numpy().tolist() == [[[2, 3], [5, 6]]]


def test_interpolation_of_integers_is_floating():
    out = F.interpolate(gg.tensor([[[0, 3]]]), 4, mode="linear")
    assert out.dtype == "float32" and out.numpy().tolist() == [[[0, 0.75, 2.25, 3]]]


def test_arrays_and_lists_are_welcome():
    assert isinstance(F.max_pool1d(np.ones((1, 4)), 2), np.ndarray)
    assert isinstance(F.avg_pool1d([[1.0, 3.0]], 2), np.ndarray)
    assert isinstance(F.interpolate(np.ones((1, 1, 4), np.float32), 8, mode="linear"), np.ndarray)
    assert F.interpolate(np.ones((1, 1, 4), np.float32), 8, mode="linear").dtype == np.float32


# -- what is refused -------------------------------------------------------------------------------------------


def zeros(*shape):
    return gg.zeros(*shape)


REFUSED = [
    (lambda: F.conv1d(zeros(5), zeros(1, 1, 2)), ["conv1d", "(N, C, L) or (C, L)", "(5,)"]),
    (lambda: F.conv1d(zeros(1, 2, 5), zeros(3, 2, 6)), ["conv1d", "size 6", "5 + 2·0 = 5"]),
    (lambda: F.conv3d(zeros(1, 2, 5, 5, 5), zeros(3, 2, 6)), ["conv3d", "(out, in/groups, depth, height, width)"]),
    (lambda: F.conv3d(zeros(1, 2, 5, 5, 5), zeros(3, 2, 1, 1, 1), stride=(1, 2)), ["conv3d", "triple", "(1, 2)"]),
    (lambda: F.conv_transpose2d(zeros(1, 2, 3, 3), zeros(3, 1, 2, 2)), ["conv_transpose2d", "2 channels", "expects 3"]),
    (lambda: F.conv_transpose2d(zeros(1, 2, 3, 3), zeros(2, 1, 2, 2), output_padding=1), ["output_padding 1"]),
    (lambda: F.conv_transpose1d(zeros(1, 2, 1), zeros(2, 1, 2), padding=1), ["nothing is left", "− 2·1", "= 0"]),
    (lambda: F.conv_transpose1d(zeros(1, 2, 3), zeros(2, 1, 2), zeros(2)), ["bias", "(2,)", "1 output"]),
    (lambda: F.max_pool1d(zeros(1, 2, 5), 6), ["max_pool1d", "size 6", "5 + 2·0 = 5"]),
    (lambda: F.max_pool1d(zeros(1, 2, 5), 3, dilation=3), ["size 3", "reaching 7 with dilation 3", "= 5"]),
    (lambda: F.max_pool2d(zeros(1, 0, 5, 5), 2), ["max_pool2d", "only the batch may be empty", "(1, 0, 5, 5)"]),
    (lambda: F.avg_pool2d(zeros(1, 2, 5, 5), 2, divisor_override=0), ["avg_pool2d", "divisor_override", "zero"]),
    (lambda: F.avg_pool3d(zeros(1, 2, 5, 5, 5), 2, padding=2), ["avg_pool3d", "padding 2", "half of kernel_size 2"]),
    (lambda: F.lp_pool1d(zeros(1, 2, 5), 2, 6), ["lp_pool1d", "size 6", "= 5"]),
    (lambda: F.adaptive_avg_pool2d(zeros(1, 2, 5, 5), (1, 2, 3)), ["adaptive_avg_pool2d", "output_size", "(1, 2, 3)"]),
    (lambda: F.adaptive_max_pool1d(zeros(2, 5), -1), ["adaptive_max_pool1d", "negative", "-1"]),
    (lambda: F.max_unpool2d(zeros(1, 2, 2), np.zeros((1, 2, 3), int), 2), ["max_unpool2d", "(1, 2, 3)", "(1, 2, 2)"]),
    (lambda: F.max_unpool1d(zeros(1, 2), np.array([[1, 9]]), 2), ["max_unpool1d", "index 9", "4 elements (0..3)"]),
    (lambda: F.max_unpool1d(zeros(1, 2), np.array([[1.0, 0.0]]), 2), ["max_unpool1d", "integers", "float64"]),
    (lambda: F.max_unpool1d(zeros(1, 2), np.array([[1, 0]]), 2, output_size=(9,)), ["output_size (9,)", "(4,)"]),
    (lambda: F.unfold(zeros(1, 2, 3, 3), 4), ["unfold", "size 4", "3 + 2·0 = 3"]),
    (lambda: F.fold(zeros(1, 6, 4), (3, 3), 2), ["fold", "columns of 6", "2·2 = 4"]),
    (lambda: F.fold(zeros(1, 4, 5), (3, 3), 2), ["fold", "5 columns", "2·2 = 4 such windows"]),
    (lambda: F.interpolate(zeros(1, 2, 3), 3, mode="bilinear"), ["interpolate", "'bilinear'", "2 spatial", "has 1"]),
    (lambda: F.interpolate(zeros(1, 2, 3)), ["interpolate", "size or scale_factor"]),
    (lambda: F.interpolate(zeros(1, 2, 3), 3, align_corners=True), ["align_corners", "'nearest'"]),
    (lambda: F.interpolate(zeros(1, 2, 3), 3, mode="cubist"), ["'cubist'", "choose from nearest"]),
    (lambda: F.interpolate(zeros(1, 2, 3), scale_factor=0.1), ["from size (3,) to (0,)"]),
    (lambda: F.pixel_shuffle(zeros(1, 6, 3, 3), 2), ["pixel_shuffle", "6 channels", "2² = 4"]),
    (lambda: F.pixel_unshuffle(zeros(1, 6, 3, 3), 2), ["pixel_unshuffle", "(3, 3)", "2"]),
    (lambda: F.channel_shuffle(zeros(1, 6, 3), 4), ["channel_shuffle", "groups = 4", "6 channels"]),
]


@pytest.mark.parametrize(("call", "parts"), REFUSED)
def test_messages_say_what_does_not_fit(call, parts):
    with pytest.raises((ValueError, IndexError, TypeError)) as caught:
        call()
    missing = [part for part in parts if part not in str(caught.value)]
    assert not missing, f"{missing} not in {str(caught.value)!r}"


def test_a_window_in_the_padding_has_no_index():
    x = gg.tensor([[1.0]])
    assert F.max_pool1d(x, 2, 2, 1, 3, True).numpy().tolist() == [[-np.inf]]
    with pytest.raises(ValueError, match=r"max_pool1d: a window of size 2 with dilation 3 .* no index"):
        F.max_pool1d(x, 2, 2, 1, 3, True, return_indices=True)


def test_convolution_keeps_only_what_its_gradients_need():
    """Not the image where only the image wants a gradient, for every number of axes."""
    for rank in (1, 2, 3):
        x, w = leaf(draw(1, 1, *(3,) * rank)), leaf(draw(1, 1, *(2,) * rank))
        y = getattr(F, f"conv{rank}d")(x, w.detach())
        names = [n for n, s in zip(y.grad_fn.primitive.saved_names, y.grad_fn.saved, strict=True) if s is not None]
        assert names == ["weight"]
