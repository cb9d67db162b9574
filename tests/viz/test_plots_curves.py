"""Curves of learning, grids and searches: what is drawn is what was given, and what cannot be drawn is said."""

import types

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("matplotlib")

import glassgrad as gg
from glassgrad.viz import plots
from glassgrad.viz.plots.runs import mean_over, smoothed

NAN = float("nan")
HISTORY = {
    "train_loss": [2.0, 1.0, 0.5, 0.25], "validation_loss": [2.1, 1.2, 0.9, 1.1],
    "train_accuracy": [0.2, 0.5, 0.8, 1.0], "validation_accuracy": [0.2, 0.4, 0.7, 0.6], "seconds": [1.0] * 4,
}  # fmt: skip


def lines(ax):
    return {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}


def said(figure):
    return " | ".join(text.get_text().replace("\n", " ") for text in figure.texts)


def legend(figure):
    return [text.get_text() for text in figure.legend_above.get_texts()]


# --- learning_curves: forms of histories


@pytest.mark.parametrize(
    "form",
    [
        HISTORY,
        types.SimpleNamespace(history=HISTORY),
        [{name: values[i] for name, values in HISTORY.items()} for i in range(4)],
        {name: np.array(values) for name, values in HISTORY.items()},
        {name: [gg.tensor(v, dtype="float64") for v in values] for name, values in HISTORY.items()},
    ],
    ids=["mapping", "trainer", "rows", "arrays", "tensors"],
)
def test_one_history(form):
    figure = plots.learning_curves(form)
    (ax,) = figure.axes
    found = lines(ax)
    assert list(found) == ["train", "validation"]
    assert found["train"].get_xdata().tolist() == [1, 2, 3, 4]
    assert found["train"].get_ydata().tolist() == HISTORY["train_loss"]
    assert found["validation"].get_ydata().tolist() == HISTORY["validation_loss"]
    assert found["train"].get_linestyle() == "-" and found["validation"].get_linestyle() == "--"
    assert found["train"].get_color() != found["validation"].get_color()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "loss")


def test_accuracies_are_in_per_cent_and_other_numbers_are_not():
    figure = plots.learning_curves(HISTORY, ["loss", "accuracy"])
    loss, accuracy = figure.axes
    assert lines(accuracy)["train"].get_ydata() == pytest.approx([20, 50, 80, 100])
    assert accuracy.get_ylabel() == "accuracy in %" and loss.get_ylabel() == "loss"
    already = plots.learning_curves({"train_accuracy": [20.0, 99.0], "test_accuracy": [20.0, 90.0]}, "accuracy")
    assert lines(already.axes[0])["test"].get_ydata().tolist() == [20, 90]


@pytest.mark.parametrize(
    "histories",
    [{"a": [3, 2], "b": [4, 1, 0]}, {"a": np.array([3, 2]), "b": gg.tensor([4.0, 1.0, 0.0])}],
    ids=["lists", "arrays"],
)
def test_runs_of_numbers(histories):
    figure = plots.learning_curves(histories)
    found = lines(figure.axes[0])
    assert found["a"].get_ydata().tolist() == [3, 2] and found["b"].get_ydata().tolist() == [4, 1, 0]
    assert found["b"].get_xdata().tolist() == [1, 2, 3]
    for look in ("get_linestyle", "get_marker", "get_color"):
        assert getattr(found["a"], look)() != getattr(found["b"], look)()
    assert legend(figure) == ["a", "b"] and figure.axes[0].get_xlabel() == "step"


def test_lists_of_runs_and_their_labels():
    assert list(lines(plots.learning_curves([[1, 2], [3, 4]]).axes[0])) == ["run 1", "run 2"]
    assert list(lines(plots.learning_curves([HISTORY, HISTORY], labels=["SGD", "Adam"]).axes[0])) == ["SGD", "Adam"]
    with pytest.raises(ValueError, match="2 names are needed in labels, got 1"):
        plots.learning_curves([[1, 2], [3, 4]], labels=["one"])
    with pytest.raises(TypeError, match="labels must be a list of names, not 'ab'"):
        plots.learning_curves([[1, 2], [3, 4]], labels="ab")


def test_runs_with_two_splits_share_a_colour_and_differ_in_dashes():
    figure = plots.learning_curves({"SGD": HISTORY, "Adam": HISTORY})
    drawn = figure.axes[0].lines
    assert [line.get_linestyle() for line in drawn] == ["-", "--", "-", "--"]
    assert drawn[0].get_color() == drawn[1].get_color() != drawn[2].get_color()
    assert drawn[0].get_marker() == drawn[1].get_marker() != drawn[2].get_marker()
    assert sorted(legend(figure)) == ["Adam", "SGD", "train", "validation"]


def test_own_epochs_are_the_horizontal_axis():
    figure = plots.learning_curves({"epoch": [10, 20], "train_loss": [2, 1], "test_loss": [3, 2]})
    assert lines(figure.axes[0])["test"].get_xdata().tolist() == [10, 20]


# --- seeds


def test_mean_and_band_of_seeds():
    figure = plots.learning_curves({"SGD": [[1.0, 4.0], [3.0, 8.0], [5.0, 6.0]], "other": [1.0, 1.0]})
    ax = figure.axes[0]
    assert lines(ax)["SGD"].get_ydata().tolist() == [3, 6]
    (band,) = ax.collections
    vertices = band.get_paths()[0].vertices
    assert {(1.0, 1.0), (1.0, 5.0), (2.0, 4.0), (2.0, 8.0)} <= {tuple(v) for v in vertices.tolist()}
    assert "band: lowest to highest of 3 seeds" in said(figure)


def test_band_of_one_standard_deviation():
    figure = plots.learning_curves({"SGD": np.array([[1.0, 4.0], [3.0, 8.0]])}, band="std")
    vertices = figure.axes[0].collections[0].get_paths()[0].vertices
    # Of (1, 3): mean 2, sample standard deviation √2.
    assert vertices[:, 1].min() == pytest.approx(2 - np.sqrt(2))
    assert "± one standard deviation of 2 seeds" in said(figure)
    assert not plots.learning_curves({"SGD": np.array([[1.0, 4.0], [3.0, 8.0]])}, band=None).axes[0].collections


def test_seeds_may_differ_in_length():
    found = lines(plots.learning_curves({"SGD": [[1.0, 4.0, 9.0], [3.0, 8.0]], "x": [1, 1]}).axes[0])
    assert found["SGD"].get_ydata().tolist() == [2, 6, 9]


@given(st.integers(1, 5), st.integers(1, 30), st.integers(1, 12), st.integers(0, 9))
@settings(max_examples=60)
def test_smoothing_is_the_mean_of_a_window(seeds, points, window, seed):
    rows = np.random.default_rng(seed).standard_normal((seeds, points))
    rows[0, seed % points] = NAN
    result = smoothed(rows, window)
    assert result.shape == rows.shape
    for i in range(points):
        part = rows[:, max(0, i - (window - 1) // 2) : i + window // 2 + 1]
        for row, value, own in zip(part, result[:, i], rows[:, i], strict=True):
            expected = np.nanmean(row) if np.isfinite(own) else NAN
            assert value == pytest.approx(expected, nan_ok=True, abs=1e-12)


@given(st.integers(1, 6), st.integers(1, 20), st.integers(0, 99))
@settings(max_examples=60)
def test_the_band_holds_the_mean_and_every_seed(seeds, points, seed):
    rows = np.random.default_rng(seed).standard_normal((seeds, points))
    mean, low, high = mean_over(rows, "range")
    assert mean.shape == low.shape == high.shape == (points,)
    assert np.all(low <= rows) and np.all(rows <= high) and np.all(low <= mean + 1e-12) and np.all(mean <= high + 1e-12)


# --- NaN, logarithms, insets, gaps, the best


def test_nan_is_a_gap_and_said():
    figure = plots.learning_curves({"a": [3.0, NAN, 1.0], "b": [2.0, float("inf"), 1.0]})
    assert np.isnan(lines(figure.axes[0])["a"].get_ydata()[1])
    assert "2 values are NaN or infinite and left out" in said(figure)
    with pytest.raises(ValueError, match="every value of 'loss' is NaN or infinite"):
        plots.learning_curves([NAN, NAN])


def test_a_logarithmic_axis_leaves_out_what_is_not_positive():
    figure = plots.learning_curves({"a": [100.0, 0.0, 0.01], "b": [10.0, 1.0, 0.1]}, log=True)
    assert figure.axes[0].get_yscale() == "log"
    assert np.isnan(lines(figure.axes[0])["a"].get_ydata()[1])
    assert "1 value not above 0, left out" in said(figure)


def test_nothing_above_0_has_no_logarithm():
    with pytest.raises(ValueError, match="no value of 'loss' is above 0"):
        plots.learning_curves([0.0, -1.0], log=True)


def test_ticks_of_logarithmic_axes_are_powers():
    ax = plots.learning_curves({"a": np.logspace(2, -7, 50), "b": np.ones(50)}, log=True).axes[0]
    shown = [label.get_text() for label in ax.get_yticklabels()]
    assert "10⁻⁶" in shown and not any("$" in text for text in shown)


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("shape", ["falling", "rising", "flat"])
def test_the_inset_lies_over_no_curve(shape, log):
    t = np.arange(1.0, 301.0)
    falling = np.exp(-t / 60)
    values = {"falling": 2.3 * falling + 0.01, "rising": 1 - falling, "flat": 0.5 + 0.4 * np.sin(t)}[shape]
    figure = plots.learning_curves({"a": values, "b": 0.9 * values}, inset=50, log=log)
    (ax,) = figure.axes
    (small,) = ax.child_axes
    assert small.get_xlim() == (1, 50)
    assert small.lines[0].get_ydata().tolist() == values[:50].tolist()
    box = small.get_tightbbox()
    for line in ax.lines:
        points = ax.transData.transform(line.get_xydata())
        inside = (points[:, 0] > box.x0) & (points[:, 0] < box.x1) & (points[:, 1] > box.y0) & (points[:, 1] < box.y1)
        assert not inside.any()


def test_the_gap_is_shaded_and_the_best_is_marked():
    figure = plots.learning_curves(HISTORY, ["loss", "accuracy"], gap=True, best=True)
    loss, accuracy = figure.axes
    assert loss.get_title(loc="left") == "gap at the end 0.85\nbest 0.9 at epoch 3"
    assert accuracy.get_title(loc="left") == "gap at the end 40 points\nbest 70 % at epoch 3"
    (shade,) = loss.collections
    corners = {tuple(v) for v in np.round(shade.get_paths()[0].vertices, 9).tolist()}
    assert {(4.0, 0.25), (4.0, 1.1), (1.0, 2.0), (1.0, 2.1)} <= corners
    marks = [line for line in loss.lines if line.get_label() == "_best"]
    assert [mark.get_xydata().tolist() for mark in marks] == [[[3.0, 0.9]]]
    assert legend(figure) == ["train", "validation", "gap", "best"]


def test_the_best_of_several_runs():
    ax = plots.learning_curves({"a": [3.0, 1.0, 2.0], "b": [2.0, 3.0, 4.0]}, best=True).axes[0]
    marks = [line.get_xydata().tolist()[0] for line in ax.lines if line.get_label() == "_best"]
    assert marks == [[2.0, 1.0], [1.0, 2.0]]
    ax = plots.learning_curves({"a": [3.0, 1.0, 2.0], "b": [2.0, 3.0, 4.0]}, "score", best="max").axes[0]
    assert [line.get_xydata().tolist()[0] for line in ax.lines if line.get_label() == "_best"] == [[1, 3], [3, 4]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([],), "is empty"),
        (({},), "there is no history"),
        ((3,), "must be a history, a list of them, or a dict of label to history; got int"),
        (("loss",), "got str"),
        (({"a": []},), "is empty"),
        (({"a": "text"},), "the run 'a' must be a history or numbers, not str"),
        (({"a": [[1, 2], HISTORY]},), "must all be histories, or all rows of numbers"),
        ((HISTORY, "f1"), "the history has no 'f1'; it has 'train_loss', 'validation_loss'"),
        (({"a": HISTORY}, "f1"), r"the run 'a' has no 'f1'; it has 'train_loss', 'validation_loss'"),
        (({"a": {}},), "nothing yet: train first"),
        ((HISTORY, []), "metric must be a name or a list of names"),
    ],
)
def test_what_is_no_history(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        plots.learning_curves(*arguments)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"smooth": 0}, "smooth must be a whole number of points, at least 1; got 0"),
        ({"smooth": 2.5}, "smooth must be a whole number"),
        ({"band": "iqr"}, "band must be 'range', 'std' or None"),
        ({"best": "highest"}, "best must be True, False, 'min' or 'max'"),
        ({"inset": 1}, "inset must be a number of points from 2"),
        ({"inset": (3, 2)}, r"or a pair \(from, to\), got \(3, 2\)"),
        ({"inset": (50, 60)}, r"lies outside the curves, which run from 1 to 4"),
        ({"ax": 3}, "ax must be a matplotlib Axes, not int"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        plots.learning_curves(HISTORY, **options)


def test_gap_and_best_need_what_they_compare():
    with pytest.raises(ValueError, match="gap= needs a training and a test curve of 'loss'"):
        plots.learning_curves([3.0, 2.0], gap=True)
    with pytest.raises(ValueError, match="is a low 'f1' good"):
        plots.learning_curves({"a": [3.0, 2.0]}, "f1", best=True)


def test_axes_of_the_caller():
    from matplotlib.figure import Figure

    figure = Figure()
    ax = figure.subplots()
    assert plots.learning_curves({"a": [3.0, 2.0], "b": [1.0, 2.0]}, ax=ax, title="mine") is figure
    assert len(ax.lines) == 2 and ax.get_title(loc="left") == "mine"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]
    with pytest.raises(ValueError, match="the figure is yours: save it with"):
        plots.learning_curves([1, 2], ax=ax, path="a.png")


def test_a_trainer_can_be_plotted():
    from glassgrad import data, nn, optim, train

    gg.manual_seed(0)
    dataset = data.TensorDataset(np.eye(4, dtype="float32"), np.arange(4) % 2)
    model = nn.Linear(4, 2)
    trainer = train.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.5), train.accuracy)
    loader = data.DataLoader(dataset, batch_size=2)
    history = trainer.fit(loader, loader, epochs=3, progress=False)
    figure = plots.learning_curves(trainer, ["loss", "accuracy"])
    assert lines(figure.axes[0])["validation"].get_ydata().tolist() == history["validation_loss"]


# --- panels


@given(st.integers(1, 12), st.integers(1, 4), st.one_of(st.none(), st.integers(1, 6)))
@settings(max_examples=4)
def test_panels_hold_their_items(count, curves, columns):
    items = {f"p{i}": {f"c{j}": np.arange(3.0) * (i + j) for j in range(curves)} for i in range(count)}
    figure = plots.panels(items, columns=columns, width=12)
    assert [ax.get_title(loc="left") for ax in figure.axes] == list(items)
    for ax, item in zip(figure.axes, items.values(), strict=True):
        assert {name: line.get_ydata().tolist() for name, line in lines(ax).items()} == {
            name: values.tolist() for name, values in item.items()
        }
    assert len({ax.get_ylim() for ax in figure.axes}) == 1
    if columns:
        lefts = {round(ax.get_position().x0, 3) for ax in figure.axes}
        assert len(lefts) == min(columns, count)


def test_a_label_looks_the_same_in_every_panel():
    figure = plots.panels({"one": {"a": [1, 2], "b": [2, 3]}, "two": {"b": [1, 2]}})
    first, second = (lines(ax)["b"] for ax in figure.axes)
    assert (first.get_color(), first.get_linestyle()) == (second.get_color(), second.get_linestyle())
    assert legend(figure) == ["a", "b"]


def test_pairs_of_x_and_y_and_seeds():
    figure = plots.panels([{"f": ([0.0, 5.0], [1.0, 2.0]), "g": [[1.0, 2.0], [3.0, 4.0]]}], titles=["only"])
    found = lines(figure.axes[0])
    assert found["f"].get_xdata().tolist() == [0, 5] and found["g"].get_ydata().tolist() == [2, 3]
    assert "lowest to highest of 2 seeds" in said(figure)


def test_other_plots_draw_into_panels():
    figure = plots.panels(
        {"a": HISTORY, "b": HISTORY}, lambda ax, item: plots.learning_curves(item, gap=True, ax=ax), title="two"
    )
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["a\ngap at the end 0.85", "b\ngap at the end 0.85"]
    assert legend(figure) == ["train", "validation", "gap"]
    assert all(ax.get_legend() is None for ax in figure.axes)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([1, 2],), {}, "the panel 'panel 1' must have 1 or 2 dimensions"),
        (([],), {}, "there are no items; a grid needs at least one panel"),
        ((3,), {}, "items must be a list or a dict of title to item, not int"),
        (({"a": {}},), {}, "the panel 'a' is empty"),
        (({"a": {"b": ["x"]}},), {}, "the curve 'b' of 'a' must be real numbers"),
        (({"a": {"b": ([1, 2], [1, 2, 3])}},), {}, "has 2 numbers for x and 3 for y"),
        (({"a": [1, 2]}, 3), {}, "draw must be a function of axes and item, not int"),
        (({"a": [1, 2]},), {"columns": 0}, "columns must be a whole number from 1, got 0"),
        (({"a": [1, 2]},), {"titles": ["x"]}, "the items have titles already"),
        (([[1, 2]],), {"titles": ["x", "y"]}, "1 names are needed in titles, got 2"),
    ],
)
def test_wrong_panels(arguments, options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        plots.panels(*arguments, **options)


# --- search


def trials(count=60, seed=0):
    rng = np.random.default_rng(seed)
    rates, decays = 10 ** rng.uniform(-6, -2, count), 10 ** rng.uniform(-8, -4, count)
    return [
        {"lr": float(r), "decay": float(d), "accuracy": float(np.log10(r) / 10 + 1), "note": "x"}
        for r, d in zip(rates, decays, strict=True)
    ]


def test_a_search_shows_every_trial_and_the_best():
    given = trials()
    figure = plots.search(given, "accuracy", box={"lr": (1e-3, 1e-2)}, best=10)
    lr, decay, plane = figure.axes[:3]
    assert (lr.get_xscale(), decay.get_xscale(), plane.get_yscale()) == ("log", "log", "log")
    others, best = lr.lines
    assert len(best.get_xdata()) == 10 and len(others.get_xdata()) == 50
    assert sorted(best.get_ydata())[0] >= sorted(others.get_ydata())[-1]
    drawn = sorted([*best.get_xdata(), *others.get_xdata()])
    assert drawn == sorted(trial["lr"] for trial in given)
    # The score is linear in log lr, so their correlation is 1.
    assert lr.get_title(loc="left") == "r = 1.00"
    assert plane.collections[0].get_offsets().shape == (60, 2)
    (box,) = plane.patches
    assert (box.get_x(), box.get_width()) == pytest.approx((1e-3, 9e-3))
    assert set(legend(figure)) == {"best 10", "other trials", "narrowed range"}


def test_a_loss_is_better_when_lower():
    best = plots.search([{"lr": i, "loss": i} for i in (1.0, 2.0, 3.0)], "loss", best=1, lower_is_better=True)
    assert best.axes[0].lines[1].get_ydata().tolist() == [1.0]


def test_failed_trials_are_left_out_and_said():
    figure = plots.search([*trials(20), {"lr": 1e-3, "decay": 1e-5, "accuracy": NAN}], "accuracy")
    assert "1 trial is NaN or infinite and left out" in said(figure)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (([],), {}, "there are no trials to draw"),
        ((3,), {}, "trials must be a list of dicts, not int"),
        (([1],), {}, "each trial must be a dict of names to numbers, not int"),
        ((trials(3),), {}, "no trial has 'score'; they have 'lr', 'decay', 'accuracy', 'note'"),
        ((trials(3), "accuracy"), {"parameters": ["momentum"]}, "no hyper-parameter 'momentum'"),
        ((trials(3), "accuracy"), {"box": {"momentum": (0, 1)}}, "box names 'momentum'"),
        ((trials(3), "accuracy"), {"box": {"lr": (1, 0)}}, r"box\['lr'\] must be \(lowest, highest\)"),
        ((trials(3), "accuracy"), {"best": -1}, "best must be a whole number of trials, got -1"),
        (([{"accuracy": 1.0}], "accuracy"), {}, "no hyper-parameters that are numbers"),
        (([{"lr": 1.0, "accuracy": NAN}], "accuracy"), {}, "no trial has finite parameters"),
    ],
)
def test_wrong_searches(arguments, options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        plots.search(*arguments, **options)
