"""Adagrad: a learning rate for each weight, which falls with the squares of its gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..autograd import Tensor, update
from ..autograd.ops.creation import full_like
from .optimizer import Optimizer, effective_gradient, zeros_where_missing
from .options import given_options

__all__ = ["Adagrad"]


@update(mutates=("parameter", "sum", "step"))
def adagrad_step(parameter: Any, sum: Any, step: Any, gradient: Any, options: Mapping[str, Any]) -> None:
    """Move ``parameter`` one step, as :class:`Adagrad` says; ``sum`` is of the squares of the gradients."""
    step += 1
    rate = options["lr"] / (1 + (float(step) - 1) * options["lr_decay"])
    gradient = effective_gradient(parameter, gradient, options)
    work = np.multiply(gradient, gradient, out=np.empty_like(parameter))
    sum += work
    np.sqrt(sum, out=work)
    work += options["eps"]
    np.divide(gradient, work, out=work)
    work *= rate
    parameter -= work


class Adagrad(Optimizer):
    """Adagrad: each weight's step is divided by the root of the sum of the squares of all its gradients so far.

    With g = gradient + weight_decay·w, the t-th step is

        h ← h + g²                    (at first h = initial_accumulator_value)
        w ← w − lr/(1 + (t − 1)·lr_decay)·g/(√h + eps)

    The sum only grows, so the steps only get smaller, and one large gradient stops a weight for good; ``RMSprop``
    forgets. (Duchi, Hazan and Singer 2011)

    Args:
        params: tensors that require gradients, or groups; see ``Optimizer``.
        lr: learning rate, at least 0.
        lr_decay: how fast the learning rate falls besides, at least 0.
        weight_decay: λ in the penalty (λ/2)·‖w‖², at least 0.
        initial_accumulator_value: where h begins, at least 0.
        eps: added to the root, at least 0. The textbooks' 1e-7 is another choice than the default.
        maximize: go up instead of down.
        foreach, differentiable, fused: accepted as PyTorch's, and without effect.

    Raises:
        TypeError, ValueError: an option is not a number or not allowed; or as ``Optimizer`` raises.

    >>> import glassgrad as gg
    >>> from glassgrad import optim
    >>> w = gg.tensor([1.0], requires_grad=True)
    >>> optimizer = optim.Adagrad([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9], requires_grad=True)
    """

    required_state = ("step", "sum")

    def __init__(
        self, params: Any, lr: float = 1e-2, lr_decay: float = 0, weight_decay: float = 0,
        initial_accumulator_value: float = 0, eps: float = 1e-10, foreach: bool | None = None, *,
        maximize: bool = False, differentiable: bool = False, fused: bool | None = None,
    ) -> None:  # fmt: skip
        super().__init__(params, given_options(locals()))

    def add_param_group(self, param_group: Any) -> None:
        """Add a group, as ``Optimizer.add_param_group`` does; its state exists at once, as in PyTorch."""
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        for parameter in group["params"]:
            self.state[parameter] = self._first_state(parameter, group)

    def _first_state(self, parameter: Tensor, options: dict[str, Any]) -> dict[str, Any]:
        state = {"sum": full_like(parameter, options["initial_accumulator_value"])}
        zeros_where_missing(state, parameter, "step")
        return state

    def update(self, parameter: Tensor, gradient: Tensor, state: dict[str, Any], options: dict[str, Any]) -> None:
        """Move one parameter one step."""
        if not state:  # a state was loaded that had none for this parameter
            state.update(self._first_state(parameter, options))
        adagrad_step(parameter, state["sum"], state["step"], gradient, options)
