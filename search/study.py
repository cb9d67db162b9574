"""``random_search``: try hyper-parameters, and keep what they reached."""

from __future__ import annotations

import json
import math
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .extra import optuna
from .space import Range, check_space

__all__ = ["random_search"]

Train = Callable[[dict[str, Any]], Any]


def random_search(
    train: Train,
    space: Mapping[str, Range],
    trials: int = 100,
    *,
    sampler: str = "random",
    direction: str = "maximize",
    seed: int | None = None,
    storage: Any = None,
    name: str = "search",
    progress: bool = True,
) -> Any:
    """Draw hyper-parameters, train with them, note the result, and again; return Optuna's study.

    Random draws beat a grid because some hyper-parameters matter more than others: of n draws each of these gets n
    values, of a grid only a few. (Bergstra and Bengio 2012, *Random Search for Hyper-Parameter Optimization*)

    Args:
        train: called with a dict of hyper-parameters; trains a new model for few epochs and returns what it reached on
            validation data, never on test data: a number, or a pair of the number and a history (a dict of lists),
            which is kept in ``trial.user_attrs["history"]``.
        space: the range of each hyper-parameter.
        trials: how many are wanted in all; those that a storage holds already count.
        sampler: ``"random"``; or ``"tpe"``, the tree-structured Parzen estimator, which draws where past trials were
            good: a kind of Bayesian optimisation. (Bergstra et al. 2011)
        direction: whether to ``"maximize"`` what ``train`` returns, such as an accuracy, or to ``"minimize"`` it.
        seed: makes the draws repeatable; with ``"random"``, also if the search was interrupted.
        storage: where Optuna keeps the trials, such as ``"sqlite:///search.db"``: an interrupted search goes on.
        name: of the study in the storage.
        progress: show a progress bar on the error stream.

    Returns:
        An ``optuna.Study``: ``study.best_value``, ``study.best_params``, ``study.trials``. A trial that gave NaN has
        failed, and another is made in its place, at most as often as there are trials.

    Raises:
        ImportError: Optuna is not installed.
        TypeError, ValueError: an argument is wrong, or ``train`` returned no number.

    >>> from glassgrad.search import LogUniform
    >>> study = random_search(lambda p: -abs(p["lr"] - 0.01), {"lr": LogUniform(1e-4, 1)}, trials=30, seed=0,
    ...                       progress=False)
    >>> len(study.trials), 0.005 < study.best_params["lr"] < 0.02
    (30, True)
    """
    if not callable(train):
        raise TypeError(f"random_search: train must be a function of a dict of hyper-parameters, not {train!r}")
    ranges = check_space(space)
    if isinstance(trials, bool) or not isinstance(trials, int):
        raise TypeError(f"random_search: trials must be a whole number, not {trials!r}")
    if trials < 1:
        raise ValueError(f"random_search: trials must be at least 1, got {trials}")
    if sampler not in ("random", "tpe"):
        raise ValueError(f"random_search: sampler must be 'random' or 'tpe', not {sampler!r}")
    if direction not in ("maximize", "minimize"):
        raise ValueError(f"random_search: direction must be 'maximize' or 'minimize', not {direction!r}")
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int) or seed < 0):
        raise ValueError(f"random_search: seed must be a non-negative whole number or None, not {seed!r}")
    package = optuna()
    # Optuna writes a line to the error stream for each trial; the progress bar says it all.
    verbosity = package.logging.get_verbosity()
    package.logging.set_verbosity(package.logging.WARNING)
    try:
        study = package.create_study(storage=storage, study_name=name, direction=direction, load_if_exists=True)
        begun = study.direction.name.lower()
        if begun != direction:
            raise ValueError(f"random_search: the study {name!r} in {storage} was begun to {begun}, not to {direction}")
        study.sampler = _sampler(package, sampler, seed, len(study.trials))
        _search(study, train, ranges, trials, progress)
    finally:
        package.logging.set_verbosity(verbosity)
    return study


def _search(study: Any, train: Train, ranges: dict[str, Range], trials: int, progress: bool) -> None:
    distributions = {name: given.distribution() for name, given in ranges.items()}
    earlier = study.get_trials(deepcopy=False)
    done = sum(trial.state.name == "COMPLETE" for trial in earlier)
    failed, beside = 0, sum("nan" in trial.user_attrs for trial in earlier)
    bar = _progress_bar(trials, done) if progress else None
    try:
        while done < trials and failed < trials:
            # Trials that were interrupted do not count, so that the next one draws what they had drawn.
            study.sampler.number = done + beside + failed
            trial = study.ask(distributions)
            try:
                value, history = _result(train(dict(trial.params)))
            except BaseException:
                study.tell(trial, state=optuna().trial.TrialState.FAIL)
                raise
            if history is not None:
                trial.set_user_attr("history", history)
            if math.isnan(value):
                failed += 1
                trial.set_user_attr("nan", True)
                study.tell(trial, state=optuna().trial.TrialState.FAIL)
                continue
            study.tell(trial, value)
            done += 1
            if bar is not None:
                bar.set_postfix(best=f"{study.best_value:.4g}")
                bar.update()
    finally:
        if bar is not None:
            bar.close()


def _result(returned: Any) -> tuple[float, Any]:
    """What ``train`` returned, as a number and a history that can be stored."""
    value, history = returned if isinstance(returned, tuple) and len(returned) == 2 else (returned, None)
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        raise TypeError(
            f"random_search: train must return a number, or a number and a history, not {returned!r}; for a history "
            'of Trainer: return history["validation_accuracy"][-1], history'
        )
    if history is not None:
        try:
            history = json.loads(json.dumps(history))
        except (TypeError, ValueError) as error:
            raise TypeError(f"random_search: the history must be plain data ({error})") from None
    return float(value), history


def _sampler(package: Any, sampler: str, seed: int | None, earlier: int) -> Any:
    if sampler == "tpe":
        # A search that goes on must not draw the same numbers again.
        return package.samplers.TPESampler(seed=None if seed is None else seed + earlier)
    return package.samplers.RandomSampler() if seed is None else _repeatable(package, seed)


def _repeatable(package: Any, seed: int) -> Any:
    """A sampler whose draws the seed, the number of the trial and the name of the hyper-parameter decide alone."""

    class Repeatable(package.samplers.BaseSampler):  # type: ignore[misc, name-defined]
        number = 0

        def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:
            return {}

        def sample_relative(self, study: Any, trial: Any, search_space: Any) -> dict[str, Any]:
            return {}

        def sample_independent(self, study: Any, trial: Any, param_name: str, param_distribution: Any) -> Any:
            generator = np.random.default_rng((seed, self.number, zlib.crc32(param_name.encode())))
            return _draw(generator, param_distribution)

    return Repeatable()


def _draw(generator: np.random.Generator, distribution: Any) -> Any:
    """One value of one of Optuna's distributions."""
    if hasattr(distribution, "choices"):
        return distribution.choices[int(generator.integers(len(distribution.choices)))]
    low, high = distribution.low, distribution.high
    whole = type(distribution).__name__ == "IntDistribution"
    if whole and not distribution.log:
        return int(generator.integers(low, high + 1))
    value: float
    if whole:
        # Each whole number stands for the interval of half a unit on both sides.
        value = math.floor(math.exp(generator.uniform(math.log(low - 0.5), math.log(high + 0.5))) + 0.5)
    elif distribution.log:
        value = math.exp(generator.uniform(math.log(low), math.log(high)))
    else:
        value = float(generator.uniform(low, high))
    return min(max(value, low), high)


def _progress_bar(trials: int, done: int) -> Any:
    from tqdm import tqdm

    return tqdm(total=trials, initial=min(done, trials), unit="trial", desc="search")
