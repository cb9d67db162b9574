"""A primitive is declared once, and read many ways.

A declaration holds a pure kernel and, for each differentiable input, a rule that maps the gradient of the output to the
gradient of the input. The names in a rule's signature are what is saved for it:

======================  ================================================================================================
``g``                   the gradient that arrives (required)
``out``                 the output; the name of another output or residual gives that one
an input's name         that input's value
``x_shape``             the shape of input ``x``; nothing is kept alive for it
a static argument       its value, such as ``dim``
``needs_grad``          for ``joint`` rules: which inputs need a gradient, as a tuple of bools (``need`` means the same)
======================  ================================================================================================

Everything else in the library is a reading of this declaration. How a call is made fast is the job of ``generate.py``;
this file holds the declaration, its checks and the table of all primitives. See ``engine/PRIMITIVES.md``.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np

__all__ = [
    "KINDS", "NO_DEFAULT", "NUMPY_NAMES", "REGISTRY", "DeclarationError", "OutputRules", "Parameter", "Primitive",
    "Rule", "is_ours",
]  # fmt: skip

KINDS = {
    "elementwise": "acts on each element by itself; operands broadcast, and the engine sums their gradients back",
    "linear": "linear in all its inputs together",
    "multilinear": "linear in each input while the others are held",
    "general": "anything else",
    "predicate": "elementwise, without derivative: comparisons and tests",
    "index": "gives integers, without derivative",
}

# Every primitive of the library by its name.
REGISTRY: dict[str, Primitive] = {}
# PyTorch's words for static arguments, and NumPy's, which are understood as well.
NUMPY_NAMES = {"dim": "axis", "keepdim": "keepdims"}
NO_DEFAULT = inspect.Parameter.empty

_RESERVED = ("g", "need", "needs_grad", "out")
_PACKAGE = __name__.partition(".")[0] + "."
_VARIADIC = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS


class DeclarationError(TypeError):
    """A primitive was declared wrongly; the message says what and where."""


def is_ours(function: Callable[..., Any]) -> bool:
    """Return whether a function belongs to the library, not to its user: only then it is registered and inlined."""
    return (function.__module__ or "").startswith(_PACKAGE)


class Parameter:
    """A parameter of a kernel: ``default`` is ``NO_DEFAULT`` where there is none."""

    __slots__ = ("default", "keyword_only", "name")

    def __init__(self, name: str, default: Any, keyword_only: bool) -> None:
        self.name = name
        self.default = default
        self.keyword_only = keyword_only


class VariadicError(TypeError):
    """A function takes ``*args`` or ``**kwargs``; the message is the name."""


def parameters_of(function: Callable[..., Any]) -> dict[str, Parameter]:
    """Return the parameters of a function by name.

    Read from its code object where it has one: ``inspect.signature`` would be a third of the time that importing the
    library takes.

    Raises:
        VariadicError: it takes any number of arguments.
    """
    code = getattr(function, "__code__", None)
    if not isinstance(function, types.FunctionType) or code is None or hasattr(function, "__wrapped__"):
        found = inspect.signature(function).parameters.values()
        for p in found:
            if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
                raise VariadicError(p.name)
        return {p.name: Parameter(p.name, p.default, p.kind is p.KEYWORD_ONLY) for p in found}
    count, total = code.co_argcount, code.co_argcount + code.co_kwonlyargcount
    if code.co_flags & _VARIADIC:
        raise VariadicError(code.co_varnames[total])
    names = code.co_varnames[:total]
    defaults = function.__defaults__ or ()
    first = count - len(defaults)
    result = {
        n: Parameter(n, defaults[i - first] if i >= first else NO_DEFAULT, False) for i, n in enumerate(names[:count])
    }
    for n in names[count:]:
        result[n] = Parameter(n, (function.__kwdefaults__ or {}).get(n, NO_DEFAULT), True)
    return result


class Rule:
    """A derivative rule and the names it asks for."""

    __slots__ = ("arguments", "function")

    def __init__(self, function: Callable[..., Any], arguments: tuple[str, ...]) -> None:
        self.function = function
        self.arguments = arguments


class OutputRules:
    """The rules of one output: one for each input, or a joint one for all."""

    __slots__ = ("by_input", "joint")

    def __init__(self, by_input: dict[str, Rule], joint: Rule | None) -> None:
        self.by_input = by_input
        self.joint = joint

    def requests(self) -> dict[str, tuple[str, ...] | None]:
        """Return, for every name that is asked for, the inputs whose gradient needs it (None: any)."""
        wanted: dict[str, Any] = {}
        if self.joint is not None:
            return dict.fromkeys(self.joint.arguments)
        for name, rule in self.by_input.items():
            for argument in rule.arguments:
                wanted[argument] = (*wanted.get(argument, ()), name)
        return wanted


class Primitive:
    """The declaration of one operation, as data.

    Attributes:
        name: the operation's name, unique in ``REGISTRY`` unless it is a user's.
        kind: one of ``KINDS``.
        kernel: the pure function on arrays; the ufunc itself where one was named.
        definition: the function that was decorated.
        scalar: the same on Python floats, if there is a quicker way than the kernel.
        input_names, static_names: the parameters, in order.
        differentiable: the inputs that have a rule.
        output_names: ``("out",)``, or the names of several outputs; ``None`` when their number varies.
        residual_names: further results of the kernel that only rules see.
        rules: the rules of the only output, or of the first.
        rules_by_output: the name of each output and residual to its rules, None for one without.
        multi_output: whether the kernel gives several results, residuals counted.
        saved_names: what is saved, in order.
        cost: the floating-point operations of a call, as declared; see ``core/cost.py``.
        domain: the interval of inputs for which the operation is smooth and real, for tests and documentation.
        widens: whether float16 is computed with in float32, forwards and backwards.
    """

    def __init__(
        self, kernel: Callable[..., Any], kind: str = "general", rules: dict[str, Any] | None = None, *,
        scalar: Callable[..., Any] | None = None, name: str | None = None, list_input: bool = False,
        inputs: tuple[str, ...] = (), outputs: tuple[str, ...] | str = (), residuals: tuple[str, ...] = (),
        joint: Callable[..., Any] | None = None, accumulate: dict[str, Callable[..., Any]] | None = None,
        domain: tuple[float, float] | None = None, symbol: str | None = None, ufunc: np.ufunc | None = None,
        casts: bool = False, finite: bool = False, cost: Any = None, widens: bool = False,
    ) -> None:  # fmt: skip
        rules = rules or {}
        self.kernel = ufunc if ufunc is not None else kernel
        self.name = name or kernel.__name__
        self.kind = kind
        self.scalar = scalar
        self.ufunc = ufunc
        self.casts = casts
        self.finite = finite
        self.cost = cost
        self.widens = widens
        self.list_input = list_input
        self.domain = domain
        self.symbol = symbol
        self.accumulate = {n: _read_accumulator(f) for n, f in (accumulate or {}).items()}
        self.function: Callable[..., Any] = kernel
        self.pull: Callable[..., None] = _no_derivative
        self.scalar_pull: Callable[..., Any] | None = None
        # Whether the rule of a list of outputs sees zeros for those that no gradient reached, or None.
        self.zero_filled = True
        if not self.name.isidentifier():
            raise DeclarationError(f"primitive {self.name!r}: the name must be a Python identifier")
        if kind not in KINDS:
            raise DeclarationError(f"primitive {self.name}: unknown kind {kind!r}; choose from {', '.join(KINDS)}")
        self.definition = kernel
        try:
            self.parameters = parameters_of(kernel)
        except VariadicError as error:
            raise self._fail(f"the kernel takes *{error}; name every parameter, or declare list_input=True") from None
        self.output_names = None if outputs == "list" else tuple(outputs) if outputs else ("out",)
        self.residual_names = tuple(residuals)
        self._listed = tuple(inputs)
        if self.list_input:
            # The list stands for several inputs at once, so its rule answers for all of them.
            self._read_parameters(rules)
            first = self.input_names[0]
            if first in rules and joint is None and rules[first] is not None:
                joint = rules[first]
                rules = {}
                self._listed = (first,)
        self._read_parameters(rules)
        self._read_rules(rules, joint)
        self._plan_saving()

    # -- reading the declaration ---------------------------------------------------------------------------------

    @cached_property
    def signature(self) -> inspect.Signature:
        """The signature of the kernel as it was declared."""
        return inspect.signature(self.definition)

    def _fail(self, problem: str) -> DeclarationError:
        return DeclarationError(f"primitive {self.name}{self.signature}: {problem}")

    def _read_parameters(self, rules: dict[str, Any]) -> None:
        parameters = self.parameters
        result_names = (*(self.output_names or ()), *self.residual_names)
        for name, rule in rules.items():
            if isinstance(rule, dict) or name in result_names:
                continue
            if name not in parameters:
                raise self._fail(f"there is a rule for {name!r}, which is not a parameter ({', '.join(parameters)})")
        for output, rule in rules.items():
            for name in rule if isinstance(rule, dict) else ():
                if name != "joint" and name not in parameters:
                    raise self._fail(
                        f"the rules of output {output!r} name {name!r}, which is not a parameter "
                        f"({', '.join(parameters)})"
                    )
        for name in self._listed:
            if name not in parameters:
                raise self._fail(f"inputs names {name!r}, which is not a parameter ({', '.join(parameters)})")
        named = set(self._listed) | {
            n for rule in rules.values() if isinstance(rule, dict) for n in rule if n != "joint"
        }
        self.input_names = tuple(n for n in parameters if (n in rules and not isinstance(rules[n], dict)) or n in named)
        if not self.input_names and self.kind not in ("predicate", "index"):
            raise self._fail("no input has a rule; write input=rule, or input=None for an input without derivative")
        if not self.input_names:
            self.input_names = tuple(n for n, p in parameters.items() if p.default is NO_DEFAULT)
        self.static_names = tuple(n for n in parameters if n not in self.input_names)
        self.in_order = tuple(parameters) == (*self.input_names, *self.static_names) and not any(
            p.keyword_only for p in parameters.values()
        )
        for name in (*self.input_names, *self.static_names):
            if name in _RESERVED:
                raise self._fail(f"a parameter may not be called {name!r}: rules use that name")
        self.optional = frozenset(n for n in self.input_names if parameters[n].default is not NO_DEFAULT)
        if self.list_input and len(self.input_names) != 1:
            raise self._fail("a list input must be the only input")

    def _read_rules(self, rules: dict[str, Any], joint: Callable[..., Any] | None) -> None:
        names = self.output_names or ("out",)
        of_first = {n: r for n, r in rules.items() if n in self.input_names and r is not None}
        self.rules_by_output: dict[str, OutputRules | None] = {}
        for position, output in enumerate((*names, *self.residual_names)):
            declared = rules.get(output) if output not in self.input_names else None
            if declared is not None and not isinstance(declared, dict):
                raise self._fail(f"the rules of output {output!r} must be a dict of input name to rule")
            if declared is not None:
                own_joint = declared.get("joint")
                own = {n: r for n, r in declared.items() if n != "joint" and r is not None}
            elif position == 0:
                own, own_joint = of_first, joint
            else:
                self.rules_by_output[output] = None
                continue
            self.rules_by_output[output] = OutputRules(
                {n: self._read_rule(r, n, output) for n, r in own.items()},
                None if own_joint is None else self._read_rule(own_joint, "joint", output),
            )
        first = self.rules_by_output[next(iter(self.rules_by_output))]
        assert first is not None
        self.rules = first
        covered = {n for t in self.rules_by_output.values() if t for n in t.by_input}
        if any(t and t.joint for t in self.rules_by_output.values()):
            # A joint rule answers for every input that is not declared to be without derivative.
            covered |= {n for n in self.input_names if rules.get(n, ...) is not None}
        if self.kind in ("predicate", "index"):
            if covered:
                raise self._fail(f"kind {self.kind!r} has no derivatives, yet a rule is given for {', '.join(covered)}")
        self.differentiable = tuple(n for n in self.input_names if n in covered)
        unknown = set(self.accumulate) - set(self.differentiable)
        if unknown:
            raise self._fail(f"accumulate names {', '.join(sorted(unknown))}, which has no rule")

    def _read_rule(self, function: Any, target: str, output: str) -> Rule:
        if not callable(function):
            raise self._fail(f"the rule for {target!r} is {function!r}, not a function")
        results = (*(self.output_names or ()), *self.residual_names)
        shapes = tuple(f"{n}_shape" for n in self.input_names)
        known = ("g", "needs_grad", *results, *self.input_names, *shapes, *self.static_names)
        try:
            arguments = tuple("needs_grad" if n == "need" else n for n in parameters_of(function))
        except VariadicError as error:
            raise self._fail(f"the rule for {target!r} takes *{error}; name what it needs") from None
        for name in arguments:
            if name not in known:
                raise self._fail(f"the rule for {target!r} asks for {name!r}; it may ask for {', '.join(known)}")
            if name == "needs_grad" and target != "joint" and not self.list_input:
                raise self._fail(f"the rule for {target!r} asks for 'needs_grad', which only joint rules get")
        if "g" not in arguments:
            raise self._fail(f"the rule for {target!r} ignores 'g'; a gradient is always a multiple of what arrives")
        return Rule(function, arguments)

    def _plan_saving(self) -> None:
        results = (*(self.output_names or ()), *self.residual_names)
        requests: dict[str, set[str]] = {}
        for rules in self.rules_by_output.values():
            if rules is None:
                continue
            for name, inputs in rules.requests().items():
                if name in results or name in self.input_names:
                    requests.setdefault(name, set()).update(self.differentiable if inputs is None else inputs)
        for target, accumulator in self.accumulate.items():
            for name in accumulator.arguments:
                if name in results or name in self.input_names:
                    requests.setdefault(name, set()).add(target)
        order = (*results, *self.input_names)
        self.saved_names = tuple(n for n in order if n in requests)
        self.saved_for = {n: tuple(i for i in self.input_names if i in requests[n]) for n in self.saved_names}
        self.multi_output = len(self.rules_by_output) > 1 or self.output_names is None
        self.returns_tuple = self.output_names is None or len(self.output_names) > 1

    # -- using it ------------------------------------------------------------------------------------------------

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def formula(self, input_name: str) -> str:
        """Return the rule for one input as text, such as ``g·(1 − out·out)``.

        Raises:
            KeyError: the input has no rule.
        """
        from .formula import rule_text

        return rule_text(self, input_name)

    def __repr__(self) -> str:
        return f"<primitive {self.name}{self.signature}, {self.kind}>"


def _read_accumulator(function: Callable[..., Any]) -> Rule:
    return Rule(function, tuple(parameters_of(function))[1:])


def _no_derivative(*_: Any) -> None:
    raise RuntimeError("this operation has no derivative")
