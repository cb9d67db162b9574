"""Contours of functions of two variables, and the paths that optimisers take over them, with numbered points."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...autograd import Tensor, no_grad
from .style import Style, literal
from .values import Start, array, begin, gaps, listing, number_labels, pair

__all__ = ["paths_on_contours"]

_GRID = 161  # points of the grid on each axis


def paths_on_contours(
    f: Callable[..., Any] | Mapping[str, Callable[..., Any]], paths: Any = None, *,
    points: Mapping[str, Sequence[float]] | None = None, xlim: tuple[float, float] | None = None,
    ylim: tuple[float, float] | None = None, levels: int | Sequence[float] = 9, numbered: bool = True,
    separate: bool | None = None, looks: Mapping[str, int] | None = None, aspect: str = "auto", xlabel: str = "x",
    ylabel: str = "y", title: str | None = None, path: str | os.PathLike[str] | None = None, theme: Any = "light",
    width: float = 16.0, ax: Any = None,
) -> Any:  # fmt: skip
    """Plot contours of functions f(x, y), with paths over them whose points are numbered from 0, the start.

    Args:
        f: a function of two arrays, or of two tensors, of the same shape; or several by name, which then differ in
            colour and dashes (a loss, its penalty and their sum).
        paths: an array (points, 2), or several by name, or a list of them.
        points: further marks by name, such as minima.
        xlim, ylim: what is shown; otherwise all paths and points, with room around them.
        levels: number of contours, closer near the lowest value, or their values.
        numbered: write numbers at points, as many as fit without touching.
        separate: give each path a panel of its own; by default, if there are more than two.
        looks: a number for each path by name: which of the theme's colours and markers it has, so that it is the same
            in several plots; by default they are given in order.
        aspect: "equal" for one scale on both axes.
        xlabel, ylabel: names of the variables.
        title, path, theme, width, ax: as `learning_curves`.

    Returns:
        The matplotlib figure.

    Raises:
        ImportError: matplotlib is not installed.
        TypeError, ValueError: a path is not of shape (points, 2), there is nothing to show, or f gives no numbers.

    >>> figure = paths_on_contours(lambda x, y: x**2 / 20 + y**2, {"SGD": [(-7, 2), (-6.3, -1.8), (-5.7, 1.6)]})
    >>> figure.axes[0].lines[0].get_xydata().tolist()
    [[-7.0, 2.0], [-6.3, -1.8], [-5.7, 1.6]]
    """
    what = "paths_on_contours"
    start = begin(what, path, theme, width, ax)
    functions = dict(f) if isinstance(f, Mapping) else {"": f}
    if not functions or not all(callable(function) for function in functions.values()):
        raise TypeError(f"{what}: f must be a function of x and y, or a dict of them by name, not {f!r}")
    if aspect not in ("auto", "equal"):
        raise ValueError(f"{what}: aspect must be 'auto' or 'equal', got {aspect!r}")
    if points is not None and not isinstance(points, Mapping):
        raise TypeError(f"{what}: points must be a dict of name to (x, y), not {type(points).__name__}")
    if isinstance(levels, int):
        if isinstance(levels, bool) or levels < 1:
            raise ValueError(
                f"{what}: levels must be a number of contours, at least 1, or their values; got {levels!r}"
            )
    else:
        levels = np.unique(array(what, "levels", levels, 1)).tolist()
    routes = _routes(what, paths)
    chosen = _looks(what, looks, routes)
    marks = {str(name): _point(what, name, xy) for name, xy in (points or {}).items()}
    window = _window(what, [*routes.values(), *(mark[np.newaxis] for mark in marks.values())], xlim, ylim)
    fields = {str(name): _field(what, function, window) for name, function in functions.items()}
    apart = len(routes) > 2 if separate is None else bool(separate)
    groups = [{name: route} for name, route in routes.items()] if apart and len(routes) > 1 else [routes]
    if ax is not None and len(groups) > 1:
        groups = [routes]
    style = start.style
    with start.figure.settings():
        if ax is None:
            figure, panels = _panels(start, len(groups))
        else:
            figure, panels = ax.get_figure(root=True), [ax]
        for panel, group in zip(panels, groups, strict=True):
            start.figure.dress(panel, style, grid=None)
            handles = _contours(panel, fields, window, levels, style)
            handles |= _draw_routes(panel, group, chosen, style)
            for i, (name, xy) in enumerate(marks.items()):
                (mark,) = panel.plot(
                    *xy, marker="o", markersize=(4, 7.5)[min(i, 1)], color=style.theme.ink, linestyle="none", zorder=6
                )
                handles[literal(name)] = mark
            panel.set_xlim(window[0], window[1])
            panel.set_ylim(window[2], window[3])
            panel.set_aspect(aspect, anchor="W")
            panel.set_xlabel(literal(xlabel))
            panel.set_ylabel(literal(ylabel))
            if len(groups) > 1:
                room = style.width / (2 if style.narrow else 3) / 2.54 * 72 - 24
                words = start.figure.wrapped(figure, literal(next(iter(group))), style.size, room=room)
                start.figure.heading(panel, words, style)
                handles.pop(literal(next(iter(group))), None)
                panel.label_outer()
        said = gaps(np.concatenate([route.ravel() for route in routes.values()]), "coordinate") if routes else ""
        if ax is not None:
            start.hand_over(handles, [said], title)
        else:
            start.figure.key(figure, handles, style)
            start.figure.finish(figure, title, None, [said])
        if numbered and routes:
            figure.draw_without_rendering()
            for panel, group in zip(panels, groups, strict=True):
                _number(panel, list(group.values()), style)
        if path is not None:
            figure.savefig(path)
        return figure


def _routes(what: str, paths: Any) -> dict[str, NDArray[np.float64]]:
    if paths is None:
        return {}
    if isinstance(paths, Mapping):
        named = {str(name): value for name, value in paths.items()}
    elif (isinstance(paths, Tensor | np.ndarray) and paths.ndim == 2) or _is_pairs(paths):
        named = {"": paths}
    elif isinstance(paths, Sequence | np.ndarray | Tensor) and not isinstance(paths, str):
        named = dict(zip(number_labels(len(paths), "path"), paths, strict=True))
    else:
        raise TypeError(f"{what}: paths must be an array (points, 2), a list or a dict of them, not {paths!r}")
    found = {}
    for name, value in named.items():
        route = array(what, f"the path {name!r}" if name else "the path", value, 2)
        if route.shape[1] != 2:
            raise ValueError(f"{what}: the path {name!r} must have shape (points, 2), got {route.shape}")
        if not np.isfinite(route).all(axis=1).any():
            raise ValueError(f"{what}: every point of the path {name!r} is NaN or infinite")
        found[name] = np.where(np.isfinite(route), route, np.nan)
    return found


def _looks(what: str, looks: Any, routes: Mapping[str, Any]) -> dict[str, int]:
    found = {name: i for i, name in enumerate(routes)}
    if looks is None:
        return found
    if not isinstance(looks, Mapping):
        raise TypeError(f"{what}: looks must be a dict of path to number, not {type(looks).__name__}")
    for name, look in looks.items():
        if str(name) not in found:
            raise ValueError(f"{what}: looks names a path {name!r}; the paths are {listing(found)}")
        if isinstance(look, bool) or not isinstance(look, int) or look < 0:
            raise ValueError(f"{what}: looks[{name!r}] must be a whole number from 0, got {look!r}")
        found[str(name)] = look
    return found


def _is_pairs(paths: Any) -> bool:
    return isinstance(paths, Sequence) and len(paths) > 0 and all(np.shape(p) == (2,) for p in paths)


def _point(what: str, name: Any, xy: Any) -> NDArray[np.float64]:
    point = array(what, f"the point {name!r}", xy, 1)
    if point.shape != (2,) or not np.isfinite(point).all():
        raise ValueError(f"{what}: the point {name!r} must be two finite numbers, got {xy!r}")
    return point


def _window(what: str, seen: Sequence[NDArray[Any]], xlim: Any, ylim: Any) -> tuple[float, float, float, float]:
    limits: list[float] = []
    for axis, (name, given) in enumerate((("xlim", xlim), ("ylim", ylim))):
        if given is not None:
            low, high = pair(what, name, given)
        elif not seen:
            raise ValueError(f"{what}: without paths, say with xlim= and ylim= what to show")
        else:
            coordinates = np.concatenate([part[:, axis] for part in seen])
            low, high = float(np.nanmin(coordinates)), float(np.nanmax(coordinates))
            room = 0.15 * (high - low) or 1.0
            low, high = low - room, high + room
        limits += [low, high]
    return limits[0], limits[1], limits[2], limits[3]


def _field(
    what: str, function: Callable[..., Any], window: tuple[float, float, float, float]
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Evaluate a function on a grid: on arrays, or if it uses methods of tensors, on tensors."""
    x, y = np.meshgrid(np.linspace(*window[:2], _GRID), np.linspace(*window[2:], _GRID))
    with no_grad(), np.errstate(all="ignore"):
        try:
            values = function(x, y)
        except AttributeError:
            values = function(Tensor(x), Tensor(y))
    try:
        z = np.broadcast_to(array(what, "the values of f", values), x.shape).copy()
    except ValueError as error:
        raise ValueError(
            f"{what}: f must give one number for each x and y: from shapes {x.shape} and {x.shape} it made "
            f"{np.shape(values)}"
        ) from error
    if not np.isfinite(z).any():
        raise ValueError(f"{what}: f is NaN or infinite everywhere in x {window[:2]}, y {window[2:]}")
    return x, y, np.ma.masked_invalid(z)


def _panels(start: Start, count: int) -> tuple[Any, list[Any]]:
    style = start.style
    columns = min(count, 2 if style.narrow else 3)
    rows = -(-count // columns)
    each = style.width / columns
    figure = start.figure.new_figure(style, rows * each * (0.86 if columns > 1 else 0.68) + 0.4)
    axes = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    for spare in axes.flat[count:]:
        spare.remove()
    return figure, list(axes.flat[:count])


def _levels(z: NDArray[Any], levels: Any) -> Any:
    if not isinstance(levels, int):
        return sorted(float(level) for level in levels)
    low, high = float(z.min()), float(z.max())
    if low == high:
        return [low]
    # Quadratic steps: a bowl gets rings of equal width, which also shows a valley's floor.
    return low + (high - low) * (np.arange(1, levels + 1) / (levels + 0.5)) ** 2


def _contours(panel: Any, fields: Any, window: Any, levels: Any, style: Style) -> dict[str, Any]:
    from matplotlib.lines import Line2D

    handles = {}
    for i, (name, (x, y, z)) in enumerate(fields.items()):
        alone = len(fields) == 1
        colour = style.theme.group if alone else (style.theme.ink, style.colour(1), style.theme.ink)[i % 3]
        # The last of several is the sum that counts: solid; what it is made of is dashed.
        dashes: Any = "solid" if alone or i == len(fields) - 1 else ((0, (6, 2)), (0, (2.2, 1.6)))[i % 2]
        wide = 0.8 if alone or i < len(fields) - 1 else 1.2
        panel.contour(x, y, z, levels=_levels(z, levels), colors=colour, linewidths=wide, linestyles=[dashes], zorder=1)
        if name:
            handles[literal(name)] = Line2D([], [], color=colour, linewidth=wide, linestyle=dashes)
    return handles


def _draw_routes(
    panel: Any, group: Mapping[str, NDArray[Any]], looks: Mapping[str, int], style: Style
) -> dict[str, Any]:
    handles = {}
    size = 2.6 if style.narrow else 3.6
    for i, (name, route) in enumerate(group.items()):
        (line,) = panel.plot(
            route[:, 0], route[:, 1], color=style.colour(looks[name]), linestyle=style.dashes(i),
            linewidth=style.line * 0.75, marker=style.marker(looks[name]), markersize=size, zorder=3 + 0.01 * i,
            markeredgecolor=style.theme.background, markeredgewidth=0.4, label=literal(name) or "path",
        )  # fmt: skip
        if name:
            handles[literal(name)] = line
    return handles


def _number(panel: Any, routes: Sequence[NDArray[Any]], style: Style) -> None:
    """Write numbers beside points: the first and the last, then rounder numbers before others, where there is room."""
    scale = panel.figure.get_figure(root=True).dpi / 72
    bounds = panel.get_window_extent()
    points = [panel.transData.transform(route) for route in routes]
    everything = np.concatenate(points)
    everything = everything[np.isfinite(everything).all(axis=1)]
    dense = np.concatenate([_along(route) for route in points])
    taken: list[tuple[float, float, float, float]] = []
    written: list[tuple[int, NDArray[Any]]] = []
    height = style.size * scale * 0.86
    for route, at in zip(routes, points, strict=True):
        for step in _order(len(route)):
            if not np.isfinite(at[step]).all():
                continue
            if any(number == step and np.hypot(*(at[step] - place)) < scale for number, place in written):
                continue  # paths that start together share their 0
            width = len(str(step)) * style.size * scale * 0.66
            for dx, dy in ((0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)):
                gap = 3.6 * scale
                x = at[step, 0] + dx * (gap + width / 2)
                y = at[step, 1] + dy * (gap + height / 2)
                box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
                if box[0] < bounds.x0 or box[1] < bounds.y0 or box[2] > bounds.x1 or box[3] > bounds.y1:
                    continue
                if _covers(box, everything, 1.5 * scale) or _covers(box, dense, 0.5 * scale):
                    continue
                if any(_meet(box, other, 2.5 * scale) for other in taken):
                    continue
                taken.append(box)
                written.append((step, at[step]))
                panel.annotate(
                    str(step), route[step], ((x - at[step, 0]) / scale, (y - at[step, 1]) / scale),
                    textcoords="offset points", ha="center", va="center", fontsize=style.size, color=style.theme.ink,
                    zorder=7,
                )  # fmt: skip
                break


def _order(count: int) -> list[int]:
    """Return steps, the most wanted first."""
    order = [0, count - 1]
    for stride in (10, 5, 2, 1):
        order += [step for step in range(0, count, stride) if step not in order]
    return order[:60]


def _along(route: NDArray[Any]) -> NDArray[Any]:
    """Return points close together along a path, so that a number can be kept off its lines."""
    known = route[np.isfinite(route).all(axis=1)]
    if len(known) < 2:
        return known
    share = np.linspace(0, 1, 25)[:, np.newaxis, np.newaxis]
    return np.asarray((known[:-1] * (1 - share) + known[1:] * share).reshape(-1, 2))


def _covers(box: tuple[float, float, float, float], points: NDArray[Any], margin: float) -> bool:
    x, y = points[:, 0], points[:, 1]
    inside = (x > box[0] - margin) & (x < box[2] + margin) & (y > box[1] - margin) & (y < box[3] + margin)
    return bool(inside.any())


def _meet(a: tuple[float, float, float, float], b: tuple[float, float, float, float], margin: float) -> bool:
    return a[0] < b[2] + margin and b[0] < a[2] + margin and a[1] < b[3] + margin and b[1] < a[3] + margin
