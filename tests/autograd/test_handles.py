"""Tensors as Python objects: what they are made from, what they refuse, how they read."""

import copy
import operator

import numpy as np
import pytest

import glassgrad as gg

DATA = np.arange(12.0).reshape(3, 4)


@pytest.mark.parametrize(
    "array",
    [
        np.asfortranarray(DATA),
        DATA[:, ::2],
        DATA[::-1, ::-1],
        np.broadcast_to(np.arange(4.0), (3, 4)),
        DATA.astype(">f8"),
        DATA.astype(">f4"),
        DATA.T,
        DATA[1:1],
        np.array(3.0),
        DATA.astype("<f2"),
        DATA.astype(">i4"),
    ],
    ids=[
        "fortran",
        "strided",
        "reversed",
        "stride 0",
        "big-endian",
        "big-endian f4",
        "transposed",
        "empty",
        "0-d",
        "f2",
        "big-endian int",
    ],
)
def test_arrays_of_every_layout(array):
    array = array.view()
    array.flags.writeable = False
    t = gg.tensor(array)
    np.testing.assert_array_equal(t.numpy(), array)
    assert t.dtype == array.dtype.newbyteorder("=") and t.dtype.isnative and t.shape == array.shape
    assert not np.shares_memory(t._array, array)
    assert t._array.flags.writeable
    if array.dtype.kind == "f":
        x = gg.tensor(array, requires_grad=True)
        (x * x).sum().backward()
        np.testing.assert_allclose(x.grad.numpy(), 2 * np.asarray(array, x.dtype))
        assert (x * array).dtype == t.dtype


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1.5, "float32"),
        (3, "int64"),
        (True, "bool"),
        ([1.0, 2], "float32"),
        ([1, True], "int64"),
        ([[1.0], [2.0]], "float32"),
        (np.float64(2), "float64"),
        (np.int8(2), "int8"),
        (np.ones(2, "f2"), "float16"),
        (range(3), "int64"),
        ((1, 2), "int64"),
        ([], "float32"),
        ([np.float64(1.0)], "float32"),
        (np.True_, "bool"),
    ],
)
def test_dtypes_of_new_tensors(data, dtype):
    if isinstance(data, list) and data and isinstance(data[0], np.float64):
        dtype = "float64"  # a NumPy number brings its dtype
    assert gg.tensor(data).dtype == dtype


def test_default_dtype():
    gg.set_default_dtype("float64")
    assert gg.tensor(1.5).dtype == np.float64 == (gg.tensor([1]) / 2).dtype == gg.zeros(2).dtype
    gg.set_default_dtype(np.float16)
    assert gg.get_default_dtype() == np.float16 == gg.tensor([1.5]).dtype
    for wrong in (np.int64, "complex64", "nonsense"):
        with pytest.raises(TypeError):
            gg.set_default_dtype(wrong)
    assert gg.get_default_dtype() == np.float16


BAD = [
    None,
    "text",
    b"bytes",
    1j,
    object(),
    [1, None],
    [1, "a"],
    [[1, 2], [3]],
    np.array(["a"]),
    np.array([None]),
    np.array(["2020-01-01"], "datetime64[D]"),
    np.zeros(2, "i4,f4"),
    np.array([1j]),
    {"a": 1},
    {1, 2},
    2**70,
    [2**64],
    np.zeros(2, np.longdouble) if np.longdouble(0).nbytes > 8 else None,
    [gg.zeros(2), gg.zeros(3)],
    lambda: 3,
]


@pytest.mark.parametrize("data", BAD, ids=lambda d: type(d).__name__ + repr(getattr(d, "dtype", ""))[:20])
def test_what_is_not_numbers_is_refused(data):
    with pytest.raises(TypeError, match="tensor"):
        gg.tensor(data)
    if not isinstance(data, int | list):
        with pytest.raises(TypeError):
            gg.tensor([1.0]) + data


@pytest.mark.parametrize("dtype", ["complex64", object, "U3", "datetime64[s]", np.longdouble, "nonsense", 3])
def test_dtypes_that_do_not_exist_are_refused(dtype):
    with pytest.raises(TypeError, match="dtype"):
        gg.tensor([1.0], dtype=dtype)
    with pytest.raises(TypeError, match="dtype"):
        gg.tensor([1.0]).astype(dtype)


def test_subclassing_is_refused():
    with pytest.raises(TypeError, match=r"class Mine: Tensor cannot be subclassed.*attribute.*gg.primitive"):

        class Mine(gg.Tensor):
            pass


def test_copies():
    x = gg.tensor([1.0, 2.0], requires_grad=True, name="x")
    (x * 3).sum().backward()
    y = copy.deepcopy(x)
    assert (y.tolist(), y.grad.tolist(), y.name, y.requires_grad, y.is_leaf) == ([1, 2], [3, 3], "x", True, True)
    assert not np.shares_memory(x._array, y._array) and not np.shares_memory(x.grad._array, y.grad._array)
    (y * 1.0).sum().backward()
    assert x.grad.tolist() == [3, 3] and y.grad.tolist() == [4, 4]
    pair = copy.deepcopy([x, x])
    assert pair[0] is pair[1]
    z = x.clone()
    assert z.requires_grad and not z.is_leaf and not np.shares_memory(z._array, x._array)


@pytest.mark.parametrize(
    ("index", "error", "message"),
    [
        (5, IndexError, "getitem.*5.*out of bounds"),
        ((0, 0, 0), IndexError, "getitem.*too many indices"),
        ((slice(None), -5), IndexError, "getitem.*out of bounds"),
        (1.5, (IndexError, TypeError), "getitem"),
        ("a", (IndexError, TypeError), "getitem"),
        (np.array([0.5]), (IndexError, TypeError), "ind"),
        (np.array([True, False]), IndexError, "getitem.*boolean"),
        (np.array([7]), IndexError, "getitem.*out of bounds"),
        (gg.tensor([0.0]), TypeError, "an index must be integers or bools, not float32"),
        (slice(None, None, 0), ValueError, "getitem.*step"),
        ((np.array([0, 1]), np.array([0, 1, 2])), IndexError, "getitem.*broadcast"),
    ],
)
@pytest.mark.parametrize("requires_grad", [False, True])
def test_wrong_indices(index, error, message, requires_grad):
    t = gg.tensor(DATA, requires_grad=requires_grad)
    with pytest.raises(error, match=message):
        t[index]


def test_indexing_with_tensors():
    t = gg.tensor(DATA, requires_grad=True)
    assert t[gg.tensor(1)].tolist() == [4, 5, 6, 7]
    assert t[gg.tensor([0, 2]), gg.tensor([1, -1])].tolist() == [1, 11]
    assert t[gg.tensor([True, False, True])].shape == (2, 4)
    assert t[[0, 2]].shape == (2, 4) and t[[]].shape == (0, 4) and t[None, ..., 0].shape == (1, 3)
    assert [0, 1, 2, 3][gg.tensor(2)] == 2
    with pytest.raises(TypeError, match="only a single integer can be an index"):
        operator.index(gg.tensor(1.0))


def test_iteration_length_and_truth():
    t = gg.tensor(DATA, requires_grad=True)
    rows = list(t)
    assert len(t) == len(rows) == 3 and all(r.requires_grad for r in rows)
    (rows[0] * rows[2]).sum().backward()
    np.testing.assert_array_equal(t.grad.numpy(), [DATA[2], np.zeros(4), DATA[0]])
    with pytest.raises(TypeError, match="0-d"):
        iter(gg.tensor(1.0))
    with pytest.raises(TypeError, match="0-d"):
        len(gg.tensor(1.0))
    assert bool(gg.tensor(2.0)) and not gg.tensor([[0]])
    for several in (gg.zeros(2), gg.zeros(0)):
        with pytest.raises(ValueError, match=r"ambiguous; use \.any\(\) or \.all\(\)"):
            bool(several)


def test_item_and_numbers():
    t = gg.tensor([[2.5]], requires_grad=True)
    assert (t.item(), float(t), int(t), f"{t:.1f}") == (2.5, 2.5, 2, "2.5")
    assert type(t.item()) is float and type(gg.tensor(2).item()) is int and type(gg.tensor(True).item()) is bool
    with pytest.raises(ValueError, match=r"item: the tensor has shape \(2,\), so 2 elements, not one"):
        gg.zeros(2).item()
    with pytest.raises(ValueError, match=r"item: .*\(0,\)"):
        gg.zeros(0).item()
    assert gg.tensor(DATA).tolist() == DATA.tolist()


def test_shape_words():
    t = gg.tensor(DATA)
    assert (t.shape, t.size(), t.size(-1), t.ndim, t.dim(), t.numel(), t.nbytes) == ((3, 4), (3, 4), 4, 2, 2, 12, 96)
    assert t.T.shape == (4, 3) == t.mT.shape == t.t().shape
    assert gg.zeros(2, 3, 4).T.shape == (4, 3, 2) and gg.zeros(2, 3, 4).mT.shape == (2, 4, 3)
    assert gg.zeros(3).T.shape == (3,)
    assert t.is_floating_point() and not gg.tensor([1]).is_floating_point()


def test_names():
    t = gg.tensor([1.0], name="a")
    assert t.name == "a" and (t * 2).name is None
    y = gg.tensor([1.0], requires_grad=True) * 2
    y.name = "y"
    assert y.name == y.grad_fn.name == "y"
    t.name = None
    assert t.name is None
    with pytest.raises(TypeError, match="a name must be a string or None, not int"):
        t.name = 3
    with pytest.raises(TypeError, match="a name must be a string or None, not int"):
        gg.tensor([1.0], name=3)
    with gg.no_grad():
        a, b = y * 2, y * 3
    a.name = "only a"
    assert b.name is None


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (gg.tensor([1.0, 2.0]), "tensor([1., 2.])"),
        (gg.tensor([1, 2]), "tensor([1, 2])"),
        (gg.tensor([1.0], dtype="float64"), "tensor([1.], dtype=float64)"),
        (gg.tensor([1.0], requires_grad=True), "tensor([1.], requires_grad=True)"),
        (gg.tensor([1.0], requires_grad=True) * 2, "tensor([2.], grad_fn=<multiply>)"),
        (gg.zeros(0, 3), "tensor([], shape=(0, 3))"),
        (gg.tensor(True), "tensor(True)"),
    ],
)
def test_repr(tensor, text):
    assert repr(tensor) == text


def test_hash_is_identity_and_equality_is_elementwise():
    a, b = gg.tensor([1.0, 2.0]), gg.tensor([1.0, 3.0])
    assert len({a, b, a}) == 2
    assert (a == b).tolist() == [True, False] and (a != b).tolist() == [False, True]
    assert (a == None) is False and (a == "x") is False  # noqa: E711
    assert (a == b).any() and not (a == b).all()


def test_no_new_attributes():
    with pytest.raises(AttributeError):
        gg.tensor([1.0]).gard = 3


def test_node_of():
    node_of = gg.autograd.node_of
    x, c, s = gg.tensor([1.0], requires_grad=True), gg.tensor([1.0]), gg.Scalar(1.0)
    assert node_of(x).is_leaf and node_of(x).handle() is x
    assert node_of(c).handle() is c and node_of(c) is node_of(c)
    assert node_of(x * c) is not None and node_of(s) is s
    with pytest.raises(TypeError, match="expected a Tensor or a Scalar, got float"):
        node_of(1.0)
