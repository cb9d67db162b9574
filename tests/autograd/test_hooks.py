"""Hooks see a value's finished gradient, may replace it, run in order and can be removed."""

import numpy as np
import pytest

import glassgrad as gg


def leaf():
    return gg.tensor(np.array([1.0, 2.0]), requires_grad=True)


def test_a_hook_on_a_leaf_sees_and_replaces_the_gradient():
    x = leaf()
    seen = []
    x.register_hook(lambda g: seen.append(g.tolist()))
    x.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: seen.append(g.tolist()))
    (x * x).sum().backward()
    assert seen == [[2, 4], [20, 40]]
    assert x.grad.tolist() == [20, 40]
    (x * x).sum().backward()
    assert x.grad.tolist() == [40, 80], "each pass is replaced, then added"


def test_a_hook_on_an_interior_value_changes_what_flows_on():
    x = leaf()
    h = x * 3
    h.register_hook(lambda g: g * 100)
    (h * h).sum().backward()
    assert x.grad.tolist() == [6 * 100 * 3, 12 * 100 * 3]


def test_a_hook_sees_the_sum_over_all_uses_once():
    x = leaf()
    h = x * 1.0
    seen = []
    h.register_hook(lambda g: seen.append(g.tolist()))
    (h * 2 + h * 3 + gg.exp(h * 0)).sum().backward()
    assert seen == [[5, 5]]


def test_order_of_hooks_across_values_is_backward():
    x = leaf()
    a = x * 2
    b = a * 3
    order = []
    for name, t in (("x", x), ("a", a), ("b", b)):
        t.register_hook(lambda g, name=name: order.append(name))
    b.sum().backward()
    assert order == ["b", "a", "x"]


def test_removing():
    x = leaf()
    seen = []
    handle = x.register_hook(lambda g: seen.append(1))
    with x.register_hook(lambda g: seen.append(2)):
        x.sum().backward()
    x.sum().backward()
    handle.remove()
    handle.remove()
    x.sum().backward()
    assert seen == [1, 2, 1]


def test_a_hook_may_remove_itself_while_it_runs():
    x = leaf()
    seen = []

    def once(g):
        seen.append(g.tolist())
        handle.remove()

    handle = x.register_hook(once)
    x.register_hook(lambda g: seen.append("other"))
    x.sum().backward()
    x.sum().backward()
    assert seen == [[1, 1], "other", "other"]


def test_a_hook_on_the_result_itself():
    x = leaf()
    y = x.sum()
    y.register_hook(lambda g: g * 5)
    y.backward()
    assert x.grad.tolist() == [5, 5]


def test_hooks_act_on_grad_too():
    x = leaf()
    h = x * 1.0
    h.register_hook(lambda g: g * 2)
    assert gg.grad(h.sum(), [x, h], retain_graph=True)[0].tolist() == [2, 2]
    assert gg.grad((x * h).sum(), h)[0].tolist() == [2, 4]


def test_hooks_in_a_recorded_pass_get_tensors_that_can_be_differentiated():
    x = leaf()
    h = x * x
    h.register_hook(lambda g: g * x)
    (g,) = gg.grad(h.sum(), x, create_graph=True)  # g = x·2x
    assert g.tolist() == [2, 8]
    assert gg.grad(g.sum(), x)[0].tolist() == [4, 8]


def test_retain_grad():
    x = leaf()
    h = x * 3
    h.retain_grad()
    h.retain_grad()
    assert h.grad is None
    (h * h).sum().backward(retain_graph=True)
    assert h.grad.tolist() == [6, 12]
    (h * 1.0).sum().backward()
    assert h.grad.tolist() == [1, 1], "each pass replaces an interior gradient"
    assert x.grad.tolist() == [18 + 3, 36 + 3]
    x.retain_grad()  # a leaf keeps its gradient anyway
    with pytest.raises(RuntimeError, match="retain_grad: the tensor does not require grad"):
        gg.zeros(2).retain_grad()


@pytest.mark.parametrize("retain_first", [False, True])
def test_retain_grad_keeps_what_all_hooks_have_left(retain_first):
    """Also those that were registered afterwards, as in PyTorch."""
    x = leaf()
    h = x * 1.0
    if retain_first:
        h.retain_grad()
    handle = h.register_hook(lambda g: g * 2)
    h.retain_grad()
    h.register_hook(lambda g: g + 1)
    h.sum().backward(retain_graph=True)
    assert h.grad.tolist() == [3, 3] == x.grad.tolist()
    handle.remove()
    h.sum().backward()
    assert h.grad.tolist() == [2, 2]


def test_a_handle_removes_only_its_own_hook():
    x = leaf()
    seen = []
    first = x.register_hook(lambda g: seen.append("first"))
    first.remove()
    x.register_hook(lambda g: seen.append("second"))
    first.remove()
    x.sum().backward()
    assert seen == ["second"]


def test_interior_gradients_are_not_kept_otherwise():
    x = leaf()
    h = x * 3
    h.sum().backward()
    assert h.grad is None and x.grad is not None


@pytest.mark.parametrize(("result", "error", "message"), [
    (np.ones(2), TypeError, "a hook must return a Tensor or None, not ndarray"),
    (3.0, TypeError, "a hook must return a Tensor or None, not float"),
    (gg.zeros(3), ValueError, r"a hook on multiply returned shape \(3,\) for a gradient of shape \(2,\)"),
])  # fmt: skip
def test_wrong_results(result, error, message):
    x = leaf()
    h = x * 2
    h.register_hook(lambda g: result)
    with pytest.raises(error, match=message):
        h.sum().backward()


def test_a_hook_that_fails_says_so():
    x = leaf()
    x.register_hook(lambda g: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        x.sum().backward()


def test_a_replacement_takes_the_dtype_of_the_value():
    x = gg.tensor([1.0, 2.0], requires_grad=True)
    x.register_hook(lambda g: g.double() * 0.5)
    x.sum().backward()
    assert x.grad.dtype == np.float32 and x.grad.tolist() == [0.5, 0.5]


def test_hooks_need_a_gradient_and_a_function():
    with pytest.raises(RuntimeError, match="register_hook: the tensor does not require grad"):
        gg.zeros(2).register_hook(print)
    with pytest.raises(TypeError, match="register_hook: expected a function, got int"):
        leaf().register_hook(3)
    with gg.no_grad():
        y = leaf() * 2
    with pytest.raises(RuntimeError, match="does not require grad"):
        y.register_hook(print)
