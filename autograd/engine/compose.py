"""The decorator of operations that are written with other operations, and so need no rules of their own.

A composed operation behaves like a primitive to its caller: it takes tensors, arrays, lists and numbers, and NumPy's
``axis`` and ``keepdims`` for PyTorch's ``dim`` and ``keepdim``.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, overload

import numpy as np

from ..core import dtypes
from ..core.interpreters import HiddenValueError
from ..core.mode import current_mode
from ..core.primitive import NUMPY_NAMES, DeclarationError, is_ours
from .precision import in_single, narrow

__all__ = ["COMPOSED", "LOOPS", "composed", "loop_for"]

COMPOSED: dict[str, Callable[..., Any]] = {}
_LISTS = ("tensors", "operands", "equation")


# A class of values that stand for many at once, and what runs a function on one at a time (``func/batching.py``).
LOOPS: dict[Any, Callable[..., Any]] = {}


def loop_for(args: Any, kwargs: dict[str, Any]) -> Callable[..., Any] | None:
    """Return what runs a function on one example at a time, if an argument stands for a batch of them."""
    for value in (*args, *kwargs.values()):
        for item in value if isinstance(value, list | tuple) else (value,):
            if item.__class__ in LOOPS:
                return LOOPS[item.__class__]
    return None


@overload
def composed(function: Callable[..., Any]) -> Callable[..., Any]: ...


@overload
def composed(*, widens: bool) -> Callable[[Callable[..., Any]], Callable[..., Any]]: ...


def composed(function: Any = None, *, widens: bool = False) -> Any:
    """Declare a function of other operations as an operation of its own.

    Its first argument may also be a list or a number, which it sees as an array; a parameter ``dim`` may be called
    ``axis`` and ``keepdim`` ``keepdims``. On arrays it gives arrays, on tensors tensors.

    Args:
        widens: float16 operands are computed with in float32, and the results cast back; see ``precision.py``.
    """
    if function is None:
        return functools.partial(composed, widens=widens)
    code = function.__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    aliases = {numpy_name: name for name, numpy_name in NUMPY_NAMES.items() if name in names}
    first = names[0] if names and names[0] not in _LISTS else None

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            for alias in aliases.keys() & kwargs.keys():
                kwargs[aliases[alias]] = kwargs.pop(alias)
        if first is not None:
            x = args[0] if args else kwargs.get(first)
            if x.__class__ in dtypes.NUMBERS or isinstance(x, list | tuple | np.generic):
                array = dtypes.as_array(x)
                if args:
                    args = (array, *args[1:])
                else:
                    kwargs[first] = array
        try:
            if widens and narrow((*args, *kwargs.values())):
                return in_single(function, args, **kwargs)
            return function(*args, **kwargs)
        except HiddenValueError:
            loop = loop_for(args, kwargs)
            if loop is None:
                raise
            # It read values as plain numbers, which single examples have.
            return loop(call, args, kwargs)
        except (ValueError, TypeError, IndexError) as error:
            context = current_mode().context
            if context is not None and context.scope and "in module" not in str(error):
                error.args = (f"{error} [in module {'.'.join(context.scope)}]",)
            raise

    if is_ours(function):
        if function.__name__ in COMPOSED:
            raise DeclarationError(
                f"{function.__name__}: an operation of this name exists already in "
                f"{COMPOSED[function.__name__].__module__}; give the function another, and export it under this one"
            )
        COMPOSED[function.__name__] = call
    return call
