"""Do changed copies of the training images help, and which changes?

Note 001, 9, and notes 003, 3.6.2, and 004, "data augmentation": images are shifted, cropped, turned, mirrored or made
noisy, differently in every epoch, so that a network that would learn 1,000 images by heart never sees one twice. The
same network trains for the same number of steps on each kind of copies, and is tested on images as they are, and on
shifted ones, whose digits are the same.

Look for: shifts, crops (of the image with a margin added) and turns raise the accuracy, shifts most of all on shifted
images. Noise changes little. Mirroring is harmful: a mirrored digit is no digit, or another one. The label must stay
right. On the left samples of what the network sees. The digits in the package fill their 8×8 pixels: a shift cuts parts
of them off, which helps with shifted digits only.

Run: python examples/augmentation.py --data mnist
"""

import numpy as np
from _experiment import Experiment

import glassgrad as gg
from glassgrad import data, nn, optim, train
from glassgrad.data import transforms
from glassgrad.viz import plots

experiment = Experiment(__doc__)
mnist = experiment.data == "mnist"
samples, pixels, size, epochs = (1000, 2, 50, 100) if mnist else (300, 1, 20, 60)
epochs = 5 if experiment.short else epochs
images, labels, test_images, test_labels = experiment.images(train=samples, flat=False)
side = images.shape[-1]


def changes(seed):
    """Every kind of copies; what is random in them is drawn anew each time an image is read."""
    rotation = transforms.RandomRotation(15, interpolation="bilinear", seed=seed)
    shift, noise = transforms.RandomShift(pixels, seed=seed), transforms.GaussianNoise(sigma=0.2, seed=seed)
    return {
        "none": None,
        f"shift by {pixels}": shift,
        f"crop, margin {pixels}": transforms.RandomCrop(side, padding=pixels, seed=seed),
        "rotation by 15°": rotation,
        "noise 0.2": noise,
        "mirrored": transforms.RandomHorizontalFlip(seed=seed),
        "shift, rotation, noise": transforms.Compose([rotation, shift, noise]),
    }


def loader(x, t, transform=None, **options):
    return data.DataLoader(data.TransformedDataset(data.TensorDataset(x, t), transform), **options)


def accuracies(transform, seed):
    """Train once; return the accuracies on the training images, on test images and on shifted test images."""
    gg.manual_seed(seed)
    model = nn.models.MultiLayerNet([side * side, 100, 100, 10], "relu", init="he")
    trainer = train.Trainer(model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.02, momentum=0.9))
    training = loader(images, labels, transform, batch_size=size, shuffle=True, seed=seed)
    trainer.fit(training, epochs=epochs, progress=False)
    shift = transforms.RandomShift(pixels, seed=1)
    tests = (images, labels, None), (test_images, test_labels, None), (test_images, test_labels, shift)
    return [train.evaluate(model, loader(*test, batch_size=1000), metrics="accuracy")["accuracy"] for test in tests]


names = list(changes(0))
results = {name: [] for name in names}
for seed, name in experiment.progress([(seed, name) for seed in experiment.seeds for name in names]):
    results[name].append(accuracies(changes(seed)[name], seed))

mean = {}
for name in names:
    known, test, shifted = zip(*results[name], strict=True)
    experiment.report(f"{name}, training accuracy", known, 4)
    mean[name] = experiment.report(f"{name}, test accuracy", test, 4)
    experiment.report(f"{name}, accuracy on shifted test images", shifted, 4)

better = [name for name in names[1:] if mean[name] > mean["none"]]
experiment.verdict(
    "augmented data make the network better on new images", "001 L1186, 003 L291-298, 004 L535-574",
    len(better) == len(names) - 1 or ("partly" if better else False),
    f"test accuracy {mean['none']:.4f} without; " + ", ".join(f"{n} {mean[n]:.4f}" for n in names[1:]),
)  # fmt: skip

# 004's crop draws its corner with randint(0, H − h), whose upper end is left out: the last window never comes.
position = np.arange(32 * 32).reshape(1, 32, 32)
crop = transforms.RandomCrop(28, seed=0)
corners = {int(crop(position)[0, 0, 0]) for _ in range(1000)}
last_row = max(corners) // 32
random = np.random.default_rng(0)
of_the_note = int(random.integers(0, 32 - 28, 1000).max())
experiment.report("crop of 28 from 32, last row of a corner", last_row, 0)
experiment.verdict("randint(0, H − h) draws every window", "004 L535-574", of_the_note == 4,
                   f"its last corner is in row {of_the_note}, RandomCrop's in {last_row} of 0 to 4")  # fmt: skip


def sheet(ax):
    """Rows: kinds of copies; columns: draws of the same images."""
    columns = 8
    drawn = [images[:columns, 0] if t is None else t(images[:columns])[:, 0] for t in changes(0).values()]
    rows = [np.concatenate(list(np.pad(np.asarray(row), ((0, 0), (1, 1), (1, 1)), constant_values=0.5)), axis=1)
            for row in drawn]  # fmt: skip
    ax.imshow(np.concatenate(rows), cmap="gray_r", vmin=0, vmax=1, aspect="equal")
    ax.set_yticks([(side + 2) * (i + 0.5) for i in range(len(names))], names)
    ax.set_xticks([])
    ax.grid(False)


def scores(ax):
    for i, label in enumerate(("test images", "shifted test images")):
        values = np.array([[100 * run[1 + i] for run in results[name]] for name in names])
        middle = values.mean(axis=1)
        errors = np.abs(np.stack([values.min(axis=1), values.max(axis=1)]) - middle)
        ax.errorbar(middle, np.arange(len(names)), xerr=errors, color=f"C{i}", marker="os"[i], markersize=5,
                    linestyle="none", label=label)  # fmt: skip
    ax.axvline(100 * mean["none"], color="C0", linestyle="--", linewidth=0.9)
    ax.set(xlabel="accuracy in %", ylim=(len(names) - 0.5, -0.5))
    ax.set_yticks(range(len(names)), [""] * len(names))
    ax.legend(loc="lower right", bbox_to_anchor=(1.02, 0.98), fontsize=8, frameon=False, ncols=2,
              columnspacing=1, handletextpad=0.2)  # fmt: skip


experiment.finish(
    plots.panels({"copies of eight images": sheet, " ": scores}, lambda ax, show: show(ax), columns=2,
                 sharex=False, sharey=False, proportion=0.8, title=f"Changed copies of {samples:,} images")
)  # fmt: skip
