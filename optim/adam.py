"""Adam, its variant AMSGrad, and AdamW, whose weight decay is apart from the gradient."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..autograd import Tensor, update
from .optimizer import Optimizer, effective_gradient, zeros_where_missing
from .options import given_options

__all__ = ["Adam", "AdamW"]


@update(mutates=("parameter", "exp_avg", "exp_avg_sq", "step", "max_exp_avg_sq"))
def adam_step(
    parameter: Any, exp_avg: Any, exp_avg_sq: Any, step: Any, max_exp_avg_sq: Any, gradient: Any,
    options: Mapping[str, Any],
) -> None:  # fmt: skip
    """Move ``parameter`` one step, as :class:`Adam` says; ``max_exp_avg_sq`` is AMSGrad's, or None."""
    step += 1
    t = float(step)
    beta1, beta2 = options["betas"]
    gradient = decayed_gradient(parameter, gradient, options)
    work = np.empty_like(parameter)
    move_averages(exp_avg, exp_avg_sq, gradient, beta1, beta2, work)
    largest = exp_avg_sq
    if max_exp_avg_sq is not None:
        largest = np.maximum(max_exp_avg_sq, exp_avg_sq, out=max_exp_avg_sq)
    np.sqrt(largest, out=work)
    work /= math.sqrt(1 - beta2**t)
    work += options["eps"]
    np.divide(exp_avg, work, out=work)
    work *= options["lr"] / (1 - beta1**t)
    parameter -= work


def decayed_gradient(parameter: Any, gradient: Any, options: Mapping[str, Any]) -> Any:
    """Return the gradient with the penalty's added, or, where the decay is decoupled, shrink the parameter instead."""
    if options["decoupled_weight_decay"]:
        if options["weight_decay"]:
            parameter *= 1 - options["lr"] * options["weight_decay"]
        options = {**options, "weight_decay": 0}
    return effective_gradient(parameter, gradient, options)


def move_averages(exp_avg: Any, exp_avg_sq: Any, gradient: Any, beta1: float, beta2: float, work: Any) -> None:
    """Move the averages of the gradient and of its square towards the new ones, in place."""
    np.multiply(gradient, 1 - beta1, out=work)
    exp_avg *= beta1
    exp_avg += work
    np.multiply(gradient, gradient, out=work)
    work *= 1 - beta2
    exp_avg_sq *= beta2
    exp_avg_sq += work


class Adam(Optimizer):
    """Adam: momentum, with each weight's step divided by the root mean square of its gradients.

    With g = gradient + weight_decay·w, the t-th step is

        m ← β₁·m + (1 − β₁)·g,        v ← β₂·v + (1 − β₂)·g²
        w ← w − lr·m̂/(√v̂ + eps)      with m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ)

    so the first step has length ``lr`` whatever the gradient. (Kingma and Ba 2015; AMSGrad: Reddi et al. 2018, here
    with the bias correction, as PyTorch has it)

    Args:
        params: tensors that require gradients, or groups; see ``Optimizer``.
        lr: learning rate, at least 0.
        betas: (β₁, β₂), each at least 0 and less than 1.
        eps: added to the root, at least 0.
        weight_decay: λ in the penalty (λ/2)·‖w‖², at least 0.
        amsgrad: divide by the largest v so far, so that steps do not grow again.
        foreach, capturable, differentiable, fused: accepted as PyTorch's, and without effect.
        maximize: go up instead of down.
        decoupled_weight_decay: shrink the weights by lr·weight_decay instead, as ``AdamW`` does.

    Raises:
        TypeError, ValueError: an option is not a number or not allowed; or as ``Optimizer`` raises.

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
        weight_decay: float = 0, amsgrad: bool = False, *, foreach: bool | None = None, maximize: bool = False,
        capturable: bool = False, differentiable: bool = False, fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, given_options(locals()))

    def update(self, parameter: Tensor, gradient: Tensor, state: dict[str, Any], options: dict[str, Any]) -> None:
        """Move one parameter one step."""
        zeros_where_missing(state, parameter, "step", "exp_avg", "exp_avg_sq")
        if options["amsgrad"]:
            zeros_where_missing(state, parameter, "max_exp_avg_sq")
        largest = state["max_exp_avg_sq"] if options["amsgrad"] else None
        adam_step(parameter, state["exp_avg"], state["exp_avg_sq"], state["step"], largest, gradient, options)


class AdamW(Adam):
    """Adam with decoupled weight decay: the weights shrink by lr·weight_decay, apart from the gradient's averages.

        w ← (1 − lr·weight_decay)·w, then Adam's step with the gradient alone

    In ``Adam``, the gradient of the penalty is divided by √v̂ like the rest, so that weights with large gradients are
    hardly decayed; here all shrink at the same rate. (Loshchilov and Hutter 2019)

    Args:
        weight_decay: how fast weights shrink, at least 0. Give biases and scales none: see ``decay_groups``.
        params, lr, betas, eps, amsgrad, maximize, foreach, capturable, differentiable, fused: as in ``Adam``.

    Raises:
        TypeError, ValueError: as ``Adam`` raises.

    >>> import glassgrad as gg
    >>> from glassgrad import optim
    >>> w = gg.tensor([1.0], requires_grad=True)
    >>> optimizer = optim.AdamW([w], lr=0.1, weight_decay=0.5)
    >>> w.grad = gg.zeros(1)
    >>> optimizer.step()
    >>> w
    tensor([0.95], requires_grad=True)
    """

    def __init__(
        self, params: Any, lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 1e-2, amsgrad: bool = False, *, maximize: bool = False, foreach: bool | None = None,
        capturable: bool = False, differentiable: bool = False, fused: bool | None = None,
    ) -> None:  # fmt: skip
        super().__init__(params, decoupled_weight_decay=True, **given_options(locals()))

    def load_state_dict(self, state_dict: Any) -> None:
        """Take over a state, Adam's too: the weight decay stays decoupled. See ``Optimizer.load_state_dict``."""
        super().load_state_dict(state_dict)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True
