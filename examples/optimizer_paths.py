"""Which way do optimisers go on a plane, and how large may their rate be?

Note 000, 7.6.3 to 7.6.7: six methods start at (-7, 2) on f = x²/20 + y², a valley twenty times as steep across as
along. Asked: who zig-zags, who overshoots, who is nearest after 30 steps. Note 001, 6.1 and 6.2: gradient descent
(green) and momentum (red) from (10, 1) on f = x² + 100y². Asked: up to which rate each of them comes down.

Look for: SGD jumps across the valley at every step; momentum swings wide and slowly; Adam swings less, and yet is
last after 30 steps at these rates, which are those of the book that the note follows. In the steep valley gradient
descent needs a rate below 0.01, momentum one below 0.019: f is measured after 2,000 steps, just below and just above.

Run: python examples/optimizer_paths.py (the same for the gallery: there are no data)
"""

import numpy as np
from _experiment import Experiment

import glassgrad as gg
from glassgrad import optim
from glassgrad.viz import plots

experiment = Experiment(__doc__, data=(), seeds=1)

# The rates are those of the book's script; RMSProp, which it has not, and Nesterov have those of Adam and momentum.
METHODS = {
    "SGD": lambda w: optim.SGD(w, lr=0.95),
    "momentum": lambda w: optim.SGD(w, lr=0.1, momentum=0.9),
    "Nesterov": lambda w: optim.SGD(w, lr=0.1, momentum=0.9, nesterov=True),
    "AdaGrad": lambda w: optim.Adagrad(w, lr=1.5, eps=1e-7),
    "RMSProp": lambda w: optim.RMSprop(w, lr=0.3, eps=1e-7),
    "Adam": lambda w: optim.Adam(w, lr=0.3),
}


def shallow(x, y):
    return x**2 / 20 + y**2


def valley(x, y):
    return x**2 + 100 * y**2


def descend(f, method, start, steps):
    """The points that an optimiser comes through, shape (steps + 1, 2)."""
    both = [gg.tensor(value, dtype="float64", requires_grad=True) for value in start]
    optimizer = method(both)
    path = [start]
    for _ in range(steps):
        optimizer.zero_grad()
        f(*both).backward()
        optimizer.step()
        options = optimizer.param_groups[0]
        # With Nesterov's momentum the parameters are already where the next gradient is taken, one velocity ahead.
        ahead = options["lr"] * options["momentum"] if options.get("nesterov") else 0.0
        path.append([w.item() + (ahead * optimizer.state[w]["momentum_buffer"].item() if ahead else 0) for w in both])
    return np.array(path)


paths = {name: descend(shallow, method, (-7.0, 2.0), 30) for name, method in METHODS.items()}
heights, turns = {}, {}
for name, path in paths.items():
    heights[name] = experiment.report(f"{name}, f after 30 steps", shallow(*path[-1]), digits=9)
    turns[name] = experiment.report(f"{name}, changes of the sign of y", np.sum(path[1:, 1] * path[:-1, 1] < 0), 0)
    print("   ", *(f"({x:.7f}, {y:.7f})" for x, y in path[[1, 2, 3, 30]]))

# --- the steep valley: the largest rate with which f still falls, to be compared with 2/200 and 2(1 + 0.9)/200
steps = 300 if experiment.short else 2000
gradient_descent = {rate: descend(valley, lambda w, rate=rate: optim.SGD(w, lr=rate), (10.0, 1.0), steps)
                    for rate in (0.009, 0.0099, 0.0101)}  # fmt: skip
momentum = {rate: descend(valley, lambda w, rate=rate: optim.SGD(w, lr=rate, momentum=0.9), (10.0, 1.0), steps)
            for rate in (0.009, 0.0188, 0.0192)}  # fmt: skip
for name, runs in (("gradient descent", gradient_descent), ("momentum", momentum)):
    for rate, path in list(runs.items())[1:]:
        with np.errstate(over="ignore"):
            experiment.report(f"{name}, lr {rate}, log10 of f after {steps} steps", np.log10(valley(*path[-1])), 1)


def steep(runs):
    """Whether f is below its first value with the lower of the two rates, and above it with the higher."""
    first, (below, above) = valley(10.0, 1.0), [valley(*path[-1]) for path in list(runs.values())[1:]]
    return below < first < above


experiment.verdict(
    "SGD zig-zags, momentum and Adam less, AdaGrad not at all", "000 L193-316",
    turns["SGD"] >= 29 and turns["SGD"] > turns["momentum"] > turns["Adam"] > turns["AdaGrad"] == 0,
    "changes of sign: " + ", ".join(f"{name} {turns[name]:.0f}" for name in ("SGD", "momentum", "Adam", "AdaGrad")),
)  # fmt: skip
four = {name: heights[name] for name in ("SGD", "momentum", "AdaGrad", "Adam")}
experiment.verdict(
    "AdaGrad suits this function best, of the note's four", "000 L306", min(four, key=four.get) == "AdaGrad",
    ", ".join(f"{name} {height:.1e}" for name, height in four.items()) + f"; RMSProp {heights['RMSProp']:.1e}",
)  # fmt: skip
experiment.verdict(
    "gradient descent is stable below a rate of 0.01, momentum 0.9 below 0.019", "001 L929-939",
    steep(gradient_descent) and steep(momentum), "f falls 1 % below these rates and grows 1 % above them",
)  # fmt: skip


def draw(ax, item):
    item(ax)


def contours(name):
    look = list(METHODS).index(name)
    return lambda ax: plots.paths_on_contours(
        shallow, {name: paths[name]}, xlim=(-8, 8), ylim=(-3.2, 3.2), looks={name: look}, ax=ax
    )


def heights_by_step(ax):
    series = {name: shallow(*path[1:].T) for name, path in paths.items()}
    plots.learning_curves(series, "f", log=True, ax=ax)
    ax.set_ylim(1e-6, 20)


def in_the_valley(ax):
    both = {"gradient descent, below": gradient_descent[0.009][:31], "momentum": momentum[0.009][:31]}
    looks = {"gradient descent, below": 2, "momentum": 1}
    plots.paths_on_contours(valley, both, xlim=(-8, 11), ylim=(-1.5, 1.5), looks=looks, numbered=False, ax=ax)


def at_the_edge(ax):
    shown = np.arange(0, steps + 1)
    for runs, colour in ((gradient_descent, "C2"), (momentum, "C1")):
        for path, dashes in zip(list(runs.values())[1:], ("-", ":"), strict=True):
            with np.errstate(over="ignore"):
                ax.plot(shown, valley(*path.T), dashes, color=colour, linewidth=1.2)
    ax.set(yscale="log", xlim=(0, 300), ylim=(1e-6, 1e6), xlabel="step", ylabel="f")


panels = {name: contours(name) for name in METHODS}
panels["f at each step"] = heights_by_step
panels["f = x² + 100y², rate 0.009"] = in_the_valley
panels["just below (solid) and above (dotted) the largest rates"] = at_the_edge
experiment.finish(
    plots.panels(panels, draw, columns=3, sharex=False, sharey=False, proportion=0.8,
                 title="Thirty steps on f = x²/20 + y², and the largest rates in a steep valley")
)  # fmt: skip
