"""Transforms of functions, against formulas, differences and each other."""

import doctest
import gc
import re
import tracemalloc
from collections import OrderedDict, namedtuple

import numpy as np
import pytest

import glassgrad as gg
from glassgrad import func, nn
from glassgrad.autograd.func.tangents import Linearized

RNG = np.random.default_rng(0)
X = RNG.standard_normal(4)
W = RNG.standard_normal((3, 4))
V = RNG.standard_normal(4)


def t64(value, **options):
    return gg.tensor(np.asarray(value, "float64"), **options)


def smooth(x):
    """A function with every kind of primitive: elementwise, linear, multilinear, general."""
    return (gg.softmax(t64(W) @ gg.tanh(x), dim=0) * gg.exp(x[:3])).sum() + (x * x).mean()


def slopes(function, x, step=1e-6):
    """Central differences of a function from an array to an array, with the input's axes last."""
    found = np.zeros(np.shape(function(x)) + x.shape)
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += step
        down[index] -= step
        found[(..., *index)] = (function(up) - function(down)) / (2 * step)
    return found


def close(actual, expected, **tolerance):
    np.testing.assert_allclose(np.asarray(actual), np.asarray(expected), **{"rtol": 1e-6, "atol": 1e-8} | tolerance)


# -- gradients --------------------------------------------------------------------------------------------------------


def test_gradient_against_differences():
    close(func.grad(smooth)(t64(X)), slopes(lambda x: smooth(t64(x)).numpy(), X))


def test_value_and_gradient():
    value, gradient = func.value_and_grad(lambda x: (x**3).sum())(t64(X))
    close(value, (X**3).sum())
    close(gradient, 3 * X**2)
    assert not value.requires_grad and not gradient.requires_grad


Pair = namedtuple("Pair", "first second")


def test_trees_go_in_and_come_out():
    params = {
        "layer1": OrderedDict(weight=t64(W), bias=t64(X[:3])),
        "rest": [t64(2.0), (t64(V),)],
        "pair": Pair(t64(1.0), None),
        "none": None,
    }

    def loss(params, x):
        hidden = params["layer1"]["weight"] @ x + params["layer1"]["bias"]
        return hidden.sum() * params["rest"][0] + (params["rest"][1][0] ** 2).sum() + params["pair"].first

    found = func.grad(loss)(params, t64(X))
    assert isinstance(found["layer1"], OrderedDict) and isinstance(found["rest"], list)
    assert isinstance(found["pair"], Pair) and found["pair"].second is None and found["none"] is None
    close(found["layer1"]["weight"], np.tile(2 * X, (3, 1)))
    close(found["layer1"]["bias"], [2, 2, 2])
    close(found["rest"][0], (W @ X + X[:3]).sum())
    close(found["rest"][1][0], 2 * V)
    close(found["pair"].first, 1)


def test_argnums():
    def f(x, y, *, scale):
        return (x * y).sum() * scale

    x, y = t64(X), t64(V)
    close(func.grad(f, argnums=1)(x, y, scale=3.0), 3 * X)
    close(func.grad(f, argnums=-1)(x, y, scale=3.0), 3 * X)
    first, second = func.grad(f, argnums=(1, 0))(x, y, scale=2.0)
    close(first, 2 * X)
    close(second, 2 * V)
    (only,) = func.grad(f, argnums=(0,))(x, y, scale=1.0)
    close(only, V)


def test_aux_is_handed_on():
    def f(x):
        y = x * x
        return y.sum(), {"y": y, "note": "text", "n": 3}

    gradient, aux = func.grad(f, has_aux=True)(t64(X))
    close(gradient, 2 * X)
    close(aux["y"], X**2)
    assert aux["note"] == "text" and aux["n"] == 3 and not aux["y"].requires_grad
    (value, aux), gradient = func.value_and_grad(f, has_aux=True)(t64(X))
    close(value, (X**2).sum())
    close(aux["y"], X**2)
    for transform in (func.jacrev, func.jacfwd):
        jacobian, aux = transform(lambda x: (x * x, "aux"), has_aux=True)(t64(X))
        close(jacobian, np.diag(2 * X))
        assert aux == "aux"
    hessian, aux = func.hessian(f, has_aux=True)(t64(X))
    close(hessian, 2 * np.eye(4))
    close(aux["y"], X**2)
    assert func.vjp(f, t64(X), has_aux=True)[2]["n"] == func.jvp(f, (t64(X),), (t64(V),), has_aux=True)[2]["n"] == 3
    with pytest.raises(TypeError, match=r"grad: with has_aux=True the function must return a pair"):
        func.grad(lambda x: x, has_aux=True)(1.0)


def test_numbers_and_arrays_become_tensors():
    assert func.grad(lambda x: x**2)(3.0).tolist() == 6
    assert func.grad(lambda x: x**2)(3.0).dtype == np.float32
    found = func.grad(lambda p: (p[0] * p[1]).sum())([X, np.float64(2.0)])
    close(found[0], np.full(4, 2.0))
    assert found[0].dtype == np.float64
    assert func.jvp(lambda x: x * 2, (1.0,), (5.0,))[1].tolist() == 10


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: func.grad(lambda p: p["a"])({"a": 2}), TypeError, r'argument 0\["a"\] has dtype int64.*write 2\.0'),
        (lambda: func.grad(lambda x, p: x, argnums=1)(1.0, [0.0, "b"]), TypeError, r"argument 1\[1\] must be .* str"),
        (lambda: func.grad(lambda x: x)(gg.Scalar(1.0)), TypeError, r"is a Scalar, which has a graph of its own"),
        (lambda: func.grad(lambda x: x)(gg.ones(2)), ValueError, r"single number.*shape \(2,\).*\.sum\(\)"),
        (lambda: func.grad(lambda x: x)(gg.ones(1)), ValueError, r"single number.*shape \(1,\)"),
        (lambda: func.grad(lambda x: (x, x))(1.0), TypeError, "single number; it returned"),
        (lambda: func.grad(lambda x: 3.0)(1.0), TypeError, r"must return a Tensor.*float.*\.item\(\) leave the graph"),
        (lambda: func.grad(lambda x: x > 0)(1.0), TypeError, "dtype bool, which has no derivative"),
        (lambda: func.grad(lambda x: x, argnums=1)(1.0), ValueError, "argnums is 1, but .* 1 positional"),
        (lambda: func.grad(lambda x: x, argnums=(0, 0))(1.0), ValueError, "each once"),
        (lambda: func.grad(lambda x: x, argnums="x")(1.0), TypeError, "argnums must be an integer or a tuple"),
        (lambda: func.grad(gg.ones(2)), TypeError, "expected a function, got Tensor"),
        (lambda: func.jacrev(lambda x: {"a": [x > 0]})(1.0), TypeError, r'result\["a"\]\[0\] has dtype bool'),
        (lambda: func.vjp(lambda x: x, {"w": 1}), TypeError, r'vjp: primals\[0\]\["w"\] has dtype int64'),
        (lambda: func.vjp(lambda x: x, 1.0)[1](gg.ones(2)), ValueError, r"the cotangent has shape \(2,\)"),
        (lambda: func.vjp(lambda x: {"a": x}, 1.0)[1]({"b": 1.0}), ValueError, r"cotangent must be a dict with .* 'a'"),
        (lambda: func.jvp(lambda x: x, 1.0, 1.0), TypeError, "primals must be a tuple or list"),
        (lambda: func.jvp(lambda x: x, (1.0,), (1.0, 2.0)), ValueError, "one tangent .* 1 primals and 2 tangents"),
        (lambda: func.jvp(lambda p: p["w"], ({"w": 1.0},), ({"v": 1.0},)), ValueError, r"tangents\[0\] must be a dict"),
        (lambda: func.jvp(lambda p: p[0], ([1.0, 2.0],), ([1.0],)), ValueError, "must be a sequence of 2"),
        (lambda: func.hvp(lambda x: x, (gg.ones(2),), (gg.ones(2),)), ValueError, "hvp: the function must re"),
    ],
)
def test_messages_name_the_place(call, error, message):
    with pytest.raises(error, match=message):
        call()


# -- nesting ----------------------------------------------------------------------------------------------------------


def test_gradients_nest():
    third = func.grad(func.grad(func.grad(gg.sin)))
    close(third(t64(0.7)), -np.cos(0.7))
    # d/dx (x·cos x) = cos x − x·sin x
    close(func.grad(lambda x: func.grad(gg.sin)(x) * x)(t64(0.7)), np.cos(0.7) - 0.7 * np.sin(0.7))


def test_no_confusion_of_inner_and_outer_inputs():
    # d/dx [x · d/dy (x + y)] = 1, and not 2: Siskind and Pearlmutter 2005.
    close(func.grad(lambda x: x * func.grad(lambda y: x + y)(t64(1.0)))(t64(1.0)), 1)
    one = (t64(1.0),)
    close(func.jvp(lambda x: x * func.jvp(lambda y: x + y, one, one)[1], one, one)[1], 1)
    # The same tensor inside and outside, and only the argument counts: d/dy (x·y³/3) at y = x is x³, and its slope 3x².
    close(func.grad(lambda x: func.grad(lambda y: x * y**3 / 3)(x))(t64(2.0)), 12)


def test_jacobians_nest():
    def f(x):
        return gg.tanh(t64(W) @ x)

    expected = slopes(lambda x: func.jacrev(f)(t64(x)).numpy(), X)
    for outer in (func.jacrev, func.jacfwd):
        for inner in (func.jacrev, func.jacfwd):
            close(outer(inner(f))(t64(X)), expected)


def test_forward_and_reverse_mix_to_third_order():
    def f(x):
        return gg.exp(x) * gg.sin(x)

    def along(f):
        return lambda x: func.jvp(f, (x,), (t64(1.0),))[1]

    # (eˣ sin x)''' = 2eˣ(cos x − sin x)
    expected = 2 * np.exp(0.3) * (np.cos(0.3) - np.sin(0.3))
    for a in (along, func.grad):
        for b in (along, func.grad):
            for c in (along, func.grad):
                close(a(b(c(f)))(t64(0.3)), expected)


def test_the_outside_stays_connected_through_arguments():
    x = t64(X, requires_grad=True)
    gradient = func.grad(lambda x: (x**3).sum())(x)
    assert gradient.requires_grad
    (gradient**2).sum().backward()
    close(x.grad, 36 * X**3)


def test_the_outside_stays_connected_through_closures():
    w = t64(V, requires_grad=True)
    value, gradient = func.value_and_grad(lambda x: (w * x**2).sum())(t64(X))
    (gradient.sum() + value).backward()
    close(w.grad, 2 * X + X**2)
    (tangent,) = gg.grad(func.jvp(lambda x: (w * x**2).sum(), (t64(X),), (t64(np.ones(4)),))[1], [w])
    close(tangent, 2 * X)
    _, pull = func.vjp(lambda x: w * x, t64(X))
    close(gg.grad(pull(t64(np.ones(4)))[0].sum(), [w])[0], np.ones(4))
    jacobian = func.jacfwd(lambda x: w * x)(t64(X))
    close(gg.grad(jacobian.sum(), [w])[0], np.ones(4))


def test_the_inside_reaches_no_parameter():
    w = t64(V, requires_grad=True)
    func.grad(lambda x: (w * x).sum())(t64(X))
    func.hessian(lambda x: (w * x**3).sum())(t64(X))
    assert w.grad is None


def test_nothing_stays_attached_when_nobody_asks():
    for found in (
        func.grad(smooth)(t64(X)), func.jacrev(gg.exp)(t64(X)), func.jacfwd(gg.exp)(t64(X)),
        func.hessian(smooth)(t64(X)), func.jvp(gg.exp, (t64(X),), (t64(V),))[1], func.vjp(gg.exp, t64(X))[0],
    ):  # fmt: skip
        assert not found.requires_grad and found.grad_fn is None


def test_cotangents_and_tangents_can_be_differentiated():
    u = t64(V, requires_grad=True)
    (gradient,) = func.vjp(lambda x: x**2, t64(X))[1](u)
    close(gg.grad(gradient.sum(), [u])[0], 2 * X)
    close(gg.grad(func.jvp(lambda x: x**2, (t64(X),), (u,))[1].sum(), [u])[0], 2 * X)


def test_no_grad():
    x = t64(X, requires_grad=True)
    with gg.no_grad():
        for found in (func.grad(smooth)(x), func.jvp(smooth, (x,), (x,))[1], func.hessian(smooth)(x)):
            assert not found.requires_grad
        close(func.grad(lambda x: (x**2).sum())(x), 2 * X)

    def partly(x):
        with gg.no_grad():
            factor = x * 1.0
        return (factor * x).sum()

    close(func.grad(partly)(t64(X)), X)


# -- what does not depend ---------------------------------------------------------------------------------------------


def test_constants_have_zero_derivatives():
    x = t64(X)
    constant = t64(3.0)
    assert func.grad(lambda x: constant)(x).tolist() == [0] * 4
    assert func.jacrev(lambda x: gg.ones(2))(x).shape == func.jacfwd(lambda x: gg.ones(2))(x).shape == (2, 4)
    assert func.hessian(lambda x: constant)(x).tolist() == np.zeros((4, 4)).tolist()
    assert func.hessian(lambda x: (x * 2).sum())(x).tolist() == np.zeros((4, 4)).tolist()
    assert func.hvp(lambda x: (x * 2).sum(), x, x)[1].tolist() == [0] * 4
    assert func.jvp(lambda x: constant, (x,), (x,))[1].tolist() == 0
    used, ignored = func.grad(lambda x, y: x.sum(), argnums=(0, 1))(x, t64(V))
    assert used.tolist() == [1] * 4 and ignored.tolist() == [0] * 4
    assert func.vjp(lambda x, y: x, x, t64(V))[1](x)[1].tolist() == [0] * 4


def test_the_identity():
    x = t64(X)
    close(func.jacrev(lambda x: x)(x), np.eye(4))
    close(func.jacfwd(lambda x: x)(x), np.eye(4))
    tangent = t64(V)
    out = func.jvp(lambda x: x, (x,), (tangent,))[1]
    assert out.tolist() == V.tolist() and not np.shares_memory(out.numpy(), tangent.numpy())


# -- Jacobians and products -------------------------------------------------------------------------------------------


def f_of_trees(params, x):
    return {"out": gg.tanh(params["w"] @ x), "norm": [(x**2).sum()]}


@pytest.mark.parametrize("transform", [func.jacrev, func.jacfwd])
def test_jacobians_of_trees(transform):
    params, x = {"w": t64(W)}, t64(X)
    found = transform(f_of_trees, argnums=(0, 1))(params, x)
    slope = 1 - np.tanh(W @ X) ** 2
    close(found["out"][0]["w"], np.einsum("i,ij,k->ijk", slope, np.eye(3), X))
    close(found["out"][1], slope[:, None] * W)
    close(found["norm"][0][0]["w"], np.zeros((3, 4)))
    close(found["norm"][0][1], 2 * X)


@pytest.mark.parametrize("transform", [func.jacrev, func.jacfwd])
def test_jacobians_of_empty_and_0d(transform):
    assert transform(gg.exp)(t64(np.zeros((0, 2)))).shape == (0, 2, 0, 2)
    assert transform(lambda x: x.sum())(t64(np.zeros(0))).shape == (0,)
    assert transform(gg.exp)(t64(0.0)).shape == ()
    assert transform(lambda x: x * gg.ones((2, 3)))(t64(0.0)).shape == (2, 3)


def test_hessian_over_trees_and_arguments():
    found = func.hessian(lambda p, y: (p["a"] ** 2).sum() * y, argnums=(0, 1))({"a": t64(X)}, t64(3.0))
    close(found[0]["a"][0]["a"], 6 * np.eye(4))
    close(found[0]["a"][1], 2 * X)
    close(found[1][0]["a"], 2 * X)
    close(found[1][1], 0)
    close(func.hessian(smooth)(t64(X)), slopes(lambda x: func.grad(smooth)(t64(x)).numpy(), X))


def test_hessian_vector_products():
    hessian = func.hessian(smooth)(t64(X)).numpy()
    value, product = func.hvp(smooth, (t64(X),), (t64(V),))
    close(value, smooth(t64(X)).numpy())
    close(product[0], hessian @ V)
    close(func.hvp(smooth, t64(X), t64(V))[1], hessian @ V)
    assert isinstance(func.hvp(smooth, [t64(X)], [t64(V)])[1], list)
    close(func.jvp(func.grad(smooth), (t64(X),), (t64(V),))[1], hessian @ V)
    value, (first, second) = func.hvp(
        lambda p, y: (p["a"] ** 2).sum() * y, ({"a": t64(X)}, t64(3.0)), ({"a": t64(V)}, 2.0)
    )
    close(first["a"], 6 * V + 4 * X)
    close(second, 2 * X @ V)


def test_vjp_and_jvp_are_transposes():
    u = RNG.standard_normal(3)
    push = func.jvp(lambda x: gg.softmax(t64(W) @ x, dim=0), (t64(X),), (t64(V),))[1].numpy()
    pull = func.vjp(lambda x: gg.softmax(t64(W) @ x, dim=0), t64(X))[1](t64(u))[0].numpy()
    assert u @ push == pytest.approx(pull @ V)


def test_linearize_runs_the_function_once():
    calls = []

    def f(x, y):
        calls.append(1)
        return gg.sin(x) * y

    out, push = func.linearize(f, t64(X), t64(V))
    close(out, np.sin(X) * V)
    for dx, dy in ((V, X), (X, V)):
        close(push(t64(dx), t64(dy)), np.cos(X) * V * dx + np.sin(X) * dy)
    assert len(calls) == 1


def test_several_outputs_and_lists():
    def f(x):
        a, b = gg.split(x, 2)
        return gg.concatenate([a * b, gg.stack([a, b]).sum(0)])

    expected = slopes(lambda x: f(t64(x)).numpy(), X)
    close(func.jacfwd(f)(t64(X)), expected)
    close(func.jacrev(f)(t64(X)), expected)
    close(
        func.hessian(lambda x: (f(x) ** 2).sum())(t64(X)),
        slopes(lambda x: func.grad(lambda x: (f(x) ** 2).sum())(t64(x)).numpy(), X),
    )


def test_convolution_with_bias_forward():
    from glassgrad.nn.functional import conv2d

    x, w, b = (RNG.standard_normal(s) for s in ((1, 2, 5, 5), (3, 2, 3, 3), (3,)))
    dx, dw, db = (RNG.standard_normal(a.shape) for a in (x, w, b))
    _, tangent = func.jvp(conv2d, tuple(map(t64, (x, w, b))), tuple(map(t64, (dx, dw, db))))
    h = 1e-6
    up, down = (conv2d(*(t64(a + s * d) for a, d in ((x, dx), (w, dw), (b, db)))).numpy() for s in (h, -h))
    close(tangent, (up - down) / (2 * h), rtol=1e-5, atol=1e-7)


def test_residuals_with_derivatives_forward():
    """Batch norm's statistics are outputs of their own in the recorded gradient."""
    from glassgrad.autograd.ops.normalization import batch_norm

    x = RNG.standard_normal((5, 2))

    def f(x):
        return (batch_norm(x, t64(np.ones(2)), t64(np.zeros(2)))[0] ** 3).sum()

    close(func.hessian(f)(t64(x)), slopes(lambda x: func.grad(f)(t64(x)).numpy(), x), rtol=1e-5, atol=1e-6)


def test_user_primitives_and_functions_forward():
    @gg.primitive(x=lambda g, x: g * 2 * x, kind="general")
    def squared(x):
        return x * x

    class Cube(gg.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 3 * g * x**2

    close(func.jvp(squared, (t64(X),), (t64(V),))[1], 2 * X * V)
    close(func.jvp(Cube.apply, (t64(X),), (t64(V),))[1], 3 * X**2 * V)
    close(func.hessian(lambda x: Cube.apply(x).sum())(t64(X)), np.diag(6 * X))


def test_single_precision_stays():
    x = gg.tensor(X.astype("float32"))
    for found in (func.grad(lambda x: (x**2).sum())(x), func.jvp(gg.exp, (x,), (t64(V),))[1], func.jacfwd(gg.tanh)(x)):
        assert found.dtype == np.float32


def test_modules():
    """Inputs of a module as arguments; its parameters are closed over and stay connected to the outside."""
    gg.manual_seed(0)
    layer = nn.Linear(4, 1)
    x = gg.tensor(X.astype("float32"))
    gradient = func.grad(lambda x: gg.tanh(layer(x)).sum())(x)
    (gradient**2).sum().backward()
    assert layer.weight.grad is not None and x.grad is None


def test_in_place_changes_between_are_refused():
    x = t64(X)
    scale = t64(V)
    _, push = func.linearize(lambda x: x * scale, x)
    scale += 1
    with pytest.raises(RuntimeError, match="changed in place"):
        push(t64(V))


def test_names_stay():
    names = []
    func.grad(lambda p: names.append(p.name) or p.sum())(t64(X, name="p"))
    assert names == ["p"]


def test_tangents_pass_only_what_moves():
    x, y = t64(X, requires_grad=True), t64(V, requires_grad=True)
    out = gg.exp(x) * gg.sin(y)
    assert len(Linearized([x._node], [out._node]).order) == 2


# -- memory -----------------------------------------------------------------------------------------------------------


def outer_graph(x):
    w = t64(V, requires_grad=True)
    func.grad(lambda x: (w * x**2).sum())(x).sum().backward()


def failing(x):
    with pytest.raises(ValueError):
        func.grad(gg.exp)(x)


WORK = {
    "grad": lambda x: func.grad(smooth)(x), "nested": lambda x: func.grad(lambda x: func.grad(smooth)(x).sum())(x),
    "hessian": lambda x: func.hessian(smooth)(x), "jvp": lambda x: func.jvp(smooth, (x,), (x,)),
    "vjp": lambda x: func.vjp(smooth, x)[1](1.0), "hvp": lambda x: func.hvp(smooth, x, x),
    "linearize": lambda x: func.linearize(smooth, x)[1](x), "outer graph": outer_graph, "failing": failing,
}  # fmt: skip


@pytest.mark.parametrize("work", WORK.values(), ids=list(WORK))
def test_no_reference_cycles(work):
    x = t64(X)
    for _ in range(3):
        work(x)
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(50):
            work(x)
        growth = tracemalloc.get_traced_memory()[0] - before
        unreachable = gc.collect()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert unreachable < 100 and growth < 200_000


# -- the page -------------------------------------------------------------------------------------------------------


def test_the_examples_of_the_page_run(root):
    text = "\n".join(re.findall(r"```python\n(.*?)```", (root / "docs" / "func.md").read_text("utf-8"), flags=re.S))
    test = doctest.DocTestParser().get_doctest(text, {}, "func.md", "docs/func.md", 0)
    report = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(test, out=report.append)
    assert test.examples and not runner.summarize(verbose=False).failed, "".join(report)
