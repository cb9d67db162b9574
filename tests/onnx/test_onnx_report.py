"""The page about ONNX's tests says what was counted."""

import json

import onnx_report as report


def test_page_shows_the_counts():
    counts = json.loads(report.COUNTS.read_text(encoding="utf-8"))
    assert report.PAGE.read_text(encoding="utf-8") == report.render(counts)
    assert report.total(counts, "failed") == 0
