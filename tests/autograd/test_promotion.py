"""Which dtype comes out: Python numbers, NumPy scalars and 0-d operands never widen an array, as in PyTorch."""

import operator

import numpy as np
import pytest

import glassgrad as gg

f2, f4, f8 = np.dtype("f2"), np.dtype("f4"), np.dtype("f8")
i1, i4, i8, u1, b1 = np.dtype("i1"), np.dtype("i4"), np.dtype("i8"), np.dtype("u1"), np.dtype("?")
OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}


def vector(dtype):
    return gg.tensor(np.array([1, 2]), dtype=dtype)


def zero_d(dtype):
    return gg.tensor(np.array(2), dtype=dtype)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (vector(f4), vector(f8), f8),
        (vector(f2), vector(f4), f4),
        (vector(i8), vector(f4), f4),
        (vector(i8), vector(f2), f2),
        (vector(i4), vector(i8), i8),
        (vector(u1), vector(i1), np.dtype("i2")),
        (vector(b1), vector(i4), i4),
        (vector(b1), vector(f4), f4),
        # 0-d operands count only by their category.
        (vector(f4), zero_d(f8), f4),
        (vector(f2), zero_d(f8), f2),
        (vector(i4), zero_d(i8), i4),
        (vector(f4), zero_d(i8), f4),
        (vector(i8), zero_d(f4), f4),
        (vector(i8), zero_d(f8), f8),
        (vector(b1), zero_d(i4), i4),
        (zero_d(f4), zero_d(f8), f8),
        (zero_d(i8), zero_d(f4), f4),
        # Python numbers: the tensor's dtype, or the default of the higher category.
        (vector(f4), 2, f4),
        (vector(f4), 2.5, f4),
        (vector(f8), 2.5, f8),
        (vector(f2), 2.5, f2),
        (vector(f4), True, f4),
        (vector(i4), 2, i4),
        (vector(i4), True, i4),
        (vector(i4), 2.5, f4),
        (vector(b1), 2, i8),
        (vector(b1), 2.5, f4),
        (zero_d(f8), 2.5, f8),
        (zero_d(i4), 2.5, f4),
        (zero_d(f4), 2.5, f4),
        # NumPy scalars are numbers; NumPy arrays are arrays.
        (vector(f4), np.float64(2.5), f4),
        (vector(f4), np.sqrt(2), f4),
        (vector(f2), np.float32(2), f2),
        (vector(i4), np.int64(2), i4),
        (vector(i4), np.float64(2), f4),
        (vector(f4), np.array(2.5), f4),
        (vector(f4), np.array([2.5, 1.0]), f8),
        (vector(f4), np.array([2.5, 1], f4), f4),
        (vector(f4), np.array([1, 2]), f4),
    ],
    ids=str,
)
@pytest.mark.parametrize("name", OPERATORS)
def test_result_dtype(left, right, expected, name):
    if name == "/" and expected.kind != "f":
        expected = f4
    function = OPERATORS[name]
    for a, b in ((left, right), (right, left)):
        result = function(a, b)
        assert isinstance(result, gg.Tensor), "NumPy took over"
        assert result.dtype == expected
        x = np.asarray(a if not isinstance(a, gg.Tensor) else a.numpy(), "f8")
        y = np.asarray(b if not isinstance(b, gg.Tensor) else b.numpy(), "f8")
        np.testing.assert_allclose(result.numpy(), function(x, y), rtol=1e-3 if expected == f2 else 1e-6)


@pytest.mark.parametrize("dtype", [f2, f4, f8])
@pytest.mark.parametrize(
    "other", [2.5, np.float64(2.5), np.array(2.5), np.array([2.5, 1.0]), gg.tensor(np.array([2.5, 1.0])), 3]
)
def test_a_gradient_has_the_dtype_of_its_input(dtype, other):
    x = gg.tensor(np.array([1.0, 2.0]), dtype=dtype, requires_grad=True)
    (g,) = gg.grad((x * other + other / x).sum(), x, create_graph=True)
    assert g.dtype == dtype
    (g * g).sum().backward()
    assert x.grad.dtype == dtype


def test_python_numbers_keep_their_precision():
    x = gg.tensor(np.array([1.0, 3.0]), requires_grad=True)
    assert (x * 0.1).tolist() == [0.1, 3.0 * 0.1]
    assert (x / 3).tolist() == [1 / 3, 1.0]
    assert (0.1**x).tolist() == [0.1, 0.1**3.0]
    assert gg.maximum(x, 1.1).tolist() == [1.1, 3.0]


@pytest.mark.parametrize(
    "make", [lambda c, x: gg.where(c, x, 0.1), lambda c, x: gg.where(c, 0.1, x)], ids=["second", "first"]
)
def test_a_choice_does_not_round_its_numbers(make):
    """0.1 in single precision is not 0.1 in double precision; the condition's dtype must not decide."""
    x = gg.tensor(np.array([7.0, 7.0]))
    for condition in (gg.tensor([True, False]), np.array([True, False]), x > np.array([0.0, 8.0])):
        result = make(condition, x)
        assert result.dtype == f8 and sorted(result.tolist()) == [0.1, 7.0]
    zero_d = make(gg.tensor([True, False]), gg.tensor(np.array(7.0)))
    assert sorted(zero_d.tolist()) == [0.1, 7.0]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (gg.exp, f4),
        (gg.log, f4),
        (gg.sqrt, f4),
        (gg.sin, f4),
        (gg.tanh, f4),
        (gg.sigmoid, f4),
        (gg.mean, f4),
        (gg.square, i4),
        (gg.relu, i4),
        (gg.abs, i4),
        (gg.sign, i4),
        (gg.negative, i4),
        (gg.sum, i8),
        (gg.amax, i4),
        (lambda x: x / x, f4),
        (lambda x: x // 1 if hasattr(x, "__floordiv__") else x, i4),
        (lambda x: gg.softmax(x, 0), f4),
        (lambda x: x**2, i4),
        (lambda x: x**2.0, f4),
        (lambda x: x @ x, i4),
        (gg.argmax, i8),
        (lambda x: x > 1, b1),
        (lambda x: gg.log_softmax(x, 0), f4),
        (lambda x: x.sum(0), i8),
    ],
)
def test_integers(function, expected):
    assert function(gg.tensor(np.array([1, 2], i4))).dtype == expected


@pytest.mark.parametrize("dtype", [b1, i1, u1, np.dtype("i2"), i4, i8])
@pytest.mark.parametrize("function", [gg.exp, gg.sin, gg.tanh, gg.sqrt, gg.sigmoid, gg.log])
def test_small_integers_are_not_computed_in_half_precision(function, dtype):
    """NumPy computes exp of int8 in float16; a float32 result must have float32 accuracy."""
    t = gg.tensor(np.array([1, 1, 0] if dtype == b1 else [1, 3, 5]), dtype=dtype)[:2]
    reference = function(gg.tensor(t.numpy().astype("f8"))).numpy()
    np.testing.assert_allclose(function(t).numpy(), reference, rtol=1e-6)


@pytest.mark.parametrize("name", ["add", "multiply", "power", "maximum", "where"])
def test_all_kinds_of_reals_meet_in_float32(name):
    operations = {"where": lambda x, y: gg.where(x > 1, x, y)}
    function = operations.get(name) or getattr(gg, name)
    x = gg.tensor([1.0, 2.0], requires_grad=True)
    for other in (
        2,
        2.0,
        True,
        np.float64(2),
        np.int8(2),
        np.array(2.0),
        gg.tensor(2.0, dtype="float64"),
        gg.tensor(2),
    ):
        for result in (function(x, other), function(gg.tensor([1.0, 2.0]), other)):
            assert result.dtype == f4


@pytest.mark.parametrize(
    ("tensor", "number"), [(gg.tensor([1], dtype="uint8"), 300), (gg.tensor([1], dtype="int8"), -129)]
)
def test_a_number_that_does_not_fit(tensor, number):
    with pytest.raises(OverflowError, match=f"{number} does not fit into dtype"):
        tensor + number


def test_concatenation_and_stacking_promote():
    assert gg.concatenate([vector(f4), vector(f8)]).dtype == f8
    assert gg.stack([vector(i8), vector(f4)]).dtype == f4
    x = gg.tensor([1.0], requires_grad=True)
    gg.concatenate([x, vector(f8)]).sum().backward()
    assert x.grad.dtype == f4


def test_conversions():
    x = gg.tensor([1.5, 2.5], requires_grad=True)
    assert (x.double().dtype, x.long().tolist(), x.bool().dtype, x.float() is x) == (f8, [1, 2], b1, True)
    for source in (b1, i1, u1, i4, i8, f2, f4, f8):
        for target in (b1, i1, u1, i4, i8, f2, f4, f8):
            assert vector(source).astype(target).dtype == target
            assert vector(source).to(target).tolist() == np.array([1, 2]).astype(source).astype(target).tolist()
    y = x.to("float64")
    (y * y).sum().backward()
    assert x.grad.dtype == f4 and x.grad.tolist() == [3, 5]
    assert not x.long().requires_grad
    (x.long() * x).sum().backward()
    assert x.grad.tolist() == [4, 7]
