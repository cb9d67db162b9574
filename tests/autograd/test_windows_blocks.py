"""Convolutions, pools and interpolation where kernels take another way than for the small samples of the registry."""

import numpy as np
import pytest

import glassgrad as gg

F = gg.nn.functional


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("size", [(40, 31), (7, 9), (20, 33)])
@pytest.mark.parametrize("align_corners", [False, True])
def test_interpolation_of_many_images_is_that_of_each(mode, size, align_corners):
    rng = np.random.default_rng(0)
    x = gg.tensor(rng.standard_normal((5, 8, 20, 20)), requires_grad=True)
    g = rng.standard_normal((5, 8, *size))
    out = F.interpolate(x, size, mode=mode, align_corners=align_corners)
    out.backward(gg.tensor(g))
    for i in range(5):
        one = gg.tensor(x.detach().numpy()[i : i + 1, :2], requires_grad=True)
        single = F.interpolate(one, size, mode=mode, align_corners=align_corners)
        single.backward(gg.tensor(g[i : i + 1, :2]))
        np.testing.assert_allclose(out.numpy()[i : i + 1, :2], single.numpy(), rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(x.grad.numpy()[i : i + 1, :2], one.grad.numpy(), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_odd_pixel_spoils_only_its_neighbours(bad):
    x = np.ones((4, 4, 20, 20), np.float32)
    x[0, 0, 10, 10] = bad
    out = F.interpolate(gg.tensor(x), scale_factor=2, mode="bilinear").numpy()
    assert np.isfinite(out).sum() == out.size - 16
    assert not np.isfinite(out[0, 0, 19:23, 19:23]).any()


@pytest.mark.parametrize("stride", [1, 2, 3, (1, 3)])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_odd_weight_spoils_only_what_it_meets(stride, bad):
    w = np.ones((2, 1, 3, 3))
    w[0, 0, 1, 2] = bad
    x = np.ones((1, 2, 4, 4))
    out = gg.conv_transpose2d(gg.tensor(x), gg.tensor(w), stride=stride).numpy()
    down, right = (stride, stride) if isinstance(stride, int) else stride
    met = np.zeros(out.shape[-2:], bool)
    met[1 : 1 + 4 * down : down, 2 : 2 + 4 * right : right] = True
    np.testing.assert_array_equal(~np.isfinite(out[0, 0]), met)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_transposed_convolution_of_many_images_is_that_of_each(stride, groups):
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((30, 4, 40, 41)), rng.standard_normal((4, 4 // groups, 3, 4))
    kwargs = {"stride": stride, "padding": 1, "groups": groups}
    out = gg.conv_transpose2d(gg.tensor(x), gg.tensor(w), **kwargs).numpy()
    for i in (0, 13, 29):
        # By the definition: each element of the input is a patch of the output.
        frame = np.zeros((4, 39 * stride + 3, 40 * stride + 4))
        for c in range(4):
            for f in range(4 // groups):
                to = c // (4 // groups) * (4 // groups) + f
                for k in range(3):
                    for m in range(4):
                        frame[to, k : k + 39 * stride + 1 : stride, m : m + 40 * stride + 1 : stride] += (
                            x[i, c] * w[c, f, k, m]
                        )
        np.testing.assert_allclose(out[i], frame[:, 1:-1, 1:-1], rtol=1e-10, atol=1e-10)


def test_a_size_that_is_no_int_is_not_taken_for_one_that_was_seen():
    x = gg.ones(1, 1, 4, 4)
    gg.max_pool2d(x, 2)
    with pytest.raises(ValueError, match="kernel_size must be an integer"):
        gg.max_pool2d(x, 2.0)
    with pytest.raises(ValueError, match="kernel_size must be an integer"):
        gg.max_pool2d(x, (2, 2.0))
    w = gg.ones(1, 1, 2, 2)
    gg.conv2d(x, w, stride=1)
    with pytest.raises(ValueError, match="stride must be an integer"):
        gg.conv2d(x, w, stride=1.0)


def test_parts_of_uneven_size_name_the_first_of_equals_and_the_last_nan():
    x = np.zeros((1, 1, 5, 5))
    values, places = F.adaptive_max_pool2d(gg.tensor(x), 3, True)
    np.testing.assert_array_equal(places.numpy()[0, 0], [[0, 1, 3], [5, 6, 8], [15, 16, 18]])
    x[0, 0, 1, 1] = x[0, 0, 3, 2] = x[0, 0, 2, 3] = np.nan
    values, places = F.adaptive_max_pool2d(gg.tensor(x), 3, True)
    np.testing.assert_array_equal(np.isnan(values.numpy()[0, 0]), [[1, 1, 0], [1, 1, 1], [0, 1, 0]])
    assert places.numpy()[0, 0, 1, 1] == 17
    assert places.numpy()[0, 0, 1, 2] == 13
