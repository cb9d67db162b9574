"""backward and gg.grad: where gradients arrive, what may be done twice, and what the errors say."""

import math

import numpy as np
import pytest

import glassgrad as gg


def leaf(*values, name=None):
    return gg.tensor(np.array(values or (1.0, 2.0)), requires_grad=True, name=name)


# -- leaves and interior values --------------------------------------------------------------------------------


def test_leaf_gradients_add_up_over_passes():
    x = leaf()
    for n in range(1, 4):
        (x * x).sum().backward()
        assert x.grad.tolist() == [2 * n, 4 * n]
    x.grad = None
    (x * 3).sum().backward()
    assert x.grad.tolist() == [3, 3]


def test_interior_gradients_do_not():
    x = leaf()
    h = x * 2
    for _ in range(2):
        (h * h).sum().backward(retain_graph=True)
    # Each pass sends 2·h = [4, 8] through h; if h kept the first, the second would send twice that.
    assert x.grad.tolist() == [2 * 8, 2 * 16]
    assert h.grad is None


def test_every_path_counts():
    x = leaf(3.0)
    y = x * x
    z = y * x + y / x + x
    z.sum().backward()
    assert x.grad.item() == pytest.approx(3 * 9 + 1 + 1)


def test_what_is_a_leaf():
    x, c = leaf(), gg.zeros(2)
    assert (x.is_leaf, c.is_leaf, (x * 2).is_leaf, (c * 2).is_leaf, x.detach().is_leaf) == (
        True,
        True,
        False,
        True,
        True,
    )
    assert (x.grad_fn, c.grad_fn, (x * 2).grad_fn.primitive.name) == (None, None, "multiply")
    assert (x.requires_grad, c.requires_grad, (x + c).requires_grad, (c + c).requires_grad) == (
        True,
        False,
        True,
        False,
    )


def test_constants_get_no_gradient():
    x, c = leaf(), gg.tensor(np.array([3.0, 4.0]))
    (x * c).sum().backward()
    assert c.grad is None and x.grad.tolist() == [3, 4]


def test_a_leaf_is_its_own_derivative():
    x = leaf(5.0)
    x.backward(np.array([2.0]))
    x.sum().backward()
    assert x.grad.tolist() == [3.0]


def test_requires_grad_can_be_switched():
    x = gg.tensor(np.array([1.0]), name="x")
    assert x.requires_grad_() is x and x.requires_grad and x.name == "x"
    (x * 2).sum().backward()
    x.requires_grad = False
    assert not (x * 2).requires_grad and x.name == "x"
    x.requires_grad = True
    (x * 2).sum().backward()
    assert x.grad.tolist() == [4.0]
    with pytest.raises(RuntimeError, match=r"only on leaves; use \.detach\(\)"):
        (x * 2).requires_grad_(False)
    for data in ([1, 2], [True]):
        with pytest.raises(TypeError, match=r"only floating-point tensors can require grad, not (int64|bool)"):
            gg.tensor(data, requires_grad=True)


def test_detach_shares_memory_and_ends_the_path():
    x = leaf()
    d = x.detach()
    assert not d.requires_grad and d.is_leaf and np.shares_memory(d._array, x._array)
    (d * x).sum().backward()
    assert x.grad.tolist() == [1, 2]
    y = (x * 2).detach() * 3
    assert not y.requires_grad


def test_assigning_a_gradient():
    x = leaf()
    x.grad = gg.tensor(np.array([10.0, 20.0]))
    (x * 1.0).sum().backward()
    assert x.grad.tolist() == [11, 21]
    with pytest.raises(ValueError, match=r"grad: .*shape \(3,\).*shape \(2,\)"):
        x.grad = gg.tensor(np.zeros(3))
    with pytest.raises(ValueError, match="float32"):
        x.grad = gg.zeros(2)
    with pytest.raises(TypeError, match="grad: expected a Tensor or None, got ndarray"):
        x.grad = np.zeros(2)


# -- starting --------------------------------------------------------------------------------------------------


def test_the_gradient_to_start_from():
    x = leaf()
    (x * x).backward(gg.tensor(np.array([1.0, 10.0])))
    assert x.grad.tolist() == [2, 40]
    x.grad = None
    (x * x).backward([1.0, 10.0])
    assert x.grad.tolist() == [2, 40]
    one = gg.tensor(np.array([[3.0]]), requires_grad=True)
    (one * one).backward()
    assert one.grad.tolist() == [[6.0]]


@pytest.mark.parametrize(("start", "error", "message"), [
    (None, RuntimeError, r"backward: the output has shape \(2,\); a gradient is of a single number.*\.sum\(\)"),
    (np.ones(3), ValueError, r"backward: the gradient has shape \(3,\), but the output has shape \(2,\)"),
    (np.ones((1, 2)), ValueError, r"backward: the gradient has shape \(1, 2\), but the output has shape \(2,\)"),
    (1.0, ValueError, r"backward: the gradient has shape \(\), but the output has shape \(2,\)"),
])  # fmt: skip
def test_a_wrong_start(start, error, message):
    x = leaf()
    with pytest.raises(error, match=message):
        (x * 2).backward(start)
    assert x.grad is None


def test_the_start_takes_the_dtype_of_the_output():
    x = gg.tensor([1.0, 2.0], requires_grad=True)
    (x * 2).backward(np.ones(2))
    assert x.grad.dtype == np.float32
    x.grad = None
    (x * 2).backward(gg.tensor(np.ones(2)), create_graph=True)
    assert x.grad.dtype == np.float32


@pytest.mark.parametrize(("make", "reason"), [
    (lambda x: gg.zeros(()), ""),
    (lambda x: x.detach().sum(), ""),
    (lambda x: (x * 2).sum().detach(), r"cut off from the graph by detach\(\)"),
    (lambda x: gg.no_grad()(lambda: (x * 2).sum())(), r"cut off from the graph by no_grad\(\)"),
])  # fmt: skip
def test_outputs_without_a_graph(make, reason):
    with pytest.raises(
        RuntimeError, match=f"backward: the output .*does not require grad.*{reason}.*requires_grad=True"
    ):
        make(leaf()).backward()
    with pytest.raises(RuntimeError, match=f"grad: the output .*does not require grad.*{reason}"):
        gg.grad(make(leaf()), leaf())


# -- a second time ---------------------------------------------------------------------------------------------


def test_a_second_backward_is_refused():
    x = leaf()
    y = (x * x).sum()
    y.backward()
    with pytest.raises(RuntimeError) as error:
        y.backward()
    for part in ("second time", "multiply", "(2,)", "freed", "retain_graph=True"):
        assert part in str(error.value)
    assert x.grad.tolist() == [2, 4], "the failed pass added nothing"


def test_a_second_backward_through_a_shared_part_is_refused():
    x = leaf()
    h = gg.exp(x)
    h.sum().backward()
    with pytest.raises(RuntimeError, match="second time through exp"):
        (h * 2).sum().backward()
    with pytest.raises(RuntimeError, match="second time through exp"):
        gg.grad((h * 2).sum(), x)


@pytest.mark.parametrize("create_graph", [False, True])
def test_retain_graph_allows_it(create_graph):
    x = leaf()
    y = (x * x * x).sum()
    for _ in range(3):
        y.backward(retain_graph=True, create_graph=create_graph)
    y.backward()
    assert x.grad.tolist() == [12, 48]
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_create_graph_retains_by_itself():
    x = leaf()
    y = (x * x).sum()
    gg.grad(y, x, create_graph=True)
    y.backward(create_graph=True)
    y.backward()
    assert x.grad.tolist() == [4, 8]


def test_a_pass_cut_in_two_parts():
    """Down to an interior value, then on from there: the second part was not used by the first, so nothing is freed."""
    x = leaf()
    h = x * x
    loss = (h * h).sum()
    (g,) = gg.grad(loss, h)
    assert g.tolist() == [2, 8]
    h.backward(g)
    assert x.grad.tolist() == [4, 32]


def test_a_freed_part_that_is_not_needed_is_no_error():
    x = leaf()
    h = x * x
    h.sum().backward()
    assert gg.grad((h * 3.0).sum(), h)[0].tolist() == [3, 3]


def test_only_the_needed_part_runs():
    x, w = leaf(), leaf()
    seen = []
    h = x * 2
    h.register_hook(lambda g: seen.append("h"))
    gg.grad((h * w).sum(), w)
    assert seen == []


# -- gg.grad ---------------------------------------------------------------------------------------------------


def test_grad_leaves_every_grad_alone():
    x, w = leaf(), leaf()
    x.grad = gg.tensor(np.array([7.0, 7.0]))
    h = x * w
    h.retain_grad()
    gradients = gg.grad((h * h).sum(), [w, x])
    assert [g.tolist() for g in gradients] == [[2, 16], [2, 16]]
    assert x.grad.tolist() == [7, 7] and w.grad is None
    assert all(not g.requires_grad for g in gradients)


def test_inputs_in_any_number_order_and_place():
    x, w = leaf(), leaf()
    h = x * w
    k = gg.exp(h)
    y = (k * x).sum()
    e = np.exp([1.0, 4.0])
    found = gg.grad(y, (h, x, y, k, h), retain_graph=True)
    expected = [e * [1, 2], e + e * [1, 2] * [1, 2], 1.0, [1, 2], e * [1, 2]]
    for f, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(f.numpy(), wanted)
    assert isinstance(gg.grad(y, x), tuple)


def test_several_outputs_are_added_with_weights():
    x = leaf()
    a, b = x * x, x * 3
    (g,) = gg.grad([a.sum(), b], x, grad_outputs=[None, np.array([1.0, 10.0])], retain_graph=True)
    assert g.tolist() == [2 + 3, 4 + 30]
    (g,) = gg.grad([a, a], x, grad_outputs=[gg.tensor(np.ones(2)), gg.tensor(np.array([1.0, 2.0]))])
    assert g.tolist() == [4, 12]
    # One output depends on the other.
    c = x * 2
    d = c * 5
    assert gg.grad([c.sum(), d.sum()], [x, c])[0].tolist() == [12, 12]


def test_gradients_with_respect_to_the_output_itself():
    x = leaf(2.0)
    y = (x * 3).sum()
    assert gg.grad(y, [y, x])[0].item() == 1.0
    assert gg.grad(x, x)[0].tolist() == [1.0]


def test_gradients_flow_to_grad_outputs():
    x, v = leaf(), leaf(3.0, 4.0)
    (g,) = gg.grad(x * x, x, grad_outputs=v, create_graph=True)
    assert gg.grad(g.sum(), [v, x])[0].tolist() == [2, 4]


def test_derivatives_of_every_order():
    x = leaf(0.7)
    y = (gg.sin(x) * gg.exp(x)).sum()
    # dⁿ/dxⁿ eˣ sin x = 2^(n/2) eˣ sin(x + nπ/4)
    for n in range(1, 7):
        (y,) = gg.grad(y, x, create_graph=True)
        y = y.sum()
        assert y.item() == pytest.approx(2 ** (n / 2) * math.exp(0.7) * math.sin(0.7 + n * math.pi / 4), rel=1e-12)


def test_backward_with_create_graph_makes_grad_differentiable():
    x = leaf()
    (x**3).sum().backward(create_graph=True)
    assert x.grad.requires_grad and x.grad.tolist() == [3, 12]
    penalty = (x.grad**2).sum()  # 9x⁴
    first = x.grad
    x.grad = None
    penalty.backward()
    assert x.grad.tolist() == [36, 36 * 8]
    assert first.tolist() == [3, 12]


def test_accumulating_differentiable_gradients():
    x = leaf()
    (x**2).sum().backward(create_graph=True)
    (x**3).sum().backward(create_graph=True)
    assert x.grad.tolist() == [2 + 3, 4 + 12]
    assert gg.grad(x.grad.sum(), x)[0].tolist() == [2 + 6, 2 + 12]


def test_mixed_second_derivatives_commute():
    x, y = leaf(0.3), leaf(1.7)
    z = (gg.sin(x * y) * x / y).sum()
    dx, dy = gg.grad(z, [x, y], create_graph=True)
    (xy,) = gg.grad(dx.sum(), y, retain_graph=True)
    (yx,) = gg.grad(dy.sum(), x)
    assert xy.item() == pytest.approx(yx.item(), rel=1e-12)


UNUSED = "grad: the outputs do not depend on inputs"


def test_an_input_that_is_not_used():
    x, w = leaf(name="x"), leaf(name="the weight")
    y = (x * 2).sum()
    with pytest.raises(
        RuntimeError, match=UNUSED + r"\[1\] 'the weight' \(shape \(2,\)\).*allow_unused=True.*materialize_grads=True"
    ):
        gg.grad(y, [x, w])
    g, none = gg.grad(y, [x, w], allow_unused=True, retain_graph=True)
    assert g.tolist() == [2, 2] and none is None
    g, zeros = gg.grad(y, [x, w], materialize_grads=True)
    assert zeros.tolist() == [0, 0] and zeros.dtype == w.dtype


def test_the_error_names_detach():
    x = leaf()
    with pytest.raises(RuntimeError, match=UNUSED + r".*cut here: detach\(\).* enters multiply \(shape \(2,\)\)"):
        w = leaf()
        gg.grad((w * (x * 2).detach()).sum(), x)
    h = x * 2  # alive, so the message can name it
    with pytest.raises(RuntimeError, match=r"detach\(\) of <multiply #\d+, shape \(2,\)> enters add"):
        gg.grad((leaf() + h.detach()).sum(), x)


def test_the_error_names_no_grad():
    x, w = leaf(), leaf()
    with gg.no_grad():
        h = x * 2
    with pytest.raises(RuntimeError, match=UNUSED + r".*cut here: no_grad\(\) enters multiply \(shape \(2,\)\)"):
        gg.grad((w * h).sum(), x)


def test_inputs_that_cannot_have_a_gradient():
    x, c = leaf(), gg.zeros(2)
    with pytest.raises(RuntimeError, match=r"grad: inputs\[0\] \(shape \(2,\)\) does not require grad"):
        gg.grad((x * 2).sum(), c)
    assert gg.grad((x * 2).sum(), [c], allow_unused=True) == (None,)
    assert gg.grad((x * 2).sum(), [c], materialize_grads=True)[0].tolist() == [0, 0]


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda x, y: gg.grad(y, np.ones(2)), TypeError, r"grad: inputs\[0\] must be a Tensor, not ndarray"),
    (lambda x, y: gg.grad(3.0, x), TypeError, r"grad: outputs\[0\] must be a Tensor, not float"),
    (lambda x, y: gg.grad([], x), ValueError, "grad: outputs is empty"),
    (lambda x, y: gg.grad([y, y], x, grad_outputs=[None]), ValueError, "grad: 2 outputs, but 1 grad_outputs"),
    (lambda x, y: gg.grad(x * 2, x), RuntimeError, r"grad: the output has shape \(2,\).*single number"),
    (lambda x, y: gg.grad(x * 2, x, np.ones(3)), ValueError, r"grad: the gradient has shape \(3,\)"),
])  # fmt: skip
def test_wrong_calls(call, error, message):
    x = leaf()
    with pytest.raises(error, match=message):
        call(x, (x * 2).sum())


def test_no_inputs():
    x = leaf()
    assert gg.grad((x * 2).sum(), []) == ()


# -- several outputs of one operation --------------------------------------------------------------------------


def test_outputs_in_any_combination():
    x = leaf(1.0, 2.0, 3.0, 4.0, 5.0)
    a, b, c = gg.split(x, 2)
    (b * b).sum().backward(retain_graph=True)
    assert x.grad.tolist() == [0, 0, 6, 8, 0]
    x.grad = None
    (a.sum() * c).sum().backward(retain_graph=True)
    assert x.grad.tolist() == [5, 5, 0, 0, 3]
    assert gg.grad((a * b).sum(), [b, a])[0].tolist() == [1, 2]


def test_hooks_and_retained_gradients_of_outputs():
    x = leaf(1.0, 2.0, 3.0)
    _a, b = gg.split(x, [1, 2])
    b.retain_grad()
    b.register_hook(lambda g: g * 10)
    (b * 2).sum().backward()
    assert b.grad.tolist() == [20, 20] and x.grad.tolist() == [0, 20, 20], "what all hooks have left"


def test_a_statistic_alone():
    from glassgrad.autograd.ops.normalization import batch_norm

    x = gg.tensor(np.array([[1.0], [2.0], [6.0]]), requires_grad=True)
    _, mean, variance = batch_norm(x, gg.ones(1, dtype="float64"), gg.zeros(1, dtype="float64"))
    assert (mean.item(), variance.item()) == (pytest.approx(3), pytest.approx(14 / 3))
    variance.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [[2 * -2 / 3], [2 * -1 / 3], [2 * 3 / 3]])
