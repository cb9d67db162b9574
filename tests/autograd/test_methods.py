"""Methods and operators that operators.py binds: PyTorch's words for dtypes, bits, and choices."""

import numpy as np
import pytest

import glassgrad as gg

WORDS = {
    "half": "float16", "float": "float32", "double": "float64", "char": "int8", "short": "int16", "int": "int32",
    "long": "int64", "byte": "uint8", "bool": "bool",
}  # fmt: skip


@pytest.mark.parametrize(("word", "dtype"), WORDS.items())
def test_words_for_dtypes(word, dtype):
    x = gg.tensor([0.0, 1.5, 3.0], requires_grad=True)
    converted = getattr(x, word)()
    assert converted.dtype == dtype
    np.testing.assert_array_equal(converted.numpy(), x.numpy().astype(dtype))
    assert converted.requires_grad is (np.dtype(dtype).kind == "f")


def test_where_alone_gives_the_places():
    condition = gg.tensor([[True, False], [True, True]])
    rows, columns = gg.where(condition)
    assert rows.tolist() == [0, 1, 1] and columns.tolist() == [0, 0, 1]
    with pytest.raises(TypeError, match="where: give both x and y, or neither"):
        gg.where(condition, gg.ones(2, 2))


def test_where_as_a_method_keeps_the_gradient():
    x = gg.tensor([1.0, -2.0, 3.0], requires_grad=True)
    y = x.where(x > 0, 10.0)
    assert y.tolist() == [1.0, 10.0, 3.0]
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 0.0, 1.0]


def test_sum_to_size_undoes_broadcasting():
    x = gg.tensor(np.arange(6.0).reshape(2, 3), requires_grad=True)
    assert x.sum_to_size(2, 1).tolist() == [[3.0], [12.0]]
    assert x.sum_to_size((3,)).tolist() == [3.0, 5.0, 7.0]
    with pytest.raises(ValueError, match="sum_to: shape"):
        x.sum_to_size(4)


@pytest.mark.parametrize("shapes", [((3, 1), (4,)), ((), (2, 0)), ((2, 1, 5), (4, 1), (1,))])
def test_broadcast_shapes(shapes):
    assert gg.broadcast_shapes(*shapes) == np.broadcast_shapes(*shapes)


def test_broadcast_shapes_that_do_not_fit():
    with pytest.raises(ValueError, match=r"broadcast_shapes: shapes \(2,\), \(3,\) do not fit"):
        gg.broadcast_shapes(2, 3)


def test_operators_on_bits_and_remainders():
    x, y = np.array([5, -6, 7]), np.array([3, 4, -2])
    a, b = gg.tensor(x), gg.tensor(y)
    for ours, theirs in (
        (a & b, x & y), (a | b, x | y), (a ^ b, x ^ y), (~a, ~x), (a << 1, x << 1), (a >> 1, x >> 1), (a // b, x // y),
        (a % b, x % y), (3 & a, 3 & x), (20 // a, 20 // x), (20 % a, 20 % x),
    ):  # fmt: skip
        assert isinstance(ours, gg.Tensor) and ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours.numpy(), theirs)
    truth = gg.tensor([True, False])
    assert (~truth).tolist() == [False, True] and (truth ^ True).tolist() == [False, True]


def test_remainder_has_a_gradient_and_works_on_scalars():
    x = gg.tensor([5.5, -2.25], requires_grad=True)
    y = gg.tensor([2.0, 2.0], requires_grad=True)
    (x % y).sum().backward()
    assert x.grad.tolist() == [1.0, 1.0] and y.grad.tolist() == [-2.0, 2.0]  # −⌊x/y⌋
    s = gg.Scalar(5.5, requires_grad=True)
    r = s % 2 + s // 2
    r.backward()
    assert (r.value, s.grad) == (3.5, 1.0)
