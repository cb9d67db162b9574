"""Linear algebra at its edges: matrices without inverse, equal values, empty shapes, and what the messages say."""

import itertools
import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import glassgrad as gg
from glassgrad import linalg

RNG = np.random.default_rng(5)


def leaf(values, dtype="float64"):
    return gg.tensor(np.asarray(values, dtype), requires_grad=True)


def symmetric(*shape):
    x = RNG.standard_normal(shape)
    return x + np.swapaxes(x, -1, -2)


# -- singular matrices ----------------------------------------------------------------------------------------

SINGULAR = [[1.0, 2.0], [2.0, 4.0]]


@pytest.mark.parametrize("name", ["inv", "solve", "tensorinv", "matrix_power", "solve_triangular"])
def test_singular_matrices_are_an_error_of_linear_algebra(name):
    call = {
        "inv": linalg.inv,
        "solve": lambda x: linalg.solve(x, gg.ones(2)),
        "tensorinv": lambda x: linalg.tensorinv(x, 1),
        "matrix_power": lambda x: gg.matrix_power(x, -1),
        "solve_triangular": lambda x: linalg.solve_triangular(x * 0, gg.ones(2, 1), upper=True),
    }[name]
    with pytest.raises(linalg.LinAlgError, match=r"\(2, 2\)") as caught:
        call(leaf(SINGULAR))
    assert isinstance(caught.value, ValueError)
    assert str(caught.value).split(":")[0] in (name, "inv")


def test_the_message_names_the_matrix_of_a_stack():
    stack = np.stack([np.eye(2), np.eye(2), np.array(SINGULAR), np.eye(2)])
    with pytest.raises(linalg.LinAlgError, match=r"^inv: matrix 2 of the stack of shape \(4, 2, 2\) is singular"):
        linalg.inv(gg.tensor(stack))
    with pytest.raises(linalg.LinAlgError, match=r"^solve: matrix \(1, 0\) of the stack of shape \(2, 2, 2, 2\)"):
        linalg.solve(gg.tensor(stack.reshape(2, 2, 2, 2)), gg.ones(2, 1, dtype="float64"))
    with pytest.raises(linalg.LinAlgError, match=r"^cholesky: matrix 1 of the stack .* is not positive definite"):
        gg.cholesky(gg.tensor(np.stack([np.eye(2), -np.eye(2)])))
    with pytest.raises(linalg.LinAlgError, match=r"^solve_triangular: matrix 1 of the stack .* has 0 at place 1"):
        linalg.solve_triangular(gg.tensor(np.stack([np.eye(2), np.diag([1.0, 0.0])])), np.ones((2, 1)), upper=False)


@pytest.mark.parametrize("name", ["svd", "svdvals", "eigh", "eigvalsh", "pinv"])
def test_not_a_number_is_refused(name):
    with pytest.raises(linalg.LinAlgError, match=rf"^{name}: the matrix of shape \(2, 2\)"):
        getattr(linalg, name)(gg.tensor([[np.nan, 1.0], [1.0, 2.0]]))


def minors(x):
    """Return the cofactors from their definition."""
    n = len(x)
    found = np.zeros((n, n))
    for i, j in itertools.product(range(n), repeat=2):
        rest = np.delete(np.delete(x, i, 0), j, 1)
        found[i, j] = (-1) ** (i + j) * (np.linalg.det(rest) if n > 1 else 1.0)
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 4])
@pytest.mark.parametrize("lost", [0, 1, 2, 3])
def test_gradient_of_the_determinant_of_a_singular_matrix(size, lost):
    """It is the matrix of cofactors, whatever the rank; the second derivative is that of differences."""
    rank = max(size - lost, 0)
    value = RNG.standard_normal((size, rank)) @ RNG.standard_normal((rank, size))
    x = leaf(value)
    out = gg.det(x)
    assert out.item() == pytest.approx(0 if rank < size else np.linalg.det(value), abs=1e-12)
    (gradient,) = gg.grad(out, [x], create_graph=True)
    np.testing.assert_allclose(gradient.numpy(), minors(value), atol=1e-12)
    direction = RNG.standard_normal((size, size))
    (second,) = gg.grad(gradient, [x], gg.tensor(direction), materialize_grads=True)
    step = 1e-5
    moved = np.zeros((size, size))
    for index in np.ndindex(size, size):
        unit = np.zeros((size, size))
        unit[index] = step
        moved[index] = np.sum(direction * (minors(value + unit) - minors(value - unit))) / (2 * step)
    np.testing.assert_allclose(second.numpy(), moved, atol=1e-8)


def test_determinants_of_a_stack_with_singular_matrices():
    value = np.stack([np.eye(3), np.ones((3, 3)), RNG.standard_normal((3, 3)), np.diag([1.0, 2.0, 0.0])])
    x = leaf(value)
    (gradient,) = gg.grad(gg.det(x).sum(), [x])
    np.testing.assert_allclose(gradient.numpy(), [minors(v) for v in value], atol=1e-12)


def test_logarithm_of_a_determinant():
    sign, size = gg.slogdet(leaf(SINGULAR))
    assert sign.item() == 0 and size.item() == -np.inf
    assert gg.logdet(gg.tensor([[0.0, 1.0], [1.0, 0.0]])).isnan().item()
    found = gg.slogdet(gg.tensor(1e-3 * np.eye(200)))
    assert found.logabsdet.item() == pytest.approx(200 * np.log(1e-3))
    x = leaf(np.stack([np.eye(2), np.array(SINGULAR)]))
    gradient = gg.grad(gg.slogdet(x).logabsdet.sum(), [x])[0].numpy()
    np.testing.assert_array_equal(gradient[0], np.eye(2))
    assert np.isnan(gradient[1]).all()


def test_condition_of_a_singular_matrix_is_infinite():
    for p in (None, 1, "fro", "nuc", np.inf):
        assert linalg.cond(gg.tensor([[1.0, 1.0], [1.0, 1.0]]), p).item() > 1e6
    assert linalg.cond(gg.zeros(2, 2), 1).item() == np.inf
    stack = linalg.cond(gg.tensor(np.stack([np.eye(2), np.zeros((2, 2))])), "fro")
    np.testing.assert_allclose(stack.numpy(), [2, np.inf])


# -- factorisations -------------------------------------------------------------------------------------------


def test_one_triangle_is_read():
    x = symmetric(3, 3) + 4 * np.eye(3)
    other = np.where(np.triu(np.ones((3, 3)), 1) > 0, np.nan, x)
    for triangle, given_ in (("L", other), ("U", other.T)):
        np.testing.assert_allclose(linalg.eigvalsh(gg.tensor(given_), triangle).numpy(), np.linalg.eigvalsh(x))
        np.testing.assert_allclose(linalg.eigh(gg.tensor(given_), triangle)[0].numpy(), np.linalg.eigvalsh(x))
    factor = gg.cholesky(gg.tensor(symmetric(2, 2) * 0 + np.array([[4.0, np.nan], [2.0, 5.0]])))
    np.testing.assert_allclose(factor.numpy(), [[2, 0], [1, 2]])
    upper = gg.cholesky(gg.tensor(np.array([[4.0, 2.0], [np.nan, 5.0]])), upper=True)
    np.testing.assert_allclose(upper.numpy(), [[2, 1], [0, 2]])


@pytest.mark.parametrize("call", [gg.cholesky, linalg.eigvalsh, lambda x: linalg.eigh(x)[1] ** 2])
def test_gradients_of_symmetric_matrices_are_symmetric_and_right_along_symmetric_steps(call):
    value = symmetric(3, 3) + 6 * np.eye(3)
    x = leaf(value)
    out = call(x)
    weights = RNG.standard_normal(out.shape)
    (gradient,) = gg.grad(out, [x], gg.tensor(weights))
    np.testing.assert_allclose(gradient.numpy(), gradient.numpy().T, atol=1e-14)
    step = symmetric(3, 3) * 1e-5
    above, below = call(gg.tensor(value + step)).numpy(), call(gg.tensor(value - step)).numpy()
    assert np.sum(gradient.numpy() * step) * 2 == pytest.approx(np.sum(weights * (above - below)), rel=1e-6)


def test_symmetric_functions_of_equal_values_have_gradients():
    x = leaf(np.eye(3))
    (gradient,) = gg.grad(linalg.svdvals(x).sum(), [x])
    np.testing.assert_allclose(gradient.numpy(), np.eye(3))
    (gradient,) = gg.grad((linalg.eigvalsh(x) ** 2).sum(), [x])
    np.testing.assert_allclose(gradient.numpy(), 2 * np.eye(3))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_vectors_of_equal_values_have_none():
    for call in (lambda x: linalg.eigh(x).eigenvectors, lambda x: linalg.svd(x).U):
        x = leaf(np.eye(2))
        (gradient,) = gg.grad(call(x)[0, 1], [x])
        assert not np.isfinite(gradient.numpy()).all()


def test_columns_that_a_matrix_does_not_determine_have_no_gradient():
    x = leaf(RNG.standard_normal((4, 2)))
    with pytest.raises(ValueError, match="full_matrices=False"):
        gg.grad(linalg.svd(x).U.sum(), [x])
    with pytest.raises(ValueError, match="full_matrices=False"):
        gg.grad(linalg.svd(x.mT).Vh.sum(), [x], create_graph=True)
    assert np.isfinite(gg.grad(linalg.svd(x).U[:, :2].sum(), [x])[0].numpy()).all()
    with pytest.raises(ValueError, match="mode='reduced'"):
        gg.grad(linalg.qr(x, "complete").R.sum(), [x])
    assert linalg.qr(x, "complete").Q.shape == (4, 4)
    square = leaf(RNG.standard_normal((2, 2)))
    assert gg.grad(linalg.qr(square, "complete").R.sum(), [square])[0].shape == (2, 2)


def test_triangle_alone():
    x = leaf(RNG.standard_normal((4, 2)))
    q, r = linalg.qr(x, "r")
    assert q.shape == (4, 0) or q.numel() == 0
    np.testing.assert_array_equal(r.numpy(), linalg.qr(x).R.numpy())
    np.testing.assert_array_equal(gg.grad(r.sum(), [x])[0].numpy(), gg.grad(linalg.qr(x).R.sum(), [x])[0].numpy())
    with pytest.raises(ValueError, match=r"^qr: mode must be"):
        linalg.qr(x, "full")


@pytest.mark.parametrize("shape", [(4, 2), (2, 4), (3, 3), (2, 3, 2)])
def test_factors_multiply_to_the_matrix(shape):
    x = RNG.standard_normal(shape)
    u, s, vh = linalg.svd(gg.tensor(x), full_matrices=False)
    np.testing.assert_allclose((u * s[..., None, :] @ vh).numpy(), x, atol=1e-13)
    q, r = linalg.qr(gg.tensor(x))
    np.testing.assert_allclose((q @ r).numpy(), x, atol=1e-13)
    full = linalg.svd(gg.tensor(x))
    assert full.U.shape[-1] == shape[-2] and full.Vh.shape[-1] == shape[-1]
    p = linalg.pinv(gg.tensor(x)).numpy()
    for found, wanted in ((x @ p @ x, x), (p @ x @ p, p), (np.swapaxes(x @ p, -1, -2), x @ p)):
        np.testing.assert_allclose(found, wanted, atol=1e-12)


def test_third_derivatives():
    """Of 1/x, the determinant of diag(x, x, x) and e^x, which are known."""
    x = leaf([[2.0]])
    value = linalg.inv(x).sum()
    for wanted in (-1 / 4, 2 / 8, -6 / 16):
        (value,) = gg.grad(value.sum(), [x], create_graph=True)
        assert value.item() == pytest.approx(wanted)
    x = leaf(2.0)
    value = gg.det(x * np.eye(3))
    for wanted in (12, 12, 6):
        (value,) = gg.grad(value, [x], create_graph=True)
        assert value.item() == pytest.approx(wanted)
    x = leaf([[0.5]])
    value = gg.matrix_exp(x)
    for _ in range(3):
        (value,) = gg.grad(value.sum(), [x], create_graph=True)
        assert value.item() == pytest.approx(np.exp(0.5))


def test_rank_decides_the_pseudoinverse():
    x = np.diag([1.0, 1e-3, 0.0])
    np.testing.assert_allclose(linalg.pinv(gg.tensor(x)).numpy(), np.diag([1.0, 1e3, 0.0]))
    np.testing.assert_allclose(linalg.pinv(gg.tensor(x), rtol=1e-2).numpy(), np.diag([1.0, 0.0, 0.0]))
    np.testing.assert_allclose(linalg.pinv(gg.tensor(x), atol=gg.tensor(1e-2)).numpy(), np.diag([1.0, 0.0, 0.0]))
    assert linalg.matrix_rank(gg.tensor(x)).item() == 2
    assert linalg.matrix_rank(gg.tensor(x), 1e-2).item() == 1


def test_least_squares_of_deficient_rank_is_the_shortest_solution():
    x = RNG.standard_normal((5, 2)) @ RNG.standard_normal((2, 3))
    b = RNG.standard_normal((5, 2))
    found = linalg.lstsq(leaf(x), gg.tensor(b), rcond=1e-10)
    np.testing.assert_allclose(found.solution.numpy(), np.linalg.pinv(x, 1e-10) @ b)
    assert found.rank.item() == 2 and found.residuals.numel() == 0
    vector = linalg.lstsq(leaf(x), gg.tensor(b[:, 0]), rcond=1e-10).solution
    np.testing.assert_allclose(vector.numpy(), found.solution.numpy()[:, 0])
    broadcast = linalg.lstsq(gg.tensor(RNG.standard_normal((2, 1, 3, 2))), gg.tensor(RNG.standard_normal((4, 3, 1))))
    assert broadcast.solution.shape == (2, 4, 2, 1)


def test_the_driver_decides_what_comes_back():
    x, b = gg.tensor(RNG.standard_normal((4, 2))), gg.tensor(RNG.standard_normal((4, 1)))
    sizes = {d: [part.numel() for part in linalg.lstsq(x, b, driver=d)] for d in (None, "gels", "gelsy", "gelsd")}
    assert sizes == {None: [2, 1, 1, 0], "gels": [2, 1, 0, 0], "gelsy": [2, 0, 1, 0], "gelsd": [2, 1, 1, 2]}
    with pytest.raises(ValueError, match=r"^lstsq: driver must be"):
        linalg.lstsq(x, b, driver="gesv")


@pytest.mark.parametrize("scale", [1e-3, 0.1, 1.0, 10.0, 100.0])
def test_exponential(scale):
    """Of a skew matrix it is the rotation by its angle."""
    x = scale * np.array([[0.0, -1.0], [1.0, 0.0]])
    rotation = [[np.cos(scale), -np.sin(scale)], [np.sin(scale), np.cos(scale)]]
    np.testing.assert_allclose(gg.matrix_exp(gg.tensor(x)).numpy(), rotation, atol=1e-11 * max(1, scale))
    stack = gg.matrix_exp(gg.tensor(np.stack([x, np.zeros((2, 2)), x / 100])))
    np.testing.assert_array_equal(stack.numpy()[1], np.eye(2))


def test_exponential_of_what_is_not_finite():
    out = gg.matrix_exp(gg.tensor(np.array([[[np.inf, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]])))
    assert np.isnan(out.numpy()[0]).all()
    np.testing.assert_array_equal(out.numpy()[1], np.eye(2))


# -- products -------------------------------------------------------------------------------------------------


def test_beta_zero_hides_what_is_added():
    x = leaf([np.nan, np.inf])
    out = gg.addmm(x, leaf(np.ones((2, 3))), leaf(np.ones((3, 2))), beta=0)
    np.testing.assert_array_equal(out.numpy(), 3 * np.ones((2, 2)))
    np.testing.assert_array_equal(gg.grad(out.sum(), [x])[0].numpy(), [0, 0])


def test_whole_numbers_are_scaled_by_whole_numbers():
    whole = gg.tensor(np.ones((2, 2), np.int64))
    assert gg.addmm(whole, whole, whole, beta=2, alpha=3).dtype == np.int64
    with pytest.raises(TypeError, match=r"^addmm: integers"):
        gg.addmm(whole, whole, whole, alpha=0.5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gg.addmm(gg.ones(3), gg.ones(2, 3), gg.ones(3, 2)), r"^addmm: an input of shape \(3,\)"),
        (lambda: gg.addmm(gg.ones(3, 2, 2), gg.ones(2, 3), gg.ones(3, 2)), r"^addmm: an input of shape \(3, 2, 2\)"),
        (lambda: linalg.multi_dot([gg.ones(2, 3)]), r"^multi_dot: expected at least two"),
        (lambda: linalg.multi_dot([gg.ones(2, 3), gg.ones(2, 3)]), r"^multi_dot: tensors 0 and 1 do not fit"),
        (lambda: linalg.multi_dot([gg.ones(2, 3), gg.ones(3), gg.ones(3, 2)]), r"^multi_dot: tensor 1 is not a matrix"),
        (lambda: gg.tensordot(gg.ones(2, 3), gg.ones(2, 3), 1), r"^tensordot: dim 1 of shape \(2, 3\)"),
        (lambda: gg.tensordot(gg.ones(2), gg.ones(2), 2), r"^tensordot: cannot sum over 2 axes"),
        (lambda: gg.tensordot(gg.ones(2, 2), gg.ones(2), ([0, 1], [0])), r"^tensordot: 2 dims"),
        (lambda: gg.tensordot(gg.ones(2, 2), gg.ones(2, 2), ([0, 0], [0, 1])), r"^tensordot: a dimension appears"),
        (lambda: gg.block_diag(gg.ones(1, 1, 1)), r"^block_diag: tensor 0"),
        (lambda: gg.cartesian_prod(gg.ones(1, 1)), r"^cartesian_prod: tensor 0"),
        (lambda: gg.diag(gg.ones(1, 1, 1)), r"^diag: expected a vector or a matrix"),
        (lambda: gg.diagonal(gg.ones(3)), r"^diagonal: a diagonal needs at least 2"),
        (lambda: gg.diagonal(gg.ones(3, 3), 0, 1, -1), r"^diagonal: dim1 = 1 and dim2 = -1 are the same"),
        (lambda: gg.trace(gg.ones(3)), r"^trace: expected a matrix"),
        (lambda: gg.tril(gg.ones(3)), r"^tril: expected a matrix"),
        (lambda: linalg.solve(gg.ones(2, 2), gg.ones(3)), r"^solve: matrices of shape \(2, 2\)"),
        (lambda: linalg.eigh(gg.ones(2, 2), "X"), r"^eigh: UPLO must be"),
        (lambda: linalg.matrix_norm(gg.ones(2, 2), 3), r"^matrix_norm: ord must be"),
        (lambda: linalg.norm(gg.ones(2, 2, 2), 2), r"^norm: with an ord and no dim"),
        (lambda: linalg.norm(gg.ones(2), "nuc"), r"^norm: ord 'nuc'"),
        (lambda: linalg.cond(gg.ones(2, 3), 1), r"^cond: expected a square matrix"),
        (lambda: linalg.lstsq(gg.ones(2, 3), gg.ones(3, 1)), r"^lstsq: matrices of shape \(2, 3\)"),
        (lambda: linalg.tensorinv(gg.ones(2, 3), 1), r"^tensorinv: the first 1 axes"),
        (lambda: linalg.tensorsolve(gg.ones(2, 3), gg.ones(2)), r"^tensorsolve: shape \(2, 3\)"),
        (lambda: gg.vander(gg.ones(2, 2)), r"^vander: expected a vector"),
        (lambda: gg.einsum("ij,jk->ik", gg.ones(2, 3), gg.ones(4, 2)), r"^einsum: index 'j' has size 3 in operand 0"),
        (lambda: gg.einsum("ij->ijk", gg.ones(2, 3)), r"^einsum: index 'k' of the output"),
        (lambda: gg.einsum("ii->i", gg.ones(2, 3)), r"^einsum: index 'i' is repeated in operand 0"),
        (lambda: gg.einsum("ijk", gg.ones(2, 3)), r"^einsum: operand 0 has 2 dimensions, but 'ijk'"),
        (lambda: gg.einsum("i,j", gg.ones(2)), r"^einsum: 'i,j' names 2 operands, but 1"),
        (lambda: gg.einsum("ij->ii", gg.ones(2, 3)), r"^einsum: index 'i' appears twice in the output"),
        (lambda: gg.einsum(gg.ones(2), [60]), r"^einsum: an index of operand 0"),
    ],
)
def test_messages(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@st.composite
def summations(draw):
    """An equation over few indices, and arrays whose sizes fit it."""
    letters = string.ascii_letters[:5]
    sizes = {a: draw(st.integers(0, 3)) for a in letters}
    terms = draw(st.lists(st.text(letters, max_size=4), min_size=1, max_size=4))
    known = sorted(set("".join(terms)))
    out = "".join(draw(st.permutations(known))[: draw(st.integers(0, len(known)))])
    rng = np.random.default_rng(0)
    arrays = [rng.standard_normal([sizes[a] for a in term]) for term in terms]
    return f"{','.join(terms)}{draw(st.sampled_from(['', f'->{out}']))}", arrays


@settings(max_examples=150)
@given(summations())
def test_einsum_is_numpys(case):
    """And the gradient of its sum is the summation with ones in place of the operand."""
    equation, arrays = case
    x = [leaf(a) for a in arrays]
    out = gg.einsum(equation, *x)
    np.testing.assert_allclose(out.numpy(), np.einsum(equation, *arrays), atol=1e-10)
    gradients = gg.grad(out.sum(), x)
    for i, (gradient, array) in enumerate(zip(gradients, arrays, strict=True)):
        direction = np.random.default_rng(i).standard_normal(array.shape)
        moved = np.einsum(equation, *arrays[:i], direction, *arrays[i + 1 :]).sum()
        assert np.sum(gradient.numpy() * direction) == pytest.approx(moved, abs=1e-9)


def test_lists_and_arrays_are_taken():
    rows = [[1.0, 2.0], [3.0, 4.0]]
    for call in (gg.mm, gg.inner, gg.kron):
        assert isinstance(call(rows, rows), np.ndarray)
        assert isinstance(call(gg.tensor(rows), rows), gg.Tensor)
        assert isinstance(call(rows, gg.tensor(rows)), gg.Tensor)
    assert isinstance(gg.einsum("ij,jk", np.array(rows), np.array(rows)), np.ndarray)
    np.testing.assert_allclose(linalg.inv(rows), [[-2, 1], [1.5, -0.5]], rtol=1e-6)
    np.testing.assert_allclose(linalg.eigh(np.array([[2.0, 1.0], [1.0, 2.0]])).eigenvalues, [1, 3])


def test_methods():
    x = leaf([[4.0, 2.0], [2.0, 5.0]])
    for name in ("inverse", "det", "logdet", "cholesky", "trace", "diag", "tril", "triu", "matrix_exp", "pinverse"):
        assert getattr(x, name)().numpy() == pytest.approx(getattr(gg, name)(x).numpy())
    assert x.addmm(x, x).shape == (2, 2) and x.diagonal(1).shape == (1,) and x.matrix_power(2).shape == (2, 2)
    assert x[0].dot(x[0]).item() == 20 and x.mv(x[0]).shape == (2,)
    assert not hasattr(x, "einsum") and not hasattr(x, "block_diag")


def test_whole_and_half_numbers():
    whole = gg.tensor(np.array([[2, 0], [0, 4]]))
    for out in (linalg.inv(whole), linalg.det(whole), *linalg.svd(whole), linalg.solve(whole, whole)):
        assert out.dtype == np.float32
    half = gg.tensor(np.array([[2.0, 0.0], [0.0, 4.0]], np.float16), requires_grad=True)
    out = linalg.inv(half)
    assert out.dtype == np.float16
    assert gg.grad(out.sum(), [half])[0].dtype == np.float16


def test_what_is_left_out_of_a_triangle_is_zero():
    x = gg.tensor(np.full((2, 2), np.nan))
    assert gg.tril(x).numpy()[0, 1] == 0 and gg.triu(x).numpy()[1, 0] == 0


def test_chains_are_multiplied_in_the_cheapest_order():
    from glassgrad.autograd.ops.chains import _best_order

    # (2 × 50)·(50 × 3)·(3 × 40): first the first two; the other way round first the last two.
    assert _best_order([2, 50, 3, 40])[0, 2] == 1
    assert _best_order([40, 3, 50, 2])[0, 2] == 0
