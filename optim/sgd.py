"""Stochastic gradient descent, with momentum and Nesterov's momentum."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..autograd import Tensor, update
from ..autograd.ops.creation import zeros_like
from .optimizer import Optimizer, effective_gradient
from .options import given_options

__all__ = ["SGD"]


@update(mutates=("parameter", "momentum_buffer"))
def sgd_step(parameter: Any, momentum_buffer: Any, gradient: Any, options: Mapping[str, Any], first: bool) -> None:
    """Move ``parameter`` one step of SGD; without momentum the buffer is None. See :class:`SGD` for the formula."""
    direction = effective_gradient(parameter, gradient, options)
    momentum, dampening = options["momentum"], options["dampening"]
    work = direction if direction is not gradient else np.empty_like(parameter)
    if momentum_buffer is not None:
        if first:
            momentum_buffer[...] = direction
        else:
            momentum_buffer *= momentum
            momentum_buffer += np.multiply(direction, 1 - dampening) if dampening else direction
        if options["nesterov"]:
            ahead = np.multiply(momentum_buffer, momentum)
            direction = np.add(ahead, direction, out=work)
        else:
            direction = momentum_buffer
    np.multiply(direction, options["lr"], out=work)
    parameter -= work


class SGD(Optimizer):
    """Stochastic gradient descent.

    With d = gradient + weight_decay·w, each step is

        v ← momentum·v + (1 − dampening)·d        (at first v = d; without momentum v = d)
        w ← w − lr·v                              (nesterov: w ← w − lr·(d + momentum·v))

    In the textbooks' form v ← momentum·v − lr·d, w ← w + v, the path is the same as long as ``lr`` does not change.

    Args:
        params: tensors that require gradients, or groups; see ``Optimizer``.
        lr: learning rate, at least 0.
        momentum: how much of the velocity is kept, at least 0; 0 keeps no state.
        dampening: how much of the gradient is left out of the velocity.
        weight_decay: λ in the penalty (λ/2)·‖w‖², at least 0.
        nesterov: evaluate the gradient, in effect, ahead of the position (Sutskever et al. 2013).
        maximize: go up instead of down.
        foreach, differentiable, fused: accepted as PyTorch's, and without effect.

    Raises:
        TypeError, ValueError: an option is not a number or not allowed; or as ``Optimizer`` raises.

    >>> import glassgrad as gg
    >>> from glassgrad import optim
    >>> w = gg.tensor([1.0], requires_grad=True)
    >>> optimizer = optim.SGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8], requires_grad=True)
    """

    def __init__(
        self, params: Any, lr: float = 1e-3, momentum: float = 0, dampening: float = 0, weight_decay: float = 0,
        nesterov: bool = False, *, maximize: bool = False, foreach: bool | None = None, differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:  # fmt: skip
        super().__init__(params, given_options(locals()))

    def check_options(self, options: dict[str, Any]) -> None:
        """Raise unless all options are in their range, and Nesterov's momentum has momentum and no dampening."""
        super().check_options(options)
        if options["nesterov"] and (options["momentum"] <= 0 or options["dampening"] != 0):
            raise ValueError(
                "SGD: nesterov=True needs momentum above 0 and no dampening, got "
                f"momentum={options['momentum']}, dampening={options['dampening']}"
            )

    def update(self, parameter: Tensor, gradient: Tensor, state: dict[str, Any], options: dict[str, Any]) -> None:
        """Move one parameter one step."""
        first = "momentum_buffer" not in state
        if options["momentum"] and first:
            state["momentum_buffer"] = zeros_like(parameter)
        buffer = state["momentum_buffer"] if options["momentum"] else None
        sgd_step(parameter, buffer, gradient, options, first)
