"""How are the activations of a deep network distributed, for each way of drawing its initial weights?

Note 000, 7.7.2 (figures 5 to 7), and note 001, 7.1 to 7.3: 1,000 random inputs go through five layers of 100 units,
with weights of standard deviation 1, 0.01 and 0.1 and with those of He, for sigmoid, tanh and ReLU. The note says that
sigmoid gives 0 and 1 with the first, 0.5 with the second, and values well spread with the third. Note 001 puts 10,000
inputs through ReLU layers, whose values collapse to 0 or explode, and says why: a linear layer of n inputs multiplies
the variance by n·V, where V is the variance of the weights.

Look for: the same picture in all layers of a row means that a signal comes through. Sigmoid has none with a mean of 0;
tanh keeps its shape at 0.1, ReLU with He only. Values that do not vary also have gradients that do not: with 0.01 they
vanish, against what note 000 says of this case.

Run: python examples/activation_histograms.py
"""

import numpy as np
from _experiment import Experiment

import glassgrad as gg
from glassgrad import nn
from glassgrad.viz import plots

experiment = Experiment(__doc__, data=())
ACTIVATIONS = {"sigmoid": nn.Sigmoid(), "tanh": nn.Tanh(), "ReLU": nn.ReLU()}
UNITS = 100
STDS = {"std 1": 1.0, "std 0.01": 0.01, "std 0.1": 0.1, "He": (2 / UNITS) ** 0.5}


def layers_of(activation, std, seed, samples=1000):
    """The outputs of five layers, and the mean absolute gradient of the weights of each for a random target."""
    random = np.random.default_rng(seed)
    x = gg.tensor(random.standard_normal((samples, UNITS)))
    weights = [gg.tensor(std * random.standard_normal((UNITS, UNITS)), requires_grad=True) for _ in range(5)]
    outputs = []
    for w in weights:
        x = activation(x @ w)
        outputs.append(x)
    output = gg.tensor(std * random.standard_normal((UNITS, 10)))
    nn.functional.cross_entropy(x @ output, gg.tensor(random.integers(0, 10, samples))).backward()
    gradients = [float(np.abs(w.grad.numpy()).mean()) for w in weights]
    return [values.detach().numpy() for values in outputs], gradients


shown, spread, ends, slopes = {}, {}, {}, {}
for activation, layer in ACTIVATIONS.items():
    for name, std in STDS.items():
        runs = [layers_of(layer, std, seed) for seed in experiment.seeds]
        shown[activation, name] = runs[0][0]
        row = f"{activation}, {name}"
        spread[row] = [experiment.report(f"{row}, layer {i + 1}, standard deviation", [r[0][i].std() for r in runs], 4)
                       for i in range(5)]  # fmt: skip
        if activation == "sigmoid":
            outside = [[np.mean((r[0][i] < 0.05) | (r[0][i] > 0.95)) for r in runs] for i in range(5)]
            ends[name] = [experiment.report(f"{row}, layer {i + 1}, share outside 0.05 to 0.95", share, 2)
                          for i, share in enumerate(outside)]  # fmt: skip
        slopes[row] = np.mean([r[1] for r in runs], axis=0)
        for i in (0, 4):
            experiment.report(f"{row}, layer {i + 1}, mean absolute gradient", [r[1][i] for r in runs], 12)


def listed(values, pattern=".3f"):
    return ", ".join(f"{value:{pattern}}" for value in values)


experiment.verdict("sigmoid, std 1: values at 0 and 1", "000 L343", min(ends["std 1"]) > 0.5,
                   f"share outside 0.05 to 0.95, layers 1 to 5: {listed(ends['std 1'], '.2f')}")  # fmt: skip
experiment.verdict(
    "sigmoid, std 0.01: all at 0.5", "000 L352", max(spread["sigmoid, std 0.01"]) < 0.05,
    f"standard deviations {listed(spread['sigmoid, std 0.01'])}",
)  # fmt: skip
experiment.verdict(
    "sigmoid, std 0.01: gradients do not vanish", "000 L352",
    bool(slopes["sigmoid, std 0.01"][0] > 1e-2 * slopes["sigmoid, std 0.01"][-1]),
    f"mean absolute gradient, layers 1 to 5: {listed(slopes['sigmoid, std 0.01'], '.0e')}",
)  # fmt: skip
experiment.verdict(
    "sigmoid, std 0.1 (1/√n): a moderate spread", "000 L354-363",
    min(spread["sigmoid, std 0.1"]) > 0.1 and max(ends["std 0.1"]) < 0.1,
    f"standard deviations {listed(spread['sigmoid, std 0.1'])}",
)  # fmt: skip
ratio = min(slopes["tanh, std 0.1"]) / max(slopes["tanh, std 0.1"])
experiment.verdict(
    "tanh has better distributions than sigmoid", "000 L368",
    bool(min(spread["tanh, std 0.1"]) > min(spread["sigmoid, std 0.1"]) and ratio > 0.3),
    f"std 0.1: standard deviations {listed(spread['tanh, std 0.1'])}, gradients of all layers within a factor "
    f"of {1 / ratio:.1f}",
)  # fmt: skip

# Note 001: what one linear layer does to the variance, and what five do with ReLU between them.
factors = {}
for n, variance in ((50, 0.09), (100, 0.01), (100, 0.0025)):
    found = []
    for seed in experiment.seeds:
        random = np.random.default_rng(seed)
        x = random.standard_normal((10_000, n))
        found.append((x @ (variance**0.5 * random.standard_normal((n, n)))).var() / x.var())
    factors[n * variance] = experiment.report(f"variance after a linear layer, n·V = {n * variance:.2f}", found, 2)
experiment.verdict(
    "a linear layer multiplies the variance by n·V", "001 L1053-1063",
    all(abs(measured / expected - 1) < 0.1 for expected, measured in factors.items()),
    ", ".join(f"{measured:.2f} for {expected:.2f}" for expected, measured in factors.items()),
)  # fmt: skip
RELU = {"ReLU, 10,000, V = 0.01": 0.1, "ReLU, 10,000, V = 0.04": 0.2}
squares = {}
for name, std in RELU.items():
    outputs, _ = layers_of(ACTIVATIONS["ReLU"], std, 0, 10_000)
    shown[name, f"std {std:g}"] = outputs
    squares[name] = [experiment.report(f"{name}, layer {i + 1}, mean square", np.mean(values**2), 4)
                     for i, values in enumerate(outputs)]  # fmt: skip
collapse, explode = squares.values()
experiment.verdict(
    "values of deep layers collapse to 0 or explode", "001 7.1", bool(collapse[4] < 0.1 and explode[4] > 10),
    f"mean square of layer 5: {collapse[4]:.3f} with n·V = 1, {explode[4]:.0f} with n·V = 4",
)  # fmt: skip
last_of_he = [layers_of(ACTIVATIONS["ReLU"], STDS["He"], seed)[0][-1] for seed in range(2 if experiment.short else 10)]
experiment.report("ReLU, He, mean square of layer 5", np.mean(np.square(last_of_he)))


LIMITS = {"sigmoid": (0, 1), "tanh": (-1, 1), "ReLU": (0, 4), **dict.fromkeys(RELU, (0, 4))}


def histogram(ax, item):
    (activation, name), i = item
    values, (low, high) = shown[activation, name][i], LIMITS[activation]
    values = values[(values != 0) | (activation in ("sigmoid", "tanh"))]  # of ReLU, what is not 0
    ax.hist(np.clip(values, low, high), bins=np.linspace(low, high, 31), color="C0")
    ax.set(xlim=(low - 0.02 * (high - low), high), yticks=[], xticks=(low, (low + high) / 2, high))
    ax.spines["left"].set_visible(False)
    if i == 0:
        ax.set_ylabel(f"{activation.replace(', ', chr(10))}\n{'' if activation in RELU else name}".strip(), rotation=0,
                      ha="right", va="center", fontweight="bold")  # fmt: skip


keys = [(key, i) for key in shown for i in range(5)]
spreads = [shown[key][i].std() for key, i in keys]
titles = [f"layer {i + 1}: σ {f'{std:.2g}' if std < 99 else f'{std:,.0f}'}"
          for (_, i), std in zip(keys, spreads, strict=True)]  # fmt: skip
figure = plots.panels(keys, histogram, titles=titles, columns=5, sharex=False, sharey=False, proportion=0.38,
                      title="Activations of five layers (ReLU: those above 0, the last bar all above 4)")  # fmt: skip
experiment.finish(figure)
