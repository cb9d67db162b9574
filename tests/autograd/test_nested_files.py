"""Files of nested data: everything comes back as it was, and damage is never loaded."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from safetensors import safe_open

import glassgrad as gg

numbers = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8))
arrays = npst.arrays(
    st.sampled_from([np.float32, np.float64, np.int64, np.bool_]), npst.array_shapes(min_dims=0, max_side=3, min_side=0)
)
keys = st.one_of(
    st.text(max_size=6), st.sampled_from(["$tensor", "$items", "a.b", "", "glassgrad.nested"]), st.integers()
)
nested = st.recursive(
    st.one_of(numbers, arrays),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.tuples(inner, inner), st.dictionaries(keys, inner, max_size=3)
    ),
    max_leaves=12,
)


def same(found, given):
    if isinstance(given, np.ndarray):
        assert isinstance(found, gg.Tensor) and found.dtype == given.dtype and found.shape == given.shape
        np.testing.assert_array_equal(found.numpy(), given)
    elif isinstance(given, dict):
        assert type(found) is dict and list(found) == list(given)
        for key in given:
            same(found[key], given[key])
    elif isinstance(given, list | tuple):
        assert type(found) is type(given) and len(found) == len(given)
        for one, other in zip(found, given, strict=True):
            same(one, other)
    elif isinstance(given, float) and math.isnan(given):
        assert math.isnan(found)
    else:
        assert type(found) is type(given) and found == given
        if isinstance(given, float):
            assert math.copysign(1, found) == math.copysign(1, given)


@given(data=st.one_of(st.lists(nested, max_size=3), st.dictionaries(keys, nested, max_size=4)))
def test_nested_data_come_back_as_they_were(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "nested.safetensors"
    gg.save(data, path)
    same(gg.load(path), data)


def test_a_flat_dict_of_tensors_keeps_its_format(tmp_path):
    """Written out from the published format: no notes but one CRC-32 for each tensor."""
    path = tmp_path / "flat.safetensors"
    gg.save({"w": gg.tensor([1.0, 2.0]), "n": np.array([3])}, path)
    raw = path.read_bytes()
    header = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")])
    assert set(header.pop("__metadata__")) == {"glassgrad.crc32.w", "glassgrad.crc32.n"}
    assert set(header) == {"w", "n"}


def test_other_programs_find_the_tensors_by_their_paths(tmp_path):
    path = tmp_path / "nested.safetensors"
    gg.save({"model": {"0.weight": gg.ones(2)}, "steps": [gg.zeros(1), 3], "lr": 0.1}, path, metadata={"note": "x"})
    with safe_open(path, "np") as file:
        assert set(file.keys()) == {"model.0.weight", "steps.0"}
        assert file.metadata()["note"] == "x"
        assert json.loads(file.metadata()["glassgrad.nested"][8:])["lr"] == 0.1


def test_one_path_twice_is_two_tensors(tmp_path):
    path = tmp_path / "twice.safetensors"
    gg.save({"a.b": gg.ones(1), "a": {"b": gg.zeros(1)}}, path)
    found = gg.load(path)
    assert found["a.b"].item() == 1 and found["a"]["b"].item() == 0


@pytest.mark.parametrize("length", [640, 896, 1152, 1408])
def test_a_header_whose_length_reads_like_the_start_of_a_pickle(tmp_path, length):
    """640 is 80 02 in the file's order of bytes, which is how pickles of protocol 2 begin."""
    path = tmp_path / "header.safetensors"
    gg.save({"w": gg.ones(1)}, path, metadata={"note": ""})
    short = int.from_bytes(path.read_bytes()[:8], "little")
    gg.save({"w": gg.ones(1)}, path, metadata={"note": "x" * (length - short)})
    assert int.from_bytes(path.read_bytes()[:8], "little") == length
    assert gg.load(path)["w"].item() == 1


def test_numpy_numbers_come_back_as_pythons(tmp_path):
    path = tmp_path / "numbers.safetensors"
    gg.save([np.float32(0.1), np.int64(3), np.bool_(True)], path)
    found = gg.load(path)
    assert found == [float(np.float32(0.1)), 3, True] and [type(v) for v in found] == [float, int, bool]


def test_data_that_contain_themselves_are_refused(tmp_path):
    loop = {}
    loop["again"] = loop
    with pytest.raises(ValueError, match=r"nested more than 100 deep at \['again'\].*does it contain itself"):
        gg.save(loop, tmp_path / "loop")
    assert not list(tmp_path.iterdir())


ORIGINAL = {"weights": [np.arange(5.0), np.array(True)], "epoch": 3, "loss": 0.1, "name": "net", "none": None}


@settings(max_examples=150)
@given(data=st.data())
def test_a_damaged_file_is_never_loaded_wrong(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "damaged.safetensors"
    gg.save(ORIGINAL if data.draw(st.booleans(), "with tensors") else {"epoch": 3, "name": "net"}, path)
    before = gg.load(path)
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    kind = data.draw(st.sampled_from(["cut", "flip", "burst"]))
    if kind == "cut":
        content = content[:at]
    elif kind == "flip":
        content[at] ^= 1 << data.draw(st.integers(0, 7))
    else:
        length = data.draw(st.integers(1, 64))
        content[at : at + length] = data.draw(st.binary(min_size=length, max_size=length))
    path.write_bytes(bytes(content))
    try:
        found = gg.load(path)
    except ValueError as error:
        assert "load:" in str(error)
        return
    assert repr(found) == repr(before)


def test_a_file_whose_note_is_lost_is_not_taken_for_a_flat_one(tmp_path):
    path = tmp_path / "lost.safetensors"
    for data in (ORIGINAL, {"epoch": 3}):
        gg.save(data, path)
        path.write_bytes(path.read_bytes().replace(b"glassgrad.nested", b"glassgrad.nexted"))
        with pytest.raises(ValueError, match="is damaged"):
            gg.load(path)
