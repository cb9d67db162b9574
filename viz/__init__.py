"""Pictures of computation graphs and of training.

``viz.graph(y)`` draws what computed ``y``; ``viz.plots`` plots how training went and what a network has learnt.

One model (``model.py``) is read from the recorded nodes once (``extract.py``), made smaller by pure passes
(``passes.py``), and written by renderers: ``teach.py`` and ``network.py`` say what a picture shows, ``dot.py`` how it
is written safely, ``render.py`` how it becomes a file, ``text.py`` what a terminal prints.
"""

from __future__ import annotations

from . import plots
from .extract import extract
from .model import Edge, Graph, Group, Local, Node, Parameter, Summary
from .plots import learning_curve
from .render import RenderError
from .view import GraphView, graph

__all__ = [
    "Edge", "Graph", "GraphView", "Group", "Local", "Node", "Parameter", "RenderError", "Summary", "extract", "graph",
    "learning_curve", "plots",
]  # fmt: skip
