"""DOT is written safely: whatever a user calls a value, it arrives as text and as nothing else."""

import dataclasses
import os
import re
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import glassgrad as gg
from glassgrad import viz
from glassgrad.viz.dot import clean, quote, run

GOLDEN = Path(__file__).parent / "golden"

NAMES = [
    # markup
    "</script><script>alert(1)</script>", "<b>bold</b>", "<img src=x onerror=alert(1)>", "]]>", "<![CDATA[",
    "<!-- c -->", "--", "-->", "<!DOCTYPE x>", "<?xml?>", "</text>", "</svg>", "&", "&;", "&&", "a&amp;b", "&lt;",
    "&#60;", "'", '"', 'quo"te', "' onload='x", "javascript:alert(1)", "href", "<" * 5_000, '"' * 300,
    # DOT
    "a\\b", "trailing\\", "loss\\N", "\\G\\E\\T\\H\\L\\l\\r", "\\\\N", "\\" * 300,
    "m:0", "m:v:e", "a:b", "{a|b}<p>", "|", "{", "}", "<p0> x", "->", "[label=x];", "subgraph cluster_0 {",
    "digraph", "node", "edge", "strict", "} digraph {", "/* c */", "// c", "#include", ";",
    # characters
    "nul\0l", "\x1b[31m", "\x7f", "\x85", "\u202eright to left", "\u05e9\u05dc\u05d5\u05dd", "\u0645\u0631\u062d",
    "😀 emoji", "👩\u200d👩\u200d👧", "e\u0301", "\ufeffbom", "\ufffe", "\ud800lone", "\u2028line", "two  spaces",
    " lead", "trail ", "line\nbreak", "tab\tstop", "\r\n", "λ", "W₁", "∂f/∂x", "−1", "ｆｕｌｌ",
    "x" * 10_240, "😀" * 2_600,
    # templates and lookalikes
    "%s %(x)s", "${x}", "{0}", "{{", "`", "__class__", "../../etc/passwd", "NaN", "None", "x = y", "x + y",
]  # fmt: skip
NAMES += [f"a{name}b" for name in NAMES if len(name) < 100]
NAMES += [name + other for name, other in zip(NAMES, NAMES[7:60], strict=False) if len(name + other) < 100]


def test_there_are_enough_names():
    assert len(set(NAMES)) >= 200


def drawn(names, mode):
    """Return a picture of Scalars with these names, added up."""
    total = None
    for name in names:
        value = gg.Scalar(1.0, requires_grad=True, name=name)
        total = value if total is None else total + value
    total.name = names[0]
    return viz.graph(total, mode=mode)


def elements(text):
    found = {}
    for element in ET.fromstring(text).iter():
        tag = element.tag.rpartition("}")[2]
        found[tag] = found.get(tag, 0) + 1
    return found


def titles(text):
    return [e.text for e in ET.fromstring(text).iter() if e.tag.endswith("}title")]


def texts(text):
    # graphviz writes every second of two spaces as a no-break space.
    return [(e.text or "").replace("\xa0", " ") for e in ET.fromstring(text).iter() if e.tag.endswith("}text")]


@pytest.mark.parametrize("mode", ["teach", "net"])
@pytest.mark.parametrize("start", range(0, len(NAMES), 40))
def test_hostile_names_inject_nothing_and_come_back(mode, start, dot):
    names = NAMES[start : start + 40]
    view = drawn(names, mode)
    picture = view.svg()
    harmless = drawn([f"n{i}" for i in range(len(names))], mode).svg()
    assert set(elements(picture)) <= {"svg", "title", "desc", "g", "polygon", "path", "text", "polyline", "ellipse"}
    for tag in ("svg", "desc", "g", "title"):
        assert elements(picture)[tag] == elements(harmless)[tag]
    assert not re.search(r"<(script|img|b|a)\b", picture)
    every_title, every_text = titles(picture), texts(picture)
    for name in names:
        assert any(t.startswith(clean(name)) for t in every_title)
        if len(name) <= 24 and name == name.strip():
            assert clean(name) in every_text or any(clean(name) in t for t in every_text)


@pytest.mark.parametrize("mode", ["teach", "net"])
def test_the_dot_text_itself_is_well_formed(mode, dot):
    view = drawn([name for name in NAMES if len(name) < 400][::3], mode)
    source = view.to_dot()
    done = subprocess.run([dot, "-Tsvg"], input=source.encode(), capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    found = elements(done.stdout)
    assert not set(found) & {"script", "img", "b"}
    plain = subprocess.run([dot, "-Tplain"], input=source.encode(), capture_output=True, timeout=60).stdout.decode()
    nodes = [line.split()[1] for line in plain.splitlines() if line.startswith("node")]
    assert all(re.fullmatch(r"n\d+(_\d+)?", node) for node in nodes)  # no name has become a node
    assert len(nodes) == len(view.nodes)


def test_hostile_scopes_and_titles(dot):
    x = gg.tensor([1.0], requires_grad=True, name="x")
    for name in NAMES[:40]:
        with gg.scope(name[:400] or "?"):
            x = gg.tanh(gg.exp(x))
    view = viz.graph(x, title="</title><script>alert(1)</script>\\N\0", names={'a"<b>': x})
    found = elements(view.svg())
    assert "script" not in found
    assert "</title><script>alert(1)</script>\\N␀" in texts(view.svg())


def test_user_operations_are_data_too(dot):
    @gg.primitive(kind="elementwise", symbol="<script>{0}</script><b>\\N", x=lambda g: g)
    def operation(x):
        return x

    x = gg.tensor([1.0], requires_grad=True, name="{0}")
    for mode in ("teach", "net"):
        found = elements(viz.graph(operation(x), mode=mode).svg())
        assert not set(found) & {"script", "b"}


def test_no_record_shapes_and_every_id_quoted(pictures):
    source = viz.graph(pictures.product_and_sine()).to_dot()
    assert "record" not in source
    for line in source.splitlines():
        if "->" in line.split("[")[0]:
            assert re.match(r'\s*"n\d+"(:\w:\w)? -> "n\d+"(:\w:\w)? \[', line)


def test_escaping_has_one_place():
    assert run('<&>"\\') == "&lt;&amp;&gt;&quot;\\\\"
    assert run("") == " "  # an empty <font> is a syntax error
    assert run("", colour="#000000", size=9, bold=True) == '<font color="#000000" point-size="9"><b> </b></font>'
    assert quote('a"b') == '"a\\"b"'
    assert clean("\0\n\t\x1f\x7f\x80\ud800\uffff") == "␀␊␉␟␡���"


def test_long_names_are_clipped_on_the_card_and_whole_in_the_title(dot):
    name = "encoder.layers.11.self_attention.output.dense.weight"
    view = drawn([name, "y"], "teach")
    assert name not in "".join(texts(view.svg()))
    assert any(name in title for title in titles(view.svg()))


def test_a_hostile_model_cannot_reach_dot_unescaped(pictures, dot):
    """Also where the text does not come from a name: dtype, operation, attribute, source line."""
    graph = viz.graph(pictures.product_and_sine(), mode="net").shown
    evil = '</table>>"];\\N<b>'
    nodes = tuple(
        dataclasses.replace(
            n, op=evil, symbol=evil, name=evil, dtype=evil, where=evil, attrs={evil: evil}, ports=(evil,)
        )
        for n in graph.nodes
    )
    for mode in ("teach", "net"):
        view = viz.GraphView(graph.replace(nodes=nodes), mode=mode)
        assert not set(elements(view.svg())) & {"b", "table"}
        done = subprocess.run([dot, "-Tsvg"], input=view.to_dot().encode(), capture_output=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, b"")


# -- golden files ----------------------------------------------------------------------------------------


def golden(name, text):
    """Compare with the stored file; with GLASSGRAD_UPDATE_GOLDEN set, store it. Look at it before you commit it."""
    path = GOLDEN / name
    if os.environ.get("GLASSGRAD_UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text == path.read_text(encoding="utf-8")


def test_golden_teach(pictures):
    y = pictures.product_and_sine()
    y.backward()
    golden("teach.dot", viz.graph(y).to_dot())
    golden("teach.txt", f"{viz.graph(y)}\n")


def test_golden_before_backward(pictures):
    golden("before_backward.dot", viz.graph(pictures.squared_difference()).to_dot())


def test_golden_network(pictures):
    y, _network = pictures.two_layers()
    golden("network.dot", viz.graph(y).to_dot())
    golden("network.txt", f"{viz.graph(y)}\n")


def test_golden_collapsed(pictures):
    y, _network = pictures.two_layers()
    golden("collapsed.dot", viz.graph(y, depth=1, theme="dark").to_dot())
