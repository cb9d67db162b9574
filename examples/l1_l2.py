"""Why do penalties on weights make them small, and only that of L1 exactly zero?

Note 001, 9.1, and note 004, check 1: f = (w₁ − 3)² + 4(w₂ − 6)² alone has its minimum at (3, 6). The first panel adds
the penalty of L2 (ridge regression, Tikhonov), w₁² + w₂², the second that of L1 (the lasso), 10(|w₁| + |w₂|): f
dashed black, the penalty dashed red, their sum solid; the small dot is the old minimum, the large one the new.

Look for: the circles of L2 pull the minimum to (1.5, 4.8); the corners of L1 pull it to (0, 4.75), where w₁ is gone.
Following the gradient of the sum, w₁ swings about 0 for ever, since sign(w₁) does not become small; the proximal
step, `optim.soft_threshold_` after each step on f alone, reaches 0 exactly. The last panel shows which weights have
the norm 1: the smaller p, the sharper the corners on the axes.

Run: python examples/l1_l2.py (the same for the gallery: there are no data)
"""

import numpy as np
from _experiment import Experiment

import glassgrad as gg
from glassgrad import optim
from glassgrad.viz import plots

experiment = Experiment(__doc__, data=(), seeds=1)
rate, steps = 0.05, 400


def f(w1, w2):
    return (w1 - 3) ** 2 + 4 * (w2 - 6) ** 2


def ridge(w1, w2):
    return w1**2 + w2**2


def lasso(w1, w2):
    return 10 * (abs(w1) + abs(w2))


def path(l1=0.0, l2=0.0, proximal=0.0):
    """The weights after each step, from (3, 6): on f plus a penalty, or on f with a proximal step for L1 after it."""
    w = gg.tensor([3.0, 6.0], dtype="float64", requires_grad=True)
    optimizer = optim.SGD([w], lr=rate)
    points = [w.tolist()]
    for _ in range(steps):
        optimizer.zero_grad()
        (f(w[0], w[1]) + optim.penalty(w, l1=l1, l2=l2)).backward()
        optimizer.step()
        optim.soft_threshold_(w, rate * proximal)
        points.append(w.tolist())
    return np.array(points)


# The penalty w₁² + w₂² is (l2/2)·‖w‖² with l2 = 2.
with_ridge, with_sign, with_proximal = path(l2=2.0), path(l1=10.0), path(proximal=10.0)
w1, w2 = with_ridge[-1]
experiment.report("L2, w1", w1, 6)
experiment.report("L2, w2", w2, 6)
experiment.report("L2, sum at its minimum", f(w1, w2) + ridge(w1, w2), 4)
experiment.verdict("with L2 the minimum moves to (1.5, 4.8)", "001 L1250-1262", bool(np.allclose([w1, w2], [1.5, 4.8])),
                   f"({w1:.4f}, {w2:.4f})")  # fmt: skip
w1, w2 = with_proximal[-1]
experiment.report("L1, proximal steps, w1", w1, 6)
experiment.report("L1, proximal steps, w2", w2, 6)
experiment.report("L1, sum at its minimum", f(w1, w2) + lasso(w1, w2), 4)
swing = with_sign[-100:, 0]
experiment.report("L1, gradient steps, lowest w1 of the last 100", swing.min())
experiment.report("L1, gradient steps, highest w1 of the last 100", swing.max())
experiment.verdict("with L1 the minimum moves to (0, 4.75), w1 is 0", "001 L1250-1262",
                   bool(w1 == 0 and np.isclose(w2, 4.75)), f"({w1}, {w2:.4f}) with proximal steps")  # fmt: skip
experiment.verdict(
    "adding alpha·sign(w) to the gradient makes weights zero", "001 L1231-1248, 004 L496-533",
    bool(np.any(swing == 0)), f"w1 goes on between {swing.min():.2f} and {swing.max():.2f}",
)  # fmt: skip

# Norms of the notes: 000 has L2 and L∞, 001 L1 and L2, 004 (λ/p)·‖w‖ₚᵖ.
weights = gg.tensor([3.0, -4.0, 0.0])
experiment.report("L1 norm of (3, -4, 0)", optim.penalty(weights, l1=1.0).item(), 1)
experiment.report("L2 norm of (3, -4, 0)", (2 * optim.penalty(weights, l2=1.0)).sqrt().item(), 1)
largest = experiment.report("L∞ norm of (3, -4, 0)", optim.penalty(weights, p=(np.inf, 1.0)).item(), 1)
experiment.verdict("the L∞ norm is max(w)", "000 L432", largest == weights.max().item(),
                   f"max |w| = {largest:.0f}, while max(w) = {weights.max().item():.0f}")  # fmt: skip


def penalised(ax, penalty, new, paths):
    surfaces = {"f": f, "penalty": penalty, "f + penalty": lambda w1, w2: f(w1, w2) + penalty(w1, w2)}
    looks = {"gradient steps": 0, "proximal steps": 2}
    plots.paths_on_contours(
        surfaces, paths, points={"minimum of f": (3, 6), "minimum of the sum": new}, xlim=(-2.5, 6), ylim=(-1, 8.5),
        levels=6, looks={name: looks[name] for name in paths}, numbered=False, xlabel="w1", ylabel="w2", ax=ax,
    )  # fmt: skip
    ax.axhline(0, color="0.6", linewidth=0.6)
    ax.axvline(0, color="0.6", linewidth=0.6)


def steps_of_w1(ax):
    ax.plot(with_sign[:61, 0], "o-", color="C0", markersize=3.5, linewidth=1.2)
    ax.plot(with_proximal[:61, 0], "^--", color="C2", markersize=3.5, linewidth=1.2)
    ax.set(xlabel="step", ylabel="w1")


def balls(ax):
    names = {"p = 1": 1, "p = 2": 2, "p = 4": 4, "p = ∞": np.inf}
    angle = np.linspace(0, 2 * np.pi, 721)
    around = np.stack([np.cos(angle), np.sin(angle)])
    for i, (name, p) in enumerate(names.items()):
        x, y = around / np.linalg.norm(around, p, axis=0)
        ax.plot(x, y, color=f"C{i}", linestyle=("-", "--", ":", "-.")[i], linewidth=1.4)
        corner = np.array([0.5, 0.5]) * 2 ** (1 - 1 / p)
        ax.annotate(name, corner, (1.22, 0.42 + 0.24 * i), fontsize=8, color=f"C{i}", va="center",
                    arrowprops={"arrowstyle": "-", "color": f"C{i}", "linewidth": 0.6})  # fmt: skip
    ax.set(xlabel="w1", ylabel="w2", aspect="equal", xlim=(-1.2, 1.9), ylim=(-1.2, 1.2))


items = {
    "L2 (ridge): w1² + w2²": lambda ax: penalised(ax, ridge, (1.5, 4.8), {"gradient steps": with_ridge}),
    "L1 (lasso): 10(|w1| + |w2|)": lambda ax: penalised(
        ax, lasso, (0.0, 4.75), {"gradient steps": with_sign[:61], "proximal steps": with_proximal[:61]}
    ),
    "L1: w1 at each step": steps_of_w1,
    "weights of norm 1": balls,
}
experiment.finish(
    plots.panels(items, lambda ax, show: show(ax), columns=2, sharex=False, sharey=False, proportion=0.8,
                 title="Penalties move the minimum, L1's onto an axis")
)  # fmt: skip
