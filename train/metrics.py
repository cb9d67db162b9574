"""Measures of how good predictions are, as plain numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..autograd import Tensor

__all__ = ["accuracy"]


def accuracy(output: Any, target: Any) -> float:
    """Return the share of rows whose largest element is at the label; NaN for no rows.

    Args:
        output: logits or probabilities, shape (N, C).
        target: integer labels, shape (N,); or one row of class probabilities each, shape (N, C).

    Raises:
        ValueError: the shapes do not fit.
        TypeError: the labels are not integers.

    >>> import glassgrad as gg
    >>> accuracy(gg.tensor([[0.1, 0.9], [0.8, 0.2]]), gg.tensor([1, 1]))
    0.5
    """
    scores, labels = (v.numpy() if isinstance(v, Tensor) else np.asarray(v) for v in (output, target))
    if scores.ndim != 2 or labels.shape not in ((scores.shape[0],), scores.shape):
        raise ValueError(
            f"accuracy: expected output of shape (N, C) and labels of shape (N,), got {scores.shape} and {labels.shape}"
        )
    if labels.ndim == 2:
        labels = np.argmax(labels, axis=1)
    elif labels.dtype.kind not in "iu":
        raise TypeError(f"accuracy: labels must be integers, not {labels.dtype}")
    if not labels.size:
        return float("nan")
    return float(np.mean(np.argmax(scores, axis=1) == labels))
