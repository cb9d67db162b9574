"""NAdam: Adam with Nesterov's momentum."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..autograd import Tensor, update
from .adam import decayed_gradient, move_averages
from .optimizer import Optimizer, zeros_where_missing
from .options import given_options

__all__ = ["NAdam"]


@update(mutates=("parameter", "exp_avg", "exp_avg_sq", "step", "mu_product"))
def nadam_step(
    parameter: Any, exp_avg: Any, exp_avg_sq: Any, step: Any, mu_product: Any, gradient: Any, options: Mapping[str, Any]
) -> None:
    """Move ``parameter`` one step, as :class:`NAdam` says."""
    step += 1
    t = float(step)
    beta1, beta2 = options["betas"]
    mu, mu_next = (beta1 * (1 - 0.5 * 0.96 ** (i * options["momentum_decay"])) for i in (t, t + 1))
    mu_product *= mu
    product = float(mu_product)
    gradient = decayed_gradient(parameter, gradient, options)
    work = np.empty_like(parameter)
    move_averages(exp_avg, exp_avg_sq, gradient, beta1, beta2, work)
    root = np.sqrt(exp_avg_sq, out=work)
    root /= math.sqrt(1 - beta2**t)
    root += options["eps"]
    step_part = np.multiply(gradient, options["lr"] * (1 - mu) / (1 - product), out=np.empty_like(parameter))
    step_part /= root
    parameter -= step_part
    np.multiply(exp_avg, options["lr"] * mu_next / (1 - product * mu_next), out=step_part)
    step_part /= root
    parameter -= step_part


class NAdam(Optimizer):
    """Adam that looks ahead as Nesterov's momentum does.

    With g = gradient + weight_decay·w, m and v as in ``Adam``, and μₜ = β₁·(1 − 0.96^(t·momentum_decay)/2), step t is

        m̂ = μₜ₊₁·m/(1 − μ₁·…·μₜ₊₁) + (1 − μₜ)·g/(1 − μ₁·…·μₜ)
        w ← w − lr·m̂/(√v̂ + eps)      with v̂ = v/(1 − β₂ᵗ)

    (Dozat 2016)

    Args:
        params: tensors that require gradients, or groups; see ``Optimizer``.
        lr: learning rate, at least 0.
        betas: (β₁, β₂), each at least 0 and less than 1.
        eps: added to the root, at least 0.
        weight_decay: λ in the penalty (λ/2)·‖w‖², at least 0.
        momentum_decay: how fast μ rises from β₁/2 to β₁, at least 0.
        decoupled_weight_decay: shrink the weights by lr·weight_decay instead, as ``AdamW`` does.
        maximize: go up instead of down.
        foreach, capturable, differentiable: accepted as PyTorch's, and without effect.

    Raises:
        TypeError, ValueError: an option is not a number or not allowed; or as ``Optimizer`` raises.

    >>> import glassgrad as gg
    >>> from glassgrad import optim
    >>> w = gg.tensor([1.0], requires_grad=True)
    >>> optimizer = optim.NAdam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8944], requires_grad=True)
    """

    required_state = ("step", "mu_product", "exp_avg", "exp_avg_sq")
    scalar_state = ("step", "mu_product")

    def __init__(
        self, params: Any, lr: float = 2e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
        weight_decay: float = 0, momentum_decay: float = 4e-3, decoupled_weight_decay: bool = False, *,
        foreach: bool | None = None, maximize: bool = False, capturable: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, given_options(locals()))

    def update(self, parameter: Tensor, gradient: Tensor, state: dict[str, Any], options: dict[str, Any]) -> None:
        """Move one parameter one step."""
        zeros_where_missing(state, parameter, "step", "exp_avg", "exp_avg_sq")
        if "mu_product" not in state:
            state["mu_product"] = Tensor(1.0, np.float32)
        nadam_step(
            parameter, state["exp_avg"], state["exp_avg_sq"], state["step"], state["mu_product"], gradient, options
        )
