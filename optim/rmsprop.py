"""RMSprop: steps in units of the gradients' recent root mean square."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..autograd import Tensor, update
from .optimizer import Optimizer, effective_gradient, zeros_where_missing
from .options import given_options

__all__ = ["RMSprop"]


@update(mutates=("parameter", "square_avg", "step", "grad_avg", "momentum_buffer"))
def rmsprop_step(
    parameter: Any, square_avg: Any, step: Any, grad_avg: Any, momentum_buffer: Any, gradient: Any,
    options: Mapping[str, Any],
) -> None:  # fmt: skip
    """Move ``parameter`` one step, as :class:`RMSprop` says.

    ``grad_avg`` is None unless centred, ``momentum_buffer`` is None without momentum.
    """
    step += 1
    alpha = options["alpha"]
    gradient = effective_gradient(parameter, gradient, options)
    work = np.multiply(gradient, gradient, out=np.empty_like(parameter))
    work *= 1 - alpha
    square_avg *= alpha
    square_avg += work
    if grad_avg is None:
        np.sqrt(square_avg, out=work)
    else:
        np.multiply(gradient, 1 - alpha, out=work)
        grad_avg *= alpha
        grad_avg += work
        np.multiply(grad_avg, grad_avg, out=work)
        np.subtract(square_avg, work, out=work)
        np.sqrt(work, out=work)
    work += options["eps"]
    np.divide(gradient, work, out=work)
    if momentum_buffer is not None:
        momentum_buffer *= options["momentum"]
        momentum_buffer += work
        work[...] = momentum_buffer
    work *= options["lr"]
    parameter -= work


class RMSprop(Optimizer):
    """RMSprop: each weight's step is divided by the root of a moving average of the squares of its gradients.

    With g = gradient + weight_decay·w, each step is

        h ← alpha·h + (1 − alpha)·g²
        w ← w − lr·g/(√h + eps)

    With ``centered``, h − ḡ² takes the place of h, where ḡ is the moving average of g: the variance. With momentum the
    quotient goes into v ← momentum·v + g/(√h + eps), and w ← w − lr·v. (Hinton 2012; centred: Graves 2013)

    Args:
        params: tensors that require gradients, or groups; see ``Optimizer``.
        lr: learning rate, at least 0.
        alpha: how much of the average is kept, from 0 to 1.
        eps: added to the root, at least 0.
        weight_decay: λ in the penalty (λ/2)·‖w‖², at least 0.
        momentum: how much of the velocity is kept, at least 0.
        centered: divide by the standard deviation of the gradients.
        maximize: go up instead of down.
        capturable, foreach, differentiable: accepted as PyTorch's, and without effect.

    Raises:
        TypeError, ValueError: an option is not a number or not allowed; or as ``Optimizer`` raises.

    >>> import glassgrad as gg
    >>> from glassgrad import optim
    >>> w = gg.tensor([1.0], requires_grad=True)
    >>> optimizer = optim.RMSprop([w], lr=0.01)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9], requires_grad=True)
    """

    required_state = ("step", "square_avg")

    def __init__(
        self, params: Any, lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8, weight_decay: float = 0,
        momentum: float = 0, centered: bool = False, capturable: bool = False, foreach: bool | None = None,
        maximize: bool = False, differentiable: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(params, given_options(locals()))

    def update(self, parameter: Tensor, gradient: Tensor, state: dict[str, Any], options: dict[str, Any]) -> None:
        """Move one parameter one step."""
        grad_avg = "grad_avg" if options["centered"] else None
        buffer = "momentum_buffer" if options["momentum"] else None
        zeros_where_missing(state, parameter, "step", "square_avg", *filter(None, (grad_avg, buffer)))
        rmsprop_step(
            parameter, state["square_avg"], state["step"], grad_avg and state[grad_avg], buffer and state[buffer],
            gradient, options,
        )  # fmt: skip
