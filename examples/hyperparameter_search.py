"""Which hyper-parameters are good, and how are they found: on a grid, at random, or by a model of past trials?

Note 000, 7.10, and note 002: 500 images, a fifth of them for validation; six hidden layers of 100 ReLU units train for
50 epochs with learning rates from 10⁻⁶ to 10⁻² and weight decays from 10⁻⁸ to 10⁻⁴, drawn at random on a logarithmic
scale, a hundred times. The best 20 trials show good ranges, which are narrowed and searched again. Random draws shall
be better than a grid, since not all hyper-parameters matter; Bayesian optimisation, here Optuna's TPE, better still.

Look for: the 20 best trials, validation solid and training dotted, as in the note; printed as `Best-1(val acc:…) | …`.
In the scatter plots the accuracy rises with the rate and does not depend on weight decay: the narrowed range of weight
decay means nothing. Of 25 random draws each has another rate; a grid of 25 tries only five. The trial that is best on
100 validation images may owe that to luck: its accuracy on test images, never used for choosing, is another.

Run: python examples/hyperparameter_search.py --data mnist
"""

import numpy as np
from _experiment import Experiment

import glassgrad as gg
from glassgrad import data, nn, optim, search, train
from glassgrad.viz import plots

experiment = Experiment(__doc__)
samples, validation = (500, 100)
tested = 2000 if experiment.data == "mnist" else 360
images, labels, test_images, test_labels = experiment.images(train=samples, test=tested)
trials, side, epochs = (20, 2, 5) if experiment.short else (100, 5, 50)
space = {"lr": search.LogUniform(1e-6, 1e-2), "weight_decay": search.LogUniform(1e-8, 1e-4)}
more = {**space, "units": search.Integers(10, 200, log=True), "batch_size": search.Choice([20, 50, 100])}


def loader(x, t):
    return data.DataLoader(data.TensorDataset(x, t), batch_size=2000)


def objective(seed):
    """A function of hyper-parameters that trains with them; the seed chooses initial weights and validation images."""
    order = np.random.default_rng(seed).permutation(samples)
    known, held_out = order[validation:], order[:validation]
    loaders = {"train": loader(images[known], labels[known]), "val": loader(images[held_out], labels[held_out])}

    def objective_of(given):
        gg.manual_seed(seed)
        size, units = given.get("batch_size", 100), given.get("units", 100)
        model = nn.models.MultiLayerNet([images.shape[1], *[units] * 6, 10], "relu", init="he")
        optimizer = optim.SGD(optim.decay_groups(model, given["weight_decay"]), lr=given["lr"])
        loss_of, random = nn.CrossEntropyLoss(), np.random.default_rng(seed)
        history = {"epoch": [], "train": [], "val": []}
        for epoch in range(1, epochs + 1):
            for batch in random.permutation(known).reshape(-1, size):
                loss = loss_of(model(gg.tensor(images[batch])), gg.tensor(labels[batch]))
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            if epoch % 5 == 0 or epoch == 1:
                history["epoch"].append(epoch)
                for name, part in loaders.items():
                    history[name].append(train.evaluate(model, part, metrics="accuracy")["accuracy"])
        history["test"] = train.evaluate(model, loader(test_images, test_labels), metrics="accuracy")["accuracy"]
        return history["val"][-1], history

    return objective_of


def on_grid(train_with):
    """Values of a grid, in the middles of equal parts of the logarithmic ranges, and what was reached there."""
    parts = (np.arange(side) + 0.5) / side
    points = [(10 ** (-6 + 4 * a), 10 ** (-8 + 4 * b)) for a in parts for b in parts]
    points = [points[i] for i in np.random.default_rng(0).permutation(len(points))]
    return points, [train_with({"lr": lr, "weight_decay": decay})[0] for lr, decay in points]


def values(study):
    return [trial.value for trial in study.trials]


reached = {"grid": [], "random": [], "TPE": []}
for seed in experiment.progress(experiment.seeds):
    train_with = objective(seed)
    count = trials if seed == 0 else side**2
    drawn = search.random_search(train_with, space, count, seed=seed, progress=False)
    reached["random"].append(values(drawn)[: side**2])
    modelled = search.random_search(train_with, space, side**2, sampler="tpe", seed=seed, progress=False)
    reached["TPE"].append(values(modelled))
    points, scores = on_grid(train_with)
    reached["grid"].append(scores)
    if seed == 0:
        study, grid_points, box = drawn, points, search.narrow(drawn, best=20)
        narrowed = search.random_search(train_with, box, side**2, seed=seed + 1, progress=False)
        four = search.random_search(train_with, more, side**2, seed=seed, progress=False)

print("\n".join(search.best_lines(study, 20)))
for name, found in (("narrowed range", narrowed), ("four hyper-parameters", four)):
    print(f"{name}:", search.best_lines(found, 1)[0])
score = np.array(values(study))
logs = {name: np.log10([trial.params[name] for trial in study.trials]) for name in space}
best = max(study.trials, key=lambda trial: trial.value)
top = experiment.report(f"best validation accuracy of {trials} random trials", best.value)
on_test = experiment.report("test accuracy of that trial", best.user_attrs["history"]["test"])
r = {name: experiment.report(f"correlation of validation accuracy with log {name}", np.corrcoef(log, score)[0, 1])
     for name, log in logs.items()}  # fmt: skip
again = experiment.report("best validation accuracy in the narrowed range", max(values(narrowed)))
median = experiment.report("median validation accuracy", np.median(score))
again_median = experiment.report("median validation accuracy in the narrowed range", np.median(values(narrowed)))
experiment.report("best validation accuracy, four hyper-parameters", max(values(four)))
mean = {name: experiment.report(f"{name}, best of {side**2} trials, validation accuracy", [max(run) for run in runs])
        for name, runs in reached.items()}  # fmt: skip

rates = sorted(trial.params["lr"] for trial in sorted(study.trials, key=lambda trial: -trial.value)[:8])
experiment.verdict("learning rates from 0.001 to 0.01 are good", "002 L141", rates[0] >= 0.001 and rates[-1] <= 0.01,
                   f"the best eight have rates from {rates[0]:.4f} to {rates[-1]:.4f}")  # fmt: skip
low, high = box["weight_decay"].low, box["weight_decay"].high
experiment.verdict(
    "weight decays from 1e-8 to 1e-7 are good", "002 L141", high <= 2e-7 and abs(r["weight_decay"]) > 0.3,
    f"the best 20 spread from {low:.1e} to {high:.1e}, correlation with the accuracy {r['weight_decay']:.2f}",
)  # fmt: skip
experiment.verdict(
    "a narrower range gives better trials", "000 L482-485, 002 L115-124",
    (again_median > median and again > top) or ("partly" if again_median > median else False),
    f"median {again_median:.2f} against {median:.2f}, best {again:.2f} of {side**2} against {top:.2f} of {trials}",
)  # fmt: skip
experiment.verdict("random draws are better than a grid", "000 L480", mean["random"] > mean["grid"],
                   f"best of {side**2} on average: {mean['random']:.3f} and {mean['grid']:.3f}")  # fmt: skip
experiment.verdict("Bayesian optimisation finds better ones in as many trials", "000 L487",
                   mean["TPE"] > mean["random"],
                   f"best of {side**2} on average: {mean['TPE']:.3f}, at random {mean['random']:.3f}")  # fmt: skip
experiment.verdict("hyper-parameters fit the data they were chosen on", "000 7.10.1, 002 L91-97", on_test < top,
                   f"the best trial: validation {top:.3f}, test {on_test:.3f}")  # fmt: skip


def curves(trial, first):
    def draw(ax):
        history = trial.user_attrs["history"]
        ax.plot(history["epoch"], history["val"], "-", color="C0")
        ax.plot(history["epoch"], history["train"], ":", color="C1")
        ax.set(ylim=(0, 1), yticks=(0, 0.5, 1), xticks=[])
        if not first:
            ax.tick_params(labelleft=False)

    return draw


def scatter(name):
    def draw(ax):
        ax.plot(10.0 ** logs[name], score, "o", color="C0", markersize=2)
        ax.axvspan(box[name].low, box[name].high, color="C2", alpha=0.2, linewidth=0)
        ax.set(xscale="log", xlabel=name.replace("_", " "), ylim=(0, 1), yticks=(0, 0.5, 1))
        ax.minorticks_off()
        ax.tick_params(labelleft=name == "lr")

    return draw


def plane(ax):
    ax.plot(10 ** logs["lr"][: side**2], 10 ** logs["weight_decay"][: side**2], "o", color="C0", markersize=2)
    ax.plot(*zip(*grid_points, strict=True), "x", color="C1", markersize=3, linestyle="none")
    ax.set(xscale="log", yscale="log", xlabel="lr (up: weight decay)")
    ax.minorticks_off()
    ax.set_yticks([])


def found_so_far(ax):
    for i, (name, runs) in enumerate(reached.items()):
        so_far = np.maximum.accumulate(runs, axis=1).mean(axis=0)
        ax.plot(range(1, side**2 + 1), so_far, ("--", "-", ":")[i], color=("C1", "C0", "C2")[i], label=name)
    ax.set(xlabel="trials", ylim=(0, 1), yticks=(0, 0.5, 1))
    ax.tick_params(labelleft=False)
    legend = ax.legend(loc="center left", bbox_to_anchor=(1.05, 0.5), fontsize=8, frameon=False)
    legend.set_in_layout(False)  # it has the place of the panel that is missing


ranked = sorted(study.trials, key=lambda trial: -trial.value)[:20]
items = {f"Best-{i}: {trial.value:.2f}": curves(trial, i % 5 == 1) for i, trial in enumerate(ranked, 1)}
items |= {f"r = {r[name]:.2f}": scatter(name) for name in space}
items |= {"grid ×, random •": plane, "best so far": found_so_far}
experiment.finish(
    plots.panels(items, lambda ax, show: show(ax), columns=5, sharex=False, sharey=False, proportion=0.75,
                 title="The best 20 trials: accuracy over epochs (validation solid, training dotted)")
)  # fmt: skip
