"""Random graphs with fan-out and broadcasting against PyTorch: added up over two passes, and recorded."""

import numpy as np
import pytest

import glassgrad as gg

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.oracle

OPERATIONS = [
    lambda a, b: a + b,
    lambda a, b: a * b,
    lambda a, b: a - b,
    lambda a, b: (a * b).tanh(),
    lambda a, b: (a + b).relu(),
    lambda a, b: a / (b * b + 1.5),
    lambda a, b: (a * 0.1).exp() + b,
    lambda a, b: (a - b).sigmoid(),
    lambda a, b: a * a - b,
]
SHAPES = [(3, 4), (4,), (3, 1), (1, 1), ()]


def build(make, seed):
    """Return leaves and a number computed from them; the same for any library."""
    rng = np.random.default_rng(seed)
    leaves = [make(rng.standard_normal(shape)) for shape in SHAPES]
    values = list(leaves)
    for _ in range(8):
        operation = OPERATIONS[rng.integers(len(OPERATIONS))]
        first, second = rng.integers(len(values), size=2)
        values.append(operation(values[first], values[second]))
    total = values[-1].sum()
    for value in values[len(leaves) :]:
        total = total + value.sum() * 0.5
    return leaves, total


@pytest.mark.parametrize("seed", range(100))
def test_gradients(seed):
    ours, loss = build(lambda a: gg.tensor(a, requires_grad=True), seed)
    theirs, expected = build(lambda a: torch.tensor(a, requires_grad=True), seed)
    for _ in range(2):
        loss.backward(retain_graph=True)
        expected.backward(retain_graph=True)
    recorded = gg.grad(loss, ours, create_graph=True, materialize_grads=True)
    for mine, other, again in zip(ours, theirs, recorded, strict=True):
        assert (mine.grad is None) == (other.grad is None)
        wanted = np.zeros(other.shape) if other.grad is None else other.grad.numpy()
        np.testing.assert_allclose(2 * again.numpy(), wanted, rtol=1e-10, atol=1e-12)
        if mine.grad is not None:
            np.testing.assert_allclose(mine.grad.numpy(), wanted, rtol=1e-10, atol=1e-12)
    gradients = [leaf.grad.numpy() for leaf in ours if leaf.grad is not None]
    assert not any(np.shares_memory(a, b) for i, a in enumerate(gradients) for b in gradients[:i])
