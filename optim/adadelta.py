"""Adadelta: steps in units of the recent steps, so that the learning rate needs no choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..autograd import Tensor, update
from .optimizer import Optimizer, effective_gradient, zeros_where_missing
from .options import given_options

__all__ = ["Adadelta"]


@update(mutates=("parameter", "square_avg", "acc_delta", "step"))
def adadelta_step(
    parameter: Any, square_avg: Any, acc_delta: Any, step: Any, gradient: Any, options: Mapping[str, Any]
) -> None:
    """Move ``parameter`` one step, as :class:`Adadelta` says."""
    step += 1
    rho, eps = options["rho"], options["eps"]
    gradient = effective_gradient(parameter, gradient, options)
    work = np.multiply(gradient, gradient, out=np.empty_like(parameter))
    work *= 1 - rho
    square_avg *= rho
    square_avg += work
    delta = np.add(acc_delta, eps, out=work)
    np.sqrt(delta, out=delta)
    root = np.add(square_avg, eps, out=np.empty_like(parameter))
    np.sqrt(root, out=root)
    delta /= root
    delta *= gradient
    np.multiply(delta, delta, out=root)
    root *= 1 - rho
    acc_delta *= rho
    acc_delta += root
    delta *= options["lr"]
    parameter -= delta


class Adadelta(Optimizer):
    """Adadelta: the step is the gradient, times the root mean square of the steps over that of the gradients.

    With g = gradient + weight_decay·w, each step is

        h ← rho·h + (1 − rho)·g²
        d = √(s + eps)/√(h + eps)·g
        s ← rho·s + (1 − rho)·d²,     w ← w − lr·d

    so a step has the unit of the weight, whatever the unit of the loss. (Zeiler 2012, where lr = 1 and rho = 0.95)

    Args:
        params: tensors that require gradients, or groups; see ``Optimizer``.
        lr: a factor of the step, at least 0. In Keras its default is 0.001, not 1.
        rho: how much of the averages is kept, from 0 to 1.
        eps: added under both roots; it sets the size of the first steps.
        weight_decay: λ in the penalty (λ/2)·‖w‖², at least 0.
        maximize: go up instead of down.
        foreach, capturable, differentiable: accepted as PyTorch's, and without effect.

    Raises:
        TypeError, ValueError: an option is not a number or not allowed; or as ``Optimizer`` raises.

    >>> import glassgrad as gg
    >>> from glassgrad import optim
    >>> w = gg.tensor([1.0], requires_grad=True)
    >>> optimizer = optim.Adadelta([w])
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9968], requires_grad=True)
    """

    required_state = ("step", "square_avg", "acc_delta")

    def __init__(
        self, params: Any, lr: float = 1.0, rho: float = 0.9, eps: float = 1e-6, weight_decay: float = 0,
        foreach: bool | None = None, *, capturable: bool = False, maximize: bool = False,
        differentiable: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, given_options(locals()))

    def update(self, parameter: Tensor, gradient: Tensor, state: dict[str, Any], options: dict[str, Any]) -> None:
        """Move one parameter one step."""
        zeros_where_missing(state, parameter, "step", "square_avg", "acc_delta")
        adadelta_step(parameter, state["square_avg"], state["acc_delta"], state["step"], gradient, options)
