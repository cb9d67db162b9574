"""What operations cost: every primitive has a formula, and well-known ones count what textbooks count."""

import pytest

import glassgrad as gg
from glassgrad.autograd import cost_of, flops
from glassgrad.autograd.core.cost import COSTS


@pytest.mark.parametrize("primitive", gg.autograd.REGISTRY.values(), ids=list(gg.autograd.REGISTRY))
def test_every_primitive_has_a_cost(primitive):
    assert cost_of(primitive).text


def test_costs_belong_to_primitives():
    assert set(COSTS) <= set(gg.autograd.REGISTRY), "these costs are of primitives that no longer exist"


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
)  # fmt: skip
def test_counts(call, expected):
    assert flops(call().grad_fn) == expected


def test_a_backward_pass_of_a_product_costs_twice_its_forward_pass():
    x, w = leaf(4, 8), leaf(8, 2)
    y = x @ w
    grads = gg.grad(y.sum(), [x, w], create_graph=True)
    assert sum(flops(g.grad_fn) for g in grads) == 2 * flops(y.grad_fn)


def test_leaves_cost_nothing():
    assert flops(gg.autograd.node_of(leaf(3))) == 0


def test_an_unknown_primitive_says_where_to_add_it():
    @gg.primitive(x=lambda g: g)
    def mystery(x):
        return x

    with pytest.raises(KeyError, match="cost of mystery is not known; add it to COSTS"):
        cost_of(mystery.primitive)
