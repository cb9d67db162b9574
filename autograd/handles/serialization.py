"""Saving tensors, and nested data that hold them, in the safetensors format, atomically. Never pickle."""

from __future__ import annotations

import os
import struct
import threading
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..core.dtypes import as_array
from ..engine.values import HANDLES
from .nesting import flatten, is_tensor, unflatten
from .tensor import Tensor

__all__ = ["load", "save"]

_CHECKSUM = "glassgrad.crc32."
_NESTED = "glassgrad.nested"  # the eight digits of a checksum, then the JSON of nested data
_NOTHING = "glassgrad.empty"  # a tensor of no elements, in files of nested data that hold no other
# Checksums of tensors in a file of nested data begin here, so that it is not taken for a flat one if the note is lost.
_SALT = zlib.crc32(b"nested")
_DTYPES = {
    "F16": "float16", "F32": "float32", "F64": "float64", "I8": "int8", "I16": "int16", "I32": "int32", "I64": "int64",
    "U8": "uint8", "U16": "uint16", "U32": "uint32", "U64": "uint64", "BOOL": "bool",
    "BF16": "uint16",  # read as float32, whose upper half it is
}  # fmt: skip
_LONGEST_HEADER = 100_000_000


def save(tensors: Any, path: Any, metadata: Mapping[str, str] | None = None) -> None:
    """Write tensors, by name or in nested data, to a safetensors file, or leave the old file as it was.

    The file is written under a temporary name, flushed to disk and renamed, so a crash or a full disk never leaves
    half a file. Checksums of every tensor stand in the metadata; other programs read the file as usual.

    Args:
        tensors: name to Tensor or array, such as ``model.state_dict()``; or dicts, lists and tuples of tensors,
            numbers, strings, bools and None, nested as deep as 100, such as ``{"model": model.state_dict(),
            "optimizer": optimizer.state_dict(), "epoch": 3}``. In nested data the tensors are named by their paths, and
            the rest stands as JSON in the metadata.
        path: where to write.
        metadata: strings to store beside the tensors.

    Raises:
        TypeError: something is none of these, or a key is neither a string nor an integer.
        ValueError: the data contain themselves.
        OSError: the file cannot be written.

    >>> import os, tempfile, glassgrad as gg
    >>> path = os.path.join(tempfile.mkdtemp(), "weights.safetensors")
    >>> gg.save({"w": gg.tensor([1.0, 2.0])}, path)
    >>> gg.load(path)["w"]
    tensor([1., 2.])
    >>> gg.save({"weights": {"w": gg.tensor([1.0, 2.0])}, "epoch": 3, "losses": [0.5, 0.25]}, path)
    >>> gg.load(path)
    {'weights': {'w': tensor([1., 2.])}, 'epoch': 3, 'losses': [0.5, 0.25]}
    """
    from safetensors.numpy import save as to_bytes

    notes = dict(metadata or {})
    start = 0
    if not isinstance(tensors, Mapping) or not all(isinstance(k, str) and is_tensor(v) for k, v in tensors.items()):
        if not isinstance(tensors, Mapping | list | tuple):
            raise TypeError(
                "save: expected named tensors, such as model.state_dict(), or nested data, "
                f"not {type(tensors).__name__}"
            )
        tensors, text = flatten(tensors)
        tensors = tensors or {_NOTHING: np.zeros(0, np.uint8)}
        notes[_NESTED] = f"{zlib.crc32(text.encode()):08x}{text}"
        start = _SALT
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    for name, value in tensors.items():
        array = value._array if value.__class__ in HANDLES else as_array(value)
        arrays[name] = np.ascontiguousarray(array).reshape(array.shape)
        notes[_CHECKSUM + name] = f"{zlib.crc32(arrays[name].tobytes(), start):08x}"
    for key, value in notes.items():
        if not isinstance(key, str) or not isinstance(value, str):
            raise TypeError(f"save: metadata must map strings to strings, but {key!r} maps to {type(value).__name__}")
    write_atomically(path, to_bytes(arrays, notes or None))  # with empty notes it writes a broken header


def write_atomically(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write a file under a temporary name in the same folder, flush it to disk, and rename it into place.

    Readers see the old file or the new one, and never a part of it.
    """
    target = Path(path)
    temporary = target.with_name(f".{target.name[:40]}.{os.getpid()}-{threading.get_ident()}.part")
    try:
        with open(temporary, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return target


def load(path: Any) -> Any:
    """Read named tensors from a safetensors file, whoever wrote it, or the nested data that ``save`` put there.

    Everything is checked before any memory is reserved for it: the header's length and form, every dtype, shape and
    place, and the checksums where the file has them. bfloat16, which NumPy does not have, becomes float32, exactly.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, or not in the safetensors format; nothing of it is returned.
    """
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        prefix, brace = file.read(8), file.read(1)
        # A header of 640 bytes begins like a pickle, but what follows the length is always a brace.
        if brace != b"{" and prefix[:2] in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK"):
            raise ValueError(f"load: {path} looks like a pickle or an archive; only safetensors files are read")
        if len(prefix) < 8:
            raise ValueError(f"load: {path} is not a safetensors file: it has only {size} bytes")
        (length,) = struct.unpack("<Q", prefix)
        if length > min(_LONGEST_HEADER, size - 8) or length < 2:
            raise ValueError(
                f"load: {path} is not a safetensors file, or damaged: a header of {length} bytes in a file of {size}"
            )
        header = _header(brace + file.read(length - 1), path)
        notes = header.pop("__metadata__", {})
        places = _places(header, size - 8 - length, path)
        if not isinstance(notes, dict):
            raise ValueError(f"load: {path} is damaged: its metadata is not a mapping")
        missing = [key for key in notes if key.startswith(_CHECKSUM) and key.removeprefix(_CHECKSUM) not in places]
        checked = any(key.startswith(_CHECKSUM) for key in notes)
        if missing or (checked and any(_CHECKSUM + name not in notes for name in places)):
            raise ValueError(f"load: {path} is damaged: its checksums do not name the tensors it holds")
        nested = _nested(notes, path)
        tensors = {}
        for name, (dtype, shape, start, stop) in places.items():
            file.seek(8 + length + start)
            raw = file.read(stop - start)
            expected = notes.get(_CHECKSUM + name)
            if expected is not None and expected != f"{zlib.crc32(raw, 0 if nested is None else _SALT):08x}":
                raise ValueError(f"load: {path} is damaged: the checksum of {name!r} does not fit its content")
            array = np.frombuffer(raw, np.dtype(dtype).newbyteorder("<")).reshape(shape)
            if header[name]["dtype"] == "BF16":
                array = (array.astype(np.uint32) << 16).view(np.float32)
            tensors[name] = Tensor(array)
    if nested is None:
        return tensors
    try:
        return unflatten(nested, tensors.__getitem__)
    except (ValueError, KeyError) as error:
        raise ValueError(f"load: {path} is damaged: {error}") from None


def _nested(notes: dict[str, Any], path: Any) -> str | None:
    """The JSON of nested data among the notes, or None; a ValueError if its checksum does not fit."""
    note = notes.get(_NESTED)
    if note is None:
        return None
    if not isinstance(note, str) or note[:8] != f"{zlib.crc32(note[8:].encode(errors='replace')):08x}":
        raise ValueError(f"load: {path} is damaged: the checksum of its nested data does not fit")
    return note[8:]


def _header(raw: bytes, path: Any) -> dict[str, Any]:
    import json

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [k for k, _ in pairs]
        if len(set(keys)) != len(keys):
            raise ValueError("a name occurs twice")
        return dict(pairs)

    try:
        header = json.loads(raw.decode("utf-8"), object_pairs_hook=unique)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise ValueError(
            f"load: {path} is not a safetensors file, or damaged: its header cannot be read ({error})"
        ) from None
    if not isinstance(header, dict):
        raise ValueError(f"load: {path} is not a safetensors file: its header is not a mapping")
    return header


def _places(header: dict[str, Any], room: int, path: Any) -> dict[str, tuple[str, tuple[int, ...], int, int]]:
    """Check every entry of the header against the bytes there are; they must follow each other without gaps."""
    places: dict[str, tuple[str, tuple[int, ...], int, int]] = {}
    for name, entry in header.items():
        try:
            dtype = _DTYPES[entry["dtype"]]
            shape = tuple(entry["shape"])
            start, stop = entry["data_offsets"]
            if len(entry) != 3 or not all(type(n) is int and n >= 0 for n in (*shape, start, stop)):
                raise ValueError("negative or fractional numbers")
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"load: {path} is damaged or of an unknown kind: entry {name!r} ({error!r})") from None
        count = 0 if 0 in shape else 1
        for n in shape if count else ():
            count *= n
            if count > room:
                break
        if len(shape) > 64 or count * np.dtype(dtype).itemsize != stop - start or stop > room:
            raise ValueError(
                f"load: {path} is damaged: {name!r} of shape {shape} does not fit its place {start}..{stop} "
                f"of {room} bytes"
            )
        places[name] = (dtype, shape, start, stop)
    position = 0
    for _, _, start, stop in sorted(places.values(), key=lambda place: (place[2], place[3])):
        if start != position:
            raise ValueError(f"load: {path} is damaged: its tensors overlap or leave gaps")
        position = stop
    if position != room:
        raise ValueError(f"load: {path} is damaged: {room - position} bytes belong to no tensor")
    return places
