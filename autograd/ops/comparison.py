"""Comparisons, tests and choices between values. Comparisons have no derivative."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from ..core.cost import per_input
from ..engine.compose import composed
from ..engine.declare import primitive

__all__ = [
    "allclose", "argmax", "argmin", "eq", "equal", "ge", "greater", "greater_equal", "gt", "isclose", "isfinite",
    "isinf", "isnan", "isneginf", "isposinf", "isreal", "le", "less", "less_equal", "logical_and", "logical_not",
    "logical_or", "logical_xor", "lt", "ne", "not_equal", "one_hot", "signbit",
]  # fmt: skip

_UNSIGNED: dict[Any, Any] = {np.dtype(np.float32): np.dtype(np.uint32), np.dtype(np.float64): np.dtype(np.uint64)}
_LARGE = 2048  # elements from which choosing by bits pays


def choose(condition: Any, x: Any, y: Any) -> Any:
    """Return ``numpy.where(condition, x, y)``, several times faster for floating-point arrays of one shape and numbers.

    NumPy chooses element by element, which processors are slow at unless they can guess. Masking bits with all ones or
    all zeros gives the same, NaNs and infinities included, at the speed of memory.
    """
    if condition.__class__ is np.ndarray and condition.size > _LARGE and condition.dtype == bool:
        full = x if x.__class__ is np.ndarray and x.shape == condition.shape else y
        if full.__class__ is np.ndarray and full.shape == condition.shape and full.dtype in _UNSIGNED:
            chosen, other = _bits(x, full), _bits(y, full)
            if chosen is not None and other is not None:
                # astype copies the layout of the condition, so a strided array is read as it lies.
                mask: Any = condition.astype(chosen.dtype)
                np.negative(mask, mask)
                if other.ndim or other:
                    return np.bitwise_xor(np.bitwise_and(np.bitwise_xor(chosen, other), mask, mask), other, mask).view(
                        full.dtype
                    )
                return np.bitwise_and(mask, chosen, mask).view(full.dtype)
    return np.where(condition, x, y)


def _bits(value: Any, full: Any) -> Any:
    """Return the bits of an array of the shape and dtype of ``full``, or of a number in that dtype; of others None."""
    unsigned = _UNSIGNED[full.dtype]
    if value.__class__ is int or value.__class__ is float:
        return np.asarray(value, full.dtype).view(unsigned)
    if not isinstance(value, np.ndarray | np.generic) or value.dtype != full.dtype:
        return None
    if value.shape == full.shape and value.flags.c_contiguous:
        return value.view(unsigned)
    return value.copy().view(unsigned) if value.shape in ((), full.shape) else None


def _where_scalar(condition: Any, x: Any, y: Any) -> Any:
    return x if condition else y


@primitive(
    kind="elementwise", cost=0, finite=True, scalar=_where_scalar, symbol="where({0}, {1}, {2})", condition=None,
    x=lambda g, condition: where(condition, g, 0), y=lambda g, condition: where(condition, 0, g),
)  # fmt: skip
def where(condition: Any, x: Any, y: Any) -> Any:
    """Return ``x`` where ``condition`` is true, else ``y``; users call :func:`~.selection.where`.

    The gradient goes to the chosen one only; a NaN or infinity in the other does not leak.
    """
    return choose(condition, x, y)


@primitive(kind="predicate", ufunc=np.greater, scalar=operator.gt, symbol="{0} > {1}")
def greater(x: Any, y: Any) -> Any:
    """Return whether ``x > y``, element by element, as bools."""


@primitive(kind="predicate", ufunc=np.greater_equal, scalar=operator.ge, symbol="{0} ≥ {1}")
def greater_equal(x: Any, y: Any) -> Any:
    """Return whether ``x >= y``, element by element, as bools."""


@primitive(kind="predicate", ufunc=np.less, scalar=operator.lt, symbol="{0} < {1}")
def less(x: Any, y: Any) -> Any:
    """Return whether ``x < y``, element by element, as bools."""


@primitive(kind="predicate", ufunc=np.less_equal, scalar=operator.le, symbol="{0} ≤ {1}")
def less_equal(x: Any, y: Any) -> Any:
    """Return whether ``x <= y``, element by element, as bools."""


@primitive(kind="predicate", ufunc=np.equal, scalar=operator.eq, symbol="{0} = {1}", name="equal")
def eq(x: Any, y: Any) -> Any:
    """Return whether ``x == y``, element by element, as bools. (:func:`equal` answers for the whole.)

    >>> import glassgrad as gg
    >>> gg.eq(gg.tensor([1.0, 2.0]), 2)
    tensor([False,  True])
    """


@primitive(kind="predicate", ufunc=np.not_equal, scalar=operator.ne, symbol="{0} ≠ {1}")
def not_equal(x: Any, y: Any) -> Any:
    """Return whether ``x != y``, element by element, as bools."""


@primitive(kind="predicate", ufunc=np.logical_and, scalar=lambda x, y: bool(x) and bool(y), symbol="{0} and {1}")
def logical_and(x: Any, y: Any) -> Any:
    """Return whether both are true (not zero), element by element."""


@primitive(kind="predicate", ufunc=np.logical_or, scalar=lambda x, y: bool(x) or bool(y), symbol="{0} or {1}")
def logical_or(x: Any, y: Any) -> Any:
    """Return whether at least one is true (not zero), element by element."""


@primitive(kind="predicate", ufunc=np.logical_xor, scalar=lambda x, y: bool(x) != bool(y), symbol="{0} xor {1}")
def logical_xor(x: Any, y: Any) -> Any:
    """Return whether exactly one is true (not zero), element by element."""


@primitive(kind="predicate", ufunc=np.logical_not, scalar=operator.not_, symbol="not {0}")
def logical_not(x: Any) -> Any:
    """Return whether ``x`` is zero, element by element."""


@primitive(kind="predicate", ufunc=np.isnan, scalar=math.isnan)
def isnan(x: Any) -> Any:
    """Return whether each element is NaN."""


@primitive(kind="predicate", ufunc=np.isfinite, scalar=math.isfinite)
def isfinite(x: Any) -> Any:
    """Return whether each element is neither NaN nor infinite."""


@primitive(kind="predicate", ufunc=np.isinf, scalar=math.isinf)
def isinf(x: Any) -> Any:
    """Return whether each element is infinite, of either sign."""


@primitive(kind="predicate", scalar=lambda x: x == math.inf)
def isposinf(x: Any) -> Any:
    """Return whether each element is +infinity."""
    return np.equal(x, np.inf)


@primitive(kind="predicate", scalar=lambda x: x == -math.inf)
def isneginf(x: Any) -> Any:
    """Return whether each element is −infinity."""
    return np.equal(x, -np.inf)


@primitive(kind="predicate", scalar=lambda x: True)
def isreal(x: Any) -> Any:
    """Return whether each element is a real number: all are, for tensors here are never complex."""
    return np.ones(np.shape(x), bool)


@primitive(kind="predicate", scalar=lambda x: math.copysign(1.0, x) < 0)
def signbit(x: Any) -> Any:
    """Return whether each element has its sign set, which −0 has too."""
    array = np.asarray(x)
    return np.signbit(array) if array.dtype.kind == "f" else np.less(array, 0)


@primitive(kind="predicate")
def isclose(x: Any, y: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: Any = False) -> Any:
    """Return whether ``|x − y| ≤ atol + rtol·|y|``, element by element.

    Edges: equal infinities are close; NaNs are only with ``equal_nan``.

    Raises:
        ValueError: a tolerance is negative.

    >>> import glassgrad as gg
    >>> gg.isclose(gg.tensor([1.0, 2.0]), gg.tensor([1.000001, 2.1]))
    tensor([ True, False])
    """
    if rtol < 0 or atol < 0:
        raise ValueError(f"isclose: tolerances must not be negative, got rtol={rtol}, atol={atol}")
    return np.isclose(x, y, rtol=rtol, atol=atol, equal_nan=equal_nan)


@composed
def allclose(x: Any, y: Any, rtol: Any = 1e-05, atol: Any = 1e-08, equal_nan: Any = False) -> Any:
    """Return, as one bool, whether all elements are close. See :func:`isclose`.

    >>> import glassgrad as gg
    >>> gg.allclose(gg.tensor([1.0, 2.0]), gg.tensor([1.000001, 2.0]))
    True
    """
    return bool(np.all(np.asarray(isclose(x, y, rtol, atol, equal_nan))))


@composed
def equal(x: Any, y: Any) -> Any:
    """Return, as one bool, whether ``x`` and ``y`` have the same shape and the same elements.

    Element by element that is :func:`eq`, or ``x == y``.

    Edges: NaN equals nothing; two empty tensors of one shape are equal.

    >>> import glassgrad as gg
    >>> gg.equal(gg.tensor([1.0, 2.0]), gg.tensor([1.0, 2.0]))
    True
    """
    return np.shape(x) == np.shape(y) and bool(np.all(np.asarray(eq(x, y))))


def _require_some(x: Any, dim: Any, what: str) -> None:
    shape = np.shape(x)
    along = shape if dim is None or not -len(shape) <= dim < len(shape) else (shape[dim],)
    if not math.prod(along):
        place = "" if dim is None else f" along dim {dim}"
        raise ValueError(f"{what}: shape {shape} has no elements to choose from{place}")


@primitive(kind="index", cost=per_input())
def argmax(x: Any, dim: Any = None, keepdim: Any = False) -> Any:
    """Return the index of the largest element: of the flattened tensor, or along ``dim``. Ties give the first.

    Raises:
        ValueError: there are no elements to choose from.

    >>> import glassgrad as gg
    >>> gg.argmax(gg.tensor([[1.0, 3.0], [5.0, 2.0]]), dim=1)
    tensor([1, 0])
    """
    _require_some(x, dim, "argmax")
    return np.argmax(x, axis=dim, keepdims=keepdim)


@primitive(kind="index", cost=per_input())
def argmin(x: Any, dim: Any = None, keepdim: Any = False) -> Any:
    """Return the index of the smallest element: of the flattened tensor, or along ``dim``. Ties give the first.

    Raises:
        ValueError: there are no elements to choose from.
    """
    _require_some(x, dim, "argmin")
    return np.argmin(x, axis=dim, keepdims=keepdim)


@primitive(kind="index", cost=0)
def one_hot(x: Any, num_classes: Any = -1) -> Any:
    """Return integer labels as rows with a single 1 in ``num_classes`` columns (default: the largest label + 1).

    Raises:
        TypeError: the labels are not integers.
        ValueError: a label is negative or not below ``num_classes``.

    >>> import glassgrad as gg
    >>> gg.one_hot(gg.tensor([1, 0]), 3)
    tensor([[0, 1, 0],
            [1, 0, 0]])
    """
    labels = np.asarray(x)
    if labels.dtype.kind not in "iu":
        raise TypeError(f"one_hot: labels must be integers, not {labels.dtype}")
    classes = num_classes
    if classes < 0:
        if not labels.size:
            raise ValueError("one_hot: num_classes is needed when there are no labels")
        classes = int(labels.max()) + 1
    if labels.size and (labels.min() < 0 or labels.max() >= classes):
        bad = int(labels.min()) if labels.min() < 0 else int(labels.max())
        raise ValueError(f"one_hot: label {bad} is not in 0..{classes - 1}")
    return (labels[..., None] == np.arange(classes)).astype(np.int64)


# PyTorch's other names.
ne, gt, ge, lt, le = not_equal, greater, greater_equal, less, less_equal
