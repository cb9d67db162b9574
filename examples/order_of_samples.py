"""Does it matter in which order samples are presented?

Note 003, 3.3 and 3.6.7: new batches in every epoch, or batches made once; every batch with all classes; samples with a
large error first (LeCun and others 1998), which the note calls good for unbalanced classes and harmful with outliers.
Four ways to make batches, each on three sets of images: as they are; with five of the ten classes cut down to a tenth;
and with 5 % of the labels wrong.

Look for: on clean data all orders are close together. With unbalanced classes balanced batches, in which the rare classes
come as often as the others, raise the accuracy on them. Wrong labels have large errors, so they come first and together.

Run: python examples/order_of_samples.py --data mnist
"""

import numpy as np
from _experiment import Experiment

import glassgrad as gg
from glassgrad import data, nn, optim, train
from glassgrad.viz import plots

experiment = Experiment(__doc__)
count = 3000 if experiment.data == "mnist" else 1430
images, labels, test_images, test_labels = experiment.images(train=count)
epochs, size = (2 if experiment.short else 10), 20


def as_they_are(random):
    return images, labels


def unbalanced(random):
    kept = (labels < 5) | (random.random(len(labels)) < 0.1)  # of the digits 5 to 9 a tenth
    return images[kept], labels[kept]


def wrong_labels(random):
    changed = np.where(random.random(len(labels)) < 0.05, (labels + random.integers(1, 10, len(labels))) % 10, labels)
    return images, changed


SITUATIONS = {"as they are": as_they_are, "unbalanced": unbalanced, "5 % wrong labels": wrong_labels}


def loaders(dataset, labels, errors, seed):
    return {
        "reshuffled": data.DataLoader(dataset, batch_size=size, shuffle=True, seed=seed),
        "fixed": data.DataLoader(dataset, batch_sampler=data.FixedBatches(dataset, size, seed=seed)),
        "balanced": data.DataLoader(dataset, batch_sampler=data.Balanced(labels, size, seed=seed)),
        "large error first": data.DataLoader(dataset, batch_size=size, sampler=data.LargeErrorFirst(errors)),
    }


def accuracies(order, situation, seed):
    """The test accuracy after each epoch, and that on the digits 5 to 9 alone at the end."""
    gg.manual_seed(seed)
    x, t = SITUATIONS[situation](np.random.default_rng(seed))
    model = nn.models.MultiLayerNet([x.shape[1], 100, 10], "relu", init="he")
    optimizer, loss_of = optim.SGD(model.parameters(), lr=0.05), nn.CrossEntropyLoss()

    def errors():
        with gg.no_grad():
            return nn.functional.cross_entropy(model(gg.tensor(x)), gg.tensor(t), reduction="none")

    loader, found, rare = loaders(data.TensorDataset(x, t), t, errors, seed)[order], [], test_labels >= 5
    steps = epochs * -(-len(x) // size)  # as many for every order, though a balanced epoch is longer
    while steps > 0:
        for inputs, target in loader:
            if steps == 0:
                break
            optimizer.zero_grad()
            loss_of(model(inputs), target).backward()
            optimizer.step()
            steps -= 1
            if steps % -(-len(x) // size) == 0:
                with gg.no_grad():
                    output = model(gg.tensor(test_images)).numpy()
                found.append(train.accuracy(output, test_labels))
    return found, train.accuracy(output[rare], test_labels[rare])


ORDERS = ("reshuffled", "fixed", "balanced", "large error first")
curves, rare, end = {}, {}, {}
todo = [(situation, order, seed) for situation in SITUATIONS for order in ORDERS for seed in experiment.seeds]
for situation, order, seed in experiment.progress(todo):
    by_epoch, of_rare = accuracies(order, situation, seed)
    curves.setdefault(situation, {}).setdefault(order, []).append(by_epoch)
    rare.setdefault((situation, order), []).append(of_rare)
for situation in SITUATIONS:
    for order in ORDERS:
        end[situation, order] = np.array([run[-1] for run in curves[situation][order]])
        experiment.report(f"{situation}, {order}, test accuracy", end[situation, order])
for order in ORDERS:
    experiment.report(f"unbalanced, {order}, test accuracy of the rare digits", rare["unbalanced", order])


def gain(situation, order):
    """Points of test accuracy above reshuffled batches: the mean over seeds, and whether all seeds agree on the sign."""
    difference = 100 * (end[situation, order] - end[situation, "reshuffled"])
    return difference.mean(), bool(np.all(difference > 0) or np.all(difference < 0)), f"{difference.mean():+.1f} points"


for situation, claim, sign, line in (
    ("unbalanced", "large errors first are good for unbalanced classes", 1, "003 L518"),
    ("5 % wrong labels", "large errors first do harm where there are outliers", -1, "003 L519"),
):
    points, agree, words = gain(situation, "large error first")
    experiment.verdict(claim, line, True if agree and sign * points > 0 else False if sign * points <= 0 else "partly",
                       f"{words} against reshuffled batches ({gain('as they are', 'large error first')[2]} on clean data)")  # fmt: skip
points, agree, words = gain("unbalanced", "balanced")
experiment.verdict("every batch should hold every class", "003 L135-140", agree and points > 0,
                   f"balanced batches: {words} with unbalanced classes, {gain('as they are', 'balanced')[2]} otherwise")  # fmt: skip
points, agree, words = gain("as they are", "fixed")
experiment.verdict("batches that are made once do as well as new ones", "003 L135, L523-528", points > -0.5,
                   f"{words} against reshuffled batches")  # fmt: skip

figure = plots.panels(
    curves, lambda ax, runs: plots.learning_curves(runs, "accuracy", ax=ax), columns=3, sharey=True, proportion=1.0,
    title="Test accuracy after each epoch, by the order of the samples",
)  # fmt: skip
for ax in figure.axes:
    ax.set_xlabel("epoch")
low = min(run[0] for runs in curves.values() for seeds in runs.values() for run in seeds)
figure.axes[0].set_ylim(100 * max(low, 0.5 if experiment.short else 0.7), 100)
experiment.finish(figure)
