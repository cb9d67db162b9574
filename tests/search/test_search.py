"""random_search: what is drawn, what is kept, and how an interrupted search goes on."""

import builtins

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import glassgrad as gg
from glassgrad import search

SPACE = {
    "lr": search.LogUniform(1e-4, 1.0), "units": search.Integers(4, 64, log=True), "layers": search.Integers(1, 3),
    "p": search.Uniform(0.0, 0.5), "act": search.Choice(["relu", "tanh"]),
}  # fmt: skip


def quiet(train, space=SPACE, trials=10, **options):
    return search.random_search(train, space, trials, progress=False, **options)


def test_the_room_is_reached_from_the_package():
    assert gg.search is search


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_draws_lie_in_the_space_and_repeat_with_the_seed(sampler):
    def drawn(seed):
        return [t.params for t in quiet(lambda p: p["lr"], trials=15, sampler=sampler, seed=seed).trials]

    first = drawn(0)
    assert first == drawn(0) and first != drawn(1)
    for params in first:
        assert set(params) == set(SPACE) and all(SPACE[name].contains(value) for name, value in params.items())
    assert {type(p["units"]) for p in first} == {int}
    assert len({p["act"] for p in first}) == 2


def test_whole_numbers_are_equally_likely():
    """300 draws of 1, 2, 3: 100 each, within four standard deviations."""
    study = quiet(lambda p: 0.0, {"layers": search.Integers(1, 3)}, trials=300, seed=0)
    counts = np.bincount([t.params["layers"] for t in study.trials])[1:]
    assert counts.sum() == 300 and (abs(counts - 100) < 4 * np.sqrt(300 * 2 / 9)).all()


def test_the_logarithm_of_whole_numbers_is_uniform():
    study = quiet(lambda p: 0.0, {"units": search.Integers(1, 1000, log=True)}, trials=500, seed=0)
    units = np.array([t.params["units"] for t in study.trials])
    share = np.log(31.5 / 0.5) / np.log(1000.5 / 0.5)  # of the interval that belongs to 1..31
    assert abs((units <= 31).mean() - share) < 4 * np.sqrt(share * (1 - share) / 500)


def test_tpe_finds_a_better_place_than_random_draws():
    """A bowl in four dimensions, mean of five seeds each."""
    space = {name: search.Uniform(-5, 5) for name in "abcd"}

    def bowl(p):
        return -sum(v * v for v in p.values())

    def mean_of_best(sampler):
        return np.mean([quiet(bowl, space, 60, sampler=sampler, seed=seed).best_value for seed in range(5)])

    assert mean_of_best("tpe") > mean_of_best("random")


def test_an_interrupted_search_goes_on_with_the_same_draws(tmp_path):
    storage = f"sqlite:///{tmp_path / 'search.db'}"
    calls = []

    def train(p):
        calls.append(p)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return p["lr"] if len(calls) % 4 else float("nan")

    with pytest.raises(KeyboardInterrupt):
        quiet(train, storage=storage, seed=3)
    study = quiet(train, storage=storage, seed=3)
    finished = [t for t in study.trials if t.state.name == "COMPLETE"]
    assert len(finished) == 10
    assert calls[5] == calls[6], "the interrupted trial is made again"
    whole = [t.params for t in quiet(lambda p: 0.0, seed=3, trials=len(calls) - 1).trials]
    assert [c for i, c in enumerate(calls) if i != 5] == whole
    count = len(calls)
    quiet(train, storage=storage, seed=3)
    assert len(calls) == count, "a search that has ended is not run again"


def test_histories_are_kept(tmp_path):
    history = {"validation_accuracy": [0.1, 0.5], "train_accuracy": [0.2, 0.9]}
    study = quiet(lambda p: (history["validation_accuracy"][-1], history), trials=1)
    assert study.trials[0].user_attrs["history"] == history and study.best_value == 0.5


def test_minimising():
    study = quiet(lambda p: p["lr"], direction="minimize", seed=0)
    assert study.best_value == min(t.value for t in study.trials)
    assert search.parse_line(search.best_lines(study, 1)[0]).value == study.best_value


def test_trials_that_give_nan_are_replaced_but_not_for_ever():
    calls = []

    def sometimes(p):
        calls.append(p)
        return float("nan") if len(calls) % 3 == 1 else 0.5

    assert sum(t.state.name == "COMPLETE" for t in quiet(sometimes, trials=4).trials) == 4
    study = quiet(lambda p: float("nan"), trials=5)
    assert len(study.trials) == 5
    with pytest.raises(ValueError, match="no finished trial"):
        search.narrow(study)


def test_optunas_own_level_of_messages_is_left_as_it_was():
    optuna = pytest.importorskip("optuna")
    before = optuna.logging.get_verbosity()
    quiet(lambda p: 0.0, trials=1)
    assert optuna.logging.get_verbosity() == before


def test_narrow_keeps_the_kinds():
    study = quiet(lambda p: p["units"], trials=40, seed=0)
    space = search.narrow(study, best=5)
    assert [type(r) for r in space.values()] == [type(r) for r in SPACE.values()]
    assert space["units"].log and space["units"].high == study.best_params["units"]


@given(st.data())
def test_a_range_around_values_holds_them(data):
    values = data.draw(st.lists(st.floats(1e-6, 1e6), min_size=1))
    for kind in (search.Uniform, search.LogUniform):
        around = kind(1e-6, 1e6).around(values)
        assert all(around.contains(v) for v in values) and {around.low, around.high} <= set(values)


def test_without_optuna_the_message_says_how_to_get_it(monkeypatch):
    real = builtins.__import__

    def missing(name, *args, **kwargs):
        if name == "optuna":
            raise ImportError("No module named 'optuna'")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ImportError, match=r"needs Optuna: pip install optuna \(or pip install 'glassgrad\[search\]'\)"):
        quiet(lambda p: 0.0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: quiet(3), TypeError, "train must be a function of a dict"),
        (lambda: quiet(lambda p: 0.0, {}), TypeError, "space must be a dict of names to ranges"),
        (lambda: quiet(lambda p: 0.0, {"lr": (0, 1)}), TypeError, r"lr must be a range such as .*, not \(0, 1\)"),
        (lambda: quiet(lambda p: 0.0, {3: search.Uniform(0, 1)}), TypeError, "names .* must be strings, not 3"),
        (lambda: quiet(lambda p: 0.0, trials=0), ValueError, "at least 1, got 0"),
        (lambda: quiet(lambda p: 0.0, trials=2.0), TypeError, "trials must be a whole number, not 2.0"),
        (lambda: quiet(lambda p: 0.0, sampler="grid"), ValueError, "sampler must be 'random' or 'tpe', not 'grid'"),
        (lambda: quiet(lambda p: 0.0, direction="up"), ValueError, "direction must be"),
        (lambda: quiet(lambda p: 0.0, seed=-1), ValueError, "seed must be a non-negative"),
        (lambda: quiet(lambda p: "good"), TypeError, "must return a number, or a number and a history, not 'good'"),
        (lambda: quiet(lambda p: {"loss": [1.0]}), TypeError, r"return history\[.*\]\[-1\], history"),
        (lambda: quiet(lambda p: (1.0, {"a": object()})), TypeError, "the history must be plain data"),
        (lambda: search.LogUniform(0, 1), ValueError, "low must be greater than 0, got 0"),
        (lambda: search.Uniform(1, 0), ValueError, "low must not be greater than high, got 1 and 0"),
        (lambda: search.Uniform(0, float("nan")), ValueError, "high must be finite, got nan"),
        (lambda: search.Integers(0.5, 1), TypeError, "low must be a whole number, not 0.5"),
        (lambda: search.Integers(0, 9, log=True), ValueError, "at least 1 with log=True"),
        (lambda: search.Choice([]), ValueError, "at least one value"),
        (lambda: search.Choice("abc"), ValueError, "give a list"),
        (lambda: search.Choice([[1]]), TypeError, r"values must be numbers, strings, bools or None, not \[1\]"),
        (lambda: search.best_lines(quiet(lambda p: 0.0, trials=1), 0), ValueError, "at least 1, not 0"),
    ],
)
def test_clear_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_one_storage_has_one_direction(tmp_path):
    storage = f"sqlite:///{tmp_path / 'search.db'}"
    quiet(lambda p: 0.0, trials=1, storage=storage)
    with pytest.raises(ValueError, match="was begun to maximize, not to minimize"):
        quiet(lambda p: 0.0, trials=2, storage=storage, direction="minimize")
