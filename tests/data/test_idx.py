"""IDX files: well-formed ones of every type, hostile ones, and the data sets read from them."""

import gzip
import math
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from glassgrad.data import MNIST, FashionMNIST, read_idx

CODES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def idx(code: int, shape: tuple[int, ...], payload: bytes) -> bytes:
    """An IDX file put together from the published description, independently of the reader."""
    return struct.pack(f">2xBB{len(shape)}I", code, len(shape), *shape) + payload


GOOD = idx(0x08, (2, 3), bytes(range(6)))


@pytest.fixture
def write(tmp_path):
    def write(content: bytes, name: str = "some-idx"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return write


@given(
    case=st.sampled_from(sorted(CODES)).flatmap(
        lambda code: st.tuples(
            st.just(code), npst.arrays(CODES[code], npst.array_shapes(max_dims=4, max_side=4, min_side=0))
        )
    ),
    compress=st.booleans(),
)
def test_every_type_and_shape_is_read_back(tmp_path_factory, case, compress):
    code, array = case
    content = idx(code, array.shape, array.tobytes())
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(gzip.compress(content) if compress else content)
    got = read_idx(path)
    assert got.dtype == array.dtype.newbyteorder("=") and got.dtype.isnative and got.shape == array.shape
    np.testing.assert_array_equal(got, array)
    assert got.flags.writeable


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"not an IDX file: it begins with bytes \(none\)"),
        (b"\0\0\x08", "not an IDX file: it begins with bytes 00 00 08"),
        (b"\0\1\x08\1" + GOOD[4:], "not an IDX file"),
        (b"\0\0\x0a\2" + GOOD[4:], "begins with bytes 00 00 0a 02"),
        (b"\x93NUMPY", "not an IDX file"),
        (b"\0\0\x08\0" + b"x", "0 dimensions"),
        (b"\0\0\x08\xff" + bytes(4 * 255), "255 dimensions"),
        (GOOD[:10], "ends inside the IDX header"),
        (GOOD[:-1], r"shape \(2, 3\) of uint8 needs 6 bytes, and the file holds only 5"),
        (GOOD + b"\0", "needs 6 bytes, and the file holds more"),
        (idx(0x0E, (3,), bytes(23)), "needs 24 bytes, and the file holds only 23"),
        (idx(0x08, (2**32 - 1,) * 8, b""), "more than 1 GiB"),
        (idx(0x08, (0, 2**32 - 1, 2**32 - 1), b""), "more than 1 GiB"),
        (idx(0x08, (2**30 + 1,), b""), "more than 1 GiB"),
        (idx(0x0C, (2**30,), b"abc"), "more than 1 GiB"),
        (gzip.compress(GOOD)[:-4], "damaged or cut short"),
        (gzip.compress(GOOD)[:12], "damaged or cut short"),
        (gzip.compress(GOOD)[:-8] + bytes(8), "damaged or cut short"),
        (b"\x1f\x8b" + bytes(30), "damaged or cut short"),
        (gzip.compress(GOOD + bytes(10**6)), "holds more"),
    ],
)
def test_hostile_files_are_refused(write, content, message):
    with pytest.raises(ValueError, match=message) as caught:
        read_idx(write(content))
    assert str(caught.value).startswith("some-idx: ")


@given(position=st.integers(0, len(GOOD) - 1), value=st.integers(0, 255), cut=st.integers(0, len(GOOD)))
def test_a_damaged_file_is_refused_or_read_as_what_it_says(tmp_path_factory, position, value, cut):
    content = bytearray(GOOD)
    content[position] = value
    content = content[: cut or None]
    path = tmp_path_factory.mktemp("idx") / "file"
    path.write_bytes(content)
    try:
        got = read_idx(path)
    except ValueError:
        return
    assert len(content) == 4 + 4 * got.ndim + math.prod(got.shape) * got.dtype.itemsize


@pytest.mark.parametrize("compress", [False, True])
def test_a_header_alone_takes_no_memory(write, compress):
    """A gigabyte is promised and not there; and a gzip bomb is not decompressed beyond what the header promises."""
    short = idx(0x08, (2**30,), bytes(100))
    bomb = idx(0x08, (10,), bytes(50_000_000))
    for content in (short, bomb):
        path = write(gzip.compress(content) if compress else content)
        del content
        tracemalloc.start()
        try:
            with pytest.raises(ValueError, match="needs"):
                read_idx(path)
            assert tracemalloc.get_traced_memory()[1] < 5_000_000
        finally:
            tracemalloc.stop()


def test_the_checksum_is_of_the_decompressed_bytes(write):
    published = "0" * 64
    for content in (GOOD, gzip.compress(GOOD), gzip.compress(GOOD, 1, mtime=7)):
        path = write(content)
        with pytest.raises(ValueError, match=f"not the published one .*expected {published}.*verify=False") as caught:
            read_idx(path, published)
        found = str(caught.value).partition("SHA-256 ")[2][:64]
        assert read_idx(path, found).shape == (2, 3)
    assert found == SHA256_OF_GOOD


# ``printf '\0\0\10\2\0\0\0\2\0\0\0\3\0\1\2\3\4\5' | sha256sum``
SHA256_OF_GOOD = "ef281b2f6ca26b683c34e0a40444d29c348ee4a3c57f3e1e955e1b5419e5e3c9"


# --- MNIST and Fashion-MNIST, on small files of the same form


def small_set(write, folder="mnist", part="train", compress=True, labels=b"\0\1\2") -> None:
    n = 3
    pixels = (np.arange(n * 28 * 28) % 256).astype(np.uint8).tobytes()
    for name, content in (
        (f"{part}-images-idx3-ubyte", idx(0x08, (n, 28, 28), pixels)),
        (f"{part}-labels-idx1-ubyte", idx(0x08, (len(labels),), labels)),
    ):
        write(gzip.compress(content) if compress else content, f"{folder}/{name}{'.gz' if compress else ''}")


@pytest.mark.parametrize("compress", [False, True])
def test_mnist_gives_scaled_images_and_int64_labels(write, tmp_path, compress):
    small_set(write, compress=compress)
    data = MNIST(tmp_path, verify=False)
    assert len(data) == 3
    image, label = data[2]
    assert image.shape == (1, 28, 28) and image.dtype == np.float32
    assert label.item() == 2 and label.dtype == np.int64
    expected = (np.arange(3 * 784) % 256).reshape(3, 1, 28, 28) / 255
    np.testing.assert_allclose(data[:][0].numpy(), expected, rtol=1e-7)


def test_the_folder_comes_from_the_environment(write, tmp_path, monkeypatch):
    small_set(write, "fashion-mnist", "t10k")
    monkeypatch.setenv("GLASSGRAD_DATA", str(tmp_path))
    data = FashionMNIST(train=False, verify=False)
    assert len(data) == 3 and data.classes[data[0][1].item()] == "T-shirt/top"


def test_without_the_variable_the_users_cache_is_the_place(tmp_path, monkeypatch):
    monkeypatch.delenv("GLASSGRAD_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(FileNotFoundError) as caught:
        MNIST()
    assert str(tmp_path / "glassgrad" / "mnist") in str(caught.value)


def test_missing_files_are_named_with_their_place(write, tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        MNIST(tmp_path, train=False)
    for part in ("t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz", str(tmp_path / "mnist"), "GLASSGRAD_DATA"):
        assert part in str(caught.value)
    write(gzip.compress(GOOD), "mnist/t10k-images-idx3-ubyte.gz")
    with pytest.raises(FileNotFoundError, match=r"^MNIST: t10k-labels-idx1-ubyte\.gz \(or"):
        MNIST(tmp_path, train=False)


def test_other_content_under_a_published_name_is_refused(write, tmp_path):
    small_set(write)
    with pytest.raises(ValueError, match=r"train-images-idx3-ubyte.gz: the content is not the published one"):
        MNIST(tmp_path)


@pytest.mark.parametrize(
    ("labels", "message"),
    [(b"\0\1", r"uint8 \(3, 28, 28\) and uint8 \(2,\)"), (b"\0\x0a\1", r"label\[1\] = 10, but there are 10 classes")],
)
def test_labels_that_do_not_fit_are_refused(write, tmp_path, labels, message):
    small_set(write, labels=labels)
    with pytest.raises(ValueError, match=message):
        MNIST(tmp_path, verify=False)
