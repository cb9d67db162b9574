"""Which dtypes exist, and which one a result has."""

from __future__ import annotations

from typing import Any

import numpy as np

from .interpreters import HiddenValueError

__all__ = ["as_array", "get_default_dtype", "is_floating", "promote", "set_default_dtype", "to_dtype"]

FLOATING = frozenset(np.dtype(t) for t in (np.float16, np.float32, np.float64))
NUMBERS = frozenset((float, int, bool))
_default = np.dtype(np.float32)
_INT = np.dtype(np.int64)
_BOOL = np.dtype(np.bool_)
_ALLOWED_KINDS = "fiub"


def get_default_dtype() -> np.dtype[Any]:
    """Return the dtype that Python floats become: ``float32`` unless changed.

    >>> import glassgrad as gg
    >>> gg.get_default_dtype()
    dtype('float32')
    """
    return _default


def set_default_dtype(dtype: Any) -> None:
    """Set the dtype that Python floats become, for the whole process.

    Args:
        dtype: ``numpy.float16``, ``float32`` or ``float64``, or its name.

    Raises:
        TypeError: the dtype is not one of these.

    >>> import glassgrad as gg
    >>> gg.set_default_dtype("float64"); gg.tensor(1.5).dtype
    dtype('float64')
    >>> gg.set_default_dtype("float32")
    """
    global _default
    new = to_dtype(dtype)
    if new not in FLOATING:
        raise TypeError(f"set_default_dtype: expected float16, float32 or float64, got {new}")
    _default = new


def to_dtype(dtype: Any) -> np.dtype[Any]:
    """Return ``dtype`` as a native NumPy dtype that tensors can have; ``float`` is the default dtype.

    Raises:
        TypeError: for object, string, complex, datetime and structured dtypes.
    """
    if dtype is float:
        return _default
    try:
        result = np.dtype(dtype)
    except TypeError:
        raise TypeError(f"{dtype!r} is not a dtype; use for example numpy.float32 or 'float32'") from None
    if result.kind not in _ALLOWED_KINDS or result.itemsize > 8:
        raise TypeError(f"tensors cannot have dtype {result}; use a float, integer or bool dtype of up to 64 bits")
    return native(result)


def is_floating(dtype: Any) -> bool:
    """Return whether ``dtype`` is one of the three floating-point dtypes, which alone can have gradients."""
    return dtype in FLOATING


def as_array(data: Any, dtype: Any = None, *, copy: bool = True) -> np.ndarray[Any, Any]:
    """Return ``data`` as a native array of a dtype that tensors can have.

    Arrays keep their dtype; Python floats become the default dtype, ints ``int64`` and bools ``bool``. Big-endian,
    strided, Fortran-ordered and read-only arrays are accepted.

    Raises:
        TypeError: ragged nesting, None, strings, objects and other data that are not numbers.
    """
    wanted = None if dtype is None else to_dtype(dtype)
    if isinstance(data, np.ndarray | np.generic):
        array = np.asarray(data)
        if array.dtype.kind not in _ALLOWED_KINDS or array.dtype.itemsize > 8:
            raise TypeError(f"cannot make a tensor from an array of dtype {array.dtype}; convert it to numbers first")
    else:
        if isinstance(data, list | tuple) and any(hasattr(item, "__array__") for item in data):
            data = [np.asarray(item) for item in data]
            return as_array(_stack(data), wanted, copy=False)
        array = _from_python(data)
        if wanted is None:
            kinds: dict[str, np.dtype[Any]] = {"f": _default, "i": _INT, "u": _INT, "b": _BOOL}
            wanted = kinds[array.dtype.kind]
    target = wanted if wanted is not None else native(array.dtype)
    if copy or array.dtype != target or not array.dtype.isnative:
        return np.array(array, dtype=target, order="K", copy=True, subok=False)
    return array if array.dtype is target else array.view(target)


def native(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the one native dtype object of this kind and size: the engine compares dtypes by identity."""
    return np.dtype(dtype.name)


def _from_python(data: Any) -> np.ndarray[Any, Any]:
    try:
        array = np.asarray(data)
    except HiddenValueError:
        raise
    except (ValueError, TypeError) as error:
        raise TypeError(f"cannot make a tensor from ragged or mixed data: {error}") from None
    except OverflowError:
        raise TypeError("cannot make a tensor: an integer does not fit into 64 bits") from None
    if array.dtype.kind not in _ALLOWED_KINDS:
        raise TypeError(
            f"cannot make a tensor from {type(data).__name__} (NumPy reads it as dtype {array.dtype}); "
            "give numbers, nested lists of numbers or a numeric array"
        )
    return array


def _stack(items: list[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    shapes = {item.shape for item in items}
    if len(shapes) > 1:
        raise TypeError(f"cannot make a tensor from ragged data: the items have shapes {sorted(shapes)}")
    return np.stack(items)


def _category(dtype: np.dtype[Any]) -> int:
    return 2 if dtype in FLOATING else (0 if dtype == _BOOL else 1)


def result_type(arrays: tuple[Any, ...]) -> np.dtype[Any]:
    """Return the dtype of an operation on ``arrays``, as PyTorch decides it.

    Zero-dimensional operands take part only if they are of a higher category (bool < integer < float) than the arrays
    with dimensions; so ``float32`` times a 0-d ``float64`` stays ``float32``. An integer array with a Python float
    gives the default dtype.
    """
    best = [a.dtype for a in arrays if a is not None and a.ndim]
    flat = [a.dtype for a in arrays if a is not None and not a.ndim]
    if not best or (flat and max(map(_category, flat)) > max(map(_category, best))):
        category = max(map(_category, flat))
        return np.result_type(*(d for d in flat if _category(d) == category))
    category = max(map(_category, best))
    return np.result_type(*(d for d in best if _category(d) == category))


def promote(arrays: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return ``arrays`` cast to their common dtype (see :func:`result_type`); ``None`` entries are kept."""
    dtype = result_type(arrays)
    return tuple(a if a is None or a.dtype is dtype else a.astype(dtype, copy=False) for a in arrays)
