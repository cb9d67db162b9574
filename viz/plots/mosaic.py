"""Small images in rows, in one set of axes, with a word under each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import numbers
from .style import Style, literal
from .values import Start

__all__ = ["Mosaic", "as_images", "ink_map"]


class Mosaic:
    """Where small images go: as many columns as the width holds, cells of equal size.

    Args:
        start: look and figure of the plot.
        count: number of images.
        proportion: height of an image divided by its width.
        captions: text under each image, or an empty list.
        smallest: least width of an image in centimetres.
        columns: their number; otherwise as many as fit.
    """

    def __init__(
        self, start: Start, count: int, proportion: float, captions: Sequence[str] = (), smallest: float | None = None,
        columns: int | None = None, room: float = 0.0,
    ) -> None:  # fmt: skip
        self.start, self.style, self.proportion = start, start.style, proportion
        self.captions = list(captions)
        self.width = start.style.width - 0.3 - room
        least = smallest or (0.95 if start.style.narrow else 1.25)
        if captions:
            from matplotlib.backends.backend_agg import FigureCanvasAgg
            from matplotlib.figure import Figure

            probe = Figure()
            FigureCanvasAgg(probe)
            widest = max(start.figure.text_width(probe, text, self.style.size) for text in self.captions)
            least = max(least, (widest + 5) / 72 * 2.54)
        fitting = max(1, int(self.width / least))
        self.columns = columns or min(fitting, count, max(1, -(-count // (-(-count // fitting)))))
        self.rows = -(-count // self.columns)
        self.cell = max(min(self.width / self.columns, 1.7), min(least, self.width))  # centimetres
        words = (1.45 * self.style.size) / 72 * 2.54 if captions else 0.0
        self.pitch = self.proportion * 0.92 + 0.08 + words / self.cell  # height of a row in cells
        self.height = self.rows * self.pitch * self.cell  # centimetres

    def axes(self, ax: Any) -> None:
        """Prepare axes for the images."""
        self.start.figure.dress(ax, self.style, grid=None, bare=True)
        ax.set(xlim=(0, self.width / self.cell), ylim=(self.rows * self.pitch, 0), aspect="equal", anchor="NW")

    def draw(self, ax: Any, place: int, image: NDArray[Any], **options: Any) -> Any:
        """Draw one image at its place, with its caption if there are any."""
        from matplotlib.patches import Rectangle

        row, column = divmod(place, self.columns)
        left, top = column + 0.04, row * self.pitch
        right, bottom = left + 0.92, top + 0.92 * self.proportion
        limits = ax.get_xlim(), ax.get_ylim()
        drawn = ax.imshow(image, extent=(left, right, bottom, top), interpolation="nearest", zorder=2, **options)
        ax.set(xlim=limits[0], ylim=limits[1], aspect="equal")
        size = (right - left, bottom - top)
        ax.add_patch(
            Rectangle((left, top), *size, fill=False, edgecolor=self.style.theme.group, linewidth=0.5, zorder=3)
        )
        if self.captions:
            gap = 1.5 / 72 * 2.54 / self.cell
            ax.text(
                (left + right) / 2, bottom + gap, self.captions[place], ha="center", va="top", fontsize=self.style.size,
                color=self.style.theme.ink,
            )  # fmt: skip
        return drawn

    def bar(self, figure: Any, image: Any, ax: Any, low: float, high: float, words: str) -> None:
        """Draw the colour bar: lowest, middle, highest."""
        bar = figure.colorbar(
            image, ax=ax, location="bottom", shrink=0.5, aspect=28, pad=0.02, anchor=(0.0, 1.0), panchor=False
        )
        bar.set_ticks([low, (low + high) / 2, high])
        short = [numbers.number(float(f"{v:.2g}")) for v in (low, (low + high) / 2, high)]
        bar.set_ticklabels(short)
        for label, side in zip(bar.ax.get_xticklabels(), ("left", "center", "right"), strict=True):
            label.set_horizontalalignment(side)
        self.start.figure.dress_bar(bar, self.style)
        bar.set_label(literal(words), fontsize=self.style.size, color=self.style.theme.ink)


def ink_map(style: Style) -> Any:
    """Return the colours of images of ink: nothing is the ground, most is the letters' colour."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("ink", [style.theme.background, style.theme.ink])


def as_images(what: str, images: NDArray[Any]) -> NDArray[Any]:
    """Return images as (N, H, W) or (N, H, W, 3), from (N, H, W), (N, 1, H, W), (N, 3, H, W) or (N, H, W, 3).

    >>> as_images("plot", np.zeros((5, 3, 8, 8))).shape
    (5, 8, 8, 3)
    """
    if images.ndim == 3:
        return images
    if images.shape[1] == 1:
        return images[:, 0]
    if images.shape[1] == 3:
        return np.moveaxis(images, 1, -1)
    if images.shape[-1] in (1, 3):
        return images[..., 0] if images.shape[-1] == 1 else images
    raise ValueError(f"{what}: images must have 1 or 3 channels, got shape {images.shape}")
