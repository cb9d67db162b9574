"""Copies and pickles of handles: leaves travel, results refuse with the remedy, shared memory stays shared."""

import copy
import pickle
from collections import Counter, OrderedDict, defaultdict, namedtuple
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import glassgrad as gg
from glassgrad import nn
from glassgrad.autograd.func.batching import Batched
from glassgrad.autograd.func.trees import flatten, unflatten

PROTOCOLS = range(2, pickle.HIGHEST_PROTOCOL + 1)


def through_pickle(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


def a_result(handle: Any) -> Any:
    return handle * 2


# -- tensors -----------------------------------------------------------------------------------------------------------


def test_copy_is_a_second_handle_on_the_same_memory():
    """As PyTorch's: a leaf of its own, without the gradient."""
    w = gg.tensor([1.0, 2.0], requires_grad=True, name="w")
    (w * 3).sum().backward()
    twin = copy.copy(w)
    assert (twin.requires_grad, twin.is_leaf, twin.grad, twin.name) == (True, True, None, "w") and twin is not w
    with gg.no_grad():
        w[0] = 5.0
    assert twin.tolist() == [5, 2] and np.shares_memory(twin._array, w._array)
    (twin * twin).sum().backward()
    assert twin.grad.tolist() == [10, 4] and w.grad.tolist() == [3, 3]


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy, through_pickle], ids=["copy", "deepcopy", "pickle"])
@pytest.mark.parametrize(
    "tensor",
    [
        gg.tensor(2.5), gg.arange(6).reshape(2, 3).T, gg.zeros(0, 3), gg.tensor([True]), gg.ones(2).expand(3, 2),
        gg.tensor([1.0], requires_grad=True), gg.tensor([1.0], dtype="float16", name="x"),
        gg.tensor([1.0, 2.0], requires_grad=True).detach(), nn.Parameter([1.0]), nn.Parameter([1.0], False),
        (gg.tensor([1.0, 2.0]) * 2)[1:],
    ],
    ids=lambda t: f"{type(t).__name__}{t.shape}",
)  # fmt: skip
def test_every_leaf_is_copied(tensor, make):
    twin = make(tensor)
    assert type(twin) is type(tensor) and twin.dtype is tensor.dtype and twin.name == tensor.name
    assert (twin.requires_grad, twin.is_leaf) == (tensor.requires_grad, True)
    np.testing.assert_array_equal(twin.numpy(), tensor.numpy())
    assert make is copy.copy or not np.shares_memory(twin._array, tensor._array)
    if twin.requires_grad:
        (twin * 2).sum().backward()
        assert twin.grad.tolist() == [2] and tensor.grad is None


@pytest.mark.parametrize(
    ("make", "what"), [(copy.copy, r"copy\.copy"), (copy.deepcopy, r"copy\.deepcopy"), (pickle.dumps, "pickle")]
)
def test_a_result_says_what_to_write_instead(make, what):
    w = gg.tensor([1.0], requires_grad=True)
    for value in (a_result(w), [a_result(w)], {"y": a_result(w)}):
        if make is copy.copy and not isinstance(value, gg.Tensor):
            continue
        with pytest.raises(RuntimeError, match=what + r".*result of 'multiply'.*x\.detach\(\).*x\.clone\(\)"):
            make(value)
    assert make(a_result(w).detach())
    with gg.no_grad():
        assert make(a_result(w))
    s = gg.Scalar(1.0, requires_grad=True)
    with pytest.raises(RuntimeError, match=what + r".*result of 'multiply'.*x\.detach\(\)"):
        make(a_result(s))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_pickles(protocol):
    w = gg.tensor([[1.0, 2.0]], requires_grad=True, name="w")
    (w * w).sum().backward()
    loaded = pickle.loads(pickle.dumps({"w": w, "n": [gg.tensor(3)]}, protocol))
    assert (loaded["w"].tolist(), loaded["w"].requires_grad, loaded["w"].name) == ([[1, 2]], True, "w")
    assert loaded["w"].grad is None and loaded["n"][0].item() == 3
    pair = pickle.loads(pickle.dumps([w, w], protocol))
    assert pair[0] is pair[1]
    with gg.no_grad():
        loaded["w"][0, 0] = 7.0
    assert loaded["w"][0, 0].item() == 7


# -- memory that is shared ---------------------------------------------------------------------------------------------

PARTS = {
    "all": lambda t: t, "rows": lambda t: t[1:], "reversed rows": lambda t: gg.Tensor(t._array[::-1], copy=False),
    "column": lambda t: t[:, 1], "transposed": lambda t: t.T, "every other": lambda t: t[::2, ::3],
    "element": lambda t: t[1, 2], "spread": lambda t: t[0].expand(2, 4), "none": lambda t: t[:0],
}  # fmt: skip


@given(st.lists(st.sampled_from(sorted(PARTS)), min_size=1, max_size=5), st.booleans())
def test_views_that_are_copied_together_stay_views(names, fortran):
    base = gg.tensor(np.asarray(np.arange(12.0).reshape(3, 4), order="F" if fortran else "C"))
    parts = [PARTS[name](base) for name in names]
    copied = copy.deepcopy([*parts, base])
    for before, after in zip([*parts, base], copied, strict=True):
        assert after.tolist() == before.tolist() and after._array.strides == before._array.strides
        assert not np.shares_memory(before._array, after._array) and same_sharing(parts, copied, before, after)
    with gg.no_grad():
        copied[-1][1, 2] = 100.0
        base[1, 2] = 100.0
    assert [t.tolist() for t in copied[:-1]] == [t.tolist() for t in parts]


def same_sharing(before: list[Any], after: list[Any], one: Any, twin: Any) -> bool:
    return all(
        np.shares_memory(one._array, b._array) == np.shares_memory(twin._array, a._array)
        for b, a in zip(before, after, strict=False)
    )


def test_a_change_through_a_copied_view_is_seen():
    """The copies' memory is dated as the originals' is."""
    base, view = copy.deepcopy((lambda t: (t, t[1:]))(gg.tensor([1.0, 2.0, 3.0])))
    w = gg.ones(3, requires_grad=True)
    loss = (w * base).sum()
    view.zero_()
    with pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()


def test_foreign_memory_is_copied_by_itself():
    t = gg.Tensor(np.frombuffer(bytearray(np.arange(4.0).tobytes())), copy=False)
    one, other = copy.deepcopy([t, t[1:]])
    assert one.tolist() == [0, 1, 2, 3] and other.tolist() == [1, 2, 3]


def test_gradients_are_copied():
    w = gg.tensor([1.0, 2.0], requires_grad=True)
    (w * 3).sum().backward()
    twin = copy.deepcopy(w)
    assert twin.grad.tolist() == [3, 3] and not np.shares_memory(twin.grad._array, w.grad._array)


# -- scalars -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [copy.copy, copy.deepcopy, through_pickle])
def test_scalars(make):
    s = gg.Scalar(2.0, requires_grad=True, name="s")
    (s * s).backward()
    twin = make(s)
    assert (twin.value, twin.requires_grad, twin.name, twin.is_leaf) == (2.0, True, "s", True) and twin is not s
    assert twin.grad == (4.0 if make is copy.deepcopy else None)
    (twin * 3).backward()
    assert s.grad == 4.0 and twin.grad == (7.0 if make is copy.deepcopy else 3.0)
    assert make(gg.Scalar(1.0) * 2).value == 2.0
    pair = copy.deepcopy([s, s])
    assert pair[0] is pair[1]


# -- containers of arguments -------------------------------------------------------------------------------------------


class Tagged(list):
    def __init__(self, items: Any, *, tag: str) -> None:
        super().__init__(items)
        self.tag = tag


class Named(dict):
    def __init__(self, items: Any, name: str) -> None:
        super().__init__(items)
        self.name = name


class Pair(tuple):
    pass


class Point(NamedTuple):
    x: Any
    y: Any = None


class Checked(namedtuple("Checked", "a b")):
    def __new__(cls, both: Any) -> Any:
        return super().__new__(cls, *both)


def containers(x: Any) -> list[Any]:
    pair = Pair((x, x))
    pair.note = "kept"
    return [
        [x], (x, x), {"a": x}, OrderedDict(b=x, a=x), defaultdict(list, a=x), Counter(a=x), Tagged([x, x], tag="t"),
        Named({"k": x}, "n"), pair, Point(x, x), Point(x), Checked((x, x)),
    ]  # fmt: skip


@pytest.mark.parametrize("i", range(12))
def test_containers_keep_their_class(i):
    tree = containers(gg.ones(3, 2))[i]
    seen: list[Any] = []
    mapped = gg.func.vmap(lambda t: (seen.append(t), t)[1])(tree)
    gradient = gg.func.grad(lambda t: gg.stack(flatten(t)[0]).square().sum())(tree)
    leaves, _, structure = flatten(tree)
    for made in (mapped, seen[0], gradient, unflatten(structure, leaves)):
        assert type(made) is type(tree) and getattr(made, "__dict__", None) == getattr(tree, "__dict__", None)
        assert not isinstance(tree, dict) or list(made) == list(tree)
    assert getattr(mapped, "default_factory", None) is getattr(tree, "default_factory", None)
    assert all((leaf.numpy() == 2).all() for leaf in flatten(gradient)[0])
    assert len(flatten(tree)[0]) == len(leaves), "the tree itself is left as it was"


def test_a_structure_holds_no_leaves():
    import weakref

    leaf = gg.ones(2)
    reference = weakref.ref(leaf)
    structure = flatten(Tagged([leaf], tag="t"))[2]
    del leaf
    assert reference() is None and unflatten(structure, [1]) == [1]


def test_an_error_inside_a_property_of_a_batch_is_its_own():
    """Python asks ``__getattr__`` when a property raises AttributeError, which must not hide what was missing."""
    with pytest.raises(AttributeError, match="'object' object has no attribute 'dtype'"):
        _ = Batched(object(), 1).dtype
    with pytest.raises(AttributeError, match="'Batched' object has no attribute 'shpae'"):
        _ = Batched(gg.ones(2), 1).shpae
    with pytest.raises(TypeError, match=r"vmap: \.numpy asks for"):
        Batched(gg.ones(2), 1).numpy()
