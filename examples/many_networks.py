"""Are many networks together better than each, and is dropout an average of many networks?

Note 003, 3.6.3: the outputs of networks that were trained independently, with other initial values or another
structure, or of several changes of the input, are averaged. Notes 001, 9.3, and 003: dropout trains many networks at
once, each with other units missing, and testing with all units is their average. Note 003, 2: SGD can learn online,
updating the weights while data are still being collected. `train.Ensemble` is the average.

Look for: five networks together are better than the best of them, whether they differ in their initial values alone or
in structure; one network shown shifted images is not. The average of many dropout masks comes near to the network with
all units, far above the single masks. A stream of images, each seen once when it arrives, teaches as much as as many
images drawn at random after all of them are there.

Run: python examples/many_networks.py --data mnist
"""

import numpy as np
from _experiment import Experiment

import glassgrad as gg
from glassgrad import data, nn, optim, train
from glassgrad.viz import plots

experiment = Experiment(__doc__)
images, labels, test_images, test_labels = experiment.images()
mnist = experiment.data == "mnist"
size, epochs = (100, 3) if mnist else (20, 4 if experiment.short else 15)
masks = (1, 2, 4, 8, 16, 32)
training = data.TensorDataset(images, labels)
test = data.DataLoader(data.TensorDataset(test_images, test_labels), batch_size=2000)
loss_of = nn.CrossEntropyLoss()
STRUCTURES = {
    "100-100": {"sizes": [100, 100]},
    "200": {"sizes": [200]},
    "100-100-100": {"sizes": [100, 100, 100]},
    "150-50": {"sizes": [150, 50]},
    "100-100 with BatchNorm": {"sizes": [100, 100], "batch_norm": True},
}


def trained(seed, sizes=(100, 100), **options):
    gg.manual_seed(seed)
    model = nn.models.MultiLayerNet([images.shape[1], *sizes, 10], "relu", init="he", **options)
    optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    loader = data.DataLoader(training, batch_size=size, shuffle=True, seed=seed)
    train.Trainer(model, loss_of, optimizer).fit(loader, epochs=epochs, progress=False)
    return model


def accuracy(*models, **options):
    """The accuracy on the test images of several networks together."""
    return train.evaluate(train.Ensemble(models, **options), test, metrics="accuracy")["accuracy"]


def shift(down, right):
    """A change of the input: every image moved by whole pixels."""
    side = round(images.shape[1] ** 0.5)

    def change(x):
        moved = np.roll(x.numpy().reshape(-1, side, side), (down, right), axis=(1, 2))
        return gg.tensor(moved.reshape(len(moved), -1))

    return change


class WithMasks(nn.Module):
    """A network with dropout whose masks are drawn while testing too."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        self.model.train()
        return self.model(x)


def online(seed, stream):
    """Update the weights with each batch of ten once it is there; return images seen and accuracies on the way."""
    gg.manual_seed(seed)
    model = nn.models.MultiLayerNet([images.shape[1], 100, 10], "relu", init="he")
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    marks, result = np.linspace(0, len(stream), 11).round(-1)[1:], []
    for start in range(0, len(stream), 10):
        batch = stream[start : start + 10]
        loss = loss_of(model(gg.tensor(images[batch])), gg.tensor(labels[batch]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if start + 10 in marks:
            result.append(accuracy(model))
    return marks[: len(result)], result


singles, together = {"initial values": [], "structure": []}, {"initial values": [], "structure": []}
shifted, with_all, one_mask, averaged, streams = [], [], [], [], {"as they arrive": [], "drawn afterwards": []}
for seed in experiment.progress(experiment.seeds):
    first = trained(100 * seed)
    groups = {
        "initial values": [first, *(trained(100 * seed + i) for i in range(1, 5))],
        "structure": [first, *(trained(100 * seed + 10 + i, **options)
                               for i, options in enumerate(list(STRUCTURES.values())[1:]))],
    }  # fmt: skip
    for name, models in groups.items():
        singles[name].append([accuracy(model) for model in models])
        together[name].append([accuracy(*models[: count + 1]) for count in range(5)])
    changes = [shift(*by) for by in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))]
    shifted.append(accuracy(*[first] * 5, transforms=changes))
    dropped = trained(100 * seed + 50, dropout=0.5)
    with_all.append(accuracy(dropped))
    random = WithMasks(dropped)
    one_mask.append(np.mean([accuracy(random) for _ in range(4)]))
    averaged.append([accuracy(*[random] * count) for count in masks])
    order = np.random.default_rng(seed).permutation(len(images))[:10_000]
    order = order[: len(order) // 10 * 10]
    seen, arriving = online(seed, order)
    streams["as they arrive"].append(arriving)
    streams["drawn afterwards"].append(online(seed, np.random.default_rng(seed + 1).choice(order, len(order)))[1])

for name in singles:
    alone = np.array(singles[name])
    mean = experiment.report(f"{name}, each network, test accuracy", alone.mean(axis=1), 4)
    best = experiment.report(f"{name}, best network, test accuracy", alone.max(axis=1), 4)
    five = experiment.report(f"{name}, five together, test accuracy", [run[-1] for run in together[name]], 4)
    experiment.verdict(f"averaging networks that differ in {name} helps", "003 L302",
                       bool(np.all([run[-1] > max(each) for run, each in zip(together[name], alone, strict=True)]))
                       or ("partly" if five > mean else False),
                       f"each {mean:.4f} on average, the best {best:.4f}, together {five:.4f}")  # fmt: skip
one = float(np.mean([each[0] for each in singles["initial values"]]))
five = experiment.report("one network, five shifts of the images, test accuracy", shifted, 4)
experiment.verdict("averaging over several changes of the input helps", "003 L300-317", five > one,
                   f"{one:.4f} as it is, {five:.4f} with shifts by a pixel, which it was not trained on")  # fmt: skip
whole = experiment.report("dropout, all units, test accuracy", with_all, 4)
single = experiment.report("dropout, one mask, test accuracy", one_mask, 4)
many = experiment.report(f"dropout, {masks[-1]} masks averaged, test accuracy", [run[-1] for run in averaged], 4)
experiment.verdict(
    "testing with all units is an average of many networks", "001 L1266, 003 L262-266, 004 L434",
    abs(whole - many) < (many - single) / 4,
    f"one mask {single:.4f}, {masks[-1]} averaged {many:.4f}, all units {whole:.4f}",
)  # fmt: skip
arriving, afterwards = (
    experiment.report(f"{len(order):,} images, {name}, test accuracy", [run[-1] for run in runs], 4)
    for name, runs in streams.items()
)
experiment.verdict("SGD learns online, while data are being collected", "003 L110", arriving > afterwards - 0.01,
                   f"{arriving:.4f}, with images drawn after all are there {afterwards:.4f}")  # fmt: skip


def legend_below(ax):
    low, high = ax.get_ylim()
    ax.set_ylim(low - 0.6 * (high - low), high)
    ax.legend(loc="lower right", fontsize=8, frameon=False)


def by_number(ax):
    for i, (name, dashes) in enumerate((("initial values", "-"), ("structure", "--"))):
        each = 100 * np.array(singles[name]).mean(axis=0)
        ax.plot(np.arange(1, 6) + 0.12 * i - 0.06, each, "os"[i], color=f"C{i}", markersize=4, alpha=0.6)
        ax.plot(range(1, 6), 100 * np.mean(together[name], axis=0), dashes, color=f"C{i}", marker="os"[i],
                markersize=4, label=f"together, other\n{name}")  # fmt: skip
    ax.plot([], [], "o", color="0.6", markersize=4, label="each alone")
    ax.set(xlabel="networks", ylabel="test accuracy in %")
    ax.set_xticks(range(1, 6))
    legend_below(ax)


def by_masks(ax):
    ax.axhline(100 * whole, color="C1", linestyle="--", label="all units")
    ax.plot(masks, 100 * np.mean(averaged, axis=0), "o-", color="C0", markersize=4, label="masks averaged")
    ax.set(xscale="log", xlabel="masks")
    ax.set_xticks(masks, [str(count) for count in masks])
    ax.minorticks_off()
    legend_below(ax)


def by_images(ax):
    for i, (name, runs) in enumerate(streams.items()):
        ax.plot(seen, 100 * np.mean(runs, axis=0), ("-", "--")[i], color=f"C{i}", marker="os"[i], markersize=4,
                label=name)  # fmt: skip
    ax.set(xlabel="images")
    legend_below(ax)


experiment.finish(
    plots.panels({"five networks": by_number, "dropout as an average": by_masks, "learning online": by_images},
                 lambda ax, show: show(ax), columns=3, sharex=False, sharey=False, proportion=1.2,
                 title="Averages of networks, and learning online")
)  # fmt: skip
