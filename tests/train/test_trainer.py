"""Trainer: what it computes, in which mode, what it records, and how it ends."""

import io
import json
import math
import sys

import numpy as np
import pytest

import glassgrad as gg
from glassgrad import data, nn, optim, train


def problem(samples=50, seed=0):
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((samples, 2)).astype("float32")
    return data.TensorDataset(points, (points[:, 0] + points[:, 1] > 0).astype("int64"))


def trainer(metrics=train.accuracy, lr=0.5, model=None):
    gg.manual_seed(0)
    model = model or nn.Linear(2, 2)
    return train.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=lr), metrics)


def test_it_trains_and_records_plain_data():
    t = trainer()
    loader = data.DataLoader(problem(), batch_size=8, shuffle=True, seed=0)
    history = t.fit(loader, data.DataLoader(problem(40, 1), batch_size=16), epochs=10, progress=False)
    assert history is t.history
    assert list(history) == ["train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "seconds"]
    assert {len(values) for values in history.values()} == {10}
    assert history["train_loss"][-1] < 0.5 * history["train_loss"][0] and history["validation_accuracy"][-1] > 0.9
    assert json.loads(json.dumps(history)) == history
    assert all(second > 0 for second in history["seconds"])


def test_means_are_weighted_by_batch_size():
    """With a learning rate of 0 the mean over batches of 8, 8 and 4 equals the mean over all 20 samples."""
    samples = problem(20)
    t = trainer(lr=0.0)
    history = t.fit(data.DataLoader(samples, batch_size=8), epochs=1, progress=False)
    points, labels = samples[:]
    logits = t.model(points)
    assert history["train_loss"][0] == pytest.approx(nn.CrossEntropyLoss()(logits, labels).item(), rel=1e-6)
    assert history["train_accuracy"][0] == pytest.approx(train.accuracy(logits, labels), rel=1e-12)
    evaluated = t.evaluate(data.DataLoader(samples, batch_size=7))
    assert evaluated["loss"] == pytest.approx(history["train_loss"][0], rel=1e-6)


def test_one_step_is_the_textbook_step():
    samples = problem(6)
    t = trainer(lr=0.1)
    weight = t.model.weight.numpy(copy=True)
    points, labels = samples[:]
    (expected,) = gg.grad(nn.CrossEntropyLoss()(t.model(points), labels), [t.model.weight])
    t.model.weight.grad = gg.ones(2, 2)  # a gradient left over from before must not count
    t.fit(data.DataLoader(samples, batch_size=6), progress=False)
    np.testing.assert_allclose(t.model.weight.numpy(), weight - 0.1 * expected.numpy(), rtol=1e-5)


def test_modes():
    seen = []

    class Spy(nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = nn.Linear(2, 2)
            self.drop = nn.Dropout(0.5)

        def forward(self, x):
            out = self.drop(self.linear(x))
            seen.append((self.training, out.requires_grad))
            return out

    t = trainer(model=Spy())
    t.model.eval()
    loader = data.DataLoader(problem(4), batch_size=4)
    t.fit(loader, loader, epochs=2, progress=False)
    assert seen == [(True, True), (False, False)] * 2
    assert t.model.training and t.model.drop.training
    t.model.drop.eval()
    t.evaluate(loader)
    assert t.model.training and not t.model.drop.training


def test_fit_goes_on():
    t = trainer()
    loader = data.DataLoader(problem(), batch_size=10)
    t.fit(loader, epochs=2, progress=False)
    assert len(t.fit(loader, epochs=3, progress=False)["train_loss"]) == 5
    with pytest.raises(ValueError, match="earlier calls were without validation data; go on likewise, or start a new"):
        t.fit(loader, loader, progress=False)
    t.history = {}
    assert len(t.fit(loader, loader, progress=False)["validation_loss"]) == 1


def test_an_interrupt_leaves_the_finished_epochs():
    t = trainer()
    epoch = 0

    def batches():
        nonlocal epoch
        epoch += 1
        for i, batch in enumerate(data.DataLoader(problem(), batch_size=10)):
            if epoch == 3 and i == 2:
                raise KeyboardInterrupt
            yield batch

    class Loader:
        def __iter__(self):
            return batches()

    with pytest.raises(KeyboardInterrupt):
        t.fit(Loader(), Loader(), epochs=5, progress=False)
    # Validation iterates the loader, too: the third pass is the training of the second epoch.
    assert {len(values) for values in t.history.values()} == {1}
    epoch = 10
    t.fit(Loader(), Loader(), epochs=1, progress=False)
    assert {len(values) for values in t.history.values()} == {2}


def test_the_hook_sees_each_epoch_and_can_stop():
    t, seen = trainer(), []

    def stop(record):
        seen.append(record)
        return len(seen) == 3

    t.fit(data.DataLoader(problem(), batch_size=10), epochs=10, progress=False, on_epoch_end=stop)
    assert len(seen) == len(t.history["train_loss"]) == 3
    assert seen[1]["train_loss"] == t.history["train_loss"][1]


def test_metrics_by_name_and_batches_with_several_inputs():
    class Sum(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter([1.0])

        def forward(self, a, b):
            return (a + b) * self.scale

    def worst(output, target):
        return float(np.abs(output.numpy() - target.numpy()).max())

    rows = np.ones((4, 1), "float32")
    loader = data.DataLoader(data.TensorDataset(rows, rows, 2 * rows), batch_size=4)
    model = Sum()
    for metrics in ({"worst": worst}, [worst], worst):
        t = train.Trainer(model, nn.MSELoss(), optim.SGD(model.parameters()), metrics)
        assert t.evaluate(loader) == {"loss": 0.0, "worst": 0.0}


def test_progress_bar(monkeypatch):
    shown = io.StringIO()
    monkeypatch.setattr(sys, "stderr", shown)
    loader = data.DataLoader(problem(), batch_size=10)
    trainer().fit(loader, epochs=2, progress=False)
    assert not shown.getvalue()
    trainer().fit(loader, epochs=2)
    text = shown.getvalue()
    assert "epoch 2/2" in text and "10/10" in text and "train_accuracy" in text


def test_progress_bar_without_length(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    trainer().fit(list(data.DataLoader(problem(), batch_size=10)).__iter__(), epochs=1)


LINEAR = nn.Linear(2, 2)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda t: train.Trainer(gg.relu, nn.MSELoss(), t.optimizer), TypeError, "model must be an nn.Module"),
        (lambda t: train.Trainer(t.model, 3, t.optimizer), TypeError, "loss must be a function"),
        (lambda t: train.Trainer(t.model, nn.MSELoss(), "sgd"), TypeError, "optimizer must be an optim.Optimizer"),
        (lambda t: train.Trainer(LINEAR, nn.MSELoss(), t.optimizer), ValueError, "holds none of the model's"),
        (lambda t: trainer([train.accuracy, train.accuracy]), ValueError, "two metrics have the same name"),
        (lambda t: trainer({"loss": train.accuracy}), ValueError, "the name 'loss' is taken"),
        (lambda t: trainer({"a": 3}), TypeError, "metric 'a' must be a function"),
        (lambda t: t.fit([], progress=False), ValueError, "fit: the loader gave no samples"),
        (lambda t: t.evaluate([]), ValueError, "evaluate: the loader gave no samples"),
        (lambda t: t.fit([], epochs=0), ValueError, "epochs must be at least 1, got 0"),
        (lambda t: t.fit([], epochs=1.5), TypeError, "epochs must be a whole number, not 1.5"),
        (lambda t: t.fit([], on_epoch_end=3), TypeError, "on_epoch_end must be a function"),
        (lambda t: t.fit([gg.zeros(2)], progress=False), TypeError, r"must be a tuple \(input, ..., target\)"),
        (lambda t: t.fit([(gg.zeros(2),)], progress=False), TypeError, "this one is of 1 element"),
        (lambda t: t.fit([(gg.zeros(2, 2), gg.tensor(0))], progress=False), ValueError, r"need labels of shape \(2,\)"),
    ],
)
def test_clear_errors(call, error, message):
    with pytest.raises(error, match=message):
        call(trainer())


def test_a_loss_must_be_one_number():
    t = trainer()
    t.loss = nn.CrossEntropyLoss(reduction="none")
    with pytest.raises(ValueError, match=r"must be one number .* a tensor of shape \(8,\); use reduction='mean'"):
        t.fit(data.DataLoader(problem(), batch_size=8), progress=False)


# --- metrics


def test_accuracy():
    scores = np.array([[0.1, 0.9, 0], [0.8, 0.2, 0], [0, 0, 1.0]])
    assert train.accuracy(scores, np.array([1, 1, 2])) == pytest.approx(2 / 3)
    assert train.accuracy(gg.tensor(scores), gg.tensor(np.eye(3)[[1, 0, 2]])) == 1.0
    assert type(train.accuracy(gg.tensor(scores), [1, 0, 2])) is float
    assert math.isnan(train.accuracy(np.zeros((0, 3)), np.zeros(0, int)))
    with pytest.raises(ValueError, match=r"labels of shape \(N,\), got \(3, 3\) and \(2,\)"):
        train.accuracy(scores, [1, 0])
    with pytest.raises(TypeError, match="labels must be integers, not float64"):
        train.accuracy(scores, [1.0, 0.0, 2.0])
