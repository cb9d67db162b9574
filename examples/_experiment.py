"""What the experiments share: their arguments, the data, repeated runs, measured numbers and figures.

Each script asks one question. It begins with ``experiment = Experiment(__doc__)``, trains on what
``experiment.images()`` gives, once for every seed in ``experiment.seeds``, tells what it measured with
``experiment.report(...)`` and ``experiment.verdict(...)``, and ends with ``experiment.finish(figure)``, which writes
the figure and the numbers.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

import glassgrad as gg
from glassgrad import data

# Images for training and testing, where a script does not say how many it wants.
_DIGITS_FOR_TRAINING = 1437


class Experiment:
    """One script: its arguments, and what it measures.

    Args:
        doc: the script's docstring: the help text.
        data: the data sets that the script can run on, the first by default.
        seeds: in how many runs it is measured, by default.

    Attributes:
        name: of the files that are written: the script's; a script that is run in several ways names each.
        data: the name of the chosen data set.
        seeds: the seeds of the runs, 0, 1, ...; a single one in short mode.
        short: whether to run for at most ten seconds, to show that the script works.
        out: the folder for the figure and the numbers.
        arguments: the parser; add arguments of your own, then read ``experiment.options``.
    """

    def __init__(self, doc: str | None, data: Sequence[str] = ("digits", "mnist"), seeds: int = 3) -> None:
        self.name = Path(sys.argv[0]).stem
        self._start = time.perf_counter()
        self._measured: dict[str, dict[str, Any]] = {}
        self._verdicts: list[dict[str, str]] = []
        self.arguments = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
        add = self.arguments.add_argument
        if data:
            add("--data", choices=data, default=data[0], help=f"the data set (default: {data[0]})")
        add("--seeds", type=int, default=seeds, help=f"how often everything is repeated (default: {seeds})")
        add("--short", action="store_true", help="at most ten seconds: shows that it runs, measures nothing")
        add("--out", default=".", help="the folder for the figure and the numbers (default: here)")
        self._options: argparse.Namespace | None = None

    @property
    def options(self) -> argparse.Namespace:
        """The parsed arguments."""
        if self._options is None:
            self._options = self.arguments.parse_args()
            if self._options.seeds < 1:
                self.arguments.error(f"--seeds must be at least 1, not {self._options.seeds}")
            if not Path(self._options.out).is_dir():
                self.arguments.error(f"--out: there is no folder {self._options.out}")
        return self._options

    @property
    def data(self) -> str:
        return self.options.data if hasattr(self.options, "data") else ""

    @property
    def short(self) -> bool:
        return self.options.short

    @property
    def seeds(self) -> range:
        return range(1 if self.short else self.options.seeds)

    @property
    def out(self) -> Path:
        return Path(self.options.out)

    def images(self, train: int | None = None, test: int | None = None, flat: bool = True, seed: int = 0) -> Any:
        """Return (training images, labels, test images, labels) as arrays.

        Args:
            train, test: how many; by default all of MNIST, and 1,437 and 360 of the digits.
            flat: rows of numbers instead of images (1, height, width).
            seed: chooses the digits for training; MNIST comes with a split, of which the first images are taken.
        """
        if self.data == "digits":
            images, labels = data.load_digits()
            order = np.random.default_rng(seed).permutation(len(images))
            images, labels = images[order], labels[order]
            parts = [
                (images[:_DIGITS_FOR_TRAINING], labels[:_DIGITS_FOR_TRAINING]),
                (images[_DIGITS_FOR_TRAINING:], labels[_DIGITS_FOR_TRAINING:]),
            ]
        else:
            kind = data.MNIST if self.data == "mnist" else data.FashionMNIST
            parts = []
            for training in (True, False):
                parts.append(tuple(part.numpy() for part in kind(train=training)[:]))
        result = []
        for (x, t), count in zip(parts, (train, test), strict=True):
            if count is not None and count > len(x):
                raise ValueError(f"{self.data} has {len(x)} images here, not {count}")
            x, t = x[:count], t[:count]
            result += [x.reshape(len(x), -1) if flat else x, t]
        return tuple(result)

    def table(self, name: str, target: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the features (N, F) and the target (N,) of ``tabular/<name>.csv`` in the folder GLASSGRAD_DATA."""
        folder = os.environ.get("GLASSGRAD_DATA")
        path = Path(folder or ".", "tabular", f"{name}.csv")
        if folder is None or not path.is_file():
            self.arguments.error(f"set GLASSGRAD_DATA to a folder with tabular/{name}.csv, or leave out --data")
        features, values = data.read_csv(path, target=target).arrays
        return features, values[:, 0]

    def progress(self, steps: Iterable[Any], label: str = "") -> Iterator[Any]:
        """Yield ``steps`` under a progress bar, which is silent where nobody would see it."""
        yield from tqdm(steps, desc=label or self.name, leave=False, disable=not sys.stderr.isatty())

    def report(self, name: str, values: Any, digits: int = 3, unit: str = "") -> float:
        """Print one line with the mean and the spread of a measured number, keep it for the results, return the mean.

        Args:
            name: what was measured, such as ``"He, test accuracy"``.
            values: one number a seed, or a single one.
            digits: digits after the point in print.
            unit: written behind the number.
        """
        numbers = [float(v) for v in np.atleast_1d(np.asarray(values, dtype=float))]
        if name in self._measured:
            raise ValueError(f"{self.name} reports {name!r} twice")
        mean = float(np.mean(numbers))
        self._measured[name] = {"mean": mean, "values": numbers, "unit": unit}
        spread = f"  ({min(numbers):.{digits}f} to {max(numbers):.{digits}f}, {len(numbers)} runs)"
        print(f"{name}: {mean:.{digits}f}{unit and ' ' + unit}{spread if len(numbers) > 1 else ''}")
        return mean

    def verdict(self, claim: str, where: str, holds: bool | str, measured: str) -> None:
        """Print and keep whether a claim of the source notes holds in this run.

        Args:
            claim: what the note says, in a few words.
            where: note and line, such as ``"000 L434"``.
            holds: True, False or ``"partly"``, decided from the measured numbers.
            measured: the numbers it was decided by.
        """
        word = holds if isinstance(holds, str) else "holds" if holds else "does not hold"
        self._verdicts.append({"claim": claim, "where": where, "verdict": word, "measured": measured})
        print(f"{claim} ({where}): {word}; {measured}")

    def finish(self, figure: Any = None, **more: Any) -> None:
        """Write ``<name>.png`` and ``<name>.json``, each under a temporary name that is then changed.

        Further figures, ``finish(curves, filters=...)``, become ``<name>-filters.png``.
        """
        if figure is not None:
            self._draw(figure, self.name)
        for word, further in more.items():
            self._draw(further, f"{self.name}-{word}")
        results = {
            "data": self.data,
            "short": self.short,
            "seeds": list(self.seeds),
            "seconds": round(time.perf_counter() - self._start, 1),
            "versions": {"glassgrad": gg.__version__, "numpy": np.__version__, "python": platform.python_version()},
            "measured": self._measured,
            "verdicts": self._verdicts,
        }
        text = json.dumps(results, indent=2, ensure_ascii=False) + "\n"
        _replace(self.out / f"{self.name}.json", lambda path: Path(path).write_text(text, encoding="utf-8"))

    def _draw(self, figure: Any, name: str) -> None:
        _replace(self.out / f"{name}.png", lambda path: figure.savefig(path, format="png", dpi=150))


def _replace(target: Path, write: Any) -> None:
    part = target.with_name(f".{target.stem}-{os.getpid()}{target.suffix}")
    try:
        write(str(part))
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


def smooth(values: Sequence[float], width: int) -> np.ndarray:
    """Return running means over ``width`` steps, shorter at the beginning, so that nothing is shifted."""
    sums = np.cumsum(np.insert(np.asarray(values, dtype=float), 0, 0.0))
    ends = np.arange(1, len(sums))
    starts = np.maximum(ends - width, 0)
    return (sums[ends] - sums[starts]) / (ends - starts)
