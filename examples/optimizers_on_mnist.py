"""Which optimiser learns the digits fastest?

Note 000, 7.6.8 (figure 4), and note 004, notebook 2_4: the same network, the same batches, one optimiser each. The
note says that all others are faster than SGD and that AdaGrad seems to be the fastest. Asked: is it so early, and at
the end?

The network of 7.6.8 has four hidden layers of 100 ReLU units and initial weights of He, and 2,000 steps of 128
images; that of the course, 784-40-20-10, has sigmoid units, initial weights of standard deviation 0.01, and 1,000
steps of 100.

Look for: with ReLU the order of the first 500 steps and the order at the end are not the same. On the course's
network plain SGD does not leave the loss of guessing, ln 10 = 2.303, while four others learn.

Run: python examples/optimizers_on_mnist.py --data mnist (--net five or --net course for one of the two networks)
"""

import numpy as np
from _experiment import Experiment, smooth

import glassgrad as gg
from glassgrad import nn, optim, train
from glassgrad.viz import plots

experiment = Experiment(__doc__)
experiment.arguments.add_argument("--net", choices=("both", "five", "course"), default="both", help="the network")
images, labels, test_images, test_labels = experiment.images()
inputs = images.shape[1]

NETS = {
    "five": {
        "title": "five layers of 7.6.8: ReLU, He",
        "model": lambda: nn.models.MultiLayerNet([inputs, 100, 100, 100, 100, 10], "relu", init="he"),
        "optimizers": {
            "SGD": lambda p: optim.SGD(p, lr=0.01),
            "momentum": lambda p: optim.SGD(p, lr=0.01, momentum=0.9),
            "AdaGrad": lambda p: optim.Adagrad(p, lr=0.01, eps=1e-7),
            "RMSProp": lambda p: optim.RMSprop(p, lr=0.01, alpha=0.99, eps=1e-7),
            "Adam": lambda p: optim.Adam(p, lr=0.001),
        },
        "steps": 2000, "batch": 128, "smooth": 50,
    },
    "course": {
        "title": "network of the course: sigmoid, std 0.01",
        "model": lambda: nn.models.MultiLayerNet([inputs, 40, 20, 10], "sigmoid", init=0.01),
        "optimizers": {
            "SGD": lambda p: optim.SGD(p, lr=0.01),
            "momentum": lambda p: optim.SGD(p, lr=0.3, momentum=0.9),
            "AdaGrad": lambda p: optim.Adagrad(p, lr=0.1, initial_accumulator_value=1e-4),
            "RMSProp": lambda p: optim.RMSprop(p, lr=0.01, alpha=0.99),
            "Adam": lambda p: optim.Adam(p, lr=0.01),
        },
        "steps": 1000, "batch": 100, "smooth": 25,
    },
}  # fmt: skip


def losses_of(net, optimizer_of, seed):
    """The loss of every step, and the accuracy on the test images at the end."""
    gg.manual_seed(seed)
    model = net["model"]()
    optimizer, loss_of = optimizer_of(model.parameters()), nn.CrossEntropyLoss()
    random, losses = np.random.default_rng(seed), []
    for _ in range(60 if experiment.short else net["steps"]):
        batch = random.choice(len(images), net["batch"])
        loss = loss_of(model(gg.tensor(images[batch])), gg.tensor(labels[batch]))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    with gg.no_grad():
        return losses, train.accuracy(model(gg.tensor(test_images)), test_labels)


chosen = NETS if experiment.options.net == "both" else {experiment.options.net: NETS[experiment.options.net]}
todo = [(net, name, seed) for net in chosen for name in NETS[net]["optimizers"] for seed in experiment.seeds]
curves, accuracies = {}, {}
for net, name, seed in experiment.progress(todo):
    losses, accuracy = losses_of(NETS[net], NETS[net]["optimizers"][name], seed)
    curves.setdefault(net, {}).setdefault(name, []).append(losses)
    accuracies.setdefault((net, name), []).append(accuracy)

early, late, reached = {}, {}, {}
for net in chosen:
    for name, runs in curves[net].items():
        runs = np.array(runs)
        early[net, name] = experiment.report(f"{name} ({net}), loss of the first 500 steps", runs[:, :500].mean(1))
        late[net, name] = experiment.report(f"{name} ({net}), loss of the last 200 steps", runs[:, -200:].mean(1))
        reached[net, name] = experiment.report(f"{name} ({net}), test accuracy", accuracies[net, name])


def ranking(numbers, net, most_first=False):
    found = sorted(((value, name) for (which, name), value in numbers.items() if which == net), reverse=most_first)
    return ", ".join(f"{name} {value:.3g}" for value, name in found)


if "five" in chosen:
    others = ("momentum", "AdaGrad", "Adam")
    experiment.verdict(
        "momentum, AdaGrad and Adam are faster than SGD", "000 L327",
        all(early["five", name] < early["five", "SGD"] and late["five", name] < late["five", "SGD"]
            for name in others), f"loss of the first 500 steps: {ranking(early, 'five')}",
    )  # fmt: skip
    first = min(others, key=lambda name: early["five", name]) == "AdaGrad"
    last = min(others, key=lambda name: late["five", name]) == "AdaGrad"
    experiment.verdict(
        "AdaGrad is the fastest", "000 L327", first if first == last else "partly",
        f"{'first' if first else 'not first'} in the first 500 steps ({ranking(early, 'five')}), "
        f"{'first' if last else 'not first'} in the last 200 ({ranking(late, 'five')})",
    )  # fmt: skip
if "course" in chosen:
    experiment.verdict(
        "on the course's network every other method learns where SGD does not", "004 notebook 2_4",
        reached["course", "SGD"] < 0.2 < 0.8 < min(reached["course", n] for n in ("momentum", "AdaGrad", "Adam")),
        f"test accuracy: {ranking(reached, 'course', most_first=True)}",
    )  # fmt: skip


def draw(ax, net):
    series = {name: [smooth(run, NETS[net]["smooth"]) for run in runs] for name, runs in curves[net].items()}
    inset = 300 if net == "five" and not experiment.short else None
    plots.learning_curves(series, log=net == "five", inset=inset, ax=ax)
    if inset and experiment.data == "mnist":  # the first steps of RMSProp reach losses above 100 there
        ax.set_ylim(top=10)
        ax.child_axes[0].set_ylim(top=5)


experiment.finish(
    plots.panels({NETS[net]["title"]: net for net in chosen}, draw, columns=len(chosen), sharex=False, sharey=False,
                 title="Loss of each step, running mean")
)  # fmt: skip
