"""What the adapter has to be told: names that differ, OpInfos that are out of scope, samples that cannot be run.

Everything else is found by name. A reason is one or two words, because the report counts samples by reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import glassgrad as gg

# -- OpInfos that are out of scope: pattern of the full name, reason -------------------------------------------

OUT_OF_SCOPE = [
    (r"fft\..*|stft|istft", "fft"),
    (r"masked\..*", "masked tensors"),
    (r"(torch\.)?sparse\..*|to_sparse", "sparse"),
    (r"jiterator.*", "jiterator"),
    (r"view_as_(real|complex)|complex|polar|imag|cdouble|cfloat|chalf|nn\.functional\.silu:complex|istft|resolve_conj"
     r"|linalg\.eig|linalg\.eigvals", "complex"),
    (r"bfloat16", "bfloat16"),
    (r"broadcast_shapes", "storage"),  # shapes in, a shape out
    (r"torch\..*|_.*(?<!__)|native_.*|max_pool2d_with_indices_backward|grid_sampler_.d|unsafe_.*|hash_tensor"
     r"|nn\.functional\.(linear_cross_entropy.*|batch_norm:without_cudnn)", "internal"),
    (r"(?!index).*_copy|resolve_neg", "internal"),
    (r"as_strided.*|.*empty_(strided|permuted)|resize_.*", "storage"),
    (r"cauchy|exponential|geometric|log_normal|normal:in_place|uniform|zero_|fill", "in-place"),
    (r"signal\.windows\..*", "windows"),
]  # fmt: skip


def out_of_scope(name: str) -> str | None:
    """Return why the OpInfo of this full name is out of scope, or ``None``."""
    return next((reason for pattern, reason in OUT_OF_SCOPE if re.fullmatch(pattern, name)), None)


# -- names that differ: full name (or name without variant) to a function of the sample's arguments -------------

NAMES: dict[str, Callable[..., Any]] = {
    "einsum": lambda tensors, equation: gg.einsum(equation, *tensors),
    "polygamma": lambda x, n: gg.polygamma(n, x),
    "special.polygamma": lambda x, n: gg.special.polygamma(n, x),
    "where": lambda x, condition, y: gg.where(condition, x, y),
    "nn.functional.embedding": lambda weight, index, **k: gg.nn.functional.embedding(index, weight, **k),
    "nn.functional.embedding_bag": lambda weight, index, **k: gg.nn.functional.embedding_bag(index, weight, **k),
    "linalg.pinv:singular": lambda a, b: gg.linalg.pinv(gg.matmul(a, gg.transpose(b, -2, -1))),
    "linalg.lstsq:grad_oriented": lambda a, b, driver: gg.linalg.lstsq(a, b, driver=driver)[:2],
    "normal:number_mean": lambda std, mean, *a, **k: gg.normal(mean, std, *a, **k),
    "svd_lowrank": lambda a, b, **k: gg.svd_lowrank(gg.matmul(a, gg.transpose(b, -2, -1)), **k),
    "pca_lowrank": lambda a, b, **k: gg.pca_lowrank(gg.matmul(a, gg.transpose(b, -2, -1)), **k),
    "__rdiv__": lambda x, y: y / x,
}
# The operation that the lambda above needs; without it the OpInfo counts as not there.
NEEDS = {
    "einsum": "einsum", "polygamma": "polygamma", "special.polygamma": "special.polygamma", "where": "where",
    "nn.functional.embedding": "nn.functional.embedding", "nn.functional.embedding_bag": "nn.functional.embedding_bag",
    "linalg.pinv:singular": "linalg.pinv", "linalg.lstsq:grad_oriented": "linalg.lstsq", "normal:number_mean": "normal",
    "svd_lowrank": "svd_lowrank", "pca_lowrank": "pca_lowrank", "__rdiv__": "divide",
}  # fmt: skip

# Random and unset results: shape and dtype are compared, nothing else.
RANDOM = re.compile(
    r"empty|empty_like|new_empty|bernoulli|multinomial|normal(:.*)?|randn?|randn?_like|randint(_like)?"
    r"|nn\.functional\.(.*dropout.*|rrelu|fractional.*|scaled_dot_product_attention)"
)


def is_random(name: str, kwargs: dict[str, Any]) -> bool:
    """Return whether a sample's result is drawn: dropout draws only in training, and not for all or nothing."""
    if not RANDOM.fullmatch(name):
        return False
    if name == "nn.functional.scaled_dot_product_attention":
        return kwargs.get("dropout_p", 0.0) > 0
    if "dropout" in name or name == "nn.functional.rrelu":
        return kwargs.get("training", "rrelu" not in name) is not False and kwargs.get("p", 0.5) not in (0, 1)
    return True


# Where values are equal, which of their places is given is left open (unless the sort is stable): compared is what
# stands at the places.
TIED = {"kthvalue", "topk", "mode", "sort", "argsort", "median", "nanmedian"}


def values_at(name: str, result: Any, sample: Any) -> Any:
    """Return the result with indices replaced by the sample's values at them."""
    values, index = (None, result) if name == "argsort" else (result if isinstance(result, tuple) else (result, None))
    if index is None:
        return result
    place = 1 if name in ("kthvalue", "topk") else 0
    dim = sample.kwargs.get("dim", sample.args[place] if len(sample.args) > place else -1)
    x = sample.input.detach().numpy()
    found = np.take_along_axis(np.atleast_1d(x), *_lined_up(np.asarray(index), x, dim))
    there = gg.tensor(found) if isinstance(result, gg.Tensor) or isinstance(values, gg.Tensor) else torch.tensor(found)
    return there if values is None else (values, there)


def _lined_up(index: Any, x: Any, dim: int) -> tuple[Any, int]:
    index = index.reshape(1) if not x.ndim else (np.expand_dims(index, dim) if index.ndim < x.ndim else index)
    return index, dim


def pairwise_distance(module: Any) -> Callable[..., Any]:
    """Return our form of PyTorch's module of a distance."""
    return lambda x, y: gg.nn.functional.pairwise_distance(x, y, module.norm, module.eps, module.keepdim)


# -- samples that cannot be run: pattern of the OpInfo, predicate of (input, args, kwargs), reason ---------------

UNSUPPORTED: list[tuple[str, Callable[[Any, tuple[Any, ...], dict[str, Any]], bool], str]] = [
    # Tensor.to changes the dtype; there is one device, and memory is laid out in one way.
    ("to", lambda x, args, kwargs: "cpu" in args or bool(kwargs) or len(args) > 1, "device"),
    (r"__rpow__", lambda x, args, kwargs: _is_integer(x) and bool((x < 0).any()), "integer to a negative power"),
    # PyTorch casts the fraction, so that 0.6 times is 0 times.
    (
        r"addmv|addr|addmm.*|b?addbmm",
        lambda x, args, kwargs: (
            _is_integer(x) and any(kwargs.get(k, 1) != int(kwargs.get(k, 1)) for k in ("alpha", "beta"))
        ),
        "integers times a fraction",
    ),
    ("addr", lambda x, args, kwargs: x.dtype == torch.bool, "factors of bools"),
    # PyTorch casts the bounds, so that integers between −0.5 and 0.5 are integers.
    (
        r"nn\.functional\.hardtanh",
        lambda x, args, kwargs: _is_integer(x) and any(v != int(v) for v in kwargs.values() if isinstance(v, float)),
        "integers between fractions",
    ),
    (r"nn\.functional\.batch_norm", lambda x, args, kwargs: x.ndim < 2, "batch without channels"),
]


def _is_integer(x: Any) -> bool:
    return isinstance(x, torch.Tensor) and not x.dtype.is_floating_point and x.dtype != torch.bool


def unsupported(name: str, input: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
    """Return why this sample cannot be run, or ``None``."""
    for pattern, predicate, reason in UNSUPPORTED:
        if re.fullmatch(pattern, name) and predicate(input, args, kwargs):
            return reason
    return None


# -- tolerances (relative, absolute) that differ from the usual ones, as (OpInfo, dtype) --------------------------

TOLERANCES: dict[tuple[str, str], tuple[float, float]] = {
    ("nn.functional.hardsigmoid", "float64"): (1e-7, 1e-8),  # PyTorch's sixth has single precision
    **{(f"special.bessel_{name}", "float64"): (1e-5, 1e-6) for name in ("j0", "j1", "y0", "y1")},  # SciPy's are closer
}
# Of derivatives in single precision, which lose more by rounding; they are compared for their dtype above all.
SINGLE_DERIVATIVES = (3e-3, 1e-3)
USUAL = {"float64": (1e-8, 1e-9), "float32": (2e-4, 2e-5), "float16": (4e-3, 4e-3)}

# PyTorch's second derivative is not to be relied on.
NO_SECOND_ORDER = {"linalg.norm:subgradients_at_zero"}  # NaN

# Nor its first one: places that are filled twice. (Samples whose places differ are the OpInfo's variant "grad".)
NO_GRADIENT = {f"nn.functional.max_unpool{n}d" for n in (1, 2, 3)}

# Error inputs that cannot be wrong here: pattern of the OpInfo, pattern of PyTorch's message, reason.
ERRORS_UNSUPPORTED: list[tuple[str, str, str]] = [
    (r".*", r"^$", "numbers are welcome"),  # PyTorch's binary functions take no plain numbers
    ("mean", "could not infer output dtype. Input dtype", "integers are welcome"),
]


def unsupported_error(name: str, input: Any, args: tuple[Any, ...], kwargs: dict[str, Any], message: str) -> str | None:
    """Return why PyTorch's error does not apply, or ``None``."""
    for pattern, text, reason in ERRORS_UNSUPPORTED:
        if re.fullmatch(pattern, name) and re.search(text, message):
            return reason
    return unsupported(name, input, args, kwargs)


# Module samples that cannot be run: pattern of the name, predicate of the arguments, reason.
UNSUPPORTED_MODULES: list[tuple[str, Callable[..., bool], str]] = [
    (r"Conv.*", lambda made, kwargs, given, _: isinstance(kwargs.get("padding"), str), "padding by name"),
    # A batch without elements is not counted here.
    (r"BatchNorm.*", lambda made, kwargs, given, _: 0 in given[0].shape, "empty batch"),
]


def unsupported_module(name: str, made: Any, made_kwargs: Any, given: Any, given_kwargs: Any) -> str | None:
    """Return why a module's sample cannot be run, or ``None``."""
    for pattern, predicate, reason in UNSUPPORTED_MODULES:
        if re.fullmatch(pattern, name) and predicate(made, made_kwargs, given, given_kwargs):
            return reason
    return None
