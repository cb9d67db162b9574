"""The demonstration: define a network, train it on real images, check its gradients, see its graph."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import nn, optim, train, viz
from .autograd import Scalar, manual_seed
from .autograd.ops.trigonometric import sin
from .check import gradcheck
from .data import DataLoader, Digits, random_split

__all__ = ["run"]

_PIXELS = (1, 8, 8)


def run(out: str, epochs: int = 15, seed: int = 0) -> dict[str, Any]:
    """Run the demonstration and write its pictures into the folder ``out``.

    Args:
        out: made if it does not exist; files of the same names are replaced.
        epochs: passes over the training images.
        seed: for the split, the initial weights and the order of the images.

    Returns:
        What was reached: ``"accuracy"`` on the test images, ``"report"`` of the gradient check, ``"files"`` written.
    """
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    started = time.perf_counter()
    manual_seed(seed)

    print(
        "1. Train SimpleConvNet (conv, ReLU, pool, affine, ReLU, affine, softmax) on 1,437 of the 1,797 handwritten\n"
        "   digits of UCI, 8×8 pixels each; the other 360 are for the test."
    )
    training, testing = random_split(Digits(), [1437, 360], seed=seed)
    model = nn.models.SimpleConvNet(_PIXELS, filters=30, kernel_size=3, padding=1, hidden_size=100)
    print(model.summary((1, *_PIXELS)))
    optimizer = optim.Adam(model.parameters(), lr=0.003)
    trainer = train.Trainer(model, nn.CrossEntropyLoss(), optimizer, metrics=train.accuracy)
    interactive = sys.stderr.isatty()
    history = trainer.fit(
        DataLoader(training, batch_size=32, shuffle=True, seed=seed), DataLoader(testing, batch_size=360),
        epochs=epochs, progress=interactive, on_epoch_end=None if interactive else _print_epoch(epochs),
    )  # fmt: skip
    accuracy = history["validation_accuracy"][-1]
    trained = time.perf_counter() - started

    print("\n2. Compare backpropagation with numerical gradients, for every parameter tensor.")
    images, labels = next(iter(DataLoader(testing, batch_size=8)))
    model.eval()
    report = gradcheck(
        lambda: nn.functional.cross_entropy(model(images), labels), (), params=model, samples=20, seed=seed,
        raise_on_failure=False,
    )  # fmt: skip
    print(report)

    print("\n3. Draw the graphs.")
    files = _draw(model, images, labels, history, folder)

    print(
        f"\nDone in {time.perf_counter() - started:.0f} s. The network was trained for {epochs} "
        f"{'epoch' if epochs == 1 else 'epochs'} in {trained:.0f} s and recognises {100 * accuracy:.1f} % of the 360 "
        f"test images.\nIts gradients {'agree' if report else 'DO NOT AGREE'} with numerical ones. Look at:"
    )
    for path, what in files.items():
        print(f"  {path}  {what}")
    return {"accuracy": accuracy, "report": report, "files": list(files)}


def _print_epoch(epochs: int) -> Callable[[dict[str, float]], None]:
    """Return what replaces the progress bar where the output is not a terminal: a line an epoch."""
    numbers = itertools.count(1)

    def show(latest: dict[str, float]) -> None:
        print(f"epoch {next(numbers)}/{epochs}: {100 * latest['validation_accuracy']:.1f} % of the test images")

    return show


def _draw(model: Any, images: Any, labels: Any, history: Any, folder: Path) -> dict[str, str]:
    """Write the pictures; where a program for one is missing, say so and go on."""
    files: dict[str, str] = {}

    def save(name: str, what: str, write: Any) -> None:
        try:
            path = write(folder / name)
        except (viz.RenderError, ImportError) as error:
            print(f"  {name} was left out: {error}", file=sys.stderr)
        else:
            files[str(path or folder / name)] = what

    images.name = "images"
    loss = nn.functional.cross_entropy(model(images), labels)
    loss.name = "loss"
    network = viz.graph(loss, title="SimpleConvNet on 8×8 digits")
    save("network.svg", "the network's graph", network.save)

    x, y = Scalar(2.0, requires_grad=True, name="x"), Scalar(3.0, requires_grad=True, name="y")
    f = x * y + sin(x)
    f.name = "f"
    f.backward()
    lesson = viz.graph(f, title="f(x, y) = x·y + sin x at x = 2, y = 3")
    save("scalar.svg", "values, gradients and local derivatives of x·y + sin x", lesson.save)
    if not files:
        save("network.dot", "the network's graph, for Graphviz", network.save)
        save("scalar.dot", "the Scalar graph, for Graphviz", lesson.save)
    save("learning_curve.svg", "loss and accuracy by epoch", lambda path: viz.learning_curve(history, path))
    return files
