"""How pictures write numbers, shapes, dtypes and counts: one formatter for every renderer."""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["MINUS", "count", "dtype", "number", "plural", "shape", "superscript"]

MINUS = "\u2212"
_SUPERSCRIPTS = str.maketrans("0123456789-\u2212", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻")
_DTYPES = {
    "float16": "f16", "float32": "f32", "float64": "f64", "int8": "i8", "int16": "i16", "int32": "i32", "int64": "i64",
    "uint8": "u8", "uint16": "u16", "uint32": "u32", "uint64": "u64", "complex64": "c64", "complex128": "c128",
}  # fmt: skip


def number(value: float) -> str:
    """Write a number with four significant digits and a true minus sign.

    A number that these digits state exactly is written short, so trailing zeros mean "rounded". From 10⁵ upward and
    below 10⁻³ the power of ten is written out; NaN and the infinities are ``NaN``, ``∞`` and ``−∞``.

    >>> [number(v) for v in (2.0, 0.5, 2 / 3, 2.00001, -0.41614683)]
    ['2', '0.5', '0.6667', '2.000', '−0.4161']
    >>> [number(v) for v in (12345.678, 1.5e7, -3.14159e-9, float("-inf"))]
    ['12346', '1.5×10⁷', '−3.142×10⁻⁹', '−∞']
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and abs(value) < 100_000:
        return str(value).replace("-", MINUS)
    try:
        value = float(value)
    except OverflowError:  # a Python integer beyond the floats
        value = math.inf if value > 0 else -math.inf
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    if value == 0:
        return "0"
    sign, size = (MINUS if value < 0 else ""), abs(value)
    if size >= 99_999.5 or size < 0.0009999_5:
        mantissa, _, power = f"{size:.3e}".partition("e")
        mantissa = _shorten(mantissa, float(f"{mantissa}e{power}"), size)
        return f"{sign}{mantissa}×10{superscript(int(power))}"
    # Places after the point for four significant digits; the exponent is read after rounding, so that 9.99996 is 10.00.
    exponent = int(f"{size:.3e}".partition("e")[2])
    text = f"{size:.{max(0, 3 - exponent)}f}"
    return sign + _shorten(text, float(text), size)


def _shorten(text: str, shown: float, value: float) -> str:
    """Drop trailing zeros when the text says all there is, up to the noise of double precision."""
    if "." in text and abs(shown - value) <= 1e-12 * value:
        return text.rstrip("0").rstrip(".")
    return text


def superscript(value: int) -> str:
    """Write an integer as superscript digits.

    >>> superscript(-12)
    '⁻¹²'
    """
    return str(value).translate(_SUPERSCRIPTS)


def shape(sizes: Sequence[int]) -> str:
    """Write a shape as Python writes a tuple; several outputs, a tuple of shapes, are separated by commas.

    >>> shape((8, 64)), shape((3,)), shape(())
    ('(8, 64)', '(3,)', '()')
    >>> shape(((2, 3), (2, 3), (2, 3)))
    '3 × (2, 3)'
    """
    if sizes and isinstance(sizes[0], tuple):
        parts = [shape(part) for part in sizes]
        if len(set(parts)) == 1 and len(parts) > 1:
            return f"{len(parts)} × {parts[0]}"
        return ", ".join(parts[:3]) + (f", … {len(parts)} outputs" if len(parts) > 3 else "")
    if len(sizes) == 1:
        return f"({sizes[0]},)"
    return "(" + ", ".join(str(size) for size in sizes) + ")"


def dtype(name: str) -> str:
    """Write a dtype in three letters.

    >>> dtype("float32"), dtype("int64"), dtype("bool")
    ('f32', 'i64', 'bool')
    """
    return _DTYPES.get(name, name)


def count(value: int) -> str:
    """Write a count of things with a unit for thousands and above.

    >>> count(256), count(8_300), count(1_190_000), count(999_999)
    ('256', '8.3 k', '1.19 M', '1.00 M')
    """
    if value < 1000:
        return str(value)
    if value < 999_950:
        return f"{value / 1e3:.1f} k"
    for unit, size in (("M", 1e6), ("G", 1e9)):
        if value < 999.995 * size:
            return f"{value / size:.2f} {unit}"
    return f"{value / 1e12:.2f} T"


def plural(value: int, noun: str) -> str:
    """Write a count with its noun.

    >>> plural(1, "operation"), plural(12_431, "operation")
    ('1 operation', '12,431 operations')
    """
    return f"{value:,} {noun}" + ("" if value == 1 else "s")
