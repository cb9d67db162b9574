"""Is Adam in its rewritten form the same method, and what does AMSGrad do without the correction of its bias?

Two variants that textbooks give, each as a short subclass of ``optim.Adam``: Adam with the corrections gathered in the
learning rate, lr_t = lr·√(1 − β₂ᵗ)/(1 − β₁ᵗ), and AMSGrad without corrections, as in its paper. One parameter follows
fixed gradients, so every number can be checked by hand.

Look for: the rewritten form differs in the seventh digit only, because eps stands elsewhere, and not at all once eps is
multiplied by √(1 − β₂ᵗ); writing lr_t over lr, so that the factors pile up, gives another method. Without corrections
AMSGrad's first step is (1 − β₁)/√(1 − β₂) times as long: 3.16 times with the usual betas.

Run: python examples/adam_variants.py
"""

import argparse
import math

import numpy as np

import glassgrad as gg
from glassgrad import optim

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("--short", action="store_true", help="the same: this example takes no time")
arguments.parse_args()


def averages(parameter, gradient, state, options):
    """Adam's moving averages of the gradient and of its square, and the number of this step, from 1."""
    beta1, beta2 = options["betas"]
    if not state:
        state.update(step=gg.tensor(0.0), exp_avg=gg.zeros_like(parameter), exp_avg_sq=gg.zeros_like(parameter))
    state["step"].add_(1)
    state["exp_avg"].multiply_(beta1).add_(gradient, alpha=1 - beta1)
    state["exp_avg_sq"].multiply_(beta2).add_(gradient * gradient, alpha=1 - beta2)
    return state["exp_avg"], state["exp_avg_sq"], state["step"].item()


class RewrittenAdam(optim.Adam):
    """w ← w − lr_t·m/(√v + eps), with lr_t = lr·√(1 − β₂ᵗ)/(1 − β₁ᵗ) made anew from lr at each step."""

    def update(self, parameter, gradient, state, options):
        m, v, t = averages(parameter, gradient, state, options)
        beta1, beta2 = options["betas"]
        rate = options["lr"] * math.sqrt(1 - beta2**t) / (1 - beta1**t)
        parameter.add_(m / (v.sqrt() + self.eps(options, t)), alpha=-rate)

    def eps(self, options, t):
        return options["eps"]


class ExactRewrittenAdam(RewrittenAdam):
    """The same with eps·√(1 − β₂ᵗ): exactly Adam."""

    def eps(self, options, t):
        return options["eps"] * math.sqrt(1 - options["betas"][1] ** t)


class OverwritingAdam(optim.Adam):
    """The rewritten form with lr itself overwritten, as one may misread it: the factors pile up."""

    def update(self, parameter, gradient, state, options):
        m, v, t = averages(parameter, gradient, state, options)
        beta1, beta2 = options["betas"]
        options["lr"] *= math.sqrt(1 - beta2**t) / (1 - beta1**t)
        parameter.add_(m / (v.sqrt() + options["eps"]), alpha=-options["lr"])


class UncorrectedAMSGrad(optim.Adam):
    """v_max ← max(v_max, v), w ← w − lr·m/(√v_max + eps), uncorrected. (Reddi et al. 2018, algorithm 2)"""

    def update(self, parameter, gradient, state, options):
        m, v, _ = averages(parameter, gradient, state, options)
        state["max_exp_avg_sq"] = gg.maximum(state.get("max_exp_avg_sq", v), v)
        parameter.add_(m / (state["max_exp_avg_sq"].sqrt() + options["eps"]), alpha=-options["lr"])


def path(method, gradients, **options):
    """The values of one parameter, from 1, after each step along the gradients."""
    w = gg.tensor([1.0], dtype="float64", requires_grad=True)
    optimizer = method([w], lr=0.1, **options)
    values = []
    for gradient in gradients:
        w.grad = gg.tensor([gradient], dtype="float64")
        optimizer.step()
        values.append(w.item())
    return np.array(values)


def show(name, values):
    print(f"{name:34}", "  ".join(f"{value:.7f}" for value in values))


gradients = [0.5, -0.25, 1.0, 0.1, 0.1]
adam = path(optim.Adam, gradients)
rewritten = path(RewrittenAdam, gradients)
exact = path(ExactRewrittenAdam, gradients)
overwriting = path(OverwritingAdam, gradients)
uncorrected = path(UncorrectedAMSGrad, gradients)
print(f"gradients {gradients}, betas (0.9, 0.999)")
show("Adam", adam)
show("Adam, rewritten", rewritten)
show("Adam, rewritten, with eps moved", exact)
show("Adam, lr overwritten: wrong", overwriting)
show("AMSGrad", path(optim.Adam, gradients, amsgrad=True))
show("AMSGrad, uncorrected", uncorrected)
print(f"the rewritten form differs by at most {np.abs(rewritten - adam).max():.1e}")
print(f"the first step without corrections is {(1 - uncorrected[0]) / (1 - adam[0]):.2f} times as long")

np.testing.assert_allclose(adam, [0.900000002, 0.8733662987, 0.8075551397, 0.7487942583, 0.6945838527], rtol=1e-9)
assert 0 < np.abs(rewritten - adam).max() <= 1.3e-7
np.testing.assert_allclose(exact, adam, rtol=1e-14)
assert abs(overwriting[-1] - 0.8856) < 5e-5
np.testing.assert_allclose(path(optim.Adam, gradients, amsgrad=True), adam, rtol=1e-14)  # v never falls here
np.testing.assert_allclose(
    uncorrected, [0.683772434, 0.570590131, 0.2448094904, -0.0749446066, -0.3892098478], rtol=1e-8
)

gradients, betas = [1.0, 0.1, 0.1, 0.1, 0.1], (0.9, 0.9)
adam = path(optim.Adam, gradients, betas=betas)
amsgrad = path(optim.Adam, gradients, betas=betas, amsgrad=True)
uncorrected = path(UncorrectedAMSGrad, gradients, betas=betas)
print(f"\none large gradient, then small ones: {gradients}, betas {betas}")
show("Adam", adam)
show("AMSGrad", amsgrad)
show("AMSGrad, uncorrected", uncorrected)

np.testing.assert_allclose(adam, [0.900000001, 0.8239494269, 0.7572321854, 0.6952175373, 0.6357487562], rtol=1e-9)
np.testing.assert_allclose(amsgrad, [0.900000001, 0.827452377, 0.7667067041, 0.7127824801, 0.6633664633], rtol=1e-9)
np.testing.assert_allclose(
    uncorrected, [0.9683772244, 0.9367544488, 0.9051316732, 0.8735088976, 0.841886122], rtol=1e-9
)
