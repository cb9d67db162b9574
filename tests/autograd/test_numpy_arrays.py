"""NumPy's functions that have no counterpart here, and other libraries, on tensors that are in no graph.

They see arrays: what they return is what they return for the array. A tensor that requires grad is refused.
"""

import io
import operator
from typing import Any

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

import glassgrad as gg
from glassgrad.autograd.numpy_protocol import functions

matplotlib.use("Agg")

A = np.array([0.5, 1.5, 2.5, 0.25])


def saved(function: Any, *args: Any, **kwargs: Any) -> Any:
    file = io.BytesIO()
    function(file, *args, **kwargs)
    file.seek(0)
    loaded = np.load(file)
    return {k: loaded[k] for k in loaded} if hasattr(loaded, "files") else loaded


def added(x: Any) -> Any:
    total = np.ones(4)
    total += x
    np.add.at(total, [0, 1, 2, 3], x)
    np.copyto(total[:1], x[:1])
    return total


CALLS = {
    "histogram": lambda x: np.histogram(x, 3), "histogram of weights": lambda x: np.histogram(x, 2, weights=x),
    "interp": lambda x: np.interp(x, [0, 1, 2], [0, 10, 20]), "table": lambda x: np.interp([0.6], x[:3], x[1:]),
    "linspace": lambda x: np.linspace(x[0], x[1], 5), "geomspace": lambda x: np.geomspace(x[0], x[2], 3),
    "digitize": lambda x: np.digitize(x, [1, 2]), "partition": lambda x: np.partition(x, 1),
    "fft": np.fft.fft, "convolve": lambda x: np.convolve(x, x), "polyfit": lambda x: np.polyfit(x, x, 1),
    "polyval": lambda x: np.polyval([1, 2], x), "repr": lambda x: np.array_repr(x), "str": np.array2string,
    "save": lambda x: saved(np.save, x), "savez": lambda x: saved(np.savez, a=x, b=x[0]),
    "insert": lambda x: np.insert(x, 0, 9.0), "piecewise": lambda x: np.piecewise(x, [x > 1], [0, 1]),
    "spacing": np.spacing, "modf": np.modf, "frexp": np.frexp, "nextafter": lambda x: np.nextafter(x, 9),
    "eig": lambda x: np.linalg.eigvals(x.reshape(2, 2)), "out": lambda x: np.add(x, x, out=np.zeros(4)),
    "where": lambda x: np.sum(x, where=np.array([True, False, True, True])),
    "initial": lambda x: np.add.reduce(x, initial=2.0), "reduceat": lambda x: np.add.reduceat(x, [0, 2]),
    "dtype": lambda x: np.exp(x, dtype="f8"), "weights": lambda x: np.quantile(x, 0.5, method="lower"),
    "list": lambda x: np.lexsort([x, x]), "change": added, "result_type": lambda x: np.result_type(x, 1),
    "share": lambda x: np.may_share_memory(x, x), "apart": lambda x: np.shares_memory(x, np.ones(4)),
    "real": np.isrealobj, "shape": np.shape, "ndim": np.ndim, "size": np.size, "iterable": np.iterable,
    "allclose": lambda x: np.allclose(x, x), "close": lambda x: np.testing.assert_allclose(x, x),
    "equal": lambda x: np.testing.assert_array_equal(x, A), "less": lambda x: np.testing.assert_array_less(x, 9),
    "subtype": lambda x: np.issubdtype(x.dtype, np.floating), "apply": lambda x: np.apply_along_axis(sum, 0, x),
    "choice": lambda x: np.random.default_rng(0).choice(x, 3), "masked": lambda x: np.ma.masked_array(x).sum(),
    "round": lambda x: np.round(x > 1),
}  # fmt: skip


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        value = list(value.values())
    return [v for item in value for v in leaves(item)] if isinstance(value, list | tuple) else [value]


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_tensors_in_no_graph_are_arrays(name, dtype):
    array = A.astype(dtype)
    got, want = leaves(CALLS[name](gg.tensor(array))), leaves(CALLS[name](array))
    for g, w in zip(got, want, strict=True):
        assert type(g) is type(w) or isinstance(g, gg.Tensor) or np.ndim(w) == 0
        np.testing.assert_array_equal(np.asarray(g), w)
        assert not isinstance(w, np.ndarray) or np.asarray(g).dtype == w.dtype


@pytest.mark.parametrize("name", ["histogram", "table", "fft", "savez", "modf", "out", "where", "list", "change"])
def test_tensors_in_a_graph_are_refused(name):
    leaf = gg.tensor(A, requires_grad=True)
    for x in (leaf, leaf * 2):
        with pytest.raises(TypeError, match=r"no differentiable counterpart|takes no|drop its gradient unseen"):
            CALLS[name](x)
    with gg.no_grad():
        CALLS[name](leaf)
    CALLS[name](leaf.detach())


def test_one_tensor_in_a_graph_is_enough():
    plain, leaf = gg.tensor(A), gg.tensor(A, requires_grad=True)
    for call in (
        lambda: np.interp(plain, plain, leaf),
        lambda: np.lexsort([plain, leaf]),
        lambda: np.savez(io.BytesIO(), a=plain, b=leaf),
        lambda: np.hypot.at(plain.numpy(copy=True), [0], leaf[:1]),
        lambda: operator.iadd(A.copy(), leaf),
    ):
        with pytest.raises(TypeError, match=r"no differentiable counterpart|takes no|drop its gradient"):
            call()


@pytest.mark.parametrize(
    "write",
    [
        lambda t: np.copyto(t, A), lambda t: np.put(t, 0, 1.0), lambda t: np.add(A, A, out=t),
        lambda t: np.fill_diagonal(t.reshape(2, 2), 0.0), lambda t: np.place(t, A > 1, [0.0]),
    ],
)  # fmt: skip
def test_numpy_writes_into_no_tensor(write):
    """It would be neither dated nor seen."""
    t = gg.tensor(A)
    with pytest.raises(TypeError, match=r"cannot write into a tensor.*x\[\.\.\.\] = values.*numpy\(copy=True\)"):
        write(t)
    assert t.tolist() == A.tolist()


def test_every_function_without_an_entry_takes_arrays():
    """For as many arguments as work with an array; the answer is NumPy's, or NumPy's error."""
    seen = 0
    for module in (np, np.linalg, np.fft):
        for function in vars(module).values():
            if not hasattr(function, "_implementation") or function in functions.FUNCTIONS:
                continue
            for count in (1, 2, 3):
                try:
                    want = leaves(function(*[A.reshape(2, 2).copy()] * count))
                except Exception:  # not with so many arguments
                    continue
                if function.__name__ in ("fill_diagonal", "save", "copyto", "put", "putmask", "place"):
                    continue
                got = leaves(function(*[gg.tensor(A.reshape(2, 2))] * count))
                for g, w in zip(got, want, strict=True):
                    np.testing.assert_array_equal(np.asarray(g), np.asarray(w), function.__name__)
                seen += 1
                break
    assert seen > 30


# -- matplotlib --------------------------------------------------------------------------------------------------------

X, Y, IMAGE = gg.arange(6.0), gg.arange(6.0) ** 2, gg.arange(36.0).reshape(6, 6)
PLOTS = {
    "plot": lambda ax: ax.plot(X, Y), "columns": lambda ax: ax.plot(IMAGE), "values alone": lambda ax: ax.plot(Y),
    "set_ydata": lambda ax: ax.plot([1, 2], [1, 2])[0].set_ydata(gg.ones(2)),
    "set_data": lambda ax: ax.plot(X, Y)[0].set_data(Y, X), "scatter": lambda ax: ax.scatter(X, Y, c=X, s=Y),
    "bar": lambda ax: ax.bar(X, Y), "hist": lambda ax: ax.hist(Y), "hist2d": lambda ax: ax.hist2d(X, Y),
    "imshow": lambda ax: ax.imshow(IMAGE), "errorbar": lambda ax: ax.errorbar(X, Y, yerr=X),
    "fill_between": lambda ax: ax.fill_between(X, Y, X), "contourf": lambda ax: ax.contourf(IMAGE),
    "pcolormesh": lambda ax: ax.pcolormesh(IMAGE), "step": lambda ax: ax.step(X, Y), "stem": lambda ax: ax.stem(X, Y),
    "boxplot": lambda ax: ax.boxplot(IMAGE), "violinplot": lambda ax: ax.violinplot(IMAGE),
    "quiver": lambda ax: ax.quiver(X, X, Y, Y), "semilogy": lambda ax: ax.semilogy(X, Y + 1),
    "axhline": lambda ax: ax.axhline(Y[1]), "hlines": lambda ax: ax.hlines(Y, 0, 1),
    "text": lambda ax: ax.text(X[0], Y[1], "here"), "limits": lambda ax: ax.set_xlim(X[0], X[5]),
    "ticks": lambda ax: ax.set_xticks(X), "hexbin": lambda ax: ax.hexbin(X, Y), "pie": lambda ax: ax.pie(Y + 1),
    "stackplot": lambda ax: ax.stackplot(X, Y, Y), "stairs": lambda ax: ax.stairs(Y), "fill": lambda ax: ax.fill(X, Y),
}  # fmt: skip


@pytest.mark.parametrize("name", PLOTS)
def test_plots(name):
    figure, ax = plt.subplots(figsize=(1, 1), dpi=20)
    PLOTS[name](ax)
    figure.canvas.draw()
    plt.close(figure)


def test_plots_in_space():
    figure, ax = plt.subplots(figsize=(1, 1), dpi=20, subplot_kw={"projection": "3d"})
    ax.plot(X, X, Y)
    ax.scatter(X, X, Y)
    ax.plot_surface(IMAGE, IMAGE.T, IMAGE)
    figure.canvas.draw()
    plt.close(figure)


def test_a_line_shows_the_values():
    figure, ax = plt.subplots()
    (line,) = ax.plot(X, Y)
    np.testing.assert_array_equal(line.get_xydata(), np.stack([X.numpy(), Y.numpy()], 1))
    plt.close(figure)
    with pytest.raises((TypeError, RuntimeError), match=r"detach\(\)"):
        ax.plot(gg.ones(3, requires_grad=True))
