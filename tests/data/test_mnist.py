"""The real MNIST and Fashion-MNIST, read from the folder GLASSGRAD_DATA: ``pytest -m realdata``."""

import numpy as np
import pytest

import glassgrad as gg
from glassgrad import nn, optim, train
from glassgrad.data import MNIST, DataLoader, FashionMNIST, Standardize, Subset, transforms

pytestmark = [pytest.mark.realdata, pytest.mark.slow]


@pytest.mark.parametrize(
    ("kind", "mean", "deviation"),
    # The constants of the normalisation in PyTorch's MNIST example and in published Fashion-MNIST code.
    [(MNIST, 0.1307, 0.3081), (FashionMNIST, 0.2860, 0.3530)],
)
def test_training_images_have_the_published_mean_and_deviation(kind, mean, deviation):
    images, labels = kind()[:]
    assert images.shape == (60000, 1, 28, 28) and labels.shape == (60000,)
    assert abs(images.numpy().mean(dtype=np.float64) - mean) < 5e-5
    assert abs(images.numpy().std(dtype=np.float64) - deviation) < 5e-5


def test_class_counts():
    """MNIST's are tabulated in many papers; Fashion-MNIST has 6,000 and 1,000 of each class."""
    digits = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(MNIST()[:][1].numpy()).tolist() == digits
    assert np.bincount(FashionMNIST()[:][1].numpy()).tolist() == [6000] * 10
    assert np.bincount(FashionMNIST(train=False)[:][1].numpy()).tolist() == [1000] * 10
    assert len(MNIST(train=False)) == 10000


def test_a_normalised_and_augmented_mnist_is_read_in_batches():
    augment = transforms.Compose(
        [transforms.RandomCrop(28, padding=2, seed=0), transforms.Normalize([0.1307], [0.3081])]
    )
    plain, changed = MNIST(train=False), MNIST(train=False, transform=augment)
    images, labels = next(iter(DataLoader(changed, batch_size=1000)))
    np.testing.assert_array_equal(labels.numpy(), plain[:1000][1].numpy())
    # The same ink as before, give or take what was cut off at the edges.
    ink = images.numpy() * 0.3081 + 0.1307
    assert abs(ink.mean() - plain[:1000][0].numpy().mean()) < 0.002
    assert abs(Standardize(dim=None).fit(plain[:][0]).mean_ - 0.1325) < 1e-3


def test_one_pass_over_ten_thousand_digits_recognises_nine_in_ten():
    """A two-layer net with He initialisation, Adam and batches of 100; plain NumPy reaches .92 to .94."""
    gg.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 100), nn.ReLU(), nn.Linear(100, 10))
    trainer = train.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), metrics="accuracy")
    training = DataLoader(Subset(MNIST(), np.arange(10000)), batch_size=100, shuffle=True, seed=0)
    validation = DataLoader(MNIST(train=False), batch_size=1000)
    history = trainer.fit(training, validation, epochs=2, progress=False)
    assert history["validation_accuracy"][-1] > 0.9
    assert len(trainer.step_losses) == 200 and trainer.step_losses[0] == pytest.approx(np.log(10), rel=0.15)
