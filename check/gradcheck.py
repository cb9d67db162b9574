"""Gradient checking: backpropagation against differences, element by element.

The steps, in order; the first three are in ``sanity.py``:

1. Inputs and parameters are copied to float64, so that the verdict is about the formula, not about rounding.
2. The function must leave its inputs alone and give the same result twice.
3. The backward pass must do so, too, and give finite gradients where the outputs are finite.
4. With one Gaussian cotangent v, the gradient of Σ v·output is compared at each element with one central difference,
   at a step relative to the element's size. Ones as cotangent would miss what sums to zero; one-hot ones, a rule that
   clips.
5. Only where they disagree, or where the two sides have different slopes, a ladder of steps decides (``ladder.py``).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import numpy as np

from ..nn.module import Module
from .ladder import MARGIN, SEEN, Rung, Verdict, climb, ladders
from .problem import Problem, preserved_random_state, swapped
from .report import Finding, GradcheckError, Kink, Report, Worst
from .sanity import Examined, compare_precisions, examine, typical_size

__all__ = ["gradcheck", "gradcheck_module"]

Array = np.ndarray[Any, Any]

# Wrong elements of one tensor that are measured closely; where so many are wrong, more say nothing new.
MOST_FAILURES = 32


def gradcheck(
    fn: Callable[..., Any], inputs: Any, *, params: Any = None, samples: int | None = None, seed: int = 0,
    max_seconds: float | None = None, rtol: float = 1e-6, atol: float = 0.0, eps: float = 6e-6,
    raise_on_failure: bool = True, raise_exception: bool | None = None,
) -> Report:  # fmt: skip
    """Compare the gradients of a function with numerical ones, in float64 whatever the dtype of its inputs.

    A gradient at a kink, such as that of relu at exactly 0, passes if it lies between the slopes of the two sides,
    and is listed. What rounding errors hide is listed as inconclusive, and does not pass.

    Args:
        fn: takes the inputs, returns a Tensor of any shape, a Scalar, or a tuple or list of them. It must give the same
            result when called again, so dropout must be off or seeded inside.
        inputs: a tuple or list of arguments, or a single one: Tensors, arrays, Scalars, and lists, tuples and dicts of
            them. If some require grad, those are checked; if none does, all floating-point ones. The rest, such as
            integers, is passed on. Nothing the caller holds is changed.
        params: a Module, or Tensors in a dict or list, that ``fn`` reads by itself; they are checked as well. While the
            check runs they hold float64 copies; afterwards they have their own arrays again, also after an exception.
        samples: compare only this many elements of each tensor, drawn at random, and the one with the largest gradient.
            Default: all of them.
        seed: of the cotangent and of the draw; the same seed gives the same report.
        max_seconds: stop after this time; the report is then unfinished, and does not pass.
        rtol: relative disagreement that is accepted.
        atol: absolute disagreement that is accepted besides. The default, 0, checks the smallest gradients, too.
        eps: step of the first difference, relative to the element (where PyTorch's is absolute).
        raise_on_failure: whether to raise when the report is not all right; PyTorch's ``raise_exception`` is the same.

    Returns:
        A :class:`Report`, true if everything that was compared is right.

    Raises:
        GradcheckError: (a ``RuntimeError``) a gradient is wrong or cannot be judged; the message is the report.
        TypeError: ``fn`` returns something that has no derivative, or ``params`` holds anything other than tensors.
        ValueError: there is nothing to check, or an option is out of range.

    >>> import glassgrad as gg
    >>> x = gg.tensor([[0.5, -1.0], [2.0, 0.0]])
    >>> report = gg.check.gradcheck(lambda x: (x * x).sum() + x.relu(), x)
    >>> bool(report), report.coverage
    (True, '4 of 4 elements')
    >>> print(report.kinks[0].name, report.kinks[0].index, report.kinks[0].kind)
    x (1, 1) kink

    A rule that is wrong, here by its sign:

    >>> @gg.primitive(kind="elementwise", x=lambda g, x: g * gg.sin(x))
    ... def wrong_cos(x):
    ...     return np.cos(x)
    >>> report = gg.check.gradcheck(wrong_cos, gg.tensor([1.0]), raise_on_failure=False)
    >>> report.failures[0].hint
    'the sign is wrong'
    """
    options = _Options(samples, seed, max_seconds, rtol, atol, eps)
    report = Report()
    begin = time.perf_counter()
    with preserved_random_state():
        problem = Problem(fn, inputs, params)
        report.notes += problem.notes
        with swapped(problem.tensors, np.float64):
            examined = examine(problem, report, seed)
            if examined.gradients is not None:
                _compare(problem, examined, options, report, begin)
        if report.finished and not report.errors:
            with swapped(problem.tensors):
                compare_precisions(problem, examined.gradients, examined.weights, report)
    if not report.worst:
        report.worst = [_nothing(leaf.name, leaf.shape, leaf.size) for leaf in problem.leaves]
    report.evaluations = problem.evaluations
    report.seconds = time.perf_counter() - begin
    if not report and (raise_on_failure if raise_exception is None else raise_exception):
        raise GradcheckError(report)
    return report


def gradcheck_module(
    model: Module, batch: Any, loss: Callable[..., Any] | None = None, *, samples: int | None = None, seed: int = 0,
    max_seconds: float | None = None, rtol: float = 1e-6, raise_on_failure: bool = True,
) -> Report:  # fmt: skip
    """Compare the gradients of a network by every parameter, and by its floating-point inputs, with numerical ones.

    Args:
        model: the network, in the mode in which it is to be checked; dropout must be off (``model.eval()``).
        batch: the input; with ``loss`` also ``(input, target)``.
        loss: takes the output, and the target if there is one. Without it the outputs themselves are checked.
        samples, seed, max_seconds, rtol, raise_on_failure: as for :func:`gradcheck`. Networks are large, and each
            element takes two runs: ``samples=20`` compares 20 elements of each parameter, and the report says so.

    Returns:
        A :class:`Report` whose ``worst`` has a row for each parameter, under the name that ``state_dict`` uses, then
        for the inputs. Parameters and running statistics are left as they were.

    Raises:
        GradcheckError, TypeError, ValueError: as :func:`gradcheck`.

    >>> import glassgrad as gg
    >>> gg.manual_seed(0)
    >>> class Net(gg.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.weight = gg.nn.Parameter(gg.randn(3, 2))
    ...     def forward(self, x):
    ...         return (x @ self.weight).tanh()
    >>> report = gg.check.gradcheck_module(Net(), gg.randn(4, 3), loss=lambda y: (y * y).mean())
    >>> [(row.name, row.shape, row.checked, row.verdict) for row in report.worst]
    [('weight', (3, 2), 6, 'ok'), ('input', (4, 3), 12, 'ok')]
    """
    if not isinstance(model, Module):
        raise TypeError(f"gradcheck_module: model must be an nn.Module, not {type(model).__name__}; use gradcheck")
    pair = isinstance(batch, tuple | list) and len(batch) == 2 and loss is not None
    arguments, target = (batch[0], (batch[1],)) if pair else (batch, ())

    def run(input: Any) -> Any:
        out = model(*input) if isinstance(input, tuple | list) else model(input)
        return out if loss is None else loss(out, *target)

    report = gradcheck(
        run, (arguments,), params=model, samples=samples, seed=seed, max_seconds=max_seconds, rtol=rtol,
        raise_on_failure=False,
    )  # fmt: skip
    own = {name for name, _ in model.named_parameters()}
    report.worst.sort(key=lambda row: row.name not in own)
    if not report and raise_on_failure:
        raise GradcheckError(report)
    return report


# -- comparing values ------------------------------------------------------------------------------------------------


class _Options:
    """The options of a check, looked at once."""

    def __init__(
        self, samples: int | None, seed: int, max_seconds: float | None, rtol: float, atol: float, eps: float
    ) -> None:
        if samples is not None and (isinstance(samples, bool) or not isinstance(samples, int) or samples < 1):
            raise ValueError(f"gradcheck: samples must be a positive integer or None, got {samples!r}")
        for name, value, low in (("rtol", rtol, 0.0), ("atol", atol, 0.0), ("eps", eps, 1e-12)):
            if not low <= value < math.inf:
                raise ValueError(f"gradcheck: {name} must be a finite number of at least {low:g}, got {value!r}")
        if max_seconds is not None and not max_seconds > 0:
            raise ValueError(f"gradcheck: max_seconds must be positive or None, got {max_seconds!r}")
        self.samples = samples
        self.seed = seed
        self.max_seconds = max_seconds
        self.rtol = rtol
        self.atol = atol
        self.eps = eps

    def tolerance(self, analytic: float, blur: float) -> Callable[[float], float]:
        """Return the accepted difference as a function of the measured slope."""
        return lambda numeric: self.atol + blur + self.rtol * max(abs(analytic), abs(numeric))


def _compare(problem: Problem, examined: Examined, options: _Options, report: Report, begin: float) -> None:
    """Compare every chosen element of every leaf."""
    gradients = examined.gradients or []
    rng = np.random.default_rng([options.seed, 1])
    chosen = [_choose(g, options.samples, rng) for g in gradients]
    scales = [typical_size(leaf.values) for leaf in problem.leaves]
    sizes = [np.where(leaf.values != 0, np.abs(leaf.values), s) for leaf, s in zip(problem.leaves, scales, strict=True)]
    # The largest effect on the output that any element has by moving as much as it is large.
    known = [np.where(np.isfinite(g), np.abs(g), 0.0) * s for g, s in zip(gradients, sizes, strict=True)]
    effect = max(problem.reach * 1e-6, *(float(np.max(e, initial=0.0)) for e in known))
    with ExitStack() as stack:
        bar = _progress(stack, sum(len(c) for c in chosen))
        for i in range(len(problem.leaves)):
            comparison = _Comparison(problem, i, examined, scales[i], effect, options, report)
            for position in chosen[i]:
                if options.max_seconds is not None and time.perf_counter() - begin > options.max_seconds:
                    report.finished = False
                    break
                comparison.element(int(position))
                bar.update()
            comparison.close()


def _choose(gradient: Array, samples: int | None, rng: np.random.Generator) -> Array:
    """Return the positions to compare: all, or a random draw and the largest gradient."""
    if samples is None or gradient.size <= samples:
        return np.arange(gradient.size)
    drawn = rng.choice(gradient.size, samples, replace=False)
    largest = int(np.argmax(np.where(np.isfinite(gradient), np.abs(gradient), -1.0)))
    if largest not in drawn:
        drawn[-1] = largest
    return np.sort(drawn)


def _progress(stack: ExitStack, total: int) -> Any:
    """Return a progress bar that appears after a second, and only on a terminal."""
    from tqdm import tqdm

    bar = tqdm(total=total, desc="gradcheck", unit=" elements", delay=1.0, leave=False, disable=None)
    return stack.enter_context(bar)


class _Comparison:
    """The elements of one leaf, one after the other."""

    def __init__(
        self, problem: Problem, which: int, examined: Examined, scale: float, effect: float, options: _Options,
        report: Report,
    ) -> None:  # fmt: skip
        self.problem = problem
        self.leaf = leaf = problem.leaves[which]
        self.gradient = (examined.gradients or [])[which]
        self.blur = examined.blurs[which]
        self.shaky = examined.shaky[which]
        self.values = leaf.values.copy()
        self.widest = float(np.max(np.abs(self.values[np.isfinite(self.values)]), initial=scale))
        self.blind = problem.blind.get(id(leaf))
        self.scale = scale
        self.effect = effect
        self.options = options
        self.report = report
        self.compared = 0
        self.failed = 0
        self.skipped = 0
        # (rank of the verdict, relative error, position, analytic, numeric, verdict) of the worst so far
        self.worst: tuple[float, float, int, float, float, str] | None = None

    def element(self, position: int) -> None:
        """Compare one element and note the outcome."""
        value, analytic = float(self.values[position]), float(self.gradient[position])
        if not math.isfinite(value):
            self.skipped += 1
            return
        if self.blind is not None and self.blind[position]:
            return
        self.compared += 1
        self.problem.start()
        own = abs(value) or self.scale
        rung = self.problem.measure(self.leaf, position, max(self.options.eps * own, 4 * math.ulp(value)))
        if not math.isfinite(analytic):
            reason = "the gradient is not finite, though the outputs are"
            self._note(position, analytic, Verdict("wrong", rung.central, math.inf, reason=reason))
            return
        tolerance = self.options.tolerance(analytic, MARGIN * float(self.blur[position]))
        if abs(analytic - rung.central) <= tolerance(rung.central) and not _two_sided(rung):
            self._note(position, analytic, Verdict("agree", rung.central, rung.rounding))
            return
        if self.failed >= MOST_FAILURES:
            self.report.unexamined[self.leaf.name] = self.report.unexamined.get(self.leaf.name, 0) + 1
            return
        rounding = self.problem.explore(self.leaf, position, self.widest)
        # A difference below the rounding of the outputs themselves is none.
        tolerance = self.options.tolerance(analytic, MARGIN * float(self.blur[position]) + 4 * rounding / own)
        for ladder in ladders(value, self.scale):
            verdict = climb(
                analytic, lambda step: self.problem.measure(self.leaf, position, step), ladder,
                tolerance=tolerance, natural=self.effect / own, precision=self.problem.precision,
            )  # fmt: skip
            if verdict.kind != "inconclusive":
                break
        if verdict.kind == "wrong" and not verdict.reason and self.shaky[position]:
            reason = "the gradient is another one at the next floating-point numbers"
            verdict = verdict._replace(kind="inconclusive", reason=reason)
        if verdict.kind == "inconclusive" and self.problem.failure is not None and math.isnan(verdict.numeric):
            failure = self.problem.failure
            verdict = verdict._replace(reason=f"moved values raise {type(failure).__name__}: {failure}")
        self._note(position, analytic, verdict)

    def _note(self, position: int, analytic: float, verdict: Verdict) -> None:
        report, name, index = self.report, self.leaf.name, self.leaf.index(position)
        size = max(abs(analytic), abs(verdict.numeric))
        difference = abs(analytic - verdict.numeric)
        relative = difference / size if size else difference
        rank, word = {
            "negligible": (0, "≈ 0"), "kink": (1, "kink"), "jump": (1, "kink"), "agree": (2, "ok"),
            "inconclusive": (3, "inconclusive"), "wrong": (4, "WRONG"),
        }[verdict.kind]  # fmt: skip
        if verdict.kind == "agree" and relative > max(1e-4, 10 * self.options.rtol) and not self.options.atol:
            # Accepted because the difference is within the rounding errors of backpropagation itself.
            rank, word = 0, "≈ 0"
        if word == "≈ 0":
            report.negligible += 1
        elif verdict.kind in ("kink", "jump"):
            report.kinks.append(Kink(name, index, analytic, verdict.left, verdict.right, verdict.kind))
        elif verdict.kind != "agree":
            ratio = analytic / verdict.numeric if verdict.numeric else math.nan
            hint = verdict.reason or _hint(ratio, analytic)
            finding = Finding(name, index, analytic, verdict.numeric, verdict.error, ratio, hint)
            (report.failures if verdict.kind == "wrong" else report.inconclusive).append(finding)
            self.failed += verdict.kind == "wrong"
        key = (rank, math.inf if math.isnan(relative) else relative)
        if self.worst is None or key > self.worst[:2]:
            self.worst = (*key, position, analytic, verdict.numeric, word)

    def close(self) -> None:
        """Add the row of this leaf to the report."""
        if self.skipped:
            self.report.notes.append(f"{self.skipped:,} elements of {self.leaf.name} are not finite and were left out")
        start = (self.leaf.name, self.leaf.shape, self.leaf.size, self.compared)
        if self.worst is None:
            self.report.worst.append(_nothing(*start))
            return
        _, relative, position, analytic, numeric, word = self.worst
        self.report.worst.append(Worst(*start, self.leaf.index(position), analytic, numeric, relative, word))


def _nothing(name: str, shape: tuple[int, ...], size: int, checked: int = 0) -> Worst:
    """Return the row of a leaf of which nothing was compared."""
    return Worst(name, shape, size, checked, None, math.nan, math.nan, math.nan, "-")


def _two_sided(rung: Rung) -> bool:
    """Return whether the slopes of the two sides differ by more than a smooth function's would at so small a step."""
    return rung.gap > 1e-2 * max(abs(rung.low), abs(rung.high)) and rung.gap > 2 * SEEN * rung.rounding


def _hint(ratio: float, analytic: float) -> str:
    """Return what the ratio of the two gradients says by itself."""
    if analytic == 0:
        return "the gradient is zero; is the path to this element cut off?"
    for factor, text in ((-1.0, "the sign is wrong"), (2.0, "twice as large"), (0.5, "half as large")):
        if math.isclose(ratio, factor, rel_tol=1e-4):
            return text
    return f"{ratio:.6g} times as large" if math.isfinite(ratio) else ""
