"""EarlyStopping and Ensemble."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import glassgrad as gg
from glassgrad import data, nn, optim, train


def run(losses, patience=2, **options):
    """How many epochs pass with these numbers, and the stopping."""
    stopping = train.EarlyStopping(patience, monitor=options.pop("monitor", "validation_loss"), **options)
    model = nn.Linear(1, 1)
    for epoch, loss in enumerate(losses, start=1):
        if stopping.update({stopping.monitor: loss}, model):
            return epoch, stopping
    return len(losses), stopping


@given(losses=st.lists(st.floats(0, 10), min_size=1, max_size=20), patience=st.integers(1, 5))
def test_it_ends_after_patience_epochs_without_a_new_minimum(losses, patience):
    epochs, stopping = run(losses, patience)
    for count in range(1, len(losses) + 1):  # by the definition: the first epoch at which the minimum is that old
        first_minimum = int(np.argmin(losses[:count]))
        if count - 1 - first_minimum >= patience:
            assert epochs == count and stopping.stopped
            break
    else:
        assert epochs == len(losses) and not stopping.stopped
    assert stopping.best == min(losses[:epochs]) and stopping.best_epoch == int(np.argmin(losses[:epochs]))


def test_maxima_small_improvements_and_nan():
    assert run([0.1, 0.5, 0.4, 0.3, 0.9], monitor="validation_accuracy", mode="max")[0] == 4
    assert run([1.0, 0.95, 0.91, 0.5], min_delta=0.1)[0] == 3
    epochs, stopping = run([float("nan")] * 5)
    assert epochs == 2 and stopping.best is None
    assert run([1.0, float("nan"), 0.5, 0.6, 0.7])[1].best == 0.5


def overfit(**options):
    """Six samples with random labels: the validation loss rises after some epochs."""
    gg.manual_seed(0)
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((6, 4)).astype("float32"), rng.integers(0, 2, 6)
    vx, vy = rng.standard_normal((60, 4)).astype("float32"), rng.integers(0, 2, 60)
    model = nn.Sequential(nn.Linear(4, 30), nn.BatchNorm1d(30), nn.Tanh(), nn.Linear(30, 2))
    t = train.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1))
    validation = data.DataLoader(data.TensorDataset(vx, vy), batch_size=60)
    states = []
    t.fit(
        data.DataLoader(data.TensorDataset(x, y), batch_size=6), validation, epochs=40, progress=False,
        on_epoch_end=lambda record: states.append(model.state_dict()), **options,
    )  # fmt: skip
    return t, states, t.evaluate(validation)["loss"]


def test_R14_training_ends_and_the_best_weights_come_back():
    stopping = train.EarlyStopping(patience=5)
    t, states, loss = overfit(early_stopping=stopping)
    losses = t.history["validation_loss"]
    best = int(np.argmin(losses))
    assert len(losses) == best + 6 < 40
    assert loss == pytest.approx(losses[best], rel=1e-6)
    for name, value in t.model.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), states[best][name].numpy())
    t, states, loss = overfit(early_stopping=train.EarlyStopping(5, restore_best=False))
    assert loss == pytest.approx(t.history["validation_loss"][-1], rel=1e-6)


def test_a_stopped_training_stays_stopped_and_best_after_a_restart(tmp_path):
    first = overfit(early_stopping=train.EarlyStopping(5), checkpoint=train.Checkpoint(tmp_path / "run"))
    again = overfit(early_stopping=train.EarlyStopping(5), checkpoint=train.Checkpoint(tmp_path / "run"))
    assert again[0].history == first[0].history and again[2] == first[2] and again[1] == []


def test_fit_begins_with_a_fresh_count():
    stopping = train.EarlyStopping(patience=5)
    assert len(overfit(early_stopping=stopping)[1]) == len(overfit(early_stopping=stopping)[1])


# --- Ensemble


def test_R15_the_mean_of_probabilities():
    gg.manual_seed(0)
    models = [nn.Linear(3, 4) for _ in range(3)]
    x = gg.randn(5, 3)
    logits = [m(x).numpy().astype(np.float64) for m in models]
    expected = np.mean([np.exp(z) / np.exp(z).sum(1, keepdims=True) for z in logits], axis=0)
    ensemble = train.Ensemble(models)
    np.testing.assert_allclose(ensemble(x).numpy(), expected, rtol=1e-5)
    sigmoids = np.mean([1 / (1 + np.exp(-z)) for z in logits], axis=0)
    np.testing.assert_allclose(train.Ensemble(models, "binary logits")(x).numpy(), sigmoids, rtol=1e-5)
    np.testing.assert_allclose(train.Ensemble(models, "values")(x).numpy(), np.mean(logits, axis=0), rtol=1e-5)
    assert len(list(ensemble.parameters())) == 6


def test_several_changes_of_the_input_of_one_model():
    gg.manual_seed(0)
    model, x = nn.Linear(3, 2), gg.randn(5, 3)
    ensemble = train.Ensemble([model, model], "values", transforms=[lambda x: x, lambda x: -x])
    np.testing.assert_allclose(ensemble(x).numpy(), np.broadcast_to(model.bias.numpy(), (5, 2)), atol=1e-6)


def test_an_ensemble_is_measured_like_any_model_in_evaluation_mode():
    gg.manual_seed(0)
    models = [nn.Sequential(nn.Dropout(0.9), nn.Linear(2, 2)) for _ in range(2)]
    batches = [(gg.randn(30, 2), gg.tensor([0, 1] * 15))]
    ensemble = train.Ensemble(models)
    first, second = (train.evaluate(ensemble, batches, metrics="accuracy") for _ in range(2))
    assert first == second and models[0].training


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: train.EarlyStopping(0), ValueError, "patience must be at least 1, got 0"),
        (lambda: train.EarlyStopping(2.5), TypeError, "patience must be a whole number of epochs, not 2.5"),
        (lambda: train.EarlyStopping(2, mode="best"), ValueError, "mode must be 'min' or 'max', not 'best'"),
        (lambda: train.EarlyStopping(2, monitor="validation_accuracy"), ValueError, "say whether validation_acc"),
        (lambda: train.EarlyStopping(2, min_delta=-1), ValueError, "min_delta must be at least 0"),
        (lambda: train.EarlyStopping(2).update({"train_loss": 1.0}, nn.Linear(1, 1)), ValueError,
         "there is no 'validation_loss' among train_loss"),
        (lambda: train.Ensemble(nn.Sequential(nn.ReLU())), TypeError, "a list of models, not one Sequential; put"),
        (lambda: train.Ensemble([]), ValueError, "there are no models"),
        (lambda: train.Ensemble([gg.relu]), TypeError, "model 0 must be an nn.Module"),
        (lambda: train.Ensemble([nn.Identity()], "probabilities"), ValueError, "outputs must be one of 'logits', "),
        (lambda: train.Ensemble([nn.Identity()], transforms=[]), ValueError, "there are 1 models, but 0 transforms"),
    ],
)  # fmt: skip
def test_clear_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
