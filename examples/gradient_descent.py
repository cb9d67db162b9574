"""All data at once, one sample, or a few: what does a step cost, and what does it bring?

Note 003, 3.1 to 3.3: gradient descent sums over all the data for every step, stochastic gradient descent takes one
sample, mini-batches are between. The note's argument (L106): if the data contain everything twice, gradient descent
costs twice as much and goes the same way, while for stochastic gradient descent nothing changes: after as many samples
it is as far as before. And (L107) noise may carry it out of a poor minimum.

A linear model learns the output of a power plant from four measurements (`--data power-plant`), or a drawn table of
the same form. Costs are counted in samples whose gradient was computed.

Look for: after a few passes, each a single step of gradient descent, it is far from the least-squares line that the
other two are near to. Doubling the data leaves its path as it is. Out of a poor minimum the noise of single samples
leads only if the rate is large.

Run: python examples/gradient_descent.py --data power-plant
"""

import numpy as np
from _experiment import Experiment

import glassgrad as gg
from glassgrad import data, nn, optim
from glassgrad.viz import plots

experiment = Experiment(__doc__, data=("synthetic", "power-plant"))
if experiment.data == "power-plant":
    features, target = experiment.table("power-plant", target="PE")
else:
    random = np.random.default_rng(0)
    features = random.normal(size=(1000, 4)) @ random.normal(size=(4, 4))  # correlated, as measurements are
    target = features @ [3.0, -2.0, 1.0, 0.5] + random.normal(0, 2, 1000)
count = 200 if experiment.short else 1000
# rows of the power plant come in no order, so that the first are a sample of all
x = data.Standardize().fit_transform(features[:count]).astype("float32")
y = data.Standardize().fit_transform(target[:count]).astype("float32")[:, np.newaxis]
best = np.linalg.lstsq(np.column_stack([x, np.ones(count)]), y, rcond=None)[1][0] / count  # mean squared error
passes = 4 if experiment.short else 8


def descend(x, y, batch, rate, seed, passes=passes):
    """Train a linear model; return samples used and the mean squared error above the best, ten times in a pass."""
    gg.manual_seed(seed)
    model = nn.Linear(x.shape[1], 1)
    nn.init.zeros_(model.weight), nn.init.zeros_(model.bias)
    optimizer, loss_of = optim.SGD(model.parameters(), lr=rate), nn.HalfMSELoss()
    loader = data.DataLoader(data.TensorDataset(x, y), batch_size=batch, shuffle=batch < len(x), seed=seed)
    used, seen, errors = 0, [], []
    for _ in range(passes):
        for inputs, wanted in loader:
            optimizer.zero_grad()
            loss_of(model(inputs), wanted).backward()
            optimizer.step()
            used += len(inputs)
            if used // max(batch, count // 10) > len(seen):
                with gg.no_grad():
                    seen.append(used)
                    errors.append(2 * loss_of(model(gg.tensor(x)), gg.tensor(y)).item() - best)
    return np.array(seen), np.array(errors), np.append(model.weight.numpy(), model.bias.numpy())


METHODS = {"gradient descent": (count, 0.5), "mini-batches of 32": (32, 0.05), "one sample": (1, 0.003)}
runs, doubled = {}, {}
twice_x, twice_y = np.concatenate([x, x]), np.concatenate([y, y])
for name, (batch, rate) in experiment.progress(list(METHODS.items())):
    size = 2 * count if batch == count else batch
    runs[name] = [descend(x, y, batch, rate, seed) for seed in experiment.seeds]
    # The same number of samples for one, the same number of steps for gradient descent: then they have to agree.
    doubled[name] = [descend(twice_x, twice_y, size, rate, seed, passes if batch == count else passes // 2)
                     for seed in experiment.seeds]  # fmt: skip
    experiment.report(f"{name}, error above least squares after {passes} passes",
                      [errors[-1] for _, errors, _ in runs[name]], 5)  # fmt: skip
print(f"    least squares: mean squared error {best:.4f} of the target's variance")

(plain_used, _, plain), (twice_used, _, twice) = runs["gradient descent"][0], doubled["gradient descent"][0]
doubling = "doubled data, gradient descent"
apart = experiment.report(f"{doubling}, largest difference of a weight", np.abs(plain - twice).max(), 8)
cost = experiment.report(f"{doubling}, cost of as many steps", twice_used[-1] / plain_used[-1], 2)
single = [errors[-1] for _, errors, _ in runs["one sample"]], [errors[-1] for _, errors, _ in doubled["one sample"]]
ratio = experiment.report("doubled data, one sample, error after as many samples, doubled over plain",
                          np.mean(single[1]) / np.mean(single[0]), 2)  # fmt: skip
experiment.verdict(
    "with everything twice gradient descent costs twice, for the same path; one sample at a time does not", "003 L106",
    bool(apart < 1e-4 and abs(cost - 2) < 0.01 and 0.5 < ratio < 2),
    f"cost {cost:.2f}-fold, weights differ by {apart:.0e}; one sample at a time: {ratio:.2f} times the error after as "
    "many samples",
)  # fmt: skip

# --- out of a poor minimum: E = w⁴/4 − w²/2 + 0.15w has its better minimum left of 0; samples add noise to its slope
chances, tries, steps = {}, 200, 200 if experiment.short else 3000
for rate in (0.0, 0.01, 0.05, 0.1, 0.2):
    w = gg.tensor(np.full(tries, 0.9), requires_grad=True)  # two hundred starts in the poor minimum
    random, optimizer = np.random.default_rng(0), optim.SGD([w], lr=rate or 0.2)
    for _ in range(steps):
        slope = random.standard_normal(tries) if rate else np.zeros(tries)  # rate 0 stands for no noise at all
        optimizer.zero_grad()
        (w**4 / 4 - w**2 / 2 + 0.15 * w + gg.tensor(slope) * w).sum().backward()
        optimizer.step()
    chances[rate] = float(np.mean(w.detach().numpy() < -0.15))
    label = f"rate {rate:g}" if rate else "all data, rate 0.2"
    experiment.report(f"{label}, share that left the poor minimum", chances[rate], 2)
experiment.verdict(
    "stochastic gradient descent leaves poor minima", "003 L107",
    True if chances[0.01] > 0.5 else "partly" if max(chances.values()) > 0.5 > chances[0.0] else False,
    f"in {steps} steps {chances[0.01]:.0%} at rate 0.01, {chances[0.2]:.0%} at 0.2; without noise {chances[0.0]:.0%}",
)  # fmt: skip


def errors_by_samples(ax):
    for i, (name, repeated) in enumerate(runs.items()):
        seen = repeated[0][0] / count
        mean = np.mean([errors for _, errors, _ in repeated], axis=0)
        (line,) = ax.plot(seen, mean, color=f"C{i}", linestyle=("-", "--", ":")[i], linewidth=1.7)
        ax.figure.handles[name] = line
    ax.set(yscale="log", xlabel="passes over the data", ylabel="error above least squares")


def doubled_data(ax):
    seen, errors, _ = runs["gradient descent"][0]
    ax.plot(seen / count, errors, "o-", color="C0", markersize=3)
    seen, errors, _ = doubled["gradient descent"][0]
    ax.plot(seen / count, errors, "s-", color="C3", markersize=3)
    ax.text(seen[1] / count + 0.5, errors[1] * 1.4, "everything twice", color="C3", fontsize=8)
    ax.text(1, errors[-1] / 2, "once", color="C0", fontsize=8)
    ax.set(yscale="log", xlabel="cost in passes over the data")
    low, high = ax.get_ylim()
    ax.set_ylim(low / 10, high * 3)


def escapes(ax):
    labels = ["all\ndata", *(f"{rate:g}" for rate in list(chances)[1:])]
    ax.bar(range(len(chances)), [100 * share for share in chances.values()], color="C2", width=0.6)
    ax.set_xticks(range(len(chances)), labels)
    ax.set(xlabel="rate", ylim=(0, 100))


experiment.finish(
    plots.panels({"error by cost": errors_by_samples, "data doubled": doubled_data,
                  "left a poor minimum, %": escapes}, lambda ax, show: show(ax), columns=3, sharex=False,
                 sharey=False, proportion=1.0, title="Gradient descent: all data, a few, or one sample a step")
)  # fmt: skip
