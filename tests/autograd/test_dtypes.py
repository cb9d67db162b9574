"""Which dtype data get on the way in: mixtures of Python's numbers and arrays, and one dtype object for each dtype."""

import io
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import glassgrad as gg
from glassgrad import nn
from glassgrad.autograd.core.dtypes import as_array

NAMES = [
    "float16",
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "bool",
]


# -- mixtures ----------------------------------------------------------------------------------------------------------


def f(value: float, dtype: str = "float32") -> gg.Tensor:
    return gg.tensor(value, dtype=dtype)


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        ([f(1), 2.5], "float32"),
        ([2.5, f(1)], "float32"),
        ([f(1, "float16"), 1e-3], "float16"),  # a Python float widens nothing, as in arithmetic
        ([f(1, "float64"), 2.5], "float64"),
        ([f(1, "float16"), f(1, "float64"), f(1)], "float64"),
        ([f(1, "int64"), 2.5], "float32"),
        ([f(1, "int64"), f(2)], "float32"),  # not NumPy's float64
        ([np.float32(1), 2.5], "float32"),
        ([np.float64(1), 2.5], "float64"),
        ([[np.float64(1), 2.5], [1, True]], "float64"),
        ([np.ones(2, "f4"), [1.0, 2.0]], "float32"),
        ([np.ones(2, "f8"), [1.0, 2.0]], "float64"),
        ([[f(1)], [2.0]], "float32"),
        (((f(1), 2), [3, 4.0]), "float32"),
        ([1, 2.5], "float32"),
        ([1, True], "int64"),
        ([True, False], "bool"),
        ([], "float32"),
        ([np.int8(1), np.int16(2)], "int16"),
        ([np.int8(1), 2], "int64"),  # a Python integer may be larger than the array's dtype holds
        ([np.uint8(1), True], "uint8"),
        ([np.True_, 3], "int64"),
        ([np.True_, False], "bool"),
        ([np.uint64(1), np.int64(-1)], "float64"),  # NumPy's answer; no integer dtype holds both
        ([np.ones(2, ">f4"), [1, 2]], "float32"),
    ],
    ids=str,
)
def test_mixtures(data, dtype):
    for made in (gg.tensor(data), gg.as_tensor(data), gg.Tensor(data), gg.tensor(tuple(data))):
        assert made.dtype == dtype
    expected = np.array([[float(v) for v in np.ravel(row)] for row in data])
    np.testing.assert_array_equal(made.numpy().reshape(-1), expected.astype(dtype).reshape(-1))


def test_the_default_dtype_counts():
    gg.set_default_dtype("float64")
    assert gg.tensor([1, 2.5]).dtype == np.float64 and gg.tensor([f(1, "int8"), 2.5]).dtype == np.float64
    assert gg.tensor([f(1), 2.5]).dtype == np.float32


def test_other_ways_in_promote_alike():
    mixed = [np.float32(1), 2.5]
    x = gg.ones(2)
    results = [
        nn.Parameter(mixed), gg.maximum(x, mixed), x + gg.tensor(mixed), gg.where(x > 0, mixed, x),
        gg.stack([x, mixed]),
        gg.full((2,), np.float32(1)), x.new_tensor(mixed), gg.normal(mixed, 1.0),
    ]  # fmt: skip
    x[:] = mixed
    assert all(r.dtype == np.float32 for r in (*results, x)) and x.tolist() == [1, 2.5]


@pytest.mark.parametrize("dtype", [None, "float64", "uint64", "int8", "bool"])
def test_integers_beyond_64_bits(dtype):
    for data in (2**64, [2**64], [[1], [-(2**64)]]):
        with pytest.raises(TypeError, match="does not fit into 64 bits"):
            gg.tensor(data, dtype=dtype)


@pytest.mark.parametrize(
    ("data", "dtype"),
    [(2**63, None), ([-1, 2**63], None), ([2**63], "int64"), ([300], "int8"), ([[1], [-1]], "uint8"), (-1, "uint64")],
)
def test_integers_that_do_not_fit(data, dtype):
    """NumPy would read the first two as uint64 and float64, and let the others come round."""
    with pytest.raises(TypeError, match=rf"integer -?\d+ does not fit into {dtype or 'int64'}"):
        gg.tensor(data, dtype=dtype)


def test_integers_that_fit():
    assert gg.tensor([1, 2**63], dtype="uint64").tolist() == [1, 2**63]
    assert gg.tensor([2**63, -1], dtype="float64").tolist() == [2.0**63, -1.0]
    assert gg.tensor([0, 2], dtype="bool").tolist() == [False, True]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([f(1), gg.ones(2)], "ragged"),
        ([[1, 2], [3]], "ragged"),
        ([gg.ones(2), [1.0, 2.0, 3.0]], "ragged"),
        ([f(1), None], "dtype object"),
        ([f(1), "a"], r"dtype .*U|mixed"),
        ([f(1), 1j], "complex"),
        ([gg.Scalar(1.0), 2.0], r"list with a Scalar.*\.value"),
        ([gg.ones(2, requires_grad=True)], r"requires grad.*gg\.stack.*\.detach"),
        ([[1.0], [f(1).requires_grad_()]], r"requires grad.*gg\.stack"),
    ],
)
def test_what_is_no_number(data, message):
    with pytest.raises(TypeError, match=message):
        gg.tensor(data)


def test_a_list_that_holds_itself():
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(TypeError, match="deeper than 64"):
        gg.tensor(endless)


def test_without_recording_a_list_of_leaves_is_its_numbers():
    w = gg.tensor([1.0, 2.0], requires_grad=True)
    with gg.no_grad():
        assert gg.tensor([w, w]).tolist() == [[1, 2], [1, 2]]


class Foreign:
    """An array of another library."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        if self.array is None:
            raise RuntimeError("it is on another device")
        return self.array


def test_arrays_of_other_libraries():
    assert gg.tensor(Foreign(np.ones(2, "f8"))).dtype == np.float64
    assert gg.tensor([Foreign(np.ones(2, "f4")), [1.0, 2.5]]).dtype == np.float32
    for data in (Foreign(None), [Foreign(None)]):
        with pytest.raises(TypeError, match=r"a \w+\.Foreign: it is on another device"):
            gg.tensor(data)
    with pytest.raises(TypeError, match=r"not \w+\.object|not object"):
        gg.maximum(gg.ones(2), object())
    with pytest.raises(TypeError, match=r"not fractions\.Fraction"):
        gg.maximum(gg.ones(2), __import__("fractions").Fraction(1, 2))


# -- one dtype object --------------------------------------------------------------------------------------------------


def same(tensor: Any) -> bool:
    return tensor.dtype is np.dtype(tensor.dtype.name) and tensor.dtype.isnative


def unpickled(array: np.ndarray) -> np.ndarray:
    return pickle.loads(pickle.dumps(array))


def from_file(array: np.ndarray) -> np.ndarray:
    file = io.BytesIO()
    np.save(file, array)
    file.seek(0)
    return np.load(file)


FOREIGN = {
    "unpickled": unpickled,
    "from a file": from_file,
    "little-endian": lambda a: a.astype(a.dtype.newbyteorder("<")),
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "from bytes": lambda a: np.frombuffer(a.tobytes(), np.dtype(a.dtype.str[0] + a.dtype.str[1:])).reshape(a.shape),
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", FOREIGN)
def test_one_dtype_object_for_every_dtype(kind, name):
    array = FOREIGN[kind](np.ones((2, 3), name))
    for copy in (True, False):
        made = as_array(array.T, copy=copy)
        assert same(made) and made.dtype == name and (made == 1).all()
        assert copy is False or (made.base is None and not np.shares_memory(made, array))
    assert same(gg.tensor(array, dtype=array.dtype)) and same(gg.ones(2).astype(array.dtype))


def other(value: Any) -> Any:
    """Return a kernel's result with a dtype object of its own."""
    return unpickled(np.asarray(value))


@gg.primitive(x=lambda g: other(g) if isinstance(g, np.ndarray) else g)
def passed_on(x):
    """A user's operation whose kernel and rule make foreign dtypes."""
    return other(x)


@gg.primitive(kind="predicate")
def positive_ones(x):
    """A user's predicate whose kernel makes foreign dtypes."""
    return other(np.greater(x, 0)).astype(">i4")


def ways_in(array: np.ndarray, path: Any) -> dict[str, Any]:
    """Return a tensor for every way by which an array comes in."""
    t = gg.tensor(array)
    x = gg.ones(3, requires_grad=True)
    gg.save({"a": array, "t": t}, path)
    layer = nn.Linear(3, 1, bias=False)
    layer.load_state_dict({"weight": array[None]})
    optimizer = gg.optim.SGD([x], lr=0.1, momentum=0.9)
    x.sum().backward()
    optimizer.step()
    state = optimizer.state_dict()
    for entry in state["state"].values():
        for key, value in entry.items():
            if isinstance(value, gg.Tensor):
                entry[key] = other(value.numpy())
    optimizer.load_state_dict(state)
    written = gg.zeros(3)
    written[:] = array
    replaced = gg.zeros(3)
    replaced.data = array
    w = gg.ones(3, requires_grad=True)
    passed_on(w * 1.0).backward(array)
    v = gg.ones(3, requires_grad=True)
    (gradient,) = gg.grad(v * 2, [v], grad_outputs=[gg.tensor(array)])
    hooked = gg.ones(3, requires_grad=True)
    hooked.register_hook(lambda g: gg.tensor(array))
    hooked.sum().backward()
    return {
        "tensor": t, "from_numpy": gg.from_numpy(array), "Tensor": gg.Tensor(array, copy=False),
        "as_tensor": gg.as_tensor(array), "from_dlpack": gg.from_dlpack(np.array(array, "f4")),
        "list": gg.tensor([array, array]), "Parameter": nn.Parameter(array), "load": gg.load(path)["a"],
        "pickle": pickle.loads(pickle.dumps(t)), "pickled leaf": pickle.loads(pickle.dumps(nn.Parameter(array))),
        "load_state_dict": layer.weight, "optimiser": next(iter(optimizer.state_dict()["state"].values()))[
            "momentum_buffer"],
        "operand": gg.ones(3) * array, "recorded operand": gg.ones(3, requires_grad=True) * array,
        "where": gg.where(gg.ones(3) > 0, array, array + 1), "stack": gg.stack([array, gg.ones(3)]),
        "zeros_like": gg.zeros_like(array), "full": gg.full((2,), array[0]), "randn_like": gg.randn_like(array),
        "numpy function": np.concatenate([gg.ones(3), array]), "ufunc": np.add(array, gg.ones(3)),
        "written": written, "data": replaced, "start of backward": w.grad, "grad": gradient, "hook": hooked.grad,
        "kernel": passed_on(gg.ones(3)), "recorded kernel": passed_on(v), "predicate": positive_ones(gg.ones(3)),
        "vmap": gg.func.vmap(lambda x: x)(array), "func.grad": gg.func.grad(lambda x: (x * x).sum())(gg.tensor(array)),
        "new_tensor": t.new_tensor(array), "astype": gg.ones(3).to(array.dtype), "clone": t.clone(),
    }  # fmt: skip


@pytest.mark.parametrize("kind", FOREIGN)
def test_one_dtype_object_on_every_way_in(kind, tmp_path):
    array = FOREIGN[kind](np.ones(3, "float32"))
    assert kind not in ("unpickled", "little-endian", "big-endian") or array.dtype is not np.dtype("float32")
    found = ways_in(array, tmp_path / "a.safetensors")
    wrong = [name for name, tensor in found.items() if not same(tensor)]
    assert not wrong
    assert all(t.dtype == np.float32 for name, t in found.items() if name != "predicate")
    assert found["predicate"].dtype == np.int32


@given(st.sampled_from(NAMES), st.sampled_from(sorted(FOREIGN)), st.lists(st.integers(0, 100), max_size=5))
def test_values_survive(name, kind, values):
    array = FOREIGN[kind](np.array(values).astype(name))
    assert gg.tensor(array).tolist() == np.array(values).astype(name).tolist()


def test_the_results_of_operations_have_it_too():
    array = unpickled(np.linspace(0.1, 0.9, 4, dtype="f4").reshape(2, 2))
    t = gg.tensor(array, requires_grad=True)
    for name in ("exp", "sum", "mean", "var", "sort", "cumsum", "softmax", "matmul", "amax", "quantile", "norm", "inv"):
        function = getattr(gg, name, None) or getattr(gg.linalg, name)
        arguments = {"softmax": (0,), "cumsum": (0,), "matmul": (t,), "quantile": (0.5,)}.get(name, ())
        result = function(t, *arguments)
        result = result[0] if isinstance(result, tuple) else result
        assert same(result)
        result.sum().backward()
        assert same(t.grad)
