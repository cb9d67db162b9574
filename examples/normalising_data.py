"""What does normalising do to data, and with whose mean and deviation are test data normalised?

Note 001, 8.1: 10,000 uniform numbers from 0 to 1, then normalised to mean 0 and variance 1, then to mean 2 and
variance 25, as three histograms. Note 003, 3.6.1: the transform that was found on the training data is applied to the
test data as it is. Asked: how wrong is it to normalise test data with their own mean and deviation instead?

Test data with another distribution than the training data show it. `--data power-plant` takes real ones, the electric
output of a power plant: training on the cooler days, testing on the hottest fifth; otherwise a table with such a
shift is drawn. A least-squares line is fitted, so nothing else can be at fault.

Look for: the shape of the histogram stays, only the axis changes. With their own mean, the hot days look like average
days, and the prediction is off by as much as the whole shift. Normalised features also allow a rate for which
gradient descent diverges, or crawls, on raw ones.

Run: python examples/normalising_data.py --data power-plant
"""

import numpy as np
from _experiment import Experiment

from glassgrad import data
from glassgrad.viz import plots

experiment = Experiment(__doc__, data=("synthetic", "power-plant"))
uniform = np.random.default_rng(0).uniform(size=10_000)
normalised = data.Standardize().fit_transform(uniform)
moved = data.Standardize(mean=2, std=5).fit_transform(uniform)
for name, values in (("uniform", uniform), ("normalised", normalised), ("mean 2, variance 25", moved)):
    experiment.report(f"{name}, mean", values.mean())
    experiment.report(f"{name}, variance", values.var())
    experiment.report(f"{name}, lowest", values.min())
    experiment.report(f"{name}, highest", values.max())
experiment.verdict(
    "γx̃ + β has mean β = 2 and variance γ² = 25", "001 L1107-1111",
    bool(np.allclose([normalised.mean(), normalised.var(), moved.mean(), moved.var()], [0, 1, 2, 25])),
    f"mean {moved.mean():.3f}, variance {moved.var():.3f}, from {moved.min():.2f} to {moved.max():.2f}",
)  # fmt: skip


def table(seed):
    """Features and target, in the order of the first feature: the last fifth is unlike the rest."""
    if experiment.data == "power-plant":
        x, y = experiment.table("power-plant", target="PE")
    else:
        random = np.random.default_rng(seed)
        x = random.normal((20, 1000), (7, 6), (2000, 2))
        y = 500 - 2 * x[:, 0] + 0.2 * x[:, 1] + random.normal(0, 4, 2000)
    order = np.argsort(x[:, 0], kind="stable")
    return x[order].astype("float64"), y[order].astype("float64")


def with_ones(x):
    return np.column_stack([x, np.ones(len(x))])


def steps_to_learn(x, y, best):
    """Steps of gradient descent, at the best of many rates, until the squared error is within 1 % of the lowest."""
    xs, fewest = with_ones(x), np.inf
    for rate in 10.0 ** np.arange(-8, 0.1, 0.5):
        w = np.zeros(xs.shape[1])
        with np.errstate(all="ignore"):
            for step in range(1, 1001):
                error = xs @ w - y
                if not (error @ error) / len(y) < 1e12 * (1 + y.var()):
                    break
                if (error @ error) / len(y) < 1.01 * best:
                    fewest = min(fewest, step)
                    break
                w -= rate * xs.T @ error / len(y)
    return fewest


RIGHT, WRONG = "transform of the training data", "test data's own mean and deviation"
errors, steps, shown = {RIGHT: [], WRONG: []}, {"raw": [], "normalised": []}, {}
for seed in experiment.progress(experiment.seeds):
    x, y = table(seed)
    keep = np.random.default_rng(seed).random(len(x)) < 0.8  # another part of the rows for every seed
    cool = np.arange(len(x)) < 0.8 * len(x)
    train_x, train_y, test_x, test_y = x[cool & keep], y[cool & keep], x[~cool & keep], y[~cool & keep]
    scale = data.Standardize().fit(train_x)
    weights, *_ = np.linalg.lstsq(with_ones(scale.transform(train_x)), train_y, rcond=None)
    for name, features in ((RIGHT, scale.transform(test_x)), (WRONG, data.Standardize().fit_transform(test_x))):
        predicted = with_ones(features) @ weights
        errors[name].append(np.sqrt(np.mean((predicted - test_y) ** 2)))
        if seed == 0:
            print(f"    {name}: means of the features {features.mean(axis=0).round(2)}")
            shown[name] = predicted[:300], test_y[:300]
    best = np.mean((with_ones(scale.transform(train_x)) @ weights - train_y) ** 2)
    for name, features in (("raw", train_x), ("normalised", scale.transform(train_x))):
        steps[name].append(steps_to_learn(features, train_y, best))

right, wrong = (experiment.report(f"{name}, RMSE on the test data", values, 2) for name, values in errors.items())
raw, normal = (experiment.report(f"{name}, steps of gradient descent at the best rate, at most 1000",
                                 np.minimum(values, 1000), 0) for name, values in steps.items())  # fmt: skip
experiment.verdict("test data get the transform of the training data", "003 L279-289", right < wrong / 2,
                   f"RMSE {right:.2f} with it, {wrong:.2f} with their own mean and deviation")  # fmt: skip
experiment.verdict(
    "normalising makes learning easier", "001 L1084, 003 L279", normal < raw / 2,
    f"{normal:.0f} steps to within 1 % of the best with normalised features, "
    + ("not in 1000 with raw ones" if raw == 1000 else f"{raw:.0f} with raw ones"),
)  # fmt: skip


def histogram(values):
    def draw(ax):
        ax.hist(values, bins=25, color="C0")
        ax.set(xlim=(-8, 12))

    return draw


def predictions(name, colour):
    def draw(ax):
        predicted, true = shown[name]
        ax.plot(true, predicted, "o", color=colour, markersize=2, alpha=0.6)
        low, high = (edge([edge(pair) for pair in shown.values()]) for edge in (np.min, np.max))
        ax.plot([low, high], [low, high], "-", color="0.5", linewidth=0.8)
        ax.text(0.96, 0.06, f"RMSE {errors[name][0]:.1f}", transform=ax.transAxes, fontsize=8, ha="right")
        ax.set(xlabel="true", ylabel="predicted", xlim=(low - 3, high + 3), ylim=(low - 3, high + 3))

    return draw


items = {
    "uniform from 0 to 1": histogram(uniform),
    "normalised": histogram(normalised),
    "mean 2, variance 25": histogram(moved),
    "test, training's statistics": predictions(RIGHT, "C2"),
    "test, statistics of its own": predictions(WRONG, "C1"),
}
experiment.finish(
    plots.panels(items, lambda ax, show: show(ax), columns=3, sharex=False, sharey=False, proportion=0.8,
                 title="Normalised data, and whose mean and deviation test data get")
)  # fmt: skip
