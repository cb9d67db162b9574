"""Exchange of arrays with other libraries through DLPack, without their knowing of each other.

The protocol hands over memory, not versions. A change that another library makes in shared memory can be neither seen
nor dated (see ``storage.py``), and a value that backward needs would be silently wrong; so what comes in is copied, as
``from_numpy`` does, unless ``copy=False`` is asked for, and what goes out is marked as read-only where the other side
understands that.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.dtypes import as_array
from ..engine.values import new_tensor

__all__ = ["device_of", "export", "from_dlpack"]

_CPU = 1
_WITH_FLAGS = (1, 0)  # the version of the protocol since which an array can be marked as read-only


def from_dlpack(x: Any, *, device: Any = None, copy: bool | None = None) -> Any:
    """Make a tensor from an array of any library that speaks DLPack: PyTorch, JAX, CuPy (on the CPU), NumPy.

    Args:
        x: an object with ``__dlpack__``.
        device: None or ``"cpu"``; tensors live there.
        copy: False shares the memory, or raises where that is impossible; otherwise it is copied. Shared memory must
            not be changed by its other owner while a graph needs its values: the change cannot be seen, and gradients
            would be wrong.

    Raises:
        TypeError: ``x`` does not speak DLPack, or its dtype is not among those of tensors.
        BufferError: it is on another device, needs a gradient there, or cannot be shared.

    >>> import numpy as np, glassgrad as gg
    >>> gg.from_dlpack(np.arange(3))
    tensor([0, 1, 2])
    """
    if not hasattr(x, "__dlpack__") or not hasattr(x, "__dlpack_device__"):
        raise TypeError(
            f"from_dlpack: a {type(x).__name__} has no __dlpack__; for lists and numbers write gg.tensor(data)"
        )
    if device not in (None, "cpu"):
        raise BufferError(f"from_dlpack: tensors live on the CPU, so device must be None or 'cpu', not {device!r}")
    kind = int(x.__dlpack_device__()[0])
    if kind != _CPU:
        raise BufferError(
            f"from_dlpack: the array is on a device of DLPack type {kind}, not on the CPU (type 1); move it there first"
        )
    try:
        array = np.from_dlpack(x)
    except BufferError as error:
        raise BufferError(f"from_dlpack: {type(x).__name__} does not give its memory away: {error}") from None
    except RuntimeError as error:
        raise TypeError(
            f"from_dlpack: NumPy cannot read this {type(x).__name__} of dtype {getattr(x, 'dtype', 'unknown')}: {error}"
        ) from None
    if copy is False:
        shared = as_array(array, copy=False)
        if not np.shares_memory(shared, array) and array.size:
            raise BufferError(f"from_dlpack: dtype {array.dtype} cannot be used without a copy")
        return new_tensor(shared, None)
    return new_tensor(as_array(array), None)


def export(
    tensor: Any, *, stream: Any = None, max_version: tuple[int, int] | None = None,
    dl_device: tuple[int, int] | None = None, copy: bool | None = None,
) -> Any:  # fmt: skip
    """Give the values to another library, without a copy where it accepts read-only memory or asks for none.

    A library that asks for version 1.0 or later of the protocol is told that the memory is read-only (NumPy keeps to
    it, PyTorch does not look); an older one cannot be told. Do not change it while a graph needs the values.

    Raises:
        BufferError: the tensor requires grad, which would be lost; or it should go to another device.

    >>> import numpy as np, glassgrad as gg
    >>> np.from_dlpack(gg.tensor([1.0, 2.0]))
    array([1., 2.], dtype=float32)
    """
    if tensor.requires_grad:
        raise BufferError(
            f"__dlpack__: this tensor (shape {tensor.shape}) requires grad, which no other library would know of; "
            "give it x.detach()"
        )
    if stream is not None:
        raise BufferError(f"__dlpack__: memory of the CPU has no streams, but stream={stream!r} was asked for")
    array = tensor._array
    arguments: dict[str, Any] = {"dl_device": dl_device, "copy": copy}
    if max_version is not None and tuple(max_version) >= _WITH_FLAGS:
        if not copy:
            array = tensor.numpy()
        arguments["max_version"] = max_version
    elif not array.flags.writeable:
        # What was spread without copying is read-only, which an older protocol cannot express.
        if copy is False:
            raise BufferError("__dlpack__: this memory is read-only and cannot be given away without a copy")
        array = array.copy()
    try:
        return array.__dlpack__(**arguments)
    except BufferError as error:
        raise BufferError(f"__dlpack__: {error}") from None


def device_of(tensor: Any) -> tuple[int, int]:
    """Return DLPack's type and number of the device: the CPU."""
    return (_CPU, 0)
