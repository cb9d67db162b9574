"""Parameters that a function reads by itself: checked in float64, and left as they were, whatever happens."""

import random
from typing import Any

import numpy as np
import pytest

import glassgrad as gg
from glassgrad import nn
from glassgrad.check import GradcheckError, gradcheck, gradcheck_module


class Net(nn.Module):
    """A small network of float32 parameters with running statistics."""

    def __init__(self) -> None:
        super().__init__()
        rng = np.random.default_rng(5)
        self.weight = nn.Parameter(rng.standard_normal((3, 4)).astype("float32"))
        self.bias = nn.Parameter(rng.standard_normal(3).astype("float32"))
        self.register_buffer("mean", gg.zeros(4))
        self.register_buffer("var", gg.ones(4))

    def forward(self, x: Any) -> Any:
        y = nn.functional.batch_norm(x, self.mean, self.var, training=self.training)
        return gg.tanh(y @ self.weight.T + self.bias)


BATCH = np.random.default_rng(6).standard_normal((5, 4)).astype("float32")


def state(model: Any) -> list[Any]:
    """Return everything that must come back: objects, arrays, bits, vertices, gradients."""
    members = [*model.parameters(), *model.buffers()]
    return [
        (id(t), id(t._array), t._array.tobytes(), t.dtype, id(t._node), t._grad, t.requires_grad, t.name)
        for t in members
    ]


@pytest.mark.parametrize("training", [True, False])
def test_a_module_in_single_precision(training):
    model = Net().train(training)
    model.bias.grad = gg.ones(3)
    before = state(model)
    report = gradcheck_module(model, BATCH)
    assert [(r.name, r.shape, r.checked, r.verdict) for r in report.worst] == [
        ("weight", (3, 4), 12, "ok"),
        ("bias", (3,), 3, "ok"),
        ("input", (5, 4), 20, "ok"),
    ]
    assert all(row.relative_error < 1e-6 for row in report.worst)
    assert state(model) == before


def test_a_loss_with_a_target():
    report = gradcheck_module(Net(), (BATCH, np.array([0, 1, 2, 1, 0])), nn.functional.cross_entropy, samples=4)
    assert report and report.coverage == "11 of 35 elements"


def test_by_closure_with_a_mapping_or_a_list():
    w = gg.tensor([0.5, -1.5], dtype="float32", requires_grad=True)
    frozen = gg.tensor([1.0, 2.0])
    report = gradcheck(lambda x: gg.sin(x * w) * frozen, np.array([1.0, 2.0]), params={"w": w, "frozen": frozen})
    assert [row.name for row in report.worst] == ["x", "w"] and "frozen is not checked" in report.notes[0]
    assert [row.name for row in gradcheck(lambda: gg.sin(w), (), params=[w]).worst] == ["params[0]"]
    assert w.dtype == np.float32 and w.grad is None


def test_a_wrong_gradient_by_a_parameter_is_named():
    @gg.primitive(kind="elementwise", x=lambda g, y: g * y, y=lambda g, x: g * x * 1.01)
    def slightly_wrong(x, y):
        return x * y

    class Layer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter([2.0, 3.0])

        def forward(self, x: Any) -> Any:
            return slightly_wrong(x, self.scale)

    class Outer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Layer()

        def forward(self, x: Any) -> Any:
            return self.inner(x) + 1.0

    model = Outer()
    before = state(model)
    with pytest.raises(GradcheckError, match=r"inner.scale\[0\]: backprop") as caught:
        gradcheck_module(model, np.array([1.0, -2.0]))
    assert {f.name for f in caught.value.report.failures} == {"inner.scale"}
    assert state(model) == before


@pytest.mark.parametrize("when", [1, 3, 9, 40])
def test_everything_is_restored_after_an_exception(when):
    model = Net()
    before = state(model)
    calls = 0

    def interrupted(x: Any) -> Any:
        nonlocal calls
        calls += 1
        gg.rand(3), np.random.rand(), random.random()  # noqa: NPY002
        if calls >= when:
            raise KeyboardInterrupt
        gg.manual_seed(1)
        return model(x) * gg.rand(3)

    gg.manual_seed(12)
    random_states = gg.get_rng_state(), np.random.get_state()[1].tobytes(), random.getstate()  # noqa: NPY002
    with pytest.raises(KeyboardInterrupt):
        gradcheck(interrupted, BATCH, params=model)
    assert state(model) == before
    assert (gg.get_rng_state(), np.random.get_state()[1].tobytes(), random.getstate()) == random_states  # noqa: NPY002
    assert gg.is_grad_enabled()


def test_the_random_state_is_restored():
    gg.manual_seed(3)
    expected = gg.rand(4).numpy().copy()
    gg.manual_seed(3)

    def fn(x: Any) -> Any:
        gg.manual_seed(99)
        return x * gg.rand(4)

    gradcheck(fn, np.ones(4))
    np.testing.assert_array_equal(gg.rand(4).numpy(), expected)


def test_hooks_and_recorded_graphs_stay_connected():
    w = gg.tensor([2.0], requires_grad=True, name="w")
    seen: list[float] = []
    w.register_hook(lambda g: seen.append(g.item()))
    loss = (w * w).sum()
    assert gradcheck(lambda: w * 3, (), params={"w": w})
    assert not seen and w.grad is None
    loss.backward()
    assert seen == [4.0] and w.grad.item() == 4.0


def test_a_parameter_that_is_also_an_argument_is_one_leaf():
    w = gg.tensor([0.5, 1.0], requires_grad=True)
    report = gradcheck(lambda x, v: x * v * w, (np.ones(2), w), params={"w": w})
    assert [row.name for row in report.worst] == ["x", "w"]


def test_dropout_in_a_model_is_named():
    class Dropping(Net):
        def forward(self, x: Any) -> Any:
            return nn.functional.dropout(super().forward(x), 0.5, self.training)

    model = Dropping()
    report = gradcheck_module(model, BATCH, raise_on_failure=False)
    assert "dropout is active; call model.eval()" in report.errors[0]
    assert gradcheck_module(model.eval(), BATCH)


def test_a_function_that_changes_a_parameter():
    w = gg.tensor([1.0], requires_grad=True)

    def careless(x: Any) -> Any:
        y = x * w
        with gg.no_grad():
            w.add_(1.0)
        return y

    report = gradcheck(careless, np.ones(1), params=[w], raise_on_failure=False)
    assert "changed params[0] in place" in report.errors[0] and w.item() == 1.0


def test_what_params_may_hold():
    with pytest.raises(TypeError, match=r"params holds params\[0\], a ndarray"):
        gradcheck(lambda x: x, np.ones(2), params=[np.ones(2)])
    w = gg.tensor([1.0], requires_grad=True)
    with pytest.raises(ValueError, match="result of an operation"):
        gradcheck(lambda x: x, np.ones(2), params={"w": w * 2})
    with pytest.raises(TypeError, match=r"must be an nn\.Module"):
        gradcheck_module(gg.sin, np.ones(2))


def test_inputs_are_left_alone():
    x = gg.tensor([1.0, 2.0], requires_grad=True)
    array = x._array
    assert gradcheck(lambda x: x * x, x)
    assert x._array is array and x.grad is None and x.dtype == np.float32


def test_a_bias_before_normalisation_has_gradient_zero():
    """Its gradient is rounding errors alone, in backpropagation and in differences; neither is mistaken for more."""
    gg.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Linear(6, 3))
    report = gradcheck_module(model, (BATCH, np.array([0, 1, 2, 1, 0])), nn.CrossEntropyLoss())
    verdicts = {row.name: row.verdict for row in report.worst}
    assert verdicts["0.weight"] == verdicts["3.bias"] == "ok" and verdicts["0.bias"] in ("≈ 0", "ok")
    assert not report.notes
