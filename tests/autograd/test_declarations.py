"""Users declare operations as the library does; a wrong declaration is an error that says what is wrong."""

import math

import numpy as np
import pytest

import glassgrad as gg


def declare(kernel=lambda x: x, **arguments):
    """Declare ``kernel`` under a proper name."""
    if kernel.__name__ == "<lambda>":
        kernel.__name__ = "mine"
    return gg.primitive(**arguments)(kernel)


def takes_many(*xs):
    return xs[0]


def takes_keywords(x, **options):
    return x


def with_static(x, y, n=2):
    return x + y * n


PROBLEMS = {
    "unknown kind": (
        {"kind": "elemntwise", "x": lambda g: g},
        {},
        "unknown kind 'elemntwise'; choose from elementwise, linear",
    ),
    "unknown name in a rule": (
        {"kind": "elementwise", "x": lambda g, z: g * z},
        {},
        "rule for 'x' asks for 'z'; it may ask for g, needs_grad, out, x, x_shape",
    ),
    "misspelt shape": ({"x": lambda g, y_shape: g}, {}, "asks for 'y_shape'"),
    "rule without g": ({"kind": "elementwise", "x": lambda out: out}, {}, "rule for 'x' ignores 'g'"),
    "rule for what is no parameter": (
        {"kind": "elementwise", "y": lambda g: g},
        {},
        r"a rule for 'y', which is not a parameter \(x\)",
    ),
    "rule that is no function": ({"kind": "elementwise", "x": 3.0}, {}, "rule for 'x' is 3.0, not a function"),
    "no rule at all": ({"kind": "elementwise"}, {}, "no input has a rule; write input=rule, or input=None"),
    "star arguments": (
        {"kind": "elementwise", "xs": lambda g: g},
        {"kernel": takes_many},
        r"the kernel takes \*xs; name every parameter",
    ),
    "keyword arguments": ({"x": lambda g: g}, {"kernel": takes_keywords}, r"takes \*options"),
    "star arguments in a rule": (
        {"x": lambda *args: args[0]},
        {},
        r"the rule for 'x' takes \*args; name what it needs",
    ),
    "needs_grad in a single rule": (
        {"x": lambda g, needs_grad: g},
        {},
        "rule for 'x' asks for 'needs_grad', which only joint rules get",
    ),
    "a parameter called g": ({"g": lambda g: g}, {"kernel": lambda g: g}, "a parameter may not be called 'g'"),
    "a parameter called out": (
        {"x": lambda g: g},
        {"kernel": lambda x, out=1: x},
        "a parameter may not be called 'out'",
    ),
    "derivative of a predicate": (
        {"kind": "predicate", "x": lambda g: g},
        {},
        "kind 'predicate' has no derivatives, yet a rule",
    ),
    "accumulate without rule": (
        {"x": lambda g: g, "y": None, "accumulate": {"y": lambda b, g: None}},
        {"kernel": with_static},
        "accumulate names y, which has no rule",
    ),
    "inputs that are none": (
        {"inputs": ("z",), "joint": lambda g: (g,)},
        {},
        "inputs names 'z', which is not a parameter",
    ),
    "list beside another input": (
        {"list_input": True, "x": lambda g: [g], "y": lambda g: g},
        {"kernel": with_static},
        "a list input must be the only input",
    ),
    "rules of an output that are no dict": (
        {"outputs": ("a", "b"), "x": lambda g: g, "b": lambda g: g},
        {"kernel": lambda x: (x, x)},
        "rules of output 'b' must be a dict of input name to rule",
    ),
    "unknown name in the rule of an output": (
        {"outputs": ("a", "b"), "x": lambda g: g, "b": {"x": lambda g, c: g}},
        {"kernel": lambda x: (x, x)},
        "asks for 'c'",
    ),
    "rules of an output for what is no parameter": (
        {"outputs": ("a", "b"), "x": lambda g: g, "b": {"z": lambda g: g}},
        {"kernel": lambda x: (x, x)},
        "'z'",
    ),
    "a name that is no identifier": ({"name": "my op", "x": lambda g: g}, {}, "name"),
}


@pytest.mark.parametrize(("arguments", "kernel", "message"), PROBLEMS.values(), ids=list(PROBLEMS))
def test_a_wrong_declaration(arguments, kernel, message):
    with pytest.raises(TypeError, match=message) as error:
        declare(**arguments, **kernel)
    assert "primitive" in str(error.value)


def test_without_brackets():
    with pytest.raises(TypeError, match=r"write @primitive\(\.\.\.\) with the rules in brackets"):

        @gg.primitive
        def f(x):
            return x


def test_a_lambda_as_kernel():
    """A lambda has no name that could be one; either it works under some name or the error asks for one."""
    try:
        f = gg.primitive(kind="elementwise", x=lambda g: 2 * g)(lambda x: 2 * x)
    except TypeError as error:
        assert "name" in str(error)
    else:
        assert f(gg.tensor([1.0])).tolist() == [2.0]


def test_two_primitives_of_one_name_in_the_library():
    def add(x, y):
        return x

    add.__module__ = "glassgrad.autograd.ops.somewhere"
    before = dict(gg.autograd.REGISTRY)
    with pytest.raises(TypeError, match=r"primitive add\(x, y\): a primitive of this name exists already"):
        gg.primitive(kind="elementwise", x=lambda g: g, y=lambda g: g)(add)
    assert gg.autograd.REGISTRY == before


def test_users_may_reuse_names_and_do_not_enter_the_registry():
    before = dict(gg.autograd.REGISTRY)

    @gg.primitive(kind="elementwise", x=lambda g: g * 5)
    def exp(x):
        return 5 * x

    assert gg.autograd.REGISTRY == before
    x = gg.tensor([1.0], requires_grad=True)
    exp(x).sum().backward()
    gg.exp(x * 0).sum().backward()
    assert x.grad.tolist() == [5.0]


# -- wrong at the first use ------------------------------------------------------------------------------------


def leaf(*values):
    return gg.tensor(np.array(values or (1.0, 2.0)), requires_grad=True)


def identity(x):
    return x * 1.0


RESULTS = {
    "wrong shape": (
        {"kind": "general", "x": lambda g: g[:1]},
        ValueError,
        r"mine: the rule for 'x' returned a gradient of shape \(1,\), but 'x' has shape \(2,\)",
    ),
    "a number in place of an array": ({"kind": "general", "x": lambda g: 3.0}, ValueError, r"mine: .*'x'.*shape \(\)"),
    "not an array": (
        {"kind": "general", "x": lambda g: "gradient"},
        TypeError,
        "mine: the rule for 'x' returned a str, not an array",
    ),
    "a list": ({"kind": "elementwise", "x": lambda g: [g, g]}, (TypeError, ValueError), "mine: .*'x'"),
    "a dict": ({"kind": "elementwise", "x": lambda g: {}}, TypeError, "mine: the rule for 'x' returned a dict"),
    "complex numbers": ({"kind": "elementwise", "x": lambda g: g * 1j}, TypeError, "mine: the rule for 'x' returned"),
    "a tensor": (
        {"kind": "elementwise", "x": lambda g: gg.tensor([1.0, 2.0])},
        TypeError,
        "mine: .*'x' returned a Tensor in a pass on raw",
    ),
    "elementwise, wrong shape": ({"kind": "elementwise", "x": lambda g: np.ones(3)}, ValueError, "mine: .*'x'"),
    "elementwise, too many axes": ({"kind": "elementwise", "x": lambda g: np.ones((4, 2))}, ValueError, "mine: .*'x'"),
    "joint, too many": (
        {"inputs": ("x",), "joint": lambda g: (g, g)},
        TypeError,
        "mine: its joint rule must return one gradient for each of its 1 inputs, but returned a tuple of 2",
    ),
    "joint, bare array": (
        {"inputs": ("x",), "joint": lambda g: g},
        TypeError,
        r"mine: its joint rule must return .* but returned an array of shape \(2,\)",
    ),
    "an error of its own": ({"x": lambda g: 1 / 0}, ZeroDivisionError, "division by zero"),
}


@pytest.mark.parametrize(("arguments", "error", "message"), RESULTS.values(), ids=list(RESULTS))
def test_a_rule_with_a_wrong_result(arguments, error, message):
    f = declare(lambda x: x * 1.0, **arguments)
    x = leaf()
    with pytest.raises(error, match=message):
        f(x).backward(np.ones(2))
    assert x.grad is None


@pytest.mark.parametrize(
    "result",
    [None, "text", [[1.0], [1.0, 2.0]], {"a": 1}, 1j, object(), np.array(["a", "b"])],
    ids=lambda r: type(r).__name__,
)
@pytest.mark.parametrize("kind", ["elementwise", "general"])
@pytest.mark.parametrize("requires_grad", [True, False])
def test_a_kernel_that_returns_no_numbers(result, kind, requires_grad):
    f = declare(lambda x: result, kind=kind, x=lambda g: g)
    with pytest.raises((TypeError, ValueError), match="mine"):
        f(gg.tensor([1.0, 2.0], requires_grad=requires_grad))


@pytest.mark.parametrize("count", [1, 3])
def test_a_kernel_with_the_wrong_number_of_outputs(count):
    f = declare(
        lambda x: (x,) * count, outputs=("first", "second"), first={"x": lambda g: g}, second={"x": lambda g: g}
    )
    with pytest.raises((TypeError, ValueError), match=r"mine.*2"):
        f(leaf())


def test_a_kernel_without_its_residual():
    f = declare(lambda x: x * 2, residuals=("mask",), x=lambda g, mask: g * mask)
    with pytest.raises((TypeError, ValueError), match="mine"):
        f(leaf())


def test_a_floating_residual_without_rules():
    f = declare(lambda x: (x * x, 2 * x), residuals=("slope",), x=lambda g, slope: g * slope)
    with pytest.raises(
        TypeError, match=r"mine: residual 'slope' is floating-point but has no rules.*Declare slope=\{input: rule"
    ):
        f(leaf())
    assert f(gg.tensor([3.0])).tolist() == [9.0], "without gradients nothing is saved, so nothing is wrong"


def test_a_floating_residual_with_rules():
    f = declare(
        lambda x: (x**3, 3 * x * x),
        residuals=("slope",),
        x=lambda g, slope: g * slope,
        slope={"x": lambda g, x: g * 6 * x},
    )
    x = leaf()
    y = f(x)
    for expected in ([3.0, 12.0], [6.0, 12.0], [6.0, 6.0]):
        (y,) = gg.grad(y.sum(), x, create_graph=True)
        assert y.tolist() == expected


def test_a_composed_operation_hides_no_other():
    def norm(x):
        return x

    norm.__module__ = "glassgrad.nn.functional.new"
    with pytest.raises(TypeError, match=r"norm: an operation of this name exists already in glassgrad\.autograd\.ops"):
        gg.autograd.composed(norm)


def test_a_rule_that_needs_raw_arrays_cannot_be_differentiated_twice():
    f = declare(lambda x: x * x, kind="elementwise", x=lambda g, x: g * np.interp(x, [0, 9], [0, 18]))
    x = leaf()
    f(x).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [2.0, 4.0])
    with pytest.raises(TypeError, match="interp has no differentiable counterpart"):
        gg.grad(f(x).sum(), x, create_graph=True)


def test_a_rule_may_be_written_with_numpys_functions():
    f = declare(lambda x: np.sinh(x), kind="elementwise", x=lambda g, x: g * np.cosh(x))
    x = leaf()
    (first,) = gg.grad(f(x).sum(), x, create_graph=True)
    np.testing.assert_allclose(first.detach().numpy(), np.cosh([1.0, 2.0]))
    (second,) = gg.grad(first.sum(), x)
    np.testing.assert_allclose(second.numpy(), np.sinh([1.0, 2.0]))


def test_missing_and_surplus_arguments():
    f = declare(with_static, x=lambda g: g, y=lambda g, n: g * n)
    with pytest.raises(TypeError, match="with_static"):
        f(leaf())
    with pytest.raises(TypeError, match="with_static"):
        f(leaf(), leaf(), 3, 4)
    with pytest.raises(TypeError, match=r"with_static.*k"):
        f(leaf(), leaf(), k=3)


# -- right -----------------------------------------------------------------------------------------------------


@gg.primitive(kind="elementwise", x=lambda g, x: g * 3 * x * x)
def cube(x):
    """Return the third power."""
    return x * x * x


@gg.primitive(
    kind="elementwise",
    scalar=math.hypot,
    symbol="√({0}² + {1}²)",
    x=lambda g, x, out: g * x / out,
    y=lambda g, y, out: g * y / out,
)
def hypotenuse(x, y):
    """Return the length of the diagonal."""
    return np.hypot(x, y)


@gg.primitive(kind="linear", x=lambda g, x_shape, dim: gg.broadcast_to(gg.unsqueeze(g, dim), x_shape))
def total(x, dim=-1):
    """Return the sum along one axis."""
    return np.sum(x, axis=dim)


# The older spelling of needs_grad.
@gg.primitive(
    kind="general",
    inputs=("x", "y"),
    joint=lambda g, x, y, need: (g * y if need[0] else None, g * x if need[1] else None),
)
def product(x, y):
    return x * y


@gg.primitive(
    kind="linear",
    list_input=True,
    parts=lambda g, needs_grad: [g * (i + 1) if wanted else None for i, wanted in enumerate(needs_grad)],
)
def weighted_sum(parts):
    return sum((i + 1) * p for i, p in enumerate(parts))


@gg.primitive(
    outputs=("sine", "cosine"), sine={"x": lambda g, cosine: g * cosine}, cosine={"x": lambda g, sine: -g * sine}
)
def sine_and_cosine(x):
    return np.sin(x), np.cos(x)


def test_it_reads_like_a_function():
    assert (cube.__name__, cube.__doc__, cube.__module__) == ("cube", "Return the third power.", __name__)
    assert "cube" in repr(cube.primitive) and cube.primitive.kind == "elementwise"
    assert cube.primitive.formula("x") == "g·3·x·x"


def test_on_every_kind_of_value():
    assert cube(2.0) == 8.0 and cube(2) == 8
    np.testing.assert_array_equal(cube(np.array([1.0, 2.0])), [1, 8])
    x, s = leaf(), gg.Scalar(2.0, requires_grad=True)
    y, t = cube(x), cube(s)
    assert y.tolist() == [1, 8] and y.grad_fn.primitive is cube.primitive
    assert t.value == 8.0 and type(t.value) is float
    y.sum().backward(), t.backward()
    assert x.grad.tolist() == [3, 12] and s.grad == 12.0 and type(s.grad) is float
    assert gg.autograd.local_derivatives(t) == (12.0,)
    assert gg.autograd.local_formulas(t, ["s"]) == ("3·s·s",)


def test_higher_orders():
    x = leaf()
    y = cube(x)
    for expected in ([3, 12], [6, 12], [6, 6]):
        (y,) = gg.grad(y.sum(), x, create_graph=True)
        assert y.tolist() == expected
    s = gg.Scalar(2.0, requires_grad=True)
    t = cube(s)
    for expected in (12.0, 12.0, 6.0):
        s.grad = None
        t.backward(create_graph=True)
        t = s.grad
        assert t.value == expected


def test_broadcasting_belongs_to_the_engine():
    x, y = gg.tensor(np.full((3, 1), 3.0), requires_grad=True), gg.tensor(np.full((1, 2), 4.0), requires_grad=True)
    z = hypotenuse(x, y)
    assert z.tolist() == [[5, 5]] * 3
    z.sum().backward()
    assert x.grad.shape == (3, 1) and y.grad.shape == (1, 2)
    np.testing.assert_allclose(x.grad.numpy(), 2 * 3 / 5)
    np.testing.assert_allclose(y.grad.numpy(), 3 * 4 / 5)
    a, b = gg.Scalar(3.0, requires_grad=True), gg.Scalar(4.0, requires_grad=True)
    hypotenuse(a, b).backward()
    assert (a.grad, b.grad) == (0.6, 0.8)
    assert hypotenuse(gg.tensor([3.0]), 4).dtype == np.float32
    assert hypotenuse.primitive.formula("y") == "g·y/out"


def test_static_arguments_by_any_name():
    x = gg.tensor(np.arange(6.0).reshape(2, 3), requires_grad=True)
    for call in (lambda: total(x, 0), lambda: total(x, dim=0), lambda: total(x=x, dim=0), lambda: total(x, axis=0)):
        assert call().tolist() == [3, 5, 7]
    total(x).sum().backward()
    assert x.grad.tolist() == [[1] * 3] * 2
    assert total(x, 0).grad_fn.attributes == {"dim": 0}


def test_joint_rules_know_what_is_needed():
    x, y = leaf(), leaf(3.0, 4.0)
    product(x, y).sum().backward()
    assert (x.grad.tolist(), y.grad.tolist()) == ([3, 4], [1, 2])
    assert gg.grad(product(x, y).sum(), y)[0].tolist() == [1, 2]
    (g,) = gg.grad(product(product(x, x), y).sum(), x, create_graph=True)
    assert gg.grad(g.sum(), x)[0].tolist() == [6, 8]


def test_a_list_of_inputs():
    x, y = leaf(), leaf(3.0, 4.0)
    z = weighted_sum([x, np.ones(2), y])
    assert z.tolist() == [1 + 2 + 9, 2 + 2 + 12]
    z.sum().backward()
    assert (x.grad.tolist(), y.grad.tolist()) == ([1, 1], [3, 3])
    with pytest.raises(TypeError, match="weighted_sum: expected a list of tensors"):
        weighted_sum(3.0)


def test_several_outputs_with_rules_of_their_own():
    x = leaf(0.3, 0.9)
    for order in range(1, 5):
        sine, cosine = sine_and_cosine(x)
        y = sine * 2 + cosine
        for _ in range(order):
            (y,) = gg.grad(y.sum(), x, create_graph=True)
        shift = order * np.pi / 2
        at = np.array([0.3, 0.9]) + shift
        np.testing.assert_allclose(y.numpy(), 2 * np.sin(at) + np.cos(at), rtol=1e-12)
    only = sine_and_cosine(x)[1]
    only.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), -np.sin([0.3, 0.9]))


def test_an_input_without_derivative():
    f = declare(lambda x, k: x * k, kind="elementwise", x=lambda g, k: g * k, k=None)
    x, k = leaf(), leaf(3.0, 4.0)
    f(x, k).sum().backward()
    assert x.grad.tolist() == [3, 4] and k.grad is None
    assert not f(x.detach(), k).requires_grad
    with pytest.raises(KeyError, match="mine has no rule for 'k'; it has x"):
        f.primitive.formula("k")


def test_an_optional_input():
    f = declare(lambda x, y=None: x if y is None else x + y, kind="linear", x=lambda g: g, y=lambda g: g)
    x, y = leaf(), leaf()
    assert f(x).tolist() == [1, 2] and f(x, None).grad_fn is not None
    f(x, y=y).sum().backward()
    assert y.grad.tolist() == [1, 1]


def test_one_output_under_a_name_of_its_own():
    f = declare(lambda x: np.exp(x), kind="elementwise", outputs=("value",), x=lambda g, value: g * value)
    x, s = leaf(), gg.Scalar(1.0, requires_grad=True)
    f(x).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), np.exp([1.0, 2.0]))
    f(s).backward()
    assert s.grad == pytest.approx(math.e)


@pytest.mark.parametrize(
    "names",
    [
        ("self", "other"),
        ("node", "mode"),
        ("primitive", "kernel"),
        ("result", "new"),
        ("cotangents", "saved"),
        ("wanted", "d"),
        ("x", "x_array"),
        ("x", "x_node"),
        ("_out", "_node"),
        ("error", "np"),
    ],
)
def test_parameters_may_have_any_name(names):
    namespace = {"__name__": __name__, "np": np}
    a, b = names
    exec(f"def f({a}, {b}):\n    return {a} * {b}", namespace)
    rules = {a: eval(f"lambda g, {b}: g * {b}"), b: eval(f"lambda g, {a}: g * {a}")}
    f = gg.primitive(kind="elementwise", **rules)(namespace["f"])
    x, y = leaf(), leaf(3.0, 4.0)
    f(x, y).sum().backward()
    assert (x.grad.tolist(), y.grad.tolist()) == ([3, 4], [1, 2])
    s, t = gg.Scalar(2.0, requires_grad=True), gg.Scalar(3.0, requires_grad=True)
    f(s, t).backward()
    assert (s.grad, t.grad) == (3.0, 2.0)


def test_errors_inside_a_kernel_name_the_operation():
    def fail(x):
        raise ValueError("too steep")

    f = declare(fail, x=lambda g: g)
    with pytest.raises(ValueError, match=r"fail: too steep \(inputs of shape \(2,\)\)"):
        f(leaf())
    with pytest.raises(ValueError, match="fail: too steep"):
        f(np.ones(2))


def test_keyword_only_and_default_arguments():
    f = declare(lambda x, *, scale=2.0: x * scale, kind="linear", x=lambda g, scale: g * scale)
    x = leaf()
    f(x, scale=5.0).sum().backward()
    f(x).sum().backward()
    assert x.grad.tolist() == [7, 7]
    with pytest.raises(TypeError):
        f(x, 5.0)


def test_a_rule_may_read_what_changes_outside():
    """Rules of the library are compiled; a user's is run as it stands, each time."""
    factor = [1.0]
    f = declare(lambda x: factor[0] * x, kind="elementwise", x=lambda g: g * factor[0])
    for factor[0] in (1.0, 5.0):
        x, s = leaf(), gg.Scalar(2.0, requires_grad=True)
        f(x).sum().backward()
        f(s).backward()
        assert x.grad.tolist() == [factor[0], factor[0]] and s.grad == factor[0]
