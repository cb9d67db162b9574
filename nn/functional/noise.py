"""Noise that trains: dropout and its relatives. All draw from the generator that ``manual_seed`` sets.

Where PyTorch takes ``inplace``, so do these, as False: operations never change their input.
"""

from __future__ import annotations

from typing import Any

from ...autograd.engine.compose import composed
from ...autograd.ops.random import alpha_noise, channel_dropout, channel_mask, keep_mask
from ...autograd.ops.random import dropout as _dropout
from ..scoping import located

__all__ = ["alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout"]


def _refuse_in_place(inplace: bool, what: str) -> None:
    if inplace:
        raise located(
            ValueError,
            f"{what}: inplace=True is not possible, for operations never overwrite their input; write "
            f"x = {what}(x) and leave inplace out",
        )


def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Return ``input`` with each element set to 0 with probability ``p`` and the others divided by 1 − p.

    The expected value is the input, and evaluation changes nothing. (Srivastava et al. 2014)

    Args:
        input: any shape.
        p: the probability of dropping, not of keeping.
        training: False returns the input.

    Edges: p = 0 gives the input itself, p = 1 zeros, also where the input is NaN.

    Raises:
        ValueError: ``p`` is not between 0 and 1.

    >>> import glassgrad as gg
    >>> dropout(gg.ones(2), p=0.5, training=False)
    tensor([1., 1.])
    """
    _refuse_in_place(inplace, "dropout")
    return _dropout(input, p, training)


@composed
def dropout1d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Return ``input`` with whole channels set to 0 with probability ``p``, and the others divided by 1 − p.

    Neighbours in a channel are alike, so dropping single ones would drop little. (Tompson et al. 2015)

    Args:
        input: shape (N, C, L) or (C, L).
        p: the probability of dropping a channel.
        training: False returns the input.

    Raises:
        ValueError: ``p`` is not between 0 and 1, or the shape does not fit.

    >>> import glassgrad as gg
    >>> dropout1d(gg.ones(1, 2, 2), p=0.5, training=False).shape
    (1, 2, 2)
    """
    _refuse_in_place(inplace, "dropout1d")
    _check_dimensions(input, (2, 3), "dropout1d", "(N, C, L) or (C, L)")
    return channel_dropout(input, p, training, len(input.shape) == 3, "dropout1d")


@composed
def dropout2d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Return ``input`` with whole channels set to 0 with probability ``p``, and the others divided by 1 − p.

    Args:
        input: shape (N, C, H, W); three dimensions are taken for (N, C, L), as PyTorch does.
        p: the probability of dropping a channel.
        training: False returns the input.

    Raises:
        ValueError: ``p`` is not between 0 and 1, or the shape does not fit.

    >>> import glassgrad as gg
    >>> dropout2d(gg.ones(1, 2, 2, 2), p=1.0).sum()
    tensor(0.)
    """
    _refuse_in_place(inplace, "dropout2d")
    _check_dimensions(input, (3, 4), "dropout2d", "(N, C, H, W)")
    return channel_dropout(input, p, training, True, "dropout2d")


@composed
def dropout3d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Return ``input`` with whole channels set to 0 with probability ``p``, and the others divided by 1 − p.

    Args:
        input: shape (N, C, D, H, W) or (C, D, H, W).
        p: the probability of dropping a channel.
        training: False returns the input.

    Raises:
        ValueError: ``p`` is not between 0 and 1, or the shape does not fit.

    >>> import glassgrad as gg
    >>> dropout3d(gg.ones(2, 1, 1, 1), p=0.0).sum()
    tensor(2.)
    """
    _refuse_in_place(inplace, "dropout3d")
    _check_dimensions(input, (4, 5), "dropout3d", "(N, C, D, H, W) or (C, D, H, W)")
    return channel_dropout(input, p, training, len(input.shape) == 5, "dropout3d")


def _check_dimensions(input: Any, allowed: tuple[int, ...], what: str, expected: str) -> None:
    if len(input.shape) not in allowed:
        raise located(ValueError, f"{what}: the input must have shape {expected}, got {tuple(input.shape)}")


@composed
def alpha_dropout(input: Any, p: float = 0.5, training: bool = False, inplace: bool = False) -> Any:
    """Return ``input`` with elements set to where SELU saturates, then scaled and shifted to keep mean 0 and variance
    1.

    (Klambauer et al. 2017, https://arxiv.org/abs/1706.02515)

    Args:
        input: any shape.
        p: the probability of dropping.
        training: False, the default as in PyTorch, returns the input.

    Edges: p = 1 gives zeros.

    Raises:
        ValueError: ``p`` is not between 0 and 1.

    >>> import glassgrad as gg
    >>> alpha_dropout(gg.ones(2))
    tensor([1., 1.])
    """
    _refuse_in_place(inplace, "alpha_dropout")
    return _alpha(input, p, training, "alpha_dropout", False)


@composed
def feature_alpha_dropout(input: Any, p: float = 0.5, training: bool = False, inplace: bool = False) -> Any:
    """Return ``input`` after ``alpha_dropout`` of whole channels.

    Args:
        input: shape (N, C, ...).
        p: the probability of dropping a channel.
        training: False, the default as in PyTorch, returns the input.

    Edges: p = 1 gives zeros.

    Raises:
        ValueError: ``p`` is not between 0 and 1, or the shape does not fit.

    >>> import glassgrad as gg
    >>> feature_alpha_dropout(gg.ones(1, 2))
    tensor([[1., 1.]])
    """
    _refuse_in_place(inplace, "feature_alpha_dropout")
    return _alpha(input, p, training, "feature_alpha_dropout", True)


def _alpha(input: Any, p: float, training: bool, what: str, channels: bool) -> Any:
    if not 0.0 <= p <= 1.0:
        raise located(ValueError, f"{what}: p must be between 0 and 1, got {p}")
    if not training or p == 0.0:
        return input
    shape = tuple(input.shape)
    if channels and len(shape) < 2:
        raise located(ValueError, f"{what}: the input must have shape (N, C, ...), got {shape}")
    return alpha_noise(input, channel_mask(shape, p) if channels else keep_mask(shape, p), p)
