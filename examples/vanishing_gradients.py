"""Where do gradients vanish: by activation and initial weights?

Note 004, section 1, and its notebooks 2_2_1 and 2_2_2: the network 784-40-20-10 with sigmoid and with ReLU, from
weights of standard deviation 0.01, of Xavier (1/√n) and of He (√(2/n)); 2,000 steps of SGD with rate 0.1 on 100
images. The note says that sigmoid with small random weights learns nothing because its gradients vanish, and that
ReLU, and the weights of Xavier and of He, cure it.

Look for: each panel shows the mean absolute gradient of the three layers at every step, all on one scale. With sigmoid
and 0.01 the first layer is dark to the end; in the other panels all three layers get gradients from the start or soon
after.

Run: python examples/vanishing_gradients.py --data mnist
"""

import numpy as np
from _experiment import Experiment

import glassgrad as gg
from glassgrad import nn, optim, train
from glassgrad.viz import plots

experiment = Experiment(__doc__)
images, labels, test_images, test_labels = experiment.images()
ACTIVATIONS = ("sigmoid", "relu")
INITS = {"std 0.01": 0.01, "Xavier": "lecun", "He": "he"}  # 1/√n, which the note calls Xavier's
NAMES = {"layers.affine1.weight": "layer 1", "layers.affine2.weight": "layer 2", "layers.affine3.weight": "layer 3"}
steps, every = (60, 5) if experiment.short else (2000, 20)


def gradients_of(activation, init, seed):
    """The mean absolute gradients of the layers at every 20th step, and the accuracy on the test images at the end."""
    gg.manual_seed(seed)
    model = nn.models.MultiLayerNet([images.shape[1], 40, 20, 10], activation, init=init)
    optimizer, loss_of = optim.SGD(model.parameters(), lr=0.1), nn.CrossEntropyLoss()
    random, found = np.random.default_rng(seed), []
    for step in range(steps):
        batch = random.choice(len(images), 100)
        loss = loss_of(model(gg.tensor(images[batch])), gg.tensor(labels[batch]))
        optimizer.zero_grad()
        loss.backward()
        if step % every == 0:
            found.append({NAMES[name]: value for name, value in plots.mean_gradients(model).items()})
        optimizer.step()
    with gg.no_grad():
        return found, train.accuracy(model(gg.tensor(test_images)), test_labels)


shown, reached, start, ratio = {}, {}, {}, {}
todo = [(activation, init) for activation in ACTIVATIONS for init in INITS]
for activation, init in experiment.progress(todo):
    runs = [gradients_of(activation, INITS[init], seed) for seed in experiment.seeds]
    key = f"{'ReLU' if activation == 'relu' else activation}, {init}"
    shown[key] = runs[0][0]
    start[key] = experiment.report(f"{key}, gradient of layer 1 at first", [r[0][0]["layer 1"] for r in runs], 9)
    ratio[key] = experiment.report(f"{key}, gradient of layer 1 by layer 3 at first",
                                   [r[0][0]["layer 1"] / r[0][0]["layer 3"] for r in runs], 6)  # fmt: skip
    experiment.report(f"{key}, gradient of layer 1 at the end", [r[0][-1]["layer 1"] for r in runs], 9)
    reached[key] = experiment.report(f"{key}, test accuracy", [accuracy for _, accuracy in runs])

experiment.verdict(
    "sigmoid with small weights: gradients vanish and nothing is learned", "004 section 1",
    reached["sigmoid, std 0.01"] < 0.2 and ratio["sigmoid, std 0.01"] < 0.01,
    f"test accuracy {reached['sigmoid, std 0.01']:.3f}, the first layer's gradient is "
    f"{ratio['sigmoid, std 0.01']:.0e} of the last layer's",
)  # fmt: skip
cured = {key: value for key, value in reached.items() if key != "sigmoid, std 0.01"}
experiment.verdict(
    "ReLU, Xavier and He cure it", "004 section 1", min(cured.values()) > 0.8,
    "test accuracy: " + ", ".join(f"{key} {value:.3f}" for key, value in cured.items()),
)  # fmt: skip
known = np.array([[list(step.values()) for step in run] for run in shown.values()])
limits = (float(known[known > 0].min()), float(known.max()))


def draw(ax, key):
    layers = {name: [step[name] for step in shown[key]] for name in NAMES.values()}
    plots.gradient_flow(layers, limits=limits, xlabel=f"step ÷ {every}", ax=ax)


experiment.finish(
    plots.panels({f"{key}: {100 * reached[key]:.1f} %": key for key in shown}, draw, columns=3, proportion=0.6,
                 title="Gradients of each layer while it learns, and test accuracy at the end")
)  # fmt: skip
