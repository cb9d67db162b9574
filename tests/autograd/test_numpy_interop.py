"""NumPy's functions on tensors run as ours, with gradients, or raise TypeError; arrays stand on either side."""

import operator

import numpy as np
import pytest

import glassgrad as gg

A = np.array([[0.5, 1.5], [2.5, 0.25]])


def leaf():
    return gg.tensor(A, requires_grad=True)


UFUNCS = [
    np.exp,
    np.log,
    np.sqrt,
    np.sin,
    np.cos,
    np.tanh,
    np.absolute,
    np.negative,
    np.square,
    np.sign,
    np.isnan,
    np.isfinite,
    np.logical_not,
]
BINARY = [
    np.add,
    np.subtract,
    np.multiply,
    np.true_divide,
    np.power,
    np.maximum,
    np.minimum,
    np.matmul,
    np.greater,
    np.less,
    np.greater_equal,
    np.less_equal,
    np.equal,
    np.not_equal,
    np.logical_and,
    np.logical_or,
]
FUNCTIONS = {
    "sum": lambda x: np.sum(x),
    "sum axis": lambda x: np.sum(x, axis=0),
    "sum keepdims": lambda x: np.sum(x, axis=1, keepdims=True),
    "mean": lambda x: np.mean(x, axis=(0, 1)),
    "max": lambda x: np.max(x, axis=0),
    "min": lambda x: np.min(x),
    "amax": lambda x: np.amax(x, axis=1),
    "concatenate": lambda x: np.concatenate([x, A, x], axis=1),
    "stack": lambda x: np.stack([x, x], axis=-1),
    "reshape": lambda x: np.reshape(x, (4,)),
    "reshape -1": lambda x: np.reshape(x, -1),
    "transpose": lambda x: np.transpose(x),
    "transpose axes": lambda x: np.transpose(x, (1, 0)),
    "swapaxes": lambda x: np.swapaxes(x, 0, 1),
    "where": lambda x: np.where(A > 1, x, 0.0),
    "broadcast_to": lambda x: np.broadcast_to(x, (3, 2, 2)),
    "squeeze": lambda x: np.squeeze(np.reshape(x, (1, 4))),
    "squeeze axis": lambda x: np.squeeze(np.reshape(x, (1, 4, 1)), axis=0),
    "expand_dims": lambda x: np.expand_dims(x, 1),
    "expand_dims axis": lambda x: np.expand_dims(x, axis=1),
    "dot": lambda x: np.dot(x, A),
    "dot on the right": lambda x: np.dot(A, x),
    "dot with a number": lambda x: np.dot(x, 2.0),
    "dot of vectors": lambda x: np.dot(x[0], x[1]),
}


@pytest.mark.parametrize("function", UFUNCS, ids=lambda f: f.__name__)
def test_unary_ufuncs(function):
    x = leaf()
    result = function(x)
    assert isinstance(result, gg.Tensor)
    np.testing.assert_array_equal(result.numpy(), function(A))
    assert result.requires_grad is (function not in (np.isnan, np.isfinite, np.logical_not))


@pytest.mark.parametrize("function", BINARY, ids=lambda f: f.__name__)
def test_binary_ufuncs(function):
    x, b = leaf(), A[::-1].copy()
    for left, right in ((x, b), (b, x), (x, leaf()[::-1])):
        result = function(left, right)
        assert isinstance(result, gg.Tensor)
        values = [t.numpy() if isinstance(t, gg.Tensor) else t for t in (left, right)]
        np.testing.assert_allclose(result.numpy(), function(*values), rtol=1e-15)
        assert result.requires_grad is (result.dtype.kind == "f")


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=list(FUNCTIONS))
def test_functions(function):
    x = leaf()
    result = function(x)
    expected = function(A)
    assert isinstance(result, gg.Tensor) and result.requires_grad
    assert result.shape == np.shape(expected)
    np.testing.assert_allclose(result.numpy(), expected, rtol=1e-15)
    (g,) = gg.grad(result.sum(), x)
    step = 1e-6
    numeric = np.zeros_like(A)
    for i in np.ndindex(A.shape):
        d = np.zeros_like(A)
        d[i] = step
        above, below = (np.sum(function_with(function, A + s * d)) for s in (1, -1))
        numeric[i] = (above - below) / (2 * step)
    np.testing.assert_allclose(g.numpy(), numeric, atol=1e-8)


def function_with(function, array):
    """Run a case on a plain array; the cases read A only as a constant."""
    return function(array)


def test_argmax_shape_ndim_size():
    x = leaf()
    assert np.argmax(x, axis=1).tolist() == [1, 0] and np.argmin(x).item() == 3
    assert (np.shape(x), np.ndim(x), np.size(x)) == ((2, 2), 2, 4)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.cbrt(x),
        lambda x: np.arctan2(x, x),
        lambda x: np.add.reduce(x),
        lambda x: np.multiply.outer(x, x),
        lambda x: np.linalg.norm(x),
        lambda x: np.linalg.inv(x),
        lambda x: np.einsum("ij->i", x),
        lambda x: np.cumsum(x),
        lambda x: np.sort(x),
        lambda x: np.median(x),
        lambda x: np.fft.fft(x),
        lambda x: np.add(x, x, out=np.zeros((2, 2))),
        lambda x: np.add(x, 1, where=A > 1),
        lambda x: np.exp(x, dtype="f4"),
        lambda x: np.sum(x, initial=3.0),
        lambda x: np.add.at(A.copy(), 0, x[0]),
        lambda x: np.sum(x, out=np.zeros(())),
        lambda x: np.nan_to_num(x),
        lambda x: np.pad(x, 1),
        lambda x: np.interp(x, [0, 1], [0, 1]),
        lambda x: np.frexp(x),
        lambda x: operator.iadd(A.copy(), x),
        lambda x: operator.imul(A.copy(), x),
    ],
    ids=lambda f: "call",
)
def test_everything_else_is_refused(call):
    with pytest.raises(TypeError):
        call(leaf())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: np.cbrt(x), "NumPy's cbrt has no differentiable counterpart.*glassgrad operation"),
        (lambda x: np.linalg.norm(x), r"NumPy's norm.*\.detach\(\)\.numpy\(\)"),
        (lambda x: np.add.reduce(x), r"add\.reduce"),
        (lambda x: np.add(x, x, out=np.zeros((2, 2))), "add on tensors takes no out"),
        (lambda x: np.sum(x, initial=3.0), r"numpy\.sum on tensors.*initial"),
    ],
)
def test_the_refusal_says_what_to_do(call, message):
    with pytest.raises(TypeError, match=message):
        call(leaf())


def test_an_array_is_not_changed_by_a_refused_update():
    array = A.copy()
    with pytest.raises(TypeError):
        array += leaf()
    np.testing.assert_array_equal(array, A)


@pytest.mark.parametrize(
    "function",
    [
        operator.add,
        operator.sub,
        operator.mul,
        operator.truediv,
        operator.pow,
        operator.matmul,
        operator.gt,
        operator.le,
        operator.eq,
    ],
)
@pytest.mark.parametrize(
    "other", [A[::-1].copy(), np.asfortranarray(A), A.astype(">f8"), A[::-1, ::-1], np.broadcast_to(A[0], (2, 2))]
)
def test_arrays_on_either_side(function, other):
    x = leaf()
    for left, right in ((x, other), (other, x)):
        result = function(left, right)
        assert type(result) is gg.Tensor
        values = [t.numpy() if isinstance(t, gg.Tensor) else t for t in (left, right)]
        np.testing.assert_allclose(result.numpy(), function(*values), rtol=1e-15)
        if result.dtype.kind == "f":
            result.sum().backward()
            assert x.grad.dtype == np.float64


@pytest.mark.parametrize("number", [2, 2.5, True, np.float32(2.5), np.int64(3), np.array(2.5), np.float64(1.5)])
@pytest.mark.parametrize(
    "function", [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.gt]
)
def test_numbers_on_either_side(number, function):
    x = gg.tensor(A, dtype="float32", requires_grad=True)
    for left, right in ((x, number), (number, x)):
        result = function(left, right)
        assert type(result) is gg.Tensor and result.dtype in (np.float32, np.bool_)
        values = [np.asarray(t.numpy() if isinstance(t, gg.Tensor) else t, "f8") for t in (left, right)]
        np.testing.assert_allclose(result.numpy(), function(*values), rtol=1e-6)


def test_unknown_operands_are_left_to_python():
    class Other:
        def __add__(self, other):
            return "left"

        def __radd__(self, other):
            return "right"

    x = leaf()
    assert (x + Other(), Other() + x) == ("right", "left")
    for wrong in ("a", None, {}, object()):
        with pytest.raises(TypeError, match="unsupported operand"):
            x + wrong
    with pytest.raises(TypeError, match="exp: x must be a Tensor, a Scalar, a number or an array, not str"):
        gg.exp("a")


def test_functions_on_raw_values_give_raw_values():
    assert type(gg.exp(0.0)) is float and gg.exp(0.0) == 1.0
    assert isinstance(gg.exp(A), np.ndarray) and isinstance(gg.matmul(A, A), np.ndarray)
    np.testing.assert_array_equal(gg.concatenate([A, A]), np.concatenate([A, A]))
    pieces = gg.split(A, 1)
    assert all(isinstance(p, np.ndarray) for p in pieces) and len(pieces) == 2


def test_numpys_words_for_pytorchs():
    x = leaf()
    np.testing.assert_array_equal(x.sum(axis=0, keepdims=True).numpy(), A.sum(axis=0, keepdims=True))
    np.testing.assert_array_equal(x.mean(axis=-1).numpy(), A.mean(axis=-1))
    np.testing.assert_array_equal(gg.amax(x, axis=1, keepdims=True).numpy(), A.max(axis=1, keepdims=True))
    assert gg.concatenate([x, x], axis=1).shape == (2, 4) and gg.stack([x, x], axis=2).shape == (2, 2, 2)
    np.testing.assert_array_equal(x.argmax(axis=1).numpy(), A.argmax(axis=1))
    np.testing.assert_array_equal(gg.softmax(x, axis=1).numpy(), gg.softmax(x, 1).numpy())
    np.testing.assert_array_equal(x.log_softmax(axis=0).numpy(), gg.log_softmax(x, dim=0).numpy())
    np.testing.assert_array_equal(x.max(axis=1).values.numpy(), A.max(axis=1))
    assert x.squeeze(axis=0).shape == (2, 2) and x.unsqueeze(axis=0).shape == (1, 2, 2)
