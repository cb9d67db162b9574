"""Plots of training and of networks, with matplotlib, which is optional and imported only when a plot is made.

Each function returns the matplotlib figure and, with ``path=``, writes it too. All share one look: Okabe–Ito colours,
lines that differ in dashes as well, letters of at least 7 points at every width, themes "light", "dark" and "print".

>>> from glassgrad.viz import plots
>>> figure = plots.learning_curves({"SGD": [2.3, 1.4, 1.1], "Adam": [2.3, 0.8, 0.4]}, width=7)
>>> figure.axes[0].get_ylabel()
'loss'
"""

from __future__ import annotations

from .classification import confusion
from .contours import paths_on_contours
from .distributions import histograms
from .dropout import units
from .gradients import gradient_flow, mean_gradients
from .grids import panels
from .history import learning_curve
from .images import feature_maps, filters, misclassified
from .learning import learning_curves
from .trials import search

__all__ = [
    "confusion",
    "feature_maps",
    "filters",
    "gradient_flow",
    "histograms",
    "learning_curve",
    "learning_curves",
    "mean_gradients",
    "misclassified",
    "panels",
    "paths_on_contours",
    "search",
    "units",
]
