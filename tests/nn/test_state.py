"""state_dict and load_state_dict: copies, names, all or nothing."""

import numpy as np
import pytest

import glassgrad as gg
from glassgrad import nn


def network():
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3))


def snapshot(model):
    return {name: value.numpy(copy=True) for name, value in model.state_dict().items()}


def equal(a, b):
    return a.keys() == b.keys() and all(np.array_equal(a[n], b[n]) for n in a)


def test_round_trip():
    first, second = network(), network()
    first(gg.randn(4, 1, 4, 4))
    assert not equal(snapshot(first), snapshot(second))
    fit = second.load_state_dict(first.state_dict())
    assert fit == ([], []) and equal(snapshot(first), snapshot(second))
    assert second[1].num_batches_tracked.item() == 1
    x = gg.randn(2, 1, 4, 4)
    assert np.array_equal(first.eval()(x).numpy(), second.eval()(x).numpy())


def test_a_state_is_a_copy_without_graph():
    model = nn.Linear(2, 2)
    state = model.state_dict()
    kept = state["weight"].numpy(copy=True)
    with gg.no_grad():
        model.weight.zero_()
    assert np.array_equal(state["weight"].numpy(), kept) and not state["weight"].requires_grad


def test_loading_keeps_the_parameters_and_their_dtype():
    model = nn.Linear(2, 1).double()
    weight = model.weight
    model.load_state_dict({"weight": np.ones((1, 2), np.float32), "bias": gg.tensor([3])})
    assert model.weight is weight and weight.dtype == np.float64
    assert weight.numpy().tolist() == [[1.0, 1.0]] and model.bias.item() == 3.0


def test_every_problem_is_listed_and_nothing_is_loaded():
    model = network()
    before = snapshot(model)
    state = model.state_dict()
    del state["0.bias"], state["3.weight"]
    state["head.weight"] = gg.zeros(1)
    state["0.weight"] = gg.zeros(3, 1, 3, 3)
    state["1.running_mean"] = gg.zeros(5)
    state["1.num_batches_tracked"] = gg.tensor(0.5)
    state["1.weight"] = "text"
    state["3.bias"] = gg.ones(3)
    with pytest.raises(RuntimeError) as caught:
        model.load_state_dict(state)
    assert str(caught.value) == (
        "Sequential.load_state_dict: the state does not fit; nothing was loaded\n"
        "  missing: 0.bias, 3.weight\n"
        "  unexpected: head.weight\n"
        "  mismatched: 0.weight has shape (3, 1, 3, 3) in the state, (2, 1, 3, 3) in the module; "
        "1.weight is a str in the state, not a Tensor, and cannot be read as one: it is no number; "
        "1.running_mean has shape (5,) in the state, (2,) in the module; "
        "1.num_batches_tracked has dtype float32 in the state, int64 in the module"
    )
    assert equal(snapshot(model), before)


def test_not_strict_passes_over_names_but_not_shapes():
    model = nn.Linear(2, 2)
    fit = model.load_state_dict({"weight": gg.ones(2, 2), "extra": gg.zeros(1)}, strict=False)
    assert fit.missing_keys == ["bias"] and fit.unexpected_keys == ["extra"]
    assert model.weight.numpy().tolist() == [[1.0, 1.0], [1.0, 1.0]]
    with pytest.raises(RuntimeError, match="mismatched: weight has shape"):
        model.load_state_dict({"weight": gg.ones(3, 2)}, strict=False)


def test_shared_parameters_stand_under_every_name():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model[1].weight = model[0].weight
    assert list(model.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]
    state = model.state_dict()
    model.load_state_dict(state)
    state["1.weight"] = gg.full((2, 2), 7.0)
    with pytest.raises(RuntimeError, match=r"1\.weight shares one tensor with 0\.weight, but the state has different"):
        model.load_state_dict(state)


def test_a_state_may_hold_the_model_itself():
    """Values are read before anything is overwritten."""
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    a, b = model[0].weight.numpy(copy=True), model[1].weight.numpy(copy=True)
    first, second = model
    swapped = {"0.weight": second.weight, "1.weight": first.weight, "0.bias": first.bias, "1.bias": second.bias}
    model.load_state_dict(swapped)
    assert np.array_equal(model[0].weight.numpy(), b) and np.array_equal(model[1].weight.numpy(), a)


def test_only_a_mapping_is_a_state():
    with pytest.raises(TypeError, match="expected a mapping of names to tensors, got list"):
        nn.Linear(1, 1).load_state_dict([])


def test_a_module_given_for_its_state_is_told_so():
    with pytest.raises(TypeError, match=r"got Linear; give its state_dict\(\)"):
        nn.Linear(1, 1).load_state_dict(nn.Linear(1, 1))


def test_numbers_and_arrays_are_read():
    layer = nn.Linear(2, 1)
    layer.load_state_dict({"weight": [[1.0, 2.0]], "bias": np.float64(3.0).reshape(1)})
    assert layer.weight.tolist() == [[1, 2]] and layer.bias.tolist() == [3]


class FromElsewhere:
    """A tensor of another library: it gives arrays."""

    __module__ = "elsewhere.arrays"

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        if self.values is None:
            raise ValueError("the values are on Mars")
        return np.array(self.values, np.float32)


def test_tensors_of_other_libraries_are_read_or_named():
    layer = nn.Linear(2, 1)
    layer.load_state_dict({"weight": FromElsewhere([[1, 2]]), "bias": FromElsewhere([4])})
    assert layer.weight.tolist() == [[1, 2]]
    with pytest.raises(
        RuntimeError,
        match=r"weight is an elsewhere\.FromElsewhere in the state, not a Tensor, .*: the values are on Mars",
    ):
        layer.load_state_dict({"weight": FromElsewhere(None), "bias": [0.0]})
    assert layer.weight.tolist() == [[1, 2]] and layer.bias.tolist() == [4], "all or nothing"
