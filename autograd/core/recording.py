"""Watching operations happen: keeping what they read, where they were called, and finding the first NaN."""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import numpy as np

from .mode import NOWHERE, Mode, ModeSwitch
from .node import Node
from .types import Value

__all__ = ["Event", "Recording", "detect_anomaly", "record"]

_PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
_ROOMS = tuple(
    os.path.join(_PACKAGE, room) + os.sep
    for room in ("autograd", "nn", "optim", "check", "train", "viz", "data", "search")
)


def source_line() -> str | None:
    """Return the ``"file.py:41"`` of the user's code that is running: the innermost frame outside the library."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        filename = frame.f_code.co_filename
        if not filename.startswith((*_ROOMS, "<glassgrad")) and "glassgrad" + os.sep not in filename:
            return f"{os.path.basename(filename)}:{frame.f_lineno}"
        frame = frame.f_back
    return None


def _note_line(node: Any) -> None:
    node.context = (node.context or NOWHERE).replace(where=source_line())


class Event:
    """One recorded operation of a :class:`Recording`.

    Attributes:
        node: the node, whose ``where`` holds the source line.
        inputs: copies of the raw operands, if they were to be kept, else ``None``.
        output: a copy of the raw result, if values were to be kept, else ``None``.
        seconds: time since the previous event: the operation and the Python around it.
        bytes: size of the result.
    """

    __slots__ = ("bytes", "inputs", "node", "output", "seconds")

    def __init__(self, node: Node, inputs: Any, output: Value, seconds: float, size: int) -> None:
        self.node = node
        self.inputs = inputs
        self.output = output
        self.seconds = seconds
        self.bytes = size


def _copy(value: Value) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_copy(v) for v in value)
    return np.array(value) if isinstance(value, np.ndarray) else value


def _size(value: Value) -> int:
    if isinstance(value, list | tuple):
        return sum(_size(v) for v in value)
    return int(getattr(value, "nbytes", 8))


class Recording:
    """What :class:`record` gives: the operations that ran, in order.

    Attributes:
        events: one :class:`Event` an operation.
    """

    def __init__(self, keep: str | None) -> None:
        self.events: list[Event] = []
        self._keep = keep
        self._last = time.perf_counter()

    @property
    def nodes(self) -> list[Node]:
        """The recorded nodes, in order of execution."""
        return [event.node for event in self.events]

    def __len__(self) -> int:
        return len(self.events)

    def forward(self, node: Any, inputs: tuple[Value, ...], out: Value) -> None:
        """Note an operation that has just run."""
        now = time.perf_counter()
        _note_line(node)
        kept = _copy(inputs) if self._keep in ("inputs", "all") else None
        output = _copy(out) if self._keep in ("outputs", "all") else None
        self.events.append(Event(node, kept, output, now - self._last, _size(out)))
        self._last = time.perf_counter()

    def backward(self, node: Any, gradients: tuple[Value, ...]) -> None:
        """Backward steps are not recorded here; with ``create_graph`` they are operations of their own."""


class record(ModeSwitch):
    """Keep a list of the operations recorded inside, with the source line of each.

    Args:
        keep: ``None`` for the list alone, ``"inputs"`` to copy the operands too (for replaying single operations),
            ``"outputs"`` to copy the results, ``"all"`` for both.

    >>> import glassgrad as gg
    >>> x = gg.tensor([1.0, 2.0], requires_grad=True)
    >>> with gg.record() as recording:
    ...     y = (x * x).sum()
    >>> [node.primitive.name for node in recording.nodes]
    ['multiply', 'sum']
    """

    def __init__(self, keep: str | None = None) -> None:
        if callable(keep):
            raise TypeError(
                "record: as a decorator it needs a name, to be read later: recorder = gg.record(), then @recorder, and "
                "recorder.recording holds the operations"
            )
        if keep not in (None, "inputs", "outputs", "all"):
            raise ValueError(f"record: keep must be None, 'inputs', 'outputs' or 'all', not {keep!r}")
        self._keep = keep
        self.recording = Recording(keep)

    def enter(self, mode: Mode) -> Mode:
        return mode.replace(observers=(*mode.observers, self.recording))

    def __enter__(self) -> Recording:
        super().__enter__()
        return self.recording

    def clone(self) -> ModeSwitch:
        fresh = record(self._keep)
        fresh.recording = self.recording
        return fresh


class _AnomalyDetector:
    """Raises at the first operation that makes a NaN or an infinity out of finite values."""

    def __init__(self, check_inf: bool) -> None:
        self._check_inf = check_inf

    def _bad(self, value: Value) -> str | None:
        if isinstance(value, list | tuple):
            return next((found for found in map(self._bad, value) if found), None)
        array = np.asarray(value)
        if array.dtype.kind != "f" or np.isfinite(array).all():
            return None
        if np.isnan(array).any():
            return "a NaN"
        return "an infinity" if self._check_inf else None

    def forward(self, node: Any, inputs: tuple[Value, ...], out: Value) -> None:
        _note_line(node)
        found = self._bad(out)
        if found:
            names = node.primitive.input_names
            source = "all its inputs are finite"
            for i, value in enumerate(inputs):
                came_in = None if value is None else _AnomalyDetector(True)._bad(value)
                if came_in:
                    # Where infinities are allowed, one that came in explains a NaN, but is none itself.
                    what = "one already" if self._check_inf or came_in == found else came_in
                    source = f"its input {names[min(i, len(names) - 1)]!r} holds {what}"
                    break
            raise FloatingPointError(
                f"detect_anomaly: {node.primitive.name} made {found} in its output of shape {node.shape} at "
                f"{node.where}{_module(node)}; {source}"
            )

    def backward(self, node: Any, gradients: tuple[Value, ...]) -> None:
        for name, gradient in zip(node.primitive.input_names * len(gradients), gradients, strict=False):
            value = getattr(gradient, "_array", getattr(gradient, "value", gradient))
            found = None if value is None else self._bad(value)
            if found:
                raise FloatingPointError(
                    f"detect_anomaly: backward of {node.primitive.name} made {found} in the gradient of {name!r} "
                    f"(shape {np.shape(value)}); the operation was recorded at {node.where}{_module(node)}"
                )


def _module(node: Any) -> str:
    return f" in module {'.'.join(node.scope)}" if node.scope else ""


class detect_anomaly(ModeSwitch):
    """Raise ``FloatingPointError`` at the first NaN or infinity, forward or backward, naming operation and source line.

    Checking every result costs time; use it to find the place, then leave it out.

    Args:
        check_inf: whether an infinity counts, too.

    >>> import numpy as np, glassgrad as gg
    >>> x = gg.tensor([-1.0], requires_grad=True)
    >>> with gg.detect_anomaly(), np.errstate(invalid="ignore"):
    ...     x.sqrt()
    Traceback (most recent call last):
        ...
    FloatingPointError: detect_anomaly: sqrt made a NaN in its output of shape (1,) at ...
    """

    def __new__(cls, check_inf: Any = True) -> Any:
        # Without brackets, @detect_anomaly is given the function.
        return cls()(check_inf) if callable(check_inf) else super().__new__(cls)

    def __init__(self, check_inf: bool = True) -> None:
        self._check_inf = check_inf

    def enter(self, mode: Mode) -> Mode:
        return mode.replace(observers=(*mode.observers, _AnomalyDetector(self._check_inf)))

    def clone(self) -> ModeSwitch:
        return detect_anomaly(self._check_inf)
