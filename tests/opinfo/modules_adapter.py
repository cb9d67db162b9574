"""PyTorch's own module samples (``ModuleInfo``), run on this library's modules of the same name."""

from __future__ import annotations

import dataclasses
import inspect
import warnings
from collections import Counter
from typing import Any

import numpy as np
import opinfo_tables as tables
import torch
from opinfo_adapter import (
    Conversion,
    DifferenceError,
    UnsupportedError,
    _cotangents,
    compare,
    compare_results,
    describe,
    plain,
    seed,
)
from torch.testing._internal.common_modules import module_db

import glassgrad as gg

MODULES = {info.name.removeprefix("nn."): info for info in module_db}
TOLERANCE = (1e-7, 1e-8)


@dataclasses.dataclass
class ModuleTally:
    """The counts of one ModuleInfo."""

    state: str = "there"
    passed: int = 0
    unsupported: Counter[str] = dataclasses.field(default_factory=Counter)
    failures: list[str] = dataclasses.field(default_factory=list)

    def as_counts(self) -> dict[str, Any]:
        """Return what is recorded."""
        return {"state": self.state, "passed": self.passed, "failed": len(self.failures),
                "unsupported": dict(sorted(self.unsupported.items()))}  # fmt: skip


def find(name: str) -> type | None:
    """Return our module of this name."""
    return getattr(gg.nn, name, None)


def run_module(info: Any) -> ModuleTally:
    """Run the samples of one ModuleInfo, in training and in evaluation, in float64."""
    name, tally = info.name.removeprefix("nn."), ModuleTally()
    ours = find(name)
    if ours is None:
        tally.state = "not there"
        return tally
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for training in (True, False):
            seed()
            inputs = info.module_inputs_func(info, "cpu", torch.float64, requires_grad=True, training=training)
            for i, sample in enumerate(inputs):
                made, given = sample.constructor_input, sample.forward_input
                where = (
                    f"nn.{name}{describe(made.args)}{{{describe(made.kwargs)}}}, sample {i}, "
                    f"training={training}, {describe(given.args)}{{{describe(given.kwargs)}}}"
                )
                try:
                    _run(info.module_cls, ours, made, given, training, name)
                    tally.passed += 1
                except UnsupportedError as reason:
                    tally.unsupported[str(reason)] += 1
                except DifferenceError as difference:
                    tally.failures.append(f"{where}: {difference}")
                except Exception as error:
                    tally.failures.append(f"{where}: {type(error).__name__}: {error}")
    return tally


def _constructed(ours: type, made: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    kwargs = dict(made.kwargs)
    wanted = kwargs.pop("dtype", None)
    conversion = Conversion()
    args = conversion.both(tuple(made.args))[1]
    kwargs = conversion.both(plain(kwargs))[1]
    if wanted is not None and "dtype" in inspect.signature(ours.__init__).parameters:  # type: ignore[misc]
        kwargs["dtype"] = str(wanted).removeprefix("torch.")
    return args, kwargs


def _run(theirs_class: Any, ours_class: Any, made: Any, given: Any, training: bool, name: str) -> None:
    if (reason := tables.unsupported_module(name, made.args, made.kwargs, given.args, given.kwargs)) is not None:
        raise UnsupportedError(reason)
    seed()
    theirs = theirs_class(*made.args, **made.kwargs).double()
    args, kwargs = _constructed(ours_class, made)
    ours = ours_class(*args, **kwargs)
    ours.to("float64")
    theirs.train(training)
    ours.train(training)
    _copy_state(ours, theirs)
    forward = Conversion()
    their_args, our_args = forward.both(tuple(given.args))
    their_kwargs, our_kwargs = forward.both(dict(given.kwargs))
    try:
        expected = theirs(*their_args, **their_kwargs)
    except Exception as error:
        raise UnsupportedError("PyTorch raises") from error
    got = ours(*our_args, **our_kwargs)
    pairs = compare_results(got, expected, _tolerance)
    _compare_state(ours, theirs)
    leaves = [(t, x, "input") for t, x in forward.pairs if t.requires_grad]
    parameters = dict(ours.named_parameters())
    leaves += [(t, parameters[n], n) for n, t in theirs.named_parameters() if t.requires_grad]
    if pairs and leaves:
        their_v, our_v = _cotangents([t for _, t in pairs], np.random.default_rng(3))
        their_grads = torch.autograd.grad(
            [t for _, t in pairs], [t for t, *_ in leaves], their_v, allow_unused=True, materialize_grads=True
        )
        our_grads = gg.grad([x for x, _ in pairs], [x for _, x, _ in leaves], our_v, materialize_grads=True)
        for (_, _, what), a, b in zip(leaves, our_grads, their_grads, strict=True):
            compare(a, b, f"the gradient by {what}", _tolerance)


def _tolerance(dtype: str) -> tuple[float, float]:
    return TOLERANCE if dtype == "float64" else tables.USUAL[dtype]


def _copy_state(ours: Any, theirs: Any) -> None:
    if any(isinstance(p, torch.nn.parameter.UninitializedParameter) for p in theirs.parameters()):
        raise UnsupportedError("lazy")
    state = theirs.state_dict()
    if sorted(state) != sorted(ours.state_dict()):
        raise DifferenceError(f"the state has names {sorted(ours.state_dict())}, PyTorch's {sorted(state)}")
    ours.load_state_dict({n: t.detach().numpy().copy() for n, t in state.items()})


def _compare_state(ours: Any, theirs: Any) -> None:
    state = ours.state_dict()
    for name, t in theirs.state_dict().items():
        compare(state[name], t, f"{name} after the call", _tolerance)
