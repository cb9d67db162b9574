"""The slope of a function at a point, with an error bar: a ladder of steps, extrapolated to a step of zero.

One difference quotient cannot be trusted: too large a step sees the curvature, too small a one the rounding. A ladder
of them, each step a tenth of the one before, shows where the quotients agree, and how well. Extrapolation is
Richardson's (L. F. Richardson, *The approximate arithmetical solution by finite differences*, 1911)
in Neville's form; the choice of the entry with the smallest error follows C. J. F. Ridders, *Accurate computation of
F'(x) and F'(x)F''(x)*, 1982.

The two sides are followed separately, too: where they do not meet, the function has a kink or a jump, and no
derivative.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

__all__ = ["MARGIN", "Rung", "Tableau", "Verdict", "climb", "ladders"]

# The error bar is multiplied by this before anything is called wrong.
MARGIN = 12.0
# Relative width of the bar up to which a slope counts as measured, and at which climbing can stop.
RESOLVED = 3e-4
CLEAR = 1e-5
# A bar this small against the other effects on the output says: the slope does not matter to anything one can see.
NEGLIGIBLE = 1e-9
# How many times the rounding error something must be before it counts as seen.
SEEN = 20.0


class Rung(NamedTuple):
    """What one step showed; ``nan`` where the function could not be evaluated or was not finite.

    Attributes:
        step: mean distance to the two sides.
        central: slope between the two sides.
        left, right: slopes from each side to the point.
        low, high: sums over the outputs of the smaller and of the larger of the two sides' slopes.
        noise: estimated rounding error of a difference of function values.
    """

    step: float
    central: float
    left: float
    right: float
    low: float
    high: float
    noise: float

    @property
    def gap(self) -> float:
        """How far the slopes of the two sides are apart."""
        return self.high - self.low

    @property
    def rounding(self) -> float:
        """Estimated rounding error of the slopes."""
        return self.noise / self.step


class Verdict(NamedTuple):
    """What the ladder says about one derivative.

    Attributes:
        kind: ``"agree"``, ``"wrong"``, ``"kink"``, ``"jump"`` (both pass: the value lies between the slopes of the two
            sides), ``"negligible"`` (too small to be seen in the output, and known to be so) or ``"inconclusive"``.
        numeric: the measured slope.
        error: its error bar, before it is widened by ``MARGIN``.
        left, right: slopes of the two sides, where they differ.
        reason: why, for ``"wrong"`` at a kink and for ``"inconclusive"``.
    """

    kind: str
    numeric: float
    error: float
    left: float = math.nan
    right: float = math.nan
    reason: str = ""


class Tableau:
    """Neville's scheme: values at falling steps, extrapolated to step 0 as a polynomial in ``step**power``.

    >>> table = Tableau(power=2)
    >>> for h in (0.1, 0.01, 0.001):
    ...     table.add(h, (math.exp(h) - math.exp(-h)) / (2 * h), rounding=1e-16 / h)
    >>> abs(table.value - 1) < 1e-12 and table.error < 1e-8
    True
    """

    DEPTH = 4

    def __init__(self, power: int) -> None:
        self.power = power
        self.steps: list[float] = []
        self.row: list[float] = []
        self.value = math.nan
        self.error = math.inf
        self.step = math.nan

    def add(self, step: float, value: float, rounding: float) -> None:
        """Add the quotient at a step smaller than all before."""
        self.steps.append(step)
        row = [value]
        for j, before in enumerate(self.row[: self.DEPTH - 1]):
            # The entry left of the new one, and the one above that.
            here = row[j]
            ratio = (self.steps[-2 - j] / step) ** self.power
            row.append(here + (here - before) / (ratio - 1))
            self._offer(row[j + 1], max(abs(row[j + 1] - here), abs(row[j + 1] - before)) + rounding, step)
        if self.row:
            self._offer(value, abs(value - self.row[0]) + rounding, step)
        self.row = row

    def _offer(self, value: float, error: float, step: float) -> None:
        if error < self.error:
            self.value, self.error, self.step = value, error, step

    def __len__(self) -> int:
        return len(self.steps)


def ladders(value: float, scale: float) -> Iterator[list[float]]:
    """Yield ladders of falling steps, to be tried in turn, for an element of a tensor of elements of size ``scale``.

    The first is made for the element's own size; a second for one that is tiny by accident among others that are
    not; the last is finer and begins higher, for functions whose rounding errors leave little room.

    >>> [f"{h:.0e}" for h in next(ladders(2.0, 1.0))][:3]
    ['6e-02', '6e-03', '6e-04']
    """
    own = abs(value) or scale
    smallest = max(4 * math.ulp(value), 1e-300)
    yield _falling(3e-2 * own, max(3e-14 * own, smallest), 10.0)
    if scale > 3 * own:
        yield _falling(3e-2 * scale, max(3e-14 * own, 3e-22 * scale, smallest), 10.0)
    yield _falling(0.2 * own, max(1e-7 * own, smallest), 2.5)


def _falling(first: float, last: float, factor: float) -> list[float]:
    count = int(math.log(first / last) / math.log(factor)) + 1 if first > last else 1
    return [first / factor**k for k in range(count)]


def climb(
    analytic: float, measure: Callable[[float], Rung], ladder: Iterable[float], *,
    tolerance: Callable[[float], float], natural: float, precision: float,
) -> Verdict:  # fmt: skip
    """Measure the slope until the analytic value is confirmed or the ladder ends, and say what it showed.

    Args:
        analytic: the derivative in question, finite.
        measure: takes a step, returns what it showed.
        ladder: falling steps.
        tolerance: takes the measured slope, returns the difference that is allowed apart from the error bar.
        natural: how large a slope would be that has as much effect as the largest known one.
        precision: relative spacing of the numbers that the function computes with.
    """
    central = Tableau(2)
    rungs: list[Rung] = []
    for step in ladder:
        rung = measure(step)
        rungs.append(rung)
        if not math.isfinite(rung.central):
            continue
        central.add(rung.step, rung.central, rung.rounding)
        if len(central) >= 3 and _confirmed(analytic, central, rungs, tolerance):
            return Verdict("agree", central.value, central.error)
    return _conclude(analytic, central, rungs, tolerance, natural, precision)


def _confirmed(analytic: float, central: Tableau, rungs: list[Rung], tolerance: Callable[[float], float]) -> bool:
    size = max(abs(analytic), abs(central.value))
    if MARGIN * central.error > CLEAR * size:
        return False
    if abs(analytic - central.value) > MARGIN * central.error + tolerance(central.value):
        return False
    return rungs[-1].gap <= 0.3 * rungs[-2].gap + SEEN * rungs[-1].rounding


def _conclude(
    analytic: float, central: Tableau, rungs: list[Rung], tolerance: Callable[[float], float], natural: float,
    precision: float,
) -> Verdict:  # fmt: skip
    usable = [r for r in rungs if math.isfinite(r.central)]
    if len(usable) < 2:
        return _at_an_edge(analytic, rungs, tolerance)
    central = _nearest(central, usable)
    noise = _noise(central, usable)
    error = max(central.error, noise / central.step)
    size = max(abs(analytic), abs(central.value))
    resolved = max(RESOLVED, 1e5 * precision)
    jump = _jump(usable)
    if jump is not None and MARGIN * error > resolved * size:
        return _beside(analytic, *jump, tolerance, "jump", "the function jumps here")
    kink = _kink(usable, noise)
    # One that is tiny beside the slopes themselves matters only if it could explain the difference.
    if kink is not None and kink[1] - kink[0] > min(1e-4 * size, abs(analytic - central.value)):
        return _beside(analytic, *kink, tolerance, "kink", "the function has a kink here")
    if abs(analytic - central.value) > MARGIN * error + tolerance(central.value):
        seen = [r.central for r in usable if r.central != 0]
        absorbed = central.value == 0 and any(abs(analytic - slope) <= 0.5 * abs(analytic) for slope in seen)
        nearer = [abs(analytic - slope) <= 0.1 * abs(central.value - slope) for slope in seen]
        absorbed = absorbed or any(one and two for one, two in pairwise(nearer))
        if absorbed or noise > 1e5 * max(r.noise for r in usable):
            # Small steps vanish in a sum with something large inside, or show more than rounding errors: the function
            # varies on a scale that was not resolved.
            return Verdict("inconclusive", central.value, error, reason="the differences do not converge")
        return Verdict("wrong", central.value, error)
    bar = MARGIN * error
    # Bars are wide on purpose. Where the values meet far inside one, it need not be so narrow.
    met = abs(analytic - central.value) <= 0.3 * resolved * size and bar <= 100 * resolved * size
    if met or bar <= max(resolved * size, tolerance(central.value)) or analytic == central.value == 0:
        return Verdict("agree", central.value, error)
    moves = max(max(abs(r.left), abs(r.right)) * r.step for r in usable)
    floor = max(r.noise for r in usable)
    if moves <= SEEN * min(max(noise, floor), 1e3 * floor):
        # Moving the element as far as the ladder goes changes nothing: the slope is zero, and so is the gradient.
        return Verdict("negligible", central.value, error)
    natural = max(natural, *(max(abs(r.left), abs(r.right)) for r in usable if r.step >= central.step))
    if MARGIN * error <= max(NEGLIGIBLE, 1e4 * precision) * natural:
        return Verdict("negligible", central.value, error)
    return Verdict("inconclusive", central.value, error, reason="the differences drown in rounding errors")


def _nearest(central: Tableau, rungs: list[Rung]) -> Tableau:
    """Return the tableau of the smaller steps if those agree among themselves on something else.

    Seen from far, a function that saturates or oscillates has a slope of 0, and a very sharp one.
    """
    for k in range(len(rungs) - 1, 1, -1):
        if rungs[k - 2].step >= central.step:
            break
        three = [r.central for r in rungs[k - 2 : k + 1]]
        size = min(map(abs, three))
        if size > 0 and max(three) - min(three) <= 0.1 * size and abs(central.value - three[1]) > 0.3 * size:
            near = Tableau(2)
            for rung in rungs[k - 2 :]:
                near.add(rung.step, rung.central, rung.rounding)
            return near
    return central


def _noise(central: Tableau, rungs: list[Rung]) -> float:
    """Return the rounding error that the scatter of smaller steps shows; the outputs' size may suggest less."""
    return max((abs(r.central - central.value) * r.step for r in rungs if r.step < central.step), default=0.0)


def _at_an_edge(analytic: float, rungs: list[Rung], tolerance: Callable[[float], float]) -> Verdict:
    """Judge by the one side on which the function can be evaluated."""
    for name in ("right", "left"):
        table = Tableau(1)
        seen = [r for r in rungs if math.isfinite(getattr(r, name))]
        for rung in seen:
            table.add(rung.step, getattr(rung, name), rung.rounding)
        if len(table) < 2:
            continue
        scatter = max((abs(getattr(r, name) - table.value) * r.step for r in seen if r.step < table.step), default=0.0)
        error = max(table.error, scatter / table.step)
        size = max(abs(analytic), abs(table.value))
        if MARGIN * error > RESOLVED * size and error > CLEAR * max(abs(getattr(r, name)) for r in seen):
            reason = "the slope does not converge at the edge of the domain"
            return Verdict("inconclusive", table.value, error, reason=reason)
        agree = abs(analytic - table.value) <= MARGIN * error + tolerance(table.value)
        return Verdict("agree" if agree else "wrong", table.value, error)
    return Verdict(
        "inconclusive", math.nan, math.inf, reason="the function cannot be evaluated, or is not finite, on either side"
    )


def _kink(rungs: list[Rung], noise: float) -> tuple[float, float, float, float, float] | None:
    """Return (low, high, error, left, right) if the slopes of the two sides stay apart however small the step."""
    seen = [SEEN * max(noise, r.noise) / r.step for r in rungs]
    last = next((k for k in range(len(rungs) - 1, 0, -1) if rungs[k].gap > seen[k]), 0)
    if not last:
        return None
    gap = rungs[last].gap
    if any(seen[k] <= 0.3 * gap and rungs[k].gap <= seen[k] for k in range(last + 1, len(rungs))):
        return None  # the kink lies beside the point, and smaller steps do not reach it
    before = rungs[last - 1].gap
    if gap < 0.4 * before:
        return None  # it closes with the step, as the curvature of a smooth function does
    tables = [Tableau(1), Tableau(1)]
    for rung in rungs[: last + 1]:
        tables[0].add(rung.step, rung.low, rung.rounding)
        tables[1].add(rung.step, rung.high, rung.rounding)
    low, high = (t.value for t in tables)
    error = max(t.error for t in tables)
    if high - low <= MARGIN * error and gap < 0.9 * before:
        return None
    return low, high, error, rungs[last].left, rungs[last].right


def _jump(rungs: list[Rung]) -> tuple[float, float, float, float, float] | None:
    """Return (low, high, error, left, right) of the slopes beside a jump, if the function has one at the point."""
    if len(rungs) < 4:
        return None
    tail = rungs[-3:]
    heights = [(r.left * r.step, r.right * r.step) for r in tail]
    for side in (0, 1):
        sizes = [abs(h[side]) for h in heights]
        if min(sizes) > 1e3 * max(r.noise for r in tail) and max(sizes) < 1.1 * min(sizes):
            break
    else:
        return None
    slopes = []
    for name in ("left", "right"):
        table = Tableau(1)
        for one, two in pairwise(rungs):
            # What happens between two steps on the same side leaves the jump itself out.
            width = one.step - two.step
            slope = (getattr(one, name) * one.step - getattr(two, name) * two.step) / width
            table.add(two.step, slope, (one.noise + two.noise) / width)
        slopes.append((table.value, table.error))
    (left, left_error), (right, right_error) = slopes
    return min(left, right), max(left, right), max(left_error, right_error), left, right


def _beside(
    analytic: float, low: float, high: float, error: float, left: float, right: float,
    tolerance: Callable[[float], float], kind: str, what: str,
) -> Verdict:  # fmt: skip
    middle = 0.5 * (low + high)
    room = MARGIN * error + tolerance(max(abs(low), abs(high)))
    if low - room <= analytic <= high + room:
        return Verdict(kind, middle, error, left, right)
    nearest = low if analytic < low else high
    reason = f"{what}, and the gradient lies outside the slopes of the two sides, {left:.6g} and {right:.6g}"
    return Verdict("wrong", nearest, error, left, right, reason)
