"""Files: what comes back, what other programs read, and what a damaged one does."""

import json
import os
import pickle
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

import glassgrad as gg

DTYPES = ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "bool"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tensors.safetensors"


@pytest.mark.parametrize("dtype", DTYPES)
def test_round_trip(path, dtype):
    arrays = {
        "a": np.arange(6).reshape(2, 3).astype(dtype),
        "nothing": np.zeros((0, 3), dtype),
        "one": np.ones((), dtype),
    }
    gg.save({n: gg.tensor(a) for n, a in arrays.items()}, path)
    loaded = gg.load(path)
    assert set(loaded) == set(arrays)
    for name, array in arrays.items():
        assert loaded[name].dtype == array.dtype and loaded[name].shape == array.shape
        np.testing.assert_array_equal(loaded[name].numpy(), array)


def test_other_programs_read_it_and_are_read(path):
    gg.save({"w": gg.tensor([[1.0, 2.0]]).T}, path, metadata={"epoch": "3"})
    np.testing.assert_array_equal(load_file(path)["w"], [[1], [2]])
    save_file({"v": np.arange(3.0)}, path)
    assert gg.load(path)["v"].tolist() == [0, 1, 2]


def test_bfloat16_becomes_float32(path):
    """The upper half of a float32: sign, 8 bits of exponent, 7 of fraction."""
    bits = np.array([[0x3F80, 0xC040, 0x7F80], [0x7FC0, 0x0001, 0x8000]], "<u2")
    values = np.array([[1.0, -3.0, np.inf], [np.nan, 2.0**-133, -0.0]], "f4")
    entries = {
        "w": {"dtype": "BF16", "shape": [2, 3], "data_offsets": [0, 12]},
        "one": {"dtype": "BF16", "shape": [], "data_offsets": [12, 14]},
        "b": {"dtype": "F32", "shape": [1], "data_offsets": [14, 18]},
    }
    header = json.dumps(entries).encode()
    content = bits.tobytes() + b"\x80\x3f" + np.float32(0.5).tobytes()
    path.write_bytes(struct.pack("<Q", len(header)) + header + content)
    loaded = gg.load(path)
    assert loaded["w"].dtype is np.dtype("float32") and loaded["one"].shape == ()
    np.testing.assert_array_equal(loaded["w"].numpy(), values)
    np.testing.assert_array_equal(np.signbit(loaded["w"].numpy()), np.signbit(values))
    assert (loaded["one"].item(), loaded["b"].item()) == (1.0, 0.5)
    entries["w"]["data_offsets"] = [0, 24]
    header = json.dumps(entries).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + content)
    with pytest.raises(ValueError, match="damaged"):
        gg.load(path)


def test_hostile_names_survive(path):
    names = ["", " ", "a.b/c", "</script>", "\\", '"', "é😀", "x" * 5000]
    gg.save({n: gg.tensor([float(i)]) for i, n in enumerate(names)}, path)
    assert {n: t.item() for n, t in gg.load(path).items()} == {n: float(i) for i, n in enumerate(names)}


@given(st.data())
def test_a_damaged_file_is_never_loaded_wrong(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "damaged.safetensors"
    original = {"a": gg.tensor(np.arange(20.0)), "b": gg.tensor([1, 2, 3])}
    gg.save(original, path)
    content = bytearray(path.read_bytes())
    kind = data.draw(st.sampled_from(["cut", "flip", "burst", "grow"]))
    at = data.draw(st.integers(0, len(content) - 1))
    if kind == "cut":
        content = content[:at]
    elif kind == "flip":
        content[at] ^= 1 << data.draw(st.integers(0, 7))
    elif kind == "burst":
        length = data.draw(st.integers(1, 64))
        content[at : at + length] = data.draw(st.binary(min_size=length, max_size=length))
    else:
        content += data.draw(st.binary(min_size=1, max_size=32))
    path.write_bytes(bytes(content))
    try:
        loaded = gg.load(path)
    except ValueError as error:
        assert "load:" in str(error)
        return
    # What may still load is a file whose content is the same: damage in the spaces that pad the header.
    assert {n: t.tolist() for n, t in loaded.items()} == {n: t.tolist() for n, t in original.items()}


def header(entries, body=b""):
    raw = json.dumps(entries).encode()
    return struct.pack("<Q", len(raw)) + raw + body


MALFORMED = {
    "nothing": b"",
    "too short": b"\x01\x02",
    "a pickle": pickle.dumps({"a": 1}),
    "an archive": b"PK\x03\x04" + bytes(30),
    "a huge header": struct.pack("<Q", 2**62) + b"{}",
    "no JSON": struct.pack("<Q", 4) + b"abcd",
    "deep JSON": struct.pack("<Q", 20000) + b"[" * 20000,
    "a list": header([]),
    "an unknown dtype": header({"a": {"dtype": "C64", "shape": [1], "data_offsets": [0, 8]}}, bytes(8)),
    "a negative size": header({"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}, bytes(4)),
    "a fractional size": header({"a": {"dtype": "F32", "shape": [1.0], "data_offsets": [0, 4]}}, bytes(4)),
    "a boolean size": header({"a": {"dtype": "F32", "shape": [True], "data_offsets": [0, 4]}}, bytes(4)),
    "offsets beyond the end": header({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}),
    "offsets reversed": header({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}}, bytes(4)),
    "a shape too large": header({"a": {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 4]}}, bytes(4)),
    "many dimensions": header({"a": {"dtype": "F32", "shape": [1] * 100, "data_offsets": [0, 4]}}, bytes(4)),
    "an overlap": header({n: {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} for n in ("a", "b")}, bytes(4)),
    "a gap": header({"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}}, bytes(8)),
    "bytes left over": header({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, bytes(8)),
    "a field too many": header({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4], "x": 1}}, bytes(4)),
    "an entry that is a number": header({"a": 3}),
    "metadata that is a list": header({"__metadata__": [1]}),
    "a name twice": struct.pack("<Q", 102)
    + (b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}')[
        :102
    ].ljust(102)
    + bytes(4),
}


@pytest.mark.parametrize("content", MALFORMED.values(), ids=list(MALFORMED))
def test_malformed_files(path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match="load:"):
        gg.load(path)


def test_a_failed_save_leaves_the_old_file_and_no_litter(path, monkeypatch):
    gg.save({"a": gg.tensor([1.0])}, path)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        gg.save({"a": gg.tensor([2.0])}, path)
    monkeypatch.undo()
    assert gg.load(path)["a"].tolist() == [1]
    assert os.listdir(path.parent) == [path.name]


def test_the_file_has_ordinary_permissions(path):
    gg.save({"a": gg.tensor([1.0])}, path)
    other = path.with_name("other")
    other.write_bytes(b"")
    assert path.stat().st_mode == other.stat().st_mode


@pytest.mark.parametrize(
    ("tensors", "message"),
    [(gg.tensor([1.0]), "expected named tensors"), ("text", "or nested data, not str"),
     ({1.5: gg.tensor([1.0])}, r"keys must be strings or integers, but what was given has the key 1.5"),
     ({"a": [1, {"b": {2, 3}}]}, r"save: \['a'\]\[1\]\['b'\] is a set; only tensors, numbers"),
     ({"a": np.array(["x"])}, "cannot make a tensor from an array of dtype <U1")],
)  # fmt: skip
def test_what_cannot_be_saved(path, tensors, message):
    with pytest.raises(TypeError, match=message):
        gg.save(tensors, path)
    assert not path.exists()


def test_a_missing_file(path):
    with pytest.raises(FileNotFoundError):
        gg.load(path)


def test_a_network_goes_to_a_file_and_back(path):
    gg.manual_seed(0)
    model, other = (gg.nn.Sequential(gg.nn.Linear(3, 4), gg.nn.BatchNorm1d(4)) for _ in range(2))
    gg.save(model.state_dict(), path)
    other.load_state_dict(gg.load(path))
    x = gg.randn(5, 3)
    np.testing.assert_array_equal(model(x).numpy(), other(x).numpy())
