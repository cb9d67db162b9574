"""Adam, and its variant AMSGrad."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd import Tensor, update
from ..autograd.ops.creation import zeros_like
from .optimizer import Optimizer, check_number

__all__ = ["Adam"]


@update(mutates=("parameter", "exp_avg", "exp_avg_sq", "step", "max_exp_avg_sq"))
def adam_step(
    parameter: Any, exp_avg: Any, exp_avg_sq: Any, step: Any, max_exp_avg_sq: Any, gradient: Any, lr: float,
    beta1: float, beta2: float, eps: float, weight_decay: float, maximize: bool,
) -> None:  # fmt: skip
    """Move ``parameter`` one step, as :class:`Adam` says; ``max_exp_avg_sq`` is AMSGrad's, or None."""
    step += 1
    t = float(step)
    if weight_decay or maximize:
        given, gradient = gradient, np.multiply(parameter, weight_decay, out=np.empty_like(parameter))
        (np.subtract if maximize else np.add)(gradient, given, out=gradient)
    work = np.empty_like(parameter)
    np.multiply(gradient, 1 - beta1, out=work)
    exp_avg *= beta1
    exp_avg += work
    np.multiply(gradient, gradient, out=work)
    work *= 1 - beta2
    exp_avg_sq *= beta2
    exp_avg_sq += work
    largest = exp_avg_sq
    if max_exp_avg_sq is not None:
        largest = np.maximum(max_exp_avg_sq, exp_avg_sq, out=max_exp_avg_sq)
    np.sqrt(largest, out=work)
    work /= math.sqrt(1 - beta2**t)
    work += eps
    np.divide(exp_avg, work, out=work)
    work *= lr / (1 - beta1**t)
    parameter -= work


class Adam(Optimizer):
    """Adam: momentum, with each weight's step divided by the root mean square of its gradients.

    With g = gradient + weight_decay·w, the t-th step is

        m ← β₁·m + (1 − β₁)·g,        v ← β₂·v + (1 − β₂)·g²
        w ← w − lr·m̂/(√v̂ + eps)      with m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ)

    so the first step has length `lr` whatever the gradient. (Kingma and Ba 2015; AMSGrad: Reddi et al. 2018, here with
    the bias correction, as PyTorch has it)

    Args:
        params: tensors that require gradients, or groups; see `Optimizer`.
        lr: learning rate, at least 0.
        betas: (β₁, β₂), each at least 0 and less than 1.
        eps: added to the root, at least 0.
        weight_decay: λ in the penalty (λ/2)·‖w‖², at least 0.
        amsgrad: divide by the largest v so far, so that steps do not grow again.
        maximize: go up instead of down.

    Raises:
        TypeError, ValueError: an option is not a number or not allowed; or as `Optimizer` raises.

    >>> import glassgrad as gg
    >>> from glassgrad import optim
    >>> w = gg.tensor([1.0], requires_grad=True)
    >>> optimizer = optim.Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9], requires_grad=True)
    """

    required_state = ("step", "exp_avg", "exp_avg_sq")

    def __init__(
        self, params: Any, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, amsgrad: bool = False, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, {
            "lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay, "amsgrad": amsgrad,
            "maximize": maximize,
        })  # fmt: skip

    def check_options(self, options: dict[str, Any]) -> None:
        """Raise unless all options are numbers in their range."""
        for name in ("lr", "eps", "weight_decay"):
            check_number("Adam", name, options[name])
        betas = options["betas"]
        if not isinstance(betas, tuple | list) or len(betas) != 2:
            raise TypeError(f"Adam: betas must be a pair of numbers, not {betas!r}")
        for position, beta in enumerate(betas):
            check_number("Adam", f"betas[{position}]", beta, below=1)

    def update(self, parameter: Tensor, gradient: Tensor, state: dict[str, Any], options: dict[str, Any]) -> None:
        """Move one parameter one step."""
        if not state:
            state["step"] = Tensor(0.0, np.float32)
            state["exp_avg"] = zeros_like(parameter)
            state["exp_avg_sq"] = zeros_like(parameter)
        if options["amsgrad"] and "max_exp_avg_sq" not in state:
            state["max_exp_avg_sq"] = zeros_like(parameter)
        beta1, beta2 = options["betas"]
        adam_step(
            parameter, state["exp_avg"], state["exp_avg_sq"], state["step"],
            state["max_exp_avg_sq"] if options["amsgrad"] else None, gradient, options["lr"], beta1, beta2,
            options["eps"], options["weight_decay"], options["maximize"],
        )  # fmt: skip
