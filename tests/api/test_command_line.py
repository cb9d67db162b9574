"""The command line: the demonstration does what it says, and says when it cannot."""

import subprocess
import sys

import pytest

import glassgrad as gg
from glassgrad import cli, demo, info
from glassgrad.source import source


@pytest.fixture(scope="module")
def short_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    done = subprocess.run(
        [sys.executable, "-m", "glassgrad", "demo", "--short", "--out", str(folder / "out")],
        capture_output=True, text=True, encoding="utf-8", cwd=folder, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return folder / "out", done.stdout


def test_the_short_demonstration(short_run, dot):
    folder, text = short_run
    assert {p.name for p in folder.iterdir()} == {"network.svg", "scalar.svg", "learning_curve.svg"}
    for name in ("conv.weight", "conv.bias", "affine1.weight", "affine1.bias", "affine2.weight", "affine2.bias"):
        assert name in text
    assert "gradcheck passed" in text and "% of the 360 test images" in text and "1 epoch in" in text


def test_the_pictures_hold_the_numbers(short_run, dot):
    scalar = (short_run[0] / "scalar.svg").read_text(encoding="utf-8")
    for number in ("6.909", "2.584", "1 × cos x = −0.4161", "1 × y = 3"):
        assert number in scalar
    network = (short_run[0] / "network.svg").read_text(encoding="utf-8")
    for word in ("conv2d", "max_pool2d", "linear", "cross_entropy", "(8, 30, 8, 8)"):
        assert word in network


@pytest.mark.slow
def test_the_whole_demonstration_reaches_97_per_cent(tmp_path, capsys):
    reached = demo.run(str(tmp_path), seed=0)
    assert reached["accuracy"] >= 0.97
    assert reached["report"]


def test_without_dot_the_graphs_are_written_as_text(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    reached = demo.run(str(tmp_path / "out"), epochs=1)
    written = {p.name for p in (tmp_path / "out").iterdir()}
    assert {"network.dot", "scalar.dot"} <= written
    assert len(reached["files"]) == len(written)
    assert "dot" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"), [(["--epochs", "0"], "at least 1"), (["--seed", "-1"], "not be negative")]
)
def test_wrong_arguments(arguments, message, capsys):
    assert cli.main(["demo", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_the_folder_is_a_file(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert cli.main(["demo", "--out", str(tmp_path / "file")]) == 2
    assert "is a file" in capsys.readouterr().err


def test_info_names_what_is_installed(capsys):
    assert cli.main(["info"]) == 0
    text = capsys.readouterr().out
    for word in ("glassgrad ", "Python", "NumPy", "threads", "dot", "matplotlib", "safetensors"):
        assert word in text


def test_info_without_dot(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "not found" in info.report()


def test_source_prints_what_runs(capsys):
    """The lines that a traceback through the operation shows are among those printed."""
    assert cli.main(["source", "multiply"]) == 0
    printed = capsys.readouterr().out
    for part in ("the call", "the backward step", "the call on Scalars", "the backward step on Scalars"):
        assert f"multiply{'(x, y), elementwise' if part == 'the call' else ''}: {part}\n" in printed
    gg.multiply(gg.tensor([1.0]), gg.tensor([2.0]))
    constants = [c for c in compile(printed, "printed", "exec").co_consts if hasattr(c, "co_code")]
    # What runs lies one line lower and one level deeper, inside a function that holds its free variables.
    assert set(constants[0].co_varnames) == set(gg.multiply.__code__.co_varnames)


@pytest.mark.parametrize("name", [*gg.autograd.REGISTRY])
def test_source_of_every_primitive_is_a_function(name):
    compile(source(name), name, "exec")


@pytest.mark.parametrize("name", ["var", "add_"])
def test_source_of_what_is_not_generated(name, capsys):
    assert cli.main(["source", name]) == 0
    printed = capsys.readouterr().out
    assert "nothing is generated" in printed and f"def {name}(" in printed


def test_source_of_an_unknown_operation(capsys):
    assert cli.main(["source", "multipl"]) == 2
    message = capsys.readouterr().err
    assert "no operation named 'multipl'" in message and "multiply" in message
