"""Which dtypes exist, and which one a result has."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np

from .interpreters import HiddenValueError, is_operand

__all__ = [
    "as_array", "canonical", "class_name", "get_default_dtype", "is_floating", "promote", "set_default_dtype",
    "to_dtype",
]  # fmt: skip

FLOATING = frozenset(np.dtype(t) for t in (np.float16, np.float32, np.float64))
NUMBERS = frozenset((float, int, bool))
_LISTS = frozenset((list, tuple))
_default = np.dtype(np.float32)
_INT = np.dtype(np.int64)
_BOOL = np.dtype(np.bool_)
_ALLOWED_KINDS = "fiub"
_DEEPEST = 64  # axes of an array, as NumPy has them
# NumPy makes dtypes that are equal to these and other objects, for files and pickles; an equal key finds the one.
_NATIVE = {d: d for d in map(np.dtype, ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?"))}


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
    return canonical(result)


def is_floating(dtype: Any) -> bool:
    """Return whether ``dtype`` is one of the three floating-point dtypes, which alone can have gradients."""
    return dtype in FLOATING


def as_array(data: Any, dtype: Any = None, *, copy: bool = True) -> np.ndarray[Any, Any]:
    """Return ``data`` as a native array of a dtype that tensors can have.

    Arrays keep their dtype, whatever library they are of; Python floats become the default dtype, ints ``int64`` and
    bools ``bool``. In a nested list that holds arrays, tensors or NumPy numbers, floats win over integers and integers
    over bools; among arrays of the winning kind the widest dtype wins, and a Python float never widens it. Big-endian,
    strided, Fortran-ordered and read-only arrays are accepted.

    The dtype is the one object that NumPy has for it: ``as_array(x).dtype is np.dtype("float32")``.

    Args:
        data: a number, a nested list of numbers, arrays and tensors, or an array of any library.
        dtype: what to convert to; None for the dtype of the data.
        copy: False shares the memory of an array that needs no conversion.

    Raises:
        TypeError: ragged nesting, None, strings, objects and other data that are not numbers; a Python integer that
            does not fit; an array that would lose its gradient.

    >>> import numpy as np
    >>> from glassgrad.autograd.core.dtypes import as_array
    >>> as_array([np.float16(1), 2.5]).dtype, as_array([np.int8(1), 2.5]).dtype
    (dtype('float16'), dtype('float32'))
    """
    target = None if dtype is None else to_dtype(dtype)
    if data.__class__ is float:
        return np.array(data, target or _default)
    if isinstance(data, np.ndarray | np.generic):
        array = np.asarray(data)
        _check(array)
    elif hasattr(data, "__array__"):
        array = _foreign(data)
    else:
        array, natural = _from_python(data, target)
        if target is None:
            target = natural
    if target is None:
        target = canonical(array.dtype)
    if array.dtype is not target:
        # NumPy keeps the object of an equal dtype, through copies too.
        array = array.view(target) if array.dtype == target else np.asarray(array, target)
        copy = copy and array.base is not None
    return np.array(array, order="K", copy=True, subok=False) if copy else array


def canonical(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Return the one native dtype object of this kind and size: the engine compares dtypes by identity."""
    return _NATIVE.get(dtype) or np.dtype(dtype.name)


def class_name(value: Any) -> str:
    """Return the name of a value's class for a message, with the library of one that is not ours or Python's.

    >>> import fractions
    >>> from glassgrad.autograd.core.dtypes import class_name
    >>> class_name(2.5), class_name(fractions.Fraction(1, 2))
    ('float', 'fractions.Fraction')
    """
    cls = type(value)
    library = cls.__module__.partition(".")[0]
    own = library in ("builtins", __name__.partition(".")[0])
    return cls.__name__ if own else f"{library}.{cls.__name__}"


def _check(array: np.ndarray[Any, Any]) -> None:
    if array.dtype.kind not in _ALLOWED_KINDS or array.dtype.itemsize > 8:
        raise TypeError(f"cannot make a tensor from an array of dtype {array.dtype}; convert it to numbers first")


def _foreign(data: Any) -> np.ndarray[Any, Any]:
    """Return the values of something that gives NumPy an array: a tensor of ours or of another library."""
    if is_operand(data):
        array: np.ndarray[Any, Any] = np.asarray(data)
    else:
        try:
            array = np.asarray(data)
        except Exception as error:
            raise TypeError(f"cannot make a tensor from a {class_name(data)}: {error}") from None
    _check(array)
    return array


def _from_python(data: Any, wanted: np.dtype[Any] | None) -> tuple[np.ndarray[Any, Any], np.dtype[Any]]:
    """Return an array of numbers or nested lists, and the dtype that they have by themselves."""
    plain = data
    kinds = _types_of(data)
    if kinds is None:
        kinds = set()
        plain = _gather(data, kinds, 0)
    try:
        array = np.asarray(plain)
    except HiddenValueError:
        raise
    except (ValueError, TypeError) as error:
        raise TypeError(f"cannot make a tensor from ragged or mixed data: {error}") from None
    except OverflowError:
        raise TypeError("cannot make a tensor: an integer does not fit into 64 bits") from None
    if array.dtype.kind not in _ALLOWED_KINDS:
        if array.dtype == object and kinds <= NUMBERS:
            raise TypeError("cannot make a tensor: an integer does not fit into 64 bits")
        raise TypeError(
            f"cannot make a tensor from {class_name(data)} (NumPy reads it as dtype {array.dtype}); "
            "give numbers, nested lists of numbers or a numeric array"
        )
    if float in kinds and kinds <= NUMBERS:
        return array, _default
    given = [kind for kind in kinds if isinstance(kind, np.dtype)]
    if not given and array.dtype.kind in "iuf" and kinds and all(issubclass(kind, int) for kind in kinds):
        _check_integers(plain, array, wanted)
        if wanted is not None and array.dtype.kind in "uf":
            array = np.asarray(plain, wanted)
    return array, _common(kinds, given, array.dtype)


def _check_integers(plain: Any, array: np.ndarray[Any, Any], wanted: np.dtype[Any] | None) -> None:
    """Refuse Python's integers that do not fit. NumPy reads those beyond int64 as uint64, or with others as float64."""
    whole = _INT if wanted is None else wanted
    if whole.kind in "fb" or (array.dtype is whole) or not array.size:
        return
    numbers = np.asarray(plain, object) if array.dtype.kind == "f" else array
    low, high, limits = int(numbers.min()), int(numbers.max()), np.iinfo(whole)
    if low < limits.min or high > limits.max:
        number = low if low < limits.min else high
        raise TypeError(f"cannot make a tensor: the integer {number} does not fit into {whole}")


def _types_of(data: Any) -> set[Any] | None:
    """Return the types of the numbers in shallow lists of nothing else, level by level; None for other lists."""
    if not isinstance(data, list | tuple):
        return {data.__class__}
    level = data
    for _ in range(4):
        types = set(map(type, level))
        if types <= NUMBERS:
            return types
        if not types <= _LISTS:
            return None
        level = [*chain.from_iterable(level)]
    return None


def _gather(data: Any, kinds: set[Any], depth: int) -> Any:
    """Return nested lists with plain arrays in place of tensors; note the dtypes of arrays and the types of numbers."""
    if depth > _DEEPEST:
        raise TypeError(f"cannot make a tensor from lists nested deeper than {_DEEPEST}")
    types = set(map(type, data))
    if types <= NUMBERS:
        kinds |= types
        return data
    found = []
    for item in data:
        if isinstance(item, list | tuple):
            item = _gather(item, kinds, depth + 1)
        elif isinstance(item, np.ndarray | np.generic):
            item = np.asarray(item)
            kinds.add(item.dtype)
        elif hasattr(item, "__array__"):
            item = _item(item)
            kinds.add(item.dtype)
        elif is_operand(item):
            raise TypeError(
                f"cannot make a tensor from a list with a {type(item).__name__}, which has a graph of its own; "
                "write scalar.value for its number"
            )
        else:
            kinds.add(item.__class__)
        found.append(item)
    return found


def _item(item: Any) -> np.ndarray[Any, Any]:
    try:
        return _foreign(item)
    except TypeError:
        if is_operand(item) and getattr(item, "requires_grad", False):
            raise TypeError(
                "a list with a tensor that requires grad: a new tensor of its numbers would drop the gradient unseen; "
                "write gg.stack or gg.cat to join tensors in the graph, or tensor.detach() for the numbers"
            ) from None
        raise


def _common(kinds: set[Any], given: list[np.dtype[Any]], read: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype of a mixture of Python's types of numbers and arrays of the given dtypes."""
    types = [kind for kind in kinds if not isinstance(kind, np.dtype)]
    if read.kind == "f":
        if floats := [d for d in given if d.kind == "f"]:
            return canonical(np.result_type(*floats))
        # No float is there when uint64 meets int64, for which NumPy has no other dtype than float64.
        return _default if not given or any(issubclass(t, float) for t in types) else canonical(read)
    if read.kind == "b" or not given:
        return _BOOL if read.kind == "b" else _INT
    whole = [d for d in given if d.kind != "b"]
    if any(issubclass(t, int) and t is not bool for t in types):
        whole.append(_INT)  # what Python's ints are alone: an array's smaller dtype may not hold them
    return canonical(np.result_type(*whole))


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
