"""The page about PyTorch's samples says what was counted."""

import json

import opinfo_report as report


def test_page_shows_the_counts():
    counts = json.loads(report.COUNTS.read_text(encoding="utf-8"))
    assert report.PAGE.read_text(encoding="utf-8") == report.render(counts)


def test_nothing_failed_when_it_was_written():
    counts = json.loads(report.COUNTS.read_text(encoding="utf-8"))
    assert report.total(counts, "failed") == 0
    assert sum(m["failed"] for m in counts["modules"].values()) == 0
