"""PyTorch as oracle for linear algebra: values, gradients, second gradients, and what is refused.

Of factorisations only such functions are differentiated as do not depend on the signs that LAPACK chooses.
"""

import itertools
import warnings

import numpy as np
import pytest
import torch

import glassgrad as gg
from glassgrad import linalg

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore::UserWarning")]
inf = np.inf
RNG = np.random.default_rng(23)


def draw(*shape):
    return RNG.standard_normal(shape)


def positive(*shape):
    x = draw(*shape)
    return x @ np.swapaxes(x, -1, -2) + 3 * np.eye(shape[-1])


def symmetric(*shape):
    x = draw(*shape)
    return x + np.swapaxes(x, -1, -2)


def numbers(tensor):
    return tensor.detach().resolve_neg().numpy(force=True)


def compare(ours, theirs, arrays, second=True, tolerance=1e-9):
    """Hold value, gradient and the gradient of a random combination of the gradient against PyTorch's."""
    rng = np.random.default_rng(7)
    x = [gg.tensor(a, requires_grad=True) for a in arrays]
    t = [torch.tensor(a, requires_grad=True) for a in arrays]
    out, expected = ours(*x), theirs(*t)
    assert out.shape == tuple(expected.shape)

    def close(a, e):
        scale = max(1.0, np.max(np.abs(e), initial=0.0))
        np.testing.assert_allclose(a, e, rtol=tolerance, atol=tolerance * scale)

    close(out.numpy(), numbers(expected))
    weights = rng.standard_normal(out.shape)
    first = gg.grad(out, x, gg.tensor(weights), create_graph=True)
    torch_first = torch.autograd.grad(expected, t, torch.tensor(weights), create_graph=second, materialize_grads=True)
    for a, e in zip(first, torch_first, strict=True):
        assert a.dtype == np.float64
        close(a.numpy(), numbers(e))
    if not second:
        return
    directions = [rng.standard_normal(a.shape) for a in arrays]
    ours_moving = [(g, gg.tensor(d)) for g, d in zip(first, directions, strict=True) if g.requires_grad]
    torch_moving = [(g, torch.tensor(d)) for g, d in zip(torch_first, directions, strict=True) if g.requires_grad]
    zeros = [np.zeros_like(a) for a in arrays]
    found, wanted = zeros, zeros
    if ours_moving:
        found = [g.numpy() for g in gg.grad(*_columns(ours_moving, x), materialize_grads=True)]
    if torch_moving:
        outputs, inputs, seeds = _columns(torch_moving, t)
        wanted = torch.autograd.grad(outputs, inputs, seeds, materialize_grads=True)
        wanted = [numbers(g) for g in wanted]
    for a, e in zip(found, wanted, strict=True):
        close(a, e)


def _columns(moving, inputs):
    return [g for g, _ in moving], inputs, [d for _, d in moving]


def run(cases):
    return pytest.mark.parametrize(
        ("ours", "theirs", "arrays", "options"),
        [pytest.param(o, t, a, (*rest, {})[0], id=f"{i}-{name}") for i, (name, o, t, a, *rest) in enumerate(cases)],
    )


# -- products -------------------------------------------------------------------------------------------------

EQUATIONS = [
    ("ij,jk->ik", (2, 3), (3, 4)), ("ij,jk", (2, 3), (3, 4)), ("kj,ik", (2, 3), (4, 2)), ("ii", (3, 3)),
    ("ii->i", (3, 3)), ("iii->i", (3, 3, 3)), ("ijkj->ki", (2, 3, 2, 3)), ("iji,j->", (3, 2, 3), (2,)),
    ("...ij,...jk->...ik", (5, 1, 2, 3), (4, 3, 2)), ("...ij->...ji", (2, 3, 4)), ("i...->...", (3, 2, 2)),
    ("...i->i", (2, 3, 4)), ("...,...", (3, 2), (2,)), ("a,b,c->cab", (2,), (3,), (4,)),
    ("ab,bc,cd,de->ae", (2, 3), (3, 4), (4, 5), (5, 2)), ("a...,b...,c...->abc", (2, 3), (3, 3), (2, 1)),
    ("ij,ij->i", (3, 4), (1, 4)), ("ij,kj->", (3, 4), (2, 1)), ("bij,bjk->kbi", (5, 2, 3), (5, 3, 4)),
    (",->", (), ()), ("ij->ji", (2, 3)), ("i,j->ij", (0,), (3,)), ("ij,jk->ik", (2, 0), (0, 3)),
    ("abc,bca->", (2, 3, 4), (3, 4, 2)), ("bn,anm,bm->ba", (2, 3), (4, 3, 5), (2, 5)), ("iI,Ij", (2, 3), (3, 2)),
    (" i j , j k -> i k ", (2, 3), (3, 4)), ("i,i,i->", (3,), (1,), (3,)),
    ("bhid,bhjd->bhij", (2, 2, 3, 4), (2, 2, 5, 4)),
    ("ij,kl->", (2, 3), (2, 2)), ("ijk->", (2, 3, 2)), ("ib,jb->bij", (2, 3), (4, 3)), ("...->...", (2, 3)),
]  # fmt: skip


@pytest.mark.parametrize(("equation", "shapes"), [(e, s) for e, *s in EQUATIONS], ids=[e[0] for e in EQUATIONS])
def test_einsum(equation, shapes):
    compare(lambda *x: gg.einsum(equation, *x), lambda *t: torch.einsum(equation, *t), [draw(*s) for s in shapes])


LISTS = [
    (((2, 3), [0, 1], (3, 4), [1, 2]), []),
    (((2, 3), [0, 1], (3, 4), [1, 2]), [[2, 0]]),
    (((2, 3, 3), [..., 30, 30]), [[...]]),
    (((2, 3, 4), [0, ...], (3, 4), [...]), [[..., 0]]),
]


@pytest.mark.parametrize(("given", "out"), LISTS)
def test_einsum_of_lists(given, out):
    shapes, lists = given[::2], given[1::2]

    def call(einsum):
        return lambda *x: einsum(*itertools.chain(*zip(x, lists, strict=True)), *out)

    compare(call(gg.einsum), call(torch.einsum), [draw(*s) for s in shapes])


@pytest.mark.parametrize(
    ("equation", "shapes"),
    [
        ("ij,jk", [(2, 3), (4, 5)]), ("ij", [(3,)]), ("i", [(3, 3)]), ("ij->ik", [(3, 3)]), ("ii->i", [(2, 3)]),
        ("ij,jk", [(2, 3)]), ("ij->ii", [(2, 3)]), ("i1", [(2, 3)]), ("..i", [(2, 3)]), ("i.j", [(2, 3)]),
        ("...i...", [(2, 3)]), ("ij->i->j", [(2, 3)]), ("...i,...i", [(2, 3), (4, 3)]), ("ijk...", [(2, 3)]),
        ("", [(3,)]), ("ij,", [(2, 3)]),
    ],
)  # fmt: skip
def test_einsum_refuses_what_pytorch_refuses(equation, shapes):
    with pytest.raises(RuntimeError):
        torch.einsum(equation, *(torch.ones(s) for s in shapes))
    with pytest.raises(ValueError, match=r"^einsum: "):
        gg.einsum(equation, *(gg.ones(*s) for s in shapes))


def product_cases():
    for sx, sy in (((3,), (3,)), ((2, 3), (2, 3)), ((3, 4), (3, 4)), ((2, 1, 3), (1, 4, 3)), ((0, 3), (0, 3))):
        pair = [draw(*sx), draw(*sy)]
        if 3 == sx[-1]:
            yield "linalg.cross", linalg.cross, torch.linalg.cross, pair
            yield "vecdot", linalg.vecdot, torch.linalg.vecdot, pair
        if sx == sy:
            yield "cross", gg.cross, torch.cross, pair
        yield "vecdot 0", lambda x, y: linalg.vecdot(x, y, dim=0), lambda x, y: torch.linalg.vecdot(x, y, dim=0), pair
        yield "kron", gg.kron, torch.kron, pair
        yield "inner", gg.inner, torch.inner, [pair[0], pair[0][0] if len(sx) > 2 else pair[0]]
        yield "tensordot 0", lambda x, y: gg.tensordot(x, y, 0), lambda x, y: torch.tensordot(x, y, 0), pair
        flat = [p.reshape(-1) for p in pair]
        for name in ("outer", "ger"):
            yield name, getattr(gg, name), getattr(torch, name), flat
        yield "cartesian_prod", gg.cartesian_prod, torch.cartesian_prod, flat
        if flat[0].size:  # With empty blocks PyTorch's gradient is of other elements than its value.
            yield "block_diag", gg.block_diag, torch.block_diag, [flat[0].reshape(-1, 1), flat[1], np.array(2.0)]
    yield "kron of ranks", gg.kron, torch.kron, [draw(2), draw(3, 2, 2)]
    yield "inner number", gg.inner, torch.inner, [np.array(2.0), draw(3)]
    for name in ("dot", "vdot", "inner"):
        yield name, getattr(gg, name), getattr(torch, name), [draw(4), draw(4)]
    yield "mv", gg.mv, torch.mv, [draw(2, 3), draw(3)]
    yield "mm", gg.mm, torch.mm, [draw(2, 3), draw(3, 0)]
    yield "bmm", gg.bmm, torch.bmm, [draw(2, 2, 3), draw(2, 3, 4)]
    for a, b in itertools.product([(3,), (2, 3), (2, 2, 3), (3, 1, 2, 3)], [(3,), (3, 2), (2, 3, 2), (1, 2, 3, 1)]):
        yield f"matmul {a} {b}", gg.matmul, torch.matmul, [draw(*a), draw(*b)]
    for dims, a, b in (
        (2, (2, 3, 4), (3, 4, 5)), (1, (2, 3), (3,)), (([0, 2], [1, 0]), (2, 3, 4), (4, 2, 5)),
        (([-1], [0]), (2, 3), (3, 2)), (([], []), (2,), (3,)), (([1], [0]), (2, 1), (3, 2)),
    ):  # fmt: skip
        yield (
            f"tensordot {dims}",
            lambda x, y, d=dims: gg.tensordot(x, y, d),
            lambda x, y, d=dims: torch.tensordot(x, y, d),
            [draw(*a), draw(*b)],
        )
    chain = [draw(*s) for s in ((2,), (2, 5), (5, 3), (3, 4), (4,))]
    for part in (chain, chain[:-1], chain[1:], chain[1:-1], chain[1:3]):
        yield "multi_dot", lambda *x: linalg.multi_dot(x), lambda *t: torch.linalg.multi_dot(t), part
    yield "chain_matmul", gg.chain_matmul, torch.chain_matmul, chain[1:-1]
    shapes = {
        "addmm": [(2, 4), (2, 3), (3, 4)], "addmv": [(2,), (2, 3), (3,)], "addr": [(3,), (2,), (3,)],
        "baddbmm": [(2, 1, 4), (2, 2, 3), (2, 3, 4)], "addbmm": [(4,), (2, 2, 3), (2, 3, 4)],
    }  # fmt: skip
    for beta, alpha in ((1, 1), (0, 1), (0.5, 2), (0, 3.0), (2, 0)):
        for name, of in shapes.items():
            yield (
                f"{name} {beta} {alpha}",
                lambda *x, n=name, b=beta, a=alpha: getattr(gg, n)(*x, beta=b, alpha=a),
                lambda *t, n=name, b=beta, a=alpha: getattr(torch, n)(*t, beta=b, alpha=a),
                [draw(*s) for s in of],
            )
    for n in (-3, -1, 0, 1, 2, 5):
        yield (
            f"matrix_power {n}",
            lambda x, n=n: gg.matrix_power(x, n),
            lambda x, n=n: torch.linalg.matrix_power(x, n),
            [draw(2, 3, 3)],
        )


@run(product_cases())
def test_products(ours, theirs, arrays, options):
    compare(ours, theirs, arrays, **options)


# -- diagonals ------------------------------------------------------------------------------------------------


def diagonal_cases():
    x = draw(2, 3, 4)
    for offset in (-5, -2, 0, 1, 3, 7):
        for a, b in ((0, 1), (-1, 0), (1, 2)):
            yield (
                f"diagonal {offset} {a} {b}",
                lambda x, o=offset, a=a, b=b: gg.diagonal(x, o, a, b),
                lambda x, o=offset, a=a, b=b: torch.diagonal(x, o, a, b),
                [x],
            )
            yield (
                f"diag_embed {offset} {a} {b}",
                lambda x, o=offset, a=a, b=b: gg.diag_embed(x, o, a, b),
                lambda x, o=offset, a=a, b=b: torch.diag_embed(x, o, a, b),
                [x],
            )
        for name in ("tril", "triu", "diag", "diagflat"):
            for part in (x, x[0], x[0, 0]):
                if (name == "diag" and part.ndim < 3) or (name in ("tril", "triu") and part.ndim > 1):
                    yield (
                        f"{name} {offset}",
                        lambda x, n=name, o=offset: getattr(gg, n)(x, o),
                        lambda x, n=name, o=offset: getattr(torch, n)(x, o),
                        [part],
                    )
    yield "trace", gg.trace, torch.trace, [x[0]]
    yield "linalg.diagonal", linalg.diagonal, torch.linalg.diagonal, [x]


@run(diagonal_cases())
def test_diagonals(ours, theirs, arrays, options):
    compare(ours, theirs, arrays, **options)


@pytest.mark.parametrize("name", ["tril_indices", "triu_indices"])
@pytest.mark.parametrize("arguments", [(3, 3), (2, 4, 1), (4, 2, -1), (0, 3), (3, 0, 2), (2, 2, 9), (2, 2, -9)])
def test_indices_of_triangles(name, arguments):
    found, wanted = getattr(gg, name)(*arguments), getattr(torch, name)(*arguments)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found.numpy(), wanted.numpy())


# -- inverses, determinants, equations ------------------------------------------------------------------------


def solving_cases():
    A, P, B = draw(2, 3, 3), positive(2, 3, 3), draw(3, 2)
    almost = P + 0.1 * draw(2, 3, 3)
    yield "inv", linalg.inv, torch.linalg.inv, [A]
    yield "inverse", gg.inverse, torch.inverse, [A[0]]
    yield "det", gg.det, torch.det, [A]
    yield "slogdet", lambda x: gg.slogdet(x)[1], lambda x: torch.slogdet(x)[1], [A]
    yield "logdet", gg.logdet, torch.logdet, [P]
    yield "solve", linalg.solve, torch.linalg.solve, [A, B]
    yield "solve vectors", linalg.solve, torch.linalg.solve, [A, draw(2, 3)]
    yield "solve one vector", linalg.solve, torch.linalg.solve, [A[0], draw(3)]
    yield "solve stack of vectors by one", linalg.solve, torch.linalg.solve, [A[0], draw(3, 5)]
    yield "solve stacks", linalg.solve, torch.linalg.solve, [A, draw(4, 1, 3, 2)]
    for left, upper, unit in itertools.product((True, False), repeat=3):
        keywords = {"left": left, "upper": upper, "unitriangular": unit}
        yield (
            f"solve_triangular {keywords}",
            lambda x, b, k=keywords: linalg.solve_triangular(x, b, **k),
            lambda x, b, k=keywords: torch.linalg.solve_triangular(x, b, **k),
            [A, B if left else B.T.copy()],
        )
    yield (
        "solve from the right",
        lambda x, b: linalg.solve(x, b, left=False),
        lambda x, b: torch.linalg.solve(x, b, left=False),
        [A, draw(4, 2, 5, 3)],
    )
    yield "cholesky", gg.cholesky, torch.linalg.cholesky, [almost]
    yield (
        "cholesky upper",
        lambda x: linalg.cholesky(x, upper=True),
        lambda x: torch.linalg.cholesky(x, upper=True),
        [almost],
    )
    # PyTorch gives the triangle that is not read a gradient; of the triangle alone the two agree.
    for upper in (False, True):
        cut = "triu" if upper else "tril"
        T = 0.3 * A + 2 * np.eye(3)
        yield (
            f"cholesky_solve {upper}",
            lambda b, x, u=upper, c=cut: gg.cholesky_solve(b, getattr(gg, c)(x), u),
            lambda b, x, u=upper, c=cut: torch.cholesky_solve(b, getattr(torch, c)(x), u),
            [B, T],
        )
        yield (
            f"cholesky_inverse {upper}",
            lambda x, u=upper, c=cut: gg.cholesky_inverse(getattr(gg, c)(x), u),
            lambda x, u=upper, c=cut: torch.cholesky_inverse(getattr(torch, c)(x), u),
            [T],
        )
    for ind, shape in ((2, (2, 3, 6)), (1, (6, 3, 2))):
        yield (
            "tensorinv",
            lambda x, i=ind: linalg.tensorinv(x, i),
            lambda x, i=ind: torch.linalg.tensorinv(x, i),
            [draw(*shape)],
        )
    yield "tensorsolve", linalg.tensorsolve, torch.linalg.tensorsolve, [draw(2, 3, 6), draw(2, 3)]
    yield (
        "tensorsolve moved",
        lambda x, b: linalg.tensorsolve(x, b, (0, 2)),
        lambda x, b: torch.linalg.tensorsolve(x, b, (0, 2)),
        [draw(2, 6, 3), draw(6)],
    )
    for scale in (0.01, 0.1, 0.5, 1.0, 3.0):
        yield f"matrix_exp {scale}", gg.matrix_exp, torch.matrix_exp, [scale * draw(2, 3, 3)]


@run(solving_cases())
def test_solving(ours, theirs, arrays, options):
    compare(ours, theirs, arrays, **options)


# -- factorisations -------------------------------------------------------------------------------------------


def factor_cases():
    for shape in ((2, 4, 3), (2, 3, 3), (3, 5)):
        x = draw(*shape)
        k = min(shape[-2:])
        for i in (0, 1):
            yield f"qr {shape} {i}", lambda x, i=i: linalg.qr(x)[i], lambda x, i=i: torch.linalg.qr(x)[i], [x]
        yield (
            f"qr {shape} both",
            lambda x: linalg.qr(x).Q @ linalg.qr(x).R ** 2,
            lambda x: torch.linalg.qr(x).Q @ torch.linalg.qr(x).R ** 2,
            [x],
        )
        for full in (False, True):
            yield (
                f"svd U {shape} {full}",
                lambda x, f=full, k=k: gg.abs(linalg.svd(x, f).U[..., :k]),
                lambda x, f=full, k=k: abs(torch.linalg.svd(x, f).U[..., :k]),
                [x],
            )
            yield (
                f"svd S {shape} {full}",
                lambda x, f=full: linalg.svd(x, f).S,
                lambda x, f=full: torch.linalg.svd(x, f).S,
                [x],
            )
            yield (
                f"svd Vh {shape} {full}",
                lambda x, f=full, k=k: linalg.svd(x, f).Vh[..., :k, :] ** 2,
                lambda x, f=full, k=k: torch.linalg.svd(x, f).Vh[..., :k, :] ** 2,
                [x],
            )
        yield "svdvals", linalg.svdvals, torch.linalg.svdvals, [x]
        yield (
            "svd all",
            lambda x: (lambda f: f.U @ (f.S[..., None] ** 2 * f.Vh))(linalg.svd(x, False)),
            lambda x: (lambda f: f.U @ (f.S[..., None] ** 2 * f.Vh))(torch.linalg.svd(x, False)),
            [x],
        )
    y = symmetric(2, 3, 3) + 0.1 * draw(2, 3, 3)
    for triangle in ("L", "U", "l", "u"):
        yield (
            "eigh values",
            lambda x, t=triangle: linalg.eigh(x, t)[0],
            lambda x, t=triangle: torch.linalg.eigh(x, t)[0],
            [y],
        )
        yield (
            "eigvalsh",
            lambda x, t=triangle: linalg.eigvalsh(x, t),
            lambda x, t=triangle: torch.linalg.eigvalsh(x, t),
            [y],
        )
        yield (
            "eigh vectors",
            lambda x, t=triangle: linalg.eigh(x, t)[1] ** 2,
            lambda x, t=triangle: torch.linalg.eigh(x, t)[1] ** 2,
            [y],
        )
    yield "eigh of one", lambda x: linalg.eigh(x)[1], lambda x: torch.linalg.eigh(x)[1], [draw(1, 1)]


@run(factor_cases())
def test_factorisations(ours, theirs, arrays, options):
    compare(ours, theirs, arrays, **options)


# -- pseudoinverses and norms ---------------------------------------------------------------------------------

ORDERS = ("fro", "nuc", 2, -2, 1, -1, inf, -inf)


def torch_cond(x, p):
    if p in (None, 2, -2):
        return torch.linalg.cond(x, p)
    return torch.linalg.matrix_norm(x, p) * torch.linalg.matrix_norm(torch.linalg.inv(x), p)


def norm_cases():
    for shape in ((2, 4, 3), (3, 5), (2, 3, 3)):
        x, b = draw(*shape), draw(*shape[:-1], 2)
        yield "pinv", linalg.pinv, torch.linalg.pinv, [x]
        yield "pinverse", gg.pinverse, torch.pinverse, [x]
        yield "lstsq", lambda x, b: linalg.lstsq(x, b)[0], lambda x, b: torch.linalg.lstsq(x, b)[0], [x, b]
        for order, dim, keep in itertools.product(ORDERS, ((-2, -1), (-1, 0)), (False, True)):
            yield (
                f"matrix_norm {order} {dim}",
                lambda x, a=(order, dim, keep): linalg.matrix_norm(x, *a),
                lambda x, a=(order, dim, keep): torch.linalg.matrix_norm(x, *a),
                [x],
            )
        for order in (None, 2, 0.5, inf):
            yield (
                f"norm {order}", lambda x, o=order: linalg.norm(x, o, -1),
                lambda x, o=order: torch.linalg.norm(x, o, -1), [x], {"second": order != inf},
            )  # fmt: skip
        yield "norm of all", linalg.norm, torch.linalg.norm, [x]
    yield "norm of a matrix", lambda x: linalg.norm(x, "nuc"), lambda x: torch.linalg.norm(x, "nuc"), [draw(3, 2)]
    yield "norm of a vector", lambda x: linalg.norm(x, 3), lambda x: torch.linalg.norm(x, 3), [draw(3)]
    for p in (None, *ORDERS):
        # PyTorch's own cond has no derivative for some: it changes in place what that needs.
        yield (f"cond {p}", lambda x, p=p: linalg.cond(x, p), lambda x, p=p: torch_cond(x, p), [draw(2, 3, 3)])
    yield "cond of any shape", linalg.cond, torch.linalg.cond, [draw(2, 4, 3)]
    low = draw(2, 4, 2) @ draw(2, 2, 3)
    for name in ("rtol", "atol"):
        yield (
            f"pinv {name}",
            lambda x, n=name: linalg.pinv(x, **{n: 1e-8}),
            lambda x, n=name: torch.linalg.pinv(x, **{n: 1e-8}),
            [low],
        )
    for count, rising in itertools.product((None, 0, 1, 3, 6), (False, True)):
        yield (
            f"vander {count}", lambda x, n=count, r=rising: gg.vander(x, n, r),
            lambda x, n=count, r=rising: torch.stack([x**i for i in (range(n) if r else range(n - 1, -1, -1))], -1)
            if n else torch.vander(x, n, r), [draw(4)], {"second": count is not None and count != 0},
        )  # fmt: skip
    yield "linalg.vander", linalg.vander, torch.linalg.vander, [draw(2, 3)], {"second": False}


@run([c for c in norm_cases() if c[0] != "vander 0" and c[0] != "vander None"])
def test_norms_and_pseudoinverses(ours, theirs, arrays, options):
    compare(ours, theirs, arrays, **options)


@pytest.mark.parametrize("count", [None, 0, 3])
@pytest.mark.parametrize("rising", [False, True])
def test_vander_of_whole_numbers(count, rising):
    x = np.array([1, 2, 5, -1])
    np.testing.assert_array_equal(gg.vander(gg.tensor(x), count, rising).numpy(), np.vander(x, count, rising))


def test_symmetric_pseudoinverse():
    """The gradient is symmetric where PyTorch's is that of a general matrix; along symmetric steps they agree."""

    def both(module, symmetrise):
        return lambda x: module.linalg.pinv(symmetrise(x), hermitian=True)

    gg_like = type("gg_like", (), {"linalg": linalg})
    compare(both(gg_like, lambda x: x + x.mT), both(torch, lambda x: x + x.mT), [draw(2, 3, 3)])


@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4), (2, 3, 3), (0, 0), (0, 3), (2, 0, 3), (0, 3, 2)])
@pytest.mark.parametrize("hermitian", [False, True])
def test_rank(shape, hermitian):
    if hermitian and shape[-1] != shape[-2]:
        return
    x = symmetric(*shape) if hermitian else draw(*shape)
    if x.size:
        x[..., 0, :] = 0
        x[..., :, 0] = 0
    for options in ({}, {"atol": 0.5}, {"rtol": 0.3}, {"atol": 0.1, "rtol": 0.1}):
        found = linalg.matrix_rank(gg.tensor(x), hermitian=hermitian, **options)
        wanted = torch.linalg.matrix_rank(torch.tensor(x), hermitian=hermitian, **options)
        assert found.dtype == np.int64 and not found.requires_grad
        np.testing.assert_array_equal(found.numpy(), wanted.numpy())


@pytest.mark.parametrize("shape", [(4, 2), (2, 4), (3, 3), (2, 4, 2)])
def test_least_squares_tells_what_numpy_tells(shape):
    x, b = draw(*shape), draw(*shape[:-1], 2)
    found = linalg.lstsq(gg.tensor(x, requires_grad=True), gg.tensor(b), driver="gelsd")
    wanted = torch.linalg.lstsq(torch.tensor(x), torch.tensor(b), driver="gelsd")
    assert not found.rank.requires_grad
    for name in ("solution", "residuals", "rank", "singular_values"):
        a, e = getattr(found, name), getattr(wanted, name)
        if name == "residuals" and not e.numel():
            assert a.numel() == 0
        else:
            np.testing.assert_allclose(a.numpy(), e.numpy(), rtol=1e-9, atol=1e-12)


# -- nothing, and too little ----------------------------------------------------------------------------------

SQUARES = [(0, 0), (0, 2, 2), (2, 0, 0), (0, 0, 0)]
ALSO = [(0, 3), (3, 0), (2, 0, 3), (0, 2, 3), (0, 3, 2)]
UNARY = {
    "inv": SQUARES, "det": SQUARES, "slogdet": SQUARES, "cholesky": SQUARES, "eigh": SQUARES, "eigvalsh": SQUARES,
    "matrix_exp": SQUARES, "qr": SQUARES + ALSO, "svd": SQUARES + ALSO, "svdvals": SQUARES + ALSO,
    "pinv": SQUARES + ALSO, "cond": SQUARES + ALSO, "matrix_rank": SQUARES + ALSO, "matrix_norm": SQUARES + ALSO,
}  # fmt: skip


@pytest.mark.parametrize(("name", "shape"), [(n, s) for n, shapes in UNARY.items() for s in shapes])
def test_matrices_without_elements(name, shape):
    x = gg.zeros(*shape, requires_grad=True)
    found, wanted = getattr(linalg, name)(x), getattr(torch.linalg, name)(torch.zeros(shape))
    found, wanted = (f if isinstance(f, tuple) else (f,) for f in (found, wanted))
    for a, e in zip(found, wanted, strict=True):
        assert a.shape == tuple(e.shape)
        np.testing.assert_allclose(a.numpy(), e.numpy())
    smooth = [a for a in found if a.requires_grad]
    if smooth:
        (gradient,) = gg.grad([a.sum() for a in smooth], [x], materialize_grads=True)
        assert gradient.shape == shape


BAD = {
    "inv": [(3,), (2, 3)], "det": [(3,), (2, 3)], "slogdet": [(2, 3)], "cholesky": [(3,), (2, 3)], "eigh": [(2, 3)],
    "eigvalsh": [(2, 3)], "svd": [(3,)], "svdvals": [(3,)], "qr": [(3,)], "pinv": [(3,)], "matrix_norm": [(3,)],
    "cond": [(3,)], "matrix_rank": [(3,)], "matrix_exp": [(2, 3), (3,)], "tensorinv": [(2, 3, 5)],
}  # fmt: skip


@pytest.mark.parametrize(("name", "shape"), [(n, s) for n, shapes in BAD.items() for s in shapes])
def test_bad_shapes(name, shape):
    if name != "matrix_rank":  # PyTorch says that a vector has a rank.
        with pytest.raises(RuntimeError):
            getattr(torch.linalg, name)(torch.ones(shape))
    with pytest.raises(ValueError, match=rf"^{name}: "):
        getattr(linalg, name)(gg.ones(*shape))


PAIRS = [
    ("dot", (3,), (4,)), ("dot", (3, 1), (3,)), ("mv", (2, 3), (2,)), ("mv", (3,), (3,)), ("mm", (2, 3), (2, 3)),
    ("mm", (2, 2, 3), (3, 2)), ("bmm", (2, 2, 3), (3, 3, 2)), ("bmm", (2, 3), (3, 2)), ("outer", (2, 2), (2,)),
    ("inner", (2, 3), (2,)), ("cross", (2, 4), (2, 4)), ("kron", (2,), None), ("matmul", (2, 3), (2, 3)),
    ("matmul", (), (3,)), ("matmul", (2, 2, 3), (3, 3, 2)), ("tensordot", (2, 3), (2, 3)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "one", "other"), [p for p in PAIRS if p[2] is not None and p[0] != "tensordot"])
def test_bad_pairs(name, one, other):
    with pytest.raises(RuntimeError):
        getattr(torch, name)(torch.ones(one), torch.ones(other))
    with pytest.raises(ValueError, match=rf"^{name}: "):
        getattr(gg, name)(gg.ones(*one), gg.ones(*other))


def test_dtypes_are_pytorchs():
    whole = np.arange(9).reshape(3, 3)
    for name in ("mm", "kron", "matmul", "inner"):
        assert getattr(gg, name)(gg.tensor(whole), gg.tensor(whole)).dtype == np.int64
    for name in ("trace", "diagonal", "tril", "diag"):
        found, wanted = getattr(gg, name)(gg.tensor(whole)), getattr(torch, name)(torch.tensor(whole))
        assert found.dtype == np.int64
        np.testing.assert_array_equal(found.numpy(), wanted.numpy())
    single = gg.tensor(draw(3, 3), dtype="float32")
    for found in (*linalg.svd(single), *linalg.qr(single), linalg.inv(single), linalg.det(single), linalg.pinv(single)):
        assert found.dtype == np.float32
    assert gg.einsum("ij,ij->", single, single).dtype == np.float32
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert linalg.det(gg.zeros(3, 3)).item() == 0
