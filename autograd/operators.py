"""The one table that binds operations to the methods and operators of ``Tensor`` and ``Scalar``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .core.dtypes import to_dtype
from .core.primitive import Primitive
from .engine.generate import make_method
from .handles import interchange
from .handles.scalar import Scalar
from .handles.scalar_calls import apply as apply_scalar
from .handles.scalar_calls import make_scalar_method, pull_when_needed
from .handles.tensor import Tensor
from .numpy_protocol.functions import array_function, array_ufunc
from .ops import (
    arithmetic,
    arranging,
    bitwise,
    comparison,
    creation,
    elementwise,
    families,
    in_place,
    indexing,
    matmul,
    random,
    rounding,
    shaping,
)  # fmt: skip
from .ops.indexing import index_of_arrays

# -- operators: Python's name, the primitive ------------------------------------------------------------------

BINARY: dict[str, Callable[..., Any]] = {
    "add": arithmetic.add, "sub": arithmetic.subtract, "mul": arithmetic.multiply, "truediv": arithmetic.divide,
    "floordiv": rounding.floor_divide, "mod": rounding.remainder, "pow": arithmetic.power, "matmul": matmul.matmul,
}  # fmt: skip
BITWISE: dict[str, Callable[..., Any]] = {
    "and": bitwise.bitwise_and, "or": bitwise.bitwise_or, "xor": bitwise.bitwise_xor,
    "lshift": bitwise.bitwise_left_shift, "rshift": bitwise.bitwise_right_shift,
}  # fmt: skip
COMPARISONS = {
    "gt": comparison.greater, "ge": comparison.greater_equal, "lt": comparison.less, "le": comparison.less_equal,
    "eq": comparison.eq, "ne": comparison.not_equal,
}  # fmt: skip
UNARY = {"neg": arithmetic.negative, "abs": elementwise.absolute, "invert": bitwise.bitwise_not}
IN_PLACE = {
    "iadd": in_place.add_, "isub": in_place.subtract_, "imul": in_place.multiply_, "itruediv": in_place.divide_,
}  # fmt: skip

# Every public operation whose first argument is a tensor, called ``x`` or ``input``, is also a method, under the same
# name; but these are functions only, as in PyTorch.
FUNCTIONS_ONLY = frozenset("""
    empty_like from_dlpack full_like ones_like poisson rand_like randint_like randn_like zeros_like one_hot
    inv pdist solve solve_triangular
    conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d
    adaptive_avg_pool1d adaptive_max_pool1d avg_pool1d max_pool1d max_pool1d_with_indices max_pool2d max_pool3d
    channel_shuffle pixel_shuffle pixel_unshuffle
""".split())
# Further methods. Those whose arguments are given in several ways follow below.
FURTHER_METHODS: dict[str, Callable[..., Any]] = {
    "dropout": random.dropout, "unfold": arranging.unfold_dimension, "__dlpack__": interchange.export,
    "__dlpack_device__": interchange.device_of, **{f.__name__: f for f in creation.NEW},
}  # fmt: skip


def _bind(cls: type, name: str, function: Callable[..., Any]) -> None:
    setattr(cls, name, function)


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
for _name, _function in BITWISE.items():
    _method = make_method(_function)
    _bind(Tensor, f"__{_name}__", _method)
    _bind(Tensor, f"__r{_name}__", _reflected(_method))
for _name, _function in COMPARISONS.items():
    _bind(Tensor, f"__{_name}__", make_method(_function))
for _name, _function in UNARY.items():
    _bind(Tensor, f"__{_name}__", _function)
for _name, _function in IN_PLACE.items():
    _bind(Tensor, f"__{_name}__", _in_place(_function))
for _function in in_place.METHODS:
    _bind(Tensor, _function.update.name, _function)  # type: ignore[attr-defined]


def _first_parameter(function: Callable[..., Any]) -> str:
    primitive: Primitive | None = getattr(function, "primitive", None)
    if primitive is not None:
        return next(iter(primitive.parameters))
    code = getattr(function, "__wrapped__", function).__code__
    return str(code.co_varnames[0]) if code.co_argcount else ""


# Those that act on single numbers are methods of Scalar too.
SCALAR_METHODS: dict[str, Callable[..., Any]] = {}
for _name, _function in vars(families).items():
    if _name.startswith("_") or _name in FUNCTIONS_ONLY or _first_parameter(_function) not in ("x", "input"):
        continue
    _bind(Tensor, _name, _function)
    _operation: Primitive | None = getattr(_function, "primitive", None)
    if _operation is not None and _operation.kind in ("elementwise", "predicate"):
        SCALAR_METHODS[_name] = _function
for _name, _function in FURTHER_METHODS.items():
    _bind(Tensor, _name, _function)


def _dims(args: tuple[Any, ...]) -> Any:
    return args[0] if len(args) == 1 and isinstance(args[0], tuple | list) else args


def _reshape(self: Tensor, *shape: Any) -> Any:
    """Return the same elements in another shape; sizes may be given as a tuple or one by one. See :func:`reshape`."""
    return shaping.reshape(self, tuple(_dims(shape)))


def _permute(self: Tensor, *dims: Any) -> Any:
    """Return the tensor with its axes in the given order. See :func:`permute`."""
    return shaping.permute(self, tuple(_dims(dims)))


def _sum_to_size(self: Tensor, *size: Any) -> Any:
    """Return the tensor summed over the axes along which ``size`` would be broadcast. See :func:`sum_to`."""
    wanted = tuple(_dims(size))
    if self.dtype.kind == "b" and (wanted != self.shape or not wanted):
        return shaping.sum_to(shaping.astype(self, np.int64), wanted)
    return shaping.sum_to(self, wanted)


def _where(self: Tensor, condition: Any, other: Any) -> Any:
    """Return the tensor where ``condition`` is true, else ``other``. See :func:`where`."""
    return comparison.where(condition, self, other)


def _to_kind(dtype: Any) -> Callable[[Tensor], Any]:
    def convert(self: Tensor) -> Any:
        return _astype(self, dtype)

    convert.__doc__ = f"Return the tensor as {np.dtype(dtype).name}. See :func:`astype`."
    return convert


# PyTorch's words for dtypes, as methods.
KINDS_OF_NUMBERS = {
    "half": np.float16, "float": np.float32, "double": np.float64, "char": np.int8, "short": np.int16, "int": np.int32,
    "long": np.int64, "byte": np.uint8, "bool": np.bool_,
}  # fmt: skip


def _astype(self: Tensor, dtype: Any) -> Any:
    """Return the tensor in another dtype; the same tensor if it has it already. See :func:`astype`."""
    wanted = to_dtype(dtype)
    if wanted.kind != "f" and self.requires_grad:
        # Integers have no gradient, so what is made of them is no part of the graph.
        return shaping.astype(self.detach(), wanted)
    return self if self.dtype == wanted else shaping.astype(self, wanted)


def _copy_(self: Tensor, source: Any) -> Any:
    """Overwrite the values in place; under ``no_grad`` for a leaf that requires grad."""
    return in_place.assign(self, source)


def _fill(value: float) -> Callable[[Tensor], Any]:
    def fill(self: Tensor) -> Any:
        """Overwrite every value in place with a fixed number."""
        return in_place.assign(self, value)

    return fill


def _fill_(self: Tensor, value: Any) -> Any:
    """Overwrite every value in place with ``value``."""
    return in_place.assign(self, value)


def _getitem(self: Tensor, index: Any) -> Any:
    """Return part of the tensor. See :func:`getitem`."""
    return indexing.getitem(self, index_of_arrays(index))


def _setitem(self: Tensor, index: Any, values: Any) -> None:
    """Overwrite part of a tensor in place; under ``no_grad`` for a leaf that requires grad."""
    in_place.assign_at(self, index_of_arrays(index), values)


OTHERS: dict[str, Callable[..., Any]] = {
    "reshape": _reshape, "view": _reshape, "permute": _permute, "astype": _astype, "to": _astype, "copy_": _copy_,
    "zero_": _fill(0), "fill_": _fill_, "__getitem__": _getitem, "__setitem__": _setitem,
    "sum_to_size": _sum_to_size, "where": _where, **{n: _to_kind(kind) for n, kind in KINDS_OF_NUMBERS.items()},
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

_bind(Tensor, "__array_ufunc__", array_ufunc)
_bind(Tensor, "__array_function__", array_function)

# -- scalars --------------------------------------------------------------------------------------------------


def _scalar_method(function: Callable[..., Any]) -> Callable[..., Any]:
    primitive: Primitive = function.primitive  # type: ignore[attr-defined]
    if primitive.static_names or len(primitive.input_names) > 2:
        return function
    if primitive.kind != "elementwise" or not primitive.differentiable or primitive.scalar is None:

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
    _bind(Scalar, f"__{_name}__", _scalar_method(_function))
_bind(Scalar, "__neg__", _scalar_method(arithmetic.negative))
_bind(Scalar, "__abs__", _scalar_method(elementwise.absolute))
for _name, _function in SCALAR_METHODS.items():
    _bind(Scalar, _name, _scalar_method(_function))
_bind(Scalar, "pow", arithmetic.pow)
_bind(Scalar, "__array_ufunc__", None)  # type: ignore[arg-type]
