"""How pictures write numbers: four significant digits, a true minus sign, and the same everywhere."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassgrad.viz import numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (-0.0, "0"), (1.0, "1"), (-2.5, "−2.5"), (0.1 + 0.2, "0.3"), (1 / 3, "0.3333"), (9.99996, "10.00"),
        (99999.4, "99999"), (99999.6, "1.000×10⁵"), (100000.0, "1×10⁵"), (0.001, "0.001"), (0.00012345, "1.234×10⁻⁴"),
        (5e-324, "4.941×10⁻³²⁴"), (1.7976931348623157e308, "1.798×10³⁰⁸"), (math.nan, "NaN"), (math.inf, "∞"),
        (-math.inf, "−∞"), (7, "7"), (-12345, "−12345"), (10**400, "∞"), (True, "true"),
    ],
)  # fmt: skip
def test_number(value, text):
    assert numbers.number(value) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_number_is_within_half_a_unit_of_the_fourth_digit(value):
    text = numbers.number(value)
    digits = text.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻−", "0123456789--")).replace("×10", "e")
    if math.isinf(value) or math.isinf(float(digits)):
        return
    assert float(digits) == pytest.approx(value, rel=5.1e-4, abs=0.0 if value else 1e-300)
    assert "-" not in text  # only the true minus sign
    assert len(re.sub(r"\D", "", text.partition("×")[0]).lstrip("0")) <= 5


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (999, "999"), (1000, "1.0 k"), (8320, "8.3 k"), (999_949, "999.9 k"), (999_950, "1.00 M"),
     (1_320_000_000, "1.32 G"), (7 * 10**12, "7.00 T")],
)  # fmt: skip
def test_count(value, text):
    assert numbers.count(value) == text


def test_shapes():
    assert numbers.shape((2, 3)) == "(2, 3)"
    assert numbers.shape((3,)) == "(3,)"
    assert numbers.shape(()) == "()"
    assert numbers.shape(((2,), (2,))) == "2 × (2,)"
    assert numbers.shape(((2,), ())) == "(2,), ()"
