"""Write data/digits.npz from scikit-learn's copy of the UCI digits.

Run it from anywhere with scikit-learn installed; the result is the same file every time:

    python tools/make_digits.py
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

TARGET = Path(__file__).resolve().parents[1] / "data" / "digits.npz"


def main() -> None:
    """Store the images as the counts 0..16 they are, (1797, 8, 8) uint8, and the labels as (1797,) uint8."""
    source = load_digits()
    images, labels = source.images.astype(np.uint8), source.target.astype(np.uint8)
    if not np.array_equal(images, source.images):
        raise ValueError("the pixels are not whole numbers from 0 to 255: this is not the data set expected")
    np.savez_compressed(TARGET, images=images, labels=labels)
    print(f"{TARGET.name}: {len(labels)} images, {TARGET.stat().st_size} bytes")


if __name__ == "__main__":
    main()
