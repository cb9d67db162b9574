"""``vmap`` against a loop over the examples, for every operation of the library, and with the other transforms."""

import gc
import importlib.util
import sys
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import glassgrad as gg
from glassgrad import func, nn
from glassgrad.autograd.func import batching

_spec = importlib.util.spec_from_file_location("glassgrad_samples", Path(__file__).with_name("samples") / "common.py")
samples: Any = importlib.util.module_from_spec(_spec)
sys.modules["glassgrad_samples"] = samples
_spec.loader.exec_module(samples)

RNG = np.random.default_rng(0)
A, B = RNG.standard_normal((5, 3)), RNG.standard_normal((3, 4))
SIZE = 3


def t64(value, **options):
    return gg.tensor(np.asarray(value, "float64"), **options)


def close(actual, expected):
    np.testing.assert_allclose(actual.numpy(), np.asarray(expected), rtol=1e-9, atol=1e-11)


# -- every operation --------------------------------------------------------------------------------------------------


def operations():
    for name, primitive in samples.REGISTRY.items():
        yield name, primitive.function, samples.samples_of(primitive)
    for name, make in samples.COMPOSED_SAMPLES.items():
        yield name, gg.autograd.COMPOSED[name], make(np.random.default_rng(samples.hash_of(name)))


def example(value, i):
    """Return the i-th of several values that are all different, and all inside the operation's domain."""
    if isinstance(value, list):
        return [example(v, i) for v in value]
    return value * (1 + 0.01 * i) if value.dtype.kind == "f" else value


def is_float(value):
    return all(v.dtype.kind == "f" for v in (value if isinstance(value, list) else [value]))


@pytest.mark.parametrize(("name", "function", "found"), [pytest.param(*o, id=o[0]) for o in operations()])
def test_every_operation(name, function, found):
    for sample in found:
        floats = [k for k, v in sample.inputs.items() if v is not None and is_float(v)]
        for chosen in {tuple(floats), tuple(floats[:1])} - {()}:

            def tensors(value):
                return [gg.tensor(v) for v in value] if isinstance(value, list) else gg.tensor(value)

            rest = {k: None if v is None else tensors(v) for k, v in sample.inputs.items() if k not in chosen}

            def call(*values, chosen=chosen, rest=rest, static=sample.static):
                result = function(**dict(zip(chosen, values, strict=True)), **rest, **static)
                return tuple(result) if isinstance(result, list | tuple) else (result,)

            def batch(value):
                if isinstance(value, list):
                    return [batch(v) for v in value]
                return gg.tensor(np.stack([example(value, i) for i in range(SIZE)]))

            try:
                single = [call(*(tensors(example(sample.inputs[k], i)) for k in chosen)) for i in range(SIZE)]
            except ValueError:
                continue  # the sample is one that the operation refuses
            many = func.vmap(call)(*(batch(sample.inputs[k]) for k in chosen))
            for output, parts in zip(many, zip(*single, strict=True), strict=True):
                expected = np.stack([p.numpy() for p in parts])
                assert output.shape == expected.shape and output.dtype == expected.dtype, (sample.label, chosen)
                np.testing.assert_allclose(output.numpy(), expected, rtol=1e-9, atol=1e-12, err_msg=sample.label)


def test_the_common_ones_do_not_loop(monkeypatch):
    def each(call, level):
        raise AssertionError(f"{call.primitive.name} ran once for each example")

    monkeypatch.setattr(batching, "each", each)
    layer = nn.Linear(3, 4)

    def network(x):
        hidden = gg.relu(layer(x))
        scores = gg.softmax(hidden.reshape(2, 2).T.flatten() * 2 + gg.concatenate([x[:1], x]), -1)
        return scores.sum() + gg.stack([x, x]).mean(1)[0] + gg.where(x > 0, x, 0).amax() + (x @ x) + x[[2, 0]].sum()

    x = A.astype("float32")
    expected = np.stack([network(gg.tensor(row)).numpy() for row in x])
    np.testing.assert_allclose(func.vmap(network)(gg.tensor(x)).numpy(), expected, rtol=1e-5)


# -- axes, trees, nesting ---------------------------------------------------------------------------------------------


def test_axes_in_and_out():
    x, y = RNG.standard_normal((2, 5, 3)), RNG.standard_normal((3, 5))
    close(func.vmap(lambda x, y: x * y, in_dims=(1, 1))(t64(x), t64(y)), x.swapaxes(0, 1) * y.T[:, None])
    close(func.vmap(lambda x: x * 2, in_dims=-1, out_dims=1)(t64(x)), 2 * x.transpose(2, 0, 1).swapaxes(0, 1))
    close(func.vmap(lambda x: x * 2, in_dims=0, out_dims=-1)(t64(x)), 2 * x.transpose(1, 2, 0))
    first, second = func.vmap(lambda x: (x, t64(1.0)), out_dims=(1, 0))(t64(y))
    close(first, y.T)
    assert second.tolist() == [1, 1, 1]
    shared = func.vmap(lambda x: (x, t64(1.0)), out_dims=(0, None))(t64(y))[1]
    assert shared.shape == ()


def test_trees():
    params = {"w": t64(np.stack([B] * 5)), "scale": [t64(2.0)]}
    out = func.vmap(lambda p, x: {"y": [x @ p["w"] * p["scale"][0]], "n": None}, in_dims=({"w": 0, "scale": None}, 0))(
        params, t64(A)
    )
    close(out["y"][0], 2 * A @ B)
    assert out["n"] is None


def test_nested():
    x, y = t64(A[:, 0]), t64(B[:, 0])
    outer = func.vmap(func.vmap(lambda a, b: a * b, (None, 0)), (0, None))
    close(outer(x, y), np.outer(A[:, 0], B[:, 0]))
    close(
        func.vmap(func.vmap(lambda v, w: gg.sort(v)[0] @ w, (0, None)), (None, 1))(t64(A), t64(B)),
        (np.sort(A, 1) @ B).T,
    )
    close(func.vmap(lambda row: func.vmap(lambda v: gg.exp(v) * row.sum())(row))(t64(A)), np.exp(A) * A.sum(1)[:, None])


def test_keywords_and_numbers():
    close(func.vmap(lambda x, *, k: x * k)(A, k=3.0), 3 * A)
    close(func.vmap(lambda x: x.sum())(A), A.sum(1))


# -- with the other transforms ----------------------------------------------------------------------------------------


def f(w, x):
    return (gg.tanh(x @ w) ** 2).sum() + (w**2).mean() * x[0]


def per_example(transform):
    return np.stack([transform(f)(t64(B), t64(row)).numpy() for row in A])


@pytest.mark.parametrize("name", ["grad", "jacrev", "jacfwd", "hessian"])
def test_derivatives_of_single_examples(name):
    transform = getattr(func, name)
    close(func.vmap(transform(f), in_dims=(None, 0))(t64(B), t64(A)), per_example(transform))


def test_values_products_and_aux_of_single_examples():
    value, gradient = func.vmap(func.value_and_grad(f, 1), (None, 0))(t64(B), t64(A))
    close(value, [f(t64(B), t64(row)).numpy() for row in A])
    close(gradient, [func.grad(f, 1)(t64(B), t64(row)).numpy() for row in A])
    close(
        func.vmap(lambda x, v: func.jvp(lambda x: gg.exp(x) * x, (x,), (v,))[1], (0, None))(t64(A), t64(B[:, 0])),
        np.exp(A) * (1 + A) * B[:, 0],
    )
    close(func.vmap(lambda x, u: func.vjp(gg.exp, x)[1](u)[0], (None, 0))(t64(A[0]), t64(A)), np.exp(A[0]) * A)
    close(func.vmap(lambda x: func.hvp(lambda x: (x**3).sum(), x, x)[1])(t64(A)), 6 * A**2)
    gradient, aux = func.vmap(func.grad(lambda x: ((x**2).sum(), x + 1), has_aux=True))(t64(A))
    close(gradient, 2 * A)
    close(aux, A + 1)


def test_jacobian_by_vmap():
    """The way that torch.func and JAX compute jacrev and jacfwd."""
    x, eye = t64(A[0]), t64(np.eye(3))
    expected = np.diag(np.exp(A[0]) * A[0].sum()) + np.exp(A[0])[:, None]
    close(func.jacrev(lambda x: gg.exp(x) * x.sum())(x), expected)
    close(
        func.vmap(lambda x, v: func.jvp(lambda x: gg.exp(x) * x.sum(), (x,), (v,))[1], (None, 0), 1)(x, eye), expected
    )


def test_what_an_example_does_not_depend_on():
    assert func.vmap(func.grad(lambda x: t64(3.0)))(t64(A)).tolist() == np.zeros((5, 3)).tolist()
    used = func.vmap(func.grad(lambda w, x: x.sum()), (None, 0))(t64(B), t64(A))
    assert used.shape == (5, 3, 4) and not used.numpy().any()
    assert func.vmap(func.hessian(lambda x: x.sum()))(t64(A)).shape == (5, 3, 3)


def test_gradients_flow_through_a_batch():
    w, x = t64(B, requires_grad=True), t64(A, requires_grad=True)
    out = func.vmap(lambda row: gg.sort(gg.sin(row @ w))[0][1])(x)
    out.sum().backward()
    expected = gg.grad(gg.stack([gg.sort(gg.sin(row @ w))[0][1] for row in x]).sum(), [w, x])
    close(w.grad, expected[0].numpy())
    close(x.grad, expected[1].numpy())
    second = func.grad(lambda w: (func.vmap(func.grad(f), (None, 0))(w, t64(A)) ** 2).sum())(t64(B))
    plain = func.grad(lambda w: gg.stack([(func.grad(f)(w, t64(r)) ** 2).sum() for r in A]).sum())(t64(B))
    close(second, plain.numpy())


def test_functions_and_checkpoints_inside():
    class Square(gg.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 2 * g * x

    close(func.vmap(func.grad(lambda x: Square.apply(x).sum()))(t64(A)), 2 * A)
    close(func.vmap(func.grad(lambda x: gg.checkpoint(gg.exp, x).sum()))(t64(A)), np.exp(A))


def test_losses_and_indices_that_differ_between_examples():
    labels = gg.tensor([0, 2, 1, 0, 2])
    found = func.vmap(lambda x, y: nn.functional.cross_entropy(x.reshape(1, 3), y.reshape(1)))(t64(A), labels)
    logs = A - np.log(np.exp(A).sum(1, keepdims=True))
    close(found, -logs[np.arange(5), labels.numpy()])
    close(func.vmap(lambda x, i: x[i])(t64(A), labels), A[np.arange(5), labels.numpy()])
    close(func.vmap(lambda x, i: gg.gather(x, 0, i.reshape(1)))(t64(A), labels)[:, 0], A[np.arange(5), labels.numpy()])


# -- messages ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: func.vmap(3), TypeError, "expected a function, got int"),
        (lambda: func.vmap(gg.exp)(1.0), ValueError, r"argument 0 has shape \(\), and no axis 0"),
        (lambda: func.vmap(gg.exp, in_dims=2)(gg.ones(2)), ValueError, "no axis 2"),
        (lambda: func.vmap(gg.exp, in_dims=None)(gg.ones(2)), ValueError, "no argument has an axis"),
        (lambda: func.vmap(gg.add)(gg.ones(2), gg.ones(3)), ValueError, r"differ \(argument 0: 2, argument 1: 3\)"),
        (lambda: func.vmap(gg.add, in_dims=(0,))(gg.ones(2), gg.ones(2)), ValueError, "1 entries for 2 arguments"),
        (lambda: func.vmap(gg.exp, in_dims=("x",))(gg.ones(2)), ValueError, r"in_dims\[0\] must be an integer, None"),
        (lambda: func.vmap(gg.exp)("text"), TypeError, "argument 0 must be a Tensor or an array, not str"),
        (lambda: func.vmap(lambda x: 3.0)(gg.ones(2)), TypeError, "must return Tensors.*its result is a float"),
        (lambda: func.vmap(lambda x: x, out_dims=None)(gg.ones(2)), ValueError, "differs between examples"),
        (lambda: func.vmap(lambda x: x, out_dims=1)(gg.ones(2)), ValueError, "no place 1"),
        (lambda: func.vmap(lambda x: x if x > 0 else -x)(gg.ones(2)), TypeError, "Python cannot branch.*gg.where"),
        (lambda: func.vmap(lambda x: gg.tensor(x.item()))(gg.ones(2)), TypeError, r"\.item asks for the numbers"),
        (lambda: func.vmap(lambda x: np.asarray(x))(gg.ones(2)), TypeError, "NumPy's array asks for the numbers"),
        (lambda: func.vmap(lambda x: x.add_(1))(gg.ones(2)), TypeError, r"\.add_ asks for the numbers or the memory"),
        (lambda: func.vmap(lambda x: x @ gg.ones(2))(gg.ones((2, 3))), ValueError, r"matmul: .*\(3,\)"),
        (lambda: func.vmap(lambda x: x.sum(1))(gg.ones((2, 3))), IndexError, "sum: "),
        (lambda: func.vmap(lambda x: x.nothing)(gg.ones((2, 3))), AttributeError, "no attribute 'nothing'"),
        (lambda: func.vmap(func.grad(lambda x: x))(gg.ones((2, 3))), ValueError, r"result has shape \(3,\)"),
        (lambda: func.vmap(func.grad(lambda x: x))(gg.tensor([1, 2])), TypeError, "argument 0 has dtype int64"),
    ],
)
def test_messages(call, error, message):
    with pytest.raises(error, match=message):
        call()
    assert batching.active() == ()


def test_a_wrong_rule_is_an_error_not_a_slow_answer(monkeypatch):
    def wrong(call):
        raise ValueError("the rule is wrong")

    monkeypatch.setitem(batching.RULES, "sum", wrong)
    with pytest.raises(ValueError, match=r"^the rule is wrong$"):
        func.vmap(gg.sum)(gg.zeros(2, 3))
    # What is wrong with one example by itself is said in its own words.
    with pytest.raises(IndexError, match=r"^sum: dimension 3 is out of range for a tensor of 1 dim"):
        func.vmap(lambda x: gg.sum(x, 3))(gg.zeros(2, 3))


@pytest.mark.parametrize("error", [ValueError, TypeError, IndexError])
def test_a_wrong_composed_operation_runs_once(error):
    runs = []

    @gg.autograd.composed
    def wrong(x):
        runs.append(x)
        raise error("wrong")

    with pytest.raises(error, match=r"^wrong$"):
        func.vmap(wrong)(gg.zeros(3, 2))
    assert len(runs) == 1


def test_a_composed_operation_that_reads_numbers_runs_for_each_example():
    @gg.autograd.composed
    def scaled(x):
        return x * float(x[0])

    x = gg.tensor([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(func.vmap(scaled)(x).numpy(), [[1, 2], [9, 12]])


def test_empty_batches():
    assert func.vmap(lambda x: gg.exp(x).sum())(gg.ones((0, 3))).shape == (0,)
    with pytest.raises(ValueError, match="batch of no examples"):
        func.vmap(lambda x: gg.sort(x)[0])(gg.ones((0, 3)))


# -- memory and time --------------------------------------------------------------------------------------------------


def test_no_reference_cycles():
    def work():
        func.vmap(func.grad(f), (None, 0))(t64(B), t64(A))
        func.vmap(lambda x: gg.sort(x)[0])(t64(A))

    for _ in range(3):
        work()
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(40):
            work()
        growth = tracemalloc.get_traced_memory()[0] - before
        unreachable = gc.collect()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert unreachable < 100 and growth < 500_000


@pytest.mark.slow
def test_a_batch_is_faster_than_a_loop():
    rows = t64(RNG.standard_normal((256, 3)))
    gradient = func.grad(f)

    def seconds(work):
        work()
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    batch = min(seconds(lambda: func.vmap(gradient, (None, 0))(t64(B), rows)) for _ in range(3))
    one_by_one = seconds(lambda: [gradient(t64(B), row) for row in rows])
    assert batch < one_by_one / 10
