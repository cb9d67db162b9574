"""Samples of what slides windows over images: convolutions, pools, columns, and images in other sizes."""

from collections.abc import Callable
from typing import Any

import numpy as np
from glassgrad_samples import Sample, spaced

Shape = tuple[int, ...]

# -- convolutions ----------------------------------------------------------------------------------------------

# For each number of axes: input, weight, static arguments. "strides and padding" has rows and columns that no window
# reaches.
CONVOLUTIONS: dict[int, dict[str, tuple[Shape, Shape, dict[str, Any]]]] = {
    1: {
        "plain": ((2, 2, 5), (3, 2, 2), {}),
        "alone": ((2, 5), (3, 2, 3), {"padding": 1}),
        "strides and padding": ((1, 2, 8), (2, 2, 2), {"stride": 3, "padding": 1}),
        "dilation": ((1, 1, 7), (2, 1, 3), {"dilation": (2,)}),
        "same": ((1, 1, 5), (1, 1, 4), {"padding": "same"}),
        "groups": ((2, 4, 4), (6, 2, 2), {"groups": 2}),
        "each channel alone": ((2, 3, 4), (3, 1, 2), {"groups": 3, "stride": 2}),
        "empty": ((0, 2, 4), (3, 2, 2), {}),
    },
    2: {
        "plain": ((2, 2, 4, 4), (3, 2, 2, 2), {}),
        "alone": ((2, 4, 3), (2, 2, 2, 2), {"padding": (0, 1)}),
        "strides and padding": ((1, 2, 5, 6), (2, 2, 2, 3), {"stride": (2, 3), "padding": (1, 0)}),
        "dilation": ((1, 1, 5, 5), (1, 1, 2, 2), {"dilation": (2, 3), "padding": 1}),
        "same": ((1, 1, 4, 4), (2, 1, 2, 3), {"padding": "same", "dilation": (1, 2)}),
        "valid": ((1, 1, 3, 4), (2, 1, 2, 3), {"padding": "valid"}),
        "groups": ((1, 4, 3, 3), (2, 2, 2, 2), {"groups": 2}),
        "each channel alone": ((2, 2, 4, 4), (2, 1, 3, 2), {"groups": 2, "padding": 1}),
        "two filters a channel": ((1, 2, 3, 3), (4, 1, 2, 2), {"groups": 2}),
        "single pixels": ((2, 3, 3, 2), (2, 3, 1, 1), {}),
        "empty": ((0, 2, 4, 4), (3, 2, 2, 2), {}),
    },
    3: {
        "plain": ((1, 2, 3, 3, 3), (2, 2, 2, 2, 2), {}),
        "alone": ((1, 3, 2, 3), (2, 1, 2, 1, 2), {}),
        "strides and padding": ((1, 1, 3, 4, 4), (2, 1, 2, 2, 2), {"stride": (1, 2, 3), "padding": (0, 1, 0)}),
        "dilation and groups": ((1, 2, 3, 3, 2), (2, 1, 2, 2, 1), {"dilation": (2, 1, 1), "groups": 2}),
        "empty": ((0, 1, 2, 2, 2), (1, 1, 2, 2, 2), {}),
    },
}


def _each(value: Any, rank: int) -> Shape:
    return tuple(value) * (rank // len(value)) if isinstance(value, tuple) else (value,) * rank


def _output(x: Shape, w: Shape, static: dict[str, Any]) -> Shape:
    """Return the shape of a convolution's result."""
    rank = len(w) - 2
    stride, dilation = _each(static.get("stride", 1), rank), _each(static.get("dilation", 1), rank)
    padding = static.get("padding", 0)
    if padding == "same":
        sizes = x[-rank:]
    else:
        padding = _each(0 if padding == "valid" else padding, rank)
        sizes = tuple(
            (n + 2 * p - d * (k - 1) - 1) // s + 1
            for n, k, s, p, d in zip(x[-rank:], w[2:], stride, padding, dilation, strict=True)
        )
    return (*x[: -rank - 1], w[0], *sizes)


def _convolution(rank: int) -> Callable[[np.random.Generator], list[Sample]]:
    def make(rng: np.random.Generator) -> list[Sample]:
        return [
            Sample(
                label,
                {
                    "input": spaced(rng, *x),
                    "weight": spaced(rng, *w),
                    "bias": None if label == "groups" else spaced(rng, w[0]),
                },
                static,
            )
            for label, (x, w, static) in CONVOLUTIONS[rank].items()
        ]

    return make


def _all_convolutions() -> list[tuple[str, Shape, Shape, dict[str, Any]]]:
    return [
        (f"{label} {rank}d", x, w, static)
        for rank, table in CONVOLUTIONS.items()
        for label, (x, w, static) in table.items()
    ]


def _convolution_input(rng: np.random.Generator) -> list[Sample]:
    found = [
        Sample(
            label,
            {"gradient": spaced(rng, *_output(x, w, static)), "weight": spaced(rng, *w)},
            {"input_shape": x, **static},
        )
        for label, x, w, static in _all_convolutions()
    ]
    # Where a transposed convolution is given output_padding, more windows would fit than there are.
    fewer = {"gradient": spaced(rng, 1, 2, 2, 3), "weight": spaced(rng, 2, 1, 2, 2)}
    return [*found, Sample("fewer windows than fit", fewer, {"input_shape": (1, 1, 5, 5), "dilation": 2})]


def _convolution_weight(rng: np.random.Generator) -> list[Sample]:
    found = [
        Sample(
            label,
            {"gradient": spaced(rng, *_output(x, w, static)), "input": spaced(rng, *x)},
            {"weight_shape": w, **static},
        )
        for label, x, w, static in _all_convolutions()
    ]
    fewer = {"gradient": spaced(rng, 1, 2, 2, 3), "input": spaced(rng, 1, 1, 5, 5)}
    return [*found, Sample("fewer windows than fit", fewer, {"weight_shape": (2, 1, 2, 2), "dilation": 2})]


TRANSPOSED: dict[int, dict[str, tuple[Shape, Shape, dict[str, Any]]]] = {
    1: {
        "plain": ((2, 2, 3), (2, 3, 2), {}),
        "alone, output padding": ((2, 3), (2, 1, 3), {"stride": 2, "padding": 1, "output_padding": 1}),
    },
    2: {
        "plain": ((2, 2, 3, 2), (2, 3, 2, 2), {}),
        "strides": ((1, 2, 2, 3), (2, 1, 3, 2), {"stride": (2, 3), "padding": (1, 0), "output_padding": (1, 2)}),
        "dilation beyond stride": ((1, 1, 2, 2), (1, 2, 2, 2), {"dilation": 3, "output_padding": (2, 1)}),
        "groups": ((1, 4, 2, 2), (4, 2, 2, 2), {"groups": 2, "stride": 2}),
        "each channel alone": ((1, 3, 2, 2), (3, 1, 2, 2), {"groups": 3}),
    },
    3: {"strides": ((1, 2, 2, 1, 2), (2, 1, 2, 2, 1), {"stride": (2, 1, 1), "output_padding": (1, 0, 0)})},
}


def _transposed(rank: int) -> Callable[[np.random.Generator], list[Sample]]:
    def make(rng: np.random.Generator) -> list[Sample]:
        return [
            Sample(
                label,
                {
                    "input": spaced(rng, *x),
                    "weight": spaced(rng, *w),
                    "bias": spaced(rng, w[1] * static.get("groups", 1)),
                },
                static,
            )
            for label, (x, w, static) in TRANSPOSED[rank].items()
        ]

    return make


# -- max pools -------------------------------------------------------------------------------------------------

# Input, and the arguments of the primitives: kernel_size, stride, padding, dilation, ceil_mode; then the output.
POOLS: dict[int, dict[str, tuple[Shape, tuple[Any, ...], Shape]]] = {
    1: {
        "overlapping": ((2, 2, 6), ((3,), (1,), (1,), (1,), False), (2, 2, 6)),
        "alone, dilated": ((2, 7), ((2,), (2,), (0,), (3,), False), (2, 2)),
        "empty": ((0, 2, 4), ((2,), (2,), (0,), (1,), False), (0, 2, 2)),
    },
    2: {
        "disjoint": ((2, 2, 4, 4), ((2, 2), (2, 2), (0, 0), (1, 1), False), (2, 2, 2, 2)),
        "overlapping": ((1, 1, 5, 5), ((3, 3), (1, 1), (1, 1), (1, 1), False), (1, 1, 5, 5)),
        "oblong": ((1, 2, 5, 6), ((2, 3), (2, 1), (1, 0), (1, 1), False), (1, 2, 3, 4)),
        "gaps": ((1, 1, 5, 5), ((1, 1), (2, 2), (0, 0), (1, 1), False), (1, 1, 3, 3)),
        "rounded up": ((1, 1, 5, 5), ((2, 2), (2, 2), (0, 0), (1, 1), True), (1, 1, 3, 3)),
        "rounded up, padded and dilated": ((2, 5, 6), ((2, 2), (2, 3), (1, 1), (2, 1), True), (2, 3, 3)),
        "empty": ((0, 2, 4, 4), ((2, 2), (2, 2), (0, 0), (1, 1), False), (0, 2, 2, 2)),
    },
    3: {
        "disjoint": ((1, 2, 2, 4, 2), ((2, 2, 2), (2, 2, 2), (0, 0, 0), (1, 1, 1), False), (1, 2, 1, 2, 1)),
        "overlapping": ((1, 3, 3, 3), ((2, 2, 2), (1, 1, 1), (0, 0, 0), (1, 1, 1), False), (1, 2, 2, 2)),
        "empty": ((0, 1, 2, 2, 2), ((2, 2, 2), (2, 2, 2), (0, 0, 0), (1, 1, 1), False), (0, 1, 1, 1, 1)),
    },
}
_POOL_ARGUMENTS = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")


def _static(arguments: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(_POOL_ARGUMENTS, arguments, strict=True))


def _max_pool(*ranks: int) -> Callable[[np.random.Generator], list[Sample]]:
    def make(rng: np.random.Generator) -> list[Sample]:
        return [
            Sample(f"{label} {rank}d", {"input": spaced(rng, *x)}, _static(arguments))
            for rank in ranks
            for label, (x, arguments, _) in POOLS[rank].items()
        ]

    return make


def _winners(rng: np.random.Generator, arguments: tuple[Any, ...], shape: Shape) -> Any:
    """Return a place in its window for each element of ``shape``: any, for the transposes ask for no maximum."""
    return rng.integers(0, int(np.prod(arguments[0])), shape)


def _max_pool_gradient(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample(
            f"{label} {rank}d",
            {"gradient": spaced(rng, *out), "winner": _winners(rng, arguments, out)},
            {"input_shape": x, **_static(arguments)},
        )
        for rank, table in POOLS.items()
        for label, (x, arguments, out) in table.items()
    ]


def _max_pool_pick(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample(f"{label} {rank}d", {"x": spaced(rng, *x), "winner": _winners(rng, arguments, out)}, _static(arguments))
        for rank, table in POOLS.items()
        for label, (x, arguments, out) in table.items()
    ]


def _few_large_windows(rng: np.random.Generator) -> list[Sample]:
    one = ((9, 8), (9, 8), (0, 0), (1, 1), False)
    padded = ((9, 9), (2, 3), (4, 4), (1, 1), True)
    return [
        *_max_pool(1, 2, 3)(rng),
        Sample("one window", {"input": spaced(rng, 2, 1, 9, 8)}, _static(one)),
        Sample("few windows", {"input": spaced(rng, 1, 9, 8)}, _static(padded)),
    ]


def _adaptive_max_pool_indices(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample("1d", {"input": spaced(rng, 2, 2, 5)}, {"counts": (3,)}),
        Sample("2d", {"input": spaced(rng, 1, 2, 5, 7)}, {"counts": (4, 5)}),
        Sample("few parts", {"input": spaced(rng, 2, 7, 8)}, {"counts": (2, 3)}),
        Sample("3d", {"input": spaced(rng, 1, 2, 3, 2, 3)}, {"counts": (2, 2, 2)}),
        Sample("empty", {"input": spaced(rng, 0, 2, 4, 4)}, {"counts": (3, 3)}),
    ]


# Planes, their places.
_PLACES: dict[str, tuple[Shape, Shape]] = {
    "1d": ((2, 3, 5), (2, 3, 4)),
    "2d": ((1, 2, 3, 3), (1, 2, 2, 2)),
    "alone": ((2, 3, 4), (2, 2, 5)),
    "3d": ((1, 2, 2, 2, 2), (1, 2, 1, 2, 1)),
    "empty": ((0, 2, 3, 3), (0, 2, 2, 2)),
}
_RANKS = {"1d": 1, "2d": 2, "alone": 2, "3d": 3, "empty": 2}


def _reading(name: str) -> Callable[[np.random.Generator], list[Sample]]:
    def make(rng: np.random.Generator) -> list[Sample]:
        # Places may repeat: of the same plane, several windows can have the same winner.
        return [
            Sample(
                label,
                {name: spaced(rng, *x), "index": rng.integers(0, int(np.prod(x[-_RANKS[label] :])), places)},
                {"rank": _RANKS[label]},
            )
            for label, (x, places) in _PLACES.items()
        ]

    return make


def _writing(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample(
            label,
            {"x": spaced(rng, *places), "index": rng.integers(0, int(np.prod(x[-_RANKS[label] :])), places)},
            {"size": x[-_RANKS[label] :]},
        )
        for label, (x, places) in _PLACES.items()
    ]


# -- sums along an axis, and what is made of them --------------------------------------------------------------

# Shape, axis, pattern, and how many elements come out.
_BLENDS: dict[str, tuple[Shape, int, tuple[Any, ...], int]] = {
    "windows": ((2, 6, 2), 1, ("windows", 2, 2, 0, 3, "padded"), 3),
    "overlapping windows": ((2, 5), 1, ("windows", 3, 1, 1, 5, "seen"), 5),
    "windows with gaps": ((7, 2), 0, ("windows", 2, 3, 0, 2, "none"), 2),
    "windows over the frame": ((2, 5), 1, ("windows", 3, 2, 1, 4, "padded"), 4),
    "long windows": ((2, 40), 1, ("windows", 17, 17, 0, 2, "padded"), 2),
    "parts": ((2, 7), 1, ("adaptive", 3), 3),
    "more parts than elements": ((3, 2), 0, ("adaptive", 5), 5),
    "nearest": ((2, 5), 1, ("nearest", 8, 0.625, 0.0, "float32"), 8),
    "nearest, smaller": ((2, 5), 1, ("nearest", 3, 5 / 3, 0.5, "float64"), 3),
    "linear": ((2, 4), 1, ("linear", 7, 4 / 7, False), 7),
    "linear, corners": ((4, 2), 0, ("linear", 7, 0.5, True), 7),
    "linear, smaller": ((2, 7), 1, ("linear", 3, 7 / 3, False), 3),
    "cubic": ((2, 4), 1, ("cubic", 6, 4 / 6, False), 6),
    "smooth": ((2, 8), 1, ("smooth", 3, 8 / 3, False), 3),
    "smooth cubic": ((2, 8), 1, ("smooth", 3, 8 / 3, True), 3),
    "empty": ((0, 4), 1, ("linear", 7, 4 / 7, False), 7),
}


def _blend(rng: np.random.Generator) -> list[Sample]:
    samples = []
    for label, (shape, dim, pattern, count) in _BLENDS.items():
        static = {"pattern": pattern, "size": shape[dim], "dim": dim}
        result = (*shape[:dim], count, *shape[dim + 1 :])
        samples.append(Sample(label, {"x": spaced(rng, *shape)}, {**static, "transposed": False}))
        samples.append(Sample(f"{label}, transposed", {"x": spaced(rng, *result)}, {**static, "transposed": True}))
    return samples


# Image, columns, arguments.
_COLUMNS: dict[str, tuple[Shape, Shape, dict[str, Any]]] = {
    "overlapping": ((2, 2, 3, 4), (2, 8, 6), {"kernel_size": 2}),
    "alone": ((1, 3, 4), (6, 8), {"kernel_size": (2, 3), "padding": (0, 1), "stride": (1, 1)}),
    "strides and dilation": ((1, 1, 6, 5), (1, 4, 4), {"kernel_size": 2, "dilation": (2, 1), "stride": (3, 2)}),
    "disjoint": ((1, 2, 4, 4), (1, 8, 4), {"kernel_size": 2, "stride": 2}),
    "gaps": ((1, 1, 5, 5), (1, 1, 9), {"kernel_size": 1, "stride": 2}),
    "empty": ((0, 1, 3, 3), (0, 4, 4), {"kernel_size": 2}),
}


def _im2col(rng: np.random.Generator) -> list[Sample]:
    return [Sample(label, {"input": spaced(rng, *x)}, static) for label, (x, _, static) in _COLUMNS.items()]


def _col2im(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample(label, {"input": spaced(rng, *columns)}, {"output_size": x[-2:], **static})
        for label, (x, columns, static) in _COLUMNS.items()
    ]


def _calls(*calls: tuple[Shape, dict[str, Any]], signs: bool = True) -> Callable[[np.random.Generator], list[Sample]]:
    """Return samples of an input and static arguments, labelled by their number."""

    def make(rng: np.random.Generator) -> list[Sample]:
        return [
            Sample(f"call {i}", {"input": spaced(rng, *shape, signs=signs)}, static)
            for i, (shape, static) in enumerate(calls, start=1)
        ]

    return make


def _max_unpool(rank: int, x: Shape, size: Shape) -> Callable[[np.random.Generator], list[Sample]]:
    def make(rng: np.random.Generator) -> list[Sample]:
        total = int(np.prod(size))
        planes = [rng.permutation(total)[: int(np.prod(x[-rank:]))] for _ in range(int(np.prod(x[:-rank])))]
        static = {"kernel_size": 2, "output_size": size}
        return [Sample("distinct", {"input": spaced(rng, *x), "indices": np.reshape(planes, x)}, static)]

    return make


def _grid_sample(rng: np.random.Generator) -> list[Sample]:
    # Coordinates away from pixels, where the slope jumps: a 5 × 4 image has them at odd multiples of 1/5 and 1/4.
    def grid(*shape: int) -> np.ndarray:
        return rng.choice([-0.9, -0.65, -0.1, 0.1, 0.36, 0.7], shape) + rng.uniform(-0.02, 0.02, shape)

    flat = {"input": spaced(rng, 1, 2, 5, 4), "grid": grid(1, 2, 3, 2)}
    return [
        Sample("bilinear", flat),
        Sample("reflection", {"input": flat["input"], "grid": flat["grid"] * 1.5}, {"padding_mode": "reflection"}),
        Sample("bicubic", flat, {"mode": "bicubic", "padding_mode": "border"}),
        Sample("volume", {"input": spaced(rng, 1, 1, 5, 5, 5), "grid": grid(1, 1, 2, 1, 3)}, {"align_corners": False}),
    ]


SAMPLES = {
    "adaptive_max_pool_indices": _adaptive_max_pool_indices,
    "blend": _blend,
    "col2im": _col2im,
    "conv1d": _convolution(1),
    "conv2d": _convolution(2),
    "conv3d": _convolution(3),
    "convolution_input": _convolution_input,
    "convolution_weight": _convolution_weight,
    "im2col": _im2col,
    "max_pool1d": _max_pool(1),
    "max_pool2d": _max_pool(2),
    "max_pool3d": _max_pool(3),
    "max_pool_gradient": _max_pool_gradient,
    "max_pool_indices": _few_large_windows,
    "max_pool_pick": _max_pool_pick,
    "pick": _reading("x"),
    "place": _writing,
    "unpool": _writing,
    "unpool_gradient": _reading("gradient"),
}

COMPOSED_SAMPLES = {
    "affine_grid": lambda rng: [
        Sample("images", {"theta": spaced(rng, 2, 2, 3)}, {"size": (2, 1, 3, 2)}),
        Sample("volumes", {"theta": spaced(rng, 1, 3, 4)}, {"size": (1, 1, 2, 3, 2), "align_corners": True}),
    ],
    "adaptive_avg_pool1d": _calls(((2, 3, 7), {"output_size": 3}), ((2, 4), {"output_size": 1})),
    "adaptive_avg_pool2d": _calls(
        ((1, 2, 5, 4), {"output_size": (2, None)}), ((2, 4, 4), {"output_size": 2}), ((1, 1, 2, 2), {"output_size": 3})
    ),
    "adaptive_avg_pool3d": _calls(((1, 1, 3, 2, 4), {"output_size": (2, 1, 3)})),
    "adaptive_max_pool1d": _calls(((2, 3, 7), {"output_size": 3}), ((2, 4), {"output_size": 2})),
    "adaptive_max_pool2d": _calls(((1, 2, 5, 4), {"output_size": (2, None)}), ((1, 9, 9), {"output_size": 1})),
    "adaptive_max_pool3d": _calls(((1, 1, 3, 2, 4), {"output_size": (2, 1, 3)})),
    "avg_pool1d": _calls(((2, 2, 7), {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True})),
    "avg_pool2d": _calls(
        ((2, 2, 4, 4), {"kernel_size": 2}),
        ((1, 5, 4), {"kernel_size": (3, 2), "stride": 1, "padding": (1, 0), "count_include_pad": False}),
        ((1, 1, 5, 5), {"kernel_size": 2, "divisor_override": 3, "ceil_mode": True}),
        ((0, 1, 4, 4), {"kernel_size": 2}),
    ),
    "avg_pool3d": _calls(((1, 1, 4, 3, 2), {"kernel_size": 2, "stride": (2, 1, 1)})),
    "channel_shuffle": _calls(((2, 6, 2), {"groups": 3})),
    "conv_transpose1d": _transposed(1),
    "conv_transpose2d": _transposed(2),
    "conv_transpose3d": _transposed(3),
    "grid_sample": _grid_sample,
    "interpolate": _calls(
        ((1, 2, 4), {"scale_factor": 1.7, "mode": "linear"}),
        ((1, 2, 3, 4), {"size": (5, 3), "mode": "bilinear", "align_corners": True}),
        ((1, 1, 4, 4), {"size": 6, "mode": "bicubic"}),
        ((1, 1, 4, 4), {"scale_factor": (0.5, 1.5)}),
        ((1, 1, 4, 5), {"size": 3, "mode": "area"}),
        ((1, 1, 2, 2, 2), {"size": (3, 2, 4), "mode": "trilinear"}),
    ),
    "lp_pool1d": _calls(((2, 2, 6), {"norm_type": 2, "kernel_size": 3, "stride": 1})),
    "lp_pool2d": _calls(((1, 2, 4, 4), {"norm_type": 2.5, "kernel_size": 2}), signs=False),
    "lp_pool3d": _calls(((1, 1, 2, 2, 4), {"norm_type": 2, "kernel_size": 2})),
    "max_pool1d": _calls(((2, 6), {"kernel_size": 2})),
    "max_pool2d": _calls(((1, 4, 4), {"kernel_size": 2, "return_indices": True}), ((1, 1, 9, 9), {"kernel_size": 9})),
    "max_pool3d": _calls(((1, 2, 4, 2), {"kernel_size": 2, "stride": 1})),
    "max_unpool1d": _max_unpool(1, (2, 2, 3), (5,)),
    "max_unpool2d": _max_unpool(2, (1, 2, 2, 2), (4, 5)),
    "max_unpool3d": _max_unpool(3, (1, 1, 1, 2, 1), (2, 4, 2)),
    "pixel_shuffle": _calls(((2, 8, 2, 1), {"upscale_factor": 2})),
    "pixel_unshuffle": _calls(((1, 4, 6), {"downscale_factor": 2})),
}
