"""With which initial weights does a deep network learn, and what happens if they are all zero?

Note 000, 7.7.4 (figure 8): four hidden layers of 100 ReLU units, 2,000 steps of SGD on 128 images each, from weights of
standard deviation 0.01, of Xavier (1/√n) and of He (√(2/n)). Note 000, 7.7.1, and note 004, check 3, ask for weights
that begin at zero: the first says that they are never updated, the second that all units stay alike.

Look for: He learns fastest, Xavier a little later, 0.01 not at all. From zero, a network of ReLU or tanh, which give 0
for 0, does not move; one of sigmoid moves, but all its units take the same path, so ten units are worth one.

Run: python examples/initial_values.py --data mnist
"""

import numpy as np
from _experiment import Experiment, smooth

import glassgrad as gg
from glassgrad import nn, optim, train
from glassgrad.viz import plots

experiment = Experiment(__doc__)
images, labels, test_images, test_labels = experiment.images()
inputs = images.shape[1]
middle = inputs // 2 + int(inputs**0.5) // 2  # a pixel in the middle of the image


def batches(steps, size, seed):
    random = np.random.default_rng(seed)
    for _ in range(steps):
        chosen = random.choice(len(images), size)
        yield gg.tensor(images[chosen]), gg.tensor(labels[chosen])


def losses_of(init, seed):
    """The loss of every step of a ReLU network, and its accuracy on the test images at the end."""
    gg.manual_seed(seed)
    model = nn.models.MultiLayerNet([inputs, 100, 100, 100, 100, 10], "relu", init=init)
    optimizer, loss_of, losses = optim.SGD(model.parameters(), lr=0.01), nn.CrossEntropyLoss(), []
    for x, t in batches(60 if experiment.short else 2000, 128, seed):
        loss = loss_of(model(x), t)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    with gg.no_grad():
        return losses, train.accuracy(model(gg.tensor(test_images)), test_labels)


def paths_of_units(activation, init, seed):
    """After each of 200 steps, the weight from one pixel to each of ten hidden units; and how the weights end.

    The end is told by two numbers: the largest weight of the network, and by how much the units differ at most.
    """
    gg.manual_seed(seed)
    model = nn.models.MultiLayerNet([inputs, 10, 10], activation, init=init)
    optimizer, loss_of, paths = optim.SGD(model.parameters(), lr=0.5), nn.CrossEntropyLoss(), []
    for x, t in batches(30 if experiment.short else 200, 100, seed):
        paths.append(model.layers.affine1.weight.numpy()[:, middle].copy())
        optimizer.zero_grad()
        loss_of(model(x), t).backward()
        optimizer.step()
    incoming, outgoing = model.layers.affine1.weight.numpy(), model.layers.affine2.weight.numpy().T
    largest = max(np.abs(incoming).max(), np.abs(outgoing).max())
    return np.array(paths), largest, max(np.ptp(incoming, axis=0).max(), np.ptp(outgoing, axis=0).max())


INITS = {"std 0.01": 0.01, "Xavier": "lecun", "He": "he", "zeros": 0.0}  # 1/√n, which the note calls Xavier's
curves, late = {}, {}
for name in INITS:
    runs = [losses_of(INITS[name], seed) for seed in experiment.progress(experiment.seeds, name)]
    curves[name] = np.array([losses for losses, _ in runs])
    late[name] = experiment.report(f"{name}, loss of the last 200 steps", curves[name][:, -200:].mean(1))
    experiment.report(f"{name}, loss of the first 500 steps", curves[name][:, :500].mean(1))
    experiment.report(f"{name}, test accuracy", [accuracy for _, accuracy in runs])
ranking = ", ".join(f"{name} {value:.3f}" for name, value in sorted(late.items(), key=lambda item: item[1]))
experiment.verdict(
    "with ReLU, weights of He are the best beginning", "000 L378",
    min(late, key=late.get) == "He" and late["He"] < 0.9 * late["Xavier"], f"loss of the last 200 steps: {ranking}",
)  # fmt: skip

largest, apart, paths = {}, {}, {}
for activation in ("relu", "tanh", "sigmoid"):
    found = [paths_of_units(activation, 0.0, seed) for seed in experiment.seeds]
    paths[activation] = found[0][0]
    of_net = f"zeros, {activation}"
    largest[activation] = experiment.report(f"{of_net}, largest weight after 200 steps", [f[1] for f in found])
    apart[activation] = experiment.report(f"{of_net}, largest difference of units", [f[2] for f in found], 9)
paths["random"], _, random_apart = paths_of_units("sigmoid", "lecun", 0)
experiment.report("Xavier, sigmoid, largest difference of units", random_apart)
moved = [activation for activation in largest if largest[activation] > 0]
experiment.verdict(
    "weights that begin at zero are never updated", "000 L333-339",
    not moved or ("partly" if len(moved) < 3 else False),
    "largest weight after 200 steps: " + ", ".join(f"{name} {value:.3g}" for name, value in largest.items()),
)  # fmt: skip
experiment.verdict(
    "with all weights equal, all units learn the same", "004 L167-171",
    all(apart[name] <= 1e-4 * max(largest[name], 1e-9) for name in apart) and random_apart > 0.1,
    f"units of the sigmoid network differ by at most {apart['sigmoid']:.1g}, from random weights by {random_apart:.2g}",
)  # fmt: skip


def draw_losses(ax):
    plots.learning_curves({name: [smooth(run, 50) for run in runs] for name, runs in curves.items()}, ax=ax)


def draw_units(ax):
    steps = np.arange(len(paths["random"]))
    looks = {
        "random": ("0.6", "-", 0.9, "right: ten units from Xavier, sigmoid"),
        "sigmoid": ("black", "-", 2.4, "right: ten units from zeros, sigmoid"),
        "tanh": ("black", (0, (3, 1.5)), 1.4, "right: ten units from zeros, tanh or ReLU"),
    }
    for name, (colour, dashes, width, label) in looks.items():
        lines = ax.plot(steps, paths[name], color=colour, linestyle=dashes, linewidth=width)
        ax.figure.handles[label] = lines[0]
    ax.set(xlabel="step", ylabel="weight from one pixel")


items = {"loss, running mean of 50 steps": draw_losses, "a weight of each of ten hidden units": draw_units}
experiment.finish(
    plots.panels(items, lambda ax, draw: draw(ax), columns=2, sharex=False, sharey=False, proportion=0.7,
                 title="Initial weights")
)  # fmt: skip
