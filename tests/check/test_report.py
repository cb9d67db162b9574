"""Reports: what they hold, and how they read."""

import json

import numpy as np

import glassgrad as gg
from glassgrad.check import gradcheck, table

GOLDEN = """\
gradcheck FAILED: 7 of 7 elements of 3 tensors, 60 evaluations, 0.5 s
wrong:
  y[1]: backprop -0.13342591, numerical -0.13210486 ± 4e-13: 1.01 times as large

name   shape  compared  worst element       backprop      numerical  relative error
x      (3,)     3 of 3  [1]            -5.284195e-01  -5.284195e-01         3.0e-11
y      (3,)     3 of 3  [1]            -1.334259e-01  -1.321049e-01           WRONG
scale  ()       1 of 1  ()             -5.192621e+00  -5.192621e+00         2.0e-11
note: labels is not checked: it is int64"""


def failing() -> gg.check.Report:
    factor = np.array([1.0, 1.01, 1.0])

    @gg.primitive(kind="elementwise", x=lambda g, y: g * y, y=lambda g, x: g * x * factor)
    def multiply(x, y):
        return x * y

    return gradcheck(
        lambda x, y, scale, labels: multiply(x, y) * scale,
        (np.array([0.5, 0.5, -2.0]), np.array([1.0, 2.0, 4.0]), gg.tensor(2.0), np.array([1, 2])),
        raise_on_failure=False,
    )


def test_the_text():
    report = failing()
    w = 2.0 * 2.0 * np.random.default_rng([0, 0]).standard_normal(3)[1]
    report.evaluations, report.seconds = 60, 0.5
    # The last digits of differences are rounding errors, which differ between machines.
    report.failures = [report.failures[0]._replace(error_bar=4e-13)]
    x, y, scale = report.worst
    report.worst = [x._replace(index=(1,), analytic=w, numeric=w, relative_error=3e-11), y,
                    scale._replace(relative_error=2e-11)]  # fmt: skip
    assert str(report) == GOLDEN


def test_columns_are_aligned():
    lines = table(failing().worst)
    assert len({len(line) for line in lines}) == 1
    start = lines[0].index("worst element")
    assert all(line[start] in "[(" and line[start - 1] == " " for line in lines[1:])


def test_findings_unpack_in_the_order_that_is_documented():
    name, index, analytic, numeric, error_bar, ratio, hint = failing().failures[0]
    assert (name, index) == ("y", (1,))
    assert abs(ratio - 1.01) < 1e-6 and abs(analytic / numeric - ratio) < 1e-12
    assert 0 <= error_bar < 1e-9 and hint == "1.01 times as large"


def test_as_plain_data():
    data = json.loads(json.dumps(failing().to_dict()))
    assert data["passed"] is False and data["verdict"] == "FAILED" and data["coverage"] == "7 of 7 elements"
    assert data["failures"][0]["name"] == "y" and data["failures"][0]["index"] == [1]
    assert [row["name"] for row in data["worst"]] == ["x", "y", "scale"]
    nan = gradcheck(lambda x: x * gg.sqrt(x), np.array([0.0]), raise_on_failure=False)
    assert json.loads(json.dumps(nan.to_dict(), allow_nan=False))["failures"][0]["analytic"] == "nan"


def test_the_error_carries_the_report():
    try:
        gradcheck(lambda x: x * x.detach(), np.ones(2))
    except gg.check.GradcheckError as error:
        assert str(error) == str(error.report) and len(error.report.failures) == 2
    else:
        raise AssertionError("a wrong gradient passed")


def test_long_lists_are_cut():
    report = gradcheck(lambda x: x * x.detach(), np.arange(1.0, 20.0), raise_on_failure=False)
    assert "  and 11 more" in str(report) and str(report).count("half as large") == 8


def test_a_passing_report():
    report = gradcheck(gg.sin, gg.tensor([[1.0, 2.0]]))
    assert repr(report) == "<gradcheck passed: 2 of 2 elements>"
    assert str(report).startswith("gradcheck passed: 2 of 2 elements of 1 tensor, ")
    assert report.seconds > 0 and report.evaluations >= 4
