"""What Trainer records, how it steps schedules, and what it says when a loss is no number."""

import math
import warnings

import numpy as np
import pytest

import glassgrad as gg
from glassgrad import data, nn, optim, train


def problem(samples=48, seed=0):
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((samples, 2)).astype("float32")
    return data.TensorDataset(points, (points[:, 0] + points[:, 1] > 0).astype("int64"))


def loader(size=8, **options):
    return data.DataLoader(problem(), batch_size=size, **options)


def trainer(model=None, lr=0.5, metrics="accuracy", **options):
    gg.manual_seed(0)
    model = model or nn.Linear(2, 2)
    optimizer = optim.SGD(model.parameters(), lr=lr)
    if "scheduler" in options:
        options["scheduler"] = options["scheduler"](optimizer)
    return train.Trainer(model, nn.CrossEntropyLoss(), optimizer, metrics, **options)


# --- names and losses


def test_metrics_by_name():
    for metrics in ("accuracy", ["accuracy"], {"accuracy": "accuracy"}, train.accuracy):
        history = trainer(metrics=metrics).fit(loader(), progress=False)
        assert list(history) == ["train_loss", "train_accuracy", "seconds"]
    with pytest.raises(ValueError, match="there is no metric 'precision'; known by name: 'accuracy'; or give a func"):
        trainer(metrics="precision")


def test_the_loss_of_every_step():
    """With a learning rate of 0 each is the loss of its batch; their mean is the epoch's."""
    t = trainer(lr=0.0)
    history = t.fit(loader(), epochs=2, progress=False)
    expected = [nn.CrossEntropyLoss()(t.model(x), y).item() for x, y in loader()] * 2
    np.testing.assert_allclose(t.step_losses, expected, rtol=1e-6)
    assert history["train_loss"][1] == pytest.approx(np.mean(expected[6:]), rel=1e-9)
    assert t.step_learning_rates == [0.0] * 12
    t.fit(loader(), progress=False)
    assert len(t.step_losses) == 18


def test_training_numbers_in_evaluation_mode():
    """Dropout makes the mean over the epoch another number than the network without it has at the epoch's end."""
    model = nn.Sequential(nn.Linear(2, 16), nn.Dropout(0.5), nn.Linear(16, 2))
    t = trainer(model)
    history = t.fit(loader(shuffle=True), loader(), epochs=3, progress=False, evaluate_training=True)
    assert list(history) == [
        "train_loss", "train_accuracy", "train_evaluated_loss", "train_evaluated_accuracy", "validation_loss",
        "validation_accuracy", "seconds",
    ]  # fmt: skip
    assert history["train_evaluated_loss"] == pytest.approx(history["validation_loss"], rel=1e-5), "the same data here"
    assert history["train_evaluated_loss"][-1] != pytest.approx(history["train_loss"][-1], rel=1e-3)
    model.eval()
    x, y = problem()[:]
    assert history["train_evaluated_loss"][-1] == pytest.approx(nn.CrossEntropyLoss()(model(x), y).item(), rel=1e-5)
    with pytest.raises(ValueError, match="earlier calls were with evaluate_training"):
        t.fit(loader(), loader(), progress=False)


def test_measuring_the_training_data_does_not_change_the_training():
    losses = []
    for evaluate in (False, True, loader(7)):
        t = trainer()
        t.fit(loader(shuffle=True), epochs=3, progress=False, evaluate_training=evaluate)
        losses.append(t.step_losses)
    assert losses[0] == losses[1] == losses[2]


def test_evaluate_without_a_trainer():
    model = nn.Linear(2, 2)
    found = train.evaluate(model, loader(), nn.CrossEntropyLoss(), "accuracy")
    x, y = problem()[:]
    assert found["loss"] == pytest.approx(nn.CrossEntropyLoss()(model(x), y).item(), rel=1e-5)
    assert found["accuracy"] == train.accuracy(model(x), y)
    assert model.training
    with pytest.raises(ValueError, match="evaluate: there is no metric"):
        train.evaluate(model, loader(), metrics="f1")


# --- schedules


class Tenth:
    """A schedule with PyTorch's interface: a tenth of the rate at each step."""

    def __init__(self, optimizer):
        self.optimizer = optimizer

    def step(self):
        self.optimizer.param_groups[0]["lr"] /= 10


class Plateau(Tenth):
    def step(self, metrics):
        self.seen = [*getattr(self, "seen", []), metrics]


def test_a_schedule_steps_after_each_epoch_or_each_step():
    t = trainer(scheduler=Tenth, lr=1.0)
    t.fit(loader(24), epochs=3, progress=False)
    np.testing.assert_allclose(t.step_learning_rates, [1, 1, 0.1, 0.1, 0.01, 0.01])
    t = trainer(scheduler=Tenth, lr=1.0, scheduler_interval="step")
    t.fit(loader(24), epochs=2, progress=False)
    np.testing.assert_allclose(t.step_learning_rates, [1, 0.1, 0.01, 0.001])


def test_a_plateau_schedule_gets_its_number():
    t = trainer(scheduler=Plateau)
    history = t.fit(loader(), epochs=2, progress=False)
    assert t.scheduler.seen == history["train_loss"]
    t = trainer(scheduler=Plateau)
    history = t.fit(loader(), loader(), epochs=2, progress=False)
    assert t.scheduler.seen == history["validation_loss"]
    t = trainer(scheduler=Plateau, scheduler_monitor="train_accuracy")
    assert t.fit(loader(), epochs=2, progress=False)["train_accuracy"] == t.scheduler.seen


# --- a loss that is no number


class Logarithm(nn.Module):
    def forward(self, x):
        return gg.log(x)


def warned(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RuntimeWarning)
        with np.errstate(all="ignore"):
            call()
    return [str(w.message) for w in caught if "Trainer" in str(w.message)]


def test_the_first_layer_that_makes_a_nan_is_named_once_with_its_batch():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Linear(2, 2)
            self.norm = nn.BatchNorm1d(2)
            self.middle = Logarithm()
            self.drop = nn.Dropout(0.2)
            self.last = nn.Linear(2, 2)

        def forward(self, x):
            return self.last(self.drop(self.middle(self.norm(self.first(x)))))

    t = trainer(Net())
    found = warned(lambda: t.fit(loader(), epochs=2, progress=False))
    assert len(found) == 1
    assert "the loss is nan in epoch 1, batch 1: log made a NaN in its output of shape (8, 2)" in found[0]
    assert "in module Net.middle; all its inputs are finite" in found[0] and "Training goes on" in found[0]
    assert len(t.step_losses) == 12 and math.isnan(t.step_losses[-1])


def test_looking_for_the_nan_changes_nothing():
    """The same training with the warning already given: buffers, random numbers and weights agree bit for bit."""

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.norm, self.drop = nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Dropout(0.5)

        def forward(self, x):
            x = self.drop(self.norm(self.first(x)))
            return gg.where(gg.tensor([True, False]), gg.log(x - 100.0).detach() * float("nan"), x)

    states = []
    for already in (False, True):
        gg.manual_seed(0)
        t = trainer(Net())
        t._warned = already
        assert len(warned(lambda t=t: t.fit(loader(shuffle=True), epochs=1, progress=False))) == (not already)
        states.append({**{k: v.tolist() for k, v in t.model.state_dict().items()}, "random": gg.rand(3).tolist()})
    np.testing.assert_equal(states[0], states[1])
    assert states[0]["norm.num_batches_tracked"] == 6


def test_a_nan_in_the_data_is_named():
    x, y = (t.numpy(copy=True) for t in problem()[:])
    x[21, 1] = np.nan
    batches = data.DataLoader(data.TensorDataset(x, y), batch_size=8)
    (found,) = warned(lambda: trainer().fit(batches, progress=False))
    assert "epoch 1, batch 3: input 0 of the batch has 1 value that is NaN or infinite, the first in sample 5" in found


def test_weights_that_have_run_away_are_named():
    t = trainer(nn.Sequential(nn.Linear(2, 2)))
    t.fit(loader(), progress=False)
    with gg.no_grad():
        t.model[0].weight.data[:] = float("inf")
    (found,) = warned(lambda: t.fit(loader(), progress=False))
    assert "epoch 2, batch 1: 0.weight became NaN or infinite at an earlier step; the learning rate may be" in found


def test_an_overflow_that_becomes_a_nan_further_on_is_followed_back():
    """exp overflows in the first layer, and inf − inf is NaN in the second; a mask of −inf in between is no fault."""

    class Grow(nn.Module):
        def forward(self, x):
            return gg.exp(gg.abs(x) + 100.0)

    class Centre(nn.Module):
        def forward(self, x):
            return x - x.mean()

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.affine, self.grow, self.norm = nn.Linear(2, 2), Grow(), Centre()

        def forward(self, x):
            hidden = self.affine(x)
            attention = gg.softmax(hidden + gg.tensor([0.0, float("-inf")]), 1)
            return self.norm(self.grow(hidden)) * attention

    (found,) = warned(lambda: trainer(Net()).fit(loader(), progress=False))
    assert "batch 1: exp made an infinity in its output of shape (8, 2) at " in found
    assert "in module Net.grow; all its inputs are finite. It led to a NaN: subtract made a NaN" in found
    assert "in module Net.norm. Training goes on" in found


def test_a_nan_that_is_computed_from_the_data_before_the_first_layer():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.affine = nn.Linear(2, 2)

        def forward(self, x):
            return self.affine(gg.log(x))

    (found,) = warned(lambda: trainer(Net()).fit(loader(), progress=False))
    assert "in module Net.affine; one came in with its inputs" in found


def test_an_infinite_loss_is_found_where_it_became_infinite():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.grow = nn.Linear(2, 2)

        def forward(self, x):
            return gg.exp(gg.abs(self.grow(x)) + 100.0)

    gg.manual_seed(0)
    net = Net()
    t = train.Trainer(net, nn.MSELoss(), optim.SGD(net.parameters(), lr=0.1))
    x, _ = problem()[:]
    (found,) = warned(lambda: t.fit([(x, x)], progress=False))
    assert "the loss is inf in epoch 1, batch 1: exp made an infinity" in found and "in module Net" in found


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda t: train.Trainer(t.model, nn.CrossEntropyLoss, t.optimizer), TypeError,
         r"loss is the class CrossEntropyLoss, not one of its objects; give CrossEntropyLoss\(\)"),
        (lambda t: train.Trainer(nn.Linear, nn.MSELoss(), t.optimizer), TypeError,
         r"model must be an nn.Module, not the class Linear; make one: Linear\(...\)"),
        (lambda t: train.Trainer(t.model, nn.MSELoss(), optim.SGD), TypeError, "not the class SGD"),
        (lambda t: trainer(scheduler=lambda o: 3), TypeError, r"must have a method step\(\), and int has none"),
        (lambda t: trainer(scheduler=Tenth, scheduler_interval="batch"), ValueError, "must be 'epoch' or 'step'"),
        (lambda t: trainer(scheduler=Plateau, scheduler_interval="step"), ValueError, "Plateau needs a number that is"),
        (lambda t: trainer(scheduler=Plateau, scheduler_monitor="x").fit(loader(), progress=False), ValueError,
         "scheduler_monitor 'x' is not among train_loss, train_accuracy, seconds"),
        (lambda t: t.fit(loader(), evaluate_training=3), TypeError, "must be True, False or a loader, not 3"),
        (lambda t: t.fit(loader(), early_stopping=3), TypeError, "must be a train.EarlyStopping, not int"),
        (lambda t: trainer(metrics=3), TypeError, "metrics must be functions, names or a dict of them, not 3"),
        (lambda t: t.fit(loader(), early_stopping=train.EarlyStopping(2)), ValueError, "without validation data"),
        (lambda t: t.fit(loader(), checkpoint=train.Checkpoint("none/run")), FileNotFoundError, "there is no folder"),
        (lambda t: t.fit(loader(), checkpoint="run"), TypeError, "must be a train.Checkpoint, not str"),
        (lambda t: t.fit(loader(), early_stopping=train.EarlyStopping), TypeError, "not the class EarlyStopping"),
    ],
)  # fmt: skip
def test_clear_errors(call, error, message):
    with pytest.raises(error, match=message):
        call(trainer())
