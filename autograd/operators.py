"""The one table that binds operations to the methods and operators of ``Tensor`` and ``Scalar``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from . import effects, engine, interchange
from .dtypes import to_dtype
from .generate import make_method
from .generate_scalar import make_scalar_method, pull_when_needed
from .ops import (
    activation,
    arithmetic,
    arranging,
    bitwise,
    comparison,
    creation,
    decomposition,
    diagonals,
    elementwise,
    in_place,
    indexing,
    linalg,
    loss,
    padding,
    products,
    reduction,
    rounding,
    scan,
    scattering,
    selection,
    shaping,
    sorting,
    special,
    statistics,
    trigonometric,
)  # fmt: skip
from .ops import random as random_ops
from .ops.axes import as_shape
from .ops.indexing import plain_index
from .primitive import Primitive
from .scalar import Scalar
from .scalar import apply as apply_scalar
from .tensor import Tensor

# -- operators: Python's name, the primitive ------------------------------------------------------------------

BINARY = {
    "add": arithmetic.add, "sub": arithmetic.subtract, "mul": arithmetic.multiply, "truediv": arithmetic.divide,
    "pow": arithmetic.power, "matmul": linalg.matmul,
}  # fmt: skip
COMPARISONS = {
    "gt": comparison.greater, "ge": comparison.greater_equal, "lt": comparison.less, "le": comparison.less_equal,
    "eq": comparison.equal, "ne": comparison.not_equal, "and": comparison.logical_and, "or": comparison.logical_or,
}  # fmt: skip
UNARY = {"neg": arithmetic.negative, "abs": elementwise.absolute, "invert": comparison.logical_not}
IN_PLACE = {
    "iadd": effects.add_, "isub": effects.subtract_, "imul": effects.multiply_, "itruediv": effects.divide_,
}  # fmt: skip

# Methods whose first argument is the tensor, under PyTorch's names.
METHODS: dict[str, Callable[..., Any]] = {
    "add": arithmetic.add, "subtract": arithmetic.subtract, "sub": arithmetic.subtract,
    "multiply": arithmetic.multiply, "mul": arithmetic.multiply, "divide": arithmetic.divide, "div": arithmetic.divide,
    "negative": arithmetic.negative, "neg": arithmetic.negative, "square": arithmetic.square,
    "exp": elementwise.exp, "log": elementwise.log, "sqrt": elementwise.sqrt, "sin": elementwise.sin,
    "cos": elementwise.cos, "tanh": elementwise.tanh, "sigmoid": elementwise.sigmoid, "relu": elementwise.relu,
    "sign": elementwise.sign, "absolute": elementwise.absolute, "abs": elementwise.absolute,
    "maximum": elementwise.maximum, "minimum": elementwise.minimum,
    "isnan": comparison.isnan, "isfinite": comparison.isfinite,
    "eq": comparison.equal, "ne": comparison.not_equal, "gt": comparison.greater, "ge": comparison.greater_equal,
    "lt": comparison.less, "le": comparison.less_equal, "logical_and": comparison.logical_and,
    "logical_or": comparison.logical_or, "logical_not": comparison.logical_not,
}  # fmt: skip
TENSOR_METHODS: dict[str, Callable[..., Any]] = {
    "matmul": linalg.matmul, "mm": linalg.matmul, "sum": reduction.sum, "mean": reduction.mean, "amax": reduction.amax,
    "amin": reduction.amin, "argmax": comparison.argmax, "argmin": comparison.argmin, "transpose": shaping.transpose,
    "swapaxes": shaping.transpose, "broadcast_to": shaping.broadcast_to, "split": shaping.split,
    "flatten": shaping.flatten, "clone": shaping.clone,
    "softmax": loss.softmax, "log_softmax": loss.log_softmax,
}  # fmt: skip


def _bind(cls: type, name: str, function: Callable[..., Any]) -> None:
    setattr(cls, name, function)


def power(x: Any, y: Any) -> Any:
    """Return ``x`` to the power ``y``; a plain 2 is a square, which is cheaper and reads better in a picture.

    >>> import glassgrad as gg
    >>> gg.pow(gg.tensor([1.0, 3.0]), 2)
    tensor([1., 9.])
    """
    if y.__class__ is int and y == 2 and (x.__class__ in engine.HANDLES or x.__class__ is Scalar):
        return arithmetic.square(x)
    return arithmetic.power(x, y)


def _reflected(method: Callable[..., Any]) -> Callable[..., Any]:
    def reflected(y: Any, x: Any) -> Any:
        return method(x, y)

    return reflected


def _in_place(function: Callable[..., Any]) -> Callable[..., Any]:
    def in_place(target: Any, values: Any) -> Any:
        return function(target, values)

    return in_place


def _pow_operator(operator: Callable[..., Any]) -> Callable[..., Any]:
    square = arithmetic.square

    def __pow__(x: Any, y: Any) -> Any:
        return square(x) if y.__class__ is int and y == 2 else operator(x, y)

    return __pow__


# -- tensors --------------------------------------------------------------------------------------------------

for _name, _function in BINARY.items():
    _method = make_method(_function)
    _bind(Tensor, f"__{_name}__", _pow_operator(_method) if _name == "pow" else _method)
    _bind(Tensor, f"__r{_name}__", _reflected(_method))
for _name, _function in COMPARISONS.items():
    _bind(Tensor, f"__{_name}__", make_method(_function))
for _name, _function in UNARY.items():
    _bind(Tensor, f"__{_name}__", _function)
for _name, _function in IN_PLACE.items():
    _bind(Tensor, f"__{_name}__", _in_place(_function))
    _bind(Tensor, _function.update.name, _function)  # type: ignore[attr-defined]
for _function in in_place.METHODS:
    _bind(Tensor, _function.update.name, _function)  # type: ignore[attr-defined]
for _name, _function in (METHODS | TENSOR_METHODS).items():
    _bind(Tensor, _name, _function)
_bind(Tensor, "pow", power)


def _dims(args: tuple[Any, ...]) -> Any:
    return args[0] if len(args) == 1 and isinstance(args[0], tuple | list) else args


def _reshape(self: Tensor, *shape: Any) -> Any:
    """Return the same elements in another shape; sizes may be given as a tuple or one by one. See :func:`reshape`."""
    return shaping.reshape(self, tuple(_dims(shape)))


def _permute(self: Tensor, *dims: Any) -> Any:
    """Return the tensor with its axes in the given order. See :func:`permute`."""
    return shaping.permute(self, tuple(_dims(dims)))


class Extremum(NamedTuple):
    """Values and where they were found."""

    values: Any
    indices: Any


def _along(extremum: Callable[..., Any], arg: Callable[..., Any], x: Any, dim: Any, keepdim: bool) -> Any:
    if dim is None:
        return extremum(x)
    indices = arg(x, dim, True)
    where = indices.numpy()
    grids = list(np.indices(where.shape, sparse=True))
    grids[dim] = where
    values = indexing.getitem(x, tuple(grids))
    if keepdim:
        return Extremum(values, indices)
    return Extremum(shaping.squeeze(values, dim), shaping.squeeze(indices, dim))


def maximum_over(
    x: Any, dim: int | None = None, keepdim: bool = False, *, axis: int | None = None, keepdims: bool = False
) -> Any:
    """Return the largest element of all, or with ``dim`` the pair (values, indices) along it, as PyTorch does.

    Over all elements, ties share the gradient; along ``dim`` it goes to the element that ``indices`` names.

    >>> import glassgrad as gg
    >>> gg.max(gg.tensor([[1.0, 5.0], [3.0, 4.0]]), dim=1)
    Extremum(values=tensor([5., 4.]), indices=tensor([1, 1]))
    """
    if isinstance(dim, Tensor):
        return elementwise.maximum(x, dim)
    return _along(reduction.amax, comparison.argmax, x, axis if dim is None else dim, keepdim or keepdims)


def minimum_over(
    x: Any, dim: int | None = None, keepdim: bool = False, *, axis: int | None = None, keepdims: bool = False
) -> Any:
    """Return the smallest element of all, or with ``dim`` the pair (values, indices) along it. See :func:`max`."""
    if isinstance(dim, Tensor):
        return elementwise.minimum(x, dim)
    return _along(reduction.amin, comparison.argmin, x, axis if dim is None else dim, keepdim or keepdims)


def _astype(self: Tensor, dtype: Any) -> Any:
    """Return the tensor in another dtype; the same tensor if it has it already. See :func:`astype`."""
    wanted = to_dtype(dtype)
    if wanted.kind != "f" and self.requires_grad:
        # Integers have no gradient, so what is made of them is no part of the graph.
        return shaping.astype(self.detach(), wanted)
    return self if self.dtype == wanted else shaping.astype(self, wanted)


def _copy_(self: Tensor, source: Any) -> Any:
    """Overwrite the values in place; under ``no_grad`` for a leaf that requires grad."""
    return effects.assign(self, source)


def _fill(value: float) -> Callable[[Tensor], Any]:
    def fill(self: Tensor) -> Any:
        """Overwrite every value in place with a fixed number."""
        return effects.assign(self, value)

    return fill


def _fill_(self: Tensor, value: Any) -> Any:
    """Overwrite every value in place with ``value``."""
    return effects.assign(self, value)


def _getitem(self: Tensor, index: Any) -> Any:
    """Return part of the tensor. See :func:`getitem`."""
    return indexing.getitem(self, plain_index(index))


def _setitem(self: Tensor, index: Any, values: Any) -> None:
    """Overwrite part of a tensor in place; under ``no_grad`` for a leaf that requires grad."""
    effects.assign_at(self, plain_index(index), values)


# Every public operation of these whose first argument is a tensor is also a method, unless it is named below.
ROOMS = (
    arithmetic, comparison, elementwise, trigonometric, rounding, bitwise, activation, special, reduction, statistics,
    scan, sorting, linalg, products, diagonals, decomposition, shaping, arranging, padding, indexing, scattering,
    selection,
)  # fmt: skip
NOT_METHODS = ("one_hot",)


def _first_parameter(function: Callable[..., Any]) -> str:
    primitive: Primitive | None = getattr(function, "primitive", None)
    if primitive is not None:
        return next(iter(primitive.signature.parameters))
    code = getattr(function, "__wrapped__", function).__code__
    return str(code.co_varnames[0]) if code.co_argcount else ""


for _room in ROOMS:
    for _name in _room.__all__:
        _function = getattr(_room, _name)
        if _name not in Tensor.__dict__ and _name not in NOT_METHODS and _first_parameter(_function) in ("x", "input"):
            _bind(Tensor, _name, _function)
            _operation: Primitive | None = getattr(_function, "primitive", None)
            if _operation is not None and _operation.kind in ("elementwise", "predicate"):
                METHODS.setdefault(_name, _function)


def _any(self: Tensor) -> Any:
    """Return whether any element is true, as a 0-d bool tensor."""
    return engine.new_tensor(np.any(self._array), None)


def _all(self: Tensor) -> Any:
    """Return whether every element is true, as a 0-d bool tensor."""
    return engine.new_tensor(np.all(self._array), None)


OTHERS: dict[str, Callable[..., Any]] = {
    "reshape": _reshape, "view": _reshape, "permute": _permute, "max": maximum_over,
    "min": minimum_over, "astype": _astype, "to": _astype, "copy_": _copy_, "zero_": _fill(0), "fill_": _fill_,
    "__getitem__": _getitem, "__setitem__": _setitem, "any": _any, "all": _all,
    "float": lambda self: _astype(self, np.float32), "double": lambda self: _astype(self, np.float64),
    "long": lambda self: _astype(self, np.int64), "bool": lambda self: _astype(self, np.bool_),
    "dropout": random_ops.dropout, "unfold": arranging.unfold_dimension,
    "bernoulli": creation.bernoulli, "multinomial": creation.multinomial, "__dlpack__": interchange.export,
    "__dlpack_device__": interchange.device_of, **{f.__name__: f for f in creation.NEW},
}  # fmt: skip
for _name, _function in OTHERS.items():
    _bind(Tensor, _name, _function)


def _transposed(self: Tensor) -> Any:
    """The tensor with the order of its axes reversed."""
    return shaping.transpose(self) if self.ndim == 2 else shaping.permute(self, tuple(reversed(range(self.ndim))))


def _matrix_transposed(self: Tensor) -> Any:
    """The tensor with its last two axes exchanged."""
    return shaping.transpose(self)


_bind(Tensor, "T", property(_transposed))  # type: ignore[arg-type]
_bind(Tensor, "mT", property(_matrix_transposed))  # type: ignore[arg-type]

# -- NumPy's functions on tensors -----------------------------------------------------------------------------

UFUNCS: dict[Any, Callable[..., Any]] = {
    np.add: arithmetic.add, np.subtract: arithmetic.subtract, np.multiply: arithmetic.multiply,
    np.true_divide: arithmetic.divide, np.power: power, np.negative: arithmetic.negative, np.square: arithmetic.square,
    np.exp: elementwise.exp, np.log: elementwise.log, np.sqrt: elementwise.sqrt, np.sin: elementwise.sin,
    np.cos: elementwise.cos, np.tanh: elementwise.tanh, np.absolute: elementwise.absolute, np.sign: elementwise.sign,
    np.maximum: elementwise.maximum, np.minimum: elementwise.minimum, np.matmul: linalg.matmul,
    np.greater: comparison.greater, np.greater_equal: comparison.greater_equal, np.less: comparison.less,
    np.less_equal: comparison.less_equal, np.equal: comparison.equal, np.not_equal: comparison.not_equal,
    np.logical_and: comparison.logical_and, np.logical_or: comparison.logical_or,
    np.logical_not: comparison.logical_not, np.isnan: comparison.isnan, np.isfinite: comparison.isfinite,
}  # fmt: skip


def _numpy_reshape(x: Any, shape: Any) -> Any:
    return shaping.reshape(x, as_shape(shape, "reshape"))


def _numpy_transpose(x: Any, axes: Any = None) -> Any:
    return _transposed(x) if axes is None else shaping.permute(x, tuple(axes))


def _numpy_dot(x: Any, y: Any) -> Any:
    return x * y if np.ndim(x) == 0 or np.ndim(y) == 0 else linalg.matmul(x, y)


FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.sum: reduction.sum, np.mean: reduction.mean, np.max: reduction.amax, np.min: reduction.amin,
    np.amax: reduction.amax, np.amin: reduction.amin,
    np.argmax: comparison.argmax, np.argmin: comparison.argmin, np.where: comparison.where,
    np.concatenate: lambda tensors, axis=0: shaping.concatenate(tensors, axis),
    np.stack: lambda tensors, axis=0: shaping.stack(tensors, axis), np.reshape: _numpy_reshape,
    np.transpose: _numpy_transpose, np.swapaxes: shaping.transpose, np.broadcast_to: shaping.broadcast_to,
    np.squeeze: lambda x, axis=None: shaping.squeeze(x, axis),
    np.expand_dims: lambda x, axis: shaping.unsqueeze(x, axis), np.dot: _numpy_dot,
    np.shape: lambda x: x.shape, np.ndim: lambda x: x.ndim, np.size: lambda x: x.numel(),
}  # fmt: skip


def _refuse(name: str) -> TypeError:
    return TypeError(
        f"NumPy's {name} has no differentiable counterpart for tensors here; use a glassgrad operation, or "
        "tensor.detach().numpy() to leave the graph"
    )


def _array_ufunc(self: Tensor, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    """Run a NumPy ufunc as ours, or refuse: the gradient is never dropped silently."""
    function = UFUNCS.get(ufunc)
    if function is None or method != "__call__":
        raise _refuse(ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}")
    if kwargs:
        raise TypeError(f"{ufunc.__name__} on tensors takes no {', '.join(kwargs)}")
    return function(*inputs)


def _array_function(self: Tensor, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
    """Run a NumPy function as ours, or refuse."""
    ours = FUNCTIONS.get(function)
    if ours is None:
        raise _refuse(function.__name__)
    try:
        return ours(*args, **kwargs)
    except TypeError as error:
        if "unexpected keyword" in str(error) or "positional argument" in str(error):
            raise TypeError(f"numpy.{function.__name__} on tensors: {error}") from None
        raise


_bind(Tensor, "__array_ufunc__", _array_ufunc)
_bind(Tensor, "__array_function__", _array_function)

# -- scalars --------------------------------------------------------------------------------------------------


def _scalar_method(function: Callable[..., Any]) -> Callable[..., Any]:
    primitive: Primitive = function.primitive  # type: ignore[attr-defined]
    if primitive.static_names or primitive.kind != "elementwise" or not primitive.differentiable:

        @functools.wraps(function)
        def method(*operands: Any) -> Any:
            for operand in operands:
                if operand.__class__ is not Scalar and not isinstance(operand, int | float | np.generic):
                    return NotImplemented
            return apply_scalar(primitive, operands, ())

        return method
    primitive.scalar_pull = pull_when_needed(primitive)
    return make_scalar_method(primitive)


for _name, _function in BINARY.items():
    if _name == "matmul":
        continue
    _method = _scalar_method(_function)
    if _name == "pow":
        _square = _scalar_method(arithmetic.square)

        def _scalar_pow(x: Any, y: Any, _square: Any = _square, _power: Any = _method) -> Any:
            return _square(x) if y.__class__ is int and y == 2 else _power(x, y)

        _bind(Scalar, "__pow__", _scalar_pow)
    else:
        _bind(Scalar, f"__{_name}__", _method)
    _bind(Scalar, f"__r{_name}__", _reflected(lambda x, y, m=_method: m(x if x.__class__ is Scalar else Scalar(x), y)))
for _name, _function in COMPARISONS.items():
    if _name not in ("and", "or"):
        _bind(Scalar, f"__{_name}__", _scalar_method(_function))
_bind(Scalar, "__neg__", _scalar_method(arithmetic.negative))
_bind(Scalar, "__abs__", _scalar_method(elementwise.absolute))
for _name, _function in METHODS.items():
    _bind(Scalar, _name, _scalar_method(_function))
_bind(Scalar, "pow", power)
_bind(Scalar, "__array_ufunc__", None)  # type: ignore[arg-type]
