"""When does training harm, and does stopping there give the better network?

Note 003, 3.4: the training error falls all the time, the error on other data turns up at some point; training is
stopped there. `train.EarlyStopping` does so: it ends training when the loss on validation data has not become better
for some epochs, and gives the network the weights of its best epoch back. Validation data are images of their own,
neither trained on nor used for the test.

Look for: the validation loss has its minimum early and rises afterwards, while the training loss goes to 0. Accuracy
does not turn: the network becomes surer of its answers, of wrong ones too, but they stay the same answers. The loss of
the restored weights is the minimum exactly, and on test images of MNIST it is lower than that at the end. The digits in
the package are so easy that neither turns; then a short patience ends too early.

Run: python examples/early_stopping.py --data mnist
"""

import numpy as np
from _experiment import Experiment

import glassgrad as gg
from glassgrad import data, nn, optim, train
from glassgrad.viz import plots

experiment = Experiment(__doc__)
samples, others, size = (1000, 2000, 50) if experiment.data == "mnist" else (200, 400, 10)
images, labels, test_images, test_labels = experiment.images(train=samples + others)
epochs, patience = (10, 2) if experiment.short else (60, 5)


def loader(x, t, shuffle=False, seed=None):
    return data.DataLoader(data.TensorDataset(x, t), batch_size=size if shuffle else 1000, shuffle=shuffle, seed=seed)


validation = loader(images[samples:], labels[samples:])
test, loss = loader(test_images, test_labels), nn.CrossEntropyLoss()


def run(seed, patience):
    """Train until ``patience`` epochs bring nothing, at most ``epochs``; return model, history and EarlyStopping."""
    gg.manual_seed(seed)
    model = nn.models.MultiLayerNet([images.shape[1], 100, 100, 10], "relu", init="he")
    trainer = train.Trainer(model, loss, optim.SGD(model.parameters(), lr=0.1), metrics="accuracy")
    stopping = train.EarlyStopping(patience)
    training = loader(images[:samples], labels[:samples], shuffle=True, seed=seed)
    last = {}

    def keep_last(record):
        last.update(model.state_dict())

    history = trainer.fit(training, validation, epochs, progress=False, on_epoch_end=keep_last,
                          early_stopping=stopping)  # fmt: skip
    return model, history, stopping, last


histories, stopped_after, best_epochs, equal, rises, same = [], [], [], [], [], []
on_test = {"restored": [], "last": []}
for seed in experiment.progress(experiment.seeds):
    model, history, stopping, last = run(seed, patience=epochs)  # never stops early: the whole curve
    histories.append(history)
    best_epochs.append(stopping.best_epoch + 1)
    restored = train.evaluate(model, validation, loss)["loss"]
    equal.append(np.isclose(restored, min(history["validation_loss"]), rtol=1e-6))
    on_test["restored"].append(train.evaluate(model, test, loss, "accuracy"))
    model.load_state_dict(last)
    on_test["last"].append(train.evaluate(model, test, loss, "accuracy"))
    rises.append(np.sum(np.diff(history["train_loss"]) > 0))
    _, short, stopping, _ = run(seed, patience)
    stopped_after.append(len(short["train_loss"]))
    same.append(stopping.best == min(history["validation_loss"]))

experiment.report("epoch of the lowest validation loss", best_epochs, 1)
experiment.report(f"epochs until stopped, patience {patience}", stopped_after, 1)
lowest = experiment.report("validation loss, lowest", [min(h["validation_loss"]) for h in histories])
final = experiment.report(f"validation loss, epoch {epochs}", [h["validation_loss"][-1] for h in histories])
at_lowest = experiment.report(
    "validation accuracy, at the lowest loss",
    [h["validation_accuracy"][i - 1] for h, i in zip(histories, best_epochs, strict=True)],
)
at_end = experiment.report(f"validation accuracy, epoch {epochs}", [h["validation_accuracy"][-1] for h in histories])
measured = {
    (which, name): experiment.report(f"test {name}, {which} weights", [m[name] for m in on_test[which]])
    for which in on_test
    for name in ("loss", "accuracy")
}
experiment.verdict("the training error falls all the time", "003 L169", not any(rises),
                   f"it rose after {np.mean(rises):.1f} of {epochs - 1} epochs")  # fmt: skip
turned = final > 1.05 * lowest and max(best_epochs) < 0.8 * epochs
fallen = at_end < at_lowest - 0.005
experiment.verdict(
    "the error on other data turns up while training goes on", "003 L169",
    (turned and fallen) or ("partly" if turned or fallen else False),
    f"loss {lowest:.3f} at epoch {np.mean(best_epochs):.0f}, {final:.3f} at {epochs}; "
    f"accuracy {at_lowest:.3f} and {at_end:.3f}",
)  # fmt: skip
experiment.verdict(
    "training is stopped where that error turns", "003 L171",
    (all(equal) and all(same)) or ("partly" if all(equal) else False),
    f"patience {patience} ends after {np.mean(stopped_after):.0f} epochs, with the minimum of the whole curve in "
    f"{sum(same)} of {len(same)} runs; the loss of the restored weights is the minimum in {sum(equal)}",
)  # fmt: skip
better = {name: measured["restored", name] - measured["last", name] for name in ("loss", "accuracy")}
experiment.verdict(
    "stopping early gives the better network", "003 L171, 001 L1189",
    (better["loss"] < 0 and better["accuracy"] > 0.002) or ("partly" if better["loss"] < 0 else False),
    f"test loss {measured['restored', 'loss']:.3f} against {measured['last', 'loss']:.3f} at the end, accuracy "
    f"{measured['restored', 'accuracy']:.3f} against {measured['last', 'accuracy']:.3f}",
)  # fmt: skip


def curves(ax, metric):
    plots.learning_curves([histories], metric, best=metric == "loss", ax=ax)
    at = float(np.mean(stopped_after))
    ax.axvline(at, color="0.45", linewidth=1.2, linestyle="-.")
    ax.text(at + 1, 0.5, f"patience {patience}:\nstops here", fontsize=8, va="center",
            transform=ax.get_xaxis_transform(), bbox={"color": ax.get_facecolor(), "pad": 1})  # fmt: skip


experiment.finish(
    plots.panels({"loss": "loss", "accuracy": "accuracy"}, curves, columns=2, sharey=False,
                 title=f"Training on {samples:,} images, stopped early")
)  # fmt: skip
