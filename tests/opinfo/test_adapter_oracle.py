"""The adapter itself: it notices what it is there to notice."""

import numpy as np
import opinfo_adapter as adapter
import opinfo_tables as tables
import pytest
import torch
from torch.testing._internal.opinfo.core import SampleInput

import glassgrad as gg

pytestmark = pytest.mark.oracle


def primitive(rule, kernel=np.exp):
    @gg.primitive(kind="elementwise", name="exponential", x=rule)
    def exponential(x):
        return kernel(x)

    return exponential


def outcome(function, name="exp", sample=0):
    op = adapter.OPS[name]
    return adapter.run_sample(op, function, adapter.samples(op, "float64")[sample])


def test_a_right_operation_passes_to_second_order():
    assert outcome(primitive(lambda g, out: g * out)) == adapter.Outcome("passed", gradient=True, second=True)


@pytest.mark.parametrize(
    ("function", "noticed"),
    [
        (lambda x: gg.exp(x) * 1.0001, "the result differs"),
        (lambda x: gg.exp(x).to("float32"), "the result has dtype float32"),
        (lambda x: gg.exp(x).reshape(-1, 1), "the result has shape"),
        (lambda x: gg.exp(x).numpy(), "not a Tensor"),
        (lambda x: gg.exp(x.detach()), "does not require a gradient"),
        (lambda x: (gg.exp(x), gg.exp(x)), "2 results, PyTorch gives 1"),
        (lambda x: x.nonsense(), "AttributeError"),
        (primitive(lambda g, out: g * out * 1.0001), "the gradient by input 0 differs"),
        (primitive(lambda g, x: g * gg.exp(x.detach() if isinstance(x, gg.Tensor) else x)), "the second derivative"),
    ],
)
def test_a_wrong_one_fails(function, noticed):
    found = outcome(function)
    assert found.state == "failed" and noticed in found.reason, found


def test_an_argument_that_should_change_is_compared():
    found = outcome(lambda x, mean, variance, *a, **k: gg.nn.functional.batch_norm(
        x, mean.clone(), variance.clone(), *a, **k), "nn.functional.batch_norm")  # fmt: skip
    assert found.state == "failed" and "an argument that the operation changes" in found.reason


def test_gradients_between_inputs_that_share_a_tensor_add_up():
    x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    found = adapter.run_sample(adapter.OPS["mul"], gg.multiply, SampleInput(x, x))
    assert found == adapter.Outcome("passed", gradient=True, second=True)


def test_what_cannot_be_run_has_a_reason():
    op = adapter.OPS["add"]
    x = torch.ones(2, dtype=torch.complex128)
    assert adapter.run_sample(op, gg.add, SampleInput(x, x)) == adapter.Outcome("unsupported", "complex")
    x = torch.ones(2).to_sparse()
    assert adapter.run_sample(op, gg.add, SampleInput(x, x)) == adapter.Outcome("unsupported", "sparse")


def test_tables_name_opinfos_that_exist():
    names = set(adapter.OPS) | {op.name for op in adapter.OPS.values()}
    assert set(tables.NAMES) <= names and set(tables.NEEDS) == set(tables.NAMES)
    assert set(tables.INVARIANT) <= names and tables.NO_GRADIENT <= names and tables.NO_SECOND_ORDER <= names
    assert {name for name, _ in tables.TOLERANCES} <= names
    assert tables.TIED <= names
