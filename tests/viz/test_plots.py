"""The learning curve: right data, equal bytes, no window, and a clear word when matplotlib is missing."""

import subprocess
import sys
import types

import pytest

from glassgrad import viz
from glassgrad.viz.plots.history import _series

HISTORY = {
    "epoch": [1, 2, 3],
    "train_loss": [2.0, 0.5, 0.1],
    "test_loss": [2.1, 0.7, 0.3],
    "test_accuracy": [0.3, 0.8, 0.97],
}


@pytest.mark.parametrize(
    "history",
    [
        HISTORY,
        types.SimpleNamespace(history=HISTORY),
        [{name: values[i] for name, values in HISTORY.items()} for i in range(3)],
    ],
    ids=["mapping", "object", "rows"],
)
def test_forms_of_history(history):
    epochs, series = _series(history)
    assert epochs == [1, 2, 3]
    assert series == {name: values for name, values in HISTORY.items() if name != "epoch"}


def test_gaps_and_notes():
    epochs, series = _series([{"loss": 1.0}, {"loss": None, "note": "x"}, {"loss": 0.5, "test": 0.7}])
    assert epochs == [1, 2, 3]
    assert str(series) == "{'loss': [1.0, nan, 0.5], 'test': [nan, nan, 0.7]}"


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
def test_a_plot(suffix, tmp_path):
    pytest.importorskip("matplotlib")
    paths = [tmp_path / f"{name}.{suffix}" for name in "ab"]
    for path in paths:
        assert viz.learning_curve(HISTORY, path, title="Digits") == path
    assert paths[0].stat().st_size > 1000
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert sorted(tmp_path.iterdir()) == paths


@pytest.mark.parametrize("history", [{}, {"loss": []}, {"loss": ["a"]}, {"epoch": [1, 2]}])
def test_nothing_to_plot(history, tmp_path):
    with pytest.raises(ValueError, match="the history holds no numbers yet; train first"):
        viz.learning_curve(history, tmp_path / "curve.svg")


def test_no_history(tmp_path):
    with pytest.raises(ValueError, match="history must map names to numbers per epoch, got int"):
        viz.learning_curve(3, tmp_path / "curve.svg")


def test_unknown_suffix(tmp_path):
    with pytest.raises(ValueError, match=r"cannot tell the format of .*curve\.gif"):
        viz.learning_curve(HISTORY, tmp_path / "curve.gif")


def test_without_matplotlib(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="needs matplotlib: pip install matplotlib"):
        viz.learning_curve(HISTORY, tmp_path / "curve.svg")


def test_no_window_and_no_global_state(tmp_path):
    pytest.importorskip("matplotlib")
    program = (
        "import sys, matplotlib; before = dict(matplotlib.rcParams); from glassgrad import viz; "
        f"viz.learning_curve({HISTORY!r}, {str(tmp_path / 'curve.svg')!r}); "
        "assert 'matplotlib.pyplot' not in sys.modules; assert before == dict(matplotlib.rcParams)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
