"""The tensors that training changes."""

from __future__ import annotations

from typing import Any

from ..autograd import Tensor

__all__ = ["Parameter"]


class Parameter(Tensor, handle=True):
    """A tensor that a ``Module`` registers as its own when it is assigned to an attribute, and that optimisers update.

    It holds a copy of ``data`` and requires a gradient, so it must be floating-point. The module gives it the
    attribute's name, unless it has one already. Results of operations on it are plain tensors.

    Args:
        data: numbers, nested lists, an array or a tensor; arrays keep their dtype, Python floats become float32.
        requires_grad: False keeps the optimiser from changing it.
        name: what pictures and messages call it.

    Raises:
        TypeError: ``data`` is not numbers, or not floating-point while a gradient is required.

    >>> from glassgrad import nn
    >>> nn.Parameter([1.0, 2.0])
    Parameter containing:
    tensor([1., 2.], requires_grad=True)
    """

    __slots__ = ()

    def __init__(self, data: Any, requires_grad: bool = True, *, dtype: Any = None, name: str | None = None) -> None:
        super().__init__(data, dtype, requires_grad, name)

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"

    def convert_(self, dtype: Any) -> None:
        """Change the dtype of the values and of the gradient, in place: whoever holds the parameter sees it change.

        Graphs that were recorded before are no longer connected to it, and its hooks are gone.

        >>> from glassgrad import nn
        >>> weight = nn.Parameter([0.5])
        >>> weight.convert_("float64")
        >>> weight.dtype
        dtype('float64')
        """
        converted = Parameter(self, self.requires_grad, dtype=dtype, name=self.name)
        if converted.dtype == self.dtype:
            return
        gradient, wanted, name = self.grad, self.requires_grad, self.name
        # The vertex holds the dtype, so it is made anew.
        self.requires_grad = False
        self._node = None
        self._array = converted._array
        self.name = name
        self.requires_grad = wanted
        self.grad = None if gradient is None else Tensor(gradient, dtype)
