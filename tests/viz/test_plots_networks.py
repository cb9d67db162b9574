"""Plots of networks and of what they do: paths, histograms, gradients, filters, maps, mistakes, units."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes

pytest.importorskip("matplotlib")

from matplotlib.colors import to_hex
from matplotlib.patches import Circle

import glassgrad as gg
from glassgrad import nn
from glassgrad.viz import plots
from glassgrad.viz.plots.figure import settings as plot_settings

NAN = float("nan")


def said(figure):
    return " | ".join(text.get_text().replace("\n", " ") for text in figure.texts)


def bowl(x, y):
    return x**2 / 20 + y**2


def images(figure, axes=0):
    return [np.asarray(image.get_array()) for image in figure.axes[axes].images]


# --- paths_on_contours


def test_paths_and_numbers():
    path = np.array([[-7.0, 2.0], [-5.0, -1.5], [-3.0, 1.0], [-1.0, 0.0]])
    ax = plots.paths_on_contours(bowl, {"SGD": path}).axes[0]
    assert ax.lines[0].get_xydata().tolist() == path.tolist()
    numbers = {text.get_text(): text.xy for text in ax.texts}
    assert set(numbers) == {"0", "1", "2", "3"}
    for step, point in enumerate(path):
        assert tuple(numbers[str(step)]) == tuple(point)


def test_contours_are_those_of_the_function():
    ax = plots.paths_on_contours(bowl, xlim=(-8, 8), ylim=(-3, 3), levels=[1.0, 4.0]).axes[0]
    (contours,) = ax.collections
    assert contours.levels.tolist() == [1, 4]
    for level, line in zip(contours.levels, contours.get_paths(), strict=True):
        assert bowl(*line.vertices.T) == pytest.approx(level, rel=0.01)


def test_functions_of_tensors_and_of_constants():
    figure = plots.paths_on_contours(lambda x, y: (x * 0.5).tanh() + y.square(), xlim=(-1, 1), ylim=(-1, 1))
    assert figure.axes[0].collections[0].get_paths()
    plots.paths_on_contours(lambda x, y: 3.0, xlim=(-1, 1), ylim=(-1, 1))


def test_more_than_two_paths_get_panels_of_their_own():
    paths = {name: np.random.default_rng(i).standard_normal((9, 2)) for i, name in enumerate("abc")}
    apart = plots.paths_on_contours(bowl, paths)
    assert [ax.get_title(loc="left") for ax in apart.axes] == ["a", "b", "c"]
    assert len({ax.get_xlim() for ax in apart.axes}) == 1
    together = plots.paths_on_contours(bowl, paths, separate=False)
    assert len(together.axes) == 1 and len(together.axes[0].lines) == 3
    assert len({line.get_color() for line in together.axes[0].lines}) == 3
    assert len({str(line._dash_pattern) for line in together.axes[0].lines}) == 3


def test_a_path_can_look_as_it_does_in_another_plot():
    paths = {name: np.random.default_rng(i).standard_normal((9, 2)) for i, name in enumerate("abc")}
    (b,) = plots.paths_on_contours(bowl, {"b": paths["b"]}, looks={"b": 1}).axes[0].lines
    other = plots.paths_on_contours(bowl, paths, separate=False).axes[0].lines[1]
    assert b.get_color() == other.get_color() and b.get_marker() == other.get_marker()


def test_lines_drawn_into_a_panel_have_the_colours_of_the_theme():
    def draw(ax, values):
        ax.plot(values)
        ax.plot(values, color="C1")

    mine = plots.panels({"a": [1.0, 2.0]}, draw).axes[0].lines
    theirs = plots.learning_curves({"a": [1.0, 2.0], "b": [2.0, 1.0]}).axes[0].lines
    with plot_settings():  # in which figures are written
        assert [to_hex(line.get_color()) for line in mine] == [to_hex(line.get_color()) for line in theirs]


def test_several_functions_differ_in_dashes_and_points_are_marked():
    """The figure of ridge and lasso: f dashed, penalty red and dashed, sum solid; small dot, large dot."""
    functions = {"f": bowl, "penalty": lambda x, y: abs(x) + abs(y), "sum": lambda x, y: bowl(x, y) + abs(x) + abs(y)}
    figure = plots.paths_on_contours(functions, points={"old": (1, 2), "new": (0, 0)}, aspect="equal")
    ax = figure.axes[0]
    dashes = [contours.get_linestyle()[0] for contours in ax.collections]
    assert dashes[0][1] is not None and dashes[1][1] is not None and dashes[2][1] is None
    colours = [tuple(contours.get_edgecolor()[0][:3]) for contours in ax.collections]
    assert colours[0] == colours[2] != colours[1] and colours[1][0] > 0.8
    old, new = ax.lines
    assert old.get_xydata().tolist() == [[1, 2]] and new.get_xydata().tolist() == [[0, 0]]
    assert old.get_markersize() < new.get_markersize()
    assert {text.get_text() for text in figure.legend_above.get_texts()} == {"f", "penalty", "sum", "old", "new"}
    assert ax.get_aspect() == 1.0


def test_diverging_paths_are_gaps_and_said():
    figure = plots.paths_on_contours(bowl, [[1.0, 1.0], [2.0, 2.0], [float("inf"), NAN]])
    assert np.isnan(figure.axes[0].lines[0].get_ydata()[2])
    assert "2 coordinates are NaN or infinite and left out" in said(figure)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((3,), {}, "f must be a function of x and y"),
        (({},), {}, "f must be a function"),
        ((bowl,), {}, "without paths, say with xlim= and ylim= what to show"),
        ((bowl, {"a": [1, 2]}), {}, r"the path 'a' must have 2 dimensions, got shape \(2,\)"),
        ((bowl, {"a": np.zeros((4, 3))}), {}, r"must have shape \(points, 2\), got \(4, 3\)"),
        ((bowl, {"a": np.zeros((0, 2))}), {}, r"the path 'a' is empty \(shape \(0, 2\)\)"),
        ((bowl, {"a": np.full((2, 2), NAN)}), {}, "every point of the path 'a' is NaN"),
        ((bowl, 3), {}, "paths must be an array"),
        ((lambda x, y: x[:3], np.ones((2, 2))), {}, "f must give one number for each x and y: from shapes"),
        ((lambda x, y: x * NAN, np.ones((2, 2))), {}, "f is NaN or infinite everywhere"),
        ((bowl, np.ones((2, 2))), {"xlim": (1, 0)}, r"xlim must be \(lowest, highest\), got \(1, 0\)"),
        ((bowl, np.ones((2, 2))), {"points": {"m": (1, 2, 3)}}, "the point 'm' must be two finite numbers"),
        ((bowl, np.ones((2, 2))), {"points": [(1, 2)]}, "points must be a dict of name to"),
        ((bowl, np.ones((2, 2))), {"levels": 0}, "levels must be a number of contours, at least 1"),
        ((bowl, np.ones((2, 2))), {"levels": "a"}, "levels must be real numbers"),
        ((bowl, np.ones((2, 2))), {"xlim": 3}, r"xlim must be \(lowest, highest\), got 3"),
        ((bowl, {"a": np.ones((2, 2))}), {"looks": {"b": 1}}, "looks names a path 'b'; the paths are 'a'"),
        ((bowl, {"a": np.ones((2, 2))}), {"looks": {"a": -1}}, r"looks\['a'\] must be a whole number from 0, got -1"),
        ((bowl, {"a": np.ones((2, 2))}), {"looks": 1}, "looks must be a dict of path to number, not int"),
        ((bowl, np.ones((2, 2))), {"aspect": "square"}, "aspect must be 'auto' or 'equal'"),
    ],
)
def test_wrong_paths(arguments, options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        plots.paths_on_contours(*arguments, **options)


# --- histograms


@given(array_shapes(min_dims=1, max_dims=4, max_side=6), st.integers(1, 40))
@settings(max_examples=8)
def test_bars_are_shares_of_values_of_any_shape(shape, bins):
    values = np.random.default_rng(0).uniform(size=shape)
    figure = plots.histograms({"layer": values}, bins=bins, limits=(0, 1))
    (steps, *_) = figure.axes[0].patches
    heights, edges, _ = steps.get_data()
    assert heights.sum() == pytest.approx(1) and len(heights) == bins
    assert heights * values.size == pytest.approx(np.histogram(values, edges)[0])


def test_spread_and_share_at_the_ends_are_printed():
    """Half the values at each end: the standard deviation is ½ and all of them are at the ends."""
    figure = plots.histograms([np.array([0.0, 1.0] * 50), np.full(10, 0.5), np.linspace(0, 1, 10_001)], limits=(0, 1))
    first, second, third = (ax.get_title(loc="left").split("\n") for ax in figure.axes)
    assert first == ["σ 0.5", "100 % at the ends"]
    assert second == ["σ 0", "0 % at the ends"]
    # A uniform distribution: 1/√12, and 5 % at each end.
    assert third == ["σ 0.289", "10 % at the ends"]
    assert "outer 5 % of the axis" in said(figure)


@pytest.mark.parametrize(("std", "at_ends"), [(1.0, 0.6), (0.01, 0.0), (0.1, 0.0)])
def test_sigmoid_activations(std, at_ends):
    """Five sigmoid layers of 100 units: std 1 gathers at 0 and 1, .01 at ½, .1 is spread; worked example 11."""
    rng = np.random.default_rng(0)
    x, layers = rng.standard_normal((1000, 100)), {}
    for i in range(5):
        x = 1 / (1 + np.exp(-x @ (rng.standard_normal((100, 100)) * std)))
        layers[f"layer {i + 1}"] = x
    figure = plots.histograms({f"std {std:g}": layers}, limits=(0, 1))
    assert [ax.texts[0].get_text() for ax in figure.axes] == list(layers)
    for ax, values in zip(figure.axes, layers.values(), strict=True):
        spread, ends = ax.get_title(loc="left").split("\n")
        assert float(spread[2:]) == pytest.approx(values.std(), rel=0.01)
        share = float(ends.split()[0].strip("<>")) / 100
        assert share == pytest.approx(np.mean((values < 0.05) | (values > 0.95)), abs=0.006)
        assert share >= at_ends


def test_rows_share_their_axes_and_count_what_is_outside():
    figure = plots.histograms({"a": {"x": [0.0, 0.5], "y": [0.5, 9.0, NAN]}}, limits=(0, 1))
    assert "1 value is NaN or infinite and left out" in said(figure) and "1 value outside the axis" in said(figure)
    assert figure.axes[0].get_ylim() == figure.axes[1].get_ylim()
    assert figure.axes[0].get_ylabel() == "a"


def test_tensors_are_values():
    figure = plots.histograms([gg.tensor([[0.0, 1.0]], requires_grad=True)])
    assert figure.axes[0].get_title(loc="left").startswith("σ 0.5")


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (({},), {}, "by_layer is empty"),
        ((3,), {}, "by_layer must be a dict of layer to values, not int"),
        (({"a": []},), {}, "layer 'a' is empty"),
        (({"a": ["x"]},), {}, "layer 'a' must be real numbers"),
        (({"a": [[1, 2], [3]]},), {}, "the rows of layer 'a' differ in length"),
        (({"a": {"b": [1]}, "c": [1]},), {}, "either every entry of by_layer is a dict of layer to values, or none"),
        (({"a": {}},), {}, "the row 'a' has no layers"),
        (({"a": [1j]},), {}, "must be real numbers"),
        (([[1.0]],), {"bins": 0}, "bins must be a whole number from 1 to 1000"),
        (([[1.0]],), {"ends": 0.7}, "ends must be between 0 and 0.5"),
        (([[1.0]],), {"ends": "x"}, "ends must be between 0 and 0.5"),
        (([[1.0]],), {"limits": 3}, r"limits must be \(lowest, highest\), got 3"),
        (([[1.0]],), {"limits": (1, 0)}, r"limits must be \(lowest, highest\)"),
        (({"r": {str(i): [1.0] for i in range(20)}},), {"width": 7}, "20 layers a row need a width of 22 cm"),
    ],
)
def test_wrong_histograms(arguments, options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        plots.histograms(*arguments, **options)


# --- gradients


def backward_once():
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    model(gg.tensor([[1.0, 2.0]])).sum().backward()
    return model


def test_gradients_of_a_model():
    model = backward_once()
    expected = {name: np.abs(p.grad.numpy()).mean() for name, p in model.named_parameters() if name.endswith("weight")}
    assert plots.mean_gradients(model) == pytest.approx(expected)
    assert len(plots.mean_gradients(model, biases=True)) == 4
    ax = plots.gradient_flow(model).axes[0]
    (dots,) = ax.lines
    assert dots.get_xdata() == pytest.approx(list(expected.values()), rel=1e-6)
    assert ax.get_xscale() == "log" and ax.get_ylim()[0] > ax.get_ylim()[1]  # the first layer is on top
    assert [label.get_text() for label in ax.get_yticklabels()] == list(expected)


@pytest.mark.parametrize("form", ["rows", "steps"])
def test_gradients_over_time_are_a_map(form):
    table = np.array([[1e-6, 1e-5, 1e-4], [1e-2, 1e-1, 1.0]])
    source = (
        {"first": table[0], "last": table[1]}
        if form == "rows"
        else [{"first": a, "last": b} for a, b in table.T.tolist()]
    )
    figure = plots.gradient_flow(source)
    (image,) = figure.axes[0].images
    assert np.asarray(image.get_array()) == pytest.approx(table)
    assert (image.norm.vmin, image.norm.vmax) == pytest.approx((1e-6, 1.0))
    assert type(image.norm).__name__ == "LogNorm"


def test_gradients_that_are_zero_or_missing_are_said():
    figure = plots.gradient_flow([{"a": 0.0, "b": 1e-3}, {"a": 1e-3, "b": NAN}])
    assert np.ma.getmaskarray(figure.axes[0].images[0].get_array()).tolist() == [[True, False], [False, True]]
    assert "1 gradient exactly 0" in said(figure) and "1 gradient missing, NaN or infinite" in said(figure)


def test_gradient_arrays_are_averaged_and_panels_share_a_bar():
    (dots,) = plots.gradient_flow({"a": gg.tensor([[1.0, -3.0]]), "b": 0.5}).axes[0].lines
    assert dots.get_xdata().tolist() == [2.0, 0.5]
    steps = [{"a": 1e-3, "b": 1e-2}] * 3
    figure = plots.panels({"x": steps, "y": steps}, lambda ax, item: plots.gradient_flow(item, ax=ax, limits=(1e-4, 1)))
    assert [ax.get_label() for ax in figure.axes].count("<colorbar>") == 1
    figure = plots.panels(
        {"x": steps, "y": [{"a": 1.0, "b": 2.0}] * 3}, lambda ax, item: plots.gradient_flow(item, ax=ax)
    )
    assert [ax.get_label() for ax in figure.axes].count("<colorbar>") == 2


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (nn.Linear(2, 1), "no parameter has a gradient; call loss.backward"),
        (nn.ReLU(), "the model has no weights"),
        ({}, "there are no layers to draw"),
        (3, "expected a module, a dict of layer to gradients, or a list of such dicts, not int"),
        ({"a": [1.0, 2.0], "b": [1.0]}, "all layers must have equally many steps"),
        ({"a": -1.0}, "mean absolute gradients are not negative"),
        ([], "there are no steps to draw"),
        ({"a": 0.0}, "no gradient is a positive finite number"),
        ({"a": "x"}, "layer 'a' must be real numbers"),
    ],
)
def test_wrong_gradients(source, message):
    with pytest.raises((TypeError, ValueError), match=message):
        plots.gradient_flow(source)


# --- filters and feature maps


@given(st.integers(1, 70), st.integers(1, 5), st.integers(1, 4), st.integers(1, 4))
@settings(max_examples=6)
def test_filters_of_any_shape(count, channels, height, width):
    weights = np.random.default_rng(0).standard_normal((count, channels, height, width))
    figure = plots.filters(weights, limit=64)
    drawn = images(figure)
    assert len(drawn) <= 64
    if channels == 1:
        assert len(drawn) == min(count, 64)
        for image, weight in zip(drawn, weights[:, 0], strict=False):
            assert image == pytest.approx(weight)
        low, high = figure.axes[0].images[0].get_clim()
        assert -low == high == pytest.approx(np.abs(weights).max())
    elif channels == 3:
        assert drawn[0].shape == (height, width, 3)
        assert drawn[0] == pytest.approx(np.moveaxis(weights[0], 0, -1) / (2 * np.abs(weights).max()) + 0.5)
    else:
        shown = min(len(drawn) // min(channels, len(drawn)), count)
        assert f"rows: filters, {shown} of {count}" in said(figure)
        assert drawn[0] == pytest.approx(weights[0, 0])


def test_filters_of_a_layer_and_what_is_none():
    conv = nn.Conv2d(1, 4, 3)
    assert images(plots.filters(conv))[3] == pytest.approx(conv.weight.numpy()[3, 0])
    assert "the first 2 of 4 filters" in said(plots.filters(conv, limit=2))
    with pytest.raises(TypeError, match="Sequential is not a 2-D convolution; pass one of its convolutions: '0'"):
        plots.filters(nn.Sequential(conv, nn.ReLU()))
    with pytest.raises(TypeError, match="Linear is not a 2-D convolution; it holds no convolution"):
        plots.filters(nn.Linear(2, 2))
    with pytest.raises(ValueError, match=r"weights must have 3 or 4 dimensions, got shape \(2, 2\)"):
        plots.filters(np.ones((2, 2)))
    with pytest.raises(TypeError, match=r"conv must be an nn\.Conv2d or its weights, not NoneType"):
        plots.filters(None)
    with pytest.raises(ValueError, match="every weight is NaN"):
        plots.filters(np.full((1, 1, 2, 2), NAN))
    with pytest.raises(ValueError, match="limit must be a whole number of images"):
        plots.filters(conv, limit=0)


def test_feature_maps_are_what_the_layer_gives():
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Dropout(0.9), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))
    model.train()
    model[0].eval()
    x = gg.rand(3, 1, 8, 8)
    figure = plots.feature_maps(model, x, ["0", "2"], index=1)
    expected = model[0](x[1:2]).numpy()[0]
    maps = images(figure, 0)
    assert maps[0] == pytest.approx(x.numpy()[1, 0])
    for drawn, map_ in zip(maps[1:], expected, strict=True):
        assert drawn == pytest.approx(map_, rel=1e-6)
    for drawn, map_ in zip(images(figure, 1)[1:], np.maximum(expected, 0), strict=True):
        assert drawn == pytest.approx(map_, rel=1e-6)  # dropout is off
    assert figure.axes[0].get_title(loc="left") == "0, Conv2d: 4 maps of 6×6"
    assert [module.training for module in model] == [False, True, True, True, True]
    assert not any(module._hooks for module in model.modules())


@pytest.mark.parametrize(
    ("layer", "x", "options", "message"),
    [
        ("conv9", np.zeros((1, 1, 4, 4), "f4"), {}, "the model has no layer 'conv9'; it has '0', '1', '2'"),
        ("2", np.zeros((1, 1, 4, 4), "f4"), {}, r"layer '2' gives no maps but \(1, 8\); choose one that gives"),
        ([], np.zeros((1, 1, 4, 4), "f4"), {}, "layer is empty"),
        (3, np.zeros((1, 1, 4, 4), "f4"), {}, "layer must be the path of a module, or a list of paths, not 3"),
        ("0", np.zeros((4, 4), "f4"), {}, r"x must be images of shape \(N, C, H, W\)"),
        ("0", np.zeros((1, 1, 4, 4), "f4"), {"index": 1}, "index must be a number from 0 to 0, got 1"),
        ("0", np.full((1, 1, 4, 4), NAN, "f4"), {}, "every value of layer '0' is NaN or infinite"),
    ],
)
def test_wrong_feature_maps(layer, x, options, message):
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten())
    with pytest.raises((TypeError, ValueError), match=message):
        plots.feature_maps(model, x, layer, **options)
    assert not any(module._hooks for module in model.modules())


def test_feature_maps_need_a_module():
    with pytest.raises(TypeError, match=r"model must be an nn\.Module, not function"):
        plots.feature_maps(lambda x: x, np.zeros((1, 1, 4, 4)), "0")


# --- confusion and misclassified


@given(st.integers(2, 8), st.integers(1, 200), st.integers(0, 9))
@settings(max_examples=6)
def test_the_confusion_matrix_counts(classes, count, seed):
    rng = np.random.default_rng(seed)
    true, predicted = rng.integers(0, classes, (2, count))
    figure = plots.confusion(true, predicted, [f"c{i}" for i in range(classes)], width=20)
    counts = [text for text in figure.axes[0].texts if text.get_text().isdigit()]
    cells = {text.get_position(): int(text.get_text()) for text in counts}
    expected = {}
    for t, p in zip(true.tolist(), predicted.tolist(), strict=True):
        expected[p, t] = expected.get((p, t), 0) + 1
    assert cells == expected
    assert f"{100 * np.mean(true == predicted):.1f} % of {count} right" == figure.axes[0].get_title(loc="left")


def test_confusion_takes_tensors_and_scores():
    figure = plots.confusion(gg.tensor([0, 1, 2, 2]), gg.tensor([[3.0, 1, 2], [0, 1, 5], [0, 0, 1], [0, 1, 0]]))
    cells = {text.get_position(): text.get_text() for text in figure.axes[0].texts if text.get_text().isdigit()}
    assert cells == {(0, 0): "1", (2, 1): "1", (2, 2): "1", (1, 2): "1"}


def test_counts_that_do_not_fit_are_left_out_and_said():
    classes = np.arange(30).repeat(3000)
    figure = plots.confusion(classes, classes, width=7)
    assert "do not fit" in said(figure) and not any(text.get_text() == "3000" for text in figure.axes[0].texts)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], []), "true is empty"),
        (([0, 1], [0]), "there are 2 true classes and 1 predicted ones"),
        (([0, 2], [0, 1], ["a", "b"]), "class 2 occurs, but there are 2 labels"),
        (([0, -1], [0, 1]), "true must be whole numbers from 0, or rows of scores; it holds -1"),
        (([0, 0.5], [0, 1]), "it holds 0.5"),
        (([0, NAN], [0, 1]), "true holds NaN; a class is a whole number"),
        (([0, 1], ["cat", "dog"]), "predicted must be real numbers"),
        (([0, 101], [0, 1]), "102 classes are too many to be read; at most 100"),
        (([0, 1], [0, 1], "ab"), "labels must be a list of names"),
    ],
)
def test_wrong_confusion(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        plots.confusion(*arguments)


def test_mistakes_in_order_of_confidence():
    pixels = np.arange(4.0)[:, np.newaxis, np.newaxis] * np.ones((4, 3, 3)) / 4
    logits = np.array([[0.0, 3.0], [0.0, 1.0], [5.0, 0.0], [0.0, 2.0]])
    figure = plots.misclassified(pixels, [0, 0, 0, 0], logits, labels=["cat", "dog"])
    assert [text.get_text() for text in figure.axes[0].texts] == ["cat → dog"] * 3
    assert [image[0, 0] for image in images(figure)] == [0.0, 0.75, 0.25]  # samples 0, 3, 1
    assert "3 of 4 wrong (75.0 %)" in said(figure)


@pytest.mark.parametrize("shape", [(5, 6), (1, 5, 6), (3, 5, 6), (5, 6, 3), (5, 6, 1)], ids=str)
def test_forms_of_images(shape):
    figure = plots.misclassified(np.zeros((2, *shape)), [0, 1], [1, 1])
    assert images(figure)[0].shape[:2] == (5, 6)


def test_no_mistake_and_a_limit():
    figure = plots.misclassified(np.zeros((2, 4, 4)), [0, 1], [0, 1])
    assert figure.axes[0].texts[0].get_text() == "All 2 images are classified rightly."
    figure = plots.misclassified(np.zeros((9, 4, 4)), [0] * 9, [1] * 9, limit=4)
    assert len(images(figure)) == 4 and "9 of 9 wrong (100.0 %), 4 shown" in said(figure)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros((2, 4)), [0, 1], [1, 1]), "images must have 3 or 4 dimensions"),
        ((np.zeros((2, 2, 4, 4)), [0, 1], [1, 1]), "images must have 1 or 3 channels"),
        ((np.zeros((3, 4, 4)), [0, 1], [1, 1]), "there are 3 images, 2 true classes and 2 predicted ones"),
        ((np.zeros((0, 4, 4)), [], []), "images is empty"),
    ],
)
def test_wrong_images(arguments, message):
    with pytest.raises(ValueError, match=message):
        plots.misclassified(*arguments)


# --- units


def drawn_units(ax):
    circles = [patch for patch in ax.patches if isinstance(patch, Circle)]
    crosses = [line for line in ax.lines if line.get_label() == "_cross"]
    kept = [circle for circle in circles if circle.get_label() == "kept"]
    return circles, kept, crosses, ax.collections[0].get_segments()


def test_dropped_units_are_crossed_and_unconnected():
    """A 5-5-3 net with two inputs and one hidden unit dropped: 3·4 + 4·3 connections are left of 5·5 + 5·3."""
    mask = [[1, 0, 1, 1, 0], [1, 1, 0, 1, 1], [1, 1, 1]]
    figure = plots.units([mask, mask, mask], test=True, keep=0.6)
    assert len(figure.axes) == 4
    circles, kept, crosses, connections = drawn_units(figure.axes[0])
    assert (len(circles), len(kept), len(crosses), len(connections)) == (13, 10, 2 * 3, 3 * 4 + 4 * 3)
    dropped = [circle.center for circle in circles if circle not in kept]
    assert not any(np.allclose(end, center) for ends in connections for end in ends for center in dropped)
    circles, kept, crosses, connections = drawn_units(figure.axes[3])
    assert (len(circles), len(kept), len(crosses), len(connections)) == (13, 13, 0, 5 * 5 + 5 * 3)
    assert "outputs × 0.6" in figure.axes[3].get_title(loc="left")


@given(st.lists(st.lists(st.booleans(), min_size=1, max_size=6), min_size=1, max_size=4))
@settings(max_examples=20)
def test_any_mask(mask):
    (ax,) = plots.units(mask).axes
    circles, kept, crosses, connections = drawn_units(ax)
    assert len(circles) == sum(map(len, mask)) and len(kept) == sum(map(sum, mask))
    assert len(crosses) == 2 * (len(circles) - len(kept))
    assert len(connections) == sum(sum(a) * sum(b) for a, b in itertools.pairwise(mask))


def test_sizes_tensors_and_scaled_masks():
    assert len(drawn_units(plots.units((5, 5, 3)).axes[0])[0]) == 13
    scaled = [gg.tensor([0.0, 2.0]), np.array([2.0, 2.0, 0.0])]
    assert len(drawn_units(plots.units(scaled).axes[0])[1]) == 3


@pytest.mark.parametrize(
    ("mask", "options", "message"),
    [
        ([], {}, "mask must be sizes of layers, a mask or a list of masks"),
        ("5-5-3", {}, "mask must be sizes"),
        ((5, 0), {}, "sizes of layers must be whole numbers from 1"),
        ((5, 2.5), {}, "whole numbers from 1"),
        ((5, 17), {}, "at most 16 units a layer can be told apart, got 17"),
        ((1,) * 9, {}, "at most 8 layers can be drawn, got 9"),
        ([[1, 0], []], {}, "layer 2 of a mask is empty"),
        ([[1, NAN]], {}, "a mask holds NaN"),
        ([[[1, 0]], [[1, 0, 1]]], {}, r"all masks must be of one network, got layers of \[2\] and \[3\]"),
        ((2, 2), {"keep": 0.5}, "ask for it with test=True"),
        ((2, 2), {"keep": 1.5, "test": True}, "keep must be a probability above 0"),
        ((2, 2), {"layers": ["in"]}, "2 names are needed in layers, got 1"),
    ],
)
def test_wrong_units(mask, options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        plots.units(mask, **options)
