"""Keeping weights small: penalties, the proximal step of L1, the limit of a unit's norm, decay by group."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..autograd import Tensor, no_grad, update
from ..nn.utils.arguments import list_tensors
from .options import check_number

__all__ = ["decay_groups", "max_norm_", "penalty", "soft_threshold_"]


def _parameters(owner: str, params: Any) -> list[Tensor]:
    tensors = list_tensors(owner, params)
    if not tensors:
        raise ValueError(f"{owner}: got no parameters; a generator such as model.parameters() can be used only once")
    return tensors


def penalty(params: Any, l1: float = 0.0, l2: float = 0.0, p: tuple[float, float] | None = None) -> Tensor:
    """Return a penalty on large weights, one number to add to the loss.

        l1·Σ|w| + (l2/2)·Σw² + (λ/p)·Σ|w|ᵖ

    Its gradient is l1·sign(w) + l2·w + λ·|w|ᵖ⁻¹·sign(w), where sign(0) = 0; so ``l2`` is the ``weight_decay`` of
    ``SGD``. Texts that write α·Σw² mean l2 = 2α. L1 is the lasso's, L2 ridge regression's (Tikhonov's).

    Args:
        params: a tensor or several; weights only, as a rule, since biases need no penalty.
        l1: at least 0. Gradient steps only come near 0; ``soft_threshold_`` reaches it.
        l2: at least 0.
        p: (p, λ) of the term (λ/p)·‖w‖ₚᵖ, p at least 1; with p = inf the term is λ·max|w|.

    Raises:
        TypeError, ValueError: something given is not a tensor, there is none, or a number is out of range.

    >>> import glassgrad as gg
    >>> from glassgrad import optim
    >>> w = gg.tensor([3.0, -4.0, 0.0], requires_grad=True)
    >>> optim.penalty(w, l1=1.0).item(), optim.penalty(w, l2=1.0).item(), optim.penalty(w, p=(2, 1.0)).item()
    (7.0, 12.5, 12.5)
    >>> optim.penalty(w, p=(float("inf"), 1.0)).item()
    4.0
    """
    tensors = _parameters("penalty", params)
    check_number("penalty", "l1", l1)
    check_number("penalty", "l2", l2)
    order, strength = _order_and_strength(p)
    terms: list[Tensor] = []
    for tensor in tensors:
        if l1:
            terms.append(tensor.abs().sum() * l1)
        if l2:
            terms.append((tensor * tensor).sum() * (l2 / 2))
        if strength and order < math.inf:
            terms.append((tensor.abs() ** order).sum() * (strength / order))
    if strength and order == math.inf:
        largest = [tensor.abs().max() for tensor in tensors if math.prod(tensor.shape)]
        top = largest[0] if largest else tensors[0].sum()
        for other in largest[1:]:
            top = top.maximum(other)
        terms.append(top * strength)
    # With no strength at all the penalty is a 0 that still depends on the weights, so that backward() works.
    total = terms[0] if terms else tensors[0].sum() * 0
    for term in terms[1:]:
        total = total + term
    return total


def _order_and_strength(p: Any) -> tuple[float, float]:
    if p is None:
        return 2.0, 0.0
    if not isinstance(p, tuple | list) or len(p) != 2:
        raise TypeError(f"penalty: p must be a pair (p, λ) of the norm's order and the penalty's strength, not {p!r}")
    order, strength = p
    if isinstance(order, bool) or not isinstance(order, int | float | np.integer | np.floating):
        raise TypeError(f"penalty: the order p must be a number, not {order!r}")
    if not order >= 1:
        raise ValueError(f"penalty: the order p must be at least 1, where it is a norm; got {order}")
    check_number("penalty", "the strength λ", strength)
    return float(order), strength


@update(mutates=("parameter",))
def soft_threshold_step(parameter: Any, threshold: float) -> None:
    """Move every element towards 0 by ``threshold``, and no further than 0."""
    sizes = np.abs(parameter, out=np.empty_like(parameter))
    sizes -= threshold
    np.maximum(sizes, 0, out=sizes)
    np.copysign(sizes, parameter, out=parameter)
    parameter += 0  # −0 becomes 0


def soft_threshold_(params: Any, threshold: float) -> None:
    """Move every weight towards 0 by ``threshold``, in place; those that are nearer become exactly 0.

        w ← sign(w)·max(|w| − threshold, 0)

    After a gradient step on the loss alone, with threshold = lr·λ, this is the proximal gradient step for the loss plus
    λ·Σ|w|. Adding the penalty's gradient instead makes small weights swing about 0 for ever. (Daubechies et al. 2004)

    Args:
        params: a tensor or several.
        threshold: at least 0.

    Raises:
        TypeError, ValueError: something given is not a tensor, there is none, or ``threshold`` is out of range.

    >>> import glassgrad as gg
    >>> from glassgrad import optim
    >>> w = gg.tensor([3.0, -0.25, -4.0], requires_grad=True)
    >>> optim.soft_threshold_(w, 0.5)
    >>> w
    tensor([ 2.5,  0. , -3.5], requires_grad=True)
    """
    tensors = _parameters("soft_threshold_", params)
    check_number("soft_threshold_", "threshold", threshold)
    with no_grad():
        for tensor in tensors:
            soft_threshold_step(tensor, threshold)


@update(mutates=("parameter",))
def max_norm_step(parameter: Any, max_norm: float, dim: int) -> None:
    """Scale down the slices along ``dim`` whose norm is above ``max_norm``."""
    rows = np.moveaxis(parameter, dim, 0)
    axes = tuple(range(1, rows.ndim))
    norms = np.sqrt(np.einsum(rows, list(range(rows.ndim)), rows, list(range(rows.ndim)), [0], dtype=np.float64))
    above = norms > max_norm
    if above.any():
        factors = np.ones_like(norms)
        np.divide(max_norm, norms, out=factors, where=above)
        rows *= np.expand_dims(factors, axes).astype(parameter.dtype)


def max_norm_(params: Any, max_norm: float, dim: int = 0) -> None:
    """Limit the norm of each unit's weights, in place: a unit above it is scaled back to it, the others stay.

    Called after every step, it bounds the weights whatever the learning rate; it goes well with dropout. A unit is a
    row of ``nn.Linear``'s weight, or a filter of ``nn.Conv2d``'s. Texts that ask for Σ w² < c mean max_norm = √c.
    (Srebro and Shraibman 2005; Srivastava et al. 2014)

    Args:
        params: a tensor or several; those of fewer than two dimensions, biases and scales, are left alone.
        max_norm: the largest Euclidean norm, at least 0.
        dim: the dimension that counts the units.

    Raises:
        TypeError, ValueError: something given is not a tensor, none has two dimensions, or a number is out of range.

    >>> import glassgrad as gg
    >>> from glassgrad import optim
    >>> weight = gg.tensor([[3.0, 4.0], [0.3, 0.4]], requires_grad=True)
    >>> optim.max_norm_(weight, max_norm=1.0)
    >>> weight
    tensor([[0.6, 0.8],
            [0.3, 0.4]], requires_grad=True)
    """
    tensors = _parameters("max_norm_", params)
    check_number("max_norm_", "max_norm", max_norm)
    if isinstance(dim, bool) or not isinstance(dim, int):
        raise TypeError(f"max_norm_: dim must be a whole number, not {dim!r}")
    weights = [tensor for tensor in tensors if tensor.ndim >= 2]
    if not weights:
        raise ValueError("max_norm_: no parameter has two dimensions; give a unit's weights as a row, such as (1, n)")
    for tensor in weights:
        if not -tensor.ndim <= dim < tensor.ndim:
            raise ValueError(f"max_norm_: a tensor of shape {tensor.shape} has no dimension {dim}")
    with no_grad():
        for tensor in weights:
            max_norm_step(tensor, max_norm, dim)


def decay_groups(model: Any, weight_decay: float) -> list[dict[str, Any]]:
    """Split a model's parameters into two groups for an optimiser: weights, which decay, and the rest, which do not.

    A weight is a parameter of two or more dimensions that is not called a bias and does not belong to a normalisation
    layer (a module whose class, or a class it is made from, has ``Norm`` in its name). Biases, scales and shifts only
    move the scale of things and need no decay.

    Args:
        model: an ``nn.Module``.
        weight_decay: of the weights, at least 0.

    Returns:
        Two dicts with ``"params"`` and ``"weight_decay"``, for the first argument of any optimiser; a group without
        parameters is left out. Other options may be set in them.

    Raises:
        TypeError: ``model`` is not a module, or ``weight_decay`` not a number.
        ValueError: the model has no parameters, or ``weight_decay`` is out of range.

    >>> from glassgrad import nn, optim
    >>> model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
    >>> groups = optim.decay_groups(model, weight_decay=0.01)
    >>> [(len(group["params"]), group["weight_decay"]) for group in groups]
    [(2, 0.01), (4, 0.0)]
    >>> optimizer = optim.AdamW(groups, lr=1e-3)
    """
    if not hasattr(model, "named_modules"):
        raise TypeError(f"decay_groups: expected a module such as nn.Sequential(...), got a {type(model).__name__}")
    check_number("decay_groups", "weight_decay", weight_decay)
    normalising = {
        id(parameter)
        for _, module in model.named_modules()
        if any("Norm" in kind.__name__ for kind in type(module).__mro__)
        for _, parameter in module.named_parameters(recurse=False)
    }
    weights: list[Tensor] = []
    others: list[Tensor] = []
    for name, parameter in model.named_parameters():
        bias = "bias" in name.rpartition(".")[2]
        decays = parameter.ndim >= 2 and not bias and id(parameter) not in normalising
        (weights if decays else others).append(parameter)
    if not weights and not others:
        raise ValueError(
            "decay_groups: the model has no parameters; it does not see layers in a plain list: hold them in an "
            "nn.ModuleList"
        )
    groups = [{"params": weights, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
    return [group for group in groups if group["params"]]
