"""The gradient of a read costs what was read, not what was read from."""

from __future__ import annotations

import time

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


def _seconds(table, read, count):
    total = read(table).sum()
    for _ in range(count - 1):
        total = total + read(table).sum()
    start = time.perf_counter()
    total.backward()
    return time.perf_counter() - start


@pytest.mark.parametrize("name", READS)
def test_many_reads_of_a_large_table(name):
    table = gg.zeros(1_000_000, 4, requires_grad=True)
    few = min(_seconds(table, READS[name], 1) for _ in range(3))
    # A pass over the table takes milliseconds; 200 of them would take hundreds of times as long as one read.
    assert _seconds(table, READS[name], 200) < 25 * few + 0.1


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
