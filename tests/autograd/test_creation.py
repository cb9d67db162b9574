"""Constructors: dtypes, shapes, what is refused; and random numbers, from one seed and of the right distribution."""

import numpy as np
import pytest

import glassgrad as gg

N = 40_000


@pytest.mark.parametrize("name", ["zeros", "ones", "empty"])
def test_filled_with_one_number(name):
    make = getattr(gg, name)
    for x in (make(2, 3), make((2, 3)), make([2, 3]), make(gg.tensor(2), 3)):
        assert x.shape == (2, 3) and x.dtype == np.float32 and (x.numpy() == (name == "ones")).all()
    assert make().shape == ()
    assert make(2, dtype="int64").dtype == np.int64
    assert make(2, requires_grad=True).requires_grad
    with pytest.raises(ValueError, match=f"{name}: sizes must be non-negative"):
        make(-1)
    with pytest.raises(TypeError, match="floating"):
        make(2, dtype="int64", requires_grad=True)


@pytest.mark.parametrize("name", ["zeros", "ones", "empty", "rand", "randn"])
@pytest.mark.parametrize("like", [gg.tensor([[1.0, 2.0]], dtype="float64"), np.zeros((1, 2), ">f8")])
def test_like_another(name, like):
    x = getattr(gg, f"{name}_like")(like)
    assert x.shape == (1, 2) and x.dtype == np.float64 and x.dtype.isnative
    x = getattr(gg, f"{name}_like")(like, dtype="float32", requires_grad=True)
    assert x.dtype == np.float32 and x.requires_grad
    with pytest.raises(TypeError, match=f"{name}_like: expected a Tensor"):
        getattr(gg, f"{name}_like")([1.0])


def test_full():
    assert gg.full((2,), 7).dtype == np.int64 and gg.full(2, 1.5).dtype == np.float32
    assert gg.full((), True).item() is True
    assert gg.full_like(gg.tensor([1, 2]), 3).tolist() == [3, 3]
    assert gg.full_like(gg.tensor([1, 2]), 3, dtype="float64").dtype == np.float64
    assert gg.full((2,), gg.tensor(2.5)).tolist() == [2.5, 2.5]
    with pytest.raises(ValueError, match="full: fill_value must be a single number"):
        gg.full((2,), [1, 2])
    assert gg.randint_like(gg.zeros(100), 2, 5).numpy().min() >= 2


def test_new_from_an_old_one():
    x = gg.tensor([1.0], dtype="float64")
    assert [x.new_zeros(2).dtype, x.new_ones((2, 1)).dtype, x.new_full((1,), 3).dtype, x.new_tensor([1]).dtype,
            x.new_empty(3).dtype] == [np.float64] * 5  # fmt: skip
    assert x.new_ones((2, 1), dtype="int64").tolist() == [[1], [1]]


def test_as_tensor():
    x = gg.tensor([1.0], requires_grad=True)
    assert gg.as_tensor(x) is x and gg.asarray(x, "float32") is x
    y = gg.as_tensor(x, "float64")
    assert y.requires_grad and y.dtype == np.float64
    array = np.ones(2)
    z = gg.as_tensor(array)
    array[0] = 9
    assert z.tolist() == [1.0, 1.0]


def test_ranges():
    assert gg.arange(0.0, 1.0, 0.1).shape == (10,)
    assert gg.arange(gg.tensor(2), 5).tolist() == [2, 3, 4]
    assert gg.arange(-8.9, -2, 2.0, dtype="int64").tolist() == [-8, -6, -4]
    assert gg.linspace(0.1, 0.7, 23, dtype="float64").numpy()[-1] == 0.7
    x = gg.linspace(-1, 1, 101, dtype="float64").numpy()
    np.testing.assert_array_equal(x, -x[::-1])
    with pytest.raises(ValueError, match="do not lead"):
        gg.arange(3, 0)
    with pytest.raises(ValueError, match="not finite"):
        gg.arange(0.0, float("inf"))
    with pytest.raises(ValueError, match="number of steps"):
        gg.linspace(0, 1, 2.5)


# -- random ----------------------------------------------------------------------------------------------------

DRAWS = {
    "rand": lambda: gg.rand(50), "randn": lambda: gg.randn(50), "randint": lambda: gg.randint(9, (50,)),
    "randperm": lambda: gg.randperm(50), "normal": lambda: gg.normal(0.0, gg.ones(50)),
    "bernoulli": lambda: gg.bernoulli(gg.full((50,), 0.5)), "poisson": lambda: gg.poisson(gg.full((50,), 4.0)),
    "multinomial": lambda: gg.multinomial(gg.ones(50), 30), "rand_like": lambda: gg.rand_like(gg.ones(50)),
    "multinomial again": lambda: gg.multinomial(gg.ones(50), 30, True),
    "randn_like": lambda: gg.randn_like(gg.ones(50)),
    "randint_like": lambda: gg.randint_like(gg.ones(50), 9),
}  # fmt: skip


@pytest.mark.parametrize("draw", DRAWS.values(), ids=list(DRAWS))
def test_one_seed_covers_every_draw(draw):
    gg.manual_seed(4)
    first, second = draw().tolist(), draw().tolist()
    gg.manual_seed(4)
    assert draw().tolist() == first and draw().tolist() == second != first
    state = gg.get_rng_state()
    third = draw().tolist()
    gg.set_rng_state(state)
    assert draw().tolist() == third


def moments(x, mean, variance, fourth):
    """Hold mean and variance of a sample against theirs, within five standard errors."""
    values = x.numpy().astype(float)
    assert abs(values.mean() - mean) < 5 * np.sqrt(variance / values.size)
    spread = np.sqrt((fourth - variance**2) / values.size)
    assert abs(((values - mean) ** 2).mean() - variance) < 5 * spread + 1e-12


def chi_square(counts, probabilities):
    """Return Pearson's statistic and the bound that it passes once in a million, for many degrees of freedom."""
    expected = np.asarray(probabilities) * counts.sum()
    freedom = len(counts) - 1
    return ((counts - expected) ** 2 / expected).sum(), freedom + 5 * np.sqrt(2 * freedom) + 10


def test_moments():
    gg.manual_seed(0)
    moments(gg.rand(N), 0.5, 1 / 12, 1 / 80)
    moments(gg.randn(N), 0, 1, 3)
    moments(gg.normal(3.0, 2.0, (N,)), 3, 4, 48)
    moments(gg.normal(gg.full((N,), -1.0), gg.full((N,), 0.5)), -1, 0.25, 3 / 16)
    moments(gg.bernoulli(gg.full((N,), 0.3)), 0.3, 0.21, 0.21 * (1 - 3 * 0.21))
    moments(gg.bernoulli(gg.zeros(N), 0.3), 0.3, 0.21, 0.21 * (1 - 3 * 0.21))
    moments(gg.poisson(gg.full((N,), 4.0)), 4, 4, 4 * (1 + 3 * 4))
    values = gg.rand(N).numpy()
    assert values.min() >= 0 and values.max() < 1


@pytest.mark.parametrize("replacement", [True, False])
def test_multinomial_frequencies(replacement):
    """The first index drawn has the given probabilities, with replacement or without."""
    gg.manual_seed(1)
    weights = np.array([1.0, 0.0, 3.0, 2.0, 4.0])
    first = gg.multinomial(gg.tensor(np.tile(weights, (N, 1))), 2, replacement).numpy()
    counts = np.bincount(first[:, 0], minlength=5)
    assert counts[1] == 0
    statistic, bound = chi_square(counts[weights > 0], weights[weights > 0] / weights.sum())
    assert statistic < bound
    if not replacement:
        assert (first[:, 0] != first[:, 1]).all()
        # P(2, then 4) = 0.3 · 4/7, of all that drew 2 first.
        second = np.bincount(first[first[:, 0] == 2, 1], minlength=5)[[0, 3, 4]]
        statistic, bound = chi_square(second, np.array([1.0, 2.0, 4.0]) / 7)
        assert statistic < bound


def test_integers_and_orders_are_uniform():
    gg.manual_seed(2)
    statistic, bound = chi_square(np.bincount(gg.randint(3, 13, (N,)).numpy() - 3), np.full(10, 0.1))
    assert statistic < bound
    firsts = np.bincount([int(gg.randperm(6)[0]) for _ in range(3000)], minlength=6)
    statistic, bound = chi_square(firsts, np.full(6, 1 / 6))
    assert statistic < bound


def test_multinomial_of_rows_and_edges():
    gg.manual_seed(3)
    drawn = gg.multinomial(gg.tensor([[0.0, 1.0], [1.0, 0.0]]), 5, replacement=True)
    assert drawn.tolist() == [[1] * 5, [0] * 5]
    assert sorted(gg.multinomial(gg.tensor([5.0, 1e-30, 2.0]), 3).tolist()) == [0, 1, 2]
    assert gg.multinomial(gg.zeros(0, 3), 2).shape == (0, 2)
    assert gg.tensor([0.0, 1.0]).multinomial(1).tolist() == [1]
    with pytest.raises(ValueError, match="multinomial: weights must be finite"):
        gg.multinomial(gg.tensor([1.0, float("nan")]), 1)
    with pytest.raises(TypeError, match="multinomial: probabilities must be floating"):
        gg.multinomial(gg.tensor([1, 2]), 1)


def test_random_dtypes_and_refusals():
    assert gg.randn(3, dtype="float16").dtype == np.float16 and gg.rand(3, dtype="float64").dtype == np.float64
    assert gg.normal(gg.zeros(2, dtype="float64"), 1.0).dtype == np.float64
    assert gg.bernoulli(gg.zeros(2, dtype="float64")).dtype == np.float64
    assert gg.randint(2, 5).shape == () and gg.randint(2, 5, (2,), dtype="int32").dtype == np.int32
    assert gg.rand(2, requires_grad=True).requires_grad
    with pytest.raises(TypeError, match="rand: random numbers are floating"):
        gg.rand(2, dtype="int64")
    with pytest.raises(ValueError, match="randperm"):
        gg.randperm(-1)
    with pytest.raises(ValueError, match="poisson"):
        gg.poisson(gg.tensor([-1.0]))
    with pytest.raises(ValueError, match="bernoulli"):
        gg.bernoulli(gg.tensor([float("nan")]))
