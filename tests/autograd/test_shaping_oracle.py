"""PyTorch as oracle for arranging, padding, gathering and scattering: values, gradients, second gradients, errors."""

import itertools
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import glassgrad as gg

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore::UserWarning")]
pad = gg.nn.functional.pad
REFUSED = (RuntimeError, ValueError, IndexError, TypeError, NotImplementedError)


def flat(result):
    return list(result) if isinstance(result, tuple | list) else [result]


def both(ours, theirs, arrays):
    """Return, for each library, the values, the gradients of weighted squares, and the gradients of those."""
    found = []
    for library, function in ((gg, ours), (torch, theirs)):
        rng = np.random.default_rng(5)
        inputs = [library.tensor(a, requires_grad=True) for a in arrays]
        outputs = flat(function(*inputs))
        grad = gg.grad if library is gg else torch.autograd.grad
        weights = [library.tensor(rng.standard_normal(tuple(o.shape))) for o in outputs]
        total = sum((o * o * w).sum() for o, w in zip(outputs, weights, strict=True))
        first = grad(total, inputs, create_graph=True, allow_unused=True)
        first = [g for g in first if g is not None]
        if not all(g.requires_grad for g in first):
            found.append([[t.detach().numpy() for t in ts] for ts in (outputs, first)])
            continue
        again = sum((g * library.tensor(rng.standard_normal(tuple(g.shape)))).sum() for g in first)
        second = grad(again, inputs, allow_unused=True)
        found.append([[t.detach().numpy() for t in ts if t is not None] for ts in (outputs, first, second)])
    return found


def assert_same(ours, theirs, arrays):
    # Of nothing there may be second gradients in one library and none in the other.
    for mine, expected in zip(*both(ours, theirs, arrays), strict=False):
        for a, e in zip(mine, expected, strict=True):
            assert a.shape == e.shape
            np.testing.assert_allclose(a, e, rtol=1e-12, atol=1e-12)


def draw(*shape):
    return np.random.default_rng(sum(shape) + len(shape)).standard_normal(shape)


def named(name, *args, **kwargs):
    """Return the call of one name in both libraries, as function or method."""
    return tuple(
        (lambda *xs, lib=lib: getattr(lib, name, None)(*xs, *args, **kwargs))
        if hasattr(torch, name)
        else (lambda x, *xs: getattr(x, name)(*xs, *args, **kwargs))
        for lib in (gg, torch)
    )


ONE = [
    ("unflatten", (2, 12), [(1, (3, -1)), (-1, (2, 2, 3)), (0, (2, 1))]),
    ("movedim", (2, 3, 4), [(0, 2), ((0, 1), (-1, 0)), (-1, 0)]),
    ("moveaxis", (2, 3, 4), [(1, 0)]),
    ("swapaxes", (2, 3, 4), [(0, 2)]),
    ("swapdims", (2, 3, 4), [(-1, 1)]),
    ("expand", (3, 1), [(2, 3, 4), (-1, 4), (3, 1), (0, 3, 1)]),
    ("ravel", (2, 3), [()]),
    ("squeeze", (1, 3, 1), [(), (0,), (1,), ((0, 2),)]),
    ("unsqueeze", (2, 3), [(0,), (-1,), (2,)]),
    ("flatten", (2, 3, 4), [(), (1,), (0, 1), (-2, -1)]),
    ("t", (2, 3), [()]),
    ("t", (3,), [()]),
    ("narrow", (2, 5), [(1, 1, 3), (-1, -2, 2), (0, 0, 0)]),
    ("select", (2, 5), [(1, 3), (0, -1)]),
    ("unbind", (2, 3), [(), (1,), (-2,)]),
    ("chunk", (7, 2), [(3,), (2, 1), (9,), (4, 0)]),
    ("chunk", (0, 2), [(3,)]),
    ("split", (7, 2), [(3,), (7,), (9,), ([1, 0, 6],), (1, 1)]),
    ("tensor_split", (7, 6), [(3,), ((2, 5),), ((5, 2),), ((2, 99, -1),), (4, 1), (10,)]),
    ("hsplit", (4, 6), [(3,), ((2, 3),)]),
    ("hsplit", (6,), [(2,)]),
    ("vsplit", (4, 6), [(2,), ((1, 3),)]),
    ("dsplit", (2, 3, 4), [(2,), ((1, 3),)]),
    ("tile", (2, 3), [((2,),), ((2, 2),), ((3, 1, 2),), ((0, 1),)]),
    ("tile", (), [((2,),)]),
    ("repeat", (2, 3), [(2, 1), (3, 1, 2), (1, 0), (1, 1)]),
    ("repeat_interleave", (2, 3), [(2,), (3, 1), (0, 0)]),
    ("roll", (3, 4), [(2,), (-5, 1), ((1, -2), (0, 1)), ((1, 1), (0, 0))]),
    ("flip", (2, 3, 4), [((0,),), ((0, -1),), ((),)]),
    ("fliplr", (2, 3), [()]),
    ("flipud", (3,), [()]),
    ("rot90", (2, 3, 4), [(), (2,), (3, (1, 2)), (-1, (0, 2)), (4, (0, 1)), (1, (2, 0))]),
    ("atleast_1d", (), [()]),
    ("atleast_2d", (3,), [()]),
    ("atleast_3d", (3,), [()]),
    ("atleast_3d", (2, 3), [()]),
    ("combinations", (4,), [(), (3,), (2, True), (1,)]),
    ("unfold", (5, 4), [(0, 2, 1), (1, 2, 2), (-1, 4, 1), (0, 3, 2), (0, 0, 1)]),
    ("unfold", (), [(0, 1, 1)]),
    ("constant_pad_nd", (2, 3), [((1, 2),), ((1, 2, -1, 0), 3.5)]),
    ("contiguous", (2, 3), [()]),
    ("transpose", (), [(0, 0)]),
]


@pytest.mark.parametrize(
    ("name", "shape", "args"), [pytest.param(n, s, a, id=f"{n}-{s}-{a}") for n, s, many in ONE for a in many]
)
def test_one_input(name, shape, args):
    ours, theirs = named(name, *args)
    assert_same(ours, theirs, [draw(*shape)])
    if hasattr(torch.Tensor, name):
        assert_same(lambda x: getattr(x, name)(*args), lambda x: getattr(x, name)(*args), [draw(*shape)])


def test_arguments_one_by_one():
    """Where PyTorch takes sizes and axes as a tuple or as several arguments, both are the same."""
    x = gg.tensor(draw(2, 3))
    for name, several, tuple_ in [
        ("flip", (0, 1), (0, 1)), ("repeat", (2, 2), (2, 2)), ("tile", (2, 2), (2, 2)),
        ("expand", (4, 2, 3), (4, 2, 3)),
        ("reshape", (3, 2), (3, 2)), ("permute", (1, 0), (1, 0)), ("new_zeros", (2, 1), (2, 1)),
    ]:  # fmt: skip
        a, b = getattr(x, name)(*several), getattr(x, name)(tuple_)
        np.testing.assert_array_equal(a.numpy(), b.numpy())
    assert x.unsqueeze(axis=1).shape == (2, 1, 3) and x.squeeze(axis=0).shape == (2, 3)
    assert gg.flip(x, dims=(0,)).tolist() == x.flip(0).tolist()


STACKS = {
    "matrices": [(2, 3), (2, 3)],
    "vectors": [(3,), (3,)],
    "numbers": [(), ()],
    "mixed": [(3,), (2, 3)],
    "columns": [(3,), (3, 2)],
    "stacks": [(2, 3, 1), (2, 3, 1)],
    "misfits": [(2, 3), (4, 5)],
}


@pytest.mark.parametrize("name", ["hstack", "vstack", "dstack", "column_stack", "row_stack"])
@pytest.mark.parametrize("shapes", STACKS.values(), ids=list(STACKS))
def test_stacking(name, shapes):
    arrays = [draw(*s) + i for i, s in enumerate(shapes)]
    try:
        getattr(torch, name)([torch.tensor(a) for a in arrays])
    except RuntimeError:
        with pytest.raises(REFUSED):
            getattr(gg, name)([gg.tensor(a) for a in arrays])
        return
    assert_same(lambda *x: getattr(gg, name)(x), lambda *x: getattr(torch, name)(x), arrays)


@pytest.mark.parametrize("indexing", ["ij", "xy"])
@pytest.mark.parametrize("shapes", [[(2,), (3,)], [(2,), (3,), (4,)], [(2,)], [(), (3,)], [(0,), (3,)]])
def test_grids(indexing, shapes):
    arrays = [draw(*s) for s in shapes]
    assert_same(lambda *x: gg.meshgrid(*x, indexing=indexing), lambda *x: torch.meshgrid(*x, indexing=indexing), arrays)
    if all(shapes):
        assert_same(gg.cartesian_prod, torch.cartesian_prod, arrays)


def test_broadcasting_together():
    assert_same(gg.broadcast_tensors, torch.broadcast_tensors, [draw(3, 1), draw(4), draw(2, 1, 1)])
    assert_same(lambda x, y: x.expand_as(y), lambda x, y: x.expand_as(y), [draw(3), draw(2, 3)])
    assert_same(lambda x, y: x.view_as(y), lambda x, y: x.view_as(y), [draw(6), draw(2, 3)])


@pytest.mark.parametrize("repeats", [[1, 0, 3], [0, 0, 0], [2]])
@pytest.mark.parametrize("dim", [0, -1, None])
def test_repeats_of_each(repeats, dim):
    array = draw(3) if dim is None else draw(3, 3)
    assert_same(
        lambda x: gg.repeat_interleave(x, gg.tensor(repeats), dim),
        lambda x: torch.repeat_interleave(x, torch.tensor(repeats), dim),
        [array],
    )


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_padding(mode, dims):
    """Every frame of −2 .. 3 around an axis of 3, the same for all axes: value or refusal."""
    for before, after in itertools.product(range(-2, 4), repeat=2):
        shape = (2, 1, *(3 for _ in range(dims)))
        frame = (before, after) * dims
        if mode == "circular" and max(before, after) > 3 + min(before, after, 0):
            continue  # copies of what was cut off: PyTorch reads memory that it has not written
        try:
            F.pad(torch.zeros(shape), frame, mode)
        except RuntimeError:
            with pytest.raises(ValueError, match="pad: "):
                pad(gg.zeros(shape), frame, mode)
            continue
        assert_same(lambda x, f=frame: pad(x, f, mode), lambda x, f=frame: F.pad(x, f, mode), [draw(*shape)])


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_padding_of_different_axes(mode):
    array = draw(2, 2, 4, 3, 5)
    for frame in ((1, 2, 0, 1, 3, 0), (0, 0, 2, 2, 0, 0), (4, -1, -1, 2, 1, 1)):
        assert_same(lambda x, f=frame: pad(x, f, mode), lambda x, f=frame: F.pad(x, f, mode), [array])


# -- index and mask --------------------------------------------------------------------------------------------


def permuted(rng, shape, dim, length):
    """Return an index that names no place twice."""
    return np.take(np.argsort(rng.random(shape), axis=dim), range(length), axis=dim)


@pytest.mark.parametrize(
    ("shape", "index_shape", "dim"),
    [((4, 3), (4, 3), 0), ((4, 3), (2, 3), 1), ((4, 3), (9, 2), 0), ((5,), (7,), -1), ((2, 3, 4), (2, 3, 2), -1),
     ((), (), 0), ((), (3,), 0), ((3,), (), 0), ((4, 3), (0, 3), 0), ((4, 3), (0,), 1), ((0, 3), (0, 3), 1)],
)  # fmt: skip
class TestAlongAnAxis:
    def index(self, shape, index_shape, dim):
        size = shape[dim] if shape else 1
        return np.random.default_rng(1).integers(0, max(size, 1), index_shape)

    def test_gather(self, shape, index_shape, dim):
        i = self.index(shape, index_shape, dim)
        assert_same(
            lambda x: gg.gather(x, dim, gg.tensor(i)), lambda x: torch.gather(x, dim, torch.tensor(i)), [draw(*shape)]
        )

    @pytest.mark.parametrize("reduce", ["sum", "prod", "mean", "amax", "amin"])
    @pytest.mark.parametrize("own", [True, False])
    def test_scatter_reduce(self, shape, index_shape, dim, reduce, own):
        i = self.index(shape, index_shape, dim)
        arrays = [draw(*shape), draw(*index_shape) + 0.125]
        if index_shape == () or (shape == () and index_shape != ()) or index_shape == (0,):
            return  # PyTorch does not compute these for all reductions
        assert_same(
            lambda x, s: gg.scatter_reduce(x, dim, gg.tensor(i), s, reduce, include_self=own),
            lambda x, s: torch.scatter_reduce(x, dim, torch.tensor(i), s, reduce, include_self=own),
            arrays,
        )

    def test_scatter_add(self, shape, index_shape, dim):
        i = self.index(shape, index_shape, dim)
        assert_same(
            lambda x, s: x.scatter_add(dim, gg.tensor(i), s),
            lambda x, s: x.scatter_add(dim, torch.tensor(i), s),
            [draw(*shape), draw(*index_shape)],
        )

    def test_scatter_of_a_number(self, shape, index_shape, dim):
        i = self.index(shape, index_shape, dim)
        for reduce in (None, "add", "multiply"):
            more = {} if reduce is None else {"reduce": reduce}
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                theirs = torch.tensor(draw(*shape)).scatter(dim, torch.tensor(i), 2.5, **more)
            ours = gg.tensor(draw(*shape)).scatter(dim, gg.tensor(i), 2.5, **more)
            np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-14)


@pytest.mark.parametrize(("shape", "dim", "length"), [((4, 3), 0, 3), ((4, 3), -1, 2), ((5,), 0, 5), ((2, 3, 4), 1, 2)])
def test_scatter_where_no_place_is_named_twice(shape, dim, length):
    i = permuted(np.random.default_rng(0), shape, dim, length)
    arrays = [draw(*shape), draw(*i.shape)]
    assert_same(
        lambda x, s: gg.scatter(x, dim, gg.tensor(i), s), lambda x, s: torch.scatter(x, dim, torch.tensor(i), s), arrays
    )


def test_a_product_with_zeros_among_its_factors():
    x, s = np.array([2.0, 0.0, 3.0]), np.array([0.0, 4.0, 5.0, 0.0, 6.0])
    i = np.array([0, 0, 1, 2, 2])
    (mine, first, _), (expected, theirs, _) = both(
        lambda a, b: gg.scatter_reduce(a, 0, gg.tensor(i), b, "prod"),
        lambda a, b: torch.scatter_reduce(a, 0, torch.tensor(i), b, "prod"),
        [x, s],
    )
    np.testing.assert_allclose(mine[0], expected[0])
    for a, e in zip(first, theirs, strict=True):
        np.testing.assert_allclose(a, e)


@pytest.mark.parametrize("reduce", ["amax", "amin"])
def test_extrema_that_tie_share(reduce):
    x, s, i = np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 2.0, 2.0, 5.0]), np.array([0, 0, 1, 1, 1])
    assert_same(
        lambda a, b: gg.scatter_reduce(a, 0, gg.tensor(i), b, reduce),
        lambda a, b: torch.scatter_reduce(a, 0, torch.tensor(i), b, reduce),
        [x, s],
    )


@pytest.mark.parametrize("reduce", ["sum", "prod", "mean", "amax", "amin"])
@pytest.mark.parametrize("dtype", ["int64", "int32", "float32"])
def test_scatter_reduce_of_other_dtypes(reduce, dtype):
    x, s, i = np.array([7, -2, 5]), np.array([1, -3, 2, 2]), np.array([0, 0, 2, 0])
    for own in (True, False):
        ours = gg.scatter_reduce(
            gg.tensor(x.astype(dtype)), 0, gg.tensor(i), gg.tensor(s.astype(dtype)), reduce, include_self=own
        )
        theirs = torch.tensor(x.astype(dtype)).scatter_reduce(
            0, torch.tensor(i), torch.tensor(s.astype(dtype)), reduce, include_self=own
        )
        np.testing.assert_allclose(ours.numpy(), theirs.numpy())
        assert str(ours.dtype) == dtype


ROWS = np.array([2, 0, 2])
SLICES = {
    "index_select": (lambda lib, x, s: lib.index_select(x, 0, lib.tensor(ROWS))),
    "index_select columns": (lambda lib, x, s: x.index_select(-1, lib.tensor([1, 1]))),
    "index_add": (lambda lib, x, s: lib.index_add(x, 0, lib.tensor(ROWS), s)),
    "index_add alpha": (lambda lib, x, s: x.index_add(0, lib.tensor(ROWS), s, alpha=-2)),
    "index_copy": (lambda lib, x, s: lib.index_copy(x, 0, lib.tensor([3, 0, 1]), s)),
    "index_fill": (lambda lib, x, s: lib.index_fill(x, 1, lib.tensor([0, 0]), 7.0)),
    "index_fill tensor": (lambda lib, x, s: x.index_fill(1, lib.tensor([1]), s[0, 0])),
    "index_put": (lambda lib, x, s: lib.index_put(x, (lib.tensor([0, 1]), lib.tensor([1, 1])), s[0])),
    "index_put accumulate": (lambda lib, x, s: x.index_put((lib.tensor(ROWS),), s, accumulate=True)),
    "index_put mask": (lambda lib, x, s: x.index_put((lib.tensor([True, False, False, True]),), s[0])),
    "take": (lambda lib, x, s: lib.take(x, lib.tensor([[0, -1], [3, 3]]))),
    "put": (lambda lib, x, s: x.put(lib.tensor([0, 5, -1]), s[:, 0])),
    "put accumulate": (lambda lib, x, s: x.put(lib.tensor([0, 5, 0]), s[:, 0], accumulate=True)),
    "take_along_dim": (lambda lib, x, s: lib.take_along_dim(x, lib.tensor([[0], [1], [1], [0]]), 1)),
    "take_along_dim broadcast": (lambda lib, x, s: lib.take_along_dim(x, lib.tensor([[3, 1]]), 0)),
    "take_along_dim flat": (lambda lib, x, s: lib.take_along_dim(x, lib.tensor([3, 3]))),
    "select_scatter": (lambda lib, x, s: lib.select_scatter(x, s[0], 0, -2)),
    "slice_scatter": (lambda lib, x, s: lib.slice_scatter(x, s[:2], 0, 1, None, 2)),
    "diagonal_scatter": (lambda lib, x, s: lib.diagonal_scatter(x, s[1])),
    "diagonal_scatter offset": (lambda lib, x, s: lib.diagonal_scatter(x, s[1], -1)),
    "masked_select": (lambda lib, x, s: lib.masked_select(x, x > 0)),
    "masked_select broadcast": (lambda lib, x, s: x.masked_select(lib.tensor([True, False]))),
    "masked_fill": (lambda lib, x, s: lib.masked_fill(x, x > 0, 2.0)),
    "masked_fill tensor": (lambda lib, x, s: x.masked_fill(x > 0, s[0, 0])),
    "masked_scatter": (lambda lib, x, s: x[:3].masked_scatter(lib.tensor([[True, False]] * 3), s)),
    "index_reduce prod": (lambda lib, x, s: lib.index_reduce(x, 0, lib.tensor(ROWS), s, "prod")),
    "index_reduce mean": (lambda lib, x, s: lib.index_reduce(x, 0, lib.tensor(ROWS), s, "mean", include_self=False)),
    "index_reduce amax": (lambda lib, x, s: lib.index_reduce(x, 0, lib.tensor(ROWS), s, "amax")),
}


@pytest.mark.parametrize("call", SLICES.values(), ids=list(SLICES))
def test_slices_and_masks(call):
    assert_same(lambda x, s: call(gg, x, s), lambda x, s: call(torch, x, s), [draw(4, 2), draw(3, 2)])


@pytest.mark.parametrize("array", [np.array([[0, 1], [2, 0]]), np.array(3.0), np.array(0), np.zeros((0, 2))])
def test_where_it_is_not_zero(array):
    ours, theirs = gg.tensor(array), torch.tensor(array)
    for a, e in (
        (gg.nonzero(ours), torch.nonzero(theirs)),
        (ours.argwhere(), theirs.argwhere()),
        *zip(gg.nonzero(ours, as_tuple=True), torch.nonzero(theirs, as_tuple=True), strict=True),
    ):
        np.testing.assert_array_equal(a.numpy(), e.numpy())


# Calls that PyTorch refuses; ours must, too.
ERRORS = {
    "unflatten": lambda lib, x: lib.unflatten(x, 0, (2, 3)),
    "unflatten two unknown": lambda lib, x: lib.unflatten(x, 0, (-1, -1)),
    "movedim twice": lambda lib, x: lib.movedim(x, (0, 0), (0, 1)),
    "movedim lengths": lambda lib, x: lib.movedim(x, (0, 1), (0,)),
    "movedim range": lambda lib, x: lib.movedim(x, 2, 0),
    "expand": lambda lib, x: x.expand(5, 2),
    "expand too few": lambda lib, x: x.expand(2),
    "expand new −1": lambda lib, x: x.expand(-1, 4, 2),
    "t": lambda lib, x: lib.t(x[None]),
    "narrow long": lambda lib, x: lib.narrow(x, 0, 2, 3),
    "narrow start": lambda lib, x: lib.narrow(x, 0, 5, 0),
    "select": lambda lib, x: lib.select(x, 0, 4),
    "unbind number": lambda lib, x: lib.unbind(x[0, 0]),
    "chunk zero": lambda lib, x: lib.chunk(x, 0),
    "split": lambda lib, x: lib.split(x, [1, 2]),
    "split zero": lambda lib, x: lib.split(x, 0),
    "tensor_split zero": lambda lib, x: lib.tensor_split(x, 0),
    "hsplit": lambda lib, x: lib.hsplit(x, 3),
    "vsplit vector": lambda lib, x: lib.vsplit(x[0], 2),
    "dsplit": lambda lib, x: lib.dsplit(x, 1),
    "repeat": lambda lib, x: x.repeat(2),
    "repeat negative": lambda lib, x: x.repeat(1, -1),
    "repeat_interleave": lambda lib, x: lib.repeat_interleave(x, lib.tensor([1, 2, 3]), 0),
    "repeat_interleave negative": lambda lib, x: lib.repeat_interleave(x, -1),
    "repeat_interleave size": lambda lib, x: lib.repeat_interleave(x, lib.tensor([2] * 4), 0, output_size=7),
    "roll": lambda lib, x: lib.roll(x, (1, 2), (0,)),
    "roll no dims": lambda lib, x: lib.roll(x, (1, 2)),
    "flip twice": lambda lib, x: lib.flip(x, (0, 0)),
    "flip range": lambda lib, x: lib.flip(x, (2,)),
    "fliplr": lambda lib, x: lib.fliplr(x[0]),
    "rot90": lambda lib, x: lib.rot90(x, 1, (0, 0)),
    "rot90 one": lambda lib, x: lib.rot90(x, 1, (0,)),
    "unfold": lambda lib, x: x.unfold(0, 5, 1),
    "unfold step": lambda lib, x: x.unfold(0, 2, 0),
    "meshgrid": lambda lib, x: lib.meshgrid(x, x, indexing="ij"),
    "meshgrid indexing": lambda lib, x: lib.meshgrid(x[0], x[0], indexing="yx"),
    "cartesian_prod": lambda lib, x: lib.cartesian_prod(x, x),
    "broadcast_tensors": lambda lib, x: lib.broadcast_tensors(x, x[:3]),
    "gather range": lambda lib, x: lib.gather(x, 0, lib.tensor([[4, 0]])),
    "gather negative": lambda lib, x: lib.gather(x, 0, lib.tensor([[-1, 0]])),
    "gather axes": lambda lib, x: lib.gather(x, 0, lib.tensor([1, 0])),
    "gather shape": lambda lib, x: lib.gather(x, 0, lib.tensor([[1, 0, 0]])),
    "gather dtype": lambda lib, x: lib.gather(x, 0, lib.tensor([[1.0, 0.0]])),
    "scatter range": lambda lib, x: lib.scatter(x, 0, lib.tensor([[4, 0]]), 1.0),
    "scatter source": lambda lib, x: lib.scatter(x, 0, lib.tensor([[1, 0]]), x[:1, :1]),
    "scatter dtype": lambda lib, x: lib.scatter(x, 0, lib.tensor([[1, 0]]), lib.tensor([[1, 0]])),
    "scatter reduce": lambda lib, x: lib.scatter(x, 0, lib.tensor([[1, 0]]), x, reduce="mean"),
    "scatter_reduce": lambda lib, x: lib.scatter_reduce(x, 0, lib.tensor([[1, 0]]), x, reduce="median"),
    "index_select": lambda lib, x: lib.index_select(x, 0, lib.tensor([4])),
    "index_select negative": lambda lib, x: lib.index_select(x, 0, lib.tensor([-1])),
    "index_select axes": lambda lib, x: lib.index_select(x, 0, lib.tensor([[1]])),
    "index_add shape": lambda lib, x: lib.index_add(x, 0, lib.tensor([1]), x),
    "index_add dtype": lambda lib, x: lib.index_add(x, 0, lib.tensor([1]), lib.tensor([[1, 2]])),
    "index_copy shape": lambda lib, x: lib.index_copy(x, 0, lib.tensor([1]), x),
    "index_fill tensor": lambda lib, x: lib.index_fill(x, 0, lib.tensor([1]), x[0]),
    "index_put": lambda lib, x: lib.index_put(x, (lib.tensor([9]),), x[0]),
    "take": lambda lib, x: lib.take(x, lib.tensor([8])),
    "put": lambda lib, x: x.put(lib.tensor([0, 1]), x[0, :1]),
    "take_along_dim": lambda lib, x: lib.take_along_dim(x, lib.tensor([8])),
    "take_along_dim axes": lambda lib, x: lib.take_along_dim(x, lib.tensor([1]), 0),
    "select_scatter": lambda lib, x: lib.select_scatter(x, x[0], 1, 0),
    "slice_scatter": lambda lib, x: lib.slice_scatter(x, x, 0, 1),
    "diagonal_scatter": lambda lib, x: lib.diagonal_scatter(x, x[:, 0]),
    "masked_select": lambda lib, x: lib.masked_select(x, lib.tensor([1, 0])),
    "masked_fill shape": lambda lib, x: lib.masked_fill(x, lib.tensor([True] * 3), 0.0),
    "masked_fill value": lambda lib, x: lib.masked_fill(x, x > 0, x[0]),
    "masked_scatter": lambda lib, x: x.masked_scatter(lib.tensor([True, True]), x[0]),
    "arange step": lambda lib, x: lib.arange(0, 3, 0),
    "arange sign": lambda lib, x: lib.arange(0, 3, -1),
    "linspace": lambda lib, x: lib.linspace(0, 3, -1),
    "randint": lambda lib, x: lib.randint(3, 3, (2,)),
    "bernoulli": lambda lib, x: lib.bernoulli(lib.tensor([1.5])),
    "multinomial": lambda lib, x: lib.multinomial(lib.tensor([1.0, 1.0]), 3),
    "arange of integers": lambda lib, x: lib.arange(0, 1, 0.25, dtype="int64" if lib is gg else torch.int64),
    "multinomial zero": lambda lib, x: lib.multinomial(lib.tensor([0.0, 0.0]), 1, replacement=True),
    "multinomial negative": lambda lib, x: lib.multinomial(lib.tensor([1.0, -1.0]), 1),
    "normal": lambda lib, x: lib.normal(0.0, lib.tensor([-1.0])),
    "pad odd": lambda lib, x: lib.nn.functional.pad(x, (1,)),
    "pad axes": lambda lib, x: lib.nn.functional.pad(x, (1,) * 6),
    "pad negative": lambda lib, x: lib.nn.functional.pad(x, (-2, -1)),
    "pad mode": lambda lib, x: lib.nn.functional.pad(x, (1, 1), "mirror"),
}


@pytest.mark.parametrize("call", ERRORS.values(), ids=list(ERRORS))
def test_refusals(call):
    with pytest.raises(REFUSED):
        call(torch, torch.tensor(draw(4, 2)))
    with pytest.raises((ValueError, IndexError, TypeError), match=r"^\w+( \(flattened\))?: "):
        call(gg, gg.tensor(draw(4, 2)))


@pytest.mark.parametrize("dtype", [None, "float64", "float32", "int64"])
@pytest.mark.parametrize(
    ("name", "args"),
    [("arange", (5,)), ("arange", (1, 7, 2)), ("arange", (0.0, 1.0, 0.25)), ("arange", (5, 0, -2)), ("arange", (3, 3)),
     ("linspace", (0, 1, 5)), ("linspace", (-3.5, 8, 4)), ("linspace", (2, 5, 1)), ("linspace", (2, 5, 0)),
     ("logspace", (0, 3, 4)), ("logspace", (0, 4, 5, 2.0)), ("eye", (3,)), ("eye", (2, 4)), ("full", ((2, 3), 7)),
     ("full", ((2,), 1.5)), ("zeros", (2, 3)), ("ones", ((2,),))],
)  # fmt: skip
def test_constructors(name, args, dtype):
    if dtype == "int64" and 0.25 in args:
        return  # a step of 0
    ours = getattr(gg, name)(*args, dtype=dtype)
    theirs = getattr(torch, name)(*args, dtype=None if dtype is None else getattr(torch, dtype))
    assert str(theirs.dtype) == f"torch.{ours.dtype}"
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-6)
