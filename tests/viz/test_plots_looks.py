"""What holds for every plot: letters that can be read, none over another, no trace in pyplot, files that are whole."""

import subprocess
import sys
import warnings

import numpy as np
import pytest

pytest.importorskip("matplotlib")

import matplotlib
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from glassgrad import nn
from glassgrad.viz import plots
from glassgrad.viz.plots.style import style_of
from glassgrad.viz.theme import THEMES, contrast


def bowl(x, y):
    return x**2 / 20 + y**2


def spiral(steps=30, turns=3.0):
    t = np.linspace(0, 1, steps)
    return np.stack([-7 * (1 - t) * np.cos(turns * t), 2 * (1 - t) * np.sin(1 + turns * t)], axis=1)


def history(seed, epochs=20):
    rng = np.random.default_rng(seed)
    falling = 2.3 * np.exp(-np.arange(epochs) / 5) + rng.uniform(0, 0.05, epochs)
    rising = 1 - np.exp(-(1 + np.arange(epochs)) / 6)
    return {
        "train_loss": falling.tolist(),
        "validation_loss": (falling + 0.2).tolist(),
        "train_accuracy": rising.tolist(),
        "validation_accuracy": (rising * 0.9).tolist(),
    }


RNG = np.random.default_rng(0)
CLASSES = RNG.integers(0, 10, 300)
SCORES = RNG.standard_normal((300, 10)) + 2.5 * np.eye(10)[CLASSES]
ACTIVATIONS = {f"layer {i + 1}": RNG.beta(0.4, 0.4, (200, 50)) for i in range(5)}
NET = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2))
OPTIMISERS = ("SGD", "SGD with momentum", "AdaGrad", "RMSprop", "Adam", "a name that is quite long")
FLOW = [{f"layer {i}": 10.0 ** (i - 8) * (1 + step % 3) for i in range(5)} for step in range(50)]

# Each figure of the experiments, by what it shows.
FIGURES = {
    "learning curves of six runs": lambda **k: plots.learning_curves(
        {name: [history(i), history(i + 10)] for i, name in enumerate(OPTIMISERS)}, ["loss", "accuracy"],
        title="Six optimisers, two seeds each", best=True, **k,
    ),
    "steps, logarithmic, inset": lambda **k: plots.learning_curves(
        {name: 2.3 * np.exp(-np.arange(400) / (40 + 30 * i)) for i, name in enumerate(OPTIMISERS[:4])}, log=True,
        smooth=9, inset=50, title="Loss of every step", **k,
    ),
    "gap and best": lambda **k: plots.learning_curves(
        history(0), ["loss", "accuracy"], gap=True, best=True, title="Overfitting", **k
    ),
    "paths apart": lambda **k: plots.paths_on_contours(
        bowl, {name: spiral(turns=i + 1.0) for i, name in enumerate(OPTIMISERS)}, title="Six optimisers", **k
    ),
    "paths together": lambda **k: plots.paths_on_contours(bowl, {"green": spiral(), "red": spiral(40, 7.0)}, **k),
    "contours of a sum": lambda **k: plots.paths_on_contours(
        {"f": bowl, "penalty": lambda x, y: abs(x) + abs(y), "sum": lambda x, y: bowl(x, y) + abs(x) + abs(y)},
        points={"old minimum": (0.1, 0), "new minimum": (0, 0)}, xlim=(-3, 3), ylim=(-2, 2), **k,
    ),
    "histograms in rows": lambda **k: plots.histograms(
        {"std 1": ACTIVATIONS, "std 0.01": {n: 0.5 + 0.01 * v for n, v in ACTIVATIONS.items()}}, limits=(0, 1),
        title="Activations", **k,
    ),
    "histograms in a row": lambda **k: plots.histograms(ACTIVATIONS, xlabel="activation", **k),
    "gradients now": lambda **k: plots.gradient_flow(FLOW[0], title="Gradients", **k),
    "gradients over time": lambda **k: plots.gradient_flow(FLOW, title="Gradients over time", **k),
    "gradients of six nets": lambda **k: plots.panels(
        {f"sigmoid, std 0.0{i}": FLOW for i in range(1, 7)},
        lambda ax, item: plots.gradient_flow(item, ax=ax, limits=(1e-9, 1e-1)), **k,
    ),
    "filters": lambda **k: plots.filters(nn.Conv2d(1, 30, 5), title="Filters", **k),
    "filters and channels": lambda **k: plots.filters(nn.Conv2d(8, 16, 3), **k),
    "filters in colour": lambda **k: plots.filters(nn.Conv2d(3, 24, 5), **k),
    "feature maps": lambda **k: plots.feature_maps(NET, RNG.random((1, 8, 8)).astype("f4"), ["0", "2"], title="M", **k),
    "confusion": lambda **k: plots.confusion(CLASSES, SCORES, title="Confusion", **k),
    "confusion of words": lambda **k: plots.confusion(
        CLASSES % 4, CLASSES % 3, ["T-shirt", "pullover", "ankle boot", "bag"], **k
    ),
    "misclassified": lambda **k: plots.misclassified(RNG.random((300, 1, 8, 8)), CLASSES, SCORES, title="Wrong", **k),
    "misclassified words": lambda **k: plots.misclassified(
        RNG.random((300, 8, 8)), CLASSES, SCORES, labels=[f"class of kind {i}" for i in range(10)], limit=7, **k
    ),
    "units": lambda **k: plots.units(
        [[[1, 0, 1, 1, 0], [1, 1, 0, 1, 1], [1, 1, 1]]] * 3, test=True, keep=0.6,
        layers=["input", "hidden", "output"], title="Dropout: each mini-batch trains another network", **k,
    ),
    "panels of BatchNorm": lambda **k: plots.panels(
        {f"std {10.0**-i:g}": {"BatchNorm": [0.1, 0.5, 0.8], "plain": [0.1, 0.1, 0.2]} for i in range(16)},
        xlabel="epoch", ylabel="accuracy", title="Sixteen scales", **k,
    ),
    "search": lambda **k: plots.search(
        [{"lr": 10.0 ** -(2 + i % 5), "weight_decay": 10.0 ** -(4 + i % 4), "accuracy": i / 40} for i in range(40)],
        "accuracy", box={"lr": (1e-3, 1e-2)}, title="Random search", **k,
    ),
}  # fmt: skip


@pytest.fixture(params=FIGURES, ids=[name.replace(" ", "_") for name in FIGURES])
def make(request):
    return FIGURES[request.param]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("theme", "width"), [("light", 16.0), ("dark", 7.0)])
def test_texts_can_be_read_and_nothing_is_left_behind(make, theme, width, visible_texts):
    before = matplotlib.rcParams.copy()
    figure = make(theme=theme, width=width)
    assert isinstance(figure, Figure)
    assert matplotlib.rcParams == before
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or not pyplot.get_fignums()

    assert figure.get_size_inches()[0] * 2.54 == pytest.approx(width)
    ground = to_hex(figure.get_facecolor())
    assert ground.lower() == THEMES[theme].background.lower()
    for ax in figure.axes:
        if ax.get_label() != "<colorbar>":
            assert to_hex(ax.get_facecolor()).lower() in (ground.lower(), style_of("test", theme).grid.lower())
    found = visible_texts(figure)
    assert found
    page = figure.bbox
    for text, box in found:
        assert text.get_fontsize() >= 7, text.get_text()
        assert contrast(to_hex(text.get_color()), ground) >= 4.5, text.get_text()
        inside = box.x0 >= page.x0 - 1 and box.y0 >= page.y0 - 1 and box.x1 <= page.x1 + 1 and box.y1 <= page.y1 + 1
        assert inside, f"{text.get_text()!r} leaves the figure: {box}"
    for i, (first, a) in enumerate(found):
        for second, b in found[i + 1 :]:
            apart = a.x1 <= b.x0 + 1 or b.x1 <= a.x0 + 1 or a.y1 <= b.y0 + 1 or b.y1 <= a.y0 + 1
            assert apart, f"{first.get_text()!r} {a} lies over {second.get_text()!r} {b}"


@pytest.mark.parametrize("name", ["gap and best", "confusion", "units"])
def test_print_is_grey(name):
    """In the theme for print, no pixel has a hue."""
    figure = FIGURES[name](theme="print", width=9)
    figure.canvas.draw()
    pixels = np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(int)
    assert np.ptp(pixels, axis=-1).max() <= 2


@pytest.mark.parametrize("theme", THEMES)
def test_lines_have_contrast_and_differ_without_colour(theme):
    style = style_of("test", theme)
    for i in range(7):
        assert contrast(style.colour(i), style.theme.background) >= 3, i
    assert len({str(style.dashes(i)) for i in range(7)}) == 7
    assert len({style.marker(i) for i in range(7)}) == 7


def test_pyplot_is_never_imported():
    program = (
        "import sys; from glassgrad.viz import plots; assert 'matplotlib' not in sys.modules; "
        "plots.learning_curves([3, 2, 1]); plots.confusion([0, 1], [1, 1]); plots.units((2, 2)); "
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_settings_of_the_caller_change_nothing(tmp_path):
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    plots.learning_curves([3, 2, 1], path=paths[0])
    with matplotlib.rc_context({"font.size": 30, "text.color": "red", "axes.grid": True, "lines.linewidth": 9}):
        plots.learning_curves([3, 2, 1], path=paths[1])
    assert paths[0].read_bytes() == paths[1].read_bytes()


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
def test_files_are_whole_and_the_same_each_time(suffix, tmp_path):
    paths = [tmp_path / f"{name}.{suffix}" for name in "ab"]
    for path in paths:
        plots.units((3, 2), path=path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    assert paths[0].stat().st_size > 1000
    assert sorted(tmp_path.iterdir()) == paths


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "plot.png"
    path.write_bytes(b"old")
    figure = plots.units((3, 2))
    monkeypatch.setattr("os.replace", lambda *a: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        figure.savefig(path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_dollars_in_labels_are_dollars(tmp_path):
    """Between dollar signs matplotlib would set mathematics, and fail on what is none."""
    label = r"costs $5, or $\frac{ $"
    plots.learning_curves({label: [3.0, 2.0]}, title=label, path=tmp_path / "a.png")
    plots.confusion([0, 1], [0, 1], [label, "$$"], path=tmp_path / "b.png")
    plots.panels({label: {label: [1, 2]}}, xlabel=label, ylabel=label, path=tmp_path / "c.png")
    plots.histograms({label: {label: [1.0, 2.0]}}, xlabel=label, path=tmp_path / "d.png")
    plots.gradient_flow({label: 1.0, "other": 2.0}, path=tmp_path / "e.png")
    plots.units([[1, 0]], labels=[label], layers=[label], path=tmp_path / "f.png")
    plots.paths_on_contours(bowl, {label: spiral()}, xlabel=label, points={label: (0, 0)}, path=tmp_path / "g.png")
    plots.misclassified(np.zeros((1, 4, 4)), [0], [1], labels=[label, label], path=tmp_path / "h.png")
    plots.search([{label: 1.0, "y": 2.0}, {label: 2.0, "y": 1.0}], "y", path=tmp_path / "i.png")
    assert len(list(tmp_path.iterdir())) == 9


def test_labels_of_any_kind_are_drawn(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of letters that no installed font has
        label = "日本語"
        plots.learning_curves({label: [3.0, 2.0], "other": [2.0, 1.0]}, path=tmp_path / "a.svg")
    for label in ("two\nlines", "\x00\x07", "x" * 5000, "<b>&", "{}", "%s", "\u202egnirts"):
        plots.learning_curves({label: [3.0, 2.0], "other": [2.0, 1.0]}, path=tmp_path / "a.svg")


def test_a_notebook_shows_the_figure():
    assert plots.units((2, 2))._repr_png_().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"theme": "blue"}, "no theme 'blue'; choose 'light', 'dark', 'print'"),
        ({"theme": 3}, "theme must be a name or a Theme, not int"),
        ({"width": 0}, "width must be between 4 and 100 centimetres, got 0"),
        ({"width": float("nan")}, "width must be between 4 and 100"),
        ({"width": "7cm"}, "width must be a number of centimetres, not '7cm'"),
        ({"path": "plot.gif"}, r"cannot tell the format of 'plot\.gif'"),
        ({"path": 3}, "path must be a file name, not int"),
    ],
)
def test_shared_arguments_are_checked(make, arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make(**arguments)


def test_without_matplotlib(make, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"needs matplotlib: pip install matplotlib \(or .*glassgrad\[plots\]"):
        make()
