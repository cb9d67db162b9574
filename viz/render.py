"""From DOT to a file: the ``dot`` program, with a time limit, and SVG that is safe to put on any page.

DOT and text need no program. A picture never hangs: ``dot`` is stopped after ten seconds, and what can be done
instead is said.
"""

from __future__ import annotations

import html
import json
import os
import re

from ..autograd.handles.serialization import write_atomically
from .dot import Drawing, clean
from .placement import place_labels

__all__ = ["IMAGE_FORMATS", "TIME_LIMIT", "RenderError", "image", "svg", "write_atomically"]

IMAGE_FORMATS = ("svg", "png", "pdf")
TIME_LIMIT = 10.0  # seconds
COST_LIMIT = 20_000  # see passes.dot_cost; from here on dot runs out of time or memory
_INSTALL = (
    "install it with 'apt-get install graphviz', 'brew install graphviz', 'conda install graphviz' or from "
    "https://graphviz.org/download; .dot and .txt files and print(g) need no program"
)
_ELEMENT = re.compile(r'<g id="([^"]*)" class="(node|edge|cluster|graph)"([^>]*)>\s*<title>.*?</title>', re.DOTALL)


class RenderError(RuntimeError):
    """A picture could not be made; the message says why and what to do."""


def run_dot(source: str, suffix: str, *options: str) -> bytes:
    """Return what ``dot -T<suffix>`` makes of DOT text.

    Raises:
        RenderError: the program is missing, took too long, failed, or complained.
    """
    import subprocess

    from graphviz.backend import DOT_BINARY, ExecutableNotFound, execute  # type: ignore[import-untyped]

    command = [str(DOT_BINARY), f"-T{suffix}", *options]
    try:
        # run_check hides the console window on Windows and tells a missing program from a failing one.
        done = execute.run_check(
            command, input=source.encode(), capture_output=True, timeout=TIME_LIMIT, quiet=True,
            env={**os.environ, "SOURCE_DATE_EPOCH": "0"},
        )  # fmt: skip
    except ExecutableNotFound as error:
        raise RenderError(f"drawing {suffix.upper()} needs the 'dot' program of graphviz; {_INSTALL}") from error
    except subprocess.TimeoutExpired as error:
        raise RenderError(
            f"dot was stopped after {TIME_LIMIT:g} s: the graph has too many long edges for it. Draw less with "
            "viz.graph(y, depth=1), or g.select('module'); g.save('graph.dot') and print(g) always work"
        ) from error
    except subprocess.CalledProcessError as error:
        raise RenderError(f"dot failed with exit code {error.returncode}: {_words(error.stderr)}") from error
    complaint = _words(done.stderr)
    if complaint:
        raise RenderError(f"dot complained, so the picture may be wrong: {complaint}")
    return bytes(done.stdout)


def _words(stderr: bytes | None) -> str:
    # Font hints of the rendering library are not about our picture.
    lines = (stderr or b"").decode("utf-8", "replace").splitlines()
    ignored = ("Fontconfig", "Pango", "cairo", "process:", "Warning: no hard-coded metrics")
    return " ".join(line.strip() for line in lines if line.strip() and not line.strip("* (").startswith(ignored))[:2000]


def image(drawing: Drawing, suffix: str) -> bytes:
    """Return a drawing as ``"svg"``, ``"png"`` or ``"pdf"`` bytes, equal on every run."""
    if suffix == "svg":
        return svg(drawing).encode()
    data = layout(drawing, suffix)
    if suffix == "pdf":
        data = re.sub(rb"/CreationDate \(D:[^)]*\)", lambda m: re.sub(rb"\d", b"0", m.group()), data)
    return data


def layout(drawing: Drawing, suffix: str) -> bytes:
    """Lay a drawing out and write it.

    Where labels are to lie on their lines, this takes two steps: graphviz lays out cards and lines without them, which
    gives calmer curves; ``placement.py`` finds each label a free spot on its own line; graphviz writes the result.
    """
    options = ["-Gdpi=144"] if suffix == "png" else []
    if not drawing.labels:
        return run_dot(drawing.write(tooltips=False), suffix, *options)
    plan = json.loads(run_dot(drawing.write(tooltips=False, labels=False), "json0"))
    positions = place_labels(plan, drawing.labels)
    return run_dot(drawing.write(tooltips=False, positions=positions), suffix, "-Kneato", "-n2", *options)


def svg(drawing: Drawing) -> str:
    """Return a drawing as SVG that can stand beside others on one page.

    Ids begin with a hash of the content, comments with the program's version are gone, every card and arrow has its
    full description as ``<title>``, and the whole has ``role="img"``, a title and a description.
    """
    text = layout(drawing, "svg").decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<!--.*?-->\n?", "", text, flags=re.DOTALL)
    import hashlib

    digest = hashlib.sha256(drawing.source.encode()).hexdigest()[:8]

    def element(match: re.Match[str]) -> str:
        key, kind, rest = match.groups()
        title = drawing.titles.get(key)
        if kind == "graph" or title is None:
            return f'<g id="g{digest}-{key}" class="{kind}"{rest}>'
        return f'<g id="g{digest}-{key}" class="{kind}"{rest}>\n<title>{html.escape(clean(title))}</title>'

    text = _ELEMENT.sub(element, text)
    head = f'<svg role="img" aria-labelledby="g{digest}-title g{digest}-desc" style="max-width:100%;height:auto" '
    text = text.replace("<svg ", head, 1)
    end = text.index(">", text.index("<svg")) + 1
    title = f'<title id="g{digest}-title">{html.escape(clean(drawing.title))}</title>'
    description = f'<desc id="g{digest}-desc">{html.escape(clean(drawing.description))}</desc>'
    return f"{text[:end]}\n{title}\n{description}{text[end:]}"
