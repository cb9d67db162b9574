"""What PyTorch makes of integers where it rounds: the means of pools and of scattered values."""

import numpy as np
import pytest
import torch

import glassgrad as gg

pytestmark = pytest.mark.oracle


@pytest.mark.parametrize("seed", range(3))
def test_means_of_integers_are_rounded_as_there(seed):
    rng = np.random.default_rng(seed)
    x = rng.integers(-50, 50, (2, 3, 8))
    index = rng.integers(0, 8, (2, 3, 5))
    source = rng.integers(-50, 50, (2, 3, 5))
    ours, theirs = gg.tensor(x), torch.tensor(x)
    for include_self in (True, False):
        got = gg.scatter_reduce(ours, 2, gg.tensor(index), gg.tensor(source), "mean", include_self=include_self)
        want = theirs.scatter_reduce(2, torch.tensor(index), torch.tensor(source), "mean", include_self=include_self)
        np.testing.assert_array_equal(got.numpy(), want.numpy())
    got = gg.index_reduce(ours, 2, gg.tensor(index[0, 0]), gg.tensor(source), "mean")
    want = theirs.index_reduce(2, torch.tensor(index[0, 0]), torch.tensor(source), "mean")
    np.testing.assert_array_equal(got.numpy(), want.numpy())
    for kernel, options in ((2, {}), (3, {"stride": 2, "padding": 1, "ceil_mode": True})):
        got = gg.nn.functional.avg_pool1d(ours, kernel, **options)
        want = torch.nn.functional.avg_pool1d(theirs, kernel, **options)
        np.testing.assert_array_equal(got.numpy(), want.numpy())
        square, torch_square = ours.reshape(2, 3, 4, 2), theirs.reshape(2, 3, 4, 2)
        got = gg.nn.functional.avg_pool2d(square, 2, **options)
        want = torch.nn.functional.avg_pool2d(torch_square, 2, **options)
        np.testing.assert_array_equal(got.numpy(), want.numpy())


@pytest.mark.parametrize(
    "items",
    [
        lambda m, t: [t(1.0), 2.5],
        lambda m, t: [t(1), 2.5],
        lambda m, t: [t(1), 2],
        lambda m, t: [np.float32(1), 2.5],
        lambda m, t: [np.float64(1), 2.5],
        lambda m, t: [[np.float64(1), 2.5], [1, 2]],
        lambda m, t: [t(1), t(2.0)],
        lambda m, t: [t(True), 2],
        lambda m, t: [np.int8(1), 2],
        lambda m, t: [np.int8(1), np.int16(2)],
    ],
)
def test_mixed_lists_promote_as_there(items):
    got, want = gg.tensor(items(gg, gg.tensor)), torch.tensor(items(torch, torch.tensor))
    assert str(want.dtype) == f"torch.{got.dtype}" and got.tolist() == want.tolist()
