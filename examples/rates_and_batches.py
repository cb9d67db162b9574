"""How large may the learning rate be, and does a larger batch allow a larger one?

Note 001, 6, and note 003, 3.1: a rate that is too large diverges, one that is too small crawls. Note 003, 3.3: the
mean over the batch frees the rate from the batch's size (L133); a batch N times as large allows a larger rate, but
not one N times as large (L151). Every combination of rate and batch size trains the same network, one hidden layer of
100 ReLU units, on the same number of images, so small batches take more steps.

Look for: in the heat map of the loss on test images the valley of good rates is bounded on both sides and leans to
larger rates for larger batches; the best rate of a batch four times as large is less than four times as large. With
the sum instead of the mean of the losses, the same path needs the rate divided by the batch's size: then the best
rate falls.

Run: python examples/rates_and_batches.py --data mnist
"""

import numpy as np
from _experiment import Experiment

import glassgrad as gg
from glassgrad import nn, optim, train
from glassgrad.viz import plots

experiment = Experiment(__doc__)
images, labels, test_images, test_labels = experiment.images(test=360 if experiment.data == "digits" else 2000)
samples = 512 if experiment.short else 20_480  # by each combination
sizes = (8, 32, 128, 512)
rates = 0.01 * 4.0 ** np.arange(6) if experiment.short else 0.0025 * 2.0 ** np.arange(13)


def trained(rate, size, seed):
    """Train on ``samples`` images; return loss and accuracy on the test images."""
    gg.manual_seed(seed)
    model = nn.models.MultiLayerNet([images.shape[1], 100, 10], "relu", init="he")
    optimizer, loss_of = optim.SGD(model.parameters(), lr=rate), nn.CrossEntropyLoss()
    order = np.random.default_rng(seed).permutation(np.resize(np.arange(len(images)), samples))
    for batch in order.reshape(-1, size):
        loss = loss_of(model(gg.tensor(images[batch])), gg.tensor(labels[batch]))
        if not loss.item() < 100:
            return np.inf, 0.1  # diverged: no better than guessing
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with gg.no_grad():
        output = model(gg.tensor(test_images))
        return min(loss_of(output, gg.tensor(test_labels)).item(), 100.0), train.accuracy(output, test_labels)


shape = (len(experiment.seeds), len(sizes), len(rates))
losses, accuracies = np.empty(shape), np.empty(shape)
for seed, i, j in experiment.progress(list(np.ndindex(shape))):
    losses[seed, i, j], accuracies[seed, i, j] = trained(rates[j], sizes[i], seed)

# The best rate of each seed: the lowest point of a parabola through the lowest three losses on the grid of log rates.
best = np.empty(shape[:2])
for seed, i in np.ndindex(best.shape):
    curve = np.log(np.minimum(losses[seed, i], 10))
    j = int(np.clip(curve.argmin(), 1, len(rates) - 2))
    left, middle, right = curve[j - 1 : j + 2]
    shift = 0.5 * (left - right) / max(left - 2 * middle + right, 1e-9)
    best[seed, i] = rates[j] * (rates[1] / rates[0]) ** np.clip(shift, -1, 1)

middle = np.exp(np.log(best).mean(axis=0))
mean_loss, mean_accuracy = losses.mean(axis=0), accuracies.mean(axis=0)
for i, size in enumerate(sizes):
    experiment.report(f"batch {size}, best rate", best[:, i])
    experiment.report(f"batch {size}, test accuracy at the best rate", accuracies[:, i].max(axis=1))
    experiment.report(f"batch {size}, test accuracy at rate {rates[0]:g}", accuracies[:, i, 0])
    experiment.report(f"batch {size}, test accuracy at rate {rates[-1]:g}", accuracies[:, i, -1])

growth = middle[1:] / middle[:-1]
factor = sizes[1] // sizes[0]
overall = middle[-1] / middle[0]
experiment.verdict(
    "a batch N times as large allows a larger rate, but not N times as large", "003 L151",
    bool(np.all((growth > 1) & (growth < factor))) or ("partly" if 1 < overall < sizes[-1] / sizes[0] else False),
    f"batches {factor} times as large each: best rate times " + ", ".join(f"{g:.2f}" for g in growth),
)  # fmt: skip
with_sum = sizes[-1] / sizes[0] / overall  # the same path with the sum has the rate divided by the size
experiment.verdict(
    "dividing by the number of samples frees the rate from the batch's size", "003 L133",
    max(overall, 1 / overall) <= 2 or ("partly" if overall < with_sum else False),
    f"from batch {sizes[0]} to {sizes[-1]} the best rate grows {overall:.1f}-fold with the mean and falls "
    f"{with_sum:.1f}-fold with the sum",
)  # fmt: skip
# Too large: worse than guessing, or no number; too small: less is reached than with the best rate, by 5 points.
too_large, too_small = mean_accuracy[:, -1] < 0.2, mean_accuracy[:, 0] < mean_accuracy.max(axis=1) - 0.05
experiment.verdict(
    "too large a rate diverges, too small a one is slow", "001 L896-902, 003 L35-43, 004 L266-272",
    bool(too_large.all() and too_small.all()) or ("partly" if too_large.any() and too_small.any() else False),
    f"rate {rates[-1]:g} is no better than guessing for {too_large.sum()} of {len(sizes)} batch sizes, and rate "
    f"{rates[0]:g} more than 5 points below the best for {too_small.sum()}",
)  # fmt: skip


def heat(ax):
    shown = np.log10(np.minimum(mean_loss, 10))
    ax.imshow(shown, cmap="cividis_r", aspect="auto", origin="lower")
    for i, j in np.ndindex(mean_accuracy.shape):
        text = f"{100 * mean_accuracy[i, j]:.0f}"
        dark = shown[i, j] > (shown.min() + shown.max()) / 2
        ax.text(j, i, text, ha="center", va="center", fontsize=8, color="white" if dark else "black")
    position = np.log(middle / rates[0]) / np.log(rates[1] / rates[0])
    ax.plot(position, np.arange(len(sizes)) - 0.32, "o-", color="C1", markersize=5, linewidth=1.2)
    ax.set_xticks(range(0, len(rates), 2), [f"{rate:.3g}" for rate in rates[::2]])
    ax.set_yticks(range(len(sizes)), [str(size) for size in sizes])
    ax.set(xlabel="learning rate", ylabel="batch size")
    ax.grid(False)


def growth_of_the_best(ax):
    for seed in experiment.seeds:
        ax.plot(sizes, best[seed], "o", color="C1", markersize=3.5, alpha=0.6)
    ax.plot(sizes, middle, "-", color="C1", linewidth=1.7)
    ax.plot(sizes, middle[0] * np.array(sizes) / sizes[0], "--", color="C0", linewidth=1.4)
    ax.text(sizes[-1], middle.min() * 0.8, "best rate", color="C1", fontsize=8, ha="right", va="top")
    ax.text(sizes[2] * 0.8, middle[0] * factor**2 * 1.3, "N times the rate", color="C0", fontsize=8, ha="right")
    ax.set(xscale="log", yscale="log", xlabel="batch size", ylabel="learning rate", ylim=(middle.min() / 2, None))
    ax.set_xticks(sizes, [str(size) for size in sizes])
    ax.minorticks_off()


experiment.finish(
    plots.panels({"test accuracy in % (light: low loss), best rates": heat, "best rate": growth_of_the_best},
                 lambda ax, show: show(ax), columns=2, sharex=False, sharey=False, proportion=0.8,
                 title=f"Rates and batch sizes, {samples:,} images each")
)  # fmt: skip
