"""Directional derivatives, against closed forms and against each other."""

import numpy as np
import pytest

import glassgrad as gg
from glassgrad.autograd import jvp, primitive_jvp, vjp

RNG = np.random.default_rng(0)
A, B = RNG.standard_normal((3, 4)), RNG.standard_normal((4, 2))


def test_jvp_of_a_matrix_product():
    dA, dB = RNG.standard_normal(A.shape), RNG.standard_normal(B.shape)
    out, tangent = jvp(gg.matmul, [gg.tensor(A), gg.tensor(B)], [gg.tensor(dA), gg.tensor(dB)])
    np.testing.assert_allclose(out.numpy(), A @ B)
    np.testing.assert_allclose(tangent.numpy(), dA @ B + A @ dB)
    np.testing.assert_allclose(primitive_jvp(gg.matmul, [A, B], [dA, dB]), dA @ B + A @ dB)


def test_vjp_of_a_matrix_product():
    out, pull = vjp(gg.matmul, gg.tensor(A), gg.tensor(B))
    g = RNG.standard_normal(out.shape)
    for _ in range(2):
        left, right = pull(gg.tensor(g))
        np.testing.assert_allclose(left.numpy(), g @ B.T)
        np.testing.assert_allclose(right.numpy(), A.T @ g)


def test_broadcasting_tangents():
    x, y = np.array([[1.0], [2.0]]), np.array([3.0, 4.0, 5.0])
    dy = np.array([1.0, 0.0, -1.0])
    np.testing.assert_allclose(primitive_jvp(gg.multiply, [x, y], [None, dy]), x * dy)


def test_a_linear_primitive_carries_its_tangent_itself():
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_allclose(primitive_jvp(gg.sum, [x], [x * 2], dim=1), (x * 2).sum(1))


def test_a_bias_does_not_multiply():
    from glassgrad.nn.functional import linear

    x, w, b = RNG.standard_normal((2, 3)), RNG.standard_normal((4, 3)), RNG.standard_normal(4)
    dx, db = RNG.standard_normal(x.shape), RNG.standard_normal(b.shape)
    np.testing.assert_allclose(primitive_jvp(linear, [x, w, b], [dx, None, db]), dx @ w.T + db, rtol=1e-12)


def test_functions_that_ignore_their_input_have_zero_derivatives():
    x = gg.tensor([1.0, 2.0])
    out, tangent = jvp(lambda x: gg.ones(3), [x], [x])
    assert out.tolist() == [1, 1, 1] and tangent.tolist() == [0, 0, 0]
    assert vjp(lambda x: gg.ones(3), x)[1](gg.ones(3))[0].tolist() == [0, 0]


def test_linear_functions_in_a_general_jvp():
    x = gg.tensor([1.0, 2.0])
    assert jvp(lambda x: x + x, [x], [gg.tensor([5.0, 7.0])])[1].tolist() == [10, 14]


def test_wrong_tangents():
    x = gg.tensor([1.0, 2.0])
    with pytest.raises(ValueError, match="one tangent of the same shape"):
        jvp(gg.exp, [x], [gg.ones(3)])
    with pytest.raises(ValueError, match="one tangent of the same shape"):
        jvp(gg.exp, [x], [])
    with pytest.raises(TypeError, match="must return a Tensor"):
        vjp(lambda x: 3.0, x)
