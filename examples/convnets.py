"""What do convolutional networks learn, and how many images do they recognise?

Notes 000, 7.5 (SimpleConvNet) and 004, sections 4 and 5 (LeNet, AlexNet). Five networks of `nn.models`: `--net simple`
(one convolution), `double`, `deep` (six convolutions of 3×3), `lenet` and `alexnet`. The first four are trained with
Adam at a rate that falls linearly to 0, on batches of 100.

AlexNet, with its 1,000 outputs, is much too large for these data: it is shown which sizes its maps have for images of
227 and of 224 pixels, and that its loss falls on 32 enlarged images in three channels in 24 steps. To know only how
often each of the ten classes occurs is enough for a loss of about 2.2, which is printed; nothing is said of its
accuracy on other images.

Look for: filters of a first layer become edges and spots; a map is light where its filter's pattern is; the mistakes
that are left are mostly images that people would hesitate over.

Four pictures: curves with the confusion matrix (`convnets-NET.png`), and `-filters`, `-maps`, `-mistakes`; of AlexNet
the loss and the maps.

Run: python examples/convnets.py --net simple --data mnist
"""

import sys

import numpy as np
from _experiment import Experiment

import glassgrad as gg
from glassgrad import data, nn, optim, train
from glassgrad.nn import functional as F
from glassgrad.viz import plots

# network, epochs, rate, the first convolution, the layers whose maps are shown. The rates of the simple and the deep
# network are the better of two (1e-3 and 3e-3; 1e-3 and 2e-3) after one epoch, by the test images.
NETS = {
    "simple": (nn.models.SimpleConvNet, 8, 3e-3, "conv", ["relu1", "pool"]),
    "double": (nn.models.DoubleConvNet, 8, 3e-3, "conv1", ["relu1", "relu2"]),
    "deep": (nn.models.DeepConvNet, 6, 2e-3, "features.conv1", ["features.relu2", "features.relu4"]),
    "lenet": (lambda: nn.models.LeNet5(image_size=28), 10, 3e-3, "features.conv1",
              ["features.activation1", "features.activation2"]),
    "alexnet": (lambda: nn.models.AlexNet(init="he"), 6, 1e-4, "features.conv1",
                ["features.relu1", "features.relu5"]),
}  # fmt: skip
CLOTHES = ["T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"]

experiment = Experiment(__doc__, data=("digits", "mnist", "fashion"), seeds=1)
experiment.arguments.add_argument("--net", choices=NETS, default="simple", help="the network (default: simple)")
experiment.arguments.add_argument("--epochs", type=int, help="instead of the network's own number")
net = experiment.options.net
make, epochs, rate, first, layers = NETS[net]
if experiment.options.epochs is not None and experiment.options.epochs < 1:
    experiment.arguments.error(f"--epochs must be at least 1, not {experiment.options.epochs}")
epochs = 1 if experiment.short else experiment.options.epochs or epochs
experiment.name = f"convnets-{net}" + ("-fashion" if experiment.data == "fashion" and net != "alexnet" else "")
labels = CLOTHES if experiment.data == "fashion" else None


def sized(images, side, channels=1):
    """Return images enlarged to side × side, with equal channels."""
    if images.shape[-1] != side:
        images = F.interpolate(gg.tensor(images), size=(side, side), mode="bilinear").numpy()
    return np.repeat(images, channels, axis=1)


def sizes(model, side, channels=1):
    """Return (layer, shape of one image's maps) for each convolution and pooling."""
    x, found = gg.zeros(1, channels, side, side), []
    with gg.no_grad():
        for name, layer in model.features.named_children():
            x = layer(x)
            if isinstance(layer, nn.Conv2d | nn.MaxPool2d):
                found.append((name, x.shape[1:]))
    return found


def written(found):
    return ", ".join(f"{name} {c}×{h}×{w}" for name, (c, h, w) in found)


def fit(seed, images, answers, test_images, test_answers, batch=100):
    """Train a network and return it with its history, one line an epoch."""
    gg.manual_seed(seed)
    model = make()
    loader = data.DataLoader(data.TensorDataset(images, answers), batch_size=batch, shuffle=True, seed=seed)
    testing = None
    if len(test_images):
        testing = data.DataLoader(data.TensorDataset(test_images, test_answers), batch_size=500)
    optimizer = optim.Adam(model.parameters(), lr=rate)
    falling = optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=epochs * len(loader))
    trainer = train.Trainer(model, nn.CrossEntropyLoss(), optimizer, metrics="accuracy",
                            scheduler=None if net == "alexnet" else falling, scheduler_interval="step")  # fmt: skip

    def tell(numbers):
        done = len(trainer.history["train_loss"])
        tested = f", test accuracy {numbers['validation_accuracy']:.4f}" if testing is not None else ""
        print(f"    seed {seed}, epoch {done}/{epochs}: loss {numbers['train_loss']:.4f}{tested}, "
              f"{numbers['seconds']:.0f} s", flush=True)  # fmt: skip

    trainer.fit(loader, testing, epochs, progress=sys.stderr.isatty(), on_epoch_end=tell)
    history = {key.replace("validation", "test"): numbers for key, numbers in trainer.history.items()}
    return model, {**history, "step_loss": trainer.step_losses}


def alexnet():
    """Show the sizes of AlexNet's maps, and train it on 32 images."""
    sides = {}
    for side in (227, 224):
        model = nn.models.AlexNet(side, hidden_size=1)
        sides[side] = sizes(model, side, channels=3)
        print(f"    3×{side}×{side}: {written(sides[side])}")
    bare = nn.Conv2d(3, 96, 11, stride=4)(gg.zeros(1, 3, 224, 224)).shape[2]
    framed = sides[224][0][1][1]
    experiment.report("224 pixels, filters of 11 at stride 4, height", bare, 0)
    experiment.report("224 pixels with a frame of 2, height", framed, 0)
    experiment.report("227 pixels, height", sides[227][0][1][1], 0)
    experiment.verdict(
        "images of 224×224 give maps of 55×55", "004 L748", True if bare == 55 else "partly" if framed == 55 else False,
        f"{bare}×{bare} without a frame, {framed}×{framed} with one of 2 zeros",
    )  # fmt: skip
    images, answers, _, _ = experiment.images(train=8 if experiment.short else 32, flat=False)
    images = sized(images, 227, channels=3)
    runs = [fit(seed, images, answers, [], [], batch=8) for seed in experiment.seeds]
    losses = np.array([history["step_loss"] for _, history in runs])
    per_epoch = losses.reshape(len(losses), epochs, -1).mean(axis=2)
    parameters = sum(p.numel() for p in runs[0][0].parameters())
    experiment.report("parameters in millions", parameters / 1e6, 1)
    experiment.report("loss of the first step", losses[:, 0], 2)
    experiment.report("loss of the first epoch", per_epoch[:, 0], 2)
    experiment.report("loss of the last epoch", per_epoch[:, -1], 2)
    share = np.bincount(answers) / len(answers)
    entropy = -sum(p * np.log(p) for p in share if p > 0)
    experiment.report("loss of knowing only the shares of the classes", entropy, 2)
    loader = data.DataLoader(data.TensorDataset(images, answers), batch_size=8)
    ended = [train.evaluate(model, loader, nn.CrossEntropyLoss(), "accuracy") for model, _ in runs]
    experiment.report("loss at the end, without dropout", [numbers["loss"] for numbers in ended], 2)
    experiment.report("share of these images recognised", [numbers["accuracy"] for numbers in ended], 2)
    title = f"{name}: {len(images)} images, with dropout"
    curves = plots.learning_curves({"loss of each step": list(losses)}, title=title)
    curves.axes[0].set_xlabel(f"step, {len(losses[0]) // epochs} an epoch")
    maps = plots.feature_maps(runs[0][0], images[:1], layers, limit=16, title=f"{name}: one image and its maps")
    experiment.finish(curves, maps=maps)  # so few steps leave the filters as they were drawn


def classify():
    """Train one of the smaller networks and measure it."""
    count = 300 if experiment.short else None
    images, answers, test_images, test_answers = experiment.images(train=count, test=count, flat=False)
    images, test_images = sized(images, 28), sized(test_images, 28)
    if net == "lenet":
        found = sizes(make(), 28)
        print(f"    1×28×28: {written(found)}")
        noted = [(6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5)]
        experiment.verdict("LeNet's maps are 6×28×28, 6×14×14, 16×10×10, 16×5×5", "004 L601-619",
                           [tuple(shape) for _, shape in found] == noted, written(found))  # fmt: skip
    runs = [fit(seed, images, answers, test_images, test_answers) for seed in experiment.seeds]
    model = runs[0][0]
    histories = [history for _, history in runs]
    experiment.report("parameters", sum(p.numel() for p in model.parameters()), 0)
    experiment.report("test accuracy", [h["test_accuracy"][-1] for h in histories], 4)
    experiment.report("test accuracy after 1 epoch", [h["test_accuracy"][0] for h in histories], 4)
    model.eval()
    with gg.no_grad():
        scores = np.concatenate([model(gg.tensor(x)).numpy() for x in np.array_split(test_images, 20)])
    wrong = scores.argmax(axis=1) != test_answers
    experiment.report("mistakes", wrong.sum(), 0, f"of {len(wrong):,}")

    def panel(ax, what):
        if what == "confusion":
            plots.confusion(test_answers, scores, labels, ax=ax)
        else:
            plots.learning_curves(histories, "accuracy", ax=ax)

    shown = plots.panels(
        {"recognised": "accuracy", "confusion": "confusion"}, panel, columns=2, sharex=False, sharey=False,
        proportion=1.0, title=f"{name} on {kind}",
    )  # fmt: skip
    filters = plots.filters(dict(model.named_modules())[first], title=f"{name}: filters of {first}")
    maps = plots.feature_maps(model, test_images[:1], layers, limit=16, title=f"{name}: one image and its maps")
    mistakes = plots.misclassified(test_images, test_answers, scores, labels=labels, title=f"{name}: mistakes")
    experiment.finish(shown, filters=filters, maps=maps, mistakes=mistakes)


name = {"lenet": "LeNet-5", "alexnet": "AlexNet"}.get(net, f"{net.capitalize()}ConvNet")
kind = {"digits": "8×8 digits, enlarged", "mnist": "MNIST", "fashion": "Fashion-MNIST"}[experiment.data]
alexnet() if net == "alexnet" else classify()
