"""Operations on the bits of integers and bools. They have no derivative, and keep the dtype of their operands."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..engine.declare import primitive

__all__ = ["bitwise_and", "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor"]


def _bits(function: Any, what: str, *operands: Any) -> Any:
    for operand in operands:
        if np.asarray(operand).dtype.kind == "f":
            raise TypeError(f"{what}: floating-point numbers have no bits to work on; use integers or bools")
    return function(*operands)


@primitive(kind="index", cost=1, symbol="{0} & {1}")
def bitwise_and(x: Any, y: Any) -> Any:
    """Return the bits that are set in both; of bools, whether both are true.

    Raises:
        TypeError: an operand is floating-point.

    >>> import glassgrad as gg
    >>> gg.bitwise_and(gg.tensor([6, 5]), 3)
    tensor([2, 1])
    """
    return _bits(np.bitwise_and, "bitwise_and", x, y)


@primitive(kind="index", cost=1, symbol="{0} | {1}")
def bitwise_or(x: Any, y: Any) -> Any:
    """Return the bits that are set in at least one; of bools, whether one is true.

    Raises:
        TypeError: an operand is floating-point.

    >>> import glassgrad as gg
    >>> gg.bitwise_or(gg.tensor([6, 5]), 3)
    tensor([7, 7])
    """
    return _bits(np.bitwise_or, "bitwise_or", x, y)


@primitive(kind="index", cost=1, symbol="{0} ^ {1}")
def bitwise_xor(x: Any, y: Any) -> Any:
    """Return the bits in which they differ; of bools, whether exactly one is true.

    Raises:
        TypeError: an operand is floating-point.

    >>> import glassgrad as gg
    >>> gg.bitwise_xor(gg.tensor([6, 5]), 3)
    tensor([5, 6])
    """
    return _bits(np.bitwise_xor, "bitwise_xor", x, y)


@primitive(kind="index", cost=1, symbol="~{0}")
def bitwise_not(x: Any) -> Any:
    """Return every bit inverted: −x − 1 of a signed integer, *not* of a bool.

    Raises:
        TypeError: the operand is floating-point.

    >>> import glassgrad as gg
    >>> gg.bitwise_not(gg.tensor([6, -1]))
    tensor([-7,  0])
    """
    return _bits(np.invert, "bitwise_not", x)


@primitive(kind="index", cost=1, symbol="{0} << {1}")
def bitwise_left_shift(x: Any, y: Any) -> Any:
    """Return the bits moved up by ``y`` places, x·2^y as far as the dtype reaches.

    Raises:
        TypeError: an operand is floating-point.

    >>> import glassgrad as gg
    >>> gg.bitwise_left_shift(gg.tensor([1, 3]), 2)
    tensor([ 4, 12])
    """
    return _bits(np.left_shift, "bitwise_left_shift", x, y)


@primitive(kind="index", cost=1, symbol="{0} >> {1}")
def bitwise_right_shift(x: Any, y: Any) -> Any:
    """Return the bits moved down by ``y`` places, ⌊x / 2^y⌋.

    Raises:
        TypeError: an operand is floating-point.

    >>> import glassgrad as gg
    >>> gg.bitwise_right_shift(gg.tensor([8, -3]), 1)
    tensor([ 4, -2])
    """
    return _bits(np.right_shift, "bitwise_right_shift", x, y)
