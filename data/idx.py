"""The IDX format, and the two data sets that are published in it: MNIST and Fashion-MNIST."""

from __future__ import annotations

import math
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

import numpy as np
from numpy.typing import NDArray

from .datasets import TensorDataset
from .download import fetch
from .transformed import TransformedDataset

# Third byte of the magic number -> element type; everything is stored big-endian.
_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_MOST_DIMENSIONS = 8
_MOST_COMPRESSED = 40_000_000  # bytes; the largest of the published files has 26 million
_MOST_BYTES = 2**30  # a header can promise anything; MNIST, the largest set read here, has 47 million


def read_idx(path: str | os.PathLike[str], sha256: str | None = None) -> NDArray[Any]:
    """Read an IDX file, gzip-compressed or not, as an array in native byte order.

    The format (LeCun et al., "The MNIST database"): two zero bytes, one byte for the element type, one for the number
    of dimensions, each dimension as a big-endian 32-bit number, then exactly the elements. All of it is checked before
    memory for the elements is taken, and no more is decompressed than the header promises.

    Args:
        path: the file. Whether it is compressed is seen from its first bytes.
        sha256: if given, the hexadecimal SHA-256 that the *decompressed* file must have.

    Raises:
        ValueError: the file is not IDX, is damaged, is shorter or longer than its header says, is larger than 1 GiB, or
            has another checksum.
        FileNotFoundError: there is no such file.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "pairs-idx2-ubyte"
    ...     _ = path.write_bytes(bytes([0, 0, 8, 2,  0, 0, 0, 2,  0, 0, 0, 3,  1, 2, 3, 4, 5, 6]))
    ...     read_idx(path)
    array([[1, 2, 3],
           [4, 5, 6]], dtype=uint8)
    """
    import gzip

    path = Path(path)
    with path.open("rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        try:
            if not compressed:
                return _parse(file, path.name, sha256)
            with gzip.GzipFile(fileobj=file) as content:
                return _parse(content, path.name, sha256)  # type: ignore[arg-type]
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ValueError(f"{path.name}: the gzip file is damaged or cut short ({error})") from error


def _parse(file: BinaryIO, name: str, sha256: str | None) -> NDArray[Any]:
    import hashlib

    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _TYPES:
        raise ValueError(f"{name}: not an IDX file: it begins with bytes {magic.hex(' ') or '(none)'}")
    dtype, ndim = np.dtype(_TYPES[magic[2]]), magic[3]
    if not 1 <= ndim <= _MOST_DIMENSIONS:
        raise ValueError(f"{name}: the IDX header names {ndim} dimensions; 1 to {_MOST_DIMENSIONS} are read")
    sizes = file.read(4 * ndim)
    if len(sizes) < 4 * ndim:
        raise ValueError(f"{name}: the file ends inside the IDX header")
    shape = struct.unpack(f">{ndim}I", sizes)
    if math.prod(max(n, 1) for n in shape) * dtype.itemsize > _MOST_BYTES:
        raise ValueError(f"{name}: the IDX header promises shape {shape} of {dtype.name}, more than 1 GiB; not read")
    promised = math.prod(shape) * dtype.itemsize
    payload = _read_at_most(file, promised + 1)  # one more byte shows whether something follows
    if len(payload) != promised:
        found = f"only {len(payload)}" if len(payload) < promised else "more"
        raise ValueError(f"{name}: shape {shape} of {dtype.name} needs {promised} bytes, and the file holds {found}")
    if sha256 is not None:
        found = hashlib.sha256(magic + sizes + payload).hexdigest()
        if found != sha256:
            raise ValueError(
                f"{name}: the content is not the published one (SHA-256 {found}, expected {sha256}). "
                "Fetch the file again, or pass verify=False to read it all the same."
            )
    return np.frombuffer(payload, dtype).reshape(shape).astype(dtype.newbyteorder("="))


def _read_at_most(file: BinaryIO, size: int) -> bytes:
    """Up to ``size`` bytes, in pieces, so that a short file costs no more memory than it holds."""
    pieces: list[bytes] = []
    while size > 0 and (piece := file.read(min(size, 2**20))):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def data_folder() -> Path:
    """Where data sets are looked for: ``GLASSGRAD_DATA`` if set, else ``glassgrad`` in the user's cache folder."""
    if folder := os.environ.get("GLASSGRAD_DATA"):
        return Path(folder)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "glassgrad"


class MNIST(TransformedDataset):
    """LeCun's handwritten digits: 60,000 for training and 10,000 for testing, in 10 classes.

    Samples are pairs (image (1, 28, 28) float32 from 0 to 1, label int64). The four files are read, as published or
    decompressed, from the folder ``mnist`` in ``root``. A slice or an array of positions gives a batch.

    Args:
        root: the folder that holds ``mnist``; by default ``GLASSGRAD_DATA``, else ``glassgrad`` in the user's cache.
        train: the 60,000 training images; otherwise the 10,000 test images.
        transform, target_transform: functions of the image and of the label, applied whenever a sample is read; see
            ``TransformedDataset``.
        download: fetch files that are missing, over https. ``GLASSGRAD_OFFLINE`` forbids it.
        verify: compare the decompressed files with the SHA-256 of the published ones.

    Raises:
        FileNotFoundError: a file is missing; the message says which are expected where.
        DownloadError: a missing file cannot be fetched; the message says what to download and where to put it.
        ValueError: a file is damaged, is not the published one, or images and labels do not fit together.
    """

    folder: ClassVar[str] = "mnist"
    # SHA-256 of the decompressed files: gzip headers differ between mirrors.
    sha256: ClassVar[dict[str, str]] = {
        "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    }
    mirrors: ClassVar[tuple[str, ...]] = (
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
    )
    classes: ClassVar[tuple[str, ...]] = tuple("0123456789")

    def __init__(
        self,
        root: str | os.PathLike[str] | None = None,
        train: bool = True,
        transform: Callable[[Any], Any] | None = None,
        target_transform: Callable[[Any], Any] | None = None,
        download: bool = False,
        verify: bool = True,
    ) -> None:
        part = "train" if train else "t10k"
        names = (f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte")
        paths = self._find(data_folder() if root is None else Path(root), names, download)
        images, labels = (read_idx(p, self.sha256[n] if verify else None) for p, n in zip(paths, names, strict=True))
        if images.dtype != np.uint8 or images.ndim != 3 or labels.dtype != np.uint8 or labels.shape != images.shape[:1]:
            raise ValueError(
                f"{type(self).__name__}: expected images (N, height, width) and labels (N,) of uint8, "
                f"found {images.dtype} {images.shape} and {labels.dtype} {labels.shape}"
            )
        if labels.size and labels.max() >= len(self.classes):
            i = int(labels.argmax())
            raise ValueError(f"{type(self).__name__}: label[{i}] = {labels[i]}, but there are 10 classes (0..9)")
        pairs = TensorDataset((images / np.float32(255))[:, np.newaxis], labels.astype(np.int64))
        super().__init__(pairs, transform, target_transform)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, int | np.integer):
            return super().__getitem__(int(index))
        return self.take(np.arange(len(self))[index])

    def _find(self, root: Path, names: tuple[str, ...], download: bool) -> list[Path]:
        folder = root / self.folder
        for name in names if download else ():
            if not any(path.is_file() for path in (folder / f"{name}.gz", folder / name)):
                urls = [f"{mirror}{name}.gz" for mirror in self.mirrors]
                fetch(urls, folder / f"{name}.gz", self.sha256[name], _MOST_COMPRESSED)
        found = [next((p for p in (folder / f"{n}.gz", folder / n) if p.is_file()), None) for n in names]
        missing = [f"{n}.gz" for n, path in zip(names, found, strict=True) if path is None]
        if missing:
            raise FileNotFoundError(
                f"{type(self).__name__}: {' and '.join(missing)} (or without .gz) not found in "
                f"{folder}. Pass download=True to fetch them, put the published files there, or set GLASSGRAD_DATA (or "
                f"root=) to the folder that holds '{self.folder}'."
            )
        return [path for path in found if path is not None]


class FashionMNIST(MNIST):
    """Zalando's articles of clothing: the same form and sizes as ``MNIST``, in the folder ``fashion-mnist``.

    Source: H. Xiao, K. Rasul, R. Vollgraf (2017), *Fashion-MNIST*, arXiv:1708.07747, MIT licence.
    """

    folder = "fashion-mnist"
    sha256: ClassVar[dict[str, str]] = {
        "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    }
    mirrors = (
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "https://fashion-mnist.s3.eu-central-1.amazonaws.com/",
    )
    classes = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
