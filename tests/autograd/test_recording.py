"""Recordings and the anomaly mode: which operation, and which line of the user's."""

import inspect

import numpy as np
import pytest

import glassgrad as gg

# Each plants one NaN or infinity: (the forward computation, where it shows, the operation to be named).
PLANTED = {
    "log of a negative number": (lambda x: (x - 5).log().sum(), "forward", "log"),
    "log of zero": (lambda x: (x * 0).log().sum(), "forward", "log"),
    "root of a negative number": (lambda x: (x - 5).sqrt().sum(), "forward", "sqrt"),
    "division by zero": (lambda x: (x / (x * 0)).sum(), "forward", "divide"),
    "overflow": (lambda x: (x * 1000).exp().sum(), "forward", "exp"),
    "inf minus inf": (lambda x: (x * 3e38 - x * 3e38 * 2).sum(), "forward", "multiply"),
    "negative base": (lambda x: ((x - 5) ** 0.5).sum(), "forward", "power"),
    "matrix product": (lambda x: (gg.full((1, 2), 3e38) @ (x * 3).reshape(2, 1)).sum(), "forward", "matmul"),
    "sum": (lambda x: (x * 1.6e38).sum() * 1.0, "forward", "sum"),
    "root at zero, backward": (lambda x: (x * 0).sqrt().sum(), "backward", "sqrt"),
    "power at zero, backward": (lambda x: ((x * 0) ** 0.5).sum(), "backward", "power"),
    "product, backward": (lambda x: ((x * 0 + 1e-30) ** 0.25 * 3e38 * (x * 0 + 1e-9)).sum(), "backward", "multiply"),
}


@pytest.mark.parametrize(("function", "when", "operation"), PLANTED.values(), ids=list(PLANTED))
def test_the_first_anomaly_is_named_with_its_line(function, when, operation):
    x = gg.tensor([1.0, 2.0], requires_grad=True)
    line = inspect.getsourcelines(function)[1]
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError) as caught, gg.detect_anomaly():
        function(x).backward(gradient=gg.tensor(1e9) if operation == "multiply" and when == "backward" else None)
    text = str(caught.value)
    assert f"{'backward of ' if when == 'backward' else ''}{operation} made a" in text
    assert f"test_recording.py:{line}" in text


def test_no_anomaly_no_error():
    x = gg.tensor([1.0, 2.0], requires_grad=True)
    with gg.detect_anomaly():
        (x * x).sum().backward()
    assert x.grad.tolist() == [2, 4]


def test_infinities_may_be_allowed():
    x = gg.tensor([0.0], requires_grad=True)
    with np.errstate(all="ignore"), gg.detect_anomaly(check_inf=False):
        assert x.log().item() == -np.inf


def test_the_module_is_named():
    model = gg.nn.Sequential(gg.nn.Linear(2, 2), gg.nn.ReLU())
    with gg.no_grad():
        model[0].weight.fill_(3e38)
    with np.errstate(all="ignore"), gg.detect_anomaly(), pytest.raises(FloatingPointError, match=r"in module .*0"):
        model(gg.tensor([[10.0, 10.0]]))


def test_scalars_are_watched():
    x = gg.Scalar(0.0, requires_grad=True)
    with gg.detect_anomaly(), pytest.raises(FloatingPointError, match=r"log made an infinity .* at test_recording\.py"):
        x.log()


def test_a_recording_keeps_the_order_the_lines_and_what_was_asked_for():
    x = gg.tensor([1.0, 2.0], requires_grad=True)
    constant = gg.tensor([3.0, 4.0])
    with gg.record(keep="all") as recording:
        y = x * constant
        (y + y).sum()
    assert [node.primitive.name for node in recording.nodes] == ["multiply", "add", "sum"]
    first = recording.events[0]
    assert first.node.where.startswith("test_recording.py:") and first.bytes == 8 and first.seconds >= 0
    np.testing.assert_array_equal(first.inputs[1], [3, 4])
    np.testing.assert_array_equal(first.output, [3, 8])
    with gg.no_grad():
        constant.zero_()
    np.testing.assert_array_equal(first.inputs[1], [3, 4])
    assert len(recording) == 3


def test_a_recording_ends():
    x = gg.tensor([1.0], requires_grad=True)
    with gg.record() as recording:
        x * x
    x * x
    assert len(recording) == 1 and recording.events[0].inputs is None


def test_recorded_derivatives_are_operations_of_a_higher_order():
    x = gg.tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).sum()
    with gg.record() as recording:
        gg.grad(y, [x], create_graph=True)
    assert recording.nodes and {node.order for node in recording.nodes} == {1}
    assert {node.origin.primitive.name for node in recording.nodes} <= {"multiply", "sum"}


def test_unknown_things_to_keep():
    with pytest.raises(ValueError, match="keep must be None, 'inputs'"):
        gg.record(keep="everything")


def test_where_infinities_are_allowed_one_that_came_in_explains_the_nan():
    x = gg.tensor([1.0, np.inf], requires_grad=True)
    with np.errstate(all="ignore"), gg.detect_anomaly(check_inf=False):
        with pytest.raises(FloatingPointError, match=r"subtract made a NaN .*; its input 'x' holds an infinity"):
            x - np.inf
    with gg.detect_anomaly(check_inf=False), np.errstate(all="ignore"):
        with pytest.raises(FloatingPointError, match="all its inputs are finite"):
            gg.log(gg.tensor([-1.0], requires_grad=True))
