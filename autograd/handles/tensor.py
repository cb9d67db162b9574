"""The array that remembers how it was made. It knows no operation: ``operators.py`` binds those."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core import dtypes, storage
from ..core.mode import current_mode
from ..core.node import Constant, Node
from ..engine import calls, values
from ..engine.backward import RETAIN, backward, seed
from ..engine.values import LEAF

if TYPE_CHECKING:
    from ..signatures import TensorOperators
else:
    TensorOperators = object

__all__ = ["HookHandle", "Tensor", "from_numpy", "tensor"]

_hook_ids = itertools.count()


class HookHandle:
    """Removes the hook it was given for."""

    __slots__ = ("_hooks", "_key")

    def __init__(self, hooks: dict[int, Any], key: int) -> None:
        self._hooks = hooks
        self._key = key

    def remove(self) -> None:
        """Remove the hook; a second call does nothing."""
        self._hooks.pop(self._key, None)

    def __enter__(self) -> HookHandle:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


class Tensor(TensorOperators):
    """An n-dimensional array that records the operations it takes part in.

    Make one with :func:`tensor`. Attributes and methods have PyTorch's names. Values are NumPy's; ``numpy()`` shows
    them read-only, because a change behind the graph's back would make gradients silently wrong.

    >>> import glassgrad as gg
    >>> w = gg.tensor([1.0, -2.0], requires_grad=True, name="w")
    >>> loss = (w * w).sum()
    >>> loss.backward()
    >>> w.grad
    tensor([ 2., -4.])
    """

    __slots__ = ("__weakref__", "_array", "_grad", "_node")
    __array_priority__ = 1000

    _array: np.ndarray[tuple[int, ...], np.dtype[Any]]
    _node: Any
    _grad: Any

    def __init_subclass__(cls, handle: bool = False) -> None:
        if not handle:
            raise TypeError(
                f"class {cls.__name__}: Tensor cannot be subclassed, because operations would return plain Tensors. "
                "Hold a Tensor in an attribute, or declare an operation with gg.primitive"
            )
        calls.register_tensor(cls)

    def __init__(
        self, data: Any, dtype: Any = None, requires_grad: bool = False, name: str | None = None, *, copy: bool = True
    ) -> None:
        if data.__class__ in values.HANDLES:
            data = data._array
        elif type(data).__name__ == "Scalar" and hasattr(data, "value"):
            raise TypeError("a Scalar has its own graph; write gg.tensor(scalar.value) for its number")
        self._array = dtypes.as_array(data, dtype, copy=copy)
        self._node = None
        self._grad = None
        if name is not None:
            self.name = name
        if requires_grad:
            self.requires_grad = True

    # -- what it is --------------------------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes of the axes."""
        return self._array.shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self._array.ndim

    @property
    def dtype(self) -> np.dtype[Any]:
        """The NumPy dtype."""
        return self._array.dtype

    @property
    def nbytes(self) -> int:
        """Bytes that the elements take."""
        return self._array.nbytes

    @property
    def strides(self) -> tuple[int, ...]:
        """Bytes from an element to the next along each axis, as NumPy counts."""
        return self._array.strides

    def size(self, dim: int | None = None) -> Any:
        """Return the shape, or the size of axis ``dim``."""
        return self._array.shape if dim is None else self._array.shape[dim]

    def dim(self) -> int:
        """Return the number of axes."""
        return self._array.ndim

    def numel(self) -> int:
        """Return the number of elements."""
        return self._array.size

    def is_floating_point(self) -> bool:
        """Return whether the dtype is floating-point; only such tensors can require a gradient."""
        return dtypes.is_floating(self._array.dtype)

    def __len__(self) -> int:
        if not self._array.ndim:
            raise TypeError("len() of a 0-d tensor")
        return len(self._array)

    def __iter__(self) -> Iterator[Any]:
        if not self._array.ndim:
            raise TypeError("iteration over a 0-d tensor; use .item() for its number")
        return (self[i] for i in range(len(self._array)))

    def __hash__(self) -> int:
        return id(self)

    def __bool__(self) -> bool:
        if self._array.size != 1:
            raise ValueError(f"the truth of a tensor of shape {self.shape} is ambiguous; use .any() or .all()")
        return bool(self._array.reshape(()))

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __index__(self) -> int:
        if self._array.size != 1 or self._array.dtype.kind not in "iu":
            raise TypeError(f"only a single integer can be an index, not a tensor of {self.dtype}, shape {self.shape}")
        return int(self._array.reshape(()))

    # -- values ------------------------------------------------------------------------------------------------------

    def item(self) -> Any:
        """Return the value of a one-element tensor as a Python number.

        Raises:
            ValueError: there is not exactly one element.
        """
        if self._array.size != 1:
            raise ValueError(f"item: the tensor has shape {self.shape}, so {self._array.size} elements, not one")
        return self._array.item()

    def tolist(self) -> Any:
        """Return the values as nested lists of Python numbers."""
        return self._array.tolist()

    def numpy(self, copy: bool = False) -> np.ndarray[Any, Any]:
        """Return the values: a read-only view, or with ``copy=True`` an array of your own."""
        if copy:
            return self._array.copy()
        view = self._array.view()
        view.flags.writeable = False
        return view

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        if self.requires_grad and current_mode().grad:
            # NumPy calls this wherever it does not ask whether a function has a counterpart here.
            raise TypeError(
                f"NumPy takes a tensor of shape {self.shape} that requires grad for an array, which would drop its "
                "gradient unseen; write tensor.numpy() or tensor.detach() to leave the graph"
            )
        if copy:
            return np.array(self._array, dtype=dtype)
        if dtype is not None and np.dtype(dtype) != self._array.dtype:
            if copy is False:
                raise ValueError(f"cannot give dtype {np.dtype(dtype)} without a copy")
            return self._array.astype(dtype)
        return self.numpy()

    @property
    def data(self) -> Tensor:
        """The same values outside the graph, as :meth:`detach` gives them."""
        return self.detach()

    @data.setter
    def data(self, value: Any) -> None:
        array = value._array if value.__class__ in values.HANDLES else dtypes.as_array(value, self._array.dtype)
        if array.shape != self._array.shape:
            raise ValueError(f"data: the new values have shape {array.shape}, the tensor has {self._array.shape}")
        if not self.is_leaf:
            raise RuntimeError("data: this tensor is the result of an operation; compute a new one instead")
        self._array = array.astype(self._array.dtype, copy=False)

    def detach(self) -> Tensor:
        """Return a tensor on the same memory that no gradient flows through."""
        result: Tensor = values.new_tensor(self._array, None)
        if self._node.__class__ is Node:
            constant = Constant(self._array.shape, self._array.dtype, name=self.name)
            constant.cut = "detach"
            constant.origin = weakref.ref(self._node)
            constant.weak_handle = weakref.ref(result)
            result._node = constant
        return result

    # -- the graph ---------------------------------------------------------------------------------------------------

    @property
    def requires_grad(self) -> bool:
        """Whether gradients are computed for it. Settable on leaves of a floating-point dtype."""
        return self._node.__class__ is Node

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if value and not self.requires_grad:
            if not dtypes.is_floating(self._array.dtype):
                raise TypeError(
                    f"only floating-point tensors can require grad, not {self._array.dtype}; "
                    "make it with dtype='float32' first"
                )
            node = Node(LEAF, self._array.shape, self._array.dtype)
            details = node.ensure_details()
            details.name = self.name
            details.handle = weakref.ref(self)
            self._node = node
        elif not value and self.requires_grad:
            if not self._node.is_leaf:
                raise RuntimeError("requires_grad can be switched off only on leaves; use .detach() on a result")
            name = self.name
            self._node = None
            self.name = name

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Set :attr:`requires_grad` and return the tensor."""
        self.requires_grad = requires_grad
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether the user made it, or it requires no gradient; gradients are kept on leaves."""
        return self._node.__class__ is not Node or self._node.is_leaf

    @property
    def grad_fn(self) -> Node | None:
        """The node that made it, or ``None`` for leaves."""
        return None if self.is_leaf else self._node

    @property
    def name(self) -> str | None:
        """The name that pictures and messages use."""
        return getattr(self._node, "name", None)

    @name.setter
    def name(self, value: str | None) -> None:
        if value is not None and not isinstance(value, str):
            raise TypeError(f"a name must be a string or None, not {type(value).__name__}")
        if self._node.__class__ is Node:
            self._node.name = value
        elif value is not None or self._node is not None:
            values.constant_of(self).name = value

    @property
    def grad(self) -> Tensor | None:
        """The gradient that backward passes have added up here, or ``None``."""
        kept: Tensor | None = self._grad
        return kept

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None:
            if value.__class__ not in values.HANDLES:
                raise TypeError(f"grad: expected a Tensor or None, got {type(value).__name__}")
            if value._array.shape != self._array.shape or value._array.dtype != self._array.dtype:
                raise ValueError(
                    f"grad: a gradient of shape {value.shape} and dtype {value.dtype} does not fit a tensor of shape "
                    f"{self.shape} and dtype {self.dtype}"
                )
        self._grad = value

    def backward(self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False) -> None:
        """Add the gradient of this tensor to ``.grad`` of every leaf it was computed from.

        Args:
            gradient: where to start: a tensor of this shape. May be left out for a single number (then it is 1).
            retain_graph: keep saved values so that backward can run again. Default: the value of ``create_graph``.
            create_graph: record the pass, so that ``.grad`` can be differentiated.

        Raises:
            RuntimeError: the tensor requires no gradient; it has several elements and ``gradient`` is missing; or the
                saved values were freed by an earlier pass.
        """
        start = seed(self, gradient, create_graph, "backward")
        backward([self], [start], create_graph if retain_graph is None else retain_graph, create_graph)

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> HookHandle:
        """Call ``hook(gradient)`` when backward has computed this tensor's gradient; a Tensor it returns replaces it.

        Returns:
            A handle whose ``remove()`` takes the hook away.

        Raises:
            RuntimeError: the tensor requires no gradient.
        """
        if self._node.__class__ is not Node:
            raise RuntimeError("register_hook: the tensor does not require grad, so no gradient will pass here")
        if not callable(hook):
            raise TypeError(f"register_hook: expected a function, got {type(hook).__name__}")
        details = self._node.ensure_details()
        if details.hooks is None:
            details.hooks = {}
        key = next(_hook_ids)
        details.hooks[key] = hook
        return HookHandle(details.hooks, key)

    def retain_grad(self) -> None:
        """Keep the gradient of this intermediate result in ``.grad``, too. Each backward replaces it.

        It is the gradient as all hooks have left it, also those that are registered later.
        """
        if self._node.__class__ is not Node:
            raise RuntimeError("retain_grad: the tensor does not require grad")
        if self._node.is_leaf:
            return
        reference = weakref.ref(self)

        def keep(gradient: Tensor) -> None:
            handle = reference()
            if handle is not None:
                handle._grad = gradient

        details = self._node.ensure_details()
        details.hooks = details.hooks or {}
        details.hooks[RETAIN] = keep

    # -- looks -------------------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        body = np.array2string(self._array, separator=", ", prefix="tensor(", precision=4)
        notes = ""
        if self._array.dtype not in (dtypes.get_default_dtype(), np.dtype(np.int64), np.dtype(np.bool_)):
            notes += f", dtype={self._array.dtype}"
        if not self._array.size:
            notes += f", shape={self._array.shape}"
        if self.grad_fn is not None:
            notes += f", grad_fn=<{self.grad_fn.primitive.name}>"
        elif self.requires_grad:
            notes += ", requires_grad=True"
        return f"tensor({body}{notes})"

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec and self._array.size == 1 else repr(self)

    # -- copies ------------------------------------------------------------------------------------------------------

    def __copy__(self) -> Tensor:
        """Return a second handle on the same memory, without the gradient; a leaf of its own if this requires grad."""
        self._refuse_results("copy.copy")
        return self._like(self._array)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        """Return a tensor on memory of its own, with the gradient; views that are copied together stay views."""
        self._refuse_results("copy.deepcopy")
        copied = self._like(storage.copy_shared(self._array, memo))
        memo[id(self)] = copied
        if self._grad is not None:
            copied._grad = values.new_tensor(storage.copy_shared(self._grad._array, memo), None)
        return copied

    def __reduce__(self) -> Any:
        """Pickle the values, name and ``requires_grad``, as PyTorch does; not the gradient, nor where views lie.

        Loading a pickle can run any code, so files that are passed on belong into :func:`glassgrad.save`.
        """
        self._refuse_results("pickle")
        return _from_pickle, (type(self), self._array, self.requires_grad, self.name)

    def _like(self, array: Any) -> Tensor:
        """Return a leaf of the same class, name and ``requires_grad`` on other memory."""
        result: Tensor = object.__new__(type(self))
        result._array = array
        result._node = None
        result._grad = None
        if self.name is not None:
            result.name = self.name
        if self.requires_grad:
            result.requires_grad = True
        return result

    def _refuse_results(self, what: str) -> None:
        if not self.is_leaf:
            raise RuntimeError(
                f"{what}: this tensor (shape {self.shape}) is the result of {self._node.primitive.name!r}, and its "
                "graph is not copied; only leaves can be copied. Write x.detach() for the values (a module that keeps "
                "a result should keep x.detach()), or x.clone() for a copy that stays in the graph"
            )


def _from_pickle(cls: type[Tensor], array: Any, requires_grad: bool, name: str | None) -> Tensor:
    result: Tensor = object.__new__(cls)
    # NumPy's pickles bring their own dtype object, and memory that is theirs alone.
    result._array = dtypes.as_array(array, copy=False)
    result._node = None
    result._grad = None
    if name is not None:
        result.name = name
    if requires_grad:
        result.requires_grad = True
    return result


calls.register_tensor(Tensor)


def tensor(data: Any, dtype: Any = None, requires_grad: bool = False, name: str | None = None) -> Tensor:
    """Make a tensor from numbers, nested lists or an array, always on memory of its own.

    Args:
        data: numbers. Arrays keep their dtype; Python floats become float32 (see :func:`set_default_dtype`), ints
            int64, bools bool.
        dtype: a NumPy dtype or its name.
        requires_grad: whether gradients are wanted; needs a floating-point dtype.
        name: what pictures and messages call it.

    Raises:
        TypeError: ``data`` is not numbers, or an integer tensor should require grad.

    >>> import glassgrad as gg
    >>> gg.tensor([[1.0, 2.0], [3.0, 4.0]])
    tensor([[1., 2.],
            [3., 4.]])
    """
    return Tensor(data, dtype, requires_grad, name)


def from_numpy(array: np.ndarray[Any, Any]) -> Tensor:
    """Make a tensor from a NumPy array.

    Unlike PyTorch's it copies: a later change of the array would reach saved values unseen.

    >>> import numpy as np, glassgrad as gg
    >>> gg.from_numpy(np.arange(3))
    tensor([0, 1, 2])
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"from_numpy: expected a NumPy array, got {type(array).__name__}")
    return Tensor(array)
