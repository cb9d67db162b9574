"""Cards name the flags of an operation that are on, and only those."""

import glassgrad as gg
from glassgrad import viz


def test_a_flag_that_is_off_is_not_written():
    x = gg.ones(1, 1, 5, 5, requires_grad=True)
    plain = viz.graph(gg.nn.functional.max_pool2d(x, 2)).to_dot()
    assert "ceil" not in plain and "kernel size 2" in plain
    assert "ceil mode" in viz.graph(gg.nn.functional.max_pool2d(x, 2, ceil_mode=True)).to_dot()
