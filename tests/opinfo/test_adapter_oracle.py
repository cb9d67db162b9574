"""The adapter itself: it notices what it is there to notice."""

import re

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
    found = outcome(
        lambda x, mean, variance, *a, **k: gg.nn.functional.batch_norm(x, mean.clone(), variance.clone(), *a, **k),
        "nn.functional.batch_norm",
    )
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


def failures(pattern):
    tallies = (adapter.run_op(op) for name, op in adapter.OPS.items() if re.fullmatch(pattern, name))
    return [failure for tally in tallies for failure in tally.failures]


@pytest.mark.parametrize("rule", tables.UNSUPPORTED, ids=lambda rule: f"{rule[0]} {rule[2]}")
def test_every_exception_is_needed(rule, monkeypatch):
    monkeypatch.setattr(tables, "UNSUPPORTED", [r for r in tables.UNSUPPORTED if r is not rule])
    assert failures(rule[0])


@pytest.mark.parametrize("name", sorted({name for name, _ in tables.TOLERANCES}))
def test_every_tolerance_is_needed(name, monkeypatch):
    monkeypatch.setattr(tables, "TOLERANCES", {})
    assert failures(re.escape(name))


@pytest.mark.parametrize("table", ["NO_GRADIENT", "NO_SECOND_ORDER"])
def test_every_derivative_left_out_would_differ(table, monkeypatch):
    names = sorted(getattr(tables, table))
    monkeypatch.setattr(tables, table, set())
    assert all(adapter.run_op(adapter.OPS[name], ("float64",), errors=False).failures for name in names)


@pytest.mark.parametrize("rule", tables.ERRORS_UNSUPPORTED, ids=lambda rule: rule[2])
def test_every_welcome_is_needed(rule, monkeypatch):
    monkeypatch.setattr(tables, "ERRORS_UNSUPPORTED", [r for r in tables.ERRORS_UNSUPPORTED if r is not rule])
    assert failures(rule[0] if rule[0] != ".*" else "add|maximum|pow")


def test_tables_name_opinfos_that_exist():
    names = set(adapter.OPS) | {op.name for op in adapter.OPS.values()}
    assert set(tables.NAMES) <= names and set(tables.NEEDS) == set(tables.NAMES)
    assert tables.NO_GRADIENT | tables.NO_SECOND_ORDER <= names
    assert {name for name, _ in tables.TOLERANCES} <= names
    assert tables.TIED <= names
