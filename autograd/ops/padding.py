"""Frames around tensors: constant, reflected, replicated and circular."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.cost import per_input
from ..core.sums import total
from ..engine.compose import composed
from ..engine.declare import primitive
from .axes import as_shape
from .indexing import getitem

__all__ = ["constant_pad_nd"]

_MODES = ("constant", "reflect", "replicate", "circular")


# -- constants -------------------------------------------------------------------------------------------------


def _inside(shape: Any, pads: Any) -> Any:
    """Return the index of what a frame surrounds, in a framed tensor of ``shape``."""
    return tuple(slice(before, n - after) for n, (before, after) in zip(shape, pads, strict=True))


@primitive(cost=0, symbol="pad {0}", x=lambda g, pads: getitem(g, _inside(g.shape, pads)))
def surround(x: Any, pads: Any, value: Any) -> Any:
    """Return ``x`` with ``pads`` = ((before, after), ...) elements of ``value`` around it, for each axis."""
    array = np.asarray(x)
    shape = tuple(n + before + after for n, (before, after) in zip(array.shape, pads, strict=True))
    # A whole number but 0 is True as a bool, as everywhere else.
    held = np.int64 if array.dtype == bool else array.dtype
    if array.dtype.kind != "f" and (not math.isfinite(value) or np.asarray(value).astype(held) != value):
        raise TypeError(f"pad: a tensor of dtype {array.dtype} cannot hold the value {value}; convert it to floats")
    result = np.zeros(shape, array.dtype) if value == 0 else np.full(shape, value, array.dtype)
    result[_inside(shape, pads)] = array
    return result


# -- copies of the elements themselves -------------------------------------------------------------------------


def _side(size: Any, before: Any, after: Any, mode: Any) -> Any:
    """Return, along one framed axis, pairs of (part of the frame, what it is a copy of), as slices."""
    stop = before + size
    if mode == "circular":
        pairs = [(slice(0, before), slice(size, stop)), (slice(stop, stop + after), slice(before, before + after))]
    elif mode == "replicate":
        pairs = [(slice(0, before), slice(before, before + 1)), (slice(stop, stop + after), slice(stop - 1, stop))]
    else:
        pairs = [
            (slice(0, before), slice(2 * before, before, -1)),
            (slice(stop, stop + after), slice(stop - 2, stop - 2 - after if stop - 2 >= after else None, -1)),
        ]
    return [pair for pair, count in zip(pairs, (before, after), strict=True) if count]


@primitive(kind="linear", cost=0, symbol="pad {0}", x=lambda g, x_shape, pads, mode: frame_sum(g, x_shape, pads, mode))
def frame(x: Any, pads: Any, mode: Any) -> Any:
    """Return ``x`` with ``pads`` = ((before, after), ...) further elements around it, copied from within."""
    array = np.asarray(x)
    shape = tuple(n + before + after for n, (before, after) in zip(array.shape, pads, strict=True))
    result = np.empty(shape, array.dtype)
    result[_inside(shape, pads)] = array
    done: list[Any] = list(_inside(shape, pads))
    for axis, (before, after) in enumerate(pads):
        for part, origin in _side(array.shape[axis], before, after, mode):
            result[(*done[:axis], part, *done[axis + 1 :])] = result[(*done[:axis], origin, *done[axis + 1 :])]
        done[axis] = slice(None)
    return result


@primitive(
    kind="linear", widens=True, cost=per_input(), symbol="fold {0}", x=lambda g, pads, mode: frame(g, pads, mode)
)
def frame_sum(x: Any, shape: Any, pads: Any, mode: Any) -> Any:
    """Return the inside of a framed ``x``, with the frame added to what it is a copy of: the transpose of framing."""
    folded = np.array(x)
    inside = _inside(folded.shape, pads)
    # Backwards through the axes: the first was framed first, before the others had frames to copy.
    for axis in reversed(range(len(shape))):
        whole, rest = (slice(None),) * axis, inside[axis + 1 :]
        for part, origin in _side(shape[axis], pads[axis][0], pads[axis][1], mode):
            source, target = folded[(*whole, part, *rest)], folded[(*whole, origin, *rest)]
            target += total(source, (axis,), True) if mode == "replicate" else source
    return np.array(folded[inside])


# -- as PyTorch calls them -------------------------------------------------------------------------------------


def _pads(pad: Any, shape: Any, what: Any) -> Any:
    """Return a frame for every axis, from PyTorch's list, which begins with the last axis."""
    sizes = as_shape(pad, what)
    if len(sizes) % 2 or len(sizes) > 2 * len(shape):
        raise ValueError(
            f"{what}: pad must hold two numbers for each of the last axes of shape {tuple(shape)}, beginning with the "
            f"last axis, but it is {sizes}"
        )
    pairs = [(sizes[i], sizes[i + 1]) for i in range(0, len(sizes), 2)]
    pads = [(0, 0)] * (len(shape) - len(pairs)) + pairs[::-1]
    for axis, (n, (before, after)) in enumerate(zip(shape, pads, strict=True)):
        if n + before + after < 0:
            raise ValueError(
                f"{what}: pad {(before, after)} would leave dim {axis}, which has size {n}, a negative size"
            )
    return tuple(pads)


def _cropped(x: Any, pads: Any) -> Any:
    """Return ``x`` without what negative pads cut off, and the pads that remain."""
    if all(n >= 0 for pair in pads for n in pair):
        return x, pads
    parts = tuple(slice(max(-before, 0), n - max(-after, 0)) for n, (before, after) in zip(x.shape, pads, strict=True))
    return getitem(x, parts), tuple((max(before, 0), max(after, 0)) for before, after in pads)


@composed
def pad(input: Any, pad: Any, mode: Any = "constant", value: Any = None) -> Any:
    """Return ``input`` with a frame of further elements around it.

    Args:
        pad: (before, after) for the last axis, then for the one before it, and so on. Negative numbers cut off.
        mode: ``"constant"``: the frame is ``value``; ``"reflect"``: the elements mirrored at the border, without those
            on it; ``"replicate"``: the element on the border; ``"circular"``: the elements of the other end.
        value: what fills a constant frame; default 0.

    The gradient of an element is the sum over all its copies.

    Edges: a reflected frame must be narrower than the axis, a circular one at most as wide. What negative numbers cut
    off at one end is still mirrored or repeated at the other, but a circular frame does not copy it. All modes frame
    any number of axes; PyTorch's, other than constant, only the last one to three.

    Raises:
        ValueError: there are more numbers than axes, the frame is too wide for the mode, nothing is left to frame, or
            the mode is none of these.

    >>> import glassgrad as gg
    >>> gg.nn.functional.pad(gg.tensor([1, 2, 3]), (2, 1), mode="reflect")
    tensor([3, 2, 1, 2, 3, 2])
    """
    if mode not in _MODES:
        raise ValueError(f"pad: mode must be one of {', '.join(_MODES)}, not {mode!r}")
    if mode == "constant":
        return constant_pad_nd(input, pad, 0 if value is None else value)
    if value:
        raise ValueError(f"pad: a value is for mode 'constant'; mode {mode!r} takes none")
    inner, pads = input, _pads(pad, input.shape, "pad")
    if mode == "circular":
        inner, pads = _cropped(input, pads)
    for axis, (n, (before, after)) in enumerate(zip(inner.shape, pads, strict=True)):
        widest = {"reflect": n - 1, "circular": n, "replicate": math.inf if n else 0}[mode]
        if max(before, after) > max(widest, 0):
            raise ValueError(
                f"pad: a {mode} frame of {(before, after)} is too wide for dim {axis} of size {n}; at most "
                f"{max(widest, 0)} elements can be copied"
            )
        if before + after and n + before + after < 1:
            raise ValueError(f"pad: nothing would be left of dim {axis} of size {n} with a frame of {(before, after)}")
    framed = frame(inner, tuple((max(before, 0), max(after, 0)) for before, after in pads), mode)
    return _cropped(framed, tuple((min(before, 0), min(after, 0)) for before, after in pads))[0]


@composed
def constant_pad_nd(input: Any, pad: Any, value: Any = 0) -> Any:
    """Return ``input`` with ``value`` around it: (before, after) for the last axis first; negative numbers cut off.

    Raises:
        ValueError: there are more numbers than axes, or an axis would get a negative size.
        TypeError: integers should be padded with a fraction, or with a number that does not fit.

    >>> import glassgrad as gg
    >>> gg.constant_pad_nd(gg.tensor([1, 2]), (1, -1), 9)
    tensor([9, 1])
    """
    inner, pads = _cropped(input, _pads(pad, input.shape, "pad"))
    number = np.asarray(value)
    return surround(inner, pads, number.astype(input.dtype).item() if input.dtype.kind == "f" else number.item())
