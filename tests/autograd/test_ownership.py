"""Gradients never share memory: not with each other, not with what the caller holds, not with read-only views."""

import itertools

import numpy as np
import pytest

import glassgrad as gg


def leaf(*shape):
    return gg.tensor(np.arange(1.0, 1.0 + int(np.prod(shape))).reshape(shape), requires_grad=True)


def apart(*tensors):
    for a, b in itertools.combinations(tensors, 2):
        assert not np.shares_memory(a._array, b._array)
    for t in tensors:
        assert t._array.flags.writeable and not any(
            s == 0 < n - 1 for s, n in zip(t._array.strides, t.shape, strict=True)
        )


SHARING = {
    "sum of two": (lambda x, y: x + y, (3, 2), (3, 2)),
    "difference": (lambda x, y: x - y, (3, 2), (3, 2)),
    "concatenated": (lambda x, y: gg.concatenate([x, y]), (3, 2), (3, 2)),
    "stacked": (lambda x, y: gg.stack([x, y]), (3, 2), (3, 2)),
    "reshaped and transposed": (lambda x, y: x.reshape(2, 3) + y.T, (3, 2), (3, 2)),
    "repeated": (lambda x, y: gg.broadcast_to(x, (4, 3, 2)) + gg.broadcast_to(y, (4, 3, 2)), (3, 2), (3, 2)),
    "added by broadcasting": (lambda x, y: x + y, (3, 2), (2,)),
    "maximum": (gg.maximum, (3, 2), (3, 2)),
    "chosen": (lambda x, y: gg.where(np.array([True, False]), x, y), (3, 2), (3, 2)),
    "parts": (lambda x, y: x[1:] + y[:2], (3, 2), (3, 2)),
    "summed": (lambda x, y: x.sum() + y.mean(), (3, 2), (3, 2)),
    "converted": (lambda x, y: x.astype("float64") + y.clone(), (3, 2), (3, 2)),
}


@pytest.mark.parametrize(("function", "first", "second"), SHARING.values(), ids=list(SHARING))
def test_leaves_do_not_share(function, first, second):
    x, y = leaf(*first), leaf(*second)
    out = function(x, y)
    start = gg.tensor(np.ones(out.shape))
    out.backward(start, retain_graph=True)
    apart(x.grad, y.grad, start, out, x, y)
    kept = y.grad.numpy(copy=True)
    with gg.no_grad():
        x.grad.zero_()
        start.zero_()
    np.testing.assert_array_equal(y.grad.numpy(), kept)


@pytest.mark.parametrize(("function", "first", "second"), SHARING.values(), ids=list(SHARING))
def test_results_of_grad_do_not_share(function, first, second):
    x, y = leaf(*first), leaf(*second)
    out = function(x, y)
    start = gg.tensor(np.ones(out.shape))
    apart(*gg.grad(out, [x, y], grad_outputs=start), start, x, y)


@pytest.mark.parametrize(("function", "first", "second"), SHARING.values(), ids=list(SHARING))
@pytest.mark.parametrize("create_graph", [False, True])
def test_passes_accumulate_without_interference(function, first, second, create_graph):
    """A second pass doubles every gradient; if two were one array, it would quadruple them."""
    x, y = leaf(*first), leaf(*second)
    out = function(x, y)
    start = gg.tensor(np.ones(out.shape))
    out.backward(start, retain_graph=True, create_graph=create_graph)
    once = [t.grad.numpy(copy=True) for t in (x, y)]
    out.backward(start)
    np.testing.assert_array_equal(start.numpy(), np.ones(out.shape))
    for t, g in zip((x, y), once, strict=True):
        np.testing.assert_array_equal(t.grad.numpy(), 2 * g)


def test_the_callers_gradient_is_copied():
    x = leaf(3)
    array = np.ones(3)
    x.backward(gg.tensor(array))
    start = gg.tensor(array)
    y = leaf(3)
    y.backward(start)
    y.backward(start)
    np.testing.assert_array_equal(start.numpy(), [1, 1, 1])
    np.testing.assert_array_equal(y.grad.numpy(), [2, 2, 2])
    z = leaf(3)
    (z + 0).backward(array)
    array[:] = 7
    np.testing.assert_array_equal(z.grad.numpy(), [1, 1, 1])


def test_the_gradient_of_a_sum_is_not_a_read_only_view():
    x = leaf(3, 2)
    x.sum().backward()
    with gg.no_grad():
        x.grad *= 2
    np.testing.assert_array_equal(x.grad.numpy(), np.full((3, 2), 2.0))
    assert x.grad._array.strides == (16, 8)


def test_gradients_of_reads_add_up():
    x = leaf(4, 3)
    (x[0] + x[1] * 2 + x[0] * 3 + x[:, 1].sum() + x[np.array([0, 0, 3])].sum(0)).sum().backward()
    expected = np.zeros((4, 3))
    expected[0] += 4
    expected[1] += 2
    expected[:, 1] += 3
    expected[0] += 2
    expected[3] += 1
    np.testing.assert_array_equal(x.grad.numpy(), expected)


def test_a_thousand_row_reads():
    x = gg.tensor(np.zeros((1000, 50)), requires_grad=True)
    sum((x[i] * float(i) for i in range(1000)), start=gg.zeros(50, dtype="float64")).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), np.repeat(np.arange(1000.0), 50).reshape(1000, 50))


def test_reads_mixed_with_dense_gradients_leave_others_alone():
    """The buffer that reads are added into must not be another tensor's gradient."""
    x, y = leaf(3), leaf(3)
    z = x + y  # both receive the very same array
    (z + 0.0).sum().backward(retain_graph=True)
    x.grad = y.grad = None
    ((x + y) * 1.0 + x[1] + x[np.array([2, 2])].sum()).sum().backward()
    np.testing.assert_array_equal(y.grad.numpy(), [1, 1, 1])
    np.testing.assert_array_equal(x.grad.numpy(), [1, 1 + 3, 1 + 6])


def test_an_interior_gradient_that_is_kept_stays_as_it_was():
    x = leaf(3)
    h = x * 1.0
    h.retain_grad()
    (h + x).sum().backward(retain_graph=True)
    kept = h.grad
    apart(kept, x.grad)
    x.grad.zero_()
    np.testing.assert_array_equal(kept.numpy(), [1, 1, 1])


def test_what_a_hook_keeps_is_its_own():
    x = leaf(3)
    seen = []
    h = x + 0.0
    h.register_hook(seen.append)
    x.register_hook(seen.append)
    (h + x).sum().backward()
    (h.detach() * x).sum().backward()
    np.testing.assert_array_equal(seen[0].numpy(), [1, 1, 1])
    np.testing.assert_array_equal(seen[1].numpy(), [2, 2, 2])
    apart(*seen, x.grad)


def test_grad_given_to_grad_outputs_is_not_returned():
    x = leaf(3)
    start = gg.tensor(np.ones(3))
    (g,) = gg.grad(x, x, grad_outputs=start)
    apart(g, start)


def test_a_captured_interior_gradient_is_not_changed_by_the_rest_of_the_pass():
    x = leaf(3)
    h = x * 2.0
    k = h + x
    gradients = gg.grad((k * k).sum() + k.sum(), [k, h, x])
    apart(*gradients)
    np.testing.assert_array_equal(gradients[0].numpy(), 6.0 * np.array([1, 2, 3]) + 1)
    np.testing.assert_array_equal(gradients[2].numpy(), 3 * (6.0 * np.array([1, 2, 3]) + 1))
