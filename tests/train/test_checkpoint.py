"""Checkpoint: a training that is killed and taken up again ends where the uninterrupted one ends, bit for bit."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import glassgrad as gg
from glassgrad import data, nn, optim, train

SCRIPT = Path(__file__).with_name("killed_training.py")
STEPS = {"shuffle": 6, "seed": 6, "sampler": 6, "balanced": 8, "list": 6}


def run(folder, out, deadly=-1, midway=False, kind="shuffle"):
    arguments = [folder / "run.safetensors", folder / out, deadly, "midway" if midway else "after", kind]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-I", str(SCRIPT), *map(str, arguments)], capture_output=True, text=True, env=environment
    )
    assert done.returncode == (-signal.SIGKILL if deadly > 0 else 0), done.stderr
    return folder / out


@pytest.mark.parametrize("kind", list(STEPS))
def test_killed_at_random_moments_it_ends_as_if_nothing_had_happened(tmp_path, kind):
    """Two kills for each kind of loader: in the middle of writing a checkpoint, and right after writing one."""
    moments = np.random.default_rng(list(STEPS).index(kind))
    (tmp_path / "whole").mkdir()
    (tmp_path / "killed").mkdir()
    expected = gg.load(run(tmp_path / "whole", "end", kind=kind))
    for midway in (True, False):
        run(tmp_path / "killed", "end", int(moments.integers(1, STEPS[kind] + 3)), midway, kind)
        assert not (tmp_path / "killed" / "end").exists()
    found = gg.load(run(tmp_path / "killed", "end", kind=kind))
    assert len(found["history"]["train_loss"]) == 3 and len(found["losses"]) > 15
    assert found["history"] == expected["history"] and found["losses"] == expected["losses"]
    assert found["rates"] == expected["rates"]
    assert found["random"].tolist() == expected["random"].tolist()
    for name, value in expected["model"].items():
        assert value.numpy().tobytes() == found["model"][name].numpy().tobytes(), name


# --- within one process


def problem():
    rng = np.random.default_rng(0)
    points = rng.standard_normal((40, 2)).astype("float32")
    return data.TensorDataset(points, (points[:, 0] > 0).astype("int64"))


def fit(path, epochs=3, features=2, lr=0.1, interrupt=None, optimizer=optim.SGD, t=None, **options):
    gg.manual_seed(0)
    if t is None:
        model = nn.Linear(features, 2)
        t = train.Trainer(model, nn.CrossEntropyLoss(), optimizer(model.parameters(), lr=lr))

    def stop(record):
        if len(t.history["train_loss"]) == interrupt:
            raise KeyboardInterrupt

    loader = data.DataLoader(problem(), batch_size=10, shuffle=True)
    checkpoint = train.Checkpoint(path, **options)
    try:
        t.fit(loader, epochs=epochs, progress=False, on_epoch_end=stop, checkpoint=checkpoint)
    except KeyboardInterrupt:
        pass
    return t


def test_a_training_that_has_ended_is_not_run_again_but_can_go_on(tmp_path):
    path = tmp_path / "run"
    first = fit(path)
    again = fit(path)
    assert again.step_losses == first.step_losses and again.history == first.history
    np.testing.assert_array_equal(again.model.weight.numpy(), first.model.weight.numpy())
    longer, whole = fit(path, epochs=5), fit(tmp_path / "other", epochs=5)
    assert len(longer.step_losses) == 20 and longer.step_losses == whole.step_losses


def test_an_interrupted_fit_goes_on_in_the_same_process(tmp_path):
    t = fit(tmp_path / "run", epochs=4, interrupt=3)
    assert len(t.step_losses) == 12
    fit(tmp_path / "run", epochs=4, t=t)
    assert t.step_losses == fit(tmp_path / "whole", epochs=4).step_losses


def test_without_resume_it_begins_anew(tmp_path):
    assert len(fit(tmp_path / "run", epochs=2).step_losses) == 8
    assert len(fit(tmp_path / "run", epochs=1, resume=False).step_losses) == 4
    assert len(fit(tmp_path / "run", epochs=1).step_losses) == 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"features": 3}, r"does not fit this training \((.|\n)*weight has shape \(2, 2\) in the state, \(2, 3\)"),
        ({"optimizer": optim.Adam}, r"does not fit this training"),
    ],
)
def test_a_file_of_another_training_changes_nothing(tmp_path, change, message):
    fit(tmp_path / "run", epochs=1)
    gg.manual_seed(0)
    features = change.get("features", 2)
    model = nn.Linear(features, 2)
    t = train.Trainer(model, nn.CrossEntropyLoss(), change.get("optimizer", optim.SGD)(model.parameters(), lr=0.7))
    before, random_before = model.weight.numpy(copy=True), gg.get_rng_state()
    loader = data.DataLoader(problem(), batch_size=10)
    if "optimizer" in change:  # Adam's options are not in SGD's state, and the early part of loading succeeds
        t.scheduler = type("Schedule", (), {"step": lambda self: None, "state_dict": lambda self: {}})()
        t.scheduler.load_state_dict = lambda state: None
    with pytest.raises(ValueError, match=message + r"(.|\n)*resume=False"):
        t.fit(loader, progress=False, checkpoint=train.Checkpoint(tmp_path / "run"))
    np.testing.assert_array_equal(model.weight.numpy(), before)
    assert gg.get_rng_state() == random_before and t.step_losses == [] and t.optimizer.param_groups[0]["lr"] == 0.7


def test_other_files_are_refused(tmp_path):
    gg.save({"w": gg.ones(1)}, tmp_path / "weights")
    with pytest.raises(ValueError, match="was not written by this version's Checkpoint"):
        fit(tmp_path / "weights")
    (tmp_path / "text").write_text("no checkpoint")
    with pytest.raises(ValueError, match="load:"):
        fit(tmp_path / "text")


def test_a_second_part_of_a_training_needs_its_own_file(tmp_path):
    t = fit(tmp_path / "first", epochs=2)
    other = fit(tmp_path / "second", epochs=1, lr=0.3)
    with pytest.raises(ValueError, match="was begun after 0 epochs of training, but this trainer has had 2"):
        fit(tmp_path / "second", t=t)
    assert len(other.history["train_loss"]) == 1


@pytest.mark.parametrize(
    ("every", "error", "message"),
    [(0, ValueError, "at least 1, got 0"), (1.5, TypeError, "not 1.5"), (True, TypeError, "not True")],
)
def test_every_must_be_a_number_of_steps(every, error, message):
    with pytest.raises(error, match=message):
        train.Checkpoint("run", every=every)
