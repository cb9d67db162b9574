"""The units of a network and the connections between them, with dropped units crossed out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...autograd import Tensor
from .style import Style, literal
from .values import array, begin, labels_for, number_labels

__all__ = ["units"]

_MOST = 16  # units of a layer; more are no longer told apart

Mask = list[NDArray[np.bool_]]


def units(
    mask: Any, *, test: bool = False, keep: float | None = None, labels: Sequence[str] | None = None,
    layers: Sequence[str] | None = None, title: str | None = None, path: str | os.PathLike[str] | None = None,
    theme: Any = "light", width: float = 16.0,
) -> Any:  # fmt: skip
    """Draw networks as units and connections; a dropped unit is crossed out and has no connections.

    Args:
        mask: the sizes of the layers, such as (5, 5, 3), for a whole network; or a mask, which is one row for each
            layer with 0 or False for a dropped unit (any other number is kept, so masks scaled by 1/keep will do); or
            a list of masks, which get a panel each.
        test: add a panel with the network as it is tested: every unit present.
        keep: the probability with which a unit is kept; written under the network that is tested, by which its outputs
            are multiplied (dropout as it was first published; inverted dropout needs no factor, so give none).
        labels: names of the panels; by default "mask 1", "mask 2", ...
        layers: names of the layers, written below them.
        title, path, theme, width: as ``learning_curves``.

    Returns:
        The matplotlib figure.

    Raises:
        ImportError: matplotlib is not installed.
        TypeError, ValueError: layers are empty or have more than 16 units, or the masks are of different networks.

    >>> figure = units([[1, 0, 1], [1, 1]], test=True, keep=0.8)
    >>> [ax.get_title(loc="left") for ax in figure.axes]
    ['mask 1: 4 of 5 units', 'test: all units, outputs × 0.8']
    """
    what = "units"
    start = begin(what, path, theme, width)
    masks, whole = _masks(what, mask)
    if keep is not None and (isinstance(keep, bool) or not isinstance(keep, int | float) or not 0 < keep <= 1):
        raise ValueError(f"{what}: keep must be a probability above 0 and at most 1, got {keep!r}")
    if keep is not None and not test:
        raise ValueError(f"{what}: keep is written under the network that is tested; ask for it with test=True")
    depth = len(masks[0])
    words = None if layers is None else [literal(name, 14) for name in labels_for(what, layers, depth, "layers")]
    given = labels if labels is not None else [""] if whole else number_labels(len(masks), "mask")
    names = [literal(name, 24) for name in labels_for(what, given, len(masks))]
    titles = []
    for name, layers_of in zip(names, masks, strict=True):
        kept, total = sum(int(layer.sum()) for layer in layers_of), sum(len(layer) for layer in layers_of)
        count = f"{kept} of {total} units" if kept < total else f"all {total} units"
        titles.append(f"{name}: {count}" if name else count)
    if test:
        masks = [*masks, [np.ones(len(layer), dtype=bool) for layer in masks[0]]]
        titles.append("test: all units" + (f", outputs × {keep:g}" if keep is not None else ""))
    style = start.style
    columns = min(len(masks), 2 if style.narrow else 4)
    rows = -(-len(masks) // columns)
    tallest = max(len(layer) for layer in masks[0])
    with start.figure.settings():
        each = min(style.width / columns, 7.5)
        height = each * min(1.1, max(0.45, 0.16 * tallest)) + 0.7
        figure = start.figure.new_figure(style, rows * height)
        grid = figure.subplots(rows, columns, squeeze=False)
        for spare in grid.flat[len(masks) :]:
            spare.remove()
        room = style.width / columns / 2.54 * 72 - 12
        if any(start.figure.text_width(figure, words_above, style.size) > room for words_above in titles):
            titles = [words_above.replace(": ", "\n", 1) for words_above in titles]
        for ax, layers_of, words_above in zip(grid.flat, masks, titles, strict=False):
            start.figure.dress(ax, style, grid=None, bare=True)
            _net(ax, layers_of, words, style)
            start.figure.heading(ax, words_above, style)
        return start.figure.finish(figure, title, path)


def _masks(what: str, mask: Any) -> tuple[list[Mask], bool]:
    """Return masks of one network, and whether only its sizes were given."""
    if isinstance(mask, str) or not isinstance(mask, Sequence | np.ndarray | Tensor) or len(mask) == 0:
        raise TypeError(f"{what}: mask must be sizes of layers, a mask or a list of masks, not {mask!r}")
    depth = _depth(mask)
    if depth == 1:
        sizes = array(what, "the sizes", mask, 1)
        if np.any((sizes < 1) | (sizes != np.floor(sizes))):
            raise ValueError(f"{what}: the sizes of layers must be whole numbers from 1, got {list(mask)}")
        _check(what, [int(n) for n in sizes])
        return [[np.ones(int(n), dtype=bool) for n in sizes]], True
    if depth not in (2, 3):
        raise ValueError(f"{what}: mask must be sizes, rows of units, or a list of those; it is nested {depth} deep")
    found = []
    for one in [mask] if depth == 2 else mask:
        layers = [array(what, f"layer {i + 1} of a mask", layer, 1) for i, layer in enumerate(one)]
        if any(np.isnan(layer).any() for layer in layers):
            raise ValueError(f"{what}: a mask holds NaN; a unit is dropped (0) or kept")
        found.append([layer != 0 for layer in layers])
    lengths = [[len(layer) for layer in one] for one in found]
    if any(other != lengths[0] for other in lengths):
        raise ValueError(f"{what}: all masks must be of one network, got layers of {' and '.join(map(str, lengths))}")
    _check(what, lengths[0])
    return found, False


def _check(what: str, sizes: Sequence[int]) -> None:
    if max(sizes) > _MOST:
        raise ValueError(
            f"{what}: at most {_MOST} units a layer can be told apart, got {max(sizes)}; draw a smaller net"
        )
    if len(sizes) > 8:
        raise ValueError(f"{what}: at most 8 layers can be drawn, got {len(sizes)}")


def _depth(value: Any) -> int:
    if isinstance(value, Tensor | np.ndarray):
        return int(value.ndim)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return 1 + (_depth(value[0]) if len(value) else 0)
    return 0


def _net(ax: Any, layers: Mask, words: Sequence[str] | None, style: Style) -> None:
    """Draw one network from left to right."""
    from matplotlib.collections import LineCollection

    tallest = max(len(layer) for layer in layers)
    apart = max(1.0, (tallest - 1) * 0.62)  # between layers, in units of the distance between neighbours
    places = [
        np.stack([np.full(len(layer), i * apart), (len(layer) - 1) / 2 - np.arange(len(layer))], axis=1)
        for i, layer in enumerate(layers)
    ]
    lines = [
        (start, end)
        for here, there, kept, following in zip(places, places[1:], layers, layers[1:], strict=False)
        for start, alive in zip(here, kept, strict=True)
        for end, taken in zip(there, following, strict=True)
        if alive and taken
    ]
    ax.add_collection(
        LineCollection(lines, colors=style.theme.operation, linewidths=0.6, zorder=1, label="connections")
    )
    radius = 0.27
    for where, kept in zip(places, layers, strict=True):
        for (x, y), alive in zip(where, kept, strict=True):
            _unit(ax, float(x), float(y), radius, bool(alive), style)
    lowest = -(tallest - 1) / 2 - radius - 0.15
    if words:
        for where, word in zip(places, words, strict=True):
            ax.text(
                where[0, 0], lowest - 0.1, word, ha="center", va="top", fontsize=style.size, color=style.theme.muted
            )
    ax.set(
        xlim=(-0.6, (len(layers) - 1) * apart + 0.6),
        ylim=(lowest - (0.15 if words else 0), -lowest),
        aspect="equal",
        anchor="NW",
    )


def _unit(ax: Any, x: float, y: float, radius: float, alive: bool, style: Style) -> None:
    from matplotlib.patches import Circle

    theme = style.theme
    fill, edge = (theme.leaf_fill, style.colour(0)) if alive else (theme.background, theme.group)
    circle = Circle((x, y), radius, facecolor=fill, edgecolor=edge, linewidth=1.2, zorder=3)
    circle.set(linestyle="solid" if alive else (0, (2, 1.5)), label="kept" if alive else "dropped")
    ax.add_patch(circle)
    if not alive:
        arm = 0.62 * radius
        for sign in (1, -1):
            ax.plot(
                (x - arm, x + arm), (y - sign * arm, y + sign * arm), color=theme.backward, linewidth=1.6, zorder=4,
                solid_capstyle="round", label="_cross",
            )  # fmt: skip
