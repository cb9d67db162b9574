"""Formulas are bracketed as in a textbook, and titles stay linear in the graph."""

import time

import pytest

import glassgrad as gg
from glassgrad import viz
from glassgrad.viz.symbols import Expression, atom, bracketed, expression, formula_title, letters


def nested(op: str, *args: str | Expression, form: str | None = None) -> Expression:
    return expression(op, [atom(a) if isinstance(a, str) else a for a in args], form=form, gap="")


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (nested("add", nested("multiply", "x", "y"), nested("sin", "x")), "x·y + sin x"),
        (nested("multiply", nested("add", "x", "y"), "z"), "(x + y)·z"),
        (nested("multiply", "x", nested("sin", "y")), "x·sin(y)"),
        (nested("power", nested("subtract", nested("multiply", "a", "x"), "y"), "2"), "(a·x − y)²"),
        (nested("power", "x", "−1"), "x⁻¹"),
        (nested("power", "x", "0.5"), "x^0.5"),
        (nested("power", nested("negative", "x"), "2"), "(−x)²"),
        (nested("subtract", "x", nested("subtract", "y", "z")), "x − (y − z)"),
        (nested("subtract", nested("subtract", "x", "y"), "z"), "x − y − z"),
        (nested("divide", "x", nested("multiply", "y", "z")), "x/(y·z)"),
        (nested("multiply", "x", "−2"), "x·(−2)"),
        (nested("add", "x", nested("negative", "y")), "x + (−y)"),
        (nested("negative", nested("add", "x", "y")), "−(x + y)"),
        (nested("sqrt", nested("add", "x", "1")), "√(x + 1)"),
        (nested("abs", nested("subtract", "x", "y")), "|x − y|"),
        (nested("sigmoid", nested("add", "x", "y")), "σ(x + y)"),
        (nested("log", nested("multiply", "x", "y")), "log(x·y)"),
        (nested("mine", "x", "y"), "mine(x, y)"),
        (nested("mine", "x", "y", form="{0} ⊗ {1}"), "x ⊗ y"),
        (nested("mine", nested("add", "x", "y"), "{0}", form="{0} ⊗ {1}"), "(x + y) ⊗ {0}"),
        (nested("mine", nested("add", "x", "y"), form="{0}²"), "(x + y)²"),
        (nested("mine", nested("add", "x", "y"), form="sinc {0}"), "sinc(x + y)"),
    ],
)
def test_brackets(written, text):
    assert written.text == text


def test_bracketed():
    assert bracketed("1 − b²") == "(1 − b²)"
    assert bracketed("−2") == "(−2)"
    assert bracketed("(a − b)·c") == "(a − b)·c"
    assert bracketed("1×10⁻⁵") == "1×10⁻⁵"


def test_letters_skip_names_in_use():
    assert list(letters({"a", "c"}, 3)) == ["b", "d", "h"]
    many = letters({"v₂"}, 100)
    assert [next(many) for _ in range(3)] == ["v₁", "v₃", "v₄"]


def test_titles(pictures):
    def title(y):
        return formula_title(viz.graph(y).shown)

    assert title(pictures.product_and_sine()) == "f = x·y + sin x    at  x = 2, y = 3"
    assert title(pictures.squared_difference()) == "z = (a·x − y)²    at  x = 3, a = 2, y = 1"
    # Too long in full, so named values stand for themselves.
    assert title(pictures.cross_entropy()) == "h = −z1 − z2    at  x = 0.5, y = 0.8"


def test_title_of_repeated_squaring_is_linear():
    y = gg.Scalar(1.0, requires_grad=True)
    for _ in range(40):
        y = y * y
    start = time.perf_counter()
    assert formula_title(viz.graph(y).shown) is None
    assert time.perf_counter() - start < 1
