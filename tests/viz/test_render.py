"""From DOT to files: whole files, equal bytes, SVG that can live on any page, and words instead of a hang."""

import os
import re
import stat
import subprocess
import sys
import time
import xml.etree.ElementTree as ET

import pytest

import glassgrad as gg
from glassgrad import viz
from glassgrad.viz import render

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def picture(pictures):
    y = pictures.product_and_sine()
    y.backward()
    return viz.graph(y)


def fake_dot(folder, monkeypatch, body):
    """Put a program called ``dot`` first on the path."""
    program = folder / "dot"
    program.write_text(f"#!{sys.executable}\n{body}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder) + os.pathsep + os.environ["PATH"])


posix = pytest.mark.skipif(os.name != "posix", reason="stands in for dot by a script with a #! line")


@pytest.mark.parametrize(
    ("suffix", "start"),
    [("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF"), ("dot", b"digraph"), ("txt", b"f = ")],
)
def test_the_suffix_chooses_the_format(suffix, start, picture, tmp_path, dot):
    path = tmp_path / f"picture.{suffix.upper()}"
    assert picture.view(title="f = ...").save(path) == path
    assert path.read_bytes().startswith(start)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf", "dot", "txt"])
def test_the_same_bytes_again(suffix, picture, tmp_path, dot):
    first, second = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    picture.save(first)
    time.sleep(1.1 if suffix == "pdf" else 0)  # a date in the file would differ by now
    picture.save(str(second))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("name", ["picture", "picture.jpeg", "picture.svg.gz", ".svg"])
def test_an_unknown_suffix_is_refused(name, picture, tmp_path):
    with pytest.raises(ValueError, match=r"cannot tell the format of .* end it in \.svg, \.png, \.pdf, \.dot, \.txt"):
        picture.save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_svg_is_accessible(picture, dot):
    root = ET.fromstring(picture.svg())
    assert root.get("role") == "img"
    title, description = root[0], root[1]
    assert (title.tag, description.tag) == (f"{SVG}title", f"{SVG}desc")
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert title.text.startswith("f = x·y + sin x")
    assert description.text == "Computation graph with 3 operations on x, y; f = 6.909."
    spoken = [e.text for e in root.iter(f"{SVG}title")]
    assert "b = sin x, value 0.9093, gradient 1" in spoken
    assert "∂b/∂x = cos x = −0.4161; message −0.4161" in spoken


def test_svg_carries_no_version_date_or_comment(picture, dot):
    text = picture.svg()
    assert "<!--" not in text
    assert "graphviz" not in text.lower()
    assert not re.search(r"\b20\d\d-\d\d", text)


def test_ids_of_two_pictures_on_a_page_differ(pictures, dot):
    texts = [viz.graph(y).svg() for y in (pictures.product_and_sine(), pictures.squared_difference())]
    first, second = ({e.get("id") for e in ET.fromstring(t).iter() if e.get("id")} for t in texts)
    assert first
    assert not first & second


def test_the_numbers_stand_in_the_picture(picture, dot):
    words = [e.text for e in ET.fromstring(picture.svg()).iter(f"{SVG}text")]
    for text in ("3 − 0.4161 = 2.584", "1 × cos x = −0.4161", "1 × y = 3", "1 (seed)", "b = sin x", "6.909"):
        assert text in words


def test_labels_lie_on_their_lines_and_apart(pictures, dot):
    y = pictures.cross_entropy()
    y.backward()
    root = ET.fromstring(viz.graph(y).svg())
    boxes = []
    for group in root.iter(f"{SVG}g"):
        if group.get("class") != "edge" or group.find(f"{SVG}text") is None:
            continue
        ground = group.findall(f"{SVG}polygon")[-1]  # behind the arrow's head: what the label stands on
        points = [tuple(map(float, p.split(","))) for p in ground.get("points").split()]
        (left, bottom), (right, top) = map(min, zip(*points, strict=True)), map(max, zip(*points, strict=True))
        numbers = [float(v) for v in re.findall(r"-?\d+\.?\d*", group.find(f"{SVG}path").get("d"))]
        xs = numbers[0::2]
        assert min(xs) - 1 <= (left + right) / 2 <= max(xs) + 1
        boxes.append((left, bottom, right, top))
    assert len(boxes) > 10
    overlaps = [
        (a, b)
        for i, a in enumerate(boxes)
        for b in boxes[:i]
        if a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
    ]
    assert not overlaps


def test_without_dot_text_still_works(picture, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(viz.RenderError, match=r"needs the 'dot' program of graphviz; install it with 'apt-get install"):
        picture.save(tmp_path / "picture.svg")
    picture.save(tmp_path / "picture.dot")
    picture.save(tmp_path / "picture.txt")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["picture.dot", "picture.txt"]
    shown = picture._repr_mimebundle_()
    assert list(shown) == ["text/plain"]
    assert "b = sin x" in shown["text/plain"]
    assert "needs the 'dot' program" in shown["text/plain"]


@posix
def test_dot_that_takes_too_long_is_stopped(picture, tmp_path, monkeypatch):
    fake_dot(tmp_path, monkeypatch, "import time; time.sleep(60)")
    monkeypatch.setattr(render, "TIME_LIMIT", 0.5)
    start = time.perf_counter()
    with pytest.raises(viz.RenderError, match=r"dot was stopped after 0.5 s: .* Draw less with viz.graph\(y, depth"):
        picture.svg()
    assert time.perf_counter() - start < 20
    assert "dot was stopped" in picture._repr_mimebundle_()["text/plain"]


@posix
def test_dot_that_fails_is_quoted(picture, tmp_path, monkeypatch):
    fake_dot(tmp_path, monkeypatch, "import sys; print('Error: syntax error in line 3', file=sys.stderr); sys.exit(1)")
    with pytest.raises(viz.RenderError, match="dot failed with exit code 1: Error: syntax error in line 3"):
        picture.svg()


@posix
def test_dot_that_only_complains_is_quoted_too(picture, tmp_path, monkeypatch):
    fake_dot(tmp_path, monkeypatch, "import sys; print('{}'); print('Warning: lost a label', file=sys.stderr)")
    with pytest.raises(viz.RenderError, match="dot complained, so the picture may be wrong: Warning: lost a label"):
        picture.svg()


def test_a_file_is_replaced_in_one_step(picture, tmp_path, monkeypatch):
    path = tmp_path / "picture.txt"
    path.write_text("old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        picture.save(path)
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@posix
def test_a_new_file_has_ordinary_rights(picture, tmp_path):
    picture.save(tmp_path / "picture.txt")
    (tmp_path / "ordinary").write_text("")
    assert (tmp_path / "picture.txt").stat().st_mode == (tmp_path / "ordinary").stat().st_mode


def test_what_is_too_large_is_said_before_dot_is_tried():
    x = gg.tensor([1.0], requires_grad=True)
    parts = []
    for _ in range(250):
        x = gg.tanh(x)
        parts.append(x)
    y = gg.stack(parts).sum()
    with pytest.raises(viz.RenderError, match="too large for dot: 253 cards, estimated cost 31,"):
        viz.graph(y).svg()


def test_importing_viz_imports_neither_graphviz_nor_matplotlib():
    program = "import sys, glassgrad.viz; print([m for m in ('graphviz', 'matplotlib') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
