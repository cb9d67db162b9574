"""How an array lies in memory changes nothing: values and gradients are those of a plain contiguous copy.

Any operation, any of its samples, each input in a layout of its own: Fortran order, strided, reversed, read-only,
offset, and, through ``gg.tensor``, the byte order of another machine.
"""

from typing import Any

import glassgrad_samples as samples
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import glassgrad as gg


def fortran(array: np.ndarray) -> np.ndarray:
    return np.array(array, order="F")


def strided(array: np.ndarray) -> np.ndarray:
    wide = np.full((*array.shape, 3), 77, array.dtype)
    wide[..., 1] = array
    return wide[..., 1]


def reversed_(array: np.ndarray) -> np.ndarray:
    turn = (slice(None, None, -1),) * array.ndim
    return array[turn].copy()[turn] if array.ndim else array


def read_only(array: np.ndarray) -> np.ndarray:
    copy = np.array(array)
    copy.flags.writeable = False
    return copy


def offset(array: np.ndarray) -> np.ndarray:
    """Return the values at an address that is a multiple of the item's size only."""
    room = np.empty(array.size + 1, array.dtype)
    room[1:] = array.ravel()
    return room[1:].reshape(array.shape)


def transposed(array: np.ndarray) -> np.ndarray:
    return np.array(array.T, order="C").T


def foreign(array: np.ndarray) -> np.ndarray:
    return array.astype(array.dtype.newbyteorder())


LAYOUTS = st.sampled_from((fortran, strided, reversed_, read_only, offset, transposed))
CASES = st.sampled_from(
    [(p, s) for p in samples.REGISTRY.values() for s in samples.samples_of(p)]
    + [(c.values[0], c.values[1]) for c in samples.composed_cases()]
)


def run(operation: Any, handles: dict[str, Any], static: dict[str, Any]) -> list[np.ndarray]:
    """Return the outputs, and the gradients of their weighted sum."""
    results = samples.outputs(operation.function(**handles, **static))
    found = [np.array(r.numpy()) for r in results]
    smooth = [r for r in results if r.requires_grad]
    if smooth:
        rng = np.random.default_rng(0)
        weights = [gg.tensor(rng.standard_normal(r.shape), dtype=r.dtype) for r in smooth]
        found += [g.numpy() for g in gg.grad(smooth, samples.leaves(handles), weights, materialize_grads=True)]
    return found


def close(actual: list[np.ndarray], expected: list[np.ndarray]) -> None:
    for a, e in zip(actual, expected, strict=True):
        assert a.shape == e.shape and a.dtype == e.dtype
        np.testing.assert_allclose(a, e, rtol=1e-10, atol=1e-12)


@settings(max_examples=600)
@given(CASES, st.data())
def test_layouts_of_memory(case, data):
    operation, sample = case
    plain = samples.prepared(sample, "float64")

    def lay(value: Any) -> Any:
        if value is None:
            return None
        return [lay(v) for v in value] if isinstance(value, list) else data.draw(LAYOUTS)(value)

    moved = {name: lay(value) for name, value in plain.items()}
    before = samples.flat({n: [v.copy() for v in samples.flat({n: a})] for n, a in moved.items()})
    expected = run(operation, samples.tensors(operation, plain), sample.static)
    close(run(operation, samples.tensors(operation, moved), sample.static), expected)
    for kept, array in zip(before, samples.flat(moved), strict=True):
        np.testing.assert_array_equal(array, kept, err_msg="an input was changed")


@settings(max_examples=150)
@given(CASES)
def test_foreign_byte_order(case):
    """Files of other machines hold such arrays; ``gg.tensor`` takes them, and so does every operation."""
    operation, sample = case
    plain = samples.prepared(sample, "float64")

    def taken(name: str, value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, list):
            return [taken(name, v) for v in value]
        wanted = name in operation.differentiable and value.dtype.kind == "f"
        return gg.tensor(foreign(value), requires_grad=wanted)

    handles = {name: taken(name, value) for name, value in plain.items()}
    assert all(t.dtype.isnative for t in samples.flat(handles))
    close(run(operation, handles, sample.static), run(operation, samples.tensors(operation, plain), sample.static))
