"""How many layers can a network have before it stops learning?

Note 001, 5.3 and 8.4: plain networks stop learning when they are made deeper, and the right initial weights and batch
normalisation change that. Networks with 1 to 40 hidden layers of 100 units learn for 600 steps of SGD with rate 0.1
on 100 images; four recipes: sigmoid and ReLU from weights of standard deviation 0.01, which are tried with up to ten
layers, ReLU from those of He, and with batch normalisation, too.

Look for: with 0.01 nothing is learned from three layers on, whatever the activation. He carries the signal through
ten layers and more; batch normalisation adds a little at every depth. Neither is enough for 40 layers in 600 steps.

Run: python examples/depth.py --data mnist
"""

import numpy as np
from _experiment import Experiment

import glassgrad as gg
from glassgrad import nn, optim, train
from glassgrad.viz import plots

experiment = Experiment(__doc__)
images, labels, test_images, test_labels = experiment.images()
RECIPES = {
    "sigmoid, std 0.01": {"activation": "sigmoid", "init": 0.01},
    "ReLU, std 0.01": {"activation": "relu", "init": 0.01},
    "ReLU, He": {"activation": "relu", "init": "he"},
    "ReLU, He, batch norm": {"activation": "relu", "init": "he", "batch_norm": True},
}
DEPTHS = (1, 3, 10) if experiment.short else (1, 2, 3, 5, 10, 20, 40)
PLAIN = ("sigmoid, std 0.01", "ReLU, std 0.01")  # tried with up to ten layers
steps = 30 if experiment.short else 600


def test_accuracy(recipe, depth, seed):
    """The accuracy on the test images after training."""
    gg.manual_seed(seed)
    model = nn.models.MultiLayerNet([images.shape[1], *[100] * depth, 10], **recipe)
    optimizer, loss_of = optim.SGD(model.parameters(), lr=0.1), nn.CrossEntropyLoss()
    random = np.random.default_rng(seed)
    for _ in range(steps):
        batch = random.choice(len(images), 100)
        loss = loss_of(model(gg.tensor(images[batch])), gg.tensor(labels[batch]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with gg.no_grad():
        return train.accuracy(model.eval()(gg.tensor(test_images)), test_labels)


reached, mean = {}, {}
todo = [(recipe, depth) for recipe in RECIPES for depth in DEPTHS if depth <= 10 or recipe not in PLAIN]
for recipe, depth in experiment.progress(todo):
    found = [test_accuracy(RECIPES[recipe], depth, seed) for seed in experiment.seeds]
    reached.setdefault(recipe, []).append(found)
    mean[recipe, depth] = experiment.report(f"{recipe}, depth {depth}, test accuracy", found)

guess = np.bincount(test_labels).max() / len(test_labels)  # always the most frequent class
for recipe in RECIPES:
    good = [depth for which, depth in todo if which == recipe and mean[recipe, depth] > 0.8]
    experiment.report(f"{recipe}, deepest with 80 % and more", max(good, default=0), 0)
experiment.verdict(
    "plain networks stop learning when they get deeper",
    "001 L853",
    all(mean[recipe, 1] > 0.7 and mean[recipe, 10] < guess + 0.05 for recipe in PLAIN),
    "; ".join(f"{recipe}: {mean[recipe, 1]:.2f} with 1 hidden layer, {mean[recipe, 3]:.2f} with 3" for recipe in PLAIN),
)
# Holds where both recipes learn with 20 layers; partly where they do with 10, where plain networks only guess.
tricks = [recipe for recipe in RECIPES if recipe not in PLAIN]
at_10 = all(mean[recipe, 10] > 0.8 for recipe in tricks)
at_20 = not experiment.short and all(mean[recipe, 20] > 0.8 for recipe in tricks)
experiment.verdict(
    "with good initial weights and batch normalisation deeper ones learn",
    "001 L853, 8.4",
    at_20 or ("partly" if at_10 else False),
    "; ".join(f"{recipe}: " + ", ".join(f"{mean[recipe, depth]:.2f} with {depth}" for depth in DEPTHS if depth >= 10)
              for recipe in tricks),
)  # fmt: skip

LOOKS = {"sigmoid, std 0.01": "s", "ReLU, std 0.01": "^", "ReLU, He": "D", "ReLU, He, batch norm": "o"}
COLOURS = dict(zip(RECIPES, ("#CC79A7", "#D55E00", "#009E73", "#0072B2"), strict=True))


def draw(ax, recipes):
    for i, recipe in enumerate(recipes):
        rows = 100 * np.array(reached[recipe])
        places = np.arange(len(rows))
        (ax.figure.handles[recipe],) = ax.plot(
            places, rows.mean(1), marker=LOOKS[recipe], color=COLOURS[recipe], linewidth=1.6, markersize=5,
            linestyle=("-", (0, (5, 1.8)), (0, (1.2, 1.4)), "-")[i],
        )  # fmt: skip
        ax.fill_between(places, rows.min(1), rows.max(1), color=COLOURS[recipe], alpha=0.2, linewidth=0)
    ax.axhline(100 * guess, color="0.5", linewidth=0.8, linestyle=(0, (2, 2)))
    ax.text(
        len(DEPTHS) - 1,
        100 * guess - 1.5,
        "always the most frequent digit",
        ha="right",
        va="top",
        fontsize=8,
        color="0.35",
    )
    ax.set_xticks(range(len(DEPTHS)), [str(depth) for depth in DEPTHS])
    ax.set(xlabel="hidden layers", ylabel="test accuracy in %", ylim=(0, 102))


experiment.finish(
    plots.panels({f"after {steps} steps": list(RECIPES)}, draw, columns=1, proportion=0.5,
                 title="Accuracy against the depth of the network")
)  # fmt: skip
