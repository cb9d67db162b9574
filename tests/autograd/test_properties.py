"""Properties that hold for any shapes, axes, indices and layouts, on inputs that hypothesis invents."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import glassgrad as gg

settings.register_profile("properties", max_examples=100, derandomize=True, deadline=None, database=None)
prop = settings.get_profile("properties")

SIDES = {"min_dims": 0, "max_dims": 4, "min_side": 0, "max_side": 4}
shapes = hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4) | st.just(())
shapes_or_empty = hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4) | st.just(())
seeds = st.integers(0, 2**32 - 1)


def normal(seed, shape, dtype="f8"):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def leaf(array):
    return gg.tensor(array, requires_grad=True)


def spread_out(small, shape):
    """Return the gradient of a broadcast written down independently: the sum over every place an element went to."""
    index = np.broadcast_to(np.arange(math.prod(small)).reshape(small), shape)

    def gather(g):
        return np.bincount(index.ravel(), np.broadcast_to(g, shape).ravel(), math.prod(small)).reshape(small)

    return gather


@prop
@given(hnp.mutually_broadcastable_shapes(num_shapes=3, max_dims=4, max_side=3, min_side=0), seeds)
def test_broadcasting(drawn, seed):
    a, b, c = (normal(seed + i, s) for i, s in enumerate(drawn.input_shapes))
    g = normal(seed + 3, drawn.result_shape)
    x, y, z = leaf(a), leaf(b), leaf(c)
    out = x * y + z
    assert out.shape == drawn.result_shape
    np.testing.assert_allclose(out.numpy(), a * b + c)
    gradients = gg.grad(out, [x, y, z], grad_outputs=g)
    for gradient, small, dense in zip(gradients, drawn.input_shapes, (g * b, g * a, g), strict=True):
        assert gradient.shape == small
        np.testing.assert_allclose(gradient.numpy(), spread_out(small, drawn.result_shape)(dense), atol=1e-12)


@prop
@given(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3), seeds, st.sampled_from("+-*/"))
def test_operators_equal_numpys(drawn, seed, sign):
    a, b = (np.exp(normal(seed + i, s)) for i, s in enumerate(drawn.input_shapes))
    functions = {"+": lambda x, y: x + y, "-": lambda x, y: x - y, "*": lambda x, y: x * y, "/": lambda x, y: x / y}
    expected = functions[sign](a, b)
    for x, y in ((leaf(a), leaf(b)), (leaf(a), b), (a, leaf(b))):
        np.testing.assert_array_equal(functions[sign](x, y).numpy(), expected)


@st.composite
def array_and_axes(draw, shape=shapes_or_empty):
    """Return a shape and axes of it, in any order, counted from either end; none only where there are none."""
    drawn = draw(shape)
    chosen = draw(st.lists(st.sampled_from(range(len(drawn))), unique=True, min_size=1)) if drawn else []
    axes = tuple(draw(st.sampled_from((a, a - len(drawn)))) for a in chosen)
    return drawn, axes


@prop
@given(array_and_axes(), st.booleans(), seeds)
def test_sums_and_means(case, keepdim, seed):
    shape, axes = case
    a = normal(seed, shape)
    x = leaf(a)
    count = math.prod(shape[i] for i in axes)
    for function, reference, share in ((gg.sum, np.sum, 1.0), (gg.mean, np.mean, 1 / count if count else 0)):
        if not count:
            if function is gg.mean:
                continue
        out = function(x, axes, keepdim)
        expected = reference(a, axis=axes, keepdims=keepdim)
        assert out.shape == expected.shape
        np.testing.assert_allclose(out.numpy(), expected, atol=1e-12)
        g = normal(seed + 1, expected.shape)
        laid_out = g if keepdim else np.expand_dims(g, tuple(i % len(shape) for i in axes)) if axes else g
        np.testing.assert_allclose(gg.grad(out, x, g)[0].numpy(), np.broadcast_to(laid_out * share, shape))


@prop
@given(array_and_axes(shapes), st.booleans(), seeds, st.booleans())
def test_extrema_share_among_ties(case, keepdim, seed, smallest):
    shape, axes = case
    a = np.random.default_rng(seed).integers(0, 3, shape).astype("f8")
    x = leaf(a)
    function, reference = (gg.amin, np.min) if smallest else (gg.amax, np.max)
    out = function(x, axes, keepdim)
    expected = reference(a, axis=axes, keepdims=True)
    np.testing.assert_array_equal(out.numpy().reshape(expected.shape), expected)
    (gradient,) = gg.grad(out.sum(), x)
    attained = a == expected
    np.testing.assert_allclose(gradient.numpy(), attained / np.sum(attained, axis=axes, keepdims=True))


@st.composite
def shape_and_index(draw):
    """Return a shape and any index NumPy takes on it: basic, integer arrays with repeats, masks, and mixtures."""
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=4, min_side=1, max_side=4))
    kind = draw(st.sampled_from(["basic", "arrays", "mask", "mixed", "list"]))
    if kind == "basic":
        return shape, draw(hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True))
    if kind == "arrays":
        result = hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=5)
        return shape, draw(hnp.integer_array_indices(shape, result_shape=result))
    if kind == "mask":
        dims = draw(st.integers(1, len(shape)))
        return shape, draw(hnp.arrays(bool, shape[:dims]))
    if kind == "list":
        return shape, draw(st.lists(st.integers(-shape[0], shape[0] - 1), max_size=6))
    index, size = [], draw(st.integers(0, 4))
    for n in shape[: draw(st.integers(1, len(shape)))]:
        index.append(
            draw(
                st.one_of(
                    st.just(slice(None)),
                    st.integers(-n, n - 1),
                    st.slices(n),
                    st.just(None) if len(index) == 0 else st.just(slice(None)),
                    hnp.arrays(np.int64, size, elements=st.integers(-n, n - 1)),
                )
            )
        )
    if None in [i if i is None else 0 for i in index]:
        index.append(...)
    return shape, tuple(index)


@prop
@given(shape_and_index(), seeds)
def test_indexing(case, seed):
    shape, index = case
    a = normal(seed, shape)
    x = leaf(a)
    out = x[index]
    expected = a[index]
    assert out.shape == np.shape(expected)
    np.testing.assert_array_equal(out.numpy(), expected)
    # Where each element came from, by reading element numbers with the same index.
    source = np.arange(a.size).reshape(shape)[index]
    g = normal(seed + 1, np.shape(source))
    dense = np.bincount(np.ravel(source), np.ravel(g), a.size).reshape(shape)
    (gradient,) = gg.grad(out, x, g, create_graph=True)
    np.testing.assert_allclose(gradient.numpy(), dense, atol=1e-14)
    (plain,) = gg.grad(x[index], x, g)
    np.testing.assert_array_equal(plain.numpy(), gradient.numpy())


@prop
@given(st.lists(shape_and_index(), min_size=1, max_size=4), seeds)
def test_many_reads_of_one_tensor_add_up(cases, seed):
    shape = cases[0][0]
    a = normal(seed, shape)
    x = leaf(a)
    total, expected = (x * 2.0).sum(), np.full(shape, 2.0)
    for i, (other, index) in enumerate(cases):
        if other != shape:
            index = (..., 0)
        weight = normal(seed + i, np.shape(a[index]))
        total = total + (x[index] * weight).sum()
        np.add.at(expected, index, weight)
    total.backward()
    np.testing.assert_allclose(x.grad.numpy(), expected, atol=1e-12)


@prop
@given(shape_and_index(), seeds)
def test_assigning_by_index(case, seed):
    shape, index = case
    a = normal(seed, shape)
    values = normal(seed + 1, np.shape(a[index]))
    expected = a.copy()
    expected[index] = values
    for given_values in (values, gg.tensor(values)):
        t = gg.tensor(a)
        t[index] = given_values
        np.testing.assert_array_equal(t.numpy(), expected)


@st.composite
def layouts(draw, dtype="f8"):
    """Return an array whose memory is laid out in an unusual way."""
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4))
    a = normal(draw(seeds), shape, dtype)
    kind = draw(
        st.sampled_from(
            ["fortran", "strided", "reversed", "read-only", "big-endian", "stride 0", "permuted", "part", "unaligned"]
        )
    )
    if kind == "fortran":
        return np.asfortranarray(a)
    if kind == "strided":
        return np.repeat(a, 2, -1)[..., ::2]
    if kind == "reversed":
        return a[(slice(None, None, -1),) * a.ndim]
    if kind == "read-only":
        a.flags.writeable = False
        return a
    if kind == "big-endian":
        return a.astype(a.dtype.newbyteorder(">"))
    if kind == "stride 0":
        return np.broadcast_to(a, (2, *shape))
    if kind == "permuted":
        return a.transpose(draw(st.permutations(range(a.ndim))))
    if kind == "unaligned":
        raw = np.zeros(a.nbytes + 1, "u1")[1:].view(a.dtype).reshape(shape)
        raw[...] = a
        return raw
    return np.pad(a, 1)[(slice(1, -1),) * a.ndim]


@prop
@given(layouts(), st.sampled_from(["tensor", "operand", "view"]))
def test_layouts_do_not_matter(array, use):
    plain = np.ascontiguousarray(array, "f8").reshape(array.shape)
    before = array.tobytes()

    def function(x):
        return (gg.exp(x * 0.5).sum(0) * gg.tanh(x).mean(0) + gg.softmax(x, -1).sum()).sum() + (
            x[::-1] * x.reshape(x.shape)
        ).sum()

    reference = leaf(plain)
    expected = function(reference)
    expected.backward()
    if use == "tensor":
        x = leaf(array)
        assert x.dtype.isnative
    elif use == "operand":
        x = leaf(np.zeros(array.shape))
        x_sum = x + array
        assert x_sum.dtype == np.float64 and x_sum.dtype.isnative
        np.testing.assert_array_equal(x_sum.numpy(), plain)
        out = function(x_sum)
        out.backward()
        np.testing.assert_allclose(x.grad.numpy(), reference.grad.numpy(), rtol=1e-12, atol=1e-12)
        return
    else:
        x = leaf(array[::-1])
    out = function(x if use == "tensor" else x[::-1])
    out.backward()
    gradient = x.grad.numpy() if use == "tensor" else x.grad.numpy()[::-1]
    np.testing.assert_allclose(out.numpy(), expected.numpy(), rtol=1e-12)
    np.testing.assert_allclose(gradient, reference.grad.numpy(), rtol=1e-12, atol=1e-12)
    assert array.tobytes() == before


@st.composite
def pieces(draw):
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5))
    dim = draw(st.integers(-len(shape), len(shape) - 1))
    cuts = sorted(draw(st.lists(st.integers(0, shape[dim]), max_size=3)))
    sizes = np.diff([0, *cuts, shape[dim]]).tolist()
    return shape, dim, sizes


@prop
@given(pieces(), seeds)
def test_split_and_concatenate_are_inverse(case, seed):
    shape, dim, sizes = case
    a, g = normal(seed, shape), normal(seed + 1, shape)
    x = leaf(a)
    parts = gg.split(x, sizes, dim)
    assert [p.shape[dim] for p in parts] == sizes
    back = gg.concatenate(parts, dim)
    np.testing.assert_array_equal(back.numpy(), a)
    np.testing.assert_array_equal(gg.grad(back, x, g)[0].numpy(), g)


@prop
@given(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=5), st.data(), seeds)
def test_split_by_size(shape, data, seed):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    size = data.draw(st.integers(1, 6))
    a = normal(seed, shape)
    parts = gg.split(leaf(a), size, dim)
    whole, rest = divmod(shape[dim], size)
    assert [p.shape[dim] for p in parts] == [size] * whole + [rest] * bool(rest)
    np.testing.assert_array_equal(np.concatenate([p.numpy() for p in parts], dim), a)


@prop
@given(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3), st.integers(1, 4), st.data(), seeds)
def test_stack_and_its_parts(shape, count, data, seed):
    dim = data.draw(st.integers(-len(shape) - 1, len(shape)))
    arrays = [normal(seed + i, shape) for i in range(count)]
    leaves = [leaf(a) for a in arrays]
    out = gg.stack(leaves, dim)
    np.testing.assert_array_equal(out.numpy(), np.stack(arrays, dim))
    g = normal(seed + 9, out.shape)
    for i, gradient in enumerate(gg.grad(out, leaves, g)):
        np.testing.assert_array_equal(gradient.numpy(), np.take(g, i, dim))


@prop
@given(hnp.mutually_broadcastable_shapes(num_shapes=1, base_shape=(2, 3, 2), max_dims=3), seeds)
def test_sum_to_is_the_transpose_of_broadcast_to(drawn, seed):
    small, large = drawn.input_shapes[0], drawn.result_shape
    a, g = normal(seed, small), normal(seed + 1, large)
    wide = gg.broadcast_to(gg.tensor(a), large)
    narrow = gg.sum_to(gg.tensor(g), small)
    assert wide.shape == large and narrow.shape == small
    assert math.isclose(float((wide.numpy() * g).sum()), float((narrow.numpy() * a).sum()), rel_tol=1e-9, abs_tol=1e-9)
    x, y = leaf(a), leaf(g)
    np.testing.assert_allclose(gg.grad(gg.broadcast_to(x, large), x, g)[0].numpy(), narrow.numpy())
    np.testing.assert_array_equal(gg.grad(gg.sum_to(y, small), y, a)[0].numpy(), np.broadcast_to(a, large))


@st.composite
def matrix_products(draw):
    n, k, m = (draw(st.integers(1, 3)) for _ in range(3))
    stacks = draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=2, max_side=3))
    left, right = stacks.input_shapes
    x = (k,) if draw(st.booleans()) and not left else (*left, n, k)
    y = (k,) if draw(st.booleans()) and not right else (*right, k, m)
    return x, y


@prop
@given(matrix_products(), seeds)
def test_matmul_of_all_ranks(case, seed):
    a, b = normal(seed, case[0]), normal(seed + 1, case[1])
    x, y = leaf(a), leaf(b)
    out = x @ y
    expected = np.matmul(a, b)
    assert out.shape == np.shape(expected)
    np.testing.assert_allclose(out.numpy(), expected, atol=1e-12)
    g, u, v = normal(seed + 2, out.shape), normal(seed + 3, a.shape), normal(seed + 4, b.shape)
    dx, dy = gg.grad(out, [x, y], g, create_graph=True)
    assert dx.shape == a.shape and dy.shape == b.shape
    # The product is linear in each factor: ⟨g, u @ b⟩ = ⟨dx, u⟩.
    assert math.isclose(float((g * np.matmul(u, b)).sum()), float((dx.numpy() * u).sum()), rel_tol=1e-9, abs_tol=1e-9)
    assert math.isclose(float((g * np.matmul(a, v)).sum()), float((dy.numpy() * v).sum()), rel_tol=1e-9, abs_tol=1e-9)
    (mixed,) = gg.grad((dx * u).sum(), y, materialize_grads=True)
    assert math.isclose(
        float((mixed.numpy() * v).sum()), float((g * np.matmul(u, v)).sum()), rel_tol=1e-9, abs_tol=1e-9
    )


@prop
@given(hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4), st.data(), seeds)
def test_rearrangements_are_permutations_of_the_elements(shape, data, seed):
    a = normal(seed, shape)
    x = leaf(a)
    order = tuple(data.draw(st.permutations(range(len(shape)))))
    dim0, dim1 = (data.draw(st.integers(-len(shape), len(shape) - 1)) for _ in range(2))
    at = data.draw(st.integers(-len(shape) - 1, len(shape)))
    start = data.draw(st.integers(0, len(shape) - 1))
    cases = [
        (x.permute(order), a.transpose(order)),
        (x.transpose(dim0, dim1), a.swapaxes(dim0, dim1)),
        (x.T, a.T),
        (x.unsqueeze(at), np.expand_dims(a, at)),
        (x.unsqueeze(at).squeeze(at), a),
        (x.reshape(-1) if a.size else x, a.reshape(-1) if a.size else a),
        (x.flatten(start), a.reshape(*shape[:start], math.prod(shape[start:]))),
        (x.clone(), a),
        (gg.squeeze(x), np.squeeze(a)),
    ]
    for out, expected in cases:
        assert out.shape == expected.shape
        np.testing.assert_array_equal(out.numpy(), expected)
        (g,) = gg.grad((out * out * 0.5).sum(), x)
        np.testing.assert_array_equal(g.numpy(), a)


@prop
@given(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4), st.data(), seeds)
def test_softmax(shape, data, seed):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    a = normal(seed, shape) * 10
    y = gg.softmax(gg.tensor(a), dim).numpy()
    np.testing.assert_allclose(y.sum(dim), 1.0)
    np.testing.assert_allclose(gg.softmax(gg.tensor(a + 100.0), dim).numpy(), y, rtol=1e-9)
    np.testing.assert_allclose(np.exp(gg.log_softmax(gg.tensor(a), dim).numpy()), y, rtol=1e-9, atol=1e-15)
    x = leaf(a)
    # Probabilities sum to one whatever the logits, so no gradient passes through their sum.
    np.testing.assert_allclose(gg.grad(gg.softmax(x, dim).sum(), x)[0].numpy(), 0, atol=1e-12)


@prop
@given(hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4), st.data(), st.booleans(), seeds)
def test_max_along_one_axis(shape, data, keepdim, seed):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    a = np.random.default_rng(seed).integers(0, 3, shape).astype("f8")
    x = leaf(a)
    values, indices = gg.max(x, dim, keepdim)
    np.testing.assert_array_equal(values.numpy(), a.max(dim, keepdims=keepdim))
    np.testing.assert_array_equal(indices.numpy(), np.argmax(a, dim, keepdims=keepdim))
    (g,) = gg.grad(values.sum(), x)
    expected = np.zeros(shape)
    np.put_along_axis(expected, np.argmax(a, dim, keepdims=True), 1.0, dim)
    np.testing.assert_array_equal(g.numpy(), expected)


@prop
@given(
    st.lists(st.sampled_from(["+", "*", "exp", "tanh", "index", "sum", "where"]), min_size=1, max_size=6),
    seeds,
    st.integers(1, 3),
)
def test_a_random_program_against_differences(steps, seed, size):
    """Any composition: the gradient along a random direction is the derivative along it."""
    rng = np.random.default_rng(seed)
    constants = rng.standard_normal((len(steps), size))

    def program(x):
        for i, (step, c) in enumerate(zip(steps, constants, strict=True)):
            if step == "+":
                x = x + c * x
            elif step == "*":
                x = x * x * 0.5 + c
            elif step == "exp":
                x = gg.exp(x * -0.5) if i % 2 else gg.sin(x)
            elif step == "tanh":
                x = gg.tanh(x) / (2.0 + gg.sigmoid(x))
            elif step == "index":
                x = x[np.array([0, -1, 0])[: size % 3 + 1]].sum() + x
            elif step == "sum":
                x = x - x.mean()
            else:
                x = gg.where(c > 0, x, gg.cos(x))
        return x

    a, direction = rng.standard_normal(size), rng.standard_normal(size)
    weights = rng.standard_normal(size)
    x = leaf(a)
    (program(x) * weights).sum().backward()
    step = 1e-6
    above, below = ((np.asarray(program(gg.tensor(a + s * step * direction)).numpy()) * weights).sum() for s in (1, -1))
    assert math.isclose((above - below) / (2 * step), float(x.grad.numpy() @ direction), rel_tol=1e-5, abs_tol=1e-5)
