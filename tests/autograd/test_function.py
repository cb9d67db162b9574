"""PyTorch's Function: the same gradients as the declared operation, to any order, and clear errors."""

import gc
import weakref

import numpy as np
import pytest

import glassgrad as gg


class Product(gg.Function):
    """x·y·factor, with a plain number among the arguments."""

    @staticmethod
    def forward(ctx, x, factor, y):
        ctx.factor = factor
        ctx.save_for_backward(x, y)
        return x * y * factor

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        assert ctx.needs_input_grad[1] is False
        return g * y * ctx.factor, None, g * x * ctx.factor


class Exp(gg.Function):
    """Saves its output."""

    @staticmethod
    def forward(ctx, x):
        out = x.exp()
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx, g):
        (out,) = ctx.saved_tensors
        return g * out


class SumAndDifference(gg.Function):
    """Two outputs."""

    @staticmethod
    def forward(ctx, x, y):
        return x + y, x - y

    @staticmethod
    def backward(ctx, g, h):
        return g + h, g - h


def leaf(*values):
    return gg.tensor(np.array(values or (1.0, 2.0)), requires_grad=True)


def test_gradients_and_second_derivatives():
    x, y = leaf(1.0, 2.0), leaf(3.0, -4.0)
    out = Product.apply(x, 2.0, y)
    np.testing.assert_array_equal(out.numpy(), [6, -16])
    dx, dy = gg.grad(out.sum(), [x, y], create_graph=True)
    assert dx.tolist() == [6, -8] and dy.tolist() == [2, 4]
    (mixed,) = gg.grad(dx.sum(), [y])
    assert mixed.tolist() == [2, 2]


def test_a_saved_output_is_differentiated_through():
    x = leaf(0.5, -1.0)
    value = Exp.apply(x)
    for _ in range(3):
        (value,) = gg.grad(value.sum(), [x], create_graph=True)
        np.testing.assert_allclose(value.numpy(), np.exp([0.5, -1.0]))


def test_several_outputs_of_which_one_is_used():
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    total, difference = SumAndDifference.apply(x, y)
    assert total.tolist() == [4, 6] and difference.tolist() == [-2, -2]
    difference.sum().backward()
    assert x.grad.tolist() == [1, 1] and y.grad.tolist() == [-1, -1]


def test_the_checker_accepts_it():
    assert gg.gradcheck(lambda x, y: Product.apply(x, 3.0, y), [leaf(1.0, 2.0), leaf(0.5, -1.5)])
    assert gg.gradcheck(Exp.apply, [leaf(0.1, -2.0)])


def test_constants_modes_and_dtypes():
    x = gg.tensor([1.0, 2.0], requires_grad=True)
    assert Product.apply(x, 2.0, gg.tensor([1.0, 1.0])).dtype == np.float32
    with gg.no_grad():
        assert not Exp.apply(x).requires_grad
    assert not Exp.apply(gg.tensor([1.0])).requires_grad


def test_integer_arguments_keep_their_dtype():
    class Pick(gg.Function):
        @staticmethod
        def forward(ctx, x, index):
            assert index.dtype == np.int64
            ctx.save_for_backward(x, index)
            return x[index]

        @staticmethod
        def backward(ctx, g):
            x, index = ctx.saved_tensors
            return gg.autograd.ops.indexing.index_add_zeros(g, index.numpy(), x.shape), None

    x = leaf(1.0, 2.0, 3.0)
    Pick.apply(x, gg.tensor([2, 2])).sum().backward()
    assert x.grad.tolist() == [0, 0, 2]


def test_a_change_of_a_saved_tensor_is_caught():
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    out = Product.apply(x, 1.0, y).sum()
    with gg.no_grad():
        y += 1
    with pytest.raises(RuntimeError, match=r"changed in place by add_"):
        out.backward()


def test_no_reference_cycles():
    gc.collect()
    gc.disable()
    try:
        x = leaf()
        out = Exp.apply(x)
        node = weakref.ref(out.grad_fn)
        out.sum().backward()
        del out
        assert node() is None
    finally:
        gc.enable()


def test_the_graph_shows_its_name():
    assert "Exp" in str(gg.viz.graph(Exp.apply(leaf())))


def test_errors():
    x = leaf()

    class TooFew(gg.Function):
        @staticmethod
        def forward(ctx, x, y):
            return x + y

        @staticmethod
        def backward(ctx, g):
            return g

    with pytest.raises(TypeError, match="one gradient for each of the 2 arguments"):
        TooFew.apply(x, x).sum().backward()

    class NoTensor(gg.Function):
        @staticmethod
        def forward(ctx, x):
            return 3.0

    with pytest.raises(TypeError, match="forward must return Tensors, not float"):
        NoTensor.apply(x)

    class NoBackward(gg.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1.0

    with pytest.raises(TypeError, match=r"needs a static method backward"):
        NoBackward.apply(x).sum().backward()
    with pytest.raises(TypeError, match="must be a @staticmethod"):

        class NotStatic(gg.Function):
            def forward(self, x):
                return x

    with pytest.raises(TypeError, match=r"Exp\.apply"):
        Exp()
    with pytest.raises(TypeError, match="subclass Function"):
        gg.Function.apply(x)

    class SavesANumber(gg.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(3.0)
            return x * 1.0

    with pytest.raises(TypeError, match="set an attribute of ctx"):
        SavesANumber.apply(x)


def test_two_functions_may_have_one_name():
    before = set(gg.autograd.REGISTRY)

    def make(factor):
        class Scale(gg.Function):
            @staticmethod
            def forward(ctx, x):
                return x * factor

            @staticmethod
            def backward(ctx, g):
                return g * factor

        return Scale

    x = leaf()
    (make(2.0).apply(x) + make(3.0).apply(x)).sum().backward()
    assert x.grad.tolist() == [5, 5]
    assert set(gg.autograd.REGISTRY) == before
