"""Stochastic gradient descent, with momentum and Nesterov's momentum."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd import Tensor, update
from ..autograd.ops.creation import zeros_like
from .optimizer import Optimizer, check_number

__all__ = ["SGD"]


@update(mutates=("parameter", "buffer"))
def sgd_step(
    parameter: Any, buffer: Any, gradient: Any, lr: float, momentum: float, dampening: float, weight_decay: float,
    nesterov: bool, maximize: bool, first: bool,
) -> None:  # fmt: skip
    """Move ``parameter`` one step of SGD; ``buffer`` is the momentum's, or None. See :class:`SGD` for the formula."""
    work = np.empty_like(parameter)  # the only working memory, unless there is dampening or Nesterov's momentum
    direction = gradient
    if weight_decay:
        np.multiply(parameter, weight_decay, out=work)
        direction = (np.subtract if maximize else np.add)(work, gradient, out=work)
    elif maximize:
        direction = np.negative(gradient, out=work)
    if buffer is not None:
        if first:
            buffer[...] = direction
        else:
            buffer *= momentum
            buffer += np.multiply(direction, 1 - dampening) if dampening else direction
        direction = np.add(np.multiply(buffer, momentum), direction, out=work) if nesterov else buffer
    np.multiply(direction, lr, out=work)
    parameter -= work


class SGD(Optimizer):
    """Stochastic gradient descent.

    With d = gradient + weight_decay·w, each step is

        v ← momentum·v + (1 − dampening)·d        (at first v = d; without momentum v = d)
        w ← w − lr·v                              (nesterov: w ← w − lr·(d + momentum·v))

    In the textbooks' form v ← momentum·v − lr·d, w ← w + v, the path is the same as long as `lr` does not change.

    Args:
        params: tensors that require gradients, or groups; see `Optimizer`.
        lr: learning rate, at least 0.
        momentum: how much of the velocity is kept, at least 0; 0 keeps no state.
        dampening: how much of the gradient is left out of the velocity.
        weight_decay: λ in the penalty (λ/2)·‖w‖², at least 0.
        nesterov: evaluate the gradient, in effect, ahead of the position (Sutskever et al. 2013).
        maximize: go up instead of down.

    Raises:
        TypeError, ValueError: an option is not a number or not allowed; or as `Optimizer` raises.

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
        nesterov: bool = False, *, maximize: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay,
            "nesterov": nesterov, "maximize": maximize,
        })  # fmt: skip

    def check_options(self, options: dict[str, Any]) -> None:
        """Raise unless all options are in their range, and Nesterov's momentum has momentum and no dampening."""
        for name in ("lr", "momentum", "dampening", "weight_decay"):
            check_number("SGD", name, options[name])
        if options["nesterov"] and (options["momentum"] <= 0 or options["dampening"] != 0):
            raise ValueError(
                "SGD: nesterov=True needs momentum above 0 and no dampening, got "
                f"momentum={options['momentum']}, dampening={options['dampening']}"
            )

    def update(self, parameter: Tensor, gradient: Tensor, state: dict[str, Any], options: dict[str, Any]) -> None:
        """Move one parameter one step."""
        buffer, first = None, False
        if options["momentum"]:
            buffer = state.get("momentum_buffer")
            first = buffer is None
            if first:
                state["momentum_buffer"] = buffer = zeros_like(parameter)
        sgd_step(
            parameter, buffer, gradient, options["lr"], options["momentum"], options["dampening"],
            options["weight_decay"], options["nesterov"], options["maximize"], first,
        )  # fmt: skip
