"""Samples of linear algebra: matrices whose singular values, or eigenvalues, lie between 0.6 and 2.4 and well apart."""

from collections.abc import Callable
from typing import Any

import numpy as np
from glassgrad_samples import Sample, spaced

Make = Callable[[np.random.Generator], list[Sample]]


def orthogonal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return np.linalg.qr(rng.standard_normal(shape))[0]


def general(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Return matrices of full rank with well separated singular values."""
    *stack, rows, columns = shape
    k = min(rows, columns)
    u, v = orthogonal(rng, *stack, rows, k), orthogonal(rng, *stack, columns, k)
    return (u * np.linspace(2.4, 0.6, k)) @ np.swapaxes(v, -1, -2)


def symmetric(rng: np.random.Generator, *shape: int, signs: bool = False) -> np.ndarray:
    """Return symmetric matrices with well separated eigenvalues, positive ones or of both signs."""
    v = orthogonal(rng, *shape)
    values = np.linspace(0.6, 2.4, shape[-1])
    if signs:
        values = values * np.resize([-1.0, 1.0], shape[-1])
    made = (v * values) @ np.swapaxes(v, -1, -2)
    return (made + np.swapaxes(made, -1, -2)) / 2


def of(make: Any, shapes: dict[str, tuple[int, ...]], **static: Any) -> Make:
    """Return what makes a sample of each shape."""
    return lambda rng: [Sample(label, {"x": make(rng, *shape)}, static) for label, shape in shapes.items()]


SQUARE = {
    "one": (1, 1), "two": (2, 2), "three": (3, 3), "stack": (2, 1, 3, 3), "empty": (0, 0), "empty stack": (0, 3, 3),
    "stack of empty": (2, 0, 0),
}  # fmt: skip
ANY = {
    **SQUARE, "tall": (4, 2), "wide": (2, 4), "tall stack": (2, 4, 3), "wide stack": (2, 3, 4), "empty rows": (0, 3),
    "empty columns": (3, 0),
}  # fmt: skip
VECTORS = {"vectors": ((3,), (3,)), "empty": ((0,), (0,))}


# -- products -------------------------------------------------------------------------------------------------

_EQUATIONS: dict[str, tuple[str, list[tuple[int, ...]]]] = {
    "transpose": ("ij->ji", [(2, 3)]),
    "sum": ("ijk->j", [(2, 3, 2)]),
    "numbers": (",->", [(), ()]),
    "matrices": ("ij,jk->ik", [(2, 3), (3, 4)]),
    "matrices turned": ("ij,jk->ki", [(2, 3), (3, 4)]),
    "stack": ("bij,bjk->bik", [(2, 2, 3), (2, 3, 2)]),
    "stack inside": ("ibj,bkj->kbi", [(2, 3, 2), (3, 4, 2)]),
    "all": ("ij,ji->", [(2, 3), (3, 2)]),
    "rows": ("ij,ij->i", [(2, 3), (2, 3)]),
    "outer": ("i,j->ji", [(2,), (3,)]),
    "size 1 repeated": ("ij,jk->ik", [(2, 1), (3, 4)]),
    "size 1 kept": ("bi,bi->bi", [(1, 3), (2, 1)]),
    "alone": ("ij,k->k", [(2, 3), (4,)]),
    "alone with size 1": ("ij,kj->", [(3, 4), (2, 1)]),
    "chain": ("ab,bc,cd,de->ae", [(2, 3), (3, 4), (4, 2), (2, 3)]),
    "three of one": ("i,i,i->i", [(3,), (3,), (3,)]),
    "bilinear": ("bi,oij,bj->bo", [(2, 3), (4, 3, 2), (2, 2)]),
    "empty": ("ij,jk->ik", [(0, 3), (3, 2)]),
    "empty inside": ("ij,jk->ik", [(2, 0), (0, 2)]),
}


def _einsum(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample(label, {"operands": [spaced(rng, *s) for s in shapes]}, {"equation": equation})
        for label, (equation, shapes) in _EQUATIONS.items()
    ]


def pairs(shapes: dict[str, tuple[tuple[int, ...], tuple[int, ...]]], second: str = "y", **static: Any) -> Make:
    return lambda rng: [
        Sample(label, {"x": spaced(rng, *x), second: spaced(rng, *y)}, static) for label, (x, y) in shapes.items()
    ]


_CROSS = {
    "vectors": ((3,), (3,)),
    "rows": ((2, 3), (2, 3)),
    "broadcast both": ((2, 1, 3), (1, 4, 3)),
    "empty": ((0, 3), (0, 3)),
}


def _cross(rng: np.random.Generator) -> list[Sample]:
    return [*pairs(_CROSS)(rng), *pairs({"columns": ((3, 2), (3, 1))}, dim=-2)(rng)]


def _vecdot(rng: np.random.Generator) -> list[Sample]:
    rows = {
        "vectors": ((3,), (3,)), "rows": ((2, 3), (3,)), "broadcast both": ((2, 1, 3), (4, 3)),
        "empty": ((0, 3), (0, 3)), "nothing": ((0,), (0,)),
    }  # fmt: skip
    return [*pairs(rows, dim=-1)(rng), *pairs({"columns": ((2, 3, 2), (3, 1))}, dim=-2)(rng)]


def _blocks(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample("three", {"tensors": [spaced(rng, 2, 3), spaced(rng, 1, 1), spaced(rng, 1, 2)]}),
        Sample("empty", {"tensors": [spaced(rng, 0, 2), spaced(rng, 2, 1)]}),
    ]


def _added(first: tuple[int, ...], *others: tuple[str, tuple[int, ...]]) -> Make:
    def make(rng: np.random.Generator) -> list[Sample]:
        return [
            Sample(label, {"input": spaced(rng, *first), **{n: spaced(rng, *shape) for n, shape in others}}, static)
            for label, static in (("plain", {}), ("scaled", {"beta": 0.5, "alpha": -2.0}), ("beta 0", {"beta": 0}))
        ]

    return make


def _matrix_power(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample(f"power {n}", {"x": general(rng, *shape)}, {"n": n})
        for n, shape in ((0, (2, 2)), (1, (2, 2)), (2, (2, 2, 2)), (5, (3, 3)), (-2, (3, 3)), (3, (0, 0)))
    ]


# -- diagonals ------------------------------------------------------------------------------------------------


def _diagonal(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample("matrix", {"x": spaced(rng, 3, 3)}),
        Sample("above", {"x": spaced(rng, 2, 4)}, {"offset": 1}),
        Sample("below", {"x": spaced(rng, 2, 4)}, {"offset": -1}),
        Sample("outside", {"x": spaced(rng, 2, 2)}, {"offset": 5}),
        Sample("turned", {"x": spaced(rng, 2, 3, 4)}, {"offset": 1, "dim1": -1, "dim2": 0}),
        Sample("empty", {"x": spaced(rng, 0, 3)}),
    ]


def _diagonal_zeros(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample("matrix", {"x": spaced(rng, 3)}, {"shape": (3, 3)}),
        Sample("above", {"x": spaced(rng, 2)}, {"shape": (2, 4), "offset": 1}),
        Sample("turned", {"x": spaced(rng, 3, 2)}, {"shape": (2, 3, 4), "offset": -1, "dim1": -1, "dim2": 0}),
        Sample("empty", {"x": spaced(rng, 0)}, {"shape": (0, 3)}),
    ]


def _triangle(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample("matrix", {"x": spaced(rng, 3, 3)}),
        Sample("above", {"x": spaced(rng, 2, 3, 4)}, {"diagonal": 1}),
        Sample("below", {"x": spaced(rng, 4, 2)}, {"diagonal": -1}),
        Sample("empty", {"x": spaced(rng, 0, 3)}),
    ]


# -- inverses, equations --------------------------------------------------------------------------------------

_SYSTEMS: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "one": ((1, 1), (1, 2)),
    "matrix": ((3, 3), (3, 2)),
    "stack of matrices": ((2, 3, 3), (3, 2)),
    "stack of right sides": ((3, 3), (2, 3, 1)),
    "stacks": ((2, 1, 2, 2), (1, 3, 2, 2)),
    "empty": ((0, 0), (0, 2)),
    "empty right side": ((2, 2), (2, 0)),
    "empty stack": ((0, 2, 2), (2, 1)),
}


def _solve(rng: np.random.Generator) -> list[Sample]:
    return [Sample(label, {"x": general(rng, *x), "B": spaced(rng, *b)}) for label, (x, b) in _SYSTEMS.items()]


def _solve_triangular(rng: np.random.Generator) -> list[Sample]:
    samples = []
    for label, (x, b) in _SYSTEMS.items():
        for upper in (True, False):
            for unit in (True, False):
                matrix = 0.4 * spaced(rng, *x) + 2 * np.eye(x[-1])
                samples.append(
                    Sample(
                        f"{label} {'upper' if upper else 'lower'}{' unit' if unit else ''}",
                        {"x": matrix, "B": spaced(rng, *b)},
                        {"upper": upper, "unitriangular": unit},
                    )
                )
    return samples


def _cofactor_derivative(rng: np.random.Generator) -> list[Sample]:
    # Of 2 × 2 matrices it does not depend on x, and nothing but rounding is left of its gradient.
    shapes = {label: s for label, s in SQUARE.items() if label != "two"}
    return [Sample(label, {"g_in": spaced(rng, *s), "x": general(rng, *s)}) for label, s in shapes.items()]


_SYSTEMS_OF_ANY: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "square": ((3, 3), (3, 2)),
    "tall": ((4, 2), (4, 2)),
    "wide": ((2, 4), (2, 1)),
    "stack": ((2, 4, 3), (2, 4, 1)),
    "empty": ((0, 2), (0, 1)),
    "empty columns": ((2, 0), (2, 1)),
    "empty stack": ((0, 3, 2), (0, 3, 1)),
}


def _least_squares(rng: np.random.Generator) -> list[Sample]:
    return [Sample(label, {"x": general(rng, *x), "B": spaced(rng, *b)}) for label, (x, b) in _SYSTEMS_OF_ANY.items()]


def _pinv(rng: np.random.Generator) -> list[Sample]:
    return [*of(general, ANY)(rng), *of(general, {"tolerances": (3, 2)}, atol=0.1, rtol=0.01)(rng)]


def _rank(rng: np.random.Generator) -> list[Sample]:
    return [
        *of(general, ANY)(rng),
        Sample("deficient", {"x": general(rng, 4, 2) @ general(rng, 2, 4)}, {"rtol": 1e-4}),
        Sample("symmetric", {"x": symmetric(rng, 3, 3, signs=True)}, {"hermitian": True}),
    ]


def _qr(rng: np.random.Generator) -> list[Sample]:
    return of(general, ANY)(rng)


def _both_signs(rng: np.random.Generator) -> list[Sample]:
    return [Sample(label, {"x": symmetric(rng, *s, signs=True)}) for label, s in SQUARE.items()]


def _symmetric_from(rng: np.random.Generator) -> list[Sample]:
    # The gradient is that of (x + xᵀ)/2 by agreement, which differences of reading one triangle do not show.
    return [
        Sample(f"{label} {'upper' if upper else 'lower'}", {"x": spaced(rng, *s)}, {"upper": upper}, smooth=False)
        for label, s in SQUARE.items()
        for upper in (True, False)
    ]


def _exp(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample(f"{label} times {scale}", {"x": scale * general(rng, *s)})
        for label, s in SQUARE.items()
        for scale in (0.005, 0.1, 0.3, 0.8, 1.0)
    ]


def _matrix_norm(rng: np.random.Generator) -> list[Sample]:
    return [
        Sample(f"{order} {dim}", {"x": general(rng, *shape)}, {"ord": order, "dim": dim, "keepdim": dim[0] == 0})
        for order in ("fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf)
        for shape, dim in (((3, 2), (-2, -1)), ((2, 3, 3), (-1, -2)), ((2, 2, 3), (0, -1)))
    ]


def _cond(rng: np.random.Generator) -> list[Sample]:
    return [
        *of(general, {"stack": (2, 3, 3), "empty": (0, 0)})(rng),
        *(Sample(f"p {p}", {"x": general(rng, 3, 3)}, {"p": p}) for p in ("fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf)),
    ]


SAMPLES: dict[str, Make] = {
    "blocks": _blocks,
    "cholesky_factor": of(symmetric, SQUARE),
    "cofactor_derivative": _cofactor_derivative,
    "cofactors": of(general, SQUARE),
    "cross_along": _cross,
    "det": of(general, SQUARE),
    "diagonal": _diagonal,
    "diagonal_zeros": _diagonal_zeros,
    "eigenvalues_of": _both_signs,
    "eigh_factors": _both_signs,
    "einsum_of": _einsum,
    "inv": of(general, SQUARE),
    "inverse_or_nan": of(general, SQUARE),
    "least_squares": _least_squares,
    "matrix_exp": _exp,
    "pinv": _pinv,
    "qr_factors": _qr,
    "rank_of": _rank,
    "sign_and_log": of(general, SQUARE),
    "solve": _solve,
    "solve_triangular": _solve_triangular,
    "svd_factors": of(general, ANY),
    "svdvals": of(general, ANY),
    "symmetric_from": _symmetric_from,
    "tril": _triangle,
    "triu": _triangle,
    "vecdot": _vecdot,
}

COMPOSED_SAMPLES: dict[str, Make] = {
    "addbmm": _added((2, 2), ("batch1", (3, 2, 3)), ("batch2", (3, 3, 2))),
    "addmm": _added((1, 2), ("mat1", (2, 3)), ("mat2", (3, 2))),
    "addmv": _added((), ("mat", (2, 3)), ("vec", (3,))),
    "addr": _added((3,), ("vec1", (2,)), ("vec2", (3,))),
    "baddbmm": _added((2, 1), ("batch1", (3, 2, 3)), ("batch2", (3, 3, 1))),
    "bmm": pairs({"stacks": ((2, 2, 3), (2, 3, 2)), "empty": ((0, 2, 3), (0, 3, 2))}, "mat2"),
    "cholesky_inverse": lambda rng: [
        Sample(f"upper {u}", {"x": 0.4 * spaced(rng, 2, 3, 3) + 2 * np.eye(3)}, {"upper": u}) for u in (True, False)
    ],
    "cholesky_solve": lambda rng: [
        Sample(f"upper {u}", {"x": spaced(rng, 3, 2), "L": 0.4 * spaced(rng, 2, 3, 3) + 2 * np.eye(3)}, {"upper": u})
        for u in (True, False)
    ],
    "cond": _cond,
    "cross": pairs({"columns": ((3, 2), (3, 2)), "rows": ((2, 3), (2, 3))}, "other"),
    "diag": lambda rng: [
        Sample("vector", {"x": spaced(rng, 3)}, {"diagonal": -1}),
        Sample("matrix", {"x": spaced(rng, 3, 2)}),
        Sample("empty", {"x": spaced(rng, 0)}),
    ],
    "diag_embed": lambda rng: [
        Sample("rows", {"x": spaced(rng, 2, 3)}, {"offset": 1}),
        Sample("turned", {"x": spaced(rng, 2, 3)}, {"offset": 1, "dim1": -1, "dim2": 0}),
        Sample("empty", {"x": spaced(rng, 2, 0)}),
    ],
    "diagflat": lambda rng: [Sample("matrix", {"x": spaced(rng, 2, 2)}, {"offset": -1})],
    "dot": pairs(VECTORS),
    "inner": pairs({"matrices": ((2, 3), (4, 3)), "number": ((), (2, 3)), "empty": ((2, 0), (0,))}, "other"),
    "kron": pairs({"matrices": ((2, 3), (2, 1)), "ranks": ((2,), (2, 2, 1)), "empty": ((0, 2), (2, 2))}, "other"),
    "logdet": of(symmetric, {"stack": (2, 3, 3), "empty": (0, 0)}),
    "matrix_norm": _matrix_norm,
    "matrix_power": _matrix_power,
    "mm": pairs({"matrices": ((2, 3), (3, 2))}, "mat2"),
    "mv": pairs({"matrix": ((2, 3), (3,))}, "vec"),
    "outer": pairs({**VECTORS, "lengths": ((2,), (3,))}, "vec2"),
    "power_columns": lambda rng: [Sample("rows", {"x": spaced(rng, 2, 3)}, {"N": 4})],
    "tensordot": lambda rng: [
        *pairs({"two": ((2, 3, 2), (3, 2, 2))}, dims=2)(rng),
        *pairs({"lists": ((2, 3, 2), (2, 4, 3))}, dims=([-1, 1], [0, 2]))(rng),
        *pairs({"none": ((2,), (3,))}, dims=0)(rng),
    ],
    "tensorinv": lambda rng: [Sample("six", {"x": general(rng, 6, 6).reshape(2, 3, 6)}, {"ind": 2})],
    "tensorsolve": lambda rng: [
        Sample("six", {"x": general(rng, 6, 6).reshape(2, 3, 6), "B": spaced(rng, 2, 3)}),
        Sample("moved", {"x": general(rng, 6, 6).reshape(3, 6, 2), "B": spaced(rng, 6)}, {"dims": (0, 2)}),
    ],
    "trace": of(general, {"square": (3, 3), "tall": (3, 2), "empty": (0, 2)}),
    "vander": lambda rng: [Sample("falling", {"x": spaced(rng, 3)}), Sample("one", {"x": spaced(rng, 3)}, {"N": 1})],
    "vector_cross": pairs({"broadcast both": ((2, 1, 3), (1, 2, 3))}, "other"),
}
