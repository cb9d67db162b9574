"""Before any value is compared: do function and backward pass behave as functions do?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from ..nn.module import Module
from .arguments import Leaf, show_index
from .problem import Problem, names_of_operations
from .report import Report

__all__ = ["Examined", "compare_precisions", "examine", "typical_size"]

Array = np.ndarray[Any, Any]

# Two runs of the same arithmetic may differ by the order of its sums, which follows the alignment of memory.
SAME = 64 * float(np.finfo(np.float64).eps)


class Examined(NamedTuple):
    """What is to be compared.

    Attributes:
        gradients: of each leaf, flat; None if it makes no sense to compare values.
        blurs: of each leaf, the rounding errors of the gradients themselves.
        shaky: of each leaf, where the gradient is another at the next floating-point numbers.
        weights: the cotangent of each output.
    """

    gradients: list[Array] | None
    blurs: list[Array]
    shaky: list[Array]
    weights: list[Array]


def typical_size(values: Array) -> float:
    """Return the median size of the elements that are not 0, or 1 if all are.

    >>> typical_size(np.array([0.0, 3.0, -2.0, 1.0]))
    2.0
    """
    sizes = np.abs(values[np.isfinite(values) & (values != 0)])
    return float(np.median(sizes)) if sizes.size else 1.0


def examine(problem: Problem, report: Report, seed: int) -> Examined:
    """Run the function forward and backward twice, and note in the report whatever a function may not do."""
    before = [leaf.values.tobytes() for leaf in problem.leaves]
    handles = [leaf.argument(recording=True) for leaf in problem.leaves]
    given = dict(zip(map(id, problem.leaves), handles, strict=True))
    outputs = problem.run(True, lambda leaf: given[id(leaf)])
    base = problem.read(outputs)
    # What is infinite or not a number has no differences; it must not spoil the gradients of the rest.
    weights = [np.where(np.isfinite(b), w, 0.0) for w, b in zip(cotangents(outputs, seed), base, strict=True)]
    if _changed(problem, before, "the function", report):
        return Examined(None, [], [], weights)
    problem.prepare(weights, base, outputs)
    if not _repeats(problem, base, outputs, report):
        return Examined(None, [], [], weights)
    gradients = _pull_twice(problem, outputs, weights, handles, report)
    if _changed(problem, before, "the backward pass", report) or gradients is None:
        return Examined(None, [], [], weights)
    # All passes over this graph come before any value moves: the graph may hold the leaves' own memory.
    blurs = _blurs(problem, outputs, weights, handles, gradients)
    full = _fill(problem, gradients, report)
    if report.errors:
        return Examined(None, [], [], weights)
    _look_at_outputs(problem, base, full, report)
    changes = _neighbours(problem, weights, full, seed)
    for gradient, blur, change in zip(full, blurs, changes, strict=True):
        # Only a little of it is excused as rounding, so that nothing coarse passes.
        np.maximum(blur, np.minimum(change, 2e-5 * np.abs(gradient)), out=blur, where=np.isfinite(gradient))
    shaky = [change > 1e-3 * np.abs(gradient) for gradient, change in zip(full, changes, strict=True)]
    return Examined(full, blurs, shaky, weights)


def cotangents(outputs: Sequence[Any], seed: int) -> list[Array]:
    """Return Gaussian weights for the outputs; a lone one is large and negative, so that rules that clip show."""
    rng = np.random.default_rng([seed, 0])
    drawn = [np.asarray(rng.standard_normal(o.shape)) for o in outputs]
    if sum(w.size for w in drawn) == 1:
        drawn = [-1.5 - np.abs(w) for w in drawn]
    return drawn


def _changed(problem: Problem, before: Sequence[bytes], culprit: str, report: Report) -> bool:
    names = [leaf.name for leaf, old in zip(problem.leaves, before, strict=True) if leaf.values.tobytes() != old]
    if names:
        report.errors.append(f"{culprit} changed {', '.join(names)} in place; it must leave its inputs alone")
    return bool(names)


def _differs(one: Sequence[Array], other: Sequence[Array]) -> bool:
    if [a.shape for a in one] != [b.shape for b in other]:
        return True
    for a, b in zip(one, other, strict=True):
        finite = np.isfinite(a) & np.isfinite(b)
        if not np.array_equal(a[~finite], b[~finite], equal_nan=True):
            return True
        size = max(float(np.max(np.abs(a[finite]), initial=0.0)), float(np.max(np.abs(b[finite]), initial=0.0)))
        if np.any(np.abs(a[finite] - b[finite]) > SAME * size):
            return True
    return False


def _repeats(problem: Problem, base: Sequence[Array], outputs: Sequence[Any], report: Report) -> bool:
    """Return whether the function gives the same again, with and without a graph; find out whether it needs one."""
    again = problem.read(problem.run(True))
    if _differs(base, again) or _differs(base, problem.read(problem.run(True))):
        report.errors.append(f"the function is not deterministic: {_why_random(problem, outputs)}")
        return False
    try:
        problem.recording = False
        problem.recording = _differs(base, problem.values())
    except Exception:  # a function that differentiates inside fails in its own way without a graph
        problem.recording = True
    return True


def _why_random(problem: Problem, outputs: Sequence[Any]) -> str:
    if "masked_scale" in names_of_operations(outputs):
        model = problem.fn if isinstance(problem.fn, Module) else None
        owner = "model" if model is None else type(model).__name__
        return f"dropout is active; call {owner}.eval(), or gg.manual_seed inside the function"
    return "two runs on the same inputs give different outputs; seed what it draws, inside the function"


def _pull_twice(
    problem: Problem, outputs: Sequence[Any], weights: Sequence[Array], handles: Sequence[Any], report: Report
) -> list[Any] | None:
    kept = [w.tobytes() for w in weights]
    try:
        first = problem.gradients(outputs, weights, handles)
        first = [None if g is None else np.array(g) for g in first]
        second = problem.gradients(outputs, weights, handles)
    except Exception as error:  # a wrong rule may raise anything, and that is what is to be reported
        report.errors.append(f"the backward pass raises {type(error).__name__}: {error}")
        return None
    if [w.tobytes() for w in weights] != kept:
        report.errors.append("the backward pass changed the gradient that it was given")
    for leaf, one, two in zip(problem.leaves, first, second, strict=True):
        if (one is None) != (two is None) or (one is not None and _differs([one], [two])):
            report.errors.append(f"the backward pass is not deterministic: {leaf.name} gets another gradient each time")
        if one is not None and one.shape != leaf.shape:
            report.errors.append(f"{leaf.name} has shape {leaf.shape}, but its gradient has {one.shape}")
    return None if report.errors else first


def _blurs(
    problem: Problem, outputs: Sequence[Any], weights: Sequence[Array], handles: Sequence[Any], gradients: Sequence[Any]
) -> list[Array]:
    """Return the rounding errors of the gradients: how far they are from proportional to the cotangent.

    Only what rounding can explain counts, so that a rule which bends the cotangent is not excused.
    """
    blurs = [np.zeros(leaf.size) for leaf in problem.leaves]
    for factor in (-1.7, 1.3, 0.9):
        scaled = problem.gradients(outputs, [w * factor for w in weights], handles)
        for leaf, blur, exact, other in zip(problem.leaves, blurs, gradients, scaled, strict=True):
            if other is None or exact is None or not exact.size:
                continue
            scale = 1e-10 * problem.reach / np.maximum(np.abs(leaf.values), np.finfo(np.float64).tiny)
            with np.errstate(all="ignore"):
                off = np.abs(np.asarray(other, np.float64).reshape(-1) / factor - exact.reshape(-1))
                np.maximum(blur, np.where(off <= scale, off, 0.0), out=blur)
    return blurs


def _neighbours(problem: Problem, weights: Sequence[Array], gradients: Sequence[Array], seed: int) -> list[Array]:
    """Return how far gradients change between an input and the next floating-point numbers to it.

    Where the function magnifies rounding errors, as the sine of a large number does, no gradient is more exact.
    """
    rng = np.random.default_rng([seed, 2])
    originals = [leaf.values.copy() for leaf in problem.leaves]
    try:
        for leaf, values in zip(problem.leaves, originals, strict=True):
            leaf.fill(np.nextafter(values, values * rng.choice([0.0, 2.0], values.shape)))
        handles = [leaf.argument(True) for leaf in problem.leaves]
        given = dict(zip(map(id, problem.leaves), handles, strict=True))
        found = problem.gradients(problem.run(True, lambda leaf: given[id(leaf)]), weights, handles)
    finally:
        for leaf, values in zip(problem.leaves, originals, strict=True):
            leaf.fill(values)
    changes = []
    for gradient, other in zip(gradients, found, strict=True):
        with np.errstate(all="ignore"):
            change = np.zeros(gradient.shape) if other is None else np.abs(np.asarray(other).reshape(-1) - gradient)
            changes.append(np.where(np.isfinite(change), change, 0.0))
    return changes


def _fill(problem: Problem, gradients: Sequence[Any], report: Report) -> list[Array]:
    """Return flat gradients with zeros where no path leads; note which leaves the outputs do not depend on."""
    full = []
    ignored = []
    for leaf, gradient in zip(problem.leaves, gradients, strict=True):
        if gradient is None and leaf.size:
            ignored.append(leaf)
        full.append(np.zeros(leaf.size) if gradient is None else np.asarray(gradient, np.float64).reshape(-1))
    if not ignored:
        return full
    names = ", ".join(leaf.name for leaf in ignored)
    moved = [leaf for leaf in ignored if _moves(problem, leaf)]
    if moved:
        report.notes.append(
            f"backward does not reach {', '.join(f.name for f in moved)}, although the output changes with it: the "
            "path is cut, for example by detach(), no_grad(), .numpy() or .item()"
        )
    elif len(ignored) == len([leaf for leaf in problem.leaves if leaf.size]):
        report.errors.append(f"the output does not depend on {names}, so there is nothing to compare")
    else:
        report.notes.append(f"the output does not depend on {names}")
    return full


def _moves(problem: Problem, leaf: Leaf) -> bool:
    """Return whether the outputs change when all elements of a leaf change."""
    values = leaf.values.copy()
    before = problem.values()
    try:
        for i, value in enumerate(values[:1000]):
            leaf.set(i, value * 1.01 + 0.01 if np.isfinite(value) else value)
        after = problem.values()
    except Exception:  # undefined there: then it does depend
        return True
    finally:
        for i, value in enumerate(values[:1000]):
            leaf.set(i, value)
    return _differs(before, after)


def _look_at_outputs(problem: Problem, base: Sequence[Array], gradients: list[Array], report: Report) -> None:
    """Note outputs that are not finite, and a precision below double; drop the gradients that such outputs spoil."""
    infinite = sum(int(np.sum(~np.isfinite(b))) for b in base)
    if infinite:
        spoiled = sum(int(np.sum(~np.isfinite(g))) for g in gradients)
        report.notes.append(
            f"{infinite:,} output elements are not finite; they were left out, and {spoiled:,} gradients with them"
        )
        for leaf, gradient in zip(problem.leaves, gradients, strict=True):
            problem.blind[id(leaf)] = ~np.isfinite(gradient)
    if not sum(b.size for b in base):
        report.notes.append("the output has no elements")
    if problem.precision > np.finfo(np.float64).eps:
        report.notes.append(
            "something inside the function computes in less than float64, although all inputs are float64; differences "
            "are known only to that precision"
        )


# -- single precision ------------------------------------------------------------------------------------------------


def compare_precisions(
    problem: Problem, gradients: Sequence[Array] | None, weights: Sequence[Array], report: Report
) -> None:
    """Run the function in the dtypes of the caller's inputs, and note where that gradient is far from the other."""
    single = [leaf for leaf in problem.leaves if leaf.handle is not None and leaf.dtype != np.float64 and leaf.size]
    if not single or gradients is None:
        return
    handles = [leaf.as_given() for leaf in problem.leaves]
    given = dict(zip(map(id, problem.leaves), handles, strict=True))
    try:
        outputs = problem.run(True, lambda leaf: given[id(leaf)], as_given=True)
        found = problem.gradients(outputs, weights, handles)
    except Exception as error:  # whatever the function raises, it does so only in this dtype
        report.errors.append(f"in float64 all is well, but in {single[0].dtype}: {type(error).__name__}: {error}")
        return
    for leaf, one, exact in zip(problem.leaves, found, gradients, strict=True):
        if leaf not in single or one is None:
            continue
        if one.dtype != leaf.dtype:
            report.errors.append(f"the gradient of {leaf.name} is {one.dtype}, but {leaf.name} is {leaf.dtype}")
        finite = np.isfinite(exact)
        difference = np.where(finite, np.abs(one.reshape(-1).astype(np.float64) - exact), 0.0)
        size = float(np.max(np.abs(exact[finite]), initial=0.0))
        # Rounding errors are relative to the outputs as well as to the gradients.
        rounding = float(np.finfo(leaf.dtype).eps) * max(1e4 * size, 1e2 * problem.reach / typical_size(leaf.values))
        if not difference.size or not np.max(difference) > rounding:
            continue
        position = int(np.argmax(difference))
        report.notes.append(
            f"in {leaf.dtype} the gradient of {show_index(leaf.name, leaf.index(position))} is "
            f"{one.reshape(-1)[position]:.6g}, in float64 {exact[position]:.6g}: rounding, or another path"
        )
