"""The transforms against torch.func, on the same functions and trees; checkpoints against torch.utils.checkpoint."""

import numpy as np
import pytest
import torch
from torch.utils.checkpoint import checkpoint as torch_checkpoint

import glassgrad as gg

pytestmark = pytest.mark.oracle

RNG = np.random.default_rng(1)
DATA = {
    "w1": RNG.standard_normal((4, 3)), "b1": RNG.standard_normal(4), "w2": RNG.standard_normal((2, 4)),
    "x": RNG.standard_normal((5, 3)), "v": RNG.standard_normal(3),
}  # fmt: skip


def mlp(lib, params, x):
    hidden = lib.tanh(x @ params["first"]["w"].T + params["first"]["b"])
    return hidden @ params["second"][0].T


def loss(lib):
    return lambda params, x: (lib.softmax(mlp(lib, params, x), -1) ** 2).sum() + (x * x).mean()


def outputs(lib):
    return lambda params, x: {"out": mlp(lib, params, x), "sums": [x.sum(0), lib.exp(x).sum()]}


def vector(lib):
    return lambda x: lib.stack([lib.sin(x[0]) * x[1], lib.exp(x).sum(), x[2] ** 3 / (1 + x[0] ** 2)])


def number(lib):
    return lambda x: (vector(lib)(x) ** 2).sum() + x[0] * x[1] * x[2]


def trees(make):
    params = {"first": {"w": make(DATA["w1"]), "b": make(DATA["b1"])}, "second": (make(DATA["w2"]),)}
    return params, make(DATA["x"])


def ours(value):
    return gg.tensor(np.asarray(value))


def theirs(value):
    return torch.tensor(np.asarray(value))


def same(a, b):
    """Compare two trees: ours and PyTorch's."""
    if isinstance(b, dict):
        assert isinstance(a, dict) and set(a) == set(b)
        for key in b:
            same(a[key], b[key])
    elif isinstance(b, list | tuple):
        assert isinstance(a, list | tuple) and len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            same(x, y)
    else:
        assert a.shape == tuple(b.shape) and str(a.dtype) == str(b.dtype).removeprefix("torch.")
        np.testing.assert_allclose(a.numpy(), b.detach().numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("argnums", [0, 1, -1, (0,), (1, 0)])
def test_grad_and_value(argnums):
    for name, order in (("grad", 1), ("grad_and_value", -1)):
        mine = getattr(gg.func, "grad" if order == 1 else "value_and_grad")(loss(gg), argnums)(*trees(ours))
        expected = getattr(torch.func, name)(loss(torch), argnums)(*trees(theirs))
        same(mine, expected[::order] if order == -1 else expected)


@pytest.mark.parametrize("name", ["jacrev", "jacfwd"])
@pytest.mark.parametrize("argnums", [0, 1, (0, 1)])
def test_jacobians_of_trees(name, argnums):
    mine = getattr(gg.func, name)(outputs(gg), argnums)(*trees(ours))
    same(mine, getattr(torch.func, name)(outputs(torch), argnums)(*trees(theirs)))


@pytest.mark.parametrize("argnums", [1, (0, 1)])
def test_hessian_of_trees(argnums):
    same(gg.func.hessian(loss(gg), argnums)(*trees(ours)), torch.func.hessian(loss(torch), argnums)(*trees(theirs)))


def test_products():
    params, x = trees(ours)
    tparams, tx = trees(theirs)
    expected = torch.func.jvp(outputs(torch), (tparams, tx), (tparams, tx))
    same(gg.func.jvp(outputs(gg), (params, x), (params, x)), expected)
    out, pull = gg.func.vjp(outputs(gg), params, x)
    tout, tpull = torch.func.vjp(outputs(torch), tparams, tx)
    same(pull(out), tpull(tout))
    out, push = gg.func.linearize(outputs(gg), params, x)
    tout, tpush = torch.func.linearize(outputs(torch), tparams, tx)
    same(push(params, x), tpush(tparams, tx))
    x, v = DATA["v"], DATA["x"][0]
    same(gg.func.hvp(number(gg), ours(x), ours(v)), torch.autograd.functional.hvp(number(torch), theirs(x), theirs(v)))


NESTED = {
    "grad of grad": lambda F, lib: F.grad(lambda x: (F.grad(number(lib))(x) * x).sum()),
    "grad of jvp": lambda F, lib: F.grad(lambda x: F.jvp(number(lib), (x,), (x,))[1]),
    "jvp of grad": lambda F, lib: lambda x: F.jvp(F.grad(number(lib)), (x,), (x,)),
    "jvp of jvp": lambda F, lib: lambda x: F.jvp(lambda x: F.jvp(vector(lib), (x,), (x,))[1], (x,), (x,)),
    "jacrev of jacrev": lambda F, lib: F.jacrev(F.jacrev(vector(lib))),
    "jacfwd of jacrev": lambda F, lib: F.jacfwd(F.jacrev(vector(lib))),
    "jacrev of jacfwd": lambda F, lib: F.jacrev(F.jacfwd(vector(lib))),
    "jacfwd of jacfwd": lambda F, lib: F.jacfwd(F.jacfwd(vector(lib))),
    "jacrev of hessian": lambda F, lib: F.jacrev(F.hessian(number(lib))),
    "inner and outer": lambda F, lib: F.grad(lambda x: F.grad(lambda y: (lib.sin(x * y) * y).sum())(x).sum()),
}


@pytest.mark.parametrize("make", NESTED.values(), ids=list(NESTED))
def test_nested(make):
    same(make(gg.func, gg)(ours(DATA["v"])), make(torch.func, torch)(theirs(DATA["v"])))


@pytest.mark.parametrize("transform", ["grad", "jacrev", "jacfwd"])
def test_connected_to_the_outside(transform):
    def run(lib, F, make):
        x, w = make(DATA["v"]).requires_grad_(True), make(DATA["b1"][:3]).requires_grad_(True)
        f = (lambda x: (lib.sin(x * w) * x).sum()) if transform == "grad" else (lambda x: lib.sin(x * w) * x)
        (getattr(F, transform)(f)(x) ** 2).sum().backward()
        return [x.grad, w.grad]

    same(run(gg, gg.func, ours), run(torch, torch.func, theirs))


def test_errors_where_pytorch_has_them():
    for F, make, lib in ((gg.func, ours, gg), (torch.func, theirs, torch)):
        x = make(DATA["v"])
        for wrong in (
            lambda F=F, lib=lib, x=x: F.grad(lib.exp)(x), lambda F=F, x=x: F.grad(lambda x: 3.0)(x),
            lambda F=F, x=x: F.grad(lambda x: x.sum(), 1)(x), lambda F=F, lib=lib, x=x: F.jvp(lib.exp, (x,), (x, x)),
            lambda F=F, lib=lib, x=x: F.jvp(lib.exp, (x,), (x[:2],)), lambda F=F, lib=lib, x=x: F.jvp(lib.exp, x, x),
            lambda F=F, lib=lib, x=x: F.vjp(lib.exp, x)[1]((x, x)),
            lambda F=F, make=make: F.grad(lambda y: y * 1.0)(make(3)),
        ):  # fmt: skip
            with pytest.raises((ValueError, TypeError, RuntimeError, IndexError, AssertionError)):
                wrong()


def test_checkpoint():
    def run(lib, checkpoint, make):
        x, w = make(DATA["x"]).requires_grad_(True), make(DATA["w1"]).requires_grad_(True)

        def block(x, scale):
            return {"a": lib.tanh(x @ w.T) * scale, "b": [x.sum()]}

        out = checkpoint(block, x, scale=2.0, use_reentrant=False)
        ((out["a"] ** 3).sum() + out["b"][0] ** 2).backward()
        return [x.grad, w.grad]

    same(run(gg, gg.checkpoint, ours), run(torch, torch_checkpoint, theirs))


def test_second_order_through_checkpoint():
    def run(lib, checkpoint, grad, make):
        x, w = make(DATA["x"]).requires_grad_(True), make(DATA["w1"]).requires_grad_(True)
        y = checkpoint(lambda x: lib.tanh(x @ w.T), x, use_reentrant=False)
        (first,) = grad((y**2).sum(), [x], create_graph=True)
        return list(grad((first**2).sum(), [x, w]))

    same(run(gg, gg.checkpoint, gg.grad, ours), run(torch, torch_checkpoint, torch.autograd.grad, theirs))


# -- vmap -------------------------------------------------------------------------------------------------------------

BATCHED = {
    "values": lambda F, lib: F.vmap(vector(lib)),
    "columns": lambda F, lib: F.vmap(lambda x: lib.exp(x[:3]) * x.sum(), in_dims=1, out_dims=1),
    "last axis": lambda F, lib: F.vmap(lambda x: lib.outer(x, x), in_dims=-1, out_dims=-1),
    "nested": lambda F, lib: F.vmap(F.vmap(lambda x: lib.sin(x) * 2)),
    "gradients": lambda F, lib: F.vmap(F.grad(number(lib))),
    "Jacobians": lambda F, lib: F.vmap(F.jacrev(vector(lib))),
    "Jacobians forward": lambda F, lib: F.vmap(F.jacfwd(vector(lib)), out_dims=2),
    "Hessians": lambda F, lib: F.vmap(F.hessian(number(lib))),
    "tangents": lambda F, lib: F.vmap(lambda x: F.jvp(vector(lib), (x,), (x,))),
    "gradient of values": lambda F, lib: F.grad(lambda x: (F.vmap(number(lib))(x) ** 2).sum()),
    "Jacobian of values": lambda F, lib: F.jacrev(F.vmap(number(lib))),
    "second order": lambda F, lib: F.grad(lambda x: (F.vmap(F.grad(number(lib)))(x) ** 2).sum()),
    "sorted": lambda F, lib: F.vmap(F.grad(lambda x: (lib.sort(x)[0] * lib.cumsum(x, 0)).sum())),
    "matrices": lambda F, lib: F.vmap(lambda x: lib.linalg.det(lib.outer(x, x) + lib.eye(3, dtype=x.dtype)) * x),
    "where": lambda F, lib: F.vmap(F.grad(lambda x: lib.where(x > 0, x * x, -x).sum())),
    "selected": lambda F, lib: F.vmap(lambda x: lib.stack([x[[2, 0]].sum(), x.max(), x.reshape(3, 1).mean()])),
}


@pytest.mark.parametrize("make", BATCHED.values(), ids=list(BATCHED))
def test_vmap(make):
    same(make(gg.func, gg)(ours(DATA["x"])), make(torch.func, torch)(theirs(DATA["x"])))


def test_gradients_of_single_examples_over_trees():
    for argnums in (0, (0, 1)):
        mine = gg.func.vmap(gg.func.grad(loss(gg), argnums), in_dims=(None, 0))
        expected = torch.func.vmap(torch.func.grad(loss(torch), argnums), in_dims=(None, 0))
        params, x = trees(ours)
        tparams, tx = trees(theirs)
        same(mine(params, x), expected(tparams, tx))
