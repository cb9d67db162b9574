"""The history that a Trainer keeps can be plotted as it is."""

import re

import pytest

from glassgrad import viz


def test_seconds_are_no_loss(tmp_path):
    pytest.importorskip("matplotlib")
    history = {"train_loss": [2.0, 1.0], "train_accuracy": [0.5, 0.9], "seconds": [40.0, 50.0]}
    path = viz.learning_curve(history, tmp_path / "curve.svg")
    text = path.read_text(encoding="utf-8")
    # Text is drawn as outlines; matplotlib leaves each string in a comment.
    assert re.search(r"<!-- train loss", text) and "<!-- seconds" not in text
