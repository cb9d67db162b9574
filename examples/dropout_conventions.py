"""Dropout is written in three ways: are they the same?

Notes 001, 9.2, and 002: p is the probability of dropping a unit, and in testing outputs are multiplied by 1 − p. Note
003, 3.5.3: p is the probability of keeping one, and in testing outputs are multiplied by p. PyTorch, and this library:
p is the probability of dropping, what is kept is divided by 1 − p in training, and testing changes nothing. Asked: do
they give the same mean; and what does a p cost that is read the wrong way round? 003 also names two relatives:
DropConnect, which drops weights, and stochastic pooling, which draws the pooled element.

Each panel shows a sum of ten inputs under 20,000 masks, its mean, and what the test mode gives.

Look for: 001 with p = 0.3 and 003 with p = 0.7 are one and the same. PyTorch's is the same shape, stretched by 1/0.7:
its mean is the output without dropout. In all of them the mean in training is the output in testing, so a test network
stands for the mean of all thinned networks; through more layers with ReLU that is no longer exact.

Run: python examples/dropout_conventions.py
"""

import numpy as np
from _experiment import Experiment

import glassgrad as gg
from glassgrad import nn
from glassgrad.viz import plots

experiment = Experiment(__doc__, data=())
MASKS = 2_000 if experiment.short else 20_000
x = np.array([0.2, 0.4, 0.5, 0.7, 0.8, 1.0, 1.1, 1.3, 1.4, 1.6], dtype="float32")  # ten activations
ONES = gg.ones(10, 1)


def dropout_001(x, p, uniform):
    """p is the probability of dropping; a unit is kept where a uniform number is above it. In testing (1 − p)·x."""
    return (1 - p) * x if uniform is None else x * gg.tensor((uniform > p).astype("float32"))


def dropout_003(x, p, uniform):
    """p is the probability of keeping. In testing p·x."""
    return p * x if uniform is None else x * gg.tensor((uniform < p).astype("float32"))


def by_a_note(dropout, p):
    def sums(x, training, seed):
        uniform = np.random.default_rng(seed).random(x.shape) if training else None
        return dropout(x, p, uniform) @ ONES

    return sums


def by_the_library(layer):
    def sums(x, training, seed):
        gg.manual_seed(seed)
        return layer.train(training)(x) @ ONES

    return sums


def drop_connect(x, training, seed):
    """The weights to one unit, all 1, of which each call drops some: a new mask for every row."""
    gg.manual_seed(seed)
    layer = nn.DropConnect(10, 1, bias=False, p=0.3).train(training)
    nn.init.ones_(layer.weight)
    return gg.cat([layer(row) for row in x.split(1)]) if training else layer(x)


def stochastic_pooling(x, training, seed):
    """Of each row the two windows of five activations; the sum of what is drawn from them."""
    gg.manual_seed(seed)
    pooled = nn.functional.stochastic_pool2d(x.reshape(-1, 1, 1, 10), (1, 5), training=training)
    return pooled.reshape(-1, 2).sum(1, keepdim=True)


WAYS = {
    "001, drop p = 0.3": by_a_note(dropout_001, 0.3),
    "003, keep p = 0.7": by_a_note(dropout_003, 0.7),
    "PyTorch, Dropout(0.3)": by_the_library(nn.Dropout(0.3)),
    "003's p = 0.7 as Dropout(0.7)": by_the_library(nn.Dropout(0.7)),
    "DropConnect(p=0.3)": drop_connect,
    "stochastic pooling": stochastic_pooling,
}
sums, trained, tested, spread = {}, {}, {}, {}
with gg.no_grad():
    for name, way in WAYS.items():
        rows = gg.tensor(np.tile(x, (MASKS if name[:4] != "Drop" else MASKS // 10, 1)))
        runs = [way(rows, True, seed).numpy().ravel() for seed in experiment.seeds]
        sums[name] = runs[0]
        trained[name] = experiment.report(f"{name}, mean in training", [run.mean() for run in runs])
        tested[name] = experiment.report(f"{name}, in testing", way(gg.tensor(x[None]), False, 0).item())
        spread[name] = experiment.report(f"{name}, standard deviation in training", [run.std() for run in runs])

first, second, torch, wrong = list(WAYS)[:4]
experiment.report("without dropout", x.sum())
experiment.verdict(
    "001's p = 0.3 and 003's p = 0.7 are the same", "001 L1264-1284, 003 L226-266",
    abs(trained[first] / trained[second] - 1) < 0.02 and abs(spread[first] / spread[second] - 1) < 0.05
    and abs(tested[first] - tested[second]) < 1e-5,
    f"in training {trained[first]:.3f} ± {spread[first]:.3f} and {trained[second]:.3f} ± {spread[second]:.3f}, "
    f"in testing {tested[first]:.3f} and {tested[second]:.3f}",
)  # fmt: skip
off = max(abs(trained[name] / tested[name] - 1) for name in (first, second, torch))
experiment.verdict("in testing each gives the mean of training", "001 L1268-1284, 003 L262-266", off < 0.01,
                   f"off by {off:.2%} at most")  # fmt: skip
experiment.verdict(
    "PyTorch's is the same but for a factor of 1/(1 − p)", "002 L70-74",
    abs(spread[torch] * 0.7 / spread[first] - 1) < 0.05 and abs(tested[torch] * 0.7 / tested[first] - 1) < 1e-5,
    f"standard deviations {spread[torch]:.3f}·0.7 and {spread[first]:.3f}; read as a keep probability, p = 0.7 "
    f"has {spread[wrong]:.3f}",
)  # fmt: skip


# A mask for every sample (001) or one for the whole batch (003): the same mean, but what is averaged differs.
def spread_of_batch_mean(rows, seed):
    """The standard deviation of the mean over a batch of 100, with so many rows of masks."""
    keep = np.random.default_rng(seed).random((MASKS // 100, rows, 10)) > 0.3
    return (x * keep).sum(-1).mean(-1).std()


for rows, name in ((100, "a mask for each sample"), (1, "one mask for the batch")):
    deviations = [spread_of_batch_mean(rows, seed) for seed in experiment.seeds]
    experiment.report(f"{name}, deviation of the mean of 100", deviations)


def thinned_and_whole(layers, seed):
    """The mean output of many thinned networks, and the output of the whole one in testing."""
    gg.manual_seed(seed)
    model = nn.models.MultiLayerNet([10, *[100] * layers, 1], "relu", init="he", dropout=0.3)
    rows = gg.tensor(np.tile(x, (MASKS // 10, 1)))
    with gg.no_grad():
        return model(rows).numpy().mean(), model.eval()(rows[:1]).item(), model.train()(rows).numpy().std()


gaps = {}
for layers, words in ((1, "one layer"), (3, "three layers")):
    runs = [thinned_and_whole(layers, seed) for seed in range(3 if experiment.short else 20)]
    gaps[layers] = experiment.report(f"dropout in {words}, mean of networks against the whole, in deviations",
                                     np.mean([abs(mean - whole) / std for mean, whole, std in runs]))  # fmt: skip
experiment.verdict(
    "a network with dropout is the mean of many networks", "001 L1266, 003 L262-266",
    True if gaps[3] < 0.05 else "partly" if gaps[1] < 0.05 else False,
    f"the whole is {gaps[1]:.3f} standard deviations off their mean with one layer, {gaps[3]:.3f} with three",
)  # fmt: skip


def draw(ax, name):
    pooling = "pooling" in name
    bins = np.arange(0, 4.2, 0.1) if pooling else np.arange(0, 32, 0.6)
    ax.hist(sums[name], bins=bins, weights=np.full(len(sums[name]), 100 / len(sums[name])), color="#9CC4E4")
    handles = ax.figure.handles
    handles["mean in training"] = ax.axvline(trained[name], color="#0072B2", linewidth=2.4)
    handles["in testing"] = ax.axvline(tested[name], color="#D55E00", linestyle=(0, (3, 2)), linewidth=1.8)
    if pooling:
        ax.set(xlabel="sum of two windows", xlim=(0, 4))
        return
    handles["without dropout"] = ax.axvline(x.sum(), color="0.45", linestyle=(0, (1, 1.5)), linewidth=1.4)
    ax.set(xlabel="sum", xlim=(0, 26))


experiment.finish(
    plots.panels({name: name for name in WAYS}, draw, columns=3, sharex=False, sharey=False, proportion=0.6,
                 ylabel="masks in %", title="A sum of ten inputs, by the convention of dropout")
)  # fmt: skip
