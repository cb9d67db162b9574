"""Losses between predictions and targets of the same shape, with ``reduction``: ``"mean"``, ``"sum"`` or ``"none"``.

Targets are never broadcast: (N, 1) against (N,) would silently compare all pairs. PyTorch warns where this raises.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...autograd.engine.compose import composed
from ...autograd.ops.arithmetic import square
from ...autograd.ops.comparison import where
from ...autograd.ops.elementwise import absolute
from ...autograd.ops.exponential import exp, log
from ...autograd.ops.loss import check_reduction, huber_error, relative_entropy, squared_error
from ...autograd.ops.reduction import sum as _sum
from ...autograd.ops.shaping import unsqueeze
from ..scoping import located
from .targets import beside, floating, matching, operand, plain, reduced

__all__ = [
    "gaussian_nll_loss", "half_mse_loss", "huber_loss", "kl_div", "l1_loss", "mse_loss", "poisson_nll_loss",
    "smooth_l1_loss",
]  # fmt: skip


@composed(widens=True)
def mse_loss(input: Any, target: Any, reduction: str = "mean", weight: Any = None) -> Any:
    """Return the squared error (input − target)²: its mean, its sum, or each element's.

    Textbooks often take half the sum over all components, divided by the number of examples: `half_mse_loss`. With K
    components for each example this mean is 2/K times that.

    Args:
        input: predictions of any shape.
        target: the same shape; never broadcast, because (N, 1) against (N,) would silently compare all pairs.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        weight: a factor for each element, of the same shape; the mean is then divided by their sum.

    Raises:
        TypeError: the input is not floating-point.
        ValueError: the shapes differ, or `reduction` is unknown.

    >>> import glassgrad as gg
    >>> mse_loss(gg.tensor([1.6, 0.6]), gg.tensor([1.0, 2.0])).item().__round__(6)
    1.16
    """
    check_reduction(reduction, "mse_loss")
    x = floating(input, "mse_loss")
    return _weighted(squared_error(x, matching(target, x, "mse_loss")), weight, reduction, "mse_loss")


@composed(widens=True)
def half_mse_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """Return half the squared error, 1/(2N)·Σ (input − target)² over all components of N examples.

    Its gradient is (input − target)/N.

    Args:
        input: predictions of shape (N, ...).
        target: the same shape; never broadcast.
        reduction: ``"mean"`` divides by N, ``"sum"`` does not, ``"none"`` gives half the square of each element.

    Edges: a single number counts as one example; the mean of none is NaN.

    Raises:
        TypeError: the input is not floating-point.
        ValueError: the shapes differ, or `reduction` is unknown.

    >>> import glassgrad as gg
    >>> half_mse_loss(gg.tensor([1.6, 0.6]), gg.tensor([1.0, 2.0])).item().__round__(6)
    0.58
    """
    check_reduction(reduction, "half_mse_loss")
    x = floating(input, "half_mse_loss")
    halves = squared_error(x, matching(target, x, "half_mse_loss")) * 0.5
    if reduction == "none":
        return halves
    total = _sum(halves)
    count = x.shape[0] if x.shape else 1
    return total if reduction == "sum" else total / count if count else total * math.nan


@composed(widens=True)
def l1_loss(input: Any, target: Any, reduction: str = "mean", weight: Any = None) -> Any:
    """Return the absolute error |input − target|: its mean, its sum, or each element's.

    Args:
        input: predictions of any shape.
        target: the same shape; never broadcast.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        weight: a factor for each element, of the same shape; the mean is then divided by their sum.

    Edges: the derivative where both are equal is 0.

    Raises:
        TypeError: the input is not floating-point.
        ValueError: the shapes differ, or `reduction` is unknown.

    >>> import glassgrad as gg
    >>> l1_loss(gg.tensor([1.0, 3.0]), gg.tensor([1.0, 1.0]))
    tensor(1.)
    """
    check_reduction(reduction, "l1_loss")
    x = floating(input, "l1_loss")
    return _weighted(absolute(x - matching(target, x, "l1_loss")), weight, reduction, "l1_loss")


def _weighted(losses: Any, weight: Any, reduction: str, what: str) -> Any:
    if weight is None:
        return reduced(losses, reduction)
    factors = matching(weight, losses, what, "weight")
    weighted = losses * factors
    return _sum(weighted) / _sum(factors) if reduction == "mean" else reduced(weighted, reduction)


@composed(widens=True)
def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0, weight: Any = None) -> Any:
    """Return ½·d² for errors |d| = |input − target| up to `delta`, and delta·(|d| − ½·delta) beyond. (Huber 1964)

    Args:
        input: predictions of any shape.
        target: the same shape; never broadcast.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        delta: where the parabola becomes a line; positive.
        weight: a factor for each element, of the same shape; the mean is divided by N all the same, as PyTorch's.

    Raises:
        TypeError: the input is not floating-point.
        ValueError: the shapes differ, `delta` is not positive, or `reduction` is unknown.

    >>> import glassgrad as gg
    >>> huber_loss(gg.tensor([1.0, 3.0]), gg.tensor([0.5, 0.0]), reduction="none")
    tensor([0.125, 2.5  ])
    """
    check_reduction(reduction, "huber_loss")
    if not delta > 0:
        raise located(ValueError, f"huber_loss: delta must be positive, got {delta}")
    x = floating(input, "huber_loss")
    losses = huber_error(x, matching(target, x, "huber_loss"), delta)
    return reduced(losses if weight is None else losses * matching(weight, x, "huber_loss", "weight"), reduction)


@composed(widens=True)
def smooth_l1_loss(input: Any, target: Any, reduction: str = "mean", beta: float = 1.0) -> Any:
    """Return ½·d²/beta for errors |d| = |input − target| below `beta`, and |d| − ½·beta beyond. (Girshick 2015)

    It is `huber_loss` with delta = beta, divided by beta; with beta = 0 it is `l1_loss`.

    Args:
        input: predictions of any shape.
        target: the same shape; never broadcast.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        beta: where the parabola becomes a line; not negative.

    Raises:
        TypeError: the input is not floating-point.
        ValueError: the shapes differ, `beta` is negative, or `reduction` is unknown.

    >>> import glassgrad as gg
    >>> smooth_l1_loss(gg.tensor([1.0, 3.0]), gg.tensor([0.5, 0.0]), reduction="none")
    tensor([0.125, 2.5  ])
    """
    check_reduction(reduction, "smooth_l1_loss")
    if not beta >= 0:
        raise located(ValueError, f"smooth_l1_loss: beta must not be negative, got {beta}")
    x = floating(input, "smooth_l1_loss")
    y = matching(target, x, "smooth_l1_loss")
    return reduced(huber_error(x, y, beta) / beta if beta else absolute(x - y), reduction)


@composed(widens=True)
def kl_div(input: Any, target: Any, reduction: str = "mean", log_target: bool = False) -> Any:
    """Return the Kullback-Leibler divergence Σ t·(log t − x) of a distribution t from log-probabilities x.

    Args:
        input: log-probabilities x, any shape.
        target: probabilities t of the same shape; never broadcast.
        reduction: ``"batchmean"``, the divergence as it is defined: the sum divided by the first size; or
            ``"mean"`` over all elements, ``"sum"``, ``"none"``.
        log_target: the target holds log t.

    Edges: t = 0 counts 0, and t·log t has derivative 0 there; negative t give NaN.

    Raises:
        TypeError: the input is not floating-point.
        ValueError: the shapes differ, or `reduction` is unknown.

    >>> import glassgrad as gg
    >>> kl_div(gg.tensor([[0.25, 0.75]]).log(), gg.tensor([[0.5, 0.5]]), reduction="batchmean")
    tensor(0.1438)
    """
    if reduction != "batchmean":
        try:
            check_reduction(reduction, "kl_div")
        except ValueError as error:
            raise located(ValueError, f"{error}; 'batchmean' is allowed, too") from None
    x = floating(input, "kl_div")
    t = matching(target, x, "kl_div")
    losses = exp(t) * (t - x) if log_target else relative_entropy(x, t)
    if reduction == "batchmean":
        return _sum(losses) / (x.shape[0] if x.shape else 1) if not x.shape or x.shape[0] else reduced(losses, "mean")
    return reduced(losses, reduction)


@composed(widens=True)
def poisson_nll_loss(
    input: Any, target: Any, log_input: bool = True, full: bool = False, eps: float = 1e-8, reduction: str = "mean",
) -> Any:  # fmt: skip
    """Return the negative log likelihood of counts t under a Poisson distribution, without log t! unless `full`.

    Args:
        input: x, the logarithm of the rate, with loss exp(x) − t·x; or the rate, with loss x − t·log(x + eps).
        target: counts t of the same shape; never broadcast.
        log_input: which of the two the input is.
        full: whether to add Stirling's approximation t·log t − t + ½·log(2π·t) where t > 1.
        eps: keeps the logarithm finite.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: the shapes differ, or `reduction` is unknown.

    >>> import glassgrad as gg
    >>> poisson_nll_loss(gg.tensor([0.0, 1.0]), gg.tensor([1.0, 2.0]), reduction="none")
    tensor([1.    , 0.7183])
    """
    check_reduction(reduction, "poisson_nll_loss")
    x = operand(input)
    t = matching(target, x, "poisson_nll_loss")
    losses = exp(x) - t * x if log_input else x - t * log(x + eps)
    if full:
        many = where(t > 1, t, 2.0)
        losses = losses + where(t > 1, many * log(many) - many + 0.5 * log(2 * math.pi * many), 0)
    return reduced(losses, reduction)


@composed(widens=True)
def gaussian_nll_loss(
    input: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-6, reduction: str = "mean"
) -> Any:
    """Return the negative log likelihood ½·(log v + (input − target)²/v) under Gaussians of variance v.

    (Nix and Weigend 1994)

    Args:
        input: the means, any shape.
        target: the same shape, or one that broadcasts to it.
        var: v: a number; or the shape of the input, the same without the last size, or with one size 1.
        full: whether to add ½·log 2π.
        eps: the least variance; smaller ones count as `eps`, and their gradient passes unchanged.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        TypeError: the input is not floating-point.
        ValueError: the shapes do not fit, a variance is negative, `eps` is not positive, or `reduction` is unknown.

    >>> import glassgrad as gg
    >>> gaussian_nll_loss(gg.tensor([1.0]), gg.tensor([3.0]), 4.0)
    tensor(1.1931)
    """
    what = "gaussian_nll_loss"
    check_reduction(reduction, what)
    if not eps > 0:
        raise located(ValueError, f"{what}: eps must be positive, got {eps}")
    x = floating(input, what)
    t, v = beside(target, x), beside(var, x)
    shape = tuple(x.shape)
    if len(t.shape) > len(shape) or any(n not in (1, m) for n, m in zip(t.shape[::-1], shape[::-1], strict=False)):
        matching(t, x, what)
    if v.shape and v.shape != shape:
        if v.shape == shape[:-1]:
            v = unsqueeze(v, -1)
        elif len(v.shape) != len(shape) or _sum_of_differing(shape, v.shape) != 1:
            raise located(
                ValueError,
                f"{what}: var of shape {tuple(v.shape)} does not fit input of shape {shape}; give a number, the shape "
                "of the input, the same without the last size, or with one size 1",
            )
    values = plain(v)
    if (values < 0).any():
        raise located(ValueError, f"{what}: var has a negative entry, {float(values.min())}")
    low = values < eps
    if low.any():
        # Added, so that the gradient passes.
        v = v + np.where(low, eps - values, 0).astype(values.dtype)
    losses = 0.5 * (log(v) + square(x - t) / v)
    return reduced(losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)


def _sum_of_differing(shape: tuple[int, ...], other: tuple[int, ...]) -> int:
    return sum(n for m, n in zip(shape, other, strict=True) if m != n)
