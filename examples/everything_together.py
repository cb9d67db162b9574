"""Does everything together give the best network, and what does each part of it give?

Note 001, 9.4: BatchNorm, dropout, L2 and L1 together, and a learning rate that is lowered in the middle of training.
Note 003, 3.6.4: the rate falls linearly, or is divided by 10 when training has come far enough; other rates for layers
near the input and near the output. Note 001, 6.2: lowering helps Adam as well. One network of two hidden layers of ReLU
units, trained with everything (L1 as a proximal step), and again with one part left out; then other schedules.

Look for: dividing the rate by 10 after two thirds of the epochs raises the accuracy at once; with a constant rate it
takes longer to get there, and keeps swinging. Why: a large rate jumps about the minimum that it has found, a small one
settles into it; but a small rate from the beginning would be slow. Everything together is better than nothing of it,
while each part alone gives little. The error bars go from the lowest to the highest run: parts whose bars overlap are
not told apart by so few runs.

Run: python examples/everything_together.py --data mnist
"""

import numpy as np
from _experiment import Experiment

import glassgrad as gg
from glassgrad import data, nn, optim, train
from glassgrad.viz import plots

experiment = Experiment(__doc__)
mnist = experiment.data == "mnist"
images, labels, test_images, test_labels = experiment.images()
size, epochs = (200, 9) if mnist else (20, 3 if experiment.short else 30)
drop = epochs * 2 // 3
test = data.DataLoader(data.TensorDataset(test_images, test_labels), batch_size=2000)
loss_of = nn.CrossEntropyLoss()

ALL = {"batch_norm": True, "dropout": 0.2, "l2": 1e-4, "l1": 1e-6, "schedule": "lower"}
PARTS = {
    "everything": ALL,
    "without BatchNorm": {**ALL, "batch_norm": False},
    "without dropout": {**ALL, "dropout": 0.0},
    "without L2": {**ALL, "l2": 0.0},
    "without L1": {**ALL, "l1": 0.0},
    "without lowering the rate": {**ALL, "schedule": "constant"},
    "none of them": {},
}
SCHEDULES = {
    "linear decay": {**ALL, "schedule": "linear"},
    "Adam, constant": {**ALL, "schedule": "constant", "adam": True},
    "Adam, lowered": {**ALL, "adam": True},
    "rates by layer": {**ALL, "factors": (2.0, 1.0, 0.5)},
}


def run(seed, batch_norm=False, dropout=0.0, l2=0.0, l1=0.0, schedule="constant", adam=False, factors=(1, 1, 1)):
    """The accuracies on the test images after each epoch."""
    gg.manual_seed(seed)
    sizes = [images.shape[1], 200, 200, 10]
    model = nn.models.MultiLayerNet(sizes, "relu", init="he", batch_norm=batch_norm, dropout=dropout)
    rate, groups = (0.002 if adam else 0.1), optim.decay_groups(model, l2)
    if factors != (1, 1, 1):  # a group for the weights of each layer, near the input first
        weights, rest = groups
        groups = [{"params": [weight], "weight_decay": l2, "lr": rate * factor}
                  for weight, factor in zip(weights["params"], factors, strict=True)] + [rest]  # fmt: skip
    optimizer = optim.AdamW(groups, lr=rate) if adam else optim.SGD(groups, lr=rate, momentum=0.9)
    scheduler = None
    if schedule == "lower":
        scheduler = optim.lr_scheduler.MultiStepLR(optimizer, milestones=[drop], gamma=0.1)
    elif schedule == "linear":
        scheduler = optim.lr_scheduler.LinearLR(optimizer, 1.0, 1 / epochs, total_iters=epochs - 1)
    random, accuracies = np.random.default_rng(seed), []
    for _ in range(epochs):
        order = random.permutation(len(images))
        for batch in order[: len(order) // size * size].reshape(-1, size):
            loss = loss_of(model(gg.tensor(images[batch])), gg.tensor(labels[batch]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if l1:
                weights = [p for p in model.parameters() if p.ndim > 1]
                optim.soft_threshold_(weights, optimizer.param_groups[0]["lr"] * l1)
        if scheduler is not None:
            scheduler.step()
        accuracies.append(train.evaluate(model, test, metrics="accuracy")["accuracy"])
    return accuracies


results = {name: [] for name in {**PARTS, **SCHEDULES}}
for seed, name in experiment.progress([(seed, name) for seed in experiment.seeds for name in results]):
    results[name].append(run(seed, **{**PARTS, **SCHEDULES}[name]))

runs = {name: np.array(rows) for name, rows in results.items()}
mean = {name: experiment.report(f"{name}, test accuracy", rows[:, -1], 4) for name, rows in runs.items()}
whole = runs["everything"]
before = experiment.report("everything, test accuracy before lowering the rate", whole[:, drop - 1], 4)
after = experiment.report("everything, test accuracy one epoch later", whole[:, drop], 4)
others = runs["without lowering the rate"]
experiment.report("without lowering, test accuracy one epoch later", others[:, drop], 4)
experiment.verdict(
    "lowering the rate in mid-training raises the accuracy", "001 L1307, 003 L340",
    (after >= before + 0.003 and mean["everything"] > mean["without lowering the rate"])
    or ("partly" if mean["everything"] > mean["without lowering the rate"] else False),
    f"{before:.4f} before, {after:.4f} one epoch later, {mean['everything']:.4f} at the end; with a constant rate "
    f"{mean['without lowering the rate']:.4f}",
)  # fmt: skip
left_out = [name for name in PARTS if name.startswith("without")]
helps = [name for name in left_out if mean["everything"] > mean[name]]
experiment.verdict(
    "everything together is best", "001 9.4",
    len(helps) == len(left_out) or ("partly" if mean["everything"] > mean["none of them"] else False),
    f"{mean['everything']:.4f}; " + ", ".join(f"{name} {mean[name]:.4f}" for name in [*left_out, "none of them"]),
)  # fmt: skip
experiment.verdict("a rate that falls linearly is better than a constant one", "003 L339",
                   mean["linear decay"] > mean["without lowering the rate"],
                   f"{mean['linear decay']:.4f} and {mean['without lowering the rate']:.4f}")  # fmt: skip
experiment.verdict("lowering helps with Adam too", "001 L963", mean["Adam, lowered"] > mean["Adam, constant"],
                   f"{mean['Adam, lowered']:.4f}, constant {mean['Adam, constant']:.4f}")  # fmt: skip
spread = np.ptp(whole[:, -1]) / 2
experiment.verdict(
    "larger rates near the input, smaller ones near the output are better", "003 L342-346",
    mean["rates by layer"] > mean["everything"] + spread,
    f"twice, once and half the rate: {mean['rates by layer']:.4f}; equal rates: {mean['everything']:.4f}",
)  # fmt: skip


def parts(ax):
    names = list(runs)
    for i, name in enumerate(names):
        last = 100 * runs[name][:, -1]
        ax.errorbar(last.mean(), i, xerr=[[last.mean() - last.min()], [last.max() - last.mean()]], capsize=3,
                    marker="os"[name in SCHEDULES], color=("C0", "C1")[name in SCHEDULES], markersize=5)  # fmt: skip
    ax.axvline(100 * mean["everything"], color="C0", linestyle="--", linewidth=0.9)
    ax.set_yticks(range(len(names)), names)
    ax.set(xlabel="test accuracy in %", ylim=(len(names) - 0.5, -0.5))


def schedules(ax):
    lines = {"lowered": "everything", "constant": "without lowering the rate", "linear decay": "linear decay"}
    for i, (label, name) in enumerate(lines.items()):
        rows = 100 * runs[name]
        ax.plot(range(1, epochs + 1), rows.mean(axis=0), ("-", "--", ":")[i], color=f"C{i}", marker="os^"[i],
                markersize=4, label=label)  # fmt: skip
        ax.fill_between(range(1, epochs + 1), rows.min(axis=0), rows.max(axis=0), color=f"C{i}", alpha=0.15,
                        linewidth=0)  # fmt: skip
    ax.axvline(drop + 0.5, color="0.5", linewidth=0.9, linestyle="-.")
    ax.set(xlabel="epoch (line: the rate is divided by 10)", ylabel="test accuracy in %")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(loc="lower right", fontsize=8, framealpha=1.0, edgecolor="none")


experiment.finish(
    plots.panels({"at the end": parts, "schedules of the learning rate": schedules}, lambda ax, show: show(ax),
                 columns=2, sharex=False, sharey=False, proportion=0.85, title="Everything together, and parts of it")
)  # fmt: skip
