"""Changing memory in place: allowed where nothing goes wrong, refused with the remedy where it would."""

import numpy as np
import pytest

import glassgrad as gg
from glassgrad.autograd.ops.loss import softmax_cross_entropy


def leaf(values=(1.0, 2.0, 3.0)):
    return gg.tensor(np.array(values), requires_grad=True)


def constant(values=(4.0, 5.0, 6.0)):
    return gg.tensor(np.array(values))


@gg.update(mutates=("parameter", "momentum"))
def step_(parameter, momentum, rate):
    """What an optimiser does."""
    momentum *= 0.9
    momentum += 1.0
    parameter -= rate * momentum


def clip_(x):
    gg.update(mutates=("values",))(lambda values: np.clip(values, 0.0, 0.5, out=values))(x)


CHANGES = {
    "add_": lambda t: t.__iadd__(1.0),
    "subtract_": lambda t: t.__isub__(1.0),
    "multiply_": lambda t: t.__imul__(2.0),
    "divide_": lambda t: t.__itruediv__(2.0),
    "assign_at": lambda t: t.__setitem__(0, 9.0),
    "assign_at slice": lambda t: t.__setitem__(slice(1, None), 9.0),
    "assign": lambda t: t.copy_(gg.zeros(3, dtype="float64")),
    "assign zero": lambda t: t.zero_(),
    "assign fill": lambda t: t.fill_(7.0),
    "step_": lambda t: step_(t, gg.zeros(3, dtype="float64"), 0.1),
    "<lambda>": clip_,
    "add_ through a view": lambda t: t[1:].__iadd__(1.0),
    "add_ through a view of a view": lambda t: t.reshape(3, 1)[::-1].T.__iadd__(1.0),
    "assign zero through detach": lambda t: t.detach().zero_(),
    "assign_at through data": lambda t: t.data.__setitem__(0, 9.0),
}
# Each saves what is changed: as an operand, as a constant's partner, as a view, in a list.
USES = {
    "product": lambda x, other: x * other,
    "product, second place": lambda x, other: other * x,
    "matrix product": lambda x, other: x @ other,
    "logarithm": lambda x, other: gg.log(x) * 1.0,
    "a view of it": lambda x, other: gg.log(x[:2]).sum() + gg.log(x[2:]).sum(),
    "its transpose": lambda x, other: gg.square(x.reshape(3, 1).T),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
@pytest.mark.parametrize("use", USES.values(), ids=list(USES))
def test_a_changed_leaf_is_caught(use, change):
    x, other = leaf(), leaf((1.0, 1.0, 2.0))
    y = use(x, other).sum()
    with gg.no_grad():
        change(x)
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()
    assert x.grad is None or other.grad is None


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_a_changed_constant_is_caught(change):
    x, c = leaf(), constant()
    y = (x * c).sum()
    change(c)
    with pytest.raises(RuntimeError, match="changed in place"):
        y.backward()


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_a_changed_output_is_caught(change):
    x = leaf()
    y = gg.exp(x)
    change(y.detach())
    with pytest.raises(RuntimeError, match=r"backward of exp .*needs its 'out'"):
        y.sum().backward()


def test_a_changed_condition_is_caught():
    x, condition = leaf(), gg.tensor([True, False, True])
    y = gg.where(condition, x, 0.0)
    condition[1] = True
    with pytest.raises(RuntimeError, match=r"where.*'condition'.*assign_at"):
        y.sum().backward()


def test_the_message_names_operation_value_change_and_remedy():
    x, c = leaf(), constant()
    y = (x * c).sum()
    c += 1
    with pytest.raises(RuntimeError) as error:
        y.backward()
    text = str(error.value)
    for part in ("multiply", "(3,)", "'y'", "add_", "out of place", "x = x + y"):
        assert part in text


def test_caught_in_a_recorded_pass_and_by_grad():
    x, c = leaf(), constant()
    (g,) = gg.grad(gg.exp(x * c).sum(), x, create_graph=True)  # g = exp(x·c)·c
    c *= 0
    with pytest.raises(RuntimeError, match="changed in place by multiply_"):
        gg.grad(g.sum(), x)
    y = (x * x * c).sum()
    c += 1
    with pytest.raises(RuntimeError, match="changed in place by add_"):
        gg.grad(y, x, create_graph=True)


def test_caught_in_operations_with_several_outputs():
    from glassgrad.autograd.ops.normalization import batch_norm

    x, w = gg.tensor(np.random.default_rng(0).standard_normal((4, 2)), requires_grad=True), gg.tensor(np.ones(2))
    out = batch_norm(x, w, gg.tensor(np.zeros(2)))[0]
    w += 1
    with pytest.raises(RuntimeError, match=r"batch_norm.*'weight'.*changed in place by add_"):
        out.sum().backward()


def test_an_accumulated_gradient_in_a_graph_is_caught():
    x = leaf()
    (x * x).sum().backward()
    y = (x * x.grad).sum()
    (x * x).sum().backward()  # adds into x.grad
    with pytest.raises(RuntimeError, match=r"changed in place by the accumulation of \.grad"):
        y.backward()


NO_ALARM = {
    "a sum saves nothing": (lambda x, c: (x + c).sum(), lambda x, c: (x.zero_(), c.zero_())),
    "a product with a constant saves the constant only": (lambda x, c: (x * c).sum(), lambda x, c: x.zero_()),
    "a mean saves nothing": (lambda x, c: x.mean() + c.sum(), lambda x, c: (x.zero_(), c.zero_())),
    "tanh saves its output": (lambda x, c: gg.tanh(x).sum(), lambda x, c: x.zero_()),
    "indexing saves nothing": (lambda x, c: x[1:].sum(), lambda x, c: x.zero_()),
    "another tensor was changed": (lambda x, c: (x * x).sum(), lambda x, c: c.zero_()),
}


@pytest.mark.parametrize(("use", "change"), NO_ALARM.values(), ids=list(NO_ALARM))
def test_no_false_alarm(use, change):
    expected = leaf()
    use(expected, constant()).backward()
    x, c = leaf(), constant()
    y = use(x, c)
    with gg.no_grad():
        change(x, c)
    y.backward()
    np.testing.assert_array_equal(x.grad.numpy(), expected.grad.numpy())


def test_no_alarm_for_changes_before_the_operation_or_after_backward():
    x, c = leaf(), constant()
    c += 1
    y = (x * c).sum()
    y.backward()
    c += 1
    np.testing.assert_array_equal(x.grad.numpy(), [5, 6, 7])
    (x * c).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), [11, 13, 15])


def test_no_alarm_in_a_training_loop():
    w = leaf()
    for _ in range(5):
        w.grad = None
        (w * w).sum().backward()
        with gg.no_grad():
            w -= 0.1 * w.grad
    np.testing.assert_allclose(w.numpy(), np.array([1, 2, 3]) * 0.8**5)


def test_no_alarm_where_the_changed_value_is_not_needed_for_the_gradient_asked_for():
    """The gradient at h does not pass through the product that saved w."""
    x, w = leaf(), leaf()
    h = x * w
    y = (h * 2).sum()
    with gg.no_grad():
        w.zero_()
    (g,) = gg.grad(y, h)
    np.testing.assert_array_equal(g.numpy(), [2, 2, 2])


def test_memory_that_dies_and_is_used_again_is_no_alarm():
    x = leaf()
    for _ in range(200):
        c = constant()
        c += 1
        del c
        d = constant()
        (x * d).sum().backward()


# -- what belongs to the caller --------------------------------------------------------------------------------


def test_arrays_are_copied_on_the_way_in():
    array = np.array([4.0, 5.0, 6.0])
    x = leaf()
    t, u = gg.tensor(array), gg.from_numpy(array)
    y = (x * array).sum() + (array * x).sum() + (x * t).sum() + (x * u).sum()
    array[:] = 0
    y.backward()
    np.testing.assert_array_equal(x.grad.numpy(), [16, 20, 24])


@pytest.mark.parametrize("kind", ["array", "tensor", "in a tuple", "mask"])
def test_an_index_changed_later_does_not_move_the_gradient(kind):
    """The gradient goes to what was read, or the change is an error; never silently elsewhere."""
    index = np.array([0, 1]) if kind != "mask" else np.array([True, True, False])
    x = gg.tensor(np.arange(6.0).reshape(3, 2), requires_grad=True)
    given = gg.tensor(index) if kind == "tensor" else (index, slice(None)) if kind == "in a tuple" else index
    y = x[given].sum()
    if kind == "tensor":
        given += 1
    else:
        index[...] = index[::-1].copy() if kind == "mask" else 2
        if kind == "mask":
            index[:] = [False, False, True]
    try:
        y.backward()
    except RuntimeError as error:
        assert "changed in place" in str(error)
    else:
        np.testing.assert_array_equal(x.grad.numpy(), [[1, 1], [1, 1], [0, 0]])


def test_labels_changed_later_do_not_move_the_gradient():
    labels = np.array([0, 1])
    x = gg.tensor(np.zeros((2, 2)), requires_grad=True)
    loss = softmax_cross_entropy(x, labels)
    labels[:] = labels[::-1].copy()
    try:
        loss.backward()
    except RuntimeError as error:
        assert "changed in place" in str(error)
    else:
        np.testing.assert_array_equal(x.grad.numpy(), [[-0.25, 0.25], [0.25, -0.25]])


def test_numpy_gives_a_read_only_view():
    x = leaf()
    view = x.numpy()
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(x.detach())[0] = 1
    with pytest.raises(ValueError):
        (x * 2).numpy().sort()
    mine = x.numpy(copy=True)
    mine[0] = 99
    assert x.numpy()[0] == 1
    np.array(x.detach())[0] = 99
    assert x.numpy()[0] == 1


# -- where a change is refused ---------------------------------------------------------------------------------


def test_a_leaf_under_no_grad_may_change():
    x = leaf()
    before = x
    with gg.no_grad():
        x += 1
        x -= np.array([1.0, 1.0, 1.0])
        x *= gg.tensor([2.0, 2.0, 2.0])
        x /= 2
        x[1] = 20.0
        x[np.array([True, False, False])] = gg.tensor(10.0)
        x[gg.tensor([2])] = 30
    assert x is before and x.requires_grad and x.is_leaf
    np.testing.assert_array_equal(x.numpy(), [10, 20, 30])
    with gg.no_grad():
        assert x.copy_([4.0, 5.0, 6.0]) is x
        assert x.zero_() is x
    assert x.tolist() == [0, 0, 0]


@pytest.mark.parametrize("change", [c for n, c in CHANGES.items() if "through" not in n])
def test_a_leaf_with_recording_on_may_not(change):
    x = leaf()
    with pytest.raises(RuntimeError, match=r"leaf that requires grad.*no_grad"):
        change(x)
    assert x.tolist() == [1, 2, 3]


@pytest.mark.parametrize("change", [c for n, c in CHANGES.items() if "through" not in n])
@pytest.mark.parametrize("recording", [True, False])
def test_a_result_in_a_graph_may_not(change, recording):
    y = leaf() * 2
    with gg.set_grad_enabled(recording), pytest.raises(RuntimeError, match=r"result of multiply .*new tensor"):
        change(y)
    assert y.tolist() == [2, 4, 6]


def test_a_constant_may_not_take_values_that_require_grad():
    c, x = constant(), leaf()
    for change in (lambda: c.__iadd__(x), lambda: c.__setitem__(0, x[0]), lambda: c.copy_(x * 2)):
        with pytest.raises(RuntimeError, match="the new values require grad"):
            change()
    assert c.tolist() == [4, 5, 6]
    with gg.no_grad():
        c += x
    assert c.tolist() == [5, 7, 9] and not c.requires_grad


def test_memory_shared_by_broadcasting_may_not():
    t = gg.broadcast_to(constant(), (2, 3))
    with pytest.raises(ValueError, match=r"shared by broadcasting.*clone"):
        t += 1
    own = t.clone()
    own += 1
    assert own.tolist() == [[5, 6, 7]] * 2


@pytest.mark.parametrize(("target", "change", "error", "message"), [
    ([1, 2], lambda t: t.__iadd__(0.5), TypeError, "add_: .*int64"),
    ([1, 2], lambda t: t.__itruediv__(2), TypeError, "divide_: .*floating-point.*int64"),
    ([1, 2], lambda t: t.__setitem__(0, 1.5), TypeError, "assign_at: .*int64"),
    ([1.0, 2.0], lambda t: t.__iadd__([1.0, 2.0, 3.0]), ValueError, r"add_: .*\(3,\).*\(2,\)"),
    ([1.0, 2.0], lambda t: t.copy_(np.zeros((2, 2))), ValueError, r"assign: .*\(2, 2\).*\(2,\)"),
    ([1.0, 2.0], lambda t: t.__setitem__(5, 1.0), IndexError, "assign_at: .*5"),
    ([1.0, 2.0], lambda t: t.__setitem__(0, "a"), TypeError, "assign_at"),
    ([1.0, 2.0], lambda t: t.__setitem__(0, None), TypeError, "assign_at"),
    ([1.0, 2.0], lambda t: t.__setitem__("a", 1.0), (TypeError, IndexError), "assign_at"),
])  # fmt: skip
def test_values_that_do_not_fit(target, change, error, message):
    t = gg.tensor(target)
    with pytest.raises(error, match=message):
        change(t)
    assert t.tolist() == target


def test_updates_need_tensors():
    with pytest.raises(TypeError, match="step_: momentum is changed in place and must be a Tensor, not ndarray"):
        step_(gg.zeros(3), np.zeros(3), 0.1)


def test_wrong_declarations_of_updates():
    with pytest.raises(TypeError, match="update f: it mutates 'y', which is not a parameter"):

        @gg.update(mutates=("y",))
        def f(x):
            pass

    with pytest.raises(TypeError, match="name the parameters that it changes"):
        gg.update(mutates=())(lambda x: None)


def test_overlapping_memory():
    t = gg.tensor([1.0, 2.0, 3.0, 4.0])
    t[1:] = t[:-1]
    assert t.tolist() == [1, 1, 2, 3]
    t += t[::-1]
    assert t.tolist() == [4, 3, 3, 4]


def test_dtype_is_kept():
    t = gg.tensor([1.0, 2.0])
    t += np.array([1.0, 2.0])
    t *= np.float64(2)
    t.copy_(t.double() * 2)
    assert t.dtype == np.float32 and t.tolist() == [8, 16]
    i = gg.tensor([1, 2])
    i += 1
    i += np.int8(1)
    assert i.dtype == np.int64 and i.tolist() == [3, 4]
