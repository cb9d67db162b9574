"""What helps against overfitting: weight decay, dropout, or a limit on the norm of each unit's weights?

Note 000, 7.9.1 to 7.9.3, and note 002: six hidden layers of 100 ReLU units learn only 300 images by heart. Weight decay
λ = 0.1 and dropout of a fifth of the units shall close the gap between training and testing, and the accuracy on test
images shall rise. Note 003, 3.5.2: max-norm, here each unit's weights limited to the norm 1, shall do better than
weight decay, and best with dropout. All accuracies are measured in evaluation mode.

Look for: the upper row has the notes' plain SGD of rate 0.01; the lower one adds momentum 0.9, with which the same
number of epochs trains to the end. A small gap alone says nothing: weight decay makes it smaller and loses accuracy on
both sides. In the upper row dropout and max-norm have not finished training, dropout with max-norm least of all; in the
lower one dropout gains on test images, with a gap that stays. The norm of all weights is written below the curves.

Run: python examples/overfitting.py --data mnist
"""

import numpy as np
from _experiment import Experiment

import glassgrad as gg
from glassgrad import data, nn, optim, train
from glassgrad.viz import plots

experiment = Experiment(__doc__)
samples, size = (300, 100) if experiment.data == "mnist" else (100, 34)
images, labels, test_images, test_labels = experiment.images(train=samples)
epochs, every = (20, 10) if experiment.short else (300, 30)
test = data.DataLoader(data.TensorDataset(test_images, test_labels), batch_size=1000)
known = data.DataLoader(data.TensorDataset(images, labels), batch_size=1000)

MEANS = {
    "nothing": {},
    "weight decay 0.1": {"weight_decay": 0.1},
    "dropout 0.2": {"dropout": 0.2},
    "max-norm 1": {"max_norm": 1.0},
    "dropout and max-norm": {"dropout": 0.2, "max_norm": 1.0},
}
OPTIMISERS = {"SGD": 0.0, "momentum": 0.9}


def run(seed, momentum, weight_decay=0.0, dropout=0.0, max_norm=None):
    """Train once; return the history and the norm of all weights at its end."""
    gg.manual_seed(seed)
    model = nn.models.MultiLayerNet([images.shape[1], *[100] * 6, 10], "relu", init="he", dropout=dropout)
    optimizer = optim.SGD(optim.decay_groups(model, weight_decay), lr=0.01, momentum=momentum)
    loss_of, random = nn.CrossEntropyLoss(), np.random.default_rng(seed)
    history = {"epoch": [], "train_accuracy": [], "test_accuracy": []}
    for epoch in range(epochs + 1):
        if epoch % every == 0:
            history["epoch"].append(epoch)
            for name, loader in (("train_accuracy", known), ("test_accuracy", test)):
                history[name].append(train.evaluate(model, loader, metrics="accuracy")["accuracy"])
        for batch in np.array_split(random.permutation(samples), samples // size + (samples % size > 0)):
            loss = loss_of(model(gg.tensor(images[batch])), gg.tensor(labels[batch]))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if max_norm is not None:
                optim.max_norm_(model.parameters(), max_norm)
    squares = [float((p.numpy() ** 2).sum()) for p in model.parameters() if p.ndim > 1]
    return history, np.sqrt(sum(squares))


histories = {(optimiser, means): [] for optimiser in OPTIMISERS for means in MEANS}
norms = {name: [] for name in histories}
for seed, name in experiment.progress([(seed, name) for seed in experiment.seeds for name in histories]):
    history, norm = run(seed, OPTIMISERS[name[0]], **MEANS[name[1]])
    histories[name].append(history)
    norms[name].append(norm)

known_at_end, test_at_end = {}, {}
for name, runs in histories.items():
    text = " ".join(name[::-1]).replace(" SGD", ", SGD").replace(" momentum", ", momentum")
    known_at_end[name] = experiment.report(f"{text}, training accuracy", [h["train_accuracy"][-1] for h in runs])
    test_at_end[name] = experiment.report(f"{text}, test accuracy", [h["test_accuracy"][-1] for h in runs])
    experiment.report(f"{text}, norm of the weights", norms[name], 1)


def gap(name):
    return known_at_end[name] - test_at_end[name]


def compared(optimiser, means):
    """Both accuracies with and without, as a text."""
    pairs = [(known_at_end[optimiser, m], test_at_end[optimiser, m]) for m in (means, "nothing")]
    return f"{optimiser}: training and test " + ", without ".join(f"{a:.3f} and {b:.3f}" for a, b in pairs)


plain = ("SGD", "nothing")
experiment.verdict(
    "300 images are learned by heart, test accuracy stays far below", "000 L423, 002 L39",
    known_at_end[plain] > 0.99 and gap(plain) > 0.1,
    f"training {known_at_end[plain]:.3f}, test {test_at_end[plain]:.3f}",
)  # fmt: skip
for means, where in (("weight decay 0.1", "000 L434, 002 L65-69"), ("dropout 0.2", "000 L440")):
    for optimiser in OPTIMISERS:
        mine, without = (optimiser, means), (optimiser, "nothing")
        smaller = gap(mine) < gap(without)
        risen = test_at_end[mine] > test_at_end[without]
        experiment.verdict(f"{means}: the gap is smaller and test accuracy rises", where,
                           (smaller and risen) or ("partly" if smaller or risen else False),
                           compared(optimiser, means))  # fmt: skip
for optimiser in OPTIMISERS:
    scores = {means: test_at_end[optimiser, means] for means in MEANS}
    above, best = scores["max-norm 1"] > scores["weight decay 0.1"], max(scores, key=scores.get)
    experiment.verdict(
        "max-norm is better than weight decay, and best with dropout", "003 L224",
        (above and best == "dropout and max-norm") or ("partly" if above else False),
        f"{optimiser}, test accuracy: " + ", ".join(f"{means} {score:.3f}" for means, score in scores.items()),
    )  # fmt: skip
experiment.verdict(
    "large weights go with overfitting", "000 L335, 002 L56, 004 L399",
    all(np.mean(norms[o, "weight decay 0.1"]) < np.mean(norms[o, "nothing"])
        and gap((o, "weight decay 0.1")) < gap((o, "nothing")) for o in OPTIMISERS),
    ", ".join(f"{o}: ‖W‖ {np.mean(norms[o, m]):.1f} with {m}" for o in OPTIMISERS for m in list(MEANS)[:2]),
)  # fmt: skip


def curves(ax, name):
    plots.learning_curves(histories[name], "accuracy", gap=True, ax=ax)
    ax.set_title("", loc="left")
    text = f"test {test_at_end[name]:.1%}\ngap {100 * gap(name):.1f} points\n‖W‖ = {np.mean(norms[name]):.1f}"
    paper = {"facecolor": "white", "edgecolor": "none", "pad": 1.5, "alpha": 0.9}  # no line goes through the words
    ax.text(0.97, 0.05, text, transform=ax.transAxes, ha="right", va="bottom", fontsize=8, bbox=paper, zorder=9)


items = {f"{name[1]}, {name[0]}": name for name in histories if name[1] != "dropout and max-norm"}
experiment.finish(
    plots.panels(items, curves, columns=4, proportion=1.0, title=f"Six hidden layers, {samples} images for training")
)  # fmt: skip
