"""Methods that scatter, fill and add in place: values of their namesakes, guards of every in-place change."""

import numpy as np
import pytest

import glassgrad as gg

CALLS = {
    "index_put_": ((np.array([0, 0]),), 5.0),
    "index_add_": (0, [0, 0], np.ones((2, 2), "f4")),
    "index_copy_": (0, [1], np.full((1, 2), 9, "f4")),
    "index_fill_": (1, [0], 3.0),
    "index_reduce_": (0, [0, 0], np.full((2, 2), 9, "f4"), "amax"),
    "put_": ([0, -1], np.array([7, 8], "f4")),
    "scatter_": (1, [[0], [1]], 4.0),
    "scatter_add_": (1, [[0], [1]], np.ones((2, 1), "f4")),
    "scatter_reduce_": (1, [[0, 0], [1, 0]], np.full((2, 2), 3, "f4"), "prod"),
    "masked_fill_": (np.array([True, False]), -1.0),
    "masked_scatter_": (np.array([[True, False], [False, True]]), np.array([5, 6], "f4")),
}


def start(**options):
    return gg.tensor([[1.0, 2.0], [3.0, 4.0]], **options)


@pytest.mark.parametrize("name", CALLS)
def test_in_place(name):
    x = start()
    expected = getattr(x, name[:-1])(*CALLS[name]).tolist()
    assert getattr(x, name)(*CALLS[name]) is x
    assert x.tolist() == expected != start().tolist()


@pytest.mark.parametrize("name", CALLS)
def test_leaves_and_results_are_guarded(name):
    x = start(requires_grad=True)
    with pytest.raises(RuntimeError, match=f"{name}: .*no_grad"):
        getattr(x, name)(*CALLS[name])
    with pytest.raises(RuntimeError, match=f"{name}: .*result of multiply"):
        getattr(x * 2, name)(*CALLS[name])
    with gg.no_grad():
        getattr(x, name)(*CALLS[name])
    assert x.is_leaf and x.requires_grad


def test_what_a_graph_needs_is_missed():
    w, x = gg.ones(2, 2, requires_grad=True), start()
    loss = (w * x).sum()
    x.masked_fill_(x > 2, 0.0)
    with pytest.raises(RuntimeError, match="changed in place by masked_fill_"):
        loss.backward()


def test_arguments_by_name_and_messages():
    assert start().scatter_(dim=1, index=gg.tensor([[0], [1]]), src=2.0, reduce="multiply").tolist() == [[2, 2], [3, 8]]
    with pytest.raises(IndexError, match=r"^scatter_: index 2 is out of range"):
        start().scatter_(1, [[2]], 1.0)
    with pytest.raises(RuntimeError, match="new values require grad"):
        start().masked_fill_(gg.tensor([True, False]), gg.tensor(1.0, requires_grad=True))
