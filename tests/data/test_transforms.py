"""Image transforms: layouts, batches, repeatability, and what each does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import glassgrad as gg
from glassgrad.data import TensorDataset, TransformedDataset, transforms

RANDOM = {
    "crop": lambda **o: transforms.RandomCrop(3, padding=1, **o),
    "shift": lambda **o: transforms.RandomShift(2, **o),
    "horizontal": lambda **o: transforms.RandomHorizontalFlip(**o),
    "vertical": lambda **o: transforms.RandomVerticalFlip(**o),
    "rotation": lambda **o: transforms.RandomRotation(90, "bilinear", **o),
    "affine": lambda **o: transforms.RandomAffine(30, (0.2, 0.2), (0.8, 1.2), 20, **o),
    "noise": lambda **o: transforms.GaussianNoise(**o),
}
kinds = pytest.mark.parametrize("kind", list(RANDOM))


def images(n=6, channels=2, height=4, width=5, dtype=np.float32):
    return np.random.default_rng(0).random((n, channels, height, width)).astype(dtype)


@kinds
def test_layouts_and_batches_agree(kind):
    batch = images()
    expected = RANDOM[kind](seed=3)(batch)
    last = RANDOM[kind](seed=3, layout="HWC")(np.moveaxis(batch, 1, -1))
    np.testing.assert_array_equal(np.moveaxis(last, -1, 1), expected)
    one, grey = RANDOM[kind](seed=3)(batch[0]), RANDOM[kind](seed=3)(batch[0, 0])
    assert one.shape == expected.shape[1:] and grey.shape == expected.shape[2:]
    np.testing.assert_array_equal(RANDOM[kind](seed=3)(batch[:1])[0], one)


@kinds
def test_the_same_seed_repeats_and_each_image_has_its_own_draw(kind):
    batch = np.repeat(images(1), 8, axis=0)
    first, second = RANDOM[kind](seed=1), RANDOM[kind](generator=np.random.default_rng(1))
    out = first(batch)
    np.testing.assert_array_equal(second(batch), out)
    assert any(not np.array_equal(out[0], other) for other in out[1:])
    again = first(batch)
    assert not np.array_equal(again, out)
    gg.manual_seed(5)
    library = RANDOM[kind]()(batch)
    gg.manual_seed(5)
    np.testing.assert_array_equal(RANDOM[kind]()(batch), library)


@kinds
def test_the_input_is_not_written_to_and_its_kind_is_kept(kind):
    batch = images()
    before = batch.copy()
    out = RANDOM[kind](seed=0)(gg.tensor(batch))
    assert isinstance(out, gg.Tensor) and out.dtype == np.float32
    assert isinstance(RANDOM[kind](seed=0)(batch), np.ndarray)
    np.testing.assert_array_equal(batch, before)


@kinds
def test_an_empty_batch_stays_empty(kind):
    assert len(RANDOM[kind](seed=0)(images(0))) == 0


@kinds
def test_states_take_a_transform_back(kind):
    transform = transforms.Compose([RANDOM[kind](seed=2), RANDOM[kind]()])
    transform(images())
    state, library = transform.state_dict(), gg.get_rng_state()
    out = transform(images())
    transform.load_state_dict(state)
    gg.set_rng_state(library)
    np.testing.assert_array_equal(transform(images()), out)


# --- what each does


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 6), st.integers(1, 6), st.integers(0, 99))
def test_a_crop_is_a_window_of_the_image(height, width, window_height, window_width, seed):
    image = np.arange(height * width).reshape(1, height, width)
    crop = transforms.RandomCrop((window_height, window_width), seed=seed)
    if window_height > height or window_width > width:
        with pytest.raises(ValueError, match="does not fit into an image"):
            crop(image)
        return
    out = crop(image)[0]
    top, left = divmod(int(out[0, 0]), width)
    np.testing.assert_array_equal(out, image[0, top : top + window_height, left : left + window_width])


def test_padding_of_a_crop():
    image = np.ones((1, 2, 2))
    assert transforms.RandomCrop((4, 8), padding=(1, 0, 5, 2), fill=7)(image).tolist() == [
        [[7, 1, 1, 7, 7, 7, 7, 7], [7, 1, 1, 7, 7, 7, 7, 7], [7] * 8, [7] * 8]
    ]
    assert transforms.RandomCrop(6, pad_if_needed=True)(image).shape == (1, 6, 6)
    edge = transforms.RandomCrop(4, padding=1, padding_mode="edge")(np.array([[1.0, 2], [3, 4]]))
    assert edge[0].tolist() == [1, 1, 2, 2]


@given(st.integers(0, 7), st.integers(0, 99))
def test_a_shift_moves_whole_pixels_and_fills(pixels, seed):
    image = np.arange(1, 21).reshape(4, 5)
    out = transforms.RandomShift(pixels, fill=0, seed=seed)(image)
    candidates = []
    padded = np.pad(image, 8)
    for y in range(-pixels, pixels + 1):
        for x in range(-pixels, pixels + 1):
            candidates.append(padded[8 - y : 12 - y, 8 - x : 13 - x])
    assert any(np.array_equal(out, candidate) for candidate in candidates)


def test_all_shifts_are_reached():
    image = np.zeros((7, 7))
    image[3, 3] = 1
    shift = transforms.RandomShift((1, 2), seed=0)
    places = {tuple(np.argwhere(shift(image))[0].tolist()) for _ in range(300)}
    assert places == {(y, x) for y in (2, 3, 4) for x in (1, 2, 3, 4, 5)}


@given(st.floats(0, 1), st.integers(0, 99))
def test_flips(p, seed):
    batch = images(40)
    for kind, axis in ((transforms.RandomHorizontalFlip, 3), (transforms.RandomVerticalFlip, 2)):
        out = kind(p, seed=seed)(batch)
        flipped = [not np.array_equal(a, b) for a, b in zip(out, batch, strict=True)]
        for i, turned in enumerate(flipped):
            np.testing.assert_array_equal(out[i], np.flip(batch, axis)[i] if turned else batch[i])
        assert any(flipped) <= (p > 0) and all(flipped) >= (p == 1)


def test_flips_are_as_frequent_as_wanted():
    """Of 2,000 images, within four standard deviations."""
    for p in (0.1, 0.5):
        out = transforms.RandomHorizontalFlip(p, seed=0)(np.broadcast_to([0.0, 1.0], (2000, 1, 1, 2)))
        assert abs((out[:, 0, 0, 0] == 1).sum() - 2000 * p) < 4 * np.sqrt(2000 * p * (1 - p))


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear"])
@pytest.mark.parametrize("shape", [(5, 5), (6, 6)])
def test_right_angles_turn_counter_clockwise_exactly(interpolation, shape):
    image = np.random.default_rng(0).random(shape)
    for quarter in range(4):
        turn = transforms.RandomRotation((90 * quarter, 90 * quarter), interpolation)
        np.testing.assert_allclose(turn(image), np.rot90(image, quarter), atol=1e-9)


def test_bilinear_sampling_of_a_plane_is_the_plane():
    """a + b·y + c·x is reproduced exactly between pixels: the formula of the inverse map, by hand."""
    y, x = np.mgrid[0:9.0, 0:9.0]
    out = transforms.RandomAffine((30, 30), scale=(1.1, 1.1), interpolation="bilinear")(1 + 2 * y + 3 * x)
    angle = np.deg2rad(30)
    v, u = y - 4, x - 4
    # Turning counter-clockwise while rows point down: a pixel comes from the place turned clockwise, and nearer.
    from_x = (np.cos(angle) * u - np.sin(angle) * v) / 1.1 + 4
    from_y = (np.sin(angle) * u + np.cos(angle) * v) / 1.1 + 4
    inside = (from_x >= 0) & (from_x <= 8) & (from_y >= 0) & (from_y <= 8)
    np.testing.assert_allclose(out[inside], (1 + 2 * from_y + 3 * from_x)[inside], atol=1e-6)
    assert inside.sum() > 40


def test_translation_and_integers():
    image = np.zeros((5, 5), np.uint8)
    image[2, 2] = 200
    out = transforms.RandomAffine(0, translate=(0.4, 0), seed=0)
    rows = {tuple(np.argwhere(out(image))[0].tolist()) for _ in range(100)}
    assert rows == {(2, x) for x in range(5)}
    assert transforms.RandomRotation((45, 45), "bilinear")(image).dtype == np.uint8


def test_noise_has_the_wanted_distribution():
    noise = transforms.GaussianNoise(0.5, 2.0, clip=False, seed=0)(np.zeros((100, 100)))
    assert abs(noise.mean() - 0.5) < 4 * 2 / 100 and abs(noise.std() - 2) < 4 * 2 / np.sqrt(2e4)
    clipped = transforms.GaussianNoise(0.5, 2.0, seed=0)(np.zeros((100, 100)))
    np.testing.assert_array_equal(clipped, np.clip(noise, 0, 1))


def test_to_tensor():
    out = transforms.ToTensor()(np.full((2, 3, 4), 51, np.uint8))
    assert out.shape == (4, 2, 3) and out.dtype == np.float32 and out.numpy().max() == np.float32(0.2)
    assert transforms.ToTensor()(np.zeros((7, 2, 3, 4))).shape == (7, 4, 2, 3)
    assert transforms.ToTensor()(np.full((2, 3), 9.0)).shape == (1, 2, 3)
    kept = gg.zeros(4, 2, 3)
    assert transforms.ToTensor()(kept) is kept


def test_normalize_by_channel():
    batch = images(channels=2)
    out = transforms.Normalize([0.5, 0.1], [0.2, 0.4])(batch)
    np.testing.assert_allclose(out[:, 1], (batch[:, 1] - 0.1) / 0.4, rtol=1e-5)
    last = transforms.Normalize([0.5, 0.1], [0.2, 0.4], layout="HWC")(np.moveaxis(batch, 1, -1))
    np.testing.assert_array_equal(np.moveaxis(last, -1, 1), out)


# --- a data set with a transform


def test_a_transformed_data_set_changes_inputs_and_targets():
    pairs = TensorDataset(images(), np.arange(6))
    changed = TransformedDataset(pairs, lambda x: x * 2, lambda t: t + 10)
    assert changed[3][1].item() == 13 and len(changed) == 6
    x, t = changed.take([1, 0])
    assert t.tolist() == [11, 10]
    np.testing.assert_allclose(x.numpy(), images()[[1, 0]] * 2)
    assert [label.item() for _, label in changed] == list(range(10, 16))


def test_transforms_of_the_package_see_whole_batches_others_single_samples():
    calls = []

    class Spy(transforms.Transform):
        def images(self, images):
            calls.append(images.shape)
            return images

    pairs = TensorDataset(images(), np.arange(6))
    TransformedDataset(pairs, transforms.Compose([Spy()])).take([0, 1, 2])
    TransformedDataset(pairs, transforms.Compose([Spy(), lambda x: x])).take([0, 1])
    assert calls == [(3, 2, 4, 5), (1, 2, 4, 5), (1, 2, 4, 5)]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: transforms.RandomCrop(0), ValueError, "RandomCrop: size must be at least 1, got 0"),
        (lambda: transforms.RandomCrop(2.5), TypeError, "size must be whole numbers, not 2.5"),
        (lambda: transforms.RandomCrop(2, padding=(1, 2, 3)), ValueError, "padding takes 1 or 2 or 4 numbers"),
        (lambda: transforms.RandomCrop(2, padding_mode="wrap"), ValueError, "padding_mode must be one of"),
        (lambda: transforms.RandomCrop(2, layout="NCHW"), ValueError, "layout must be 'CHW' or 'HWC', not 'NCHW'"),
        (lambda: transforms.RandomCrop(9)(np.zeros((4, 4))), ValueError, "9 x 9 does not fit into an image of 4 x 4"),
        (lambda: transforms.RandomHorizontalFlip(1.5), ValueError, "p must be from 0 to 1, got 1.5"),
        (lambda: transforms.RandomHorizontalFlip(float("nan")), ValueError, "p must be from 0 to 1, got nan"),
        (lambda: transforms.RandomHorizontalFlip("a"), TypeError, "p must be a number, not 'a'"),
        (lambda: transforms.RandomRotation(-5), ValueError, "degrees must be at least 0, got -5"),
        (lambda: transforms.RandomRotation((5, 1)), ValueError, r"degrees must be \(low, high\)"),
        (lambda: transforms.RandomRotation(5, "cubic"), ValueError, "must be 'nearest' or 'bilinear', not 'cubic'"),
        (lambda: transforms.RandomAffine(0, translate=0.1), TypeError, "translate must be two numbers, not 0.1"),
        (lambda: transforms.RandomAffine(0, scale=(0, 1)), ValueError, "scale must be at least 1e-06, got 0"),
        (lambda: transforms.RandomShift(-1), ValueError, "pixels must be at least 0"),
        (lambda: transforms.GaussianNoise(sigma=-1), ValueError, "sigma must be at least 0, got -1"),
        (lambda: transforms.GaussianNoise()(np.zeros((2, 2), np.uint8)), TypeError, "got uint8; use ToTensor first"),
        (lambda: transforms.Normalize([0.5], [0]), ValueError, "std must be positive"),
        (lambda: transforms.Normalize([0.5] * 3, [1] * 3)(images()), ValueError, "3 and 3 channels, the image 2"),
        (lambda: transforms.Normalize([0.5], [1])(np.zeros((2, 2), int)), TypeError, "use ToTensor first"),
        (lambda: transforms.Compose([3]), TypeError, "transform 0 must be a function"),
        (lambda: transforms.RandomShift(1)([1, 2]), TypeError, "expected an image as a tensor or array, not list"),
        (lambda: transforms.RandomShift(1)(np.zeros(3)), ValueError, r"got shape \(3,\)"),
        (lambda: transforms.RandomShift(1)(np.array([["a"]])), TypeError, "not of <U1"),
        (lambda: transforms.RandomShift(1, seed=1.5), TypeError, "seed must be a whole number"),
        (lambda: transforms.RandomShift(1, generator=3), TypeError, "generator must be a numpy.random.Generator"),
        (lambda: transforms.RandomShift(1, seed=1, generator=np.random.default_rng()), ValueError, "not both"),
        (lambda: TransformedDataset([1], transform=3), TypeError, "transform must be a function, not 3"),
    ],
)
def test_clear_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
