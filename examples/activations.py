"""How steep are activation functions, and what is left of a gradient after many layers?

Note 004, L155-165 (check 2), and note 001, 1.2: each function and its derivative, sigmoid's with its maximum of 0.25.
Backpropagation multiplies by one slope at each layer, so after n sigmoid layers at most 0.25ⁿ of a gradient is left,
from this factor alone. Note 004 also states the derivative of ReLU, and note 000, 7.7.2, says how sigmoid and tanh
are symmetric.

Look for: sigmoid is never steeper than 1/4, tanh, ReLU and leaky ReLU have places where the slope is 1 and nothing is
lost. The slope of ReLU is 0 or 1. Curves of sigmoid and tanh look the same when turned by 180°, not when mirrored.

Run: python examples/activations.py (the same for the gallery: there are no data)
"""

import numpy as np
from _experiment import Experiment

import glassgrad as gg
from glassgrad import nn
from glassgrad.viz import plots

experiment = Experiment(__doc__, data=(), seeds=1)
FUNCTIONS = {
    "sigmoid": nn.Sigmoid(), "tanh": nn.Tanh(), "ReLU": nn.ReLU(), "leaky ReLU, 0.1": nn.LeakyReLU(0.1),
    "identity": nn.Identity(),
}  # fmt: skip
grid = np.linspace(-5, 5, 1001)  # 0 is one of its points


def value_and_slope(function):
    """The function on the grid, and its derivative by backpropagation."""
    x = gg.tensor(grid, requires_grad=True)
    y = function(x)
    y.sum().backward()
    return y.detach().numpy(), x.grad.numpy()


curves = {name: value_and_slope(function) for name, function in FUNCTIONS.items()}
steepest = {name: experiment.report(f"{name}, largest slope", slope.max(), 4) for name, (_, slope) in curves.items()}
place = experiment.report("sigmoid, where the slope is largest", grid[curves["sigmoid"][1].argmax()], 2)
for n in range(1, 6):
    experiment.report(f"sigmoid, largest product of {n} slopes", steepest["sigmoid"] ** n, 10)

sigmoid, tanh = curves["sigmoid"][0], curves["tanh"][0]
experiment.verdict("the slope of sigmoid is at most 0.25, at 0", "004 L146-159",
                   steepest["sigmoid"] == 0.25 and place == 0, f"{steepest['sigmoid']:.4f} at {place:g}")  # fmt: skip
relu_slopes = sorted(set(curves["ReLU"][1].tolist()))
on_the_right = curves["ReLU"][1][grid > 0]
experiment.verdict("the derivative of ReLU is 0 or x", "004 L67", bool(np.allclose(on_the_right, grid[grid > 0])),
                   f"it is {' or '.join(f'{slope:g}' for slope in relu_slopes)}")  # fmt: skip
mirrored = max(np.abs(sigmoid - sigmoid[::-1]).max(), np.abs(tanh - tanh[::-1]).max())
turned = max(np.abs(sigmoid + sigmoid[::-1] - 1).max(), np.abs(tanh + tanh[::-1]).max())
experiment.verdict(
    "sigmoid and tanh are symmetric about the vertical axis", "000 L372", bool(mirrored < 1e-12),
    f"mirrored they differ by up to {mirrored:.2f}; turned about (0, ½) and (0, 0) by {turned:.0e}",
)  # fmt: skip
# Ten slopes of random inputs, standard normal: what a product of slopes is as a rule, not at most.
inputs = gg.tensor(np.random.default_rng(0).standard_normal((10_000, 10)), requires_grad=True)
FUNCTIONS["sigmoid"](inputs).sum().backward()
typical = experiment.report("sigmoid, median product of 10 slopes, inputs N(0, 1)",
                            np.median(inputs.grad.numpy().prod(axis=1)), 10)  # fmt: skip
experiment.verdict("the product of n slopes of sigmoid is at most 0.25ⁿ, and so vanishes", "004 L47-49, L155",
                   bool(inputs.grad.numpy().prod(axis=1).max() <= 0.25**10),
                   f"ten: at most {0.25**10:.1e}, in the middle {typical:.1e}")  # fmt: skip


def function_and_slope(name):
    def draw(ax):
        value, slope = curves[name]
        (function,) = ax.plot(grid, value, "-", color="C0", linewidth=1.7)
        (derivative,) = ax.plot(grid, slope, "--", color="C1", linewidth=1.7)
        ax.figure.handles.update({"function": function, "derivative": derivative})
        if name == "sigmoid":
            ax.annotate("0.25", (0, 0.25), (1.6, 0.36), fontsize=8, arrowprops={"arrowstyle": "-", "linewidth": 0.6})
        ax.set(xlim=(-5, 5), ylim=(-1.2, 2.2))

    return draw


def products(ax):
    layers = np.arange(1, 21)
    for i, (label, slope) in enumerate({"sigmoid": 0.25, "tanh, ReLU, leaky ReLU": 1.0}.items()):
        ax.plot(layers, slope**layers, "o-" if not i else "s--", color=f"C{i * 2}", markersize=3, linewidth=1.4)
        ax.text(20, (1e-5, 4.0)[i], label, fontsize=8, color=f"C{i * 2}", ha="right")
    ax.set(yscale="log", xlabel="layers", ylim=(1e-13, 1e3), xlim=(0, 21))


items = {name: function_and_slope(name) for name in FUNCTIONS}
items["largest product of slopes"] = products
experiment.finish(
    plots.panels(items, lambda ax, show: show(ax), columns=3, sharex=False, sharey=False, proportion=0.75,
                 title="Activation functions and their slopes")
)  # fmt: skip
