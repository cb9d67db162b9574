"""Losses: cross entropy fused with softmax, and the elementwise part of each of the others.

What users call, with labels, weights and reductions, is in ``nn.functional``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.cost import per_input
from ..core.sums import DOUBLE, total
from ..engine.declare import primitive
from .activation import log_softmax_primitive, sigmoid
from .comparison import where
from .elementwise import absolute, maximum, sign
from .exponential import exp, log
from .reduction import sum
from .shaping import reshape

__all__: list[str] = []  # what users call is in nn.functional


# -- cross entropy --------------------------------------------------------------------------------------------

REDUCTIONS = ("mean", "sum", "none")


def check_reduction(reduction: Any, what: Any) -> Any:
    """Raise ``ValueError`` unless ``reduction`` is one of PyTorch's three."""
    if reduction not in REDUCTIONS:
        raise ValueError(f"{what}: reduction must be 'mean', 'sum' or 'none', not {reduction!r}")


def check_labels(target: Any, shape: Any, ignore_index: Any, what: Any) -> Any:
    """Raise for labels of a wrong dtype, shape or value."""
    classes = shape[1] if len(shape) > 1 else shape[0]
    expected = (shape[0], *shape[2:]) if len(shape) > 1 else ()
    if target.dtype.kind not in "iu":
        raise TypeError(f"{what}: class labels must be integers, not {target.dtype}")
    if target.shape != expected:
        raise ValueError(
            f"{what}: logits of shape {shape} need labels of shape {expected}, got {target.shape}"
            + ("; class probabilities must be floating-point" if target.shape == shape else "")
        )
    if not target.size or (target.min() >= 0 and target.max() < classes):
        return
    wrong = ((target < 0) | (target >= classes)) & (target != ignore_index)
    if wrong.any():
        where = tuple(int(i) for i in np.argwhere(wrong)[0])
        place = ", ".join(map(str, where))
        raise ValueError(
            f"{what}: target[{place}] = {int(target[where])}, but the logits have {classes} classes (0..{classes - 1})"
        )


def _picked(target: Any, shape: Any, ignore_index: Any) -> Any:
    """Return (mask of the labelled entries, mask of the rows that count), both broadcastable to ``shape``."""
    axis = 1 if len(shape) > 1 else 0
    classes = np.arange(shape[axis]).reshape([-1 if i == axis else 1 for i in range(len(shape))])
    labels = np.expand_dims(target, axis)
    return labels == classes, labels != ignore_index


def _gradient_of_rows(gradient: Any, shape: Any, reduction: Any, counted: Any) -> Any:
    """Return the loss's gradient laid out over rows: divided by their number for the mean, 0 where ignored."""
    if reduction == "none":
        axis = 1 if len(shape) > 1 else 0
        kept = tuple(1 if i == axis else n for i, n in enumerate(shape))
        return reshape(gradient, kept) * counted
    if reduction == "mean":
        gradient = gradient / max(int(np.sum(counted)), 1)
    return gradient * counted


def _cross_entropy_gradient_rule(
    g: Any, gradient_shape: Any, log_probabilities: Any, target: Any, reduction: Any, ignore_index: Any
) -> Any:
    """Transpose of the gradient in its first argument: weigh, sum over the classes, reduce as the loss does."""
    picked, counted = _picked(target, log_probabilities.shape, ignore_index)
    axis = 1 if len(log_probabilities.shape) > 1 else 0
    rows = sum(g * ((exp(log_probabilities) - picked.astype(log_probabilities.dtype)) * counted), axis, True)
    if reduction == "none":
        return reshape(rows, gradient_shape)
    added = sum(rows)
    return added / max(int(np.sum(counted)), 1) if reduction == "mean" else added


@primitive(
    cost=3, gradient=_cross_entropy_gradient_rule,
    log_probabilities=lambda g, gradient, log_probabilities, target, reduction, ignore_index: (
        g
        * (
            exp(log_probabilities)
            * _gradient_of_rows(
                gradient, log_probabilities.shape, reduction, _picked(target, log_probabilities.shape, ignore_index)[1]
            )
        )
    ),
    symbol="(softmax − target)·{0}",
)
def softmax_cross_entropy_gradient(
    gradient: Any, log_probabilities: Any, target: Any, reduction: Any, ignore_index: Any
) -> Any:
    """Return the gradient of :func:`softmax_cross_entropy` by its logits: (softmax − one-hot)·gradient / N."""
    target = np.asarray(target)
    picked, counted = _picked(target, log_probabilities.shape, ignore_index)
    rows = _gradient_of_rows(gradient, log_probabilities.shape, reduction, counted)
    out = np.exp(log_probabilities)
    out -= picked
    out *= rows
    return out


@primitive(
    widens=True, cost=per_input(5), residuals=("log_probabilities",), symbol="cross entropy(softmax {0})",
    input=lambda g, log_probabilities, target, reduction, ignore_index: softmax_cross_entropy_gradient(
        g, log_probabilities, target, reduction, ignore_index
    ),
    log_probabilities={
        "input": lambda g, log_probabilities: g
        - exp(log_probabilities) * sum(g, 1 if len(log_probabilities.shape) > 1 else 0, True)
    },
)  # fmt: skip
def softmax_cross_entropy(input: Any, target: Any, reduction: Any = "mean", ignore_index: Any = -100) -> Any:
    """Return the cross entropy between softmax of the logits and class labels, in one numerically safe step.

    E = −(1/N) Σ_n log softmax(input_n)[target_n]; its gradient is (softmax − one-hot) / N.

    Args:
        input: logits of shape (N, C), (C,) or (N, C, d1, ...).
        target: an integer NumPy array of labels, of the same shape without C.
        reduction: ``"mean"`` over the labels that count, ``"sum"`` or ``"none"``.
        ignore_index: rows with this label count nothing. If all are ignored the mean is NaN and its
            gradient 0, as PyTorch's.

    Raises:
        TypeError: the labels are not integers.
        ValueError: shapes do not fit, or a label is out of range.
    """
    check_reduction(reduction, "cross_entropy")
    target = np.asarray(target)
    shape = np.shape(input)
    check_labels(target, shape, ignore_index, "cross_entropy")
    axis = 1 if len(shape) > 1 else 0
    log_probabilities = log_softmax_primitive(np.asarray(input), axis)
    counted = target != ignore_index
    safe = np.where(counted, target, 0)
    chosen = np.take_along_axis(log_probabilities, np.expand_dims(safe, axis), axis).squeeze(axis)
    losses = np.where(counted, -chosen, np.zeros((), log_probabilities.dtype))
    if reduction == "none":
        return losses, log_probabilities
    added = total(losses, None, dtype=DOUBLE)
    if reduction == "mean":
        count = int(np.sum(counted))
        added = added / count if count else added * np.nan
    return np.asarray(added, log_probabilities.dtype), log_probabilities


# -- what losses add up, element by element ---------------------------------------------------------------------


@primitive(
    kind="elementwise", cost=2, finite=True, symbol="({0} − {1})²", scalar=lambda input, target: (input - target) ** 2,
    input=lambda g, input, target: g * (2 * (input - target)),
    target=lambda g, input, target: g * (2 * (target - input)),
)  # fmt: skip
def squared_error(input: Any, target: Any) -> Any:
    """Return (input − target)²."""
    difference = np.subtract(input, target)
    return np.square(difference, out=difference if difference.__class__ is np.ndarray else None)


@primitive(
    kind="elementwise", cost=5, finite=True, symbol="huber({0} − {1})",
    input=lambda g, input, target, delta: g * _huber_slope(input - target, delta),
    target=lambda g, input, target, delta: g * _huber_slope(target - input, delta),
)  # fmt: skip
def huber_error(input: Any, target: Any, delta: Any) -> Any:
    """Return ½·d² for |d| = |input − target| below ``delta``, and delta·(|d| − ½·delta) from there on."""
    floating = np.result_type(input, target).kind == "f"
    d = np.absolute(np.subtract(input, target) if floating else np.subtract(input, target, dtype=np.float64))
    return np.where(d < delta, 0.5 * d * d, delta * (d - 0.5 * delta)).astype(d.dtype, copy=False)


def _huber_slope(difference: Any, delta: Any) -> Any:
    return where(absolute(difference) < delta, difference, delta * sign(difference))


@primitive(
    kind="elementwise", cost=6, symbol="log(1 + exp {0}) − {1}·{0}",
    input=lambda g, input, target: g * (sigmoid(input) - target), target=lambda g, input: -g * input,
)  # fmt: skip
def logistic_cross_entropy(input: Any, target: Any) -> Any:
    """Return log(1 + eˣ) − t·x, the cross entropy between σ(x) and t, without overflow for any x."""
    x = np.asarray(input)
    out = np.log1p(np.exp(-np.absolute(x)))
    return np.add(out, np.maximum(x, 0) - np.multiply(x, target))


_LEAST_LOG = -100.0


def _log_of_rest(x: Any) -> Any:
    """Return log(1 − x) with all its digits for numbers up to 1, several times faster than ``numpy.log1p(-x)``.

    What is lost in rounding 1 − x is known exactly, and adds itself divided by 1 − x to the logarithm.
    """
    rest = np.subtract(1, x)
    lost = np.asarray(1 - rest)
    lost -= x
    lost /= np.maximum(rest, np.finfo(rest.dtype).tiny)
    return np.add(np.log(rest), lost, out=lost)


@primitive(
    cost=6, symbol="cross entropy({0}, {1})",
    input=lambda g, input, target: g * ((input - target) / maximum(input * (1 - input), 1e-12)),
    target=lambda g, input: g * (maximum(log(1 - input), _LEAST_LOG) - maximum(log(input), _LEAST_LOG)),
)
def binary_cross_entropy_error(input: Any, target: Any) -> Any:
    """Return −t·log x − (1 − t)·log(1 − x) for inputs of one shape, with logarithms no less than −100."""
    with np.errstate(divide="ignore"):
        chosen = np.maximum(np.log(input), _LEAST_LOG)
        other = np.maximum(_log_of_rest(input), _LEAST_LOG)
    return (np.subtract(target, 1) * other - np.multiply(target, chosen)).astype(np.asarray(input).dtype, copy=False)


@primitive(
    kind="elementwise", cost=4, domain=(0.0, np.inf), symbol="{1}·(log {1} − {0})", input=lambda g, target: -g * target,
    target=lambda g, input, target: g * (where(target > 0, log(where(target > 0, target, 1)) + 1, 0) - input),
)  # fmt: skip
def relative_entropy(input: Any, target: Any) -> Any:
    """Return t·(log t − x) for a log-probability x and a probability t.

    Edges: t = 0 gives 0, and t·log t has derivative 0 there; negative t give NaN.
    """
    t = np.asarray(target)
    if t.size and t.min() > 0:
        return t * (np.log(t) - input)
    weighted = t * np.log(np.where(t > 0, t, np.ones((), t.dtype)))
    weighted = np.where(t < 0, np.asarray(np.nan, t.dtype), weighted)
    return weighted - t * input
