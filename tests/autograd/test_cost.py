"""What operations cost: every primitive has a formula, and well-known ones count what textbooks count."""

import pytest

import glassgrad as gg
from glassgrad.autograd import cost_of, flops
from glassgrad.autograd.core.cost import each_matrix, per_inner, per_input


@pytest.mark.parametrize("primitive", gg.autograd.REGISTRY.values(), ids=list(gg.autograd.REGISTRY))
def test_every_primitive_has_a_cost(primitive):
    assert cost_of(primitive).text


def leaf(*shape):
    return gg.ones(*shape, requires_grad=True)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: leaf(4, 8) @ leaf(8, 2), 2 * 4 * 8 * 2),
        (lambda: gg.nn.functional.linear(leaf(5, 3), leaf(7, 3)), 2 * 5 * 7 * 3),
        # Every one of 2·3·4·4 results sums 2 channels · 2·2 weights.
        (lambda: gg.conv2d(leaf(2, 2, 5, 5), leaf(3, 2, 2, 2)), 2 * (2 * 3 * 4 * 4) * (2 * 2 * 2)),
        (lambda: gg.conv2d(leaf(1, 4, 5, 5), leaf(4, 1, 2, 2), groups=4), 2 * (4 * 4 * 4) * (2 * 2)),
        (lambda: leaf(3, 4) + leaf(4), 12),
        (lambda: leaf(3, 4).sum(0), 12),
        (lambda: leaf(3, 4).reshape(12), 0),
        (lambda: gg.max_pool2d(leaf(1, 1, 4, 4), 2), 16),
    ],
)
def test_counts(call, expected):
    assert flops(call().grad_fn) == expected


def test_a_backward_pass_of_a_product_costs_twice_its_forward_pass():
    x, w = leaf(4, 8), leaf(8, 2)
    y = x @ w
    grads = gg.grad(y.sum(), [x, w], create_graph=True)
    assert sum(flops(g.grad_fn) for g in grads) == 2 * flops(y.grad_fn)


def test_leaves_cost_nothing():
    assert flops(gg.autograd.node_of(leaf(3))) == 0


def test_an_unknown_primitive_says_how_to_declare_it():
    @gg.primitive(x=lambda g: g)
    def mystery(x):
        return x

    with pytest.raises(KeyError, match="cost of mystery is not known; declare it"):
        cost_of(mystery.primitive)


@pytest.mark.parametrize(
    ("cost", "text", "expected"),
    [
        (0, "0", 0),
        (3, "3·|out|", 3 * 4),
        (per_input(2), "2·|data|", 2 * 4 * 4 * 6),
        (per_inner(2, "width"), "2·|out|·width", 2 * 4 * 6),
        (each_matrix("m·n", lambda m, n: 10 * m + n), "m·n", 4 * (10 * 6 + 4)),
    ],
)
def test_a_declaration_says_what_it_costs(cost, text, expected):
    @gg.primitive(cost=cost, data=lambda g, data: g[:, None, None] + 0 * data)
    def total(data):
        return data.sum((1, 2))

    assert cost_of(total.primitive).text == text
    assert flops(total(leaf(4, 4, 6)).grad_fn) == expected


def test_an_elementwise_operation_takes_one_step_for_each_result_unless_it_says_otherwise():
    @gg.primitive(kind="elementwise", x=lambda g: g)
    def plain(x):
        return x + 0

    assert cost_of(plain.primitive).text == "|out|" and flops(plain(leaf(5)).grad_fn) == 5


@pytest.mark.parametrize("cost", [-1, True, 2.5, "many", per_input])
def test_what_is_no_cost_is_refused(cost):
    with pytest.raises(TypeError, match=r"cost must be a whole number of operations .* such as per_input\(2\), not"):
        gg.primitive(cost=cost)
