"""One network, affine - activation - affine: how well does it predict numbers, yes or no, and classes?

Note 001, 4.1 and 4.2 (regression, two classes, K classes; data from tables) and 2-2-4 (years of songs). The three
tasks differ in what comes behind the last affine layer: nothing and half the mean squared error; sigmoid and cross
entropy; softmax and cross entropy. In each of them the gradient that enters the last layer is (prediction - target)/N.

Tables (`--data protein`, `concrete`, `power`): the number; whether it is above the median; in which quarter it lies.
`--data year FILE` reads YearPredictionMSD.txt. Images (`digits`, `mnist`): the ink of the lower half from the upper
half; whether the digit is odd; which digit it is. The last 5,730 proteins and 51,630 songs are for testing; of the
other tables a tenth, drawn anew for every seed.

Look for: points near the diagonal; the error beside that of least squares, which is what the network could do without
its hidden layer; sigmoid units with small initial weights start late.

Run: python examples/two_layers.py --data mnist
"""

import numpy as np
from _experiment import Experiment

import glassgrad as gg
from glassgrad import data, nn, optim
from glassgrad.viz import plots

# file, target, its unit, rows at the end that are for testing (or None for a random tenth)
TABLES = {
    "protein": ("protein-structure", "RMSD", "Å", 5730),
    "concrete": ("concrete", "Concrete-compressive-strength", "MPa", None),
    "power": ("power-plant", "PE", "MW", None),
    "year": (None, 0, "years", 51630),
}
STEPS = {"protein": 12000, "concrete": 4000, "power": 10000, "year": 12000, "digits": 3000, "mnist": 10000}
EVALUATIONS = 20

experiment = Experiment(__doc__, data=("digits", "mnist", *TABLES))
experiment.arguments.add_argument("file", nargs="?", help="YearPredictionMSD.txt, for --data year")
if (experiment.data == "year") != (experiment.options.file is not None):
    experiment.arguments.error("--data year needs its FILE, and no other data set has one")
if experiment.data != "digits":
    experiment.name = f"two_layers-{experiment.data}"
steps = 200 if experiment.short else STEPS[experiment.data]
name, column, unit, reserved = TABLES.get(experiment.data, (None, None, "of the full ink", None))


def table():
    """Return the features and the target of the chosen table."""
    if experiment.data != "year":
        return experiment.table(name, target=column)
    try:
        x, y = (part.numpy() for part in data.read_csv(experiment.options.file, target=column, header=False)[:])
    except (FileNotFoundError, ValueError) as error:
        experiment.arguments.error(str(error))
    if len(x) <= reserved:
        experiment.arguments.error(f"{experiment.options.file} has {len(x):,} rows; YearPredictionMSD.txt has 515,345")
    return x, y[:, 0]


def tasks(seed):
    """Return (x, target, test x, test target) by kind of task."""
    if experiment.data in TABLES:
        x, y = rows
        if reserved is None:
            order = np.random.default_rng(seed).permutation(len(x))
            x, y = x[order], y[order]
        cut = len(x) - (reserved or round(len(x) / 10))
        scale = data.Standardize().fit(x[:cut])
        x = scale.transform(x).astype("float32")
        quarter = np.searchsorted(np.quantile(y[:cut], [0.25, 0.5, 0.75]), y)
        return {
            "regression": (x[:cut], y[:cut, np.newaxis], x[cut:], y[cut:, np.newaxis]),
            "binary": (x[:cut], quarter[:cut, np.newaxis] > 1, x[cut:], quarter[cut:, np.newaxis] > 1),
            "classes": (x[:cut], quarter[:cut], x[cut:], quarter[cut:]),
        }
    x, t, test_x, test_t = experiment.images(flat=False, seed=seed)
    half = x.shape[2] // 2
    parts = [(a[:, :, :half].reshape(len(a), -1), a[:, :, half:].mean(axis=(1, 2, 3))[:, np.newaxis])
             for a in (x, test_x)]  # fmt: skip
    x, test_x = x.reshape(len(x), -1), test_x.reshape(len(test_x), -1)
    return {
        "regression": (*parts[0], *parts[1]),
        "binary": (x, t[:, np.newaxis] % 2 == 1, test_x, test_t[:, np.newaxis] % 2 == 1),
        "classes": (x, t, test_x, test_t),
    }


def fit(kind, task, units, seed, activation="relu", init="he", rate=None):
    """Train a network; return its predictions for the test data, and how it did on its way there.

    Without a rate the optimiser is Adam, whose rate falls linearly to 0; with one it is SGD.
    """
    x, target, test_x, test_target = task
    mean, deviation = (target.mean(), target.std()) if kind == "regression" else (0.0, 1.0)
    wanted = target if kind == "classes" else ((target - mean) / deviation).astype("float32")
    gg.manual_seed(seed)
    outputs = int(target.max()) + 1 if kind == "classes" else 1
    net = nn.models.TwoLayerNet(x.shape[1], units, outputs, kind, activation=activation, init=init)
    optimizer = optim.SGD(net.parameters(), lr=rate) if rate else optim.Adam(net.parameters(), lr=0.01)
    schedule = None if rate else optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=steps)
    random, seen = np.random.default_rng(seed), []

    def predict(inputs):
        with gg.no_grad():
            return net.predict(gg.tensor(inputs)).numpy() * deviation + mean

    def measure(inputs, answers):
        output = predict(inputs)
        if kind == "regression":
            return float(np.sqrt(np.mean((output - answers) ** 2)))
        right = output.argmax(axis=1) == answers if kind == "classes" else (output > 0.5) == answers
        return float(right.mean())

    order = np.arange(0)
    for step in experiment.progress(range(steps), f"{kind}, {units} {activation}, seed {seed}"):
        if len(order) < 100:
            order = random.permutation(len(x))
        batch, order = order[:100], order[100:]
        optimizer.zero_grad()
        net.loss(gg.tensor(x[batch]), gg.tensor(wanted[batch])).backward()
        optimizer.step()
        if schedule:
            schedule.step()
        if (step + 1) % (steps // EVALUATIONS) == 0:
            seen.append((step + 1, measure(x[:5000], target[:5000]), measure(test_x, test_target)))
    return predict(test_x), np.array(seen)


def least_squares(x, target, test_x, test_target):
    """Return the root mean squared error of the best linear function."""
    solution = np.linalg.lstsq(np.column_stack([x, np.ones(len(x))]), target, rcond=None)[0]
    return float(np.sqrt(np.mean((np.column_stack([test_x, np.ones(len(test_x))]) @ solution - test_target) ** 2)))


rows = table() if experiment.data in TABLES else None
digits = 3 if experiment.data in TABLES else 4
linear, regression, binary, classes = [], {100: [], 256: []}, [], {"ReLU, He": [], "sigmoid, std 0.01": []}
for seed in experiment.seeds:
    task = tasks(seed)
    linear.append(least_squares(*task["regression"]))
    for units, runs in regression.items():
        runs.append((*fit("regression", task["regression"], units, seed), task["regression"][3]))
    binary.append(fit("binary", task["binary"], 50, seed)[1])
    classes["ReLU, He"].append(fit("classes", task["classes"], 50, seed, rate=0.1)[1])
    classes["sigmoid, std 0.01"].append(fit("classes", task["classes"], 50, seed, "sigmoid", 0.01, rate=0.1)[1])

experiment.report("least squares, RMSE", linear, digits, unit)
for units, runs in regression.items():
    experiment.report(f"{units} units, RMSE", [seen[-1, 2] for _, seen, _ in runs], digits, unit)
    experiment.report(f"{units} units, training RMSE", [seen[-1, 1] for _, seen, _ in runs], digits, unit)
for label, runs in {"yes or no": binary, **{f"classes, {label}": runs for label, runs in classes.items()}}.items():
    experiment.report(f"{label}, training accuracy", [seen[-1, 1] for seen in runs])
    experiment.report(f"{label}, test accuracy", [seen[-1, 2] for seen in runs])


def against(ax):
    predicted, _, true = regression[256][0]
    shown = np.random.default_rng(0).permutation(len(true))[:1500]
    low, high = float(true.min()), float(true.max())
    ax.plot(true[shown, 0], predicted[shown, 0], ".", color="C0", markersize=3, alpha=0.35)
    ax.plot([low, high], [low, high], "-", color="C1", linewidth=1.4)
    ax.set(xlabel=f"true {quantity}", ylabel=f"predicted {quantity}", xlim=(low, high), ylim=(low, high))


def curves(runs):
    def draw(ax):
        for i, (label, seeds) in enumerate(runs.items()):
            mean = np.mean(seeds, axis=0)
            for column, style, which in ((1, "-", "training"), (2, "--", "test")):
                (line,) = ax.plot(mean[:, 0], 100 * mean[:, column], style, color=f"C{i}", linewidth=1.6)
                ax.figure.handles[f"{label}, {which}"] = line
        ax.set(xlabel="step")

    return draw


titles = {"digits": "the digits", "mnist": "MNIST", "year": "songs"}
quantity = "ink" if experiment.data in ("digits", "mnist") else f"value, {unit}"
yes = "odd?" if experiment.data in ("digits", "mnist") else "above the median?"
which = "which digit?" if experiment.data in ("digits", "mnist") else "which quarter?"
experiment.finish(
    plots.panels(
        {"256 units": against, f"{yes} % right": curves({"ReLU, He": binary}),
         f"{which} % right": curves(classes)},
        lambda ax, show: show(ax), columns=3, sharex=False, sharey=False, proportion=1.0,
        title=f"Two layers on {titles.get(experiment.data, name)}",
    )
)  # fmt: skip
