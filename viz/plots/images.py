"""What convolutional networks see: filters, maps of features, and images that were taken for another class."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...autograd import Tensor, no_grad
from .. import numbers
from .mosaic import Mosaic, as_images, ink_map
from .style import literal
from .values import array, begin, gaps, integers, labels_for, listing

__all__ = ["feature_maps", "filters", "misclassified"]


def filters(
    conv: Any, *, limit: int = 64, title: str | None = None, path: str | os.PathLike[str] | None = None,
    theme: Any = "light", width: float = 16.0,
) -> Any:  # fmt: skip
    """Plot the weights of a convolution as small images, on one scale that is symmetric about 0.

    Args:
        conv: an ``nn.Conv2d``, or its weights, shape (filters, channels, height, width) or (filters, height, width).
            Filters of three channels are shown in colour, grey being 0; of other numbers of channels each row is a
            filter and each column a channel.
        limit: most images that are drawn.
        title, path, theme, width: as ``learning_curves``.

    Returns:
        The matplotlib figure.

    Raises:
        ImportError: matplotlib is not installed.
        TypeError, ValueError: these are no filters.

    >>> from glassgrad import nn
    >>> figure = filters(nn.Conv2d(1, 30, 5))
    >>> len(figure.axes[0].images), figure.axes[0].images[0].get_array().shape
    (30, (5, 5))
    """
    what = "filters"
    start = begin(what, path, theme, width)
    most = _limit(what, limit)
    weights = _weights(what, conv)
    said = [gaps(weights, "weight")]
    count, channels = weights.shape[:2]
    finite = weights[np.isfinite(weights)]
    if not finite.size:
        raise ValueError(f"{what}: every weight is NaN or infinite")
    extreme = float(np.abs(finite).max()) or 1.0
    columns = None
    if channels == 1:
        images = weights[:most, 0]
    elif channels == 3:
        images = np.clip(np.nan_to_num(np.moveaxis(weights[:most], 1, -1)) / (2 * extreme) + 0.5, 0, 1)
    else:
        columns = min(channels, int((start.style.width - 0.3) / (0.6 if start.style.narrow else 0.9)), most)
        shown = weights[: max(1, most // columns), :columns]
        images = shown.reshape(-1, *weights.shape[2:])
        said.append(f"rows: filters, {len(shown)} of {count}; columns: channels, {columns} of {channels}")
    if channels in (1, 3) and count > most:
        said.append(f"the first {most} of {count} filters")
    proportion = weights.shape[2] / weights.shape[3]
    with start.figure.settings():
        mosaic = Mosaic(start, len(images), proportion, columns=columns)
        coloured = images.ndim == 4
        figure = start.figure.new_figure(start.style, mosaic.height + (0.2 if coloured else 1.3))
        ax = figure.subplots()
        mosaic.axes(ax)
        scale = {} if coloured else {"cmap": "cividis", "vmin": -extreme, "vmax": extreme}
        drawn = [mosaic.draw(ax, i, image, **scale) for i, image in enumerate(images)]
        if not coloured:
            mosaic.bar(figure, drawn[0], ax, -extreme, extreme, "weight")
        else:
            said.append(f"grey is 0, full colour ±{numbers.number(float(f'{extreme:.2g}'))}")
        return start.figure.finish(figure, title, path, said)


def _weights(what: str, conv: Any) -> NDArray[np.float64]:
    found = conv
    if hasattr(conv, "named_parameters"):
        found = getattr(conv, "weight", None)
        if found is None or found.ndim != 4:
            inside = [name.rpartition(".")[0] for name, p in conv.named_parameters() if p.ndim == 4]
            hint = f"; pass one of its convolutions: {listing(inside)}" if inside else "; it holds no convolution"
            raise TypeError(f"{what}: {type(conv).__name__} is not a 2-D convolution{hint}")
    elif conv is None or np.ndim(conv) == 0:
        raise TypeError(f"{what}: conv must be an nn.Conv2d or its weights, not {type(conv).__name__}")
    weights = array(what, "weights", found, (3, 4))
    return weights[:, np.newaxis] if weights.ndim == 3 else weights


def _limit(what: str, limit: Any) -> int:
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise ValueError(f"{what}: limit must be a whole number of images, at least 1; got {limit!r}")
    return limit


def feature_maps(
    model: Any, x: Any, layer: str | Sequence[str], *, index: int = 0, limit: int = 32, title: str | None = None,
    path: str | os.PathLike[str] | None = None, theme: Any = "light", width: float = 16.0,
) -> Any:  # fmt: skip
    """Plot what one layer, or each of several, gives for one image: the input first, then a map for each channel.

    The model runs once, in evaluation mode and without recording; its modes are restored.

    Args:
        model: an ``nn.Module``.
        x: images, shape (N, C, H, W), or one image, shape (C, H, W).
        layer: the path of a module inside, as ``model.named_modules()`` gives it, such as ``"conv"``; or several.
        index: which image of ``x``.
        limit: most maps a layer.
        title, path, theme, width: as ``learning_curves``.

    Returns:
        The matplotlib figure: the maps of a layer share a scale, from its lowest to its highest value.

    Raises:
        ImportError: matplotlib is not installed.
        TypeError, ValueError: there is no such layer or image, or what the layer gives is no maps.

    >>> import glassgrad as gg
    >>> from glassgrad import nn
    >>> model = nn.Sequential(nn.Conv2d(1, 6, 3), nn.ReLU())
    >>> figure = feature_maps(model, gg.rand(1, 1, 8, 8), "1")
    >>> [image.get_array().shape for image in figure.axes[0].images[:2]]
    [(8, 8), (6, 6)]
    """
    what = "feature_maps"
    start = begin(what, path, theme, width)
    most = _limit(what, limit)
    if not callable(getattr(model, "named_modules", None)):
        raise TypeError(f"{what}: model must be an nn.Module, not {type(model).__name__}")
    if not isinstance(layer, str | list | tuple) or not all(isinstance(name, str) for name in layer):
        raise TypeError(f"{what}: layer must be the path of a module, or a list of paths, not {layer!r}")
    wanted = [layer] if isinstance(layer, str) else list(layer)
    modules = dict(model.named_modules())
    for name in wanted:
        if name not in modules:
            raise ValueError(f"{what}: the model has no layer {name!r}; it has {listing(filter(None, modules), 30)}")
    if not wanted:
        raise ValueError(f"{what}: layer is empty; the model has {listing(filter(None, modules), 30)}")
    image = _image(what, x, index)
    maps = _run(what, model, image, {name: modules[name] for name in wanted})
    style = start.style
    shown = as_images(what, image.numpy())[0] if image.shape[1] in (1, 3) else image.numpy()[0, 0]
    with start.figure.settings():
        plans = []
        for name, values in maps.items():
            captions = ["input", *(str(i + 1) for i in range(min(most, len(values))))]
            plans.append((name, values, Mosaic(start, len(captions), values.shape[1] / values.shape[2], captions)))
        heights = [plan[2].height + 1.9 for plan in plans]
        figure = start.figure.new_figure(style, sum(heights))
        grid = figure.subplots(len(plans), 1, squeeze=False, gridspec_kw={"height_ratios": heights})[:, 0]
        said = []
        for ax, (name, values, mosaic) in zip(grid, plans, strict=True):
            mosaic.axes(ax)
            finite = values[np.isfinite(values)]
            if not finite.size:
                raise ValueError(f"{what}: every value of layer {name!r} is NaN or infinite")
            low, high = float(finite.min()), float(finite.max())
            high = high if high > low else low + 1.0
            own = {"cmap": ink_map(style)} if shown.ndim == 2 else {}
            mosaic.draw(ax, 0, shown if shown.ndim == 2 else np.clip(shown, 0, 1), **own)
            for i, values_of_map in enumerate(values[:most]):
                drawn = mosaic.draw(ax, i + 1, values_of_map, cmap="cividis", vmin=low, vmax=high)
            count = f"{most} of {len(values)} maps" if len(values) > most else numbers.plural(len(values), "map")
            kind = type(modules[name]).__name__
            words = f"{name}, {kind}: {count} of {values.shape[1]}×{values.shape[2]}"
            start.figure.heading(ax, literal(words), style, strong=True)
            mosaic.bar(figure, drawn, ax, low, high, "value")
            said.append(gaps(values))
        return start.figure.finish(figure, title, path, said)


def _image(what: str, x: Any, index: Any) -> Tensor:
    images = x if isinstance(x, Tensor) else Tensor(np.asarray(x))
    if images.ndim == 3:
        images = images.unsqueeze(0)
    if images.ndim != 4 or not images.numel():
        raise ValueError(f"{what}: x must be images of shape (N, C, H, W) or (C, H, W), got {tuple(images.shape)}")
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < images.shape[0]:
        raise ValueError(f"{what}: index must be a number from 0 to {images.shape[0] - 1}, got {index!r}")
    return images.detach()[index : index + 1]


def _run(what: str, model: Any, image: Tensor, modules: dict[str, Any]) -> dict[str, NDArray[np.float64]]:
    found: dict[str, Any] = {}
    handles = []
    modes = [(module, module.training) for module in model.modules()]
    try:
        for name, module in modules.items():

            def keep(module: Any, args: Any, out: Any, name: str = name) -> None:
                found[name] = out

            handles.append(module.register_forward_hook(keep))
        model.eval()
        with no_grad():
            model(image)
    finally:
        for handle in handles:
            handle.remove()
        for module, training in modes:
            module.training = training
    maps = {}
    for name in modules:
        if name not in found:
            raise ValueError(f"{what}: the layer {name!r} did not run")
        shape = tuple(found[name].shape) if isinstance(found[name], Tensor) else type(found[name]).__name__
        if not isinstance(shape, tuple) or len(shape) != 4:
            raise ValueError(f"{what}: layer {name!r} gives no maps but {shape}; choose one that gives (N, C, H, W)")
        maps[name] = array(what, f"layer {name!r}", found[name], 4)[0]
    return maps


def misclassified(
    images: Any, true: Any, predicted: Any, *, labels: Sequence[str] | None = None, limit: int = 40,
    title: str | None = None, path: str | os.PathLike[str] | None = None, theme: Any = "light", width: float = 16.0,
) -> Any:  # fmt: skip
    """Plot the images that were taken for another class, with "true → predicted" under each.

    Args:
        images: shape (N, H, W), (N, 1, H, W), or in colour (N, 3, H, W) or (N, H, W, 3) from 0 to 1.
        true: classes, shape (N,).
        predicted: classes, shape (N,); or logits or probabilities, shape (N, C): then the most confident mistakes (by
            the softmax or the probability of the wrong class) come first.
        labels: names of the classes.
        limit: most images that are drawn.
        title, path, theme, width: as ``learning_curves``.

    Returns:
        The matplotlib figure; without any mistake it says so.

    Raises:
        ImportError: matplotlib is not installed.
        TypeError, ValueError: the shapes do not fit, or an argument is not allowed.

    >>> import numpy as np
    >>> figure = misclassified(np.zeros((3, 8, 8)), [1, 4, 9], [1, 9, 4])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['4 → 9', '9 → 4']
    """
    what = "misclassified"
    start = begin(what, path, theme, width)
    most = _limit(what, limit)
    pictures = as_images(what, array(what, "images", images, (3, 4)))
    answers, guesses = integers(what, "true", true), integers(what, "predicted", predicted)
    if not len(pictures) == len(answers) == len(guesses):
        raise ValueError(
            f"{what}: there are {len(pictures)} images, {len(answers)} true classes and {len(guesses)} predicted ones"
        )
    classes = 1 + int(max(answers.max(), guesses.max()))
    if labels is not None and len(labels) < classes:
        raise ValueError(f"{what}: class {classes - 1} occurs, but there are {len(labels)} labels")
    names = [str(i) for i in range(classes)] if labels is None else labels_for(what, labels, len(labels))
    wrong = np.flatnonzero(answers != guesses)
    sorted_by = ""
    scores = array(what, "predicted", predicted, (1, 2))
    if scores.ndim == 2 and len(wrong):
        wrong = wrong[np.argsort(-_confidence(scores[wrong]), kind="stable")]
        sorted_by = ", the surest first"
    shown = wrong[:most]
    captions = [f"{literal(names[answers[i]], 18)} → {literal(names[guesses[i]], 18)}" for i in shown]
    said = [f"true → predicted; {len(wrong)} of {len(answers)} wrong ({100 * len(wrong) / len(answers):.1f} %)"]
    said[0] += f", {len(shown)} shown{sorted_by}" if len(shown) < len(wrong) else sorted_by
    with start.figure.settings():
        if not len(wrong):
            figure = start.figure.new_figure(start.style, 1.2)
            ax = figure.subplots()
            start.figure.dress(ax, start.style, grid=None, bare=True)
            ax.text(0, 0.5, f"All {len(answers)} images are classified rightly.", fontsize=start.style.size,
                    color=start.style.theme.ink, va="center")  # fmt: skip
            return start.figure.finish(figure, title, path)
        mosaic = Mosaic(start, len(shown), pictures.shape[1] / pictures.shape[2], captions)
        figure = start.figure.new_figure(start.style, mosaic.height + 0.2)
        ax = figure.subplots()
        mosaic.axes(ax)
        flat = pictures[np.isfinite(pictures)]
        low, high = (float(flat.min()), float(flat.max())) if flat.size else (0.0, 1.0)
        scale = {"cmap": ink_map(start.style), "vmin": low, "vmax": high if high > low else low + 1}
        for place, i in enumerate(shown):
            colour = pictures.ndim == 4
            mosaic.draw(ax, place, np.clip(pictures[i], 0, 1) if colour else pictures[i], **({} if colour else scale))
        return start.figure.finish(figure, title, path, [*said, gaps(pictures, "pixel")])


def _confidence(scores: NDArray[Any]) -> NDArray[Any]:
    """Return how sure each row is of its choice: its probability, by softmax unless the rows are probabilities."""
    if np.all(scores >= 0) and np.allclose(scores.sum(axis=1), 1, atol=1e-3):
        return np.asarray(scores.max(axis=1))
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(1 / powers.sum(axis=1))
