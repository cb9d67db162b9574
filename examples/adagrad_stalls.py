"""When does AdaGrad stop, whom does it favour, and who needs the least tuning of the rate?

Note 000, L273, and note 003, L421: AdaGrad divides by the root of the sum of all squared gradients, so its steps only
get shorter; one large early gradient stops it for good, and RMSProp, which forgets, goes on. Note 004, L331, blames
saddle points. Note 003, L410: AdaGrad favours rare features. Note 004, L354 and L381: RMSProp needs less tuning of
its rate.

Look for: on the convex slope 0.05w², where there is no saddle, AdaGrad stays near 10 after one gradient of 1000. On
the digits, the weights of pixels that are rarely inked keep a rate many times that of the common ones. And of nine
rates from 0.0001 to 1, about as many suit each adaptive method as suit momentum: the window is only at smaller rates.

Run: python examples/adagrad_stalls.py --data mnist
"""

import numpy as np
from _experiment import Experiment

import glassgrad as gg
from glassgrad import nn, optim, train
from glassgrad.viz import plots

experiment = Experiment(__doc__)
images, labels, test_images, test_labels = experiment.images()
METHODS = {
    "SGD": lambda p, lr: optim.SGD(p, lr=lr),
    "momentum": lambda p, lr: optim.SGD(p, lr=lr, momentum=0.9),
    "AdaGrad": lambda p, lr: optim.Adagrad(p, lr=lr, eps=1e-7),
    "RMSProp": lambda p, lr: optim.RMSprop(p, lr=lr, alpha=0.99, eps=1e-7),
    "Adam": lambda p, lr: optim.Adam(p, lr=lr),
}


def after_a_shock(method, steps=400):
    """0.05w² from 10, with rate 0.1, after a first step along a gradient of 1000."""
    w = gg.tensor([10.0], dtype="float64", requires_grad=True)
    optimizer, path = method([w]), []
    for step in range(steps + 1):
        optimizer.zero_grad()
        (0.05 * w**2).sum().backward()
        if step == 0:
            w.grad.fill_(1000.0)
        optimizer.step()
        path.append(w.item())
    return path


stalled = {
    "AdaGrad": after_a_shock(lambda p: optim.Adagrad(p, lr=0.1, eps=1e-7)),
    "RMSProp, 0.99": after_a_shock(lambda p: optim.RMSprop(p, lr=0.1, alpha=0.99, eps=1e-7)),
    "RMSProp, 0.9": after_a_shock(lambda p: optim.RMSprop(p, lr=0.1, alpha=0.9, eps=1e-7)),
}
for name, path in stalled.items():
    experiment.report(f"{name}, w after 400 steps", path[-1], 4)
left, slow, free = (path[-1] for path in stalled.values())
measured = f"after 400 steps AdaGrad is at {left:.2f}, RMSProp at {free:.2f} (decay 0.9) and {slow:.2f} (0.99)"
experiment.verdict("AdaGrad's steps die away, RMSProp's do not", "000 L273, 003 L421",
                   left > 9 and abs(free) < 1 and slow < left, measured)  # fmt: skip
experiment.verdict("AdaGrad's falling rate is a problem of saddle points", "004 L331", not left > 9,
                   f"on 0.05w², which is convex, {measured}")  # fmt: skip


def learn(model, optimizer, steps, seed):
    """Train with batches of 100; return the accuracy on the test images."""
    loss_of, random = nn.CrossEntropyLoss(), np.random.default_rng(seed)
    for _ in range(steps):
        batch = random.choice(len(images), 100)
        loss = loss_of(model(gg.tensor(images[batch])), gg.tensor(labels[batch]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if not np.isfinite(loss.item()):
            break
    with gg.no_grad():
        return train.accuracy(model(gg.tensor(test_images)), test_labels)


# --- rare features: how large is the rate lr/√h of a pixel's weights, and how often is the pixel inked?
steps = 60 if experiment.short else 600
gg.manual_seed(0)
model = nn.Linear(images.shape[1], 10)
optimizer = optim.Adagrad(model.parameters(), lr=0.1, eps=1e-7)
learn(model, optimizer, steps, seed=0)
inked = (images > 0).mean(axis=0)
sums = optimizer.state[model.weight]["sum"].numpy().mean(axis=0)
with np.errstate(divide="ignore"):
    effective = np.where(sums > 0, 0.1 / np.sqrt(sums), np.nan)  # a pixel that was never inked has no rate
rare, common = (inked > 0) & (inked < 0.02) & (sums > 0), inked > 0.3
rare_rate = experiment.report("AdaGrad, rate of rare pixels", np.median(effective[rare]))
common_rate = experiment.report("AdaGrad, rate of common pixels", np.median(effective[common]))
experiment.verdict("AdaGrad favours rare features", "003 L410", bool(rare_rate > 2 * common_rate),
                   f"pixels inked in fewer than 2 % of images have a rate {rare_rate / common_rate:.1f} times that of "
                   "pixels inked in more than 30 %")  # fmt: skip

# --- sensitivity: nine rates for each method
rates = 10.0 ** (np.arange(-4, 0.5) if experiment.short else np.arange(-4, 0.1, 0.5))
accuracies = np.zeros((len(METHODS), len(rates), len(experiment.seeds)))
for i, j, seed in experiment.progress(list(np.ndindex(accuracies.shape))):
    gg.manual_seed(seed)
    model = nn.models.MultiLayerNet([images.shape[1], 50, 10], "relu", init="he")
    with np.errstate(all="ignore"):
        accuracies[i, j, seed] = learn(model, list(METHODS.values())[i](model.parameters(), rates[j]), steps, seed)
good = {
    name: experiment.report(f"{name}, rates of {len(rates)} with 90 % and more", (row >= 0.9).sum(axis=0), 1)
    for name, row in zip(METHODS, accuracies, strict=True)
}
best = {name: rates[row.mean(axis=-1).argmax()] for name, row in zip(METHODS, accuracies, strict=True)}
for name, row in zip(METHODS, accuracies, strict=True):
    experiment.report(f"{name}, best test accuracy", row[row.mean(axis=-1).argmax()])
others = max(good["momentum"], good["AdaGrad"])
# The grid has two rates a decade, so what differs by less than one of them says nothing.
experiment.verdict(
    "RMSProp needs less tuning of its rate", "004 L354, L381",
    good["RMSProp"] >= others + 1 or ("partly" if good["RMSProp"] >= good["SGD"] + 1 else False),
    f"of {len(rates)} rates these reach 90 %: " + ", ".join(f"{name} {n:.1f}" for name, n in good.items()),
)  # fmt: skip


def shock(ax):
    for i, (name, path) in enumerate(stalled.items()):
        ax.plot(range(401), path, ("-", "-.", "--")[i], color=f"C{(2, 3, 3)[i]}", linewidth=1.7)
        ax.text(475, (10.2, 6.8, 0.6)[i], name, color=f"C{(2, 3, 3)[i]}", fontsize=8, ha="right")
    ax.set(xlabel="step", ylabel="w", xlim=(-10, 480), ylim=(-1, 11.5))


def rates_of_pixels(ax):
    seen = np.isfinite(effective)
    ax.plot(100 * inked[seen], effective[seen], "o", color="C2", markersize=2.5, alpha=0.6)
    ax.set(xlabel="% of images that ink a pixel", ylabel="rate lr/√h of its weights", yscale="log", ylim=(0.1, 1e4))


def sensitivity(ax):
    for i, (name, row) in enumerate(zip(METHODS, accuracies, strict=True)):
        (line,) = ax.plot(
            rates, 100 * row.mean(axis=-1), marker="os^Dv"[i], linestyle=("-", "--", ":", "-.", (0, (5, 1)))[i],
            color=f"C{i}", markersize=3.5, linewidth=1.5,
        )  # fmt: skip
        ax.figure.handles[name] = line
    ax.axhline(90, color="0.5", linewidth=0.8)
    ax.set(xscale="log", xlabel="learning rate", ylabel=f"test accuracy in %, {steps} steps", ylim=(0, 100))


experiment.finish(
    plots.panels({"after a gradient of 1000": shock, "rare and common pixels": rates_of_pixels,
                  "which rates suit": sensitivity}, lambda ax, show: show(ax), columns=3, sharex=False,
                 sharey=False, proportion=1.0, title="AdaGrad stalls, favours what is rare, and tuning the rate")
)  # fmt: skip
