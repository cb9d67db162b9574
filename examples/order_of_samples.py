"""Does it matter in which order samples are presented?

Note 003, 3.3 and 3.6.7: new batches in every epoch, or batches made once; every batch with all classes; samples with
a large error first (LeCun and others 1998), which the note calls good for unbalanced classes and harmful with
outliers. Five ways to make batches, each on three sets of images: as they are; with five of the ten classes cut down
to a tenth; and with 5 % of the labels wrong.

Look for: on clean data new, fixed and balanced batches are equally good. With unbalanced classes balanced batches, in
which the rare classes come as often as the others, raise the accuracy on them. Sorted by error, an epoch ends with what
the network knew already, and the rest is forgotten; drawing samples with a large error more often is the milder form of
the advice. Wrong labels have large errors, too.

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


class LargeErrorOften(data.Sampler):
    """Samples drawn with a probability in proportion to their error, as many as there are."""

    def __init__(self, errors, seed):
        super().__init__()
        self.errors, self.random = errors, np.random.default_rng(seed)

    def __len__(self):
        return len(self.errors())

    def __iter__(self):
        share = self.errors().numpy().astype("float64")
        return iter(self.random.choice(len(share), len(share), p=share / share.sum()).tolist())


SITUATIONS = {"as they are": as_they_are, "unbalanced": unbalanced, "5 % wrong labels": wrong_labels}


def loaders(dataset, labels, errors, seed):
    return {
        "reshuffled": data.DataLoader(dataset, batch_size=size, shuffle=True, seed=seed),
        "fixed": data.DataLoader(dataset, batch_sampler=data.FixedBatches(dataset, size, seed=seed)),
        "balanced": data.DataLoader(dataset, batch_sampler=data.Balanced(labels, size, seed=seed)),
        "large error first": data.DataLoader(dataset, batch_size=size, sampler=data.LargeErrorFirst(errors)),
        "large error often": data.DataLoader(dataset, batch_size=size, sampler=LargeErrorOften(errors, seed)),
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


ORDERS = ("reshuffled", "fixed", "balanced", "large error first", "large error often")
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
    """Points of test accuracy above reshuffled batches: the mean, whether all seeds agree on the sign, and in words."""
    difference = 100 * (end[situation, order] - end[situation, "reshuffled"])
    agree = bool(np.all(difference > 0) or np.all(difference < 0))
    return difference.mean(), agree, f"{difference.mean():+.1f} points against reshuffled batches"


for situation, claim, sign, line in (
    ("unbalanced", "large errors first are good for unbalanced classes", 1, "003 L518"),
    ("5 % wrong labels", "large errors first do harm where there are outliers", -1, "003 L519"),
):
    # Harm by outliers is what comes on top of what the order does to clean data.
    changes = {order: gain(situation, order)[0] - (gain("as they are", order)[0] if sign < 0 else 0.0)
               for order in ("large error first", "large error often")}  # fmt: skip
    right = [sign * change > 0.5 for change in changes.values()]
    experiment.verdict(
        claim, line, all(right) or ("partly" if any(right) else False),
        ", ".join(f"{order} {change:+.1f} points" for order, change in changes.items())
        + (" against reshuffled batches" if sign > 0 else " more than on clean data"),
    )  # fmt: skip
points, agree, words = gain("unbalanced", "balanced")
experiment.verdict(
    "every batch should hold every class", "003 L135-140", points > 0 and (agree or "partly"),
    f"{words} with unbalanced classes, {gain('as they are', 'balanced')[0]:+.1f} with all classes equally large",
)  # fmt: skip
points, agree, words = gain("as they are", "fixed")
experiment.verdict("batches made once do as well as new ones", "003 L135, L523-528", bool(points > -0.5), words)


figure = plots.panels(
    curves, lambda ax, runs: plots.learning_curves(runs, "accuracy", ax=ax), columns=3, sharey=True, proportion=1.0,
    title="Test accuracy after each epoch, by the order of the samples",
)  # fmt: skip
for ax in figure.axes:
    ax.set(xlabel="epoch", ylim=(0 if experiment.short else 40, 100))
experiment.finish(figure)
