"""A training that is killed at some moment: run by test_checkpoint.py in processes of its own.

Arguments: the checkpoint, the file for the final weights, how many bytes of checkpoints to write before dying by
SIGKILL (a negative number: never), whether to die in the middle of writing, and the kind of loader.
"""

import os
import random
import signal
import sys

import numpy as np

import glassgrad as gg
from glassgrad import data, nn, optim, train
from glassgrad.autograd.handles import serialization

path, out, deadly, midway, kind = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "midway", sys.argv[5]
saves = 0
write = serialization.write_atomically


def write_and_die(target, content):
    """Die after the file has been renamed, or when half of it is written under its temporary name."""
    global saves
    saves += 1
    if saves == deadly and midway:
        with open(f"{target}.half.part", "wb") as file:
            file.write(content[: len(content) // 2])
            file.flush()
            os.kill(os.getpid(), signal.SIGKILL)
    write(target, content)
    if saves == deadly:
        os.kill(os.getpid(), signal.SIGKILL)


serialization.write_atomically = write_and_die

gg.manual_seed(1)
np.random.seed(1)  # noqa: NPY002
random.seed(1)
generator = np.random.default_rng(0)
points = generator.standard_normal((46, 1, 3, 3)).astype("float32")
labels = generator.integers(0, 3, 46)
# Everything that is random takes part: initial values, dropout, orders, augmentation from three generators.
augment = data.transforms.Compose([
    data.transforms.RandomHorizontalFlip(), data.transforms.GaussianNoise(sigma=0.05, clip=False, seed=4),
    lambda x: x + np.float32(1e-3 * random.random() + 1e-3 * np.random.rand()),  # noqa: NPY002
])  # fmt: skip
samples = data.TransformedDataset(data.TensorDataset(points, labels), augment)
loaders = {
    "shuffle": lambda: data.DataLoader(samples, batch_size=8, shuffle=True),
    "seed": lambda: data.DataLoader(samples, batch_size=8, shuffle=True, seed=3),
    "sampler": lambda: data.DataLoader(samples, 8, sampler=data.RandomSampler(samples, seed=5)),
    "balanced": lambda: data.DataLoader(samples, batch_sampler=data.Balanced(labels, 6)),
    "list": lambda: [(gg.tensor(points[i : i + 8]), gg.tensor(labels[i : i + 8])) for i in range(0, 46, 8)],
}
model = nn.Sequential(nn.Flatten(), nn.Linear(9, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.3), nn.Linear(6, 3))
optimizer = optim.Adam(model.parameters(), lr=0.02)


class Halving:
    """A schedule with PyTorch's interface."""

    def __init__(self):
        self.steps = 0

    def step(self):
        self.steps += 1
        optimizer.param_groups[0]["lr"] = 0.02 * 0.99**self.steps

    def state_dict(self):
        return {"steps": self.steps}

    def load_state_dict(self, state):
        self.steps = state["steps"]


trainer = train.Trainer(
    model, nn.CrossEntropyLoss(), optimizer, metrics="accuracy", scheduler=Halving(), scheduler_interval="step"
)
trainer.fit(
    loaders[kind](), data.DataLoader(samples, batch_size=23), epochs=3, progress=False,
    early_stopping=train.EarlyStopping(patience=10, restore_best=False), checkpoint=train.Checkpoint(path, every=1),
)  # fmt: skip
history = {name: values for name, values in trainer.history.items() if name != "seconds"}
gg.save(
    {
        "model": model.state_dict(), "history": history, "losses": trainer.step_losses,
        "rates": trainer.step_learning_rates, "random": gg.rand(3),
    },
    out,
)  # fmt: skip
