"""The gradient of a read costs what was read, not what was read from."""

from __future__ import annotations

import numpy as np
import pytest

import glassgrad as gg
import glassgrad.nn.functional as F

ROWS = np.array([5, 7, 5])
PLACES = np.repeat(ROWS[:, None], 4, 1)

READS = {
    "number": lambda t: t[5],
    "rows": lambda t: t[ROWS],
    "slice": lambda t: t[2:9],
    "embedding": lambda t: F.embedding(gg.tensor(ROWS), t),
    "gather": lambda t: gg.gather(t, 0, gg.tensor(PLACES)),
    "index_select": lambda t: gg.index_select(t, 0, gg.tensor(ROWS)),
    "narrow": lambda t: gg.narrow(t, 0, 5, 3),
    "select": lambda t: gg.select(t, 0, 5),
    "take": lambda t: gg.take(t, gg.tensor(ROWS)),
    "take_along_dim": lambda t: gg.take_along_dim(t, gg.tensor(PLACES), 0),
}


@pytest.mark.parametrize("name", READS)
def test_many_reads_of_a_large_table(name, monkeypatch):
    """The table's own size is filled with zeros once, not once for every read."""
    table = gg.zeros(1000, 4, requires_grad=True)
    made = []

    def counting(function):
        def call(*args, **kwargs):
            array = function(*args, **kwargs)
            made.append(array.size)
            return array

        return call

    total = READS[name](table).sum()
    for _ in range(19):
        total = total + READS[name](table).sum()
    for maker in ("zeros", "zeros_like", "full"):
        monkeypatch.setattr(np, maker, counting(getattr(np, maker)))
    total.backward()
    assert sum(size >= 4000 for size in made) <= 1


@pytest.mark.parametrize("name", READS)
def test_repeated_reads_add_up(name):
    small = gg.tensor(np.arange(40.0).reshape(10, 4), requires_grad=True)
    (once,) = gg.grad(READS[name](small).sum(), small)
    total = READS[name](small).sum() + READS[name](small).sum() + (small * 2).sum()
    (thrice,) = gg.grad(total, small)
    np.testing.assert_array_equal(thrice.numpy(), 2 * once.numpy() + 2)


@pytest.mark.parametrize("name", ["gather", "take", "take_along_dim"])
def test_reads_of_a_transposed_table(name):
    table = gg.tensor(np.arange(40.0).reshape(4, 10), requires_grad=True)
    total = READS[name](table.T).sum() + READS[name](table.T).sum()
    total.backward()
    plain = gg.tensor(np.arange(40.0).reshape(4, 10).T.copy(), requires_grad=True)
    (READS[name](plain).sum() * 2).backward()
    np.testing.assert_array_equal(table.grad.numpy(), plain.grad.numpy().T)
