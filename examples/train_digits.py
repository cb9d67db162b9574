"""How do I define, train and look at a network?

Trains a small convolutional network on the 1,797 digits that come with the library, and draws its graph and its
learning curve.

Look for: the boxes of the graph are the modules; the accuracy on images it has not seen; the gap between the curves.

Run: python examples/train_digits.py
"""

import argparse
from pathlib import Path

import glassgrad as gg
from glassgrad import data, nn, optim, train, viz

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("--out", default=".", help="the folder for the pictures (default: here)")
arguments.add_argument("--short", action="store_true", help="one epoch instead of ten")
options = arguments.parse_args()
folder = Path(options.out)


class Net(nn.Module):
    """Two convolutions with batch normalisation, then one affine layer."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.norm1 = nn.BatchNorm2d(16)
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.norm2 = nn.BatchNorm2d(32)
        self.pool = nn.MaxPool2d(2)
        self.dropout = nn.Dropout(0.3)
        self.affine = nn.Linear(32 * 2 * 2, 10)

    def forward(self, x):
        x = self.pool(self.norm1(self.conv1(x)).relu())
        x = self.pool(self.norm2(self.conv2(x)).relu())
        return self.affine(self.dropout(x.flatten(1)))


gg.manual_seed(0)
training, testing = data.random_split(data.Digits(), [1437, 360], seed=0)
model = Net()
trainer = train.Trainer(
    model, nn.CrossEntropyLoss(), optim.SGD(model.parameters(), lr=0.1, momentum=0.9), metrics=train.accuracy
)
history = trainer.fit(
    data.DataLoader(training, batch_size=64, shuffle=True, seed=0),
    data.DataLoader(testing, batch_size=360),
    epochs=1 if options.short else 10,
    progress=False,
)
for epoch, (seen, unseen) in enumerate(
    zip(history["train_accuracy"], history["validation_accuracy"], strict=True), start=1
):
    print(f"epoch {epoch:2d}: {100 * seen:.1f} % of the training images, {100 * unseen:.1f} % of the others")

images, labels = next(iter(data.DataLoader(testing, batch_size=4)))
images.name = "images"
loss = nn.functional.cross_entropy(model(images), labels)
try:
    viz.graph(loss, title="a convolutional network").save(folder / "network.svg")
    viz.learning_curve(history, folder / "learning_curve.svg")
    print(f"The pictures are in {folder.resolve().name}/: network.svg, learning_curve.svg")
except (viz.RenderError, ImportError) as error:
    print(error)
