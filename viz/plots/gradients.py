"""How large gradients are, layer by layer, and how that changes while a network learns."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...autograd import Tensor
from .. import numbers
from .runs import plain
from .style import literal
from .values import Start, array, begin, pair

__all__ = ["gradient_flow", "mean_gradients"]

_WORDS = "mean absolute gradient"


def mean_gradients(model: Any, biases: bool = False) -> dict[str, float]:
    """Return the mean absolute gradient of each parameter by name; NaN where backward has left none.

    Collect one such dict a step, and ``gradient_flow`` draws them over time.

    Args:
        model: an ``nn.Module`` after ``backward()``.
        biases: also parameters with fewer than two dimensions, which are biases and scales of normalisation.

    Raises:
        TypeError: it is not a module.
        ValueError: no parameter has a gradient.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> model = nn.Linear(2, 1, bias=False)
    >>> model(gg.tensor([[1.0, -3.0]])).sum().backward()
    >>> mean_gradients(model)
    {'weight': 2.0}
    """
    if not callable(getattr(model, "named_parameters", None)):
        raise TypeError(f"mean_gradients: model must be an nn.Module, not {type(model).__name__}")
    found: dict[str, float] = {}
    some = False
    for name, parameter in model.named_parameters():
        if biases or parameter.ndim >= 2:
            gradient = parameter.grad
            some = some or gradient is not None
            values = None if gradient is None else np.abs(gradient.numpy().astype(np.float64))
            found[name] = float("nan") if values is None or not values.size else float(values.mean())
    if not found:
        raise ValueError("mean_gradients: the model has no weights; with biases=True every parameter counts")
    if not some:
        raise ValueError("mean_gradients: no parameter has a gradient; call loss.backward() first")
    return found


def gradient_flow(
    source: Any, *, biases: bool = False, limits: tuple[float, float] | None = None, xlabel: str = "step",
    title: str | None = None, path: str | os.PathLike[str] | None = None, theme: Any = "light", width: float = 16.0,
    ax: Any = None,
) -> Any:  # fmt: skip
    """Plot the mean absolute gradient of each layer: now, or over time as a map of heat.

    Args:
        source: an ``nn.Module`` after ``backward()``; or a dict of layer to one number; or over time: a list of such
            dicts, or a dict of layer to a row of numbers. Numbers are mean absolute gradients (see ``mean_gradients``);
            a tensor or array of two or more dimensions is a gradient whose mean absolute value is taken.
        biases: of a module, also parameters with fewer than two dimensions.
        limits: lowest and highest gradient of the scale, for panels that are to be compared.
        xlabel: what the numbers of a row are for.
        title, path, theme, width, ax: as ``learning_curves``.

    Returns:
        The matplotlib figure. The scale is logarithmic; gradients that are zero, NaN or infinite have no place on it:
        they are left out, and said.

    Raises:
        ImportError: matplotlib is not installed.
        TypeError, ValueError: there is no gradient, or the layers differ in length.

    >>> figure = gradient_flow({"layer 1": 1e-6, "layer 2": 1e-4, "layer 3": 1e-2})
    >>> figure.axes[0].get_xscale(), [text.get_text() for text in figure.axes[0].get_yticklabels()]
    ('log', ['layer 1', 'layer 2', 'layer 3'])
    """
    what = "gradient_flow"
    start = begin(what, path, theme, width, ax)
    rows = _rows(what, source, biases)
    values = np.stack(list(rows.values()))
    usable = np.isfinite(values) & (values > 0)
    if not usable.any():
        raise ValueError(f"{what}: no gradient is a positive finite number; after backward() they are all 0, NaN or ∞")
    if limits is None:
        low, high = float(values[usable].min()), float(values[usable].max())
    else:
        low, high = pair(what, "limits", limits, positive=True)
    style = start.style
    with start.figure.settings():
        if ax is None:
            row = 0.62 if values.shape[1] == 1 else 0.75
            figure = start.figure.new_figure(style, max(3.2, row * len(rows) * (0.8 if style.narrow else 1)) + 1.6)
            ax = figure.subplots()
        else:
            figure = ax.get_figure(root=True)
        start.figure.dress(ax, style, grid=None)
        names = [literal(name, 24) for name in rows]
        if values.shape[1] == 1:
            _dots(start, ax, names, values[:, 0], usable[:, 0], low, high)
        else:
            _heat(start, ax, names, np.where(usable, values, np.nan), low, high, xlabel)
        zeros, broken = int(np.sum(values == 0)), int(np.sum(~np.isfinite(values)))
        said = [
            f"{numbers.plural(zeros, 'gradient')} exactly 0, left out" if zeros else "",
            f"{numbers.plural(broken, 'gradient')} missing, NaN or infinite, left out" if broken else "",
        ]
        if start.ax is not None:
            start.hand_over({}, said, title)
            return figure
        return start.figure.finish(figure, title, path, said)


def _rows(what: str, source: Any, biases: bool) -> dict[str, NDArray[np.float64]]:
    """Return a row of mean absolute gradients for each layer."""
    if callable(getattr(source, "named_parameters", None)):
        source = mean_gradients(source, biases)
    source = plain(source)
    if isinstance(source, Sequence) and not isinstance(source, str) and source and isinstance(source[0], Mapping):
        names = list(dict.fromkeys(name for step in source for name in step))
        source = {name: [_mean(what, name, step.get(name, np.nan)) for step in source] for name in names}
    if isinstance(source, list | tuple) and not source:
        raise ValueError(f"{what}: there are no steps to draw")
    if not isinstance(source, Mapping):
        raise TypeError(
            f"{what}: expected a module, a dict of layer to gradients, or a list of such dicts, "
            f"not {type(source).__name__}"
        )
    if not source:
        raise ValueError(f"{what}: there are no layers to draw")
    rows = {}
    for name, value in source.items():
        single = np.ndim(value) != 1
        row = np.array([_mean(what, name, value)]) if single else array(what, f"layer {name!r}", value, 1)
        if np.any(row < 0):
            raise ValueError(
                f"{what}: layer {name!r} holds {np.nanmin(row):g}; mean absolute gradients are not negative"
            )
        rows[str(name)] = row
    lengths = {len(row) for row in rows.values()}
    if len(lengths) > 1:
        raise ValueError(
            f"{what}: all layers must have equally many steps, got { ({name: len(row) for name, row in rows.items()}) }"
        )
    return rows


def _mean(what: str, name: Any, value: Any) -> float:
    if isinstance(value, Tensor | np.ndarray | Sequence) and np.ndim(value) >= 1:
        return float(np.abs(array(what, f"layer {name!r}", value)).mean())
    return float(array(what, f"layer {name!r}", [value], 1)[0])


def _dots(start: Start, ax: Any, names: list[str], values: Any, usable: Any, low: float, high: float) -> None:
    """One dot a layer on a logarithmic axis: a bar would have no honest foot there."""
    style = start.style
    at = np.arange(len(names))
    room = max(high / low, 10.0) ** 0.06
    ax.set_xlim(low / room, high * room ** (4 if style.narrow else 2))
    start.figure.log_axis(ax, "x", style)
    ax.hlines(at[usable], low / room, values[usable], color=style.grid, linewidth=2.0, zorder=1)
    ax.plot(
        values[usable], at[usable], linestyle="none", marker="o", markersize=4.5 if style.narrow else 6,
        color=style.colour(0), zorder=3, label="mean absolute gradient",
    )  # fmt: skip
    for place, value in zip(at[usable], values[usable], strict=True):
        ax.annotate(
            numbers.number(float(f"{value:.2g}")), (value, place), (6, 0), textcoords="offset points", va="center",
            fontsize=style.size, color=style.theme.muted,
        )  # fmt: skip
    ax.set_yticks(at, names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.set_xlabel(_WORDS)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)


def _heat(start: Start, ax: Any, names: list[str], values: Any, low: float, high: float, xlabel: str) -> None:
    from matplotlib.colors import LogNorm

    style = start.style
    norm = LogNorm(low, high if high > low else low * 10)
    ax.set_facecolor(style.grid)
    image = ax.imshow(
        values, aspect="auto", interpolation="nearest", cmap="cividis", norm=norm,
        extent=(0.5, values.shape[1] + 0.5, len(names) - 0.5, -0.5),
    )  # fmt: skip
    ax.set_yticks(np.arange(len(names)), names)
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel(literal(xlabel))
    ax.xaxis.get_major_locator().set_params(integer=True)
    for spine in ax.spines.values():
        spine.set_visible(False)
    if start.ax is None:
        start.figure.colour_bar(ax.figure, image, ax, style, _WORDS)
    else:
        start.leave_map(ax, image, _WORDS)
