"""Samples of the elementwise operations whose arguments cannot be guessed, of bits, and of compositions."""

from typing import Any

import numpy as np
from glassgrad_samples import Sample, spaced

# What the elementwise primitives with static arguments are given, beside the samples made from their kind.
STATIC: dict[str, dict[str, Any]] = {
    "clamp_between": {"low": -0.6, "high": 1.3},
    "modified_bessel": {"order": 2},
    "scaled_bessel": {"order": 2},
    "first_bessel": {"order": 2},
    "second_bessel": {"order": 2},
    "polygamma": {"n": 2},
    "normal_density": {"order": 2},
    "sinc_derivative": {"order": 2},
    "threshold": {"threshold": 0.6, "value": -2.0},
    "addcmul": {"value": 0.7},
    "addcdiv": {"value": -0.7},
    "celu": {"alpha": 1.7},
    "elu": {"alpha": 0.7},
    "softplus": {"beta": 1.5, "threshold": 3.0},
    "nan_to_num": {"nan": 1.0},
}


def _bits(rng: np.random.Generator) -> list[Sample]:
    def whole(*shape: int) -> np.ndarray:
        return rng.integers(0, 9, shape)

    return [
        Sample("0-d", {"x": whole(), "y": whole()}),
        Sample("broadcast", {"x": whole(3, 1), "y": whole(4)}),
        Sample("bools", {"x": whole(3) > 4, "y": whole(3) > 4}),
        Sample("empty", {"x": whole(0, 3), "y": whole(3)}),
    ]


def _shifts(rng: np.random.Generator) -> list[Sample]:
    return [s for s in _bits(rng) if s.label != "bools"]


def _one(rng: np.random.Generator) -> list[Sample]:
    return [Sample(s.label, {"x": s.inputs["x"]}) for s in _bits(rng)]


def _quotients(rng: np.random.Generator) -> list[Sample]:
    def pair(*shapes: tuple[int, ...]) -> dict[str, np.ndarray]:
        # No quotient of two of these is near a whole number, where it would jump.
        x = spaced(rng, *shapes[0], low=2.31, high=2.39)
        return {"x": x, "y": spaced(rng, *shapes[1], low=0.93, high=0.97)}

    return [
        Sample("0-d", pair((), ())),
        Sample("broadcast", pair((3, 1), (2, 1, 4))),
        Sample("matrix", pair((3, 4), (3, 4))),
        Sample("empty", pair((0, 3), (3,))),
    ]


def _partly(first: str, second: str) -> Any:
    """Samples for functions with a derivative by the second argument only."""

    def make(rng: np.random.Generator) -> list[Sample]:
        def pair(*shapes: tuple[int, ...]) -> dict[str, np.ndarray]:
            return {
                first: spaced(rng, *shapes[0], low=1.25, high=3.0, signs=False),
                second: spaced(rng, *shapes[1], signs=False),
            }

        return [
            Sample("0-d", pair((), ())),
            Sample("broadcast", pair((3, 1), (2, 1, 4))),
            Sample("empty", pair((0, 3), (3,))),
        ]

    return make


SAMPLES = {
    "hurwitz_zeta": _partly("x", "q"),
    **dict.fromkeys(("lower_gamma", "upper_gamma"), _partly("a", "x")),
    **dict.fromkeys(("floor_divide", "fmod", "remainder", "trunc_divide"), _quotients),
    **dict.fromkeys(("bitwise_and", "bitwise_or", "bitwise_xor"), _bits),
    **dict.fromkeys(("bitwise_left_shift", "bitwise_right_shift"), _shifts),
    "bitwise_not": _one,
}


def _clamp(rng: np.random.Generator) -> list[Sample]:
    x = spaced(rng, 2, 3, 4)
    return [
        Sample("numbers", {"x": x}, {"min": -0.6, "max": 1.3}),
        Sample("above", {"x": x}, {"min": -0.6}),
        Sample("0-d", {"x": spaced(rng)}, {"max": 0.1}),
        Sample("tensors", {"x": x, "min": spaced(rng, 3, 1) - 0.77, "max": spaced(rng, 4) + 0.63}),
        Sample("a tensor below", {"x": x, "min": spaced(rng, 3, 1) - 0.77}),
        Sample("a tensor above", {"x": x, "max": spaced(rng, 4) + 0.63}),
        Sample("empty", {"x": spaced(rng, 0)}, {"min": 0}),
    ]


def _prelu(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample("channels", {"x": spaced(rng, 2, 3, 4), "weight": spaced(rng, 3)}),
        Sample("one", {"x": spaced(rng, 2, 3), "weight": spaced(rng, 1)}),
        Sample("0-d", {"x": spaced(rng), "weight": spaced(rng)}),
        Sample("empty", {"x": spaced(rng, 0, 3), "weight": spaced(rng, 3)}),
    ]


def _two(low: float = 0.25) -> Any:
    def make(rng: np.random.Generator) -> list[Sample]:
        return [Sample("broadcast", {"x": spaced(rng, 3, 1, signs=False), "y": spaced(rng, 4, low=low, signs=False)})]

    return make


COMPOSED_SAMPLES = {
    "clamp": _clamp,
    "clamp_min": lambda rng: [Sample("number", {"x": spaced(rng, 3, 4)}, {"min": 0.1})],
    "clamp_max": lambda rng: [Sample("tensor", {"x": spaced(rng, 3, 4), "max": spaced(rng, 4) + 0.03})],
    "rsub": lambda rng: [Sample("alpha", {"x": spaced(rng, 3, 1), "y": spaced(rng, 4)}, {"alpha": 0.3})],
    "ldexp": _two(),
    "float_power": lambda rng: [
        Sample(s.label, s.inputs, s.static, keeps_dtype=False, smooth=s.smooth) for s in _two()(rng)
    ],
    "prelu": _prelu,
    "rrelu": lambda rng: [Sample("evaluation", {"x": spaced(rng, 3, 4)})],
    "glu": lambda rng: [
        Sample("last", {"x": spaced(rng, 3, 4)}),
        Sample("first", {"x": spaced(rng, 2, 3)}, {"dim": 0}),
        Sample("empty", {"x": spaced(rng, 0, 4)}),
    ],
    "softmin": lambda rng: [Sample("rows", {"x": spaced(rng, 3, 4)}, {"dim": -1})],
    "mvlgamma": lambda rng: [Sample("p", {"x": spaced(rng, 3, signs=False) + 2}, {"p": 3})],
    "igammac": lambda rng: [
        Sample("broadcast", {"x": np.array([[1], [2]]), "y": spaced(rng, 3, signs=False)}, keeps_dtype=False)
    ],
}
