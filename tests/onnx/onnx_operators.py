"""ONNX's operators written with this library's functions: what the attributes and inputs of a node mean here.

A function gets the node's inputs (tensors, ``None`` where left out), its attributes and the version of the operator
set, and gives the output or a tuple of outputs. What has no counterpart raises ``UnsupportedError`` with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import glassgrad as gg


class UnsupportedError(Exception):
    """The node uses something that the library does not have; the message is the reason."""


class _Names:
    """A module whose missing names say so by an UnsupportedError."""

    def __init__(self, module: Any) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        try:
            return getattr(self._module, name)
        except AttributeError:
            raise UnsupportedError(f"no {name}") from None


G = _Names(gg)
F = _Names(gg.nn.functional)
OPERATORS: dict[str, Callable[..., Any]] = {}
# Inputs that have a gradient, where it is not every floating-point input.
DIFFERENTIABLE: dict[str, tuple[int, ...]] = {}


def onnx(*names: str, differentiable: tuple[int, ...] | None = None) -> Callable[[Any], Any]:
    """Enter a function as the meaning of operators."""

    def enter(function: Any) -> Any:
        for name in names:
            OPERATORS[name] = function
            if differentiable is not None:
                DIFFERENTIABLE[name] = differentiable
        return function

    return enter


def ints(value: Any) -> list[int] | None:
    """Return an integer tensor as a list of numbers."""
    return None if value is None else [int(v) for v in np.asarray(value).reshape(-1)]


def number(value: Any) -> Any:
    """Return a one-element tensor as a number."""
    return None if value is None else np.asarray(value).reshape(-1)[0].item()


def tensor(value: Any) -> Any:
    """Return a tensor of these values."""
    return gg.tensor(np.asarray(value))


def given(inputs: list[Any], i: int) -> Any:
    """Return an input, or ``None`` if it is left out."""
    return inputs[i] if i < len(inputs) else None


def is_float(x: Any) -> bool:
    """Return whether a tensor is floating-point."""
    return (x.dtype if hasattr(x, "dtype") else np.asarray(x).dtype).kind == "f"


# -- elementwise -------------------------------------------------------------------------------------------------


def _plain(name: str, function: str, differentiable: tuple[int, ...] | None = None, source: Any = G) -> None:
    onnx(name, differentiable=differentiable)(lambda inputs, attributes, opset: getattr(source, function)(*inputs))


for _name, _function in {
    "Abs": "abs", "Acos": "acos", "Acosh": "acosh", "Asin": "asin", "Asinh": "asinh", "Atan": "atan",
    "Atanh": "atanh", "Ceil": "ceil", "Cos": "cos", "Cosh": "cosh", "Erf": "erf", "Exp": "exp", "Floor": "floor",
    "IsNaN": "isnan", "Log": "log", "Neg": "negative", "Not": "logical_not", "Reciprocal": "reciprocal",
    "Round": "round", "Sigmoid": "sigmoid", "Sign": "sign", "Sin": "sin", "Sinh": "sinh", "Sqrt": "sqrt",
    "Tan": "tan", "Tanh": "tanh", "Relu": "relu", "Identity": "clone", "Add": "add", "Sub": "subtract",
    "Mul": "multiply", "And": "logical_and", "Or": "logical_or", "Xor": "logical_xor", "Where": "where",
    "MatMul": "matmul", "BitwiseAnd": "bitwise_and", "BitwiseOr": "bitwise_or", "BitwiseXor": "bitwise_xor",
    "BitwiseNot": "bitwise_not", "NonZero": "nonzero", "Det": "det",
}.items():  # fmt: skip
    _plain(_name, _function)
for _name in ("Softplus", "Softsign", "Mish", "HardSwish"):
    _plain(_name, _name.lower(), source=F)
OPERATORS["NonZero"] = lambda inputs, attributes, opset: gg.transpose(G.nonzero(inputs[0]), 0, 1)
OPERATORS["Det"] = lambda inputs, attributes, opset: _Names(G.linalg).det(inputs[0])


@onnx("Greater")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return inputs[0] > inputs[1]


@onnx("GreaterOrEqual")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return inputs[0] >= inputs[1]


@onnx("Less")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return inputs[0] < inputs[1]


@onnx("LessOrEqual")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return inputs[0] <= inputs[1]


@onnx("Equal")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return inputs[0] == inputs[1]


@onnx("Div")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    if is_float(inputs[0]):
        return inputs[0] / inputs[1]
    return G.divide(*inputs, rounding_mode="trunc")


@onnx("Mod")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return G.fmod(*inputs) if attributes.get("fmod") else G.remainder(*inputs)


@onnx("BitShift")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return (G.bitwise_left_shift if attributes["direction"] == "LEFT" else G.bitwise_right_shift)(*inputs)


@onnx("Pow")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    x, y = inputs
    return gg.pow(x, y if is_float(x) == is_float(y) else y.to(x.dtype) if is_float(x) else y).to(x.dtype)


@onnx("Max")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return _folded(G.maximum, inputs)


@onnx("Min")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return _folded(G.minimum, inputs)


@onnx("Sum")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return _folded(G.add, inputs)


@onnx("Mean")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return _folded(G.add, inputs) / len(inputs)


def _folded(function: Any, inputs: list[Any]) -> Any:
    out = inputs[0]
    for x in inputs[1:]:
        out = function(out, x)
    return out if len(inputs) > 1 else gg.clone(out)


@onnx("Clip", differentiable=(0,))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    low, high = (number(given(inputs, i)) if opset >= 11 else attributes.get(n) for i, n in ((1, "min"), (2, "max")))
    return gg.clone(inputs[0]) if low is None and high is None else G.clamp(inputs[0], low, high)


@onnx("IsInf")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    positive, negative = attributes.get("detect_positive", 1), attributes.get("detect_negative", 1)
    if positive and negative:
        return G.isinf(inputs[0])
    return (G.isposinf if positive else G.isneginf)(inputs[0])


@onnx("Elu")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return F.elu(inputs[0], attributes.get("alpha", 1.0))


@onnx("Celu")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return F.celu(inputs[0], attributes.get("alpha", 1.0))


@onnx("Selu")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    if "alpha" not in attributes and "gamma" not in attributes:
        return F.selu(inputs[0])
    return attributes["gamma"] * F.elu(inputs[0], attributes["alpha"])


@onnx("LeakyRelu")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return F.leaky_relu(inputs[0], attributes.get("alpha", 0.01))


@onnx("ThresholdedRelu")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return F.threshold(inputs[0], attributes.get("alpha", 1.0), 0.0)


@onnx("PRelu")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    x, slope = inputs
    zero = gg.zeros_like(x)
    return gg.maximum(x, zero) + slope * gg.minimum(x, zero)


@onnx("HardSigmoid")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    alpha, beta = attributes.get("alpha", 0.2), attributes.get("beta", 0.5)
    if math.isclose(alpha, 1 / 6, rel_tol=1e-6) and beta == 0.5:
        return F.hardsigmoid(inputs[0])
    return G.clamp(alpha * inputs[0] + beta, 0.0, 1.0)


@onnx("Gelu")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return F.gelu(inputs[0], approximate=attributes.get("approximate", "none"))


@onnx("Swish")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    alpha = attributes.get("alpha", 1.0)
    return F.silu(inputs[0]) if alpha == 1.0 else inputs[0] * gg.sigmoid(alpha * inputs[0])


@onnx("Shrink")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    bias, lambd = attributes.get("bias", 0.0), attributes.get("lambd", 0.5)
    if bias == 0.0:
        return F.hardshrink(inputs[0], lambd)
    if bias == lambd:
        return F.softshrink(inputs[0], lambd)
    raise UnsupportedError("shrink of its own bias")


@onnx("Cast", "CastLike")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    if len(inputs) == 2:
        return inputs[0].to(inputs[1].dtype)
    return inputs[0].to(numpy_dtype(attributes["to"]))


def numpy_dtype(code: int) -> Any:
    """Return NumPy's dtype for ONNX's number of it."""
    from onnx import TensorProto, helper

    dtype = np.dtype(helper.tensor_dtype_to_np_dtype(code))
    if code in (TensorProto.BFLOAT16, TensorProto.STRING) or dtype.kind not in "fiub":
        raise UnsupportedError(TensorProto.DataType.Name(code).lower())
    return dtype


# -- softmax and reductions --------------------------------------------------------------------------------------


def _softmax(function: Any, x: Any, attributes: Any, opset: int) -> Any:
    if opset >= 13:
        return function(x, attributes.get("axis", -1))
    axis = attributes.get("axis", 1) % x.ndim
    flat = gg.reshape(x, (math.prod(x.shape[:axis]), -1))
    return gg.reshape(function(flat, 1), x.shape)


@onnx("Softmax")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return _softmax(gg.softmax, inputs[0], attributes, opset)


@onnx("LogSoftmax")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return _softmax(gg.log_softmax, inputs[0], attributes, opset)


@onnx("Hardmax")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    x, axis = inputs[0], attributes.get("axis", -1)
    if is_float(x):
        chosen = F.one_hot(gg.argmax(x, axis), x.shape[axis]).to(x.dtype)
        return gg.moveaxis(chosen, -1, axis) if hasattr(gg, "moveaxis") else G.movedim(chosen, -1, axis)
    raise UnsupportedError("integers")


DIFFERENTIABLE["Hardmax"] = ()

_REDUCTIONS: dict[str, Callable[..., Any]] = {
    "ReduceSum": lambda x, dim, keep: gg.sum(x, dim, keep),
    "ReduceMean": lambda x, dim, keep: gg.mean(x, dim, keep),
    "ReduceMax": lambda x, dim, keep: gg.amax(x, dim, keep),
    "ReduceMin": lambda x, dim, keep: gg.amin(x, dim, keep),
    "ReduceLogSumExp": lambda x, dim, keep: G.logsumexp(x, dim, keep),
    "ReduceLogSum": lambda x, dim, keep: gg.log(gg.sum(x, dim, keep)),
    "ReduceSumSquare": lambda x, dim, keep: gg.sum(gg.square(x), dim, keep),
    "ReduceL1": lambda x, dim, keep: _Names(G.linalg).vector_norm(x, 1, dim, keep),
    "ReduceL2": lambda x, dim, keep: _Names(G.linalg).vector_norm(x, 2, dim, keep),
}


def _axes(inputs: Any, attributes: Any, ndim: int) -> tuple[int, ...]:
    axes = attributes["axes"] if "axes" in attributes else ints(given(inputs, 1))
    if axes:
        return tuple(axes)
    return () if attributes.get("noop_with_empty_axes") else tuple(range(ndim))


def _reduction(name: str) -> None:
    @onnx(name, differentiable=(0,))
    def reduce(inputs: Any, attributes: Any, opset: int) -> Any:
        x, keep = inputs[0], bool(attributes.get("keepdims", 1))
        dim = _axes(inputs, attributes, x.ndim)
        if not dim:
            alone = {"ReduceLogSum": gg.log, "ReduceSumSquare": gg.square, "ReduceL1": gg.abs, "ReduceL2": gg.abs}
            return alone.get(name, gg.clone)(x)
        if name in ("ReduceL1", "ReduceL2") and not is_float(x):
            raise UnsupportedError("norm of integers")
        if name in ("ReduceMax", "ReduceMin") and 0 in [x.shape[d] for d in dim]:
            raise UnsupportedError("maximum of nothing")
        return _REDUCTIONS[name](x, dim, keep)


for _name in _REDUCTIONS:
    _reduction(_name)


@onnx("ReduceProd", differentiable=(0,))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    x, keep = inputs[0], bool(attributes.get("keepdims", 1))
    dims = _axes(inputs, attributes, x.ndim)
    for d in sorted((d % x.ndim for d in dims), reverse=True):
        x = G.prod(x, d, keep)
    return x if dims else gg.clone(x)


def _arg(function: Any, inputs: Any, attributes: Any) -> Any:
    axis, keep = attributes.get("axis", 0), bool(attributes.get("keepdims", 1))
    if attributes.get("select_last_index"):
        x = inputs[0]
        return x.shape[axis] - 1 - function(G.flip(x, (axis,)), axis, keep)
    return function(inputs[0], axis, keep)


@onnx("ArgMax")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return _arg(gg.argmax, inputs, attributes)


@onnx("ArgMin")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return _arg(gg.argmin, inputs, attributes)


def _scan(function: Any, inputs: Any, attributes: Any) -> Any:
    x, axis = inputs[0], number(inputs[1])
    if attributes.get("reverse"):
        x = G.flip(x, (axis,))
    out = function(x, axis)
    if attributes.get("exclusive"):
        first = gg.zeros_like if function is G.cumsum else gg.ones_like
        n = x.shape[axis]
        out = G.concatenate([first(G.narrow(out, axis, 0, 1)), G.narrow(out, axis, 0, n - 1)], axis)
    out = G.flip(out, (axis,)) if attributes.get("reverse") else out
    return out.to(inputs[0].dtype)


@onnx("CumSum", differentiable=(0,))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return _scan(G.cumsum, inputs, attributes)


@onnx("CumProd", differentiable=(0,))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return _scan(G.cumprod, inputs, attributes)


@onnx("TopK", differentiable=(0,))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    k, axis = number(inputs[1]), attributes.get("axis", -1)
    ordered = bool(attributes.get("sorted", 1))
    return tuple(G.topk(inputs[0], k, axis, bool(attributes.get("largest", 1)), ordered))


@onnx("Unique", differentiable=())
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    raise UnsupportedError("first indices of unique")


# -- matrices ----------------------------------------------------------------------------------------------------


@onnx("Gemm")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    a, b, c = inputs[0], inputs[1], given(inputs, 2)
    a = gg.transpose(a, 0, 1) if attributes.get("transA") else a
    b = gg.transpose(b, 0, 1) if attributes.get("transB") else b
    alpha, beta = attributes.get("alpha", 1.0), attributes.get("beta", 1.0)
    if c is None:
        return alpha * gg.matmul(a, b)
    return G.addmm(c, a, b, beta=beta, alpha=alpha)


@onnx("Einsum")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return G.einsum(attributes["equation"], *inputs)


@onnx("Trilu", differentiable=(0,))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    k = number(given(inputs, 1)) or 0
    return (G.triu if attributes.get("upper", 1) else G.tril)(inputs[0], k)


@onnx("EyeLike", differentiable=())
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    n, m = inputs[0].shape
    dtype = numpy_dtype(attributes["dtype"]) if "dtype" in attributes else inputs[0].dtype
    return G.diagonal_scatter(gg.zeros(n, m, dtype=dtype), gg.ones(len(np.diagonal(np.empty((n, m)),
                              attributes.get("k", 0))), dtype=dtype), attributes.get("k", 0))  # fmt: skip


# -- shapes ------------------------------------------------------------------------------------------------------


@onnx("Shape", differentiable=())
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return tensor(np.array(inputs[0].shape[attributes.get("start", 0) : attributes.get("end")], np.int64))


@onnx("Size", differentiable=())
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return tensor(np.array(inputs[0].numel(), np.int64))


@onnx("Reshape", differentiable=(0,))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    x, shape = inputs[0], ints(inputs[1]) or []
    if not attributes.get("allowzero"):
        shape = [x.shape[i] if n == 0 else n for i, n in enumerate(shape)]
    return gg.reshape(x, tuple(shape))


@onnx("Flatten")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    x, axis = inputs[0], attributes.get("axis", 1)
    axis = axis + x.ndim if axis < 0 else axis
    return gg.reshape(x, (math.prod(x.shape[:axis]), math.prod(x.shape[axis:])))


@onnx("Transpose")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return gg.permute(inputs[0], tuple(attributes.get("perm", range(inputs[0].ndim)[::-1])))


@onnx("Squeeze", differentiable=(0,))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    axes = attributes["axes"] if "axes" in attributes else ints(given(inputs, 1))
    return gg.squeeze(inputs[0]) if axes is None else gg.squeeze(inputs[0], tuple(axes))


@onnx("Unsqueeze", differentiable=(0,))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    axes = attributes["axes"] if "axes" in attributes else ints(inputs[1])
    x, rank = inputs[0], inputs[0].ndim + len(axes)
    for axis in sorted(a % rank for a in axes):
        x = gg.unsqueeze(x, axis)
    return x


@onnx("Expand", differentiable=(0,))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return gg.broadcast_to(inputs[0], np.broadcast_shapes(inputs[0].shape, tuple(ints(inputs[1]) or ())))


@onnx("Concat")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return gg.concatenate(inputs, attributes["axis"])


@onnx("Split", differentiable=(0,))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    x, axis = inputs[0], attributes.get("axis", 0)
    sizes = attributes["split"] if "split" in attributes else ints(given(inputs, 1))
    if sizes is None:
        parts = attributes.get("num_outputs") or attributes["outputs"]
        return tuple(gg.split(x, -(-x.shape[axis] // parts), axis))
    return tuple(gg.split(x, list(sizes), axis))


@onnx("Slice", differentiable=(0,))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    x = inputs[0]
    if opset < 10:
        starts, ends, axes, steps = attributes["starts"], attributes["ends"], attributes.get("axes"), None
    else:
        starts, ends = ints(inputs[1]), ints(inputs[2])
        axes, steps = ints(given(inputs, 3)), ints(given(inputs, 4))
    axes = range(len(starts)) if axes is None else axes
    index = [slice(None)] * x.ndim
    for i, axis in enumerate(axes):
        step = steps[i] if steps else 1
        n = x.shape[axis]
        # Counted down, an end below −n means "to the very beginning", which Python writes as None.
        end = None if step < 0 and ends[i] < -n else ends[i]
        index[axis % x.ndim] = slice(starts[i], end, step)
    return x[tuple(index)]


@onnx("Tile", differentiable=(0,))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return G.tile(inputs[0], tuple(ints(inputs[1])))


@onnx("Pad", differentiable=(0,))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    x, mode = inputs[0], attributes.get("mode", "constant")
    pads, value, axes = ints(inputs[1]), given(inputs, 2), ints(given(inputs, 3))
    axes = [a % x.ndim for a in axes] if axes is not None else list(range(x.ndim))
    amounts = {a: (pads[i], pads[i + len(axes)]) for i, a in enumerate(axes)}
    last_first = [n for a in reversed(range(x.ndim)) for n in amounts.get(a, (0, 0))]
    while len(last_first) > 2 and last_first[-2:] == [0, 0]:
        last_first = last_first[:-2]
    if mode == "constant":
        return F.pad(x, tuple(last_first), "constant", 0 if value is None else number(value))
    return F.pad(x, tuple(last_first), {"reflect": "reflect", "edge": "replicate", "wrap": "circular"}[mode])


@onnx("ConstantOfShape", differentiable=())
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    value = attributes.get("value", np.zeros(1, np.float32))
    return gg.full(tuple(ints(inputs[0])), value.item(), dtype=value.dtype)


@onnx("Range", differentiable=())
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return gg.arange(*map(number, inputs), dtype=inputs[0].dtype)


@onnx("DepthToSpace")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    x, r = inputs[0], attributes["blocksize"]
    if attributes.get("mode", "DCR") == "DCR":
        n, c, h, w = x.shape
        x = gg.reshape(gg.transpose(gg.reshape(x, (n, r * r, c // (r * r), h * w)), 1, 2), x.shape)
    return F.pixel_shuffle(x, r)


@onnx("SpaceToDepth")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    if attributes.get("mode", "DCR") != "DCR":
        return F.pixel_unshuffle(inputs[0], attributes["blocksize"])
    x, r = F.pixel_unshuffle(inputs[0], attributes["blocksize"]), attributes["blocksize"]
    n, c, h, w = x.shape
    return gg.reshape(gg.transpose(gg.reshape(x, (n, c // (r * r), r * r, h * w)), 1, 2), x.shape)


@onnx("CenterCropPad", differentiable=(0,))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    x, shape = inputs[0], ints(inputs[1])
    axes = [a % x.ndim for a in attributes.get("axes", range(x.ndim))]
    index, pads = [slice(None)] * x.ndim, [0, 0] * x.ndim
    for axis, wanted in zip(axes, shape, strict=True):
        n = x.shape[axis]
        if wanted < n:
            start = (n - wanted) // 2
            index[axis] = slice(start, start + wanted)
        else:
            before = (wanted - n) // 2
            pads[2 * (x.ndim - 1 - axis)], pads[2 * (x.ndim - 1 - axis) + 1] = before, wanted - n - before
    return F.pad(x[tuple(index)], tuple(pads))


# -- selection ---------------------------------------------------------------------------------------------------


def _positive(index: Any, n: int) -> Any:
    values = np.asarray(index)
    return tensor(np.where(values < 0, values + n, values).astype(np.int64))


@onnx("Gather", differentiable=(0,))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    x, index = inputs
    axis = attributes.get("axis", 0) % x.ndim
    return x[(slice(None),) * axis + (_positive(index, x.shape[axis]),)]


@onnx("GatherElements", differentiable=(0,))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    axis = attributes.get("axis", 0)
    return G.gather(inputs[0], axis, _positive(inputs[1], inputs[0].shape[axis]))


@onnx("GatherND", differentiable=(0,))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    x, index = inputs[0], np.asarray(inputs[1])
    batch = attributes.get("batch_dims", 0)
    grid = [g.reshape(g.shape + (1,) * (index.ndim - 1 - batch)) for g in np.indices(index.shape[:batch])]
    return x[tuple(tensor(i) for i in [*grid, *np.moveaxis(index, -1, 0)])]


_REDUCE = {"add": "sum", "mul": "prod", "max": "amax", "min": "amin"}


@onnx("ScatterElements", "Scatter", differentiable=(0, 2))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    x, index, updates = inputs
    axis, how = attributes.get("axis", 0), attributes.get("reduction", "none")
    index = _positive(index, x.shape[axis])
    if how == "none":
        return G.scatter(x, axis, index, updates)
    return G.scatter_add(x, axis, index, updates) if how == "add" else (
        G.scatter_reduce(x, axis, index, updates, _REDUCE[how]))  # fmt: skip


@onnx("ScatterND", differentiable=(0, 2))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    x, index, updates = inputs[0], np.asarray(inputs[1]), inputs[2]
    how = attributes.get("reduction", "none")
    where = tuple(tensor(i) for i in np.moveaxis(index, -1, 0))
    if how == "none":
        return G.index_put(x, where, updates)
    if how == "add":
        return G.index_put(x, where, updates, accumulate=True)
    # On rows, whose numbers take the place of several indices.
    k = index.shape[-1]
    row = np.ravel_multi_index(tuple(np.moveaxis(index, -1, 0)), x.shape[:k], mode="wrap").reshape(-1)
    flat = gg.reshape(x, (math.prod(x.shape[:k]), -1))
    out = G.index_reduce(flat, 0, tensor(row), gg.reshape(updates, (len(row), -1)), _REDUCE[how])
    return gg.reshape(out, x.shape)


@onnx("Compress", differentiable=(0,))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    x = inputs[0] if "axis" in attributes else gg.reshape(inputs[0], (-1,))
    axis = attributes.get("axis", 0)
    return G.index_select(x, axis, tensor(np.flatnonzero(np.asarray(inputs[1]))))


@onnx("OneHot", differentiable=())
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    index, depth, (off, on) = np.asarray(inputs[0]), int(number(inputs[1])), inputs[2]
    index = index.astype(np.int64)
    outside = (index < -depth) | (index >= depth)
    hot = F.one_hot(tensor(np.where(outside, 0, index % depth)), depth).to(inputs[2].dtype)
    hot = hot * tensor((~outside)[..., None]).to(inputs[2].dtype)
    return G.movedim(hot * (on - off) + off, -1, attributes.get("axis", -1))


@onnx("ReverseSequence", differentiable=(0,))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    x, lengths = inputs[0], np.asarray(inputs[1])
    time, batch = attributes.get("time_axis", 0), attributes.get("batch_axis", 1)
    n = x.shape[time]
    steps = np.arange(n)[:, None]
    order = np.where(steps < lengths, lengths - 1 - steps, steps)
    order = order if time < batch else order.T
    index = order.reshape(order.shape + (1,) * (x.ndim - 2))
    return G.gather(x, time, tensor(np.broadcast_to(index, x.shape)))


# -- convolution and pooling -------------------------------------------------------------------------------------


def _windows(attributes: Any, kernel: Any, shape: Any) -> tuple[list[int], list[int], list[tuple[int, int]]]:
    """Return strides, dilations and the padding before and after each spatial axis."""
    n = len(kernel)
    strides, dilations = attributes.get("strides", [1] * n), attributes.get("dilations", [1] * n)
    pads = attributes.get("pads", [0] * 2 * n)
    how = attributes.get("auto_pad", "NOTSET")
    if how == "NOTSET":
        return strides, dilations, list(zip(pads[:n], pads[n:], strict=True))
    if how == "VALID":
        return strides, dilations, [(0, 0)] * n
    sides = []
    for size, k, s, d in zip(shape, kernel, strides, dilations, strict=True):
        all_of_it = max((-(-size // s) - 1) * s + (k - 1) * d + 1 - size, 0)
        less, more = all_of_it // 2, all_of_it - all_of_it // 2
        sides.append((less, more) if how == "SAME_UPPER" else (more, less))
    return strides, dilations, sides


def _symmetric(sides: list[tuple[int, int]]) -> bool:
    return all(a == b for a, b in sides)


def _last_first(sides: list[tuple[int, int]]) -> tuple[int, ...]:
    return tuple(n for side in reversed(sides) for n in side)


@onnx("Conv")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    x, w, b = inputs[0], inputs[1], given(inputs, 2)
    strides, dilations, sides = _windows(attributes, w.shape[2:], x.shape[2:])
    padding = tuple(a for a, _ in sides)
    if not _symmetric(sides):
        x, padding = F.pad(x, _last_first(sides)), (0,) * len(sides)
    function = getattr(F, f"conv{len(sides)}d")
    return function(x, w, b, tuple(strides), padding, tuple(dilations), attributes.get("group", 1))


@onnx("ConvTranspose")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    x, w, b = inputs[0], inputs[1], given(inputs, 2)
    kernel, n = w.shape[2:], w.ndim - 2
    strides, dilations = attributes.get("strides", [1] * n), attributes.get("dilations", [1] * n)
    extra = attributes.get("output_padding", [0] * n)
    pads = attributes.get("pads", [0] * 2 * n)
    sides = list(zip(pads[:n], pads[n:], strict=True))
    how, wanted = attributes.get("auto_pad", "NOTSET"), attributes.get("output_shape")
    if how.startswith("SAME") and wanted is None:
        wanted = [m * s for m, s in zip(x.shape[2:], strides, strict=True)]
    full = [(m - 1) * s + (k - 1) * d + 1 for m, s, k, d in zip(x.shape[2:], strides, kernel, dilations, strict=True)]
    if wanted is not None:
        cut = [f + e - o for f, e, o in zip(full, extra, wanted, strict=True)]
        if any(c < 0 for c in cut):
            extra = [e + max(-c, 0) for e, c in zip(extra, cut, strict=True)]
            cut = [max(c, 0) for c in cut]
        sides = [(c // 2, c - c // 2) if how == "SAME_UPPER" else (c - c // 2, c // 2) for c in cut]
    function = getattr(F, f"conv_transpose{n}d")
    group = attributes.get("group", 1)
    if _symmetric(sides) and all(e < max(s, d) for e, s, d in zip(extra, strides, dilations, strict=True)):
        return function(x, w, b, tuple(strides), tuple(a for a, _ in sides), tuple(extra), group, tuple(dilations))
    out = function(x, w, None, tuple(strides), 0, 0, group, tuple(dilations))
    out = F.pad(out, tuple(v for (before, after), e in zip(reversed(sides), reversed(extra), strict=True)
                           for v in (-before, e - after)))  # fmt: skip
    return out if b is None else out + gg.reshape(b, (-1,) + (1,) * n)


def _overhang(shape: Any, kernel: Any, strides: Any, dilations: Any, sides: Any) -> list[int]:
    """Return how far the last window reaches over the padded input, each axis, if sizes are rounded up."""
    over = []
    for size, k, s, d, (before, after) in zip(shape, kernel, strides, dilations, sides, strict=True):
        span = (k - 1) * d + 1
        count = -(-(size + before + after - span) // s) + 1
        if (count - 1) * s >= size + before:
            count -= 1  # a window that would begin in the padding behind
        over.append(max((count - 1) * s + span - (size + before + after), 0))
    return over


@onnx("MaxPool")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    x, kernel = inputs[0], attributes["kernel_shape"]
    if not is_float(x):
        raise UnsupportedError("integers")
    strides, dilations, sides = _windows(attributes, kernel, x.shape[2:])
    up, n = bool(attributes.get("ceil_mode", 0)), len(kernel)
    indices = attributes["outputs"] == 2
    function = getattr(F, f"max_pool{n}d")
    padding = tuple(a for a, _ in sides)
    if not _symmetric(sides) or any(2 * p > k for p, k in zip(padding, kernel, strict=True)):
        if indices:
            raise UnsupportedError("indices in oblique padding")
        if up:
            over = _overhang(x.shape[2:], kernel, strides, dilations, sides)
            sides, up = [(a, b + o) for (a, b), o in zip(sides, over, strict=True)], False
        x, padding = F.pad(x, _last_first(sides), "constant", -math.inf), (0,) * n
    out = function(x, tuple(kernel), tuple(strides), padding, tuple(dilations), ceil_mode=up, return_indices=indices)
    if not indices:
        return out
    values, where = out
    spatial = x.shape[2:]
    places = np.asarray(where)
    if attributes.get("storage_order"):
        places = np.ravel_multi_index(np.unravel_index(places, spatial), spatial, order="F")
    planes = np.arange(math.prod(x.shape[:2])).reshape(x.shape[:2] + (1,) * n) * math.prod(spatial)
    return values, tensor(places + planes)


@onnx("AveragePool")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    x, kernel = inputs[0], attributes["kernel_shape"]
    strides, dilations, sides = _windows(attributes, kernel, x.shape[2:])
    up, n, all_of_it = bool(attributes.get("ceil_mode", 0)), len(kernel), bool(attributes.get("count_include_pad", 0))
    if any(d != 1 for d in dilations):
        raise UnsupportedError("dilated average")
    function = getattr(F, f"avg_pool{n}d")
    padding = tuple(a for a, _ in sides)
    if _symmetric(sides) and all(2 * p <= k for p, k in zip(padding, kernel, strict=True)):
        return function(x, tuple(kernel), tuple(strides), padding, ceil_mode=up, count_include_pad=all_of_it)
    over = _overhang(x.shape[2:], kernel, strides, dilations, sides) if up else [0] * n
    beyond = [(a, b + o) for (a, b), o in zip(sides, over, strict=True)]
    counted = gg.ones(1, 1, *x.shape[2:], dtype=x.dtype)
    if all_of_it:
        counted = F.pad(F.pad(counted, _last_first(sides), "constant", 1.0), _last_first([(0, o) for o in over]))
    else:
        counted = F.pad(counted, _last_first(beyond))
    window = (tuple(kernel), tuple(strides))
    return function(F.pad(x, _last_first(beyond)), *window) / function(counted, *window)


@onnx("LpPool")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    x, kernel = inputs[0], attributes["kernel_shape"]
    strides, dilations, sides = _windows(attributes, kernel, x.shape[2:])
    if any(d != 1 for d in dilations):
        raise UnsupportedError("dilated average")
    if attributes.get("ceil_mode"):
        sides = [
            (a, b + o)
            for (a, b), o in zip(sides, _overhang(x.shape[2:], kernel, strides, dilations, sides), strict=True)
        ]
    x = F.pad(x, _last_first(sides)) if any(a or b for a, b in sides) else x
    return getattr(F, f"lp_pool{len(kernel)}d")(gg.abs(x), float(attributes.get("p", 2)), tuple(kernel), tuple(strides))


@onnx("GlobalAveragePool")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    n = inputs[0].ndim - 2
    return getattr(F, f"adaptive_avg_pool{n}d")(inputs[0], (1,) * n)


@onnx("GlobalMaxPool")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    n = inputs[0].ndim - 2
    return getattr(F, f"adaptive_max_pool{n}d")(inputs[0], (1,) * n)


@onnx("MaxUnpool", differentiable=(0,))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    x, where = inputs[0], np.asarray(inputs[1])
    kernel, n = attributes["kernel_shape"], inputs[0].ndim - 2
    strides = attributes.get("strides", [1] * n)
    # The places are numbered in the output that follows from the windows; a larger one is filled up with zeros.
    plain = [(m - 1) * s + k for m, s, k in zip(x.shape[2:], strides, kernel, strict=True)]
    wanted = (ints(given(inputs, 2)) or [0, 0, *plain])[2:]
    place = tensor(where % math.prod(plain))
    out = getattr(F, f"max_unpool{n}d")(x, place, tuple(kernel), tuple(strides), 0, tuple(plain))
    sides = [(0, w - p) for w, p in zip(wanted, plain, strict=True)]
    return F.pad(out, _last_first(sides)) if wanted != plain else out


@onnx("Col2Im", differentiable=(0,))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    size, kernel = ints(inputs[1]), ints(inputs[2])
    n = len(size)
    if n != 2:
        raise UnsupportedError("columns of more than 2 axes")
    strides, dilations, sides = _windows(attributes, kernel, size)
    if not _symmetric(sides):
        raise UnsupportedError("oblique padding")
    return F.fold(inputs[0], tuple(size), tuple(kernel), tuple(dilations), tuple(a for a, _ in sides), tuple(strides))


@onnx("Resize", "Upsample", differentiable=(0,))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    x, mode = inputs[0], attributes.get("mode", "nearest")
    scales, sizes = (given(inputs, 1), None) if opset < 11 else (given(inputs, 2), given(inputs, 3))
    axes = [a % x.ndim for a in attributes.get("axes", range(x.ndim))]
    how = attributes.get("coordinate_transformation_mode", "half_pixel" if opset >= 11 else "asymmetric")
    for name, plain in (("antialias", 0), ("exclude_outside", 0), ("keep_aspect_ratio_policy", "stretch")):
        if attributes.get(name, plain) != plain:
            raise UnsupportedError(name)
    if how not in ("half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel") or (
        mode != "nearest" and how == "asymmetric"
    ):
        raise UnsupportedError(how)
    scales = None if scales is None or not scales.numel() else dict(zip(axes, np.asarray(scales).tolist(), strict=True))
    sizes = None if sizes is None else dict(zip(axes, ints(sizes), strict=True))
    spatial = range(2, x.ndim)
    if x.ndim < 3 or any((scales or {}).get(a, 1) != 1 or (sizes or x.shape)[a] != x.shape[a]
                         for a in (0, 1) if sizes is None or a in sizes):  # fmt: skip
        raise UnsupportedError("resizing of every axis")
    arguments: dict[str, Any] = {}
    if sizes is not None:
        arguments["size"] = tuple(sizes.get(a, x.shape[a]) for a in spatial)
    else:
        arguments["scale_factor"] = tuple(scales.get(a, 1.0) for a in spatial)
    if mode == "nearest":
        if how == "asymmetric" and attributes.get("nearest_mode", "floor") == "floor":
            return F.interpolate(x, mode="nearest", **arguments)
        ratio = [x.shape[a] / sizes.get(a, x.shape[a]) if sizes is not None else 1 / scales.get(a, 1) for a in spatial]
        out = [
            sizes.get(a, x.shape[a]) if sizes is not None else math.floor(x.shape[a] * scales.get(a, 1))
            for a in spatial
        ]
        tied = any(
            math.isclose(((i + 0.5) * r - 0.5) % 1, 0.5) for r, n in zip(ratio, out, strict=True) for i in range(n)
        )
        rounding = attributes.get("nearest_mode", "round_prefer_floor")
        if how == "half_pixel" and (rounding == "round_prefer_ceil" or (rounding == "round_prefer_floor" and not tied)):
            return F.interpolate(x, mode="nearest-exact", **arguments)
        raise UnsupportedError("nearest of another rounding")
    if how == "align_corners" and any(not float(x.shape[a] * s).is_integer() for a, s in (scales or {}).items()):
        raise UnsupportedError("corners of a fractional size")
    if mode == "cubic" and attributes.get("cubic_coeff_a", -0.75) != -0.75:
        raise UnsupportedError("cubic coefficient")
    if mode == "cubic" and x.ndim != 4:
        raise UnsupportedError("cubic of other than images")
    if how == "pytorch_half_pixel" and 1 in (arguments.get("size") or ()):
        raise UnsupportedError("pytorch_half_pixel")
    names = {"linear": {3: "linear", 4: "bilinear", 5: "trilinear"}[x.ndim], "cubic": "bicubic"}
    return F.interpolate(x, mode=names[mode], align_corners=how == "align_corners", **arguments)


@onnx("GridSample")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    mode = attributes.get("mode", "linear")
    return F.grid_sample(
        *inputs,
        mode={"linear": "bilinear", "cubic": "bicubic"}.get(mode, mode),
        padding_mode=attributes.get("padding_mode", "zeros"),
        align_corners=bool(attributes.get("align_corners", 0)),
    )


@onnx("AffineGrid", differentiable=(0,))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return F.affine_grid(inputs[0], tuple(ints(inputs[1])), align_corners=bool(attributes.get("align_corners", 0)))


# -- normalisation -----------------------------------------------------------------------------------------------


@onnx("BatchNormalization", differentiable=(0, 1, 2))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    x, w, b, mean, variance = inputs
    eps, momentum = attributes.get("epsilon", 1e-5), attributes.get("momentum", 0.9)
    if not attributes.get("training_mode"):
        return F.batch_norm(x, mean, variance, w, b, False, eps=eps)
    # PyTorch's momentum is the weight of the new value, and it keeps the unbiased variance.
    average, count = mean.detach().clone(), x.numel() // x.shape[1]
    out = F.batch_norm(x, average, variance.detach().clone(), w, b, True, 1 - momentum, eps)
    axes = tuple(a for a in range(x.ndim) if a != 1)
    population = tensor(np.var(np.asarray(x.detach()), axes, dtype=np.float64).astype(x.dtype))
    assert count > 1
    return out, average, variance * momentum + population * (1 - momentum)


@onnx("InstanceNormalization")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return F.instance_norm(inputs[0], weight=inputs[1], bias=inputs[2], eps=attributes.get("epsilon", 1e-5))


@onnx("LayerNormalization")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    if attributes["outputs"] > 1:
        return _layer_norm_and_statistics(inputs, attributes)
    x = inputs[0]
    shape = x.shape[attributes.get("axis", -1) % x.ndim :]
    return F.layer_norm(x, shape, inputs[1], given(inputs, 2), attributes.get("epsilon", 1e-5))


def _layer_norm_and_statistics(inputs: Any, attributes: Any) -> Any:
    x, eps = inputs[0], attributes.get("epsilon", 1e-5)
    axes = tuple(range(attributes.get("axis", -1) % x.ndim, x.ndim))
    mean = gg.mean(x, axes, True)
    deviation = G.rsqrt(G.var(x, axes, correction=0, keepdim=True) + eps)
    out = F.layer_norm(x, x.shape[axes[0] :], inputs[1], given(inputs, 2), eps)
    return (out, mean, deviation)[: attributes["outputs"]]


@onnx("RMSNormalization")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    x = inputs[0]
    return F.rms_norm(x, x.shape[attributes.get("axis", -1) % x.ndim :], inputs[1], attributes.get("epsilon", 1e-5))


@onnx("GroupNormalization")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return F.group_norm(inputs[0], attributes["num_groups"], inputs[1], inputs[2], attributes.get("epsilon", 1e-5))


@onnx("LRN")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return F.local_response_norm(inputs[0], attributes["size"], attributes.get("alpha", 1e-4),
                                 attributes.get("beta", 0.75), attributes.get("bias", 1.0))  # fmt: skip


@onnx("MeanVarianceNormalization")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    axes = tuple(attributes.get("axes", (0, 2, 3)))
    centred = inputs[0] - gg.mean(inputs[0], axes, True)
    return centred / (G.std(inputs[0], axes, correction=0, keepdim=True) + 1e-9)


@onnx("LpNormalization")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return F.normalize(inputs[0], float(attributes.get("p", 2)), attributes.get("axis", -1))


# -- losses, dropout, attention ----------------------------------------------------------------------------------


@onnx("NegativeLogLikelihoodLoss", differentiable=(0,))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    return F.nll_loss(inputs[0], inputs[1].to("int64"), given(inputs, 2), reduction=attributes.get("reduction", "mean"),
                      ignore_index=attributes.get("ignore_index", -100))  # fmt: skip


@onnx("SoftmaxCrossEntropyLoss", differentiable=(0,))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    loss = F.cross_entropy(inputs[0], inputs[1].to("int64"), given(inputs, 2),
                           reduction=attributes.get("reduction", "mean"),
                           ignore_index=attributes.get("ignore_index", -100))  # fmt: skip
    return (loss, gg.log_softmax(inputs[0], 1)) if attributes["outputs"] == 2 else loss


@onnx("Dropout", differentiable=(0,))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    x, training = inputs[0], number(given(inputs, 2)) if opset >= 12 else False
    ratio = number(given(inputs, 1)) if given(inputs, 1) is not None else attributes.get("ratio", 0.5)
    if training and ratio:
        raise UnsupportedError("random")
    out = F.dropout(x, ratio, bool(training))
    return (out, gg.ones_like(x, dtype=bool)) if attributes["outputs"] == 2 else out


@onnx("Bernoulli", "RandomNormal", "RandomUniform", "RandomNormalLike", "RandomUniformLike", "Multinomial")
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    raise UnsupportedError("random")


@onnx("Attention", differentiable=(0, 1, 2))
def _(inputs: Any, attributes: Any, opset: int) -> Any:
    q, k, v, mask = inputs[0], inputs[1], inputs[2], given(inputs, 3)
    if attributes["outputs"] > 1 or any(given(inputs, i) is not None for i in (4, 5, 6)):
        raise UnsupportedError("cache of keys and values")
    known = {"q_num_heads", "kv_num_heads", "is_causal", "scale", "outputs"}
    for name, value in attributes.items():
        if name not in known and value:
            raise UnsupportedError(name)
    flat = q.ndim == 3
    if flat:
        heads, shared = attributes["q_num_heads"], attributes["kv_num_heads"]
        q, k, v = (
            gg.transpose(gg.reshape(t, (*t.shape[:2], h, -1)), 1, 2) for t, h in ((q, heads), (k, shared), (v, shared))
        )
    if mask is not None and mask.shape[-1] != k.shape[-2]:
        raise UnsupportedError("short mask")
    causal, scale = bool(attributes.get("is_causal", 0)), attributes.get("scale")
    if causal and mask is not None:
        raise UnsupportedError("causal and a mask")
    grouped = q.shape[1] != k.shape[1]
    out = F.scaled_dot_product_attention(q, k, v, mask, 0.0, causal, scale=scale, enable_gqa=grouped)
    return gg.reshape(gg.transpose(out, 1, 2), (out.shape[0], out.shape[2], -1)) if flat else out
