"""Trainer with the schedules of optim.lr_scheduler: the rates of every step, and the same after a restart."""

import numpy as np
import pytest

import glassgrad as gg
from glassgrad import data, nn, optim, train
from glassgrad.optim import lr_scheduler

STEPS, EPOCHS = 5, 6


def fit(make, epochs=EPOCHS, path=None, interval="epoch"):
    gg.manual_seed(0)
    rng = np.random.default_rng(0)
    samples = data.TensorDataset(rng.standard_normal((40, 2)).astype("float32"), rng.integers(0, 2, 40))
    model = nn.Linear(2, 2)
    optimizer = optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    t = train.Trainer(model, nn.CrossEntropyLoss(), optimizer, scheduler=make(optimizer), scheduler_interval=interval)
    checkpoint = None if path is None else train.Checkpoint(path, every=3)
    loader = data.DataLoader(samples, batch_size=8, shuffle=True)
    t.fit(loader, loader, epochs=epochs, progress=False, checkpoint=checkpoint)
    return t


def rates(t):
    return np.array(t.step_learning_rates).reshape(-1, STEPS)


def test_P2_step_decay_divides_by_ten():
    expected = np.repeat([0.1, 0.1, 0.01, 0.01, 0.001, 0.001], STEPS)
    t = fit(lambda o: lr_scheduler.MultiStepLR(o, [2, 4], gamma=0.1))
    np.testing.assert_allclose(t.step_learning_rates, expected, rtol=1e-12)


def test_P1_linear_decay_by_the_step():
    """lr(t) = lr0 − a·t for all 30 steps."""
    total = STEPS * EPOCHS
    t = fit(lambda o: lr_scheduler.LinearLR(o, 1.0, 0.1, total_iters=total), interval="step")
    np.testing.assert_allclose(t.step_learning_rates, 0.1 - 0.09 / total * np.arange(total), rtol=1e-9)


def test_a_plateau_of_the_validation_loss():
    """With a threshold no loss can pass, the rate falls after each epoch without an improvement: from the second on."""
    t = fit(lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=0.5, patience=0, threshold=1e9, threshold_mode="abs"))
    assert (rates(t).std(axis=1) == 0).all()
    np.testing.assert_allclose(rates(t)[:, 0], [0.1, 0.1, 0.05, 0.025, 0.0125, 0.00625])


@pytest.mark.parametrize(
    ("make", "interval"),
    [
        (lambda o: lr_scheduler.StepLR(o, 2), "epoch"),
        (lambda o: lr_scheduler.CosineAnnealingLR(o, EPOCHS), "epoch"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, patience=0), "epoch"),
        (lambda o: lr_scheduler.OneCycleLR(o, 0.3, total_steps=STEPS * EPOCHS + 1), "step"),
        (lambda o: lr_scheduler.LambdaLR(o, lambda epoch: 0.9**epoch), "step"),
    ],
    ids=["step", "cosine", "plateau", "one cycle", "lambda"],
)
def test_a_schedule_goes_on_after_a_restart(make, interval, tmp_path):
    fit(make, 3, tmp_path / "run", interval)
    resumed, whole = fit(make, EPOCHS, tmp_path / "run", interval), fit(make, EPOCHS, interval=interval)
    assert resumed.step_learning_rates == whole.step_learning_rates and resumed.step_losses == whole.step_losses
    np.testing.assert_array_equal(resumed.model.weight.numpy(), whole.model.weight.numpy())
