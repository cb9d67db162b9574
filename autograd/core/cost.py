"""How many floating-point operations a call takes, read from shapes.

One operation is one addition, multiplication, division, comparison or elementary function (exp, sin, a power) of one
element, as profilers count; moving elements counts nothing. Matrices cost what their textbook algorithms cost, by the
leading term (Golub and Van Loan 2013, "Matrix Computations"); in a stack of matrices, each its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from .node import Node
from .primitive import Primitive

__all__ = ["COSTS", "Cost", "cost_of", "flops"]

_Shapes = dict[str, Any]


class Cost(NamedTuple):
    """A formula as text, and the same as a function of the inputs' shapes, the result's shape and static arguments."""

    text: str
    of: Callable[[_Shapes, Any, dict[str, Any]], float]


def size(shape: Any) -> int:
    """Return the number of elements of a shape; of several, of all together."""
    if shape is None:
        return 0
    if isinstance(shape, list) or (shape and isinstance(shape[0], tuple | list)):
        return sum(map(size, shape))
    return math.prod(shape)


def _first(shapes: _Shapes) -> Any:
    return next(iter(shapes.values()))


def _times(number: int, what: str) -> str:
    return what if number == 1 else f"{number}·{what}"


def per_result(number: int = 1) -> Cost:
    """Return so many operations for each element of the result."""
    return Cost(_times(number, "|out|"), lambda shapes, out, static: number * size(out))


def per_input(number: int = 1, name: str = "x") -> Cost:
    """Return so many operations for each element of the first input."""
    return Cost(_times(number, f"|{name}|"), lambda shapes, out, static: number * size(_first(shapes)))


def _matrices(text: str, count: Callable[[int, int], float]) -> Cost:
    """Return a cost of each m × n matrix in a stack."""

    def total(shapes: _Shapes, out: Any, static: dict[str, Any]) -> float:
        shape = _first(shapes)
        m, n = shape[-2], shape[-1]
        return float(math.prod(shape[:-2]) * count(max(m, n), min(m, n)))

    return Cost(text, total)


def _product(shapes: _Shapes, out: Any, static: dict[str, Any]) -> float:
    return float(2 * size(out) * _first(shapes)[-1])


def _systems(factor: float) -> Callable[[_Shapes, Any, dict[str, Any]], float]:
    def count(shapes: _Shapes, out: Any, static: dict[str, Any]) -> float:
        n = _first(shapes)[-1]
        return float(factor * n**3 * math.prod(_first(shapes)[:-2]) + 2 * n * size(out))

    return count


def _convolution(result: str, filters: str) -> Cost:
    """Return two operations for every element of ``result`` and every weight that it meets."""
    text = f"2·|{'out' if result == 'out' else result}|·|{filters}|/{filters}.shape[0]"

    def count(shapes: _Shapes, out: Any, static: dict[str, Any]) -> float:
        weight = static["weight_shape"] if filters == "out" else shapes[filters]
        of = out if result == "out" else shapes[result]
        return float(2 * size(of) * size(weight) / max(weight[0], 1))

    return Cost(text, count)


def _einsum(shapes: _Shapes, out: Any, static: dict[str, Any]) -> float:
    operands = _first(shapes)
    labels: dict[str, int] = {}
    for shape, names in zip(operands, static["equation"].split("->")[0].split(","), strict=True):
        labels.update(zip(names, shape, strict=True))
    return len(operands) * math.prod(labels.values())


# How many elements a pattern of ``blend`` weighs for one result.
_TAPS = {"nearest": 0, "linear": 2, "cubic": 4}


def _blend(shapes: _Shapes, out: Any, static: dict[str, Any]) -> float:
    pattern = static["pattern"]
    if pattern[0] == "windows":
        return float(2 * max(size(out), size(_first(shapes))) * pattern[1])
    return 2 * max(size(out), size(_first(shapes))) * _TAPS.get(pattern[0], 1)


def _windows(shapes: _Shapes, out: Any, static: dict[str, Any]) -> float:
    kernel = static.get("kernel_size", 1)
    shape = out[0] if out and isinstance(out[0], tuple) else out
    rank = len(_first(shapes)) - 2
    return float(size(shape) * (kernel**rank if isinstance(kernel, int) else math.prod(kernel)))


def _sorted(shapes: _Shapes, out: Any, static: dict[str, Any]) -> float:
    n = size(_first(shapes))
    return n * math.log2(n) if n > 1 else 0


NOTHING = Cost("0", lambda shapes, out, static: 0)
SORTED = Cost("|x|·log₂|x|", _sorted)
WINDOWS = Cost("|out|·|window|", _windows)
LU = _matrices("⅔·n³", lambda m, n: 2 / 3 * n**3)

# Elementwise operations that take more than one step.
_STEPS = {
    "where": 0, "reciprocal": 1, "rsqrt": 2, "logaddexp": 5, "logaddexp2": 5, "xlogy": 2, "xlog1py": 2, "hypot": 4,
    "lerp": 3, "addcmul": 3, "addcdiv": 3, "sigmoid": 4, "silu": 5, "logit": 3, "softplus": 4, "logsigmoid": 4,
    "softsign": 3, "gelu": 4, "mish": 6, "tanhshrink": 2, "elu": 3, "selu": 4, "celu": 4, "leaky_relu": 2, "sloped": 2,
    "relu6": 2, "hardtanh": 2, "hardsigmoid": 4, "hardswish": 5, "hardshrink": 2, "softshrink": 3, "threshold": 1,
    "squared_error": 2, "huber_error": 5, "logistic_cross_entropy": 6, "relative_entropy": 4,
    "binary_cross_entropy_error": 6,
    "clamp_between": 2, "clamp_tensors": 2, "sinc": 3, "entr": 3, "floor_divide": 2, "trunc_divide": 2, "nan_to_num": 3,
    "frac": 2, "heaviside": 2, "normal_density": 4,
}  # fmt: skip

_MOVES = (
    "getitem", "reshape", "transpose", "permute", "broadcast_to", "astype", "clone", "concatenate", "stack", "split",
    "unbind", "contiguous", "write_at", "flip_axes", "roll_axes", "windows", "pick", "place", "unpool",
    "unpool_gradient", "diagonal", "diagonal_zeros", "tril", "triu", "surround", "frame", "im2col", "gather_elements",
    "scatter_elements", "embedding_rows", "repeat_slices", "take_elements", "pick_elements", "running_pick",
    "last_writes", "blocks", "max_pool_pick", "one_hot", "symmetric_from", "eigenvalues_of",
)  # fmt: skip

COSTS: dict[str, Cost] = {
    **dict.fromkeys(_MOVES, NOTHING),
    **{name: per_result(steps) if steps else NOTHING for name, steps in _STEPS.items()},
    **dict.fromkeys(
        ("sum", "nansum", "mean", "sum_to", "prod", "any", "all", "count_nonzero", "amax", "amin", "argmax", "argmin",
         "place_elements", "running_place", "repeated_sum", "cumsum",
         "cumprod", "running_extremum_index", "index_add_zeros", "add_into", "windows_sum", "frame_sum", "col2im",
         "scatter_elements_zeros", "scatter_elements_add", "extremum_elements", "argwhere", "histc", "counts", "isin",
         "distinct_runs", "first_of_runs"),
        per_input(),
    ),
    **dict.fromkeys(("centered", "masked_scale"), per_input(2)),
    **dict.fromkeys(("power_norm", "logsumexp"), per_input(3)),
    **dict.fromkeys(("variance", "standard_deviation", "log_softmax", "logcumsumexp"), per_input(4)),
    **dict.fromkeys(("softmax", "masked_softmax"), per_input(5)),
    "softmax_cross_entropy": per_input(5, "input"), "softmax_cross_entropy_gradient": per_result(3),
    "recurrence": per_result(2), "blend": Cost("2·|out|·|window|", _blend),
    **dict.fromkeys(
        ("argsort", "top_indices", "kth_index", "distinct_values", "distinct_counts", "distinct", "median_of_all",
         "median_index", "rank_index", "mode_index", "sorted_values"),
        SORTED,
    ),
    "searchsorted": Cost("|input|·log₂ n", lambda s, out, static: size(out) * math.log2(max(_first(s)[-1], 2))),
    "matmul": Cost("2·|out|·n", _product), "linear": Cost("2·|out|·in_features", _product),
    "einsum_of": Cost("(number of operands)·(product of all sizes)", _einsum),
    "vecdot": per_input(2), "cross_along": per_result(3),
    "euclidean_distances": Cost("3·|out|·n", lambda s, out, static: 3 * size(out) * _first(s)[-1]),
    "conv1d": _convolution("out", "weight"), "conv2d": _convolution("out", "weight"),
    "conv3d": _convolution("out", "weight"), "convolution_input": _convolution("gradient", "weight"),
    "convolution_weight": _convolution("gradient", "out"),
    **dict.fromkeys(("max_pool1d", "max_pool2d", "max_pool3d", "max_pool_indices"), WINDOWS),
    "max_pool_gradient": per_input(1, "gradient"), "adaptive_max_pool_indices": per_input(1, "input"),
    "batch_norm": per_input(8, "input"), "batch_norm_gradient": per_input(9, "gradient"),
    "standardize": per_input(8), "standardize_gradient": per_input(9, "gradient"),
    "inv": _matrices("2·n³", lambda m, n: 2 * n**3),
    "inverse_or_nan": _matrices("2·n³", lambda m, n: 2 * n**3),
    "det": LU, "sign_and_log": LU,
    "cofactors": _matrices("about 20·n³", lambda m, n: 20 * n**3),
    "cofactor_derivative": _matrices("about 40·n³", lambda m, n: 40 * n**3),
    "solve": Cost("⅔·n³ + 2·n·|out|", _systems(2 / 3)),
    "solve_triangular": Cost("n·|out|", lambda s, out, static: size(out) * _first(s)[-1]),
    "cholesky_factor": _matrices("⅓·n³", lambda m, n: n**3 / 3),
    "qr_factors": _matrices("4·(m·n² − ⅓·n³)", lambda m, n: 4 * (m * n**2 - n**3 / 3)),
    "svd_factors": _matrices("6·m·n² + 20·n³", lambda m, n: 6 * m * n**2 + 20 * n**3),
    "svdvals": _matrices("2·m·n² + 2·n³", lambda m, n: 2 * m * n**2 + 2 * n**3),
    "rank_of": _matrices("2·m·n² + 2·n³", lambda m, n: 2 * m * n**2 + 2 * n**3),
    "eigh_factors": _matrices("9·n³", lambda m, n: 9 * n**3),
    "pinv": _matrices("8·m·n² + 20·n³", lambda m, n: 8 * m * n**2 + 20 * n**3),
    "least_squares": _matrices("6·m·n² + 20·n³", lambda m, n: 6 * m * n**2 + 20 * n**3),
    "matrix_exp": _matrices("about 30·n³", lambda m, n: 30 * n**3),
}  # fmt: skip


def cost_of(primitive: Primitive) -> Cost:
    """Return the cost of a primitive; an elementwise one without an entry takes one step for each result.

    Raises:
        KeyError: neither is known.
    """
    cost = COSTS.get(primitive.name)
    if cost is not None:
        return cost
    if primitive.kind in ("elementwise", "predicate") or primitive.name.startswith("bitwise_"):
        return per_result()
    raise KeyError(f"the cost of {primitive.name} is not known; add it to COSTS in {__name__}")


def flops(node: Node) -> int:
    """Return the floating-point operations of one recorded operation.

    Args:
        node: a vertex of a graph, such as ``tensor.grad_fn``. Leaves and projections cost nothing.

    >>> import glassgrad as gg
    >>> y = gg.ones(4, 8, requires_grad=True) @ gg.ones(8, 2)
    >>> gg.autograd.flops(y.grad_fn)
    128
    """
    if node.is_leaf or node.primitive.name in ("output", "leaf"):
        return 0
    primitive = node.primitive
    shapes = [getattr(v, "shape", ()) for v in node.inputs]
    named = (
        {primitive.input_names[0]: shapes}
        if primitive.list_input
        else dict(zip(primitive.input_names, shapes, strict=True))
    )
    static = dict(zip(primitive.static_names, node.static, strict=True))
    return round(cost_of(primitive).of(named, node.shape, static))
